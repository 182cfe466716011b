// Template of pool.c: max pooling.

struct T(max_job) {
  const struct nn_pool_desc *d;
  const real *x;
  real *y;
  int64_t *index;
  uint8_t *position;
};

// best and *at, taking over v and position where v is larger or NaN.
NN_INLINE vec T(take_larger)(vec best, vec v, ivec *at, lane position) {
  ivec take = (v > best) | (v != v);
  *at = (take & position) | (~take & *at);
  return (vec)((take & (ivec)v) | (~take & (ivec)best));
}

// The first n numbers at x, x + stride, ..., at most a vector of them.
NN_INLINE vec T(load_some)(const real *x, int64_t stride, int64_t n) {
  if (stride == 1) return T(nn_load_first)(x, n);
  if (stride == 2)
    return T(nn_evens)(T(nn_load_first)(x, 2 * n - 1), T(nn_load_first)(x + VL, 2 * n - 1 - VL));
  vec v = {0};
  for (int64_t i = 0; i < n && i < VL; i++) v[i] = x[i * stride];
  return v;
}

// best[j] and at[j] take over value and kernel position of src[j * stride] where that is larger or NaN.
NN_INLINE void T(max_step)(int64_t len, const real *src, int64_t stride, lane position, real *best,
                           lane *at) {
  for (int64_t j = 0; j < len; j += VL) {
    vec v = T(load_some)(src + j * stride, stride, len - j), old = *(const uvec *)(best + j);
    ivec where = (ivec) * (const uvec *)(at + j);
    vec larger = T(take_larger)(old, v, &where, position);
    T(nn_store_first)(best + j, larger, len - j);
    T(nn_store_first)((real *)(at + j), (vec)where, len - j);
  }
}

// Values and positions of outputs j0 .. j1 - 1 of row i.
static void T(max_row)(const struct nn_pool_desc *d, const real *plane, int64_t i, int64_t j0, int64_t j1,
                       real *best, lane *at) {
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
      lane position = (lane)(r * d->kernel_w + s);
      real *b = best + in.lo - j0;
      lane *a = at + in.lo - j0;
      if (d->stride_w == 1)
        T(max_step)(in.hi - in.lo, src, 1, position, b, a);
      else if (d->stride_w == 2)
        T(max_step)(in.hi - in.lo, src, 2, position, b, a);
      else
        T(max_step)(in.hi - in.lo, src, d->stride_w, position, b, a);
    }
  }
}

// Where nothing was larger than -infinity the maximum counts as found at the first position inside.
static void T(max_mend)(const struct nn_pool_desc *d, int64_t i, int64_t j0, int64_t j1, lane *at) {
  int64_t top = first_inside(i, d->kernel_h, d->stride_h, d->pad_h, d->dil_h, d->h);
  for (int64_t j = j0; j < j1; j++) {
    if (at[j - j0] >= 0) continue;
    int64_t left = first_inside(j, d->kernel_w, d->stride_w, d->pad_w, d->dil_w, d->w);
    if (top < d->kernel_h && left < d->kernel_w) at[j - j0] = (lane)(top * d->kernel_w + left);
  }
}

// Writes where the maxima of row i were found.
static void T(max_found)(const struct nn_pool_desc *d, int64_t i, int64_t j0, int64_t j1, lane *at,
                         int64_t *index, uint8_t *position) {
  lane none = 0;
  for (int64_t j = 0; j < j1 - j0; j++) none |= at[j];
  if (none < 0) T(max_mend)(d, i, j0, j1, at);
  for (int64_t j = 0; position && j < j1 - j0; j++) position[j] = (uint8_t)at[j];
  for (int64_t j = j0; index && j < j1; j++) {
    int32_t found = (int32_t)at[j - j0], kernel_w = (int32_t)d->kernel_w;
    int64_t row = i * d->stride_h - d->pad_h + found / kernel_w * d->dil_h;
    int64_t col = j * d->stride_w - d->pad_w + found % kernel_w * d->dil_w;
    index[j - j0] = found < 0 ? 0 : row * d->w + col + 1;
  }
}

// What numbers go through before the maximum.
struct T(max_first) {
  vec scale, shift;
};

NN_INLINE vec T(max_ready)(vec x, const int how, const struct T(max_first) * first) {
  if (how & AFFINE) x = x * first->scale + first->shift;
  if (how & RELU) x = (vec)(~(x <= 0) & (ivec)x);
  return x;
}

// The maxima of a vector of 2 x 2 windows side by side, from two vectors of each of the rows a and b.
NN_INLINE vec T(max_2x2)(vec a0, vec a1, vec b0, vec b1, const int how, const struct T(max_first) * first,
                         ivec *at) {
  a0 = T(max_ready)(a0, how, first);
  a1 = T(max_ready)(a1, how, first);
  b0 = T(max_ready)(b0, how, first);
  b1 = T(max_ready)(b1, how, first);
  *at = (ivec){0};
  vec best = T(nn_evens)(a0, a1);
  best = T(take_larger)(best, T(nn_odds)(a0, a1), at, 1);
  best = T(take_larger)(best, T(nn_evens)(b0, b1), at, 2);
  return T(take_larger)(best, T(nn_odds)(b0, b1), at, 3);
}

// One row of their outputs.
NN_INLINE void T(max_2x2_row)(int64_t wo, const real *a, const real *b, const int how,
                              const struct T(max_first) * first, real *y, uint8_t *position) {
  int64_t j = 0;
  ivec at;
  for (; j + VL <= wo; j += VL) {
    const uvec *va = (const uvec *)(a + 2 * j), *vb = (const uvec *)(b + 2 * j);
    *(uvec *)(y + j) = T(max_2x2)(va[0], va[1], vb[0], vb[1], how, first, &at);
    if (position) T(nn_store_bytes)(position + j, at);
  }
  if (j == wo) return;
  int64_t in = 2 * (wo - j);
  a += 2 * j;
  b += 2 * j;
  vec best = T(max_2x2)(T(nn_load_first)(a, in), T(nn_load_first)(a + VL, in - VL), T(nn_load_first)(b, in),
                        T(nn_load_first)(b + VL, in - VL), how, first, &at);
  T(nn_store_first)(y + j, best, wo - j);
  if (position) T(nn_store_first_bytes)(position + j, at, wo - j);
}

// Rows of two pixels' height that are asked for ahead: the processor does so by itself only within a page.
enum { T(ROWS_AHEAD) = 8 };

// Two rows of w numbers at p, which the pass reads or writes soon.
NN_INLINE void T(fetch_rows)(int64_t w, const real *p, bool write) {
  for (int64_t j = 0; j < 2 * w; j += 64 / (int64_t)sizeof(real))
    if (write)
      __builtin_prefetch(p + j, 1, 3);
    else
      __builtin_prefetch(p + j, 0, 3);
}

NN_INLINE void T(max_2x2_rows)(const struct T(max_job) * job, int64_t p, const int how) {
  const struct nn_pool_desc *d = job->d;
  const real *plane = job->x + p * d->h * d->w;
  struct T(max_first) first = {0};
  if (how & AFFINE) {
    first.scale += ((const real *)d->scale)[p % d->channels];
    first.shift += ((const real *)d->shift)[p % d->channels];
  }
  for (int64_t i = 0; i < d->ho; i++) {
    int64_t row = (p * d->ho + i) * d->wo;
    const real *a = plane + 2 * i * d->w;
    T(fetch_rows)(d->w, a + 2 * T(ROWS_AHEAD) * d->w, false);
    T(max_2x2_row)(d->wo, a, a + d->w, how, &first, job->y + row, job->position ? job->position + row : NULL);
  }
}

static void T(max_2x2_plane)(const struct T(max_job) * job, int64_t p) {
  const struct nn_pool_desc *d = job->d;
  switch ((d->relu ? RELU : 0) | (d->scale ? AFFINE : 0)) {
  case AS_IS: T(max_2x2_rows)(job, p, AS_IS); break;
  case RELU: T(max_2x2_rows)(job, p, RELU); break;
  case AFFINE: T(max_2x2_rows)(job, p, AFFINE); break;
  default: T(max_2x2_rows)(job, p, RELU | AFFINE);
  }
}

static void T(max_plane)(const struct T(max_job) *job, int64_t p) {
  const struct nn_pool_desc *d = job->d;
  const real *plane = job->x + p * d->h * d->w;
  if (nn_pool_is_pairs(d) && !job->index) {
    T(max_2x2_plane)(job, p);
    return;
  }
  real best[CHUNK + NN_VBYTES / sizeof(real)]; // whole vectors are read
  lane at[CHUNK + NN_VBYTES / sizeof(lane)];
  for (int64_t i = 0; i < d->ho; i++) {
    int64_t row = (p * d->ho + i) * d->wo;
    for (int64_t j = 0; j < d->wo; j += CHUNK) {
      int64_t end = min64(j + CHUNK, d->wo);
      T(max_row)(d, plane, i, j, end, best, at);
      memcpy(job->y + row + j, best, (size_t)(end - j) * sizeof(real));
      int64_t *index = job->index ? job->index + row + j : NULL;
      T(max_found)(d, i, j, end, at, index, job->position ? job->position + row + j : NULL);
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
  const real *dy, *gate;
  const int64_t *index;
  const uint8_t *position;
  real *dx;
};

// dy where the gate is open (above 0, or NaN).
NN_INLINE ivec T(gated)(const real *dy, const real *gate, int64_t n) {
  ivec g = (ivec)T(nn_load_first)(dy, n);
  return gate ? g & ~(T(nn_load_first)(gate, n) <= 0) : g;
}

// The rows a and b of dx below one row of 2 x 2 windows; what no window covers at their end becomes 0.
static void T(max_2x2_row_grad)(int64_t wo, int64_t w, const real *dy, const real *gate,
                                const uint8_t *position, real *a, real *b) {
  for (int64_t j = 0; j < wo; j += VL) {
    int64_t out = 2 * (wo - j);
    ivec at = T(nn_load_first_bytes)(position + j, wo - j),
         g = T(gated)(dy + j, gate ? gate + j : NULL, wo - j);
    vec v0 = (vec)(g & (at == 0)), v1 = (vec)(g & (at == 1)), v2 = (vec)(g & (at == 2)),
        v3 = (vec)(g & (at == 3));
    T(nn_store_first)(a + 2 * j, T(nn_zip_low)(v0, v1), out);
    T(nn_store_first)(a + 2 * j + VL, T(nn_zip_high)(v0, v1), out - VL);
    T(nn_store_first)(b + 2 * j, T(nn_zip_low)(v2, v3), out);
    T(nn_store_first)(b + 2 * j + VL, T(nn_zip_high)(v2, v3), out - VL);
  }
  for (int64_t t = 2 * wo; t < w; t++) a[t] = b[t] = 0;
}

// From the positions in the windows: each stands for an offset from the window's first number.
static void T(max_scatter)(const struct nn_pool_desc *d, const real *dy, const real *gate,
                           const uint8_t *position, real *plane) {
  int64_t offset[256] = {0};
  for (int64_t t = 0; t < d->kernel_h * d->kernel_w; t++)
    offset[t] = t / d->kernel_w * d->dil_h * d->w + t % d->kernel_w * d->dil_w;
  for (int64_t i = 0, o = 0; i < d->ho; i++)
    for (int64_t j = 0; j < d->wo; j++, o++) {
      int64_t first = (i * d->stride_h - d->pad_h) * d->w + j * d->stride_w - d->pad_w;
      bool open = !gate || !(gate[o] <= 0);
      if (position[o] != 255 && open) plane[first + offset[position[o]]] += dy[o];
    }
}

static void T(max_plane_grad)(const struct T(max_grad_job) *job, int64_t p) {
  const struct nn_pool_desc *d = job->d;
  int64_t first = p * d->ho * d->wo;
  real *plane = job->dx + p * d->h * d->w;
  if (job->position && nn_pool_is_pairs(d)) {
    for (int64_t i = 0; i < d->ho; i++) {
      int64_t row = first + i * d->wo;
      T(fetch_rows)(d->w, plane + 2 * (i + T(ROWS_AHEAD)) * d->w, true);
      T(max_2x2_row_grad)(d->wo, d->w, job->dy + row, job->gate ? job->gate + row : NULL, job->position + row,
                          plane + 2 * i * d->w, plane + (2 * i + 1) * d->w);
    }
    memset(plane + 2 * d->ho * d->w, 0, (size_t)((d->h - 2 * d->ho) * d->w) * sizeof(real));
    return;
  }
  memset(plane, 0, (size_t)(d->h * d->w) * sizeof(real));
  const real *gate = job->gate ? job->gate + first : NULL;
  if (job->position) T(max_scatter)(d, job->dy + first, gate, job->position + first, plane);
  for (int64_t o = 0; job->index && o < d->ho * d->wo; o++) {
    int64_t at = job->index[first + o];
    if (at > 0 && at <= d->h * d->w && (!gate || !(gate[o] <= 0))) plane[at - 1] += job->dy[first + o];
  }
}

static void T(max_planes_grad)(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  for (int64_t p = begin; p < end && !nn_interrupted(); p++) T(max_plane_grad)(arg, p);
}

static bool T(max_backward)(const struct nn_pool_desc *d, const void *dy, const void *gate,
                            const int64_t *index, const uint8_t *position, void *dx) {
  struct T(max_grad_job) job = {d, dy, gate, index, position, dx};
  nn_parallel(d->planes, plane_grain(d->h * d->w), T(max_planes_grad), &job);
  return !nn_interrupted();
}
