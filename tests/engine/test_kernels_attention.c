// Attention and layer norm: the kernels against the formulas written as plain loops in double, on random shapes, masks,
// layouts and places in memory. The build runs this once for each instruction set.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "interrupt.h"
#include "kernels/attention.h"
#include "kernels/layer_norm.h"
#include "kernels/random.h"

static uint64_t state = 1;

static uint64_t next_u64(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  uint64_t x = state ^ (state >> 33);
  return x * 0xff51afd7ed558ccdu >> 8;
}

static int64_t range(int64_t lo, int64_t hi) { return lo + (int64_t)(next_u64() % (uint64_t)(hi - lo + 1)); }
static double number(void) { return (double)(next_u64() % 2000001) / 1e6 - 1; }

// Exactly as large as needed, so that the sanitizers see every stray access.
static void *fresh(int64_t n, size_t size) {
  void *p = malloc((size_t)n * size + 1);
  assert_non_null(p);
  memset(p, 0xff, (size_t)n * size); // NaN: an element left out shows
  return p;
}

static double get(nn_dtype d, const void *p, int64_t i) {
  return d == NN_FLOAT32 ? (double)((const float *)p)[i] : ((const double *)p)[i];
}

static void put(nn_dtype d, void *p, int64_t i, double x) {
  if (d == NN_FLOAT32)
    ((float *)p)[i] = (float)x;
  else
    ((double *)p)[i] = x;
}

static void *numbers(nn_dtype d, int64_t n) {
  void *p = fresh(n, nn_dtype_size(d));
  for (int64_t i = 0; i < n; i++) put(d, p, i, number());
  return p;
}

// ---- attention -----------------------------------------------------------------------------------------

// Rows of heads, batch after batch or (interleaved) as parts of one wide row for each place.
static struct nn_heads rows_of(nn_dtype d, int64_t batch, int64_t heads, int64_t length, int64_t width, bool interleaved,
                               bool random) {
  const int64_t n = batch * heads * length * width;
  struct nn_heads h = {random ? numbers(d, n) : fresh(n, nn_dtype_size(d)), heads * length * width, length * width, width};
  if (interleaved) h.head = width, h.row = heads * width;
  return h;
}

static int64_t at(const struct nn_heads *x, int64_t b, int64_t h, int64_t l, int64_t i) {
  return b * x->batch + h * x->head + l * x->row + i;
}

static double mask_at(nn_dtype d, const struct nn_attention *a, int64_t b, int64_t h, int64_t i, int64_t j) {
  const int64_t place = b * a->mask_batch + h * a->mask_head + i * a->mask_query + j * a->mask_key;
  if (a->causal && j > i) return -(double)INFINITY;
  if (a->mask == NULL) return 0;
  if (a->mask_is_bool) return ((const uint8_t *)a->mask)[place] ? 0 : -(double)INFINITY;
  return get(d, a->mask, place);
}

static double factor_at(const struct nn_attention *a, int64_t b, int64_t h, int64_t i, int64_t j) {
  const int64_t row = (b * a->heads + h) * a->queries + i, place = row * nn_attention_draws(a->keys) + j;
  uint32_t four[4];
  if (a->drop_below == 0) return 1;
  NN_SELECT(nn_random_table)->philox(a->seed, a->offset + (uint64_t)place / 4, 1, four);
  return four[place % 4] < a->drop_below ? 0 : a->keep_scale;
}

struct wanted {
  double *out, *dq, *dk, *dv, *dmask;
  double terms; // the largest sum of magnitudes that a query's gradients of scores are made of
};

// One query by the definition.
static void one_query(nn_dtype d, const struct nn_attention *a, int64_t b, int64_t h, int64_t i, struct wanted *w, double *p) {
  const int64_t g = h / (a->heads / a->kv_heads);
  double top = -(double)INFINITY, sum = 0, inner = 0;
  for (int64_t j = 0; j < a->keys; j++) {
    double s = 0;
    for (int64_t e = 0; e < a->width; e++)
      s += get(d, a->q.data, at(&a->q, b, h, i, e)) * get(d, a->k.data, at(&a->k, b, g, j, e));
    p[j] = s * a->scale + mask_at(d, a, b, h, i, j);
    if (p[j] > top) top = p[j];
  }
  for (int64_t j = 0; j < a->keys; j++) sum += p[j] = top == -(double)INFINITY ? 0 : exp(p[j] - top);
  for (int64_t j = 0; j < a->keys; j++) p[j] = sum == 0 ? 0 : p[j] / sum;
  for (int64_t e = 0; e < a->value_width; e++) {
    double y = 0;
    for (int64_t j = 0; j < a->keys; j++) y += p[j] * factor_at(a, b, h, i, j) * get(d, a->v.data, at(&a->v, b, g, j, e));
    w->out[at(&a->out, b, h, i, e)] = y;
    inner += y * get(d, a->dout.data, at(&a->dout, b, h, i, e));
  }
  double terms = 0;
  for (int64_t j = 0; j < a->keys; j++) {
    double dp = 0;
    const double z = factor_at(a, b, h, i, j);
    for (int64_t e = 0; e < a->value_width; e++) {
      const double gy = get(d, a->dout.data, at(&a->dout, b, h, i, e));
      dp += gy * get(d, a->v.data, at(&a->v, b, g, j, e));
      w->dv[at(&a->dv, b, g, j, e)] += p[j] * z * gy;
    }
    const double ds = p[j] * (z * dp - inner);
    terms += p[j] * (fabs(z * dp) + fabs(inner));
    if (w->dmask) w->dmask[b * a->dmask_batch + h * a->dmask_head + i * a->dmask_query + j * a->dmask_key] += ds;
    for (int64_t e = 0; e < a->width; e++) {
      w->dq[at(&a->dq, b, h, i, e)] += ds * a->scale * get(d, a->k.data, at(&a->k, b, g, j, e));
      w->dk[at(&a->dk, b, g, j, e)] += ds * a->scale * get(d, a->q.data, at(&a->q, b, h, i, e));
    }
  }
  w->terms = fmax(w->terms, terms);
}

static void compare(nn_dtype d, const void *got, const double *want, int64_t n, double unit,
                    double most) {
  const double limit = (d == NN_FLOAT32 ? 0x1p-23 : 0x1p-52) * unit;
  for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(want[i]));
  for (int64_t i = 0; i < n; i++) {
    if (fabs(get(d, got, i) - want[i]) <= limit * most) continue;
    fail_msg("element %lld of %lld is %.17g, want %.17g", (long long)i, (long long)n, get(d, got, i), want[i]);
  }
}

static void set_mask(nn_dtype d, struct nn_attention *a) {
  const int64_t size[4] = {range(0, 1) ? a->batch : 1, range(0, 1) ? a->heads : 1, range(0, 2) ? a->queries : 1, a->keys};
  int64_t *to[4] = {&a->mask_batch, &a->mask_head, &a->mask_query, &a->mask_key}, n = 1;
  int64_t *grad[4] = {&a->dmask_batch, &a->dmask_head, &a->dmask_query, &a->dmask_key};
  const bool flipped = range(0, 4) == 0; // dimensions in another order in memory
  for (int i = 0; i < 4; i++) {
    const int k = flipped ? i : 3 - i;
    *to[k] = *grad[k] = size[k] == 1 ? 0 : n;
    n *= size[k];
  }
  a->mask_is_bool = range(0, 1);
  void *m = a->mask_is_bool ? fresh(n, 1) : numbers(d, n);
  for (int64_t i = 0; i < n && a->mask_is_bool; i++) ((uint8_t *)m)[i] = range(0, 9) > 1;
  a->mask = m;
}

static int64_t some_length(void) { return range(0, 3) ? range(1, 70) : range(0, 1) ? range(1, 8) : range(60, 200); }

// Gradients, the keys in one piece or in pieces of a multiple of four.
static void run_back(nn_dtype d, struct nn_attention *a, const struct wanted *w, int64_t mask_size) {
  const struct nn_attention_kernels *k = NN_SELECT(nn_attention_table);
  const int64_t n = a->batch * a->heads * a->queries * a->width, piece = range(0, 1) ? a->keys + 3 : 4 * range(5, 20);
  void *dmask = w->dmask ? fresh(mask_size, nn_dtype_size(d)) : NULL, *scratch = fresh(1, k->backward_scratch[d](a, piece / 4 * 4));
  double *sum = calloc((size_t)n + 1, sizeof *sum);
  for (int64_t i = 0; i < mask_size && dmask; i++) put(d, dmask, i, 0);
  for (int64_t k0 = 0; k0 < a->keys; k0 += piece / 4 * 4) {
    const int64_t k1 = k0 + piece / 4 * 4 < a->keys ? k0 + piece / 4 * 4 : a->keys;
    for (int64_t pair = 0; pair < a->batch * a->kv_heads; pair++)
      assert_true(k->backward[d](a, pair, k0, k1, dmask, scratch));
    for (int64_t i = 0; i < n; i++) sum[i] += get(d, a->dq.data, i);
  }
  for (int64_t i = 0; i < n; i++) put(d, a->dq.data, i, sum[i]);
  compare(d, a->dq.data, w->dq, n, 200, w->terms * a->scale);
  compare(d, a->dk.data, w->dk, a->batch * a->kv_heads * a->keys * a->width, 200, w->terms * a->scale);
  compare(d, a->dv.data, w->dv, a->batch * a->kv_heads * a->keys * a->value_width, 200, 1e-3);
  if (dmask) compare(d, dmask, w->dmask, mask_size, 400, w->terms);
  free(dmask), free(scratch), free(sum);
}

static void one_shape(nn_dtype d) {
  const struct nn_attention_kernels *k = NN_SELECT(nn_attention_table);
  struct nn_attention a = {.batch = range(1, 2), .kv_heads = range(1, 2), .queries = some_length(), .keys = some_length(),
                           .width = range(0, 2) ? range(1, 70) : 16 * range(1, 4), .scale = 0.1 + fabs(number())};
  const bool mixed = range(0, 1), drops = range(0, 4) == 0;
  a.heads = a.kv_heads * range(1, 2);
  a.value_width = range(0, 2) ? a.width : range(1, 70);
  a.causal = range(0, 3) == 0;
  if (drops) a.drop_below = 1u << 30, a.keep_scale = 4.0 / 3, a.seed = next_u64(), a.offset = (uint64_t)range(0, 1000);
  if (range(0, 1)) set_mask(d, &a);
  a.q = rows_of(d, a.batch, a.heads, a.queries, a.width, mixed, true);
  a.k = rows_of(d, a.batch, a.kv_heads, a.keys, a.width, mixed, true);
  a.v = rows_of(d, a.batch, a.kv_heads, a.keys, a.value_width, mixed, true);
  a.out = rows_of(d, a.batch, a.heads, a.queries, a.value_width, mixed, false);
  a.dout = rows_of(d, a.batch, a.heads, a.queries, a.value_width, range(0, 1), true);
  a.dq = rows_of(d, a.batch, a.heads, a.queries, a.width, mixed, false);
  a.dk = rows_of(d, a.batch, a.kv_heads, a.keys, a.width, mixed, false);
  a.dv = rows_of(d, a.batch, a.kv_heads, a.keys, a.value_width, mixed, false);
  a.lse = fresh(a.batch * a.heads * a.queries, nn_dtype_size(d));
  int64_t mask_size = 1;
  if (a.mask && a.mask_batch) mask_size *= a.batch;
  if (a.mask && a.mask_head) mask_size *= a.heads;
  if (a.mask && a.mask_query) mask_size *= a.queries;
  if (a.mask && a.mask_key) mask_size *= a.keys;
  const int64_t qs = a.batch * a.heads * a.queries, ks = a.batch * a.kv_heads * a.keys;
  struct wanted w = {calloc((size_t)(qs * a.value_width), 8), calloc((size_t)(qs * a.width), 8), calloc((size_t)(ks * a.width), 8),
                     calloc((size_t)(ks * a.value_width), 8), NULL, 0};
  if (a.mask && !a.mask_is_bool) w.dmask = calloc((size_t)mask_size, 8);
  double *p = malloc((size_t)a.keys * sizeof *p);
  for (int64_t i = 0; i < qs; i++) one_query(d, &a, i / a.queries / a.heads, i / a.queries % a.heads, i % a.queries, &w, p);
  void *scratch = fresh(1, k->forward_scratch[d](&a));
  for (int64_t pair = 0; pair < a.batch * a.heads; pair++)
    for (int64_t i = 0, step = range(1, 100); i < a.queries; i += step)
      assert_true(k->forward[d](&a, pair, i, i + step < a.queries ? i + step : a.queries, scratch));
  compare(d, a.out.data, w.out, qs * a.value_width, 50, 1e-3);
  run_back(d, &a, &w, mask_size);
  void *all[] = {(void *)(uintptr_t)a.mask, a.q.data, a.k.data, a.v.data, a.out.data, a.dout.data, a.dq.data, a.dk.data,
                 a.dv.data, a.lse, w.out, w.dq, w.dk, w.dv, w.dmask, p, scratch};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static void attention_f32(void **arg) {
  (void)arg;
  for (int i = 0; i < 200; i++) one_shape(NN_FLOAT32);
}

static void attention_f64(void **arg) {
  (void)arg;
  for (int i = 0; i < 200; i++) one_shape(NN_FLOAT64);
}

// Scores far apart, infinite and not a number: weights of 0 and 1, nothing seen, NaN where there is one.
static void extreme_scores(void **arg) {
  (void)arg;
  float q[40], k[3] = {1, 2, 3}, v[3] = {5, 6, 7}, out[40], lse[40], mask[3] = {0, 0, -INFINITY};
  for (int queries = 1; queries <= 40; queries += 39) {
    for (int i = 0; i < queries; i++) q[i] = i == 0 ? 1e30f : i == 1 ? -1e4f : i == 2 ? NAN : 0;
    struct nn_attention a = {.batch = 1, .heads = 1, .kv_heads = 1, .queries = queries, .keys = 3, .width = 1, .value_width = 1,
                             .q = {q, 40, 40, 1}, .k = {k, 3, 3, 1}, .v = {v, 3, 3, 1}, .out = {out, 40, 40, 1}, .lse = lse,
                             .scale = 1, .mask = mask, .mask_key = 1};
    const struct nn_attention_kernels *table = NN_SELECT(nn_attention_table);
    void *scratch = malloc(table->forward_scratch[NN_FLOAT32](&a));
    assert_true(table->forward[NN_FLOAT32](&a, 0, 0, queries, scratch));
    assert_true(out[0] == 6);
    if (queries > 3) {
      assert_true(out[1] == 5 && isnan(out[2]) && fabsf(out[3] - 5.5f) < 1e-6f);
    }
    for (int i = 0; i < 3; i++) mask[i] = -INFINITY;
    assert_true(table->forward[NN_FLOAT32](&a, 0, 0, queries, scratch));
    assert_true(out[0] == 0 && lse[0] == -INFINITY);
    for (int i = 0; i < 2; i++) mask[i] = 0;
    nn_interrupt_raise();
    assert_false(table->forward[NN_FLOAT32](&a, 0, 0, queries, scratch));
    nn_interrupt_clear();
    free(scratch);
  }
}

// ---- layer norm ----------------------------------------------------------------------------------------

static void one_norm(nn_dtype d, int64_t rows, int64_t n) {
  const struct nn_layer_norm_kernels *k = NN_SELECT(nn_layer_norm_table);
  void *x = numbers(d, rows * n), *g = numbers(d, rows * n), *gamma = range(0, 3) ? numbers(d, n) : NULL;
  void *beta = range(0, 3) ? numbers(d, n) : NULL, *y = fresh(rows * n, nn_dtype_size(d)), *mean = fresh(rows, nn_dtype_size(d));
  void *rstd = fresh(rows, nn_dtype_size(d)), *dgamma = fresh(n, nn_dtype_size(d)), *dbeta = fresh(n, nn_dtype_size(d));
  double *want = calloc((size_t)(rows * n), 8), *dx = calloc((size_t)(rows * n), 8), *dg = calloc((size_t)n, 8),
         *db = calloc((size_t)n, 8);
  for (int64_t r = 0; r < rows; r++) {
    double m = 0, var = 0, sum = 0, cross = 0;
    for (int64_t j = 0; j < n; j++) m += get(d, x, r * n + j) / (double)n;
    for (int64_t j = 0; j < n; j++) var += (get(d, x, r * n + j) - m) * (get(d, x, r * n + j) - m) / (double)n;
    const double s = 1 / sqrt(var + 0.01);
    for (int64_t j = 0; j < n; j++) {
      const double h = (get(d, x, r * n + j) - m) * s, u = get(d, g, r * n + j);
      want[r * n + j] = h * (gamma ? get(d, gamma, j) : 1) + (beta ? get(d, beta, j) : 0);
      dg[j] += u * h, db[j] += u;
      sum += u * (gamma ? get(d, gamma, j) : 1), cross += u * (gamma ? get(d, gamma, j) : 1) * h;
    }
    for (int64_t j = 0; j < n; j++) {
      const double h = (get(d, x, r * n + j) - m) * s, u = get(d, g, r * n + j) * (gamma ? get(d, gamma, j) : 1);
      dx[r * n + j] = s * (u - sum / (double)n - h * cross / (double)n);
    }
  }
  k->forward[d](rows, n, 0.01, x, gamma, beta, y, mean, rstd);
  compare(d, y, want, rows * n, 100, 1e-3);
  for (int64_t j = 0; j < n; j++) put(d, dgamma, j, 0), put(d, dbeta, j, 0);
  k->backward[d](rows, n, g, x, mean, rstd, gamma, g, dgamma, dbeta); // in place
  compare(d, g, dx, rows * n, 200, 1);
  compare(d, dgamma, dg, n, 200, 1);
  compare(d, dbeta, db, n, 200, 1);
  void *all[] = {x, g, gamma, beta, y, mean, rstd, dgamma, dbeta, want, dx, dg, db};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static void layer_norm(void **arg) {
  (void)arg;
  for (int i = 0; i < 200; i++) {
    const nn_dtype d = i % 2 ? NN_FLOAT64 : NN_FLOAT32;
    one_norm(d, range(1, 40), range(0, 3) ? range(1, 150) : range(1, NN_LAYER_NORM_MOST));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(attention_f32), cmocka_unit_test(attention_f64), cmocka_unit_test(extreme_scores),
      cmocka_unit_test(layer_norm),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
