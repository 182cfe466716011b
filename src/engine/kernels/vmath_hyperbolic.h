// Hyperbolic and logistic functions and the inverse hyperbolic ones, one number at a time, for vmath_core.h, which states
// their errors. Knows no loops.
#ifndef NN_KERNELS_VMATH_HYPERBOLIC_H
#define NN_KERNELS_VMATH_HYPERBOLIC_H

#include "kernels/vmath_exp.h"

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

#endif
