/* idx.c - the IDX format (the MNIST family's), plain or gzipped: two zero bytes, an element type, the number
 * of dimensions, the sizes and the elements, all big-endian. */
#include "idx.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "internal.h"
#include "interrupt.h"
#include "replace.h"

enum { CHUNK = 1 << 20 };

typedef struct reader {
  nn_ctx *ctx;
  const char *path;
  gzFile file; /* reads plain files as they are */
} reader;

/* Reads exactly n bytes. */
static bool read_all(reader *r, void *to, size_t n) {
  char *p = to;
  while (n > 0) {
    if (nn_interrupted()) return nn_fail_code(r->ctx, NN_ERR_INTERRUPT, "interrupted");
    int got = gzread(r->file, p, n < CHUNK ? (unsigned)n : CHUNK);
    if (got <= 0) {
      int code = 0;
      const char *text = gzerror(r->file, &code);
      if (got < 0 && code != Z_BUF_ERROR) return nn_fail(r->ctx, "'%s' is damaged: %s", r->path, text);
      return nn_fail(r->ctx, "'%s' is truncated: %zu bytes are missing", r->path, n);
    }
    p += got;
    n -= (size_t)got;
  }
  return true;
}

/* Nothing may follow; reading on also checks the sum at the end of a gzipped file. */
static bool at_end(reader *r) {
  char more;
  int got = gzread(r->file, &more, 1), code = 0;
  if (got > 0) return nn_fail(r->ctx, "'%s' goes on after the data that its header announces", r->path);
  const char *text = gzerror(r->file, &code);
  if (code == Z_BUF_ERROR) return nn_fail(r->ctx, "'%s' is truncated: its end is missing", r->path);
  if (got < 0) return nn_fail(r->ctx, "'%s' is damaged: %s", r->path, text);
  return true;
}

static uint64_t big_endian(const unsigned char *p, size_t size) {
  uint64_t v = 0;
  for (size_t i = 0; i < size; i++) v = v << 8 | p[i];
  return v;
}

static void store(nn_tensor *t, int64_t at, int type, uint64_t bits) {
  void *data = nn_data(t);
  uint32_t low = (uint32_t)bits;
  switch (type) {
  case 0x09: ((int64_t *)data)[at] = (int8_t)(uint8_t)low; break;
  case 0x0B: ((int64_t *)data)[at] = (int16_t)(uint16_t)low; break;
  case 0x0C: ((int64_t *)data)[at] = (int32_t)low; break;
  case 0x0D: memcpy((float *)data + at, &low, sizeof low); break;
  default: memcpy((double *)data + at, &bits, sizeof bits); break;
  }
}

static bool read_elements(reader *r, nn_tensor *t, int type, size_t size) {
  int64_t n = nn_numel(t), done = 0;
  if (type == 0x08) return read_all(r, nn_data(t), (size_t)n);
  unsigned char *chunk = nn_scratch(r->ctx, CHUNK);
  bool ok = chunk != NULL;
  while (ok && done < n) {
    int64_t some = n - done < (int64_t)(CHUNK / size) ? n - done : (int64_t)(CHUNK / size);
    ok = read_all(r, chunk, (size_t)some * size);
    for (int64_t i = 0; ok && i < some; i++)
      store(t, done + i, type, big_endian(chunk + (size_t)i * size, size));
    done += some;
  }
  nn_scratch_free(r->ctx, chunk, CHUNK);
  return ok;
}

/* Element types: their size in the file and what they become; size 0: no such type. */
static size_t element(int type, nn_dtype *dtype) {
  switch (type) {
  case 0x08: *dtype = NN_UINT8; return 1;
  case 0x09: *dtype = NN_INT64; return 1;
  case 0x0B: *dtype = NN_INT64; return 2;
  case 0x0C: *dtype = NN_INT64; return 4;
  case 0x0D: *dtype = NN_FLOAT32; return 4;
  case 0x0E: *dtype = NN_FLOAT64; return 8;
  default: return 0;
  }
}

static bool too_big(reader *r, size_t max_bytes) {
  return nn_fail(r->ctx, "'%s' holds more than max_bytes = %zu bytes", r->path, max_bytes);
}

static nn_tensor *read_array(reader *r, size_t max_bytes) {
  unsigned char head[4], sizes[4 * NN_MAX_DIMS];
  int64_t shape[NN_MAX_DIMS];
  nn_dtype dtype = NN_UINT8;
  if (!read_all(r, head, sizeof head)) return NULL;
  size_t size = element(head[2], &dtype);
  int ndim = head[3];
  if (head[0] != 0 || head[1] != 0 || size == 0) {
    nn_fail(r->ctx, "'%s' is not an IDX file: it begins with %02x %02x %02x %02x", r->path, head[0], head[1],
            head[2], head[3]);
    return NULL;
  }
  if (ndim < 1 || ndim > NN_MAX_DIMS) {
    nn_fail(r->ctx, "'%s' has %d dimensions; 1 to %d can be read", r->path, ndim, NN_MAX_DIMS);
    return NULL;
  }
  if (!read_all(r, sizes, 4 * (size_t)ndim)) return NULL;
  uint64_t bytes = nn_dtype_size(dtype);
  for (int d = 0; d < ndim; d++) {
    uint64_t n = big_endian(sizes + 4 * d, 4);
    shape[d] = (int64_t)n;
    if (n > 0 && bytes > max_bytes / n) return too_big(r, max_bytes), NULL;
    bytes *= n;
  }
  nn_tensor *t = nn_empty(r->ctx, dtype, ndim, shape);
  if (t != NULL && read_elements(r, t, head[2], size) && at_end(r)) return t;
  nn_release(t);
  return NULL;
}

nn_tensor *nn_read_idx(nn_ctx *ctx, const char *path, size_t max_bytes) {
  errno = 0;
  reader r = {.ctx = ctx, .path = path, .file = gzopen(path, "rb")};
  if (r.file == NULL) {
    nn_fail(ctx, "cannot open '%s': %s", path, errno ? strerror(errno) : "out of memory");
    return NULL;
  }
  gzbuffer(r.file, 1 << 18);
  nn_tensor *t = read_array(&r, max_bytes);
  gzclose(r.file);
  return t;
}

/* ---- writing ---------------------------------------------------------------------------------------- */

typedef struct writer {
  nn_replacement file;
  gzFile zip; /* NULL for a plain file */
} writer;

static bool put(writer *w, const void *data, size_t n) {
  if (w->zip == NULL) return nn_replace_write(&w->file, data, n);
  const char *p = data;
  while (n > 0) {
    if (nn_interrupted()) return nn_fail_code(w->file.ctx, NN_ERR_INTERRUPT, "interrupted");
    unsigned some = n < CHUNK ? (unsigned)n : CHUNK;
    if (gzwrite(w->zip, p, some) != (int)some) {
      int reason = errno;
      return nn_fail(w->file.ctx, "cannot write '%s': %s", w->file.path, strerror(reason));
    }
    p += some;
    n -= some;
  }
  return true;
}

static void put_big_endian(unsigned char *to, uint64_t v, size_t size) {
  for (size_t i = 0; i < size; i++) to[i] = (unsigned char)(v >> 8 * (size - 1 - i));
}

/* The bits of element i as they stand in the file; false when an integer does not fit 32 bits. */
static bool element_bits(const nn_tensor *t, int64_t i, uint64_t *bits) {
  const void *data = nn_data(t);
  uint32_t low;
  switch (nn_tensor_dtype(t)) {
  case NN_INT64: {
    int64_t v = ((const int64_t *)data)[i];
    *bits = (uint64_t)v;
    return v >= INT32_MIN && v <= INT32_MAX;
  }
  case NN_FLOAT32:
    memcpy(&low, (const float *)data + i, sizeof low);
    *bits = low;
    return true;
  case NN_FLOAT64: memcpy(bits, (const double *)data + i, sizeof *bits); return true;
  default: *bits = ((const uint8_t *)data)[i]; return true;
  }
}

static bool put_elements(writer *w, const nn_tensor *t, size_t size) {
  unsigned char chunk[8192];
  int64_t n = nn_numel(t);
  size_t used = 0;
  for (int64_t i = 0; i < n; i++) {
    uint64_t bits;
    if (!element_bits(t, i, &bits))
      return nn_fail(w->file.ctx, "element %" PRId64 " does not fit the 32-bit integers of IDX", i + 1);
    put_big_endian(chunk + used, bits, size);
    used += size;
    if (used + 8 > sizeof chunk || i == n - 1) {
      if (!put(w, chunk, used)) return false;
      used = 0;
    }
  }
  return true;
}

static bool put_array(writer *w, const nn_tensor *t) {
  static const unsigned char types[NN_DTYPES] = {
      [NN_BOOL] = 0x08, [NN_UINT8] = 0x08, [NN_INT64] = 0x0C, [NN_FLOAT32] = 0x0D, [NN_FLOAT64] = 0x0E};
  unsigned char head[4 + 4 * NN_MAX_DIMS] = {0, 0, types[nn_tensor_dtype(t)], (unsigned char)nn_ndim(t)};
  nn_dtype as = NN_UINT8;
  size_t size = element(head[2], &as);
  if (nn_ndim(t) < 1) return nn_fail(w->file.ctx, "a 0-dim tensor cannot be written as IDX");
  for (int d = 0; d < nn_ndim(t); d++) {
    if (nn_size(t, d) > UINT32_MAX) return nn_fail(w->file.ctx, "dimension %d is too long for IDX", d + 1);
    put_big_endian(head + 4 + 4 * d, (uint64_t)nn_size(t, d), 4);
  }
  return put(w, head, 4 + 4 * (size_t)nn_ndim(t)) && put_elements(w, t, size);
}

bool nn_write_idx(const nn_tensor *t, const char *path) {
  nn_tensor *dense = nn_contiguous_data((nn_tensor *)(uintptr_t)t);
  if (dense == NULL) return false;
  writer w = {.zip = NULL};
  bool ok = nn_replace_begin(nn_tensor_ctx(t), &w.file, path);
  if (ok) {
    size_t length = strlen(path);
    if (length > 3 && strcmp(path + length - 3, ".gz") == 0) {
      int fd = dup(w.file.fd);
      w.zip = fd < 0 ? NULL : gzdopen(fd, "wb");
      if (w.zip == NULL) {
        ok = nn_fail(w.file.ctx, "cannot write '%s': out of memory", path);
        if (fd >= 0) close(fd);
      }
    }
    ok = ok && put_array(&w, dense);
    if (w.zip != NULL && gzclose(w.zip) != Z_OK && ok) ok = nn_fail(w.file.ctx, "cannot write '%s'", path);
    ok = nn_replace_end(&w.file, ok);
  }
  nn_release(dense);
  return ok;
}
