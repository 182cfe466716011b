/* retype.c - changing the dtype of a leaf where it stands. */
#include "retype.h"

#include <string.h>

#include "internal.h"

/* t on a storage of its own, which holds the same values as dtype. */
static bool convert(nn_tensor *t, nn_dtype dtype) {
  nn_tensor *fresh = nn_empty(t->ctx, dtype, t->ndim, t->shape);
  if (fresh == NULL || !nn_copy_data(fresh, t)) {
    nn_release(fresh);
    return false;
  }
  nn_storage *old = t->storage;
  t->storage = fresh->storage;
  t->storage->version = old->version + 1;
  fresh->storage = old; /* goes with it */
  t->data = fresh->data;
  fresh->data = old->data;
  t->dtype = (uint8_t)dtype;
  if (t->ndim > 0) memcpy(t->stride, fresh->stride, t->ndim * sizeof *t->stride);
  nn_tensor_finish(t);
  nn_release(fresh);
  return true;
}

bool nn_retype(nn_tensor *t, nn_dtype dtype) {
  if (t == NULL) return false;
  if (!nn_is_float(dtype) || !nn_is_float(nn_tensor_dtype(t)))
    return nn_fail(t->ctx, "to: only float tensors change their dtype in place");
  if (t->node != NULL || t->base != NULL)
    return nn_fail(t->ctx,
                   "to: the tensor is a result of operations; only a leaf changes its dtype in place");
  if (t->dtype == dtype) return true;
  nn_tensor *grad = t->grad;
  if (grad != NULL) { /* as a leaf of its own: what it was computed from does not matter any more */
    nn_tensor *as = nn_empty(t->ctx, dtype, grad->ndim, grad->shape);
    if (as == NULL || !nn_copy_data(as, grad)) {
      nn_release(as);
      return false;
    }
    grad = as;
  }
  bool ok = convert(t, dtype) && (grad == NULL || nn_set_grad(t, grad));
  nn_release(grad);
  return ok;
}
