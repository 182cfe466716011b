/* serialize.h - named tensors in files of the safetensors format. Such a file is data: reading one runs
 * nothing. Knows nothing of modules or of what the names mean. */
#ifndef NN_SERIALIZE_H
#define NN_SERIALIZE_H

#include "nn.h"

/* What a file holds: tensors under names, in the order of its header, and pairs of strings ("metadata"). */
typedef struct nn_archive {
  nn_ctx *ctx;
  int n, n_meta;
  char **names;          /* n, UTF-8 */
  nn_tensor **tensors;   /* n, one reference each */
  char **keys, **values; /* n_meta */
} nn_archive;

/* Writes tensors (any geometry) and metadata beside `path` and renames. Names must be distinct; all strings
 * UTF-8. */
bool nn_safetensors_write(const nn_archive *a, const char *path);

/* Reads a whole file; NULL with an error when anything about it is not as the format has it, or when it would
 * take more than max_bytes of memory. Element types that have no dtype here are widened: BF16 and F16 to
 * float32, the other integers to int64. */
nn_archive *nn_safetensors_read(nn_ctx *ctx, const char *path, size_t max_bytes);

void nn_archive_free(nn_archive *a); /* NULL is allowed */

/* True when the n bytes are UTF-8 without a zero byte. */
bool nn_is_utf8(const char *s, size_t n);

#endif
