/* loss_pair.c - losses between two tensors of one shape in one pass each way: `pair_loss` computes, reduces and keeps
 * nothing; its gradient starts from the same two tensors. loss.c says when it may be used. */
#include <math.h>

#include "interrupt.h"
#include "kernels/reduce.h"
#include "loss.h"
#include "parallel.h"

EXPR1(t_square, square)
EXPR1(t_log1p, log1p)
EXPR1(t_exp, exp)
EXPR1(t_abs, abs)
EXPR1(t_relu, relu)
EXPR1(t_sum, sum)
EXPR1(t_mean, mean)

enum { CHUNK = 1024, PART = CHUNK, GRAIN = 4 }; /* elements done at once; elements that share a partial sum; parts that pay a fork */

typedef struct job {
  enum nn_pair_loss kind;
  nn_dtype d;
  int64_t n;
  double scale; /* of the gradient */
  double delta; /* of Huber's loss and its kin */
  const char *x, *t, *g;
  bool each; /* g has a number for each element */
  char *out; /* losses or gradients of elements, or NULL */
  double *sums; /* or a sum for each part */
} job;

/* ---- loops over a chunk ----------------------------------------------------------------------------- */

/* y = x - t; y *= y */
#define LOOPS(type, suffix) \
  static void squares_##suffix(int64_t n, const type *x, const type *t, type *y) { \
    for (int64_t i = 0; i < n; i++) y[i] = (x[i] - t[i]) * (x[i] - t[i]); \
  } \
  static void minus_product_##suffix(int64_t n, const type *x, const type *t, type *y) { \
    for (int64_t i = 0; i < n; i++) y[i] -= x[i] * t[i]; \
  } \
  /* yes = log p and no = log(1 - p), cut at -100, to the loss */ \
  static void cross_##suffix(int64_t n, const type *t, const type *no, type *y) { \
    for (int64_t i = 0; i < n; i++) { \
      type a = y[i] < -100 ? -100 : y[i], b = no[i] < -100 ? -100 : no[i]; \
      y[i] = (t[i] - 1) * b - t[i] * a; \
    } \
  } \
  static void less_##suffix(int64_t n, const type *x, const type *t, type scale, type *y) { \
    for (int64_t i = 0; i < n; i++) y[i] = scale * (x[i] - t[i]); \
  } \
  static void odds_##suffix(int64_t n, const type *p, const type *t, type scale, type *y) { \
    for (int64_t i = 0; i < n; i++) { \
      type slope = (1 - p[i]) * p[i]; \
      y[i] = scale * ((p[i] - t[i]) / (slope < (type)1e-12f ? (type)1e-12f : slope)); \
    } \
  } \
  /* with m = min(d, delta): m (d - m / 2), times `scale` */ \
  static void huber_##suffix(int64_t n, const type *x, const type *t, type delta, type scale, type *y) { \
    for (int64_t i = 0; i < n; i++) { \
      type d = x[i] < t[i] ? t[i] - x[i] : x[i] - t[i], m = d < delta ? d : delta; \
      y[i] = scale * m * (d - m / 2); \
    } \
  } \
  static void distance_##suffix(int64_t n, const type *x, const type *t, type *y) { \
    for (int64_t i = 0; i < n; i++) y[i] = x[i] < t[i] ? t[i] - x[i] : x[i] - t[i]; \
  } \
  static void held_##suffix(int64_t n, const type *x, const type *t, type delta, type scale, type *y) { \
    for (int64_t i = 0; i < n; i++) { \
      type d = x[i] - t[i], low = d < -delta ? -delta : d; \
      y[i] = scale * (low > delta ? delta : low); \
    } \
  } \
  static void signs_##suffix(int64_t n, const type *x, const type *t, type scale, type *y) { \
    for (int64_t i = 0; i < n; i++) y[i] = x[i] < t[i] ? -scale : x[i] > t[i] ? scale : 0; \
  } \
  static void times_##suffix(int64_t n, const type *g, type *y) { \
    for (int64_t i = 0; i < n; i++) y[i] *= g[i]; \
  } \
  static void loss_chunk_##suffix(const job *j, int64_t n, const type *x, const type *t, type *y) { \
    const struct nn_vmath_kernels *k = NN_SELECT(nn_vmath); \
    if (j->kind == NN_PAIR_SQUARES) { \
      squares_##suffix(n, x, t, y); \
    } else if (j->kind == NN_PAIR_LOGITS) { \
      k->param[NN_PARAM_SOFTPLUS][j->d](n, 1, (double)INFINITY, x, y); \
      minus_product_##suffix(n, x, t, y); \
    } else if (j->kind == NN_PAIR_HUBER || j->kind == NN_PAIR_SMOOTH_L1) { \
      huber_##suffix(n, x, t, (type)j->delta, j->kind == NN_PAIR_HUBER ? 1 : (type)(1 / j->delta), y); \
    } else if (j->kind == NN_PAIR_DISTANCE) { \
      distance_##suffix(n, x, t, y); \
    } else { \
      type no[CHUNK]; \
      for (int64_t i = 0; i < n; i++) no[i] = -x[i]; \
      k->unary[NN_UNARY_LOG1P][j->d](n, no, no); \
      k->unary[NN_UNARY_LOG][j->d](n, x, y); \
      cross_##suffix(n, t, no, y); \
    } \
  } \
  static void grad_chunk_##suffix(const job *j, int64_t n, const type *x, const type *t, type *y) { \
    type scale = (type)j->scale; \
    if (j->kind == NN_PAIR_SQUARES) { \
      less_##suffix(n, x, t, 2 * scale, y); \
    } else if (j->kind == NN_PAIR_LOGITS) { \
      NN_SELECT(nn_vmath)->unary[NN_UNARY_SIGMOID][j->d](n, x, y); \
      less_##suffix(n, y, t, scale, y); \
    } else if (j->kind == NN_PAIR_HUBER || j->kind == NN_PAIR_SMOOTH_L1) { \
      held_##suffix(n, x, t, (type)j->delta, j->kind == NN_PAIR_HUBER ? scale : (type)(j->scale / j->delta), y); \
    } else if (j->kind == NN_PAIR_DISTANCE) { \
      signs_##suffix(n, x, t, scale, y); \
    } else { \
      odds_##suffix(n, x, t, scale, y); \
    } \
  }

LOOPS(float, f32)
LOOPS(double, f64)

/* ---- a part ----------------------------------------------------------------------------------------- */

#define PART_OF(type, suffix) \
  static void loss_part_##suffix(const job *j, int64_t part) { \
    type some[CHUNK]; \
    int64_t end = (part + 1) * PART < j->n ? (part + 1) * PART : j->n; \
    double sum = 0; \
    for (int64_t i = part * PART; i < end; i += CHUNK) { \
      int64_t n = end - i < CHUNK ? end - i : CHUNK; \
      type *y = j->out ? (type *)(void *)j->out + i : some; \
      loss_chunk_##suffix(j, n, (const type *)(const void *)j->x + i, (const type *)(const void *)j->t + i, y); \
      if (j->sums) sum += (double)NN_SELECT(nn_reduce)->sum_##suffix(n, y); \
    } \
    if (j->sums) j->sums[part] = sum; \
  } \
  static void grad_part_##suffix(const job *j, int64_t part) { \
    int64_t end = (part + 1) * PART < j->n ? (part + 1) * PART : j->n; \
    for (int64_t i = part * PART; i < end; i += CHUNK) { \
      int64_t n = end - i < CHUNK ? end - i : CHUNK; \
      type *y = (type *)(void *)j->out + i; \
      grad_chunk_##suffix(j, n, (const type *)(const void *)j->x + i, (const type *)(const void *)j->t + i, y); \
      if (j->each) times_##suffix(n, (const type *)(const void *)j->g + i, y); \
    } \
  }

PART_OF(float, f32)
PART_OF(double, f64)

static void loss_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  for (int64_t part = begin; part < end && !nn_interrupted(); part++)
    NN_BY_FLOAT(((const job *)arg)->d, loss_part_f32, loss_part_f64)(arg, part);
}

static void grad_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  for (int64_t part = begin; part < end && !nn_interrupted(); part++)
    NN_BY_FLOAT(((const job *)arg)->d, grad_part_f32, grad_part_f64)(arg, part);
}

/* ---- the row ---------------------------------------------------------------------------------------- */

static bool pair_infer(nn_frame *f) {
  if (f->arg[3].i == NN_LOSS_NONE)
    nn_spec_like(f, 0, f->in[0]);
  else
    nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, 0, NULL);
  return true;
}

static void set_number(nn_tensor *t, double value) {
  if (t->dtype == NN_FLOAT32)
    *(float *)(void *)t->data = (float)value;
  else
    *(double *)(void *)t->data = value;
}

static bool compute(nn_ctx *c, const nn_tensor *x, const nn_tensor *t, int64_t kind, int64_t how, double delta,
                    nn_tensor *out) {
  double few[64];
  int64_t parts = (x->numel + PART - 1) / PART;
  bool whole = how == NN_LOSS_NONE, more = !whole && parts > 64;
  job j = {.kind = (enum nn_pair_loss)kind, .delta = delta, .d = (nn_dtype)x->dtype, .n = x->numel, .x = x->data, .t = t->data,
           .out = whole ? out->data : NULL, .sums = whole ? NULL : few};
  if (more && (j.sums = nn_scratch(c, (size_t)parts * sizeof(double))) == NULL) return false;
  if (parts > 0) nn_parallel(parts, GRAIN, loss_range, &j);
  double sum = 0;
  for (int64_t i = 0; i < parts && !whole; i++) sum += j.sums[i];
  if (more) nn_scratch_free(c, j.sums, (size_t)parts * sizeof(double));
  if (!whole) set_number(out, how == NN_LOSS_MEAN ? sum / (double)x->numel : sum);
  return parts < 16 || !nn_interrupted();
}

static bool pair_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0), *t = nn_dense(f, 1);
  return x != NULL && t != NULL && compute(f->ctx, x, t, f->arg[2].i, f->arg[3].i, f->arg[4].f, f->out[0]);
}

nn_tensor *nn_quick_pair(nn_ctx *c, nn_tensor *x, nn_tensor *t, enum nn_pair_loss kind, enum nn_loss_reduction how) {
  bool fit = nn_contig(x) && nn_contig(t) && x->dtype == t->dtype && nn_is_float((nn_dtype)x->dtype) && nn_same_shape(x, t);
  if (!fit || how == NN_LOSS_NONE || (c->grad_enabled && nn_requires_grad(t))) return NULL;
  nn_tensor *in[2] = {x, t}, *y = nn_empty(c, (nn_dtype)x->dtype, 0, NULL);
  if (y == NULL) return NULL;
  const nn_value arg[] = {{.tag = NN_V_TENSOR, .n = 1, {.i = 0}}, {.tag = NN_V_TENSOR, .n = 1, {.i = 1}}, v_i((int64_t)kind),
                          v_i((int64_t)how), v_f(0)};
  if (compute(c, x, t, (int64_t)kind, (int64_t)how, 0, y)) return nn_record_quick(c, &nn_op_pair_loss, in, 2, arg, 5, y);
  nn_release(y);
  return NULL;
}

static bool gradient(const nn_tensor *g, const nn_tensor *x, const nn_tensor *t, int64_t kind, int64_t how, double delta,
                     nn_tensor *out) {
  bool each = how == NN_LOSS_NONE;
  job j = {.kind = (enum nn_pair_loss)kind, .delta = delta, .d = (nn_dtype)x->dtype, .n = x->numel, .scale = 1, .x = x->data,
           .t = t->data, .g = g->data, .each = each, .out = out->data};
  if (!each) j.scale = nn_item(g) / (how == NN_LOSS_MEAN ? (double)x->numel : 1);
  int64_t parts = (x->numel + PART - 1) / PART;
  if (parts > 0) nn_parallel(parts, GRAIN, grad_range, &j);
  return parts < 16 || !nn_interrupted();
}

static bool pair_vjp(nn_vjp *v) {
  T x = nn_in(v, 0), t = nn_in(v, 1);
  if (x == NULL || t == NULL) return false;
  if (!v->create_graph && v->ctx->profile == NULL && nn_contig(x) && nn_contig(t) && nn_contig(v->g[0])) {
    if ((v->d[0] = nn_keep(v->ctx, nn_empty_like_dense(x, (nn_dtype)x->dtype))) == NULL) return false;
    return gradient(v->g[0], x, t, v->arg[2].i, v->arg[3].i, v->arg[4].f, v->d[0]) ||
           nn_fail_code(v->ctx, NN_ERR_INTERRUPT, "interrupted");
  }
  v->d[0] = nn_do(v->ctx, &nn_op_pair_loss_backward, v_t(v->g[0]), v_t(x), v_t(t), v->arg[2], v->arg[3], v->arg[4]);
  return v->d[0] != NULL;
}

/* max(x, 0) - x t + log(1 + exp(-|x|)) */
static T plain_logits(C c, T x, T t) {
  T tail = t_log1p(c, t_exp(c, t_neg(c, t_abs(c, x))));
  return t_add(c, t_sub(c, t_relu(c, x), t_mul(c, x, t)), tail);
}

/* With m = min(d, delta) for d = |x - t|: m (d - m / 2) */
static T plain_huber(C c, T x, T t, double delta) {
  T d = t_abs(c, t_sub(c, x, t)), m = d ? nn_do(c, &nn_op_clamp, v_t(d), V_NONE, v_f(delta)) : NULL;
  return t_mul(c, m, t_sub(c, d, t_muls(c, m, 0.5)));
}

static bool pair_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0], t = f->in[1], loss;
  int64_t kind = f->arg[2].i, how = f->arg[3].i;
  double delta = f->arg[4].f;
  loss = kind == NN_PAIR_SQUARES     ? t_square(c, t_sub(c, x, t))
         : kind == NN_PAIR_LOGITS    ? plain_logits(c, x, t)
         : kind == NN_PAIR_HUBER     ? plain_huber(c, x, t, delta)
         : kind == NN_PAIR_SMOOTH_L1 ? t_muls(c, plain_huber(c, x, t, delta), 1 / delta)
         : kind == NN_PAIR_DISTANCE  ? t_abs(c, t_sub(c, x, t))
                                     : nn_do(c, &nn_op_bce_elements, v_t(x), v_t(t));
  return (f->out[0] = how == NN_LOSS_NONE ? loss : how == NN_LOSS_MEAN ? t_mean(c, loss) : t_sum(c, loss)) != NULL;
}

const nn_op nn_op_pair_loss = {
    .name = "pair_loss", .doc = "A loss between two tensors of one shape, reduced.",
    .params = {{"input", P_TENSOR}, {"target", P_TENSOR}, {"kind", P_INT}, {"reduction", P_INT}, {"delta", P_FLOAT}},
    .flags = NN_PRIVATE, .saves_in = 3, .grads_in = 1, .infer = pair_infer, .kernel = pair_kernel, .compose = pair_compose, .vjp = pair_vjp};

static bool pair_back_infer(nn_frame *f) {
  nn_spec_like(f, 0, f->in[1]);
  return true;
}

static bool pair_back_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 1), *t = nn_dense(f, 2), *g = f->in[0];
  int64_t how = f->arg[4].i;
  bool each = how == NN_LOSS_NONE;
  if (x == NULL || t == NULL || (each && (g = nn_dense(f, 0)) == NULL)) return false;
  return gradient(g, x, t, f->arg[3].i, how, f->arg[5].f, f->out[0]);
}

const nn_op nn_op_pair_loss_backward = {
    .name = "pair_loss_backward", .doc = "Part of a gradient.",
    .params = {{"grad", P_TENSOR}, {"input", P_TENSOR}, {"target", P_TENSOR}, {"kind", P_INT}, {"reduction", P_INT},
               {"delta", P_FLOAT}},
    .flags = NN_PRIVATE | NN_NO_GRAD, .infer = pair_back_infer, .kernel = pair_back_kernel};
