/* later.c - putting results off for one operation, see later.h. Never fails once the work is accepted: buffers are there, and
 * the loops need no memory and are not interrupted. */
#include "later.h"

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

static void drop(nn_ctx *ctx, nn_later *w) {
  nn_release(w->x);
  nn_release(w->scale);
  nn_release(w->shift);
  nn_release(w->add);
  nn_small_free(ctx, w, sizeof *w);
}

/* References that share the storage but not the tensor: its owner may still change its shape. */
static bool keep_all(nn_later *w) {
  w->x = keep(w->x);
  bool ok = w->x != NULL;
  nn_tensor **more[3] = {&w->scale, &w->shift, &w->add};
  for (int i = 0; i < 3; i++) {
    bool wanted = *more[i] != NULL;
    *more[i] = ok ? keep(*more[i]) : NULL;
    ok = ok && (!wanted || *more[i] != NULL);
  }
  return ok;
}

bool nn_put_off(nn_tensor *y, const nn_later *work) {
  nn_ctx *ctx = y->ctx;
  bool large = y->numel >= LEAST && y->dtype == NN_FLOAT32;
  if (!large || ctx->in_rule > 0 || ctx->anomaly || y->storage->refs != 1 || y->storage->later != NULL) return false;
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
  nn_storage_cool(y->storage);
  y->data = y->storage->data;
  w->of = y->storage;
  w->line = ctx->profile ? ctx->profile->line : 0;
  w->before = NULL;
  w->next = ctx->later;
  if (w->next != NULL) w->next->before = w;
  ctx->later = ctx->newest = w;
  y->storage->later = w;
  return true;
}

static void unlink_later(nn_ctx *ctx, nn_later *w) {
  if (w->before != NULL) w->before->next = w->next;
  if (w->next != NULL) w->next->before = w->before;
  if (ctx->later == w) ctx->later = w->next;
  if (ctx->newest == w) ctx->newest = NULL;
  w->of->later = NULL;
}

void nn_later_forget(nn_storage *s) {
  nn_later *w = s->later;
  unlink_later(s->ctx, w);
  drop(s->ctx, w);
}

static bool whole(const nn_tensor *t) {
  const nn_later *w = t->storage->later;
  return w != NULL && nn_contig(t) && t->dtype == NN_FLOAT32 && t->data == t->storage->data && t->numel == w->x->numel;
}

const nn_later *nn_put_off_work(const nn_tensor *t) {
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

void nn_settle_storage(nn_storage *s) {
  nn_later *w = s->later;
  nn_profile_call call;
  bool timed = s->ctx->profile != NULL;
  if (timed) nn_profile_begin(s->ctx, &call);
  unlink_later(s->ctx, w);
  int64_t each = w->n * w->s;
  if (w->scale != NULL)
    nn_parallel(w->channels, each > 0 ? 1 + 8192 / each : w->channels, affine_range, w);
  else
    nn_parallel(w->x->numel, 8192, relu_range, w);
  if (timed) nn_profile_end_later(s->ctx, &call, w->name, w->line);
  drop(s->ctx, w);
}

void nn_settle_readers(const nn_storage *s) {
  for (nn_later *w = s->ctx->later, *next; w != NULL; w = next) {
    next = w->next;
    if (w->x->storage == s || (w->add != NULL && w->add->storage == s)) nn_settle_storage(w->of);
  }
}

static bool among(const nn_storage *s, const nn_value *args, int n_args) {
  for (int i = 0; i < n_args; i++)
    if (args[i].tag == NN_V_TENSOR && args[i].t != NULL && args[i].t->storage == s) return true;
  return false;
}

void nn_settle_arguments(nn_ctx *ctx, const nn_op *op, const nn_value *args, int n_args) {
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
