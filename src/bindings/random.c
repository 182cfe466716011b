/* random.c - generators of random numbers and the default one: tensor.manual_seed, tensor.Generator, states.
 */
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "bind.h"

static const char *const GENERATOR = "nnlua.Generator";

typedef struct Generator { /* a userdata */
  nn_generator *g;
} Generator;

nn_generator *bind_generator(lua_State *L, int idx) {
  Generator *box = luaL_testudata(L, idx, GENERATOR);
  return box ? box->g : NULL;
}

static nn_generator *check_generator(lua_State *L, Bind *b, int arg) {
  nn_generator *g = bind_generator(L, arg);
  if (g == NULL) {
    char text[128];
    bind_error(L, b, "a generator is expected (from tensor.Generator()), got %s",
               bind_describe(L, b, arg, text));
  }
  return g;
}

static uint64_t check_seed(lua_State *L, Bind *b, int arg) {
  int64_t seed;
  if (!bind_to_integer(L, arg, &seed)) {
    char text[128];
    bind_error(L, b, "manual_seed: the seed must be a whole number, got %s", bind_describe(L, b, arg, text));
  }
  return (uint64_t)seed;
}

static uint64_t fresh_seed(void) {
  uint64_t seed;
  if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    seed = (uint64_t)now.tv_nsec * 0x9E3779B97F4A7C15u ^ (uint64_t)now.tv_sec;
  }
  return seed >> 1;
}

/* A state is a uint8 tensor, so that it can be saved with a model. */
static int push_state(lua_State *L, Bind *b, const nn_generator *g) {
  uint64_t state[NN_GENERATOR_STATE];
  nn_generator_state(g, state);
  int64_t size = sizeof state;
  nn_tensor *t = nn_empty(b->ctx, NN_UINT8, 1, &size);
  if (t != NULL) memcpy(nn_data(t), state, sizeof state);
  bind_push(L, b, t);
  return 1;
}

static void take_state(lua_State *L, Bind *b, nn_generator *g, int arg) {
  uint64_t state[NN_GENERATOR_STATE];
  const nn_tensor *t = bind_check(L, b, arg);
  if (nn_tensor_dtype(t) != NN_UINT8 || nn_numel(t) != (int64_t)sizeof state || !nn_is_contiguous(t))
    bind_error(L, b, "set_state: expected a state from get_state (uint8, %zu elements)", sizeof state);
  memcpy(state, nn_data(t), sizeof state);
  nn_generator_set_state(g, state);
}

/* ---- generators -------------------------------------------------------------------------------------- */

static int generator_new(lua_State *L) {
  Bind *b = bind_of(L);
  Generator *box = lua_newuserdatauv(L, sizeof *box, 0);
  box->g = NULL;
  luaL_setmetatable(L, GENERATOR);
  box->g = nn_generator_new(b->ctx, 0);
  return box->g ? 1 : bind_raise(L, b);
}

static int generator_gc(lua_State *L) {
  Generator *box = luaL_checkudata(L, 1, GENERATOR);
  if (box->g != NULL) nn_generator_free(box->g);
  box->g = NULL;
  return 0;
}

static int generator_manual_seed(lua_State *L) {
  Bind *b = bind_of(L);
  nn_generator_seed(check_generator(L, b, 1), check_seed(L, b, 2));
  lua_settop(L, 1);
  return 1;
}

static int generator_seed(lua_State *L) {
  Bind *b = bind_of(L);
  uint64_t seed = fresh_seed();
  nn_generator_seed(check_generator(L, b, 1), seed);
  lua_pushinteger(L, (lua_Integer)seed);
  return 1;
}

static int generator_initial_seed(lua_State *L) {
  Bind *b = bind_of(L);
  lua_pushinteger(L, (lua_Integer)nn_generator_initial_seed(check_generator(L, b, 1)));
  return 1;
}

static int generator_get_state(lua_State *L) {
  Bind *b = bind_of(L);
  return push_state(L, b, check_generator(L, b, 1));
}

static int generator_set_state(lua_State *L) {
  Bind *b = bind_of(L);
  take_state(L, b, check_generator(L, b, 1), 2);
  lua_settop(L, 1);
  return 1;
}

static const luaL_Reg generator_methods[] = {
    {"manual_seed", generator_manual_seed},   {"seed", generator_seed},
    {"initial_seed", generator_initial_seed}, {"get_state", generator_get_state},
    {"set_state", generator_set_state},       {NULL, NULL}};

/* ---- the default one --------------------------------------------------------------------------------- */

static int manual_seed(lua_State *L) {
  Bind *b = bind_of(L);
  nn_generator_seed(nn_default_generator(b->ctx), check_seed(L, b, 1));
  return 0;
}

static int seed_freshly(lua_State *L) {
  Bind *b = bind_of(L);
  uint64_t seed = fresh_seed();
  nn_generator_seed(nn_default_generator(b->ctx), seed);
  lua_pushinteger(L, (lua_Integer)seed);
  return 1;
}

static int initial_seed(lua_State *L) {
  Bind *b = bind_of(L);
  lua_pushinteger(L, (lua_Integer)nn_generator_initial_seed(nn_default_generator(b->ctx)));
  return 1;
}

static int get_rng_state(lua_State *L) {
  Bind *b = bind_of(L);
  return push_state(L, b, nn_default_generator(b->ctx));
}

static int set_rng_state(lua_State *L) {
  Bind *b = bind_of(L);
  take_state(L, b, nn_default_generator(b->ctx), 1);
  return 0;
}

static const luaL_Reg functions[] = {{"manual_seed", manual_seed},
                                     {"seed", seed_freshly},
                                     {"initial_seed", initial_seed},
                                     {"get_rng_state", get_rng_state},
                                     {"set_rng_state", set_rng_state},
                                     {"Generator", generator_new},
                                     {NULL, NULL}};

void bind_random_open(lua_State *L, Bind *b, int tensor) {
  luaL_newmetatable(L, GENERATOR);
  lua_pushcfunction(L, generator_gc);
  lua_setfield(L, -2, "__gc");
  lua_newtable(L);
  bind_register(L, b, lua_gettop(L), generator_methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  bind_register(L, b, tensor, functions);
}
