/* special.h - special functions of numbers, which more than one row needs. */
#ifndef NN_SPECIAL_H
#define NN_SPECIAL_H

#include <stdint.h>

double nn_zeta(double s, double q);
double nn_digamma(double x);
double nn_polygamma(int64_t n, double x); /* n >= 1 */
/* Gamma(a, x) / (x^a e^-x) for x >= a + 1. */
double nn_gamma_fraction(double a, double x);

#endif
