// Exponentials and logarithms, one number at a time, for vmath_core.h, which states their errors. Knows no loops.
#ifndef NN_KERNELS_VMATH_EXP_H
#define NN_KERNELS_VMATH_EXP_H

#include "kernels/vmath_base.h"

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

#endif
