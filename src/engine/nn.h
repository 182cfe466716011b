/* nn.h - the public face of the engine: tensors, operations on them, gradients.
 * The engine knows no Lua, never prints, exits or aborts. A function that fails returns NULL or false and
 * leaves the first error's text in the context; a function that is given NULL for a tensor does the same, so
 * that calls can be nested without a check between them.
 *
 * Dimensions and positions in C arguments count from 0; negative ones count from the end. Values that are
 * stored in tensors as indices (class labels, results of argmax, what gather takes) count from 1, because the
 * user sees them. Error texts are written for the user and count from 1. */
#ifndef NN_H
#define NN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dtype.h"

#define NN_MAX_DIMS 16

typedef struct nn_ctx nn_ctx;             /* everything that belongs to one user of the engine */
typedef struct nn_tensor nn_tensor;       /* a strided view on a storage, reference-counted */
typedef struct nn_node nn_node;           /* a recorded operation */
typedef struct nn_op nn_op;               /* a row of the registry, see op.h */
typedef struct nn_generator nn_generator; /* a stream of random numbers */

/* ---- context ---------------------------------------------------------------------------------------- */

typedef enum nn_error { NN_OK, NN_ERR_ARG, NN_ERR_MEMORY, NN_ERR_INTERRUPT, NN_ERR_HOST } nn_error;

/* What the engine asks of the program that uses it. Every member may be NULL. */
typedef struct nn_host {
  void *data;
  /* Memory is short: free what you can (collect garbage). Called before an allocation fails. */
  void (*pressure)(void *data);
  /* A backward walk is about to start. */
  void (*before_backward)(void *data);
  /* Calls the host's closure `key` with gradient g (borrowed): returns a new reference that replaces it, or
   * NULL to leave it as it is; *ok = false when the host raised an error (which it keeps itself). */
  nn_tensor *(*hook)(void *data, void *key, nn_tensor *g, bool *ok);
  /* The backward of a host-defined operation: writes new references (or NULL) to d[0..n_in). */
  bool (*backward)(void *data, void *key, nn_tensor *const *g, int n_out, nn_tensor **d, int n_in);
  /* The host no longer needs to keep `key` for the engine. */
  void (*forget)(void *data, void *key);
  /* The number of the line in the user's program where we are, 0 when unknown; used while profiling only. */
  int32_t (*line)(void *data);
  /* Writes where in the user's program we are ("train.lua:12") to buf; used by anomaly detection only. */
  void (*where)(void *data, char *buf, size_t size);
} nn_host;

nn_ctx *nn_ctx_new(void);      /* NULL when out of memory */
void nn_ctx_free(nn_ctx *ctx); /* every tensor must have been released */
void nn_ctx_host(nn_ctx *ctx, const nn_host *host);

nn_error nn_error_code(const nn_ctx *ctx);
const char *nn_error_text(const nn_ctx *ctx); /* "" when there is none */
void nn_error_clear(nn_ctx *ctx);
/* Keeps the first error; always returns false. */
bool nn_fail(nn_ctx *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool nn_fail_code(nn_ctx *ctx, nn_error code, const char *format, ...) __attribute__((format(printf, 3, 4)));

bool nn_grad_enabled(const nn_ctx *ctx);
bool nn_set_grad_enabled(nn_ctx *ctx, bool on); /* returns what it was */
bool nn_anomaly_enabled(const nn_ctx *ctx);
void nn_set_anomaly(nn_ctx *ctx, bool on);

/* Bytes of tensor data: in use, the highest so far, and a limit (0 = none). */
size_t nn_bytes(const nn_ctx *ctx);
size_t nn_bytes_peak(const nn_ctx *ctx);
void nn_bytes_peak_reset(nn_ctx *ctx);
size_t nn_bytes_allocated(const nn_ctx *ctx); /* ever asked for: grows only; hosts pace their collector by it */
size_t nn_bytes_limit(const nn_ctx *ctx);
void nn_set_bytes_limit(nn_ctx *ctx, size_t bytes);
void nn_trim(nn_ctx *ctx); /* returns cached buffers to the system */
/* Tests: let the n-th allocation from now fail (1 = the next; 0 = none). Returns how many were still to go. */
int64_t nn_fail_allocation(nn_ctx *ctx, int64_t n);

/* ---- tensors ---------------------------------------------------------------------------------------- */

/* Fresh contiguous tensors, a new reference each. Data are uninitialised / zero / copied. */
nn_tensor *nn_empty(nn_ctx *ctx, nn_dtype dtype, int ndim, const int64_t *shape);
nn_tensor *nn_zeros(nn_ctx *ctx, nn_dtype dtype, int ndim, const int64_t *shape);
nn_tensor *nn_full(nn_ctx *ctx, nn_dtype dtype, int ndim, const int64_t *shape, double value);
nn_tensor *nn_scalar(nn_ctx *ctx, nn_dtype dtype, double value); /* 0-dim */
nn_tensor *nn_scalar_int(nn_ctx *ctx, nn_dtype dtype, int64_t value);
/* A 0-dim tensor that stands for a plain number of the user's language: it has no say in type promotion
 * beyond its category. */
nn_tensor *nn_number(nn_ctx *ctx, double value);
nn_tensor *nn_number_int(nn_ctx *ctx, int64_t value);

nn_tensor *nn_retain(nn_tensor *t); /* NULL is allowed in both */
void nn_release(nn_tensor *t);

nn_ctx *nn_tensor_ctx(const nn_tensor *t);
nn_dtype nn_tensor_dtype(const nn_tensor *t);
int nn_ndim(const nn_tensor *t);
int64_t nn_size(const nn_tensor *t, int dim); /* 0 <= dim < ndim */
int64_t nn_stride(const nn_tensor *t, int dim);
const int64_t *nn_shape(const nn_tensor *t);
const int64_t *nn_strides(const nn_tensor *t);
int64_t nn_numel(const nn_tensor *t);
int64_t nn_offset(const nn_tensor *t); /* in elements, from the start of the storage */
void *nn_data(const nn_tensor *t);     /* the first element */
bool nn_is_contiguous(const nn_tensor *t);
bool nn_same_storage(const nn_tensor *a, const nn_tensor *b);
uint32_t nn_version(const nn_tensor *t); /* how often the storage was written in place */
/* Call after writing to a tensor's data by other means than an operation. */
void nn_touch(nn_tensor *t);
/* A slot for the host; starts as 0. */
uintptr_t nn_owner(const nn_tensor *t);
void nn_set_owner(nn_tensor *t, uintptr_t owner);

/* One element by its position in every dimension (counted from 0 and valid). */
double nn_get(const nn_tensor *t, const int64_t *index);
int64_t nn_get_int(const nn_tensor *t, const int64_t *index);
void nn_set(nn_tensor *t, const int64_t *index, double value);
void nn_set_int(nn_tensor *t, const int64_t *index, int64_t value);
/* The element of a one-element tensor. */
double nn_item(const nn_tensor *t);
int64_t nn_item_int(const nn_tensor *t);

/* Copies the elements of src (any dtype, shape broadcastable) over those of dst: no gradient. */
bool nn_copy_data(nn_tensor *dst, const nn_tensor *src);
nn_tensor *nn_contiguous_data(nn_tensor *t); /* new reference, no gradient */
/* Shares the storage, has no history. */
nn_tensor *nn_detach(nn_tensor *t);
/* A view with this geometry on t's storage, without history; bounds are checked. Offset in elements. */
nn_tensor *nn_view_raw(nn_tensor *t, int ndim, const int64_t *shape, const int64_t *stride, int64_t offset);
/* Writes "[2, 3]" to buf and returns it. */
#define NN_SHAPE_TEXT 400
const char *nn_shape_text(int ndim, const int64_t *shape, char buf[NN_SHAPE_TEXT]);
const char *nn_tensor_shape_text(const nn_tensor *t, char buf[NN_SHAPE_TEXT]);

/* ---- operations ------------------------------------------------------------------------------------- */

typedef enum nn_tag {
  NN_V_NONE, /* not given: the default */
  NN_V_TENSOR,
  NN_V_TENSORS,
  NN_V_INT,
  NN_V_FLOAT,
  NN_V_BOOL,
  NN_V_INTS,
  NN_V_FLOATS,
  NN_V_DTYPE,
  NN_V_STRING,
  NN_V_GENERATOR
} nn_tag;

/* An argument of an operation. Lists and strings are borrowed for the call. */
typedef struct nn_value {
  uint8_t tag;
  int32_t n; /* length of a list */
  union {
    nn_tensor *t;
    nn_tensor *const *tensors; /* entries may be NULL where the operation allows it */
    int64_t i;
    double f;
    bool b;
    const int64_t *ints;
    const double *floats;
    nn_dtype dtype;
    const char *s;
    nn_generator *generator;
  };
} nn_value;

/* What an operation returned: n new references. Most have one. */
typedef struct nn_results {
  int n;
  int cap;
  nn_tensor **t; /* = small, or a block of its own that nn_results_free returns */
  nn_tensor *small[4];
} nn_results;

int nn_op_count(void);
const nn_op *nn_op_at(int i);
const nn_op *nn_op_find(const char *name); /* NULL when there is none */

/* Applies an operation to its arguments in the order of its parameters; missing ones take their defaults.
 * Records it in the graph where gradients are enabled and needed. */
bool nn_apply(nn_ctx *ctx, const nn_op *op, const nn_value *args, int n_args, nn_results *results);
/* The short way for the most frequent calls: an operation on two tensors and nothing else. The result (a new reference),
 * or NULL where nn_apply has to be asked: it is none of those, or there is an error. */
nn_tensor *nn_apply_two(nn_ctx *ctx, const nn_op *op, nn_tensor *a, nn_tensor *b);
/* The same for a call of nothing but tensors. */
nn_tensor *nn_apply_tensors(nn_ctx *ctx, const nn_op *op, const nn_value *args, int n_args);
/* The in-place twin: writes the (first) result over the first argument. */
bool nn_apply_inplace(nn_ctx *ctx, const nn_op *op, const nn_value *args, int n_args);
void nn_results_free(nn_ctx *ctx, nn_results *results); /* does not release the tensors */

/* ---- gradients -------------------------------------------------------------------------------------- */

bool nn_requires_grad(const nn_tensor *t); /* a leaf that asks for it, or computed from one */
bool nn_is_leaf(const nn_tensor *t);
bool nn_set_requires_grad(nn_tensor *t, bool on);
nn_tensor *nn_grad(const nn_tensor *t); /* borrowed, NULL when none */
bool nn_set_grad(nn_tensor *t, nn_tensor *grad);
bool nn_retain_grad(nn_tensor *t);
const char *nn_grad_fn_name(nn_tensor *t); /* NULL for a leaf */

/* Backward from `outputs` with cotangents `grads` (NULL entries: ones for a one-element tensor). Without
 * inputs the gradients accumulate in the leaves; with inputs they are written to results[0..n_inputs) as new
 * references (NULL: not reached) and nothing else is touched. */
bool nn_backward(nn_ctx *ctx, nn_tensor *const *outputs, nn_tensor *const *grads, int n_outputs,
                 nn_tensor *const *inputs, int n_inputs, nn_tensor **results, bool retain_graph, bool create_graph);

/* A hook on the gradient of t: `key` goes to host.hook. Returns a number to remove it by, 0 on failure. */
int64_t nn_add_hook(nn_tensor *t, void *key, bool after_accumulate);
bool nn_remove_hook(nn_ctx *ctx, nn_tensor *t, int64_t id);
/* Records an operation of the host: outputs (fresh, without history) as made from inputs; backward calls
 * host.backward with `key`. */
bool nn_record_host(nn_ctx *ctx, const char *name, void *key, nn_tensor *const *inputs, int n_in,
                    nn_tensor *const *outputs, int n_out);
/* True when a closure of the host is somewhere in t's history (or hooked to it). */
bool nn_has_host_history(const nn_tensor *t);

/* The graph as seen from outside. */
nn_node *nn_tensor_node(nn_tensor *t); /* borrowed */
const char *nn_node_name(const nn_node *node);
int nn_node_inputs(const nn_node *node);
nn_node *nn_node_input(const nn_node *node, int i, nn_tensor **leaf); /* either may be NULL */

/* ---- where time goes -------------------------------------------------------------------------------- */

/* One operation at one line (of host.line), forward or as part of a backward walk. */
typedef struct nn_profile_row {
  const char *name; /* of the operation; lives as long as the engine */
  int32_t line;
  bool backward;
  int64_t calls;
  double seconds, flops, bytes; /* without the operations that it is composed of; flops of products only */
} nn_profile_row;

bool nn_profile_start(nn_ctx *ctx); /* from nothing; false: out of memory */
void nn_profile_stop(nn_ctx *ctx);  /* forgets the rows, too */
bool nn_profiling(const nn_ctx *ctx);
/* The rows so far, in no order; valid until the next call of an operation. Returns how many. */
int nn_profile_rows(nn_ctx *ctx, const nn_profile_row **rows);
/* Around work of the host that is no operation, an optimiser's step for instance; it must call no operation. */
bool nn_profile_sampled(const nn_ctx *ctx); /* not every call was counted: numbers are estimates */
/* To be called now and then by the host, between operations: a profile that rests may go on. */
void nn_profile_wake(nn_ctx *ctx);
int64_t nn_profile_enter(nn_ctx *ctx);
void nn_profile_leave(nn_ctx *ctx, int64_t entered, const char *name, double bytes);

/* ---- random numbers --------------------------------------------------------------------------------- */

nn_generator *nn_generator_new(nn_ctx *ctx, uint64_t seed);
void nn_generator_free(nn_generator *g);
nn_generator *nn_default_generator(nn_ctx *ctx);
void nn_generator_seed(nn_generator *g, uint64_t seed);
uint64_t nn_generator_initial_seed(const nn_generator *g);
/* The whole state as 4 numbers. */
#define NN_GENERATOR_STATE 4
void nn_generator_state(const nn_generator *g, uint64_t state[NN_GENERATOR_STATE]);
void nn_generator_set_state(nn_generator *g, const uint64_t state[NN_GENERATOR_STATE]);

#endif
