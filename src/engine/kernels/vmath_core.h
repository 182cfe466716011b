// The functions behind the loops of vmath.c and rows.c, one number at a time and without branches, so that
// the compiler turns a loop over them into vector code; one file for each family. Knows no loops. Coefficients: own
// minimax fits (Remez exchange).
//
// Largest errors measured against long double, in units of the last place (float / double; all exponents):
//   exp 0.94 / 0.98, exp2 0.94 / 1.03, expm1 1.33 / 1.94, log 0.87 / 0.83, log2 2.2 / 1.9,
//   log10 1.8 / 1.7, log1p 1.6 / 1.6, sin and cos 1.6 / 1.5, tan 1.5 / 3.0, sinh 2.0 / 2.3, asin 1.3, acos 1.1, atan 1.6,
//   cosh 1.4 / 1.4, tanh 1.4 / 1.5, sigmoid 1.6 / 1.7, log_sigmoid 1.6 / 1.8, erf 1.1 / 1.2,
//   erfc 5.5 / 6.7, asinh, acosh 1.7, atanh 1.5, pow, lgamma, digamma (float only; the last two above 0) 0.51; those
//   without a second figure below 2 in double too.
#ifndef NN_KERNELS_VMATH_CORE_H
#define NN_KERNELS_VMATH_CORE_H

#include "kernels/vmath_base.h"
#include "kernels/vmath_erf.h"
#include "kernels/vmath_exp.h"
#include "kernels/vmath_gamma.h"
#include "kernels/vmath_hyperbolic.h"
#include "kernels/vmath_power.h"
#include "kernels/vmath_trig.h"

#endif
