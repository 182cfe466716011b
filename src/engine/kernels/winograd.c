// Convolution by Winograd's F(4x4, 3x3) in float32: forward pass, and gradient of the input as a forward pass
// over dy with the kernel turned by 180 degrees. Layout and formulas: winograd.h.
//
// A block of tiles goes through all three steps while it is in the second-level cache:
//   V[36][c][tiles] = B^T x B;  M[36][k][tiles] = U[36][k][c] * V;  y = A^T M A + bias
// U = G w G^T is made once for a call, packed for the product.
#include "winograd.h"

#include "interrupt.h"
#include "parallel.h"
#include "real_f32.h"
#include "micro_impl.h"

struct winograd_job {
  const float *x;
  struct winograd_plane from, to;
  int64_t pad_h, pad_w;
  int64_t c, k; // channels of the group: of x, of y
  const float *w;
  int64_t wk, wc; // distances in w between output and input channels
  bool turned;
  const float *bias; // or NULL
  bool relu, add; // y: clamped at 0, added to
  bool pooled;    // y: maxima of 2 x 2 windows, `to` being their planes
  float *y;
  uint8_t *position; // where each maximum was found in its window, or NULL
  struct winograd_grid grid;
  float *u, *scratch;
  float *counted;             // sums for each thread, see counted_size, or NULL if nobody wants moments
  struct winograd_part *part; // [tasks][k]
  int64_t tasks;
};

// Of a task's results in a channel: the sums of v - pivot and of (v - pivot)^2. The pivot is one of the results, so that
// nothing is lost where the mean is large.
struct winograd_part {
  double count, pivot, sum, square;
};

// While a task runs: vectors of these sums, and the pivot, for each channel.
enum { COUNTED = 3 * WINOGRAD_LANES };
static int64_t counted_size(int64_t k) { return k * COUNTED; }

static int64_t u_plane(int64_t c, int64_t k) { return c * k + WINOGRAD_PAD; }
static int64_t tile_plane(int64_t channels) { return channels * WINOGRAD_TILES + WINOGRAD_PAD; }
// The lines asked for during one of the 36 products, and as many as it has terms.
static int64_t lines_room(int64_t c, int64_t k) { return ((c + k) / 36 + 1) * WINOGRAD_LINES + c; }
static int64_t thread_size(int64_t c, int64_t k) {
  return 36 * (tile_plane(c) + tile_plane(k)) + round_up(lines_room(c, k) * (int64_t)(sizeof(void *) / sizeof(float)), 16);
}

// o = G g
NN_INLINE void winograd_weight(const vec g[3], vec o[6]) {
  vec ea = (g[0] + WA2 * g[2]) * (1 / WNA), eb = (g[0] + WB2 * g[2]) * (1 / WNB);
  vec oa = g[1] * (WA / WNA), ob = g[1] * (WB / WNB);
  o[0] = g[0];
  o[1] = ea + oa;
  o[2] = ea - oa;
  o[3] = eb + ob;
  o[4] = eb - ob;
  o[5] = g[2];
}

// The nine numbers of `count` filters that lie `distance` apart, a filter in each lane.
NN_INLINE void weight_taps(const float *w, int64_t distance, int64_t count, vec g[9]) {
#pragma GCC unroll 3
  for (int first = 0; first < 9; first += VL) {
    const nn_lanes taps = nn_lanes_make(0, 9 - first < VL ? 9 - first : VL);
    vec v[WINOGRAD_LANES];
#pragma GCC unroll 16
    for (int i = 0; i < VL; i++) v[i] = nn_load_lanes(taps, w + (i < count ? i : 0) * distance + first);
    nn_turn_f32(v, VL);
#pragma GCC unroll 16
    for (int t = 0; t < VL; t++)
      if (first + t < 9) g[first + t] = v[t];
  }
}

// U of input channels c0 .. c1 - 1 and output channels k0 .. k0 + count - 1, at most a vector, in the block of the
// product's rows that starts at row `first`: [36][c][rows].
static void weight_lanes(const struct winograd_job *job, int64_t c0, int64_t c1, int64_t first, int64_t rows, int64_t k0,
                         int64_t count) {
  int64_t plane = u_plane(job->c, job->k);
  nn_lanes lanes = nn_lanes_make(0, count);
  for (int64_t c = c0; c < c1; c++) {
    vec g[9], half[6][3], col[3], o[6];
    weight_taps(job->w + k0 * job->wk + c * job->wc, job->wk, count, g);
    for (int s = 0; s < 3; s++) {
      for (int r = 0; r < 3; r++) col[r] = g[job->turned ? 8 - 3 * r - s : 3 * r + s];
      winograd_weight(col, o);
      for (int i = 0; i < 6; i++) half[i][s] = o[i];
    }
    float *u = job->u + first * job->c + c * rows + k0 - first;
    for (int i = 0; i < 6; i++) {
      winograd_weight(half[i], o);
      for (int j = 0; j < 6; j++) nn_store_lanes(lanes, u + (6 * i + j) * plane, o[j]);
    }
  }
}

// Input channels begin .. end - 1: the blocks of output channels, 3 for 32 of them, don't make equal halves.
static void weight_channels(void *arg, int64_t begin, int64_t end, int thread) {
  const struct winograd_job *job = arg;
  (void)thread;
  for (int64_t b = 0; b < micro_blocks_f32(job->k); b++) {
    int64_t first = micro_row_f32(job->k, b), last = micro_row_f32(job->k, b + 1);
    for (int64_t k = first; k < last; k += VL)
      weight_lanes(job, begin, end, first, last - first, k, last - k < VL ? last - k : VL);
  }
}

// o = A^T m
NN_INLINE void winograd_output(const vec m[6], vec o[4]) {
  vec s = m[1] + m[2], d = m[1] - m[2], t = m[3] + m[4], e = m[3] - m[4];
  o[0] = (m[0] + s) + t;
  o[1] = WA * d + WB * e;
  o[2] = WA2 * s + WB2 * t;
  o[3] = WA3 * d + (WB3 * e + m[5]);
}

// A^T M of one vector of tiles: its rows are still to be transformed.
NN_INLINE void output_columns(const float *m, int64_t plane, vec t[4][6]) {
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++) {
    vec d[6], o[4];
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) d[i] = *(const uvec *)(m + (6 * i + j) * plane);
    winograd_output(d, o);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) t[i][j] = o[i];
  }
}

// The pixels of one vector of tiles of one channel, into its plane y, and to its sums, unless that is NULL.
NN_INLINE void output_tiles(bool wrapped, const float *m, int64_t plane, float bias, bool relu, bool add, float *y,
                            int64_t w, const struct winograd_strip *strip, float *counted) {
  vec t[4][6], pivot = {0}, sum = {0}, square = {0};
  output_columns(m, plane, t);
  if (counted) pivot = *(const uvec *)counted, sum = *(const uvec *)(counted + VL), square = *(const uvec *)(counted + 2 * VL);
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    vec o[4];
    winograd_output(t[i], o);
    nn_quad_transpose(o);
#pragma GCC unroll 4
    for (int q = 0; q < 4; q++) {
      o[q] += bias;
      if (relu) o[q] = micro_relu_f32(o[q]);
      if (add) o[q] += winograd_main(wrapped, strip + q, i, y, w);
      winograd_store(wrapped, strip + q, i, y, w, o[q]);
      if (!counted) continue;
      vec d = o[q] - pivot;
      sum += d;
      square += d * d;
    }
  }
  if (counted) *(uvec *)(counted + VL) = sum, *(uvec *)(counted + 2 * VL) = square;
}

// Both halves of v to the pooled row r of strips i and i + 2, as numbers or, where there are such, as bytes.
NN_INLINE void pool_store(bool wrapped, const struct winograd_strip *strip, int i, int r, int64_t w, vec v, float *y,
                          ivec at, uint8_t *position) {
#pragma GCC unroll 2
  for (int half = 0; half < 2; half++)
    for (int n = 0; n < 1 + wrapped; n++) {
      const struct winograd_run *run = &strip[i + 2 * half].run[n];
      int64_t to = run->at + r * w - half * (VL / 2);
      nn_store_lanes(run->main[2 * r + half], y + to, v);
      if (position) nn_store_lanes_bytes(run->main[2 * r + half], position + to, at);
    }
}

// The maxima of the 2 x 2 windows of one vector of tiles of one channel, into its plane y, and where they were found. Of
// equal ones the first counts, of several NaN the last.
NN_INLINE void pool_tiles(bool wrapped, const float *m, int64_t plane, float bias, bool relu, float *y, uint8_t *position,
                          int64_t w, const struct winograd_strip *strip) {
  vec t[4][6], best[2][2];
  ivec at[2][2];
  output_columns(m, plane, t);
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    vec o[4];
    winograd_output(t[i], o);
#pragma GCC unroll 4
    for (int q = 0; q < 4; q++) {
      vec v = o[q] + bias, *b = &best[i / 2][q / 2];
      ivec *a = &at[i / 2][q / 2], take = (v > *b) | (v != v);
      if (relu) v = (vec)(~(v <= 0) & (ivec)v), take = (v > *b) | (v != v);
      bool first = i % 2 == 0 && q % 2 == 0;
      *b = first ? v : (vec)((take & (ivec)v) | (~take & (ivec)*b));
      *a = first ? (ivec){0} : (take & (2 * (i % 2) + q % 2)) | (~take & *a);
    }
  }
  vec both[2] = {(vec)(at[0][0] | at[1][0] << 8), (vec)(at[0][1] | at[1][1] << 8)};
  nn_vf64 found[2] = {(nn_vf64)nn_quad_low(both[0], both[1]), (nn_vf64)nn_quad_high(both[0], both[1])};
  ivec even = (ivec)nn_evens_f64(found[0], found[1]), odd = (ivec)nn_odds_f64(found[0], found[1]);
#pragma GCC unroll 2
  for (int r = 0; r < 2; r++) {
    nn_vf64 low = (nn_vf64)nn_quad_low(best[r][0], best[r][1]), high = (nn_vf64)nn_quad_high(best[r][0], best[r][1]);
    pool_store(wrapped, strip, 0, r, w, (vec)nn_evens_f64(low, high), y, even >> 8 * r, position);
    pool_store(wrapped, strip, 1, r, w, (vec)nn_odds_f64(low, high), y, odd >> 8 * r, position);
  }
}

NN_INLINE void input_block(bool wrapped, const struct winograd_job *job, const struct winograd_strip *in, float *v) {
  for (int64_t c = 0; c < job->c; c++)
    for (int64_t i = 0; i < WINOGRAD_VECTORS; i++)
      winograd_input_tiles(wrapped, job->x + c * job->from.h * job->from.w, job->from.w, in + 4 * i,
                           v + c * WINOGRAD_TILES + i * VL, tile_plane(job->c));
}

// What comes next: the lines in a plane that the next block is made from, and those that this one's results go to.
struct coming {
  int64_t x, y, at_x[WINOGRAD_LINES], at_y[WINOGRAD_LINES];
};

// Those of channels first .. end - 1 of all of them, the results' behind the pixels'.
static int64_t coming_lines(const struct winograd_job *job, const struct coming *next, int64_t first, int64_t end,
                            const float **line) {
  const float **to = line;
  for (int64_t c = first; c < end; c++) {
    bool in_x = c < job->c;
    const float *base = in_x ? job->x + c * job->from.h * job->from.w : job->y + (c - job->c) * job->to.h * job->to.w;
    const int64_t *at = in_x ? next->at_x : next->at_y, count = in_x ? next->x : next->y;
    for (int64_t i = 0; i < count; i++) to[i] = base + at[i];
    to += count;
  }
  return to - line;
}

// The products, and meanwhile what comes next is asked for: a line each term, for more than that at once would wait.
static void products(const struct winograd_job *job, const float *v, const struct coming *next, float *m, const float **line) {
  int64_t row_blocks = micro_blocks_f32(job->k), all = job->c + job->k;
  for (int64_t p = 0; p < 36; p++) {
    int64_t lines = coming_lines(job, next, all * p / 36, all * (p + 1) / 36, line), at = 0;
    for (int64_t i = 0; i < job->c; i++) line[lines + i] = v; // where the last ones are fewer than terms
    for (int64_t r = 0; r < row_blocks; r++) {
      int64_t row = micro_row_f32(job->k, r), rows = micro_row_f32(job->k, r + 1) - row;
      for (int64_t t = 0; t < WINOGRAD_TILES; t += MICRO_COLS_f32, at += job->c) {
        const struct micro_ends_f32 ends = {.fetch = at < lines ? (const void *const *)(line + at) : NULL};
        micro_f32(rows, job->c, job->u + p * u_plane(job->c, job->k) + row * job->c, v + p * tile_plane(job->c) + t,
                  WINOGRAD_TILES, m + p * tile_plane(job->k) + row * WINOGRAD_TILES + t, WINOGRAD_TILES, &ends);
      }
    }
    for (; at < lines; at++) __builtin_prefetch(line[at], 0, 2);
  }
}

NN_INLINE void output_block(bool wrapped, const struct winograd_job *job, const float *m, const struct winograd_strip *out,
                            float *counted) {
  for (int64_t k = 0; k < job->k; k++)
    for (int64_t i = 0; i < WINOGRAD_VECTORS; i++)
      output_tiles(wrapped, m + k * WINOGRAD_TILES + i * VL, tile_plane(job->k), job->bias ? job->bias[k] : 0, job->relu,
                   job->add, job->y + k * job->to.h * job->to.w, job->to.w, out + 4 * i,
                   counted ? counted + k * COUNTED : NULL);
}

// Before a task's first results: sums of nothing, and pivots from the first tile.
static void counted_begin(const struct winograd_job *job, const float *m, float *counted) {
  for (int64_t k = 0; k < job->k; k++, counted += COUNTED) {
    vec t[4][6], o[4], pivot;
    output_columns(m + k * WINOGRAD_TILES, tile_plane(job->k), t);
    winograd_output(t[0], o);
    pivot = (vec){0} + (o[0][0] + (job->bias ? job->bias[k] : 0));
    *(uvec *)counted = pivot;
    *(uvec *)(counted + VL) = *(uvec *)(counted + 2 * VL) = (vec){0};
  }
}

NN_INLINE void counted_block(const struct winograd_job *job, const float *m, const struct winograd_strip *out, bool first,
                             float *counted) {
  if (first) counted_begin(job, m, counted);
  if (job->grid.wrapped)
    output_block(true, job, m, out, counted);
  else
    output_block(false, job, m, out, counted);
}

// Adds the sums of some blocks to the task's.
static void counted_end(const struct winograd_job *job, int64_t blocks, bool first, float *counted, struct winograd_part *part) {
  for (int64_t k = 0; k < job->k; k++, counted += COUNTED, part++) {
    if (first) *part = (struct winograd_part){.pivot = (double)counted[0]};
    part->count += (double)(blocks * WINOGRAD_TILES * 16);
    for (int64_t l = 0; l < VL; l++) part->sum += (double)counted[VL + l], part->square += (double)counted[2 * VL + l];
    *(uvec *)(counted + VL) = *(uvec *)(counted + 2 * VL) = (vec){0};
  }
}

NN_INLINE void pool_block(bool wrapped, const struct winograd_job *job, const float *m, const struct winograd_strip *out) {
  int64_t plane = job->to.h * job->to.w;
  for (int64_t k = 0; k < job->k; k++)
    for (int64_t i = 0; i < WINOGRAD_VECTORS; i++)
      pool_tiles(wrapped, m + k * WINOGRAD_TILES + i * VL, tile_plane(job->k), job->bias ? job->bias[k] : 0, job->relu,
                 job->y + k * plane, job->position ? job->position + k * plane : NULL, job->to.w, out + 4 * i);
}

static void blocks(void *arg, int64_t begin, int64_t end, int thread) {
  const struct winograd_job *job = arg;
  float *v = job->scratch + thread * thread_size(job->c, job->k), *m = v + 36 * tile_plane(job->c);
  const float **line = (const float **)(void *)(m + 36 * tile_plane(job->k));
  struct coming coming;
  float *counted = job->counted ? job->counted + thread * counted_size(job->k) : NULL;
  int64_t task = job->tasks > 1 ? (begin * job->tasks + job->grid.blocks - 1) / job->grid.blocks : 0, since = begin;
  struct winograd_strip in[2][WINOGRAD_STRIPS], out[WINOGRAD_STRIPS];
  winograd_strips(&job->grid, begin, &job->from, job->pad_h, job->pad_w, 6, in[begin & 1]);
  for (int64_t b = begin; b < end && !nn_interrupted(); b++) {
    struct winograd_strip *next = b + 1 < end ? in[(b + 1) & 1] : NULL;
    if (next) winograd_strips(&job->grid, b + 1, &job->from, job->pad_h, job->pad_w, 6, next);
    if (job->pooled)
      winograd_pool_strips(&job->grid, b, &job->to, out);
    else
      winograd_strips(&job->grid, b, &job->to, 0, 0, 4, out);
    if (job->grid.wrapped)
      input_block(true, job, in[b & 1], v);
    else
      input_block(false, job, in[b & 1], v);
    coming.x = next ? winograd_lines(job->from.w, next, 1, 5, coming.at_x) : 0;
    coming.y = winograd_lines(job->to.w, out, 0, job->pooled ? 2 : 4, coming.at_y);
    products(job, v, &coming, m, line);
    if (job->pooled && job->grid.wrapped)
      pool_block(true, job, m, out);
    else if (job->pooled)
      pool_block(false, job, m, out);
    else if (counted)
      counted_block(job, m, out, b == begin, counted);
    else if (job->grid.wrapped)
      output_block(true, job, m, out, NULL);
    else
      output_block(false, job, m, out, NULL);
    if (counted == NULL || ((b - begin) % 8 != 7 && b + 1 < end)) continue;
    counted_end(job, b + 1 - since, since == begin, counted, job->part + task * job->k);
    since = b + 1;
  }
}

static size_t winograd_bytes(int64_t c, int64_t k) {
  return (size_t)(36 * u_plane(c, k) + nn_threads() * thread_size(c, k)) * sizeof(float) + 64;
}

// h and w: of the pixels that tiles give, before pooling.
static bool winograd_run(struct winograd_job *job, int64_t h, int64_t w, void *workspace) {
  job->grid = winograd_grid_make(job->grid.images, h, w);
  job->u = align64(workspace);
  job->scratch = job->u + 36 * u_plane(job->c, job->k);
  nn_parallel(job->c, 1 + 256 / job->k, weight_channels, job);
  nn_conv_spread(job->grid.blocks, 1, blocks, job);
  return !nn_interrupted();
}

// The forward pass, or that and maxima of 2 x 2 windows.
static bool forward(const struct nn_conv_desc *d, const float *x, const float *w, const float *bias, bool relu, bool pooled,
                    float *y, uint8_t *position, void *workspace) {
  int64_t cg = d->c / d->groups, kg = d->k / d->groups, ho = pooled ? d->ho / 2 : d->ho, wo = pooled ? d->wo / 2 : d->wo;
  for (int64_t g = 0; g < d->groups; g++) {
    struct winograd_job job = {.x = x + g * cg * d->h * d->w,
                               .from = {d->c * d->h * d->w, d->h, d->w},
                               .to = {d->k * ho * wo, ho, wo},
                               .pad_h = d->pad_h,
                               .pad_w = d->pad_w,
                               .c = cg,
                               .k = kg,
                               .w = w + g * kg * cg * 9,
                               .wk = cg * 9,
                               .wc = 9,
                               .bias = bias ? bias + g * kg : NULL,
                               .relu = relu,
                               .pooled = pooled,
                               .y = y + g * kg * ho * wo,
                               .position = position ? position + g * kg * ho * wo : NULL,
                               .grid = {.images = d->n}};
    if (!winograd_run(&job, d->ho, d->wo, workspace)) return false;
  }
  return true;
}

// The workspace behind that of winograd_bytes: sums for each thread and the tasks' parts.
static size_t counted_bytes(int64_t k, int64_t blocks) {
  size_t parts = (size_t)(nn_conv_spread_tasks(blocks, 1) * k) * sizeof(struct winograd_part);
  return (size_t)(nn_threads() * counted_size(k)) * sizeof(float) + parts + 128;
}

// Only where all places in all vectors of tiles are results.
size_t NN_KERNEL(nn_conv_winograd_moments_workspace)(const struct nn_conv_desc *d) {
  int64_t tiles = d->n * (d->ho / 4) * (d->wo / 4);
  struct winograd_grid g = winograd_grid_make(d->n, d->ho, d->wo);
  bool whole = d->groups == 1 && d->ho % 4 == 0 && d->wo % 4 == 0 && g.blocks * WINOGRAD_TILES == tiles;
  return whole ? winograd_bytes(d->c, d->k) + counted_bytes(d->k, g.blocks) : 0;
}

// Joins the parts of a channel, one after the other (Chan et al.).
static void join_parts(const struct winograd_job *job, int64_t k, float *mean, float *m2) {
  double count = 0, m = 0, q = 0;
  for (int64_t t = 0; t < job->tasks; t++) {
    const struct winograd_part *part = job->part + t * job->k + k;
    double off = part->sum / part->count, delta = part->pivot + off - m, all = count + part->count;
    m += delta * (part->count / all);
    q += part->square - part->sum * off + delta * delta * (count * part->count / all);
    count = all;
  }
  *mean = (float)m, *m2 = (float)(q > 0 || q != q ? q : 0);
}

bool NN_KERNEL(nn_conv_winograd_moments)(const struct nn_conv_desc *d, const float *x, const float *w, const float *bias,
                                         float *y, float *mean, float *m2, void *workspace) {
  struct winograd_job job = {.x = x,
                             .from = {d->c * d->h * d->w, d->h, d->w},
                             .to = {d->k * d->ho * d->wo, d->ho, d->wo},
                             .pad_h = d->pad_h,
                             .pad_w = d->pad_w,
                             .c = d->c,
                             .k = d->k,
                             .w = w,
                             .wk = d->c * 9,
                             .wc = 9,
                             .bias = bias,
                             .y = y,
                             .grid = {.images = d->n}};
  job.counted = align64((char *)workspace + winograd_bytes(d->c, d->k));
  job.part = (struct winograd_part *)(void *)(job.counted + nn_threads() * counted_size(d->k));
  job.tasks = nn_conv_spread_tasks(winograd_grid_make(d->n, d->ho, d->wo).blocks, 1);
  if (!winograd_run(&job, d->ho, d->wo, workspace)) return false;
  for (int64_t k = 0; k < d->k; k++) join_parts(&job, k, mean + k, m2 + k);
  return true;
}

bool NN_KERNEL(nn_conv_winograd_forward_f32)(const struct nn_conv_desc *d, const void *x, const void *w,
                                             const void *bias, unsigned flags, void *y, void *workspace) {
  return forward(d, x, w, bias, (flags & NN_CONV_RELU) != 0, false, y, NULL, workspace);
}

bool NN_KERNEL(nn_conv_winograd_pooled)(const struct nn_conv_desc *d, const float *x, const float *w, const float *bias,
                                        bool relu, float *y, uint8_t *position, void *workspace) {
  return forward(d, x, w, bias, relu, true, y, position, workspace);
}

bool NN_KERNEL(nn_conv_winograd_input_grad_f32)(const struct nn_conv_desc *d, const void *dy, const void *w,
                                                void *dx, void *workspace) {
  int64_t cg = d->c / d->groups, kg = d->k / d->groups;
  for (int64_t g = 0; g < d->groups; g++) {
    struct winograd_job job = {.x = (const float *)dy + g * kg * d->ho * d->wo,
                               .from = {d->k * d->ho * d->wo, d->ho, d->wo},
                               .to = {d->c * d->h * d->w, d->h, d->w},
                               .pad_h = 2 - d->pad_h,
                               .pad_w = 2 - d->pad_w,
                               .c = kg,
                               .k = cg,
                               .w = (const float *)w + g * kg * cg * 9,
                               .wk = 9,
                               .wc = cg * 9,
                               .turned = true,
                               .add = d->add,
                               .y = (float *)dx + g * cg * d->h * d->w,
                               .grid = {.images = d->n}};
    if (!winograd_run(&job, d->h, d->w, workspace)) return false;
  }
  return true;
}

size_t NN_KERNEL(nn_conv_winograd_workspace_f32)(const struct nn_conv_desc *d, enum nn_conv_pass pass) {
  int64_t cg = d->c / d->groups, kg = d->k / d->groups;
  if (pass == NN_CONV_FORWARD) return winograd_bytes(cg, kg);
  if (pass == NN_CONV_INPUT_GRAD) return winograd_bytes(kg, cg);
  return NN_KERNEL(nn_conv_winograd_dw_workspace)(d);
}
