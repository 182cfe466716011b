/* pad.c - adding elements at the borders: with a number, or with what lies inside. */
#include "blocks.h"
#include "shape.h"

enum { CONSTANT, REFLECT, REPLICATE, CIRCULAR };

/* The pairs of argument 1, which begin with the last dim, as before[d] and after[d]. */
static bool read_pairs(nn_frame *f, int ndim, const nn_value *arg, int64_t *before, int64_t *after) {
  int n;
  const int64_t *pad = nn_arg_ints(arg, &n);
  if (n % 2 != 0) return nn_bad(f, "pad must hold pairs of numbers, got %d numbers", n);
  if (n > 2 * ndim) return nn_bad(f, "pad holds %d numbers, too many for %d dimensions", n, ndim);
  for (int d = 0; d < ndim; d++) {
    int pair = ndim - 1 - d;
    before[d] = 2 * pair < n ? pad[2 * pair] : 0;
    after[d] = 2 * pair < n ? pad[2 * pair + 1] : 0;
  }
  return true;
}

/* ---- with a number ---------------------------------------------------------------------------------- */

static bool pad_constant_infer(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  int64_t before[NN_MAX_DIMS], after[NN_MAX_DIMS];
  if (!read_pairs(f, x->ndim, &f->arg[1], before, after)) return false;
  nn_spec_like(f, 0, x);
  for (int d = 0; d < x->ndim; d++) {
    int64_t *size = &f->spec[0].shape[d];
    if (__builtin_add_overflow(*size, before[d], size) || __builtin_add_overflow(*size, after[d], size))
      return nn_bad(f, "the result would be too large");
    if (*size < 0)
      return nn_bad(f, "dimension %d of size %lld cannot be padded by %lld and %lld", d + 1,
                    (long long)x->shape[d], (long long)before[d], (long long)after[d]);
  }
  return true;
}

/* Fills y but for the box [from, to): in slabs, one dimension after the other. */
static void fill_around(nn_tensor *y, const int64_t *from, const int64_t *to, const void *element) {
  int64_t shape[NN_MAX_DIMS], at = 0, e = (int64_t)nn_esize(y);
  for (int d = 0; d < y->ndim; d++) shape[d] = y->shape[d];
  for (int d = 0; d < y->ndim; d++) {
    shape[d] = from[d];
    nn_block_fill(y->ndim, shape, (nn_dtype)y->dtype, y->data + at * e, y->stride, element);
    shape[d] = y->shape[d] - to[d];
    nn_block_fill(y->ndim, shape, (nn_dtype)y->dtype, y->data + (at + to[d] * y->stride[d]) * e, y->stride,
                  element);
    shape[d] = to[d] - from[d];
    at += from[d] * y->stride[d];
  }
}

static bool pad_constant_kernel(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  nn_tensor *y = f->out[0];
  int64_t before[NN_MAX_DIMS], after[NN_MAX_DIMS], from[NN_MAX_DIMS], to[NN_MAX_DIMS], size[NN_MAX_DIMS];
  int64_t read = 0, write = 0;
  double element;
  if (y->numel == 0) return true;
  if (!read_pairs(f, x->ndim, &f->arg[1], before, after)) return false;
  for (int d = 0; d < x->ndim; d++) { /* negative numbers take away */
    from[d] = before[d] > 0 ? before[d] : 0;
    to[d] = after[d] > 0 ? y->shape[d] - after[d] : y->shape[d];
    if (to[d] < from[d]) to[d] = from[d];
    if (from[d] > y->shape[d]) from[d] = to[d] = y->shape[d];
    size[d] = to[d] - from[d];
    read += (before[d] < 0 ? -before[d] : 0) * x->stride[d];
    write += from[d] * y->stride[d];
  }
  nn_element_of(&f->arg[2], (nn_dtype)y->dtype, &element);
  fill_around(y, from, to, &element);
  nn_block_copy(x->ndim, size, (nn_dtype)y->dtype, y->data + write * (int64_t)nn_esize(y), y->stride,
                (nn_dtype)x->dtype, x->data + read * (int64_t)nn_esize(x), x->stride);
  return true;
}

static bool pad_constant_vjp(nn_vjp *v) {
  int n;
  const int64_t *pad = nn_arg_ints(&v->arg[1], &n);
  int64_t back[2 * NN_MAX_DIMS];
  for (int i = 0; i < n; i++) back[i] = -pad[i];
  v->d[0] = nn_do(v->ctx, &nn_op_pad_constant, v_t(v->g[0]), v_ints(n, back), v_i(0));
  return v->d[0] != NULL;
}

const nn_op nn_op_pad_constant = {
    .name = "pad_constant",
    .doc = "Adds elements of one value at the borders; negative numbers take elements away.",
    .example = "F.pad(tensor{1, 2}, {1, 2})\n"
               "--> {0, 1, 2, 0, 0}",
    .params = {{"input", P_TENSOR}, {"pad", P_INTS}, {"value", P_NUMBER, "0"}},
    .flags = NN_PRIVATE,
    .infer = pad_constant_infer,
    .kernel = pad_constant_kernel,
    .vjp = pad_constant_vjp,
    .samples = NN_SAMPLES("R(2, 3), {1, 2}", "R(2, 3), {1, 0, 2, 1}, 1.5", "T(R(3, 4)), {-1, 1, 0, -1}",
                          "R(2, 0), {1, 1}"),
    .invalid = "R(2, 3), {1}",
    .complaint = "pad must hold pairs of numbers",
};

/* ---- with what lies inside -------------------------------------------------------------------------- */

/* The position of the input, from 1, that position i of the padded dimension holds. */
static int64_t source(int mode, int64_t i, int64_t before, int64_t size) {
  int64_t at = i - before;
  if (mode == REPLICATE) return (at < 0 ? 0 : (at >= size ? size - 1 : at)) + 1;
  if (mode == CIRCULAR) return ((at % size) + size) % size + 1;
  if (at < 0) at = -at;
  if (at >= size) at = 2 * (size - 1) - at;
  return at + 1;
}

static T pad_dim(nn_frame *f, T x, int d, int mode, int64_t before, int64_t after) {
  int64_t size = x->shape[d], n;
  long long b = (long long)before, a = (long long)after, s = (long long)size;
  if (__builtin_add_overflow(size, before, &n) || __builtin_add_overflow(n, after, &n) || n < 0)
    return nn_bad(f, "dimension %d of size %lld cannot be padded by %lld and %lld", d + 1, s, b, a), NULL;
  if (size == 0 && n > 0) return nn_bad(f, "dimension %d of size 0 holds nothing to pad with", d + 1), NULL;
  if (mode == REFLECT && (before >= size || after >= size))
    return nn_bad(
               f,
               "reflect needs pads smaller than the size: dimension %d has size %lld, pads are %lld and %lld",
               d + 1, s, b, a),
           NULL;
  if (mode == CIRCULAR && (before > size || after > size))
    return nn_bad(f, "circular needs pads up to the size: dimension %d has size %lld, pads are %lld and %lld",
                  d + 1, s, b, a),
           NULL;
  nn_tensor *index = nn_keep(f->ctx, nn_empty(f->ctx, NN_INT64, 1, &n));
  if (index == NULL) return NULL;
  for (int64_t i = 0; i < n; i++) ((int64_t *)(void *)index->data)[i] = source(mode, i, before, size);
  return nn_do(f->ctx, &nn_op_index_select, v_t(x), v_i(d), v_t(index));
}

static bool pad_compose(nn_frame *f) {
  T x = f->in[0];
  int mode = (int)f->arg[2].i;
  int64_t before[NN_MAX_DIMS], after[NN_MAX_DIMS];
  if (mode == CONSTANT) {
    f->out[0] = nn_do(f->ctx, &nn_op_pad_constant, v_t(x), f->arg[1], nn_given(f, 3) ? f->arg[3] : v_i(0));
    return f->out[0] != NULL;
  }
  if (!read_pairs(f, x->ndim, &f->arg[1], before, after)) return false;
  for (int d = 0; d < f->in[0]->ndim && x != NULL; d++)
    if (before[d] != 0 || after[d] != 0) x = pad_dim(f, x, d, mode, before[d], after[d]);
  f->out[0] = x;
  return x != NULL;
}

const nn_op nn_op_pad = {
    .name = "pad",
    .doc =
        "Adds elements at the borders. pad holds pairs (before, after) and begins with the last dimension: {left, "
        "right, top, bottom} for images.\n"
        "mode: \"constant\" (value, by default 0; negative pads take elements away), \"reflect\" (mirrored without "
        "the border element), \"replicate\" (the border element), \"circular\" (from the other side). The last "
        "three work on any dimensions here.",
    .example = "F.pad(tensor{1, 2, 3}, {2, 1}, \"reflect\")\n"
               "--> {3, 2, 1, 2, 3, 2}",
    .params = {{"input", P_TENSOR},
               {"pad", P_INTS},
               {"mode", P_CHOICE, "constant", "constant|reflect|replicate|circular"},
               {"value", P_NUMBER, "nil"}},
    .flags = NN_F,
    .compose = pad_compose,
    .samples = NN_SAMPLES("R(2, 3), {1, 2}", "R(2, 3), {1, 0, 2, 1}, 'constant', 1.5",
                          "R(2, 3, 4), {2, 1}, 'reflect'", "R(1, 3, 4), {2, 3, 1, 1}, 'replicate'",
                          "T(R(3, 4)), {3, 1, 1, 2}, 'circular'", "R(1, 4), {-1, 2}, 'reflect'"),
    .invalid = "R(2, 3), {3, 0}, 'reflect'",
    .complaint = "reflect needs pads smaller than the size: dimension 2 has size 3",
};
