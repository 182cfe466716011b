/* reduce.c - sums, means, products, extremes and counts over any dimensions. */
#include <math.h>
#include <string.h>

#include "elementwise.h"
#include "interrupt.h"
#include "parallel.h"
#include "kernels/rows.h"
#include "reduction.h"

#define USUAL (NN_TENSOR | NN_METHOD)
#define DIMS {"input", P_TENSOR}, {"dim", P_DIMS, "nil", .rest = false}, {"keepdim", P_BOOL, "false"}
#define MASK(f) nn_dim_mask(&(f)->arg[1], (f)->in[0]->ndim)

static T t_expand_to(C c, T g, const nn_meta *m) {
  return g ? nn_do(c, &nn_op_expand, v_t(g), v_ints(m->ndim, m->shape)) : NULL;
}
static T t_where(C c, T m, T a, T b) { return m && a && b ? nn_do(c, &nn_op_where, v_t(m), v_t(a), v_t(b)) : NULL; }
static T t_eq(C c, T a, T b) { return a && b ? nn_do(c, &nn_op_eq, v_t(a), v_t(b)) : NULL; }

/* ---- sum, mean, prod -------------------------------------------------------------------------------- */

static bool sum_infer(nn_frame *f) {
  if (!nn_convert_input(f, 3)) return false;
  nn_dtype d = (nn_dtype)f->in[0]->dtype;
  nn_reduced_spec(f, 0, nn_is_float(d) ? d : NN_INT64, MASK(f), f->arg[2].b);
  return true;
}

static bool sum_kernel(nn_frame *f) {
  uint32_t mask = MASK(f);
  const nn_tensor *x = nn_reduction_input(f, &mask);
  return x != NULL && nn_reduce_dense(f->ctx, NN_REDUCE_SUM, x, mask, f->out[0]->data);
}

/* The gradient of a small tensor's total as plain numbers, `scale` times that of the total: cheaper than a view that others
 * must walk through. NULL where the long way is to be gone. */
static T spread(nn_vjp *v, double scale) {
  enum { SMALL = 1024 };
  const nn_meta *m = nn_in_meta(v, 0);
  const nn_tensor *g = v->g[0];
  if (v->create_graph || g->numel != 1 || g->dtype != m->dtype) return NULL;
  int64_t n = 1;
  for (int d = 0; d < m->ndim && n <= SMALL; d++) n *= m->shape[d];
  if (n > SMALL) return NULL;
  return nn_keep(v->ctx, nn_full(v->ctx, (nn_dtype)m->dtype, m->ndim, m->shape, scale * nn_item(g)));
}

/* The sum or the mean of all elements of a small tensor. */
static nn_tensor *quick_total(nn_ctx *c, const nn_op *op, const nn_value *args, int n_args, bool mean) {
  enum { SMALL = 1024 };
  nn_tensor *x = n_args == 1 && args[0].tag == NN_V_TENSOR ? args[0].t : NULL;
  if (x == NULL || !nn_contig(x) || x->numel > SMALL || x->numel == 0 || !nn_is_float((nn_dtype)x->dtype)) return NULL;
  nn_tensor *y = nn_empty(c, (nn_dtype)x->dtype, 0, NULL);
  if (y == NULL) return NULL;
  NN_SELECT(nn_reduce)->run[NN_REDUCE_SUM][x->dtype](x->numel, x->data, y->data);
  double scale = 1.0 / (double)x->numel;
  if (mean) NN_SELECT(nn_vmath)->param[NN_PARAM_SCALE_SHIFT][x->dtype](1, scale, 0, y->data, y->data);
  const nn_value arg[] = {{.tag = NN_V_TENSOR, .n = 1, {.i = 0}}, V_NONE, v_b(false), V_NONE};
  return nn_record_quick(c, op, &x, 1, arg, 4, y);
}

static nn_tensor *quick_sum(nn_ctx *c, const nn_value *args, int n_args) {
  return quick_total(c, &nn_op_sum, args, n_args, false);
}
static nn_tensor *quick_mean(nn_ctx *c, const nn_value *args, int n_args) {
  return quick_total(c, &nn_op_mean, args, n_args, true);
}

static bool sum_vjp(nn_vjp *v) {
  const nn_meta *m = nn_in_meta(v, 0);
  if ((v->d[0] = spread(v, 1)) != NULL) return true;
  if (v->ctx->error != NN_OK) return false;
  T g = nn_unsqueeze_mask(v->ctx, v->g[0], m, nn_dim_mask(&v->arg[1], m->ndim));
  return (v->d[0] = t_expand_to(v->ctx, g, m)) != NULL;
}

const nn_op nn_op_sum = {
    .name = "sum",
    .doc = "The sum of all elements, or over the given dimension or list of dimensions, which are dropped or, with keepdim,\n"
           "kept with size 1. Integers and bool are summed as int64.",
    .example = "tensor{{1, 2}, {3, 4}}:sum(1)\n--> {4, 6}",
    .params = {DIMS, {"dtype", P_DTYPE, "nil", .keyword = true}}, .flags = USUAL, .infer = sum_infer, .kernel = sum_kernel,
    .vjp = sum_vjp, .quick = quick_sum,
    .samples = NN_SAMPLES("R(2,3,4)", "R(2,3,4), 2", "R(2,3,4), {1,3}, true", "T(R(3,2)), 1", "R()", "R(2,0,3), 2", "R(0)"),
    .invalid = "R(2,3), 3", .complaint = "dimensions are 1 to 2"};

static bool mean_infer(nn_frame *f) {
  if (!nn_convert_input(f, 3)) return false;
  if (!nn_is_float((nn_dtype)f->in[0]->dtype))
    return nn_bad(f, "needs a floating-point tensor, got %s; convert with x:to(\"float32\") or pass {dtype = \"float32\"}",
                  nn_dtype_name((nn_dtype)f->in[0]->dtype));
  nn_reduced_spec(f, 0, (nn_dtype)f->in[0]->dtype, MASK(f), f->arg[2].b);
  return true;
}

static bool mean_kernel(nn_frame *f) {
  nn_meta m = nn_meta_of(f->in[0]);
  int64_t n = nn_reduced_count(&m, MASK(f));
  const nn_tensor *out[1] = {f->out[0]};
  const nn_elementwise scale = {.family = EW_PARAM, .loop = NN_PARAM_SCALE_SHIFT};
  return sum_kernel(f) && nn_elementwise_run(f->ctx, &scale, n ? 1.0 / (double)n : (double)NAN, 0, f->out[0], 1, out);
}

static bool mean_vjp(nn_vjp *v) {
  const nn_meta *m = nn_in_meta(v, 0);
  uint32_t mask = nn_dim_mask(&v->arg[1], m->ndim);
  if ((v->d[0] = spread(v, 1.0 / (double)nn_reduced_count(m, mask))) != NULL) return true;
  if (v->ctx->error != NN_OK) return false;
  T g = t_muls(v->ctx, nn_unsqueeze_mask(v->ctx, v->g[0], m, mask), 1.0 / (double)nn_reduced_count(m, mask));
  return (v->d[0] = t_expand_to(v->ctx, g, m)) != NULL;
}

const nn_op nn_op_mean = {
    .name = "mean",
    .doc = "The mean of all elements, or over the given dimension or list of dimensions. NaN where there are none.",
    .example = "tensor{{1, 2}, {3, 4}}:mean(2)\n--> {1.5, 3.5}",
    .params = {DIMS, {"dtype", P_DTYPE, "nil", .keyword = true}}, .flags = USUAL, .infer = mean_infer, .kernel = mean_kernel,
    .vjp = mean_vjp, .quick = quick_mean, .samples = NN_SAMPLES("R(2,3,4)", "R(2,3,4), 2", "R(2,3,4), {1,3}, true", "T(R(3,2)), 1", "R()"),
    .invalid = "I(3,2)", .complaint = "floating-point"};

static bool prod_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  return x != NULL && nn_reduce_dense(f->ctx, NN_REDUCE_PROD, x, MASK(f), f->out[0]->data);
}

static bool has_zero(const nn_tensor *t) {
  for (int64_t i = 0; i < t->numel; i++)
    if (t->dtype == NN_FLOAT32 ? ((const float *)(const void *)t->data)[i] == 0
                               : ((const double *)(const void *)t->data)[i] == 0)
      return true;
  return false;
}

/* The product of all others for each element along the last dimension: [..., n] to [..., n], by n x n copies in
 * which the diagonal is 1. Right where elements are zero, where dividing the product fails. */
static T others(C c, T x) {
  int64_t n = x->shape[x->ndim - 1], shape[NN_MAX_DIMS + 1];
  for (int d = 0; d < x->ndim - 1; d++) shape[d] = x->shape[d];
  shape[x->ndim - 1] = shape[x->ndim] = n;
  T wide = nn_do(c, &nn_op_expand, v_t(nn_do(c, &nn_op_unsqueeze, v_t(x), v_i(x->ndim - 1))), v_ints(x->ndim + 1, shape));
  T eye = nn_do(c, &nn_op_eye, v_i(n), V_NONE, v_dt(NN_BOOL));
  T one = nn_keep(c, nn_scalar(c, (nn_dtype)x->dtype, 1));
  T rest = t_where(c, eye, one, wide);
  return rest ? nn_do(c, &nn_op_prod_dim, v_t(rest), v_i(rest->ndim - 1)) : NULL;
}

static bool prod_vjp(nn_vjp *v) {
  C c = v->ctx;
  const nn_meta *m = nn_in_meta(v, 0);
  bool one_dim = v->node->n_args > 1 && v->arg[1].tag == NN_V_INT;
  uint32_t mask = one_dim ? nn_dim_mask(&v->arg[1], m->ndim) : (1u << m->ndim) - 1;
  T x = nn_in(v, 0), g = nn_unsqueeze_mask(c, v->g[0], m, mask);
  T dense = x ? nn_keep(c, nn_contiguous_data(x)) : NULL;
  if (dense == NULL || g == NULL) return false;
  if (!has_zero(dense)) {
    T y = nn_unsqueeze_mask(c, nn_out(v, 0), m, mask);
    return (v->d[0] = t_mul(c, g, t_div(c, y, x))) != NULL;
  }
  if (!one_dim) {
    T flat = nn_do(c, &nn_op_reshape, v_t(x), v_ints(1, &dense->numel));
    T o = flat ? others(c, flat) : NULL;
    return o && (v->d[0] = t_mul(c, g, nn_do(c, &nn_op_reshape, v_t(o), v_ints(m->ndim, m->shape)))) != NULL;
  }
  if (m->ndim == 0) return (v->d[0] = g) != NULL;
  T last = nn_do(c, &nn_op_transpose, v_t(x), v_i(v->arg[1].i), v_i(m->ndim - 1));
  T o = last ? others(c, last) : NULL;
  return o && (v->d[0] = t_mul(c, g, nn_do(c, &nn_op_transpose, v_t(o), v_i(v->arg[1].i), v_i(m->ndim - 1)))) != NULL;
}

static bool prod_all_infer(nn_frame *f) {
  if (!nn_convert_input(f, 1)) return false;
  nn_dtype d = (nn_dtype)f->in[0]->dtype;
  nn_spec_set(f, 0, nn_is_float(d) ? d : NN_INT64, 0, NULL);
  return true;
}

static bool prod_all_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  return x != NULL && nn_reduce_dense(f->ctx, NN_REDUCE_PROD, x, UINT32_MAX, f->out[0]->data);
}

const nn_op nn_op_prod = {
    .name = "prod", .doc = "The product of all elements. Integers and bool give int64.",
    .example = "tensor{2, 3, 4}:prod()\n--> 24",
    .params = {{"input", P_TENSOR}, {"dtype", P_DTYPE, "nil", .keyword = true}}, .flags = USUAL, .saves_in = 1,
    .saves_out = 1, .infer = prod_all_infer, .kernel = prod_all_kernel, .vjp = prod_vjp,
    .samples = NN_SAMPLES("N(2,3)", "N(4) * C(tensor{1, 0, 1, 1})", "R()"), .invalid = "\"x\"", .complaint = "tensor"};

const nn_op nn_op_prod_dim = {
    .name = "prod.dim", .doc = "The product over one dimension.",
    .example = "tensor{{1, 2}, {3, 4}}:prod(1)\n--> {3, 8}",
    .params = {{"input", P_TENSOR}, {"dim", P_DIM}, {"keepdim", P_BOOL, "false"}, {"dtype", P_DTYPE, "nil", .keyword = true}},
    .flags = USUAL, .saves_in = 1, .saves_out = 1, .infer = sum_infer, .kernel = prod_kernel, .vjp = prod_vjp,
    .samples = NN_SAMPLES("N(2,3,2), 2", "N(3,2) * C(tensor{{1, 0}, {0, 0}, {1, 1}}), 1, true"), .invalid = "R(2), 2",
    .complaint = "dimensions are"};

/* ---- extremes --------------------------------------------------------------------------------------- */

static bool not_empty(nn_frame *f, uint32_t mask) {
  nn_meta m = nn_meta_of(f->in[0]);
  char text[NN_SHAPE_TEXT];
  if (nn_reduced_count(&m, mask) > 0) return true;
  return nn_bad(f, "there is no element to choose from in a tensor of shape %s", nn_tensor_shape_text(f->in[0], text));
}

static bool extreme_infer(nn_frame *f) {
  uint32_t mask = f->n_args > 1 ? MASK(f) : UINT32_MAX;
  if (!not_empty(f, mask)) return false;
  nn_reduced_spec(f, 0, (nn_dtype)f->in[0]->dtype, mask, f->n_args > 2 && f->arg[2].b);
  return true;
}

static bool extreme_kernel(nn_frame *f) {
  uint32_t mask = f->n_args > 1 ? MASK(f) : UINT32_MAX;
  const nn_tensor *x = nn_reduction_input(f, &mask);
  enum nn_reduce kind = *(const enum nn_reduce *)f->op->data;
  return x != NULL && nn_reduce_dense(f->ctx, kind, x, mask, f->out[0]->data);
}

/* Equal extremes share the gradient evenly. */
static bool extreme_vjp(nn_vjp *v) {
  C c = v->ctx;
  const nn_meta *m = nn_in_meta(v, 0);
  uint32_t mask = v->node->n_args > 1 ? nn_dim_mask(&v->arg[1], m->ndim) : (1u << m->ndim) - 1;
  T y = nn_unsqueeze_mask(c, nn_out(v, 0), m, mask), g = nn_unsqueeze_mask(c, v->g[0], m, mask), x = nn_in(v, 0);
  T best = x && y ? nn_do(c, &nn_op_to, v_t(t_eq(c, x, y)), v_dt((nn_dtype)m->dtype)) : NULL;
  T ties = t_reduce_mask(c, &nn_op_sum, best, mask, true);
  return (v->d[0] = t_mul(c, best, t_div(c, g, ties))) != NULL;
}

static const enum nn_reduce use_max = NN_REDUCE_MAX, use_min = NN_REDUCE_MIN;

#define EXTREME(id, name_, loop, doc_, example_, invalid_, complaint_, params_, ...) \
  const nn_op nn_op_##id = {.name = name_, .doc = doc_, .example = example_, .params = params_, .flags = USUAL, \
                            .saves_in = 1, .saves_out = 1, .infer = extreme_infer, .kernel = extreme_kernel, \
                            .vjp = extreme_vjp, .data = &loop, .samples = NN_SAMPLES(__VA_ARGS__), .invalid = invalid_, \
                            .complaint = complaint_};
#define P(...) {__VA_ARGS__}

EXTREME(amax, "amax", use_max, "The largest element over one or several dimensions; equal ones share the gradient.",
        "tensor{{1, 5}, {3, 2}}:amax(2)\n--> {5, 3}", "R(2,3), 4", "dimensions are", P(DIMS), "D(2,3,4), 2", "D(2,3), {1,2}, true", "D(3)")
EXTREME(amin, "amin", use_min, "The smallest element over one or several dimensions; equal ones share the gradient.",
        "tensor{{1, 5}, {3, 2}}:amin(2)\n--> {1, 2}", "R(2,3), 4", "dimensions are", P(DIMS), "D(2,3,4), 2", "D(2,3), {1,2}, true", "D(3)")
EXTREME(max, "max", use_max, "The largest of all elements. NaN wins.", "tensor{1, 5, 3}:max()\n--> 5", "R(0)", "no element",
        P({"input", P_TENSOR}), "D(2,3)", "D()")
EXTREME(min, "min", use_min, "The smallest of all elements. NaN wins.", "tensor{1, 5, 3}:min()\n--> 1", "R(0)", "no element",
        P({"input", P_TENSOR}), "D(2,3)", "D()")

/* ---- extremes with their places --------------------------------------------------------------------- */

typedef struct arg_job {
  nn_arg_run_fn *run;
  nn_arg_cols_fn *cols;
  size_t elem;
  int64_t n, inner;
  const char *x;
  char *value;
  int64_t *index;
} arg_job;

enum { ARG_PIECE = 1 << 20, ARG_PIECES = 64 };

/* One long lane: in pieces, then among their extremes. The position, from 0. */
static int64_t long_run(const arg_job *j, const char *x, char *value) {
  _Alignas(8) char best[ARG_PIECES * 8];
  int64_t at[ARG_PIECES], size = (j->n + ARG_PIECES - 1) / ARG_PIECES, pieces = 0;
  if (size < ARG_PIECE) size = ARG_PIECE;
  for (int64_t from = 0; from < j->n && !nn_interrupted(); from += size, pieces++) {
    int64_t n = j->n - from < size ? j->n - from : size;
    at[pieces] = from + j->run(n, x + (size_t)from * j->elem, best + (size_t)pieces * j->elem);
  }
  return pieces > 0 ? at[j->run(pieces, best, value)] : 0;
}

enum { ARG_SHORT = 32, ARG_ROWS = 128, ARG_STRIDE = ARG_ROWS + 16 };

/* Short rows go as columns of their transpose. */
static void arg_short(const arg_job *j, int64_t begin, int64_t end) {
  _Alignas(64) char turned[ARG_SHORT * ARG_STRIDE * 8];
  int64_t e = (int64_t)j->elem;
  for (int64_t i = begin; i < end && !nn_interrupted(); i += ARG_ROWS) {
    int64_t rows = end - i < ARG_ROWS ? end - i : ARG_ROWS;
    NN_SELECT(nn_vmath)->transpose(rows, j->n, j->x + i * j->n * e, j->n * e, turned, ARG_STRIDE * e, j->elem);
    j->cols(j->n, rows, turned, ARG_STRIDE, 1, j->value ? j->value + i * e : NULL, j->index + i);
  }
}

static void arg_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const arg_job *j = arg;
  if (j->n >= 2 && j->n <= ARG_SHORT && end - begin >= 16) {
    arg_short(j, begin, end);
    return;
  }
  for (int64_t i = begin; i < end && !nn_interrupted(); i++) {
    const char *x = j->x + (size_t)(i * j->n) * j->elem;
    char *value = j->value ? j->value + (size_t)i * j->elem : NULL;
    j->index[i] = (j->n > ARG_PIECE ? long_run(j, x, value) : j->run(j->n, x, value)) + 1;
  }
}

enum { ARG_COLUMNS = 1024 };

/* Tasks are blocks of columns. */
static void arg_columns(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const arg_job *j = arg;
  int64_t blocks = (j->inner + ARG_COLUMNS - 1) / ARG_COLUMNS;
  for (int64_t task = begin; task < end && !nn_interrupted(); task++) {
    int64_t i = task / blocks, from = task % blocks * ARG_COLUMNS, at = i * j->inner + from;
    int64_t columns = j->inner - from < ARG_COLUMNS ? j->inner - from : ARG_COLUMNS;
    const char *x = j->x + (size_t)(i * j->n * j->inner + from) * j->elem;
    j->cols(j->n, columns, x, j->inner, 1, j->value ? j->value + (size_t)at * j->elem : NULL, j->index + at);
  }
}

static bool find_extremes(nn_frame *f, const nn_tensor *x, int dim, bool max, void *value, int64_t *index) {
  const struct nn_reduce_kernels *k = NN_SELECT(nn_reduce);
  int64_t outer = 1, inner = 1;
  for (int d = 0; d < dim; d++) outer *= x->shape[d];
  for (int d = dim + 1; d < x->ndim; d++) inner *= x->shape[d];
  arg_job j = {max ? k->argmax[x->dtype] : k->argmin[x->dtype],
               max ? k->argmax_cols[x->dtype] : k->argmin_cols[x->dtype],
               nn_esize(x), x->ndim ? x->shape[dim] : 1, inner, x->data, value, index};
  int64_t blocks = (inner + ARG_COLUMNS - 1) / ARG_COLUMNS, work = j.n * (inner < ARG_COLUMNS ? inner : ARG_COLUMNS);
  if (outer * inner > 0)
    nn_parallel(outer * blocks, work > 0 ? 1 + 8192 / work : outer * blocks, inner == 1 ? arg_range : arg_columns, &j);
  return f->ctx->error == NN_OK && (x->numel < 1 << 16 || !nn_interrupted());
}

static bool max_dim_infer(nn_frame *f) {
  uint32_t mask = MASK(f);
  if (!not_empty(f, mask)) return false;
  nn_reduced_spec(f, 0, (nn_dtype)f->in[0]->dtype, mask, f->arg[2].b);
  nn_reduced_spec(f, 1, NN_INT64, mask, f->arg[2].b);
  return true;
}

static bool max_dim_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  bool max = *(const enum nn_reduce *)f->op->data == NN_REDUCE_MAX;
  return x != NULL && find_extremes(f, x, (int)f->arg[1].i, max, f->out[0]->data, (int64_t *)(void *)f->out[1]->data);
}

static bool max_dim_vjp(nn_vjp *v) {
  C c = v->ctx;
  const nn_meta *m = nn_in_meta(v, 0);
  uint32_t mask = nn_dim_mask(&v->arg[1], m->ndim);
  if (v->g[0] == NULL) return true;
  T g = nn_unsqueeze_mask(c, v->g[0], m, mask), index = nn_unsqueeze_mask(c, nn_out(v, 1), m, mask);
  T zero = nn_keep(c, nn_zeros(c, (nn_dtype)m->dtype, m->ndim, m->shape));
  if (g == NULL || index == NULL || zero == NULL) return false;
  return (v->d[0] = nn_do(c, &nn_op_scatter_add, v_t(zero), v_i(v->arg[1].i), v_t(index), v_t(g))) != NULL;
}

#define WITH_PLACE(id, name_, loop, doc_, example_) \
  const nn_op nn_op_##id = {.name = name_, .doc = doc_, .example = example_, \
                            .params = {{"input", P_TENSOR}, {"dim", P_DIM}, {"keepdim", P_BOOL, "false"}}, .flags = USUAL, \
                            .saves_out = 2, .n_out = 2, .infer = max_dim_infer, .kernel = max_dim_kernel, \
                            .vjp = max_dim_vjp, .data = &loop, \
                            .samples = NN_SAMPLES("D(2,3,4), 2", "D(2,3), -1, true", "T(D(3,2)), 1"), .invalid = "R(2,3), 3", \
                            .complaint = "dimensions are"};

WITH_PLACE(max_dim, "max.dim", use_max, "Largest elements along a dimension, and their positions (the first of equals).",
           "tensor{{1, 5}, {3, 2}}:max(2)\n--> {5, 3}\t{2, 1}")
WITH_PLACE(min_dim, "min.dim", use_min, "Smallest elements along a dimension, and their positions (the first of equals).",
           "tensor{{1, 5}, {3, 2}}:min(2)\n--> {1, 2}\t{1, 2}")

static bool max_other_compose(nn_frame *f) {
  return (f->out[0] = nn_do(f->ctx, f->op->data, v_t(f->in[0]), v_t(f->in[1]))) != NULL;
}
#define OF_TWO(id, name_, row, doc_, example_) \
  const nn_op nn_op_##id = {.name = name_, .doc = doc_, .example = example_, \
                            .params = {{"input", P_TENSOR}, {"other", P_TENSOR}}, .flags = USUAL, .compose = max_other_compose, \
                            .data = &row, .samples = NN_SAMPLES("R(2,3), R(3)"), .invalid = "R(2), R(3)", \
                            .complaint = "do not broadcast"};
OF_TWO(max_other, "max.other", nn_op_maximum, "The same as maximum(input, other).", "tensor.max(tensor{1, 5}, tensor{3, 2})\n--> {3, 5}")
OF_TWO(min_other, "min.other", nn_op_minimum, "The same as minimum(input, other).", "tensor.min(tensor{1, 5}, tensor{3, 2})\n--> {1, 2}")

static bool argmax_infer(nn_frame *f) {
  uint32_t mask = MASK(f);
  if (!not_empty(f, mask)) return false;
  nn_reduced_spec(f, 0, NN_INT64, mask, f->arg[2].b);
  return true;
}

static bool argmax_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  bool max = *(const enum nn_reduce *)f->op->data == NN_REDUCE_MAX;
  int64_t *index = (int64_t *)(void *)f->out[0]->data;
  if (x == NULL) return false;
  if (nn_given(f, 1)) return find_extremes(f, x, (int)f->arg[1].i, max, NULL, index);
  const struct nn_reduce_kernels *k = NN_SELECT(nn_reduce);
  *index = (max ? k->argmax : k->argmin)[x->dtype](x->numel, x->data, NULL) + 1;
  return true;
}

#define PLACE(id, loop, doc_, example_) \
  const nn_op nn_op_##id = {.name = #id, .doc = doc_, .example = example_, \
                            .params = {{"input", P_TENSOR}, {"dim", P_DIM, "nil"}, {"keepdim", P_BOOL, "false"}}, \
                            .flags = USUAL | NN_NO_GRAD, .infer = argmax_infer, .kernel = argmax_kernel, .data = &loop, \
                            .samples = NN_SAMPLES("D(2,3,4), 2", "D(2,3)", "D(2,3), 2, true"), .invalid = "R(2,3), 3", \
                            .complaint = "dimensions are"};
PLACE(argmax, use_max, "The position of the largest element along a dimension (the first of equals), or among all elements.",
      "tensor{{1, 5}, {3, 2}}:argmax(2)\n--> {2, 1}")
PLACE(argmin, use_min, "The position of the smallest element along a dimension (the first of equals), or among all elements.",
      "tensor{{1, 5}, {3, 2}}:argmin(2)\n--> {1, 2}")

/* ---- truth ------------------------------------------------------------------------------------------ */

static bool truth_infer(nn_frame *f) {
  nn_reduced_spec(f, 0, NN_BOOL, MASK(f), f->arg[2].b);
  return true;
}

static bool truth_kernel(nn_frame *f) {
  T b = nn_do(f->ctx, &nn_op_to, v_t(f->in[0]), v_dt(NN_BOOL));
  T x = b ? nn_keep(f->ctx, nn_contiguous_data(b)) : NULL;
  if (x == NULL) return false;
  enum nn_reduce kind = *(const enum nn_reduce *)f->op->data;
  if (x->numel == 0) {
    memset(f->out[0]->data, kind == NN_REDUCE_MIN, (size_t)f->out[0]->numel);
    return true;
  }
  return nn_reduce_dense(f->ctx, kind, x, MASK(f), f->out[0]->data);
}

#define TRUTH(id, loop, doc_, example_) \
  const nn_op nn_op_##id = {.name = #id, .doc = doc_, .example = example_, .params = {DIMS}, \
                            .flags = USUAL | NN_NO_GRAD | NN_LUA_VALUE, .infer = truth_infer, .kernel = truth_kernel, \
                            .data = &loop, .samples = NN_SAMPLES("B(2,3)", "B(2,3), 1", "R(2,3), 2, true"), \
                            .invalid = "B(2), 2", .complaint = "dimensions are"};
TRUTH(all, use_min, "Whether every element is true (not zero): true or false; over dimensions, a bool tensor.",
      "tensor({true, false}):all()\n--> false")
TRUTH(any, use_max, "Whether some element is true (not zero): true or false; over dimensions, a bool tensor.",
      "tensor({true, false}):any()\n--> true")

static bool count_compose(nn_frame *f) {
  C c = f->ctx;
  T b = nn_do(c, &nn_op_to, v_t(f->in[0]), v_dt(NN_BOOL));
  return (f->out[0] = b ? nn_do(c, &nn_op_sum, v_t(b), f->arg[1]) : NULL) != NULL;
}
const nn_op nn_op_count_nonzero = {
    .name = "count_nonzero", .doc = "How many elements are not zero, over all or over given dimensions.",
    .example = "tensor{1, 0, 3}:count_nonzero()\n--> 2",
    .params = {{"input", P_TENSOR}, {"dim", P_DIMS, "nil"}}, .flags = USUAL | NN_NO_GRAD, .compose = count_compose,
    .samples = NN_SAMPLES("I(3,2,3)", "I(3,2,3), 1"), .invalid = "R(2), 2", .complaint = "dimensions are"};
