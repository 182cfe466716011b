// The block function of the random numbers, many blocks at once. Knows no generators, tensors or threads.
#ifndef NN_KERNELS_RANDOM_H
#define NN_KERNELS_RANDOM_H

#include <stdint.h>

#include "kernel.h"

struct nn_random_kernels {
  // out[4 * i .. 4 * i + 3] = Philox4x32-10 of counter block + i under key seed, i < blocks.
  void (*philox)(uint64_t seed, uint64_t block, int64_t blocks, uint32_t *out);
  // y[i] = yes where bits[i] < below, else 0.
  void (*chance_f32)(int64_t n, const uint32_t *bits, uint32_t below, float yes, float *y);
  // y[i] = x[i] * (yes where bits[i] < below, else 0).
  void (*drop_f32)(int64_t n, const uint32_t *bits, uint32_t below, float yes, const float *x, float *y);
  // y[i] in [0, 1), of the upper 24 bits.
  void (*uniform_f32)(int64_t n, const uint32_t *bits, float *y);
  // y[0 .. 2 * pairs - 1] normal, of as many bits: elements i and pairs + i are made of the same two.
  void (*normal_f32)(int64_t pairs, const uint32_t *bits, float *y);
};

NN_KERNEL_TABLE(struct nn_random_kernels, nn_random_table);

#endif
