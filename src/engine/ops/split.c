/* split.c - the operations that take a tensor apart along a dimension, into views: split, chunk, unbind. */
#include "shape.h"

/* Makes the results: views on `count` stretches of the dimension, size[i] long, or each `each` (the last one
 * may be shorter). With `drop` each is one long and the dimension is left out. */
typedef struct cut {
  int64_t count, each;
  const int64_t *size;
  bool drop;
} cut;

static bool cut_views(nn_frame *f, int dim, const cut *c) {
  nn_tensor *x = f->in[0];
  int64_t shape[NN_MAX_DIMS], stride[NN_MAX_DIMS], at = 0;
  int n = 0, kept = -1;
  if (c->count > 1 << 24) return nn_bad(f, "%lld pieces are too many", (long long)c->count);
  if (!nn_results_reserve(f->ctx, f->results, (int)c->count)) return false;
  for (int d = 0; d < x->ndim; d++) {
    if (d == dim && c->drop) continue;
    if (d == dim) kept = n;
    shape[n] = x->shape[d];
    stride[n++] = x->stride[d];
  }
  for (int64_t i = 0; i < c->count; i++) {
    int64_t left = x->shape[dim] - at, size = c->size ? c->size[i] : (c->each < left ? c->each : left);
    if (kept >= 0) shape[kept] = size;
    nn_tensor *t = nn_view_of(x, n, shape, stride, nn_offset(x) + (size > 0 ? at * x->stride[dim] : 0));
    if (t == NULL) return false;
    f->results->t[f->results->n++] = t;
    at += size;
  }
  return true;
}

/* The pieces' gradients (zeros for those without) joined again by `op`. */
static bool join_grads(nn_vjp *v, const nn_op *op, int64_t dim) {
  int n = v->node->n_out;
  if (n == 0) return true;
  size_t bytes = (size_t)n * sizeof(nn_tensor *);
  nn_tensor **part = nn_scratch(v->ctx, bytes);
  if (part == NULL) return false;
  bool ok = true;
  for (int k = 0; k < n && ok; k++)
    ok = (part[k] = v->g[k] ? v->g[k] : t_zeros(v->ctx, nn_out_meta(v, k))) != NULL;
  if (ok) v->d[0] = nn_do(v->ctx, op, v_ts(n, part), v_i(dim));
  nn_scratch_free(v->ctx, part, bytes);
  return ok && v->d[0] != NULL;
}

/* A tensor of one piece that is [0] must keep its shape. */
static bool cut_vjp(nn_vjp *v) {
  if (!join_grads(v, &nn_op_cat, v->arg[2].i)) return false;
  v->d[0] = t_reshape_like(v->ctx, v->d[0], nn_in_meta(v, 0));
  return v->d[0] != NULL;
}

static bool has_dim(nn_frame *f) {
  return f->in[0]->ndim > 0 || nn_bad(f, "a 0-dim tensor has no dimension to split");
}

/* ---- split ------------------------------------------------------------------------------------------ */

static bool split_view(nn_frame *f) {
  if (!has_dim(f)) return false;
  int64_t each = f->arg[1].i, dim = f->arg[2].i, size = f->in[0]->shape[dim];
  if (each < 0 || (each == 0 && size > 0))
    return nn_bad(f, "the size of a piece must be positive, got %lld", (long long)each);
  cut c = {.count = size == 0 ? 1 : (size - 1) / each + 1, .each = each};
  return cut_views(f, (int)dim, &c);
}

const nn_op nn_op_split = {
    .name = "split",
    .doc = "Views on pieces of a dimension, each of the given size; the last one may be smaller.\n"
           "Results are several values.",
    .example = "local a, b = tensor{1, 2, 3}:split(2)\n"
               "b\n"
               "--> {3}",
    .params = {{"tensor", P_TENSOR}, {"split_size_or_sections", P_INT}, {"dim", P_DIM, "1"}},
    .flags = NN_TENSOR | NN_METHOD | NN_LIST_OUT,
    .view = split_view,
    .vjp = cut_vjp,
    .samples = NN_SAMPLES("R(5, 2), 2", "T(R(2, 4)), 2, 2", "R(3), 5", "R(0, 2), 1"),
    .invalid = "R(4), 0",
    .complaint = "the size of a piece must be positive",
};

static bool split_sections_view(nn_frame *f) {
  if (!has_dim(f)) return false;
  int n;
  const int64_t *size = nn_arg_ints(&f->arg[1], &n);
  int64_t dim = f->arg[2].i, sum = 0, have = f->in[0]->shape[dim];
  for (int i = 0; i < n; i++) {
    if (size[i] < 0) return nn_bad(f, "the size of a piece cannot be negative, got %lld", (long long)size[i]);
    if (__builtin_add_overflow(sum, size[i], &sum)) sum = -1;
    if (sum < 0) break;
  }
  if (sum != have) {
    char text[NN_SHAPE_TEXT];
    return nn_bad(f, "the sizes %s must add up to %lld, the size of dimension %d",
                  n <= NN_MAX_DIMS ? nn_shape_text(n, size, text) : "", (long long)have, (int)dim + 1);
  }
  cut c = {.count = n, .size = size};
  return cut_views(f, (int)dim, &c);
}

const nn_op nn_op_split_sections = {
    .name = "split.sections",
    .doc = "Views on pieces of a dimension, of the sizes in a list, which add up to the whole.",
    .example = "local a, b = tensor{1, 2, 3}:split({1, 2})\n"
               "b\n"
               "--> {2, 3}",
    .params = {{"tensor", P_TENSOR}, {"split_size_or_sections", P_INTS}, {"dim", P_DIM, "1"}},
    .flags = NN_TENSOR | NN_METHOD | NN_LIST_OUT,
    .view = split_sections_view,
    .vjp = cut_vjp,
    .samples = NN_SAMPLES("R(5, 2), {1, 4}", "R(2, 4), {1, 0, 3}, -1"),
    .invalid = "R(4), {1, 2}",
    .complaint = "the sizes [1, 2] must add up to 4",
};

/* ---- chunk, tensor_split ---------------------------------------------------------------------------- */

static bool chunk_view(nn_frame *f) {
  if (!has_dim(f)) return false;
  int64_t n = f->arg[1].i, dim = f->arg[2].i, size = f->in[0]->shape[dim];
  if (n < 1) return nn_bad(f, "expected at least 1 chunk, got %lld", (long long)n);
  int64_t each = size == 0 ? 0 : (size - 1) / n + 1;
  cut c = {.count = size == 0 ? n : (size - 1) / each + 1, .each = each};
  return cut_views(f, (int)dim, &c);
}

const nn_op nn_op_chunk = {
    .name = "chunk",
    .doc = "Views on up to `chunks` pieces of a dimension, all of one size but perhaps the last.",
    .example = "local q, k, v = tensor.zeros(2, 6):chunk(3, 2)\n"
               "v.shape\n"
               "--> {2, 2}",
    .params = {{"input", P_TENSOR}, {"chunks", P_INT}, {"dim", P_DIM, "1"}},
    .flags = NN_TENSOR | NN_METHOD | NN_LIST_OUT,
    .view = chunk_view,
    .vjp = cut_vjp,
    .samples = NN_SAMPLES("R(5, 2), 2", "R(2, 6), 3, 2", "R(2, 3), 5, -1"),
    .invalid = "R(4), 0",
    .complaint = "expected at least 1 chunk",
};

static bool tensor_split_view(nn_frame *f) {
  if (!has_dim(f)) return false;
  int64_t n = f->arg[1].i, dim = f->arg[2].i, size = f->in[0]->shape[dim];
  if (n < 1 || n > 1 << 20) return nn_bad(f, "expected at least 1 section, got %lld", (long long)n);
  int64_t *sizes = nn_scratch(f->ctx, (size_t)n * sizeof *sizes);
  if (sizes == NULL) return false;
  for (int64_t i = 0; i < n; i++) sizes[i] = size / n + (i < size % n);
  cut c = {.count = n, .size = sizes};
  bool ok = cut_views(f, (int)dim, &c);
  nn_scratch_free(f->ctx, sizes, (size_t)n * sizeof *sizes);
  return ok;
}

const nn_op nn_op_tensor_split = {
    .name = "tensor_split",
    .doc =
        "Views on exactly `sections` pieces of a dimension; the first ones are larger by one where it must be.",
    .example = "local a, b = tensor{1, 2, 3}:tensor_split(2)\n"
               "a\n"
               "--> {1, 2}",
    .params = {{"input", P_TENSOR}, {"sections", P_INT}, {"dim", P_DIM, "1"}},
    .flags = NN_TENSOR | NN_METHOD | NN_LIST_OUT,
    .view = tensor_split_view,
    .vjp = cut_vjp,
    .samples = NN_SAMPLES("R(5, 2), 2", "R(2, 2), 3, 2"),
    .invalid = "R(4), 0",
    .complaint = "expected at least 1 section",
};

/* ---- unbind ----------------------------------------------------------------------------------------- */

static bool unbind_view(nn_frame *f) {
  if (!has_dim(f)) return false;
  cut c = {.count = f->in[0]->shape[f->arg[1].i], .each = 1, .drop = true};
  return cut_views(f, (int)f->arg[1].i, &c);
}

static bool unbind_vjp(nn_vjp *v) { return join_grads(v, &nn_op_stack, v->arg[1].i); }

const nn_op nn_op_unbind = {
    .name = "unbind",
    .doc = "Views on every position of a dimension, which they lack.",
    .example = "local a, b = tensor{{1, 2}, {3, 4}}:unbind(2)\n"
               "b\n"
               "--> {2, 4}",
    .params = {{"input", P_TENSOR}, {"dim", P_DIM, "1"}},
    .flags = NN_TENSOR | NN_METHOD | NN_LIST_OUT,
    .view = unbind_view,
    .vjp = unbind_vjp,
    .samples = NN_SAMPLES("R(2, 3)", "T(R(2, 3)), 2", "R(2)"),
    .invalid = "R()",
    .complaint = "a 0-dim tensor has no dimension to split",
};
