/* lapack.h - the routines of LAPACK that come with OpenBLAS, loaded at run time. Matrices are stored by
 * columns, sizes are ints; both dtypes have the same signatures with void pointers for the numbers. Knows no
 * tensors. */
#ifndef NN_LAPACK_H
#define NN_LAPACK_H

#include <stddef.h>

#include "dtype.h"

/* Names and arguments are those of the LAPACK Users' Guide (Anderson et al. 1999), in which what each does is
 * described; texts of one character are followed at the end by their lengths, as Fortran passes them. */
typedef struct nn_lapack {
  void (*getrf)(const int *m, const int *n, void *a, const int *lda, int *ipiv, int *info);
  void (*getrs)(const char *trans, const int *n, const int *nrhs, const void *a, const int *lda,
                const int *ipiv, void *b, const int *ldb, int *info, size_t);
  void (*potrf)(const char *uplo, const int *n, void *a, const int *lda, int *info, size_t);
  void (*trtrs)(const char *uplo, const char *trans, const char *diag, const int *n, const int *nrhs,
                const void *a, const int *lda, void *b, const int *ldb, int *info, size_t, size_t, size_t);
  void (*geqrf)(const int *m, const int *n, void *a, const int *lda, void *tau, void *work, const int *lwork,
                int *info);
  void (*orgqr)(const int *m, const int *n, const int *k, void *a, const int *lda, const void *tau,
                void *work, const int *lwork, int *info);
  void (*gesdd)(const char *jobz, const int *m, const int *n, void *a, const int *lda, void *s, void *u,
                const int *ldu, void *vt, const int *ldvt, void *work, const int *lwork, int *iwork,
                int *info, size_t);
  void (*syevd)(const char *jobz, const char *uplo, const int *n, void *a, const int *lda, void *w,
                void *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t);
  void (*gelsd)(const int *m, const int *n, const int *nrhs, void *a, const int *lda, void *b, const int *ldb,
                void *s, const void *rcond, int *rank, void *work, const int *lwork, int *iwork, int *info);
  void (*gelsy)(const int *m, const int *n, const int *nrhs, void *a, const int *lda, void *b, const int *ldb,
                int *jpvt, const void *rcond, int *rank, void *work, const int *lwork, int *info);
  void (*geev)(const char *jobvl, const char *jobvr, const int *n, void *a, const int *lda, void *wr,
               void *wi, void *vl, const int *ldvl, void *vr, const int *ldvr, void *work, const int *lwork,
               int *info, size_t, size_t);
} nn_lapack;

/* The routines for float32 or float64; NULL when the OpenBLAS of this machine is missing or lacks one. */
const nn_lapack *nn_lapack_for(nn_dtype dtype);

#endif
