/* compare.c - elementwise comparisons and predicates: rows with a bool result and no gradient. */
#include "elementwise.h"
#include "expr.h"

#define COMPARE(id, loop_, doc_, example_) \
  const nn_op nn_op_##id = { \
      .name = #id, .doc = doc_, .example = example_, .params = {{"input", P_TENSOR}, {"other", P_TENSOR}}, \
      .flags = NN_DIRECT | NN_TENSOR | NN_METHOD | NN_INPLACE | NN_PROMOTES | NN_BROADCASTS | NN_BOOL_OUT | NN_NO_GRAD, \
      .infer = nn_elementwise_infer, .kernel = nn_elementwise_kernel, .data = NN_EW(EW_COMPARE, loop_), \
      .samples = NN_SAMPLES("R(2,3), R(3)", "I(3,4), I(3,4)", "R(3), 0"), .invalid = "R(2,3), R(4)", \
      .complaint = "do not broadcast"};

COMPARE(eq, NN_COMPARE_EQ, "Where the elements are equal. (== in Lua asks whether two tensors are the same object.)",
        "tensor{1, 2, 3}:eq(2)\n--> {false, true, false}")
COMPARE(ne, NN_COMPARE_NE, "Where the elements differ.", "tensor{1, 2, 3}:ne(2)\n--> {true, false, true}")
COMPARE(lt, NN_COMPARE_LT, "Where input is less than other.", "tensor{1, 2, 3}:lt(2)\n--> {true, false, false}")
COMPARE(le, NN_COMPARE_LE, "Where input is less than or equal to other.", "tensor{1, 2, 3}:le(2)\n--> {true, true, false}")
COMPARE(gt, NN_COMPARE_GT, "Where input is greater than other.", "tensor{1, 2, 3}:gt(2)\n--> {false, false, true}")
COMPARE(ge, NN_COMPARE_GE, "Where input is greater than or equal to other.", "tensor{1, 2, 3}:ge(2)\n--> {false, true, true}")

/* Integers are never NaN or infinite. */
static bool predicate_infer(nn_frame *f) {
  nn_spec_like(f, 0, f->in[0]);
  f->spec[0].dtype = NN_BOOL;
  return true;
}

static bool predicate_kernel(nn_frame *f) {
  const nn_elementwise *e = f->op->data;
  if (e->loop == NN_PREDICATE_LOGICAL_NOT || nn_is_float((nn_dtype)f->in[0]->dtype)) return nn_elementwise_kernel(f);
  bool value = e->loop == NN_PREDICATE_ISFINITE;
  NN_SELECT(nn_vmath)->fill(f->out[0]->numel, &value, f->out[0]->data, 1);
  return true;
}

#define PREDICATE(id, loop_, flags_, doc_, example_) \
  const nn_op nn_op_##id = { \
      .name = #id, .doc = doc_, .example = example_, .params = {{"input", P_TENSOR}}, \
      .flags = NN_TENSOR | NN_METHOD | NN_NO_GRAD | flags_, .infer = predicate_infer, .kernel = predicate_kernel, \
      .data = NN_EW(EW_PREDICATE, loop_), .samples = NN_SAMPLES("R(2,3)", "I(3,4)", "T(R(3,2))"), .invalid = "\"x\"", \
      .complaint = "tensor"};

PREDICATE(isnan, NN_PREDICATE_ISNAN, 0, "Where an element is NaN (not a number).", "tensor{1, 0/0}:isnan()\n--> {false, true}")
PREDICATE(isinf, NN_PREDICATE_ISINF, 0, "Where an element is infinite.", "tensor{1, 1/0}:isinf()\n--> {false, true}")
PREDICATE(isfinite, NN_PREDICATE_ISFINITE, 0, "Where an element is neither infinite nor NaN.", "tensor{1, 1/0}:isfinite()\n--> {true, false}")
PREDICATE(logical_not, NN_PREDICATE_LOGICAL_NOT, NN_INPLACE, "True where an element is zero. Operator ~ of a bool tensor.",
          "tensor{0, 2}:logical_not()\n--> {true, false}")
