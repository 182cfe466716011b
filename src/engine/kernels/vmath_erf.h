// The error function, its complement and inverse, and the normal distribution, one number at a time, for vmath_core.h,
// which states their errors. Knows no loops.
#ifndef NN_KERNELS_VMATH_ERF_H
#define NN_KERNELS_VMATH_ERF_H

#include "kernels/vmath_exp.h"

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

#endif
