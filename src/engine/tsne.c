/* tsne.c - attraction along pairs of neighbours and repulsion by a tree of squares (van der Maaten 2014,
 * after Barnes and Hut 1986). */
#include "tsne.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "internal.h"
#include "parallel.h"

enum { DEEPEST = 40, SHARE = 64 }; /* points closer than 2^-40 of the picture stay in one square */

typedef struct square {
  double x, y;      /* sum of its points, then their mean */
  double cx, cy;    /* its middle */
  double half;      /* half of its side */
  int64_t count;    /* points in it */
  int64_t child[4]; /* 0: none */
} square;

typedef struct tree {
  square *squares;
  int64_t n, room;
} tree;

/* The number of a new square; 0 when out of memory (number 0 is the root, which is nobody's child). */
static int64_t add_square(tree *t, double cx, double cy, double half) {
  if (t->n == t->room) {
    int64_t room = 2 * t->room + 64;
    square *more = realloc(t->squares, (size_t)room * sizeof *more);
    if (more == NULL) return 0;
    t->squares = more;
    t->room = room;
  }
  t->squares[t->n] = (square){.cx = cx, .cy = cy, .half = half};
  return t->n++;
}

/* The child of square s where (x, y) lies; made when there is none. 0 when out of memory. */
static int64_t child_for(tree *t, int64_t s, double x, double y) {
  square q = t->squares[s];
  int k = (x >= q.cx) + 2 * (y >= q.cy);
  if (q.child[k] == 0) {
    double half = q.half / 2;
    int64_t made = add_square(t, q.cx + (k & 1 ? half : -half), q.cy + (k & 2 ? half : -half), half);
    t->squares[s].child[k] = made;
  }
  return t->squares[s].child[k];
}

static bool is_leaf(const square *q) {
  return q->child[0] == 0 && q->child[1] == 0 && q->child[2] == 0 && q->child[3] == 0;
}

static void take_in(square *q, double x, double y, int64_t count) {
  q->x += x;
  q->y += y;
  q->count += count;
}

static bool insert(tree *t, double x, double y) {
  int64_t s = 0;
  for (int depth = 0;; depth++) {
    square before = t->squares[s];
    take_in(&t->squares[s], x, y, 1);
    if (before.count == 0 || depth == DEEPEST) return true;
    if (is_leaf(&before)) { /* its one point moves on to a child */
      int64_t down = child_for(t, s, before.x, before.y);
      if (down == 0) return false;
      take_in(&t->squares[down], before.x, before.y, before.count);
    }
    if ((s = child_for(t, s, x, y)) == 0) return false;
  }
}

static bool grow(tree *t, const double *y, int64_t n) {
  double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
  for (int64_t i = 0; i < 2 * n; i++) {
    low[i % 2] = fmin(low[i % 2], y[i]);
    high[i % 2] = fmax(high[i % 2], y[i]);
  }
  double half = fmax(high[0] - low[0], high[1] - low[1]) / 2;
  add_square(t, (low[0] + high[0]) / 2, (low[1] + high[1]) / 2, half * (1 + 1e-9) + 1e-300);
  if (t->squares == NULL) return false;
  for (int64_t i = 0; i < n; i++)
    if (!insert(t, y[2 * i], y[2 * i + 1])) return false;
  for (int64_t s = 0; s < t->n; s++) {
    square *q = &t->squares[s];
    if (q->count > 0) q->x /= (double)q->count, q->y /= (double)q->count;
  }
  return true;
}

typedef struct walk {
  const tree *tree;
  const double *y;
  double theta;
  double *force, *sums; /* [N, 2] and [N]: what the others do to a point, not yet divided by the sum of all */
} walk;

static void repel(void *arg, int64_t begin, int64_t end, int thread) {
  const walk *w = arg;
  const square *squares = w->tree->squares;
  (void)thread;
  for (int64_t i = begin; i < end; i++) {
    int64_t stack[4 * DEEPEST + 8];
    int top = 0;
    double x = w->y[2 * i], y = w->y[2 * i + 1], fx = 0, fy = 0, sum = -1; /* it meets itself, too: 1 */
    stack[top++] = 0;
    while (top > 0) {
      const square *q = &squares[stack[--top]];
      double dx = x - q->x, dy = y - q->y, d = dx * dx + dy * dy;
      if (is_leaf(q) || 4 * q->half * q->half < w->theta * w->theta * d) {
        double near = 1 / (1 + d), all = near * (double)q->count;
        sum += all;
        fx += all * near * dx;
        fy += all * near * dy;
        continue;
      }
      for (int k = 0; k < 4; k++)
        if (q->child[k] != 0) stack[top++] = q->child[k];
    }
    w->force[2 * i] = fx;
    w->force[2 * i + 1] = fy;
    w->sums[i] = sum;
  }
}

/* Adds what neighbours do to each other; returns the sum over pairs of p log(p / similarity). */
static double attract(const double *y, const int64_t *from, const int64_t *to, const double *p, int64_t pairs,
                      double exaggeration, double total, double *gradient) {
  double divergence = 0;
  for (int64_t k = 0; k < pairs; k++) {
    int64_t i = from[k] - 1, j = to[k] - 1;
    double dx = y[2 * i] - y[2 * j], dy = y[2 * i + 1] - y[2 * j + 1], near = 1 / (1 + dx * dx + dy * dy);
    double pull = 4 * exaggeration * p[k] * near;
    gradient[2 * i] += pull * dx, gradient[2 * i + 1] += pull * dy;
    gradient[2 * j] -= pull * dx, gradient[2 * j + 1] -= pull * dy;
    if (p[k] > 0) divergence += p[k] * log(p[k] * total / fmax(near, 1e-300));
  }
  return divergence;
}

static bool check(nn_tensor *y, nn_tensor *pairs, nn_tensor *p) {
  nn_ctx *ctx = nn_tensor_ctx(y);
  if (nn_tensor_dtype(y) != NN_FLOAT64 || nn_ndim(y) != 2 || nn_size(y, 1) != 2 || nn_size(y, 0) < 1)
    return nn_fail(ctx, "tsne: expected points float64 [N, 2]");
  if (nn_tensor_dtype(pairs) != NN_INT64 || nn_ndim(pairs) != 2 || nn_size(pairs, 0) != 2)
    return nn_fail(ctx, "tsne: expected pairs int64 [2, M]");
  if (nn_tensor_dtype(p) != NN_FLOAT64 || nn_ndim(p) != 1 || nn_size(p, 0) != nn_size(pairs, 1))
    return nn_fail(ctx, "tsne: expected a float64 for each of the %" PRId64 " pairs", nn_size(pairs, 1));
  return true;
}

static bool check_values(nn_tensor *y, nn_tensor *pairs) {
  const int64_t *at = nn_data(pairs);
  const double *v = nn_data(y);
  for (int64_t k = 0; k < nn_numel(pairs); k++)
    if (at[k] < 1 || at[k] > nn_size(y, 0))
      return nn_fail(nn_tensor_ctx(y), "tsne: point %" PRId64 " of %" PRId64, at[k], nn_size(y, 0));
  for (int64_t i = 0; i < nn_numel(y); i++)
    if (!isfinite(v[i])) return nn_fail(nn_tensor_ctx(y), "tsne: the points are not finite");
  return true;
}

/* What fills the gradient; false when out of memory. */
static bool fill(nn_tensor *y, nn_tensor *pairs, nn_tensor *p, double exaggeration, double theta,
                 nn_tensor *out, double *divergence) {
  int64_t n = nn_size(y, 0), m = nn_numel(p);
  tree t = {0};
  walk w = {.tree = &t, .y = nn_data(y), .theta = theta, .force = nn_data(out)};
  w.sums = malloc((size_t)n * sizeof *w.sums);
  bool ok = w.sums != NULL && grow(&t, w.y, n);
  if (ok) {
    nn_parallel(n, SHARE, repel, &w);
    double total = 0;
    for (int64_t i = 0; i < n; i++) total += w.sums[i];
    total = fmax(total, 1e-300);
    for (int64_t i = 0; i < 2 * n; i++) w.force[i] *= -4 / total;
    const int64_t *at = nn_data(pairs);
    *divergence = 2 * attract(w.y, at, at + m, nn_data(p), m, exaggeration, total, w.force);
  }
  free(w.sums);
  free(t.squares);
  return ok;
}

nn_tensor *nn_tsne_gradient(nn_tensor *y, nn_tensor *pairs, nn_tensor *p, double exaggeration, double theta,
                            double *divergence) {
  if (y == NULL || pairs == NULL || p == NULL || !check(y, pairs, p)) return NULL;
  nn_ctx *ctx = nn_tensor_ctx(y);
  nn_tensor *points = nn_contiguous_data(y), *edges = nn_contiguous_data(pairs),
            *weights = nn_contiguous_data(p);
  nn_tensor *out = nn_empty(ctx, NN_FLOAT64, 2, nn_shape(y));
  bool ok = points && edges && weights && out && check_values(points, edges);
  if (ok && !fill(points, edges, weights, exaggeration, theta, out, divergence))
    ok = nn_fail_code(ctx, NN_ERR_MEMORY, "out of memory");
  nn_release(points);
  nn_release(edges);
  nn_release(weights);
  if (ok) return out;
  nn_release(out);
  return NULL;
}
