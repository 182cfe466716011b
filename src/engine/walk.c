/* walk.c - walks over several tensors at once. Knows bytes and shapes, no operations. */
#include "walk.h"

#include "interrupt.h"
#include "parallel.h"

/* Byte strides of t for a walk of this shape: 0 where t is broadcast. */
static bool broadcast_strides(const nn_tensor *t, int ndim, const int64_t *shape, int64_t *stride) {
  int lead = ndim - t->ndim;
  if (lead < 0) return false;
  int64_t size = (int64_t)nn_esize(t);
  for (int d = 0; d < ndim; d++) {
    if (d < lead || (t->shape[d - lead] == 1 && shape[d] != 1))
      stride[d] = 0;
    else if (t->shape[d - lead] == shape[d])
      stride[d] = t->stride[d - lead] * size;
    else
      return false;
  }
  return true;
}

/* Joins neighbouring dimensions that every operand runs through evenly; drops those of size 1. */
static void coalesce(nn_walk *w, int ndim, const int64_t *shape, int64_t stride[][NN_MAX_DIMS]) {
  int m = 0;
  for (int d = 0; d < ndim; d++) {
    if (shape[d] == 1) continue;
    bool join = m > 0;
    for (int k = 0; k < w->n && join; k++)
      if (w->stride[k][m - 1] != stride[k][d] * shape[d]) join = false;
    if (join)
      w->shape[m - 1] *= shape[d];
    else
      w->shape[m++] = shape[d];
    for (int k = 0; k < w->n; k++) w->stride[k][m - 1] = stride[k][d];
  }
  if (m == 0) {
    w->shape[0] = 1;
    for (int k = 0; k < w->n; k++) w->stride[k][0] = (int64_t)w->elem[k];
    m = 1;
  }
  w->ndim = m;
}

bool nn_walk_init(nn_walk *w, int n, const nn_tensor *const *t) {
  int64_t stride[NN_WALK_MAX][NN_MAX_DIMS];
  w->n = n;
  w->numel = t[0]->numel;
  for (int k = 0; k < n; k++) {
    w->data[k] = t[k]->data;
    w->elem[k] = nn_esize(t[k]);
    if (!broadcast_strides(t[k], t[0]->ndim, t[0]->shape, stride[k])) return false;
  }
  coalesce(w, t[0]->ndim, t[0]->shape, stride);
  return true;
}

/* A place in the walk: one index a dimension, and where each operand's innermost run begins. */
typedef struct place {
  int64_t index[NN_MAX_DIMS];
  char *row[NN_WALK_MAX];
} place;

static void go_to(const nn_walk *w, place *p, int64_t at) {
  int last = w->ndim - 1;
  for (int k = 0; k < w->n; k++) p->row[k] = w->data[k];
  for (int d = last; d >= 0; d--) {
    p->index[d] = at % w->shape[d];
    at /= w->shape[d];
    for (int k = 0; k < w->n && d != last; k++) p->row[k] += p->index[d] * w->stride[k][d];
  }
}

static void next_run(const nn_walk *w, place *p) {
  p->index[w->ndim - 1] = 0;
  for (int d = w->ndim - 2; d >= 0; d--) {
    for (int k = 0; k < w->n; k++) p->row[k] += w->stride[k][d];
    if (++p->index[d] < w->shape[d]) return;
    for (int k = 0; k < w->n; k++) p->row[k] -= w->stride[k][d] * w->shape[d];
    p->index[d] = 0;
  }
}

typedef struct job {
  const nn_walk *w;
  nn_run_fn fn;
  void *arg;
} job;

enum { POLL_EVERY = 1 << 16 }; /* elements between two looks at the interrupt flag */

static void run_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const job *j = arg;
  const nn_walk *w = j->w;
  int last = w->ndim - 1;
  int64_t inner[NN_WALK_MAX], since = 0;
  char *data[NN_WALK_MAX];
  place p;
  for (int k = 0; k < w->n; k++) inner[k] = w->stride[k][last];
  go_to(w, &p, begin);
  for (int64_t at = begin; at < end;) {
    int64_t count = w->shape[last] - p.index[last];
    if (count > end - at) count = end - at;
    if (count > POLL_EVERY) count = POLL_EVERY;
    for (int k = 0; k < w->n; k++) data[k] = p.row[k] + p.index[last] * inner[k];
    j->fn(j->arg, count, data, inner);
    at += count;
    p.index[last] += count;
    if (p.index[last] == w->shape[last]) next_run(w, &p);
    if ((since += count) < POLL_EVERY) continue;
    since = 0;
    if (nn_interrupted()) return;
  }
}

bool nn_walk_run(const nn_walk *w, int64_t grain, nn_run_fn fn, void *arg) {
  job j = {w, fn, arg};
  if (w->numel == 0) return true;
  if (w->numel <= grain)
    run_range(&j, 0, w->numel, 0);
  else
    nn_parallel(w->numel, grain, run_range, &j);
  return w->numel < POLL_EVERY || !nn_interrupted();
}
