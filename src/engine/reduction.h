/* reduction.h - reductions of tensors over any dimensions, for the rows in ops/reduce.c and others. */
#ifndef NN_REDUCTION_H
#define NN_REDUCTION_H

#include "expr.h"
#include "kernels/reduce.h"

/* The dims argument of a frame (or node) as a bit mask over ndim dimensions; none given or empty: all. */
uint32_t nn_dim_mask(const nn_value *dims, int ndim);
/* Sets spec[k] to in[0]'s shape with the masked dimensions gone or kept as 1. */
void nn_reduced_spec(nn_frame *f, int k, nn_dtype dtype, uint32_t mask, bool keepdim);
/* in[0] for nn_reduce_dense and the mask that goes with it: as it lies in memory, its dimensions in the order of their strides, where
 * the loops can read that and the kept dimensions stay in their order; else a copy. NULL: out of memory. */
const nn_tensor *nn_reduction_input(nn_frame *f, uint32_t *mask);
/* out = reduction over the masked dimensions of x, which is contiguous or, for sums and extremes, comes from nn_reduction_input. out
 * is contiguous, of the kernel's result type (int64 for sums and products of integers). False when interrupted or out of memory. */
bool nn_reduce_dense(nn_ctx *ctx, enum nn_reduce kind, const nn_tensor *x, uint32_t mask, void *out);
/* How many elements each result is made of. */
int64_t nn_reduced_count(const nn_meta *m, uint32_t mask);
static inline nn_meta nn_meta_of(const nn_tensor *t) { return (nn_meta){(int8_t)t->ndim, t->dtype, t->shape}; }
/* A dtype option, argument p, converts the input first. */
bool nn_convert_input(nn_frame *f, int p);
/* A gradient or result of the reduced shape, brought back to have the masked dimensions as 1. */
T nn_unsqueeze_mask(C c, T g, const nn_meta *input, uint32_t mask);

/* Rows as expressions; masks instead of dim lists. */
T t_reduce_mask(C c, const nn_op *op, T x, uint32_t mask, bool keepdim);

#endif
