/* grad.c - gradients from Lua: backward, tensor.grad, the modes and their guards, the graph's nodes.
 * Hooks, checkpoints and other closures in the graph are in hooks.c. */
#include <string.h>

#include "bind.h"
#include "expr.h"

/* ---- options ----------------------------------------------------------------------------------------- */

enum { MAX_OPTIONS = 8 };

/* Arguments that may stand by position from `first` on or by name in a last table; slot k ends up at stack
 * index base + k (nil: not given). */
typedef struct Options {
  lua_State *L;
  Bind *b;
  const char *who;
  const char *const *names; /* NULL ends the list */
  int base;
} Options;

static int option_slot(const Options *o, const char *key) {
  for (int k = 0; o->names[k] != NULL; k++)
    if (strcmp(o->names[k], key) == 0) return k;
  return -1;
}

static void unknown_option(const Options *o, const char *key) {
  Nearest near;
  bind_nearest_start(&near, key);
  for (int k = 0; o->names[k] != NULL; k++) bind_nearest_try(&near, o->names[k]);
  if (near.best != NULL)
    bind_error(o->L, o->b, "%s: unknown option '%s' (did you mean '%s'?)", o->who, key, near.best);
  bind_error(o->L, o->b, "%s: unknown option '%s'", o->who, key);
}

static bool has_string_key(lua_State *L, int idx) {
  if (!lua_istable(L, idx)) return false;
  lua_pushnil(L);
  while (lua_next(L, idx)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING) continue;
    lua_pop(L, 1);
    return true;
  }
  return false;
}

static void read_options(Options *o, int first) {
  lua_State *L = o->L;
  int top = lua_gettop(L), n = 0;
  bool table = top >= first && has_string_key(L, top);
  int last = table ? top - 1 : top;
  while (o->names[n] != NULL) n++;
  if (last - first + 1 > n) bind_error(L, o->b, "%s: too many arguments", o->who);
  luaL_checkstack(L, n + 8, NULL);
  o->base = top + 1;
  for (int k = 0; k < n; k++) {
    if (first + k <= last)
      lua_pushvalue(L, first + k);
    else
      lua_pushnil(L);
  }
  if (!table) return;
  for (lua_pushnil(L); lua_next(L, top); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) bind_error(L, o->b, "%s: a table mixes a list and options", o->who);
    int k = option_slot(o, lua_tostring(L, -2));
    if (k < 0) unknown_option(o, lua_tostring(L, -2));
    if (!lua_isnil(L, o->base + k)) bind_error(L, o->b, "%s: %s is given twice", o->who, o->names[k]);
    lua_pushvalue(L, -1);
    lua_replace(L, o->base + k);
  }
}

static bool flag_option(const Options *o, int k, bool otherwise) {
  int idx = o->base + k;
  if (lua_isnil(o->L, idx)) return otherwise;
  if (!lua_isboolean(o->L, idx)) {
    char got[128];
    bind_error(o->L, o->b, "%s: %s must be true or false, got %s", o->who, o->names[k],
               bind_describe(o->L, o->b, idx, got));
  }
  return lua_toboolean(o->L, idx) != 0;
}

/* ---- lists of tensors -------------------------------------------------------------------------------- */

typedef struct List {
  int n;
  nn_tensor **t; /* in a userdata on the stack */
} List;

static int one_as_list(lua_State *L, int idx) {
  lua_createtable(L, 1, 0);
  lua_pushvalue(L, idx);
  lua_rawseti(L, -2, 1);
  return lua_gettop(L);
}

/* The value at idx, one tensor or a list of them, as a table on the stack and an array. Entries may be false
 * where `gaps` says so. */
static List read_list(lua_State *L, Bind *b, int idx, const char *who, const char *what, int n, bool gaps) {
  char got[128];
  int table = lua_istable(L, idx) ? idx : one_as_list(L, idx);
  if (n < 0) n = (int)luaL_len(L, table);
  List list = {.n = n};
  list.t = lua_newuserdatauv(L, (size_t)n * sizeof *list.t + 1, 0);
  for (int i = 0; i < n; i++) {
    lua_geti(L, table, i + 1);
    list.t[i] = bind_tensor(L, b, -1);
    if (list.t[i] == NULL && !(gaps && !lua_toboolean(L, -1)))
      bind_error(L, b, "%s: %s must be a tensor or a list of tensors, got %s", who, what,
                 bind_describe(L, b, -1, got));
    lua_pop(L, 1);
  }
  return list;
}

/* Tensors given as cotangents may come back as gradients: they are to be found again. */
static void know_list(lua_State *L, Bind *b, int idx, const List *list) {
  for (int i = 0; i < list->n; i++) {
    if (list->t[i] == NULL) continue;
    if (lua_istable(L, idx))
      lua_geti(L, idx, i + 1);
    else
      lua_pushvalue(L, idx);
    bind_know(L, b, -1);
    lua_pop(L, 1);
  }
}

/* Runs a backward walk; closures that the engine let go are cleaned up behind it. */
static void walk(lua_State *L, Bind *b, const List *y, const List *g, const List *x, nn_tensor **results,
                 bool retain, bool create) {
  size_t before = nn_bytes_allocated(b->ctx);
  bool ok = nn_backward(b->ctx, y->t, g ? g->t : NULL, y->n, x ? x->t : NULL, x ? x->n : 0, results, retain,
                        create);
  bind_collect_after(b, nn_bytes_allocated(b->ctx) - before);
  bind_sweep_closures(L, b);
  if (!ok) bind_raise(L, b);
}

/* ---- backward ---------------------------------------------------------------------------------------- */

static void accumulate(lua_State *L, Bind *b, nn_tensor *x, nn_tensor *g) {
  nn_tensor *old = nn_grad(x);
  nn_results sum = {.n = 1, .t = sum.small, .small = {nn_retain(g)}};
  bool ok = true;
  if (old != NULL) {
    nn_release(g);
    ok = nn_apply(b->ctx, &nn_op_add, (nn_value[]){v_t(old), v_t(g)}, 2, &sum);
  }
  ok = ok && nn_set_grad(x, sum.t[0]);
  if (ok) nn_release(sum.t[0]);
  if (!ok) bind_raise(L, b);
}

/* Only the named inputs get gradients. */
static void backward_to(lua_State *L, Bind *b, const List *y, const List *g, const List *x, bool retain,
                        bool create) {
  nn_tensor **results = bind_new_box(L, x->n);
  walk(L, b, y, g, x, results, retain, create);
  for (int i = 0; i < x->n; i++) {
    if (results[i] == NULL) continue;
    accumulate(L, b, x->t[i], results[i]);
    nn_release(results[i]);
    results[i] = NULL;
  }
}

/* y:backward(gradient, retain_graph, create_graph, inputs) */
static int tensor_backward(lua_State *L) {
  static const char *const names[] = {"gradient", "retain_graph", "create_graph", "inputs", NULL};
  Bind *b = bind_of(L);
  nn_tensor *loss = bind_check(L, b, 1);
  if (lua_gettop(L) == 1) { /* the usual case needs no lists */
    List plain = {.n = 1, .t = &loss};
    nn_tensor *none = NULL;
    List seed = {.n = 1, .t = &none};
    bind_collect_before(L, b);
    walk(L, b, &plain, &seed, NULL, NULL, false, false);
    bind_pace(L, b);
    return 0;
  }
  Options o = {L, b, "backward", names, 0};
  read_options(&o, 2);
  bool create = flag_option(&o, 2, false), retain = flag_option(&o, 1, create);
  List y = read_list(L, b, 1, "backward", "the output", 1, false);
  List g = read_list(L, b, o.base, "backward", "gradient", 1, true);
  know_list(L, b, o.base, &g);
  bind_collect_before(L, b);
  if (lua_isnil(L, o.base + 3)) {
    walk(L, b, &y, &g, NULL, NULL, retain, create);
  } else {
    List x = read_list(L, b, o.base + 3, "backward", "inputs", -1, false);
    backward_to(L, b, &y, &g, &x, retain, create);
  }
  bind_pace(L, b);
  return 0;
}

/* ---- tensor.grad ------------------------------------------------------------------------------------- */

/* Pushes gradient i of the inputs. */
static void push_gradient(lua_State *L, Bind *b, const List *x, nn_tensor **results, int i, bool allow,
                          bool zeros) {
  if (results[i] == NULL && zeros) {
    results[i] = nn_zeros(b->ctx, nn_tensor_dtype(x->t[i]), nn_ndim(x->t[i]), nn_shape(x->t[i]));
    if (results[i] == NULL) bind_raise(L, b);
  }
  if (results[i] == NULL && !allow)
    bind_error(
        L, b,
        "grad: input %d was not used to compute the outputs; pass {allow_unused = true} to get nil for it",
        i + 1);
  bind_push_known(L, b, results[i]);
  nn_release(results[i]);
  results[i] = NULL;
}

/* The values of a table with names, in a list beside the list of the names. */
static void split_names(lua_State *L, int idx, int *names, int *values) {
  lua_newtable(L);
  lua_newtable(L);
  *values = lua_gettop(L);
  *names = *values - 1;
  lua_Integer n = 0;
  for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
    n++;
    lua_pushvalue(L, -2);
    lua_rawseti(L, *names, n);
    lua_pushvalue(L, -1);
    lua_rawseti(L, *values, n);
  }
}

/* tensor.grad(outputs, inputs, grad_outputs, retain_graph, create_graph, allow_unused, materialize_grads) */
static int tensor_grad(lua_State *L) {
  static const char *const option_names[] = {"grad_outputs", "retain_graph",      "create_graph",
                                             "allow_unused", "materialize_grads", NULL};
  Bind *b = bind_of(L);
  if (lua_gettop(L) < 2) return bind_error(L, b, "grad: expected outputs and inputs");
  Options o = {L, b, "grad", option_names, 0};
  read_options(&o, 3);
  bool create = flag_option(&o, 2, false), retain = flag_option(&o, 1, create);
  bool allow = flag_option(&o, 3, false), zeros = flag_option(&o, 4, false);
  int names = 0, inputs = 2;
  if (lua_istable(L, 2) && lua_rawlen(L, 2) == 0 && has_string_key(L, 2)) split_names(L, 2, &names, &inputs);
  List y = read_list(L, b, 1, "grad", "outputs", -1, false);
  List x = read_list(L, b, inputs, "grad", "inputs", -1, false);
  List g = read_list(L, b, o.base, "grad", "grad_outputs", y.n, true);
  know_list(L, b, o.base, &g);
  bind_collect_before(L, b);
  nn_tensor **results = bind_new_box(L, x.n);
  walk(L, b, &y, &g, &x, results, retain, create);
  luaL_checkstack(L, x.n + 8, "too many inputs");
  if (names != 0) lua_createtable(L, 0, x.n);
  int table = lua_gettop(L);
  for (int i = 0; i < x.n; i++) {
    if (names != 0) lua_rawgeti(L, names, i + 1);
    push_gradient(L, b, &x, results, i, allow, zeros);
    if (create && b->has_hooks) bind_anchor_result(L, b, 1, 2);
    if (names != 0) lua_rawset(L, table);
  }
  bind_pace(L, b);
  return names != 0 ? 1 : x.n;
}

/* ---- modes ------------------------------------------------------------------------------------------- */

typedef enum Mode { MODE_GRAD, MODE_ANOMALY } Mode;

typedef struct Guard { /* what leaving a block restores */
  Mode mode;
  bool before, done;
} Guard;

static const char *const GUARD = "nnlua.mode";

static bool switch_mode(lua_State *L, Bind *b, Mode mode, bool on) {
  if (mode == MODE_GRAD) return bind_set_grad_enabled(L, b, on);
  bool was = nn_anomaly_enabled(b->ctx);
  nn_set_anomaly(b->ctx, on);
  return was;
}

static int guard_close(lua_State *L) {
  Bind *b = bind_of(L);
  Guard *guard = luaL_checkudata(L, 1, GUARD);
  if (!guard->done) switch_mode(L, b, guard->mode, guard->before);
  guard->done = true;
  return 0;
}

static void push_guard(lua_State *L, Bind *b, Mode mode, bool on) {
  Guard *guard = lua_newuserdatauv(L, sizeof *guard, 1);
  guard->mode = mode;
  guard->done = false;
  luaL_setmetatable(L, GUARD);
  guard->before = switch_mode(L, b, mode, on);
}

static int after_function(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  return lua_gettop(L) - 1;
}

/* With a function at index 1: calls it with the arguments behind it in this mode. Without: the caller closes
 * the guard. */
static int run_mode(lua_State *L, Bind *b, Mode mode, bool on, const char *who) {
  if (lua_isnoneornil(L, 1)) {
    push_guard(L, b, mode, on);
    return 1;
  }
  if (!lua_isfunction(L, 1) && !luaL_getmetafield(L, 1, "__call")) {
    char got[128];
    return bind_error(L, b, "%s: expected a function, got %s; or write local _ <close> = tensor.%s()", who,
                      bind_describe(L, b, 1, got), who);
  }
  if (!lua_isfunction(L, 1)) lua_pop(L, 1);
  push_guard(L, b, mode, on);
  lua_insert(L, 1);
  lua_toclose(L, 1);
  lua_callk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, after_function);
  return after_function(L, LUA_OK, 0);
}

static int no_grad(lua_State *L) { return run_mode(L, bind_of(L), MODE_GRAD, false, "no_grad"); }

static int enable_grad(lua_State *L) { return run_mode(L, bind_of(L), MODE_GRAD, true, "enable_grad"); }

static bool check_flag(lua_State *L, Bind *b, const char *who) {
  char got[128];
  if (!lua_isboolean(L, 1))
    bind_error(L, b, "%s: expected true or false, got %s", who, bind_describe(L, b, 1, got));
  return lua_toboolean(L, 1) != 0;
}

/* set_grad_enabled(mode): from now on; the result, kept in a <close> variable, brings the old mode back.
 * set_grad_enabled(mode, f, ...): during f. */
static int set_grad_enabled(lua_State *L) {
  Bind *b = bind_of(L);
  bool on = check_flag(L, b, "set_grad_enabled");
  lua_remove(L, 1);
  return run_mode(L, b, MODE_GRAD, on, "set_grad_enabled");
}

static int is_grad_enabled(lua_State *L) {
  Bind *b = bind_of(L);
  lua_pushboolean(L, nn_grad_enabled(b->ctx));
  return 1;
}

static int detect_anomaly(lua_State *L) {
  return run_mode(L, bind_of(L), MODE_ANOMALY, true, "detect_anomaly");
}

static int set_detect_anomaly(lua_State *L) {
  Bind *b = bind_of(L);
  bool on = check_flag(L, b, "set_detect_anomaly");
  lua_remove(L, 1);
  return run_mode(L, b, MODE_ANOMALY, on, "set_detect_anomaly");
}

static int is_anomaly_enabled(lua_State *L) {
  Bind *b = bind_of(L);
  lua_pushboolean(L, nn_anomaly_enabled(b->ctx));
  return 1;
}

/* ---- nodes of the graph ------------------------------------------------------------------------------ */

static const char *const NODE = "nnlua.node";

void bind_push_node(lua_State *L, Bind *b, nn_node *node) {
  (void)b;
  if (node == NULL) {
    lua_pushnil(L);
    return;
  }
  nn_node **box = lua_newuserdatauv(L, sizeof *box, 1);
  *box = NULL;
  luaL_setmetatable(L, NODE);
  *box = nn_node_retain(node);
}

static int node_gc(lua_State *L) {
  nn_node **box = luaL_checkudata(L, 1, NODE);
  nn_node_release(*box);
  *box = NULL;
  return 0;
}

static int node_name(lua_State *L) {
  nn_node **box = luaL_checkudata(L, 1, NODE);
  lua_pushstring(L, nn_node_name(*box));
  return 1;
}

static int node_tostring(lua_State *L) {
  nn_node **box = luaL_checkudata(L, 1, NODE);
  lua_pushfstring(L, "<%s>", nn_node_name(*box));
  return 1;
}

static int node_eq(lua_State *L) {
  nn_node **x = luaL_testudata(L, 1, NODE), **y = luaL_testudata(L, 2, NODE);
  lua_pushboolean(L, x != NULL && y != NULL && *x == *y);
  return 1;
}

/* The list of what made the inputs: nodes, leaves that want a gradient, and false for the others. */
static int node_inputs(lua_State *L, Bind *b, nn_node *node) {
  int n = nn_node_inputs(node);
  lua_createtable(L, n, 0);
  for (int i = 0; i < n; i++) {
    nn_tensor *leaf;
    nn_node *from = nn_node_input(node, i, &leaf);
    if (from != NULL)
      bind_push_node(L, b, from);
    else if (leaf != NULL)
      bind_push_known(L, b, leaf);
    else
      lua_pushboolean(L, 0);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* node:name(), node.next_functions and node.id, the same number for the same node while it lives */
static int node_index(lua_State *L) {
  Bind *b = bind_of(L);
  nn_node **box = luaL_checkudata(L, 1, NODE);
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(key, "next_functions") == 0) return node_inputs(L, b, *box);
  if (strcmp(key, "name") == 0)
    lua_pushcfunction(L, node_name);
  else if (strcmp(key, "id") == 0)
    lua_pushinteger(L, (lua_Integer)(intptr_t)*box);
  else
    lua_pushnil(L);
  return 1;
}

/* ---- the rest ---------------------------------------------------------------------------------------- */

static int retain_grad(lua_State *L) {
  Bind *b = bind_of(L);
  if (!nn_retain_grad(bind_check(L, b, 1))) return bind_raise(L, b);
  return 0;
}

static const luaL_Reg methods_list[] = {
    {"backward", tensor_backward}, {"retain_grad", retain_grad}, {NULL, NULL}};

static const luaL_Reg functions[] = {{"grad", tensor_grad},
                                     {"no_grad", no_grad},
                                     {"inference_mode", no_grad},
                                     {"enable_grad", enable_grad},
                                     {"set_grad_enabled", set_grad_enabled},
                                     {"is_grad_enabled", is_grad_enabled},
                                     {"detect_anomaly", detect_anomaly},
                                     {"set_detect_anomaly", set_detect_anomaly},
                                     {"is_anomaly_enabled", is_anomaly_enabled},
                                     {NULL, NULL}};

void bind_grad_open(lua_State *L, Bind *b, int tensor, int methods) {
  static const luaL_Reg guard_events[] = {{"__close", guard_close}, {NULL, NULL}};
  static const luaL_Reg node_events[] = {{"__gc", node_gc},
                                         {"__tostring", node_tostring},
                                         {"__eq", node_eq},
                                         {"__index", node_index},
                                         {NULL, NULL}};
  luaL_newmetatable(L, GUARD);
  bind_register(L, b, lua_gettop(L), guard_events);
  luaL_newmetatable(L, NODE);
  bind_register(L, b, lua_gettop(L), node_events);
  lua_pop(L, 2);
  bind_register(L, b, methods, methods_list);
  bind_register(L, b, tensor, functions);
}
