/* apply.c - how an operation runs: from arguments to a frame, promotion, shapes, kernel, record.
 * Knows rows (op.h) but no particular operation, except the conversion between dtypes. */
#include <stdlib.h>
#include <string.h>

#include "elementwise.h"
#include "expr.h"
#include "graph.h"
#include "interrupt.h"
#include "later.h"
#include "profile.h"

/* ---- results ---------------------------------------------------------------------------------------- */

void nn_results_free(nn_ctx *ctx, nn_results *r) {
  if (r->t != r->small && r->t != NULL) nn_mem_free(ctx, r->t, (size_t)r->cap * sizeof *r->t);
  r->t = NULL;
}

bool nn_results_reserve(nn_ctx *ctx, nn_results *r, int n) {
  if (n <= 4) return true;
  nn_tensor **t = nn_mem_alloc(ctx, (size_t)n * sizeof(nn_tensor *));
  if (t == NULL) return false;
  r->t = t;
  r->cap = n;
  return true;
}

/* ---- arguments -------------------------------------------------------------------------------------- */

static int choice_index(const char *choices, const char *name, size_t n) {
  for (int i = 0;; i++) {
    const char *bar = strchr(choices, '|');
    size_t m = bar ? (size_t)(bar - choices) : strlen(choices);
    if (m == n && memcmp(choices, name, n) == 0) return i;
    if (bar == NULL) return -1;
    choices = bar + 1;
  }
}

nn_value nn_default(const nn_param *p) {
  const char *s = p->def;
  if (s[0] == 'n' && s[1] == 'i' && s[2] == 'l' && s[3] == '\0') return V_NONE;
  switch (p->kind) {
    case P_BOOL: return v_b(s[0] == 't');
    case P_CHOICE: return v_i(choice_index(p->choices, s, strlen(s)));
    case P_STRING: return v_s(s);
    case P_FLOAT:
      if (s[1] == '\0') return v_f(s[0] - '0');
      return v_f(strtod(s, NULL));
    case P_NUMBER:
      if (s[1] == '\0') return v_i(s[0] - '0');
      if (strpbrk(s, ".e") != NULL) return v_f(strtod(s, NULL));
      return v_i(strtoll(s, NULL, 10));
    case P_DIM:
    case P_POSITION: {
      int64_t d = strtoll(s, NULL, 10);
      return v_i(d > 0 ? d - 1 : d);
    }
    default: {
      if (s[1] == '\0') return v_i(s[0] - '0');
      return v_i(strtoll(s, NULL, 10));
    }
  }
}

static bool missing(nn_frame *f, const nn_param *p) { return nn_bad(f, "argument '%s' is missing", p->name); }

/* Room for the tensors of a call beyond those of its P_TENSOR parameters, which are at most NN_MAX_IN. */
static int count_listed(const nn_value *args, int n_args) {
  int n = 0;
  for (int i = 0; i < n_args; i++)
    if (args[i].tag == NN_V_TENSORS) n += args[i].n + NN_MAX_IN;
  return n;
}

static bool take_tensor(nn_frame *f, const nn_param *p, nn_value *arg, const nn_value *given) {
  nn_tensor *t = given != NULL && given->tag == NN_V_TENSOR ? given->t : NULL;
  if (t == NULL && (given == NULL || given->tag == NN_V_NONE)) {
    if (p->def == NULL) return missing(f, p);
  } else if (t == NULL) {
    return f->ctx->error == NN_OK ? nn_bad(f, "argument '%s' must be a tensor", p->name) : false;
  }
  *arg = (nn_value){.tag = t ? NN_V_TENSOR : NN_V_NONE, .n = 1, {.i = f->n_in}};
  f->in[f->n_in++] = t;
  return true;
}

static bool take_tensors(nn_frame *f, const nn_param *p, nn_value *arg, const nn_value *given) {
  if (given == NULL || given->tag != NN_V_TENSORS) {
    if (p->def == NULL) return missing(f, p);
    *arg = (nn_value){.tag = NN_V_NONE, .n = 0, {.i = f->n_in}};
    return true;
  }
  *arg = (nn_value){.tag = NN_V_TENSORS, .n = given->n, {.i = f->n_in}};
  for (int i = 0; i < given->n; i++) {
    if (given->tensors[i] == NULL && p->kind == P_TENSORS) {
      if (f->ctx->error != NN_OK) return false;
      return nn_bad(f, "%s[%d] must be a tensor", p->name, i + 1);
    }
    f->in[f->n_in++] = given->tensors[i];
  }
  return true;
}

/* `kinds` tells which kinds of parameters there are. */
static bool take_args(nn_frame *f, const nn_value *args, int n_args, uint32_t *kinds) {
  const nn_param *p = f->op->params;
  *kinds = 0;
  for (f->n_args = 0; p->kind != P_END; p++, f->n_args++) {
    nn_value *arg = &f->arg[f->n_args];
    *kinds |= 1u << p->kind;
    const nn_value *given = f->n_args < n_args ? &args[f->n_args] : NULL;
    if (p->kind == P_TENSOR) {
      if (!take_tensor(f, p, arg, given)) return false;
    } else if (p->kind == P_TENSORS || p->kind == P_INDICES) {
      if (!take_tensors(f, p, arg, given)) return false;
    } else if (given != NULL && given->tag != NN_V_NONE) {
      *arg = *given;
    } else if (p->def == NULL) {
      f->n_args++;
      return missing(f, p);
    } else {
      *arg = nn_default(p);
    }
  }
  return true;
}

/* Dimensions count from the end where negative; they refer to the first input (after its ndim is known). */
static bool resolve_dim(nn_frame *f, int64_t *d, int ndim, const char *name) {
  int room = ndim > 0 ? ndim : 1;
  if (*d >= room || *d < -room) {
    long long shown = (long long)(*d >= 0 ? *d + 1 : *d);
    char text[NN_SHAPE_TEXT];
    return nn_bad(f, "%s = %lld is out of range for input of shape %s: dimensions are 1 to %d, or -%d to -1", name, shown,
                  f->n_in > 0 && f->in[0] ? nn_tensor_shape_text(f->in[0], text) : "[]", room, room);
  }
  if (*d < 0) *d += room;
  return true;
}

bool nn_resolve_dim(nn_frame *f, int64_t *d, int ndim, const char *name) { return resolve_dim(f, d, ndim, name); }

/* Kernels, strides, paddings and output sizes stay so small that products of them can't overflow. */
static bool small_ints(nn_frame *f, const nn_param *param, const nn_value *arg) {
  static const int bits[] = {62, 40, 28, 20};
  int64_t limit = (int64_t)1 << (param->count < 4 ? bits[param->count] : 16);
  for (int i = 0; i < arg->n; i++)
    if (arg->ints[i] > limit || arg->ints[i] < -limit)
      return nn_bad(f, "%s is %lld: more than %lld is too much", param->name, (long long)arg->ints[i], (long long)limit);
  return true;
}

/* P_INTS with a count: one number stands for so many, a list must have that length. */
static bool repeat_ints(nn_frame *f, int64_t *buf, int *room) {
  for (int p = 0; p < f->n_args; p++) {
    const nn_param *param = &f->op->params[p];
    nn_value *arg = &f->arg[p];
    bool one = arg->tag == NN_V_INT || (arg->tag == NN_V_INTS && arg->n == 1);
    if (param->kind != P_INTS || param->count == 0 || !(one || arg->tag == NN_V_INTS)) continue;
    if (arg->n == 0 && param->def != NULL && strcmp(param->def, "nil") == 0) continue; /* may be left out */
    if (!one && arg->n != param->count)
      return nn_bad(f, "%s must be a number or a list of %d, got a list of %d", param->name, param->count, arg->n);
    if (one) {
      if (*room < param->count) return nn_bad(f, "too many numbers");
      int64_t value = arg->tag == NN_V_INT ? arg->i : arg->ints[0];
      int64_t *list = buf + (3 * NN_MAX_DIMS - *room);
      for (int i = 0; i < param->count; i++) list[i] = value;
      *room -= param->count;
      *arg = v_ints(param->count, list);
    }
    if (!small_ints(f, param, arg)) return false;
  }
  return true;
}

/* Brings P_DIM and P_DIMS into 0 .. ndim - 1 of the first input. Rows whose dims mean something else (a place
 * for a new dimension) use P_POSITION or P_INTS. */
static bool resolve_dims(nn_frame *f, int64_t *buf, int room) {
  int ndim = f->n_in > 0 && f->in[0] ? f->in[0]->ndim : 0;
  for (int p = 0; p < f->n_args; p++) {
    const nn_param *param = &f->op->params[p];
    nn_value *arg = &f->arg[p];
    if (param->kind == P_DIM && arg->tag == NN_V_INT) {
      if (!resolve_dim(f, &arg->i, ndim, param->name)) return false;
    } else if (param->kind == P_DIMS && arg->tag == NN_V_INT) {
      if (room < 1) return nn_bad(f, "too many dimensions");
      buf[0] = arg->i;
      if (!resolve_dim(f, buf, ndim, param->name)) return false;
      *arg = v_ints(1, buf);
      buf++, room--;
    } else if (param->kind == P_DIMS && arg->tag == NN_V_INTS) {
      int n = arg->n;
      if (n > room || n > NN_MAX_DIMS) return nn_bad(f, "%s: %d dimensions are too many", param->name, n);
      uint32_t seen = 0;
      for (int i = 0; i < n; i++) {
        buf[i] = arg->ints[i];
        if (!resolve_dim(f, &buf[i], ndim, param->name)) return false;
        if (seen >> buf[i] & 1) return nn_bad(f, "%s names dimension %lld twice", param->name, (long long)buf[i] + 1);
        seen |= 1u << buf[i];
      }
      *arg = v_ints(n, buf);
      buf += n, room -= n;
    }
  }
  return true;
}

/* ---- promotion -------------------------------------------------------------------------------------- */

/* PyTorch's rule: tensors with dimensions decide; a 0-dim tensor, and last a plain number, only by a higher
 * category (bool < integer < float). */
static nn_dtype common_dtype(const nn_frame *f) {
  int best = -1;
  nn_dtype by_rank[3] = {NN_BOOL, NN_BOOL, NN_BOOL};
  bool has[3] = {false, false, false};
  for (int i = 0; i < f->n_in; i++) {
    const nn_tensor *t = f->in[i];
    if (t == NULL) continue;
    int rank = t->flags & NN_T_NUMBER ? 2 : t->ndim == 0 ? 1 : 0;
    nn_dtype d = (nn_dtype)t->dtype;
    if (rank == 2 && d == NN_FLOAT64) d = NN_FLOAT32; /* a number's default */
    by_rank[rank] = has[rank] ? nn_promote(by_rank[rank], d) : d;
    has[rank] = true;
  }
  nn_dtype result = NN_BOOL;
  for (int rank = 0; rank < 3; rank++) {
    if (!has[rank]) continue;
    int category = nn_dtype_category(by_rank[rank]);
    if (category > best) {
      result = by_rank[rank];
      best = category;
    }
  }
  return result;
}

static nn_tensor *convert_number(nn_ctx *ctx, const nn_tensor *t, nn_dtype to) {
  nn_tensor *r = nn_tensor_dtype(t) == NN_INT64 ? nn_scalar_int(ctx, to, nn_item_int(t)) : nn_scalar(ctx, to, nn_item(t));
  return nn_keep(ctx, r);
}

static bool promote_inputs(nn_frame *f) {
  nn_dtype to = common_dtype(f);
  if ((f->op->flags & NN_FLOATS) && !nn_is_float(to)) to = NN_FLOAT32;
  for (int i = 0; i < f->n_in; i++) {
    nn_tensor *t = f->in[i];
    if (t == NULL || (t->dtype == to && !(t->flags & NN_T_NUMBER))) continue;
    f->in[i] = t->flags & NN_T_NUMBER ? convert_number(f->ctx, t, to) : nn_do(f->ctx, &nn_op_to, v_t(t), v_dt(to));
    if (f->in[i] == NULL) return false;
  }
  return true;
}

/* ---- running ---------------------------------------------------------------------------------------- */

static bool wants_gradient(const nn_frame *f) {
  if (!f->ctx->grad_enabled || f->op->flags & NN_NO_GRAD) return false;
  for (int i = 0; i < f->n_in; i++)
    if (f->in[i] != NULL && nn_requires_grad(f->in[i])) return true;
  return false;
}

/* A negative size is the user's mistake, so the error names the operation. */
static bool sizes_fit(nn_frame *f, const nn_spec *s) {
  char text[NN_SHAPE_TEXT];
  for (int d = 0; d < s->ndim; d++)
    if (s->shape[d] < 0) return nn_bad(f, "a size cannot be negative: %s", nn_shape_text(s->ndim, s->shape, text));
  return true;
}

static bool make_outputs(nn_frame *f, nn_tensor *into) {
  nn_results *r = f->results;
  for (int k = 0; k < f->n_out; k++) {
    nn_spec *s = &f->spec[k];
    nn_tensor *t;
    if (!sizes_fit(f, s)) return false;
    if (k == 0 && into != NULL)
      t = nn_detach(into);
    else
      t = nn_empty(f->ctx, s->dtype, s->ndim, s->shape);
    if (t == NULL) return false;
    r->t[r->n++] = t;
  }
  f->out = r->t;
  return true;
}

/* Whether the kernel may write straight over `into`. */
static bool can_write_into(const nn_frame *f, const nn_tensor *into) {
  const nn_spec *s = &f->spec[0];
  bool able = f->op->flags & NN_ANY_OUT || f->op->kernel == nn_elementwise_kernel;
  if (into == NULL || !able || f->n_out != 1) return false;
  if (s->dtype != into->dtype || s->ndim != into->ndim) return false;
  for (int d = 0; d < s->ndim; d++)
    if (s->shape[d] != into->shape[d]) return false;
  for (int i = 0; i < f->n_in; i++) {
    const nn_tensor *t = f->in[i];
    if (t == NULL || t->storage != into->storage) continue;
    if (t->data != into->data || !nn_same_shape(t, into)) return false;
    for (int d = 0; d < t->ndim; d++)
      if (t->stride[d] != into->stride[d]) return false;
  }
  for (int d = 0; d < into->ndim; d++) /* expanded: several elements in one place */
    if (into->stride[d] == 0 && into->shape[d] > 1) return false;
  return true;
}

static bool run_kernel(nn_frame *f, nn_tensor *into, bool *wrote) {
  nn_ctx *ctx = f->ctx;
  f->n_out = f->op->n_out ? f->op->n_out : 1;
  if (!f->op->infer(f)) return false;
  if (!nn_results_reserve(ctx, f->results, f->n_out)) return false;
  *wrote = can_write_into(f, into);
  if (!make_outputs(f, *wrote ? into : NULL)) return false;
  if (!f->op->kernel(f) || nn_interrupted()) {
    if (ctx->error == NN_OK && nn_interrupted()) nn_fail_code(ctx, NN_ERR_INTERRUPT, "interrupted");
    if (ctx->error == NN_OK) nn_bad(f, "failed");
    return false;
  }
  if (*wrote) nn_touch(into);
  return true;
}

static bool run_view(nn_frame *f) {
  if (f->op->flags & NN_LIST_OUT) {
    if (!f->op->view(f)) return false;
    f->out = f->results->t;
    return true;
  }
  nn_tensor *out[1] = {NULL};
  f->out = out;
  f->n_out = 1;
  if (!f->op->view(f)) return false;
  f->out = f->results->t;
  f->out[0] = out[0];
  f->results->n = 1;
  return out[0] != NULL;
}

/* Composed outputs are pooled; they may be inputs as well. */
static bool run_compose(nn_frame *f, nn_results *r) {
  nn_tensor *out[NN_MAX_OUT] = {NULL};
  f->out = out;
  f->n_out = f->op->n_out ? f->op->n_out : 1;
  f->results = r;
  if (!f->op->compose(f)) {
    if (f->ctx->error == NN_OK && nn_interrupted()) nn_fail_code(f->ctx, NN_ERR_INTERRUPT, "interrupted");
    return false;
  }
  if (f->op->flags & NN_LIST_OUT) return true; /* has filled results itself, with references of their own */
  for (int k = 0; k < f->n_out; k++) {
    if (f->out[k] == NULL) return false;
    r->t[r->n++] = nn_retain(f->out[k]);
  }
  return true;
}

bool nn_compose_frame(nn_frame *f, nn_results *r) {
  r->n = 0;
  r->cap = 0;
  r->t = r->small;
  return run_compose(f, r);
}

/* Under anomaly detection, for what is recorded: the first operation whose result has NaN where no input had. */
static bool run_kernel_watched(nn_frame *f, nn_tensor *into, bool *wrote) {
  bool watched = f->ctx->anomaly && f->recording && f->ctx->in_rule == 0;
  for (int i = 0; i < f->n_in && watched; i++) watched = !nn_has_nan(f->in[i]);
  if (!run_kernel(f, into, wrote)) return false;
  for (int k = 0; k < f->n_out && watched; k++)
    if (nn_has_nan(f->out[k]))
      return nn_fail(f->ctx, "detect_anomaly: the result of %.*s has NaN, its inputs have none", nn_op_base(f->op),
                     f->op->name);
  return true;
}

static bool run_frame(nn_frame *f, nn_tensor *into, bool *wrote) {
  f->recording = wants_gradient(f);
  if (f->op->kernel != NULL) {
    if (!run_kernel_watched(f, into, wrote)) return false;
  } else if (f->op->view != NULL) {
    if (!run_view(f)) return false;
  } else {
    return run_compose(f, f->results);
  }
  if (!f->recording) return true;
  return nn_record(f, *wrote ? into : NULL);
}

static void drop_extras(nn_frame *f) {
  for (int k = 0; k < 2; k++) {
    if (f->extra[k] != NULL) nn_release(f->extra[k]);
    f->extra[k] = NULL;
  }
}

/* What an array of inputs needs beyond the fixed room. */
typedef struct input_room {
  nn_tensor *fixed[NN_MAX_IN];
  nn_tensor **in;
  int n;
} input_room;

static bool open_room(nn_ctx *ctx, input_room *room, int n) {
  room->n = n;
  room->in = room->fixed;
  if (n > NN_MAX_IN) room->in = nn_mem_alloc(ctx, (size_t)n * sizeof(nn_tensor *));
  return room->in != NULL;
}

static void close_room(nn_ctx *ctx, input_room *room) {
  if (room->in != room->fixed && room->in != NULL) nn_mem_free(ctx, room->in, (size_t)room->n * sizeof(nn_tensor *));
}

/* The record of a call that had no frame: n tensors, then numbers. */
static bool record_direct(nn_ctx *ctx, const nn_op *op, const nn_value *args, int n_args, int n, nn_results *r) {
  nn_value arg[NN_MAX_PARAMS];
  nn_tensor *in[2] = {args[0].t, n > 1 ? args[1].t : NULL};
  nn_frame f;
  f.ctx = ctx, f.op = op, f.arg = arg, f.in = in, f.out = r->t, f.results = r;
  f.n_in = n, f.n_out = 1, f.n_args = 0;
  f.extra[0] = f.extra[1] = NULL;
  f.note[0] = f.note[1] = 0;
  for (const nn_param *p = op->params; p->kind != P_END; p++, f.n_args++) {
    if (p->kind == P_TENSOR)
      arg[f.n_args] = (nn_value){.tag = NN_V_TENSOR, .n = 1, {.i = f.n_args}};
    else
      arg[f.n_args] = f.n_args < n_args && args[f.n_args].tag != NN_V_NONE ? args[f.n_args] : nn_default(p);
  }
  return nn_record(&f, NULL);
}

/* The short way for small elementwise operations, the most frequent ones. False: not one of these. */
static bool run_direct(nn_ctx *ctx, const nn_op *op, const nn_value *args, int n_args, nn_results *r) {
  nn_tensor *out = NULL;
  int n = nn_elementwise_direct(op, args, n_args, &out);
  if (n == 0) return false;
  if (out == NULL) return true; /* no memory: the error is set */
  r->t[0] = out;
  r->n = 1;
  bool wanted = ctx->grad_enabled && !(op->flags & NN_NO_GRAD) &&
                (nn_requires_grad(args[0].t) || (n > 1 && nn_requires_grad(args[1].t)));
  if (wanted) record_direct(ctx, op, args, n_args, n, r);
  return true;
}

static bool run(nn_ctx *ctx, const nn_op *op, const nn_value *args, int n_args, nn_results *r, nn_tensor *into,
                bool *wrote) {
  nn_value arg[NN_MAX_PARAMS];
  int64_t dims[3 * NN_MAX_DIMS];
  input_room room;
  nn_frame f;
  f.ctx = ctx;
  f.op = op;
  f.n_in = 0;
  f.n_out = 0;
  f.arg = arg;
  f.out = NULL;
  f.extra[0] = f.extra[1] = NULL;
  f.note[0] = f.note[1] = 0;
  f.results = r;
  if (!open_room(ctx, &room, count_listed(args, n_args))) return false;
  f.in = room.in;
  int mark = nn_pool_mark(ctx);
  int spare = 3 * NN_MAX_DIMS;
  uint32_t kinds;
  bool ok = take_args(&f, args, n_args, &kinds);
  if (ok && kinds >> P_INTS & 1) ok = repeat_ints(&f, dims, &spare);
  if (ok && kinds & (1u << P_DIM | 1u << P_DIMS)) ok = resolve_dims(&f, dims + (3 * NN_MAX_DIMS - spare), spare);
  if (ok && op->flags & NN_PROMOTES) ok = promote_inputs(&f);
  if (ok) ok = run_frame(&f, into, wrote);
  drop_extras(&f);
  nn_pool_reset(ctx, mark);
  close_room(ctx, &room);
  return ok;
}

static bool apply_one(nn_ctx *ctx, const nn_op *op, const nn_value *args, int n_args, nn_results *r, nn_tensor *into,
                      bool *wrote) {
  const nn_op *outer = ctx->outer;
  r->n = 0;
  r->cap = 0;
  r->t = r->small;
  if (ctx->error != NN_OK) return false;
  if (outer == NULL) ctx->outer = op;
  if (__builtin_expect(ctx->later != NULL, 0)) nn_settle_arguments(ctx, op, args, n_args);
  bool short_way = into == NULL && !ctx->anomaly && ctx->error == NN_OK;
  bool ok = short_way && op->flags & NN_DIRECT && op->kernel != NULL && run_direct(ctx, op, args, n_args, r);
  if (short_way && op->quick != NULL && ctx->profile == NULL && (r->t[0] = op->quick(ctx, args, n_args)) != NULL) {
    r->n = 1;
    ok = true;
  }
  ok = ok || ctx->error != NN_OK ? ctx->error == NN_OK : run(ctx, op, args, n_args, r, into, wrote);
  if (outer == NULL) ctx->outer = NULL;
  if (ok) return true;
  for (int k = 0; k < r->n; k++) nn_release(r->t[k]);
  r->n = 0;
  nn_results_free(ctx, r);
  if (ctx->error == NN_OK) nn_fail(ctx, "%s failed", op->name);
  return false;
}

static bool apply(nn_ctx *ctx, const nn_op *op, const nn_value *args, int n_args, nn_results *r, nn_tensor *into,
                  bool *wrote) {
  if (__builtin_expect(ctx->profile == NULL, 1)) return apply_one(ctx, op, args, n_args, r, into, wrote);
  nn_profile_call call;
  nn_profile_begin(ctx, &call);
  bool ok = apply_one(ctx, op, args, n_args, r, into, wrote);
  nn_profile_end(ctx, &call, op, args, n_args, r);
  return ok;
}

/* A quick look: false where a gradient is certainly not wanted. */
static inline bool may_require(const nn_tensor *t) {
  return t->flags & NN_T_REQUIRES || t->node != NULL || t->base != NULL;
}

static __attribute__((noinline)) nn_tensor *record_two(nn_ctx *ctx, const nn_op *op, nn_tensor *a, nn_tensor *b,
                                                      nn_tensor *y) {
  if (!(nn_requires_grad(a) || nn_requires_grad(b)) || op->flags & NN_NO_GRAD) return y;
  nn_value args[2] = {v_t(a), v_t(b)};
  nn_results r = {.n = 1, .t = r.small, .small = {y}};
  if (record_direct(ctx, op, args, 2, 2, &r)) return y;
  nn_release(y);
  return NULL;
}

static inline nn_tensor *apply_two(nn_ctx *ctx, const nn_op *op, nn_tensor *a, nn_tensor *b) {
  nn_tensor *y = nn_elementwise_two(op, a, b);
  if (y == NULL || !ctx->grad_enabled || !(may_require(a) || may_require(b))) return y;
  return record_two(ctx, op, a, b, y);
}

static __attribute__((noinline)) nn_tensor *apply_two_timed(nn_ctx *ctx, const nn_op *op, nn_tensor *a, nn_tensor *b) {
  nn_profile_call call;
  nn_profile_begin(ctx, &call);
  nn_tensor *y = apply_two(ctx, op, a, b);
  if (y == NULL) {
    nn_profile_forget(ctx, &call);
    return NULL;
  }
  const nn_value args[2] = {v_t(a), v_t(b)};
  const nn_results r = {.n = 1, .t = &y};
  nn_profile_end(ctx, &call, op, args, 2, &r);
  return y;
}

nn_tensor *nn_apply_two(nn_ctx *ctx, const nn_op *op, nn_tensor *a, nn_tensor *b) {
  bool plain = ctx->error == NN_OK && !ctx->anomaly && ctx->later == NULL;
  if (!plain || op->kernel == NULL) return NULL;
  return __builtin_expect(ctx->profile != NULL, 0) ? apply_two_timed(ctx, op, a, b) : apply_two(ctx, op, a, b);
}

nn_tensor *nn_apply_tensors(nn_ctx *ctx, const nn_op *op, const nn_value *args, int n_args) {
  bool plain = ctx->error == NN_OK && !ctx->anomaly && ctx->later == NULL && ctx->profile == NULL;
  if (!plain) return NULL;
  if (op->quick != NULL) return op->quick(ctx, args, n_args);
  bool one = n_args == 1 && op->flags & NN_DIRECT && op->kernel != NULL && op->params[1].kind == P_END;
  nn_tensor *y = NULL, *x = args[0].t;
  if (!one || nn_elementwise_direct(op, args, 1, &y) == 0 || y == NULL) return NULL;
  return op->flags & NN_NO_GRAD ? y : nn_record_quick(ctx, op, &x, 1, NULL, 0, y);
}

bool nn_apply(nn_ctx *ctx, const nn_op *op, const nn_value *args, int n_args, nn_results *results) {
  bool wrote = false;
  return apply(ctx, op, args, n_args, results, NULL, &wrote);
}

nn_tensor *nn_call(nn_ctx *ctx, const nn_op *op, int n, const nn_value *args) {
  nn_results r;
  if (n == 2 && op->flags & NN_DIRECT && args[0].tag == NN_V_TENSOR && args[1].tag == NN_V_TENSOR) {
    nn_tensor *y = args[0].t && args[1].t ? nn_apply_two(ctx, op, args[0].t, args[1].t) : NULL;
    if (y != NULL) return nn_keep(ctx, y);
  }
  if (!nn_apply(ctx, op, args, n, &r)) return NULL;
  nn_tensor *first = NULL;
  for (int k = 0; k < r.n; k++) {
    nn_tensor *t = nn_keep(ctx, r.t[k]);
    if (k == 0) first = t;
  }
  nn_results_free(ctx, &r);
  return first;
}

bool nn_same_as(nn_frame *f) {
  nn_value args[NN_MAX_PARAMS];
  for (int p = 0; p < f->n_args; p++) {
    args[p] = f->arg[p];
    if (f->op->params[p].kind == P_TENSOR) args[p] = v_opt(f->in[f->arg[p].i]);
  }
  return (f->out[0] = nn_call(f->ctx, f->op->data, f->n_args, args)) != NULL;
}

/* ---- in place --------------------------------------------------------------------------------------- */

static bool check_inplace(nn_ctx *ctx, const nn_op *op, nn_tensor *x) {
  if (ctx->grad_enabled && nn_requires_grad(x) && nn_is_leaf(x))
    return nn_fail(ctx,
                   "%.*s_: a leaf tensor that requires grad cannot be changed in place while gradients are "
                   "recorded; do it inside tensor.no_grad, or on a copy",
                   nn_op_base(op), op->name);
  if (ctx->grad_enabled && x->base != NULL && nn_requires_grad(x->base) && nn_is_leaf(x->base))
    return nn_fail(ctx,
                   "%.*s_: a view of a leaf tensor that requires grad cannot be changed in place while gradients "
                   "are recorded; do it inside tensor.no_grad",
                   nn_op_base(op), op->name);
  for (int d = 0; d < x->ndim; d++)
    if (x->stride[d] == 0 && x->shape[d] > 1)
      return nn_fail(ctx, "%.*s_: an expanded tensor holds several elements in one place; use clone() first", nn_op_base(op),
                     op->name);
  return true;
}

/* Result r, of any dtype, goes to x. */
static bool write_back(nn_ctx *ctx, const nn_op *op, nn_tensor *x, nn_tensor **r) {
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
  if (!nn_same_shape(x, *r))
    return nn_fail(ctx, "%.*s_: the result has shape %s, which does not fit the tensor of shape %s that it would replace",
                   nn_op_base(op), op->name, nn_tensor_shape_text(*r, a), nn_tensor_shape_text(x, b));
  if (nn_dtype_category((nn_dtype)(*r)->dtype) > nn_dtype_category((nn_dtype)x->dtype))
    return nn_fail(ctx, "%.*s_: the result is %s, which does not fit a tensor of %s", nn_op_base(op), op->name,
                   nn_dtype_name((nn_dtype)(*r)->dtype), nn_dtype_name((nn_dtype)x->dtype));
  if ((*r)->dtype != x->dtype && nn_requires_grad(*r)) {
    nn_tensor *c = nn_retain(nn_do(ctx, &nn_op_to, v_t(*r), v_dt((nn_dtype)x->dtype)));
    if (c == NULL) return false;
    nn_release(*r);
    *r = c;
  }
  return nn_copy_data(x, *r);
}

/* x as it was, with its history, for an operation whose gradient needs what it is about to write over. Pooled. */
static nn_tensor *before_change(nn_ctx *ctx, nn_tensor *x) {
  nn_node *node;
  nn_tensor *copy = nn_keep(ctx, nn_empty(ctx, (nn_dtype)x->dtype, x->ndim, x->shape));
  if (copy == NULL || !nn_copy_data(copy, x) || !nn_history(x, &node)) return NULL;
  copy->node = nn_node_retain(node);
  copy->out = x->out;
  return copy;
}

static bool apply_inplace(nn_ctx *ctx, const nn_op *op, nn_tensor *x, const nn_value *args, int n_args);

/* x:t_() and its kind: x becomes its own view. Its history follows its shape, recorded or not: a gradient that
 * comes back has the new one. A leaf's gradient and what optimisers keep for it have the shape that it has. */
static bool view_inplace(nn_ctx *ctx, const nn_op *op, nn_tensor *x, const nn_value *args, int n_args) {
  nn_results r;
  bool leaf = nn_is_leaf(x), enabled = ctx->grad_enabled, outermost = ctx->outer == NULL;
  if (leaf && (nn_requires_grad(x) || x->grad != NULL))
    return nn_fail(ctx, "%.*s_: a leaf tensor that requires grad cannot change its shape in place; use %.*s, or do it "
                        "before requires_grad_", nn_op_base(op), op->name, nn_op_base(op), op->name);
  if (enabled && x->base != NULL && nn_requires_grad(x->base) && nn_is_leaf(x->base))
    return nn_fail(ctx, "%.*s_: a view of a leaf tensor that requires grad cannot change its shape in place; use %.*s",
                   nn_op_base(op), op->name, nn_op_base(op), op->name);
  ctx->grad_enabled = enabled || !leaf;
  if (outermost) ctx->outer_inplace = true;
  bool wrote = false, ok = apply(ctx, op, args, n_args, &r, NULL, &wrote);
  if (outermost) ctx->outer_inplace = false;
  ctx->grad_enabled = enabled;
  if (!ok) return false;
  ok = nn_take_geometry(x, r.t[0]) && (leaf || nn_follow_view(x, r.t[0]));
  if (ok) nn_touch(x);
  nn_release(r.t[0]);
  nn_results_free(ctx, &r);
  return ok;
}

bool nn_apply_inplace(nn_ctx *ctx, const nn_op *op, const nn_value *args, int n_args) {
  if (ctx->error != NN_OK) return false;
  nn_tensor *x = n_args > 0 && args[0].tag == NN_V_TENSOR ? args[0].t : NULL;
  if (x == NULL) return nn_fail(ctx, "%.*s_: the first argument must be a tensor", nn_op_base(op), op->name);
  nn_settle_to_write(x);
  if (op->view != NULL && op->kernel == NULL) return view_inplace(ctx, op, x, args, n_args);
  if (!check_inplace(ctx, op, x)) return false;
  bool recorded = false, saved = op->kernel == NULL || (op->saves_in & 1) != 0;
  for (int i = 0; i < n_args && ctx->grad_enabled && saved && !recorded; i++)
    recorded = args[i].tag == NN_V_TENSOR && nn_requires_grad(args[i].t);
  if (!recorded || n_args > NN_MAX_PARAMS) return apply_inplace(ctx, op, x, args, n_args);
  int mark = nn_pool_mark(ctx);
  nn_value changed[NN_MAX_PARAMS];
  nn_tensor *copy = before_change(ctx, x);
  for (int i = 0; i < n_args; i++) changed[i] = args[i].tag == NN_V_TENSOR && args[i].t == x ? v_t(copy) : args[i];
  bool ok = copy != NULL && apply_inplace(ctx, op, x, changed, n_args);
  nn_pool_reset(ctx, mark);
  return ok;
}

static bool apply_inplace(nn_ctx *ctx, const nn_op *op, nn_tensor *x, const nn_value *args, int n_args) {
  nn_results r;
  bool wrote = false;
  bool outermost = ctx->outer == NULL;
  if (outermost) ctx->outer_inplace = true;
  bool ok = apply(ctx, op, args, n_args, &r, x, &wrote);
  if (outermost) ctx->outer_inplace = false;
  if (!ok) return false;
  int mark = nn_pool_mark(ctx);
  if (!wrote) ok = write_back(ctx, op, x, &r.t[0]);
  if (ok && ctx->grad_enabled) ok = nn_adopt_history(x, r.t[0]);
  nn_pool_reset(ctx, mark);
  for (int k = 0; k < r.n; k++) nn_release(r.t[k]);
  nn_results_free(ctx, &r);
  return ok;
}
