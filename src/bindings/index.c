/* index.c - x[...] read and written: the user's indices become calls of select, slice, unsqueeze, index and,
 * on the left of an assignment, copy, fill and index_put. */
#include <string.h>

#include "bind.h"
#include "expr.h"

static const char newaxis_key = 'a';

/* An index being applied from left to right. */
typedef struct Indexing {
  lua_State *L;
  Bind *b;
  nn_tensor *source; /* what is indexed, for error texts */
  nn_tensor *t;      /* the view so far: a reference of its own */
  int handle;        /* stack index of t's handle, so that an error cannot leak it */
  int dim;           /* the next dimension of t */
  int n_by;          /* entries for the row index: up to the last index tensor */
  int covered;       /* dimensions that these entries stand for */
  nn_tensor *by[NN_MAX_DIMS];
} Indexing;

static bool is_newaxis(lua_State *L, int idx) { return lua_touserdata(L, idx) == (const void *)&newaxis_key; }

static int push_newaxis(lua_State *L) {
  lua_pushlightuserdata(L, (void *)(uintptr_t)&newaxis_key);
  return 1;
}

/* The view so far is replaced by the result of a row. */
static void step(Indexing *x, const nn_op *op, int n, const nn_value *args) {
  bind_apply(x->L, x->b, op, n, args);
  lua_replace(x->L, x->handle);
  x->t = bind_tensor(x->L, x->b, x->handle);
}

static void too_many(Indexing *x) {
  char shape[NN_SHAPE_TEXT];
  bind_error(x->L, x->b, "index: too many indices for a tensor of shape %s",
             nn_tensor_shape_text(x->source, shape));
}

static int64_t size_here(Indexing *x) {
  if (x->dim >= nn_ndim(x->t)) too_many(x);
  return nn_size(x->t, x->dim);
}

/* ---- one item ---------------------------------------------------------------------------------------- */

static void pick_position(Indexing *x, int64_t i) {
  int64_t size = size_here(x);
  if (i == 0)
    bind_error(x->L, x->b, "index: 0 is no position: positions count from 1 (or from -1, the last)");
  if (i > size || i < -size) {
    char shape[NN_SHAPE_TEXT];
    bind_error(x->L, x->b, "index: position %lld is out of range for size %lld in a tensor of shape %s",
               (long long)i, (long long)size, nn_tensor_shape_text(x->source, shape));
  }
  nn_value args[] = {v_t(x->t), v_i(x->dim), v_i(i > 0 ? i - 1 : i + size)};
  step(x, &nn_op_select, 3, args);
}

static void pick_range(Indexing *x, int64_t a, int64_t b, int64_t by) {
  int64_t size = size_here(x), first = a < 0 ? a + size + 1 : a, last = b < 0 ? b + size + 1 : b;
  if (a == 0) bind_error(x->L, x->b, "index: a range cannot start at 0: positions count from 1");
  if (b == 0 && a != 1) bind_error(x->L, x->b, "index: a range cannot end at 0: positions count from 1");
  if (by < 1)
    bind_error(x->L, x->b,
               "index: the step of the range {%lld, %lld, %lld} must be at least 1; flip() reverses",
               (long long)a, (long long)b, (long long)by);
  if (a > 0 && b >= a && by > b - a + 1)
    bind_error(
        x->L, x->b,
        "index: in the range {%lld, %lld, %lld} the step is longer than the span; to choose single positions "
        "write tensor{%lld, %lld, %lld}",
        (long long)a, (long long)b, (long long)by, (long long)a, (long long)b, (long long)by);
  if (first < 1) first = 1;
  if (last < 0) last = 0;
  if (last < first - 1)
    bind_error(x->L, x->b, "index: the range {%lld, %lld} ends before it starts", (long long)a, (long long)b);
  nn_value args[] = {v_t(x->t), v_i(x->dim), v_i(first - 1), v_i(last), v_i(by)};
  step(x, &nn_op_slice, 5, args);
  x->dim++;
}

/* {}, {a, b}, {a, b, step} on the top of the stack. */
static void pick_table(Indexing *x) {
  lua_State *L = x->L;
  lua_Unsigned n = lua_rawlen(L, -1);
  int64_t v[3] = {0, 0, 1};
  if (n == 0) {
    lua_pushnil(L);
    if (lua_next(L, -2)) bind_error(L, x->b, "index: a range is {first, last} or {first, last, step}");
    size_here(x);
    x->dim++;
    return;
  }
  for (lua_Unsigned i = 0; i < n && i < 3; i++) {
    char got[128];
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    if (!bind_to_integer(L, -1, &v[i]))
      bind_error(L, x->b, "index: the ends of a range must be whole numbers, got %s",
                 bind_describe(L, x->b, -1, got));
    lua_pop(L, 1);
  }
  if (n == 1)
    bind_error(L, x->b,
               "index: {%lld} is no range: write {%lld, %lld} for one position that keeps its dimension, or "
               "{%lld, -1} for all from there on",
               (long long)v[0], (long long)v[0], (long long)v[0], (long long)v[0]);
  if (n > 3)
    bind_error(L, x->b,
               "index: a range has at most 3 numbers, {first, last, step}, got %d; to choose positions write "
               "tensor{%lld, %lld, %lld, ...}",
               (int)n, (long long)v[0], (long long)v[1], (long long)v[2]);
  pick_range(x, v[0], v[1], v[2]);
}

static bool is_mask(const nn_tensor *t) {
  return nn_tensor_dtype(t) == NN_BOOL || nn_tensor_dtype(t) == NN_UINT8;
}

static void pick_tensor(Indexing *x, nn_tensor *t) {
  bool mask = is_mask(t);
  if (nn_ndim(t) == 0 && !mask) {
    double v = nn_item(t);
    if (v != (double)(int64_t)v)
      bind_error(x->L, x->b, "index: a position must be a whole number, got %.14g", v);
    pick_position(x, (int64_t)v);
    return;
  }
  if (nn_ndim(t) == 0) bind_error(x->L, x->b, "index: a single true or false cannot index");
  int covers = mask ? nn_ndim(t) : 1;
  if (x->dim + covers > nn_ndim(x->t)) {
    char shape[NN_SHAPE_TEXT], index[NN_SHAPE_TEXT];
    if (!mask) too_many(x);
    bind_error(x->L, x->b, "index: a mask of shape %s does not fit a tensor of shape %s",
               nn_tensor_shape_text(t, index), nn_tensor_shape_text(x->source, shape));
  }
  for (; x->covered < x->dim; x->covered++) x->by[x->n_by++] = NULL;
  x->by[x->n_by++] = t; /* a mask is one entry, however many dimensions it covers */
  x->dim += covers;
  x->covered = x->dim;
}

/* How many dimensions of the source an item takes. */
static int takes(Indexing *x, int idx) {
  const nn_tensor *t = bind_tensor(x->L, x->b, idx);
  if (t != NULL) return is_mask(t) ? nn_ndim(t) : 1;
  return is_newaxis(x->L, idx) || lua_type(x->L, idx) == LUA_TSTRING ? 0 : 1;
}

/* "..." stands for the dimensions that the others leave. */
static void skip_ellipsis(Indexing *x, int items, lua_Integer at, lua_Integer n) {
  int rest = 0;
  for (lua_Integer i = at + 1; i <= n; i++) {
    lua_rawgeti(x->L, items, i);
    rest += takes(x, -1);
    lua_pop(x->L, 1);
  }
  int to = nn_ndim(x->t) - rest;
  if (to < x->dim) too_many(x);
  x->dim = to;
}

/* The item on the top of the stack. */
static void pick(Indexing *x) {
  lua_State *L = x->L;
  int64_t i;
  nn_tensor *t = bind_tensor(L, x->b, -1);
  if (t != NULL) {
    pick_tensor(x, t);
  } else if (is_newaxis(L, -1)) {
    nn_value args[] = {v_t(x->t), v_i(x->dim)};
    step(x, &nn_op_unsqueeze, 2, args);
    x->dim++;
  } else if (bind_to_integer(L, -1, &i)) {
    pick_position(x, i);
  } else if (lua_istable(L, -1)) {
    pick_table(x);
  } else {
    char got[128];
    bind_error(L, x->b,
               "index: an index is a whole number, a range {first, last}, {} for all, a tensor, \"...\" or "
               "tensor.newaxis, got %s",
               bind_describe(L, x->b, -1, got));
  }
}

/* ---- the whole index --------------------------------------------------------------------------------- */

static void pick_all(Indexing *x, int items) {
  lua_State *L = x->L;
  lua_Integer n = (lua_Integer)lua_rawlen(L, items);
  bool ellipsis = false;
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(L, items, i);
    if (lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "...") == 0) {
      if (ellipsis) bind_error(L, x->b, "index: \"...\" can stand only once");
      ellipsis = true;
      skip_ellipsis(x, items, i, n);
    } else {
      pick(x);
    }
    lua_pop(L, 1);
  }
}

/* Applies the key at stack index 2 to t, which stands at 1. Afterwards the view's handle is at x->handle. */
static void start(Indexing *x, lua_State *L, Bind *b, nn_tensor *t) {
  luaL_checkstack(L, 12, NULL);
  *x = (Indexing){.L = L, .b = b, .source = t, .t = t};
  lua_pushvalue(L, 1);
  x->handle = lua_gettop(L);
  if (lua_istable(L, 2)) {
    if (lua_rawlen(L, 2) == 0 && (lua_pushnil(L), lua_next(L, 2) != 0))
      bind_error(L, b, "index: a table of indices is a list: x[{1, {2, 3}}]");
    pick_all(x, 2);
  } else if (lua_type(L, 2) == LUA_TSTRING) { /* "..." */
    x->dim = nn_ndim(t);
  } else {
    lua_pushvalue(L, 2);
    pick(x);
    lua_pop(L, 1);
  }
}

/* The first position that is not there ends ipairs: it asks through its own C function. */
static bool asked_by_ipairs(lua_State *L, const Bind *b) {
  lua_Debug ar;
  if (!lua_getstack(L, 1, &ar) || !lua_getinfo(L, "f", &ar)) return false;
  lua_CFunction f = lua_tocfunction(L, -1);
  lua_pop(L, 1);
  return f != NULL && (b->ipairs_step == NULL || f == b->ipairs_step);
}

int bind_index_read(lua_State *L, Bind *b, nn_tensor *t) {
  Indexing x;
  int64_t i;
  bool past = bind_to_integer(L, 2, &i) && nn_ndim(t) > 0 && i == nn_size(t, 0) + 1;
  if (past && asked_by_ipairs(L, b)) {
    lua_pushnil(L);
    return 1;
  }
  start(&x, L, b, t);
  if (x.n_by > 0) {
    nn_value args[] = {v_t(x.t), v_ts(x.n_by, x.by)};
    bind_apply(L, b, &nn_op_index, 2, args);
  }
  return 1;
}

/* ---- assignment -------------------------------------------------------------------------------------- */

static void assign(lua_State *L, Bind *b, const nn_op *op, int n, const nn_value *args) {
  if (!nn_apply_inplace(b->ctx, op, args, n)) bind_raise(L, b);
}

/* A plain value for every element. */
static bool plain_value(lua_State *L, int idx, nn_value *v) {
  if (lua_isinteger(L, idx))
    *v = v_i(lua_tointeger(L, idx));
  else if (lua_type(L, idx) == LUA_TNUMBER)
    *v = v_f(lua_tonumber(L, idx));
  else if (lua_isboolean(L, idx))
    *v = v_i(lua_toboolean(L, idx));
  else
    return false;
  return true;
}

/* The value as a tensor with a handle on the stack. */
static nn_tensor *value_tensor(lua_State *L, Bind *b, const nn_tensor *like, int idx) {
  nn_tensor *v = bind_tensor(L, b, idx);
  if (v != NULL) return v;
  int type = lua_type(L, idx);
  if (type != LUA_TTABLE && type != LUA_TNUMBER && type != LUA_TBOOLEAN) {
    char got[128];
    bind_error(L, b, "index: expected a number, a tensor or a table to assign, got %s",
               bind_describe(L, b, idx, got));
  }
  bind_push(L, b, bind_from_lua(L, b, idx, (int)nn_tensor_dtype(like), "index"));
  return bind_tensor(L, b, -1);
}

int bind_index_write(lua_State *L, Bind *b, nn_tensor *t) {
  Indexing x;
  nn_value v;
  start(&x, L, b, t);
  if (x.n_by == 0 && plain_value(L, 3, &v)) {
    assign(L, b, &nn_op_fill, 2, (nn_value[]){v_t(x.t), v});
  } else {
    nn_tensor *from = value_tensor(L, b, t, 3);
    if (x.n_by == 0)
      assign(L, b, &nn_op_copy, 2, (nn_value[]){v_t(x.t), v_t(from)});
    else
      assign(L, b, &nn_op_index_put, 3, (nn_value[]){v_t(x.t), v_ts(x.n_by, x.by), v_t(from)});
  }
  if (b->has_hooks) {
    lua_pushvalue(L, 1);
    bind_anchor_result(L, b, 1, 3);
  }
  bind_pace(L, b);
  return 0;
}

void bind_index_open(lua_State *L, Bind *b, int tensor) {
  push_newaxis(L);
  lua_setfield(L, tensor, "newaxis");
  lua_getglobal(L, "ipairs"); /* ipairs(t) returns its step function first */
  lua_newtable(L);
  if (lua_pcall(L, 1, 1, 0) == LUA_OK) b->ipairs_step = lua_tocfunction(L, -1);
  lua_pop(L, 1);
}
