/* ctc.c - connectionist temporal classification (Graves et al. 2006): the probability of a sequence of classes, summed
 * over all ways to stretch it over time with blanks between. Forward and backward in logarithms, in double precision. */
#include <math.h>
#include <string.h>

#include "interrupt.h"
#include "parallel.h"
#include "reduction.h"

EXPR1(t_exp, exp)
EXPR1(t_sum, sum)
EXPR1(t_mean, mean)
EXPR1(t_detach, detach)

enum { NONE, MEAN, SUM };

/* Sizes of a call. The states of a sequence of n classes are blank, class 1, blank, class 2, ..., blank: 2 n + 1. */
typedef struct ctc {
  int64_t steps, batch, classes, width, states; /* width: of the target's rows; states: 2 width + 1 */
  const int64_t *target, *input_length, *target_length;
  int64_t blank; /* from 0 */
  bool zero_infinity, single;
  const char *lp;
  double *alpha;   /* [batch, steps, states] */
  const char *g;   /* backward */
  char *dx;
} ctc;

/* log(exp(a) + exp(b)) */
static double add_logs(double a, double b) {
  double most = a > b ? a : b;
  if (most == -INFINITY) return most;
  return most + log1p(exp((a > b ? b : a) - most));
}

static double number_at(const ctc *k, const char *data, int64_t i) {
  return k->single ? (double)((const float *)(const void *)data)[i] : ((const double *)(const void *)data)[i];
}

/* The log-probability of class c at time t of sequence n. */
static double log_prob(const ctc *k, int64_t n, int64_t t, int64_t c) {
  return number_at(k, k->lp, (t * k->batch + n) * k->classes + c);
}

/* The class of state s, from 0. */
static int64_t class_of(const ctc *k, int64_t n, int64_t s) {
  return s % 2 == 0 ? k->blank : k->target[n * k->width + s / 2] - 1;
}

/* Whether the blank before state s may be left out: between different classes. */
static bool skips(const ctc *k, int64_t n, int64_t s) {
  return s % 2 == 1 && s >= 3 && class_of(k, n, s) != class_of(k, n, s - 2);
}

/* Fills alpha of a sequence: log-probability of all ways to be in a state at a time. Returns the loss. */
static double forward(const ctc *k, int64_t n) {
  int64_t steps = k->input_length[n], last = 2 * k->target_length[n];
  double *a = k->alpha + n * k->steps * k->states;
  if (steps == 0) return last == 0 ? 0 : INFINITY;
  for (int64_t s = 0; s <= last; s++) a[s] = s < 2 ? log_prob(k, n, 0, class_of(k, n, s)) : -INFINITY;
  for (int64_t t = 1; t < steps; t++) {
    const double *before = a + (t - 1) * k->states;
    double *now = a + t * k->states;
    for (int64_t s = 0; s <= last; s++) {
      double sum = before[s];
      if (s > 0) sum = add_logs(sum, before[s - 1]);
      if (skips(k, n, s)) sum = add_logs(sum, before[s - 2]);
      now[s] = sum + log_prob(k, n, t, class_of(k, n, s));
    }
  }
  const double *end = a + (steps - 1) * k->states;
  return -(last > 0 ? add_logs(end[last], end[last - 1]) : end[last]);
}

static void forward_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const ctc *k = arg;
  for (int64_t n = begin; n < end && !nn_interrupted(); n++) {
    double loss = forward(k, n);
    if (k->zero_infinity && loss == INFINITY) loss = 0;
    if (k->single)
      ((float *)(void *)k->dx)[n] = (float)loss;
    else
      ((double *)(void *)k->dx)[n] = loss;
  }
}

static void put(const ctc *k, int64_t i, double x) {
  if (k->single)
    ((float *)(void *)k->dx)[i] = (float)x;
  else
    ((double *)(void *)k->dx)[i] = x;
}

/* One step back: beta at time t from beta at t + 1, in place (states from low to high need those above them). */
static void step_back(const ctc *k, int64_t n, int64_t t, int64_t last, double *beta) {
  for (int64_t s = 0; s <= last; s++) {
    double sum = beta[s];
    if (s + 1 <= last) sum = add_logs(sum, beta[s + 1]);
    if (s + 2 <= last && skips(k, n, s + 2)) sum = add_logs(sum, beta[s + 2]);
    beta[s] = sum + log_prob(k, n, t, class_of(k, n, s));
  }
}

/* The gradient of a sequence's loss: exp(lp) minus the share of each class at each time in all ways. The first term makes
 * it the gradient for the logits under a log_softmax, for which it adds nothing to that of the log-probabilities. beta and
 * share are scratch of states and classes numbers. */
static void backward(const ctc *k, int64_t n, double *beta, double *share) {
  int64_t steps = k->input_length[n], last = 2 * k->target_length[n];
  double g = number_at(k, k->g, n), loss = forward(k, n);
  if (steps == 0 || (k->zero_infinity && loss == INFINITY)) return;
  for (int64_t t = steps - 1; t >= 0; t--) {
    const double *a = k->alpha + (n * k->steps + t) * k->states;
    if (t == steps - 1) {
      for (int64_t s = 0; s <= last; s++)
        beta[s] = s >= last - 1 ? log_prob(k, n, t, class_of(k, n, s)) : -INFINITY;
    } else {
      step_back(k, n, t, last, beta);
    }
    for (int64_t c = 0; c < k->classes; c++) share[c] = -INFINITY;
    for (int64_t s = 0; s <= last; s++) {
      int64_t c = class_of(k, n, s);
      share[c] = add_logs(share[c], a[s] + beta[s]);
    }
    for (int64_t c = 0; c < k->classes; c++) {
      double lp = log_prob(k, n, t, c), ways = share[c] == -INFINITY ? share[c] : share[c] - lp;
      put(k, (t * k->batch + n) * k->classes + c, g * (exp(lp) - exp(ways + loss)));
    }
  }
}

typedef struct backward_job {
  ctc *k;
  double *scratch; /* states + classes numbers a sequence */
} backward_job;

static void backward_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const backward_job *j = arg;
  for (int64_t n = begin; n < end && !nn_interrupted(); n++) {
    double *scratch = j->scratch + n * (j->k->states + j->k->classes);
    backward(j->k, n, scratch, scratch + j->k->states);
  }
}

/* ---- the rows --------------------------------------------------------------------------------------- */

#define LENGTHS {"input_lengths", P_INTS}, {"target_lengths", P_INTS}
#define OPTIONS {"blank", P_INT, "1"}, {"zero_infinity", P_BOOL, "false"}
enum { INPUT_LENGTHS = 2, TARGET_LENGTHS, BLANK, ZERO_INFINITY };

/* From arguments in the order of ctc_rows; lp [T, N, C], target [N, S]. */
static ctc sizes(const nn_tensor *lp, const nn_tensor *target, const nn_value *arg) {
  return (ctc){.steps = lp->shape[0], .batch = lp->shape[1], .classes = lp->shape[2], .width = target->shape[1],
               .states = 2 * target->shape[1] + 1, .target = (const int64_t *)(const void *)target->data,
               .input_length = arg[INPUT_LENGTHS].ints, .target_length = arg[TARGET_LENGTHS].ints,
               .blank = arg[BLANK].i - 1, .zero_infinity = arg[ZERO_INFINITY].b, .single = lp->dtype == NN_FLOAT32,
               .lp = lp->data};
}

static nn_tensor *alphas(nn_ctx *c, ctc *k) {
  int64_t shape[] = {k->batch, k->steps, k->states};
  nn_tensor *t = nn_empty(c, NN_FLOAT64, 3, shape);
  k->alpha = t ? (double *)(void *)t->data : NULL;
  return t;
}

static bool rows_infer(nn_frame *f) {
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, 1, f->in[0]->shape + 1);
  return true;
}

static bool rows_kernel(nn_frame *f) {
  const nn_tensor *lp = nn_dense(f, 0), *target = nn_dense(f, 1);
  if (lp == NULL || target == NULL) return false;
  ctc k = sizes(lp, target, f->arg);
  nn_tensor *alpha = alphas(f->ctx, &k);
  if (alpha == NULL) return false;
  k.dx = f->out[0]->data;
  nn_parallel(k.batch, 1, forward_range, &k);
  nn_release(alpha);
  return !nn_interrupted();
}

static bool rows_vjp(nn_vjp *v) {
  T lp = nn_in(v, 0), target = nn_in(v, 1);
  if (lp == NULL || target == NULL) return false;
  return (v->d[0] = nn_do(v->ctx, &nn_op_ctc_backward, v_t(lp), v_t(target), v->arg[INPUT_LENGTHS], v->arg[TARGET_LENGTHS],
                          v->arg[BLANK], v->arg[ZERO_INFINITY], v_t(v->g[0]))) != NULL;
}

static bool backward_infer(nn_frame *f) {
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

static bool backward_kernel(nn_frame *f) {
  const nn_tensor *lp = nn_dense(f, 0), *target = nn_dense(f, 1), *g = nn_dense(f, 2);
  if (lp == NULL || target == NULL || g == NULL) return false;
  ctc k = sizes(lp, target, f->arg);
  int64_t room = k.batch * (k.states + k.classes);
  T alpha = nn_keep(f->ctx, alphas(f->ctx, &k)), scratch = nn_keep(f->ctx, nn_empty(f->ctx, NN_FLOAT64, 1, &room));
  if (alpha == NULL || scratch == NULL) return false;
  k.g = g->data, k.dx = f->out[0]->data;
  memset(k.dx, 0, (size_t)f->out[0]->numel * nn_esize(f->out[0]));
  nn_parallel(k.batch, 1, backward_range, &(backward_job){&k, (double *)(void *)scratch->data});
  return !nn_interrupted();
}

/* ---- the same in plain operations ------------------------------------------------------------------- */

static const double NEVER = -1e30; /* a logarithm of zero that survives subtraction */

static T t_where(C c, T m, T a, T b) { return m && a && b ? nn_do(c, &nn_op_where, v_t(m), v_t(a), v_t(b)) : NULL; }
static T t_never(C c, T like) { return like ? nn_keep(c, nn_scalar(c, (nn_dtype)like->dtype, NEVER)) : NULL; }

/* log(sum(exp)) of tensors of one shape, elementwise. */
static T log_sum(C c, int n, T *parts) {
  for (int i = 0; i < n; i++)
    if (parts[i] == NULL) return NULL;
  T all = nn_do(c, &nn_op_stack, v_ts(n, parts), v_i(0));
  int64_t dim = 0;
  return all ? nn_do(c, &nn_op_logsumexp, v_t(all), v_ints(1, &dim)) : NULL;
}

/* [N, L] moved by `by` states upwards, NEVER below. */
static T shifted(C c, T a, int64_t by) {
  if (a == NULL) return NULL;
  int64_t rows = a->shape[0], states = a->shape[1], one[] = {rows, by};
  T parts[2];
  if (by >= states) return t_expand(c, t_never(c, a), 2, a->shape);
  parts[0] = t_expand(c, t_never(c, a), 2, one);
  parts[1] = t_slice(c, a, 1, 0, states - by, 1);
  return parts[0] && parts[1] ? nn_do(c, &nn_op_cat, v_ts(2, parts), v_i(1)) : NULL;
}

/* A fresh [a, b] tensor whose elements f(k, i, j) gives. */
static T table(C c, const ctc *k, nn_dtype dtype, int64_t a, int64_t b, int64_t (*f)(const ctc *, int64_t, int64_t)) {
  int64_t shape[] = {a, b};
  T t = nn_keep(c, nn_empty(c, dtype, 2, shape));
  for (int64_t i = 0; t != NULL && i < a * b; i++) {
    int64_t x = f(k, i / b, i % b);
    if (dtype == NN_BOOL)
      t->data[i] = (char)x;
    else
      ((int64_t *)(void *)t->data)[i] = x;
  }
  return t;
}

static int64_t class_or_blank(const ctc *k, int64_t n, int64_t s) {
  return (s <= 2 * k->target_length[n] ? class_of(k, n, s) : k->blank) + 1;
}
static int64_t may_skip(const ctc *k, int64_t n, int64_t s) { return s <= 2 * k->target_length[n] && skips(k, n, s); }
static int64_t starts(const ctc *k, int64_t n, int64_t s) { return s < 2 && s <= 2 * k->target_length[n]; }
static int64_t ends(const ctc *k, int64_t n, int64_t s) {
  int64_t last = 2 * k->target_length[n];
  return s == last || s == last - 1;
}
static int64_t runs(const ctc *k, int64_t n, int64_t t) { return t < k->input_length[n]; }

/* Column t of a [N, T] table, as [N, 1]. */
static T column(C c, T m, int64_t t) { return t_slice(c, m, 1, t, t + 1, 1); }

static bool rows_compose(nn_frame *f) {
  C c = f->ctx;
  T lp = f->in[0], target = nn_keep(c, nn_contiguous_data(f->in[1]));
  if (target == NULL) return false;
  ctc k = sizes(lp, target, f->arg);
  T classes = table(c, &k, NN_INT64, k.batch, k.states, class_or_blank);
  T skip = table(c, &k, NN_BOOL, k.batch, k.states, may_skip), start = table(c, &k, NN_BOOL, k.batch, k.states, starts);
  T end = table(c, &k, NN_BOOL, k.batch, k.states, ends), running = table(c, &k, NN_BOOL, k.batch, k.steps, runs);
  T never = t_never(c, lp), alpha = NULL;
  for (int64_t t = 0; t < k.steps; t++) {
    T now = t_select(c, lp, 0, t);
    T here = now && classes ? nn_do(c, &nn_op_gather, v_t(now), v_i(1), v_t(classes)) : NULL;
    if (here == NULL) return false;
    if (t == 0) {
      alpha = t_where(c, start, here, never);
      continue;
    }
    T ways[] = {alpha, shifted(c, alpha, 1), t_where(c, skip, shifted(c, alpha, 2), never)};
    alpha = t_where(c, column(c, running, t), t_add(c, log_sum(c, 3, ways), here), alpha);
  }
  if (alpha == NULL) return nn_bad(f, "second derivatives need at least one time step");
  T last = t_where(c, end, alpha, never);
  int64_t dim = 1, both[] = {0, 2};
  T loss = last ? t_neg(c, nn_do(c, &nn_op_logsumexp, v_t(last), v_ints(1, &dim))) : NULL;
  /* exp(lp) in the gradient: a term without a value */
  T mask = running ? t_unsqueeze(c, t_transpose(c, running, 0, 1), 2) : NULL;
  T chance = t_where(c, mask, t_exp(c, lp), nn_keep(c, nn_scalar(c, (nn_dtype)lp->dtype, 0)));
  T total = chance ? nn_do(c, &nn_op_sum, v_t(chance), v_ints(2, both)) : NULL;
  loss = t_add(c, loss, t_sub(c, total, t_detach(c, total)));
  if (loss == NULL) return false;
  T lost = nn_do(c, &nn_op_gt, v_t(loss), v_t(t_num(c, -0.1 * NEVER)));
  T instead = nn_keep(c, nn_scalar(c, (nn_dtype)lp->dtype, k.zero_infinity ? 0 : INFINITY));
  return (f->out[0] = t_where(c, lost, instead, loss)) != NULL;
}

const nn_op nn_op_ctc_rows = {
    .name = "ctc_rows", .doc = "Loss of each sequence.", .params = {{"log_probs", P_TENSOR}, {"targets", P_TENSOR}, LENGTHS, OPTIONS},
    .flags = NN_PRIVATE, .saves_in = 3, .grads_in = 1, .infer = rows_infer, .kernel = rows_kernel, .compose = rows_compose,
    .vjp = rows_vjp};

const nn_op nn_op_ctc_backward = {
    .name = "ctc_backward", .doc = "Part of a gradient.",
    .params = {{"log_probs", P_TENSOR}, {"targets", P_TENSOR}, LENGTHS, OPTIONS, {"grad", P_TENSOR}},
    .flags = NN_PRIVATE | NN_NO_GRAD, .infer = backward_infer, .kernel = backward_kernel};

/* ---- for users -------------------------------------------------------------------------------------- */

static bool check_lengths(nn_frame *f, int64_t steps, int64_t batch, int64_t classes) {
  const nn_value *in = &f->arg[INPUT_LENGTHS], *out = &f->arg[TARGET_LENGTHS];
  if (in->n != batch || out->n != batch)
    return nn_bad(f, "expected %lld input_lengths and target_lengths, got %d and %d", (long long)batch, in->n, out->n);
  for (int64_t n = 0; n < batch; n++) {
    if (in->ints[n] < 0 || in->ints[n] > steps)
      return nn_bad(f, "input length %lld of sequence %lld is not within 0 to %lld", (long long)in->ints[n],
                    (long long)n + 1, (long long)steps);
    if (out->ints[n] < 0) return nn_bad(f, "target length %lld is negative", (long long)out->ints[n]);
  }
  if (f->arg[BLANK].i < 1 || f->arg[BLANK].i > classes)
    return nn_bad(f, "blank %lld is no class: classes count from 1 to %lld", (long long)f->arg[BLANK].i, (long long)classes);
  return true;
}

/* Targets [N, S] or one after the other as rows [N, longest], unused places 1. */
static T padded(nn_frame *f, int64_t batch, int64_t classes) {
  const nn_tensor *t = nn_dense(f, 1);
  const int64_t *length = f->arg[TARGET_LENGTHS].ints;
  int64_t shape[] = {batch, 0}, sum = 0;
  for (int64_t n = 0; n < batch; n++) {
    sum += length[n];
    if (length[n] > shape[1]) shape[1] = length[n];
  }
  bool flat = t != NULL && t->ndim == 1;
  if (t == NULL) return NULL;
  if ((flat && t->shape[0] != sum && batch != 1) || t->shape[t->ndim - 1] < shape[1] || (!flat && t->shape[0] != batch))
    return nn_bad(f, "the target lengths (%lld at most, %lld together) do not fit targets of %lld x %lld",
                  (long long)shape[1], (long long)sum, (long long)(flat ? 1 : t->shape[0]), (long long)t->shape[t->ndim - 1]),
           NULL;
  T rows = nn_keep(f->ctx, nn_empty(f->ctx, NN_INT64, 2, shape));
  if (rows == NULL) return NULL;
  const int64_t *from = (const int64_t *)(const void *)t->data;
  int64_t *to = (int64_t *)(void *)rows->data;
  for (int64_t n = 0; n < batch; n++) {
    for (int64_t s = 0; s < shape[1]; s++) {
      int64_t c = s < length[n] ? from[s] : 1;
      if (c < 1 || c > classes)
        return nn_bad(f, "target %lld of sequence %lld is no class: classes count from 1 to %lld", (long long)c,
                      (long long)n + 1, (long long)classes),
               NULL;
      to[n * shape[1] + s] = c;
    }
    from += flat ? length[n] : t->shape[1];
  }
  return rows;
}

static bool ctc_compose(nn_frame *f) {
  C c = f->ctx;
  if (!nn_expect_float(f, 0) || !nn_expect_ndim(f, 0, 2, 3) || !nn_expect_ndim(f, 1, 1, 2) || !nn_expect_index(f, 1)) return false;
  bool one = f->in[0]->ndim == 2;
  T lp = one ? t_unsqueeze(c, f->in[0], 1) : f->in[0];
  if (lp == NULL) return false;
  int64_t batch = lp->shape[1], how = f->arg[5].i;
  if (!check_lengths(f, lp->shape[0], batch, lp->shape[2])) return false;
  T target = padded(f, batch, lp->shape[2]);
  if (target == NULL) return false;
  T loss = nn_do(c, &nn_op_ctc_rows, v_t(lp), v_t(target), f->arg[INPUT_LENGTHS], f->arg[TARGET_LENGTHS], f->arg[BLANK],
                 f->arg[6]);
  if (loss == NULL) return false;
  if (how == SUM) return (f->out[0] = t_sum(c, loss)) != NULL;
  if (how == NONE) return (f->out[0] = one ? t_select(c, loss, 0, 0) : loss) != NULL;
  T lengths = nn_keep(c, nn_empty(c, (nn_dtype)lp->dtype, 1, &batch));
  if (lengths == NULL) return false;
  for (int64_t n = 0; n < batch; n++) {
    int64_t length = f->arg[TARGET_LENGTHS].ints[n] > 1 ? f->arg[TARGET_LENGTHS].ints[n] : 1;
    if (lp->dtype == NN_FLOAT32)
      ((float *)(void *)lengths->data)[n] = (float)length;
    else
      ((double *)(void *)lengths->data)[n] = (double)length;
  }
  return (f->out[0] = t_mean(c, t_div(c, loss, lengths))) != NULL;
}

const nn_op nn_op_ctc_loss = {
    .name = "ctc_loss",
    .doc = "Connectionist temporal classification (Graves et al. 2006): minus the logarithm of the probability of a sequence of\n"
           "classes, summed over all its alignments with time. log_probs [T, N, C] (or [T, C]) are log_softmax of a network's\n"
           "outputs, targets [N, S] classes from 1 to C without the blank (or all sequences one after the other), the lengths\n"
           "say how much of each row counts. \"mean\" divides each loss by its target's length first. zero_infinity makes\n"
           "losses of targets that are too long for their input 0. As in PyTorch the gradient is the one for log_probs that come\n"
           "from log_softmax.",
    .example = "local log_probs = tensor{{0.25, 0.75}, {0.5, 0.5}}:log()\n"
               "F.ctc_loss(log_probs, tensor{2}, {2}, {1}):exp()\n--> 1.1428571",
    .params = {{"log_probs", P_TENSOR}, {"targets", P_TENSOR}, LENGTHS, {"blank", P_INT, "1"},
               {"reduction", P_CHOICE, "mean", .choices = "none|mean|sum"}, {"zero_infinity", P_BOOL, "false"}},
    .flags = NN_F, .compose = ctc_compose,
    .samples = NN_SAMPLES("R(5,2,4):log_softmax(-1), I(3,2,2) + 1, {5, 4}, {2, 1}",
                          "R(6,3):log_softmax(-1), I(2,3), {6}, {3}, {blank = 3, reduction = \"sum\"}",
                          "R(4,2,3):log_softmax(-1), I(2,3) + 1, {4, 3}, {1, 2}, {reduction = \"none\"}"),
    .invalid = "R(5,2,4), I(3,2,2), {5, 6}, {2, 1}", .complaint = "input length 6 of sequence 2"};
