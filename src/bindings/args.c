/* args.c - Lua arguments as a row's parameters: by position, by name in a last table, as lists, as numbers
 * where tensors are due; which of several rows fits. Knows parameters, no operation. */
#include "args.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- errors ------------------------------------------------------------------------------------------ */

static Fit complain(Call *c, Fit fit, const char *format, ...) __attribute__((format(printf, 3, 4)));

static Fit complain(Call *c, Fit fit, const char *format, ...) {
  int n = snprintf(c->error, sizeof c->error, "%s: ", c->e->name);
  va_list list;
  va_start(list, format);
  vsnprintf(c->error + n, sizeof c->error - (size_t)n, format, list);
  va_end(list);
  return fit;
}

/* For an argument that the caller perhaps didn't know it passed. */
static const char *parentheses(const Call *c, int idx) {
  bool odd = bind_tensor(c->L, c->b, idx) != NULL || (idx == c->top && idx > 2);
  return odd && idx > 1 && !c->e->operator
             ? "; where a call that returns several values stands last, put it in parentheses: f(a, (g(b)))"
             : "";
}

static const char *expected_text(const Call *c, const nn_param *p) {
  switch (p->kind) {
  case P_TENSOR: return c->form->op->flags & (NN_PROMOTES | NN_NUMBERS) ? "a tensor or a number" : "a tensor";
  case P_TENSORS: return "a list of tensors";
  case P_INDICES: return "a list of index tensors";
  case P_INT: return "a whole number";
  case P_FLOAT:
  case P_NUMBER: return "a number";
  case P_BOOL: return "true or false";
  case P_DIM: return "a dimension (a whole number, counted from 1)";
  case P_DIMS: return "a dimension or a list of dimensions";
  case P_POSITION: return "a position (a whole number, counted from 1)";
  case P_SHAPE: return "sizes";
  case P_INTS: return "a whole number or a list of whole numbers";
  case P_FLOATS: return "a number or a list of numbers";
  case P_DTYPE: return "a dtype (\"float32\", \"float64\", \"int64\", \"uint8\", \"bool\")";
  case P_CHOICE:
  case P_STRING: return "a string";
  case P_GENERATOR: return "a generator (tensor.Generator())";
  default: return "something else";
  }
}

static Fit misfit(Call *c, const nn_param *p, int idx) {
  char got[128];
  return complain(c, MISFIT, "%s must be %s, got %s%s", p->name, expected_text(c, p),
                  bind_describe(c->L, c->b, idx, got), parentheses(c, idx));
}

/* ---- single values ----------------------------------------------------------------------------------- */

bool bind_to_integer(lua_State *L, int idx, int64_t *out) {
  if (lua_type(L, idx) != LUA_TNUMBER) return false;
  int whole;
  *out = lua_tointegerx(L, idx, &whole);
  return whole != 0;
}

static nn_value int_value(int64_t i) { return (nn_value){.tag = NN_V_INT, .n = 1, {.i = i}}; }
static nn_value float_value(double f) { return (nn_value){.tag = NN_V_FLOAT, .n = 1, {.f = f}}; }
static nn_value ints_value(int n, const int64_t *p) {
  return (nn_value){.tag = NN_V_INTS, .n = n, {.ints = p}};
}

/* A one-element tensor will do for a number where nothing could be differentiated. */
static bool number_of_tensor(const Call *c, int idx, nn_value *v) {
  const nn_tensor *t = bind_tensor(c->L, c->b, idx);
  if (t == NULL || nn_ndim(t) != 0) return false;
  *v = nn_is_float(nn_tensor_dtype(t)) ? float_value(nn_item(t)) : int_value(nn_item_int(t));
  return true;
}

static bool to_int(const Call *c, int idx, int64_t *out) {
  nn_value v;
  if (bind_to_integer(c->L, idx, out)) return true;
  if (!number_of_tensor(c, idx, &v) || v.tag != NN_V_INT) return false;
  *out = v.i;
  return true;
}

static Fit take_tensor(Call *c, const nn_param *p, int i, int idx) {
  nn_tensor *t = bind_tensor(c->L, c->b, idx);
  nn_value *v = &c->arg[i];
  if (t != NULL) {
    *v = (nn_value){.tag = NN_V_TENSOR, .n = 1, {.t = t}};
    c->n_tensors++;
    return FITS;
  }
  if (!(c->form->op->flags & (NN_PROMOTES | NN_NUMBERS)) || (c->e->inplace && i == 0))
    return misfit(c, p, idx);
  if (lua_isinteger(c->L, idx))
    *v = int_value(lua_tointeger(c->L, idx));
  else if (lua_type(c->L, idx) == LUA_TNUMBER)
    *v = float_value(lua_tonumber(c->L, idx));
  else if (lua_isboolean(c->L, idx))
    *v = (nn_value){.tag = NN_V_BOOL, .n = 1, {.b = lua_toboolean(c->L, idx) != 0}};
  else
    return misfit(c, p, idx);
  c->number[i] = true;
  return FITS;
}

static Fit take_int(Call *c, const nn_param *p, int i, int idx) {
  int64_t n;
  if (!to_int(c, idx, &n)) return misfit(c, p, idx);
  if (p->kind == P_DIM || p->kind == P_POSITION) {
    if (n == 0)
      return complain(c, WRONG, "%s is 0, but %s count from 1 (or from -1, the last)", p->name,
                      p->kind == P_DIM ? "dimensions" : "positions");
    if (n > 0) n--;
  }
  c->arg[i] = int_value(n);
  return FITS;
}

static Fit take_number(Call *c, const nn_param *p, int i, int idx) {
  nn_value *v = &c->arg[i];
  if (p->kind == P_NUMBER && lua_isinteger(c->L, idx))
    *v = int_value(lua_tointeger(c->L, idx));
  else if (lua_type(c->L, idx) == LUA_TNUMBER)
    *v = float_value(lua_tonumber(c->L, idx));
  else if (p->kind == P_NUMBER && lua_isboolean(c->L, idx))
    *v = (nn_value){.tag = NN_V_BOOL, .n = 1, {.i = lua_toboolean(c->L, idx) != 0}};
  else if (!number_of_tensor(c, idx, v))
    return misfit(c, p, idx);
  if (p->kind == P_FLOAT && v->tag == NN_V_INT) *v = float_value((double)v->i);
  return FITS;
}

static Fit take_choice(Call *c, const nn_param *p, int i, int idx) {
  if (lua_type(c->L, idx) != LUA_TSTRING) return misfit(c, p, idx);
  size_t n;
  const char *s = lua_tolstring(c->L, idx, &n), *choice = p->choices;
  for (int k = 0;; k++) {
    const char *bar = strchr(choice, '|');
    size_t m = bar ? (size_t)(bar - choice) : strlen(choice);
    if (m == n && memcmp(choice, s, n) == 0) {
      c->arg[i] = int_value(k);
      return FITS;
    }
    if (bar == NULL) break;
    choice = bar + 1;
  }
  return complain(c, WRONG, "%s must be one of %s, got '%.60s'", p->name, p->choices, s);
}

/* Sizes that may also be named, as padding = "same". */
static Fit take_named(Call *c, const nn_param *p, int i, int idx) {
  Fit fit = take_choice(c, p, i, idx);
  if (fit == FITS) c->arg[i] = (nn_value){.tag = NN_V_STRING, .n = 1, {.s = lua_tostring(c->L, idx)}};
  return fit;
}

static Fit take_dtype(Call *c, const nn_param *p, int i, int idx) {
  nn_dtype d;
  if (lua_type(c->L, idx) != LUA_TSTRING) return misfit(c, p, idx);
  if (!nn_dtype_parse(lua_tostring(c->L, idx), &d)) return misfit(c, p, idx);
  c->arg[i] = (nn_value){.tag = NN_V_DTYPE, .n = 1, {.dtype = d}};
  return FITS;
}

/* ---- lists ------------------------------------------------------------------------------------------- */

/* Room for n entries: in the call, or in a userdata that stays on the Lua stack until the call is over. */
static void *list_room(Call *c, int n, void *fixed, int *used, size_t entry) {
  if (n <= ROOM - *used) {
    void *p = (char *)fixed + (size_t)*used * entry;
    *used += n;
    return p;
  }
  luaL_checkstack(c->L, 4, NULL);
  return lua_newuserdatauv(c->L, (size_t)n * entry, 0);
}

static Fit bad_entry(Call *c, const nn_param *p, int at, const char *expected) {
  char got[128];
  complain(c, MISFIT, "%s[%d] must be %s, got %s", p->name, at, expected, bind_describe(c->L, c->b, -1, got));
  lua_pop(c->L, 1);
  return MISFIT;
}

static Fit count_from_1(Call *c, const nn_param *p, int64_t *n) {
  if (p->kind != P_DIMS) return FITS;
  if (*n == 0)
    return complain(c, WRONG, "%s is 0, but dimensions count from 1 (or from -1, the last)", p->name);
  if (*n > 0) --*n;
  return FITS;
}

static Fit take_int_list(Call *c, const nn_param *p, int i, int idx, int n) {
  int64_t *at = list_room(c, n, c->ints, &c->n_ints, sizeof *at);
  for (int k = 0; k < n; k++) {
    lua_geti(c->L, idx, k + 1);
    if (!to_int(c, -1, &at[k])) return bad_entry(c, p, k + 1, "a whole number");
    lua_pop(c->L, 1);
    Fit fit = count_from_1(c, p, &at[k]);
    if (fit != FITS) return fit;
  }
  c->arg[i] = ints_value(n, at);
  return FITS;
}

static Fit take_float_list(Call *c, const nn_param *p, int i, int idx, int n) {
  double *at = list_room(c, n, c->floats, &c->n_floats, sizeof *at);
  for (int k = 0; k < n; k++) {
    lua_geti(c->L, idx, k + 1);
    nn_value v;
    if (lua_type(c->L, -1) == LUA_TNUMBER)
      at[k] = lua_tonumber(c->L, -1);
    else if (number_of_tensor(c, -1, &v))
      at[k] = v.tag == NN_V_INT ? (double)v.i : v.f;
    else
      return bad_entry(c, p, k + 1, "a number");
    lua_pop(c->L, 1);
  }
  c->arg[i] = (nn_value){.tag = NN_V_FLOATS, .n = n, {.floats = at}};
  return FITS;
}

static Fit take_tensor_list(Call *c, const nn_param *p, int i, int idx, int n) {
  nn_tensor **at = list_room(c, n, c->list, &c->n_list, sizeof *at);
  /* A list with a metatable may make its entries as they are asked for: they have to live until the end. */
  bool made = lua_getmetatable(c->L, idx) != 0;
  if (made) lua_pop(c->L, 1);
  for (int k = 0; k < n; k++) {
    if (made) luaL_checkstack(c->L, 8, "too many tensors");
    lua_geti(c->L, idx, k + 1);
    at[k] = bind_tensor(c->L, c->b, -1);
    if (at[k] == NULL && (p->kind == P_TENSORS || lua_toboolean(c->L, -1)))
      return bad_entry(c, p, k + 1, "a tensor");
    if (!made) lua_pop(c->L, 1);
  }
  c->n_tensors += n;
  c->arg[i] = (nn_value){.tag = NN_V_TENSORS, .n = n, {.tensors = at}};
  return FITS;
}

static bool takes_list(nn_kind kind) {
  return kind == P_TENSORS || kind == P_INDICES || kind == P_DIMS || kind == P_SHAPE || kind == P_INTS ||
         kind == P_FLOATS;
}

static bool list_length(Call *c, int idx, int *n) {
  lua_Integer len = luaL_len(c->L, idx);
  *n = (int)len;
  return len >= 0 && len <= MAX_LIST;
}

/* A 1-dim tensor of whole numbers as a list. */
static Fit take_tensor_as_ints(Call *c, const nn_param *p, int i, int idx, const nn_tensor *t) {
  if (nn_ndim(t) != 1 || nn_is_float(nn_tensor_dtype(t)) || nn_numel(t) > MAX_LIST) return misfit(c, p, idx);
  int n = (int)nn_numel(t);
  int64_t *at = list_room(c, n, c->ints, &c->n_ints, sizeof *at);
  for (int k = 0; k < n; k++) {
    int64_t place = k;
    at[k] = nn_get_int(t, &place);
    Fit fit = count_from_1(c, p, &at[k]);
    if (fit != FITS) return fit;
  }
  c->arg[i] = ints_value(n, at);
  return FITS;
}

static Fit take_list(Call *c, const nn_param *p, int i, int idx) {
  int n;
  if (!list_length(c, idx, &n)) return complain(c, MISFIT, "%s: the list is too long", p->name);
  switch (p->kind) {
  case P_TENSORS:
  case P_INDICES: return take_tensor_list(c, p, i, idx, n);
  case P_FLOATS: return take_float_list(c, p, i, idx, n);
  default: return take_int_list(c, p, i, idx, n);
  }
}

/* One number where a list is due; where the row says so it stands for `count` equal ones. */
static Fit take_single(Call *c, const nn_param *p, int i, int idx) {
  int n = p->count > 0 ? p->count : 1;
  if (p->kind == P_FLOATS) {
    nn_value v;
    if (lua_type(c->L, idx) == LUA_TNUMBER)
      v = float_value(lua_tonumber(c->L, idx));
    else if (!number_of_tensor(c, idx, &v))
      return misfit(c, p, idx);
    double f = v.tag == NN_V_INT ? (double)v.i : v.f,
           *at = list_room(c, n, c->floats, &c->n_floats, sizeof *at);
    for (int k = 0; k < n; k++) at[k] = f;
    c->arg[i] = (nn_value){.tag = NN_V_FLOATS, .n = n, {.floats = at}};
    return FITS;
  }
  int64_t one;
  if (p->choices != NULL && lua_type(c->L, idx) == LUA_TSTRING) return take_named(c, p, i, idx);
  if (!to_int(c, idx, &one)) return misfit(c, p, idx);
  Fit fit = count_from_1(c, p, &one);
  if (fit != FITS) return fit;
  int64_t *at = list_room(c, n, c->ints, &c->n_ints, sizeof *at);
  for (int k = 0; k < n; k++) at[k] = one;
  c->arg[i] = ints_value(n, at);
  return FITS;
}

/* ---- one argument ------------------------------------------------------------------------------------ */

static Fit take(Call *c, int i, int idx) {
  const nn_param *p = &c->form->op->params[i];
  if (lua_isnil(c->L, idx) && !c->e->operator) return FITS;
  c->given[i] = true;
  const nn_tensor *t;
  switch (p->kind) {
  case P_TENSOR: return take_tensor(c, p, i, idx);
  case P_INT:
  case P_DIM:
  case P_POSITION: return take_int(c, p, i, idx);
  case P_FLOAT:
  case P_NUMBER: return take_number(c, p, i, idx);
  case P_BOOL:
    if (!lua_isboolean(c->L, idx)) return misfit(c, p, idx);
    c->arg[i] = (nn_value){.tag = NN_V_BOOL, .n = 1, {.b = lua_toboolean(c->L, idx) != 0}};
    return FITS;
  case P_CHOICE: return take_choice(c, p, i, idx);
  case P_DTYPE: return take_dtype(c, p, i, idx);
  case P_STRING:
    if (lua_type(c->L, idx) != LUA_TSTRING) return misfit(c, p, idx);
    c->arg[i] = (nn_value){.tag = NN_V_STRING, .n = 1, {.s = lua_tostring(c->L, idx)}};
    return FITS;
  case P_GENERATOR: {
    nn_generator *g = bind_generator(c->L, idx);
    if (g == NULL) return misfit(c, p, idx);
    c->arg[i] = (nn_value){.tag = NN_V_GENERATOR, .n = 1, {.generator = g}};
    return FITS;
  }
  default: break;
  }
  if (lua_istable(c->L, idx)) return take_list(c, p, i, idx);
  if (p->kind == P_TENSORS || p->kind == P_INDICES) return misfit(c, p, idx);
  t = bind_tensor(c->L, c->b, idx);
  if (t != NULL && nn_ndim(t) == 1 && p->kind != P_FLOATS) return take_tensor_as_ints(c, p, i, idx, t);
  return take_single(c, p, i, idx);
}

/* ---- arguments by position --------------------------------------------------------------------------- */

static bool is_rest_item(const Call *c, const nn_param *p, int idx) {
  if (p->kind == P_TENSORS) return bind_tensor(c->L, c->b, idx) != NULL;
  nn_value v;
  return lua_type(c->L, idx) == LUA_TNUMBER || number_of_tensor(c, idx, &v);
}

/* The numbers (or tensors) from idx on as one list. Returns how many arguments were taken by *n. */
static Fit take_rest(Call *c, int i, int idx, int last, int *n) {
  const nn_param *p = &c->form->op->params[i];
  for (*n = 0; idx + *n <= last && is_rest_item(c, p, idx + *n);) ++*n;
  c->given[i] = true;
  if (p->kind == P_TENSORS) {
    nn_tensor **at = list_room(c, *n, c->list, &c->n_list, sizeof *at);
    for (int k = 0; k < *n; k++) at[k] = bind_tensor(c->L, c->b, idx + k);
    c->n_tensors += *n;
    c->arg[i] = (nn_value){.tag = NN_V_TENSORS, .n = *n, {.tensors = at}};
    return FITS;
  }
  if (*n == 1 && p->count > 1) return take_single(c, p, i, idx);
  int64_t *at = list_room(c, *n, c->ints, &c->n_ints, sizeof *at);
  for (int k = 0; k < *n; k++) {
    if (!to_int(c, idx + k, &at[k])) return misfit(c, p, idx + k);
    Fit fit = count_from_1(c, p, &at[k]);
    if (fit != FITS) return fit;
  }
  c->arg[i] = ints_value(*n, at);
  return FITS;
}

/* Functions of F that have a twin in place take `inplace` behind their other arguments, as PyTorch's do. */
static bool has_inplace(const Call *c) {
  return (c->form->op->flags & NN_F) && (c->form->op->flags & NN_INPLACE) && !c->e->inplace;
}

static Fit take_positional(Call *c, int last) {
  const Form *form = c->form;
  int idx = 1;
  for (int i = 0; i < form->positional && idx <= last; i++) {
    const nn_param *p = &form->op->params[i];
    int used = 1;
    Fit fit;
    if (p->rest && !lua_isnil(c->L, idx) && is_rest_item(c, p, idx))
      fit = take_rest(c, i, idx, last, &used);
    else
      fit = take(c, i, idx);
    if (fit != FITS) return fit;
    idx += used;
  }
  if (idx == last && lua_isboolean(c->L, idx) && has_inplace(c)) c->inplace = lua_toboolean(c->L, idx++) != 0;
  while (idx <= last && lua_isnil(c->L, idx)) idx++;
  if (idx <= last) {
    char got[128];
    bind_describe(c->L, c->b, idx, got);
    return complain(c, MISFIT, "argument %d (%s) is one too many%s", idx, got, parentheses(c, c->top));
  }
  return FITS;
}

/* ---- arguments by name ------------------------------------------------------------------------------- */

static const char *other_spelling(const char *name) {
  static const char *const pairs[][2] = {
      {"axis", "dim"}, {"keepdims", "keepdim"}, {"end", "stop"}, {"self", "input"}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
    if (strcmp(name, pairs[i][0]) == 0) return pairs[i][1];
  return NULL;
}

static int find_param(const Form *form, const char *name) {
  for (int i = 0; i < form->n; i++)
    if (strcmp(form->op->params[i].name, name) == 0) return i;
  return -1;
}

/* What others call a parameter, for the error about an unknown option only. */
static const char *foreign_spelling(const Form *form, const char *name) {
  static const char *const pairs[][2] = {
      {"pad", "padding"},        {"strides", "stride"},      {"dilation_rate", "dilation"},
      {"kernel", "kernel_size"}, {"pool_size", "kernel_size"}, {"rate", "p"},
      {"prob", "p"},             {"keep_dims", "keepdim"},   {"axes", "dim"},
      {"dims", "dim"},           {"ddof", "correction"},     {"epsilon", "eps"},
      {"alpha", "negative_slope"}, {"size_average", "reduction"}, {"class_weight", "weight"},
      {"pos", "pos_weight"},     {"decimals", "digits"},     {"seed", "generator"},
      {"rng", "generator"},      {"type", "dtype"},          {"trainable", "requires_grad"}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
    if (strcmp(name, pairs[i][0]) == 0 && find_param(form, pairs[i][1]) >= 0) return pairs[i][1];
  return NULL;
}

static Fit unknown_option(Call *c, const char *name) {
  Nearest near;
  bind_nearest_start(&near, name);
  for (int i = 0; i < c->form->n; i++) bind_nearest_try(&near, c->form->op->params[i].name);
  if (c->form->op->flags & NN_CREATES) bind_nearest_try(&near, "requires_grad");
  const char *meant = foreign_spelling(c->form, name);
  if (meant == NULL) meant = near.best;
  if (meant != NULL) return complain(c, MISFIT, "unknown option '%.60s' (did you mean '%s'?)", name, meant);
  char known[400] = "";
  size_t n = 0;
  for (int i = 1; i < c->form->n && n < sizeof known - 60; i++)
    n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "", c->form->op->params[i].name);
  if (n == 0) return complain(c, MISFIT, "unknown option '%.60s' (there are none)", name);
  return complain(c, MISFIT, "unknown option '%.60s' (the options are %s)", name, known);
}

/* Key and value are on the top of the stack. The value stays in its table. */
static Fit take_option(Call *c) {
  lua_State *L = c->L;
  const char *name = lua_tostring(L, -2);
  if ((c->form->op->flags & NN_CREATES) && strcmp(name, "requires_grad") == 0) {
    if (!lua_isboolean(L, -1)) return complain(c, MISFIT, "requires_grad must be true or false");
    c->requires_grad = lua_toboolean(L, -1) != 0;
    return FITS;
  }
  if (has_inplace(c) && strcmp(name, "inplace") == 0) {
    if (!lua_isboolean(L, -1) || bind_tensor(L, c->b, 1) == NULL)
      return complain(c, MISFIT, "inplace must be true or false and come behind a tensor");
    c->inplace = lua_toboolean(L, -1) != 0;
    return FITS;
  }
  int i = find_param(c->form, name);
  if (i < 0 && other_spelling(name) != NULL) i = find_param(c->form, other_spelling(name));
  if (i < 0) return unknown_option(c, name);
  if (c->given[i]) return complain(c, MISFIT, "%s is given twice, by position and by name", name);
  return take(c, i, lua_gettop(L));
}

static Fit take_options(Call *c, int table) {
  lua_State *L = c->L;
  luaL_checkstack(L, 8, NULL);
  lua_pushnil(L);
  while (lua_next(L, table)) {
    if (lua_type(L, -2) == LUA_TSTRING) {
      int before = lua_gettop(L);
      Fit fit = take_option(c);
      if (fit != FITS) return fit;
      while (lua_gettop(L) > before)
        lua_insert(L, before - 1), before++; /* room of long lists moves below the key */
    }
    lua_pop(L, 1);
  }
  return FITS;
}

/* What a table holds: bit 0 an array part, bit 1 string keys. */
static int table_parts(lua_State *L, int idx) {
  int parts = lua_rawlen(L, idx) > 0 ? 1 : 0;
  lua_pushnil(L);
  while (lua_next(L, idx)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING) continue;
    lua_pop(L, 1);
    return parts | 2;
  }
  return parts;
}

/* ---- a form ------------------------------------------------------------------------------------------ */

static void start_call(Call *c, const Form *form) {
  lua_settop(c->L, c->top);
  c->form = form;
  c->requires_grad = false;
  c->inplace = c->e->inplace;
  c->n_tensors = c->n_ints = c->n_floats = c->n_list = 0;
  for (int i = 0; i < form->n; i++) {
    c->arg[i] = (nn_value){.tag = NN_V_NONE};
    c->given[i] = false;
    c->number[i] = false;
  }
}

static Fit check_required(Call *c) {
  const nn_param *p = c->form->op->params;
  for (int i = 0; i < c->form->n; i++) {
    if (p[i].def != NULL || c->given[i]) continue;
    if (p[i].rest && p[i].kind != P_TENSORS) { /* no numbers at all: the sizes of a 0-dim tensor */
      c->arg[i] = ints_value(0, c->ints);
      continue;
    }
    return complain(c, MISFIT, "argument '%s' is missing", p[i].name);
  }
  if (c->form->op->flags & NN_PROMOTES && c->n_tensors == 0)
    return complain(c, MISFIT, "%s must be a tensor, got only numbers", p[0].name);
  return FITS;
}

/* Options stand in a last table with string keys. */
static int options_table(Call *c, int *parts) {
  *parts = 0;
  int at = c->top;
  if (at == 0 || c->e->operator|| !lua_istable(c->L, at)) return 0;
  *parts = table_parts(c->L, at);
  return *parts & 2 ? at : 0;
}

static Fit read_form(Call *c, const Form *form, int options, int parts) {
  start_call(c, form);
  int last = options ? options - 1 : c->top;
  if (parts == 3) {
    if (c->top != 1 || form->n == 0 || form->op->params[0].kind != P_SHAPE)
      return complain(c, MISFIT, "a table mixes a list and options; give the list in a table of its own");
    last = 1; /* zeros{2, 3, dtype = "int64"} */
  }
  if (parts == 0 && !c->e->operator&& c->top> 0 && c->top == last && lua_istable(c->L, last) &&
      lua_rawlen(c->L, last) == 0) {
    int i = last - 1; /* an empty table where no list is due: no options */
    if (i >= form->positional || !takes_list(form->op->params[i].kind)) last--;
  }
  Fit fit = take_positional(c, last);
  if (fit == FITS && options) fit = take_options(c, options);
  if (fit == FITS) fit = check_required(c);
  return fit;
}

/* "max(input, dim, {keepdim})" */
static void push_form(lua_State *L, const Entry *e, const Form *form) {
  luaL_Buffer out;
  luaL_buffinit(L, &out);
  luaL_addstring(&out, e->name);
  luaL_addchar(&out, '(');
  for (int i = 0; i < form->n; i++) {
    const nn_param *p = &form->op->params[i];
    if (i > 0) luaL_addstring(&out, ", ");
    if (i == form->required) luaL_addchar(&out, '{');
    luaL_addstring(&out, p->name);
  }
  if (form->required < form->n) luaL_addchar(&out, '}');
  luaL_addchar(&out, ')');
  luaL_pushresult(&out);
}

static int no_form_fits(Call *c) {
  lua_State *L = c->L;
  if (c->e->n_forms == 1) {
    lua_pushstring(L, c->error);
    return bind_error_top(L, c->b);
  }
  lua_settop(L, c->top);
  luaL_checkstack(L, c->top + 2 * MAX_FORMS + 8, NULL);
  lua_pushfstring(L, "%s: no form of it fits the arguments (", c->e->name);
  int from = lua_gettop(L);
  for (int i = 1; i <= c->top; i++) {
    char text[128];
    lua_pushfstring(L, "%s%s", i > 1 ? ", " : "", bind_describe(L, c->b, i, text));
  }
  lua_pushliteral(L, "); the forms are ");
  for (int i = 0; i < c->e->n_forms; i++) {
    if (i > 0) lua_pushliteral(L, ", ");
    push_form(L, c->e, &c->e->form[i]);
  }
  lua_pushstring(L, parentheses(c, c->top));
  lua_concat(L, lua_gettop(L) - from + 1);
  return bind_error_top(L, c->b);
}

void bind_read_call(Call *c) {
  int parts, options = options_table(c, &parts);
  for (int i = 0; i < c->e->n_forms; i++) {
    Fit fit = read_form(c, &c->e->form[i], options, parts);
    if (fit == FITS) return;
    if (fit == WRONG) {
      lua_pushstring(c->L, c->error);
      bind_error_top(c->L, c->b);
    }
  }
  no_form_fits(c);
}
