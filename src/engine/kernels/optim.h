// One-pass parameter updates of the optimisers, with PyTorch's formulas (its single-tensor implementations).
// Entries are indexed by nn_dtype, NN_FLOAT32 or NN_FLOAT64. Knows no tensors, parameter groups or schedules.
#ifndef NN_KERNELS_OPTIM_H
#define NN_KERNELS_OPTIM_H

#include "kernels/vmath.h"

// torch.optim.SGD. g' = (maximize ? -g : g) + weight_decay * p; with momentum: buf = first ? g' : momentum *
// buf + (1 - dampening) * g'; g' = nesterov ? g' + momentum * buf : buf; p -= lr * g'.
struct nn_sgd {
  double lr, momentum, dampening, weight_decay;
  bool nesterov, maximize;
  bool first; // no momentum buffer yet: it is set, not read
};

// torch.optim.Adam and AdamW. bias_correction1 = 1 - beta1^t and bias_correction2 = 1 - beta2^t for step t =
// 1, 2, ...
struct nn_adam {
  double lr, beta1, beta2, eps, weight_decay, bias_correction1, bias_correction2;
  bool decoupled; // AdamW: p *= 1 - lr * weight_decay instead of adding weight_decay * p to the gradient
  bool maximize;
};

// torch.optim.RMSprop. momentum == 0: buf unused; centered: avg holds the running mean of the gradient.
struct nn_rmsprop {
  double lr, alpha, eps, weight_decay, momentum;
  bool centered, maximize;
};

// torch.optim.Adagrad; clr = lr / (1 + (t - 1) * lr_decay) for step t.
struct nn_adagrad {
  double clr, eps, weight_decay;
  bool maximize;
};

struct nn_optim_kernels {
  void (*sgd[NN_DTYPES])(int64_t n, const struct nn_sgd *o, void *p, const void *g,
                         void *buf); // buf NULL without momentum
  // max_sq is NULL unless amsgrad.
  void (*adam[NN_DTYPES])(int64_t n, const struct nn_adam *o, void *p, const void *g, void *exp_avg,
                          void *exp_avg_sq, void *max_sq);
  void (*rmsprop[NN_DTYPES])(int64_t n, const struct nn_rmsprop *o, void *p, const void *g, void *square_avg,
                             void *avg, void *buf);
  void (*adagrad[NN_DTYPES])(int64_t n, const struct nn_adagrad *o, void *p, const void *g, void *sum);
};

NN_KERNEL_TABLE(struct nn_optim_kernels, nn_optim);

// Methods that differ in few coefficients. p' = decoupled ? p * (1 - lr * weight_decay) : p; g' = (maximize ?
// -g : g) + (decoupled ? 0 : weight_decay * p); t = 1, 2, ... is the step, m and v are running means of g' and
// g'^2.
//   adamax:   u = max(beta2 u, |g'| + eps); p' - scale1 m / u, scale1 = lr / (1 - beta1^t)
//   nadam:    p' - (scale1 g' + scale2 m) / (sqrt(v / correction2) + eps), correction2 = 1 - beta2^t
//   radam:    p' - scale1 m while the variance is intractable (scale2 == 0), then p' - scale2 m / (sqrt(v) + eps)
//   adadelta: v with rho = beta1; d = g' sqrt(a + eps) / sqrt(v + eps); a the running mean of d^2; p' - lr d
//   rprop:    steps of sign(g'), times beta1 after a change of sign (and no step then), times beta2 without
//   asgd:     p (1 - beta1 scale1) - scale1 g'; the mean of p follows with scale2
struct nn_rule {
  double lr, beta1, beta2, eps, weight_decay;
  double scale1, scale2, correction2;
  bool decoupled, maximize;
  bool first; // the parameter's first step
};

enum nn_rule_name { NN_ADAMAX, NN_NADAM, NN_RADAM, NN_ADADELTA, NN_RPROP, NN_ASGD, NN_RULES };

struct nn_rule_kernels {
  void (*run[NN_RULES][NN_DTYPES])(int64_t n, const struct nn_rule *o, void *p, const void *g,
                                   void *const *state);
};

NN_KERNEL_TABLE(struct nn_rule_kernels, nn_rules);

#endif
