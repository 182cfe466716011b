/* permute.c - the operations that reorder dimensions, all of them views. */
#include "shape.h"

static bool permuted(nn_frame *f, const int *order) {
  const nn_tensor *x = f->in[0];
  int64_t shape[NN_MAX_DIMS], stride[NN_MAX_DIMS];
  for (int d = 0; d < x->ndim; d++) {
    shape[d] = x->shape[order[d]];
    stride[d] = x->stride[order[d]];
  }
  return nn_make_view(f, x->ndim, shape, stride, 0);
}

/* ---- transpose and its names ------------------------------------------------------------------------ */

static bool transpose_view(nn_frame *f) {
  int order[NN_MAX_DIMS], n = f->in[0]->ndim;
  int a = (int)f->arg[1].i, b = (int)f->arg[2].i;
  for (int d = 0; d < n; d++) order[d] = d == a ? b : (d == b ? a : d);
  return permuted(f, order);
}

static bool transpose_vjp(nn_vjp *v) {
  v->d[0] = t_transpose(v->ctx, v->g[0], v->arg[1].i, v->arg[2].i);
  return v->d[0] != NULL;
}

const nn_op nn_op_transpose = {
    .name = "transpose",
    .doc = "A view with two dimensions exchanged.",
    .example = "tensor.zeros(2, 3, 4):transpose(1, 3).shape\n"
               "--> {4, 3, 2}",
    .params = {{"input", P_TENSOR}, {"dim0", P_DIM}, {"dim1", P_DIM}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE,
    .view = transpose_view,
    .vjp = transpose_vjp,
    .samples = NN_SAMPLES("R(2, 3), 1, 2", "R(2, 3, 4), 1, -1", "R(3), 1, 1", "R(), 1, -1", "R(2, 0), 1, 2"),
    .invalid = "R(2, 3), 1, 3",
    .complaint = "dim1 = 3 is out of range",
};

const nn_op nn_op_swapaxes = {
    .name = "swapaxes",
    .doc = "A view with two dimensions exchanged: another name of transpose.",
    .example = "tensor.zeros(2, 3, 4):swapaxes(1, 2).shape\n"
               "--> {3, 2, 4}",
    .params = {{"input", P_TENSOR}, {"axis0", P_DIM}, {"axis1", P_DIM}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE,
    .view = transpose_view,
    .vjp = transpose_vjp,
    .samples = NN_SAMPLES("R(2, 3), 1, 2", "R(2, 3, 4), -1, -2"),
    .invalid = "R(2, 3), 1, 3",
    .complaint = "axis1 = 3 is out of range",
};

const nn_op nn_op_swapdims = {
    .name = "swapdims",
    .doc = "A view with two dimensions exchanged: another name of transpose.",
    .example = "tensor.zeros(2, 3, 4):swapdims(1, 2).shape\n"
               "--> {3, 2, 4}",
    .params = {{"input", P_TENSOR}, {"dim0", P_DIM}, {"dim1", P_DIM}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE,
    .view = transpose_view,
    .vjp = transpose_vjp,
    .samples = NN_SAMPLES("R(2, 3), 1, 2", "R(2, 3, 4), -1, -2"),
    .invalid = "R(2, 3), 1, 3",
    .complaint = "dim1 = 3 is out of range",
};

static bool t_view(nn_frame *f) {
  int n = f->in[0]->ndim, order[2] = {n - 1, 0};
  if (n > 2) {
    char text[NN_SHAPE_TEXT];
    return nn_bad(f, "expected at most 2 dimensions, got %s; use transpose or permute",
                  nn_tensor_shape_text(f->in[0], text));
  }
  return permuted(f, order);
}

static bool t_vjp(nn_vjp *v) {
  v->d[0] = nn_do(v->ctx, &nn_op_t, v_t(v->g[0]));
  return v->d[0] != NULL;
}

const nn_op nn_op_t = {
    .name = "t",
    .doc = "The transpose of a matrix, as a view: [n, m] becomes [m, n].\n"
           "Tensors of 0 or 1 dimension stay as they are.",
    .example = "tensor{{1, 2, 3}, {4, 5, 6}}:t()\n"
               "--> {{1, 4}, {2, 5}, {3, 6}}",
    .params = {{"input", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE,
    .view = t_view,
    .vjp = t_vjp,
    .samples = NN_SAMPLES("R(2, 3)", "R(3)", "R()"),
    .invalid = "R(2, 3, 4)",
    .complaint = "expected at most 2 dimensions, got [2, 3, 4]",
};

/* ---- permute ---------------------------------------------------------------------------------------- */

static bool permute_view(nn_frame *f) {
  int order[NN_MAX_DIMS], n;
  const int64_t *dims = nn_arg_ints(&f->arg[1], &n);
  char text[NN_SHAPE_TEXT];
  if (n != f->in[0]->ndim)
    return nn_bad(f, "%d dimensions are named, the tensor of shape %s has %d", n,
                  nn_tensor_shape_text(f->in[0], text), f->in[0]->ndim);
  for (int d = 0; d < n; d++) order[d] = (int)dims[d];
  return permuted(f, order);
}

static bool permute_vjp(nn_vjp *v) {
  int n;
  const int64_t *dims = nn_arg_ints(&v->arg[1], &n);
  int64_t back[NN_MAX_DIMS];
  for (int d = 0; d < n; d++) back[dims[d]] = d;
  v->d[0] = t_permute(v->ctx, v->g[0], n, back);
  return v->d[0] != NULL;
}

const nn_op nn_op_permute = {
    .name = "permute",
    .doc =
        "A view with the dimensions in another order: dimension d of the result is dimension dims[d] of the input.",
    .example = "tensor.zeros(8, 28, 28, 3):permute(1, 4, 2, 3).shape\n"
               "--> {8, 3, 28, 28}",
    .params = {{"input", P_TENSOR}, {"dims", P_DIMS, .rest = true}},
    .flags = NN_TENSOR | NN_METHOD,
    .view = permute_view,
    .vjp = permute_vjp,
    .samples = NN_SAMPLES("R(2, 3), 2, 1", "R(2, 3, 4), {3, 1, 2}", "R(2, 3, 4), -1, -3, -2", "R(3), 1"),
    .invalid = "R(2, 3), 1, 1",
    .complaint = "dims names dimension 1 twice",
};

/* ---- movedim ---------------------------------------------------------------------------------------- */

/* order[d]: which input dimension becomes dimension d. */
static bool moved_order(int n, int k, const int64_t *source, const int64_t *destination, int64_t *order) {
  bool moved[NN_MAX_DIMS] = {false};
  for (int d = 0; d < n; d++) order[d] = -1;
  for (int i = 0; i < k; i++) {
    order[destination[i]] = source[i];
    moved[source[i]] = true;
  }
  int next = 0;
  for (int d = 0; d < n; d++) {
    if (order[d] >= 0) continue;
    while (moved[next]) next++;
    order[d] = next++;
  }
  return true;
}

static bool movedim_view(nn_frame *f) {
  int k, m, order[NN_MAX_DIMS];
  const int64_t *source = nn_arg_ints(&f->arg[1], &k), *destination = nn_arg_ints(&f->arg[2], &m);
  int64_t dims[NN_MAX_DIMS];
  if (k != m) return nn_bad(f, "source names %d dimensions and destination %d", k, m);
  if (f->in[0]->ndim > 0) moved_order(f->in[0]->ndim, k, source, destination, dims);
  for (int d = 0; d < f->in[0]->ndim; d++) order[d] = (int)dims[d];
  return permuted(f, order);
}

static bool movedim_vjp(nn_vjp *v) {
  int k, m, n = nn_in_meta(v, 0)->ndim;
  const int64_t *source = nn_arg_ints(&v->arg[1], &k), *destination = nn_arg_ints(&v->arg[2], &m);
  int64_t dims[NN_MAX_DIMS], back[NN_MAX_DIMS];
  if (n > 0) moved_order(n, k, source, destination, dims);
  for (int d = 0; d < n; d++) back[dims[d]] = d;
  v->d[0] = t_permute(v->ctx, v->g[0], n, back);
  return v->d[0] != NULL;
}

const nn_op nn_op_movedim = {
    .name = "movedim",
    .doc = "A view with some dimensions moved to new places; the others keep their order.",
    .example = "tensor.zeros(2, 3, 4):movedim(1, 3).shape\n"
               "--> {3, 4, 2}",
    .params = {{"input", P_TENSOR}, {"source", P_DIMS}, {"destination", P_DIMS}},
    .flags = NN_TENSOR | NN_METHOD,
    .view = movedim_view,
    .vjp = movedim_vjp,
    .samples = NN_SAMPLES("R(2, 3, 4), 1, 3", "R(2, 3, 4), {1, 2}, {-1, 1}", "R(3), 1, 1", "R(), 1, 1"),
    .invalid = "R(2, 3, 4), {1, 2}, 1",
    .complaint = "source names 2 dimensions and destination 1",
};

const nn_op nn_op_moveaxis = {
    .name = "moveaxis",
    .doc = "A view with some dimensions moved to new places: another name of movedim.",
    .example = "tensor.zeros(2, 3, 4):moveaxis(3, 1).shape\n"
               "--> {4, 2, 3}",
    .params = {{"input", P_TENSOR}, {"source", P_DIMS}, {"destination", P_DIMS}},
    .flags = NN_TENSOR | NN_METHOD,
    .view = movedim_view,
    .vjp = movedim_vjp,
    .samples = NN_SAMPLES("R(2, 3, 4), 1, 3", "R(2, 3, 4), {1, 2}, {-1, 1}"),
    .invalid = "R(2, 3, 4), {1, 2}, 1",
    .complaint = "source names 2 dimensions and destination 1",
};
