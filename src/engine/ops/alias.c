/* alias.c - other names that PyTorch has for operations: each calls the row that does the work. */
#include "expr.h"

#define PLAIN (NN_TENSOR | NN_METHOD | NN_INPLACE)

#define SAME1(id, of, example_, sample)                                                                      \
  const nn_op nn_op_##id = {.name = #id,                                                                     \
                            .doc = "The same as " #of ".",                                                   \
                            .example = example_,                                                             \
                            .params = {{"input", P_TENSOR}},                                                 \
                            .flags = PLAIN,                                                                  \
                            .compose = nn_same_as,                                                           \
                            .data = &nn_op_##of,                                                             \
                            .samples = NN_SAMPLES(sample),                                                   \
                            .invalid = "\"x\"",                                                              \
                            .complaint = "tensor"};
#define SAME2(id, of, flags_, example_, sample)                                                              \
  const nn_op nn_op_##id = {.name = #id,                                                                     \
                            .doc = "The same as " #of ".",                                                   \
                            .example = example_,                                                             \
                            .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},                            \
                            .flags = PLAIN | (flags_),                                                       \
                            .compose = nn_same_as,                                                           \
                            .data = &nn_op_##of,                                                             \
                            .samples = NN_SAMPLES(sample),                                                   \
                            .invalid = "R(2), R(3)",                                                         \
                            .complaint = "do not broadcast"};

SAME1(absolute, abs, "tensor{-1, 2}:absolute()\n--> {1, 2}", "N(2,3)")
SAME1(negative, neg, "tensor{-1, 2}:negative()\n--> {1, -2}", "R(2,3)")
SAME1(fix, trunc, "tensor{1.5, -1.5}:fix()\n--> {1, -1}", "D(2,3)")
SAME1(sgn, sign, "tensor{-3, 0}:sgn()\n--> {-1, 0}", "N(2,3)")
SAME1(arccos, acos, "tensor{1}:arccos()\n--> {0}", "U(2,3)")
SAME1(arcsin, asin, "tensor{0}:arcsin()\n--> {0}", "U(2,3)")
SAME1(arctan, atan, "tensor{0}:arctan()\n--> {0}", "R(2,3)")
SAME1(arccosh, acosh, "tensor{1}:arccosh()\n--> {0}", "P(2,3) + 1.5")
SAME1(arcsinh, asinh, "tensor{0}:arcsinh()\n--> {0}", "R(2,3)")
SAME1(arctanh, atanh, "tensor{0}:arctanh()\n--> {0}", "U(2,3)")
SAME2(arctan2, atan2, NN_PROMOTES, "tensor{0}:arctan2(tensor{1})\n--> {0}", "N(2,3), N(3)")
SAME2(multiply, mul, NN_PROMOTES, "tensor{2, 3}:multiply(4)\n--> {8, 12}", "R(2,3), R(3)")
SAME2(greater, gt, NN_PROMOTES | NN_NO_GRAD, "tensor{1, 3}:greater(2)\n--> {false, true}", "R(2,3), R(3)")
SAME2(greater_equal, ge, NN_PROMOTES | NN_NO_GRAD, "tensor{2, 1}:greater_equal(2)\n--> {true, false}",
      "R(2,3), R(3)")
SAME2(less, lt, NN_PROMOTES | NN_NO_GRAD, "tensor{1, 3}:less(2)\n--> {true, false}", "R(2,3), R(3)")
SAME2(less_equal, le, NN_PROMOTES | NN_NO_GRAD, "tensor{2, 3}:less_equal(2)\n--> {true, false}",
      "R(2,3), R(3)")
SAME2(not_equal, ne, NN_PROMOTES | NN_NO_GRAD, "tensor{2, 3}:not_equal(2)\n--> {false, true}", "R(2,3), R(3)")

const nn_op nn_op_subtract = {
    .name = "subtract",
    .doc = "The same as sub.",
    .example = "tensor{5, 6}:subtract(4)\n--> {1, 2}",
    .params = {{"input", P_TENSOR}, {"other", P_TENSOR}, {"alpha", P_NUMBER, "1", .keyword = true}},
    .flags = PLAIN | NN_PROMOTES,
    .compose = nn_same_as,
    .data = &nn_op_sub,
    .samples = NN_SAMPLES("R(2,3), R(3)", "R(2,3), R(3), {alpha = 2}"),
    .invalid = "R(2), R(3)",
    .complaint = "do not broadcast"};

/* other - alpha * input */
static bool rsub_compose(nn_frame *f) {
  f->out[0] = nn_do(f->ctx, &nn_op_sub, v_t(f->in[1]), v_t(f->in[0]), f->arg[2]);
  return f->out[0] != NULL;
}
const nn_op nn_op_rsub = {
    .name = "rsub",
    .doc = "other - alpha * input, elementwise.",
    .example = "tensor.rsub(tensor{1, 2}, 10)\n--> {9, 8}",
    .params = {{"input", P_TENSOR}, {"other", P_TENSOR}, {"alpha", P_NUMBER, "1", .keyword = true}},
    .flags = NN_TENSOR | NN_PROMOTES,
    .compose = rsub_compose,
    .samples = NN_SAMPLES("R(2,3), R(3)", "R(2,3), R(3), {alpha = 2}"),
    .invalid = "R(2), R(3)",
    .complaint = "do not broadcast"};

const nn_op nn_op_ger = {.name = "ger",
                         .doc = "The same as outer.",
                         .example = "tensor{1, 2}:ger(tensor{3, 4})\n--> {{3, 4}, {6, 8}}",
                         .params = {{"input", P_TENSOR}, {"vec2", P_TENSOR}},
                         .flags = NN_TENSOR | NN_METHOD,
                         .compose = nn_same_as,
                         .data = &nn_op_outer,
                         .samples = NN_SAMPLES("R(2), R(3)"),
                         .invalid = "R(2,2), R(3)",
                         .complaint = "1 dimension"};
const nn_op nn_op_vdot = {.name = "vdot",
                          .doc = "The same as dot.",
                          .example = "tensor{1, 2}:vdot(tensor{3, 4})\n--> 11",
                          .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},
                          .flags = NN_TENSOR | NN_METHOD,
                          .compose = nn_same_as,
                          .data = &nn_op_dot,
                          .samples = NN_SAMPLES("R(3), R(3)"),
                          .invalid = "R(2), R(3)",
                          .complaint = "do not fit"};

static bool joined_compose(nn_frame *f) {
  f->out[0] =
      nn_do(f->ctx, f->op->data, v_ts(f->n_in, f->in), f->op->data == &nn_op_cat ? f->arg[1] : V_NONE);
  return f->out[0] != NULL;
}
const nn_op nn_op_concatenate = {.name = "concatenate",
                                 .doc = "Joins tensors along a dimension: the same as cat.",
                                 .example = "tensor.concatenate({tensor{1}, tensor{2}})\n--> {1, 2}",
                                 .params = {{"tensors", P_TENSORS}, {"dim", P_POSITION, "1"}},
                                 .flags = NN_TENSOR | NN_PROMOTES,
                                 .compose = joined_compose,
                                 .data = &nn_op_cat,
                                 .samples = NN_SAMPLES("{R(2,3), R(1,3)}", "{R(2,1), R(2,2)}, 2"),
                                 .invalid = "{R(2,3), R(2,4)}",
                                 .complaint = "shape"};
const nn_op nn_op_row_stack = {.name = "row_stack",
                               .doc = "The same as vstack.",
                               .example =
                                   "tensor.row_stack({tensor{1, 2}, tensor{3, 4}})\n--> {{1, 2}, {3, 4}}",
                               .params = {{"tensors", P_TENSORS}},
                               .flags = NN_TENSOR,
                               .compose = joined_compose,
                               .data = &nn_op_vstack,
                               .samples = NN_SAMPLES("{R(3), R(3)}"),
                               .invalid = "{R(2,3), R(2,4)}",
                               .complaint = "shape"};

static bool msort_compose(nn_frame *f) {
  T r[2];
  if (!nn_do_all(f->ctx, &nn_op_sort, r, v_t(f->in[0]), v_i(0))) return false;
  f->out[0] = r[0];
  return true;
}
const nn_op nn_op_msort = {
    .name = "msort",
    .doc = "The elements in ascending order along the first dimension: the values that x:sort(1) gives.",
    .example = "tensor{3, 1, 2}:msort()\n--> {1, 2, 3}",
    .params = {{"input", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD,
    .compose = msort_compose,
    .samples = NN_SAMPLES("D(4,3)", "D(5)"),
    .invalid = "\"x\"",
    .complaint = "tensor"};

static bool positive_compose(nn_frame *f) { return (f->out[0] = f->in[0]) != NULL; }
const nn_op nn_op_positive = {.name = "positive",
                              .doc = "The tensor itself.",
                              .example = "tensor{1, -2}:positive()\n--> {1, -2}",
                              .params = {{"input", P_TENSOR}},
                              .flags = NN_TENSOR | NN_METHOD,
                              .compose = positive_compose,
                              .samples = NN_SAMPLES("R(2,3)"),
                              .invalid = "\"x\"",
                              .complaint = "tensor"};

static bool adjoint_compose(nn_frame *f) {
  if (!nn_expect_ndim(f, 0, 2, NN_MAX_DIMS)) return false;
  return (f->out[0] = t_transpose(f->ctx, f->in[0], f->in[0]->ndim - 2, f->in[0]->ndim - 1)) != NULL;
}
const nn_op nn_op_adjoint = {.name = "adjoint",
                             .doc = "The last two dimensions swapped, a view: x.mT.",
                             .example = "tensor{{1, 2}}:adjoint()\n--> {{1}, {2}}",
                             .params = {{"input", P_TENSOR}},
                             .flags = NN_TENSOR | NN_METHOD,
                             .compose = adjoint_compose,
                             .samples = NN_SAMPLES("R(2,3)", "R(2,3,4)"),
                             .invalid = "R(3)",
                             .complaint = "2"};
