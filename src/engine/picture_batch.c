/* picture_batch.c - pictures read from many files. A step may run on any thread, so each file is decoded in a
 * context of its own, and what goes to the owner lies in tensors made before or in plain memory. */
#include "picture_batch.h"

#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "picture.h"
#include "warp.h"

typedef struct entry {
  char *path;
  unsigned char *bytes; /* the picture, where there is no tensor for it */
  int64_t shape[3];
} entry;

struct nn_picture_batch {
  entry *entries;
  int64_t count, channels, height, width;
  size_t max_bytes;
  nn_tensor *out; /* NULL: pictures stay as they are */
};

static void drop(void *arg) {
  nn_picture_batch *b = arg;
  for (int64_t i = 0; b->entries != NULL && i < b->count; i++) {
    free(b->entries[i].path);
    free(b->entries[i].bytes);
  }
  free(b->entries);
  nn_release(b->out);
  free(b);
}

/* ---- one file --------------------------------------------------------------------------------------- */

static nn_tensor *decode(nn_ctx *ctx, const char *path, size_t max_bytes) {
  nn_buffer file = {.ctx = ctx};
  nn_tensor *t = NULL;
  if (nn_buffer_read(&file, path, max_bytes)) t = nn_picture_decode(ctx, path, file.data, file.n, max_bytes);
  nn_buffer_free(&file);
  return t;
}

/* The bytes [C, H, W] as floats 0..1 with 1 or 3 channels. */
static void to_floats(const unsigned char *from, int64_t has, int64_t plane, int64_t channels, float *to) {
  int64_t colours = has >= 3 ? 3 : 1;
  if (colours == 3 && channels == 1) {
    for (int64_t i = 0; i < plane; i++)
      to[i] = 0.299F * ((float)from[i] / 255) + 0.587F * ((float)from[plane + i] / 255) +
              0.114F * ((float)from[2 * plane + i] / 255);
    return;
  }
  for (int64_t c = 0; c < channels; c++)
    for (int64_t i = 0; i < plane; i++)
      to[c * plane + i] = (float)from[(colours == 3 ? c : 0) * plane + i] / 255;
}

/* The picture as floats, brought to the size of the batch. */
static bool store(const nn_picture_batch *b, nn_ctx *ctx, nn_tensor *t, int64_t item) {
  int64_t h = nn_size(t, 1), w = nn_size(t, 2);
  float *to = (float *)nn_data(b->out) + item * b->channels * b->height * b->width;
  if (h == b->height && w == b->width) {
    to_floats(nn_data(t), nn_size(t, 0), h * w, b->channels, to);
    return true;
  }
  int64_t shape[3] = {b->channels, h, w};
  nn_tensor *floats = nn_empty(ctx, NN_FLOAT32, 3, shape);
  if (floats == NULL) return false;
  to_floats(nn_data(t), nn_size(t, 0), h * w, b->channels, nn_data(floats));
  double sy = (double)h / (double)b->height, sx = (double)w / (double)b->width;
  double map[6] = {sx, 0, sx / 2 - 0.5, 0, sy, sy / 2 - 0.5};
  nn_warp_options o = {.height = b->height, .width = b->width, .bilinear = true, .border = NN_BORDER_EDGE};
  nn_warp_floats(nn_data(floats), b->channels, h, w, map, &o, to);
  nn_release(floats);
  return true;
}

static bool keep(entry *e, nn_tensor *t) {
  free(e->bytes); /* of an attempt that was interrupted */
  e->bytes = malloc((size_t)nn_numel(t));
  if (e->bytes == NULL) return false;
  memcpy(e->bytes, nn_data(t), (size_t)nn_numel(t));
  memcpy(e->shape, nn_shape(t), sizeof e->shape);
  return true;
}

static bool read_item(void *arg, int64_t item, nn_fault *fault) {
  nn_picture_batch *b = arg;
  nn_ctx *ctx = nn_ctx_new();
  if (ctx == NULL) return false;
  nn_tensor *t = decode(ctx, b->entries[item].path, b->max_bytes);
  bool ok = t != NULL && (b->out != NULL ? store(b, ctx, t, item) : keep(&b->entries[item], t));
  nn_release(t);
  if (nn_error_code(ctx) != NN_OK) {
    fault->code = nn_error_code(ctx);
    strncpy(fault->text, nn_error_text(ctx), sizeof fault->text - 1);
    fault->text[sizeof fault->text - 1] = '\0';
  }
  nn_ctx_free(ctx);
  return ok;
}

/* ---- the batch -------------------------------------------------------------------------------------- */

static bool copy_paths(nn_picture_batch *b, const char *const *paths) {
  b->entries = calloc((size_t)b->count + 1, sizeof *b->entries);
  for (int64_t i = 0; b->entries != NULL && i < b->count; i++)
    if ((b->entries[i].path = strdup(paths[i])) == NULL) return false;
  return b->entries != NULL;
}

nn_picture_batch *nn_picture_batch_new(nn_work *work, nn_ctx *ctx, const char *const *paths, int64_t count,
                                       int64_t channels, int64_t height, int64_t width, size_t max_bytes) {
  nn_picture_batch *b = calloc(1, sizeof *b);
  if (b != NULL) {
    *b = (nn_picture_batch){
        .count = count, .channels = channels, .height = height, .width = width, .max_bytes = max_bytes};
    int64_t shape[4] = {count, channels, height, width};
    bool ok = copy_paths(b, paths);
    if (ok && height > 0) ok = (b->out = nn_empty(ctx, NN_FLOAT32, 4, shape)) != NULL;
    if (ok) {
      if (nn_work_add(work, read_item, drop, b, count)) return b;
    } else {
      drop(b);
    }
  }
  if (nn_error_code(ctx) == NN_OK) nn_fail_code(ctx, NN_ERR_MEMORY, "out of memory");
  return NULL;
}

nn_tensor *nn_picture_batch_tensor(const nn_picture_batch *batch) { return batch->out; }

nn_tensor *nn_picture_batch_take(nn_picture_batch *batch, nn_ctx *ctx, int64_t i) {
  const entry *e = &batch->entries[i];
  nn_tensor *t = nn_empty(ctx, NN_UINT8, 3, e->shape);
  if (t != NULL) memcpy(nn_data(t), e->bytes, (size_t)nn_numel(t));
  return t;
}
