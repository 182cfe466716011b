// What blas.c asks of the matrix product kernels: one product on the calling thread.
// Knows nothing of threads and OpenBLAS.
#ifndef NN_KERNELS_GEMM_H
#define NN_KERNELS_GEMM_H

#include "../kernel.h"

#include <stdbool.h>
#include <stdint.h>

/// C = alpha * op(A) * op(B) + beta * C, everything as nn_gemm_f32 has it; then, where they are not NULL, the n numbers of
/// `bias` are added to each row, and an element becomes 0 where the one of `gate`, which lies as C does, is <= 0.
/// turned: C is stored transposed, with ldc >= m, `bias` has m numbers, one for each row of the product, and there is no gate;
/// m and n are above 4.
#define NN_GEMM_ARGS(T)                                                                                      \
  struct {                                                                                                   \
    bool ta, tb;                                                                                             \
    int64_t m, n, k, lda, ldb, ldc;                                                                          \
    const T *a, *b;                                                                                          \
    T *c;                                                                                                    \
    T alpha, beta;                                                                                           \
    const T *bias, *gate;                                                                                    \
    bool turned;                                                                                             \
  }

typedef NN_GEMM_ARGS(float) nn_gemm_args_f32;
typedef NN_GEMM_ARGS(double) nn_gemm_args_f64;

/// One product, m, n, k > 0. `scratch` (aligned to 64) holds `bytes`, at least NN_GEMM_SCRATCH_MIN; more of
/// it, up to about half of the level 2 cache, means larger blocks. False if interrupted.
typedef struct {
  bool (*f32)(const nn_gemm_args_f32 *args, void *scratch, int64_t bytes);
  bool (*f64)(const nn_gemm_args_f64 *args, void *scratch, int64_t bytes);
} nn_gemm_kernels;

enum { NN_GEMM_SCRATCH_MIN = 32 << 10 };

NN_KERNEL_TABLE(nn_gemm_kernels, nn_gemm_table);

#endif
