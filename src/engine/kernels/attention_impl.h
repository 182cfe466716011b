// Template of attention.c for the type `real`. A block of W queries (or half as many) lies across the vectors: a tile of
// scores or weights is [key][w], so that maxima, sums and factors of a query stay in its lane, and keys and values are
// read where they are, one number at a time. Names: q, k, v as usual; qt, ot ... a block's transpose [element][w].

NN_INLINE vec T(at)(const real *x) { return *(const uvec *)x; }

static const real *T(rows_of)(const struct nn_heads *x, int64_t b, int64_t h) {
  return (const real *)x->data + b * x->batch + h * x->head;
}

// ---- products ------------------------------------------------------------------------------------------

// c[i][j] = (add ? c[i][j] : 0) + sum over k < depth of a[i * ai + k * ak] * b[k][j], for nv vectors of columns j.
NN_INLINE void T(block)(const int rows, const int nv, int64_t depth, const real *a, int64_t ai, int64_t ak, const real *b,
                        int64_t ldb, real *c, int64_t ldc, bool add) {
  vec acc[NN_MICRO_ROWS][2];
  const real *a5 = a + 5 * ai, *a10 = a + 10 * ai;
  NN_HIDE(a5);
  NN_HIDE(a10);
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int u = 0; u < nv; u++) acc[i][u] = add ? T(at)(c + i * ldc + u * VL) : (vec){0};
  for (int64_t k = 0; k < depth; k++) {
    vec x[2];
#pragma GCC unroll 2
    for (int u = 0; u < nv; u++) x[u] = T(at)(b + u * VL);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
      const real *from = i < 5 ? a + i * ai : i < 10 ? a5 + (i - 5) * ai : a10 + (i - 10) * ai;
#pragma GCC unroll 2
      for (int u = 0; u < nv; u++) acc[i][u] += *from * x[u];
    }
    a += ak, a5 += ak, a10 += ak;
    b += ldb;
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int u = 0; u < nv; u++) *(uvec *)(c + i * ldc + u * VL) = acc[i][u];
}

#define CASE(R) \
  case R: \
    T(block)(R, NV, depth, a, STRIDES, b, ldb, c, ldc, add); \
    break;
#define CASES_5 CASE(1) CASE(2) CASE(3) CASE(4) CASE(5)
#if NN_ISA == 2
#define CASES CASES_5 CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
#elif NN_ISA == 1
#define CASES CASES_5 CASE(6)
#else
#define CASES CASES_5
#endif
#define BLOCKS(name) \
  static __attribute__((noinline)) void T(name)(int64_t rows, int64_t depth, const real *a, int64_t lda, const real *b, \
                                                int64_t ldb, real *c, int64_t ldc, bool add) { \
    switch (rows) { \
      CASES \
    default: break; \
    } \
  }

// a is [rows][lda] (rows_*) or [depth][lda] (columns_*); one or two vectors of columns.
#define STRIDES lda, 1
#define NV      1
BLOCKS(rows_1)
#undef NV
#define NV 2
BLOCKS(rows_2)
#undef NV
#undef STRIDES
#define STRIDES 1, lda
#define NV      1
BLOCKS(columns_1)
#undef NV
#define NV 2
BLOCKS(columns_2)
#undef NV
#undef STRIDES
#undef BLOCKS
#undef CASES
#undef CASES_5
#undef CASE

// c[rows][nv vectors] of the rows of a
NN_INLINE void T(times)(const int nv, int64_t rows, int64_t depth, const real *a, int64_t lda, const real *b, int64_t ldb,
                        real *c, int64_t ldc, bool add) {
  for (int64_t k = 0, blocks = T(micro_blocks)(rows); k < blocks; k++) {
    const int64_t i = T(micro_row)(rows, k), n = T(micro_row)(rows, k + 1) - i;
    (nv == 1 ? T(rows_1) : T(rows_2))(n, depth, a + i * lda, lda, b, ldb, c + i * ldc, ldc, add);
  }
}

// And of the columns of a [depth][rows].
NN_INLINE void T(times_columns)(const int nv, int64_t rows, int64_t depth, const real *a, int64_t lda, const real *b,
                                int64_t ldb, real *c, int64_t ldc, bool add) {
  for (int64_t k = 0, blocks = T(micro_blocks)(rows); k < blocks; k++) {
    const int64_t i = T(micro_row)(rows, k), n = T(micro_row)(rows, k + 1) - i;
    (nv == 1 ? T(columns_1) : T(columns_2))(n, depth, a + i, lda, b, ldb, c + i * ldc, ldc, add);
  }
}

// c[rows][cols] = (add ? c : 0) + a b for any whole number of vectors of columns.
static void T(gather)(int64_t rows, int64_t depth, int64_t cols, const real *a, int64_t lda, const real *b, int64_t ldb,
                      real *c, int64_t ldc, bool add) {
  int64_t j = 0;
  for (; j + VL < cols; j += 2 * VL) T(times)(2, rows, depth, a, lda, b + j, ldb, c + j, ldc, add);
  if (j < cols) T(times)(1, rows, depth, a, lda, b + j, ldb, c + j, ldc, add);
}

// ---- transposes ----------------------------------------------------------------------------------------

// rows x cols numbers, zeros in the other lanes
NN_INLINE void T(load_square)(const real *x, int64_t ldx, int64_t rows, int64_t cols, vec v[VL]) {
  if (rows >= VL && cols >= VL) {
#pragma GCC unroll 16
    for (int i = 0; i < VL; i++) v[i] = T(at)(x + i * ldx);
  } else {
    for (int i = 0; i < VL; i++) v[i] = i < rows ? T(nn_load_first)(x + i * ldx, cols) : (vec){0};
  }
}

// Rows x[n][width] as to[width][w] with zeros in the lanes from n on.
NN_INLINE void T(pack)(const int nv, int64_t n, int64_t width, const real *x, int64_t ldx, real scale, real *to) {
  for (int u = 0; u < nv; u++)
    for (int64_t k = 0; k < width; k += VL) {
      vec v[VL];
      const int64_t cols = min64(VL, width - k);
      T(load_square)(x + u * VL * ldx + k, ldx, n - u * VL, cols, v);
      T(nn_turn)(v, VL);
      for (int64_t i = 0; i < cols; i++) *(uvec *)(to + (k + i) * nv * VL + u * VL) = v[i] * scale;
    }
}

// The way back, each query's row divided by its divisor.
NN_INLINE void T(unpack)(const int nv, int64_t n, int64_t width, const real *from, const real *divisor, real *x, int64_t ldx) {
  for (int u = 0; u < nv; u++) {
    const vec f = T(at)(divisor + u * VL);
    const int64_t rows = min64(VL, n - u * VL);
    for (int64_t k = 0; k < width; k += VL) {
      vec v[VL];
      const int64_t cols = min64(VL, width - k);
      for (int64_t i = 0; i < VL; i++) v[i] = i < cols ? T(at)(from + (k + i) * nv * VL + u * VL) / f : (vec){0};
      T(nn_turn)(v, VL);
      if (cols == VL)
        for (int64_t i = 0; i < rows; i++) *(uvec *)(x + (u * VL + i) * ldx + k) = v[i];
      else
        for (int64_t i = 0; i < rows; i++) T(nn_store_first)(x + (u * VL + i) * ldx + k, v[i], cols);
    }
  }
}

// Rows with zeros up to whole vectors.
static void T(pad)(int64_t n, int64_t width, const real *x, int64_t ldx, real *to, int64_t wide) {
  for (int64_t r = 0; r < n; r++, to += wide, x += ldx) {
    memcpy(to, x, (size_t)width * sizeof *to);
    for (int64_t j = width; j < wide; j++) to[j] = 0;
  }
}

// ---- scores --------------------------------------------------------------------------------------------

// A block of queries.
struct T(queries) {
  const struct nn_attention *a;
  int64_t b, h, q0, n; // batch, head, first query, how many
  uint64_t count[2 * VL]; // of the random numbers of key 0
};

static void T(begin)(struct T(queries) *q, const struct nn_attention *a, int64_t b, int64_t h, int64_t q0, int64_t n) {
  q->a = a, q->b = b, q->h = h, q->q0 = q0, q->n = n;
  if (!a->drop_below) return;
  const uint64_t step = (uint64_t)nn_attention_draws(a->keys) / 4;
  const uint64_t first = a->offset + (uint64_t)((b * a->heads + h) * a->queries + q0) * step;
  for (int64_t j = 0; j < 2 * VL; j++) q->count[j] = first + (uint64_t)j * step;
}

// Keys behind a query leave it alone: -inf there. Keys k0 .. k0 + n - 1.
NN_INLINE void T(look_back)(const int nv, int64_t q0, int64_t k0, int64_t n, real *s) {
  vec low[2];
  for (int j = 0; j < nv * VL; j++) low[j / VL][j % VL] = (real)j;
  for (int64_t k = q0 > k0 ? q0 - k0 : 0; k < n; k++) {
    const real first = (real)(k0 + k - q0); // lanes from here on see it
    for (int u = 0; u < nv; u++) {
      const ivec seen = (ivec)(low[u] >= first);
      const vec x = T(at)(s + (k * nv + u) * VL), hidden = (vec){0} - (real)INFINITY;
      *(uvec *)(s + (k * nv + u) * VL) = (vec)((seen & (ivec)x) | (~seen & (ivec)hidden));
    }
  }
}

// The mask of VL queries and VL keys, transposed: numbers to add, -inf where a bool says no.
NN_INLINE void T(mask_square)(const struct nn_attention *a, int64_t at, int64_t queries, int64_t keys, vec v[VL]) {
  if (!a->mask_is_bool && a->mask_key == 1) {
    T(load_square)((const real *)a->mask + at, a->mask_query, queries, keys, v);
  } else {
    real x[VL][VL] = {{0}};
    for (int64_t i = 0; i < queries && i < VL; i++)
      for (int64_t k = 0; k < keys; k++) {
        const int64_t j = at + i * a->mask_query + k * a->mask_key;
        x[i][k] = !a->mask_is_bool ? ((const real *)a->mask)[j] : ((const uint8_t *)a->mask)[j] ? 0 : -(real)INFINITY;
      }
    memcpy(v, x, sizeof x);
  }
  T(nn_turn)(v, VL);
}

NN_INLINE vec T(masked)(vec s, vec m, bool hides) {
  if (!hides) return s + m;
  const ivec off = (ivec)(m < 0);
  return (vec)((off & (ivec)m) | (~off & (ivec)s));
}

NN_INLINE void T(add_mask)(const int nv, const struct T(queries) *q, int64_t k0, int64_t n, real *s) {
  const struct nn_attention *a = q->a;
  const int64_t at = q->b * a->mask_batch + q->h * a->mask_head + q->q0 * a->mask_query + k0 * a->mask_key;
  if (a->mask_query == 0) {
    for (int64_t k = 0; k < n; k++) {
      const int64_t j = at + k * a->mask_key;
      const real m = !a->mask_is_bool ? ((const real *)a->mask)[j] : ((const uint8_t *)a->mask)[j] ? 0 : -(real)INFINITY;
      for (int u = 0; u < nv; u++) {
        real *x = s + (k * nv + u) * VL;
        *(uvec *)x = T(masked)(T(at)(x), (vec){0} + m, a->mask_is_bool);
      }
    }
    return;
  }
  for (int u = 0; u < nv; u++)
    for (int64_t k = 0; k < n; k += VL) {
      vec v[VL];
      const int64_t count = min64(VL, n - k);
      T(mask_square)(a, at + u * VL * a->mask_query + k * a->mask_key, q->n - u * VL, count, v);
      for (int64_t i = 0; i < count; i++) {
        real *x = s + ((k + i) * nv + u) * VL;
        *(uvec *)x = T(masked)(T(at)(x), v[i], a->mask_is_bool);
      }
    }
}

// What the block's queries, scaled, give with keys k0 .. k0 + n - 1: s[n][w].
NN_INLINE void T(scores)(const int nv, const struct T(queries) *q, const real *k, int64_t k0, int64_t n, const real *qt,
                         real *s) {
  const struct nn_attention *a = q->a;
  T(times)(nv, n, a->width, k + k0 * a->k.row, a->k.row, qt, nv * VL, s, nv * VL, false);
  if (a->mask) T(add_mask)(nv, q, k0, n, s);
  if (a->causal && k0 + n > q->q0) T(look_back)(nv, q->q0, k0, n, s);
}

// z[4][w] for keys k .. k + 3, k a multiple of 4: 0 where a weight is dropped, else what the others are multiplied by.
NN_INLINE void T(draw)(const int nv, const struct T(queries) *q, int64_t k, real *z) {
  const struct nn_attention *a = q->a;
  const real keep = (real)a->keep_scale;
  uint32_t bits[4][2 * VL + NN_PHILOX_LANES];
  for (int j = 0; j < nv * VL; j += NN_PHILOX_LANES) {
    nn_vu64 at, word[4];
    memcpy(&at, q->count + j, sizeof at);
    nn_philox(a->seed, at + (uint64_t)k / 4, word);
    for (int i = 0; i < 4; i++) {
      const nn_vu32_half half = __builtin_convertvector(word[i], nn_vu32_half);
      memcpy(&bits[i][j], &half, sizeof half);
    }
  }
  for (int i = 0; i < 4; i++)
    NN_VECTOR_LOOP for (int j = 0; j < nv * VL; j++) z[i * nv * VL + j] = bits[i][j] < a->drop_below ? 0 : keep;
}

// ---- forward -------------------------------------------------------------------------------------------

// Scores become weights relative to the highest so far. What there was is brought to the same measure.
NN_INLINE void T(weigh)(const int nv, int64_t n, real *s, vec high[2], vec sum[2], bool first, int64_t width, real *ot) {
  vec top[2], factor[2];
  for (int u = 0; u < nv; u++) top[u] = high[u];
  for (int64_t k = 0; k < n; k++)
#pragma GCC unroll 2
    for (int u = 0; u < nv; u++) top[u] = T(higher)(T(at)(s + (k * nv + u) * VL), top[u]);
#pragma GCC unroll 2
  for (int u = 0; u < nv; u++) {
    const ivec none = (ivec)(top[u] == -(real)INFINITY);
    const vec before = high[u];
    high[u] = top[u];
    top[u] = (vec)(~none & (ivec)top[u]); // 0 where nothing was seen
    factor[u] = T(exp_low)(before - top[u]);
    sum[u] *= factor[u];
  }
  for (int64_t k = 0; k < n; k++)
#pragma GCC unroll 2
    for (int u = 0; u < nv; u++) {
      real *x = s + (k * nv + u) * VL;
      const vec e = T(exp_low)(T(at)(x) - top[u]);
      sum[u] += e;
      *(uvec *)x = e;
    }
  if (first) return;
  for (int64_t i = 0; i < width; i++)
#pragma GCC unroll 2
    for (int u = 0; u < nv; u++) *(uvec *)(ot + (i * nv + u) * VL) *= factor[u];
}

NN_INLINE void T(drop)(const int nv, const struct T(queries) *q, int64_t k0, int64_t n, real *s) {
  real z[4 * 2 * VL];
  for (int64_t k = 0; k < n; k += 4) {
    T(draw)(nv, q, k0 + k, z);
    for (int64_t i = 0; i < min64(4, n - k) * nv; i++)
      *(uvec *)(s + k * nv * VL + i * VL) *= T(at)(z + i * VL);
  }
}

NN_INLINE void T(finish)(const int nv, const struct T(queries) *q, const vec high[2], const vec sum[2], const real *ot) {
  const struct nn_attention *a = q->a;
  real factor[2 * VL], *lse = a->lse ? (real *)a->lse + (q->b * a->heads + q->h) * a->queries + q->q0 : NULL;
  for (int64_t j = 0; j < nv * VL; j++) {
    const real total = sum[j / VL][j % VL];
    factor[j] = total == 0 ? 1 : total;
    if (lse && j < q->n) lse[j] = total == 0 ? -(real)INFINITY : high[j / VL][j % VL] + M(log)(total);
  }
  T(unpack)(nv, q->n, a->value_width, ot, factor, (real *)(uintptr_t)T(rows_of)(&a->out, q->b, q->h) + q->q0 * a->out.row,
            a->out.row);
}

// A block of queries on its way past the keys.
struct T(course) {
  struct T(queries) q;
  real *qt, *ot;
  vec high[2], sum[2];
};

NN_INLINE void T(depart)(const int nv, struct T(course) *c) {
  const struct T(queries) *q = &c->q;
  const struct nn_attention *a = q->a;
  for (int u = 0; u < 2; u++) c->high[u] = (vec){0} - (real)INFINITY, c->sum[u] = (vec){0};
  T(pack)(nv, q->n, a->width, T(rows_of)(&a->q, q->b, q->h) + q->q0 * a->q.row, a->q.row, (real)a->scale, c->qt);
  memset(c->ot, 0, (size_t)(a->value_width * nv * VL) * sizeof *c->ot);
}

// Past keys k0 .. k0 + n - 1, those that lie ahead left out.
NN_INLINE void T(pass)(const int nv, struct T(course) *c, const real *k, const real *v, int64_t k0, int64_t n, real *s) {
  const struct T(queries) *q = &c->q;
  const struct nn_attention *a = q->a;
  if (a->causal) n = min64(n, q->q0 + q->n - k0);
  if (n <= 0) return;
  T(scores)(nv, q, k, k0, n, c->qt, s);
  T(weigh)(nv, n, s, c->high, c->sum, k0 == 0, a->value_width, c->ot);
  if (a->drop_below) T(drop)(nv, q, k0, n, s);
  T(times_columns)(nv, a->value_width, n, v + k0 * a->v.row, a->v.row, s, nv * VL, c->ot, nv * VL, k0 > 0);
}

// A few blocks of one head, all past some keys before the next ones, which the second level cache need not hold. Scratch: a
// tile, then queries and results of each block.
NN_INLINE void T(attend)(const int nv, const struct nn_attention *a, int64_t b, int64_t h, int64_t q0, int64_t q1, real *s) {
  const int64_t w = nv * VL, g = h / (a->heads / a->kv_heads), end = a->causal ? min64(a->keys, q1) : a->keys;
  const real *k = T(rows_of)(&a->k, b, g), *v = T(rows_of)(&a->v, b, g);
  struct T(course) course[GROUP];
  int64_t count = 0;
  for (real *at = s + KEYS * w; q0 < q1; q0 += w, count++, at += (a->width + a->value_width) * w) {
    course[count].qt = at, course[count].ot = at + a->width * w;
    T(begin)(&course[count].q, a, b, h, q0, min64(w, q1 - q0));
    T(depart)(nv, &course[count]);
  }
  for (int64_t k0 = 0; k0 < end; k0 += KEYS)
    for (int64_t i = 0; i < count; i++) T(pass)(nv, &course[i], k, v, k0, min64(KEYS, end - k0), s);
  for (int64_t i = 0; i < count; i++) T(finish)(nv, &course[i].q, course[i].high, course[i].sum, course[i].ot);
}

static __attribute__((noinline)) void T(attend_1)(const struct nn_attention *a, int64_t b, int64_t h, int64_t q0, int64_t q1,
                                                  real *s) {
  T(attend)(1, a, b, h, q0, q1, s);
}
static __attribute__((noinline)) void T(attend_2)(const struct nn_attention *a, int64_t b, int64_t h, int64_t q0, int64_t q1,
                                                  real *s) {
  T(attend)(2, a, b, h, q0, q1, s);
}

// ---- a few queries: elements of keys and values across the vectors ---------------------------------------

// s[n] = k q for a query of zeros up to a whole vector.
static void T(row_scores)(int64_t n, int64_t width, const real *k, int64_t ldk, const real *q, real *s) {
  const int64_t whole = width / VL * VL;
  for (int64_t r = 0; r < n; r += VL, k += VL * ldk) {
    vec v[VL];
#pragma GCC unroll 16
    for (int i = 0; i < VL; i++) {
      const real *x = k + (r + i < n ? i * ldk : 0);
      vec sum = {0};
      for (int64_t j = 0; j < whole; j += VL) sum += T(at)(x + j) * T(at)(q + j);
      if (whole < width) sum += T(nn_load_first)(x + whole, width - whole) * T(at)(q + whole);
      v[i] = sum;
    }
    *(uvec *)(s + r) = T(nn_sums_across)(v);
  }
}

// o[width] = o * factor + s v
static void T(row_values)(int64_t n, int64_t width, const real *s, const real *v, int64_t ldv, real factor, real *o) {
  for (int64_t j = 0; j < width; j += 4 * VL) {
    vec sum[2][4] = {{{0}}};
    const int64_t left = width - j;
    if (left >= 4 * VL) {
      for (int64_t k = 0; k < n; k += 2) {
        const int64_t next = k + 1 < n;
        const real p = s[k], p1 = next ? s[k + 1] : 0, *x = v + k * ldv + j, *y = x + next * ldv;
#pragma GCC unroll 4
        for (int u = 0; u < 4; u++) {
          sum[0][u] += p * T(at)(x + u * VL);
          sum[1][u] += p1 * T(at)(y + u * VL);
        }
      }
    } else {
      for (int64_t k = 0; k < n; k++)
        for (int u = 0; u * VL < left; u++)
          sum[0][u] += s[k] * (left - u * VL >= VL ? T(at)(v + k * ldv + j + u * VL)
                                                  : T(nn_load_first)(v + k * ldv + j + u * VL, left - u * VL));
    }
    for (int u = 0; u < 4 && u * VL < left; u++) {
      real *to = o + j + u * VL; // zeros behind the last element
      *(uvec *)to = T(at)(to) * factor + (sum[0][u] + sum[1][u]);
    }
  }
}

// Masks scores of one query, and brings them to weights.
static void T(row_weigh)(const struct T(queries) *q, int64_t k0, int64_t n, real *s, real *high, real *sum, real *factor) {
  const struct nn_attention *a = q->a;
  const int64_t at = q->b * a->mask_batch + q->h * a->mask_head + q->q0 * a->mask_query + k0 * a->mask_key;
  real top = *high, total = 0;
  NN_VECTOR_LOOP for (int64_t k = 0; k < n; k++) s[k] *= (real)a->scale;
  if (a->mask && a->mask_is_bool)
    for (int64_t k = 0; k < n; k++) s[k] = ((const uint8_t *)a->mask)[at + k * a->mask_key] ? s[k] : -(real)INFINITY;
  else if (a->mask)
    for (int64_t k = 0; k < n; k++) s[k] += ((const real *)a->mask)[at + k * a->mask_key];
  for (int64_t k = 0; k < n; k++) top = s[k] > top ? s[k] : top;
  const real base = top == -(real)INFINITY ? 0 : top;
  NN_VECTOR_LOOP for (int64_t k = 0; k < n; k++) s[k] = M(exp)(s[k] - base);
  for (int64_t k = 0; k < n; k++) total += s[k];
  *factor = M(exp)(*high - base);
  *sum = *sum * *factor + total;
  *high = top;
}

static void T(attend_row)(const struct T(queries) *q, real *s) {
  const struct nn_attention *a = q->a;
  const int64_t g = q->h / (a->heads / a->kv_heads), end = a->causal ? min64(a->keys, q->q0 + 1) : a->keys;
  const real *k = T(rows_of)(&a->k, q->b, g), *v = T(rows_of)(&a->v, q->b, g);
  const real *query = T(rows_of)(&a->q, q->b, q->h) + q->q0 * a->q.row;
  real *qs = s + KEYS, *o = qs + a->width + VL, high = -(real)INFINITY, sum = 0, factor = 0;
  real *out = (real *)(uintptr_t)T(rows_of)(&a->out, q->b, q->h) + q->q0 * a->out.row;
  for (int64_t j = 0; j < a->width + VL; j++) qs[j] = j < a->width ? query[j] : 0;
  memset(o, 0, (size_t)(a->value_width + VL) * sizeof *o);
  for (int64_t k0 = 0; k0 < end; k0 += KEYS) {
    const int64_t n = min64(KEYS, end - k0);
    T(row_scores)(n, a->width, k + k0 * a->k.row, a->k.row, qs, s);
    T(row_weigh)(q, k0, n, s, &high, &sum, &factor);
    T(row_values)(n, a->value_width, s, v + k0 * a->v.row, a->v.row, factor, o);
  }
  const real divisor = sum == 0 ? 1 : sum;
  for (int64_t j = 0; j < a->value_width; j++) out[j] = o[j] / divisor;
  if (a->lse)
    ((real *)a->lse)[(q->b * a->heads + q->h) * a->queries + q->q0] = sum == 0 ? -(real)INFINITY : high + M(log)(sum);
}

static size_t T(forward_scratch)(const struct nn_attention *a) {
  return (size_t)(2 * VL * (KEYS + GROUP * (a->width + a->value_width) + 2)) * sizeof(real);
}

static bool T(forward)(const struct nn_attention *a, int64_t pair, int64_t q0, int64_t q1, void *scratch) {
  const int64_t b = pair / a->heads, h = pair % a->heads, w = 2 * VL;
  const bool few = q1 - q0 <= FEW && !a->drop_below;
  for (int64_t i = q0; i < q1;) {
    const int64_t blocks = few ? 0 : min64(GROUP, (q1 - i) / w), rest = few ? 1 : min64(w, q1 - i);
    if (nn_interrupted()) return false;
    if (few) {
      struct T(queries) q;
      T(begin)(&q, a, b, h, i, 1);
      T(attend_row)(&q, scratch);
    } else if (blocks > 0 || rest > VL) {
      T(attend_2)(a, b, h, i, i + (blocks > 0 ? blocks * w : rest), scratch);
    } else {
      T(attend_1)(a, b, h, i, i + rest, scratch);
    }
    i += blocks > 0 ? blocks * w : rest;
  }
  return true;
}

// ---- backward ------------------------------------------------------------------------------------------

// Rows of queries, of the gradient of the result, and the gradients of keys and values, all in whole vectors: where they
// are, or (when the width is not one of whole vectors) copies.
struct T(backward_room) {
  real *p, *d, *qt, *gt, *dqt; // two tiles; queries, gradient of the result, gradient of the queries
  real *q, *g, *dk, *dv;
  int64_t wide, value_wide; // whole vectors
};

static bool T(whole)(int64_t width) { return width % VL == 0; }

static int64_t T(lay_out)(const struct nn_attention *a, int64_t keys, real *at, struct T(backward_room) *m) {
  const int64_t w = 2 * VL, e = ceil_div(a->width, VL) * VL, ev = ceil_div(a->value_width, VL) * VL;
  const bool copy = !T(whole)(a->width), copy_value = !T(whole)(a->value_width);
  const int64_t sizes[] = {KEYS * w, KEYS * w, a->width * w, a->value_width * w, a->width * w,
                           copy ? w * e : 0, copy_value ? w * ev : 0, copy ? keys * e : 0, copy_value ? keys * ev : 0};
  real **parts[] = {&m->p, &m->d, &m->qt, &m->gt, &m->dqt, &m->q, &m->g, &m->dk, &m->dv};
  int64_t total = 0;
  for (int i = 0; i < 9; i++) {
    if (at) *parts[i] = at + total;
    total += sizes[i];
  }
  m->wide = e, m->value_wide = ev;
  return total;
}

static size_t T(backward_scratch)(const struct nn_attention *a, int64_t keys) {
  struct T(backward_room) m;
  return (size_t)T(lay_out)(a, keys, NULL, &m) * sizeof(real);
}

// The gradient of the result, transposed, and its product with the result, of each query.
NN_INLINE void T(pack_grad)(const int nv, const struct T(queries) *q, real *gt, real *inner) {
  const struct nn_attention *a = q->a;
  const real *g = T(rows_of)(&a->dout, q->b, q->h) + q->q0 * a->dout.row;
  const real *y = T(rows_of)(&a->out, q->b, q->h) + q->q0 * a->out.row;
  for (int u = 0; u < nv; u++) {
    vec sum = {0};
    for (int64_t k = 0; k < a->value_width; k += VL) {
      vec x[VL], z[VL];
      const int64_t cols = min64(VL, a->value_width - k), rows = q->n - u * VL;
      T(load_square)(g + u * VL * a->dout.row + k, a->dout.row, rows, cols, x);
      T(load_square)(y + u * VL * a->out.row + k, a->out.row, rows, cols, z);
      T(nn_turn)(x, VL);
      T(nn_turn)(z, VL);
      for (int64_t i = 0; i < cols; i++) {
        *(uvec *)(gt + ((k + i) * nv + u) * VL) = x[i];
        sum += x[i] * z[i];
      }
    }
    *(uvec *)(inner + u * VL) = sum;
  }
}

// From scores p and d = dout v^T to the weights (as dropped) and the gradient of the scores, `scale` times.
NN_INLINE void T(weigh_back)(const int nv, const struct T(queries) *q, int64_t k0, int64_t n, real *p, real *d,
                             const real *lse, const real *inner, real scale) {
  real z[4 * 2 * VL];
  vec l[2], in[2];
  for (int u = 0; u < nv; u++) l[u] = T(at)(lse + u * VL), in[u] = T(at)(inner + u * VL);
  if (q->a->drop_below == 0) {
    for (int64_t k = 0; k < n; k++)
#pragma GCC unroll 2
      for (int u = 0; u < nv; u++) {
        real *x = p + (k * nv + u) * VL, *y = d + (k * nv + u) * VL;
        const vec e = T(exp_low)(T(at)(x) - l[u]);
        *(uvec *)x = e;
        *(uvec *)y = e * scale * (T(at)(y) - in[u]);
      }
    return;
  }
  for (int64_t k = 0; k < n; k++) {
    if (k % 4 == 0) T(draw)(nv, q, k0 + k, z);
    for (int u = 0; u < nv; u++) {
      real *x = p + (k * nv + u) * VL, *y = d + (k * nv + u) * VL;
      const vec e = T(exp_low)(T(at)(x) - l[u]), f = T(at)(z + (k % 4 * nv + u) * VL);
      *(uvec *)x = e * f;
      *(uvec *)y = e * scale * (f * T(at)(y) - in[u]);
    }
  }
}

// Adds the gradient of the scores to that of the mask.
static void T(mask_grad)(const struct T(queries) *q, int64_t w, int64_t k0, int64_t n, const real *d, real *dmask) {
  const struct nn_attention *a = q->a;
  real *to = dmask + q->b * a->dmask_batch + q->h * a->dmask_head + q->q0 * a->dmask_query + k0 * a->dmask_key;
  for (int64_t j = 0; j < q->n; j++)
    for (int64_t k = 0; k < n; k++) to[j * a->dmask_query + k * a->dmask_key] += d[k * w + j];
}

// A block of queries against the keys k0 .. k1 - 1. first: what the gradients of keys and values begin with.
NN_INLINE void T(attend_back)(const int nv, const struct T(queries) *q, int64_t k0, int64_t k1, real *dmask,
                              const struct T(backward_room) *m, bool first) {
  const struct nn_attention *a = q->a;
  const int64_t w = nv * VL, g = q->h / (a->heads / a->kv_heads), stop = a->causal ? min64(k1, q->q0 + q->n) : k1;
  const real *k = T(rows_of)(&a->k, q->b, g), *v = T(rows_of)(&a->v, q->b, g);
  const real *rows = T(rows_of)(&a->q, q->b, q->h) + q->q0 * a->q.row;
  const real *grad = T(rows_of)(&a->dout, q->b, q->h) + q->q0 * a->dout.row;
  real *dk = (real *)(uintptr_t)T(rows_of)(&a->dk, q->b, g) + k0 * a->dk.row;
  real *dv = (real *)(uintptr_t)T(rows_of)(&a->dv, q->b, g) + k0 * a->dv.row;
  int64_t ldq = a->q.row, ldg = a->dout.row, ldk = a->dk.row, ldv = a->dv.row;
  real lse[2 * VL], inner[2 * VL], one[2 * VL];
  for (int64_t j = 0; j < w; j++) {
    const real x = j < q->n ? ((const real *)a->lse)[(q->b * a->heads + q->h) * a->queries + q->q0 + j] : -(real)INFINITY;
    lse[j] = x == -(real)INFINITY ? (real)INFINITY : x;
    one[j] = 1;
  }
  T(pack)(nv, q->n, a->width, rows, a->q.row, (real)a->scale, m->qt);
  T(pack_grad)(nv, q, m->gt, inner);
  if (!T(whole)(a->width)) T(pad)(q->n, a->width, rows, ldq, m->q, m->wide), rows = m->q, dk = m->dk, ldq = ldk = m->wide;
  if (!T(whole)(a->value_width))
    T(pad)(q->n, a->value_width, grad, ldg, m->g, m->value_wide), grad = m->g, dv = m->dv, ldg = ldv = m->value_wide;
  const real scale = (real)a->scale;
  if (stop <= k0) memset(m->dqt, 0, (size_t)(a->width * w) * sizeof *m->dqt);
  for (int64_t i = k0; i < stop; i += KEYS) {
    const int64_t n = min64(KEYS, stop - i);
    T(scores)(nv, q, k, i, n, m->qt, m->p);
    T(times)(nv, n, a->value_width, v + i * a->v.row, a->v.row, m->gt, w, m->d, w, false);
    T(weigh_back)(nv, q, i, n, m->p, m->d, lse, inner, dmask ? 1 : scale);
    if (dmask) {
      T(mask_grad)(q, w, i, n, m->d, dmask);
      NN_VECTOR_LOOP for (int64_t j = 0; j < n * w; j++) m->d[j] *= scale;
    }
    T(gather)(n, q->n, m->value_wide, m->p, w, grad, ldg, dv + (i - k0) * ldv, ldv, !first);
    T(gather)(n, q->n, m->wide, m->d, w, rows, ldq, dk + (i - k0) * ldk, ldk, !first);
    T(times_columns)(nv, a->width, n, k + i * a->k.row, a->k.row, m->d, w, m->dqt, w, i > k0);
  }
  T(unpack)(nv, q->n, a->width, m->dqt, one, (real *)(uintptr_t)T(rows_of)(&a->dq, q->b, q->h) + q->q0 * a->dq.row,
            a->dq.row);
}

static __attribute__((noinline)) void T(back_1)(const struct T(queries) *q, int64_t k0, int64_t k1, real *dmask,
                                                const struct T(backward_room) *m, bool first) {
  T(attend_back)(1, q, k0, k1, dmask, m, first);
}
static __attribute__((noinline)) void T(back_2)(const struct T(queries) *q, int64_t k0, int64_t k1, real *dmask,
                                                const struct T(backward_room) *m, bool first) {
  T(attend_back)(2, q, k0, k1, dmask, m, first);
}

static bool T(backward)(const struct nn_attention *a, int64_t pair, int64_t k0, int64_t k1, void *dmask, void *scratch) {
  const int64_t b = pair / a->kv_heads, g = pair % a->kv_heads, share = a->heads / a->kv_heads, n = k1 - k0;
  real *dk = (real *)(uintptr_t)T(rows_of)(&a->dk, b, g) + k0 * a->dk.row;
  real *dv = (real *)(uintptr_t)T(rows_of)(&a->dv, b, g) + k0 * a->dv.row;
  struct T(backward_room) m = {0};
  T(lay_out)(a, n, scratch, &m);
  const bool whole = T(whole)(a->width), value_whole = T(whole)(a->value_width);
  const bool clear = a->causal || a->queries == 0; // there are keys that the first block of queries doesn't write
  if (!whole && clear) memset(m.dk, 0, (size_t)(n * m.wide) * sizeof(real));
  if (!value_whole && clear) memset(m.dv, 0, (size_t)(n * m.value_wide) * sizeof(real));
  for (int64_t i = 0; i < n && clear; i++) {
    if (whole) memset(dk + i * a->dk.row, 0, (size_t)a->width * sizeof(real));
    if (value_whole) memset(dv + i * a->dv.row, 0, (size_t)a->value_width * sizeof(real));
  }
  for (int64_t h = g * share; h < (g + 1) * share; h++)
    for (int64_t i = 0; i < a->queries; i += 2 * VL) {
      struct T(queries) q;
      if (nn_interrupted()) return false;
      T(begin)(&q, a, b, h, i, min64(2 * VL, a->queries - i));
      (q.n > VL ? T(back_2) : T(back_1))(&q, k0, k1, dmask, &m, !clear && h == g * share && i == 0);
    }
  for (int64_t i = 0; i < n; i++) {
    if (!whole) memcpy(dk + i * a->dk.row, m.dk + i * m.wide, (size_t)a->width * sizeof(real));
    if (!value_whole) memcpy(dv + i * a->dv.row, m.dv + i * m.value_wide, (size_t)a->value_width * sizeof(real));
  }
  return true;
}
