// Operations on shapes, positions and copies, from C: what the registry's generic tests cannot see. Copies
// against a naive loop, histories of views, errors before anything is written, limits of sizes and dims,
// failing allocations.
#include <string.h>

#include "blocks.h"
#include "context.h"
#include "interrupt.h"
#include "parallel.h"

#define DIMS(...)       v_ints(NN_DIMS_OF(__VA_ARGS__), ((const int64_t[]){__VA_ARGS__}))
#define NN_DIMS_OF(...) ((int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)))

static uint64_t random_state = 1;

static int64_t below(int64_t n) {
  random_state = random_state * 6364136223846793005u + 1442695040888963407u;
  return (int64_t)((random_state >> 33) % (uint64_t)n);
}

static void expect_error(const char *part) {
  if (strstr(nn_error_text(ctx), part) == NULL) fail_msg("expected '%s' in '%s'", part, nn_error_text(ctx));
  nn_error_clear(ctx);
}

/* 1, 2, 3, ... in this shape. Pooled. */
static T counting(nn_dtype dtype, nn_value shape) {
  int64_t n = 1;
  for (int d = 0; d < shape.n; d++) n *= shape.ints[d];
  T line = nn_keep(ctx, nn_empty(ctx, dtype, 1, &n));
  for (int64_t i = 0; i < n; i++) nn_set(line, &i, (double)(i + 1));
  T t = nn_do(ctx, &nn_op_reshape, v_t(line), shape);
  assert_non_null(t);
  return t;
}

static T list_of(int n, const int64_t *values) {
  int64_t size = n;
  T t = nn_keep(ctx, nn_empty(ctx, NN_INT64, 1, &size));
  memcpy(nn_data(t), values, (size_t)n * sizeof *values);
  return t;
}
#define LIST(...) list_of(NN_DIMS_OF(__VA_ARGS__), ((const int64_t[]){__VA_ARGS__}))

static double at(T t, int64_t i) {
  T flat = nn_do(ctx, &nn_op_reshape, v_t(t), DIMS(-1));
  assert_non_null(flat);
  return nn_get(flat, &i);
}

static void expect_values(T t, int n, const double *values) {
  if (t == NULL) fail_msg("no result: %s", nn_error_text(ctx));
  assert_int_equal(nn_numel(t), n);
  for (int i = 0; i < n; i++)
    if (at(t, i) != values[i]) fail_msg("element %d is %g, expected %g", i + 1, at(t, i), values[i]);
}
#define EXPECT(t, ...)                                                                                       \
  expect_values(t, (int)(sizeof((const double[]){__VA_ARGS__}) / sizeof(double)),                            \
                ((const double[]){__VA_ARGS__}))

static T leaf(nn_dtype dtype, nn_value shape) {
  T t = nn_keep(ctx, nn_contiguous_data(counting(dtype, shape)));
  t = nn_keep(ctx, nn_detach(t));
  assert_true(nn_set_requires_grad(t, true));
  return t;
}

static void backward(T y) {
  T s = nn_do(ctx, &nn_op_sum, v_t(y));
  assert_non_null(s);
  if (!nn_backward(ctx, &s, NULL, 1, NULL, 0, NULL, false, false)) fail_msg("%s", nn_error_text(ctx));
}

/* ---- blocks ----------------------------------------------------------------------------------------- */

enum { ROOM = 20000 };

/* A random geometry of `shape` in ROOM elements without overlap; src may also run backwards or stand still.
 */
static int64_t geometry(int n, const int64_t *shape, bool src, int64_t *stride) {
  int order[4] = {0, 1, 2, 3};
  int64_t step = 1 + below(2), first = 0;
  for (int i = n - 1; i > 0; i--) {
    int j = (int)below(i + 1), k = order[i];
    order[i] = order[j], order[j] = k;
  }
  for (int i = 0; i < n; i++) {
    int d = order[i];
    stride[d] = step;
    step *= shape[d] > 0 ? shape[d] : 1;
    if (below(3) == 0) step += 1 + below(3);
    if (src && below(6) == 0) stride[d] = 0;
    if (src && below(4) == 0) {
      first += (shape[d] - 1) * stride[d];
      stride[d] = -stride[d];
    }
  }
  return first;
}

static double element(nn_dtype d, const void *p, int64_t i) {
  switch (d) {
  case NN_FLOAT32: return (double)((const float *)p)[i];
  case NN_FLOAT64: return ((const double *)p)[i];
  case NN_INT64: return (double)((const int64_t *)p)[i];
  default: return ((const uint8_t *)p)[i];
  }
}

static void copy_once(int n, const int64_t *shape, nn_dtype to, nn_dtype from) {
  static char src[ROOM * 16], dst[ROOM * 16];
  int64_t ds[4] = {0}, ss[4] = {0}, index[4] = {0}, numel = 1;
  int64_t d0 = geometry(n, shape, false, ds), s0 = geometry(n, shape, true, ss);
  for (int64_t i = 0; i < ROOM; i++)
    nn_element(from, (double)(from == NN_BOOL ? i % 2 : i % 120), src + (size_t)i * nn_dtype_size(from));
  memset(dst, 0x55, sizeof dst);
  nn_block_copy(n, shape, to, dst + (size_t)d0 * nn_dtype_size(to), ds, from,
                src + (size_t)s0 * nn_dtype_size(from), ss);
  for (int d = 0; d < n; d++) numel *= shape[d];
  for (int64_t i = 0; i < numel; i++) {
    int64_t a = d0, b = s0;
    for (int d = 0; d < n; d++) a += index[d] * ds[d], b += index[d] * ss[d];
    double want = element(from, src, b), got = element(to, dst, a);
    if (to == NN_BOOL) want = want != 0;
    if (want != got) fail_msg("element %d of %d: %g, expected %g", (int)i, (int)numel, got, want);
    for (int d = n - 1; d >= 0 && ++index[d] == shape[d]; d--) index[d] = 0;
  }
}

static void block_copies_equal_the_naive_loop(void **state) {
  (void)state;
  for (int round = 0; round < 600; round++) {
    int n = (int)below(5);
    int64_t shape[4];
    for (int d = 0; d < n; d++) shape[d] = below(4) == 0 ? below(3) : 1 + below(n > 2 ? 9 : 90);
    copy_once(n, shape, (nn_dtype)below(NN_DTYPES), (nn_dtype)below(NN_DTYPES));
    nn_dtype same = (nn_dtype)below(NN_DTYPES);
    copy_once(n, shape, same, same);
  }
}

static void large_copies_use_all_threads_and_agree(void **state) {
  (void)state;
  for (int threads = 1; threads <= 3; threads++) {
    assert_true(nn_set_threads(threads));
    T a = counting(NN_FLOAT32, DIMS(300, 500));
    T b = nn_do(ctx, &nn_op_contiguous, v_t(nn_do(ctx, &nn_op_t, v_t(a))));
    T c = t_to(ctx, nn_do(ctx, &nn_op_t, v_t(a)), NN_INT64);
    for (int64_t i = 0; i < 500; i += 7)
      for (int64_t j = 0; j < 300; j += 11) {
        const int64_t to[2] = {i, j}, from[2] = {j, i};
        assert_true(nn_get(b, to) == nn_get(a, from));
        assert_int_equal(nn_get_int(c, to), (int64_t)nn_get(a, from));
      }
    nn_pool_reset(ctx, 0);
  }
}

/* ---- views and their histories ---------------------------------------------------------------------- */

static void writing_to_a_view_reaches_the_base(void **state) {
  (void)state;
  T x = leaf(NN_FLOAT64, DIMS(2, 3));
  T y = t_muls(ctx, x, 2);
  T row = t_select(ctx, y, 0, 1), column = t_select(ctx, y, 1, 0);
  const nn_value args[2] = {v_t(row), v_t(t_num(ctx, 10))};
  assert_true(nn_apply_inplace(ctx, &nn_op_mul, args, 2));
  EXPECT(y, 2, 4, 6, 80, 100, 120);
  EXPECT(column, 2, 80);
  backward(t_mul(ctx, column, column)); /* 4 x1 ^ 2 + 400 x4 ^ 2 */
  EXPECT(nn_grad(x), 8, 0, 0, 3200, 0, 0);
}

static void a_base_may_begin_inside_its_storage(void **state) {
  (void)state;
  /* The detached column owns no memory of its own, yet it is the base of the views that are made of it. */
  T w = leaf(NN_FLOAT64, DIMS(2));
  T base = nn_keep(ctx, nn_detach(t_select(ctx, counting(NN_FLOAT64, DIMS(3, 4)), 1, 2)));
  T part = t_slice(ctx, base, 0, 1, 3, 1);
  const nn_value args[2] = {v_t(part), v_t(w)};
  assert_true(nn_apply_inplace(ctx, &nn_op_mul, args, 2));
  EXPECT(base, 3, 7, 22);
  backward(t_mul(ctx, base, base));
  EXPECT(nn_grad(w), 2 * 49, 2 * 2 * 121);
}

static void pieces_share_one_node(void **state) {
  (void)state;
  T x = leaf(NN_FLOAT64, DIMS(5));
  nn_results r;
  const nn_value args[2] = {v_t(x), v_i(2)};
  assert_true(nn_apply(ctx, &nn_op_split, args, 2, &r));
  assert_int_equal(r.n, 3);
  for (int k = 0; k < 3; k++) nn_keep(ctx, r.t[k]);
  assert_ptr_equal(nn_tensor_node(r.t[0]), nn_tensor_node(r.t[2]));
  EXPECT(r.t[2], 5);
  backward(t_mul(ctx, r.t[1], r.t[1]));
  EXPECT(nn_grad(x), 0, 0, 6, 8, 0);
  nn_results_free(ctx, &r);
}

static void a_written_piece_changes_the_whole(void **state) {
  (void)state;
  T x = leaf(NN_FLOAT64, DIMS(4));
  T y = t_muls(ctx, x, 1);
  nn_results r;
  const nn_value args[2] = {v_t(y), v_i(2)};
  assert_true(nn_apply(ctx, &nn_op_chunk, args, 2, &r));
  for (int k = 0; k < 2; k++) nn_keep(ctx, r.t[k]);
  const nn_value times[2] = {v_t(r.t[1]), v_t(t_num(ctx, 3))};
  assert_true(nn_apply_inplace(ctx, &nn_op_mul, times, 2));
  backward(t_mul(ctx, y, y));
  EXPECT(nn_grad(x), 2, 4, 54, 72);
  nn_results_free(ctx, &r);
}

/* ---- indices are checked before anything is written ------------------------------------------------- */

static void bad_indices_change_nothing(void **state) {
  (void)state;
  T x = counting(NN_FLOAT32, DIMS(3)), bad = LIST(1, 4), zero = LIST(0, 2),
    src = counting(NN_FLOAT32, DIMS(2));
  T list[1] = {bad};
  assert_false(nn_apply_inplace(ctx, &nn_op_index_put, (nn_value[]){v_t(x), v_ts(1, list), v_t(src)}, 3));
  expect_error("index 4 at position [2] is out of range: indices count from 1 to 3");
  assert_false(nn_apply_inplace(ctx, &nn_op_scatter, (nn_value[]){v_t(x), v_i(0), v_t(zero), v_t(src)}, 4));
  expect_error("scatter_: index 0 at position [1] is out of range");
  assert_false(nn_apply_inplace(ctx, &nn_op_index_add, (nn_value[]){v_t(x), v_i(0), v_t(bad), v_t(src)}, 4));
  expect_error("index 4 at position [2]");
  assert_false(nn_apply_inplace(ctx, &nn_op_index_fill, (nn_value[]){v_t(x), v_i(0), v_t(bad), v_i(7)}, 4));
  expect_error("index 4 at position [2]");
  EXPECT(x, 1, 2, 3);
  T low = LIST(INT64_MIN, 1);
  assert_null(nn_do(ctx, &nn_op_gather, v_t(x), v_i(0), v_t(low)));
  expect_error("is out of range");
  T high = LIST(INT64_MAX);
  assert_null(nn_do(ctx, &nn_op_index_select, v_t(x), v_i(0), v_t(high)));
  expect_error("is out of range");
}

static void in_place_forms_take_any_strides(void **state) {
  (void)state;
  T x = counting(NN_FLOAT32, DIMS(2, 3)), columns = nn_do(ctx, &nn_op_t, v_t(x)); /* [3, 2] */
  T src = counting(NN_FLOAT32, DIMS(2, 2));
  assert_true(nn_apply_inplace(ctx, &nn_op_index_copy,
                               (nn_value[]){v_t(columns), v_i(0), v_t(LIST(3, 1)), v_t(src)}, 4));
  EXPECT(x, 3, 2, 1, 4, 5, 2);
  T list[2] = {LIST(-1, 2), LIST(1, 2)};
  assert_true(nn_apply_inplace(ctx, &nn_op_index_put,
                               (nn_value[]){v_t(columns), v_ts(2, list), v_t(t_num(ctx, 9))}, 3));
  EXPECT(x, 3, 2, 9, 4, 9, 2);
}

static void operands_that_overlap_are_copied_first(void **state) {
  (void)state;
  T x = counting(NN_FLOAT32, DIMS(5)), tail = t_slice(ctx, x, 0, 1, 5, 1), head = t_slice(ctx, x, 0, 0, 4, 1);
  assert_true(nn_copy_data(tail, head));
  EXPECT(x, 1, 1, 2, 3, 4);
  x = counting(NN_FLOAT32, DIMS(4));
  assert_true(nn_apply_inplace(ctx, &nn_op_index_copy,
                               (nn_value[]){v_t(x), v_i(0), v_t(LIST(4, 3, 2, 1)), v_t(x)}, 4));
  EXPECT(x, 4, 3, 2, 1);
  assert_true(nn_apply_inplace(ctx, &nn_op_scatter_add,
                               (nn_value[]){v_t(x), v_i(0), v_t(LIST(1, 1, 1, 1)), v_t(x)}, 4));
  EXPECT(x, 14, 3, 2, 1);
}

static void repeated_indices_add_up_in_order(void **state) {
  (void)state;
  double first[3] = {0};
  for (int threads = 1; threads <= 3; threads++) {
    assert_true(nn_set_threads(threads));
    int64_t n = 20000;
    T index = nn_keep(ctx, nn_empty(ctx, NN_INT64, 1, &n)),
      v = nn_keep(ctx, nn_empty(ctx, NN_FLOAT32, 1, &n));
    for (int64_t i = 0; i < n; i++) {
      const int64_t k[1] = {i};
      nn_set_int(index, k, 1 + i % 3);
      nn_set(v, k, 1.0 / (double)(1 + i % 17));
    }
    T zeros = nn_keep(ctx, nn_zeros(ctx, NN_FLOAT32, 1, (const int64_t[]){3}));
    T y = nn_do(ctx, &nn_op_index_add, v_t(zeros), v_i(0), v_t(index), v_t(v));
    for (int i = 0; i < 3; i++) {
      if (threads == 1) first[i] = at(y, i);
      assert_true(at(y, i) == first[i]);
    }
    nn_pool_reset(ctx, 0);
  }
}

/* ---- limits ----------------------------------------------------------------------------------------- */

static void sizes_that_overflow_are_errors(void **state) {
  (void)state;
  const int64_t huge = (int64_t)1 << 40;
  T one = counting(NN_FLOAT32, DIMS(1)), two = counting(NN_FLOAT32, DIMS(2));
  assert_null(nn_do(ctx, &nn_op_zeros, DIMS(huge, huge)));
  expect_error("larger than the address space");
  assert_null(nn_do(ctx, &nn_op_expand, v_t(one), DIMS(huge, huge, huge)));
  expect_error("larger than the address space");
  assert_null(nn_do(ctx, &nn_op_tile, v_t(two), DIMS(INT64_MAX)));
  expect_error("too large");
  assert_null(nn_do(ctx, &nn_op_pad_constant, v_t(two), DIMS(INT64_MAX, INT64_MAX)));
  expect_error("too large");
  assert_null(nn_do(ctx, &nn_op_arange, v_f(1e300)));
  expect_error("too many numbers");
  assert_null(nn_do(ctx, &nn_op_diag, v_t(two), v_i(INT64_MIN)));
  expect_error("too large");
  assert_null(nn_do(ctx, &nn_op_reshape, v_t(two), DIMS(huge, huge, -1)));
  expect_error("does not fit 2 elements");
  assert_non_null(nn_do(ctx, &nn_op_roll, v_t(two), v_i(INT64_MIN)));
  assert_non_null(nn_do(ctx, &nn_op_diagonal, v_t(nn_do(ctx, &nn_op_eye, v_i(2))), v_i(INT64_MIN)));
  assert_non_null(nn_do(ctx, &nn_op_tril, v_t(nn_do(ctx, &nn_op_eye, v_i(2))), v_i(INT64_MIN)));
  EXPECT(t_slice(ctx, two, 0, INT64_MIN, INT64_MAX, INT64_MAX), 1);
}

static void sixteen_dims_are_the_limit(void **state) {
  (void)state;
  int64_t shape[17], dims[16], times[16];
  for (int d = 0; d < 17; d++) shape[d] = d < 3 ? 2 : 1;
  for (int d = 0; d < 16; d++) dims[d] = 15 - d, times[d] = d % 4 == 3 ? 2 : 1;
  T x = counting(NN_FLOAT32, v_ints(16, shape));
  T p = t_permute(ctx, x, 16, dims);
  assert_int_equal(nn_size(p, 15), 2);
  EXPECT(nn_do(ctx, &nn_op_contiguous, v_t(p)), 1, 5, 3, 7, 2, 6, 4, 8);
  T tiled = nn_do(ctx, &nn_op_tile, v_t(x), v_ints(16, times));
  assert_int_equal(nn_numel(tiled), 128);
  assert_null(t_unsqueeze(ctx, x, 0));
  expect_error("at most 16 dimensions");
  assert_null(t_reshape(ctx, x, 17, shape));
  expect_error("at most 16 dimensions");
  assert_null(t_expand(ctx, x, 17, shape));
  expect_error("at most 16 dimensions");
  assert_null(nn_do(ctx, &nn_op_stack, v_ts(1, &x)));
  expect_error("at most 16 dimensions");
  assert_null(nn_do(ctx, &nn_op_one_hot, v_t(t_to(ctx, x, NN_INT64))));
  expect_error("at most 16 dimensions");
}

static void nothing_in_nothing_out(void **state) {
  (void)state;
  T none = nn_keep(ctx, nn_zeros(ctx, NN_FLOAT32, 2, (const int64_t[]){0, 3}));
  T no_index = nn_keep(ctx, nn_zeros(ctx, NN_INT64, 1, (const int64_t[]){0}));
  T point = nn_keep(ctx, nn_scalar(ctx, NN_FLOAT32, 5)), list[1] = {no_index};
  const struct {
    T t;
    int64_t numel;
    int ndim;
  } cases[] = {
      {nn_do(ctx, &nn_op_index, v_t(none), v_ts(1, list)), 0, 2},
      {nn_do(ctx, &nn_op_index_put, v_t(none), v_ts(1, list), v_t(none)), 0, 2},
      {nn_do(ctx, &nn_op_index_select, v_t(none), v_i(1), v_t(no_index)), 0, 2},
      {nn_do(ctx, &nn_op_flip, v_t(none), DIMS(0, 1)), 0, 2},
      {nn_do(ctx, &nn_op_roll, v_t(none), v_i(1), v_i(1)), 0, 2},
      {nn_do(ctx, &nn_op_tril, v_t(none)), 0, 2},
      {nn_do(ctx, &nn_op_tile, v_t(none), DIMS(2, 2)), 0, 2},
      {nn_do(ctx, &nn_op_nonzero, v_t(none)), 0, 2},
      {nn_do(ctx, &nn_op_pad, v_t(none), DIMS(1, 1, 1, 0)), 5, 2},
      {nn_do(ctx, &nn_op_flip, v_t(point), v_ints(0, NULL)), 1, 0},
      {nn_do(ctx, &nn_op_gather, v_t(point), v_i(0), v_t(LIST(1))), 1, 1},
      {nn_do(ctx, &nn_op_index_select, v_t(point), v_i(0), v_t(LIST(1))), 1, 0},
      {nn_do(ctx, &nn_op_stack, v_ts(1, &point)), 1, 1},
      {nn_do(ctx, &nn_op_tile, v_t(point), DIMS(3)), 3, 1},
      {nn_do(ctx, &nn_op_where, v_t(nn_do(ctx, &nn_op_gt, v_t(point), v_t(t_num(ctx, 1)))), v_t(point),
             v_t(none)),
       0, 2},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (cases[i].t == NULL) fail_msg("case %d: %s", (int)i, nn_error_text(ctx));
    assert_int_equal(nn_numel(cases[i].t), cases[i].numel);
    assert_int_equal(nn_ndim(cases[i].t), cases[i].ndim);
  }
}

/* ---- interrupts, memory ----------------------------------------------------------------------------- */

static void an_interrupt_ends_a_copy(void **state) {
  (void)state;
  T x = nn_keep(ctx, nn_zeros(ctx, NN_FLOAT32, 2, (const int64_t[]){2000, 2000}));
  nn_interrupt_raise();
  T y = nn_do(ctx, &nn_op_contiguous, v_t(nn_do(ctx, &nn_op_t, v_t(x))));
  nn_interrupt_clear();
  assert_null(y);
  assert_int_equal(nn_error_code(ctx), NN_ERR_INTERRUPT);
  nn_error_clear(ctx);
}

/* Offsets that an interrupt has left out must not be followed. */
static void an_interrupt_leaves_no_wild_index(void **state) {
  (void)state;
  T x = counting(NN_FLOAT32, DIMS(4, 5)),
    ones = nn_keep(ctx, nn_full(ctx, NN_INT64, 2, (const int64_t[]){300, 400}, 1));
  T by[1] = {nn_do(ctx, &nn_op_t, v_t(ones))}, flat = t_select(ctx, by[0], 1, 0);
  T far = t_slice(ctx, nn_keep(ctx, nn_full(ctx, NN_INT64, 1, (const int64_t[]){90000}, 1)), 0, 0, 90000, 3);
  nn_interrupt_raise();
  assert_null(nn_do(ctx, &nn_op_index, v_t(x), v_ts(1, by)));
  nn_error_clear(ctx);
  assert_null(nn_do(ctx, &nn_op_index_select, v_t(x), v_i(0), v_t(far)));
  assert_int_equal(nn_error_code(ctx), NN_ERR_INTERRUPT);
  nn_error_clear(ctx);
  assert_null(nn_do(ctx, &nn_op_index_add, v_t(x), v_i(0), v_t(flat),
                    v_t(nn_keep(ctx, nn_zeros(ctx, NN_FLOAT32, 2, (const int64_t[]){400, 5})))));
  nn_error_clear(ctx);
  nn_interrupt_clear();
  assert_int_equal(nn_numel(nn_do(ctx, &nn_op_index_select, v_t(x), v_i(0), v_t(far))), 150000);
}

/* A bit of everything that takes memory; true when it ran to its end. */
static bool medley(void) {
  T x = nn_keep(ctx, nn_zeros(ctx, NN_FLOAT32, 2, (const int64_t[]){20, 30}));
  T i = nn_keep(ctx, nn_full(ctx, NN_INT64, 1, (const int64_t[]){20}, 3)),
    mask = nn_do(ctx, &nn_op_ge, v_t(x), v_t(t_num(ctx, 0)));
  if (x == NULL || i == NULL || mask == NULL || !nn_set_requires_grad(x, true)) return false;
  T by[2] = {NULL, i}, parts[2], y;
  nn_results r;
  if ((y = nn_do(ctx, &nn_op_index, v_t(x), v_ts(2, by))) == NULL) return false;
  if ((y = nn_do(ctx, &nn_op_index_add, v_t(y), v_i(0), v_t(i), v_t(y))) == NULL) return false;
  if ((parts[0] = nn_do(ctx, &nn_op_masked_select, v_t(x), v_t(mask))) == NULL) return false;
  if ((parts[1] = t_reshape(ctx, nn_do(ctx, &nn_op_t, v_t(y)), 1, (const int64_t[]){-1})) == NULL)
    return false;
  if ((y = nn_do(ctx, &nn_op_cat, v_ts(2, parts))) == NULL) return false;
  if (!nn_apply(ctx, &nn_op_split, (nn_value[]){v_t(y), v_i(100)}, 2, &r)) return false;
  T first = nn_keep(ctx, nn_retain(r.t[0]));
  for (int k = 0; k < r.n; k++) nn_release(r.t[k]);
  nn_results_free(ctx, &r);
  T s =
      nn_do(ctx, &nn_op_sum, v_t(nn_do(ctx, &nn_op_pad, v_t(t_mul(ctx, first, first)), DIMS(2, 3), v_i(1))));
  return s != NULL && nn_backward(ctx, &s, NULL, 1, NULL, 0, NULL, false, false);
}

static void every_failing_allocation_is_an_error(void **state) {
  (void)state;
  size_t before = nn_bytes(ctx);
  for (int64_t n = 1;; n++) {
    nn_fail_allocation(ctx, n);
    bool ok = medley();
    bool all = nn_fail_allocation(ctx, 0) > 0;
    nn_pool_reset(ctx, 0);
    if (nn_bytes(ctx) != before)
      fail_msg("allocation %d leaves %d bytes: %s", (int)n, (int)(nn_bytes(ctx) - before),
               nn_error_text(ctx));
    if (all) {
      assert_true(ok);
      assert_true(n > 50);
      return;
    }
    assert_int_equal(nn_error_code(ctx), NN_ERR_MEMORY);
    assert_false(ok);
    nn_error_clear(ctx);
  }
}

// Sizes that are wanted one after the other, beside 40 MB that stay: the room beyond the peak grows until none of them has to
// be got from the system again.
static void sizes_that_return_are_kept(void **state) {
  (void)state;
  const size_t mb = 1 << 20, sizes[] = {16 * mb, 14 * mb, 12 * mb};
  void *stays = nn_scratch(ctx, 40 * mb);
  assert_non_null(stays);
  for (int round = 0; round < 5; round++)
    for (int i = 0; i < 3; i++) {
      void *p = nn_scratch(ctx, sizes[i]);
      assert_non_null(p);
      nn_scratch_free(ctx, p, sizes[i]);
    }
  if (!NN_PLAIN_MALLOC) assert_true(ctx->cached == 42 * mb);
  nn_trim(ctx);
  assert_true(ctx->cached == 0);
  nn_scratch_free(ctx, stays, 40 * mb);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(block_copies_equal_the_naive_loop),
      TEST(large_copies_use_all_threads_and_agree),
      TEST(writing_to_a_view_reaches_the_base),
      TEST(a_base_may_begin_inside_its_storage),
      TEST(pieces_share_one_node),
      TEST(a_written_piece_changes_the_whole),
      TEST(bad_indices_change_nothing),
      TEST(in_place_forms_take_any_strides),
      TEST(operands_that_overlap_are_copied_first),
      TEST(repeated_indices_add_up_in_order),
      TEST(sizes_that_overflow_are_errors),
      TEST(sixteen_dims_are_the_limit),
      TEST(nothing_in_nothing_out),
      TEST(an_interrupt_ends_a_copy),
      TEST(an_interrupt_leaves_no_wild_index),
      TEST(every_failing_allocation_is_an_error),
      TEST(sizes_that_return_are_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
