/* autograd.c - the graph: recording operations, histories of views, hooks. The walk is in backward.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backward.h"
#include "expr.h"
#include "graph.h"
#include "later.h"
#include "profile.h"

/* ---- nodes ------------------------------------------------------------------------------------------ */

nn_node *nn_node_retain(nn_node *n) {
  if (n != NULL) n->refs++;
  return n;
}

void nn_hooks_destroy(nn_ctx *ctx, nn_hook *h) {
  while (h != NULL) {
    nn_hook *next = h->next;
    if (h->key != NULL && ctx->host.forget != NULL) ctx->host.forget(ctx->host.data, h->key);
    nn_small_free(ctx, h, sizeof *h);
    h = next;
  }
}

/* Lets go of saved tensors (and the host's closure): after the walk has passed, or at the end. */
void nn_node_forget(nn_node *n) {
  for (int i = 0; i < n->n_saved; i++) {
    nn_release(n->saved[i].t);
    n->saved[i].t = NULL;
  }
  n->n_saved = 0;
  if (n->op != NULL) return;
  if (n->key != NULL && n->ctx->host.forget != NULL) n->ctx->host.forget(n->ctx->host.data, n->key);
  n->key = NULL;
}

void nn_node_destroy(nn_node *n) {
  nn_ctx *ctx = n->ctx;
  if (n->n_saved > 0 || n->op == NULL) nn_node_forget(n);
  for (int i = 0; i < n->n_in; i++) {
    if (n->edge[i].node != NULL) nn_node_release(n->edge[i].node);
    if (n->edge[i].leaf != NULL) nn_release(n->edge[i].leaf);
  }
  if (n->hooks != NULL) nn_hooks_destroy(ctx, n->hooks);
  nn_small_give(ctx, n, n->size);
}

const char *nn_node_where(const nn_node *n) {
  return n->flags & NN_N_WHERE ? (const char *)n + n->size - NN_WHERE : NULL;
}

/* How many of each kind of its parts a node has room for. */
typedef struct node_plan {
  int n_in, n_out, n_saved, n_args, n_dims, n_ints;
  size_t name;
} node_plan;

static inline void start_node(nn_node *n, nn_ctx *ctx, const nn_op *op, size_t size, int n_in, int n_out, int n_args) {
  n->ctx = ctx;
  n->op = op;
  n->work = NULL;
  n->hooks = NULL;
  n->refs = 1;
  n->size = (uint32_t)size;
  n->n_in = n_in;
  n->n_out = n_out;
  n->n_saved = 0;
  n->line = ctx->profile != NULL ? ctx->profile->line : 0;
  n->n_args = (uint8_t)n_args;
  n->flags = 0;
  ctx->recorded++;
  n->note[0] = n->note[1] = 0;
  for (int i = 0; i < n_in; i++) n->edge[i] = (nn_edge){0};
}

/* Everything but edges and metas is set. */
static nn_node *new_node(nn_ctx *ctx, const nn_op *op, const node_plan *p, int64_t **dims, int64_t **ints) {
  size_t saved = sizeof(nn_node) + (size_t)p->n_in * sizeof(nn_edge), meta = saved + (size_t)p->n_saved * sizeof(nn_saved);
  size_t args = meta + (size_t)(p->n_in + p->n_out) * sizeof(nn_meta), dims_at = args + (size_t)p->n_args * sizeof(nn_value);
  size_t ints_at = dims_at + (size_t)p->n_dims * 8, name_at = ints_at + (size_t)p->n_ints * 8, size = name_at + p->name;
  bool located = ctx->anomaly && ctx->host.where != NULL;
  if (located) size += NN_WHERE;
  if (size > UINT32_MAX) {
    nn_fail(ctx, "an operation on so many tensors cannot be recorded");
    return NULL;
  }
  char *block = nn_small_take(ctx, size);
  if (block == NULL) return NULL;
  nn_node *n = (nn_node *)block;
  start_node(n, ctx, op, size, p->n_in, p->n_out, p->n_args);
  if (located) n->flags = NN_N_WHERE;
  n->saved = (nn_saved *)(block + saved);
  n->meta = (nn_meta *)(block + meta);
  n->arg = (nn_value *)(block + args);
  *dims = (int64_t *)(block + dims_at);
  *ints = (int64_t *)(block + ints_at);
  for (int i = 0; i < p->n_saved; i++) n->saved[i].t = NULL;
  if (p->name) n->name = block + name_at;
  if (located) {
    char *text = block + size - NN_WHERE;
    text[0] = '\0';
    ctx->host.where(ctx->host.data, text, NN_WHERE);
  }
  return n;
}

static int64_t *set_meta(nn_meta *m, const nn_tensor *t, int64_t *dims) {
  m->ndim = t ? (int8_t)t->ndim : -1;
  m->dtype = t ? t->dtype : 0;
  m->shape = dims;
  if (t == NULL) return dims;
  for (int d = 0; d < t->ndim; d++) dims[d] = t->shape[d];
  return dims + t->ndim;
}

/* Where the gradient for input t goes. */
static bool set_edge(nn_node *n, int i, nn_tensor *t) {
  if (t == NULL || !nn_is_float((nn_dtype)t->dtype)) return true;
  nn_node *from = t->node;
  if (t->base != NULL && !nn_history(t, &from)) return false;
  if (from != NULL) {
    n->edge[i].node = nn_node_retain(from);
    n->edge[i].out = t->out;
    n->flags |= from->flags & NN_N_HOST;
  } else if (t->flags & NN_T_REQUIRES) {
    n->edge[i].leaf = nn_retain(t);
    if (t->flags & NN_T_HOST) n->flags |= NN_N_HOST;
  }
  return true;
}

/* ---- recording -------------------------------------------------------------------------------------- */

/* Arguments that lie outside of their nn_value. */
static bool is_list(const nn_value *v) {
  return (1u << NN_V_INTS | 1u << NN_V_FLOATS | 1u << NN_V_STRING) >> v->tag & 1;
}

static size_t words_of(const nn_value *v) { return v->tag == NN_V_STRING ? strlen(v->s) / 8 + 1 : (size_t)v->n; }

/* Entries that saved tensors take: up to the last one that may be in use. */
static int saved_room(const nn_op *op, int n_in, int n_out, int n_extra) {
  if (n_extra > 0) return n_in + n_out + n_extra;
  if (op->saves_out != 0) return n_in + n_out;
  if (op->saves_in == 0) return 0;
  int last = 32 - __builtin_clz(op->saves_in);
  return last < n_in && last < 32 ? last : n_in;
}

static node_plan plan_frame(const nn_frame *f, int n_out) {
  int n_dims = 0, n_ints = 0;
  bool numbers = false;
  for (int i = 0; i < f->n_in; i++) n_dims += f->in[i] ? f->in[i]->ndim : 0;
  for (int k = 0; k < n_out; k++) n_dims += f->out[k]->ndim;
  for (int a = 0; a < f->n_args; a++) {
    if (f->arg[a].tag == NN_V_TENSOR) continue;
    numbers = true;
    if (is_list(&f->arg[a])) n_ints += (int)words_of(&f->arg[a]);
  }
  int n_extra = f->extra[1] != NULL ? 2 : f->extra[0] != NULL;
  return (node_plan){.n_in = f->n_in, .n_out = n_out, .n_saved = saved_room(f->op, f->n_in, n_out, n_extra),
                     .n_args = numbers ? f->n_args : 0, .n_dims = n_dims, .n_ints = n_ints};
}

static void copy_args(nn_node *n, const nn_frame *f, int64_t *ints) {
  for (int a = 0; a < n->n_args; a++) {
    n->arg[a] = f->arg[a];
    if (!is_list(&f->arg[a])) continue;
    size_t words = words_of(&f->arg[a]), bytes = f->arg[a].tag == NN_V_STRING ? strlen(f->arg[a].s) + 1 : words * 8;
    if (bytes > 0) memcpy(ints, f->arg[a].ints, bytes);
    n->arg[a].ints = ints;
    ints += words;
  }
}

/* Entry i of what the node saves; t is counted already. */
static void save(nn_node *n, int i, nn_tensor *t, uint32_t version) {
  n->saved[i] = (nn_saved){.t = t, .version = version};
  if (n->n_saved <= i) n->n_saved = i + 1;
}

static bool has_edge(const nn_node *n, int i) { return n->edge[i].node != NULL || n->edge[i].leaf != NULL; }

/* Whether the gradient of an input that has one (bits of `has`, of the first 8) needs input i. */
static inline bool needs(const nn_op *op, int i, uint32_t has) {
  if (!(op->saves_in >> (i < 32 ? i : 31) & 1)) return false;
  return i > 1 || op->saves_for[i] == 0 || (op->saves_for[i] & has) != 0;
}

/* A saved output is kept without its history: with it, it would keep itself alive. */
static bool save_out(nn_node *n, int i, nn_tensor *t) {
  nn_tensor *alias = nn_detach(t);
  if (alias != NULL) save(n, i, alias, t->storage->version);
  return alias != NULL;
}

/* A number beside a tensor is worth no tensor of its own. */
static bool note_number(nn_node *n, int i, const nn_tensor *t) {
  if (!(t->flags & NN_T_CONSTANT) || !(n->op->flags & NN_DIRECT) || n->flags & NN_N_NUMBER) return false;
  double value = nn_item(t);
  memcpy(&n->note[0], &value, sizeof value);
  n->note[1] = (uint64_t)i;
  n->flags |= NN_N_NUMBER;
  return true;
}

/* A quick look: false where input i certainly passes no gradient on. */
static inline bool can_have(const nn_op *op, int i, const nn_tensor *t) {
  bool can = op->grads_in == 0 || (op->grads_in >> (i < 8 ? i : 7) & 1);
  return can && (t->node != NULL || t->base != NULL || t->flags & NN_T_REQUIRES);
}

static bool fill_node(nn_node *n, nn_frame *f, nn_tensor *into, int n_out, int64_t *dims, int64_t *ints) {
  const nn_op *op = f->op;
  n->note[0] = f->note[0];
  n->note[1] = f->note[1];
  uint32_t has = 0;
  for (int i = 0; i < n->n_in; i++) {
    nn_tensor *t = f->in[i];
    dims = set_meta(&n->meta[i], t, dims);
    if (t == NULL) continue;
    if (can_have(op, i, t) && !set_edge(n, i, t)) return false;
    if (i < 8 && has_edge(n, i)) has |= 1u << i;
  }
  for (int i = 0; i < n->n_in && op->saves_in != 0; i++) {
    nn_tensor *t = f->in[i];
    if (t == NULL || !needs(op, i, has) || note_number(n, i, t)) continue;
    uint32_t version = t->storage->version;
    save(n, i, nn_retain(t), into != NULL && t->storage == into->storage ? version - 1 : version);
  }
  for (int k = 0; k < n_out; k++) {
    dims = set_meta(&n->meta[n->n_in + k], f->out[k], dims);
    if (op->saves_out >> k & 1 && !save_out(n, n->n_in + k, f->out[k])) return false;
  }
  for (int k = 0; k < 2; k++)
    if (f->extra[k] != NULL) save(n, n->n_in + n_out + k, nn_retain(f->extra[k]), f->extra[k]->storage->version);
  if (n->n_args > 0) copy_args(n, f, ints);
  return true;
}

/* The usual node in one go: one output, no list among the arguments, nothing left by the kernel. */
static bool record_plain(nn_ctx *ctx, const nn_op *op, nn_tensor *const *in, int n_in, const nn_value *arg, int n_args,
                         nn_tensor *out) {
  int n_dims = out->ndim, n_saved = saved_room(op, n_in, 1, 0);
  for (int i = 0; i < n_in; i++)
    if (in[i] != NULL) n_dims += in[i]->ndim;
  size_t size = sizeof(nn_node) + sizeof(nn_meta) + (size_t)n_in * (sizeof(nn_edge) + sizeof(nn_meta)) +
                (size_t)n_saved * sizeof(nn_saved) + (size_t)n_args * sizeof(nn_value) + (size_t)n_dims * sizeof(int64_t);
  nn_node *n = nn_small_take(ctx, size);
  if (n == NULL) return false;
  start_node(n, ctx, op, size, n_in, 1, n_args);
  n->saved = (nn_saved *)(void *)(n->edge + n_in);
  n->meta = (nn_meta *)(void *)(n->saved + n_saved);
  n->arg = (nn_value *)(void *)(n->meta + n_in + 1);
  int64_t *dims = (int64_t *)(void *)(n->arg + n_args);
  uint32_t has = 0;
  bool ok = true;
  for (int i = 0; i < n_in && ok; i++) {
    nn_tensor *t = in[i];
    dims = set_meta(&n->meta[i], t, dims);
    if (t == NULL || !can_have(op, i, t)) continue;
    ok = set_edge(n, i, t);
    if (i < 8 && has_edge(n, i)) has |= 1u << i;
  }
  for (int i = 0; i < n_saved; i++) {
    n->saved[i].t = NULL;
    nn_tensor *t = i < n_in ? in[i] : NULL;
    if (t != NULL && needs(op, i, has) && !note_number(n, i, t)) save(n, i, nn_retain(t), t->storage->version);
  }
  set_meta(&n->meta[n_in], out, dims);
  for (int a = 0; a < n_args; a++) n->arg[a] = arg[a];
  if (op->saves_out & 1) ok = ok && save_out(n, n_in, out);
  if (!ok) {
    nn_node_release(n);
    return false;
  }
  out->node = n;
  out->out = 0;
  return true;
}

/* Arguments that a plain node has to keep: none where they are all tensors; -1: there are lists among them. */
static int plain_args(const nn_frame *f) {
  int n = 0;
  for (int a = 0; a < f->n_args; a++) {
    if (f->arg[a].tag == NN_V_TENSOR) continue;
    if (is_list(&f->arg[a])) return -1;
    n = f->n_args;
  }
  return n;
}

nn_tensor *nn_record_quick(nn_ctx *ctx, const nn_op *op, nn_tensor *const *in, int n_in, const nn_value *arg, int n_args,
                           nn_tensor *out) {
  if (out == NULL || !ctx->grad_enabled) return out;
  bool wanted = false;
  for (int i = 0; i < n_in && !wanted; i++) wanted = in[i] != NULL && nn_requires_grad(in[i]);
  if (!wanted || record_plain(ctx, op, in, n_in, arg, n_args, out)) return out;
  nn_release(out);
  return NULL;
}

bool nn_record(nn_frame *f, nn_tensor *into) {
  int n_out = f->results->n;
  bool simple = n_out == 1 && into == NULL && f->extra[0] == NULL && f->extra[1] == NULL && !f->ctx->anomaly;
  if (simple && (f->note[0] | f->note[1]) == 0 && f->n_in <= NN_MAX_IN && nn_is_float((nn_dtype)f->out[0]->dtype) &&
      f->out[0]->node == NULL) {
    int n_args = plain_args(f);
    if (n_args >= 0) return record_plain(f->ctx, f->op, f->in, f->n_in, f->arg, n_args, f->out[0]);
  }
  node_plan plan = plan_frame(f, n_out);
  int64_t *dims, *ints;
  nn_node *n = new_node(f->ctx, f->op, &plan, &dims, &ints);
  if (n == NULL) return false;
  if (!fill_node(n, f, into, n_out, dims, ints)) {
    nn_node_release(n);
    return false;
  }
  for (int k = 0; k < n_out; k++) {
    nn_tensor *t = f->out[k];
    if (!nn_is_float((nn_dtype)t->dtype)) continue;
    t->node = nn_node_retain(n);
    t->out = k;
  }
  nn_node_release(n);
  return true;
}

bool nn_record_host(nn_ctx *ctx, const char *name, void *key, nn_tensor *const *inputs, int n_in,
                    nn_tensor *const *outputs, int n_out) {
  node_plan plan = {.n_in = n_in, .n_out = n_out, .name = strlen(name) + 1};
  for (int i = 0; i < n_in; i++) plan.n_dims += inputs[i]->ndim;
  for (int k = 0; k < n_out; k++) plan.n_dims += outputs[k]->ndim;
  int64_t *dims, *ints;
  nn_node *n = new_node(ctx, NULL, &plan, &dims, &ints);
  if (n == NULL) return false;
  memcpy((char *)n->name, name, plan.name);
  for (int i = 0; i < n_in; i++) {
    dims = set_meta(&n->meta[i], inputs[i], dims);
    if (!set_edge(n, i, inputs[i])) {
      nn_node_release(n);
      return false;
    }
  }
  n->flags |= NN_N_HOST;
  for (int k = 0; k < n_out; k++) {
    dims = set_meta(&n->meta[n_in + k], outputs[k], dims);
    if (!nn_is_float((nn_dtype)outputs[k]->dtype)) continue;
    nn_node_release(outputs[k]->node);
    outputs[k]->node = nn_node_retain(n);
    outputs[k]->out = k;
  }
  n->key = key;
  nn_node_release(n);
  return true;
}

bool nn_has_host_history(const nn_tensor *t) {
  return (t->flags & NN_T_HOST) || (t->node != NULL && (t->node->flags & NN_N_HOST));
}

/* ---- history of views and of changes in place ------------------------------------------------------- */

static bool stale(const nn_tensor *t) { return t->base != NULL && t->epoch != t->base->epoch; }

bool nn_requires_grad(const nn_tensor *t) {
  if (t->flags & NN_T_REQUIRES) return true;
  if (stale(t)) return nn_requires_grad(t->base);
  return t->node != NULL;
}

bool nn_is_leaf(const nn_tensor *t) { return t->node == NULL && !(stale(t) && nn_requires_grad(t->base)); }

/* Records `op` with these inputs and the geometry of view v as made from them; the history goes to `out`. */
static bool record_geometry(const nn_op *op, nn_tensor **in, int n_in, const nn_tensor *v, nn_tensor *out) {
  nn_results r = {.n = 1, .t = r.small, .small = {out}};
  nn_value arg[7];
  nn_frame f = {.ctx = v->ctx, .op = op, .n_args = n_in + 5, .n_in = n_in, .n_out = 1};
  for (int i = 0; i < n_in; i++) arg[i] = (nn_value){.tag = NN_V_TENSOR, .n = 1, {.i = i}};
  arg[n_in] = v_ints(v->ndim, v->shape);
  arg[n_in + 1] = v_ints(v->ndim, v->stride);
  arg[n_in + 2] = v_i(nn_offset(v));
  arg[n_in + 3] = v_ints(in[0]->ndim, in[0]->stride);
  arg[n_in + 4] = v_i(nn_offset(in[0]));
  f.arg = arg;
  f.in = in;
  f.out = r.t;
  f.results = &r;
  nn_node_release(out->node);
  out->node = NULL;
  return nn_record(&f, NULL);
}

bool nn_history(nn_tensor *t, nn_node **node) {
  if (stale(t)) {
    nn_tensor *base = t->base;
    t->epoch = base->epoch;
    if (nn_requires_grad(base)) {
      if (!record_geometry(&nn_op_as_strided, &base, 1, t, t)) return false;
    } else {
      nn_node_release(t->node);
      t->node = NULL;
    }
  }
  *node = t->node;
  return true;
}

bool nn_adopt_history(nn_tensor *x, nn_tensor *r) {
  if (!nn_requires_grad(r) && !nn_requires_grad(x)) return true;
  if (x->base == NULL) {
    nn_node *old = x->node;
    x->node = nn_node_retain(r->node);
    x->out = r->out;
    x->epoch++;
    nn_node_release(old);
    return true;
  }
  nn_tensor *base = x->base;
  nn_tensor *before = nn_detach(base); /* the base as it was: its history without its later one */
  if (before == NULL) return false;
  before->node = nn_node_retain(base->node);
  before->out = base->out;
  nn_tensor *in[2] = {before, r};
  bool ok = record_geometry(&nn_op_as_strided_scatter, in, 2, x, base);
  nn_release(before);
  base->epoch++;
  return ok;
}

bool nn_follow_view(nn_tensor *x, nn_tensor *v) {
  bool retained = (x->flags & NN_T_RETAIN) != 0;
  if (retained) nn_forget_retained(x);
  x->flags &= (uint8_t)~NN_T_RETAIN;
  nn_release(x->grad); /* of the former shape */
  x->grad = NULL;
  nn_node *old = x->node;
  x->node = nn_node_retain(v->node);
  x->out = v->out;
  nn_node_release(old);
  return !retained || nn_retain_grad(x);
}

bool nn_set_requires_grad(nn_tensor *t, bool on) {
  if (on && !nn_is_float((nn_dtype)t->dtype))
    return nn_fail(t->ctx, "requires_grad: only floating-point tensors can have gradients, this one is %s",
                   nn_dtype_name((nn_dtype)t->dtype));
  if (!nn_is_leaf(t))
    return on || nn_fail(t->ctx, "requires_grad: only a leaf can be switched off; use detach() to cut this tensor "
                                 "from its history");
  t->flags = (uint8_t)(on ? t->flags | NN_T_REQUIRES : t->flags & ~NN_T_REQUIRES);
  return true;
}

/* ---- gradients and hooks of a tensor ---------------------------------------------------------------- */

nn_tensor *nn_grad(const nn_tensor *t) { return t->grad; }

bool nn_set_grad(nn_tensor *t, nn_tensor *grad) {
  if (grad != NULL) {
    char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
    if (!nn_same_shape(t, grad))
      return nn_fail(t->ctx, "grad: expected shape %s, got %s", nn_tensor_shape_text(t, a), nn_tensor_shape_text(grad, b));
    if (t->dtype != grad->dtype)
      return nn_fail(t->ctx, "grad: expected %s, got %s", nn_dtype_name((nn_dtype)t->dtype),
                     nn_dtype_name((nn_dtype)grad->dtype));
    if (t == grad) return nn_fail(t->ctx, "grad: a tensor cannot be its own gradient");
    nn_settle(grad);
  }
  nn_tensor *old = t->grad;
  t->grad = nn_retain(grad);
  nn_release(old);
  return true;
}

static nn_hook *new_hook(nn_tensor *t) {
  nn_ctx *ctx = t->ctx;
  nn_node *node;
  if (!nn_history(t, &node)) return NULL;
  nn_hook *h = nn_small_alloc(ctx, sizeof *h);
  if (h == NULL) return NULL;
  memset(h, 0, sizeof *h);
  h->id = ctx->next_hook++;
  h->out = t->out;
  nn_hook **at = node ? &node->hooks : &t->hooks;
  while (*at != NULL) at = &(*at)->next;
  *at = h;
  return h;
}

int64_t nn_add_hook(nn_tensor *t, void *key, bool after_accumulate) {
  if (!nn_requires_grad(t)) {
    nn_fail(t->ctx, "register_hook: this tensor does not require a gradient");
    return 0;
  }
  if (after_accumulate && !nn_is_leaf(t)) {
    nn_fail(t->ctx, "register_post_accumulate_grad_hook: only leaves accumulate gradients");
    return 0;
  }
  nn_hook *h = new_hook(t);
  if (h == NULL) return 0;
  h->key = key;
  h->after = after_accumulate;
  if (t->node != NULL)
    t->node->flags |= NN_N_HOST;
  else
    t->flags |= NN_T_HOST;
  return h->id;
}

static bool remove_from(nn_ctx *ctx, nn_hook **at, int64_t id) {
  for (; *at != NULL; at = &(*at)->next) {
    nn_hook *h = *at;
    if (h->id != id) continue;
    *at = h->next;
    h->next = NULL;
    nn_hooks_destroy(ctx, h);
    return true;
  }
  return false;
}

bool nn_remove_hook(nn_ctx *ctx, nn_tensor *t, int64_t id) {
  if (t->node != NULL && remove_from(ctx, &t->node->hooks, id)) return true;
  return remove_from(ctx, &t->hooks, id);
}

bool nn_retain_grad(nn_tensor *t) {
  if (!nn_requires_grad(t)) return nn_fail(t->ctx, "retain_grad: this tensor does not require a gradient");
  if (nn_is_leaf(t) || t->flags & NN_T_RETAIN) return true;
  nn_hook *h = new_hook(t);
  if (h == NULL) return false;
  h->keep = t;
  t->flags |= NN_T_RETAIN;
  return true;
}

void nn_forget_retained(nn_tensor *t) {
  if (t->node == NULL) return;
  for (nn_hook **at = &t->node->hooks; *at != NULL; at = &(*at)->next) {
    nn_hook *h = *at;
    if (h->keep != t) continue;
    *at = h->next;
    nn_small_free(t->ctx, h, sizeof *h);
    return;
  }
}

/* ---- the graph from outside ------------------------------------------------------------------------- */

nn_node *nn_tensor_node(nn_tensor *t) {
  nn_node *node;
  return nn_history(t, &node) ? node : NULL;
}

const char *nn_node_name(const nn_node *n) { return n->op ? n->op->name : n->name; }

const char *nn_grad_fn_name(nn_tensor *t) {
  nn_node *n = nn_tensor_node(t);
  return n ? nn_node_name(n) : NULL;
}

int nn_node_inputs(const nn_node *n) { return n->n_in; }

nn_node *nn_node_input(const nn_node *n, int i, nn_tensor **leaf) {
  if (leaf != NULL) *leaf = n->edge[i].leaf;
  return n->edge[i].node;
}

/* ---- what a vjp rule reads -------------------------------------------------------------------------- */

static nn_tensor *saved_tensor(const nn_vjp *v, int i) {
  const nn_node *n = v->node;
  const nn_saved *s = &n->saved[i];
  nn_ctx *ctx = v->ctx;
  if (ctx->error != NN_OK) return NULL;
  if (n->flags & NN_N_NUMBER && n->note[1] == (uint64_t)i && !(n->flags & NN_N_RELEASED)) {
    double value;
    memcpy(&value, &n->note[0], sizeof value);
    return nn_keep(ctx, nn_scalar(ctx, (nn_dtype)n->meta[i].dtype, value));
  }
  if (i >= n->n_saved || s->t == NULL) {
    if (n->flags & NN_N_RELEASED)
      nn_fail(ctx, "backward: the graph was already used by a backward pass and its saved values (of %s) are gone; "
                   "pass {retain_graph = true} to the first one to keep them", nn_node_name(n));
    else
      nn_fail(ctx, "backward: %s did not save a value that its gradient needs", nn_node_name(n));
    return NULL;
  }
  if (s->t->storage->version != s->version) {
    char text[NN_SHAPE_TEXT];
    nn_fail(ctx,
            "backward: a tensor of shape %s that %s needs for its gradient was changed in place afterwards "
            "(it is at version %u, expected %u); use an operation without trailing _ or a clone()%s%s",
            nn_tensor_shape_text(s->t, text), nn_node_name(n), s->t->storage->version, s->version,
            nn_node_where(n) ? "; recorded at " : "", nn_node_where(n) ? nn_node_where(n) : "");
    return NULL;
  }
  nn_settle(s->t);
  return s->t;
}

nn_tensor *nn_in(const nn_vjp *v, int i) { return saved_tensor(v, i); }

nn_tensor *nn_extra(const nn_vjp *v, int k) { return saved_tensor(v, v->node->n_in + v->node->n_out + k); }

nn_tensor *nn_unchanged_out(const nn_vjp *v, int k) {
  const nn_saved *s = &v->node->saved[v->node->n_in + k];
  if (v->node->n_in + k >= v->node->n_saved || s->t == NULL || s->t->storage->version != s->version) return NULL;
  nn_settle(s->t);
  return s->t;
}

nn_tensor *nn_out(const nn_vjp *v, int k) {
  nn_tensor *t = saved_tensor(v, v->node->n_in + k);
  if (t == NULL || !v->create_graph) return t;
  nn_tensor *alias = nn_keep(v->ctx, nn_detach(t));
  if (alias == NULL) return NULL;
  alias->node = nn_node_retain(v->node);
  alias->out = k;
  return alias;
}
