/* slice.c - views on a part of one dimension: select, slice, narrow, and what puts a part's gradient back. */
#include "blocks.h"
#include "shape.h"

/* ---- select ----------------------------------------------------------------------------------------- */

static bool select_view(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  int dim = (int)f->arg[1].i, n = 0;
  if (x->ndim == 0) return nn_bad(f, "a 0-dim tensor has no dimension to select from");
  if (!nn_position(f, &f->arg[2].i, x->shape[dim], "index", dim)) return false;
  int64_t shape[NN_MAX_DIMS], stride[NN_MAX_DIMS];
  for (int d = 0; d < x->ndim; d++) {
    if (d == dim) continue;
    shape[n] = x->shape[d];
    stride[n++] = x->stride[d];
  }
  return nn_make_view(f, n, shape, stride, f->arg[2].i * x->stride[dim]);
}

static T slice_backward(C c, T g, const nn_meta *m, int64_t dim, int64_t start, int64_t stop, int64_t step) {
  return g ? nn_do(c, &nn_op_slice_backward, v_t(g), v_ints(m->ndim, m->shape), v_i(dim), v_i(start),
                   v_i(stop), v_i(step))
           : NULL;
}

static bool select_vjp(nn_vjp *v) {
  int64_t dim = v->arg[1].i, at = v->arg[2].i;
  T g = t_unsqueeze(v->ctx, v->g[0], dim);
  v->d[0] = slice_backward(v->ctx, g, nn_in_meta(v, 0), dim, at, at + 1, 1);
  return v->d[0] != NULL;
}

const nn_op nn_op_select = {
    .name = "select",
    .doc = "A view on one position of a dimension, which the result lacks: x:select(1, i) is x[i].\n"
           "Positions count from 1, negative ones from the end.",
    .example = "tensor{{1, 2, 3}, {4, 5, 6}}:select(2, -1)\n"
               "--> {3, 6}",
    .params = {{"input", P_TENSOR}, {"dim", P_DIM}, {"index", P_POSITION}},
    .flags = NN_TENSOR | NN_METHOD,
    .view = select_view,
    .vjp = select_vjp,
    .samples =
        NN_SAMPLES("R(2, 3), 1, 2", "R(2, 3), 2, -1", "T(R(2, 3, 4)), 2, 1", "R(3), 1, 3", "R(2, 0), 1, 1"),
    .invalid = "R(2, 3), 1, 3",
    .complaint = "index 3 is out of range: positions in dimension 1 count from 1 to 2",
};

/* ---- slice, narrow ---------------------------------------------------------------------------------- */

static bool sliced(nn_frame *f, int dim, int64_t start, int64_t length, int64_t step) {
  const nn_tensor *x = f->in[0];
  int64_t shape[NN_MAX_DIMS], stride[NN_MAX_DIMS];
  for (int d = 0; d < x->ndim; d++) {
    shape[d] = x->shape[d];
    stride[d] = x->stride[d];
  }
  shape[dim] = length;
  if (length > 1) stride[dim] *= step;
  return nn_make_view(f, x->ndim, shape, stride, length > 0 ? start * x->stride[dim] : 0);
}

/* Python's rule: negative ends count from the end, both are clipped to the size. */
static int64_t clip(int64_t at, int64_t size) {
  if (at < 0) at += size;
  return at < 0 ? 0 : (at > size ? size : at);
}

static bool slice_view(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  int dim = (int)f->arg[1].i;
  if (x->ndim == 0) return nn_bad(f, "a 0-dim tensor has no dimension to slice");
  int64_t size = x->shape[dim], start = clip(f->arg[2].i, size), stop = clip(f->arg[3].i, size),
          step = f->arg[4].i;
  if (step < 1) return nn_bad(f, "the step must be at least 1, got %lld", (long long)step);
  f->arg[2].i = start;
  f->arg[3].i = stop;
  int64_t length = stop > start ? (stop - start - 1) / step + 1 : 0;
  return sliced(f, dim, start, length, step);
}

static bool slice_vjp(nn_vjp *v) {
  v->d[0] =
      slice_backward(v->ctx, v->g[0], nn_in_meta(v, 0), v->arg[1].i, v->arg[2].i, v->arg[3].i, v->arg[4].i);
  return v->d[0] != NULL;
}

const nn_op nn_op_slice = {
    .name = "slice",
    .doc = "A view on the positions start, start + step, ... of a dimension, those before stop.\n"
           "start and stop count from 0, negative ones from the end; both are clipped to the size.",
    .example = "tensor.arange(10)[{ {2, 8, 3} }]\n"
               "--> {1, 4, 7}",
    .params = {{"input", P_TENSOR},
               {"dim", P_DIM},
               {"start", P_INT, "0"},
               {"stop", P_INT, "9223372036854775807"},
               {"step", P_INT, "1"}},
    .flags = NN_PRIVATE,
    .view = slice_view,
    .vjp = slice_vjp,
    .samples =
        NN_SAMPLES("R(5, 3), 1, 1, 4", "R(5, 3), 1, 0, 5, 2", "T(R(2, 7)), 2, -4, -1, 2", "R(4), 1, 2, 2"),
    .invalid = "R(5), 1, 0, 3, 0",
    .complaint = "the step must be at least 1",
};

static bool narrow_view(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  int dim = (int)f->arg[1].i;
  if (x->ndim == 0) return nn_bad(f, "a 0-dim tensor has no dimension to narrow");
  int64_t size = x->shape[dim], start = f->arg[2].i, length = f->arg[3].i;
  if (length < 0) return nn_bad(f, "length must not be negative, got %lld", (long long)length);
  if (start < -size || start > size) {
    long long shown = (long long)(start >= 0 ? start + 1 : start);
    return nn_bad(f, "start %lld is out of range: dimension %d has size %lld", shown, dim + 1,
                  (long long)size);
  }
  if (start < 0) start += size;
  if (length > size - start)
    return nn_bad(f, "%lld positions from %lld on do not fit dimension %d of size %lld", (long long)length,
                  (long long)start + 1, dim + 1, (long long)size);
  f->arg[2].i = start;
  return sliced(f, dim, start, length, 1);
}

static bool narrow_vjp(nn_vjp *v) {
  int64_t start = v->arg[2].i;
  v->d[0] = slice_backward(v->ctx, v->g[0], nn_in_meta(v, 0), v->arg[1].i, start, start + v->arg[3].i, 1);
  return v->d[0] != NULL;
}

const nn_op nn_op_narrow = {
    .name = "narrow",
    .doc = "A view on `length` positions of a dimension from `start` on.\n"
           "start counts from 1, a negative one from the end.",
    .example = "tensor{1, 2, 3, 4, 5}:narrow(1, 2, 3)\n"
               "--> {2, 3, 4}",
    .params = {{"input", P_TENSOR}, {"dim", P_DIM}, {"start", P_POSITION}, {"length", P_INT}},
    .flags = NN_TENSOR | NN_METHOD,
    .view = narrow_view,
    .vjp = narrow_vjp,
    .samples = NN_SAMPLES("R(5, 3), 1, 2, 3", "R(5, 3), 2, -2, 2", "T(R(2, 7)), 2, 1, 7", "R(4), 1, 3, 0"),
    .invalid = "R(5), 1, 3, 4",
    .complaint = "4 positions from 3 on do not fit dimension 1 of size 5",
};

/* ---- the way back ----------------------------------------------------------------------------------- */

static bool slice_backward_infer(nn_frame *f) {
  const nn_tensor *g = f->in[0];
  int n;
  const int64_t *size = nn_arg_ints(&f->arg[1], &n);
  int64_t dim = f->arg[2].i, start = f->arg[3].i, stop = f->arg[4].i, step = f->arg[5].i;
  if (n != g->ndim || dim < 0 || dim >= n || start < 0 || step < 1 || stop > size[dim])
    return nn_bad(f, "the slice does not fit its size");
  int64_t length = stop > start ? (stop - start - 1) / step + 1 : 0;
  for (int d = 0; d < n; d++)
    if (g->shape[d] != (d == dim ? length : size[d])) return nn_bad(f, "the slice does not fit its size");
  nn_spec_set(f, 0, (nn_dtype)g->dtype, n, size);
  return true;
}

/* Zeros where g does not go. With a step they lie everywhere between, else only before and after. */
static void clear_rest(nn_tensor *y, int dim, int64_t start, int64_t end, int64_t step) {
  const int64_t zero = 0;
  int64_t shape[NN_MAX_DIMS], from = step > 1 ? 0 : end;
  for (int d = 0; d < y->ndim; d++) shape[d] = y->shape[d];
  char *data = y->data;
  int64_t bytes = y->stride[dim] * (int64_t)nn_esize(y);
  if (step == 1) {
    shape[dim] = start;
    nn_block_fill(y->ndim, shape, (nn_dtype)y->dtype, data, y->stride, &zero);
  }
  shape[dim] = y->shape[dim] - from;
  nn_block_fill(y->ndim, shape, (nn_dtype)y->dtype, data + from * bytes, y->stride, &zero);
}

static bool slice_backward_kernel(nn_frame *f) {
  const nn_tensor *g = f->in[0];
  nn_tensor *y = f->out[0];
  int dim = (int)f->arg[2].i;
  int64_t start = f->arg[3].i, step = f->arg[5].i, stride[NN_MAX_DIMS];
  if (y->numel == 0) return true;
  clear_rest(y, dim, start, start + g->shape[dim], step);
  for (int d = 0; d < y->ndim; d++) stride[d] = y->stride[d];
  if (g->shape[dim] > 1) stride[dim] *= step;
  nn_block_copy(g->ndim, g->shape, (nn_dtype)g->dtype,
                y->data + start * y->stride[dim] * (int64_t)nn_esize(y), stride, (nn_dtype)g->dtype, g->data,
                g->stride);
  return true;
}

static bool slice_backward_vjp(nn_vjp *v) {
  v->d[0] = t_slice(v->ctx, v->g[0], v->arg[2].i, v->arg[3].i, v->arg[4].i, v->arg[5].i);
  return v->d[0] != NULL;
}

const nn_op nn_op_slice_backward = {
    .name = "slice_backward",
    .doc = "A tensor of zeros of the given size with the input in one of its slices: the gradient of slice.\n"
           "dim, start and stop count from 0.",
    .example = "local x = tensor.zeros(4, {requires_grad = true})\n"
               "x[{ {2, 3} }]:sum():backward()\n"
               "x.grad\n"
               "--> {0, 1, 1, 0}",
    .params = {{"input", P_TENSOR},
               {"size", P_SHAPE},
               {"dim", P_INT},
               {"start", P_INT},
               {"stop", P_INT},
               {"step", P_INT}},
    .flags = NN_PRIVATE,
    .infer = slice_backward_infer,
    .kernel = slice_backward_kernel,
    .vjp = slice_backward_vjp,
    .samples =
        NN_SAMPLES("R(3, 3), {5, 3}, 0, 1, 4, 1", "R(2, 3), {2, 6}, 1, 0, 6, 2", "R(0), {4}, 0, 2, 2, 1"),
    .invalid = "R(2), {4}, 0, 1, 4, 1",
    .complaint = "the slice does not fit its size",
};
