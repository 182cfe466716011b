// Template: the register-blocked product that convolution (all methods) is made of, for the type `real`.
// Up to NN_MICRO_ROWS rows by two vectors stay in registers over the whole depth.

enum { T(MICRO_COLS) = 2 * (int)(NN_VBYTES / sizeof(real)) };

// How the rows of a product's left factor are cut into blocks of at most NN_MICRO_ROWS, as even as possible.
NN_INLINE int64_t T(micro_blocks)(int64_t rows) { return (rows + NN_MICRO_ROWS - 1) / NN_MICRO_ROWS; }

// First row of block b; that of block b + 1 is its end.
NN_INLINE int64_t T(micro_row)(int64_t rows, int64_t b) {
  int64_t blocks = T(micro_blocks)(rows), each = rows / blocks, rest = rows % blocks;
  return b * each + (b < rest ? b : rest);
}

// NaN stays NaN.
NN_INLINE vec T(micro_relu)(vec x) { return (vec)(~(x < 0) & (ivec)x); }

// Where the sums start and what happens to them at the end.
struct T(micro_ends) {
  const real *bias; // one number a row to start from, or NULL for 0
  bool add;         // start from c instead
  bool relu;        // clamp at 0
  const void *const *fetch; // what will be read soon, asked for meanwhile: a line each term; or NULL. micro and micro_columns only
};

// c[i][j] = start + sum over k < depth of a[k][i] * b[k][j]; a is [depth][rows], b and c have row strides
// ldb, ldc.
NN_INLINE void T(micro_rows)(const int rows, const bool ahead, int64_t depth, const real *a, int64_t ai, int64_t ak,
                             const real *b, int64_t ldb, real *c, int64_t ldc,
                             const struct T(micro_ends) *ends) {
  vec acc[NN_MICRO_ROWS][2];
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++) {
    real start = ends->bias ? ends->bias[i] : (real)0;
    acc[i][0] = acc[i][1] = (vec){0} + start;
    if (!ends->add) continue;
    acc[i][0] = *(const uvec *)(c + i * ldc);
    acc[i][1] = *(const uvec *)(c + i * ldc + VL);
  }
  const void *const nothing = a;
  const void *const *next = ends->fetch ? ends->fetch : &nothing;
  const int64_t more = ends->fetch != NULL;
  for (int64_t k = 0; k < depth; k++) {
    if (ahead) __builtin_prefetch(*next, 0, 2);
    next += more;
    vec b0 = *(const uvec *)b, b1 = *(const uvec *)(b + VL);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
      acc[i][0] += a[i * ai] * b0;
      acc[i][1] += a[i * ai] * b1;
    }
    a += ak;
    b += ldb;
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++) {
    if (ends->relu) {
      acc[i][0] = T(micro_relu)(acc[i][0]);
      acc[i][1] = T(micro_relu)(acc[i][1]);
    }
    *(uvec *)(c + i * ldc) = acc[i][0];
    *(uvec *)(c + i * ldc + VL) = acc[i][1];
  }
}

#define NN_MICRO_CASE(R)                                                                                     \
  case R:                                                                                                    \
    T(micro_rows)(R, NN_MICRO_AHEAD, depth, a, NN_MICRO_STRIDES(R), b, ldb, c, ldc, ends);                   \
    break;
#define NN_MICRO_CASES_5 NN_MICRO_CASE(1) NN_MICRO_CASE(2) NN_MICRO_CASE(3) NN_MICRO_CASE(4) NN_MICRO_CASE(5)
#if NN_ISA == 2
#define NN_MICRO_CASES                                                                                       \
  NN_MICRO_CASES_5 NN_MICRO_CASE(6) NN_MICRO_CASE(7) NN_MICRO_CASE(8) NN_MICRO_CASE(9) NN_MICRO_CASE(10)     \
      NN_MICRO_CASE(11) NN_MICRO_CASE(12) NN_MICRO_CASE(13) NN_MICRO_CASE(14)
#elif NN_ISA == 1
#define NN_MICRO_CASES NN_MICRO_CASES_5 NN_MICRO_CASE(6)
#else
#define NN_MICRO_CASES NN_MICRO_CASES_5
#endif

// The same with the number of rows (1 .. NN_MICRO_ROWS) known at run time only, for a packed as
// [depth][rows].
#define NN_MICRO_STRIDES(R) 1, R
#define NN_MICRO_AHEAD true
static __attribute__((noinline, unused)) void T(micro)(int64_t rows, int64_t depth, const real *a,
                                                       const real *b, int64_t ldb, real *c, int64_t ldc,
                                                       const struct T(micro_ends) *ends) {
  switch (rows) {
    NN_MICRO_CASES
  default: break;
  }
}
#undef NN_MICRO_STRIDES
#undef NN_MICRO_AHEAD
#define NN_MICRO_AHEAD false

#define NN_MICRO_STRIDED(name)                                                                               \
  static __attribute__((noinline, unused)) void name(int64_t rows, int64_t depth, const real *a, int64_t lda, \
                                                     const real *b, int64_t ldb, real *c, int64_t ldc,       \
                                                     const struct T(micro_ends) *ends) {                     \
    switch (rows) {                                                                                          \
      NN_MICRO_CASES                                                                                         \
    default: break;                                                                                          \
    }                                                                                                        \
  }

// And for a as [rows][lda].
#define NN_MICRO_STRIDES(R) lda, 1
NN_MICRO_STRIDED(T(micro_unpacked))
#undef NN_MICRO_STRIDES

// And for a as [depth][lda], of which the columns from a on are the rows.
#define NN_MICRO_STRIDES(R) 1, lda
NN_MICRO_STRIDED(T(micro_transposed))
#undef NN_MICRO_AHEAD

// The same, with lines asked for.
#define NN_MICRO_AHEAD true
NN_MICRO_STRIDED(T(micro_columns))
#undef NN_MICRO_STRIDES
#undef NN_MICRO_AHEAD

#undef NN_MICRO_STRIDED
#undef NN_MICRO_CASES
#undef NN_MICRO_CASES_5
#undef NN_MICRO_CASE
