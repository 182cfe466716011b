/* warp.c - pictures moved, mirrored, turned, stretched, each by an affine map of its own. */
#include "warp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "kernels/bytes.h"
#include "parallel.h"
#include "rng.h"

/* Pixels worth a thread that may have to be woken: any map, and one that only moves. */
enum { SHARE = 1 << 14, SHARE_MOVED = 1 << 18 };

typedef struct warp {
  const char *images;
  char *out;
  const double *maps;
  int64_t channels, height, width; /* of the images */
  nn_dtype dtype;
  nn_warp_options o;
} warp;

/* Where a coordinate outside of 0 .. n - 1 reads: -1 is the fill. */
static int64_t inside(int64_t i, int64_t n, nn_border border) {
  if (i >= 0 && i < n) return i;
  if (border == NN_BORDER_CONSTANT) return -1;
  if (border == NN_BORDER_EDGE || n == 1) return i < 0 ? 0 : n - 1;
  int64_t period = 2 * (n - 1), r = i % period;
  if (r < 0) r += period;
  return r < n ? r : period - r;
}

/* A coordinate as a whole number and a fraction; far away is far enough. */
static int64_t split(double v, double *fraction) {
  if (!(v > -1e9)) v = -1e9;
  if (v > 1e9) v = 1e9;
  double whole = floor(v);
  *fraction = v - whole;
  return (int64_t)whole;
}

typedef struct spot { /* up to four pixels that make one, and their weights */
  int64_t at[4];      /* -1: the fill */
  double weight[4];
  int n;
} spot;

static int64_t place(const warp *w, int64_t x, int64_t y) {
  int64_t column = inside(x, w->width, w->o.border), row = inside(y, w->height, w->o.border);
  return column < 0 || row < 0 ? -1 : row * w->width + column;
}

static void find_spot(const warp *w, const double *m, int64_t x, int64_t y, spot *s) {
  double fx, fy, sx = m[0] * (double)x + m[1] * (double)y + m[2],
                 sy = m[3] * (double)x + m[4] * (double)y + m[5];
  if (!w->o.bilinear) {
    int64_t ix = split(sx + 0.5, &fx), iy = split(sy + 0.5, &fy);
    s->n = 1;
    s->at[0] = place(w, ix, iy);
    s->weight[0] = 1;
    return;
  }
  int64_t ix = split(sx, &fx), iy = split(sy, &fy);
  s->n = 0;
  for (int k = 0; k < 4; k++) {
    double weight = (k & 1 ? fx : 1 - fx) * (k & 2 ? fy : 1 - fy);
    if (weight == 0) continue; /* a pixel that does not count may be NaN */
    s->at[s->n] = place(w, ix + (k & 1), iy + (k >> 1));
    s->weight[s->n++] = weight;
  }
}

static uint8_t to_byte(double v) { return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5); }

/* Whole rows or columns are only moved: the map is x -> x + whole or x -> whole - x, y alike. */
static bool only_moves(const double *m) {
  return m[1] == 0 && m[3] == 0 && fabs(m[0]) == 1 && fabs(m[4]) == 1 && m[2] == floor(m[2]) &&
         m[5] == floor(m[5]) && fabs(m[2]) < 1e9 && fabs(m[5]) < 1e9;
}

static int64_t within(int64_t v, int64_t least, int64_t most) {
  return v < least ? least : v > most ? most : v;
}

/* Where a weight is not zero the four pixels around (x, y) lie inside: no spot has to be looked for. */
static inline bool surrounded(const warp *w, double sx, double sy) {
  return sx >= 0 && sy >= 0 && sx < (double)(w->width - 1) && sy < (double)(w->height - 1);
}

/* The pixel whose corner lies left and above of (x, y) is one of the picture's. */
static inline bool covered(const warp *w, double x, double y) {
  return x >= 0 && y >= 0 && x < (double)w->width && y < (double)w->height;
}

/* For each element type: a pixel from its spot; a picture by any map; a picture that only moves. REAL is the
 * type that sums are made in, STORE(sum) what a pixel becomes. */
#define WARPS(NAME, T, REAL, STORE, MIRRORED)                                                                \
  static void NAME##_spot(const warp *w, const double *m, const T *from, T *out, int64_t x, int64_t y) {     \
    int64_t plane = w->height * w->width, out_plane = w->o.height * w->o.width;                              \
    spot s;                                                                                                  \
    find_spot(w, m, x, y, &s);                                                                               \
    for (int64_t c = 0; c < w->channels; c++) {                                                              \
      double sum = 0;                                                                                        \
      for (int k = 0; k < s.n; k++)                                                                          \
        sum += s.weight[k] * (s.at[k] < 0 ? w->o.fill : (double)from[c * plane + s.at[k]]);                  \
      out[c * out_plane + y * w->o.width + x] = STORE(sum);                                                  \
    }                                                                                                        \
  }                                                                                                          \
  static void NAME##_any(const warp *w, int64_t image) {                                                     \
    const double *m = w->maps + 6 * image;                                                                   \
    int64_t plane = w->height * w->width, out_plane = w->o.height * w->o.width, wide = w->width;             \
    const T *from = (const T *)(const void *)w->images + image * w->channels * plane;                        \
    T *out = (T *)(void *)w->out + image * w->channels * out_plane;                                          \
    for (int64_t y = 0; y < w->o.height; y++)                                                                \
      for (int64_t x = 0; x < w->o.width; x++) {                                                             \
        double sx = m[0] * (double)x + m[1] * (double)y + m[2],                                              \
               sy = m[3] * (double)x + m[4] * (double)y + m[5];                                              \
        if (!w->o.bilinear && covered(w, sx + 0.5, sy + 0.5)) {                                              \
          const T *p = from + (int64_t)(sy + 0.5) * wide + (int64_t)(sx + 0.5);                              \
          T *to = out + y * w->o.width + x;                                                                  \
          for (int64_t c = 0; c < w->channels; c++) to[c * out_plane] = p[c * plane];                        \
          continue;                                                                                          \
        }                                                                                                    \
        if (!w->o.bilinear || !surrounded(w, sx, sy)) {                                                      \
          NAME##_spot(w, m, from, out, x, y);                                                                \
          continue;                                                                                          \
        }                                                                                                    \
        int64_t ix = (int64_t)sx, iy = (int64_t)sy;                                                          \
        REAL fx = (REAL)(sx - (double)ix), fy = (REAL)(sy - (double)iy);                                     \
        const T *p = from + iy * wide + ix;                                                                  \
        T *to = out + y * w->o.width + x;                                                                    \
        for (int64_t c = 0; c < w->channels; c++, p += plane, to += out_plane) {                             \
          REAL top = (REAL)p[0] * (1 - fx) + (REAL)p[1] * fx;                                                \
          REAL low = (REAL)p[wide] * (1 - fx) + (REAL)p[wide + 1] * fx;                                      \
          *to = STORE(top * (1 - fy) + low * fy);                                                            \
        }                                                                                                    \
      }                                                                                                      \
  }                                                                                                          \
  static void NAME##_moved(const warp *w, int64_t image) {                                                   \
    const double *m = w->maps + 6 * image;                                                                   \
    int64_t dx = (int64_t)m[2], dy = (int64_t)m[5], wide = w->o.width;                                       \
    bool mirrored = m[0] < 0;                                                                                \
    /* columns begin <= x < end lie inside of the picture */                                                 \
    int64_t begin = within(mirrored ? dx - w->width + 1 : -dx, 0, wide);                                     \
    int64_t end = within(mirrored ? dx + 1 : w->width - dx, begin, wide);                                    \
    const T *from = (const T *)(const void *)w->images + image * w->channels * w->height * w->width;         \
    T *to = (T *)(void *)w->out + image * w->channels * w->o.height * wide, fill = STORE(w->o.fill);         \
    for (int64_t c = 0; c < w->channels; c++, from += w->height * w->width)                                  \
      for (int64_t y = 0; y < w->o.height; y++, to += wide) {                                                \
        int64_t row = inside(m[4] < 0 ? dy - y : y + dy, w->height, w->o.border);                            \
        const T *line = from + (row < 0 ? 0 : row) * w->width;                                               \
        if (row >= 0 && end > begin) {                                                                       \
          if (mirrored)                                                                                      \
            MIRRORED(end - begin, line + dx - end + 1, to + begin);                                          \
          else                                                                                               \
            memcpy(to + begin, line + begin + dx, (size_t)(end - begin) * sizeof(T));                        \
        }                                                                                                    \
        int64_t first = row >= 0 && end > begin ? begin : wide, last = first < wide ? end : wide;            \
        if (w->o.border == NN_BORDER_CONSTANT) {                                                             \
          for (int64_t x = 0; x < first; x++) to[x] = fill;                                                  \
          for (int64_t x = last; x < wide; x++) to[x] = fill;                                                \
          continue;                                                                                          \
        }                                                                                                    \
        for (int64_t x = 0; x < wide; x++) {                                                                 \
          if (x == begin && row >= 0) x = end;                                                               \
          if (x >= wide) break;                                                                              \
          int64_t column = row < 0 ? -1 : inside(mirrored ? dx - x : x + dx, w->width, w->o.border);         \
          to[x] = column < 0 ? fill : line[column];                                                          \
        }                                                                                                    \
      }                                                                                                      \
  }

#define AS_FLOAT(v)  ((float)(v))
#define AS_DOUBLE(v) ((double)(v))
#define AS_BYTE(v)   to_byte((double)(v))

#define BACKWARDS(n, from, to)                                                                               \
  for (int64_t k = 0; k < (n); k++) (to)[k] = (from)[(n)-1 - k]

WARPS(f32, float, float, AS_FLOAT, NN_SELECT(nn_bytes)->mirrored)
WARPS(f64, double, double, AS_DOUBLE, BACKWARDS)
WARPS(u8, uint8_t, float, AS_BYTE, BACKWARDS)

static void warp_range(void *arg, int64_t begin, int64_t end, int thread) {
  const warp *w = arg;
  (void)thread;
  for (int64_t i = begin; i < end; i++) {
    bool moves = only_moves(w->maps + 6 * i);
    switch (w->dtype) {
    case NN_FLOAT32: (moves ? f32_moved : f32_any)(w, i); break;
    case NN_FLOAT64: (moves ? f64_moved : f64_any)(w, i); break;
    default: (moves ? u8_moved : u8_any)(w, i); break;
    }
  }
}

static bool check(nn_tensor *images, nn_tensor *maps) {
  nn_ctx *ctx = nn_tensor_ctx(images);
  char text[NN_SHAPE_TEXT];
  nn_dtype dtype = nn_tensor_dtype(images);
  if (nn_ndim(images) != 4 || !(nn_is_float(dtype) || dtype == NN_UINT8))
    return nn_fail(ctx, "expected pictures [N, C, H, W] of floats or bytes, got %s %s", nn_dtype_name(dtype),
                   nn_tensor_shape_text(images, text));
  if (nn_size(images, 2) < 1 || nn_size(images, 3) < 1)
    return nn_fail(ctx, "the pictures %s have no pixels", nn_tensor_shape_text(images, text));
  if (nn_ndim(maps) != 2 || nn_size(maps, 0) != nn_size(images, 0) || nn_size(maps, 1) != 6 ||
      nn_tensor_dtype(maps) != NN_FLOAT64)
    return nn_fail(ctx, "expected float64 maps [N, 6], got %s", nn_tensor_shape_text(maps, text));
  return true;
}

/* The result, and in w what fills it; dense and rows are contiguous. */
static nn_tensor *prepare(warp *w, nn_tensor *dense, nn_tensor *rows, const nn_warp_options *options) {
  int64_t shape[4] = {nn_size(dense, 0), nn_size(dense, 1), options->height, options->width};
  nn_tensor *out = nn_empty(nn_tensor_ctx(dense), nn_tensor_dtype(dense), 4, shape);
  if (out == NULL) return NULL;
  *w = (warp){.images = nn_data(dense),
              .out = nn_data(out),
              .maps = nn_data(rows),
              .channels = shape[1],
              .height = nn_size(dense, 2),
              .width = nn_size(dense, 3),
              .dtype = nn_tensor_dtype(dense),
              .o = *options};
  return out;
}

static void fill(warp *w, int64_t n) {
  int64_t pixels = w->channels * w->o.height * w->o.width;
  if (n * pixels == 0) return;
  nn_parallel(n, 1 + (only_moves(w->maps) ? SHARE_MOVED : SHARE) / pixels, warp_range, w);
}

nn_tensor *nn_warp(nn_tensor *images, nn_tensor *maps, const nn_warp_options *options) {
  if (images == NULL || maps == NULL || !check(images, maps)) return NULL;
  nn_tensor *dense = nn_contiguous_data(images), *rows = nn_contiguous_data(maps);
  warp w;
  nn_tensor *out = dense && rows ? prepare(&w, dense, rows, options) : NULL;
  if (out != NULL) fill(&w, nn_size(out, 0));
  nn_release(dense);
  nn_release(rows);
  return out;
}

void nn_warp_floats(const float *from, int64_t channels, int64_t height, int64_t width, const double map[6],
                    const nn_warp_options *options, float *to) {
  warp w = {.images = (const char *)from,
            .out = (char *)to,
            .maps = map,
            .channels = channels,
            .height = height,
            .width = width,
            .dtype = NN_FLOAT32,
            .o = *options};
  warp_range(&w, 0, 1, 0);
}

/* ---- maps that are drawn ---------------------------------------------------------------------------- */

static double *maps_new(nn_ctx *ctx, int64_t n, nn_tensor **out) {
  int64_t shape[2] = {n, 6};
  *out = nn_empty(ctx, NN_FLOAT64, 2, shape);
  return *out ? nn_data(*out) : NULL;
}

enum { RUN = 64 }; /* maps whose random words are made at once */

nn_tensor *nn_maps_moved(nn_generator *g, nn_ctx *ctx, int64_t n, int64_t left, int64_t most_x, int64_t top,
                         int64_t most_y) {
  nn_tensor *out;
  double *m = maps_new(ctx, n, &out);
  nn_random r = nn_random_take(g, 4 * n);
  uint32_t word[4 * RUN];
  for (int64_t i = 0; m != NULL && i < n; i++, m += 6) {
    const uint32_t *w = word + 4 * (i % RUN);
    if (i % RUN == 0) nn_random_run(&r, 4 * i, 4 * (n - i < RUN ? n - i : RUN), word);
    double x = (double)(left + (int64_t)nn_below(w[0], w[1], (uint64_t)most_x + 1));
    double y = (double)(top + (int64_t)nn_below(w[2], w[3], (uint64_t)most_y + 1));
    memcpy(m, (double[6]){1, 0, x, 0, 1, y}, 6 * sizeof *m);
  }
  return out;
}

nn_tensor *nn_maps_mirrored(nn_generator *g, nn_ctx *ctx, int64_t n, double p, int64_t size, bool vertical) {
  nn_tensor *out;
  double *m = maps_new(ctx, n, &out), end = (double)(size - 1);
  nn_random r = nn_random_take(g, n);
  uint32_t word[RUN];
  for (int64_t i = 0; m != NULL && i < n; i++, m += 6) {
    if (i % RUN == 0) nn_random_run(&r, i, RUN, word); /* whole blocks of four words are written */
    bool flip = (double)word[i % RUN] < p * 4294967296.0;
    memcpy(m, (double[6]){1, 0, 0, 0, 1, 0}, 6 * sizeof *m);
    if (flip && vertical) m[4] = -1, m[5] = end;
    if (flip && !vertical) m[0] = -1, m[2] = end;
  }
  return out;
}

/* ---- ahead ------------------------------------------------------------------------------------------ */

typedef struct later { /* a warp that a work does */
  warp w;
  int64_t n;
  nn_tensor *images, *maps, *out; /* references */
} later;

static bool later_run(void *arg, int64_t item, nn_fault *fault) {
  later *l = arg;
  (void)item, (void)fault;
  fill(&l->w, l->n);
  return true;
}

static void later_drop(void *arg) {
  later *l = arg;
  nn_release(l->images);
  nn_release(l->maps);
  nn_release(l->out);
  free(l);
}

nn_tensor *nn_warp_ahead(nn_work *work, nn_tensor *images, nn_tensor *maps, const nn_warp_options *options) {
  if (images == NULL || maps == NULL || !check(images, maps)) return NULL;
  nn_ctx *ctx = nn_tensor_ctx(images);
  if (!nn_is_contiguous(images)) {
    nn_fail(ctx, "expected contiguous pictures");
    return NULL;
  }
  nn_tensor *rows = nn_contiguous_data(maps);
  later *l = rows ? malloc(sizeof *l) : NULL;
  nn_tensor *out = l ? prepare(&l->w, images, rows, options) : NULL;
  if (out == NULL) {
    nn_release(rows);
    free(l);
    if (nn_error_code(ctx) == NN_OK) nn_fail_code(ctx, NN_ERR_MEMORY, "out of memory");
    return NULL;
  }
  l->n = nn_size(out, 0);
  l->images = nn_retain(images);
  l->maps = rows;
  l->out = nn_retain(out);
  if (nn_work_add(work, later_run, later_drop, l, 1)) return out;
  nn_release(out);
  nn_fail_code(ctx, NN_ERR_MEMORY, "out of memory");
  return NULL;
}
