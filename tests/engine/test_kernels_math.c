// The elementwise, reduction, row and optimiser kernels against the formulas in long double, for the
// instruction set that NNLUA_ISA chooses. Errors are in units of the last place of the exact result.
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernels/optim.h"
#include "kernels/reduce.h"
#include "kernels/rows.h"
#include "kernels/vmath.h"

typedef long double real;

static const struct nn_vmath_kernels *math;
static const struct nn_reduce_kernels *reduce;
static const struct nn_rows_kernels *rows;
static const struct nn_optim_kernels *optim;
static const nn_dtype floats[2] = {NN_FLOAT32, NN_FLOAT64};

static uint64_t random_state = 88172645463325252u;
static uint64_t random_bits(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}
static double uniform(double lo, double hi) {
  return lo + (hi - lo) * (double)(random_bits() >> 11) * 0x1p-53;
}

// --- numbers of either floating type
// ------------------------------------------------------------------------------

static size_t size_of(nn_dtype d) { return d == NN_FLOAT32 ? 4 : d == NN_FLOAT64 || d == NN_INT64 ? 8 : 1; }
static real get(nn_dtype d, const void *x, int64_t i) {
  return d == NN_FLOAT32   ? (real)((const float *)x)[i]
         : d == NN_FLOAT64 ? (real)((const double *)x)[i]
         : d == NN_INT64   ? (real)((const int64_t *)x)[i]
                           : (real)((const uint8_t *)x)[i];
}
static void put(nn_dtype d, void *x, int64_t i, real v) {
  if (d == NN_FLOAT32) ((float *)x)[i] = (float)v;
  if (d == NN_FLOAT64) ((double *)x)[i] = (double)v;
  if (d == NN_INT64) ((int64_t *)x)[i] = (int64_t)v;
  if (d == NN_UINT8 || d == NN_BOOL) ((uint8_t *)x)[i] = (uint8_t)v;
}
// Memory of exactly n elements, so that the sanitizers see a step too far.
static void *array(nn_dtype d, int64_t n) { return test_malloc(n > 0 ? (size_t)n * size_of(d) : 1); }
static void *filled(nn_dtype d, int64_t n, double lo, double hi) {
  void *x = array(d, n);
  for (int64_t i = 0; i < n; i++) put(d, x, i, (real)uniform(lo, hi));
  return x;
}

// How far y is from the exact value, in units of the last place that the type has there.
static double ulps(nn_dtype d, real y, real exact) {
  const int digits = d == NN_FLOAT32 ? 24 : 53, lowest = d == NN_FLOAT32 ? -149 : -1074;
  if (isnan(exact) || isnan(y)) return isnan(exact) && isnan(y) ? 0 : INFINITY;
  const real rounded = d == NN_FLOAT32 ? (real)(float)exact : (real)(double)exact;
  if (y == rounded && (isinf(y) || exact == 0)) return 0;
  if (isinf(y) || isinf(rounded)) return INFINITY;
  const int place = exact == 0 ? lowest : ilogbl(exact) - digits + 1;
  return (double)(fabsl(y - exact) / ldexpl(1, place < lowest ? lowest : place));
}
// Equal within `tolerance` times the size of the type's rounding and of the value or of `scale`.
static void check_near(const char *what, nn_dtype d, real y, real exact, real scale, double tolerance) {
  const real size = fabsl(exact) > scale ? fabsl(exact) : scale;
  const real limit = (real)tolerance * (d == NN_FLOAT32 ? FLT_EPSILON : DBL_EPSILON) * size;
  if (isnan(exact) ? !isnan(y) : !(fabsl(y - exact) <= limit || y == exact))
    fail_msg("%s (%s): %.17Lg, expected %.17Lg, off by %.3Lg, allowed %.3Lg", what, nn_dtype_name(d), y,
             exact, fabsl(y - exact), limit);
}

// --- functions of one number
// --------------------------------------------------------------------------------------

static real sigmoid_ref(real x) { return 1 / (1 + expl(-x)); }
static real softplus_ref(real x) { return fmaxl(x, 0) + log1pl(expl(-fabsl(x))) + (x - x); }
static real log_sigmoid_ref(real x) { return isinf(x) ? (x > 0 ? 0 : x) : -softplus_ref(-x); }
static real silu_ref(real x) { return x * sigmoid_ref(x); }
static real gelu_ref(real x) { return x * 0.5L * erfcl(-x * 0.70710678118654752440L); }
static real gelu_tanh_ref(real x) {
  return x * sigmoid_ref(1.5957691216057307118L * (x + 0.044715L * x * x * x));
}
static real mish_ref(real x) { return isinf(x) ? (x > 0 ? x : (real)NAN) : x * tanhl(softplus_ref(x)); }
static real hardsigmoid_ref(real x) { return isnan(x) ? x : fminl(fmaxl(x + 3, 0), 6) / 6; }
static real hardswish_ref(real x) { return x * hardsigmoid_ref(x); }
static real rsqrt_ref(real x) { return 1 / sqrtl(x); }
static real reciprocal_ref(real x) { return 1 / x; }
static real sign_ref(real x) { return (real)((x > 0) - (x < 0)); }
static real square_ref(real x) { return x * x; }
static real neg_ref(real x) { return -x; }
static real frac_ref(real x) { return x - truncl(x); }
static real relu_ref(real x) { return x <= 0 ? 0 : x; }
static real digamma_ref(real x) {
  if (x == 0) return copysignl(INFINITY, -x);
  if (x < 0) return x == truncl(x) ? (real)NAN : digamma_ref(1 - x) - M_PIl / tanl(M_PIl * (x - truncl(x)));
  real y = 0;
  for (; x < 40; x++) y -= 1 / x;
  const real z = 1 / (x * x);
  return y + logl(x) - 0.5L / x -
         z * (1 / 12.0L - z * (1 / 120.0L - z * (1 / 252.0L - z * (1 / 240.0L - z / 132))));
}

enum { EVERYWHERE, MODERATE }; // all bit patterns, or -30 < x < 30 only
static const struct {
  enum nn_unary op;
  const char *name;
  real (*exact)(real);
  double ulps32, ulps64;
  int range;
} unary[] = {
    {NN_UNARY_EXP, "exp", expl, 1, 1, EVERYWHERE},
    {NN_UNARY_EXP2, "exp2", exp2l, 1.5, 1.5, EVERYWHERE},
    {NN_UNARY_EXPM1, "expm1", expm1l, 1.5, 2, EVERYWHERE},
    {NN_UNARY_LOG, "log", logl, 1, 1, EVERYWHERE},
    {NN_UNARY_LOG2, "log2", log2l, 2.5, 2.5, EVERYWHERE},
    {NN_UNARY_LOG10, "log10", log10l, 2.5, 2.5, EVERYWHERE},
    {NN_UNARY_LOG1P, "log1p", log1pl, 2, 2, EVERYWHERE},
    {NN_UNARY_SIN, "sin", sinl, 2, 2, EVERYWHERE},
    {NN_UNARY_COS, "cos", cosl, 2, 2, EVERYWHERE},
    {NN_UNARY_TAN, "tan", tanl, 2, 4, EVERYWHERE},
    {NN_UNARY_ASIN, "asin", asinl, 2, 2, EVERYWHERE},
    {NN_UNARY_ACOS, "acos", acosl, 2, 2, EVERYWHERE},
    {NN_UNARY_ATAN, "atan", atanl, 2, 2, EVERYWHERE},
    {NN_UNARY_SINH, "sinh", sinhl, 3, 3, EVERYWHERE},
    {NN_UNARY_COSH, "cosh", coshl, 2, 2, EVERYWHERE},
    {NN_UNARY_TANH, "tanh", tanhl, 2, 2, EVERYWHERE},
    {NN_UNARY_ASINH, "asinh", asinhl, 2, 2, EVERYWHERE},
    {NN_UNARY_ACOSH, "acosh", acoshl, 2, 2, EVERYWHERE},
    {NN_UNARY_ATANH, "atanh", atanhl, 2, 2, EVERYWHERE},
    {NN_UNARY_SQRT, "sqrt", sqrtl, 0.51, 0.51, EVERYWHERE},
    {NN_UNARY_RSQRT, "rsqrt", rsqrt_ref, 2, 2, EVERYWHERE},
    {NN_UNARY_RECIPROCAL, "reciprocal", reciprocal_ref, 0.51, 0.51, EVERYWHERE},
    {NN_UNARY_ERF, "erf", erfl, 1.5, 1.5, EVERYWHERE},
    {NN_UNARY_ERFC, "erfc", erfcl, 8, 8, MODERATE},
    {NN_UNARY_SIGMOID, "sigmoid", sigmoid_ref, 2, 2, EVERYWHERE},
    {NN_UNARY_LOG_SIGMOID, "log_sigmoid", log_sigmoid_ref, 2, 2, EVERYWHERE},
    {NN_UNARY_SILU, "silu", silu_ref, 4, 4, MODERATE},
    {NN_UNARY_MISH, "mish", mish_ref, 5, 5, MODERATE},
    {NN_UNARY_HARDSIGMOID, "hardsigmoid", hardsigmoid_ref, 1.5, 1.5, MODERATE},
    {NN_UNARY_HARDSWISH, "hardswish", hardswish_ref, 2.5, 2.5, MODERATE},
    {NN_UNARY_ABS, "abs", fabsl, 0, 0, EVERYWHERE},
    {NN_UNARY_NEG, "neg", neg_ref, 0, 0, EVERYWHERE},
    {NN_UNARY_SIGN, "sign", sign_ref, 0, 0, EVERYWHERE},
    {NN_UNARY_SQUARE, "square", square_ref, 0.51, 0.51, EVERYWHERE},
    {NN_UNARY_FLOOR, "floor", floorl, 0, 0, EVERYWHERE},
    {NN_UNARY_CEIL, "ceil", ceill, 0, 0, EVERYWHERE},
    {NN_UNARY_ROUND, "round", rintl, 0, 0, EVERYWHERE},
    {NN_UNARY_TRUNC, "trunc", truncl, 0, 0, EVERYWHERE},
    {NN_UNARY_FRAC, "frac", frac_ref, 0, 0, EVERYWHERE},
    {NN_UNARY_RELU, "relu", relu_ref, 0, 0, EVERYWHERE},
};
enum { N_UNARY = sizeof unary / sizeof unary[0] };

static const double special[] = {0.0,        -0.0,
                                 INFINITY,   -INFINITY,
                                 NAN,        1e-45,
                                 -1e-45,     1e-310,
                                 -1e-310,    88.72,
                                 88.73,      -87.4,
                                 -103.9,     -104,
                                 709.7,      709.8,
                                 -745.2,     3.4e38,
                                 -3.4e38,    1.7e308,
                                 1,          -1,
                                 0.5,        -0.5,
                                 1.5,        2.5,
                                 -2.5,       0.625,
                                 0.56,       -0.7,
                                 1e-8,       1e-20,
                                 1000000007, -1e8,
                                 1e6,        1.0001e8,
                                 1e22,       1.1754e-38,
                                 2,          -2,
                                 10.2,       14.5,
                                 28,         -39,
                                 8388609,    4503599627370497.5};
enum { N_SPECIAL = sizeof special / sizeof special[0] };

// Numbers of every exponent, numbers of moderate size and the special ones.
static void *samples(nn_dtype d, int64_t n, int range) {
  void *x = array(d, n);
  for (int64_t i = 0; i < n; i++) {
    const int kind = (int)(i % 4);
    real v = (real)uniform(-1, 1) * (kind == 1 ? 30 : kind == 2 ? 3 : 0.3L);
    if (kind == 0 && range == EVERYWHERE) {
      v = ldexpl((real)uniform(1, 2),
                 (int)(random_bits() % (d == NN_FLOAT32 ? 276u : 2096u)) - (d == NN_FLOAT32 ? 149 : 1074));
      v = random_bits() % 2 ? v : -v;
    }
    put(d, x, i, v);
  }
  for (int64_t i = 0; i < N_SPECIAL && i < n; i++)
    if (range == EVERYWHERE || fabs(special[i]) < 30) put(d, x, i * (n / N_SPECIAL), (real)special[i]);
  return x;
}

static void test_unary(void **state) {
  (void)state;
  const int64_t n = 40000;
  for (int k = 0; k < N_UNARY; k++)
    for (int f = 0; f < 2; f++) {
      const nn_dtype d = floats[f];
      const double allowed = f == 0 ? unary[k].ulps32 : unary[k].ulps64;
      void *x = samples(d, n, unary[k].range), *y = array(d, n);
      math->unary[unary[k].op][d](n, x, y);
      for (int64_t i = 0; i < n; i++) {
        const real exact = unary[k].exact(get(d, x, i)), off = ulps(d, get(d, y, i), exact);
        if (!(off <= allowed))
          fail_msg("%s(%.17Lg) of %s: %.17Lg, expected %.17Lg (%.3Lf units)", unary[k].name, get(d, x, i),
                   nn_dtype_name(d), get(d, y, i), exact, off);
      }
      test_free(x), test_free(y);
    }
}

// The functions whose error is promised to be at most 2 units, over all of float32 in steps of a prime; against the C
// library's double, whose own error is nothing here. NNLUA_SWEEP=1 goes through every one, NNLUA_SWEEP=31 through each 31st,
// and prints the largest error.
static double sigmoid_double(double x) { return 1 / (1 + exp(-x)); }
static double digamma_double(double x) { return (double)digamma_ref((real)x); }
static void test_float_sweep(void **state) {
  (void)state;
  static const struct {
    enum nn_unary op;
    const char *name;
    double (*exact)(double);
    bool above_0; // promised there only
  } promised[] = {{NN_UNARY_EXP, "exp", exp},    {NN_UNARY_LOG, "log", log},
                  {NN_UNARY_TANH, "tanh", tanh}, {NN_UNARY_ERF, "erf", erf},
                  {NN_UNARY_SIGMOID, "sigmoid", sigmoid_double},
                  {NN_UNARY_ASIN, "asin", asin},    {NN_UNARY_ACOS, "acos", acos},
                  {NN_UNARY_ATAN, "atan", atan},    {NN_UNARY_ASINH, "asinh", asinh},
                  {NN_UNARY_ACOSH, "acosh", acosh}, {NN_UNARY_ATANH, "atanh", atanh},
                  {NN_UNARY_SIN, "sin", sin},       {NN_UNARY_COS, "cos", cos},
                  {NN_UNARY_TAN, "tan", tan},
                  {NN_UNARY_EXPM1, "expm1", expm1}, {NN_UNARY_LOG1P, "log1p", log1p},
                  {NN_UNARY_LGAMMA, "lgamma", lgamma, true},
                  {NN_UNARY_DIGAMMA, "digamma", digamma_double, true}};
  enum { RUN = 1021 };
  const char *asked = getenv("NNLUA_SWEEP");
  const uint64_t step = asked && atoi(asked) > 0 ? (uint64_t)atoi(asked) : 509;
  for (size_t k = 0; k < sizeof promised / sizeof promised[0]; k++) {
    double worst = 0;
    for (uint64_t at = 0; at <= UINT32_MAX; at += step * RUN) {
      float x[RUN], y[RUN];
      for (uint64_t i = 0; i < RUN; i++) {
        const uint32_t bits = (uint32_t)(at + i * step);
        memcpy(&x[i], &bits, sizeof bits);
      }
      math->unary[promised[k].op][NN_FLOAT32](RUN, x, y);
      for (int i = 0; i < RUN; i++) {
        if (promised[k].above_0 && !(x[i] > 0)) continue;
        const double exact = promised[k].exact((double)x[i]);
        if (isnan(exact) ? isnan(y[i]) : (float)exact == y[i]) continue;
        int exponent;
        frexp(exact, &exponent);
        const double off = fabs((double)y[i] - exact) * ldexp(1, exponent - 24 < -149 ? 149 : 24 - exponent);
        if (!(off <= 2)) fail_msg("%s(%.9g): %.9g, expected %.9g (%.3f units)", promised[k].name, x[i], y[i], exact, off);
        worst = off > worst ? off : worst;
      }
    }
    if (asked) printf("%s: at most %.3f units of the last place\n", promised[k].name, worst);
  }
}

// Near 0 and far out, relative accuracy is lost with the argument; the functions stay close to their own
// size.
static void test_unary_rare(void **state) {
  (void)state;
  static const struct {
    enum nn_unary op;
    const char *name;
    real (*exact)(real);
    double lo, hi, tolerance;
  } rare[] = {{NN_UNARY_GELU, "gelu", gelu_ref, -12, 12, 8},
              {NN_UNARY_GELU_TANH, "gelu_tanh", gelu_tanh_ref, -4, 12, 60},
              {NN_UNARY_LGAMMA, "lgamma", lgammal, 0.1, 100, 3},
              {NN_UNARY_DIGAMMA, "digamma", digamma_ref, -5, 100, 30}};
  const int64_t n = 5000;
  for (size_t k = 0; k < sizeof rare / sizeof rare[0]; k++)
    for (int f = 0; f < 2; f++) {
      const nn_dtype d = floats[f];
      void *x = filled(d, n, rare[k].lo, rare[k].hi), *y = array(d, n);
      math->unary[rare[k].op][d](n, x, y);
      for (int64_t i = 0; i < n; i++) {
        const real v = get(d, x, i),
                   steep = rare[k].op == NN_UNARY_DIGAMMA ? 1 + 1 / ((v - rintl(v)) * (v - rintl(v))) : 0;
        check_near(rare[k].name, d, get(d, y, i), rare[k].exact(v),
                   v < 0 ? steep : rare[k].op == NN_UNARY_DIGAMMA, rare[k].tolerance);
      }
      test_free(x), test_free(y);
    }
}

static void test_erfinv(void **state) {
  (void)state;
  const double ends[] = {1, -1, 0, 1.5, NAN};
  double y[5];
  math->unary[NN_UNARY_ERFINV][NN_FLOAT64](5, ends, y);
  assert_true(y[0] == (double)INFINITY && y[1] == -(double)INFINITY && y[2] == 0 && isnan(y[3]) &&
              isnan(y[4]));
  for (int f = 0; f < 2; f++) {
    const nn_dtype d = floats[f];
    void *x = filled(d, 2000, -1, 1), *r = array(d, 2000);
    put(d, x, 0, 1e-12L), put(d, x, 1, 1 - (f == 0 ? 0x1p-24L : 0x1p-53L)), put(d, x, 2, -0.999L);
    math->unary[NN_UNARY_ERFINV][d](2000, x, r);
    for (int64_t i = 0; i < 2000; i++) { // one Newton step in long double tells how far off the result is
      const real v = get(d, x, i), a = fabsl(v), w = fabsl(get(d, r, i));
      const real slope = 1.12837916709551257390L * expl(-w * w);
      const real off = (a < 0.5L ? erfl(w) - a : (1 - a) - erfcl(w)) / slope;
      check_near("erfinv", d, w, w - off, 0, 4);
      assert_true(signbit(get(d, r, i)) == signbit(v));
    }
    test_free(x), test_free(r);
  }
}

// An element's result depends neither on the length of the run, nor on its place in it, nor on writing in
// place.
static void test_unary_everywhere_alike(void **state) {
  (void)state;
  for (int k = 0; k < NN_UNARY_BIT_NOT; k++)
    for (int f = 0; f < 2; f++) {
      const nn_dtype d = floats[f];
      const size_t size = size_of(d);
      char *x = filled(d, 80, 0.1, 0.9), *y = array(d, 80);
      math->unary[k][d](80, x, y);
      for (int64_t n = 0; n < 40; n++) {
        char *z = array(d, n);
        memcpy(z, x + 7 * size, (size_t)n * size);
        math->unary[k][d](n, z, z);
        for (int64_t i = 0; i < n; i++) check_near("place", d, get(d, z, i), get(d, y, i + 7), 0, 0);
        test_free(z);
      }
      test_free(x), test_free(y);
    }
}

static void test_unary_integers(void **state) {
  (void)state;
  const int64_t x[] = {0, 1, -1, 5, -7, INT64_MAX, INT64_MIN, INT64_MIN + 1};
  int64_t y[8];
  math->unary[NN_UNARY_ABS][NN_INT64](8, x, y);
  assert_true(y[4] == 7 && y[5] == INT64_MAX && y[6] == INT64_MIN && y[7] == INT64_MAX);
  math->unary[NN_UNARY_NEG][NN_INT64](8, x, y);
  assert_true(y[1] == -1 && y[6] == INT64_MIN && y[7] == INT64_MAX);
  math->unary[NN_UNARY_SIGN][NN_INT64](8, x, y);
  assert_true(y[0] == 0 && y[3] == 1 && y[6] == -1);
  math->unary[NN_UNARY_SQUARE][NN_INT64](8, x, y);
  assert_true(y[4] == 49 && y[5] == 1 && y[6] == 0);
  math->unary[NN_UNARY_RELU][NN_INT64](8, x, y);
  assert_true(y[4] == 0 && y[5] == INT64_MAX);
  math->unary[NN_UNARY_FLOOR][NN_INT64](8, x, y);
  assert_memory_equal(x, y, sizeof x);
  math->unary[NN_UNARY_BIT_NOT][NN_INT64](8, x, y);
  assert_true(y[0] == -1 && y[4] == 6);
  const uint8_t b[2] = {0, 1};
  uint8_t c[2];
  math->unary[NN_UNARY_BIT_NOT][NN_BOOL](2, b, c);
  assert_true(c[0] == 1 && c[1] == 0);
  math->unary[NN_UNARY_BIT_NOT][NN_UINT8](2, b, c);
  assert_true(c[0] == 255 && c[1] == 254);
}

// --- parameters and gradients
// -------------------------------------------------------------------------------------

static const double P = 0.7, Q = 1.6; // parameters of all of them
static real softplus_of(real x) { return P * x > Q ? x : softplus_ref(P * x) / P; }
static real clamp_of(real x) { return x < P ? P : x > Q ? Q : x; }
static real leaky_relu_of(real x) { return x > 0 ? x : P * x; }
static real elu_of(real x) { return x > 0 ? x : P * expm1l(x); }
static real threshold_of(real x) { return x <= P ? Q : x; }
static real scale_shift_of(real x) { return P * x + Q; }
static const struct {
  const char *name;
  real (*exact)(real);
} params[NN_PARAM_COUNT] = {{"softplus", softplus_of},     {"clamp", clamp_of},
                            {"leaky_relu", leaky_relu_of}, {"elu", elu_of},
                            {"threshold", threshold_of},   {"scale_shift", scale_shift_of}};

// P and Q as the type has them would move the steps of clamp and threshold: samples keep away from them.
static real sample_apart(void) {
  real x;
  do x = (real)uniform(-6, 6);
  while (fabsl(x) < 0.001L || fabsl(fabsl(x) - 3) < 0.001L || fabsl(x - P) < 0.001L || fabsl(x - Q) < 0.001L || fabsl(x * P - Q) < 0.001L);
  return x;
}

static void test_param(void **state) {
  (void)state;
  const int64_t n = 3001;
  for (int k = 0; k < NN_PARAM_COUNT; k++)
    for (int f = 0; f < 2; f++) {
      const nn_dtype d = floats[f];
      void *x = array(d, n), *y = array(d, n);
      for (int64_t i = 0; i < n; i++) put(d, x, i, sample_apart());
      put(d, x, 5, NAN);
      math->param[k][d](n, P, Q, x, y);
      for (int64_t i = 0; i < n; i++)
        check_near(params[k].name, d, get(d, y, i), params[k].exact(get(d, x, i)),
                   k == NN_PARAM_SCALE_SHIFT ? 4 : 0, 4);
      test_free(x), test_free(y);
    }
  const int64_t ints[] = {-9, 3, INT64_MAX};
  int64_t out[3];
  math->clamp_i64(3, -2, 7, ints, out);
  assert_true(out[0] == -2 && out[1] == 3 && out[2] == 7);
  math->clamp_i64(3, 7, -2, ints, out);
  assert_true(out[0] == -2 && out[1] == -2 && out[2] == -2);
}

static const struct {
  const char *name;
  real (*forward)(real);
  int of_result;
} grads[NN_GRAD_COUNT] = {[NN_GRAD_RELU] = {"relu", relu_ref, 1},
                          [NN_GRAD_LEAKY_RELU] = {"leaky_relu", leaky_relu_of, 1},
                          [NN_GRAD_SIGMOID] = {"sigmoid", sigmoid_ref, 1},
                          [NN_GRAD_TANH] = {"tanh", tanhl, 1},
                          [NN_GRAD_GELU] = {"gelu", gelu_ref, 0},
                          [NN_GRAD_GELU_TANH] = {"gelu_tanh", gelu_tanh_ref, 0},
                          [NN_GRAD_SILU] = {"silu", silu_ref, 0},
                          [NN_GRAD_SOFTPLUS] = {"softplus", softplus_of, 0},
                          [NN_GRAD_CLAMP] = {"clamp", clamp_of, 0},
                          [NN_GRAD_ELU] = {"elu", elu_of, 0},
                          [NN_GRAD_THRESHOLD] = {"threshold", threshold_of, 0},
                          [NN_GRAD_MISH] = {"mish", mish_ref, 0},
                          [NN_GRAD_LOG_SIGMOID] = {"log_sigmoid", log_sigmoid_ref, 0},
                          [NN_GRAD_HARDSIGMOID] = {"hardsigmoid", hardsigmoid_ref, 0},
                          [NN_GRAD_HARDSWISH] = {"hardswish", hardswish_ref, 0}};

// Against central differences of fourth order in long double, whose own error is below 1e-14.
static void test_grad(void **state) {
  (void)state;
  const int64_t n = 1003;
  for (int k = 0; k < NN_GRAD_COUNT; k++)
    for (int f = 0; f < 2; f++) {
      const nn_dtype d = floats[f];
      void *s = array(d, n), *g = filled(d, n, -2, 2), *y = array(d, n);
      real *slope = test_malloc((size_t)n * sizeof(real));
      for (int64_t i = 0; i < n; i++) {
        const real h = 2e-4L, x0 = sample_apart();
        put(d, s, i, x0);
        const real x = get(d, s, i);
        real (*const fn)(real) = grads[k].forward;
        slope[i] = (8 * (fn(x + h) - fn(x - h)) - (fn(x + 2 * h) - fn(x - 2 * h))) / (12 * h);
        if (grads[k].of_result) put(d, s, i, fn(x));
      }
      math->grad[k][d](n, P, Q, g, s, y);
      for (int64_t i = 0; i < n; i++)
        check_near(grads[k].name, d, get(d, y, i), get(d, g, i) * slope[i], 4, f == 0 ? 8 : 40);
      math->grad[k][d](n, P, Q, g, s, g); // in place
      for (int64_t i = 0; i < n; i++) check_near(grads[k].name, d, get(d, g, i), get(d, y, i), 0, 0);
      test_free(s), test_free(g), test_free(y), test_free(slope);
    }
}

// --- functions of two numbers
// -------------------------------------------------------------------------------------

static real add_ref(real a, real b) { return a + b; }
static real sub_ref(real a, real b) { return a - b; }
static real mul_ref(real a, real b) { return a * b; }
static real div_ref(real a, real b) { return a / b; }
static real maximum_ref(real a, real b) { return isnan(a) || isnan(b) ? (real)NAN : a > b ? a : b; }
static real minimum_ref(real a, real b) { return isnan(a) || isnan(b) ? (real)NAN : a < b ? a : b; }
static real remainder_ref(real a, real b) {
  const real m = fmodl(a, b);
  return m != 0 && (b < 0) != (m < 0) ? m + b : m;
}
static real floor_divide_ref(real a, real b) { return b == 0 || isinf(a) ? a / b : floorl(a / b); }
static real trunc_divide_ref(real a, real b) { return truncl(a / b); }
static const struct {
  enum nn_binary op;
  const char *name;
  real (*exact)(real, real);
  double ulps;
} binary[] = {{NN_BINARY_ADD, "add", add_ref, 0.51},
              {NN_BINARY_SUB, "sub", sub_ref, 0.51},
              {NN_BINARY_MUL, "mul", mul_ref, 0.51},
              {NN_BINARY_DIV, "div", div_ref, 0.51},
              {NN_BINARY_POW, "pow", powl, 1.5},
              {NN_BINARY_MAXIMUM, "maximum", maximum_ref, 0},
              {NN_BINARY_MINIMUM, "minimum", minimum_ref, 0},
              {NN_BINARY_ATAN2, "atan2", atan2l, 2},
              {NN_BINARY_HYPOT, "hypot", hypotl, 1},
              {NN_BINARY_FMOD, "fmod", fmodl, 0},
              {NN_BINARY_REMAINDER, "remainder", remainder_ref, 0.51},
              {NN_BINARY_FLOOR_DIVIDE, "floor_divide", floor_divide_ref, 0.51},
              {NN_BINARY_TRUNC_DIVIDE, "trunc_divide", trunc_divide_ref, 0.51},
              {NN_BINARY_COPYSIGN, "copysign", copysignl, 0}};

static void test_binary(void **state) {
  (void)state;
  const int64_t n = 3000;
  for (size_t k = 0; k < sizeof binary / sizeof binary[0]; k++)
    for (int f = 0; f < 2; f++)
      for (int steps = 0; steps < 4; steps++) {
        const nn_dtype d = floats[f];
        const int64_t sa = steps & 1, sb = steps >> 1;
        void *a = filled(d, n, -9, 9), *b = filled(d, n, -4, 4), *y = array(d, n);
        for (int64_t i = 0; i < n; i += 3)
          put(d, b, i, rintl(get(d, b, i))); // whole exponents, exact quotients
        for (int64_t i = 0; i < n; i += 5) put(d, a, i, rintl(get(d, a, i)));
        assert_true(math->binary[binary[k].op][d](n, a, sa, b, sb, y));
        for (int64_t i = 0; i < n; i++) {
          const real u = get(d, a, i * sa), v = get(d, b, i * sb), exact = binary[k].exact(u, v);
          const double off = ulps(d, get(d, y, i), exact);
          // Quotients that the type rounds up to a whole number may be that number.
          const int edge = binary[k].op == NN_BINARY_TRUNC_DIVIDE && get(d, y, i) == rintl(u / v);
          if (!(off <= binary[k].ulps) && !edge)
            fail_msg("%s(%.17Lg, %.17Lg) of %s: %.17Lg, expected %.17Lg", binary[k].name, u, v,
                     nn_dtype_name(d), get(d, y, i), exact);
        }
        if (sb) {
          math->binary[binary[k].op][d](n, a, sa, b, sb, b); // in place
          for (int64_t i = 0; i < n; i++) check_near(binary[k].name, d, get(d, b, i), get(d, y, i), 0, 0);
        }
        test_free(a), test_free(b), test_free(y);
      }
}

// Every pair of remarkable numbers: infinities, NaN, zeros of both signs, whole and odd powers.
static void test_binary_special(void **state) {
  (void)state;
  static const double v[] = {0.0,  -0.0,     1,         -1,  2,    -2,    3,     -3, 0.5,
                             -0.5, INFINITY, -INFINITY, NAN, 1e30, -1e30, 1e-40, 7};
  enum { COUNT = sizeof v / sizeof v[0] };
  for (size_t k = 0; k < sizeof binary / sizeof binary[0]; k++)
    for (int f = 0; f < 2; f++)
      for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++) {
          const nn_dtype d = floats[f];
          double one[4], two[4], out[4]; // room for either type
          for (int64_t c = 0; c < 4; c++) put(d, one, c, v[i]), put(d, two, c, v[j]);
          math->binary[binary[k].op][d](4, one, 1, two, 1, out);
          const real a = get(d, one, 0), b = get(d, two, 0), exact = binary[k].exact(a, b);
          const int huge = fabsl(a) > 1e20L && fabsl(b) < 1e20L; // quotients beyond the digits
          if (huge && binary[k].op >= NN_BINARY_FMOD && binary[k].op <= NN_BINARY_TRUNC_DIVIDE) continue;
          if (binary[k].op == NN_BINARY_FLOOR_DIVIDE && (isinf(a) || isinf(b))) continue; // below
          const double off = ulps(d, get(d, out, 0), exact);
          if (!(off <= binary[k].ulps))
            fail_msg("%s(%g, %g) of %s: %Lg, expected %Lg", binary[k].name, v[i], v[j], nn_dtype_name(d),
                     get(d, out, 0), exact);
        }
  const float a[4] = {INFINITY, -1, 1, NAN}, b[4] = {2, INFINITY, INFINITY, 1};
  float y[4];
  math->binary[NN_BINARY_FLOOR_DIVIDE][NN_FLOAT32](4, a, 1, b, 1, y);
  assert_true(isnan(y[0]) && y[1] == -1 && y[2] == 0 && isnan(y[3]));
}

// Remainders of every size of quotient, in the way that takes the C library too, are exact.
static void test_remainders(void **state) {
  (void)state;
  for (int f = 0; f < 2; f++)
    for (int steps = 1; steps < 4; steps++) {
      const nn_dtype d = floats[f];
      const int64_t n = 1500, sa = steps & 1, sb = steps >> 1;
      void *a = samples(d, n, EVERYWHERE), *b = samples(d, n, EVERYWHERE), *m = array(d, n), *r = array(d, n);
      for (int64_t i = 0; i < n; i += 2) put(d, b, i, (real)uniform(0.1, 5)); // quotients that have digits
      for (int64_t i = 0; i < n; i += 3) put(d, a, i, get(d, b, i) * rintl((real)uniform(-1e5, 1e5)));
      math->binary[NN_BINARY_FMOD][d](n, a, sa, b, sb, m);
      math->binary[NN_BINARY_REMAINDER][d](n, a, sa, b, sb, r);
      for (int64_t i = 0; i < n; i++) {
        const real u = get(d, a, i * sa), v = get(d, b, i * sb), exact = fmodl(u, v);
        if (ulps(d, get(d, m, i), exact) != 0) fail_msg("fmod(%.17Lg, %.17Lg): %.17Lg", u, v, get(d, m, i));
        if (!isnan(exact) && signbit(get(d, m, i)) != signbit(u)) fail_msg("sign of fmod(%Lg, %Lg)", u, v);
        const real whole = exact != 0 && (v < 0) != (exact < 0) ? exact + v : exact;
        if (!(ulps(d, get(d, r, i), whole) <= 0.51)) fail_msg("remainder(%.17Lg, %.17Lg): %.17Lg", u, v, get(d, r, i));
      }
      test_free(a), test_free(b), test_free(m), test_free(r);
    }
}

// NaN anywhere in a run, of any length, is its largest and its smallest.
static void test_extremes_nan(void **state) {
  (void)state;
  for (int f = 0; f < 2; f++)
    for (int64_t n = 1; n < 300; n += 13) {
      void *x = filled(floats[f], n, -1, 1), *y = array(floats[f], 1);
      const int64_t at = (int64_t)(random_bits() % (uint64_t)n);
      put(floats[f], x, at, (real)NAN);
      for (int k = 0; k < 2; k++) {
        reduce->run[k ? NN_REDUCE_MIN : NN_REDUCE_MAX][floats[f]](n, x, y);
        assert_true(isnan(get(floats[f], y, 0)));
        assert_int_equal((k ? reduce->argmin : reduce->argmax)[floats[f]](n, x, NULL), at);
      }
      test_free(x), test_free(y);
    }
}

// One exponent for all elements takes shortcuts; the results are those of the general power.
static void test_pow_scalar(void **state) {
  (void)state;
  static const double exponents[] = {0, 1, 2, 3, 0.5, -0.5, -1, -2, 4, 1.0 / 3};
  for (size_t k = 0; k < sizeof exponents / sizeof exponents[0]; k++)
    for (int f = 0; f < 2; f++) {
      const nn_dtype d = floats[f];
      double e[1];
      put(d, e, 0, exponents[k]);
      void *x = filled(d, 333, 0.01, 50), *y = array(d, 333);
      assert_true(math->binary[NN_BINARY_POW][d](333, x, 1, e, 0, y));
      for (int64_t i = 0; i < 333; i++)
        check_near("pow", d, get(d, y, i), powl(get(d, x, i), get(d, e, 0)), 0, 2);
      test_free(x), test_free(y);
    }
}

static int64_t floor_div_int(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }
static void test_integers(void **state) {
  (void)state;
  const int64_t a[] = {7, -7, 7, -7, 6, INT64_MIN, INT64_MIN, INT64_MAX, 0},
                b[] = {2, 2, -2, -2, 3, -1, 3, 10, 5};
  int64_t q[9], r[9], m[9], t[9];
  assert_true(math->binary[NN_BINARY_FLOOR_DIVIDE][NN_INT64](9, a, 1, b, 1, q));
  assert_true(math->binary[NN_BINARY_REMAINDER][NN_INT64](9, a, 1, b, 1, r));
  assert_true(math->binary[NN_BINARY_FMOD][NN_INT64](9, a, 1, b, 1, m));
  assert_true(math->binary[NN_BINARY_TRUNC_DIVIDE][NN_INT64](9, a, 1, b, 1, t));
  for (int i = 0; i < 9; i++) {
    if (b[i] == -1) {
      assert_true(q[i] == INT64_MIN && t[i] == INT64_MIN && r[i] == 0 && m[i] == 0);
      continue;
    }
    assert_true(q[i] == floor_div_int(a[i], b[i]) && t[i] == a[i] / b[i]);
    assert_true((uint64_t)r[i] == (uint64_t)a[i] - (uint64_t)q[i] * (uint64_t)b[i] && m[i] == a[i] % b[i]);
  }
  const int64_t zero = 0;
  const enum nn_binary dividing[] = {NN_BINARY_FLOOR_DIVIDE, NN_BINARY_REMAINDER, NN_BINARY_FMOD,
                                     NN_BINARY_TRUNC_DIVIDE};
  for (int k = 0; k < 4; k++) assert_false(math->binary[dividing[k]][NN_INT64](9, a, 1, &zero, 0, q));
  const int64_t bases[] = {2, -3, 1, -1, 10, 0}, powers[] = {62, 3, -4, -3, 18, 0};
  assert_false(math->binary[NN_BINARY_POW][NN_INT64](6, bases, 1, powers, 1, q));
  assert_true(q[0] == (int64_t)1 << 62 && q[1] == -27 && q[2] == 1 && q[3] == -1);
  assert_true(q[4] == 1000000000000000000 && q[5] == 1);
  math->binary[NN_BINARY_ADD][NN_INT64](9, a, 1, a, 1, q);
  assert_true(q[7] == -2 && q[5] == 0);
  math->binary[NN_BINARY_MAXIMUM][NN_INT64](9, a, 1, b, 1, q);
  math->binary[NN_BINARY_BIT_XOR][NN_INT64](9, a, 1, b, 1, r);
  for (int i = 0; i < 9; i++) assert_true(q[i] == (a[i] > b[i] ? a[i] : b[i]) && r[i] == (a[i] ^ b[i]));
  const uint8_t u[3] = {200, 1, 0}, w[3] = {100, 1, 1};
  uint8_t c[3];
  math->binary[NN_BINARY_ADD][NN_UINT8](3, u, 1, w, 1, c);
  assert_true(c[0] == 44 && c[1] == 2);
  math->binary[NN_BINARY_ADD][NN_BOOL](2, u + 1, 1, w + 1, 1, c);
  assert_true(c[0] == 1 && c[1] == 1);
}

static int holds(int op, real a, real b) {
  const int results[NN_COMPARE_COUNT] = {a == b, a != b, a<b, a <= b, a> b, a >= b};
  return results[op];
}
static void test_compare(void **state) {
  (void)state;
  for (int d = 0; d < NN_DTYPES; d++)
    for (int op = 0; op < NN_COMPARE_COUNT; op++)
      for (int steps = 0; steps < 4; steps++) {
        const int64_t n = 131, sa = steps & 1, sb = steps >> 1;
        void *a = array((nn_dtype)d, n), *b = array((nn_dtype)d, n);
        uint8_t y[131];
        for (int64_t i = 0; i < n; i++) {
          const int small = d == NN_BOOL ? 2 : 4;
          put((nn_dtype)d, a, i, (real)(random_bits() % (unsigned)small));
          put((nn_dtype)d, b, i, (real)(random_bits() % (unsigned)small));
        }
        if (nn_is_float((nn_dtype)d)) put((nn_dtype)d, a, 3, NAN), put((nn_dtype)d, b, 9, NAN);
        math->compare[op][d](n, a, sa, b, sb, y);
        for (int64_t i = 0; i < n; i++)
          assert_int_equal(y[i], holds(op, get((nn_dtype)d, a, i * sa), get((nn_dtype)d, b, i * sb)));
        test_free(a), test_free(b);
      }
}

static void test_predicates(void **state) {
  (void)state;
  for (int f = 0; f < 2; f++) {
    const nn_dtype d = floats[f];
    void *x = array(d, 70);
    uint8_t nan[70], inf[70], finite[70], zero[70];
    for (int64_t i = 0; i < 70; i++)
      put(d, x, i, i % 5 == 0 ? (real)NAN : i % 5 == 1 ? -(real)INFINITY : (real)(i % 3));
    math->predicate[NN_PREDICATE_ISNAN][d](70, x, nan);
    math->predicate[NN_PREDICATE_ISINF][d](70, x, inf);
    math->predicate[NN_PREDICATE_ISFINITE][d](70, x, finite);
    math->predicate[NN_PREDICATE_LOGICAL_NOT][d](70, x, zero);
    for (int64_t i = 0; i < 70; i++) {
      assert_true(nan[i] == (i % 5 == 0) && inf[i] == (i % 5 == 1) && finite[i] == (i % 5 > 1));
      assert_true(zero[i] == (i % 5 > 1 && i % 3 == 0));
    }
    test_free(x);
  }
}

static void test_combinations(void **state) {
  (void)state;
  const int64_t n = 77;
  for (int f = 0; f < 2; f++) {
    const nn_dtype d = floats[f];
    void *a = filled(d, n, -3, 3), *b = filled(d, n, -3, 3), *c = filled(d, n, -3, 3), *y = array(d, n);
    for (int steps = 0; steps < 8; steps++) {
      const int64_t sa = steps & 1, sb = steps >> 1 & 1, sc = steps >> 2;
      math->mul_add[d](n, a, sa, b, sb, c, sc, y);
      for (int64_t i = 0; i < n; i++)
        check_near("mul_add", d, get(d, y, i), get(d, a, i * sa) * get(d, b, i * sb) + get(d, c, i * sc), 9,
                   1);
    }
    const double pairs[5][2] = {{2, 0}, {3, 1}, {1, -2}, {0.5, 0.25}, {1, 1}};
    for (int k = 0; k < 5; k++) {
      math->axpby[d](n, pairs[k][0], a, pairs[k][1], pairs[k][1] == 0 ? NULL : b, y);
      for (int64_t i = 0; i < n; i++)
        check_near("axpby", d, get(d, y, i), pairs[k][0] * get(d, a, i) + pairs[k][1] * get(d, b, i), 9, 1);
    }
    test_free(a), test_free(b), test_free(c), test_free(y);
  }
}

static void test_ternary(void **state) {
  (void)state;
  for (int f = 0; f < 2; f++)
    for (int64_t n = 0; n < 200; n += n < 70 ? 1 : 33)
      for (int sc = 0; sc < 2; sc++) {
        const nn_dtype d = floats[f];
        void *a = filled(d, n, -2, 2), *b = filled(d, n, -2, 2), *c = filled(d, n + 1, 0.1, 1.2), *y = array(d, n);
        for (int op = 0; op < NN_TERNARY_COUNT; op++) {
          math->ternary[op][d](n, 0.75, a, b, c, sc, y);
          for (int64_t i = 0; i < n; i++) {
            const real u = get(d, a, i), v = get(d, b, i), w = get(d, c, sc * i);
            const real exact = op == NN_TERNARY_LERP      ? u + w * (v - u)
                               : op == NN_TERNARY_ADDCMUL ? u + 0.75L * v * w
                                                          : u + 0.75L * (v / w);
            check_near("ternary", d, get(d, y, i), exact, op == NN_TERNARY_ADDCDIV ? 20 : 4, 2);
          }
        }
        test_free(a), test_free(b), test_free(c), test_free(y);
      }
}

static void test_where(void **state) {
  (void)state;
  for (int t = 0; t < NN_DTYPES; t++)
    for (int steps = 0; steps < 8; steps++) {
      const nn_dtype d = (nn_dtype)t;
      const int64_t n = 67, sm = steps & 1, sa = steps >> 1 & 1, sb = steps >> 2;
      void *a = filled(d, n, 0, d == NN_BOOL ? 1.99 : 100), *b = filled(d, n, 0, d == NN_BOOL ? 1.99 : 100);
      void *y = array(d, n);
      uint8_t mask[67];
      for (int64_t i = 0; i < n; i++) mask[i] = (uint8_t)(random_bits() & 1);
      math->where[d](n, mask, sm, a, sa, b, sb, y);
      for (int64_t i = 0; i < n; i++)
        assert_true(get(d, y, i) == (mask[i * sm] ? get(d, a, i * sa) : get(d, b, i * sb)));
      test_free(a), test_free(b), test_free(y);
    }
}

static real converted(nn_dtype to, real x) {
  if (to == NN_BOOL) return x != 0;
  if (to == NN_FLOAT32) return (real)(float)x;
  if (to == NN_FLOAT64) return (real)(double)x;
  const int64_t v = x >= -0x1p63L && x < 0x1p63L ? (int64_t)x : INT64_MIN;
  return to == NN_INT64 ? (real)v : (real)(uint8_t)v;
}
static void test_convert(void **state) {
  (void)state;
  const double odd[] = {NAN, INFINITY, -INFINITY, 1e19, -1e19, -0.0, 300.7, -1.5, 9007199254740993.0, 1e-320};
  for (int from = 0; from < NN_DTYPES; from++)
    for (int to = 0; to < NN_DTYPES; to++) {
      const nn_dtype s = (nn_dtype)from, t = (nn_dtype)to;
      const int64_t n = 83;
      void *x = filled(s, n, s == NN_BOOL || s == NN_UINT8 ? 0 : -120, s == NN_BOOL ? 1.99 : 120),
           *y = array(t, n);
      if (nn_is_float(s))
        for (int64_t i = 0; i < 10; i++) put(s, x, i * 7, odd[i]);
      if (s == NN_INT64) ((int64_t *)x)[4] = INT64_MIN, ((int64_t *)x)[5] = INT64_MAX;
      math->convert[s][t](n, x, y);
      for (int64_t i = 0; i < n; i++)
        check_near("convert", t, get(t, y, i), converted(t, get(s, x, i)), 0, 0);
      test_free(x), test_free(y);
    }
}

static void test_movement(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 2, 4, 8, 16};
  for (int k = 0; k < 5; k++) {
    const size_t e = sizes[k];
    const int64_t rows_n = 37, cols_n = 21, cells = rows_n * cols_n;
    uint8_t *src = test_malloc((size_t)cells * e), *dst = test_malloc((size_t)cells * e);
    for (size_t i = 0; i < (size_t)cells * e; i++) src[i] = (uint8_t)random_bits();
    math->transpose(rows_n, cols_n, src, cols_n * (int64_t)e, dst, rows_n * (int64_t)e, e);
    for (int64_t i = 0; i < rows_n; i++)
      for (int64_t j = 0; j < cols_n; j++)
        assert_memory_equal(src + (size_t)(i * cols_n + j) * e, dst + (size_t)(j * rows_n + i) * e, e);
    math->gather_strided(rows_n, src + (size_t)3 * e, cols_n * (int64_t)e, dst, e); // column 3
    for (int64_t i = 0; i < rows_n; i++)
      assert_memory_equal(src + (size_t)(i * cols_n + 3) * e, dst + (size_t)i * e, e);
    math->gather_strided(5, src + (size_t)4 * e, -(int64_t)e, dst, e); // backwards
    for (int64_t i = 0; i < 5; i++) assert_memory_equal(src + (size_t)(4 - i) * e, dst + (size_t)i * e, e);
    math->gather_strided(9, src, 0, dst, e); // one element again and again
    math->fill(9, src, dst + 9 * e, e);
    for (size_t i = 0; i < 18; i++) assert_memory_equal(src, dst + i * e, e);
    memset(dst, 0, (size_t)cells * e);
    math->scatter_strided(rows_n, src, dst + e, cols_n * (int64_t)e, e); // to column 1
    for (int64_t i = 0; i < rows_n; i++) {
      const uint8_t nothing[16] = {0};
      assert_memory_equal(dst + (size_t)(i * cols_n + 1) * e, src + (size_t)i * e, e);
      assert_memory_equal(dst + (size_t)(i * cols_n + 2) * e, nothing, e);
    }
    test_free(src), test_free(dst);
  }
}

// --- reductions
// ---------------------------------------------------------------------------------------------------

// The exact reduction of `count` elements `step` apart, and the size that rounding is measured by.
static real reduced(nn_dtype d, int op, int64_t count, int64_t step, const void *x, int64_t at, real *size) {
  real y = op == NN_REDUCE_PROD ? 1 : op >= NN_REDUCE_MAX ? get(d, x, at) : 0;
  *size = 0;
  for (int64_t i = 0; i < count; i++) {
    const real v = get(d, x, at + i * step);
    if (op == NN_REDUCE_SUM) y += v, *size += fabsl(v);
    if (op == NN_REDUCE_PROD) y *= v;
    if (op == NN_REDUCE_SUM_SQUARES) y += v * v;
    if (op == NN_REDUCE_SUM_ABS) y += fabsl(v);
    if (op == NN_REDUCE_MAX) y = v > y ? v : y;
    if (op == NN_REDUCE_MIN) y = v < y ? v : y;
  }
  return y;
}
static void *numbers(nn_dtype d, int op, int64_t n) {
  if (d == NN_BOOL) return filled(d, n, 0, 1.99);
  if (op == NN_REDUCE_PROD)
    return nn_is_float(d) ? filled(d, n, 0.99, 1.01) : filled(d, n, 1, 1.5 + (n < 40));
  return filled(d, n, d == NN_UINT8 ? 0 : -20, d == NN_UINT8 ? 255 : 60);
}
static nn_dtype result_dtype(nn_dtype d, int op) {
  return nn_is_float(d) || op >= NN_REDUCE_MAX ? d : NN_INT64;
}

// Rows that lie `gap` apart, as many as fill no group, one, or begin a next one; a row's bits are those it has alone.
static void check_reduce_rows(int op, nn_dtype d, int64_t r, int64_t n, int64_t gap) {
  const int64_t stride = n + gap;
  void *x = numbers(d, op, r * stride), *y = array(d, r), *alone = array(d, 1);
  reduce->rows[op][d](r, n, x, stride, y);
  for (int64_t k = 0; k < r; k++) {
    const char *row = (const char *)x + (size_t)(k * stride) * size_of(d);
    real size;
    const real exact = reduced(d, op, n, 1, row, 0, &size);
    check_near("rows", d, get(d, y, k), exact, size, op >= NN_REDUCE_MAX ? 0 : 2);
    reduce->rows[op][d](1, n, row, stride, alone);
    assert_memory_equal(alone, (char *)y + (size_t)k * size_of(d), size_of(d));
  }
  if (op >= NN_REDUCE_MAX) { // NaN wins, wherever it is
    for (int64_t k = 0; k < r; k += 2) ((float *)x)[k * stride + (k * 7) % n] = NAN;
    reduce->rows[op][d](r, n, x, stride, y);
    for (int64_t k = 0; k < r; k++) assert_true(isnan(((float *)y)[k]) == (k % 2 == 0));
  }
  test_free(x), test_free(y), test_free(alone);
}
static void test_reduce_rows(void **state) {
  (void)state;
  static const int64_t counts[] = {1, 7, 8, 16, 33};
  for (int op = 0; op < NN_REDUCE_COUNT; op++) {
    if (reduce->rows[op][NN_FLOAT32] == NULL) continue;
    for (int64_t n = reduce->rows_least[op]; n <= reduce->rows_most; n += n < 140 ? 1 : 61)
      for (int c = 0; c < 5; c++) check_reduce_rows(op, NN_FLOAT32, counts[c], n, c % 2 ? 3 : 0);
    check_reduce_rows(op, NN_FLOAT32, 5, reduce->rows_most, 0);
  }
}

static void test_reduce_runs(void **state) {
  (void)state;
  static const int64_t lengths[] = {1, 2, 7, 15, 16, 31, 63, 64, 65, 100, 1023, 1025, 70000};
  for (int t = 0; t < NN_DTYPES; t++)
    for (int op = 0; op < NN_REDUCE_COUNT; op++)
      for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
        const nn_dtype d = (nn_dtype)t, r = result_dtype(d, op);
        const int64_t n = lengths[l];
        if (reduce->run[op][d] == NULL) continue;
        void *x = numbers(d, op, n);
        int64_t room = 0;
        real size;
        reduce->run[op][d](n, x, &room);
        const real exact = reduced(d, op, n, 1, x, 0, &size);
        check_near("run", r, get(r, &room, 0), exact, size / (d == NN_FLOAT32 ? 16 : 1),
                   op == NN_REDUCE_PROD  ? 2.0 * sqrt((double)n) + 2
                   : op >= NN_REDUCE_MAX ? 0
                                         : 2);
        test_free(x);
      }
  float none = 5;
  reduce->run[NN_REDUCE_SUM][NN_FLOAT32](0, NULL, &none);
  assert_true(none == 0);
  reduce->run[NN_REDUCE_PROD][NN_FLOAT32](0, NULL, &none);
  assert_true(none == 1);
}

static void test_reduce_columns(void **state) {
  (void)state;
  static const struct {
    int64_t outer, inner, stride;
  } shapes[] = {{1, 5, 5},     {3, 1, 1},      {1000, 1, 1},    {1000, 3, 3}, {999, 7, 9},
                {130, 64, 64}, {33, 600, 600}, {5, 2100, 2101}, {70, 65, 65}};
  for (int t = 0; t < NN_DTYPES; t++)
    for (int op = 0; op < NN_REDUCE_COUNT; op++)
      for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        const nn_dtype d = (nn_dtype)t, r = result_dtype(d, op);
        const int64_t outer = shapes[s].outer, inner = shapes[s].inner, stride = shapes[s].stride;
        if (reduce->cols[op][d] == NULL) continue;
        void *x = numbers(d, op, outer * stride), *y = array(r, inner);
        reduce->cols[op][d](outer, inner, x, stride, y);
        for (int64_t j = 0; j < inner; j++) {
          real size;
          const real exact = reduced(d, op, outer, stride, x, j, &size);
          check_near("columns", r, get(r, y, j), exact, size / (d == NN_FLOAT32 ? 2 : 1),
                     op == NN_REDUCE_PROD  ? 2.0 * sqrt((double)outer) + 2
                     : op >= NN_REDUCE_MAX ? 0
                                           : 4);
        }
        test_free(x), test_free(y);
      }
}

// A million times 0.1, in float: adding one by one would be off by 1 %, the kernels by one rounding.
static void test_long_sums(void **state) {
  (void)state;
  const int64_t n = 1000000;
  float *x = test_malloc((size_t)n * sizeof *x), y[2];
  for (int64_t i = 0; i < n; i++) x[i] = 0.1f;
  const real exact = (real)n * 0.1f;
  check_near("sum", NN_FLOAT32, reduce->sum_f32(n, x), exact, 0, 1);
  reduce->cols[NN_REDUCE_SUM][NN_FLOAT32](n / 2, 2, x, 2, y);
  check_near("columns", NN_FLOAT32, y[0], exact / 2, 0, 1);
  x[77] = INFINITY;
  assert_true(isinf(reduce->sum_f32(n, x)));
  x[78] = -INFINITY;
  assert_true(isnan(reduce->sum_f32(n, x)));
  test_free(x);
}

static void check_arg(nn_dtype d, int64_t n, const void *x, int largest) {
  int64_t room = 0, expect = 0;
  const int64_t at = (largest ? reduce->argmax : reduce->argmin)[d](n, x, &room);
  for (int64_t i = 1; i < n; i++) {
    const real v = get(d, x, i), best = get(d, x, expect);
    if (!isnan(best) && (isnan(v) || (largest ? v > best : v < best))) expect = i;
  }
  assert_int_equal(at, expect);
  check_near("extreme", d, get(d, &room, 0), get(d, x, expect), 0, 0);
}
static void test_arg(void **state) {
  (void)state;
  static const int64_t lengths[] = {1, 3, 16, 64, 65, 130, 1000};
  for (int t = 0; t < NN_DTYPES; t++)
    for (size_t l = 0; l < 7; l++)
      for (int round = 0; round < 3; round++) {
        const nn_dtype d = (nn_dtype)t;
        const int64_t n = lengths[l];
        void *x = array(d, n);
        for (int64_t i = 0; i < n; i++) put(d, x, i, (real)(random_bits() % (d == NN_BOOL ? 2u : 50u)));
        if (round == 1 && d == NN_INT64) ((int64_t *)x)[n / 2] = INT64_MIN;
        if (round == 2 && nn_is_float(d)) put(d, x, n / 2, NAN), put(d, x, n - 1, NAN);
        check_arg(d, n, x, 1), check_arg(d, n, x, 0);
        test_free(x);
      }
}
static void test_arg_columns(void **state) {
  (void)state;
  for (int t = 0; t < NN_DTYPES; t++)
    for (int largest = 0; largest < 2; largest++) {
      const nn_dtype d = (nn_dtype)t;
      const int64_t outer = 19, inner = 530, stride = 533;
      void *x = array(d, outer * stride), *value = array(d, inner), *again = array(d, inner),
           *column = array(d, outer);
      int64_t *index = test_malloc((size_t)inner * sizeof *index);
      for (int64_t i = 0; i < outer * stride; i++)
        put(d, x, i, (real)(random_bits() % (d == NN_BOOL ? 2u : 30u)));
      if (nn_is_float(d)) put(d, x, 5 * stride + 7, NAN), put(d, x, 9 * stride + 7, NAN), put(d, x, 11, NAN);
      (largest ? reduce->argmax_cols : reduce->argmin_cols)[d](outer, inner, x, stride, 1, value, index);
      (largest ? reduce->cols[NN_REDUCE_MAX] : reduce->cols[NN_REDUCE_MIN])[d](outer, inner, x, stride,
                                                                               again);
      for (int64_t j = 0; j < inner; j++) {
        for (int64_t i = 0; i < outer; i++) put(d, column, i, get(d, x, i * stride + j));
        int64_t room = 0;
        const int64_t at = (largest ? reduce->argmax : reduce->argmin)[d](outer, column, &room);
        assert_int_equal(index[j], at + 1);
        check_near("value", d, get(d, value, j), get(d, &room, 0), 0, 0);
        check_near("again", d, get(d, again, j), get(d, &room, 0), 0, 0);
      }
      test_free(x), test_free(value), test_free(again), test_free(column), test_free(index);
    }
}

static void moments(nn_dtype d, int64_t n, int64_t step, const void *x, int64_t at, real *mean, real *m2) {
  *mean = *m2 = 0;
  for (int64_t i = 0; i < n; i++) *mean += get(d, x, at + i * step) / (real)n;
  for (int64_t i = 0; i < n; i++) *m2 += powl(get(d, x, at + i * step) - *mean, 2);
}
static void test_mean_var(void **state) {
  (void)state;
  static const int64_t lengths[] = {1, 2, 17, 1000, 5000};
  for (int f = 0; f < 2; f++)
    for (size_t l = 0; l < 5; l++) {
      const nn_dtype d = floats[f];
      const int64_t n = lengths[l];
      void *x = filled(d, n * 3, 999, 1001), *cols = array(d, 3),
           *cols2 = array(d, 3); // far from 0 on purpose
      double room[2];
      real mean, m2;
      if (f == 0) {
        reduce->mean_var_f32(n, x, (float *)room, (float *)(room + 1));
        reduce->mean_var_cols_f32(n, 3, x, 3, cols, cols2);
      } else {
        reduce->mean_var_f64(n, x, room, room + 1);
        reduce->mean_var_cols_f64(n, 3, x, 3, cols, cols2);
      }
      moments(d, n, 1, x, 0, &mean, &m2);
      check_near("mean", d, get(d, room, 0), mean, 0, 1);
      check_near("m2", d, get(d, room + 1, 0), m2, 0, 4);
      for (int64_t j = 0; j < 3; j++) {
        moments(d, n, 3, x, j, &mean, &m2);
        check_near("column mean", d, get(d, cols, j), mean, 0, 2);
        check_near("column m2", d, get(d, cols2, j), m2, 0, 4);
      }
      test_free(x), test_free(cols), test_free(cols2);
    }
}

static void test_dot(void **state) {
  (void)state;
  const int64_t n = 3333;
  float *a = filled(NN_FLOAT32, n, -1, 1), *b = filled(NN_FLOAT32, n, -1, 1);
  double *c = filled(NN_FLOAT64, n, -1, 1);
  int64_t *k = filled(NN_INT64, n, -99, 99), whole = 0;
  real exact = 0, exact64 = 0;
  for (int64_t i = 0; i < n; i++)
    exact += (real)a[i] * b[i], exact64 += (real)c[i] * c[i], whole += k[i] * k[i];
  check_near("dot", NN_FLOAT32, reduce->dot_f32(n, a, b), exact, 20, 4);
  check_near("dot", NN_FLOAT64, (real)reduce->dot_f64(n, c, c), exact64, 0, 4);
  assert_true(reduce->dot_i64(n, k, k) == whole);
  test_free(a), test_free(b), test_free(c), test_free(k);
}

// --- rows
// ---------------------------------------------------------------------------------------------------------

static const int64_t row_lengths[] = {1, 2, 10, 16, 33, 100, 1024, 2500};
enum { N_ROW_LENGTHS = 8 };

static real lse_of(nn_dtype d, int64_t n, const void *x, int64_t at) {
  real m = get(d, x, at), s = 0;
  for (int64_t i = 1; i < n; i++) m = fmaxl(m, get(d, x, at + i));
  for (int64_t i = 0; i < n; i++) s += expl(get(d, x, at + i) - m);
  return m + logl(s);
}

static void test_softmax(void **state) {
  (void)state;
  for (int f = 0; f < 2; f++)
    for (int l = 0; l < N_ROW_LENGTHS; l++) {
      const nn_dtype d = floats[f];
      const int64_t n = row_lengths[l], r = n < 40 ? 37 : 3; // short rows go many at a time
      void *x = filled(d, r * n, -30, 30), *g = filled(d, r * n, -1, 1);
      void *y = array(d, r * n), *z = array(d, r * n), *lse = array(d, r), *dy = array(d, r * n),
           *dz = array(d, r * n);
      rows->softmax[d](r, n, x, y);
      rows->log_softmax[d](r, n, x, z);
      rows->logsumexp[d](r, n, x, lse);
      rows->softmax_backward[d](r, n, g, y, dy);
      rows->log_softmax_backward[d](r, n, g, z, dz);
      for (int64_t k = 0; k < r; k++) {
        const real exact = lse_of(d, n, x, k * n);
        real dot = 0, sum = 0;
        check_near("logsumexp", d, get(d, lse, k), exact, 0, 1);
        for (int64_t i = k * n; i < (k + 1) * n; i++)
          dot += get(d, g, i) * expl(get(d, x, i) - exact), sum += get(d, g, i);
        for (int64_t i = k * n; i < (k + 1) * n; i++) {
          const real p = expl(get(d, x, i) - exact);
          check_near("softmax", d, get(d, y, i), p, 0,
                     40); // x - max is rounded: relative error grows with it
          check_near("log_softmax", d, get(d, z, i), get(d, x, i) - exact, 60, 1);
          check_near("softmax'", d, get(d, dy, i), p * (get(d, g, i) - dot), p, 60);
          check_near("log_softmax'", d, get(d, dz, i), get(d, g, i) - p * sum, 1 + p * fabsl(sum), 60);
        }
      }
      test_free(x), test_free(g), test_free(y), test_free(z), test_free(lse), test_free(dy), test_free(dz);
    }
}

static void test_softmax_extremes(void **state) {
  (void)state;
  const float inf = INFINITY, x[12] = {1000, 999, -1000, -inf, -inf, -inf, 1, inf, 0, -inf, 2, 2};
  float y[12], l[4];
  rows->softmax[NN_FLOAT32](4, 3, x, y);
  check_near("large", NN_FLOAT32, y[0], 1 / (1 + expl(-1)), 0, 2);
  assert_true(y[2] == 0 && isnan(y[3]) && isnan(y[7]) && y[9] == 0 && y[10] == 0.5f);
  rows->logsumexp[NN_FLOAT32](4, 3, x, l);
  assert_true(l[1] == -inf && l[2] == inf && fabsf(l[3] - 2.6931472f) < 1e-6f);
  rows->log_softmax[NN_FLOAT32](4, 3, x, y);
  assert_true(y[9] == -inf && isnan(y[4]));
  rows->logsumexp[NN_FLOAT32](1, 0, x, l);
  assert_true(l[0] == -inf);
}

// Every length to 130 with rows that fill no group, or one, or begin a next one; a row's bits are those it has alone.
static void check_short_rows(nn_dtype d, int64_t r, int64_t n) {
  const size_t row = (size_t)n * size_of(d);
  void *x = filled(d, r * n, -20, 20), *g = filled(d, r * n, -1, 1), *lse = array(d, r), *alone = array(d, n);
  void *y = array(d, r * n), *z = array(d, r * n), *dy = array(d, r * n), *dz = array(d, r * n);
  rows->softmax[d](r, n, x, y);
  rows->log_softmax[d](r, n, x, z);
  rows->logsumexp[d](r, n, x, lse);
  rows->softmax_backward[d](r, n, g, y, dy);
  rows->log_softmax_backward[d](r, n, g, z, dz);
  for (int64_t k = 0; k < r; k++) {
    const real exact = lse_of(d, n, x, k * n);
    real dot = 0, sum = 0;
    check_near("logsumexp", d, get(d, lse, k), exact, 1, 2);
    for (int64_t i = k * n; i < (k + 1) * n; i++)
      dot += get(d, g, i) * expl(get(d, x, i) - exact), sum += get(d, g, i);
    for (int64_t i = k * n; i < (k + 1) * n; i++) {
      const real p = expl(get(d, x, i) - exact);
      check_near("softmax", d, get(d, y, i), p, 0, 40);
      check_near("log_softmax", d, get(d, z, i), get(d, x, i) - exact, 40, 1);
      check_near("softmax'", d, get(d, dy, i), p * (get(d, g, i) - dot), p, 60);
      check_near("log_softmax'", d, get(d, dz, i), get(d, g, i) - p * sum, 1 + p * fabsl(sum), 60);
    }
  }
  const size_t at = (size_t)(r - 1) * row;
  rows->softmax[d](1, n, (char *)x + at, alone);
  assert_memory_equal(alone, (char *)y + at, row);
  rows->log_softmax[d](1, n, (char *)x + at, alone);
  assert_memory_equal(alone, (char *)z + at, row);
  rows->softmax_backward[d](1, n, (char *)g + at, (char *)y + at, alone);
  assert_memory_equal(alone, (char *)dy + at, row);
  rows->log_softmax_backward[d](1, n, (char *)g + at, (char *)z + at, alone);
  assert_memory_equal(alone, (char *)dz + at, row);
  rows->softmax_backward[d](r, n, g, y, g); // in place, as the next two
  assert_memory_equal(g, dy, (size_t)r * row);
  memcpy(g, x, (size_t)r * row);
  rows->softmax[d](r, n, g, g);
  assert_memory_equal(g, y, (size_t)r * row);
  rows->log_softmax[d](r, n, x, x);
  assert_memory_equal(x, z, (size_t)r * row);
  test_free(x), test_free(g), test_free(y), test_free(z), test_free(lse), test_free(dy), test_free(dz), test_free(alone);
}

static const int64_t group_counts[] = {1, 15, 16, 17, 33};

static void test_short_rows(void **state) {
  (void)state;
  for (int f = 0; f < 2; f++)
    for (int64_t n = 1; n <= 1100; n += n < 130 || n == 255 || n == 511 ? 1 : n < 250 ? 25 : 64)
      for (int c = 0; c < 5; c++) check_short_rows(floats[f], group_counts[c], n);
}

// One row of each kind among ordinary ones: NaN, infinities, everything masked but one, all equal.
static void test_short_rows_extremes(void **state) {
  (void)state;
  const float inf = INFINITY;
  for (int64_t n = 2; n <= 300; n += n < 130 ? 1 : 57)
    for (int64_t place = 0; place < n; place += 1 + n / 3) {
      const int64_t r = 18;
      float *x = filled(NN_FLOAT32, r * n, -3, 3), *y = array(NN_FLOAT32, r * n), *l = array(NN_FLOAT32, r);
      for (int64_t i = 0; i < n; i++) x[2 * n + i] = x[17 * n + i] = -inf, x[4 * n + i] = i == place ? 7 : -inf, x[6 * n + i] = 9;
      x[place] = NAN, x[5 * n + place] = inf, x[16 * n + place] = inf, x[16 * n + (place + 1) % n] = NAN;
      rows->logsumexp[NN_FLOAT32](r, n, x, l);
      assert_true(isnan(l[0]) && l[2] == -inf && l[4] == 7 && l[5] == inf && isnan(l[16]) && l[17] == -inf);
      for (int k = 0; k < 2; k++) {
        (k ? rows->softmax : rows->log_softmax)[NN_FLOAT32](r, n, x, y);
        for (int64_t i = 0; i < n; i++) {
          assert_true(isnan(y[i]) && isnan(y[2 * n + i]) && isnan(y[16 * n + i]) && isnan(y[17 * n + i]));
          assert_true(y[4 * n + i] == (k ? (float)(i == place) : i == place ? 0 : -inf));
          check_near("equal", NN_FLOAT32, y[6 * n + i], k ? 1 / (real)n : -logl((real)n), 0, 3);
          assert_true(isfinite(y[n + i]) && isfinite(y[3 * n + i]) && isfinite(y[7 * n + i]) && isfinite(y[15 * n + i]));
        }
      }
      test_free(x), test_free(y), test_free(l);
    }
}

// Layer norm (centred) and RMS norm of one row in long double: y and, for the cotangent g, dx.
static void norm_row(nn_dtype d, int centred, int64_t n, int64_t at, const void *x, const void *g,
                     const void *gamma, real eps, real *y, real *dx) {
  real mean = 0, v = 0, c1 = 0, c2 = 0;
  for (int64_t i = 0; i < n && centred; i++) mean += get(d, x, at + i) / (real)n;
  for (int64_t i = 0; i < n; i++) v += powl(get(d, x, at + i) - mean, 2) / (real)n;
  const real s = 1 / sqrtl(v + eps);
  for (int64_t i = 0; i < n; i++) {
    const real u = get(d, g, at + i) * (gamma ? get(d, gamma, i) : 1);
    y[i] = (get(d, x, at + i) - mean) * s;
    c1 += u / (real)n, c2 += u * y[i] / (real)n;
  }
  for (int64_t i = 0; i < n; i++)
    dx[i] = s * (get(d, g, at + i) * (gamma ? get(d, gamma, i) : 1) - (centred ? c1 : 0) - y[i] * c2);
}

static void check_norm(nn_dtype d, int centred, int64_t r, int64_t n, const void *x, const void *g,
                       const void *gamma, const void *beta) {
  void *y = array(d, r * n), *mean = array(d, r), *rstd = array(d, r), *dx = array(d, r * n);
  void *dgamma = filled(d, n, 1, 1), *dbeta = filled(d, n, 2, 2); // what is there is added to
  const double eps = 1e-5;
  if (centred) {
    rows->layer_norm[d](r, n, eps, x, gamma, beta, y, mean, rstd);
    rows->layer_norm_backward[d](r, n, g, x, mean, rstd, gamma, dx, dgamma, dbeta);
  } else {
    rows->rms_norm[d](r, n, eps, x, gamma, y, rstd);
    rows->rms_norm_backward[d](r, n, g, x, rstd, gamma, dx, dgamma);
  }
  real *ry = test_malloc((size_t)n * 2 * sizeof(real)), *rdx = ry + n;
  real *sg = test_calloc((size_t)n * 2, sizeof(real)), *sb = sg + n;
  for (int64_t k = 0; k < r; k++) {
    norm_row(d, centred, n, k * n, x, g, gamma, eps, ry, rdx);
    for (int64_t i = 0; i < n; i++) {
      const real scaled = ry[i] * (gamma ? get(d, gamma, i) : 1) + (beta ? get(d, beta, i) : 0);
      check_near("norm", d, get(d, y, k * n + i), scaled, 4, 8);
      check_near("norm dx", d, get(d, dx, k * n + i), rdx[i], n < 3 ? 2000 : 4, 16);
      sg[i] += get(d, g, k * n + i) * ry[i], sb[i] += get(d, g, k * n + i);
    }
  }
  for (int64_t i = 0; i < n; i++) {
    check_near("dgamma", d, get(d, dgamma, i), 1 + sg[i], (real)r, 8);
    if (centred) check_near("dbeta", d, get(d, dbeta, i), 2 + sb[i], (real)r, 8);
  }
  test_free(y), test_free(mean), test_free(rstd), test_free(dx), test_free(dgamma), test_free(dbeta);
  test_free(ry), test_free(sg);
}
static void test_norms(void **state) {
  (void)state;
  for (int f = 0; f < 2; f++)
    for (int l = 0; l < N_ROW_LENGTHS; l++)
      for (int with = 0; with < 2; with++) {
        const nn_dtype d = floats[f];
        const int64_t n = row_lengths[l], r = l == 2 ? 70 : 5;
        void *x = filled(d, r * n, -1, 2), *g = filled(d, r * n, -1, 1);
        void *gamma = filled(d, n, 0.5, 1.5), *beta = filled(d, n, -1, 1);
        check_norm(d, 1, r, n, x, g, with ? gamma : NULL, with ? beta : NULL);
        check_norm(d, 0, r, n, x, g, with ? gamma : NULL, NULL);
        test_free(x), test_free(g), test_free(gamma), test_free(beta);
      }
}

static void check_cross_entropy(nn_dtype d, int64_t r, int64_t n, double smooth, const void *w) {
  const struct nn_cross_entropy o = {.ignore_index = -100, .label_smoothing = smooth, .weight = w};
  void *x = filled(d, r * n, -9, 9), *g = filled(d, r, 0.5, 1.5);
  void *loss = array(d, r), *lse = array(d, r), *dx = array(d, r * n);
  int64_t *t = test_malloc((size_t)r * sizeof *t);
  for (int64_t k = 0; k < r; k++) t[k] = k == 2 ? -100 : 1 + (int64_t)(random_bits() % (uint64_t)n);
  assert_int_equal(rows->cross_entropy[d](r, n, &o, x, t, loss, lse), -1);
  rows->cross_entropy_backward[d](r, n, &o, x, t, lse, g, 1, dx);
  for (int64_t k = 0; k < r; k++) {
    const real l = lse_of(d, n, x, k * n);
    real y = 0, sum_w = 0;
    for (int64_t i = 0; i < n; i++) sum_w += w ? get(d, w, i) : 1;
    for (int64_t i = 0; i < n; i++) {
      const real wi = w ? get(d, w, i) : 1,
                 wt = k == 2 ? 0
                      : w    ? get(d, w, t[k] - 1)
                             : 1,
                 p = expl(get(d, x, k * n + i) - l);
      const real hit = i == t[k] - 1;
      real slope = (1 - smooth) * wt * (p - hit) + smooth / (real)n * (p * sum_w - wi);
      if (k == 2)
        slope = 0;
      else
        y -= ((1 - smooth) * wi * hit + smooth / (real)n * wi) * (get(d, x, k * n + i) - l);
      check_near("d cross entropy", d, get(d, dx, k * n + i), slope * get(d, g, k), k == 2 ? 0 : 2, 16);
    }
    check_near("cross entropy", d, get(d, loss, k), y, k == 2 ? 0 : 20, 2);
  }
  t[3] = n + 1;
  assert_int_equal(rows->cross_entropy[d](r, n, &o, x, t, loss, lse), 3);
  t[1] = 0;
  assert_int_equal(rows->cross_entropy[d](r, n, &o, x, t, loss, NULL), 1);
  test_free(x), test_free(g), test_free(loss), test_free(lse), test_free(dx), test_free(t);
}
static void test_cross_entropy(void **state) {
  (void)state;
  for (int f = 0; f < 2; f++)
    for (int l = 0; l < N_ROW_LENGTHS; l++) {
      void *w = filled(floats[f], row_lengths[l], 0.5, 2);
      const int64_t r = row_lengths[l] < 40 ? 41 : 6;
      check_cross_entropy(floats[f], r, row_lengths[l], 0, NULL);
      check_cross_entropy(floats[f], r, row_lengths[l], 0, w);
      check_cross_entropy(floats[f], r, row_lengths[l], 0.1, NULL);
      check_cross_entropy(floats[f], r, row_lengths[l], 0.1, w);
      test_free(w);
    }
}

// One channel of batch norm in long double.
static void check_channel(nn_dtype d, int64_t n, int64_t channels, int64_t s, int64_t c, const void *x,
                          const void *g, const void *gamma, void *const out[6]) {
  real mean = 0, m2 = 0, sg = 0, sx = 0;
  const real m = (real)(n * s), scale = gamma ? get(d, gamma, c) : 1;
#define EACH                                                                                                 \
  for (int64_t i = 0; i < n; i++)                                                                            \
    for (int64_t k = (i * channels + c) * s; k < (i * channels + c + 1) * s; k++)
  EACH mean += get(d, x, k) / m;
  EACH m2 += powl(get(d, x, k) - mean, 2);
  EACH sg += get(d, g, k), sx += get(d, g, k) * (get(d, x, k) - mean);
  const real rstd = 1 / sqrtl(m2 / m + 1e-5L);
  check_near("bn mean", d, get(d, out[0], c), mean, 1, 4);
  check_near("bn m2", d, get(d, out[1], c), m2, 0, 8);
  check_near("bn sum_g", d, get(d, out[2], c), sg, m / 4 + 1, 4);
  check_near("bn sum_gx", d, get(d, out[3], c), sx, m / 4 + 1, 8);
  EACH {
    const real hat = (get(d, x, k) - mean) * rstd, y = hat * scale + 0.25L;
    const real dx = scale * rstd * (get(d, g, k) - sg / m - hat * sx * rstd / m);
    check_near("bn", d, get(d, out[4], k), y < 0 ? 0 : y, 8, 8);
    check_near("bn dx", d, get(d, out[5], k), dx, n * s < 3 ? 1000 : 8, 16);
  }
#undef EACH
}
static void check_batch_norm(nn_dtype d, int64_t n, int64_t channels, int64_t s, const void *gamma) {
  const int64_t all = n * channels * s, cut = channels / 2; // two parts, as two threads would work on
  void *x = filled(d, all, -1, 3), *g = filled(d, all, -1, 1), *rstd = array(d, channels);
  void *scale = array(d, channels), *shift = array(d, channels);
  void *out[6] = {array(d, channels), array(d, channels), array(d, channels),
                  array(d, channels), array(d, all),      array(d, all)};
  for (int part = 0; part < 2; part++) {
    const int64_t c0 = part ? cut : 0, c1 = part ? channels : cut;
    rows->bn_stats[d](n, channels, s, c0, c1, x, out[0], out[1]);
    for (int64_t c = c0; c < c1; c++) {
      const real r = 1 / sqrtl(get(d, out[1], c) / (real)(n * s) + 1e-5L);
      put(d, rstd, c, r);
      put(d, scale, c, r * (gamma ? get(d, gamma, c) : 1));
      put(d, shift, c, 0.25L - get(d, out[0], c) * get(d, scale, c));
    }
    rows->bn_apply[d](n, channels, s, c0, c1, x, scale, shift, NULL, true, out[4]);
    rows->bn_backward_sums[d](n, channels, s, c0, c1, g, NULL, x, out[0], out[2], out[3]);
    rows->bn_backward_dx[d](n, channels, s, c0, c1, g, NULL, x, out[0], rstd, gamma, out[2], out[3], out[5]);
  }
  for (int64_t c = 0; c < channels; c++) check_channel(d, n, channels, s, c, x, g, gamma, out);
  rows->bn_apply[d](n, channels, s, 0, channels, x, scale, shift, NULL, false, out[4]);
  rows->bn_backward_dx[d](n, channels, s, 0, channels, g, NULL, x, out[0], rstd, gamma, NULL, NULL, out[5]);
  for (int64_t i = 0; i < all; i++) {
    const int64_t c = i / s % channels;
    check_near("bn", d, get(d, out[4], i), get(d, x, i) * get(d, scale, c) + get(d, shift, c), 8, 2);
    check_near("bn eval dx", d, get(d, out[5], i), get(d, g, i) * get(d, scale, c), 0, 4);
  }
  test_free(x), test_free(g), test_free(rstd), test_free(scale), test_free(shift);
  for (int k = 0; k < 6; k++) test_free(out[k]);
}
static void test_batch_norm(void **state) {
  (void)state;
  static const int64_t shapes[][3] = {{40, 7, 1}, {6, 700, 1},  {9, 5, 4}, {70, 40, 31},
                                      {4, 3, 49}, {3, 5, 1500}, {2, 4, 1}, {1, 2, 64}};
  for (int f = 0; f < 2; f++)
    for (int k = 0; k < 8; k++) {
      void *gamma = filled(floats[f], shapes[k][1], 0.5, 2);
      check_batch_norm(floats[f], shapes[k][0], shapes[k][1], shapes[k][2], gamma);
      check_batch_norm(floats[f], shapes[k][0], shapes[k][1], shapes[k][2], NULL);
      test_free(gamma);
    }
}

// --- optimisers
// ---------------------------------------------------------------------------------------------------

enum { STEPS = 4, N_OPT = 37 };

static void test_sgd(void **state) {
  (void)state;
  for (int f = 0; f < 2; f++)
    for (int options = 0; options < 16; options++) {
      const nn_dtype d = floats[f];
      struct nn_sgd o = {.lr = 0.1, .momentum = options & 1 ? 0.9 : 0, .dampening = options & 2 ? 0.3 : 0};
      o.weight_decay = options & 4 ? 0.02 : 0;
      o.nesterov = options & 8 && options & 1 && !(options & 2);
      o.maximize = options % 3 == 0;
      void *p = filled(d, N_OPT, -1, 1), *buf = array(d, N_OPT);
      real rp[N_OPT], rb[N_OPT];
      for (int i = 0; i < N_OPT; i++) rp[i] = get(d, p, i), put(d, buf, i, (real)NAN);
      for (int t = 0; t < STEPS; t++) {
        void *g = filled(d, N_OPT, -1, 1);
        o.first = t == 0;
        optim->sgd[d](N_OPT, &o, p, g, o.momentum != 0 ? buf : NULL);
        for (int i = 0; i < N_OPT; i++) {
          real v = (o.maximize ? -get(d, g, i) : get(d, g, i)) + o.weight_decay * rp[i];
          if (o.momentum != 0) {
            rb[i] = t == 0 ? v : o.momentum * rb[i] + (1 - o.dampening) * v;
            v = o.nesterov ? v + o.momentum * rb[i] : rb[i];
          }
          rp[i] -= o.lr * v;
          check_near("sgd", d, get(d, p, i), rp[i], 1, 8);
        }
        test_free(g);
      }
      test_free(p), test_free(buf);
    }
}

static void test_adam(void **state) {
  (void)state;
  for (int f = 0; f < 2; f++)
    for (int options = 0; options < 16; options++) {
      const nn_dtype d = floats[f];
      struct nn_adam o = {.lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
      o.weight_decay = options & 1 ? 0.05 : 0;
      o.decoupled = options & 2, o.maximize = options & 4;
      const int amsgrad = options & 8;
      void *p = filled(d, N_OPT, -1, 1), *m = filled(d, N_OPT, 0, 0), *v = filled(d, N_OPT, 0, 0),
           *top = filled(d, N_OPT, 0, 0);
      real rp[N_OPT], rm[N_OPT] = {0}, rv[N_OPT] = {0}, rt[N_OPT] = {0};
      for (int i = 0; i < N_OPT; i++) rp[i] = get(d, p, i);
      for (int t = 1; t <= STEPS; t++) {
        void *g = filled(d, N_OPT, 0.1, t == 2 ? 0.2 : 1);
        o.bias_correction1 = 1 - pow(o.beta1, t), o.bias_correction2 = 1 - pow(o.beta2, t);
        optim->adam[d](N_OPT, &o, p, g, m, v, amsgrad ? top : NULL);
        for (int i = 0; i < N_OPT; i++) {
          real u = o.maximize ? -get(d, g, i) : get(d, g, i);
          if (o.decoupled)
            rp[i] *= 1 - (real)o.lr * o.weight_decay;
          else
            u += o.weight_decay * rp[i];
          rm[i] += (1 - (real)o.beta1) * (u - rm[i]);
          rv[i] = o.beta2 * rv[i] + (1 - (real)o.beta2) * u * u;
          rt[i] = fmaxl(rt[i], rv[i]);
          const real root = sqrtl(amsgrad ? rt[i] : rv[i]) / sqrtl(o.bias_correction2) + o.eps;
          rp[i] -= o.lr / (real)o.bias_correction1 * rm[i] / root;
          check_near("adam", d, get(d, p, i), rp[i], 1, 8);
          check_near("adam avg", d, get(d, m, i), rm[i], 1, 4);
        }
        test_free(g);
      }
      test_free(p), test_free(m), test_free(v), test_free(top);
    }
}

// Gradients of every size from a weight of 0, so that the whole of the update shows: 0, next to nothing, what overflows in
// the square, infinite, NaN.
static void test_adam_of_every_size(void **state) {
  (void)state;
  enum { N = 67 };
  struct nn_adam o = {.lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .bias_correction1 = 0.1, .bias_correction2 = 0.001};
  for (int first = 0; first < 400; first++) {
    float p[N] = {0}, m[N] = {0}, v[N] = {0}, g[N];
    for (int i = 0; i < N; i++) g[i] = powf(10, (float)((first + 5 * i) % 76) - 37) * (i % 2 ? 1.5f : -2.25f);
    g[first % N] = 0;
    if (first % 3 == 1) g[(first + 1) % N] = NAN;
    if (first % 3 == 2) g[(first + 20) % N] = INFINITY;
    optim->adam[NN_FLOAT32](N, &o, p, g, m, v, NULL);
    for (int i = 0; i < N; i++) {
      const real want = -0.1L * (real)m[i] / (sqrtl((real)v[i]) / sqrtl(0.001L) + 1e-8L);
      if (isnan(want))
        assert_true(isnan(p[i]));
      else
        assert_true(fabsl((real)p[i] - want) <= 1e-6L * fabsl(want) + 1e-37L);
    }
  }
}

static void test_rmsprop(void **state) {
  (void)state;
  for (int f = 0; f < 2; f++)
    for (int options = 0; options < 8; options++) {
      const nn_dtype d = floats[f];
      struct nn_rmsprop o = {.lr = 0.01, .alpha = 0.9, .eps = 1e-6, .weight_decay = options & 1 ? 0.05 : 0};
      o.centered = options & 2, o.momentum = options & 4 ? 0.8 : 0, o.maximize = options == 5;
      void *p = filled(d, N_OPT, -1, 1), *s = filled(d, N_OPT, 0, 0), *a = filled(d, N_OPT, 0, 0),
           *b = filled(d, N_OPT, 0, 0);
      real rp[N_OPT], rs[N_OPT] = {0}, ra[N_OPT] = {0}, rb[N_OPT] = {0};
      for (int i = 0; i < N_OPT; i++) rp[i] = get(d, p, i);
      for (int t = 0; t < STEPS; t++) {
        void *g = filled(d, N_OPT, 0.1, 1);
        optim->rmsprop[d](N_OPT, &o, p, g, s, o.centered ? a : NULL, o.momentum > 0 ? b : NULL);
        for (int i = 0; i < N_OPT; i++) {
          const real u = (o.maximize ? -get(d, g, i) : get(d, g, i)) + o.weight_decay * rp[i];
          rs[i] = o.alpha * rs[i] + (1 - (real)o.alpha) * u * u;
          ra[i] += (1 - (real)o.alpha) * (u - ra[i]);
          const real step = u / (sqrtl(o.centered ? rs[i] - ra[i] * ra[i] : rs[i]) + o.eps);
          rb[i] = o.momentum * rb[i] + step;
          rp[i] -= o.lr * (o.momentum > 0 ? rb[i] : step);
          check_near("rmsprop", d, get(d, p, i), rp[i], 1, 16);
        }
        test_free(g);
      }
      test_free(p), test_free(s), test_free(a), test_free(b);
    }
}

static void test_adagrad(void **state) {
  (void)state;
  for (int f = 0; f < 2; f++) {
    const nn_dtype d = floats[f];
    const struct nn_adagrad o = {.clr = 0.05, .eps = 1e-10, .weight_decay = 0.01, .maximize = f == 1};
    void *p = filled(d, N_OPT, -1, 1), *s = filled(d, N_OPT, 0.1, 0.1);
    real rp[N_OPT], rs[N_OPT];
    for (int i = 0; i < N_OPT; i++) rp[i] = get(d, p, i), rs[i] = get(d, s, i);
    for (int t = 0; t < STEPS; t++) {
      void *g = filled(d, N_OPT, -1, 1);
      optim->adagrad[d](N_OPT, &o, p, g, s);
      for (int i = 0; i < N_OPT; i++) {
        const real u = (o.maximize ? -get(d, g, i) : get(d, g, i)) + o.weight_decay * rp[i];
        rs[i] += u * u;
        rp[i] -= o.clr * u / (sqrtl(rs[i]) + o.eps);
        check_near("adagrad", d, get(d, p, i), rp[i], 1, 8);
      }
      test_free(g);
    }
    test_free(p), test_free(s);
  }
}

static void test_cross_entropy_short(void **state) {
  (void)state;
  for (int64_t n = 1; n <= 130; n++)
    for (int c = 0; c < 5; c++) {
      void *w = filled(NN_FLOAT32, n, 0.5, 2);
      check_cross_entropy(NN_FLOAT32, group_counts[c] + 4, n, 0, NULL);
      check_cross_entropy(NN_FLOAT32, group_counts[c] + 4, n, c % 2 ? 0.2 : 0, c > 1 ? w : NULL);
      test_free(w);
    }
}

// Of every length to 130, the extreme's value and first place, at any place.
static void test_extremes_short(void **state) {
  (void)state;
  for (int f = 0; f < 2; f++)
    for (int64_t n = 1; n <= 130; n++)
      for (int64_t place = 0; place < n; place++)
        for (int k = 0; k < 2; k++) {
          const nn_dtype d = floats[f];
          void *x = filled(d, n, -1, 1), *y = array(d, 1);
          put(d, x, place, k ? -2 : 2), put(d, x, n - 1, k ? -2 : 2);
          assert_int_equal((k ? reduce->argmin : reduce->argmax)[d](n, x, y), place);
          assert_true(get(d, y, 0) == (k ? -2 : 2));
          put(d, x, n / 2, (real)NAN);
          assert_int_equal((k ? reduce->argmin : reduce->argmax)[d](n, x, y), n / 2);
          assert_true(isnan(get(d, y, 0)));
          reduce->run[k ? NN_REDUCE_MIN : NN_REDUCE_MAX][d](n, x, y);
          assert_true(isnan(get(d, y, 0)));
          test_free(x), test_free(y);
        }
}

int main(void) {
  math = NN_SELECT(nn_vmath);
  reduce = NN_SELECT(nn_reduce);
  rows = NN_SELECT(nn_rows);
  optim = NN_SELECT(nn_optim);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_unary),
      cmocka_unit_test(test_float_sweep),
      cmocka_unit_test(test_unary_rare),
      cmocka_unit_test(test_erfinv),
      cmocka_unit_test(test_unary_everywhere_alike),
      cmocka_unit_test(test_unary_integers),
      cmocka_unit_test(test_param),
      cmocka_unit_test(test_grad),
      cmocka_unit_test(test_binary),
      cmocka_unit_test(test_binary_special),
      cmocka_unit_test(test_pow_scalar),
      cmocka_unit_test(test_integers),
      cmocka_unit_test(test_compare),
      cmocka_unit_test(test_predicates),
      cmocka_unit_test(test_combinations),
      cmocka_unit_test(test_ternary),
      cmocka_unit_test(test_where),
      cmocka_unit_test(test_convert),
      cmocka_unit_test(test_movement),
      cmocka_unit_test(test_reduce_runs),
      cmocka_unit_test(test_reduce_columns),
      cmocka_unit_test(test_long_sums),
      cmocka_unit_test(test_arg),
      cmocka_unit_test(test_arg_columns),
      cmocka_unit_test(test_mean_var),
      cmocka_unit_test(test_dot),
      cmocka_unit_test(test_softmax),
      cmocka_unit_test(test_softmax_extremes),
      cmocka_unit_test(test_norms),
      cmocka_unit_test(test_cross_entropy),
      cmocka_unit_test(test_batch_norm),
      cmocka_unit_test(test_sgd),
      cmocka_unit_test(test_adam),
      cmocka_unit_test(test_adam_of_every_size),
      cmocka_unit_test(test_rmsprop),
      cmocka_unit_test(test_adagrad),
      cmocka_unit_test(test_remainders),
      cmocka_unit_test(test_extremes_nan),
      cmocka_unit_test(test_extremes_short),
      cmocka_unit_test(test_short_rows),
      cmocka_unit_test(test_reduce_rows),
      cmocka_unit_test(test_short_rows_extremes),
      cmocka_unit_test(test_cross_entropy_short),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
