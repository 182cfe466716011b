/* convert.c - tensors from Lua values and back: nested tables, numbers, booleans, shapes.
 * Knows nothing of operations. */
#include <stdio.h>
#include <string.h>

#include "bind.h"
#include "interrupt.h"

/* ---- elements ---------------------------------------------------------------------------------------- */

void bind_push_element(lua_State *L, nn_dtype dtype, const void *p) {
  switch (dtype) {
  case NN_BOOL: lua_pushboolean(L, *(const uint8_t *)p != 0); break;
  case NN_UINT8: lua_pushinteger(L, *(const uint8_t *)p); break;
  case NN_INT64: lua_pushinteger(L, *(const int64_t *)p); break;
  case NN_FLOAT32: lua_pushnumber(L, (lua_Number) * (const float *)p); break;
  default: lua_pushnumber(L, *(const double *)p);
  }
}

static void store_int(nn_dtype dtype, void *p, int64_t v) {
  switch (dtype) {
  case NN_BOOL: *(uint8_t *)p = v != 0; break;
  case NN_UINT8: *(uint8_t *)p = (uint8_t)v; break;
  case NN_INT64: *(int64_t *)p = v; break;
  case NN_FLOAT32: *(float *)p = (float)v; break;
  default: *(double *)p = (double)v;
  }
}

/* A float cut off to an integer, as a cast does where it is defined. */
static int64_t whole_part(double v) {
  if (v != v) return 0;
  if (v >= 9223372036854775807.0) return INT64_MAX;
  if (v <= -9223372036854775808.0) return INT64_MIN;
  return (int64_t)v;
}

static void store_float(nn_dtype dtype, void *p, double v) {
  switch (dtype) {
  case NN_BOOL: *(uint8_t *)p = v != 0; break;
  case NN_FLOAT32: *(float *)p = (float)v; break;
  case NN_FLOAT64: *(double *)p = v; break;
  default: store_int(dtype, p, whole_part(v));
  }
}

/* ---- nested tables ----------------------------------------------------------------------------------- */

typedef struct Nest {
  lua_State *L;
  Bind *b;
  const char *who;
  int ndim; /* -1 until the first leaf is seen */
  int64_t shape[NN_MAX_DIMS];
  int64_t path[NN_MAX_DIMS]; /* where the reader is */
  bool numbers;              /* a number was seen */
  int tensors;               /* the common dtype of the tensors seen, or -1 */
  /* filling */
  nn_dtype dtype;
  size_t size;
  char *at;
  nn_tensor *whole;
} Nest;

static const char *place(const Nest *n, int depth, char buf[256]) {
  size_t used = 0;
  buf[0] = '\0';
  for (int d = 0; d < depth && used < 200; d++)
    used += (size_t)snprintf(buf + used, 256 - used, "[%lld]", (long long)n->path[d]);
  return buf;
}

static void bad_leaf(Nest *n, int depth) {
  char at[256], got[128];
  bind_describe(n->L, n->b, -1, got);
  if (depth == 0)
    bind_error(n->L, n->b, "%s: expected a number, a boolean, a table of these or a tensor, got %s", n->who,
               got);
  bind_error(n->L, n->b, "%s: the element %s must be a number, a boolean, a table or a tensor, but is %s",
             n->who, place(n, depth, at), got);
}

static void ragged(Nest *n, int depth, int64_t got) {
  char at[256], here[300];
  place(n, depth, at);
  if (depth == 0)
    snprintf(here, sizeof here, "the table");
  else
    snprintf(here, sizeof here, "%s", at);
  if (depth >= n->ndim)
    bind_error(n->L, n->b, "%s: ragged table: %s is a table, but the elements before it are numbers", n->who,
               here);
  if (got < 0)
    bind_error(n->L, n->b, "%s: ragged table: %s is a single value, but the elements before it are tables",
               n->who, here);
  bind_error(n->L, n->b, "%s: ragged table: %s has %lld element%s, the ones before it %lld", n->who, here,
             (long long)got, got == 1 ? "" : "s", (long long)n->shape[depth]);
}

static void too_deep(Nest *n) {
  bind_error(n->L, n->b,
             "%s: the table is nested deeper than %d levels, the most dimensions a tensor can have", n->who,
             NN_MAX_DIMS);
}

/* A leaf at this depth; a tensor brings dimensions of its own. */
static void check_leaf(Nest *n, int depth) {
  const nn_tensor *t = bind_tensor(n->L, n->b, -1);
  int more = t ? nn_ndim(t) : 0;
  if (t != NULL)
    n->tensors =
        n->tensors < 0 ? (int)nn_tensor_dtype(t) : (int)nn_promote((nn_dtype)n->tensors, nn_tensor_dtype(t));
  else if (lua_type(n->L, -1) == LUA_TNUMBER)
    n->numbers = true;
  else if (!lua_isboolean(n->L, -1))
    bad_leaf(n, depth);
  if (n->ndim < 0) {
    if (depth + more > NN_MAX_DIMS) too_deep(n);
    n->ndim = depth + more;
    for (int d = 0; d < more; d++) n->shape[depth + d] = nn_size(t, d);
    return;
  }
  if (depth + more != n->ndim) ragged(n, depth, -1);
  for (int d = 0; d < more; d++)
    if (nn_size(t, d) != n->shape[depth + d]) ragged(n, depth, nn_size(t, d));
}

/* The table on the top has no list part: nor may it have keys. */
static void check_empty(Nest *n, int depth) {
  char at[256], got[128];
  lua_pushnil(n->L);
  if (!lua_next(n->L, -2)) return;
  lua_pop(n->L, 1);
  bind_describe(n->L, n->b, -1, got);
  bind_error(n->L, n->b, "%s: %s%s is a table with the key %s, expected a list", n->who,
             depth ? "the element " : "the value", place(n, depth, at), got);
}

/* The value on the top: checks its shape against what was seen before. `first`: this is the first branch. */
static void check_nest(Nest *n, int depth, bool first) {
  lua_State *L = n->L;
  if (!lua_istable(L, -1)) {
    check_leaf(n, depth);
    return;
  }
  if (depth >= NN_MAX_DIMS) too_deep(n);
  int64_t size = (int64_t)lua_rawlen(L, -1);
  if (size == 0) check_empty(n, depth);
  if (first)
    n->shape[depth] = size;
  else if (n->ndim >= 0 && depth >= n->ndim)
    ragged(n, depth, size);
  else if (n->shape[depth] != size)
    ragged(n, depth, size);
  if (size == 0 && n->ndim < 0) n->ndim = depth + 1;
  if (size == 0 && depth + 1 != n->ndim) ragged(n, depth, size);
  luaL_checkstack(L, 4, NULL);
  for (int64_t i = 1; i <= size && !nn_interrupted_at(i); i++) {
    n->path[depth] = i;
    lua_rawgeti(L, -1, i);
    check_nest(n, depth + 1, first && i == 1);
    lua_pop(L, 1);
  }
}

static bool fill_tensor(Nest *n, int depth, nn_tensor *t) {
  int more = nn_ndim(t);
  int64_t count = nn_numel(t);
  if (count == 0) return true;
  if (more == 0) {
    if (nn_is_float(nn_tensor_dtype(t)))
      store_float(n->dtype, n->at, nn_item(t));
    else
      store_int(n->dtype, n->at, nn_item_int(t));
    n->at += n->size;
    return true;
  }
  int64_t offset = (n->at - (char *)nn_data(n->whole)) / (int64_t)n->size;
  nn_tensor *part = nn_view_raw(n->whole, more, n->shape + depth, nn_strides(n->whole) + depth, offset);
  bool ok = part != NULL && nn_copy_data(part, t);
  nn_release(part);
  n->at += count * (int64_t)n->size;
  return ok;
}

static bool fill_nest(Nest *n, int depth) {
  lua_State *L = n->L;
  if (lua_istable(L, -1)) {
    if (nn_interrupted()) return nn_fail_code(n->b->ctx, NN_ERR_INTERRUPT, "interrupted");
    for (int64_t i = 1; i <= n->shape[depth]; i++) {
      if (nn_interrupted_at(i)) return nn_fail_code(n->b->ctx, NN_ERR_INTERRUPT, "interrupted");
      lua_rawgeti(L, -1, i);
      bool ok = fill_nest(n, depth + 1);
      lua_pop(L, 1);
      if (!ok) return false;
    }
    return true;
  }
  nn_tensor *t = bind_tensor(L, n->b, -1);
  if (t != NULL) return fill_tensor(n, depth, t);
  if (lua_isinteger(L, -1))
    store_int(n->dtype, n->at, lua_tointeger(L, -1));
  else if (lua_isboolean(L, -1))
    store_int(n->dtype, n->at, lua_toboolean(L, -1));
  else
    store_float(n->dtype, n->at, lua_tonumber(L, -1));
  n->at += n->size;
  return true;
}

static nn_dtype dtype_of(const Nest *n) {
  if (n->ndim < 0 || (!n->numbers && n->tensors < 0)) {
    bool empty = n->ndim < 0;
    for (int d = 0; d < n->ndim; d++) empty = empty || n->shape[d] == 0;
    return empty ? NN_FLOAT32 : NN_BOOL;
  }
  if (n->tensors < 0) return NN_FLOAT32;
  if (n->numbers && !nn_is_float((nn_dtype)n->tensors)) return NN_FLOAT32;
  return (nn_dtype)n->tensors;
}

nn_tensor *bind_from_lua(lua_State *L, Bind *b, int idx, int dtype, const char *who) {
  Nest n = {.L = L, .b = b, .who = who, .ndim = -1, .tensors = -1};
  luaL_checkstack(L, NN_MAX_DIMS + 8, NULL);
  lua_pushvalue(L, idx);
  check_nest(&n, 0, true);
  n.dtype = dtype >= 0 ? (nn_dtype)dtype : dtype_of(&n);
  n.size = nn_dtype_size(n.dtype);
  n.whole = nn_empty(b->ctx, n.dtype, n.ndim, n.shape);
  if (n.whole == NULL) bind_raise(L, b);
  n.at = nn_data(n.whole);
  if (!fill_nest(&n, 0)) {
    nn_release(n.whole);
    bind_raise(L, b);
  }
  lua_pop(L, 1);
  return n.whole;
}

/* ---- to tables --------------------------------------------------------------------------------------- */

static void push_nested(lua_State *L, const nn_tensor *t, int dim, const char *p) {
  if (dim == nn_ndim(t)) {
    bind_push_element(L, nn_tensor_dtype(t), p);
    return;
  }
  int64_t size = nn_size(t, dim), step = nn_stride(t, dim) * (int64_t)nn_dtype_size(nn_tensor_dtype(t));
  lua_createtable(L, size < (1 << 30) ? (int)size : 0, 0);
  for (int64_t i = 0; i < size && !nn_interrupted_at(i); i++) { /* the next instruction raises the interrupt */
    push_nested(L, t, dim + 1, p + i * step);
    lua_rawseti(L, -2, i + 1);
  }
}

int bind_totable(lua_State *L) {
  Bind *b = bind_of(L);
  const nn_tensor *t = bind_check(L, b, 1);
  luaL_checkstack(L, NN_MAX_DIMS + 8, NULL);
  push_nested(L, t, 0, nn_data(t));
  return 1;
}

/* ---- shapes ------------------------------------------------------------------------------------------ */

void bind_push_shape(lua_State *L, Bind *b, int n, const int64_t *sizes) {
  lua_createtable(L, n, 0);
  for (int i = 0; i < n; i++) {
    lua_pushinteger(L, sizes[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->shapes);
  lua_setmetatable(L, -2);
}

static int shape_eq(lua_State *L) {
  lua_Unsigned n = lua_rawlen(L, 1);
  bool same = lua_istable(L, 1) && lua_istable(L, 2) && n == lua_rawlen(L, 2);
  for (lua_Unsigned i = 1; same && i <= n; i++) {
    lua_rawgeti(L, 1, (lua_Integer)i);
    lua_rawgeti(L, 2, (lua_Integer)i);
    same = lua_compare(L, -1, -2, LUA_OPEQ) != 0;
    lua_pop(L, 2);
  }
  lua_pushboolean(L, same);
  return 1;
}

static int shape_tostring(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_Unsigned n = lua_rawlen(L, 1);
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  luaL_addchar(&out, '{');
  for (lua_Unsigned i = 1; i <= n; i++) {
    if (i > 1) luaL_addstring(&out, ", ");
    lua_rawgeti(L, 1, (lua_Integer)i);
    luaL_tolstring(L, -1, NULL);
    lua_remove(L, -2);
    luaL_addvalue(&out);
  }
  luaL_addchar(&out, '}');
  luaL_pushresult(&out);
  return 1;
}

static int shape_concat(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  luaL_tolstring(L, 2, NULL);
  lua_concat(L, 2);
  return 1;
}

void bind_shapes_open(lua_State *L, Bind *b) {
  static const luaL_Reg functions[] = {
      {"__eq", shape_eq}, {"__tostring", shape_tostring}, {"__concat", shape_concat}, {NULL, NULL}};
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  lua_pushliteral(L, "shape");
  lua_setfield(L, -2, "__name");
  b->shapes = luaL_ref(L, LUA_REGISTRYINDEX);
}
