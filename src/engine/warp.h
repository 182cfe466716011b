/* warp.h - pictures moved, mirrored, turned, stretched: a batch at once, each by an affine map of its own.
 * Knows nothing of random numbers or of what the maps mean. */
#ifndef NN_WARP_H
#define NN_WARP_H

#include "ahead.h"

typedef enum nn_border { NN_BORDER_CONSTANT, NN_BORDER_EDGE, NN_BORDER_REFLECT } nn_border;

typedef struct nn_warp_options {
  int64_t height, width; /* of the result */
  bool bilinear;         /* else the nearest pixel */
  nn_border
      border; /* what lies outside: `fill`, the nearest pixel, or the picture mirrored at its outer pixels */
  double fill;
} nn_warp_options;

/* images [N, C, H, W] (float32, float64 or uint8), maps float64 [N, 6]: pixel (x, y) of result n, counted
 * from 0, is the image's value at (m0 x + m1 y + m2, m3 x + m4 y + m5). A fresh [N, C, height, width]; no
 * gradient. */
nn_tensor *nn_warp(nn_tensor *images, nn_tensor *maps, const nn_warp_options *options);

/* The same as a step of a work: the tensor is there at once, its data when the work is done. The images,
 * which have to be contiguous, may be the result of an earlier step. */
nn_tensor *nn_warp_ahead(nn_work *work, nn_tensor *images, nn_tensor *maps, const nn_warp_options *options);

/* Maps float64 [n, 6], drawn from g. Moved: pictures begin at a column from left to left + most_x and a row
 * from top to top + most_y. Mirrored: with probability p, left to right within a size, or top to bottom. */
nn_tensor *nn_maps_moved(nn_generator *g, nn_ctx *ctx, int64_t n, int64_t left, int64_t most_x, int64_t top,
                         int64_t most_y);
nn_tensor *nn_maps_mirrored(nn_generator *g, nn_ctx *ctx, int64_t n, double p, int64_t size, bool vertical);

/* One picture, `from` float32 [channels, height, width], stretched over the whole of `to` [channels,
 * options->height, options->width] by a map of six numbers; nothing is allocated. */
void nn_warp_floats(const float *from, int64_t channels, int64_t height, int64_t width, const double map[6],
                    const nn_warp_options *options, float *to);

#endif
