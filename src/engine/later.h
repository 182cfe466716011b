/* later.h - results that are put off until the next operation shows whether it can do both in one pass: a linear layer, a
 * batch norm, the sum with either, a ReLU, a convolution that may be pooled, the gradient of pooling. Knows what is to be
 * computed, not which operations ask for it.
 *
 * Such a tensor has its buffer, which nobody has written. Whatever looks at data calls nn_settle first. The next operation
 * either takes the work over (flag NN_TAKES_LATER) or has it done before it starts; work that was taken over is done
 * only if somebody looks at the tensor after all. */
#ifndef NN_LATER_H
#define NN_LATER_H

#include "internal.h"
#include "kernels/conv.h"
#include "kernels/pool.h"

/* All tensors are contiguous and, but for `place`, float32. What is to be filled:
 * NN_LATER_ROWS    y = x [* scale + shift, a number a channel] [+ add], clamped below by 0 if relu; of one shape: n images
 *                  of `channels` channels of s places. x itself may be a convolution or a linear layer put off.
 * NN_LATER_CONV    y = the convolution of x with weight, plus bias
 * NN_LATER_LINEAR  y = x weight^T plus bias: n rows of s numbers in, `channels` numbers out
 * NN_LATER_UNPOOL  y = the gradient of max pooling from x, that of its results, their places and their gate, see pool.h */
typedef enum nn_later_kind { NN_LATER_ROWS, NN_LATER_CONV, NN_LATER_LINEAR, NN_LATER_UNPOOL } nn_later_kind;

typedef struct nn_later {
  struct nn_later *next, *before; /* in the context's list */
  nn_storage *of;                 /* what is to be filled, whole */
  nn_later_kind kind;
  int64_t numel;                  /* elements of it */
  nn_tensor *x;                   /* counted, as are these, which may be NULL */
  nn_tensor *scale, *shift, *add, *weight, *bias, *gate, *place;
  int64_t n, channels, s;
  bool relu;
  bool made; /* a linear layer, a convolution: once already, inside of the operation that followed */
  struct nn_conv_desc conv;
  struct nn_pool_desc pool;
  const char *name; /* the operation that put it off, and its line while there is a profile */
  int32_t line;
} nn_later;

/* Puts the work w on y off if it can: y fresh, large enough, outside of gradient rules. Takes references of its own.
 * False: compute now (no error). */
bool nn_put_off(nn_tensor *y, const nn_later *w);
/* The same within a gradient rule: for a gradient that goes to rows with NN_GRAD_LATER, or is settled on its way. */
bool nn_put_off_gradient(nn_tensor *y, const nn_later *w);
/* The work behind t, if t is the whole of it; NULL when t has its data, which are then there. */
nn_later *nn_put_off_work(const nn_tensor *t);

/* Whether it is worth putting off a linear layer or a convolution of this weight: not where the last one was made twice, since
 * somebody asked for it after the operation that had taken it over. Results are the same bits both ways. */
bool nn_later_pays(const nn_tensor *weight);
/* It is about to be made, whole or as a part of what follows. */
void nn_later_made(nn_later *w);

/* Computes what a linear layer w gives plus `add`, which lies as that does, into `to`, and leaves w as it is. False: the user
 * has interrupted it. */
bool nn_later_linear_sum(nn_later *w, const float *add, float *to);

/* Computes it. Where the user interrupts that, the error is set and the work stays put off. */
void nn_settle_storage(nn_storage *s);
/* Computes t if it is a convolution that has been put off and that tells the mean of each channel and the sum of squared
 * deviations from it meanwhile. False: it isn't, or it was interrupted, and stays put off. */
bool nn_settle_with_moments(const nn_tensor *t, float *mean, float *m2);
/* Computes what reads from this storage, which is about to be written. */
void nn_settle_readers(const nn_storage *s);
/* Sees to it that t's data are there. */
static inline void nn_settle(const nn_tensor *t) {
  if (__builtin_expect(t->storage->later != NULL, 0)) nn_settle_storage(t->storage);
}
/* The same, and that t may be written. */
static inline void nn_settle_to_write(const nn_tensor *t) {
  if (__builtin_expect(t->ctx->later == NULL, 1)) return;
  nn_settle(t);
  nn_settle_readers(t->storage);
}
/* Before an operation reads its arguments. */
void nn_settle_arguments(nn_ctx *ctx, const nn_op *op, const nn_value *args, int n_args);
/* The storage goes. */
void nn_later_forget(nn_storage *s);

#endif
