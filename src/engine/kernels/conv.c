// The convolution kernels' table: chooses the method by shape. The methods stand in conv_*.c and winograd.c.
#include "conv_methods.h"

// Winograd's transforms pay with enough channels to share them and with images that fill its tiles.
static bool wants_winograd(const struct nn_conv_desc *d) {
  int64_t cg = d->c / d->groups, kg = d->k / d->groups;
  return cg >= 12 && kg >= 12 && d->ho >= 6 && d->wo >= 9 && cg * kg <= 512 * 512;
}

// What Winograd's method can do: 3 x 3 kernels where every output sees some of the input and the other way
// round, for what sees nothing must be exactly 0.
static bool takes_winograd(const struct nn_conv_desc *d, nn_dtype dtype) {
  bool empty = d->n == 0 || d->c == 0 || d->k == 0 || d->ho <= 0 || d->wo <= 0 || d->h == 0 || d->w == 0;
  bool form =
      d->r == 3 && d->s == 3 && d->stride_h == 1 && d->stride_w == 1 && d->dil_h == 1 && d->dil_w == 1;
  bool rows = d->pad_h <= 2 && d->ho <= d->h + d->pad_h && d->ho >= d->h + d->pad_h - 2;
  bool cols = d->pad_w <= 2 && d->wo <= d->w + d->pad_w && d->wo >= d->w + d->pad_w - 2;
  return dtype == NN_FLOAT32 && !empty && form && rows && cols;
}

static enum nn_conv_method choose(const struct nn_conv_desc *d, nn_dtype dtype, enum nn_conv_pass pass) {
  (void)pass;
  if (d->method == NN_CONV_NAIVE) return NN_CONV_NAIVE;
  if (takes_winograd(d, dtype) &&
      (d->method == NN_CONV_WINOGRAD || (d->method == NN_CONV_AUTO && wants_winograd(d))))
    return NN_CONV_WINOGRAD;
  return NN_CONV_GEMM;
}

static size_t workspace(const struct nn_conv_desc *d, nn_dtype dtype, enum nn_conv_pass pass) {
  bool single = dtype == NN_FLOAT32;
  switch (choose(d, dtype, pass)) {
  case NN_CONV_NAIVE: return 0;
  case NN_CONV_WINOGRAD: return NN_KERNEL(nn_conv_winograd_workspace_f32)(d, pass);
  default:
    return single ? NN_KERNEL(nn_conv_gemm_workspace_f32)(d, pass)
                  : NN_KERNEL(nn_conv_gemm_workspace_f64)(d, pass);
  }
}

static bool forward_f32(const struct nn_conv_desc *d, const void *x, const void *w, const void *bias,
                        unsigned flags, void *y, void *ws) {
  switch (choose(d, NN_FLOAT32, NN_CONV_FORWARD)) {
  case NN_CONV_NAIVE: return NN_KERNEL(nn_conv_naive_forward_f32)(d, x, w, bias, flags, y, ws);
  case NN_CONV_WINOGRAD: return NN_KERNEL(nn_conv_winograd_forward_f32)(d, x, w, bias, flags, y, ws);
  default: return NN_KERNEL(nn_conv_gemm_forward_f32)(d, x, w, bias, flags, y, ws);
  }
}

static bool forward_f64(const struct nn_conv_desc *d, const void *x, const void *w, const void *bias,
                        unsigned flags, void *y, void *ws) {
  switch (choose(d, NN_FLOAT64, NN_CONV_FORWARD)) {
  case NN_CONV_NAIVE: return NN_KERNEL(nn_conv_naive_forward_f64)(d, x, w, bias, flags, y, ws);
  default: return NN_KERNEL(nn_conv_gemm_forward_f64)(d, x, w, bias, flags, y, ws);
  }
}

static bool input_grad_f32(const struct nn_conv_desc *d, const void *dy, const void *w, void *dx, void *ws) {
  switch (choose(d, NN_FLOAT32, NN_CONV_INPUT_GRAD)) {
  case NN_CONV_NAIVE: return NN_KERNEL(nn_conv_naive_input_grad_f32)(d, dy, w, dx, ws);
  case NN_CONV_WINOGRAD: return NN_KERNEL(nn_conv_winograd_input_grad_f32)(d, dy, w, dx, ws);
  default: return NN_KERNEL(nn_conv_gemm_input_grad_f32)(d, dy, w, dx, ws);
  }
}

static bool input_grad_f64(const struct nn_conv_desc *d, const void *dy, const void *w, void *dx, void *ws) {
  switch (choose(d, NN_FLOAT64, NN_CONV_INPUT_GRAD)) {
  case NN_CONV_NAIVE: return NN_KERNEL(nn_conv_naive_input_grad_f64)(d, dy, w, dx, ws);
  default: return NN_KERNEL(nn_conv_gemm_input_grad_f64)(d, dy, w, dx, ws);
  }
}

static bool weight_grad_f32(const struct nn_conv_desc *d, const void *x, const void *dy, void *dw, void *db,
                            void *ws) {
  switch (choose(d, NN_FLOAT32, NN_CONV_WEIGHT_GRAD)) {
  case NN_CONV_NAIVE: return NN_KERNEL(nn_conv_naive_weight_grad_f32)(d, x, dy, dw, db, ws);
  case NN_CONV_WINOGRAD: return NN_KERNEL(nn_conv_winograd_weight_grad_f32)(d, x, dy, dw, db, ws);
  default: return NN_KERNEL(nn_conv_gemm_weight_grad_f32)(d, x, dy, dw, db, ws);
  }
}

static bool weight_grad_f64(const struct nn_conv_desc *d, const void *x, const void *dy, void *dw, void *db,
                            void *ws) {
  switch (choose(d, NN_FLOAT64, NN_CONV_WEIGHT_GRAD)) {
  case NN_CONV_NAIVE: return NN_KERNEL(nn_conv_naive_weight_grad_f64)(d, x, dy, dw, db, ws);
  default: return NN_KERNEL(nn_conv_gemm_weight_grad_f64)(d, x, dy, dw, db, ws);
  }
}

const struct nn_conv_kernels NN_KERNEL(nn_conv) = {
    .forward = {[NN_FLOAT32] = forward_f32, [NN_FLOAT64] = forward_f64},
    .input_grad = {[NN_FLOAT32] = input_grad_f32, [NN_FLOAT64] = input_grad_f64},
    .weight_grad = {[NN_FLOAT32] = weight_grad_f32, [NN_FLOAT64] = weight_grad_f64},
    .workspace = workspace,
    .method = choose,
};
