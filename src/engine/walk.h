/* walk.h - the iterator behind elementwise operations: several operands of one shape, whatever their strides. */
#ifndef NN_WALK_H
#define NN_WALK_H

#include "internal.h"

/* Operands reduced to as few dimensions as their strides allow. Strides in bytes, the last dimension is the
 * innermost. Operand 0 is the output; the others are broadcast to its shape. */
enum { NN_WALK_MAX = 4 };
typedef struct nn_walk {
  int n, ndim;
  int64_t numel;
  int64_t shape[NN_MAX_DIMS];
  int64_t stride[NN_WALK_MAX][NN_MAX_DIMS];
  char *data[NN_WALK_MAX];
  size_t elem[NN_WALK_MAX];
} nn_walk;

/* False when an operand's shape does not broadcast to that of t[0]. */
bool nn_walk_init(nn_walk *w, int n, const nn_tensor *const *t);

/* Calls fn on runs along the innermost dimension: `count` elements, pointers and byte strides of every
 * operand. The elements are split over the threads at `grain`. False when interrupted. */
typedef void (*nn_run_fn)(void *arg, int64_t count, char *const *data, const int64_t *stride);
bool nn_walk_run(const nn_walk *w, int64_t grain, nn_run_fn fn, void *arg);

#endif
