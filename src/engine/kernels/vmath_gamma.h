// log(gamma(x)) and its derivative for floats greater than 0, one number at a time and in double, for
// vmath_core.h. Recurrence into the range of Stirling's series (Abramowitz and Stegun 1972, 6.1.41, 6.3.18), in a
// fixed number of steps, so that loops over them become vector code. Knows no loops.
#ifndef NN_KERNELS_VMATH_GAMMA_H
#define NN_KERNELS_VMATH_GAMMA_H

#include "kernels/vmath_exp.h"

// By the Taylor series about 1 and 2, the roots, where the difference of large terms would leave too few digits.
NN_INLINE double lgamma_near_d(double d, double c1, double c2, double c3, double c4, double c5, double c6) {
  return d * fma_d(d, fma_d(d, fma_d(d, fma_d(d, fma_d(d, c6, c5), c4), c3), c2), c1);
}
NN_INLINE double lgamma_above_0_d(double x0) {
  double x = x0, p = 1;
  for (int k = 0; k < 8; k++) {
    const double low = x < 8 ? 1.0 : 0.0;
    p *= x < 8 ? x : 1.0;
    x += low;
  }
  const double r = 1 / x, z = r * r;
  double s = 1.0 / 156;
  s = fma_d(s, z, -691.0 / 360360);
  s = fma_d(s, z, 1.0 / 1188);
  s = fma_d(s, z, -1.0 / 1680);
  s = fma_d(s, z, 1.0 / 1260);
  s = fma_d(s, z, -1.0 / 360);
  s = fma_d(s, z, 1.0 / 12);
  const double l = log_d(x), far = fma_d(x - 0.5, l, -x) + fma_d(s, r, 0.91893853320467274178) - log_d(p);
  const double d1 = x0 - 1, d2 = x0 - 2;
  const double near1 = lgamma_near_d(d1, -0.57721566490153286, 0.82246703342411322, -0.40068563438653143,
                                     0.27058080842778454, -0.20738555102867398, 0.16955717699740819);
  const double near2 = lgamma_near_d(d2, 0.42278433509846714, 0.32246703342411322, -0.06735230105319810,
                                     0.02058080842778454, -0.00738555102867398, 0.00289051033074153);
  const double y = abs_d(d1) < 0x1p-7 ? near1 : abs_d(d2) < 0x1p-7 ? near2 : far;
  return x0 > FLT_MAX ? x0 : y;
}

// The recurrence's terms 1 / x over one denominator, so that there is one division.
NN_INLINE double digamma_above_0_d(double x0) {
  double x = x0, over = 0, under = 1;
  for (int k = 0; k < 8; k++) {
    const bool low = x < 8;
    over = low ? fma_d(over, x, under) : over;
    under *= low ? x : 1.0;
    x += low ? 1.0 : 0.0;
  }
  const double r = 1 / x, z = r * r;
  double s = -1.0 / 12;
  s = fma_d(s, z, 691.0 / 32760);
  s = fma_d(s, z, -1.0 / 132);
  s = fma_d(s, z, 1.0 / 240);
  s = fma_d(s, z, -1.0 / 252);
  s = fma_d(s, z, 1.0 / 120);
  s = fma_d(s, z, -1.0 / 12);
  const double y = log_d(x) + fma_d(s, z, -0.5 * r) - over / under;
  return x0 > FLT_MAX ? x0 : y;
}

#endif
