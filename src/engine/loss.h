/* loss.h - what ops/loss.c and ops/loss_pair.c share. */
#ifndef NN_LOSS_H
#define NN_LOSS_H

#include "expr.h"

/* Indices of the choices of a `reduction` parameter. */
enum nn_loss_reduction { NN_LOSS_NONE, NN_LOSS_MEAN, NN_LOSS_SUM };

/* (x - t)^2; the cross entropy of a logit x; that of a probability x; 0.5 d^2 for d = |x - t| below delta, else
 * delta (d - 0.5 delta); that divided by delta; |x - t| */
enum nn_pair_loss {
  NN_PAIR_SQUARES,
  NN_PAIR_LOGITS,
  NN_PAIR_PROBABILITIES,
  NN_PAIR_HUBER,
  NN_PAIR_SMOOTH_L1,
  NN_PAIR_DISTANCE
};

/* One of these of two tensors without gaps, of one shape and float dtype, the target without a gradient, as `pair_loss` records
 * it. A new reference, NULL where the tensors are others or with an error. */
nn_tensor *nn_quick_pair(nn_ctx *ctx, nn_tensor *x, nn_tensor *t, enum nn_pair_loss kind, enum nn_loss_reduction how);

#endif
