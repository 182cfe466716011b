/* rearrange.c - the operations that put elements in another order: flip, roll, rot90. */
#include "blocks.h"
#include "shape.h"

static bool like_input(nn_frame *f) {
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

/* ---- flip ------------------------------------------------------------------------------------------- */

static bool flip_kernel(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  nn_tensor *y = f->out[0];
  int n;
  const int64_t *dims = nn_arg_ints(&f->arg[1], &n);
  int64_t stride[NN_MAX_DIMS], at = 0;
  if (x->numel == 0) return true;
  for (int d = 0; d < x->ndim; d++) stride[d] = x->stride[d];
  for (int i = 0; i < n && x->ndim > 0; i++) {
    at += (x->shape[dims[i]] - 1) * stride[dims[i]];
    stride[dims[i]] = -stride[dims[i]];
  }
  nn_block_copy(x->ndim, x->shape, (nn_dtype)y->dtype, y->data, y->stride, (nn_dtype)x->dtype,
                x->data + at * (int64_t)nn_esize(x), stride);
  return true;
}

static bool flip_vjp(nn_vjp *v) {
  v->d[0] = nn_do(v->ctx, &nn_op_flip, v_t(v->g[0]), v->arg[1]);
  return v->d[0] != NULL;
}

const nn_op nn_op_flip = {
    .name = "flip",
    .doc = "A copy with the order of the elements reversed along the given dimensions.",
    .example = "tensor{{1, 2}, {3, 4}}:flip(2)\n"
               "--> {{2, 1}, {4, 3}}",
    .params = {{"input", P_TENSOR}, {"dims", P_DIMS, .rest = true}},
    .flags = NN_TENSOR | NN_METHOD,
    .infer = like_input,
    .kernel = flip_kernel,
    .vjp = flip_vjp,
    .samples = NN_SAMPLES("R(2, 3), 1", "R(2, 3), {1, 2}", "T(R(2, 3, 4)), 1, 3", "R(0, 2), 1"),
    .invalid = "R(2, 3), 3",
    .complaint = "dims = 3 is out of range",
};

static bool flip_one(nn_frame *f, int64_t dim) {
  if (f->in[0]->ndim <= dim)
    return nn_bad(f, "expected at least %d dimensions, got %d", (int)dim + 1, f->in[0]->ndim);
  f->out[0] = nn_do(f->ctx, &nn_op_flip, v_t(f->in[0]), v_ints(1, &dim));
  return f->out[0] != NULL;
}

static bool fliplr_compose(nn_frame *f) { return flip_one(f, 1); }

static bool flipud_compose(nn_frame *f) { return flip_one(f, 0); }

const nn_op nn_op_fliplr = {
    .name = "fliplr",
    .doc = "A copy with the order reversed along dimension 2: left and right exchanged.",
    .example = "tensor{{1, 2}, {3, 4}}:fliplr()\n"
               "--> {{2, 1}, {4, 3}}",
    .params = {{"input", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD,
    .compose = fliplr_compose,
    .samples = NN_SAMPLES("R(2, 3)"),
    .invalid = "R(3)",
    .complaint = "expected at least 2 dimensions, got 1",
};

const nn_op nn_op_flipud = {
    .name = "flipud",
    .doc = "A copy with the order reversed along dimension 1: up and down exchanged.",
    .example = "tensor{{1, 2}, {3, 4}}:flipud()\n"
               "--> {{3, 4}, {1, 2}}",
    .params = {{"input", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD,
    .compose = flipud_compose,
    .samples = NN_SAMPLES("R(2, 3)", "R(3)"),
    .invalid = "R()",
    .complaint = "expected at least 1 dimensions, got 0",
};

/* ---- roll ------------------------------------------------------------------------------------------- */

/* A shift that moves elements on by 0 .. size - 1 places. */
static int64_t forward(int64_t shift, int64_t size) {
  if (size == 0) return 0;
  int64_t s = shift % size;
  return s < 0 ? s + size : s;
}

/* Copies x to y with dims[i] moved on by shifts[i]: each rolled dim falls into two parts that change places.
 */
static void roll_parts(const nn_tensor *x, nn_tensor *y, int n, const int64_t *shift, const int64_t *dims) {
  int64_t shape[NN_MAX_DIMS];
  for (int d = 0; d < x->ndim; d++) shape[d] = x->shape[d];
  for (uint32_t part = 0; part >> n == 0; part++) {
    int64_t from = 0, to = 0;
    for (int i = 0; i < n; i++) {
      int64_t d = dims[i], size = x->shape[d], s = forward(shift[i], size);
      bool tail = part >> i & 1; /* the part that comes round to the front */
      shape[d] = tail ? s : size - s;
      from += tail ? (size - s) * x->stride[d] : 0;
      to += tail ? 0 : s * y->stride[d];
    }
    nn_block_copy(x->ndim, shape, (nn_dtype)y->dtype, y->data + to * (int64_t)nn_esize(y), y->stride,
                  (nn_dtype)x->dtype, x->data + from * (int64_t)nn_esize(x), x->stride);
  }
}

static bool roll_infer(nn_frame *f) {
  int n, m;
  nn_arg_ints(&f->arg[1], &n);
  nn_arg_ints(&f->arg[2], &m);
  if (!nn_given(f, 2) && n != 1) return nn_bad(f, "without dims one shift is expected, got %d", n);
  if (nn_given(f, 2) && n != m) return nn_bad(f, "%d shifts are given for %d dims", n, m);
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

static bool roll_kernel(nn_frame *f) {
  nn_tensor *y = f->out[0];
  int n, m;
  const int64_t *shift = nn_arg_ints(&f->arg[1], &n), *dims = nn_arg_ints(&f->arg[2], &m);
  if (y->numel == 0) return true;
  if (nn_given(f, 2) && y->ndim > 0) {
    roll_parts(f->in[0], y, n, shift, dims);
    return true;
  }
  const nn_tensor *x = nn_dense(f, 0); /* as one row */
  if (x == NULL) return false;
  int64_t e = (int64_t)nn_esize(x), s = forward(shift[0], x->numel), one = 1, rest = x->numel - s;
  nn_dtype dtype = (nn_dtype)x->dtype;
  nn_block_copy(1, &rest, dtype, y->data + s * e, &one, dtype, x->data, &one);
  nn_block_copy(1, &s, dtype, y->data, &one, dtype, x->data + rest * e, &one);
  return true;
}

static bool roll_vjp(nn_vjp *v) {
  int n;
  const int64_t *shift = nn_arg_ints(&v->arg[1], &n);
  int64_t back[NN_MAX_DIMS];
  for (int i = 0; i < n; i++) back[i] = shift[i] == INT64_MIN ? shift[i] : -shift[i];
  v->d[0] = nn_do(v->ctx, &nn_op_roll, v_t(v->g[0]), v_ints(n, back), v->arg[2]);
  return v->d[0] != NULL;
}

const nn_op nn_op_roll = {
    .name = "roll",
    .doc =
        "A copy with the elements moved on along dimensions; those that leave at the end come in at the front.\n"
        "One shift a dimension; without dims the elements move as one row.",
    .example = "tensor{1, 2, 3, 4}:roll(1)\n"
               "--> {4, 1, 2, 3}",
    .params = {{"input", P_TENSOR}, {"shifts", P_INTS}, {"dims", P_DIMS, "nil"}},
    .flags = NN_TENSOR | NN_METHOD,
    .infer = roll_infer,
    .kernel = roll_kernel,
    .vjp = roll_vjp,
    .samples =
        NN_SAMPLES("R(2, 3), 1", "R(2, 3), -1, 2", "T(R(4, 3)), {5, 1}, {1, 2}", "R(0, 2), 1, 1", "R(), 3"),
    .invalid = "R(2, 3), {1, 2}, 1",
    .complaint = "2 shifts are given for 1 dims",
};

/* ---- rot90 ------------------------------------------------------------------------------------------ */

static bool rot90_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0];
  int n = 2;
  const int64_t first_two[2] = {0, 1}, *dims = nn_given(f, 2) ? nn_arg_ints(&f->arg[2], &n) : first_two;
  if (n != 2) return nn_bad(f, "expected 2 dims, got %d", n);
  if (x->ndim < 2) return nn_bad(f, "expected at least 2 dimensions, got %d", x->ndim);
  int64_t k = (f->arg[1].i % 4 + 4) % 4;
  if (k == 1) x = nn_do(c, &nn_op_flip, v_t(x), v_ints(1, &dims[1]));
  if (k == 3) x = nn_do(c, &nn_op_flip, v_t(x), v_ints(1, &dims[0]));
  if (k == 2)
    x = nn_do(c, &nn_op_flip, v_t(x), v_ints(2, dims));
  else if (k == 0)
    x = nn_do(c, &nn_op_clone, v_t(x));
  else
    x = t_transpose(c, x, dims[0], dims[1]);
  f->out[0] = x;
  return x != NULL;
}

const nn_op nn_op_rot90 = {
    .name = "rot90",
    .doc =
        "The tensor turned by 90 degrees, k times, in the plane of two dimensions, from the first towards the second.",
    .example = "tensor{{1, 2}, {3, 4}}:rot90()\n"
               "--> {{2, 4}, {1, 3}}",
    .params = {{"input", P_TENSOR}, {"k", P_INT, "1"}, {"dims", P_DIMS, "nil"}},
    .flags = NN_TENSOR | NN_METHOD,
    .compose = rot90_compose,
    .samples = NN_SAMPLES("R(2, 3)", "R(2, 3, 2), 2, {2, 3}", "R(2, 3), -1, {2, 1}", "R(2, 2), 4"),
    .invalid = "R(3)",
    .complaint = "expected at least 2 dimensions, got 1",
};
