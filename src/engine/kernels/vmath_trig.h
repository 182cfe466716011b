// Trigonometric functions and their inverses, one number at a time, for vmath_core.h, which states their errors. Knows
// no loops.
#ifndef NN_KERNELS_VMATH_TRIG_H
#define NN_KERNELS_VMATH_TRIG_H

#include "kernels/vmath_base.h"

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

#endif
