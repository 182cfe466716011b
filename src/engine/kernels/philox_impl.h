// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) of as many counters as a vector
// has 64-bit lanes. Knows no generators: the caller says which counters and key. Needs simd.h.
#ifndef NN_KERNELS_PHILOX_IMPL_H
#define NN_KERNELS_PHILOX_IMPL_H

#include "simd.h"
#if NN_ISA < 1 && defined(__SSE2__)
#include <emmintrin.h>
#endif

typedef uint64_t nn_vu64 __attribute__((vector_size(NN_VBYTES)));
typedef uint32_t nn_vu32_half __attribute__((vector_size(NN_VBYTES / 2)));
enum { NN_PHILOX_LANES = NN_VBYTES / 8 };

// The whole product of the lower halves of each lane.
NN_INLINE nn_vu64 nn_mul_low_halves(nn_vu64 a, nn_vu64 b) {
#if NN_ISA == 2
  return (nn_vu64)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif NN_ISA == 1
  return (nn_vu64)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
  return (nn_vu64)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
  return (a & 0xffffffffu) * (b & 0xffffffffu);
#endif
}

// word[i], i < 4: the i-th random word of each lane's counter, in the lower half of the lane; what is above is noise.
NN_INLINE void nn_philox(uint64_t seed, nn_vu64 counter, nn_vu64 word[4]) {
  const nn_vu64 zero = {0}, m0 = zero + 0xD2511F53u, m1 = zero + 0xCD9E8D57u;
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  nn_vu64 c0 = counter, c1 = counter >> 32, c2 = zero, c3 = zero;
  for (int round = 0; round < 10; round++) {
    const nn_vu64 p0 = nn_mul_low_halves(c0, m0), p1 = nn_mul_low_halves(c2, m1);
    c0 = (p1 >> 32) ^ c1 ^ (zero + k0);
    c2 = (p0 >> 32) ^ c3 ^ (zero + k1);
    c1 = p1;
    c3 = p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  word[0] = c0, word[1] = c1, word[2] = c2, word[3] = c3;
}

#endif
