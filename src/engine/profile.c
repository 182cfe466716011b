/* profile.c - see profile.h. Knows no host: its lines are numbers. */
#include "profile.h"

#include <string.h>
#include <time.h>

#include "expr.h"

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- the table -------------------------------------------------------------------------------------- */

static size_t row_bytes(int cap) { return (size_t)cap * sizeof(nn_profile_row); }
static size_t slot_bytes(int cap) { return (size_t)cap * 2 * sizeof(int); }

static unsigned place_of(const nn_profile *p, const char *name, int32_t line, bool backward) {
  uint64_t h = (uint64_t)(uintptr_t)name * 0x9e3779b97f4a7c15u + (uint64_t)(uint32_t)line * 2 + backward;
  h ^= h >> 29;
  h *= 0xbf58476d1ce4e5b9u;
  return (unsigned)((h >> 32) % (uint64_t)(2 * p->cap));
}

static void put_slot(nn_profile *p, int index) {
  const nn_profile_row *r = &p->row[index];
  unsigned at = place_of(p, r->name, r->line, r->backward);
  while (p->slot[at] != 0) at = (at + 1) % (unsigned)(2 * p->cap);
  p->slot[at] = index + 1;
}

static bool grow(nn_ctx *ctx, nn_profile *p) {
  int cap = p->cap ? 2 * p->cap : 256;
  nn_profile_row *row = nn_mem_alloc(ctx, row_bytes(cap));
  int *slot = row ? nn_mem_alloc(ctx, slot_bytes(cap)) : NULL;
  if (slot == NULL) {
    nn_mem_free(ctx, row, row_bytes(cap));
    return false;
  }
  if (p->n > 0) memcpy(row, p->row, row_bytes(p->n));
  memset(slot, 0, slot_bytes(cap));
  nn_mem_free(ctx, p->row, row_bytes(p->cap));
  nn_mem_free(ctx, p->slot, slot_bytes(p->cap));
  p->row = row, p->slot = slot, p->cap = cap;
  for (int i = 0; i < p->n; i++) put_slot(p, i);
  return true;
}

/* The row of a name (compared by address) at the current line; NULL without memory. */
static nn_profile_row *row_of(nn_ctx *ctx, nn_profile *p, const char *name) {
  bool backward = p->walks > 0;
  if (p->n == p->cap) {
    if (ctx->error != NN_OK) return NULL;
    if (!grow(ctx, p)) {
      nn_error_clear(ctx);
      return NULL;
    }
  }
  unsigned at = place_of(p, name, p->line, backward);
  for (; p->slot[at] != 0; at = (at + 1) % (unsigned)(2 * p->cap)) {
    nn_profile_row *r = &p->row[p->slot[at] - 1];
    if (r->name == name && r->line == p->line && r->backward == backward) return r;
  }
  nn_profile_row *r = &p->row[p->n++];
  *r = (nn_profile_row){.name = name, .line = p->line, .backward = backward};
  p->slot[at] = p->n;
  return r;
}

/* ---- on and off ------------------------------------------------------------------------------------- */

bool nn_profile_start(nn_ctx *ctx) {
  nn_profile_stop(ctx);
  nn_profile *p = nn_mem_alloc(ctx, sizeof *p);
  if (p == NULL) return false;
  *p = (nn_profile){0};
  if (!grow(ctx, p)) {
    nn_mem_free(ctx, p, sizeof *p);
    return false;
  }
  ctx->profile = p;
  return true;
}

void nn_profile_stop(nn_ctx *ctx) {
  nn_profile *p = ctx->profile;
  if (p == NULL) return;
  ctx->profile = NULL;
  nn_mem_free(ctx, p->row, row_bytes(p->cap));
  nn_mem_free(ctx, p->slot, slot_bytes(p->cap));
  nn_mem_free(ctx, p, sizeof *p);
}

int nn_profile_rows(const nn_ctx *ctx, const nn_profile_row **rows) {
  *rows = ctx->profile ? ctx->profile->row : NULL;
  return ctx->profile ? ctx->profile->n : 0;
}

/* ---- what an operation does ------------------------------------------------------------------------- */

static double bytes_of(const nn_tensor *t) { return t ? (double)t->numel * (double)nn_esize(t) : 0; }

static double moved(const nn_value *args, int n_args, const nn_results *r) {
  double sum = 0;
  for (int i = 0; i < n_args; i++) {
    if (args[i].tag == NN_V_TENSOR) sum += bytes_of(args[i].t);
    for (int k = 0; args[i].tag == NN_V_TENSORS && k < args[i].n; k++) sum += bytes_of(args[i].tensors[k]);
  }
  for (int k = 0; k < r->n; k++) sum += bytes_of(r->t[k]);
  return sum;
}

static double last_size(const nn_tensor *t) { return t && t->ndim > 0 ? (double)t->shape[t->ndim - 1] : 1; }

/* Numbers in one filter of a convolution's weight. */
static double filter(const nn_tensor *w) { return w->shape[0] > 0 ? (double)w->numel / (double)w->shape[0] : 0; }

static double flops_of(const nn_op *op, const nn_value *args, const nn_results *r) {
  const nn_tensor *a = args[0].tag == NN_V_TENSOR ? args[0].t : NULL, *out = r->n > 0 ? r->t[0] : NULL;
  if (a == NULL || out == NULL) return 0;
  if (op == &nn_op_mm || op == &nn_op_bmm || op == &nn_op_linear) return 2 * (double)out->numel * last_size(a);
  if (op == &nn_op_addmm || op == &nn_op_baddbmm) return 2 * (double)out->numel * last_size(args[1].t);
  if (op == &nn_op_linear_backward)
    return 2 * (double)a->numel * last_size(args[1].t) * ((args[3].i & 1 ? 1 : 0) + (args[3].i & 2 ? 1 : 0));
  if (op == &nn_op_convolution) return 2 * (double)out->numel * filter(args[1].t);
  if (op == &nn_op_convolution_input) return 2 * (double)a->numel * filter(args[1].t);
  if (op == &nn_op_convolution_weight) return 2 * (double)args[1].t->numel * filter(out);
  return 0;
}

/* ---- timing ----------------------------------------------------------------------------------------- */

void nn_profile_begin(nn_ctx *ctx, nn_profile_call *call) {
  nn_profile *p = ctx->profile;
  if (p->depth++ == 0 && p->walks == 0) p->line = ctx->host.line ? ctx->host.line(ctx->host.data) : 0;
  call->inner = p->inner;
  p->inner = 0;
  call->start = now();
}

static nn_profile_row *finish(nn_ctx *ctx, const nn_profile_call *call, const char *name) {
  nn_profile *p = ctx->profile;
  if (p == NULL || p->depth == 0) return NULL; /* stopped, or begun anew, in between */
  int64_t whole = now() - call->start, own = whole - p->inner;
  p->inner = call->inner + whole;
  p->depth--;
  nn_profile_row *r = row_of(ctx, p, name);
  if (r == NULL) return NULL;
  r->calls++;
  r->seconds += 1e-9 * (double)own;
  return r;
}

void nn_profile_end(nn_ctx *ctx, const nn_profile_call *call, const nn_op *op, const nn_value *args, int n_args,
                    const nn_results *r) {
  nn_profile_row *row = finish(ctx, call, op->name);
  if (row == NULL || op->kernel == NULL) return;
  row->bytes += moved(args, n_args, r);
  if (n_args > 0 && r->n > 0) row->flops += flops_of(op, args, r);
}

bool nn_profiling(const nn_ctx *ctx) { return ctx->profile != NULL; }

int64_t nn_profile_enter(nn_ctx *ctx) {
  nn_profile_call call;
  if (ctx->profile == NULL) return 0;
  nn_profile_begin(ctx, &call); /* such work does not contain any other */
  return call.start;
}

void nn_profile_leave(nn_ctx *ctx, int64_t start, const char *name, double bytes) {
  if (ctx->profile == NULL || start == 0) return;
  const nn_profile_call call = {.start = start};
  nn_profile_row *row = finish(ctx, &call, name);
  if (row != NULL) row->bytes += bytes;
}
