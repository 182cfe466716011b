// The matrix product algorithm, included by gemm.c for T = float and T = double. No include guard on purpose.
// Knows the vector type NAME(vec), FMA, partial loads and stores and a small transposition from there.

typedef T NAME(vec_u) __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(T)), may_alias));
typedef INT NAME(ints) __attribute__((vector_size(VECTOR_BYTES)));
enum { NAME(lanes) = VECTOR_BYTES / (int)sizeof(T), NAME(width) = 2 * NAME(lanes) }; // width of a panel of B

INLINE NAME(vec) NAME(load)(const T *p) { return (NAME(vec))(*(const NAME(vec_u) *)p); }

INLINE void NAME(store)(T *p, NAME(vec) v) { *(NAME(vec_u) *)p = (NAME(vec_u))v; }

INLINE NAME(vec) NAME(splat)(T x) { return x - (NAME(vec)){0}; }

// -----------------------------------------------------------------------------------------------------------
// The microkernel: a tile of C in registers, R rows by V vectors.

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

#include "gemm_narrow.h"

// -----------------------------------------------------------------------------------------------------------
// Packing. A block of op(B) becomes panels [k][width], the last one [k][lanes] if that is enough; columns
// beyond the edge are 0. A strip of op(A), the rows of one tile, becomes [k][strip_row] and fits in level 1.

// One row of a panel of bs columns, cols of them given.
INLINE void NAME(pack_row)(int64_t cols, const T *b, T *to, int64_t bs) {
  for (int64_t j = 0; j < bs; j += NAME(lanes)) {
    if (j + NAME(lanes) <= cols)
      NAME(store)(to + j, NAME(load)(b + j));
    else if (j < cols)
      NAME(store)(to + j, NAME(load_part)(b + j, cols - j));
    else
      NAME(store)(to + j, (NAME(vec)){0});
  }
}

// Columns are contiguous in memory: cols of them at b + p * ldb.
static void NAME(pack_rows)(int64_t k, int64_t cols, const T *b, int64_t ldb, T *to, int64_t bs) {
  for (int64_t p = 0; p < k; p++, b += ldb, to += bs) NAME(pack_row)(cols, b, to, bs);
}

// `panels` whole panels side by side; several at once use whole pages of rows that lie far apart.
static void NAME(pack_panels)(int64_t k, int64_t panels, const T *b, int64_t ldb, T *to) {
  for (int64_t p = 0; p < k; p++, b += ldb, to += NAME(width)) {
    if (p + 4 < k)
      for (int64_t i = 0; i < panels; i++) NAME(fetch_read)(b + 4 * ldb + i * NAME(width), 2 * VECTOR_BYTES);
    for (int64_t i = 0; i < panels; i++)
      NAME(pack_row)(NAME(width), b + i * NAME(width), to + i * k * NAME(width), NAME(width));
  }
}

// Where the block after the one at i begins, of those that n >= BLOCK is cut into: the last lies over the one before.
static inline int64_t NAME(next_block)(int64_t i, int64_t n) {
  enum { B = NAME(BLOCK) };
  return i + B < n && i + 2 * B > n ? n - B : i + B;
}

// Column j lies contiguous at b + j * ldb.
static void NAME(pack_columns)(int64_t k, int64_t cols, const T *b, int64_t ldb, T *to, int64_t bs) {
  enum { B = NAME(BLOCK) };
  int64_t j = 0;
  for (; j < cols && cols >= B && k >= B; j = NAME(next_block)(j, cols)) {
    const T *rows[B];
    for (int i = 0; i < B; i++) rows[i] = b + (j + i) * ldb;
    for (int64_t p = 0; p < k; p = NAME(next_block)(p, k)) NAME(transpose_block)(rows, p, to + p * bs + j, bs);
  }
  for (; j < bs; j++)
    for (int64_t p = 0; p < k; p++) to[p * bs + j] = j < cols ? b[j * ldb + p] : 0;
}

static inline int64_t NAME(panel_stride)(int64_t cols) {
  return cols > NAME(lanes) ? NAME(width) : NAME(lanes);
}

// The block k x n at b, the first row and column of op(B) there; its last `narrow` columns as gemm_narrow.h wants them.
static void NAME(pack_block)(bool tb, int64_t k, int64_t n, int64_t narrow, const T *b, int64_t ldb, T *to) {
  int64_t j = 0;
  n -= narrow;
  if (narrow) NAME(pack_narrow)(tb, k, narrow, tb ? b + n * ldb : b + n, ldb, to + k * n);
  while (!tb && n - j >= NAME(width)) {
    int64_t panels = min64((n - j) / NAME(width), 8);
    NAME(pack_panels)(k, panels, b + j, ldb, to);
    j += panels * NAME(width), to += panels * k * NAME(width);
  }
  for (; j < n; j += NAME(width), to += k * NAME(width)) {
    int64_t cols = min64(n - j, NAME(width));
    if (tb)
      NAME(pack_columns)(k, cols, b + j * ldb, ldb, to, NAME(panel_stride)(cols));
    else
      NAME(pack_rows)(k, cols, b + j, ldb, to, NAME(panel_stride)(cols));
  }
}

// Elements that a packed strip takes.
static inline int64_t NAME(strip_size)(int64_t k) { return div_up(k * NAME(strip_row), 16) * 16; }

// One row of a strip, as whole vectors.
INLINE void NAME(copy_few)(int64_t n, const T *from, T *to) {
  int64_t j = 0;
  for (; j + NAME(lanes) <= n; j += NAME(lanes)) NAME(store)(to + j, NAME(load)(from + j));
  if (j < n) NAME(store)(to + j, NAME(load_part)(from + j, n - j));
}

// Transposed strips come in groups, because one strip alone uses little of each cache line and page of A.
enum { NAME(group) = 4 };

// Of `strips` over `m` rows, strip i has rows first(i) .. first(i + 1) - 1.
static inline int64_t NAME(first_row)(int64_t m, int64_t strips, int64_t i) {
  int64_t each = (uint32_t)m < m ? m / strips : (int64_t)((uint32_t)m / (uint32_t)strips);
  int64_t rest = m - each * strips;
  return each * i + min64(i, rest);
}

// `count` strips from s on, up to a group.
static void NAME(copy_group)(int64_t m, int64_t strips, int64_t s, int64_t count, int64_t k, const T *a, int64_t lda,
                             T *to) {
  int64_t size = NAME(strip_size)(k), first[NAME(group) + 1];
  for (int64_t i = 0; i <= count; i++) first[i] = NAME(first_row)(m, strips, s + i);
  for (int64_t p = 0; p < k; p++, a += lda) {
    if (p + 8 < k) // rows lie too far apart for the processor to fetch them by itself
      for (int64_t j = first[0]; j < first[count]; j += 64 / (int64_t)sizeof(T))
        __builtin_prefetch(a + 8 * lda + j);
    for (int64_t i = 0; i < count; i++) {
      int64_t rows = first[i + 1] - first[i];
      NAME(copy_few)(rows, a + first[i], to + i * size + p * NAME(strip_row));
    }
  }
}

// Rows that lie contiguous along k, transposed; a row beyond the last counts as the last.
static void NAME(copy_strip)(int64_t rows, int64_t k, const T *a, int64_t lda, T *to) {
  enum { B = NAME(BLOCK), BLOCKS = (ROWS_MAX + B - 1) / B };
  const T *row[BLOCKS * B];
  for (int64_t i = 0; i < BLOCKS * B; i++) row[i] = a + min64(i, rows - 1) * lda;
  int64_t p = 0;
  while (p + B <= k) { // whole cache lines of a row at a time
    int64_t end = min64(p + 64 / (int64_t)sizeof(T), k / B * B);
    for (int64_t g = (rows - 1) / B; g >= 0; g--)
      for (int64_t q = p; q < end; q += B)
        NAME(transpose_block)(row + g * B, q, to + q * NAME(strip_row) + g * B, NAME(strip_row));
    p = end;
  }
  if (p < k && k >= B) { // over the last block
    for (int64_t g = 0; g <= (rows - 1) / B; g++)
      NAME(transpose_block)(row + g * B, k - B, to + (k - B) * NAME(strip_row) + g * B, NAME(strip_row));
    return;
  }
  for (; p < k; p++)
    for (int64_t i = 0; i < rows; i++) to[p * NAME(strip_row) + i] = row[i][p];
}

// -----------------------------------------------------------------------------------------------------------
// The blocked product

typedef struct {
  T *strip, *block; // room for copied strips and for a packed block of op(B)
  int64_t kc, nc;   // largest block of op(B)
  bool direct;      // whole panels of B are read in place
  bool copy;        // strips of A are copied
  int64_t narrow;   // so many of the last columns are narrow
} NAME(plan);

// Largest k for which a copied strip takes two fifths of level 1: a panel passes by it, and other threads use the
// cache. Rows that are read in place pass by as the panels do.
static inline int64_t NAME(kc_max)(bool copy, int64_t bytes) {
  if (!copy) return min64(1024, bytes / 8 / (int64_t)sizeof(T) / NAME(width)) / 8 * 8;
  int64_t room = min64((int64_t)nn_cpu_l1d() * 2 / 5, bytes / 8) / (int64_t)sizeof(T);
  return room / NAME(strip_row) / 8 * 8;
}

// Rows at such a distance share few cache sets.
static inline bool NAME(awkward)(int64_t ld) { return ld * (int64_t)sizeof(T) % 2048 == 0; }

// Strips are copied where many panels use them or where they don't fit in level 1 as they lie. B is read in
// place where it is small or few strips use it, or where its rows are whole cache lines that don't compete
// for the same cache sets.
static void NAME(plan_ways)(const NAME(nn_gemm_args) * g, NAME(plan) * plan) {
  enum { W = NAME(width), R = ROWS_MAX };
  bool crowded = !g->ta && NAME(awkward)(g->lda);
  plan->copy = g->n > 8 * W || (g->n > 3 * W && g->k > 128) || (g->n > W && crowded);
  bool spread = !NAME(awkward)(g->ldb), lines = g->ldb % NAME(lanes) == 0;
  bool small = g->m <= 8 * R && g->n <= 8 * W && g->k <= 256;
  plan->direct = !g->tb && (g->m <= 2 * R || (spread && (small || (lines && g->m <= 20 * R))));
}

// How many columns beyond the last whole vector are few enough for a way of their own: by the strip, a vector of it for each
// instead of one for each of its rows; by dot products, a vector of terms, and then adding that up.
static int64_t NAME(narrow_columns)(const NAME(nn_gemm_args) * g, const NAME(plan) * plan) {
  enum { L = NAME(lanes), ALL = NAME(strip_row) / L };
  const int64_t x = g->n % L, rows = min64(g->m, ROWS_MAX), k = plan->kc;
  if (x == 0 || x > NAME(narrow_most) || (NN_ISA == 0 && g->ta)) return 0;
  const bool cheap = plan->copy || g->ta ? 3 * x * ALL <= 2 * rows : rows >= 4 && 2 * x * (2 * div_up(k, L) + 13) <= 3 * k;
  return cheap ? x : 0;
}

static inline int64_t NAME(narrow_of)(const NAME(plan) * plan, int64_t n) { return n % NAME(lanes) ? plan->narrow : 0; }

// Blocks of equal size, as large as the caches (a strip in level 1, the block in `bytes`) allow.
static NAME(plan) NAME(plan_blocks)(const NAME(nn_gemm_args) * g, T *scratch, int64_t bytes) {
  NAME(plan) plan = {.strip = scratch, .kc = g->k};
  NAME(plan_ways)(g, &plan);
  int64_t most = NAME(kc_max)(plan.copy, bytes);
  if (g->k > most) plan.kc = div_up(div_up(g->k, div_up(g->k, most)), 8) * 8;
  int64_t strip = plan.copy ? NAME(strip_size)(plan.kc) * (g->ta ? NAME(group) : 1) : 0;
  plan.block = plan.strip + strip;
  int64_t room = bytes / (int64_t)sizeof(T) - strip, panel = plan.kc * NAME(width);
  plan.narrow = NAME(narrow_columns)(g, &plan);
  plan.nc = g->n;
  if ((g->n + NAME(width)) * plan.kc > room)
    plan.nc = div_up(div_up(g->n, div_up(g->n, room / panel * NAME(width))), NAME(width)) * NAME(width);
  return plan;
}

// Fetches n columns of the strip that comes next into level 2, while another one is used.
static void NAME(fetch_strip)(const T *a, int64_t lda, int64_t n) {
  for (int64_t i = 0; i < ROWS_MAX; i++, a += lda)
    for (int64_t p = 0; p < n; p += 64 / (int64_t)sizeof(T)) __builtin_prefetch(a + p, 0, 2);
}

// One strip of rows against all panels of the block. Fetches what comes after it meanwhile: with plan->copy the rows at
// `next`, otherwise those at t->next_a; and the tile at `last`, which follows the strip's last one. With plan->direct,
// whole panels are read in place from t->b, which has row distance t->bs, and only what is left at the edge
// comes from the packed block; those of the first `afar` columns are fetched.
static void NAME(run_strip)(int64_t rows, int64_t n, NAME(tile_args) t, const NAME(plan) * plan, int64_t afar,
                            const T *next, int64_t lda, const T *last) {
  const T *block = plan->block;
  const int64_t narrow = NAME(narrow_of)(plan, n);
  n -= narrow;
  if (narrow) NAME(run_narrow)(rows, narrow, n, plan->copy, block + t.k * (plan->direct ? n % NAME(width) : n), t);
  const int64_t piece = next && n ? div_up(t.k * NAME(width), n) : 0; // of the next strip, a panel
  const int64_t across = t.turned ? NAME(width) * t.ldc : NAME(width); // from one panel's columns of C to the next
  for (int64_t j = 0, p = 0; j < n; j += NAME(width), p += piece, t.c += across) {
    if (p < t.k && piece) NAME(fetch_strip)(next + p, lda, min64(piece, t.k - p));
    t.cols = min64(n - j, NAME(width));
    NAME(tile_args) now = t;
    if (plan->direct && t.cols == NAME(width)) {
      now.b = t.b + j;
    } else {
      now.b = block;
      now.bs = NAME(panel_stride)(t.cols);
    }
    if (!plan->direct) block += t.k * NAME(width);
    if (t.bias && !t.turned) now.bias += j;
    if (t.gate) now.gate += j;
    if (t.add) now.add += j;
    now.next_c = t.turned ? t.c : j + NAME(width) < n ? t.c + NAME(width) : last;
    if (j > 0) now.next_a = NULL;
    NAME(run_tile)(rows, plan->copy, plan->direct && j + 2 * NAME(width) <= afar, &now);
  }
}

// sums[0 .. rows) = (add ? sums : 0) + what so many numbers at a + p * ld add up to over p < k.
static void NAME(sum_terms)(int64_t rows, int64_t k, const T *a, int64_t ld, bool add, T *sums) {
  for (int64_t i = 0; i < rows; i += NAME(lanes)) {
    const int64_t n = min64(rows - i, NAME(lanes));
    NAME(vec) sum[4] = {{0}};
    int64_t p = 0;
    for (; p + 4 <= k; p += 4)
      UNROLL for (int u = 0; u < 4; u++) sum[u] += NAME(load_first)(a + (p + u) * ld + i, n);
    for (; p < k; p++) sum[0] += NAME(load_first)(a + p * ld + i, n);
    NAME(vec) all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    if (add) all += NAME(load_part)(sums + i, n);
    NAME(store_part)(sums + i, all, n);
  }
}

// Of a strip's rows, the terms p .. p + k - 1 at a; packed: in a strip.
static void NAME(sum_strip)(const NAME(nn_gemm_args) * g, int64_t row, int64_t rows, int64_t p, int64_t k, const T *a, bool packed) {
  if (g->sums) NAME(sum_terms)(rows, k, a, packed ? (int64_t)NAME(strip_row) : g->lda, p > 0, g->sums + row);
}

// C[all rows][j, j + n) from the terms p .. p + k - 1. False if interrupted.
static bool NAME(run_block)(const NAME(nn_gemm_args) * g, const NAME(plan) * plan, int64_t j, int64_t n,
                            int64_t p, int64_t k) {
  const T *a = g->a + (g->ta ? p * g->lda : p);
  const T *b = g->b + (g->tb ? j * g->ldb + p : p * g->ldb + j);
  int64_t whole = plan->direct ? n / NAME(width) * NAME(width) : 0; // columns that need no packing
  if (whole < n)
    NAME(pack_block)(g->tb, k, n - whole, NAME(narrow_of)(plan, n), g->tb ? b : b + whole, g->ldb, plan->block);
  int64_t strips = div_up(g->m, ROWS_MAX);
  NAME(tile_args) t = {.k = k, .b = b, .bs = g->ldb, .ldc = g->ldc, .alpha = g->alpha};
  t.beta = p == 0 ? g->beta : 1;
  const T *bias = p == 0 ? g->bias : NULL;
  t.turned = g->turned;
  const bool end = p + k == g->k;
  const T *gate = end && g->gate ? g->gate + j : NULL, *add = end && g->add ? g->add + j : NULL;
  t.relu = end && g->relu;
  t.rs = g->ta ? 1 : g->lda;
  t.cs = g->ta ? g->lda : 1;
  for (int64_t s = 0, row = 0, next; s < strips; s++, row = next) {
    if (nn_interrupted()) return false;
    next = NAME(first_row)(g->m, strips, s + 1);
    t.a = plan->copy ? plan->strip : a + (g->ta ? row : row * g->lda);
    t.c = g->turned ? g->c + j * g->ldc + row : g->c + row * g->ldc + j;
    t.bias = bias ? bias + (g->turned ? row : j) : NULL;
    t.gate = gate ? gate + row * g->ldc : NULL;
    t.add = add ? add + row * g->ldc : NULL;
    if (plan->copy && g->ta) {
      if (s % NAME(group) == 0) NAME(copy_group)(g->m, strips, s, min64(NAME(group), strips - s), k, a, g->lda, plan->strip);
      t.a += s % NAME(group) * NAME(strip_size)(k);
    } else if (plan->copy) {
      NAME(copy_strip)(next - row, k, a + row * g->lda, g->lda, plan->strip);
    }
    if (j == 0) NAME(sum_strip)(g, row, next - row, p, k, t.a, plan->copy);
    bool fetch = !g->ta && next + ROWS_MAX <= g->m;
    const T *after = fetch ? a + next * g->lda : NULL;
    t.next_a = plan->copy ? NULL : after;
    const T *last = next < g->m ? t.c + (next - row) * g->ldc : t.c;
    NAME(run_strip)(next - row, n, t, plan, s == 0 ? n : 0, plan->copy ? after : NULL, g->lda, last);
  }
  return true;
}

static bool NAME(blocked)(const NAME(nn_gemm_args) * g, T *scratch, int64_t bytes) {
  NAME(plan) plan = NAME(plan_blocks)(g, scratch, bytes);
  for (int64_t j = 0; j < g->n; j += plan.nc)
    for (int64_t p = 0; p < g->k; p += plan.kc)
      if (!NAME(run_block)(g, &plan, j, min64(plan.nc, g->n - j), p, min64(plan.kc, g->k - p))) return false;
  return true;
}

// -----------------------------------------------------------------------------------------------------------
// The same by several threads. What all strips use is packed whole by each of them, so a strip is done at once, all its
// terms.

// What a thread does: as plan_blocks, for its part of the rows or columns.
static NAME(plan) NAME(plan_team)(const NAME(nn_gemm_args) * g, int parts, nn_gemm_way way, T *scratch, int64_t bytes) {
  NAME(nn_gemm_args) part = *g;
  if (way == NN_GEMM_COLUMNS)
    part.n = div_up(g->n, parts);
  else if (way == NN_GEMM_ROWS)
    part.m = div_up(g->m, parts);
  NAME(plan) plan = {.strip = scratch, .kc = g->k};
  NAME(plan_ways)(&part, &plan);
  const int64_t most = NAME(kc_max)(plan.copy, bytes);
  if (g->k > most) plan.kc = div_up(div_up(g->k, div_up(g->k, most)), 8) * 8;
  plan.narrow = NAME(narrow_columns)(g, &plan);
  return plan;
}

// Elements of the packed strips: those of a group, or of all rows and terms.
static int64_t NAME(team_strips)(const NAME(nn_gemm_args) * g, const NAME(plan) * plan, bool columns) {
  if (!plan->copy) return 0;
  if (!columns) return NAME(group) * NAME(strip_size)(plan->kc);
  return div_up(g->m, ROWS_MAX) * div_up(g->k, plan->kc) * NAME(strip_size)(plan->kc);
}

// Elements of packed panels: of all columns and terms, or of a few panels.
static int64_t NAME(team_block)(const NAME(nn_gemm_args) * g, const NAME(plan) * plan, bool columns) {
  const int64_t cols = columns ? NAME(group) * NAME(width) : plan->direct ? NAME(width) : div_up(g->n, NAME(width)) * NAME(width);
  return cols * (columns ? plan->kc : g->k);
}

// Piece `part` of `parts` of the terms.
static NAME(nn_gemm_args) NAME(piece)(const NAME(nn_gemm_args) * g, int parts, int64_t part, T *partial) {
  NAME(nn_gemm_args) own = *g;
  const int64_t begin = g->k * part / parts / 8 * 8, end = part + 1 < parts ? g->k * (part + 1) / parts / 8 * 8 : g->k;
  own.k = end - begin;
  own.a += begin * g->lda;
  own.b += begin * g->ldb;
  if (g->sums) own.sums += part * g->m;
  if (part > 0) own.c = partial + (part - 1) * g->m * g->n, own.ldc = g->n, own.beta = 0;
  return own;
}

static int64_t NAME(units)(const NAME(nn_gemm_args) * g, int parts, nn_gemm_way way, int64_t bytes) {
  const bool columns = way == NN_GEMM_COLUMNS;
  if (g->m <= 4 || g->n <= 4 || parts > NN_GEMM_PARTS) return 0;
  NAME(nn_gemm_args) own = *g;
  if (way == NN_GEMM_TERMS) own = NAME(piece)(g, parts, parts - 1, NULL);
  const NAME(plan) plan = NAME(plan_team)(&own, parts, way, NULL, bytes);
  const int64_t room = bytes / (int64_t)sizeof(T);
  if (NAME(team_strips)(&own, &plan, columns) + NAME(team_block)(&own, &plan, columns) > room) return 0;
  const int64_t units = columns ? div_up(g->n, NAME(width)) : div_up(g->m, ROWS_MAX);
  if (way == NN_GEMM_TERMS) return g->ta && !g->tb && g->k >= 64 * parts ? units * parts : 0;
  return units >= 2 * parts ? units : 0;
}

// Strip s of all rows times columns j .. j + n - 1, terms p .. p + k - 1. strip: its packed rows, if copied; block: the
// packed panels of these columns.
static void NAME(team_strip)(const NAME(nn_gemm_args) * g, NAME(plan) plan, int64_t s, int64_t j, int64_t n, int64_t p, int64_t k,
                             T *strip, T *block, int64_t afar) {
  const int64_t strips = div_up(g->m, ROWS_MAX);
  const int64_t row = NAME(first_row)(g->m, strips, s), next = NAME(first_row)(g->m, strips, s + 1);
  const T *a = g->a + (g->ta ? p * g->lda : p), *after = NULL;
  const bool more = p + plan.kc < g->k;
  NAME(tile_args) t = {.k = k, .bs = g->ldb, .ldc = g->ldc, .alpha = g->alpha, .turned = g->turned};
  t.b = g->tb ? g->b : g->b + p * g->ldb + j;
  t.beta = p == 0 ? g->beta : 1;
  t.rs = g->ta ? 1 : g->lda;
  t.cs = g->ta ? g->lda : 1;
  t.a = plan.copy ? strip : a + row * t.rs;
  t.c = g->turned ? g->c + j * g->ldc + row : g->c + row * g->ldc + j;
  if (p == 0 && g->bias) t.bias = g->bias + (g->turned ? row : j);
  if (!more && g->gate) t.gate = g->gate + row * g->ldc + j;
  if (!more && g->add) t.add = g->add + row * g->ldc + j;
  t.relu = !more && g->relu;
  if (!g->ta && (more || next + ROWS_MAX <= g->m)) after = more ? a + row * g->lda + plan.kc : g->a + next * g->lda;
  t.next_a = plan.copy ? NULL : after;
  plan.block = block;
  const T *last = !more && next < g->m ? t.c + (next - row) * g->ldc : t.c;
  NAME(run_strip)(next - row, n, t, &plan, afar, plan.copy ? after : NULL, g->lda, last);
}

// Strips first .. end - 1. begun: of all terms of op(B), what is not read in place has been packed.
static bool NAME(team_range)(const NAME(nn_gemm_args) * g, NAME(plan) plan, int64_t first, int64_t end, bool begun) {
  const int64_t W = NAME(width), strips = div_up(g->m, ROWS_MAX), whole = plan.direct ? g->n / W * W : 0;
  const int64_t packed = div_up(g->n - whole, W) * W; // columns
  T *block = plan.strip + NAME(team_strips)(g, &plan, false);
  for (int64_t p = 0; p < g->k && !begun && whole < g->n; p += plan.kc) {
    const T *b = g->tb ? g->b + whole * g->ldb + p : g->b + p * g->ldb + whole;
    NAME(pack_block)(g->tb, min64(plan.kc, g->k - p), g->n - whole, plan.narrow, b, g->ldb, block + p * packed);
  }
  for (int64_t p = 0; p < g->k; p += plan.kc) {
    const int64_t k = min64(plan.kc, g->k - p), size = NAME(strip_size)(k);
    const T *a = g->a + p * g->lda;
    if (plan.copy && g->ta) NAME(copy_group)(g->m, strips, first, end - first, k, a, g->lda, plan.strip);
    for (int64_t s = first; s < end; s++) {
      if (nn_interrupted()) return false;
      const int64_t row = NAME(first_row)(g->m, strips, s), rows = NAME(first_row)(g->m, strips, s + 1) - row;
      T *strip = plan.strip + (g->ta ? (s - first) * size : 0);
      if (plan.copy && !g->ta) NAME(copy_strip)(rows, k, g->a + row * g->lda + p, g->lda, strip);
      NAME(sum_strip)(g, row, rows, p, k, plan.copy ? strip : a + row, plan.copy);
      NAME(team_strip)(g, plan, s, 0, g->n, p, k, strip, block + p * packed, begun || s > first ? 0 : g->n);
    }
  }
  return true;
}

// Rows are dealt out; op(B) is packed first, the terms in blocks.
static bool NAME(team_rows)(const NAME(nn_gemm_args) * g, nn_gemm_team *team, int part, NAME(plan) plan) {
  bool begun = false;
  for (int64_t first, end; claim(team, part, 1, &first, &end); begun = true)
    if (!NAME(team_range)(g, plan, first, end, begun)) return false;
  return true;
}

// Pieces of the terms are dealt out, and what is left of them by rows.
static bool NAME(team_terms)(const NAME(nn_gemm_args) * g, nn_gemm_team *team, int part, T *scratch, int64_t bytes) {
  const int64_t strips = div_up(g->m, ROWS_MAX), least = team->last ? 1 : 6;
  int64_t begun = -1;
  for (int64_t first, end; claim(team, part, least, &first, &end);) {
    const int64_t piece = first / strips;
    const NAME(nn_gemm_args) own = NAME(piece)(g, team->parts, piece, team->partial);
    const NAME(plan) plan = NAME(plan_team)(&own, team->parts, NN_GEMM_TERMS, scratch, bytes);
    if (!NAME(team_range)(&own, plan, first - piece * strips, end - piece * strips, begun == piece)) return false;
    begun = piece;
  }
  return true;
}

// Columns are dealt out, a few panels at a time; op(A) is packed first.
static bool NAME(team_columns)(const NAME(nn_gemm_args) * g, nn_gemm_team *team, int part, NAME(plan) plan) {
  const int64_t W = NAME(width), strips = div_up(g->m, ROWS_MAX), blocks = div_up(g->k, plan.kc);
  const int64_t size = NAME(strip_size)(plan.kc);
  T *block = plan.strip + NAME(team_strips)(g, &plan, true);
  bool begun = !plan.copy;
  for (int64_t first, end; claim(team, part, 1, &first, &end); begun = true) {
    for (int64_t i = 0; i < blocks && !begun; i++) {
      const int64_t p = i * plan.kc, k = min64(plan.kc, g->k - p);
      T *to = plan.strip + i * strips * size;
      for (int64_t s = 0; s < strips; s += g->ta ? NAME(group) : 1) {
        const int64_t row = NAME(first_row)(g->m, strips, s), rows = NAME(first_row)(g->m, strips, s + 1) - row;
        if (g->ta)
          NAME(copy_group)(g->m, strips, s, min64(NAME(group), strips - s), k, g->a + p * g->lda, g->lda, to + s * NAME(strip_size)(k));
        else
          NAME(copy_strip)(rows, k, g->a + row * g->lda + p, g->lda, to + s * NAME(strip_size)(k));
      }
    }
    const int64_t j = first * W, n = min64(end * W, g->n) - j, whole = plan.direct ? n / W * W : 0;
    for (int64_t i = 0; i < blocks; i++) {
      const int64_t p = i * plan.kc, k = min64(plan.kc, g->k - p);
      const T *b = g->tb ? g->b + (j + whole) * g->ldb + p : g->b + p * g->ldb + j + whole;
      if (whole < n) NAME(pack_block)(g->tb, k, n - whole, NAME(narrow_of)(&plan, n), b, g->ldb, block);
      for (int64_t s = 0; s < strips; s++) {
        if (nn_interrupted()) return false;
        T *strip = plan.strip + i * strips * size + s * NAME(strip_size)(k);
        if (j == 0 && g->sums) {
          const int64_t row = NAME(first_row)(g->m, strips, s), rows = NAME(first_row)(g->m, strips, s + 1) - row;
          NAME(sum_strip)(g, row, rows, p, k, plan.copy ? strip : g->a + p * g->lda + row, plan.copy);
        }
        NAME(team_strip)(g, plan, s, j, n, p, k, strip, block, s > 0 ? 0 : g->n - j);
      }
    }
  }
  return true;
}

static bool NAME(team)(const NAME(nn_gemm_args) * g, nn_gemm_team *team, int part, void *scratch, int64_t bytes) {
  if (team->way == NN_GEMM_TERMS) return NAME(team_terms)(g, team, part, scratch, bytes);
  const NAME(plan) plan = NAME(plan_team)(g, team->parts, team->way, scratch, bytes);
  return team->way == NN_GEMM_COLUMNS ? NAME(team_columns)(g, team, part, plan) : NAME(team_rows)(g, team, part, plan);
}

// -----------------------------------------------------------------------------------------------------------
// Matrix times few vectors, all contiguous along k: y[i * incy + v * vy] = alpha * (row i of M) (x_v) + beta
// * y.

typedef struct {
  const T *m, *x;
  T *y;
  int64_t n, k, ld, incx, incy; // M has n rows at distance ld; x's elements lie incx apart, y's incy
  int64_t vectors, vx, vy;      // there are so many x and y, vx and vy apart
  T alpha, beta;
} NAME(gemv_args);

static inline void NAME(put)(T *y, T sum, T alpha, T beta) {
  *y = beta != 0 ? alpha * sum + beta * *y : alpha * sum;
}

static inline T NAME(total)(NAME(vec) v) {
  T part[NAME(lanes)];
  memcpy(part, &v, sizeof v);
  UNROLL for (int half = NAME(lanes) / 2; half > 0; half /= 2) {
    UNROLL for (int i = 0; i < half; i++) part[i] += part[i + half];
  }
  return part[0];
}

// Products of R rows at m with X vectors at x into sums[r * X + v].
INLINE void NAME(dots)(const int R, const int X, const NAME(gemv_args) * g, const T *m, const T *x, int64_t k,
                       T *sums) {
  enum { L = NAME(lanes) };
  NAME(vec) sum[16];
  UNROLL for (int i = 0; i < R * X; i++) sum[i] = (NAME(vec)){0};
  int64_t p = 0;
  for (; p + L <= k; p += L) {
    UNROLL for (int r = 0; r < R; r++) {
      NAME(vec) row = NAME(load)(m + r * g->ld + p);
      UNROLL for (int v = 0; v < X; v++) sum[r * X + v] =
          FMA(row, NAME(load)(x + v * g->vx + p), sum[r * X + v]);
    }
  }
  if (p < k) {
    UNROLL for (int r = 0; r < R; r++) {
      NAME(vec) row = NAME(load_part)(m + r * g->ld + p, k - p);
      UNROLL for (int v = 0; v < X; v++) {
        sum[r * X + v] = FMA(row, NAME(load_part)(x + v * g->vx + p, k - p), sum[r * X + v]);
      }
    }
  }
  UNROLL for (int i = 0; i < R * X; i++) sums[i] = NAME(total)(sum[i]);
}

#define DOTS_CASE(X)                                                                                         \
  case X:                                                                                                    \
    if (rows == (X > 2 ? 4 : 8))                                                                             \
      NAME(dots)(X > 2 ? 4 : 8, X, g, m, x, k, sums);                                                        \
    else                                                                                                     \
      for (int64_t r = 0; r < rows; r++) NAME(dots)(1, X, g, m + r * g->ld, x, k, sums + r * X);             \
    break;

static void NAME(run_dots)(const NAME(gemv_args) * g, int64_t rows, const T *m, const T *x, int64_t k,
                           T *sums) {
  switch (g->vectors) {
    DOTS_CASE(1)
    DOTS_CASE(2)
    DOTS_CASE(3)
    DOTS_CASE(4)
  default: break;
  }
}

#undef DOTS_CASE

// Up to 4 vectors. A single x that isn't contiguous is copied into scratch, a piece at a time.
static bool NAME(gemv_rows)(const NAME(gemv_args) * g, T *scratch, int64_t room) {
  int64_t piece = g->incx == 1 ? (int64_t)1 << 18 : min64(room, (int64_t)1 << 18);
  int64_t at_once = g->vectors > 2 ? 4 : 8;
  T sums[16];
  for (int64_t p = 0; p < g->k; p += piece) {
    int64_t k = min64(piece, g->k - p);
    const T *x = g->x + p * g->incx;
    for (int64_t i = 0; i < k && g->incx != 1; i++) scratch[i] = x[i * g->incx];
    if (g->incx != 1) x = scratch;
    T beta = p == 0 ? g->beta : 1;
    for (int64_t i = 0; i < g->n; i += at_once) {
      if (nn_interrupted()) return false;
      int64_t rows = min64(at_once, g->n - i);
      NAME(run_dots)(g, rows, g->m + i * g->ld + p, x, k, sums);
      for (int64_t r = 0; r < rows; r++)
        for (int64_t v = 0; v < g->vectors; v++)
          NAME(put)(g->y + (i + r) * g->incy + v * g->vy, sums[r * g->vectors + v], g->alpha, beta);
    }
  }
  return true;
}

// sums[0 .. n) += sum over R rows of M times x.
INLINE void NAME(add_rows)(const int R, T *sums, int64_t n, const T *m, int64_t ld, const T *x,
                           int64_t incx) {
  NAME(vec) f[8];
  UNROLL for (int r = 0; r < R; r++) f[r] = NAME(splat)(x[r * incx]);
  int64_t j = 0;
  for (; j + NAME(lanes) <= n; j += NAME(lanes)) {
    NAME(vec) v = NAME(load)(sums + j);
    UNROLL for (int r = 0; r < R; r++) v = FMA(f[r], NAME(load)(m + r * ld + j), v);
    NAME(store)(sums + j, v);
  }
  if (j < n) {
    NAME(vec) v = NAME(load)(sums + j); // sums has room for whole vectors
    UNROLL for (int r = 0; r < R; r++) v = FMA(f[r], NAME(load_part)(m + r * ld + j, n - j), v);
    NAME(store)(sums + j, v);
  }
}

// Columns of M are contiguous along n: M's element (j, p) lies at p * ld + j.
static bool NAME(gemv_columns)(const NAME(gemv_args) * g) {
  enum { PIECE = 4096 / (int)sizeof(T) };
  T sums[PIECE] __attribute__((aligned(64)));
  for (int64_t j = 0; j < g->n; j += PIECE) {
    int64_t n = min64(PIECE, g->n - j), p = 0;
    memset(sums, 0, sizeof sums);
    for (; p + 8 <= g->k; p += 8) {
      if (nn_interrupted()) return false;
      NAME(add_rows)(8, sums, n, g->m + p * g->ld + j, g->ld, g->x + p * g->incx, g->incx);
    }
    for (; p < g->k; p++)
      NAME(add_rows)(1, sums, n, g->m + p * g->ld + j, g->ld, g->x + p * g->incx, g->incx);
    for (int64_t i = 0; i < n; i++) NAME(put)(g->y + (j + i) * g->incy, sums[i], g->alpha, g->beta);
  }
  return true;
}

// For the ways that know of none of them: C starts from the bias, and the rest comes at the end.
static void NAME(start)(NAME(nn_gemm_args) * g) {
  for (int64_t i = 0; i < g->m; i++)
    for (int64_t j = 0; j < g->n; j++) {
      T *c = g->c + i * g->ldc + j;
      *c = g->beta != 0 ? g->beta * *c + g->bias[j] : g->bias[j];
    }
  g->beta = 1;
}

static void NAME(end)(const NAME(nn_gemm_args) * g) {
  const NAME(tile_args) t = {.gate = g->gate, .add = g->add, .relu = g->relu};
  for (int64_t i = 0; i < g->m; i++)
    for (int64_t j = 0; j < g->n; j++) g->c[i * g->ldc + j] = NAME(ended)(&t, g->c[i * g->ldc + j], i * g->ldc + j);
}

// The product as a whole. With few rows in C, op(A)'s rows are vectors that op(B)' is multiplied with; with
// few columns, op(B)'s columns are vectors for op(A).
static bool NAME(gemm)(const NAME(nn_gemm_args) * args, void *scratch, int64_t bytes) {
  const NAME(nn_gemm_args) *g = args;
  bool row = g->m == 1 || (g->m <= 4 && g->tb && !g->ta && g->k >= 4 * NAME(lanes));
  bool column = g->n == 1 || (g->n <= 4 && g->tb && !g->ta && g->k >= 4 * NAME(lanes));
  if (!row && !column) return NAME(blocked)(g, scratch, bytes);
  NAME(nn_gemm_args) started = *args;
  if (args->bias) NAME(start)(&started);
  if (args->sums) NAME(sum_terms)(g->m, g->k, g->a, g->lda, false, g->sums);
  g = &started;
  NAME(gemv_args) v = {.k = g->k, .y = g->c, .alpha = g->alpha, .beta = g->beta};
  bool by_rows = column ? !g->ta : g->tb;
  if (column) {
    v.m = g->a, v.ld = g->lda, v.n = g->m, v.incy = g->ldc;
    v.x = g->b, v.incx = g->tb ? 1 : g->ldb;
    v.vectors = g->n, v.vx = g->ldb, v.vy = 1;
  } else {
    v.m = g->b, v.ld = g->ldb, v.n = g->n, v.incy = 1;
    v.x = g->a, v.incx = g->ta ? g->lda : 1;
    v.vectors = g->m, v.vx = g->lda, v.vy = g->ldc;
  }
  bool done = by_rows ? NAME(gemv_rows)(&v, scratch, bytes / (int64_t)sizeof(T)) : NAME(gemv_columns)(&v);
  if (args->gate || args->add || args->relu) NAME(end)(args);
  return done;
}
