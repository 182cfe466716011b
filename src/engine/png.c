/* png.c - PNG through libpng, where that is installed. Knows nothing of other formats. */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "interrupt.h"
#include "picture.h"

#ifndef NNLUA_PNG

bool nn_has_png(void) { return false; }

static bool missing(nn_ctx *ctx) {
  return nn_fail(ctx,
                 "this nnlua was built without PNG: install libpng (Debian: libpng-dev) and build again");
}

nn_tensor *nn_png_decode(nn_ctx *ctx, const char *path, const unsigned char *data, size_t n,
                         size_t max_bytes) {
  (void)path, (void)data, (void)n, (void)max_bytes;
  missing(ctx);
  return NULL;
}

bool nn_png_encode(nn_buffer *b, const nn_tensor *t) {
  (void)t;
  return missing(b->ctx);
}

#else

#include <png.h>

enum { MAX_RATIO = 1032 }; /* deflate makes nothing longer than this times its input */

bool nn_has_png(void) { return true; }

/* What reading and writing own. libpng reports errors by calling back; `back` returns from there, so everything
 * that is freed afterwards lives here and not in locals. */
typedef struct work {
  nn_ctx *ctx;
  const char *path; /* NULL while writing */
  png_structp png;
  png_infop info;
  jmp_buf back;
  const unsigned char *at, *end; /* what is left of the file */
  nn_buffer *to;
  nn_tensor *t;
  unsigned char *rows;
  size_t rows_size;
} work;

static _Noreturn void leave(work *w) { longjmp(w->back, 1); }

static void on_error(png_structp png, png_const_charp text) {
  work *w = png_get_error_ptr(png);
  if (w->path == NULL)
    nn_fail(w->ctx, "a picture cannot be written as PNG: %s", text);
  else
    nn_fail(w->ctx, "'%s' is damaged: %s", w->path, text);
  leave(w);
}

/* Of what PNG files hold beside their pixels much is slightly wrong in practice. */
static void on_warning(png_structp png, png_const_charp text) { (void)png, (void)text; }

static png_voidp take(png_structp png, png_alloc_size_t n) {
  nn_ctx *ctx = png_get_mem_ptr(png);
  size_t *p = n < SIZE_MAX - 16 ? nn_mem_alloc(ctx, n + 16) : NULL;
  if (p == NULL) return NULL;
  *p = n + 16;
  return (char *)p + 16;
}

static void give(png_structp png, png_voidp p) {
  size_t *block = (size_t *)(void *)((char *)p - 16);
  nn_mem_free(png_get_mem_ptr(png), block, *block);
}

static void check_interrupt(work *w) {
  if (!nn_interrupted()) return;
  nn_fail_code(w->ctx, NN_ERR_INTERRUPT, "interrupted");
  leave(w);
}

static void *memory(work *w, size_t n) {
  w->rows = nn_mem_alloc(w->ctx, n);
  if (w->rows == NULL) leave(w);
  w->rows_size = n;
  return w->rows;
}

static void finish(work *w) {
  if (w->rows != NULL) nn_mem_free(w->ctx, w->rows, w->rows_size);
  nn_mem_free(w->ctx, w, sizeof *w);
}

static work *begin(nn_ctx *ctx, const char *path) {
  work *w = nn_mem_alloc(ctx, sizeof *w);
  if (w == NULL) return NULL;
  memset(w, 0, sizeof *w);
  w->ctx = ctx;
  w->path = path;
  return w;
}

/* ---- reading ---------------------------------------------------------------------------------------- */

static void read_bytes(png_structp png, png_bytep to, size_t n) {
  work *w = png_get_io_ptr(png);
  if ((size_t)(w->end - w->at) < n) {
    nn_fail(w->ctx, "'%s' is truncated", w->path);
    leave(w);
  }
  memcpy(to, w->at, n);
  w->at += n;
}

/* 8 bits a sample, palettes resolved, transparent colours as an alpha channel. */
static void set_conversions(work *w) {
  png_set_expand(w->png);
  png_set_scale_16(w->png);
}

/* The whole picture, rows with channels side by side; interlaced ones pass over it seven times. */
static void decode(work *w, size_t max_bytes) {
  const size_t left = (size_t)(w->end - w->at);
  png_read_info(w->png, w->info);
  const size_t width = png_get_image_width(w->png, w->info), height = png_get_image_height(w->png, w->info);
  const size_t packed = png_get_rowbytes(w->png, w->info) + 1;
  if (width <= max_bytes && height > (left + 64) * MAX_RATIO / packed + 8) {
    nn_fail(w->ctx, "'%s' is truncated", w->path); /* so few bytes cannot hold so many pixels */
    leave(w);
  }
  set_conversions(w);
  const int passes = png_set_interlace_handling(w->png);
  png_read_update_info(w->png, w->info);
  const size_t channels = png_get_channels(w->png, w->info);
  w->t = nn_picture_new(w->ctx, w->path, channels, height, width, max_bytes);
  if (w->t == NULL) leave(w);
  const size_t row = width * channels, lines = passes > 1 ? height : 1;
  unsigned char *rows = memory(w, row * lines);
  for (int pass = 0; pass < passes; pass++)
    for (size_t y = 0; y < height; y++) {
      unsigned char *line = rows + (passes > 1 ? y * row : 0);
      check_interrupt(w);
      png_read_row(w->png, line, NULL);
      if (pass + 1 == passes) nn_pixels_set_row(nn_data(w->t), channels, height, width, y, line);
    }
  png_read_end(w->png, NULL);
}

static bool is_png(nn_ctx *ctx, const char *path, const unsigned char *data, size_t n) {
  if (n >= 8 && png_sig_cmp(data, 0, 8) == 0) return true;
  if (n > 0 && n < 8 && png_sig_cmp(data, 0, n) == 0) return nn_fail(ctx, "'%s' is truncated", path);
  return nn_fail(ctx, "'%s' is not a PNG file", path);
}

nn_tensor *nn_png_decode(nn_ctx *ctx, const char *path, const unsigned char *data, size_t n,
                         size_t max_bytes) {
  if (!is_png(ctx, path, data, n)) return NULL;
  work *w = begin(ctx, path);
  if (w == NULL) return NULL;
  w->at = data, w->end = data + n;
  bool ok = setjmp(w->back) == 0;
  if (ok) {
    w->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, w, on_error, on_warning, ctx, take, give);
    w->info = w->png ? png_create_info_struct(w->png) : NULL;
    if (w->info == NULL) leave(w);
    png_set_read_fn(w->png, w, read_bytes);
    png_set_crc_action(w->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_user_limits(w->png, 0x7FFFFFFF, 0x7FFFFFFF);
    png_set_chunk_malloc_max(w->png, max_bytes < (1U << 24) ? (1U << 24) : max_bytes);
    png_set_keep_unknown_chunks(w->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1); /* nothing but pixels is asked for */
    decode(w, max_bytes);
  }
  png_destroy_read_struct(&w->png, &w->info, NULL);
  nn_tensor *t = w->t;
  finish(w);
  if (ok) return t;
  if (nn_error_code(ctx) == 0) nn_fail(ctx, "out of memory");
  if (t != NULL) nn_release(t);
  return NULL;
}

/* ---- writing ---------------------------------------------------------------------------------------- */

static void write_bytes(png_structp png, png_bytep data, size_t n) {
  work *w = png_get_io_ptr(png);
  if (!nn_buffer_add(w->to, data, n)) leave(w);
}

static void flush(png_structp png) { (void)png; }

static void encode(work *w, const nn_pixels *p) {
  static const int types[5] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                               PNG_COLOR_TYPE_RGB_ALPHA};
  png_set_IHDR(w->png, w->info, (png_uint_32)p->width, (png_uint_32)p->height, 8, types[p->channels],
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(w->png, w->info);
  unsigned char *row = memory(w, p->width * p->channels);
  for (size_t y = 0; y < p->height; y++) {
    check_interrupt(w);
    nn_pixels_row(p, y, row);
    png_write_row(w->png, row);
  }
  png_write_end(w->png, NULL);
}

static bool write_pixels(nn_buffer *b, const nn_pixels *p) {
  work *w = begin(b->ctx, NULL);
  if (w == NULL) return false;
  w->to = b;
  bool ok = setjmp(w->back) == 0;
  if (ok) {
    w->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, w, on_error, on_warning, b->ctx, take, give);
    w->info = w->png ? png_create_info_struct(w->png) : NULL;
    if (w->info == NULL) leave(w);
    png_set_write_fn(w->png, w, write_bytes, flush);
    png_set_user_limits(w->png, 0x7FFFFFFF, 0x7FFFFFFF);
    encode(w, p);
  }
  png_destroy_write_struct(&w->png, &w->info);
  finish(w);
  if (!ok && nn_error_code(b->ctx) == 0) nn_fail(b->ctx, "out of memory");
  return ok;
}

bool nn_png_encode(nn_buffer *b, const nn_tensor *t) {
  nn_pixels p;
  if (!nn_pixels_of(&p, t, "a PNG file", 4)) return false;
  bool ok = write_pixels(b, &p);
  nn_release(p.dense);
  return ok;
}

#endif
