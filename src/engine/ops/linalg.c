/* linalg.c - what the rows of linear algebra share: checks, batches of matrices on the thread team. No row.
 */
#include "linalg.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "interrupt.h"
#include "kernels/vmath.h"
#include "parallel.h"

bool nn_expect_lapack(nn_frame *f) {
  if (nn_lapack_for((nn_dtype)f->in[0]->dtype) != NULL) return true;
  return nn_bad(
      f, "needs LAPACK, which comes with OpenBLAS (libopenblas.so.0): it isn't installed or can't be loaded");
}

bool nn_expect_matrix(nn_frame *f, int i) {
  if (!nn_expect_float(f, i)) return false;
  const nn_tensor *t = f->in[i];
  char name[64], shape[NN_SHAPE_TEXT];
  if (t->ndim < 2)
    return nn_bad(f, "%s must be a matrix or a batch of matrices, got shape %s", nn_input_name(f, i, name),
                  nn_tensor_shape_text(t, shape));
  if (ROWS(t) > 0 && COLS(t) > INT_MAX / ROWS(t))
    return nn_bad(f, "%s of shape %s is too large for LAPACK", nn_input_name(f, i, name),
                  nn_tensor_shape_text(t, shape));
  return true;
}

bool nn_expect_square(nn_frame *f, int i) {
  if (!nn_expect_matrix(f, i)) return false;
  char name[64], shape[NN_SHAPE_TEXT];
  if (ROWS(f->in[i]) == COLS(f->in[i])) return true;
  return nn_bad(f, "%s must be a square matrix or a batch of such, got shape %s", nn_input_name(f, i, name),
                nn_tensor_shape_text(f->in[i], shape));
}

bool nn_common_batch(nn_frame *f, T *a, T *b) {
  int64_t shape[NN_MAX_DIMS];
  int n;
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  if (!nn_broadcast_shapes((*a)->ndim - 2, (*a)->shape, (*b)->ndim - 2, (*b)->shape, &n, shape))
    return nn_bad(f, "the batch dimensions of shapes %s and %s do not broadcast", nn_tensor_shape_text(*a, s),
                  nn_tensor_shape_text(*b, t));
  T *x[2] = {a, b};
  for (int i = 0; i < 2; i++) {
    shape[n] = ROWS(*x[i]), shape[n + 1] = COLS(*x[i]);
    *x[i] = t_expand(f->ctx, *x[i], n + 2, shape);
    if (*x[i] == NULL) return false;
  }
  return true;
}

int64_t nn_batch_spec(nn_frame *f, int k, int i, int n, int64_t s0, int64_t s1) {
  const nn_tensor *t = f->in[i];
  int64_t shape[NN_MAX_DIMS], count = 1;
  for (int d = 0; d < t->ndim - 2; d++) count *= shape[d] = t->shape[d];
  shape[t->ndim - 2] = s0;
  if (n > 1) shape[t->ndim - 1] = s1;
  nn_spec_set(f, k, (nn_dtype)t->dtype, t->ndim - 2 + n, shape);
  return count;
}

void nn_flip_matrix(size_t e, int64_t rows, int64_t cols, const void *src, void *dst) {
  NN_SELECT(nn_vmath)->transpose(rows, cols, src, cols * (int64_t)e, dst, rows * (int64_t)e, e);
}

int nn_lapack_size(const nn_lapack_job *j, const void *answer) {
  double size =
      j->dtype == NN_FLOAT32 ? (double)*(const float *)answer * (1 + 0x1p-22) : *(const double *)answer;
  return size < 1 ? 1 : size < INT_MAX ? (int)size : INT_MAX;
}

const char *nn_which(const nn_frame *f, int64_t matrix, int64_t count, char buf[32]) {
  (void)f;
  buf[0] = '\0';
  if (count > 1) snprintf(buf, 32, " number %lld", (long long)matrix + 1);
  return buf;
}

bool nn_lapack_start(nn_frame *f, nn_lapack_job *j, int64_t m, int64_t n, int64_t k) {
  const nn_tensor *a = nn_dense(f, 0);
  if (a == NULL) return false;
  j->dtype = (nn_dtype)a->dtype;
  j->l = nn_lapack_for(j->dtype);
  j->e = nn_esize(a);
  j->m = (int)m, j->n = (int)n, j->k = (int)k;
  j->a = a->data;
  for (int i = 0; i < f->n_out && i < 4; i++) j->out[i] = f->out[i]->data;
  return j->l != NULL;
}

bool nn_lapack_finite(const nn_lapack_job *j, size_t count, const void *numbers) {
  double sum = 0; /* x * 0 is 0 for finite x and NaN otherwise */
  if (j->dtype == NN_FLOAT32)
    for (size_t i = 0; i < count; i++) sum += (double)(((const float *)numbers)[i] * 0.0F);
  else
    for (size_t i = 0; i < count; i++) sum += ((const double *)numbers)[i] * 0.0;
  return sum == 0;
}

typedef struct batch {
  const nn_lapack_job *j;
  char *room;
  int64_t *failed; /* by thread */
  int *info;
} batch;

static void run_range(void *arg, int64_t begin, int64_t end, int thread) {
  const batch *b = arg;
  for (int64_t i = begin; i < end && !nn_interrupted(); i++) {
    size_t count = (size_t)b->j->m * (size_t)b->j->n;
    int info = b->j->finite && !nn_lapack_finite(b->j, count, b->j->a + (size_t)i * count * b->j->e)
                   ? NN_NOT_FINITE
                   : b->j->one(b->j, i, b->room + (size_t)thread * b->j->room);
    if (info == 0) continue;
    b->failed[thread] = i;
    b->info[thread] = info;
    return;
  }
}

bool nn_lapack_run(nn_frame *f, nn_lapack_job *j, int64_t count, int64_t *failed, int *info) {
  int64_t found[NN_THREADS_MAX];
  int infos[NN_THREADS_MAX];
  *failed = -1;
  *info = 0;
  if (count == 0) return true;
  int64_t grain = j->work > 0 && j->work < 20000 ? 1 + (int64_t)(20000 / j->work) : 1;
  int parts = nn_parallel_parts(count, grain);
  j->room = nn_piece(j->room + 64);
  batch b = {j, nn_scratch(f->ctx, (size_t)parts * j->room), found, infos};
  if (b.room == NULL) return false;
  for (int i = 0; i < parts; i++) found[i] = -1;
  nn_parallel(count, grain, run_range, &b);
  nn_scratch_free(f->ctx, b.room, (size_t)parts * j->room);
  for (int i = 0; i < parts && *failed < 0; i++)
    if (found[i] >= 0) *failed = found[i], *info = infos[i];
  char which[32];
  if (*failed >= 0 && *info == NN_NOT_FINITE)
    return nn_bad(f, "the matrix%s has elements that are NaN or infinite", nn_which(f, *failed, count, which));
  return !nn_interrupted();
}
