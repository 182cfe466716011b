/* diagonal.c - diagonals and triangles: diagonal (a view), diag, diag_embed, tril, triu. */
#include <string.h>

#include "blocks.h"
#include "interrupt.h"
#include "parallel.h"
#include "shape.h"

/* ---- diagonal --------------------------------------------------------------------------------------- */

/* Where the diagonal begins in rows and columns, and its length. */
static int64_t diagonal_length(int64_t rows, int64_t cols, int64_t offset, int64_t *row, int64_t *col) {
  *row = *col = 0;
  if (offset <= -rows || offset >= cols) return 0;
  if (offset < 0) *row = -offset;
  if (offset > 0) *col = offset;
  return rows - *row < cols - *col ? rows - *row : cols - *col;
}

/* Geometry of the diagonal of a tensor of this shape and these strides. */
static int64_t diagonal_of(int ndim, const int64_t *shape, const int64_t *stride, int64_t offset, int64_t a,
                           int64_t b, int64_t *to_shape, int64_t *to_stride) {
  int64_t row, col, length = diagonal_length(shape[a], shape[b], offset, &row, &col);
  int n = 0;
  for (int d = 0; d < ndim; d++) {
    if (d == a || d == b) continue;
    to_shape[n] = shape[d];
    to_stride[n++] = stride[d];
  }
  to_shape[n] = length;
  to_stride[n] = stride[a] + stride[b];
  return length > 0 ? row * stride[a] + col * stride[b] : 0;
}

static bool diagonal_view(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  int64_t shape[NN_MAX_DIMS], stride[NN_MAX_DIMS], a = f->arg[2].i, b = f->arg[3].i;
  if (x->ndim < 2) return nn_bad(f, "expected at least 2 dimensions, got %d", x->ndim);
  if (a == b) return nn_bad(f, "dim1 and dim2 must differ, both are %lld", (long long)a + 1);
  int64_t at = diagonal_of(x->ndim, x->shape, x->stride, f->arg[1].i, a, b, shape, stride);
  return nn_make_view(f, x->ndim - 1, shape, stride, at);
}

static bool diagonal_vjp(nn_vjp *v) {
  const nn_meta *m = nn_in_meta(v, 0);
  v->d[0] = nn_do(v->ctx, &nn_op_diagonal_backward, v_t(v->g[0]), v_ints(m->ndim, m->shape), v->arg[1],
                  v->arg[2], v->arg[3]);
  return v->d[0] != NULL;
}

const nn_op nn_op_diagonal = {
    .name = "diagonal",
    .doc = "A view on a diagonal of two dimensions, which becomes the last dimension of the result.\n"
           "offset 0 is the main diagonal, positive ones lie above it, negative ones below.",
    .example = "tensor{{1, 2, 3}, {4, 5, 6}}:diagonal(1)\n"
               "--> {2, 6}",
    .params = {{"input", P_TENSOR}, {"offset", P_INT, "0"}, {"dim1", P_DIM, "1"}, {"dim2", P_DIM, "2"}},
    .flags = NN_TENSOR | NN_METHOD,
    .view = diagonal_view,
    .vjp = diagonal_vjp,
    .samples =
        NN_SAMPLES("R(3, 3)", "R(3, 4), 1", "R(2, 3, 4), -1, 2, 3", "R(2, 3, 2), 0, 1, -1", "R(2, 2), 5"),
    .invalid = "R(2, 2), 0, 1, 1",
    .complaint = "dim1 and dim2 must differ",
};

static bool diagonal_backward_infer(nn_frame *f) {
  const nn_tensor *g = f->in[0];
  int n;
  const int64_t *size = nn_arg_ints(&f->arg[1], &n);
  int64_t shape[NN_MAX_DIMS], stride[NN_MAX_DIMS], zero[NN_MAX_DIMS] = {0}, a = f->arg[3].i, b = f->arg[4].i;
  bool fits = n == g->ndim + 1 && a >= 0 && a < n && b >= 0 && b < n && a != b;
  if (fits) diagonal_of(n, size, zero, f->arg[2].i, a, b, shape, stride);
  for (int d = 0; d < g->ndim && fits; d++) fits = shape[d] == g->shape[d];
  if (!fits) return nn_bad(f, "the diagonal does not fit its size");
  nn_spec_set(f, 0, (nn_dtype)g->dtype, n, size);
  return true;
}

static bool diagonal_backward_kernel(nn_frame *f) {
  const nn_tensor *g = f->in[0];
  nn_tensor *y = f->out[0];
  int64_t shape[NN_MAX_DIMS], stride[NN_MAX_DIMS];
  if (y->numel == 0) return true;
  memset(y->data, 0, (size_t)y->numel * nn_esize(y));
  int64_t at =
      diagonal_of(y->ndim, y->shape, y->stride, f->arg[2].i, f->arg[3].i, f->arg[4].i, shape, stride);
  nn_block_copy(g->ndim, shape, (nn_dtype)g->dtype, y->data + at * (int64_t)nn_esize(y), stride,
                (nn_dtype)g->dtype, g->data, g->stride);
  return true;
}

static bool diagonal_backward_vjp(nn_vjp *v) {
  v->d[0] = nn_do(v->ctx, &nn_op_diagonal, v_t(v->g[0]), v->arg[2], v->arg[3], v->arg[4]);
  return v->d[0] != NULL;
}

const nn_op nn_op_diagonal_backward = {
    .name = "diagonal_backward",
    .doc = "A tensor of zeros of the given size with the input on a diagonal: the gradient of diagonal.\n"
           "The two dimensions count from 0.",
    .example = "tensor.diag(tensor{1, 2})\n"
               "--> {{1, 0}, {0, 2}}",
    .params = {{"input", P_TENSOR}, {"size", P_SHAPE}, {"offset", P_INT}, {"dim1", P_INT}, {"dim2", P_INT}},
    .flags = NN_PRIVATE,
    .infer = diagonal_backward_infer,
    .kernel = diagonal_backward_kernel,
    .vjp = diagonal_backward_vjp,
    .samples = NN_SAMPLES("R(3), {3, 3}, 0, 0, 1", "R(2, 3), {2, 3, 4}, 1, 1, 2", "R(0), {2, 2}, 5, 0, 1"),
    .invalid = "R(4), {3, 3}, 0, 0, 1",
    .complaint = "the diagonal does not fit its size",
};

/* ---- diag, diag_embed ------------------------------------------------------------------------------- */

/* The side of the square matrix with n elements on this diagonal. */
static bool square_side(nn_frame *f, int64_t n, int64_t offset, int64_t *side) {
  const int64_t most = (int64_t)1 << 40;
  if (offset < -most || offset > most)
    return nn_bad(f, "a diagonal offset of %lld is too large", (long long)offset);
  *side = n + (offset < 0 ? -offset : offset);
  return true;
}

static bool diag_compose(nn_frame *f) {
  nn_tensor *x = f->in[0];
  int64_t offset = f->arg[1].i;
  if (x->ndim == 1) {
    int64_t n = 0;
    if (!square_side(f, x->shape[0], offset, &n)) return false;
    const int64_t size[2] = {n, n};
    f->out[0] = nn_do(f->ctx, &nn_op_diagonal_backward, v_t(x), v_ints(2, size), v_i(offset), v_i(0), v_i(1));
  } else if (x->ndim == 2) {
    T view = nn_do(f->ctx, &nn_op_diagonal, v_t(x), v_i(offset));
    f->out[0] = view ? nn_do(f->ctx, &nn_op_clone, v_t(view)) : NULL;
  } else {
    return nn_bad(f, "expected 1 or 2 dimensions, got %d", x->ndim);
  }
  return f->out[0] != NULL;
}

const nn_op nn_op_diag = {
    .name = "diag",
    .doc = "Of a vector the square matrix that has it on a diagonal, of a matrix a copy of a diagonal.\n"
           "[n] gives [n + |diagonal|, n + |diagonal|].",
    .example = "tensor.diag(tensor{1, 2})\n"
               "--> {{1, 0}, {0, 2}}",
    .params = {{"input", P_TENSOR}, {"diagonal", P_INT, "0"}},
    .flags = NN_TENSOR | NN_METHOD,
    .compose = diag_compose,
    .samples = NN_SAMPLES("R(3)", "R(2), -1", "R(3, 4), 1", "R(3, 3)"),
    .invalid = "R(2, 2, 2)",
    .complaint = "expected 1 or 2 dimensions, got 3",
};

static bool diag_embed_compose(nn_frame *f) {
  nn_tensor *x = f->in[0];
  int64_t offset = f->arg[1].i, a = f->arg[2].i, b = f->arg[3].i, size[NN_MAX_DIMS + 1];
  if (x->ndim == 0) return nn_bad(f, "expected at least 1 dimension, got 0");
  if (x->ndim == NN_MAX_DIMS) return nn_bad(f, "a tensor can have at most %d dimensions", NN_MAX_DIMS);
  if (!nn_new_dim(f, &a, x->ndim, "dim1") || !nn_new_dim(f, &b, x->ndim, "dim2")) return false;
  if (a == b) return nn_bad(f, "dim1 and dim2 must differ, both are %lld", (long long)a + 1);
  int64_t side = 0;
  if (!square_side(f, x->shape[x->ndim - 1], offset, &side)) return false;
  int n = 0;
  for (int d = 0; d <= x->ndim; d++) size[d] = d == a || d == b ? side : x->shape[n++];
  f->out[0] =
      nn_do(f->ctx, &nn_op_diagonal_backward, v_t(x), v_ints(x->ndim + 1, size), v_i(offset), v_i(a), v_i(b));
  return f->out[0] != NULL;
}

const nn_op nn_op_diag_embed = {
    .name = "diag_embed",
    .doc = "Zeros with the last dimension of the input on a diagonal of two new dimensions dim1 and dim2.",
    .example = "tensor.zeros(4, 3):diag_embed().shape\n"
               "--> {4, 3, 3}",
    .params = {{"input", P_TENSOR},
               {"offset", P_INT, "0"},
               {"dim1", P_POSITION, "-2"},
               {"dim2", P_POSITION, "-1"}},
    .flags = NN_TENSOR | NN_METHOD,
    .compose = diag_embed_compose,
    .samples = NN_SAMPLES("R(2, 3)", "R(3), 1", "R(2, 3), -1, 1, 3"),
    .invalid = "R(2), 0, 1, 1",
    .complaint = "dim1 and dim2 must differ",
};

/* ---- tril, triu ------------------------------------------------------------------------------------- */

static bool triangle_infer(nn_frame *f) {
  if (f->in[0]->ndim < 2) return nn_bad(f, "expected at least 2 dimensions, got %d", f->in[0]->ndim);
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

typedef struct triangle {
  const char *from;
  char *to;
  int64_t rows, cols, k, elem;
  bool upper;
} triangle;

/* Of each row the part from column k + row on (upper) or up to that column (lower) stays. */
static void triangle_rows(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const triangle *t = arg;
  int64_t bytes = t->cols * t->elem;
  for (int64_t i = begin; i < end; i++) {
    int64_t edge = i % t->rows + t->k + (t->upper ? 0 : 1);
    edge = (edge < 0 ? 0 : (edge > t->cols ? t->cols : edge)) * t->elem;
    const char *from = t->from + i * bytes;
    char *to = t->to + i * bytes;
    if (t->upper) {
      memset(to, 0, (size_t)edge);
      memcpy(to + edge, from + edge, (size_t)(bytes - edge));
    } else {
      memcpy(to, from, (size_t)edge);
      memset(to + edge, 0, (size_t)(bytes - edge));
    }
    if ((i & 1023) == 1023 && nn_interrupted()) return;
  }
}

static bool triangle_kernel(nn_frame *f, bool upper) {
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  if (x->numel == 0) return true;
  int64_t cols = x->shape[x->ndim - 1], k = f->arg[1].i;
  int64_t limit = x->shape[x->ndim - 2] + cols; /* beyond it nothing changes, and sums stay small */
  k = k > limit ? limit : (k < -limit ? -limit : k);
  triangle t = {x->data, f->out[0]->data, x->shape[x->ndim - 2], cols, k, (int64_t)nn_esize(x), upper};
  nn_parallel(x->numel / cols, 1 + 16384 / cols, triangle_rows, &t);
  return true;
}

static bool tril_kernel(nn_frame *f) { return triangle_kernel(f, false); }

static bool triu_kernel(nn_frame *f) { return triangle_kernel(f, true); }

static bool triangle_vjp(nn_vjp *v) {
  v->d[0] = nn_do(v->ctx, v->node->op, v_t(v->g[0]), v->arg[1]);
  return v->d[0] != NULL;
}

const nn_op nn_op_tril = {
    .name = "tril",
    .doc =
        "The lower triangle of the matrices in the last two dimensions, the rest 0.\n"
        "diagonal 0 keeps the main diagonal, positive ones add diagonals above it, negative ones take away.",
    .example = "tensor.ones(3, 3):tril()\n"
               "--> {{1, 0, 0}, {1, 1, 0}, {1, 1, 1}}",
    .params = {{"input", P_TENSOR}, {"diagonal", P_INT, "0"}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE,
    .infer = triangle_infer,
    .kernel = tril_kernel,
    .vjp = triangle_vjp,
    .samples = NN_SAMPLES("R(3, 3)", "R(2, 3, 4), 1", "T(R(4, 3)), -1", "R(2, 2), -9", "R(0, 3)"),
    .invalid = "R(3)",
    .complaint = "expected at least 2 dimensions, got 1",
};

const nn_op nn_op_triu = {
    .name = "triu",
    .doc =
        "The upper triangle of the matrices in the last two dimensions, the rest 0.\n"
        "diagonal 0 keeps the main diagonal, positive ones take diagonals away, negative ones add some below it.",
    .example = "tensor.ones(3, 3):triu(1)\n"
               "--> {{0, 1, 1}, {0, 0, 1}, {0, 0, 0}}",
    .params = {{"input", P_TENSOR}, {"diagonal", P_INT, "0"}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE,
    .infer = triangle_infer,
    .kernel = triu_kernel,
    .vjp = triangle_vjp,
    .samples = NN_SAMPLES("R(3, 3)", "R(2, 3, 4), 1", "T(R(4, 3)), -1", "R(2, 2), 9"),
    .invalid = "R(3)",
    .complaint = "expected at least 2 dimensions, got 1",
};
