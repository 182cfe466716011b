// Pooling kernels against loops that follow the definition, on random shapes; NaN, ties, empty windows,
// indices, output sizes; gradients as adjoints. The build runs this once for each instruction set.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "interrupt.h"
#include "kernels/pool.h"

static uint64_t state = 1;

static int64_t range(int64_t lo, int64_t hi) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return lo + (int64_t)((state >> 33) % (uint64_t)(hi - lo + 1));
}

static void *exactly(int64_t bytes) {
  void *p = malloc((size_t)bytes + (bytes == 0));
  assert_non_null(p);
  memset(p, 0xff, (size_t)bytes);
  return p;
}

static double get(nn_dtype t, const void *a, int64_t i) {
  return t == NN_FLOAT32 ? (double)((const float *)a)[i] : ((const double *)a)[i];
}

static void put(nn_dtype t, void *a, int64_t i, double x) {
  if (t == NN_FLOAT32)
    ((float *)a)[i] = (float)x;
  else
    ((double *)a)[i] = x;
}

// Numbers with many ties; with `wild` also NaN and infinities.
static void *numbers(nn_dtype t, int64_t size, bool wild) {
  void *a = exactly(size * (int64_t)nn_dtype_size(t));
  for (int64_t i = 0; i < size; i++) {
    double x = (double)range(-20, 20) / 4;
    if (wild && range(0, 9) == 0) x = range(0, 2) ? -(double)INFINITY : (double)NAN;
    put(t, a, i, x);
  }
  return a;
}

static int64_t x_size(const struct nn_pool_desc *d) { return d->planes * d->h * d->w; }
static int64_t y_size(const struct nn_pool_desc *d) { return d->planes * d->ho * d->wo; }

static struct nn_pool_desc random_desc(bool dilated) {
  struct nn_pool_desc d = {.planes = range(1, 5),
                           .kernel_h = range(1, 4),
                           .kernel_w = range(1, 5),
                           .stride_h = range(1, 3),
                           .stride_w = range(1, 3),
                           .dil_h = 1,
                           .dil_w = 1};
  if (range(0, 2) == 0) d.kernel_h = d.kernel_w = d.stride_h = d.stride_w = 2;
  if (range(0, 9) == 0) d.kernel_h = 19, d.kernel_w = 17;
  if (dilated) d.dil_h = range(1, 2), d.dil_w = range(1, 3);
  bool ceil_mode = range(0, 1), padded = range(0, 1);
  if (padded) d.pad_h = range(0, d.kernel_h / 2), d.pad_w = range(0, d.kernel_w / 2);
  d.h = range(1, 30) + d.kernel_h * d.dil_h, d.w = range(1, 70) + d.kernel_w * d.dil_w;
  d.count_include_pad = range(0, 1);
  d.divisor_override = range(0, 3) ? 0 : range(1, 5);
  d.ho = nn_pool_out_size(d.h, d.kernel_h, d.stride_h, d.pad_h, d.dil_h, ceil_mode);
  d.wo = nn_pool_out_size(d.w, d.kernel_w, d.stride_w, d.pad_w, d.dil_w, ceil_mode);
  return d;
}

// The maximum of a window as PyTorch's loop finds it; position -1 if the window is empty.
static double naive_max(const struct nn_pool_desc *d, nn_dtype t, const void *x, int64_t p, int64_t i,
                        int64_t j, int64_t *position, int64_t *index) {
  double best = -(double)INFINITY;
  *position = -1;
  *index = 0;
  for (int64_t r = 0; r < d->kernel_h; r++)
    for (int64_t s = 0; s < d->kernel_w; s++) {
      int64_t row = i * d->stride_h - d->pad_h + r * d->dil_h,
              col = j * d->stride_w - d->pad_w + s * d->dil_w;
      if (row < 0 || col < 0 || row >= d->h || col >= d->w) continue;
      double v = get(t, x, (p * d->h + row) * d->w + col);
      if (*position >= 0 && !(v > best) && !isnan(v)) continue;
      best = v;
      *position = r * d->kernel_w + s;
      *index = row * d->w + col + 1;
    }
  return best;
}

static bool same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

static void max_pool_one(const struct nn_pool_desc *d, nn_dtype t, bool wild) {
  int64_t elem = (int64_t)nn_dtype_size(t), ny = y_size(d), nx = x_size(d);
  const struct nn_pool_kernels *pool = NN_SELECT(nn_pool);
  void *x = numbers(t, nx, wild), *y = exactly(ny * elem), *y2 = exactly(ny * elem);
  int64_t *index = exactly(ny * 8);
  bool compact = nn_pool_is_compact(d);
  uint8_t *position = compact ? exactly(ny) : NULL;
  assert_true(pool->max_forward[t](d, x, y, index, NULL));
  assert_true(pool->max_forward[t](d, x, y2, NULL, position));
  for (int64_t o = 0; o < ny; o++) {
    int64_t at, where;
    double want = naive_max(d, t, x, o / d->wo / d->ho, o / d->wo % d->ho, o % d->wo, &at, &where);
    assert_true(same(get(t, y, o), want) && same(get(t, y2, o), want));
    assert_int_equal(index[o], where);
    if (compact) assert_int_equal(position[o], at < 0 ? 255 : at);
  }
  void *dy = numbers(t, ny, false), *dx = exactly(nx * elem), *dx2 = exactly(nx * elem);
  double *want = calloc((size_t)nx, sizeof(double));
  assert_non_null(want);
  for (int64_t o = 0; o < ny; o++)
    if (index[o]) want[o / (d->ho * d->wo) * d->h * d->w + index[o] - 1] += get(t, dy, o);
  for (int gated = 0; gated < 2; gated++) {
    for (int64_t o = 0; gated && o < ny; o++)
      if (index[o] && get(t, y, o) <= 0)
        want[o / (d->ho * d->wo) * d->h * d->w + index[o] - 1] -= get(t, dy, o);
    assert_true(pool->max_backward[t](d, dy, gated ? y : NULL, index, NULL, dx));
    if (compact) assert_true(pool->max_backward[t](d, dy, gated ? y : NULL, NULL, position, dx2));
    for (int64_t i = 0; i < nx; i++) {
      assert_true(get(t, dx, i) == want[i]);
      if (compact) assert_true(get(t, dx2, i) == want[i]);
    }
  }
  void *all[] = {x, y, y2, index, position, dy, dx, dx2, want};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static void max_pool(void **arg) {
  (void)arg;
  for (int i = 0; i < 300; i++) {
    state = (uint64_t)i * 31 + 7;
    struct nn_pool_desc d = random_desc(i % 2);
    max_pool_one(&d, NN_FLOAT32, i % 3 == 0);
    max_pool_one(&d, NN_FLOAT64, i % 3 == 0);
  }
}

// Start, end and share in the divisor of a window, from the documentation of AvgPool2d and AdaptiveAvgPool2d.
static void naive_window(int64_t i, int64_t size, int64_t out, int64_t kernel, int64_t stride, int64_t pad,
                         bool include, bool adaptive, int64_t *first, int64_t *end, int64_t *counted) {
  if (adaptive) {
    *first = (int64_t)floor((double)(i * size) / (double)out);
    *end = (int64_t)ceil((double)((i + 1) * size) / (double)out);
    *counted = *end - *first;
    return;
  }
  *counted = 0;
  *first = size;
  *end = 0;
  for (int64_t r = 0; r < kernel; r++) {
    int64_t at = i * stride - pad + r;
    bool inside = at >= 0 && at < size;
    if (inside && at < *first) *first = at;
    if (inside) *end = at + 1;
    if (inside || (include && at < size + pad)) ++*counted;
  }
}

static void avg_pool_one(const struct nn_pool_desc *d, nn_dtype t, bool adaptive) {
  int64_t elem = (int64_t)nn_dtype_size(t), ny = y_size(d), nx = x_size(d);
  const struct nn_pool_kernels *pool = NN_SELECT(nn_pool);
  void *x = numbers(t, nx, false), *y = exactly(ny * elem), *dy = numbers(t, ny, false),
       *dx = exactly(nx * elem);
  double *want_dx = calloc((size_t)nx, sizeof(double)), tolerance = t == NN_FLOAT32 ? 1e-5 : 1e-14;
  assert_non_null(want_dx);
  assert_true((adaptive ? pool->adaptive_avg_forward : pool->avg_forward)[t](d, x, y));
  assert_true((adaptive ? pool->adaptive_avg_backward : pool->avg_backward)[t](d, dy, dx));
  for (int64_t o = 0; o < ny; o++) {
    int64_t h0, h1, hc, w0, w1, wc, p = o / d->wo / d->ho;
    naive_window(o / d->wo % d->ho, d->h, d->ho, d->kernel_h, d->stride_h, d->pad_h, d->count_include_pad,
                 adaptive, &h0, &h1, &hc);
    naive_window(o % d->wo, d->w, d->wo, d->kernel_w, d->stride_w, d->pad_w, d->count_include_pad, adaptive,
                 &w0, &w1, &wc);
    double sum = 0,
           divisor = d->divisor_override && !adaptive ? (double)d->divisor_override : (double)(hc * wc);
    for (int64_t r = h0; r < h1; r++)
      for (int64_t c = w0; c < w1; c++) {
        sum += get(t, x, (p * d->h + r) * d->w + c);
        want_dx[(p * d->h + r) * d->w + c] += get(t, dy, o) / divisor;
      }
    double want = h0 < h1 && w0 < w1 ? sum / divisor : 0;
    assert_true(fabs(get(t, y, o) - want) <= tolerance * (5 + fabs(want)));
  }
  for (int64_t i = 0; i < nx; i++)
    assert_true(fabs(get(t, dx, i) - want_dx[i]) <= tolerance * (5 + fabs(want_dx[i])));
  free(x), free(y), free(dy), free(dx), free(want_dx);
}

static void avg_pool(void **arg) {
  (void)arg;
  for (int i = 0; i < 300; i++) {
    state = (uint64_t)i * 17 + 3;
    struct nn_pool_desc d = random_desc(false);
    avg_pool_one(&d, NN_FLOAT32, false);
    avg_pool_one(&d, NN_FLOAT64, false);
    d.ho = range(1, 12), d.wo = range(1, 40);
    if (i % 10 == 0) d.ho = d.wo = 1;
    avg_pool_one(&d, NN_FLOAT32, true);
    avg_pool_one(&d, NN_FLOAT64, true);
  }
}

// Worked out by hand after PyTorch's rule.
static void output_sizes(void **arg) {
  (void)arg;
  assert_int_equal(nn_pool_out_size(28, 2, 2, 0, 1, false), 14);
  assert_int_equal(nn_pool_out_size(7, 2, 2, 0, 1, false), 3);
  assert_int_equal(nn_pool_out_size(7, 2, 2, 0, 1, true), 4);
  assert_int_equal(nn_pool_out_size(7, 3, 2, 1, 1, false), 4);
  assert_int_equal(nn_pool_out_size(5, 2, 3, 1, 1, true),
                   2); // a third window would start in the right padding
  assert_int_equal(nn_pool_out_size(10, 3, 1, 0, 4, false), 2);
  assert_int_equal(nn_pool_out_size(2, 3, 1, 0, 1, false), 0);
}

static void empty_planes(void **arg) {
  (void)arg;
  struct nn_pool_desc d = {.planes = 0,
                           .h = 4,
                           .w = 4,
                           .ho = 2,
                           .wo = 2,
                           .kernel_h = 2,
                           .kernel_w = 2,
                           .stride_h = 2,
                           .stride_w = 2,
                           .dil_h = 1,
                           .dil_w = 1};
  max_pool_one(&d, NN_FLOAT32, false);
  avg_pool_one(&d, NN_FLOAT32, false);
  avg_pool_one(&d, NN_FLOAT32, true);
}

static void interrupt_ends_a_call(void **arg) {
  (void)arg;
  struct nn_pool_desc d = {.planes = 2,
                           .h = 4,
                           .w = 4,
                           .ho = 2,
                           .wo = 2,
                           .kernel_h = 2,
                           .kernel_w = 2,
                           .stride_h = 2,
                           .stride_w = 2,
                           .dil_h = 1,
                           .dil_w = 1};
  float x[32] = {0}, y[8];
  uint8_t position[8] = {0};
  const struct nn_pool_kernels *pool = NN_SELECT(nn_pool);
  nn_interrupt_raise();
  assert_false(pool->max_forward[NN_FLOAT32](&d, x, y, NULL, position));
  assert_false(pool->max_backward[NN_FLOAT32](&d, y, NULL, NULL, position, x));
  assert_false(pool->avg_forward[NN_FLOAT32](&d, x, y));
  assert_false(pool->avg_backward[NN_FLOAT32](&d, y, x));
  assert_false(pool->adaptive_avg_forward[NN_FLOAT32](&d, x, y));
  nn_interrupt_clear();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(max_pool),
      cmocka_unit_test(avg_pool),
      cmocka_unit_test(output_sizes),
      cmocka_unit_test(empty_planes),
      cmocka_unit_test(interrupt_ends_a_call),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
