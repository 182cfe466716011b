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

/* What is done to pictures on their way: moved by maps, of which each mirrors, or shifts by whole pixels, as
 * nn_warp does with the nearest pixel; the first map is the one that is done first. Then they are height x width,
 * with `fill` where nothing was, and (x - mean) / std by channel if these are given (float32, one number or one
 * for each channel). */
enum { NN_MOST_MOVES = 4 };
typedef struct nn_moves {
  nn_tensor *maps[NN_MOST_MOVES]; /* float64 [n, 6] */
  int count;
  int64_t height, width;
  double fill;
  nn_tensor *mean, *std; /* or NULL */
} nn_moves;

/* nn_gather_rows of pictures [N, C, H, W] as float32, moved: bytes times scale, or float32 as they are (then mean and
 * std are NULL). In one pass, with the bits that one step after the other gives. */
nn_tensor *nn_gather_moved(nn_tensor *source, nn_tensor *index, int64_t from, int64_t n, double scale,
                           const nn_moves *moves);

/* nn_gather_rows as a step of a work: the tensor is there at once, its data when the work is done. What has to be
 * converted in another way than from bytes to floats is done at once. */
nn_tensor *nn_gather_rows_ahead(nn_work *work, nn_tensor *source, nn_tensor *index, int64_t from, int64_t n,
                                nn_dtype dtype, double scale, double shift);

#endif
