// Part of conv_depthwise.c: float32 with kernels of 3 x 3 and 5 x 5, strides 1 and 2, no dilation, one output channel for
// each input channel. A plane is copied with its rows shifted in as many ways as the kernel has columns, so that all that the
// outputs j, j + 1, ... see through one column is a vector that lies where vectors lie best. Known sizes let a vector serve
// all outputs in registers that see it. With stride 2 the gradient of the input is made phase by phase.
#include "real_f32.h"

enum { NEAR_VECTORS = 8 }; // of a row of outputs at most; they take room for 1, 2, 4 or 8

// One pass: its source planes, how their copies lie ([rows][copies][ld]), and its outputs.
struct near_plane {
  int64_t k;         // kernels of k x k
  int64_t h, w;      // source
  int64_t top;       // rows of padding before it
  int64_t ho, wo;    // outputs; where they are made phase by phase, those of one phase
  int64_t stride;    // of the outputs in the source
  int64_t copies;    // copy s has at j source column j * stride + s * step + first
  int64_t step, first;
  int64_t vectors;   // of a copied row, ld numbers
  int64_t rows, ld, size;
};

struct near_job {
  const struct nn_conv_desc *d;
  struct near_plane plane;
  nn_lanes seen[5][NEAR_VECTORS][2]; // of each copy and vector, lanes that are within the source; with stride 2 of two loads
  const float *from, *w, *bias;      // bias may be NULL
  float *to;
  bool relu, turned;                 // the kernel is
  float *scratch;
  const float *dy; // weight_grad
  vec *sums;       // [k][taps + 1], of which the lanes are to be added
};

static struct near_plane near_plane_of(const struct nn_conv_desc *d, enum nn_conv_pass pass) {
  bool back = pass == NN_CONV_INPUT_GRAD, phases = back && d->stride_w == 2;
  struct near_plane p = {.k = d->r, .h = d->h, .w = d->w, .top = d->pad_h, .ho = d->ho, .wo = d->wo, .stride = d->stride_w,
                         .copies = d->s, .step = 1, .first = -d->pad_w};
  if (back) {
    p.h = d->ho, p.w = d->wo, p.ho = d->h, p.wo = d->w, p.stride = 1;
    p.top = d->r - 1 - d->pad_h, p.first = d->pad_w - (d->s - 1);
  }
  p.rows = (p.ho - 1) * p.stride + d->r;
  if (phases) { // pixel 2 j + b sees through kernel column s source column j + (b + pad - s) / 2
    p.top = (p.top + 1) / 2;
    p.ho = (d->h + 1) / 2, p.wo = (d->w + 1) / 2;
    p.rows = p.top + p.ho + (d->pad_h + 1) / 2;
    p.copies = (d->s + 1) / 2, p.step = -1, p.first = d->pad_w / 2 + d->pad_w % 2;
  }
  for (p.vectors = 1; p.vectors * VL < p.wo;) p.vectors *= 2;
  p.ld = p.vectors * VL;
  p.size = p.rows * p.copies * p.ld;
  return p;
}

static bool is_near(const struct nn_conv_desc *d) {
  bool kernel = d->r == d->s && (d->r == 3 || d->r == 5), stride = d->stride_h == d->stride_w && d->stride_w <= 2;
  bool fits = max64(d->wo, d->w) <= NEAR_VECTORS * VL && d->pad_h < d->r && d->pad_w < d->s;
  return kernel && stride && fits && d->dil_h == 1 && d->dil_w == 1 && d->k == d->c;
}

static void near_masks(struct near_job *job) {
  const struct near_plane *p = &job->plane;
  for (int64_t s = 0; s < p->copies; s++)
    for (int64_t j = 0; j < p->ld; j += VL)
      for (int64_t half = 0; half < 2; half++) {
        int64_t at = j * p->stride + s * p->step + p->first + half * VL;
        int64_t lo = min64(max64(-at, 0), VL), hi = min64(max64(p->w - at, 0), VL);
        job->seen[s][j / VL][half] = nn_lanes_make(lo < hi ? lo : 0, lo < hi ? hi : 0);
      }
}

// Asks for numbers that are needed for the next plane: the processor does so by itself only within a page.
NN_INLINE void near_fetch(const float *p, int64_t from, int64_t to, bool write) {
  for (int64_t i = from; i < to; i += 16)
    if (write)
      __builtin_prefetch(p + i, 1, 2);
    else
      __builtin_prefetch(p + i, 0, 2);
}

// Rows outside of the source are 0 already. With `step` and `first` as in struct near_plane.
NN_INLINE void near_fill(const int vectors, const int copies, const int stride, const int step, const struct near_job *job,
                         const float *src, float *to) {
  const struct near_plane *p = &job->plane;
  const int64_t rows = min64(p->h, p->rows - p->top), w = p->w;
  to += p->top * copies * vectors * VL;
  src += p->first;
#pragma GCC unroll 5
  for (int s = 0; s < copies; s++)
    for (int i = 0; i < vectors; i++) {
      const nn_lanes low = job->seen[s][i][0], high = job->seen[s][i][1];
      const float *from = src + i * VL * stride + s * step;
      float *at = to + (s * vectors + i) * VL;
      for (int64_t row = 0; row < rows; row++, from += w, at += copies * vectors * VL) {
        vec v = nn_load_lanes(low, from);
        if (stride == 2) v = nn_evens_f32(v, nn_load_lanes(high, from + VL));
        *(vec *)at = v;
      }
    }
}

// `rows` rows of outputs for kernels of k x k.
NN_INLINE void near_rows(const int vectors, const int rows, const int k, const int stride, int64_t wo, const float *x,
                         const float *w, float start, bool relu, float *y) {
  for (int64_t j = 0; j < wo; j += VL) {
    vec acc[4];
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++) acc[i] = (vec){0} + start;
#pragma GCC unroll 11
    for (int t = 0; t < (rows - 1) * stride + k; t++)
#pragma GCC unroll 5
      for (int s = 0; s < k; s++) {
        vec v = *(const vec *)(x + (t * k + s) * vectors * VL + j);
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++) {
          int r = t - i * stride;
          if (r >= 0 && r < k) acc[i] += w[r * k + s] * v;
        }
      }
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++) {
      if (relu) acc[i] = (vec)(~(acc[i] < 0) & (ivec)acc[i]);
      nn_store_first_f32(y + i * wo + j, acc[i], wo - j);
    }
  }
}

// All rows of a plane; meanwhile what the next one, `in` numbers at next_x and as many as this one at next_y, needs.
NN_INLINE void near_outputs(const int vectors, const int k, const int stride, const struct near_plane *p, const float *x,
                            const float *w, float start, bool relu, float *y, const float *next_x, const float *next_y) {
  const int64_t in = p->h * p->w, wo = p->wo, down = stride * k * vectors * VL;
  for (int64_t i = 0, rows; i < p->ho; i += rows) {
    rows = p->ho - i >= 4 ? 4 : p->ho - i >= 2 ? 2 : 1;
    if (rows == 4)
      near_rows(vectors, 4, k, stride, wo, x + i * down, w, start, relu, y + i * wo);
    else if (rows == 2)
      near_rows(vectors, 2, k, stride, wo, x + i * down, w, start, relu, y + i * wo);
    else
      near_rows(vectors, 1, k, stride, wo, x + i * down, w, start, relu, y + i * wo);
    if (next_x == NULL) continue;
    near_fetch(next_x, in * i / p->ho, in * (i + rows) / p->ho, false);
    near_fetch(next_y, i * wo, (i + rows) * wo, true);
  }
}

// FN for the numbers of vectors, kernels and strides that are known, the first three of its arguments.
#define NEAR_KERNELS(FN, V, ...)                                                                             \
  if (p->k == 3 && p->stride == 1)                                                                           \
    FN(V, 3, 1, __VA_ARGS__);                                                                                \
  else if (p->k == 3)                                                                                        \
    FN(V, 3, 2, __VA_ARGS__);                                                                                \
  else if (p->stride == 1)                                                                                   \
    FN(V, 5, 1, __VA_ARGS__);                                                                                \
  else                                                                                                       \
    FN(V, 5, 2, __VA_ARGS__)
#define NEAR_CASES(FN, ...)                                                                                  \
  switch (p->vectors) {                                                                                      \
  case 1: NEAR_KERNELS(FN, 1, __VA_ARGS__); break;                                                           \
  case 2: NEAR_KERNELS(FN, 2, __VA_ARGS__); break;                                                           \
  case 4: NEAR_KERNELS(FN, 4, __VA_ARGS__); break;                                                           \
  default: NEAR_KERNELS(FN, 8, __VA_ARGS__);                                                                 \
  }

// Planes begin .. end - 1 of the outputs.
NN_INLINE void near_planes(const int vectors, const int k, const int stride, const struct near_job *job, int64_t begin,
                           int64_t end, int thread) {
  const struct near_plane *p = &job->plane;
  const int64_t taps = k * k, in = p->h * p->w, out = p->ho * p->wo;
  float *copies = job->scratch + thread * p->size, w[25];
  memset(copies, 0, (size_t)p->size * sizeof *copies);
  for (int64_t i = begin; i < end && !nn_interrupted(); i++) {
    int64_t c = i % job->d->c;
    const float *kernel = job->w + c * taps, *next = i + 1 < end ? job->from + (i + 1) * in : NULL;
    float start = job->bias ? job->bias[c] : 0, *y = job->to + i * out;
    for (int64_t t = 0; t < taps; t++) w[t] = kernel[job->turned ? taps - 1 - t : t];
    near_fill(vectors, k, stride, 1, job, job->from + i * in, copies);
    near_outputs(vectors, k, stride, p, copies, w, start, job->relu, y, next, y + out);
  }
}

static void near_planes_of(void *arg, int64_t begin, int64_t end, int thread) {
  const struct near_job *job = arg;
  const struct near_plane *p = &job->plane;
  NEAR_CASES(near_planes, job, begin, end, thread)
}

// ---- stride 1, outputs of the source's size -----------------------------------------------------------

// Pixels that stand `by` places further on than those of v, which has prev before it and next behind it.
#define NEAR_LANES_16(B)                                                                                     \
  B, B + 1, B + 2, B + 3, B + 4, B + 5, B + 6, B + 7, B + 8, B + 9, B + 10, B + 11, B + 12, B + 13, B + 14, B + 15
#if NN_ISA == 2
#define NEAR_SHIFT(a, b, by) NN_SHUFFLE(nn_vi32, a, b, NEAR_LANES_16(by))
#elif NN_ISA == 1
#define NEAR_SHIFT(a, b, by)                                                                                 \
  NN_SHUFFLE(nn_vi32, a, b, by, by + 1, by + 2, by + 3, by + 4, by + 5, by + 6, by + 7)
#else
#define NEAR_SHIFT(a, b, by) NN_SHUFFLE(nn_vi32, a, b, by, by + 1, by + 2, by + 3)
#endif

enum { NEAR_LANES = NN_VBYTES / 4 };

NN_INLINE vec near_shifted(const int by, vec prev, vec v, vec next) {
  switch (by) {
  case -2: return NEAR_SHIFT(prev, v, NEAR_LANES - 2);
  case -1: return NEAR_SHIFT(prev, v, NEAR_LANES - 1);
  case 1: return NEAR_SHIFT(v, next, 1);
  case 2: return NEAR_SHIFT(v, next, 2);
  default: return v;
  }
}

// `rows` rows of outputs from row i on, straight from the source. Rows are `vectors` vectors long, the last one of `tail`
// lanes; rows outside of the source are read from `zeros`.
NN_INLINE void near_same_rows(const int vectors, const int rows, const int k, const struct near_plane *p, nn_lanes tail,
                              int64_t i, const float *x, const float *zeros, const float *w, float start, bool relu,
                              float *y) {
  const float *line[8];
#pragma GCC unroll 8
  for (int t = 0; t < rows + k - 1; t++) {
    int64_t row = i + t - k / 2;
    line[t] = row >= 0 && row < p->h ? x + row * p->w : zeros;
  }
#pragma GCC unroll 4
  for (int j = 0; j < vectors; j++) {
    vec acc[4];
#pragma GCC unroll 4
    for (int n = 0; n < rows; n++) acc[n] = (vec){0} + start;
#pragma GCC unroll 8
    for (int t = 0; t < rows + k - 1; t++) {
      const float *at = line[t] + j * NEAR_LANES;
      vec prev = {0}, next = {0}, v = j == vectors - 1 ? nn_load_lanes(tail, at) : nn_load_first_f32(at, NEAR_LANES);
      if (j > 0) prev = nn_load_first_f32(at - NEAR_LANES, NEAR_LANES);
      if (j < vectors - 1)
        next = j == vectors - 2 ? nn_load_lanes(tail, at + NEAR_LANES) : nn_load_first_f32(at + NEAR_LANES, NEAR_LANES);
#pragma GCC unroll 5
      for (int s = 0; s < k; s++) {
        vec shifted = near_shifted(s - k / 2, prev, v, next);
#pragma GCC unroll 4
        for (int n = 0; n < rows; n++)
          if (t - n >= 0 && t - n < k) acc[n] += w[(t - n) * k + s] * shifted;
      }
    }
#pragma GCC unroll 4
    for (int n = 0; n < rows; n++) {
      float *to = y + (i + n) * p->wo + j * NEAR_LANES;
      if (relu) acc[n] = (vec)(~(acc[n] < 0) & (ivec)acc[n]);
      if (j < vectors - 1)
        *(uvec *)to = acc[n];
      else
        nn_store_lanes(tail, to, acc[n]);
    }
  }
}

// Planes begin .. end - 1.
NN_INLINE void near_same_planes(const int vectors, const int k, const struct near_job *job, int64_t begin, int64_t end) {
  const struct near_plane *p = &job->plane;
  const int64_t taps = k * k, size = p->h * p->w;
  const float zeros[4 * NEAR_LANES] = {0};
  const nn_lanes tail = nn_lanes_make(0, p->w - (vectors - 1) * NEAR_LANES);
  float w[25];
  for (int64_t i = begin; i < end && !nn_interrupted(); i++) {
    const float *kernel = job->w + i % job->d->c * taps, *x = job->from + i * size;
    float start = job->bias ? job->bias[i % job->d->c] : 0, *y = job->to + i * size;
    for (int64_t t = 0; t < taps; t++) w[t] = kernel[job->turned ? taps - 1 - t : t];
    int64_t row = 0;
    for (; row + 4 <= p->h; row += 4) {
      near_same_rows(vectors, 4, k, p, tail, row, x, zeros, w, start, job->relu, y);
      if (i + 1 == end) continue;
      near_fetch(x + size, row * p->w, (row + 4) * p->w, false);
      near_fetch(y + size, row * p->w, (row + 4) * p->w, true);
    }
    for (; row < p->h; row++) near_same_rows(vectors, 1, k, p, tail, row, x, zeros, w, start, job->relu, y);
  }
}

static void near_same(void *arg, int64_t begin, int64_t end, int thread) {
  const struct near_job *job = arg;
  (void)thread;
  switch ((job->plane.w - 1) / NEAR_LANES * 2 + (job->plane.k == 5)) {
  case 0: near_same_planes(1, 3, job, begin, end); break;
  case 2: near_same_planes(2, 3, job, begin, end); break;
  case 4: near_same_planes(3, 3, job, begin, end); break;
  case 5: near_same_planes(3, 5, job, begin, end); break;
  case 6: near_same_planes(4, 3, job, begin, end); break;
  default: near_same_planes(4, 5, job, begin, end);
  }
}

// For short rows of 5 x 5 kernels the copies are cheaper than moving lanes.
static bool is_same(const struct near_plane *p) {
  bool pays = p->w <= 4 * NEAR_LANES && (p->k == 3 || p->w > 2 * NEAR_LANES);
  bool centred = p->first == -(p->k / 2) && p->top == p->k / 2 && p->h == p->ho && p->w == p->wo;
  return pays && centred && p->stride == 1 && p->step == 1;
}

// ---- gradient of the input, stride 2 ------------------------------------------------------------------

// Row `row` of dx: its pixels 2 j + b see the kernel positions r and s with row + pad - r and b + pad - s even; odd: whether
// the padding of columns is. x is where dy's row 0 stands.
NN_INLINE void near_phase_row(const int vectors, const int k, const int odd, int64_t row, int64_t pad, int64_t width,
                              const float *x, const float *w, float *dx) {
  const int copies = (k + 1) / 2, ld = vectors * (int)VL;
  for (int64_t j = 0; 2 * j < width; j += VL) {
    vec acc[2] = {{0}, {0}};
    for (int64_t r = (row + pad) % 2; r < k; r += 2) {
      const float *line = x + (row + pad - r) / 2 * copies * ld + j;
#pragma GCC unroll 5
      for (int s = 0; s < k; s++) {
        const int b = (s + odd) % 2;
        acc[b] += w[r * k + s] * *(const vec *)(line + (odd - (b + odd - s) / 2) * ld);
      }
    }
    nn_store_first_f32(dx + 2 * j, nn_zip_low_f32(acc[0], acc[1]), width - 2 * j);
    nn_store_first_f32(dx + 2 * j + VL, nn_zip_high_f32(acc[0], acc[1]), width - 2 * j - VL);
  }
}

// `more`: whether padding of columns is even (1) or odd (2), in the place of a stride.
NN_INLINE void near_phases(const int vectors, const int k, const int more, const struct near_job *job, int64_t begin,
                           int64_t end, int thread) {
  const struct near_plane *p = &job->plane;
  const struct nn_conv_desc *d = job->d;
  const int64_t in = p->h * p->w, out = d->h * d->w;
  float *copies = job->scratch + thread * p->size;
  memset(copies, 0, (size_t)p->size * sizeof *copies);
  for (int64_t i = begin; i < end && !nn_interrupted(); i++) {
    const float *w = job->w + i % d->c * d->r * d->s, *x = copies + p->top * p->copies * p->ld;
    float *dx = job->to + i * out;
    near_fill(vectors, (k + 1) / 2, 1, -1, job, job->from + i * in, copies);
    for (int64_t row = 0; row < d->h; row++, dx += d->w) {
      near_phase_row(vectors, k, more - 1, row, d->pad_h, d->w, x, w, dx);
      if (i + 1 >= end) continue;
      near_fetch(job->from + (i + 1) * in, in * row / d->h, in * (row + 1) / d->h, false);
      near_fetch(dx + out, 0, d->w, true);
    }
  }
}

static void near_backward_2(void *arg, int64_t begin, int64_t end, int thread) {
  const struct near_job *job = arg;
  struct near_plane by_parity = job->plane, *p = &by_parity;
  by_parity.stride = 1 + job->d->pad_w % 2;
  NEAR_CASES(near_phases, job, begin, end, thread)
}

// ---- gradient of the weights --------------------------------------------------------------------------

// Adds the share of one plane to the sums of rows `first` .. first + kr - 1 of taps, and that of the bias unless it is NULL.
// Meanwhile asks for what the next plane needs.
NN_INLINE void near_taps(const int vectors, const int k, const int stride, const int kr, const int first,
                         const struct near_plane *p, const float *x, const float *dy, vec *sums, vec *bias,
                         const float *next_x, const float *next_dy) {
  const int64_t in = p->h * p->w, ld = vectors * VL;
  vec acc[25], db = {0};
#pragma GCC unroll 25
  for (int t = 0; t < kr * k; t++) acc[t] = sums[first * k + t];
  for (int64_t i = 0; i < p->ho; i++, dy += p->wo) {
    for (int64_t j = 0; j < p->wo; j += VL) {
      const float *row = x + (i * stride + first) * k * ld + j;
      vec g = nn_load_first_f32(dy + j, p->wo - j);
      db += g;
      if (p->wo - j >= VL) {
#pragma GCC unroll 25
        for (int t = 0; t < kr * k; t++) acc[t] += g * *(const vec *)(row + t * ld);
      } else { // what is not seen could be a NaN
        const nn_lanes seen = nn_lanes_make(0, p->wo - j);
#pragma GCC unroll 25
        for (int t = 0; t < kr * k; t++) acc[t] += g * nn_load_lanes(seen, row + t * ld);
      }
    }
    if (next_x == NULL || first > 0) continue;
    near_fetch(next_x, in * i / p->ho, in * (i + 1) / p->ho, false);
    near_fetch(next_dy, i * p->wo, (i + 1) * p->wo, false);
  }
#pragma GCC unroll 25
  for (int t = 0; t < kr * k; t++) sums[first * k + t] = acc[t];
  if (bias) *bias += db;
}

NN_INLINE void near_taps_plane(const int vectors, const int k, const int stride, const struct near_job *job, const float *from,
                               float *copies, const float *dy, vec *sums, const float *next_x, const float *next_dy) {
  const struct near_plane *p = &job->plane;
  vec *bias = sums + k * k;
  near_fill(vectors, k, stride, 1, job, from, copies);
  if (k == 3 || NN_ISA == 2) {
    near_taps(vectors, k, stride, k, 0, p, copies, dy, sums, bias, next_x, next_dy);
  } else { // as many sums as there are registers
    near_taps(vectors, k, stride, 2, 0, p, copies, dy, sums, bias, next_x, next_dy);
    near_taps(vectors, k, stride, 2, 2, p, copies, dy, sums, NULL, next_x, next_dy);
    near_taps(vectors, k, stride, 1, 4, p, copies, dy, sums, NULL, next_x, next_dy);
  }
}

// The same for 3 x 3 with outputs of the source's size, straight from the source.
NN_INLINE void near_same_taps(const int vectors, const struct near_plane *p, const float *x, const float *dy, vec *sums,
                              const float *next_x, const float *next_dy) {
  const int64_t w = p->w, rest = w - (vectors - 1) * NEAR_LANES;
  const nn_lanes tail = nn_lanes_make(0, rest);
  ivec seen = {0};
  vec acc[9], db = sums[9];
  for (int l = 0; l < NEAR_LANES; l++) seen[l] = l < rest ? -1 : 0;
#pragma GCC unroll 9
  for (int t = 0; t < 9; t++) acc[t] = sums[t];
#pragma GCC unroll 4
  for (int j = 0; j < vectors; j++) {
    const nn_lanes here = j == vectors - 1 ? tail : nn_lanes_make(0, NEAR_LANES);
    vec before, g = {0}, after = nn_load_lanes(here, dy + j * NEAR_LANES); // of the rows above, here, below
    for (int64_t i = 0; i < p->h; i++) {
      const float *at = x + i * w + j * NEAR_LANES;
      vec prev = {0}, next = {0}, v = nn_load_lanes(here, at);
      if (j > 0) prev = nn_load_first_f32(at - NEAR_LANES, NEAR_LANES);
      if (j < vectors - 1) next = nn_load_lanes(j == vectors - 2 ? tail : here, at + NEAR_LANES);
      vec left = near_shifted(-1, prev, v, next), right = near_shifted(1, prev, v, next);
      if (j == vectors - 1) left = (vec)((ivec)left & seen); // what is not seen could be a NaN
      before = g, g = after;
      if (i + 1 < p->h) {
        after = nn_load_lanes(here, dy + (i + 1) * w + j * NEAR_LANES);
        acc[0] += after * left, acc[1] += after * v, acc[2] += after * right;
      }
      acc[3] += g * left, acc[4] += g * v, acc[5] += g * right;
      if (i > 0) acc[6] += before * left, acc[7] += before * v, acc[8] += before * right;
      db += g;
      if (j > 0 || next_x == NULL) continue;
      near_fetch(next_x, i * w, (i + 1) * w, false);
      near_fetch(next_dy, i * w, (i + 1) * w, false);
    }
  }
#pragma GCC unroll 9
  for (int t = 0; t < 9; t++) sums[t] = acc[t];
  sums[9] = db;
}

static void near_same_taps_plane(const struct near_plane *p, const float *x, const float *dy, vec *sums, const float *next_x,
                                 const float *next_dy) {
  switch ((p->w - 1) / NEAR_LANES) {
  case 0: near_same_taps(1, p, x, dy, sums, next_x, next_dy); break;
  case 1: near_same_taps(2, p, x, dy, sums, next_x, next_dy); break;
  case 2: near_same_taps(3, p, x, dy, sums, next_x, next_dy); break;
  default: near_same_taps(4, p, x, dy, sums, next_x, next_dy);
  }
}

// Channels begin .. end - 1, image after image, so that memory is read in order.
static void near_weights(void *arg, int64_t begin, int64_t end, int thread) {
  const struct near_job *job = arg;
  const struct near_plane *p = &job->plane;
  const int64_t each = p->k * p->k + 1, in = p->h * p->w, out = p->ho * p->wo, c = job->d->c;
  float *copies = job->scratch + thread * p->size;
  memset(copies, 0, (size_t)p->size * sizeof *copies);
  memset(job->sums + begin * each, 0, (size_t)((end - begin) * each) * sizeof(vec));
  for (int64_t n = 0; n < job->d->n && !nn_interrupted(); n++)
    for (int64_t k = begin; k < end; k++) {
      int64_t plane = n * c + k, next = k + 1 < end ? plane + 1 : plane + 1 - end + begin + c;
      bool more = next < job->d->n * c;
      const float *x = job->from + plane * in, *dy = job->dy + plane * out, *next_x = more ? job->from + next * in : NULL;
      if (p->k == 3 && is_same(p))
        near_same_taps_plane(p, x, dy, job->sums + k * each, next_x, job->dy + next * out);
      else
        NEAR_CASES(near_taps_plane, job, x, copies, dy, job->sums + k * each, next_x, job->dy + next * out)
    }
}

// ---- the passes ---------------------------------------------------------------------------------------

static bool near_run(const struct nn_conv_desc *d, enum nn_conv_pass pass, const float *from, const float *w,
                     const float *bias, bool relu, float *to, void *workspace) {
  struct near_job job = {.d = d, .plane = near_plane_of(d, pass), .from = from, .w = w, .bias = bias, .relu = relu, .to = to,
                         .scratch = align64(workspace)};
  nn_range_fn fn = pass == NN_CONV_FORWARD || d->stride_w == 1 ? near_planes_of : near_backward_2;
  job.turned = pass == NN_CONV_INPUT_GRAD;
  if (is_same(&job.plane)) fn = near_same;
  near_masks(&job);
  nn_conv_spread(d->n * d->c, plane_grain(d), fn, &job);
  return !nn_interrupted();
}

static bool near_weight_grad(const struct nn_conv_desc *d, const float *x, const float *dy, float *dw, float *db,
                             void *workspace) {
  const int64_t taps = d->r * d->s;
  struct near_job job = {.d = d, .plane = near_plane_of(d, NN_CONV_WEIGHT_GRAD), .from = x, .dy = dy,
                         .scratch = align64(workspace)};
  job.sums = (vec *)(void *)(job.scratch + nn_threads() * job.plane.size);
  near_masks(&job);
  nn_parallel(d->k, 1, near_weights, &job);
  if (nn_interrupted()) return false;
  for (int64_t k = 0; k < d->k; k++)
    for (int64_t t = 0; t < taps + 1; t++) {
      vec sum = job.sums[k * (taps + 1) + t];
      double all = 0;
      for (int64_t l = 0; l < VL; l++) all += (double)sum[l];
      if (t < taps)
        dw[k * taps + t] = (float)all;
      else if (db)
        db[k] = (float)all;
    }
  return true;
}

static size_t near_bytes(const struct nn_conv_desc *d, enum nn_conv_pass pass) {
  int64_t sums = pass == NN_CONV_WEIGHT_GRAD ? d->k * (d->r * d->s + 1) * VL : 0;
  return (size_t)(nn_threads() * near_plane_of(d, pass).size + sums) * sizeof(float) + 64;
}
