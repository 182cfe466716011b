// Convolution kernels: every method against the loops that define the result, on random shapes and on those
// where methods change; gradients as adjoints of the forward pass; same bits, interrupts, memory bounds. The
// build runs this once for each instruction set.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "interrupt.h"
#include "kernels/conv.h"
#include "parallel.h"

static uint64_t state = 1;

static uint64_t next_u64(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  uint64_t x = state ^ (state >> 33);
  return x * 0xff51afd7ed558ccdu >> 8;
}

static int64_t range(int64_t lo, int64_t hi) { return lo + (int64_t)(next_u64() % (uint64_t)(hi - lo + 1)); }

static double number(void) { return (double)(next_u64() % 2000001) / 1e6 - 1; }

// An array of numbers of either type; exactly as large as needed, so that the sanitizers see every stray
// access.
struct array {
  nn_dtype dtype;
  int64_t size;
  void *data;
};

static struct array make(nn_dtype dtype, int64_t size) {
  struct array a = {dtype, size, malloc((size_t)size * nn_dtype_size(dtype) + 1)};
  assert_non_null(a.data);
  memset(a.data, 0xff, (size_t)size * nn_dtype_size(dtype)); // NaN: an element left out shows
  return a;
}

static double get(struct array a, int64_t i) {
  return a.dtype == NN_FLOAT32 ? (double)((float *)a.data)[i] : ((double *)a.data)[i];
}

static void put(struct array a, int64_t i, double x) {
  if (a.dtype == NN_FLOAT32)
    ((float *)a.data)[i] = (float)x;
  else
    ((double *)a.data)[i] = x;
}

static struct array random_array(nn_dtype dtype, int64_t size) {
  struct array a = make(dtype, size);
  for (int64_t i = 0; i < size; i++) put(a, i, number());
  return a;
}

static struct array absolute(struct array a) {
  struct array b = make(a.dtype, a.size);
  for (int64_t i = 0; i < a.size; i++) put(b, i, fabs(get(a, i)));
  return b;
}

static void *workspace_for(const struct nn_conv_desc *d, nn_dtype dtype, enum nn_conv_pass pass) {
  size_t bytes = NN_SELECT(nn_conv)->workspace(d, dtype, pass);
  void *ws = malloc(bytes + 1);
  assert_non_null(ws);
  memset(ws, 0xff, bytes);
  return ws;
}

static int64_t x_size(const struct nn_conv_desc *d) { return d->n * d->c * d->h * d->w; }
static int64_t y_size(const struct nn_conv_desc *d) { return d->n * d->k * d->ho * d->wo; }
static int64_t w_size(const struct nn_conv_desc *d) { return d->k * (d->c / d->groups) * d->r * d->s; }

// Runs one pass; a and b are its two arguments in the order of the functions. Returns the result (and db).
static struct array run(const struct nn_conv_desc *d, enum nn_conv_pass pass, struct array a, struct array b,
                        struct array bias, unsigned flags) {
  const struct nn_conv_kernels *conv = NN_SELECT(nn_conv);
  nn_dtype t = a.dtype;
  struct array out = make(t, pass == NN_CONV_FORWARD      ? y_size(d)
                             : pass == NN_CONV_INPUT_GRAD ? x_size(d)
                                                          : w_size(d));
  void *ws = workspace_for(d, t, pass);
  if (pass == NN_CONV_FORWARD)
    assert_true(conv->forward[t](d, a.data, b.data, bias.data, flags, out.data, ws));
  if (pass == NN_CONV_INPUT_GRAD) assert_true(conv->input_grad[t](d, a.data, b.data, out.data, ws));
  if (pass == NN_CONV_WEIGHT_GRAD)
    assert_true(conv->weight_grad[t](d, a.data, b.data, out.data, bias.data, ws));
  free(ws);
  return out;
}

static void describe(const struct nn_conv_desc *d, nn_dtype t, enum nn_conv_pass pass) {
  print_error(
      "%s pass %d method %d: n %ld c %ld h %ld w %ld k %ld r %ld s %ld ho %ld wo %ld stride %ld %ld pad %ld %ld "
      "dil %ld %ld groups %ld\n",
      nn_dtype_name(t), (int)pass, (int)NN_SELECT(nn_conv)->method(d, t, pass), (long)d->n, (long)d->c,
      (long)d->h, (long)d->w, (long)d->k, (long)d->r, (long)d->s, (long)d->ho, (long)d->wo, (long)d->stride_h,
      (long)d->stride_w, (long)d->pad_h, (long)d->pad_w, (long)d->dil_h, (long)d->dil_w, (long)d->groups);
}

// |got - want| <= tolerance * (|want| or the sum of the absolute terms, whichever is more).
static void compare(const struct nn_conv_desc *d, enum nn_conv_pass pass, struct array got, struct array want,
                    struct array scale) {
  double tolerance = got.dtype == NN_FLOAT32 ? 1e-5 : 1e-13;
  for (int64_t i = 0; i < got.size; i++) {
    double g = get(got, i), w = get(want, i), bound = tolerance * fmax(fabs(w), get(scale, i)) + 1e-37;
    if (fabs(g - w) <= bound) continue;
    describe(d, got.dtype, pass);
    fail_msg("element %ld: %.9g instead of %.9g, allowed %.2g", (long)i, g, w, bound);
  }
}

// Holds one pass against the naive one, for each of the methods that take this shape.
static void check_pass(const struct nn_conv_desc *d, enum nn_conv_pass pass, struct array a, struct array b,
                       struct array bias, unsigned flags) {
  static const enum nn_conv_method methods[] = {NN_CONV_AUTO, NN_CONV_DIRECT, NN_CONV_DEPTHWISE,
                                                NN_CONV_WINOGRAD};
  struct nn_conv_desc naive = *d, fast = *d;
  naive.method = NN_CONV_NAIVE;
  struct array no = {0}, aa = absolute(a), ab = absolute(b);
  bool dw = pass == NN_CONV_WEIGHT_GRAD;
  struct array got_db = dw ? make(a.dtype, d->k) : no, want_db = dw ? make(a.dtype, d->k) : no;
  struct array scale_db = dw ? make(a.dtype, d->k) : no;
  struct array abias = bias.data ? absolute(bias) : no;
  struct array want = run(&naive, pass, a, b, dw ? want_db : bias, flags);
  struct array scale = run(&naive, pass, aa, ab, dw ? scale_db : abias, 0);
  for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
    fast.method = methods[m];
    if (m > 0 && NN_SELECT(nn_conv)->method(&fast, a.dtype, pass) != methods[m]) continue;
    struct array got = run(&fast, pass, a, b, dw ? got_db : bias, flags);
    compare(&fast, pass, got, want, scale);
    if (dw) compare(&fast, pass, got_db, want_db, scale_db);
    free(got.data);
  }
  struct array all[] = {aa, ab, got_db, want_db, scale_db, abias, want, scale};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i].data);
}

static void check(const struct nn_conv_desc *d, nn_dtype t) {
  struct array x = random_array(t, x_size(d)), w = random_array(t, w_size(d)),
               dy = random_array(t, y_size(d));
  struct array bias = random_array(t, d->k), none = {0};
  if (next_u64() % 2)
    check_pass(d, NN_CONV_FORWARD, x, w, bias, NN_CONV_RELU);
  else
    check_pass(d, NN_CONV_FORWARD, x, w, none, 0);
  check_pass(d, NN_CONV_INPUT_GRAD, dy, w, none, 0);
  check_pass(d, NN_CONV_WEIGHT_GRAD, x, dy, none, 0);
  free(x.data), free(w.data), free(dy.data), free(bias.data);
}

static void with_output_size(struct nn_conv_desc *d) {
  d->ho = nn_conv_out_size(d->h, d->r, d->stride_h, d->pad_h, d->dil_h);
  d->wo = nn_conv_out_size(d->w, d->s, d->stride_w, d->pad_w, d->dil_w);
}

static struct nn_conv_desc random_desc(void) {
  struct nn_conv_desc d = {.n = range(1, 4),
                           .h = range(1, 20),
                           .w = range(1, 24),
                           .r = range(1, 5),
                           .s = range(1, 5),
                           .stride_h = range(1, 3),
                           .stride_w = range(1, 3),
                           .pad_h = range(0, 3),
                           .pad_w = range(0, 3),
                           .dil_h = range(1, 2),
                           .dil_w = range(1, 2),
                           .groups = range(1, 3)};
  if (range(0, 1)) d.dil_h = d.dil_w = d.stride_h = d.stride_w = 1;
  if (range(0, 1)) d.groups = 1;
  if (range(0, 5) == 0) d.h = d.r = d.stride_h = d.dil_h = 1, d.pad_h = 0; // 1-d
  d.c = d.groups * range(1, 9);
  d.k = d.groups * range(1, 17);
  if (range(0, 6) == 0) d.groups = d.c, d.k = d.c * range(1, 2); // depthwise
  with_output_size(&d);
  if (range(0, 3) == 0) d.ho += d.ho > 0, d.wo += d.wo > 0; // more padding at the right and the bottom
  return d;
}

static void random_shapes(void **arg) {
  (void)arg;
  for (int i = 0; i < 200; i++) {
    state = (uint64_t)i * 77 + 5;
    struct nn_conv_desc d = random_desc();
    check(&d, NN_FLOAT32);
    check(&d, NN_FLOAT64);
  }
}

// Convolution, ReLU and pooling in one pass, against the loops and the maxima of what they give: each maximum is the one of
// its window and stands where the position says, but for rounding.
static void check_pooled(const struct nn_conv_desc *d, bool relu, bool with_bias) {
  const struct nn_conv_kernels *conv = NN_SELECT(nn_conv);
  struct nn_conv_desc naive = *d;
  naive.method = NN_CONV_NAIVE;
  struct array x = random_array(NN_FLOAT32, x_size(d)), w = random_array(NN_FLOAT32, w_size(d)), no = {0};
  struct array bias = with_bias ? random_array(NN_FLOAT32, d->k) : no, ax = absolute(x), aw = absolute(w);
  struct array want = run(&naive, NN_CONV_FORWARD, x, w, bias, relu ? NN_CONV_RELU : 0);
  struct array scale = run(&naive, NN_CONV_FORWARD, ax, aw, no, 0);
  int64_t ho = d->ho / 2, wo = d->wo / 2, planes = d->n * d->k;
  struct array y = make(NN_FLOAT32, planes * ho * wo), alone = make(NN_FLOAT32, y.size);
  uint8_t *position = malloc((size_t)y.size + 1);
  void *ws = malloc(conv->pooled_workspace(d, NN_CONV_FORWARD) + 1);
  const float *b = bias.data;
  assert_true(position && ws);
  memset(position, 0xff, (size_t)y.size);
  assert_true(conv->pooled(d, x.data, w.data, b, relu, y.data, position, ws));
  assert_true(conv->pooled(d, x.data, w.data, b, relu, alone.data, NULL, ws));
  assert_memory_equal(y.data, alone.data, (size_t)y.size * sizeof(float));
  for (int64_t o = 0; o < y.size; o++) {
    int64_t first = o / (ho * wo) * d->ho * d->wo + o / wo % ho * 2 * d->wo + o % wo * 2;
    assert_in_range(position[o], 0, 3);
    double most = -INFINITY, bound = 0, there = get(want, first + position[o] / 2 * d->wo + position[o] % 2);
    for (int64_t t = 0; t < 4; t++) {
      int64_t at = first + t / 2 * d->wo + t % 2;
      most = fmax(most, get(want, at));
      bound = fmax(bound, 1e-5 * (get(scale, at) + 1));
    }
    if (fabs(most - get(y, o)) <= bound && fabs(most - there) <= bound) continue;
    describe(d, NN_FLOAT32, NN_CONV_FORWARD);
    fail_msg("pooled element %ld: %.9g, at position %d: %.9g, instead of %.9g", (long)o, get(y, o), position[o], there, most);
  }
  void *all[] = {x.data, w.data, bias.data, ax.data, aw.data, want.data, scale.data, y.data, alone.data, position, ws};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

// The gradient of weights and bias from that of the maxima, against the loops over what it is when spread out.
static void check_pooled_gradient(const struct nn_conv_desc *d, bool gated) {
  const struct nn_conv_kernels *conv = NN_SELECT(nn_conv);
  struct nn_conv_desc naive = *d;
  naive.method = NN_CONV_NAIVE;
  int64_t ho = d->ho / 2, wo = d->wo / 2, size = d->n * d->k * ho * wo;
  struct array x = random_array(NN_FLOAT32, x_size(d)), dy = random_array(NN_FLOAT32, size), no = {0};
  struct array gate = gated ? random_array(NN_FLOAT32, size) : no, spread = make(NN_FLOAT32, y_size(d));
  uint8_t *position = malloc((size_t)size + 1);
  assert_non_null(position);
  for (int64_t i = 0; i < spread.size; i++) put(spread, i, 0);
  for (int64_t o = 0; o < size; o++) {
    int64_t first = o / (ho * wo) * d->ho * d->wo + o / wo % ho * 2 * d->wo + o % wo * 2;
    position[o] = (uint8_t)range(0, 3);
    if (!gated || get(gate, o) > 0) put(spread, first + position[o] / 2 * d->wo + position[o] % 2, get(dy, o));
  }
  struct array ax = absolute(x), ag = absolute(spread), db = make(NN_FLOAT32, d->k), want_db = make(NN_FLOAT32, d->k);
  struct array scale_db = make(NN_FLOAT32, d->k), got = make(NN_FLOAT32, w_size(d));
  struct array want = run(&naive, NN_CONV_WEIGHT_GRAD, x, spread, want_db, 0);
  struct array scale = run(&naive, NN_CONV_WEIGHT_GRAD, ax, ag, scale_db, 0);
  void *ws = malloc(conv->pooled_workspace(d, NN_CONV_WEIGHT_GRAD) + 1);
  assert_non_null(ws);
  for (int with_db = 0; with_db < 2; with_db++) {
    assert_true(conv->pooled_weight_grad(d, x.data, dy.data, gate.data, position, got.data, with_db ? db.data : NULL, ws));
    compare(d, NN_CONV_WEIGHT_GRAD, got, want, scale);
  }
  compare(d, NN_CONV_WEIGHT_GRAD, db, want_db, scale_db);
  void *all[] = {x.data,  dy.data,       gate.data,     spread.data, ax.data,   ag.data,    db.data,
                 got.data, want_db.data, scale_db.data, want.data,   scale.data, position, ws};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static void pooled_shapes(void **arg) {
  (void)arg;
  const struct nn_conv_kernels *conv = NN_SELECT(nn_conv);
  int winograd = 0, direct = 0;
  for (int i = 0; i < 250; i++) {
    state = (uint64_t)i * 131 + 9;
    int64_t kernel = range(0, 2) ? 3 : 5, pad = range(0, kernel - 1);
    bool many = range(0, 1);
    struct nn_conv_desc d = {.n = range(1, 4), .c = many ? range(12, 24) : range(1, 5), .h = range(1, 26), .w = range(1, 50),
                             .k = many ? range(12, 24) : range(1, 17), .r = kernel, .s = kernel, .stride_h = 1, .stride_w = 1,
                             .pad_h = pad, .pad_w = range(0, 1) ? pad : 1, .dil_h = 1, .dil_w = 1, .groups = 1};
    with_output_size(&d);
    if (range(0, 5) == 0) d.ho += d.ho > 0, d.wo += d.wo > 0;
    if (conv->takes_pooled(&d, NN_CONV_FORWARD)) {
      (conv->method(&d, NN_FLOAT32, NN_CONV_FORWARD) == NN_CONV_WINOGRAD ? &winograd : &direct)[0]++;
      check_pooled(&d, range(0, 1), range(0, 1));
    }
    if (conv->takes_pooled(&d, NN_CONV_WEIGHT_GRAD)) check_pooled_gradient(&d, range(0, 1));
  }
  assert_true(winograd > 30 && direct > 60);
}

static double products(const struct nn_conv_desc *d) {
  return (double)(y_size(d) * (d->c / d->groups) * d->r * d->s);
}

// Wider rows, larger kernels, strides and dilations, and more groups than above; padding may be wider than the image.
static struct nn_conv_desc random_form(void) {
  struct nn_conv_desc d = {.n = range(1, 9),
                           .h = range(1, 24),
                           .w = range(1, 90),
                           .r = range(1, 7),
                           .s = range(1, 7),
                           .stride_h = range(1, 4),
                           .stride_w = range(1, 4),
                           .pad_h = range(0, 6),
                           .pad_w = range(0, 12),
                           .dil_h = range(1, 3),
                           .dil_w = range(1, 4),
                           .groups = range(0, 1) ? 1 : range(1, 8)};
  int form = (int)range(0, 5);
  if (form == 0) d.r = d.s = 1, d.pad_h = d.pad_w = 0; // pointwise, with strides
  if (form == 1) d.h = d.r = d.stride_h = 1, d.pad_h = 0, d.w = range(1, 700);
  if (form == 2) d.stride_h = d.stride_w = 2, d.dil_h = d.dil_w = 1;
  if (form == 3) d.stride_h = d.stride_w = 1;
  d.c = d.groups * range(1, d.groups > 1 ? 9 : 40);
  d.k = d.groups * range(1, d.groups > 1 ? 9 : 40);
  with_output_size(&d);
  if (range(0, 3) == 0) d.ho += d.ho > 0, d.wo += d.wo > 0 ? range(0, 2) : 0;
  return d;
}

static void random_forms(void **arg) {
  (void)arg;
  for (int i = 0; i < 200; i++) {
    state = (uint64_t)i * 131 + 17;
    struct nn_conv_desc d = random_form();
    while (products(&d) > 4e5 || y_size(&d) == 0) d = random_form();
    check(&d, i % 4 ? NN_FLOAT32 : NN_FLOAT64);
  }
}

// By this method alone: Winograd's, which covers some of the shapes but is never chosen for one channel, has errors of the
// size of a tile's other terms.
static void check_depthwise(struct nn_conv_desc *d) {
  struct array x = random_array(NN_FLOAT32, x_size(d)), w = random_array(NN_FLOAT32, w_size(d)), no = {0};
  struct array dy = random_array(NN_FLOAT32, y_size(d)), bias = random_array(NN_FLOAT32, d->k);
  for (enum nn_conv_pass pass = NN_CONV_FORWARD; pass <= NN_CONV_WEIGHT_GRAD; pass++) {
    bool forward = pass == NN_CONV_FORWARD, dw = pass == NN_CONV_WEIGHT_GRAD;
    struct array a = pass == NN_CONV_INPUT_GRAD ? dy : x, b = dw ? dy : w, aa = absolute(a), ab = absolute(b);
    struct array db = make(NN_FLOAT32, d->k), want_db = make(NN_FLOAT32, d->k), scale_db = make(NN_FLOAT32, d->k);
    d->method = NN_CONV_NAIVE;
    struct array want = run(d, pass, a, b, forward ? bias : dw ? want_db : no, forward ? NN_CONV_RELU : 0);
    struct array scale = run(d, pass, aa, ab, dw ? scale_db : no, 0);
    for (int64_t i = 0; forward && i < scale.size; i++) put(scale, i, get(scale, i) + 1);
    d->method = NN_CONV_DEPTHWISE;
    struct array got = run(d, pass, a, b, forward ? bias : dw ? db : no, forward ? NN_CONV_RELU : 0);
    compare(d, pass, got, want, scale);
    if (dw) compare(d, pass, db, want_db, scale_db);
    void *all[] = {aa.data, ab.data, db.data, want_db.data, scale_db.data, want.data, scale.data, got.data};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
  }
  free(x.data), free(w.data), free(dy.data), free(bias.data);
}

// One channel a group, with the kernels and strides that have loops of their own, over all widths that these know.
static void depthwise_shapes(void **arg) {
  (void)arg;
  for (int i = 0; i < 200; i++) {
    state = (uint64_t)i * 59 + 3;
    int64_t kernel = range(0, 1) ? 3 : 5, stride = range(1, 2), pad = range(0, 2) ? kernel / 2 : range(0, kernel - 1);
    int64_t c = range(1, 5), w = range(0, 3) ? range(1, 40) : range(1, 150);
    struct nn_conv_desc d = {.n = range(1, 3), .c = c, .h = range(1, 20), .w = w, .k = c, .r = kernel, .s = kernel,
                             .stride_h = stride, .stride_w = stride, .pad_h = pad, .pad_w = range(0, 4) ? pad : kernel - 1 - pad,
                             .dil_h = 1, .dil_w = 1, .groups = c};
    with_output_size(&d);
    if (range(0, 5) == 0) d.ho += d.ho > 0, d.wo += d.wo > 0;
    check_depthwise(&d);
  }
}

// A NaN that no output sees through a tap leaves the gradient of this tap alone: one at the right end of a row is not seen
// through the first column of the kernel.
static void nan_is_not_seen_beyond_the_outputs(void **arg) {
  (void)arg;
  struct array none = {0};
  for (int64_t w = 2; w <= 40; w++) {
    struct nn_conv_desc d = {.n = 1, .c = 1, .h = 5, .w = w, .k = 1, .r = 3, .s = 3, .stride_h = 1, .stride_w = 1, .pad_h = 1,
                             .pad_w = 1, .dil_h = 1, .dil_w = 1, .groups = 1, .method = NN_CONV_DEPTHWISE};
    with_output_size(&d);
    struct array x = random_array(NN_FLOAT32, x_size(&d)), dy = random_array(NN_FLOAT32, y_size(&d));
    put(x, 3 * w - 1, (double)NAN);
    struct array dw = run(&d, NN_CONV_WEIGHT_GRAD, x, dy, none, 0);
    for (int64_t t = 0; t < 9; t++) assert_int_equal(isnan(get(dw, t)) != 0, t % 3 != 0);
    free(x.data), free(dy.data), free(dw.data);
  }
}

// n, c, h, w, k, kernel, stride, pad, groups: sizes beyond the blocks of the methods.
static const int64_t larger[][9] = {
    {2, 3, 33, 40, 20, 3, 1, 1, 1},  {3, 40, 14, 14, 35, 3, 1, 1, 1},  {2, 130, 7, 7, 129, 3, 1, 1, 1},
    {1, 1, 65, 70, 33, 5, 1, 2, 1},  {2, 64, 9, 9, 70, 1, 1, 0, 1},    {2, 24, 17, 19, 48, 3, 2, 1, 1},
    {2, 48, 12, 12, 48, 3, 1, 1, 4}, {2, 40, 21, 21, 40, 3, 1, 1, 40}, {1, 300, 5, 5, 11, 1, 1, 0, 1},
    {1, 20, 7, 7, 530, 3, 1, 1, 1},  {2, 17, 31, 29, 16, 3, 1, 0, 1},  {1, 2, 9, 300, 3, 3, 1, 1, 1},
    {1, 16, 8, 8, 16, 3, 1, 2, 1},   {40, 5, 6, 5, 7, 3, 1, 1, 1},     {2, 33, 9, 9, 33, 5, 2, 2, 33},
    {1, 3, 40, 5000, 2, 3, 1, 1, 1}, {1, 50, 30, 90, 3, 5, 1, 2, 1},   {2, 64, 14, 14, 64, 3, 1, 1, 8},
    {1, 40, 4, 3000, 4, 1, 1, 0, 1}, {1, 90, 6, 6, 400, 3, 2, 1, 1},   {3, 3, 24, 24, 16, 7, 2, 3, 1},
    {9, 8, 13, 11, 8, 3, 1, 1, 1},   {1, 6, 1, 40000, 5, 1, 1, 0, 1},
};

static struct nn_conv_desc larger_desc(size_t i) {
  const int64_t *v = larger[i];
  struct nn_conv_desc d = {.n = v[0],
                           .c = v[1],
                           .h = v[2],
                           .w = v[3],
                           .k = v[4],
                           .r = v[5],
                           .s = v[5],
                           .stride_h = v[6],
                           .stride_w = v[6],
                           .pad_h = v[7],
                           .pad_w = v[7],
                           .dil_h = 1,
                           .dil_w = 1,
                           .groups = v[8]};
  with_output_size(&d);
  return d;
}

static void larger_shapes(void **arg) {
  (void)arg;
  for (size_t i = 0; i < sizeof larger / sizeof *larger; i++) {
    struct nn_conv_desc d = larger_desc(i);
    check(&d, NN_FLOAT32);
    check(&d, NN_FLOAT64);
  }
}

static void empty_shapes(void **arg) {
  (void)arg;
  for (int i = 0; i < 5; i++) {
    struct nn_conv_desc d = {.n = 2,
                             .c = 4,
                             .h = 6,
                             .w = 6,
                             .k = 8,
                             .r = 3,
                             .s = 3,
                             .stride_h = 1,
                             .stride_w = 1,
                             .dil_h = 1,
                             .dil_w = 1,
                             .groups = 1};
    if (i == 0) d.n = 0;
    if (i == 1) d.c = 0;
    if (i == 2) d.k = 0;
    if (i == 3) d.h = 2;
    if (i == 4) d.r = 0;
    with_output_size(&d);
    check(&d, NN_FLOAT32);
    check(&d, NN_FLOAT64);
  }
}

static double dot(struct array a, struct array b) {
  double sum = 0;
  assert_int_equal(a.size, b.size);
  for (int64_t i = 0; i < a.size; i++) sum += get(a, i) * get(b, i);
  return sum;
}

// <dy, y(x, w)> = <dx(dy, w), x> = <dw(x, dy), w>, as y is linear in x and in w.
static void gradients_are_adjoint(void **arg) {
  (void)arg;
  struct array none = {0};
  for (int i = 0; i < 60; i++) {
    state = (uint64_t)i * 991 + 3;
    struct nn_conv_desc d = random_desc();
    if (i < (int)(sizeof larger / sizeof *larger)) d = larger_desc((size_t)i);
    for (nn_dtype t = NN_FLOAT32; t <= NN_FLOAT64; t++) {
      struct array x = random_array(t, x_size(&d)), w = random_array(t, w_size(&d)),
                   dy = random_array(t, y_size(&d));
      struct array y = run(&d, NN_CONV_FORWARD, x, w, none, 0),
                   dx = run(&d, NN_CONV_INPUT_GRAD, dy, w, none, 0);
      struct array dw = run(&d, NN_CONV_WEIGHT_GRAD, x, dy, none, 0);
      double forward = dot(dy, y), size = sqrt(dot(dy, dy) * dot(y, y)) + 1e-30;
      double bound = (t == NN_FLOAT32 ? 2e-6 : 1e-14) * size;
      assert_true(fabs(dot(dx, x) - forward) <= bound);
      assert_true(fabs(dot(dw, w) - forward) <= bound);
      free(x.data), free(w.data), free(dy.data), free(y.data), free(dx.data), free(dw.data);
    }
  }
}

static void same_bits_again(void **arg) {
  (void)arg;
  struct array none = {0};
  for (size_t i = 0; i < sizeof larger / sizeof *larger; i++) {
    struct nn_conv_desc d = larger_desc(i);
    struct array x = random_array(NN_FLOAT32, x_size(&d)), w = random_array(NN_FLOAT32, w_size(&d));
    struct array dy = random_array(NN_FLOAT32, y_size(&d));
    for (enum nn_conv_pass pass = NN_CONV_FORWARD; pass <= NN_CONV_WEIGHT_GRAD; pass++) {
      struct array a = pass == NN_CONV_INPUT_GRAD ? dy : x, b = pass == NN_CONV_WEIGHT_GRAD ? dy : w;
      struct array first = run(&d, pass, a, b, none, 0), again = run(&d, pass, a, b, none, 0);
      assert_memory_equal(first.data, again.data, (size_t)first.size * sizeof(float));
      free(first.data), free(again.data);
    }
    free(x.data), free(w.data), free(dy.data);
  }
}

static double largest(struct array a) {
  double most = 0;
  for (int64_t i = 0; i < a.size; i++) most = fmax(most, fabs(get(a, i)));
  return most;
}

// With any number of threads the results are those of one but for rounding.
static void any_number_of_threads(void **arg) {
  (void)arg;
  struct array none = {0};
  int before = nn_threads();
  for (size_t i = 0; i < sizeof larger / sizeof *larger; i++) {
    struct nn_conv_desc d = larger_desc(i);
    struct array x = random_array(NN_FLOAT32, x_size(&d)), w = random_array(NN_FLOAT32, w_size(&d));
    struct array dy = random_array(NN_FLOAT32, y_size(&d));
    for (enum nn_conv_pass pass = NN_CONV_FORWARD; pass <= NN_CONV_WEIGHT_GRAD; pass++) {
      struct array a = pass == NN_CONV_INPUT_GRAD ? dy : x, b = pass == NN_CONV_WEIGHT_GRAD ? dy : w;
      assert_true(nn_set_threads(1));
      struct array one = run(&d, pass, a, b, none, 0);
      double bound = 1e-5 * largest(one);
      for (int threads = 2; threads <= 5; threads += 3) {
        assert_true(nn_set_threads(threads));
        struct array more = run(&d, pass, a, b, none, 0);
        for (int64_t e = 0; e < one.size; e++) assert_true(fabs(get(one, e) - get(more, e)) <= bound);
        free(more.data);
      }
      free(one.data);
    }
    free(x.data), free(w.data), free(dy.data);
  }
  assert_true(nn_set_threads(before));
}

// A NaN in the input reaches the outputs that see it and no others. (Winograd's method spreads it over
// tiles.)
static void nan_stays_where_it_is_seen(void **arg) {
  (void)arg;
  struct array none = {0};
  struct nn_conv_desc d = {.n = 2,
                           .c = 3,
                           .h = 12,
                           .w = 12,
                           .k = 5,
                           .r = 3,
                           .s = 3,
                           .stride_h = 1,
                           .stride_w = 1,
                           .pad_h = 1,
                           .pad_w = 1,
                           .dil_h = 1,
                           .dil_w = 1,
                           .groups = 1};
  with_output_size(&d);
  struct array x = random_array(NN_FLOAT32, x_size(&d)), w = random_array(NN_FLOAT32, w_size(&d));
  put(x, 5 * 12 + 6, (double)NAN);
  struct array y = run(&d, NN_CONV_FORWARD, x, w, none, NN_CONV_RELU);
  for (int64_t p = 0; p < y.size; p++) {
    int64_t i = p / 12 % 12, j = p % 12;
    bool seen = p < d.k * 144 && i >= 4 && i <= 6 && j >= 5 && j <= 7;
    assert_int_equal(isnan(get(y, p)) != 0, seen);
  }
  free(x.data), free(w.data), free(y.data);
}

static void interrupt_ends_a_call(void **arg) {
  (void)arg;
  const struct nn_conv_kernels *conv = NN_SELECT(nn_conv);
  for (size_t i = 0; i < sizeof larger / sizeof *larger; i++) {
    struct nn_conv_desc d = larger_desc(i);
    struct array x = random_array(NN_FLOAT32, x_size(&d)), w = random_array(NN_FLOAT32, w_size(&d));
    struct array dy = random_array(NN_FLOAT32, y_size(&d));
    nn_interrupt_raise();
    void *ws = workspace_for(&d, NN_FLOAT32, NN_CONV_FORWARD);
    assert_false(conv->forward[NN_FLOAT32](&d, x.data, w.data, NULL, 0, dy.data, ws));
    free(ws), ws = workspace_for(&d, NN_FLOAT32, NN_CONV_INPUT_GRAD);
    assert_false(conv->input_grad[NN_FLOAT32](&d, dy.data, w.data, x.data, ws));
    free(ws), ws = workspace_for(&d, NN_FLOAT32, NN_CONV_WEIGHT_GRAD);
    assert_false(conv->weight_grad[NN_FLOAT32](&d, x.data, dy.data, w.data, NULL, ws));
    nn_interrupt_clear();
    free(ws), free(x.data), free(w.data), free(dy.data);
  }
}

// Not more than 64 MB, or 4 images' worth for each thread.
static void workspace_is_bounded(void **arg) {
  (void)arg;
  static const int64_t sizes[][6] = {{64, 64, 224, 224, 64, 3}, {64, 512, 14, 14, 512, 3},
                                     {8, 2048, 7, 7, 4096, 3},  {1024, 1, 28, 28, 32, 3},
                                     {2, 512, 7, 7, 4096, 7},   {1, 16, 2000, 2000, 16, 3}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    const int64_t *v = sizes[i];
    struct nn_conv_desc d = {.n = v[0],
                             .c = v[1],
                             .h = v[2],
                             .w = v[3],
                             .k = v[4],
                             .r = v[5],
                             .s = v[5],
                             .stride_h = 1,
                             .stride_w = 1,
                             .pad_h = 1,
                             .pad_w = 1,
                             .dil_h = 1,
                             .dil_w = 1,
                             .groups = 1};
    with_output_size(&d);
    double image = 4.0 * (double)(d.c * d.h * d.w + d.k * d.ho * d.wo);
    for (enum nn_conv_pass pass = NN_CONV_FORWARD; pass <= NN_CONV_WEIGHT_GRAD; pass++) {
      double bytes = (double)NN_SELECT(nn_conv)->workspace(&d, NN_FLOAT32, pass);
      if (bytes > fmax(64e6, 4 * image * nn_threads())) {
        describe(&d, NN_FLOAT32, pass);
        fail_msg("%.0f bytes", bytes);
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_shapes),
      cmocka_unit_test(pooled_shapes),
      cmocka_unit_test(depthwise_shapes),
      cmocka_unit_test(nan_is_not_seen_beyond_the_outputs),

      cmocka_unit_test(random_forms),
      cmocka_unit_test(larger_shapes),
      cmocka_unit_test(empty_shapes),
      cmocka_unit_test(gradients_are_adjoint),
      cmocka_unit_test(same_bits_again),
      cmocka_unit_test(any_number_of_threads),
      cmocka_unit_test(nan_stays_where_it_is_seen),
      cmocka_unit_test(interrupt_ends_a_call),
      cmocka_unit_test(workspace_is_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
