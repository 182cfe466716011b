/* cdist.c - distances between all pairs of two sets of points. */
#include "expr.h"

enum { MANY = 25 }; /* points from which on a product pays */

/* |a - b|^2 = |a|^2 - 2 a b + |b|^2, one product for all pairs; what rounding makes negative is 0. As PyTorch does where
 * one of the sets has more than 25 points. Equal points get a distance near, not exactly, zero. */
static T by_product(C c, T a, T b) {
  const int64_t last_a = a->ndim - 1, last_b = b->ndim - 1;
  T aa = nn_do(c, &nn_op_sum_squares, v_t(a), v_ints(1, &last_a), v_b(true));
  T bb = nn_do(c, &nn_op_sum_squares, v_t(b), v_ints(1, &last_b), v_b(true));
  T ab = nn_do(c, &nn_op_matmul, v_t(t_muls(c, a, -2)), v_t(t_transpose(c, b, b->ndim - 2, b->ndim - 1)));
  if (aa == NULL || bb == NULL || ab == NULL) return NULL;
  T squares = t_add(c, t_add(c, ab, aa), t_transpose(c, bb, bb->ndim - 2, bb->ndim - 1));
  T zero = squares ? nn_keep(c, nn_scalar(c, (nn_dtype)squares->dtype, 0)) : NULL;
  T one = zero ? nn_keep(c, nn_scalar(c, (nn_dtype)squares->dtype, 1)) : NULL;
  T apart = one ? nn_do(c, &nn_op_gt, v_t(squares), v_t(zero)) : NULL;
  T inner = apart ? nn_do(c, &nn_op_where, v_t(apart), v_t(squares), v_t(one)) : NULL;
  T roots = inner ? nn_do(c, &nn_op_sqrt, v_t(inner)) : NULL;
  return roots ? nn_do(c, &nn_op_where, v_t(apart), v_t(roots), v_t(zero)) : NULL;
}

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
  const int64_t pa = a->shape[a->ndim - 2], pb = b->shape[b->ndim - 2];
  if (p == 2 && (pa > MANY || pb > MANY) && la > 0) return (f->out[0] = by_product(c, a, b)) != NULL;
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
    .samples = NN_SAMPLES("R(3,2), R(4,2)", "R(2,3,2), R(4,2), 1", "R(3,2), T(R(2,2)), 3", "R(3,2), R(26,2)"),
    .invalid = "R(3,2), R(3,3)",
    .complaint = "points of x1 have 2 coordinates, those of x2 3"};
