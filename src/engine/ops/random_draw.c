/* random_draw.c - random numbers of distributions beyond the uniform and the normal one: gamma, Poisson,
 * binomial by rejection, in a stretch of the stream of their own for each element; others by formulas of
 * uniform numbers. */
#include <float.h>
#include <math.h>

#include "expr.h"
#include "interrupt.h"
#include "parallel.h"
#include "rng.h"
#include "special.h"

#define PI 3.14159265358979323846264338328
#define GENERATOR                                                                                            \
  { "generator", P_GENERATOR, "nil", .keyword = true }

static nn_generator *generator_of(nn_frame *f, int p) {
  return nn_given(f, p) ? f->arg[p].generator : nn_default_generator(f->ctx);
}
static double number(const nn_value *v) { return v->tag == NN_V_INT ? (double)v->i : v->f; }

/* ---- one element's own numbers ---------------------------------------------------------------------- */

enum {
  WORDS = 128
}; /* 32-bit numbers an element may use: enough for 20 attempts, each of which mostly succeeds */

typedef struct stream {
  const nn_random *r;
  int64_t at;
  int used, ready;
  uint32_t bits[16];
} stream;

static bool spent(const stream *s) { return s->used + 8 > WORDS; }

/* In (0, 1), of two words. */
static double uniform(stream *s) {
  if (s->used == s->ready) {
    nn_random_run(s->r, s->at + s->used, 16, s->bits);
    s->ready += 16;
  }
  uint32_t high = s->bits[s->used & 15], low = s->bits[(s->used & 15) + 1];
  s->used += 2;
  return ((double)((uint64_t)high << 21 ^ low >> 11) + 0.5) * 0x1p-53;
}

static double normal(stream *s) { return sqrt(-2 * log(uniform(s))) * cos(2 * PI * uniform(s)); }

/* Marsaglia and Tsang 2000; for a < 1 that of a + 1 times u^(1/a). */
static double gamma_number(stream *s, double a) {
  if (!(a > 0)) return NAN;
  double scale = 1, d, c, x, v = 1;
  if (a < 1) {
    scale = pow(uniform(s), 1 / a);
    a += 1;
  }
  d = a - 1.0 / 3;
  c = 1 / sqrt(9 * d);
  do {
    x = normal(s);
    v = 1 + c * x;
    if (v <= 0) continue;
    v = v * v * v;
    double u = uniform(s);
    if (log(u) < 0.5 * x * x + d - d * v + d * log(v)) break;
  } while (!spent(s));
  return scale * d * (v > 0 ? v : DBL_MIN);
}

/* Inversion for a small rate, otherwise transformed rejection (PTRS of Hoermann 1993). */
static double poisson_number(stream *s, double rate) {
  if (!(rate >= 0) || isinf(rate)) return NAN;
  if (rate < 10) {
    double u = uniform(s), p = exp(-rate), sum = p;
    int k = 0;
    for (; u > sum && k < 200; sum += p) p *= rate / ++k;
    return k;
  }
  double root = sqrt(rate), b = 0.931 + 2.53 * root, a = -0.059 + 0.02483 * b, k = floor(rate);
  double inverse = 1.1239 + 1.1328 / (b - 3.4), limit = 0.9277 - 3.6224 / (b - 2);
  while (!spent(s)) {
    double u = uniform(s) - 0.5, v = uniform(s), near = 0.5 - fabs(u),
           try = floor((2 * a / near + b) * u + rate + 0.43);
    if (try < 0 || (near < 0.013 && v > near)) continue;
    k = try;
    if (near >= 0.07 && v <= limit) break;
    if (log(v * inverse / (a / (near * near) + b)) <= k * log(rate) - rate - lgamma(k + 1)) break;
  }
  return k;
}

/* Inversion for few expected successes, otherwise transformed rejection (BTRS of Hoermann 1993). */
static double binomial_number(stream *s, double n, double p) {
  if (!(p >= 0 && p <= 1) || !(n >= 0) || isinf(n)) return NAN;
  n = floor(n);
  if (p > 0.5) return n - binomial_number(s, n, 1 - p);
  if (p == 0 || n == 0) return 0;
  double q = 1 - p, odds = p / q;
  if (n * p < 10) {
    double u = uniform(s), chance = exp(n * log1p(-p)), sum = chance, k = 0;
    for (; u > sum && k < n && k < 400; sum += chance) {
      k += 1;
      chance *= odds * (n - k + 1) / k;
    }
    return k;
  }
  double spread = sqrt(n * p * q), b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * p,
         c = n * p + 0.5;
  double limit = 0.92 - 4.2 / b, alpha = (2.83 + 5.1 / b) * spread, m = floor((n + 1) * p), k = m;
  double peak = lgamma(m + 1) + lgamma(n - m + 1);
  while (!spent(s)) {
    double u = uniform(s) - 0.5, v = uniform(s), near = 0.5 - fabs(u),
           try = floor((2 * a / near + b) * u + c);
    if (try < 0 || try > n) continue;
    k = try;
    if (near >= 0.07 && v <= limit) break;
    if (log(v * alpha / (a / (near * near) + b)) <=
        peak - lgamma(k + 1) - lgamma(n - k + 1) + (k - m) * log(odds))
      break;
  }
  return k;
}

/* ---- running ---------------------------------------------------------------------------------------- */

enum { GAMMA, POISSON, BINOMIAL };

typedef struct job {
  nn_random r;
  int kind;
  nn_dtype dtype;
  const char *a, *b;
  char *y;
} job;

static double element(nn_dtype d, const char *p, int64_t i) {
  return d == NN_FLOAT32 ? (double)((const float *)(const void *)p)[i] : ((const double *)(const void *)p)[i];
}

static void range(void *arg, int64_t begin, int64_t end, int thread) {
  const job *j = arg;
  (void)thread;
  for (int64_t i = begin; i < end && !nn_interrupted(); i++) {
    stream s = {.r = &j->r, .at = i * WORDS};
    double a = element(j->dtype, j->a, i), y;
    if (j->kind == GAMMA)
      y = gamma_number(&s, a);
    else
      y = j->kind == POISSON ? poisson_number(&s, a) : binomial_number(&s, a, element(j->dtype, j->b, i));
    if (j->dtype == NN_FLOAT64)
      ((double *)(void *)j->y)[i] = y;
    else /* a number that float32 cannot hold still has a logarithm */
      ((float *)(void *)j->y)[i] = j->kind == GAMMA && y < (double)FLT_MIN ? FLT_MIN : (float)y;
  }
}

static bool draw(nn_frame *f, int kind, int generator) {
  const nn_tensor *a = nn_dense(f, 0), *b = f->n_in > 1 ? nn_dense(f, 1) : a;
  if (a == NULL || b == NULL) return false;
  job j = {.kind = kind, .dtype = (nn_dtype)a->dtype, .a = a->data, .b = b->data, .y = f->out[0]->data};
  j.r = nn_random_take(generator_of(f, generator), a->numel * WORDS);
  nn_parallel(a->numel, 64, range, &j);
  return !nn_interrupted();
}

static bool like_infer(nn_frame *f) {
  if (!nn_expect_float(f, 0)) return false;
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

/* Every element of in[i] must pass. */
static bool check(nn_frame *f, int i, double low, double high, const char *what) {
  const nn_tensor *x = nn_dense(f, i);
  for (int64_t k = 0; x != NULL && k < x->numel; k++) {
    double v = element((nn_dtype)x->dtype, x->data, k);
    if (!(v >= low && v <= high)) return nn_bad(f, "%s, got %g", what, v);
  }
  return x != NULL;
}

static bool poisson_kernel(nn_frame *f) {
  return check(f, 0, 0, DBL_MAX, "rates must be finite and not negative") && draw(f, POISSON, 1);
}
const nn_op nn_op_poisson = {
    .name = "poisson",
    .doc =
        "Numbers of a Poisson distribution whose rate the input is, element by element. The gradient is zero.",
    .example = "tensor.poisson(tensor{0, 0})\n--> {0, 0}",
    .params = {{"input", P_TENSOR}, GENERATOR},
    .flags = NN_TENSOR | NN_RANDOM,
    .infer = like_infer,
    .kernel = poisson_kernel,
    .vjp = nn_flat_vjp,
    .samples = NN_SAMPLES("P(2,3)", "P(3) * 20"),
    .invalid = "tensor{-1}",
    .complaint = "rates must"};

static bool binomial_infer(nn_frame *f) { return nn_expect_same_dtype(f, 0, 1) && like_infer(f); }
static bool binomial_kernel(nn_frame *f) {
  return check(f, 0, 0, DBL_MAX, "counts must be finite and not negative") &&
         check(f, 1, 0, 1, "probabilities must be between 0 and 1") && draw(f, BINOMIAL, 2);
}
static bool binomial_compose(nn_frame *f) {
  C c = f->ctx;
  T a = f->in[0], b = f->in[1];
  int64_t shape[NN_MAX_DIMS];
  int n;
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  if (!nn_broadcast_shapes(a->ndim, a->shape, b->ndim, b->shape, &n, shape))
    return nn_bad(f, "shapes %s and %s do not broadcast", nn_tensor_shape_text(a, s),
                  nn_tensor_shape_text(b, t));
  f->out[0] = nn_do(c, &nn_op_binomial_numbers, v_t(t_expand(c, a, n, shape)), v_t(t_expand(c, b, n, shape)),
                    f->arg[2]);
  return f->out[0] != NULL;
}
const nn_op nn_op_binomial_numbers = {.name = "binomial_numbers",
                                      .doc = "Binomial numbers of two tensors of one shape.",
                                      .params = {{"count", P_TENSOR}, {"prob", P_TENSOR}, GENERATOR},
                                      .flags = NN_PRIVATE | NN_RANDOM,
                                      .infer = binomial_infer,
                                      .kernel = binomial_kernel,
                                      .vjp = nn_flat_vjp};
const nn_op nn_op_binomial = {
    .name = "binomial",
    .doc =
        "How many of count trials succeed that each do with probability prob, element by element. The gradient is zero.",
    .example = "tensor.binomial(tensor{5, 5}, tensor{0, 1})\n--> {0, 5}",
    .params = {{"count", P_TENSOR}, {"prob", P_TENSOR}, GENERATOR},
    .flags = NN_TENSOR | NN_RANDOM | NN_PROMOTES | NN_FLOATS,
    .compose = binomial_compose,
    .samples = NN_SAMPLES("P(2,3) * 9, P(3) / 2", "P(3) * 100, P(3) / 2"),
    .invalid = "tensor{1}, tensor{2}",
    .complaint = "between 0 and 1"};

/* ---- gamma ------------------------------------------------------------------------------------------ */

static bool gamma_kernel(nn_frame *f) { return draw(f, GAMMA, 1); }

/* The sample z moves with a so that P(a, z) stays: dz/da = -(dP/da) / (dP/dz) (Figurnov, Mohamed, Mnih 2018).
 */
static bool gamma_vjp(nn_vjp *v) {
  C c = v->ctx;
  return (v->d[0] = t_mul(c, v->g[0],
                          nn_do(c, &nn_op_standard_gamma_slope, v_t(nn_in(v, 0)), v_t(nn_out(v, 0))))) !=
         NULL;
}
const nn_op nn_op_standard_gamma = {
    .name = "_standard_gamma",
    .doc =
        "Numbers of gamma distributions with scale 1 whose concentration the input is, element by element, differentiable by\n"
        "it (once).",
    .example = "tensor._standard_gamma(tensor{1, 2}):gt(0):all()\n--> true",
    .params = {{"input", P_TENSOR}, GENERATOR},
    .flags = NN_TENSOR | NN_RANDOM,
    .saves_in = 1,
    .saves_out = 1,
    .infer = like_infer,
    .kernel = gamma_kernel,
    .vjp = gamma_vjp,
    .samples = NN_SAMPLES("W(2,3) + 1.5"),
    .invalid = "I(3,2)",
    .complaint = "float"};

/* -(dP/da) / (dP/dz). With P = z^a e^-z sum z^n / gamma(a + n + 1) below a + 1, where all terms have one
 * sign; above, with the continued fraction h of the upper part, dz/da = z h (log z - digamma(a) + d log h /
 * da), the last by differences. */
static double slope(double a, double z) {
  if (!(a > 0) || !(z > 0)) return 0;
  if (a > 1e5) { /* Wilson and Hilferty 1931: z = a (1 - 1 / (9a) + c / (3 sqrt a))^3 at a fixed c */
    double base = cbrt(z / a), c = (base - 1 + 1 / (9 * a)) * 3 * sqrt(a);
    return z / a + 3 * a * base * base * (1 / (9 * a * a) - c / (6 * a * sqrt(a)));
  }
  if (z < a + 1) {
    double log_z = log(z), term = 1 / a, psi = nn_digamma(a + 1), sum = 0;
    for (double n = 0; n < 1e6; n++) {
      double part = term * (psi - log_z);
      sum += part;
      if (fabs(part) < 1e-17 * fabs(sum)) break;
      term *= z / (a + n + 1);
      psi += 1 / (a + n + 1);
    }
    return z * sum;
  }
  double h = nn_gamma_fraction(a, z), e = 1e-3 * (a < 1 ? a : 1);
  double one = log(nn_gamma_fraction(a + e, z) / nn_gamma_fraction(a - e, z));
  double two = log(nn_gamma_fraction(a + 2 * e, z) / nn_gamma_fraction(a - 2 * e, z));
  return z * h * (log(z) - nn_digamma(a) + (8 * one - two) / (12 * e));
}

static bool slope_infer(nn_frame *f) {
  nn_spec_like(f, 0, f->in[0]);
  return true;
}
static bool slope_kernel(nn_frame *f) {
  const nn_tensor *a = nn_dense(f, 0), *z = nn_dense(f, 1);
  if (a == NULL || z == NULL) return false;
  nn_dtype d = (nn_dtype)a->dtype;
  for (int64_t i = 0; i < a->numel; i++) {
    if ((i & 63) == 0 && nn_interrupted()) return false;
    double s = slope(element(d, a->data, i), element(d, z->data, i));
    if (d == NN_FLOAT32)
      ((float *)(void *)f->out[0]->data)[i] = (float)s;
    else
      ((double *)(void *)f->out[0]->data)[i] = s;
  }
  return true;
}
static bool slope_vjp(nn_vjp *v) {
  return nn_fail(v->ctx, "backward: samples of gamma distributions have no second derivative");
}
const nn_op nn_op_standard_gamma_slope = {.name = "standard_gamma_slope",
                                          .doc = "The derivative of a gamma sample by its concentration.",
                                          .params = {{"input", P_TENSOR}, {"sample", P_TENSOR}},
                                          .flags = NN_PRIVATE,
                                          .infer = slope_infer,
                                          .kernel = slope_kernel,
                                          .vjp = slope_vjp};

/* ---- formulas of uniform and normal numbers: fill in place ------------------------------------------ */

EXPR1(t_log1p, log1p)
EXPR1(t_floor, floor)
EXPR1(t_tan, tan)
EXPR1(t_exp, exp)

/* Uniform numbers in [0, 1) for in[0], or of float64 for tensors that hold no fractions. */
static T uniform_like(nn_frame *f, int generator) {
  const nn_tensor *x = f->in[0];
  bool whole = !nn_is_float((nn_dtype)x->dtype);
  return nn_do(f->ctx, &nn_op_rand, v_ints(x->ndim, x->shape), f->arg[generator],
               v_dt(whole ? NN_FLOAT64 : (nn_dtype)x->dtype));
}

/* Sets out[0] to y in the dtype of in[0]; no gradient. */
static bool filled(nn_frame *f, T y) {
  if (y != NULL && y->dtype != f->in[0]->dtype) y = t_to(f->ctx, y, (nn_dtype)f->in[0]->dtype);
  return (f->out[0] = y) != NULL;
}

static bool exponential_compose(nn_frame *f) {
  C c = f->ctx;
  double rate = number(&f->arg[1]);
  if (!nn_expect_float(f, 0)) return false;
  if (!(rate > 0)) return nn_bad(f, "lambd must be above 0, got %g", rate);
  return filled(f, t_muls(c, t_log1p(c, t_neg(c, uniform_like(f, 2))), -1 / rate));
}
static bool geometric_compose(nn_frame *f) {
  C c = f->ctx;
  double p = number(&f->arg[1]);
  if (!(p > 0 && p < 1)) return nn_bad(f, "p must be between 0 and 1, got %g", p);
  T y = t_floor(c, t_muls(c, t_log1p(c, t_neg(c, uniform_like(f, 2))), 1 / log1p(-p)));
  return filled(f, t_adds(c, y, 1));
}
static bool cauchy_compose(nn_frame *f) {
  C c = f->ctx;
  if (!nn_expect_float(f, 0)) return false;
  if (!(number(&f->arg[2]) > 0)) return nn_bad(f, "sigma must be above 0, got %g", number(&f->arg[2]));
  T y = t_tan(c, t_muls(c, t_adds(c, uniform_like(f, 3), -0.5), PI));
  return filled(f, t_adds(c, t_muls(c, y, number(&f->arg[2])), number(&f->arg[1])));
}
static bool log_normal_compose(nn_frame *f) {
  C c = f->ctx;
  const nn_tensor *x = f->in[0];
  if (!nn_expect_float(f, 0)) return false;
  if (!(number(&f->arg[2]) > 0)) return nn_bad(f, "std must be above 0, got %g", number(&f->arg[2]));
  T z = nn_do(c, &nn_op_randn, v_ints(x->ndim, x->shape), f->arg[3], v_dt((nn_dtype)x->dtype));
  return filled(f, t_exp(c, t_adds(c, t_muls(c, z, number(&f->arg[2])), number(&f->arg[1]))));
}

/* Without bounds: all numbers that the dtype holds exactly. */
static bool random_compose(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  int64_t from = 0, to = INT64_MAX;
  switch ((nn_dtype)x->dtype) {
  case NN_FLOAT32: to = (1 << 24) + 1; break;
  case NN_FLOAT64: to = ((int64_t)1 << 53) + 1; break;
  case NN_UINT8: to = 256; break;
  case NN_BOOL: to = 2; break;
  default: break;
  }
  if (nn_given(f, 2))
    from = f->arg[1].i, to = f->arg[2].i;
  else if (nn_given(f, 1))
    to = f->arg[1].i;
  if (from >= to) return nn_bad(f, "from (%lld) must be below to (%lld)", (long long)from, (long long)to);
  return filled(f, nn_do(f->ctx, &nn_op_randint, v_i(from), v_i(to), v_ints(x->ndim, x->shape), f->arg[3]));
}

#define FILL .flags = NN_INPLACE | NN_RANDOM | NN_NO_GRAD
const nn_op nn_op_exponential = {
    .name = "exponential",
    .doc = "Fills the tensor with numbers of an exponential distribution, whose mean is 1 / lambd.",
    .example = "tensor.zeros(2):exponential_():ge(0):all()\n--> true",
    .params = {{"input", P_TENSOR}, {"lambd", P_NUMBER, "1"}, GENERATOR},
    FILL,
    .compose = exponential_compose,
    .samples = NN_SAMPLES("C(R(2,3)), 2"),
    .invalid = "tensor{1}, 0",
    .complaint = "lambd must"};
const nn_op nn_op_geometric = {
    .name = "geometric",
    .doc =
        "Fills the tensor with how many trials it takes until one succeeds, each with probability p: 1, 2, ...",
    .example = "tensor.zeros(2):geometric_(0.5):ge(1):all()\n--> true",
    .params = {{"input", P_TENSOR}, {"p", P_NUMBER}, GENERATOR},
    FILL,
    .compose = geometric_compose,
    .samples = NN_SAMPLES("C(R(2,3)), 0.4", "I(3,4), 0.2"),
    .invalid = "tensor{1}, 0",
    .complaint = "p must"};
const nn_op nn_op_cauchy = {
    .name = "cauchy",
    .doc = "Fills the tensor with numbers of a Cauchy distribution.",
    .example = "tensor.zeros(2):cauchy_().shape\n--> {2}",
    .params = {{"input", P_TENSOR}, {"median", P_NUMBER, "0"}, {"sigma", P_NUMBER, "1"}, GENERATOR},
    FILL,
    .compose = cauchy_compose,
    .samples = NN_SAMPLES("C(R(2,3)), 1, 2"),
    .invalid = "tensor{1}, 0, 0",
    .complaint = "sigma must"};
const nn_op nn_op_log_normal = {
    .name = "log_normal",
    .doc =
        "Fills the tensor with numbers whose logarithms are normal, with this mean and standard deviation.",
    .example = "tensor.zeros(2):log_normal_():gt(0):all()\n--> true",
    .params = {{"input", P_TENSOR}, {"mean", P_NUMBER, "1"}, {"std", P_NUMBER, "2"}, GENERATOR},
    FILL,
    .compose = log_normal_compose,
    .samples = NN_SAMPLES("C(R(2,3)), 0, 0.5"),
    .invalid = "tensor{1}, 0, 0",
    .complaint = "std must"};
const nn_op nn_op_random = {
    .name = "random",
    .doc =
        "Fills the tensor with whole numbers: random_(to) from 0 to to - 1, random_(from, to) from `from` to to - 1, without\n"
        "bounds all that the dtype holds exactly.",
    .example = "tensor.zeros(3):random_(5, 6)\n--> {5, 5, 5}",
    .params = {{"input", P_TENSOR}, {"from", P_INT, "nil"}, {"to", P_INT, "nil"}, GENERATOR},
    FILL,
    .compose = random_compose,
    .samples = NN_SAMPLES("C(R(2,3)), 3, 9", "I(5,4)", "C(R(3)), 7", "B(4)"),
    .invalid = "tensor{1}, 4, 4",
    .complaint = "must be below"};

/* ---- more forms of functions in random.c ------------------------------------------------------------ */

static bool normal_tensors_compose(nn_frame *f) {
  C c = f->ctx;
  T mean = f->in[0], std = f->in[1];
  int64_t shape[NN_MAX_DIMS];
  int n;
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  if (!nn_broadcast_shapes(mean->ndim, mean->shape, std->ndim, std->shape, &n, shape))
    return nn_bad(f, "shapes %s and %s do not broadcast", nn_tensor_shape_text(mean, s),
                  nn_tensor_shape_text(std, t));
  bool was = nn_set_grad_enabled(c, false);
  T least = std->numel > 0 ? nn_do(c, &nn_op_amin, v_t(std)) : NULL;
  bool fine = std->numel == 0 || (least != NULL && nn_item(least) >= 0);
  T z = nn_do(c, &nn_op_randn, v_ints(n, shape), f->arg[2], v_dt((nn_dtype)mean->dtype));
  f->out[0] = fine ? t_add(c, mean, t_mul(c, std, z)) : NULL;
  nn_set_grad_enabled(c, was);
  if (!fine && c->error == NN_OK) return nn_bad(f, "std must not be negative");
  return f->out[0] != NULL;
}
const nn_op nn_op_normal_tensors = {
    .name = "normal.tensors",
    .doc =
        "Normal random numbers with means and standard deviations of tensors, which broadcast; one of them may be a\n"
        "number.",
    .example = "tensor.normal(tensor{1, 2}, 0)\n--> {1, 2}",
    .params = {{"mean", P_TENSOR}, {"std", P_TENSOR}, GENERATOR},
    .flags = NN_TENSOR | NN_RANDOM | NN_PROMOTES | NN_FLOATS | NN_NO_GRAD,
    .compose = normal_tensors_compose,
    .samples = NN_SAMPLES("C(R(2,3)), C(P(3))", "C(R(2)), 1", "0.5, C(P(2))"),
    .invalid = "tensor{1}, tensor{-1}",
    .complaint = "must not be negative"};
static bool normal_mean_compose(nn_frame *f) {
  f->out[0] = nn_do(f->ctx, &nn_op_normal_tensors, v_t(f->in[0]), v_t(t_num(f->ctx, 1)), f->arg[1]);
  return f->out[0] != NULL;
}
const nn_op nn_op_normal_mean = {
    .name = "normal.mean",
    .doc = "Normal random numbers around the means in a tensor with standard deviation 1.",
    .example = "tensor.normal(tensor.zeros(3)).shape\n--> {3}",
    .params = {{"mean", P_TENSOR}, GENERATOR},
    .flags = NN_TENSOR | NN_RANDOM | NN_NO_GRAD,
    .compose = normal_mean_compose,
    .samples = NN_SAMPLES("C(R(2,3))"),
    .invalid = "\"x\"",
    .complaint = "mean"};

static bool bernoulli_p_compose(nn_frame *f) {
  C c = f->ctx;
  const nn_tensor *x = f->in[0];
  double p = number(&f->arg[1]);
  if (!(p >= 0 && p <= 1)) return nn_bad(f, "p must be between 0 and 1, got %g", p);
  T chance = nn_keep(
      c, nn_full(c, nn_is_float((nn_dtype)x->dtype) ? (nn_dtype)x->dtype : NN_FLOAT32, x->ndim, x->shape, p));
  return filled(f, nn_do(c, &nn_op_bernoulli, v_t(chance), f->arg[2]));
}
const nn_op nn_op_bernoulli_p = {
    .name = "bernoulli.p",
    .doc = "1 with probability p, else 0, in the shape and dtype of the input, whose values don't matter.",
    .example = "tensor.bernoulli(tensor{7, 7}, 1)\n--> {1, 1}",
    .params = {{"input", P_TENSOR}, {"p", P_NUMBER}, GENERATOR},
    .flags = NN_TENSOR | NN_METHOD | NN_RANDOM | NN_NO_GRAD,
    .compose = bernoulli_p_compose,
    .samples = NN_SAMPLES("C(R(2,3)), 0.3", "I(3,2), 0.5"),
    .invalid = "tensor{1}, 2",
    .complaint = "between 0 and 1"};

static bool bernoulli_tensor_compose(nn_frame *f) {
  C c = f->ctx;
  T p = f->in[1];
  if (p != NULL && !nn_is_float((nn_dtype)p->dtype)) p = t_to(c, p, NN_FLOAT32);
  p = t_expand(c, p, f->in[0]->ndim, f->in[0]->shape);
  bool was = nn_set_grad_enabled(c, false);
  bool ok = filled(f, nn_do(c, &nn_op_bernoulli, v_t(p), f->arg[2]));
  nn_set_grad_enabled(c, was);
  return ok;
}
const nn_op nn_op_bernoulli_tensor = {
    .name = "bernoulli.tensor",
    .doc = "Fills the tensor with 1 at the probabilities in p, which broadcasts to its shape, else 0.",
    .example = "tensor.zeros(2):bernoulli_(tensor{0, 1})\n--> {0, 1}",
    .params = {{"input", P_TENSOR}, {"p", P_TENSOR}, GENERATOR},
    FILL,
    .compose = bernoulli_tensor_compose,
    .samples = NN_SAMPLES("C(R(2,3)), C(P(3)) / 2"),
    .invalid = "tensor{1}, tensor{2}",
    .complaint = "between 0 and 1"};

static bool randint_like_compose(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  int64_t low = f->arg[1].i, high = nn_given(f, 2) ? f->arg[2].i : low;
  if (!nn_given(f, 2)) low = 0;
  nn_value dtype = nn_given(f, 4) ? f->arg[4] : v_dt((nn_dtype)x->dtype);
  f->out[0] = nn_do(f->ctx, &nn_op_randint, v_i(low), v_i(high), v_ints(x->ndim, x->shape), f->arg[3], dtype);
  return f->out[0] != NULL;
}
const nn_op nn_op_randint_like = {
    .name = "randint_like",
    .doc =
        "Random whole numbers in the shape and dtype of the input: randint_like(x, high) from 0, randint_like(x, low, high)\n"
        "from low, to high - 1.",
    .example = "tensor.randint_like(tensor.zeros(2), 3, 4)\n--> {3, 3}",
    .params = {{"input", P_TENSOR},
               {"low", P_INT},
               {"high", P_INT, "nil"},
               GENERATOR,
               {"dtype", P_DTYPE, "nil", .keyword = true}},
    .flags = NN_TENSOR | NN_CREATES | NN_RANDOM | NN_NO_GRAD,
    .compose = randint_like_compose,
    .samples = NN_SAMPLES("C(R(2,3)), 5", "I(3,2), 2, 9"),
    .invalid = "tensor{1}, 0",
    .complaint = "must be above"};
