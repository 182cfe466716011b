/* picture.h - pictures in files: PNG and JPEG as uint8 tensors [C, H, W], C being 1 (grey), 2 (grey and
 * alpha), 3 (RGB) or 4 (RGB and alpha). Files are untrusted: sizes are checked before memory is taken. Knows
 * nothing of plots and data sets. */
#ifndef NN_PICTURE_H
#define NN_PICTURE_H

#include "nn.h"

/* Bytes that grow. */
typedef struct nn_buffer {
  nn_ctx *ctx;
  unsigned char *data;
  size_t n, cap;
} nn_buffer;

bool nn_buffer_add(nn_buffer *b, const void *data, size_t n);
void nn_buffer_free(nn_buffer *b);
/* The whole of a file, appended to b; refuses what is longer than max_bytes. */
bool nn_buffer_read(nn_buffer *b, const char *path, size_t max_bytes);
/* The buffer as a file, written beside and renamed. */
bool nn_buffer_write(const nn_buffer *b, const char *path);

/* A picture from the n bytes of a file; `path` is its name in errors. Depths other than 8 bits are scaled to
 * 8, palettes resolved, a transparent colour becomes an alpha channel. What would take more than max_bytes as
 * a tensor is an error, as are truncated and damaged files. */
nn_tensor *nn_png_decode(nn_ctx *ctx, const char *path, const unsigned char *data, size_t n,
                         size_t max_bytes);
nn_tensor *nn_jpeg_decode(nn_ctx *ctx, const char *path, const unsigned char *data, size_t n,
                          size_t max_bytes);
/* Either, by what the file begins with. */
nn_tensor *nn_picture_decode(nn_ctx *ctx, const char *path, const unsigned char *data, size_t n,
                             size_t max_bytes);

/* Appends t, uint8 [H, W] or [C, H, W], to b as a file. JPEG takes C = 1 or 3; quality is from 1 to 100. */
bool nn_png_encode(nn_buffer *b, const nn_tensor *t);
bool nn_jpeg_encode(nn_buffer *b, const nn_tensor *t, int quality);

/* Whether they were built in. */
bool nn_has_png(void);
bool nn_has_jpeg(void);

/* A picture tensor as the encoders see it. */
typedef struct nn_pixels {
  nn_tensor *dense; /* a new reference, to be released */
  const unsigned char *data;
  size_t channels, height, width;
} nn_pixels;

/* False with an error when t is no picture of 1 to max_channels channels. */
bool nn_pixels_of(nn_pixels *p, const nn_tensor *t, const char *format, size_t max_channels);
/* Row y with the channels of a pixel side by side: width * channels bytes. */
void nn_pixels_row(const nn_pixels *p, size_t y, unsigned char *row);
/* The reverse: a row with channels side by side into [C, H, W]. */
void nn_pixels_set_row(unsigned char *to, size_t channels, size_t height, size_t width, size_t y,
                       const unsigned char *row);
/* A fresh uint8 tensor [C, H, W]; NULL with an error when it is too large. */
nn_tensor *nn_picture_new(nn_ctx *ctx, const char *path, size_t channels, size_t height, size_t width,
                          size_t max_bytes);

#endif
