/* backward.h - shared by autograd.c and backward.c. */
#ifndef NN_BACKWARD_H
#define NN_BACKWARD_H

#include "op.h"

/* Where it was recorded, NULL where nobody noted that. */
const char *nn_node_where(const nn_node *n);
void nn_node_forget(nn_node *n);
void nn_node_destroy(nn_node *n);
void nn_hooks_destroy(nn_ctx *ctx, nn_hook *h);
void nn_forget_retained(nn_tensor *t);

#endif
