/* idx.h - the IDX format (the MNIST family's), plain or gzipped. Knows nothing of data sets. */
#ifndef NN_IDX_H
#define NN_IDX_H

#include "nn.h"

/* The file's array as a fresh tensor: unsigned bytes become uint8, the other integers int64, floats stay.
 * What would take more than max_bytes of memory is refused before memory is taken; so is a file that ends
 * early, goes on after its data or is damaged. */
nn_tensor *nn_read_idx(nn_ctx *ctx, const char *path, size_t max_bytes);

/* Writes t as IDX (gzipped when the path ends in .gz), beside and renamed. int64 is written as 32-bit
 * integers. */
bool nn_write_idx(const nn_tensor *t, const char *path);

#endif
