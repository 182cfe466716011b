/* search.c - where values belong in a sorted sequence: searchsorted, bucketize. */
#include <string.h>

#include "expr.h"
#include "interrupt.h"
#include "order.h"
#include "parallel.h"

#define USUAL (NN_TENSOR | NN_NUMBERS | NN_NO_GRAD)

typedef struct job {
  nn_dtype dtype;
  int64_t n, per_row; /* length of a sequence, values that are looked up in one; all in one: per_row = 0 */
  bool right;
  const char *sequence, *value;
  int64_t *out;
} job;

/* The first position, from 0, that holds a larger element or (not right) an equal one; n when there is none.
 * No element is larger than NaN. */
#define SEARCH(type)                                                                                         \
  for (int64_t i = begin; i < end; i++) {                                                                    \
    const type *s = (const type *)(const void *)j->sequence + (j->per_row ? i / j->per_row * j->n : 0);      \
    type v = ((const type *)(const void *)j->value)[i];                                                      \
    int64_t low = 0, high = j->n;                                                                            \
    while (low < high) {                                                                                     \
      int64_t middle = low + (high - low) / 2;                                                               \
      bool there = j->right ? s[middle] > v : s[middle] >= v;                                                \
      if (there)                                                                                             \
        high = middle;                                                                                       \
      else                                                                                                   \
        low = middle + 1;                                                                                    \
    }                                                                                                        \
    j->out[i] = low + 1;                                                                                     \
    if ((i & 65535) == 65535 && nn_interrupted()) return;                                                    \
  }

static void search_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const job *j = arg;
  if (j->dtype == NN_FLOAT32)
    SEARCH(float)
  else if (j->dtype == NN_FLOAT64)
    SEARCH(double)
  else if (j->dtype == NN_INT64)
    SEARCH(int64_t)
  else
    SEARCH(uint8_t)
}

/* Sequences and values may differ in type: both are compared as their common one. */
static bool search(nn_frame *f, const nn_tensor *sequence, const nn_tensor *value, bool right) {
  nn_dtype s = (nn_dtype)sequence->dtype, v = (nn_dtype)value->dtype, to = nn_promote(s, v);
  if (value->flags & NN_T_NUMBER && nn_dtype_category(s) == nn_dtype_category(v)) to = s;
  T a = t_to(f->ctx, nn_keep(f->ctx, nn_contiguous_data((T)(uintptr_t)sequence)), to);
  T b = t_to(f->ctx, nn_keep(f->ctx, nn_contiguous_data((T)(uintptr_t)value)), to);
  if (a == NULL || b == NULL) return false;
  job j = {.dtype = to,
           .n = a->shape[a->ndim - 1],
           .right = right,
           .sequence = a->data,
           .value = b->data,
           .out = (int64_t *)(void *)f->out[0]->data};
  if (a->ndim > 1) j.per_row = b->shape[b->ndim - 1];
  nn_parallel(b->numel, 2048, search_range, &j);
  return !nn_interrupted();
}

/* ---- searchsorted ----------------------------------------------------------------------------------- */

static bool searchsorted_infer(nn_frame *f) {
  const nn_tensor *s = f->in[0], *v = f->in[1];
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
  if (!nn_expect_ndim(f, 0, 1, NN_MAX_DIMS)) return false;
  bool fits = s->ndim == 1 || s->ndim == v->ndim;
  for (int d = 0; fits && s->ndim > 1 && d < s->ndim - 1; d++) fits = s->shape[d] == v->shape[d];
  if (!fits)
    return nn_bad(f,
                  "sorted_sequence of shape %s and input of shape %s must agree except in the last dimension",
                  nn_tensor_shape_text(s, a), nn_tensor_shape_text(v, b));
  if (nn_given(f, 3) && f->arg[3].i == 0 && f->arg[2].b)
    return nn_bad(f, "right = true contradicts side = \"left\"");
  if (f->in[2] != NULL) {
    if (!nn_same_shape(s, f->in[2]))
      return nn_bad(f, "expected sorter to have the shape %s of sorted_sequence, got %s",
                    nn_tensor_shape_text(s, a), nn_tensor_shape_text(f->in[2], b));
    f->in[0] = nn_do(f->ctx, &nn_op_gather, v_t(f->in[0]), v_i(s->ndim - 1), v_t(f->in[2]));
    if (f->in[0] == NULL) return false;
  }
  nn_spec_set(f, 0, NN_INT64, v->ndim, v->shape);
  return true;
}

static bool searchsorted_kernel(nn_frame *f) {
  return search(f, f->in[0], f->in[1], f->arg[2].b || (nn_given(f, 3) && f->arg[3].i == 1));
}

const nn_op nn_op_searchsorted = {
    .name = "searchsorted",
    .doc = "Where each value would have to be inserted for the sequence to stay in ascending order:\n"
           "positions from 1 to n + 1. Before equal elements, or behind them with right (side =\n"
           "\"right\"). The sequence is a vector, or has one row for each row of the values. sorter gives\n"
           "the order (argsort) of a sequence that is not sorted.",
    .example = "tensor.searchsorted(tensor{1, 3, 5}, tensor{0, 3, 9})\n--> {1, 2, 4}",
    .params = {{"sorted_sequence", P_TENSOR},
               {"input", P_TENSOR},
               {"right", P_BOOL, "false", .keyword = true},
               {"side", P_CHOICE, "nil", .choices = "left|right", .keyword = true},
               {"sorter", P_TENSOR, "nil", .keyword = true}},
    .flags = USUAL,
    .infer = searchsorted_infer,
    .kernel = searchsorted_kernel,
    .samples =
        NN_SAMPLES("C(tensor{-1, 0, 0.5, 2}), D(2,3)", "C(tensor{1, 2, 2, 3}), I(4,5), {right = true}",
                   "C(tensor{{1, 2, 3}, {2, 4, 6}}), I(6,2,4), {side = 'right'}", "C(tensor{1, 2, 3}), 2",
                   "C(tensor{3, 1, 2}), I(4,3), {sorter = C(tensor{2, 3, 1})}"),
    .invalid = "R(2,3), R(3,2)",
    .complaint = "must agree except in the last dimension"};

/* ---- bucketize -------------------------------------------------------------------------------------- */

static bool bucketize_infer(nn_frame *f) {
  if (!nn_expect_ndim(f, 1, 1, 1)) return false;
  nn_spec_set(f, 0, NN_INT64, f->in[0]->ndim, f->in[0]->shape);
  return true;
}

static bool bucketize_kernel(nn_frame *f) { return search(f, f->in[1], f->in[0], f->arg[2].b); }

const nn_op nn_op_bucketize = {
    .name = "bucketize",
    .doc = "In which of the n + 1 parts, from 1, that n ascending boundaries make each value lies. A value\n"
           "equal to a boundary is in the part below it, with right in the one above.",
    .example = "tensor.bucketize(tensor{0, 3, 9}, tensor{1, 3, 5})\n--> {1, 2, 4}",
    .params = {{"input", P_TENSOR}, {"boundaries", P_TENSOR}, {"right", P_BOOL, "false", .keyword = true}},
    .flags = USUAL,
    .infer = bucketize_infer,
    .kernel = bucketize_kernel,
    .samples = NN_SAMPLES("D(2,3), C(tensor{-1, 0, 0.5, 2})", "I(4,5), C(tensor{1, 2, 2, 3}), {right = true}",
                          "2.5, C(tensor{1, 2, 3})", "R(0,2), C(tensor{1, 2})"),
    .invalid = "R(3), R(2,2)",
    .complaint = "expected boundaries with 1 dimension"};
