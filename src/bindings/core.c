/* core.c - the module nnlua.core: puts the parts together. Its table has tensor and F for the user and, for
 * the Lua library, the registry as data and what the library needs of the machine. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bind.h"
#include "blas.h"
#include "cpu.h"
#include "library.h"
#include "parallel.h"

void bind_register(lua_State *L, Bind *b, int table, const luaL_Reg *functions) {
  lua_pushvalue(L, table);
  lua_pushlightuserdata(L, b);
  luaL_setfuncs(L, functions, 1);
  lua_pop(L, 1);
}

/* ---- the registry as data ---------------------------------------------------------------------------- */

static const char *kind_name(nn_kind kind) {
  static const char *const names[] = {"end",    "tensor", "tensors", "indices", "int",      "float",
                                      "number", "bool",   "dim",     "dims",    "position", "shape",
                                      "ints",   "floats", "dtype",   "choice",  "string",   "generator"};
  return names[kind];
}

static void set_string(lua_State *L, const char *key, const char *value) {
  if (value == NULL) return;
  lua_pushstring(L, value);
  lua_setfield(L, -2, key);
}

static void set_flag(lua_State *L, const char *key, bool value) {
  if (!value) return;
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, key);
}

static void push_choices(lua_State *L, const char *choices) {
  lua_newtable(L);
  for (lua_Integer i = 1; choices != NULL; i++) {
    const char *bar = strchr(choices, '|');
    lua_pushlstring(L, choices, bar ? (size_t)(bar - choices) : strlen(choices));
    lua_rawseti(L, -2, i);
    choices = bar ? bar + 1 : NULL;
  }
}

static void push_params(lua_State *L, const nn_op *op) {
  lua_newtable(L);
  for (int i = 0; op->params[i].kind != P_END; i++) {
    const nn_param *p = &op->params[i];
    lua_newtable(L);
    set_string(L, "name", p->name);
    set_string(L, "kind", kind_name(p->kind));
    set_string(L, "default", p->def);
    if (p->choices != NULL) {
      push_choices(L, p->choices);
      lua_setfield(L, -2, "choices");
    }
    if (p->count > 0) {
      lua_pushinteger(L, p->count);
      lua_setfield(L, -2, "count");
    }
    set_flag(L, "rest", p->rest);
    set_flag(L, "keyword", p->keyword);
    lua_rawseti(L, -2, i + 1);
  }
}

static void push_flags(lua_State *L, uint32_t flags) {
  static const struct {
    const char *name;
    uint32_t flag;
  } names[] = {{"tensor", NN_TENSOR},       {"method", NN_METHOD},         {"functional", NN_F},
               {"inplace", NN_INPLACE},     {"private", NN_PRIVATE},       {"promotes", NN_PROMOTES},
               {"floats", NN_FLOATS},       {"broadcasts", NN_BROADCASTS}, {"bool_out", NN_BOOL_OUT},
               {"no_grad", NN_NO_GRAD},     {"random", NN_RANDOM},         {"list_out", NN_LIST_OUT},
               {"lua_value", NN_LUA_VALUE}, {"linalg", NN_LINALG},         {"creates", NN_CREATES},
               {"numbers", NN_NUMBERS},     {"special", NN_SPECIAL}};
  lua_newtable(L);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    set_flag(L, names[i].name, (flags & names[i].flag) != 0);
}

static void push_op(lua_State *L, const nn_op *op) {
  lua_newtable(L);
  lua_pushlstring(L, op->name, (size_t)nn_op_base(op));
  lua_setfield(L, -2, "base");
  set_string(L, "name", op->name);
  set_string(L, "doc", op->doc);
  set_string(L, "example", op->example);
  set_string(L, "invalid", op->invalid);
  set_string(L, "complaint", op->complaint);
  push_params(L, op);
  lua_setfield(L, -2, "params");
  push_flags(L, op->flags);
  lua_setfield(L, -2, "flags");
  lua_newtable(L);
  for (int i = 0; op->samples != NULL && op->samples[i] != NULL; i++) {
    lua_pushstring(L, op->samples[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "samples");
  lua_pushinteger(L, op->n_out ? op->n_out : 1);
  lua_setfield(L, -2, "results");
  lua_pushinteger(L, op->grads_in);
  lua_setfield(L, -2, "grads_in");
  set_flag(L, "differentiable",
           !(op->flags & NN_NO_GRAD) && (op->vjp != NULL || op->compose != NULL || op->view != NULL));
  set_flag(L, "view", op->view != NULL);
  set_flag(L, "composed", op->compose != NULL);
}

/* ops(): the rows of the registry in their order. */
static int core_ops(lua_State *L) {
  lua_createtable(L, nn_op_count(), 0);
  for (int i = 0; i < nn_op_count(); i++) {
    push_op(L, nn_op_at(i));
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* op(name): the function of just this row, also of a private one. */
static int core_op(lua_State *L) {
  Bind *b = bind_of(L);
  const char *name = luaL_checkstring(L, 1);
  const nn_op *op = nn_op_find(name);
  if (op == NULL) return bind_error(L, b, "there is no operation '%s'", name);
  lua_getfield(L, LUA_REGISTRYINDEX, "nnlua.operations");
  if (lua_getfield(L, -1, name) != LUA_TNIL) return 1;
  bind_push_operation(L, b, op, NO_OPERATOR);
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, name);
  return 1;
}

/* ---- errors ------------------------------------------------------------------------------------------ */

/* set_path_finder(f): f(text) returns the text with the path of the module that is being called before it. */
static int core_set_path_finder(lua_State *L) {
  Bind *b = bind_of(L);
  lua_settop(L, 1);
  lua_rawseti(L, LUA_REGISTRYINDEX, b->path_finder);
  return 0;
}

/* set_stand_ins(metatable, f): from now on tables with this metatable are taken for tensors, and an operation that gets one
 * calls f(name, operation, ...) instead. Without arguments: no more. Returns what was set before. */
static int core_set_stand_ins(lua_State *L) {
  Bind *b = bind_of(L);
  lua_settop(L, 2);
  int before[] = {b->stand_in, b->batcher};
  lua_rawgeti(L, LUA_REGISTRYINDEX, before[0]);
  lua_rawgeti(L, LUA_REGISTRYINDEX, before[1]);
  if (lua_isnil(L, 1)) {
    b->stand_in = b->batcher = 0;
  } else {
    lua_pushvalue(L, 1);
    int metatable = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushvalue(L, 2);
    b->batcher = luaL_ref(L, LUA_REGISTRYINDEX);
    b->stand_in = metatable;
  }
  for (int i = 0; i < 2; i++)
    if (before[i] != 0) luaL_unref(L, LUA_REGISTRYINDEX, before[i]);
  return 2;
}

/* set_library(prefix): chunks whose name begins so are not the user's. */
static int core_set_library(lua_State *L) {
  Bind *b = bind_of(L);
  char *copy = strdup(luaL_checkstring(L, 1));
  if (copy == NULL) return luaL_error(L, "out of memory");
  free(b->library);
  b->library = copy;
  return 0;
}

/* error(text): raised as the engine's errors are, with the user's position and the module's path. */
static int core_error(lua_State *L) {
  Bind *b = bind_of(L);
  luaL_checkstring(L, 1);
  lua_settop(L, 1);
  return bind_error_top(L, b);
}

/* position(): "script.lua:12: ", the innermost place in the user's code. */
static int core_position(lua_State *L) {
  char text[LUA_IDSIZE + 32];
  bind_position(L, bind_of(L), text, sizeof text);
  lua_pushstring(L, text);
  return 1;
}

/* nearest(name, names): the most similar of a list of names, or nil. */
static int core_nearest(lua_State *L) {
  Nearest near;
  bind_nearest_start(&near, luaL_checkstring(L, 1));
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_Integer n = luaL_len(L, 2);
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, 2, i);
    if (lua_type(L, -1) == LUA_TSTRING)
      bind_nearest_try(&near, lua_tostring(L, -1)); /* the list keeps the string */
    lua_pop(L, 1);
  }
  lua_pushstring(L, near.best); /* nil for NULL */
  return 1;
}

static int interrupt_tostring(lua_State *L) {
  lua_pushliteral(L, "interrupted");
  return 1;
}

static int core_is_interrupt(lua_State *L) {
  Bind *b = bind_of(L);
  luaL_checkany(L, 1);
  lua_pushboolean(L, bind_is_interrupt(L, b, 1));
  return 1;
}

/* ---- closers that an interrupt doesn't stop ---------------------------------------------------------- */

static const char *const CLOSER = "nnlua.closer";

static int closer_close(lua_State *L) {
  Bind *b = bind_of(L);
  bool pending = bind_interrupt_pause(b);
  lua_getiuservalue(L, 1, 1);
  int status = lua_isfunction(L, -1) ? lua_pcall(L, 0, 0, 0) : LUA_OK;
  if (pending) bind_interrupt(b);
  return status == LUA_OK ? 0 : lua_error(L);
}

/* local _ <close> = defer(f): f() runs when the block is left, even by an interrupt. */
static int core_defer(lua_State *L) {
  bind_of(L);
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_newuserdatauv(L, 1, 1);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  luaL_setmetatable(L, CLOSER);
  return 1;
}

/* ---- the machine ------------------------------------------------------------------------------------- */

static int core_threads(lua_State *L) {
  Bind *b = bind_of(L);
  if (!lua_isnoneornil(L, 1)) {
    int64_t n;
    char got[128];
    if (!bind_to_integer(L, 1, &n))
      return bind_error(L, b, "threads: expected a whole number, got %s", bind_describe(L, b, 1, got));
    if (n < 1 || n > NN_THREADS_MAX || !nn_set_threads((int)n))
      return bind_error(L, b, "threads: expected a number from 1 to %d, got %lld", NN_THREADS_MAX,
                        (long long)n);
  }
  lua_pushinteger(L, nn_threads());
  return 1;
}

/* tensor.set_flush_denormal(on): whether the processor can. */
static int set_flush_denormal(lua_State *L) {
  Bind *b = bind_of(L);
  char got[128];
  if (!lua_isboolean(L, 1))
    bind_error(L, b, "set_flush_denormal: expected true or false, got %s", bind_describe(L, b, 1, got));
  lua_pushboolean(L, nn_set_flush_denormal(lua_toboolean(L, 1) != 0));
  return 1;
}

/* memory(): bytes of tensors in use, and the highest so far. */
static int core_memory(lua_State *L) {
  Bind *b = bind_of(L);
  lua_pushinteger(L, (lua_Integer)nn_bytes(b->ctx));
  lua_pushinteger(L, (lua_Integer)nn_bytes_peak(b->ctx));
  return 2;
}

static int core_reset_peak(lua_State *L) {
  nn_bytes_peak_reset(bind_of(L)->ctx);
  return 0;
}

/* memory_limit(bytes): beyond it an operation fails, after garbage was collected; 0 or nil lifts it. */
static int core_memory_limit(lua_State *L) {
  Bind *b = bind_of(L);
  if (lua_gettop(L) > 0) {
    int64_t bytes = 0;
    char got[128];
    if (!lua_isnil(L, 1) && (!bind_to_integer(L, 1, &bytes) || bytes < 0))
      return bind_error(L, b, "memory_limit: expected a number of bytes, got %s",
                        bind_describe(L, b, 1, got));
    nn_set_bytes_limit(b->ctx, (size_t)bytes);
  }
  if (nn_bytes_limit(b->ctx) > 0)
    lua_pushinteger(L, (lua_Integer)nn_bytes_limit(b->ctx));
  else
    lua_pushnil(L);
  return 1;
}

static int core_clock(lua_State *L) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  lua_pushnumber(L, (lua_Number)now.tv_sec + 1e-9 * (lua_Number)now.tv_nsec);
  return 1;
}

/* machine(): what does the products, and which kernels run. */
static int core_machine(lua_State *L) {
  bind_of(L);
  lua_createtable(L, 0, 4);
  set_string(L, "blas", nn_blas_name());
  set_string(L, "problem", nn_blas_problem());
  set_string(L, "kernels", nn_cpu_isa_name());
  lua_pushinteger(L, nn_cpu_cores());
  lua_setfield(L, -2, "cores");
  return 1;
}

/* kernels(): the instruction set in use, which costs nothing to know. */
static int core_kernels(lua_State *L) {
  lua_pushstring(L, nn_cpu_isa_name());
  return 1;
}

/* width(): columns of the terminal. */
static int core_width(lua_State *L) {
  lua_pushinteger(L, bind_terminal_width());
  return 1;
}

/* handles(): how many tensors have a handle; for tests. */
static int core_handles(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)bind_of(L)->live);
  return 1;
}

/* fail_allocation(n): the n-th allocation from now on fails; for tests. */
static int core_fail_allocation(lua_State *L) {
  Bind *b = bind_of(L);
  lua_pushinteger(L, nn_fail_allocation(b->ctx, luaL_checkinteger(L, 1)));
  return 1;
}

/* fail_lua_allocation(n): Lua's own n-th allocation from now on fails; for tests. */
static int core_fail_lua_allocation(lua_State *L) {
  Bind *b = bind_of(L);
  lua_Integer n = luaL_checkinteger(L, 1);
  lua_pushinteger(L, b->fail_after);
  b->fail_after = n;
  b->failing = 0;
  return 1;
}

static const luaL_Reg functions[] = {{"ops", core_ops},
                                     {"op", core_op},
                                     {"set_stand_ins", core_set_stand_ins},
                                     {"set_path_finder", core_set_path_finder},
                                     {"set_library", core_set_library},
                                     {"error", core_error},
                                     {"position", core_position},
                                     {"nearest", core_nearest},
                                     {"is_interrupt", core_is_interrupt},
                                     {"defer", core_defer},
                                     {"threads", core_threads},
                                     {"memory", core_memory},
                                     {"reset_peak", core_reset_peak},
                                     {"memory_limit", core_memory_limit},
                                     {"clock", core_clock},
                                     {"machine", core_machine},
                                     {"kernels", core_kernels},
                                     {"width", core_width},
                                     {"handles", core_handles},
                                     {"fail_allocation", core_fail_allocation},
                                     {"fail_lua_allocation", core_fail_lua_allocation},
                                     {NULL, NULL}};

static const luaL_Reg of_tensor[] = {{"set_flush_denormal", set_flush_denormal}, {NULL, NULL}};

/* ---- opening ----------------------------------------------------------------------------------------- */

static void make_interrupt_value(lua_State *L, Bind *b) {
  lua_newuserdatauv(L, 1, 0);
  lua_createtable(L, 0, 2);
  lua_pushcfunction(L, interrupt_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_pushliteral(L, "interrupt");
  lua_setfield(L, -2, "__name");
  lua_setmetatable(L, -2);
  b->interrupt = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushboolean(L, 0);
  b->path_finder = luaL_ref(L, LUA_REGISTRYINDEX);
}

static void make_closer(lua_State *L, Bind *b) {
  static const luaL_Reg events[] = {{"__close", closer_close}, {NULL, NULL}};
  luaL_newmetatable(L, CLOSER);
  bind_register(L, b, lua_gettop(L), events);
  lua_pop(L, 1);
}

/* Fills core, which stands at 1, through the tables tensor, methods, F, linalg, special and the metatable. */
static void open_parts(lua_State *L, Bind *b, int core) {
  int tensor = core + 1, methods = core + 2, functional = core + 3, linalg = core + 4, special = core + 5;
  int metatable = core + 6;
  for (int i = 0; i < 6; i++) lua_newtable(L);
  lua_pushliteral(L, "tensor");
  lua_setfield(L, metatable, "__name");
  lua_pushvalue(L, metatable);
  b->metatable = luaL_ref(L, LUA_REGISTRYINDEX);
  bind_hooks_open(L, b, methods);
  bind_checkpoint_open(L, b, core, tensor);
  bind_operations(L, b, tensor, methods, functional, linalg, special);
  bind_tensor_open(L, b, tensor, methods, metatable);
  bind_index_open(L, b, tensor);
  bind_print_open(L, b, metatable);
  bind_grad_open(L, b, tensor, methods);
  bind_random_open(L, b, tensor);
  bind_register(L, b, tensor, of_tensor);
  bind_optim_open(L, b, core);
  bind_files_open(L, b, core);
  bind_picture_open(L, b, core);
  bind_letters_open(L, b, core);
  bind_feed_open(L, b, core);
  bind_points_open(L, b, core);
  bind_bytes_open(L, b, core);
  bind_catch_open(L, b, core);
  bind_profile_open(L, b, core);
  lua_pushvalue(L, linalg);
  lua_setfield(L, tensor, "linalg");
  lua_pushvalue(L, special);
  lua_setfield(L, tensor, "special");
  lua_pop(L, 1);
  static const char *const names[] = {"special", "linalg", "F", "methods", "tensor"};
  for (int i = 0; i < 5; i++) lua_setfield(L, core, names[i]);
}

int luaopen_nnlua_core(lua_State *L) {
  Bind *b = bind_find(L);
  if (b != NULL) { /* required once more: the same table */
    lua_getfield(L, LUA_REGISTRYINDEX, "nnlua.core");
    return 1;
  }
  lua_gc(L, LUA_GCGEN, 0, 0); /* young collections fit tensors: most die at once */
  b = bind_open(L);
  bind_publish(L, b);
  luaL_checkstack(L, 20, NULL);
  lua_newtable(L);
  int core = lua_gettop(L);
  lua_newtable(L);
  lua_setfield(L, LUA_REGISTRYINDEX, "nnlua.operations");
  make_interrupt_value(L, b);
  make_closer(L, b);
  open_parts(L, b, core);
  bind_register(L, b, core, functions);
  lua_pushliteral(L, NNLUA_VERSION);
  lua_setfield(L, core, "version");
  lua_pushvalue(L, core);
  lua_setfield(L, LUA_REGISTRYINDEX, "nnlua.core");
  return 1;
}
