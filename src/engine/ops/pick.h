/* pick.h - reading and writing the blocks of a tensor that lists of indices choose: what index, index_select,
 * embedding, index_put, index_add and their kin have in common. Knows nothing of gradients. */
#ifndef NN_PICK_H
#define NN_PICK_H

#include "op.h"

/* `count` blocks of a tensor: block c of each place before starts at offset[c]. In elements throughout. */
typedef struct nn_pick {
  int n_before, n_after;
  int64_t before[NN_MAX_DIMS], before_stride[NN_MAX_DIMS];
  int64_t after[NN_MAX_DIMS], after_stride[NN_MAX_DIMS];
  int64_t count;
  const int64_t *offset;
  bool distinct; /* no block is picked twice */
} nn_pick;

/* The dims of t around dim (before, after); count and offset are left to the caller. */
void nn_pick_around(nn_pick *p, const nn_tensor *t, int dim);

/* Reads: `to` gets [before..., count, after...] without gaps. */
void nn_pick_read(const nn_pick *p, nn_dtype dtype, const void *from, void *to);

/* Writes `values`, laid out as nn_pick_read does (or, if single, one element for all), over the blocks or
 * adds it to them. Blocks picked twice get their values in order, whatever the number of threads. */
void nn_pick_write(const nn_pick *p, nn_dtype dtype, void *into, const void *values, bool single, bool add);

/* Checks index values (int64, from 1, negative from the end) against the size of the dimension they are for.
 * The error names the first that is out of range and where it stands. */
bool nn_index_check(nn_frame *f, const nn_tensor *index, int64_t size);

/* The position that a checked index value means, from 0. */
static inline int64_t nn_index_wrap(int64_t value, int64_t size) { return value + (value > 0 ? -1 : size); }

/* Scratch with nn_index_wrap(value) * stride for every value of a checked index in row-major order. */
int64_t *nn_index_offsets(nn_frame *f, const nn_tensor *index, int64_t size, int64_t stride);
void nn_index_offsets_free(nn_frame *f, int64_t *offsets, const nn_tensor *index);

/* Operations that change some elements of in[0]: makes out[0] a copy of it, unless it is being worked on in
 * place. */
bool nn_start_from_input(nn_frame *f);

/* in[i] for reading while out[0] is written: a copy (pooled) where the two share memory. */
nn_tensor *nn_apart(nn_frame *f, int i);

#endif
