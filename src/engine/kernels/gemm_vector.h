// Matrix times few vectors, part of gemm_body.h, all contiguous along k:
// y[i * incy + v * vy] = alpha * (row i of M) (x_v) + beta * y.

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
