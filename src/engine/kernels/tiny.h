// Products of matrices so small that packing them, or cutting them into blocks, costs more than the arithmetic.
// Knows nothing of threads.
#ifndef NN_KERNELS_TINY_H
#define NN_KERNELS_TINY_H

#include "gemm.h"

/// The largest ones: elements of op(B), multiply-adds.
enum { NN_TINY_B = 1024, NN_TINY_WORK = 2048 };

static inline bool nn_is_tiny(int64_t m, int64_t n, int64_t k) {
  return m <= NN_TINY_WORK && n <= NN_TINY_B && k <= NN_TINY_B && n * k <= NN_TINY_B && m * n * k <= NN_TINY_WORK;
}

typedef struct {
  void (*f32)(const nn_gemm_args_f32 *args); // m, n, k > 0
} nn_tiny_kernels;

NN_KERNEL_TABLE(nn_tiny_kernels, nn_tiny_table);

#endif
