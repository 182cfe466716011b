// Template of layer_norm.c for the type `real`. VL rows at a time: each row's sums are vectors of partial sums, which one
// transposed addition brings to a vector with a lane for each row.

NN_INLINE vec T(at)(const real *x) { return *(const uvec *)x; }

// The elements behind the last whole vector, and 1 in the lanes that have one.
NN_INLINE vec T(rest)(const real *x, int64_t n) { return T(nn_load_first)(x + n / VL * VL, n % VL); }
NN_INLINE vec T(present)(int64_t n) {
  real x[VL];
  for (int64_t i = 0; i < VL; i++) x[i] = i < n % VL ? 1 : 0;
  return T(at)(x);
}

NN_INLINE vec T(total)(int64_t n, const real *x) {
  vec s0 = {0}, s1 = {0};
  int64_t j = 0;
  for (; j + 2 * VL <= n; j += 2 * VL) {
    s0 += T(at)(x + j);
    s1 += T(at)(x + j + VL);
  }
  if (j + VL <= n) s0 += T(at)(x + j);
  if (n % VL) s1 += T(rest)(x, n);
  return s0 + s1;
}

NN_INLINE vec T(squares)(int64_t n, const real *x, real mean, vec present) {
  vec s0 = {0}, s1 = {0};
  int64_t j = 0;
  for (; j + 2 * VL <= n; j += 2 * VL) {
    const vec u = T(at)(x + j) - mean, v = T(at)(x + j + VL) - mean;
    s0 += u * u;
    s1 += v * v;
  }
  if (j + VL <= n) s0 += (T(at)(x + j) - mean) * (T(at)(x + j) - mean);
  if (n % VL) {
    const vec u = (T(rest)(x, n) - mean) * present;
    s1 += u * u;
  }
  return s0 + s1;
}

NN_INLINE void T(scale_row)(int64_t n, const real *x, real mean, real scale, const real *gamma, const real *beta, real *y) {
  const vec one = (vec){0} + 1, none = {0};
  int64_t j = 0;
  for (; j + VL <= n; j += VL)
    *(uvec *)(y + j) = (T(at)(x + j) - mean) * scale * (gamma ? T(at)(gamma + j) : one) + (beta ? T(at)(beta + j) : none);
  if (j < n)
    T(nn_store_first)(y + j, (T(rest)(x, n) - mean) * scale * (gamma ? T(rest)(gamma, n) : one) +
                                 (beta ? T(rest)(beta, n) : none), n - j);
}

static void T(forward)(int64_t rows, int64_t n, double eps, const void *vx, const void *gamma, const void *beta, void *vy,
                       void *mean, void *rstd) {
  const vec present = T(present)(n);
  for (int64_t r = 0; r < rows; r += VL) {
    const int64_t count = rows - r < VL ? rows - r : VL;
    const real *x = (const real *)vx + r * n;
    real m[VL], s[VL];
    vec v[VL];
    for (int64_t i = 0; i < VL; i++) v[i] = T(total)(n, x + (i < count ? i : 0) * n);
    *(uvec *)m = T(nn_sums_across)(v) / (real)n;
    for (int64_t i = 0; i < VL; i++) v[i] = T(squares)(n, x + (i < count ? i : 0) * n, m[i < count ? i : 0], present);
    *(uvec *)s = T(nn_sums_across)(v) / (real)n + (real)eps;
    for (int64_t i = 0; i < VL; i++) s[i] = 1 / ROOT(s[i]);
    for (int64_t i = 0; i < count; i++) T(scale_row)(n, x + i * n, m[i], s[i], gamma, beta, (real *)vy + (r + i) * n);
    memcpy((real *)mean + r, m, (size_t)count * sizeof *m);
    memcpy((real *)rstd + r, s, (size_t)count * sizeof *s);
  }
}

// Sums of g gamma and of g gamma (x - mean).
NN_INLINE void T(cross)(int64_t n, const real *g, const real *x, real mean, const real *gamma, vec *sum, vec *cross) {
  const vec one = (vec){0} + 1;
  vec s = {0}, c = {0};
  int64_t j = 0;
  for (; j + VL <= n; j += VL) {
    const vec u = T(at)(g + j) * (gamma ? T(at)(gamma + j) : one);
    s += u;
    c += u * (T(at)(x + j) - mean);
  }
  if (j < n) {
    const vec u = T(rest)(g, n) * (gamma ? T(rest)(gamma, n) : one);
    s += u;
    c += u * (T(rest)(x, n) - mean);
  }
  *sum = s, *cross = c;
}

// A column of vectors down `count` rows: dx = rstd g gamma + b (x - mean) + c, and the sums for gamma and beta. dx may be g.
// n: distance of rows; live: elements of the vector that count.
NN_INLINE void T(column)(int64_t count, int64_t n, int64_t live, const real *g, const real *x, const real *m, const real *s,
                         const real *b, const real *c, vec gamma, real *dx, vec *dgamma, vec *dbeta) {
  for (int64_t i = 0; i < count; i++) {
    const vec u = live == VL ? T(at)(g + i * n) : T(nn_load_first)(g + i * n, live);
    const vec d = (live == VL ? T(at)(x + i * n) : T(nn_load_first)(x + i * n, live)) - m[i], us = u * s[i];
    const vec to = us * gamma + (d * b[i] + c[i]);
    *dgamma += us * d;
    *dbeta += u;
    if (live == VL)
      *(uvec *)(dx + i * n) = to;
    else
      T(nn_store_first)(dx + i * n, to, live);
  }
}

// STRIP of them side by side, all whole: rows that begin within a cache line would bring each line twice otherwise.
NN_INLINE void T(strip)(int64_t count, int64_t n, const real *g, const real *x, const real *m, const real *s, const real *b,
                        const real *c, const real *gamma, real *dx, real *dgamma, real *dbeta) {
  vec by[STRIP], dg[STRIP], db[STRIP];
  for (int k = 0; k < STRIP; k++) {
    by[k] = gamma ? T(at)(gamma + k * VL) : (vec){0} + 1;
    dg[k] = T(at)(dgamma + k * VL), db[k] = T(at)(dbeta + k * VL);
  }
  for (int64_t i = 0; i < count; i++)
#pragma GCC unroll 4
    for (int k = 0; k < STRIP; k++) {
      const vec u = T(at)(g + i * n + k * VL), d = T(at)(x + i * n + k * VL) - m[i], us = u * s[i];
      *(uvec *)(dx + i * n + k * VL) = us * by[k] + (d * b[i] + c[i]);
      dg[k] += us * d;
      db[k] += u;
    }
  for (int k = 0; k < STRIP; k++) *(uvec *)(dgamma + k * VL) = dg[k], *(uvec *)(dbeta + k * VL) = db[k];
}

static void T(backward)(int64_t rows, int64_t n, const void *vg, const void *vx, const void *mean, const void *rstd,
                        const void *vgamma, void *vdx, void *vdgamma, void *vdbeta) {
  const real *gamma = vgamma;
  real *dgamma = vdgamma, *dbeta = vdbeta;
  for (int64_t r = 0; r < rows; r += VL) {
    const int64_t count = rows - r < VL ? rows - r : VL, whole = n / VL * VL;
    const real *g = (const real *)vg + r * n, *x = (const real *)vx + r * n, *m = (const real *)mean + r;
    const real *s = (const real *)rstd + r;
    real *dx = (real *)vdx + r * n, b[VL], c[VL];
    vec sum[VL], cross[VL];
    for (int64_t i = 0; i < VL; i++) {
      const int64_t row = i < count ? i : 0;
      T(cross)(n, g + row * n, x + row * n, m[row], gamma, &sum[i], &cross[i]);
    }
    *(uvec *)c = T(nn_sums_across)(sum);
    *(uvec *)b = T(nn_sums_across)(cross);
    for (int64_t i = 0; i < count; i++) {
      b[i] = -s[i] * s[i] * s[i] * b[i] / (real)n;
      c[i] = -s[i] * c[i] / (real)n;
    }
    int64_t j = 0;
    for (; j + STRIP * VL <= whole; j += STRIP * VL)
      T(strip)(count, n, g + j, x + j, m, s, b, c, gamma ? gamma + j : NULL, dx + j, dgamma + j, dbeta + j);
    for (; j < whole; j += VL) {
      vec dg = T(at)(dgamma + j), db = T(at)(dbeta + j);
      T(column)(count, n, VL, g + j, x + j, m, s, b, c, gamma ? T(at)(gamma + j) : (vec){0} + 1, dx + j, &dg, &db);
      *(uvec *)(dgamma + j) = dg;
      *(uvec *)(dbeta + j) = db;
    }
    if (whole == n) continue;
    vec dg = T(rest)(dgamma, n), db = T(rest)(dbeta, n);
    T(column)(count, n, n - whole, g + whole, x + whole, m, s, b, c, gamma ? T(rest)(gamma, n) : (vec){0} + 1, dx + whole, &dg, &db);
    T(nn_store_first)(dgamma + whole, dg, n - whole);
    T(nn_store_first)(dbeta + whole, db, n - whole);
  }
}
