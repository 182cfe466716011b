// Template of conv_direct.c: the gradients of weights and bias. The channels of a pixel lie side by side in a block of x;
// where columns of the kernel are neighbours, so do the numbers that a row of the kernel sees: vectors run over these,
// and the rows of dy are multiplied in number by number.

// How the sums of one result channel lie: `windows` runs of `width` numbers of x, cut into vectors that don't span two.
struct T(dw) {
  const struct nn_conv_desc *d;
  const real *x, *dy;
  real *dw, *db;
  int64_t cg, kg;
  int64_t windows, width;       // what an output sees of the block, run by run
  bool patches;                 // the runs are copied together for each output first
  int64_t vectors;              // of all runs of an output
  int64_t ld;                   // numbers of sums of a channel
  int64_t step_h, step_w;       // of outputs in the block (1 where the kernel has one row or column)
  int64_t block_rows, block_cols, bands, strips; // blocks of outputs of an image
  int64_t x_rows, x_cols, x_ld; // of the block: pixels, numbers of a row
  int64_t patch_rows;           // of outputs whose patches are copied at once
  int64_t chunk, grain, parts;  // channels that are summed at once; or 0, and blocks and number of parts of the pixels
  int32_t *place;               // of each of the ld sums in a channel's weights, -1 for none
  int64_t *from;                // of each vector of an output in the block, and of each window
  real *sums, *scratch;
  int64_t sums_size, block_size, thread_size;
};

// The first n of x[0], x[step], ...; zeros behind them.
NN_INLINE vec T(load_every)(const real *x, int64_t step, int64_t n) {
  if (step == 1) return T(nn_load_first)(x, n);
  if (step == 2) {
    int64_t numbers = 2 * min64(n, VL) - 1;
    return T(nn_evens)(T(nn_load_first)(x, numbers), T(nn_load_first)(x + VL, numbers - VL));
  }
  vec v = {0};
  for (int64_t i = 0; i < n && i < VL; i++) v[i] = x[i * step];
  return v;
}

// n pixels with two, four, ... channels, all there are: to[pixel][channel].
NN_INLINE void T(mix_few)(const real *x, int64_t plane, int64_t step, int64_t n, const int channels, real *to) {
  for (int64_t q = 0; q < n; q += VL) {
    vec v[VL];
#pragma GCC unroll 16
    for (int c = 0; c < channels; c++) v[c] = T(load_every)(x + c * plane + q * step, step, n - q);
    T(nn_turn)(v, channels);
    int64_t numbers = (n - q) * channels;
#pragma GCC unroll 16
    for (int c = 0; c < channels; c++) T(nn_store_first)(to + q * channels + c * VL, v[c], numbers - c * VL);
  }
}

// n pixels of up to a vector of channels: to[pixel][pitch].
NN_INLINE void T(mix_many)(const real *x, int64_t plane, int64_t step, int64_t n, int64_t channels, int64_t pitch, real *to) {
  for (int64_t q = 0; q < n; q += VL) {
    vec v[VL];
#pragma GCC unroll 16
    for (int64_t c = 0; c < VL; c++)
      v[c] = c < channels ? T(load_every)(x + c * plane + q * step, step, n - q) : (vec){0};
    T(nn_turn)(v, VL);
    int64_t pixels = min64(n - q, VL);
    if (pixels == VL && channels == VL) {
#pragma GCC unroll 16
      for (int64_t i = 0; i < VL; i++) *(uvec *)(to + (q + i) * pitch) = v[i];
    } else {
#pragma GCC unroll 16
      for (int64_t i = 0; i < VL; i++)
        if (i < pixels) T(nn_store_first)(to + (q + i) * pitch, v[i], channels);
    }
  }
}

// n pixels a step apart, of all channels of a group.
static void T(mix_row)(const real *x, int64_t plane, int64_t step, int64_t n, int64_t channels, real *to) {
  if (channels == 1 && step == 1)
    T(copy_run)(to, x, n);
  else if (channels == 2)
    T(mix_few)(x, plane, step, n, 2, to);
  else if (channels == 4 && VL >= 4)
    T(mix_few)(x, plane, step, n, 4, to);
  else if (channels == 8 && VL >= 8)
    T(mix_few)(x, plane, step, n, 8, to);
  else if (channels < 4)
    for (int64_t q = 0; q < n; q++)
      for (int64_t c = 0; c < channels; c++) to[q * channels + c] = x[c * plane + q * step];
  else if (step == 1)
    for (int64_t c = 0; c < channels; c += VL)
      T(mix_many)(x + c * plane, plane, 1, n, min64(channels - c, VL), channels, to + c);
  else
    for (int64_t c = 0; c < channels; c += VL)
      T(mix_many)(x + c * plane, plane, step, n, min64(channels - c, VL), channels, to + c);
}

// A block of outputs: rows i0 .. of one image, columns j0 ..
struct T(dw_block) {
  int64_t image, i0, rows, j0, cols;
};

static struct T(dw_block) T(dw_block_of)(const struct T(dw) *j, int64_t b) {
  int64_t strip = b % j->strips, band = b / j->strips % j->bands, i0 = band * j->block_rows, j0 = strip * j->block_cols;
  return (struct T(dw_block)){b / j->strips / j->bands, i0, min64(j->block_rows, j->d->ho - i0), j0,
                              min64(j->block_cols, j->d->wo - j0)};
}

// Copies what the block's outputs see of one group, with zeros around it.
static void T(dw_fill)(const struct T(dw) *j, const struct T(dw_block) *b, int64_t group, real *to) {
  const struct nn_conv_desc *d = j->d;
  int64_t step_h = d->r == 1 ? d->stride_h : 1, step_w = d->s == 1 ? d->stride_w : 1, plane = d->h * d->w;
  int64_t top = b->i0 * d->stride_h - d->pad_h, left = b->j0 * d->stride_w - d->pad_w;
  int64_t rows = (b->rows - 1) * j->step_h + (d->r - 1) * d->dil_h + 1;
  int64_t cols = (b->cols - 1) * j->step_w + (d->s - 1) * d->dil_w + 1;
  int64_t lead = min64(left < 0 ? ceil_div(-left, step_w) : 0, cols);
  int64_t until = max64(min64(d->w > left ? ceil_div(d->w - left, step_w) : 0, cols), lead);
  const real *x = j->x + (b->image * d->c + group * j->cg) * plane;
  for (int64_t row = 0; row < rows; row++, to += j->x_ld) {
    int64_t at = top + row * step_h;
    if (at < 0 || at >= d->h) {
      memset(to, 0, (size_t)(cols * j->cg) * sizeof(real));
      continue;
    }
    for (int64_t t = 0; t < lead * j->cg; t++) to[t] = 0;
    T(mix_row)(x + at * d->w + left + lead * step_w, plane, step_w, until - lead, j->cg, to + lead * j->cg);
    for (int64_t t = until * j->cg; t < cols * j->cg; t++) to[t] = 0;
  }
}

// The runs that each output sees, one after the other. Writes up to a vector past each, which the next one mends.
NN_INLINE void T(dw_patches_of)(const struct T(dw) *j, const struct T(dw_block) *b, const real *block, real *to,
                                const int64_t each) {
  for (int64_t row = 0; row < b->rows; row++)
    for (int64_t col = 0; col < b->cols; col++, to += j->ld) {
      const real *seen = block + row * j->step_h * j->x_ld + col * j->step_w * j->cg;
      for (int64_t w = 0; w < j->windows; w++)
#pragma GCC unroll 2
        for (int64_t v = 0; v < each; v++)
          *(uvec *)(to + w * j->width + v * VL) = *(const uvec *)(seen + j->from[w] + v * VL);
    }
}

static void T(dw_patches)(const struct T(dw) *j, const struct T(dw_block) *b, const real *block, real *to) {
  if (j->width <= VL)
    T(dw_patches_of)(j, b, block, to, 1);
  else if (j->width <= 2 * VL)
    T(dw_patches_of)(j, b, block, to, 2);
  else
    T(dw_patches_of)(j, b, block, to, ceil_div(j->width, VL));
}

// Adds a block's products for channels k0 .. k1 - 1 of a group to sums[k][ld], db[k].
static void T(dw_multiply)(const struct T(dw) *j, const struct T(dw_block) *b, int64_t group, int64_t k0, int64_t k1,
                           const real *block, real *sums, real *db) {
  const struct nn_conv_desc *d = j->d;
  int64_t plane = d->ho * d->wo;
  const real *dy = j->dy + (b->image * d->k + group * j->kg + k0) * plane + b->i0 * d->wo + b->j0;
  struct T(dots) dots = {.rows = b->rows, .cols = b->cols, .plane = plane, .dy_down = d->wo, .ld = j->ld,
                         .step = j->patches ? j->ld : j->step_w * j->cg,
                         .down = j->patches ? b->cols * j->ld : j->step_h * j->x_ld};
  for (int64_t i = 0; i < T(row_blocks)(k1 - k0); i++) {
    int64_t r0 = T(block_row)(k1 - k0, i), count = T(block_row)(k1 - k0, i + 1) - r0, most = T(tile_vectors)(count);
    dots.dy = dy + r0 * plane;
    for (int64_t k = r0; db && k < r0 + count; k++)
      for (int64_t row = 0; row < b->rows; row++) db[k] += T(sum_run)(dy + k * plane + row * d->wo, b->cols);
    for (int64_t v = 0, some; v < j->vectors; v += some) {
      some = ceil_div(j->vectors - v, ceil_div(j->vectors - v, most));
      for (int64_t t = 0; t < 4; t++) {
        int64_t vector = v + (t < some ? t : 0);
        dots.from[t] = block + (j->patches ? vector * VL : j->from[vector]);
        dots.sums[t] = sums + r0 * j->ld + vector * VL;
      }
      T(dots)[count - 1][some - 1](&dots);
    }
  }
}

static int64_t T(dw_blocks)(const struct T(dw) *j) { return j->d->n * j->bands * j->strips; }

// A block for one group.
static void T(dw_run)(const struct T(dw) *j, int64_t number, int64_t group, int64_t k0, int64_t k1, real *scratch, real *sums,
                      real *db) {
  struct T(dw_block) b = T(dw_block_of)(j, number);
  T(dw_fill)(j, &b, group, scratch);
  if (!j->patches) {
    T(dw_multiply)(j, &b, group, k0, k1, scratch, sums, db);
    return;
  }
  real *patches = scratch + j->block_size;
  struct T(dw_block) part = b; // patches of some rows stay in the first-level cache
  for (int64_t row = 0; row < b.rows; row += part.rows, part.i0 += part.rows) {
    part.rows = min64(j->patch_rows, b.rows - row);
    T(dw_patches)(j, &part, scratch + row * j->step_h * j->x_ld, patches);
    T(dw_multiply)(j, &part, group, k0, k1, patches, sums, db);
  }
}

static real *T(dw_scratch)(const struct T(dw) *j, int thread) {
  real *scratch = j->scratch + thread * j->thread_size;
  memset(scratch + j->block_size - 4 * VL, 0, 4 * (size_t)NN_VBYTES); // read past the end
  return scratch;
}

// Blocks begin .. end - 1 for all groups, into the sums of this part.
static void T(dw_pixels)(void *arg, int64_t begin, int64_t end, int thread) {
  const struct T(dw) *j = arg;
  real *sums = j->sums + thread * j->sums_size, *db = sums + j->d->k * j->ld, *scratch = T(dw_scratch)(j, thread);
  memset(sums, 0, (size_t)j->sums_size * sizeof(real));
  for (int64_t b = begin; b < end; b++)
    for (int64_t group = 0; group < j->d->groups && !nn_interrupted(); group++)
      T(dw_run)(j, b, group, 0, j->kg, scratch, sums + group * j->kg * j->ld, j->db ? db + group * j->kg : NULL);
}

// Writes the weights of a channel, the sum of that of all parts.
static void T(dw_finish)(const struct T(dw) *j, const real *sums, int64_t parts, int64_t k) {
  real *to = j->dw + k * j->cg * j->d->r * j->d->s;
  for (int64_t i = 0; i < j->ld; i++) {
    if (j->place[i] < 0) continue;
    real sum = sums[i];
    for (int64_t p = 1; p < parts; p++) sum += sums[p * j->sums_size + i];
    to[j->place[i]] = sum;
  }
}

static void T(dw_add)(void *arg, int64_t begin, int64_t end, int thread) {
  const struct T(dw) *j = arg;
  (void)thread;
  for (int64_t k = begin; k < end; k++) {
    T(dw_finish)(j, j->sums + k * j->ld, j->parts, k);
    if (!j->db) continue;
    j->db[k] = 0;
    for (int64_t p = 0; p < j->parts; p++) j->db[k] += j->sums[p * j->sums_size + j->d->k * j->ld + k];
  }
}

// Task: a chunk of a group's channels, all pixels.
static void T(dw_chunk)(void *arg, int64_t task, int thread) {
  const struct T(dw) *j = arg;
  int64_t chunks = ceil_div(j->kg, j->chunk), group = task / chunks, k0 = task % chunks * j->chunk;
  int64_t k1 = min64(k0 + j->chunk, j->kg), first = group * j->kg + k0;
  real *sums = j->sums + thread * j->sums_size, *scratch = T(dw_scratch)(j, thread), *db = j->db ? j->db + first : NULL;
  memset(sums, 0, (size_t)j->sums_size * sizeof(real));
  if (db) memset(db, 0, (size_t)(k1 - k0) * sizeof(real));
  for (int64_t b = 0; b < T(dw_blocks)(j); b++) {
    if (nn_interrupted()) return;
    T(dw_run)(j, b, group, k0, k1, scratch, sums, db);
  }
  for (int64_t k = k0; k < k1; k++) T(dw_finish)(j, sums + (k - k0) * j->ld, 1, group * j->kg + k);
}

// Decides how the work is cut.
static void T(dw_cut)(struct T(dw) *j) {
  const struct nn_conv_desc *d = j->d;
  int64_t threads = nn_threads(), taps = d->r * d->s;
  bool joined = d->dil_w == 1 || d->s == 1;
  j->windows = joined ? d->r : taps;
  j->width = joined ? d->s * j->cg : j->cg;
  j->step_h = d->r == 1 ? 1 : d->stride_h;
  j->step_w = d->s == 1 ? 1 : d->stride_w;
  j->vectors = j->windows * ceil_div(j->width, VL);
  int64_t packed = ceil_div(taps * j->cg, VL);
  j->patches = (j->vectors - packed) * j->kg > 4 * j->vectors;
  if (j->patches) j->vectors = packed;
  j->ld = j->vectors * VL;
  int64_t pixel = j->step_h * j->step_w * j->cg, patch = max64(PATCHES / j->ld, 32); // numbers an output, outputs
  int64_t fit = max64(SOURCE / pixel, 64), shares = max64(ceil_div(2 * threads, max64(d->n, 1)), 1);
  if (threads > 1) fit = min64(fit, max64(d->ho * d->wo / shares, 64));
  j->block_cols = min64(d->wo, j->patches ? min64(fit, patch) : fit);
  j->block_rows = max64(min64(fit / j->block_cols, d->ho), 1);
  j->block_rows = ceil_div(d->ho, ceil_div(d->ho, j->block_rows));
  j->patch_rows = min64(max64(patch / j->block_cols, 1), j->block_rows);
  j->bands = ceil_div(d->ho, j->block_rows);
  j->strips = ceil_div(d->wo, j->block_cols);
  j->x_rows = (j->block_rows - 1) * j->step_h + (d->r - 1) * d->dil_h + 1;
  j->x_cols = (j->block_cols - 1) * j->step_w + (d->s - 1) * d->dil_w + 1;
  j->x_ld = j->x_cols * j->cg;
  j->grain = 1 + 60000 / (j->block_rows * j->block_cols * d->k * j->ld + 1);
  j->parts = nn_parallel_parts(T(dw_blocks)(j), j->grain);
  j->sums_size = round_up(d->k * (j->ld + 1), 16);
  if (d->k * j->ld > 1 << 18) {
    j->chunk = max64((1 << 18) / j->ld, NN_MICRO_ROWS);
    j->chunk = min64(min64(j->chunk, j->kg), max64(ceil_div(d->k, 2 * threads), NN_MICRO_ROWS));
    j->sums_size = round_up(j->chunk * j->ld, 16);
  }
}

static struct T(dw) T(dw_make)(const struct nn_conv_desc *d) {
  struct T(dw) j = {.d = d, .cg = d->c / d->groups, .kg = d->k / d->groups};
  T(dw_cut)(&j);
  return j;
}

static char *T(dw_place)(struct T(dw) *j, char *memory) {
  char *at = memory;
  j->place = T(take)(&at, j->ld, sizeof(int32_t));
  j->from = T(take)(&at, max64(j->vectors, j->windows), sizeof(int64_t));
  j->sums = T(take)(&at, (j->chunk ? nn_threads() : j->parts) * j->sums_size, sizeof(real));
  j->block_size = round_up(j->x_rows * j->x_ld + 8 * VL, 16);
  j->thread_size = j->block_size + (j->patches ? j->patch_rows * j->block_cols * j->ld + VL : 0);
  j->thread_size = round_up(j->thread_size, 16);
  j->scratch = T(take)(&at, nn_threads() * j->thread_size, sizeof(real));
  return at;
}

// Where in the block the vectors that output (0, 0) sees begin, and where in the weights their sums belong.
static void T(dw_list)(struct T(dw) *j) {
  const struct nn_conv_desc *d = j->d;
  int64_t taps = d->r * d->s, each = ceil_div(j->width, VL);
  bool joined = j->windows == d->r && (d->dil_w == 1 || d->s == 1);
  for (int64_t i = 0; i < j->ld; i++) j->place[i] = -1;
  for (int64_t w = 0; w < j->windows; w++) {
    int64_t r = joined ? w : w / d->s, s0 = joined ? 0 : w % d->s;
    int64_t at = r * d->dil_h * j->x_ld + s0 * d->dil_w * j->cg;
    for (int64_t v = 0; v < each && !j->patches; v++) j->from[w * each + v] = at + v * VL;
    if (j->patches) j->from[w] = at;
    int32_t *place = j->place + w * (j->patches ? j->width : each * VL);
    for (int64_t i = 0; i < j->width; i++) place[i] = (int32_t)(i % j->cg * taps + r * d->s + s0 + i / j->cg);
  }
}

bool NN_KERNEL(T(nn_conv_direct_weight_grad))(const struct nn_conv_desc *d, const void *x, const void *dy, void *dw, void *db,
                                              void *workspace) {
  int64_t crs = d->c / d->groups * d->r * d->s, plane = d->ho * d->wo;
  if (dw && d->n * plane == 0) memset(dw, 0, (size_t)(d->k * crs) * sizeof(real));
  if (!dw || d->n * plane * d->k * crs == 0) return !db || NN_KERNEL(T(nn_conv_bias_grad))(d, dy, db);
  struct T(dw) j = T(dw_make)(d);
  j.x = x, j.dy = dy, j.dw = dw, j.db = db;
  T(dw_place)(&j, align64(workspace));
  T(dw_list)(&j);
  if (j.chunk) {
    nn_parallel_tasks(d->groups * ceil_div(j.kg, j.chunk), T(dw_chunk), &j);
    return !nn_interrupted();
  }
  nn_parallel(T(dw_blocks)(&j), j.grain, T(dw_pixels), &j);
  if (nn_interrupted()) return false;
  nn_parallel(d->k, 1 + 8192 / (j.ld * j.parts), T(dw_add), &j);
  return true;
}

static size_t T(dw_bytes)(const struct nn_conv_desc *d) {
  if (d->n * d->ho * d->wo * d->k * d->c * d->r * d->s == 0) return 0;
  struct T(dw) j = T(dw_make)(d);
  char *base = (char *)64;
  return (size_t)(T(dw_place)(&j, base) - base) + 64;
}

struct T(bias_job) {
  const struct nn_conv_desc *d;
  const real *dy;
  real *db;
};

static void T(bias_rows)(void *arg, int64_t begin, int64_t end, int thread) {
  const struct T(bias_job) *job = arg;
  int64_t plane = job->d->ho * job->d->wo;
  (void)thread;
  for (int64_t k = begin; k < end && !nn_interrupted(); k++) {
    real sum = 0;
    for (int64_t n = 0; n < job->d->n; n++) sum += T(sum_run)(job->dy + (n * job->d->k + k) * plane, plane);
    job->db[k] = sum;
  }
}

bool NN_KERNEL(T(nn_conv_bias_grad))(const struct nn_conv_desc *d, const real *dy, real *db) {
  struct T(bias_job) job = {d, dy, db};
  nn_parallel(d->k, ceil_div(20000, d->n * d->ho * d->wo + 1), T(bias_rows), &job);
  return !nn_interrupted();
}
