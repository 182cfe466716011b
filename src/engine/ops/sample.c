/* sample.c - weighted sums of elements at places that a tensor tells, for sampling by a grid. The three rows are each
 * other's gradients: all are linear in both of their float tensors. */
#include <math.h>
#include <string.h>

#include "interrupt.h"
#include "parallel.h"

#include "expr.h"

/* x [N, C, S], index [N, P, T] (from 1; 0 stands for nothing), w [N, P, T], y [N, C, P]:
 * y[n][c][p] = sum over t of w[n][p][t] x[n][c][index[n][p][t]] */
typedef struct job {
  int64_t n, c, s, p, t;
  const int64_t *index;
  char *x, *w, *y;
} job;

enum { BLOCK = 512 }; /* places that one task of the sums and of the weights' gradient works on */

/* The places and weights of up to BLOCK outputs, term by term; what stands for nothing is the first element, with weight 0. */
#define LOAD_TERMS(type) \
  int32_t at[4 * BLOCK]; \
  type by[4 * BLOCK]; \
  const int64_t *index = j->index + n * j->p * j->t; \
  const type *w = (const type *)(const void *)j->w + n * j->p * j->t; \
  const int64_t some = to - from; \
  for (int64_t p = 0; p < some; p++) \
    for (int64_t t = 0; t < j->t; t++) { \
      int64_t i = index[(from + p) * j->t + t]; \
      at[t * BLOCK + p] = i > 0 ? (int32_t)(i - 1) : 0; \
      by[t * BLOCK + p] = i > 0 ? w[(from + p) * j->t + t] : 0; \
    }

#define TERM(t) by[(t) * BLOCK + p] * x[at[(t) * BLOCK + p]]
#define LOOPS(type, suffix) \
  static void sum_any_##suffix(const job *j, int64_t plane, int64_t from, int64_t to) { \
    const int64_t *index = j->index + plane / j->c * j->p * j->t; \
    const type *x = (const type *)(const void *)j->x + plane * j->s; \
    const type *w = (const type *)(const void *)j->w + plane / j->c * j->p * j->t; \
    type *y = (type *)(void *)j->y + plane * j->p; \
    for (int64_t p = from; p < to; p++) { \
      type sum = 0; \
      for (int64_t k = p * j->t; k < (p + 1) * j->t; k++) \
        if (index[k] > 0) sum += w[k] * x[index[k] - 1]; \
      y[p] = sum; \
    } \
  } \
  /* One block of places in all channels of an image. */ \
  static void sum_block_##suffix(const job *j, int64_t n, int64_t from, int64_t to) { \
    LOAD_TERMS(type) \
    for (int64_t c = n * j->c; c < (n + 1) * j->c; c++) { \
      const type *x = (const type *)(const void *)j->x + c * j->s; \
      type *y = (type *)(void *)j->y + c * j->p + from; \
      if (j->t == 4) \
        for (int64_t p = 0; p < some; p++) y[p] = ((TERM(0) + TERM(1)) + TERM(2)) + TERM(3); \
      else if (j->t == 1) \
        for (int64_t p = 0; p < some; p++) y[p] = TERM(0); \
      else \
        for (int64_t p = 0; p < some; p++) y[p] = TERM(0) + TERM(1); \
    } \
  } \
  static void sum_##suffix(void *arg, int64_t begin, int64_t end, int thread) { \
    (void)thread; \
    const job *j = arg; \
    int64_t blocks = (j->p + BLOCK - 1) / BLOCK; \
    for (int64_t i = begin; i < end && !nn_interrupted(); i++) { \
      int64_t n = i / blocks, from = i % blocks * BLOCK, to = from + BLOCK < j->p ? from + BLOCK : j->p; \
      if ((j->t == 4 || j->t == 1 || j->t == 2) && j->s > 0 && j->s < INT32_MAX) \
        sum_block_##suffix(j, n, from, to); \
      else \
        for (int64_t c = n * j->c; c < (n + 1) * j->c; c++) sum_any_##suffix(j, c, from, to); \
    } \
  } \
  static void spread_##suffix(void *arg, int64_t begin, int64_t end, int thread) { \
    (void)thread; \
    const job *j = arg; \
    for (int64_t i = begin; i < end && !nn_interrupted(); i++) { \
      const int64_t *index = j->index + i / j->c * j->p * j->t; \
      const type *y = (const type *)(const void *)j->y + i * j->p, *w = (const type *)(const void *)j->w + i / j->c * j->p * j->t; \
      type *x = (type *)(void *)j->x + i * j->s; \
      memset(x, 0, (size_t)j->s * sizeof *x); \
      for (int64_t p = 0; p < j->p; p++, index += j->t, w += j->t) \
        for (int64_t t = 0; t < j->t; t++) \
          if (index[t] > 0) x[index[t] - 1] += w[t] * y[p]; \
    } \
  } \
  static void weights_##suffix(void *arg, int64_t begin, int64_t end, int thread) { \
    (void)thread; \
    const job *j = arg; \
    int64_t blocks = (j->p + BLOCK - 1) / BLOCK; \
    for (int64_t i = begin; i < end && !nn_interrupted(); i++) { \
      int64_t n = i / blocks, from = i % blocks * BLOCK, to = from + BLOCK < j->p ? from + BLOCK : j->p; \
      const int64_t *index = j->index + n * j->p * j->t; \
      type *w = (type *)(void *)j->w + n * j->p * j->t; \
      memset(w + from * j->t, 0, (size_t)((to - from) * j->t) * sizeof *w); \
      for (int64_t c = 0; c < j->c; c++) { \
        const type *x = (const type *)(const void *)j->x + (n * j->c + c) * j->s; \
        const type *y = (const type *)(const void *)j->y + (n * j->c + c) * j->p; \
        for (int64_t p = from; p < to; p++) \
          for (int64_t k = p * j->t; k < (p + 1) * j->t; k++) \
            if (index[k] > 0) w[k] += x[index[k] - 1] * y[p]; \
      } \
    } \
  }
LOOPS(float, f32)
LOOPS(double, f64)

static bool check_index(nn_frame *f, int i, int64_t size) {
  const nn_tensor *index = nn_dense(f, i);
  if (index == NULL) return false;
  const int64_t *at = (const int64_t *)(const void *)index->data;
  for (int64_t k = 0; k < index->numel; k++)
    if (at[k] < 0 || at[k] > size) return nn_bad(f, "a place is out of range: %lld of %lld", (long long)at[k], (long long)size);
  return true;
}

static int64_t work(const job *j) { return 1 + 4096 / (1 + j->p * j->t); }

/* ---- what places in an image are made of ------------------------------------------------------------ */

enum { ZEROS, BORDER, REFLECTION };

/* grid [N, P, 2], x before y, from -1 to 1; index and weight [N, P, T] with T = 4 (bilinear) or 1 (nearest). */
typedef struct taps_job {
  const char *grid;
  int64_t size[2]; /* H, W */
  int64_t padding;
  bool nearest, align;
  int64_t *index;
  char *weight;
} taps_job;

#define TAPS(type, floor_, round_, abs_) \
  static type bring_in_##type(const taps_job *j, type g, int64_t size) { \
    const type n = (type)size; \
    type x = j->align ? (g + 1) * ((n - 1) / 2) : ((g + 1) * n - 1) / 2; \
    if (j->padding == ZEROS) return x; \
    if (j->padding == REFLECTION) { \
      const type low = j->align ? 0 : (type)-0.5, span = j->align ? n - 1 : n, away = abs_(x - low); \
      const type flips = span > 0 ? floor_(away / span) : 0, rest = away - flips * span; \
      x = span <= 0 ? 0 : (flips - floor_(flips / 2) * 2 > 0 ? span - rest : rest) + low; \
    } \
    return x < 0 ? 0 : x > n - 1 ? n - 1 : x; \
  } \
  static void taps_##type(void *arg, int64_t begin, int64_t end, int thread) { \
    (void)thread; \
    const taps_job *j = arg; \
    const type bottom = (type)(j->size[0] - 1), right = (type)(j->size[1] - 1); \
    for (int64_t i = begin; i < end && !nn_interrupted_at(i); i++) { \
      const type *g = (const type *)(const void *)j->grid + 2 * i; \
      const type x = bring_in_##type(j, g[0], j->size[1]), y = bring_in_##type(j, g[1], j->size[0]); \
      const type left = j->nearest ? round_(x) : floor_(x), top = j->nearest ? round_(y) : floor_(y); \
      const int terms = j->nearest ? 1 : 4; \
      for (int t = 0; t < terms; t++) { \
        const type px = left + (type)(t >> 1), py = top + (type)(t & 1); \
        const bool in = px >= 0 && px <= right && py >= 0 && py <= bottom; \
        const type wx = t >> 1 ? x - left : 1 - (x - left), wy = t & 1 ? y - top : 1 - (y - top); \
        j->index[terms * i + t] = in ? (int64_t)py * j->size[1] + (int64_t)px + 1 : 0; \
        ((type *)(void *)j->weight)[terms * i + t] = j->nearest ? 1 : wy * wx; \
      } \
    } \
  }
TAPS(float, floorf, rintf, fabsf)
TAPS(double, floor, rint, fabs)

static bool taps_infer(nn_frame *f) {
  const nn_tensor *grid = f->in[0];
  int64_t shape[3] = {grid->shape[0], grid->shape[1], f->arg[2].b ? 1 : 4};
  nn_spec_set(f, 0, NN_INT64, 3, shape);
  nn_spec_set(f, 1, (nn_dtype)grid->dtype, 3, shape);
  return true;
}

static bool taps_kernel(nn_frame *f) {
  const nn_tensor *grid = nn_dense(f, 0);
  if (grid == NULL) return false;
  taps_job j = {grid->data, {f->arg[1].ints[0], f->arg[1].ints[1]}, f->arg[3].i, f->arg[2].b, f->arg[4].b,
                (int64_t *)(void *)f->out[0]->data, f->out[1]->data};
  nn_parallel(grid->numel / 2, 1024, NN_BY_FLOAT(grid->dtype, taps_float, taps_double), &j);
  return grid->numel < 1 << 16 || !nn_interrupted();
}

const nn_op nn_op_grid_taps = {
    .name = "grid_taps", .doc = "The elements of an image that places of a grid are made of, and their weights.",
    .params = {{"grid", P_TENSOR}, {"size", P_INTS, .count = 2}, {"nearest", P_BOOL}, {"padding", P_INT}, {"align", P_BOOL}},
    .flags = NN_PRIVATE | NN_NO_GRAD, .n_out = 2, .infer = taps_infer, .kernel = taps_kernel};

/* ---- the sums --------------------------------------------------------------------------------------- */

static bool sum_infer(nn_frame *f) {
  const nn_tensor *x = f->in[0], *index = f->in[1];
  int64_t shape[3] = {x->shape[0], x->shape[1], index->shape[1]};
  nn_spec_set(f, 0, (nn_dtype)x->dtype, 3, shape);
  return check_index(f, 1, x->shape[2]);
}

static bool sum_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0), *index = nn_dense(f, 1), *w = nn_dense(f, 2);
  if (x == NULL || index == NULL || w == NULL) return false;
  job j = {x->shape[0], x->shape[1], x->shape[2], index->shape[1], index->shape[2],
           (const int64_t *)(const void *)index->data, x->data, w->data, f->out[0]->data};
  if (f->out[0]->numel > 0)
    nn_parallel(j.n * ((j.p + BLOCK - 1) / BLOCK), 1, NN_BY_FLOAT(x->dtype, sum_f32, sum_f64), &j);
  return !nn_interrupted();
}

static T sums(C c, T x, T index, T w) {
  return x && index && w ? nn_do(c, &nn_op_sample_sum, v_t(x), v_t(index), v_t(w)) : NULL;
}
static T spread(C c, T y, T index, T w, int64_t size) {
  return y && index && w ? nn_do(c, &nn_op_sample_sum_input, v_t(y), v_t(index), v_t(w), v_i(size)) : NULL;
}
static T weights(C c, T y, T x, T index) {
  return y && x && index ? nn_do(c, &nn_op_sample_sum_weight, v_t(y), v_t(x), v_t(index)) : NULL;
}
#define SET(i, value) \
  if (nn_need(v, i) && (v->d[i] = (value)) == NULL) return false

static bool sum_vjp(nn_vjp *v) {
  SET(0, spread(v->ctx, v->g[0], nn_in(v, 1), nn_in(v, 2), nn_in_meta(v, 0)->shape[2]));
  SET(2, weights(v->ctx, v->g[0], nn_in(v, 0), nn_in(v, 1)));
  return true;
}

const nn_op nn_op_sample_sum = {
    .name = "sample_sum", .doc = "Weighted sums of elements at given places.",
    .params = {{"input", P_TENSOR}, {"index", P_TENSOR}, {"weight", P_TENSOR}}, .flags = NN_PRIVATE, .saves_in = 7,
    .grads_in = 5, .infer = sum_infer, .kernel = sum_kernel, .vjp = sum_vjp};

/* ---- gradient of the input -------------------------------------------------------------------------- */

static bool input_infer(nn_frame *f) {
  const nn_tensor *y = f->in[0];
  int64_t shape[3] = {y->shape[0], y->shape[1], f->arg[3].i};
  nn_spec_set(f, 0, (nn_dtype)y->dtype, 3, shape);
  return check_index(f, 1, f->arg[3].i);
}

static bool input_kernel(nn_frame *f) {
  const nn_tensor *y = nn_dense(f, 0), *index = nn_dense(f, 1), *w = nn_dense(f, 2);
  if (y == NULL || index == NULL || w == NULL) return false;
  job j = {y->shape[0], y->shape[1], f->arg[3].i, index->shape[1], index->shape[2],
           (const int64_t *)(const void *)index->data, f->out[0]->data, w->data, y->data};
  if (f->out[0]->numel > 0) nn_parallel(j.n * j.c, work(&j), NN_BY_FLOAT(y->dtype, spread_f32, spread_f64), &j);
  return !nn_interrupted();
}

static bool input_vjp(nn_vjp *v) {
  SET(0, sums(v->ctx, v->g[0], nn_in(v, 1), nn_in(v, 2)));
  SET(2, weights(v->ctx, nn_in(v, 0), v->g[0], nn_in(v, 1)));
  return true;
}

const nn_op nn_op_sample_sum_input = {
    .name = "sample_sum_input", .doc = "Part of a gradient.",
    .params = {{"grad", P_TENSOR}, {"index", P_TENSOR}, {"weight", P_TENSOR}, {"size", P_INT}}, .flags = NN_PRIVATE,
    .saves_in = 7, .grads_in = 5, .infer = input_infer, .kernel = input_kernel, .vjp = input_vjp};

/* ---- gradient of the weights ------------------------------------------------------------------------ */

static bool weight_infer(nn_frame *f) {
  const nn_tensor *index = f->in[2];
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, 3, index->shape);
  return check_index(f, 2, f->in[1]->shape[2]);
}

static bool weight_kernel(nn_frame *f) {
  const nn_tensor *y = nn_dense(f, 0), *x = nn_dense(f, 1), *index = nn_dense(f, 2);
  if (y == NULL || x == NULL || index == NULL) return false;
  job j = {x->shape[0], x->shape[1], x->shape[2], index->shape[1], index->shape[2],
           (const int64_t *)(const void *)index->data, x->data, f->out[0]->data, y->data};
  if (f->out[0]->numel > 0)
    nn_parallel(j.n * ((j.p + BLOCK - 1) / BLOCK), 1, NN_BY_FLOAT(x->dtype, weights_f32, weights_f64), &j);
  return !nn_interrupted();
}

static bool weight_vjp(nn_vjp *v) {
  SET(0, sums(v->ctx, nn_in(v, 1), nn_in(v, 2), v->g[0]));
  SET(1, spread(v->ctx, nn_in(v, 0), nn_in(v, 2), v->g[0], nn_in_meta(v, 1)->shape[2]));
  return true;
}

const nn_op nn_op_sample_sum_weight = {
    .name = "sample_sum_weight", .doc = "Part of a gradient.",
    .params = {{"grad", P_TENSOR}, {"input", P_TENSOR}, {"index", P_TENSOR}}, .flags = NN_PRIVATE, .saves_in = 7,
    .grads_in = 3, .infer = weight_infer, .kernel = weight_kernel, .vjp = weight_vjp};
