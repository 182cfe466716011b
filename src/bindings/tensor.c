/* tensor.c - tensors as Lua values: fields, methods that are no operations, the constructor, element access,
 * operators. Knows the rows only by name. */
#include <string.h>

#include "bind.h"
#include "expr.h"

/* ---- fields ------------------------------------------------------------------------------------------ */

typedef int (*Getter)(lua_State *L, Bind *b, nn_tensor *t);

static int get_shape(lua_State *L, Bind *b, nn_tensor *t) {
  bind_push_shape(L, b, nn_ndim(t), nn_shape(t));
  return 1;
}

static int get_dtype(lua_State *L, Bind *b, nn_tensor *t) {
  (void)b;
  lua_pushstring(L, nn_dtype_name(nn_tensor_dtype(t)));
  return 1;
}

static int get_requires_grad(lua_State *L, Bind *b, nn_tensor *t) {
  (void)b;
  lua_pushboolean(L, nn_requires_grad(t));
  return 1;
}

static int get_is_leaf(lua_State *L, Bind *b, nn_tensor *t) {
  (void)b;
  lua_pushboolean(L, nn_is_leaf(t));
  return 1;
}

static int get_grad(lua_State *L, Bind *b, nn_tensor *t) {
  bind_push_known(L, b, nn_grad(t));
  return 1;
}

static int get_data(lua_State *L, Bind *b, nn_tensor *t) {
  bind_push(L, b, nn_detach(t));
  return 1;
}

static int get_ndim(lua_State *L, Bind *b, nn_tensor *t) {
  (void)b;
  lua_pushinteger(L, nn_ndim(t));
  return 1;
}

static int get_nbytes(lua_State *L, Bind *b, nn_tensor *t) {
  (void)b;
  lua_pushinteger(L, nn_numel(t) * (lua_Integer)nn_dtype_size(nn_tensor_dtype(t)));
  return 1;
}

static int get_itemsize(lua_State *L, Bind *b, nn_tensor *t) {
  (void)b;
  lua_pushinteger(L, (lua_Integer)nn_dtype_size(nn_tensor_dtype(t)));
  return 1;
}

static int get_device(lua_State *L, Bind *b, nn_tensor *t) {
  (void)b, (void)t;
  lua_pushliteral(L, "cpu");
  return 1;
}

/* All dimensions in reverse. */
static int get_T(lua_State *L, Bind *b, nn_tensor *t) {
  int64_t dims[NN_MAX_DIMS];
  int n = nn_ndim(t);
  for (int d = 0; d < n; d++) dims[d] = n - 1 - d;
  bind_apply(L, b, &nn_op_permute, 2, (nn_value[]){v_t(t), v_ints(n, dims)});
  return 1;
}

static int get_mT(lua_State *L, Bind *b, nn_tensor *t) {
  if (nn_ndim(t) < 2)
    return bind_error(L, b, "mT: expected a tensor of at least 2 dimensions, got %d", nn_ndim(t));
  bind_apply(L, b, &nn_op_transpose, 3, (nn_value[]){v_t(t), v_i(-2), v_i(-1)});
  return 1;
}

static int get_grad_fn(lua_State *L, Bind *b, nn_tensor *t) {
  nn_node *node = nn_tensor_node(t);
  if (nn_error_code(b->ctx) != NN_OK) return bind_raise(L, b);
  bind_push_node(L, b, node);
  return 1;
}

static int get_version(lua_State *L, Bind *b, nn_tensor *t) {
  (void)b;
  lua_pushinteger(L, nn_version(t));
  return 1;
}

typedef struct Field {
  const char *name;
  Getter get;
} Field;

static const Field fields[] = {{"shape", get_shape},
                               {"dtype", get_dtype},
                               {"requires_grad", get_requires_grad},
                               {"is_leaf", get_is_leaf},
                               {"grad", get_grad},
                               {"data", get_data},
                               {"ndim", get_ndim},
                               {"nbytes", get_nbytes},
                               {"itemsize", get_itemsize},
                               {"device", get_device},
                               {"T", get_T},
                               {"mT", get_mT},
                               {"grad_fn", get_grad_fn},
                               {"_version", get_version},
                               {NULL, NULL}};

/* x.name and x[i]. Upvalue 2: the table of methods, in which fields are light userdata. A name that is
 * neither is nil, as for any Lua object. */
static int tensor_index(lua_State *L) {
  Bind *b;
  const Field *field;
  if (lua_type(L, 2) != LUA_TSTRING) {
    b = bind_of(L);
    return bind_index_read(L, b, bind_check(L, b, 1));
  }
  lua_pushvalue(L, 2);
  switch (lua_rawget(L, lua_upvalueindex(2))) {
  case LUA_TLIGHTUSERDATA:
    b = bind_of(L);
    field = lua_touserdata(L, -1);
    return field->get(L, b, bind_check(L, b, 1));
  case LUA_TNIL:
    lua_settop(L, 2);
    if (strcmp(lua_tostring(L, 2), "...") == 0)
      lua_pushvalue(L, 1);
    else
      lua_gettable(L, lua_upvalueindex(2)); /* one that the library has yet to load */
    return 1;
  default: return 1;
  }
}

static void set_grad(lua_State *L, Bind *b, nn_tensor *t) {
  nn_tensor *g = bind_tensor(L, b, 3);
  if (g == NULL && !lua_isnil(L, 3)) {
    char got[128];
    bind_error(L, b, "grad: expected a tensor or nil, got %s", bind_describe(L, b, 3, got));
  }
  if (!nn_set_grad(t, g)) bind_raise(L, b);
  if (g != NULL) bind_know(L, b, 3);
}

static void set_requires_grad(lua_State *L, Bind *b, nn_tensor *t, int idx) {
  if (!lua_isboolean(L, idx)) {
    char got[128];
    bind_error(L, b, "requires_grad: expected true or false, got %s", bind_describe(L, b, idx, got));
  }
  if (!nn_set_requires_grad(t, lua_toboolean(L, idx) != 0)) bind_raise(L, b);
}

static void set_data(lua_State *L, Bind *b, nn_tensor *t) {
  const nn_tensor *from = bind_check(L, b, 3);
  bool fits = nn_ndim(from) == nn_ndim(t);
  for (int d = 0; fits && d < nn_ndim(t); d++) fits = nn_size(from, d) == nn_size(t, d);
  if (!fits) {
    char have[NN_SHAPE_TEXT], got[NN_SHAPE_TEXT];
    bind_error(L, b, "data: expected shape %s, got %s", nn_tensor_shape_text(t, have),
               nn_tensor_shape_text(from, got));
  }
  if (!nn_copy_data(t, from)) bind_raise(L, b);
}

static int tensor_newindex(lua_State *L) {
  Bind *b = bind_of(L);
  nn_tensor *t = bind_check(L, b, 1);
  const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "...";
  if (name[0] == '.' && strcmp(name, "...") == 0) return bind_index_write(L, b, t);
  if (strcmp(name, "grad") == 0)
    set_grad(L, b, t);
  else if (strcmp(name, "requires_grad") == 0)
    set_requires_grad(L, b, t, 3);
  else if (strcmp(name, "data") == 0)
    set_data(L, b, t);
  else
    bind_error(L, b, "a tensor has no field '%s' to be set (only grad, requires_grad and data)", name);
  return 0;
}

/* ---- sizes ------------------------------------------------------------------------------------------- */

/* The dimension at arg, from 0. */
static int check_dim(lua_State *L, Bind *b, const nn_tensor *t, int arg, const char *who) {
  int64_t d;
  int n = nn_ndim(t);
  char text[128];
  if (!bind_to_integer(L, arg, &d))
    bind_error(L, b, "%s: dim must be a whole number, got %s", who, bind_describe(L, b, arg, text));
  if (d == 0) bind_error(L, b, "%s: dim is 0, but dimensions count from 1 (or from -1, the last)", who);
  if (d > n || d < -n)
    bind_error(L, b, "%s: dim = %lld is out of range: the tensor has %d dimension%s", who, (long long)d, n,
               n == 1 ? "" : "s");
  return (int)(d > 0 ? d - 1 : d + n);
}

static int push_counts(lua_State *L, Bind *b, const nn_tensor *t, const int64_t *counts, const char *who) {
  if (!lua_isnoneornil(L, 2)) {
    lua_pushinteger(L, counts[check_dim(L, b, t, 2, who)]);
    return 1;
  }
  luaL_checkstack(L, NN_MAX_DIMS, NULL);
  for (int d = 0; d < nn_ndim(t); d++) lua_pushinteger(L, counts[d]);
  return nn_ndim(t);
}

static int tensor_size(lua_State *L) {
  Bind *b = bind_of(L);
  const nn_tensor *t = bind_check(L, b, 1);
  return push_counts(L, b, t, nn_shape(t), "size");
}

static int tensor_stride(lua_State *L) {
  Bind *b = bind_of(L);
  const nn_tensor *t = bind_check(L, b, 1);
  return push_counts(L, b, t, nn_strides(t), "stride");
}

static int tensor_len(lua_State *L) {
  Bind *b = bind_of(L);
  const nn_tensor *t = bind_check(L, b, 1);
  if (nn_ndim(t) == 0) return bind_error(L, b, "a 0-dim tensor has no length");
  lua_pushinteger(L, nn_size(t, 0));
  return 1;
}

static int tensor_dim(lua_State *L) {
  Bind *b = bind_of(L);
  lua_pushinteger(L, nn_ndim(bind_check(L, b, 1)));
  return 1;
}

static int tensor_numel(lua_State *L) {
  Bind *b = bind_of(L);
  lua_pushinteger(L, nn_numel(bind_check(L, b, 1)));
  return 1;
}

static int tensor_element_size(lua_State *L) {
  Bind *b = bind_of(L);
  return get_itemsize(L, b, bind_check(L, b, 1));
}

static int tensor_storage_offset(lua_State *L) {
  Bind *b = bind_of(L);
  lua_pushinteger(L, nn_offset(bind_check(L, b, 1)));
  return 1;
}

static int tensor_data_ptr(lua_State *L) {
  Bind *b = bind_of(L);
  lua_pushinteger(L, (lua_Integer)(uintptr_t)nn_data(bind_check(L, b, 1)));
  return 1;
}

static int tensor_is_contiguous(lua_State *L) {
  Bind *b = bind_of(L);
  lua_pushboolean(L, nn_is_contiguous(bind_check(L, b, 1)));
  return 1;
}

static int tensor_is_floating_point(lua_State *L) {
  Bind *b = bind_of(L);
  lua_pushboolean(L, nn_is_float(nn_tensor_dtype(bind_check(L, b, 1))));
  return 1;
}

static int tensor_requires_grad_(lua_State *L) {
  Bind *b = bind_of(L);
  nn_tensor *t = bind_check(L, b, 1);
  if (lua_isnone(L, 2)) lua_pushboolean(L, 1);
  set_requires_grad(L, b, t, 2);
  lua_settop(L, 1);
  return 1;
}

static int tensor_is_tensor(lua_State *L) {
  Bind *b = bind_of(L);
  lua_pushboolean(L, bind_tensor(L, b, 1) != NULL || bind_is_stand_in(L, b, 1));
  return 1;
}

static int tensor_self(lua_State *L) {
  Bind *b = bind_of(L);
  bind_check(L, b, 1);
  lua_settop(L, 1);
  return 1;
}

/* ---- elements ---------------------------------------------------------------------------------------- */

static int tensor_item(lua_State *L) {
  Bind *b = bind_of(L);
  const nn_tensor *t = bind_check(L, b, 1);
  if (nn_numel(t) != 1) {
    char shape[NN_SHAPE_TEXT];
    return bind_error(L, b, "item: only a tensor of one element is a number, this one has shape %s",
                      nn_tensor_shape_text(t, shape));
  }
  bind_push_element(L, nn_tensor_dtype(t), nn_data(t));
  return 1;
}

static void check_place(lua_State *L, Bind *b, const nn_tensor *t, int64_t *place, int given,
                        const char *who) {
  int n = nn_ndim(t);
  if (given != n) {
    char shape[NN_SHAPE_TEXT];
    bind_error(L, b, "%s: expected %d position%s for a tensor of shape %s, got %d", who, n, n == 1 ? "" : "s",
               nn_tensor_shape_text(t, shape), given);
  }
  for (int d = 0; d < n; d++) {
    char text[128];
    int64_t i;
    if (!bind_to_integer(L, 2 + d, &i))
      bind_error(L, b, "%s: a position must be a whole number, got %s", who,
                 bind_describe(L, b, 2 + d, text));
    int64_t size = nn_size(t, d);
    if (i == 0) bind_error(L, b, "%s: position %d is 0, but positions count from 1", who, d + 1);
    if (i > size || i < -size)
      bind_error(L, b, "%s: position %lld is out of range: dimension %d has size %lld", who, (long long)i,
                 d + 1, (long long)size);
    place[d] = i > 0 ? i - 1 : i + size;
  }
}

static int tensor_get(lua_State *L) {
  Bind *b = bind_of(L);
  const nn_tensor *t = bind_check(L, b, 1);
  int64_t place[NN_MAX_DIMS], at = 0;
  check_place(L, b, t, place, lua_gettop(L) - 1, "get");
  for (int d = 0; d < nn_ndim(t); d++) at += place[d] * nn_stride(t, d);
  nn_dtype dtype = nn_tensor_dtype(t);
  bind_push_element(L, dtype, (const char *)nn_data(t) + at * (int64_t)nn_dtype_size(dtype));
  return 1;
}

static int tensor_set(lua_State *L) {
  Bind *b = bind_of(L);
  nn_tensor *t = bind_check(L, b, 1);
  int64_t place[NN_MAX_DIMS];
  int value = lua_gettop(L);
  check_place(L, b, t, place, value - 2, "set");
  if (nn_grad_enabled(b->ctx) && nn_requires_grad(t))
    return bind_error(L, b, "set: the tensor requires grad; write inside tensor.no_grad, or to x.data");
  nn_tensor *v = bind_tensor(L, b, value);
  if (lua_isinteger(L, value) || lua_isboolean(L, value))
    nn_set_int(t, place, lua_isinteger(L, value) ? lua_tointeger(L, value) : lua_toboolean(L, value));
  else if (lua_type(L, value) == LUA_TNUMBER)
    nn_set(t, place, lua_tonumber(L, value));
  else if (v != NULL && nn_numel(v) == 1)
    nn_set(t, place, nn_item(v));
  else {
    char got[128];
    return bind_error(L, b, "set: expected a number, got %s", bind_describe(L, b, value, got));
  }
  nn_touch(t);
  lua_settop(L, 1);
  return 1;
}

/* ---- dtypes ------------------------------------------------------------------------------------------ */

static int convert(lua_State *L, Bind *b, nn_tensor *t, nn_dtype dtype) {
  if (nn_tensor_dtype(t) == dtype)
    lua_pushvalue(L, 1);
  else
    bind_apply(L, b, &nn_op_to, 2, (nn_value[]){v_t(t), v_dt(dtype)});
  return 1;
}

/* x:float() and its like: upvalue 2 is the dtype. */
static int tensor_as(lua_State *L) {
  Bind *b = bind_of(L);
  return convert(L, b, bind_check(L, b, 1), (nn_dtype)lua_tointeger(L, lua_upvalueindex(2)));
}

/* x:to(dtype), x:to(other), x:to("cpu"); upvalue 2 is the operation. */
static int tensor_to(lua_State *L) {
  Bind *b = bind_of(L);
  nn_tensor *t = bind_check(L, b, 1), *other = bind_tensor(L, b, 2);
  if (other != NULL) return convert(L, b, t, nn_tensor_dtype(other));
  if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "cpu") == 0) {
    lua_remove(L, 2);
    if (lua_gettop(L) == 1) return 1;
  }
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, 1);
  return 1;
}

static int tensor_type(lua_State *L) {
  Bind *b = bind_of(L);
  if (lua_isnoneornil(L, 2)) return get_dtype(L, b, bind_check(L, b, 1));
  return tensor_to(L);
}

/* ---- the constructor --------------------------------------------------------------------------------- */

typedef struct Options {
  int dtype;
  bool requires_grad;
} Options;

static Options read_options(lua_State *L, Bind *b, int idx) {
  Options o = {.dtype = -1};
  char text[128];
  if (lua_isnoneornil(L, idx)) return o;
  if (!lua_istable(L, idx))
    bind_error(
        L, b,
        "tensor: expected one value and a table of options, got %s as well; several numbers need braces: "
        "tensor{1, 2}",
        bind_describe(L, b, idx, text));
  for (lua_pushnil(L); lua_next(L, idx); lua_pop(L, 1)) {
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "[1]";
    nn_dtype dtype = NN_FLOAT32;
    if (strcmp(key, "dtype") == 0) {
      if (lua_type(L, -1) != LUA_TSTRING || !nn_dtype_parse(lua_tostring(L, -1), &dtype))
        bind_error(L, b,
                   "tensor: dtype must be \"float32\", \"float64\", \"int64\", \"uint8\" or \"bool\", got %s",
                   bind_describe(L, b, -1, text));
      o.dtype = (int)dtype;
    } else if (strcmp(key, "requires_grad") == 0) {
      if (!lua_isboolean(L, -1)) bind_error(L, b, "tensor: requires_grad must be true or false");
      o.requires_grad = lua_toboolean(L, -1) != 0;
    } else {
      Nearest near;
      bind_nearest_start(&near, key);
      bind_nearest_try(&near, "dtype");
      bind_nearest_try(&near, "requires_grad");
      if (near.best != NULL)
        bind_error(L, b, "tensor: unknown option '%s' (did you mean '%s'?)", key, near.best);
      bind_error(L, b, "tensor: unknown option '%s' (the options are dtype, requires_grad)", key);
    }
  }
  return o;
}

/* tensor(values, options) */
static int construct(lua_State *L, Bind *b, int at) {
  if (lua_gettop(L) > at + 1)
    return bind_error(L, b, "tensor: too many arguments; several numbers need braces: tensor{1, 2}");
  Options o = read_options(L, b, at + 1);
  nn_tensor *t = bind_from_lua(L, b, at, o.dtype, "tensor");
  if (o.requires_grad && !nn_set_requires_grad(t, true)) {
    nn_release(t);
    return bind_raise(L, b);
  }
  bind_push(L, b, t);
  bind_pace(L, b);
  return 1;
}

static int construct_from(lua_State *L, int idx) {
  Bind *b = bind_of(L);
  if (lua_isnone(L, idx))
    return bind_error(L, b, "tensor: expected numbers, as tensor{{1, 2}, {3, 4}} has them, got nothing");
  return construct(L, b, idx);
}
static int tensor_call(lua_State *L) { return construct_from(L, 2); }
static int tensor_tensor(lua_State *L) { return construct_from(L, 1); }

/* ---- operators --------------------------------------------------------------------------------------- */

static int no_comparison(lua_State *L) {
  Bind *b = bind_of(L);
  return bind_error(L, b,
                    "tensors cannot be compared by < <= > >=, whose results Lua makes true or false: write "
                    "x:lt(y), x:le(y), x:gt(y) or x:ge(y)");
}

static int tensor_eq(lua_State *L) {
  Bind *b = bind_of(L);
  const nn_tensor *x = bind_tensor(L, b, 1), *y = bind_tensor(L, b, 2);
  lua_pushboolean(L, x != NULL && x == y);
  return 1;
}

static void add_operators(lua_State *L, Bind *b, int metatable) {
  static const struct {
    const char *event;
    const nn_op *op;
    Operator kind;
  } operators[] = {
      {"__add", &nn_op_add, BINARY_OPERATOR},           {"__sub", &nn_op_sub, BINARY_OPERATOR},
      {"__mul", &nn_op_mul, BINARY_OPERATOR},           {"__div", &nn_op_div, BINARY_OPERATOR},
      {"__idiv", &nn_op_floor_divide, BINARY_OPERATOR}, {"__mod", &nn_op_remainder, BINARY_OPERATOR},
      {"__pow", &nn_op_pow, BINARY_OPERATOR},           {"__unm", &nn_op_neg, UNARY_OPERATOR},
      {"__band", &nn_op_bitwise_and, BINARY_OPERATOR},  {"__bor", &nn_op_bitwise_or, BINARY_OPERATOR},
      {"__bxor", &nn_op_bitwise_xor, BINARY_OPERATOR},  {"__bnot", &nn_op_bitwise_not, UNARY_OPERATOR}};
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
    bind_push_operation(L, b, operators[i].op, operators[i].kind);
    lua_setfield(L, metatable, operators[i].event);
  }
}

/* ---- tables ------------------------------------------------------------------------------------------ */

static const luaL_Reg methods_list[] = {{"size", tensor_size},
                                        {"stride", tensor_stride},
                                        {"dim", tensor_dim},
                                        {"ndimension", tensor_dim},
                                        {"numel", tensor_numel},
                                        {"nelement", tensor_numel},
                                        {"element_size", tensor_element_size},
                                        {"storage_offset", tensor_storage_offset},
                                        {"data_ptr", tensor_data_ptr},
                                        {"is_contiguous", tensor_is_contiguous},
                                        {"is_floating_point", tensor_is_floating_point},
                                        {"requires_grad_", tensor_requires_grad_},
                                        {"item", tensor_item},
                                        {"get", tensor_get},
                                        {"set", tensor_set},
                                        {"totable", bind_totable},
                                        {"tolist", bind_totable},
                                        {"cpu", tensor_self},
                                        {NULL, NULL}};

static const luaL_Reg functions[] = {{"tensor", tensor_tensor},
                                     {"is_tensor", tensor_is_tensor},
                                     {"numel", tensor_numel},
                                     {"is_floating_point", tensor_is_floating_point},
                                     {NULL, NULL}};

static const luaL_Reg events[] = {
    {"__newindex", tensor_newindex}, {"__len", tensor_len}, {"__lt", no_comparison},
    {"__le", no_comparison},         {"__eq", tensor_eq},   {NULL, NULL}};

static void add_conversions(lua_State *L, Bind *b, int tensor, int methods) {
  static const struct {
    const char *name;
    nn_dtype dtype;
  } names[] = {{"float", NN_FLOAT32},   {"double", NN_FLOAT64}, {"long", NN_INT64},
               {"bool", NN_BOOL},       {"byte", NN_UINT8},     {"float32", NN_FLOAT32},
               {"float64", NN_FLOAT64}, {"int64", NN_INT64},    {"uint8", NN_UINT8}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    lua_pushstring(L, nn_dtype_name(names[i].dtype)); /* tensor.float64, as a value for {dtype = } */
    lua_setfield(L, tensor, names[i].name);
    if (i >= 5) continue;
    lua_pushlightuserdata(L, b);
    lua_pushinteger(L, (lua_Integer)names[i].dtype);
    lua_pushcclosure(L, tensor_as, 2);
    lua_setfield(L, methods, names[i].name);
  }
  for (int i = 0; i < 2; i++) {
    lua_pushlightuserdata(L, b);
    bind_push_operation(L, b, &nn_op_to, NO_OPERATOR);
    lua_pushcclosure(L, i ? tensor_type : tensor_to, 2);
    lua_setfield(L, methods, i ? "type" : "to");
  }
}

void bind_tensor_open(lua_State *L, Bind *b, int tensor, int methods, int metatable) {
  bind_shapes_open(L, b);
  bind_register(L, b, methods, methods_list);
  bind_register(L, b, tensor, functions);
  bind_register(L, b, metatable, events);
  add_conversions(L, b, tensor, methods);
  add_operators(L, b, metatable);
  for (const Field *f = fields; f->name != NULL; f++) {
    lua_pushlightuserdata(L, (void *)(uintptr_t)f);
    lua_setfield(L, methods, f->name);
  }
  lua_pushlightuserdata(L, b);
  lua_pushvalue(L, methods);
  lua_pushcclosure(L, tensor_index, 2);
  lua_setfield(L, metatable, "__index");
  lua_createtable(L, 0, 1); /* tensor is called to make one */
  lua_pushlightuserdata(L, b);
  lua_pushcclosure(L, tensor_call, 1);
  lua_setfield(L, -2, "__call");
  lua_setmetatable(L, tensor);
}
