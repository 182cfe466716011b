/* retype.c - changing the dtype or size of a leaf where it stands. */
#include "retype.h"

#include "internal.h"

/* t takes over what fresh holds, which has as many dims and is released. */
static void take_over(nn_tensor *t, nn_tensor *fresh) {
  nn_storage *old = t->storage;
  if (t->flags & NN_T_OWN && old == nn_own_storage(t)) { /* t's block is to stay as long as t */
    old->refs++;
    t->flags |= NN_T_TORN;
  }
  t->storage = fresh->storage;
  t->storage->version = old->version + 1;
  fresh->storage = old; /* goes with it */
  t->data = fresh->data;
  fresh->data = old->data;
  t->dtype = fresh->dtype;
  for (int d = 0; d < t->ndim; d++) t->shape[d] = fresh->shape[d], t->stride[d] = fresh->stride[d];
  nn_tensor_finish(t);
  nn_release(fresh);
}

/* t on a storage of its own, which holds the same values as dtype. */
static bool convert(nn_tensor *t, nn_dtype dtype) {
  nn_tensor *fresh = nn_empty(t->ctx, dtype, t->ndim, t->shape);
  if (fresh == NULL || !nn_copy_data(fresh, t)) {
    nn_release(fresh);
    return false;
  }
  take_over(t, fresh);
  return true;
}

bool nn_regrow(nn_tensor *t, int ndim, const int64_t *shape) {
  if (t == NULL) return false;
  if (t->node != NULL || t->base != NULL || t->numel != 0 || ndim != t->ndim)
    return nn_fail(t->ctx, "only a leaf without elements can get %d sizes in place", ndim);
  nn_tensor *fresh = nn_zeros(t->ctx, nn_tensor_dtype(t), ndim, shape);
  if (fresh == NULL || !nn_set_grad(t, NULL)) {
    nn_release(fresh);
    return false;
  }
  take_over(t, fresh);
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
