// A context for each test of a file: TEST(name) makes one before and demands that nothing of it is left after.
#ifndef NNLUA_TESTS_CONTEXT_H
#define NNLUA_TESTS_CONTEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "expr.h"

static nn_ctx *ctx;

static int open_ctx(void **state) {
  (void)state;
  ctx = nn_ctx_new();
  return ctx == NULL;
}

static int close_ctx(void **state) {
  (void)state;
  nn_pool_reset(ctx, 0);
  size_t left = nn_bytes(ctx);
  nn_ctx_free(ctx);
  return left != 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_ctx, close_ctx)

#endif
