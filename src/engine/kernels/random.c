// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), lanes side by side so that
// compilers make vector code of it. Knows no generators, tensors or threads.
#include "kernels/random.h"

enum { LANES = 16 };

static void rounds(uint64_t seed, uint32_t c[4][LANES]) {
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
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
}

static void philox(uint64_t seed, uint64_t block, int64_t blocks, uint32_t *out) {
  uint32_t c[4][LANES];
  for (int64_t b = 0; b < blocks; b += LANES) {
    for (int l = 0; l < LANES; l++) {
      uint64_t at = block + (uint64_t)(b + l);
      c[0][l] = (uint32_t)at;
      c[1][l] = (uint32_t)(at >> 32);
      c[2][l] = c[3][l] = 0;
    }
    rounds(seed, c);
    int64_t lanes = blocks - b < LANES ? blocks - b : LANES;
    for (int64_t l = 0; l < lanes; l++)
      for (int i = 0; i < 4; i++) out[4 * (b + l) + i] = c[i][l];
  }
}

static void chance_f32(int64_t n, const uint32_t *bits, uint32_t below, float yes, float *y) {
  for (int64_t i = 0; i < n; i++) y[i] = bits[i] < below ? yes : 0;
}

static void uniform_f32(int64_t n, const uint32_t *bits, float *y) {
  for (int64_t i = 0; i < n; i++) y[i] = (float)(int32_t)(bits[i] >> 8) * 0x1p-24f;
}

const struct nn_random_kernels NN_KERNEL(nn_random_table) = {philox, chance_f32, uniform_f32};
