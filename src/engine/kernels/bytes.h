// Bytes as floats, and lines of floats mirrored: what a batch of pictures is made by. Knows no tensors or threads.
#ifndef NN_KERNELS_BYTES_H
#define NN_KERNELS_BYTES_H

#include <stdint.h>

#include "kernel.h"

struct nn_bytes_kernels {
  // to[i] = from[i] * high + from[i] * low. With a high of at most 16 significant bits the first product is exact,
  // so that high + low stands for a factor of more digits than a float has.
  void (*scaled)(int64_t n, const uint8_t *from, float high, float low, float *to);
  // to[i] = from[n - 1 - i]; they must not overlap.
  void (*mirrored)(int64_t n, const float *from, float *to);
};

NN_KERNEL_TABLE(struct nn_bytes_kernels, nn_bytes);

#endif
