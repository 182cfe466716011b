/* elementwise.h - what a row of an elementwise operation names as its kernel. */
#ifndef NN_ELEMENTWISE_H
#define NN_ELEMENTWISE_H

#include "kernels/vmath.h"
#include "op.h"

typedef enum nn_family { EW_UNARY, EW_PARAM, EW_GRAD, EW_BINARY, EW_COMPARE, EW_PREDICATE } nn_family;

/* nn_op.data of an elementwise row: which loop of kernels/vmath.h; p and q are the parameters of the row that
 * hold the loop's numbers (0 = none). */
typedef struct nn_elementwise {
  uint8_t family, loop, p, q;
  bool costly; /* transcendental: worth a second thread earlier */
} nn_elementwise;

/* Checks shapes (broadcast) and that the loop exists for the dtype; the output is bool with NN_BOOL_OUT. */
bool nn_elementwise_infer(nn_frame *f);
bool nn_elementwise_kernel(nn_frame *f);
/* The same loop over other tensors than the frame's: out and n inputs of fitting shapes. */
bool nn_elementwise_run(nn_ctx *ctx, const nn_elementwise *e, double p, double q, nn_tensor *out, int n,
                        const nn_tensor *const *in);

/* Small operands of one shape and dtype that lie without gaps need no frame: out = loop(in...), *out a new reference.
 * Returns how many tensors it takes; 0, with no error, when they are not of that kind. */
int nn_elementwise_direct(const nn_op *op, const nn_value *args, int n_args, nn_tensor **out);

/* The same for a row of two tensors: a new reference, or NULL where it is none of those, or with an error. */
nn_tensor *nn_elementwise_two(const nn_op *op, nn_tensor *a, nn_tensor *b);

/* NN_EW(EW_PARAM, NN_PARAM_ELU, .p = 1) */
#define NN_EW(family_, loop_, ...) (&(const nn_elementwise){.family = family_, .loop = loop_, __VA_ARGS__})

#endif
