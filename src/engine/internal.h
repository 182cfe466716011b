/* internal.h - the structures behind nn.h, for the engine's own files only. */
#ifndef NN_INTERNAL_H
#define NN_INTERNAL_H

#include "nn.h"

/* ---- memory (storage.c) ----------------------------------------------------------------------------- */

#if defined(__SANITIZE_ADDRESS__)
#define NN_PLAIN_MALLOC 1 /* so that the sanitizer sees every block */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NN_PLAIN_MALLOC 1
#endif
#endif
#ifndef NN_PLAIN_MALLOC
#define NN_PLAIN_MALLOC 0
#endif

/* Small blocks (up to NN_SMALL bytes) come from free lists by size; the caller gives the size back. */
enum { NN_SMALL = 1024, NN_SMALL_STEP = 32, NN_INLINE = 256 };
void *nn_small_alloc(nn_ctx *ctx, size_t size); /* uninitialised; NULL sets the error */
void nn_small_free(nn_ctx *ctx, void *p, size_t size);
/* Any size, not counted as tensor bytes. */
void *nn_mem_alloc(nn_ctx *ctx, size_t size);
void nn_mem_free(nn_ctx *ctx, void *p, size_t size);
/* Scratch for one kernel call: 64-byte aligned, recycled, counted. */
void *nn_scratch(nn_ctx *ctx, size_t size);
void nn_scratch_free(nn_ctx *ctx, void *p, size_t size);

typedef struct nn_storage {
  nn_ctx *ctx;
  uint32_t refs;
  uint32_t version;
  size_t bytes;
  struct nn_later *later; /* how to make the data, while they have been put off (later.h); else NULL */
  void *data; /* 64-byte aligned, or right behind this struct, in the block of the tensor that it was made for */
} nn_storage;

/* A storage in a block of its own, with a buffer. */
nn_storage *nn_storage_new(nn_ctx *ctx, size_t bytes);
void nn_storage_release(nn_storage *s);

/* ---- tensor (tensor.c) ------------------------------------------------------------------------------ */

enum {
  NN_T_REQUIRES = 1,   /* a leaf whose gradient is wanted */
  NN_T_NUMBER = 2,     /* stands for a plain number, see nn_number */
  NN_T_CONTIGUOUS = 4, /* elements lie in row-major order without gaps */
  NN_T_HOST = 8,       /* a leaf with hooks of the host */
  NN_T_RETAIN = 16,    /* retain_grad was called */
  NN_T_OWN = 32,       /* a small one: its block has room for its storage and the elements, and goes with that storage */
  NN_T_TORN = 64,      /* NN_T_OWN, but it uses another storage by now; it still holds a reference to its own */
  NN_T_CONSTANT = 128, /* a number that nobody will ever change: a node notes its value instead of keeping it */
};

typedef struct nn_hook {
  struct nn_hook *next;
  int64_t id;
  int out;          /* of a node: which output */
  bool after;       /* call after the gradient has been accumulated */
  nn_tensor *keep;  /* retain_grad: the tensor (not counted) that gets the gradient */
  void *key;
} nn_hook;

struct nn_tensor {
  uint32_t refs;
  uint8_t dtype;
  uint8_t ndim;
  uint8_t cap; /* how many dims fit */
  uint8_t flags;
  int32_t out;    /* which output of node this is */
  uint32_t epoch; /* base: how often its history was rewritten; view: the base's epoch it was made at */
  int64_t numel;
  int64_t *shape, *stride; /* strides in elements, >= 0; in dims, or in a block of their own (nn_take_geometry) */
  char *data;              /* first element */
  nn_storage *storage;
  nn_ctx *ctx;
  nn_node *node;   /* the operation that made it; NULL for a leaf */
  nn_tensor *grad; /* a new reference */
  nn_tensor *base; /* of a differentiable view: the tensor that owns the storage */
  nn_hook *hooks;  /* of a leaf */
  uintptr_t owner;
  int64_t dims[];
};

/* Where the storage lies in the block of a tensor with NN_T_OWN: that of a tensor of at most NN_OWN_DIMS dims and
 * NN_INLINE bytes. The elements follow, 32-byte aligned. */
enum {
  NN_USUAL_DIMS = 4,
  NN_OWN_DIMS = 3,
  NN_OWN_AT = (sizeof(nn_tensor) + 2 * NN_OWN_DIMS * sizeof(int64_t) + sizeof(nn_storage) + 31) / 32 * 32 - sizeof(nn_storage)
};
static inline nn_storage *nn_own_storage(nn_tensor *t) { return (nn_storage *)(void *)((char *)t + NN_OWN_AT); }
static inline size_t nn_own_size(size_t bytes) { return NN_OWN_AT + sizeof(nn_storage) + (bytes + 7) / 8 * 8; }

/* An uninitialised tensor struct with room for ndim dims: no storage yet. */
nn_tensor *nn_tensor_new(nn_ctx *ctx, nn_dtype dtype, int ndim);
/* A fresh tensor of the shape of a contiguous one, with elements of this dtype. */
nn_tensor *nn_empty_like_dense(const nn_tensor *like, nn_dtype dtype);
/* Numel and contiguity from shape and stride. */
void nn_tensor_finish(nn_tensor *t);
/* t itself becomes what its view v is: v's shape, strides and place. */
bool nn_take_geometry(nn_tensor *t, const nn_tensor *v);
void nn_strides_contiguous(int ndim, const int64_t *shape, int64_t *stride);
/* The product of a shape, or -1 with an error when it does not fit the address space. */
int64_t nn_checked_numel(nn_ctx *ctx, int ndim, const int64_t *shape, size_t element);
/* A view on t's storage that takes part in the graph (has a base); the caller sets its history. */
nn_tensor *nn_view_of(nn_tensor *t, int ndim, const int64_t *shape, const int64_t *stride, int64_t offset);
static inline bool nn_contig(const nn_tensor *t) { return (t->flags & NN_T_CONTIGUOUS) != 0; }
static inline size_t nn_esize(const nn_tensor *t) { return nn_dtype_size((nn_dtype)t->dtype); }
static inline bool nn_same_shape(const nn_tensor *a, const nn_tensor *b) {
  if (a->ndim != b->ndim) return false;
  for (int d = 0; d < a->ndim; d++)
    if (a->shape[d] != b->shape[d]) return false;
  return true;
}

/* ---- graph (autograd.c) ----------------------------------------------------------------------------- */

typedef struct nn_edge {
  nn_node *node;   /* counted; NULL for a leaf or where no gradient is wanted */
  nn_tensor *leaf; /* counted; NULL unless a leaf that requires grad */
  int32_t out;
} nn_edge;

typedef struct nn_saved {
  nn_tensor *t; /* counted; NULL when not saved */
  uint32_t version;
} nn_saved;

/* Shape and dtype of a tensor that was there at record time. ndim < 0: an omitted optional input. */
typedef struct nn_meta {
  int8_t ndim;
  uint8_t dtype;
  const int64_t *shape;
} nn_meta;

enum {
  NN_N_RELEASED = 1,
  NN_N_HOST = 2,
  NN_N_NUMBER = 4, /* saved input note[1] was a plain number: note[0] is its value, a double */
  NN_N_WHERE = 8,  /* the block ends in NN_WHERE bytes of text: where it was recorded (anomaly detection) */
};
enum { NN_WHERE = 256 };

/* Graphs have many of them: what is rare lies in the block behind, or takes the room of something else. */
struct nn_node {
  nn_ctx *ctx;
  const nn_op *op; /* NULL for an operation of the host */
  struct nn_work *work; /* of the innermost backward walk that is under way */
  nn_hook *hooks;
  uint32_t refs;
  uint32_t size; /* of this block */
  int32_t n_in, n_out;
  int32_t n_saved; /* entries of `saved` up to the last one in use */
  int32_t line; /* profiling: where it was recorded */
  uint8_t n_args, flags;
  union {
    uint64_t note[2]; /* what the kernel left for its vjp, e.g. a random state */
    struct {          /* an operation of the host */
      void *key;
      const char *name; /* in this block */
    };
  };
  nn_saved *saved; /* inputs, then outputs, then what the kernel left: those before n_saved */
  nn_meta *meta;   /* n_in, then n_out */
  nn_value *arg;   /* n_args, none where all are tensors; tensors are not here */
  nn_edge edge[];  /* n_in */
};

nn_node *nn_node_retain(nn_node *n);
void nn_node_release(nn_node *n);
/* The node behind t right now (a view whose base was rewritten gets a fresh one). False: out of memory. */
bool nn_history(nn_tensor *t, nn_node **node);

/* ---- context (ctx.c) -------------------------------------------------------------------------------- */

typedef struct nn_free_block {
  struct nn_free_block *next;
} nn_free_block;

enum { NN_BUCKETS = 448 }; /* 8 an octave up to 2^63 bytes */

struct nn_ctx {
  nn_host host;
  nn_error error;
  char text[2048];
  bool grad_enabled, anomaly;
  int in_rule; /* gradient rules at work */
  int64_t fail_after;
  /* small blocks */
  nn_free_block *small[NN_SMALL / NN_SMALL_STEP + 1];
  char *slab, *slab_end;
  struct slab *slabs;
  size_t slab_bytes;
  /* big buffers, see storage.c */
  struct nn_buffer *bucket[NN_BUCKETS];
  size_t bucket_used[NN_BUCKETS]; /* bytes allocated so far when a buffer of it was last asked for */
  size_t in_use, peak, cached, limit, allocated;
  size_t bucket_dropped[NN_BUCKETS]; /* 1 more than the bytes allocated when one of its buffers last had to go; 0: a while ago */
  size_t slack; /* how much more than 10 MB beyond the peak is kept */
  size_t window_peak, last_window_peak;
  uint64_t window_start;
  /* releasing without recursion */
  nn_tensor *trash_tensors;
  nn_node *trash_nodes;
  bool draining;
  /* temporaries of rules and composed operations: released in blocks */
  nn_tensor **pool;
  int pool_n, pool_cap;
  nn_generator *generator;
  int64_t next_hook;
  uint64_t recorded; /* nodes ever made */
  /* the operation that the user called, while it runs: errors speak of it */
  const nn_op *outer;
  struct nn_profile *profile; /* NULL: off, or it rests */
  struct nn_profile *resting; /* a profile that doesn't count for a while */
  struct nn_later *later, *newest; /* results that have been put off; the one that the next operation may take over */
  const nn_storage *read_twice[16]; /* weights whose products turned out to be read twice (later.c), by address */
  bool outer_inplace;
};

/* nn_small_alloc and nn_small_free for those who make and drop blocks all the time: the free lists in line. */
static inline void *nn_small_take(nn_ctx *ctx, size_t size) {
  if (size > NN_SMALL || ctx->fail_after != 0) return nn_small_alloc(ctx, size);
  nn_free_block **list = &ctx->small[(size + NN_SMALL_STEP - 1) / NN_SMALL_STEP], *b = *list;
  if (b == NULL) return nn_small_alloc(ctx, size);
  *list = b->next;
  __builtin_prefetch(b->next, 1); /* the one to be taken next: where many go round, it is in no near cache */
  return b;
}
static inline void nn_small_give(nn_ctx *ctx, void *p, size_t size) {
  if (NN_PLAIN_MALLOC || size > NN_SMALL) {
    nn_small_free(ctx, p, size);
    return;
  }
  nn_free_block **list = &ctx->small[(size + NN_SMALL_STEP - 1) / NN_SMALL_STEP], *b = p;
  b->next = *list;
  *list = b;
}

/* Whether a float tensor has NaN; NULL and others have none. */
bool nn_has_nan(nn_tensor *t);

/* Temporaries: nn_keep takes over a reference and returns it borrowed until nn_pool_reset to an earlier mark. */
nn_tensor *nn_keep(nn_ctx *ctx, nn_tensor *t);
static inline int nn_pool_mark(const nn_ctx *ctx) { return ctx->pool_n; }
void nn_pool_reset(nn_ctx *ctx, int mark);

#endif
