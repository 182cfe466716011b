/* matmul.c - products of matrices and vectors in all their shapes, with products of OpenBLAS or our own (blas.h).
 * Transposed operands are passed as they lie in memory. */
#include <string.h>

#include "blas.h"
#include "expr.h"
#include "interrupt.h"
#include "later.h"
#include "reduction.h"

#define M(t) ((t)->shape[(t)->ndim - 2])
#define N(t) ((t)->shape[(t)->ndim - 1])

static T t_transpose_last(C c, T x) {
  return x ? nn_do(c, &nn_op_transpose, v_t(x), v_i(x->ndim - 2), v_i(x->ndim - 1)) : NULL;
}
static T t_bmm(C c, T a, T b) { return a && b ? nn_do(c, &nn_op_bmm, v_t(a), v_t(b)) : NULL; }
static T t_mm(C c, T a, T b) { return a && b ? nn_do(c, &nn_op_mm, v_t(a), v_t(b)) : NULL; }

/* ---- one matrix as the product sees it -------------------------------------------------------------- */

typedef struct operand {
  const void *data;
  bool transposed;
  int64_t ld, batch; /* elements from row to row as stored, and from matrix to matrix */
} operand;

/* The last two dimensions of t; false when neither of them is dense in memory. */
static bool lies_densely(const nn_tensor *t, operand *o) {
  int64_t rows = M(t), cols = N(t), rs = t->stride[t->ndim - 2], cs = t->stride[t->ndim - 1];
  o->data = t->data;
  o->batch = t->ndim > 2 ? t->stride[0] : 0;
  if ((cs == 1 || cols == 1) && (rs >= cols || rows == 1)) {
    o->transposed = false;
    o->ld = rows == 1 || rs < cols ? (cols > 0 ? cols : 1) : rs;
    return true;
  }
  if ((rs == 1 || rows == 1) && (cs >= rows || cols == 1)) {
    o->transposed = true;
    o->ld = cols == 1 || cs < rows ? (rows > 0 ? rows : 1) : cs;
    return true;
  }
  return false;
}

/* The last two dimensions of in[i], copied only when neither of them is dense in memory. */
static bool look_at(nn_frame *f, int i, operand *o) {
  if (lies_densely(f->in[i], o)) return true;
  const nn_tensor *t = nn_dense(f, i);
  return t != NULL && lies_densely(t, o);
}

/* out = alpha * in[a] in[b] + beta * out; batched when out has three dimensions. Integers go by plain loops. */
static bool integer_product(nn_frame *f, int a, int b) {
  const nn_tensor *x = nn_dense(f, a), *y = nn_dense(f, b);
  nn_tensor *z = f->out[0];
  if (x == NULL || y == NULL) return false;
  int64_t batch = z->ndim > 2 ? z->shape[0] : 1, m = M(x), k = N(x), n = N(y);
  const int64_t *p = (const int64_t *)(const void *)x->data, *q = (const int64_t *)(const void *)y->data;
  int64_t *r = (int64_t *)(void *)z->data;
  memset(r, 0, (size_t)z->numel * sizeof *r);
  for (int64_t s = 0; s < batch; s++, p += m * k, q += k * n, r += m * n)
    for (int64_t i = 0; i < m && !nn_interrupted(); i++)
      for (int64_t l = 0; l < k && !nn_interrupted(); l++)
        for (int64_t j = 0; j < n; j++)
          r[i * n + j] = (int64_t)((uint64_t)r[i * n + j] + (uint64_t)p[i * k + l] * (uint64_t)q[l * n + j]);
  return true;
}

static bool product(nn_frame *f, int a, int b, double alpha, double beta) {
  nn_tensor *out = f->out[0];
  if (out->dtype == NN_INT64) return integer_product(f, a, b);
  operand x, y;
  if (out->numel == 0) return true;
  if (!look_at(f, a, &x) || !look_at(f, b, &y)) return false;
  int64_t m = M(f->in[a]), k = N(f->in[a]), n = N(f->in[b]);
  int64_t batch = out->ndim > 2 ? out->shape[0] : 1;
  if (batch == 1) {
    if (out->dtype == NN_FLOAT32)
      return nn_gemm_f32(x.transposed, y.transposed, m, n, k, (float)alpha, x.data, x.ld, y.data, y.ld, (float)beta,
                         (float *)(void *)out->data, n);
    return nn_gemm_f64(x.transposed, y.transposed, m, n, k, alpha, x.data, x.ld, y.data, y.ld, beta,
                       (double *)(void *)out->data, n);
  }
  if (out->dtype == NN_FLOAT32)
    return nn_gemm_batched_f32(x.transposed, y.transposed, m, n, k, (float)alpha, x.data, x.ld, x.batch, y.data, y.ld,
                               y.batch, (float)beta, (float *)(void *)out->data, n, m * n, batch);
  return nn_gemm_batched_f64(x.transposed, y.transposed, m, n, k, alpha, x.data, x.ld, x.batch, y.data, y.ld, y.batch, beta,
                             (double *)(void *)out->data, n, m * n, batch);
}

static bool multipliable(nn_frame *f, int a, int b) {
  const nn_tensor *x = f->in[a], *y = f->in[b];
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT], p[64], q[64];
  if (!nn_expect_same_dtype(f, a, b)) return false;
  if (!nn_is_float((nn_dtype)x->dtype) && x->dtype != NN_INT64)
    return nn_bad(f, "is not defined for %s; convert with x:to(\"float32\")", nn_dtype_name((nn_dtype)x->dtype));
  if (N(x) == M(y)) return true;
  return nn_bad(f, "%s of shape %s and %s of shape %s do not fit: the columns of the first (%lld) must be as many as the rows of "
                   "the second (%lld)", nn_input_name(f, a, p), nn_tensor_shape_text(x, s), nn_input_name(f, b, q),
                nn_tensor_shape_text(y, t), (long long)N(x), (long long)M(y));
}

/* ---- mm, bmm ---------------------------------------------------------------------------------------- */

static bool mm_infer(nn_frame *f) {
  if (!nn_expect_ndim(f, 0, 2, 2) || !nn_expect_ndim(f, 1, 2, 2) || !multipliable(f, 0, 1)) return false;
  int64_t shape[2] = {M(f->in[0]), N(f->in[1])};
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, 2, shape);
  return true;
}

static bool mm_kernel(nn_frame *f) { return product(f, 0, 1, 1, 0); }

/* Two matrices that fit and lie densely. */
static nn_tensor *quick_mm(nn_ctx *c, const nn_value *args, int n_args) {
  if (n_args != 2 || args[0].tag != NN_V_TENSOR || args[1].tag != NN_V_TENSOR) return NULL;
  nn_tensor *in[2] = {args[0].t, args[1].t};
  const nn_tensor *a = in[0], *b = in[1];
  operand x, y;
  if (a == NULL || b == NULL || a->ndim != 2 || b->ndim != 2 || N(a) != M(b) || a->dtype != b->dtype) return NULL;
  if (a->numel == 0 || b->numel == 0 || !nn_is_float((nn_dtype)a->dtype) || !lies_densely(a, &x) || !lies_densely(b, &y))
    return NULL;
  const int64_t shape[2] = {M(a), N(b)}, k = N(a);
  nn_tensor *z = nn_empty(c, (nn_dtype)a->dtype, 2, shape);
  if (z == NULL) return NULL;
  void *to = z->data;
  bool done = z->dtype == NN_FLOAT32 ? nn_gemm_f32(x.transposed, y.transposed, shape[0], shape[1], k, 1, x.data, x.ld, y.data, y.ld,
                                                   0, to, shape[1])
                                     : nn_gemm_f64(x.transposed, y.transposed, shape[0], shape[1], k, 1, x.data, x.ld, y.data, y.ld,
                                                   0, to, shape[1]);
  if (done && !nn_interrupted()) return nn_record_quick(c, &nn_op_mm, in, 2, NULL, 0, z);
  nn_release(z);
  return NULL; /* the usual way says why */
}

static bool mm_vjp(nn_vjp *v) {
  C c = v->ctx;
  if (nn_need(v, 0) && (v->d[0] = t_mm(c, v->g[0], t_transpose_last(c, nn_in(v, 1)))) == NULL) return false;
  if (nn_need(v, 1) && (v->d[1] = t_mm(c, t_transpose_last(c, nn_in(v, 0)), v->g[0])) == NULL) return false;
  return true;
}

const nn_op nn_op_mm = {
    .name = "mm", .doc = "Product of two matrices: [n, m] times [m, p] is [n, p].",
    .example = "tensor{{1, 2}}:mm(tensor{{3}, {4}})\n--> {{11}}",
    .params = {{"input", P_TENSOR}, {"mat2", P_TENSOR}}, .flags = NN_TENSOR | NN_METHOD, .saves_in = 3,
    .saves_for = {2, 1}, .infer = mm_infer,
    .kernel = mm_kernel, .vjp = mm_vjp, .quick = quick_mm,
    .samples = NN_SAMPLES("R(2,3), R(3,4)", "T(R(2,3)), T(R(3,4))", "R(2,0), R(0,3)", "R(1,3), R(3,1)"),
    .invalid = "R(2,3), R(2,3)", .complaint = "must be as many as the rows"};

static bool bmm_infer(nn_frame *f) {
  if (!nn_expect_ndim(f, 0, 3, 3) || !nn_expect_ndim(f, 1, 3, 3) || !multipliable(f, 0, 1)) return false;
  if (f->in[0]->shape[0] != f->in[1]->shape[0])
    return nn_bad(f, "expected as many matrices in both, got %lld and %lld", (long long)f->in[0]->shape[0],
                  (long long)f->in[1]->shape[0]);
  int64_t shape[3] = {f->in[0]->shape[0], M(f->in[0]), N(f->in[1])};
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, 3, shape);
  return true;
}

static bool bmm_vjp(nn_vjp *v) {
  C c = v->ctx;
  if (nn_need(v, 0) && (v->d[0] = t_bmm(c, v->g[0], t_transpose_last(c, nn_in(v, 1)))) == NULL) return false;
  if (nn_need(v, 1) && (v->d[1] = t_bmm(c, t_transpose_last(c, nn_in(v, 0)), v->g[0])) == NULL) return false;
  return true;
}

const nn_op nn_op_bmm = {
    .name = "bmm", .doc = "Products of two batches of matrices: [b, n, m] times [b, m, p] is [b, n, p].",
    .example = "tensor.ones(2, 1, 3):bmm(tensor.ones(2, 3, 1))\n--> {{{3}}, {{3}}}",
    .params = {{"input", P_TENSOR}, {"mat2", P_TENSOR}}, .flags = NN_TENSOR | NN_METHOD, .saves_in = 3,
    .saves_for = {2, 1}, .infer = bmm_infer,
    .kernel = mm_kernel, .vjp = bmm_vjp,
    .samples = NN_SAMPLES("R(2,2,3), R(2,3,4)", "T(R(2,2,3)), T(R(2,3,4))", "R(0,2,3), R(0,3,4)", "R(3,1,2):expand(3,4,2), R(3,2,2)"),
    .invalid = "R(2,2,3), R(3,3,4)", .complaint = "as many matrices"};

/* ---- matmul ----------------------------------------------------------------------------------------- */

static T dot_product(C c, T a, T b) {
  if (a->numel == b->numel && a->dtype == b->dtype && nn_is_float((nn_dtype)a->dtype))
    return nn_do(c, &nn_op_dot_sum, v_t(a), v_t(b));
  T p = t_mul(c, a, b);
  return p ? nn_do(c, &nn_op_sum, v_t(p)) : NULL;
}

/* Matrices with batch dimensions in front: broadcast, flattened to one batch dimension. */
static T batched(nn_frame *f, T a, T b) {
  C c = f->ctx;
  int64_t shape[NN_MAX_DIMS], sa[3] = {-1, M(a), N(a)}, sb[3] = {-1, M(b), N(b)};
  int n;
  if (b->ndim == 2) { /* one matrix for all: the batch goes into the rows */
    int64_t rows[2] = {-1, N(a)}, out[NN_MAX_DIMS];
    if (N(a) == 0) rows[0] = a->ndim > 0 ? 1 : 0;
    if (N(a) == 0)
      for (int d = 0; d < a->ndim - 1; d++) rows[0] *= a->shape[d];
    memcpy(out, a->shape, (size_t)a->ndim * sizeof *out);
    out[a->ndim - 1] = N(b);
    return t_reshape(c, t_mm(c, t_reshape(c, a, 2, rows), b), a->ndim, out);
  }
  if (!nn_broadcast_shapes(a->ndim - 2, a->shape, b->ndim - 2, b->shape, &n, shape)) {
    char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
    nn_bad(f, "the batch dimensions of shapes %s and %s do not broadcast", nn_tensor_shape_text(a, s), nn_tensor_shape_text(b, t));
    return NULL;
  }
  int64_t batch = 1;
  for (int d = 0; d < n; d++) batch *= shape[d];
  sa[0] = sb[0] = batch;
  shape[n] = M(a), shape[n + 1] = N(a);
  T x = t_reshape(c, nn_do(c, &nn_op_expand, v_t(a), v_ints(n + 2, shape)), 3, sa);
  shape[n] = M(b), shape[n + 1] = N(b);
  T y = t_reshape(c, nn_do(c, &nn_op_expand, v_t(b), v_ints(n + 2, shape)), 3, sb);
  shape[n] = M(a);
  return t_reshape(c, t_bmm(c, x, y), n + 2, shape);
}

static bool matmul_compose(nn_frame *f) {
  C c = f->ctx;
  T a = f->in[0], b = f->in[1];
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  if (a->ndim == 0 || b->ndim == 0) return nn_bad(f, "both tensors need at least 1 dimension, got a number; use * for that");
  if (!nn_expect_same_dtype(f, 0, 1)) return false;
  int64_t k = N(a), rows = b->ndim == 1 ? b->shape[0] : M(b);
  if (k != rows)
    return nn_bad(f, "shapes %s and %s do not fit: the last size of the first (%lld) must equal the %s of the second (%lld)",
                  nn_tensor_shape_text(a, s), nn_tensor_shape_text(b, t), (long long)k, b->ndim == 1 ? "size" : "last but one",
                  (long long)rows);
  if (a->ndim == 1 && b->ndim == 1) return (f->out[0] = dot_product(c, a, b)) != NULL;
  if (a->ndim == 2 && b->ndim == 2) return (f->out[0] = t_mm(c, a, b)) != NULL;
  T x = a->ndim == 1 ? nn_do(c, &nn_op_unsqueeze, v_t(a), v_i(0)) : a;
  T y = b->ndim == 1 ? nn_do(c, &nn_op_unsqueeze, v_t(b), v_i(1)) : b;
  if (x == NULL || y == NULL) return false;
  T r = x->ndim == 2 && y->ndim == 2 ? t_mm(c, x, y) : batched(f, x, y);
  if (r != NULL && a->ndim == 1) r = nn_do(c, &nn_op_squeeze_dim, v_t(r), v_i(r->ndim - 2));
  if (r != NULL && b->ndim == 1) r = nn_do(c, &nn_op_squeeze_dim, v_t(r), v_i(r->ndim - 1));
  return (f->out[0] = r) != NULL;
}

const nn_op nn_op_matmul = {
    .name = "matmul",
    .doc = "Matrix product of tensors. Two vectors: their dot product. Matrix and vector: a vector. More dimensions: batches of\n"
           "matrices in the last two, the others broadcast.",
    .example = "tensor{{1, 2}, {3, 4}}:matmul(tensor{1, 1})\n--> {3, 7}",
    .params = {{"input", P_TENSOR}, {"other", P_TENSOR}}, .flags = NN_TENSOR | NN_METHOD, .compose = matmul_compose, .quick = quick_mm,
    .samples = NN_SAMPLES("R(3), R(3)", "R(2,3), R(3)", "R(3), R(3,2)", "R(2,3), R(3,4)", "R(2,1,2,3), R(4,3,2)", "R(5,2,3), R(3,2)",
                          "R(3), R(2,3,4)", "T(R(2,3)), T(R(3,2))"),
    .invalid = "R(2,3), R(2,3)", .complaint = "do not fit"};

static bool dot_compose(nn_frame *f) {
  return nn_expect_ndim(f, 0, 1, 1) && nn_expect_ndim(f, 1, 1, 1) && nn_expect_same_dtype(f, 0, 1) && matmul_compose(f);
}
const nn_op nn_op_dot = {
    .name = "dot", .doc = "Sum of the products of the elements of two vectors of the same length.",
    .example = "tensor{1, 2}:dot(tensor{3, 4})\n--> 11",
    .params = {{"input", P_TENSOR}, {"tensor", P_TENSOR}}, .flags = NN_TENSOR | NN_METHOD, .compose = dot_compose,
    .samples = NN_SAMPLES("R(3), R(3)", "R(0), R(0)"), .invalid = "R(2), R(3)", .complaint = "do not fit"};

static bool mv_compose(nn_frame *f) {
  return nn_expect_ndim(f, 0, 2, 2) && nn_expect_ndim(f, 1, 1, 1) && matmul_compose(f);
}
const nn_op nn_op_mv = {
    .name = "mv", .doc = "Product of a matrix [n, m] and a vector [m].",
    .example = "tensor{{1, 2}, {3, 4}}:mv(tensor{1, 1})\n--> {3, 7}",
    .params = {{"input", P_TENSOR}, {"vec", P_TENSOR}}, .flags = NN_TENSOR | NN_METHOD, .compose = mv_compose,
    .samples = NN_SAMPLES("R(2,3), R(3)", "T(R(2,3)), R(3)"), .invalid = "R(2,3), R(2)", .complaint = "do not fit"};

static bool outer_compose(nn_frame *f) {
  if (!nn_expect_ndim(f, 0, 1, 1) || !nn_expect_ndim(f, 1, 1, 1)) return false;
  T a = nn_do(f->ctx, &nn_op_unsqueeze, v_t(f->in[0]), v_i(1));
  return (f->out[0] = t_mul(f->ctx, a, f->in[1])) != NULL;
}
const nn_op nn_op_outer = {
    .name = "outer", .doc = "Outer product of two vectors: [n] and [m] to [n, m].",
    .example = "tensor{1, 2}:outer(tensor{3, 4})\n--> {{3, 4}, {6, 8}}",
    .params = {{"input", P_TENSOR}, {"vec2", P_TENSOR}}, .flags = NN_TENSOR | NN_METHOD, .compose = outer_compose,
    .samples = NN_SAMPLES("R(2), R(3)"), .invalid = "R(2,2), R(3)", .complaint = "1 dimension"};

/* ---- addmm, baddbmm ------------------------------------------------------------------------- */

static double number(const nn_value *v) { return v->tag == NN_V_INT ? (double)v->i : v->f; }

static bool addmm_infer(nn_frame *f) {
  int batch = f->op->data != NULL;
  if (!nn_expect_ndim(f, 1, 2 + batch, 2 + batch) || !nn_expect_ndim(f, 2, 2 + batch, 2 + batch)) return false;
  if (!multipliable(f, 1, 2) || !nn_expect_same_dtype(f, 0, 1)) return false;
  if (batch && f->in[1]->shape[0] != f->in[2]->shape[0]) return nn_bad(f, "expected as many matrices in both batches");
  int64_t shape[3] = {f->in[1]->shape[0], M(f->in[1]), N(f->in[2])}, *s = batch ? shape : shape + 1, r[NN_MAX_DIMS];
  int n;
  if (!nn_broadcast_shapes(2 + batch, s, f->in[0]->ndim, f->in[0]->shape, &n, r) || n != 2 + batch ||
      memcmp(r, s, (size_t)n * sizeof *r) != 0) {
    char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
    return nn_bad(f, "input of shape %s does not broadcast to the product's shape %s", nn_tensor_shape_text(f->in[0], a),
                  nn_shape_text(2 + batch, s, b));
  }
  nn_spec_set(f, 0, (nn_dtype)f->in[1]->dtype, 2 + batch, s);
  return true;
}

static bool addmm_kernel(nn_frame *f) {
  double beta = number(&f->arg[3]), alpha = number(&f->arg[4]);
  if (f->out[0]->dtype == NN_INT64) {
    C c = f->ctx;
    bool was = nn_set_grad_enabled(c, false);
    T p = nn_do(c, f->op->data != NULL ? &nn_op_bmm : &nn_op_mm, v_t(f->in[1]), v_t(f->in[2]));
    T r = t_add(c, t_mul(c, p, nn_keep(c, nn_number_int(c, (int64_t)alpha))),
                t_mul(c, f->in[0], nn_keep(c, nn_number_int(c, (int64_t)beta))));
    nn_set_grad_enabled(c, was);
    return r != NULL && nn_copy_data(f->out[0], r);
  }
  if (beta != 0 && !nn_copy_data(f->out[0], f->in[0])) return false;
  return product(f, 1, 2, alpha, beta);
}

static T times(C c, T x, const nn_value *factor) { return number(factor) == 1 ? x : t_muls(c, x, number(factor)); }

static bool addmm_vjp(nn_vjp *v) {
  C c = v->ctx;
  T (*mul)(C, T, T) = v->node->op->data != NULL ? t_bmm : t_mm;
  if (nn_need(v, 0) && (v->d[0] = times(c, v->g[0], &v->arg[3])) == NULL) return false;
  if (nn_need(v, 1) && (v->d[1] = times(c, mul(c, v->g[0], t_transpose_last(c, nn_in(v, 2))), &v->arg[4])) == NULL) return false;
  if (nn_need(v, 2) && (v->d[2] = times(c, mul(c, t_transpose_last(c, nn_in(v, 1)), v->g[0]), &v->arg[4])) == NULL) return false;
  return true;
}

#define FACTORS {"beta", P_NUMBER, "1", .keyword = true}, {"alpha", P_NUMBER, "1", .keyword = true}

const nn_op nn_op_addmm = {
    .name = "addmm", .doc = "beta * input + alpha * (mat1 times mat2); input broadcasts to the product's shape.",
    .example = "tensor.addmm(tensor{1, 1}, tensor{{1, 2}}, tensor{{1, 0}, {0, 1}})\n--> {{2, 3}}",
    .params = {{"input", P_TENSOR}, {"mat1", P_TENSOR}, {"mat2", P_TENSOR}, FACTORS},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_BROADCASTS, .saves_in = 6, .infer = addmm_infer, .kernel = addmm_kernel,
    .vjp = addmm_vjp,
    .samples = NN_SAMPLES("R(4), R(2,3), R(3,4)", "R(2,4), R(2,3), R(3,4), {beta = 0.5, alpha = 2}", "R(2,1), T(R(2,3)), R(3,4)"),
    .invalid = "R(3), R(2,3), R(3,4)", .complaint = "does not broadcast"};

const nn_op nn_op_baddbmm = {
    .name = "baddbmm", .doc = "beta * input + alpha * (batch1 times batch2), matrix by matrix.",
    .example = "tensor.baddbmm(tensor.zeros(1), tensor.ones(1, 1, 2), tensor.ones(1, 2, 1))\n--> {{{2}}}",
    .params = {{"input", P_TENSOR}, {"batch1", P_TENSOR}, {"batch2", P_TENSOR}, FACTORS},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_BROADCASTS, .saves_in = 6, .infer = addmm_infer, .kernel = addmm_kernel,
    .vjp = addmm_vjp, .data = &nn_op_bmm,
    .samples = NN_SAMPLES("R(2,1,4), R(2,2,3), R(2,3,4)", "R(4), R(2,2,3), R(2,3,4), {beta = 0.5, alpha = 2}"),
    .invalid = "R(1), R(2,2,3), R(3,3,4)", .complaint = "as many matrices"};

/* ---- linear ----------------------------------------------------------------------------------------- */

/* Sizes of a linear layer: rows of x, what goes in, what comes out. A weight of one dimension is one row. */
typedef struct layer {
  int64_t rows, in, out;
} layer;

static layer layer_of(const nn_tensor *x, const nn_tensor *w) {
  layer s = {.rows = 1, .in = N(x), .out = w->ndim == 2 ? w->shape[0] : 1};
  for (int d = 0; d < x->ndim - 1; d++) s.rows *= x->shape[d];
  return s;
}

static bool linear_check(nn_frame *f) {
  const nn_tensor *x = f->in[0], *w = f->in[1], *b = f->in[2];
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  if (!nn_expect_ndim(f, 1, 1, 2)) return false;
  if (x->ndim == 0 || N(x) != N(w))
    return nn_bad(f, "expected input[..., %lld] for weight %s, got %s", (long long)N(w), nn_tensor_shape_text(w, s),
                  nn_tensor_shape_text(x, t));
  if (!nn_expect_same_dtype(f, 0, 1) || (b != NULL && !nn_expect_same_dtype(f, 0, 2))) return false;
  if (!nn_is_float((nn_dtype)x->dtype) && x->dtype != NN_INT64)
    return nn_bad(f, "is not defined for %s; convert with x:to(\"float32\")", nn_dtype_name((nn_dtype)x->dtype));
  int64_t out = layer_of(x, w).out;
  if (b == NULL || b->numel == 1 || (b->ndim == 1 && b->numel == out)) return true;
  return nn_bad(f, "expected bias of shape [%lld], got %s", (long long)out, nn_tensor_shape_text(b, s));
}

static bool linear_infer(nn_frame *f) {
  if (!linear_check(f)) return false;
  const nn_tensor *x = f->in[0], *w = f->in[1];
  int64_t shape[NN_MAX_DIMS];
  memcpy(shape, x->shape, (size_t)x->ndim * sizeof *shape);
  if (w->ndim == 2) shape[x->ndim - 1] = w->shape[0];
  nn_spec_set(f, 0, (nn_dtype)x->dtype, x->ndim - (w->ndim == 1), shape);
  return true;
}

/* Every row of y becomes the bias. */
static void fill_bias(const layer *s, const nn_tensor *b, nn_tensor *y) {
  size_t e = nn_esize(b), row = (size_t)s->out * e;
  for (int64_t i = 0; i < s->rows; i++) {
    char *to = y->data + (size_t)i * row;
    if (b->numel == s->out) {
      memcpy(to, b->data, row);
      continue;
    }
    for (int64_t j = 0; j < s->out; j++) memcpy(to + (size_t)j * e, b->data, e);
  }
}

static bool integer_linear(const layer *s, const nn_tensor *x, const nn_tensor *w, nn_tensor *y, bool biased) {
  const int64_t *p = (const int64_t *)(const void *)x->data, *q = (const int64_t *)(const void *)w->data;
  int64_t *r = (int64_t *)(void *)y->data;
  for (int64_t i = 0; i < s->rows; i++)
    for (int64_t j = 0; j < s->out; j++) {
      uint64_t sum = biased ? (uint64_t)r[i * s->out + j] : 0;
      for (int64_t l = 0; l < s->in; l++) sum += (uint64_t)p[i * s->in + l] * (uint64_t)q[j * s->in + l];
      r[i * s->out + j] = (int64_t)sum;
    }
  return true;
}

/* c = op(a) op(b) through a gate (blas.h; NULL: without) on plain matrices of a float type; add: c grows by that. */
static bool gemm(nn_dtype d, bool ta, bool tb, int64_t m, int64_t n, int64_t k, const void *a, int64_t lda, const void *b,
                 int64_t ldb, bool add, const void *gate, void *c) {
  if (add && d == NN_FLOAT32) return nn_gemm_f32(ta, tb, m, n, k, 1, a, lda, b, ldb, 1, c, n);
  if (add) return nn_gemm_f64(ta, tb, m, n, k, 1, a, lda, b, ldb, 1, c, n);
  if (d == NN_FLOAT32) return nn_gemm_between_f32(ta, tb, m, n, k, a, lda, b, ldb, &(nn_ends_f32){.gate = gate}, c, n);
  return nn_gemm_between_f64(ta, tb, m, n, k, a, lda, b, ldb, &(nn_ends_f64){.gate = gate}, c, n);
}

static bool forward(const layer *s, const nn_tensor *x, const nn_tensor *w, const nn_tensor *b, nn_tensor *y) {
  const void *p = x->data, *q = w->data, *bias = b ? b->data : NULL;
  if (y->dtype == NN_FLOAT32)
    return nn_gemm_between_f32(false, true, s->rows, s->out, s->in, p, s->in, q, s->in, &(nn_ends_f32){.bias = bias},
                               (void *)y->data, s->out);
  return nn_gemm_between_f64(false, true, s->rows, s->out, s->in, p, s->in, q, s->in, &(nn_ends_f64){.bias = bias},
                             (void *)y->data, s->out);
}

/* From so many results on they wait for a ReLU or a sum that may follow. */
enum { WORTH_WAITING = 32 * 1024 };

static bool put_off(const nn_op *op, const layer *s, const nn_tensor *x, const nn_tensor *w, const nn_tensor *b, nn_tensor *y) {
  if (y->numel < WORTH_WAITING || y->dtype != NN_FLOAT32 || w->ndim != 2 || s->in == 0 || !nn_later_pays(w)) return false;
  const nn_later work = {.kind = NN_LATER_LINEAR, .x = (nn_tensor *)(uintptr_t)x, .weight = (nn_tensor *)(uintptr_t)w,
                         .bias = (nn_tensor *)(uintptr_t)b, .n = s->rows, .channels = s->out, .s = s->in, .name = op->name};
  return nn_put_off(y, &work);
}

static bool linear_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0), *w = nn_dense(f, 1), *b = f->in[2] ? nn_dense(f, 2) : NULL;
  nn_tensor *y = f->out[0];
  if (x == NULL || w == NULL || (f->in[2] && b == NULL)) return false;
  layer s = layer_of(x, w);
  if (y->numel == 0) return true;
  if (y->dtype == NN_INT64) {
    if (b != NULL) fill_bias(&s, b, y);
    return integer_linear(&s, x, w, y, b != NULL);
  }
  if (b != NULL && b->numel != s.out) { /* one number for all */
    const layer one = {1, s.in, s.out};
    T all = nn_keep(f->ctx, nn_empty(f->ctx, (nn_dtype)y->dtype, 1, &s.out));
    if (all == NULL) return false;
    fill_bias(&one, b, all);
    b = all;
  }
  return put_off(f->op, &s, x, w, b, y) || forward(&s, x, w, b, y);
}

/* Tensors without gaps that fit. */
static nn_tensor *quick_linear(nn_ctx *c, const nn_value *args, int n_args) {
  nn_tensor *in[3] = {NULL};
  if (n_args < 2 || n_args > 3) return NULL;
  for (int i = 0; i < n_args; i++) {
    if (i == 2 && args[i].tag == NN_V_NONE) continue;
    if (args[i].tag != NN_V_TENSOR || args[i].t == NULL || !nn_contig(args[i].t)) return NULL;
    in[i] = args[i].t;
  }
  const nn_tensor *x = in[0], *w = in[1], *b = in[2];
  nn_dtype d = (nn_dtype)x->dtype;
  if (w->ndim != 2 || x->ndim < 1 || x->ndim > NN_USUAL_DIMS || N(x) != N(w)) return NULL;
  if (!nn_is_float(d) || w->dtype != d || x->numel == 0 || w->numel == 0) return NULL;
  layer s = layer_of(x, w);
  if (b != NULL && (b->dtype != d || b->ndim != 1 || b->numel != s.out)) return NULL;
  int64_t shape[NN_USUAL_DIMS];
  for (int k = 0; k < x->ndim - 1; k++) shape[k] = x->shape[k];
  shape[x->ndim - 1] = s.out;
  nn_tensor *y = nn_empty(c, d, x->ndim, shape);
  if (y == NULL) return NULL;
  const bool done = put_off(&nn_op_linear, &s, x, w, b, y) || forward(&s, x, w, b, y);
  if (done && !nn_interrupted()) return nn_record_quick(c, &nn_op_linear, in, 3, NULL, 0, y);
  nn_release(y);
  return NULL; /* the usual way says why */
}

/* As operations that have gradients themselves. */
static bool linear_vjp_plain(nn_vjp *v) {
  C c = v->ctx;
  T x = nn_in(v, 0), w = nn_in(v, 1);
  if (x == NULL || w == NULL) return false;
  layer s = layer_of(x, w);
  int64_t go[2] = {s.rows, s.out}, xo[2] = {s.rows, s.in}, wo[2] = {s.out, s.in};
  T g = t_reshape(c, v->g[0], 2, go);
  if (nn_need(v, 0) && (v->d[0] = t_reshape_like(c, t_mm(c, g, t_reshape(c, w, 2, wo)), nn_in_meta(v, 0))) == NULL) return false;
  if (nn_need(v, 1)) {
    v->d[1] = t_reshape_like(c, t_mm(c, t_transpose_last(c, g), t_reshape(c, x, 2, xo)), nn_in_meta(v, 1));
    if (v->d[1] == NULL) return false;
  }
  if (!nn_need(v, 2)) return true;
  return g != NULL && (v->d[2] = nn_do(c, &nn_op_sum, v_t(g), v_i(0))) != NULL;
}

enum { GATED = 8, ADD = 16 }; /* `how` of linear_gradients; beside the bits of `wanted`, see linear_vjp */

/* From so many multiply-adds on; small ones cost less one by one. */
static const double TOGETHER = 64e3;

/* Those of float32 at once, the bias's, if it is wanted, where *summed says so. */
static bool float_gradients(nn_ctx *ctx, const layer *s, const nn_tensor *g, const nn_tensor *x, const nn_tensor *w, int64_t how,
                            nn_tensor *const *d, bool *summed) {
  nn_linear_back l = {.rows = s->rows, .in = s->in, .out = s->out, .dy = (const void *)g->data, .x = (const void *)x->data,
                      .w = (const void *)w->data, .add_dx = how & ADD, .add_dw = how & ADD << 1};
  l.dx = d[0] ? (void *)d[0]->data : NULL;
  l.dw = d[1] ? (void *)d[1]->data : NULL;
  l.db = d[2] && d[2]->numel == s->out ? (void *)d[2]->data : NULL;
  l.gate = how & GATED ? l.x : NULL;
  const size_t bytes = (size_t)nn_linear_back_room(&l) * sizeof(float);
  float *room = bytes > 0 ? nn_scratch(ctx, bytes) : NULL;
  if (bytes > 0 && room == NULL) nn_error_clear(ctx); /* it does without */
  const bool done = nn_linear_back_f32(&l, room, summed);
  if (room) nn_scratch_free(ctx, room, bytes);
  return done;
}

/* The gradients for input, weight and bias where d has a tensor for them. GATED: x is what a ReLU gave, and d[0] is to be
 * the gradient of what it was given. ADD << i: d[i] is added to. */
static bool linear_gradients(nn_ctx *ctx, const nn_tensor *g, const nn_tensor *x, const nn_tensor *w, int64_t how,
                             nn_tensor *const *d) {
  layer s = layer_of(x, w);
  nn_dtype t = (nn_dtype)g->dtype;
  const void *gate = how & GATED ? x->data : NULL;
  bool summed = false;
  if (t == NN_FLOAT32 && (double)s.rows * (double)s.in * (double)s.out >= TOGETHER) {
    if (!float_gradients(ctx, &s, g, x, w, how, d, &summed)) return false;
  } else {
    if (d[0] && !gemm(t, false, false, s.rows, s.in, s.out, g->data, s.out, w->data, s.in, how & ADD, gate, d[0]->data))
      return false;
    if (d[1] && !gemm(t, true, false, s.out, s.in, s.rows, g->data, s.out, x->data, s.in, how & ADD << 1, NULL, d[1]->data))
      return false;
  }
  uint32_t rows = w->ndim == 1 ? (1u << g->ndim) - 1 : (1u << (g->ndim - 1)) - 1;
  return summed || d[2] == NULL || nn_reduce_dense(ctx, NN_REDUCE_SUM, g, rows, d[2]->data);
}

/* What the gradients for input and weight are added to, in d, where they may be; returns the bits for `how`. A gradient
 * that goes on through a ReLU is not the one that waits. */
static int64_t add_to(const nn_vjp *v, const nn_tensor *x, nn_tensor **d) {
  T sum = v->went_on || !nn_need(v, 0) ? NULL : v->sum, grad = nn_need(v, 1) ? nn_leaf_sum(v, 1) : NULL;
  if (sum != NULL && sum->dtype == x->dtype && sum->numel == x->numel && nn_contig(sum)) d[0] = sum;
  d[1] = grad;
  return (d[0] ? ADD : 0) | (d[1] ? ADD << 1 : 0);
}

/* Without a call of linear_backward: nothing of what surrounds one is needed for tensors without gaps. */
static bool linear_vjp_direct(nn_vjp *v, const nn_tensor *x, const nn_tensor *w) {
  nn_ctx *c = v->ctx;
  nn_dtype t = (nn_dtype)x->dtype;
  int64_t out = layer_of(x, w).out;
  nn_tensor *d[3] = {NULL};
  int64_t how = add_to(v, x, d) | (v->went_on ? GATED : 0);
  if (nn_need(v, 0) && d[0] == NULL && (v->d[0] = d[0] = nn_keep(c, nn_empty_like_dense(x, t))) == NULL) return false;
  if (nn_need(v, 1) && d[1] == NULL && (v->d[1] = d[1] = nn_keep(c, nn_empty_like_dense(w, t))) == NULL) return false;
  if (nn_need(v, 2) && (v->d[2] = d[2] = nn_keep(c, nn_empty(c, t, 1, &out))) == NULL) return false;
  bool done = linear_gradients(c, v->g[0], x, w, how, d);
  if (how & ADD << 1) nn_touch(d[1]);
  return done || nn_fail_code(c, NN_ERR_INTERRUPT, "interrupted");
}

/* When the input is what a ReLU gave to this layer alone, through the ReLU as well. */
static bool linear_vjp(nn_vjp *v) {
  if (v->create_graph) return linear_vjp_plain(v);
  T x = nn_in(v, 0), w = nn_in(v, 1);
  if (x == NULL || w == NULL) return false;
  v->went_on = v->before == &nn_op_relu && nn_need(v, 0);
  bool plain = nn_contig(v->g[0]) && nn_contig(x) && nn_contig(w) && v->g[0]->numel > 0;
  if (plain && v->ctx->profile == NULL) return linear_vjp_direct(v, x, w);
  int64_t wanted = (nn_need(v, 0) ? 1 : 0) | (nn_need(v, 1) ? 2 : 0) | (nn_need(v, 2) ? 4 : 0) | (v->went_on ? GATED : 0);
  nn_value args[] = {v_t(v->g[0]), v_t(x), v_t(w), v_i(wanted)};
  nn_results r;
  if (!nn_apply(v->ctx, &nn_op_linear_backward, args, 4, &r)) return false;
  for (int k = 0; k < 3; k++) {
    T d = nn_keep(v->ctx, r.t[k]);
    if (wanted >> k & 1) v->d[k] = d;
  }
  return true;
}

const nn_op nn_op_linear = {
    .name = "linear", .doc = "x W^T + b: input [..., in], weight [out, in], bias [out] to [..., out].",
    .example = "F.linear(tensor{{1, 2}}, tensor{{1, 1}, {0, 1}}, tensor{10, 20})\n--> {{13, 22}}",
    .params = {{"input", P_TENSOR}, {"weight", P_TENSOR}, {"bias", P_TENSOR, "nil"}}, .flags = NN_F | NN_GOES_ON, .saves_in = 3,
    .infer = linear_infer, .kernel = linear_kernel, .vjp = linear_vjp, .quick = quick_linear,
    .samples = NN_SAMPLES("R(2,3), R(4,3), R(4)", "R(2,2,3), R(4,3)", "R(3), R(4,3), R(4)", "T(R(5,3)), T(R(4,3)), R(4)",
                          "R(2,3), R(3), R(1)", "R(2,3), R(3)", "R(0,3), R(4,3), R(4)", "R(2,0), R(4,0), R(4)"),
    .invalid = "R(2,3), R(4,2)", .complaint = "expected input[..., 2]"};

/* Gradients for input, weight and bias; those that are not wanted (bits of `wanted`) have no elements. */
static bool linear_back_infer(nn_frame *f) {
  const nn_tensor *x = f->in[1], *w = f->in[2];
  int64_t none = 0, out = layer_of(x, w).out, wanted = f->arg[3].i;
  nn_dtype d = (nn_dtype)x->dtype;
  for (int k = 0; k < 3; k++) nn_spec_set(f, k, d, 1, &none);
  if (wanted & 1) nn_spec_like(f, 0, x);
  if (wanted & 2) nn_spec_like(f, 1, w);
  if (wanted & 4) nn_spec_set(f, 2, d, 1, &out);
  return true;
}

static bool linear_back_kernel(nn_frame *f) {
  const nn_tensor *g = nn_dense(f, 0), *x = nn_dense(f, 1), *w = nn_dense(f, 2);
  if (g == NULL || x == NULL || w == NULL) return false;
  nn_tensor *d[3];
  for (int k = 0; k < 3; k++) d[k] = f->out[k]->numel > 0 || (k == 2 && f->arg[3].i & 4) ? f->out[k] : NULL;
  return linear_gradients(f->ctx, g, x, w, f->arg[3].i & GATED, d);
}

const nn_op nn_op_linear_backward = {
    .name = "linear_backward", .doc = "Part of a gradient.",
    .params = {{"grad", P_TENSOR}, {"input", P_TENSOR}, {"weight", P_TENSOR}, {"wanted", P_INT}}, .flags = NN_PRIVATE | NN_NO_GRAD,
    .n_out = 3, .infer = linear_back_infer, .kernel = linear_back_kernel};
