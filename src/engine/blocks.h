/* blocks.h - copies and fills of strided blocks of memory, with conversion between element types.
 * Knows element types, strides and threads; nothing of tensors or operations. */
#ifndef NN_BLOCKS_H
#define NN_BLOCKS_H

#include "nn.h"

/* dst[i, j, ...] = src[i, j, ...] for all positions below shape. Strides count elements and may be negative
 * or, in src, 0. The two blocks must not overlap. Ends early when an interrupt is pending. */
void nn_block_copy(int ndim, const int64_t *shape, nn_dtype to, void *dst, const int64_t *dst_stride,
                   nn_dtype from, const void *src, const int64_t *src_stride);

/* dst[i, j, ...] = *value, which has dst's element type. */
void nn_block_fill(int ndim, const int64_t *shape, nn_dtype dtype, void *dst, const int64_t *dst_stride,
                   const void *value);

/* Sets n neighbouring elements of elem bytes to *value; in parallel when there are many. */
void nn_fill_run(int64_t n, size_t elem, void *dst, const void *value);

/* A number as an element of this type: writes nn_dtype_size(dtype) bytes. Floats go to integers by
 * truncation. */
void nn_element(nn_dtype dtype, double value, void *element);
void nn_element_int(nn_dtype dtype, int64_t value, void *element);

#endif
