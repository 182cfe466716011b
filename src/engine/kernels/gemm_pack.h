// Packing for products, part of gemm_body.h. A block of op(B) becomes panels [k][width], the last one [k][lanes] if
// that is enough; columns beyond the edge are 0. A strip of op(A), the rows of one tile, becomes [k][strip_row] and
// fits in level 1.

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
