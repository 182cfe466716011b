// Max, average and adaptive average pooling. A row of outputs is made by one pass over the row for each
// position of the window, clipped to the outputs whose window has it inside the plane; 2 x 2 windows side by
// side have loops of their own.
#include "pool.h"

#include <math.h>

#include "interrupt.h"
#include "parallel.h"
#include "simd.h"

static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Outputs of a row that are worked on together: their running results stay in the first-level cache.
enum { CHUNK = 512 };

// The outputs lo <= j < hi, within j0 .. j1 - 1, whose source j * stride + at lies in 0 .. size - 1.
struct span {
  int64_t lo, hi;
};

static struct span clip_span(int64_t at, int64_t stride, int64_t size, int64_t j0, int64_t j1) {
  int64_t lo = at < 0 ? ceil_div(-at, stride) : 0;
  int64_t hi = at < size ? ceil_div(size - at, stride) : 0;
  return (struct span){max64(lo, j0), min64(hi, j1)};
}

// The first kernel position that lies in the plane for the output at i, or kernel if none does.
static int64_t first_inside(int64_t i, int64_t kernel, int64_t stride, int64_t pad, int64_t dil,
                            int64_t size) {
  int64_t at = i * stride - pad, r = at < 0 ? ceil_div(-at, dil) : 0;
  return r < kernel && at + r * dil < size ? r : kernel;
}

// Rows or columns first .. end - 1 of an average's window, and how many count in the divisor.
struct window {
  int64_t first, end, counted;
};

static struct window average_window(int64_t i, int64_t kernel, int64_t stride, int64_t pad, int64_t size,
                                    bool include_pad) {
  int64_t first = i * stride - pad, end = min64(first + kernel, size + pad), padded = end - first;
  first = max64(first, 0);
  end = min64(end, size);
  return (struct window){first, max64(end, first), include_pad ? padded : end - first};
}

static struct window adaptive_window(int64_t i, int64_t size, int64_t out) {
  int64_t first = i * size / out, end = ceil_div((i + 1) * size, out);
  return (struct window){first, end, end - first};
}

// Planes a thread should have at least, so that it has some thousand numbers to look at.
static int64_t plane_grain(int64_t work) { return ceil_div(8192, work + 1); }

// What numbers go through before max pooling.
enum { AS_IS = 0, RELU = 1, AFFINE = 2 };

#include "real_f32.h"
#include "pool_max_impl.h"
#include "pool_avg_impl.h"
#include "real_f64.h"
#include "pool_max_impl.h"
#include "pool_avg_impl.h"

const struct nn_pool_kernels NN_KERNEL(nn_pool) = {
    .max_forward = {[NN_FLOAT32] = max_forward_f32, [NN_FLOAT64] = max_forward_f64},
    .max_backward = {[NN_FLOAT32] = max_backward_f32, [NN_FLOAT64] = max_backward_f64},
    .avg_forward = {[NN_FLOAT32] = avg_forward_f32, [NN_FLOAT64] = avg_forward_f64},
    .avg_backward = {[NN_FLOAT32] = avg_backward_f32, [NN_FLOAT64] = avg_backward_f64},
    .adaptive_avg_forward = {[NN_FLOAT32] = adaptive_forward_f32, [NN_FLOAT64] = adaptive_forward_f64},
    .adaptive_avg_backward = {[NN_FLOAT32] = adaptive_backward_f32, [NN_FLOAT64] = adaptive_backward_f64},
};
