// Reductions of runs and of columns: sums from reduce_loops.h, extremes, means and the tables here.
// Knows no tensors, shapes or threads.
#include "kernels/reduce.h"

#include "kernels/vector.h"
#include "kernels/vmath_core.h"
#undef NN_INLINE
#include "kernels/simd.h"

#define SUM_BLOCK 1024
#define COLS      512

#define REAL       float
#define WIDE       double
#define WIDE_VEC   vec_d
#define WIDE_TOTAL total_d
#define F(name)    name##_f
#define ABS(v)     abs_f(v)
#define FIRST(x, n) nn_load_first_f32(x, n)
#include "kernels/reduce_loops.h"
#undef REAL
#undef WIDE
#undef WIDE_VEC
#undef WIDE_TOTAL
#undef F
#undef ABS
#undef FIRST

#define REAL       double
#define WIDE       double
#define WIDE_VEC   vec_d
#define WIDE_TOTAL total_d
#define F(name)    name##_d
#define ABS(v)     abs_d(v)
#define FIRST(x, n) nn_load_first_f64(x, n)
#include "kernels/reduce_loops.h"
#undef REAL
#undef WIDE
#undef WIDE_VEC
#undef WIDE_TOTAL
#undef F
#undef ABS
#undef FIRST

#define REAL       uint64_t
#define WIDE       uint64_t
#define WIDE_VEC   vec_i
#define WIDE_TOTAL total_i
#define F(name)    name##_i
#define ABS(v)     ((int64_t)(v) < 0 ? 0 - (v) : (v))
#include "kernels/reduce_loops.h"
#undef REAL
#undef WIDE
#undef WIDE_VEC
#undef WIDE_TOTAL
#undef F
#undef ABS

// --- bytes
// --------------------------------------------------------------------------------------------------------

static void run_sum_u(int64_t n, const void *vx, void *y) {
  const uint8_t *x = vx;
  int64_t total = 0;
  for (int64_t i0 = 0; i0 < n; i0 += 1 << 20) {
    const int64_t i1 = n - i0 < 1 << 20 ? n : i0 + (1 << 20);
    uint32_t s = 0;
    for (int64_t i = i0; i < i1; i++) s += x[i];
    total += s;
  }
  *(int64_t *)y = total;
}
static void run_prod_u(int64_t n, const void *vx, void *y) {
  const uint8_t *x = vx;
  uint64_t p = 1;
  for (int64_t i = 0; i < n; i++) p *= x[i];
  *(uint64_t *)y = p;
}
static void cols_sum_u(int64_t outer, int64_t inner, const void *vx, int64_t stride, void *vy) {
  const uint8_t *x = vx;
  int64_t *y = vy;
  for (int64_t j = 0; j < inner; j++) y[j] = 0;
  for (int64_t i = 0; i < outer; i++) {
    const uint8_t *a = x + i * stride;
    NN_VECTOR_LOOP for (int64_t j = 0; j < inner; j++) y[j] += a[j];
  }
}
static void cols_prod_u(int64_t outer, int64_t inner, const void *vx, int64_t stride, void *vy) {
  const uint8_t *x = vx;
  uint64_t *y = vy;
  for (int64_t j = 0; j < inner; j++) y[j] = 1;
  for (int64_t i = 0; i < outer; i++) {
    const uint8_t *a = x + i * stride;
    NN_VECTOR_LOOP for (int64_t j = 0; j < inner; j++) y[j] *= a[j];
  }
}

// --- extremes
// -----------------------------------------------------------------------------------------------------
// BETTER(v, best) tells whether v takes the place of best; NaN takes it from numbers and keeps it.

#define MAX_REAL(v, best) ((v) > (best) || (v) != (v))
#define MIN_REAL(v, best) ((v) < (best) || (v) != (v))
#define MAX_INT(v, best)  ((v) > (best))
#define MIN_INT(v, best)  ((v) < (best))
#define MANY              (256 / (int64_t)sizeof(best[0]))

#define EXTREME(name, T, BETTER)                                                                             \
  EXTREME_VALUE(name, T, BETTER)                                                                             \
  EXTREME_PLACE(name, T)                                                                                     \
  EXTREME_ALL(name, T, BETTER)
#define EXTREME_VALUE(name, T, BETTER)                                                                       \
  static T name##_value(int64_t n, const T *x) {                                                             \
    T best[256 / sizeof(T)], y = x[0];                                                                       \
    int64_t i = 0;                                                                                           \
    if (n >= MANY) {                                                                                         \
      memcpy(best, x, sizeof best);                                                                          \
      for (i = MANY; i + MANY <= n; i += MANY)                                                               \
        for (int64_t j = 0; j < MANY; j++) best[j] = BETTER(x[i + j], best[j]) ? x[i + j] : best[j];         \
      for (int64_t j = 0; j < MANY; j++) y = BETTER(best[j], y) ? best[j] : y;                               \
    }                                                                                                        \
    for (; i < n; i++) y = BETTER(x[i], y) ? x[i] : y;                                                       \
    return y;                                                                                                \
  }
// The first place of v among x, of any NaN if v is one.
#define EXTREME_PLACE(name, T)                                                                               \
  static int64_t name##_place(int64_t n, const T *x, T v) {                                                  \
    int64_t i = 0;                                                                                           \
    for (; i + 64 <= n; i += 64) {                                                                           \
      int hit = 0;                                                                                           \
      for (int64_t j = 0; j < 64; j++) hit |= x[i + j] == v || x[i + j] != x[i + j];                         \
      if (hit) break;                                                                                        \
    }                                                                                                        \
    while (x[i] != v && x[i] == x[i]) i++;                                                                   \
    return i;                                                                                                \
  }
#define EXTREME_ALL(name, T, BETTER)                                                                         \
  static void run_##name(int64_t n, const void *x, void *y) { *(T *)y = name##_value(n, x); }                \
  static int64_t arg_##name(int64_t n, const void *x, void *value) {                                         \
    const T v = name##_value(n, x);                                                                          \
    if (value != NULL) *(T *)value = v;                                                                      \
    return name##_place(n, x, v);                                                                            \
  }                                                                                                          \
  static void cols_##name(int64_t outer, int64_t inner, const void *vx, int64_t stride, void *vy) {          \
    const T *x = vx;                                                                                         \
    T *y = vy;                                                                                               \
    for (int64_t j0 = 0; j0 < inner; j0 += 4 * COLS) {                                                       \
      const int64_t j1 = inner - j0 < 4 * COLS ? inner : j0 + 4 * COLS;                                      \
      memcpy(y + j0, x + j0, (size_t)(j1 - j0) * sizeof(T));                                                 \
      for (int64_t i = 1; i < outer; i++) {                                                                  \
        const T *a = x + i * stride;                                                                         \
        NN_VECTOR_LOOP for (int64_t j = j0; j < j1; j++) y[j] = BETTER(a[j], y[j]) ? a[j] : y[j];            \
      }                                                                                                      \
    }                                                                                                        \
  }                                                                                                          \
  static void arg_cols_##name(int64_t outer, int64_t inner, const void *vx, int64_t stride, int64_t base,    \
                              void *value, int64_t *index) {                                                 \
    const T *x = vx;                                                                                         \
    for (int64_t j0 = 0; j0 < inner; j0 += COLS) {                                                           \
      const int64_t width = inner - j0 < COLS ? inner - j0 : COLS;                                           \
      T best[COLS];                                                                                          \
      int64_t at[COLS];                                                                                      \
      memcpy(best, x + j0, (size_t)width * sizeof(T));                                                       \
      for (int64_t j = 0; j < width; j++) at[j] = base;                                                      \
      for (int64_t i = 1; i < outer; i++) {                                                                  \
        const T *a = x + i * stride + j0;                                                                    \
        NN_VECTOR_LOOP for (int64_t j = 0; j < width; j++) {                                                 \
          const int take = BETTER(a[j], best[j]) && best[j] == best[j];                                      \
          at[j] = take ? base + i : at[j];                                                                   \
          best[j] = take ? a[j] : best[j];                                                                   \
        }                                                                                                    \
      }                                                                                                      \
      if (value != NULL) memcpy((T *)value + j0, best, (size_t)width * sizeof(T));                           \
      if (index != NULL) memcpy(index + j0, at, (size_t)width * sizeof *at);                                 \
    }                                                                                                        \
  }

#if NN_ISA >= 1
// The instructions for maximum and minimum lose NaN; that there is one is found by one comparison for two vectors.
#if NN_ISA == 2
#define OF_TWO(op, s, a, b) (vec_##s)_mm512_##op##_p##s((__m512##s)(a), (__m512##s)(b))
#define NAN_MASK(s, a, b)   (unsigned)_mm512_cmp_p##s##_mask((__m512##s)(a), (__m512##s)(b), _CMP_UNORD_Q)
#define SAME_MASK(s, a, b)  (unsigned)_mm512_cmp_p##s##_mask((__m512##s)(a), (__m512##s)(b), _CMP_EQ_OQ)
#define ACROSS(op, s, v)    _mm512_reduce_##op##_p##s((__m512##s)(v))
#define __m512f __m512
#define _mm512_reduce_max_pf _mm512_reduce_max_ps
#define _mm512_reduce_min_pf _mm512_reduce_min_ps
#define _mm512_max_pf _mm512_max_ps
#define _mm512_min_pf _mm512_min_ps
#define _mm512_cmp_pf_mask _mm512_cmp_ps_mask
#else
#define OF_TWO(op, s, a, b) (vec_##s)_mm256_##op##_p##s((__m256##s)(a), (__m256##s)(b))
#define NAN_MASK(s, a, b)   (unsigned)_mm256_movemask_p##s(_mm256_cmp_p##s((__m256##s)(a), (__m256##s)(b), _CMP_UNORD_Q))
#define SAME_MASK(s, a, b)  (unsigned)_mm256_movemask_p##s(_mm256_cmp_p##s((__m256##s)(a), (__m256##s)(b), _CMP_EQ_OQ))
#define ACROSS(op, s, v)    across_##op##_##s(v)
#define __m256f __m256
#define _mm256_max_pf _mm256_max_ps
#define _mm256_min_pf _mm256_min_ps
#define _mm256_cmp_pf _mm256_cmp_ps
#define _mm256_movemask_pf _mm256_movemask_ps
#define ACROSS_LANES(op)                                                                                     \
  static inline float across_##op##_f(vec_f v) {                                                             \
    __m128 h = _mm_##op##_ps(_mm256_castps256_ps128((__m256)v), _mm256_extractf128_ps((__m256)v, 1));        \
    h = _mm_##op##_ps(h, _mm_movehl_ps(h, h));                                                               \
    return _mm_cvtss_f32(_mm_##op##_ss(h, _mm_movehdup_ps(h)));                                              \
  }                                                                                                          \
  static inline double across_##op##_d(vec_d v) {                                                            \
    const __m128d h = _mm_##op##_pd(_mm256_castpd256_pd128((__m256d)v), _mm256_extractf128_pd((__m256d)v, 1)); \
    return _mm_cvtsd_f64(_mm_##op##_sd(h, _mm_unpackhi_pd(h, h)));                                           \
  }
ACROSS_LANES(max)
ACROSS_LANES(min)
#endif
#define EXTREME_REAL(name, T, s, op, BETTER)                                                                 \
  static T name##_value(int64_t n, const T *x) {                                                             \
    enum { LANES = sizeof(vec_##s) / sizeof(T) };                                                            \
    T y = x[0];                                                                                              \
    if (n < LANES) {                                                                                         \
      for (int64_t i = 1; i < n; i++) y = BETTER(x[i], y) ? x[i] : y;                                        \
      return y;                                                                                              \
    }                                                                                                        \
    const T *end = x + n - LANES; /* the last vector may share numbers with the one before */                \
    vec_##s a = load_##s(x), b = load_##s(end), c = a, d = b;                                                \
    unsigned nan = NAN_MASK(s, a, b);                                                                        \
    int64_t i = LANES;                                                                                       \
    for (; i + 4 * LANES <= n; i += 4 * LANES) {                                                             \
      const vec_##s e = load_##s(x + i), f = load_##s(x + i + LANES);                                        \
      const vec_##s g = load_##s(x + i + 2 * LANES), h = load_##s(x + i + 3 * LANES);                        \
      a = OF_TWO(op, s, a, e), b = OF_TWO(op, s, b, f), c = OF_TWO(op, s, c, g), d = OF_TWO(op, s, d, h);    \
      nan |= NAN_MASK(s, e, f), nan |= NAN_MASK(s, g, h);                                                    \
    }                                                                                                        \
    for (; i + LANES <= n; i += LANES) {                                                                     \
      const vec_##s e = load_##s(x + i);                                                                     \
      a = OF_TWO(op, s, a, e);                                                                               \
      nan |= NAN_MASK(s, e, e);                                                                              \
    }                                                                                                        \
    if (nan) return (T)NAN;                                                                                  \
    return ACROSS(op, s, OF_TWO(op, s, OF_TWO(op, s, a, b), OF_TWO(op, s, c, d)));                           \
  }                                                                                                          \
  static int64_t name##_place(int64_t n, const T *x, T v) {                                                  \
    enum { LANES = sizeof(vec_##s) / sizeof(T) };                                                            \
    if (v != v || n < LANES) {                                                                               \
      int64_t i = 0;                                                                                         \
      while (x[i] != v && x[i] == x[i]) i++;                                                                 \
      return i;                                                                                              \
    }                                                                                                        \
    const vec_##s all = v - (vec_##s){0};                                                                    \
    for (int64_t i = 0; i + LANES <= n; i += LANES) {                                                        \
      const unsigned hit = SAME_MASK(s, load_##s(x + i), all);                                               \
      if (hit) return i + __builtin_ctz(hit);                                                                \
    }                                                                                                        \
    return n - LANES + __builtin_ctz(SAME_MASK(s, load_##s(x + n - LANES), all));                            \
  }                                                                                                          \
  EXTREME_ALL(name, T, BETTER)
#else
#define EXTREME_REAL(name, T, s, op, BETTER) EXTREME(name, T, BETTER)
#endif
EXTREME_REAL(max_f, float, f, max, MAX_REAL)
EXTREME_REAL(min_f, float, f, min, MIN_REAL)
EXTREME_REAL(max_d, double, d, max, MAX_REAL)
EXTREME_REAL(min_d, double, d, min, MIN_REAL)
EXTREME(max_i, int64_t, MAX_INT)
EXTREME(min_i, int64_t, MIN_INT)
EXTREME(max_u, uint8_t, MAX_INT)
EXTREME(min_u, uint8_t, MIN_INT)

// --- short rows
// --------------------------------------------------------------------------------------------------------------

#if NN_ISA >= 1
#include "kernels/reduce_rows.h"
#define ROWS(name) \
  { [NN_FLOAT32] = rows_##name }
#endif

// --- rows that lie apart
// -----------------------------------------------------------------------------------------------------
// Four vectors of columns at a time stay in registers. Chains of 32 additions, as in the sums of columns.

#define PICKED(suffix, T)                                                                                    \
  static void picked_sum_##suffix(int64_t count, const int64_t *offset, int64_t n, const void *vx,           \
                                  double scale, void *vy) {                                                  \
    enum { LANES = sizeof(vec_##suffix) / sizeof(T), WIDTH = 4 * LANES };                                    \
    const T *x = vx, by = (T)scale;                                                                          \
    T *y = vy;                                                                                               \
    int64_t j = 0;                                                                                           \
    for (; j + WIDTH <= n; j += WIDTH) {                                                                     \
      vec_##suffix t0 = {0}, t1 = {0}, t2 = {0}, t3 = {0};                                                   \
      for (int64_t i0 = 0; i0 < count; i0 += 32) {                                                           \
        const int64_t i1 = count - i0 < 32 ? count : i0 + 32;                                                \
        vec_##suffix s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};                                                 \
        for (int64_t i = i0; i < i1; i++) {                                                                  \
          const T *r = x + offset[i] + j;                                                                    \
          s0 += load_##suffix(r), s1 += load_##suffix(r + LANES);                                            \
          s2 += load_##suffix(r + 2 * LANES), s3 += load_##suffix(r + 3 * LANES);                            \
        }                                                                                                    \
        t0 += s0, t1 += s1, t2 += s2, t3 += s3;                                                              \
      }                                                                                                      \
      store_##suffix(y + j, t0 * by), store_##suffix(y + j + LANES, t1 * by);                                \
      store_##suffix(y + j + 2 * LANES, t2 * by), store_##suffix(y + j + 3 * LANES, t3 * by);                \
    }                                                                                                        \
    for (; j < n; j++) {                                                                                     \
      double s = 0;                                                                                          \
      for (int64_t i = 0; i < count; i++) s += (double)x[offset[i] + j];                                     \
      y[j] = (T)s * by;                                                                                      \
    }                                                                                                        \
  }
PICKED(f, float)
PICKED(d, double)

// --- typed forms, mean and variance
// -------------------------------------------------------------------------------

static float sum_f32(int64_t n, const float *x) { return (float)wide_sum_f(n, x); }
static double sum_f64(int64_t n, const double *x) { return wide_sum_d(n, x); }
static float dot_f32(int64_t n, const float *a, const float *b) { return (float)wide_dot_f(n, a, b); }
static double dot_f64(int64_t n, const double *a, const double *b) { return wide_dot_d(n, a, b); }
static int64_t dot_i64(int64_t n, const int64_t *a, const int64_t *b) {
  return (int64_t)wide_dot_i(n, (const uint64_t *)a, (const uint64_t *)b);
}

// Of d = x - m: the sum, which is what rounding the mean to m left, and the sum of squares.
#define CENTRED(suffix, T)                                                                                   \
  static void centred_##suffix(int64_t n, const T *x, T m, double *sum, double *square) {                    \
    enum { LANES = sizeof(vec_##suffix) / sizeof(T) };                                                       \
    *sum = *square = 0;                                                                                      \
    for (int64_t at = 0; at < n; at += SUM_BLOCK) {                                                          \
      const int64_t end = n - at < SUM_BLOCK ? n : at + SUM_BLOCK;                                           \
      vec_##suffix s0 = {0}, s1 = {0}, q0 = {0}, q1 = {0};                                                   \
      int64_t i = at;                                                                                        \
      for (; i + 2 * LANES <= end; i += 2 * LANES) {                                                         \
        const vec_##suffix d = load_##suffix(x + i) - m, e = load_##suffix(x + i + LANES) - m;               \
        s0 += d, s1 += e, q0 += d * d, q1 += e * e;                                                          \
      }                                                                                                      \
      for (; i < end; i++) {                                                                                 \
        const double d = (double)(x[i] - m);                                                                 \
        *sum += d, *square += d * d;                                                                         \
      }                                                                                                      \
      *sum += total_##suffix(s0 + s1), *square += total_##suffix(q0 + q1);                                   \
    }                                                                                                        \
  }                                                                                                          \
  static void mean_var_##suffix(int64_t n, const T *x, T *mean, T *m2) {                                     \
    const T m = (T)(wide_sum_##suffix(n, x) / (double)n);                                                    \
    double sum, square;                                                                                      \
    centred_##suffix(n, x, m, &sum, &square);                                                                \
    square -= sum * sum / (double)n;                                                                         \
    *mean = (T)((double)m + (sum - sum == 0 ? sum / (double)n : 0));                                         \
    *m2 = (T)(square < 0 ? 0 : square);                                                                      \
  }                                                                                                          \
  static void mean_var_cols_##suffix(int64_t outer, int64_t inner, const T *x, int64_t stride, T *mean,      \
                                     T *m2) {                                                                \
    cols_sum_##suffix(outer, inner, x, stride, mean);                                                        \
    const double scale = 1.0 / (double)outer;                                                                \
    for (int64_t j = 0; j < inner; j++) mean[j] = (T)((double)mean[j] / (double)outer);                      \
    for (int64_t j0 = 0; j0 < inner; j0 += COLS) {                                                           \
      const int64_t width = inner - j0 < COLS ? inner - j0 : COLS;                                           \
      const T *m = mean + j0;                                                                                \
      T s[COLS], q[COLS];                                                                                    \
      double sum[COLS], square[COLS];                                                                        \
      for (int64_t j = 0; j < width; j++) sum[j] = square[j] = 0;                                            \
      for (int64_t i0 = 0; i0 < outer; i0 += 64) {                                                           \
        const int64_t i1 = outer - i0 < 64 ? outer : i0 + 64;                                                \
        for (int64_t j = 0; j < width; j++) s[j] = q[j] = 0;                                                 \
        for (int64_t i = i0; i < i1; i++) {                                                                  \
          const T *a = x + i * stride + j0;                                                                  \
          NN_VECTOR_LOOP for (int64_t j = 0; j < width; j++) {                                               \
            const T d = a[j] - m[j];                                                                         \
            s[j] += d, q[j] += d * d;                                                                        \
          }                                                                                                  \
        }                                                                                                    \
        for (int64_t j = 0; j < width; j++) sum[j] += (double)s[j], square[j] += (double)q[j];               \
      }                                                                                                      \
      for (int64_t j = 0; j < width; j++) {                                                                  \
        const double v = square[j] - sum[j] * sum[j] * scale;                                                \
        m2[j0 + j] = (T)(v < 0 ? 0 : v);                                                                     \
      }                                                                                                      \
    }                                                                                                        \
  }
CENTRED(f, float)
CENTRED(d, double)

// --- the table
// ----------------------------------------------------------------------------------------------------

#define ALL(name)                                                                                            \
  {                                                                                                          \
    [NN_FLOAT32] = name##_f, [NN_FLOAT64] = name##_d, [NN_INT64] = name##_i, [NN_UINT8] = name##_u,          \
    [NN_BOOL] = name##_u                                                                                     \
  }
#define NUMBERS(name)                                                                                        \
  { [NN_FLOAT32] = name##_f, [NN_FLOAT64] = name##_d, [NN_INT64] = name##_i }

const struct nn_reduce_kernels NN_KERNEL(nn_reduce) = {
    .run = {[NN_REDUCE_SUM] = ALL(run_sum),
            [NN_REDUCE_PROD] = ALL(run_prod),
            [NN_REDUCE_SUM_SQUARES] = NUMBERS(run_square),
            [NN_REDUCE_SUM_ABS] = NUMBERS(run_abs),
            [NN_REDUCE_MAX] = ALL(run_max),
            [NN_REDUCE_MIN] = ALL(run_min)},
    .cols = {[NN_REDUCE_SUM] = ALL(cols_sum),
             [NN_REDUCE_PROD] = ALL(cols_prod),
             [NN_REDUCE_SUM_SQUARES] = NUMBERS(cols_square),
             [NN_REDUCE_SUM_ABS] = NUMBERS(cols_abs),
             [NN_REDUCE_MAX] = ALL(cols_max),
             [NN_REDUCE_MIN] = ALL(cols_min)},
#if NN_ISA >= 1
    .rows = {[NN_REDUCE_SUM] = ROWS(sum),
             [NN_REDUCE_SUM_SQUARES] = ROWS(square),
             [NN_REDUCE_SUM_ABS] = ROWS(abs),
             [NN_REDUCE_MAX] = ROWS(max),
             [NN_REDUCE_MIN] = ROWS(min)},
    .rows_least = {[NN_REDUCE_SUM] = SUMS_FROM, [NN_REDUCE_SUM_SQUARES] = SUMS_FROM, [NN_REDUCE_SUM_ABS] = SUMS_FROM,
                   [NN_REDUCE_MAX] = LANES_F, [NN_REDUCE_MIN] = LANES_F},
    .rows_most = 64 * LANES_F,
#endif
    .argmax = ALL(arg_max),
    .argmin = ALL(arg_min),
    .argmax_cols = ALL(arg_cols_max),
    .argmin_cols = ALL(arg_cols_min),
    .picked_sum = {[NN_FLOAT32] = picked_sum_f, [NN_FLOAT64] = picked_sum_d},
    .sum_f32 = sum_f32,
    .sum_f64 = sum_f64,
    .dot_f32 = dot_f32,
    .dot_f64 = dot_f64,
    .dot_i64 = dot_i64,
    .mean_var_f32 = mean_var_f,
    .mean_var_f64 = mean_var_d,
    .mean_var_cols_f32 = mean_var_cols_f,
    .mean_var_cols_f64 = mean_var_cols_d,
};
