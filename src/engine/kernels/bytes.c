// Bytes as floats, and lines of floats mirrored. Knows no tensors or threads.
#include "kernels/bytes.h"

static void scaled(int64_t n, const uint8_t *restrict from, float high, float low, float *restrict to) {
  for (int64_t i = 0; i < n; i++) {
    float v = (float)from[i];
    to[i] = v * high + v * low;
  }
}

static void mirrored(int64_t n, const float *restrict from, float *restrict to) {
  for (int64_t i = 0; i < n; i++) to[i] = from[n - 1 - i];
}

const struct nn_bytes_kernels NN_KERNEL(nn_bytes) = {.scaled = scaled, .mirrored = mirrored};
