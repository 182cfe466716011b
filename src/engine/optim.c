/* optim.c - optimiser steps over whole lists of parameters: gathers pointers, checks them, cuts them into equal shares for
 * the thread team. The arithmetic is in kernels/optim.c. */
#include "optim.h"

#include <math.h>
#include <string.h>

#include "denormal.h"
#include "internal.h"
#include "parallel.h"

/* Elements worth a thread; items that need no allocation; items of fewer elements are not cut. */
enum { SHARE = 8192, INLINE_ITEMS = 32, WHOLE = 2048 };

/* An item as the kernels see it. */
typedef struct segment {
  int64_t begin, n; /* of one that is not cut: place in the concatenation of those */
  nn_dtype dtype;
  char *param;
  const char *grad;
  char *state[NN_OPTIM_STATE];
  int64_t step;
  double number;
  nn_tensor *param_copy, *grad_copy; /* dense stand-ins, or NULL */
} segment;

typedef struct job {
  segment *segments;
  int n, parts;
  int64_t whole; /* elements of items that are not cut */
  const void *options;
  double lr_decay;
  const double *extra;
  enum nn_rule_name rule;
  void (*run)(const struct job *job, const segment *s, int64_t from, int64_t n);
} job;

static bool check(nn_ctx *ctx, const nn_optim_item *item, int i) {
  const nn_tensor *p = item->param, *g = p->grad;
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
  if (!nn_is_float((nn_dtype)p->dtype))
    return nn_fail(ctx, "step: parameter %d is %s, expected a float dtype", i + 1,
                   nn_dtype_name(nn_tensor_dtype(p)));
  if (g == NULL) return nn_fail(ctx, "step: parameter %d has no gradient", i + 1);
  if (!nn_same_shape(p, g) || p->dtype != g->dtype)
    return nn_fail(ctx, "step: parameter %d is %s %s but its gradient is %s %s", i + 1,
                   nn_dtype_name(nn_tensor_dtype(p)), nn_tensor_shape_text(p, a),
                   nn_dtype_name(nn_tensor_dtype(g)), nn_tensor_shape_text(g, b));
  for (int k = 0; k < NN_OPTIM_STATE; k++) {
    const nn_tensor *s = item->state[k];
    if (s != NULL && (!nn_same_shape(p, s) || p->dtype != s->dtype || !nn_contig(s)))
      return nn_fail(ctx, "step: the state of parameter %d is %s %s, expected %s %s (contiguous)", i + 1,
                     nn_dtype_name(nn_tensor_dtype(s)), nn_tensor_shape_text(s, a),
                     nn_dtype_name(nn_tensor_dtype(p)), nn_tensor_shape_text(p, b));
  }
  return true;
}

/* Fills a segment; false when a dense copy could not be made. */
static bool prepare(segment *s, const nn_optim_item *item, int64_t begin) {
  nn_tensor *p = item->param, *g = p->grad;
  s->begin = begin;
  s->n = p->numel;
  s->dtype = (nn_dtype)p->dtype;
  s->step = item->step;
  s->number = item->number;
  s->param_copy = s->grad_copy = NULL;
  if (!nn_contig(p)) {
    s->param_copy = nn_contiguous_data(p);
    if (s->param_copy == NULL) return false;
  }
  if (!nn_contig(g)) {
    s->grad_copy = nn_contiguous_data(g);
    if (s->grad_copy == NULL) return false;
  }
  s->param = nn_data(s->param_copy ? s->param_copy : p);
  s->grad = nn_data(s->grad_copy ? s->grad_copy : g);
  for (int k = 0; k < NN_OPTIM_STATE; k++) s->state[k] = item->state[k] ? nn_data(item->state[k]) : NULL;
  return true;
}

/* The part of a segment that belongs to a share. Each core gets the same part of every large parameter: that of a weight
 * matrix whose gradient it has made, as a range of rows, and whose products it will compute. */
static int64_t part_begin(const job *j, const segment *s, int64_t part) {
  if (s->n == 0) return 0;
  if (s->n < WHOLE) return s->begin * j->parts / j->whole < part ? s->n : 0;
  return part == j->parts ? s->n : s->n * part / j->parts / 16 * 16;
}

/* Moments of parameters whose gradient stays zero (the weights of a dead unit) fade, and would stay denormal for good: an
 * Adam step then takes three times as long. So these are zeros here. */
static void work(void *arg, int64_t begin, int64_t end, int thread) {
  const job *j = arg;
  const unsigned mode = nn_flush_begin();
  (void)thread;
  for (int64_t part = begin; part < end; part++)
    for (int i = 0; i < j->n; i++) {
      const segment *s = &j->segments[i];
      int64_t from = part_begin(j, s, part), to = part_begin(j, s, part + 1);
      if (from < to) j->run(j, s, from, to - from);
    }
  nn_flush_end(mode);
}

static bool step(nn_ctx *ctx, nn_optim_item *items, int n, job *j) {
  segment few[INLINE_ITEMS], *segments = few;
  for (int i = 0; i < n; i++)
    if (!check(ctx, &items[i], i)) return false;
  if (n > INLINE_ITEMS) {
    segments = nn_mem_alloc(ctx, (size_t)n * sizeof *segments);
    if (segments == NULL) return false;
  }
  int64_t total = 0;
  int made = 0;
  bool ok = true;
  while (ok && made < n) {
    segment *s = &segments[made];
    ok = prepare(s, &items[made++], j->whole);
    total += s->n;
    if (s->n < WHOLE) j->whole += s->n;
  }
  j->segments = segments;
  j->n = n;
  j->parts = total < 2 * SHARE ? 1 : nn_parallel_parts(total, SHARE);
  if (ok && j->parts == 1)
    work(j, 0, 1, 0);
  else if (ok)
    nn_parallel(j->parts, 1, work, j);
  for (int i = 0; i < made; i++) {
    if (ok && segments[i].param_copy) nn_copy_data(items[i].param, segments[i].param_copy);
    if (ok) nn_touch(items[i].param);
    nn_release(segments[i].param_copy);
    nn_release(segments[i].grad_copy);
  }
  if (segments != few) nn_mem_free(ctx, segments, (size_t)n * sizeof *segments);
  return ok;
}

static void *at(char *data, const segment *s, int64_t from) {
  return data ? data + from * (int64_t)nn_dtype_size(s->dtype) : NULL;
}

static const void *grad_at(const segment *s, int64_t from) {
  return s->grad + from * (int64_t)nn_dtype_size(s->dtype);
}

/* ---- the methods ------------------------------------------------------------------------------------ */

static void run_sgd(const job *j, const segment *s, int64_t from, int64_t n) {
  struct nn_sgd o = *(const struct nn_sgd *)j->options;
  o.first = s->step == 1;
  NN_SELECT(nn_optim)->sgd[s->dtype](n, &o, at(s->param, s, from), grad_at(s, from),
                                     at(s->state[0], s, from));
}

bool nn_optim_sgd(nn_ctx *ctx, nn_optim_item *items, int n, const struct nn_sgd *options) {
  job j = {.options = options, .run = run_sgd};
  return step(ctx, items, n, &j);
}

static void run_adam(const job *j, const segment *s, int64_t from, int64_t n) {
  struct nn_adam o = *(const struct nn_adam *)j->options;
  o.bias_correction1 = 1 - pow(o.beta1, (double)s->step);
  o.bias_correction2 = 1 - pow(o.beta2, (double)s->step);
  NN_SELECT(nn_optim)->adam[s->dtype](n, &o, at(s->param, s, from), grad_at(s, from),
                                      at(s->state[0], s, from), at(s->state[1], s, from),
                                      at(s->state[2], s, from));
}

bool nn_optim_adam(nn_ctx *ctx, nn_optim_item *items, int n, const struct nn_adam *options) {
  job j = {.options = options, .run = run_adam};
  return step(ctx, items, n, &j);
}

static void run_rmsprop(const job *j, const segment *s, int64_t from, int64_t n) {
  NN_SELECT(nn_optim)->rmsprop[s->dtype](n, j->options, at(s->param, s, from), grad_at(s, from),
                                         at(s->state[0], s, from), at(s->state[1], s, from),
                                         at(s->state[2], s, from));
}

bool nn_optim_rmsprop(nn_ctx *ctx, nn_optim_item *items, int n, const struct nn_rmsprop *options) {
  job j = {.options = options, .run = run_rmsprop};
  return step(ctx, items, n, &j);
}

static void run_adagrad(const job *j, const segment *s, int64_t from, int64_t n) {
  struct nn_adagrad o = *(const struct nn_adagrad *)j->options;
  o.clr /= 1 + (double)(s->step - 1) * j->lr_decay;
  NN_SELECT(nn_optim)->adagrad[s->dtype](n, &o, at(s->param, s, from), grad_at(s, from),
                                         at(s->state[0], s, from));
}

bool nn_optim_adagrad(nn_ctx *ctx, nn_optim_item *items, int n, const struct nn_adagrad *options,
                      double lr_decay) {
  job j = {.options = options, .lr_decay = lr_decay, .run = run_adagrad};
  return step(ctx, items, n, &j);
}

/* ---- rules ------------------------------------------------------------------------------------------ */

/* Nesterov's momentum at a step, warmed up as in Dozat 2016; extra[0] is momentum_decay. */
static double nadam_momentum(const struct nn_rule *o, const double *extra, int64_t step) {
  return o->beta1 * (1 - 0.5 * pow(0.96, (double)step * extra[0]));
}

static void nadam_scales(struct nn_rule *o, const double *extra, const segment *s) {
  double mu = nadam_momentum(o, extra, s->step), next = nadam_momentum(o, extra, s->step + 1);
  double product = s->number * mu;
  o->scale1 = o->lr * (1 - mu) / (1 - product);
  o->scale2 = o->lr * next / (1 - product * next);
  o->correction2 = 1 - pow(o->beta2, (double)s->step);
}

/* The rectification of Liu et al. 2020. */
static void radam_scales(struct nn_rule *o, const segment *s) {
  double t = (double)s->step, power = pow(o->beta2, t), top = 2 / (1 - o->beta2) - 1;
  double rho = top - 2 * t * power / (1 - power);
  o->scale1 = o->lr / (1 - pow(o->beta1, t));
  o->scale2 = 0;
  if (rho > 5)
    o->scale2 = o->scale1 * sqrt(1 - power) * sqrt((rho - 4) * (rho - 2) * top / ((top - 4) * (top - 2) * rho));
}

static void run_rule(const job *j, const segment *s, int64_t from, int64_t n) {
  struct nn_rule o = *(const struct nn_rule *)j->options;
  void *state[NN_OPTIM_STATE];
  o.first = s->step == 1;
  if (j->rule == NN_ADAMAX) o.scale1 = o.lr / (1 - pow(o.beta1, (double)s->step));
  if (j->rule == NN_NADAM) nadam_scales(&o, j->extra, s);
  if (j->rule == NN_RADAM) radam_scales(&o, s);
  if (j->rule == NN_ASGD) {
    double since = (double)(s->step - 1) - j->extra[1];
    o.scale1 = s->number;
    o.scale2 = 1 / (since > 1 ? since : 1);
  }
  for (int k = 0; k < NN_OPTIM_STATE; k++) state[k] = at(s->state[k], s, from);
  NN_SELECT(nn_rules)->run[j->rule][s->dtype](n, &o, at(s->param, s, from), grad_at(s, from), state);
}

bool nn_optim_rule(nn_ctx *ctx, enum nn_rule_name rule, nn_optim_item *items, int n, const struct nn_rule *options,
                   const double *extra) {
  job j = {.options = options, .rule = rule, .extra = extra, .run = run_rule};
  if (!step(ctx, items, n, &j)) return false;
  for (int i = 0; i < n; i++) {
    if (rule == NN_NADAM) items[i].number *= nadam_momentum(options, extra, items[i].step);
    if (rule == NN_ASGD)
      items[i].number = options->lr / pow(1 + options->beta1 * options->lr * (double)items[i].step, extra[0]);
  }
  return true;
}
