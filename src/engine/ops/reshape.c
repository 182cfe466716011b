/* reshape.c - the operations that show the same elements in another shape: view, reshape, flatten, squeeze.
 * All of them are undone by a reshape, which is their gradient. */
#include <string.h>

#include "shape.h"

/* ---- view, reshape ---------------------------------------------------------------------------------- */

static bool asked_shape(nn_frame *f, int *n, int64_t *shape) {
  const int64_t *asked = nn_arg_ints(&f->arg[1], n);
  return nn_fill_shape(f, *n, asked, f->in[0]->numel, shape);
}

static bool only_view(nn_frame *f, int n, const int64_t *shape) {
  int64_t stride[NN_MAX_DIMS];
  if (nn_view_strides(f->in[0], n, shape, stride)) return nn_make_view(f, n, shape, stride, 0);
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
  return nn_bad(f,
                "a tensor of shape %s with these strides cannot be shown as %s without a copy; use reshape",
                nn_tensor_shape_text(f->in[0], a), nn_shape_text(n, shape, b));
}

static bool view_view(nn_frame *f) {
  int n;
  int64_t shape[NN_MAX_DIMS];
  return asked_shape(f, &n, shape) && only_view(f, n, shape);
}

const nn_op nn_op_view = {
    .name = "view",
    .doc =
        "The same elements in another shape, without a copy.\n"
        "One size may be -1 and is found from the rest. The result shares its memory with the tensor. Where the "
        "strides do not allow a view (after transpose, for example) it is an error: use reshape.",
    .example = "tensor.arange(6):view(2, -1).shape\n"
               "--> {2, 3}",
    .params = {{"input", P_TENSOR}, {"shape", P_SHAPE, .rest = true}},
    .flags = NN_METHOD,
    .view = view_view,
    .vjp = nn_reshape_vjp,
    .samples = NN_SAMPLES("R(2, 3), 3, 2", "R(2, 3), -1", "R(4), {2, -1, 1}", "R(1)", "R(0, 3), 3, 0"),
    .invalid = "R(2, 3), 4, 2",
    .complaint = "shape [4, 2] does not fit 6 elements",
};

static bool view_as_view(nn_frame *f) {
  const nn_tensor *other = f->in[1];
  int64_t shape[NN_MAX_DIMS];
  return nn_fill_shape(f, other->ndim, other->shape, f->in[0]->numel, shape) &&
         only_view(f, other->ndim, shape);
}

const nn_op nn_op_view_as = {
    .name = "view_as",
    .doc = "The same elements in the shape of another tensor, without a copy.",
    .example = "tensor.arange(6):view_as(tensor.zeros(3, 2)).shape\n"
               "--> {3, 2}",
    .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},
    .flags = NN_METHOD,
    .grads_in = 1,
    .view = view_as_view,
    .vjp = nn_reshape_vjp,
    .samples = NN_SAMPLES("R(2, 3), C(R(3, 2))", "R(1, 1), C(R())"),
    .invalid = "R(2, 3), C(R(4))",
    .complaint = "shape [4] does not fit 6 elements",
};

static bool reshape_view(nn_frame *f) {
  int n;
  int64_t shape[NN_MAX_DIMS];
  return asked_shape(f, &n, shape) && nn_make_reshaped(f, n, shape);
}

const nn_op nn_op_reshape = {
    .name = "reshape",
    .doc =
        "The same elements, in row-major order, in another shape.\n"
        "One size may be -1 and is found from the rest. The result is a view where the strides allow it and a "
        "copy otherwise.",
    .example = "tensor.arange(6):reshape(2, 3):t():reshape(-1)\n"
               "--> {0, 3, 1, 4, 2, 5}",
    .params = {{"input", P_TENSOR}, {"shape", P_SHAPE, .rest = true}},
    .flags = NN_TENSOR | NN_METHOD,
    .view = reshape_view,
    .vjp = nn_reshape_vjp,
    .samples =
        NN_SAMPLES("R(2, 3), 3, 2", "T(R(2, 3)), -1", "T(R(2, 3, 4)), {6, 4}", "R(), 1, 1", "R(0), 0, 5"),
    .invalid = "R(2, 3), -1, -1",
    .complaint = "only one size can be -1",
};

static bool reshape_as_view(nn_frame *f) {
  const nn_tensor *other = f->in[1];
  int64_t shape[NN_MAX_DIMS];
  return nn_fill_shape(f, other->ndim, other->shape, f->in[0]->numel, shape) &&
         nn_make_reshaped(f, other->ndim, shape);
}

const nn_op nn_op_reshape_as = {
    .name = "reshape_as",
    .doc = "The same elements in the shape of another tensor: a view where possible, else a copy.",
    .example = "tensor.arange(6):reshape_as(tensor.zeros(3, 2)).shape\n"
               "--> {3, 2}",
    .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},
    .flags = NN_METHOD,
    .grads_in = 1,
    .view = reshape_as_view,
    .vjp = nn_reshape_vjp,
    .samples = NN_SAMPLES("T(R(2, 3)), C(R(6))", "R(2, 3), C(R(3, 2))"),
    .invalid = "R(2, 3), C(R(4))",
    .complaint = "shape [4] does not fit 6 elements",
};

/* ---- flatten, unflatten ----------------------------------------------------------------------------- */

static bool flatten_view(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  int64_t from = f->arg[1].i, to = f->arg[2].i, shape[NN_MAX_DIMS];
  if (from > to)
    return nn_bad(f, "start_dim = %lld stands behind end_dim = %lld", (long long)from + 1, (long long)to + 1);
  int n = 0;
  for (int d = 0; d < x->ndim; d++) {
    if (d > from && d <= to)
      shape[n - 1] *= x->shape[d];
    else
      shape[n++] = x->shape[d];
  }
  if (x->ndim == 0) shape[n++] = 1;
  return nn_make_reshaped(f, n, shape);
}

const nn_op nn_op_flatten = {
    .name = "flatten",
    .doc =
        "Joins the dimensions from start_dim to end_dim (both included) into one.\n"
        "[N, C, H, W] with start_dim = 2 gives [N, C * H * W]. A view where possible, else a copy; a 0-dim tensor "
        "becomes [1].",
    .example = "tensor.zeros(8, 3, 4, 4):flatten(2).shape\n"
               "--> {8, 48}",
    .params = {{"input", P_TENSOR}, {"start_dim", P_DIM, "1"}, {"end_dim", P_DIM, "-1"}},
    .flags = NN_TENSOR | NN_METHOD,
    .view = flatten_view,
    .vjp = nn_reshape_vjp,
    .samples = NN_SAMPLES("R(2, 3, 2)", "R(2, 3, 2), 2", "T(R(2, 3, 2)), 2, 3", "R()", "R(2, 0, 3), 1, 2"),
    .invalid = "R(2, 3), 2, 1",
    .complaint = "start_dim = 2 stands behind end_dim = 1",
};

static bool ravel_view(nn_frame *f) { return nn_make_reshaped(f, 1, &f->in[0]->numel); }

const nn_op nn_op_ravel = {
    .name = "ravel",
    .doc = "All elements in row-major order, as one dimension: a view where possible, else a copy.",
    .example = "tensor{{1, 2}, {3, 4}}:ravel()\n"
               "--> {1, 2, 3, 4}",
    .params = {{"input", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD,
    .view = ravel_view,
    .vjp = nn_reshape_vjp,
    .samples = NN_SAMPLES("T(R(2, 3))", "R()"),
    .invalid = "1",
    .complaint = "tensor",
};

static bool unflatten_view(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  int dim = (int)f->arg[1].i, n;
  const int64_t *asked = nn_arg_ints(&f->arg[2], &n);
  int64_t part[NN_MAX_DIMS], shape[2 * NN_MAX_DIMS];
  if (x->ndim == 0) return nn_bad(f, "a 0-dim tensor has no dimension to split");
  if (n == 0) return nn_bad(f, "sizes must not be empty");
  if (!nn_fill_shape(f, n, asked, x->shape[dim], part)) return false;
  int m = 0;
  for (int d = 0; d < dim; d++) shape[m++] = x->shape[d];
  for (int d = 0; d < n; d++) shape[m++] = part[d];
  for (int d = dim + 1; d < x->ndim; d++) shape[m++] = x->shape[d];
  if (m > NN_MAX_DIMS) return nn_bad(f, "a tensor can have at most %d dimensions, got %d", NN_MAX_DIMS, m);
  return nn_make_reshaped(f, m, shape);
}

const nn_op nn_op_unflatten = {
    .name = "unflatten",
    .doc = "Splits one dimension into several, in row-major order.\n"
           "One of the sizes may be -1.",
    .example = "tensor.zeros(3, 8):unflatten(2, {2, -1}).shape\n"
               "--> {3, 2, 4}",
    .params = {{"input", P_TENSOR}, {"dim", P_DIM}, {"sizes", P_SHAPE}},
    .flags = NN_TENSOR | NN_METHOD,
    .view = unflatten_view,
    .vjp = nn_reshape_vjp,
    .samples = NN_SAMPLES("R(2, 6), 2, {2, 3}", "R(4, 3), 1, {-1, 2}", "T(R(4, 3)), -1, {3, 1}"),
    .invalid = "R(2, 6), 2, {4, 2}",
    .complaint = "shape [4, 2] does not fit 6 elements",
};

/* ---- squeeze, unsqueeze ----------------------------------------------------------------------------- */

static bool squeeze_dims(nn_frame *f, uint32_t wanted) {
  const nn_tensor *x = f->in[0];
  int64_t shape[NN_MAX_DIMS], stride[NN_MAX_DIMS];
  int n = 0;
  for (int d = 0; d < x->ndim; d++) {
    if ((wanted >> d & 1) && x->shape[d] == 1) continue;
    shape[n] = x->shape[d];
    stride[n++] = x->stride[d];
  }
  return nn_make_view(f, n, shape, stride, 0);
}

static bool squeeze_view(nn_frame *f) { return squeeze_dims(f, ~0u); }

const nn_op nn_op_squeeze = {
    .name = "squeeze",
    .doc = "A view without the dimensions of size 1.",
    .example = "tensor.zeros(1, 3, 1):squeeze().shape\n"
               "--> {3}",
    .params = {{"input", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE,
    .view = squeeze_view,
    .vjp = nn_reshape_vjp,
    .samples = NN_SAMPLES("R(1, 3, 1)", "R(2, 3)", "R(1, 1)", "R()"),
    .invalid = "1",
    .complaint = "tensor",
};

static bool squeeze_dim_view(nn_frame *f) {
  int n;
  const int64_t *dims = nn_arg_ints(&f->arg[1], &n);
  uint32_t wanted = 0;
  for (int i = 0; i < n; i++) wanted |= 1u << dims[i];
  return squeeze_dims(f, wanted);
}

const nn_op nn_op_squeeze_dim = {
    .name = "squeeze.dim",
    .doc = "A view without the named dimensions, as far as their size is 1.",
    .example = "tensor.zeros(1, 3, 1):squeeze(1).shape\n"
               "--> {3, 1}",
    .params = {{"input", P_TENSOR}, {"dim", P_DIMS}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE,
    .view = squeeze_dim_view,
    .vjp = nn_reshape_vjp,
    .samples = NN_SAMPLES("R(1, 3, 1), 1", "R(1, 3, 1), {1, -1}", "R(2, 3), 1", "R(), 1"),
    .invalid = "R(1, 3), 3",
    .complaint = "dim = 3 is out of range",
};

static bool unsqueeze_view(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  int64_t dim = f->arg[1].i, shape[NN_MAX_DIMS + 1], stride[NN_MAX_DIMS + 1];
  if (!nn_new_dim(f, &dim, x->ndim, "dim")) return false;
  if (x->ndim == NN_MAX_DIMS) return nn_bad(f, "a tensor can have at most %d dimensions", NN_MAX_DIMS);
  for (int d = 0; d < x->ndim; d++) {
    shape[d + (d >= dim)] = x->shape[d];
    stride[d + (d >= dim)] = x->stride[d];
  }
  shape[dim] = 1;
  stride[dim] = dim < x->ndim ? x->stride[dim] * (x->shape[dim] > 0 ? x->shape[dim] : 1) : 1;
  return nn_make_view(f, x->ndim + 1, shape, stride, 0);
}

const nn_op nn_op_unsqueeze = {
    .name = "unsqueeze",
    .doc = "A view with one more dimension of size 1, which becomes dimension dim of the result.",
    .example = "tensor.zeros(2, 3):unsqueeze(2).shape\n"
               "--> {2, 1, 3}",
    .params = {{"input", P_TENSOR}, {"dim", P_POSITION}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE,
    .view = unsqueeze_view,
    .vjp = nn_reshape_vjp,
    .samples = NN_SAMPLES("R(2, 3), 1", "T(R(2, 3)), 2", "R(2, 3), 3", "R(2, 3), -1", "R(), 1"),
    .invalid = "R(2, 3), 5",
    .complaint = "dim = 5 is out of range",
};
