// Pooling over contiguous planes [planes][h][w], planes being images times channels, with PyTorch's
// definitions. Knows no tensors; allocates nothing.
#ifndef NN_KERNELS_POOL_H
#define NN_KERNELS_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "dtype.h"
#include "kernel.h"

/// Sizes of a max or average pooling. The window of output (i, j) has the rows i * stride_h - pad_h + r *
/// dil_h, r < kernel_h, and columns likewise, so far as they lie within the plane. Pooling in 1-d: h =
/// kernel_h = stride_h = 1. The caller sees to: sizes >= 0, kernels, strides and dilations >= 1, 0 <= pad <=
/// (dil * (kernel - 1) + 1) / 2, and the kernel fits (nn_pool_out_size >= 1).
struct nn_pool_desc {
  int64_t planes, h, w, ho, wo;
  int64_t kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;
  int64_t dil_h, dil_w;     // max pooling only
  bool count_include_pad;   // average: padding counts in the divisor (a window past the padding never does)
  int64_t divisor_override; // average: 0, or what to divide by instead
  // Max pooling where nn_pool_is_pairs and no index is wanted: what x goes through first, max(0, .) and before that
  // x * scale + shift with a number of that type for each of so many channels (plane p being channel p % channels),
  // unless scale is NULL.
  bool relu;
  const void *scale, *shift;
  int64_t channels;
};

/// Whether the windows are 2 x 2 side by side within the plane.
static inline bool nn_pool_is_pairs(const struct nn_pool_desc *d) {
  return d->kernel_h == 2 && d->kernel_w == 2 && d->stride_h == 2 && d->stride_w == 2 && d->pad_h == 0 &&
         d->pad_w == 0 && d->dil_h == 1 && d->dil_w == 1 && 2 * d->ho <= d->h && 2 * d->wo <= d->w;
}

/// Output size along one dimension; in ceil_mode the last window may reach over the end but starts within the
/// input or its left padding. <= 0 if nothing fits.
static inline int64_t nn_pool_out_size(int64_t in, int64_t kernel, int64_t stride, int64_t pad, int64_t dil,
                                       bool ceil_mode) {
  int64_t span = in + 2 * pad - dil * (kernel - 1) - 1 + (ceil_mode ? stride - 1 : 0);
  if (span < 0) return 0;
  int64_t out = span / stride + 1;
  return ceil_mode && (out - 1) * stride >= in + pad ? out - 1 : out;
}

/// Whether a window's positions fit the compact form below: kernel_h * kernel_w <= 255.
static inline bool nn_pool_is_compact(const struct nn_pool_desc *d) {
  return d->kernel_h <= 255 && d->kernel_w <= 255 && d->kernel_h * d->kernel_w <= 255;
}

// Table entries are indexed by nn_dtype, NN_FLOAT32 or NN_FLOAT64; pointers are to that type. False if
// interrupted.
struct nn_pool_kernels {
  /// y[planes][ho][wo] = largest of the window; NaN if one is in it, -infinity if the window is empty. Where
  /// it was found, if wanted (each may be NULL):
  ///   index      row * w + column + 1 within its plane (torch's return_indices, plus 1); 0 for an empty
  ///   window position   r * kernel_w + s within its window, 255 for an empty window; only if
  ///   nn_pool_is_compact
  /// Of several equal ones the first counts, of several NaN the last.
  bool (*max_forward[NN_DTYPES])(const struct nn_pool_desc *d, const void *x, void *y, int64_t *index,
                                 uint8_t *position);
  /// dx[planes][h][w] from dy and either index or position (the other is NULL). With a gate, an array like dy
  /// (the maxima, of what a ReLU gave), dy counts only where the gate is not <= 0: so dx is the gradient of
  /// the ReLU's argument.
  bool (*max_backward[NN_DTYPES])(const struct nn_pool_desc *d, const void *dy, const void *gate,
                                  const int64_t *index, const uint8_t *position, void *dx);
  /// y = sum of the window / divisor (0 if the window is empty), and its gradient.
  bool (*avg_forward[NN_DTYPES])(const struct nn_pool_desc *d, const void *x, void *y);
  bool (*avg_backward[NN_DTYPES])(const struct nn_pool_desc *d, const void *dy, void *dx);
  /// Average over rows floor(i * h / ho) .. ceil((i + 1) * h / ho) - 1 and columns likewise. Only planes and
  /// the sizes of planes are read from d; h and w must not be 0.
  bool (*adaptive_avg_forward[NN_DTYPES])(const struct nn_pool_desc *d, const void *x, void *y);
  bool (*adaptive_avg_backward[NN_DTYPES])(const struct nn_pool_desc *d, const void *dy, void *dx);
};

// NN_SELECT(nn_pool) is the table for this processor.
NN_KERNEL_TABLE(struct nn_pool_kernels, nn_pool);

#endif
