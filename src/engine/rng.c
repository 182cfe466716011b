/* rng.c - random numbers: Philox4x32-10 (Salmon et al., SC 2011), a counter-based generator, so that any part of a
 * stream can be computed by itself and the number of threads changes nothing. */
#include "rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "parallel.h"

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

/* ---- the block function ----------------------------------------------------------------------------- */

typedef struct four {
  uint32_t x[4];
} four;

static inline four philox(uint64_t seed, uint64_t block) {
  uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32), c2 = 0, c3 = 0;
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = 0xD2511F53u * (uint64_t)c0, p1 = 0xCD9E8D57u * (uint64_t)c2;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1;
    c3 = (uint32_t)p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return (four){{c0, c1, c2, c3}};
}

uint32_t nn_random_bits(const nn_random *r, int64_t i) {
  return philox(r->seed, r->offset + (uint64_t)i / 4).x[i & 3];
}

/* ---- many at once ----------------------------------------------------------------------------------- */

enum { GRAIN = 4096, LANES = 16 };

/* `LANES` blocks side by side, in a form that compilers turn into vector code: number 4 i + j of the run is
 * out[j][i]. */
static void blocks_of_lanes(uint64_t seed, uint64_t block, uint32_t out[4][LANES]) {
  uint32_t c[4][LANES], k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (int l = 0; l < LANES; l++) {
    uint64_t b = block + (uint64_t)l;
    c[0][l] = (uint32_t)b;
    c[1][l] = (uint32_t)(b >> 32);
    c[2][l] = c[3][l] = 0;
  }
  for (int round = 0; round < 10; round++) {
    for (int l = 0; l < LANES; l++) {
      uint64_t p0 = 0xD2511F53u * (uint64_t)c[0][l], p1 = 0xCD9E8D57u * (uint64_t)c[2][l];
      c[0][l] = (uint32_t)(p1 >> 32) ^ c[1][l] ^ k0;
      c[2][l] = (uint32_t)(p0 >> 32) ^ c[3][l] ^ k1;
      c[1][l] = (uint32_t)p1;
      c[3][l] = (uint32_t)p0;
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  memcpy(out, c, sizeof c);
}

typedef struct fill_job {
  nn_random r;
  int64_t n;
  uint32_t *bits;
} fill_job;

static void fill_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const fill_job *j = arg;
  uint32_t x[4][LANES];
  for (int64_t b = begin; b < end; b += LANES) {
    blocks_of_lanes(j->r.seed, j->r.offset + (uint64_t)b, x);
    int64_t lanes = end - b < LANES ? end - b : LANES;
    for (int64_t l = 0; l < lanes; l++)
      for (int64_t i = 0; i < 4 && 4 * (b + l) + i < j->n; i++) j->bits[4 * (b + l) + i] = x[i][l];
  }
}

void nn_random_fill(const nn_random *r, int64_t n, uint32_t *bits) {
  fill_job j = {*r, n, bits};
  nn_parallel((n + 3) / 4, GRAIN / 4, fill_range, &j);
}

/* ---- distributions ---------------------------------------------------------------------------------- */

float nn_uniform_f32(uint32_t bits) { return (float)(bits >> 8) * 0x1p-24f; }

double nn_uniform_f64(uint32_t high, uint32_t low) {
  return (double)(((uint64_t)high << 21) ^ (low >> 11)) * 0x1p-53;
}

void nn_normal_pair(uint32_t a, uint32_t b, double *x, double *y) {
  double radius = sqrt(-2 * log(((double)a + 1) * 0x1p-32)), angle = 6.28318530717958647692528676656 * ((double)b * 0x1p-32);
  *x = radius * cos(angle);
  *y = radius * sin(angle);
}

__extension__ typedef unsigned __int128 wide;

uint64_t nn_below(uint32_t high, uint32_t low, uint64_t n) {
  uint64_t x = (uint64_t)high << 32 | low;
  return (uint64_t)(((wide)x * n) >> 64);
}
