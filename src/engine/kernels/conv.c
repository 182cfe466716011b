// The convolution kernels' table: chooses the method by shape. The methods stand in conv_*.c and winograd.c.
#include "conv_methods.h"

static enum nn_conv_method choose(const struct nn_conv_desc *d, nn_dtype dtype, enum nn_conv_pass pass) {
  (void)dtype;
  (void)pass;
  if (d->method == NN_CONV_NAIVE) return NN_CONV_NAIVE;
  return NN_CONV_GEMM;
}

static size_t workspace(const struct nn_conv_desc *d, nn_dtype dtype, enum nn_conv_pass pass) {
  bool single = dtype == NN_FLOAT32;
  switch (choose(d, dtype, pass)) {
  case NN_CONV_NAIVE: return 0;
  default:
    return single ? NN_KERNEL(nn_conv_gemm_workspace_f32)(d, pass)
                  : NN_KERNEL(nn_conv_gemm_workspace_f64)(d, pass);
  }
}

static bool forward_f32(const struct nn_conv_desc *d, const void *x, const void *w, const void *bias,
                        unsigned flags, void *y, void *ws) {
  switch (choose(d, NN_FLOAT32, NN_CONV_FORWARD)) {
  case NN_CONV_NAIVE: return NN_KERNEL(nn_conv_naive_forward_f32)(d, x, w, bias, flags, y, ws);
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
