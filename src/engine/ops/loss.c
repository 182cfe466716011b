/* loss.c - losses. Cross entropy with class numbers is fused; the others are plain operations. */
#include <math.h>
#include <string.h>

#include "interrupt.h"
#include "kernels/rows.h"
#include "loss.h"
#include "parallel.h"
#include "reduction.h"

EXPR1(t_abs, abs)
EXPR1(t_square, square)
EXPR1(t_exp, exp)
EXPR1(t_log, log)
EXPR1(t_log1p, log1p)
EXPR1(t_relu, relu)
EXPR1(t_sum, sum)
EXPR1(t_mean, mean)

static T t_where(C c, T m, T a, T b) { return m && a && b ? nn_do(c, &nn_op_where, v_t(m), v_t(a), v_t(b)) : NULL; }
static T t_eqs(C c, T a, double x) { return a ? nn_do(c, &nn_op_eq, v_t(a), v_t(t_num(c, x))) : NULL; }
static T t_lts(C c, T a, double x) { return a ? nn_do(c, &nn_op_lt, v_t(a), v_t(t_num(c, x))) : NULL; }
static T t_clamp_min(C c, T a, double lo) { return a ? nn_do(c, &nn_op_clamp, v_t(a), v_f(lo)) : NULL; }
static T t_zero(C c, T like) { return like ? nn_keep(c, nn_scalar(c, (nn_dtype)like->dtype, 0)) : NULL; }

#define REDUCTION {"reduction", P_CHOICE, "mean", .choices = "none|mean|sum"}
enum { NONE, MEAN, SUM, BATCHMEAN };

static T reduced(C c, T loss, int64_t how) { return how == NONE ? loss : how == MEAN ? t_mean(c, loss) : t_sum(c, loss); }

static T weighted(C c, T loss, T weight) { return weight ? t_mul(c, loss, weight) : loss; }

/* Input and target of one shape (or that broadcast, as PyTorch allows). */
static bool alike(nn_frame *f) {
  int n;
  int64_t shape[NN_MAX_DIMS];
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  const nn_tensor *x = f->in[0], *y = f->in[1];
  if (!nn_expect_float(f, 0)) return false;
  if (nn_broadcast_shapes(x->ndim, x->shape, y->ndim, y->shape, &n, shape)) return true;
  return nn_bad(f, "input of shape %s and target of shape %s do not fit", nn_tensor_shape_text(x, s), nn_tensor_shape_text(y, t));
}

/* The whole loss in one pass where the two tensors are alike and only the input can want a gradient; false: it must be
 * composed of operations. */
static bool in_one_pass(nn_frame *f, enum nn_pair_loss kind, int64_t how, double delta) {
  const nn_tensor *x = f->in[0], *t = f->in[1];
  bool able = x->dtype == t->dtype && nn_same_shape(x, t) && !(f->ctx->grad_enabled && nn_requires_grad(t)) && how <= SUM;
  if (!able) return false;
  f->out[0] = nn_do(f->ctx, &nn_op_pair_loss, v_t(f->in[0]), v_t(f->in[1]), v_i((int64_t)kind), v_i(how), v_f(delta));
  return true;
}

/* ---- regression ------------------------------------------------------------------------------------- */

/* A loss whose elements count by their weights (of input's shape, or NULL); the mean is over the weights. */
static bool by_weight(nn_frame *f, T loss, int64_t how) {
  C c = f->ctx;
  T w = f->in[2];
  char s[NN_SHAPE_TEXT], u[NN_SHAPE_TEXT];
  if (w == NULL) return (f->out[0] = reduced(c, loss, how)) != NULL;
  if (!nn_same_shape(w, f->in[0]))
    return nn_bad(f, "expected weight of input's shape %s, got %s", nn_tensor_shape_text(f->in[0], s), nn_tensor_shape_text(w, u));
  loss = t_mul(c, loss, w);
  if (how != MEAN) return (f->out[0] = reduced(c, loss, how)) != NULL;
  return (f->out[0] = t_div(c, t_sum(c, loss), t_sum(c, w))) != NULL;
}

static bool mse_compose(nn_frame *f) {
  if (!alike(f)) return false;
  if (f->in[2] == NULL && in_one_pass(f, NN_PAIR_SQUARES, f->arg[2].i, 0)) return f->out[0] != NULL;
  return by_weight(f, t_square(f->ctx, t_sub(f->ctx, f->in[0], f->in[1])), f->arg[2].i);
}
static bool l1_compose(nn_frame *f) {
  if (!alike(f)) return false;
  if (f->in[2] == NULL && in_one_pass(f, NN_PAIR_DISTANCE, f->arg[2].i, 0)) return f->out[0] != NULL;
  return by_weight(f, t_abs(f->ctx, t_sub(f->ctx, f->in[0], f->in[1])), f->arg[2].i);
}

/* 0.5 d^2 / beta below beta, d - 0.5 beta above; with beta = 0 the l1 loss. */
static bool smooth_l1_compose(nn_frame *f) {
  C c = f->ctx;
  double beta = f->arg[3].f;
  if (!alike(f)) return false;
  if (beta < 0) return nn_bad(f, "beta must not be negative, got %g", beta);
  if (in_one_pass(f, beta > 0 ? NN_PAIR_SMOOTH_L1 : NN_PAIR_DISTANCE, f->arg[2].i, beta)) return f->out[0] != NULL;
  T d = t_abs(c, t_sub(c, f->in[0], f->in[1]));
  if (beta > 0) d = t_where(c, t_lts(c, d, beta), t_muls(c, t_square(c, d), 0.5 / beta), t_adds(c, d, -0.5 * beta));
  return (f->out[0] = reduced(c, d, f->arg[2].i)) != NULL;
}
static bool huber_compose(nn_frame *f) {
  C c = f->ctx;
  double delta = f->arg[3].f;
  if (!alike(f)) return false;
  if (delta <= 0) return nn_bad(f, "delta must be positive, got %g", delta);
  if (f->in[2] == NULL && in_one_pass(f, NN_PAIR_HUBER, f->arg[2].i, delta)) return f->out[0] != NULL;
  T d = t_abs(c, t_sub(c, f->in[0], f->in[1]));
  d = t_where(c, t_lts(c, d, delta), t_muls(c, t_square(c, d), 0.5), t_muls(c, t_adds(c, d, -0.5 * delta), delta));
  if (f->in[2] != NULL && !nn_same_shape(f->in[2], f->in[0])) return nn_bad(f, "expected weight of input's shape");
  return (f->out[0] = reduced(c, weighted(c, d, f->in[2]), f->arg[2].i)) != NULL;
}

#define PAIR {"input", P_TENSOR}, {"target", P_TENSOR}
#define WEIGHT {"weight", P_TENSOR, "nil", .keyword = true}
#define PAIR_SAMPLES NN_SAMPLES("R(2,3), R(2,3)", "D(2,3), C(R(2,3)), {weight = C(P(2,3))}", "R(2,3), R(2,3), {reduction = \"none\"}", "R(3), R(3), {reduction = \"sum\"}")

static nn_tensor *quick_mse(nn_ctx *c, const nn_value *args, int n_args);
const nn_op nn_op_mse_loss = {
    .name = "mse_loss", .doc = "Mean squared error: (input - target)^2, averaged, summed or left as it is. weight, of input's shape, weighs the elements.",
    .example = "F.mse_loss(tensor{1, 2}, tensor{1, 4})\n--> 2", .params = {PAIR, REDUCTION, WEIGHT}, .flags = NN_F,
    .compose = mse_compose, .quick = quick_mse, .samples = PAIR_SAMPLES, .invalid = "R(2,3), R(2,4)", .complaint = "do not fit"};
const nn_op nn_op_l1_loss = {
    .name = "l1_loss", .doc = "Mean absolute error: |input - target|. weight, of input's shape, weighs the elements.",
    .example = "F.l1_loss(tensor{1, 2}, tensor{1, 4})\n--> 1", .params = {PAIR, REDUCTION, WEIGHT}, .flags = NN_F,
    .compose = l1_compose, .samples = PAIR_SAMPLES, .invalid = "R(2,3), R(2,4)", .complaint = "do not fit"};
const nn_op nn_op_smooth_l1_loss = {
    .name = "smooth_l1_loss", .doc = "Squared below beta, linear above: 0.5 d^2 / beta for d = |input - target| < beta, else d - 0.5 beta.",
    .example = "F.smooth_l1_loss(tensor{1, 2}, tensor{1, 4})\n--> 0.75",
    .params = {PAIR, REDUCTION, {"beta", P_FLOAT, "1.0"}}, .flags = NN_F, .compose = smooth_l1_compose,
    .samples = NN_SAMPLES("D(2,3), C(R(2,3))", "D(2,3), C(R(2,3)), {beta = 0.3, reduction = \"sum\"}"), .invalid = "R(2), R(2), {beta = -1}",
    .complaint = "beta"};
const nn_op nn_op_huber_loss = {
    .name = "huber_loss", .doc = "Squared below delta, linear above: 0.5 d^2 for d = |input - target| < delta, else delta (d - 0.5 delta).",
    .example = "F.huber_loss(tensor{1, 2}, tensor{1, 4})\n--> 0.75",
    .params = {PAIR, REDUCTION, {"delta", P_FLOAT, "1.0"}, WEIGHT}, .flags = NN_F, .compose = huber_compose,
    .samples = NN_SAMPLES("D(2,3), C(R(2,3))", "D(2,3), C(R(2,3)), {delta = 0.3, reduction = \"sum\"}"), .invalid = "R(2), R(2), {delta = 0}",
    .complaint = "delta"};

/* ---- two classes ------------------------------------------------------------------------------------ */

static bool same_shapes(nn_frame *f) {
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  if (!nn_expect_float(f, 0)) return false;
  if (nn_same_shape(f->in[0], f->in[1])) return true;
  return nn_bad(f, "expected a target of input's shape %s, got %s", nn_tensor_shape_text(f->in[0], s),
                nn_tensor_shape_text(f->in[1], t));
}

static bool within_unit(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  for (int64_t i = 0; i < x->numel && !nn_interrupted_at(i); i++) {
    double p = x->dtype == NN_FLOAT32 ? (double)((const float *)(const void *)x->data)[i] : ((const double *)(const void *)x->data)[i];
    if (p < 0 || p > 1)
      return nn_bad(f, "input must be probabilities between 0 and 1, got %g; for logits use binary_cross_entropy_with_logits", p);
  }
  return true;
}

/* -(t log p + (1 - t) log(1 - p)), logarithms cut at -100 as PyTorch's are; so is the gradient's denominator at 1e-12. */
static double bce(double p, double t) {
  double yes = log(p), no = log1p(-p);
  return (t - 1) * (no < -100 ? -100 : no) - t * (yes < -100 ? -100 : yes);
}

static bool bce_infer(nn_frame *f) {
  nn_spec_like(f, 0, f->in[0]);
  return nn_expect_same_dtype(f, 0, 1);
}

static bool bce_kernel(nn_frame *f) {
  const nn_tensor *p = nn_dense(f, 0), *t = nn_dense(f, 1);
  if (p == NULL || t == NULL) return false;
  for (int64_t i = 0; i < p->numel; i++) {
    if ((i & 0xffff) == 0 && nn_interrupted()) return false;
    if (p->dtype == NN_FLOAT32)
      ((float *)(void *)f->out[0]->data)[i] =
          (float)bce((double)((const float *)(const void *)p->data)[i], (double)((const float *)(const void *)t->data)[i]);
    else
      ((double *)(void *)f->out[0]->data)[i] =
          bce(((const double *)(const void *)p->data)[i], ((const double *)(const void *)t->data)[i]);
  }
  return true;
}

static bool bce_vjp(nn_vjp *v) {
  C c = v->ctx;
  T p = nn_in(v, 0), t = nn_in(v, 1), g = v->g[0];
  if (nn_need(v, 0)) {
    T slope = t_clamp_min(c, t_mul(c, t_rsubs(c, 1, p), p), (double)1e-12f);
    if ((v->d[0] = t_mul(c, g, t_div(c, t_sub(c, p, t), slope))) == NULL) return false;
  }
  if (!nn_need(v, 1)) return true;
  return (v->d[1] = t_mul(c, g, t_sub(c, t_log1p(c, t_neg(c, p)), t_log(c, p)))) != NULL;
}

const nn_op nn_op_bce_elements = {
    .name = "bce_elements", .doc = "Binary cross entropy of each element.", .params = {{"input", P_TENSOR}, {"target", P_TENSOR}},
    .flags = NN_PRIVATE, .saves_in = 3, .infer = bce_infer, .kernel = bce_kernel, .vjp = bce_vjp};

/* The loss with its usual options; those of probabilities are looked at first. */
static nn_tensor *quick_pair(nn_ctx *c, const nn_value *args, int n_args, enum nn_pair_loss kind) {
  bool two = n_args == 2 && args[0].tag == NN_V_TENSOR && args[1].tag == NN_V_TENSOR && args[0].t != NULL && args[1].t != NULL;
  return two ? nn_quick_pair(c, args[0].t, args[1].t, kind, NN_LOSS_MEAN) : NULL;
}
static nn_tensor *quick_mse(nn_ctx *c, const nn_value *args, int n_args) { return quick_pair(c, args, n_args, NN_PAIR_SQUARES); }
static nn_tensor *quick_logits(nn_ctx *c, const nn_value *args, int n_args) {
  return quick_pair(c, args, n_args, NN_PAIR_LOGITS);
}
static nn_tensor *quick_bce(nn_ctx *c, const nn_value *args, int n_args) {
  const nn_tensor *x = n_args > 0 && args[0].tag == NN_V_TENSOR ? args[0].t : NULL;
  if (x == NULL || !nn_contig(x) || x->dtype != NN_FLOAT32) return NULL;
  const float *p = (const float *)(const void *)x->data;
  for (int64_t i = 0; i < x->numel; i++)
    if (p[i] < 0 || p[i] > 1 || nn_interrupted_at(i + 1)) return NULL;
  return quick_pair(c, args, n_args, NN_PAIR_PROBABILITIES);
}

static bool bce_compose(nn_frame *f) {
  C c = f->ctx;
  if (!same_shapes(f) || !within_unit(f)) return false;
  if (f->in[2] == NULL && in_one_pass(f, NN_PAIR_PROBABILITIES, f->arg[3].i, 0)) return f->out[0] != NULL;
  T loss = nn_do(c, &nn_op_bce_elements, v_t(f->in[0]), v_t(f->in[1]));
  if (loss == NULL) return false;
  return (f->out[0] = reduced(c, weighted(c, loss, f->in[2]), f->arg[3].i)) != NULL;
}

const nn_op nn_op_binary_cross_entropy = {
    .name = "binary_cross_entropy",
    .doc = "-(t log p + (1 - t) log(1 - p)) for probabilities p and targets t in [0, 1], of one shape; weight broadcasts.\n"
           "Logarithms are not below -100.",
    .example = "F.binary_cross_entropy(tensor{0.5, 0.25}, tensor{1, 0}, {reduction = \"none\"})\n--> {0.6931, 0.2877}",
    .params = {PAIR, {"weight", P_TENSOR, "nil"}, REDUCTION}, .flags = NN_F, .compose = bce_compose, .quick = quick_bce,
    .samples = NN_SAMPLES("P(2,3) / 3, C(P(2,3) / 3)", "P(2,3) / 3, C(P(2,3) / 3), C(P(3)), \"sum\""),
    .invalid = "R(2,3), R(2,3) * 0 + 0.5", .complaint = "probabilities"};

/* max(x, 0) - x t + log(1 + exp(-|x|)); with pos_weight w: (1 - t) x + (1 + (w - 1) t) softplus(-x). */
static bool bce_logits_compose(nn_frame *f) {
  C c = f->ctx;
  if (!same_shapes(f)) return false;
  T x = f->in[0], t = f->in[1], w = f->in[3], loss;
  if (w == NULL && f->in[2] == NULL && in_one_pass(f, NN_PAIR_LOGITS, f->arg[4].i, 0)) return f->out[0] != NULL;
  T tail = t_log1p(c, t_exp(c, t_neg(c, t_abs(c, x))));
  if (w == NULL) {
    loss = t_add(c, t_sub(c, t_relu(c, x), t_mul(c, x, t)), tail);
  } else {
    T factor = t_adds(c, t_mul(c, t_adds(c, w, -1), t), 1);
    T soft = t_add(c, tail, t_relu(c, t_neg(c, x)));
    loss = t_add(c, t_mul(c, t_rsubs(c, 1, t), x), t_mul(c, factor, soft));
  }
  return (f->out[0] = reduced(c, weighted(c, loss, f->in[2]), f->arg[4].i)) != NULL;
}

const nn_op nn_op_binary_cross_entropy_with_logits = {
    .name = "binary_cross_entropy_with_logits",
    .doc = "binary_cross_entropy of sigmoid(input), without its loss of digits. pos_weight weighs the positive targets; it and\n"
           "weight broadcast.",
    .example = "F.binary_cross_entropy_with_logits(tensor{0, 2}, tensor{1, 0}, {reduction = \"none\"})\n--> {0.6931, 2.1269}",
    .params = {PAIR, {"weight", P_TENSOR, "nil"}, {"pos_weight", P_TENSOR, "nil", .keyword = true}, REDUCTION}, .flags = NN_F,
    .compose = bce_logits_compose, .quick = quick_logits,
    .samples = NN_SAMPLES("N(2,3), C(P(2,3) / 3)", "N(2,3), C(P(2,3) / 3), C(P(3)), {pos_weight = C(P(3)), reduction = \"sum\"}"),
    .invalid = "R(2,3), R(2,4)", .complaint = "expected a target"};

static bool kl_compose(nn_frame *f) {
  C c = f->ctx;
  if (!alike(f)) return false;
  T x = f->in[0], t = f->in[1], loss;
  if (f->arg[3].b) {
    loss = t_mul(c, t_exp(c, t), t_sub(c, t, x));
  } else { /* 0 log 0 = 0 */
    T none = t_eqs(c, t, 0), one = t ? nn_keep(c, nn_scalar(c, (nn_dtype)t->dtype, 1)) : NULL;
    loss = t_mul(c, t, t_sub(c, t_log(c, t_where(c, none, one, t)), x));
  }
  if (f->arg[2].i != BATCHMEAN) return (f->out[0] = reduced(c, loss, f->arg[2].i)) != NULL;
  if (x->ndim == 0) return nn_bad(f, "reduction = \"batchmean\" needs a batch dimension");
  return (f->out[0] = t_muls(c, t_sum(c, loss), 1.0 / (double)x->shape[0])) != NULL;
}

const nn_op nn_op_kl_div = {
    .name = "kl_div",
    .doc = "Kullback-Leibler divergence t (log t - x) of targets t from log-probabilities x. \"batchmean\" divides the sum by the\n"
           "first size, which is the mathematical definition. With log_target the target is given as logarithms too.",
    .example = "F.kl_div(tensor{0.5, 0.5}:log(), tensor{0.5, 0.5}, {reduction = \"sum\"})\n--> 0",
    .params = {PAIR, {"reduction", P_CHOICE, "mean", .choices = "none|mean|sum|batchmean"}, {"log_target", P_BOOL, "false"}},
    .flags = NN_F, .compose = kl_compose,
    .samples = NN_SAMPLES("R(2,3), P(2,3)", "R(2,3), R(2,3), {log_target = true, reduction = \"batchmean\"}"), .invalid = "R(2), P(3)",
    .complaint = "do not fit"};

/* ---- classes ---------------------------------------------------------------------------------------- */

#define CLASS_OPTIONS {"ignore_index", P_INT, "-100", .keyword = true}, {"label_smoothing", P_FLOAT, "0", .keyword = true}

static struct nn_cross_entropy rows_options(const nn_value *arg, const nn_tensor *weight) {
  return (struct nn_cross_entropy){arg[0].i, arg[1].f, weight ? weight->data : NULL};
}

typedef struct ce_job {
  const struct nn_rows_kernels *k;
  struct nn_cross_entropy o;
  nn_dtype d;
  int64_t n, gs;
  size_t elem;
  const char *x, *g, *lse_in;
  const int64_t *target;
  char *loss, *lse, *dx;
} ce_job;

static void ce_rows(const ce_job *j, int64_t begin, int64_t end) {
  size_t at = (size_t)(begin * j->n) * j->elem, row = (size_t)begin * j->elem;
  if (j->dx == NULL)
    j->k->cross_entropy[j->d](end - begin, j->n, &j->o, j->x + at, j->target + begin, j->loss + row, j->lse + row);
  else
    j->k->cross_entropy_backward[j->d](end - begin, j->n, &j->o, j->x + at, j->target + begin, j->lse_in + row,
                                       j->g + (j->gs ? row : 0), j->gs, j->dx + at);
}

static void ce_range(void *arg, int64_t begin, int64_t end, int thread) {
  const ce_job *j = arg;
  int64_t piece = j->n < 1 << 16 ? (1 << 16) / (j->n + 1) + 1 : 1;
  (void)thread;
  for (; begin < end && !nn_interrupted(); begin += piece) ce_rows(j, begin, end - begin < piece ? end : begin + piece);
}

static bool ce_infer(nn_frame *f) {
  int64_t rows = f->in[0]->shape[0];
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, 1, &rows);
  nn_spec_set(f, 1, (nn_dtype)f->in[0]->dtype, 0, NULL);
  return true;
}

static double weight_at(const nn_tensor *w, int64_t i) {
  return w->dtype == NN_FLOAT32 ? (double)((const float *)(const void *)w->data)[i] : ((const double *)(const void *)w->data)[i];
}

/* Every target must be a class or ignored; their total weight goes to *total. */
static bool check_targets(nn_frame *f, const int64_t *target, int64_t rows, int64_t n, const nn_tensor *w, int64_t ignore,
                          double *total) {
  *total = 0;
  for (int64_t i = 0; i < rows && !nn_interrupted_at(i); i++) {
    if (target[i] == ignore) continue;
    if (target[i] < 1 || target[i] > n)
      return nn_bad(f, "target %lld (at position %lld) is no class: classes count from 1 to %lld", (long long)target[i],
                    (long long)i + 1, (long long)n);
    *total += w ? weight_at(w, target[i] - 1) : 1;
  }
  return !nn_interrupted(); /* else not all were looked at */
}

static bool ce_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0), *t = nn_dense(f, 1), *w = f->in[2] ? nn_dense(f, 2) : NULL;
  int64_t rows = f->in[0]->shape[0], n = f->in[0]->shape[1];
  double total;
  if (x == NULL || t == NULL || (f->in[2] && w == NULL)) return false;
  ce_job j = {.k = NN_SELECT(nn_rows), .o = rows_options(f->arg + 3, w), .d = (nn_dtype)x->dtype, .n = n, .elem = nn_esize(x),
              .x = x->data, .target = (const int64_t *)(const void *)t->data, .loss = f->out[0]->data};
  if (!check_targets(f, j.target, rows, n, w, j.o.ignore_index, &total)) return false;
  f->extra[0] = nn_empty(f->ctx, j.d, 1, &rows);
  if (f->extra[0] == NULL) return false;
  j.lse = f->extra[0]->data;
  if (rows > 0) nn_parallel(rows, 1 + 4096 / (n ? n : 1), ce_range, &j);
  if (j.d == NN_FLOAT32)
    *(float *)(void *)f->out[1]->data = (float)total;
  else
    *(double *)(void *)f->out[1]->data = total;
  return x->numel < 1 << 16 || !nn_interrupted();
}

static bool ce_vjp(nn_vjp *v) {
  T x = nn_in(v, 0), t = nn_in(v, 1), w = nn_in_meta(v, 2)->ndim >= 0 ? nn_in(v, 2) : NULL, lse = nn_extra(v, 0);
  if (x == NULL || t == NULL || lse == NULL || v->ctx->error != NN_OK) return false;
  if (v->g[0] == NULL) return true;
  return (v->d[0] = nn_do(v->ctx, &nn_op_cross_entropy_backward, v_t(v->g[0]), v_t(x), v_t(t), v_opt(w), v_t(lse), v->arg[3],
                          v->arg[4])) != NULL;
}

/* The same in plain operations. */
static bool ce_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0], t = f->in[1], w = f->in[2];
  int64_t n = x->shape[1], ignore = f->arg[3].i;
  double smooth = f->arg[4].f;
  T logp = nn_do(c, &nn_op_log_softmax, v_t(x), v_i(1));
  T off = nn_do(c, &nn_op_eq, v_t(t), v_t(nn_keep(c, nn_number_int(c, ignore))));
  T cls = t_where(c, off, nn_keep(c, nn_scalar_int(c, NN_INT64, 1)), t);
  T picked = logp && cls ? nn_do(c, &nn_op_gather, v_t(logp), v_i(1), v_t(t_unsqueeze(c, cls, 1))) : NULL;
  T nll = picked ? t_neg(c, nn_do(c, &nn_op_squeeze_dim, v_t(picked), v_i(1))) : NULL;
  if (w != NULL && nll != NULL) nll = t_mul(c, nll, nn_do(c, &nn_op_index_select, v_t(w), v_i(0), v_t(cls)));
  if (smooth > 0) {
    T all = t_neg(c, nn_do(c, &nn_op_sum, v_t(weighted(c, logp, w)), v_i(1)));
    nll = t_add(c, t_muls(c, nll, 1 - smooth), t_muls(c, all, smooth / (double)n));
  }
  f->out[0] = t_where(c, off, t_zero(c, x), nll);
  f->out[1] = t_zero(c, x);
  return f->out[0] != NULL && f->out[1] != NULL;
}

const nn_op nn_op_cross_entropy_rows = {
    .name = "cross_entropy_rows", .doc = "Loss of each row, and the total weight of the rows.",
    .params = {{"input", P_TENSOR}, {"target", P_TENSOR}, {"weight", P_TENSOR, "nil"}, CLASS_OPTIONS}, .flags = NN_PRIVATE,
    .saves_in = 7, .grads_in = 1, .n_out = 2, .infer = ce_infer, .kernel = ce_kernel, .compose = ce_compose, .vjp = ce_vjp};

static bool ce_back_infer(nn_frame *f) {
  nn_spec_like(f, 0, f->in[1]);
  return true;
}

static bool ce_back_kernel(nn_frame *f) {
  bool one = f->in[0]->ndim == 1 && f->in[0]->stride[0] == 0; /* every row has the same gradient */
  const nn_tensor *g = one ? f->in[0] : nn_dense(f, 0), *x = nn_dense(f, 1), *t = nn_dense(f, 2);
  const nn_tensor *w = f->in[3] ? nn_dense(f, 3) : NULL;
  if (g == NULL || x == NULL || t == NULL) return false;
  int64_t rows = x->shape[0], n = x->shape[1];
  ce_job j = {.k = NN_SELECT(nn_rows), .o = rows_options(f->arg + 5, w), .d = (nn_dtype)x->dtype, .n = n, .gs = !one,
              .elem = nn_esize(x), .x = x->data, .g = g->data, .target = (const int64_t *)(const void *)t->data,
              .lse_in = f->in[4]->data, .dx = f->out[0]->data};
  if (rows > 0) nn_parallel(rows, 1 + 4096 / (n ? n : 1), ce_range, &j);
  return x->numel < 1 << 16 || !nn_interrupted();
}

const nn_op nn_op_cross_entropy_backward = {
    .name = "cross_entropy_backward", .doc = "Part of a gradient.",
    .params = {{"grad", P_TENSOR}, {"input", P_TENSOR}, {"target", P_TENSOR}, {"weight", P_TENSOR, "nil"}, {"lse", P_TENSOR},
               CLASS_OPTIONS},
    .flags = NN_PRIVATE | NN_NO_GRAD, .infer = ce_back_infer, .kernel = ce_back_kernel};

/* input [N, C, d1, ...] as rows of C; a single row for [C]. */
static T class_rows(C c, T x) {
  if (x == NULL || x->ndim == 2) return x;
  if (x->ndim == 1) return t_unsqueeze(c, x, 0);
  int64_t dims[NN_MAX_DIMS] = {0}, flat[2] = {x->numel / (x->shape[1] ? x->shape[1] : 1), x->shape[1]};
  for (int d = 1; d < x->ndim - 1; d++) dims[d] = d + 1;
  dims[x->ndim - 1] = 1;
  return t_reshape(c, t_permute(c, x, x->ndim, dims), 2, flat);
}

static bool check_classes(nn_frame *f, int64_t *n) {
  const nn_tensor *x = f->in[0], *t = f->in[1], *w = f->in[2];
  char s[NN_SHAPE_TEXT], u[NN_SHAPE_TEXT];
  if (!nn_expect_float(f, 0) || !nn_expect_ndim(f, 0, 1, NN_MAX_DIMS)) return false;
  *n = x->shape[x->ndim == 1 ? 0 : 1];
  if (w != NULL && (w->ndim != 1 || w->shape[0] != *n))
    return nn_bad(f, "expected weight of shape [%lld], one number a class, got %s", (long long)*n, nn_tensor_shape_text(w, s));
  if (w != NULL && !nn_expect_same_dtype(f, 0, 2)) return false;
  bool fits = t->ndim == x->ndim - 1;
  for (int d = 0; d < t->ndim && fits; d++) fits = t->shape[d] == x->shape[d == 0 && x->ndim > 1 ? 0 : d + 1];
  if (fits) return true;
  return nn_bad(f, "expected a target of class numbers of shape %s for input %s, got %s",
                x->ndim == 1 ? "[]" : x->ndim == 2 ? "[N]" : "[N, d1, ...]", nn_tensor_shape_text(x, s), nn_tensor_shape_text(t, u));
}

static T as_target_shape(C c, T loss, const nn_tensor *t) { return t_reshape(c, loss, t->ndim, t->shape); }

/* Targets that are probabilities of the classes, of input's shape. */
static bool soft_cross_entropy(nn_frame *f) {
  C c = f->ctx;
  double smooth = f->arg[4].f;
  T x = f->in[0], p = f->in[1];
  int64_t dim = x->ndim == 1 ? 0 : 1, n = x->shape[dim];
  if (smooth > 0) p = t_adds(c, t_muls(c, p, 1 - smooth), smooth / (double)n);
  T w = f->in[2];
  if (w != NULL && x->ndim > 2) {
    int64_t shape[NN_MAX_DIMS];
    for (int d = 0; d < x->ndim; d++) shape[d] = d == 1 ? n : 1;
    w = t_reshape(c, w, x->ndim, shape);
  }
  T loss = weighted(c, t_mul(c, nn_do(c, &nn_op_log_softmax, v_t(x), v_i(dim)), p), w);
  loss = loss ? t_neg(c, nn_do(c, &nn_op_sum, v_t(loss), v_i(dim))) : NULL;
  return (f->out[0] = reduced(c, loss, f->arg[5].i)) != NULL;
}

static bool cross_entropy_compose(nn_frame *f) {
  C c = f->ctx;
  int64_t n, how = f->arg[5].i;
  double smooth = f->arg[4].f;
  if (smooth < 0 || smooth > 1) return nn_bad(f, "label_smoothing must be between 0 and 1, got %g", smooth);
  if (nn_is_float((nn_dtype)f->in[1]->dtype) && nn_same_shape(f->in[0], f->in[1]) && f->in[0]->ndim > 0)
    return nn_expect_float(f, 0) && soft_cross_entropy(f);
  if (!check_classes(f, &n) || !nn_expect_index(f, 1)) return false;
  int64_t rows = f->in[1]->numel;
  T x = class_rows(c, f->in[0]), t = t_reshape(c, f->in[1], 1, &rows);
  if (x == NULL || t == NULL) return false;
  nn_value args[] = {v_t(x), v_t(t), v_opt(f->in[2]), f->arg[3], f->arg[4]};
  nn_results r;
  if (!nn_apply(c, &nn_op_cross_entropy_rows, args, 5, &r)) return false;
  T loss = nn_keep(c, r.t[0]), total = nn_keep(c, r.t[1]);
  if (how == NONE) return (f->out[0] = as_target_shape(c, loss, f->in[1])) != NULL;
  T sum = t_sum(c, loss);
  if (how == MEAN && total != NULL) sum = t_muls(c, sum, 1 / nn_item(total));
  return (f->out[0] = sum) != NULL;
}

const nn_op nn_op_cross_entropy = {
    .name = "cross_entropy",
    .doc = "The negative log of softmax(input) at the target class: input [N, C] (or [C], or [N, C, d1, ...]) holds logits, do\n"
           "not apply softmax before. target [N] holds class numbers from 1 to C, or is of input's shape and holds\n"
           "probabilities. weight [C] weighs the classes (the mean is over the weights), targets equal to ignore_index do not\n"
           "count, label_smoothing mixes the target with the uniform distribution.",
    .example = "F.cross_entropy(tensor{{2, 0}, {2, 0}}, tensor{1, 2}, {reduction = \"none\"})\n--> {0.1269, 2.1269}",
    .params = {PAIR, {"weight", P_TENSOR, "nil"}, CLASS_OPTIONS, {"reduction", P_CHOICE, "mean", .choices = "none|mean|sum", .keyword = true}},
    .flags = NN_F, .compose = cross_entropy_compose,
    .samples = NN_SAMPLES("R(4,3), I(3,4)", "R(4,3), I(3,4), C(P(3)), {label_smoothing = 0.1}", "R(2,3,4), I(3,2,4), {reduction = \"sum\"}",
                          "R(4,3), I(3,4), {ignore_index = 2, reduction = \"none\"}", "R(3), I(3)", "R(4,3), C(P(4,3))"),
    .invalid = "R(4,3), I(3,4) + 3", .complaint = "classes count from 1 to 3"};

static bool nll_compose(nn_frame *f) {
  C c = f->ctx;
  int64_t n, how = f->arg[4].i;
  double total;
  if (!check_classes(f, &n) || !nn_expect_index(f, 1)) return false;
  int64_t rows = f->in[1]->numel;
  T x = class_rows(c, f->in[0]), t = t_reshape(c, f->in[1], 1, &rows), w = f->in[2];
  T dense = t ? nn_keep(c, nn_contiguous_data(t)) : NULL, weights = w ? nn_keep(c, nn_contiguous_data(w)) : NULL;
  if (x == NULL || dense == NULL) return false;
  if (!check_targets(f, (const int64_t *)(const void *)dense->data, rows, n, weights, f->arg[3].i, &total)) return false;
  T off = nn_do(c, &nn_op_eq, v_t(t), v_t(nn_keep(c, nn_number_int(c, f->arg[3].i))));
  T cls = t_where(c, off, nn_keep(c, nn_scalar_int(c, NN_INT64, 1)), t);
  T picked = cls ? nn_do(c, &nn_op_gather, v_t(x), v_i(1), v_t(t_unsqueeze(c, cls, 1))) : NULL;
  T loss = picked ? t_neg(c, nn_do(c, &nn_op_squeeze_dim, v_t(picked), v_i(1))) : NULL;
  if (w != NULL && loss != NULL) loss = t_mul(c, loss, nn_do(c, &nn_op_index_select, v_t(w), v_i(0), v_t(cls)));
  loss = t_where(c, off, t_zero(c, x), loss);
  if (how == NONE) return (f->out[0] = as_target_shape(c, loss, f->in[1])) != NULL;
  T sum = t_sum(c, loss);
  return (f->out[0] = how == MEAN ? t_muls(c, sum, 1 / total) : sum) != NULL;
}

const nn_op nn_op_nll_loss = {
    .name = "nll_loss",
    .doc = "The negative of input at the target class: input [N, C] (or [C], or [N, C, d1, ...]) holds log-probabilities, target\n"
           "class numbers from 1. Options as in cross_entropy.",
    .example = "F.nll_loss(tensor{{-1, -2}, {-3, -4}}, tensor{1, 2})\n--> 2.5",
    .params = {PAIR, {"weight", P_TENSOR, "nil"}, {"ignore_index", P_INT, "-100", .keyword = true},
               {"reduction", P_CHOICE, "mean", .choices = "none|mean|sum", .keyword = true}},
    .flags = NN_F, .compose = nll_compose,
    .samples = NN_SAMPLES("R(4,3), I(3,4)", "R(4,3), I(3,4), C(P(3))", "R(2,3,4), I(3,2,4), {reduction = \"sum\"}"),
    .invalid = "R(4,3), I(3,4) - 3", .complaint = "classes count from 1 to 3"};
