/* strided.h - copies from tensor to tensor, whatever their strides. */
#ifndef NN_STRIDED_H
#define NN_STRIDED_H

#include "internal.h"

/* dst's elements become src's, converted to dst's dtype; src's shape must broadcast to dst's. The two may
 * overlap. Does not count as a change (see nn_touch). False when the shapes do not fit (no error is set) or
 * memory is short. */
bool nn_copy_strided(nn_tensor *dst, const nn_tensor *src);

#endif
