// Template of pool.c: average and adaptive average pooling.

struct T(avg_job) {
  const struct nn_pool_desc *d;
  const real *from; // x, or dy
  real *to;         // y, or dx
  bool adaptive;
};

static struct window T(rows_of)(const struct T(avg_job) *job, int64_t i) {
  const struct nn_pool_desc *d = job->d;
  if (job->adaptive) return adaptive_window(i, d->h, d->ho);
  return average_window(i, d->kernel_h, d->stride_h, d->pad_h, d->h, d->count_include_pad);
}

static struct window T(cols_of)(const struct T(avg_job) *job, int64_t j) {
  const struct nn_pool_desc *d = job->d;
  if (job->adaptive) return adaptive_window(j, d->w, d->wo);
  return average_window(j, d->kernel_w, d->stride_w, d->pad_w, d->w, d->count_include_pad);
}

// What to divide the sum over a window by; infinity for an empty one, whose average is 0.
static real T(divisor)(const struct T(avg_job) *job, struct window rows, struct window cols) {
  if (rows.first >= rows.end || cols.first >= cols.end) return (real)INFINITY;
  if (!job->adaptive && job->d->divisor_override) return (real)job->d->divisor_override;
  return (real)(rows.counted * cols.counted);
}

NN_INLINE void T(add_strided)(int64_t len, const real *src, int64_t stride, real *sum) {
  for (int64_t j = 0; j < len; j++) sum[j] += src[j * stride];
}

static real T(sum_of)(const real *x, int64_t len) {
  vec acc[4] = {{0}};
  real sum = 0;
  int64_t t = 0;
  for (; t + 4 * VL <= len; t += 4 * VL)
    for (int i = 0; i < 4; i++) acc[i] += *(const uvec *)(x + t + i * VL);
  for (; t < len; t++) sum += x[t];
  acc[0] = (acc[0] + acc[1]) + (acc[2] + acc[3]);
  for (int64_t i = 0; i < VL; i++) sum += acc[0][i];
  return sum;
}

// Sums of the windows of outputs j0 .. j1 - 1 of a row, window column by window column.
static void T(sum_row)(const struct nn_pool_desc *d, const real *plane, struct window rows, int64_t j0,
                       int64_t j1, real *sum) {
  memset(sum, 0, (size_t)(j1 - j0) * sizeof(real));
  for (int64_t row = rows.first; row < rows.end; row++)
    for (int64_t s = 0; s < d->kernel_w; s++) {
      struct span in = clip_span(s - d->pad_w, d->stride_w, d->w, j0, j1);
      const real *src = plane + row * d->w + in.lo * d->stride_w + s - d->pad_w;
      if (d->stride_w == 1)
        T(add_strided)(in.hi - in.lo, src, 1, sum + in.lo - j0);
      else if (d->stride_w == 2)
        T(add_strided)(in.hi - in.lo, src, 2, sum + in.lo - j0);
      else
        T(add_strided)(in.hi - in.lo, src, d->stride_w, sum + in.lo - j0);
    }
}

// The sums of columns of a few rows, and of a run of those: windows share both.
enum { T(FEW_ROWS) = 32, T(MANY_COLUMNS) = 512 };
static void T(column_sums)(int64_t w, const real *plane, struct window rows, real *restrict to) {
  memcpy(to, plane + rows.first * w, (size_t)w * sizeof(real));
  for (int64_t row = rows.first + 1; row < rows.end; row++) {
    const real *x = plane + row * w;
    for (int64_t j = 0; j < w; j++) to[j] += x[j];
  }
}
NN_INLINE real T(short_sum)(const real *x, int64_t n) {
  if (n > 16) return T(sum_of)(x, n);
  real a = 0, b = 0;
  for (int64_t i = 0; i + 2 <= n; i += 2) a += x[i], b += x[i + 1];
  return n % 2 ? a + b + x[n - 1] : a + b;
}

// The same as sum_row where windows are few and wide, or of different width.
static void T(sum_windows)(const struct T(avg_job) *job, const real *plane, struct window rows, int64_t j0,
                           int64_t j1, real *sum) {
  int64_t w = job->d->w;
  real columns[T(MANY_COLUMNS)];
  bool by_columns = rows.end - rows.first <= T(FEW_ROWS) && rows.end > rows.first && w <= T(MANY_COLUMNS) && j1 - j0 > 1;
  if (by_columns) T(column_sums)(w, plane, rows, columns);
  for (int64_t j = j0; j < j1; j++) {
    struct window cols = T(cols_of)(job, j);
    sum[j - j0] = 0;
    if (by_columns) {
      if (cols.end > cols.first) sum[j - j0] = T(short_sum)(columns + cols.first, cols.end - cols.first);
      continue;
    }
    if (cols.end - cols.first == w) {
      sum[j - j0] = T(sum_of)(plane + rows.first * w, (rows.end - rows.first) * w);
      continue;
    }
    for (int64_t row = rows.first; row < rows.end; row++)
      sum[j - j0] += T(sum_of)(plane + row * w + cols.first, cols.end - cols.first);
  }
}

static void T(avg_plane)(const struct T(avg_job) *job, int64_t p) {
  const struct nn_pool_desc *d = job->d;
  const real *plane = job->from + p * d->h * d->w;
  real *y = job->to + p * d->ho * d->wo, sum[CHUNK];
  bool windows = job->adaptive || d->wo < d->kernel_w;
  for (int64_t i = 0; i < d->ho; i++) {
    struct window rows = T(rows_of)(job, i);
    for (int64_t j0 = 0; j0 < d->wo; j0 += CHUNK) {
      int64_t j1 = min64(j0 + CHUNK, d->wo);
      if (windows)
        T(sum_windows)(job, plane, rows, j0, j1, sum);
      else
        T(sum_row)(d, plane, rows, j0, j1, sum);
      for (int64_t j = j0; j < j1; j++) {
        real divisor = T(divisor)(job, rows, T(cols_of)(job, j));
        y[i * d->wo + j] = isinf(divisor) ? 0 : sum[j - j0] / divisor;
      }
    }
  }
}

static void T(avg_planes)(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  for (int64_t p = begin; p < end && !nn_interrupted(); p++) T(avg_plane)(arg, p);
}

static void T(avg_plane_grad)(const struct T(avg_job) *job, int64_t p) {
  const struct nn_pool_desc *d = job->d;
  const real *dy = job->from + p * d->ho * d->wo;
  real *dx = job->to + p * d->h * d->w;
  memset(dx, 0, (size_t)(d->h * d->w) * sizeof(real));
  for (int64_t i = 0; i < d->ho; i++) {
    struct window rows = T(rows_of)(job, i);
    for (int64_t j = 0; j < d->wo; j++) {
      struct window cols = T(cols_of)(job, j);
      real g = dy[i * d->wo + j] / T(divisor)(job, rows, cols);
      for (int64_t row = rows.first; row < rows.end; row++)
        for (int64_t col = cols.first; col < cols.end; col++) dx[row * d->w + col] += g;
    }
  }
}

static void T(avg_planes_grad)(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  for (int64_t p = begin; p < end && !nn_interrupted(); p++) T(avg_plane_grad)(arg, p);
}

static bool T(avg_run)(const struct nn_pool_desc *d, const void *from, void *to, bool adaptive,
                       nn_range_fn planes) {
  struct T(avg_job) job = {d, from, to, adaptive};
  int64_t work = d->h * d->w + (adaptive ? 0 : d->ho * d->wo * d->kernel_h * d->kernel_w);
  nn_parallel(d->planes, plane_grain(work), planes, &job);
  return !nn_interrupted();
}

static bool T(avg_forward)(const struct nn_pool_desc *d, const void *x, void *y) {
  return T(avg_run)(d, x, y, false, T(avg_planes));
}

static bool T(avg_backward)(const struct nn_pool_desc *d, const void *dy, void *dx) {
  return T(avg_run)(d, dy, dx, false, T(avg_planes_grad));
}

static bool T(adaptive_forward)(const struct nn_pool_desc *d, const void *x, void *y) {
  return T(avg_run)(d, x, y, true, T(avg_planes));
}

static bool T(adaptive_backward)(const struct nn_pool_desc *d, const void *dy, void *dx) {
  return T(avg_run)(d, dy, dx, true, T(avg_planes_grad));
}
