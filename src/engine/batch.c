/* batch.c - rows of a data set gathered into a batch, converted and scaled on the way. */
#include "batch.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "kernels/bytes.h"
#include "parallel.h"
#include "warp.h"

enum { SHARE = 1 << 17 }; /* elements worth a thread that may have to be woken */

typedef struct gather {
  const char *source;
  char *out;
  const int64_t *rows; /* numbers of rows, from 1 */
  int64_t width;       /* elements in a row */
  size_t source_size, out_size;
  float table[256]; /* what a byte becomes */
  double table64[256];
  const struct nn_bytes_kernels *kernels;
  float high, low; /* the table as a factor; 0 where it is none */
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

/* Bytes by the table, or by its factor. */
static void bytes_as_floats(const gather *g, const float *table, int64_t n, const uint8_t *from, float *to) {
  if (g->high != 0) {
    g->kernels->scaled(n, from, g->high, g->low, to);
    return;
  }
  int64_t k = 0;
  for (; k + 4 <= n; k += 4) {
    to[k] = table[from[k]], to[k + 1] = table[from[k + 1]];
    to[k + 2] = table[from[k + 2]], to[k + 3] = table[from[k + 3]];
  }
  for (; k < n; k++) to[k] = table[from[k]];
}

static void rows_bytes_to_float(void *arg, int64_t begin, int64_t end, int thread) {
  const gather *g = arg;
  (void)thread;
  fetch(g, begin, end);
  for (int64_t i = begin; i < end; i++) {
    fetch(g, i + 1, end);
    const uint8_t *from = (const uint8_t *)g->source + (g->rows[i] - 1) * g->width;
    bytes_as_floats(g, g->table, g->width, from, (float *)(void *)g->out + i * g->width);
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

/* A factor in two parts that gives the floats of the table, bit for bit, if there is one. */
static void find_factor(gather *g, double scale) {
  uint8_t every[256];
  float made[256], high = (float)scale;
  uint32_t bits;
  memcpy(&bits, &high, sizeof bits);
  bits &= 0xffffff00U; /* 16 significant bits: times a byte it is exact */
  memcpy(&high, &bits, sizeof bits);
  float low = (float)(scale - (double)high);
  for (int v = 0; v < 256; v++) every[v] = (uint8_t)v;
  g->kernels->scaled(256, every, high, low, made);
  if (memcmp(made, g->table, sizeof made) == 0) g->high = high, g->low = low;
}

/* What bytes become, and the function that makes it. */
static nn_range_fn bytes_to(gather *g, nn_dtype dtype, double scale, double shift) {
  for (int v = 0; v < 256; v++) {
    g->table64[v] = v * scale + shift;
    g->table[v] = (float)g->table64[v];
  }
  g->kernels = NN_SELECT(nn_bytes);
  if (shift == 0) find_factor(g, scale);
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

/* ---- moved on the way ------------------------------------------------------------------------------- */

typedef struct mover {
  gather g;
  const nn_moves *moves;
  const double *maps[NN_MOST_MOVES];
  int64_t channels, height, width;
  const float *tables; /* for each channel what bytes become, or NULL: floats stay as they are */
  const float *fills;  /* for each channel */
  float *scratch;      /* a plane for each thread */
} mover;

/* All maps of a picture as one: the first one is the one that was done first. */
static void compose(const mover *m, int64_t picture, double map[6]) {
  double sx = 1, x = 0, sy = 1, y = 0;
  for (int k = 0; k < m->moves->count; k++) {
    const double *next = m->maps[k] + 6 * picture;
    x += sx * next[2], sx *= next[0];
    y += sy * next[5], sy *= next[4];
  }
  memcpy(map, (double[6]){sx, 0, x, 0, sy, y}, 6 * sizeof *map);
}

static void rows_moved(void *arg, int64_t begin, int64_t end, int thread) {
  const mover *m = arg;
  const gather *g = &m->g;
  int64_t plane = m->height * m->width, out_plane = m->moves->height * m->moves->width;
  float *floats = m->tables ? m->scratch + thread * plane : NULL;
  fetch(g, begin, end);
  for (int64_t i = begin; i < end; i++) {
    double map[6];
    compose(m, i, map);
    fetch(g, i + 1, end);
    for (int64_t c = 0; c < m->channels; c++) {
      int64_t at = (g->rows[i] - 1) * g->width + c * plane;
      const float *from = (const float *)(const void *)g->source + at;
      if (floats != NULL) {
        bytes_as_floats(g, m->tables + 256 * c, plane, (const uint8_t *)g->source + at, floats);
        from = floats;
      }
      nn_warp_options o = {.height = m->moves->height, .width = m->moves->width, .fill = m->fills[c]};
      nn_warp_floats(from, 1, m->height, m->width, map, &o,
                     (float *)(void *)g->out + (i * m->channels + c) * out_plane);
    }
  }
}

/* Whether a map mirrors or shifts by whole pixels and does nothing else. */
static bool is_move(const double *m) {
  return m[1] == 0 && m[3] == 0 && fabs(m[0]) == 1 && fabs(m[4]) == 1 && m[2] == floor(m[2]) &&
         m[5] == floor(m[5]) && fabs(m[2]) < 1e9 && fabs(m[5]) < 1e9;
}

static bool check_moves(nn_tensor *source, int64_t n, const nn_moves *moves) {
  nn_ctx *ctx = nn_tensor_ctx(source);
  char text[NN_SHAPE_TEXT];
  nn_dtype dtype = nn_tensor_dtype(source);
  if (nn_ndim(source) != 4 || (dtype != NN_UINT8 && dtype != NN_FLOAT32))
    return nn_fail(ctx, "expected pictures [N, C, H, W] of bytes or float32, got %s %s", nn_dtype_name(dtype),
                   nn_tensor_shape_text(source, text));
  if (nn_size(source, 1) < 1 || nn_size(source, 2) < 1 || nn_size(source, 3) < 1)
    return nn_fail(ctx, "the pictures %s have no pixels", nn_tensor_shape_text(source, text));
  for (int k = 0; k < moves->count; k++) {
    nn_tensor *maps = moves->maps[k];
    if (nn_tensor_dtype(maps) != NN_FLOAT64 || nn_ndim(maps) != 2 || nn_size(maps, 0) != n ||
        nn_size(maps, 1) != 6 || !nn_is_contiguous(maps))
      return nn_fail(ctx, "expected contiguous float64 maps [%" PRId64 ", 6], got %s", n,
                     nn_tensor_shape_text(maps, text));
    for (int64_t i = 0; i < n; i++)
      if (!is_move((const double *)nn_data(maps) + 6 * i))
        return nn_fail(ctx, "map %" PRId64 " does more than mirror and shift", i + 1);
  }
  for (int k = 0; k < 2; k++) {
    nn_tensor *t = k ? moves->std : moves->mean;
    if (t != NULL && (nn_tensor_dtype(t) != NN_FLOAT32 || dtype != NN_UINT8 || !nn_is_contiguous(t) ||
                      (nn_numel(t) != 1 && nn_numel(t) != nn_size(source, 1))))
      return nn_fail(ctx, "expected mean and std of float32 for one channel or all, got %s",
                     nn_tensor_shape_text(t, text));
  }
  return true;
}

/* What bytes become in each channel, and the fill; memory for a plane a thread behind it. */
static float *make_tables(mover *m, int64_t n, int64_t grain) {
  int64_t plane = m->height * m->width, parts = nn_parallel_parts(n, grain);
  float *t = malloc((size_t)(257 * m->channels + parts * plane) * sizeof *t);
  if (t == NULL) return NULL;
  float *fills = t + 256 * m->channels;
  for (int64_t c = 0; c < m->channels; c++) {
    const nn_moves *moves = m->moves;
    bool scaled = moves->mean != NULL && moves->std != NULL;
    float mean = scaled ? ((const float *)nn_data(moves->mean))[nn_numel(moves->mean) > 1 ? c : 0] : 0;
    float std = scaled ? ((const float *)nn_data(moves->std))[nn_numel(moves->std) > 1 ? c : 0] : 1;
    for (int v = 0; v < 256; v++) t[256 * c + v] = scaled ? (m->g.table[v] - mean) / std : m->g.table[v];
    fills[c] = scaled ? ((float)moves->fill - mean) / std : (float)moves->fill;
  }
  if (m->moves->mean != NULL) m->g.high = 0; /* the tables are others */
  m->tables = t;
  m->fills = fills;
  m->scratch = fills + m->channels;
  return t;
}

nn_tensor *nn_gather_moved(nn_tensor *source, nn_tensor *index, int64_t from, int64_t n, double scale,
                           const nn_moves *moves) {
  if (source == NULL || index == NULL || !check(source, index, from, n) || !check_moves(source, n, moves))
    return NULL;
  nn_ctx *ctx = nn_tensor_ctx(source);
  int64_t shape[4] = {n, nn_size(source, 1), moves->height, moves->width};
  nn_tensor *dense = nn_contiguous_data(source), *out = nn_empty(ctx, NN_FLOAT32, 4, shape);
  mover m = {.moves = moves, .channels = shape[1], .height = nn_size(source, 2), .width = nn_size(source, 3)};
  float *memory = NULL;
  if (dense != NULL && out != NULL) {
    gather_init(&m.g, dense, (const int64_t *)nn_data(index) + from);
    m.g.out = nn_data(out);
    for (int k = 0; k < moves->count; k++) m.maps[k] = nn_data(moves->maps[k]);
    int64_t grain = 1 + SHARE / (m.g.width + 1);
    bytes_to(&m.g, NN_FLOAT32, scale, 0);
    memory = make_tables(&m, n, grain);
    if (memory == NULL) nn_fail_code(ctx, NN_ERR_MEMORY, "out of memory");
    if (nn_tensor_dtype(source) != NN_UINT8) m.tables = NULL;
    int64_t entered = nn_profile_enter(ctx);
    if (memory != NULL && n > 0) nn_parallel(n, grain, rows_moved, &m);
    nn_profile_leave(ctx, entered, "batch of pictures",
                     (double)(n * m.g.width) * (double)(m.g.source_size + 4));
  }
  free(memory);
  nn_release(dense);
  if (memory == NULL) {
    nn_release(out);
    return NULL;
  }
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
