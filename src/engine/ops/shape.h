/* shape.h - what the rows about shapes, positions and copies share. */
#ifndef NN_SHAPE_H
#define NN_SHAPE_H

#include "expr.h"

/* A list argument as an array: a plain number counts as a list of one. Borrowed; *n is its length. */
const int64_t *nn_arg_ints(const nn_value *v, int *n);

/* A number argument as an element of this type (nn_dtype_size(dtype) bytes). */
void nn_element_of(const nn_value *v, nn_dtype dtype, void *element);

/* A position (from 0, or negative from the end) in a dimension of `size`, brought to 0 .. size - 1. */
bool nn_position(nn_frame *f, int64_t *at, int64_t size, const char *name, int dim);

/* The position for one more dimension: 0 .. ndim, negative from the end. */
bool nn_new_dim(nn_frame *f, int64_t *dim, int ndim, const char *name);

/* Makes out[0] a view of in[0]; offset counts from in[0]'s first element. */
bool nn_make_view(nn_frame *f, int ndim, const int64_t *shape, const int64_t *stride, int64_t offset);

/* A shape with at most one -1 in it, filled in for `numel` elements. */
bool nn_fill_shape(nn_frame *f, int n, const int64_t *asked, int64_t numel, int64_t *shape);

/* Strides that show t's elements in this shape without a copy, if there are such. */
bool nn_view_strides(const nn_tensor *t, int ndim, const int64_t *shape, int64_t *stride);

/* out[0]: in[0]'s elements in this shape, a view where possible and otherwise a copy. */
bool nn_make_reshaped(nn_frame *f, int ndim, const int64_t *shape);

/* y = mask ? a : b, elementwise; all broadcast to y's shape, a and b have its dtype. y may be a or b (where.c). */
bool nn_choose(nn_tensor *y, const nn_tensor *mask, const nn_tensor *a, const nn_tensor *b);

/* The gradient of every operation that only changes the shape. */
bool nn_reshape_vjp(nn_vjp *v);

#endif
