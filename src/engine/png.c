/* png.c - PNG (ISO/IEC 15948): all colour types, depths and interlacing are read; 8-bit pictures are written.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "internal.h"
#include "interrupt.h"
#include "picture.h"

static const unsigned char signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

enum { GREY = 0, RGB = 2, PALETTE = 3, GREY_ALPHA = 4, RGB_ALPHA = 6 };
enum { MAX_RATIO = 1032 }; /* deflate makes nothing longer than this times its input */

static uint32_t big32(const unsigned char *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int paeth(int a, int b, int c) {
  int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/* ---- reading ---------------------------------------------------------------------------------------- */

typedef struct reader {
  nn_ctx *ctx;
  const char *path;
  const unsigned char *p, *end; /* what is left of the file */
  size_t max_bytes;
  size_t width, height;
  int depth, type, interlaced;
  size_t samples;  /* a pixel in the file */
  size_t channels; /* a pixel in the tensor */
  unsigned char palette[256 * 3], alpha[256];
  size_t n_palette;
  bool transparent;  /* a tRNS chunk was there */
  uint32_t clear[3]; /* the transparent colour of grey and RGB */
  z_stream z;
  bool inflating;
  size_t idat; /* bytes left in the current IDAT chunk */
} reader;

static bool damaged(reader *r, const char *what) {
  return nn_fail(r->ctx, "'%s' is damaged: %s", r->path, what);
}

static bool truncated(reader *r) { return nn_fail(r->ctx, "'%s' is truncated", r->path); }

typedef struct chunk {
  const unsigned char *type, *data;
  size_t n;
} chunk;

/* The next chunk, its checksum verified. */
static bool next_chunk(reader *r, chunk *c) {
  if (r->end - r->p < 12) return truncated(r);
  uint32_t n = big32(r->p);
  if (n > 0x7FFFFFFF) return damaged(r, "a chunk's length is impossible");
  if ((size_t)(r->end - r->p) - 12 < n) return truncated(r);
  c->type = r->p + 4;
  c->data = r->p + 8;
  c->n = n;
  if (crc32(crc32(0, NULL, 0), c->type, n + 4) != big32(c->data + n))
    return damaged(r, "a chunk's checksum is wrong");
  r->p = c->data + n + 4;
  return true;
}

static bool is(const chunk *c, const char *type) { return memcmp(c->type, type, 4) == 0; }

static bool read_header(reader *r, const chunk *c) {
  if (!is(c, "IHDR") || c->n != 13) return damaged(r, "there is no header");
  r->width = big32(c->data);
  r->height = big32(c->data + 4);
  r->depth = c->data[8];
  r->type = c->data[9];
  r->interlaced = c->data[12];
  if (r->width == 0 || r->height == 0 || r->width > 0x7FFFFFFF || r->height > 0x7FFFFFFF)
    return damaged(r, "its size is impossible");
  if (c->data[10] != 0 || c->data[11] != 0 || r->interlaced > 1)
    return damaged(r, "an unknown method is used");
  int d = r->depth;
  bool small = d == 1 || d == 2 || d == 4, known = false;
  switch (r->type) {
  case GREY: known = small || d == 8 || d == 16; break;
  case PALETTE: known = small || d == 8; break;
  case RGB:
  case GREY_ALPHA:
  case RGB_ALPHA: known = d == 8 || d == 16; break;
  }
  if (!known) return damaged(r, "its colour type and depth do not go together");
  static const size_t samples[7] = {1, 0, 3, 1, 2, 0, 4};
  r->samples = samples[r->type];
  return true;
}

static bool read_palette(reader *r, const chunk *c) {
  if (c->n == 0 || c->n % 3 != 0 || c->n > sizeof r->palette || r->n_palette > 0)
    return damaged(r, "its palette is wrong");
  memcpy(r->palette, c->data, c->n);
  r->n_palette = c->n / 3;
  return true;
}

static bool read_transparency(reader *r, const chunk *c) {
  size_t expected = r->type == GREY ? 2 : 6;
  if (r->type == PALETTE) {
    if (c->n > r->n_palette) return damaged(r, "its transparency does not fit its palette");
    memcpy(r->alpha, c->data, c->n);
  } else if (r->type == GREY || r->type == RGB) {
    if (c->n != expected) return damaged(r, "its transparency is wrong");
    for (size_t i = 0; i < c->n / 2; i++) r->clear[i] = (uint32_t)c->data[2 * i] << 8 | c->data[2 * i + 1];
  } else {
    return damaged(r, "transparency beside an alpha channel");
  }
  r->transparent = true;
  return true;
}

/* All before the first IDAT chunk; sets r->idat and puts r->p at its data. */
static bool read_preamble(reader *r) {
  chunk c;
  if (r->end - r->p < 8 || memcmp(r->p, signature, 8) != 0) {
    if (r->end - r->p > 0 && r->end - r->p < 8 && memcmp(r->p, signature, (size_t)(r->end - r->p)) == 0)
      return truncated(r);
    return nn_fail(r->ctx, "'%s' is not a PNG file", r->path);
  }
  r->p += 8;
  memset(r->alpha, 255, sizeof r->alpha);
  if (!next_chunk(r, &c) || !read_header(r, &c)) return false;
  for (;;) {
    if (!next_chunk(r, &c)) return false;
    if (is(&c, "IDAT")) break;
    if (is(&c, "PLTE") && r->type != GREY && r->type != GREY_ALPHA) {
      if (!read_palette(r, &c)) return false;
    } else if (is(&c, "tRNS")) {
      if (!read_transparency(r, &c)) return false;
    } else if (is(&c, "IEND")) {
      return damaged(r, "it has no pixels");
    } else if (!(c.type[0] & 0x20)) {
      return damaged(r, "an unknown chunk is critical");
    }
  }
  if (r->type == PALETTE && r->n_palette == 0) return damaged(r, "its palette is missing");
  r->idat = c.n;
  r->p = c.data;
  size_t colours = r->type == RGB || r->type == RGB_ALPHA || r->type == PALETTE ? 3 : 1;
  bool alpha = r->type == GREY_ALPHA || r->type == RGB_ALPHA || r->transparent;
  r->channels = colours + (alpha ? 1 : 0);
  return true;
}

/* The next IDAT chunk's bytes become zlib's input; none left is the end of the data. */
static bool feed(reader *r) {
  while (r->idat == 0) {
    r->p += 4; /* the checksum of the last one, verified before */
    chunk c = {NULL, NULL, 0};
    if (!next_chunk(r, &c)) return false;
    if (!is(&c, "IDAT")) return damaged(r, "its pixels end early");
    r->idat = c.n;
    r->p = c.data;
  }
  r->z.next_in = (unsigned char *)(uintptr_t)r->p;
  r->z.avail_in = (unsigned)r->idat;
  r->p += r->idat;
  r->idat = 0;
  return true;
}

/* Unpacks up to n bytes to `to`: how many, 0 at the end of the stream, -1 with an error. */
static int64_t inflate_some(reader *r, unsigned char *to, unsigned n) {
  r->z.next_out = to;
  r->z.avail_out = n;
  for (;;) {
    int code = inflate(&r->z, Z_NO_FLUSH);
    if (code == Z_MEM_ERROR) return nn_fail(r->ctx, "out of memory") - 1;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
      return damaged(r, r->z.msg ? r->z.msg : "its pixels cannot be unpacked") - 1;
    if (r->z.avail_out < n || code == Z_STREAM_END) return n - r->z.avail_out;
    if (r->z.avail_in == 0 && !feed(r)) return -1; /* only now: zlib may still have held something back */
  }
}

/* Exactly n bytes of the unpacked stream. */
static bool inflate_to(reader *r, unsigned char *to, size_t n) {
  while (n > 0) {
    if (nn_interrupted()) return nn_fail_code(r->ctx, NN_ERR_INTERRUPT, "interrupted");
    int64_t got = inflate_some(r, to, n < (1U << 30) ? (unsigned)n : 1U << 30);
    if (got < 0) return false;
    if (got == 0) return damaged(r, "its pixels end early");
    to += got;
    n -= (size_t)got;
  }
  return true;
}

static bool unfilter(reader *r, int filter, unsigned char *row, const unsigned char *above, size_t n) {
  size_t step = (r->samples * (size_t)r->depth + 7) / 8;
  if (filter > 4) return damaged(r, "a row's filter is unknown");
  for (size_t i = 0; i < n; i++) {
    int left = i >= step ? row[i - step] : 0, up = above[i], corner = i >= step ? above[i - step] : 0;
    int add = 0;
    switch (filter) {
    case 1: add = left; break;
    case 2: add = up; break;
    case 3: add = (left + up) / 2; break;
    case 4: add = paeth(left, up, corner); break;
    }
    row[i] = (unsigned char)(row[i] + add);
  }
  return true;
}

/* Sample i of a row as the number that stands in the file. */
static uint32_t sample(const reader *r, const unsigned char *row, size_t i) {
  switch (r->depth) {
  case 16: return (uint32_t)row[2 * i] << 8 | row[2 * i + 1];
  case 8: return row[i];
  default: {
    size_t bit = i * (size_t)r->depth;
    return (uint32_t)(row[bit / 8] >> (8 - r->depth - (int)(bit % 8))) & ((1U << r->depth) - 1);
  }
  }
}

static unsigned char to_byte(const reader *r, uint32_t v) {
  if (r->depth == 8) return (unsigned char)v;
  uint32_t top = (1U << r->depth) - 1;
  return (unsigned char)((v * 255 + top / 2) / top);
}

/* Writes pixel x of a row into the tensor at column `column` of line y. */
static bool put_pixel(reader *r, unsigned char *to, const unsigned char *row, size_t x, size_t y,
                      size_t column) {
  size_t plane = r->height * r->width, at = y * r->width + column;
  if (r->type == PALETTE) {
    uint32_t i = sample(r, row, x);
    if (i >= r->n_palette) return damaged(r, "a pixel lies outside of its palette");
    for (size_t k = 0; k < 3; k++) to[k * plane + at] = r->palette[3 * i + k];
    if (r->transparent) to[3 * plane + at] = r->alpha[i];
    return true;
  }
  bool clear = r->transparent;
  for (size_t k = 0; k < r->samples; k++) {
    uint32_t v = sample(r, row, x * r->samples + k);
    to[k * plane + at] = to_byte(r, v);
    clear = clear && v == r->clear[k < 3 ? k : 2];
  }
  if (r->transparent) to[r->samples * plane + at] = clear ? 0 : 255;
  return true;
}

/* The pixels of one pass: every dx-th column from x0 on of every dy-th line from y0 on. */
static bool read_pass(reader *r, unsigned char *to, unsigned char *rows, const size_t pass[4]) {
  size_t x0 = pass[0], y0 = pass[1], dx = pass[2], dy = pass[3];
  if (x0 >= r->width || y0 >= r->height) return true;
  size_t n = (r->width - x0 + dx - 1) / dx, bytes = (n * r->samples * (size_t)r->depth + 7) / 8;
  unsigned char *row = rows, *above = rows + bytes + 1;
  memset(above, 0, bytes + 1);
  for (size_t y = y0; y < r->height; y += dy) {
    if (!inflate_to(r, row, bytes + 1) || !unfilter(r, row[0], row + 1, above + 1, bytes)) return false;
    for (size_t i = 0; i < n; i++)
      if (!put_pixel(r, to, row + 1, i, y, x0 + i * dx)) return false;
    unsigned char *other = above;
    above = row;
    row = other;
  }
  return true;
}

/* After the last pixel: the stream's checksum, then no more pixels, then the file's end. */
static bool read_end(reader *r) {
  unsigned char more;
  int64_t got = inflate_some(r, &more, 1);
  if (got < 0) return false;
  if (got > 0) return damaged(r, "it goes on after its pixels");
  r->p += 4;
  chunk c;
  do {
    if (!next_chunk(r, &c)) return false;
  } while (!is(&c, "IEND"));
  return true;
}

static bool read_pixels(reader *r, unsigned char *to, unsigned char *rows) {
  static const size_t whole[1][4] = {{0, 0, 1, 1}};
  static const size_t adam7[7][4] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                     {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
  int passes = r->interlaced ? 7 : 1;
  for (int i = 0; i < passes; i++)
    if (!read_pass(r, to, rows, r->interlaced ? adam7[i] : whole[i])) return false;
  return read_end(r);
}

static void *take(void *ctx, unsigned n, unsigned size) {
  size_t *p = nn_mem_alloc(ctx, (size_t)n * size + 16);
  if (p == NULL) return NULL;
  *p = (size_t)n * size + 16;
  return (char *)p + 16;
}

static void give(void *ctx, void *p) {
  size_t *block = (size_t *)(void *)((char *)p - 16);
  nn_mem_free(ctx, block, *block);
}

nn_tensor *nn_png_decode(nn_ctx *ctx, const char *path, const unsigned char *data, size_t n,
                         size_t max_bytes) {
  reader r = {.ctx = ctx, .path = path, .p = data, .end = data + n, .max_bytes = max_bytes};
  if (!read_preamble(&r)) return NULL;
  size_t row = (r.width * r.samples * (size_t)r.depth + 7) / 8 + 1;
  if (r.width <= max_bytes && r.height > ((size_t)(r.end - r.p) + 64) * MAX_RATIO / row + 8)
    return truncated(&r), NULL; /* so few bytes cannot hold so many pixels */
  nn_tensor *t = nn_picture_new(ctx, path, r.channels, r.height, r.width, max_bytes);
  if (t == NULL) return NULL;
  r.z.zalloc = take;
  r.z.zfree = give;
  r.z.opaque = ctx;
  unsigned char *rows = nn_mem_alloc(ctx, 2 * row);
  bool ok = rows != NULL;
  if (ok && inflateInit(&r.z) != Z_OK) {
    ok = false;
    if (nn_error_code(ctx) == 0) nn_fail(ctx, "out of memory");
  } else if (ok) {
    ok = read_pixels(&r, nn_data(t), rows);
    inflateEnd(&r.z);
  }
  if (rows != NULL) nn_mem_free(ctx, rows, 2 * row);
  if (ok) return t;
  nn_release(t);
  return NULL;
}

/* ---- writing ---------------------------------------------------------------------------------------- */

static void put32(unsigned char *p, uint32_t v) {
  for (int i = 0; i < 4; i++) p[i] = (unsigned char)(v >> (24 - 8 * i));
}

static bool add_chunk(nn_buffer *b, const char *type, const void *data, size_t n) {
  unsigned char head[8], tail[4];
  put32(head, (uint32_t)n);
  memcpy(head + 4, type, 4);
  uLong crc = crc32(crc32(0, NULL, 0), head + 4, 4);
  if (n > 0) crc = crc32(crc, data, (unsigned)n);
  put32(tail, (uint32_t)crc);
  return nn_buffer_add(b, head, 8) && nn_buffer_add(b, data, n) && nn_buffer_add(b, tail, 4);
}

/* The row under a filter; returns the sum of its absolute values, by which filters are compared. */
static uint64_t apply_filter(int filter, const unsigned char *row, const unsigned char *above, size_t n,
                             size_t step, unsigned char *to) {
  uint64_t sum = 0;
  to[0] = (unsigned char)filter;
  for (size_t i = 0; i < n; i++) {
    int left = i >= step ? row[i - step] : 0, up = above[i], corner = i >= step ? above[i - step] : 0;
    int guess = 0;
    switch (filter) {
    case 1: guess = left; break;
    case 2: guess = up; break;
    case 3: guess = (left + up) / 2; break;
    case 4: guess = paeth(left, up, corner); break;
    }
    to[i + 1] = (unsigned char)(row[i] - guess);
    sum += (uint64_t)abs((signed char)to[i + 1]);
  }
  return sum;
}

/* Packs n bytes (the end of the data when `last`) into IDAT chunks. */
static bool deflate_row(nn_buffer *b, z_stream *z, unsigned char *data, size_t n, bool last) {
  unsigned char out[1 << 15];
  z->next_in = data;
  z->avail_in = (unsigned)n;
  int code;
  do {
    z->next_out = out;
    z->avail_out = sizeof out;
    code = deflate(z, last ? Z_FINISH : Z_NO_FLUSH);
    if (code == Z_STREAM_ERROR) return nn_fail(b->ctx, "a picture could not be packed");
    size_t got = sizeof out - z->avail_out;
    if (got > 0 && !add_chunk(b, "IDAT", out, got)) return false;
  } while (z->avail_out == 0 || (last && code != Z_STREAM_END));
  return true;
}

/* space holds the row, the one above, and two filtered ones. */
static bool add_rows(nn_buffer *b, z_stream *z, const nn_pixels *p, unsigned char *space) {
  size_t n = p->width * p->channels;
  unsigned char *row = space, *above = row + n, *best = above + n, *tried = best + n + 1;
  memset(above, 0, n);
  for (size_t y = 0; y < p->height; y++) {
    if (nn_interrupted()) return nn_fail_code(b->ctx, NN_ERR_INTERRUPT, "interrupted");
    nn_pixels_row(p, y, row);
    uint64_t least = UINT64_MAX;
    for (int filter = 0; filter < 5; filter++) {
      uint64_t sum = apply_filter(filter, row, above, n, p->channels, tried);
      if (sum >= least) continue;
      least = sum;
      unsigned char *other = best;
      best = tried;
      tried = other;
    }
    if (!deflate_row(b, z, best, n + 1, y + 1 == p->height)) return false;
    unsigned char *other = above;
    above = row;
    row = other;
  }
  return true;
}

static bool add_picture(nn_buffer *b, const nn_pixels *p) {
  static const unsigned char types[5] = {0, GREY, GREY_ALPHA, RGB, RGB_ALPHA};
  unsigned char head[13] = {0};
  put32(head, (uint32_t)p->width);
  put32(head + 4, (uint32_t)p->height);
  head[8] = 8;
  head[9] = types[p->channels];
  if (!nn_buffer_add(b, signature, 8) || !add_chunk(b, "IHDR", head, sizeof head)) return false;
  size_t size = 4 * p->width * p->channels + 2;
  unsigned char *space = nn_mem_alloc(b->ctx, size);
  z_stream z = {.zalloc = take, .zfree = give, .opaque = b->ctx};
  bool ok = space != NULL;
  if (ok && deflateInit(&z, 6) != Z_OK) {
    ok = false;
    if (nn_error_code(b->ctx) == 0) nn_fail(b->ctx, "out of memory");
  } else if (ok) {
    ok = add_rows(b, &z, p, space);
    deflateEnd(&z);
  }
  if (space != NULL) nn_mem_free(b->ctx, space, size);
  return ok && add_chunk(b, "IEND", NULL, 0);
}

bool nn_png_encode(nn_buffer *b, const nn_tensor *t) {
  nn_pixels p;
  if (!nn_pixels_of(&p, t, "a PNG file", 4)) return false;
  bool ok = add_picture(b, &p);
  nn_release(p.dense);
  return ok;
}
