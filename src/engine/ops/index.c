/* index.c - indexing with lists of int64 and bool tensors: index reads, index_put writes. PyTorch's rules:
 * index tensors broadcast against each other; their common dims stand where they stood when they stand side
 * by side, else in front; a bool tensor stands for the positions where it is true, over as many dims as it
 * has. */
#include <string.h>

#include "interrupt.h"
#include "pick.h"
#include "shape.h"

enum { LOOK = (1 << 20) - 1 /* elements between two looks at the interrupt flag, a mask */ };

/* What an index list means for a tensor: which dims are picked, by what, and the shape of the result. */
typedef struct plan {
  int n;                       /* index tensors */
  nn_tensor *by[NN_MAX_DIMS];  /* each of them */
  int dim[NN_MAX_DIMS];        /* the first dim that it picks from */
  int64_t chosen[NN_MAX_DIMS]; /* of a mask: how many are true */
  int front;                   /* dims before the common ones */
  int n_common;                /* the common dims */
  int64_t common[NN_MAX_DIMS];
  int ndim; /* the result */
  int64_t shape[NN_MAX_DIMS];
  nn_pick pick;
  bool checked; /* the index values are known to be good */
} plan;

static bool is_mask(const nn_tensor *t) { return t->dtype == NN_BOOL || t->dtype == NN_UINT8; }

static int64_t count_true(nn_frame *f, const nn_tensor *mask) {
  const nn_tensor *m =
      nn_contig(mask) ? mask : nn_keep(f->ctx, nn_contiguous_data((nn_tensor *)(uintptr_t)mask));
  if (m == NULL) return -1;
  const uint8_t *p = (const uint8_t *)m->data;
  int64_t n = 0;
  for (int64_t i = 0; i < m->numel; i++) n += p[i] != 0;
  return n;
}

/* Takes in one index tensor at dim; *next is the dim behind what it picks from. */
static bool plan_one(nn_frame *f, plan *p, const nn_tensor *x, int i, int dim, int *next) {
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
  int64_t shape[NN_MAX_DIMS];
  int covers = 1, n;
  if (is_mask(f->in[i])) {
    const nn_tensor *mask = f->in[i];
    covers = mask->ndim;
    bool fits = dim + covers <= x->ndim;
    for (int d = 0; d < covers && fits; d++) fits = mask->shape[d] == x->shape[dim + d];
    if (!fits)
      return nn_bad(f, "a mask of shape %s does not fit a tensor of shape %s at dimension %d",
                    nn_tensor_shape_text(mask, a), nn_tensor_shape_text(x, b), dim + 1);
    p->chosen[p->n] = count_true(f, mask);
    if (p->chosen[p->n] < 0) return false;
    n = 1, shape[0] = p->chosen[p->n];
  } else {
    if (!nn_expect_index(f, i)) return false;
    if (!p->checked && !nn_index_check(f, f->in[i], x->shape[dim])) return false;
    n = f->in[i]->ndim;
    memcpy(shape, f->in[i]->shape, (size_t)n * sizeof *shape);
  }
  if (p->n == 0)
    p->n_common = n, memcpy(p->common, shape, (size_t)n * sizeof *shape);
  else if (!nn_broadcast_shapes(p->n_common, p->common, n, shape, &p->n_common, p->common))
    return nn_bad(f, "index tensors of shapes %s and %s do not broadcast",
                  nn_shape_text(p->n_common, p->common, a), nn_shape_text(n, shape, b));
  p->by[p->n] = f->in[i];
  p->dim[p->n++] = dim;
  *next = dim + covers;
  return true;
}

/* Where the common dims go, the dims around them and the result's shape. */
static bool plan_shape(nn_frame *f, plan *p, const nn_tensor *x, const bool *picked, bool adjacent,
                       int first) {
  nn_pick *k = &p->pick;
  for (int d = 0; d < x->ndim; d++) {
    if (picked[d]) continue;
    bool before = adjacent && d < first;
    int at = before ? k->n_before++ : k->n_after++;
    (before ? k->before : k->after)[at] = x->shape[d];
    (before ? k->before_stride : k->after_stride)[at] = x->stride[d];
  }
  p->ndim = k->n_before + p->n_common + k->n_after;
  if (p->ndim > NN_MAX_DIMS)
    return nn_bad(f, "the result would have %d dimensions, at most %d are possible", p->ndim, NN_MAX_DIMS);
  int n = 0;
  for (int d = 0; d < k->n_before; d++) p->shape[n++] = k->before[d];
  for (int d = 0; d < p->n_common; d++) p->shape[n++] = p->common[d];
  for (int d = 0; d < k->n_after; d++) p->shape[n++] = k->after[d];
  k->count = 1;
  for (int d = 0; d < p->n_common; d++) k->count *= p->common[d];
  return nn_checked_numel(f->ctx, p->ndim, p->shape, nn_esize(x)) >= 0;
}

/* Reads the index list of argument 1 for a tensor like x and, unless that was done, checks every index. */
static bool plan_all(nn_frame *f, plan *p, const nn_tensor *x, bool checked) {
  memset(p, 0, sizeof *p);
  p->checked = checked;
  bool picked[NN_MAX_DIMS] = {false}, adjacent = true;
  int dim = 0, first = 0, last_entry = -1;
  for (int e = 0; e < f->arg[1].n; e++) {
    int i = (int)f->arg[1].i + e, next = dim + 1;
    const nn_tensor *by = f->in[i];
    if (dim + (by != NULL && is_mask(by) ? by->ndim : 1) > x->ndim) {
      char text[NN_SHAPE_TEXT];
      return nn_bad(f, "too many indices for a tensor of shape %s", nn_tensor_shape_text(x, text));
    }
    if (by != NULL) {
      if (!plan_one(f, p, x, i, dim, &next)) return false;
      if (last_entry < 0)
        first = dim;
      else if (last_entry != e - 1)
        adjacent = false;
      last_entry = e;
      for (int d = dim; d < next; d++) picked[d] = true;
    }
    dim = next;
  }
  if (p->n == 0) return nn_bad(f, "expected at least one index tensor");
  return plan_shape(f, p, x, picked, adjacent, first);
}

/* ---- offsets ---------------------------------------------------------------------------------------- */

/* The offsets of a mask's true places from the first of its dims. `to` has room for one more. */
static void mask_offsets(const nn_tensor *x, const nn_tensor *mask, int dim, int64_t *to) {
  int last = mask->ndim - 1;
  int64_t at[NN_MAX_DIMS] = {0}, from = 0, offset = 0;
  int64_t n = last < 0 ? 1 : mask->shape[last], rows = n > 0 ? mask->numel / n : 0;
  int64_t m_step = last < 0 ? 1 : mask->stride[last], x_step = last < 0 ? 1 : x->stride[dim + last];
  for (int64_t r = 0; r < rows; r++) {
    const uint8_t *m = (const uint8_t *)mask->data + from;
    for (int64_t i = 0; i < n; i++) {
      *to = offset + i * x_step;
      to += m[i * m_step] != 0;
      if ((i & LOOK) == LOOK && nn_interrupted()) return;
    }
    for (int d = last - 1; d >= 0; d--) {
      from += mask->stride[d], offset += x->stride[dim + d];
      if (++at[d] < mask->shape[d]) break;
      from -= mask->stride[d] * mask->shape[d], offset -= x->stride[dim + d] * mask->shape[d];
      at[d] = 0;
    }
  }
}

/* Adds one index tensor's offsets, of its own shape, to those of all. */
static void add_offsets(const plan *p, int n, const int64_t *shape, const int64_t *own, bool fresh,
                        int64_t *all) {
  int64_t stride[NN_MAX_DIMS], dense[NN_MAX_DIMS], at[NN_MAX_DIMS] = {0}, from = 0, numel = 1;
  nn_strides_contiguous(n, shape, dense);
  int lead = p->n_common - n;
  for (int d = 0; d < n; d++) numel *= shape[d];
  if (numel == p->pick.count) { /* nothing is broadcast */
    for (int64_t i = 0; i < numel; i++) all[i] = own[i] + (fresh ? 0 : all[i]);
    return;
  }
  for (int d = 0; d < p->n_common; d++) stride[d] = d < lead || shape[d - lead] == 1 ? 0 : dense[d - lead];
  for (int64_t i = 0; i < p->pick.count; i++) {
    all[i] = own[from] + (fresh ? 0 : all[i]);
    for (int d = p->n_common - 1; d >= 0; d--) {
      from += stride[d];
      if (++at[d] < p->common[d]) break;
      from -= stride[d] * p->common[d];
      at[d] = 0;
    }
  }
}

static bool offsets_of_one(nn_frame *f, const plan *p, const nn_tensor *x, int k, int64_t *all) {
  const nn_tensor *by = p->by[k];
  if (is_mask(by)) {
    size_t bytes = (size_t)(p->chosen[k] + 1) * sizeof(int64_t);
    int64_t *own = nn_scratch(f->ctx, bytes);
    if (own == NULL) return false;
    mask_offsets(x, by, p->dim[k], own);
    bool whole = !nn_interrupted(); /* what an interrupt has left out must not be read */
    if (whole) add_offsets(p, 1, &p->chosen[k], own, k == 0, all);
    nn_scratch_free(f->ctx, own, bytes);
    return whole;
  }
  int64_t *own = nn_index_offsets(f, by, x->shape[p->dim[k]], x->stride[p->dim[k]]);
  if (own == NULL) return false;
  add_offsets(p, by->ndim, by->shape, own, k == 0, all);
  nn_index_offsets_free(f, own, by);
  return true;
}

/* Fills p->pick.offset (scratch) for a tensor of x's geometry. */
static bool open_offsets(nn_frame *f, plan *p, const nn_tensor *x) {
  int64_t *all = nn_scratch(f->ctx, (size_t)p->pick.count * sizeof *all);
  if (all == NULL) return false;
  bool ok = true;
  for (int k = 0; k < p->n && ok; k++) ok = p->pick.count == 0 || offsets_of_one(f, p, x, k, all);
  p->pick.offset = all;
  p->pick.distinct = p->n == 1 && is_mask(p->by[0]);
  if (!ok) nn_scratch_free(f->ctx, all, (size_t)p->pick.count * sizeof *all);
  return ok;
}

static void close_offsets(nn_frame *f, plan *p) {
  nn_scratch_free(f->ctx, (int64_t *)(uintptr_t)p->pick.offset, (size_t)p->pick.count * sizeof(int64_t));
}

/* ---- index ------------------------------------------------------------------------------------------ */

static bool index_infer(nn_frame *f) {
  plan p;
  if (!plan_all(f, &p, f->in[0], false)) return false;
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, p.ndim, p.shape);
  return true;
}

static bool index_kernel(nn_frame *f) {
  plan p;
  const nn_tensor *x = f->in[0];
  if (!plan_all(f, &p, x, true) || !open_offsets(f, &p, x)) return false;
  nn_pick_read(&p.pick, (nn_dtype)x->dtype, x->data, f->out[0]->data);
  close_offsets(f, &p);
  return true;
}

/* The index list as it was recorded. */
static bool saved_indices(nn_vjp *v, nn_tensor **by, int *n) {
  *n = v->arg[1].n;
  for (int e = 0; e < *n; e++) {
    int i = (int)v->arg[1].i + e;
    by[e] = nn_in_meta(v, i)->ndim < 0 ? NULL : nn_in(v, i);
    if (by[e] == NULL && nn_in_meta(v, i)->ndim >= 0) return false;
  }
  return true;
}

static bool index_vjp(nn_vjp *v) {
  nn_tensor *by[NN_MAX_DIMS];
  int n;
  if (!saved_indices(v, by, &n)) return false;
  v->d[0] = nn_do(v->ctx, &nn_op_index_put, v_t(t_zeros(v->ctx, nn_in_meta(v, 0))), v_ts(n, by), v_t(v->g[0]),
                  v_b(true));
  return v->d[0] != NULL;
}

const nn_op nn_op_index = {
    .name = "index",
    .doc =
        "The elements that index tensors choose: x[{i, j}] with tensors among the indices.\n"
        "int64 tensors hold positions from 1 (negative ones from the end) and broadcast against each other; bool "
        "tensors choose where they are true. A missing entry takes the whole dimension. The dims of the index "
        "tensors stand where these stood, or in front when others lie between them.",
    .example = "tensor{{1, 2, 3}, {4, 5, 6}}[{ {}, tensor{3, 1} }]\n"
               "--> {{3, 1}, {6, 4}}",
    .params = {{"input", P_TENSOR}, {"indices", P_INDICES}},
    .flags = NN_PRIVATE,
    .saves_in = ~1u,
    .grads_in = 1,
    .infer = index_infer,
    .kernel = index_kernel,
    .vjp = index_vjp,
    .samples = NN_SAMPLES("R(4, 3), {I(4, 5)}", "R(4, 3), {nil, I(3, 2)}", "R(4, 3), {I(4, 2, 1), I(3, 2)}",
                          "R(2, 3, 4), {I(2, 3), nil, I(4, 3)}", "T(R(4, 3)), {B(4, 3)}", "R(4, 3), {B(4)}"),
    .invalid = "R(4, 3), {C(tensor{1, 5})}",
    .complaint = "index 5 at position [2] is out of range: indices count from 1 to 4",
};

/* ---- index_put -------------------------------------------------------------------------------------- */

static int values_input(const nn_value *arg) { return (int)arg[2].i; }

/* Values may have more dims of size 1 in front than there are dims to fill. */
static int values_lead(const nn_tensor *values, int ndim) {
  int lead = 0;
  while (values->ndim - lead > ndim && values->shape[lead] == 1) lead++;
  return lead;
}

static bool index_put_infer(nn_frame *f) {
  plan p;
  if (!plan_all(f, &p, f->in[0], false)) return false;
  int at = values_input(f->arg), n;
  const nn_tensor *values = f->in[at];
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
  int64_t shape[NN_MAX_DIMS];
  int lead = values_lead(values, p.ndim);
  bool fits = nn_broadcast_shapes(p.ndim, p.shape, values->ndim - lead, values->shape + lead, &n, shape) &&
              n == p.ndim && memcmp(shape, p.shape, (size_t)n * sizeof *shape) == 0;
  if (!fits)
    return nn_bad(f, "values of shape %s do not fit the %s elements that are indexed",
                  nn_tensor_shape_text(values, a), nn_shape_text(p.ndim, p.shape, b));
  f->in[at] = t_to(f->ctx, f->in[at], (nn_dtype)f->in[0]->dtype);
  nn_spec_like(f, 0, f->in[0]);
  return f->in[at] != NULL;
}

/* The values with the plan's shape and without gaps: borrowed. */
static nn_tensor *dense_values(nn_frame *f, const plan *p, nn_tensor *values) {
  int lead = values_lead(values, p->ndim);
  nn_tensor *v = nn_keep(f->ctx, nn_view_raw(values, values->ndim - lead, values->shape + lead,
                                             values->stride + lead, nn_offset(values)));
  if (v == NULL) return NULL;
  if (nn_contig(v) && v->ndim == p->ndim &&
      memcmp(v->shape, p->shape, (size_t)p->ndim * sizeof(int64_t)) == 0)
    return v;
  nn_tensor *full = nn_keep(f->ctx, nn_empty(f->ctx, (nn_dtype)v->dtype, p->ndim, p->shape));
  return nn_copy_data(full, v) ? full : NULL;
}

static bool index_put_kernel(nn_frame *f) {
  plan p;
  nn_tensor *y = f->out[0], *values = nn_apart(f, values_input(f->arg));
  if (values == NULL || !nn_start_from_input(f) || !plan_all(f, &p, y, true)) return false;
  bool single = values->numel == 1;
  if (!single) values = dense_values(f, &p, values);
  if (values == NULL || !open_offsets(f, &p, y)) return false;
  nn_pick_write(&p.pick, (nn_dtype)y->dtype, y->data, values->data, single, f->arg[3].b);
  close_offsets(f, &p);
  return true;
}

/* The gradient of values: g where they went, summed over what they were broadcast over. */
static T values_grad(C c, T g, const nn_meta *m) {
  int64_t shape[NN_MAX_DIMS];
  if (g == NULL || m->ndim <= g->ndim) return g;
  int lead = m->ndim - g->ndim;
  for (int d = 0; d < m->ndim; d++) shape[d] = d < lead ? 1 : g->shape[d - lead];
  return t_reshape(c, g, m->ndim, shape);
}

static bool index_put_vjp(nn_vjp *v) {
  nn_tensor *by[NN_MAX_DIMS];
  int n, values = values_input(v->arg);
  if (!saved_indices(v, by, &n)) return false;
  T g = v->g[0];
  if (nn_need(v, 0)) {
    T zero = nn_keep(v->ctx, nn_scalar(v->ctx, (nn_dtype)nn_in_meta(v, 0)->dtype, 0));
    v->d[0] = v->arg[3].b ? g : nn_do(v->ctx, &nn_op_index_put, v_t(g), v_ts(n, by), v_t(zero));
    if (v->d[0] == NULL) return false;
  }
  if (nn_need(v, values)) {
    v->d[values] =
        values_grad(v->ctx, nn_do(v->ctx, &nn_op_index, v_t(g), v_ts(n, by)), nn_in_meta(v, values));
    if (v->d[values] == NULL) return false;
  }
  return true;
}

const nn_op nn_op_index_put = {
    .name = "index_put",
    .doc =
        "A copy of input in which the elements that index tensors choose are `values`, which broadcast to them: "
        "x[{i, j}] = values. See index for the rules.\n"
        "The values are converted to input's dtype. With accumulate they are added to what is there, those of one element one after the other; without "
        "it the last one stays.",
    .example = "tensor.zeros(3):index_put({tensor{1, 3, 1}}, tensor{1, 2, 3}, {accumulate = true})\n"
               "--> {4, 0, 2}",
    .params = {{"input", P_TENSOR},
               {"indices", P_INDICES},
               {"values", P_TENSOR},
               {"accumulate", P_BOOL, "false"}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_ANY_OUT,
    .saves_in = ~1u,
    .infer = index_put_infer,
    .kernel = index_put_kernel,
    .vjp = index_put_vjp,
    .samples = NN_SAMPLES("R(4, 3), {I(4, 5)}, R(5, 3), true", "R(4, 3), {nil, C(tensor{3, 1})}, R(2)",
                          "R(4, 3), {C(tensor{2, -1}), C(tensor{1, 3})}, R(2)", "T(R(4, 3)), {B(4, 3)}, R()",
                          "R(2, 3, 4), {C(tensor{1, 2}), nil, C(tensor{4, 1})}, R(2, 3)"),
    .invalid = "R(4, 3), {C(tensor{1, 2})}, R(3, 3)",
    .complaint = "values of shape [3, 3] do not fit the [2, 3] elements",
};
