/* norm.c - batch and layer normalisation: fused loops, and the same as plain operations for higher derivatives. */
#include <math.h>
#include <string.h>

#include "interrupt.h"
#include "kernels/layer_norm.h"
#include "kernels/rows.h"
#include "later.h"
#include "parallel.h"
#include "reduction.h"

EXPR1(t_square, square)
EXPR1(t_rsqrt, rsqrt)

/* ---- batch norm ------------------------------------------------------------------------------------- */

/* input [N, C, ...] as n images of `channels` channels of s places */
typedef struct blocks {
  int64_t n, channels, s;
} blocks;

static blocks blocks_of(int ndim, const int64_t *shape) {
  blocks b = {shape[0], shape[1], 1};
  for (int d = 2; d < ndim; d++) b.s *= shape[d];
  return b;
}

enum { BN_X, BN_MEAN, BN_VAR, BN_WEIGHT, BN_BIAS, BN_TRAINING, BN_MOMENTUM, BN_EPS };

static bool check_vector(nn_frame *f, int i, int64_t size) {
  const nn_tensor *t = f->in[i];
  char name[64], text[NN_SHAPE_TEXT];
  if (t == NULL) return true;
  if (t->ndim == 1 && t->shape[0] == size) return nn_expect_same_dtype(f, 0, i);
  return nn_bad(f, "expected %s of shape [%lld], one number a channel, got %s", nn_input_name(f, i, name), (long long)size,
                nn_tensor_shape_text(t, text));
}

static bool bn_infer(nn_frame *f) {
  const nn_tensor *x = f->in[BN_X];
  char text[NN_SHAPE_TEXT];
  if (!nn_expect_ndim(f, 0, 2, NN_MAX_DIMS) || !nn_expect_float(f, 0)) return false;
  blocks b = blocks_of(x->ndim, x->shape);
  for (int i = BN_MEAN; i <= BN_BIAS; i++)
    if (!check_vector(f, i, b.channels)) return false;
  bool training = f->arg[BN_TRAINING].b;
  if (!training && (f->in[BN_MEAN] == NULL || f->in[BN_VAR] == NULL))
    return nn_bad(f, "running_mean and running_var are needed when training is false");
  if (training && b.n * b.s == 1)
    return nn_bad(f, "expected more than 1 value per channel when training, got input of shape %s", nn_tensor_shape_text(x, text));
  nn_spec_like(f, 0, x);
  return true;
}

typedef struct bn_job {
  const struct nn_rows_kernels *k;
  nn_dtype d;
  blocks b;
  const void *x, *g, *gate, *mean_in, *rstd_in, *gamma;
  void *scale, *shift, *y, *sum_g, *sum_gx;
  /* forward: what becomes of each channel's numbers */
  bool training, counted; /* counted: mean and squares are there */
  double momentum, eps;
  nn_tensor *mean, *rstd, *running_mean, *running_var;
  const nn_tensor *weight, *bias;
} bn_job;

#define AT(t, i) (t->dtype == NN_FLOAT32 ? (double)((float *)(void *)t->data)[i] : ((double *)(void *)t->data)[i])
#define PUT(t, i, x) \
  do { \
    if (t->dtype == NN_FLOAT32) \
      ((float *)(void *)t->data)[i] = (float)(x); \
    else \
      ((double *)(void *)t->data)[i] = (x); \
  } while (0)

/* Channels that are worked on together, so that a second pass over `arrays` arrays finds them in the cache. */
static int64_t channels_at_once(const bn_job *j, int64_t arrays) {
  int64_t bytes = j->b.n * j->b.s * arrays * (int64_t)nn_dtype_size(j->d), room = 3 << 18;
  return bytes > 0 && bytes < room ? room / bytes : 1;
}

/* From mean and sum of squares (or the running statistics) of a channel to what it is scaled and shifted by.
 * running = (1 - momentum) running + momentum * batch; the variance of the batch unbiased. */
static void settle_channel(const bn_job *j, int64_t c, nn_tensor *scale, nn_tensor *shift) {
  double count = (double)(j->b.n * j->b.s), var = AT(j->rstd, c);
  if (j->training) {
    nn_tensor *rm = j->running_mean, *rv = j->running_var;
    if (rm != NULL) PUT(rm, c, (1 - j->momentum) * AT(rm, c) + j->momentum * AT(j->mean, c));
    if (rv != NULL) PUT(rv, c, (1 - j->momentum) * AT(rv, c) + j->momentum * var / (count - 1));
    var /= count;
  }
  double r = 1 / sqrt(var + j->eps), s = j->weight ? r * AT(j->weight, c) : r;
  PUT(j->rstd, c, r);
  PUT(scale, c, s);
  PUT(shift, c, (j->bias ? AT(j->bias, c) : 0) - AT(j->mean, c) * s);
}

static void forward_range(void *arg, int64_t c0, int64_t c1, int thread) {
  (void)thread;
  const bn_job *j = arg;
  const blocks b = j->b;
  int64_t each = channels_at_once(j, 1);
  for (int64_t c = c0; c < c1 && !nn_interrupted(); c += each) {
    int64_t end = c1 - c < each ? c1 : c + each;
    if (j->training && !j->counted) j->k->bn_stats[j->d](b.n, b.channels, b.s, c, end, j->x, j->mean->data, j->rstd->data);
    for (int64_t i = c; i < end; i++) settle_channel(j, i, j->scale, j->shift);
    if (j->y == NULL) continue;
    const nn_tensor *scale = j->scale, *shift = j->shift;
    j->k->bn_apply[j->d](b.n, b.channels, b.s, c, end, j->x, scale->data, shift->data, NULL, false, j->y);
  }
}

static void backward_range(void *arg, int64_t c0, int64_t c1, int thread) {
  (void)thread;
  const bn_job *j = arg;
  const blocks b = j->b;
  bool batch = j->scale == NULL;
  int64_t each = channels_at_once(j, 2);
  for (int64_t c = c0; c < c1 && !nn_interrupted(); c += each) {
    int64_t end = c1 - c < each ? c1 : c + each;
    j->k->bn_backward_sums[j->d](b.n, b.channels, b.s, c, end, j->g, j->gate, j->x, j->mean_in, j->sum_g, j->sum_gx);
    if (j->y != NULL)
      j->k->bn_backward_dx[j->d](b.n, b.channels, b.s, c, end, j->g, j->gate, j->x, j->mean_in, j->rstd_in, j->gamma,
                                 batch ? j->sum_g : NULL, batch ? j->sum_gx : NULL, j->y);
  }
}

static void over_channels(bn_job *j, nn_range_fn fn) {
  int64_t each = j->b.n * j->b.s;
  nn_parallel(j->b.channels, each > 0 ? 1 + 8192 / each : j->b.channels, fn, j);
}

static bool bn_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, BN_X), *w = f->in[BN_WEIGHT] ? nn_dense(f, BN_WEIGHT) : NULL;
  const nn_tensor *bias = f->in[BN_BIAS] ? nn_dense(f, BN_BIAS) : NULL;
  if (x == NULL || (f->in[BN_WEIGHT] && w == NULL) || (f->in[BN_BIAS] && bias == NULL)) return false;
  bn_job j = {.k = NN_SELECT(nn_rows), .d = (nn_dtype)x->dtype, .b = blocks_of(x->ndim, x->shape), .x = x->data,
              .y = f->out[0]->data, .training = f->arg[BN_TRAINING].b, .momentum = f->arg[BN_MOMENTUM].f,
              .eps = f->arg[BN_EPS].f, .weight = w, .bias = bias};
  int64_t n = j.b.channels;
  j.mean = f->extra[0] = nn_empty(f->ctx, j.d, 1, &n);
  j.rstd = f->extra[1] = nn_empty(f->ctx, j.d, 1, &n);
  j.scale = nn_keep(f->ctx, nn_empty(f->ctx, j.d, 1, &n));
  j.shift = nn_keep(f->ctx, nn_empty(f->ctx, j.d, 1, &n));
  if (j.mean == NULL || j.rstd == NULL || j.scale == NULL || j.shift == NULL) return false;
  /* A convolution that has been put off counts while it has its results in registers. */
  j.counted = j.training && j.d == NN_FLOAT32 && x == f->in[BN_X] && j.b.s > 1 &&
              nn_settle_with_moments(x, (float *)(void *)j.mean->data, (float *)(void *)j.rstd->data);
  for (int i = BN_X; i <= BN_BIAS; i++)
    if (f->in[i] != NULL) nn_settle(f->in[i]);
  if (f->ctx->error != NN_OK) return false;
  nn_tensor *rm = f->in[BN_MEAN], *rv = f->in[BN_VAR];
  if (j.training) {
    if (rm != NULL && !nn_contig(rm)) return nn_bad(f, "running_mean must be contiguous");
    if (rv != NULL && !nn_contig(rv)) return nn_bad(f, "running_var must be contiguous");
    j.running_mean = rm, j.running_var = rv;
  } else if (!nn_copy_data(j.mean, rm) || !nn_copy_data(j.rstd, rv)) {
    return false;
  }
  if (rm != NULL) nn_settle_to_write(rm);
  if (rv != NULL) nn_settle_to_write(rv);
  nn_later rest = {.x = f->in[BN_X], .scale = j.scale, .shift = j.shift, .n = j.b.n, .channels = n, .s = j.b.s,
                   .name = f->op->name};
  if (x == f->in[BN_X] && nn_put_off(f->out[0], &rest)) j.y = NULL; /* only the statistics now */
  over_channels(&j, forward_range);
  if (j.running_mean != NULL) nn_touch(rm);
  if (j.running_var != NULL) nn_touch(rv);
  return x->numel < 1 << 16 || !nn_interrupted();
}

/* A vector as [1, C, 1, ...]. */
static T column(C c, T v, int ndim) {
  int64_t shape[NN_MAX_DIMS];
  if (v == NULL) return NULL;
  for (int d = 0; d < ndim; d++) shape[d] = d == 1 ? v->numel : 1;
  return t_reshape(c, v, ndim, shape);
}

static bool bn_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[BN_X], mean, var;
  uint32_t mask = ((1u << x->ndim) - 1) & ~2u;
  if (f->arg[BN_TRAINING].b) {
    mean = t_reduce_mask(c, &nn_op_mean, x, mask, true);
    var = t_reduce_mask(c, &nn_op_mean, t_square(c, t_sub(c, x, mean)), mask, true);
  } else {
    mean = column(c, f->in[BN_MEAN], x->ndim);
    var = column(c, f->in[BN_VAR], x->ndim);
  }
  T y = t_mul(c, t_sub(c, x, mean), t_rsqrt(c, t_adds(c, var, f->arg[BN_EPS].f)));
  if (f->in[BN_WEIGHT] != NULL) y = t_mul(c, y, column(c, f->in[BN_WEIGHT], x->ndim));
  if (f->in[BN_BIAS] != NULL) y = t_add(c, y, column(c, f->in[BN_BIAS], x->ndim));
  return (f->out[0] = y) != NULL;
}

static bool bn_vjp(nn_vjp *v) {
  T x = nn_in(v, BN_X), w = nn_in_meta(v, BN_WEIGHT)->ndim >= 0 ? nn_in(v, BN_WEIGHT) : NULL;
  T mean = nn_extra(v, 0), rstd = nn_extra(v, 1);
  if (x == NULL || mean == NULL || rstd == NULL || v->ctx->error != NN_OK) return false;
  nn_value args[] = {v_t(v->g[0]), v_t(x), v_t(mean), v_t(rstd), v_opt(w), v->arg[BN_TRAINING], v_opt(v->gate)};
  nn_results r;
  if (!nn_apply(v->ctx, &nn_op_batch_norm_backward, args, 7, &r)) return false;
  v->d[BN_X] = nn_keep(v->ctx, r.t[0]);
  v->d[BN_WEIGHT] = nn_keep(v->ctx, r.t[1]);
  v->d[BN_BIAS] = nn_keep(v->ctx, r.t[2]);
  return true;
}

static bool bn_back_infer(nn_frame *f) {
  nn_spec_like(f, 0, f->in[1]);
  nn_spec_like(f, 1, f->in[2]);
  nn_spec_like(f, 2, f->in[2]);
  return true;
}

static bool bn_back_kernel(nn_frame *f) {
  const nn_tensor *g = nn_dense(f, 0), *x = nn_dense(f, 1), *mean = f->in[2], *rstd = f->in[3];
  const nn_tensor *w = f->in[4] ? nn_dense(f, 4) : NULL, *gate = f->in[5] ? nn_dense(f, 5) : NULL;
  nn_tensor *dw = f->out[1], *db = f->out[2];
  if (g == NULL || x == NULL || (f->in[5] && gate == NULL)) return false;
  bn_job j = {.k = NN_SELECT(nn_rows), .d = (nn_dtype)x->dtype, .b = blocks_of(x->ndim, x->shape), .x = x->data, .g = g->data,
              .gate = gate ? gate->data : NULL,
              .mean_in = mean->data, .rstd_in = rstd->data, .gamma = w ? w->data : NULL, .y = f->out[0]->data,
              .sum_g = db->data, .sum_gx = dw->data};
  if (!f->arg[5].b) j.scale = rstd->data; /* statistics are constants */
  over_channels(&j, backward_range);
  for (int64_t c = 0; c < dw->numel; c++) PUT(dw, c, AT(dw, c) * AT(rstd, c));
  return x->numel < 1 << 16 || !nn_interrupted();
}

const nn_op nn_op_batch_norm_backward = {
    .name = "batch_norm_backward", .doc = "Part of a gradient.",
    .params = {{"grad", P_TENSOR}, {"input", P_TENSOR}, {"mean", P_TENSOR}, {"rstd", P_TENSOR}, {"weight", P_TENSOR, "nil"},
               {"training", P_BOOL}, {"gate", P_TENSOR, "nil"}},
    .flags = NN_PRIVATE | NN_NO_GRAD, .n_out = 3, .infer = bn_back_infer, .kernel = bn_back_kernel};

const nn_op nn_op_batch_norm = {
    .name = "batch_norm",
    .doc = "Normalises each channel of input [N, C, ...] to mean 0 and variance 1, times weight [C] plus bias [C]\n"
           "(Ioffe and Szegedy 2015). In training by the statistics of the batch, which also move running_mean and running_var\n"
           "(with momentum, the variance unbiased); otherwise by these.",
    .example = "F.batch_norm(tensor{{1}, {3}}, nil, nil, {training = true})\n--> {{-1}, {1}}",
    .params = {{"input", P_TENSOR},
               {"running_mean", P_TENSOR, "nil"},
               {"running_var", P_TENSOR, "nil"},
               {"weight", P_TENSOR, "nil"},
               {"bias", P_TENSOR, "nil"},
               {"training", P_BOOL, "false"},
               {"momentum", P_FLOAT, "0.1"},
               {"eps", P_FLOAT, "1e-5"}},
    .flags = NN_F | NN_TAKES_GATE | NN_TAKES_LATER, .saves_in = 1 << BN_X | 1 << BN_MEAN | 1 << BN_VAR | 1 << BN_WEIGHT | 1 << BN_BIAS,
    .grads_in = 1 << BN_X | 1 << BN_WEIGHT | 1 << BN_BIAS, .infer = bn_infer, .kernel = bn_kernel, .compose = bn_compose,
    .vjp = bn_vjp,
    .samples = NN_SAMPLES("R(4,3), nil, nil, R(3), R(3), {training = true}", "R(2,3,2,4), nil, nil, {training = true}",
                          "R(2,3,5), C(R(3)), C(P(3)), R(3), R(3)", "R(2,3,5), C(R(3)), C(P(3))"),
    .invalid = "R(4,3), nil, nil, R(4), {training = true}", .complaint = "expected weight of shape [3]"};

/* ---- layer norm ------------------------------------------------------------------------------------- */

enum { LN_X, LN_SHAPE, LN_WEIGHT, LN_BIAS, LN_EPS }; /* parameters; the tensors are inputs 0, 1, 2 */

/* input as rows of n elements */
static bool ln_rows(nn_frame *f, int64_t *rows, int64_t *n) {
  const nn_tensor *x = f->in[0];
  const nn_value *shape = &f->arg[LN_SHAPE];
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  int lead = x->ndim - shape->n;
  bool fits = lead >= 0;
  *rows = *n = 1;
  for (int d = 0; d < shape->n && fits; d++) fits = x->shape[lead + d] == shape->ints[d];
  if (!fits)
    return nn_bad(f, "expected input[..., %s to end with normalized_shape, got %s", nn_shape_text(shape->n, shape->ints, s) + 1,
                  nn_tensor_shape_text(x, t));
  for (int d = 0; d < x->ndim; d++) *(d < lead ? rows : n) *= x->shape[d];
  return true;
}

static bool ln_check(nn_frame *f, int i) {
  const nn_tensor *t = f->in[i];
  const nn_value *shape = &f->arg[LN_SHAPE];
  char name[64], s[NN_SHAPE_TEXT], got[NN_SHAPE_TEXT];
  if (t == NULL) return true;
  bool fits = t->ndim == shape->n;
  for (int d = 0; d < shape->n && fits; d++) fits = t->shape[d] == shape->ints[d];
  if (fits) return nn_expect_same_dtype(f, 0, i);
  return nn_bad(f, "expected %s of shape %s, got %s", nn_input_name(f, i, name), nn_shape_text(shape->n, shape->ints, s),
                nn_tensor_shape_text(t, got));
}

static bool ln_infer(nn_frame *f) {
  int64_t rows, n;
  if (!nn_expect_float(f, 0)) return false;
  if (f->arg[LN_SHAPE].n < 1) return nn_bad(f, "normalized_shape needs at least one size");
  if (!ln_rows(f, &rows, &n) || !ln_check(f, 1) || !ln_check(f, 2)) return false;
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

typedef struct ln_job {
  const struct nn_rows_kernels *k;
  nn_dtype d;
  int64_t n, rows;
  double eps;
  size_t elem;
  const char *x, *g, *gamma, *beta;
  char *y, *mean, *rstd, *dgamma, *dbeta; /* dgamma, dbeta: one row for each thread's range */
} ln_job;

static bool is_short(int64_t n) { return n >= NN_LAYER_NORM_LEAST && n <= NN_LAYER_NORM_MOST; }

static void ln_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  ln_job *j = arg;
  if (nn_interrupted()) return;
  size_t at = (size_t)(begin * j->n) * j->elem, row = (size_t)begin * j->elem;
  (is_short(j->n) ? NN_SELECT(nn_layer_norm_table)->forward : j->k->layer_norm)[j->d](
      end - begin, j->n, j->eps, j->x + at, j->gamma, j->beta, j->y + at, j->mean + row, j->rstd + row);
}

static bool ln_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0), *w = f->in[1] ? nn_dense(f, 1) : NULL, *b = f->in[2] ? nn_dense(f, 2) : NULL;
  int64_t rows, n;
  if (x == NULL || !ln_rows(f, &rows, &n)) return false;
  f->extra[0] = nn_empty(f->ctx, (nn_dtype)x->dtype, 1, &rows);
  f->extra[1] = nn_empty(f->ctx, (nn_dtype)x->dtype, 1, &rows);
  if (f->extra[0] == NULL || f->extra[1] == NULL) return false;
  ln_job j = {.k = NN_SELECT(nn_rows), .d = (nn_dtype)x->dtype, .n = n, .rows = rows, .eps = f->arg[LN_EPS].f,
              .elem = nn_esize(x), .x = x->data, .gamma = w ? w->data : NULL, .beta = b ? b->data : NULL,
              .y = f->out[0]->data, .mean = f->extra[0]->data, .rstd = f->extra[1]->data};
  if (x->numel > 0) nn_parallel(rows, 1 + 8192 / n, ln_range, &j);
  return x->numel < 1 << 16 || !nn_interrupted();
}

static bool ln_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0];
  uint32_t mask = ((1u << x->ndim) - 1) & ~((1u << (x->ndim - f->arg[LN_SHAPE].n)) - 1);
  T d = t_sub(c, x, t_reduce_mask(c, &nn_op_mean, x, mask, true));
  T var = t_reduce_mask(c, &nn_op_mean, t_square(c, d), mask, true);
  T y = t_mul(c, d, t_rsqrt(c, t_adds(c, var, f->arg[LN_EPS].f)));
  if (f->in[1] != NULL) y = t_mul(c, y, f->in[1]);
  if (f->in[2] != NULL) y = t_add(c, y, f->in[2]);
  return (f->out[0] = y) != NULL;
}

static bool ln_vjp(nn_vjp *v) {
  T x = nn_in(v, 0), w = nn_in_meta(v, 1)->ndim >= 0 ? nn_in(v, 1) : NULL, mean = nn_extra(v, 0), rstd = nn_extra(v, 1);
  if (x == NULL || mean == NULL || rstd == NULL || v->ctx->error != NN_OK) return false;
  nn_value args[] = {v_t(v->g[0]), v_t(x), v_t(mean), v_t(rstd), v_opt(w), v->arg[LN_SHAPE]};
  nn_results r;
  if (!nn_apply(v->ctx, &nn_op_layer_norm_backward, args, 6, &r)) return false;
  for (int i = 0; i < 3; i++) v->d[i] = nn_keep(v->ctx, r.t[i]);
  return true;
}

static bool ln_back_infer(nn_frame *f) {
  nn_dtype d = (nn_dtype)f->in[1]->dtype;
  nn_spec_like(f, 0, f->in[1]);
  nn_spec_set(f, 1, d, f->arg[5].n, f->arg[5].ints);
  nn_spec_set(f, 2, d, f->arg[5].n, f->arg[5].ints);
  return true;
}

/* Sums over rows are made of a fixed number of parts, whatever the threads. */
enum { LN_PARTS = 16 };

static void ln_back_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  ln_job *j = arg;
  for (int64_t p = begin; p < end && !nn_interrupted(); p++) {
    int64_t from = j->rows * p / LN_PARTS, to = j->rows * (p + 1) / LN_PARTS;
    size_t at = (size_t)(from * j->n) * j->elem, row = (size_t)from * j->elem, part = (size_t)(p * j->n) * j->elem;
    (is_short(j->n) ? NN_SELECT(nn_layer_norm_table)->backward : j->k->layer_norm_backward)[j->d](
        to - from, j->n, j->g + at, j->x + at, j->mean + row, j->rstd + row, j->gamma, j->y + at,
                                    j->dgamma + part, j->dbeta + part);
  }
}

static bool ln_back_kernel(nn_frame *f) {
  const nn_tensor *g = nn_dense(f, 0), *x = nn_dense(f, 1), *w = f->in[4] ? nn_dense(f, 4) : NULL;
  int64_t n = f->out[1]->numel;
  if (g == NULL || x == NULL) return false;
  int64_t shape[2] = {2 * LN_PARTS, n};
  nn_tensor *parts = nn_keep(f->ctx, nn_zeros(f->ctx, (nn_dtype)x->dtype, 2, shape));
  if (parts == NULL) return false;
  ln_job j = {.k = NN_SELECT(nn_rows), .d = (nn_dtype)x->dtype, .n = n, .rows = n ? x->numel / n : 0, .elem = nn_esize(x),
              .x = x->data, .g = g->data, .gamma = w ? w->data : NULL, .y = f->out[0]->data, .mean = f->in[2]->data,
              .rstd = f->in[3]->data, .dgamma = parts->data,
              .dbeta = parts->data + (size_t)(LN_PARTS * n) * nn_esize(x)};
  nn_parallel(LN_PARTS, x->numel < 16384 ? LN_PARTS : 1, ln_back_range, &j);
  const struct nn_reduce_kernels *k = NN_SELECT(nn_reduce);
  k->cols[NN_REDUCE_SUM][x->dtype](LN_PARTS, n, j.dgamma, n, f->out[1]->data);
  k->cols[NN_REDUCE_SUM][x->dtype](LN_PARTS, n, j.dbeta, n, f->out[2]->data);
  return x->numel < 1 << 16 || !nn_interrupted();
}

const nn_op nn_op_layer_norm_backward = {
    .name = "layer_norm_backward", .doc = "Part of a gradient.",
    .params = {{"grad", P_TENSOR}, {"input", P_TENSOR}, {"mean", P_TENSOR}, {"rstd", P_TENSOR}, {"weight", P_TENSOR, "nil"},
               {"normalized_shape", P_SHAPE}},
    .flags = NN_PRIVATE | NN_NO_GRAD, .n_out = 3, .infer = ln_back_infer, .kernel = ln_back_kernel};

const nn_op nn_op_layer_norm = {
    .name = "layer_norm",
    .doc = "Normalises the last dimensions of input, those of normalized_shape, to mean 0 and variance 1, times weight plus bias\n"
           "of that shape (Ba et al. 2016).",
    .example = "F.layer_norm(tensor{1, 3}, {2})\n--> {-1, 1}",
    .params = {{"input", P_TENSOR},
               {"normalized_shape", P_SHAPE},
               {"weight", P_TENSOR, "nil"},
               {"bias", P_TENSOR, "nil"},
               {"eps", P_FLOAT, "1e-5"}},
    .flags = NN_F, .saves_in = 7, .infer = ln_infer, .kernel = ln_kernel, .compose = ln_compose, .vjp = ln_vjp,
    .samples = NN_SAMPLES("R(4,3), {3}, R(3), R(3)", "R(2,3,4), {3,4}", "R(2,3,4), {4}, R(4)"), .invalid = "R(4,3), {4}",
    .complaint = "to end with normalized_shape"};
