/* storage.h - what ctx.c needs of the memory manager. */
#ifndef NN_STORAGE_H
#define NN_STORAGE_H

#include "internal.h"

/* Exchanges the buffer of s, which nobody has written, for the one of its size that has gone unused for longest: what is
 * not needed soon shall not take a buffer that is in the processor's cache. */
void nn_storage_cool(nn_storage *s);
/* Gives everything back to the system; all tensors are gone. */
void nn_memory_close(nn_ctx *ctx);

#endif
