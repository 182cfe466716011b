/* shape.c - what the rows about shapes, positions and copies share: reading lists, positions, making views.
 */
#include "shape.h"

#include "blocks.h"

const int64_t *nn_arg_ints(const nn_value *v, int *n) {
  *n = v->tag == NN_V_NONE ? 0 : (v->tag == NN_V_INTS ? v->n : 1);
  return v->tag == NN_V_INTS ? v->ints : &v->i;
}

void nn_element_of(const nn_value *v, nn_dtype dtype, void *element) {
  if (v->tag == NN_V_FLOAT)
    nn_element(dtype, v->f, element);
  else
    nn_element_int(dtype, v->tag == NN_V_BOOL ? v->b : v->i, element);
}

bool nn_position(nn_frame *f, int64_t *at, int64_t size, const char *name, int dim) {
  if (*at < -size || *at >= size) {
    long long shown = (long long)(*at >= 0 ? *at + 1 : *at);
    if (size == 0) return nn_bad(f, "%s %lld is out of range: dimension %d has size 0", name, shown, dim + 1);
    return nn_bad(f, "%s %lld is out of range: positions in dimension %d count from 1 to %lld", name, shown,
                  dim + 1, (long long)size);
  }
  if (*at < 0) *at += size;
  return true;
}

bool nn_new_dim(nn_frame *f, int64_t *dim, int ndim, const char *name) {
  if (*dim < -ndim - 1 || *dim > ndim) {
    long long shown = (long long)(*dim >= 0 ? *dim + 1 : *dim);
    return nn_bad(f, "%s = %lld is out of range: a new dimension goes to 1 to %d, or -%d to -1", name, shown,
                  ndim + 1, ndim + 1);
  }
  if (*dim < 0) *dim += ndim + 1;
  return true;
}

bool nn_make_view(nn_frame *f, int ndim, const int64_t *shape, const int64_t *stride, int64_t offset) {
  nn_tensor *x = f->in[0];
  f->out[0] = nn_view_of(x, ndim, shape, stride, nn_offset(x) + offset);
  return f->out[0] != NULL;
}

bool nn_fill_shape(nn_frame *f, int n, const int64_t *asked, int64_t numel, int64_t *shape) {
  char text[NN_SHAPE_TEXT];
  if (n > NN_MAX_DIMS) return nn_bad(f, "a tensor can have at most %d dimensions, got %d", NN_MAX_DIMS, n);
  int open = -1;
  int64_t known = 1;
  bool fits = true;
  for (int d = 0; d < n; d++) {
    shape[d] = asked[d];
    if (asked[d] == -1) {
      if (open >= 0)
        return nn_bad(f, "only one size can be -1 (found from the rest), got %s",
                      nn_shape_text(n, asked, text));
      open = d;
    } else if (asked[d] < 0) {
      return nn_bad(f, "a size cannot be negative: %s", nn_shape_text(n, asked, text));
    } else if (known != 0 && __builtin_mul_overflow(known, asked[d], &known)) {
      fits = false;
      known = 1;
    }
  }
  for (int d = 0; d < n; d++)
    if (shape[d] == 0) known = 0, fits = true;
  if (open >= 0) {
    if (known == 0)
      return nn_bad(f, "a size of -1 has no single value beside a size of 0: %s",
                    nn_shape_text(n, asked, text));
    if (fits) shape[open] = numel / known;
    known *= numel / known;
  }
  if (!fits || known != numel)
    return nn_bad(f, "shape %s does not fit %lld elements", nn_shape_text(n, asked, text), (long long)numel);
  return true;
}

bool nn_view_strides(const nn_tensor *t, int ndim, const int64_t *shape, int64_t *stride) {
  if (nn_contig(t) || t->numel <= 1) {
    nn_strides_contiguous(ndim, shape, stride);
    return true;
  }
  /* Goes through stretches of t's dims that lie evenly; each must be filled by whole dims of the new shape.
   */
  int v = ndim - 1;
  int64_t step = t->stride[t->ndim - 1], old = 1, made = 1;
  for (int d = t->ndim - 1; d >= 0; d--) {
    old *= t->shape[d];
    if (d > 0 && (t->shape[d - 1] == 1 || t->stride[d - 1] == old * step)) continue;
    while (v >= 0 && (made < old || shape[v] == 1)) {
      stride[v] = made * step;
      made *= shape[v--];
    }
    if (made != old) return false;
    if (d > 0) step = t->stride[d - 1], old = 1, made = 1;
  }
  return v == -1;
}

bool nn_make_reshaped(nn_frame *f, int ndim, const int64_t *shape) {
  nn_tensor *x = f->in[0];
  int64_t stride[NN_MAX_DIMS];
  if (nn_view_strides(x, ndim, shape, stride)) return nn_make_view(f, ndim, shape, stride, 0);
  nn_tensor *y = nn_empty(f->ctx, (nn_dtype)x->dtype, ndim, shape);
  if (y == NULL) return false;
  /* The copy is laid out as x's shape; afterwards it only gets the other one. */
  nn_strides_contiguous(x->ndim, x->shape, stride);
  nn_tensor *as_x = nn_view_raw(y, x->ndim, x->shape, stride, 0);
  bool ok = nn_copy_data(as_x, x);
  nn_release(as_x);
  if (!ok) {
    nn_release(y);
    return false;
  }
  f->out[0] = y;
  return true;
}

bool nn_reshape_vjp(nn_vjp *v) {
  v->d[0] = t_reshape_like(v->ctx, v->g[0], nn_in_meta(v, 0));
  return v->d[0] != NULL;
}
