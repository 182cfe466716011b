// The matrix product algorithm, included by gemm.c for T = float and T = double, and so are its parts; no include guards on
// purpose. Knows the vector type NAME(vec), FMA, partial loads and stores and a small transposition from there.

typedef T NAME(vec_u) __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(T)), may_alias));
typedef INT NAME(ints) __attribute__((vector_size(VECTOR_BYTES)));
enum { NAME(lanes) = VECTOR_BYTES / (int)sizeof(T), NAME(width) = 2 * NAME(lanes) }; // width of a panel of B

INLINE NAME(vec) NAME(load)(const T *p) { return (NAME(vec))(*(const NAME(vec_u) *)p); }

INLINE void NAME(store)(T *p, NAME(vec) v) { *(NAME(vec_u) *)p = (NAME(vec_u))v; }

INLINE NAME(vec) NAME(splat)(T x) { return x - (NAME(vec)){0}; }

#include "gemm_tile.h"

#include "gemm_narrow.h"

#include "gemm_pack.h"

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

#include "gemm_team.h"

#include "gemm_vector.h"

// -----------------------------------------------------------------------------------------------------------
// The product

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
