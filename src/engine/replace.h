/* replace.h - files that are written beside their place and renamed into it, so that whatever happens the old
 * or the new file is whole. Knows nothing of what is in them. */
#ifndef NN_REPLACE_H
#define NN_REPLACE_H

#include "nn.h"

typedef struct nn_replacement {
  nn_ctx *ctx;
  int fd;       /* write here; -1 when there is none */
  char *path;   /* what will be replaced, symbolic links followed */
  char *beside; /* where it is until then */
} nn_replacement;

/* Makes the file beside `path`. False with an error; nothing has to be undone then. */
bool nn_replace_begin(nn_ctx *ctx, nn_replacement *r, const char *path);
/* Writes all n bytes. */
bool nn_replace_write(nn_replacement *r, const void *data, size_t n);
/* ok: brings the file to the disk and renames it; else (or when that fails) removes it. Returns whether the
 * new file is in its place. */
bool nn_replace_end(nn_replacement *r, bool ok);

#endif
