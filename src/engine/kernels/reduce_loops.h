// Sums of reduce.c for one type: included for float, double and uint64_t (as which int64_t is summed, so that
// it wraps), with REAL, WIDE (the type in which blocks are added up, its vectors WIDE_VEC and their
// WIDE_TOTAL), F(name) for the suffix of vectors and functions and, where there is one, FIRST(x, n) for a vector of
// the first n numbers and zeros.

#define LANES ((int64_t)(sizeof(F(vec)) / sizeof(REAL)))

// Sums keep every chain of additions short: 8 vectors to each of four accumulators, those as a tree to a wide
// group, 64 of these to the wide total. AT(GET, i) is a vector of terms, by way of GET; ONE(i) a single one.
#define WHOLE(p) F(load)(p)
#ifdef FIRST
#define PART(p) FIRST(p, n - i)
#define SUM_REST(AT, ONE)                                                                                    \
  if (i < n) s += AT(PART, i)
#else
#define SUM_REST(AT, ONE)                                                                                    \
  for (; i < n; i++) rest += (WIDE)(ONE(i))
#endif
#define SUM_OF(AT, ONE)                                                                                      \
  WIDE_VEC w0 = {0}, w1 = {0};                                                                               \
  int64_t i = 0;                                                                                             \
  while (i + 4 * LANES <= n) {                                                                               \
    WIDE_VEC g0 = {0}, g1 = {0};                                                                             \
    for (int blocks = 0; blocks < 64 && i + 4 * LANES <= n; blocks++) {                                      \
      const int64_t end = n - i < 32 * LANES ? n : i + 32 * LANES;                                           \
      F(vec) s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};                                                         \
      for (; i + 4 * LANES <= end; i += 4 * LANES) {                                                         \
        s0 += AT(WHOLE, i);                                                                                  \
        s1 += AT(WHOLE, i + LANES);                                                                          \
        s2 += AT(WHOLE, i + 2 * LANES);                                                                      \
        s3 += AT(WHOLE, i + 3 * LANES);                                                                      \
      }                                                                                                      \
      F(widen)((s0 + s1) + (s2 + s3), &g0, &g1);                                                             \
    }                                                                                                        \
    w0 += g0, w1 += g1;                                                                                      \
  }                                                                                                          \
  F(vec) s = {0};                                                                                            \
  for (; i + LANES <= n; i += LANES) s += AT(WHOLE, i);                                                      \
  WIDE rest = 0;                                                                                             \
  SUM_REST(AT, ONE);                                                                                         \
  F(widen)(s, &w0, &w1);                                                                                     \
  return WIDE_TOTAL(w0 + w1) + rest

#define AT_SUM(GET, i)  GET(x + (i))
#define ONE_SUM(i) x[i]
static WIDE F(wide_sum)(int64_t n, const REAL *x) { SUM_OF(AT_SUM, ONE_SUM); }

#define AT_SQUARE(GET, i)  GET(x + (i)) * GET(x + (i))
#define ONE_SQUARE(i) (WIDE) x[i] * (WIDE)x[i]
static WIDE F(wide_square)(int64_t n, const REAL *x) { SUM_OF(AT_SQUARE, ONE_SQUARE); }

#define AT_ABS(GET, i)  F(vabs)(GET(x + (i)))
#define ONE_ABS(i) ABS(x[i])
static WIDE F(wide_abs)(int64_t n, const REAL *x) { SUM_OF(AT_ABS, ONE_ABS); }

#define AT_DOT(GET, i)  GET(x + (i)) * GET(b + (i))
#define ONE_DOT(i) (WIDE) x[i] * (WIDE)b[i]
static WIDE F(wide_dot)(int64_t n, const REAL *x, const REAL *b) { SUM_OF(AT_DOT, ONE_DOT); }

static void F(run_sum)(int64_t n, const void *x, void *y) { *(REAL *)y = (REAL)F(wide_sum)(n, x); }
static void F(run_square)(int64_t n, const void *x, void *y) { *(REAL *)y = (REAL)F(wide_square)(n, x); }
static void F(run_abs)(int64_t n, const void *x, void *y) { *(REAL *)y = (REAL)F(wide_abs)(n, x); }

static void F(run_prod)(int64_t n, const void *vx, void *y) {
  enum { CHAINS = 8 }; // that a multiplication waits for: enough to keep the multipliers busy
  const REAL *x = vx;
  F(vec) p[CHAINS];
  int64_t i = 0;
  for (int c = 0; c < CHAINS; c++) p[c] = (F(vec)){0} + 1;
  for (; i + CHAINS * LANES <= n; i += CHAINS * LANES)
    for (int c = 0; c < CHAINS; c++) p[c] *= F(load)(x + i + c * LANES);
  for (; i + LANES <= n; i += LANES) p[0] *= F(load)(x + i);
  for (int half = CHAINS / 2; half > 0; half /= 2)
    for (int c = 0; c < half; c++) p[c] *= p[c + half];
  REAL all = 1;
  for (int64_t k = 0; k < LANES; k++) all *= p[0][k];
  for (; i < n; i++) all *= x[i];
  *(REAL *)y = all;
}

// --- columns
// ------------------------------------------------------------------------------------------------------
// Strips of COLS columns, row after row, so that memory is read in lines; the sums of 32 rows go to a wide
// group, of 64 groups to the wide total.

#define COLS_SUM(name, TERM)                                                                                 \
  static void F(name##_part)(int64_t outer, int64_t width, const REAL *x, int64_t stride,                    \
                             WIDE *restrict group) {                                                         \
    REAL part[COLS];                                                                                         \
    int64_t i = 0;                                                                                           \
    for (int64_t j = 0; j < width; j++) part[j] = 0;                                                         \
    for (; i + 4 <= outer; i += 4) {                                                                         \
      const REAL *a = x + i * stride, *b = a + stride, *c = b + stride, *d = c + stride;                     \
      NN_VECTOR_LOOP for (int64_t j = 0; j < width; j++) part[j] +=                                          \
          (TERM(a[j]) + TERM(b[j])) + (TERM(c[j]) + TERM(d[j]));                                             \
    }                                                                                                        \
    for (; i < outer; i++) {                                                                                 \
      const REAL *a = x + i * stride;                                                                        \
      NN_VECTOR_LOOP for (int64_t j = 0; j < width; j++) part[j] += TERM(a[j]);                              \
    }                                                                                                        \
    NN_VECTOR_LOOP for (int64_t j = 0; j < width; j++) group[j] += (WIDE)part[j];                            \
  }                                                                                                          \
  static void F(name##_strip)(int64_t outer, int64_t width, const REAL *x, int64_t stride,                   \
                              WIDE *restrict total) {                                                        \
    for (int64_t j = 0; j < width; j++) total[j] = 0;                                                        \
    for (int64_t i0 = 0; i0 < outer; i0 += 64 * 32) {                                                        \
      const int64_t i1 = outer - i0 < 64 * 32 ? outer : i0 + 64 * 32;                                        \
      WIDE group[COLS];                                                                                      \
      for (int64_t j = 0; j < width; j++) group[j] = 0;                                                      \
      for (int64_t i = i0; i < i1; i += 32)                                                                  \
        F(name##_part)(i1 - i < 32 ? i1 - i : 32, width, x + i * stride, stride, group);                     \
      for (int64_t j = 0; j < width; j++) total[j] += group[j];                                              \
    }                                                                                                        \
  }                                                                                                          \
  static void F(name)(int64_t outer, int64_t inner, const void *vx, int64_t stride, void *vy) {              \
    const REAL *x = vx;                                                                                      \
    REAL *y = vy;                                                                                            \
    WIDE total[COLS];                                                                                        \
    int64_t fold = 1; /* short rows: `fold` of them make one */                                              \
    while (stride == inner && 2 * fold * inner <= COLS && 2 * fold <= outer) fold *= 2;                      \
    if (fold >= 8) {                                                                                         \
      const int64_t whole = outer / fold, left = outer - whole * fold;                                       \
      WIDE wide[COLS];                                                                                       \
      F(name##_strip)(whole, fold * inner, x, fold * inner, wide);                                           \
      F(name##_strip)(left, inner, x + whole * fold * inner, inner, total);                                  \
      for (int64_t half = fold / 2; half > 0; half /= 2)                                                     \
        for (int64_t j = 0; j < half * inner; j++) wide[j] += wide[half * inner + j];                        \
      for (int64_t j = 0; j < inner; j++) y[j] = (REAL)(total[j] + wide[j]);                                 \
      return;                                                                                                \
    }                                                                                                        \
    for (int64_t j0 = 0; j0 < inner; j0 += COLS) {                                                           \
      const int64_t width = inner - j0 < COLS ? inner - j0 : COLS;                                           \
      F(name##_strip)(outer, width, x + j0, stride, total);                                                  \
      for (int64_t j = 0; j < width; j++) y[j0 + j] = (REAL)total[j];                                        \
    }                                                                                                        \
  }
#define TERM_SUM(v)    (v)
#define TERM_SQUARE(v) ((v) * (v))
COLS_SUM(cols_sum, TERM_SUM)
COLS_SUM(cols_square, TERM_SQUARE)
COLS_SUM(cols_abs, ABS)

static void F(cols_prod)(int64_t outer, int64_t inner, const void *vx, int64_t stride, void *vy) {
  const REAL *x = vx;
  REAL *y = vy;
  for (int64_t j = 0; j < inner; j++) y[j] = 1;
  for (int64_t i = 0; i < outer; i++) {
    const REAL *a = x + i * stride;
    NN_VECTOR_LOOP for (int64_t j = 0; j < inner; j++) y[j] *= a[j];
  }
}

#undef LANES
#undef WHOLE
#undef PART
#undef SUM_REST
#undef SUM_OF
