// Convolution as products over patches that are gathered on the fly, a block of pixels at a time, into a
// buffer that stays in the cache (implicit GEMM). Covers every shape and both float types.
//   forward        y[k][pixels] = w[k][c r s] * patches[c r s][pixels]
//   input_grad     dx has stride_h * stride_w phases of pixels that see the same kernel positions; each is a
//                  forward pass over dy with stride 1 and part of the kernel
//   weight_grad    dw[k][c r s] = sum over pixels of dy[k][pixel] * patches[c r s][pixel], both with pixels
//   along
//                  the vectors, so that nothing is transposed
#include "conv_methods.h"

#include "interrupt.h"
#include "parallel.h"
#include "simd.h"

static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// The source positions along one dimension that output position i sees: i * stride + first + t * step, t <
// count. Kernel positions are kernel_first + t * kernel_step.
struct taps {
  int64_t count, stride, first, step, kernel_first, kernel_step;
};

static struct taps forward_taps(int64_t kernel, int64_t stride, int64_t pad, int64_t dil) {
  return (struct taps){.count = kernel, .stride = stride, .first = -pad, .step = dil, .kernel_step = 1};
}

// Those through which the inputs at phase, phase + stride, ... were seen: r with (phase + pad - r * dil)
// divisible by stride, a progression; input phase + i * stride was seen by output i + (phase + pad - r * dil)
// / stride.
static struct taps phase_taps(int64_t phase, int64_t kernel, int64_t stride, int64_t pad, int64_t dil) {
  struct taps t = {.stride = 1, .kernel_step = 1};
  while (t.kernel_first < kernel && (phase + pad - t.kernel_first * dil) % stride) t.kernel_first++;
  if (t.kernel_first == kernel) return t;
  while (t.kernel_step * dil % stride) t.kernel_step++;
  t.count = ceil_div(kernel - t.kernel_first, t.kernel_step);
  t.first = (phase + pad - t.kernel_first * dil) / stride;
  t.step = -(t.kernel_step * dil / stride);
  return t;
}

// A run of output pixels of one row that lies in a block of columns.
struct segment {
  int64_t image, i, j; // where it starts
  int64_t at, len;     // its place in the block
};

// Cuts the `count` pixels from number q on, of rows of `wo` and images of `ho` rows, into segments.
static int cut_segments(int64_t q, int64_t count, int64_t ho, int64_t wo, struct segment *seg) {
  int segments = 0;
  for (int64_t at = 0; at < count; segments++) {
    int64_t row = (q + at) / wo, j = (q + at) % wo, len = min64(wo - j, count - at);
    seg[segments] = (struct segment){row / ho, row % ho, j, at, len};
    at += len;
  }
  return segments;
}

// Number of leading positions t < len with at + t * stride < 0, and of positions from there on below size.
static void clip(int64_t at, int64_t stride, int64_t size, int64_t len, int64_t *lead, int64_t *inside) {
  int64_t lo = at < 0 ? min64(ceil_div(-at, stride), len) : 0;
  int64_t hi = at < size ? min64(ceil_div(size - at, stride), len) : 0;
  *lead = lo;
  *inside = max64(hi - lo, 0);
}

static void *align64(void *p) { return (void *)(((uintptr_t)p + 63) & ~(uintptr_t)63); }

// Columns of a block, depth of a slice, most rows of the left factor packed at once, and the number of
// elements that it may take.
enum { BLOCK = 128, SLICE = 256, ROWS = 512, PACKED = 4 << 20 };
// weight_grad: pixels, and rows of either factor, in a block.
enum { WBLOCK = 800, WROWS = 128 };
// Most numbers of a band of source rows, which shall stay in the first-level cache.
enum { BAND = 6000 };

// Whether the gradient of the input is better scattered than gathered.
static bool scatters(const struct nn_conv_desc *d) {
  int64_t cg = d->c / d->groups, kg = d->k / d->groups;
  bool strided = d->stride_h > 1 || d->stride_w > 1, few = cg < 8 || (strided ? 2 : 4) * cg <= kg;
  return few && cg <= kg && d->r * d->s > 1 && cg * d->r * d->s * kg <= PACKED;
}

#include "real_f32.h"
#include "micro_impl.h"
#include "runs_impl.h"
#include "conv_gemm_impl.h"
#include "conv_gemm_dw_impl.h"
#include "conv_gemm_dx_impl.h"
#include "conv_gemm_passes_impl.h"
#include "real_f64.h"
#include "micro_impl.h"
#include "runs_impl.h"
#include "conv_gemm_impl.h"
#include "conv_gemm_dw_impl.h"
#include "conv_gemm_dx_impl.h"
#include "conv_gemm_passes_impl.h"
