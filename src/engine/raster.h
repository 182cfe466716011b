/* raster.h - drawing on a canvas: anti-aliased strokes and areas, pictures. A canvas is a contiguous uint8
 * tensor [H, W, 3]; coordinates are in pixels from the top left corner, pixel i covers i to i + 1. Knows
 * nothing of plots, text and files. */
#ifndef NN_RASTER_H
#define NN_RASTER_H

#include "nn.h"

typedef struct nn_paint {
  double red, green, blue; /* 0 to 255 */
  double alpha;            /* 0 to 1 */
} nn_paint;

/* A line of the given width with round ends and joints through n points (x and y in turn); overlaps of a line
 * with itself are painted once. */
bool nn_raster_stroke(nn_tensor *canvas, const double *xy, size_t n, double width, nn_paint paint);

/* The inside (by the even-odd rule) of the polygon of n points. */
bool nn_raster_fill(nn_tensor *canvas, const double *xy, size_t n, nn_paint paint);

/* A picture, uint8 [1, H, W] or [3, H, W], into the rectangle at x, y of size w, h. Enlarged pixels stay
 * squares; when it is made smaller, the pixels that fall together are averaged. */
bool nn_raster_picture(nn_tensor *canvas, const nn_tensor *picture, double x, double y, double w, double h);

#endif
