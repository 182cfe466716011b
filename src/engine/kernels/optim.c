// Parameter updates of the optimisers, written once for float and double. Knows no tensors, parameter groups
// or schedules.
#include "kernels/optim.h"

#include "kernels/vmath_core.h"

// Options become constants of the loop's own type first; choices that the loop would make again for each
// number are made outside by calling the inline body with constants.
#define OPTIMISERS(suffix, REAL, ROOT)                                                                       \
  NN_INLINE void sgd_body_##suffix(int64_t n, const struct nn_sgd *o, REAL *p, const REAL *g, REAL *buf,     \
                                   bool momentum, bool first, bool nesterov) {                               \
    const REAL lr = (REAL)o->lr, sign = o->maximize ? -1 : 1, decay = (REAL)o->weight_decay;                 \
    const REAL keep = (REAL)o->momentum, take = (REAL)(1.0 - o->dampening);                                  \
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {                                                         \
      REAL d = decay == 0 ? sign * g[i] : fma_##suffix(decay, p[i], sign * g[i]);                            \
      if (momentum) {                                                                                        \
        const REAL b = first ? d : fma_##suffix(keep, buf[i], take * d);                                     \
        buf[i] = b;                                                                                          \
        d = nesterov ? fma_##suffix(keep, b, d) : b;                                                         \
      }                                                                                                      \
      p[i] = fma_##suffix(-lr, d, p[i]);                                                                     \
    }                                                                                                        \
  }                                                                                                          \
  static void sgd_##suffix(int64_t n, const struct nn_sgd *o, void *p, const void *g, void *buf) {           \
    if (o->momentum == 0 || buf == NULL) {                                                                   \
      sgd_body_##suffix(n, o, p, g, NULL, false, false, false);                                              \
    } else if (o->first && o->nesterov) {                                                                    \
      sgd_body_##suffix(n, o, p, g, buf, true, true, true);                                                  \
    } else if (o->first) {                                                                                   \
      sgd_body_##suffix(n, o, p, g, buf, true, true, false);                                                 \
    } else if (o->nesterov) {                                                                                \
      sgd_body_##suffix(n, o, p, g, buf, true, false, true);                                                 \
    } else {                                                                                                 \
      sgd_body_##suffix(n, o, p, g, buf, true, false, false);                                                \
    }                                                                                                        \
  }                                                                                                          \
  NN_INLINE void adam_body_##suffix(int64_t n, const struct nn_adam *o, REAL *p, const REAL *g, REAL *avg,   \
                                    REAL *sq, REAL *top, bool amsgrad) {                                     \
    const REAL sign = o->maximize ? -1 : 1, decay = o->decoupled ? 0 : (REAL)o->weight_decay;                \
    const REAL shrink = o->decoupled ? (REAL)(1.0 - o->lr * o->weight_decay) : 1;                            \
    const REAL take1 = (REAL)(1.0 - o->beta1), keep2 = (REAL)o->beta2, take2 = (REAL)(1.0 - o->beta2);       \
    const REAL step = (REAL)(o->lr / o->bias_correction1), eps = (REAL)o->eps;                               \
    const REAL unbias2 = (REAL)(1 / sqrt(o->bias_correction2)); /* a factor: divisions are slow */           \
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {                                                         \
      const REAL d = decay == 0 ? sign * g[i] : fma_##suffix(decay, p[i], sign * g[i]);                      \
      const REAL m = fma_##suffix(take1, d - avg[i], avg[i]);                                                \
      REAL v = fma_##suffix(take2 * d, d, keep2 * sq[i]);                                                    \
      avg[i] = m, sq[i] = v;                                                                                 \
      if (amsgrad) {                                                                                         \
        v = top[i] > v || top[i] != top[i] ? top[i] : v;                                                     \
        top[i] = v;                                                                                          \
      }                                                                                                      \
      p[i] = shrink * p[i] - step * m / (ROOT(v) * unbias2 + eps);                                           \
    }                                                                                                        \
  }                                                                                                          \
  static void adam_##suffix(int64_t n, const struct nn_adam *o, void *p, const void *g, void *exp_avg,       \
                            void *exp_avg_sq, void *max_sq) {                                                \
    if (max_sq != NULL) {                                                                                    \
      adam_body_##suffix(n, o, p, g, exp_avg, exp_avg_sq, max_sq, true);                                     \
    } else {                                                                                                 \
      adam_body_##suffix(n, o, p, g, exp_avg, exp_avg_sq, NULL, false);                                      \
    }                                                                                                        \
  }                                                                                                          \
  NN_INLINE void rmsprop_body_##suffix(int64_t n, const struct nn_rmsprop *o, REAL *p, const REAL *g,        \
                                       REAL *sq, REAL *avg, REAL *buf, bool centered, bool momentum) {       \
    const REAL sign = o->maximize ? -1 : 1, decay = (REAL)o->weight_decay, keep = (REAL)o->alpha;            \
    const REAL take = (REAL)(1.0 - o->alpha), eps = (REAL)o->eps, lr = (REAL)o->lr;                          \
    const REAL speed = (REAL)o->momentum;                                                                    \
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {                                                         \
      const REAL d = decay == 0 ? sign * g[i] : fma_##suffix(decay, p[i], sign * g[i]);                      \
      const REAL v = fma_##suffix(take * d, d, keep * sq[i]);                                                \
      REAL spread = v;                                                                                       \
      sq[i] = v;                                                                                             \
      if (centered) {                                                                                        \
        const REAL a = fma_##suffix(take, d - avg[i], avg[i]);                                               \
        avg[i] = a;                                                                                          \
        spread = fma_##suffix(-a, a, v);                                                                     \
      }                                                                                                      \
      REAL u = d / (ROOT(spread) + eps);                                                                     \
      if (momentum) {                                                                                        \
        u = fma_##suffix(speed, buf[i], u);                                                                  \
        buf[i] = u;                                                                                          \
      }                                                                                                      \
      p[i] = fma_##suffix(-lr, u, p[i]);                                                                     \
    }                                                                                                        \
  }                                                                                                          \
  static void rmsprop_##suffix(int64_t n, const struct nn_rmsprop *o, void *p, const void *g,                \
                               void *square_avg, void *avg, void *buf) {                                     \
    if (o->centered && o->momentum > 0) {                                                                    \
      rmsprop_body_##suffix(n, o, p, g, square_avg, avg, buf, true, true);                                   \
    } else if (o->centered) {                                                                                \
      rmsprop_body_##suffix(n, o, p, g, square_avg, avg, NULL, true, false);                                 \
    } else if (o->momentum > 0) {                                                                            \
      rmsprop_body_##suffix(n, o, p, g, square_avg, NULL, buf, false, true);                                 \
    } else {                                                                                                 \
      rmsprop_body_##suffix(n, o, p, g, square_avg, NULL, NULL, false, false);                               \
    }                                                                                                        \
  }                                                                                                          \
  static void adagrad_##suffix(int64_t n, const struct nn_adagrad *o, void *vp, const void *vg,              \
                               void *vsum) {                                                                 \
    REAL *p = vp, *sum = vsum;                                                                               \
    const REAL *g = vg, sign = o->maximize ? -1 : 1, decay = (REAL)o->weight_decay;                          \
    const REAL clr = (REAL)o->clr, eps = (REAL)o->eps;                                                       \
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {                                                         \
      const REAL d = decay == 0 ? sign * g[i] : fma_##suffix(decay, p[i], sign * g[i]),                      \
                 s = fma_##suffix(d, d, sum[i]);                                                             \
      sum[i] = s;                                                                                            \
      p[i] = p[i] - clr * d / (ROOT(s) + eps);                                                               \
    }                                                                                                        \
  }

OPTIMISERS(f, float, __builtin_sqrtf)
OPTIMISERS(d, double, __builtin_sqrt)

#define FLOATS(name)                                                                                         \
  { [NN_FLOAT32] = name##_f, [NN_FLOAT64] = name##_d }

const struct nn_optim_kernels NN_KERNEL(nn_optim) = {
    .sgd = FLOATS(sgd),
    .adam = FLOATS(adam),
    .rmsprop = FLOATS(rmsprop),
    .adagrad = FLOATS(adagrad),
};
