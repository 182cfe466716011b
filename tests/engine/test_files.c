/* Files and lists of parameters: what is written is read again, damage is told, and when any allocation fails
 * nothing leaks, nothing is left on the disk and the old file stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "batch.h"
#include "idx.h"
#include "nn.h"
#include "optim.h"
#include "retype.h"
#include "serialize.h"

static char path[64];

static int setup(void **state) {
  snprintf(path, sizeof path, "/tmp/nnlua-test-files-XXXXXX");
  int fd = mkstemp(path);
  *state = nn_ctx_new();
  if (fd >= 0) close(fd);
  return fd >= 0 && *state != NULL ? 0 : -1;
}

static int teardown(void **state) {
  nn_ctx *ctx = *state;
  unlink(path);
  size_t left = nn_bytes(ctx);
  nn_ctx_free(ctx);
  return left == 0 ? 0 : -1; /* every tensor was released */
}

static nn_tensor *counting(nn_ctx *ctx, nn_dtype dtype, int ndim, const int64_t *shape) {
  nn_tensor *t = nn_empty(ctx, dtype, ndim, shape);
  if (t == NULL) return NULL;
  int64_t n = nn_numel(t);
  for (int64_t i = 0; i < n; i++) {
    if (dtype == NN_FLOAT32)
      ((float *)nn_data(t))[i] = (float)i;
    else if (dtype == NN_FLOAT64)
      ((double *)nn_data(t))[i] = (double)i;
    else if (dtype == NN_INT64)
      ((int64_t *)nn_data(t))[i] = i;
    else
      ((uint8_t *)nn_data(t))[i] = (uint8_t)i;
  }
  return t;
}

/* Runs body with the first, second, ... allocation failing until it succeeds; it must say so by its result
 * and leave no tensor behind either way. */
static void sweep(nn_ctx *ctx, bool (*body)(nn_ctx *ctx)) {
  size_t before = nn_bytes(ctx);
  for (int64_t n = 1; n < 1000; n++) {
    nn_fail_allocation(ctx, n);
    bool ok = body(ctx);
    bool reached = nn_fail_allocation(ctx, 0) == 0;
    assert_int_equal(nn_bytes(ctx), before);
    if (!reached) {
      assert_true(ok);
      return;
    }
    if (!ok) assert_int_not_equal(nn_error_code(ctx), NN_OK);
    nn_error_clear(ctx);
  }
  fail_msg("no end of allocations");
}

/* ---- safetensors
 * -------------------------------------------------------------------------------------------------- */

static char *names[] = {(char[]){"u8"}, (char[]){"weight"}, (char[]){"i64"}, (char[]){"bool"}};
static const nn_dtype dtypes[] = {NN_UINT8, NN_FLOAT32, NN_INT64, NN_BOOL};
static char *keys[] = {(char[]){"what"}}, *values[] = {(char[]){"a \"test\"\n"}};

static bool write_archive(nn_ctx *ctx) {
  nn_tensor *t[4] = {NULL};
  bool ok = true;
  for (int i = 0; i < 4; i++) {
    t[i] = dtypes[i] == NN_BOOL ? nn_zeros(ctx, NN_BOOL, 1, (int64_t[]){3})
                                : counting(ctx, dtypes[i], 2, (int64_t[]){3, 40});
    ok = ok && t[i] != NULL;
  }
  /* one of them not contiguous, so that a copy has to be made */
  nn_tensor *turned = ok ? nn_view_raw(t[1], 2, (int64_t[]){40, 3}, (int64_t[]){1, 40}, 0) : NULL;
  nn_archive a = {.ctx = ctx, .n = 4, .n_meta = 1, .names = names, .keys = keys, .values = values};
  a.tensors = (nn_tensor *[]){t[0], turned, t[2], t[3]};
  ok = turned != NULL && nn_safetensors_write(&a, path);
  nn_release(turned);
  for (int i = 0; i < 4; i++) nn_release(t[i]);
  return ok;
}

static bool read_archive(nn_ctx *ctx) {
  nn_archive *a = nn_safetensors_read(ctx, path, 1 << 20);
  if (a == NULL) return false;
  assert_int_equal(a->n, 4);
  assert_int_equal(a->n_meta, 1);
  assert_string_equal(a->values[0], values[0]);
  for (int i = 0; i < 4; i++) {
    assert_string_equal(a->names[i], names[i]);
    assert_int_equal(nn_tensor_dtype(a->tensors[i]), dtypes[i]);
  }
  assert_int_equal(nn_size(a->tensors[1], 0), 40);
  const float *x = nn_data(a->tensors[1]);
  assert_true(x[0] == 0 && x[1] == 40 && x[3] == 1 && x[119] == 119);
  nn_archive_free(a);
  return true;
}

static void test_safetensors(void **state) {
  assert_true(write_archive(*state));
  assert_true(read_archive(*state));
  sweep(*state, write_archive);
  assert_true(read_archive(*state));
  sweep(*state, read_archive);
}

/* The old file is whole after a failed write, and nothing stands beside it. */
static void test_replacing(void **state) {
  assert_true(write_archive(*state));
  nn_archive a = {.ctx = *state, .n = 1, .names = (char *[]){(char[]){"\xff"}}};
  nn_tensor *t = nn_zeros(*state, NN_FLOAT32, 1, (int64_t[]){5});
  a.tensors = &t;
  assert_false(nn_safetensors_write(&a, path));
  assert_non_null(strstr(nn_error_text(*state), "UTF-8"));
  nn_error_clear(*state);
  a.names = names;
  assert_false(nn_safetensors_write(&a, "/nowhere/at/all"));
  nn_error_clear(*state);
  nn_release(t);
  assert_true(read_archive(*state));
}

static void test_utf8(void **state) {
  (void)state;
  static const char *const good[] = {"", "a", "\xc3\xa4", "\xe8\xaf\x97", "\xf0\x9f\x98\x80"};
  static const char *const bad[] = {"\x80",     "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                    "\xe8\xaf", "a\xff"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert_true(nn_is_utf8(good[i], strlen(good[i])));
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(nn_is_utf8(bad[i], strlen(bad[i])));
  assert_false(nn_is_utf8("a\0b", 3));
}

/* ---- IDX
 * ----------------------------------------------------------------------------------------------------------
 */

static bool write_and_read_idx(nn_ctx *ctx) {
  nn_tensor *t = counting(ctx, NN_FLOAT32, 2, (int64_t[]){30, 7}), *back = NULL;
  bool ok = t != NULL && nn_write_idx(t, path);
  if (ok) back = nn_read_idx(ctx, path, 1 << 20);
  if (back != NULL) {
    assert_int_equal(nn_numel(back), 210);
    assert_memory_equal(nn_data(back), nn_data(t), 210 * sizeof(float));
  }
  nn_release(t);
  nn_release(back);
  return back != NULL;
}

static void test_idx(void **state) {
  sweep(*state, write_and_read_idx);
  assert_null(nn_read_idx(*state, path, 839));
  assert_non_null(strstr(nn_error_text(*state), "max_bytes"));
  nn_error_clear(*state);
}

/* ---- batches
 * ------------------------------------------------------------------------------------------------------ */

static bool gather(nn_ctx *ctx) {
  nn_tensor *source = counting(ctx, NN_UINT8, 2, (int64_t[]){9, 4}), *out = NULL;
  nn_tensor *index = nn_empty(ctx, NN_INT64, 1, (int64_t[]){3});
  if (index != NULL) memcpy(nn_data(index), (int64_t[]){9, 1, 5}, 3 * sizeof(int64_t));
  if (source != NULL && index != NULL) out = nn_gather_rows(source, index, 1, 2, NN_FLOAT32, 0.5, 1);
  if (out != NULL) {
    const float *x = nn_data(out);
    assert_int_equal(nn_size(out, 0), 2);
    assert_true(x[0] == 1 && x[1] == 1.5f && x[4] == 9 && x[7] == 10.5f);
  }
  nn_release(source);
  nn_release(index);
  nn_release(out);
  return out != NULL;
}

static void test_gather(void **state) {
  nn_ctx *ctx = *state;
  sweep(ctx, gather);
  nn_tensor *source = nn_zeros(ctx, NN_FLOAT64, 2, (int64_t[]){3, 2});
  nn_tensor *index = nn_full(ctx, NN_INT64, 1, (int64_t[]){2}, 4);
  assert_null(nn_gather_rows(source, index, 0, 2, NN_FLOAT32, 1, 0));
  assert_non_null(strstr(nn_error_text(ctx), "row 4 of a set of 3"));
  nn_error_clear(ctx);
  assert_null(nn_gather_rows(source, index, 1, 2, NN_FLOAT32, 1, 0));
  nn_error_clear(ctx);
  *(int64_t *)nn_data(index) = 0;
  assert_null(nn_gather_rows(source, index, 0, 1, NN_FLOAT32, 1, 0));
  nn_error_clear(ctx);
  nn_release(source);
  nn_release(index);
}

/* ---- parameters
 * --------------------------------------------------------------------------------------------------- */

/* A step over 40 parameters, one of them not contiguous: p - 0.5 * 1. */
static bool sgd_step(nn_ctx *ctx) {
  enum { COUNT = 40 };
  nn_optim_item items[COUNT];
  nn_tensor *p[COUNT] = {NULL}, *base = NULL;
  bool ok = true;
  for (int i = 0; i < COUNT && ok; i++) {
    int64_t shape[2] = {i % 3 + 1, i + 1};
    if (i == 7) {
      base = nn_zeros(ctx, NN_FLOAT32, 2, (int64_t[]){8, 2});
      p[i] = nn_view_raw(base, 2, (int64_t[]){2, 8}, (int64_t[]){1, 2}, 0);
      shape[0] = 2, shape[1] = 8;
    } else {
      p[i] = nn_zeros(ctx, NN_FLOAT32, 2, shape);
    }
    nn_tensor *g = nn_full(ctx, NN_FLOAT32, 2, shape, 1);
    ok = p[i] != NULL && g != NULL && nn_set_grad(p[i], g);
    nn_release(g);
    items[i] = (nn_optim_item){.param = p[i], .step = 1};
  }
  struct nn_sgd options = {.lr = 0.5};
  ok = ok && nn_optim_sgd(ctx, items, COUNT, &options);
  for (int i = 0; i < COUNT; i++) {
    if (ok) assert_true(nn_get(p[i], (int64_t[]){0, 0}) == -0.5);
    nn_release(p[i]);
  }
  if (ok) assert_true(nn_get(base, (int64_t[]){7, 1}) == -0.5);
  nn_release(base);
  return ok;
}

static bool retype(nn_ctx *ctx) {
  nn_tensor *t = counting(ctx, NN_FLOAT32, 1, (int64_t[]){100});
  nn_tensor *g = nn_full(ctx, NN_FLOAT32, 1, (int64_t[]){100}, 3);
  bool ok = t != NULL && g != NULL && nn_set_grad(t, g);
  nn_release(g);
  ok = ok && nn_retype(t, NN_FLOAT64);
  if (ok) {
    assert_int_equal(nn_tensor_dtype(t), NN_FLOAT64);
    assert_int_equal(nn_tensor_dtype(nn_grad(t)), NN_FLOAT64);
    assert_true(((double *)nn_data(t))[99] == 99 && ((double *)nn_data(nn_grad(t)))[5] == 3);
  }
  nn_release(t);
  return ok;
}

static void test_parameters(void **state) {
  nn_ctx *ctx = *state;
  sweep(ctx, sgd_step);
  sweep(ctx, retype);
  nn_tensor *p = nn_zeros(ctx, NN_FLOAT32, 1, (int64_t[]){2});
  nn_optim_item item = {.param = p, .step = 1};
  struct nn_adam options = {.lr = 1};
  assert_false(nn_optim_adam(ctx, &item, 1, &options));
  assert_non_null(strstr(nn_error_text(ctx), "has no gradient"));
  nn_error_clear(ctx);
  nn_release(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_safetensors, setup, teardown),
      cmocka_unit_test_setup_teardown(test_replacing, setup, teardown),
      cmocka_unit_test(test_utf8),
      cmocka_unit_test_setup_teardown(test_idx, setup, teardown),
      cmocka_unit_test_setup_teardown(test_gather, setup, teardown),
      cmocka_unit_test_setup_teardown(test_parameters, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
