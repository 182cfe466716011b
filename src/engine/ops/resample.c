/* resample.c - other sizes for sequences, images and volumes. All methods are sums of a few elements with weights along
 * one dimension after the other: one linear row for a dimension, whose gradient is the transposed one. */
#include <math.h>
#include <string.h>

#include "interrupt.h"
#include "parallel.h"
#include "shape.h"

enum { NEAREST, LINEAR, BILINEAR, BICUBIC, TRILINEAR, AREA, NEAREST_EXACT };
#define MODES "nearest|linear|bilinear|bicubic|trilinear|area|nearest-exact"

/* ---- weights ---------------------------------------------------------------------------------------- */

/* How a dimension is resampled: `in` to `out` places, `step` places of the input for one of the output. */
typedef struct map {
  int mode;
  bool corners, antialias, single;
  double step;
  int64_t in, out;
} map;

/* Element i of the output is the sum of weight[k] * x[at[k]] over first[i] <= k < first[i + 1]. */
typedef struct taps {
  int64_t *first, *at;
  double *weight;
  int64_t n, room;
  size_t bytes;
} taps;

static void tap(taps *t, int64_t at, double weight) {
  if (t->n >= t->room) return;
  t->at[t->n] = at;
  t->weight[t->n++] = weight;
}

static int64_t within(int64_t i, int64_t n) { return i < 0 ? 0 : i >= n ? n - 1 : i; }

/* PyTorch finds the nearest place in the dtype of the input, which decides where a product is nearly whole. */
static int64_t nearest(const map *m, int64_t i) {
  double shift = m->mode == NEAREST_EXACT ? 0.5 : 0;
  double at = m->single ? (double)(((float)i + (float)shift) * (float)m->step) : ((double)i + shift) * m->step;
  int64_t place = (int64_t)floor(at);
  return place < m->in ? place : m->in - 1;
}

/* Keys' cubic kernel (1981) with parameter a. */
static double cubic(double x, double a) {
  x = fabs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/* With antialias the kernel is as wide as the output's step: a mean over all that it stands for. */
static void wide_taps(const map *m, int64_t i, taps *t) {
  double wide = m->step >= 1 ? m->step : 1, reach = (m->mode == BICUBIC ? 2 : 1) * wide, centre = m->step * ((double)i + 0.5);
  int64_t from = (int64_t)(centre - reach + 0.5), to = (int64_t)(centre + reach + 0.5), begin = t->n;
  if (from < 0) from = 0;
  if (to > m->in) to = m->in;
  double total = 0;
  for (int64_t k = from; k < to; k++) {
    double x = ((double)k - centre + 0.5) / wide, w = m->mode == BICUBIC ? cubic(x, -0.5) : fabs(x) < 1 ? 1 - fabs(x) : 0;
    total += w;
    tap(t, k, w);
  }
  for (int64_t k = begin; k < t->n; k++) t->weight[k] /= total != 0 ? total : 1;
}

static void taps_of(const map *m, int64_t i, taps *t) {
  if (m->mode == NEAREST || m->mode == NEAREST_EXACT) return tap(t, nearest(m, i), 1);
  if (m->antialias) return wide_taps(m, i, t);
  double x = m->corners ? m->step * (double)i : m->step * ((double)i + 0.5) - 0.5;
  if (m->mode != BICUBIC && x < 0) x = 0;
  int64_t at = (int64_t)floor(x);
  if (m->mode != BICUBIC) at = within(at, m->in);
  double part = x - (double)at;
  if (part > 1) part = 1;
  if (m->mode == BICUBIC) {
    for (int k = -1; k <= 2; k++) tap(t, within(at + k, m->in), cubic(part - k, -0.75));
  } else {
    tap(t, at, 1 - part);
    if (part > 0) tap(t, within(at + 1, m->in), part);
  }
}

static bool make_taps(nn_ctx *ctx, const map *m, taps *t) {
  double reach = m->antialias ? 2 * (m->step > 1 ? m->step : 1) : 2;
  int64_t each = 2 * (int64_t)ceil(reach) + 1;
  *t = (taps){.room = m->out * (each < m->in + 4 ? each : m->in + 4)};
  t->bytes = (size_t)(m->out + 1 + t->room) * sizeof(int64_t) + (size_t)t->room * sizeof(double);
  t->first = nn_scratch(ctx, t->bytes);
  if (t->first == NULL) return false;
  t->at = t->first + m->out + 1;
  t->weight = (double *)(void *)(t->at + t->room);
  for (int64_t i = 0; i < m->out; i++) {
    t->first[i] = t->n;
    taps_of(m, i, t);
  }
  t->first[m->out] = t->n;
  return true;
}

/* ---- the row for a dimension ------------------------------------------------------------------------ */

typedef struct job {
  const taps *t;
  int64_t in, out, inner;
  const void *from;
  void *to;
  void (*run)(const struct job *j, int64_t block);
} job;

#define LOOPS(type, suffix) \
  static void forward_##suffix(const job *j, int64_t block) { \
    const type *x = (const type *)j->from + block * j->in * j->inner; \
    type *y = (type *)j->to + block * j->out * j->inner; \
    for (int64_t i = 0; i < j->out; i++, y += j->inner) { \
      int64_t k = j->t->first[i], end = j->t->first[i + 1]; \
      if (j->inner == 1) { \
        type sum = 0; \
        for (; k < end; k++) sum += (type)j->t->weight[k] * x[j->t->at[k]]; \
        *y = sum; \
        continue; \
      } \
      memset(y, 0, (size_t)j->inner * sizeof *y); \
      for (; k < end; k++) { \
        const type w = (type)j->t->weight[k], *row = x + j->t->at[k] * j->inner; \
        for (int64_t c = 0; c < j->inner; c++) y[c] += w * row[c]; \
      } \
    } \
  } \
  static void backward_##suffix(const job *j, int64_t block) { \
    const type *g = (const type *)j->from + block * j->out * j->inner; \
    type *x = (type *)j->to + block * j->in * j->inner; \
    memset(x, 0, (size_t)(j->in * j->inner) * sizeof *x); \
    for (int64_t i = 0; i < j->out; i++, g += j->inner) \
      for (int64_t k = j->t->first[i]; k < j->t->first[i + 1]; k++) { \
        const type w = (type)j->t->weight[k]; \
        type *row = x + j->t->at[k] * j->inner; \
        for (int64_t c = 0; c < j->inner; c++) row[c] += w * g[c]; \
      } \
  }
LOOPS(float, f32)
LOOPS(double, f64)

static void blocks_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const job *j = arg;
  for (int64_t i = begin; i < end && !nn_interrupted(); i++) j->run(j, i);
}

/* dim, size (of the other side), mode, align_corners, step, antialias */
#define HOW {"dim", P_INT}, {"size", P_INT}, {"mode", P_INT}, {"align_corners", P_BOOL}, {"step", P_FLOAT}, {"antialias", P_BOOL}

static bool resample_infer(nn_frame *f) {
  nn_spec_like(f, 0, f->in[0]);
  f->spec[0].shape[f->arg[1].i] = f->arg[2].i;
  return true;
}

static bool resample_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  const nn_value *a = f->arg;
  bool back = f->op == &nn_op_resample_backward;
  if (x == NULL || f->out[0]->numel == 0) return x != NULL;
  int64_t dim = a[1].i, outer = 1;
  job j = {.inner = 1, .from = x->data, .to = f->out[0]->data};
  for (int64_t d = 0; d < x->ndim; d++) *(d < dim ? &outer : &j.inner) *= d == dim ? 1 : x->shape[d];
  j.in = back ? a[2].i : x->shape[dim], j.out = back ? x->shape[dim] : a[2].i;
  map m = {(int)a[3].i, a[4].b, a[6].b, x->dtype == NN_FLOAT32, a[5].f, j.in, j.out};
  taps t;
  if (!make_taps(f->ctx, &m, &t)) return false;
  j.t = &t;
  j.run = NN_BY_FLOAT(x->dtype, back ? backward_f32 : forward_f32, back ? backward_f64 : forward_f64);
  nn_parallel(outer, 1 + 4096 / (1 + t.n * j.inner), blocks_range, &j);
  nn_scratch_free(f->ctx, t.first, t.bytes);
  return !nn_interrupted();
}

static bool resample_vjp(nn_vjp *v) {
  const nn_op *other = v->node->op == &nn_op_resample ? &nn_op_resample_backward : &nn_op_resample;
  const nn_value *a = v->arg;
  v->d[0] = nn_do(v->ctx, other, v_t(v->g[0]), a[1], v_i(nn_in_meta(v, 0)->shape[a[1].i]), a[3], a[4], a[5], a[6]);
  return v->d[0] != NULL;
}

const nn_op nn_op_resample = {.name = "resample", .doc = "Another size along one dimension.",
                              .params = {{"input", P_TENSOR}, HOW}, .flags = NN_PRIVATE, .infer = resample_infer,
                              .kernel = resample_kernel, .vjp = resample_vjp};
const nn_op nn_op_resample_backward = {.name = "resample_backward", .doc = "Part of a gradient.",
                                       .params = {{"input", P_TENSOR}, HOW}, .flags = NN_PRIVATE, .infer = resample_infer,
                                       .kernel = resample_kernel, .vjp = resample_vjp};

/* ---- interpolate ------------------------------------------------------------------------------------ */

enum { X, SIZE, SCALE, MODE, CORNERS, RECOMPUTE, ANTIALIAS };

static bool check_mode(nn_frame *f, int mode) {
  static const int dims[] = {[LINEAR] = 3, [BILINEAR] = 4, [BICUBIC] = 4, [TRILINEAR] = 5, [NEAREST_EXACT] = 0};
  static const char *const names[] = {"nearest", "linear", "bilinear", "bicubic", "trilinear", "area", "nearest-exact"};
  char s[NN_SHAPE_TEXT];
  if (!nn_expect_float(f, 0)) return false;
  if (f->in[0]->ndim < 3 || f->in[0]->ndim > 5)
    return nn_bad(f, "expected input[N, C, L], [N, C, H, W] or [N, C, D, H, W], got %s", nn_tensor_shape_text(f->in[0], s));
  if (dims[mode] != 0 && f->in[0]->ndim != dims[mode])
    return nn_bad(f, "mode \"%s\" needs an input of %d dimensions, got %s", names[mode], dims[mode],
                  nn_tensor_shape_text(f->in[0], s));
  bool smooth = mode != NEAREST && mode != AREA && mode != NEAREST_EXACT;
  if (nn_given(f, CORNERS) && !smooth) return nn_bad(f, "align_corners has no meaning for mode \"%s\"", names[mode]);
  if (f->arg[ANTIALIAS].b && mode != BILINEAR && mode != BICUBIC)
    return nn_bad(f, "antialias works with modes \"bilinear\" and \"bicubic\" only, got \"%s\"", names[mode]);
  return true;
}

/* The output's sizes; scale[i] is what the user gave for a dimension, 0 where the sizes decide. */
static bool find_sizes(nn_frame *f, int n, int64_t *size, double *scale) {
  const nn_tensor *x = f->in[0];
  bool sized = nn_given(f, SIZE), recompute = nn_given(f, RECOMPUTE) && f->arg[RECOMPUTE].b;
  if (sized == nn_given(f, SCALE)) return nn_bad(f, "expected either size or scale_factor");
  if (sized && recompute) return nn_bad(f, "recompute_scale_factor has no meaning for a given size");
  int count = sized ? 0 : f->arg[SCALE].n;
  const int64_t *given = sized ? nn_arg_ints(&f->arg[SIZE], &count) : NULL;
  if (count != 1 && count != n)
    return nn_bad(f, "%s must be a number or a list of %d, got %d numbers", sized ? "size" : "scale_factor", n, count);
  for (int i = 0; i < n; i++) {
    int64_t in = x->shape[2 + i];
    int k = count == 1 ? 0 : i;
    scale[i] = sized ? 0 : f->arg[SCALE].floats[k];
    double asked = sized ? (double)given[k] : floor((double)in * scale[i]);
    if (!(asked >= 1 && asked < 1e15) || in < 1)
      return nn_bad(f, "sizes must be at least 1: %lld cannot become %g", (long long)in, asked);
    size[i] = (int64_t)asked;
    if (recompute) scale[i] = 0;
  }
  return true;
}

static T area(C c, T x, int n, const int64_t *size) {
  static const nn_op *const pools[] = {NULL, &nn_op_adaptive_avg_pool1d, &nn_op_adaptive_avg_pool2d, &nn_op_adaptive_avg_pool3d};
  return nn_do(c, pools[n], v_t(x), v_ints(n, size));
}

static bool interpolate_compose(nn_frame *f) {
  T x = f->in[0];
  int n = x->ndim - 2, mode = (int)f->arg[MODE].i;
  int64_t size[3];
  double scale[3];
  if (!check_mode(f, mode) || !find_sizes(f, n, size, scale)) return false;
  if (mode == AREA) return (f->out[0] = area(f->ctx, x, n, size)) != NULL;
  bool corners = nn_given(f, CORNERS) && f->arg[CORNERS].b;
  for (int i = n - 1; i >= 0 && x != NULL; i--) {
    int64_t in = x->shape[2 + i];
    double step = scale[i] > 0 ? 1 / scale[i] : (double)in / (double)size[i];
    if (corners) step = size[i] > 1 ? (double)(in - 1) / (double)(size[i] - 1) : 0;
    if (in == size[i] && step == 1) continue;
    x = nn_do(f->ctx, &nn_op_resample, v_t(x), v_i(2 + i), v_i(size[i]), v_i(mode), v_b(corners), v_f(step), f->arg[ANTIALIAS]);
  }
  if (x == f->in[0]) x = nn_do(f->ctx, &nn_op_clone, v_t(x));
  return (f->out[0] = x) != NULL;
}

const nn_op nn_op_interpolate = {
    .name = "interpolate",
    .doc = "Resamples input [N, C, L], [N, C, H, W] or [N, C, D, H, W] to `size` (a number or one for each dimension) or by\n"
           "`scale_factor`. mode: \"nearest\", \"nearest-exact\", \"linear\" (3 dimensions), \"bilinear\", \"bicubic\" (4),\n"
           "\"trilinear\" (5), \"area\" (means, as adaptive_avg_pool). align_corners puts the corners' centres on each other\n"
           "instead of the edges. antialias (bilinear, bicubic) averages over all that an element of the result covers.",
    .example = "F.interpolate(tensor{{{1, 2}}}, {scale_factor = 2})\n--> {{{1, 1, 2, 2}}}",
    .params = {{"input", P_TENSOR},
               {"size", P_INTS, "nil"},
               {"scale_factor", P_FLOATS, "nil"},
               {"mode", P_CHOICE, "nearest", MODES},
               {"align_corners", P_BOOL, "nil"},
               {"recompute_scale_factor", P_BOOL, "nil"},
               {"antialias", P_BOOL, "false"}},
    .flags = NN_F, .compose = interpolate_compose,
    .samples = NN_SAMPLES("R(2,2,3), 5", "R(1,2,3,4), {5, 3}, nil, 'bilinear'", "R(1,1,4,3), nil, 1.7, 'bicubic', true",
                          "R(1,1,2,3,2), {3, 2, 4}, nil, 'trilinear', true", "R(2,1,7), {scale_factor = 0.6, mode = 'linear'}",
                          "R(1,1,7,5), 3, {mode = 'bilinear', antialias = true}", "R(1,2,5,3), {2, 4}, {mode = 'area'}",
                          "R(1,1,4,5), {6, 3}, {mode = 'nearest-exact'}"),
    .invalid = "R(2,3,4,4), 8, {mode = 'linear'}", .complaint = "mode \"linear\" needs an input of 3 dimensions"};
