/* expand.c - views that repeat dimensions of size 1 without a copy. Their gradient is a sum. */
#include "shape.h"

static bool expanded(nn_frame *f, int n, const int64_t *shape) {
  const nn_tensor *x = f->in[0];
  int64_t stride[NN_MAX_DIMS];
  int lead = n - x->ndim;
  for (int d = 0; d < n; d++) {
    bool repeated = d < lead || (x->shape[d - lead] == 1 && shape[d] != 1);
    stride[d] = repeated ? 0 : x->stride[d - lead];
  }
  return nn_checked_numel(f->ctx, n, shape, nn_esize(x)) >= 0 && nn_make_view(f, n, shape, stride, 0);
}

/* -1 keeps a size; sizes other than 1 must agree. */
static bool expanded_shape(nn_frame *f, int n, const int64_t *asked, int64_t *shape) {
  const nn_tensor *x = f->in[0];
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
  int lead = n - x->ndim;
  if (n > NN_MAX_DIMS) return nn_bad(f, "a tensor can have at most %d dimensions, got %d", NN_MAX_DIMS, n);
  if (lead < 0)
    return nn_bad(f, "%s has fewer dimensions than the tensor of shape %s", nn_shape_text(n, asked, a),
                  nn_tensor_shape_text(x, b));
  for (int d = 0; d < n; d++) {
    shape[d] = asked[d];
    if (d >= lead && asked[d] == -1) shape[d] = x->shape[d - lead];
    if (shape[d] < 0 || (d >= lead && x->shape[d - lead] != 1 && shape[d] != x->shape[d - lead]))
      return nn_bad(f, "shape %s cannot be expanded to %s: size %lld of dimension %d does not fit",
                    nn_tensor_shape_text(x, b), nn_shape_text(n, asked, a), (long long)asked[d], d + 1);
  }
  return true;
}

static bool expand_view(nn_frame *f) {
  int n;
  int64_t shape[NN_MAX_DIMS];
  const int64_t *asked = nn_arg_ints(&f->arg[1], &n);
  return expanded_shape(f, n, asked, shape) && expanded(f, n, shape);
}

static bool expand_vjp(nn_vjp *v) {
  const nn_meta *m = nn_in_meta(v, 0);
  v->d[0] = nn_do(v->ctx, &nn_op_sum_to_size, v_t(v->g[0]), v_ints(m->ndim, m->shape));
  return v->d[0] != NULL;
}

const nn_op nn_op_expand = {
    .name = "expand",
    .doc = "A view in which dimensions of size 1 appear repeated; new ones may come in front.\n"
           "-1 keeps a size. No memory is copied: clone it before writing to it.",
    .example = "tensor{{1}, {2}}:expand(-1, 3)\n"
               "--> {{1, 1, 1}, {2, 2, 2}}",
    .params = {{"input", P_TENSOR}, {"size", P_SHAPE, .rest = true}},
    .flags = NN_METHOD,
    .view = expand_view,
    .vjp = expand_vjp,
    .samples = NN_SAMPLES("R(2, 1), 2, 3", "R(3), 2, -1", "R(1, 3, 1), {4, 2, 3, 2}", "R(), 2",
                          "R(2, 1), 2, 0", "R(2), 2"),
    .invalid = "R(2, 3), 2, 4",
    .complaint = "shape [2, 3] cannot be expanded to [2, 4]",
};

const nn_op nn_op_broadcast_to = {
    .name = "broadcast_to",
    .doc = "A view in which dimensions of size 1 appear repeated: expand as a function.",
    .example = "tensor.broadcast_to(tensor{1, 2}, {3, 2}).shape\n"
               "--> {3, 2}",
    .params = {{"input", P_TENSOR}, {"size", P_SHAPE, .rest = true}},
    .flags = NN_TENSOR | NN_METHOD,
    .view = expand_view,
    .vjp = expand_vjp,
    .samples = NN_SAMPLES("R(2, 1), {2, 3}", "R(3), {2, 3}"),
    .invalid = "R(2, 3), {2, 4}",
    .complaint = "shape [2, 3] cannot be expanded to [2, 4]",
};

static bool expand_as_view(nn_frame *f) {
  int64_t shape[NN_MAX_DIMS];
  return expanded_shape(f, f->in[1]->ndim, f->in[1]->shape, shape) && expanded(f, f->in[1]->ndim, shape);
}

const nn_op nn_op_expand_as = {
    .name = "expand_as",
    .doc = "A view expanded to the shape of another tensor, see expand.",
    .example = "tensor{{1}, {2}}:expand_as(tensor.zeros(2, 3)).shape\n"
               "--> {2, 3}",
    .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},
    .flags = NN_METHOD,
    .grads_in = 1,
    .view = expand_as_view,
    .vjp = expand_vjp,
    .samples = NN_SAMPLES("R(2, 1), C(R(2, 3))", "R(3), C(R(2, 3))"),
    .invalid = "R(2, 3), C(R(2, 4))",
    .complaint = "shape [2, 3] cannot be expanded to [2, 4]",
};
