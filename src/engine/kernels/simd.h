// Vectors of the instruction set that a kernel file is compiled for, by the compilers' vector extensions: + -
// * and comparison work on them elementwise, a number as the other operand is broadcast, a * b + c becomes an
// FMA.
#ifndef NN_KERNELS_SIMD_H
#define NN_KERNELS_SIMD_H

#include <stdint.h>
#include <string.h>

#if NN_ISA >= 1
#include <immintrin.h>
#endif

#if NN_ISA == 2
#define NN_VBYTES 64
#elif NN_ISA == 1
#define NN_VBYTES 32
#else
#define NN_VBYTES 16
#endif

typedef float nn_vf32 __attribute__((vector_size(NN_VBYTES)));
typedef double nn_vf64 __attribute__((vector_size(NN_VBYTES)));
// The same in memory, at the alignment of an element.
typedef float nn_uvf32 __attribute__((vector_size(NN_VBYTES), aligned(4), may_alias));
typedef double nn_uvf64 __attribute__((vector_size(NN_VBYTES), aligned(8), may_alias));

#define NN_INLINE static inline __attribute__((always_inline))

// Loads x into a register once, where the compiler would rather read it from memory for each use.
#if NN_ISA == 2
#define NN_KEEP(x) __asm__("" : "+v"(x))
#elif NN_ISA == 1
#define NN_KEEP(x) __asm__("" : "+x"(x))
#else
#define NN_KEEP(x) (void)(x)
#endif

// Registers that a product's accumulators may take: rows of two vectors each, leaving room for operands.
#if NN_ISA == 2
enum { NN_MICRO_ROWS = 14 };
#elif NN_ISA == 1
enum { NN_MICRO_ROWS = 6 };
#else
enum { NN_MICRO_ROWS = 5 };
#endif

// NN_SHUFFLE(vector type, int vector type, a, b, i0, i1, ...): lanes i of a and b, which count on after those
// of a.
#if defined(__clang__) || __GNUC__ >= 12
#define NN_SHUFFLE(ivec, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define NN_SHUFFLE(ivec, a, b, ...) __builtin_shuffle(a, b, (ivec){__VA_ARGS__})
#endif

typedef int32_t nn_vi32 __attribute__((vector_size(NN_VBYTES)));
typedef int64_t nn_vi64 __attribute__((vector_size(NN_VBYTES)));

// Lanes 0, 2, 4, ... and 1, 3, 5, ... of a and b together, in this order; and the way back.
#if NN_ISA == 2
NN_INLINE nn_vf32 nn_evens_f32(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}
NN_INLINE nn_vf32 nn_odds_f32(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}
NN_INLINE nn_vf32 nn_zip_low_f32(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
NN_INLINE nn_vf32 nn_zip_high_f32(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
NN_INLINE nn_vf64 nn_evens_f64(nn_vf64 a, nn_vf64 b) {
  return NN_SHUFFLE(nn_vi64, a, b, 0, 2, 4, 6, 8, 10, 12, 14);
}
NN_INLINE nn_vf64 nn_odds_f64(nn_vf64 a, nn_vf64 b) {
  return NN_SHUFFLE(nn_vi64, a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}
NN_INLINE nn_vf64 nn_zip_low_f64(nn_vf64 a, nn_vf64 b) {
  return NN_SHUFFLE(nn_vi64, a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
NN_INLINE nn_vf64 nn_zip_high_f64(nn_vf64 a, nn_vf64 b) {
  return NN_SHUFFLE(nn_vi64, a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}
#elif NN_ISA == 1
NN_INLINE nn_vf32 nn_evens_f32(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 0, 2, 4, 6, 8, 10, 12, 14);
}
NN_INLINE nn_vf32 nn_odds_f32(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}
NN_INLINE nn_vf32 nn_zip_low_f32(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
NN_INLINE nn_vf32 nn_zip_high_f32(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}
NN_INLINE nn_vf64 nn_evens_f64(nn_vf64 a, nn_vf64 b) { return NN_SHUFFLE(nn_vi64, a, b, 0, 2, 4, 6); }
NN_INLINE nn_vf64 nn_odds_f64(nn_vf64 a, nn_vf64 b) { return NN_SHUFFLE(nn_vi64, a, b, 1, 3, 5, 7); }
NN_INLINE nn_vf64 nn_zip_low_f64(nn_vf64 a, nn_vf64 b) { return NN_SHUFFLE(nn_vi64, a, b, 0, 4, 1, 5); }
NN_INLINE nn_vf64 nn_zip_high_f64(nn_vf64 a, nn_vf64 b) { return NN_SHUFFLE(nn_vi64, a, b, 2, 6, 3, 7); }
#else
NN_INLINE nn_vf32 nn_evens_f32(nn_vf32 a, nn_vf32 b) { return NN_SHUFFLE(nn_vi32, a, b, 0, 2, 4, 6); }
NN_INLINE nn_vf32 nn_odds_f32(nn_vf32 a, nn_vf32 b) { return NN_SHUFFLE(nn_vi32, a, b, 1, 3, 5, 7); }
NN_INLINE nn_vf32 nn_zip_low_f32(nn_vf32 a, nn_vf32 b) { return NN_SHUFFLE(nn_vi32, a, b, 0, 4, 1, 5); }
NN_INLINE nn_vf32 nn_zip_high_f32(nn_vf32 a, nn_vf32 b) { return NN_SHUFFLE(nn_vi32, a, b, 2, 6, 3, 7); }
NN_INLINE nn_vf64 nn_evens_f64(nn_vf64 a, nn_vf64 b) { return NN_SHUFFLE(nn_vi64, a, b, 0, 2); }
NN_INLINE nn_vf64 nn_odds_f64(nn_vf64 a, nn_vf64 b) { return NN_SHUFFLE(nn_vi64, a, b, 1, 3); }
NN_INLINE nn_vf64 nn_zip_low_f64(nn_vf64 a, nn_vf64 b) { return NN_SHUFFLE(nn_vi64, a, b, 0, 2); }
NN_INLINE nn_vf64 nn_zip_high_f64(nn_vf64 a, nn_vf64 b) { return NN_SHUFFLE(nn_vi64, a, b, 1, 3); }
#endif

// Sums of neighbouring lanes, those of a and then those of b.
NN_INLINE nn_vf32 nn_pair_sums_f32(nn_vf32 a, nn_vf32 b) { return nn_evens_f32(a, b) + nn_odds_f32(a, b); }
NN_INLINE nn_vf64 nn_pair_sums_f64(nn_vf64 a, nn_vf64 b) { return nn_evens_f64(a, b) + nn_odds_f64(a, b); }

// Lane i of the result: v[i]'s lanes joined by OF(a, b), by the same tree for each i. v: as many vectors as one has lanes.
#define NN_ACROSS(name, type, OF)                                                                            \
  NN_INLINE nn_v##type name(nn_v##type *v) {                                                                 \
    _Pragma("GCC unroll 4") for (int half = (int)(sizeof *v / sizeof(*v)[0]) / 2; half > 0; half /= 2)       \
      _Pragma("GCC unroll 8") for (int i = 0; i < half; i++)                                                 \
        v[i] = OF(nn_zip_low_##type(v[i], v[i + half]), nn_zip_high_##type(v[i], v[i + half]));              \
    return v[0];                                                                                             \
  }
#define NN_PLUS(a, b) ((a) + (b))
NN_ACROSS(nn_sums_across_f32, f32, NN_PLUS)
NN_ACROSS(nn_sums_across_f64, f64, NN_PLUS)

// n vectors (a power of two), streams of numbers, to n numbers of different streams side by side. With as many vectors as one
// has lanes: their transposition.
#define NN_TURN(type)                                                                                        \
  NN_INLINE void nn_turn_##type(nn_v##type *v, const int n) {                                                \
    _Pragma("GCC unroll 4") for (int left = n; left > 1; left /= 2) {                                        \
      nn_v##type next[sizeof *v / sizeof(*v)[0]];                                                            \
      _Pragma("GCC unroll 8") for (int i = 0; i < n / 2; i++) {                                              \
        next[2 * i] = nn_zip_low_##type(v[i], v[i + n / 2]);                                                 \
        next[2 * i + 1] = nn_zip_high_##type(v[i], v[i + n / 2]);                                            \
      }                                                                                                      \
      _Pragma("GCC unroll 16") for (int i = 0; i < n; i++) v[i] = next[i];                                   \
    }                                                                                                        \
  }
NN_TURN(f32)
NN_TURN(f64)

// As many bytes as a vector has lanes, from and to its integers.
typedef uint8_t nn_vu8_f32 __attribute__((vector_size(NN_VBYTES / 4)));
typedef uint8_t nn_vu8_f64 __attribute__((vector_size(NN_VBYTES / 8)));

NN_INLINE void nn_store_bytes_f32(uint8_t *p, nn_vi32 x) {
  nn_vu8_f32 bytes = __builtin_convertvector(x, nn_vu8_f32);
  memcpy(p, &bytes, sizeof bytes);
}
NN_INLINE void nn_store_bytes_f64(uint8_t *p, nn_vi64 x) {
  nn_vu8_f64 bytes = __builtin_convertvector(x, nn_vu8_f64);
  memcpy(p, &bytes, sizeof bytes);
}
NN_INLINE nn_vi32 nn_load_bytes_f32(const uint8_t *p) {
  nn_vu8_f32 bytes;
  memcpy(&bytes, p, sizeof bytes);
  return __builtin_convertvector(bytes, nn_vi32);
}
NN_INLINE nn_vi64 nn_load_bytes_f64(const uint8_t *p) {
  nn_vu8_f64 bytes;
  memcpy(&bytes, p, sizeof bytes);
  return __builtin_convertvector(bytes, nn_vi64);
}

// Within each group of four lanes: the low or high two lanes of a and b, interleaved or (pairs) one after the
// other.
#if NN_ISA == 2
NN_INLINE nn_vf32 nn_quad_low(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
}
NN_INLINE nn_vf32 nn_quad_high(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
}
NN_INLINE nn_vf32 nn_quad_low_pairs(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
}
NN_INLINE nn_vf32 nn_quad_high_pairs(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}
#elif NN_ISA == 1
NN_INLINE nn_vf32 nn_quad_low(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 0, 8, 1, 9, 4, 12, 5, 13);
}
NN_INLINE nn_vf32 nn_quad_high(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 2, 10, 3, 11, 6, 14, 7, 15);
}
NN_INLINE nn_vf32 nn_quad_low_pairs(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 0, 1, 8, 9, 4, 5, 12, 13);
}
NN_INLINE nn_vf32 nn_quad_high_pairs(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 2, 3, 10, 11, 6, 7, 14, 15);
}
#else
NN_INLINE nn_vf32 nn_quad_low(nn_vf32 a, nn_vf32 b) { return NN_SHUFFLE(nn_vi32, a, b, 0, 4, 1, 5); }
NN_INLINE nn_vf32 nn_quad_high(nn_vf32 a, nn_vf32 b) { return NN_SHUFFLE(nn_vi32, a, b, 2, 6, 3, 7); }
NN_INLINE nn_vf32 nn_quad_low_pairs(nn_vf32 a, nn_vf32 b) { return NN_SHUFFLE(nn_vi32, a, b, 0, 1, 4, 5); }
NN_INLINE nn_vf32 nn_quad_high_pairs(nn_vf32 a, nn_vf32 b) { return NN_SHUFFLE(nn_vi32, a, b, 2, 3, 6, 7); }
#endif

/// Transposes the 4 x 4 numbers that four vectors have in each group of four lanes.
NN_INLINE void nn_quad_transpose(nn_vf32 v[4]) {
  nn_vf32 a = nn_quad_low(v[0], v[1]), b = nn_quad_high(v[0], v[1]);
  nn_vf32 c = nn_quad_low(v[2], v[3]), d = nn_quad_high(v[2], v[3]);
  v[0] = nn_quad_low_pairs(a, c);
  v[1] = nn_quad_high_pairs(a, c);
  v[2] = nn_quad_low_pairs(b, d);
  v[3] = nn_quad_high_pairs(b, d);
}

// A run of lanes; loads under it touch only these in memory and give 0 for the others, stores leave others
// alone.
#if NN_ISA == 2
typedef __mmask16 nn_lanes;
NN_INLINE nn_lanes nn_lanes_make(int64_t begin, int64_t end) {
  return (nn_lanes)(begin < end ? (1u << end) - (1u << begin) : 0);
}
NN_INLINE nn_vf32 nn_load_lanes(nn_lanes m, const float *p) { return (nn_vf32)_mm512_maskz_loadu_ps(m, p); }
NN_INLINE void nn_store_lanes(nn_lanes m, float *p, nn_vf32 x) { _mm512_mask_storeu_ps(p, m, (__m512)x); }
#elif NN_ISA == 1
typedef nn_vi32 nn_lanes;
NN_INLINE nn_lanes nn_lanes_make(int64_t begin, int64_t end) {
  nn_vi32 lane = {0, 1, 2, 3, 4, 5, 6, 7};
  return (lane >= (int32_t)begin) & (lane < (int32_t)end);
}
NN_INLINE nn_vf32 nn_load_lanes(nn_lanes m, const float *p) {
  return (nn_vf32)_mm256_maskload_ps(p, (__m256i)m);
}
NN_INLINE void nn_store_lanes(nn_lanes m, float *p, nn_vf32 x) {
  _mm256_maskstore_ps(p, (__m256i)m, (__m256)x);
}
#else
typedef nn_vi32 nn_lanes;
NN_INLINE nn_lanes nn_lanes_make(int64_t begin, int64_t end) {
  nn_vi32 lane = {0, 1, 2, 3};
  return (lane >= (int32_t)begin) & (lane < (int32_t)end);
}
NN_INLINE nn_vf32 nn_load_lanes(nn_lanes m, const float *p) {
  nn_vf32 x = {0};
  if (m[0] && m[3]) return *(const nn_uvf32 *)p;
  for (int i = 0; i < 4; i++)
    if (m[i]) x[i] = p[i];
  return x;
}
NN_INLINE void nn_store_lanes(nn_lanes m, float *p, nn_vf32 x) {
  if (m[0] && m[3])
    *(nn_uvf32 *)p = x;
  else
    for (int i = 0; i < 4; i++)
      if (m[i]) p[i] = x[i];
}
#endif

// The low bytes of those lanes' integers to as many bytes.
NN_INLINE void nn_store_lanes_bytes(nn_lanes m, uint8_t *p, nn_vi32 x) {
#if NN_ISA == 2
  _mm_mask_storeu_epi8(p, m, _mm512_cvtepi32_epi8((__m512i)x));
#else
  for (int i = 0; i < NN_VBYTES / 4; i++)
    if (m[i]) p[i] = (uint8_t)x[i];
#endif
}

// The first n numbers at p (0 after them; none if n <= 0), and the way back; nothing else in memory is
// touched.
#if NN_ISA == 2
NN_INLINE uint32_t nn_first_lanes(int64_t n) { return n <= 0 ? 0 : n >= 16 ? 0xffffu : (1u << n) - 1; }
NN_INLINE nn_vf32 nn_load_first_f32(const float *p, int64_t n) {
  return (nn_vf32)_mm512_maskz_loadu_ps((__mmask16)nn_first_lanes(n), p);
}
NN_INLINE nn_vf64 nn_load_first_f64(const double *p, int64_t n) {
  return (nn_vf64)_mm512_maskz_loadu_pd((__mmask8)nn_first_lanes(n), p);
}
NN_INLINE void nn_store_first_f32(float *p, nn_vf32 x, int64_t n) {
  _mm512_mask_storeu_ps(p, (__mmask16)nn_first_lanes(n), (__m512)x);
}
NN_INLINE void nn_store_first_f64(double *p, nn_vf64 x, int64_t n) {
  _mm512_mask_storeu_pd(p, (__mmask8)nn_first_lanes(n), (__m512d)x);
}
#elif NN_ISA == 1
NN_INLINE __m256i nn_first_lanes_f32(int64_t n) {
  int32_t count = n > 8 ? 8 : (int32_t)n;
  return (__m256i)((nn_vi32){0, 1, 2, 3, 4, 5, 6, 7} < count);
}
NN_INLINE __m256i nn_first_lanes_f64(int64_t n) { return (__m256i)((nn_vi64){0, 1, 2, 3} < n); }
NN_INLINE nn_vf32 nn_load_first_f32(const float *p, int64_t n) {
  return (nn_vf32)_mm256_maskload_ps(p, nn_first_lanes_f32(n));
}
NN_INLINE nn_vf64 nn_load_first_f64(const double *p, int64_t n) {
  return (nn_vf64)_mm256_maskload_pd(p, nn_first_lanes_f64(n));
}
NN_INLINE void nn_store_first_f32(float *p, nn_vf32 x, int64_t n) {
  _mm256_maskstore_ps(p, nn_first_lanes_f32(n), (__m256)x);
}
NN_INLINE void nn_store_first_f64(double *p, nn_vf64 x, int64_t n) {
  _mm256_maskstore_pd(p, nn_first_lanes_f64(n), (__m256d)x);
}
#else
NN_INLINE nn_vf32 nn_load_first_f32(const float *p, int64_t n) {
  nn_vf32 x = {0};
  for (int64_t i = 0; i < n && i < 4; i++) x[i] = p[i];
  return x;
}
NN_INLINE nn_vf64 nn_load_first_f64(const double *p, int64_t n) {
  nn_vf64 x = {0};
  for (int64_t i = 0; i < n && i < 2; i++) x[i] = p[i];
  return x;
}
NN_INLINE void nn_store_first_f32(float *p, nn_vf32 x, int64_t n) {
  memcpy(p, &x, sizeof(float) * (size_t)(n < 0 ? 0 : n > 4 ? 4 : n));
}
NN_INLINE void nn_store_first_f64(double *p, nn_vf64 x, int64_t n) {
  memcpy(p, &x, sizeof(double) * (size_t)(n < 0 ? 0 : n > 2 ? 2 : n));
}
#endif

// The first n bytes of as many as a vector has lanes, from and to its integers; the others are 0, or stay.
#if NN_ISA == 2
NN_INLINE nn_vi32 nn_load_first_bytes_f32(const uint8_t *p, int64_t n) {
  return (nn_vi32)_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8((__mmask16)nn_first_lanes(n), p));
}
NN_INLINE void nn_store_first_bytes_f32(uint8_t *p, nn_vi32 x, int64_t n) {
  _mm512_mask_cvtepi32_storeu_epi8(p, (__mmask16)nn_first_lanes(n), (__m512i)x);
}
#else
NN_INLINE nn_vi32 nn_load_first_bytes_f32(const uint8_t *p, int64_t n) {
  uint8_t bytes[NN_VBYTES / 4] = {0};
  for (int64_t i = 0; i < n && i < (int64_t)sizeof bytes; i++) bytes[i] = p[i];
  return nn_load_bytes_f32(bytes);
}
NN_INLINE void nn_store_first_bytes_f32(uint8_t *p, nn_vi32 x, int64_t n) {
  uint8_t bytes[NN_VBYTES / 4];
  nn_store_bytes_f32(bytes, x);
  for (int64_t i = 0; i < n && i < (int64_t)sizeof bytes; i++) p[i] = bytes[i];
}
#endif
NN_INLINE nn_vi64 nn_load_first_bytes_f64(const uint8_t *p, int64_t n) {
  uint8_t bytes[NN_VBYTES / 8] = {0};
  for (int64_t i = 0; i < n && i < (int64_t)sizeof bytes; i++) bytes[i] = p[i];
  return nn_load_bytes_f64(bytes);
}
NN_INLINE void nn_store_first_bytes_f64(uint8_t *p, nn_vi64 x, int64_t n) {
  uint8_t bytes[NN_VBYTES / 8];
  nn_store_bytes_f64(bytes, x);
  for (int64_t i = 0; i < n && i < (int64_t)sizeof bytes; i++) p[i] = bytes[i];
}

#endif
