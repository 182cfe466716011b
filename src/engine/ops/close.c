/* close.c - whether two tensors hold the same values: equal, isclose, allclose. */
#include "expr.h"

static T t_bool(C c, bool value) { return nn_keep(c, nn_scalar_int(c, NN_BOOL, value)); }

static T t_all(C c, T x) { return x ? nn_do(c, &nn_op_all, v_t(x)) : NULL; }

static bool equal_compose(nn_frame *f) {
  nn_tensor *a = f->in[0], *b = f->in[1];
  if (!nn_same_shape(a, b))
    f->out[0] = t_bool(f->ctx, false);
  else
    f->out[0] = t_all(f->ctx, nn_do(f->ctx, &nn_op_eq, v_t(a), v_t(b)));
  return f->out[0] != NULL;
}

const nn_op nn_op_equal = {
    .name = "equal",
    .doc = "Whether two tensors have the same shape and equal elements: true or false. NaN is not equal to NaN.",
    .example = "tensor{1, 2}:equal(tensor{1, 2})\n--> true",
    .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD | NN_NO_GRAD | NN_LUA_VALUE,
    .compose = equal_compose,
    .samples = NN_SAMPLES("R(2, 3), R(2, 3)", "R(2), R(3)", "I(3, 4), I(3, 4)"),
    .invalid = "R(2), 1",
    .complaint = "must be a tensor",
};

/* |a - b| <= atol + rtol |b| where that is finite; infinities are close to themselves. */
static T close_to(nn_frame *f) {
  C c = f->ctx;
  T a = f->in[0], b = f->in[1], distance, within, result;
  distance = nn_do(c, &nn_op_abs, v_t(t_sub(c, a, b)));
  if (distance == NULL) return NULL;
  within = nn_do(c, &nn_op_le, v_t(distance),
                 v_t(t_adds(c, t_muls(c, nn_do(c, &nn_op_abs, v_t(b)), f->arg[2].f), f->arg[3].f)));
  if (within == NULL) return NULL;
  within = nn_do(c, &nn_op_logical_and, v_t(within), v_t(nn_do(c, &nn_op_isfinite, v_t(distance))));
  result = within ? nn_do(c, &nn_op_logical_or, v_t(within), v_t(nn_do(c, &nn_op_eq, v_t(a), v_t(b)))) : NULL;
  if (result == NULL || !f->arg[4].b) return result;
  T both = nn_do(c, &nn_op_logical_and, v_t(nn_do(c, &nn_op_isnan, v_t(a))), v_t(nn_do(c, &nn_op_isnan, v_t(b))));
  return both ? nn_do(c, &nn_op_logical_or, v_t(result), v_t(both)) : NULL;
}

static bool isclose_compose(nn_frame *f) {
  for (int i = 0; i < 2; i++) { /* differences of bool and uint8 are no distances */
    nn_dtype d = (nn_dtype)f->in[i]->dtype;
    if (d == NN_BOOL || d == NN_UINT8) f->in[i] = nn_do(f->ctx, &nn_op_to, v_t(f->in[i]), v_dt(NN_INT64));
    if (f->in[i] == NULL) return false;
  }
  f->out[0] = close_to(f);
  return f->out[0] != NULL;
}

static bool allclose_compose(nn_frame *f) { return isclose_compose(f) && (f->out[0] = t_all(f->ctx, f->out[0])) != NULL; }

#define CLOSE_PARAMS                                                                                         \
  { {"input", P_TENSOR}, {"other", P_TENSOR}, {"rtol", P_FLOAT, "1e-05"}, {"atol", P_FLOAT, "1e-08"},        \
    {"equal_nan", P_BOOL, "false"} }

const nn_op nn_op_isclose = {
    .name = "isclose",
    .doc = "Where |input - other| <= atol + rtol * |other|. NaN is close to NaN if equal_nan says so.",
    .example = "tensor{1, 2}:isclose(tensor{1.000001, 2.1})\n--> {true, false}",
    .params = CLOSE_PARAMS,
    .flags = NN_TENSOR | NN_METHOD | NN_NO_GRAD,
    .compose = isclose_compose,
    .samples = NN_SAMPLES("R(2, 3), R(2, 3)", "R(2, 3), R(3), 0.5, 0.1", "I(3, 4), I(3, 4)", "R(3), R(3), {equal_nan = true}"),
    .invalid = "R(2), R(3)",
    .complaint = "do not broadcast",
};

const nn_op nn_op_allclose = {
    .name = "allclose",
    .doc = "Whether isclose holds for all elements: true or false.",
    .example = "tensor{1, 2}:allclose(tensor{1.000001, 2})\n--> true",
    .params = CLOSE_PARAMS,
    .flags = NN_TENSOR | NN_METHOD | NN_NO_GRAD | NN_LUA_VALUE,
    .compose = allclose_compose,
    .samples = NN_SAMPLES("R(2, 3), R(2, 3)", "R(2, 3), R(3), 100, 100", "R(3), R(3), {equal_nan = true}"),
    .invalid = "R(2), R(3)",
    .complaint = "do not broadcast",
};
