/* later.c - putting results off for one operation, see later.h. Never fails once the work is accepted, unless the user
 * interrupts it: buffers are there, the loops need no memory, or do without it. */
#include "later.h"

#include <math.h>
#include <string.h>

#include "blas.h"
#include "kernels/rows.h"
#include "kernels/vmath.h"
#include "op.h"
#include "parallel.h"
#include "profile.h"
#include "storage.h"

/* Smaller ones are done sooner than put off. It is more than what nn_elementwise_direct takes, which reads its
 * arguments as they lie. */
enum { LEAST = 4 * 1024 };

static nn_tensor *keep(nn_tensor *t) { return t ? nn_detach(t) : NULL; }

/* All that w reads. */
enum { READS = 8 };

static void reads(nn_later *w, nn_tensor **of[READS]) {
  nn_tensor **all[READS] = {&w->x, &w->scale, &w->shift, &w->add, &w->weight, &w->bias, &w->gate, &w->place};
  for (int i = 0; i < READS; i++) of[i] = all[i];
}

static void drop(nn_ctx *ctx, nn_later *w) {
  nn_tensor **of[READS];
  reads(w, of);
  for (int i = 0; i < READS; i++) nn_release(*of[i]);
  nn_small_free(ctx, w, sizeof *w);
}

/* References that share the storage but not the tensor: its owner may still change its shape. */
static bool keep_all(nn_later *w) {
  nn_tensor **of[READS];
  bool ok = true;
  reads(w, of);
  for (int i = 0; i < READS; i++) {
    bool wanted = *of[i] != NULL;
    *of[i] = ok ? keep(*of[i]) : NULL;
    ok = ok && (!wanted || *of[i] != NULL);
  }
  return ok;
}

/* A product goes to a buffer that is in the cache, if there is one: it is likely to be made soon, and read after that. */
static bool makes_all(const nn_later *w) {
  const nn_later *source = w->kind == NN_LATER_ROWS ? w->x->storage->later : w;
  return source != NULL && source->kind == NN_LATER_LINEAR;
}

static bool put_off(nn_tensor *y, const nn_later *work) {
  nn_ctx *ctx = y->ctx;
  bool large = y->numel >= LEAST && y->dtype == NN_FLOAT32;
  if (!large || ctx->anomaly || y->storage->refs != 1 || y->storage->later != NULL) return false;
  nn_later *w = nn_small_alloc(ctx, sizeof *w);
  if (w != NULL) {
    *w = *work;
    if (!keep_all(w)) {
      drop(ctx, w);
      w = NULL;
    }
  }
  if (w == NULL) {
    nn_error_clear(ctx);
    return false;
  }
  if (!makes_all(work)) nn_storage_cool(y->storage);
  y->data = y->storage->data;
  w->of = y->storage;
  w->numel = y->numel;
  w->line = ctx->profile ? ctx->profile->line : 0;
  w->before = NULL;
  w->next = ctx->later;
  if (w->next != NULL) w->next->before = w;
  ctx->later = ctx->newest = w;
  y->storage->later = w;
  return true;
}

bool nn_put_off(nn_tensor *y, const nn_later *work) { return y->ctx->in_rule == 0 && put_off(y, work); }

bool nn_put_off_gradient(nn_tensor *y, const nn_later *work) { return put_off(y, work); }

void nn_later_forget(nn_storage *s) {
  nn_ctx *ctx = s->ctx;
  nn_later *w = s->later;
  if (w->before != NULL) w->before->next = w->next;
  if (w->next != NULL) w->next->before = w->before;
  if (ctx->later == w) ctx->later = w->next;
  if (ctx->newest == w) ctx->newest = NULL;
  s->later = NULL;
  drop(ctx, w);
}

static bool whole(const nn_tensor *t) {
  const nn_later *w = t->storage->later;
  return w != NULL && nn_contig(t) && t->dtype == NN_FLOAT32 && t->data == t->storage->data && t->numel == w->numel;
}

nn_later *nn_put_off_work(const nn_tensor *t) {
  if (t->storage->later == NULL) return NULL;
  if (whole(t)) return t->storage->later;
  nn_settle_storage(t->storage);
  return NULL;
}

static void affine_range(void *arg, int64_t c0, int64_t c1, int thread) {
  const nn_later *w = arg;
  (void)thread;
  NN_SELECT(nn_rows)->bn_apply[NN_FLOAT32](w->n, w->channels, w->s, c0, c1, w->x->data, w->scale->data, w->shift->data,
                                           w->add ? w->add->data : NULL, w->relu, w->of->data);
}

static void relu_range(void *arg, int64_t begin, int64_t end, int thread) {
  const nn_later *w = arg;
  size_t at = (size_t)begin * sizeof(float);
  (void)thread;
  NN_SELECT(nn_vmath)->unary[NN_UNARY_RELU][NN_FLOAT32](end - begin, w->x->data + at, (char *)w->of->data + at);
}

static bool run_rows(const nn_later *w) {
  int64_t each = w->n * w->s;
  if (w->scale != NULL)
    nn_parallel(w->channels, each > 0 ? 1 + 8192 / each : w->channels, affine_range, (void *)w);
  else
    nn_parallel(w->numel, 8192, relu_range, (void *)w);
  return true;
}

static const nn_storage **read_twice(const nn_tensor *weight) {
  nn_ctx *ctx = weight->ctx;
  return &ctx->read_twice[(uintptr_t)weight->storage / NN_SMALL_STEP % (sizeof ctx->read_twice / sizeof *ctx->read_twice)];
}

bool nn_later_pays(const nn_tensor *weight) { return *read_twice(weight) != weight->storage; }

void nn_later_made(nn_later *w) {
  if (w->made) *read_twice(w->weight) = w->weight->storage;
  w->made = true;
}

static bool run_conv(nn_later *w, unsigned flags, void *to) {
  nn_later_made(w);
  nn_ctx *ctx = w->of->ctx;
  const struct nn_conv_kernels *k = NN_SELECT(nn_conv);
  struct nn_conv_desc d = w->conv;
  size_t bytes = k->workspace(&d, NN_FLOAT32, NN_CONV_FORWARD);
  void *workspace = bytes ? nn_scratch(ctx, bytes) : NULL;
  if (bytes > 0 && workspace == NULL) {
    nn_error_clear(ctx);
    d.method = NN_CONV_NAIVE;
  }
  bool ok = k->forward[NN_FLOAT32](&d, w->x->data, w->weight->data, w->bias ? w->bias->data : NULL, flags,
                                   to, workspace);
  nn_scratch_free(ctx, workspace, bytes);
  return ok;
}

static bool run_linear(nn_later *w, const float *add, bool relu, void *to) {
  nn_later_made(w);
  const nn_ends_f32 ends = {.bias = w->bias ? (const void *)w->bias->data : NULL, .add = add, .relu = relu};
  return nn_gemm_between_f32(false, true, w->n, w->channels, w->s, (const void *)w->x->data, w->s, (const void *)w->weight->data,
                             w->s, &ends, to, w->channels);
}

/* Under its own name and line, inside of another operation. */
static bool timed_linear(nn_later *w, const float *add, bool relu, void *to) {
  nn_ctx *ctx = w->of->ctx;
  nn_profile_call call;
  bool timed = ctx->profile != NULL;
  if (timed) nn_profile_begin(ctx, &call);
  bool ok = run_linear(w, add, relu, to);
  if (timed) nn_profile_end_later(ctx, &call, w->name, w->line);
  return ok;
}

bool nn_later_linear_sum(nn_later *w, const float *add, float *to) { return timed_linear(w, add, false, to); }

static bool run_unpool(const nn_later *w) {
  const void *gate = w->gate ? w->gate->data : NULL, *place = w->place->data;
  return NN_SELECT(nn_pool)->max_backward[NN_FLOAT32](&w->pool, w->x->data, gate, NULL, place, w->of->data);
}

static bool run(nn_later *w) {
  if (w->kind == NN_LATER_CONV) return run_conv(w, 0, w->of->data);
  if (w->kind == NN_LATER_UNPOOL) return run_unpool(w);
  if (w->kind == NN_LATER_LINEAR) return run_linear(w, NULL, false, w->of->data);
  nn_later *source = w->x->storage->later;
  if (source == NULL) return run_rows(w);
  bool bare = w->scale == NULL && w->add == NULL && w->relu;
  if (bare && source->kind == NN_LATER_LINEAR) return timed_linear(source, NULL, true, w->of->data);
  bool alone = source->kind == NN_LATER_CONV && bare && w->x->storage->refs == 1;
  if (alone) return run_conv(source, NN_CONV_RELU, w->of->data); /* nobody will ask for what lies in between */
  nn_settle_storage(w->x->storage);
  return w->x->storage->later == NULL && run_rows(w);
}

static bool run_moments(const nn_later *w, float *mean, float *m2) {
  nn_ctx *ctx = w->of->ctx;
  const struct nn_conv_kernels *k = NN_SELECT(nn_conv);
  size_t bytes = k->moments_workspace(&w->conv);
  void *workspace = bytes ? nn_scratch(ctx, bytes) : NULL;
  if (workspace == NULL) {
    nn_error_clear(ctx);
    return false;
  }
  bool ok = k->forward_moments(&w->conv, (const float *)w->x->data, (const float *)w->weight->data,
                               w->bias ? (const float *)w->bias->data : NULL, (float *)w->of->data, mean, m2, workspace);
  nn_scratch_free(ctx, workspace, bytes);
  return ok;
}

bool nn_settle_with_moments(const nn_tensor *t, float *mean, float *m2) {
  nn_later *w = t->storage->later;
  if (w == NULL || !whole(t) || w->kind != NN_LATER_CONV) return false;
  nn_profile_call call;
  bool timed = t->ctx->profile != NULL;
  if (timed) nn_profile_begin(t->ctx, &call);
  bool ok = run_moments(w, mean, m2);
  if (!ok && timed) nn_profile_forget(t->ctx, &call);
  if (!ok) return false;
  if (timed) nn_profile_end_later(t->ctx, &call, w->name, w->line);
  nn_later_forget(t->storage);
  return true;
}

void nn_settle_storage(nn_storage *s) {
  nn_later *w = s->later;
  nn_profile_call call;
  bool timed = s->ctx->profile != NULL;
  if (timed) nn_profile_begin(s->ctx, &call);
  bool ok = run(w);
  if (timed) nn_profile_end_later(s->ctx, &call, w->name, w->line);
  if (ok) {
    nn_later_forget(s);
  } else if (s->ctx->error == NN_OK) {
    nn_fail_code(s->ctx, NN_ERR_INTERRUPT, "interrupted");
  }
}

/* The weights of a convolution or linear layer change in every step, when its result may be garbage that nobody has collected:
 * rather than to compute that, w gets copies. False where there is no memory for them. */
static bool copy_weights(nn_later *w, const nn_storage *s) {
  nn_tensor **both[2] = {&w->weight, &w->bias};
  for (int i = 0; i < 2; i++) {
    nn_tensor *t = *both[i];
    if (t == NULL || t->storage != s) continue;
    nn_tensor *copy = nn_empty(s->ctx, NN_FLOAT32, t->ndim, t->shape);
    if (copy == NULL) {
      nn_error_clear(s->ctx);
      return false;
    }
    memcpy(copy->data, t->data, (size_t)t->numel * sizeof(float));
    nn_release(t);
    *both[i] = copy;
  }
  return true;
}

static bool reads_from(nn_later *w, const nn_storage *s) {
  nn_tensor **of[READS];
  reads(w, of);
  for (int i = 0; i < READS; i++)
    if (*of[i] != NULL && (*of[i])->storage == s) return true;
  return false;
}

void nn_settle_readers(const nn_storage *s) {
  for (nn_later *w = s->ctx->later, *next; w != NULL; w = next) {
    next = w->next;
    if ((w->kind == NN_LATER_CONV || w->kind == NN_LATER_LINEAR) && w->x->storage != s && copy_weights(w, s)) continue;
    if (!reads_from(w, s)) continue;
    nn_storage *of = w->of;
    nn_settle_storage(of);
    next = s->ctx->later; /* from the start: others may have gone with it */
    if (of->later == NULL) continue;
    for (int64_t i = 0; i < w->numel; i++) ((float *)of->data)[i] = NAN; /* interrupted: what it needs is about to go */
    nn_later_forget(of);
    next = s->ctx->later;
  }
}

static bool among(const nn_storage *s, const nn_value *args, int n_args) {
  for (int i = 0; i < n_args; i++)
    if (args[i].tag == NN_V_TENSOR && args[i].t != NULL && args[i].t->storage == s) return true;
  return false;
}

/* Work on single numbers, as counting batches is, which a batch norm does before it looks at its input. */
static bool aside(const nn_value *args, int n_args) {
  int single = 0;
  for (int i = 0; i < n_args; i++) {
    if (args[i].tag == NN_V_TENSORS) return false;
    if (args[i].tag != NN_V_TENSOR || args[i].t == NULL) continue;
    if (args[i].t->numel != 1 || args[i].t->storage->later != NULL) return false;
    single++;
  }
  return single > 0;
}

void nn_settle_arguments(nn_ctx *ctx, const nn_op *op, const nn_value *args, int n_args) {
  if (ctx->newest != NULL && aside(args, n_args)) return;
  bool takes = (op->flags & NN_TAKES_LATER) != 0;
  nn_later *newest = ctx->newest;
  ctx->newest = NULL;
  if (newest != NULL && !(takes && among(newest->of, args, n_args))) nn_settle_storage(newest->of);
  for (int i = 0; i < n_args; i++) {
    if (args[i].tag == NN_V_TENSOR && args[i].t != NULL && !(takes && whole(args[i].t))) nn_settle(args[i].t);
    for (int k = 0; args[i].tag == NN_V_TENSORS && k < args[i].n; k++)
      if (args[i].tensors[k] != NULL) nn_settle(args[i].tensors[k]);
  }
}
