/* linalg.h - what the rows of linear algebra share: batches of matrices run through LAPACK on the thread
 * team, and products and transposes as expressions. */
#ifndef NN_LINALG_H
#define NN_LINALG_H

#include "expr.h"
#include "lapack.h"
#include "reduction.h"

#define ROWS(t) ((t)->shape[(t)->ndim - 2])
#define COLS(t) ((t)->shape[(t)->ndim - 1])

/* ---- expressions ------------------------------------------------------------------------------------ */

EXPR2(t_matmul, matmul)
EXPR1(t_inv, inv)
EXPR1(t_abs, abs)
EXPR1(t_sqrt, sqrt)
EXPR1(t_square, square)
EXPR1(t_reciprocal, reciprocal)
static inline T t_mT(C c, T x) { return x ? t_transpose(c, x, x->ndim - 2, x->ndim - 1) : NULL; }
static inline T t_tril(C c, T x, int64_t k) { return x ? nn_do(c, &nn_op_tril, v_t(x), v_i(k)) : NULL; }
static inline T t_triu(C c, T x, int64_t k) { return x ? nn_do(c, &nn_op_triu, v_t(x), v_i(k)) : NULL; }
/* The main diagonals of matrices, and matrices with these on it. */
static inline T t_diagonal(C c, T x) {
  return x ? nn_do(c, &nn_op_diagonal, v_t(x), v_i(0), v_i(x->ndim - 2), v_i(x->ndim - 1)) : NULL;
}
static inline T t_diag_embed(C c, T x) { return x ? nn_do(c, &nn_op_diag_embed, v_t(x)) : NULL; }
/* The identity [n, n]. */
static inline T t_eye(C c, int64_t n, nn_dtype dtype) {
  return nn_do(c, &nn_op_eye, v_i(n), V_NONE, v_dt(dtype));
}
/* The first n columns, or rows. */
static inline T t_columns(C c, T x, int64_t from, int64_t to) {
  return x ? t_slice(c, x, x->ndim - 1, from, to, 1) : NULL;
}
static inline T t_rows(C c, T x, int64_t from, int64_t to) {
  return x ? t_slice(c, x, x->ndim - 2, from, to, 1) : NULL;
}
/* a + b where either may be missing. */
static inline T t_plus(C c, T a, T b) { return a && b ? t_add(c, a, b) : a ? a : b; }

/* ---- checks and batches (linalg.c) ------------------------------------------------------------------ */

/* in[i] is a matrix or a batch of matrices of float32 or float64 (square), and LAPACK is there. */
bool nn_expect_matrix(nn_frame *f, int i);
bool nn_expect_square(nn_frame *f, int i);
bool nn_expect_lapack(nn_frame *f);

/* Both inputs expanded to their common batch dimensions; false with an error when these don't broadcast. */
bool nn_common_batch(nn_frame *f, T *a, T *b);

/* in[i]'s batch dimensions followed by these sizes, as spec k; returns the number of matrices. */
int64_t nn_batch_spec(nn_frame *f, int k, int i, int n, int64_t s0, int64_t s1);

/* One matrix after the other: `one` gets the number of a matrix and `room` bytes of scratch of its thread,
 * and returns LAPACK's info. The first matrix for which that isn't 0 is told by *failed (-1: none) and *info.
 * False when out of memory or interrupted. */
typedef struct nn_lapack_job nn_lapack_job;
typedef int nn_lapack_one(const nn_lapack_job *j, int64_t matrix, char *room);
struct nn_lapack_job {
  const nn_lapack *l;
  size_t e; /* bytes of a number */
  nn_dtype dtype;
  int m, n, k;
  int lwork, liwork;
  bool flag;
  bool finite; /* the routine prints about NaN and infinity in a: they are an error before it is called */
  char letter;
  double number;
  const char *a, *b;
  char *out[4];
  size_t room;
  double work; /* multiplications for a matrix, about */
  nn_lapack_one *one;
};
enum { NN_NOT_FINITE = -100 }; /* an info that nn_lapack_run turns into an error itself */
/* No NaN and no infinity among so many numbers of the job's dtype. */
bool nn_lapack_finite(const nn_lapack_job *j, size_t count, const void *numbers);
bool nn_lapack_run(nn_frame *f, nn_lapack_job *j, int64_t count, int64_t *failed, int *info);
/* A job for in[0] as dense data. False when that needs memory that isn't there. */
bool nn_lapack_start(nn_frame *f, nn_lapack_job *j, int64_t m, int64_t n, int64_t k);

/* Rows to columns and back: dst[j][i] = src[i][j], both without gaps. */
void nn_flip_matrix(size_t e, int64_t rows, int64_t cols, const void *src, void *dst);
/* Scratch is cut into pieces aligned to 64 bytes. */
static inline size_t nn_piece(size_t bytes) { return (bytes + 63) / 64 * 64; }
static inline char *nn_take(char **room, size_t bytes) {
  char *p = *room;
  *room += nn_piece(bytes);
  return p;
}
/* The answer of a LAPACK workspace query. */
int nn_lapack_size(const nn_lapack_job *j, const void *answer);
/* " 3" for the third of several matrices, "" for a single one: "the matrix%s is singular". */
const char *nn_which(const nn_frame *f, int64_t matrix, int64_t count, char buf[32]);

/* The gradient of A that belongs to the gradient g of its pseudoinverse p (linalg_svd.c). */
T nn_pinv_gradient(C c, T a, T p, T g);

#endif
