/* masked.c - the operations that a bool tensor steers but where (where.c): masked_fill, masked_select,
 * masked_scatter, nonzero. */
#include <string.h>

#include "interrupt.h"
#include "pick.h"
#include "shape.h"

enum { LOOK = (1 << 16) - 1 /* elements between two looks at the interrupt flag, a mask */ };

/* ---- pieces ----------------------------------------------------------------------------------------- */

static bool expect_mask(nn_frame *f, int i) {
  const nn_tensor *t = f->in[i];
  char name[64];
  if (t->dtype == NN_BOOL) return true;
  return nn_bad(f, "expected %s to be a bool tensor, got %s", nn_input_name(f, i, name),
                nn_dtype_name((nn_dtype)t->dtype));
}

/* The shape of in[i] and in[j] broadcast. */
static bool common_shape(nn_frame *f, int i, int j, int *n, int64_t *shape) {
  const nn_tensor *s = f->in[i], *t = f->in[j];
  if (nn_broadcast_shapes(s->ndim, s->shape, t->ndim, t->shape, n, shape)) return true;
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT], x[64], y[64];
  return nn_bad(f, "shapes %s (%s) and %s (%s) do not broadcast", nn_tensor_shape_text(s, a),
                nn_input_name(f, i, x), nn_tensor_shape_text(t, b), nn_input_name(f, j, y));
}

/* t as a view of this shape, to which it broadcasts: borrowed, without history. */
static nn_tensor *spread(nn_ctx *ctx, nn_tensor *t, int ndim, const int64_t *shape) {
  int64_t stride[NN_MAX_DIMS];
  int lead = ndim - t->ndim;
  for (int d = 0; d < ndim; d++)
    stride[d] = d < lead || (t->shape[d - lead] == 1 && shape[d] != 1) ? 0 : t->stride[d - lead];
  return nn_keep(ctx, nn_view_raw(t, ndim, shape, stride, nn_offset(t)));
}

/* The same, without gaps. */
static nn_tensor *spread_dense(nn_ctx *ctx, nn_tensor *t, int ndim, const int64_t *shape) {
  nn_tensor *s = spread(ctx, t, ndim, shape);
  return s == NULL || nn_contig(s) ? s : nn_keep(ctx, nn_contiguous_data(s));
}

static int64_t count_true(const nn_tensor *dense) {
  const uint8_t *p = (const uint8_t *)dense->data;
  int64_t n = 0;
  for (int64_t i = 0; i < dense->numel; i++) n += p[i] != 0;
  return n;
}

static T t_where(C c, T mask, T a, T b) {
  return mask && a && b ? nn_do(c, &nn_op_where, v_t(mask), v_t(a), v_t(b)) : NULL;
}

static T t_masked_fill(C c, T x, T mask, double value) {
  return x && mask ? nn_do(c, &nn_op_masked_fill, v_t(x), v_t(mask), v_f(value)) : NULL;
}

/* ---- where as a method ------------------------------------------------------------------------------ */

static bool where_method_compose(nn_frame *f) {
  f->out[0] = nn_do(f->ctx, &nn_op_where, v_t(f->in[1]), v_t(f->in[0]), v_t(f->in[2]));
  return f->out[0] != NULL;
}

const nn_op nn_op_where_method = {
    .name = "where.method",
    .doc = "x:where(condition, other): the elements of x where condition is true, else those of other.",
    .example = "local x = tensor{-1, 2, -3}\n"
               "x:where(x:gt(0), 0)\n"
               "--> {0, 2, 0}",
    .params = {{"input", P_TENSOR}, {"condition", P_TENSOR}, {"other", P_TENSOR}},
    .flags = NN_METHOD | NN_NUMBERS,
    .compose = where_method_compose,
    .samples = NN_SAMPLES("R(2, 3), B(2, 3), R(3)", "R(2, 3), B(3), 2"),
    .invalid = "R(3), B(2), R(3)",
    .complaint = "do not broadcast",
};

/* ---- masked_fill ------------------------------------------------------------------------------------ */

static bool masked_fill_infer(nn_frame *f) {
  int n;
  int64_t shape[NN_MAX_DIMS];
  if (!expect_mask(f, 1) || !common_shape(f, 0, 1, &n, shape)) return false;
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, n, shape);
  return true;
}

static bool fill_masked(nn_frame *f, const nn_tensor *value) {
  const nn_tensor *mask = nn_apart(f, 1);
  return mask != NULL && value != NULL && nn_choose(f->out[0], mask, value, f->in[0]);
}

static bool masked_fill_kernel(nn_frame *f) {
  nn_tensor *value = nn_keep(f->ctx, nn_empty(f->ctx, (nn_dtype)f->in[0]->dtype, 0, NULL));
  if (value == NULL) return false;
  nn_element_of(&f->arg[2], (nn_dtype)value->dtype, value->data);
  return fill_masked(f, value);
}

static bool masked_fill_vjp(nn_vjp *v) {
  v->d[0] = t_masked_fill(v->ctx, v->g[0], nn_in(v, 1), 0);
  return v->d[0] != NULL;
}

const nn_op nn_op_masked_fill = {
    .name = "masked_fill",
    .doc = "A copy of input with a number where mask is true; the two broadcast.",
    .example = "tensor{1, 2, 3}:masked_fill(tensor{true, false, true}, 0)\n"
               "--> {0, 2, 0}",
    .params = {{"input", P_TENSOR}, {"mask", P_TENSOR}, {"value", P_NUMBER}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_BROADCASTS | NN_ANY_OUT,
    .saves_in = 2,
    .grads_in = 1,
    .infer = masked_fill_infer,
    .kernel = masked_fill_kernel,
    .vjp = masked_fill_vjp,
    .samples = NN_SAMPLES("R(2, 3), B(2, 3), 1.5", "R(2, 3), B(3), 0", "T(R(2, 3)), B(2, 1), -1",
                          "R(3), B(2, 3), 2"),
    .invalid = "R(2, 3), B(2), 0",
    .complaint = "do not broadcast",
};

static bool masked_fill_tensor_infer(nn_frame *f) {
  if (!nn_expect_ndim(f, 2, 0, 0)) return false;
  f->in[2] = t_to(f->ctx, f->in[2], (nn_dtype)f->in[0]->dtype);
  return f->in[2] != NULL && masked_fill_infer(f);
}

static bool masked_fill_tensor_kernel(nn_frame *f) { return fill_masked(f, nn_apart(f, 2)); }

static bool masked_fill_tensor_vjp(nn_vjp *v) {
  T mask = nn_in(v, 1);
  if (nn_need(v, 0)) v->d[0] = t_masked_fill(v->ctx, v->g[0], mask, 0);
  if (nn_need(v, 2)) v->d[2] = t_where(v->ctx, mask, v->g[0], t_num(v->ctx, 0));
  return (!nn_need(v, 0) || v->d[0] != NULL) && (!nn_need(v, 2) || v->d[2] != NULL);
}

const nn_op nn_op_masked_fill_tensor = {
    .name = "masked_fill.tensor",
    .doc = "A copy of input with the value of a 0-dim tensor where mask is true.",
    .example = "tensor{1, 2}:masked_fill(tensor{true, false}, tensor(7))\n"
               "--> {7, 2}",
    .params = {{"input", P_TENSOR}, {"mask", P_TENSOR}, {"value", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_BROADCASTS | NN_ANY_OUT,
    .saves_in = 2,
    .infer = masked_fill_tensor_infer,
    .kernel = masked_fill_tensor_kernel,
    .vjp = masked_fill_tensor_vjp,
    .samples = NN_SAMPLES("R(2, 3), B(2, 3), R()", "R(3), B(2, 3), R()"),
    .invalid = "R(2, 3), B(3), R(1)",
    .complaint = "expected value with 0 dimensions",
};

/* ---- masked_select, masked_scatter ------------------------------------------------------------------ */

static bool masked_select_infer(nn_frame *f) {
  int n;
  int64_t shape[NN_MAX_DIMS];
  if (!expect_mask(f, 1) || !common_shape(f, 0, 1, &n, shape)) return false;
  nn_tensor *mask = spread_dense(f->ctx, f->in[1], n, shape);
  if (mask == NULL) return false;
  int64_t count = count_true(mask);
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, 1, &count);
  return true;
}

/* Without branches: what is not taken is written over by the next. */
#define TAKE(type)                                                                                           \
  do {                                                                                                       \
    const type *from = (const type *)(const void *)x->data;                                                  \
    type *to = (type *)(void *)y->data, *const end = to + y->numel;                                          \
    for (int64_t i = 0; to < end; i++) {                                                                     \
      *to = from[i];                                                                                         \
      to += m[i] != 0;                                                                                       \
    }                                                                                                        \
  } while (0)

static bool masked_select_kernel(nn_frame *f) {
  int n;
  int64_t shape[NN_MAX_DIMS];
  nn_tensor *y = f->out[0];
  if (!common_shape(f, 0, 1, &n, shape)) return false;
  const nn_tensor *x = spread_dense(f->ctx, f->in[0], n, shape),
                  *mask = spread_dense(f->ctx, f->in[1], n, shape);
  if (x == NULL || mask == NULL) return false;
  const uint8_t *m = (const uint8_t *)mask->data;
  if (nn_esize(y) == 8)
    TAKE(uint64_t);
  else if (nn_esize(y) == 4)
    TAKE(uint32_t);
  else
    TAKE(uint8_t);
  return true;
}

static bool masked_select_vjp(nn_vjp *v) {
  C c = v->ctx;
  T mask = nn_in(v, 1);
  const nn_meta *m = nn_in_meta(v, 0);
  int n;
  int64_t shape[NN_MAX_DIMS];
  if (mask == NULL || !nn_broadcast_shapes(m->ndim, m->shape, mask->ndim, mask->shape, &n, shape))
    return false;
  T zeros = nn_keep(c, nn_zeros(c, (nn_dtype)m->dtype, n, shape));
  v->d[0] = zeros ? nn_do(c, &nn_op_masked_scatter, v_t(zeros), v_t(mask), v_t(v->g[0])) : NULL;
  return v->d[0] != NULL;
}

const nn_op nn_op_masked_select = {
    .name = "masked_select",
    .doc = "The elements of input where mask is true, as one dimension; the two broadcast.",
    .example = "tensor{1, 2, 3}:masked_select(tensor{true, false, true})\n"
               "--> {1, 3}",
    .params = {{"input", P_TENSOR}, {"mask", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD | NN_BROADCASTS,
    .saves_in = 2,
    .grads_in = 1,
    .infer = masked_select_infer,
    .kernel = masked_select_kernel,
    .vjp = masked_select_vjp,
    .samples = NN_SAMPLES("R(2, 3), B(2, 3)", "R(2, 3), B(3)", "T(R(2, 3)), B(2, 1)", "R(3), B(2, 3)"),
    .invalid = "R(2, 3), B(2)",
    .complaint = "do not broadcast",
};

static bool masked_scatter_infer(nn_frame *f) {
  int n;
  const nn_tensor *x = f->in[0];
  int64_t shape[NN_MAX_DIMS];
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
  if (!expect_mask(f, 1) || !nn_expect_same_dtype(f, 0, 2) || !common_shape(f, 0, 1, &n, shape)) return false;
  if (n != x->ndim || memcmp(shape, x->shape, (size_t)n * sizeof *shape) != 0)
    return nn_bad(f, "mask of shape %s does not broadcast to input of shape %s",
                  nn_tensor_shape_text(f->in[1], a), nn_tensor_shape_text(x, b));
  nn_tensor *mask = spread_dense(f->ctx, f->in[1], n, shape);
  if (mask == NULL) return false;
  int64_t count = count_true(mask);
  if (count > f->in[2]->numel)
    return nn_bad(f, "mask is true at %lld places, source has %lld elements", (long long)count,
                  (long long)f->in[2]->numel);
  nn_spec_like(f, 0, x);
  return true;
}

#define PUT(type)                                                                                            \
  do {                                                                                                       \
    const type *from = (const type *)(const void *)source->data;                                             \
    type *to = (type *)(void *)y->data;                                                                      \
    for (int64_t i = 0; i < y->numel; i++) {                                                                 \
      if (m[i]) to[i] = *from++;                                                                             \
      if ((i & LOOK) == LOOK && nn_interrupted()) return false;                                              \
    }                                                                                                        \
  } while (0)

static bool masked_scatter_kernel(nn_frame *f) {
  nn_tensor *y = f->out[0];
  const nn_tensor *mask = spread_dense(f->ctx, f->in[1], y->ndim, y->shape), *source = nn_dense(f, 2);
  if (mask == NULL || source == NULL || !nn_start_from_input(f)) return false;
  const uint8_t *m = (const uint8_t *)mask->data;
  if (nn_esize(y) == 8)
    PUT(uint64_t);
  else if (nn_esize(y) == 4)
    PUT(uint32_t);
  else
    PUT(uint8_t);
  return true;
}

static bool masked_scatter_vjp(nn_vjp *v) {
  C c = v->ctx;
  T mask = nn_in(v, 1), g = v->g[0];
  if (mask == NULL) return false;
  if (nn_need(v, 0) && (v->d[0] = t_masked_fill(c, g, mask, 0)) == NULL) return false;
  if (!nn_need(v, 2)) return true;
  const nn_meta *m = nn_in_meta(v, 2);
  int64_t all = 1;
  for (int d = 0; d < m->ndim; d++) all *= m->shape[d];
  T used = nn_do(c, &nn_op_masked_select, v_t(g), v_t(mask));
  if (used != NULL && used->numel < all) /* the rest of source was not used */
    used =
        nn_do(c, &nn_op_slice_backward, v_t(used), v_ints(1, &all), v_i(0), v_i(0), v_i(used->numel), v_i(1));
  v->d[2] = t_reshape_like(c, used, m);
  return v->d[2] != NULL;
}

const nn_op nn_op_masked_scatter = {
    .name = "masked_scatter",
    .doc =
        "A copy of input in which the places where mask is true hold the elements of source, one after the other.\n"
        "mask broadcasts to input.",
    .example = "tensor{1, 2, 3}:masked_scatter(tensor{true, false, true}, tensor{8, 9})\n"
               "--> {8, 2, 9}",
    .params = {{"input", P_TENSOR}, {"mask", P_TENSOR}, {"source", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE,
    .saves_in = 2,
    .infer = masked_scatter_infer,
    .kernel = masked_scatter_kernel,
    .vjp = masked_scatter_vjp,
    .samples = NN_SAMPLES("R(2, 3), B(2, 3), R(6)", "T(R(2, 3)), B(3), R(3, 4)"),
    .invalid = "R(2), C(tensor{true, true}), R(1)",
    .complaint = "mask is true at 2 places, source has 1 elements",
};

/* ---- nonzero ---------------------------------------------------------------------------------------- */

/* The input as bool without gaps. */
static nn_tensor *truth(nn_frame *f) {
  nn_tensor *x = f->in[0], *m = nn_keep(f->ctx, nn_empty(f->ctx, NN_BOOL, x->ndim, x->shape));
  return nn_copy_data(m, x) ? m : NULL;
}

static bool positions_infer(nn_frame *f) {
  const nn_tensor *m = truth(f);
  if (m == NULL) return false;
  const int64_t shape[2] = {count_true(m), m->ndim};
  nn_spec_set(f, 0, NN_INT64, 2, shape);
  return true;
}

/* The positions in a row of n elements whose own position is at[0 .. ndim - 2]; returns where those of the next row go, NULL
 * when interrupted. One or two numbers are written for every element, to be written over where it is 0. */
static int64_t *row_positions(const uint8_t *m, int64_t n, int ndim, const int64_t *at, int64_t *to, const int64_t *end) {
  for (int64_t j = 0; j < n && to < end; j++) {
    if ((j & LOOK) == LOOK && nn_interrupted()) return NULL;
    if (ndim <= 2) {
      to[0] = at[0];
      to[ndim - 1] = j + 1;
      to += m[j] ? ndim : 0;
    } else if (m[j]) {
      memcpy(to, at, (size_t)(ndim - 1) * sizeof *at);
      to[ndim - 1] = j + 1;
      to += ndim;
    }
  }
  return to;
}

static bool positions_kernel(nn_frame *f) {
  const nn_tensor *m = truth(f);
  if (m == NULL) return false;
  if (m->ndim == 0 || m->numel == 0) return true;
  int last = m->ndim - 1;
  int64_t at[NN_MAX_DIMS], n = m->shape[last], *to = (int64_t *)(void *)f->out[0]->data, *end = to + f->out[0]->numel;
  for (int d = 0; d < m->ndim; d++) at[d] = 1;
  for (int64_t i = 0; i < m->numel; i += n) {
    to = row_positions((const uint8_t *)m->data + i, n, m->ndim, at, to, end);
    if (to == NULL || ((i & LOOK) < n && nn_interrupted())) return false;
    for (int d = last - 1; d >= 0 && ++at[d] > m->shape[d]; d--) at[d] = 1;
  }
  return true;
}

const nn_op nn_op_nonzero_positions = {
    .name = "nonzero_positions",
    .doc = "The positions, from 1, of the elements that are not 0: [n, number of dimensions].",
    .example = "tensor{{0, 1}, {2, 0}}:nonzero()\n"
               "--> {{1, 2}, {2, 1}}",
    .params = {{"input", P_TENSOR}},
    .flags = NN_PRIVATE | NN_NO_GRAD,
    .infer = positions_infer,
    .kernel = positions_kernel,
    .samples = NN_SAMPLES("B(2, 3)", "R(2, 2)"),
    .invalid = "1",
    .complaint = "tensor",
};

/* The columns of a matrix of positions as results. */
static bool columns(nn_frame *f, T positions) {
  if (positions == NULL) return false;
  int n = (int)positions->shape[1];
  if (!nn_results_reserve(f->ctx, f->results, n)) return false;
  for (int d = 0; d < n; d++) {
    T column = nn_do(f->ctx, &nn_op_contiguous, v_t(t_select(f->ctx, positions, 1, d)));
    if (column == NULL) return false;
    f->results->t[f->results->n++] = nn_retain(column);
  }
  return true;
}

static bool nonzero_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0];
  if (f->arg[1].b && x->ndim == 0) x = t_unsqueeze(c, x, 0);
  T positions = x ? nn_do(c, &nn_op_nonzero_positions, v_t(x)) : NULL;
  if (f->arg[1].b) return columns(f, positions);
  if (positions == NULL) return false;
  f->results->t[f->results->n++] = nn_retain(positions);
  return true;
}

const nn_op nn_op_nonzero = {
    .name = "nonzero",
    .doc =
        "The positions of the elements that are not 0 (or not false), in row-major order: [n, number of dimensions].\n"
        "They count from 1. With as_tuple one vector a dimension, fit for indexing.",
    .example = "tensor{{0, 1}, {2, 0}}:nonzero()\n"
               "--> {{1, 2}, {2, 1}}",
    .params = {{"input", P_TENSOR}, {"as_tuple", P_BOOL, "false", .keyword = true}},
    .flags = NN_TENSOR | NN_METHOD | NN_LIST_OUT | NN_NO_GRAD,
    .compose = nonzero_compose,
    .samples = NN_SAMPLES("B(2, 3)", "B(2, 3), {as_tuple = true}", "R(0, 2)"),
    .invalid = "1",
    .complaint = "tensor",
};

static bool argwhere_compose(nn_frame *f) {
  f->out[0] = nn_do(f->ctx, &nn_op_nonzero_positions, v_t(f->in[0]));
  return f->out[0] != NULL;
}

const nn_op nn_op_argwhere = {
    .name = "argwhere",
    .doc = "The positions, from 1, of the elements that are not 0: another name of nonzero.",
    .example = "tensor{{0, 1}, {2, 0}}:argwhere()\n"
               "--> {{1, 2}, {2, 1}}",
    .params = {{"input", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD | NN_NO_GRAD,
    .compose = argwhere_compose,
    .samples = NN_SAMPLES("B(2, 3)"),
    .invalid = "1",
    .complaint = "tensor",
};

static bool where_nonzero_compose(nn_frame *f) {
  T x = f->in[0];
  if (x->ndim == 0) x = t_unsqueeze(f->ctx, x, 0);
  return columns(f, x ? nn_do(f->ctx, &nn_op_nonzero_positions, v_t(x)) : NULL);
}

const nn_op nn_op_where_nonzero = {
    .name = "where.nonzero",
    .doc =
        "The positions where condition is true (or not 0), from 1: one vector a dimension, fit for indexing.",
    .example = "local i = tensor.where(tensor{5, 0, 7}:gt(1))\n"
               "i\n"
               "--> {1, 3}",
    .params = {{"condition", P_TENSOR}},
    .flags = NN_TENSOR | NN_LIST_OUT | NN_NO_GRAD,
    .compose = where_nonzero_compose,
    .samples = NN_SAMPLES("B(2, 3)"),
    .invalid = "1",
    .complaint = "tensor",
};
