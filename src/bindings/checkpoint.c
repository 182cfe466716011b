/* checkpoint.c - operations of the graph that are written in Lua: those of the library (record) and
 * checkpoints, which run a function once more instead of keeping its intermediate values. */
#include <string.h>

#include "anchors.h"
#include "expr.h"

/* ---- operations of the host -------------------------------------------------------------------------- */

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
  uintptr_t key = bind_register_record(L, b);
  bind_push_gathered(L, b, inputs, inputs);
  int gathered = lua_gettop(L);
  if (!nn_record_host(b->ctx, name, (void *)key, in, n_in, out, n_out)) bind_raise(L, b);
  for (int k = 1; k <= n_out; k++) {
    lua_rawgeti(L, outputs, k);
    int handle = lua_gettop(L);
    bind_anchor_record(L, b, handle, key, record);
    if (!lua_isnil(L, gathered)) {
      bind_push_own_anchor(L, b, handle);
      lua_pushvalue(L, gathered);
      bind_add_parent(L, lua_gettop(L) - 1);
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

/* ---- checkpoint -------------------------------------------------------------------------------------- */

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
  nn_tensor **y = lua_newuserdatauv(L, (size_t)(2 * n_out + 1) * sizeof *y, 0), **g = y + n_out;
  nn_tensor **d = bind_new_box(L, n_in);
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
  luaL_checkstack(L, n_in + 8, NULL);
  if (!nn_backward(b->ctx, y, g, n, in, n_in, d, true, create)) return bind_raise(L, b);
  int got = lua_gettop(L);
  for (int i = 0; i < n_in; i++) {
    bind_push_known(L, b, d[i]);
    nn_release(d[i]);
    d[i] = NULL;
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

void bind_checkpoint_open(lua_State *L, Bind *b, int core, int tensor) {
  static const luaL_Reg functions[] = {{"checkpoint", tensor_checkpoint}, {NULL, NULL}};
  static const luaL_Reg core_functions[] = {{"record", core_record}, {NULL, NULL}};
  bind_register(L, b, tensor, functions);
  bind_register(L, b, core, core_functions);
}
