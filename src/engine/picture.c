/* picture.c - what PNG and JPEG share: buffers, whole files, rows of a picture tensor. */
#include "picture.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "interrupt.h"
#include "replace.h"

/* ---- buffers ---------------------------------------------------------------------------------------- */

static bool reserve(nn_buffer *b, size_t more) {
  if (more <= b->cap - b->n) return true;
  size_t cap = b->cap < 4096 ? 4096 : b->cap;
  while (cap - b->n < more) {
    if (cap > SIZE_MAX / 2) return nn_fail(b->ctx, "out of memory");
    cap *= 2;
  }
  unsigned char *data = nn_mem_alloc(b->ctx, cap);
  if (data == NULL) return false;
  if (b->n > 0) memcpy(data, b->data, b->n);
  if (b->data != NULL) nn_mem_free(b->ctx, b->data, b->cap);
  b->data = data;
  b->cap = cap;
  return true;
}

bool nn_buffer_add(nn_buffer *b, const void *data, size_t n) {
  if (!reserve(b, n)) return false;
  if (n > 0) memcpy(b->data + b->n, data, n);
  b->n += n;
  return true;
}

void nn_buffer_free(nn_buffer *b) {
  if (b->data != NULL) nn_mem_free(b->ctx, b->data, b->cap);
  b->data = NULL;
  b->n = b->cap = 0;
}

bool nn_buffer_read(nn_buffer *b, const char *path, size_t max_bytes) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    int reason = errno;
    return nn_fail(b->ctx, "cannot open '%s': %s", path, strerror(reason));
  }
  struct stat info;
  bool ok = fstat(fd, &info) == 0;
  if (ok && S_ISDIR(info.st_mode)) ok = nn_fail(b->ctx, "'%s' is a directory", path);
  if (ok && S_ISREG(info.st_mode) && info.st_size >= 0 && (uint64_t)info.st_size <= max_bytes)
    ok = reserve(b, (size_t)info.st_size + 1); /* so that one read suffices */
  ssize_t got = 1;
  while (ok && got != 0) {
    if (nn_interrupted()) {
      ok = nn_fail_code(b->ctx, NN_ERR_INTERRUPT, "interrupted");
    } else if (b->n > max_bytes) {
      ok = nn_fail(b->ctx, "'%s' is longer than max_bytes = %zu", path, max_bytes);
    } else if ((ok = reserve(b, 1))) {
      got = read(fd, b->data + b->n, b->cap - b->n);
      int reason = errno;
      if (got > 0) b->n += (size_t)got;
      if (got < 0 && reason != EINTR) ok = nn_fail(b->ctx, "cannot read '%s': %s", path, strerror(reason));
    }
  }
  close(fd);
  return ok;
}

bool nn_buffer_write(const nn_buffer *b, const char *path) {
  nn_replacement file;
  if (!nn_replace_begin(b->ctx, &file, path)) return false;
  return nn_replace_end(&file, nn_replace_write(&file, b->data, b->n));
}

/* ---- tensors ---------------------------------------------------------------------------------------- */

bool nn_pixels_of(nn_pixels *p, const nn_tensor *t, const char *format, size_t max_channels) {
  nn_ctx *ctx = nn_tensor_ctx(t);
  int n = nn_ndim(t);
  p->dense = NULL;
  if (nn_tensor_dtype(t) != NN_UINT8)
    return nn_fail(ctx, "%s holds uint8, got %s", format, nn_dtype_name(nn_tensor_dtype(t)));
  if (n != 2 && n != 3) return nn_fail(ctx, "expected a picture [H, W] or [C, H, W], got %d dimensions", n);
  p->channels = n == 3 ? (size_t)nn_size(t, 0) : 1;
  p->height = (size_t)nn_size(t, n - 2);
  p->width = (size_t)nn_size(t, n - 1);
  if (p->channels < 1 || p->channels > max_channels || (max_channels == 3 && p->channels == 2))
    return nn_fail(ctx, "%s has %s channels, got %zu", format, max_channels == 3 ? "1 or 3" : "1 to 4",
                   p->channels);
  if (p->height < 1 || p->width < 1 || p->height > 65500 || p->width > 65500)
    return nn_fail(ctx, "a picture of %zu x %zu pixels cannot be written: 1 to 65500 each way", p->width,
                   p->height);
  p->dense = nn_contiguous_data((nn_tensor *)(uintptr_t)t);
  if (p->dense == NULL) return false;
  p->data = nn_data(p->dense);
  return true;
}

void nn_pixels_row(const nn_pixels *p, size_t y, unsigned char *row) {
  size_t c = p->channels, w = p->width;
  for (size_t k = 0; k < c; k++) {
    const unsigned char *from = p->data + (k * p->height + y) * w;
    for (size_t x = 0; x < w; x++) row[x * c + k] = from[x];
  }
}

void nn_pixels_set_row(unsigned char *to, size_t channels, size_t height, size_t width, size_t y,
                       const unsigned char *row) {
  for (size_t k = 0; k < channels; k++) {
    unsigned char *line = to + (k * height + y) * width;
    for (size_t x = 0; x < width; x++) line[x] = row[x * channels + k];
  }
}

nn_tensor *nn_picture_new(nn_ctx *ctx, const char *path, size_t channels, size_t height, size_t width,
                          size_t max_bytes) {
  if (width > max_bytes / channels || height > max_bytes / channels / width) {
    nn_fail(ctx, "'%s' holds more than max_bytes = %zu bytes: %zu x %zu pixels", path, max_bytes, width,
            height);
    return NULL;
  }
  int64_t shape[3] = {(int64_t)channels, (int64_t)height, (int64_t)width};
  return nn_empty(ctx, NN_UINT8, 3, shape);
}

nn_tensor *nn_picture_decode(nn_ctx *ctx, const char *path, const unsigned char *data, size_t n,
                             size_t max_bytes) {
  if (n >= 3 && memcmp(data, "\xFF\xD8\xFF", 3) == 0) return nn_jpeg_decode(ctx, path, data, n, max_bytes);
  if (n >= 3 && memcmp(data, "\x89PN", 3) == 0) return nn_png_decode(ctx, path, data, n, max_bytes);
  nn_fail(ctx, "'%s' is neither a PNG nor a JPEG picture", path);
  return NULL;
}
