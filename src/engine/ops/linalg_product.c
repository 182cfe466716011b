/* linalg_product.c - products and powers of matrices: matrix_power, matrix_exp, multi_dot, cross, kron and
 * the like. */
#include <math.h>
#include <string.h>

#include "linalg.h"

/* ---- matrix_power ----------------------------------------------------------------------------------- */

/* By repeated squaring. */
static bool power_compose(nn_frame *f) {
  C c = f->ctx;
  T a = f->in[0], y = NULL;
  int64_t n = f->arg[1].i;
  char s[NN_SHAPE_TEXT];
  if (a->dtype != NN_INT64 && !nn_expect_square(f, 0)) return false;
  if (a->ndim < 2 || ROWS(a) != COLS(a))
    return nn_bad(f, "expected square matrices, got shape %s", nn_tensor_shape_text(a, s));
  if (n == 0) {
    T eye = t_eye(c, ROWS(a), (nn_dtype)a->dtype);
    return (f->out[0] = t_add(c, t_muls(c, a, 0), eye)) != NULL;
  }
  if (n < 0) a = t_inv(c, a);
  for (uint64_t k = n < 0 ? 0 - (uint64_t)n : (uint64_t)n; k > 0 && a != NULL; k >>= 1) {
    if (k & 1) y = y ? t_matmul(c, y, a) : a;
    if (k > 1) a = t_matmul(c, a, a);
  }
  return (f->out[0] = a ? y : NULL) != NULL;
}
const nn_op nn_op_matrix_power = {
    .name = "matrix_power",
    .doc = "The n-th power of square matrices [..., n, n]; a negative n is a power of the inverse.",
    .example = "tensor{{2, 0}, {0, 3}}:matrix_power(2)\n--> {{4, 0}, {0, 9}}",
    .params = {{"input", P_TENSOR}, {"n", P_INT}},
    .flags = NN_LINALG | NN_TENSOR | NN_METHOD,
    .compose = power_compose,
    .samples = NN_SAMPLES("R(3,3), 5", "R(2,2,2), 1", "M(3), -2", "R(2,2), 0"),
    .invalid = "R(2,3), 2",
    .complaint = "square"};

/* ---- matrix_exp ------------------------------------------------------------------------------------- */

/* The largest column sum of absolute values of all matrices, read off. */
static double one_norm(C c, T a) {
  bool was = nn_set_grad_enabled(c, false);
  int64_t rows = a->ndim - 2;
  T s = nn_do(c, &nn_op_sum, v_t(t_abs(c, a)), v_ints(1, &rows));
  T m = s ? nn_do(c, &nn_op_amax, v_t(s)) : NULL;
  nn_set_grad_enabled(c, was);
  return m ? nn_item(m) : (double)NAN;
}

/* Taylor's series to the 12th power in the form of Paterson and Stockmeyer 1973 on A / 2^s, whose norm is at
 * most 1/4 so that the rest is below 2^-58, then squared s times (Moler and Van Loan 2003, method 3). */
static bool exp_compose(nn_frame *f) {
  C c = f->ctx;
  T a = f->in[0];
  if (!nn_expect_square(f, 0)) return false;
  if (a->numel == 0) return (f->out[0] = t_muls(c, a, 1)) != NULL;
  double norm = one_norm(c, a), factor[13];
  int squarings = norm > 0.25 && isfinite(norm) ? (int)ceil(log2(norm * 4)) : 0;
  factor[0] = 1;
  for (int i = 1; i <= 12; i++) factor[i] = factor[i - 1] / i;
  T x = squarings > 0 ? t_muls(c, a, ldexp(1, -squarings)) : a, eye = t_eye(c, COLS(a), (nn_dtype)a->dtype);
  T x2 = t_matmul(c, x, x), x3 = t_matmul(c, x2, x), x4 = t_matmul(c, x2, x2), y = t_muls(c, x4, factor[12]);
  for (int block = 2; block >= 0; block--) {
    const double *k = factor + 4 * block;
    T part = t_add(c, t_muls(c, eye, k[0]), t_muls(c, x, k[1]));
    part = t_add(c, part, t_add(c, t_muls(c, x2, k[2]), t_muls(c, x3, k[3])));
    y = t_add(c, part, block == 2 ? y : t_matmul(c, x4, y));
  }
  for (int i = 0; i < squarings; i++) y = t_matmul(c, y, y);
  return (f->out[0] = y) != NULL;
}
const nn_op nn_op_matrix_exp = {.name = "matrix_exp",
                                .doc = "The exponentials of square matrices: the sum of A^k / k!.",
                                .example = "tensor{{0, 1}, {0, 0}}:matrix_exp()\n--> {{1, 1}, {0, 1}}",
                                .params = {{"input", P_TENSOR}},
                                .flags = NN_LINALG | NN_TENSOR | NN_METHOD,
                                .compose = exp_compose,
                                .samples =
                                    NN_SAMPLES("R(3,3)", "R(2,2,2) * 0.1", "M(3)", "T(R(2,2))", "R(0,0)"),
                                .invalid = "R(2,3)",
                                .complaint = "square"};

/* ---- multi_dot -------------------------------------------------------------------------------------- */

enum { CHAIN = 64 };

static T chain(C c, T *x, signed char split[CHAIN][CHAIN], int i, int j) {
  if (i == j) return x[i];
  int k = split[i][j];
  return t_matmul(c, chain(c, x, split, i, k), chain(c, x, split, k + 1, j));
}

/* The cheapest order (Cormen et al. 2009, 15.2). */
static bool multi_dot_compose(nn_frame *f) {
  C c = f->ctx;
  int n = f->n_in;
  T x[CHAIN];
  double cost[CHAIN][CHAIN], size[CHAIN + 1];
  signed char split[CHAIN][CHAIN];
  if (n < 1 || n > CHAIN) return nn_bad(f, "expected 1 to %d matrices, got %d", CHAIN, n);
  for (int i = 0; i < n; i++) {
    bool end = i == 0 || i == n - 1;
    char name[64], s[NN_SHAPE_TEXT];
    x[i] = f->in[i];
    if (x[i]->ndim != 2 && !(end && n > 1 && x[i]->ndim == 1))
      return nn_bad(f, "%s must be a matrix%s, got shape %s", nn_input_name(f, i, name),
                    end ? " or a vector" : "", nn_tensor_shape_text(x[i], s));
    if (x[i]->ndim == 1) x[i] = t_unsqueeze(c, x[i], i == 0 ? 0 : 1);
    if (x[i] == NULL) return false;
    if (i > 0 && size[i] != (double)ROWS(x[i])) {
      char t[NN_SHAPE_TEXT];
      return nn_bad(f, "shapes %s and %s of %s do not fit", nn_tensor_shape_text(f->in[i - 1], s),
                    nn_tensor_shape_text(f->in[i], t), nn_input_name(f, i, name));
    }
    size[i] = (double)ROWS(x[i]), size[i + 1] = (double)COLS(x[i]);
    cost[i][i] = 0;
  }
  for (int length = 2; length <= n; length++)
    for (int i = 0; i + length <= n; i++) {
      int j = i + length - 1;
      cost[i][j] = INFINITY;
      for (int k = i; k < j; k++) {
        double t = cost[i][k] + cost[k + 1][j] + size[i] * size[k + 1] * size[j + 1];
        if (t < cost[i][j]) cost[i][j] = t, split[i][j] = (signed char)k;
      }
    }
  T y = chain(c, x, split, 0, n - 1);
  if (y != NULL && n > 1 && f->in[n - 1]->ndim == 1) y = nn_do(c, &nn_op_squeeze_dim, v_t(y), v_i(1));
  if (y != NULL && n > 1 && f->in[0]->ndim == 1) y = nn_do(c, &nn_op_squeeze_dim, v_t(y), v_i(0));
  return (f->out[0] = y) != NULL;
}
const nn_op nn_op_multi_dot = {
    .name = "multi_dot",
    .doc =
        "The product of several matrices in the order of multiplications that costs least; the first and the last may be\n"
        "vectors.",
    .example = "tensor.linalg.multi_dot({tensor{1, 2}, tensor.eye(2), tensor{3, 4}})\n--> 11",
    .params = {{"tensors", P_TENSORS}},
    .flags = NN_LINALG,
    .compose = multi_dot_compose,
    .samples = NN_SAMPLES("{R(2,3), R(3,4), R(4,2)}", "{R(3), R(3,4), R(4)}", "{R(2,3), R(3)}", "{R(2,2)}",
                          "{R(5,2), R(2,5), R(5,3), R(3,1)}"),
    .invalid = "{R(2,3), R(2,3)}",
    .complaint = "do not fit"};
const nn_op nn_op_chain_matmul = {
    .name = "chain_matmul",
    .doc = "The product of several matrices: the older name of linalg.multi_dot.",
    .example = "tensor.chain_matmul({tensor{{1, 2}}, tensor.eye(2)})\n--> {{1, 2}}",
    .params = {{"matrices", P_TENSORS}},
    .flags = NN_TENSOR,
    .compose = multi_dot_compose,
    .samples = NN_SAMPLES("{R(2,3), R(3,4)}"),
    .invalid = "{R(2,3), R(2,3)}",
    .complaint = "do not fit"};

/* ---- cross, vecdot ---------------------------------------------------------------------------------- */

static T rolled(C c, T x, int64_t by, int64_t dim) {
  return x ? nn_do(c, &nn_op_roll, v_t(x), v_ints(1, &by), v_ints(1, &dim)) : NULL;
}

static bool cross_compose(nn_frame *f) {
  C c = f->ctx;
  T a = f->in[0], b = f->in[1];
  int64_t dim = f->arg[2].tag == NN_V_INT ? f->arg[2].i : -1, shape[NN_MAX_DIMS];
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  int n;
  if (!nn_broadcast_shapes(a->ndim, a->shape, b->ndim, b->shape, &n, shape))
    return nn_bad(f, "shapes %s and %s do not broadcast", nn_tensor_shape_text(a, s),
                  nn_tensor_shape_text(b, t));
  a = t_expand(c, a, n, shape), b = t_expand(c, b, n, shape);
  if (a == NULL || b == NULL) return false;
  if (f->arg[2].tag == NN_V_NONE)
    for (dim = 0; dim < n - 1 && shape[dim] != 3;) dim++;
  if (!nn_resolve_dim(f, &dim, n, "dim")) return false;
  if (n == 0 || shape[dim] != 3)
    return nn_bad(f, "dimension %lld must have size 3, got shapes %s and %s", (long long)dim + 1,
                  nn_tensor_shape_text(f->in[0], s), nn_tensor_shape_text(f->in[1], t));
  f->out[0] = t_sub(c, t_mul(c, rolled(c, a, -1, dim), rolled(c, b, -2, dim)),
                    t_mul(c, rolled(c, a, -2, dim), rolled(c, b, -1, dim)));
  return f->out[0] != NULL;
}
#define CROSS_REST                                                                                           \
  .compose = cross_compose,                                                                                  \
  .samples = NN_SAMPLES("R(3), R(3)", "R(2,3), R(3)", "R(3,2), R(3,2), {dim = 1}"), .invalid = "R(2), R(2)", \
  .complaint = "must have size 3"
const nn_op nn_op_linalg_cross = {
    .name = "cross.linalg",
    .doc =
        "The cross product of vectors of three elements along a dimension, by default the last; the others broadcast.",
    .example = "tensor.linalg.cross(tensor{1, 0, 0}, tensor{0, 1, 0})\n--> {0, 0, 1}",
    .params = {{"input", P_TENSOR}, {"other", P_TENSOR}, {"dim", P_POSITION, "-1", .keyword = true}},
    .flags = NN_LINALG | NN_PROMOTES,
    CROSS_REST};
const nn_op nn_op_cross = {
    .name = "cross",
    .doc =
        "The cross product of vectors of three elements along a dimension, by default the first that has three.",
    .example = "tensor{1, 0, 0}:cross(tensor{0, 1, 0})\n--> {0, 0, 1}",
    .params = {{"input", P_TENSOR}, {"other", P_TENSOR}, {"dim", P_POSITION, "nil"}},
    .flags = NN_TENSOR | NN_METHOD | NN_PROMOTES,
    CROSS_REST};

static bool vecdot_compose(nn_frame *f) {
  C c = f->ctx;
  T y = t_mul(c, f->in[0], f->in[1]);
  int64_t dim = f->arg[2].i;
  if (y == NULL || !nn_resolve_dim(f, &dim, y->ndim, "dim")) return false;
  return (f->out[0] = nn_do(c, &nn_op_sum, v_t(y), v_ints(1, &dim))) != NULL;
}
const nn_op nn_op_vecdot = {
    .name = "vecdot",
    .doc = "The sum of the products of the elements of two tensors along a dimension; the others broadcast.",
    .example = "tensor.linalg.vecdot(tensor{{1, 2}, {3, 4}}, tensor{1, 1})\n--> {3, 7}",
    .params = {{"x", P_TENSOR}, {"y", P_TENSOR}, {"dim", P_POSITION, "-1", .keyword = true}},
    .flags = NN_LINALG | NN_PROMOTES,
    .compose = vecdot_compose,
    .samples = NN_SAMPLES("R(2,3), R(3)", "R(2,3), R(2,1), {dim = 1}"),
    .invalid = "R(2), R(3)",
    .complaint = "do not broadcast"};

/* ---- the same under the names of linalg ------------------------------------------------------------- */

const nn_op nn_op_linalg_matmul = {.name = "matmul.linalg",
                                   .doc = "Matrix product: the same as tensor.matmul.",
                                   .example =
                                       "tensor.linalg.matmul(tensor{{1, 2}}, tensor{{3}, {4}})\n--> {{11}}",
                                   .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},
                                   .flags = NN_LINALG,
                                   .compose = nn_same_as,
                                   .data = &nn_op_matmul,
                                   .samples = NN_SAMPLES("R(2,3), R(3,4)"),
                                   .invalid = "R(2,3), R(2,3)",
                                   .complaint = "do not fit"};

static bool linalg_diagonal_compose(nn_frame *f) {
  f->out[0] = nn_do(f->ctx, &nn_op_diagonal, v_t(f->in[0]), f->arg[1], f->arg[2], f->arg[3]);
  return f->out[0] != NULL;
}
const nn_op nn_op_linalg_diagonal = {
    .name = "diagonal.linalg",
    .doc = "A view on the diagonals of matrices, by default of those in the last two dimensions.",
    .example = "tensor.linalg.diagonal(tensor{{1, 2}, {3, 4}})\n--> {1, 4}",
    .params = {{"A", P_TENSOR},
               {"offset", P_INT, "0", .keyword = true},
               {"dim1", P_DIM, "-2", .keyword = true},
               {"dim2", P_DIM, "-1", .keyword = true}},
    .flags = NN_LINALG,
    .compose = linalg_diagonal_compose,
    .samples = NN_SAMPLES("R(2,3,3)", "R(3,2,3), {offset = 1, dim1 = 1}"),
    .invalid = "R(2,2), {dim1 = 2}",
    .complaint = "must differ"};

/* ---- tensorinv, tensorsolve ------------------------------------------------------------------------- */

static int64_t product_of(const int64_t *shape, int from, int to) {
  int64_t n = 1;
  for (int d = from; d < to; d++) n *= shape[d];
  return n;
}

static bool tensorinv_compose(nn_frame *f) {
  C c = f->ctx;
  T a = f->in[0];
  int64_t ind = f->arg[1].i, shape[NN_MAX_DIMS];
  char s[NN_SHAPE_TEXT];
  if (ind < 1 || ind >= a->ndim)
    return nn_bad(f, "ind must be from 1 to %d, got %lld", a->ndim - 1, (long long)ind);
  int64_t m = product_of(a->shape, 0, (int)ind), n = product_of(a->shape, (int)ind, a->ndim);
  if (m != n)
    return nn_bad(f, "the first %lld sizes of %s must have the same product as the others", (long long)ind,
                  nn_tensor_shape_text(a, s));
  int64_t flat[2] = {m, n};
  for (int d = 0; d < a->ndim; d++) shape[d] = a->shape[(d + ind) % a->ndim];
  return (f->out[0] = t_reshape(c, t_inv(c, t_reshape(c, a, 2, flat)), a->ndim, shape)) != NULL;
}
const nn_op nn_op_tensorinv = {
    .name = "tensorinv",
    .doc =
        "The inverse of what tensordot(A, ind) does: A is taken as a square matrix from its last sizes to its first ind.",
    .example = "tensor.linalg.tensorinv(tensor.eye(4):reshape(4, 2, 2), 1).shape\n--> {2, 2, 4}",
    .params = {{"A", P_TENSOR}, {"ind", P_INT, "2"}},
    .flags = NN_LINALG,
    .compose = tensorinv_compose,
    .samples = NN_SAMPLES("M(4):reshape(4,2,2), 1", "M(4):reshape(2,2,4)"),
    .invalid = "R(2,3), 1",
    .complaint = "same product"};

static bool tensorsolve_compose(nn_frame *f) {
  C c = f->ctx;
  T a = f->in[0], b = f->in[1];
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  if (nn_given(f, 2)) {
    int64_t order[NN_MAX_DIMS];
    int n = 0;
    uint32_t last = nn_dim_mask(&f->arg[2], a->ndim);
    for (int d = 0; d < a->ndim; d++)
      if (!(last >> d & 1)) order[n++] = d;
    for (int i = 0; i < f->arg[2].n; i++) order[n++] = f->arg[2].ints[i];
    a = t_permute(c, a, a->ndim, order);
    if (a == NULL) return false;
  }
  int64_t m = product_of(b->shape, 0, b->ndim), rows[2] = {m, m}, flat = m;
  if (a->ndim < b->ndim || product_of(a->shape, b->ndim, a->ndim) != m || a->numel != m * m)
    return nn_bad(f,
                  "A of shape %s and B of shape %s do not fit: A must be square as a matrix to B's elements",
                  nn_tensor_shape_text(f->in[0], s), nn_tensor_shape_text(b, t));
  T x = nn_do(c, &nn_op_solve, v_t(t_reshape(c, a, 2, rows)), v_t(t_reshape(c, b, 1, &flat)));
  return (f->out[0] = t_reshape(c, x, a->ndim - b->ndim, a->shape + b->ndim)) != NULL;
}
const nn_op nn_op_tensorsolve = {
    .name = "tensorsolve",
    .doc =
        "X with tensordot(A, X) = B over all dimensions of X; the dimensions in dims are moved to A's end first.",
    .example =
        "tensor.linalg.tensorsolve(tensor.eye(4):reshape(2, 2, 4), tensor{{1, 2}, {3, 4}})\n--> {1, 2, 3, 4}",
    .params = {{"A", P_TENSOR}, {"B", P_TENSOR}, {"dims", P_DIMS, "nil"}},
    .flags = NN_LINALG,
    .compose = tensorsolve_compose,
    .samples = NN_SAMPLES("M(4):reshape(2,2,4), R(2,2)", "M(4):reshape(2,4,2), R(2,2), {2}"),
    .invalid = "R(2,3), R(2)",
    .complaint = "do not fit"};
