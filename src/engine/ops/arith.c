/* arith.c - elementwise operations beyond the common ones: of signs, of missing values, of bits, of
 * logarithms of sums. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "elementwise.h"
#include "expr.h"
#include "walk.h"

#define D(i, expr)                                                                                           \
  do {                                                                                                       \
    if (nn_need(v, i) && (v->d[i] = (expr)) == NULL) return false;                                           \
  } while (0)
#define PLAIN (NN_TENSOR | NN_METHOD | NN_INPLACE)
#define TWO_INPUTS                                                                                           \
  {"input", P_TENSOR}, { "other", P_TENSOR }
#define TWO_FLAGS (NN_ANY_OUT | NN_PROMOTES | NN_BROADCASTS)

EXPR1(t_sign, sign)
EXPR1(t_sigmoid, sigmoid)
EXPR1(t_isnan, isnan)
EXPR1(t_not, logical_not)
EXPR2(t_eq, eq)
EXPR2(t_le, le)
EXPR2(t_lt, lt)
EXPR2(t_ge, ge)
EXPR2(t_or, logical_or)
static T t_where(C c, T m, T a, T b) {
  return m && a && b ? nn_do(c, &nn_op_where, v_t(m), v_t(a), v_t(b)) : NULL;
}
static double number(const nn_value *v) { return v->tag == NN_V_INT ? (double)v->i : v->f; }

/* ---- running ---------------------------------------------------------------------------------------- */

enum { GRAIN = 4096 };
typedef double float_fn(double, double);
typedef int64_t int_fn(int64_t, int64_t);
typedef struct pair {
  float_fn *on_floats;
  int_fn *on_ints;
} pair;

#define AT(type, k) (*(const type *)(const void *)(data[k] + i * stride[k]))
#define LOOP(name, type, wide, fn)                                                                           \
  static void name(void *arg, int64_t count, char *const *data, const int64_t *stride) {                     \
    const pair *p = arg;                                                                                     \
    for (int64_t i = 0; i < count; i++)                                                                      \
      *(type *)(void *)(data[0] + i * stride[0]) = (type)p->fn((wide)AT(type, 1), (wide)AT(type, 2));        \
  }
LOOP(run_f32, float, double, on_floats)
LOOP(run_f64, double, double, on_floats)
LOOP(run_i64, int64_t, int64_t, on_ints)
LOOP(run_u8, uint8_t, int64_t, on_ints)

static bool run(nn_frame *f, pair p) {
  nn_dtype d = (nn_dtype)f->out[0]->dtype;
  const nn_tensor *t[3] = {f->out[0], f->in[0], f->in[1]};
  nn_walk w;
  if (!nn_walk_init(&w, 3, t)) return nn_bad(f, "shapes do not broadcast");
  nn_run_fn loop = d == NN_FLOAT32 ? run_f32 : d == NN_FLOAT64 ? run_f64 : d == NN_INT64 ? run_i64 : run_u8;
  return nn_walk_run(&w, GRAIN, loop, &p) || nn_fail_code(f->ctx, NN_ERR_INTERRUPT, "interrupted");
}

static bool float_infer(nn_frame *f) { return nn_elementwise_infer(f) && nn_expect_float(f, 0); }
static bool int_infer(nn_frame *f) {
  nn_dtype d = (nn_dtype)f->in[0]->dtype;
  if (d != NN_INT64 && d != NN_UINT8)
    return nn_bad(f, "is not defined for %s; convert with x:to(\"int64\")", nn_dtype_name(d));
  return nn_elementwise_infer(f);
}

/* ---- whole numbers ---------------------------------------------------------------------------------- */

static int64_t gcd_of(int64_t a, int64_t b) {
  uint64_t x = a < 0 ? 0 - (uint64_t)a : (uint64_t)a, y = b < 0 ? 0 - (uint64_t)b : (uint64_t)b;
  while (y != 0) {
    uint64_t r = x % y;
    x = y, y = r;
  }
  return (int64_t)x;
}
static int64_t lcm_of(int64_t a, int64_t b) {
  int64_t g = gcd_of(a, b);
  if (g == 0) return 0;
  uint64_t x = (uint64_t)(a / g) * (uint64_t)b;
  return (int64_t)x < 0 ? (int64_t)(0 - x) : (int64_t)x;
}
static int64_t left_of(int64_t a, int64_t b) { return b < 0 || b > 63 ? 0 : (int64_t)((uint64_t)a << b); }
static int64_t right_of(int64_t a, int64_t b) { return b < 0 || b > 63 ? (a < 0 ? -1 : 0) : a >> b; }

#define WHOLE(id, fn, doc_, example_)                                                                        \
  static bool id##_kernel(nn_frame *f) { return run(f, (pair){.on_ints = fn}); }                             \
  const nn_op nn_op_##id = {.name = #id,                                                                     \
                            .doc = doc_,                                                                     \
                            .example = example_,                                                             \
                            .params = {TWO_INPUTS},                                                          \
                            .flags = PLAIN | TWO_FLAGS | NN_NO_GRAD,                                         \
                            .infer = int_infer,                                                              \
                            .kernel = id##_kernel,                                                           \
                            .samples = NN_SAMPLES("I(9,2,3), I(9,3)", "I(20,4), 4"),                         \
                            .invalid = "R(2), R(2)",                                                         \
                            .complaint = "not defined for float64"};
WHOLE(gcd, gcd_of, "The greatest common divisor of whole numbers, elementwise.",
      "tensor.gcd(tensor({12}, {dtype = \"int64\"}), 18)\n--> {6}")
WHOLE(lcm, lcm_of, "The least common multiple of whole numbers, elementwise.",
      "tensor.lcm(tensor({4}, {dtype = \"int64\"}), 6)\n--> {12}")
WHOLE(bitwise_left_shift, left_of, "Whole numbers times 2 to the power of other: their bits moved left.",
      "tensor({3}, {dtype = \"int64\"}):bitwise_left_shift(2)\n--> {12}")
WHOLE(bitwise_right_shift, right_of,
      "Whole numbers divided by 2 to the power of other and rounded down: their bits moved right.",
      "tensor({13}, {dtype = \"int64\"}):bitwise_right_shift(2)\n--> {3}")

/* ---- of two floats ---------------------------------------------------------------------------------- */

static bool copysign_kernel(nn_frame *f) { return run(f, (pair){.on_floats = copysign}); }
/* |x| with the sign of y: the gradient of x is the ratio of result and x, 0 at 0. */
static bool copysign_vjp(nn_vjp *v) {
  C c = v->ctx;
  T x = nn_in(v, 0), y = nn_out(v, 0), zero = t_eq(c, x, t_num(c, 0));
  D(0, t_mul(c, v->g[0], t_mul(c, t_sign(c, y), t_where(c, zero, t_num(c, 0), t_sign(c, x)))));
  D(1, t_zeros(c, nn_in_meta(v, 1)));
  return true;
}
const nn_op nn_op_copysign = {.name = "copysign",
                              .doc = "The absolute value of input with the sign of other, elementwise.",
                              .example = "tensor{1, -2}:copysign(tensor{-1, -1})\n--> {-1, -2}",
                              .params = {TWO_INPUTS},
                              .flags = PLAIN | TWO_FLAGS | NN_FLOATS,
                              .saves_in = 1,
                              .saves_out = 1,
                              .infer = float_infer,
                              .kernel = copysign_kernel,
                              .vjp = copysign_vjp,
                              .samples = NN_SAMPLES("N(2,3), N(3)"),
                              .invalid = "R(2), R(3)",
                              .complaint = "do not broadcast"};

static void next_f32(void *arg, int64_t count, char *const *data, const int64_t *stride) {
  (void)arg;
  for (int64_t i = 0; i < count; i++)
    *(float *)(void *)(data[0] + i * stride[0]) = nextafterf(AT(float, 1), AT(float, 2));
}
static bool nextafter_kernel(nn_frame *f) {
  if (f->out[0]->dtype == NN_FLOAT64) return run(f, (pair){.on_floats = nextafter});
  const nn_tensor *t[3] = {f->out[0], f->in[0], f->in[1]};
  nn_walk w;
  if (!nn_walk_init(&w, 3, t)) return nn_bad(f, "shapes do not broadcast");
  return nn_walk_run(&w, GRAIN, next_f32, NULL) || nn_fail_code(f->ctx, NN_ERR_INTERRUPT, "interrupted");
}
const nn_op nn_op_nextafter = {
    .name = "nextafter",
    .doc = "The number of the dtype that is next to input in the direction of other, elementwise.",
    .example = "tensor{0}:nextafter(tensor{1}):gt(0)\n--> {true}",
    .params = {TWO_INPUTS},
    .flags = PLAIN | TWO_FLAGS | NN_NO_GRAD,
    .infer = float_infer,
    .kernel = nextafter_kernel,
    .samples = NN_SAMPLES("R(2,3), R(3)"),
    .invalid = "R(2), R(3)",
    .complaint = "do not broadcast"};

/* log(e^a + e^b) = max + log(1 + e^-|a - b|); equal infinities have no difference. */
static double logaddexp_of(double a, double b) {
  if (a == b && isinf(a)) return a;
  return fmax(a, b) + log1p(exp(-fabs(a - b))) + (isnan(a) || isnan(b) ? (double)NAN : 0);
}
static double logaddexp2_of(double a, double b) {
  if (a == b && isinf(a)) return a;
  return fmax(a, b) + log1p(exp2(-fabs(a - b))) * 1.44269504088896340735992468100 +
         (isnan(a) || isnan(b) ? (double)NAN : 0);
}
static bool logaddexp_kernel(nn_frame *f) { return run(f, (pair){.on_floats = logaddexp_of}); }
static bool logaddexp2_kernel(nn_frame *f) { return run(f, (pair){.on_floats = logaddexp2_of}); }
static bool share_vjp(nn_vjp *v, double base) {
  C c = v->ctx;
  T d = t_muls(c, t_sub(c, nn_in(v, 0), nn_in(v, 1)), base);
  D(0, t_mul(c, v->g[0], t_sigmoid(c, d)));
  D(1, t_mul(c, v->g[0], t_sigmoid(c, t_neg(c, d))));
  return true;
}
static bool logaddexp_vjp(nn_vjp *v) { return share_vjp(v, 1); }
static bool logaddexp2_vjp(nn_vjp *v) { return share_vjp(v, 0.693147180559945309417232121458); }
#define LOG_OF_SUM(id, doc_, example_)                                                                       \
  const nn_op nn_op_##id = {.name = #id,                                                                     \
                            .doc = doc_,                                                                     \
                            .example = example_,                                                             \
                            .params = {TWO_INPUTS},                                                          \
                            .flags = NN_TENSOR | NN_METHOD | TWO_FLAGS,                                      \
                            .saves_in = 3,                                                                   \
                            .infer = float_infer,                                                            \
                            .kernel = id##_kernel,                                                           \
                            .vjp = id##_vjp,                                                                 \
                            .samples = NN_SAMPLES("R(2,3), R(3)", "R(2,1), R(3)"),                           \
                            .invalid = "R(2), R(3)",                                                         \
                            .complaint = "do not broadcast"};
LOG_OF_SUM(logaddexp, "log(exp(input) + exp(other)) without overflow, elementwise.",
           "tensor{0, 1000}:logaddexp(tensor{0, 0})\n--> {0.6931, 1000}")
LOG_OF_SUM(logaddexp2, "log2(2^input + 2^other) without overflow, elementwise.",
           "tensor{3}:logaddexp2(tensor{3})\n--> {4}")

/* The larger (smaller); of a NaN and a number the number. */
static bool fmax_compose(nn_frame *f) {
  C c = f->ctx;
  bool largest = f->op->data != NULL;
  T a = f->in[0], b = f->in[1];
  if (!nn_is_float((nn_dtype)a->dtype))
    return (f->out[0] = nn_do(c, largest ? &nn_op_maximum : &nn_op_minimum, v_t(a), v_t(b))) != NULL;
  T first = t_or(c, largest ? t_ge(c, a, b) : t_le(c, a, b), t_isnan(c, b));
  return (f->out[0] = t_where(c, first, a, b)) != NULL;
}
#define F_EXTREME(id, data_, doc_, example_)                                                                 \
  const nn_op nn_op_##id = {.name = #id,                                                                     \
                            .doc = doc_,                                                                     \
                            .example = example_,                                                             \
                            .params = {TWO_INPUTS},                                                          \
                            .flags = NN_TENSOR | NN_METHOD | NN_PROMOTES,                                    \
                            .compose = fmax_compose,                                                         \
                            .data = data_,                                                                   \
                            .samples = NN_SAMPLES("D(2,3), D(3) * 0.9"),                                     \
                            .invalid = "R(2), R(3)",                                                         \
                            .complaint = "broadcast"};
F_EXTREME(fmax, "", "The larger of two numbers, elementwise; of a NaN and a number the number.",
          "tensor{1, 0 / 0}:fmax(tensor{0, 2})\n--> {1, 2}")
F_EXTREME(fmin, NULL, "The smaller of two numbers, elementwise; of a NaN and a number the number.",
          "tensor{1, 0 / 0}:fmin(tensor{0, 2})\n--> {0, 2}")

static bool heaviside_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0], zero = t_num(c, 0);
  if (!nn_expect_same_dtype(f, 0, 1)) return false;
  T step = t_to(c, nn_do(c, &nn_op_gt, v_t(x), v_t(zero)), (nn_dtype)x->dtype);
  T y = t_where(c, t_eq(c, x, zero), nn_do(c, &nn_op_detach, v_t(f->in[1])), step);
  if (nn_is_float((nn_dtype)x->dtype)) y = t_where(c, t_isnan(c, x), nn_do(c, &nn_op_detach, v_t(x)), y);
  return (f->out[0] = y) != NULL;
}
const nn_op nn_op_heaviside = {
    .name = "heaviside",
    .doc = "0 where input is negative, values where it is 0, 1 where it is positive. No gradient.",
    .example = "tensor{-1, 0, 2}:heaviside(tensor{0.5})\n--> {0, 0.5, 1}",
    .params = {{"input", P_TENSOR}, {"values", P_TENSOR}},
    .flags = PLAIN | NN_NO_GRAD,
    .compose = heaviside_compose,
    .samples = NN_SAMPLES("C(R(2,3)), C(R(3))", "I(3,4) - 2, I(3,4)"),
    .invalid = "R(2), I(3,2)",
    .complaint = "dtype"};

/* input * 2^other */
static bool ldexp_compose(nn_frame *f) {
  C c = f->ctx;
  return (f->out[0] = t_mul(c, f->in[0], nn_do(c, &nn_op_exp2, v_t(f->in[1])))) != NULL;
}
const nn_op nn_op_ldexp = {.name = "ldexp",
                           .doc = "input times 2 to the power of other, elementwise.",
                           .example = "tensor{3}:ldexp(tensor{2})\n--> {12}",
                           .params = {TWO_INPUTS},
                           .flags = PLAIN | NN_PROMOTES | NN_FLOATS,
                           .compose = ldexp_compose,
                           .samples = NN_SAMPLES("R(2,3), R(3)"),
                           .invalid = "R(2), R(3)",
                           .complaint = "do not broadcast"};

static bool float_power_compose(nn_frame *f) {
  C c = f->ctx;
  f->out[0] = nn_do(c, &nn_op_pow, v_t(t_to(c, f->in[0], NN_FLOAT64)), v_t(t_to(c, f->in[1], NN_FLOAT64)));
  return f->out[0] != NULL;
}
const nn_op nn_op_float_power = {.name = "float_power",
                                 .doc = "input to the power of exponent in float64, elementwise.",
                                 .example = "tensor({2}, {dtype = \"int64\"}):float_power(-1)\n--> {0.5}",
                                 .params = {{"input", P_TENSOR}, {"exponent", P_TENSOR}},
                                 .flags = NN_TENSOR | NN_METHOD | NN_NUMBERS,
                                 .compose = float_power_compose,
                                 .samples =
                                     NN_SAMPLES("P(2,3):to(\"float64\"), R(3)", "P(2):to(\"float64\"), 2"),
                                 .invalid = "R(2), R(3)",
                                 .complaint = "do not broadcast"};

/* ---- of one tensor ---------------------------------------------------------------------------------- */

#define ONE_ROW(id, flags_, doc_, example_, ...)                                                             \
  const nn_op nn_op_##id = {.name = #id,                                                                     \
                            .doc = doc_,                                                                     \
                            .example = example_,                                                             \
                            .params = {{"input", P_TENSOR}},                                                 \
                            .flags = flags_,                                                                 \
                            .compose = id##_compose,                                                         \
                            .samples = NN_SAMPLES(__VA_ARGS__),                                              \
                            .invalid = "\"x\"",                                                              \
                            .complaint = "tensor"};
static bool scaled_compose(nn_frame *f, double by) {
  return (f->out[0] = t_muls(f->ctx, f->in[0], by)) != NULL;
}
static bool deg2rad_compose(nn_frame *f) { return scaled_compose(f, 0.0174532925199432957692369076849); }
static bool rad2deg_compose(nn_frame *f) { return scaled_compose(f, 57.2957795130823208767981548141); }
ONE_ROW(deg2rad, PLAIN | NN_PROMOTES | NN_FLOATS, "Degrees to radians.",
        "tensor{180}:deg2rad()\n--> {3.1416}", "R(2,3)")
ONE_ROW(rad2deg, PLAIN | NN_PROMOTES | NN_FLOATS, "Radians to degrees.",
        "tensor{math.pi}:rad2deg()\n--> {180}", "R(2,3)")

static bool compared(nn_frame *f, const nn_op *op, double with) {
  C c = f->ctx;
  return (f->out[0] = nn_do(c, op, v_t(f->in[0]), v_t(t_num(c, with)))) != NULL;
}
static bool isposinf_compose(nn_frame *f) { return compared(f, &nn_op_eq, INFINITY); }
static bool isneginf_compose(nn_frame *f) { return compared(f, &nn_op_eq, -INFINITY); }
static bool isreal_compose(nn_frame *f) {
  nn_tensor *x = f->in[0];
  return (f->out[0] = nn_keep(f->ctx, nn_full(f->ctx, NN_BOOL, x->ndim, x->shape, 1))) != NULL;
}
#define QUESTION (NN_TENSOR | NN_METHOD | NN_NO_GRAD)
ONE_ROW(isposinf, QUESTION, "Where elements are +infinite.",
        "tensor{1, math.huge}:isposinf()\n--> {false, true}", "R(2,3)")
ONE_ROW(isneginf, QUESTION, "Where elements are -infinite.",
        "tensor{1, -math.huge}:isneginf()\n--> {false, true}", "R(2,3)")
ONE_ROW(isreal, QUESTION, "Where elements are real numbers: everywhere.", "tensor{1}:isreal()\n--> {true}",
        "R(2,3)")

/* Also of -0: 1 / -0 is -inf. */
static bool signbit_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0], zero = t_num(c, 0);
  if (!nn_is_float((nn_dtype)x->dtype)) return (f->out[0] = t_lt(c, x, zero)) != NULL;
  T one = nn_keep(c, nn_full(c, (nn_dtype)x->dtype, x->ndim, x->shape, 1));
  return (f->out[0] = t_lt(c, nn_do(c, &nn_op_copysign, v_t(one), v_t(x)), zero)) != NULL;
}
ONE_ROW(signbit, QUESTION, "Where elements have a minus sign, -0 included.",
        "tensor{-1, -0.0, 0}:signbit()\n--> {true, true, false}", "R(2,3)", "I(3,4)")

/* pi for negative numbers, 0 for others, NaN for NaN. */
static bool angle_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0],
    y = t_where(c, t_lt(c, x, t_num(c, 0)), t_num(c, 3.14159265358979323846264338328), t_num(c, 0));
  y = t_where(c, t_isnan(c, x), x, y);
  return (f->out[0] = y ? nn_do(c, &nn_op_detach, v_t(y)) : NULL) != NULL;
}
ONE_ROW(angle, NN_TENSOR | NN_METHOD | NN_PROMOTES | NN_FLOATS | NN_NO_GRAD,
        "The angle of real numbers: pi where they are negative, else 0.",
        "tensor{-1, 1}:angle()\n--> {3.1416, 0}", "C(R(2,3))")

/* NaN and infinities replaced; gradients pass where nothing was replaced. */
static bool nan_to_num_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0];
  if (!nn_is_float((nn_dtype)x->dtype)) return (f->out[0] = x) != NULL;
  double most = x->dtype == NN_FLOAT32 ? (double)FLT_MAX : DBL_MAX;
  double with[3] = {nn_given(f, 1) ? number(&f->arg[1]) : 0, nn_given(f, 2) ? number(&f->arg[2]) : most,
                    nn_given(f, 3) ? number(&f->arg[3]) : -most};
  T what[3] = {t_isnan(c, x), t_eq(c, x, t_num(c, INFINITY)), t_eq(c, x, t_num(c, -INFINITY))}, y = x;
  for (int i = 0; i < 3; i++)
    y = t_where(c, what[i], nn_keep(c, nn_scalar(c, (nn_dtype)x->dtype, with[i])), y);
  return (f->out[0] = y) != NULL;
}
const nn_op nn_op_nan_to_num = {
    .name = "nan_to_num",
    .doc =
        "NaN replaced by nan, infinities by posinf and neginf, which are the dtype's largest and smallest number by\n"
        "default.",
    .example = "tensor{0 / 0, math.huge, 1}:nan_to_num(0, 9)\n--> {0, 9, 1}",
    .params = {{"input", P_TENSOR},
               {"nan", P_NUMBER, "nil"},
               {"posinf", P_NUMBER, "nil"},
               {"neginf", P_NUMBER, "nil"}},
    .flags = PLAIN,
    .compose = nan_to_num_compose,
    .samples = NN_SAMPLES("R(2,3)", "R(3), 1, 2, 3"),
    .invalid = "R(2), 0, 0, 0, 0",
    .complaint = "too many"};

/* x = mantissa * 2^exponent with 1/2 <= |mantissa| < 1. */
static void frexp_f32(void *arg, int64_t count, char *const *data, const int64_t *stride) {
  bool exponent = *(const bool *)arg;
  for (int64_t i = 0; i < count; i++) {
    int e = 0;
    float m = frexpf(AT(float, 1), &e);
    if (exponent)
      *(int64_t *)(void *)(data[0] + i * stride[0]) = isfinite(m) ? e : 0;
    else
      *(float *)(void *)(data[0] + i * stride[0]) = m;
  }
}
static void frexp_f64(void *arg, int64_t count, char *const *data, const int64_t *stride) {
  bool exponent = *(const bool *)arg;
  for (int64_t i = 0; i < count; i++) {
    int e = 0;
    double m = frexp(AT(double, 1), &e);
    if (exponent)
      *(int64_t *)(void *)(data[0] + i * stride[0]) = isfinite(m) ? e : 0;
    else
      *(double *)(void *)(data[0] + i * stride[0]) = m;
  }
}
static bool frexp_infer(nn_frame *f) {
  if (!nn_expect_float(f, 0)) return false;
  nn_spec_like(f, 0, f->in[0]);
  nn_spec_like(f, 1, f->in[0]);
  f->spec[1].dtype = NN_INT64;
  return true;
}
static bool frexp_kernel(nn_frame *f) {
  for (int k = 0; k < 2; k++) {
    const nn_tensor *t[2] = {f->out[k], f->in[0]};
    nn_walk w;
    bool exponent = k == 1;
    if (!nn_walk_init(&w, 2, t)) return false;
    if (!nn_walk_run(&w, GRAIN, f->in[0]->dtype == NN_FLOAT32 ? frexp_f32 : frexp_f64, &exponent))
      return false;
  }
  return true;
}
/* d mantissa / dx = 2^-exponent */
static bool frexp_vjp(nn_vjp *v) {
  C c = v->ctx;
  T e = nn_out(v, 1);
  if (v->g[0] == NULL || e == NULL) return e != NULL;
  T scale = nn_do(c, &nn_op_exp2, v_t(t_neg(c, t_to(c, e, (nn_dtype)nn_in_meta(v, 0)->dtype))));
  return (v->d[0] = t_mul(c, v->g[0], scale)) != NULL;
}
const nn_op nn_op_frexp = {
    .name = "frexp",
    .doc = "Mantissas from 1/2 to 1 (without sign) and whole exponents: input = mantissa * 2^exponent.",
    .example = "tensor{6}:frexp()\n--> {0.75}\t{3}",
    .params = {{"input", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD,
    .n_out = 2,
    .saves_out = 2,
    .infer = frexp_infer,
    .kernel = frexp_kernel,
    .vjp = frexp_vjp,
    .samples = NN_SAMPLES("N(2,3)"),
    .invalid = "I(3,2)",
    .complaint = "float"};

/* Where elements are among others. */
static bool isin_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0], set = f->in[1];
  int64_t flat = -1, last;
  if (x->ndim + 1 > NN_MAX_DIMS) return nn_bad(f, "too many dimensions");
  set = t_reshape(c, set, 1, &flat);
  last = x->ndim;
  T equal = t_eq(c, t_unsqueeze(c, x, last), set);
  T y = equal ? nn_do(c, &nn_op_any, v_t(equal), v_ints(1, &last)) : NULL;
  return (f->out[0] = f->arg[3].b ? t_not(c, y) : y) != NULL;
}
const nn_op nn_op_isin = {.name = "isin",
                          .doc = "Where the elements are among the test_elements (invert: are not).",
                          .example = "tensor.isin(tensor{1, 2, 3}, tensor{3, 1})\n--> {true, false, true}",
                          .params = {{"elements", P_TENSOR},
                                     {"test_elements", P_TENSOR},
                                     {"assume_unique", P_BOOL, "false", .keyword = true},
                                     {"invert", P_BOOL, "false", .keyword = true}},
                          .flags = NN_TENSOR | NN_NO_GRAD | NN_NUMBERS,
                          .compose = isin_compose,
                          .samples =
                              NN_SAMPLES("I(5,2,3), I(5,2)", "I(5,4), 3", "I(5,4), I(5,3), {invert = true}"),
                          .invalid = "\"x\", tensor{1}",
                          .complaint = "elements"};
