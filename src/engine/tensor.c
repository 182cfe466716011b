/* tensor.c - tensors as shapes and strides on a storage: life, views, copies, single elements.
 * Knows the graph only as something to let go of. */
#include <stdio.h>
#include <string.h>

#include "internal.h"
#include "kernels/vmath.h"
#include "later.h"
#include "parallel.h"
#include "strided.h"

/* ---- life ------------------------------------------------------------------------------------------- */

static size_t tensor_bytes(int cap) { return sizeof(nn_tensor) + 2 * (size_t)cap * sizeof(int64_t); }

/* The fields of a tensor without a storage. One by one: compilers clear a struct as a whole with an instruction that takes
 * as long as all of this. */
static inline void start(nn_tensor *t, nn_ctx *ctx, nn_dtype dtype, int ndim, int cap) {
  t->refs = 1;
  t->dtype = (uint8_t)dtype;
  t->ndim = (uint8_t)ndim;
  t->cap = (uint8_t)cap;
  t->flags = 0;
  t->out = 0;
  t->epoch = 0;
  t->numel = 0;
  t->shape = t->dims;
  t->stride = t->dims + cap;
  t->data = NULL;
  t->storage = NULL;
  t->ctx = ctx;
  t->node = NULL;
  t->grad = t->base = NULL;
  t->hooks = NULL;
  t->owner = 0;
}

nn_tensor *nn_tensor_new(nn_ctx *ctx, nn_dtype dtype, int ndim) {
  int cap = ndim <= NN_USUAL_DIMS ? NN_USUAL_DIMS : NN_MAX_DIMS;
  nn_tensor *t = nn_small_take(ctx, tensor_bytes(cap));
  if (t == NULL) return NULL;
  start(t, ctx, dtype, ndim, cap);
  return t;
}

nn_tensor *nn_retain(nn_tensor *t) {
  if (t != NULL) t->refs++;
  return t;
}

/* Dead tensors and nodes wait in a list each, so that a long chain is let go without recursion. The links lie
 * in fields that nobody needs any more: owner and work. */
static void drain(nn_ctx *ctx);

/* Most tensors die without taking anything with them but their storage. */
static inline bool dies_alone(const nn_tensor *t) {
  bool held = ((uintptr_t)t->grad | (uintptr_t)t->base | (uintptr_t)t->hooks) != 0;
  if (held || t->shape != t->dims || t->flags & (NN_T_RETAIN | NN_T_TORN)) return false;
  return t->node == NULL || t->node->refs > 1;
}

/* What is left of a tensor: its storage and its block, which is one where the storage lies in it. */
static inline void drop_blocks(nn_ctx *ctx, nn_tensor *t) {
  bool own = (t->flags & NN_T_OWN) != 0;
  size_t size = tensor_bytes(t->cap);
  nn_storage_release(t->storage);
  if (!own) nn_small_give(ctx, t, size);
}

void nn_release(nn_tensor *t) {
  if (t == NULL || --t->refs > 0) return;
  nn_ctx *ctx = t->ctx;
  if (dies_alone(t)) {
    if (t->node != NULL) t->node->refs--;
    nn_storage *s = t->storage;
    if (t->flags & NN_T_OWN && s == nn_own_storage(t) && s->refs == 1) {
      ctx->in_use -= s->bytes;
      nn_small_give(ctx, t, nn_own_size(s->bytes));
    } else {
      drop_blocks(ctx, t);
    }
    return;
  }
  t->owner = (uintptr_t)ctx->trash_tensors;
  ctx->trash_tensors = t;
  if (!ctx->draining) drain(ctx);
}

void nn_node_release(nn_node *n) {
  if (n == NULL || --n->refs > 0) return;
  nn_ctx *ctx = n->ctx;
  n->work = (struct nn_work *)ctx->trash_nodes;
  ctx->trash_nodes = n;
  if (!ctx->draining) drain(ctx);
}

void nn_node_destroy(nn_node *n);
void nn_hooks_destroy(nn_ctx *ctx, nn_hook *h);
void nn_forget_retained(nn_tensor *t);

static void tensor_destroy(nn_tensor *t) {
  nn_ctx *ctx = t->ctx;
  if (t->flags & NN_T_RETAIN) nn_forget_retained(t);
  if (t->hooks != NULL) nn_hooks_destroy(ctx, t->hooks);
  if (t->node != NULL) nn_node_release(t->node);
  if (t->grad != NULL) nn_release(t->grad);
  if (t->base != NULL) nn_release(t->base);
  if (t->shape != t->dims) nn_small_free(ctx, t->shape, 2 * NN_MAX_DIMS * sizeof(int64_t));
  nn_storage *torn = t->flags & NN_T_TORN ? nn_own_storage(t) : NULL;
  drop_blocks(ctx, t);
  nn_storage_release(torn);
}

static void drain(nn_ctx *ctx) {
  ctx->draining = true;
  while (ctx->trash_tensors != NULL || ctx->trash_nodes != NULL) {
    nn_tensor *t = ctx->trash_tensors;
    if (t != NULL) {
      ctx->trash_tensors = (nn_tensor *)t->owner;
      tensor_destroy(t);
      continue;
    }
    nn_node *n = ctx->trash_nodes;
    ctx->trash_nodes = (nn_node *)n->work;
    nn_node_destroy(n);
  }
  ctx->draining = false;
}

/* ---- geometry --------------------------------------------------------------------------------------- */

void nn_strides_contiguous(int ndim, const int64_t *shape, int64_t *stride) {
  int64_t step = 1;
  for (int d = ndim - 1; d >= 0; d--) {
    stride[d] = step;
    step *= shape[d] > 1 ? shape[d] : 1;
  }
}

void nn_tensor_finish(nn_tensor *t) {
  int64_t numel = 1, step = 1;
  bool contiguous = true;
  for (int d = t->ndim - 1; d >= 0; d--) {
    if (t->shape[d] != 1 && t->stride[d] != step) contiguous = false;
    step *= t->shape[d];
    numel *= t->shape[d];
  }
  t->numel = numel;
  if (contiguous || numel == 0)
    t->flags |= NN_T_CONTIGUOUS;
  else
    t->flags &= (uint8_t)~NN_T_CONTIGUOUS;
}

bool nn_take_geometry(nn_tensor *t, const nn_tensor *v) {
  if (v->ndim > t->cap && t->shape == t->dims) {
    int64_t *room = nn_small_alloc(t->ctx, 2 * NN_MAX_DIMS * sizeof(int64_t));
    if (room == NULL) return false;
    t->shape = room;
    t->stride = room + NN_MAX_DIMS;
  }
  t->ndim = v->ndim;
  for (int d = 0; d < v->ndim; d++) {
    t->shape[d] = v->shape[d];
    t->stride[d] = v->stride[d];
  }
  t->data = v->data;
  nn_tensor_finish(t);
  return true;
}

int64_t nn_checked_numel(nn_ctx *ctx, int ndim, const int64_t *shape, size_t element) {
  int64_t numel = 1;
  bool empty = false;
  for (int d = 0; d < ndim; d++) {
    if (shape[d] < 0) {
      char text[NN_SHAPE_TEXT];
      nn_fail(ctx, "a size cannot be negative: %s", nn_shape_text(ndim, shape, text));
      return -1;
    }
    if (shape[d] == 0) empty = true;
  }
  for (int d = 0; d < ndim && !empty; d++)
    if (__builtin_mul_overflow(numel, shape[d], &numel)) numel = -1, empty = true;
  int64_t bytes;
  if (numel < 0 || __builtin_mul_overflow(numel, (int64_t)element, &bytes) || bytes > PTRDIFF_MAX / 4) {
    char text[NN_SHAPE_TEXT];
    nn_fail_code(ctx, NN_ERR_MEMORY, "out of memory: a tensor of shape %s is larger than the address space",
                 nn_shape_text(ndim, shape, text));
    return -1;
  }
  return empty ? 0 : numel;
}

const char *nn_shape_text(int ndim, const int64_t *shape, char buf[NN_SHAPE_TEXT]) {
  size_t n = 0;
  buf[n++] = '[';
  for (int d = 0; d < ndim; d++)
    n += (size_t)snprintf(buf + n, NN_SHAPE_TEXT - n, d ? ", %lld" : "%lld", (long long)shape[d]);
  snprintf(buf + n, NN_SHAPE_TEXT - n, "]");
  return buf;
}

const char *nn_tensor_shape_text(const nn_tensor *t, char buf[NN_SHAPE_TEXT]) {
  return nn_shape_text(t->ndim, t->shape, buf);
}

/* ---- making ----------------------------------------------------------------------------------------- */

/* A small tensor in one block with its storage and its elements. */
static inline nn_tensor *make_own(nn_ctx *ctx, nn_dtype dtype, int ndim, size_t bytes) {
  nn_tensor *t = nn_small_take(ctx, nn_own_size(bytes));
  if (t == NULL) return NULL;
  nn_storage *s = nn_own_storage(t);
  *s = (nn_storage){.ctx = ctx, .refs = 1, .bytes = bytes, .data = s + 1};
  start(t, ctx, dtype, ndim, NN_OWN_DIMS);
  t->flags = NN_T_CONTIGUOUS | NN_T_OWN;
  t->data = (char *)(s + 1);
  t->storage = s;
  ctx->in_use += bytes;
  if (ctx->in_use > ctx->peak) ctx->peak = ctx->in_use;
  ctx->allocated += 128 + bytes; /* a small tensor as a whole */
  return t;
}

static __attribute__((noinline)) nn_tensor *make_apart(nn_ctx *ctx, nn_dtype dtype, int ndim, size_t bytes) {
  nn_tensor *t = nn_tensor_new(ctx, dtype, ndim);
  if (t == NULL) return NULL;
  t->storage = nn_storage_new(ctx, bytes);
  if (t->storage == NULL) {
    nn_release(t);
    return NULL;
  }
  t->data = t->storage->data;
  t->flags = NN_T_CONTIGUOUS;
  return t;
}

/* A contiguous tensor of this shape, whose product is numel. */
static inline nn_tensor *make_dense(nn_ctx *ctx, nn_dtype dtype, int ndim, const int64_t *shape, int64_t numel) {
  size_t bytes = (size_t)numel * nn_dtype_size(dtype);
  bool small = bytes <= NN_INLINE && ndim <= NN_OWN_DIMS;
  nn_tensor *t = small ? make_own(ctx, dtype, ndim, bytes) : make_apart(ctx, dtype, ndim, bytes);
  if (t == NULL) return NULL;
  t->numel = numel;
  int64_t step = 1;
  for (int d = ndim - 1; d >= 0; d--) {
    t->shape[d] = shape[d];
    t->stride[d] = step;
    step *= shape[d] > 1 ? shape[d] : 1;
  }
  return t;
}

nn_tensor *nn_empty(nn_ctx *ctx, nn_dtype dtype, int ndim, const int64_t *shape) {
  if (ndim > NN_MAX_DIMS) {
    nn_fail(ctx, "a tensor can have at most %d dimensions, got %d", NN_MAX_DIMS, ndim);
    return NULL;
  }
  int64_t numel = 1;
  bool small = ndim <= 3; /* three such sizes cannot overflow */
  for (int d = 0; d < ndim && small; d++) {
    small = (uint64_t)shape[d] < 1 << 15;
    if (small) numel *= shape[d];
  }
  if (!small && (numel = nn_checked_numel(ctx, ndim, shape, nn_dtype_size(dtype))) < 0) return NULL;
  return make_dense(ctx, dtype, ndim, shape, numel);
}

nn_tensor *nn_empty_like_dense(const nn_tensor *like, nn_dtype dtype) {
  return make_dense(like->ctx, dtype, like->ndim, like->shape, like->numel);
}

nn_tensor *nn_zeros(nn_ctx *ctx, nn_dtype dtype, int ndim, const int64_t *shape) {
  nn_tensor *t = nn_empty(ctx, dtype, ndim, shape);
  if (t != NULL) memset(t->data, 0, (size_t)t->numel * nn_esize(t));
  return t;
}

static void put(nn_dtype dtype, void *p, double value) {
  switch (dtype) {
    case NN_FLOAT32: *(float *)p = (float)value; break;
    case NN_FLOAT64: *(double *)p = value; break;
    default: NN_SELECT(nn_vmath)->convert[NN_FLOAT64][dtype](1, &value, p);
  }
}

static void put_int(nn_dtype dtype, void *p, int64_t value) {
  switch (dtype) {
    case NN_FLOAT32: *(float *)p = (float)value; break;
    case NN_FLOAT64: *(double *)p = (double)value; break;
    case NN_INT64: *(int64_t *)p = value; break;
    case NN_UINT8: *(uint8_t *)p = (uint8_t)value; break;
    default: *(uint8_t *)p = value != 0;
  }
}

static double pick(nn_dtype dtype, const void *p) {
  switch (dtype) {
    case NN_FLOAT32: return *(const float *)p;
    case NN_FLOAT64: return *(const double *)p;
    case NN_INT64: return (double)*(const int64_t *)p;
    default: return *(const uint8_t *)p;
  }
}

static int64_t pick_int(nn_dtype dtype, const void *p) {
  int64_t value;
  NN_SELECT(nn_vmath)->convert[dtype][NN_INT64](1, p, &value);
  return value;
}

nn_tensor *nn_full(nn_ctx *ctx, nn_dtype dtype, int ndim, const int64_t *shape, double value) {
  nn_tensor *t = nn_empty(ctx, dtype, ndim, shape);
  if (t == NULL) return NULL;
  double cell;
  put(dtype, &cell, value);
  if (dtype == NN_FLOAT32 && t->numel <= 16) {
    for (int64_t i = 0; i < t->numel; i++) ((float *)(void *)t->data)[i] = (float)value;
    return t;
  }
  NN_SELECT(nn_vmath)->fill(t->numel, &cell, t->data, nn_esize(t));
  return t;
}

nn_tensor *nn_scalar(nn_ctx *ctx, nn_dtype dtype, double value) {
  nn_tensor *t = nn_empty(ctx, dtype, 0, NULL);
  if (t != NULL) put(dtype, t->data, value);
  return t;
}

nn_tensor *nn_scalar_int(nn_ctx *ctx, nn_dtype dtype, int64_t value) {
  nn_tensor *t = nn_empty(ctx, dtype, 0, NULL);
  if (t != NULL) put_int(dtype, t->data, value);
  return t;
}

static nn_tensor *as_number(nn_tensor *t) {
  if (t != NULL) t->flags |= NN_T_NUMBER;
  return t;
}

nn_tensor *nn_number(nn_ctx *ctx, double value) { return as_number(nn_scalar(ctx, NN_FLOAT64, value)); }

nn_tensor *nn_number_int(nn_ctx *ctx, int64_t value) { return as_number(nn_scalar_int(ctx, NN_INT64, value)); }

/* ---- views ------------------------------------------------------------------------------------------ */

static nn_tensor *share(nn_tensor *t, int ndim) {
  nn_tensor *v = nn_tensor_new(t->ctx, (nn_dtype)t->dtype, ndim);
  if (v == NULL) return NULL;
  v->storage = t->storage;
  v->storage->refs++;
  return v;
}

static nn_tensor *share_geometry(nn_tensor *t, int ndim, const int64_t *shape, const int64_t *stride, int64_t offset) {
  nn_tensor *v = share(t, ndim);
  if (v == NULL) return NULL;
  for (int d = 0; d < ndim; d++) {
    v->shape[d] = shape[d];
    v->stride[d] = stride[d];
  }
  v->data = (char *)v->storage->data + (size_t)offset * nn_esize(v);
  nn_tensor_finish(v);
  return v;
}

nn_tensor *nn_detach(nn_tensor *t) {
  nn_tensor *v = t ? share(t, t->ndim) : NULL;
  if (v == NULL) return NULL;
  for (int d = 0; d < t->ndim; d++) {
    v->shape[d] = t->shape[d];
    v->stride[d] = t->stride[d];
  }
  v->data = t->data;
  v->numel = t->numel;
  v->flags = t->flags & NN_T_CONTIGUOUS;
  return v;
}

nn_tensor *nn_view_of(nn_tensor *t, int ndim, const int64_t *shape, const int64_t *stride, int64_t offset) {
  nn_tensor *v = share_geometry(t, ndim, shape, stride, offset);
  if (v == NULL) return NULL;
  v->base = nn_retain(t->base ? t->base : t);
  v->epoch = v->base->epoch;
  return v;
}

nn_tensor *nn_view_raw(nn_tensor *t, int ndim, const int64_t *shape, const int64_t *stride, int64_t offset) {
  if (t == NULL) return NULL;
  int64_t last = offset;
  bool empty = false;
  for (int d = 0; d < ndim; d++) {
    int64_t reach;
    if (shape[d] < 0 || stride[d] < 0 || __builtin_mul_overflow(shape[d] - 1, stride[d], &reach) ||
        __builtin_add_overflow(last, reach > 0 ? reach : 0, &last)) {
      nn_fail(t->ctx, "a view cannot have negative or overflowing sizes or strides");
      return NULL;
    }
    if (shape[d] == 0) empty = true;
  }
  int64_t room = (int64_t)(t->storage->bytes / nn_esize(t));
  if (offset < 0 || (!empty && last >= room) || (empty && offset > room)) {
    nn_fail(t->ctx, "a view up to element %lld does not fit a storage of %lld elements", (long long)last + 1,
            (long long)room);
    return NULL;
  }
  return share_geometry(t, ndim, shape, stride, offset);
}

/* ---- looking at ------------------------------------------------------------------------------------- */

nn_ctx *nn_tensor_ctx(const nn_tensor *t) { return t->ctx; }
nn_dtype nn_tensor_dtype(const nn_tensor *t) { return (nn_dtype)t->dtype; }
int nn_ndim(const nn_tensor *t) { return t->ndim; }
int64_t nn_size(const nn_tensor *t, int dim) { return t->shape[dim]; }
int64_t nn_stride(const nn_tensor *t, int dim) { return t->stride[dim]; }
const int64_t *nn_shape(const nn_tensor *t) { return t->shape; }
const int64_t *nn_strides(const nn_tensor *t) { return t->stride; }
int64_t nn_numel(const nn_tensor *t) { return t->numel; }
int64_t nn_offset(const nn_tensor *t) {
  return (int64_t)((size_t)(t->data - (char *)t->storage->data) / nn_esize(t));
}
void *nn_data(const nn_tensor *t) {
  nn_settle_to_write(t);
  return t->data;
}
bool nn_is_contiguous(const nn_tensor *t) { return nn_contig(t); }
bool nn_same_storage(const nn_tensor *a, const nn_tensor *b) { return a->storage == b->storage; }
uint32_t nn_version(const nn_tensor *t) { return t->storage->version; }
void nn_touch(nn_tensor *t) { t->storage->version++; }
uintptr_t nn_owner(const nn_tensor *t) { return t->owner; }
void nn_set_owner(nn_tensor *t, uintptr_t owner) { t->owner = owner; }

static char *element(const nn_tensor *t, const int64_t *index) {
  int64_t at = 0;
  nn_settle_to_write(t);
  for (int d = 0; d < t->ndim; d++) at += index[d] * t->stride[d];
  return t->data + at * (int64_t)nn_esize(t);
}

double nn_get(const nn_tensor *t, const int64_t *index) { return pick((nn_dtype)t->dtype, element(t, index)); }
int64_t nn_get_int(const nn_tensor *t, const int64_t *index) {
  return pick_int((nn_dtype)t->dtype, element(t, index));
}
void nn_set(nn_tensor *t, const int64_t *index, double value) {
  put((nn_dtype)t->dtype, element(t, index), value);
  nn_touch(t);
}
void nn_set_int(nn_tensor *t, const int64_t *index, int64_t value) {
  put_int((nn_dtype)t->dtype, element(t, index), value);
  nn_touch(t);
}
double nn_item(const nn_tensor *t) {
  nn_settle(t);
  return pick((nn_dtype)t->dtype, t->data);
}
int64_t nn_item_int(const nn_tensor *t) {
  nn_settle(t);
  return pick_int((nn_dtype)t->dtype, t->data);
}

/* ---- copying ---------------------------------------------------------------------------------------- */

bool nn_copy_data(nn_tensor *dst, const nn_tensor *src) {
  if (dst == NULL || src == NULL) return false;
  nn_settle(src);
  nn_settle_to_write(dst);
  if (nn_copy_strided(dst, src)) {
    nn_touch(dst);
    return true;
  }
  if (dst->ctx->error == NN_OK) {
    char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
    nn_fail(dst->ctx, "cannot copy a tensor of shape %s over one of shape %s", nn_tensor_shape_text(src, a),
            nn_tensor_shape_text(dst, b));
  }
  return false;
}

nn_tensor *nn_contiguous_data(nn_tensor *t) {
  if (t != NULL) nn_settle(t);
  if (t == NULL || nn_contig(t)) return nn_retain(t);
  nn_tensor *copy = nn_empty(t->ctx, (nn_dtype)t->dtype, t->ndim, t->shape);
  if (copy != NULL && !nn_copy_data(copy, t)) {
    nn_release(copy);
    return NULL;
  }
  return copy;
}
