/* picture_batch.h - pictures read from many files as one step of a work, each file an item of its own. Knows
 * nothing of folders, labels and loaders. */
#ifndef NN_PICTURE_BATCH_H
#define NN_PICTURE_BATCH_H

#include "ahead.h"

typedef struct nn_picture_batch nn_picture_batch; /* belongs to the work */

/* Adds the step. The paths are copied. With height > 0 each picture becomes float32 in 0..1 with `channels`
 * (1 or 3) channels and that size; grey is 0.299 R + 0.587 G + 0.114 B, alpha is left out. With height 0
 * pictures stay as their files have them. A file that is longer than max_bytes, or whose picture would take
 * more, is an error of its item. NULL with an error in ctx when out of memory. */
nn_picture_batch *nn_picture_batch_new(nn_work *work, nn_ctx *ctx, const char *const *paths, int64_t count,
                                       int64_t channels, int64_t height, int64_t width, size_t max_bytes);

/* With a size: the pictures [count, channels, height, width], borrowed; the data are there when the work is
 * done. */
nn_tensor *nn_picture_batch_tensor(const nn_picture_batch *batch);

/* Without a size, when the work is done: picture i (from 0), uint8 [C, H, W]; a new reference. */
nn_tensor *nn_picture_batch_take(nn_picture_batch *batch, nn_ctx *ctx, int64_t i);

#endif
