/* reduction.c - reductions over any dimensions by way of the loops in kernels/reduce.c. Partial results are
 * cut by shape only, so that the number of threads does not change a bit. */
#include "reduction.h"

#include <string.h>

#include "interrupt.h"
#include "kernels/vmath.h"
#include "parallel.h"

uint32_t nn_dim_mask(const nn_value *dims, int ndim) {
  uint32_t all = ndim >= 32 ? UINT32_MAX : (1u << ndim) - 1;
  if (dims->tag == NN_V_INT) return ndim == 0 ? 0 : 1u << dims->i;
  if (dims->tag != NN_V_INTS || dims->n == 0) return all;
  uint32_t mask = 0;
  for (int i = 0; i < dims->n; i++) mask |= 1u << dims->ints[i];
  return mask & all;
}

void nn_reduced_spec(nn_frame *f, int k, nn_dtype dtype, uint32_t mask, bool keepdim) {
  const nn_tensor *x = f->in[0];
  nn_spec *s = &f->spec[k];
  s->dtype = dtype;
  s->ndim = 0;
  for (int d = 0; d < x->ndim; d++) {
    if (!(mask >> d & 1))
      s->shape[s->ndim++] = x->shape[d];
    else if (keepdim)
      s->shape[s->ndim++] = 1;
  }
}

int64_t nn_reduced_count(const nn_meta *m, uint32_t mask) {
  int64_t n = 1;
  for (int d = 0; d < m->ndim; d++)
    if (mask >> d & 1) n *= m->shape[d];
  return n;
}

bool nn_convert_input(nn_frame *f, int p) {
  if (!nn_given(f, p) || f->arg[p].dtype == f->in[0]->dtype) return true;
  f->in[0] = nn_do(f->ctx, &nn_op_to, v_t(f->in[0]), v_dt(f->arg[p].dtype));
  return f->in[0] != NULL;
}

/* ---- layouts ---------------------------------------------------------------------------------------- */

/* Dimensions in groups that are reduced or kept together and are one dimension with one stride in memory. */
typedef struct groups {
  int n;
  int64_t size[NN_MAX_DIMS], stride[NN_MAX_DIMS];
  bool reduced[NN_MAX_DIMS];
} groups;

static void add_group(groups *g, int64_t size, int64_t stride, bool reduced) {
  int last = g->n - 1;
  if (last >= 0 && g->reduced[last] == reduced && g->stride[last] == size * stride) {
    g->size[last] *= size;
    g->stride[last] = stride;
    return;
  }
  g->size[g->n] = size;
  g->stride[g->n] = stride;
  g->reduced[g->n++] = reduced;
}

/* Few elements of which neighbours begin their own: what windows one after the other are. Those are better columns. */
static void turn_windows(groups *g) {
  enum { FEW = 32 };
  int k = g->n - 2, r = g->n - 1;
  if (k < 0 || g->reduced[k] || !g->reduced[r] || g->stride[k] != 1 || g->size[r] > FEW || g->size[k] < FEW) return;
  int64_t size = g->size[k];
  g->size[k] = g->size[r], g->stride[k] = g->stride[r], g->reduced[k] = true;
  g->size[r] = size, g->stride[r] = 1, g->reduced[r] = false;
}

/* *times: how often each element occurs in its reduction, by dimensions that repeat it. */
static groups group_dims(const nn_tensor *x, uint32_t mask, int64_t *times) {
  groups g = {.n = 0};
  int64_t dense[NN_MAX_DIMS], step = 1;
  for (int d = x->ndim - 1; d >= 0; d--) dense[d] = step, step *= x->shape[d];
  *times = 1;
  for (int d = 0; d < x->ndim; d++) {
    bool r = mask >> d & 1;
    if (x->shape[d] == 1) continue;
    int64_t stride = nn_contig(x) ? dense[d] : x->stride[d];
    if (r && stride == 0 && !nn_contig(x))
      *times *= x->shape[d];
    else
      add_group(&g, x->shape[d], stride, r);
  }
  if (!nn_contig(x)) turn_windows(&g);
  return g;
}

static int last_reduced(const groups *g) {
  int last = g->n - 1;
  while (last >= 0 && !g->reduced[last]) last--;
  return last;
}

/* Whether the loops can read x where it lies: what follows the last reduced group, or that itself, is without gaps. */
static bool readable(const nn_tensor *x, uint32_t mask) {
  int64_t times;
  groups g = group_dims(x, mask, &times);
  return g.n == 0 || (g.stride[g.n - 1] == 1 && last_reduced(&g) >= g.n - 2);
}

/* The dims of x from the largest stride to the smallest; false where that changes the order of the kept ones. */
static bool memory_order(const nn_tensor *x, uint32_t mask, int64_t *order) {
  int64_t last = -1;
  for (int d = 0; d < x->ndim; d++) {
    int k = d;
    for (; k > 0 && x->stride[order[k - 1]] < x->stride[d]; k--) order[k] = order[k - 1];
    order[k] = d;
  }
  for (int k = 0; k < x->ndim; k++) {
    if (mask >> order[k] & 1 || x->shape[order[k]] == 1) continue;
    if (order[k] < last) return false;
    last = order[k];
  }
  return true;
}

const nn_tensor *nn_reduction_input(nn_frame *f, uint32_t *mask) {
  nn_tensor *x = f->in[0];
  int64_t order[NN_MAX_DIMS];
  if (nn_contig(x) || x->ndim < 2 || x->numel < 4096) return nn_dense(f, 0);
  if (!memory_order(x, *mask, order)) return readable(x, *mask) ? x : nn_dense(f, 0);
  bool was = nn_set_grad_enabled(f->ctx, false);
  nn_tensor *view = nn_do(f->ctx, &nn_op_permute, v_t(x), v_ints(x->ndim, order));
  nn_set_grad_enabled(f->ctx, was);
  if (view == NULL) return NULL;
  uint32_t turned = 0;
  for (int k = 0; k < x->ndim; k++)
    if (*mask >> order[k] & 1) turned |= 1u << k;
  if (!readable(view, turned)) return readable(x, *mask) ? x : nn_dense(f, 0);
  *mask = turned;
  return view;
}

/* ---- [outer][reduced][inner] ------------------------------------------------------------------------ */

enum { CHUNK = 32 * 1024, MIN_WORK = 16 * 1024, COLUMNS = 1024 };

typedef struct block {
  const struct nn_reduce_kernels *k;
  enum nn_reduce kind;
  nn_dtype dtype;
  size_t in_size, out_size;
  int64_t outer, reduced, inner;
  int64_t stride; /* of the reduced dimension; 1 where inner is 1 */
  groups around;  /* the outer dimensions */
  const char *x;
  char *y;
} block;

/* Where the i-th of the outer blocks begins. */
static const char *block_at(const block *b, int64_t i) {
  int64_t at = 0;
  for (int k = b->around.n - 1; k > 0; k--) {
    at += i % b->around.size[k] * b->around.stride[k];
    i /= b->around.size[k];
  }
  if (b->around.n > 0) at += i * b->around.stride[0];
  return b->x + at * (int64_t)b->in_size;
}

static size_t result_size(enum nn_reduce kind, nn_dtype d) {
  if (nn_is_float(d) || kind == NN_REDUCE_MAX || kind == NN_REDUCE_MIN) return nn_dtype_size(d);
  return sizeof(int64_t);
}

/* The dtype of partial results, and the reduction that joins them. */
static nn_dtype result_dtype(enum nn_reduce kind, nn_dtype d) {
  return nn_is_float(d) || kind == NN_REDUCE_MAX || kind == NN_REDUCE_MIN ? d : NN_INT64;
}

static enum nn_reduce joining(enum nn_reduce kind) {
  return kind == NN_REDUCE_SUM_SQUARES || kind == NN_REDUCE_SUM_ABS ? NN_REDUCE_SUM : kind;
}

/* Rows that are short go many at a time: by a loop made for them, or as columns of their transpose. */
enum { SHORT = 32, SHORT_ROWS = 128, SHORT_STRIDE = SHORT_ROWS + 16 };

static void turned_rows(const block *b, int64_t rows, const char *x, int64_t stride, char *y) {
  _Alignas(64) char turned[SHORT * SHORT_STRIDE * 8];
  int64_t e = (int64_t)b->in_size;
  NN_SELECT(nn_vmath)->transpose(rows, b->reduced, x, stride * e, turned, SHORT_STRIDE * e, b->in_size);
  b->k->cols[b->kind][b->dtype](b->reduced, rows, turned, SHORT_STRIDE, y);
}

/* False: these rows are better done one by one. */
static bool many_rows(const block *b, int64_t begin, int64_t end) {
  if (b->inner != 1) return false;
  bool fits = b->reduced >= b->k->rows_least[b->kind] && b->reduced <= b->k->rows_most;
  nn_reduce_rows_fn *rows = fits ? b->k->rows[b->kind][b->dtype] : NULL;
  if (rows == NULL && (b->reduced < 2 || b->reduced > SHORT || b->outer < 64)) return false;
  int last = b->around.n - 1;
  int64_t stride = last < 0 ? 0 : b->around.stride[last], whole = last < 0 ? 1 : b->around.size[last];
  for (int64_t i = begin, n; i < end && !nn_interrupted(); i += n) {
    n = end - i < SHORT_ROWS ? end - i : SHORT_ROWS;
    if (n > whole - i % whole) n = whole - i % whole;
    char *y = b->y + (size_t)i * b->out_size;
    if (rows != NULL)
      rows(n, b->reduced, block_at(b, i), stride, y);
    else
      turned_rows(b, n, block_at(b, i), stride, y);
  }
  return true;
}

static void outer_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const block *b = arg;
  if (many_rows(b, begin, end)) return;
  for (int64_t i = begin; i < end; i++) {
    const char *x = block_at(b, i);
    char *y = b->y + (size_t)(i * b->inner) * b->out_size;
    if (b->inner == 1)
      b->k->run[b->kind][b->dtype](b->reduced, x, y);
    else
      b->k->cols[b->kind][b->dtype](b->reduced, b->inner, x, b->stride, y);
    if ((b->reduced * b->inner >= MIN_WORK || (i & 63) == 0) && nn_interrupted()) return;
  }
}

static void inner_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const block *b = arg;
  for (int64_t i = begin; i < end && !nn_interrupted(); i += COLUMNS)
    b->k->cols[b->kind][b->dtype](b->reduced, end - i < COLUMNS ? end - i : COLUMNS, b->x + (size_t)i * b->in_size,
                                  b->stride, b->y + (size_t)i * b->out_size);
}

typedef struct pieces {
  const block *b;
  int64_t rows; /* of the reduced dimension in each piece */
  char *part;
} pieces;

static void piece_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const pieces *p = arg;
  const block *b = p->b;
  for (int64_t i = begin; i < end; i++) {
    int64_t from = i * p->rows, n = b->reduced - from < p->rows ? b->reduced - from : p->rows;
    const char *x = b->x + (size_t)(from * b->stride) * b->in_size;
    char *y = p->part + (size_t)(i * b->inner) * b->out_size;
    if (b->inner == 1)
      b->k->run[b->kind][b->dtype](n, x, y);
    else
      b->k->cols[b->kind][b->dtype](n, b->inner, x, b->stride, y);
    if (nn_interrupted()) return;
  }
}

/* One long reduction: in pieces, which are then reduced themselves. */
static bool reduce_pieces(nn_ctx *ctx, const block *b) {
  int64_t rows = CHUNK / b->inner > 1 ? CHUNK / b->inner : 1;
  int64_t n = (b->reduced + rows - 1) / rows;
  size_t bytes = (size_t)(n * b->inner) * b->out_size;
  pieces p = {b, rows, nn_scratch(ctx, bytes)};
  if (p.part == NULL) return false;
  nn_parallel(n, 1, piece_range, &p);
  nn_dtype d = result_dtype(b->kind, b->dtype);
  if (b->inner == 1)
    b->k->run[joining(b->kind)][d](n, p.part, b->y);
  else
    b->k->cols[joining(b->kind)][d](n, b->inner, p.part, b->inner, b->y);
  nn_scratch_free(ctx, p.part, bytes);
  return true;
}

static bool reduce_block(nn_ctx *ctx, const block *b) {
  int64_t work = b->reduced * b->inner;
  if (b->outer * b->inner == 0) return true;
  if (b->outer >= 4 || work * b->outer < MIN_WORK) {
    nn_parallel(b->outer, work > 0 ? (MIN_WORK + work - 1) / work : b->outer, outer_range, (void *)(uintptr_t)b);
    return true;
  }
  for (int64_t i = 0; i < b->outer; i++) {
    block one = *b;
    one.outer = 1;
    one.around.n = 0;
    one.x = block_at(b, i);
    one.y += (size_t)(i * b->inner) * b->out_size;
    if (b->inner >= 1024)
      nn_parallel(b->inner, b->reduced >= 64 ? 256 : 1024, inner_range, &one);
    else if (!reduce_pieces(ctx, &one))
      return false;
  }
  return true;
}

/* ---- any dimensions --------------------------------------------------------------------------------- */

static int64_t product(const groups *g, int from, int to) {
  int64_t p = 1;
  for (int i = from; i < to; i++) p *= g->size[i];
  return p;
}

/* The last reduced group goes first; the rest is reduced on what that leaves. */
static bool reduce_groups(nn_ctx *ctx, block b, groups g, void *out) {
  int last = last_reduced(&g), others = 0;
  for (int i = 0; i < last; i++) others += g.reduced[i];
  b.outer = product(&g, 0, last < 0 ? g.n : last);
  b.reduced = last < 0 ? 1 : g.size[last];
  b.inner = last < 0 ? 1 : product(&g, last + 1, g.n);
  b.stride = last < 0 ? 1 : g.stride[last];
  b.around.n = 0;
  for (int i = 0; i < (last < 0 ? g.n : last); i++) add_group(&b.around, g.size[i], g.stride[i], false);
  if (others == 0) {
    b.y = out;
    return reduce_block(ctx, &b);
  }
  size_t bytes = (size_t)(b.outer * b.inner) * b.out_size;
  b.y = nn_scratch(ctx, bytes);
  if (b.y == NULL) return false;
  bool ok = reduce_block(ctx, &b);
  block next = b;
  next.x = b.y;
  next.kind = joining(b.kind);
  next.dtype = result_dtype(b.kind, b.dtype);
  next.in_size = b.out_size;
  groups rest = {.n = 0};
  int64_t step = b.outer * b.inner;
  for (int i = 0; i < g.n; i++) {
    if (i == last) continue;
    step = g.size[i] > 0 ? step / g.size[i] : 0;
    add_group(&rest, g.size[i], step, g.reduced[i]);
  }
  ok = ok && reduce_groups(ctx, next, rest, out);
  nn_scratch_free(ctx, b.y, bytes);
  return ok;
}

/* A little work on neighbouring dimensions of a tensor without gaps: done here and now. False: it is something else. */
static bool reduce_little(const block *given, const nn_tensor *x, uint32_t mask, void *out) {
  block b = *given;
  int d = 0;
  b.outer = b.reduced = b.inner = 1;
  for (; d < x->ndim && !(mask >> d & 1); d++) b.outer *= x->shape[d];
  for (; d < x->ndim && mask >> d & 1; d++) b.reduced *= x->shape[d];
  for (; d < x->ndim && !(mask >> d & 1); d++) b.inner *= x->shape[d];
  if (d < x->ndim || x->numel == 0 || x->numel >= MIN_WORK || !nn_contig(x)) return false;
  b.stride = b.inner;
  b.around.n = 0;
  add_group(&b.around, b.outer, b.reduced * b.inner, false);
  b.y = out;
  outer_range(&b, 0, b.outer, 0);
  return true;
}

/* Sums of what occurs `times` times in each. */
static void multiply(nn_dtype d, int64_t n, int64_t times, void *out) {
  for (int64_t i = 0; i < n; i++) {
    if (d == NN_FLOAT32)
      ((float *)out)[i] = (float)((double)((float *)out)[i] * (double)times);
    else if (d == NN_FLOAT64)
      ((double *)out)[i] *= (double)times;
    else
      ((uint64_t *)out)[i] *= (uint64_t)times;
  }
}

bool nn_reduce_dense(nn_ctx *ctx, enum nn_reduce kind, const nn_tensor *x, uint32_t mask, void *out) {
  nn_dtype d = (nn_dtype)x->dtype;
  block b = {.k = NN_SELECT(nn_reduce), .kind = kind, .dtype = d, .in_size = nn_esize(x), .out_size = result_size(kind, d),
             .x = x->data};
  if (reduce_little(&b, x, mask, out)) return true;
  int64_t times, results = 1;
  groups g = group_dims(x, mask, &times);
  bool ok = reduce_groups(ctx, b, g, out);
  for (int i = 0; i < g.n; i++)
    if (!g.reduced[i]) results *= g.size[i];
  if (ok && times > 1 && kind != NN_REDUCE_MAX && kind != NN_REDUCE_MIN) multiply(result_dtype(kind, d), results, times, out);
  if (ok && x->numel > CHUNK && nn_interrupted()) return nn_fail_code(ctx, NN_ERR_INTERRUPT, "interrupted");
  return ok;
}

/* ---- expressions ------------------------------------------------------------------------------------ */

T nn_unsqueeze_mask(C c, T g, const nn_meta *input, uint32_t mask) {
  int64_t shape[NN_MAX_DIMS];
  for (int d = 0; d < input->ndim; d++) shape[d] = mask >> d & 1 ? 1 : input->shape[d];
  return g ? nn_do(c, &nn_op_reshape, v_t(g), v_ints(input->ndim, shape)) : NULL;
}

T t_reduce_mask(C c, const nn_op *op, T x, uint32_t mask, bool keepdim) {
  int64_t dims[NN_MAX_DIMS];
  int n = 0;
  if (x == NULL) return NULL;
  for (int d = 0; d < x->ndim; d++)
    if (mask >> d & 1) dims[n++] = d;
  if (n == 0) return x;
  return nn_do(c, op, v_t(x), v_ints(n, dims), v_b(keepdim));
}
