// Template of conv_gemm.c: the gathering product behind the forward pass and the gradient of the input.

// dst[m][pixel] = bias[m] + sum over c, rows' and columns' taps of a[m][c][tap] * src[c][pixel seen through
// tap].
struct T(gather) {
  const real *src; // source planes of h x w, src_n elements between images
  int64_t src_n, h, w;
  int64_t images, ho, wo; // the output pixels
  int64_t depth_c;        // source channels
  struct taps rows, cols;
  const real *weight; // of row m, channel c, kernel position (r, s) at m * wm + c * wc + r * wr + s
  int64_t wm, wc, wr;
  real *dst; // pixel (image, i, j) of row m at image * dst_n + m * dst_m + i * dst_h + j * dst_w
  int64_t dst_n, dst_m, dst_h, dst_w;
  int64_t m0, m1;   // rows of this call
  bool in_place;    // the weights are used where they are, not packed
  const real *bias; // or NULL
  bool relu;
  real *packed;  // weights [blocks of rows][depth][rows of the block]
  real *scratch; // for each thread thread_size elements
  int64_t thread_size;
};

enum { T(LDB) = BLOCK + (int)(NN_VBYTES / sizeof(real)) }; // no power of two: rows would share cache sets

static int64_t T(gather_depth)(const struct T(gather) *g) {
  return g->depth_c * g->rows.count * g->cols.count;
}

static void T(pack_weights)(void *arg, int64_t begin, int64_t end, int thread) {
  const struct T(gather) *g = arg;
  int64_t rows = g->m1 - g->m0, depth = T(gather_depth)(g);
  (void)thread;
  for (int64_t b = begin; b < end; b++) {
    int64_t r0 = T(micro_row)(rows, b), mr = T(micro_row)(rows, b + 1) - r0;
    real *out = g->packed + r0 * depth;
    for (int64_t c = 0; c < g->depth_c; c++)
      for (int64_t r = 0; r < g->rows.count; r++)
        for (int64_t s = 0; s < g->cols.count; s++, out += mr) {
          const real *from = g->weight + (g->m0 + r0) * g->wm + c * g->wc +
                             (g->rows.kernel_first + r * g->rows.kernel_step) * g->wr + g->cols.kernel_first +
                             s * g->cols.kernel_step;
          for (int64_t i = 0; i < mr; i++) out[i] = from[i * g->wm];
        }
  }
}

// dst[t] = src[t * stride] for t < len.
NN_INLINE void T(copy_row)(real *dst, const real *src, int64_t stride, int64_t len) {
  if (stride == 1)
    T(copy_run)(dst, src, len);
  else
    for (int64_t t = 0; t < len; t++) dst[t] = src[t * stride];
}

// The same in whole vectors: reads and writes up to a vector and some more past the end.
NN_INLINE void T(copy_past)(real *dst, const real *src, int64_t stride, int64_t len) {
  if (stride == 1)
    for (int64_t t = 0; t < len; t += VL) *(uvec *)(dst + t) = *(const uvec *)(src + t);
  else if (stride == 2)
    for (int64_t t = 0; t < len; t += VL)
      *(uvec *)(dst + t) = T(nn_evens)(*(const uvec *)(src + 2 * t), *(const uvec *)(src + 2 * t + VL));
  else
    for (int64_t t = 0; t < len; t++) dst[t] = src[t * stride];
}

// One row of the patch matrix straight from the source: channel c through tap (r, s), clipped at the borders.
static void T(pack_clipped)(const struct T(gather) *g, const struct segment *seg, int segments, int64_t c,
                            int64_t r, int64_t s, real *out) {
  for (int q = 0; q < segments; q++) {
    real *dst = out + seg[q].at;
    int64_t ih = seg[q].i * g->rows.stride + g->rows.first + r * g->rows.step;
    int64_t iw = seg[q].j * g->cols.stride + g->cols.first + s * g->cols.step;
    int64_t lead = 0, inside = 0;
    if (ih >= 0 && ih < g->h) clip(iw, g->cols.stride, g->w, seg[q].len, &lead, &inside);
    for (int64_t t = 0; t < lead; t++) dst[t] = 0;
    if (inside) {
      const real *src = g->src + seg[q].image * g->src_n + (c * g->h + ih) * g->w;
      T(copy_row)(dst + lead, src + iw + lead * g->cols.stride, g->cols.stride, inside);
    }
    for (int64_t t = lead + inside; t < seg[q].len; t++) dst[t] = 0;
  }
}

// The rows of one channel that a block of pixels sees, with their padding, so that a tap is a plain copy.
// Borders are zeroed once a block, what is inside is copied for each channel.
struct T(band) {
  real *data;
  int64_t size;              // numbers in it
  int64_t ld;                // distance between its rows; 0: too large, or not worth it
  int64_t top, left;         // of the first tap, relative to the source position of tap 0
  int64_t col, lead, inside; // source column of column 0; how many zeros come first, and then numbers
  int runs;                  // rows of one image that follow each other
  struct {
    int64_t image, row, first, count; // source row of row `first` of the band
  } run[WBLOCK];
  int64_t at[WBLOCK]; // of each segment
};

enum { T(BAND_SIZE) = BAND + 64 }; // with what copies may read past the end

static void T(band_make)(const struct T(gather) *g, const struct segment *seg, int segments, real *data,
                         struct T(band) *b) {
  b->data = data;
  int64_t high = max64(g->rows.count - 1, 0) * g->rows.step,
          wide = max64(g->cols.count - 1, 0) * g->cols.step;
  int64_t j0 = segments == 1 ? seg[0].j : 0, rows = 0;
  int64_t columns = segments == 1 ? seg[0].len : g->wo;
  b->ld = 0;
  b->runs = 0;
  b->top = max64(-high, 0);
  b->left = max64(-wide, 0);
  b->col = j0 * g->cols.stride + g->cols.first - b->left;
  int64_t width = (columns - 1) * g->cols.stride + (wide < 0 ? -wide : wide) + 1;
  bool apart = g->rows.stride > (high < 0 ? -high : high) + 1; // rows that no tap sees lie between
  if (g->rows.count * g->cols.count <= 1 || apart || width > BAND) return;
  b->lead = min64(max64(-b->col, 0), width);
  b->inside = max64(min64(g->w - b->col, width) - b->lead, 0);
  int64_t ld = width + 2;
  for (int q = 0; q < segments; q++) {
    if (q == 0 || seg[q].image != seg[q - 1].image) {
      b->run[b->runs].image = seg[q].image;
      b->run[b->runs].row = seg[q].i * g->rows.stride + g->rows.first - b->top;
      b->run[b->runs].first = rows;
      b->run[b->runs++].count = 0;
    }
    int r = b->runs - 1;
    int64_t row = seg[q].i * g->rows.stride + g->rows.first - b->top - b->run[r].row;
    b->at[q] = (b->run[r].first + row) * ld + (seg[q].j - j0) * g->cols.stride;
    b->run[r].count = row + (high < 0 ? -high : high) + 1;
    rows = b->run[r].first + b->run[r].count;
    if (rows * ld > BAND) return;
  }
  b->ld = ld;
  b->size = rows * ld;
  memset(b->data, 0, (size_t)(rows * ld) * sizeof(real));
}

static void T(band_fill)(const struct T(gather) *g, const struct T(band) *b, int64_t c) {
  for (int r = 0; r < b->runs; r++)
    for (int64_t t = 0; t < b->run[r].count; t++) {
      int64_t row = b->run[r].row + t;
      if (row < 0 || row >= g->h) continue;
      T(copy_run)(b->data + (b->run[r].first + t) * b->ld + b->lead,
                  g->src + b->run[r].image * g->src_n + (c * g->h + row) * g->w + b->col + b->lead,
                  b->inside);
    }
}

// One row of the patch matrix from the band. Writes up to a vector past each segment, which the next one
// mends.
static void T(pack_banded)(const struct T(gather) *g, const struct T(band) *b, const struct segment *seg,
                           int segments, int64_t r, int64_t s, real *out) {
  const real *src = b->data + (b->top + r * g->rows.step) * b->ld + b->left + s * g->cols.step;
  if (g->cols.stride == 1)
    for (int q = 0; q < segments; q++) T(copy_past)(out + seg[q].at, src + b->at[q], 1, seg[q].len);
  else if (g->cols.stride == 2)
    for (int q = 0; q < segments; q++) T(copy_past)(out + seg[q].at, src + b->at[q], 2, seg[q].len);
  else
    for (int q = 0; q < segments; q++)
      T(copy_past)(out + seg[q].at, src + b->at[q], g->cols.stride, seg[q].len);
}

// Rows k0 <= k < k1 of the patch matrix for the pixels of the segments, into out (row stride ld, a vector of
// room at the end).
static void T(pack_patches)(const struct T(gather) *g, const struct segment *seg, int segments,
                            const struct T(band) *band, int64_t k0, int64_t k1, real *out, int64_t ld) {
  if (k0 == k1) return; // also keeps an empty kernel from the divisions
  int64_t s = k0 % g->cols.count, r = k0 / g->cols.count % g->rows.count;
  int64_t c = k0 / g->cols.count / g->rows.count;
  for (int64_t k = k0; k < k1; k++, out += ld) {
    if (band->ld) {
      if (k == k0 || (r == 0 && s == 0)) T(band_fill)(g, band, c);
      T(pack_banded)(g, band, seg, segments, r, s, out);
    } else {
      T(pack_clipped)(g, seg, segments, c, r, s, out);
    }
    if (++s < g->cols.count) continue;
    s = 0;
    if (++r < g->rows.count) continue;
    r = 0;
    c++;
  }
}

// Copies the results of `rows` rows of a block, [rows][ld], to their places.
static void T(scatter_block)(const struct T(gather) *g, const struct segment *seg, int segments, int64_t m,
                             int64_t rows, const real *block, int64_t ld) {
  for (int64_t i = 0; i < rows; i++, block += ld)
    for (int q = 0; q < segments; q++) {
      real *dst =
          g->dst + seg[q].image * g->dst_n + (m + i) * g->dst_m + seg[q].i * g->dst_h + seg[q].j * g->dst_w;
      if (g->dst_w == 1)
        T(copy_run)(dst, block + seg[q].at, seg[q].len);
      else
        for (int64_t t = 0; t < seg[q].len; t++) dst[t * g->dst_w] = block[seg[q].at + t];
    }
}

// Where the results of the product's panels of columns go: straight to dst if they are one run there, else,
// to be copied in the end, to `result`.
struct T(panel) {
  real *c;
  int64_t ldc;
};

static void T(find_panels)(const struct T(gather) *g, int64_t q, int64_t count, real *result,
                           struct T(panel) *panel) {
  int64_t plane = g->ho * g->wo;
  bool dense = g->dst_w == 1 && g->dst_h == g->wo;
  for (int64_t j = 0; j < count; j += T(MICRO_COLS), panel++) {
    int64_t image = (q + j) / plane, p = (q + j) % plane;
    *panel = (struct T(panel)){result + j, T(LDB)};
    if (dense && p + T(MICRO_COLS) <= plane)
      *panel = (struct T(panel)){g->dst + image * g->dst_n + g->m0 * g->dst_m + p, g->dst_m};
  }
}

static void T(finish_panels)(const struct T(gather) *g, int64_t q, int64_t count, const real *result,
                             const struct T(panel) *panel) {
  struct segment seg[T(MICRO_COLS)];
  bool dense = g->dst_w == 1 && g->dst_h == g->wo; // rows follow each other
  for (int64_t j = 0; j < count; j += T(MICRO_COLS), panel++) {
    if (panel->c != result + j) continue;
    int64_t columns = min64(T(MICRO_COLS), count - j);
    int segments = cut_segments(q + j, columns, dense ? 1 : g->ho, dense ? g->ho * g->wo : g->wo, seg);
    T(scatter_block)(g, seg, segments, g->m0, g->m1 - g->m0, result + j, T(LDB));
  }
}

// One block of columns: patches are packed slice by slice of the depth, every slice is multiplied by all
// rows.
static void T(gather_block)(const struct T(gather) *g, int64_t q, int64_t count, real *scratch) {
  struct segment seg[BLOCK];
  int segments = cut_segments(q, count, g->ho, g->wo, seg);
  int64_t rows = g->m1 - g->m0, blocks = T(micro_blocks)(rows), depth = T(gather_depth)(g);
  struct T(band) band;
  struct T(panel) panel[BLOCK / T(MICRO_COLS)];
  real *patches = scratch + T(BAND_SIZE), *result = patches + SLICE * T(LDB);
  T(band_make)(g, seg, segments, scratch, &band);
  T(find_panels)(g, q, count, result, panel);
  int64_t slices = max64(ceil_div(depth, SLICE), 1);
  for (int64_t slice = 0; slice < slices; slice++) {
    int64_t k0 = depth * slice / slices, k1 = depth * (slice + 1) / slices;
    T(pack_patches)(g, seg, segments, &band, k0, k1, patches, T(LDB));
    for (int64_t b = 0; b < blocks; b++) {
      int64_t r0 = T(micro_row)(rows, b), mr = T(micro_row)(rows, b + 1) - r0;
      struct T(micro_ends) ends = {.bias = g->bias && slice == 0 ? g->bias + g->m0 + r0 : NULL,
                                   .add = slice > 0,
                                   .relu = g->relu && slice == slices - 1};
      const real *a = g->in_place ? g->weight + (g->m0 + r0) * g->wm + k0 : g->packed + r0 * depth + k0 * mr;
      const struct T(panel) *to = panel;
      for (int64_t j = 0; j < count; j += T(MICRO_COLS), to++)
        if (g->in_place)
          T(micro_unpacked)(mr, k1 - k0, a, g->wm, patches + j, T(LDB), to->c + r0 * to->ldc, to->ldc, &ends);
        else
          T(micro)(mr, k1 - k0, a, patches + j, T(LDB), to->c + r0 * to->ldc, to->ldc, &ends);
    }
  }
  T(finish_panels)(g, q, count, result, panel);
}

static void T(gather_blocks)(void *arg, int64_t begin, int64_t end, int thread) {
  const struct T(gather) *g = arg;
  int64_t columns = g->images * g->ho * g->wo;
  real *scratch = g->scratch + thread * g->thread_size;
  for (int64_t b = begin; b < end && !nn_interrupted(); b++)
    T(gather_block)(g, b * BLOCK, min64(BLOCK, columns - b * BLOCK), scratch);
}

// Most rows whose packed weights fit.
static int64_t T(gather_rows)(int64_t m, int64_t depth) {
  int64_t fit = max64(PACKED / max64(depth, 1), NN_MICRO_ROWS);
  return min64(m, min64(fit, ROWS));
}

static int64_t T(gather_thread_size)(int64_t m, int64_t depth) {
  return T(BAND_SIZE) + (SLICE + T(gather_rows)(m, depth)) * T(LDB) + VL;
}

static size_t T(gather_bytes)(int64_t m, int64_t depth) {
  int64_t elements = T(gather_rows)(m, depth) * depth + 16 + nn_threads() * T(gather_thread_size)(m, depth);
  return (size_t)elements * sizeof(real) + 64;
}

// Whether a row of the left factor is one run in the weights and they are read too few times to be packed for it.
static bool T(uses_in_place)(const struct T(gather) *g) {
  int64_t columns = g->images * g->ho * g->wo;
  bool dense = g->rows.kernel_first == 0 && g->cols.kernel_first == 0 && g->rows.kernel_step == 1 &&
               g->cols.kernel_step == 1 && g->wr == g->cols.count && g->wc == g->wr * g->rows.count;
  return dense && columns <= 8 * BLOCK;
}

// All m rows and all pixels of one group; `depth` is the largest that the workspace was sized for.
static bool T(gather_run)(struct T(gather) *g, int64_t m, int64_t depth, void *workspace) {
  int64_t columns = g->images * g->ho * g->wo, most = T(gather_rows)(m, depth);
  if (columns == 0) return true;
  g->packed = align64(workspace);
  g->scratch = g->packed + ((most * depth + 15) & ~(int64_t)15);
  g->thread_size = T(gather_thread_size)(m, depth);
  g->in_place = T(uses_in_place)(g);
  for (g->m0 = 0; g->m0 < m; g->m0 = g->m1) {
    g->m1 = min64(m, g->m0 + most);
    if (!g->in_place) nn_parallel(T(micro_blocks)(g->m1 - g->m0), ceil_div(20000, T(gather_depth)(g) + 1), T(pack_weights), g);
    nn_conv_spread(ceil_div(columns, BLOCK), 1, T(gather_blocks), g);
    if (nn_interrupted()) return false;
  }
  return true;
}

// The source side of the forward pass of one group: patches of x.
static struct T(gather) T(patches_of)(const struct nn_conv_desc *d, const real *x, int64_t group) {
  int64_t cg = d->c / d->groups;
  return (struct T(gather)){.src = x ? x + group * cg * d->h * d->w : NULL,
                            .src_n = d->c * d->h * d->w,
                            .h = d->h,
                            .w = d->w,
                            .images = d->n,
                            .ho = d->ho,
                            .wo = d->wo,
                            .depth_c = cg,
                            .rows = forward_taps(d->r, d->stride_h, d->pad_h, d->dil_h),
                            .cols = forward_taps(d->s, d->stride_w, d->pad_w, d->dil_w)};
}
