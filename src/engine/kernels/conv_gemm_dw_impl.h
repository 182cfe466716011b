// Template of conv_gemm.c: the gradients of weights and bias. Blocks of pixels are packed for rows of dy and
// of patches; a tile of the result is a set of vectors over pixels, whose lanes are summed at the end of the
// block.

#if NN_ISA == 2
enum { T(DOT_K) = 8, T(DOT_C) = 3 };
#else
enum { T(DOT_K) = 4, T(DOT_C) = 3 };
#endif
enum { T(LDW) = WBLOCK + (int)(NN_VBYTES / sizeof(real)) };

// One group's weight gradient.
struct T(dw_job) {
  struct T(gather) patches; // of x; only its source side is used
  const real *dy;           // the group's part of image 0
  int64_t dy_n, plane;      // elements between images, pixels of an image
  int64_t kg, crs;
  int64_t per_image,
      block;     // blocks of an image and their pixels; or 0 and WBLOCK: blocks go on from image to image
  bool bias;     // db is wanted
  real *sums;    // for each part dw[kg][crs], then db[kg]
  real *dw, *db; // the results
  real *scratch;
};

enum { T(DW_SCRATCH) = T(BAND_SIZE) + 2 * WROWS * T(LDW) };

// out[i] += sum of the lanes of acc[i] for i < n; acc is padded to a multiple of the vector length.
NN_INLINE void T(add_lanes)(vec *acc, int n, real *out) {
  for (int base = 0; base < n; base += (int)VL) {
    for (int width = (int)VL; width > 1; width /= 2)
#pragma GCC unroll 8
      for (int i = 0; i < width / 2; i++)
        acc[base + i] = T(nn_pair_sums)(acc[base + 2 * i], acc[base + 2 * i + 1]);
    for (int i = 0; i < (int)VL && base + i < n; i++) out[base + i] = acc[base][i];
  }
}

// dw[i][j] += sum over t < len of a[i][t] * b[j][t], i < rows <= DOT_K, j < cols <= DOT_C; len is a multiple
// of VL.
static void T(dot_tile)(int64_t len, const real *a, int64_t lda, int64_t rows, const real *b, int64_t cols,
                        real *dw, int64_t ldw) {
  enum { TILE = T(DOT_K) * T(DOT_C), PADDED = (TILE / 16 + 1) * 16 };
  const real *pa[T(DOT_K)], *pb[T(DOT_C)];
  for (int64_t i = 0; i < T(DOT_K); i++) pa[i] = a + min64(i, rows - 1) * lda;
  for (int64_t j = 0; j < T(DOT_C); j++) pb[j] = b + min64(j, cols - 1) * T(LDW);
  vec acc[T(DOT_K)][T(DOT_C)] = {{{0}}};
  for (int64_t t = 0; t < len; t += VL) {
    vec vb[T(DOT_C)];
#pragma GCC unroll 8
    for (int j = 0; j < T(DOT_C); j++) {
      vb[j] = *(const uvec *)(pb[j] + t);
      NN_KEEP(vb[j]);
    }
#pragma GCC unroll 8
    for (int i = 0; i < T(DOT_K); i++) {
      vec va = *(const uvec *)(pa[i] + t);
      NN_KEEP(va);
#pragma GCC unroll 8
      for (int j = 0; j < T(DOT_C); j++) acc[i][j] += va * vb[j];
    }
  }
  vec flat[PADDED] = {{0}};
  real sums[TILE];
#pragma GCC unroll 32
  for (int i = 0; i < TILE; i++) flat[i] = acc[i / T(DOT_C)][i % T(DOT_C)];
  T(add_lanes)(flat, TILE, sums);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < cols; j++) dw[i * ldw + j] += sums[i * T(DOT_C) + j];
}

// Rows k0 .. k1 - 1 of dy for the pixels of the segments.
static void T(pack_dy)(const struct T(dw_job) *job, const struct segment *seg, int segments, int64_t k0,
                       int64_t k1, real *out) {
  for (int64_t k = k0; k < k1; k++, out += T(LDW))
    for (int q = 0; q < segments; q++) {
      const real *from = job->dy + seg[q].image * job->dy_n + k * job->plane + seg[q].j;
      T(copy_run)(out + seg[q].at, from, seg[q].len);
    }
}

static void T(zero_tail)(real *block, int64_t rows, int64_t from, int64_t to) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t t = from; t < to; t++) block[i * T(LDW) + t] = 0;
}

// Adds the share of `count` pixels from number q on to columns c0 .. c1 - 1 of dw and, unless it is NULL, to
// db.
static void T(dw_run)(const struct T(dw_job) *job, int64_t q, int64_t count, int64_t c0, int64_t c1,
                      real *scratch, real *dw, real *db) {
  struct segment seg[WBLOCK], dy_seg[WBLOCK];
  int segments = cut_segments(q, count, job->patches.ho, job->patches.wo, seg);
  int dy_segments = cut_segments(q, count, 1, job->plane, dy_seg);
  int64_t len = ceil_div(count, VL) * VL;
  struct T(band) band;
  T(band_make)(&job->patches, seg, segments, scratch, &band);
  real *patches = scratch + T(BAND_SIZE), *packed = patches + WROWS * T(LDW);
  for (int64_t c = c0; c < c1; c += WROWS) {
    int64_t cols = min64(WROWS, c1 - c);
    T(pack_patches)(&job->patches, seg, segments, &band, c, c + cols, patches, T(LDW));
    T(zero_tail)(patches, cols, count, len);
    for (int64_t k = 0; k < job->kg; k += WROWS) {
      int64_t rows = min64(WROWS, job->kg - k), lda = job->per_image ? job->plane : T(LDW);
      const real *grads = job->dy + dy_seg[0].image * job->dy_n + k * job->plane + dy_seg[0].j;
      if (!job->per_image) {
        T(pack_dy)(job, dy_seg, dy_segments, k, k + rows, packed);
        T(zero_tail)(packed, rows, count, len);
        grads = packed;
      }
      for (int64_t i = 0; i < rows; i += T(DOT_K)) { // these stay in the first-level cache
        int64_t some = min64(T(DOT_K), rows - i);
        for (int64_t t = 0; db && c == c0 && t < some; t++)
          db[k + i + t] += T(sum_run)(grads + (i + t) * lda, len);
        for (int64_t j = 0; j < cols; j += T(DOT_C))
          T(dot_tile)(len, grads + i * lda, lda, some, patches + j * T(LDW), min64(T(DOT_C), cols - j),
                      dw + (k + i) * job->crs + c + j, job->crs);
      }
    }
  }
}

// The same for block number b.
static void T(dw_block)(const struct T(dw_job) *job, int64_t b, int64_t c0, int64_t c1, real *scratch,
                        real *dw, real *db) {
  int64_t q = b * job->block, end = job->patches.images * job->plane;
  if (job->per_image) {
    int64_t image = b / job->per_image * job->plane;
    q = image + b % job->per_image * job->block;
    end = image + job->plane;
  }
  if (q < end) T(dw_run)(job, q, min64(job->block, end - q), c0, c1, scratch, dw, db);
}

static int64_t T(dw_blocks)(const struct T(dw_job) *job) {
  if (job->per_image) return job->patches.images * job->per_image;
  return ceil_div(job->patches.images * job->plane, job->block);
}

static int64_t T(sums_size)(int64_t kg, int64_t crs) { return kg * crs + kg; }

// Pixel blocks begin .. end - 1, into the sums of this part.
static void T(dw_pixels)(void *arg, int64_t begin, int64_t end, int thread) {
  const struct T(dw_job) *job = arg;
  int64_t size = T(sums_size)(job->kg, job->crs);
  real *sums = job->sums + thread * size, *scratch = job->scratch + thread * T(DW_SCRATCH);
  memset(sums, 0, (size_t)size * sizeof(real));
  for (int64_t b = begin; b < end && !nn_interrupted(); b++)
    T(dw_block)(job, b, 0, job->crs, scratch, sums, job->bias ? sums + job->kg * job->crs : NULL);
}

// All pixels for rows begin .. end - 1 of the patch matrix, into the one result.
static void T(dw_columns)(void *arg, int64_t begin, int64_t end, int thread) {
  const struct T(dw_job) *job = arg;
  real *db = begin == 0 ? job->db : NULL, *scratch = job->scratch + thread * T(DW_SCRATCH);
  for (int64_t k = 0; k < job->kg; k++) {
    memset(job->dw + k * job->crs + begin, 0, (size_t)(end - begin) * sizeof(real));
    if (db) db[k] = 0;
  }
  for (int64_t b = 0; b < T(dw_blocks)(job) && !nn_interrupted(); b++)
    T(dw_block)(job, b, begin, end, scratch, job->dw, db);
}

// Whether each thread sums its own pixels (and the sums are added up in the end) rather than its own columns.
static bool T(dw_splits_pixels)(int64_t kg, int64_t crs, int64_t columns) {
  return kg * crs <= 1 << 20 && columns >= 2 * WBLOCK;
}

struct T(add_parts) {
  const real *sums;
  int64_t step; // from part to part
  int parts;
  real *out;
};

static void T(add_parts)(void *arg, int64_t begin, int64_t end, int thread) {
  const struct T(add_parts) *p = arg;
  (void)thread;
  for (int64_t i = begin; i < end; i++) {
    real sum = p->sums[i];
    for (int t = 1; t < p->parts; t++) sum += p->sums[t * p->step + i];
    p->out[i] = sum;
  }
}

static bool T(dw_group)(struct T(dw_job) *job, real *workspace) {
  int64_t columns = job->patches.images * job->plane, weights = job->kg * job->crs;
  bool aligned = job->plane % VL == 0 && job->plane >= 256;
  job->per_image = aligned ? ceil_div(job->plane, WBLOCK) : 0;
  job->block = aligned ? ceil_div(job->plane, job->per_image * VL) * VL : WBLOCK;
  job->scratch = workspace;
  if (!T(dw_splits_pixels)(job->kg, job->crs, columns)) {
    nn_parallel(job->crs, ceil_div(20000, job->kg * columns), T(dw_columns), job);
    return !nn_interrupted();
  }
  job->sums = workspace + nn_threads() * T(DW_SCRATCH);
  int parts = nn_parallel_parts(T(dw_blocks)(job), 1);
  nn_parallel(T(dw_blocks)(job), 1, T(dw_pixels), job);
  if (nn_interrupted()) return false;
  struct T(add_parts) dw = {job->sums, T(sums_size)(job->kg, job->crs), parts, job->dw};
  struct T(add_parts) db = {job->sums + weights, dw.step, parts, job->db};
  nn_parallel(weights, 8192, T(add_parts), &dw);
  if (job->db) nn_parallel(job->kg, 8192, T(add_parts), &db);
  return true;
}

static size_t T(dw_bytes)(const struct nn_conv_desc *d) {
  int64_t kg = d->k / d->groups, crs = d->c / d->groups * d->r * d->s, columns = d->n * d->ho * d->wo;
  int64_t elements = nn_threads() * T(DW_SCRATCH);
  if (T(dw_splits_pixels)(kg, crs, columns)) elements += nn_threads() * T(sums_size)(kg, crs);
  return (size_t)elements * sizeof(real) + 64;
}

bool NN_KERNEL(T(nn_conv_gemm_weight_grad))(const struct nn_conv_desc *d, const void *x, const void *dy,
                                            void *dw, void *db, void *workspace) {
  int64_t cg = d->c / d->groups, kg = d->k / d->groups, plane = d->ho * d->wo, crs = cg * d->r * d->s;
  if (dw && d->n * plane == 0) memset(dw, 0, (size_t)(d->k * crs) * sizeof(real));
  bool empty = !dw || d->n * plane * kg * crs == 0;
  if (empty) return !db || NN_KERNEL(T(nn_conv_bias_grad))(d, dy, db);
  for (int64_t group = 0; group < d->groups; group++) {
    struct T(dw_job) job = {.patches = T(patches_of)(d, x, group),
                            .dy = (const real *)dy + group * kg * plane,
                            .dy_n = d->k * plane,
                            .plane = plane,
                            .kg = kg,
                            .crs = crs,
                            .bias = db != NULL,
                            .dw = (real *)dw + group * kg * crs,
                            .db = db ? (real *)db + group * kg : NULL};
    if (!T(dw_group)(&job, align64(workspace))) return false;
  }
  return true;
}

