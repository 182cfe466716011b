/* rng.c - random numbers: Philox4x32-10, a counter-based generator, so that any part of a stream can be computed by
 * itself and the number of threads changes nothing. */
#include "rng.h"

#include <stdlib.h>

#include "kernels/random.h"

struct nn_generator {
  nn_ctx *ctx;
  uint64_t seed;
  uint64_t offset; /* blocks of four 32-bit numbers used so far */
};

nn_generator *nn_generator_new(nn_ctx *ctx, uint64_t seed) {
  nn_generator *g = calloc(1, sizeof *g);
  if (g == NULL) {
    nn_fail_code(ctx, NN_ERR_MEMORY, "out of memory");
    return NULL;
  }
  g->ctx = ctx;
  g->seed = seed;
  return g;
}

void nn_generator_free(nn_generator *g) { free(g); }

nn_generator *nn_default_generator(nn_ctx *ctx) { return ctx->generator; }

void nn_generator_seed(nn_generator *g, uint64_t seed) {
  g->seed = seed;
  g->offset = 0;
}

uint64_t nn_generator_initial_seed(const nn_generator *g) { return g->seed; }

void nn_generator_state(const nn_generator *g, uint64_t state[NN_GENERATOR_STATE]) {
  state[0] = 1; /* version of this state */
  state[1] = g->seed;
  state[2] = g->offset;
  state[3] = 0;
}

void nn_generator_set_state(nn_generator *g, const uint64_t state[NN_GENERATOR_STATE]) {
  g->seed = state[1];
  g->offset = state[2];
}

nn_random nn_random_take(nn_generator *g, int64_t numbers) {
  nn_random r = {g->seed, g->offset};
  g->offset += ((uint64_t)numbers + 3) / 4;
  return r;
}

uint32_t nn_random_bits(const nn_random *r, int64_t i) {
  uint32_t four[4];
  NN_SELECT(nn_random_table)->philox(r->seed, r->offset + (uint64_t)i / 4, 1, four);
  return four[i & 3];
}

void nn_random_run(const nn_random *r, int64_t first, int64_t n, uint32_t *bits) {
  NN_SELECT(nn_random_table)->philox(r->seed, r->offset + (uint64_t)first / 4, (n + 3) / 4, bits);
}

__extension__ typedef unsigned __int128 wide;

uint64_t nn_below(uint32_t high, uint32_t low, uint64_t n) {
  uint64_t x = (uint64_t)high << 32 | low;
  return (uint64_t)(((wide)x * n) >> 64);
}
