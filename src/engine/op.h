/* op.h - what an operation is. One row of this kind is the only place where an operation is described: the
 * Lua function and method, argument checks, help, reference and generic tests are derived from it.
 * docs/adding-an-operation.md walks through an example. */
#ifndef NN_OP_H
#define NN_OP_H

#include "internal.h"

/* ---- parameters ------------------------------------------------------------------------------------- */

typedef enum nn_kind {
  P_END,
  P_TENSOR,    /* a tensor; where PROMOTES is set also a plain number */
  P_TENSORS,   /* a list of tensors */
  P_INDICES,   /* a list of tensors, entries may be missing */
  P_INT,       /* an amount */
  P_FLOAT,     /* a number taken as double */
  P_NUMBER,    /* a number that keeps whether it is an integer */
  P_BOOL,
  P_DIM,       /* a dimension, from 1 for the user, from 0 and >= 0 in a frame */
  P_DIMS,      /* several */
  P_POSITION,  /* a place along a dimension: from 1 for the user, from 0 (or negative from the end) in a frame */
  P_SHAPE,     /* sizes */
  P_INTS,      /* amounts; with count = k one number stands for k equal ones */
  P_FLOATS,
  P_DTYPE,
  P_CHOICE,    /* one of `choices`, in a frame its index */
  P_STRING,
  P_GENERATOR
} nn_kind;

typedef struct nn_parameter {
  const char *name;
  nn_kind kind;
  const char *def;     /* default as the user would write it; NULL: required; "nil": none */
  const char *choices; /* P_CHOICE: "none|mean|sum" */
  int8_t count;        /* P_INTS, P_FLOATS: a plain number is repeated to this length; 0: no */
  bool rest;           /* P_SHAPE, P_DIMS, P_INTS: the numbers may stand as separate arguments */
  bool keyword;        /* only by name, in the trailing table */
} nn_param;

/* ---- a call ----------------------------------------------------------------------------------------- */

enum { NN_MAX_PARAMS = 14, NN_MAX_IN = 12, NN_MAX_OUT = 4 };

typedef struct nn_spec { /* an output to be made: fresh, contiguous */
  nn_dtype dtype;
  int ndim;
  int64_t shape[NN_MAX_DIMS];
} nn_spec;

/* An operation being applied. Tensor arguments stand flattened in in[]: one entry a P_TENSOR (NULL when an
 * optional one is missing), the entries of a list one after the other. arg[p] of a tensor parameter tells by
 * .i where its entries begin and by .n how many there are. */
typedef struct nn_frame {
  nn_ctx *ctx;
  const nn_op *op;
  int n_args, n_in, n_out;
  nn_value *arg;
  nn_tensor **in;   /* borrowed */
  nn_spec spec[NN_MAX_OUT];
  nn_tensor **out;  /* set by the caller for kernel(), by view() and compose() themselves */
  bool recording;   /* a gradient will be wanted */
  nn_tensor *extra[2]; /* kernel may leave tensors here for its vjp (new references; saved with the node) */
  uint64_t note[2]; /* kernel may leave numbers for its vjp */
  nn_results *results;
} nn_frame;

/* ---- gradients -------------------------------------------------------------------------------------- */

/* What a vjp rule sees. d[i] is left NULL where input i needs no gradient or its gradient is zero. Tensors
 * made by the expressions of expr.h belong to a pool: nothing has to be released. The gradient of a broadcast
 * or converted input is summed and converted back by the caller of the rule. */
typedef struct nn_vjp {
  nn_ctx *ctx;
  nn_node *node;
  nn_tensor *const *g; /* gradient of each output; NULL where there is none */
  nn_tensor **d;       /* to be set: gradient of each input */
  const nn_value *arg;
  bool create_graph;
  /* The row that made input 0, when nothing else wants that input's gradient and it has one input to pass it to: a
   * rule may set d[0] to the gradient of that input and say so. NULL otherwise, and always for rows of several inputs
   * that are not marked NN_GOES_ON. */
  const nn_op *before;
  bool went_on, instead; /* instead: d is for the inputs of `before`, see nn_pass_gate */
  /* For rows with NN_TAKES_GATE, or NULL: g[0] counts only where this is not <= 0. */
  nn_tensor *gate;
  nn_node *node_before; /* the node of `before` */
  /* What has arrived for input 0 from elsewhere, when nobody else sees it, or NULL: a rule may add its part to this and
   * leave d[0] NULL. */
  nn_tensor *sum;
  const void *walk;     /* for nn_leaf_sum */
  bool last;            /* the walk will not come again, and nothing is recorded */
  bool own;             /* nobody else sees g[0] */
} nn_vjp;

static inline bool nn_need(const nn_vjp *v, int i) {
  const nn_edge *e = &v->node->edge[i];
  return i < v->node->n_in && (e->node != NULL || e->leaf != NULL);
}
nn_tensor *nn_in(const nn_vjp *v, int i);    /* a saved input; NULL with an error when it was changed since */
nn_tensor *nn_out(const nn_vjp *v, int k);   /* a saved output, with its history */
nn_tensor *nn_unchanged_out(const nn_vjp *v, int k); /* the same without history; NULL (no error) when it was changed */
nn_tensor *nn_extra(const nn_vjp *v, int k); /* what the kernel left */
static inline const nn_meta *nn_in_meta(const nn_vjp *v, int i) { return &v->node->meta[i]; }
static inline const nn_meta *nn_out_meta(const nn_vjp *v, int k) { return &v->node->meta[v->node->n_in + k]; }

/* Runs the rule of `before`, a row with NN_TAKES_GATE, for the gradient g[0] where gate is not <= 0, instead of v's. */
bool nn_pass_gate(nn_vjp *v, nn_tensor *gate);
/* op(g[0], saved), an elementwise row, over g[0] where nobody can see it. Pooled. */
nn_tensor *nn_into_grad(nn_vjp *v, const nn_op *op, nn_tensor *saved);
/* The .grad of the leaf that is input i, if there is one that may be written and nobody waits for what is added: a rule may
 * add its part to this, say so by nn_touch, and leave d[i] NULL. NULL otherwise. */
nn_tensor *nn_leaf_sum(const nn_vjp *v, int i);
/* Lets go of what the node has saved (and the one before it, if went_on) where it is not needed again; the rule keeps
 * what it still uses. */
void nn_drop_saved(nn_vjp *v);

/* ---- a row ------------------------------------------------------------------------------------------ */

enum {
  NN_TENSOR = 1 << 0,   /* tensor.name */
  NN_METHOD = 1 << 1,   /* x:name */
  NN_F = 1 << 2,        /* F.name */
  NN_INPLACE = 1 << 3,  /* x:name_ (and the function where there is one) */
  NN_PRIVATE = 1 << 4,  /* not for users: part of another operation's gradient */
  NN_PROMOTES = 1 << 5, /* tensor inputs are brought to their common dtype; numbers will do for tensors */
  NN_FLOATS = 1 << 6,   /* with PROMOTES: integers become float32 */
  NN_BROADCASTS = 1 << 7,  /* tensor inputs are broadcast against each other; gradients are summed back */
  NN_BOOL_OUT = 1 << 8,    /* elementwise result is bool */
  NN_NO_GRAD = 1 << 9,     /* not differentiable by nature: argmax, comparisons */
  NN_RANDOM = 1 << 10,     /* draws from a generator */
  NN_LIST_OUT = 1 << 11,   /* returns as many tensors as the arguments make it */
  NN_LUA_VALUE = 1 << 12,  /* a 0-dim bool result is given to the user as true or false when no dim was given */
  NN_LINALG = 1 << 13,     /* tensor.linalg.name */
  NN_CREATES = 1 << 14,    /* a creation function: takes dtype, requires_grad */
  NN_NUMBERS = 1 << 16,    /* numbers will do for tensors, without promotion of the others */
  NN_SPECIAL = 1 << 18,    /* tensor.special.name */
  NN_DIRECT = 1 << 17,     /* an elementwise row that may run without a frame: see nn_elementwise_direct */
  NN_GOES_ON = 1 << 19,    /* see nn_vjp.before */
  NN_TAKES_GATE = 1 << 20,  /* vjp looks at nn_vjp.gate */
  NN_TAKES_LATER = 1 << 21, /* the kernel looks after inputs that have been put off (later.h) */
  NN_GRAD_LATER = 1 << 22,  /* vjp hands its gradient to rows that do so */
  NN_ANY_OUT = 1 << 15,    /* the kernel takes an output of any strides and may write it over in[0] */
};

struct nn_op {
  const char *name;      /* unique; what follows a dot tells overloads apart: "max.dim" is max for the user */
  const char *doc;       /* what it does: first line a summary, then shapes, formula with source, differences */
  const char *example;   /* Lua lines; a line "--> text" holds what the line before prints (or returns) */
  nn_param params[NN_MAX_PARAMS + 1];
  uint32_t flags;
  uint32_t saves_in;     /* bit i: input i is needed by vjp (its shape and dtype always are) */
  uint32_t saves_out;    /* bit k: output k is needed by vjp */
  uint8_t saves_for[2];  /* of saved inputs 0 and 1: the inputs whose gradients need them; 0 = any */
  uint8_t grads_in;      /* bit i: the only inputs that can have a gradient; 0 = all of floating dtype */
  uint8_t n_out;         /* 0 = 1 */

  /* Exactly one of the following ways to get a result:
   * infer + kernel: infer checks the inputs and fills n_out and spec; kernel computes out;
   * view: checks and sets out[0] to a view of in[0] (a new reference); with NN_LIST_OUT it fills results;
   * compose alone: checks and sets out by other operations (pooled). */
  bool (*infer)(nn_frame *f);
  bool (*kernel)(nn_frame *f);
  bool (*view)(nn_frame *f);
  /* Beside a kernel: the same result by plain operations, differentiated instead of vjp under create_graph. */
  bool (*compose)(nn_frame *f);
  bool (*vjp)(nn_vjp *v);
  /* The most frequent calls without a frame (contiguous tensors that fit, options left out): computes, calls
   * nn_record_quick, returns a new reference. NULL: not one of these, or an error. Not asked while a profile counts. */
  nn_tensor *(*quick)(nn_ctx *ctx, const nn_value *args, int n_args);
  const void *data; /* elementwise rows: their kernels */

  /* For the generic tests. Samples are argument lists in Lua with these makers (all give float64 tensors that
   * require grad unless said otherwise): R(sizes) normal, P(sizes) in 0.5..2, U(sizes) in -0.9..0.9, D(sizes)
   * distinct and well apart, N(sizes) away from zero, I(n, sizes) int64 in 1..n, W(sizes) constant in
   * -1..1, B(sizes) bool, C(t) constant (no gradient wanted), M(b..., n) square matrices [b..., n, n] far from
   * singular, S(b..., n) symmetric positive definite ones, T(t) the same values with the last two dimensions swapped in memory. */
  const char *const *samples;
  const char *invalid;   /* an argument list that must fail ... */
  const char *complaint; /* ... with this in its text */
};

#define NN_SAMPLES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The registry: every row of ops.def. */
#define OP(name) extern const nn_op nn_op_##name;
#include "ops.def"
#undef OP

/* ---- for rows: checks and pieces -------------------------------------------------------------------- */

/* Errors name the operation by themselves: nn_bad(f, "expected ...") gives "add: expected ...". */
bool nn_bad(nn_frame *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The name of in[i] as the user knows it: "input", "weight", "tensors[2]". */
const char *nn_input_name(const nn_frame *f, int i, char buf[64]);
/* A dim given as a plain number, brought to 0 .. ndim - 1. */
bool nn_resolve_dim(nn_frame *f, int64_t *d, int ndim, const char *name);
bool nn_expect_ndim(nn_frame *f, int i, int min, int max);
bool nn_expect_float(nn_frame *f, int i);
bool nn_expect_same_dtype(nn_frame *f, int i, int j);
/* Index values: int64 (bool is refused), or floats of whole values which are converted in place in the frame
 * (pooled). */
bool nn_expect_index(nn_frame *f, int i);
void nn_spec_like(nn_frame *f, int k, const nn_tensor *t);
void nn_spec_set(nn_frame *f, int k, nn_dtype dtype, int ndim, const int64_t *shape);
/* The broadcast shape of two shapes, false (no error set) when they do not fit. `out` may be `a`. */
bool nn_broadcast_shapes(int na, const int64_t *a, int nb, const int64_t *b, int *n, int64_t *out);
/* in[i] as contiguous data for a kernel: borrowed (pooled if a copy had to be made). */
const nn_tensor *nn_dense(nn_frame *f, int i);

static inline bool nn_given(const nn_frame *f, int p) { return f->arg[p].tag != NN_V_NONE; }

/* Kernels that come in float and double: */
#define NN_BY_FLOAT(dtype, CALL32, CALL64) ((dtype) == NN_FLOAT32 ? (CALL32) : (CALL64))

/* A default as written in the row. */
nn_value nn_default(const nn_param *p);

/* The name for the user: without the part after the dot. Returns its length. */
int nn_op_base(const nn_op *op);

/* Room for n results of a NN_LIST_OUT row, which then appends new references to results->t. */
bool nn_results_reserve(nn_ctx *ctx, nn_results *r, int n);

/* Elementwise rows share these (elementwise.c). */
bool nn_elementwise_infer(nn_frame *f);

/* compose of a row that is another name: data is the row that does the work, with the same parameters. */
bool nn_same_as(nn_frame *f);

/* Records `out` (counted), a fresh float tensor, as made from in[0..n_in) where a gradient is wanted; n_args: 0 where all
 * arguments are tensors, else arg[] is what a frame would have, without lists. Returns out; NULL: no memory. */
nn_tensor *nn_record_quick(nn_ctx *ctx, const nn_op *op, nn_tensor *const *in, int n_in, const nn_value *arg, int n_args,
                           nn_tensor *out);

/* Calls from C: pooled results, NULL on error. */
nn_tensor *nn_call(nn_ctx *ctx, const nn_op *op, int n, const nn_value *args);

#endif
