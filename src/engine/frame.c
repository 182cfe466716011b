/* frame.c - what rows say and check about a call: errors, shapes, indices. Knows no particular operation but the
 * conversion of indices. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "expr.h"

const char *nn_input_name(const nn_frame *f, int i, char buf[64]) {
  for (int p = 0; p < f->n_args; p++) {
    nn_kind kind = f->op->params[p].kind;
    if (kind != P_TENSOR && kind != P_TENSORS && kind != P_INDICES) continue;
    int at = i - (int)f->arg[p].i;
    if (at < 0 || at >= f->arg[p].n) continue;
    if (kind == P_TENSOR)
      snprintf(buf, 64, "%s", f->op->params[p].name);
    else
      snprintf(buf, 64, "%s[%d]", f->op->params[p].name, at + 1);
    return buf;
  }
  snprintf(buf, 64, "argument %d", i + 1);
  return buf;
}

int nn_op_base(const nn_op *op) {
  const char *dot = strchr(op->name, '.');
  return dot ? (int)(dot - op->name) : (int)strlen(op->name);
}

bool nn_bad(nn_frame *f, const char *format, ...) {
  if (f->ctx->error != NN_OK) return false;
  char text[1800];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  const nn_op *op = f->ctx->outer ? f->ctx->outer : f->op;
  return nn_fail(f->ctx, "%.*s%s: %s", nn_op_base(op), op->name, f->ctx->outer_inplace ? "_" : "", text);
}

bool nn_expect_ndim(nn_frame *f, int i, int min, int max) {
  const nn_tensor *t = f->in[i];
  if (t->ndim >= min && t->ndim <= max) return true;
  char name[64], text[NN_SHAPE_TEXT];
  nn_input_name(f, i, name);
  if (min == max)
    return nn_bad(f, "expected %s with %d dimension%s, got shape %s", name, min, min == 1 ? "" : "s", nn_tensor_shape_text(t, text));
  if (max >= NN_MAX_DIMS)
    return nn_bad(f, "expected %s with at least %d dimension%s, got shape %s", name, min, min == 1 ? "" : "s",
                  nn_tensor_shape_text(t, text));
  return nn_bad(f, "expected %s with %d to %d dimensions, got shape %s", name, min, max, nn_tensor_shape_text(t, text));
}

bool nn_expect_float(nn_frame *f, int i) {
  const nn_tensor *t = f->in[i];
  if (nn_is_float((nn_dtype)t->dtype)) return true;
  char name[64];
  return nn_bad(f, "expected %s to be float32 or float64, got %s; convert with :to(\"float32\")", nn_input_name(f, i, name),
                nn_dtype_name((nn_dtype)t->dtype));
}

bool nn_expect_same_dtype(nn_frame *f, int i, int j) {
  const nn_tensor *a = f->in[i], *b = f->in[j];
  if (a->dtype == b->dtype) return true;
  char x[64], y[64];
  return nn_bad(f, "expected %s and %s of one dtype, got %s and %s", nn_input_name(f, i, x), nn_input_name(f, j, y),
                nn_dtype_name((nn_dtype)a->dtype), nn_dtype_name((nn_dtype)b->dtype));
}

static bool all_whole(const nn_tensor *t) {
  for (int64_t i = 0; i < t->numel; i++) {
    double x = t->dtype == NN_FLOAT32 ? (double)((const float *)(const void *)t->data)[i]
                                      : ((const double *)(const void *)t->data)[i];
    if (!(x >= -9.2e18 && x <= 9.2e18) || x != (double)(int64_t)x) return false;
  }
  return true;
}

bool nn_expect_index(nn_frame *f, int i) {
  nn_tensor *t = f->in[i];
  char name[64];
  if (t->dtype == NN_INT64) return true;
  if (t->dtype == NN_BOOL)
    return nn_bad(f, "expected %s to hold positions (int64), got bool", nn_input_name(f, i, name));
  bool was = nn_set_grad_enabled(f->ctx, false);
  if (nn_is_float((nn_dtype)t->dtype)) {
    nn_tensor *dense = nn_keep(f->ctx, nn_contiguous_data(t));
    if (dense == NULL || !all_whole(dense)) {
      nn_set_grad_enabled(f->ctx, was);
      return dense != NULL && nn_bad(f, "expected %s to hold whole numbers (positions), got %s with fractions",
                                     nn_input_name(f, i, name), nn_dtype_name((nn_dtype)t->dtype));
    }
  }
  f->in[i] = nn_do(f->ctx, &nn_op_to, v_t(t), v_dt(NN_INT64));
  nn_set_grad_enabled(f->ctx, was);
  return f->in[i] != NULL;
}

void nn_spec_set(nn_frame *f, int k, nn_dtype dtype, int ndim, const int64_t *shape) {
  f->spec[k].dtype = dtype;
  f->spec[k].ndim = ndim;
  for (int d = 0; d < ndim; d++) f->spec[k].shape[d] = shape[d];
}

void nn_spec_like(nn_frame *f, int k, const nn_tensor *t) {
  nn_spec_set(f, k, (nn_dtype)t->dtype, t->ndim, t->shape);
}

bool nn_broadcast_shapes(int na, const int64_t *a, int nb, const int64_t *b, int *n, int64_t *out) {
  int64_t r[NN_MAX_DIMS];
  int m = na > nb ? na : nb;
  for (int d = 0; d < m; d++) {
    int64_t x = d < m - na ? 1 : a[d - (m - na)], y = d < m - nb ? 1 : b[d - (m - nb)];
    if (x != y && x != 1 && y != 1) return false;
    r[d] = x == 1 ? y : x;
  }
  for (int d = 0; d < m; d++) out[d] = r[d];
  *n = m;
  return true;
}

const nn_tensor *nn_dense(nn_frame *f, int i) {
  nn_tensor *t = f->in[i];
  return nn_contig(t) ? t : nn_keep(f->ctx, nn_contiguous_data(t));
}
