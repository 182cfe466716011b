/* counting.c - how often values occur: unique, bincount, histc. */
#include <math.h>
#include <string.h>

#include "interrupt.h"
#include "order.h"
#include "shape.h"

#define USUAL (NN_TENSOR | NN_METHOD)

enum { LOOK = 65535 }; /* after so many elements the interrupt flag is looked at */

/* ---- unique ----------------------------------------------------------------------------------------- */

/* Numbers the runs of equal keys: group[i] of sorted key i, from 0; returns how many there are. NaN is equal
 * to nothing. */
static int64_t number_runs(const nn_key *k, int64_t n, nn_dtype dtype, int64_t *group) {
  bool is_float = nn_is_float(dtype);
  uint64_t nan = nn_key_nan(dtype, false);
  int64_t at = -1;
  for (int64_t i = 0; i < n && !nn_interrupted_at(i); i++) {
    if (i == 0 || k[i].key != k[i - 1].key || (is_float && k[i].key == nan)) at++;
    group[i] = at;
  }
  return at + 1;
}

typedef struct groups {
  const nn_tensor *x;
  const nn_key *k;
  const int64_t *group;
  int64_t count;
} groups;

/* Appends a result; NULL when out of memory. */
static nn_tensor *result(nn_frame *f, nn_dtype dtype, int ndim, const int64_t *shape) {
  nn_tensor *t = nn_empty(f->ctx, dtype, ndim, shape);
  if (t != NULL) f->results->t[f->results->n++] = t;
  return t;
}

static bool write_values(nn_frame *f, const groups *g) {
  nn_tensor *y = result(f, (nn_dtype)g->x->dtype, 1, &g->count);
  if (y == NULL) return false;
  size_t e = nn_esize(y);
  for (int64_t i = g->x->numel - 1; i >= 0 && !nn_interrupted_at(i); i--)
    memcpy(y->data + (size_t)g->group[i] * e, g->x->data + (size_t)g->k[i].at * e, e);
  return true;
}

static bool write_inverse(nn_frame *f, const groups *g) {
  nn_tensor *y = result(f, NN_INT64, f->in[0]->ndim, f->in[0]->shape);
  if (y == NULL) return false;
  for (int64_t i = 0; i < g->x->numel && !nn_interrupted_at(i); i++)
    ((int64_t *)(void *)y->data)[g->k[i].at] = g->group[i] + 1;
  return true;
}

static bool write_counts(nn_frame *f, const groups *g) {
  nn_tensor *y = result(f, NN_INT64, 1, &g->count);
  if (y == NULL) return false;
  memset(y->data, 0, (size_t)g->count * sizeof(int64_t));
  for (int64_t i = 0; i < g->x->numel && !nn_interrupted_at(i); i++) ((int64_t *)(void *)y->data)[g->group[i]]++;
  return true;
}

/* The rows [n, m] of one dimension's slices while they are put in order, key by key. */
typedef struct rows {
  const nn_tensor *x;
  int64_t n, m;
  nn_key *k;      /* 2 * n */
  uint64_t *keys; /* of one column */
  int64_t *order, *next, *group;
} rows;

/* The keys of column j, by row. */
static void load_column(const rows *r, int64_t j) {
  nn_keys_load((nn_dtype)r->x->dtype, r->x->data + (size_t)j * nn_esize(r->x), r->n, r->m, false, r->k);
  for (int64_t i = 0; i < r->n && !nn_interrupted_at(i); i++) r->keys[i] = r->k[i].key;
}

/* order: the rows in ascending order, the first column first: stable sorts from the last column on. group[i]: the
 * number of the i-th of these among the different ones. Returns how many there are, -1 when interrupted. */
static int64_t sort_rows(rows *r) {
  uint64_t nan = nn_key_nan((nn_dtype)r->x->dtype, false);
  bool is_float = nn_is_float((nn_dtype)r->x->dtype);
  for (int64_t i = 0; i < r->n && !nn_interrupted_at(i); i++) r->order[i] = i, r->group[i] = i == 0;
  for (int64_t j = r->m - 1; j >= 0; j--) {
    if (nn_interrupted()) return -1;
    load_column(r, j);
    for (int64_t i = 0; i < r->n && !nn_interrupted_at(i); i++) r->k[i] = (nn_key){r->keys[r->order[i]], i};
    nn_keys_sort(r->k, r->k + r->n, r->n);
    if (nn_interrupted()) return -1; /* the keys may be in no order */
    for (int64_t i = 0; i < r->n && !nn_interrupted_at(i); i++) r->next[i] = r->order[r->k[i].at];
    nn_copy_bytes(r->order, r->next, (size_t)r->n * sizeof(int64_t));
  }
  for (int64_t j = 0; j < r->m && !nn_interrupted(); j++) {
    load_column(r, j);
    for (int64_t i = 1; i < r->n && !nn_interrupted_at(i); i++) {
      uint64_t key = r->keys[r->order[i]];
      if (key != r->keys[r->order[i - 1]] || (is_float && key == nan)) r->group[i] = 1;
    }
  }
  int64_t at = -1;
  for (int64_t i = 0; i < r->n && !nn_interrupted_at(i); i++) r->group[i] = at += r->group[i];
  return nn_interrupted() ? -1 : at + 1;
}

/* The different slices along dim, where each slice stands among them, how often each occurs. */
static bool write_rows(nn_frame *f, const rows *r, int64_t dim, int64_t count) {
  nn_tensor *first = nn_keep(f->ctx, nn_empty(f->ctx, NN_INT64, 1, &count));
  if (first == NULL) return false;
  for (int64_t i = r->n - 1; i >= 0 && !nn_interrupted_at(i); i--)
    ((int64_t *)(void *)first->data)[r->group[i]] = r->order[i] + 1;
  nn_tensor *y = nn_do(f->ctx, &nn_op_index_select, v_t(f->in[0]), v_i(dim), v_t(first));
  if (y == NULL) return false;
  f->results->t[f->results->n++] = nn_retain(y);
  nn_tensor *inverse = f->arg[2].b ? result(f, NN_INT64, 1, &r->n) : NULL;
  if (f->arg[2].b && inverse == NULL) return false;
  for (int64_t i = 0; i < r->n && inverse != NULL && !nn_interrupted_at(i); i++)
    ((int64_t *)(void *)inverse->data)[r->order[i]] = r->group[i] + 1;
  nn_tensor *counts = f->arg[3].b ? result(f, NN_INT64, 1, &count) : NULL;
  if (f->arg[3].b && counts == NULL) return false;
  if (counts != NULL) memset(counts->data, 0, (size_t)count * sizeof(int64_t));
  for (int64_t i = 0; i < r->n && counts != NULL && !nn_interrupted_at(i); i++)
    ((int64_t *)(void *)counts->data)[r->group[i]]++;
  return true;
}

static bool unique_slices(nn_frame *f, int64_t dim) {
  nn_ctx *ctx = f->ctx;
  char text[NN_SHAPE_TEXT];
  nn_tensor *x = f->in[0];
  if (x->ndim == 0) return nn_bad(f, "a tensor without dimensions has no slices along dim");
  int64_t n = x->shape[dim];
  for (int d = 0; d < x->ndim; d++)
    if (x->shape[d] == 0 && n > 0)
      return nn_bad(f, "the slices along dim of a tensor of shape %s have no elements", nn_tensor_shape_text(x, text));
  nn_tensor *front = nn_do(ctx, &nn_op_movedim, v_t(x), v_i(dim), v_i(0));
  front = nn_do(ctx, &nn_op_contiguous, v_t(front));
  if (front == NULL) return false;
  rows r = {front, n, n > 0 ? x->numel / n : 0, NULL, NULL, NULL, NULL, NULL};
  size_t size = (size_t)(n + 1) * (2 * sizeof(nn_key) + 4 * sizeof(int64_t));
  r.k = nn_scratch(ctx, size);
  if (r.k == NULL) return false;
  r.keys = (uint64_t *)(void *)(r.k + 2 * n);
  r.order = (int64_t *)(void *)(r.keys + n);
  r.next = r.order + n;
  r.group = r.next + n;
  int64_t count = sort_rows(&r);
  bool ok = count >= 0 && write_rows(f, &r, dim, count);
  nn_scratch_free(ctx, r.k, size);
  return ok && !nn_interrupted();
}

/* The least and the largest of whole numbers that lie so near to each other that a count for every value pays. */
static bool narrow_range(const nn_tensor *x, int64_t *low, int64_t *span) {
  const int64_t *v = (const int64_t *)(const void *)x->data;
  if (x->dtype != NN_INT64 || x->numel < 256) return false;
  int64_t least = v[0], most = v[0];
  for (int64_t i = 1; i < x->numel && !nn_interrupted_at(i); i++) {
    least = v[i] < least ? v[i] : least;
    most = v[i] > most ? v[i] : most;
  }
  *low = least;
  return !__builtin_sub_overflow(most, least, span) && (*span)++ < x->numel;
}

/* unique for such numbers: counted, and numbered in the order of the values. */
static bool unique_by_count(nn_frame *f, const nn_tensor *x, int64_t low, int64_t span) {
  const int64_t *v = (const int64_t *)(const void *)x->data;
  size_t size = (size_t)span * sizeof(int64_t);
  int64_t *count = nn_scratch(f->ctx, size), different = 0;
  if (count == NULL) return false;
  memset(count, 0, size);
  for (int64_t i = 0; i < x->numel && !nn_interrupted_at(i); i++) count[v[i] - low]++;
  for (int64_t i = 0; i < span; i++) different += count[i] > 0;
  nn_tensor *values = result(f, NN_INT64, 1, &different);
  nn_tensor *inverse = values && f->arg[2].b ? result(f, NN_INT64, f->in[0]->ndim, f->in[0]->shape) : NULL;
  bool ok = values != NULL && (inverse != NULL || !f->arg[2].b);
  nn_tensor *counts = ok && f->arg[3].b ? result(f, NN_INT64, 1, &different) : NULL;
  ok = ok && (counts != NULL || !f->arg[3].b);
  int64_t at = 0;
  for (int64_t i = 0; i < span && ok; i++) {
    if (count[i] == 0) continue;
    ((int64_t *)(void *)values->data)[at] = low + i;
    if (counts != NULL) ((int64_t *)(void *)counts->data)[at] = count[i];
    count[i] = ++at;
  }
  for (int64_t i = 0; inverse != NULL && ok && i < x->numel && !nn_interrupted_at(i); i++)
    ((int64_t *)(void *)inverse->data)[i] = count[v[i] - low];
  nn_scratch_free(f->ctx, count, size);
  return ok && !nn_interrupted();
}

static bool unique_compose(nn_frame *f) {
  nn_ctx *ctx = f->ctx;
  if (f->arg[4].tag == NN_V_INT) return unique_slices(f, f->arg[4].i);
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  int64_t n = x->numel, low, span;
  if (narrow_range(x, &low, &span)) return !nn_interrupted() && unique_by_count(f, x, low, span);
  size_t size = (size_t)(n + 1) * (2 * sizeof(nn_key) + sizeof(int64_t));
  nn_key *k = nn_scratch(ctx, size);
  if (k == NULL) return false;
  int64_t *group = (int64_t *)(void *)(k + 2 * n);
  nn_keys_load((nn_dtype)x->dtype, x->data, n, 1, false, k);
  nn_keys_sort(k, k + n, n);
  groups g = {x, k, group, nn_interrupted() ? 0 : number_runs(k, n, (nn_dtype)x->dtype, group)};
  bool ok = !nn_interrupted() && write_values(f, &g) && (!f->arg[2].b || write_inverse(f, &g)) &&
            (!f->arg[3].b || write_counts(f, &g));
  nn_scratch_free(ctx, k, size);
  return ok && !nn_interrupted();
}

const nn_op nn_op_unique = {
    .name = "unique",
    .doc = "The different values of all elements, in ascending order (sorted changes nothing); on request\n"
           "also where each element's value stands among them, from 1, and how often each occurs. Every\n"
           "NaN is a value of its own. With dim the different slices along that dimension, in the order of "
           "their elements.",
    .example = "tensor{3, 1, 3}:unique({return_inverse = true, return_counts = true})\n"
               "--> {1, 3}\t{2, 1, 2}\t{1, 2}",
    .params = {{"input", P_TENSOR},
               {"sorted", P_BOOL, "true"},
               {"return_inverse", P_BOOL, "false"},
               {"return_counts", P_BOOL, "false"},
               {"dim", P_DIM, "nil"}},
    .flags = USUAL | NN_LIST_OUT | NN_NO_GRAD,
    .compose = unique_compose,
    .samples = NN_SAMPLES("I(4,3,5), true, true, true", "D(6)", "B(9), {return_counts = true}", "R(0,3)",
                          "T(I(3,4,2)), true, true", "I(2,6,2), true, true, true, 1", "I(2,2,9), {dim = -1}",
                          "B(9,2), true, true, true, 1", "R(0,3), true, true, true, 1"),
    .invalid = "\"x\"",
    .complaint = "tensor"};

/* ---- bincount --------------------------------------------------------------------------------------- */

static bool bincount_infer(nn_frame *f) {
  int64_t size = f->arg[2].i;
  if (size < 0) return nn_bad(f, "minlength must not be negative, got %lld", (long long)size);
  if (!nn_expect_index(f, 0) || !nn_expect_ndim(f, 0, 1, 1)) return false;
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
  if (f->in[1] != NULL && !nn_same_shape(f->in[0], f->in[1]))
    return nn_bad(f, "expected weights to have input's shape %s, got %s", nn_tensor_shape_text(f->in[0], a),
                  nn_tensor_shape_text(f->in[1], b));
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  const int64_t *v = (const int64_t *)(const void *)x->data;
  for (int64_t i = 0; i < x->numel && !nn_interrupted_at(i); i++) {
    if (v[i] < 1)
      return nn_bad(f, "value %lld at position [%lld] has no place: they count from 1", (long long)v[i],
                    (long long)i + 1);
    if (v[i] > size) size = v[i];
  }
  nn_dtype dtype = f->in[1] == NULL ? NN_INT64 : f->in[1]->dtype == NN_FLOAT32 ? NN_FLOAT32 : NN_FLOAT64;
  nn_spec_set(f, 0, dtype, 1, &size);
  return true;
}

static bool bincount_kernel(nn_frame *f) {
  nn_tensor *y = f->out[0], *w = f->in[1];
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  const int64_t *v = (const int64_t *)(const void *)x->data;
  if (nn_interrupted()) return false; /* then not every value was looked at */
  memset(y->data, 0, (size_t)y->numel * nn_esize(y));
  if (w == NULL) {
    for (int64_t i = 0; i < x->numel && !nn_interrupted_at(i); i++) ((int64_t *)(void *)y->data)[v[i] - 1]++;
    return true;
  }
  w = t_to(f->ctx, w, (nn_dtype)y->dtype);
  w = w ? nn_keep(f->ctx, nn_contiguous_data(w)) : NULL;
  if (w == NULL) return false;
  for (int64_t i = 0; i < x->numel && !nn_interrupted_at(i); i++) {
    if (y->dtype == NN_FLOAT32)
      ((float *)(void *)y->data)[v[i] - 1] += ((const float *)(const void *)w->data)[i];
    else
      ((double *)(void *)y->data)[v[i] - 1] += ((const double *)(const void *)w->data)[i];
  }
  return true;
}

const nn_op nn_op_bincount = {
    .name = "bincount",
    .doc = "How often each whole number from 1 occurs in a vector: element v counts the value v. As long\n"
           "as the largest value says, at least minlength. With weights, the sum of those of each value.",
    .example = "tensor{1, 3, 3}:bincount({minlength = 4})\n--> {1, 0, 2, 0}",
    .params = {{"input", P_TENSOR}, {"weights", P_TENSOR, "nil"}, {"minlength", P_INT, "0"}},
    .flags = USUAL | NN_NO_GRAD,
    .infer = bincount_infer,
    .kernel = bincount_kernel,
    .samples = NN_SAMPLES("I(4,9)", "I(4,9), R(9)", "I(3,5), {minlength = 6}", "I(3,0), {minlength = 2}",
                          "I(3,4), I(5,4):to('float64')"),
    .invalid = "C(tensor{1, 0})",
    .complaint = "value 0 at position [2] has no place: they count from 1"};

/* ---- histc ------------------------------------------------------------------------------------------ */

static double number(const nn_value *v) { return v->tag == NN_V_INT ? (double)v->i : v->f; }

#define EACH(type)                                                                                           \
  {                                                                                                          \
    const type *v = (const type *)(const void *)x->data;                                                     \
    type *y = (type *)(void *)f->out[0]->data, from = (type)low, to = (type)high;                            \
    for (int64_t i = 0; i < x->numel; i++) {                                                                 \
      if ((i & LOOK) == LOOK && nn_interrupted()) return false;                                              \
      if (!(v[i] >= from && v[i] <= to)) continue;                                                           \
      int64_t bin = (int64_t)((v[i] - from) * (type)bins / (to - from));                                     \
      y[bin < bins ? bin : bins - 1] += 1;                                                                   \
    }                                                                                                        \
  }

static bool histc_infer(nn_frame *f) {
  int64_t bins = f->arg[1].i;
  if (!nn_expect_float(f, 0)) return false;
  if (bins < 1) return nn_bad(f, "bins must be at least 1, got %lld", (long long)bins);
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, 1, &bins);
  return true;
}

/* The ends of the range: given, or those of the data, and never the same. */
static bool ends(nn_frame *f, const nn_tensor *x, double *low, double *high) {
  *low = number(&f->arg[2]), *high = number(&f->arg[3]);
  for (int64_t i = 0, given = *low != *high; i < x->numel && !given && !nn_interrupted_at(i); i++) {
    double v = x->dtype == NN_FLOAT32 ? (double)((const float *)(const void *)x->data)[i]
                                      : ((const double *)(const void *)x->data)[i];
    *low = i == 0 || v < *low || isnan(v) ? v : *low;
    *high = i == 0 || v > *high || isnan(v) ? v : *high;
    if (isnan(v)) break;
  }
  if (*low == *high) *low -= 1, *high += 1;
  if (isfinite(*low) && isfinite(*high) && *low < *high) return true;
  if (*low > *high) return nn_bad(f, "max must be larger than min, got %g and %g", *high, *low);
  return nn_bad(f, "the range of values %g to %g is not finite", *low, *high);
}

static bool histc_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  int64_t bins = f->arg[1].i;
  double low, high;
  if (x == NULL || !ends(f, x, &low, &high)) return false;
  memset(f->out[0]->data, 0, (size_t)bins * nn_esize(f->out[0]));
  if (x->dtype == NN_FLOAT32)
    EACH(float)
  else
    EACH(double)
  return true;
}

const nn_op nn_op_histc = {
    .name = "histc",
    .doc = "A histogram: how many elements fall into each of `bins` equal parts of the range from min to\n"
           "max, both included. Others do not count. Where min and max are equal the range is that of the\n"
           "data.",
    .example = "tensor{1, 2, 1, 4}:histc(4, 0, 4)\n--> {0, 2, 1, 1}",
    .params = {{"input", P_TENSOR}, {"bins", P_INT, "100"}, {"min", P_NUMBER, "0"}, {"max", P_NUMBER, "0"}},
    .flags = USUAL | NN_NO_GRAD,
    .infer = histc_infer,
    .kernel = histc_kernel,
    .samples = NN_SAMPLES("R(20), 5, -1, 1", "D(3,4), 4, -1.1, 2.3", "R(6), 3", "R(0), 3", "R()"),
    .invalid = "R(3), 3, 2, 1",
    .complaint = "max must be larger than min"};
