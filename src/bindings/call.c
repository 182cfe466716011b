/* call.c - the one C function behind every operation: it reads the row's parameter list, takes Lua arguments
 * by position or by name, and gives the results to Lua. Knows no particular operation. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bind.h"

enum { MAX_FORMS = 8, ROOM = 48, MAX_LIST = 1 << 24 };

/* A row as the function of a name sees it. */
typedef struct Form {
  const nn_op *op;
  int n;          /* parameters */
  int positional; /* the first ones, which may be given by position */
  int required;   /* the first ones that must be given */
} Form;

/* A name for the user: one or several rows ("max", "max.dim"). */
typedef struct Entry {
  Bind *b;
  const nn_op *fast[3]; /* the row for calls with nothing but 1 or 2 tensors (or numbers); NULL: look */
  bool inplace;
  bool operator; /* the arguments are operands: none is missing, none holds options */
  bool unary;    /* Lua gives the operand of a unary operator twice */
  char name[46];
  int n_forms;
  Form form[MAX_FORMS];
} Entry;

/* How an argument fits a parameter. */
typedef enum Fit { FITS, MISFIT /* another form may fit */, WRONG /* the right type, a wrong value */ } Fit;

/* A call being read. Numbers where tensors are due become tensors only when nothing can go wrong any more. */
typedef struct Call {
  lua_State *L;
  Bind *b;
  const Entry *e;
  const Form *form;
  int top;
  nn_value arg[NN_MAX_PARAMS];
  uint8_t given[NN_MAX_PARAMS];
  bool number[NN_MAX_PARAMS]; /* a tensor parameter that got a plain number */
  bool requires_grad;
  int n_tensors; /* tensors among the arguments */
  int n_ints, n_floats, n_list;
  int64_t ints[ROOM];
  double floats[ROOM];
  nn_tensor *list[ROOM];
  char error[1024];
} Call;

/* ---- errors -----------------------------------------------------------------------------------------------
 */

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

/* ---- single values ----------------------------------------------------------------------------------------
 */

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

/* ---- lists ------------------------------------------------------------------------------------------------
 */

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

/* ---- one argument
 * ------------------------------------------------------------------------------------------- */

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

/* ---- arguments by position
 * ------------------------------------------------------------------------------------ */

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
  while (idx <= last && lua_isnil(c->L, idx)) idx++;
  if (idx <= last) {
    char got[128];
    bind_describe(c->L, c->b, idx, got);
    return complain(c, MISFIT, "argument %d (%s) is one too many%s", idx, got, parentheses(c, c->top));
  }
  return FITS;
}

/* ---- arguments by name
 * ------------------------------------------------------------------------------------------ */

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

static Fit unknown_option(Call *c, const char *name) {
  Nearest near;
  bind_nearest_start(&near, name);
  for (int i = 0; i < c->form->n; i++) bind_nearest_try(&near, c->form->op->params[i].name);
  if (c->form->op->flags & NN_CREATES) bind_nearest_try(&near, "requires_grad");
  if (near.best != NULL)
    return complain(c, MISFIT, "unknown option '%.60s' (did you mean '%s'?)", name, near.best);
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

/* ---- a form
 * ------------------------------------------------------------------------------------------------- */

static void start_call(Call *c, const Form *form) {
  lua_settop(c->L, c->top);
  c->form = form;
  c->requires_grad = false;
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

static void read_call(Call *c) {
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

/* ---- results
 * -------------------------------------------------------------------------------------------------- */

/* Pushes the argument that t is, if it is one. */
static bool push_argument(const Call *c, const nn_tensor *t) {
  for (int idx = 1; idx <= c->top; idx++) {
    if (bind_tensor(c->L, c->b, idx) == t) {
      lua_pushvalue(c->L, idx);
      return true;
    }
    if (!lua_istable(c->L, idx)) continue;
    lua_pushnil(c->L);
    while (lua_next(c->L, idx)) {
      if (bind_tensor(c->L, c->b, -1) == t) {
        lua_remove(c->L, -2);
        return true;
      }
      lua_pop(c->L, 1);
    }
  }
  return false;
}

static void push_result(const Call *c, nn_tensor *t) {
  if (nn_owner(t) != 0 && push_argument(c, t)) {
    nn_release(t);
    return;
  }
  if (nn_owner(t) != 0) { /* neither fresh nor an argument: it may be known */
    bind_push_known(c->L, c->b, t);
    nn_release(t);
    return;
  }
  bind_push_fresh(c->L, c->b, t);
}

static bool wants_lua_value(const Call *c, const nn_results *r) {
  if (!(c->form->op->flags & NN_LUA_VALUE) || r->n != 1) return false;
  if (nn_ndim(r->t[0]) != 0 || nn_tensor_dtype(r->t[0]) != NN_BOOL) return false;
  for (int i = 0; i < c->form->n; i++) {
    nn_kind kind = c->form->op->params[i].kind;
    if ((kind == P_DIM || kind == P_DIMS) && c->arg[i].tag != NN_V_NONE) return false;
  }
  return true;
}

static int out_of_room(lua_State *L, Bind *b, nn_results *r) {
  for (int k = 0; k < r->n; k++) nn_release(r->t[k]);
  nn_results_free(b->ctx, r);
  return bind_error(L, b, "out of memory: no room for the results");
}

static int push_results(const Call *c, nn_results *r) {
  lua_State *L = c->L;
  Bind *b = c->b;
  if (wants_lua_value(c, r)) {
    lua_pushboolean(L, nn_item_int(r->t[0]) != 0);
    nn_release(r->t[0]);
    nn_results_free(b->ctx, r);
    return 1;
  }
  if (!bind_reserve(b, r->n) || !lua_checkstack(L, r->n + 6)) return out_of_room(L, b, r);
  for (int k = 0; k < r->n; k++) {
    if (c->requires_grad && !nn_set_requires_grad(r->t[k], true)) {
      for (; k < r->n; k++) nn_release(r->t[k]);
      nn_results_free(b->ctx, r);
      return bind_raise(L, b);
    }
    push_result(c, r->t[k]);
    if (b->has_hooks) bind_anchor_result(L, b, 1, c->top);
  }
  int n = r->n;
  nn_results_free(b->ctx, r);
  return n;
}

int bind_push_results(lua_State *L, Bind *b, nn_results *r) {
  if (!bind_reserve(b, r->n) || !lua_checkstack(L, r->n + 6)) return out_of_room(L, b, r);
  for (int k = 0; k < r->n; k++) bind_push_fresh(L, b, r->t[k]);
  int n = r->n;
  nn_results_free(b->ctx, r);
  return n;
}

void bind_apply(lua_State *L, Bind *b, const nn_op *op, int n, const nn_value *args) {
  nn_results r;
  int top = lua_gettop(L);
  if (!nn_apply(b->ctx, op, args, n, &r)) bind_raise(L, b);
  bind_push_results(L, b, &r);
  if (b->has_hooks) bind_anchor_result(L, b, 1, top);
  bind_pace(L, b);
}

/* ---- calls
 * ------------------------------------------------------------------------------------------------------ */

static nn_tensor *number_tensor(nn_ctx *ctx, const nn_value *v) {
  switch (v->tag) {
  case NN_V_INT: return nn_number_int(ctx, v->i);
  case NN_V_FLOAT: return nn_number(ctx, v->f);
  default: return nn_scalar_int(ctx, NN_BOOL, v->b);
  }
}

static bool run(Call *c, nn_results *r) {
  const nn_op *op = c->form->op;
  nn_ctx *ctx = c->b->ctx;
  nn_tensor *made[NN_MAX_PARAMS];
  int n_made = 0;
  bool ok = true;
  for (int i = 0; i < c->form->n; i++) {
    if (!c->number[i]) continue;
    nn_tensor *t = number_tensor(ctx, &c->arg[i]);
    if (t == NULL) {
      ok = false;
      break;
    }
    made[n_made++] = t;
    c->arg[i] = (nn_value){.tag = NN_V_TENSOR, .n = 1, {.t = t}};
  }
  if (ok && c->e->inplace)
    ok = nn_apply_inplace(ctx, op, c->arg, c->form->n);
  else if (ok)
    ok = nn_apply(ctx, op, c->arg, c->form->n, r);
  while (n_made > 0) nn_release(made[--n_made]);
  return ok;
}

static int call_slowly(lua_State *L, Bind *b, const Entry *e) {
  Call c;
  c.L = L;
  c.b = b;
  c.e = e;
  c.top = lua_gettop(L);
  luaL_checkstack(L, 16, NULL);
  read_call(&c);
  nn_results r;
  if (!run(&c, &r)) return bind_raise(L, b);
  int n = 1;
  if (e->inplace) {
    lua_pushvalue(L, 1);
    if (b->has_hooks) bind_anchor_result(L, b, 1, c.top);
  } else {
    n = push_results(&c, &r);
  }
  bind_pace(L, b);
  return n;
}

/* The end of a call of nothing but tensors and numbers: mostly one fresh result. */
static int finish_fast(lua_State *L, Bind *b, const nn_op *op, nn_results *r, int top) {
  int n = 1;
  if (r->n != 1 || b->has_hooks || nn_owner(r->t[0]) != 0 || !bind_reserve(b, 1)) {
    const Form form = {.op = op};
    Call c;
    c.L = L;
    c.b = b;
    c.form = &form;
    c.top = top;
    c.requires_grad = false;
    n = push_results(&c, r);
  } else {
    b->armed = true;
    nn_tensor **handle = lua_newuserdatauv(L, sizeof *handle, 0);
    *handle = r->t[0];
    nn_set_owner(r->t[0], (uintptr_t)handle);
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_setmetatable(L, -2);
  }
  bind_pace(L, b);
  return n;
}

static nn_tensor *plain_number(lua_State *L, const Bind *b, int idx) {
  if (lua_isinteger(L, idx)) return nn_number_int(b->ctx, lua_tointeger(L, idx));
  return nn_number(b->ctx, lua_tonumber(L, idx));
}

/* The other operand of a binary operation is a number. */
static int call_with_number(lua_State *L, Bind *b, const nn_op *op, nn_value *arg, int at) {
  nn_results r;
  arg[at].t = plain_number(L, b, at + 1);
  bool ok = nn_apply(b->ctx, op, arg, 2, &r);
  nn_release(arg[at].t);
  return ok ? finish_fast(L, b, op, &r, 2) : bind_raise(L, b);
}

/* Upvalues: the entry, the metatable of tensors. */
static int call_operation(lua_State *L) {
  const Entry *e = lua_touserdata(L, lua_upvalueindex(1));
  Bind *b = e->b;
  bind_enter(b, L);
  if (e->unary) lua_settop(L, 1);
  int top = lua_gettop(L);
  const nn_op *op = top == 1 || top == 2 ? e->fast[top] : NULL;
  if (op == NULL) return call_slowly(L, b, e);
  nn_value arg[2];
  for (int i = 0; i < top; i++)
    arg[i] = (nn_value){.tag = NN_V_TENSOR, .n = 1, {.t = bind_tensor(L, b, i + 1)}};
  if (arg[0].t != NULL && (top == 1 || arg[1].t != NULL)) {
    nn_results r;
    return nn_apply(b->ctx, op, arg, top, &r) ? finish_fast(L, b, op, &r, top) : bind_raise(L, b);
  }
  if (top == 2 && op->flags & NN_PROMOTES) {
    if (arg[0].t != NULL && lua_type(L, 2) == LUA_TNUMBER) return call_with_number(L, b, op, arg, 1);
    if (arg[1].t != NULL && lua_type(L, 1) == LUA_TNUMBER) return call_with_number(L, b, op, arg, 0);
  }
  return call_slowly(L, b, e);
}

/* ---- the functions of the registry
 * -------------------------------------------------------------------------------- */

static Form make_form(const nn_op *op) {
  Form form = {.op = op};
  for (const nn_param *p = op->params; p->kind != P_END; p++) {
    if (!p->keyword && form.positional == form.n) form.positional++;
    if (p->def == NULL) form.required = form.n + 1;
    form.n++;
  }
  return form;
}

/* Whether a call with nothing but n tensors is this row's, whatever the other rows are. */
static bool fits_tensors(const Form *form, int n) {
  if (form->required > n || form->positional < n) return false;
  for (int i = 0; i < n; i++)
    if (form->op->params[i].kind != P_TENSOR) return false;
  return !(form->op->flags & NN_LUA_VALUE);
}

static void finish_entry(Entry *e) {
  if (e->inplace) return;
  for (int n = 1; n <= 2; n++) {
    bool plain = true; /* no row before it would take these as something else */
    for (int i = 0; i < e->n_forms && plain && e->fast[n] == NULL; i++) {
      if (fits_tensors(&e->form[i], n))
        e->fast[n] = e->form[i].op;
      else
        plain = e->form[i].positional < n || e->form[i].required > n;
    }
  }
  if (e->n_forms > 1) e->fast[2] = NULL; /* the second may be a number with a meaning of its own */
}

static Entry *new_entry(lua_State *L, Bind *b, const char *name, int length, bool inplace) {
  Entry *e = lua_newuserdatauv(L, sizeof *e, 0);
  memset(e, 0, sizeof *e);
  e->b = b;
  e->inplace = inplace;
  snprintf(e->name, sizeof e->name, "%.*s%s", length, name, inplace ? "_" : "");
  luaL_ref(L, LUA_REGISTRYINDEX);
  return e;
}

static void push_function(lua_State *L, Bind *b, Entry *e) {
  lua_pushlightuserdata(L, e);
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->metatable);
  lua_pushcclosure(L, call_operation, 2);
}

/* All rows of op's name with this flag, in the order of the registry, as one function in the table. */
static void add_name(lua_State *L, Bind *b, int table, const nn_op *op, uint32_t flag, bool inplace) {
  int length = nn_op_base(op);
  char name[48];
  snprintf(name, sizeof name, "%.*s%s", length, op->name, inplace ? "_" : "");
  bool there = lua_getfield(L, table, name) != LUA_TNIL;
  lua_pop(L, 1);
  if (there) return;
  Entry *e = new_entry(L, b, op->name, length, inplace);
  for (int i = 0; i < nn_op_count(); i++) {
    const nn_op *row = nn_op_at(i);
    uint32_t need = inplace ? flag | NN_INPLACE : flag;
    if ((row->flags & need) != need || row->flags & NN_PRIVATE) continue;
    if (nn_op_base(row) != length || memcmp(row->name, op->name, (size_t)length) != 0) continue;
    if (e->n_forms < MAX_FORMS) e->form[e->n_forms++] = make_form(row);
  }
  finish_entry(e);
  push_function(L, b, e);
  lua_setfield(L, table, name);
}

void bind_operations(lua_State *L, Bind *b, int tensor, int methods, int functional, int linalg) {
  const struct {
    uint32_t flag;
    int table;
  } places[] = {{NN_TENSOR, tensor}, {NN_METHOD, methods}, {NN_F, functional}, {NN_LINALG, linalg}};
  for (int i = 0; i < nn_op_count(); i++) {
    const nn_op *op = nn_op_at(i);
    if (op->flags & NN_PRIVATE) continue;
    for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
      if (!(op->flags & places[k].flag)) continue;
      add_name(L, b, places[k].table, op, places[k].flag, false);
      if (op->flags & NN_INPLACE) add_name(L, b, places[k].table, op, places[k].flag, true);
    }
    if (op->flags & NN_INPLACE && !(op->flags & NN_METHOD)) add_name(L, b, methods, op, 0, true);
  }
}

void bind_push_operation(lua_State *L, Bind *b, const nn_op *op, Operator operator) {
  Entry *e = new_entry(L, b, op->name, nn_op_base(op), false);
  e->operator= operator!= NO_OPERATOR;
  e->unary = operator== UNARY_OPERATOR;
  e->form[e->n_forms++] = make_form(op);
  finish_entry(e);
  push_function(L, b, e);
}
