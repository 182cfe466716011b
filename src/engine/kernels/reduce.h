// Reductions of contiguous runs and of the outer dimension of [outer][inner] blocks, with blocked
// accumulation. Knows no tensors, shapes or threads; the same run gives the same bits on the same instruction
// set.
#ifndef NN_KERNELS_REDUCE_H
#define NN_KERNELS_REDUCE_H

#include "kernels/vmath.h"

// SUM and PROD of int64, bool and uint8 are int64_t (wrapping), SUM_ABS and SUM_SQUARES exist for float32,
// float64 and int64; MAX and MIN have the type of the elements (on bool they are any and all), NaN wins. Of
// an empty run SUM is 0 and PROD is 1; MAX and MIN need n >= 1. Float sums are good to
// a few roundings of the sum of magnitudes whatever n is: chains of additions are short, float goes to double
// early.
enum nn_reduce {
  NN_REDUCE_SUM,
  NN_REDUCE_PROD,
  NN_REDUCE_SUM_SQUARES,
  NN_REDUCE_SUM_ABS,
  NN_REDUCE_MAX,
  NN_REDUCE_MIN,
  NN_REDUCE_COUNT
};
// y[0] = reduction of x[0 .. n-1]
typedef void nn_reduce_run_fn(int64_t n, const void *x, void *y);
// y[j] = reduction over i of x[i * stride + j], i < outer, j < inner; stride in elements.
typedef void nn_reduce_cols_fn(int64_t outer, int64_t inner, const void *x, int64_t stride, void *y);
// y[r] = reduction over i < n of x[r * stride + i]; short rows, many at once.
typedef void nn_reduce_rows_fn(int64_t rows, int64_t n, const void *x, int64_t stride, void *y);
// The position (from 0) of the first maximum or minimum, or of the first NaN; its value goes to *value
// (may be NULL). n >= 1; all element types.
typedef int64_t nn_arg_run_fn(int64_t n, const void *x, void *value);
// The same for columns: index[j] = base + position, value[j] = the extreme. Either may be NULL.
typedef void nn_arg_cols_fn(int64_t outer, int64_t inner, const void *x, int64_t stride, int64_t base,
                            void *value, int64_t *index);

struct nn_reduce_kernels {
  nn_reduce_run_fn *run[NN_REDUCE_COUNT][NN_DTYPES];
  nn_reduce_cols_fn *cols[NN_REDUCE_COUNT][NN_DTYPES];
  // Rows of rows_least[kind] to rows_most numbers; NULL where there is nothing better than `run` for each.
  nn_reduce_rows_fn *rows[NN_REDUCE_COUNT][NN_DTYPES];
  int64_t rows_least[NN_REDUCE_COUNT], rows_most;
  nn_arg_run_fn *argmax[NN_DTYPES], *argmin[NN_DTYPES];
  nn_arg_cols_fn *argmax_cols[NN_DTYPES], *argmin_cols[NN_DTYPES];
  // y[j] = scale * sum over i of x[offset[i] + j], i < count, j < n; float32 and float64.
  void (*picked_sum[NN_DTYPES])(int64_t count, const int64_t *offset, int64_t n, const void *x, double scale, void *y);
  // Typed forms for kernels that call each other.
  float (*sum_f32)(int64_t n, const float *x);
  double (*sum_f64)(int64_t n, const double *x);
  float (*dot_f32)(int64_t n, const float *a, const float *b);
  double (*dot_f64)(int64_t n, const double *a, const double *b);
  int64_t (*dot_i64)(int64_t n, const int64_t *a, const int64_t *b);
  // Two passes: *mean, and *m2 = sum of (x - mean)^2 (divide by n or n - 1 for the variance). n >= 1.
  // Infinity or NaN in x gives NaN in *m2.
  void (*mean_var_f32)(int64_t n, const float *x, float *mean, float *m2);
  void (*mean_var_f64)(int64_t n, const double *x, double *mean, double *m2);
  // Columns: mean[j], m2[j] over i of x[i * stride + j]. outer >= 1.
  void (*mean_var_cols_f32)(int64_t outer, int64_t inner, const float *x, int64_t stride, float *mean,
                            float *m2);
  void (*mean_var_cols_f64)(int64_t outer, int64_t inner, const double *x, int64_t stride, double *mean,
                            double *m2);
};

NN_KERNEL_TABLE(struct nn_reduce_kernels, nn_reduce);

#endif
