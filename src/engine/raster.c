/* raster.c - drawing on a canvas. */
#include "raster.h"

#include <math.h>
#include <string.h>

#include "internal.h"

enum { LINES = 5 }; /* sub-lines a pixel of an area; along the line its coverage is exact */

typedef struct box {
  long x0, y0, x1, y1; /* x1 and y1 lie outside */
} box;

static bool is_canvas(const nn_tensor *t) {
  if (nn_tensor_dtype(t) == NN_UINT8 && nn_ndim(t) == 3 && nn_size(t, 2) == 3 && nn_is_contiguous(t) &&
      nn_size(t, 0) <= 32768 && nn_size(t, 1) <= 32768)
    return true;
  return nn_fail(nn_tensor_ctx(t), "a canvas is a contiguous uint8 tensor [H, W, 3]");
}

static long limited(double v, long top) { return !(v > 0) ? 0 : v >= (double)top ? top : (long)v; }

/* The pixels that points reach with a margin around them; empty when they are no numbers. */
static box box_of(const nn_tensor *canvas, const double *xy, size_t n, double margin) {
  double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
  for (size_t i = 0; i < n; i++) {
    x0 = fmin(x0, xy[2 * i]), x1 = fmax(x1, xy[2 * i]);
    y0 = fmin(y0, xy[2 * i + 1]), y1 = fmax(y1, xy[2 * i + 1]);
  }
  long w = (long)nn_size(canvas, 1), h = (long)nn_size(canvas, 0);
  box b = {limited(floor(x0 - margin), w), limited(floor(y0 - margin), h), limited(ceil(x1 + margin), w),
           limited(ceil(y1 + margin), h)};
  return b;
}

static void blend(unsigned char *p, const nn_paint *paint, double cover) {
  double a = paint->alpha * (cover > 1 ? 1 : cover);
  p[0] = (unsigned char)(p[0] + (paint->red - p[0]) * a + 0.5);
  p[1] = (unsigned char)(p[1] + (paint->green - p[1]) * a + 0.5);
  p[2] = (unsigned char)(p[2] + (paint->blue - p[2]) * a + 0.5);
}

static unsigned char *pixel(nn_tensor *canvas, long x, long y) {
  return (unsigned char *)nn_data(canvas) + 3 * (y * nn_size(canvas, 1) + x);
}

/* ---- strokes ---------------------------------------------------------------------------------------- */

static double distance(double px, double py, const double *a, const double *b) {
  double dx = b[0] - a[0], dy = b[1] - a[1], length = dx * dx + dy * dy;
  double t = length > 0 ? ((px - a[0]) * dx + (py - a[1]) * dy) / length : 0;
  t = t < 0 ? 0 : t > 1 ? 1 : t;
  return hypot(px - a[0] - t * dx, py - a[1] - t * dy);
}

/* Raises the coverage of the pixels near the segment a b; of each line only the part that it passes. */
static void cover_segment(float *cover, const box *all, const nn_tensor *canvas, const double *a,
                          const double *b, double half) {
  double ends[4] = {a[0], a[1], b[0], b[1]}, reach = half + 1;
  box s = box_of(canvas, ends, 2, reach);
  double dx = b[0] - a[0], dy = b[1] - a[1];
  for (long y = s.y0; y < s.y1; y++) {
    long from = s.x0, to = s.x1;
    if (fabs(dy) > 1e-9) { /* where the line through a and b crosses this row */
      double slope = dx / dy, middle = a[0] + ((double)y + 0.5 - a[1]) * slope;
      double wide = reach * hypot(1, slope) + 0.5 * fabs(slope) + 1;
      long left = limited(floor(middle - wide), all->x1), right = limited(ceil(middle + wide), all->x1);
      from = left > from ? left : from;
      to = right < to ? right : to;
    }
    for (long x = from; x < to; x++) {
      float *c = &cover[(y - all->y0) * (all->x1 - all->x0) + x - all->x0];
      double v = half + 0.5 - distance((double)x + 0.5, (double)y + 0.5, a, b);
      if (v > 1) v = 1;
      if (half < 0.5) v *= 2 * half; /* a line thinner than a pixel is pale */
      if (v > (double)*c) *c = (float)v;
    }
  }
}

bool nn_raster_stroke(nn_tensor *canvas, const double *xy, size_t n, double width, nn_paint paint) {
  nn_ctx *ctx = nn_tensor_ctx(canvas);
  if (!is_canvas(canvas)) return false;
  double half = width / 2;
  box b = box_of(canvas, xy, n, half + 1);
  if (n == 0 || b.x1 <= b.x0 || b.y1 <= b.y0) return true;
  size_t size = (size_t)((b.x1 - b.x0) * (b.y1 - b.y0)) * sizeof(float);
  float *cover = nn_mem_alloc(ctx, size);
  if (cover == NULL) return false;
  memset(cover, 0, size);
  for (size_t i = 0; i < n; i++)
    if (i + 1 < n || n == 1) cover_segment(cover, &b, canvas, xy + 2 * i, xy + 2 * (i + (n > 1)), half);
  for (long y = b.y0; y < b.y1; y++)
    for (long x = b.x0; x < b.x1; x++) {
      double v = (double)cover[(y - b.y0) * (b.x1 - b.x0) + x - b.x0];
      if (v > 0) blend(pixel(canvas, x, y), &paint, v);
    }
  nn_mem_free(ctx, cover, size);
  return true;
}

/* ---- areas ------------------------------------------------------------------------------------------ */

/* Adds the part of each pixel that lies between x0 and x1, weighted. */
static void cover_span(float *row, const box *b, double x0, double x1, double weight) {
  x0 = fmax(x0, (double)b->x0), x1 = fmin(x1, (double)b->x1);
  if (!(x1 > x0)) return;
  for (long x = (long)x0; x < b->x1 && (double)x < x1; x++) {
    double part = fmin(x1, (double)x + 1) - fmax(x0, (double)x);
    row[x - b->x0] += (float)(part * weight);
  }
}

static size_t crossings(const double *xy, size_t n, double y, double *out) {
  size_t found = 0;
  for (size_t i = 0; i < n; i++) {
    const double *p = xy + 2 * i, *q = xy + 2 * ((i + 1) % n);
    if ((p[1] <= y) == (q[1] <= y)) continue;
    double x = p[0] + (y - p[1]) / (q[1] - p[1]) * (q[0] - p[0]);
    size_t at = found++;
    while (at > 0 && out[at - 1] > x) {
      out[at] = out[at - 1];
      at--;
    }
    out[at] = x;
  }
  return found;
}

bool nn_raster_fill(nn_tensor *canvas, const double *xy, size_t n, nn_paint paint) {
  nn_ctx *ctx = nn_tensor_ctx(canvas);
  if (!is_canvas(canvas)) return false;
  box b = box_of(canvas, xy, n, 0);
  if (n < 3 || b.x1 <= b.x0 || b.y1 <= b.y0) return true;
  size_t wide = (size_t)(b.x1 - b.x0), size = wide * sizeof(float), cross_size = (n + 1) * sizeof(double);
  float *row = nn_mem_alloc(ctx, size);
  double *cross = row ? nn_mem_alloc(ctx, cross_size) : NULL;
  for (long y = b.y0; cross != NULL && y < b.y1; y++) {
    memset(row, 0, size);
    for (int k = 0; k < LINES; k++) {
      size_t found = crossings(xy, n, (double)y + (k + 0.5) / LINES, cross);
      for (size_t i = 0; i + 1 < found; i += 2) cover_span(row, &b, cross[i], cross[i + 1], 1.0 / LINES);
    }
    for (size_t x = 0; x < wide; x++)
      if (row[x] > 0) blend(pixel(canvas, b.x0 + (long)x, y), &paint, (double)row[x]);
  }
  bool ok = cross != NULL;
  if (cross != NULL) nn_mem_free(ctx, cross, cross_size);
  if (row != NULL) nn_mem_free(ctx, row, size);
  return ok;
}

/* ---- pictures --------------------------------------------------------------------------------------- */

/* The source pixels for the target pixel `at` of n, shown by `size` pixels that begin at `start`. */
static void source_range(double at, double start, double size, long n, long *from, long *to) {
  double scale = (double)n / size, a = (at - start) * scale, b = (at + 1 - start) * scale;
  *from = limited(floor(scale > 1 ? a + 0.5 : (a + b) / 2), n - 1);
  *to = limited(scale > 1 ? floor(b + 0.5) : 0, n);
  if (*to <= *from) *to = *from + 1;
}

static void put_pixel(unsigned char *to, const unsigned char *from, long channels, long height, long width,
                      const long r[4]) {
  for (long k = 0; k < 3; k++) {
    const unsigned char *plane = from + (k < channels ? k : 0) * height * width;
    uint64_t sum = 0, count = (uint64_t)((r[1] - r[0]) * (r[3] - r[2]));
    for (long y = r[2]; y < r[3]; y++)
      for (long x = r[0]; x < r[1]; x++) sum += plane[y * width + x];
    to[k] = (unsigned char)((sum + count / 2) / count);
  }
}

bool nn_raster_picture(nn_tensor *canvas, const nn_tensor *picture, double x, double y, double w, double h) {
  nn_ctx *ctx = nn_tensor_ctx(canvas);
  if (!is_canvas(canvas)) return false;
  if (nn_tensor_dtype(picture) != NN_UINT8 || nn_ndim(picture) != 3 || nn_numel(picture) == 0 ||
      (nn_size(picture, 0) != 1 && nn_size(picture, 0) != 3))
    return nn_fail(ctx, "expected a picture, uint8 [1, H, W] or [3, H, W]");
  nn_tensor *dense = nn_contiguous_data((nn_tensor *)(uintptr_t)picture);
  if (dense == NULL) return false;
  double corners[4] = {x, y, x + w, y + h};
  box b = box_of(canvas, corners, 2, 0);
  long channels = (long)nn_size(dense, 0), height = (long)nn_size(dense, 1), width = (long)nn_size(dense, 2);
  for (long py = b.y0; py < b.y1; py++) {
    long r[4];
    source_range((double)py, y, h, height, &r[2], &r[3]);
    for (long px = b.x0; px < b.x1; px++) {
      source_range((double)px, x, w, width, &r[0], &r[1]);
      put_pixel(pixel(canvas, px, py), nn_data(dense), channels, height, width, r);
    }
  }
  nn_release(dense);
  return true;
}
