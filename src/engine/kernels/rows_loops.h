// The kernels of rows.c for one floating type: included twice, with REAL, F(name) for the suffix of its
// functions and R(name) for the entry of the reduction table. Sums over more than a block of a row are kept
// in double.

#define LANES ((int64_t)(sizeof(F(vec)) / sizeof(REAL)))

static REAL F(row_max)(int64_t n, const REAL *x) {
  REAL m;
  REDUCE.run[NN_REDUCE_MAX][REAL_DTYPE](n, x, &m);
  return m;
}

// In a row of more than LONG numbers, every LONG of them: is an interrupt pending? What there is then is of no use;
// shorter rows are always whole.
static bool F(stopped)(int64_t at) { return at > 0 && at % LONG == 0 && nn_interrupted(); }

// y = e^(x - m), block by block, each added up while it is near; y may be x or NULL. Returns the sum.
#if BY_VECTORS
static double F(exp_row)(int64_t n, const REAL *x, REAL m, REAL *y) {
  double total = 0;
  const vec_f low = all_v(m);
  for (int64_t at = 0; at < n && !F(stopped)(at); at += BLOCK) {
    const int64_t end = n - at < BLOCK ? n : at + BLOCK;
    vec_f s0 = {0}, s1 = {0};
    int64_t i = at;
    for (; i + 2 * LANES <= end; i += 2 * LANES) {
      const vec_f a = exp_low_v(load_f(x + i) - low), b = exp_low_v(load_f(x + i + LANES) - low);
      if (y != NULL) store_f(y + i, a), store_f(y + i + LANES, b);
      s0 += a, s1 += b;
    }
    for (; i + LANES <= end; i += LANES) {
      const vec_f e = exp_low_v(load_f(x + i) - low);
      if (y != NULL) store_f(y + i, e);
      s0 += e;
    }
    if (i < end) {
      const some_v rest = some_first_v(end - i);
      const vec_f e = keep_some_v(rest, exp_low_v(load_some_v(rest, x + i, 0) - low));
      if (y != NULL) store_some_v(rest, y + i, e);
      s1 += e;
    }
    total += total_f(s0 + s1);
  }
  return total;
}
#else
static double F(exp_row)(int64_t n, const REAL *x, REAL m, REAL *y) {
  REAL spare[BLOCK];
  double total = 0;
  for (int64_t at = 0; at < n && !F(stopped)(at); at += BLOCK) {
    const int64_t len = n - at < BLOCK ? n - at : BLOCK;
    const REAL *a = x + at;
    REAL *b = y != NULL ? y + at : spare;
    NN_VECTOR_LOOP for (int64_t i = 0; i < len; i++) b[i] = F(exp)(a[i] - m);
    total += (double)REDUCE.R(sum)(len, b);
  }
  return total;
}
#endif

// y *= scale, and y = (x - m) - l; x may be y.
static void F(scale_row)(int64_t n, REAL *y, REAL scale) {
#if BY_VECTORS
  const struct row_shape s = row_shape_of(n);
  for (int64_t i = 0; i < s.whole; i += LANES) store_f(y + i, load_f(y + i) * scale);
  store_some_v(s.last, y + s.whole, load_some_v(s.last, y + s.whole, 0) * scale);
#else
  NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] *= scale;
#endif
}
static void F(less_row)(int64_t n, const REAL *x, REAL m, REAL l, REAL *y) {
#if BY_VECTORS
  const struct row_shape s = row_shape_of(n);
  for (int64_t i = 0; i < s.whole; i += LANES) store_f(y + i, (load_f(x + i) - m) - l);
  store_some_v(s.last, y + s.whole, (load_some_v(s.last, x + s.whole, 0) - m) - l);
#else
  NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = (x[i] - m) - l;
#endif
}

#if !BY_VECTORS
// Short rows, LANES of them at once, one a lane: t[j][r] = e^(x[r][j] - m[r]), s[r] the sums. count <= LANES.
static void F(exp_short)(int64_t count, int64_t n, const REAL *x, REAL *t, REAL *m, REAL *s) {
  for (int64_t r = 0; r < LANES; r++)
    for (int64_t j = 0; j < n; j++) t[j * LANES + r] = r < count ? x[r * n + j] : 0;
  for (int64_t r = 0; r < LANES; r++) m[r] = t[r], s[r] = 0;
  for (int64_t j = 1; j < n; j++) NN_VECTOR_LOOP for (int64_t r = 0; r < LANES; r++) {
      const REAL v = t[j * LANES + r];
      m[r] = v > m[r] || v != v ? v : m[r];
    }
  for (int64_t j = 0; j < n; j++) NN_VECTOR_LOOP for (int64_t r = 0; r < LANES; r++) {
      const REAL e = F(exp)(t[j * LANES + r] - m[r]);
      t[j * LANES + r] = e;
      s[r] += e;
    }
}
#endif

static void F(softmax)(int64_t rows, int64_t n, const void *vx, void *vy) {
  const REAL *x = vx;
  REAL *y = vy;
  if (n <= 0) return;
#if BY_VECTORS
  if (n <= GROUPED_FEW) {
    grouped_softmax(rows, n, x, y);
    return;
  }
#else
  for (int64_t r0 = 0; r0 < rows && n <= SHORT; r0 += LANES) {
    const int64_t count = rows - r0 < LANES ? rows - r0 : LANES;
    REAL t[SHORT * LANES], m[LANES], s[LANES];
    F(exp_short)(count, n, x + r0 * n, t, m, s);
    for (int64_t r = 0; r < LANES; r++) s[r] = 1 / s[r];
    for (int64_t r = 0; r < count; r++)
      for (int64_t j = 0; j < n; j++) y[(r0 + r) * n + j] = t[j * LANES + r] * s[r];
  }
#endif
  for (int64_t r = 0; r < rows && n > SHORT; r++) {
    REAL *row = y + r * n;
    const REAL scale = (REAL)(1.0 / F(exp_row)(n, x + r * n, F(row_max)(n, x + r * n), row));
    if (F(stopped)(n - n % LONG)) return;
    F(scale_row)(n, row, scale);
  }
}

// m[r] = max(x[r]) and l[r] = log(sum(e^(x[r] - m[r]))) of at most LANES rows; n > 0. Of a row with a NaN
// m may be any number, and l is NaN.
static void F(log_sums)(int64_t count, int64_t n, const REAL *x, REAL *m, REAL *l) {
#if BY_VECTORS
  if (n <= GROUPED_ALL) {
    grouped_log_sums(count, n, x, m, l);
    return;
  }
#else
  if (n <= SHORT) {
    REAL t[SHORT * LANES], s[LANES];
    F(exp_short)(count, n, x, t, m, s);
    NN_VECTOR_LOOP for (int64_t r = 0; r < LANES; r++) l[r] = F(log)(s[r]);
    return;
  }
#endif
  for (int64_t r = 0; r < count; r++) {
    m[r] = F(row_max)(n, x + r * n);
    l[r] = (REAL)log(F(exp_row)(n, x + r * n, m[r], NULL));
  }
}

static void F(log_softmax)(int64_t rows, int64_t n, const void *vx, void *vy) {
  if (n <= 0) return;
#if BY_VECTORS
  if (n <= GROUPED_ALL) {
    grouped_log_softmax(rows, n, vx, vy);
    return;
  }
#endif
  for (int64_t r0 = 0; r0 < rows; r0 += LANES) {
    const int64_t count = rows - r0 < LANES ? rows - r0 : LANES;
    const REAL *x = (const REAL *)vx + r0 * n;
    REAL *y = (REAL *)vy + r0 * n, m[LANES], l[LANES];
    F(log_sums)(count, n, x, m, l);
    for (int64_t r = 0; r < count; r++)
      for (int64_t at = 0; at < n && !F(stopped)(at); at += LONG) {
        const int64_t from = r * n + at, to = r * n + (n - at < LONG ? n : at + LONG);
        F(less_row)(to - from, x + from, m[r], l[r], y + from);
      }
  }
}

static void F(softmax_backward)(int64_t rows, int64_t n, const void *vg, const void *vy, void *vd) {
#if BY_VECTORS
  if (n > 0 && n <= GROUPED) {
    grouped_softmax_backward(rows, n, vg, vy, vd);
    return;
  }
#endif
  for (int64_t r = 0; r < rows; r++) {
    const REAL *g = (const REAL *)vg + r * n, *y = (const REAL *)vy + r * n;
    REAL *d = (REAL *)vd + r * n;
    const REAL dot = REDUCE.R(dot)(n, g, y);
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) d[i] = y[i] * (g[i] - dot);
  }
}

static void F(log_softmax_backward)(int64_t rows, int64_t n, const void *vg, const void *vy, void *vd) {
#if BY_VECTORS
  if (n > 0 && n <= GROUPED_ALL) {
    grouped_log_softmax_backward(rows, n, vg, vy, vd);
    return;
  }
#endif
  for (int64_t r = 0; r < rows; r++) {
    const REAL *g = (const REAL *)vg + r * n, *y = (const REAL *)vy + r * n;
    REAL *d = (REAL *)vd + r * n;
    const REAL sum = REDUCE.R(sum)(n, g);
    int64_t i = 0;
#if BY_VECTORS
    for (; i + LANES <= n; i += LANES) store_f(d + i, load_f(g + i) - exp_v(load_f(y + i)) * sum);
#endif
    for (; i < n; i++) d[i] = F(fma)(-F(exp)(y[i]), sum, g[i]);
  }
}

// An infinite maximum is the result itself, as in torch.logsumexp.
static void F(logsumexp)(int64_t rows, int64_t n, const void *x, void *vy) {
  REAL *y = vy;
  for (int64_t r0 = 0; r0 < rows; r0 += LANES) {
    const int64_t count = rows - r0 < LANES ? rows - r0 : LANES;
    REAL m[LANES], l[LANES];
    if (n > 0) F(log_sums)(count, n, (const REAL *)x + r0 * n, m, l);
    for (int64_t r = 0; r < count; r++)
      y[r0 + r] = n <= 0 ? -(REAL)INFINITY : F(abs)(m[r]) <= REAL_MAX ? m[r] + l[r] : F(row_max)(n, (const REAL *)x + (r0 + r) * n);
  }
}

// --- layer norm and RMS norm
// --------------------------------------------------------------------------------------

// y = (x - mean) * scale * gamma + beta
static void F(affine_row)(int64_t n, const REAL *x, REAL mean, REAL scale, const REAL *gamma,
                          const REAL *beta, REAL *y) {
  if (gamma != NULL && beta != NULL) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = F(fma)((x[i] - mean) * scale, gamma[i], beta[i]);
  } else if (gamma != NULL) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * scale * gamma[i];
  } else if (beta != NULL) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = F(fma)(x[i] - mean, scale, beta[i]);
  } else {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * scale;
  }
}

static void F(layer_norm)(int64_t rows, int64_t n, double eps, const void *vx, const void *gamma,
                          const void *beta, void *vy, void *mean, void *rstd) {
  if (n <= 0) return;
  for (int64_t r = 0; r < rows; r++) {
    const REAL *x = (const REAL *)vx + r * n;
    REAL m, m2;
    REDUCE.R(mean_var)(n, x, &m, &m2);
    const REAL scale = (REAL)(1.0 / sqrt((double)m2 / (double)n + eps));
    F(affine_row)(n, x, m, scale, gamma, beta, (REAL *)vy + r * n);
    if (mean != NULL) ((REAL *)mean)[r] = m;
    if (rstd != NULL) ((REAL *)rstd)[r] = scale;
  }
}

static void F(rms_norm)(int64_t rows, int64_t n, double eps, const void *vx, const void *gamma, void *vy,
                        void *rrms) {
  if (n <= 0) return;
  for (int64_t r = 0; r < rows; r++) {
    const REAL *x = (const REAL *)vx + r * n;
    REAL square;
    REDUCE.run[NN_REDUCE_SUM_SQUARES][REAL_DTYPE](n, x, &square);
    const REAL scale = (REAL)(1.0 / sqrt((double)square / (double)n + eps));
    F(affine_row)(n, x, 0, scale, gamma, NULL, (REAL *)vy + r * n);
    if (rrms != NULL) ((REAL *)rrms)[r] = scale;
  }
}

// sum of g gamma and of g gamma (x - mean); gamma may be NULL.
static void F(grad_sums)(int64_t n, const REAL *g, const REAL *x, REAL mean, const REAL *gamma, double *sum_g,
                         double *sum_gx) {
  double sum = 0, cross = 0;
  for (int64_t at = 0; at < n; at += BLOCK) {
    const int64_t end = n - at < BLOCK ? n : at + BLOCK;
    F(vec) s0 = {0}, s1 = {0}, c0 = {0}, c1 = {0};
    int64_t i = at;
    for (; i + 2 * LANES <= end; i += 2 * LANES) {
      F(vec) u = F(load)(g + i), v = F(load)(g + i + LANES);
      if (gamma != NULL) u *= F(load)(gamma + i), v *= F(load)(gamma + i + LANES);
      s0 += u, s1 += v;
      c0 += u * (F(load)(x + i) - mean);
      c1 += v * (F(load)(x + i + LANES) - mean);
    }
    for (; i < end; i++) {
      const double u = (double)g[i] * (gamma != NULL ? (double)gamma[i] : 1.0);
      sum += u;
      cross += u * (double)(x[i] - mean);
    }
    sum += F(total)(s0 + s1);
    cross += F(total)(c0 + c1);
  }
  *sum_g = sum, *sum_gx = cross;
}

// d = a g gamma + b (x - mean) + c
static void F(grad_row)(int64_t n, const REAL *g, const REAL *x, const REAL *gamma, REAL mean, REAL a, REAL b,
                        REAL c, REAL *d) {
  if (gamma != NULL) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) d[i] =
        F(fma)(a * g[i], gamma[i], F(fma)(b, x[i] - mean, c));
  } else {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) d[i] = F(fma)(a, g[i], F(fma)(b, x[i] - mean, c));
  }
}

// dgamma += sum over a few rows of g (x - mean) rstd, dbeta += sum of g, in strips of columns; `mean` NULL
// means 0.
static void F(grad_params)(int64_t rows, int64_t n, const REAL *g, const REAL *x, const REAL *mean,
                           const REAL *rstd, REAL *dgamma, REAL *dbeta) {
  REAL sg[STRIP], sb[STRIP];
  for (int64_t j0 = 0; j0 < n; j0 += STRIP) {
    const int64_t width = n - j0 < STRIP ? n - j0 : STRIP;
    for (int64_t j = 0; j < width; j++) sg[j] = sb[j] = 0;
    int64_t r = 0;
    for (; r + 4 <= rows; r += 4) {
      const REAL *u = g + r * n + j0, *v = x + r * n + j0, *s = rstd + r;
      const REAL m0 = mean != NULL ? mean[r] : 0, m1 = mean != NULL ? mean[r + 1] : 0;
      const REAL m2 = mean != NULL ? mean[r + 2] : 0, m3 = mean != NULL ? mean[r + 3] : 0;
      NN_VECTOR_LOOP for (int64_t j = 0; j < width; j++) {
        const REAL a = u[j], b = u[j + n], c = u[j + 2 * n], d = u[j + 3 * n];
        const REAL p = F(fma)(a * s[0], v[j] - m0, b * s[1] * (v[j + n] - m1));
        const REAL q = F(fma)(c * s[2], v[j + 2 * n] - m2, d * s[3] * (v[j + 3 * n] - m3));
        sg[j] += p + q;
        sb[j] += (a + b) + (c + d);
      }
    }
    for (; r < rows; r++) {
      const REAL *u = g + r * n + j0, *v = x + r * n + j0, m = mean != NULL ? mean[r] : 0, s = rstd[r];
      NN_VECTOR_LOOP for (int64_t j = 0; j < width; j++) {
        sg[j] = F(fma)(u[j] * s, v[j] - m, sg[j]);
        sb[j] += u[j];
      }
    }
    if (dgamma != NULL)
      for (int64_t j = 0; j < width; j++) dgamma[j0 + j] += sg[j];
    if (dbeta != NULL)
      for (int64_t j = 0; j < width; j++) dbeta[j0 + j] += sb[j];
  }
}

// Both norms: groups of rows, the parameters' gradients first, for dx may be g. Without `mean` nothing is
// centred.
static void F(norm_backward)(int64_t rows, int64_t n, const REAL *g, const REAL *x, const REAL *mean,
                             const REAL *rstd, const REAL *gamma, REAL *dx, REAL *dgamma, REAL *dbeta) {
  for (int64_t r0 = 0; r0 < rows && n > 0; r0 += GROUP) {
    const int64_t r1 = rows - r0 < GROUP ? rows : r0 + GROUP;
    if (dgamma != NULL || dbeta != NULL) F(grad_params)
    (r1 - r0, n, g + r0 * n, x + r0 * n, mean != NULL ? mean + r0 : NULL, rstd + r0, dgamma, dbeta);
    for (int64_t r = r0; r < r1 && dx != NULL; r++) {
      const REAL m = mean != NULL ? mean[r] : 0;
      const double s = (double)rstd[r];
      double sum, cross;
      F(grad_sums)(n, g + r * n, x + r * n, m, gamma, &sum, &cross);
      const REAL b = (REAL)(-s * s * s * cross / (double)n),
                 c = mean != NULL ? (REAL)(-s * sum / (double)n) : 0;
      F(grad_row)(n, g + r * n, x + r * n, gamma, m, rstd[r], b, c, dx + r * n);
    }
  }
}
static void F(layer_norm_backward)(int64_t rows, int64_t n, const void *g, const void *x, const void *mean,
                                   const void *rstd, const void *gamma, void *dx, void *dgamma, void *dbeta) {
  F(norm_backward)(rows, n, g, x, mean, rstd, gamma, dx, dgamma, dbeta);
}
static void F(rms_norm_backward)(int64_t rows, int64_t n, const void *g, const void *x, const void *rrms,
                                 const void *gamma, void *dx, void *dgamma) {
  F(norm_backward)(rows, n, g, x, NULL, rrms, gamma, dx, dgamma, NULL);
}

// --- cross entropy
// ------------------------------------------------------------------------------------------------

// sum of w (lse - x), lse = m + l
static double F(smoothed)(int64_t n, const REAL *x, const REAL *w, double m, double l) {
  double all = 0;
  for (int64_t i = 0; i < n; i++) all += (w != NULL ? (double)w[i] : 1.0) * ((m - (double)x[i]) + l);
  return all;
}

static int64_t F(cross_entropy)(int64_t rows, int64_t n, const struct nn_cross_entropy *o, const void *logits,
                                const int64_t *target, void *loss, void *lse) {
  const REAL *w = o->weight;
  REAL m[LANES] = {0}, l[LANES] = {0};
  for (int64_t r = 0; r < rows; r++) {
    const REAL *x = (const REAL *)logits + r * n;
    const int64_t t = target[r] - 1, lane = r % LANES;
    const bool ignored = target[r] == o->ignore_index;
    if (!ignored && (t < 0 || t >= n)) return r;
    if (lane == 0 && n > 0) F(log_sums)(rows - r < LANES ? rows - r : LANES, n, x, m, l);
    const double high = (double)m[lane], log_sum = (double)l[lane];
    double y = 0;
    if (!ignored) {
      y = (1 - o->label_smoothing) * (w != NULL ? (double)w[t] : 1.0) * ((high - (double)x[t]) + log_sum);
      if (o->label_smoothing != 0) y += o->label_smoothing / (double)n * F(smoothed)(n, x, w, high, log_sum);
    }
    ((REAL *)loss)[r] = (REAL)y;
    if (lse != NULL) ((REAL *)lse)[r] = (REAL)(high + log_sum);
  }
  return -1;
}

// With p = softmax(x): g ((1 - s) w_t (p - [i = t]) + s / n (p sum(w) - w_i)).
static void F(cross_entropy_backward)(int64_t rows, int64_t n, const struct nn_cross_entropy *o,
                                      const void *logits, const int64_t *target, const void *lse,
                                      const void *g, int64_t gs, void *dx) {
  const REAL *w = o->weight;
  const double smooth = o->label_smoothing;
  double sum_w = (double)n;
  if (w != NULL && smooth != 0) sum_w = (double)REDUCE.R(sum)(n, w);
#if BY_VECTORS
  const struct row_shape s = group_shape_of(n);
  for (int64_t r = 0; r < rows; r += LANES) {
    const int64_t count = rows - r < LANES ? rows - r : LANES;
    struct cross_entropy_group group = {.l = {0}};
    for (int64_t i = 0; i < count; i++) {
      const bool ignored = target[r + i] == o->ignore_index;
      const int64_t t = ignored ? -1 : target[r + i] - 1;
      const double gr = ignored ? 0 : (double)((const REAL *)g)[(r + i) * gs];
      const double hit = ignored ? 0 : gr * (1 - smooth) * (w != NULL ? (double)w[t] : 1.0), even = gr * smooth / (double)n;
      group.l[i] = ((const REAL *)lse)[r + i];
      group.a[i] = (REAL)(hit + even * sum_w), group.b[i] = (REAL)even;
      group.t[i] = (int32_t)t, group.hit[i] = (REAL)hit;
    }
    group_cross_entropy(count, s, &group, (const REAL *)logits + r * n, w, (REAL *)dx + r * n);
  }
#else
  for (int64_t r = 0; r < rows; r++) {
    const REAL *x = (const REAL *)logits + r * n, l = ((const REAL *)lse)[r];
    REAL *d = (REAL *)dx + r * n;
    if (target[r] == o->ignore_index) {
      memset(d, 0, (size_t)n * sizeof *d);
      continue;
    }
    const int64_t t = target[r] - 1;
    const double gr = (double)((const REAL *)g)[r * gs],
                 hit = gr * (1 - smooth) * (w != NULL ? (double)w[t] : 1.0);
    const double even = gr * smooth / (double)n;
    const REAL a = (REAL)(hit + even * sum_w), b = (REAL)even;
    if (smooth == 0) {
      NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) d[i] = a * F(exp)(x[i] - l);
    } else if (w == NULL) {
      NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) d[i] = F(fma)(a, F(exp)(x[i] - l), -b);
    } else {
      NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) d[i] = F(fma)(a, F(exp)(x[i] - l), -b * w[i]);
    }
    d[t] -= (REAL)hit;
  }
#endif
}

// --- batch norm
// --------------------------------------------------------------------------------------------------- Long
// runs of a channel (s >= RUN) are worked on one after the other; short ones as columns of [n][channels * s],
// in strips of whole channels with the channels' coefficients repeated s times.

// Joins a part of `count` numbers to the mean and squared deviation of `have` numbers (Chan et al.).
NN_INLINE void F(join)(double have, double *mean, double *m2, double count, double part_mean,
                       double part_m2) {
  const double delta = part_mean - *mean, all = have + count;
  *mean += delta * (count / all);
  *m2 += part_m2 + delta * delta * (have * count / all);
}

// Asks for the numbers of the next image's plane while this one is worked on: planes of a channel lie so far apart that
// the processor doesn't guess them; it does know how a large one goes on. NULL: nothing.
NN_INLINE void F(fetch_plane)(int64_t n, const REAL *p, bool write) {
  for (int64_t j = 0; p != NULL && j < n && j < 4096; j += 64 / (int64_t)sizeof(REAL)) {
    if (write)
      __builtin_prefetch(p + j, 1, 2);
    else
      __builtin_prefetch(p + j, 0, 2);
  }
}

static void F(bn_stats)(int64_t n, int64_t channels, int64_t s, int64_t c0, int64_t c1, const void *vx,
                        void *vmean, void *vm2) {
  const REAL *x = vx;
  REAL *mean = vmean, *m2 = vm2;
  if (n <= 0 || s <= 0) return;
  if (s >= RUN) {
    for (int64_t c = c0; c < c1; c++) {
      double m = 0, q = 0;
      for (int64_t i = 0; i < n; i++) {
        REAL part, part2;
        if (i + 1 < n) F(fetch_plane)(s, x + ((i + 1) * channels + c) * s, false);
        REDUCE.R(mean_var)(s, x + (i * channels + c) * s, &part, &part2);
        F(join)((double)i * (double)s, &m, &q, (double)s, (double)part, (double)part2);
      }
      mean[c] = (REAL)m, m2[c] = (REAL)q;
    }
    return;
  }
  const int64_t at_once = STRIP / s;
  for (int64_t b0 = c0; b0 < c1; b0 += at_once) {
    const int64_t b1 = c1 - b0 < at_once ? c1 : b0 + at_once;
    REAL parts[STRIP], parts2[STRIP];
    REDUCE.R(mean_var_cols)(n, (b1 - b0) * s, x + b0 * s, channels * s, parts, parts2);
    for (int64_t c = b0; c < b1; c++) {
      double m = 0, q = 0;
      for (int64_t k = 0; k < s; k++) {
        const int64_t j = (c - b0) * s + k;
        F(join)((double)k * (double)n, &m, &q, (double)n, (double)parts[j], (double)parts2[j]);
      }
      mean[c] = (REAL)m, m2[c] = (REAL)q;
    }
  }
}

static void F(repeat)(int64_t count, int64_t s, const REAL *a, REAL *y) {
  for (int64_t c = 0; c < count; c++)
    for (int64_t k = 0; k < s; k++) y[c * s + k] = a[c];
}

NN_INLINE REAL F(positive)(REAL v) { return v <= 0 ? 0 : v; }

// v = u * a + b (+ add), clamped below by 0 if relu; a and b hold a number for each place, or one for all.
NN_INLINE void F(apply_run)(int64_t n, const REAL *u, const REAL *a, const REAL *b, const bool each, const REAL *add,
                            const bool relu, REAL *v) {
  const REAL p = a[0], q = b[0];
  if (add == NULL) {
    NN_VECTOR_LOOP for (int64_t j = 0; j < n; j++) {
      const REAL y = F(fma)(u[j], each ? a[j] : p, each ? b[j] : q);
      v[j] = relu ? F(positive)(y) : y;
    }
  } else {
    NN_VECTOR_LOOP for (int64_t j = 0; j < n; j++) {
      const REAL y = F(fma)(u[j], each ? a[j] : p, each ? b[j] : q) + add[j];
      v[j] = relu ? F(positive)(y) : y;
    }
  }
}

static void F(bn_apply)(int64_t n, int64_t channels, int64_t s, int64_t c0, int64_t c1, const void *vx,
                        const void *vscale, const void *vshift, const void *vadd, bool relu, void *vy) {
  const REAL *x = vx, *scale = vscale, *shift = vshift, *add = vadd;
  REAL *y = vy;
  const int64_t at_once = s >= RUN ? 1 : s > 0 ? STRIP / s : 1;
  for (int64_t b0 = c0; b0 < c1; b0 += at_once) {
    const int64_t b1 = c1 - b0 < at_once ? c1 : b0 + at_once, width = (b1 - b0) * s;
    REAL a[STRIP], b[STRIP];
    if (s < RUN) F(repeat)(b1 - b0, s, scale + b0, a), F(repeat)(b1 - b0, s, shift + b0, b);
    for (int64_t i = 0; i < n; i++) {
      const int64_t at = (i * channels + b0) * s;
      const REAL *r = add != NULL ? add + at : NULL;
      if (s >= RUN && i + 1 < n) {
        F(fetch_plane)(s, x + at + channels * s, false);
        F(fetch_plane)(s, r ? r + channels * s : NULL, false);
        F(fetch_plane)(s, y + at + channels * s, true);
      }
      if (s < RUN && relu)
        F(apply_run)(width, x + at, a, b, true, r, true, y + at);
      else if (s < RUN)
        F(apply_run)(width, x + at, a, b, true, r, false, y + at);
      else if (relu)
        F(apply_run)(width, x + at, scale + b0, shift + b0, false, r, true, y + at);
      else
        F(apply_run)(width, x + at, scale + b0, shift + b0, false, r, false, y + at);
    }
  }
}

// g where the gate is open (above 0, or NaN), else 0: g itself without a gate, or in `room`.
NN_INLINE const REAL *F(gated)(int64_t n, const REAL *g, const REAL *gate, REAL *room) {
  if (gate == NULL) return g;
  NN_VECTOR_LOOP for (int64_t j = 0; j < n; j++) room[j] = gate[j] <= 0 ? 0 : g[j];
  return room;
}

// A strip of columns: sg[j] = sum over i of g, sx[j] of g (x - m[j]), 32 rows at a time.
static void F(strip_sums)(int64_t n, int64_t width, int64_t stride, const REAL *g, const REAL *gate, const REAL *x,
                          const REAL *m, double *sg, double *sx) {
  REAL pg[STRIP], px[STRIP], room[STRIP];
  for (int64_t j = 0; j < width; j++) sg[j] = sx[j] = 0;
  for (int64_t i0 = 0; i0 < n; i0 += 32) {
    const int64_t i1 = n - i0 < 32 ? n : i0 + 32;
    for (int64_t j = 0; j < width; j++) pg[j] = px[j] = 0;
    for (int64_t i = i0; i < i1; i++) {
      const REAL *u = F(gated)(width, g + i * stride, gate ? gate + i * stride : NULL, room), *v = x + i * stride;
      NN_VECTOR_LOOP for (int64_t j = 0; j < width; j++) {
        pg[j] += u[j];
        px[j] = F(fma)(u[j], v[j] - m[j], px[j]);
      }
    }
    for (int64_t j = 0; j < width; j++) sg[j] += (double)pg[j], sx[j] += (double)px[j];
  }
}

// sum of g and of g (x - mean) over a run, gated.
NN_INLINE void F(run_sums)(int64_t n, const REAL *g, const REAL *gate, const REAL *x, REAL mean, double *sum,
                           double *cross) {
  REAL room[BLOCK];
  *sum = *cross = 0;
  for (int64_t at = 0; at < n; at += BLOCK) {
    const int64_t len = n - at < BLOCK ? n - at : BLOCK;
    double p, q;
    F(grad_sums)(len, F(gated)(len, g + at, gate ? gate + at : NULL, room), x + at, mean, NULL, &p, &q);
    *sum += p, *cross += q;
  }
}

static void F(bn_backward_sums)(int64_t n, int64_t channels, int64_t s, int64_t c0, int64_t c1,
                                const void *vg, const void *vgate, const void *vx, const void *vmean,
                                void *vsum_g, void *vsum_gx) {
  const REAL *g = vg, *gate = vgate, *x = vx, *mean = vmean;
  REAL *sum_g = vsum_g, *sum_gx = vsum_gx;
  const int64_t at_once = s >= RUN ? 1 : s > 0 ? STRIP / s : 1;
  for (int64_t b0 = c0; b0 < c1; b0 += at_once) {
    const int64_t b1 = c1 - b0 < at_once ? c1 : b0 + at_once;
    double sg[STRIP] = {0}, sx[STRIP] = {0};
    if (s < RUN) {
      REAL m[STRIP];
      F(repeat)(b1 - b0, s, mean + b0, m);
      F(strip_sums)(n, (b1 - b0) * s, channels * s, g + b0 * s, gate ? gate + b0 * s : NULL, x + b0 * s, m, sg, sx);
    }
    for (int64_t c = b0; c < b1; c++) {
      double a = 0, b = 0;
      for (int64_t k = 0; k < s && s < RUN; k++) a += sg[(c - b0) * s + k], b += sx[(c - b0) * s + k];
      for (int64_t i = 0; i < n && s >= RUN; i++) {
        const int64_t at = (i * channels + c) * s;
        double p, q;
        if (i + 1 < n) { // the beginning, from which the processor goes on: three planes at once would wait
          const int64_t some = s < 128 ? s : 128;
          F(fetch_plane)(some, g + at + channels * s, false);
          F(fetch_plane)(some, x + at + channels * s, false);
          F(fetch_plane)(some, gate ? gate + at + channels * s : NULL, false);
        }
        F(run_sums)(s, g + at, gate ? gate + at : NULL, x + at, mean[c], &p, &q);
        a += p, b += q;
      }
      sum_g[c] = (REAL)a, sum_gx[c] = (REAL)b;
    }
  }
}

static void F(bn_backward_dx)(int64_t n, int64_t channels, int64_t s, int64_t c0, int64_t c1, const void *vg,
                              const void *vgate, const void *vx, const void *vmean, const void *vrstd,
                              const void *vgamma, const void *vsum_g, const void *vsum_gx, void *vdx) {
  const REAL *g = vg, *gate = vgate, *x = vx, *mean = vmean, *rstd = vrstd, *gamma = vgamma, *sum_g = vsum_g,
             *sum_gx = vsum_gx;
  REAL *dx = vdx;
  const int64_t at_once = s >= RUN ? 1 : s > 0 ? STRIP / s : 1;
  const double count = (double)n * (double)s;
  for (int64_t b0 = c0; b0 < c1; b0 += at_once) {
    const int64_t b1 = c1 - b0 < at_once ? c1 : b0 + at_once, width = (b1 - b0) * s;
    REAL a[STRIP], b[STRIP], c[STRIP], m[STRIP];
    for (int64_t k = b0; k < b1; k++) {
      const double r = (double)rstd[k], scale = r * (gamma != NULL ? (double)gamma[k] : 1.0);
      const REAL p = (REAL)scale, q = sum_gx != NULL ? (REAL)(-scale * r * r * (double)sum_gx[k] / count) : 0;
      const REAL t = sum_g != NULL ? (REAL)(-scale * (double)sum_g[k] / count) : 0;
      const int64_t times = s < RUN ? s : 1;
      for (int64_t j = (k - b0) * times; j < (k - b0 + 1) * times; j++)
        a[j] = p, b[j] = q, c[j] = t, m[j] = mean[k];
    }
    for (int64_t i = 0; i < n; i++) {
      const int64_t at = (i * channels + b0) * s;
      REAL room[STRIP > BLOCK ? STRIP : BLOCK], *d = dx + at;
      if (s >= RUN && i + 1 < n) F(fetch_plane)(s, d + channels * s, true);
      for (int64_t j = 0; s >= RUN && j < width; j += BLOCK) {
        const int64_t len = width - j < BLOCK ? width - j : BLOCK;
        const REAL *u = F(gated)(len, g + at + j, gate ? gate + at + j : NULL, room);
        F(grad_row)(len, u, x + at + j, NULL, m[0], a[0], b[0], c[0], d + j);
      }
      if (s < RUN) {
        const REAL *u = F(gated)(width, g + at, gate ? gate + at : NULL, room), *v = x + at;
        NN_VECTOR_LOOP for (int64_t j = 0; j < width; j++) d[j] =
            F(fma)(a[j], u[j], F(fma)(b[j], v[j] - m[j], c[j]));
      }
    }
  }
}

#undef LANES
