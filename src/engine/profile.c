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
  return (unsigned)(h >> 32) & (unsigned)(2 * p->cap - 1); /* a power of two */
}

static void put_slot(nn_profile *p, int index) {
  const nn_profile_row *r = &p->row[index];
  unsigned at = place_of(p, r->name, r->line, r->backward);
  while (p->slot[at] != 0) at = (at + 1) % (unsigned)(2 * p->cap);
  p->slot[at] = index + 1;
}

static void free_rows(nn_ctx *ctx, nn_profile *p) {
  nn_mem_free(ctx, p->row, row_bytes(p->cap));
  nn_mem_free(ctx, p->total, row_bytes(p->cap));
  nn_mem_free(ctx, p->slot, slot_bytes(p->cap));
}

static bool grow(nn_ctx *ctx, nn_profile *p) {
  int cap = p->cap ? 2 * p->cap : 256;
  nn_profile_row *row = nn_mem_alloc(ctx, row_bytes(cap));
  nn_profile_row *total = row ? nn_mem_alloc(ctx, row_bytes(cap)) : NULL;
  int *slot = total ? nn_mem_alloc(ctx, slot_bytes(cap)) : NULL;
  if (slot == NULL) {
    nn_mem_free(ctx, row, row_bytes(cap));
    nn_mem_free(ctx, total, row_bytes(cap));
    return false;
  }
  if (p->n > 0) memcpy(row, p->row, row_bytes(p->n)), memcpy(total, p->total, row_bytes(p->n));
  memset(slot, 0, slot_bytes(cap));
  free_rows(ctx, p);
  p->row = row, p->total = total, p->slot = slot, p->cap = cap;
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
  p->total[p->n] = (nn_profile_row){.name = name, .line = p->line, .backward = backward};
  nn_profile_row *r = &p->row[p->n];
  *r = p->total[p->n++];
  p->slot[at] = p->n;
  return r;
}

/* ---- stretches and rests ---------------------------------------------------------------------------- */

/* What a counted call costs, and how long a stretch is at least, in nanoseconds; the share that counting may take. */
enum { CALL_COST = 300, STRETCH = 2000000, SHARE = 40 /* one 40th */ };
/* So many calls are always counted, one by one, however slowly they come: short programs have exact counts. It is the first
 * stretch. */
enum { FIRST_CALLS = 4000 };

static void begin_stretch(nn_ctx *ctx, nn_profile *p, int64_t time) {
  p->since = time;
  p->counted = 0;
  p->mark = ctx->allocated;
}

static void scale_row(nn_profile_row *to, const nn_profile_row *r, double factor) {
  to->calls += (int64_t)((double)r->calls * factor + 0.5);
  to->seconds += r->seconds * factor;
  to->flops += r->flops * factor;
  to->bytes += r->bytes * factor;
}

/* The stretch's counts go to the totals, as what they stand for. */
static void close_stretch(nn_ctx *ctx, nn_profile *p) {
  double bytes = (double)(ctx->allocated - p->mark), factor = bytes > 0 ? 1 + (double)p->rested / bytes : 1;
  for (int i = 0; i < p->n; i++) {
    nn_profile_row *r = &p->row[i];
    scale_row(&p->total[i], r, factor);
    *r = (nn_profile_row){.name = r->name, .line = r->line, .backward = r->backward};
  }
  p->accounted += bytes + (double)p->rested;
  p->rested = 0;
}

/* Between two operations of the program: is it time to rest? */
static void consider_rest(nn_ctx *ctx, nn_profile *p, int64_t time) {
  int64_t whole = time - p->since, rest = p->counted * CALL_COST * SHARE - whole;
  if (p->accounted > 0 ? whole < STRETCH : p->counted < FIRST_CALLS) return;
  close_stretch(ctx, p);
  begin_stretch(ctx, p, time);
  if (rest <= 0) return;
  p->until = time + rest;
  p->rests++;
  ctx->resting = p;
  ctx->profile = NULL;
}

void nn_profile_wake(nn_ctx *ctx) {
  nn_profile *p = ctx->resting;
  int64_t time;
  if (p == NULL || (time = now()) < p->until) return;
  p->rested = ctx->allocated - p->mark;
  ctx->resting = NULL;
  ctx->profile = p;
  p->line = 0;
  begin_stretch(ctx, p, time);
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
  begin_stretch(ctx, p, now());
  ctx->profile = p;
  return true;
}

void nn_profile_stop(nn_ctx *ctx) {
  nn_profile *p = ctx->profile ? ctx->profile : ctx->resting;
  if (p == NULL) return;
  ctx->profile = ctx->resting = NULL;
  free_rows(ctx, p);
  nn_mem_free(ctx, p, sizeof *p);
}

int nn_profile_rows(nn_ctx *ctx, const nn_profile_row **rows) {
  nn_profile *p = ctx->profile ? ctx->profile : ctx->resting;
  *rows = p ? p->total : NULL;
  if (p == NULL) return 0;
  if (p == ctx->profile) {
    close_stretch(ctx, p);
    begin_stretch(ctx, p, now());
  } else if (p->accounted > 0) { /* the rest at the end */
    double more = (double)(ctx->allocated - p->mark);
    for (int i = 0; i < p->n; i++) {
      nn_profile_row whole = p->total[i];
      scale_row(&p->total[i], &whole, more / p->accounted);
    }
    p->accounted += more;
    p->mark = ctx->allocated;
  }
  return p->n;
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

void nn_profile_forget(nn_ctx *ctx, const nn_profile_call *call) {
  nn_profile *p = ctx->profile;
  if (p == NULL || p->depth == 0) return;
  p->depth--;
  p->inner = call->inner;
}

static nn_profile_row *finish(nn_ctx *ctx, const nn_profile_call *call, const char *name) {
  nn_profile *p = ctx->profile;
  if (p == NULL || p->depth == 0) return NULL; /* stopped, or begun anew, in between */
  int64_t time = now(), whole = time - call->start, own = whole - p->inner;
  p->inner = call->inner + whole;
  p->depth--;
  p->counted++;
  p->ended = time;
  nn_profile_row *r = row_of(ctx, p, name);
  if (r == NULL) return NULL;
  r->calls++;
  r->seconds += 1e-9 * (double)own;
  return r;
}

/* After the row of an ended call is complete. */
static void ended(nn_ctx *ctx) {
  nn_profile *p = ctx->profile;
  if (p != NULL && p->depth == 0 && p->walks == 0) consider_rest(ctx, p, p->ended);
}

void nn_profile_end(nn_ctx *ctx, const nn_profile_call *call, const nn_op *op, const nn_value *args, int n_args,
                    const nn_results *r) {
  nn_profile_row *row = finish(ctx, call, op->name);
  if (row != NULL && op->kernel != NULL) {
    row->bytes += moved(args, n_args, r);
    if (n_args > 0 && r->n > 0) row->flops += flops_of(op, args, r);
  }
  ended(ctx);
}

void nn_profile_end_later(nn_ctx *ctx, const nn_profile_call *call, const char *name, int32_t line) {
  nn_profile *p = ctx->profile;
  if (p == NULL) return;
  int32_t here = p->line;
  int walks = p->walks;
  p->line = line;
  p->walks = 0;
  nn_profile_row *row = finish(ctx, call, name);
  if (row != NULL) row->calls--;
  p->line = here;
  p->walks = walks;
  ended(ctx);
}

bool nn_profile_sampled(const nn_ctx *ctx) {
  const nn_profile *p = ctx->profile ? ctx->profile : ctx->resting;
  return p != NULL && p->rests > 0;
}

bool nn_profiling(const nn_ctx *ctx) { return ctx->profile != NULL || ctx->resting != NULL; }

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
  ended(ctx);
}
