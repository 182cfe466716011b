/* graph.c - operations that the graph itself is made with: aliases, undoing broadcasts, writing over a tensor. */
#include <string.h>

#include "expr.h"
#include "kernels/reduce.h"
#include "strided.h"

/* ---- alias ------------------------------------------------------------------------------------------ */

static bool alias_view(nn_frame *f) {
  nn_tensor *x = f->in[0];
  return (f->out[0] = nn_view_of(x, x->ndim, x->shape, x->stride, nn_offset(x))) != NULL;
}
static bool alias_vjp(nn_vjp *v) {
  v->d[0] = v->g[0];
  return true;
}
const nn_op nn_op_alias = {.name = "alias", .doc = "The tensor itself as a new one.", .params = {{"input", P_TENSOR}},
                           .flags = NN_PRIVATE, .view = alias_view, .vjp = alias_vjp};

/* ---- sum_to_size ------------------------------------------------------------------------------------ */

static bool sum_to_infer(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  const nn_value *size = &f->arg[1];
  int n = size->n;
  int64_t r[NN_MAX_DIMS];
  int nr = 0;
  if (n > NN_MAX_DIMS || !nn_broadcast_shapes(x->ndim, x->shape, n, size->ints, &nr, r) || nr != x->ndim ||
      memcmp(r, x->shape, (size_t)nr * sizeof *r) != 0) {
    char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
    return nn_bad(f, "a tensor of shape %s cannot be summed to %s, which does not broadcast to it", nn_tensor_shape_text(x, a),
                  n <= NN_MAX_DIMS ? nn_shape_text(n, size->ints, b) : "so many sizes");
  }
  nn_spec_set(f, 0, (nn_dtype)x->dtype, n, size->ints);
  return true;
}

/* Sums by way of one or several reductions of a block [outer][reduced][inner]. */
static bool sum_to_kernel(nn_frame *f) {
  nn_tensor *x = f->in[0], *y = f->out[0];
  int64_t dims[NN_MAX_DIMS];
  int n = 0, lead = x->ndim - y->ndim;
  for (int d = 0; d < x->ndim; d++)
    if (d < lead || (y->shape[d - lead] == 1 && x->shape[d] != 1)) dims[n++] = d;
  if (n == 0) return nn_copy_strided(y, x);
  bool was = nn_set_grad_enabled(f->ctx, false);
  T s = nn_do(f->ctx, &nn_op_sum, v_t(x), v_ints(n, dims), v_b(true), v_dt((nn_dtype)x->dtype));
  nn_set_grad_enabled(f->ctx, was);
  if (s == NULL) return false;
  const nn_tensor *from = nn_contig(s) ? s : nn_keep(f->ctx, nn_contiguous_data(s));
  if (from == NULL) return false;
  memcpy(y->data, from->data, (size_t)y->numel * nn_esize(y));
  return true;
}

static bool sum_to_vjp(nn_vjp *v) {
  const nn_meta *m = nn_in_meta(v, 0);
  return (v->d[0] = nn_do(v->ctx, &nn_op_expand, v_t(v->g[0]), v_ints(m->ndim, m->shape))) != NULL;
}

const nn_op nn_op_sum_to_size = {
    .name = "sum_to_size",
    .doc = "Sums input over the dimensions that would have to be broadcast to bring a tensor of this size to input's.",
    .example = "tensor.ones(2, 3):sum_to_size(1, 3)\n--> {{2, 2, 2}}",
    .params = {{"input", P_TENSOR}, {"size", P_SHAPE, .rest = true}}, .flags = NN_METHOD, .infer = sum_to_infer,
    .kernel = sum_to_kernel, .vjp = sum_to_vjp,
    .samples = NN_SAMPLES("R(2,3), 3", "R(2,3), 2, 1", "R(4,2,3), {1, 3}", "R(2,3), {2, 3}"), .invalid = "R(2,3), 2",
    .complaint = "does not broadcast"};

/* ---- copy, fill, zero ------------------------------------------------------------------------------- */

static bool copy_infer(nn_frame *f) {
  nn_tensor *x = f->in[0], *src = f->in[1];
  int n;
  int64_t r[NN_MAX_DIMS];
  if (!nn_broadcast_shapes(x->ndim, x->shape, src->ndim, src->shape, &n, r) || n != x->ndim ||
      memcmp(r, x->shape, (size_t)n * sizeof *r) != 0) {
    char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
    return nn_bad(f, "a value of shape %s does not fit a tensor of shape %s", nn_tensor_shape_text(src, a),
                  nn_tensor_shape_text(x, b));
  }
  nn_spec_like(f, 0, x);
  return true;
}

static bool copy_kernel(nn_frame *f) { return nn_copy_strided(f->out[0], f->in[1]); }

static bool copy_vjp(nn_vjp *v) {
  if (nn_need(v, 0) && (v->d[0] = t_zeros(v->ctx, nn_in_meta(v, 0))) == NULL) return false;
  v->d[1] = v->g[0];
  return true;
}

const nn_op nn_op_copy = {
    .name = "copy",
    .doc = "Writes src's elements over the tensor's, converted to its dtype; src broadcasts to its shape.",
    .example = "local x = tensor.zeros(2, 2); x:copy_(tensor{1, 2}); print(x)\n--> {{1, 2}, {1, 2}}",
    .params = {{"input", P_TENSOR}, {"src", P_TENSOR}, {"non_blocking", P_BOOL, "false"}}, .flags = NN_INPLACE | NN_ANY_OUT,
    .infer = copy_infer, .kernel = copy_kernel, .vjp = copy_vjp, .samples = NN_SAMPLES("R(2,3), R(3)", "R(2,3), R(2,3)"),
    .invalid = "R(2,3), R(2)", .complaint = "does not fit"};

static bool fill_infer(nn_frame *f) {
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

static bool fill_kernel(nn_frame *f) {
  const nn_value *x = &f->arg[1];
  nn_tensor *one = x->tag == NN_V_INT ? nn_scalar_int(f->ctx, (nn_dtype)f->in[0]->dtype, x->i)
                                      : nn_scalar(f->ctx, (nn_dtype)f->in[0]->dtype, x->f);
  bool ok = one != NULL && nn_copy_strided(f->out[0], one);
  nn_release(one);
  return ok;
}

const nn_op nn_op_fill = {
    .name = "fill",
    .doc = "Makes every element this number.",
    .example = "print(tensor.zeros(2):fill_(7))\n--> {7, 7}",
    .params = {{"input", P_TENSOR}, {"value", P_NUMBER}}, .flags = NN_INPLACE | NN_ANY_OUT, .infer = fill_infer, .kernel = fill_kernel,
    .vjp = nn_flat_vjp, .samples = NN_SAMPLES("R(2,3), 3"), .invalid = "R(2)", .complaint = "value"};

static bool zero_kernel(nn_frame *f) {
  nn_tensor *zero = nn_scalar(f->ctx, (nn_dtype)f->in[0]->dtype, 0);
  bool ok = zero != NULL && nn_copy_strided(f->out[0], zero);
  nn_release(zero);
  return ok;
}

const nn_op nn_op_zero = {
    .name = "zero",
    .doc = "Makes every element 0.",
    .example = "print(tensor.ones(2):zero_())\n--> {0, 0}",
    .params = {{"input", P_TENSOR}}, .flags = NN_INPLACE | NN_ANY_OUT, .infer = fill_infer, .kernel = zero_kernel, .vjp = nn_flat_vjp,
    .samples = NN_SAMPLES("R(2,3)"), .invalid = "\"x\"", .complaint = "tensor"};
