/* binary.c - one row an elementwise operation on two tensors: arithmetic, logic. Loops are in kernels/vmath.c. */
#include "elementwise.h"
#include "expr.h"
#include "later.h"

#define A nn_in(v, 0)
#define B nn_in(v, 1)
/* d[i] where it is wanted */
#define D(i, expr) \
  do { \
    if (nn_need(v, i) && (v->d[i] = (expr)) == NULL) return false; \
  } while (0)
#define RULE(name, ...) \
  static bool vjp_##name(nn_vjp *v) { \
    C c = v->ctx; \
    T g = v->g[0]; \
    (void)c, (void)g; \
    __VA_ARGS__ \
    return true; \
  }

#define TWO {{"input", P_TENSOR}, {"other", P_TENSOR}}
#define USUAL (NN_ANY_OUT | NN_DIRECT | NN_TENSOR | NN_METHOD | NN_INPLACE | NN_PROMOTES | NN_BROADCASTS)

/* ---- add, sub: with a factor ------------------------------------------------------------------------ */

static double alpha_of(const nn_value *v) { return v->tag == NN_V_FLOAT ? v->f : (double)v->i; }

static T scaled(C c, T x, const nn_value *alpha) {
  if (alpha_of(alpha) == 1.0) return x;
  return t_mul(c, x, nn_keep(c, alpha->tag == NN_V_FLOAT ? nn_number(c, alpha->f) : nn_number_int(c, alpha->i)));
}

static bool sum_infer(nn_frame *f) {
  if (f->arg[2].tag == NN_V_FLOAT && !nn_is_float((nn_dtype)f->in[0]->dtype))
    return nn_bad(f, "alpha must be an integer when the tensors are %s", nn_dtype_name((nn_dtype)f->in[0]->dtype));
  return nn_elementwise_infer(f);
}

/* x + y where one of them is a normalised tensor that nobody has computed yet: later, with the ReLU that may follow. */
static bool sum_put_off(nn_frame *f) {
  for (int i = 0; i < 2; i++) {
    nn_tensor *other = f->in[1 - i];
    const nn_later *w = f->in[i]->storage->later ? nn_put_off_work(f->in[i]) : NULL;
    if (w == NULL || w->kind != NN_LATER_ROWS || w->scale == NULL || w->relu || w->add != NULL || !nn_same_shape(f->in[i], other)) continue;
    nn_settle(other);
    w = nn_put_off_work(f->in[i]);
    if (w == NULL || !nn_contig(other) || other->dtype != NN_FLOAT32) continue;
    nn_later both = *w;
    both.add = other;
    both.name = f->op->name;
    if (nn_put_off(f->out[0], &both)) return true;
  }
  return false;
}

/* The same where one of them is what a linear layer gives: at once, that with the sum. *done: it has been possible. */
static bool sum_of_linear(nn_frame *f, bool *done) {
  nn_tensor *y = f->out[0];
  for (int i = 0; i < 2; i++) {
    nn_tensor *other = f->in[1 - i];
    nn_later *w = f->in[i]->storage->later ? nn_put_off_work(f->in[i]) : NULL;
    if (w == NULL || w->kind != NN_LATER_LINEAR || !nn_same_shape(f->in[i], other)) continue;
    nn_settle(other);
    w = nn_put_off_work(f->in[i]);
    const bool own = y->storage->refs == 1 && y->storage != other->storage && nn_contig(y);
    if (w == NULL || !own || !nn_contig(other) || other->dtype != NN_FLOAT32) continue;
    *done = true;
    return nn_later_linear_sum(w, (const void *)other->data, (void *)y->data);
  }
  return true;
}

static bool sum_kernel(nn_frame *f) {
  if (f->ctx->later != NULL) {
    bool done = false, plain = alpha_of(&f->arg[2]) == 1.0 && f->op == &nn_op_add;
    if (plain && sum_put_off(f)) return true;
    if (plain && !sum_of_linear(f, &done)) return false;
    if (done) return true;
    nn_settle(f->in[0]);
    nn_settle(f->in[1]);
  }
  const nn_elementwise *e = f->op->data;
  nn_tensor *other = f->in[1];
  if (alpha_of(&f->arg[2]) != 1.0) {
    bool was = nn_set_grad_enabled(f->ctx, false);
    other = scaled(f->ctx, other, &f->arg[2]);
    nn_set_grad_enabled(f->ctx, was);
    if (other == NULL) return false;
  }
  const nn_tensor *in[2] = {f->in[0], other};
  return nn_elementwise_run(f->ctx, e, 0, 0, f->out[0], 2, in);
}

RULE(add, v->d[0] = g; D(1, scaled(c, g, &v->arg[2]));)
RULE(sub, v->d[0] = g; D(1, t_neg(c, scaled(c, g, &v->arg[2])));)

#define SUM_PARAMS {{"input", P_TENSOR}, {"other", P_TENSOR}, {"alpha", P_NUMBER, "1", .keyword = true}}

const nn_op nn_op_add = {
    .name = "add",
    .doc = "Adds other, times alpha, to input, elementwise. Shapes broadcast, dtypes are promoted.",
    .example = "tensor{1, 2}:add(tensor{10, 20}, {alpha = 2})\n--> {21, 42}",
    .params = SUM_PARAMS, .flags = USUAL | NN_TAKES_LATER, .infer = sum_infer, .kernel = sum_kernel, .vjp = vjp_add,
    .data = NN_EW(EW_BINARY, NN_BINARY_ADD),
    .samples = NN_SAMPLES("R(2,3), R(3)", "R(2,3), R(2,1), {alpha = 3}", "R(), R(4)", "T(R(3,2)), 2.5", "R(0,3), R(3)"),
    .invalid = "R(2,3), R(4)", .complaint = "do not broadcast"};

const nn_op nn_op_sub = {
    .name = "sub",
    .doc = "Subtracts other, times alpha, from input, elementwise. Shapes broadcast, dtypes are promoted.",
    .example = "tensor{10, 20} - tensor{1, 2}\n--> {9, 18}",
    .params = SUM_PARAMS, .flags = USUAL, .infer = sum_infer, .kernel = sum_kernel, .vjp = vjp_sub,
    .data = NN_EW(EW_BINARY, NN_BINARY_SUB),
    .samples = NN_SAMPLES("R(2,3), R(3)", "R(2,3), R(2,1), {alpha = 3}", "R(), R(4)", "R(3,2), 2.5"),
    .invalid = "R(2,3), R(4)", .complaint = "do not broadcast"};

/* ---- products and quotients ------------------------------------------------------------------------- */

RULE(mul, D(0, t_mul(c, g, B)); D(1, t_mul(c, g, A));)
RULE(div, D(0, t_div(c, g, B)); D(1, t_neg(c, t_mul(c, g, t_div(c, A, t_mul(c, B, B)))));)

const nn_op nn_op_mul = {
    .name = "mul",
    .doc = "Multiplies input by other, elementwise. Shapes broadcast, dtypes are promoted.",
    .example = "tensor{1, 2, 3} * 2\n--> {2, 4, 6}",
    .params = TWO, .flags = USUAL, .saves_in = 3, .saves_for = {2, 1}, .infer = nn_elementwise_infer, .kernel = nn_elementwise_kernel,
    .vjp = vjp_mul, .data = NN_EW(EW_BINARY, NN_BINARY_MUL),
    .samples = NN_SAMPLES("R(2,3), R(3)", "R(2,3), R(2,1)", "R(), R(4)", "T(R(3,2)), 2.5", "R(2,0), R(1)"),
    .invalid = "R(2,3), R(4)", .complaint = "do not broadcast"};

const nn_op nn_op_div = {
    .name = "div",
    .doc = "Divides input by other, elementwise. The result is floating-point: integers become float32. For other\n"
           "ways to round, see the form with rounding_mode.",
    .example = "tensor{1, 2, 3} / 2\n--> {0.5, 1, 1.5}",
    .params = TWO, .flags = USUAL | NN_FLOATS, .saves_in = 3, .saves_for = {2}, .infer = nn_elementwise_infer, .kernel = nn_elementwise_kernel,
    .vjp = vjp_div, .data = NN_EW(EW_BINARY, NN_BINARY_DIV),
    .samples = NN_SAMPLES("R(2,3), P(3)", "R(2,3), N(2,1)", "R(), P(4)", "R(3,2), 2.5", "2, P(3)"),
    .invalid = "R(2,3), P(4)", .complaint = "do not broadcast"};

static bool div_mode_compose(nn_frame *f) {
  C c = f->ctx;
  int64_t mode = f->arg[2].tag == NN_V_NONE ? 0 : f->arg[2].i + 1;
  T a = f->in[0], b = f->in[1];
  if (mode == 0)
    f->out[0] = t_div(c, a, b);
  else if (mode == 1)
    f->out[0] = nn_do(c, &nn_op_trunc_divide, v_t(a), v_t(b));
  else
    f->out[0] = nn_do(c, &nn_op_floor_divide, v_t(a), v_t(b));
  return f->out[0] != NULL;
}

const nn_op nn_op_div_mode = {
    .name = "div.mode",
    .doc = "Divides and rounds: \"trunc\" towards zero, \"floor\" down. Integers stay integers when rounded.",
    .example = "tensor{-7, 7}:div(2, {rounding_mode = \"floor\"})\n--> {-4, 3}",
    .params = {{"input", P_TENSOR}, {"other", P_TENSOR},
               {"rounding_mode", P_CHOICE, NULL, .choices = "trunc|floor", .keyword = true}},
    .flags = USUAL, .compose = div_mode_compose,
    .samples = NN_SAMPLES("C(N(2,3)), P(3), {rounding_mode = \"floor\"}"),
    .invalid = "R(2,3), P(3), {rounding_mode = \"up\"}", .complaint = "rounding_mode"};

const nn_op nn_op_floor_divide = {
    .name = "floor_divide",
    .doc = "Divides and rounds down, elementwise: floor(input / other). Operator //. Dividing an integer by zero is an\n"
           "error. The gradient is zero.",
    .example = "tensor{-7, 7} // 2\n--> {-4, 3}",
    .params = TWO, .flags = USUAL, .infer = nn_elementwise_infer, .kernel = nn_elementwise_kernel,
    .vjp = nn_flat_vjp, .data = NN_EW(EW_BINARY, NN_BINARY_FLOOR_DIVIDE), .samples = NN_SAMPLES("R(2,3), P(3)", "R(4), 0.7"),
    .invalid = "R(2,3), P(4)", .complaint = "do not broadcast"};

const nn_op nn_op_trunc_divide = {
    .name = "trunc_divide",
    .doc = "Divides and rounds towards zero. The gradient is zero.",
    .example = "tensor{-7, 7}:div(2, {rounding_mode = \"trunc\"})\n--> {-3, 3}",
    .params = TWO, .flags = NN_PRIVATE | NN_PROMOTES | NN_BROADCASTS, .infer = nn_elementwise_infer,
    .kernel = nn_elementwise_kernel, .vjp = nn_flat_vjp, .data = NN_EW(EW_BINARY, NN_BINARY_TRUNC_DIVIDE)};

#define DIVIDES(id) \
  const nn_op nn_op_##id = {.name = #id, .doc = "The same as div.", .example = "tensor." #id "(tensor{1, 2, 3}, 2)\n--> {0.5, 1, 1.5}", \
                            .params = TWO, .flags = USUAL | NN_FLOATS, .compose = nn_same_as, .data = &nn_op_div, \
                            .samples = NN_SAMPLES("R(2,3), P(3)"), .invalid = "R(2,3), P(4)", .complaint = "do not broadcast"};
DIVIDES(divide)
DIVIDES(true_divide)
const nn_op nn_op_divide_mode = {
    .name = "divide.mode", .doc = "The same as div with rounding_mode.", .example = "tensor{-7, 7}:divide(2, {rounding_mode = \"floor\"})\n--> {-4, 3}",
    .params = {{"input", P_TENSOR}, {"other", P_TENSOR},
               {"rounding_mode", P_CHOICE, NULL, .choices = "trunc|floor", .keyword = true}},
    .flags = USUAL, .compose = nn_same_as, .data = &nn_op_div_mode, .samples = NN_SAMPLES("C(N(2,3)), P(3), {rounding_mode = \"floor\"}"),
    .invalid = "R(2,3), P(3), {rounding_mode = \"up\"}", .complaint = "rounding_mode"};

/* d/da (a - b * q) = 1, d/db = -q with q the rounded quotient. */
static T quotient(C c, const nn_op *op, T a, T b) { return a && b ? nn_do(c, op, v_t(a), v_t(b)) : NULL; }
RULE(remainder, D(0, g); D(1, t_neg(c, t_mul(c, g, quotient(c, &nn_op_floor_divide, A, B))));)
RULE(fmod, D(0, g); D(1, t_neg(c, t_mul(c, g, quotient(c, &nn_op_trunc_divide, A, B))));)

const nn_op nn_op_remainder = {
    .name = "remainder",
    .doc = "Remainder of division, elementwise, with the sign of other: input - other * floor(input / other). Operator %.",
    .example = "tensor{-7, 7} % 3\n--> {2, 1}",
    .params = TWO, .flags = USUAL, .saves_in = 3, .infer = nn_elementwise_infer, .kernel = nn_elementwise_kernel,
    .vjp = vjp_remainder, .data = NN_EW(EW_BINARY, NN_BINARY_REMAINDER),
    .samples = NN_SAMPLES("D(2,3), C(P(3))", "D(5), 0.37"),
    .invalid = "R(2,3), P(4)", .complaint = "do not broadcast"};

const nn_op nn_op_fmod = {
    .name = "fmod",
    .doc = "Remainder of division, elementwise, with the sign of input (as C's fmod).",
    .example = "tensor{-7, 7}:fmod(3)\n--> {-1, 1}",
    .params = TWO, .flags = USUAL, .saves_in = 3, .infer = nn_elementwise_infer, .kernel = nn_elementwise_kernel,
    .vjp = vjp_fmod, .data = NN_EW(EW_BINARY, NN_BINARY_FMOD), .samples = NN_SAMPLES("D(2,3), C(P(3))", "D(5), 0.37"),
    .invalid = "R(2,3), P(4)", .complaint = "do not broadcast"};

/* ---- pow -------------------------------------------------------------------------------------------- */

static T t_pow(C c, T a, T b) { return a && b ? nn_do(c, &nn_op_pow, v_t(a), v_t(b)) : NULL; }
static T t_log(C c, T a) { return a ? nn_do(c, &nn_op_log, v_t(a)) : NULL; }
static T t_where(C c, T m, T a, T b) { return m && a && b ? nn_do(c, &nn_op_where, v_t(m), v_t(a), v_t(b)) : NULL; }
static T t_eqs(C c, T a, double x) { return a ? nn_do(c, &nn_op_eq, v_t(a), v_t(t_num(c, x))) : NULL; }

/* b * a^(b - 1), and 0 where b is 0 (a may be 0 there). */
static T pow_da(nn_vjp *v, T g, T a, T b) {
  C c = v->ctx;
  if (b == NULL) return NULL;
  if (b->ndim == 0 && !nn_requires_grad(b)) {
    double p = nn_item(b);
    if (p == 0) return t_mul(c, g, t_num(c, 0));
    if (p == 1) return g;
    if (p == 2) return t_mul(c, g, t_muls(c, a, 2));
    return t_mul(c, g, t_muls(c, t_pow(c, a, t_num(c, p - 1)), p));
  }
  T d = t_mul(c, g, t_mul(c, b, t_pow(c, a, t_adds(c, b, -1))));
  return t_where(c, t_eqs(c, b, 0), t_num(c, 0), d);
}

/* a^b * log a, and 0 where a is 0 and b >= 0. */
static T pow_db(nn_vjp *v, T g, T a, T b) {
  C c = v->ctx;
  T d = t_mul(c, g, t_mul(c, t_pow(c, a, b), t_log(c, a)));
  return t_where(c, t_eqs(c, a, 0), t_num(c, 0), d);
}

RULE(pow, D(0, pow_da(v, g, A, B)); D(1, pow_db(v, g, A, B));)

static bool pow_kernel(nn_frame *f) {
  nn_tensor *b = f->in[1];
  const nn_tensor *in[2] = {f->in[0], b};
  const nn_elementwise *e = f->op->data;
  if (b->ndim == 0 && nn_is_float((nn_dtype)b->dtype)) {
    double p = nn_item(b);
    uint8_t loop = p == 2 ? NN_UNARY_SQUARE : p == 0.5 ? NN_UNARY_SQRT : p == -1 ? NN_UNARY_RECIPROCAL : 0;
    if (p == 2 || p == 0.5 || p == -1)
      return nn_elementwise_run(f->ctx, &(nn_elementwise){EW_UNARY, loop, 0, 0, false}, 0, 0, f->out[0], 1, in);
  }
  return nn_elementwise_run(f->ctx, e, 0, 0, f->out[0], 2, in);
}

const nn_op nn_op_pow = {
    .name = "pow",
    .doc = "Raises input to the power of exponent, elementwise. Operator ^. Either may be a number. An integer tensor cannot\n"
           "be raised to a negative power.",
    .example = "tensor{1, 2, 3} ^ 2\n--> {1, 4, 9}",
    .params = {{"input", P_TENSOR}, {"exponent", P_TENSOR}},
    .flags = USUAL, .saves_in = 3, .infer = nn_elementwise_infer, .kernel = pow_kernel, .vjp = vjp_pow,
    .data = NN_EW(EW_BINARY, NN_BINARY_POW, .costly = true),
    .samples = NN_SAMPLES("P(2,3), R(3)", "P(2,3), P(2,1)", "R(4), 3", "R(4), 2", "P(3), 0.5", "2, R(3)", "R(4), 1", "R(4), 0", "N(4), -1"),
    .invalid = "R(2,3), R(4)", .complaint = "do not broadcast"};

/* ---- extrema ---------------------------------------------------------------------------------------- */

/* Equal elements share the gradient, as in PyTorch. */
static T share(nn_vjp *v, T g, T a, T b, const nn_op *wins) {
  C c = v->ctx;
  if (a == NULL || b == NULL) return NULL;
  T win = nn_do(c, wins, v_t(a), v_t(b)), tie = nn_do(c, &nn_op_eq, v_t(a), v_t(b));
  return t_where(c, win, g, t_where(c, tie, t_muls(c, g, 0.5), t_num(c, 0)));
}
RULE(maximum, D(0, share(v, g, A, B, &nn_op_gt)); D(1, share(v, g, A, B, &nn_op_lt));)
RULE(minimum, D(0, share(v, g, A, B, &nn_op_lt)); D(1, share(v, g, A, B, &nn_op_gt));)

const nn_op nn_op_maximum = {
    .name = "maximum",
    .doc = "The larger of two elements; NaN if one of them is. Equal elements share the gradient.",
    .example = "tensor.maximum(tensor{1, 5}, tensor{3, 2})\n--> {3, 5}",
    .params = TWO, .flags = (USUAL & ~NN_INPLACE), .saves_in = 3, .infer = nn_elementwise_infer,
    .kernel = nn_elementwise_kernel, .vjp = vjp_maximum, .data = NN_EW(EW_BINARY, NN_BINARY_MAXIMUM),
    .samples = NN_SAMPLES("R(2,3), R(3)", "R(2,3), R(2,1)"), .invalid = "R(2,3), R(4)", .complaint = "do not broadcast"};

const nn_op nn_op_minimum = {
    .name = "minimum",
    .doc = "The smaller of two elements; NaN if one of them is. Equal elements share the gradient.",
    .example = "tensor.minimum(tensor{1, 5}, tensor{3, 2})\n--> {1, 2}",
    .params = TWO, .flags = (USUAL & ~NN_INPLACE), .saves_in = 3, .infer = nn_elementwise_infer,
    .kernel = nn_elementwise_kernel, .vjp = vjp_minimum, .data = NN_EW(EW_BINARY, NN_BINARY_MINIMUM),
    .samples = NN_SAMPLES("R(2,3), R(3)", "R(2,3), R(2,1)"), .invalid = "R(2,3), R(4)", .complaint = "do not broadcast"};

/* ---- geometry --------------------------------------------------------------------------------------- */

static T squares(C c, T a, T b) { return t_add(c, t_mul(c, a, a), t_mul(c, b, b)); }
RULE(atan2, D(0, t_mul(c, g, t_div(c, B, squares(c, A, B)))); D(1, t_neg(c, t_mul(c, g, t_div(c, A, squares(c, A, B)))));)
static T hypot_of(C c, T a, T b) { return a && b ? nn_do(c, &nn_op_hypot, v_t(a), v_t(b)) : NULL; }
RULE(hypot, D(0, t_mul(c, g, t_div(c, A, hypot_of(c, A, B)))); D(1, t_mul(c, g, t_div(c, B, hypot_of(c, A, B))));)

const nn_op nn_op_atan2 = {
    .name = "atan2",
    .doc = "The angle in radians, -pi to pi, of the point (other, input), elementwise.",
    .example = "tensor.atan2(tensor{1, 0}, tensor{0, 1})\n--> {1.5708, 0}",
    .params = TWO, .flags = USUAL | NN_FLOATS, .saves_in = 3, .infer = nn_elementwise_infer,
    .kernel = nn_elementwise_kernel, .vjp = vjp_atan2, .data = NN_EW(EW_BINARY, NN_BINARY_ATAN2, .costly = true),
    .samples = NN_SAMPLES("N(2,3), N(3)", "R(2,3), P(2,1)"), .invalid = "R(2,3), R(4)", .complaint = "do not broadcast"};

const nn_op nn_op_hypot = {
    .name = "hypot",
    .doc = "The length of the hypotenuse: sqrt(input^2 + other^2), elementwise, without overflow.",
    .example = "tensor.hypot(tensor{3}, tensor{4})\n--> {5}",
    .params = TWO, .flags = USUAL | NN_FLOATS, .saves_in = 3, .infer = nn_elementwise_infer,
    .kernel = nn_elementwise_kernel, .vjp = vjp_hypot, .data = NN_EW(EW_BINARY, NN_BINARY_HYPOT, .costly = true),
    .samples = NN_SAMPLES("N(2,3), N(3)", "P(2,3), P(2,1)"), .invalid = "R(2,3), R(4)", .complaint = "do not broadcast"};

/* ---- logic ------------------------------------------------------------------------------------------ */

#define BITWISE(id, loop_, doc_, example_) \
  const nn_op nn_op_##id = { \
      .name = #id, .doc = doc_, .example = example_, .params = TWO, .flags = USUAL | NN_NO_GRAD, \
      .infer = nn_elementwise_infer, .kernel = nn_elementwise_kernel, .data = NN_EW(EW_BINARY, loop_), \
      .samples = NN_SAMPLES("I(9,2,3), I(9,3)", "B(2,3), B(2,1)"), .invalid = "I(9,2), I(9,3)", \
      .complaint = "do not broadcast"};

BITWISE(bitwise_and, NN_BINARY_BIT_AND, "Bitwise and of int64 tensors, logical and of bool tensors. Operator &.",
        "tensor({6, 5}, {dtype = \"int64\"}) & 3\n--> {2, 1}")
BITWISE(bitwise_or, NN_BINARY_BIT_OR, "Bitwise or of int64 tensors, logical or of bool tensors. Operator |.",
        "tensor({6, 5}, {dtype = \"int64\"}) | 3\n--> {7, 7}")
BITWISE(bitwise_xor, NN_BINARY_BIT_XOR, "Bitwise exclusive or of int64 tensors, logical of bool tensors. Binary operator ~.",
        "tensor({6, 5}, {dtype = \"int64\"}) ~ 3\n--> {5, 6}")

/* Any dtype is taken as a truth value first. */
static bool logical_compose(nn_frame *f) {
  C c = f->ctx;
  T a = nn_do(c, &nn_op_to, v_t(f->in[0]), v_dt(NN_BOOL)), b = nn_do(c, &nn_op_to, v_t(f->in[1]), v_dt(NN_BOOL));
  f->out[0] = a && b ? nn_do(c, f->op->data, v_t(a), v_t(b)) : NULL;
  return f->out[0] != NULL;
}

#define LOGICAL(id, row, doc_, example_) \
  const nn_op nn_op_##id = { \
      .name = #id, .doc = doc_, .example = example_, .params = TWO, .flags = USUAL | NN_NO_GRAD, \
      .compose = logical_compose, .data = &row, .samples = NN_SAMPLES("R(2,3), R(3)", "B(2,3), B(2,1)"), \
      .invalid = "B(2), B(3)", .complaint = "do not broadcast"};

LOGICAL(logical_and, nn_op_bitwise_and, "True where both are not zero.", "tensor.logical_and(tensor{0, 2}, tensor{1, 1})\n--> {false, true}")
LOGICAL(logical_or, nn_op_bitwise_or, "True where at least one is not zero.", "tensor.logical_or(tensor{0, 0}, tensor{1, 0})\n--> {true, false}")
LOGICAL(logical_xor, nn_op_bitwise_xor, "True where exactly one is not zero.", "tensor.logical_xor(tensor{0, 2}, tensor{1, 1})\n--> {true, false}")
