// The elementwise loops: float and double from vmath_loops.h, integers, comparison, conversion and data
// movement here. Knows no tensors, shapes or threads.
#include "kernels/vmath.h"

#include "kernels/vmath_core.h"
#include "kernels/vmath_simd.h"

// --- rarely used functions, in double
// -----------------------------------------------------------------------------

static double log_gamma(double x) {
  int sign;
  return lgamma_r(x, &sign);
}

// Recurrence up to x >= 10, then the asymptotic series; reflection for x < 0. As PyTorch: +-infinity at 0,
// NaN at the negative whole numbers.
static double digamma(double x) {
  if (x == 0) return copysign((double)INFINITY, -x);
  double y = 0;
  if (x < 0) {
    const double whole = trunc(x);
    if (x == whole) return (double)NAN;
    y = -M_PI / tan(M_PI * (x - whole));
    x = 1 - x;
  }
  for (; x < 10; x += 1) y -= 1 / x;
  const double z = 1 / (x * x);
  const double series =
      z *
      (1.0 / 12 -
       z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760 - z / 12))))));
  return y + log(x) - 0.5 / x - series;
}

// Floats greater than 0 in vectors, the others and doubles one by one. y may be x.
#define GAMMA_KIND(name, above_0, call)                                                                      \
  static void u_##name##_f(int64_t n, const void *vx, void *vy) {                                            \
    enum { CHUNK = 512 };                                                                                    \
    float room[CHUNK];                                                                                       \
    for (int64_t i0 = 0; i0 < n; i0 += CHUNK) {                                                              \
      const int64_t len = n - i0 < CHUNK ? n - i0 : CHUNK;                                                   \
      float *y = (float *)vy + i0;                                                                           \
      memcpy(room, (const float *)vx + i0, (size_t)len * sizeof *room);                                      \
      NN_VECTOR_LOOP for (int64_t i = 0; i < len; i++) y[i] = (float)above_0((double)room[i]);               \
      for (int64_t i = 0; i < len; i++)                                                                      \
        if (!(room[i] > 0)) y[i] = (float)call((double)room[i]);                                             \
    }                                                                                                        \
  }                                                                                                          \
  static void u_##name##_d(int64_t n, const void *x, void *y) {                                              \
    for (int64_t i = 0; i < n; i++) ((double *)y)[i] = call(((const double *)x)[i]);                         \
  }
GAMMA_KIND(lgamma, lgamma_above_0_d, log_gamma)
GAMMA_KIND(digamma, digamma_above_0_d, digamma)

// --- loops of two operands
// ----------------------------------------------------------------------------------------

#define LOOP_VECTOR NN_VECTOR_LOOP
#define LOOP_SCALAR
// The three cases of a binary loop; `expr` is in x and z, `fail` collects errors.
#define BINARY_FAIL(name, T, kind, expr)                                                                     \
  static bool name(int64_t n, const void *va, int64_t sa, const void *vb, int64_t sb, void *vy) {            \
    const T *a = va, *b = vb;                                                                                \
    T *y = vy;                                                                                               \
    int fail = 0;                                                                                            \
    if (n <= 0) return true;                                                                                 \
    if (sa != 0 && sb != 0) {                                                                                \
      LOOP_##kind for (int64_t i = 0; i < n; i++) {                                                          \
        const T x = a[i], z = b[i];                                                                          \
        y[i] = (T)(expr);                                                                                    \
      }                                                                                                      \
    } else if (sa != 0) {                                                                                    \
      const T z = *b;                                                                                        \
      LOOP_##kind for (int64_t i = 0; i < n; i++) {                                                          \
        const T x = a[i];                                                                                    \
        y[i] = (T)(expr);                                                                                    \
      }                                                                                                      \
    } else if (sb != 0) {                                                                                    \
      const T x = *a;                                                                                        \
      LOOP_##kind for (int64_t i = 0; i < n; i++) {                                                          \
        const T z = b[i];                                                                                    \
        y[i] = (T)(expr);                                                                                    \
      }                                                                                                      \
    } else {                                                                                                 \
      const T x = *a, z = *b, r = (T)(expr);                                                                 \
      NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = r;                                               \
    }                                                                                                        \
    return !fail;                                                                                            \
  }
#define BINARY(name, T, kind, expr) BINARY_FAIL(name, T, kind, expr)

#define REAL       float
#define REAL_MAX   FLT_MAX
#define F(name)    name##_f
#define M(name)    name##f
#define TRIG_MAX   NN_TRIG_MAX_F
#define LOOP_POWER NN_VECTOR_LOOP
#define POWER_CALL pow_f
#define BY_VECTORS NN_SIMD_MATH
#define REMAINDERS_BY_VECTORS 1
#define REMAINDER_MAX 0x1p28 // times the divisor's 24 digits: exact in double
#include "kernels/vmath_loops.h"
#undef REAL
#undef REAL_MAX
#undef F
#undef M
#undef TRIG_MAX
#undef LOOP_POWER
#undef POWER_CALL
#undef BY_VECTORS
#undef REMAINDERS_BY_VECTORS
#undef REMAINDER_MAX
#undef BY_LEFT_OVER
#undef UNARY_V
#undef GRAD_V

#define REAL     double
#define REAL_MAX DBL_MAX
#define F(name)  name##_d
#define M(name)  name
#define TRIG_MAX NN_TRIG_MAX_D
#define LOOP_POWER
#define POWER_CALL pow
#define BY_VECTORS 0
#define REMAINDERS_BY_VECTORS NN_FMA
#define REMAINDER_MAX 0x1p51
#include "kernels/vmath_loops.h"
#undef REAL
#undef REAL_MAX
#undef F
#undef M

// --- integers
// -----------------------------------------------------------------------------------------------------
// Arithmetic wraps: it is done on unsigned numbers.

typedef int64_t i64;
typedef uint64_t u64;

#define UNARY_INT(name, T, expr)                                                                             \
  static void name(int64_t n, const void *vx, void *vy) {                                                    \
    const T *xs = vx;                                                                                        \
    T *ys = vy;                                                                                              \
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {                                                         \
      const T x = xs[i];                                                                                     \
      ys[i] = (T)(expr);                                                                                     \
    }                                                                                                        \
  }
UNARY_INT(u_abs_i, i64, x < 0 ? -(u64)x : (u64)x)
UNARY_INT(u_neg_i, i64, -(u64)x)
UNARY_INT(u_sign_i, i64, (x > 0) - (x < 0))
UNARY_INT(u_square_i, i64, (u64)x *(u64)x)
UNARY_INT(u_relu_i, i64, x > 0 ? x : 0)
UNARY_INT(u_copy_i, i64, x)
UNARY_INT(u_bit_not_i, i64, ~x)
UNARY_INT(u_bit_not_u, uint8_t, ~x)
UNARY_INT(u_bit_not_b, uint8_t, x ^ 1u)

// The quotient rounded to minus infinity. Division by zero gives 0 and sets *fail; INT64_MIN / -1 wraps.
NN_INLINE i64 divide_floor(i64 x, i64 z, int *fail) {
  if (z == 0) return *fail = 1, 0;
  if (z == -1) return (i64)(-(u64)x);
  const i64 q = x / z;
  return q - (x % z != 0 && (x < 0) != (z < 0));
}
NN_INLINE i64 divide_trunc(i64 x, i64 z, int *fail) {
  if (z == 0) return *fail = 1, 0;
  return z == -1 ? (i64)(-(u64)x) : x / z;
}
NN_INLINE i64 modulo_trunc(i64 x, i64 z, int *fail) {
  if (z == 0) return *fail = 1, 0;
  return z == -1 ? 0 : x % z;
}
NN_INLINE i64 modulo_floor(i64 x, i64 z, int *fail) {
  const i64 m = modulo_trunc(x, z, fail);
  return m != 0 && (m < 0) != (z < 0) ? m + z : m;
}
NN_INLINE i64 power_int(i64 x, i64 z, int *fail) {
  if (z < 0) {
    *fail = 1;
    return x == 1 ? 1 : x == -1 ? (z % 2 != 0 ? -1 : 1) : 0;
  }
  u64 r = 1, base = (u64)x;
  for (; z > 0; z >>= 1, base *= base) r = (z & 1) != 0 ? r * base : r;
  return (i64)r;
}
BINARY(b_add_i, i64, VECTOR, (u64)x + (u64)z)
BINARY(b_sub_i, i64, VECTOR, (u64)x - (u64)z)
BINARY(b_mul_i, i64, VECTOR, (u64)x *(u64)z)
BINARY(b_maximum_i, i64, VECTOR, x > z ? x : z)
BINARY(b_minimum_i, i64, VECTOR, x < z ? x : z)
BINARY(b_bit_and_i, i64, VECTOR, x &z)
BINARY(b_bit_or_i, i64, VECTOR, x | z)
BINARY(b_bit_xor_i, i64, VECTOR, x ^ z)
BINARY_FAIL(b_floor_divide_i, i64, SCALAR, divide_floor(x, z, &fail))
BINARY_FAIL(b_trunc_divide_i, i64, SCALAR, divide_trunc(x, z, &fail))
BINARY_FAIL(b_fmod_i, i64, SCALAR, modulo_trunc(x, z, &fail))
BINARY_FAIL(b_remainder_i, i64, SCALAR, modulo_floor(x, z, &fail))
BINARY_FAIL(b_pow_i, i64, SCALAR, power_int(x, z, &fail))
BINARY(b_add_u, uint8_t, VECTOR, x + z)
BINARY(b_sub_u, uint8_t, VECTOR, x - z)
BINARY(b_mul_u, uint8_t, VECTOR, x *z)
BINARY(b_maximum_u, uint8_t, VECTOR, x > z ? x : z)
BINARY(b_minimum_u, uint8_t, VECTOR, x < z ? x : z)
BINARY(b_bit_and_u, uint8_t, VECTOR, x &z)
BINARY(b_bit_or_u, uint8_t, VECTOR, x | z)
BINARY(b_bit_xor_u, uint8_t, VECTOR, x ^ z)

static void clamp_i64(int64_t n, int64_t lo, int64_t hi, const int64_t *x, int64_t *y) {
  NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {
    const i64 v = x[i] < lo ? lo : x[i];
    y[i] = v > hi ? hi : v;
  }
}

// --- comparison, choice
// -------------------------------------------------------------------------------------------

#define COMPARE(name, T, op)                                                                                 \
  static void name(int64_t n, const void *va, int64_t sa, const void *vb, int64_t sb, uint8_t *y) {          \
    const T *a = va, *b = vb;                                                                                \
    if (n <= 0) return;                                                                                      \
    const T a0 = *a, b0 = *b;                                                                                \
    if (sa != 0 && sb != 0) {                                                                                \
      NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = (uint8_t)(a[i] op b[i]);                         \
    } else if (sa != 0) {                                                                                    \
      NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = (uint8_t)(a[i] op b0);                           \
    } else if (sb != 0) {                                                                                    \
      NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = (uint8_t)(a0 op b[i]);                           \
    } else {                                                                                                 \
      memset(y, (uint8_t)(a0 op b0), (size_t)n);                                                             \
    }                                                                                                        \
  }
#define COMPARE_ALL(suffix, T)                                                                               \
  COMPARE(c_eq_##suffix, T, ==)                                                                              \
  COMPARE(c_ne_##suffix, T, !=)                                                                              \
  COMPARE(c_lt_##suffix, T, <)                                                                               \
  COMPARE(c_le_##suffix, T, <=)                                                                              \
  COMPARE(c_gt_##suffix, T, >)                                                                               \
  COMPARE(c_ge_##suffix, T, >=)                                                                              \
  static void q_logical_not_##suffix(int64_t n, const void *vx, uint8_t *y) {                                \
    const T *x = vx;                                                                                         \
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = (uint8_t)(x[i] == 0);                              \
  }
COMPARE_ALL(f, float)
COMPARE_ALL(d, double)
COMPARE_ALL(i, i64)
COMPARE_ALL(u, uint8_t)

#define WHERE(name, T)                                                                                       \
  static void name(int64_t n, const uint8_t *mask, int64_t sm, const void *va, int64_t sa, const void *vb,   \
                   int64_t sb, void *vy) {                                                                   \
    const T *a = va, *b = vb;                                                                                \
    T *y = vy;                                                                                               \
    if (n <= 0) return;                                                                                      \
    const T a0 = *a, b0 = *b;                                                                                \
    if (sm == 0) {                                                                                           \
      const T *from = *mask ? a : b;                                                                         \
      const int64_t step = *mask ? sa : sb;                                                                  \
      for (int64_t i = 0; i < n; i++) y[i] = from[i * step];                                                 \
    } else if (sa != 0 && sb != 0) {                                                                         \
      NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {                                                       \
        const T x = a[i], z = b[i];                                                                          \
        y[i] = mask[i] ? x : z;                                                                              \
      }                                                                                                      \
    } else if (sa != 0) {                                                                                    \
      NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {                                                       \
        const T x = a[i];                                                                                    \
        y[i] = mask[i] ? x : b0;                                                                             \
      }                                                                                                      \
    } else if (sb != 0) {                                                                                    \
      NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {                                                       \
        const T z = b[i];                                                                                    \
        y[i] = mask[i] ? a0 : z;                                                                             \
      }                                                                                                      \
    } else {                                                                                                 \
      NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = mask[i] ? a0 : b0;                               \
    }                                                                                                        \
  }
WHERE(where_8, uint8_t)
WHERE(where_32, uint32_t)
WHERE(where_64, uint64_t)

// --- conversion
// ---------------------------------------------------------------------------------------------------

// Truncation; NaN and numbers out of range give INT64_MIN, as the processor's instruction does.
NN_INLINE i64 to_i64_f(float x) {
  const int ok = x >= -0x1p63f && x < 0x1p63f;
  const i64 v = (i64)(ok ? x : 0.0f);
  return ok ? v : INT64_MIN;
}
NN_INLINE i64 to_i64_d(double x) {
  const int ok = x >= -0x1p63 && x < 0x1p63;
  const i64 v = (i64)(ok ? x : 0.0);
  return ok ? v : INT64_MIN;
}
#define CONVERT(name, T, U, expr)                                                                            \
  static void name(int64_t n, const void *vx, void *vy) {                                                    \
    const T *restrict xs = vx;                                                                               \
    U *restrict ys = vy;                                                                                     \
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {                                                         \
      const T x = xs[i];                                                                                     \
      ys[i] = (U)(expr);                                                                                     \
    }                                                                                                        \
  }
CONVERT(v_f_d, float, double, x)
CONVERT(v_f_i, float, i64, to_i64_f(x))
CONVERT(v_f_u, float, uint8_t, to_i64_f(x))
CONVERT(v_f_b, float, uint8_t, x != 0)
CONVERT(v_d_f, double, float, x)
CONVERT(v_d_i, double, i64, to_i64_d(x))
CONVERT(v_d_u, double, uint8_t, to_i64_d(x))
CONVERT(v_d_b, double, uint8_t, x != 0)
CONVERT(v_i_f, i64, float, x)
CONVERT(v_i_d, i64, double, x)
CONVERT(v_i_u, i64, uint8_t, x)
CONVERT(v_i_b, i64, uint8_t, x != 0)
CONVERT(v_u_f, uint8_t, float, x)
CONVERT(v_u_d, uint8_t, double, x)
CONVERT(v_u_i, uint8_t, i64, x)
CONVERT(v_u_b, uint8_t, uint8_t, x != 0)
static void copy_1(int64_t n, const void *x, void *y) { memcpy(y, x, (size_t)n); }
static void copy_4(int64_t n, const void *x, void *y) { memcpy(y, x, (size_t)n * 4); }
static void copy_8(int64_t n, const void *x, void *y) { memcpy(y, x, (size_t)n * 8); }

// --- data movement
// ------------------------------------------------------------------------------------------------

typedef struct {
  uint64_t part[2];
} u128;

// Calls MOVE(T) for the type of `elem` bytes.
#define BY_SIZE(elem, MOVE)                                                                                  \
  switch (elem) {                                                                                            \
  case 1: MOVE(uint8_t); break;                                                                              \
  case 2: MOVE(uint16_t); break;                                                                             \
  case 4: MOVE(uint32_t); break;                                                                             \
  case 8: MOVE(uint64_t); break;                                                                             \
  case 16: MOVE(u128); break;                                                                                \
  default: break;                                                                                            \
  }

static void fill(int64_t n, const void *value, void *dst, size_t elem) {
#define FILL(T)                                                                                              \
  do {                                                                                                       \
    const T v = *(const T *)value;                                                                           \
    T *y = dst;                                                                                              \
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = v;                                                 \
  } while (0)
  BY_SIZE(elem, FILL)
}

static void gather_strided(int64_t n, const void *src, int64_t stride_bytes, void *dst, size_t elem) {
  const char *s = src;
#define GATHER(T)                                                                                            \
  do {                                                                                                       \
    T *y = dst;                                                                                              \
    for (int64_t i = 0; i < n; i++) y[i] = *(const T *)(const void *)(s + i * stride_bytes);                 \
  } while (0)
  if (n <= 0) return;
  if (stride_bytes == (int64_t)elem) {
    memcpy(dst, src, (size_t)n * elem);
  } else if (stride_bytes == 0) {
    fill(n, src, dst, elem);
  } else {
    BY_SIZE(elem, GATHER)
  }
}

static void scatter_strided(int64_t n, const void *src, void *dst, int64_t stride_bytes, size_t elem) {
  char *d = dst;
#define SCATTER(T)                                                                                           \
  do {                                                                                                       \
    const T *x = src;                                                                                        \
    for (int64_t i = 0; i < n; i++) *(T *)(void *)(d + i * stride_bytes) = x[i];                             \
  } while (0)
  if (n <= 0) return;
  if (stride_bytes == (int64_t)elem) {
    memcpy(dst, src, (size_t)n * elem);
  } else {
    BY_SIZE(elem, SCATTER)
  }
}

// Squares of 16 by 16: each line of cache is then read and written while it is near.
#define TRANSPOSE_TILE 16
#if NN_ISA == 2
// 16 lines of 16 floats in registers: no line is touched twice, which counts where rows lie a power of two apart and share
// their place in the cache.
static void transpose_lines(const char *s, int64_t src_stride, char *d, int64_t dst_stride) {
  __m512 r[16], t[16];
  for (int i = 0; i < 16; i++) r[i] = _mm512_loadu_ps(s + i * src_stride);
  for (int i = 0; i < 16; i += 2) t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]), t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
#define PAIRS(which, a, b) _mm512_castpd_ps(_mm512_unpack##which##_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)))
  for (int i = 0; i < 16; i += 4) {
    r[i] = PAIRS(lo, t[i], t[i + 2]), r[i + 1] = PAIRS(hi, t[i], t[i + 2]);
    r[i + 2] = PAIRS(lo, t[i + 1], t[i + 3]), r[i + 3] = PAIRS(hi, t[i + 1], t[i + 3]);
  }
#undef PAIRS
  for (int c = 0; c < 4; c++) { // lane k of r[4 q + c] has the numbers of column 4 k + c in rows 4 q to 4 q + 3
    const __m512 even = _mm512_shuffle_f32x4(r[c], r[4 + c], 0x88), odd = _mm512_shuffle_f32x4(r[c], r[4 + c], 0xdd);
    const __m512 even2 = _mm512_shuffle_f32x4(r[8 + c], r[12 + c], 0x88), odd2 = _mm512_shuffle_f32x4(r[8 + c], r[12 + c], 0xdd);
    _mm512_storeu_ps(d + c * dst_stride, _mm512_shuffle_f32x4(even, even2, 0x88));
    _mm512_storeu_ps(d + (4 + c) * dst_stride, _mm512_shuffle_f32x4(odd, odd2, 0x88));
    _mm512_storeu_ps(d + (8 + c) * dst_stride, _mm512_shuffle_f32x4(even, even2, 0xdd));
    _mm512_storeu_ps(d + (12 + c) * dst_stride, _mm512_shuffle_f32x4(odd, odd2, 0xdd));
  }
}
#endif
static void transpose(int64_t rows, int64_t cols, const void *src, int64_t src_stride, void *dst,
                      int64_t dst_stride, size_t elem) {
  const char *s = src;
  char *d = dst;
  const int64_t size = (int64_t)elem;
  for (int64_t i0 = 0; i0 < rows; i0 += TRANSPOSE_TILE) {
    const int64_t ni = rows - i0 < TRANSPOSE_TILE ? rows - i0 : TRANSPOSE_TILE;
    for (int64_t j0 = 0; j0 < cols; j0 += TRANSPOSE_TILE) {
      const int64_t nj = cols - j0 < TRANSPOSE_TILE ? cols - j0 : TRANSPOSE_TILE;
#if NN_ISA == 2
      if (size == 4 && ni == TRANSPOSE_TILE && nj == TRANSPOSE_TILE) {
        transpose_lines(s + i0 * src_stride + j0 * size, src_stride, d + j0 * dst_stride + i0 * size, dst_stride);
        continue;
      }
#endif
#define TRANSPOSE(T)                                                                                         \
  for (int64_t j = 0; j < nj; j++) {                                                                         \
    const char *from = s + i0 * src_stride + (j0 + j) * size;                                                \
    T *to = (T *)(void *)(d + (j0 + j) * dst_stride + i0 * size);                                            \
    for (int64_t i = 0; i < ni; i++) to[i] = *(const T *)(const void *)(from + i * src_stride);              \
  }
      BY_SIZE(elem, TRANSPOSE)
    }
  }
}

// --- the table
// ----------------------------------------------------------------------------------------------------

#define FLOATS(prefix, name)                                                                                 \
  { [NN_FLOAT32] = prefix##name##_f, [NN_FLOAT64] = prefix##name##_d }
#define WITH_INT(prefix, name)                                                                               \
  { [NN_FLOAT32] = prefix##name##_f, [NN_FLOAT64] = prefix##name##_d, [NN_INT64] = prefix##name##_i }
#define ALL(prefix, name)                                                                                    \
  {                                                                                                          \
    [NN_FLOAT32] = prefix##name##_f, [NN_FLOAT64] = prefix##name##_d, [NN_INT64] = prefix##name##_i,         \
    [NN_UINT8] = prefix##name##_u, [NN_BOOL] = prefix##name##_u                                              \
  }
#define ARITHMETIC(name, of_bool)                                                                            \
  {                                                                                                          \
    [NN_FLOAT32] = b_##name##_f, [NN_FLOAT64] = b_##name##_d, [NN_INT64] = b_##name##_i,                     \
    [NN_UINT8] = b_##name##_u, [NN_BOOL] = of_bool                                                           \
  }
#define BITWISE(name)                                                                                        \
  { [NN_INT64] = b_##name##_i, [NN_UINT8] = b_##name##_u, [NN_BOOL] = b_##name##_u }
#define ROUNDING(name)                                                                                       \
  { [NN_FLOAT32] = u_##name##_f, [NN_FLOAT64] = u_##name##_d, [NN_INT64] = u_copy_i }

const struct nn_vmath_kernels
    NN_KERNEL(nn_vmath) =
        {
            .unary =
                {
                    [NN_UNARY_EXP] = FLOATS(u_, exp),
                    [NN_UNARY_EXP2] = FLOATS(u_, exp2),
                    [NN_UNARY_EXPM1] = FLOATS(u_, expm1),
                    [NN_UNARY_LOG] = FLOATS(u_, log),
                    [NN_UNARY_LOG2] = FLOATS(u_, log2),
                    [NN_UNARY_LOG10] = FLOATS(u_, log10),
                    [NN_UNARY_LOG1P] = FLOATS(u_, log1p),
                    [NN_UNARY_SIN] = FLOATS(u_, sin),
                    [NN_UNARY_COS] = FLOATS(u_, cos),
                    [NN_UNARY_TAN] = FLOATS(u_, tan),
                    [NN_UNARY_ASIN] = FLOATS(u_, asin),
                    [NN_UNARY_ACOS] = FLOATS(u_, acos),
                    [NN_UNARY_ATAN] = FLOATS(u_, atan),
                    [NN_UNARY_SINH] = FLOATS(u_, sinh),
                    [NN_UNARY_COSH] = FLOATS(u_, cosh),
                    [NN_UNARY_TANH] = FLOATS(u_, tanh),
                    [NN_UNARY_ASINH] = FLOATS(u_, asinh),
                    [NN_UNARY_ACOSH] = FLOATS(u_, acosh),
                    [NN_UNARY_ATANH] = FLOATS(u_, atanh),
                    [NN_UNARY_SQRT] = FLOATS(u_, sqrt),
                    [NN_UNARY_RSQRT] = FLOATS(u_, rsqrt),
                    [NN_UNARY_RECIPROCAL] = FLOATS(u_, reciprocal),
                    [NN_UNARY_ERF] = FLOATS(u_, erf),
                    [NN_UNARY_ERFC] = FLOATS(u_, erfc),
                    [NN_UNARY_ERFINV] = FLOATS(u_, erfinv),
                    [NN_UNARY_LGAMMA] = FLOATS(u_, lgamma),
                    [NN_UNARY_DIGAMMA] = FLOATS(u_, digamma),
                    [NN_UNARY_SIGMOID] = FLOATS(u_, sigmoid),
                    [NN_UNARY_LOG_SIGMOID] = FLOATS(u_, log_sigmoid),
                    [NN_UNARY_SILU] = FLOATS(u_, silu),
                    [NN_UNARY_GELU] = FLOATS(u_, gelu),
                    [NN_UNARY_GELU_TANH] = FLOATS(u_, gelu_tanh),
                    [NN_UNARY_MISH] = FLOATS(u_, mish),
                    [NN_UNARY_HARDSIGMOID] = FLOATS(u_, hardsigmoid),
                    [NN_UNARY_HARDSWISH] = FLOATS(u_, hardswish),
                    [NN_UNARY_ABS] = WITH_INT(u_, abs),
                    [NN_UNARY_NEG] = WITH_INT(u_, neg),
                    [NN_UNARY_SIGN] = WITH_INT(u_, sign),
                    [NN_UNARY_SQUARE] = WITH_INT(u_, square),
                    [NN_UNARY_FLOOR] = ROUNDING(floor),
                    [NN_UNARY_CEIL] = ROUNDING(ceil),
                    [NN_UNARY_ROUND] = ROUNDING(round),
                    [NN_UNARY_TRUNC] = ROUNDING(trunc),
                    [NN_UNARY_FRAC] = FLOATS(u_, frac),
                    [NN_UNARY_RELU] = WITH_INT(u_, relu),
                    [NN_UNARY_BIT_NOT] =
                        {[NN_INT64] = u_bit_not_i, [NN_UINT8] = u_bit_not_u, [NN_BOOL] = u_bit_not_b},
                },
            .param =
                {
                    [NN_PARAM_SOFTPLUS] = FLOATS(p_, softplus),
                    [NN_PARAM_CLAMP] = FLOATS(p_, clamp),
                    [NN_PARAM_LEAKY_RELU] = FLOATS(p_, leaky_relu),
                    [NN_PARAM_ELU] = FLOATS(p_, elu),
                    [NN_PARAM_THRESHOLD] = FLOATS(p_, threshold),
                    [NN_PARAM_SCALE_SHIFT] = FLOATS(p_, scale_shift),
                },
            .grad =
                {
                    [NN_GRAD_RELU] = FLOATS(g_, relu),
                    [NN_GRAD_LEAKY_RELU] = FLOATS(g_, leaky_relu),
                    [NN_GRAD_SIGMOID] = FLOATS(g_, sigmoid),
                    [NN_GRAD_TANH] = FLOATS(g_, tanh),
                    [NN_GRAD_GELU] = FLOATS(g_, gelu),
                    [NN_GRAD_GELU_TANH] = FLOATS(g_, gelu_tanh),
                    [NN_GRAD_SILU] = FLOATS(g_, silu),
                    [NN_GRAD_SOFTPLUS] = FLOATS(g_, softplus),
                    [NN_GRAD_CLAMP] = FLOATS(g_, clamp),
                    [NN_GRAD_ELU] = FLOATS(g_, elu),
                    [NN_GRAD_THRESHOLD] = FLOATS(g_, threshold),
                    [NN_GRAD_MISH] = FLOATS(g_, mish),
                    [NN_GRAD_HARDSIGMOID] = FLOATS(g_, hardsigmoid),
                    [NN_GRAD_HARDSWISH] = FLOATS(g_, hardswish),
                    [NN_GRAD_LOG_SIGMOID] = FLOATS(g_, log_sigmoid),
                },
            .binary =
                {
                    [NN_BINARY_ADD] = ARITHMETIC(add, b_bit_or_u),
                    [NN_BINARY_SUB] = ARITHMETIC(sub, NULL),
                    [NN_BINARY_MUL] = ARITHMETIC(mul, b_bit_and_u),
                    [NN_BINARY_DIV] = FLOATS(b_, div),
                    [NN_BINARY_POW] = WITH_INT(b_, pow),
                    [NN_BINARY_MAXIMUM] = ALL(b_, maximum),
                    [NN_BINARY_MINIMUM] = ALL(b_, minimum),
                    [NN_BINARY_ATAN2] = FLOATS(b_, atan2),
                    [NN_BINARY_HYPOT] = FLOATS(b_, hypot),
                    [NN_BINARY_FMOD] = WITH_INT(b_, fmod),
                    [NN_BINARY_REMAINDER] = WITH_INT(b_, remainder),
                    [NN_BINARY_FLOOR_DIVIDE] = WITH_INT(b_, floor_divide),
                    [NN_BINARY_TRUNC_DIVIDE] = WITH_INT(b_, trunc_divide),
                    [NN_BINARY_COPYSIGN] = FLOATS(b_, copysign),
                    [NN_BINARY_BIT_AND] = BITWISE(bit_and),
                    [NN_BINARY_BIT_OR] = BITWISE(bit_or),
                    [NN_BINARY_BIT_XOR] = BITWISE(bit_xor),
                },
            .compare =
                {
                    [NN_COMPARE_EQ] = ALL(c_, eq),
                    [NN_COMPARE_NE] = ALL(c_, ne),
                    [NN_COMPARE_LT] = ALL(c_, lt),
                    [NN_COMPARE_LE] = ALL(c_, le),
                    [NN_COMPARE_GT] = ALL(c_, gt),
                    [NN_COMPARE_GE] = ALL(c_, ge),
                },
            .predicate =
                {
                    [NN_PREDICATE_ISNAN] = FLOATS(q_, isnan),
                    [NN_PREDICATE_ISINF] = FLOATS(q_, isinf),
                    [NN_PREDICATE_ISFINITE] = FLOATS(q_, isfinite),
                    [NN_PREDICATE_LOGICAL_NOT] = ALL(q_, logical_not),
                },
            .ternary =
                {
                    [NN_TERNARY_LERP] = FLOATS(t_, lerp),
                    [NN_TERNARY_ADDCMUL] = FLOATS(t_, addcmul),
                    [NN_TERNARY_ADDCDIV] = FLOATS(t_, addcdiv),
                },
            .mul_add = {[NN_FLOAT32] = mul_add_f, [NN_FLOAT64] = mul_add_d},
            .axpby = {[NN_FLOAT32] = axpby_f, [NN_FLOAT64] = axpby_d},
            .where = {[NN_FLOAT32] = where_32,
                      [NN_FLOAT64] = where_64,
                      [NN_INT64] = where_64,
                      [NN_UINT8] = where_8,
                      [NN_BOOL] = where_8},
            .convert =
                {
                    [NN_FLOAT32] = {[NN_FLOAT32] = copy_4,
                                    [NN_FLOAT64] = v_f_d,
                                    [NN_INT64] = v_f_i,
                                    [NN_UINT8] = v_f_u,
                                    [NN_BOOL] = v_f_b},
                    [NN_FLOAT64] = {[NN_FLOAT32] = v_d_f,
                                    [NN_FLOAT64] = copy_8,
                                    [NN_INT64] = v_d_i,
                                    [NN_UINT8] = v_d_u,
                                    [NN_BOOL] = v_d_b},
                    [NN_INT64] = {[NN_FLOAT32] = v_i_f,
                                  [NN_FLOAT64] = v_i_d,
                                  [NN_INT64] = copy_8,
                                  [NN_UINT8] = v_i_u,
                                  [NN_BOOL] = v_i_b},
                    [NN_UINT8] = {[NN_FLOAT32] = v_u_f,
                                  [NN_FLOAT64] = v_u_d,
                                  [NN_INT64] = v_u_i,
                                  [NN_UINT8] = copy_1,
                                  [NN_BOOL] = v_u_b},
                    [NN_BOOL] = {[NN_FLOAT32] = v_u_f,
                                 [NN_FLOAT64] = v_u_d,
                                 [NN_INT64] = v_u_i,
                                 [NN_UINT8] = copy_1,
                                 [NN_BOOL] = copy_1},
                },
            .clamp_i64 = clamp_i64,
            .fill = fill,
            .gather_strided = gather_strided,
            .scatter_strided = scatter_strided,
            .transpose = transpose,
};
