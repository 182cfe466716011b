/* embedding.c - rows of a table by number: embedding, its gradient, and one_hot. */
#include <math.h>
#include <string.h>

#include "interrupt.h"
#include "kernels/reduce.h"
#include "parallel.h"
#include "pick.h"
#include "shape.h"

/* ---- embedding -------------------------------------------------------------------------------------- */

/* padding_idx as a row from 0, or -1. */
static bool padding_row(nn_frame *f, int64_t *row, int64_t rows) {
  const nn_value *pad = &f->arg[2];
  *row = -1;
  if (pad->tag == NN_V_NONE) return true;
  *row = pad->i;
  if (*row < -rows || *row >= rows)
    return nn_bad(f, "padding_idx = %lld is out of range: rows count from 1 to %lld",
                  (long long)(*row >= 0 ? *row + 1 : *row), (long long)rows);
  if (*row < 0) *row += rows;
  return true;
}

static bool embedding_infer(nn_frame *f) {
  if (!nn_expect_ndim(f, 1, 2, 2) || !nn_expect_index(f, 0)) return false;
  const nn_tensor *index = f->in[0], *weight = f->in[1];
  int64_t pad, shape[NN_MAX_DIMS];
  if (!padding_row(f, &pad, weight->shape[0]) || !nn_index_check(f, index, weight->shape[0])) return false;
  if (index->ndim == NN_MAX_DIMS) return nn_bad(f, "a tensor can have at most %d dimensions", NN_MAX_DIMS);
  if (nn_given(f, 3) && !nn_expect_float(f, 1)) return false;
  memcpy(shape, index->shape, (size_t)index->ndim * sizeof *shape);
  shape[index->ndim] = weight->shape[1];
  nn_spec_set(f, 0, (nn_dtype)weight->dtype, index->ndim + 1, shape);
  f->note[0] = (uint64_t)pad;
  f->note[1] = (uint64_t)weight->shape[0];
  return true;
}

#define NORM(type)                                                                                           \
  do {                                                                                                       \
    type *w = (type *)(void *)weight->data + offset;                                                         \
    double sum = 0, top = 0;                                                                                 \
    for (int64_t j = 0; j < n; j++) {                                                                        \
      double x = fabs((double)w[j * step]);                                                                  \
      sum += p == 2 ? x * x : (p == 1 ? x : pow(x, p));                                                      \
      top = x > top ? x : top;                                                                               \
    }                                                                                                        \
    double norm = isinf(p) ? top : (p == 2 ? sqrt(sum) : (p == 1 ? sum : pow(sum, 1 / p)));                  \
    if (norm > most)                                                                                         \
      for (int64_t j = 0; j < n; j++) w[j * step] = (type)((double)w[j * step] * (most / (norm + 1e-7)));    \
  } while (0)

/* Scales the row at offset down where its p-norm is above `most`. */
static void limit_row(nn_tensor *weight, int64_t offset, double most, double p) {
  int64_t n = weight->shape[1], step = weight->stride[1];
  if (weight->dtype == NN_FLOAT32)
    NORM(float);
  else
    NORM(double);
}

static bool embedding_kernel(nn_frame *f) {
  nn_tensor *index = f->in[0], *weight = f->in[1];
  nn_pick p;
  nn_pick_around(&p, weight, 0);
  p.count = index->numel;
  int64_t *offset = nn_index_offsets(f, index, weight->shape[0], weight->stride[0]);
  if (offset == NULL) return false;
  if (nn_given(f, 3)) {
    for (int64_t i = 0; i < index->numel; i++) limit_row(weight, offset[i], f->arg[3].f, f->arg[4].f);
    nn_touch(weight);
  }
  p.offset = offset;
  nn_pick_read(&p, (nn_dtype)weight->dtype, weight->data, f->out[0]->data);
  nn_index_offsets_free(f, offset, index);
  return true;
}

static bool embedding_vjp(nn_vjp *v) {
  T index = nn_in(v, 0);
  if (index == NULL) return false;
  v->d[1] = nn_do(v->ctx, &nn_op_embedding_backward, v_t(v->g[0]), v_t(index), v_i((int64_t)v->node->note[1]),
                  v_i((int64_t)v->node->note[0]), v->arg[5]);
  return v->d[1] != NULL;
}

const nn_op nn_op_embedding = {
    .name = "embedding",
    .doc =
        "Rows of a table by number: input[...] of row numbers from 1, weight[rows, n], result [..., n].\n"
        "The row padding_idx gets no gradient. With max_norm the rows that are used are first scaled down, in "
        "weight itself, where their norm of order norm_type is larger. scale_grad_by_freq divides the gradient of a "
        "row by how often it was used. Gradients are dense tensors; sparse is accepted and changes nothing.",
    .example = "F.embedding(tensor{2, 1}, tensor{{1, 2}, {3, 4}})\n"
               "--> {{3, 4}, {1, 2}}",
    .params = {{"input", P_TENSOR},
               {"weight", P_TENSOR},
               {"padding_idx", P_POSITION, "nil"},
               {"max_norm", P_FLOAT, "nil"},
               {"norm_type", P_FLOAT, "2.0"},
               {"scale_grad_by_freq", P_BOOL, "false"},
               {"sparse", P_BOOL, "false"}},
    .flags = NN_F,
    .saves_in = 1,
    .grads_in = 2,
    .infer = embedding_infer,
    .kernel = embedding_kernel,
    .vjp = embedding_vjp,
    .samples = NN_SAMPLES("I(4, 5), R(4, 3)", "I(4, 2, 3), R(4, 2), 2", "I(3), R(3, 2)", "I(4, 0), R(4, 3)"),
    .invalid = "C(tensor{1, 5}), R(4, 3)",
    .complaint = "index 5 at position [2] is out of range: indices count from 1 to 4",
};

/* ---- its gradient ----------------------------------------------------------------------------------- */

static bool embedding_backward_infer(nn_frame *f) {
  const nn_tensor *g = f->in[0], *index = f->in[1];
  int64_t rows = f->arg[2].i;
  if (!nn_expect_index(f, 1)) return false;
  bool fits = g->ndim == index->ndim + 1 && rows >= 0 && f->arg[3].i < rows;
  for (int d = 0; d < index->ndim && fits; d++) fits = g->shape[d] == index->shape[d];
  if (!fits) return nn_bad(f, "the gradient does not fit the index");
  if (!nn_index_check(f, f->in[1], rows)) return false;
  const int64_t shape[2] = {rows, g->shape[g->ndim - 1]};
  nn_spec_set(f, 0, (nn_dtype)g->dtype, 2, shape);
  return true;
}

static int64_t position_at(const nn_tensor *index, int64_t i, int64_t rows) {
  return nn_index_wrap(((const int64_t *)(const void *)index->data)[i], rows);
}

/* 1 / how often each row is used (0 for rows that are not), as [rows, 1]. */
static T inverse_counts(C c, const nn_tensor *index, nn_dtype dtype, int64_t rows) {
  const int64_t shape[2] = {rows, 1};
  T n = nn_keep(c, nn_zeros(c, NN_FLOAT64, 2, shape));
  T dense = n ? nn_keep(c, nn_contiguous_data((nn_tensor *)(uintptr_t)index)) : NULL;
  if (dense == NULL) return NULL;
  double *p = (double *)(void *)n->data;
  for (int64_t i = 0; i < dense->numel; i++) p[position_at(dense, i, rows)] += 1;
  for (int64_t i = 0; i < rows; i++) p[i] = p[i] > 0 ? 1 / p[i] : 0;
  return t_to(c, n, dtype);
}

static bool scale_rows(nn_frame *f, nn_tensor *y) {
  bool was = nn_set_grad_enabled(f->ctx, false);
  T scaled = t_mul(f->ctx, y, inverse_counts(f->ctx, f->in[1], (nn_dtype)y->dtype, y->shape[0]));
  nn_set_grad_enabled(f->ctx, was);
  return scaled != NULL && nn_copy_data(y, scaled);
}

static bool embedding_backward_kernel(nn_frame *f) {
  const nn_tensor *g = nn_dense(f, 0), *index = f->in[1];
  nn_tensor *y = f->out[0];
  int64_t pad = f->arg[3].i;
  size_t row = (size_t)y->shape[1] * nn_esize(y);
  nn_pick p;
  if (g == NULL) return false;
  memset(y->data, 0, (size_t)y->numel * nn_esize(y));
  nn_pick_around(&p, y, 0);
  p.count = index->numel;
  int64_t *offset = nn_index_offsets(f, index, y->shape[0], y->stride[0]);
  if (offset == NULL) return false;
  p.offset = offset;
  nn_pick_write(&p, (nn_dtype)y->dtype, y->data, g->data, false, true);
  nn_index_offsets_free(f, offset, index);
  if (pad >= 0) memset(y->data + (size_t)pad * row, 0, row);
  return !f->arg[4].b || scale_rows(f, y);
}

static bool embedding_backward_vjp(nn_vjp *v) {
  C c = v->ctx;
  T g = v->g[0], index = nn_in(v, 1);
  int64_t pad = v->arg[3].i;
  if (index == NULL) return false;
  if (v->arg[4].b) g = t_mul(c, g, inverse_counts(c, index, (nn_dtype)g->dtype, v->arg[2].i));
  if (pad >= 0 && g != NULL) {
    T at = nn_keep(c, nn_scalar_int(c, NN_INT64, pad + 1));
    g = at ? nn_do(c, &nn_op_index_fill, v_t(g), v_i(0), v_t(at), v_i(0)) : NULL;
  }
  v->d[0] = g ? nn_do(c, &nn_op_embedding, v_t(index), v_t(g)) : NULL;
  return v->d[0] != NULL;
}

const nn_op nn_op_embedding_backward = {
    .name = "embedding_backward",
    .doc =
        "Adds the rows of a gradient to the rows of a table of zeros that an index names: the gradient of embedding.\n"
        "padding_idx counts from 0, -1 means none.",
    .example = "local w = tensor.zeros(2, 2, {requires_grad = true})\n"
               "F.embedding(tensor{2, 2}, w):sum():backward()\n"
               "w.grad\n"
               "--> {{0, 0}, {2, 2}}",
    .params = {{"grad", P_TENSOR},
               {"index", P_TENSOR},
               {"num_weights", P_INT},
               {"padding_idx", P_INT, "-1"},
               {"scale_grad_by_freq", P_BOOL, "false"}},
    .flags = NN_PRIVATE,
    .saves_in = 2,
    .grads_in = 1,
    .infer = embedding_backward_infer,
    .kernel = embedding_backward_kernel,
    .vjp = embedding_backward_vjp,
    .samples =
        NN_SAMPLES("R(5, 3), I(4, 5), 4", "R(2, 3, 2), I(4, 2, 3), 4, 1", "R(6, 3), I(4, 6), 4, -1, true"),
    .invalid = "R(5, 3), I(4, 4), 4",
    .complaint = "the gradient does not fit the index",
};

/* ---- sums of rows ----------------------------------------------------------------------------------- */

static bool embedding_sum_infer(nn_frame *f) {
  if (!nn_expect_ndim(f, 0, 2, 2) || !nn_expect_ndim(f, 1, 2, 2) || !nn_expect_float(f, 1) || !nn_expect_index(f, 0)) return false;
  const nn_tensor *index = f->in[0], *weight = f->in[1];
  if (!nn_index_check(f, index, weight->shape[0])) return false;
  const int64_t shape[2] = {index->shape[0], weight->shape[1]};
  nn_spec_set(f, 0, (nn_dtype)weight->dtype, 2, shape);
  f->note[0] = (uint64_t)weight->shape[0];
  return true;
}

typedef struct bags {
  const struct nn_reduce_kernels *k;
  nn_dtype dtype;
  size_t element;
  int64_t each, n;
  double scale;
  const int64_t *offset;
  const void *weight;
  char *y;
} bags;

static void bags_range(void *arg, int64_t begin, int64_t end, int thread) {
  const bags *b = arg;
  (void)thread;
  for (int64_t i = begin; i < end && !nn_interrupted(); i++)
    b->k->picked_sum[b->dtype](b->each, b->offset + i * b->each, b->n, b->weight, b->scale,
                               b->y + (size_t)(i * b->n) * b->element);
}

static bool embedding_sum_kernel(nn_frame *f) {
  nn_tensor *index = f->in[0], *y = f->out[0];
  const nn_tensor *weight = nn_dense(f, 1);
  int64_t *offset = weight ? nn_index_offsets(f, index, weight->shape[0], weight->shape[1]) : NULL;
  if (offset == NULL) return false;
  int64_t each = index->shape[1];
  bags b = {.k = NN_SELECT(nn_reduce), .dtype = (nn_dtype)y->dtype, .element = nn_esize(y), .each = each, .n = y->shape[1],
            .scale = f->arg[2].b ? 1.0 / (double)(each > 0 ? each : 1) : 1, .offset = offset, .weight = weight->data, .y = y->data};
  nn_parallel(y->shape[0], 1 + 8192 / (each * b.n + 1), bags_range, &b);
  nn_index_offsets_free(f, offset, index);
  return true;
}

/* Every row of a bag gets the bag's gradient. */
static bool embedding_sum_vjp(nn_vjp *v) {
  C c = v->ctx;
  T index = nn_in(v, 0), g = v->g[0];
  if (index == NULL) return false;
  int64_t each = index->shape[1], shape[3] = {index->shape[0], each, g->shape[1]};
  if (v->arg[2].b && each > 0) g = t_muls(c, g, 1.0 / (double)each);
  g = t_expand(c, t_unsqueeze(c, g, 1), 3, shape);
  v->d[1] = g ? nn_do(c, &nn_op_embedding_backward, v_t(g), v_t(index), v_i((int64_t)v->node->note[0])) : NULL;
  return v->d[1] != NULL;
}

const nn_op nn_op_embedding_sum = {
    .name = "embedding_sum",
    .doc = "Sums, or means, of the rows of a table that each row of an index names: input[B, L] of row numbers from 1,\n"
           "weight[rows, n], result [B, n]. Part of embedding_bag.",
    .example = "F.embedding_bag(tensor{{1, 2}}, tensor{{1, 2}, {3, 4}}, {mode = \"sum\"})\n--> {{4, 6}}",
    .params = {{"input", P_TENSOR}, {"weight", P_TENSOR}, {"mean", P_BOOL, "false"}},
    .flags = NN_PRIVATE,
    .saves_in = 1,
    .grads_in = 2,
    .infer = embedding_sum_infer,
    .kernel = embedding_sum_kernel,
    .vjp = embedding_sum_vjp,
    .samples = NN_SAMPLES("I(4, 5, 3), R(4, 3)", "I(4, 2, 3), R(4, 70), true", "I(3, 2, 0), R(3, 2), true",
                          "I(9, 2, 40), T(R(9, 33))", "I(4, 0, 2), R(4, 3)"),
    .invalid = "C(tensor{{1, 5}}), R(4, 3)",
    .complaint = "index 5 at position",
};

/* ---- one_hot ---------------------------------------------------------------------------------------- */

static bool one_hot_infer(nn_frame *f) {
  if (!nn_expect_index(f, 0)) return false;
  const nn_tensor *x = nn_dense(f, 0);
  int64_t n = f->arg[1].i, top = 0, shape[NN_MAX_DIMS];
  if (x == NULL) return false;
  if (x->ndim == NN_MAX_DIMS) return nn_bad(f, "a tensor can have at most %d dimensions", NN_MAX_DIMS);
  const int64_t *p = (const int64_t *)(const void *)x->data;
  for (int64_t i = 0; i < x->numel; i++) {
    if (p[i] < 1) return nn_bad(f, "class %lld: classes count from 1", (long long)p[i]);
    top = p[i] > top ? p[i] : top;
  }
  if (n == -1) {
    if (x->numel == 0) return nn_bad(f, "num_classes is needed for an empty tensor");
    n = top;
  }
  if (n < 1) return nn_bad(f, "num_classes must be positive, got %lld", (long long)n);
  if (top > n)
    return nn_bad(f, "class %lld is out of range: classes count from 1 to %lld", (long long)top,
                  (long long)n);
  memcpy(shape, x->shape, (size_t)x->ndim * sizeof *shape);
  shape[x->ndim] = n;
  nn_spec_set(f, 0, NN_INT64, x->ndim + 1, shape);
  return true;
}

static bool one_hot_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  nn_tensor *y = f->out[0];
  if (x == NULL) return false;
  int64_t n = y->shape[y->ndim - 1], *to = (int64_t *)(void *)y->data;
  memset(to, 0, (size_t)y->numel * sizeof *to);
  for (int64_t i = 0; i < x->numel; i++) to[i * n + ((const int64_t *)(const void *)x->data)[i] - 1] = 1;
  return true;
}

const nn_op nn_op_one_hot = {
    .name = "one_hot",
    .doc =
        "Of class numbers (from 1) the rows with a 1 at that place and 0 elsewhere: [...] becomes [..., num_classes], "
        "int64.\n"
        "num_classes = -1 takes the largest class there is.",
    .example = "F.one_hot(tensor{1, 3})\n"
               "--> {{1, 0, 0}, {0, 0, 1}}",
    .params = {{"tensor", P_TENSOR}, {"num_classes", P_INT, "-1"}},
    .flags = NN_F | NN_NO_GRAD,
    .infer = one_hot_infer,
    .kernel = one_hot_kernel,
    .samples = NN_SAMPLES("I(4, 3), 4", "I(3, 2, 2)"),
    .invalid = "C(tensor{1, 4}), 3",
    .complaint = "class 4 is out of range: classes count from 1 to 3",
};
