/* hooks.c - closures of the user in the engine's graph: hooks, checkpoints, operations written in Lua.
 *
 * The engine knows a closure by a number only; a weak table finds it. What keeps it alive is the Lua heap
 * alone, so that a closure that captures its own tensor ties no ring through the engine: an ephemeron table
 * maps each handle to its anchor, a table that holds the closures of its history. A result whose history has
 * closures gets the anchor of the input it came from, or a new one over those of several inputs. An anchor is
 *   {owner = address of its handle, parents = {anchors}, [key] = record}
 * and a record {f = closure, ...}. Only its owner adds to an anchor. */
#include <stdlib.h>
#include <string.h>

#include "bind.h"
#include "expr.h"

/* ---- anchors
 * ---------------------------------------------------------------------------------------------------- */

static void push_registered(lua_State *L, int ref) { lua_rawgeti(L, LUA_REGISTRYINDEX, ref); }

/* Pushes the anchor of the handle at idx, or nil. */
static bool push_anchor(lua_State *L, Bind *b, int idx) {
  idx = lua_absindex(L, idx);
  push_registered(L, b->anchors);
  lua_pushvalue(L, idx);
  bool there = lua_rawget(L, -2) != LUA_TNIL;
  lua_remove(L, -2);
  return there;
}

/* The anchor on the top becomes that of the handle at idx; pops it. */
static void set_anchor(lua_State *L, Bind *b, int idx) {
  idx = lua_absindex(L, idx);
  push_registered(L, b->anchors);
  lua_pushvalue(L, idx);
  lua_pushvalue(L, -3);
  lua_rawset(L, -3);
  lua_pop(L, 2);
}

/* Does the anchor at `outer` hold the one at `inner`, as itself or as a parent? */
static bool holds(lua_State *L, int outer, int inner) {
  if (lua_rawequal(L, outer, inner)) return true;
  if (lua_getfield(L, outer, "parents") == LUA_TNIL) {
    lua_pop(L, 1);
    return false;
  }
  bool found = false;
  lua_Integer n = (lua_Integer)lua_rawlen(L, -1);
  for (lua_Integer i = 1; i <= n && !found; i++) {
    lua_rawgeti(L, -1, i);
    found = lua_rawequal(L, -1, inner) != 0;
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return found;
}

/* Adds the anchor on the top (popped) to the parents of the one at `to`. */
static void add_parent(lua_State *L, int to) {
  if (lua_getfield(L, to, "parents") == LUA_TNIL) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, to, "parents");
  }
  lua_insert(L, -2);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  lua_pop(L, 1);
}

/* A gathering of anchors at stack index `at`: nil, one anchor as it is, or a new one over several. */
static void gather(lua_State *L, Bind *b, int at, int idx, bool *fresh) {
  nn_tensor *t = bind_tensor(L, b, idx);
  if (t == NULL || !nn_has_host_history(t)) return;
  if (!push_anchor(L, b, idx)) {
    lua_pop(L, 1);
    return;
  }
  int one = lua_gettop(L);
  if (lua_isnil(L, at) || holds(L, one, at)) {
    lua_replace(L, at);
    *fresh = false;
  } else if (holds(L, at, one)) {
    lua_pop(L, 1);
  } else if (*fresh) {
    add_parent(L, at);
  } else {
    lua_newtable(L);
    lua_pushvalue(L, at);
    add_parent(L, one + 1);
    lua_replace(L, at);
    add_parent(L, at);
    *fresh = true;
  }
}

/* Pushes what the tensors at first .. last, alone or in lists, bring with them (nil: nothing). */
static void push_gathered(lua_State *L, Bind *b, int first, int last) {
  bool fresh = false;
  luaL_checkstack(L, 12, NULL);
  lua_pushnil(L);
  int at = lua_gettop(L);
  for (int idx = first; idx <= last; idx++) {
    if (!lua_istable(L, idx)) {
      gather(L, b, at, idx, &fresh);
      continue;
    }
    for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) gather(L, b, at, lua_gettop(L), &fresh);
  }
}

void bind_anchor_result(lua_State *L, Bind *b, int first, int last) {
  int handle = lua_gettop(L);
  const nn_tensor *t = bind_tensor(L, b, handle);
  if (t == NULL || !nn_has_host_history(t)) return;
  push_gathered(L, b, first, last);
  if (lua_isnil(L, -1))
    lua_pop(L, 1);
  else
    set_anchor(L, b, handle);
}

/* Pushes the anchor that the handle at idx owns, made if need be over the one it shares. */
static void push_own_anchor(lua_State *L, Bind *b, int idx) {
  void *address = lua_touserdata(L, idx);
  idx = lua_absindex(L, idx);
  if (push_anchor(L, b, idx)) {
    lua_getfield(L, -1, "owner");
    bool own = lua_touserdata(L, -1) == address;
    lua_pop(L, 1);
    if (own) return;
  }
  lua_newtable(L);
  lua_pushlightuserdata(L, address);
  lua_setfield(L, -2, "owner");
  lua_insert(L, -2);
  if (lua_isnil(L, -1))
    lua_pop(L, 1);
  else
    add_parent(L, lua_gettop(L) - 1);
  lua_pushvalue(L, -1);
  set_anchor(L, b, idx);
}

/* ---- records
 * ------------------------------------------------------------------------------------------------------ */

/* The record on the top gets a key and can be found by it. */
static uintptr_t register_record(lua_State *L, Bind *b) {
  uintptr_t key = ++b->next_key;
  push_registered(L, b->closures);
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, (lua_Integer)key);
  lua_pop(L, 1);
  b->has_hooks = true;
  return key;
}

/* The record at idx is kept by the handle at `handle`. */
static void anchor_record(lua_State *L, Bind *b, int handle, uintptr_t key, int idx) {
  idx = lua_absindex(L, idx);
  push_own_anchor(L, b, handle);
  lua_pushvalue(L, idx);
  lua_rawseti(L, -2, (lua_Integer)key);
  lua_pop(L, 1);
}

static bool push_record(lua_State *L, Bind *b, uintptr_t key) {
  push_registered(L, b->closures);
  bool there = lua_rawgeti(L, -1, (lua_Integer)key) == LUA_TTABLE;
  lua_remove(L, -2);
  return there;
}

/* The engine needs a closure no longer. It may say so in the middle of anything: only the number is noted. */
static void forget(void *data, void *key) {
  Bind *b = data;
  if (b->n_forgotten == b->forgotten_cap) {
    size_t cap = b->forgotten_cap ? 2 * b->forgotten_cap : 64;
    uintptr_t *list = realloc(b->forgotten, cap * sizeof *list);
    if (list == NULL) return; /* it goes with its handles then */
    b->forgotten = list;
    b->forgotten_cap = cap;
  }
  b->forgotten[b->n_forgotten++] = (uintptr_t)key;
}

void bind_sweep_closures(lua_State *L, Bind *b) {
  if (b->n_forgotten == 0) return;
  luaL_checkstack(L, 6, NULL);
  while (b->n_forgotten > 0) {
    uintptr_t key = b->forgotten[--b->n_forgotten];
    if (push_record(L, b, key)) {
      for (lua_pushnil(L); lua_next(L, -2);) {
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_pushnil(L);
        lua_rawset(L, -4);
      }
    }
    lua_pop(L, 1);
  }
}

/* ---- calls from the engine
 * -------------------------------------------------------------------------------------------- */

/* What the engine wants of a closure; run in protected mode. */
typedef struct Request {
  Bind *b;
  uintptr_t key;
  nn_tensor *const *g;
  int n_out;
  nn_tensor **d; /* results: new references */
  int n_in;
} Request;

/* Runs f protected. An error is kept for bind_raise. The grad mode is as before afterwards, whatever
 * coroutines ran. */
static bool protected_call(Bind *b, lua_CFunction f, Request *request, bool grad) {
  lua_State *L = b->L;
  if (L == NULL || !lua_checkstack(L, 8)) return nn_fail_code(b->ctx, NN_ERR_HOST, "the Lua stack is full");
  bool was = nn_set_grad_enabled(b->ctx, grad);
  const nn_op *outer = b->ctx->outer;
  bool inplace = b->ctx->outer_inplace;
  b->ctx->outer = NULL;
  b->ctx->outer_inplace = false;
  lua_pushcfunction(L, f);
  lua_pushlightuserdata(L, request);
  bool ok = lua_pcall(L, 1, 0, 0) == LUA_OK;
  bind_enter(b, L);
  nn_set_grad_enabled(b->ctx, was);
  b->ctx->outer = outer;
  b->ctx->outer_inplace = inplace;
  if (ok) return true;
  lua_rawseti(L, LUA_REGISTRYINDEX, b->failure);
  b->has_failure = true;
  return nn_fail_code(b->ctx, NN_ERR_HOST, "an error in a closure");
}

static int run_hook(lua_State *L) {
  Request *r = lua_touserdata(L, 1);
  Bind *b = r->b;
  if (!push_record(L, b, r->key) || lua_getfield(L, -1, "f") == LUA_TNIL) return 0; /* removed */
  bind_push_known(L, b, r->g[0]);
  lua_call(L, 1, 1);
  if (lua_isnil(L, -1)) return 0;
  nn_tensor *g = bind_tensor(L, b, -1);
  if (g == NULL) {
    char got[128];
    return bind_error(L, b, "register_hook: a hook must return a tensor or nothing, it returned %s",
                      bind_describe(L, b, -1, got));
  }
  bind_know(L, b, -1);
  r->d[0] = nn_retain(g);
  return 0;
}

static nn_tensor *call_hook(void *data, void *key, nn_tensor *g, bool *ok) {
  Bind *b = data;
  nn_tensor *result = NULL;
  Request r = {.b = b, .key = (uintptr_t)key, .g = &g, .n_out = 1, .d = &result, .n_in = 1};
  *ok = protected_call(b, run_hook, &r, nn_requires_grad(g) && nn_grad_enabled(b->ctx));
  return result;
}

/* record.backward(record, create_graph, gradients...) returns the gradients of the inputs. */
static int run_backward(lua_State *L) {
  Request *r = lua_touserdata(L, 1);
  Bind *b = r->b;
  if (!push_record(L, b, r->key) || lua_getfield(L, -1, "backward") == LUA_TNIL)
    return bind_error(
        L, b,
        "backward: the graph was already used by a backward pass; pass {retain_graph = true} to "
        "the first one to keep it");
  luaL_checkstack(L, r->n_out + r->n_in + 8, NULL);
  lua_insert(L, -2);
  lua_pushboolean(L, nn_grad_enabled(b->ctx));
  for (int k = 0; k < r->n_out; k++) bind_push_known(L, b, r->g[k]);
  lua_call(L, r->n_out + 2, r->n_in);
  int first = lua_gettop(L) - r->n_in + 1;
  for (int i = 0; i < r->n_in; i++) {
    if (lua_isnil(L, first + i) || bind_tensor(L, b, first + i) != NULL) continue;
    char got[128];
    return bind_error(L, b, "backward: the gradient of input %d must be a tensor or nil, got %s", i + 1,
                      bind_describe(L, b, first + i, got));
  }
  for (int i = 0; i < r->n_in; i++) {
    if (lua_isnil(L, first + i)) continue;
    bind_know(L, b, first + i);
    r->d[i] = nn_retain(bind_tensor(L, b, first + i));
  }
  return 0;
}

static bool call_backward(void *data, void *key, nn_tensor *const *g, int n_out, nn_tensor **d, int n_in) {
  Bind *b = data;
  Request r = {.b = b, .key = (uintptr_t)key, .g = g, .n_out = n_out, .d = d, .n_in = n_in};
  return protected_call(b, run_backward, &r, nn_grad_enabled(b->ctx));
}

static void where(void *data, char *buf, size_t size) {
  Bind *b = data;
  if (b->L != NULL) bind_position(b->L, b, buf, size);
}

/* ---- hooks
 * ------------------------------------------------------------------------------------------------------------
 */

static const char *const HOOK = "nnlua.hook";

/* What register_hook returns: a table with weak values {tensor, record}, so that it keeps neither. */
static void push_remover(lua_State *L, int handle, int record, int64_t id) {
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, handle);
  lua_setfield(L, -2, "tensor");
  lua_pushvalue(L, record);
  lua_setfield(L, -2, "record");
  lua_pushinteger(L, id);
  lua_setfield(L, -2, "id");
  luaL_setmetatable(L, HOOK);
}

static int hook_remove(lua_State *L) {
  Bind *b = bind_of(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_getfield(L, 1, "id");
  int64_t id = lua_tointeger(L, -1);
  lua_getfield(L, 1, "tensor");
  nn_tensor *t = bind_tensor(L, b, -1);
  if (t != NULL) nn_remove_hook(b->ctx, t, id);
  if (lua_getfield(L, 1, "record") == LUA_TTABLE) {
    lua_pushnil(L);
    lua_setfield(L, -2, "f");
  }
  bind_sweep_closures(L, b);
  return 0;
}

/* ---- hooks that come late
 * ------------------------------------------------------------------------------------------ A hook on a
 * tensor from which others were computed already must run even when the tensor's handle is gone, but the
 * handles of those others know nothing of it. A sentinel with a finaliser, kept by the handle, tells when the
 * handle is unreachable. If the graph is still needed, handle and closure are kept by a table until a poll,
 * once a cycle of the collector, finds that it isn't. (A late closure that captures a tensor computed from
 * its own is let go only when backward has passed or the hook is removed.) */

static const char *const LATE = "nnlua.late", *const POLL = "nnlua.poll";

static bool has_dependents(nn_tensor *t) {
  const nn_node *node = nn_tensor_node(t);
  return node != NULL ? node->refs > 1 && !(node->flags & NN_N_RELEASED) : t->refs > 1;
}

/* The hook's tensor, closure and key at index 1: does backward still want it? */
static bool still_wanted(lua_State *L, Bind *b, int idx) {
  int top = lua_gettop(L);
  lua_getfield(L, idx, "tensor");
  nn_tensor *t = bind_tensor(L, b, -1);
  lua_getfield(L, idx, "record");
  bool wanted = t != NULL && lua_getfield(L, -1, "f") != LUA_TNIL && has_dependents(t);
  lua_settop(L, top);
  return wanted;
}

static void arm_poll(lua_State *L, Bind *b) {
  if (b->polling) return;
  b->polling = true;
  lua_newtable(L);
  luaL_setmetatable(L, POLL);
  lua_pop(L, 1);
}

static int late_gc(lua_State *L) {
  Bind *b = lua_touserdata(L, lua_upvalueindex(1));
  if (!still_wanted(L, b, 1)) return 0;
  lua_getfield(L, 1, "key");
  lua_Integer key = lua_tointeger(L, -1);
  push_registered(L, b->late);
  lua_pushvalue(L, 1);
  lua_rawseti(L, -2, key);
  push_registered(L, b->closures);
  lua_getfield(L, 1, "record");
  lua_rawseti(L, -2, key);
  arm_poll(L, b);
  return 0;
}

static int poll_gc(lua_State *L) {
  Bind *b = lua_touserdata(L, lua_upvalueindex(1));
  bool any = false;
  b->polling = false;
  push_registered(L, b->late);
  int late = lua_gettop(L);
  for (lua_pushnil(L); lua_next(L, late); lua_pop(L, 1)) {
    if (still_wanted(L, b, lua_gettop(L))) {
      any = true;
      continue;
    }
    lua_pushvalue(L, -2);
    lua_pushnil(L);
    lua_rawset(L, late);
  }
  if (any) arm_poll(L, b);
  return 0;
}

/* The record at stack index 3 belongs to a hook on the handle at 1. */
static void watch(lua_State *L, Bind *b, uintptr_t key) {
  push_own_anchor(L, b, 1);
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, "tensor");
  lua_pushvalue(L, 3);
  lua_setfield(L, -2, "record");
  lua_pushinteger(L, (lua_Integer)key);
  lua_setfield(L, -2, "key");
  luaL_setmetatable(L, LATE);
  lua_rawseti(L, -2, -(lua_Integer)key);
  lua_pop(L, 1);
}

static void open_late(lua_State *L, Bind *b) {
  static const luaL_Reg late_events[] = {{"__gc", late_gc}, {NULL, NULL}},
                        poll_events[] = {{"__gc", poll_gc}, {NULL, NULL}};
  luaL_newmetatable(L, LATE);
  bind_register(L, b, lua_gettop(L), late_events);
  luaL_newmetatable(L, POLL);
  bind_register(L, b, lua_gettop(L), poll_events);
  lua_pop(L, 2);
  lua_newtable(L);
  b->late = luaL_ref(L, LUA_REGISTRYINDEX);
}

static int register_hook(lua_State *L, bool after, const char *who) {
  Bind *b = bind_of(L);
  nn_tensor *t = bind_check(L, b, 1);
  if (!lua_isfunction(L, 2) && luaL_getmetafield(L, 2, "__call") == LUA_TNIL) {
    char got[128];
    return bind_error(L, b, "%s: expected a function, got %s", who, bind_describe(L, b, 2, got));
  }
  lua_settop(L, 2);
  lua_createtable(L, 0, 1);
  lua_pushvalue(L, 2);
  lua_setfield(L, 3, "f");
  uintptr_t key = register_record(L, b);
  anchor_record(L, b, 1, key, 3);
  if (has_dependents(t)) watch(L, b, key);
  if (after) bind_know(L, b, 1);
  int64_t id = nn_add_hook(t, (void *)key, after);
  if (id == 0) return bind_raise(L, b);
  push_remover(L, 1, 3, id);
  return 1;
}

static int tensor_register_hook(lua_State *L) { return register_hook(L, false, "register_hook"); }

static int tensor_register_after(lua_State *L) {
  return register_hook(L, true, "register_post_accumulate_grad_hook");
}

/* ---- operations of the host
 * ------------------------------------------------------------------------------------------- */

static nn_tensor **tensor_list(lua_State *L, Bind *b, int idx, int *n) {
  luaL_checktype(L, idx, LUA_TTABLE);
  *n = (int)lua_rawlen(L, idx);
  nn_tensor **t = lua_newuserdatauv(L, (size_t)*n * sizeof *t + 1, 0);
  for (int i = 0; i < *n; i++) {
    lua_rawgeti(L, idx, i + 1);
    t[i] = bind_tensor(L, b, -1);
    if (t[i] == NULL) bind_error(L, b, "record: entry %d is not a tensor", i + 1);
    lua_pop(L, 1);
  }
  return t;
}

/* Records the outputs (list at `outputs`) as made from the inputs by an operation whose gradient is the
 * record's `backward`. The record is kept by the outputs' handles, with what the inputs bring. */
static void record_operation(lua_State *L, Bind *b, const char *name, int inputs, int outputs, int record) {
  int n_in, n_out;
  nn_tensor **in = tensor_list(L, b, inputs, &n_in), **out = tensor_list(L, b, outputs, &n_out);
  lua_pushvalue(L, record);
  uintptr_t key = register_record(L, b);
  push_gathered(L, b, inputs, inputs);
  int gathered = lua_gettop(L);
  if (!nn_record_host(b->ctx, name, (void *)key, in, n_in, out, n_out)) bind_raise(L, b);
  for (int k = 1; k <= n_out; k++) {
    lua_rawgeti(L, outputs, k);
    int handle = lua_gettop(L);
    anchor_record(L, b, handle, key, record);
    if (!lua_isnil(L, gathered)) {
      push_own_anchor(L, b, handle);
      lua_pushvalue(L, gathered);
      add_parent(L, lua_gettop(L) - 1);
    }
    lua_settop(L, gathered);
  }
}

/* record(name, inputs, outputs, backward): outputs are tensors without history; backward(create_graph,
 * gradients...) returns a gradient or nil for each input. For the Lua library. */
static int call_plain_backward(lua_State *L) { /* record, create_graph, gradients... */
  lua_getfield(L, 1, "f");
  lua_replace(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

static int core_record(lua_State *L) {
  Bind *b = bind_of(L);
  const char *name = luaL_checkstring(L, 1);
  luaL_checktype(L, 4, LUA_TFUNCTION);
  lua_settop(L, 4);
  lua_createtable(L, 0, 2);
  lua_pushvalue(L, 4);
  lua_setfield(L, 5, "f");
  lua_pushcfunction(L, call_plain_backward);
  lua_setfield(L, 5, "backward");
  record_operation(L, b, name, 2, 3, 5);
  return 0;
}

/* ---- checkpoint
 * ------------------------------------------------------------------------------------------------------- */

/* Collects the leaves that a graph reaches without passing the nodes of the arguments. */
typedef struct Search {
  lua_State *L;
  Bind *b;
  int seen;   /* table of the nodes that were visited */
  int inputs; /* list of the inputs of the operation */
  int work;   /* list of light userdata: nodes to visit */
  lua_Integer n_work;
} Search;

static bool first_time(Search *s, const void *p) {
  bool known = lua_rawgetp(s->L, s->seen, p) != LUA_TNIL;
  lua_pop(s->L, 1);
  if (known) return false;
  lua_pushboolean(s->L, 1);
  lua_rawsetp(s->L, s->seen, p);
  return true;
}

static void add_input(Search *s) {
  lua_rawseti(s->L, s->inputs, (lua_Integer)lua_rawlen(s->L, s->inputs) + 1);
}

static void visit(Search *s, nn_node *node) {
  if (node == NULL || !first_time(s, node)) return;
  lua_pushlightuserdata(s->L, node);
  lua_rawseti(s->L, s->work, ++s->n_work);
}

static void visit_leaf(Search *s, nn_tensor *leaf) {
  if (leaf == NULL || !first_time(s, leaf)) return;
  bind_push_known(s->L, s->b, leaf);
  add_input(s);
}

static void search(Search *s) {
  while (s->n_work > 0) {
    lua_rawgeti(s->L, s->work, s->n_work--);
    nn_node *node = lua_touserdata(s->L, -1);
    lua_pop(s->L, 1);
    for (int i = 0; i < nn_node_inputs(node); i++) {
      nn_tensor *leaf;
      visit(s, nn_node_input(node, i, &leaf));
      visit_leaf(s, leaf);
    }
  }
}

/* Calls the function at upvalue-free index f with the arguments of the list `args` (its n in field n); leaves
 * the results on the stack from the returned index on. */
static int call_with(lua_State *L, int f, int args) {
  lua_getfield(L, args, "n");
  int n = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  luaL_checkstack(L, n + 8, "too many arguments");
  int first = lua_gettop(L) + 1;
  lua_pushvalue(L, f);
  for (int i = 1; i <= n; i++) lua_rawgeti(L, args, i);
  lua_call(L, n, LUA_MULTRET);
  return first;
}

/* The arguments once more: tensors that require grad as leaves of a new graph (or, where the gradient itself
 * will be differentiated, as views that keep their history). `inputs` gets, for each input of the operation
 * that is an argument, its stand-in. */
static void push_stand_ins(lua_State *L, Bind *b, int args, int inputs, bool create) {
  lua_getfield(L, args, "n");
  lua_Integer n = lua_tointeger(L, -1);
  lua_pop(L, 1);
  lua_createtable(L, (int)n, 1);
  int list = lua_gettop(L);
  lua_pushinteger(L, n);
  lua_setfield(L, list, "n");
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, args, i);
    nn_tensor *t = bind_tensor(L, b, -1);
    if (t != NULL && nn_requires_grad(t)) {
      if (create) {
        bind_apply(L, b, &nn_op_alias, 1, (nn_value[]){v_t(t)});
      } else {
        nn_tensor *leaf = nn_detach(t);
        if (leaf != NULL && !nn_set_requires_grad(leaf, true)) nn_release(leaf), leaf = NULL;
        bind_push(L, b, leaf);
      }
      lua_Integer n_inputs = (lua_Integer)lua_rawlen(L, inputs);
      for (lua_Integer k = 1; k <= n_inputs; k++) {
        lua_rawgeti(L, inputs, k);
        bool same = bind_tensor(L, b, -1) == t;
        lua_pop(L, 1);
        if (!same) continue;
        lua_pushvalue(L, -1);
        lua_rawseti(L, inputs, k);
      }
      lua_remove(L, -2);
    }
    lua_rawseti(L, list, i);
  }
}

static void copy_list(lua_State *L, int from) {
  lua_Integer n = (lua_Integer)lua_rawlen(L, from);
  lua_createtable(L, (int)n, 0);
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, from, i);
    lua_rawseti(L, -2, i);
  }
}

typedef struct Rng {
  uint64_t state[NN_GENERATOR_STATE];
} Rng;

/* Stack: record, create_graph, gradients of the outputs. Runs the function once more and differentiates it.
 */
static int checkpoint_recompute(lua_State *L) {
  Bind *b = bind_find(L);
  int n_out = lua_gettop(L) - 2;
  bool create = lua_toboolean(L, 2) != 0;
  luaL_checkstack(L, 24, NULL);
  lua_getfield(L, 1, "f");
  int f = lua_gettop(L);
  lua_getfield(L, 1, "args");
  int args = lua_gettop(L);
  lua_getfield(L, 1, "inputs");
  copy_list(L, lua_gettop(L));
  int inputs = lua_gettop(L);
  push_stand_ins(L, b, args, inputs, create);
  int stand_ins = lua_gettop(L);
  bind_set_grad_enabled(L, b, true);
  int first = call_with(L, f, stand_ins), last = lua_gettop(L);
  luaL_checkstack(L, 16, NULL);
  int n_in, n = 0;
  nn_tensor **in = tensor_list(L, b, inputs, &n_in);
  nn_tensor **y = lua_newuserdatauv(L, (size_t)(3 * n_out + n_in + 1) * sizeof *y, 0);
  nn_tensor **g = y + n_out, **d = g + n_out;
  int k = 0;
  for (int idx = first; idx <= last && k < n_out; idx++) {
    nn_tensor *t = bind_tensor(L, b, idx);
    if (t == NULL || !nn_requires_grad(t) || nn_is_leaf(t)) continue;
    nn_tensor *gk = bind_tensor(L, b, 3 + k++);
    if (gk == NULL) continue;
    y[n] = t;
    g[n++] = gk;
  }
  if (k < n_out)
    return bind_error(L, b, "checkpoint: the function returned fewer results when it was run again");
  if (n == 0) return 0;
  if (!nn_backward(b->ctx, y, g, n, in, n_in, d, true, create)) return bind_raise(L, b);
  int got = lua_gettop(L);
  luaL_checkstack(L, n_in + 8, NULL);
  for (int i = 0; i < n_in; i++) {
    bind_push_known(L, b, d[i]);
    nn_release(d[i]);
  }
  return lua_gettop(L) - got;
}

/* The same with random numbers as the first time, and everything as it was afterwards. */
static int checkpoint_backward(lua_State *L) {
  Bind *b = bind_find(L);
  nn_generator *generator = nn_default_generator(b->ctx);
  Rng now;
  bool was = nn_grad_enabled(b->ctx), mode = bind_grad_mode(L, b);
  luaL_checkstack(L, 8, NULL);
  nn_generator_state(generator, now.state);
  lua_getfield(L, 1, "random");
  const Rng *then = lua_touserdata(L, -1);
  if (then != NULL) nn_generator_set_state(generator, then->state);
  lua_pop(L, 1);
  lua_pushcfunction(L, checkpoint_recompute);
  lua_insert(L, 1);
  int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
  bind_set_grad_enabled(L, b, mode);
  nn_set_grad_enabled(b->ctx, was); /* the walk's own */
  if (then != NULL) nn_generator_set_state(generator, now.state);
  return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

static void pack_args(lua_State *L, int first, int last) {
  lua_createtable(L, last - first + 1, 1);
  for (int i = first; i <= last; i++) {
    lua_pushvalue(L, i);
    lua_rawseti(L, -2, i - first + 1);
  }
  lua_pushinteger(L, last - first + 1);
  lua_setfield(L, -2, "n");
}

/* The list of what the results from index `first` on were computed from: arguments (1 .. n_args from index 2
 * on), then leaves that the function brought with it. */
static void push_inputs(lua_State *L, Bind *b, int n_args, int first, int last) {
  lua_newtable(L);
  Search s = {.L = L, .b = b, .inputs = lua_gettop(L)};
  lua_newtable(L);
  s.seen = lua_gettop(L);
  lua_newtable(L);
  s.work = lua_gettop(L);
  for (int i = 2; i <= n_args + 1; i++) {
    nn_tensor *t = bind_tensor(L, b, i);
    if (t == NULL || !nn_requires_grad(t)) continue;
    nn_node *node = nn_tensor_node(t);
    bool node_new = node == NULL || first_time(&s, node);
    if (!first_time(&s, t) && !node_new) continue;
    lua_pushvalue(L, i);
    add_input(&s);
  }
  for (int i = first; i <= last; i++) {
    nn_tensor *t = bind_tensor(L, b, i);
    if (t == NULL || !nn_requires_grad(t) || nn_is_leaf(t)) continue;
    visit(&s, nn_tensor_node(t));
  }
  search(&s);
  lua_settop(L, s.inputs);
}

/* The results that have a graph, detached from it, in their places and in a list. */
static void push_outputs(lua_State *L, Bind *b, int first, int last) {
  lua_newtable(L);
  int list = lua_gettop(L);
  for (int i = first; i <= last; i++) {
    nn_tensor *t = bind_tensor(L, b, i);
    if (t == NULL || !nn_requires_grad(t) || nn_is_leaf(t)) continue;
    bind_push(L, b, nn_detach(t));
    lua_pushvalue(L, -1);
    lua_replace(L, i);
    lua_rawseti(L, list, (lua_Integer)lua_rawlen(L, list) + 1);
  }
}

/* checkpoint(f, ...): what f(...) returns, without the values that its gradient needs: backward runs f again.
 */
static int tensor_checkpoint(lua_State *L) {
  Bind *b = bind_of(L);
  int n_args = lua_gettop(L) - 1;
  if (n_args < 0 || (!lua_isfunction(L, 1) && luaL_getmetafield(L, 1, "__call") == LUA_TNIL)) {
    char got[128];
    return bind_error(L, b, "checkpoint: expected a function, got %s", bind_describe(L, b, 1, got));
  }
  lua_settop(L, n_args + 1);
  bool on = nn_grad_enabled(b->ctx);
  luaL_checkstack(L, n_args + 16, NULL);
  lua_createtable(L, 0, 5);
  int record = lua_gettop(L);
  Rng *random = lua_newuserdatauv(L, sizeof *random, 0);
  nn_generator_state(nn_default_generator(b->ctx), random->state);
  lua_setfield(L, record, "random");
  pack_args(L, 2, n_args + 1);
  int args = lua_gettop(L);
  int first = call_with(L, 1, args), last = lua_gettop(L);
  bind_enter(b, L);
  if (!on) return last - first + 1;
  luaL_checkstack(L, 24, NULL);
  lua_pushvalue(L, args);
  lua_setfield(L, record, "args");
  lua_pushvalue(L, 1);
  lua_setfield(L, record, "f");
  lua_pushcfunction(L, checkpoint_backward);
  lua_setfield(L, record, "backward");
  push_inputs(L, b, n_args, first, last);
  int inputs = lua_gettop(L);
  lua_pushvalue(L, inputs);
  lua_setfield(L, record, "inputs");
  push_outputs(L, b, first, last);
  int outputs = lua_gettop(L);
  if (lua_rawlen(L, outputs) > 0) record_operation(L, b, "checkpoint", inputs, outputs, record);
  lua_settop(L, last);
  bind_pace(L, b);
  return last - first + 1;
}

/* ---- tables
 * --------------------------------------------------------------------------------------------------------------
 */

static int new_weak_table(lua_State *L, const char *mode) {
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushstring(L, mode);
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

void bind_hooks_open(lua_State *L, Bind *b, int core, int tensor, int methods) {
  b->known = new_weak_table(L, "v");
  b->anchors = new_weak_table(L, "k");
  b->closures = new_weak_table(L, "v");
  lua_pushboolean(L, 0);
  b->failure = luaL_ref(L, LUA_REGISTRYINDEX);
  open_late(L, b);
  static const luaL_Reg hook_methods[] = {{"remove", hook_remove}, {NULL, NULL}};
  static const luaL_Reg method_list[] = {{"register_hook", tensor_register_hook},
                                         {"register_post_accumulate_grad_hook", tensor_register_after},
                                         {NULL, NULL}};
  static const luaL_Reg functions[] = {{"checkpoint", tensor_checkpoint}, {NULL, NULL}};
  static const luaL_Reg core_functions[] = {{"record", core_record}, {NULL, NULL}};
  luaL_newmetatable(L, HOOK);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_newtable(L);
  bind_register(L, b, lua_gettop(L), hook_methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  bind_register(L, b, methods, method_list);
  bind_register(L, b, tensor, functions);
  bind_register(L, b, core, core_functions);
  const nn_host host = {.data = b,
                        .pressure = bind_pressure,
                        .hook = call_hook,
                        .backward = call_backward,
                        .forget = forget,
                        .where = where};
  nn_ctx_host(b->ctx, &host);
}
