// The few columns of a product that are left beyond whole vectors, part of gemm_body.h: a vector for each row would be nearly
// empty. Knows tiles and vectors from there, and adding up four vectors (total4). No include guard on purpose.

enum { NAME(narrow_most) = NN_ISA > 1 ? 4 : 3 }; // so many sums of four rows stay in registers

// Packed, each column lies contiguous along k, x of them one after the other.
static void NAME(pack_narrow)(bool tb, int64_t k, int64_t x, const T *b, int64_t ldb, T *to) {
  for (int64_t v = 0; v < x && tb; v++) memcpy(to + v * k, b + v * ldb, (size_t)k * sizeof(T));
  for (int64_t v = 0; v < x && !tb; v++)
    for (int64_t p = 0; p < k; p++) to[v * k + p] = b[p * ldb + v];
}

// Sums of a strip, the one of row i and column v at sums[v * strip_row + i], into C.
static void NAME(finish_narrow)(int64_t rows, int64_t x, const T *sums, const NAME(tile_args) * t) {
  const int64_t down = t->turned ? 1 : t->ldc, across = t->turned ? t->ldc : 1;
  for (int64_t v = 0; v < x; v++, sums += NAME(strip_row)) {
    T *c = t->c + v * across;
    for (int64_t i = 0; i < rows; i++, c += down) {
      T y = t->alpha * sums[i];
      if (t->beta != 0) y += t->beta * *c;
      if (t->bias) y += t->bias[t->turned ? i : v];
      *c = NAME(ended)(t, y, i * t->ldc + v);
    }
  }
}

// Columns times numbers of A that lie side by side, those of all rows a term: X vectors of sums, or a few sets of them, because
// a multiplier takes a new sum before it has finished the last. whole: the strip has room for whole vectors.
INLINE void NAME(narrow_strip)(const int X, const bool whole, int64_t rows, const NAME(tile_args) * t, T *to) {
  enum { L = NAME(lanes), V = NAME(strip_row) / L };
  const int N = X * V, U = N > 2 ? 1 : N == 2 ? 2 : 4;
  NAME(vec) sums[4 * V];
  UNROLL for (int i = 0; i < U * N; i++) sums[i] = (NAME(vec)){0};
  const T *a = t->a, *b = t->b;
  const int64_t cs = whole ? NAME(strip_row) : t->cs, k = t->k;
  int64_t p = 0;
#define TERM(U0)                                                                                             \
  UNROLL for (int v = 0; v < V; v++) {                                                                       \
    const int64_t given = rows - v * L;                                                                      \
    const NAME(vec) f = whole || given >= L ? NAME(load)(a + v * L) : given > 0 ? NAME(load_part)(a + v * L, given) : (NAME(vec)){0}; \
    UNROLL for (int x = 0; x < X; x++) sums[(U0) * N + x * V + v] = NAME(fma_splat)(b + x * k, f, sums[(U0) * N + x * V + v]); \
  }                                                                                                          \
  a += cs, b++;
  for (; p + U <= k; p += U) {
    UNROLL for (int u = 0; u < U; u++) { TERM(u) }
  }
  for (; p < k; p++) { TERM(0) }
#undef TERM
  UNROLL for (int i = N; i < U * N; i++) sums[i % N] += sums[i];
  UNROLL for (int i = 0; i < N; i++) NAME(store)(to + i * L, sums[i]);
}

// Dot products of four rows with X columns, all contiguous along k; rows beyond the last count as the last.
INLINE void NAME(narrow_dots)(const int X, int64_t rows, const NAME(tile_args) * t, T *to) {
  enum { L = NAME(lanes) };
  const int64_t k = t->k;
  for (int64_t i = 0; i < rows; i += 4) {
    const T *a[4];
    NAME(vec) sums[16];
    UNROLL for (int r = 0; r < 4; r++) a[r] = t->a + min64(i + r, rows - 1) * t->rs;
    UNROLL for (int s = 0; s < 4 * X; s++) sums[s] = (NAME(vec)){0};
    int64_t p = 0;
    for (; p + L <= k; p += L) {
      NAME(vec) b[4];
      UNROLL for (int x = 0; x < X; x++) b[x] = NAME(load)(t->b + x * k + p);
      UNROLL for (int r = 0; r < 4; r++) {
        const NAME(vec) f = NAME(load)(a[r] + p);
        UNROLL for (int x = 0; x < X; x++) sums[x * 4 + r] = FMA(f, b[x], sums[x * 4 + r]);
      }
    }
    if (p < k) {
      UNROLL for (int r = 0; r < 4; r++) {
        const NAME(vec) f = NAME(load_part)(a[r] + p, k - p);
        UNROLL for (int x = 0; x < X; x++) sums[x * 4 + r] = FMA(f, NAME(load_part)(t->b + x * k + p, k - p), sums[x * 4 + r]);
      }
    }
    UNROLL for (int x = 0; x < X; x++) NAME(total4)(sums + x * 4, to + x * NAME(strip_row) + i);
  }
}

// A function a variant, as tiles have it.
#define NARROW(X)                                                                                            \
  static void NAME(narrow_packed_##X)(int64_t rows, const NAME(tile_args) * t, T *to) {                      \
    NAME(narrow_strip)(X, true, rows, t, to);                                                                \
  }                                                                                                          \
  static void NAME(narrow_across_##X)(int64_t rows, const NAME(tile_args) * t, T *to) {                      \
    NAME(narrow_strip)(X, false, rows, t, to);                                                               \
  }                                                                                                          \
  static void NAME(narrow_dots_##X)(int64_t rows, const NAME(tile_args) * t, T *to) { NAME(narrow_dots)(X, rows, t, to); }
NARROW(1)
NARROW(2)
NARROW(3)
#if NN_ISA > 1
NARROW(4)
#endif
#undef NARROW

#define NARROW_ENTRY(X) {NAME(narrow_packed_##X), NAME(narrow_across_##X), NAME(narrow_dots_##X)}
static void (*const NAME(narrow_ways)[NAME(narrow_most)][3])(int64_t rows, const NAME(tile_args) * t, T *to) = {
    NARROW_ENTRY(1), NARROW_ENTRY(2), NARROW_ENTRY(3),
#if NN_ISA > 1
    NARROW_ENTRY(4),
#endif
};
#undef NARROW_ENTRY

// The x columns from j on of a strip of rows, t being what its first columns have; b: the packed columns. packed: t.a is a packed
// strip.
static void NAME(run_narrow)(int64_t rows, int64_t x, int64_t j, bool packed, const T *b, NAME(tile_args) t) {
  T sums[NAME(narrow_most) * NAME(strip_row)] __attribute__((aligned(64)));
  t.b = b;
  t.c += t.turned ? j * t.ldc : j;
  if (t.bias && !t.turned) t.bias += j;
  if (t.gate) t.gate += j;
  if (t.add) t.add += j;
  NAME(narrow_ways)[x - 1][packed ? 0 : t.cs == 1 ? 2 : 1](rows, &t, sums);
  NAME(finish_narrow)(rows, x, sums, &t);
}
