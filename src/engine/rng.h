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
/* Numbers first .. first + n - 1, first a multiple of 4; writes up to the next multiple of 4. */
void nn_random_run(const nn_random *r, int64_t first, int64_t n, uint32_t *bits);

/* 0 .. n - 1 from 64 random bits (Lemire 2019, without its rejection: the bias is below n / 2^64). */
uint64_t nn_below(uint32_t high, uint32_t low, uint64_t n);

#endif
