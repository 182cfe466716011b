/* batch.h - rows of a data set gathered into a batch, converted and scaled on the way. Knows nothing of
 * files, orders or epochs. */
#ifndef NN_BATCH_H
#define NN_BATCH_H

#include "ahead.h"

/* Rows of source [N, ...] by the numbers (from 1) in index [M], its elements from .. from + n - 1 (counted
 * from 0): a fresh tensor [n, ...] of `dtype`, holding value * scale + shift where dtype is a float dtype and
 * value elsewhere. index is int64; a number outside 1..N is an error. No gradient. */
nn_tensor *nn_gather_rows(nn_tensor *source, nn_tensor *index, int64_t from, int64_t n, nn_dtype dtype,
                          double scale, double shift);

/* The same as a step of a work: the tensor is there at once, its data when the work is done. What has to be
 * converted in another way than from bytes to floats is done at once. */
nn_tensor *nn_gather_rows_ahead(nn_work *work, nn_tensor *source, nn_tensor *index, int64_t from, int64_t n,
                                nn_dtype dtype, double scale, double shift);

#endif
