/* expr.h - operations as C expressions, for gradient rules and composed operations. Results belong to the
 * context's pool (see nn_keep); NULL in gives NULL out. Dimensions count from 0. */
#ifndef NN_EXPR_H
#define NN_EXPR_H

#include "op.h"

typedef nn_tensor *T;
typedef nn_ctx *C;

#define V_NONE ((nn_value){.tag = NN_V_NONE})
static inline nn_value v_t(T t) {
  nn_value v = {.tag = NN_V_TENSOR, .n = 1, {.t = t}};
  return v;
}
static inline nn_value v_opt(T t) { return t ? v_t(t) : V_NONE; }
static inline nn_value v_i(int64_t i) { return (nn_value){.tag = NN_V_INT, .n = 1, {.i = i}}; }
static inline nn_value v_f(double f) { return (nn_value){.tag = NN_V_FLOAT, .n = 1, {.f = f}}; }
static inline nn_value v_b(bool b) { return (nn_value){.tag = NN_V_BOOL, .n = 1, {.b = b}}; }
static inline nn_value v_dt(nn_dtype d) { return (nn_value){.tag = NN_V_DTYPE, .n = 1, {.dtype = d}}; }
static inline nn_value v_s(const char *s) { return (nn_value){.tag = NN_V_STRING, .n = 1, {.s = s}}; }
static inline nn_value v_ints(int n, const int64_t *p) {
  return (nn_value){.tag = NN_V_INTS, .n = n, {.ints = p}};
}
static inline nn_value v_ts(int n, nn_tensor *const *p) {
  return (nn_value){.tag = NN_V_TENSORS, .n = n, {.tensors = p}};
}

/* nn_do(c, &nn_op_sum, v_t(x), v_ints(n, dims), v_b(true)) */
#define NN_COUNT(...) ((int)(sizeof((nn_value[]){__VA_ARGS__}) / sizeof(nn_value)))
#define nn_do(c, op, ...) nn_call((c), (op), NN_COUNT(__VA_ARGS__), (nn_value[]){__VA_ARGS__})

/* All results of a row that has several, to out[]. */
static inline bool nn_call_all(C c, const nn_op *op, T *out, int n, const nn_value *args) {
  nn_results r;
  if (!nn_apply(c, op, args, n, &r)) return false;
  bool ok = true;
  for (int k = 0; k < r.n; k++) ok = (out[k] = nn_keep(c, r.t[k])) != NULL && ok;
  nn_results_free(c, &r);
  return ok;
}
#define nn_do_all(c, op, out, ...) nn_call_all((c), (op), (out), NN_COUNT(__VA_ARGS__), (nn_value[]){__VA_ARGS__})

/* In a row's expressions a missing tensor is an error that was already reported. */
#define EXPR1(fn, row) \
  static inline T fn(C c, T x) { return x ? nn_do(c, &nn_op_##row, v_t(x)) : NULL; }
#define EXPR2(fn, row) \
  static inline T fn(C c, T a, T b) { return a && b ? nn_do(c, &nn_op_##row, v_t(a), v_t(b)) : NULL; }

EXPR2(t_add, add)
EXPR2(t_sub, sub)
EXPR2(t_mul, mul)
EXPR2(t_div, div)
EXPR1(t_neg, neg)

/* Plain numbers as operands. */
static inline T t_num(C c, double x) { return nn_keep(c, nn_number(c, x)); }
static inline T t_adds(C c, T a, double b) { return t_add(c, a, t_num(c, b)); }
static inline T t_muls(C c, T a, double b) { return t_mul(c, a, t_num(c, b)); }
static inline T t_rsubs(C c, double a, T b) { return t_sub(c, t_num(c, a), b); }

/* ---- shapes (ops/reshape.c, permute.c, slice.c, expand.c, copy.c) */
static inline T t_reshape(C c, T x, int n, const int64_t *shape) {
  return x ? nn_do(c, &nn_op_reshape, v_t(x), v_ints(n, shape)) : NULL;
}
static inline T t_reshape_like(C c, T x, const nn_meta *m) { return t_reshape(c, x, m->ndim, m->shape); }
static inline T t_permute(C c, T x, int n, const int64_t *dims) {
  return x ? nn_do(c, &nn_op_permute, v_t(x), v_ints(n, dims)) : NULL;
}
static inline T t_transpose(C c, T x, int64_t a, int64_t b) {
  return x ? nn_do(c, &nn_op_transpose, v_t(x), v_i(a), v_i(b)) : NULL;
}
static inline T t_expand(C c, T x, int n, const int64_t *shape) {
  return x ? nn_do(c, &nn_op_expand, v_t(x), v_ints(n, shape)) : NULL;
}
static inline T t_unsqueeze(C c, T x, int64_t dim) {
  return x ? nn_do(c, &nn_op_unsqueeze, v_t(x), v_i(dim)) : NULL;
}
static inline T t_select(C c, T x, int64_t dim, int64_t index) {
  return x ? nn_do(c, &nn_op_select, v_t(x), v_i(dim), v_i(index)) : NULL;
}
/* start <= i < stop */
static inline T t_slice(C c, T x, int64_t dim, int64_t start, int64_t stop, int64_t step) {
  return x ? nn_do(c, &nn_op_slice, v_t(x), v_i(dim), v_i(start), v_i(stop), v_i(step)) : NULL;
}
static inline T t_to(C c, T x, nn_dtype dtype) { return x ? nn_do(c, &nn_op_to, v_t(x), v_dt(dtype)) : NULL; }
/* A fresh tensor of zeros with the shape and dtype that an input had. */
static inline T t_zeros(C c, const nn_meta *m) {
  return nn_keep(c, nn_zeros(c, (nn_dtype)m->dtype, m->ndim, m->shape));
}

/* The gradient of a step function: zeros for every input. */
static inline bool nn_flat_vjp(nn_vjp *v) {
  for (int i = 0; i < v->node->n_in; i++)
    if (nn_need(v, i) && (v->d[i] = t_zeros(v->ctx, nn_in_meta(v, i))) == NULL) return false;
  return true;
}

#endif
