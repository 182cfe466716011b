// Parameter updates of the optimisers with one or two states and a few coefficients (nn_rule), for float and
// double. Knows no tensors, parameter groups or schedules.
#include "kernels/optim.h"

#include "kernels/vmath_core.h"

#define REAL float
#define NAME(rule) rule##_f
#define ROOT __builtin_sqrtf
#define FMA fma_f
#include "kernels/optim_rules_impl.h"
#undef REAL
#undef NAME
#undef ROOT
#undef FMA

#define REAL double
#define NAME(rule) rule##_d
#define ROOT __builtin_sqrt
#define FMA fma_d
#include "kernels/optim_rules_impl.h"

#define BOTH(name)                                                                                           \
  { [NN_FLOAT32] = name##_f, [NN_FLOAT64] = name##_d }

const struct nn_rule_kernels NN_KERNEL(nn_rules) = {{[NN_ADAMAX] = BOTH(adamax),
                                                     [NN_NADAM] = BOTH(nadam),
                                                     [NN_RADAM] = BOTH(radam),
                                                     [NN_ADADELTA] = BOTH(adadelta),
                                                     [NN_RPROP] = BOTH(rprop),
                                                     [NN_ASGD] = BOTH(asgd)}};
