// What blas.c asks of the matrix product kernels: one product on the calling thread.
// Knows nothing of threads and OpenBLAS.
#ifndef NN_KERNELS_GEMM_H
#define NN_KERNELS_GEMM_H

#include "../kernel.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/// C = alpha * op(A) * op(B) + beta * C, everything as nn_gemm_f32 has it; then, where they are not NULL, the n numbers of
/// `bias` are added to each row, and those of `add`, which lie as C does; what is <= 0 becomes 0 (relu), and so does an element
/// where the one of `gate`, which lies as C does, is <= 0.
/// turned: C is stored transposed, with ldc >= m, `bias` has m numbers, one for each row of the product, and there is neither
/// add nor gate; m and n are above 4. sums, with ta, if not NULL: becomes what each of op(A)'s m rows adds up to.
#define NN_GEMM_ARGS(T)                                                                                      \
  struct {                                                                                                   \
    bool ta, tb;                                                                                             \
    int64_t m, n, k, lda, ldb, ldc;                                                                          \
    const T *a, *b;                                                                                          \
    T *c;                                                                                                    \
    T alpha, beta;                                                                                           \
    const T *bias, *gate, *add;                                                                              \
    bool relu, turned;                                                                                             \
    T *sums;                                                                                                 \
  }

typedef NN_GEMM_ARGS(float) nn_gemm_args_f32;
typedef NN_GEMM_ARGS(double) nn_gemm_args_f64;

/// A product that several threads make together: its strips of rows, or of columns, are dealt out in contiguous shares. A
/// thread takes those of its own share, a few at a time, and then what is left of the others', so that all end together
/// though one was held up. What is computed doesn't depend on who computes it.
///
/// Or the terms are shared (NN_GEMM_TERMS; ta, not tb): a share is all strips of rows for one piece of the terms. The first
/// piece goes into C, the others into `partial`, [parts - 1][m][n], and what they add up to into `sums`, [parts][m]: for the
/// caller to add. A thread that has to pack another's piece of op(B) for itself leaves the last few strips to the other.
enum { NN_GEMM_PARTS = 64 };
typedef enum { NN_GEMM_ROWS, NN_GEMM_COLUMNS, NN_GEMM_TERMS } nn_gemm_way;
typedef struct {
  int parts;
  nn_gemm_way way;
  void *partial;
  bool last; // nothing is left to others
  struct {
    _Alignas(128) _Atomic int64_t next; // the first that nobody has taken
    int64_t end;
  } share[NN_GEMM_PARTS];
} nn_gemm_team;

/// One product, m, n, k > 0. `scratch` (aligned to 64) holds `bytes`, at least NN_GEMM_SCRATCH_MIN; more of
/// it, up to about half of the level 2 cache, means larger blocks. False if interrupted.
typedef struct {
  bool (*f32)(const nn_gemm_args_f32 *args, void *scratch, int64_t bytes);
  bool (*f64)(const nn_gemm_args_f64 *args, void *scratch, int64_t bytes);
  /// How many strips a team of so many threads would share, each with so much scratch; 0: not possible.
  int64_t (*units_f32)(const nn_gemm_args_f32 *args, int parts, nn_gemm_way way, int64_t bytes);
  int64_t (*units_f64)(const nn_gemm_args_f64 *args, int parts, nn_gemm_way way, int64_t bytes);
  /// One thread's part. False if interrupted.
  bool (*team_f32)(const nn_gemm_args_f32 *args, nn_gemm_team *team, int part, void *scratch, int64_t bytes);
  bool (*team_f64)(const nn_gemm_args_f64 *args, nn_gemm_team *team, int part, void *scratch, int64_t bytes);
} nn_gemm_kernels;

enum { NN_GEMM_SCRATCH_MIN = 32 << 10 };

NN_KERNEL_TABLE(nn_gemm_kernels, nn_gemm_table);

#endif
