// Template of pool.c: max pooling.

struct T(max_job) {
  const struct nn_pool_desc *d;
  const real *x;
  real *y;
  int64_t *index;
  uint8_t *position;
};

// best[j] and at[j] take over value and kernel position of src[j * stride] where that is larger or NaN.
NN_INLINE void T(max_step)(int64_t len, const real *src, int64_t stride, int32_t position, real *best,
                           int32_t *at) {
  for (int64_t j = 0; j < len; j++) {
    real v = src[j * stride], b = best[j];
    bool take = (v > b) | (v != v);
    best[j] = take ? v : b;
    at[j] = take ? position : at[j];
  }
}

// Values and positions of outputs j0 .. j1 - 1 of row i.
static void T(max_row)(const struct nn_pool_desc *d, const real *plane, int64_t i, int64_t j0, int64_t j1,
                       real *best, int32_t *at) {
  for (int64_t j = 0; j < j1 - j0; j++) {
    best[j] = -(real)INFINITY;
    at[j] = -1;
  }
  for (int64_t r = 0; r < d->kernel_h; r++) {
    int64_t row = i * d->stride_h - d->pad_h + r * d->dil_h;
    if (row < 0 || row >= d->h) continue;
    for (int64_t s = 0; s < d->kernel_w; s++) {
      int64_t col = s * d->dil_w - d->pad_w;
      struct span in = clip_span(col, d->stride_w, d->w, j0, j1);
      if (in.lo >= in.hi) continue;
      const real *src = plane + row * d->w + in.lo * d->stride_w + col;
      int32_t position = (int32_t)(r * d->kernel_w + s);
      real *b = best + in.lo - j0;
      int32_t *a = at + in.lo - j0;
      if (d->stride_w == 1)
        T(max_step)(in.hi - in.lo, src, 1, position, b, a);
      else if (d->stride_w == 2)
        T(max_step)(in.hi - in.lo, src, 2, position, b, a);
      else
        T(max_step)(in.hi - in.lo, src, d->stride_w, position, b, a);
    }
  }
}

// Writes where the maxima of row i were found. Where nothing was larger than -infinity it is the first
// position inside.
static void T(max_found)(const struct nn_pool_desc *d, int64_t i, int64_t j0, int64_t j1, const int32_t *at,
                         int64_t *index, uint8_t *position) {
  int64_t top = first_inside(i, d->kernel_h, d->stride_h, d->pad_h, d->dil_h, d->h);
  for (int64_t j = j0; j < j1; j++) {
    int64_t found = at[j - j0];
    if (found < 0) {
      int64_t left = first_inside(j, d->kernel_w, d->stride_w, d->pad_w, d->dil_w, d->w);
      if (top < d->kernel_h && left < d->kernel_w) found = top * d->kernel_w + left;
    }
    if (position) position[j - j0] = (uint8_t)found;
    if (!index) continue;
    int64_t row = i * d->stride_h - d->pad_h + found / d->kernel_w * d->dil_h;
    int64_t col = j * d->stride_w - d->pad_w + found % d->kernel_w * d->dil_w;
    index[j - j0] = found < 0 ? 0 : row * d->w + col + 1;
  }
}

// best and *at, taking over v and position where v is larger or NaN.
NN_INLINE vec T(take_larger)(vec best, vec v, ivec *at, int position) {
  ivec take = (v > best) | (v != v);
  *at = (take & position) | (~take & *at);
  return (vec)((take & (ivec)v) | (~take & (ivec)best));
}

// One row of outputs of 2 x 2 windows side by side, from the rows a and b.
static void T(max_2x2_row)(int64_t wo, const real *a, const real *b, real *y, uint8_t *position) {
  int64_t j = 0;
  for (; j + VL <= wo; j += VL) {
    vec a0 = *(const uvec *)(a + 2 * j), a1 = *(const uvec *)(a + 2 * j + VL);
    vec b0 = *(const uvec *)(b + 2 * j), b1 = *(const uvec *)(b + 2 * j + VL);
    ivec at = {0};
    vec best = T(nn_evens)(a0, a1);
    best = T(take_larger)(best, T(nn_odds)(a0, a1), &at, 1);
    best = T(take_larger)(best, T(nn_evens)(b0, b1), &at, 2);
    best = T(take_larger)(best, T(nn_odds)(b0, b1), &at, 3);
    *(uvec *)(y + j) = best;
    if (position) T(nn_store_bytes)(position + j, at);
  }
  for (; j < wo; j++) {
    const real v[4] = {a[2 * j], a[2 * j + 1], b[2 * j], b[2 * j + 1]};
    int at = 0;
    for (int t = 1; t < 4; t++)
      if (v[t] > v[at] || v[t] != v[t]) at = t;
    y[j] = v[at];
    if (position) position[j] = (uint8_t)at;
  }
}

static bool T(is_2x2)(const struct nn_pool_desc *d) {
  return d->kernel_h == 2 && d->kernel_w == 2 && d->stride_h == 2 && d->stride_w == 2 && d->pad_h == 0 &&
         d->pad_w == 0 && d->dil_h == 1 && d->dil_w == 1 && 2 * d->ho <= d->h && 2 * d->wo <= d->w;
}

static void T(max_plane)(const struct T(max_job) *job, int64_t p) {
  const struct nn_pool_desc *d = job->d;
  const real *plane = job->x + p * d->h * d->w;
  bool fast = T(is_2x2)(d) && !job->index;
  real best[CHUNK];
  int32_t at[CHUNK];
  for (int64_t i = 0; i < d->ho; i++) {
    int64_t row = (p * d->ho + i) * d->wo;
    if (fast) {
      const real *a = plane + 2 * i * d->w;
      T(max_2x2_row)(d->wo, a, a + d->w, job->y + row, job->position ? job->position + row : NULL);
      continue;
    }
    for (int64_t j = 0; j < d->wo; j += CHUNK) {
      int64_t end = min64(j + CHUNK, d->wo);
      T(max_row)(d, plane, i, j, end, best, at);
      memcpy(job->y + row + j, best, (size_t)(end - j) * sizeof(real));
      T(max_found)
      (d, i, j, end, at, job->index ? job->index + row + j : NULL,
       job->position ? job->position + row + j : NULL);
    }
  }
}

static void T(max_planes)(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  for (int64_t p = begin; p < end && !nn_interrupted(); p++) T(max_plane)(arg, p);
}

static bool T(max_forward)(const struct nn_pool_desc *d, const void *x, void *y, int64_t *index,
                           uint8_t *position) {
  struct T(max_job) job = {d, x, y, index, position};
  nn_parallel(d->planes, plane_grain(d->ho * d->wo * d->kernel_h * d->kernel_w), T(max_planes), &job);
  return !nn_interrupted();
}

struct T(max_grad_job) {
  const struct nn_pool_desc *d;
  const real *dy;
  const int64_t *index;
  const uint8_t *position;
  real *dx;
};

// The rows a and b of dx below one row of 2 x 2 windows; what no window covers at their end becomes 0.
static void T(max_2x2_row_grad)(int64_t wo, int64_t w, const real *dy, const uint8_t *position, real *a,
                                real *b) {
  int64_t j = 0;
  for (; j + VL <= wo; j += VL) {
    ivec at = T(nn_load_bytes)(position + j), g = (ivec) * (const uvec *)(dy + j);
    vec v0 = (vec)(g & (at == 0)), v1 = (vec)(g & (at == 1)), v2 = (vec)(g & (at == 2)),
        v3 = (vec)(g & (at == 3));
    *(uvec *)(a + 2 * j) = T(nn_zip_low)(v0, v1);
    *(uvec *)(a + 2 * j + VL) = T(nn_zip_high)(v0, v1);
    *(uvec *)(b + 2 * j) = T(nn_zip_low)(v2, v3);
    *(uvec *)(b + 2 * j + VL) = T(nn_zip_high)(v2, v3);
  }
  for (; j < wo; j++) {
    a[2 * j] = position[j] == 0 ? dy[j] : 0;
    a[2 * j + 1] = position[j] == 1 ? dy[j] : 0;
    b[2 * j] = position[j] == 2 ? dy[j] : 0;
    b[2 * j + 1] = position[j] == 3 ? dy[j] : 0;
  }
  for (int64_t t = 2 * wo; t < w; t++) a[t] = b[t] = 0;
}

static void T(max_plane_grad)(const struct T(max_grad_job) *job, int64_t p) {
  const struct nn_pool_desc *d = job->d;
  int64_t first = p * d->ho * d->wo;
  real *plane = job->dx + p * d->h * d->w;
  if (job->position && T(is_2x2)(d)) {
    for (int64_t i = 0; i < d->ho; i++) T(max_2x2_row_grad)
    (d->wo, d->w, job->dy + first + i * d->wo, job->position + first + i * d->wo, plane + 2 * i * d->w,
     plane + (2 * i + 1) * d->w);
    memset(plane + 2 * d->ho * d->w, 0, (size_t)((d->h - 2 * d->ho) * d->w) * sizeof(real));
    return;
  }
  memset(plane, 0, (size_t)(d->h * d->w) * sizeof(real));
  for (int64_t o = 0; job->index && o < d->ho * d->wo; o++) {
    int64_t at = job->index[first + o];
    if (at > 0 && at <= d->h * d->w) plane[at - 1] += job->dy[first + o];
  }
  for (int64_t i = 0; job->position && i < d->ho; i++)
    for (int64_t j = 0; j < d->wo; j++) {
      int position = job->position[first + i * d->wo + j], kernel_w = (int)d->kernel_w;
      if (position == 255) continue;
      int64_t row = i * d->stride_h - d->pad_h + position / kernel_w * d->dil_h;
      int64_t col = j * d->stride_w - d->pad_w + position % kernel_w * d->dil_w;
      plane[row * d->w + col] += job->dy[first + i * d->wo + j];
    }
}

static void T(max_planes_grad)(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  for (int64_t p = begin; p < end && !nn_interrupted(); p++) T(max_plane_grad)(arg, p);
}

static bool T(max_backward)(const struct nn_pool_desc *d, const void *dy, const int64_t *index,
                            const uint8_t *position, void *dx) {
  struct T(max_grad_job) job = {d, dy, index, position, dx};
  nn_parallel(d->planes, plane_grain(d->h * d->w), T(max_planes_grad), &job);
  return !nn_interrupted();
}
