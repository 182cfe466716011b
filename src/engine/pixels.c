/* pixels.c - what is done to each number of a batch of pictures. */
#include "pixels.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "parallel.h"

enum { SHARE = 1 << 17 }; /* elements worth a thread that may have to be woken */

typedef struct job {
  nn_range_fn fn;
  int64_t n, grain;           /* items of nn_parallel */
  nn_tensor *x, *out, *a, *b; /* references; a and b are parameters, or NULL */
  int64_t channels, plane;    /* plane: elements of one channel */
  int64_t given;              /* channels of x, where the result has more */
  int64_t height, width;
  double value;
} job;

static bool job_run(void *arg, int64_t item, nn_fault *fault) {
  job *j = arg;
  (void)item, (void)fault;
  if (nn_numel(j->out) > 0) nn_parallel(j->n, j->grain, j->fn, j);
  return true;
}

static void job_drop(void *arg) {
  job *j = arg;
  nn_release(j->x);
  nn_release(j->out);
  nn_release(j->a);
  nn_release(j->b);
  free(j);
}

/* A job whose result has this shape; a and b are borrowed. NULL with an error when out of memory. */
static job *job_new(nn_tensor *x, nn_tensor *a, nn_tensor *b, nn_dtype dtype, const int64_t *shape,
                    nn_range_fn fn) {
  nn_ctx *ctx = nn_tensor_ctx(x);
  job *j = calloc(1, sizeof *j);
  if (j == NULL) {
    nn_fail_code(ctx, NN_ERR_MEMORY, "out of memory");
    return NULL;
  }
  j->fn = fn;
  j->x = nn_contiguous_data(x);
  j->a = a ? nn_contiguous_data(a) : NULL;
  j->b = b ? nn_contiguous_data(b) : NULL;
  j->out = nn_empty(ctx, dtype, nn_ndim(x), shape);
  if (j->x != NULL && j->out != NULL && (j->a != NULL || a == NULL) && (j->b != NULL || b == NULL)) return j;
  job_drop(j);
  return NULL;
}

/* Does the job at once or gives it to the work; returns its result. */
static nn_tensor *job_start(nn_work *work, job *j) {
  nn_ctx *ctx = nn_tensor_ctx(j->x);
  nn_tensor *out = nn_retain(j->out);
  if (work == NULL) {
    job_run(j, 0, NULL);
    job_drop(j);
  } else if (!nn_work_add(work, job_run, job_drop, j, 1)) {
    nn_release(out);
    nn_fail_code(ctx, NN_ERR_MEMORY, "out of memory");
    return NULL;
  }
  return out;
}

/* Whether x can be what a step works on. */
static bool check(nn_work *work, nn_tensor *x, int ndim) {
  char text[NN_SHAPE_TEXT];
  if (ndim > 0 && nn_ndim(x) != ndim)
    return nn_fail(nn_tensor_ctx(x), "expected pictures [N, C, H, W], got %s", nn_tensor_shape_text(x, text));
  if (work != NULL && !nn_is_contiguous(x)) return nn_fail(nn_tensor_ctx(x), "expected contiguous pictures");
  return true;
}

/* ---- scaled ----------------------------------------------------------------------------------------- */

#define NORMALIZE(NAME, T)                                                                                   \
  static void NAME(void *arg, int64_t begin, int64_t end, int thread) {                                      \
    const job *j = arg;                                                                                      \
    const T *mean = nn_data(j->a), *std = nn_data(j->b);                                                     \
    (void)thread;                                                                                            \
    for (int64_t i = begin; i < end; i++) {                                                                  \
      int64_t c = i % j->channels;                                                                           \
      T m = mean[nn_numel(j->a) > 1 ? c : 0], s = std[nn_numel(j->b) > 1 ? c : 0];                           \
      int64_t plane = i / j->channels * j->given + (j->given > 1 ? c : 0);                                   \
      const T *from = (const T *)nn_data(j->x) + plane * j->plane;                                           \
      T *to = (T *)nn_data(j->out) + i * j->plane;                                                           \
      for (int64_t k = 0; k < j->plane; k++) to[k] = (from[k] - m) / s;                                      \
    }                                                                                                        \
  }
NORMALIZE(normalize_f32, float)
NORMALIZE(normalize_f64, double)

static bool fits(nn_tensor *x, nn_tensor *t, const char *what) {
  if (nn_tensor_dtype(t) != nn_tensor_dtype(x))
    return nn_fail(nn_tensor_ctx(x), "expected %s of dtype %s", what, nn_dtype_name(nn_tensor_dtype(x)));
  if (nn_numel(t) == 1 || nn_numel(t) == nn_size(x, 1) || (nn_size(x, 1) == 1 && nn_numel(t) > 0))
    return true;
  return nn_fail(nn_tensor_ctx(x), "%s has %" PRId64 " numbers, the pictures have %" PRId64 " channels", what,
                 nn_numel(t), nn_size(x, 1));
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

nn_tensor *nn_pixels_normalize(nn_work *work, nn_tensor *x, nn_tensor *mean, nn_tensor *std) {
  if (x == NULL || mean == NULL || std == NULL || !check(work, x, 4)) return NULL;
  if (!fits(x, mean, "mean") || !fits(x, std, "std")) return NULL;
  bool single = nn_tensor_dtype(x) == NN_FLOAT32;
  if (!single && nn_tensor_dtype(x) != NN_FLOAT64) {
    nn_fail(nn_tensor_ctx(x), "expected floats, got %s", nn_dtype_name(nn_tensor_dtype(x)));
    return NULL;
  }
  int64_t shape[4] = {nn_size(x, 0), larger(nn_size(x, 1), larger(nn_numel(mean), nn_numel(std))),
                      nn_size(x, 2), nn_size(x, 3)};
  job *j = job_new(x, mean, std, nn_tensor_dtype(x), shape, single ? normalize_f32 : normalize_f64);
  if (j == NULL) return NULL;
  j->given = nn_size(x, 1);
  j->channels = shape[1];
  j->plane = shape[2] * shape[3];
  j->n = shape[0] * shape[1];
  j->grain = 1 + SHARE / (j->plane + 1);
  return job_start(work, j);
}

static void bytes_to_floats(void *arg, int64_t begin, int64_t end, int thread) {
  const job *j = arg;
  const uint8_t *from = nn_data(j->x);
  float *to = nn_data(j->out);
  (void)thread;
  for (int64_t i = begin; i < end; i++) to[i] = (float)from[i] / 255;
}

nn_tensor *nn_pixels_floats(nn_work *work, nn_tensor *x) {
  if (x == NULL || !check(work, x, 0)) return NULL;
  if (nn_tensor_dtype(x) != NN_UINT8) {
    nn_fail(nn_tensor_ctx(x), "expected uint8, got %s", nn_dtype_name(nn_tensor_dtype(x)));
    return NULL;
  }
  job *j = job_new(x, NULL, NULL, NN_FLOAT32, nn_shape(x), bytes_to_floats);
  if (j == NULL) return NULL;
  j->n = nn_numel(x);
  j->grain = SHARE;
  return job_start(work, j);
}

/* ---- erased ----------------------------------------------------------------------------------------- */

static int64_t clipped(double v, int64_t most) { return v > 0 ? v < (double)most ? (int64_t)v : most : 0; }

#define ERASE(NAME, T)                                                                                       \
  static void NAME(void *arg, int64_t begin, int64_t end, int thread) {                                      \
    const job *j = arg;                                                                                      \
    int64_t size = j->channels * j->plane;                                                                   \
    (void)thread;                                                                                            \
    for (int64_t i = begin; i < end; i++) {                                                                  \
      const double *box = (const double *)nn_data(j->a) + 4 * i;                                             \
      int64_t top = clipped(box[0], j->height), bottom = clipped(box[0] + box[2], j->height);                \
      int64_t left = clipped(box[1], j->width), right = clipped(box[1] + box[3], j->width);                  \
      T *to = (T *)nn_data(j->out) + i * size;                                                               \
      memcpy(to, (const T *)nn_data(j->x) + i * size, (size_t)size * sizeof(T));                             \
      for (int64_t c = 0; c < j->channels; c++)                                                              \
        for (int64_t y = top; y < bottom; y++)                                                               \
          for (int64_t x = left; x < right; x++) to[c * j->plane + y * j->width + x] = (T)j->value;          \
    }                                                                                                        \
  }
ERASE(erase_f32, float)
ERASE(erase_f64, double)
ERASE(erase_u8, uint8_t)

nn_tensor *nn_pixels_erase(nn_work *work, nn_tensor *x, nn_tensor *boxes, double value) {
  if (x == NULL || boxes == NULL || !check(work, x, 4)) return NULL;
  nn_ctx *ctx = nn_tensor_ctx(x);
  nn_dtype dtype = nn_tensor_dtype(x);
  if (nn_tensor_dtype(boxes) != NN_FLOAT64 || nn_ndim(boxes) != 2 || nn_size(boxes, 0) != nn_size(x, 0) ||
      nn_size(boxes, 1) != 4) {
    nn_fail(ctx, "expected float64 boxes [N, 4]");
    return NULL;
  }
  if (dtype != NN_FLOAT32 && dtype != NN_FLOAT64 && dtype != NN_UINT8) {
    nn_fail(ctx, "expected pictures of floats or bytes, got %s", nn_dtype_name(dtype));
    return NULL;
  }
  if (dtype == NN_UINT8 && !(value >= 0 && value <= 255)) {
    nn_fail(ctx, "a byte is from 0 to 255, got %g", value);
    return NULL;
  }
  job *j = job_new(x, boxes, NULL, dtype, nn_shape(x),
                   dtype == NN_FLOAT32   ? erase_f32
                   : dtype == NN_FLOAT64 ? erase_f64
                                         : erase_u8);
  if (j == NULL) return NULL;
  j->channels = nn_size(x, 1);
  j->height = nn_size(x, 2);
  j->width = nn_size(x, 3);
  j->plane = j->height * j->width;
  j->n = nn_size(x, 0);
  j->grain = 1 + SHARE / (j->channels * j->plane + 1);
  j->value = value;
  return job_start(work, j);
}
