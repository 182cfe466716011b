/* storage.c - memory: small blocks by size class, tensor buffers that are recycled, byte accounting.
 * Fresh pages cost more than the arithmetic on them, so freed buffers are kept: up to 10 MB more than was in use at the
 * recent peak, or half as much again where that is too little. */
#include <stdlib.h>
#include <string.h>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#endif

#include "later.h"
#include "storage.h"

enum { ALIGN = 64, SLAB = 64 * 1024, MAPPED = 256 * 1024 };
enum { HUGE_PAGE = 2 * 1024 * 1024, SMALL_PAGE = 4096 };

#if defined(__linux__) && !NN_PLAIN_MALLOC
/* `size` bytes at a multiple of 2 MB, of which the first `huge` ask for pages of 2 MB, where the system has some: an array
 * takes so many small ones that finding out where they lie costs as much as what is done with the numbers. */
static void *map_huge(size_t size, size_t huge) {
  size_t whole = (size + SMALL_PAGE - 1) / SMALL_PAGE * SMALL_PAGE;
  char *p = mmap(NULL, whole + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return NULL;
  size_t head = (HUGE_PAGE - (uintptr_t)p % HUGE_PAGE) % HUGE_PAGE;
  if (head > 0) munmap(p, head);
  if (head < HUGE_PAGE) munmap(p + head + whole, HUGE_PAGE - head);
  madvise(p + head, huge / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
  return p + head;
}
#endif

/* True when this allocation shall fail, for the tests that fail each in turn. */
static bool injected(nn_ctx *ctx) { return ctx->fail_after > 0 && --ctx->fail_after == 0; }

int64_t nn_fail_allocation(nn_ctx *ctx, int64_t n) {
  int64_t left = ctx->fail_after;
  ctx->fail_after = n;
  return left;
}

static void *no_memory(nn_ctx *ctx, size_t size) {
  nn_fail_code(ctx, NN_ERR_MEMORY, "out of memory: could not get %zu bytes", size);
  return NULL;
}

/* ---- small blocks ----------------------------------------------------------------------------------- */

/* Where blocks are cut from. */
typedef struct slab {
  struct slab *next;
  size_t size;
} slab;

/* The first MANY bytes come in small pieces, what a large graph takes beyond them in large pages: its blocks are visited once
 * forward and once backward, and finding out where each little page lies would cost more than what is done there. */
static slab *new_slab(nn_ctx *ctx) {
  slab *s = NULL;
#if defined(__linux__) && !NN_PLAIN_MALLOC
  enum { MANY = 4 * 1024 * 1024 };
  size_t size = ctx->slab_bytes >= MANY ? HUGE_PAGE : SLAB;
  if (size == HUGE_PAGE && (s = map_huge(size, size)) == NULL) size = SLAB; /* where the address space is limited */
  if (s == NULL) s = aligned_alloc(ALIGN, size);
#else
  size_t size = SLAB;
  s = aligned_alloc(ALIGN, size);
#endif
  if (s == NULL) return NULL;
  s->next = ctx->slabs;
  s->size = size;
  ctx->slabs = s;
  ctx->slab_bytes += size;
  return s;
}

static void *slab_block(nn_ctx *ctx, size_t size) {
  if ((size_t)(ctx->slab_end - ctx->slab) < size) {
    slab *s = new_slab(ctx);
    if (s == NULL) return NULL;
    ctx->slab = (char *)s + NN_SMALL_STEP; /* the first step is the slab's own */
    ctx->slab_end = (char *)s + s->size;
  }
  void *p = ctx->slab;
  ctx->slab += size;
  return p;
}

static void free_slab(slab *s) {
#if defined(__linux__) && !NN_PLAIN_MALLOC
  if (s->size == HUGE_PAGE) {
    munmap(s, s->size);
    return;
  }
#endif
  free(s);
}

void *nn_small_alloc(nn_ctx *ctx, size_t size) {
  if (injected(ctx)) return no_memory(ctx, size);
  size_t c = (size + NN_SMALL_STEP - 1) / NN_SMALL_STEP;
  if (NN_PLAIN_MALLOC || size > NN_SMALL) {
    void *p = malloc(size ? size : 1);
    return p ? p : no_memory(ctx, size);
  }
  nn_free_block *b = ctx->small[c];
  if (b != NULL) {
    ctx->small[c] = b->next;
    return b;
  }
  void *p = slab_block(ctx, c * NN_SMALL_STEP);
  return p ? p : no_memory(ctx, size);
}

void nn_small_free(nn_ctx *ctx, void *p, size_t size) {
  if (p == NULL) return;
  if (NN_PLAIN_MALLOC || size > NN_SMALL) {
    free(p);
    return;
  }
  size_t c = (size + NN_SMALL_STEP - 1) / NN_SMALL_STEP;
  nn_free_block *b = p;
  b->next = ctx->small[c];
  ctx->small[c] = b;
}

void *nn_mem_alloc(nn_ctx *ctx, size_t size) { return nn_small_alloc(ctx, size); }

void nn_mem_free(nn_ctx *ctx, void *p, size_t size) { nn_small_free(ctx, p, size); }

/* ---- buffers ---------------------------------------------------------------------------------------- */

/* A free buffer; the list of its bucket runs through it. */
typedef struct nn_buffer {
  struct nn_buffer *next;
} nn_buffer;

/* Buffers come in sizes of 8 steps an octave (at most 1/8 is wasted), from 64 bytes up. */
static int bucket_of(size_t bytes, size_t *rounded) {
  if (bytes < 512) bytes = (bytes + 63) / 64 * 64;
  if (bytes <= 512) {
    if (bytes == 0) bytes = 64;
    *rounded = bytes;
    return (int)(bytes / 64) - 1;
  }
  int top = 63 - __builtin_clzll((unsigned long long)(bytes - 1));
  size_t step = (size_t)1 << (top - 3);
  size_t up = (bytes + step - 1) / step * step;
  *rounded = up;
  int octave = top - 9;
  return 8 + octave * 8 + (int)((up - ((size_t)1 << top)) / step) - 1;
}

static void *system_alloc(size_t size) {
#if defined(__linux__) && !NN_PLAIN_MALLOC
  if (size >= HUGE_PAGE) return map_huge(size, size - size / 8); /* an eighth may be rounding: that stays in small pages */
#endif
#if defined(__unix__) || defined(__APPLE__)
  if (size >= MAPPED && !NN_PLAIN_MALLOC) {
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
  }
#endif
  return aligned_alloc(ALIGN, (size + ALIGN - 1) / ALIGN * ALIGN);
}

static void system_free(void *p, size_t size) {
#if defined(__unix__) || defined(__APPLE__)
  if (size >= MAPPED && !NN_PLAIN_MALLOC) {
    munmap(p, size);
    return;
  }
#endif
  (void)size;
  free(p);
}

static size_t bucket_size(int b) {
  if (b < 8) return (size_t)(b + 1) * 64;
  int octave = (b - 8) / 8, k = (b - 8) % 8 + 1;
  size_t low = (size_t)1 << (octave + 9);
  return low + (size_t)k * (low / 8);
}

/* The bucket with free buffers that has gone unused for longest; -1: there are none. */
static int stalest_bucket(const nn_ctx *ctx) {
  int best = -1;
  for (int b = 0; b < NN_BUCKETS; b++)
    if (ctx->bucket[b] != NULL && (best < 0 || ctx->bucket_used[b] < ctx->bucket_used[best])) best = b;
  return best;
}

/* Frees cached buffers, those of the stalest sizes first, until at most `keep` bytes are cached. */
static void shrink_cache(nn_ctx *ctx, size_t keep) {
  while (ctx->cached > keep) {
    int b = stalest_bucket(ctx);
    if (b < 0) return;
    size_t size = bucket_size(b);
    while (ctx->bucket[b] != NULL && ctx->cached > keep) {
      nn_buffer *x = ctx->bucket[b];
      ctx->bucket[b] = x->next;
      ctx->cached -= size;
      ctx->bucket_dropped[b] = ctx->allocated + 1;
      system_free(x, size);
    }
  }
}

void nn_trim(nn_ctx *ctx) {
  shrink_cache(ctx, 0);
  memset(ctx->bucket_dropped, 0, sizeof ctx->bucket_dropped);
}

/* The peak of bytes in use over the last one to two windows of 1 GiB of requests: what the cache may fill. */
static size_t recent_peak(nn_ctx *ctx) {
  if (ctx->allocated - ctx->window_start > (size_t)1 << 30) {
    ctx->window_start = ctx->allocated;
    ctx->last_window_peak = ctx->window_peak;
    ctx->window_peak = ctx->in_use;
  }
  if (ctx->in_use > ctx->window_peak) ctx->window_peak = ctx->in_use;
  return ctx->window_peak > ctx->last_window_peak ? ctx->window_peak : ctx->last_window_peak;
}

static bool over_limit(const nn_ctx *ctx, size_t size) {
  return ctx->limit != 0 && (size > ctx->limit || ctx->in_use > ctx->limit - size);
}

static void *buffer_refused(nn_ctx *ctx, size_t bytes) {
  if (ctx->limit != 0)
    nn_fail_code(ctx, NN_ERR_MEMORY, "out of memory: %zu bytes wanted, %zu in use, the limit is %zu", bytes, ctx->in_use,
                 ctx->limit);
  else
    nn_fail_code(ctx, NN_ERR_MEMORY, "out of memory: %zu bytes wanted, %zu in use", bytes, ctx->in_use);
  return NULL;
}

/* What a program needs of one size at its peak, it may need of another size at another time: there is room beyond the peak.
 * 10 MB of it at first; where a size is asked for again soon after a buffer of it had to go, there was too little, and so much
 * is added, up to half of the peak (a transformer's step at a peak of 53 MB got and gave back 8 MB of fresh pages, 13 % of its
 * time). */
static size_t room_beyond(nn_ctx *ctx, int b, size_t size, size_t peak) {
  enum { SLACK = 10 * 1024 * 1024 };
  const size_t window = peak > (size_t)1 << 28 ? 4 * peak : (size_t)1 << 30, most = peak / 2 > SLACK ? peak / 2 : SLACK;
  if (size >= MAPPED && ctx->bucket_dropped[b] != 0 && ctx->allocated - ctx->bucket_dropped[b] < window) ctx->slack += size;
  ctx->bucket_dropped[b] = 0;
  if (SLACK + ctx->slack > most) ctx->slack = most - SLACK;
  return SLACK + ctx->slack;
}

static void *buffer_take(nn_ctx *ctx, int b, size_t size) {
  nn_buffer *x = ctx->bucket[b];
  ctx->bucket_used[b] = ctx->allocated;
  if (x != NULL) {
    ctx->bucket[b] = x->next;
    ctx->cached -= size;
    return x;
  }
  size_t peak = recent_peak(ctx);
  peak += room_beyond(ctx, b, size, peak);
  if (ctx->in_use + ctx->cached + size > peak)
    shrink_cache(ctx, ctx->in_use + size >= peak ? 0 : peak - ctx->in_use - size);
  return system_alloc(size);
}

static void *buffer_alloc(nn_ctx *ctx, size_t bytes) {
  size_t size;
  if (bytes > PTRDIFF_MAX / 2) return buffer_refused(ctx, bytes);
  int b = bucket_of(bytes, &size);
  if (injected(ctx)) return no_memory(ctx, bytes);
  if (over_limit(ctx, size) && ctx->host.pressure != NULL) ctx->host.pressure(ctx->host.data);
  if (over_limit(ctx, size)) return buffer_refused(ctx, bytes);
  void *p = buffer_take(ctx, b, size);
  if (p == NULL) {
    if (ctx->host.pressure != NULL) ctx->host.pressure(ctx->host.data);
    shrink_cache(ctx, 0);
    p = system_alloc(size);
    if (p == NULL) return buffer_refused(ctx, bytes);
  }
  ctx->in_use += size;
  ctx->allocated += size;
  if (ctx->in_use > ctx->peak) ctx->peak = ctx->in_use;
  if (ctx->in_use > ctx->window_peak) ctx->window_peak = ctx->in_use;
  return p;
}

/* `cold`: it has not been written; others of its size, which may be in a cache, are to be used first. */
static void buffer_free(nn_ctx *ctx, void *p, size_t bytes, bool cold) {
  size_t size;
  int b = bucket_of(bytes, &size);
  ctx->in_use -= size;
  if (NN_PLAIN_MALLOC) {
    system_free(p, size);
    return;
  }
  nn_buffer *x = p;
  if (cold) {
    nn_buffer **end = &ctx->bucket[b];
    while (*end != NULL) end = &(*end)->next;
    *end = x;
    x->next = NULL;
    ctx->cached += size;
    return;
  }
  x->next = ctx->bucket[b];
  ctx->bucket[b] = x;
  ctx->cached += size;
}

void *nn_scratch(nn_ctx *ctx, size_t size) { return buffer_alloc(ctx, size ? size : 1); }

void nn_scratch_free(nn_ctx *ctx, void *p, size_t size) {
  if (p != NULL) buffer_free(ctx, p, size ? size : 1, false);
}

size_t nn_bytes(const nn_ctx *ctx) { return ctx->in_use; }
size_t nn_bytes_peak(const nn_ctx *ctx) { return ctx->peak; }
void nn_bytes_peak_reset(nn_ctx *ctx) { ctx->peak = ctx->in_use; }
size_t nn_bytes_allocated(const nn_ctx *ctx) { return ctx->allocated; }
size_t nn_bytes_limit(const nn_ctx *ctx) { return ctx->limit; }
void nn_set_bytes_limit(nn_ctx *ctx, size_t bytes) { ctx->limit = bytes; }

/* ---- storages --------------------------------------------------------------------------------------- */

nn_storage *nn_storage_new(nn_ctx *ctx, size_t bytes) {
  nn_storage *s = nn_small_take(ctx, sizeof *s);
  if (s == NULL) return NULL;
  s->ctx = ctx;
  s->refs = 1;
  s->version = 0;
  s->later = NULL;
  s->bytes = bytes;
  s->data = buffer_alloc(ctx, bytes);
  if (s->data == NULL) {
    nn_small_free(ctx, s, sizeof *s);
    return NULL;
  }
  return s;
}

void nn_storage_release(nn_storage *s) {
  if (s == NULL || --s->refs > 0) return;
  nn_ctx *ctx = s->ctx;
  if (s->data == s + 1) { /* the tensor that it was made for is gone: it held a reference */
    ctx->in_use -= s->bytes;
    nn_small_give(ctx, (char *)s - NN_OWN_AT, nn_own_size(s->bytes));
    return;
  }
  bool cold = s->later != NULL;
  if (cold) nn_later_forget(s);
  buffer_free(ctx, s->data, s->bytes, cold);
  nn_small_give(ctx, s, sizeof *s);
}

void nn_storage_cool(nn_storage *s) {
  nn_ctx *ctx = s->ctx;
  size_t size;
  int b = bucket_of(s->bytes, &size);
  nn_buffer **last = &ctx->bucket[b];
  if (s->data == s + 1 || *last == NULL) return;
  while ((*last)->next != NULL) last = &(*last)->next;
  nn_buffer *cold = *last, *warm = s->data;
  *last = NULL;
  warm->next = ctx->bucket[b];
  ctx->bucket[b] = warm;
  s->data = cold;
}

void nn_memory_close(nn_ctx *ctx) {
  shrink_cache(ctx, 0);
  while (ctx->slabs != NULL) {
    slab *s = ctx->slabs;
    ctx->slabs = s->next;
    free_slab(s);
  }
}
