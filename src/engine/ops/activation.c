/* activation.c - elementwise activations. The ones with a smooth formula have a fused gradient loop beside their
 * composed form, which is what is differentiated when a gradient of the gradient is wanted. */
#include <math.h>

#include "elementwise.h"
#include "expr.h"
#include "later.h"

#define FUNCTION (NN_DIRECT | NN_TENSOR | NN_METHOD | NN_F | NN_INPLACE)
#define EW(...) .infer = nn_elementwise_infer, .kernel = nn_elementwise_kernel, .data = NN_EW(__VA_ARGS__)

EXPR1(t_exp, exp)
EXPR1(t_tanh, tanh)
EXPR1(t_erf, erf)
EXPR1(t_sigmoid, sigmoid)
EXPR1(t_log1p, log1p)
EXPR1(t_abs, abs)
EXPR1(t_square, square)

static T t_where(C c, T m, T a, T b) { return m && a && b ? nn_do(c, &nn_op_where, v_t(m), v_t(a), v_t(b)) : NULL; }
static T t_gts(C c, T a, double x) { return a ? nn_do(c, &nn_op_gt, v_t(a), v_t(t_num(c, x))) : NULL; }
static T t_grad(C c, const nn_op *op, T g, T s) { return g && s ? nn_do(c, op, v_t(g), v_t(s)) : NULL; }

/* ---- gradients that have gradients of their own ----------------------------------------------------- */

#define GRAD_PARAMS {{"grad", P_TENSOR}, {"saved", P_TENSOR}, {"p", P_FLOAT, "0"}, {"q", P_FLOAT, "0"}}
#define GRAD_ROW(id, loop_, saves, rule) \
  const nn_op nn_op_##id = {.name = #id, .doc = "Part of a gradient.", .params = GRAD_PARAMS, .flags = NN_PRIVATE | NN_DIRECT, \
                            .saves_in = saves, .infer = nn_elementwise_infer, .kernel = nn_elementwise_kernel, \
                            .vjp = rule, .data = NN_EW(EW_GRAD, loop_, .p = 2, .q = 3)};

/* Piecewise linear: the gradient passes or not, whatever the value; only the incoming gradient has a slope. */
static bool vjp_gate(nn_vjp *v) {
  T s = nn_in(v, 1);
  if (s == NULL) return false;
  v->d[0] = nn_do(v->ctx, v->node->op, v_t(v->g[0]), v_t(s), v->arg[2], v->arg[3]);
  return v->d[0] != NULL;
}
GRAD_ROW(relu_backward, NN_GRAD_RELU, 2, vjp_gate)
GRAD_ROW(leaky_relu_backward, NN_GRAD_LEAKY_RELU, 2, vjp_gate)
GRAD_ROW(clamp_backward, NN_GRAD_CLAMP, 2, vjp_gate)
GRAD_ROW(threshold_backward, NN_GRAD_THRESHOLD, 2, vjp_gate)

/* h = g y (1 - y): dh/dg = y (1 - y), dh/dy = g (1 - 2 y) */
static bool vjp_sigmoid_backward(nn_vjp *v) {
  C c = v->ctx;
  T y = nn_in(v, 1), g = v->g[0];
  if (nn_need(v, 0) && (v->d[0] = t_grad(c, &nn_op_sigmoid_backward, g, y)) == NULL) return false;
  if (nn_need(v, 1)) v->d[1] = t_mul(c, t_mul(c, g, nn_in(v, 0)), t_adds(c, t_muls(c, y, -2), 1));
  return !nn_need(v, 1) || v->d[1] != NULL;
}
GRAD_ROW(sigmoid_backward, NN_GRAD_SIGMOID, 3, vjp_sigmoid_backward)

/* h = g (1 - y^2): dh/dy = -2 g y */
static bool vjp_tanh_backward(nn_vjp *v) {
  C c = v->ctx;
  T y = nn_in(v, 1), g = v->g[0];
  if (nn_need(v, 0) && (v->d[0] = t_grad(c, &nn_op_tanh_backward, g, y)) == NULL) return false;
  if (nn_need(v, 1)) v->d[1] = t_muls(c, t_mul(c, t_mul(c, g, nn_in(v, 0)), y), -2);
  return !nn_need(v, 1) || v->d[1] != NULL;
}
GRAD_ROW(tanh_backward, NN_GRAD_TANH, 3, vjp_tanh_backward)

/* These are used for first-order gradients only: see the composed forms below. */
GRAD_ROW(gelu_backward, NN_GRAD_GELU, 0, NULL)
GRAD_ROW(gelu_tanh_backward, NN_GRAD_GELU_TANH, 0, NULL)
GRAD_ROW(silu_backward, NN_GRAD_SILU, 0, NULL)
GRAD_ROW(softplus_backward, NN_GRAD_SOFTPLUS, 0, NULL)
GRAD_ROW(elu_backward, NN_GRAD_ELU, 0, NULL)
GRAD_ROW(mish_backward, NN_GRAD_MISH, 0, NULL)
GRAD_ROW(hardsigmoid_backward, NN_GRAD_HARDSIGMOID, 0, NULL)
GRAD_ROW(hardswish_backward, NN_GRAD_HARDSWISH, 0, NULL)
GRAD_ROW(logsigmoid_backward, NN_GRAD_LOG_SIGMOID, 0, NULL)

#define BY(op, saved_) \
  T s = (saved_); \
  if (s == NULL) return false; \
  v->d[0] = nn_do(v->ctx, &(op), v_t(v->g[0]), v_t(s)); \
  return v->d[0] != NULL;

/* ---- relu, sigmoid, tanh ---------------------------------------------------------------------------- */

static bool vjp_relu(nn_vjp *v) {
  T gate = v->before && v->before->flags & NN_TAKES_GATE ? nn_unchanged_out(v, 0) : NULL;
  if (gate != NULL) return nn_pass_gate(v, gate);
  T y = nn_out(v, 0);
  v->d[0] = y ? nn_into_grad(v, &nn_op_relu_backward, y) : NULL;
  return v->d[0] != NULL;
}
static bool vjp_sigmoid(nn_vjp *v) { BY(nn_op_sigmoid_backward, nn_out(v, 0)) }
static bool vjp_tanh(nn_vjp *v) { BY(nn_op_tanh_backward, nn_out(v, 0)) }

/* Together with what x waits for, or with the pooling that may follow. */
static bool relu_kernel(nn_frame *f) {
  const nn_later *w = nn_put_off_work(f->in[0]);
  bool rows = w != NULL && w->kind == NN_LATER_ROWS;
  nn_later both = rows ? *w : (nn_later){.x = f->in[0]};
  both.relu = true;
  both.name = f->op->name;
  bool possible = rows ? !w->relu : nn_contig(f->in[0]);
  if (possible && nn_put_off(f->out[0], &both)) return true;
  nn_settle(f->in[0]);
  return nn_elementwise_kernel(f);
}

const nn_op nn_op_relu = {
    .name = "relu",
    .doc = "max(x, 0), elementwise. The gradient at 0 is 0.",
    .example = "tensor{-1, 2}:relu()\n--> {0, 2}",
    .params = {{"input", P_TENSOR}}, .flags = FUNCTION | NN_ANY_OUT | NN_TAKES_LATER, .saves_out = 1, .infer = nn_elementwise_infer,
    .kernel = relu_kernel, .data = NN_EW(EW_UNARY, NN_UNARY_RELU), .vjp = vjp_relu,
    .samples = NN_SAMPLES("N(2,3)", "T(N(3,2))", "N()", "N(0,2)"), .invalid = "\"x\"", .complaint = "tensor"};

const nn_op nn_op_sigmoid = {
    .name = "sigmoid",
    .doc = "1 / (1 + exp(-x)), elementwise: any number to (0, 1).",
    .example = "tensor{-1, 0, 1}:sigmoid()\n--> {0.2689, 0.5, 0.7311}",
    .params = {{"input", P_TENSOR}}, .flags = FUNCTION | NN_PROMOTES | NN_FLOATS, .saves_out = 1,
    EW(EW_UNARY, NN_UNARY_SIGMOID, .costly = true), .vjp = vjp_sigmoid, .samples = NN_SAMPLES("R(2,3)", "T(R(3,2))"),
    .invalid = "\"x\"", .complaint = "tensor"};

const nn_op nn_op_tanh = {
    .name = "tanh",
    .doc = "Hyperbolic tangent, elementwise: any number to (-1, 1).",
    .example = "tensor{-1, 0, 1}:tanh()\n--> {-0.7616, 0, 0.7616}",
    .params = {{"input", P_TENSOR}}, .flags = FUNCTION | NN_PROMOTES | NN_FLOATS, .saves_out = 1,
    EW(EW_UNARY, NN_UNARY_TANH, .costly = true), .vjp = vjp_tanh, .samples = NN_SAMPLES("R(2,3)", "T(R(3,2))"),
    .invalid = "\"x\"", .complaint = "tensor"};

/* ---- leaky relu, elu, threshold, clamp -------------------------------------------------------------- */

static bool vjp_leaky(nn_vjp *v) {
  T x = nn_in(v, 0);
  return x != NULL && (v->d[0] = nn_do(v->ctx, &nn_op_leaky_relu_backward, v_t(v->g[0]), v_t(x), v->arg[1])) != NULL;
}

const nn_op nn_op_leaky_relu = {
    .name = "leaky_relu",
    .doc = "x where x > 0, else negative_slope * x, elementwise.",
    .example = "F.leaky_relu(tensor{-1, 2}, 0.1)\n--> {-0.1, 2}",
    .params = {{"input", P_TENSOR}, {"negative_slope", P_FLOAT, "0.01"}}, .flags = NN_F | NN_INPLACE, .saves_in = 1,
    EW(EW_PARAM, NN_PARAM_LEAKY_RELU, .p = 1), .vjp = vjp_leaky, .samples = NN_SAMPLES("N(2,3)", "N(2,3), 0.2", "N(2,3), -0.5"),
    .invalid = "I(3,2)", .complaint = "not defined for int64"};

static bool vjp_elu(nn_vjp *v) {
  T x = nn_in(v, 0);
  return x != NULL && (v->d[0] = nn_do(v->ctx, &nn_op_elu_backward, v_t(v->g[0]), v_t(x), v->arg[1])) != NULL;
}
static bool elu_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0], below = nn_do(c, &nn_op_minimum, v_t(x), v_t(nn_keep(c, nn_scalar(c, (nn_dtype)x->dtype, 0))));
  T low = t_muls(c, below ? nn_do(c, &nn_op_expm1, v_t(below)) : NULL, f->arg[1].f);
  f->out[0] = t_where(c, t_gts(c, x, 0), x, low);
  return f->out[0] != NULL;
}

const nn_op nn_op_elu = {
    .name = "elu",
    .doc = "x where x > 0, else alpha * (exp(x) - 1), elementwise (Clevert et al. 2015).",
    .example = "F.elu(tensor{-1, 2})\n--> {-0.6321, 2}",
    .params = {{"input", P_TENSOR}, {"alpha", P_FLOAT, "1.0"}}, .flags = NN_F | NN_INPLACE, .saves_in = 1,
    EW(EW_PARAM, NN_PARAM_ELU, .p = 1, .costly = true), .compose = elu_compose, .vjp = vjp_elu,
    .samples = NN_SAMPLES("N(2,3)", "N(2,3), 0.5"), .invalid = "I(3,2)", .complaint = "not defined for int64"};

static bool vjp_threshold(nn_vjp *v) {
  T x = nn_in(v, 0);
  return x != NULL && (v->d[0] = nn_do(v->ctx, &nn_op_threshold_backward, v_t(v->g[0]), v_t(x), v->arg[1])) != NULL;
}

const nn_op nn_op_threshold = {
    .name = "threshold",
    .doc = "x where x > threshold, else value, elementwise.",
    .example = "F.threshold(tensor{0.1, 2}, 1, -5)\n--> {-5, 2}",
    .params = {{"input", P_TENSOR}, {"threshold", P_FLOAT}, {"value", P_FLOAT}}, .flags = NN_F | NN_TENSOR | NN_INPLACE, .saves_in = 1,
    EW(EW_PARAM, NN_PARAM_THRESHOLD, .p = 1, .q = 2), .vjp = vjp_threshold, .samples = NN_SAMPLES("N(2,3), 0.1, 20"),
    .invalid = "N(3)", .complaint = "threshold"};

static bool vjp_clamp(nn_vjp *v) {
  T x = nn_in(v, 0);
  nn_value lo = v->arg[1].tag == NN_V_NONE ? v_f(-HUGE_VAL) : v->arg[1], hi = v->arg[2].tag == NN_V_NONE ? v_f(HUGE_VAL) : v->arg[2];
  return x != NULL && (v->d[0] = nn_do(v->ctx, &nn_op_clamp_backward, v_t(v->g[0]), v_t(x), lo, hi)) != NULL;
}

static bool clamp_infer(nn_frame *f) {
  if (!nn_given(f, 1) && !nn_given(f, 2)) return nn_bad(f, "at least one of min and max is needed");
  nn_spec_like(f, 0, f->in[0]);
  bool fraction = f->arg[1].tag == NN_V_FLOAT || f->arg[2].tag == NN_V_FLOAT;
  nn_dtype d = (nn_dtype)f->in[0]->dtype;
  if (nn_is_float(d)) return true;
  if (fraction) {
    f->in[0] = t_to(f->ctx, f->in[0], NN_FLOAT32);
    f->spec[0].dtype = NN_FLOAT32;
    return f->in[0] != NULL;
  }
  return d == NN_INT64 || nn_bad(f, "of %s needs a conversion first: x:to(\"int64\")", nn_dtype_name(d));
}

static bool clamp_kernel(nn_frame *f) {
  if (nn_is_float((nn_dtype)f->in[0]->dtype)) return nn_elementwise_kernel(f);
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  int64_t lo = nn_given(f, 1) ? f->arg[1].i : INT64_MIN, hi = nn_given(f, 2) ? f->arg[2].i : INT64_MAX;
  NN_SELECT(nn_vmath)->clamp_i64(x->numel, lo, hi, (const int64_t *)(const void *)x->data,
                                 (int64_t *)(void *)f->out[0]->data);
  return true;
}

const nn_op nn_op_clamp = {
    .name = "clamp",
    .doc = "Elements below min become min, those above max become max; either may be missing. NaN stays. The gradient\n"
           "passes where min <= x <= max.",
    .example = "tensor{-2, 0.5, 3}:clamp(-1, 1)\n--> {-1, 0.5, 1}",
    .params = {{"input", P_TENSOR}, {"min", P_NUMBER, "nil"}, {"max", P_NUMBER, "nil"}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE, .saves_in = 1, .infer = clamp_infer, .kernel = clamp_kernel,
    .data = NN_EW(EW_PARAM, NN_PARAM_CLAMP, .p = 1, .q = 2), .vjp = vjp_clamp,
    .samples = NN_SAMPLES("D(2,3), -0.52, 0.52", "D(5), {max = 0.3}", "D(5), 0.1"), .invalid = "R(3)", .complaint = "min and max"};

static bool clamp_tensor_compose(nn_frame *f) {
  C c = f->ctx;
  T y = f->in[0];
  if (f->in[1] == NULL && f->in[2] == NULL) return nn_bad(f, "at least one of min and max is needed");
  if (f->in[1] != NULL) y = nn_do(c, &nn_op_maximum, v_t(y), v_t(f->in[1]));
  if (f->in[2] != NULL && y != NULL) y = nn_do(c, &nn_op_minimum, v_t(y), v_t(f->in[2]));
  f->out[0] = y;
  return y != NULL;
}

const nn_op nn_op_clamp_tensor = {
    .name = "clamp.tensor",
    .doc = "The same with a bound for each element: min and max are tensors that broadcast against input.",
    .example = "tensor{-2, 3}:clamp(tensor{-1, -1}, tensor{1, 2})\n--> {-1, 2}",
    .params = {{"input", P_TENSOR}, {"min", P_TENSOR, "nil"}, {"max", P_TENSOR, "nil"}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_PROMOTES | NN_BROADCASTS, .compose = clamp_tensor_compose,
    .samples = NN_SAMPLES("D(2,3), R(3) - 1, R(2,1) + 1", "D(4), nil, R(4)"), .invalid = "R(3), R(4)",
    .complaint = "do not broadcast"};

/* ---- other names of clamp --------------------------------------------------------------------------- */

const nn_op nn_op_clip = {
    .name = "clip", .doc = "The same as clamp.", .example = "tensor{-2, 0.5, 3}:clip(-1, 1)\n--> {-1, 0.5, 1}",
    .params = {{"input", P_TENSOR}, {"min", P_NUMBER, "nil"}, {"max", P_NUMBER, "nil"}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE, .compose = nn_same_as, .data = &nn_op_clamp,
    .samples = NN_SAMPLES("D(2,3), -0.52, 0.52"), .invalid = "R(3)", .complaint = "min and max"};
const nn_op nn_op_clip_tensor = {
    .name = "clip.tensor", .doc = "The same as clamp with tensors.", .example = "tensor{-2, 3}:clip(tensor{-1, -1}, tensor{1, 2})\n--> {-1, 2}",
    .params = {{"input", P_TENSOR}, {"min", P_TENSOR, "nil"}, {"max", P_TENSOR, "nil"}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_PROMOTES | NN_BROADCASTS, .compose = nn_same_as, .data = &nn_op_clamp_tensor,
    .samples = NN_SAMPLES("D(2,3), R(3) - 1, R(2,1) + 1"), .invalid = "R(3), R(4)", .complaint = "do not broadcast"};

static bool one_bound_compose(nn_frame *f) {
  nn_value bound = f->arg[1];
  bool low = f->op->data == NULL;
  f->out[0] = nn_do(f->ctx, &nn_op_clamp, v_t(f->in[0]), low ? bound : V_NONE, low ? V_NONE : bound);
  return f->out[0] != NULL;
}
static bool one_bound_tensor_compose(nn_frame *f) {
  bool low = f->op->data == NULL;
  f->out[0] = nn_do(f->ctx, low ? &nn_op_maximum : &nn_op_minimum, v_t(f->in[0]), v_t(f->in[1]));
  return f->out[0] != NULL;
}
#define ONE_BOUND(id, bound_, data_, doc_, example_) \
  const nn_op nn_op_##id = {.name = #id, .doc = doc_, .example = example_, \
                            .params = {{"input", P_TENSOR}, {bound_, P_NUMBER}}, .flags = NN_TENSOR | NN_METHOD | NN_INPLACE, \
                            .compose = one_bound_compose, .data = data_, .samples = NN_SAMPLES("D(2,3), 0.1"), \
                            .invalid = "R(3)", .complaint = bound_}; \
  const nn_op nn_op_##id##_tensor = {.name = #id ".tensor", .doc = doc_, .example = example_, \
                                     .params = {{"input", P_TENSOR}, {bound_, P_TENSOR}}, \
                                     .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_PROMOTES | NN_BROADCASTS, \
                                     .compose = one_bound_tensor_compose, .data = data_, .samples = NN_SAMPLES("D(2,3), R(3)"), \
                                     .invalid = "R(3), R(4)", .complaint = "do not broadcast"};
ONE_BOUND(clamp_min, "min", NULL, "Elements below min, a number or a tensor that broadcasts, become min.", "tensor{-2, 3}:clamp_min(0)\n--> {0, 3}")
ONE_BOUND(clamp_max, "max", &nn_op_clamp, "Elements above max, a number or a tensor that broadcasts, become max.", "tensor{-2, 3}:clamp_max(0)\n--> {-2, 0}")

/* ---- gelu, silu, softplus, mish, logsigmoid --------------------------------------------------------- */

#define BY_INPUT(id, ...) \
  static bool vjp_##id(nn_vjp *v) { \
    T x = nn_in(v, 0); \
    return x != NULL && (v->d[0] = nn_do(v->ctx, &nn_op_##id##_backward, v_t(v->g[0]), v_t(x), ##__VA_ARGS__)) != NULL; \
  }

#define SQRT_HALF 0.707106781186547524400844362105
#define SQRT_2_OVER_PI 0.797884560802865355879892119869

static T gelu_erf(C c, T x) { return t_mul(c, t_muls(c, x, 0.5), t_adds(c, t_erf(c, t_muls(c, x, SQRT_HALF)), 1)); }

static T gelu_by_tanh(C c, T x) {
  T inner = t_muls(c, t_add(c, x, t_muls(c, t_mul(c, x, t_square(c, x)), 0.044715)), SQRT_2_OVER_PI);
  return t_mul(c, t_muls(c, x, 0.5), t_adds(c, t_tanh(c, inner), 1));
}

static bool gelu_compose(nn_frame *f) {
  f->out[0] = f->arg[1].i == 0 ? gelu_erf(f->ctx, f->in[0]) : gelu_by_tanh(f->ctx, f->in[0]);
  return f->out[0] != NULL;
}

static bool gelu_kernel(nn_frame *f) {
  const nn_tensor *in[1] = {f->in[0]};
  const nn_elementwise e = {EW_UNARY, f->arg[1].i == 0 ? NN_UNARY_GELU : NN_UNARY_GELU_TANH, 0, 0, true};
  return nn_elementwise_run(f->ctx, &e, 0, 0, f->out[0], 1, in);
}

static bool vjp_gelu(nn_vjp *v) {
  T x = nn_in(v, 0);
  v->d[0] = x ? t_grad(v->ctx, v->arg[1].i == 0 ? &nn_op_gelu_backward : &nn_op_gelu_tanh_backward, v->g[0], x) : NULL;
  return v->d[0] != NULL;
}

const nn_op nn_op_gelu = {
    .name = "gelu",
    .doc = "x times the normal distribution function of x: x / 2 * (1 + erf(x / sqrt 2)), elementwise; with approximate =\n"
           "\"tanh\" the formula of Hendrycks and Gimpel 2016.",
    .example = "F.gelu(tensor{-1, 0, 1})\n--> {-0.1587, 0, 0.8413}",
    .params = {{"input", P_TENSOR}, {"approximate", P_CHOICE, "none", .choices = "none|tanh", .keyword = true}},
    .flags = NN_F, .saves_in = 1, .infer = nn_elementwise_infer, .kernel = gelu_kernel, .compose = gelu_compose,
    .vjp = vjp_gelu, .data = NN_EW(EW_UNARY, NN_UNARY_GELU), .samples = NN_SAMPLES("R(2,3)", "R(2,3), {approximate = \"tanh\"}"),
    .invalid = "R(3), {approximate = \"exp\"}", .complaint = "approximate"};

static bool silu_compose(nn_frame *f) {
  return (f->out[0] = t_mul(f->ctx, f->in[0], t_sigmoid(f->ctx, f->in[0]))) != NULL;
}
BY_INPUT(silu)

const nn_op nn_op_silu = {
    .name = "silu",
    .doc = "x * sigmoid(x), elementwise, also known as swish.",
    .example = "F.silu(tensor{-1, 0, 1})\n--> {-0.2689, 0, 0.7311}",
    .params = {{"input", P_TENSOR}}, .flags = NN_F | NN_INPLACE, .saves_in = 1, EW(EW_UNARY, NN_UNARY_SILU, .costly = true),
    .compose = silu_compose, .vjp = vjp_silu, .samples = NN_SAMPLES("R(2,3)", "T(R(3,2))"), .invalid = "I(3,2)",
    .complaint = "not defined for int64"};

/* log(1 + exp(b x)) / b, written so that nothing overflows. */
static bool softplus_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0], bx = t_muls(c, x, f->arg[1].f);
  T pos = bx ? nn_do(c, &nn_op_relu, v_t(bx)) : NULL;
  T soft = t_muls(c, t_add(c, pos, t_log1p(c, t_exp(c, t_neg(c, t_abs(c, bx))))), 1 / f->arg[1].f);
  f->out[0] = t_where(c, t_gts(c, bx, f->arg[2].f), x, soft);
  return f->out[0] != NULL;
}
BY_INPUT(softplus, v->arg[1], v->arg[2])

const nn_op nn_op_softplus = {
    .name = "softplus",
    .doc = "log(1 + exp(beta * x)) / beta, elementwise: a smooth relu; x itself where beta * x > threshold.",
    .example = "F.softplus(tensor{-1, 0, 1})\n--> {0.3133, 0.6931, 1.3133}",
    .params = {{"input", P_TENSOR}, {"beta", P_FLOAT, "1.0"}, {"threshold", P_FLOAT, "20.0"}}, .flags = NN_F, .saves_in = 1,
    EW(EW_PARAM, NN_PARAM_SOFTPLUS, .p = 1, .q = 2, .costly = true), .compose = softplus_compose, .vjp = vjp_softplus,
    .samples = NN_SAMPLES("N(2,3)", "N(2,3), 2, 1.5"), .invalid = "I(3,2)", .complaint = "not defined for int64"};

static T softplus1(C c, T x) { return x ? nn_do(c, &nn_op_softplus, v_t(x)) : NULL; }

static bool mish_compose(nn_frame *f) {
  return (f->out[0] = t_mul(f->ctx, f->in[0], t_tanh(f->ctx, softplus1(f->ctx, f->in[0])))) != NULL;
}
BY_INPUT(mish)

const nn_op nn_op_mish = {
    .name = "mish",
    .doc = "x * tanh(softplus(x)), elementwise (Misra 2019).",
    .example = "F.mish(tensor{-1, 0, 1})\n--> {-0.3034, 0, 0.8651}",
    .params = {{"input", P_TENSOR}}, .flags = NN_F | NN_INPLACE, .saves_in = 1, EW(EW_UNARY, NN_UNARY_MISH, .costly = true),
    .compose = mish_compose, .vjp = vjp_mish, .samples = NN_SAMPLES("R(2,3)"), .invalid = "I(3,2)",
    .complaint = "not defined for int64"};

static bool logsigmoid_compose(nn_frame *f) {
  return (f->out[0] = t_neg(f->ctx, softplus1(f->ctx, t_neg(f->ctx, f->in[0])))) != NULL;
}
BY_INPUT(logsigmoid)

const nn_op nn_op_logsigmoid = {
    .name = "logsigmoid",
    .doc = "log(sigmoid(x)), elementwise, without underflow.",
    .example = "F.logsigmoid(tensor{-1, 0})\n--> {-1.3133, -0.6931}",
    .params = {{"input", P_TENSOR}}, .flags = NN_F, .saves_in = 1, EW(EW_UNARY, NN_UNARY_LOG_SIGMOID, .costly = true),
    .compose = logsigmoid_compose, .vjp = vjp_logsigmoid, .samples = NN_SAMPLES("R(2,3)"), .invalid = "I(3,2)",
    .complaint = "not defined for int64"};

/* ---- composed activations --------------------------------------------------------------------------- */

static T clamped(C c, T x, double lo, double hi) { return x ? nn_do(c, &nn_op_clamp, v_t(x), v_f(lo), v_f(hi)) : NULL; }

static bool relu6_compose(nn_frame *f) { return (f->out[0] = clamped(f->ctx, f->in[0], 0, 6)) != NULL; }
static bool hardtanh_compose(nn_frame *f) {
  return (f->out[0] = clamped(f->ctx, f->in[0], f->arg[1].f, f->arg[2].f)) != NULL;
}
static T hardsigmoid_of(C c, T x) { return t_muls(c, clamped(c, t_adds(c, x, 3), 0, 6), 1.0 / 6); }
static bool hardsigmoid_compose(nn_frame *f) { return (f->out[0] = hardsigmoid_of(f->ctx, f->in[0])) != NULL; }
static bool hardswish_compose(nn_frame *f) {
  return (f->out[0] = t_mul(f->ctx, f->in[0], hardsigmoid_of(f->ctx, f->in[0]))) != NULL;
}
BY_INPUT(hardsigmoid)
BY_INPUT(hardswish)

const nn_op nn_op_hardsigmoid = {
    .name = "hardsigmoid",
    .doc = "min(max(x + 3, 0), 6) / 6, elementwise.",
    .example = "F.hardsigmoid(tensor{-4, 0, 1.5})\n--> {0, 0.5, 0.75}",
    .params = {{"input", P_TENSOR}}, .flags = NN_F | NN_INPLACE, .saves_in = 1, EW(EW_UNARY, NN_UNARY_HARDSIGMOID),
    .compose = hardsigmoid_compose, .vjp = vjp_hardsigmoid, .samples = NN_SAMPLES("N(2,3)", "T(N(3,2))"), .invalid = "I(3,2)",
    .complaint = "not defined for int64"};

const nn_op nn_op_hardswish = {
    .name = "hardswish",
    .doc = "x * hardsigmoid(x), elementwise (Howard et al. 2019).",
    .example = "F.hardswish(tensor{-4, 1.5, 4})\n--> {0, 1.125, 4}",
    .params = {{"input", P_TENSOR}}, .flags = NN_F | NN_INPLACE, .saves_in = 1, EW(EW_UNARY, NN_UNARY_HARDSWISH),
    .compose = hardswish_compose, .vjp = vjp_hardswish, .samples = NN_SAMPLES("N(2,3)", "T(N(3,2))"), .invalid = "I(3,2)",
    .complaint = "not defined for int64"};

static bool softsign_compose(nn_frame *f) {
  return (f->out[0] = t_div(f->ctx, f->in[0], t_adds(f->ctx, t_abs(f->ctx, f->in[0]), 1))) != NULL;
}
static bool tanhshrink_compose(nn_frame *f) {
  return (f->out[0] = t_sub(f->ctx, f->in[0], t_tanh(f->ctx, f->in[0]))) != NULL;
}
/* Klambauer et al. 2017 */
static bool selu_compose(nn_frame *f) {
  const double scale = 1.0507009873554804934193349852946, alpha = 1.6732632423543772848170429916717;
  f->out[0] = t_muls(f->ctx, nn_do(f->ctx, &nn_op_elu, v_t(f->in[0]), v_f(alpha)), scale);
  return f->out[0] != NULL;
}

#define COMPOSED(id, doc_, example_, ...) \
  const nn_op nn_op_##id = {.name = #id, .doc = doc_, .example = example_, .params = {{"input", P_TENSOR}}, \
                            .flags = NN_F | NN_INPLACE, .compose = id##_compose, .samples = NN_SAMPLES(__VA_ARGS__), \
                            .invalid = "\"x\"", .complaint = "tensor"};

COMPOSED(relu6, "min(max(x, 0), 6), elementwise.", "F.relu6(tensor{-1, 3, 8})\n--> {0, 3, 6}", "N(2,3)")
COMPOSED(softsign, "x / (1 + |x|), elementwise.", "F.softsign(tensor{-1, 3})\n--> {-0.5, 0.75}", "N(2,3)")
COMPOSED(tanhshrink, "x - tanh(x), elementwise.", "F.tanhshrink(tensor{1})\n--> {0.2384}", "N(2,3)")
const nn_op nn_op_selu = {
    .name = "selu", .doc = "The self-normalising elu: elu with alpha = 1.6733, times 1.0507 (Klambauer et al. 2017).",
    .example = "F.selu(tensor{-1, 1})\n--> {-1.1113, 1.0507}", .params = {{"input", P_TENSOR}},
    .flags = NN_F | NN_TENSOR | NN_INPLACE, .compose = selu_compose, .samples = NN_SAMPLES("N(2,3)"), .invalid = "\"x\"",
    .complaint = "tensor"};

const nn_op nn_op_hardtanh = {
    .name = "hardtanh",
    .doc = "x between min_val and max_val, these beyond, elementwise.",
    .example = "F.hardtanh(tensor{-3, 0.5, 3})\n--> {-1, 0.5, 1}",
    .params = {{"input", P_TENSOR}, {"min_val", P_FLOAT, "-1.0"}, {"max_val", P_FLOAT, "1.0"}}, .flags = NN_F | NN_INPLACE,
    .compose = hardtanh_compose, .samples = NN_SAMPLES("N(2,3)", "N(2,3), -0.7, 2"), .invalid = "\"x\"", .complaint = "tensor"};
