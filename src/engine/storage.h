/* storage.h - what ctx.c needs of the memory manager. */
#ifndef NN_STORAGE_H
#define NN_STORAGE_H

#include "internal.h"

/* Gives everything back to the system; all tensors are gone. */
void nn_memory_close(nn_ctx *ctx);

#endif
