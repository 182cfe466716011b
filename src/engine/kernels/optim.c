// Parameter updates of the optimisers, written once for float and double. Knows no tensors, parameter groups
// or schedules.
#include "kernels/optim.h"

#include "kernels/vmath_core.h"
#include "kernels/vmath_simd.h"

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

#if NN_SIMD_MATH
// Adam without division and square root, which bound it where the numbers come from the second level: approximations and a
// step of Newton's method each, within 3 units of the last place of the exact quotient. Where a second moment is not
// below 2^96 (or is NaN) the exact way is taken.
typedef struct {
  vec_f sign, decay, shrink, take1, keep2, take2, step, eps, unbias2;
  bool decays;
} adam_v;

NN_INLINE vec_f adam_quotient_v(vec_f m, vec_f v, const adam_v *c) {
  if (any_outside_v(v, 0, 0x1p96f)) return m / fma_v(root_v(v), c->unbias2, c->eps);
  const vec_f x = at_least_v(v, 0x1p-120f), r = about_inverse_root_v(x), s = x * r;
  const vec_f d = fma_v(fma_v(fma_v(-s, s, x), r * 0.5f, s), c->unbias2, c->eps), inverse = about_inverse_v(d), q = m * inverse;
  return fma_v(fma_v(-d, q, m), inverse, q);
}

NN_INLINE vec_f adam_one_v(const adam_v *c, vec_f p, vec_f g, vec_f *avg, vec_f *sq) {
  const vec_f d = c->decays ? fma_v(c->decay, p, c->sign * g) : c->sign * g;
  const vec_f m = fma_v(c->take1, d - *avg, *avg), v = fma_v(c->take2 * d, d, c->keep2 * *sq);
  *avg = m, *sq = v;
  return c->shrink * p - adam_quotient_v(c->step * m, v, c);
}

static void adam_quick(int64_t n, const struct nn_adam *o, float *p, const float *g, float *avg, float *sq) {
  const float decay = o->decoupled ? 0 : (float)o->weight_decay;
  const adam_v c = {.sign = all_v(o->maximize ? -1 : 1), .decay = all_v(decay), .decays = decay != 0,
                    .shrink = all_v(o->decoupled ? (float)(1.0 - o->lr * o->weight_decay) : 1),
                    .take1 = all_v((float)(1.0 - o->beta1)), .keep2 = all_v((float)o->beta2),
                    .take2 = all_v((float)(1.0 - o->beta2)), .step = all_v((float)(o->lr / o->bias_correction1)),
                    .eps = all_v((float)o->eps), .unbias2 = all_v((float)(1 / sqrt(o->bias_correction2)))};
  int64_t i = 0;
  for (; i + NN_SIMD_LANES <= n; i += NN_SIMD_LANES) {
    vec_f m = load_f(avg + i), v = load_f(sq + i);
    store_f(p + i, adam_one_v(&c, load_f(p + i), load_f(g + i), &m, &v));
    store_f(avg + i, m);
    store_f(sq + i, v);
  }
  if (i == n) return;
  vec_f m = load_first_v(avg + i, n - i), v = load_first_v(sq + i, n - i);
  store_first_v(p + i, adam_one_v(&c, load_first_v(p + i, n - i), load_first_v(g + i, n - i), &m, &v), n - i);
  store_first_v(avg + i, m, n - i);
  store_first_v(sq + i, v, n - i);
}

static void adam_float(int64_t n, const struct nn_adam *o, void *p, const void *g, void *avg, void *sq, void *top) {
  // With a usual eps, what is lost of second moments below 2^-120 doesn't show.
  if (top == NULL && o->eps >= 1e-12 && o->eps <= 1e12)
    adam_quick(n, o, p, g, avg, sq);
  else
    adam_f(n, o, p, g, avg, sq, top);
}
#else
#define adam_float adam_f
#endif

#define FLOATS(name)                                                                                         \
  { [NN_FLOAT32] = name##_f, [NN_FLOAT64] = name##_d }

const struct nn_optim_kernels NN_KERNEL(nn_optim) = {
    .sgd = FLOATS(sgd),
    .adam = {[NN_FLOAT32] = adam_float, [NN_FLOAT64] = adam_d},
    .rmsprop = FLOATS(rmsprop),
    .adagrad = FLOATS(adagrad),
};
