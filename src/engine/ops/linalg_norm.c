/* linalg_norm.c - norms of vectors and matrices, and the condition number. */
#include <math.h>

#include "linalg.h"

static double number(const nn_value *v) { return v->tag == NN_V_INT ? (double)v->i : v->f; }

enum { FRO, NUC, BY_NUMBER };

static T converted(C c, T x, const nn_value *dtype) {
  return x && dtype->tag == NN_V_DTYPE && dtype->dtype != (nn_dtype)x->dtype ? t_to(c, x, dtype->dtype) : x;
}

/* Largest or smallest along a dimension. */
static T t_extreme(C c, T x, bool largest, int64_t dim, bool keepdim) {
  return x ? nn_do(c, largest ? &nn_op_amax : &nn_op_amin, v_t(x), v_ints(1, &dim), v_b(keepdim)) : NULL;
}
static T t_sum(C c, T x, int64_t dim, bool keepdim) {
  return x ? nn_do(c, &nn_op_sum, v_t(x), v_ints(1, &dim), v_b(keepdim)) : NULL;
}

static T vector_norm(C c, T x, double p, const nn_value *dims, bool keepdim) {
  return x ? nn_do(c, &nn_op_norm, v_t(x), v_f(p), *dims, v_b(keepdim)) : NULL;
}

/* The singular values of the matrices in dimensions rows and cols: those come last. */
static T singular_values(C c, T x, int64_t rows, int64_t cols) {
  int64_t order[NN_MAX_DIMS];
  int n = 0;
  for (int d = 0; d < x->ndim; d++)
    if (d != rows && d != cols) order[n++] = d;
  order[n] = rows, order[n + 1] = cols;
  T y = t_permute(c, x, x->ndim, order);
  return y ? nn_do(c, &nn_op_svdvals, v_t(y)) : NULL;
}

/* Golub and Van Loan 2013, 2.3. */
static T matrix_norm(nn_frame *f, T x, int kind, double p, int64_t rows, int64_t cols, bool keepdim) {
  C c = f->ctx;
  int64_t both[2] = {rows, cols};
  nn_value dims = v_ints(2, both);
  if (kind == FRO) return vector_norm(c, x, 2, &dims, keepdim);
  T y;
  if (kind == NUC || fabs(p) == 2) {
    if (!nn_expect_lapack(f)) return NULL;
    T s = singular_values(c, x, rows, cols);
    if (s == NULL) return NULL;
    y = kind == NUC ? t_sum(c, s, s->ndim - 1, false) : t_extreme(c, s, p > 0, s->ndim - 1, false);
    if (y == NULL || !keepdim) return y;
    y = t_unsqueeze(c, y, rows < cols ? rows : cols);
    return t_unsqueeze(c, y, rows < cols ? cols : rows);
  }
  if (fabs(p) != 1 && !isinf(p)) {
    nn_bad(f, "the ord of a matrix is \"fro\", \"nuc\", 1, -1, 2, -2, math.huge or -math.huge, got %g", p);
    return NULL;
  }
  int64_t summed = isinf(p) ? cols : rows, kept = isinf(p) ? rows : cols;
  y = t_extreme(c, t_sum(c, t_abs(c, x), summed, true), p > 0, kept, true);
  if (y == NULL || keepdim) return y;
  y = nn_do(c, &nn_op_squeeze_dim, v_t(y), v_ints(2, both));
  return y;
}

/* ---- vector_norm, matrix_norm ----------------------------------------------------------------------- */

static bool vector_norm_compose(nn_frame *f) {
  if (!nn_expect_float(f, 0)) return false;
  f->out[0] = vector_norm(f->ctx, converted(f->ctx, f->in[0], &f->arg[4]), number(&f->arg[1]), &f->arg[2],
                          f->arg[3].b);
  return f->out[0] != NULL;
}

#define DIM                                                                                                  \
  { "dim", P_DIMS, "nil" }
#define KEEP                                                                                                 \
  { "keepdim", P_BOOL, "false" }
#define TYPE                                                                                                 \
  { "dtype", P_DTYPE, "nil", .keyword = true }
const nn_op nn_op_vector_norm = {
    .name = "vector_norm",
    .doc =
        "The norm (sum |x|^ord)^(1/ord) of all elements or over given dimensions, whatever the shape: math.huge gives the\n"
        "largest |x|, -math.huge the smallest, 0 how many are not zero. The gradient of the 2-norm at 0 is 0.",
    .example = "tensor.linalg.vector_norm(tensor{3, 4})\n--> 5",
    .params = {{"x", P_TENSOR}, {"ord", P_NUMBER, "2"}, DIM, KEEP, TYPE},
    .flags = NN_LINALG,
    .compose = vector_norm_compose,
    .samples = NN_SAMPLES("N(2,3)", "N(2,3), 1, 2", "N(2,3), 3, {1,2}, true", "D(2,3), math.huge",
                          "D(2,3), -math.huge, 1"),
    .invalid = "I(3,2)",
    .complaint = "float"};

static bool matrix_norm_compose(nn_frame *f) {
  bool by_name = f->op->data == NULL;
  if (!nn_expect_matrix(f, 0)) return false;
  T x = converted(f->ctx, f->in[0], &f->arg[4]);
  if (x == NULL) return false;
  int64_t last[2] = {x->ndim - 2, x->ndim - 1};
  const int64_t *dims = f->arg[2].tag == NN_V_INTS ? f->arg[2].ints : last;
  if (f->arg[2].tag == NN_V_INTS && f->arg[2].n != 2)
    return nn_bad(f, "dim must name two dimensions, got %d", f->arg[2].n);
  f->out[0] = matrix_norm(f, x, by_name ? (int)f->arg[1].i : BY_NUMBER, by_name ? 0 : number(&f->arg[1]),
                          dims[0], dims[1], f->arg[3].b);
  return f->out[0] != NULL;
}
const nn_op nn_op_matrix_norm = {
    .name = "matrix_norm",
    .doc =
        "Norms of the matrices in two dimensions, by default the last ones: \"fro\", the root of the sum of squares, or \"nuc\",\n"
        "the sum of the singular values.",
    .example = "tensor.linalg.matrix_norm(tensor{{3, 4}})\n--> 5",
    .params = {{"A", P_TENSOR}, {"ord", P_CHOICE, "fro", .choices = "fro|nuc"}, DIM, KEEP, TYPE},
    .flags = NN_LINALG,
    .compose = matrix_norm_compose,
    .samples = NN_SAMPLES("N(2,3)", "S(3), \"nuc\"", "N(2,3,2), \"nuc\", {3, 1}, true"),
    .invalid = "R(3)",
    .complaint = "must be a matrix"};
const nn_op nn_op_matrix_norm_ord = {
    .name = "matrix_norm.ord",
    .doc =
        "Norms of matrices by number: 1 and -1 the largest and smallest column sum of absolute values, math.huge and -math.huge\n"
        "row sums, 2 and -2 the largest and smallest singular value.",
    .example = "tensor.linalg.matrix_norm(tensor{{3, 4}, {-1, 1}}, 1)\n--> 5",
    .params = {{"A", P_TENSOR}, {"ord", P_NUMBER}, DIM, KEEP, TYPE},
    .flags = NN_LINALG,
    .compose = matrix_norm_compose,
    .data = "",
    .samples = NN_SAMPLES("D(2,3), 1", "D(2,3), -math.huge", "S(3), 2", "S(3), -2",
                          "D(2,3,2), math.huge, {3, 1}, true"),
    .invalid = "R(3,3), 3",
    .complaint = "the ord of a matrix"};

/* ---- norm ------------------------------------------------------------------------------------------- */

/* Of one dimension (or a vector) that of vectors, of two (or a matrix) that of matrices; without ord the root
 * of the sum of squares. */
static bool norm_compose(nn_frame *f) {
  C c = f->ctx;
  bool by_name = f->op->data != NULL, has_ord = f->arg[1].tag != NN_V_NONE, keep = f->arg[3].b;
  if (!nn_expect_float(f, 0)) return false;
  T x = converted(c, f->in[0], &f->arg[4]);
  if (x == NULL) return false;
  nn_value dims = f->arg[2];
  bool all = dims.tag != NN_V_INTS || dims.n == 0;
  if (!has_ord) return (f->out[0] = vector_norm(c, x, 2, &dims, keep)) != NULL;
  int n = all ? x->ndim : dims.n;
  if (n != 2 && (n != 1 || by_name)) {
    char s[NN_SHAPE_TEXT];
    return nn_bad(f, "with ord, dim must name %s of shape %s",
                  by_name ? "two dimensions" : "one or two dimensions", nn_tensor_shape_text(x, s));
  }
  if (n == 1) return (f->out[0] = vector_norm(c, x, number(&f->arg[1]), &dims, keep)) != NULL;
  f->out[0] = matrix_norm(f, x, by_name ? (int)f->arg[1].i : BY_NUMBER, by_name ? 0 : number(&f->arg[1]),
                          all ? 0 : dims.ints[0], all ? 1 : dims.ints[1], keep);
  return f->out[0] != NULL;
}
const nn_op nn_op_linalg_norm = {
    .name = "norm.linalg",
    .doc =
        "The norm of a vector or a matrix, or over one or two dimensions. Without ord the root of the sum of squares of all\n"
        "elements; with it linalg.vector_norm over one dimension, linalg.matrix_norm over two.",
    .example = "tensor.linalg.norm(tensor{{3, 4}, {-1, 1}}, math.huge)\n--> 7",
    .params = {{"A", P_TENSOR}, {"ord", P_NUMBER, "nil"}, DIM, KEEP, TYPE},
    .flags = NN_LINALG,
    .compose = norm_compose,
    .samples = NN_SAMPLES("N(2,3)", "N(2,3), 1", "N(3), 3", "N(2,3,2), nil, {1, 3}",
                          "D(2,3,2), math.huge, 2, true", "N(2,3,2), 1, {3, 1}"),
    .invalid = "R(2,2,2), 1",
    .complaint = "dim must name"};
const nn_op nn_op_linalg_norm_name = {
    .name = "norm.linalg_name",
    .doc = "The norm \"fro\" or \"nuc\" of a matrix or over two dimensions, see linalg.matrix_norm.",
    .example = "tensor.linalg.norm(tensor{{3, 4}}, \"fro\")\n--> 5",
    .params = {{"A", P_TENSOR}, {"ord", P_CHOICE, NULL, .choices = "fro|nuc"}, DIM, KEEP, TYPE},
    .flags = NN_LINALG,
    .compose = norm_compose,
    .data = "",
    .samples = NN_SAMPLES("N(2,3), \"fro\"", "S(3), \"nuc\"", "N(2,3,2), \"fro\", {1, 3}"),
    .invalid = "R(3), \"nuc\"",
    .complaint = "two dimensions"};

/* ---- cond ------------------------------------------------------------------------------------------- */

static bool cond_compose(nn_frame *f) {
  C c = f->ctx;
  bool by_name = f->op->data != NULL;
  double p = by_name ? 0 : f->arg[1].tag == NN_V_NONE ? 2 : number(&f->arg[1]);
  if (!nn_expect_matrix(f, 0) || !nn_expect_lapack(f)) return false;
  T x = f->in[0];
  int64_t rows = x->ndim - 2, cols = x->ndim - 1;
  if (!by_name && fabs(p) == 2) {
    T s = nn_do(c, &nn_op_svdvals, v_t(x));
    T large = t_extreme(c, s, true, rows, false), small = t_extreme(c, s, false, rows, false);
    return (f->out[0] = p > 0 ? t_div(c, large, small) : t_div(c, small, large)) != NULL;
  }
  if (!nn_expect_square(f, 0)) return false;
  int kind = by_name ? (int)f->arg[1].i : BY_NUMBER;
  T n = matrix_norm(f, x, kind, p, rows, cols, false), y = t_inv(c, x);
  return (f->out[0] = t_mul(c, n, y ? matrix_norm(f, y, kind, p, rows, cols, false) : NULL)) != NULL;
}
const nn_op nn_op_cond = {
    .name = "cond",
    .doc =
        "The condition numbers of matrices: the largest singular value divided by the smallest (p = -2: the inverse of that),\n"
        "for other p the norm of A times the norm of its inverse.",
    .example = "tensor.linalg.cond(tensor{{4, 0}, {0, 2}})\n--> 2",
    .params = {{"A", P_TENSOR}, {"p", P_NUMBER, "nil"}},
    .flags = NN_LINALG,
    .compose = cond_compose,
    .samples = NN_SAMPLES("S(3)", "S(3)[{ {}, {1, 2} }]", "M(3), 1", "S(2,3), -2"),
    .invalid = "R(2,3), 1",
    .complaint = "square"};
const nn_op nn_op_cond_name = {
    .name = "cond.name",
    .doc = "The condition number by the norm \"fro\" or \"nuc\": that of A times that of its inverse.",
    .example = "tensor.linalg.cond(tensor{{2}}, \"fro\")\n--> 1",
    .params = {{"A", P_TENSOR}, {"p", P_CHOICE, NULL, .choices = "fro|nuc"}},
    .flags = NN_LINALG,
    .compose = cond_compose,
    .data = "",
    .samples = NN_SAMPLES("M(3), \"fro\"", "S(3), \"nuc\""),
    .invalid = "R(2,3), \"fro\"",
    .complaint = "square"};
