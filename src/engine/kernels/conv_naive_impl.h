// The template of conv_naive.c, for the type `real`.

// Index of the input row (or column) that output position i sees through kernel position r, -1 if it is
// padding.
static int64_t T(naive_source)(int64_t i, int64_t r, int64_t stride, int64_t dil, int64_t pad, int64_t size) {
  int64_t at = i * stride + r * dil - pad;
  return at >= 0 && at < size ? at : -1;
}

// Value of output (n, k, i, j) without bias.
static double T(naive_output)(const struct nn_conv_desc *d, const real *x, const real *w, int64_t n,
                              int64_t k, int64_t i, int64_t j) {
  int64_t cg = d->c / d->groups, g = k / (d->k / d->groups);
  double sum = 0;
  for (int64_t c = 0; c < cg; c++)
    for (int64_t r = 0; r < d->r; r++)
      for (int64_t s = 0; s < d->s; s++) {
        int64_t ih = T(naive_source)(i, r, d->stride_h, d->dil_h, d->pad_h, d->h);
        int64_t iw = T(naive_source)(j, s, d->stride_w, d->dil_w, d->pad_w, d->w);
        if (ih < 0 || iw < 0) continue;
        double value = (double)x[((n * d->c + g * cg + c) * d->h + ih) * d->w + iw];
        sum += (double)w[((k * cg + c) * d->r + r) * d->s + s] * value;
      }
  return sum;
}

bool NN_KERNEL(T(nn_conv_naive_forward))(const struct nn_conv_desc *d, const void *x, const void *w,
                                         const void *bias, unsigned flags, void *y, void *workspace) {
  (void)workspace;
  const real *b = bias;
  real *out = y;
  for (int64_t n = 0; n < d->n; n++)
    for (int64_t k = 0; k < d->k; k++) {
      if (nn_interrupted()) return false;
      for (int64_t i = 0; i < d->ho; i++)
        for (int64_t j = 0; j < d->wo; j++) {
          double value = T(naive_output)(d, x, w, n, k, i, j) + (b ? (double)b[k] : 0);
          if ((flags & NN_CONV_RELU) && value < 0) value = 0;
          out[((n * d->k + k) * d->ho + i) * d->wo + j] = (real)value;
        }
    }
  return true;
}

// Gradient of input (n, c, ih, iw): all outputs that saw it, each with the weight it was seen through.
static double T(naive_dx)(const struct nn_conv_desc *d, const real *dy, const real *w, int64_t n, int64_t c,
                          int64_t ih, int64_t iw) {
  int64_t cg = d->c / d->groups, kg = d->k / d->groups, g = c / cg;
  double sum = 0;
  for (int64_t r = 0; r < d->r; r++)
    for (int64_t s = 0; s < d->s; s++) {
      int64_t i = ih + d->pad_h - r * d->dil_h, j = iw + d->pad_w - s * d->dil_w;
      if (i < 0 || j < 0 || i % d->stride_h || j % d->stride_w) continue;
      i /= d->stride_h;
      j /= d->stride_w;
      if (i >= d->ho || j >= d->wo) continue;
      for (int64_t k = g * kg; k < (g + 1) * kg; k++) {
        double value = (double)dy[((n * d->k + k) * d->ho + i) * d->wo + j];
        sum += (double)w[((k * cg + c % cg) * d->r + r) * d->s + s] * value;
      }
    }
  return sum;
}

bool NN_KERNEL(T(nn_conv_naive_input_grad))(const struct nn_conv_desc *d, const void *dy, const void *w,
                                            void *dx, void *workspace) {
  (void)workspace;
  real *out = dx;
  for (int64_t n = 0; n < d->n; n++)
    for (int64_t c = 0; c < d->c; c++) {
      if (nn_interrupted()) return false;
      for (int64_t i = 0; i < d->h; i++)
        for (int64_t j = 0; j < d->w; j++)
          out[((n * d->c + c) * d->h + i) * d->w + j] = (real)T(naive_dx)(d, dy, w, n, c, i, j);
    }
  return true;
}

// Gradient of weight (k, c, r, s), c counting within the group: all pairs of an output and the input it saw.
static double T(naive_dw)(const struct nn_conv_desc *d, const real *x, const real *dy, int64_t k, int64_t c,
                          int64_t r, int64_t s) {
  int64_t channel = k / (d->k / d->groups) * (d->c / d->groups) + c;
  double sum = 0;
  for (int64_t n = 0; n < d->n; n++)
    for (int64_t i = 0; i < d->ho; i++)
      for (int64_t j = 0; j < d->wo; j++) {
        int64_t ih = T(naive_source)(i, r, d->stride_h, d->dil_h, d->pad_h, d->h);
        int64_t iw = T(naive_source)(j, s, d->stride_w, d->dil_w, d->pad_w, d->w);
        if (ih < 0 || iw < 0) continue;
        sum += (double)dy[((n * d->k + k) * d->ho + i) * d->wo + j] *
               (double)x[((n * d->c + channel) * d->h + ih) * d->w + iw];
      }
  return sum;
}

bool NN_KERNEL(T(nn_conv_naive_weight_grad))(const struct nn_conv_desc *d, const void *x, const void *dy,
                                             void *dw, void *db, void *workspace) {
  (void)workspace;
  int64_t cg = d->c / d->groups;
  const real *grad = dy;
  real *out = dw, *bias = db;
  for (int64_t k = 0; k < d->k; k++) {
    for (int64_t c = 0; dw && c < cg; c++) {
      if (nn_interrupted()) return false;
      for (int64_t r = 0; r < d->r; r++)
        for (int64_t s = 0; s < d->s; s++)
          out[((k * cg + c) * d->r + r) * d->s + s] = (real)T(naive_dw)(d, x, dy, k, c, r, s);
    }
    if (!db) continue;
    double sum = 0;
    for (int64_t n = 0; n < d->n; n++)
      for (int64_t p = 0; p < d->ho * d->wo; p++) sum += (double)grad[(n * d->k + k) * d->ho * d->wo + p];
    bias[k] = (real)sum;
  }
  return true;
}

size_t NN_KERNEL(T(nn_conv_naive_workspace))(const struct nn_conv_desc *d, enum nn_conv_pass pass) {
  (void)d;
  (void)pass;
  return 0;
}
