// The loops of vmath.c for one floating type: included twice, with REAL and F(name) naming the type and the
// suffix of its functions. Knows the formulas of the activations, not the polynomials behind them.

// --- scalar formulas
// ----------------------------------------------------------------------------------------------

NN_INLINE REAL F(silu)(REAL x) { return x * F(sigmoid)(x); }
NN_INLINE REAL F(log_sigmoid)(REAL x) { return -F(softplus)(-x); }
NN_INLINE REAL F(gelu)(REAL x) {
  REAL e;
  return x * F(normal_cdf)(x, &e);
}
// 0.5 (1 + tanh(u)) = sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3)
NN_INLINE REAL F(gelu_tanh)(REAL x) {
  const REAL k = (REAL)1.5957691216057308, c = (REAL)(1.5957691216057308 * 0.044715);
  return x * F(sigmoid)(x * F(fma)(c, x * x, k));
}
// tanh(log(1 + e^x)) = n / (n + 2), n = e^x (e^x + 2)
NN_INLINE REAL F(mish)(REAL x) {
  const REAL e = F(exp)(x > 40 ? 40 : x), n = e * (e + 2);
  return x * (n / (n + 2));
}
NN_INLINE REAL F(hardsigmoid)(REAL x) {
  const REAL v = x < -3 ? 0 : x + 3;
  return (v > 6 ? 6 : v) * (REAL)(1.0 / 6);
}
NN_INLINE REAL F(hardswish)(REAL x) { return x * F(hardsigmoid)(x); }
NN_INLINE REAL F(sign)(REAL x) { return (REAL)(x > 0 ? 1 : 0) - (REAL)(x < 0 ? 1 : 0); }
NN_INLINE REAL F(square)(REAL x) { return x * x; }
NN_INLINE REAL F(neg)(REAL x) { return -x; }
NN_INLINE REAL F(relu)(REAL x) { return x <= 0 ? 0 : x; }
NN_INLINE REAL F(sqrt)(REAL x) { return M(__builtin_sqrt)(x); }
NN_INLINE REAL F(rsqrt)(REAL x) { return 1 / M(__builtin_sqrt)(x); }
NN_INLINE REAL F(reciprocal)(REAL x) { return 1 / x; }
NN_INLINE REAL F(floor)(REAL x) { return M(__builtin_floor)(x); }
NN_INLINE REAL F(ceil)(REAL x) { return M(__builtin_ceil)(x); }
NN_INLINE REAL F(round)(REAL x) { return M(__builtin_rint)(x); }
NN_INLINE REAL F(trunc)(REAL x) { return M(__builtin_trunc)(x); }
NN_INLINE REAL F(frac)(REAL x) { return x - M(__builtin_trunc)(x); }

// --- one operand
// --------------------------------------------------------------------------------------------------

#define UNARY(name)                                                                                          \
  static void F(u_##name)(int64_t n, const void *vx, void *vy) {                                             \
    const REAL *x = vx;                                                                                      \
    REAL *y = vy;                                                                                            \
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = F(name)(x[i]);                                     \
  }
#if BY_VECTORS
#define AHEAD 512
// The same in whole vectors, and one that is not.
#define UNARY_V(name)                                                                                        \
  static void F(u_##name)(int64_t n, const void *vx, void *vy) {                                             \
    const REAL *x = vx;                                                                                      \
    REAL *y = vy;                                                                                            \
    int64_t i = 0;                                                                                           \
    for (; i + 2 * NN_SIMD_LANES <= n; i += 2 * NN_SIMD_LANES) {                                             \
      __builtin_prefetch(x + i + AHEAD), __builtin_prefetch(y + i + AHEAD, 1);                               \
      __builtin_prefetch(x + i + AHEAD + 16), __builtin_prefetch(y + i + AHEAD + 16, 1);                     \
      const vec_f a = load_f(x + i), b = load_f(x + i + NN_SIMD_LANES);                                      \
      const vec_f fa = name##_v(a), fb = name##_v(b);                                                        \
      store_f(y + i, fa), store_f(y + i + NN_SIMD_LANES, fb);                                                \
    }                                                                                                        \
    for (; i + NN_SIMD_LANES <= n; i += NN_SIMD_LANES) {                                                     \
      store_f(y + i, name##_v(load_f(x + i)));                                                               \
    }                                                                                                        \
    if (i < n) store_first_v(y + i, name##_v(load_first_v(x + i, n - i)), n - i);                            \
  }
#else
#define UNARY_V(name) UNARY(name)
#endif
UNARY_V(exp)
UNARY_V(log)
UNARY_V(log2)
UNARY_V(log10)
UNARY_V(tanh)
UNARY_V(erf)
UNARY_V(sigmoid)
UNARY_V(silu)
UNARY_V(gelu)
UNARY_V(gelu_tanh)
UNARY(exp2)
UNARY(expm1)
UNARY(log1p)
UNARY(sinh)
UNARY(cosh)
UNARY(sqrt)
UNARY(rsqrt)
UNARY(reciprocal)
UNARY(erfc)
UNARY_V(log_sigmoid)
UNARY(mish)
UNARY(hardsigmoid)
UNARY(hardswish)
UNARY(abs)
UNARY(neg)
UNARY(sign)
UNARY(square)
UNARY(floor)
UNARY(ceil)
UNARY(round)
UNARY(trunc)
UNARY(frac)
UNARY(relu)
UNARY(asin)
UNARY(acos)
UNARY(atan)
UNARY(asinh)
UNARY(acosh)
UNARY(atanh)
UNARY(erfinv)

// Chunks with a number too large for the reduction by pi / 2 go to libm.
#define TRIG_CHUNK 512
#define UNARY_TRIG(name)                                                                                     \
  static void F(u_##name)(int64_t n, const void *vx, void *vy) {                                             \
    const REAL *x = vx;                                                                                      \
    REAL *y = vy;                                                                                            \
    for (int64_t i0 = 0; i0 < n; i0 += TRIG_CHUNK) {                                                         \
      const int64_t i1 = n - i0 < TRIG_CHUNK ? n : i0 + TRIG_CHUNK;                                          \
      int large = 0;                                                                                         \
      for (int64_t i = i0; i < i1; i++) large |= !(F(abs)(x[i]) <= TRIG_MAX);                                \
      if (large) {                                                                                           \
        for (int64_t i = i0; i < i1; i++) y[i] = M(name)(x[i]);                                              \
      } else {                                                                                               \
        NN_VECTOR_LOOP for (int64_t i = i0; i < i1; i++) y[i] = F(name)(x[i]);                               \
      }                                                                                                      \
    }                                                                                                        \
  }
#if BY_VECTORS
UNARY_V(sin)
UNARY_V(cos)
UNARY_V(tan)
#else
UNARY_TRIG(sin)
UNARY_TRIG(cos)
UNARY_TRIG(tan)
#endif

// --- one operand and parameters
// -----------------------------------------------------------------------------------

#define PARAM(name, ...)                                                                                     \
  static void F(p_##name)(int64_t n, double dp, double dq, const void *vx, void *vy) {                       \
    const REAL *xs = vx, p = (REAL)dp, q = (REAL)dq;                                                         \
    REAL *ys = vy;                                                                                           \
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {                                                         \
      const REAL x = xs[i];                                                                                  \
      ys[i] = __VA_ARGS__;                                                                                   \
    }                                                                                                        \
    (void)q;                                                                                                 \
  }
#if BY_VECTORS
NN_INLINE vec_f F(softplus_scaled)(vec_f x, float beta, float limit) {
  const vec_f z = beta * x;
  return if_less_v(all_v(limit), z, x, beta == 1 ? softplus_v(z) : softplus_v(z) / beta);
}
#endif
static void F(p_softplus)(int64_t n, double beta, double threshold, const void *vx, void *vy) {
  const REAL *x = vx, b = (REAL)beta, limit = (REAL)threshold;
  REAL *y = vy;
#if BY_VECTORS
  int64_t at = 0;
  for (; at + 2 * NN_SIMD_LANES <= n; at += 2 * NN_SIMD_LANES) {
    const vec_f first = F(softplus_scaled)(load_f(x + at), b, limit);
    store_f(y + at + NN_SIMD_LANES, F(softplus_scaled)(load_f(x + at + NN_SIMD_LANES), b, limit));
    store_f(y + at, first);
  }
  for (; at < n; at += NN_SIMD_LANES) {
    const int64_t left = n - at < NN_SIMD_LANES ? n - at : NN_SIMD_LANES;
    store_first_v(y + at, F(softplus_scaled)(load_first_v(x + at, left), b, limit), left);
  }
  return;
#endif
  NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {
    const REAL v = x[i], s = F(softplus)(b * v) / b;
    y[i] = b * v > limit ? v : s;
  }
}
NN_INLINE REAL F(clamped)(REAL x, REAL lo, REAL hi) {
  const REAL v = x < lo ? lo : x;
  return v > hi ? hi : v;
}
PARAM(clamp, F(clamped)(x, p, q))
PARAM(leaky_relu, x > 0 ? x : p * x)
NN_INLINE REAL F(elu)(REAL x, REAL alpha) {
  const REAL neg = alpha * F(expm1)(x > 0 ? 0 : x);
  return x > 0 ? x : neg;
}
PARAM(elu, F(elu)(x, p))
PARAM(threshold, x <= p ? q : x)
PARAM(scale_shift, F(fma)(p, x, q))

// --- gradients
// ----------------------------------------------------------------------------------------------------

#define GRAD(name, ...)                                                                                      \
  static void F(g_##name)(int64_t n, double dp, double dq, const void *vg, const void *vs, void *vd) {       \
    const REAL *gs = vg, *ss = vs, p = (REAL)dp, q = (REAL)dq;                                               \
    REAL *ds = vd;                                                                                           \
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {                                                         \
      const REAL g = gs[i], s = ss[i];                                                                       \
      ds[i] = __VA_ARGS__;                                                                                   \
    }                                                                                                        \
    (void)p, (void)q;                                                                                        \
  }
NN_INLINE REAL F(gelu_slope)(REAL x) {
  REAL e;
  const REAL cdf = F(normal_cdf)(x, &e);
  return F(fma)(x * (REAL)0.39894228040143268, e, cdf);
}
NN_INLINE REAL F(gelu_tanh_slope)(REAL x) {
  const REAL k = (REAL)1.5957691216057308, c = (REAL)(1.5957691216057308 * 0.044715), z = x * x;
  const REAL s = F(sigmoid)(x * F(fma)(c, z, k));
  return s + x * s * (1 - s) * F(fma)(3 * c, z, k);
}
NN_INLINE REAL F(silu_slope)(REAL x) {
  const REAL s = F(sigmoid)(x);
  return s * (1 + x * (1 - s));
}
NN_INLINE REAL F(mish_slope)(REAL x) {
  const REAL e = F(exp)(x > 20 ? 20 : x), n = e * (e + 2), d = 1 / (n + 2);
  return n * d + x * 4 * (e + 1) * e * d * d;
}
GRAD(relu, s <= 0 ? 0 : g)
GRAD(leaky_relu, s > 0 ? g : p * g)
GRAD(sigmoid, g *s *(1 - s))
GRAD(tanh, g *(1 - s * s))
GRAD(gelu_tanh, g *F(gelu_tanh_slope)(s))
#if BY_VECTORS
#define GRAD_V(name)                                                                                         \
  static void F(g_##name)(int64_t n, double dp, double dq, const void *vg, const void *vs, void *vd) {       \
    const REAL *g = vg, *s = vs;                                                                             \
    REAL *d = vd;                                                                                            \
    int64_t i = 0;                                                                                           \
    for (; i + NN_SIMD_LANES <= n; i += NN_SIMD_LANES)                                                       \
      store_f(d + i, load_f(g + i) * name##_slope_v(load_f(s + i)));                                         \
    if (i < n)                                                                                               \
      store_first_v(d + i, load_first_v(g + i, n - i) * name##_slope_v(load_first_v(s + i, n - i)), n - i);  \
    (void)dp, (void)dq;                                                                                      \
  }
#else
#define GRAD_V(name) GRAD(name, g *F(name##_slope)(s))
#endif
GRAD_V(gelu)
GRAD_V(silu)
static void F(g_softplus)(int64_t n, double beta, double threshold, const void *vg, const void *vs,
                          void *vd) {
  const REAL *g = vg, *s = vs, b = (REAL)beta, limit = (REAL)threshold;
  REAL *d = vd;
  NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {
    const REAL v = b * s[i], slope = F(sigmoid)(v);
    d[i] = v > limit ? g[i] : g[i] * slope;
  }
}
GRAD(clamp, s >= p && s <= q ? g : 0)
NN_INLINE REAL F(elu_slope)(REAL x, REAL alpha) {
  const REAL neg = alpha * F(exp)(x > 0 ? 0 : x);
  return x > 0 ? 1 : neg;
}
GRAD(elu, g *F(elu_slope)(s, p))
GRAD(threshold, s <= p ? 0 : g)
GRAD(hardsigmoid, s > -3 && s < 3 ? g * (REAL)(1.0 / 6) : 0)
NN_INLINE REAL F(hardswish_slope)(REAL x) {
  const REAL inner = x * (REAL)(1.0 / 3) + (REAL)0.5;
  return x < 3 ? x <= -3 ? 0 : inner : x != x ? x : 1;
}
GRAD(hardswish, g *F(hardswish_slope)(s))
GRAD(mish, g *F(mish_slope)(s))
GRAD(log_sigmoid, g *F(sigmoid)(-s))

// --- two operands
// -------------------------------------------------------------------------------------------------

NN_INLINE REAL F(maximum)(REAL a, REAL b) { return a > b || a != a ? a : b; }
NN_INLINE REAL F(minimum)(REAL a, REAL b) { return a < b || a != a ? a : b; }
// What is left of a after the exact remainder m of a / b with the sign of a: the remainder with the sign of b.
NN_INLINE REAL F(modulo)(REAL m, REAL b) { return m != 0 && (b < 0) != (m < 0) ? m + b : m; }
// As PyTorch: what is left after the exact remainder, divided, and rounded to the whole number it nearly is.
NN_INLINE REAL F(floor_quotient)(REAL a, REAL b, REAL m) {
  const REAL near = (a - m) / b, q = m != 0 && (b < 0) != (m < 0) ? near - 1 : near, f = M(__builtin_floor)(q);
  const REAL whole = q - f > (REAL)0.5 ? f + 1 : f, zero = F(copysign)(0, a / b);
  return b == 0 ? a / b : q == 0 ? zero : whole;
}

BINARY(F(b_add), REAL, VECTOR, x + z)
BINARY(F(b_sub), REAL, VECTOR, x - z)
BINARY(F(b_mul), REAL, VECTOR, x *z)
BINARY(F(b_div), REAL, VECTOR, x / z)
BINARY(F(b_maximum), REAL, VECTOR, F(maximum)(x, z))
BINARY(F(b_minimum), REAL, VECTOR, F(minimum)(x, z))
BINARY(F(b_copysign), REAL, VECTOR, F(copysign)(x, z))
BINARY(F(b_trunc_divide), REAL, VECTOR, M(__builtin_trunc)(x / z))
BINARY(F(b_atan2), REAL, VECTOR, F(atan2)(x, z))
BINARY(F(b_hypot), REAL, VECTOR, F(hypot)(x, z))
BINARY(F(b_pow_general), REAL, POWER, POWER_CALL(x, z))

// m[i] = a[i] - b[i] trunc(a[i] / b[i]), exactly. By the C library where the quotient has too many digits, or is none.
static void F(left_over)(int64_t n, const REAL *a, const REAL *b, REAL *m) {
#if REMAINDERS_BY_VECTORS
  int rare = 0;
  NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {
    const double x = (double)a[i], z = (double)b[i], q0 = x / z;
    const double q = __builtin_trunc(q0), r = fma_d(-q, z, x), s = abs_d(z);
    const double fixed = (r < 0) != (x < 0) ? r + copysign_d(s, x) : r; // the quotient may have been rounded up
    const double left = r == 0 ? 0 : fixed;
    rare |= !(abs_d(q0) < REMAINDER_MAX);
    m[i] = q == 0 ? a[i] : F(copysign)((REAL)left, a[i]);
  }
  for (int64_t i = 0; rare && i < n; i++) {
    const double q = (double)a[i] / (double)b[i];
    if (!(abs_d(q) < REMAINDER_MAX)) m[i] = M(fmod)(a[i], b[i]);
  }
#else
  for (int64_t i = 0; i < n; i++) m[i] = M(fmod)(a[i], b[i]);
#endif
}
enum { F(LEFT) = 256 };
#define BY_LEFT_OVER(name, expr)                                                                             \
  static bool F(b_##name)(int64_t n, const void *va, int64_t sa, const void *vb, int64_t sb, void *vy) {     \
    const REAL *a = va, *b = vb;                                                                             \
    REAL *y = vy, xs[F(LEFT)], zs[F(LEFT)], ms[F(LEFT)];                                                     \
    for (int64_t i0 = 0; i0 < n; i0 += F(LEFT)) {                                                            \
      const int64_t some = n - i0 < F(LEFT) ? n - i0 : F(LEFT);                                              \
      for (int64_t i = 0; i < some; i++) xs[i] = a[(i0 + i) * sa];                                           \
      for (int64_t i = 0; i < some; i++) zs[i] = b[(i0 + i) * sb];                                           \
      F(left_over)(some, xs, zs, ms);                                                                        \
      NN_VECTOR_LOOP for (int64_t i = 0; i < some; i++) {                                                    \
        const REAL x = xs[i], z = zs[i], m = ms[i];                                                          \
        (void)x, (void)z;                                                                                    \
        y[i0 + i] = expr;                                                                                    \
      }                                                                                                      \
    }                                                                                                        \
    return true;                                                                                             \
  }
BY_LEFT_OVER(fmod, m)
BY_LEFT_OVER(remainder, F(modulo)(m, z))
BY_LEFT_OVER(floor_divide, F(floor_quotient)(x, z, m))

// The exponents that need no logarithm, with the formulas that PyTorch uses for them.
static bool F(b_pow)(int64_t n, const void *va, int64_t sa, const void *vb, int64_t sb, void *vy) {
  const REAL *a = va, e = n > 0 ? *(const REAL *)vb : 0;
  REAL *y = vy;
  if (sb != 0 || sa == 0) return F(b_pow_general)(n, va, sa, vb, sb, vy);
  if (e == 2) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = a[i] * a[i];
  } else if (e == 3) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = a[i] * a[i] * a[i];
  } else if (e == (REAL)0.5) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = F(sqrt)(a[i]);
  } else if (e == (REAL)-0.5) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = F(rsqrt)(a[i]);
  } else if (e == -1) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = 1 / a[i];
  } else if (e == -2) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = 1 / (a[i] * a[i]);
  } else if (e == 1) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = a[i];
  } else {
    return F(b_pow_general)(n, va, sa, vb, sb, vy);
  }
  return true;
}

// --- predicates and combinations
// ----------------------------------------------------------------------------------

#define PREDICATE(name, test)                                                                                \
  static void F(q_##name)(int64_t n, const void *vx, uint8_t *y) {                                           \
    const REAL *xs = vx;                                                                                     \
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {                                                         \
      const REAL x = xs[i];                                                                                  \
      y[i] = (uint8_t)(test);                                                                                \
    }                                                                                                        \
  }
PREDICATE(isnan, x != x)
PREDICATE(isinf, F(abs)(x) > REAL_MAX)
PREDICATE(isfinite, F(abs)(x) <= REAL_MAX)

#define TERNARY(name, ...)                                                                                   \
  static void F(t_##name)(int64_t n, double dv, const void *va, const void *vb, const void *vc, int64_t sc,  \
                          void *vy) {                                                                        \
    const REAL *as = va, *bs = vb, *cs = vc, value = (REAL)dv;                                               \
    REAL *ys = vy;                                                                                           \
    (void)value;                                                                                             \
    if (n > 0 && sc == 0) {                                                                                  \
      const REAL c = *cs;                                                                                    \
      NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {                                                       \
        const REAL a = as[i], b = bs[i];                                                                     \
        ys[i] = __VA_ARGS__;                                                                                 \
      }                                                                                                      \
    } else {                                                                                                 \
      NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) {                                                       \
        const REAL a = as[i], b = bs[i], c = cs[i];                                                          \
        ys[i] = __VA_ARGS__;                                                                                 \
      }                                                                                                      \
    }                                                                                                        \
  }
NN_INLINE REAL F(lerp)(REAL a, REAL b, REAL c) {
  const REAL d = b - a, near = a + c * d, far = b - d * (1 - c);
  return F(abs)(c) < (REAL)0.5 ? near : far;
}
TERNARY(lerp, F(lerp)(a, b, c))
TERNARY(addcmul, a + value *b *c)
TERNARY(addcdiv, a + value *(b / c))

static void F(mul_add)(int64_t n, const void *va, int64_t sa, const void *vb, int64_t sb, const void *vc,
                       int64_t sc, void *vy) {
  const REAL *a = va, *b = vb, *c = vc;
  REAL *y = vy;
  if (n <= 0) return;
  const REAL a0 = *a, b0 = *b, c0 = *c;
  if (sa && sb && sc) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = F(fma)(a[i], b[i], c[i]);
  } else if (sa && sb) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = F(fma)(a[i], b[i], c0);
  } else if (sa && sc) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = F(fma)(a[i], b0, c[i]);
  } else if (sb && sc) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = F(fma)(a0, b[i], c[i]);
  } else {
    for (int64_t i = 0; i < n; i++) y[i] = F(fma)(sa ? a[i] : a0, sb ? b[i] : b0, sc ? c[i] : c0);
  }
}

static void F(axpby)(int64_t n, double da, const void *va, double db, const void *vb, void *vy) {
  const REAL *a = va, *b = vb, p = (REAL)da, q = (REAL)db;
  REAL *y = vy;
  if (q == 0) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = p * a[i];
  } else if (q == 1) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = F(fma)(p, a[i], b[i]);
  } else if (p == 1) {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = F(fma)(q, b[i], a[i]);
  } else {
    NN_VECTOR_LOOP for (int64_t i = 0; i < n; i++) y[i] = F(fma)(p, a[i], q * b[i]);
  }
}
