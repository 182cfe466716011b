// Template of conv_depthwise.c.

struct T(depthwise) {
  const struct nn_conv_desc *d;
  struct plane plane;
  const real *from, *w, *bias; // x or dy; bias may be NULL
  real *to;                    // y or dx
  bool scatter, relu;
  real *scratch;
  int64_t thread_size;
};

// Copies a source plane to where the kernel sees it; what lies outside or between its pixels is 0 already.
static void T(fill_padded)(const struct plane *p, const real *src, real *padded) {
  int64_t dw = p->apart_w, first = max64(ceil_div(-p->left, dw), 0),
          count = min64(p->w, ceil_div(p->ld - p->left, dw)) - first;
  if (count <= 0) return;
  for (int64_t row = 0; row < p->h; row++) {
    int64_t at = row * p->apart_h + p->top;
    if (at < 0 || at >= p->rows) continue;
    real *to = padded + at * p->ld + first * dw + p->left;
    const real *from = src + row * p->w + first;
    if (dw == 1)
      T(copy_run)(to, from, count);
    else
      for (int64_t j = 0; j < count; j++) to[j * dw] = from[j];
  }
}

// Numbers at x, x + stride, ..., a vector of them.
NN_INLINE vec T(load_strided)(const real *x, int64_t stride) {
  if (stride == 1) return *(const uvec *)x;
  if (stride == 2) return T(nn_evens)(*(const uvec *)x, *(const uvec *)(x + VL));
  vec v = {0};
  for (int64_t i = 0; i < VL; i++) v[i] = x[i * stride];
  return v;
}

// Output rows that are worked on together, so that what is loaded serves several of them.
enum { T(TOGETHER) = 4 };

// `rows` rows of outputs: y[j] (+)= sum over taps of w[tap] * padded x, plus start. The rows' sums don't wait for each other.
NN_INLINE void T(correlate_rows)(const struct plane *p, const int64_t rows, const int64_t kr, const int64_t ks,
                                 const int64_t stride, const real *x, const real *w, real start, bool add, bool relu,
                                 real *y) {
  int64_t down = p->stride_h * p->ld;
  for (int64_t j = 0; j < p->wo; j += VL) {
    vec acc[T(TOGETHER)];
#pragma GCC unroll 4
    for (int64_t i = 0; i < rows; i++)
      acc[i] = add ? T(nn_load_first)(y + i * p->wo + j, p->wo - j) : (vec){0} + start;
    for (int64_t r = 0; r < kr; r++)
      for (int64_t s = 0; s < ks; s++) {
        const real *at = x + r * p->dil_h * p->ld + j * stride + s * p->dil_w, weight = w[r * ks + s];
#pragma GCC unroll 4
        for (int64_t i = 0; i < rows; i++) acc[i] += weight * T(load_strided)(at + i * down, stride);
      }
#pragma GCC unroll 4
    for (int64_t i = 0; i < rows; i++) {
      if (relu) acc[i] = (vec)(~(acc[i] < 0) & (ivec)acc[i]);
      T(nn_store_first)(y + i * p->wo + j, acc[i], p->wo - j);
    }
  }
}

// The same for kernels and strides that are known here.
NN_INLINE void T(correlate_known)(const struct plane *p, const int64_t rows, const real *x, const real *w, real start,
                                  bool add, bool relu, real *y) {
  if (p->r == 3 && p->s == 3 && p->stride_w == 1)
    T(correlate_rows)(p, rows, 3, 3, 1, x, w, start, add, relu, y);
  else if (p->r == 3 && p->s == 3 && p->stride_w == 2)
    T(correlate_rows)(p, rows, 3, 3, 2, x, w, start, add, relu, y);
  else if (p->r == 5 && p->s == 5 && p->stride_w == 1)
    T(correlate_rows)(p, rows, 5, 5, 1, x, w, start, add, relu, y);
  else if (p->stride_w == 1)
    T(correlate_rows)(p, rows, p->r, p->s, 1, x, w, start, add, relu, y);
  else
    T(correlate_rows)(p, rows, p->r, p->s, p->stride_w, x, w, start, add, relu, y);
}

static void T(correlate_plane)(const struct plane *p, const real *x, const real *w, real start, bool add,
                               bool relu, real *y) {
  int64_t i = 0, down = p->stride_h * p->ld;
  for (; i + T(TOGETHER) <= p->ho; i += T(TOGETHER))
    T(correlate_known)(p, T(TOGETHER), x + i * down, w, start, add, relu, y + i * p->wo);
  for (; i < p->ho; i++) T(correlate_known)(p, 1, x + i * down, w, start, add, relu, y + i * p->wo);
}

// Planes begin .. end - 1 of y, counted over images and output channels.
static void T(depthwise_forward)(void *arg, int64_t begin, int64_t end, int thread) {
  const struct T(depthwise) *job = arg;
  const struct nn_conv_desc *d = job->d;
  const struct plane *p = &job->plane;
  real *padded = job->scratch + thread * job->thread_size;
  memset(padded, 0, (size_t)job->thread_size * sizeof(real));
  int64_t kg = d->k / d->groups, filled = -1;
  for (int64_t i = begin; i < end && !nn_interrupted(); i++) {
    int64_t k = i % d->k, source = i / d->k * d->c + k / kg;
    if (source != filled) T(fill_padded)(p, job->from + source * p->h * p->w, padded);
    filled = source;
    T(correlate_plane)(p, padded, job->w + k * p->r * p->s, job->bias ? job->bias[k] : 0, false, job->relu,
                       job->to + i * p->ho * p->wo);
  }
}

// dx += dy * w[tap] at every tap, into a padded plane.
static void T(scatter_plane)(const struct plane *p, const real *dy, const real *w, real *padded) {
  for (int64_t i = 0; i < p->ho; i++)
    for (int64_t r = 0; r < p->r; r++)
      for (int64_t s = 0; s < p->s; s++) {
        real *to = padded + (i * p->stride_h + r * p->dil_h) * p->ld + s * p->dil_w, weight = w[r * p->s + s];
        for (int64_t j = 0; j < p->wo; j++) to[j * p->stride_w] += weight * dy[i * p->wo + j];
      }
}

static void T(unpad)(const struct plane *p, const real *padded, real *dst) {
  memset(dst, 0, (size_t)(p->h * p->w) * sizeof(real));
  int64_t first = max64(-p->left, 0), count = min64(p->w, p->ld - p->left) - first;
  for (int64_t row = max64(-p->top, 0); row < min64(p->h, p->rows - p->top) && count > 0; row++)
    T(copy_run)(dst + row * p->w + first, padded + (row + p->top) * p->ld + first + p->left, count);
}

// Planes begin .. end - 1 of dx, counted over images and input channels.
static void T(depthwise_backward)(void *arg, int64_t begin, int64_t end, int thread) {
  const struct T(depthwise) *job = arg;
  const struct nn_conv_desc *d = job->d;
  const struct plane *p = &job->plane;
  real *padded = job->scratch + thread * job->thread_size;
  int64_t kg = d->k / d->groups, taps = d->r * d->s, out = d->ho * d->wo;
  memset(padded, 0, (size_t)job->thread_size * sizeof(real));
  for (int64_t i = begin; i < end && !nn_interrupted(); i++) {
    int64_t n = i / d->c, c = i % d->c;
    real *dx = job->to + i * d->h * d->w;
    if (job->scatter) memset(padded, 0, (size_t)job->thread_size * sizeof(real));
    for (int64_t k = c * kg; k < (c + 1) * kg; k++) {
      const real *dy = job->from + (n * d->k + k) * out, *w = job->w + k * taps;
      if (job->scatter) {
        T(scatter_plane)(p, dy, w, padded);
      } else {
        real turned[256];
        for (int64_t t = 0; t < taps; t++) turned[t] = w[taps - 1 - t];
        T(fill_padded)(p, dy, padded);
        T(correlate_plane)(p, padded, turned, 0, k > c * kg, false, dx);
      }
    }
    if (job->scatter) T(unpad)(p, padded, dx);
  }
}

struct T(depthwise_dw) {
  const struct nn_conv_desc *d;
  struct plane plane;
  const real *x, *dy;
  real *dw, *db; // or NULL
  real *scratch;
  int64_t thread_size;
};

// dw[r][s] += sum over pixels of dy * padded x at this tap, r < kr, s < ks, kr * ks <= 9; dw has rows of
// p->s.
NN_INLINE void T(correlate_taps)(const struct plane *p, const int64_t kr, const int64_t ks,
                                 const int64_t stride, const real *x, const real *dy, real *dw) {
  vec acc[9] = {{0}};
  int64_t whole = p->wo / VL * VL;
  ivec tail = {0};
  for (int64_t l = 0; l < VL; l++) tail[l] = l < p->wo - whole ? -1 : 0;
  for (int64_t i = 0; i < p->ho; i++, dy += p->wo) {
    const real *row = x + i * p->stride_h * p->ld;
    for (int64_t j = 0; j < whole; j += VL) {
      vec g = *(const uvec *)(dy + j);
#pragma GCC unroll 3
      for (int64_t r = 0; r < kr; r++)
#pragma GCC unroll 3
        for (int64_t s = 0; s < ks; s++)
          acc[r * ks + s] +=
              g * T(load_strided)(row + r * p->dil_h * p->ld + j * stride + s * p->dil_w, stride);
    }
    if (whole == p->wo) continue;
    vec g = T(nn_load_first)(dy + whole, p->wo - whole);
#pragma GCC unroll 3
    for (int64_t r = 0; r < kr; r++)
#pragma GCC unroll 3
      for (int64_t s = 0; s < ks; s++) {
        vec v = T(load_strided)(row + r * p->dil_h * p->ld + whole * stride + s * p->dil_w, stride);
        acc[r * ks + s] += g * (vec)(tail & (ivec)v); // what is not seen could be a NaN
      }
  }
#pragma GCC unroll 3
  for (int64_t r = 0; r < kr; r++)
#pragma GCC unroll 3
    for (int64_t s = 0; s < ks; s++)
      for (int64_t l = 0; l < VL; l++) dw[r * p->s + s] += acc[r * ks + s][l];
}

static void T(correlate_weights)(const struct plane *p, const real *x, const real *dy, real *dw) {
  if (p->r == 3 && p->s == 3 && p->stride_w == 1) {
    T(correlate_taps)(p, 3, 3, 1, x, dy, dw);
  } else if (p->r == 3 && p->s == 3 && p->stride_w == 2) {
    T(correlate_taps)(p, 3, 3, 2, x, dy, dw);
  } else {
    for (int64_t r = 0; r < p->r; r++)
      for (int64_t s = 0; s < p->s; s++)
        T(correlate_taps)(p, 1, 1, p->stride_w, x + r * p->dil_h * p->ld + s * p->dil_w, dy,
                          dw + r * p->s + s);
  }
}

// Output channels begin .. end - 1, image after image, so that memory is read in order.
static void T(depthwise_weights)(void *arg, int64_t begin, int64_t end, int thread) {
  const struct T(depthwise_dw) *job = arg;
  const struct nn_conv_desc *d = job->d;
  const struct plane *p = &job->plane;
  real *padded = job->scratch + thread * job->thread_size;
  int64_t kg = d->k / d->groups, taps = d->r * d->s, out = d->ho * d->wo;
  memset(padded, 0, (size_t)job->thread_size * sizeof(real));
  memset(job->dw + begin * taps, 0, (size_t)((end - begin) * taps) * sizeof(real));
  if (job->db) memset(job->db + begin, 0, (size_t)(end - begin) * sizeof(real));
  for (int64_t n = 0; n < d->n && !nn_interrupted(); n++)
    for (int64_t k = begin; k < end; k++) {
      const real *dy = job->dy + (n * d->k + k) * out;
      T(fill_padded)(p, job->x + (n * d->c + k / kg) * p->h * p->w, padded);
      T(correlate_weights)(p, padded, dy, job->dw + k * taps);
      if (job->db) job->db[k] += T(sum_run)(dy, out);
    }
}

// Numbers of a thread's padded plane, for the larger of the passes.
static int64_t T(depthwise_size)(const struct nn_conv_desc *d) {
  struct plane p = plane_make(d->h, d->w, d->ho, d->wo, d, VL);
  int64_t size = p.rows * p.ld;
  if (!plane_scatters(d)) {
    struct plane t = plane_turned(d, VL);
    size = max64(size, t.rows * t.ld);
  }
  return (size + 2 * VL + 15) & ~(int64_t)15;
}

bool NN_KERNEL(T(nn_conv_depthwise_forward))(const struct nn_conv_desc *d, const void *x, const void *w,
                                             const void *bias, unsigned flags, void *y, void *workspace) {
  if (sizeof(real) == 4 && is_near(d)) return near_run(d, NN_CONV_FORWARD, x, w, bias, (flags & NN_CONV_RELU) != 0, y, workspace);
  struct T(depthwise) job = {.d = d,
                             .plane = plane_make(d->h, d->w, d->ho, d->wo, d, VL),
                             .from = x,
                             .w = w,
                             .bias = bias,
                             .to = y,
                             .relu = (flags & NN_CONV_RELU) != 0,
                             .scratch = align64(workspace),
                             .thread_size = T(depthwise_size)(d)};
  nn_conv_spread(d->n * d->k, plane_grain(d), T(depthwise_forward), &job);
  return !nn_interrupted();
}

bool NN_KERNEL(T(nn_conv_depthwise_input_grad))(const struct nn_conv_desc *d, const void *dy, const void *w,
                                                void *dx, void *workspace) {
  if (sizeof(real) == 4 && is_near(d)) return near_run(d, NN_CONV_INPUT_GRAD, dy, w, NULL, false, dx, workspace);
  bool scatter = plane_scatters(d);
  struct T(depthwise) job = {.d = d,
             .from = dy,
             .w = w,
             .to = dx,
             .scatter = scatter,
             .plane = scatter ? plane_make(d->h, d->w, d->ho, d->wo, d, VL) : plane_turned(d, VL),
             .scratch = align64(workspace),
             .thread_size = T(depthwise_size)(d)};
  nn_conv_spread(d->n * d->c, plane_grain(d), T(depthwise_backward), &job);
  return !nn_interrupted();
}

bool NN_KERNEL(T(nn_conv_depthwise_weight_grad))(const struct nn_conv_desc *d, const void *x, const void *dy,
                                                 void *dw, void *db, void *workspace) {
  if (!dw) return !db || NN_KERNEL(T(nn_conv_bias_grad))(d, dy, db);
  if (sizeof(real) == 4 && is_near(d)) return near_weight_grad(d, x, dy, dw, db, workspace);
  struct T(depthwise_dw) job = {.d = d,
                                .plane = plane_make(d->h, d->w, d->ho, d->wo, d, VL),
                                .x = x,
                                .dy = dy,
                                .dw = dw,
                                .db = db,
                                .scratch = align64(workspace),
                                .thread_size = T(depthwise_size)(d)};
  nn_parallel(d->k, 1, T(depthwise_weights), &job);
  return !nn_interrupted();
}

size_t NN_KERNEL(T(nn_conv_depthwise_workspace))(const struct nn_conv_desc *d, enum nn_conv_pass pass) {
  if (sizeof(real) == 4 && is_near(d)) return near_bytes(d, pass);
  return (size_t)(nn_threads() * T(depthwise_size)(d)) * sizeof(real) + 64;
}
