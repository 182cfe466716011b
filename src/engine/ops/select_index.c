/* select_index.c - the operations whose index list picks whole slices along one dimension: index_select,
 * index_add, index_copy, index_fill, and take, which picks from all elements as one row. */
#include <string.h>

#include "blocks.h"
#include "pick.h"
#include "shape.h"

/* in[i] as an index list for dimension `dim` of in[0]: 0 or 1 dims, values checked. */
static bool expect_list(nn_frame *f, int i, int dim) {
  const nn_tensor *x = f->in[0];
  if (!nn_expect_index(f, i) || !nn_expect_ndim(f, i, 0, 1)) return false;
  return nn_index_check(f, f->in[i], x->ndim > 0 ? x->shape[dim] : 1);
}

/* The slices of t, which has in[0]'s shape, that the index in[i] picks. Offsets are scratch, see close_pick.
 */
static bool open_pick(nn_frame *f, nn_pick *p, const nn_tensor *t, const nn_tensor *index, int dim) {
  nn_pick_around(p, t, dim);
  p->count = index->numel;
  p->offset = nn_index_offsets(f, index, t->ndim > 0 ? t->shape[dim] : 1, t->ndim > 0 ? t->stride[dim] : 1);
  return p->offset != NULL;
}

static void close_pick(nn_frame *f, nn_pick *p, const nn_tensor *index) {
  nn_index_offsets_free(f, (int64_t *)(uintptr_t)p->offset, index);
}

static T t_index_select(C c, T x, int64_t dim, T index) {
  return x && index ? nn_do(c, &nn_op_index_select, v_t(x), v_i(dim), v_t(index)) : NULL;
}

/* ---- index_select ----------------------------------------------------------------------------------- */

static bool index_select_infer(nn_frame *f) {
  int dim = (int)f->arg[1].i;
  if (!expect_list(f, 1, dim)) return false;
  nn_spec_like(f, 0, f->in[0]);
  if (f->in[0]->ndim > 0)
    f->spec[0].shape[dim] = f->in[1]->numel;
  else if (f->in[1]->numel != 1)
    return nn_bad(f, "from a 0-dim tensor one element can be picked, not %lld", (long long)f->in[1]->numel);
  return true;
}

static bool index_select_kernel(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  nn_pick p;
  if (!open_pick(f, &p, x, f->in[1], (int)f->arg[1].i)) return false;
  nn_pick_read(&p, (nn_dtype)x->dtype, x->data, f->out[0]->data);
  close_pick(f, &p, f->in[1]);
  return true;
}

static bool index_select_vjp(nn_vjp *v) {
  T zeros = t_zeros(v->ctx, nn_in_meta(v, 0)), index = nn_in(v, 1);
  if (zeros == NULL || index == NULL) return false;
  v->d[0] = nn_do(v->ctx, &nn_op_index_add, v_t(zeros), v->arg[1], v_t(index), v_t(v->g[0]));
  return v->d[0] != NULL;
}

const nn_op nn_op_index_select = {
    .name = "index_select",
    .doc = "A copy of the slices of a dimension that a list of positions names, in its order.\n"
           "Positions count from 1, negative ones from the end.",
    .example = "tensor{{1, 2, 3}, {4, 5, 6}}:index_select(2, tensor{3, 1})\n"
               "--> {{3, 1}, {6, 4}}",
    .params = {{"input", P_TENSOR}, {"dim", P_DIM}, {"index", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD,
    .saves_in = 2,
    .grads_in = 1,
    .infer = index_select_infer,
    .kernel = index_select_kernel,
    .vjp = index_select_vjp,
    .samples = NN_SAMPLES("R(4, 3), 1, I(4, 6)", "R(2, 3, 2), 2, I(3, 4)", "T(R(4, 3)), 2, I(3, 2)",
                          "R(3), 1, I(3, 5)", "R(), 1, I(1)", "R(3, 2), 1, I(3, 0)"),
    .invalid = "R(4, 3), 2, C(tensor{1, 4})",
    .complaint = "index 4 at position [2] is out of range: indices count from 1 to 3",
};

/* ---- index_add, index_copy -------------------------------------------------------------------------- */

/* source in[2] has in[0]'s shape but for the dimension, where it has the length of the list. */
static bool expect_slices(nn_frame *f) {
  int dim = (int)f->arg[1].i;
  const nn_tensor *x = f->in[0], *s = f->in[2];
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
  if (!expect_list(f, 1, dim) || !nn_expect_same_dtype(f, 0, 2)) return false;
  int64_t n = f->in[1]->numel;
  bool fits = s->ndim == x->ndim || (s->ndim == 0 && x->ndim == 1 && n == 1);
  for (int d = 0; d < s->ndim && fits; d++) fits = s->shape[d] == (d == dim ? n : x->shape[d]);
  if (s->ndim == 0 && n != 1) fits = false;
  if (!fits)
    return nn_bad(f, "source of shape %s does not fit %lld slices of input of shape %s along dimension %d",
                  nn_tensor_shape_text(s, a), (long long)n, nn_tensor_shape_text(x, b), dim + 1);
  nn_spec_like(f, 0, x);
  return true;
}

static bool put_slices(nn_frame *f, bool add, nn_tensor *source) {
  nn_tensor *y = f->out[0], *index = nn_apart(f, 1);
  nn_pick p;
  const nn_tensor *dense = source ? nn_keep(f->ctx, nn_contiguous_data(source)) : NULL;
  if (dense == NULL || index == NULL || !nn_start_from_input(f)) return false;
  if (!open_pick(f, &p, y, index, (int)f->arg[1].i)) return false;
  nn_pick_write(&p, (nn_dtype)y->dtype, y->data, dense->data, false, add);
  close_pick(f, &p, index);
  return true;
}

static bool is_one(const nn_value *v) { return v->tag == NN_V_FLOAT ? v->f == 1.0 : v->i == 1; }

static T times(C c, T x, const nn_value *alpha) {
  if (x == NULL || is_one(alpha)) return x;
  return t_mul(c, x,
               nn_keep(c, alpha->tag == NN_V_FLOAT ? nn_number(c, alpha->f) : nn_number_int(c, alpha->i)));
}

static bool index_add_infer(nn_frame *f) {
  if (f->arg[4].tag == NN_V_FLOAT && !nn_is_float((nn_dtype)f->in[0]->dtype))
    return nn_bad(f, "alpha must be a whole number for a tensor of %s",
                  nn_dtype_name((nn_dtype)f->in[0]->dtype));
  return expect_slices(f);
}

static bool index_add_kernel(nn_frame *f) {
  bool was = nn_set_grad_enabled(f->ctx, false);
  T source = times(f->ctx, nn_apart(f, 2), &f->arg[4]);
  nn_set_grad_enabled(f->ctx, was);
  return put_slices(f, true, source);
}

static bool index_add_vjp(nn_vjp *v) {
  v->d[0] = v->g[0];
  if (!nn_need(v, 2)) return true;
  T d = times(v->ctx, t_index_select(v->ctx, v->g[0], v->arg[1].i, nn_in(v, 1)), &v->arg[4]);
  v->d[2] = t_reshape_like(v->ctx, d, nn_in_meta(v, 2));
  return v->d[2] != NULL;
}

const nn_op nn_op_index_add = {
    .name = "index_add",
    .doc =
        "A copy of input with the slices of source, times alpha, added to those that a list of positions names.\n"
        "A slice that is named several times gets them all.",
    .example = "tensor.zeros(3):index_add(1, tensor{1, 3, 1}, tensor{5, 6, 7})\n"
               "--> {12, 0, 6}",
    .params = {{"input", P_TENSOR},
               {"dim", P_DIM},
               {"index", P_TENSOR},
               {"source", P_TENSOR},
               {"alpha", P_NUMBER, "1", .keyword = true}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_ANY_OUT,
    .saves_in = 2,
    .infer = index_add_infer,
    .kernel = index_add_kernel,
    .vjp = index_add_vjp,
    .samples = NN_SAMPLES("R(4, 3), 1, I(4, 6), R(6, 3)", "T(R(4, 3)), 2, I(3, 2), R(4, 2), {alpha = 2.5}",
                          "R(3), 1, I(3, 5), R(5)", "R(2, 2, 8), 2, I(2, 3), R(2, 3, 8)"),
    .invalid = "R(4, 3), 1, C(tensor{1, 2}), R(3, 3)",
    .complaint = "source of shape [3, 3] does not fit 2 slices",
};

static bool index_copy_kernel(nn_frame *f) { return put_slices(f, false, nn_apart(f, 2)); }

static bool index_copy_vjp(nn_vjp *v) {
  T index = nn_in(v, 1);
  if (index == NULL) return false;
  if (nn_need(v, 0)) v->d[0] = nn_do(v->ctx, &nn_op_index_fill, v_t(v->g[0]), v->arg[1], v_t(index), v_i(0));
  if (nn_need(v, 2))
    v->d[2] = t_reshape_like(v->ctx, t_index_select(v->ctx, v->g[0], v->arg[1].i, index), nn_in_meta(v, 2));
  return (!nn_need(v, 0) || v->d[0] != NULL) && (!nn_need(v, 2) || v->d[2] != NULL);
}

const nn_op nn_op_index_copy = {
    .name = "index_copy",
    .doc = "A copy of input in which the slices that a list of positions names are those of source.\n"
           "Of a slice that is named several times the last one stays.",
    .example = "tensor.zeros(3):index_copy(1, tensor{1, 3}, tensor{5, 6})\n"
               "--> {5, 0, 6}",
    .params = {{"input", P_TENSOR}, {"dim", P_DIM}, {"index", P_TENSOR}, {"source", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_ANY_OUT,
    .saves_in = 2,
    .infer = expect_slices,
    .kernel = index_copy_kernel,
    .vjp = index_copy_vjp,
    .samples = NN_SAMPLES("R(4, 3), 1, C(tensor{4, 1}), R(2, 3)", "T(R(4, 3)), 2, C(tensor{2}), R(4, 1)"),
    .invalid = "R(4, 3), 1, C(tensor{1, 2}), R(3, 3)",
    .complaint = "source of shape [3, 3] does not fit 2 slices",
};

/* ---- index_fill ------------------------------------------------------------------------------------- */

static bool index_fill_infer(nn_frame *f) {
  if (!expect_list(f, 1, (int)f->arg[1].i)) return false;
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

static bool fill_slices(nn_frame *f, const void *element) {
  nn_tensor *y = f->out[0], *index = nn_apart(f, 1);
  nn_pick p;
  if (index == NULL || !nn_start_from_input(f) || !open_pick(f, &p, y, index, (int)f->arg[1].i)) return false;
  nn_pick_write(&p, (nn_dtype)y->dtype, y->data, element, true, false);
  close_pick(f, &p, index);
  return true;
}

static bool index_fill_kernel(nn_frame *f) {
  double element;
  nn_element_of(&f->arg[3], (nn_dtype)f->in[0]->dtype, &element);
  return fill_slices(f, &element);
}

static bool index_fill_vjp(nn_vjp *v) {
  T index = nn_in(v, 1);
  if (index == NULL) return false;
  v->d[0] = nn_do(v->ctx, &nn_op_index_fill, v_t(v->g[0]), v->arg[1], v_t(index), v_i(0));
  return v->d[0] != NULL;
}

const nn_op nn_op_index_fill = {
    .name = "index_fill",
    .doc = "A copy of input in which the slices that a list of positions names are filled with a number.",
    .example = "tensor.zeros(2, 3):index_fill(2, tensor{3}, 7)\n"
               "--> {{0, 0, 7}, {0, 0, 7}}",
    .params = {{"input", P_TENSOR}, {"dim", P_DIM}, {"index", P_TENSOR}, {"value", P_NUMBER}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_ANY_OUT,
    .saves_in = 2,
    .grads_in = 1,
    .infer = index_fill_infer,
    .kernel = index_fill_kernel,
    .vjp = index_fill_vjp,
    .samples = NN_SAMPLES("R(4, 3), 1, I(4, 2), 2.5", "T(R(4, 3)), 2, I(3, 1), -1"),
    .invalid = "R(4, 3), 1, C(tensor{5}), 0",
    .complaint = "index 5 at position [1] is out of range: indices count from 1 to 4",
};

static bool index_fill_tensor_infer(nn_frame *f) {
  if (!nn_expect_ndim(f, 2, 0, 0)) return false;
  f->in[2] = t_to(f->ctx, f->in[2], (nn_dtype)f->in[0]->dtype);
  return f->in[2] != NULL && index_fill_infer(f);
}

static bool index_fill_tensor_kernel(nn_frame *f) {
  double element;
  memcpy(&element, f->in[2]->data, nn_esize(f->in[2]));
  return fill_slices(f, &element);
}

static bool index_fill_tensor_vjp(nn_vjp *v) {
  T index = nn_in(v, 1);
  if (index == NULL || (nn_need(v, 0) && !index_fill_vjp(v))) return false;
  if (nn_need(v, 2)) {
    T part = t_index_select(v->ctx, v->g[0], v->arg[1].i, index);
    v->d[2] = part ? nn_do(v->ctx, &nn_op_sum_to_size, v_t(part), v_ints(0, NULL)) : NULL;
  }
  return !nn_need(v, 2) || v->d[2] != NULL;
}

const nn_op nn_op_index_fill_tensor = {
    .name = "index_fill.tensor",
    .doc =
        "A copy of input in which the slices that a list of positions names are filled with a 0-dim tensor.",
    .example = "tensor.zeros(3):index_fill(1, tensor{3}, tensor(7))\n"
               "--> {0, 0, 7}",
    .params = {{"input", P_TENSOR}, {"dim", P_DIM}, {"index", P_TENSOR}, {"value", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_ANY_OUT,
    .saves_in = 2,
    .infer = index_fill_tensor_infer,
    .kernel = index_fill_tensor_kernel,
    .vjp = index_fill_tensor_vjp,
    .samples = NN_SAMPLES("R(4, 3), 1, C(tensor{2, 4}), R()"),
    .invalid = "R(4, 3), 1, C(tensor{1}), R(2)",
    .complaint = "expected value with 0 dimensions",
};

/* ---- take ------------------------------------------------------------------------------------------- */

static bool take_compose(nn_frame *f) {
  C c = f->ctx;
  const int64_t flat = -1;
  if (!nn_expect_index(f, 1) || !nn_index_check(f, f->in[1], f->in[0]->numel)) return false;
  if (f->in[0]->numel == 0) { /* nothing can be picked, and -1 has no meaning */
    f->out[0] = nn_keep(c, nn_empty(c, (nn_dtype)f->in[0]->dtype, f->in[1]->ndim, f->in[1]->shape));
    return f->out[0] != NULL;
  }
  T x = t_reshape(c, f->in[0], 1, &flat), list = t_reshape(c, f->in[1], 1, &f->in[1]->numel);
  f->out[0] = t_reshape(c, t_index_select(c, x, 0, list), f->in[1]->ndim, f->in[1]->shape);
  return f->out[0] != NULL;
}

const nn_op nn_op_take = {
    .name = "take",
    .doc = "Picks elements of the tensor taken as one row; the result has the shape of index.",
    .example = "tensor{{1, 2}, {3, 4}}:take(tensor{4, 1})\n"
               "--> {4, 1}",
    .params = {{"input", P_TENSOR}, {"index", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD,
    .grads_in = 1,
    .compose = take_compose,
    .samples = NN_SAMPLES("R(2, 3), I(6, 2, 2)", "T(R(2, 3)), I(6, 4)", "R(), I(1)"),
    .invalid = "R(2, 2), C(tensor{5})",
    .complaint = "index 5 at position [1] is out of range: indices count from 1 to 4",
};
