// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), a block a lane of 64 bits: what
// stands above the low 32 bits of a lane is never looked at. Knows no generators, tensors or threads.
#include "kernels/random.h"

#include <string.h>

#include "kernels/vector.h"
#include "kernels/vmath_core.h"

#if NN_ISA >= 1
#include <immintrin.h>
#endif

// Vectors that go through the rounds side by side, so that products don't wait for each other.
#if NN_ISA == 2
enum { GROUPS = 4 };
#else
enum { GROUPS = 2 };
#endif
enum { LANES = NN_VECTOR_BYTES / 8, ROUNDS = 10, BATCH = GROUPS * LANES };

#define KEY0     0x9E3779B9u
#define KEY1     0xBB67AE85u
#define FACTOR0  0xD2511F53u
#define FACTOR1  0xCD9E8D57u
#define LOW_HALF 0xffffffffu

// Products of 64 bits of the low halves of lanes.
NN_INLINE vec_i low_product(vec_i a, uint32_t factor) {
#if NN_ISA == 2
  return (vec_i)_mm512_mul_epu32((__m512i)a, _mm512_set1_epi64(factor));
#elif NN_ISA == 1
  return (vec_i)_mm256_mul_epu32((__m256i)a, _mm256_set1_epi64x(factor));
#else
  return (a & LOW_HALF) * factor;
#endif
}

// Lanes 0, 1, .. of a and b in turn: the first half of that, and the second.
NN_INLINE void in_turn(vec_i a, vec_i b, uint32_t *out) {
#if NN_ISA == 2
  const __m512i first = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11), second = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
  _mm512_storeu_si512(out, _mm512_permutex2var_epi64((__m512i)a, first, (__m512i)b));
  _mm512_storeu_si512(out + 16, _mm512_permutex2var_epi64((__m512i)a, second, (__m512i)b));
#elif NN_ISA == 1
  const __m256i low = _mm256_unpacklo_epi64((__m256i)a, (__m256i)b), high = _mm256_unpackhi_epi64((__m256i)a, (__m256i)b);
  _mm256_storeu_si256((__m256i *)(void *)out, _mm256_permute2x128_si256(low, high, 0x20));
  _mm256_storeu_si256((__m256i *)(void *)(out + 8), _mm256_permute2x128_si256(low, high, 0x31));
#else
  for (int l = 0; l < LANES; l++)
    for (int half = 0; half < 2; half++) {
      out[4 * l + half] = (uint32_t)(a[l] >> (32 * half));
      out[4 * l + 2 + half] = (uint32_t)(b[l] >> (32 * half));
    }
#endif
}

// BATCH blocks.
NN_INLINE void philox_batch(uint64_t seed, uint64_t block, uint32_t *out) {
  vec_i c0[GROUPS], c1[GROUPS], c2[GROUPS], c3[GROUPS], lane;
  for (int l = 0; l < LANES; l++) lane[l] = (uint64_t)l;
  for (int g = 0; g < GROUPS; g++) {
    c0[g] = lane + (block + (uint64_t)(g * LANES));
    c1[g] = c0[g] >> 32;
    c2[g] = c3[g] = lane ^ lane;
  }
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < ROUNDS; round++) {
    for (int g = 0; g < GROUPS; g++) {
      const vec_i p0 = low_product(c0[g], FACTOR0), p1 = low_product(c2[g], FACTOR1);
      c0[g] = (p1 >> 32) ^ c1[g] ^ (uint64_t)k0;
      c2[g] = (p0 >> 32) ^ c3[g] ^ (uint64_t)k1;
      c1[g] = p1;
      c3[g] = p0;
    }
    k0 += KEY0;
    k1 += KEY1;
  }
  for (int g = 0; g < GROUPS; g++)
    in_turn((c0[g] & LOW_HALF) | c1[g] << 32, (c2[g] & LOW_HALF) | c3[g] << 32, out + 4 * g * LANES);
}

static void philox(uint64_t seed, uint64_t block, int64_t blocks, uint32_t *out) {
  int64_t b = 0;
  for (; b + BATCH <= blocks; b += BATCH) philox_batch(seed, block + (uint64_t)b, out + 4 * b);
  if (b == blocks) return;
  uint32_t rest[4 * BATCH];
  philox_batch(seed, block + (uint64_t)b, rest);
  memcpy(out + 4 * b, rest, (size_t)(blocks - b) * 4 * sizeof *out);
}

static void chance_f32(int64_t n, const uint32_t *bits, uint32_t below, float yes, float *y) {
  NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = bits[i] < below ? yes : 0;
}

static void drop_f32(int64_t n, const uint32_t *bits, uint32_t below, float yes, const float *x, float *y) {
  NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = x[i] * (bits[i] < below ? yes : 0);
}

NN_INLINE float unit(uint32_t bits) { return (float)(int32_t)(bits >> 8) * 0x1p-24f; }

static void uniform_f32(int64_t n, const uint32_t *bits, float *y) {
  NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = unit(bits[i]);
}

// Box and Muller 1958: two independent normals from two uniforms, radius and angle. Radii come from 1 - u, which is
// never 0.
static void normal_f32(int64_t pairs, const uint32_t *bits, float *y) {
  NN_VECTOR_LOOP for (int64_t i = 0; i < pairs; i++) {
    const float radius = __builtin_sqrtf(-2 * log_f(1 - unit(bits[i]))), angle = 6.28318530717958648f * unit(bits[pairs + i]);
    y[i] = radius * cos_f(angle);
    y[pairs + i] = radius * sin_f(angle);
  }
}

const struct nn_random_kernels NN_KERNEL(nn_random_table) = {philox, chance_f32, drop_f32, uniform_f32, normal_f32};
