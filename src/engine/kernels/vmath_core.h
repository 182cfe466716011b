// The functions behind the loops of vmath.c and rows.c, one number at a time and without branches, so that
// the compiler turns a loop over them into vector code. Knows no loops. Coefficients: own minimax fits (Remez
// exchange).
//
// Largest errors measured against long double, in units of the last place (float / double; all exponents):
//   exp 0.94 / 0.98, exp2 0.94 / 1.03, expm1 1.33 / 1.94, log 0.87 / 0.83, log2 2.2 / 1.9,
//   log10 1.8 / 1.7, log1p 1.6 / 1.6, sin and cos 1.6 / 1.5, tan 1.5 / 3.0, sinh 2.0 / 2.3, asin 1.3, acos 1.1, atan 1.6,
//   cosh 1.4 / 1.4, tanh 1.4 / 1.5, sigmoid 1.6 / 1.7, log_sigmoid 1.6 / 1.8, erf 1.1 / 1.2,
//   erfc 5.5 / 6.7, asinh, acosh 1.7, atanh 1.5, pow (float only) 0.51; those without a second figure below 2 in double too.
#ifndef NN_KERNELS_VMATH_CORE_H
#define NN_KERNELS_VMATH_CORE_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

// A loop whose iterations are independent; its result may be the very same array as an operand.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed"
#define NN_VECTOR_LOOP _Pragma("clang loop vectorize(assume_safety)")
#else
#define NN_VECTOR_LOOP _Pragma("GCC ivdep")
#endif
#define NN_INLINE static inline __attribute__((always_inline, unused))

NN_INLINE uint32_t bits_f(float x) {
  uint32_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}
NN_INLINE float from_bits_f(uint32_t u) {
  float x;
  memcpy(&x, &u, sizeof x);
  return x;
}
NN_INLINE uint64_t bits_d(double x) {
  uint64_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}
NN_INLINE double from_bits_d(uint64_t u) {
  double x;
  memcpy(&x, &u, sizeof x);
  return x;
}

// a * b + c, fused where the processor has it.
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define NN_FMA 1
NN_INLINE float fma_f(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
NN_INLINE double fma_d(double a, double b, double c) { return __builtin_fma(a, b, c); }
#else
#define NN_FMA 0
NN_INLINE float fma_f(float a, float b, float c) { return a * b + c; }
NN_INLINE double fma_d(double a, double b, double c) { return a * b + c; }
#endif

NN_INLINE float abs_f(float x) { return from_bits_f(bits_f(x) & 0x7fffffffu); }
NN_INLINE double abs_d(double x) { return from_bits_d(bits_d(x) & 0x7fffffffffffffffu); }
NN_INLINE float copysign_f(float x, float s) {
  return from_bits_f((bits_f(x) & 0x7fffffffu) | (bits_f(s) & 0x80000000u));
}
NN_INLINE double copysign_d(double x, double s) {
  return from_bits_d((bits_d(x) & 0x7fffffffffffffffu) | (bits_d(s) & 0x8000000000000000u));
}

// x * x - s for s = x * x rounded: what the square lost.
#if NN_FMA
NN_INLINE float square_error_f(float x, float s) { return __builtin_fmaf(x, x, -s); }
NN_INLINE double square_error_d(double x, double s) { return __builtin_fma(x, x, -s); }
#else
NN_INLINE float square_error_f(float x, float s) {
  const float h = from_bits_f(bits_f(x) & 0xfffff000u), l = x - h;
  return ((h * h - s) + 2 * h * l) + l * l;
}
NN_INLINE double square_error_d(double x, double s) {
  const double h = from_bits_d(bits_d(x) & 0xfffffffff8000000u), l = x - h;
  return ((h * h - s) + 2 * h * l) + l * l;
}
#endif

// Adding and subtracting these rounds to an integer, which then stands in the low bits. Exponentials add
// twice the exponent's bias to it, so that the sum is not negative for any k that counts.
#define NN_ROUND_F  12582912.0f
#define NN_ROUND_D  6755399441055744.0
#define NN_BIASED_F (NN_ROUND_F + 254.0f)
#define NN_BIASED_D (NN_ROUND_D + 2046.0)

// --- exponential
// ------------------------------------------------------------------------------------------------

// (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2
NN_INLINE float exp_q_f(float r) {
  float q = 0.000198459807f;
  q = fma_f(q, r, 0.00139416527f);
  q = fma_f(q, r, 0.0083333916f);
  q = fma_f(q, r, 0.0416663487f);
  q = fma_f(q, r, 0.166666664f);
  return fma_f(q, r, 0.5f);
}
NN_INLINE double exp_q_d(double r) {
  double q = 0x1.1ee877ce6732ep-29;
  q = fma_d(q, r, 0x1.af636fe8f1dd4p-26);
  q = fma_d(q, r, 0x1.27e538808e43dp-22);
  q = fma_d(q, r, 0x1.71ddf5d91cb9ap-19);
  q = fma_d(q, r, 0x1.a01a0179951b2p-16);
  q = fma_d(q, r, 0x1.a01a01b0c90cfp-13);
  q = fma_d(q, r, 0x1.6c16c16c1fb3bp-10);
  q = fma_d(q, r, 0x1.111111110f4b4p-7);
  q = fma_d(q, r, 0x1.555555555553cp-5);
  q = fma_d(q, r, 0x1.5555555555559p-3);
  return fma_d(q, r, 0x1.0000000000000p-1);
}

// x * 2^k for t = NN_BIASED + k, by two factors of half the exponent each, so that a subnormal or infinite
// result is rounded once, by the second. For k = -254 (-2046) and below both are 0: no underflow, which costs
// a hundred cycles.
NN_INLINE float scale_f(float x, float t) {
  const uint32_t half = (bits_f(t) << 22) & 0xff800000u;
  return x * from_bits_f(half) * from_bits_f((bits_f(t) << 23) - half);
}
NN_INLINE double scale_d(double x, double t) {
  const uint64_t half = (bits_d(t) << 51) & 0xfff0000000000000u;
  return x * from_bits_d(half) * from_bits_d((bits_d(t) << 52) - half);
}
// 2^k where neither it nor its reciprocal overflows.
NN_INLINE float power_f(float t) { return from_bits_f((bits_f(t) << 23) - (127u << 23)); }
NN_INLINE double power_d(double t) { return from_bits_d((bits_d(t) << 52) - ((uint64_t)1023 << 52)); }

// x held between lo and hi; NaN stays.
NN_INLINE float between_f(float x, float lo, float hi) {
  x = x < lo ? lo : x;
  return x > hi ? hi : x;
}
NN_INLINE double between_d(double x, double lo, double hi) {
  x = x < lo ? lo : x;
  return x > hi ? hi : x;
}

// r = x - k ln 2 and t = NN_BIASED + k. The first part of ln 2 is short: k times it is exact.
NN_INLINE float exp_reduce_f(float x, float *t) {
  *t = fma_f(x, 1.44269504f, NN_BIASED_F);
  const float k = *t - NN_BIASED_F;
  return fma_f(k, 2.12194440e-4f, fma_f(k, -0.693359375f, x));
}
NN_INLINE double exp_reduce_d(double x, double *t) {
  *t = fma_d(x, 1.4426950408889634, NN_BIASED_D);
  const double k = *t - NN_BIASED_D;
  return fma_d(k, -0x1.a39ef35793c76p-33, fma_d(k, -0x1.62e42feep-1, x));
}

// e^NN_EXP_LOW is 2^-254 (2^-2046): what is below becomes 0 by scale.
#define NN_EXP_LOW_F -176.1f
#define NN_EXP_LOW_D -1418.3
// e^x * 2^shift
NN_INLINE float exp_shift_f(float x, float shift) {
  float t;
  const float r = exp_reduce_f(between_f(x, NN_EXP_LOW_F, 90.0f), &t);
  return scale_f(1.0f + fma_f(r * r, exp_q_f(r), r), t + shift);
}
NN_INLINE double exp_shift_d(double x, double shift) {
  double t;
  const double r = exp_reduce_d(between_d(x, NN_EXP_LOW_D, 711.0), &t);
  return scale_d(1.0 + fma_d(r * r, exp_q_d(r), r), t + shift);
}
NN_INLINE float exp_f(float x) { return exp_shift_f(x, 0.0f); }
NN_INLINE double exp_d(double x) { return exp_shift_d(x, 0.0); }

// e^x for x <= 0, with what rounding r loses: for functions that divide by it and shall stay within two
// units.
NN_INLINE float exp_neg_f(float x) {
  x = x < NN_EXP_LOW_F ? NN_EXP_LOW_F : x;
  const float t = fma_f(x, 1.44269504f, NN_BIASED_F), k = t - NN_BIASED_F;
  const float h = fma_f(k, -0.693359375f, x), l = k * 2.12194440e-4f, r = h + l, c = (h - r) + l;
  return scale_f(1.0f + (r + fma_f(r * r, exp_q_f(r), c)), t);
}
NN_INLINE double exp_neg_d(double x) {
  x = x < NN_EXP_LOW_D ? NN_EXP_LOW_D : x;
  const double t = fma_d(x, 1.4426950408889634, NN_BIASED_D), k = t - NN_BIASED_D;
  const double h = fma_d(k, -0x1.62e42feep-1, x), l = k * -0x1.a39ef35793c76p-33, r = h + l, c = (h - r) + l;
  return scale_d(1.0 + (r + fma_d(r * r, exp_q_d(r), c)), t);
}

NN_INLINE float exp2_f(float x) {
  x = between_f(x, -254.0f, 129.0f);
  const float t = x + NN_BIASED_F, r = (x - (t - NN_BIASED_F)) * 0.693147181f;
  return scale_f(1.0f + fma_f(r * r, exp_q_f(r), r), t);
}
NN_INLINE double exp2_d(double x) {
  x = between_d(x, -2046.0, 1025.0);
  const double t = x + NN_BIASED_D, r = (x - (t - NN_BIASED_D)) * 0.69314718055994531;
  return scale_d(1.0 + fma_d(r * r, exp_q_d(r), r), t);
}

// 2^k (e^r - 1) + (2^k - 1); all of it halved and doubled again where 2^k alone would overflow.
NN_INLINE float expm1_f(float x0) {
  float t;
  const float x = between_f(x0, -25.0f, 89.0f);
  const float r = exp_reduce_f(x, &t), p = fma_f(r * r, exp_q_f(r), r);
  const float over = t > NN_BIASED_F + 127.0f ? 2.0f : 1.0f, s = power_f(t + (1.0f - over));
  const float y = fma_f(s, p, s - 1.0f / over) * over;
  return x0 == 0 ? x0 : y;
}
NN_INLINE double expm1_d(double x0) {
  double t;
  const double x = between_d(x0, -50.0, 710.0);
  const double r = exp_reduce_d(x, &t), p = fma_d(r * r, exp_q_d(r), r);
  const double over = t > NN_BIASED_D + 1023.0 ? 2.0 : 1.0, s = power_d(t + (1.0 - over));
  const double y = fma_d(s, p, s - 1.0 / over) * over;
  return x0 == 0 ? x0 : y;
}

// --- logarithm
// --------------------------------------------------------------------------------------------------

// A positive normal u = 2^e m, 2/3 <= m < 4/3: returns m - 1.
NN_INLINE float log_reduce_f(float u, float *e) {
  const int32_t k = (int32_t)(bits_f(u) - 0x3f2aaaabu) >> 23;
  *e = (float)k;
  return from_bits_f(bits_f(u) - ((uint32_t)k << 23)) - 1.0f;
}
NN_INLINE double log_reduce_d(double u, double *e) {
  const uint64_t k = (bits_d(u) - 0x3fe5555555555555u + 0x3ff0000000000000u) >> 52; // e + 1023
  *e = from_bits_d(k | 0x4330000000000000u) - (0x1p52 + 1023);
  return from_bits_d(bits_d(u) - (k << 52) + 0x3ff0000000000000u) - 1.0;
}

// log(1 + f) - f for -1/3 <= f <= 1/3
NN_INLINE float log_tail_f(float f) {
  float p = 0.120070578f;
  p = fma_f(p, f, -0.128450674f);
  p = fma_f(p, f, 0.107542613f);
  p = fma_f(p, f, -0.121957762f);
  p = fma_f(p, f, 0.143044543f);
  p = fma_f(p, f, -0.166795784f);
  p = fma_f(p, f, 0.199995978f);
  p = fma_f(p, f, -0.249998203f);
  p = fma_f(p, f, 0.333333357f);
  return f * f * fma_f(f, p, -0.5f);
}
// With s = f / (2 + f): log(1 + f) = 2 atanh(s) = f - f^2/2 + s (f^2/2 + s^2 P(s^2)).
NN_INLINE double log_tail_d(double f) {
  const double s = f / (2.0 + f), z = s * s, h = 0.5 * f * f;
  double p = 0x1.1b87b964764e5p-3;
  p = fma_d(p, z, 0x1.0dcaa4b3e5e17p-3);
  p = fma_d(p, z, 0x1.3b35cfc6eb252p-3);
  p = fma_d(p, z, 0x1.745c4a5fa461bp-3);
  p = fma_d(p, z, 0x1.c71c7491f6208p-3);
  p = fma_d(p, z, 0x1.24924921e194bp-2);
  p = fma_d(p, z, 0x1.999999999c1acp-2);
  p = fma_d(p, z, 0x1.555555555554fp-1);
  return fma_d(s, fma_d(z, p, h), -h);
}

// What every logarithm is outside of 0 < x < infinity.
NN_INLINE float log_special_f(float x, float y) {
  y = x > 0 ? y : x == 0 ? -INFINITY : NAN;
  return x > FLT_MAX ? x : y;
}
NN_INLINE double log_special_d(double x, double y) {
  y = x > 0 ? y : x == 0 ? -(double)INFINITY : (double)NAN;
  return x > DBL_MAX ? x : y;
}

// e hi + (scale (f + tail) + e lo): log, log2, log10
NN_INLINE float log_any_f(float x, float scale_hi, float scale_lo, float hi, float lo) {
  float e;
  const float small = x < FLT_MIN ? 0x1p25f : 1.0f, off = x < FLT_MIN ? 25.0f : 0.0f;
  const float f = log_reduce_f(x * small, &e), tail = log_tail_f(f);
  e -= off;
  float y = fma_f(e, lo, tail);
  if (scale_hi != 1.0f) {
    const float w = f + tail;
    return log_special_f(x, fma_f(e, hi, fma_f(w, scale_hi, fma_f(w, scale_lo, e * lo))));
  }
  return log_special_f(x, fma_f(e, hi, f + y));
}
NN_INLINE double log_any_d(double x, double scale_hi, double scale_lo, double hi, double lo) {
  double e;
  const double small = x < DBL_MIN ? 0x1p54 : 1.0, off = x < DBL_MIN ? 54.0 : 0.0;
  const double f = log_reduce_d(x * small, &e), tail = log_tail_d(f);
  e -= off;
  double y = fma_d(e, lo, tail);
  if (scale_hi != 1.0) {
    const double w = f + tail;
    return log_special_d(x, fma_d(e, hi, fma_d(w, scale_hi, fma_d(w, scale_lo, e * lo))));
  }
  return log_special_d(x, fma_d(e, hi, f + y));
}
#define NN_LN2_F 0.693359375f, -2.12194440e-4f
#define NN_LN2_D 0x1.62e42feep-1, 0x1.a39ef35793c76p-33
NN_INLINE float log_f(float x) { return log_any_f(x, 1.0f, 0.0f, NN_LN2_F); }
NN_INLINE double log_d(double x) { return log_any_d(x, 1.0, 0.0, NN_LN2_D); }
NN_INLINE float log2_f(float x) { return log_any_f(x, 0x1.715476p+0f, 0x1.4ae0cp-26f, 1.0f, 0.0f); }
NN_INLINE double log2_d(double x) {
  return log_any_d(x, 0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56, 1.0, 0.0);
}
NN_INLINE float log10_f(float x) {
  return log_any_f(x, 0x1.bcb7b2p-2f, -0x1.5b235ep-27f, 0x1.344p-2f, 0x1.3509f8p-18f);
}
NN_INLINE double log10_d(double x) {
  return log_any_d(x, 0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57, 0x1.34413509f0000p-2,
                   0x1.e7fbcc47c4acdp-40);
}

// log(u) for u = 1 + x rounded, with what the rounding lost added to f.
NN_INLINE float log1p_f(float x) {
  float e;
  const float u = 1.0f + x, c = x > 1.0f ? 1.0f - (u - x) : x - (u - 1.0f);
  const float g = log_reduce_f(u, &e);
  const float k = e < 60.0f ? e : 60.0f; // beyond, c is negligible
  const float f = fma_f(c, from_bits_f((uint32_t)(127 - (int32_t)k) << 23), g);
  const float y = fma_f(e, 0.693359375f, f + fma_f(e, -2.12194440e-4f, log_tail_f(f)));
  return x == 0 ? x : log_special_f(u, y);
}
NN_INLINE double log1p_d(double x) {
  double e;
  const double u = 1.0 + x, c = x > 1.0 ? 1.0 - (u - x) : x - (u - 1.0);
  const double g = log_reduce_d(u, &e);
  const double k = e < 100.0 ? e : 100.0;
  const double f = fma_d(c, from_bits_d((1023 - bits_d(k + NN_ROUND_D)) << 52), g);
  const double y = fma_d(e, 0x1.62e42feep-1, f + fma_d(e, 0x1.a39ef35793c76p-33, log_tail_d(f)));
  return x == 0 ? x : log_special_d(u, y);
}

// --- hyperbolic and logistic functions
// --------------------------------------------------------------------------

// 1 - 2 e / (1 + e), e = e^(-2|x|), or a polynomial where that would cancel.
NN_INLINE float tanh_f(float x) {
  const float a = abs_f(x), e = exp_f(a > 10.0f ? -20.0f : -2.0f * a), z = a < 0.625f ? x * x : 0.0f;
  float p = 0.00214754409f;
  p = fma_f(p, z, -0.00818268211f);
  p = fma_f(p, z, 0.0217029706f);
  p = fma_f(p, z, -0.0539472049f);
  p = fma_f(p, z, 0.133332098f);
  p = fma_f(p, z, -0.333333309f);
  const float small = fma_f(x * z, p, x), big = 1.0f - 2.0f * e / (1.0f + e);
  return copysign_f(a >= 0.625f ? big : small, x); // NaN goes through `small`
}
NN_INLINE double tanh_d(double x) {
  const double a = abs_d(x), e = exp_d(a > 20.0 ? -40.0 : -2.0 * a), z = a < 0.56 ? x * x : 0.0;
  double p = -0x1.3f96da8035bf5p-16;
  p = fma_d(p, z, 0x1.5a74eb8ef86c0p-14);
  p = fma_d(p, z, -0x1.e86701fcc357ap-13);
  p = fma_d(p, z, 0x1.3469fba8aec6bp-11);
  p = fma_d(p, z, -0x1.7d8cbed26f14dp-10);
  p = fma_d(p, z, 0x1.d6d25f3afd2f5p-9);
  p = fma_d(p, z, -0x1.226e2d9c31643p-7);
  p = fma_d(p, z, 0x1.664f484e28dd0p-6);
  p = fma_d(p, z, -0x1.ba1ba1b94c11cp-5);
  p = fma_d(p, z, 0x1.1111111110449p-3);
  p = fma_d(p, z, -0x1.555555555554dp-2);
  const double small = fma_d(x * z, p, x), big = 1.0 - 2.0 * e / (1.0 + e);
  return copysign_d(a >= 0.56 ? big : small, x);
}

// e^-|x| never overflows: 1 / (1 + e) for x >= 0, q = e / (1 + e) below, as e - e q where that rounds less.
NN_INLINE float sigmoid_f(float x) {
  const float e = exp_neg_f(-abs_f(x)), q = (x < 0 ? e : 1.0f) / (1.0f + e), y = fma_f(-e, q, e);
  return x < -0.7f ? y : q;
}
NN_INLINE double sigmoid_d(double x) {
  const double e = exp_neg_d(-abs_d(x)), q = (x < 0 ? e : 1.0) / (1.0 + e), y = fma_d(-e, q, e);
  return x < -0.7 ? y : q;
}

// For the gates of recurrent cells, where several stand together: within four units, and sigmoid ends at
// e^-80 (e^-600). One factor scales the exponential.
NN_INLINE float gate_exp_f(float x) {
  float t;
  const float r = exp_reduce_f(between_f(-x, -80.0f, 80.0f), &t), s = power_f(t);
  return fma_f(s, fma_f(r * r, exp_q_f(r), r), s);
}
NN_INLINE double gate_exp_d(double x) {
  double t;
  const double r = exp_reduce_d(between_d(-x, -600.0, 600.0), &t), s = power_d(t);
  return fma_d(s, fma_d(r * r, exp_q_d(r), r), s);
}
// e^(-2|x|) - 1, of full relative precision
NN_INLINE float gate_expm1_f(float x) {
  float t;
  const float a = -2.0f * abs_f(x), r = exp_reduce_f(a < -40.0f ? -40.0f : a, &t), s = power_f(t);
  return fma_f(s, fma_f(r * r, exp_q_f(r), r), s - 1.0f);
}
NN_INLINE double gate_expm1_d(double x) {
  double t;
  const double a = -2.0 * abs_d(x), r = exp_reduce_d(a < -80.0 ? -80.0 : a, &t), s = power_d(t);
  return fma_d(s, fma_d(r * r, exp_q_d(r), r), s - 1.0);
}
NN_INLINE float gate_sigmoid_f(float x) { return 1.0f / (1.0f + gate_exp_f(x)); }
NN_INLINE double gate_sigmoid_d(double x) { return 1.0 / (1.0 + gate_exp_d(x)); }
NN_INLINE float gate_tanh_f(float x) {
  const float e = gate_expm1_f(x);
  return copysign_f(e / (e + 2.0f), x);
}
NN_INLINE double gate_tanh_d(double x) {
  const double e = gate_expm1_d(x);
  return copysign_d(e / (e + 2.0), x);
}
// sigmoid(x) and tanh(y) by one division
NN_INLINE void gate_pair_f(float x, float y, float *sigmoid, float *tanh) {
  const float d = 1.0f + gate_exp_f(x), e = gate_expm1_f(y), b = e + 2.0f, inverse = 1.0f / (d * b);
  *sigmoid = b * inverse;
  *tanh = copysign_f(e * d * inverse, y);
}
NN_INLINE void gate_pair_d(double x, double y, double *sigmoid, double *tanh) {
  const double d = 1.0 + gate_exp_d(x), e = gate_expm1_d(y), b = e + 2.0, inverse = 1.0 / (d * b);
  *sigmoid = b * inverse;
  *tanh = copysign_d(e * d * inverse, y);
}

// log(1 + e^x)
NN_INLINE float softplus_f(float x) { return (x > 0 ? x : x != x ? x : 0.0f) + log1p_f(exp_f(-abs_f(x))); }
NN_INLINE double softplus_d(double x) { return (x > 0 ? x : x != x ? x : 0.0) + log1p_d(exp_d(-abs_d(x))); }

// e^|x| / 2 does not overflow before the result does.
NN_INLINE float sinh_f(float x) {
  const float a = abs_f(x), t = expm1_f(a < 1.0f ? a : 1.0f), h = exp_shift_f(a, -1.0f);
  return copysign_f(a < 1.0f ? 0.5f * (t + t / (t + 1.0f)) : h - 0.25f / h, x);
}
NN_INLINE double sinh_d(double x) {
  const double a = abs_d(x), t = expm1_d(a < 1.0 ? a : 1.0), h = exp_shift_d(a, -1.0);
  return copysign_d(a < 1.0 ? 0.5 * (t + t / (t + 1.0)) : h - 0.25 / h, x);
}
NN_INLINE float cosh_f(float x) {
  const float h = exp_shift_f(abs_f(x), -1.0f);
  return h + 0.25f / h;
}
NN_INLINE double cosh_d(double x) {
  const double h = exp_shift_d(abs_d(x), -1.0);
  return h + 0.25 / h;
}

// --- error function
// ---------------------------------------------------------------------------------------------

// e^(a^2) erfc(a) for a >= 0: P(t) / (1 + 2 a), t = (a - K) / (a + K).
NN_INLINE float erfcx_f(float a) {
  const float t = 1.0f - 4.0f / (a + 2.0f);
  float p = -0.000399447202f;
  p = fma_f(p, t, -0.00122800001f);
  p = fma_f(p, t, 0.00131330654f);
  p = fma_f(p, t, 0.00863009469f);
  p = fma_f(p, t, -0.00806014117f);
  p = fma_f(p, t, -0.0542038829f);
  p = fma_f(p, t, 0.164055425f);
  p = fma_f(p, t, -0.166031461f);
  p = fma_f(p, t, -0.092763985f);
  p = fma_f(p, t, 1.27697839f);
  return p / (2.0f * a + 1.0f);
}
NN_INLINE double erfcx_d(double a) {
  const double t = 1.0 - 7.5 / (a + 3.75);
  double p = -0x1.f38d2bd49a0e9p-31;
  p = fma_d(p, t, -0x1.4b4c8b8565f23p-28);
  p = fma_d(p, t, 0x1.29338ef096665p-33);
  p = fma_d(p, t, 0x1.5993f8774d1ddp-25);
  p = fma_d(p, t, 0x1.350336b93c998p-26);
  p = fma_d(p, t, -0x1.19a436fb2a57cp-22);
  p = fma_d(p, t, -0x1.c93a40dbc6b26p-25);
  p = fma_d(p, t, 0x1.d72b33c8cce2dp-20);
  p = fma_d(p, t, -0x1.05d388b833ff2p-20);
  p = fma_d(p, t, -0x1.801239b833f43p-17);
  p = fma_d(p, t, 0x1.778dbc30bd790p-16);
  p = fma_d(p, t, 0x1.b145313b8b9d2p-15);
  p = fma_d(p, t, -0x1.303fa9f40a280p-12);
  p = fma_d(p, t, 0x1.33fb1db19a51bp-12);
  p = fma_d(p, t, 0x1.cc3a0e919cb44p-10);
  p = fma_d(p, t, -0x1.3f603c2c28c46p-7);
  p = fma_d(p, t, 0x1.d0b0037d30413p-6);
  p = fma_d(p, t, -0x1.e0d0fa6e27827p-5);
  p = fma_d(p, t, 0x1.7a14188a9baa3p-4);
  p = fma_d(p, t, -0x1.bda9309a27bf8p-4);
  p = fma_d(p, t, 0x1.510169d09673fp-4);
  p = fma_d(p, t, 0x1.d5f29481596c4p-9);
  p = fma_d(p, t, -0x1.1f367683f89a6p-3);
  p = fma_d(p, t, 0x1.3ccda0b5d5dc2p+0);
  return p / (2.0 * a + 1.0);
}

// e^(-c x^2) without the error that rounding the square would bring; c a power of two.
NN_INLINE float exp_neg_square_f(float x, float c) {
  const float s = x * x, lo = square_error_f(x, s);
  const float e = exp_f(-c * s);
  return fma_f(-c * lo, e, e);
}
NN_INLINE double exp_neg_square_d(double x, double c) {
  const double s = x * x, lo = square_error_d(x, s);
  const double e = exp_d(-c * s);
  return fma_d(-c * lo, e, e);
}

// erf(x) / x - 1 for z = x^2 <= 1
NN_INLINE float erf_small_f(float z) {
  float p = 7.85387772e-05f;
  p = fma_f(p, z, -0.000801019931f);
  p = fma_f(p, z, 0.00518832842f);
  p = fma_f(p, z, -0.0268538124f);
  p = fma_f(p, z, 0.112835852f);
  p = fma_f(p, z, -0.376126258f);
  return fma_f(p, z, 0x1.06eba8p-3f);
}
NN_INLINE double erf_small_d(double z) {
  double p = -0x1.292958e3b43d2p-38;
  p = fma_d(p, z, 0x1.7ecc21d481102p-34);
  p = fma_d(p, z, -0x1.4e55d4666a87fp-30);
  p = fma_d(p, z, 0x1.fc4118c09c099p-27);
  p = fma_d(p, z, -0x1.5f6d6b6eddcf5p-23);
  p = fma_d(p, z, 0x1.b9e64d0a80d73p-20);
  p = fma_d(p, z, -0x1.f4d255e173160p-17);
  p = fma_d(p, z, 0x1.f9a326bfb906cp-14);
  p = fma_d(p, z, -0x1.c02db3fed904fp-11);
  p = fma_d(p, z, 0x1.565bcd0e64abbp-8);
  p = fma_d(p, z, -0x1.b82ce3128899bp-6);
  p = fma_d(p, z, 0x1.ce2f21a042bddp-4);
  p = fma_d(p, z, -0x1.812746b0379e7p-2);
  return fma_d(p, z, 0x1.06eba8214db69p-3);
}

// erfc(a) for a >= 0
NN_INLINE float erfc_tail_f(float a) {
  a = a > 10.2f ? 10.2f : a;
  return exp_neg_square_f(a, 1.0f) * erfcx_f(a);
}
NN_INLINE double erfc_tail_d(double a) {
  a = a > 28.0 ? 28.0 : a;
  return exp_neg_square_d(a, 1.0) * erfcx_d(a);
}
NN_INLINE float erf_f(float x) {
  const float a = abs_f(x), big = copysign_f(1.0f - erfc_tail_f(a > 4.0f ? 4.0f : a), x);
  const float small = fma_f(x, erf_small_f(a < 1.0f ? a * a : 1.0f), x);
  return a < 1.0f ? small : big;
}
NN_INLINE double erf_d(double x) {
  const double a = abs_d(x), big = copysign_d(1.0 - erfc_tail_d(a > 6.0 ? 6.0 : a), x);
  const double small = fma_d(x, erf_small_d(a < 1.0 ? a * a : 1.0), x);
  return a < 1.0 ? small : big;
}
NN_INLINE float erfc_f(float x) {
  const float t = erfc_tail_f(abs_f(x));
  return x < 0 ? 2.0f - t : t;
}
NN_INLINE double erfc_d(double x) {
  const double t = erfc_tail_d(abs_d(x));
  return x < 0 ? 2.0 - t : t;
}

// erfinv(x) = x P(w), w = -log(1 - x^2): one polynomial in w up to 5, one in its root above.
NN_INLINE float erfinv_f(float x) {
  const float a = abs_f(x);
#if NN_FMA
  const float w = -log_f(__builtin_fmaf(-a, a, 1.0f));
#else
  const float w = -log_f((1.0f - a) * (1.0f + a));
#endif
  const float u = w - 2.5f, v = __builtin_sqrtf(w) - 3.0f;
  float p = -8.7909644e-09f;
  p = fma_f(p, u, 2.32327491e-08f);
  p = fma_f(p, u, 4.66169297e-07f);
  p = fma_f(p, u, -3.46270622e-06f);
  p = fma_f(p, u, -4.96334087e-06f);
  p = fma_f(p, u, 0.000218344445f);
  p = fma_f(p, u, -0.0012527419f);
  p = fma_f(p, u, -0.00417738687f);
  p = fma_f(p, u, 0.24664028f);
  p = fma_f(p, u, 1.50140941f);
  float q = 0.000102781603f;
  q = fma_f(q, v, -0.000296354759f);
  q = fma_f(q, v, -3.85725725e-05f);
  q = fma_f(q, v, 0.00146848836f);
  q = fma_f(q, v, -0.0036067781f);
  q = fma_f(q, v, 0.0056933919f);
  q = fma_f(q, v, -0.00763528561f);
  q = fma_f(q, v, 0.0094445264f);
  q = fma_f(q, v, 1.00167489f);
  q = fma_f(q, v, 2.83297682f);
  return x * (w < 5.0f ? p : q);
}
// The same to about 2^-22, and a step of Halley's method on erf(y) - x, or on erfc where that keeps its digits.
NN_INLINE double erfinv_d(double x) {
  const double a = abs_d(x), rest = 1.0 - a, w = -log_d(rest * (1.0 + a)), u = w - 2.5, v = __builtin_sqrt(w) - 4.0;
  double p = -8.7909644e-09;
  p = fma_d(p, u, 2.32327491e-08);
  p = fma_d(p, u, 4.66169297e-07);
  p = fma_d(p, u, -3.46270622e-06);
  p = fma_d(p, u, -4.96334087e-06);
  p = fma_d(p, u, 0.000218344445);
  p = fma_d(p, u, -0.0012527419);
  p = fma_d(p, u, -0.00417738687);
  p = fma_d(p, u, 0.24664028);
  p = fma_d(p, u, 1.50140941);
  double q = 0x1.0a25a4fcd5f2bp-20;
  q = fma_d(q, v, -0x1.5b376840c06edp-19);
  q = fma_d(q, v, -0x1.5936de5755ffbp-17);
  q = fma_d(q, v, 0x1.5e6e193400b0fp-15);
  q = fma_d(q, v, -0x1.3b996ed97e293p-15);
  q = fma_d(q, v, 0x1.bb804567843c4p-17);
  q = fma_d(q, v, -0x1.bc877cad04292p-14);
  q = fma_d(q, v, 0x1.7635877f70ee9p-12);
  q = fma_d(q, v, -0x1.cb75accbfa060p-11);
  q = fma_d(q, v, 0x1.4745180fd12edp-10);
  q = fma_d(q, v, 0x1.026e378a5977bp+0);
  q = fma_d(q, v, 0x1.eb7e0e1e1b199p+1);
  const double y = a * (w < 5.0 ? p : q), e = exp_neg_square_d(y < 6.0 ? y : 6.0, 1.0);
  const double low = fma_d(y, erf_small_d(y < 1.0 ? y * y : 1.0), y) - a, high = rest - e * erfcx_d(y < 6.0 ? y : 6.0);
  const double d = (a < 0.5 ? low : high) / (1.1283791670955126 * e), r = y - d / (1.0 + y * d);
  return copysign_d(a == 1.0 ? (double)INFINITY : a == 0 ? 0 : r, x);
}

// The normal distribution function, and e^(-x^2/2) by the way (for the slope, whose tail above 14 is 0 to
// it).
NN_INLINE float normal_cdf_f(float x, float *e) {
  float a = abs_f(x);
  const float end = x > 0 ? 8.0f : 14.45f; // beyond, both results are what they are there to a rounding
  a = a > end ? end : a;
  *e = exp_neg_square_f(a, 0.5f);
  const float t = 0.5f * *e * erfcx_f(a * 0.707106781f);
  return x < 0 ? t : 1.0f - t;
}
NN_INLINE double normal_cdf_d(double x, double *e) {
  double a = abs_d(x);
  const double end = x > 0 ? 12.0 : 39.0;
  a = a > end ? end : a;
  *e = exp_neg_square_d(a, 0.5);
  const double t = 0.5 * *e * erfcx_d(a * 0.70710678118654752);
  return x < 0 ? t : 1.0 - t;
}

// --- sine and cosine
// --------------------------------------------------------------------------------------------

// Up to here the reduction by pi / 2 in three parts holds; beyond it the loops call libm.
#define NN_TRIG_MAX_F 1e8f
#define NN_TRIG_MAX_D 1e6

NN_INLINE float sin_poly_f(float r) {
  const float z = r * r;
  float p = 2.71756452e-06f;
  p = fma_f(p, z, -0.000198392566f);
  p = fma_f(p, z, 0.00833332914f);
  p = fma_f(p, z, -0.166666666f);
  return fma_f(r * z, p, r);
}
NN_INLINE float cos_poly_f(float r) {
  const float z = r * r;
  float p = -2.72033049e-07f;
  p = fma_f(p, z, 2.47994364e-05f);
  p = fma_f(p, z, -0.00138888834f);
  p = fma_f(p, z, 0.0416666666f);
  return fma_f(z * z, p, fma_f(z, -0.5f, 1.0f));
}
NN_INLINE double sin_poly_d(double r) {
  const double z = r * r;
  double p = -0x1.aa91bf6c1cfafp-41;
  p = fma_d(p, z, 0x1.61206babd298fp-33);
  p = fma_d(p, z, -0x1.ae64525b9c42dp-26);
  p = fma_d(p, z, 0x1.71de3a530b645p-19);
  p = fma_d(p, z, -0x1.a01a01a0188b3p-13);
  p = fma_d(p, z, 0x1.111111111110ap-7);
  p = fma_d(p, z, -0x1.5555555555555p-3);
  return fma_d(r * z, p, r);
}
NN_INLINE double cos_poly_d(double r) {
  const double z = r * r, h = 0.5 * z, w = 1.0 - h;
  double p = 0x1.aab2c581c59fdp-45;
  p = fma_d(p, z, -0x1.93930e7548d19p-37);
  p = fma_d(p, z, 0x1.1eed8c7ef23a2p-29);
  p = fma_d(p, z, -0x1.27e4fb75dcfa9p-22);
  p = fma_d(p, z, 0x1.a01a01a018c08p-16);
  p = fma_d(p, z, -0x1.6c16c16c16c0fp-10);
  p = fma_d(p, z, 0x1.5555555555555p-5);
  return w + fma_d(z * z, p, (1.0 - w) - h);
}

// x - q pi / 2 for |x| <= NN_TRIG_MAX; the low two bits of *q choose the quadrant. The first two parts of pi
// / 2 are short, so that q times them is exact; for float all of it is done in double.
NN_INLINE float trig_reduce_f(float x, int32_t *q) {
  const double k = ((double)x * 0.63661977236758134 + NN_ROUND_D) - NN_ROUND_D;
  *q = (int32_t)k;
  const double r = fma_d(k, -0x1.4442dp-24, fma_d(k, -0x1.921fb4p+0, (double)x));
  return (float)fma_d(k, -0x1.8469898cc5170p-48, r);
}
NN_INLINE double trig_reduce_d(double x, uint64_t *q) {
  const double t = x * 0.63661977236758134 + NN_ROUND_D, k = t - NN_ROUND_D;
  *q = bits_d(t);
  const double r = fma_d(k, -0x1.0b4611a6p-34, fma_d(k, -0x1.921fb544p+0, x));
  return fma_d(k, -0x1.3198a2e037073p-69, r);
}

// sin(x + shift pi / 2): sine with shift 0, cosine with 1.
NN_INLINE float trig_f(float x, int32_t shift) {
  int32_t q;
  const float r = trig_reduce_f(x, &q), s = sin_poly_f(r), c = cos_poly_f(r);
  const uint32_t n = (uint32_t)(q + shift);
  const float y = (n & 1u) ? c : s;
  return from_bits_f(bits_f(y) ^ ((n & 2u) << 30));
}
NN_INLINE double trig_d(double x, uint64_t shift) {
  uint64_t q;
  const double r = trig_reduce_d(x, &q), s = sin_poly_d(r), c = cos_poly_d(r);
  q += shift;
  const double y = (q & 1u) ? c : s;
  return from_bits_d(bits_d(y) ^ ((q & 2u) << 62));
}
NN_INLINE float sin_f(float x) { return x == 0 ? x : trig_f(x, 0); }
NN_INLINE double sin_d(double x) { return x == 0 ? x : trig_d(x, 0); }
NN_INLINE float cos_f(float x) { return trig_f(x, 1); }
NN_INLINE double cos_d(double x) { return trig_d(x, 1); }
NN_INLINE float tan_f(float x) { // in double: both quotient and reduction
  const double k = ((double)x * 0.63661977236758134 + NN_ROUND_D) - NN_ROUND_D;
  const double r0 = fma_d(k, -0x1.4442dp-24, fma_d(k, -0x1.921fb4p+0, (double)x));
  const double r = fma_d(k, -0x1.8469898cc5170p-48, r0), z = r * r;
  const double s =
      r + r * z * fma_d(z, fma_d(z, fma_d(z, 2.71756452e-06, -0.000198392566), 0.00833332914), -0.166666666);
  const double c =
      1.0 + z * (-0.5 + z * fma_d(z, fma_d(z, fma_d(z, -2.72033049e-07, 2.47994364e-05), -0.00138888834),
                                  0.0416666666));
  const double half = k * 0.5, odd = half - ((half + NN_ROUND_D) - NN_ROUND_D);
  return x == 0 ? x : (float)(odd != 0 ? -c / s : s / c);
}
NN_INLINE double tan_d(double x) {
  uint64_t q;
  const double r = trig_reduce_d(x, &q), s = sin_poly_d(r), c = cos_poly_d(r);
  const double y = (q & 1u) ? -c / s : s / c;
  return x == 0 ? x : y;
}

// --- inverse trigonometric functions
// ----------------------------------------------------------------------------

// The high and low parts of pi / 2; twice them are those of pi.
#define NN_HALF_PI_F    1.57079637f
#define NN_HALF_PI_LO_F -4.37113883e-8f
#define NN_HALF_PI_D    0x1.921fb54442d18p+0
#define NN_HALF_PI_LO_D 0x1.1a62633145c07p-54

// atan(t) for 0 <= t <= 1
NN_INLINE float atan_unit_f(float t) {
  const float z = t * t;
  float p = -0.00179360632f;
  p = fma_f(p, z, 0.0109145353f);
  p = fma_f(p, z, -0.0311777107f);
  p = fma_f(p, z, 0.0579574518f);
  p = fma_f(p, z, -0.0840344205f);
  p = fma_f(p, z, 0.109521829f);
  p = fma_f(p, z, -0.142642409f);
  p = fma_f(p, z, 0.199985489f);
  p = fma_f(p, z, -0.333332986f);
  return fma_f(t * z, p, t);
}
NN_INLINE double atan_unit_d(double t) {
  const double z = t * t;
  double p = 0x1.bbc264da07b0ep-17;
  p = fma_d(p, z, -0x1.3f1aa6df414f1p-13);
  p = fma_d(p, z, 0x1.b3da057e093b9p-11);
  p = fma_d(p, z, -0x1.7a21b8b744867p-9);
  p = fma_d(p, z, 0x1.d7a135f533079p-8);
  p = fma_d(p, z, -0x1.c77e4b64ef30fp-7);
  p = fma_d(p, z, 0x1.683321231f956p-6);
  p = fma_d(p, z, -0x1.e9f1d9b7df060p-6);
  p = fma_d(p, z, 0x1.2c2ba660a8c6bp-5);
  p = fma_d(p, z, -0x1.59a297bd4ca04p-5);
  p = fma_d(p, z, 0x1.82da46148e2acp-5);
  p = fma_d(p, z, -0x1.ae5e44e65fe1bp-5);
  p = fma_d(p, z, 0x1.e1bb9b4c47b33p-5);
  p = fma_d(p, z, -0x1.110e50215ffa6p-4);
  p = fma_d(p, z, 0x1.3b136676a417ep-4);
  p = fma_d(p, z, -0x1.745d11ab03f31p-4);
  p = fma_d(p, z, 0x1.c71c717f95b82p-4);
  p = fma_d(p, z, -0x1.249249237e29dp-3);
  p = fma_d(p, z, 0x1.999999999554ap-3);
  p = fma_d(p, z, -0x1.5555555555526p-2);
  return fma_d(t * z, p, t);
}
NN_INLINE float atan_f(float x) {
  const float a = abs_f(x), t = a > 1.0f ? 1.0f / a : a, r = atan_unit_f(t);
  return copysign_f(a > 1.0f ? NN_HALF_PI_F - (r - NN_HALF_PI_LO_F) : r, x);
}
NN_INLINE double atan_d(double x) {
  const double a = abs_d(x), t = a > 1.0 ? 1.0 / a : a, r = atan_unit_d(t);
  return copysign_d(a > 1.0 ? NN_HALF_PI_D - (r - NN_HALF_PI_LO_D) : r, x);
}

// The angle of the smaller over the larger, mirrored at the diagonal and at the axis of y. Two zeros count as 0 / 1, two
// infinities as 1.
NN_INLINE float atan2_f(float y, float x) {
  const float a = abs_f(y), b = abs_f(x), low = a > b ? b : a, high = a > b ? a : b;
  const float t = low == high && high > FLT_MAX ? 1.0f : low / (high == 0 ? 1.0f : high);
  float r = atan_unit_f(t);
  r = a > b ? NN_HALF_PI_F - (r - NN_HALF_PI_LO_F) : r;
  r = bits_f(x) >> 31 ? 2.0f * NN_HALF_PI_F - (r - 2.0f * NN_HALF_PI_LO_F) : r;
  return x != x || y != y ? NAN : copysign_f(r, y);
}
NN_INLINE double atan2_d(double y, double x) {
  const double a = abs_d(y), b = abs_d(x), low = a > b ? b : a, high = a > b ? a : b;
  const double t = low == high && high > DBL_MAX ? 1.0 : low / (high == 0 ? 1.0 : high);
  double r = atan_unit_d(t);
  r = a > b ? NN_HALF_PI_D - (r - NN_HALF_PI_LO_D) : r;
  r = bits_d(x) >> 63 ? 2.0 * NN_HALF_PI_D - (r - 2.0 * NN_HALF_PI_LO_D) : r;
  return x != x || y != y ? (double)NAN : copysign_d(r, y);
}

// asin(t) - t for t <= 1/2 with z = t^2. Above, asin(a) = pi / 2 - 2 asin(sqrt((1 - a) / 2)), where 1 - a is exact.
NN_INLINE float asin_tail_f(float t, float z) {
  float p = 0.0421664603f;
  p = fma_f(p, z, 0.0241794195f);
  p = fma_f(p, z, 0.0454703979f);
  p = fma_f(p, z, 0.0749529749f);
  p = fma_f(p, z, 0.166667521f);
  return t * z * p;
}
NN_INLINE double asin_tail_d(double t, double z) {
  double p = 0x1.056c7c36a18c4p-5;
  p = fma_d(p, z, -0x1.09d059471a7acp-6);
  p = fma_d(p, z, 0x1.3ff2d378802ecp-6);
  p = fma_d(p, z, 0x1.abd21ee99a404p-8);
  p = fma_d(p, z, 0x1.8ec2a8870e326p-7);
  p = fma_d(p, z, 0x1.c6fdcef0758c6p-7);
  p = fma_d(p, z, 0x1.1c6be0f2a96efp-6);
  p = fma_d(p, z, 0x1.6e89f44cc86e4p-6);
  p = fma_d(p, z, 0x1.f1c72c3866dacp-6);
  p = fma_d(p, z, 0x1.6db6db427c635p-5);
  p = fma_d(p, z, 0x1.333333336e7cep-4);
  p = fma_d(p, z, 0x1.5555555555390p-3);
  return t * z * p;
}
NN_INLINE float asin_f(float x) {
  const float a = abs_f(x), w = 0.5f * (1.0f - a), z = a > 0.5f ? w : a * a, t = a > 0.5f ? __builtin_sqrtf(w) : a;
  const float q = asin_tail_f(t, z), two = 2.0f;
  return copysign_f(a > 0.5f ? 0.5f * NN_HALF_PI_F + ((0.5f * NN_HALF_PI_F - two * t) - (two * q - NN_HALF_PI_LO_F)) : t + q, x);
}
NN_INLINE double asin_d(double x) {
  const double a = abs_d(x), w = 0.5 * (1.0 - a), z = a > 0.5 ? w : a * a, t = a > 0.5 ? __builtin_sqrt(w) : a;
  const double q = asin_tail_d(t, z), two = 2.0;
  return copysign_d(a > 0.5 ? 0.5 * NN_HALF_PI_D + ((0.5 * NN_HALF_PI_D - two * t) - (two * q - NN_HALF_PI_LO_D)) : t + q, x);
}
NN_INLINE float acos_f(float x) {
  const float a = abs_f(x), w = 0.5f * (1.0f - a), z = a > 0.5f ? w : a * a, t = a > 0.5f ? __builtin_sqrtf(w) : x;
  const float r = t + asin_tail_f(t, z);
  const float far = x < 0 ? 2.0f * NN_HALF_PI_F - (2.0f * r - 2.0f * NN_HALF_PI_LO_F) : 2.0f * r;
  return a > 0.5f ? far : NN_HALF_PI_F - (r - NN_HALF_PI_LO_F);
}
NN_INLINE double acos_d(double x) {
  const double a = abs_d(x), w = 0.5 * (1.0 - a), z = a > 0.5 ? w : a * a, t = a > 0.5 ? __builtin_sqrt(w) : x;
  const double r = t + asin_tail_d(t, z);
  const double far = x < 0 ? 2.0 * NN_HALF_PI_D - (2.0 * r - 2.0 * NN_HALF_PI_LO_D) : 2.0 * r;
  return a > 0.5 ? far : NN_HALF_PI_D - (r - NN_HALF_PI_LO_D);
}

// --- inverse hyperbolic functions
// -------------------------------------------------------------------------------

// log(1 + x + more) + doublings ln 2, where `more` is small beside x.
NN_INLINE float log1p_more_f(float x, float more, float doublings) {
  float e;
  const float u = 1.0f + x, c = (x > 1.0f ? 1.0f - (u - x) : x - (u - 1.0f)) + more;
  const float g = log_reduce_f(u, &e);
  const float k = e < 60.0f ? e : 60.0f;
  const float f = fma_f(c, from_bits_f((uint32_t)(127 - (int32_t)k) << 23), g);
  e += doublings;
  const float y = fma_f(e, 0.693359375f, f + fma_f(e, -2.12194440e-4f, log_tail_f(f)));
  return log_special_f(u, y);
}
NN_INLINE double log1p_more_d(double x, double more, double doublings) {
  double e;
  const double u = 1.0 + x, c = (x > 1.0 ? 1.0 - (u - x) : x - (u - 1.0)) + more;
  const double g = log_reduce_d(u, &e);
  const double k = e < 100.0 ? e : 100.0;
  const double f = fma_d(c, from_bits_d((1023 - bits_d(k + NN_ROUND_D)) << 52), g);
  e += doublings;
  const double y = fma_d(e, 0x1.62e42feep-1, f + fma_d(e, 0x1.a39ef35793c76p-33, log_tail_d(f)));
  return log_special_d(u, y);
}

// log(a + sqrt(a^2 + 1)) = log(1 + a + a^2 / (1 + sqrt(a^2 + 1))); far out log(2 a).
NN_INLINE float asinh_f(float x) {
  const float a = abs_f(x), far = a > 0x1p30f ? 1.0f : 0.0f, b = a > 0x1p30f ? 0.0f : a, z = b * b;
  const float q = z / (1.0f + __builtin_sqrtf(1.0f + z)), s = a + q, y = log1p_more_f(s, q - (s - a), far);
  return a == 0 ? x : copysign_f(y, x);
}
NN_INLINE double asinh_d(double x) {
  const double a = abs_d(x), far = a > 0x1p60 ? 1.0 : 0.0, b = a > 0x1p60 ? 0.0 : a, z = b * b;
  const double q = z / (1.0 + __builtin_sqrt(1.0 + z)), s = a + q, y = log1p_more_d(s, q - (s - a), far);
  return a == 0 ? x : copysign_d(y, x);
}
// With t = x - 1: log(1 + t + sqrt(t (t + 2))).
NN_INLINE float acosh_f(float x) {
  const float far = x > 0x1p30f ? 1.0f : 0.0f, t = x - 1.0f, b = x > 0x1p30f ? 0.0f : t;
  const float q = __builtin_sqrtf(b * (b + 2.0f)), s = t + q, more = q > t ? t - (s - q) : q - (s - t);
  const float y = log1p_more_f(s, more, far);
  return x < 1.0f ? NAN : y;
}
NN_INLINE double acosh_d(double x) {
  const double far = x > 0x1p60 ? 1.0 : 0.0, t = x - 1.0, b = x > 0x1p60 ? 0.0 : t;
  const double q = __builtin_sqrt(b * (b + 2.0)), s = t + q, more = q > t ? t - (s - q) : q - (s - t);
  const double y = log1p_more_d(s, more, far);
  return x < 1.0 ? (double)NAN : y;
}
// log(1 + 2 a / (1 - a)) / 2, the quotient with what rounding it and 1 - a loses.
NN_INLINE float atanh_f(float x) {
  const float a = abs_f(x), d = 1.0f - a, lost = (1.0f - d) - a;
#if NN_FMA
  const float q = 2.0f * a / d, more = (__builtin_fmaf(-q, d, 2.0f * a) - q * lost) / d;
#else
  const double wide = 2.0 * (double)a / ((double)d + (double)lost);
  const float q = (float)wide, more = (float)(wide - (double)q);
#endif
  const float y = 0.5f * log1p_more_f(q, more, 0.0f);
  return a == 0 ? x : copysign_f(y, x);
}
NN_INLINE double atanh_d(double x) {
  const double a = abs_d(x), d = 1.0 - a, lost = (1.0 - d) - a, q = 2.0 * a / d;
#if NN_FMA
  const double more = (__builtin_fma(-q, d, 2.0 * a) - q * lost) / d;
#else
  const double qh = from_bits_d(bits_d(q) & 0xfffffffff8000000u), ql = q - qh;
  const double dh = from_bits_d(bits_d(d) & 0xfffffffff8000000u), dl = d - dh;
  const double more = ((((2.0 * a - qh * dh) - qh * dl) - ql * dh) - ql * dl - q * lost) / d;
#endif
  const double y = 0.5 * log1p_more_d(q, more, 0.0);
  return a == 0 ? x : copysign_d(y, x);
}

// --- lengths
// ----------------------------------------------------------------------------------------------------

// sqrt(x^2 + y^2); infinite where one of them is, even beside NaN. Doubles are scaled by a power of two, so that no square
// overflows or is lost, and their sum is made of exact parts.
NN_INLINE float hypot_f(float x, float y) {
  const double a = (double)x, b = (double)y, r = __builtin_sqrt(a * a + b * b);
  return abs_f(x) > FLT_MAX || abs_f(y) > FLT_MAX ? INFINITY : (float)r;
}
NN_INLINE double hypot_d(double x, double y) {
  const double a = abs_d(x), b = abs_d(y), high = a > b ? a : b, low = a > b ? b : a;
  const uint64_t k = bits_d(high) >> 52, up = k > 2044 ? 2 : k < 2 ? 2044 : 2046 - k; // the exponent of 1 / high
  const double scale = from_bits_d(up << 52), h = high * scale, l = low * scale;
  const double hh = h * h, ll = l * l, s = hh + ll, lost = ((hh - s) + ll) + square_error_d(h, hh) + square_error_d(l, ll);
  const double r = __builtin_sqrt(s), more = 0.5 * (lost - square_error_d(r, s)) / r;
  const double y0 = (r + (s > 0 ? more : 0)) / scale;
  return a > DBL_MAX || b > DBL_MAX ? (double)INFINITY : x != x || y != y ? (double)NAN : y0;
}

// --- powers
// -----------------------------------------------------------------------------------------------------

// log(x) and e^x in double, exact enough for a power of floats: within 2^-36 and 2^-33.
NN_INLINE double pow_log_d(double x) {
  double e;
  const double f = log_reduce_d(x, &e);
  double p = 0x1.beaa4cccca0a7p-4;
  p = fma_d(p, f, -0x1.d73a12f8a233fp-4);
  p = fma_d(p, f, 0x1.5f0bcf9acbeecp-4);
  p = fma_d(p, f, -0x1.86643688e1a81p-4);
  p = fma_d(p, f, 0x1.c8c1952febdb9p-4);
  p = fma_d(p, f, -0x1.00a8978f2bcdcp-3);
  p = fma_d(p, f, 0x1.248a2420af6ffp-3);
  p = fma_d(p, f, -0x1.554fcd9dd3e26p-3);
  p = fma_d(p, f, 0x1.9999beccdcf04p-3);
  p = fma_d(p, f, -0x1.000009d1aa485p-2);
  p = fma_d(p, f, 0x1.555555387cae2p-2);
  p = fma_d(p, f, -0x1.fffffff64a0bfp-2);
  return fma_d(e, 0.69314718055994531, fma_d(f * f, p, f));
}
NN_INLINE double pow_exp_d(double x) {
  const double v = between_d(x, -160.0, 100.0), t = fma_d(v, 1.4426950408889634, NN_BIASED_D), k = t - NN_BIASED_D;
  const double r = fma_d(k, -0.69314718055994531, v);
  double p = 0x1.a1b7ec4abc312p-13;
  p = fma_d(p, r, 0x1.6d967419d6781p-10);
  p = fma_d(p, r, 0x1.11107d01e39c1p-7);
  p = fma_d(p, r, 0x1.55548068fed6cp-5);
  p = fma_d(p, r, 0x1.55555597f3657p-3);
  p = fma_d(p, r, 0x1.00000042e309fp-1);
  return fma_d(r * r, p, r + 1.0) * power_d(t);
}

// x^y for floats by way of double logarithm and exponential.
NN_INLINE float pow_f(float x, float y) {
  const double ax = (double)abs_f(x), dy = (double)y;
  const double l = ax == 0 ? -(double)INFINITY : ax > DBL_MAX ? ax : pow_log_d(ax), mag = pow_exp_d(dy * l);
  const double t = abs_d(dy), near = (t + 0x1p52) - 0x1p52, half = 0.5 * t, near2 = (half + 0x1p52) - 0x1p52;
  const double whole = t >= 0x1p52 ? t : near;
  double r = mag;
  r = x < 0 && near2 != half && whole == t ? -r : r; // odd power
  r = x < 0 && ax < (double)INFINITY && whole != t ? (double)NAN : r;
  r = x == 0 && bits_f(x) != 0 && near2 != half && whole == t ? copysign_d(r, -1.0) : r;
  r = x != x || y != y ? (double)NAN : r;
  r = ax == 1.0 && t > DBL_MAX ? 1.0 : r;
  return y == 0 || x == 1.0f ? 1.0f : (float)r;
}

#endif
