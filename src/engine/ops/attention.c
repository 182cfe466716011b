/* attention.c - scaled dot-product attention: fused loops that hold no more than a tile of the weights, and the same as
 * plain operations for higher derivatives. */
#include "kernels/attention.h"

#include <math.h>
#include <string.h>

#include "expr.h"
#include "interrupt.h"
#include "parallel.h"
#include "reduction.h"
#include "rng.h"

EXPR1(t_exp, exp)
EXPR2(t_matmul, matmul)

/* ---- the fused operation ---------------------------------------------------------------------------- */

/* query [B, H, L, E], key [B, K, S, E], value [B, K, S, V] with K a divisor of H; or, with heads, [L, B, heads * E] and so
 * on ([B, L, ...] with batch_first). Without key and value the query holds all three side by side. */
enum { A_Q, A_K, A_V, A_MASK, A_SCALE, A_CAUSAL, A_DROPOUT, A_HEADS, A_FIRST };

typedef struct form {
  int64_t heads;    /* 0: four dimensions */
  bool batch_first; /* of three */
  bool packed;      /* query, key and value in one */
} form;

static form form_of(const nn_value *arg, bool packed) {
  return (form){arg[A_HEADS].i, arg[A_FIRST].b, packed};
}

/* Part `part` of `parts` of a tensor, as heads. The last dimension must be dense. */
static struct nn_heads heads_of(const form *o, const nn_tensor *t, int part, int parts) {
  struct nn_heads h = {.data = t->data};
  if (o->heads == 0) {
    h.batch = t->stride[0], h.head = t->stride[1], h.row = t->stride[2];
    return h;
  }
  const int64_t width = t->shape[2] / parts;
  h.data = t->data + (size_t)(width * part) * nn_esize(t);
  h.batch = t->stride[o->batch_first ? 0 : 1];
  h.row = t->stride[o->batch_first ? 1 : 0];
  h.head = width / o->heads;
  return h;
}

/* batch, heads, length, width of one of them */
static void sizes_of(const form *o, const int64_t *shape, int parts, int64_t s[4]) {
  if (o->heads == 0) {
    for (int d = 0; d < 4; d++) s[d] = shape[d];
    return;
  }
  s[0] = shape[o->batch_first ? 0 : 1], s[1] = o->heads, s[2] = shape[o->batch_first ? 1 : 0];
  s[3] = shape[2] / parts / o->heads;
}

static bool check_mask(nn_frame *f, const int64_t *want) {
  const nn_tensor *m = f->in[A_MASK];
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  if (m == NULL) return true;
  bool fits = m->ndim <= 4;
  for (int d = 0; d < m->ndim && fits; d++) fits = m->shape[d] == 1 || m->shape[d] == want[4 - m->ndim + d];
  if (!fits)
    return nn_bad(f, "expected a mask that broadcasts to %s (batch, heads, queries, keys), got %s", nn_shape_text(4, want, s),
                  nn_tensor_shape_text(m, t));
  if (m->dtype == NN_BOOL || m->dtype == f->in[A_Q]->dtype) return true;
  return nn_bad(f, "expected a mask of bool or %s, got %s", nn_dtype_name((nn_dtype)f->in[A_Q]->dtype),
                nn_dtype_name((nn_dtype)m->dtype));
}

static bool check_heads(nn_frame *f, const form *o) {
  const nn_tensor *q = f->in[A_Q];
  const int64_t width = q->shape[2] / (o->packed ? 3 : 1);
  if (o->heads == 0) return true;
  if (o->heads > 0 && q->shape[2] % ((o->packed ? 3 : 1) * o->heads) == 0) return true;
  return nn_bad(f, "the width %lld cannot be split into %lld heads", (long long)width, (long long)o->heads);
}

static bool att_infer(nn_frame *f) {
  const nn_tensor *q = f->in[A_Q], *k = f->in[A_K], *v = f->in[A_V];
  const form o = form_of(f->arg, k == NULL);
  const int n = o.heads ? 3 : 4;
  int64_t a[4], b[4], c[4];
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT], u[NN_SHAPE_TEXT];
  if (!nn_expect_float(f, A_Q) || !nn_expect_ndim(f, A_Q, n, n) || !check_heads(f, &o)) return false;
  if ((k == NULL) != (v == NULL) || (k == NULL && o.heads == 0)) return nn_bad(f, "key and value belong together");
  if (!(f->arg[A_DROPOUT].f >= 0 && f->arg[A_DROPOUT].f <= 1))
    return nn_bad(f, "dropout_p must be between 0 and 1, got %g", f->arg[A_DROPOUT].f);
  sizes_of(&o, q->shape, o.packed ? 3 : 1, a);
  memcpy(b, a, sizeof b), memcpy(c, a, sizeof c);
  if (k != NULL) {
    if (!nn_expect_ndim(f, A_K, n, n) || !nn_expect_ndim(f, A_V, n, n)) return false;
    if (!nn_expect_same_dtype(f, A_Q, A_K) || !nn_expect_same_dtype(f, A_Q, A_V)) return false;
    sizes_of(&o, k->shape, 1, b), sizes_of(&o, v->shape, 1, c);
    if (a[0] != b[0] || a[0] != c[0] || b[1] != c[1] || b[2] != c[2] || a[3] != b[3] || b[1] < 1 || a[1] % b[1] != 0)
      return nn_bad(f, "query %s, key %s and value %s do not fit: expected [N, heads, L, E], [N, heads, S, E] and "
                       "[N, heads, S, V]", nn_tensor_shape_text(q, s), nn_tensor_shape_text(k, t), nn_tensor_shape_text(v, u));
  }
  if (!check_mask(f, (int64_t[]){a[0], a[1], a[2], b[2]})) return false;
  nn_spec_like(f, 0, q);
  f->spec[0].shape[n - 1] = o.heads ? o.heads * c[3] : c[3];
  return true;
}

/* in[i] with a dense last dimension. */
static const nn_tensor *rows(nn_frame *f, int i) {
  const nn_tensor *t = f->in[i];
  const int last = t->ndim - 1;
  return t->stride[last] == 1 || t->shape[last] <= 1 ? t : nn_dense(f, i);
}

/* The mask and the distances of its elements, 0 where it is the same for all. */
static void set_mask(const nn_tensor *m, struct nn_attention *a, int64_t *const to[4]) {
  if (m == NULL) return;
  if (a) a->mask = m->data, a->mask_is_bool = m->dtype == NN_BOOL;
  for (int d = 0; d < m->ndim; d++) *to[4 - m->ndim + d] = m->shape[d] == 1 ? 0 : m->stride[d];
}

static void set_dropout(struct nn_attention *a, double p, uint64_t seed, uint64_t offset) {
  if (p <= 0) return;
  const double below = p * 4294967296.0;
  a->drop_below = below >= 4294967295.0 ? UINT32_MAX : (uint32_t)below;
  a->keep_scale = p < 1 ? 1 / (1 - p) : 0;
  a->seed = seed, a->offset = offset;
}

/* Sizes and operands from query, key, value (NULL: packed) and output. */
static struct nn_attention attention_of(const form *o, const nn_tensor *q, const nn_tensor *k, const nn_tensor *v,
                                        const nn_tensor *out) {
  int64_t a[4], b[4], c[4];
  const int parts = o->packed ? 3 : 1;
  sizes_of(o, q->shape, parts, a);
  sizes_of(o, o->packed ? q->shape : k->shape, parts, b);
  sizes_of(o, o->packed ? q->shape : v->shape, parts, c);
  struct nn_attention s = {.batch = a[0], .heads = a[1], .kv_heads = b[1], .queries = a[2], .keys = b[2], .width = a[3],
                           .value_width = c[3]};
  s.q = heads_of(o, q, 0, parts);
  s.k = o->packed ? heads_of(o, q, 1, 3) : heads_of(o, k, 0, 1);
  s.v = o->packed ? heads_of(o, q, 2, 3) : heads_of(o, v, 0, 1);
  s.out = heads_of(o, out, 0, 1);
  return s;
}

typedef struct job {
  struct nn_attention a;
  nn_dtype d;
  int64_t chunks, chunk; /* of queries (forward) or keys (backward) of each head */
  char *scratch;
  size_t each;
  char *parts;    /* backward: what the chunks of keys after the first give for the queries, one array each */
  char **dmask;   /* backward: the gradient of the mask, one array for each thread; or NULL */
} job;

static void forward_task(void *arg, int64_t task, int thread) {
  const job *j = arg;
  const int64_t q0 = task % j->chunks * j->chunk, q1 = q0 + j->chunk < j->a.queries ? q0 + j->chunk : j->a.queries;
  NN_SELECT(nn_attention_table)
      ->forward[j->d](&j->a, task / j->chunks, q0, q1, j->scratch + (size_t)thread * j->each);
}

static double work_of(const struct nn_attention *a) {
  return (double)a->queries * (double)a->keys * (double)(a->width + a->value_width) * (double)a->batch * (double)a->heads;
}

static bool run_tasks(nn_ctx *ctx, job *j, int64_t count, size_t scratch, nn_task_fn fn) {
  const bool alone = work_of(&j->a) < 1e5 || count < 2;
  const size_t threads = alone ? 1 : (size_t)nn_threads();
  j->each = (scratch + 127) / 64 * 64;
  j->scratch = nn_scratch(ctx, j->each * threads);
  if (j->scratch == NULL) return false;
  if (alone)
    for (int64_t i = 0; i < count; i++) fn(j, i, 0);
  else
    nn_parallel_tasks(count, fn, j);
  nn_scratch_free(ctx, j->scratch, j->each * threads);
  return !nn_interrupted();
}

/* How many positions of each of `pairs` heads make a task: a multiple of 64. A function of the sizes alone. */
static int64_t chunk_of(int64_t pairs, int64_t length, int64_t tasks) {
  const int64_t wanted = pairs > 0 && pairs < tasks ? (tasks + pairs - 1) / pairs : 1;
  const int64_t chunk = ((length + wanted - 1) / wanted + 63) / 64 * 64;
  return chunk < 64 ? 64 : chunk;
}

static bool att_kernel(nn_frame *f) {
  const bool packed = f->in[A_K] == NULL;
  const form o = form_of(f->arg, packed);
  const nn_tensor *q = rows(f, A_Q), *k = packed ? NULL : rows(f, A_K), *v = packed ? NULL : rows(f, A_V);
  if (q == NULL || (!packed && (k == NULL || v == NULL))) return false;
  job j = {.a = attention_of(&o, q, k, v, f->out[0]), .d = (nn_dtype)q->dtype};
  struct nn_attention *a = &j.a;
  a->scale = f->arg[A_SCALE].f, a->causal = f->arg[A_CAUSAL].b;
  set_mask(f->in[A_MASK], a, (int64_t *[4]){&a->mask_batch, &a->mask_head, &a->mask_query, &a->mask_key});
  if (f->arg[A_DROPOUT].f > 0) {
    const int64_t draws = a->batch * a->heads * a->queries * nn_attention_draws(a->keys);
    const nn_random r = nn_random_take(nn_default_generator(f->ctx), draws);
    f->note[0] = r.seed, f->note[1] = r.offset;
    set_dropout(a, f->arg[A_DROPOUT].f, r.seed, r.offset);
  }
  if (f->recording) {
    const int64_t shape[3] = {a->batch, a->heads, a->queries};
    f->extra[0] = nn_empty(f->ctx, j.d, 3, shape);
    if (f->extra[0] == NULL) return false;
    a->lse = f->extra[0]->data;
  }
  if (f->out[0]->numel == 0) return true;
  const int64_t pairs = a->batch * a->heads;
  j.chunk = chunk_of(pairs, a->queries, 16);
  j.chunks = (a->queries + j.chunk - 1) / j.chunk;
  return run_tasks(f->ctx, &j, pairs * j.chunks, NN_SELECT(nn_attention_table)->forward_scratch[j.d](a), forward_task);
}

/* ---- gradient --------------------------------------------------------------------------------------- */

enum { B_G, B_Q, B_K, B_V, B_MASK, B_OUT, B_LSE, B_SCALE, B_FLAGS, B_DROPOUT, B_HEADS, B_FIRST, B_SEED, B_OFFSET };
enum { CAUSAL = 1, MASK_GRAD = 2 }; /* B_FLAGS */

static bool back_infer(nn_frame *f) {
  nn_spec_like(f, 0, f->in[B_Q]);
  f->n_out = 1;
  if (f->in[B_K] != NULL) {
    nn_spec_like(f, 1, f->in[B_K]);
    nn_spec_like(f, 2, f->in[B_V]);
    f->n_out = 3;
  }
  if (f->arg[B_FLAGS].i & MASK_GRAD) nn_spec_like(f, f->n_out++, f->in[B_MASK]);
  return true;
}

static void clear(nn_tensor *t) { memset(t->data, 0, (size_t)t->numel * nn_esize(t)); }

/* dq of one chunk of keys: the result itself, or an array of its own, [batch, heads, queries, width]. */
static struct nn_attention part_of(const job *j, int64_t chunk) {
  struct nn_attention a = j->a;
  if (chunk == 0) return a;
  const size_t bytes = (size_t)(a.batch * a.heads * a.queries * a.width) * nn_dtype_size(j->d);
  a.dq = (struct nn_heads){j->parts + (size_t)(chunk - 1) * bytes, a.heads * a.queries * a.width, a.queries * a.width, a.width};
  return a;
}

static void backward_one(const job *j, int64_t task, int thread) {
  const int64_t chunk = task % j->chunks, k0 = chunk * j->chunk;
  const int64_t k1 = k0 + j->chunk < j->a.keys ? k0 + j->chunk : j->a.keys;
  const struct nn_attention a = part_of(j, chunk);
  NN_SELECT(nn_attention_table)
      ->backward[j->d](&a, task / j->chunks, k0, k1, j->dmask ? j->dmask[thread] : NULL, j->scratch + (size_t)thread * j->each);
}

static void backward_task(void *arg, int64_t task, int thread) { backward_one(arg, task, thread); }

static void backward_range(void *arg, int64_t begin, int64_t end, int thread) {
  for (int64_t i = begin; i < end && !nn_interrupted(); i++) backward_one(arg, i, thread);
}

static void add_to(nn_dtype d, int64_t n, void *to, const void *from) {
  if (d == NN_FLOAT32)
    for (int64_t i = 0; i < n; i++) ((float *)to)[i] += ((const float *)from)[i];
  else
    for (int64_t i = 0; i < n; i++) ((double *)to)[i] += ((const double *)from)[i];
}

/* Adds up what the chunks of keys gave for the queries of one head. */
static void join_task(void *arg, int64_t pair, int thread) {
  const job *j = arg;
  const int64_t b = pair / j->a.heads, h = pair % j->a.heads;
  const int64_t size = (int64_t)nn_dtype_size(j->d);
  (void)thread;
  for (int64_t c = 1; c < j->chunks; c++) {
    const struct nn_attention part = part_of(j, c);
    const struct nn_heads *to = &j->a.dq, *from = &part.dq;
    for (int64_t i = 0; i < j->a.queries; i++)
      add_to(j->d, j->a.width, (char *)to->data + (b * to->batch + h * to->head + i * to->row) * size,
             (const char *)from->data + (b * from->batch + h * from->head + i * from->row) * size);
  }
}

/* Where the gradient of the mask is added up. Tasks that share elements of it need an array for each thread, and the same
 * tasks for each thread every time. */
static bool mask_is_shared(const struct nn_attention *a) {
  return (a->dmask_batch == 0 && a->batch > 1) || (a->dmask_head == 0 && a->heads > 1) || a->dmask_key == 0;
}

static bool with_mask_grad(nn_ctx *ctx, job *j, nn_tensor *dmask, size_t scratch) {
  const int64_t count = j->a.batch * j->a.kv_heads * j->chunks;
  const int parts = work_of(&j->a) < 1e5 ? 1 : nn_parallel_parts(count, 1);
  const size_t bytes = (size_t)dmask->numel * nn_esize(dmask);
  const bool own = parts > 1 && mask_is_shared(&j->a);
  char *arrays[NN_THREADS_MAX], *more = own ? nn_scratch(ctx, bytes * (size_t)(parts - 1)) : NULL;
  j->each = (scratch + 127) / 64 * 64;
  j->scratch = nn_scratch(ctx, j->each * (size_t)parts);
  const bool ok = j->scratch != NULL && (!own || more != NULL);
  clear(dmask);
  if (more) memset(more, 0, bytes * (size_t)(parts - 1));
  for (int i = 0; i < parts; i++) arrays[i] = i == 0 || !own ? dmask->data : more + (size_t)(i - 1) * bytes;
  j->dmask = arrays;
  if (ok && parts == 1) backward_range(j, 0, count, 0);
  if (ok && parts > 1) nn_parallel(count, 1, backward_range, j);
  for (int i = 1; i < parts && own && ok; i++) add_to(j->d, dmask->numel, dmask->data, arrays[i]);
  j->dmask = NULL;
  nn_scratch_free(ctx, j->scratch, j->each * (size_t)parts);
  nn_scratch_free(ctx, more, bytes * (size_t)(parts - 1));
  return ok && !nn_interrupted();
}

/* Gradients of keys in chunks (one for each head unless there are few of these), then what the chunks have in common. */
static bool run_backward(nn_ctx *ctx, job *j, nn_tensor *dmask) {
  const struct nn_attention *a = &j->a;
  const int64_t pairs = a->batch * a->kv_heads;
  j->chunk = pairs < 4 ? chunk_of(pairs, a->keys, 4) : (a->keys + 3) / 4 * 4;
  j->chunks = (a->keys + j->chunk - 1) / j->chunk;
  const size_t parts = (size_t)((j->chunks - 1) * a->batch * a->heads * a->queries * a->width) * nn_dtype_size(j->d);
  const size_t scratch = NN_SELECT(nn_attention_table)->backward_scratch[j->d](a, j->chunk);
  if (parts > 0 && (j->parts = nn_scratch(ctx, parts)) == NULL) return false;
  bool ok = dmask ? with_mask_grad(ctx, j, dmask, scratch)
                  : run_tasks(ctx, j, pairs * j->chunks, scratch, backward_task);
  if (ok && parts > 0) nn_parallel_tasks(a->batch * a->heads, join_task, j);
  if (parts > 0) nn_scratch_free(ctx, j->parts, parts);
  return ok;
}

static bool back_kernel(nn_frame *f) {
  const bool packed = f->in[B_K] == NULL;
  const form o = {f->arg[B_HEADS].i, f->arg[B_FIRST].b, packed};
  const nn_tensor *q = rows(f, B_Q), *k = packed ? NULL : rows(f, B_K), *v = packed ? NULL : rows(f, B_V);
  const nn_tensor *g = rows(f, B_G), *out = rows(f, B_OUT);
  nn_tensor *dmask = f->arg[B_FLAGS].i & MASK_GRAD ? f->out[f->n_out - 1] : NULL;
  if (q == NULL || g == NULL || out == NULL || (!packed && (k == NULL || v == NULL))) return false;
  job j = {.a = attention_of(&o, q, k, v, out), .d = (nn_dtype)q->dtype};
  struct nn_attention *a = &j.a;
  a->scale = f->arg[B_SCALE].f, a->causal = f->arg[B_FLAGS].i & CAUSAL;
  set_mask(f->in[B_MASK], a, (int64_t *[4]){&a->mask_batch, &a->mask_head, &a->mask_query, &a->mask_key});
  if (dmask) set_mask(dmask, NULL, (int64_t *[4]){&a->dmask_batch, &a->dmask_head, &a->dmask_query, &a->dmask_key});
  set_dropout(a, f->arg[B_DROPOUT].f, (uint64_t)f->arg[B_SEED].i, (uint64_t)f->arg[B_OFFSET].i);
  a->lse = f->in[B_LSE]->data;
  a->dout = heads_of(&o, g, 0, 1);
  a->dq = heads_of(&o, f->out[0], 0, packed ? 3 : 1);
  a->dk = packed ? heads_of(&o, f->out[0], 1, 3) : heads_of(&o, f->out[1], 0, 1);
  a->dv = packed ? heads_of(&o, f->out[0], 2, 3) : heads_of(&o, f->out[2], 0, 1);
  if (a->keys == 0 || a->queries == 0 || a->value_width == 0 || a->width == 0 || a->batch == 0) {
    for (int i = 0; i < f->n_out; i++) clear(f->out[i]);
    return true;
  }
  return run_backward(f->ctx, &j, dmask);
}

const nn_op nn_op_attention_backward = {
    .name = "attention_backward", .doc = "Part of a gradient.",
    .params = {{"grad", P_TENSOR}, {"query", P_TENSOR}, {"key", P_TENSOR, "nil"}, {"value", P_TENSOR, "nil"},
               {"mask", P_TENSOR, "nil"}, {"output", P_TENSOR}, {"lse", P_TENSOR}, {"scale", P_FLOAT}, {"flags", P_INT},
               {"dropout", P_FLOAT}, {"heads", P_INT}, {"batch_first", P_BOOL}, {"seed", P_INT}, {"offset", P_INT}},
    .flags = NN_PRIVATE | NN_NO_GRAD, .n_out = 4, .infer = back_infer, .kernel = back_kernel};

static bool att_vjp(nn_vjp *v) {
  C c = v->ctx;
  T in[4];
  for (int i = 0; i < 4; i++) in[i] = nn_in_meta(v, i)->ndim >= 0 ? nn_in(v, i) : NULL;
  const bool learned = in[A_MASK] != NULL && in[A_MASK]->dtype != NN_BOOL && nn_need(v, A_MASK);
  const int64_t flags = (v->arg[A_CAUSAL].b ? CAUSAL : 0) | (learned ? MASK_GRAD : 0);
  nn_value args[] = {v_t(v->g[0]), v_opt(in[A_Q]), v_opt(in[A_K]), v_opt(in[A_V]), v_opt(in[A_MASK]), v_opt(nn_out(v, 0)),
                     v_opt(nn_extra(v, 0)), v->arg[A_SCALE], v_i(flags), v->arg[A_DROPOUT], v->arg[A_HEADS],
                     v->arg[A_FIRST], v_i((int64_t)v->node->note[0]), v_i((int64_t)v->node->note[1])};
  nn_results r;
  if (c->error != NN_OK || !nn_apply(c, &nn_op_attention_backward, args, 14, &r)) return false;
  for (int i = 0; i < r.n; i++) v->d[learned && i == r.n - 1 ? A_MASK : i] = nn_keep(c, r.t[i]);
  return true;
}

/* ---- as plain operations ---------------------------------------------------------------------------- */

/* The factors of dropout for weights [batch, heads, queries, keys], as the fused loops draw them. */
static bool like_infer(nn_frame *f) {
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

static bool drop_kernel(nn_frame *f) {
  nn_tensor *z = f->out[0];
  const int64_t keys = z->shape[z->ndim - 1], queries = keys ? z->numel / keys : 0;
  const nn_random r = {(uint64_t)f->arg[2].i, (uint64_t)f->arg[3].i};
  struct nn_attention a = {0};
  set_dropout(&a, f->arg[1].f, 0, 0);
  for (int64_t i = 0; i < queries; i++)
    for (int64_t j = 0; j < keys; j++) {
      const double x = nn_random_bits(&r, i * nn_attention_draws(keys) + j) < a.drop_below ? 0 : a.keep_scale;
      if (z->dtype == NN_FLOAT32)
        ((float *)(void *)z->data)[i * keys + j] = (float)x;
      else
        ((double *)(void *)z->data)[i * keys + j] = x;
    }
  return !nn_interrupted();
}

const nn_op nn_op_attention_drop = {
    .name = "attention_drop", .doc = "Part of a gradient.",
    .params = {{"weights", P_TENSOR}, {"p", P_FLOAT}, {"seed", P_INT}, {"offset", P_INT}}, .flags = NN_PRIVATE | NN_NO_GRAD,
    .infer = like_infer, .kernel = drop_kernel};

/* Part of a tensor as [batch, heads, length, width]. */
static T as_heads(C c, const form *o, T x, int part, int parts) {
  if (o->heads == 0 || x == NULL) return x;
  const int64_t width = x->shape[2] / parts, shape[4] = {x->shape[0], x->shape[1], o->heads, width / o->heads};
  T y = t_reshape(c, t_slice(c, x, 2, part * width, (part + 1) * width, 1), 4, shape);
  const int64_t first[4] = {0, 2, 1, 3}, second[4] = {1, 2, 0, 3};
  return t_permute(c, y, 4, o->batch_first ? first : second);
}

/* Each head of keys for as many heads of queries as share it. */
static T shared(C c, T x, int64_t heads) {
  if (x == NULL || x->shape[1] == heads) return x;
  const int64_t share = heads / x->shape[1], five[5] = {x->shape[0], x->shape[1], share, x->shape[2], x->shape[3]};
  const int64_t four[4] = {x->shape[0], heads, x->shape[2], x->shape[3]};
  return t_reshape(c, t_expand(c, t_unsqueeze(c, x, 2), 5, five), 4, four);
}

static T causal_mask(C c, int64_t queries, int64_t keys) {
  T m = nn_keep(c, nn_empty(c, NN_BOOL, 2, (int64_t[]){queries, keys}));
  for (int64_t i = 0; m && i < queries; i++)
    for (int64_t j = 0; j < keys; j++) m->data[i * keys + j] = j <= i;
  return m;
}

static T hide(C c, T scores, T mask) {
  T low = scores ? nn_keep(c, nn_scalar(c, (nn_dtype)scores->dtype, -(double)INFINITY)) : NULL;
  return mask && low ? nn_do(c, &nn_op_select_where, v_t(mask), v_t(scores), v_t(low)) : NULL;
}

/* Softmax, with zeros where a query sees no key. */
static T weights(C c, T scores) {
  if (scores == NULL) return NULL;
  const bool was = nn_set_grad_enabled(c, false);
  T top = t_reduce_mask(c, &nn_op_amax, scores, 8, true);
  top = top ? nn_do(c, &nn_op_clamp_min, v_t(top), v_f(-1e30)) : NULL;
  nn_set_grad_enabled(c, was);
  T e = t_exp(c, t_sub(c, scores, top)), sum = t_reduce_mask(c, &nn_op_sum, e, 8, true);
  return sum ? t_div(c, e, nn_do(c, &nn_op_clamp_min, v_t(sum), v_f(0.5))) : NULL;
}

static bool att_compose(nn_frame *f) {
  C c = f->ctx;
  const form o = form_of(f->arg, f->in[A_K] == NULL);
  const int parts = o.packed ? 3 : 1;
  T q = as_heads(c, &o, f->in[A_Q], 0, parts);
  if (q == NULL) return false;
  T k = shared(c, as_heads(c, &o, o.packed ? f->in[A_Q] : f->in[A_K], o.packed ? 1 : 0, parts), q->shape[1]);
  T v = shared(c, as_heads(c, &o, o.packed ? f->in[A_Q] : f->in[A_V], o.packed ? 2 : 0, parts), q->shape[1]);
  T s = t_muls(c, t_matmul(c, q, t_transpose(c, k, 2, 3)), f->arg[A_SCALE].f), mask = f->in[A_MASK];
  if (s == NULL) return false;
  if (mask) s = mask->dtype == NN_BOOL ? hide(c, s, mask) : t_add(c, s, mask);
  if (f->arg[A_CAUSAL].b) s = hide(c, s, causal_mask(c, q->shape[2], k->shape[2]));
  T p = s && s->shape[3] > 0 ? weights(c, s) : s;
  if (p && f->arg[A_DROPOUT].f > 0)
    p = t_mul(c, p, nn_do(c, &nn_op_attention_drop, v_t(p), f->arg[A_DROPOUT], v_i((int64_t)f->note[0]),
                          v_i((int64_t)f->note[1])));
  T y = t_matmul(c, p, v);
  if (o.heads && y) {
    const int64_t first[4] = {0, 2, 1, 3}, second[4] = {2, 0, 1, 3};
    y = t_permute(c, y, 4, o.batch_first ? first : second);
    if (y) y = t_reshape(c, y, 3, (int64_t[]){y->shape[0], y->shape[1], y->shape[2] * y->shape[3]});
  }
  return (f->out[0] = y) != NULL;
}

#define PARAMS \
  {{"query", P_TENSOR}, {"key", P_TENSOR, "nil"}, {"value", P_TENSOR, "nil"}, {"mask", P_TENSOR, "nil"}, \
   {"scale", P_FLOAT}, {"causal", P_BOOL, "false"}, {"dropout", P_FLOAT, "0"}, {"heads", P_INT, "0"}, \
   {"batch_first", P_BOOL, "false"}}

const nn_op nn_op_attention = {
    .name = "attention",
    .doc = "Attention of query [B, H, L, E] to key [B, K, S, E] and value [B, K, S, V], H a multiple of K; with heads the three\n"
           "are [L, B, heads * E] ([B, L, ...] with batch_first), without key and value all three side by side in query.",
    .params = PARAMS, .flags = NN_PRIVATE | NN_RANDOM, .saves_in = 15, .saves_out = 1, .grads_in = 15, .infer = att_infer,
    .kernel = att_kernel, .compose = att_compose, .vjp = att_vjp,
    .samples = NN_SAMPLES(
        "R(2,2,3,2), R(2,2,4,2), R(2,2,4,3), {scale = 0.7}", "R(1,4,3,2), R(1,2,3,2), R(1,2,3,2), {scale = 1, causal = true}",
        "R(1,2,3,2), R(1,2,2,2), R(1,2,2,2), tensor{{true, false}, {true, true}, {false, false}}, {scale = 1}",
        "R(1,1,3,2), R(1,1,5,2), R(1,1,5,2), C(R(3,5)), {scale = -0.5, dropout = 0.4}",
        "R(2,2,3,2), R(2,1,5,2), R(2,1,5,2), R(2,3,5), {scale = 0.5}", "R(1,2,3,2), R(1,2,4,2), R(1,2,4,2), R(3,1), {scale = 0.5}",
        "R(3,2,12), nil, nil, {scale = 0.5, heads = 2}", "R(2,3,6), nil, nil, {scale = 0.5, heads = 1, batch_first = true}",
        "R(3,2,4), R(2,2,4), R(2,2,2), C(R(2,1,1,2)), {scale = 0.5, heads = 2, dropout = 0.2}"),
    .invalid = "R(2,2,3,2), R(2,2,4,3), R(2,2,4,3), {scale = 1}", .complaint = "do not fit"};

/* ---- for users -------------------------------------------------------------------------------------- */

enum { S_Q, S_K, S_V, S_MASK, S_DROPOUT, S_CAUSAL, S_SCALE, S_GQA };

/* [..., L, E] as four dimensions. */
static T as_four(C c, T x, int ndim, const int64_t *batch) {
  if (x == NULL || ndim == 4) return x;
  if (ndim < 4) {
    for (; ndim < 3; ndim++) x = t_unsqueeze(c, x, 0);
    return t_unsqueeze(c, x, 1);
  }
  int64_t n = 1;
  for (int d = 0; d < ndim - 3; d++) n *= batch[d];
  return t_reshape(c, x, 4, (int64_t[]){n, x->shape[ndim - 3], x->shape[ndim - 2], x->shape[ndim - 1]});
}

/* x with the given sizes in front of its last two dimensions. */
static T spread(C c, T x, int n, const int64_t *batch) {
  int64_t shape[NN_MAX_DIMS];
  bool same = x->ndim == n + 2;
  for (int d = 0; d < n; d++) {
    shape[d] = batch[d];
    same = same && x->shape[d] == batch[d];
  }
  shape[n] = x->shape[x->ndim - 2], shape[n + 1] = x->shape[x->ndim - 1];
  return same ? x : t_expand(c, x, n + 2, shape);
}

/* The common sizes in front of [L, E]; with enable_gqa the last one of them is the heads, which key and value share. */
static bool batch_of(nn_frame *f, bool gqa, int *n, int64_t *batch) {
  *n = 0;
  for (int i = S_Q; i <= S_V; i++) {
    const nn_tensor *t = f->in[i];
    int64_t own[NN_MAX_DIMS];
    for (int d = 0; d < t->ndim - 2; d++) own[d] = t->shape[d];
    if (gqa && i > S_Q) own[t->ndim - 3] = f->in[S_Q]->shape[f->in[S_Q]->ndim - 3];
    if (nn_broadcast_shapes(*n, batch, t->ndim - 2, own, n, batch)) continue;
    char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT], c[NN_SHAPE_TEXT];
    return nn_bad(f, "the sizes in front of the last two dimensions of query %s, key %s and value %s do not broadcast%s",
                  nn_tensor_shape_text(f->in[S_Q], a), nn_tensor_shape_text(f->in[S_K], b), nn_tensor_shape_text(f->in[S_V], c),
                  gqa ? "" : "; with {enable_gqa = true} heads of query share those of key and value");
  }
  return true;
}

static bool check_shapes(nn_frame *f, bool gqa) {
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT], c[NN_SHAPE_TEXT];
  const nn_tensor *q = f->in[S_Q], *k = f->in[S_K], *v = f->in[S_V];
  for (int i = S_Q; i <= S_V; i++)
    if (!nn_expect_float(f, i) || !nn_expect_ndim(f, i, gqa ? 3 : 2, NN_MAX_DIMS) || !nn_expect_same_dtype(f, S_Q, i)) return false;
  if (q->shape[q->ndim - 1] != k->shape[k->ndim - 1] || k->shape[k->ndim - 2] != v->shape[v->ndim - 2])
    return nn_bad(f, "query %s, key %s and value %s do not fit: expected [..., L, E], [..., S, E] and [..., S, V]",
                  nn_tensor_shape_text(q, a), nn_tensor_shape_text(k, b), nn_tensor_shape_text(v, c));
  if (f->in[S_MASK] && f->arg[S_CAUSAL].b) return nn_bad(f, "attn_mask and is_causal exclude each other");
  if (!gqa) return true;
  const int64_t heads = q->shape[q->ndim - 3], shared_by = k->shape[k->ndim - 3];
  if (shared_by == v->shape[v->ndim - 3] && shared_by > 0 && heads % shared_by == 0) return true;
  return nn_bad(f, "the %lld heads of query must be a multiple of those of key (%lld) and value (%lld)", (long long)heads,
                (long long)shared_by, (long long)v->shape[v->ndim - 3]);
}

/* Brings key and value to the batch; with enable_gqa they keep their heads. */
static T spread_keys(C c, T x, bool gqa, int n, const int64_t *batch) {
  int64_t own[NN_MAX_DIMS];
  for (int d = 0; d < n; d++) own[d] = batch[d];
  if (gqa) own[n - 1] = x->shape[x->ndim - 3];
  return spread(c, x, n, own);
}

static T mask_as_four(nn_frame *f, int n, const int64_t *batch) {
  T m = f->in[S_MASK];
  if (m == NULL || n == 2) return m;
  if (n < 2) return m->ndim == n + 2 && n == 1 ? t_unsqueeze(f->ctx, m, 1) : m;
  return m->ndim <= 2 ? m : as_four(f->ctx, spread(f->ctx, m, n, batch), n + 2, batch);
}

static bool sdpa_compose(nn_frame *f) {
  C c = f->ctx;
  const bool gqa = f->arg[S_GQA].b;
  int64_t batch[NN_MAX_DIMS], shape[NN_MAX_DIMS];
  int n;
  if (!check_shapes(f, gqa) || !batch_of(f, gqa, &n, batch)) return false;
  T q = spread(c, f->in[S_Q], n, batch), k = spread_keys(c, f->in[S_K], gqa, n, batch);
  T v = spread_keys(c, f->in[S_V], gqa, n, batch), mask = mask_as_four(f, n, batch);
  if (q == NULL || k == NULL || v == NULL || c->error != NN_OK) return false;
  const int64_t width = q->shape[q->ndim - 1];
  const double scale = nn_given(f, S_SCALE) ? f->arg[S_SCALE].f : 1 / sqrt(width > 0 ? (double)width : 1);
  if (mask && mask->dtype != NN_BOOL && mask->dtype != q->dtype)
    return nn_bad(f, "expected attn_mask of bool or %s, got %s", nn_dtype_name((nn_dtype)q->dtype),
                  nn_dtype_name((nn_dtype)mask->dtype));
  for (int d = 0; d < n; d++) shape[d] = batch[d];
  shape[n] = q->shape[q->ndim - 2], shape[n + 1] = v->shape[v->ndim - 1];
  q = as_four(c, q, n + 2, batch), k = as_four(c, k, n + 2, batch), v = as_four(c, v, n + 2, batch);
  T y = q && k && v ? nn_do(c, &nn_op_attention, v_t(q), v_t(k), v_t(v), v_opt(mask), v_f(scale), f->arg[S_CAUSAL],
                            f->arg[S_DROPOUT])
                    : NULL;
  return (f->out[0] = n == 2 ? y : t_reshape(c, y, n + 2, shape)) != NULL;
}

const nn_op nn_op_scaled_dot_product_attention = {
    .name = "scaled_dot_product_attention",
    .doc = "softmax(query key^T * scale + attn_mask) value, over the keys (Vaswani et al. 2017). query [..., L, E], key\n"
           "[..., S, E], value [..., S, V], result [..., L, V]; scale is 1 / sqrt(E) unless given. attn_mask broadcasts to\n"
           "[..., L, S]: bool (true takes part) or numbers that are added. is_causal lets query i see the keys 1 to i. dropout_p\n"
           "drops weights, in training or not. With enable_gqa heads (the third dimension from the end) of query share those\n"
           "of key and value. Memory grows with the lengths, not with their product. A query that sees no key gets zeros.",
    .example = "local q, v = tensor{{1, 0}}, tensor{{1}, {3}}\n"
               "F.scaled_dot_product_attention(q, tensor{{0, 1}, {0, 2}}, v)\n--> {{2}}",
    .params = {{"query", P_TENSOR},
               {"key", P_TENSOR},
               {"value", P_TENSOR},
               {"attn_mask", P_TENSOR, "nil"},
               {"dropout_p", P_FLOAT, "0.0"},
               {"is_causal", P_BOOL, "false"},
               {"scale", P_FLOAT, "nil", .keyword = true},
               {"enable_gqa", P_BOOL, "false", .keyword = true}},
    .flags = NN_F | NN_RANDOM, .compose = sdpa_compose,
    .samples = NN_SAMPLES("R(2,3,4), R(2,5,4), R(2,5,2)", "R(3,4), R(3,4), R(3,4), {is_causal = true}",
                          "R(2,1,2,2), R(1,2,3,2), R(2,2,3,2), R(2,3)", "R(2,2,2), R(2,2,2), R(2,2,2), B(2,2,2), 0.3",
                          "R(2,1,4,2,2), R(2,1,2,3,2), R(2,1,2,3,2), {enable_gqa = true, scale = 1.5}"),
    .invalid = "R(2,3,4), R(2,5,3), R(2,5,3)", .complaint = "do not fit"};
