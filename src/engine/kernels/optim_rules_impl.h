// The bodies of optim_rules.c for one type: REAL, its functions NAME(x), ROOT, FMA. Included twice.

// The gradient with its sign and the weight decay that is added to it.
#define NN_GRADIENT(i) (decay == 0 ? sign * g[i] : FMA(decay, p[i], sign * g[i]))
#define NN_RULE_CONSTANTS                                                                                    \
  REAL *p = vp;                                                                                              \
  const REAL *g = vg, sign = o->maximize ? -1 : 1, decay = o->decoupled ? 0 : (REAL)o->weight_decay;         \
  const REAL shrink = o->decoupled ? (REAL)(1.0 - o->lr * o->weight_decay) : 1, eps = (REAL)o->eps

static void NAME(adamax)(int64_t n, const struct nn_rule *o, void *vp, const void *vg, void *const *state) {
  NN_RULE_CONSTANTS;
  REAL *avg = state[0], *top = state[1];
  const REAL take = (REAL)(1.0 - o->beta1), keep = (REAL)o->beta2, rate = (REAL)o->scale1;
  NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {
    const REAL d = NN_GRADIENT(i), m = FMA(take, d - avg[i], avg[i]);
    const REAL size = (d < 0 ? -d : d) + eps, old = keep * top[i], u = size > old || size != size ? size : old;
    avg[i] = m, top[i] = u;
    p[i] = shrink * p[i] - rate * m / u;
  }
}

static void NAME(nadam)(int64_t n, const struct nn_rule *o, void *vp, const void *vg, void *const *state) {
  NN_RULE_CONSTANTS;
  REAL *avg = state[0], *sq = state[1];
  const REAL take1 = (REAL)(1.0 - o->beta1), keep2 = (REAL)o->beta2, take2 = (REAL)(1.0 - o->beta2);
  const REAL of_grad = (REAL)o->scale1, of_mean = (REAL)o->scale2, correction = (REAL)o->correction2;
  NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {
    const REAL q = shrink * p[i], d = decay == 0 ? sign * g[i] : FMA(decay, q, sign * g[i]);
    const REAL m = FMA(take1, d - avg[i], avg[i]), v = FMA(take2 * d, d, keep2 * sq[i]);
    avg[i] = m, sq[i] = v;
    p[i] = q - (of_grad * d + of_mean * m) / (ROOT(v / correction) + eps);
  }
}

static void NAME(radam)(int64_t n, const struct nn_rule *o, void *vp, const void *vg, void *const *state) {
  NN_RULE_CONSTANTS;
  REAL *avg = state[0], *sq = state[1];
  const REAL take1 = (REAL)(1.0 - o->beta1), keep2 = (REAL)o->beta2, take2 = (REAL)(1.0 - o->beta2);
  const REAL plain = (REAL)o->scale1, adaptive = (REAL)o->scale2;
  NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {
    const REAL d = NN_GRADIENT(i), m = FMA(take1, d - avg[i], avg[i]), v = FMA(take2 * d, d, keep2 * sq[i]);
    avg[i] = m, sq[i] = v;
    p[i] = shrink * p[i] - m * (adaptive == 0 ? plain : adaptive / (ROOT(v) + eps));
  }
}

static void NAME(adadelta)(int64_t n, const struct nn_rule *o, void *vp, const void *vg, void *const *state) {
  NN_RULE_CONSTANTS;
  REAL *sq = state[0], *moved = state[1];
  const REAL keep = (REAL)o->beta1, take = (REAL)(1.0 - o->beta1), rate = (REAL)o->lr;
  NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {
    const REAL d = NN_GRADIENT(i), v = FMA(take * d, d, keep * sq[i]);
    const REAL step = ROOT(moved[i] + eps) / ROOT(v + eps) * d;
    sq[i] = v, moved[i] = FMA(take * step, step, keep * moved[i]);
    p[i] = shrink * p[i] - rate * step;
  }
}

// beta1 and beta2 are the factors after a change of sign and without one, scale1 and scale2 the step's limits.
static void NAME(rprop)(int64_t n, const struct nn_rule *o, void *vp, const void *vg, void *const *state) {
  REAL *p = vp, *before = state[0], *step = state[1];
  const REAL *g = vg, sign = o->maximize ? -1 : 1, least = (REAL)o->scale1, most = (REAL)o->scale2;
  const REAL down = (REAL)o->beta1, up = (REAL)o->beta2, start = (REAL)o->lr;
  for (int64_t i = 0; i < n; i++) {
    const REAL turn = sign * g[i] * before[i], old = o->first ? start : step[i];
    REAL s = turn > 0 ? old * up : turn < 0 ? old * down : old, d = turn < 0 ? 0 : sign * g[i];
    s = s < least ? least : s > most ? most : s;
    step[i] = s, before[i] = d;
    p[i] -= d > 0 ? s : d < 0 ? -s : 0;
  }
}

// scale1 is eta, scale2 mu, beta1 lambd.
static void NAME(asgd)(int64_t n, const struct nn_rule *o, void *vp, const void *vg, void *const *state) {
  NN_RULE_CONSTANTS;
  REAL *mean = state[0];
  const REAL eta = (REAL)o->scale1, mu = (REAL)o->scale2, fade = (REAL)(1.0 - o->beta1 * o->scale1);
  (void)eps;
  NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {
    const REAL d = NN_GRADIENT(i), q = fade * shrink * p[i] - eta * d;
    mean[i] = mu == 1 ? q : FMA(mu, q - mean[i], mean[i]);
    p[i] = q;
  }
}

#undef NN_GRADIENT
#undef NN_RULE_CONSTANTS
