/* jpeg.c - JPEG through libjpeg, where that is installed. Knows nothing of other formats. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "interrupt.h"
#include "picture.h"

#ifndef NNLUA_JPEG

bool nn_has_jpeg(void) { return false; }

static bool missing(nn_ctx *ctx) {
  return nn_fail(ctx,
                 "this nnlua was built without JPEG: install libjpeg (Debian: libjpeg-dev) and build again");
}

nn_tensor *nn_jpeg_decode(nn_ctx *ctx, const char *path, const unsigned char *data, size_t n,
                          size_t max_bytes) {
  (void)path, (void)data, (void)n, (void)max_bytes;
  missing(ctx);
  return NULL;
}

bool nn_jpeg_encode(nn_buffer *b, const nn_tensor *t, int quality) {
  (void)t, (void)quality;
  return missing(b->ctx);
}

#else

#include <jpeglib.h>

#include <jerror.h>

enum { MAX_SCANS = 200 }; /* of a progressive file; each costs a walk over the whole picture */

bool nn_has_jpeg(void) { return true; }

/* libjpeg reports errors by calling back; `back` returns from there. */
typedef struct trap {
  struct jpeg_error_mgr manager; /* first: libjpeg hands out its address */
  struct jpeg_progress_mgr progress;
  jmp_buf back;
  nn_ctx *ctx;
  const char *path; /* NULL while writing */
} trap;

static void on_error(j_common_ptr c) {
  trap *t = (trap *)(void *)c->err;
  char text[JMSG_LENGTH_MAX];
  c->err->format_message(c, text);
  if (t->path == NULL)
    nn_fail(t->ctx, "a picture cannot be written as JPEG: %s", text);
  else if (c->err->msg_code == JERR_NO_SOI)
    nn_fail(t->ctx, "'%s' is not a JPEG file", t->path);
  else
    nn_fail(t->ctx, "'%s' is damaged: %s", t->path, text);
  longjmp(t->back, 1);
}

/* Negative levels are warnings: the data are corrupt, libjpeg would go on with grey. */
static void on_message(j_common_ptr c, int level) {
  if (level >= 0) return;
  if (c->err->msg_code == JWRN_HIT_MARKER || c->err->msg_code == JWRN_JPEG_EOF) {
    trap *t = (trap *)(void *)c->err;
    nn_fail(t->ctx, "'%s' is truncated or damaged: its data end early", t->path ? t->path : "");
    longjmp(t->back, 1);
  }
  on_error(c);
}

static void on_progress(j_common_ptr c) {
  trap *t = (trap *)(void *)c->err;
  if (nn_interrupted()) {
    nn_fail_code(t->ctx, NN_ERR_INTERRUPT, "interrupted");
    longjmp(t->back, 1);
  }
  if (c->is_decompressor && ((j_decompress_ptr)(void *)c)->input_scan_number > MAX_SCANS) {
    nn_fail(t->ctx, "'%s' is damaged: it has more than %d scans", t->path, MAX_SCANS);
    longjmp(t->back, 1);
  }
}

static void set_trap(trap *t, nn_ctx *ctx, const char *path) {
  jpeg_std_error(&t->manager);
  t->manager.error_exit = on_error;
  t->manager.emit_message = on_message;
  t->progress.progress_monitor = on_progress;
  t->ctx = ctx;
  t->path = path;
}

/* ---- reading ---------------------------------------------------------------------------------------- */

/* What reading owns; volatile members would be needed only for locals that change after setjmp. */
typedef struct decoder {
  trap trap;
  struct jpeg_decompress_struct c;
  nn_tensor *t;
  unsigned char *row;
  size_t row_size;
} decoder;

static void decode(decoder *d, size_t n, size_t max_bytes) {
  nn_ctx *ctx = d->trap.ctx;
  jpeg_read_header(&d->c, TRUE);
  if (d->c.num_components != 1 && d->c.num_components != 3) {
    nn_fail(ctx, "'%s' has %d colour channels; 1 and 3 can be read", d->trap.path, d->c.num_components);
    return;
  }
  d->c.out_color_space = d->c.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  size_t width = d->c.image_width, height = d->c.image_height, channels = (size_t)d->c.num_components;
  if (width > 0 &&
      height / 64 > n * 64 / ((width + 63) / 64)) { /* a block of 8 x 8 takes at least some bits */
    nn_fail(ctx, "'%s' is truncated", d->trap.path);
    return;
  }
  d->t = nn_picture_new(ctx, d->trap.path, channels, height, width, max_bytes);
  d->row_size = width * channels;
  d->row = d->t ? nn_mem_alloc(ctx, d->row_size) : NULL;
  if (d->row == NULL) return;
  jpeg_start_decompress(&d->c);
  while (d->c.output_scanline < height) {
    size_t y = d->c.output_scanline;
    JSAMPROW row = d->row;
    jpeg_read_scanlines(&d->c, &row, 1);
    nn_pixels_set_row(nn_data(d->t), channels, height, width, y, d->row);
  }
  jpeg_finish_decompress(&d->c);
}

nn_tensor *nn_jpeg_decode(nn_ctx *ctx, const char *path, const unsigned char *data, size_t n,
                          size_t max_bytes) {
  decoder *d = nn_mem_alloc(ctx, sizeof *d);
  if (d == NULL) return NULL;
  memset(d, 0, sizeof *d);
  set_trap(&d->trap, ctx, path);
  d->c.err = &d->trap.manager;
  if (setjmp(d->trap.back) == 0) {
    jpeg_create_decompress(&d->c);
    d->c.progress = &d->trap.progress;
    jpeg_mem_src(&d->c, data, (unsigned long)n);
    decode(d, n, max_bytes);
  }
  jpeg_destroy_decompress(&d->c);
  if (d->row != NULL) nn_mem_free(ctx, d->row, d->row_size);
  nn_tensor *t = d->t;
  nn_mem_free(ctx, d, sizeof *d);
  if (nn_error_code(ctx) == NN_OK) return t;
  nn_release(t);
  return NULL;
}

/* ---- writing ---------------------------------------------------------------------------------------- */

typedef struct encoder {
  trap trap;
  struct jpeg_compress_struct c;
  nn_pixels p;
  unsigned char *row;
  size_t row_size;
  unsigned char *out; /* libjpeg's, from malloc */
  unsigned long n;
} encoder;

static void encode(encoder *e, int quality) {
  e->c.image_width = (JDIMENSION)e->p.width;
  e->c.image_height = (JDIMENSION)e->p.height;
  e->c.input_components = (int)e->p.channels;
  e->c.in_color_space = e->p.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&e->c);
  jpeg_set_quality(&e->c, quality, TRUE);
  jpeg_start_compress(&e->c, TRUE);
  for (size_t y = 0; y < e->p.height; y++) {
    JSAMPROW row = e->row;
    nn_pixels_row(&e->p, y, e->row);
    jpeg_write_scanlines(&e->c, &row, 1);
  }
  jpeg_finish_compress(&e->c);
}

bool nn_jpeg_encode(nn_buffer *b, const nn_tensor *t, int quality) {
  nn_ctx *ctx = b->ctx;
  encoder *e = nn_mem_alloc(ctx, sizeof *e);
  if (e == NULL) return false;
  memset(e, 0, sizeof *e);
  set_trap(&e->trap, ctx, NULL);
  bool ok = nn_pixels_of(&e->p, t, "a JPEG file", 3);
  e->row_size = ok ? e->p.width * e->p.channels : 0;
  e->row = ok ? nn_mem_alloc(ctx, e->row_size) : NULL;
  if (e->row != NULL) {
    e->c.err = &e->trap.manager;
    if (setjmp(e->trap.back) == 0) {
      jpeg_create_compress(&e->c);
      e->c.progress = &e->trap.progress;
      jpeg_mem_dest(&e->c, &e->out, &e->n);
      encode(e, quality);
    }
    jpeg_destroy_compress(&e->c);
    nn_mem_free(ctx, e->row, e->row_size);
  }
  ok = nn_error_code(ctx) == NN_OK && nn_buffer_add(b, e->out, e->n);
  free(e->out);
  nn_release(e->p.dense);
  nn_mem_free(ctx, e, sizeof *e);
  return ok;
}

#endif
