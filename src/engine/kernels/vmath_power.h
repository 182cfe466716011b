// Powers and lengths, one number at a time, for vmath_core.h, which states their errors. Knows no loops.
#ifndef NN_KERNELS_VMATH_POWER_H
#define NN_KERNELS_VMATH_POWER_H

#include "kernels/vmath_exp.h"

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
