/* strided.c - copies from tensor to tensor, whatever their strides. The loops are in blocks.c. */
#include "strided.h"

#include "blocks.h"
#include "interrupt.h"

/* First and last byte that t touches. */
static void extent(const nn_tensor *t, const char **first, const char **last) {
  int64_t reach = 0;
  for (int d = 0; d < t->ndim; d++) reach += (t->shape[d] - 1) * t->stride[d];
  *first = t->data;
  *last = t->data + (reach + 1) * (int64_t)nn_esize(t) - 1;
}

static bool overlap(const nn_tensor *a, const nn_tensor *b) {
  if (a->storage != b->storage) return false;
  const char *a0, *a1, *b0, *b1;
  extent(a, &a0, &a1);
  extent(b, &b0, &b1);
  return a0 <= b1 && b0 <= a1;
}

static bool same_place(const nn_tensor *a, const nn_tensor *b) {
  if (a->data != b->data || a->dtype != b->dtype || !nn_same_shape(a, b)) return false;
  for (int d = 0; d < a->ndim; d++)
    if (a->shape[d] > 1 && a->stride[d] != b->stride[d]) return false;
  return true;
}

static void copy_apart(nn_tensor *dst, const nn_tensor *src) {
  int64_t stride[NN_MAX_DIMS];
  int lead = dst->ndim - src->ndim;
  for (int d = 0; d < dst->ndim; d++)
    stride[d] = d < lead || src->shape[d - lead] == 1 ? 0 : src->stride[d - lead];
  nn_block_copy(dst->ndim, dst->shape, (nn_dtype)dst->dtype, dst->data, dst->stride, (nn_dtype)src->dtype,
                src->data, stride);
}

/* False, with an error, when an interrupt has cut the copy short. */
static bool whole(nn_ctx *ctx) {
  return !nn_interrupted() || nn_fail_code(ctx, NN_ERR_INTERRUPT, "interrupted");
}

bool nn_copy_strided(nn_tensor *dst, const nn_tensor *src) {
  int lead = dst->ndim - src->ndim;
  if (lead < 0) return false;
  for (int d = 0; d < src->ndim; d++)
    if (src->shape[d] != 1 && src->shape[d] != dst->shape[d + lead]) return false;
  if (dst->numel == 0 || same_place(dst, src)) return true;
  if (!overlap(dst, src)) {
    copy_apart(dst, src);
    return whole(dst->ctx);
  }
  nn_tensor *between = nn_empty(src->ctx, (nn_dtype)src->dtype, src->ndim, src->shape);
  if (between == NULL) return false;
  copy_apart(between, src);
  copy_apart(dst, between);
  nn_release(between);
  return whole(dst->ctx);
}
