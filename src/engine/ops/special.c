/* special.c - special functions, elementwise: of the gamma family, Bessel's, of the normal distribution. They
 * are computed in double by plain loops; lgamma and digamma have loops of their own in kernels/vmath.c. Knows
 * nothing of broadcasting, promotion or memory. */
#include <float.h>
#include <math.h>

#include "elementwise.h"
#include "expr.h"
#include "special.h"
#include "walk.h"

#define LN2            0.693147180559945309417232121458
#define PI             3.14159265358979323846264338328
#define SQRT_HALF      0.707106781186547524400844362105
#define LOG_SQRT_TWOPI 0.918938533204672741780329736406

/* ---- the functions ---------------------------------------------------------------------------------- */

/* Hurwitz's zeta: the sum of (q + k)^-s, by Euler and Maclaurin (Abramowitz and Stegun
 * 1972, 23.1.30, 23.2.9). */
double nn_zeta(double s, double q) {
  static const double bernoulli[] = {1.0 / 6,       -1.0 / 30, 1.0 / 42,      -1.0 / 30,    5.0 / 66,
                                     -691.0 / 2730, 7.0 / 6,   -3617.0 / 510, 43867.0 / 798};
  if (s == 1) return INFINITY;
  if (!(s > 1) || isnan(q)) return NAN;
  if (q <= 0 && floor(q) == q) return INFINITY;
  if (q <= 0 && floor(s) != s) return NAN;
  double sum = 0, a = q;
  for (int i = 0; i < 1000000 && a < 12; i++, a += 1) sum += pow(a, -s);
  double power = pow(a, -s), term = power * s / a, even = 2;
  sum += power * a / (s - 1) + 0.5 * power;
  for (int k = 0; k < 9; k++) {
    double part = bernoulli[k] * term / even;
    sum += part;
    if (fabs(part) < DBL_EPSILON * 0.25 * fabs(sum)) break;
    term *= (s + 2 * k + 1) * (s + 2 * k + 2) / (a * a);
    even *= (2 * k + 3) * (2 * k + 4);
  }
  return sum;
}

/* The derivative of digamma for x > 0: recurrence, asymptotic series (Abramowitz and Stegun 1972, 6.4.6, 6.4.12). */
static double trigamma(double x) {
  double sum = 0;
  for (; x < 10; x += 1) sum += 1 / (x * x);
  double r = 1 / x, z = r * r, s = 7.0 / 6 - z * 3617 / 510;
  s = 1.0 / 6 - z * (1.0 / 30 - z * (1.0 / 42 - z * (1.0 / 30 - z * (5.0 / 66 - z * (691.0 / 2730 - z * s)))));
  return sum + r + z * (0.5 + r * s);
}

/* (-1)^(n+1) n! zeta(n + 1, x) for n >= 1 (Abramowitz and Stegun 1972, 6.4.10). */
double nn_polygamma(int64_t n, double x) {
  if (n == 1 && x > 0) return trigamma(x);
  double z = nn_zeta((double)n + 1, x), f = exp(lgamma((double)n + 1));
  return n % 2 ? f * z : -f * z;
}

/* The logarithmic derivative of gamma: recurrence, reflection, asymptotic series (Abramowitz and Stegun
 * 1972, 6.3). */
double nn_digamma(double x) {
  if (x == 0) return copysign(INFINITY, -x);
  if (x < 0) {
    if (floor(x) == x) return NAN;
    return nn_digamma(1 - x) - PI / tan(PI * fmod(x, 1));
  }
  double sum = 0;
  for (; x < 12; x += 1) sum -= 1 / x;
  double t = 1 / (x * x);
  double tail =
      t *
      (1.0 / 12 - t * (1.0 / 120 - t * (1.0 / 252 - t * (1.0 / 240 - t * (1.0 / 132 - t * 691.0 / 32760)))));
  return sum + log(x) - 0.5 / x - tail;
}

/* exp(x^2) erfc(x); for large x the continued fraction of Laplace (Abramowitz and Stegun 1972, 7.1.14). */
static double f_erfcx(double x) {
  if (x < 4) return exp(x * x) * erfc(x);
  double tail = 0;
  for (int k = 60; k > 0; k--) tail = 0.5 * k / (x + tail);
  return 0.564189583547756286948079451561 / (x + tail);
}

static double f_ndtr(double x) { return 0.5 * erfc(-x * SQRT_HALF); }

static double f_log_ndtr(double x) {
  if (x < -1) return log(f_erfcx(-x * SQRT_HALF) / 2) - x * x / 2;
  return log1p(-0.5 * erfc(x * SQRT_HALF));
}

/* The inverse of ndtr: a rational start (Abramowitz and Stegun 1972, 26.2.23), then Halley's method. */
static double f_ndtri(double p) {
  if (!(p >= 0 && p <= 1)) return NAN;
  if (p == 0 || p == 1) return p == 0 ? -INFINITY : INFINITY;
  if (p == 0.5) return 0;
  double tail = p < 0.5 ? p : 1 - p, t = sqrt(-2 * log(tail));
  double x = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  for (int i = 0; i < 4; i++) {
    double u = (f_ndtr(x) - tail) * exp(x * x / 2 + LOG_SQRT_TWOPI);
    x -= u / (1 + x * u / 2);
  }
  return p < 0.5 ? x : -x;
}

/* exp(-|x|) I_n(x), n = 0 or 1: power series, and for large x the asymptotic one (Abramowitz and Stegun
 * 1972, 9.6.10, 9.7.1). */
static double bessel(double x, int n) {
  double a = fabs(x), sum, term;
  if (isinf(a)) return 0;
  if (a < 24) {
    double t = a * a / 4;
    sum = term = n ? a / 2 : 1;
    for (int k = 1; k < 200; k++) {
      term *= t / ((double)k * (k + n));
      sum += term;
      if (term < sum * 1e-17) break;
    }
    sum *= exp(-a);
  } else {
    sum = term = 1;
    for (int k = 1; k < 40; k++) {
      double odd = 2 * k - 1, next = -term * (4.0 * n - odd * odd) / (8 * a * k);
      if (fabs(next) > fabs(term)) break;
      sum += term = next;
      if (fabs(term) < 1e-17) break;
    }
    sum /= sqrt(2 * PI * a);
  }
  return n && x < 0 ? -sum : sum;
}
static double f_i0e(double x) { return bessel(x, 0); }
static double f_i1e(double x) { return bessel(x, 1); }
static double f_i0(double x) { return exp(fabs(x)) * bessel(x, 0); }
static double f_i1(double x) { return exp(fabs(x)) * bessel(x, 1); }

static double f_entr(double x) { return isnan(x) ? x : x > 0 ? -x * log(x) : x == 0 ? 0 : -INFINITY; }

static double f_sinc(double x) { return x == 0 ? 1 : sin(PI * x) / (PI * x); }

/* The logarithm of x^a e^-x / Gamma(a + 1), without the cancellation of its terms for large a. */
static double log_density(double a, double x) {
  if (a < 20) return a * log(x) - x - lgamma(a + 1);
  double d = (x - a) / a, r = 1 / (a * a); /* Stirling's series of lgamma(a + 1) */
  double stirling = (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r / 1680))) / a;
  double shape = fabs(d) < 0.4 ? 0 : log1p(d) - d;
  if (fabs(d) < 0.4) { /* log(1 + d) - d by its series */
    double power = d * d;
    for (int k = 2; k < 60; k++) {
      double t = power / k;
      shape -= k % 2 ? -t : t;
      power *= d;
      if (fabs(t) < 1e-18 * fabs(shape)) break;
    }
  }
  return a * shape - 0.5 * log(2 * PI * a) - stirling;
}

/* Gamma(a, x) / (x^a e^-x) for x >= a + 1 by Lentz's method (Abramowitz and Stegun 1972, 6.5.31; Lentz 1976).
 */
double nn_gamma_fraction(double a, double x) {
  const double tiny = 1e-300;
  double b = x + 1 - a, c = 1 / tiny, d = 1 / b, h = d;
  for (int i = 1; i < 100000; i++) {
    double an = -(double)i * ((double)i - a);
    b += 2;
    d = an * d + b;
    d = 1 / (fabs(d) < tiny ? tiny : d);
    c = b + an / c;
    if (fabs(c) < tiny) c = tiny;
    h *= d * c;
    if (fabs(d * c - 1) < 4 * DBL_EPSILON) break;
  }
  return h;
}

/* The lower (upper) incomplete gamma function divided by gamma (Abramowitz and Stegun 1972, 6.5.29). */
static double incomplete(double a, double x, bool upper) {
  if (isnan(a) || isnan(x) || a < 0 || x < 0 || (a == 0 && x == 0)) return NAN;
  if (x == 0) return upper;
  if (a == 0 || isinf(x)) return isinf(a) ? NAN : !upper;
  if (isinf(a)) return upper;
  double scale = exp(log_density(a, x));
  if (x < a + 1) {
    double sum = 1, term = 1;
    for (double n = 1; n < 1e7; n++) {
      term *= x / (a + n);
      sum += term;
      if (term < sum * 1e-17) break;
    }
    return upper ? 1 - scale * sum : scale * sum;
  }
  double q = scale * a * nn_gamma_fraction(a, x);
  return upper ? q : 1 - q;
}
static double f_gammainc(double a, double x) { return incomplete(a, x, false); }
static double f_gammaincc(double a, double x) { return incomplete(a, x, true); }

static double f_xlogy(double x, double y) { return x == 0 && !isnan(y) ? 0 : x * log(y); }
static double f_xlog1py(double x, double y) { return x == 0 && !isnan(y) ? 0 : x * log1p(y); }
static double f_zeta(double s, double q) { return nn_zeta(s, q); }

/* ---- running ---------------------------------------------------------------------------------------- */

enum { GRAIN = 512 };
typedef double one_fn(double);
typedef double two_fn(double, double);
typedef struct functions {
  one_fn *one;
  two_fn *two;
  int64_t n; /* of polygamma */
} functions;

static double element(const char *p, bool single) {
  return single ? (double)*(const float *)(const void *)p : *(const double *)(const void *)p;
}
static double value_of(const functions *k, char *const *data, const int64_t *stride, int64_t i, bool single) {
  double x = element(data[1] + i * stride[1], single);
  if (k->one != NULL) return k->one(x);
  if (k->two == NULL) return nn_polygamma(k->n, x);
  return k->two(x, element(data[2] + i * stride[2], single));
}
static void run32(void *arg, int64_t count, char *const *data, const int64_t *stride) {
  for (int64_t i = 0; i < count; i++)
    *(float *)(void *)(data[0] + i * stride[0]) = (float)value_of(arg, data, stride, i, true);
}
static void run64(void *arg, int64_t count, char *const *data, const int64_t *stride) {
  for (int64_t i = 0; i < count; i++)
    *(double *)(void *)(data[0] + i * stride[0]) = value_of(arg, data, stride, i, false);
}

static bool run(nn_frame *f, functions k) {
  const nn_tensor *t[3] = {f->out[0], f->in[0], f->n_in > 1 ? f->in[1] : NULL};
  nn_walk w;
  if (!nn_walk_init(&w, k.two ? 3 : 2, t)) return nn_bad(f, "shapes do not broadcast");
  return nn_walk_run(&w, GRAIN, f->out[0]->dtype == NN_FLOAT32 ? run32 : run64, &k) ||
         nn_fail_code(f->ctx, NN_ERR_INTERRUPT, "interrupted");
}

#define ONE(id)                                                                                              \
  static bool id##_kernel(nn_frame *f) { return run(f, (functions){.one = f_##id}); }
#define TWO(id)                                                                                              \
  static bool id##_kernel(nn_frame *f) { return run(f, (functions){.two = f_##id}); }
ONE(erfcx)
ONE(ndtr) ONE(log_ndtr) ONE(ndtri) ONE(i0) ONE(i0e) ONE(i1) ONE(i1e) ONE(entr) ONE(sinc) TWO(gammainc)
    TWO(gammaincc) TWO(xlogy) TWO(xlog1py) TWO(zeta)

/* ---- gradients -------------------------------------------------------------------------------------- */

#define X nn_in(v, 0)
#define Y nn_out(v, 0)
#define RULE(id, expr)                                                                                       \
  static bool id##_vjp(nn_vjp *v) {                                                                          \
    C c = v->ctx;                                                                                            \
    T g = v->g[0];                                                                                           \
    return (v->d[0] = (expr)) != NULL;                                                                       \
  }
#define D(i, expr)                                                                                           \
  do {                                                                                                       \
    if (nn_need(v, i) && (v->d[i] = (expr)) == NULL) return false;                                           \
  } while (0)

        EXPR1(t_exp, exp) EXPR1(t_log, log) EXPR1(t_square, square) EXPR1(t_sign, sign) EXPR1(t_cos, cos)
            EXPR1(t_digamma, digamma) EXPR1(t_lgamma, lgamma) EXPR1(t_log1p, log1p) EXPR1(t_i0, i0)
                EXPR1(t_i0e, i0e) EXPR1(t_i1, i1) EXPR1(t_i1e, i1e) static T
    t_polygamma(C c, int64_t n, T x) {
  return x ? nn_do(c, &nn_op_polygamma, v_i(n), v_t(x)) : NULL;
}
static T t_where(C c, T m, T a, T b) {
  return m && a && b ? nn_do(c, &nn_op_where, v_t(m), v_t(a), v_t(b)) : NULL;
}
static T t_is_zero(C c, T x) { return nn_do(c, &nn_op_eq, v_t(x), v_t(t_num(c, 0))); }
/* The density of the normal distribution. */
static T t_normal(C c, T x) { return t_exp(c, t_adds(c, t_muls(c, t_square(c, x), -0.5), -LOG_SQRT_TWOPI)); }

RULE(lgamma, t_mul(c, g, t_digamma(c, X)))
RULE(digamma, t_mul(c, g, t_polygamma(c, 1, X)))
static bool polygamma_vjp(nn_vjp *v) {
  C c = v->ctx;
  return (v->d[0] = t_mul(c, v->g[0], t_polygamma(c, v->arg[0].i + 1, X))) != NULL;
}
RULE(erfcx, t_mul(c, g, t_adds(c, t_mul(c, t_muls(c, X, 2), Y), -2 / 1.77245385090551602729816748334)))
RULE(ndtr, t_mul(c, g, t_normal(c, X)))
RULE(log_ndtr,
     t_mul(c, g, t_exp(c, t_sub(c, t_adds(c, t_muls(c, t_square(c, X), -0.5), -LOG_SQRT_TWOPI), Y))))
RULE(ndtri, t_div(c, g, t_normal(c, Y)))
RULE(i0, t_mul(c, g, t_i1(c, X)))
RULE(i0e, t_mul(c, g, t_sub(c, t_i1e(c, X), t_mul(c, t_sign(c, X), Y))))

/* I1(x) / x, which is 1/2 at 0. */
static T over(C c, T y, T x) {
  T zero = t_is_zero(c, x), safe = t_where(c, zero, t_num(c, 1), x);
  return t_where(c, zero, t_num(c, 0.5), t_div(c, y, safe));
}
RULE(i1, t_mul(c, g, t_sub(c, t_i0(c, X), over(c, Y, X))))
RULE(i1e, t_mul(c, g, t_sub(c, t_sub(c, t_i0e(c, X), t_mul(c, t_sign(c, X), Y)), over(c, Y, X))))
RULE(entr, t_mul(c, g, t_rsubs(c, -1, t_log(c, X))))

/* (cos(pi x) - sinc(x)) / x, 0 at 0. */
static bool sinc_vjp(nn_vjp *v) {
  C c = v->ctx;
  T x = X, zero = t_is_zero(c, x), safe = t_where(c, zero, t_num(c, 1), x);
  T d = t_div(c, t_sub(c, t_cos(c, t_muls(c, x, PI)), Y), safe);
  return (v->d[0] = t_mul(c, v->g[0], t_where(c, zero, t_num(c, 0), d))) != NULL;
}

/* x^(a-1) e^-x / Gamma(a); no gradient for a. */
static bool incomplete_vjp(nn_vjp *v, double sign) {
  C c = v->ctx;
  T a = nn_in(v, 0), x = nn_in(v, 1);
  T log_d = t_sub(c, t_sub(c, nn_do(c, &nn_op_xlogy, v_t(t_adds(c, a, -1)), v_t(x)), x), t_lgamma(c, a));
  D(1, t_mul(c, v->g[0], t_muls(c, t_exp(c, log_d), sign)));
  return true;
}
static bool gammainc_vjp(nn_vjp *v) { return incomplete_vjp(v, 1); }
static bool gammaincc_vjp(nn_vjp *v) { return incomplete_vjp(v, -1); }

static bool xlogy_vjp(nn_vjp *v) {
  C c = v->ctx;
  T x = nn_in(v, 0), y = nn_in(v, 1), g = v->g[0];
  T none =
      nn_do(c, &nn_op_logical_and, v_t(t_is_zero(c, x)), v_t(nn_do(c, &nn_op_le, v_t(y), v_t(t_num(c, 0)))));
  D(0, t_mul(c, g, t_where(c, none, t_num(c, 0), t_log(c, t_where(c, none, t_num(c, 1), y)))));
  D(1, t_mul(c, g, t_div(c, x, y)));
  return true;
}
static bool xlog1py_vjp(nn_vjp *v) {
  C c = v->ctx;
  T x = nn_in(v, 0), y = nn_in(v, 1), g = v->g[0];
  T none =
      nn_do(c, &nn_op_logical_and, v_t(t_is_zero(c, x)), v_t(nn_do(c, &nn_op_le, v_t(y), v_t(t_num(c, -1)))));
  D(0, t_mul(c, g, t_where(c, none, t_num(c, 0), t_log1p(c, t_where(c, none, t_num(c, 0), y)))));
  D(1, t_mul(c, g, t_div(c, x, t_adds(c, y, 1))));
  return true;
}
/* d zeta(s, q) / dq = -s zeta(s + 1, q); none for s. */
static bool zeta_vjp(nn_vjp *v) {
  C c = v->ctx;
  T s = nn_in(v, 0), q = nn_in(v, 1);
  D(1, t_neg(c, t_mul(c, v->g[0], t_mul(c, s, nn_do(c, &nn_op_zeta, v_t(t_adds(c, s, 1)), v_t(q))))));
  return true;
}

/* ---- rows ------------------------------------------------------------------------------------------- */

#define FLOAT  (NN_ANY_OUT | NN_PROMOTES | NN_FLOATS)
#define PUBLIC (NN_TENSOR | NN_METHOD | NN_INPLACE | NN_SPECIAL)
#define INPUT                                                                                                \
  {                                                                                                          \
    { "input", P_TENSOR }                                                                                    \
  }
#define ROW(id, flags_, kernel_, saves, doc_, example_, ...)                                                 \
  const nn_op nn_op_##id = {.name = #id,                                                                     \
                            .doc = doc_,                                                                     \
                            .example = example_,                                                             \
                            .params = INPUT,                                                                 \
                            .flags = FLOAT | (flags_),                                                       \
                            saves,                                                                           \
                            .infer = nn_elementwise_infer,                                                   \
                            .kernel = kernel_,                                                               \
                            .vjp = id##_vjp,                                                                 \
                            .samples = NN_SAMPLES(__VA_ARGS__),                                              \
                            .invalid = "\"x\"",                                                              \
                            .complaint = "tensor"};
#define IN   .saves_in = 1
#define BOTH .saves_in = 1, .saves_out = 1

#define LOOP_ROW(id, loop_, doc_, example_, ...)                                                             \
  const nn_op nn_op_##id = {.name = #id,                                                                     \
                            .doc = doc_,                                                                     \
                            .example = example_,                                                             \
                            .params = INPUT,                                                                 \
                            .flags =                                                                         \
                                NN_DIRECT | NN_TENSOR | NN_METHOD | NN_INPLACE | NN_PROMOTES | NN_FLOATS,    \
                            .saves_in = 1,                                                                   \
                            .infer = nn_elementwise_infer,                                                   \
                            .kernel = nn_elementwise_kernel,                                                 \
                            .vjp = id##_vjp,                                                                 \
                            .data = NN_EW(EW_UNARY, NN_UNARY_##loop_, .costly = true),                       \
                            .samples = NN_SAMPLES(__VA_ARGS__),                                              \
                            .invalid = "\"x\"",                                                              \
                            .complaint = "tensor"};
LOOP_ROW(lgamma, LGAMMA, "The logarithm of |gamma(x)|; gamma(n + 1) is n!.",
         "tensor{1, 2}:lgamma()\n--> {0, 0}", "P(2,3)", "P(3) * 7", "T(P(3,2))")
LOOP_ROW(digamma, DIGAMMA, "The derivative of lgamma.", "tensor{1}:digamma()\n--> {-0.5772}", "P(2,3)",
         "P(3) * 7")
ROW(erfcx, NN_SPECIAL, erfcx_kernel, BOTH, "exp(x^2) erfc(x): erfc where that is too small.",
    "tensor.special.erfcx(tensor{0, 100})\n--> {1, 0.0056}", "R(2,3)", "P(3) * 3")
ROW(ndtr, NN_SPECIAL, ndtr_kernel, IN, "The probability that a standard normal number is below x.",
    "tensor.special.ndtr(tensor{0, 1})\n--> {0.5, 0.8413}", "R(2,3)", "T(R(3,2))")
ROW(log_ndtr, NN_SPECIAL, log_ndtr_kernel, BOTH, "The logarithm of ndtr, exact far below 0 too.",
    "tensor.special.log_ndtr(tensor{0, -10})\n--> {-0.6931, -53.2313}", "R(2,3)", "R(3) * 8")
ROW(ndtri, NN_SPECIAL, ndtri_kernel, .saves_out = 1, "The inverse of ndtr, for 0 to 1.",
    "tensor.special.ndtri(tensor{0.5, 0.975})\n--> {0, 1.96}", "P(2,3) * 0.4", "P(3) * 0.01")
ROW(i0, PUBLIC, i0_kernel, IN, "The modified Bessel function of the first kind of order 0.",
    "tensor{0, 1}:i0()\n--> {1, 1.2661}", "R(2,3)", "R(3) * 9")
ROW(i0e, NN_SPECIAL, i0e_kernel, BOTH, "exp(-|x|) i0(x): no overflow.",
    "tensor.special.i0e(tensor{0, 1})\n--> {1, 0.4658}", "N(2,3)", "N(3) * 20")
ROW(i1, NN_SPECIAL, i1_kernel, BOTH, "The modified Bessel function of the first kind of order 1.",
    "tensor.special.i1(tensor{0, 1})\n--> {0, 0.5652}", "N(2,3)", "N(3) * 4")
ROW(i1e, NN_SPECIAL, i1e_kernel, BOTH, "exp(-|x|) i1(x): no overflow.",
    "tensor.special.i1e(tensor{0, 1})\n--> {0, 0.2079}", "N(2,3)", "N(3) * 20")
ROW(entr, NN_SPECIAL, entr_kernel, IN, "-x log(x), 0 at 0 and -inf below.",
    "tensor.special.entr(tensor{0, 1, 0.5})\n--> {0, 0, 0.3466}", "P(2,3)")
ROW(sinc, PUBLIC, sinc_kernel, BOTH, "sin(pi x) / (pi x), 1 at 0.", "tensor{0, 0.5}:sinc()\n--> {1, 0.6366}",
    "N(2,3)")

static bool polygamma_kernel(nn_frame *f) { return run(f, (functions){.n = f->arg[0].i}); }
static bool polygamma_infer(nn_frame *f) {
  if (f->arg[0].i < 1) return nn_bad(f, "n must be 0 or a positive number, got %lld", (long long)f->arg[0].i);
  return nn_elementwise_infer(f);
}
const nn_op nn_op_polygamma_positive = {.name = "polygamma_positive",
                                        .doc = "The n-th derivative of digamma, n >= 1.",
                                        .params = {{"n", P_INT}, {"input", P_TENSOR}},
                                        .flags = FLOAT | NN_PRIVATE,
                                        .saves_in = 1,
                                        .infer = polygamma_infer,
                                        .kernel = polygamma_kernel,
                                        .vjp = polygamma_vjp};
static bool polygamma_compose(nn_frame *f) {
  C c = f->ctx;
  f->out[0] = f->arg[0].i == 0 ? t_digamma(c, f->in[0])
                               : nn_do(c, &nn_op_polygamma_positive, f->arg[0], v_t(f->in[0]));
  return f->out[0] != NULL;
}
const nn_op nn_op_polygamma = {.name = "polygamma",
                               .doc = "The n-th derivative of digamma: n = 0 is digamma, n = 1 trigamma.",
                               .example = "tensor.polygamma(1, tensor{1})\n--> {1.6449}",
                               .params = {{"n", P_INT}, {"input", P_TENSOR}},
                               .flags = NN_TENSOR | NN_SPECIAL,
                               .compose = polygamma_compose,
                               .samples = NN_SAMPLES("0, P(2,3)", "1, P(2,3)", "2, P(3)", "3, P(3) * 9"),
                               .invalid = "-1, R(2)",
                               .complaint = "n must be"};
static bool polygamma_method_compose(nn_frame *f) {
  return (f->out[0] = nn_do(f->ctx, &nn_op_polygamma, f->arg[1], v_t(f->in[0]))) != NULL;
}
const nn_op nn_op_polygamma_method = {.name = "polygamma.method",
                                      .doc = "x:polygamma(n): the n-th derivative of digamma.",
                                      .example = "tensor{1}:polygamma(1)\n--> {1.6449}",
                                      .params = {{"input", P_TENSOR}, {"n", P_INT}},
                                      .flags = NN_METHOD | NN_INPLACE,
                                      .compose = polygamma_method_compose,
                                      .samples = NN_SAMPLES("P(2,3), 1"),
                                      .invalid = "R(2), -1",
                                      .complaint = "n must be"};

/* ---- of two tensors --------------------------------------------------------------------------------- */

#define TWO_FLOATS (FLOAT | NN_BROADCASTS)
const nn_op nn_op_gammainc = {
    .name = "gammainc",
    .doc =
        "The regularised lower incomplete gamma function P(a, x) = gamma(a, x) / gamma(a), from 0 to 1. It has a\n"
        "gradient for x only.",
    .example = "tensor.special.gammainc(tensor{1}, tensor{1})\n--> {0.6321}",
    .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},
    .flags = TWO_FLOATS | NN_SPECIAL,
    .saves_in = 3,
    .grads_in = 2,
    .infer = nn_elementwise_infer,
    .kernel = gammainc_kernel,
    .vjp = gammainc_vjp,
    .samples = NN_SAMPLES("C(P(2,3)), P(2,3)", "C(P(3)) * 30, P(3) * 30", "C(P(3)), P(2,3) * 4"),
    .invalid = "R(2), R(3)",
    .complaint = "do not broadcast"};
const nn_op nn_op_gammaincc = {
    .name = "gammaincc",
    .doc =
        "The regularised upper incomplete gamma function Q(a, x) = 1 - P(a, x). It has a gradient for x only.",
    .example = "tensor.special.gammaincc(tensor{1}, tensor{1})\n--> {0.3679}",
    .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},
    .flags = TWO_FLOATS | NN_SPECIAL,
    .saves_in = 3,
    .grads_in = 2,
    .infer = nn_elementwise_infer,
    .kernel = gammaincc_kernel,
    .vjp = gammaincc_vjp,
    .samples = NN_SAMPLES("C(P(2,3)), P(2,3)", "C(P(3)), P(2,3) * 4"),
    .invalid = "R(2), R(3)",
    .complaint = "do not broadcast"};
const nn_op nn_op_igamma = {.name = "igamma",
                            .doc =
                                "The regularised lower incomplete gamma function: tensor.special.gammainc.",
                            .example = "tensor{1}:igamma(tensor{1})\n--> {0.6321}",
                            .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},
                            .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_PROMOTES,
                            .compose = nn_same_as,
                            .data = &nn_op_gammainc,
                            .samples = NN_SAMPLES("C(P(2,3)), P(2,3)"),
                            .invalid = "R(2), R(3)",
                            .complaint = "do not broadcast"};
const nn_op nn_op_igammac = {.name = "igammac",
                             .doc =
                                 "The regularised upper incomplete gamma function: tensor.special.gammaincc.",
                             .example = "tensor{1}:igammac(tensor{1})\n--> {0.3679}",
                             .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},
                             .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_PROMOTES,
                             .compose = nn_same_as,
                             .data = &nn_op_gammaincc,
                             .samples = NN_SAMPLES("C(P(2,3)), P(2,3)"),
                             .invalid = "R(2), R(3)",
                             .complaint = "do not broadcast"};
const nn_op nn_op_xlogy = {.name = "xlogy",
                           .doc = "x log(y), 0 where x is 0.",
                           .example = "tensor{0, 2}:xlogy(tensor{0, 1})\n--> {0, 0}",
                           .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},
                           .flags = TWO_FLOATS | PUBLIC,
                           .saves_in = 3,
                           .infer = nn_elementwise_infer,
                           .kernel = xlogy_kernel,
                           .vjp = xlogy_vjp,
                           .samples = NN_SAMPLES("R(2,3), P(2,3)", "R(2,1), P(3)"),
                           .invalid = "R(2), R(3)",
                           .complaint = "do not broadcast"};
const nn_op nn_op_xlog1py = {.name = "xlog1py",
                             .doc = "x log(1 + y), 0 where x is 0.",
                             .example = "tensor.special.xlog1py(tensor{0, 2}, tensor{-1, 0})\n--> {0, 0}",
                             .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},
                             .flags = TWO_FLOATS | NN_SPECIAL,
                             .saves_in = 3,
                             .infer = nn_elementwise_infer,
                             .kernel = xlog1py_kernel,
                             .vjp = xlog1py_vjp,
                             .samples = NN_SAMPLES("R(2,3), P(2,3)", "R(2,1), P(3)"),
                             .invalid = "R(2), R(3)",
                             .complaint = "do not broadcast"};
const nn_op nn_op_zeta = {
    .name = "zeta",
    .doc =
        "Hurwitz's zeta function, the sum of (other + k)^-input over k = 0, 1, ...; input above 1. It has a gradient\n"
        "for other only.",
    .example = "tensor.special.zeta(tensor{2}, tensor{1})\n--> {1.6449}",
    .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},
    .flags = TWO_FLOATS | NN_SPECIAL,
    .saves_in = 3,
    .grads_in = 2,
    .infer = nn_elementwise_infer,
    .kernel = zeta_kernel,
    .vjp = zeta_vjp,
    .samples = NN_SAMPLES("C(P(2,3)) + 1.5, P(2,3)", "C(P(3)) + 3, P(3) * 8"),
    .invalid = "R(2), R(3)",
    .complaint = "do not broadcast"};

/* ---- formulas of others ----------------------------------------------------------------------------- */

/* log(x / (1 - x)), with eps of x clamped to eps .. 1 - eps. */
static bool logit_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0];
  if (nn_given(f, 1)) x = nn_do(c, &nn_op_clamp, v_t(x), f->arg[1], v_f(1 - f->arg[1].f));
  return (f->out[0] = t_sub(c, t_log(c, x), t_log1p(c, t_neg(c, x)))) != NULL;
}
const nn_op nn_op_logit = {
    .name = "logit",
    .doc =
        "log(x / (1 - x)), the inverse of sigmoid. With eps x is first brought into eps to 1 - eps; without it is NaN\n"
        "outside of 0 to 1.",
    .example = "tensor{0.5, 1}:logit()\n--> {0, inf}",
    .params = {{"input", P_TENSOR}, {"eps", P_FLOAT, "nil"}},
    .flags = PUBLIC | NN_PROMOTES | NN_FLOATS,
    .compose = logit_compose,
    .samples = NN_SAMPLES("P(2,3) * 0.45", "P(2,3) * 0.6, 0.2"),
    .invalid = "\"x\"",
    .complaint = "tensor"};

/* p (p - 1) / 4 log(pi) + the sum of lgamma(a - i / 2), i = 0 .. p - 1. */
static bool mvlgamma_compose(nn_frame *f) {
  C c = f->ctx;
  int64_t p = f->arg[1].i;
  if (p < 1 || p > 1 << 20) return nn_bad(f, "p must be at least 1, got %lld", (long long)p);
  T sum = t_adds(c, t_lgamma(c, f->in[0]), (double)(p * (p - 1)) / 4 * log(PI));
  for (int64_t i = 1; i < p; i++) sum = t_add(c, sum, t_lgamma(c, t_adds(c, f->in[0], -0.5 * (double)i)));
  return (f->out[0] = sum) != NULL;
}
#define MVLGAMMA(id, name_, flags_, example_)                                                                \
  const nn_op nn_op_##id = {                                                                                 \
      .name = name_,                                                                                         \
      .doc = "The logarithm of the gamma function in p dimensions, for x above (p - 1) / 2.",                \
      .example = example_ "\n--> {0.5724}",                                                                  \
      .params = {{"input", P_TENSOR}, {"p", P_INT}},                                                         \
      .flags = flags_,                                                                                       \
      .compose = mvlgamma_compose,                                                                           \
      .samples = NN_SAMPLES("P(2,3) + 1, 3", "P(3), 1"),                                                     \
      .invalid = "P(3), 0",                                                                                  \
      .complaint = "p must be"};
MVLGAMMA(mvlgamma, "mvlgamma", NN_TENSOR | NN_METHOD | NN_INPLACE, "tensor{0.5}:mvlgamma(1)")
MVLGAMMA(multigammaln, "multigammaln", NN_SPECIAL, "tensor.special.multigammaln(tensor{0.5}, 1)")

/* ---- names of torch.special for what is elsewhere --------------------------------------------------- */

#define SAME(id, of, what, example_, sample)                                                                 \
  const nn_op nn_op_special_##id = {.name = #id ".special",                                                  \
                                    .doc = "The same as " what ".",                                          \
                                    .example = example_,                                                     \
                                    .params = INPUT,                                                         \
                                    .flags = NN_SPECIAL,                                                     \
                                    .compose = nn_same_as,                                                   \
                                    .data = &of,                                                             \
                                    .samples = NN_SAMPLES(sample),                                           \
                                    .invalid = "\"x\"",                                                      \
                                    .complaint = "tensor"};
SAME(expit, nn_op_sigmoid, "sigmoid", "tensor.special.expit(tensor{0})\n--> {0.5}", "R(3)")
SAME(gammaln, nn_op_lgamma, "lgamma", "tensor.special.gammaln(tensor{1})\n--> {0}", "P(3)")
SAME(digamma, nn_op_digamma, "tensor.digamma", "tensor.special.digamma(tensor{1})\n--> {-0.5772}", "P(3)")
SAME(psi, nn_op_digamma, "digamma", "tensor.special.psi(tensor{1})\n--> {-0.5772}", "P(3)")
SAME(erf, nn_op_erf, "tensor.erf", "tensor.special.erf(tensor{0})\n--> {0}", "R(3)")
SAME(erfc, nn_op_erfc, "tensor.erfc", "tensor.special.erfc(tensor{0})\n--> {1}", "R(3)")
SAME(erfinv, nn_op_erfinv, "tensor.erfinv", "tensor.special.erfinv(tensor{0})\n--> {0}", "U(3)")
SAME(exp2, nn_op_exp2, "tensor.exp2", "tensor.special.exp2(tensor{3})\n--> {8}", "R(3)")
SAME(expm1, nn_op_expm1, "tensor.expm1", "tensor.special.expm1(tensor{0})\n--> {0}", "R(3)")
SAME(log1p, nn_op_log1p, "tensor.log1p", "tensor.special.log1p(tensor{0})\n--> {0}", "P(3)")
