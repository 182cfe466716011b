// Matrix products for one thread: vector types and constants for the instruction set at hand; the algorithm
// is in gemm_body.h, once for float and once for double. Knows nothing of threads and OpenBLAS.
#include "gemm.h"

#include "../interrupt.h"

#include <string.h>

#if NN_ISA > 0
#include <immintrin.h>
#endif

#if NN_ISA == 0
enum { VECTOR_BYTES = 16, ROWS_MAX = 4 };
#elif NN_ISA == 1
enum { VECTOR_BYTES = 32, ROWS_MAX = 6 };
#else
enum { VECTOR_BYTES = 64, ROWS_MAX = 14 };
#endif

#define INLINE static inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

// Keeps the compiler from replacing a pointer that goes along by a dozen others, each a number of terms or rows further on.
#define OPAQUE(p) __asm__("" : "+r"(p))

static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

static inline int64_t div_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Takes the next strips, a few while there are many: *first .. *end - 1; of another's share while there are `least`. False
// when nothing is left.
static bool claim(nn_gemm_team *team, int part, int64_t least, int64_t *first, int64_t *end) {
  for (int i = 0; i < team->parts; i++) {
    const int from = (part + i) % team->parts;
    _Atomic int64_t *next = &team->share[from].next;
    int64_t at = atomic_load_explicit(next, memory_order_relaxed), left;
    while ((left = team->share[from].end - at) >= (i > 0 ? least : 1)) {
      const int64_t take = left >= 8 ? 4 : left >= 4 ? 2 : 1;
      *first = at, *end = at + take;
      if (atomic_compare_exchange_weak_explicit(next, &at, at + take, memory_order_relaxed, memory_order_relaxed)) return true;
    }
  }
  return false;
}

typedef float vec_f32 __attribute__((vector_size(VECTOR_BYTES)));
typedef double vec_f64 __attribute__((vector_size(VECTOR_BYTES)));

#if NN_ISA == 1
static const int32_t mask32[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
static const int64_t mask64[8] = {-1, -1, -1, -1};
#endif

#define T          float
#define INT        int32_t
#define NAME(name) name##_f32
#if NN_ISA == 0
#define FMA(a, b, c) ((a) * (b) + (c))
#elif NN_ISA == 1
#define FMA(a, b, c) (vec_f32) _mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c))
#else
#define FMA(a, b, c) (vec_f32) _mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c))
#endif

// FMA with the number at p in all lanes as a. AVX-512 has one instruction for that; compilers prefer two.
#if NN_ISA == 2
INLINE vec_f32 fma_splat_f32(const float *p, vec_f32 b, vec_f32 c) {
  __asm__("vfmadd231ps %1%{1to16%}, %2, %0" : "+v"(c) : "m"(*p), "v"(b));
  return c;
}
#else
INLINE vec_f32 fma_splat_f32(const float *p, vec_f32 b, vec_f32 c) { return FMA(*p - (vec_f32){0}, b, c); }
#endif

INLINE vec_f32 splat_at_f32(const float *p) {
#if NN_ISA == 2
  vec_f32 v;
  __asm__("vbroadcastss %1, %0" : "=v"(v) : "m"(*p));
  return v;
#else
  return *p - (vec_f32){0};
#endif
}

// The first n lanes at p (the others 0), 0 < n < lanes.
INLINE vec_f32 load_part_f32(const float *p, int64_t n) {
#if NN_ISA == 2
  return (vec_f32)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#elif NN_ISA == 1
  return (vec_f32)_mm256_maskload_ps(p, _mm256_loadu_si256((const __m256i *)(const void *)(mask32 + 8 - n)));
#else
  vec_f32 v = {0};
  for (int64_t i = 0; i < n; i++) v[i] = p[i];
  return v;
#endif
}

INLINE void store_part_f32(float *p, vec_f32 v, int64_t n) {
#if NN_ISA == 2
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#elif NN_ISA == 1
  _mm256_maskstore_ps(p, _mm256_loadu_si256((const __m256i *)(const void *)(mask32 + 8 - n)), (__m256)v);
#else
  for (int64_t i = 0; i < n; i++) p[i] = v[i];
#endif
}

// Transposes 8 rows at x[i] + p by 8 columns into 8 rows of y (distance ldy).
#define BLOCK_f32 8
#if NN_ISA > 0
INLINE void transpose_block_f32(const float *const *x, int64_t p, float *y, int64_t ldy) {
  __m256 r[8], s[8];
  UNROLL for (int i = 0; i < 4; i++) { // r[i]: columns 0-3 of rows i and i + 4; r[i + 4]: columns 4-7
    r[i] =
        _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(x[i] + p)), _mm_loadu_ps(x[i + 4] + p), 1);
    r[i + 4] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(x[i] + p + 4)),
                                    _mm_loadu_ps(x[i + 4] + p + 4), 1);
  }
  UNROLL for (int h = 0; h < 8; h += 4) {
    s[h] = _mm256_unpacklo_ps(r[h], r[h + 1]);
    s[h + 1] = _mm256_unpackhi_ps(r[h], r[h + 1]);
    s[h + 2] = _mm256_unpacklo_ps(r[h + 2], r[h + 3]);
    s[h + 3] = _mm256_unpackhi_ps(r[h + 2], r[h + 3]);
    _mm256_storeu_ps(y + h * ldy, _mm256_shuffle_ps(s[h], s[h + 2], 0x44));
    _mm256_storeu_ps(y + (h + 1) * ldy, _mm256_shuffle_ps(s[h], s[h + 2], 0xee));
    _mm256_storeu_ps(y + (h + 2) * ldy, _mm256_shuffle_ps(s[h + 1], s[h + 3], 0x44));
    _mm256_storeu_ps(y + (h + 3) * ldy, _mm256_shuffle_ps(s[h + 1], s[h + 3], 0xee));
  }
}
#else
INLINE void transpose_block_f32(const float *const *x, int64_t p, float *y, int64_t ldy) {
  for (int j = 0; j < 8; j++)
    for (int i = 0; i < 8; i++) y[j * ldy + i] = x[i][p + j];
}
#endif

// The sums of the lanes of four vectors.
INLINE void total4_f32(const vec_f32 *s, float *to) {
#if NN_ISA == 2
  const __m512 a = (__m512)s[0], b = (__m512)s[1], c = (__m512)s[2], d = (__m512)s[3];
  const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
  const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
  const __m512 all = _mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xee));
  const __m256 high = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(all), 1));
  const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(all), high);
#elif NN_ISA == 1
  const __m256 a = (__m256)s[0], b = (__m256)s[1], c = (__m256)s[2], d = (__m256)s[3];
  const __m256 ab = _mm256_add_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
  const __m256 cd = _mm256_add_ps(_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
  const __m256 half = _mm256_add_ps(_mm256_shuffle_ps(ab, cd, 0x44), _mm256_shuffle_ps(ab, cd, 0xee));
#endif
#if NN_ISA > 0
  _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
#else
  for (int i = 0; i < 4; i++) to[i] = (s[i][0] + s[i][2]) + (s[i][1] + s[i][3]);
#endif
}

#include "gemm_body.h"

#undef T
#undef INT
#undef NAME
#undef FMA
#define T          double
#define INT        int64_t
#define NAME(name) name##_f64
#if NN_ISA == 0
#define FMA(a, b, c) ((a) * (b) + (c))
#elif NN_ISA == 1
#define FMA(a, b, c) (vec_f64) _mm256_fmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c))
#else
#define FMA(a, b, c) (vec_f64) _mm512_fmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c))
#endif

#if NN_ISA == 2
INLINE vec_f64 fma_splat_f64(const double *p, vec_f64 b, vec_f64 c) {
  __asm__("vfmadd231pd %1%{1to8%}, %2, %0" : "+v"(c) : "m"(*p), "v"(b));
  return c;
}
#else
INLINE vec_f64 fma_splat_f64(const double *p, vec_f64 b, vec_f64 c) { return FMA(*p - (vec_f64){0}, b, c); }
#endif

INLINE vec_f64 splat_at_f64(const double *p) {
#if NN_ISA == 2
  vec_f64 v;
  __asm__("vbroadcastsd %1, %0" : "=v"(v) : "m"(*p));
  return v;
#else
  return *p - (vec_f64){0};
#endif
}

INLINE vec_f64 load_part_f64(const double *p, int64_t n) {
#if NN_ISA == 2
  return (vec_f64)_mm512_maskz_loadu_pd((__mmask8)((1u << n) - 1), p);
#elif NN_ISA == 1
  return (vec_f64)_mm256_maskload_pd(p, _mm256_loadu_si256((const __m256i *)(const void *)(mask64 + 4 - n)));
#else
  vec_f64 v = {0};
  for (int64_t i = 0; i < n; i++) v[i] = p[i];
  return v;
#endif
}

INLINE void store_part_f64(double *p, vec_f64 v, int64_t n) {
#if NN_ISA == 2
  _mm512_mask_storeu_pd(p, (__mmask8)((1u << n) - 1), (__m512d)v);
#elif NN_ISA == 1
  _mm256_maskstore_pd(p, _mm256_loadu_si256((const __m256i *)(const void *)(mask64 + 4 - n)), (__m256d)v);
#else
  for (int64_t i = 0; i < n; i++) p[i] = v[i];
#endif
}

// Transposes 4 rows at x[i] + p by 4 columns into 4 rows of y (distance ldy).
#define BLOCK_f64 4
#if NN_ISA > 0
INLINE void transpose_block_f64(const double *const *x, int64_t p, double *y, int64_t ldy) {
  __m256d r[4];
  UNROLL for (int i = 0; i < 2; i++) { // r[i]: columns 0-1 of rows i and i + 2; r[i + 2]: columns 2-3
    r[i] =
        _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(x[i] + p)), _mm_loadu_pd(x[i + 2] + p), 1);
    r[i + 2] = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(x[i] + p + 2)),
                                    _mm_loadu_pd(x[i + 2] + p + 2), 1);
  }
  UNROLL for (int h = 0; h < 4; h += 2) {
    _mm256_storeu_pd(y + h * ldy, _mm256_unpacklo_pd(r[h], r[h + 1]));
    _mm256_storeu_pd(y + (h + 1) * ldy, _mm256_unpackhi_pd(r[h], r[h + 1]));
  }
}
#else
INLINE void transpose_block_f64(const double *const *x, int64_t p, double *y, int64_t ldy) {
  for (int j = 0; j < 4; j++)
    for (int i = 0; i < 4; i++) y[j * ldy + i] = x[i][p + j];
}
#endif

INLINE void total4_f64(const vec_f64 *s, double *to) {
#if NN_ISA == 2
  __m256d h[4];
  UNROLL for (int i = 0; i < 4; i++) {
    h[i] = _mm256_add_pd(_mm512_castpd512_pd256((__m512d)s[i]), _mm512_extractf64x4_pd((__m512d)s[i], 1));
  }
#elif NN_ISA == 1
  const __m256d h[4] = {(__m256d)s[0], (__m256d)s[1], (__m256d)s[2], (__m256d)s[3]};
#endif
#if NN_ISA > 0
  UNROLL for (int i = 0; i < 4; i += 2) {
    const __m256d v = _mm256_add_pd(_mm256_unpacklo_pd(h[i], h[i + 1]), _mm256_unpackhi_pd(h[i], h[i + 1]));
    _mm_storeu_pd(to + i, _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1)));
  }
#else
  for (int i = 0; i < 4; i++) to[i] = s[i][0] + s[i][1];
#endif
}

#include "gemm_body.h"

extern const nn_gemm_kernels NN_KERNEL(nn_gemm_table);
const nn_gemm_kernels NN_KERNEL(nn_gemm_table) = {.f32 = gemm_f32,
                                                   .f64 = gemm_f64,
                                                   .units_f32 = units_f32,
                                                   .units_f64 = units_f64,
                                                   .team_f32 = team_f32,
                                                   .team_f64 = team_f64};
