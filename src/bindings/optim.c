/* optim.c (bindings) - the optimisers' steps: lists of parameters and of their state become items for the
 * engine. State that isn't there yet is made here. Knows nothing of options tables or schedules
 * (lib/nnlua/optim.lua). */
#include "optim.h"

#include "library.h"
#include "retype.h"

enum { PARAMS = 1 };

/* The lists on the stack: parameters at 1, then one table or nil for each kind of state, then the step
 * counts. */
typedef struct Step {
  Bind *b;
  nn_optim_item *items;
  lua_Integer *places; /* of the items in the lists */
  int n;               /* items: the parameters that have a gradient */
  int states;          /* kinds of state, at 2 .. states + 1 */
  int64_t entered;     /* profiling */
} Step;

static nn_tensor *state_of(lua_State *L, Step *s, int list, lua_Integer i, const nn_tensor *param) {
  lua_rawgeti(L, list, i);
  nn_tensor *t = bind_tensor(L, s->b, -1);
  if (t == NULL) {
    t = nn_zeros(s->b->ctx, nn_tensor_dtype(param), nn_ndim(param), nn_shape(param));
    bind_push(L, s->b, t);
    lua_rawseti(L, list, i);
  }
  lua_pop(L, 1);
  return t; /* the list keeps it */
}

/* Fills the items from the lists. */
static Step step_begin(lua_State *L, int states) {
  Step s;
  s.b = bind_of(L), s.states = states, s.n = 0;
  s.entered = nn_profile_enter(s.b->ctx);
  luaL_checktype(L, PARAMS, LUA_TTABLE);
  lua_Integer count = luaL_len(L, PARAMS);
  size_t size = sizeof *s.items + sizeof *s.places;
  if (count > 1 << 24) luaL_error(L, "too many parameters");
  s.items = lua_newuserdatauv(L, (size_t)count * size + 1, 0);
  s.places = (lua_Integer *)(void *)(s.items + count);
  bool kept[NN_OPTIM_STATE];
  for (int k = 0; k < states; k++) kept[k] = lua_istable(L, 2 + k);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, PARAMS, i);
    nn_tensor *p = bind_tensor(L, s.b, -1);
    if (p == NULL) bind_error(L, s.b, "step: parameter %d is not a tensor", (int)i);
    if (p->grad != NULL) {
      nn_optim_item *item = &s.items[s.n];
      *item = (nn_optim_item){.param = p};
      for (int k = 0; k < states; k++)
        if (kept[k]) item->state[k] = state_of(L, &s, 2 + k, i, p);
      lua_rawgeti(L, 2 + states, i);
      item->step = lua_tointeger(L, -1) + 1;
      s.places[s.n++] = i;
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  return s;
}

/* Counts the steps once they are done, or raises the engine's error. */
static int step_end(lua_State *L, Step *s, bool ok) {
  double bytes = 0;
  for (int i = 0; i < s->n && s->entered != 0; i++)
    bytes += (3.0 + 2 * s->states) * (double)nn_numel(s->items[i].param) *
             (double)nn_dtype_size(nn_tensor_dtype(s->items[i].param));
  nn_profile_leave(s->b->ctx, s->entered, "optimizer step", bytes);
  if (!ok) return bind_raise(L, s->b);
  for (int i = 0; i < s->n; i++) {
    lua_pushinteger(L, s->items[i].step);
    lua_rawseti(L, 2 + s->states, s->places[i]);
  }
  bind_pace(L, s->b);
  return 0;
}

/* sgd(params, momentum_buffers or nil, steps, lr, momentum, dampening, weight_decay, nesterov, maximize) */
static int optim_sgd(lua_State *L) {
  struct nn_sgd o = {.lr = luaL_checknumber(L, 4),
                     .momentum = luaL_checknumber(L, 5),
                     .dampening = luaL_checknumber(L, 6),
                     .weight_decay = luaL_checknumber(L, 7),
                     .nesterov = lua_toboolean(L, 8),
                     .maximize = lua_toboolean(L, 9)};
  Step s = step_begin(L, 1);
  return step_end(L, &s, nn_optim_sgd(s.b->ctx, s.items, s.n, &o));
}

/* adam(params, exp_avgs, exp_avg_sqs, max_exp_avg_sqs or nil, steps, lr, beta1, beta2, eps, weight_decay,
 * decoupled, maximize) */
static int optim_adam(lua_State *L) {
  struct nn_adam o = {.lr = luaL_checknumber(L, 6),
                      .beta1 = luaL_checknumber(L, 7),
                      .beta2 = luaL_checknumber(L, 8),
                      .eps = luaL_checknumber(L, 9),
                      .weight_decay = luaL_checknumber(L, 10),
                      .decoupled = lua_toboolean(L, 11),
                      .maximize = lua_toboolean(L, 12)};
  Step s = step_begin(L, 3);
  return step_end(L, &s, nn_optim_adam(s.b->ctx, s.items, s.n, &o));
}

/* rmsprop(params, square_avgs, grad_avgs or nil, momentum_buffers or nil, steps, lr, alpha, eps,
 * weight_decay, momentum, centered, maximize) */
static int optim_rmsprop(lua_State *L) {
  struct nn_rmsprop o = {.lr = luaL_checknumber(L, 6),
                         .alpha = luaL_checknumber(L, 7),
                         .eps = luaL_checknumber(L, 8),
                         .weight_decay = luaL_checknumber(L, 9),
                         .momentum = luaL_checknumber(L, 10),
                         .centered = lua_toboolean(L, 11),
                         .maximize = lua_toboolean(L, 12)};
  Step s = step_begin(L, 3);
  return step_end(L, &s, nn_optim_rmsprop(s.b->ctx, s.items, s.n, &o));
}

/* adagrad(params, sums, steps, lr, lr_decay, weight_decay, eps, maximize) */
static int optim_adagrad(lua_State *L) {
  struct nn_adagrad o = {.clr = luaL_checknumber(L, 4),
                         .weight_decay = luaL_checknumber(L, 6),
                         .eps = luaL_checknumber(L, 7),
                         .maximize = lua_toboolean(L, 8)};
  double decay = luaL_checknumber(L, 5);
  Step s = step_begin(L, 1);
  return step_end(L, &s, nn_optim_adagrad(s.b->ctx, s.items, s.n, &o, decay));
}

static double option(lua_State *L, int table, const char *name) {
  lua_getfield(L, table, name);
  double x = lua_isboolean(L, -1) ? lua_toboolean(L, -1) : lua_tonumber(L, -1);
  lua_pop(L, 1);
  return x;
}

/* The numbers of the items: read from the list at the index, `start` where there is none. */
static void read_numbers(lua_State *L, Step *s, int list, double start) {
  for (int i = 0; i < s->n; i++) {
    lua_rawgeti(L, list, s->places[i]);
    s->items[i].number = luaL_optnumber(L, -1, start);
    lua_pop(L, 1);
  }
}

static void write_numbers(lua_State *L, Step *s, int list) {
  for (int i = 0; i < s->n; i++) {
    lua_pushnumber(L, s->items[i].number);
    lua_rawseti(L, list, s->places[i]);
  }
}

/* rule(params, first states, second states or nil, steps, name, options, numbers): name as in `names`; options
 * are lr, beta1, ... of nn_rule and extra1, extra2; numbers is the list of items' numbers. */
static int optim_rule(lua_State *L) {
  static const char *const names[] = {"adamax", "nadam", "radam", "adadelta", "rprop", "asgd", NULL};
  enum { NAME = 5, OPTIONS, NUMBERS };
  enum nn_rule_name rule = (enum nn_rule_name)luaL_checkoption(L, NAME, NULL, names);
  luaL_checktype(L, OPTIONS, LUA_TTABLE);
  luaL_checktype(L, NUMBERS, LUA_TTABLE);
  struct nn_rule o = {.lr = option(L, OPTIONS, "lr"),
                      .beta1 = option(L, OPTIONS, "beta1"),
                      .beta2 = option(L, OPTIONS, "beta2"),
                      .eps = option(L, OPTIONS, "eps"),
                      .weight_decay = option(L, OPTIONS, "weight_decay"),
                      .scale1 = option(L, OPTIONS, "scale1"),
                      .scale2 = option(L, OPTIONS, "scale2"),
                      .decoupled = option(L, OPTIONS, "decoupled") != 0,
                      .maximize = option(L, OPTIONS, "maximize") != 0};
  double extra[] = {option(L, OPTIONS, "extra1"), option(L, OPTIONS, "extra2")};
  Step s = step_begin(L, 2);
  read_numbers(L, &s, NUMBERS, rule == NN_ASGD ? o.lr : 1);
  bool ok = nn_optim_rule(s.b->ctx, rule, s.items, s.n, &o, extra);
  if (ok) write_numbers(L, &s, NUMBERS);
  return step_end(L, &s, ok);
}

/* zero_grad(params): no parameter of the list has a gradient afterwards. */
static int optim_zero_grad(lua_State *L) {
  Bind *b = bind_of(L);
  luaL_checktype(L, PARAMS, LUA_TTABLE);
  lua_Integer count = luaL_len(L, PARAMS);
  int top = lua_gettop(L);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, PARAMS, i);
    nn_tensor *p = bind_tensor(L, b, -1);
    if (p == NULL) bind_error(L, b, "zero_grad: parameter %d is not a tensor", (int)i);
    if (p->grad != NULL && !nn_set_grad(p, NULL)) bind_raise(L, b);
    lua_settop(L, top);
  }
  return 0;
}

/* retype(tensor, dtype): a leaf changes its dtype where it stands */
static int optim_retype(lua_State *L) {
  Bind *b = bind_of(L);
  nn_tensor *t = bind_check(L, b, 1);
  const char *name = luaL_checkstring(L, 2);
  nn_dtype dtype;
  if (!nn_dtype_parse(name, &dtype)) return bind_error(L, b, "to: '%s' is no dtype", name);
  if (!nn_retype(t, dtype)) return bind_raise(L, b);
  return 0;
}

/* regrow(tensor, sizes): a leaf without elements gets other sizes, as many, where it stands */
static int optim_regrow(lua_State *L) {
  Bind *b = bind_of(L);
  nn_tensor *t = bind_check(L, b, 1);
  int64_t shape[NN_MAX_DIMS];
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_Integer n = luaL_len(L, 2);
  if (n > NN_MAX_DIMS) return bind_error(L, b, "a tensor can have at most %d dimensions", NN_MAX_DIMS);
  for (int d = 0; d < (int)n; d++) {
    lua_rawgeti(L, 2, d + 1);
    shape[d] = luaL_checkinteger(L, -1);
    lua_pop(L, 1);
  }
  if (!nn_regrow(t, (int)n, shape)) return bind_raise(L, b);
  return 0;
}

void bind_optim_open(lua_State *L, Bind *b, int core) {
  static const luaL_Reg functions[] = {{"sgd", optim_sgd},
                                       {"adam", optim_adam},
                                       {"rmsprop", optim_rmsprop},
                                       {"adagrad", optim_adagrad},
                                       {"rule", optim_rule},
                                       {"zero_grad", optim_zero_grad},
                                       {"retype", optim_retype},
                                       {"regrow", optim_regrow},
                                       {NULL, NULL}};
  lua_newtable(L);
  bind_register(L, b, lua_gettop(L), functions);
  lua_setfield(L, core, "optim");
}
