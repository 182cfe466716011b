// Convolution with one input channel a group, directly: each plane of the input is copied once into a padded
// buffer that stays in the cache, and every kernel position is then a whole-vector multiply-add at an offset.
//   forward        y = sum over taps of w[tap] * padded x
//   input_grad     the same over dy, its pixels a stride apart and zeros between them, with the kernel turned;
//                  for large strides dy is scattered into a padded dx
//   weight_grad    dw[tap] = sum over pixels of dy * padded x; a thread has its own channels and goes through
//                  all images
// The usual kernels and strides have loops of their own (conv_depthwise_near.h).
#include "conv_methods.h"

#include "interrupt.h"
#include "parallel.h"
#include "simd.h"

// The geometry of one plane's pass: outputs, kernel, and the padded source that they see.
struct plane {
  int64_t h, w;   // source
  int64_t ho, wo; // outputs
  int64_t r, s, stride_h, stride_w, dil_h, dil_w;
  int64_t top, left; // padding before the source; negative: so much of it is not seen
  int64_t rows, ld;  // of the padded source; a row has room for whole vectors of outputs
  int64_t apart_h, apart_w; // of the source's pixels where the kernel sees them
};

static struct plane plane_make(int64_t h, int64_t w, int64_t ho, int64_t wo, const struct nn_conv_desc *d,
                               int64_t lanes) {
  struct plane p = {.h = h,
                    .w = w,
                    .ho = ho,
                    .wo = wo,
                    .r = d->r,
                    .s = d->s,
                    .stride_h = d->stride_h,
                    .stride_w = d->stride_w,
                    .dil_h = d->dil_h,
                    .dil_w = d->dil_w,
                    .top = d->pad_h,
                    .left = d->pad_w,
                    .apart_h = 1,
                    .apart_w = 1};
  p.rows = (ho - 1) * p.stride_h + (p.r - 1) * p.dil_h + 1;
  p.ld = (wo + lanes) * p.stride_w + (p.s - 1) * p.dil_w + lanes;
  return p;
}

// The gradient of the input as a forward pass over dy with stride 1.
static struct plane plane_turned(const struct nn_conv_desc *d, int64_t lanes) {
  struct nn_conv_desc e = *d;
  e.stride_h = e.stride_w = 1;
  struct plane p = plane_make(d->ho, d->wo, d->h, d->w, &e, lanes);
  p.top = (d->r - 1) * d->dil_h - d->pad_h;
  p.left = (d->s - 1) * d->dil_w - d->pad_w;
  p.apart_h = d->stride_h;
  p.apart_w = d->stride_w;
  return p;
}

// Zeros cost as much as pixels: where they are many, dy is scattered instead.
static bool plane_scatters(const struct nn_conv_desc *d) { return d->stride_h * d->stride_w > 4; }

// Planes that a thread should have at least.
static int64_t plane_grain(const struct nn_conv_desc *d) {
  return 1 + 4000 / (d->ho * d->wo * d->r * d->s + 1);
}

#include "conv_depthwise_near.h"

#include "real_f32.h"
#include "runs_impl.h"
#include "conv_depthwise_impl.h"
#include "real_f64.h"
#include "runs_impl.h"
#include "conv_depthwise_impl.h"
