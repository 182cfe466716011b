/* cat.c - the operations that make one tensor of several: cat, stack and what is made with them. */
#include <string.h>

#include "blocks.h"
#include "interrupt.h"
#include "parallel.h"
#include "shape.h"

/* PyTorch lets cat ignore tensors of shape [0], whatever the shape of the others. */
static bool ignored(const nn_tensor *t) { return t->ndim == 1 && t->shape[0] == 0; }

/* ---- cat -------------------------------------------------------------------------------------------- */

static const nn_tensor *model(const nn_frame *f, int *at) {
  for (int i = 0; i < f->n_in; i++)
    if (!ignored(f->in[i])) {
      *at = i;
      return f->in[i];
    }
  *at = 0;
  return f->in[0];
}

static bool cat_infer(nn_frame *f) {
  if (f->n_in == 0) return nn_bad(f, "expected at least one tensor");
  int first;
  const nn_tensor *like = model(f, &first);
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
  if (like->ndim == 0) return nn_bad(f, "tensors[%d] has no dimensions; use stack for numbers", first + 1);
  if (!nn_resolve_dim(f, &f->arg[1].i, like->ndim, "dim")) return false;
  int dim = (int)f->arg[1].i;
  nn_spec_like(f, 0, like);
  int64_t *size = &f->spec[0].shape[dim];
  *size = 0;
  for (int i = 0; i < f->n_in; i++) {
    const nn_tensor *t = f->in[i];
    if (ignored(t)) continue;
    bool fits = t->ndim == like->ndim;
    for (int d = 0; d < like->ndim && fits; d++) fits = d == dim || t->shape[d] == like->shape[d];
    if (!fits)
      return nn_bad(f,
                    "sizes must agree except in dimension %d: tensors[%d] has shape %s, tensors[%d] has %s",
                    dim + 1, first + 1, nn_tensor_shape_text(like, a), i + 1, nn_tensor_shape_text(t, b));
    if (__builtin_add_overflow(*size, t->shape[dim], size)) return nn_bad(f, "the result would be too large");
  }
  return true;
}

/* Tensors without gaps, row by row of the result, so that it is written once from its beginning to its end. */
typedef struct row_job {
  nn_frame *f;
  int64_t after; /* bytes of one step along the dimension */
  int64_t dim, row;
} row_job;

static void rows_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const row_job *j = arg;
  for (int64_t i = begin; i < end && !nn_interrupted_at(i); i++) {
    char *to = j->f->out[0]->data + i * j->row;
    for (int k = 0; k < j->f->n_in; k++) {
      const nn_tensor *t = j->f->in[k];
      if (ignored(t)) continue;
      int64_t bytes = t->shape[j->dim] * j->after;
      memcpy(to, t->data + i * bytes, (size_t)bytes);
      to += bytes;
    }
  }
}

static bool by_rows(nn_frame *f, int64_t dim) {
  const nn_tensor *y = f->out[0];
  if (!nn_contig(y) || dim == 0 || y->numel == 0) return false;
  for (int i = 0; i < f->n_in; i++)
    if (!ignored(f->in[i]) && (!nn_contig(f->in[i]) || f->in[i]->dtype != y->dtype)) return false;
  row_job j = {f, (int64_t)nn_esize(y), dim, 0};
  for (int d = (int)dim + 1; d < y->ndim; d++) j.after *= y->shape[d];
  j.row = y->shape[dim] * j.after;
  int64_t rows = y->numel * (int64_t)nn_esize(y) / j.row;
  if (j.row < 64) return false;
  nn_parallel(rows, 1 + 65536 / j.row, rows_range, &j);
  return true;
}

static bool cat_kernel(nn_frame *f) {
  nn_tensor *y = f->out[0];
  int64_t dim = f->arg[1].i;
  char *to = y->data;
  if (by_rows(f, dim)) return y->numel < 1 << 16 || !nn_interrupted();
  for (int i = 0; i < f->n_in; i++) {
    const nn_tensor *t = f->in[i];
    if (ignored(t)) continue;
    nn_block_copy(t->ndim, t->shape, (nn_dtype)y->dtype, to, y->stride, (nn_dtype)t->dtype, t->data,
                  t->stride);
    to += t->shape[dim] * y->stride[dim] * (int64_t)nn_esize(y);
  }
  return true;
}

static bool cat_vjp(nn_vjp *v) {
  int64_t dim = v->arg[1].i, at = 0;
  for (int i = 0; i < v->node->n_in; i++) {
    const nn_meta *m = nn_in_meta(v, i);
    if (m->ndim == 1 && m->shape[0] == 0) {
      if (nn_need(v, i) && (v->d[i] = t_zeros(v->ctx, m)) == NULL) return false;
      continue;
    }
    int64_t end = at + m->shape[dim];
    if (nn_need(v, i) && (v->d[i] = t_slice(v->ctx, v->g[0], dim, at, end, 1)) == NULL) return false;
    at = end;
  }
  return true;
}

#define CAT_ROW                                                                                              \
  .params = {{"tensors", P_TENSORS}, {"dim", P_POSITION, "1"}}, .flags = NN_TENSOR | NN_PROMOTES,            \
  .infer = cat_infer, .kernel = cat_kernel, .vjp = cat_vjp

const nn_op nn_op_cat = {
    .name = "cat",
    .doc = "Joins tensors along a dimension; all other sizes must agree.\n"
           "Dtypes are promoted. Tensors of shape [0] are passed over.",
    .example = "tensor.cat({tensor{1, 2}, tensor{3}})\n"
               "--> {1, 2, 3}",
    CAT_ROW,
    .samples = NN_SAMPLES("{R(2, 3), R(1, 3)}", "{R(2, 3), T(R(2, 2)), R(2, 1)}, 2", "{R(2), R(0), R(3)}, -1",
                          "{R(1, 2)}"),
    .invalid = "{R(2, 3), R(2, 4)}",
    .complaint = "tensors[1] has shape [2, 3], tensors[2] has [2, 4]",
};

const nn_op nn_op_concat = {
    .name = "concat",
    .doc = "Joins tensors along a dimension: another name of cat.",
    .example = "tensor.concat({tensor{1, 2}, tensor{3}})\n"
               "--> {1, 2, 3}",
    CAT_ROW,
    .samples = NN_SAMPLES("{R(2, 3), R(1, 3)}"),
    .invalid = "{R(2, 3), R(2, 4)}",
    .complaint = "tensors[1] has shape [2, 3], tensors[2] has [2, 4]",
};

/* ---- stack ------------------------------------------------------------------------------------------ */

static bool stack_infer(nn_frame *f) {
  if (f->n_in == 0) return nn_bad(f, "expected at least one tensor");
  const nn_tensor *like = f->in[0];
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
  if (!nn_new_dim(f, &f->arg[1].i, like->ndim, "dim")) return false;
  if (like->ndim == NN_MAX_DIMS) return nn_bad(f, "a tensor can have at most %d dimensions", NN_MAX_DIMS);
  for (int i = 1; i < f->n_in; i++)
    if (!nn_same_shape(like, f->in[i]))
      return nn_bad(f, "shapes must agree: tensors[1] has shape %s, tensors[%d] has %s",
                    nn_tensor_shape_text(like, a), i + 1, nn_tensor_shape_text(f->in[i], b));
  int64_t shape[NN_MAX_DIMS], dim = f->arg[1].i;
  for (int d = 0; d <= like->ndim; d++) shape[d] = d == dim ? f->n_in : like->shape[d - (d > dim)];
  nn_spec_set(f, 0, (nn_dtype)like->dtype, like->ndim + 1, shape);
  return true;
}

static bool stack_kernel(nn_frame *f) {
  nn_tensor *y = f->out[0];
  int64_t dim = f->arg[1].i, stride[NN_MAX_DIMS];
  for (int d = 0; d < y->ndim - 1; d++) stride[d] = y->stride[d + (d >= dim)];
  for (int i = 0; i < f->n_in; i++) {
    const nn_tensor *t = f->in[i];
    nn_block_copy(t->ndim, t->shape, (nn_dtype)y->dtype, y->data + i * y->stride[dim] * (int64_t)nn_esize(y),
                  stride, (nn_dtype)t->dtype, t->data, t->stride);
  }
  return true;
}

static bool stack_vjp(nn_vjp *v) {
  for (int i = 0; i < v->node->n_in; i++)
    if (nn_need(v, i) && (v->d[i] = t_select(v->ctx, v->g[0], v->arg[1].i, i)) == NULL) return false;
  return true;
}

const nn_op nn_op_stack = {
    .name = "stack",
    .doc = "Joins tensors of one shape along a new dimension, which becomes dimension dim of the result.",
    .example = "tensor.stack({tensor{1, 2}, tensor{3, 4}}, 2)\n"
               "--> {{1, 3}, {2, 4}}",
    .params = {{"tensors", P_TENSORS}, {"dim", P_POSITION, "1"}},
    .flags = NN_TENSOR | NN_PROMOTES,
    .infer = stack_infer,
    .kernel = stack_kernel,
    .vjp = stack_vjp,
    .samples = NN_SAMPLES("{R(2, 3), R(2, 3)}", "{T(R(2, 3)), R(2, 3), R(2, 3)}, 2", "{R(), R()}",
                          "{R(2), R(2)}, -1"),
    .invalid = "{R(2), R(3)}",
    .complaint = "tensors[1] has shape [2], tensors[2] has [3]",
};

/* ---- vstack, hstack --------------------------------------------------------------------------------- */

/* cat along dim after every tensor was given at least `least` dims. */
static bool joined(nn_frame *f, int least, bool columns) {
  if (f->n_in == 0) return nn_bad(f, "expected at least one tensor");
  size_t bytes = (size_t)f->n_in * sizeof(nn_tensor *);
  nn_tensor **part = nn_scratch(f->ctx, bytes);
  if (part == NULL) return false;
  bool ok = true;
  for (int i = 0; i < f->n_in && ok; i++) {
    part[i] = f->in[i];
    for (int n = f->in[i]->ndim; n < least && ok; n++)
      ok = (part[i] = t_unsqueeze(f->ctx, part[i], 0)) != NULL;
  }
  if (ok) {
    int64_t dim = columns && part[0]->ndim > 1 ? 1 : 0;
    f->out[0] = nn_do(f->ctx, &nn_op_cat, v_ts(f->n_in, part), v_i(dim));
  }
  nn_scratch_free(f->ctx, part, bytes);
  return ok && f->out[0] != NULL;
}

static bool vstack_compose(nn_frame *f) { return joined(f, 2, false); }

static bool hstack_compose(nn_frame *f) { return joined(f, 1, true); }

const nn_op nn_op_vstack = {
    .name = "vstack",
    .doc = "Puts tensors below each other: cat along dimension 1 after vectors were made rows.",
    .example = "tensor.vstack({tensor{1, 2}, tensor{3, 4}})\n"
               "--> {{1, 2}, {3, 4}}",
    .params = {{"tensors", P_TENSORS}},
    .flags = NN_TENSOR | NN_PROMOTES,
    .compose = vstack_compose,
    .samples = NN_SAMPLES("{R(3), R(2, 3)}", "{R(2), R(2)}"),
    .invalid = "{R(2), R(3)}",
    .complaint = "sizes must agree",
};

const nn_op nn_op_hstack = {
    .name = "hstack",
    .doc = "Puts tensors side by side: cat along dimension 2, of vectors along dimension 1.",
    .example = "tensor.hstack({tensor{1, 2}, tensor{3}})\n"
               "--> {1, 2, 3}",
    .params = {{"tensors", P_TENSORS}},
    .flags = NN_TENSOR | NN_PROMOTES,
    .compose = hstack_compose,
    .samples = NN_SAMPLES("{R(3), R(2)}", "{R(2, 1), R(2, 2)}", "{R(), R()}"),
    .invalid = "{R(2, 2), R(3, 2)}",
    .complaint = "sizes must agree",
};
