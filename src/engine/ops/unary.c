/* unary.c - one row an elementwise function of one tensor. Loops are in kernels/vmath.c. */
#include "elementwise.h"
#include "expr.h"

#define X nn_in(v, 0)
#define Y nn_out(v, 0)
#define RULE(id, expr) \
  static bool vjp_##id(nn_vjp *v) { \
    C c = v->ctx; \
    T g = v->g[0]; \
    return (v->d[0] = (expr)) != NULL; \
  }

EXPR1(t_exp, exp)
EXPR1(t_sin, sin)
EXPR1(t_cos, cos)
EXPR1(t_sinh, sinh)
EXPR1(t_cosh, cosh)
EXPR1(t_square, square)
EXPR1(t_sign, sign)
EXPR1(t_rsqrt, rsqrt)

#define ONE {{"input", P_TENSOR}}
#define LN2 0.693147180559945309417232121458
#define LN10 2.30258509299404568401799145468
#define TWO_OVER_SQRT_PI 1.12837916709551257389615890312
#define SQRT_PI_OVER_2 0.886226925452758013649083741671

/* saves: IN (the rule uses X), OUT (it uses Y). costs: dear loops are worth a thread earlier. */
#define IN .saves_in = 1
#define OUT .saves_out = 1
#define FLOAT (NN_DIRECT | NN_TENSOR | NN_METHOD | NN_INPLACE | NN_PROMOTES | NN_FLOATS)
#define ROW(id, loop_, flags_, saves, doc_, example_, ...) \
  const nn_op nn_op_##id = {.name = #id, .doc = doc_, .example = example_, .params = ONE, .flags = flags_, saves, \
                            .infer = nn_elementwise_infer, .kernel = nn_elementwise_kernel, .vjp = vjp_##id, \
                            .data = NN_EW(EW_UNARY, NN_UNARY_##loop_, .costly = true), \
                            .samples = NN_SAMPLES(__VA_ARGS__), .invalid = "\"x\"", .complaint = "tensor"};

RULE(exp, t_mul(c, g, Y))
ROW(exp, EXP, FLOAT, OUT, "e to the power of each element.", "tensor{0, 1}:exp()\n--> {1, 2.7183}", "R(2,3)", "T(R(3,2))", "R()", "R(0)")
RULE(exp2, t_mul(c, g, t_muls(c, Y, LN2)))
ROW(exp2, EXP2, FLOAT, OUT, "2 to the power of each element.", "tensor{0, 3}:exp2()\n--> {1, 8}", "R(2,3)", "T(R(3,2))")
RULE(expm1, t_mul(c, g, t_adds(c, Y, 1)))
ROW(expm1, EXPM1, FLOAT, OUT, "exp(x) - 1, exact for small x too.", "tensor{0, 1}:expm1()\n--> {0, 1.7183}", "R(2,3)")
RULE(log, t_div(c, g, X))
ROW(log, LOG, FLOAT, IN, "Natural logarithm; NaN below zero.", "tensor{1, 10}:log()\n--> {0, 2.3026}", "P(2,3)", "T(P(3,2))")
RULE(log2, t_div(c, g, t_muls(c, X, LN2)))
ROW(log2, LOG2, FLOAT, IN, "Logarithm to base 2.", "tensor{1, 8}:log2()\n--> {0, 3}", "P(2,3)")
RULE(log10, t_div(c, g, t_muls(c, X, LN10)))
ROW(log10, LOG10, FLOAT, IN, "Logarithm to base 10.", "tensor{1, 100}:log10()\n--> {0, 2}", "P(2,3)")
RULE(log1p, t_div(c, g, t_adds(c, X, 1)))
ROW(log1p, LOG1P, FLOAT, IN, "log(1 + x), exact for small x too.", "tensor{0, 1}:log1p()\n--> {0, 0.6931}", "P(2,3)")

RULE(sin, t_mul(c, g, t_cos(c, X)))
ROW(sin, SIN, FLOAT, IN, "Sine of an angle in radians.", "tensor{0, math.pi / 2}:sin()\n--> {0, 1}", "R(2,3)")
RULE(cos, t_neg(c, t_mul(c, g, t_sin(c, X))))
ROW(cos, COS, FLOAT, IN, "Cosine of an angle in radians.", "tensor{0, math.pi}:cos()\n--> {1, -1}", "R(2,3)")
RULE(tan, t_mul(c, g, t_adds(c, t_square(c, Y), 1)))
ROW(tan, TAN, FLOAT, OUT, "Tangent of an angle in radians.", "tensor{0, math.pi / 4}:tan()\n--> {0, 1}", "U(2,3)")
RULE(asin, t_mul(c, g, t_rsqrt(c, t_rsubs(c, 1, t_square(c, X)))))
ROW(asin, ASIN, FLOAT, IN, "Inverse sine, -pi/2 to pi/2; NaN outside of [-1, 1].", "tensor{0, 1}:asin()\n--> {0, 1.5708}", "U(2,3)")
RULE(acos, t_neg(c, t_mul(c, g, t_rsqrt(c, t_rsubs(c, 1, t_square(c, X))))))
ROW(acos, ACOS, FLOAT, IN, "Inverse cosine, 0 to pi; NaN outside of [-1, 1].", "tensor{1, 0}:acos()\n--> {0, 1.5708}", "U(2,3)")
RULE(atan, t_div(c, g, t_adds(c, t_square(c, X), 1)))
ROW(atan, ATAN, FLOAT, IN, "Inverse tangent, -pi/2 to pi/2.", "tensor{0, 1}:atan()\n--> {0, 0.7854}", "R(2,3)")
RULE(sinh, t_mul(c, g, t_cosh(c, X)))
ROW(sinh, SINH, FLOAT, IN, "Hyperbolic sine.", "tensor{0, 1}:sinh()\n--> {0, 1.1752}", "R(2,3)")
RULE(cosh, t_mul(c, g, t_sinh(c, X)))
ROW(cosh, COSH, FLOAT, IN, "Hyperbolic cosine.", "tensor{0, 1}:cosh()\n--> {1, 1.5431}", "R(2,3)")
RULE(asinh, t_mul(c, g, t_rsqrt(c, t_adds(c, t_square(c, X), 1))))
ROW(asinh, ASINH, FLOAT, IN, "Inverse hyperbolic sine.", "tensor{0, 1}:asinh()\n--> {0, 0.8814}", "R(2,3)")
RULE(acosh, t_mul(c, g, t_rsqrt(c, t_adds(c, t_square(c, X), -1))))
ROW(acosh, ACOSH, FLOAT, IN, "Inverse hyperbolic cosine; NaN below 1.", "tensor{1, 2}:acosh()\n--> {0, 1.317}", "P(2,3) + 1.5")
RULE(atanh, t_div(c, g, t_rsubs(c, 1, t_square(c, X))))
ROW(atanh, ATANH, FLOAT, IN, "Inverse hyperbolic tangent; infinite at -1 and 1.", "tensor{0, 0.5}:atanh()\n--> {0, 0.5493}", "U(2,3)")

RULE(sqrt, t_div(c, g, t_muls(c, Y, 2)))
ROW(sqrt, SQRT, FLOAT, OUT, "Square root; NaN below zero.", "tensor{4, 9}:sqrt()\n--> {2, 3}", "P(2,3)")
RULE(rsqrt, t_muls(c, t_mul(c, g, t_mul(c, Y, t_square(c, Y))), -0.5))
ROW(rsqrt, RSQRT, FLOAT, OUT, "One divided by the square root of each element.", "tensor{4, 16}:rsqrt()\n--> {0.5, 0.25}", "P(2,3)")
RULE(reciprocal, t_neg(c, t_mul(c, g, t_square(c, Y))))
ROW(reciprocal, RECIPROCAL, FLOAT, OUT, "One divided by each element: 1 / x.", "tensor{2, 4}:reciprocal()\n--> {0.5, 0.25}", "N(2,3)")
RULE(erf, t_mul(c, g, t_muls(c, t_exp(c, t_neg(c, t_square(c, X))), TWO_OVER_SQRT_PI)))
ROW(erf, ERF, FLOAT, IN, "Error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.", "tensor{0, 1}:erf()\n--> {0, 0.8427}", "R(2,3)")
RULE(erfc, t_mul(c, g, t_muls(c, t_exp(c, t_neg(c, t_square(c, X))), -TWO_OVER_SQRT_PI)))
ROW(erfc, ERFC, FLOAT, IN, "1 - erf(x), exact for large x too.", "tensor{0, 1}:erfc()\n--> {1, 0.1573}", "R(2,3)")
RULE(erfinv, t_mul(c, g, t_muls(c, t_exp(c, t_square(c, Y)), SQRT_PI_OVER_2)))
ROW(erfinv, ERFINV, FLOAT, OUT, "Inverse of erf on (-1, 1).", "tensor{0, 0.5}:erfinv()\n--> {0, 0.4769}", "U(2,3)")

/* ---- for every number ------------------------------------------------------------------------------- */

#define ANY (NN_DIRECT | NN_TENSOR | NN_METHOD | NN_INPLACE)
#define ANY_ROW(id, loop_, saves, doc_, example_, ...) \
  const nn_op nn_op_##id = {.name = #id, .doc = doc_, .example = example_, .params = ONE, .flags = ANY, saves, \
                            .infer = nn_elementwise_infer, .kernel = nn_elementwise_kernel, .vjp = vjp_##id, \
                            .data = NN_EW(EW_UNARY, NN_UNARY_##loop_), .samples = NN_SAMPLES(__VA_ARGS__), \
                            .invalid = "\"x\"", .complaint = "tensor"};
#define NOTHING .saves_in = 0

RULE(neg, t_neg(c, g))
ANY_ROW(neg, NEG, NOTHING, "Each element with the opposite sign. Unary operator -.", "-tensor{1, -2}\n--> {-1, 2}", "R(2,3)", "T(R(3,2))", "R(0,2)")
RULE(abs, t_mul(c, g, t_sign(c, X)))
ANY_ROW(abs, ABS, IN, "Absolute value. The gradient at 0 is 0.", "tensor{1, -2}:abs()\n--> {1, 2}", "N(2,3)")
RULE(square, t_mul(c, g, t_muls(c, X, 2)))
ANY_ROW(square, SQUARE, IN, "Each element times itself.", "tensor{3, -4}:square()\n--> {9, 16}", "R(2,3)")

#define vjp_sign nn_flat_vjp
#define vjp_floor nn_flat_vjp
#define vjp_ceil nn_flat_vjp
#define vjp_round nn_flat_vjp
#define vjp_trunc nn_flat_vjp
ANY_ROW(sign, SIGN, NOTHING, "-1, 0 or 1. The gradient is zero.", "tensor{-3, 0, 5}:sign()\n--> {-1, 0, 1}", "N(2,3)")
ANY_ROW(floor, FLOOR, NOTHING, "The largest whole number not above x. The gradient is zero.", "tensor{1.5, -1.5}:floor()\n--> {1, -2}", "D(2,3)")
ANY_ROW(ceil, CEIL, NOTHING, "The smallest whole number not below x. The gradient is zero.", "tensor{1.5, -1.5}:ceil()\n--> {2, -1}", "D(2,3)")
ANY_ROW(trunc, TRUNC, NOTHING, "The whole part, towards zero. The gradient is zero.", "tensor{1.5, -1.5}:trunc()\n--> {1, -1}", "D(2,3)")
static bool vjp_frac(nn_vjp *v) {
  v->d[0] = v->g[0];
  return true;
}
ANY_ROW(frac, FRAC, NOTHING, "The part after the point: x - trunc(x).", "tensor{1.5, -1.25}:frac()\n--> {0.5, -0.25}", "D(2,3)")

/* x rounded to `decimals` places: round(x * 10^k) / 10^k, for k < 0 round(x / 10^-k) * 10^-k. */
static bool round_kernel(nn_frame *f) {
  int64_t k = f->arg[1].i;
  if (k == 0) return nn_elementwise_kernel(f);
  double power = 1;
  for (int64_t i = 0; i < (k < 0 ? -k : k) && i < 400; i++) power *= 10;
  T scale = nn_keep(f->ctx, nn_scalar(f->ctx, (nn_dtype)f->in[0]->dtype, power));
  if (scale == NULL) return false;
  const nn_tensor *in[2] = {f->in[0], scale}, *out[2] = {f->out[0], scale};
  const nn_elementwise times = {EW_BINARY, NN_BINARY_MUL, 0, 0, false}, over = {EW_BINARY, NN_BINARY_DIV, 0, 0, false};
  return nn_elementwise_run(f->ctx, k > 0 ? &times : &over, 0, 0, f->out[0], 2, in) &&
         nn_elementwise_run(f->ctx, f->op->data, 0, 0, f->out[0], 1, out) &&
         nn_elementwise_run(f->ctx, k > 0 ? &over : &times, 0, 0, f->out[0], 2, out);
}

static bool round_infer(nn_frame *f) {
  if (f->arg[1].i != 0 && !nn_is_float((nn_dtype)f->in[0]->dtype))
    return nn_bad(f, "decimals need a floating-point tensor, got %s", nn_dtype_name((nn_dtype)f->in[0]->dtype));
  return nn_elementwise_infer(f);
}

const nn_op nn_op_round = {
    .name = "round",
    .doc = "The nearest whole number, halves to the even one; with decimals, to so many places. The gradient is zero.",
    .example = "tensor{0.5, 1.5, 2.6}:round()\n--> {0, 2, 3}",
    .params = {{"input", P_TENSOR}, {"decimals", P_INT, "0", .keyword = true}}, .flags = ANY, .infer = round_infer,
    .kernel = round_kernel, .vjp = nn_flat_vjp, .data = NN_EW(EW_UNARY, NN_UNARY_ROUND),
    .samples = NN_SAMPLES("D(2,3)", "D(2,3), {decimals = 1}"), .invalid = "\"x\"", .complaint = "tensor"};

const nn_op nn_op_bitwise_not = {
    .name = "bitwise_not",
    .doc = "Every bit of an int64 tensor turned; of a bool tensor, not. Unary operator ~.",
    .example = "~tensor({true, false})\n--> {false, true}",
    .params = ONE, .flags = ANY | NN_NO_GRAD, .infer = nn_elementwise_infer, .kernel = nn_elementwise_kernel,
    .data = NN_EW(EW_UNARY, NN_UNARY_BIT_NOT), .samples = NN_SAMPLES("B(2,3)", "I(5,3)"), .invalid = "R(2)",
    .complaint = "not defined for float64"};
