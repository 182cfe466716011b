/* copy.c - the operations that copy a tensor as it is or into another dtype: clone, contiguous, to, detach.
 */
#include "blocks.h"
#include "shape.h"

static bool like_input(nn_frame *f) {
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

static bool copy_kernel(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  nn_tensor *y = f->out[0];
  nn_block_copy(x->ndim, x->shape, (nn_dtype)y->dtype, y->data, y->stride, (nn_dtype)x->dtype, x->data,
                x->stride);
  return true;
}

static bool pass_vjp(nn_vjp *v) {
  v->d[0] = v->g[0];
  return true;
}

const nn_op nn_op_clone = {
    .name = "clone",
    .doc = "A copy with memory of its own. Gradients flow through it.",
    .example = "local a = tensor{1, 2}\n"
               "local b = a:clone()\n"
               "b[1] = 5\n"
               "a\n"
               "--> {1, 2}",
    .params = {{"input", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD,
    .infer = like_input,
    .kernel = copy_kernel,
    .vjp = pass_vjp,
    .samples = NN_SAMPLES("R(2, 3)", "T(R(3, 2))", "R()", "R(0, 2)"),
    .invalid = "1",
    .complaint = "tensor",
};

static bool contiguous_compose(nn_frame *f) {
  f->out[0] = nn_contig(f->in[0]) ? f->in[0] : nn_do(f->ctx, &nn_op_clone, v_t(f->in[0]));
  return f->out[0] != NULL;
}

const nn_op nn_op_contiguous = {
    .name = "contiguous",
    .doc = "The tensor itself if its elements lie in row-major order without gaps, else a copy that does.",
    .example = "tensor.zeros(2, 3):t():contiguous():view(6).shape\n"
               "--> {6}",
    .params = {{"input", P_TENSOR}},
    .flags = NN_METHOD,
    .compose = contiguous_compose,
    .samples = NN_SAMPLES("R(2, 3)", "T(R(3, 2))"),
    .invalid = "1",
    .complaint = "tensor",
};

static bool cast_infer(nn_frame *f) {
  nn_spec_set(f, 0, f->arg[1].dtype, f->in[0]->ndim, f->in[0]->shape);
  return true;
}

static bool cast_vjp(nn_vjp *v) {
  v->d[0] = t_to(v->ctx, v->g[0], (nn_dtype)nn_in_meta(v, 0)->dtype);
  return v->d[0] != NULL;
}

const nn_op nn_op_cast = {
    .name = "cast",
    .doc = "A copy with another dtype: what x:to(dtype) does when the dtype differs.",
    .example = "tensor{1.7, -1.7}:to(\"int64\")\n"
               "--> {1, -1}",
    .params = {{"input", P_TENSOR}, {"dtype", P_DTYPE}},
    .flags = NN_PRIVATE,
    .infer = cast_infer,
    .kernel = copy_kernel,
    .vjp = cast_vjp,
    .samples = NN_SAMPLES("R(2, 3), 'float64'", "T(R(3, 2)), 'float64'"),
    .invalid = "R(2), 'complex'",
    .complaint = "complex",
};

static bool to_compose(nn_frame *f) {
  nn_tensor *x = f->in[0];
  nn_dtype dtype = f->arg[1].dtype;
  f->out[0] =
      dtype == (nn_dtype)x->dtype && !f->arg[2].b ? x : nn_do(f->ctx, &nn_op_cast, v_t(x), v_dt(dtype));
  return f->out[0] != NULL;
}

const nn_op nn_op_to = {
    .name = "to",
    .doc =
        "The tensor in another dtype: itself if it has that dtype already (and copy is not asked for).\n"
        "Floats become integers by cutting off the fraction; bool is true where a number is not 0. Gradients flow "
        "between floating dtypes.",
    .example = "tensor{0.0, 1.7, -1.7}:to(\"int64\")\n"
               "--> {0, 1, -1}",
    .params = {{"input", P_TENSOR}, {"dtype", P_DTYPE}, {"copy", P_BOOL, "false", .keyword = true}},
    .flags = NN_METHOD,
    .compose = to_compose,
    .samples = NN_SAMPLES("R(2, 3), C(R(1)).dtype", "T(R(2, 3)), C(R(1)).dtype, {copy = true}"),
    .invalid = "R(2), 'complex'",
    .complaint = "complex",
};

static bool type_as_compose(nn_frame *f) {
  f->out[0] = nn_do(f->ctx, &nn_op_to, v_t(f->in[0]), v_dt((nn_dtype)f->in[1]->dtype));
  return f->out[0] != NULL;
}

const nn_op nn_op_type_as = {
    .name = "type_as",
    .doc = "The tensor in the dtype of another one.",
    .example = "tensor.zeros(2):type_as(tensor.arange(3)).dtype\n"
               "--> int64",
    .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},
    .flags = NN_METHOD,
    .grads_in = 1,
    .compose = type_as_compose,
    .samples = NN_SAMPLES("R(2, 3), C(R(1))"),
    .invalid = "1",
    .complaint = "tensor",
};

static bool detach_compose(nn_frame *f) {
  f->out[0] = nn_keep(f->ctx, nn_detach(f->in[0]));
  return f->out[0] != NULL;
}

const nn_op nn_op_detach = {
    .name = "detach",
    .doc = "The same memory as a tensor without history: no gradient flows through it.",
    .example = "tensor.zeros(2, {requires_grad = true}):detach().requires_grad\n"
               "--> false",
    .params = {{"input", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD | NN_NO_GRAD,
    .compose = detach_compose,
    .samples = NN_SAMPLES("R(2, 3)"),
    .invalid = "1",
    .complaint = "tensor",
};
