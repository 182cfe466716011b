// Convolution (cross-correlation, as every deep-learning library has it) over contiguous NCHW arrays: forward
// pass, gradient of the input, gradient of weights and bias. Knows no tensors; allocates nothing.
#ifndef NN_KERNELS_CONV_H
#define NN_KERNELS_CONV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dtype.h"
#include "kernel.h"

/// How to compute. AUTO chooses by shape (never by timing); the others are for tests and measurements, and a
/// method that does not cover the shape falls back to DIRECT.
enum nn_conv_method {
  NN_CONV_AUTO,
  NN_CONV_NAIVE,     // the loops that define the result
  NN_CONV_DIRECT,    // products over pixels read where they lie; covers everything
  NN_CONV_DEPTHWISE, // one input channel a group
  NN_CONV_WINOGRAD   // float32, 3 x 3, stride 1, dilation 1
};

/// Sizes of one convolution. Written as a formula, with zeros outside the input:
///   y[n][k][i][j] = bias[k] + sum over c, r, s of w[k][c][r][s] *
///                   x[n][g * C/groups + c][i * stride_h + r * dil_h - pad_h][j * stride_w + s * dil_w -
///                   pad_w]
/// where g = k / (K/groups) and w is [K][C/groups][R][S]. The formula holds for any ho and wo, so padding on
/// the right may differ from pad_h and pad_w (transposed convolution with output_padding, even kernels with
/// 'same'). A 1-d convolution has h = r = stride_h = dil_h = 1 and pad_h = 0. The caller sees to: sizes >= 0,
/// strides, dilations and groups >= 1, pads >= 0, groups divides c and k, and all products of sizes fit in
/// int64_t.
struct nn_conv_desc {
  int64_t n, c, h, w; // input [n][c][h][w]
  int64_t k, r, s;    // output channels, kernel rows and columns
  int64_t ho, wo;     // output [n][k][ho][wo]
  int64_t stride_h, stride_w, pad_h, pad_w, dil_h, dil_w;
  int64_t groups;
  enum nn_conv_method method;
  bool add; // input_grad by Winograd's method: the gradient is added to what dx holds
};

/// Output size along one dimension with the same padding at both ends; <= 0 if the kernel does not fit.
static inline int64_t nn_conv_out_size(int64_t in, int64_t kernel, int64_t stride, int64_t pad, int64_t dil) {
  int64_t span = in + 2 * pad - dil * (kernel - 1) - 1;
  return span < 0 ? 0 : span / stride + 1;
}

enum nn_conv_pass { NN_CONV_FORWARD, NN_CONV_INPUT_GRAD, NN_CONV_WEIGHT_GRAD };

/// Flags of the forward pass.
enum { NN_CONV_RELU = 1 }; // y = max(y, 0); NaN stays NaN

// Table entries are indexed by nn_dtype, NN_FLOAT32 or NN_FLOAT64; pointers are to that type. `workspace` is
// memory of workspace(d, dtype, pass) bytes, of any alignment and content; NULL will do for 0 bytes. The
// number of threads must not change between that call and the use. All return false if interrupted (the
// result is then partly written). Same bits for the same sizes, number of threads and processor.
struct nn_conv_kernels {
  /// y from x, w and bias[k] (or NULL).
  bool (*forward[NN_DTYPES])(const struct nn_conv_desc *d, const void *x, const void *w, const void *bias,
                             unsigned flags, void *y, void *workspace);
  /// dx[n][c][h][w] from dy[n][k][ho][wo] and w. With d describing the convolution that maps the result to
  /// the argument this is also the forward pass of the transposed convolution.
  bool (*input_grad[NN_DTYPES])(const struct nn_conv_desc *d, const void *dy, const void *w, void *dx,
                                void *workspace);
  /// dw (the shape of w) from x and dy, and db[k] = sum of dy unless db is NULL; dw may be NULL as well.
  bool (*weight_grad[NN_DTYPES])(const struct nn_conv_desc *d, const void *x, const void *dy, void *dw,
                                 void *db, void *workspace);
  size_t (*workspace)(const struct nn_conv_desc *d, nn_dtype dtype, enum nn_conv_pass pass);
  /// The method that will be used; never AUTO.
  enum nn_conv_method (*method)(const struct nn_conv_desc *d, nn_dtype dtype, enum nn_conv_pass pass);

  /// forward in float32 with what a batch norm wants to know: of each channel of y the mean and the sum of squared
  /// deviations from it. Only where moments_workspace says so, by not being 0.
  size_t (*moments_workspace)(const struct nn_conv_desc *d);
  bool (*forward_moments)(const struct nn_conv_desc *d, const float *x, const float *w, const float *bias, float *y,
                          float *mean, float *m2, void *workspace);

  /// Convolution and max pooling of 2 x 2 windows side by side in one pass, float32: y[n][k][ho / 2][wo / 2] and
  /// where each maximum was found in its window, a byte 0 .. 3 (pool.h), unless position is NULL; what is pooled is
  /// max(0, .) of the convolution if relu. Only where takes_pooled says so for this pass.
  bool (*takes_pooled)(const struct nn_conv_desc *d, enum nn_conv_pass pass);
  size_t (*pooled_workspace)(const struct nn_conv_desc *d, enum nn_conv_pass pass);
  bool (*pooled)(const struct nn_conv_desc *d, const float *x, const float *w, const float *bias, bool relu, float *y,
                 uint8_t *position, void *workspace);
  /// weight_grad from the gradient dy of y, which counts only where gate (like dy, or NULL) is not <= 0. db may be NULL.
  bool (*pooled_weight_grad)(const struct nn_conv_desc *d, const float *x, const float *dy, const float *gate,
                             const uint8_t *position, float *dw, float *db, void *workspace);
};

// NN_SELECT(nn_conv) is the table for this processor.
NN_KERNEL_TABLE(struct nn_conv_kernels, nn_conv);

#endif
