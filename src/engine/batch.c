/* batch.c - rows of a data set gathered into a batch, converted and scaled on the way. */
#include "batch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "parallel.h"

enum { SHARE = 1 << 17 }; /* elements worth a thread that may have to be woken */

typedef struct gather {
  const char *source;
  char *out;
  const int64_t *rows; /* numbers of rows, from 1 */
  int64_t width;       /* elements in a row */
  size_t source_size, out_size;
  float table[256]; /* what a byte becomes */
  double table64[256];
} gather;

static void rows_copied(void *arg, int64_t begin, int64_t end, int thread) {
  const gather *g = arg;
  size_t bytes = (size_t)g->width * g->source_size;
  (void)thread;
  for (int64_t i = begin; i < end; i++)
    memcpy(g->out + (size_t)i * bytes, g->source + (size_t)(g->rows[i] - 1) * bytes, bytes);
}

/* Rows of a large set lie in slow memory; the next one is on its way while this one is converted. */
static void fetch(const gather *g, int64_t i, int64_t end) {
  enum { LINE = 64, MOST = 4096 };
  if (i >= end) return;
  const char *row = g->source + (size_t)(g->rows[i] - 1) * (size_t)g->width * g->source_size;
  size_t bytes = (size_t)g->width * g->source_size;
  for (size_t k = 0; k < bytes && k < MOST; k += LINE) __builtin_prefetch(row + k);
}

static void rows_bytes_to_float(void *arg, int64_t begin, int64_t end, int thread) {
  const gather *g = arg;
  (void)thread;
  fetch(g, begin, end);
  for (int64_t i = begin; i < end; i++) {
    fetch(g, i + 1, end);
    const uint8_t *from = (const uint8_t *)g->source + (g->rows[i] - 1) * g->width;
    float *to = (float *)(void *)g->out + i * g->width;
    for (int64_t k = 0; k < g->width; k++) to[k] = g->table[from[k]];
  }
}

static void rows_bytes_to_double(void *arg, int64_t begin, int64_t end, int thread) {
  const gather *g = arg;
  (void)thread;
  for (int64_t i = begin; i < end; i++) {
    const uint8_t *from = (const uint8_t *)g->source + (g->rows[i] - 1) * g->width;
    double *to = (double *)(void *)g->out + i * g->width;
    for (int64_t k = 0; k < g->width; k++) to[k] = g->table64[from[k]];
  }
}

/* A tensor for n rows. */
static nn_tensor *rows_new(gather *g, const nn_tensor *source, int64_t n, nn_dtype dtype) {
  int64_t shape[NN_MAX_DIMS];
  memcpy(shape, nn_shape(source), (size_t)nn_ndim(source) * sizeof shape[0]);
  shape[0] = n;
  nn_tensor *out = nn_empty(nn_tensor_ctx(source), dtype, nn_ndim(source), shape);
  if (out == NULL) return NULL;
  g->out = nn_data(out);
  g->out_size = nn_dtype_size(dtype);
  return out;
}

/* Fills it. */
static void rows_fill(gather *g, int64_t n, nn_range_fn fn) {
  if (n * g->width > 0) nn_parallel(n, 1 + SHARE / (g->width + 1), fn, g);
}

static nn_tensor *gather_rows(gather *g, const nn_tensor *source, int64_t n, nn_dtype dtype, nn_range_fn fn) {
  nn_tensor *out = rows_new(g, source, n, dtype);
  if (out != NULL) rows_fill(g, n, fn);
  return out;
}

static void scale_in_place(nn_tensor *t, double scale, double shift) {
  int64_t n = nn_numel(t);
  if (nn_tensor_dtype(t) == NN_FLOAT32) {
    float *x = nn_data(t);
    for (int64_t i = 0; i < n; i++) x[i] = (float)(x[i] * scale + shift);
  } else {
    double *x = nn_data(t);
    for (int64_t i = 0; i < n; i++) x[i] = x[i] * scale + shift;
  }
}

/* What bytes become, and the function that makes it. */
static nn_range_fn bytes_to(gather *g, nn_dtype dtype, double scale, double shift) {
  for (int v = 0; v < 256; v++) {
    g->table64[v] = v * scale + shift;
    g->table[v] = (float)g->table64[v];
  }
  return dtype == NN_FLOAT32 ? rows_bytes_to_float : rows_bytes_to_double;
}

/* Any other pair of dtypes: copied, then converted. */
static nn_tensor *gather_converted(gather *g, const nn_tensor *source, int64_t n, nn_dtype dtype) {
  nn_tensor *raw = gather_rows(g, source, n, nn_tensor_dtype(source), rows_copied);
  if (raw == NULL) return NULL;
  nn_tensor *out = nn_empty(nn_tensor_ctx(source), dtype, nn_ndim(raw), nn_shape(raw));
  if (out != NULL && !nn_copy_data(out, raw)) {
    nn_release(out);
    out = NULL;
  }
  nn_release(raw);
  return out;
}

static bool check(nn_tensor *source, nn_tensor *index, int64_t from, int64_t n) {
  nn_ctx *ctx = nn_tensor_ctx(source);
  char text[NN_SHAPE_TEXT];
  if (nn_ndim(source) < 1)
    return nn_fail(ctx, "batch: expected a tensor with at least one dimension, got []");
  if (nn_tensor_dtype(index) != NN_INT64 || nn_ndim(index) != 1 || !nn_is_contiguous(index))
    return nn_fail(ctx, "batch: expected a contiguous int64 tensor of row numbers, got %s %s",
                   nn_dtype_name(nn_tensor_dtype(index)), nn_tensor_shape_text(index, text));
  if (from < 0 || n < 0 || from > nn_numel(index) - n)
    return nn_fail(ctx, "batch: rows %" PRId64 " to %" PRId64 " of an order of %" PRId64, from + 1, from + n,
                   nn_numel(index));
  const int64_t *rows = (const int64_t *)nn_data(index) + from;
  for (int64_t i = 0; i < n; i++)
    if (rows[i] < 1 || rows[i] > nn_size(source, 0))
      return nn_fail(ctx, "batch: row %" PRId64 " of a set of %" PRId64, rows[i], nn_size(source, 0));
  return true;
}

static void gather_init(gather *g, const nn_tensor *dense, const int64_t *rows) {
  *g = (gather){.source = nn_data(dense),
                .rows = rows,
                .width = 1,
                .source_size = nn_dtype_size(nn_tensor_dtype(dense))};
  for (int d = 1; d < nn_ndim(dense); d++) g->width *= nn_size(dense, d);
}

nn_tensor *nn_gather_rows(nn_tensor *source, nn_tensor *index, int64_t from, int64_t n, nn_dtype dtype,
                          double scale, double shift) {
  if (source == NULL || index == NULL || !check(source, index, from, n)) return NULL;
  nn_tensor *dense = nn_contiguous_data(source);
  if (dense == NULL) return NULL;
  gather g;
  gather_init(&g, dense, (const int64_t *)nn_data(index) + from);
  int64_t entered = nn_profile_enter(nn_tensor_ctx(source));
  nn_dtype was = nn_tensor_dtype(dense);
  bool scaled = nn_is_float(dtype) && (scale != 1 || shift != 0);
  nn_tensor *out;
  if (was == NN_UINT8 && nn_is_float(dtype)) {
    out = gather_rows(&g, dense, n, dtype, bytes_to(&g, dtype, scale, shift));
  } else {
    out =
        was == dtype ? gather_rows(&g, dense, n, dtype, rows_copied) : gather_converted(&g, dense, n, dtype);
    if (out != NULL && scaled) scale_in_place(out, scale, shift);
  }
  nn_release(dense);
  double bytes = out ? (double)nn_numel(out) * (double)(g.source_size + nn_dtype_size(dtype)) : 0;
  nn_profile_leave(nn_tensor_ctx(source), entered, "batch of rows", bytes);
  return out;
}

/* ---- ahead ------------------------------------------------------------------------------------------ */

typedef struct later { /* a gather that a work does */
  gather g;
  int64_t n;
  nn_range_fn fn;
  nn_tensor *source, *index, *out; /* references */
} later;

static bool later_run(void *arg, int64_t item, nn_fault *fault) {
  later *l = arg;
  (void)item, (void)fault;
  rows_fill(&l->g, l->n, l->fn);
  return true;
}

static void later_drop(void *arg) {
  later *l = arg;
  nn_release(l->source);
  nn_release(l->index);
  nn_release(l->out);
  free(l);
}

nn_tensor *nn_gather_rows_ahead(nn_work *work, nn_tensor *source, nn_tensor *index, int64_t from, int64_t n,
                                nn_dtype dtype, double scale, double shift) {
  if (source == NULL || index == NULL || !check(source, index, from, n)) return NULL;
  nn_dtype was = nn_tensor_dtype(source);
  bool scaled = nn_is_float(dtype) && (scale != 1 || shift != 0);
  bool bytes = was == NN_UINT8 && (dtype == NN_FLOAT32 || dtype == NN_FLOAT64);
  if (!nn_is_contiguous(source) || (!bytes && (was != dtype || scaled)))
    return nn_gather_rows(source, index, from, n, dtype, scale, shift);
  later *l = malloc(sizeof *l);
  if (l == NULL) {
    nn_fail_code(nn_tensor_ctx(source), NN_ERR_MEMORY, "out of memory");
    return NULL;
  }
  gather_init(&l->g, source, (const int64_t *)nn_data(index) + from);
  l->n = n;
  l->fn = bytes ? bytes_to(&l->g, dtype, scale, shift) : rows_copied;
  nn_tensor *out = rows_new(&l->g, source, n, dtype);
  if (out == NULL) {
    free(l);
    return NULL;
  }
  l->source = nn_retain(source);
  l->index = nn_retain(index);
  l->out = nn_retain(out);
  if (nn_work_add(work, later_run, later_drop, l, 1)) return out;
  nn_release(out);
  nn_fail_code(nn_tensor_ctx(source), NN_ERR_MEMORY, "out of memory");
  return NULL;
}
