// Template of conv_direct.c: the product behind the forward pass and the gradient of the input.

// dst[m][output] = bias[m] + sum over channels and kernel positions of weight * the source's pixel seen there.
struct T(direct) {
  struct axis rows, cols;
  int64_t images, groups, channels, m; // source channels and results of a group
  const real *src;                     // channels of all groups; src_n numbers between images
  int64_t src_n;
  const real *weight; // of group g, result m, channel c, kernel position (r, s): at g * wg + m * wm + c * wc + r * S + s
  int64_t wg, wm, wc;
  real *dst; // dst_n numbers between images
  int64_t dst_n;
  const real *bias; // or NULL
  bool relu;
  // How it is cut: a task is a block of images or of rows of one image, a group, and a share of the results.
  int64_t block_images, block_rows, block_cols, image_rows, splits;
  int64_t bands, strips, blocks; // an image's blocks by rows and by columns, all blocks
  int64_t ld;                    // distance of the block's rows
  int64_t plane; // numbers of a channel's part in the block
  int64_t chunk, m0, m1; // results of a group whose weights are packed at once
  // Memory: weights [group][phase][blocks of rows][depth][rows of the block], distances for each phase, and for each
  // thread the block and a tile.
  real *packed, *scratch;
  int64_t block_size, thread_size;
  int32_t *off;
  struct plan plan[2][2]; // of full blocks and of the last ones by images or rows, by columns
  struct phase *phase; // row by row
  struct tap *tap;
  int64_t *ready;      // whether the zeros of a thread's block are written
};

static int64_t T(depth_of)(const struct T(direct) *j) { return j->channels * j->rows.kernel * j->cols.kernel; }

// Lists the kernel positions of each phase, and the distances for its products.
static void T(list_products)(struct T(direct) *j) {
  const struct axis *y = &j->rows, *x = &j->cols;
  struct tap *tap = j->tap;
  struct phase *phase = j->phase;
  for (int64_t row = 0; row < axis_used(y); row++)
    for (int64_t col = 0; col < axis_used(x); col++, phase++) {
      *phase = (struct phase){.tap = tap, .at = (tap - j->tap) * j->channels};
      for (int64_t r = 0; r < y->kernel; r++) {
        struct sight down = axis_sight(y, r);
        for (int64_t s = 0; down.phase == row && s < x->kernel; s++) {
          struct sight across = axis_sight(x, s);
          if (across.phase != col) continue;
          int64_t part = down.part * x->parts + across.part;
          *tap++ = (struct tap){r * x->kernel + s,
                                part * j->plane + (down.shift - y->least) * j->ld + across.shift - x->least};
          phase->taps++;
        }
      }
      int32_t *off = j->off + phase->at;
      for (int64_t c = 0; c < j->channels; c++)
        for (int64_t t = 0; t < phase->taps; t++)
          *off++ = (int32_t)(c * y->parts * x->parts * j->plane + phase->tap[t].distance);
    }
}

// count rows of `depth` weights each, wm apart, to packed[depth][count].
static void T(pack_dense)(const real *w, int64_t wm, int64_t depth, int64_t count, real *packed) {
  for (int64_t i0 = 0; i0 < count; i0 += VL)
    for (int64_t k = 0; k < depth; k += VL) {
      vec v[VL];
      int64_t some = min64(count - i0, VL), left = min64(depth - k, VL);
#pragma GCC unroll 16
      for (int64_t i = 0; i < VL; i++)
        v[i] = i < some ? T(nn_load_first)(w + (i0 + i) * wm + k, left) : (vec){0};
      T(nn_turn)(v, VL);
#pragma GCC unroll 16
      for (int64_t i = 0; i < VL; i++)
        if (i < left) T(nn_store_first)(packed + (k + i) * count + i0, v[i], some);
    }
}

// Weights of the blocks of rows begin .. end - 1, counted through all groups.
static void T(pack_rows)(void *arg, int64_t begin, int64_t end, int thread) {
  const struct T(direct) *j = arg;
  int64_t rows = j->m1 - j->m0, blocks = T(row_blocks)(rows), depth = T(depth_of)(j);
  (void)thread;
  for (int64_t i = begin; i < end; i++) {
    int64_t group = i / blocks, r0 = T(block_row)(rows, i % blocks), count = T(block_row)(rows, i % blocks + 1) - r0;
    const real *w = j->weight + group * j->wg + (j->m0 + r0) * j->wm;
    if (!j->rows.backward) { // a row's weights follow each other as its products do
      T(pack_dense)(w, depth, depth, count, j->packed + (group * rows + r0) * depth);
      continue;
    }
    for (int64_t p = 0; p < axis_used(&j->rows) * axis_used(&j->cols); p++) {
      const struct phase *phase = j->phase + p;
      real *packed = j->packed + (group * depth + phase->at) * rows + r0 * phase->taps * j->channels;
      for (int64_t c = 0; c < j->channels; c++)
        for (int64_t t = 0; t < phase->taps; t++) {
          const real *from = w + c * j->wc + phase->tap[t].weight;
          for (int64_t q = 0; q < count; q++) *packed++ = from[q * j->wm];
        }
    }
  }
}

// The even ones of src[0 .. len - 1] to even and the odd ones to odd.
NN_INLINE void T(copy_halves)(real *even, real *odd, const real *src, int64_t len) {
  for (; len > 0; len -= 2 * VL, src += 2 * VL, even += VL, odd += VL) {
    vec a = T(nn_load_first)(src, len), b = T(nn_load_first)(src + VL, len - VL);
    T(nn_store_first)(even, T(nn_evens)(a, b), (len + 1) / 2);
    T(nn_store_first)(odd, T(nn_odds)(a, b), len / 2);
  }
}

// dst[t] = src[2 t] for t < len.
NN_INLINE void T(copy_evens)(real *dst, const real *src, int64_t len) {
  for (; len > 0; len -= VL, src += 2 * VL, dst += VL) {
    vec a = T(nn_load_first)(src, 2 * len - 1), b = T(nn_load_first)(src + VL, 2 * len - 1 - VL);
    T(nn_store_first)(dst, T(nn_evens)(a, b), len);
  }
}

// What a block's outputs see of a row: pixels first .. of each part, behind some zeros.
struct T(window) {
  int64_t zeros, first, pixels;
};

// One row of one channel, for all parts of its columns.
NN_INLINE void T(fill_row)(const struct T(direct) *j, const struct T(window) *seen, const real *src, real *row) {
  const struct axis *x = &j->cols;
  real *to = row + seen->zeros;
  if (x->step == 1) {
    T(copy_run)(to, src + seen->first, seen->pixels);
    return;
  }
  if (x->step == 2 && x->parts == 2) {
    real *even = to + (x->pad % 2 ? j->plane : 0), *odd = to + (x->pad % 2 ? 0 : j->plane);
    T(copy_halves)(even, odd, src + 2 * seen->first, min64(x->size - 2 * seen->first, 2 * seen->pixels));
    return;
  }
  for (int64_t p = 0; p < x->parts; p++, to += j->plane) {
    int64_t at = axis_sight(x, p).origin + seen->first * x->step;
    int64_t count = min64(x->size > at ? ceil_div(x->size - at, x->step) : 0, seen->pixels);
    if (x->step == 2)
      T(copy_evens)(to, src + at, count);
    else
      for (int64_t t = 0; t < count; t++) to[t] = src[at + t * x->step];
  }
}

// Where a block lies: its first image, and row and column of the grid.
struct T(corner) {
  int64_t image, row, col;
};

static struct T(window) T(seen_by)(const struct T(direct) *j, int64_t col) {
  const struct axis *x = &j->cols;
  int64_t least = col + x->least, first = max64(least, 0);
  if (j->strips == 1) return (struct T(window)){x->zeros, first, x->pixels};
  int64_t until = min64(ceil_div(x->size, x->step), least + j->ld);
  return (struct T(window)){min64(first - least, j->ld), first, max64(until - first, 0)};
}

// Copies what a block's outputs see of one group. Zeros around it are there already, where all blocks have the same.
static void T(fill_block)(const struct T(direct) *j, const struct plan *plan, const struct T(corner) *at, int64_t group,
                          real *block) {
  const struct axis *y = &j->rows, *x = &j->cols;
  int64_t reach = plan->rows + y->end - y->grid - y->least; // rows of a part
  struct T(window) seen = T(seen_by)(j, at->col);
  for (int64_t c = 0; c < j->channels; c++)
    for (int64_t p = 0; p < y->parts; p++) {
      int64_t origin = axis_sight(y, p).origin;
      real *part = block + (c * y->parts + p) * x->parts * j->plane;
      for (int64_t image = 0; image < plan->images; image++) {
        const real *src = j->src + (at->image + image) * j->src_n + (group * j->channels + c) * y->size * x->size;
        for (int64_t t = 0; t < reach; t++) {
          int64_t pixel = at->row + y->least + t, from = pixel * y->step + origin;
          real *row = part + (image * j->image_rows + t) * j->ld;
          bool there = pixel >= 0 && from < y->size;
          if (j->strips > 1 || (!there && j->bands > 1))
            for (int64_t q = 0; q < x->parts; q++) memset(row + q * j->plane, 0, (size_t)j->ld * sizeof(real));
          if (there) T(fill_row)(j, &seen, src + from * x->size, row);
        }
      }
    }
}

// Copies `rows` rows of a vector's sums to their places: sums of the phases of a row of outputs side by side.
NN_INLINE void T(finish_run)(const struct T(direct) *j, const struct run *run, int64_t phase_row,
                             const struct T(corner) *at, const real *sums, int64_t rows, real *dst) {
  const struct axis *y = &j->rows, *x = &j->cols;
  int64_t row = (at->row + run->row) * y->phases + phase_row, col = (at->col + run->col) * x->phases;
  int64_t plane = y->out * x->out;
  if (row >= y->out) return;
  int64_t len = min64(run->len * x->phases, x->out - col), next = NN_MICRO_ROWS * 4 * VL;
  real *to = dst + run->image * j->dst_n + row * x->out + col;
  const real *from = sums + run->at;
  if (x->phases == 1) {
    for (int64_t i = 0; i < rows; i++) T(nn_store_first)(to + i * plane, *(const uvec *)(from + i * 4 * VL), len);
  } else if (x->phases == 2) {
    for (int64_t i = 0; i < rows; i++) {
      vec a = *(const uvec *)(from + i * 4 * VL), b = *(const uvec *)(from + i * 4 * VL + next);
      T(nn_store_first)(to + i * plane, T(nn_zip_low)(a, b), len);
      if (len > VL) T(nn_store_first)(to + i * plane + VL, T(nn_zip_high)(a, b), len - VL);
    }
  } else {
    for (int64_t i = 0; i < rows; i++)
      for (int64_t t = 0; t < len; t++) to[i * plane + t] = from[t % x->phases * next + i * 4 * VL + t / x->phases];
  }
}

// A share of a block's work: rows r0 .. r0 + count - 1 of the results of one group.
struct T(share) {
  const struct plan *plan;
  struct T(corner) at;
  int64_t group, r0, count;
  const real *block;
  real *sums, *dst; // dst: where row r0 of the results goes for output (0, 0) of the block's first image
  const char *next; // of what the next block will copy, to be fetched meanwhile
  int64_t pace;
};

// Has vector number v of the block, the tile's t-th, written straight to its place if that is one run, else to `sums`.
NN_INLINE bool T(aim)(const struct T(direct) *j, const struct T(share) *s, int64_t v, struct T(tile) *tile, int64_t t,
                      real *sums) {
  const struct place *place = s->plan->place + v;
  const struct run *run = s->plan->run + place->run;
  bool straight = j->cols.phases == 1 && j->rows.phases == 1 && place[1].run == place->run + 1;
  tile->to[t] = straight ? s->dst + run->image * j->dst_n + (s->at.row + run->row) * j->cols.out + s->at.col + run->col : sums;
  tile->ld[t] = straight ? j->rows.out * j->cols.out : 4 * VL;
  tile->lanes[t] = straight ? run->len : VL;
  return straight;
}

static bool T(sees)(const struct T(direct) *j, int64_t phase_row) {
  int64_t phases = axis_used(&j->cols), taps = 0;
  for (int64_t col = 0; col < phases; col++) taps += j->phase[phase_row * phases + col].taps;
  return taps > 0;
}

// Results that see nothing, of the phases of one row of outputs, are 0.
static void T(clear)(const struct T(direct) *j, const struct T(share) *s, int64_t phase_row) {
  const struct axis *y = &j->rows, *x = &j->cols;
  const struct run *last = s->plan->run + s->plan->place[s->plan->vectors].run - 1; // ends the block
  int64_t col = s->at.col * x->phases, cols = min64((s->at.col + last->col + last->len) * x->phases, x->out) - col;
  for (int64_t image = 0; image < s->plan->images; image++)
    for (int64_t i = 0; i < s->count; i++)
      for (int64_t row = s->at.row * y->phases + phase_row, t = 0; t < s->plan->rows && row < y->out; t++, row += y->phases)
        memset(s->dst + image * j->dst_n + (i * y->out + row) * x->out + col, 0, (size_t)cols * sizeof(real));
}

// For the phases of one row of outputs.
static void T(multiply)(const struct T(direct) *j, struct T(share) *s, int64_t phase_row) {
  const struct plan *plan = s->plan;
  int64_t rows = j->m1 - j->m0, most = T(tile_vectors)(s->count), phases = axis_used(&j->cols);
  const struct phase *phase = j->phase + phase_row * phases;
  const real *packed = j->packed + s->group * rows * T(depth_of)(j);
  struct T(tile) tile = {.bias = j->bias ? j->bias + s->group * j->m + j->m0 + s->r0 : NULL, .relu = j->relu, .pace = s->pace};
  for (int64_t v = 0, some; v < plan->vectors; v += some) {
    bool straight[4];
    some = min64(plan->vectors - v, most);
    for (int64_t t = 0; t < some; t++) tile.from[t] = s->block + plan->place[v + t].start;
    for (int64_t col = 0; col < phases; col++) {
      tile.depth = phase[col].taps * j->channels;
      tile.a = packed + rows * phase[col].at + s->r0 * tile.depth;
      tile.off = j->off + phase[col].at;
      for (int64_t t = 0; t < some; t++)
        straight[t] = T(aim)(j, s, v + t, &tile, t, s->sums + (col * NN_MICRO_ROWS * 4 + t) * VL);
      tile.next = s->next;
      s->next += tile.depth * s->pace;
      T(tiles)[s->count - 1][some - 1](&tile);
    }
    for (int64_t t = 0; t < some; t++)
      for (int64_t run = plan->place[v + t].run; !straight[t] && run < plan->place[v + t + 1].run; run++)
        T(finish_run)(j, plan->run + run, phase_row, &s->at, s->sums + t * VL, s->count, s->dst);
  }
}

// Has the next images of the group fetched while these are worked on, if blocks are whole images.
static void T(look_ahead)(const struct T(direct) *j, int64_t b, struct T(share) *s) {
  int64_t most = T(tile_vectors)(ceil_div(j->m1 - j->m0, T(row_blocks)(j->m1 - j->m0)));
  int64_t products = T(row_blocks)(j->m1 - j->m0) * ceil_div(s->plan->vectors, most) * T(depth_of)(j);
  int64_t size = j->rows.size * j->cols.size, image = s->at.image + j->block_images;
  bool whole = j->bands * j->strips == 1 && b + 1 < j->blocks && products > 0;
  s->next = (const char *)(j->src + (whole ? image * j->src_n + s->group * j->channels * size : 0));
  s->pace = whole ? min64(ceil_div(j->block_images * j->src_n * (int64_t)sizeof(real), products), 64) : 0;
}

// Task: (block, group, share of the results).
static void T(direct_task)(const struct T(direct) *j, int64_t task, int thread) {
  int64_t split = task % j->splits, group = task / j->splits % j->groups, b = task / j->splits / j->groups;
  int64_t strip = b % j->strips, band = b / j->strips % j->bands, images = b / j->strips / j->bands;
  struct T(corner) at = {images * j->block_images, band * j->block_rows, strip * j->block_cols};
  bool last = j->bands > 1 ? band == j->bands - 1 : at.image + j->block_images >= j->images;
  const struct plan *plan = &j->plan[last][strip == j->strips - 1];
  real *block = j->scratch + thread * j->thread_size;
  if (!j->ready[thread]) memset(block, 0, (size_t)j->block_size * sizeof(real));
  j->ready[thread] = 1;
  T(fill_block)(j, plan, &at, group, block);
  int64_t rows = j->m1 - j->m0, row_blocks = T(row_blocks)(rows), plane = j->rows.out * j->cols.out;
  real *dst = j->dst + at.image * j->dst_n + (group * j->m + j->m0) * plane;
  struct T(share) share = {.plan = plan, .at = at, .group = group, .block = block, .sums = block + j->block_size};
  T(look_ahead)(j, b, &share);
  for (int64_t i = row_blocks * split / j->splits; i < row_blocks * (split + 1) / j->splits; i++) {
    share.r0 = T(block_row)(rows, i);
    share.count = T(block_row)(rows, i + 1) - share.r0;
    share.dst = dst + share.r0 * plane;
    for (int64_t row = 0; row < axis_used(&j->rows); row++)
      if (j->bias || T(sees)(j, row))
        T(multiply)(j, &share, row);
      else
        T(clear)(j, &share, row);
  }
}

static void T(direct_tasks)(void *arg, int64_t begin, int64_t end, int thread) {
  for (int64_t t = begin; t < end && !nn_interrupted(); t++) T(direct_task)(arg, t, thread);
}

static void T(direct_one)(void *arg, int64_t task, int thread) { T(direct_tasks)(arg, task, task + 1, thread); }

// Cuts images into bands of rows or, where a row has too much, into strips of columns as well, or joins images.
static void T(cut_blocks)(struct T(direct) *j) {
  const struct axis *y = &j->rows, *x = &j->cols;
  int64_t threads = nn_threads(), reach = y->end - y->grid - y->least, across = x->end - x->grid - x->least;
  int64_t row = max64(j->channels * y->parts * x->parts * x->ld, 1), vectors = ceil_div(y->grid * x->ld, VL);
  int64_t shares = threads == 1 ? 1 : ceil_div(2 * threads, j->images * j->groups);
  shares = max64(min64(shares, vectors / SHARE), 1);
  int64_t fit = max64(max64(SOURCE / row - reach, ceil_div(SHARE * VL, x->ld)), 1);
  bool large = row * (y->grid + reach) > SOURCE;
  j->bands = min64(max64(large ? ceil_div(y->grid, fit) : 1, shares), y->grid);
  j->block_rows = ceil_div(y->grid, j->bands);
  j->bands = ceil_div(y->grid, j->block_rows);
  int64_t most = ceil_div(x->grid, SHARE * VL);
  j->strips = max64(ceil_div(row * (j->block_rows + reach), 2 * SOURCE), y->grid == 1 ? shares : 1);
  j->block_cols = round_up(ceil_div(x->grid, min64(j->strips, most)), VL);
  j->strips = ceil_div(x->grid, j->block_cols);
  j->ld = j->strips > 1 ? j->block_cols + across : x->ld;
  j->block_images = 1;
  if (j->bands == 1 && j->strips == 1) {
    int64_t some = min64(VECTORS / vectors, SOURCE / (row * (y->grid + reach)));
    if (threads > 1) some = min64(some, j->images * j->groups / (4 * threads));
    j->block_images = max64(min64(some, j->images), 1);
  }
  j->image_rows = y->ld;
  j->blocks = ceil_div(j->images, j->block_images) * j->bands * j->strips;
  int64_t rows = (j->block_images - 1) * j->image_rows + j->block_rows + reach;
  j->plane = round_up(rows * j->ld + x->zeros + VL, 16) | 16;
}

// Decides how the work is cut: a function of the shape and the number of threads.
static void T(direct_cut)(struct T(direct) *j) {
  int64_t threads = nn_threads();
  T(cut_blocks)(j);
  j->chunk = min64(j->m, max64(PACKED / max64(j->groups * T(depth_of)(j), 1), NN_MICRO_ROWS));
  int64_t wanted = threads == 1 ? 1 : ceil_div(2 * threads, j->blocks * j->groups);
  j->splits = max64(min64(wanted, T(row_blocks)(j->chunk)), 1);
}

// Memory from *at on, aligned; moves *at past it.
static void *T(take)(char **at, int64_t count, size_t size) {
  char *p = *at;
  *at = p + round_up(count * (int64_t)size, 64);
  return p;
}

// Places everything from `memory` on and returns the end; reads and writes nothing there.
static char *T(direct_place)(struct T(direct) *j, char *memory) {
  char *at = memory;
  int64_t rows = j->block_images * j->block_rows, vectors = rows * ceil_div(j->block_cols, VL);
  int64_t used = axis_used(&j->cols), depth = T(depth_of)(j);
  for (int i = 0; i < 4; i++) {
    j->plan[i / 2][i % 2].place = T(take)(&at, vectors + 1, sizeof(struct place));
    j->plan[i / 2][i % 2].run = T(take)(&at, vectors + rows, sizeof(struct run));
  }
  j->phase = T(take)(&at, axis_used(&j->rows) * used, sizeof(struct phase));
  j->tap = T(take)(&at, j->rows.kernel * j->cols.kernel, sizeof(struct tap));
  j->off = T(take)(&at, depth, sizeof(int32_t));
  j->ready = T(take)(&at, nn_threads(), sizeof(int64_t));
  j->packed = T(take)(&at, j->groups * j->chunk * depth, sizeof(real));
  j->block_size = round_up(j->channels * j->rows.parts * j->cols.parts * j->plane + 4 * VL, 16);
  j->thread_size = j->block_size + used * NN_MICRO_ROWS * 4 * VL + 4 * VL;
  j->scratch = T(take)(&at, nn_threads() * j->thread_size, sizeof(real));
  return at;
}

static void T(direct_plan)(struct T(direct) *j) {
  for (int i = 0; i < 4; i++) {
    struct plan *p = &j->plan[i / 2][i % 2];
    bool last = i / 2, right = i % 2;
    int64_t rest = j->images % j->block_images;
    p->images = last && rest ? rest : j->block_images;
    p->rows = last ? j->rows.grid - (j->bands - 1) * j->block_rows : j->block_rows;
    int64_t cols = right ? j->cols.grid - (j->strips - 1) * j->block_cols : j->block_cols;
    if (right || j->strips > 1) plan_make(p, VL, cols, j->ld, j->image_rows);
  }
}

static bool T(direct_run)(struct T(direct) *j, void *workspace) {
  T(direct_place)(j, align64(workspace));
  T(direct_plan)(j);
  T(list_products)(j);
  int64_t work = T(depth_of)(j) * j->block_images * j->block_rows * j->block_cols * ceil_div(j->chunk, j->splits);
  for (j->m0 = 0; j->m0 < j->m; j->m0 = j->m1) {
    j->m1 = min64(j->m, j->m0 + j->chunk);
    int64_t packs = j->groups * T(row_blocks)(j->m1 - j->m0);
    memset(j->ready, 0, (size_t)nn_threads() * sizeof *j->ready);
    nn_parallel(packs, ceil_div(20000, NN_MICRO_ROWS * T(depth_of)(j) + 1), T(pack_rows), j);
    int64_t tasks = j->blocks * j->groups * j->splits, grain = 1 + 60000 / (work + 1);
    if (grain == 1)
      nn_parallel_tasks(tasks, T(direct_one), j);
    else
      nn_conv_spread(tasks, grain, T(direct_tasks), j);
    if (nn_interrupted()) return false;
  }
  return true;
}

static struct T(direct) T(direct_make)(const struct nn_conv_desc *d, bool backward) {
  int64_t cg = d->c / d->groups, kg = d->k / d->groups, taps = d->r * d->s;
  struct T(direct) j = {.images = d->n, .groups = d->groups, .wg = kg * cg * taps};
  int64_t x_n = d->c * d->h * d->w, y_n = d->k * d->ho * d->wo;
  j.channels = backward ? kg : cg;
  j.m = backward ? cg : kg;
  j.wm = backward ? taps : cg * taps;
  j.wc = backward ? cg * taps : taps;
  j.src_n = backward ? y_n : x_n;
  j.dst_n = backward ? x_n : y_n;
  j.rows = backward ? axis_make(true, d->ho, d->h, d->r, d->stride_h, d->pad_h, d->dil_h)
                    : axis_make(false, d->h, d->ho, d->r, d->stride_h, d->pad_h, d->dil_h);
  j.cols = backward ? axis_make(true, d->wo, d->w, d->s, d->stride_w, d->pad_w, d->dil_w)
                    : axis_make(false, d->w, d->wo, d->s, d->stride_w, d->pad_w, d->dil_w);
  if (d->n * j.m * j.rows.out * j.cols.out > 0) T(direct_cut)(&j);
  return j;
}
