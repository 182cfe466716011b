/* hooks.c - the engine's calls of the user's closures, and the closures that see gradients: hooks. */
#include <string.h>
#include "anchors.h"
#include "library.h"

/* ---- calls from the engine --------------------------------------------------------------------------- */

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
  if (!bind_push_record(L, b, r->key) || lua_getfield(L, -1, "f") == LUA_TNIL) return 0; /* removed */
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
  if (!bind_push_record(L, b, r->key) || lua_getfield(L, -1, "backward") == LUA_TNIL)
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
  for (int i = 0; i < r->n_in; i++)
    if (!lua_isnil(L, first + i)) bind_know(L, b, first + i);
  for (int i = 0; i < r->n_in; i++) r->d[i] = nn_retain(bind_tensor(L, b, first + i));
  return 0;
}

static bool call_backward(void *data, void *key, nn_tensor *const *g, int n_out, nn_tensor **d, int n_in) {
  Bind *b = data;
  Request r = {.b = b, .key = (uintptr_t)key, .g = g, .n_out = n_out, .d = d, .n_in = n_in};
  return protected_call(b, run_backward, &r, nn_grad_enabled(b->ctx));
}

static void where(void *data, char *buf, size_t size) {
  Bind *b = data;
  if (b->L == NULL) return;
  bind_position(b->L, b, buf, size);
  size_t n = strlen(buf);
  if (n >= 2 && strcmp(buf + n - 2, ": ") == 0) buf[n - 2] = '\0';
}

/* ---- hooks ------------------------------------------------------------------------------------------- */

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

/* ---- hooks that come late ----------------------------------------------------------------------------
 * A hook on a tensor from which others were computed already must run even when the tensor's handle is gone,
 * but the handles of those others know nothing of it. A sentinel with a finaliser, kept by the handle, tells
 * when the handle is unreachable. If the graph is still needed, handle and closure are kept by a table until
 * a poll, once a cycle of the collector, finds that it isn't. (A late closure that captures a tensor computed
 * from its own is let go only when backward has passed or the hook is removed.) */

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
  bind_push_registered(L, b->late);
  lua_pushvalue(L, 1);
  lua_rawseti(L, -2, key);
  bind_push_registered(L, b->closures);
  lua_getfield(L, 1, "record");
  lua_rawseti(L, -2, key);
  arm_poll(L, b);
  return 0;
}

static int poll_gc(lua_State *L) {
  Bind *b = lua_touserdata(L, lua_upvalueindex(1));
  bool any = false;
  b->polling = false;
  bind_push_registered(L, b->late);
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
  bind_push_own_anchor(L, b, 1);
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
  uintptr_t key = bind_register_record(L, b);
  bind_anchor_record(L, b, 1, key, 3);
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

/* ---- tables ------------------------------------------------------------------------------------------ */

void bind_hooks_open(lua_State *L, Bind *b, int methods) {
  bind_anchors_open(L, b);
  lua_pushboolean(L, 0);
  b->failure = luaL_ref(L, LUA_REGISTRYINDEX);
  open_late(L, b);
  static const luaL_Reg hook_methods[] = {{"remove", hook_remove}, {NULL, NULL}};
  static const luaL_Reg method_list[] = {{"register_hook", tensor_register_hook},
                                         {"register_post_accumulate_grad_hook", tensor_register_after},
                                         {NULL, NULL}};
  luaL_newmetatable(L, HOOK);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_newtable(L);
  bind_register(L, b, lua_gettop(L), hook_methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  bind_register(L, b, methods, method_list);
  const nn_host host = {.data = b,
                        .line = bind_profile_line,
                        .pressure = bind_pressure,
                        .hook = call_hook,
                        .backward = call_backward,
                        .forget = bind_forget,
                        .where = where};
  nn_ctx_host(b->ctx, &host);
}
