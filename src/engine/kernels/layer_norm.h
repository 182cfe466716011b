// Layer norm of short rows, as many at a time as a vector has lanes. Longer rows are the business of rows.h.
#ifndef NN_KERNELS_LAYER_NORM_H
#define NN_KERNELS_LAYER_NORM_H

#include <stdint.h>

#include "kernel.h"
#include "nn.h"

// The rows that these kernels are for: shorter ones would leave lanes empty, in longer ones partial sums lose digits.
enum { NN_LAYER_NORM_LEAST = 16, NN_LAYER_NORM_MOST = 1024 };

struct nn_layer_norm_kernels {
  // y = (x - mean) rstd gamma + beta of rows [rows][n], 0 < n <= NN_LAYER_NORM_MOST, with their means and
  // 1 / sqrt(variance + eps); gamma or beta may be NULL.
  void (*forward[NN_DTYPES])(int64_t rows, int64_t n, double eps, const void *x, const void *gamma, const void *beta, void *y,
                             void *mean, void *rstd);
  // Gradients for g, that of y: dx written, dgamma and dbeta added to.
  void (*backward[NN_DTYPES])(int64_t rows, int64_t n, const void *g, const void *x, const void *mean, const void *rstd,
                              const void *gamma, void *dx, void *dgamma, void *dbeta);
};

NN_KERNEL_TABLE(struct nn_layer_norm_kernels, nn_layer_norm_table);

#endif
