/* rng.h - drawing from a generator: take a stretch of its stream, then compute any number of it. */
#ifndef NN_RNG_H
#define NN_RNG_H

#include "internal.h"

/* A stretch of a stream. The i-th 32-bit number of it depends on nothing else. */
typedef struct nn_random {
  uint64_t seed, offset;
} nn_random;

/* Takes the next `numbers` 32-bit numbers off the stream. */
nn_random nn_random_take(nn_generator *g, int64_t numbers);
uint32_t nn_random_bits(const nn_random *r, int64_t i);
/* The first n numbers, in parallel. */
void nn_random_fill(const nn_random *r, int64_t n, uint32_t *bits);

float nn_uniform_f32(uint32_t bits);                 /* [0, 1), 24 bits */
double nn_uniform_f64(uint32_t high, uint32_t low);  /* [0, 1), 53 bits */
/* Two independent standard normals (Box and Muller 1958). */
void nn_normal_pair(uint32_t a, uint32_t b, double *x, double *y);
uint64_t nn_below(uint32_t high, uint32_t low, uint64_t n); /* 0 .. n - 1 */

#endif
