/* optim.h - optimiser steps over whole lists of parameters. Gradients come from the parameters themselves;
 * state belongs to the caller. Knows nothing of parameter groups, schedules or how state is kept between
 * steps. */
#ifndef NN_OPTIM_H
#define NN_OPTIM_H

#include "kernels/optim.h"
#include "nn.h"

enum { NN_OPTIM_STATE = 3 };

/* A parameter of a step. It must have a gradient of its own shape and dtype. State tensors have the
 * parameter's shape and dtype too and are contiguous; NULL where the method needs none. */
typedef struct nn_optim_item {
  nn_tensor *param;
  nn_tensor *state[NN_OPTIM_STATE];
  int64_t step; /* of this parameter: 1 for the first */
  double number; /* nadam: the product of the momenta before this step (1 at first), asgd: eta; updated */
} nn_optim_item;

/* Each runs one step over all items, in parallel over the concatenation of their elements. Members of the
 * options that depend on an item's step (first, bias_correction1, bias_correction2, clr) are filled in from
 * it; items with step 1 start their state afresh where the method reads it. Returns false with an error
 * before anything changed. */

/* state[0]: momentum buffer, NULL without momentum. */
bool nn_optim_sgd(nn_ctx *ctx, nn_optim_item *items, int n, const struct nn_sgd *options);
/* state[0], [1]: running means of the gradient and of its square; [2]: the largest of the latter (amsgrad) or
 * NULL. */
bool nn_optim_adam(nn_ctx *ctx, nn_optim_item *items, int n, const struct nn_adam *options);
/* state[0]: running mean of the square; [1]: of the gradient (centered); [2]: momentum buffer. */
bool nn_optim_rmsprop(nn_ctx *ctx, nn_optim_item *items, int n, const struct nn_rmsprop *options);
/* state[0]: sum of squares. options->clr holds lr; it becomes lr / (1 + (step - 1) * lr_decay). */
bool nn_optim_adagrad(nn_ctx *ctx, nn_optim_item *items, int n, const struct nn_adagrad *options,
                      double lr_decay);

/* adamax, nadam, radam: state[0], [1]: running means (adamax: [1] the largest); adadelta: [0] mean of the square,
 * [1] of the steps' squares; rprop: [0] the gradient before, [1] the step; asgd: [0] the mean of the parameter.
 * Coefficients of the rule that follow from the step are filled in; extra holds what only the rule needs:
 * nadam: momentum_decay; asgd: alpha and t0. */
bool nn_optim_rule(nn_ctx *ctx, enum nn_rule_name rule, nn_optim_item *items, int n, const struct nn_rule *options,
                   const double *extra);

#endif
