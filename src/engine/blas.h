// Matrix products on the thread team: own kernels, and OpenBLAS, loaded at run time with its best kernel, for
// large ones where it measures as fast or faster (float64, and float32 without AVX-512). Knows nothing of
// tensors; all matrices are row-major.
#ifndef NN_BLAS_H
#define NN_BLAS_H

#include <stdbool.h>
#include <stdint.h>

/// C = alpha * op(A) * op(B) + beta * C with op(A) m x k, op(B) k x n, C m x n, op(X) = X or (ta, tb) X
/// transposed. lda, ldb, ldc are the distances in elements between rows as stored: A is m x k (lda >= k) or,
/// with ta, k x m (lda >= m); likewise B; ldc >= n. beta == 0: C is not read. k == 0 or alpha == 0: C = beta
/// * C, A and B are not read. C must not overlap A or B. False if interrupted (C is then partly written),
/// true otherwise. Same bits for the same shapes, number of threads and processor.
bool nn_gemm_f32(bool ta, bool tb, int64_t m, int64_t n, int64_t k, float alpha, const float *a, int64_t lda,
                 const float *b, int64_t ldb, float beta, float *c, int64_t ldc);
bool nn_gemm_f64(bool ta, bool tb, int64_t m, int64_t n, int64_t k, double alpha, const double *a,
                 int64_t lda, const double *b, int64_t ldb, double beta, double *c, int64_t ldc);

/// What a product goes on with while its tiles are in the cache. bias: n numbers for every row; add: numbers that lie as C does
/// (not C itself); relu: what is <= 0 becomes 0; gate: an element becomes 0 where the one of `gate`, which lies as C does, is <= 0.
/// NULL, false: not.
typedef struct {
  const float *bias, *add;
  bool relu;
  const float *gate;
} nn_ends_f32;
typedef struct {
  const double *bias, *add;
  bool relu;
  const double *gate;
} nn_ends_f64;

/// C = op(A) * op(B), with these ends.
bool nn_gemm_between_f32(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const float *a, int64_t lda, const float *b,
                         int64_t ldb, const nn_ends_f32 *ends, float *c, int64_t ldc);
bool nn_gemm_between_f64(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const double *a, int64_t lda, const double *b,
                         int64_t ldb, const nn_ends_f64 *ends, double *c, int64_t ldc);

/// What the gradient of y = x w^T + b, x [rows][in], w [out][in], is made from, and where it goes; all dense, rows, in and
/// out > 0. A result that is NULL is not wanted.
typedef struct {
  int64_t rows, in, out;
  const float *dy, *x, *w; // of [rows][out]
  float *dx, *dw, *db;     // of the shapes of x, w and b
  const float *gate;       // dx becomes 0 where the number of `gate`, which lies as x does, is <= 0; or NULL
  bool add_dx, add_dw;     // they grow by the gradient (dx then has no gate)
} nn_linear_back;

/// How many floats nn_linear_back_f32 can use beside its results.
int64_t nn_linear_back_room(const nn_linear_back *l);

/// The gradients; *summed: db as well, otherwise that is up to the caller. room: so many floats, or NULL. False if
/// interrupted.
bool nn_linear_back_f32(const nn_linear_back *l, float *room, bool *summed);

/// nn_gemm_* for `batch` products; those of index i start at a + i * stride_a and so on. A stride of 0 for A
/// or B uses the one matrix for all; the results C must not overlap.
bool nn_gemm_batched_f32(bool ta, bool tb, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                         int64_t lda, int64_t stride_a, const float *b, int64_t ldb, int64_t stride_b,
                         float beta, float *c, int64_t ldc, int64_t stride_c, int64_t batch);
bool nn_gemm_batched_f64(bool ta, bool tb, int64_t m, int64_t n, int64_t k, double alpha, const double *a,
                         int64_t lda, int64_t stride_a, const double *b, int64_t ldb, int64_t stride_b,
                         double beta, double *c, int64_t ldc, int64_t stride_c, int64_t batch);

/// The library at hand for large products, such as "OpenBLAS 0.3.21 SkylakeX" or "nnlua avx2" (own kernels, OpenBLAS
/// being absent or worse). Loads OpenBLAS if that has not happened yet.
const char *nn_blas_name(void);

/// Why OpenBLAS isn't used or doesn't run the best kernel for this processor, for the user; NULL if all is
/// well.
const char *nn_blas_problem(void);

/// A function of OpenBLAS (also its LAPACK) by its linker name, or NULL. Loads OpenBLAS if needed.
void *nn_blas_symbol(const char *name);

#endif
