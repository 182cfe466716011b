// The microkernel of products, part of gemm_body.h: a tile of C in registers, R rows by V vectors, and what becomes
// of it when it is written. Knows of packed and unpacked operands, not who packs them.

// c[i][j] = alpha * sum over p < k of a[i * rs + p * cs] * b[p * bs + j] + beta * c[i][j] + bias[j] + add[i][j], 0 where
// that (relu) or gate[i][j] is <= 0; j < cols. turned: what is c[i][j] there lies at c[j][i], and bias[i] is added.
typedef struct {
  const T *a, *b;
  T *c;
  int64_t k, rs, cs, bs, ldc, cols;
  T alpha, beta;
  const T *bias, *gate, *add; // or NULL
  bool relu;
  const T *next_a, *next_c; // the tile after this one, to be fetched meanwhile
  bool turned;
} NAME(tile_args);

INLINE NAME(vec) NAME(load_first)(const T *p, int64_t n) {
  return n == NAME(lanes) ? NAME(load)(p) : NAME(load_part)(p, n);
}

// C = alpha * sum + beta * C + bias for the first n elements of a vector.
INLINE void NAME(update)(T *c, NAME(vec) sum, T alpha, T beta, const T *bias, int64_t n) {
  bool whole = n == NAME(lanes);
  NAME(vec) v = NAME(splat)(alpha) * sum;
  if (beta != 0) v = FMA(NAME(splat)(beta), NAME(load_first)(c, n), v);
  if (bias) v += NAME(load_first)(bias, n);
  if (whole)
    NAME(store)(c, v);
  else
    NAME(store_part)(c, v, n);
}

INLINE void NAME(fetch)(const T *p, int bytes) {
  UNROLL for (int i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)p + i, 1);
}

INLINE void NAME(fetch_read)(const T *p, int bytes) {
  UNROLL for (int i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)p + i, 0);
}

// What the tile's ends read beside C.
INLINE void NAME(fetch_ends)(const int R, const int V, const NAME(tile_args) * t) {
  const T *from = t->gate ? t->gate : t->add;
  UNROLL for (int i = 0; from && i < R; i++) NAME(fetch_read)(from + i * t->ldc, V * VECTOR_BYTES);
}

// sums[i][v] += terms of R rows by V vectors at one p, the rows' numbers rs apart from three bases.
INLINE void NAME(add_term)(const int R, const int V, NAME(vec) * sums, const T *b, const T *a0, const T *a5,
                           const T *a10, int64_t rs) {
  NAME(vec) b0 = NAME(load)(b), b1 = V > 1 ? NAME(load)(b + NAME(lanes)) : b0;
  UNROLL for (int i = 0; i < R; i++) {
    NAME(vec) x = NAME(splat)(i < 5 ? a0[i * rs] : i < 10 ? a5[(i - 5) * rs] : a10[(i - 10) * rs]);
    sums[i * V] = FMA(x, b0, sums[i * V]);
    if (V > 1) sums[i * V + 1] = FMA(x, b1, sums[i * V + 1]);
  }
}

// sums[i][v] += the number at a times V vectors. Multiplying from memory takes an instruction less than loading it first, but a load
// more, of which there are two a cycle, as many as multiplications: `once` loads it first.
INLINE void NAME(add_number)(const int V, const bool once, NAME(vec) * sums, NAME(vec) b0, NAME(vec) b1, const T *a) {
  if (V > 1 && once) {
    const NAME(vec) x = NAME(splat_at)(a);
    sums[0] = FMA(x, b0, sums[0]);
    sums[1] = FMA(x, b1, sums[1]);
    return;
  }
  sums[0] = NAME(fma_splat)(a, b0, sums[0]);
  if (V > 1) sums[1] = NAME(fma_splat)(a, b1, sums[1]);
}

// The same for numbers that lie side by side.
INLINE void NAME(add_packed)(const int R, const int V, NAME(vec) * sums, const T *b, const T *a) {
  NAME(vec) b0 = NAME(load)(b), b1 = V > 1 ? NAME(load)(b + NAME(lanes)) : b0;
  UNROLL for (int i = 0; i < R; i++) NAME(add_number)(V, i % 7 == 0, sums + i * V, b0, b1, a + i);
}

// The same for numbers d from seven bases, those of odd rows `odd` bytes further on.
INLINE void NAME(add_rows_at)(const int R, const int V, NAME(vec) * sums, const T *b, const T *const *base, int64_t odd, const int d) {
  NAME(vec) b0 = NAME(load)(b), b1 = V > 1 ? NAME(load)(b + NAME(lanes)) : b0;
  UNROLL for (int i = 0; i < R; i++) {
    const T *a = (const T *)(const void *)((const char *)base[i / 2] + (i % 2 ? odd : 0)) + d;
    NAME(add_number)(V, i % 2 == 1, sums + i * V, b0, b1, a);
  }
}

// to[i][width] = c[j][i] for i < rows, j < cols, or with `back` the other way. Whole blocks where they fit, the last of them
// over one before.
static void NAME(turn)(int64_t rows, int64_t cols, T *c, int64_t ldc, T *tile, bool back) {
  enum { B = NAME(BLOCK), W = NAME(width) };
  const T *line[B];
  int64_t j = 0;
  for (; back && rows < B && j + B <= cols; j += B) { // further lines count as the first, and go nowhere
    T some[B * B];
    for (int q = 0; q < B; q++) line[q] = tile + (q < rows ? q : 0) * W;
    NAME(transpose_block)(line, j, some, B);
    for (int q = 0; q < B; q++) memcpy(c + (j + q) * ldc, some + q * B, (size_t)rows * sizeof(T));
  }
  for (; j + B <= cols && rows >= B; j += B)
    for (int64_t i = 0; i < rows; i = i + B < rows && i + 2 * B > rows ? rows - B : i + B) {
      for (int q = 0; q < B; q++) line[q] = back ? tile + (i + q) * W : c + (j + q) * ldc;
      if (back)
        NAME(transpose_block)(line, j, c + j * ldc + i, ldc);
      else
        NAME(transpose_block)(line, i, tile + i * W + j, W);
    }
  for (; j < cols; j++)
    for (int64_t i = 0; i < rows; i++) {
      if (back)
        c[j * ldc + i] = tile[i * W + j];
      else
        tile[i * W + j] = c[j * ldc + i];
    }
}

// 0 where `by` is <= 0.
INLINE NAME(vec) NAME(shut)(NAME(vec) v, NAME(vec) by) {
  const NAME(ints) off = (NAME(ints))(by <= (NAME(vec)){0});
  return (NAME(vec))((NAME(ints))v & ~off);
}

// Puts the sums, [rows][width], into C the other way round; not in line, it is one of many ends of a tile.
static __attribute__((noinline)) void NAME(finish_turned)(int64_t rows, T *sums, const NAME(tile_args) * t) {
  enum { L = NAME(lanes), VECTORS = ROWS_MAX * NAME(width) / L };
  T before[VECTORS * L] = {0};
  if (t->beta != 0) NAME(turn)(rows, t->cols, t->c, t->ldc, before, false);
  for (int64_t v = 0; v < 2 * rows; v++) {
    NAME(vec) x = NAME(splat)(t->alpha) * NAME(load)(sums + v * L);
    x = FMA(NAME(splat)(t->beta), NAME(load)(before + v * L), x);
    if (t->bias) x += NAME(splat)(t->bias[v / 2]);
    NAME(store)(sums + v * L, t->relu ? NAME(shut)(x, x) : x);
  }
  NAME(turn)(rows, t->cols, t->c, t->ldc, sums, true);
}

// The vector at column j of each row of sums, [rows][width], to C; n of its elements.
INLINE void NAME(end_column)(const bool add, const bool relu, const bool gate, int64_t rows, const T *sums, const NAME(tile_args) * t,
                             int64_t j, int64_t n) {
  const NAME(vec) alpha = NAME(splat)(t->alpha), beta = NAME(splat)(t->beta);
  const NAME(vec) bias = t->bias ? NAME(load_first)(t->bias + j, n) : (NAME(vec)){0};
  const bool before = t->beta != 0;
  const int64_t ldc = t->ldc;
  T *c = t->c + j;
  const T *more = add ? t->add + j : NULL, *by = gate ? t->gate + j : NULL;
  for (int64_t i = 0; i < rows; i++, c += ldc) {
    NAME(vec) v = FMA(alpha, NAME(load)(sums + i * NAME(width) + j), bias);
    if (before) v = FMA(beta, NAME(load_first)(c, n), v);
    if (add) v += NAME(load_first)(more + i * ldc, n);
    if (relu) v = NAME(shut)(v, v);
    if (gate) v = NAME(shut)(v, NAME(load_first)(by + i * ldc, n));
    if (n == NAME(lanes))
      NAME(store)(c, v);
    else
      NAME(store_part)(c, v, n);
  }
}

// Puts the sums into C where there is more to do than adding a bias; not in line, as above.
static __attribute__((noinline)) void NAME(finish_ends)(int64_t rows, const T *sums, const NAME(tile_args) * t) {
  enum { L = NAME(lanes) };
  for (int64_t j = 0; j < t->cols; j += L) {
    const int64_t n = min64(t->cols - j, L);
    if (n < L || (t->add != NULL) + (t->gate != NULL) + t->relu != 1)
      NAME(end_column)(t->add != NULL, t->relu, t->gate != NULL, rows, sums, t, j, n);
    else if (t->add)
      NAME(end_column)(true, false, false, rows, sums, t, j, L);
    else if (t->relu)
      NAME(end_column)(false, true, false, rows, sums, t, j, L);
    else
      NAME(end_column)(false, false, true, rows, sums, t, j, L);
  }
}

// One element of C, from what its terms add up to and its place in the tile.
INLINE T NAME(ended)(const NAME(tile_args) * t, T x, int64_t at) {
  if (t->add) x += t->add[at];
  if (t->relu && x <= 0) x = 0;
  return t->gate && t->gate[at] <= 0 ? 0 : x;
}

// Adds up the U sets of N sums and puts the tile into C.
INLINE void NAME(finish)(const int R, const int V, const int U, NAME(vec) * sums, const NAME(tile_args) * t) {
  const int N = R * V;
  UNROLL for (int i = N; i < U * N; i++) sums[i % N] += sums[i];
  const bool ends = t->gate || t->add || t->relu;
  if (t->alpha == 1 && t->beta == 0 && !t->bias && !ends && !t->turned && t->cols == V * NAME(lanes)) { // mostly
    T *c = t->c;
    UNROLL for (int i = 0; i < R; i++, c += t->ldc) {
      UNROLL for (int v = 0; v < V; v++) NAME(store)(c + v * NAME(lanes), sums[i * V + v]);
    }
    return;
  }
  if (t->turned || ends) {
    T tile[ROWS_MAX * NAME(width)] __attribute__((aligned(64)));
    UNROLL for (int i = 0; i < R; i++) {
      NAME(store)(tile + i * NAME(width), sums[i * V]);
      NAME(store)(tile + i * NAME(width) + NAME(lanes), V > 1 ? sums[i * V + V - 1] : (NAME(vec)){0});
    }
    if (t->turned)
      NAME(finish_turned)(R, tile, t);
    else
      NAME(finish_ends)(R, tile, t);
    return;
  }
  const T alpha = t->alpha, beta = t->beta;
  const int64_t ldc = t->ldc, rest = t->cols - (V - 1) * NAME(lanes);
  T *c = t->c;
  const T *bias = t->bias, *last = bias ? bias + (V - 1) * NAME(lanes) : NULL;
  UNROLL for (int i = 0; i < R; i++, c += ldc) {
    if (V > 1) NAME(update)(c, sums[i * V], alpha, beta, bias, NAME(lanes));
    NAME(update)(c + (V - 1) * NAME(lanes), sums[i * V + V - 1], alpha, beta, last, rest);
  }
}

// A multiplier takes a new sum every half cycle but 4 cycles for each: with fewer than 8 sums, terms p, p +
// 1, ... go to U sets of them.
INLINE void NAME(tile)(const int R, const int V, const NAME(tile_args) * t) {
  const int N = R * V, U = N >= 8 ? 1 : N >= 4 ? 2 : 4;
  NAME(vec) sums[2 * ROWS_MAX + 8];
  UNROLL for (int i = 0; i < U * N; i++) sums[i] = (NAME(vec)){0};
  const int64_t rs = t->rs, cs = t->cs, bs = t->bs;
  // With three bases, few registers address 14 rows.
  const T *b = t->b, *a0 = t->a, *a5 = R > 5 ? a0 + 5 * rs : a0, *a10 = R > 10 ? a0 + 10 * rs : a0;
  int64_t p = t->k;
  if (p >= 64 && !t->turned) { // C isn't in the cache, and the sum takes long enough to fetch it
    UNROLL for (int i = 0; i < R; i++) NAME(fetch)(t->c + i * t->ldc, V * VECTOR_BYTES);
  }
  NAME(fetch_ends)(R, V, t);
  for (; p >= U; p -= U) {
    UNROLL for (int u = 0; u < U; u++) {
      NAME(add_term)(R, V, sums + u * N, b, a0, a5, a10, rs);
      a0 += cs, a5 += cs, a10 += cs, b += bs;
    }
  }
  for (; U > 1 && p > 0; p--, a0 += cs, a5 += cs, b += bs) NAME(add_term)(R, V, sums, b, a0, a5, a10, rs);
  NAME(finish)(R, V, U, sums, t);
}

// The same for eight sums and more, of rows that lie contiguous along k, four terms a turn.
INLINE void NAME(rows_tile)(const int R, const int V, const NAME(tile_args) * t) {
  NAME(vec) sums[2 * ROWS_MAX];
  UNROLL for (int i = 0; i < R * V; i++) sums[i] = (NAME(vec)){0};
  const int64_t rs = t->rs, bs = t->bs;
  int64_t odd = rs * (int64_t)sizeof(T);
  const T *b = t->b, *base[(ROWS_MAX + 1) / 2];
  UNROLL for (int i = 0; i < R; i += 2) base[i / 2] = t->a + i * rs;
  int64_t p = t->k;
  if (p >= 64 && !t->turned) {
    UNROLL for (int i = 0; i < R; i++) NAME(fetch)(t->c + i * t->ldc, V * VECTOR_BYTES);
  }
  NAME(fetch_ends)(R, V, t);
  // Of the next rows, one number of four rows a turn, so that 16 terms, a cache line, ask for all of them.
  const T *next = NN_ISA > 1 ? t->next_a : NULL;
  for (int row = 0; p >= 4; p -= 4) {
    UNROLL for (int d = 0; d < 4; d++, b += bs) {
      OPAQUE(b);
      OPAQUE(odd);
      NAME(add_rows_at)(R, V, sums, b, base, odd, d);
    }
    UNROLL for (int i = 0; i < R; i += 2) {
      base[i / 2] += 4;
      OPAQUE(base[i / 2]);
    }
    if (next) {
      UNROLL for (int i = 0; i < 4; i++) __builtin_prefetch(next + i * rs, 0, 2);
      next += 4 * rs;
      if ((row += 4) >= R) next += 64 / (int64_t)sizeof(T) - row * rs, row = 0;
    }
  }
  for (; p > 0; p--, b += bs) {
    NAME(add_rows_at)(R, V, sums, b, base, odd, 0);
    UNROLL for (int i = 0; i < R; i += 2) base[i / 2]++;
  }
  NAME(finish)(R, V, 1, sums, t);
}

// A packed strip is [k][strip_row]: rows of whole blocks, of which those beyond the tile's stay unused.
enum { NAME(strip_row) = (ROWS_MAX + NAME(BLOCK) - 1) / NAME(BLOCK) * NAME(BLOCK) };

// A few rows of the next tile of C, while there are any.
INLINE void NAME(fetch_next)(const int V, const T **c, int64_t ldc, int *rows) {
  enum { A_TURN = NN_ISA > 1 ? 2 : 1 };
  if (*rows <= 0) return;
  UNROLL for (int i = 0; i < A_TURN; i++) {
    NAME(fetch)(*c, V * VECTOR_BYTES);
    *c += *rows > i + 1 ? ldc : 0;
  }
  *rows -= A_TURN;
}

// Four rows of the panel of B beside the one at b.
INLINE void NAME(fetch_beside)(const T *b, int64_t bs) {
  UNROLL for (int i = 0; i < 4; i++) {
    UNROLL for (int j = 0; j < 2 * VECTOR_BYTES; j += 64)
        __builtin_prefetch((const char *)(b + i * bs + NAME(width)) + j, 0, 2);
  }
}

// For a packed strip, or one that lies with rows of S (0: known later), and a panel with bs known at compile time (0: it isn't). Four
// terms a turn: in the loop itself, fewer instructions beside the multiplications matter when two threads share a core.
INLINE void NAME(packed_tile)(const int R, const int V, const int ROW, const int BS, const bool ahead, const NAME(tile_args) * t) {
  const int N = R * V, U = N >= 8 ? 1 : N >= 4 ? 2 : 4;
  const int64_t S = ROW ? ROW : t->cs;
  NAME(vec) sums[2 * ROWS_MAX + 8];
  UNROLL for (int i = 0; i < U * N; i++) sums[i] = (NAME(vec)){0};
  const int64_t bs = BS ? BS : t->bs;
  const T *b = t->b, *a = t->a, *next = t->next_c;
  int64_t p = t->k;
  int rows = R;
  NAME(fetch_ends)(R, V, t);
  for (; p >= 4; p -= 4) {
    NAME(fetch_next)(V, &next, t->ldc, &rows);
    if (ahead) NAME(fetch_beside)(b, bs);
    UNROLL for (int d = 0; d < 4; d++) {
      NAME(add_packed)(R, V, sums + d % U * N, b, a);
      b += bs, a += S;
      if (!BS) OPAQUE(b);
      if (!ROW) OPAQUE(a);
    }
  }
  for (; p > 0; p--, a += S, b += bs) NAME(add_packed)(R, V, sums, b, a);
  NAME(finish)(R, V, U, sums, t);
}

// As A lies, one of its strides being 1.
INLINE void NAME(tile_any)(const int R, const int V, const NAME(tile_args) * t) {
  if (R * V < 8)
    NAME(tile)(R, V, t);
  else if (t->cs == 1)
    NAME(rows_tile)(R, V, t);
  else
    NAME(packed_tile)(R, V, 0, 0, false, t);
}

// A function a variant: one function of them all takes compilers minutes under a sanitizer.
#define TILE(R)                                                                                              \
  static void NAME(tile_##R##_1)(const NAME(tile_args) * t) { NAME(tile_any)(R, 1, t); }                     \
  static void NAME(tile_##R##_2)(const NAME(tile_args) * t) { NAME(tile_any)(R, 2, t); }                     \
  static void NAME(packed_##R##_1)(const NAME(tile_args) * t) { NAME(packed_tile)(R, 1, NAME(strip_row), 0, false, t); } \
  static void NAME(packed_##R##_2)(const NAME(tile_args) * t) { NAME(packed_tile)(R, 2, NAME(strip_row), 0, false, t); } \
  static void NAME(panel_##R##_2)(const NAME(tile_args) * t) {                                               \
    NAME(packed_tile)(R, 2, NAME(strip_row), NAME(width), false, t);                                         \
  }                                                                                                          \
  static void NAME(ahead_##R##_2)(const NAME(tile_args) * t) { NAME(packed_tile)(R, 2, NAME(strip_row), 0, true, t); }
#define TILE_ENTRY(R)                                                                                        \
  {                                                                                                          \
    NAME(tile_##R##_1), NAME(tile_##R##_2), NAME(packed_##R##_1), NAME(packed_##R##_2), NAME(panel_##R##_2), \
        NAME(ahead_##R##_2)                                                                                  \
  }

TILE(1)
TILE(2)
TILE(3)
TILE(4)
#if NN_ISA > 0
TILE(5)
TILE(6)
#endif
#if NN_ISA > 1
TILE(7)
TILE(8)
TILE(9)
TILE(10)
TILE(11)
TILE(12)
TILE(13)
TILE(14)
#endif

// clang-format off
static void (*const NAME(tiles)[ROWS_MAX][6])(const NAME(tile_args) *) = {
  TILE_ENTRY(1), TILE_ENTRY(2), TILE_ENTRY(3), TILE_ENTRY(4),
#if NN_ISA > 0
  TILE_ENTRY(5), TILE_ENTRY(6),
#endif
#if NN_ISA > 1
  TILE_ENTRY(7), TILE_ENTRY(8), TILE_ENTRY(9), TILE_ENTRY(10), TILE_ENTRY(11), TILE_ENTRY(12), TILE_ENTRY(13),
  TILE_ENTRY(14),
#endif
};
// clang-format on

// `packed`: a is a packed strip of so many rows. `ahead`: the panel of B beside this one comes next, and from afar.
static inline void NAME(run_tile)(int64_t rows, bool packed, bool ahead, const NAME(tile_args) * t) {
  int kind = t->cols > NAME(lanes);
  if (packed) kind += kind == 1 && ahead ? 4 : t->bs == NAME(width) ? 3 : 2;
  NAME(tiles)[rows - 1][kind](t);
}

#undef TILE
#undef TILE_ENTRY
