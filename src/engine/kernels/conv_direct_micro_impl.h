// Template of conv_direct.c: products with up to NN_MICRO_ROWS rows by up to four vectors in registers. Fewer rows leave
// room for more vectors.

// Rows by vectors of sums: sums[i][v] = start + sum over k of a[k][i] * (vector at from[v] + off[k]).
struct T(tile) {
  int64_t depth;
  const real *a;       // [depth][rows]
  const int32_t *off;  // [depth]
  const real *from[4]; // of the vectors
  const real *bias;    // what the rows start from, or NULL
  bool relu;
  real *to[4];  // of each vector: where row 0 goes, numbers between rows, how many lanes
  int64_t ld[4], lanes[4];
  const char *next; // what will be read soon, fetched meanwhile: `pace` bytes further for each product
  int64_t pace;
};

// Most vectors for that many rows, as registers allow.
NN_INLINE int T(tile_vectors)(int64_t rows) {
#if NN_ISA == 2
  return rows <= 6 ? 4 : rows <= 9 ? 3 : 2;
#else
  return rows <= 2 ? 4 : rows <= NN_ISA + 3 ? 3 : 2;
#endif
}

NN_INLINE vec T(clamped)(vec x) { return (vec)(~(x < 0) & (ivec)x); } // NaN stays NaN

NN_INLINE void T(tile_run)(const int rows, const int vectors, const struct T(tile) *t) {
  vec acc[NN_MICRO_ROWS][4];
  const real *from[4] = {t->from[0], t->from[1], t->from[2], t->from[3]}, *a = t->a;
  const int32_t *off = t->off, *end = off + t->depth;
  const char *next = t->next;
  int64_t pace = t->pace;
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) acc[i][v] = (vec){0} + (t->bias ? t->bias[i] : (real)0);
  for (; off < end; off++, a += rows, next += pace) {
    vec b[4];
    __builtin_prefetch(next, 0, 2);
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) b[v] = *(const uvec *)(from[v] + *off);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
      for (int v = 0; v < vectors; v++) acc[i][v] += a[i] * b[v];
  }
#pragma GCC unroll 4
  for (int v = 0; v < vectors; v++) {
    real *to = t->to[v];
    int64_t ld = t->ld[v], lanes = t->lanes[v];
    if (t->relu) {
#pragma GCC unroll 16
      for (int i = 0; i < rows; i++) acc[i][v] = T(clamped)(acc[i][v]);
    }
    if (lanes == VL) {
#pragma GCC unroll 16
      for (int i = 0; i < rows; i++) *(uvec *)(to + i * ld) = acc[i][v];
    } else {
#pragma GCC unroll 16
      for (int i = 0; i < rows; i++) T(nn_store_first)(to + i * ld, acc[i][v], lanes);
    }
  }
}

// The pixels' products of the gradient of the weights: sums[i][v] += sum over the rows and columns of outputs of
// dy[i] * (vector at from[v]), which goes on by `step` numbers a column and `down` a row.
struct T(dots) {
  int64_t rows, cols;
  const real *dy; // row i at i * plane, rows of outputs dy_down apart
  int64_t plane, dy_down;
  const real *from[4];
  int64_t step, down;
  real *sums[4]; // of vector v, row i at i * ld
  int64_t ld;
};

NN_INLINE void T(dots_run)(const int rows, const int vectors, const struct T(dots) *t) {
  vec acc[NN_MICRO_ROWS][4];
  int64_t plane = t->plane, step = t->step;
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) acc[i][v] = *(const uvec *)(t->sums[v] + i * t->ld);
  for (int64_t row = 0; row < t->rows; row++) {
    const real *from[4], *a = t->dy + row * t->dy_down;
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) from[v] = t->from[v] + row * t->down;
    for (int64_t at = 0, last = t->cols * step; at < last; at += step, a++) {
      vec b[4];
#pragma GCC unroll 4
      for (int v = 0; v < vectors; v++) b[v] = *(const uvec *)(from[v] + at);
#pragma GCC unroll 16
      for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) acc[i][v] += a[i * plane] * b[v];
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) *(uvec *)(t->sums[v] + i * t->ld) = acc[i][v];
}

#define CASE(R, V)                                                                                           \
  static void T(tile_##R##_##V)(const struct T(tile) *t) { T(tile_run)(R, V, t); }                           \
  static void T(dots_##R##_##V)(const struct T(dots) *t) { T(dots_run)(R, V, t); }
#define NAMES(what, R) {T(what##_##R##_1), T(what##_##R##_2), T(what##_##R##_3), T(what##_##R##_4)}
#define NAMES3(what, R) {T(what##_##R##_1), T(what##_##R##_2), T(what##_##R##_3)}
#define NAMES2(what, R) {T(what##_##R##_1), T(what##_##R##_2)}
#define CASES2(R) CASE(R, 1) CASE(R, 2)
#define CASES3(R) CASES2(R) CASE(R, 3)
#define CASES4(R) CASES3(R) CASE(R, 4)
#if NN_ISA == 2
CASES4(1) CASES4(2) CASES4(3) CASES4(4) CASES4(5) CASES4(6) CASES3(7) CASES3(8) CASES3(9)
CASES2(10) CASES2(11) CASES2(12) CASES2(13) CASES2(14)
#define TABLE(what)                                                                                          \
  {NAMES(what, 1), NAMES(what, 2), NAMES(what, 3), NAMES(what, 4), NAMES(what, 5), NAMES(what, 6),           \
   NAMES3(what, 7), NAMES3(what, 8), NAMES3(what, 9), NAMES2(what, 10), NAMES2(what, 11), NAMES2(what, 12),  \
   NAMES2(what, 13), NAMES2(what, 14)}
#elif NN_ISA == 1
CASES4(1) CASES4(2) CASES3(3) CASES3(4) CASES2(5) CASES2(6)
#define TABLE(what)                                                                                          \
  {NAMES(what, 1), NAMES(what, 2), NAMES3(what, 3), NAMES3(what, 4), NAMES2(what, 5), NAMES2(what, 6)}
#else
CASES4(1) CASES4(2) CASES3(3) CASES2(4) CASES2(5)
#define TABLE(what) {NAMES(what, 1), NAMES(what, 2), NAMES3(what, 3), NAMES2(what, 4), NAMES2(what, 5)}
#endif

static void (*const T(tiles)[NN_MICRO_ROWS][4])(const struct T(tile) *) = TABLE(tile);
static void (*const T(dots)[NN_MICRO_ROWS][4])(const struct T(dots) *) = TABLE(dots);

#undef TABLE
#undef CASES4
#undef CASES3
#undef CASES2
#undef NAMES2
#undef NAMES3
#undef NAMES
#undef CASE

// Rows are cut into blocks of at most NN_MICRO_ROWS, as even as possible.
NN_INLINE int64_t T(row_blocks)(int64_t rows) { return (rows + NN_MICRO_ROWS - 1) / NN_MICRO_ROWS; }
NN_INLINE int64_t T(block_row)(int64_t rows, int64_t b) {
  int64_t blocks = T(row_blocks)(rows), each = rows / blocks, rest = rows % blocks;
  return b * each + min64(b, rest);
}
