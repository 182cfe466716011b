// Tiny products: rows of op(B) are read as they lie, for up to four rows of C at once. Knows nothing of threads.
#include "tiny.h"

#include "simd.h"

enum { LANES = NN_VBYTES / 4, ROWS = 4 };

// B's transpose with rows without gaps: [k][n] from [n][k].
static const float *transposed(int64_t n, int64_t k, const float *b, int64_t ldb, float *to) {
  for (int64_t j = 0; j < n; j++)
    for (int64_t l = 0; l < k; l++) to[l * n + j] = b[j * ldb + l];
  return to;
}

NN_INLINE nn_vf32 load(bool full, nn_lanes m, const float *p) {
  if (full) return *(const nn_uvf32 *)p;
  return nn_load_lanes(m, p);
}

// `rows` rows of C from row i on, the lanes of m from column j on.
NN_INLINE void block(const int rows, const nn_gemm_args_f32 *g, const float *b, int64_t ldb, int64_t i, int64_t j,
                     bool full, nn_lanes m) {
  const int64_t down = g->ta ? 1 : g->lda, along = g->ta ? g->lda : 1;
  const float *a = g->a + i * down;
  nn_vf32 sum[ROWS] = {0};
  b += j;
  for (int64_t l = 0; l < g->k; l++, a += along, b += ldb) {
    const nn_vf32 v = load(full, m, b);
    for (int r = 0; r < rows; r++) sum[r] += a[r * down] * v;
  }
  float *c = g->c + i * g->ldc + j;
  for (int r = 0; r < rows; r++, c += g->ldc) {
    nn_vf32 y = g->alpha * sum[r];
    if (g->beta != 0) y += g->beta * load(full, m, c);
    if (full)
      *(nn_uvf32 *)c = y;
    else
      nn_store_lanes(m, c, y);
  }
}

NN_INLINE void columns(const nn_gemm_args_f32 *g, const float *b, int64_t ldb, int64_t j, bool full, nn_lanes m) {
  int64_t i = 0;
  for (; i + ROWS <= g->m; i += ROWS) block(ROWS, g, b, ldb, i, j, full, m);
  for (; i < g->m; i++) block(1, g, b, ldb, i, j, full, m);
}

static void tiny_f32(const nn_gemm_args_f32 *g) {
  float room[NN_TINY_B];
  const float *b = g->tb ? transposed(g->n, g->k, g->b, g->ldb, room) : g->b;
  const int64_t ldb = g->tb ? g->n : g->ldb;
  int64_t j = 0;
  for (; j + LANES <= g->n; j += LANES) columns(g, b, ldb, j, true, nn_lanes_make(0, LANES));
  if (j < g->n) columns(g, b, ldb, j, false, nn_lanes_make(0, g->n - j));
}

const nn_tiny_kernels NN_KERNEL(nn_tiny_table) = {.f32 = tiny_f32};
