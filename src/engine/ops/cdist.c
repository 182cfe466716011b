/* cdist.c - distances between all pairs of two sets of points. */
#include "expr.h"

static bool cdist_compose(nn_frame *f) {
  C c = f->ctx;
  T a = f->in[0], b = f->in[1];
  if (!nn_expect_float(f, 0) || !nn_expect_float(f, 1)) return false;
  if (!nn_expect_ndim(f, 0, 2, NN_MAX_DIMS - 1) || !nn_expect_ndim(f, 1, 2, NN_MAX_DIMS - 1)) return false;
  int64_t la = a->shape[a->ndim - 1], lb = b->shape[b->ndim - 1];
  if (la != lb)
    return nn_bad(f, "points of x1 have %lld coordinates, those of x2 %lld", (long long)la, (long long)lb);
  double p = f->arg[2].tag == NN_V_FLOAT ? f->arg[2].f : (double)f->arg[2].i;
  if (!(p >= 0)) return nn_bad(f, "p must not be negative, got %g", p);
  T d = t_sub(c, t_unsqueeze(c, a, a->ndim - 1), t_unsqueeze(c, b, b->ndim - 2));
  const int64_t last = d ? d->ndim - 1 : 0;
  return (f->out[0] = d ? nn_do(c, &nn_op_norm, v_t(d), f->arg[2], v_ints(1, &last)) : NULL) != NULL;
}

const nn_op nn_op_cdist = {
    .name = "cdist",
    .doc = "The distance, by the p-norm, of each point of x1 [.., P, M] from each of x2 [.., R, M]: [..,\n"
           "P, R]. Dimensions before these broadcast. p is 2 for the usual distance, math.huge for the\n"
           "largest difference.",
    .example = "tensor.cdist(tensor{{0, 0}, {3, 4}}, tensor{{0, 0}})\n--> {{0}, {5}}",
    .params = {{"x1", P_TENSOR}, {"x2", P_TENSOR}, {"p", P_NUMBER, "2"}},
    .flags = NN_TENSOR | NN_PROMOTES | NN_FLOATS,
    .compose = cdist_compose,
    .samples = NN_SAMPLES("R(3,2), R(4,2)", "R(2,3,2), R(4,2), 1", "R(3,2), T(R(2,2)), 3"),
    .invalid = "R(3,2), R(3,3)",
    .complaint = "points of x1 have 2 coordinates, those of x2 3"};
