/* backward.c - the walk through the graph: gradients of leaves or of given inputs, of any order, without
 * recursion. Knows rows only by their vjp and compose. */
#include "backward.h"

#include <math.h>
#include <string.h>

#include "expr.h"
#include "graph.h"
#include "interrupt.h"
#include "kernels/vmath.h"
#include "later.h"
#include "parallel.h"
#include "profile.h"

/* What a walk knows about a node it has met. Walks can be nested (a hook may start another one): the record of
 * the outer walk waits in `outer`. */
typedef struct nn_work {
  struct nn_walk_state *walk;
  struct nn_work *outer;
  struct nn_work *next, *before; /* the records of the walk */
  nn_node *node;                 /* counted */
  int32_t waiting;               /* edges that have not delivered yet */
  int32_t seen_edges;            /* discovery: how many edges were followed */
  bool needed;
  bool queued;
  nn_tensor *g[]; /* n_out gradients so far, counted */
} nn_work;

typedef struct capture {
  nn_tensor *t;
  nn_node *node;
  int32_t out;
  nn_tensor *g;
} capture;

typedef struct nn_walk_state {
  nn_ctx *ctx;
  nn_work *all;
  nn_work **stack; /* = little, or a block of its own */
  nn_work *little[32];
  int64_t n_stack, cap_stack;
  capture *captures;
  int n_captures;
  bool retain, create, to_leaves;
} nn_walk_state;

static size_t work_size(const nn_node *n) { return sizeof(nn_work) + (size_t)n->n_out * sizeof(nn_tensor *); }

static nn_work *work_of(nn_walk_state *w, nn_node *n) { return n->work && n->work->walk == w ? n->work : NULL; }

static inline nn_work *new_work(nn_walk_state *w, nn_node *n) {
  nn_work *r = nn_small_take(w->ctx, work_size(n));
  if (r == NULL) return NULL;
  r->walk = w;
  r->outer = n->work;
  r->next = w->all;
  r->before = NULL;
  r->node = n;
  r->waiting = r->seen_edges = 0;
  r->needed = r->queued = false;
  for (int k = 0; k < n->n_out; k++) r->g[k] = NULL;
  if (w->all != NULL) w->all->before = r;
  w->all = r;
  n->refs++;
  n->work = r;
  return r;
}

static void drop_gradients(nn_work *r) {
  for (int k = 0; k < r->node->n_out; k++) {
    if (r->g[k] == NULL) continue;
    nn_release(r->g[k]);
    r->g[k] = NULL;
  }
}

/* The walk is through with a node: what nobody else holds of the graph goes while it is still at hand. */
static void finish(nn_walk_state *w, nn_work *r) {
  nn_node *n = r->node;
  if (r->before != NULL)
    r->before->next = r->next;
  else
    w->all = r->next;
  if (r->next != NULL) r->next->before = r->before;
  n->work = r->outer;
  nn_small_give(w->ctx, r, work_size(n));
  nn_node_release(n);
}

static bool push(nn_walk_state *w, nn_work *r) {
  if (w->n_stack == w->cap_stack) {
    int64_t cap = 2 * w->cap_stack;
    nn_work **s = nn_mem_alloc(w->ctx, (size_t)cap * sizeof *s);
    if (s == NULL) return false;
    memcpy(s, w->stack, (size_t)w->n_stack * sizeof *s);
    if (w->stack != w->little) nn_mem_free(w->ctx, w->stack, (size_t)w->cap_stack * sizeof *s);
    w->stack = s;
    w->cap_stack = cap;
  }
  w->stack[w->n_stack++] = r;
  return true;
}

/* ---- discovery -------------------------------------------------------------------------------------- */

static bool captured(const nn_walk_state *w, const nn_node *n) {
  for (int i = 0; i < w->n_captures; i++)
    if (w->captures[i].node == n) return true;
  return false;
}

static bool captured_leaf(const nn_walk_state *w, const nn_tensor *t) {
  for (int i = 0; i < w->n_captures; i++)
    if (w->captures[i].t == t) return true;
  return false;
}

/* A node that will be needed soon: those of a large graph lie in no near cache. */
static inline void fetch(const nn_node *n) {
  if (n == NULL) return;
  __builtin_prefetch(n, 1);
  __builtin_prefetch((const char *)n + 64, 1);
  __builtin_prefetch((const char *)n + 128, 1);
}

/* Finds every node below `root` and counts the edges into each; all of them lead to leaves. */
static bool discover_all(nn_walk_state *w, nn_node *root) {
  nn_work *r = new_work(w, root);
  if (r == NULL || !push(w, r)) return false;
  r->needed = true;
  while (w->n_stack > 0) {
    const nn_node *n = w->stack[--w->n_stack]->node;
    for (int i = 0; i < n->n_in; i++) {
      nn_node *below = n->edge[i].node;
      if (below == NULL) continue;
      nn_work *b = work_of(w, below);
      if (b == NULL) {
        for (int k = 0; k < below->n_in; k++) fetch(below->edge[k].node);
        b = new_work(w, below);
        if (b == NULL || !push(w, b)) return false;
        b->needed = true;
      }
      b->waiting++;
    }
  }
  return true;
}

/* The same where gradients are wanted for captures alone: finds out which nodes lead to one. */
static bool discover(nn_walk_state *w, nn_node *root) {
  if (work_of(w, root) != NULL) return true;
  if (w->to_leaves) return discover_all(w, root);
  nn_work *r = new_work(w, root);
  if (r == NULL || !push(w, r)) return false;
  while (w->n_stack > 0) {
    r = w->stack[w->n_stack - 1];
    nn_node *n = r->node;
    if (r->seen_edges == 0) r->needed = captured(w, n);
    if (r->seen_edges == n->n_in) {
      w->n_stack--;
      for (int i = 0; i < n->n_in && !r->needed; i++) {
        const nn_edge *e = &n->edge[i];
        r->needed = e->node != NULL ? work_of(w, e->node)->needed : e->leaf != NULL && captured_leaf(w, e->leaf);
      }
      continue;
    }
    nn_node *below = n->edge[r->seen_edges++].node;
    if (below == NULL) continue;
    nn_work *b = work_of(w, below);
    if (b == NULL) {
      b = new_work(w, below);
      if (b == NULL || !push(w, b)) return false;
    }
    b->waiting++;
    for (int i = 0; i < below->n_in; i++) fetch(below->edge[i].node);
  }
  return true;
}

/* ---- gradients on their way ------------------------------------------------------------------------- */

/* Nobody else can see t's data. */
static bool exclusive(const nn_tensor *t) {
  return t->refs == 1 && t->storage->refs == 1 && nn_contig(t) && t->base == NULL && t->node == NULL;
}

typedef struct addition {
  nn_tensor *a;
  const nn_tensor *g;
} addition;

static void add_range(void *arg, int64_t begin, int64_t end, int thread) {
  const addition *x = arg;
  const size_t at = (size_t)begin * nn_esize(x->a);
  (void)thread;
  NN_SELECT(nn_vmath)->binary[NN_BINARY_ADD][x->a->dtype](end - begin, x->a->data + at, 1, x->g->data + at, 1, x->a->data + at);
}

/* a += g; both without gaps, of one shape and dtype. */
static void add_data(nn_tensor *a, const nn_tensor *g) {
  addition x = {a, g};
  nn_parallel(a->numel, 8192, add_range, &x);
}

/* *sum += g, where g (counted) is taken over. */
static bool add_to(nn_walk_state *w, nn_tensor **sum, nn_tensor *g) {
  if (*sum == NULL) {
    *sum = g;
    return true;
  }
  nn_tensor *a = *sum;
  if (!w->create && !exclusive(a) && exclusive(g)) { /* addition commutes, bit for bit */
    nn_tensor *t = a;
    a = g;
    g = t;
    *sum = a;
  }
  if (!w->create && exclusive(a) && nn_contig(g)) {
    add_data(a, g);
    nn_release(g);
    return true;
  }
  int mark = nn_pool_mark(w->ctx);
  nn_tensor *s = nn_retain(t_add(w->ctx, a, g));
  nn_pool_reset(w->ctx, mark);
  nn_release(g);
  if (s == NULL) return false;
  nn_release(a);
  *sum = s;
  return true;
}

/* A gradient of the shape and dtype of the input it belongs to: sums over broadcast dimensions. Pooled. */
static nn_tensor *fit(nn_ctx *ctx, nn_tensor *g, const nn_meta *m) {
  if (g->dtype != m->dtype) g = nn_do(ctx, &nn_op_to, v_t(g), v_dt((nn_dtype)m->dtype));
  if (g == NULL) return NULL;
  bool same = g->ndim == m->ndim;
  for (int d = 0; d < m->ndim && same; d++) same = g->shape[d] == m->shape[d];
  return same ? g : nn_do(ctx, &nn_op_sum_to_size, v_t(g), v_ints(m->ndim, m->shape));
}

/* Calls the host's closures of a list on *g (counted); `out` < 0: a leaf. */
static bool call_hooks(nn_ctx *ctx, nn_hook *hooks, int out, bool after, nn_tensor **g) {
  for (nn_hook *h = hooks, *next; h != NULL; h = next) {
    next = h->next;
    if (h->key == NULL || h->after != after || (out >= 0 && h->out != out)) continue;
    if (ctx->host.hook == NULL) continue;
    bool ok = true;
    nn_tensor *r = ctx->host.hook(ctx->host.data, h->key, *g, &ok);
    if (!ok) return nn_fail_code(ctx, NN_ERR_HOST, "a gradient hook failed");
    if (r == NULL) continue;
    if (!nn_same_shape(r, *g)) {
      char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
      nn_fail(ctx, "backward: a hook returned a gradient of shape %s instead of %s", nn_tensor_shape_text(r, a),
              nn_tensor_shape_text(*g, b));
      nn_release(r);
      return false;
    }
    nn_settle(r);
    nn_release(*g);
    *g = r;
  }
  return true;
}

/* A .grad that takes sums in place: the user may hold it, it changes as PyTorch's does. */
static bool grows_in_place(const nn_walk_state *w, const nn_tensor *grad) {
  return !w->create && grad->storage->refs == 1 && nn_contig(grad) && grad->node == NULL && grad->base == NULL;
}

/* Makes g (counted) the gradient of leaf t, or adds it. */
static bool accumulate(nn_walk_state *w, nn_tensor *t, nn_tensor *g) {
  if (t->grad != NULL) {
    nn_tensor *sum = t->grad;
    t->grad = NULL;
    if (grows_in_place(w, sum) && nn_contig(g)) {
      add_data(sum, g);
      nn_touch(sum);
      nn_release(g);
      t->grad = sum;
      return true;
    }
    bool ok = add_to(w, &sum, g);
    t->grad = sum;
    return ok;
  }
  if (!w->create && !exclusive(g)) {
    nn_tensor *copy = nn_empty(w->ctx, (nn_dtype)g->dtype, g->ndim, g->shape);
    bool ok = copy != NULL && nn_copy_data(copy, g);
    nn_release(g);
    if (!ok) {
      nn_release(copy);
      return false;
    }
    copy->storage->version = 0;
    g = copy;
  }
  t->grad = g;
  return true;
}

static bool to_captures(nn_walk_state *w, const nn_tensor *leaf, const nn_node *node, int out, nn_tensor *g) {
  for (int i = 0; i < w->n_captures; i++) {
    capture *c = &w->captures[i];
    if (leaf != NULL ? c->t != leaf || c->node != NULL : c->node != node || c->out != out) continue;
    if (!add_to(w, &c->g, nn_retain(g))) return false;
  }
  return true;
}

/* g (counted) arrives at a leaf. */
static bool to_leaf(nn_walk_state *w, nn_tensor *leaf, nn_tensor *g) {
  bool ok = leaf->hooks == NULL || call_hooks(w->ctx, leaf->hooks, -1, false, &g);
  if (ok && w->to_leaves) {
    ok = accumulate(w, leaf, g);
    nn_tensor *shown = leaf;
    return ok && (leaf->hooks == NULL || call_hooks(w->ctx, leaf->hooks, -1, true, &shown));
  }
  ok = ok && to_captures(w, leaf, NULL, 0, g);
  nn_release(g);
  return ok;
}

/* ---- one node --------------------------------------------------------------------------------------- */

static bool keep_retained(nn_walk_state *w, nn_node *n, int out, nn_tensor *g) {
  for (nn_hook *h = n->hooks; h != NULL; h = h->next) {
    if (h->keep == NULL || h->out != out || !w->to_leaves) continue;
    if (!accumulate(w, h->keep, nn_retain(g))) return false;
  }
  return true;
}

/* Those who want to see the gradients of a node's outputs get them. */
static bool show_gradients(nn_walk_state *w, nn_work *r) {
  nn_node *n = r->node;
  for (int k = 0; k < n->n_out; k++) {
    if (r->g[k] == NULL) continue;
    if (n->hooks != NULL) {
      if (!call_hooks(w->ctx, n->hooks, k, false, &r->g[k])) return false;
      if (!keep_retained(w, n, k, r->g[k])) return false;
    }
    if (w->n_captures > 0 && !to_captures(w, NULL, n, k, r->g[k])) return false;
  }
  return true;
}

/* The composed form of a fused operation, differentiated: shadows of the inputs are leaves of a little graph
 * whose gradients are expressed in terms of the real inputs. */
static bool vjp_by_compose(nn_vjp *v) {
  nn_node *n = v->node;
  nn_ctx *ctx = v->ctx;
  nn_tensor *shadow[NN_MAX_IN] = {NULL}, *want[NN_MAX_IN], *got[NN_MAX_IN] = {NULL};
  int at[NN_MAX_IN], n_want = 0;
  if (n->n_in > NN_MAX_IN) return nn_fail(ctx, "backward: too many inputs");
  for (int i = 0; i < n->n_in; i++) {
    if (n->meta[i].ndim < 0) continue;
    bool constant = n->op->grads_in != 0 && !(n->op->grads_in >> (i < 8 ? i : 7) & 1); /* may move on, as running means do */
    nn_tensor *t = constant ? n->saved[i].t : nn_in(v, i);
    shadow[i] = t ? nn_do(ctx, &nn_op_alias, v_t(t)) : NULL;
    if (shadow[i] == NULL) return false;
    if (!nn_need(v, i)) continue;
    at[n_want] = i;
    want[n_want++] = shadow[i];
  }
  nn_frame f = {.ctx = ctx, .op = n->op, .n_args = n->n_args, .n_in = n->n_in, .arg = n->arg, .in = shadow};
  f.note[0] = n->note[0];
  f.note[1] = n->note[1];
  f.recording = true;
  nn_results r;
  if (!nn_compose_frame(&f, &r)) return false;
  nn_tensor *outs[NN_MAX_OUT], *grads[NN_MAX_OUT];
  int n_outs = 0;
  for (int k = 0; k < r.n; k++) {
    nn_keep(ctx, r.t[k]); /* those beyond the node's outputs, too */
    if (k >= n->n_out || v->g[k] == NULL || !nn_requires_grad(r.t[k])) continue;
    outs[n_outs] = r.t[k];
    grads[n_outs++] = v->g[k];
  }
  if (!nn_backward(ctx, outs, grads, n_outs, want, n_want, got, true, true)) return false;
  for (int i = 0; i < n_want; i++) v->d[at[i]] = nn_keep(ctx, got[i]);
  return true;
}

/* The input that a node passes gradients to where there is just one such, else -1. */
static int only_edge(const nn_node *n) {
  int only = -1;
  for (int i = 0; i < n->n_in; i++) {
    if (n->edge[i].node == NULL && n->edge[i].leaf == NULL) continue;
    if (only >= 0) return -1;
    only = i;
  }
  return only;
}

/* Inputs that need no block of their own for their gradients. */
enum { FEW = 8 };

/* A rule that overwrites its gradient saves memory and its traffic; for small ones that is not worth the call. */
enum { WORTH_WRITING_OVER = 4096 };

nn_tensor *nn_into_grad(nn_vjp *v, const nn_op *op, nn_tensor *saved) {
  nn_tensor *g = v->g[0];
  nn_value args[] = {v_t(g), v_t(saved)};
  if (!v->own || g->numel < WORTH_WRITING_OVER) return nn_call(v->ctx, op, 2, args);
  return nn_apply_inplace(v->ctx, op, args, 2) ? g : NULL;
}

void nn_drop_saved(nn_vjp *v) {
  if (!v->last) return;
  nn_node_forget(v->node);
  if (v->went_on) nn_node_forget(v->node_before);
}

bool nn_pass_gate(nn_vjp *v, nn_tensor *gate) {
  nn_vjp u = {.ctx = v->ctx, .node = v->node_before, .g = v->g, .d = v->d, .arg = v->node_before->arg, .gate = gate};
  v->instead = true;
  return v->before->vjp(&u);
}

/* The work of the node that made input 0 when the gradient for it comes from r alone, and nobody looks at it on its
 * way: then r's rule may go on to that node's own input. NULL otherwise. */
static nn_work *passable(nn_walk_state *w, const nn_work *r) {
  const nn_node *n = r->node;
  if (n->n_in != 1 && !(n->op->flags & NN_GOES_ON)) return NULL;
  if (w->create || w->ctx->anomaly || n->edge[0].node == NULL) return NULL;
  nn_node *before = n->edge[0].node;
  nn_work *b = work_of(w, before);
  bool alone = b->waiting == 1 && b->needed && before->n_out == 1 && b->g[0] == NULL;
  bool open = only_edge(before) >= 0 || (before->op != NULL && before->op->flags & NN_TAKES_GATE && before->n_in <= FEW);
  bool plain = before->op != NULL && open && before->hooks == NULL && !(before->flags & NN_N_RELEASED);
  return alone && plain && !captured(w, before) ? b : NULL;
}

/* The gradient that waits at the end of n's first edge, if it may be written. */
static nn_tensor *waiting_sum(nn_walk_state *w, const nn_node *n) {
  const nn_edge *e = &n->edge[0];
  if (w->create || w->ctx->anomaly || n->n_in == 0 || e->node == NULL) return NULL;
  const nn_work *b = work_of(w, e->node);
  nn_tensor *sum = b->needed ? b->g[e->out] : NULL;
  return sum != NULL && exclusive(sum) ? sum : NULL;
}

nn_tensor *nn_leaf_sum(const nn_vjp *v, int i) {
  const nn_walk_state *w = v->walk;
  const nn_edge *e = &v->node->edge[i];
  if (w == NULL || i >= v->node->n_in || e->node != NULL || e->leaf == NULL || e->leaf->grad == NULL) return NULL;
  nn_tensor *grad = e->leaf->grad;
  bool plain = w->to_leaves && !w->ctx->anomaly && e->leaf->hooks == NULL && !captured_leaf(w, e->leaf);
  const nn_meta *m = nn_in_meta(v, i);
  plain = plain && grad->dtype == m->dtype && grad->ndim == m->ndim && grows_in_place(w, grad);
  for (int d = 0; d < m->ndim && plain; d++) plain = grad->shape[d] == m->shape[d];
  return plain ? grad : NULL;
}

static bool call_rule(nn_walk_state *w, nn_work *r, nn_tensor **d, nn_work **passed, nn_work **instead) {
  nn_node *n = r->node;
  nn_ctx *ctx = w->ctx;
  if (n->op == NULL) {
    if (n->key == NULL || ctx->host.backward == NULL)
      return nn_fail(ctx, "backward: %s was already used by a backward pass; pass {retain_graph = true} to the first one",
                     nn_node_name(n));
    if (!ctx->host.backward(ctx->host.data, n->key, r->g, n->n_out, d, n->n_in))
      return nn_fail_code(ctx, NN_ERR_HOST, "the backward of %s failed", nn_node_name(n));
    for (int i = 0; i < n->n_in; i++)
      if (nn_keep(ctx, d[i]) != NULL) nn_settle(d[i]);
    return true;
  }
  nn_vjp v = {.ctx = ctx, .node = n, .g = r->g, .d = d, .arg = n->arg, .create_graph = w->create, .walk = w};
  if (w->create && n->op->compose != NULL && n->op->kernel != NULL) return vjp_by_compose(&v);
  nn_work *before = passable(w, r);
  v.before = before ? before->node->op : NULL;
  v.node_before = before ? before->node : NULL;
  v.last = !w->retain && !w->create;
  v.sum = waiting_sum(w, n);
  v.own = !w->create && r->g[0] != NULL && exclusive(r->g[0]);
  bool ok = n->op->vjp(&v);
  if (v.went_on) *passed = before;
  if (v.instead) *instead = before;
  return ok && ctx->error == NN_OK;
}

bool nn_has_nan(nn_tensor *t) {
  if (t == NULL || !nn_is_float((nn_dtype)t->dtype)) return false;
  nn_settle(t);
  nn_tensor *copy = nn_contig(t) ? NULL : nn_contiguous_data(t);
  const nn_tensor *c = copy ? copy : t;
  bool found = false;
  for (int64_t i = 0; nn_contig(c) && i < c->numel && !found; i++)
    found = c->dtype == NN_FLOAT32 ? isnan(((const float *)(const void *)c->data)[i])
                                   : isnan(((const double *)(const void *)c->data)[i]);
  nn_release(copy);
  return found;
}

static bool check_anomaly(nn_ctx *ctx, nn_node *n, nn_tensor *const *d) {
  for (int i = 0; i < n->n_in; i++)
    if (nn_has_nan(d[i]))
      return nn_fail(ctx, "detect_anomaly: the gradient of %s for its input %d has NaN%s%s", nn_node_name(n), i + 1,
                     nn_node_where(n) ? "; the operation was recorded at " : "", nn_node_where(n) ? nn_node_where(n) : "");
  return true;
}

/* Whether the rule of the node that e leads to looks after a gradient that has been put off, and nobody else sees it. */
static bool goes_unsettled(const nn_walk_state *w, const nn_edge *e) {
  if (e->node == NULL || e->node->op == NULL || !(e->node->op->flags & NN_GRAD_LATER) || w->n_captures > 0) return false;
  const nn_work *b = work_of((nn_walk_state *)w, e->node);
  return b->waiting == 1 && b->needed && b->g[e->out] == NULL && e->node->hooks == NULL;
}

/* Hands d[i] (counted, may be NULL) to where it belongs. */
static bool deliver(nn_walk_state *w, const nn_edge *e, nn_tensor *g) {
  if (g != NULL && g->storage->later != NULL && !goes_unsettled(w, e)) nn_settle(g);
  if (e->node != NULL) {
    nn_work *b = work_of(w, e->node);
    b->waiting--;
    if (g != NULL && b->needed) {
      if (!add_to(w, &b->g[e->out], g)) return false;
    } else {
      nn_release(g);
    }
    if (b->waiting == 0 && b->needed && !b->queued) {
      b->queued = true;
      return push(w, b);
    }
    return true;
  }
  if (g == NULL) return true;
  if (e->leaf == NULL || !(w->to_leaves || captured_leaf(w, e->leaf))) {
    nn_release(g);
    return true;
  }
  return to_leaf(w, e->leaf, g);
}

/* An input without elements has a gradient without elements, whatever the rule says. Pooled. */
static nn_tensor *nothing(nn_ctx *ctx, const nn_meta *m) {
  for (int d = 0; d < m->ndim; d++)
    if (m->shape[d] == 0) return nn_keep(ctx, nn_zeros(ctx, (nn_dtype)m->dtype, m->ndim, m->shape));
  return NULL;
}

/* Runs the rule and leaves its gradients, fitted and counted, in d. */
static bool differentiate(nn_walk_state *w, nn_work *r, nn_tensor **d, nn_work **passed, nn_work **instead) {
  nn_ctx *ctx = w->ctx;
  nn_node *n = r->node;
  int mark = nn_pool_mark(ctx);
  bool was = nn_set_grad_enabled(ctx, w->create);
  ctx->in_rule++;
  bool ok = call_rule(w, r, d, passed, instead);
  ctx->in_rule--;
  if (ctx->anomaly) ok = ok && check_anomaly(ctx, n, d);
  if (*instead != NULL) n = (*instead)->node;
  for (int i = n->n_in - 1; i >= 0; i--) { /* the last one made lies on top of the pool */
    const nn_edge *e = &n->edge[i];
    if (ok && d[i] == NULL && n->meta[i].ndim > 0 && (e->node != NULL || e->leaf != NULL)) d[i] = nothing(ctx, &n->meta[i]);
    if (!ok || d[i] == NULL || (e->node == NULL && e->leaf == NULL)) {
      d[i] = NULL;
      continue;
    }
    const nn_node *to = i == 0 && *passed != NULL ? (*passed)->node : n;
    d[i] = fit(ctx, d[i], &to->meta[to == n ? i : only_edge(to)]);
    if (d[i] == NULL) ok = false;
    if (ctx->pool_n > mark && ctx->pool[ctx->pool_n - 1] == d[i]) /* the pool's reference is taken over */
      ctx->pool_n--;
    else
      nn_retain(d[i]);
  }
  ctx->grad_enabled = was;
  if (ctx->pool_n > mark) nn_pool_reset(ctx, mark);
  return ok;
}

/* The walk has passed n for good. */
static void leave(nn_node *n) {
  if (n->n_saved > 0 || n->op == NULL) nn_node_forget(n);
  n->flags |= NN_N_RELEASED;
}

/* Whether gradients of n's inputs are wanted by anybody. */
static inline bool leads_on(nn_walk_state *w, const nn_node *n) {
  for (int i = 0; i < n->n_in; i++) {
    const nn_edge *e = &n->edge[i];
    if (e->node == NULL && e->leaf == NULL) continue;
    if (w->to_leaves || (e->node ? work_of(w, e->node)->needed : captured_leaf(w, e->leaf))) return true;
  }
  return false;
}

/* What the next step and the one after it will look at. */
static inline void fetch_next(const nn_node *n) {
  for (int i = 0; i < n->n_in; i++) {
    const nn_node *next = n->edge[i].node;
    if (next == NULL) continue;
    __builtin_prefetch(next->work);
    for (int k = 0; k < next->n_saved; k++) __builtin_prefetch(next->saved[k].t);
    for (int k = 0; k < next->n_in; k++) fetch(next->edge[k].node);
  }
}

static bool step(nn_walk_state *w, nn_work *r) {
  nn_node *n = r->node;
  nn_tensor *few[FEW], **d = few;
  size_t bytes = (size_t)n->n_in * sizeof *d;
  if (nn_interrupted()) return nn_fail_code(w->ctx, NN_ERR_INTERRUPT, "interrupted");
  if (w->ctx->profile != NULL && n->line != 0) w->ctx->profile->line = n->line;
  if ((n->hooks != NULL || w->n_captures > 0) && !show_gradients(w, r)) return false;
  fetch_next(n);
  bool any = false;
  for (int k = 0; k < n->n_out && !any; k++) any = r->g[k] != NULL;
  bool works = any && leads_on(w, n);
  if (n->n_in > FEW && (d = nn_mem_alloc(w->ctx, bytes)) == NULL) return false;
  memset(d, 0, d == few ? sizeof few : bytes); /* few: those of the node before, too, see nn_pass_gate */
  nn_work *passed = NULL, *instead = NULL;
  bool ok = !works || differentiate(w, r, d, &passed, &instead);
  drop_gradients(r);
  if (ok && !w->retain && works) leave(n);
  const nn_node *from = n;
  if (instead != NULL) {
    from = instead->node;
    instead->waiting--;
    if (ok && !w->retain) leave(instead->node);
  }
  for (int i = 0; i < from->n_in; i++) {
    const nn_edge *e = &from->edge[i];
    if (ok && i == 0 && passed != NULL) {
      passed->waiting--;
      e = &passed->node->edge[only_edge(passed->node)];
    }
    if (ok)
      ok = deliver(w, e, d[i]);
    else
      nn_release(d[i]);
  }
  if (d != few) nn_mem_free(w->ctx, d, bytes);
  if (!ok) return false;
  if (passed != NULL && !w->retain) leave(passed->node);
  if (passed != NULL) finish(w, passed);
  if (instead != NULL) finish(w, instead);
  finish(w, r);
  return true;
}

/* ---- the whole -------------------------------------------------------------------------------------- */

static void close_walk(nn_walk_state *w) {
  while (w->all != NULL) {
    drop_gradients(w->all);
    finish(w, w->all);
  }
  if (w->stack != w->little) nn_mem_free(w->ctx, w->stack, (size_t)w->cap_stack * sizeof *w->stack);
}

/* The cotangent of output i: given, or one. Counted. */
static nn_tensor *seed(nn_ctx *ctx, nn_tensor *y, nn_tensor *g) {
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
  if (g == NULL) {
    if (y->numel != 1) {
      nn_fail(ctx, "backward: a gradient can be left out only for a tensor of one element, this one has shape %s; "
                   "reduce it (y:sum()) or pass a gradient of its shape", nn_tensor_shape_text(y, a));
      return NULL;
    }
    return nn_full(ctx, (nn_dtype)y->dtype, y->ndim, y->shape, 1.0);
  }
  if (!nn_same_shape(y, g)) {
    nn_fail(ctx, "backward: expected a gradient of shape %s, got %s", nn_tensor_shape_text(y, a),
            nn_tensor_shape_text(g, b));
    return NULL;
  }
  if (g->dtype != y->dtype) {
    int mark = nn_pool_mark(ctx);
    g = nn_retain(nn_do(ctx, &nn_op_to, v_t(g), v_dt((nn_dtype)y->dtype)));
    nn_pool_reset(ctx, mark);
    return g;
  }
  nn_settle(g);
  return nn_retain(g);
}

static bool start(nn_walk_state *w, nn_tensor *y, nn_tensor *g) {
  nn_ctx *ctx = w->ctx;
  nn_node *n;
  if (!nn_requires_grad(y))
    return nn_fail(ctx, "backward: this tensor does not require a gradient: nothing it was computed from has "
                        "requires_grad = true, or it was computed under no_grad");
  if (!nn_history(y, &n)) return false;
  nn_tensor *s = seed(ctx, y, g);
  if (s == NULL) return false;
  if (n != NULL) return add_to(w, &work_of(w, n)->g[y->out], s);
  if (w->to_leaves || captured_leaf(w, y)) return to_leaf(w, y, s);
  nn_release(s);
  return true;
}

static bool walk(nn_walk_state *w, nn_tensor *const *outputs, nn_tensor *const *grads, int n_outputs) {
  nn_node *n;
  for (int i = 0; i < n_outputs; i++)
    if (!nn_history(outputs[i], &n) || (n != NULL && !discover(w, n))) return false;
  for (int i = 0; i < n_outputs; i++)
    if (!start(w, outputs[i], grads ? grads[i] : NULL)) return false;
  for (int i = 0; i < n_outputs; i++) {
    if (!nn_history(outputs[i], &n) || n == NULL) continue;
    nn_work *r = work_of(w, n);
    if (r->waiting > 0 || r->queued || !r->needed) continue;
    r->queued = true;
    if (!push(w, r)) return false;
  }
  while (w->n_stack > 0)
    if (!step(w, w->stack[--w->n_stack])) return false;
  return true;
}

bool nn_backward(nn_ctx *ctx, nn_tensor *const *outputs, nn_tensor *const *grads, int n_outputs, nn_tensor *const *inputs,
                 int n_inputs, nn_tensor **results, bool retain_graph, bool create_graph) {
  capture few[8], *captures = few;
  size_t bytes = (size_t)n_inputs * sizeof *captures;
  if (ctx->error != NN_OK) return false;
  if (ctx->host.before_backward != NULL) ctx->host.before_backward(ctx->host.data);
  if (n_inputs > 8 && (captures = nn_mem_alloc(ctx, bytes)) == NULL) return false;
  nn_walk_state w;
  w.ctx = ctx, w.all = NULL, w.stack = w.little, w.n_stack = 0, w.cap_stack = 32;
  w.captures = captures, w.n_captures = n_inputs;
  w.retain = retain_graph, w.create = create_graph, w.to_leaves = inputs == NULL;
  bool ok = true;
  for (int i = 0; i < n_inputs; i++) {
    captures[i] = (capture){.t = inputs[i]};
    ok = ok && nn_history(inputs[i], &captures[i].node);
    captures[i].out = inputs[i]->out;
  }
  const nn_op *outer = ctx->outer;
  ctx->outer = NULL;
  if (ctx->profile != NULL) ctx->profile->walks++;
  ok = ok && walk(&w, outputs, grads, n_outputs);
  if (ctx->profile != NULL && ctx->profile->walks > 0) ctx->profile->walks--;
  nn_profile_wake(ctx);
  ctx->outer = outer;
  close_walk(&w);
  for (int i = 0; i < n_inputs; i++) {
    results[i] = ok ? captures[i].g : NULL;
    if (!ok) nn_release(captures[i].g);
  }
  if (captures != few) nn_mem_free(ctx, captures, bytes);
  return ok;
}
