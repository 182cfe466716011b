// Template of attention.c for the type `real`. Names: q, k, v as usual; s a tile of scores or weights [ROWS][KEYS].

#define U (2 * VL) // width of a panel

static inline int64_t T(padded)(int64_t n) { return ceil_div(n, U) * U; }

static const real *T(rows_of)(const struct nn_heads *x, int64_t b, int64_t h) {
  return (const real *)x->data + b * x->batch + h * x->head;
}

// ---- products ------------------------------------------------------------------------------------------

// c[rows][cols, padded] = (add ? c : 0) + a b. A panel of b has `ldb` numbers a row, panels lie `next` apart.
static void T(product)(bool transposed, int64_t rows, int64_t depth, int64_t cols, const real *a, int64_t lda,
                       const real *b, int64_t ldb, int64_t next, real *c, int64_t ldc, bool add) {
  const struct T(micro_ends) ends = {.add = add};
  for (int64_t p = 0; p < ceil_div(cols, U); p++)
    for (int64_t k = 0; k < T(micro_blocks)(rows); k++) {
      const int64_t i = T(micro_row)(rows, k), end = T(micro_row)(rows, k + 1);
      if (transposed)
        T(micro_transposed)(end - i, depth, a + i, lda, b + p * next, ldb, c + i * ldc + p * U, ldc, &ends);
      else
        T(micro_unpacked)(end - i, depth, a + i * lda, lda, b + p * next, ldb, c + i * ldc + p * U, ldc, &ends);
    }
}

// Rows [n][width] as panels of their transpose: [width][U] for U rows each, zeros behind the last one.
static void T(pack_transposed)(int64_t n, int64_t width, const real *x, int64_t ldx, real *to) {
  for (int64_t r = 0; r < n; r += U, to += width * U) {
    const int64_t count = min64(U, n - r);
    for (int64_t k0 = 0; k0 < width; k0 += 16) {
      const int64_t k1 = min64(k0 + 16, width);
      for (int64_t j = 0; j < U; j++)
        for (int64_t k = k0; k < k1; k++) to[k * U + j] = j < count ? x[(r + j) * ldx + k] : 0;
    }
  }
}

// Rows with zeros up to whole panels.
static void T(pack_plain)(int64_t n, int64_t width, const real *x, int64_t ldx, real *to) {
  const int64_t wide = T(padded)(width);
  for (int64_t r = 0; r < n; r++, to += wide, x += ldx) {
    memcpy(to, x, (size_t)width * sizeof *to);
    for (int64_t j = width; j < wide; j++) to[j] = 0;
  }
}

static void T(unpack)(int64_t n, int64_t width, const real *from, real *x, int64_t ldx) {
  const int64_t wide = T(padded)(width);
  for (int64_t r = 0; r < n; r++) memcpy(x + r * ldx, from + r * wide, (size_t)width * sizeof *x);
}

// ---- rows of scores ------------------------------------------------------------------------------------

static real T(top)(int64_t n, const real *x) {
  real top = -(real)INFINITY;
  int64_t j = 0;
  if (n >= VL) {
    vec m = *(const uvec *)x;
    for (j = VL; j + VL <= n; j += VL) {
      const vec v = *(const uvec *)(x + j);
      const ivec more = (ivec)(v > m);
      m = (vec)((more & (ivec)v) | (~more & (ivec)m));
    }
    for (int64_t i = 0; i < VL; i++) top = m[i] > top ? m[i] : top;
  }
  for (; j < n; j++) top = x[j] > top ? x[j] : top;
  return top;
}

static real T(total)(int64_t n, const real *x) {
  real sum = 0;
  int64_t j = 0;
  vec m = {0};
  for (; j + VL <= n; j += VL) m += *(const uvec *)(x + j);
  for (int64_t i = 0; i < VL; i++) sum += m[i];
  for (; j < n; j++) sum += x[j];
  return sum;
}

// Which keys of k0 .. k0 + n - 1 the query sees: so many of the first ones.
static int64_t T(seen)(const struct nn_attention *a, int64_t query, int64_t k0, int64_t n) {
  if (!a->causal) return n;
  const int64_t live = query + 1 - k0;
  return live < 0 ? 0 : min64(live, n);
}

// Products to scores: times scale, mask. s[n].
static void T(scores)(const struct nn_attention *a, int64_t b, int64_t h, int64_t query, int64_t k0, int64_t n, real *s) {
  const real scale = (real)a->scale;
  const int64_t at = b * a->mask_batch + h * a->mask_head + query * a->mask_query + k0 * a->mask_key, step = a->mask_key;
  if (a->mask == NULL) {
    NN_VECTOR_LOOP for (int64_t j = 0; j < n; j++) s[j] *= scale;
  } else if (a->mask_is_bool) {
    const uint8_t *m = (const uint8_t *)a->mask + at;
    for (int64_t j = 0; j < n; j++) s[j] = m[j * step] ? s[j] * scale : -(real)INFINITY;
  } else {
    const real *m = (const real *)a->mask + at;
    for (int64_t j = 0; j < n; j++) s[j] = s[j] * scale + m[j * step];
  }
}

// 0 where a weight is dropped, else what the others are multiplied by.
static void T(draw)(const struct nn_attention *a, int64_t b, int64_t h, int64_t query, int64_t k0, int64_t n, real *z) {
  uint32_t bits[KEYS];
  const int64_t row = (b * a->heads + h) * a->queries + query;
  const uint64_t first = (uint64_t)(row * nn_attention_draws(a->keys) + k0);
  NN_KERNEL(nn_random_table).philox(a->seed, a->offset + first / 4, (n + 3) / 4, bits);
  for (int64_t j = 0; j < n; j++) z[j] = bits[j] < a->drop_below ? 0 : (real)a->keep_scale;
}

// ---- forward -------------------------------------------------------------------------------------------

// One query's scores become weights relative to the highest so far; what it had is brought to the same measure.
static void T(weigh)(const struct nn_attention *a, int64_t b, int64_t h, int64_t query, int64_t k0, int64_t n, real *s,
                     real *high, real *sum, real *o) {
  const int64_t live = T(seen)(a, query, k0, n), wide = T(padded)(a->value_width);
  T(scores)(a, b, h, query, k0, live, s);
  const real before = *high, top = T(top)(live, s), now = top > before ? top : before;
  for (int64_t j = live; j < n; j++) s[j] = 0;
  if (!(now > -(real)INFINITY)) {
    const real nothing = T(total)(live, s); // NaN stays NaN
    for (int64_t j = 0; j < live; j++) s[j] = nothing == nothing ? 0 : nothing;
    *sum = nothing == nothing ? *sum : nothing;
    return;
  }
  NN_VECTOR_LOOP for (int64_t j = 0; j < live; j++) s[j] = M(exp)(s[j] - now);
  const real factor = M(exp)(before - now);
  *sum = *sum * factor + T(total)(live, s);
  *high = now;
  if (factor != 1) NN_VECTOR_LOOP for (int64_t j = 0; j < wide; j++) o[j] *= factor;
  if (a->drop_below) {
    real z[KEYS];
    T(draw)(a, b, h, query, k0, live, z);
    NN_VECTOR_LOOP for (int64_t j = 0; j < live; j++) s[j] *= z[j];
  }
}

struct T(forward_room) {
  real *kt, *v, *s, *o;
};

static size_t T(forward_scratch)(const struct nn_attention *a) {
  const int64_t wide = T(padded)(a->value_width);
  const int64_t n = T(padded)(a->keys) * a->width + a->keys * wide + ROWS * (KEYS + wide) + 4 * U;
  return (size_t)n * sizeof(real);
}

static void T(finish)(const struct nn_attention *a, int64_t b, int64_t h, int64_t q0, int64_t rows, const real *high,
                      const real *sum, const real *o) {
  const int64_t wide = T(padded)(a->value_width);
  real *out = (real *)(uintptr_t)T(rows_of)(&a->out, b, h), *lse = a->lse;
  for (int64_t i = 0; i < rows; i++) {
    const real f = sum[i] == 0 ? 0 : 1 / sum[i], *from = o + i * wide;
    real *to = out + (q0 + i) * a->out.row;
    NN_VECTOR_LOOP for (int64_t j = 0; j < a->value_width; j++) to[j] = from[j] * f;
    if (lse) lse[(b * a->heads + h) * a->queries + q0 + i] = sum[i] == 0 ? -(real)INFINITY : high[i] + M(log)(sum[i]);
  }
}

static void T(forward_rows)(const struct nn_attention *a, int64_t b, int64_t h, int64_t q0, int64_t rows,
                            const struct T(forward_room) *m) {
  const int64_t wide = T(padded)(a->value_width), end = a->causal ? min64(a->keys, q0 + rows) : a->keys;
  const real *q = T(rows_of)(&a->q, b, h) + q0 * a->q.row;
  real high[ROWS], sum[ROWS];
  for (int64_t i = 0; i < rows; i++) high[i] = -(real)INFINITY, sum[i] = 0;
  memset(m->o, 0, (size_t)(rows * wide) * sizeof(real));
  for (int64_t k0 = 0; k0 < end; k0 += KEYS) {
    const int64_t n = min64(KEYS, end - k0);
    T(product)(false, rows, a->width, n, q, a->q.row, m->kt + k0 * a->width, U, a->width * U, m->s, KEYS, false);
    for (int64_t i = 0; i < rows; i++)
      T(weigh)(a, b, h, q0 + i, k0, n, m->s + i * KEYS, &high[i], &sum[i], m->o + i * wide);
    T(product)(false, rows, n, a->value_width, m->s, KEYS, m->v + k0 * wide, wide, U, m->o, wide, true);
  }
  T(finish)(a, b, h, q0, rows, high, sum, m->o);
}

static bool T(forward)(const struct nn_attention *a, int64_t pair, int64_t q0, int64_t q1, void *scratch) {
  const int64_t b = pair / a->heads, h = pair % a->heads, g = h / (a->heads / a->kv_heads);
  const int64_t wide = T(padded)(a->value_width), end = a->causal ? min64(a->keys, q1) : a->keys;
  struct T(forward_room) m = {.kt = scratch};
  m.v = m.kt + T(padded)(a->keys) * a->width;
  m.s = m.v + a->keys * wide;
  m.o = m.s + ROWS * KEYS;
  T(pack_transposed)(end, a->width, T(rows_of)(&a->k, b, g), a->k.row, m.kt);
  T(pack_plain)(end, a->value_width, T(rows_of)(&a->v, b, g), a->v.row, m.v);
  for (int64_t i = q0; i < q1; i += ROWS) {
    if (nn_interrupted()) return false;
    T(forward_rows)(a, b, h, i, min64(ROWS, q1 - i), &m);
  }
  return true;
}

// ---- backward ------------------------------------------------------------------------------------------

struct T(backward_room) {
  real *kt, *vt, *k, *dk, *dv;          // of all keys: panels of the transposes, rows, gradients
  real *q, *dout, *dq, *p, *d, *inner; // of a block of queries: rows, gradient, two tiles, sum of dout * out
};

static int64_t T(lay_out)(const struct nn_attention *a, real *at, struct T(backward_room) *m) {
  const int64_t e = T(padded)(a->width), ev = T(padded)(a->value_width), keys = T(padded)(a->keys);
  const int64_t sizes[] = {keys * a->width, keys * a->value_width, a->keys * e, a->keys * e, a->keys * ev, ROWS * e, ROWS * ev,
                           ROWS * e, ROWS * KEYS, ROWS * KEYS, ROWS};
  real **parts[] = {&m->kt, &m->vt, &m->k, &m->dk, &m->dv, &m->q, &m->dout, &m->dq, &m->p, &m->d, &m->inner};
  int64_t total = 0;
  for (int i = 0; i < 11; i++) {
    if (at) *parts[i] = at + total;
    total += ceil_div(sizes[i] + 1, U) * U;
  }
  return total;
}

static size_t T(backward_scratch)(const struct nn_attention *a) {
  struct T(backward_room) m;
  return (size_t)T(lay_out)(a, NULL, &m) * sizeof(real);
}

// From a query's products p = q k^T and d = dout v^T to its weights (as dropped) and the gradient of the products.
static void T(weigh_back)(const struct nn_attention *a, int64_t b, int64_t h, int64_t query, int64_t k0, int64_t n, real *p,
                          real *d, real inner) {
  const int64_t live = T(seen)(a, query, k0, n);
  const real lse = ((const real *)a->lse)[(b * a->heads + h) * a->queries + query], scale = (real)a->scale;
  for (int64_t j = live; j < n; j++) p[j] = d[j] = 0;
  if (lse == -(real)INFINITY) {
    for (int64_t j = 0; j < live; j++) p[j] = d[j] = 0;
    return;
  }
  T(scores)(a, b, h, query, k0, live, p);
  NN_VECTOR_LOOP for (int64_t j = 0; j < live; j++) p[j] = M(exp)(p[j] - lse);
  if (a->drop_below) {
    real z[KEYS];
    T(draw)(a, b, h, query, k0, live, z);
    NN_VECTOR_LOOP for (int64_t j = 0; j < live; j++) {
      d[j] = p[j] * (z[j] * d[j] - inner) * scale;
      p[j] *= z[j];
    }
  } else {
    NN_VECTOR_LOOP for (int64_t j = 0; j < live; j++) d[j] = p[j] * (d[j] - inner) * scale;
  }
}

static void T(backward_rows)(const struct nn_attention *a, int64_t b, int64_t h, int64_t q0, int64_t rows,
                             const struct T(backward_room) *m) {
  const int64_t e = T(padded)(a->width), ev = T(padded)(a->value_width), w = a->width, wv = a->value_width;
  const real *q = T(rows_of)(&a->q, b, h) + q0 * a->q.row, *out = T(rows_of)(&a->out, b, h) + q0 * a->out.row;
  const real *dout = T(rows_of)(&a->dout, b, h) + q0 * a->dout.row;
  const int64_t end = a->causal ? min64(a->keys, q0 + rows) : a->keys;
  T(pack_plain)(rows, w, q, a->q.row, m->q);
  T(pack_plain)(rows, wv, dout, a->dout.row, m->dout);
  for (int64_t i = 0; i < rows; i++) {
    real *t = m->dq; // products for now
    NN_VECTOR_LOOP for (int64_t j = 0; j < wv && j < e; j++) t[j] = dout[i * a->dout.row + j] * out[i * a->out.row + j];
    m->inner[i] = T(total)(min64(wv, e), t);
    for (int64_t j = e; j < wv; j++) m->inner[i] += dout[i * a->dout.row + j] * out[i * a->out.row + j];
  }
  memset(m->dq, 0, (size_t)(rows * e) * sizeof(real));
  for (int64_t k0 = 0; k0 < end; k0 += KEYS) {
    const int64_t n = min64(KEYS, end - k0);
    T(product)(false, rows, w, n, m->q, e, m->kt + k0 * w, U, w * U, m->p, KEYS, false);
    T(product)(false, rows, wv, n, m->dout, ev, m->vt + k0 * wv, U, wv * U, m->d, KEYS, false);
    for (int64_t i = 0; i < rows; i++)
      T(weigh_back)(a, b, h, q0 + i, k0, n, m->p + i * KEYS, m->d + i * KEYS, m->inner[i]);
    T(product)(true, n, rows, wv, m->p, KEYS, m->dout, ev, U, m->dv + k0 * ev, ev, true);
    T(product)(true, n, rows, w, m->d, KEYS, m->q, e, U, m->dk + k0 * e, e, true);
    T(product)(false, rows, n, w, m->d, KEYS, m->k + k0 * e, e, U, m->dq, e, true);
  }
  T(unpack)(rows, w, m->dq, (real *)(uintptr_t)T(rows_of)(&a->dq, b, h) + q0 * a->dq.row, a->dq.row);
}

static bool T(backward)(const struct nn_attention *a, int64_t pair, void *scratch) {
  const int64_t b = pair / a->kv_heads, g = pair % a->kv_heads, share = a->heads / a->kv_heads;
  const int64_t e = T(padded)(a->width), ev = T(padded)(a->value_width), n = a->keys;
  struct T(backward_room) m;
  T(lay_out)(a, scratch, &m);
  T(pack_transposed)(n, a->width, T(rows_of)(&a->k, b, g), a->k.row, m.kt);
  T(pack_transposed)(n, a->value_width, T(rows_of)(&a->v, b, g), a->v.row, m.vt);
  T(pack_plain)(n, a->width, T(rows_of)(&a->k, b, g), a->k.row, m.k);
  memset(m.dk, 0, (size_t)(n * e) * sizeof(real));
  memset(m.dv, 0, (size_t)(n * ev) * sizeof(real));
  for (int64_t h = g * share; h < (g + 1) * share; h++)
    for (int64_t i = 0; i < a->queries; i += ROWS) {
      if (nn_interrupted()) return false;
      T(backward_rows)(a, b, h, i, min64(ROWS, a->queries - i), &m);
    }
  T(unpack)(n, a->width, m.dk, (real *)(uintptr_t)T(rows_of)(&a->dk, b, g), a->dk.row);
  T(unpack)(n, a->value_width, m.dv, (real *)(uintptr_t)T(rows_of)(&a->dv, b, g), a->dv.row);
  return true;
}

#undef U
