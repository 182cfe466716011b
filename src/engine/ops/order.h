/* order.h - putting the elements of one lane of a tensor in order: whatever their type, they become whole
 * numbers that compare the same way. Knows nothing of shapes and threads. */
#ifndef NN_ORDER_H
#define NN_ORDER_H

#include "op.h"

/* An element: a number that is in order as the elements are (NaN above all, -0 equal to 0), and its place
 * from 0. */
typedef struct nn_key {
  uint64_t key;
  int64_t at;
} nn_key;

/* These three end early when an interrupt is pending; what they leave is in no order.
 *
 * Keys of n elements that lie `stride` elements apart. descending: the order is turned round, so NaN is
 * first. */
void nn_keys_load(nn_dtype dtype, const void *x, int64_t n, int64_t stride, bool descending, nn_key *to);

/* Ascending; equal keys stay in the order of their places, in which they must stand. spare: room for n more.
 */
void nn_keys_sort(nn_key *k, nn_key *spare, int64_t n);

/* Moves the key that a stable sort would put at `rank` (from 0) there, smaller ones before it and larger
 * after. */
void nn_keys_select(nn_key *k, int64_t n, int64_t rank);

/* The element of x that a sort would put at `rank` (from 0) goes to *value; none is NaN. spare: room for n. Ends early as
 * those above. */
void nn_select_f32(const float *x, int64_t n, int64_t rank, uint32_t *spare, float *value);

/* The key of NaN; no other element of a floating type has it. */
static inline uint64_t nn_key_nan(nn_dtype dtype, bool descending) {
  uint64_t nan = dtype == NN_FLOAT32 ? UINT32_MAX : UINT64_MAX;
  return descending ? ~nan : nan;
}

/* How the elements of a tensor fall into lanes along a dimension: lane i begins at nn_lane_start. */
typedef struct nn_lanes {
  int64_t count, n, inner;
} nn_lanes;
nn_lanes nn_lanes_of(int ndim, const int64_t *shape, int dim);
static inline int64_t nn_lane_start(const nn_lanes *l, int64_t i, int64_t n) {
  return i / l->inner * n * l->inner + i % l->inner;
}

#endif
