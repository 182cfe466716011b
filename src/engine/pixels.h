/* pixels.h - what is done to each number of a batch of pictures: scaled, erased. At once (work is NULL) or as
 * a step of a work: then the tensor is there at once, its data when the work is done, and x, which has to be
 * contiguous, may be the result of an earlier step. No gradient. Knows nothing of random numbers. */
#ifndef NN_PIXELS_H
#define NN_PIXELS_H

#include "ahead.h"

/* (x - mean) / std for each channel of x [N, C, H, W], float32 or float64; mean and std are of x's dtype,
 * with C elements or 1; one channel becomes as many as they have. */
nn_tensor *nn_pixels_normalize(nn_work *work, nn_tensor *x, nn_tensor *mean, nn_tensor *std);

/* Bytes of any shape as float32, 0..255 becoming 0..1. */
nn_tensor *nn_pixels_floats(nn_work *work, nn_tensor *x);

/* x [N, C, H, W] of floats or bytes with the pixels of one box in each picture replaced by `value`: boxes
 * float64 [N, 4] are top, left, height and width in whole pixels, counted from 0; what of a box lies outside
 * is left out. */
nn_tensor *nn_pixels_erase(nn_work *work, nn_tensor *x, nn_tensor *boxes, double value);

#endif
