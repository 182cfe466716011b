/* ctx.c - the context: errors, modes, temporaries, life and death. Knows nothing of operations. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "storage.h"

nn_ctx *nn_ctx_new(void) {
  nn_ctx *ctx = calloc(1, sizeof *ctx);
  if (ctx == NULL) return NULL;
  ctx->grad_enabled = true;
  ctx->next_hook = 1;
  ctx->generator = nn_generator_new(ctx, 0);
  if (ctx->generator == NULL) {
    nn_ctx_free(ctx);
    return NULL;
  }
  return ctx;
}

void nn_ctx_free(nn_ctx *ctx) {
  if (ctx == NULL) return;
  nn_profile_stop(ctx);
  nn_pool_reset(ctx, 0);
  nn_generator_free(ctx->generator);
  free(ctx->pool);
  nn_memory_close(ctx);
  free(ctx);
}

void nn_ctx_host(nn_ctx *ctx, const nn_host *host) { ctx->host = *host; }

/* ---- errors ----------------------------------------------------------------------------------------- */

nn_error nn_error_code(const nn_ctx *ctx) { return ctx->error; }

const char *nn_error_text(const nn_ctx *ctx) { return ctx->error == NN_OK ? "" : ctx->text; }

void nn_error_clear(nn_ctx *ctx) { ctx->error = NN_OK; }

static bool fail_list(nn_ctx *ctx, nn_error code, const char *format, va_list list) {
  if (ctx->error == NN_OK) {
    ctx->error = code;
    vsnprintf(ctx->text, sizeof ctx->text, format, list);
  }
  return false;
}

bool nn_fail(nn_ctx *ctx, const char *format, ...) {
  va_list list;
  va_start(list, format);
  fail_list(ctx, NN_ERR_ARG, format, list);
  va_end(list);
  return false;
}

bool nn_fail_code(nn_ctx *ctx, nn_error code, const char *format, ...) {
  va_list list;
  va_start(list, format);
  fail_list(ctx, code, format, list);
  va_end(list);
  return false;
}

/* ---- modes ------------------------------------------------------------------------------------------ */

bool nn_grad_enabled(const nn_ctx *ctx) { return ctx->grad_enabled; }

bool nn_set_grad_enabled(nn_ctx *ctx, bool on) {
  bool was = ctx->grad_enabled;
  ctx->grad_enabled = on;
  return was;
}

bool nn_anomaly_enabled(const nn_ctx *ctx) { return ctx->anomaly; }

void nn_set_anomaly(nn_ctx *ctx, bool on) { ctx->anomaly = on; }

/* ---- temporaries ------------------------------------------------------------------------------------ */

nn_tensor *nn_keep(nn_ctx *ctx, nn_tensor *t) {
  if (t == NULL) return NULL;
  if (ctx->pool_n == ctx->pool_cap) {
    int cap = ctx->pool_cap ? 2 * ctx->pool_cap : 64;
    nn_tensor **pool = realloc(ctx->pool, (size_t)cap * sizeof *pool);
    if (pool == NULL) {
      nn_release(t);
      nn_fail_code(ctx, NN_ERR_MEMORY, "out of memory");
      return NULL;
    }
    ctx->pool = pool;
    ctx->pool_cap = cap;
  }
  ctx->pool[ctx->pool_n++] = t;
  return t;
}

void nn_pool_reset(nn_ctx *ctx, int mark) {
  while (ctx->pool_n > mark) nn_release(ctx->pool[--ctx->pool_n]);
}
