/* call.c - the one C function behind every operation: arguments are read (args.c), the engine is called,
 * results go to Lua. Makes the functions of the registry. Knows no particular operation. */
#include <stdio.h>
#include <string.h>

#include "args.h"

/* ---- results ----------------------------------------------------------------------------------------- */

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

/* ---- calls ------------------------------------------------------------------------------------------- */

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
  if (ok && c->inplace)
    ok = nn_apply_inplace(ctx, op, c->arg, c->form->n);
  else if (ok)
    ok = nn_apply(ctx, op, c->arg, c->form->n, r);
  while (n_made > 0) nn_release(made[--n_made]);
  return ok;
}

/* ---- calls with tables that stand for tensors (lib/nnlua/vmap.lua) ------------------------------------ */

bool bind_is_stand_in(lua_State *L, const Bind *b, int idx) {
  if (b->stand_in == 0 || lua_type(L, idx) != LUA_TTABLE || !lua_getmetatable(L, idx)) return false;
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->stand_in);
  bool same = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 2);
  return same;
}

/* Whether an argument, or an entry of one that is a plain table, is such a table. */
static bool has_stand_in(lua_State *L, const Bind *b, int top) {
  for (int i = 1; i <= top; i++) {
    if (lua_type(L, i) != LUA_TTABLE) continue;
    if (bind_is_stand_in(L, b, i)) return true;
    lua_pushnil(L);
    while (lua_next(L, i)) {
      bool found = bind_is_stand_in(L, b, -1);
      lua_pop(L, found ? 2 : 1);
      if (found) return true;
    }
  }
  return false;
}

/* The batcher gets the name, this very function and its arguments. */
static int call_batched(lua_State *L, const Bind *b, const Entry *e) {
  int top = lua_gettop(L);
  lua_Debug ar;
  luaL_checkstack(L, 8, NULL);
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->batcher);
  lua_pushstring(L, e->name);
  lua_getstack(L, 0, &ar);
  lua_getinfo(L, "f", &ar);
  lua_rotate(L, 1, 3);
  lua_call(L, top + 2, LUA_MULTRET);
  return lua_gettop(L);
}

/* ---- other calls -------------------------------------------------------------------------------------- */

static int call_slowly(lua_State *L, Bind *b, const Entry *e) {
  if (b->stand_in != 0 && has_stand_in(L, b, lua_gettop(L))) return call_batched(L, b, e);
  Call c;
  c.L = L;
  c.b = b;
  c.e = e;
  c.top = lua_gettop(L);
  luaL_checkstack(L, 16, NULL);
  bind_read_call(&c);
  nn_results r;
  if (!run(&c, &r)) return bind_raise(L, b);
  int n = 1;
  if (c.inplace) {
    lua_pushvalue(L, 1);
    if (b->has_hooks) bind_anchor_result(L, b, 1, c.top);
  } else {
    n = push_results(&c, &r);
  }
  bind_pace(L, b);
  return n;
}

/* The end of a call whose one result is fresh. Upvalue 2 is the metatable. */
static inline int finish_fresh(lua_State *L, Bind *b, nn_tensor *t) {
  b->armed = true;
  nn_tensor **handle = lua_newuserdatauv(L, sizeof *handle, 0);
  *handle = t;
  t->owner = (uintptr_t)handle;
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_setmetatable(L, -2);
  bind_pace(L, b);
  return 1;
}

/* Whether a handle can be made at once, and a result needs nothing else. */
static inline bool plain_results(const Bind *b) {
  return (b->free_cell != NULL || b->next_cell + b->cell_size <= b->cells_ready) && !b->has_hooks;
}

/* The end of a call of nothing but tensors and numbers: mostly one fresh result. */
static int finish_fast(lua_State *L, Bind *b, const nn_op *op, nn_results *r, int top) {
  bool fresh = r->n == 1 && !b->has_hooks && r->t[0]->owner == 0;
  if (fresh && (b->free_cell != NULL || bind_reserve(b, 1))) return finish_fresh(L, b, r->t[0]);
  const Form form = {.op = op};
  Call c;
  c.L = L;
  c.b = b;
  c.form = &form;
  c.top = top;
  c.requires_grad = false;
  int n = push_results(&c, r);
  bind_pace(L, b);
  return n;
}

/* A float as a tensor, the same one again where nobody kept it. A new reference. */
static nn_tensor *constant(Bind *b, nn_dtype d, double value) {
  nn_tensor **kept = &b->constants[d == NN_FLOAT64];
  nn_tensor *t = *kept;
  if (t != NULL && t->refs == 1 && t->storage->refs == 1) {
    if (d == NN_FLOAT64)
      *(double *)(void *)t->data = value;
    else
      *(float *)(void *)t->data = (float)value;
    return nn_retain(t);
  }
  nn_release(t);
  *kept = t = nn_scalar(b->ctx, d, value);
  if (t != NULL) t->flags |= NN_T_CONSTANT;
  return nn_retain(t);
}

/* A number as an operand beside a tensor: right away in the tensor's dtype where that will be the common one.
 */
static nn_tensor *plain_number(lua_State *L, Bind *b, int idx, const nn_op *op, const nn_tensor *beside) {
  nn_dtype d = nn_tensor_dtype(beside);
  bool whole = lua_isinteger(L, idx) != 0;
  if (nn_is_float(d)) return constant(b, d, lua_tonumber(L, idx));
  if (!whole) return nn_number(b->ctx, lua_tonumber(L, idx));
  bool same = d == NN_INT64 && !(op->flags & NN_FLOATS);
  return same ? nn_scalar_int(b->ctx, d, lua_tointeger(L, idx))
              : nn_number_int(b->ctx, lua_tointeger(L, idx));
}

/* The other operand of a binary operation is a number. */
static int call_with_number(lua_State *L, Bind *b, const nn_op *op, nn_value *arg, int at) {
  nn_results r;
  arg[at].t = plain_number(L, b, at + 1, op, arg[1 - at].t);
  nn_tensor *y = arg[at].t && plain_results(b) ? nn_apply_two(b->ctx, op, arg[0].t, arg[1].t) : NULL;
  if (y != NULL) {
    nn_release(arg[at].t);
    return finish_fresh(L, b, y);
  }
  bool ok = nn_apply(b->ctx, op, arg, 2, &r);
  nn_release(arg[at].t);
  return ok ? finish_fast(L, b, op, &r, 2) : bind_raise(L, b);
}

/* Everything but the shortest way. */
static __attribute__((noinline)) int call_usual(lua_State *L, Bind *b, const Entry *e) {
  if (e->unary) lua_settop(L, 1);
  int top = lua_gettop(L);
  const nn_op *op = top >= 1 && top <= FAST ? e->fast[top] : NULL;
  if (op == NULL) return call_slowly(L, b, e);
  nn_value arg[FAST];
  bool tensors = true;
  for (int i = 0; i < top; i++) {
    arg[i] = (nn_value){.tag = NN_V_TENSOR, .n = 1, {.t = bind_tensor(L, b, i + 1)}};
    tensors = tensors && arg[i].t != NULL;
  }
  if (tensors) {
    nn_results r;
    nn_tensor *y = plain_results(b) ? nn_apply_tensors(b->ctx, op, arg, top) : NULL;
    if (y != NULL) return finish_fresh(L, b, y);
    return nn_apply(b->ctx, op, arg, top, &r) ? finish_fast(L, b, op, &r, top) : bind_raise(L, b);
  }
  if (top == 2 && op->flags & NN_PROMOTES) {
    if (arg[0].t != NULL && lua_type(L, 2) == LUA_TNUMBER) return call_with_number(L, b, op, arg, 1);
    if (arg[1].t != NULL && lua_type(L, 1) == LUA_TNUMBER) return call_with_number(L, b, op, arg, 0);
  }
  return call_slowly(L, b, e);
}

/* Upvalues: the entry, the metatable of tensors. */
static int call_operation(lua_State *L) {
  const Entry *e = lua_touserdata(L, lua_upvalueindex(1));
  Bind *b = e->b;
  bind_enter(b, L);
  if (e->two && lua_gettop(L) == 2 && plain_results(b)) {
    nn_tensor *x = bind_tensor(L, b, 1), *y = bind_tensor(L, b, 2);
    nn_tensor *z = x != NULL && y != NULL ? nn_apply_two(b->ctx, e->fast[2], x, y) : NULL;
    if (z != NULL) return finish_fresh(L, b, z);
  }
  return call_usual(L, b, e);
}

/* ---- the functions of the registry ------------------------------------------------------------------- */

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
  for (int n = 1; n <= FAST; n++) {
    bool plain = true; /* no row before it would take these as something else */
    for (int i = 0; i < e->n_forms && plain && e->fast[n] == NULL; i++) {
      if (fits_tensors(&e->form[i], n))
        e->fast[n] = e->form[i].op;
      else
        plain = e->form[i].positional < n || e->form[i].required > n;
    }
  }
  if (e->n_forms > 1) e->fast[2] = e->fast[3] = NULL; /* the second may be a number with a meaning of its own */
  e->two = !e->unary && e->fast[2] != NULL && e->fast[2]->flags & NN_DIRECT;
}

static void name_entry(Entry *e, Bind *b, const char *name, int length, bool inplace) {
  size_t n = (size_t)length < sizeof e->name - 2 ? (size_t)length : sizeof e->name - 2;
  memset(e, 0, sizeof *e);
  e->b = b;
  e->inplace = inplace;
  memcpy(e->name, name, n);
  if (inplace) e->name[n] = '_';
}

static void push_function(lua_State *L, Bind *b, Entry *e) {
  lua_pushlightuserdata(L, e);
  lua_rawgeti(L, LUA_REGISTRYINDEX, b->metatable);
  lua_pushcclosure(L, call_operation, 2);
}

/* Entries lie in blocks that the registry of Lua keeps. */
typedef struct Names {
  lua_State *L;
  Bind *b;
  Entry *entry; /* free ones */
  int n;
  int *next; /* of each row the next one whose name has the same base, -1: there is none */
} Names;

static Entry *take_entry(Names *names) {
  enum { BLOCK = 64 };
  if (names->n == 0) {
    names->entry = lua_newuserdatauv(names->L, BLOCK * sizeof *names->entry, 0);
    luaL_ref(names->L, LUA_REGISTRYINDEX);
    names->n = BLOCK;
  }
  names->n--;
  return names->entry++;
}

/* Fills next[]: rows of one base meet in a table of their last rows so far, by a hash of the name. */
static void find_namesakes(int *next) {
  enum { SLOTS = 2048 };
  int last[SLOTS], n = nn_op_count();
  for (int i = 0; i < SLOTS; i++) last[i] = -1;
  for (int i = 0; i < n; i++) {
    const char *name = nn_op_at(i)->name;
    size_t length = (size_t)nn_op_base(nn_op_at(i));
    uint32_t h = 0;
    for (size_t k = 0; k < length; k++) h = h * 31 + (uint8_t)name[k];
    for (h %= SLOTS; last[h] >= 0; h = (h + 1) % SLOTS) {
      const nn_op *other = nn_op_at(last[h]);
      if ((size_t)nn_op_base(other) == length && memcmp(other->name, name, length) == 0) break;
    }
    if (last[h] >= 0) next[last[h]] = i;
    next[i] = -1;
    last[h] = i;
  }
}

/* All rows of row i's name with this flag, in the order of the registry, as one function in the table. Those before i
 * have no such flag, or the name would be there. */
static void add_name(Names *names, int table, int i, uint32_t flag, bool inplace) {
  lua_State *L = names->L;
  const nn_op *op = nn_op_at(i);
  Entry fresh;
  name_entry(&fresh, names->b, op->name, nn_op_base(op), inplace);
  lua_pushstring(L, fresh.name);
  lua_pushvalue(L, -1);
  if (lua_rawget(L, table) != LUA_TNIL) {
    lua_pop(L, 2);
    return;
  }
  lua_pop(L, 1);
  const uint32_t need = inplace ? flag | NN_INPLACE : flag;
  for (int k = i; k >= 0; k = names->next[k]) {
    const nn_op *row = nn_op_at(k);
    if ((row->flags & need) != need || row->flags & NN_PRIVATE) continue;
    if (fresh.n_forms < MAX_FORMS) fresh.form[fresh.n_forms++] = make_form(row);
  }
  finish_entry(&fresh);
  Entry *e = take_entry(names);
  *e = fresh;
  push_function(L, names->b, e);
  lua_rawset(L, table);
}

void bind_operations(lua_State *L, Bind *b, int tensor, int methods, int functional, int linalg,
                     int special) {
  const struct {
    uint32_t flag;
    int table;
  } places[] = {{NN_TENSOR, tensor},
                {NN_METHOD, methods},
                {NN_F, functional},
                {NN_LINALG, linalg},
                {NN_SPECIAL, special}};
  Names names = {.L = L, .b = b};
  names.next = lua_newuserdatauv(L, sizeof *names.next * (size_t)nn_op_count(), 0);
  find_namesakes(names.next);
  for (int i = 0; i < nn_op_count(); i++) {
    const nn_op *op = nn_op_at(i);
    if (op->flags & NN_PRIVATE) continue;
    for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
      if (!(op->flags & places[k].flag)) continue;
      add_name(&names, places[k].table, i, places[k].flag, false);
      if (op->flags & NN_INPLACE) add_name(&names, places[k].table, i, places[k].flag, true);
    }
    if (op->flags & NN_INPLACE && !(op->flags & NN_METHOD)) add_name(&names, methods, i, 0, true);
  }
  lua_pop(L, 1);
}

void bind_push_operation(lua_State *L, Bind *b, const nn_op *op, Operator operator) {
  Entry *e = lua_newuserdatauv(L, sizeof *e, 0);
  name_entry(e, b, op->name, nn_op_base(op), false);
  luaL_ref(L, LUA_REGISTRYINDEX);
  e->operator= operator!= NO_OPERATOR;
  e->unary = operator== UNARY_OPERATOR;
  e->form[e->n_forms++] = make_form(op);
  finish_entry(e);
  push_function(L, b, e);
}
