// Template of conv_gemm.c: the gradient of the input by the way round, for few input channels, where
// gathering patches of dy would cost more than the product: the product w^T[c r s][k] * dy[k][pixels] needs
// no patches, and its rows are added to dx, each shifted by its kernel position.

// A part of dx: the channels c0 .. c1 - 1 of a group.
struct T(scatter) {
  const struct nn_conv_desc *d;
  struct T(gather) x; // geometry of patches; src is not used
  const real *dy;
  real *dx;
  int64_t group, split; // the group's channels are split into this many parts
  const real *packed;   // w^T for each part, as the product takes it
  real *scratch;
  int64_t thread_size;
};

// Sums of a part: block[rows][LDB] = w^T[rows][k] * dy[k][count pixels from p on of an image].
static void T(scatter_product)(const struct T(scatter) *s, int64_t image, int64_t p, int64_t count,
                               int64_t row0, int64_t rows, real *pack, real *block) {
  int64_t kg = s->d->k / s->d->groups, plane = s->d->ho * s->d->wo;
  const real *dy = s->dy + (image * s->d->k + s->group * kg) * plane + p;
  int64_t slices = ceil_div(kg, SLICE);
  for (int64_t slice = 0; slice < slices; slice++) {
    int64_t k0 = kg * slice / slices, k1 = kg * (slice + 1) / slices;
    for (int64_t k = k0; k < k1; k++) T(copy_run)(pack + (k - k0) * T(LDB), dy + k * plane, count);
    struct T(micro_ends) ends = {.add = slice > 0};
    for (int64_t b = 0; b < T(micro_blocks)(rows); b++) {
      int64_t r0 = T(micro_row)(rows, b), mr = T(micro_row)(rows, b + 1) - r0;
      const real *a = s->packed + (row0 + r0) * kg + k0 * mr;
      for (int64_t j = 0; j < count; j += T(MICRO_COLS))
        T(micro)(mr, k1 - k0, a, pack + j, T(LDB), block + r0 * T(LDB) + j, T(LDB), &ends);
    }
  }
}

// dst[t * stride] += src[t] for t < len.
NN_INLINE void T(add_run)(real *dst, int64_t stride, const real *src, int64_t len) {
  int64_t t = 0;
  if (stride == 1) {
    for (; t + VL <= len; t += VL) *(uvec *)(dst + t) += *(const uvec *)(src + t);
#pragma GCC unroll 4
    for (int64_t step = VL / 2; step; step /= 2) {
      if (!(len & step)) continue;
      for (int64_t i = 0; i < step; i++) dst[t + i] += src[t + i];
      t += step;
    }
  } else if (stride == 2) {
    for (; t < len; t++) dst[2 * t] += src[t];
  } else {
    for (; t < len; t++) dst[t * stride] += src[t];
  }
}

// Adds the sums of one channel to its plane by way of a band of padded rows.
static void T(scatter_banded)(const struct T(gather) *x, struct T(band) *band, const struct segment *seg,
                              int segments, const real *block, real *plane) {
  const struct taps *rows = &x->rows, *cols = &x->cols;
  memset(band->data, 0, (size_t)band->size * sizeof(real));
  for (int64_t r = 0; r < rows->count; r++)
    for (int64_t s = 0; s < cols->count; s++, block += T(LDB))
      for (int q = 0; q < segments; q++)
        T(add_run)(band->data + band->at[q] + r * rows->step * band->ld + s * cols->step, cols->stride,
                   block + seg[q].at, seg[q].len);
  for (int64_t t = 0; t < band->run[0].count; t++) {
    int64_t row = band->run[0].row + t;
    if (row < 0 || row >= x->h) continue;
    T(add_run)(plane + row * x->w + band->col + band->lead, 1, band->data + t * band->ld + band->lead,
               band->inside);
  }
}

static void T(scatter_clipped)(const struct T(gather) *x, const struct segment *seg, int segments,
                               const real *block, real *plane) {
  const struct taps *rows = &x->rows, *cols = &x->cols;
  for (int64_t r = 0; r < rows->count; r++)
    for (int64_t s = 0; s < cols->count; s++, block += T(LDB))
      for (int q = 0; q < segments; q++) {
        int64_t ih = seg[q].i * rows->stride + rows->first + r * rows->step, lead, inside;
        int64_t iw = seg[q].j * cols->stride + cols->first + s * cols->step;
        if (ih < 0 || ih >= x->h) continue;
        clip(iw, cols->stride, x->w, seg[q].len, &lead, &inside);
        if (inside)
          T(add_run)(plane + ih * x->w + iw + lead * cols->stride, cols->stride, block + seg[q].at + lead,
                     inside);
      }
}

// One part of one image.
static void T(scatter_part)(const struct T(scatter) *s, int64_t image, int64_t c0, int64_t c1,
                            real *scratch) {
  const struct nn_conv_desc *d = s->d;
  int64_t pixels = d->ho * d->wo, taps = d->r * d->s, size = d->h * d->w;
  real *dx = s->dx + (image * d->c + s->group * s->x.depth_c) * size;
  real *pack = scratch + T(BAND_SIZE), *block = pack + SLICE * T(LDB);
  memset(dx + c0 * size, 0, (size_t)((c1 - c0) * size) * sizeof(real));
  for (int64_t p = 0; p < pixels; p += BLOCK) {
    struct segment seg[BLOCK];
    struct T(band) band;
    int segments = cut_segments(p, min64(BLOCK, pixels - p), d->ho, d->wo, seg);
    T(band_make)(&s->x, seg, segments, scratch, &band);
    T(scatter_product)(s, image, p, min64(BLOCK, pixels - p), c0 * taps, (c1 - c0) * taps, pack, block);
    for (int64_t c = c0; c < c1; c++) {
      const real *rows = block + (c - c0) * taps * T(LDB);
      if (band.ld)
        T(scatter_banded)(&s->x, &band, seg, segments, rows, dx + c * size);
      else
        T(scatter_clipped)(&s->x, seg, segments, rows, dx + c * size);
    }
  }
}

static void T(scatter_parts)(void *arg, int64_t begin, int64_t end, int thread) {
  const struct T(scatter) *s = arg;
  int64_t c = s->x.depth_c;
  for (int64_t i = begin; i < end && !nn_interrupted(); i++) {
    int64_t part = i % s->split;
    T(scatter_part)(s, i / s->split, c * part / s->split, c * (part + 1) / s->split,
                    s->scratch + thread * s->thread_size);
  }
}

// How many parts a group's channels are split into, so that every thread has some, and the rows fit.
static int64_t T(scatter_split)(const struct nn_conv_desc *d) {
  int64_t cg = d->c / d->groups, taps = d->r * d->s;
  int64_t fit = ceil_div(cg, max64(ROWS / taps, 1)), threads = ceil_div(nn_threads(), max64(d->n, 1));
  return max64(min64(max64(fit, threads), cg), 1);
}

static int64_t T(scatter_thread_size)(const struct nn_conv_desc *d) {
  int64_t most = ceil_div(d->c / d->groups, T(scatter_split)(d));
  return T(BAND_SIZE) + (SLICE + most * d->r * d->s) * T(LDB);
}

static size_t T(scatter_bytes)(const struct nn_conv_desc *d) {
  int64_t weights = (d->c / d->groups * d->r * d->s * (d->k / d->groups) + 15) & ~(int64_t)15;
  return (size_t)(weights + nn_threads() * T(scatter_thread_size)(d)) * sizeof(real) + 64;
}

// w^T of one group, each part's rows (c, r, s) in blocks as the product takes them.
static void T(scatter_weights)(const struct T(scatter) *s, const real *w, real *packed) {
  int64_t kg = s->d->k / s->d->groups, cg = s->x.depth_c, taps = s->d->r * s->d->s;
  for (int64_t part = 0; part < s->split; part++) {
    int64_t first = cg * part / s->split * taps, rows = cg * (part + 1) / s->split * taps - first;
    for (int64_t b = 0; b < T(micro_blocks)(rows); b++) {
      int64_t r0 = first + T(micro_row)(rows, b), mr = first + T(micro_row)(rows, b + 1) - r0;
      for (int64_t k = 0; k < kg; k++)
        memcpy(packed + r0 * kg + k * mr, w + k * cg * taps + r0, (size_t)mr * sizeof(real));
    }
  }
}

static bool T(scatter_input_grad)(const struct nn_conv_desc *d, const real *dy, const real *w, real *dx,
                                  void *workspace) {
  int64_t cg = d->c / d->groups, kg = d->k / d->groups, taps = d->r * d->s;
  real *packed = align64(workspace);
  for (int64_t group = 0; group < d->groups; group++) {
    struct T(scatter) s = {.d = d,
                           .x = T(patches_of)(d, NULL, group),
                           .dy = dy,
                           .dx = dx,
                           .group = group,
                           .split = T(scatter_split)(d),
                           .packed = packed,
                           .scratch = packed + ((cg * taps * kg + 15) & ~(int64_t)15),
                           .thread_size = T(scatter_thread_size)(d)};
    T(scatter_weights)(&s, w + group * kg * cg * taps, packed);
    nn_conv_spread(d->n * s.split, 1, T(scatter_parts), &s);
    if (nn_interrupted()) return false;
  }
  return true;
}
