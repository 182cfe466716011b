// Gradient of the weights in Winograd's domain (winograd.h), float32:
//   dw = G^T (sum over tiles of (A dy A^T) * (B^T x B)) G
// Channels lie along the vectors here, as the products want them: rows of pixels of a vector of channels are transposed,
// then each tile is transformed by itself. For each block of tiles the 36 products S[36][k][c] += W[36][tiles][k] *
// V[36][tiles][c] are added up; G comes last. The threads share the tiles, each with sums of its own, or, where those
// would be large, the output channels.
#include "winograd.h"

#include <string.h>

#include "interrupt.h"
#include "parallel.h"
#include "real_f32.h"
#include "micro_impl.h"

// Tiles of a block, most and least: products of many terms are better, but both factors shall stay in the cache.
enum { MOST_TILES = 64, LEAST_TILES = 32 };

struct dw_job {
  const float *x, *dy;
  struct winograd_plane from, to; // of x, of dy
  int64_t pad_h, pad_w;
  int64_t c, k; // channels of the group: of x, of dy
  int64_t rows, cols, tiles; // rows of tiles, tiles in one, all tiles
  int64_t each, blocks;      // tiles of a block
  float *sums;  // [parts][36][k][padded c]
  float *scratch;
  int parts;
  double *bias; // [parts][k], sums of dy; or NULL
  float *dw, *db;
};

// Neighbouring tiles of a block in one row: the pixel that the first one begins with, and their count.
struct segment {
  int64_t image, row, col, tiles;
};

// Channels of x rounded up to what the product makes at once.
static int64_t padded(int64_t c) { return round_up(c, MICRO_COLS_f32); }
static int64_t sums_plane(int64_t c, int64_t k) { return padded(c) * k + WINOGRAD_PAD; }
static int64_t tile_plane(int64_t channels, int64_t tiles) { return channels * tiles + WINOGRAD_PAD; }
static int64_t tiles_each(int64_t c, int64_t k) { return c + k <= 256 ? MOST_TILES : LEAST_TILES; }
// The lines asked for during one of the 36 products, and as many as it has terms.
enum { LINES = 4 * MOST_TILES };
static int64_t lines_room(int64_t c, int64_t k) { return ((c + k) / 36 + 1) * LINES + MOST_TILES; }
// Rows of pixels of a vector of channels.
enum { PIXELS = (6 * (4 * MOST_TILES + 2) + WINOGRAD_LANES) * WINOGRAD_LANES };
static int64_t thread_size(int64_t c, int64_t k) {
  int64_t tiles = tiles_each(c, k), lines = lines_room(c, k) * (int64_t)(sizeof(void *) / sizeof(float));
  return 36 * (tile_plane(round_up(k, VL), tiles) + tile_plane(padded(c), tiles)) + PIXELS + round_up(lines, 16);
}

// The segments of block b.
static int64_t segments_of(const struct dw_job *job, int64_t b, struct segment *s) {
  int64_t count = 0, end = (b + 1) * job->each < job->tiles ? (b + 1) * job->each : job->tiles;
  for (int64_t tile = b * job->each; tile < end; tile += s[count++].tiles) {
    int64_t col = tile % job->cols, left = job->cols - col, row = tile / job->cols;
    s[count] = (struct segment){row / job->rows, row % job->rows * 4, col * 4, end - tile < left ? end - tile : left};
  }
  return count;
}

// Numbers of VL rows to columns.
NN_INLINE void transpose(vec v[WINOGRAD_LANES]) {
#if NN_ISA == 2
  vec w[WINOGRAD_LANES];
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    __m512 a = (__m512)v[i], b = (__m512)v[i + 4], c = (__m512)v[i + 8], d = (__m512)v[i + 12];
    __m512 ab = _mm512_shuffle_f32x4(a, b, 0x44), cd = _mm512_shuffle_f32x4(c, d, 0x44);
    w[i] = (vec)_mm512_shuffle_f32x4(ab, cd, 0x88), w[i + 4] = (vec)_mm512_shuffle_f32x4(ab, cd, 0xdd);
    ab = _mm512_shuffle_f32x4(a, b, 0xee), cd = _mm512_shuffle_f32x4(c, d, 0xee);
    w[i + 8] = (vec)_mm512_shuffle_f32x4(ab, cd, 0x88), w[i + 12] = (vec)_mm512_shuffle_f32x4(ab, cd, 0xdd);
  }
#pragma GCC unroll 16
  for (int i = 0; i < VL; i++) v[i] = w[i];
#elif NN_ISA == 1
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    __m256 a = (__m256)v[i], b = (__m256)v[i + 4];
    v[i] = (vec)_mm256_permute2f128_ps(a, b, 0x20), v[i + 4] = (vec)_mm256_permute2f128_ps(a, b, 0x31);
  }
#endif
#pragma GCC unroll 4
  for (int i = 0; i < VL; i += 4) nn_quad_transpose(v + i);
}

// to[pixel][lane] for n pixels of `channels` (1 .. VL) rows that are `plane` numbers apart; other lanes are 0. Writes up to
// VL - 1 pixels more.
static void transpose_row(const float *x, int64_t plane, int64_t channels, int64_t n, float *to) {
  for (; channels == VL && n >= VL; n -= VL, x += VL, to += VL * VL) {
    vec v[WINOGRAD_LANES];
#pragma GCC unroll 16
    for (int c = 0; c < VL; c++) v[c] = *(const uvec *)(x + c * plane);
    transpose(v);
#pragma GCC unroll 16
    for (int t = 0; t < VL; t++) *(uvec *)(to + t * VL) = v[t];
  }
  for (; n > 0; n -= VL, x += VL, to += VL * VL) {
    const nn_lanes some = nn_lanes_make(0, n < VL ? n : VL);
    vec v[WINOGRAD_LANES];
    if (channels == VL) {
#pragma GCC unroll 16
      for (int c = 0; c < VL; c++) v[c] = nn_load_lanes(some, x + c * plane);
    } else {
#pragma GCC unroll 16
      for (int c = 0; c < VL; c++) v[c] = c < channels ? nn_load_lanes(some, x + c * plane) : (vec){0};
    }
    transpose(v);
#pragma GCC unroll 16
    for (int t = 0; t < VL; t++) *(uvec *)(to + t * VL) = v[t];
  }
}

// Rows row .. row + rows - 1 and pixels col .. col + n - 1 of planes at x: to[row][pixel][lane], 0 outside of the planes.
static void transpose_rows(const float *x, const struct winograd_plane *p, int64_t channels, int64_t row, int rows,
                           int64_t col, int64_t n, float *to) {
  int64_t left = col < 0 ? -col : 0, right = p->w - col < n ? p->w - col : n;
  for (int r = 0; r < rows; r++, to += n * VL) {
    bool inside = row + r >= 0 && row + r < p->h && left < right;
    int64_t begin = inside ? left : n, end = inside ? right : n;
    memset(to, 0, (size_t)(begin * VL) * sizeof(float));
    if (inside) transpose_row(x + (row + r) * p->w + col + left, p->h * p->w, channels, right - left, to + left * VL);
    memset(to + end * VL, 0, (size_t)((n - end) * VL) * sizeof(float));
  }
}

// o = A y
NN_INLINE void winograd_grad(const vec y[4], vec o[6]) {
  vec ea = y[0] + WA2 * y[2], oa = y[1] + WA2 * y[3], eb = y[0] + WB2 * y[2], ob = y[1] + WB2 * y[3];
  o[0] = y[0];
  o[1] = ea + WA * oa;
  o[2] = ea - WA * oa;
  o[3] = eb + WB * ob;
  o[4] = eb - WB * ob;
  o[5] = y[3];
}

// W[p] of a tile from pixels with rows ld apart.
NN_INLINE void grad_tile(const float *y, int64_t ld, float *out, int64_t plane) {
  vec t[4][6];
#pragma GCC unroll 4
  for (int r = 0; r < 4; r++) {
    vec d[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) d[i] = *(const uvec *)(y + r * ld + i * VL);
    winograd_grad(d, t[r]);
  }
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++) {
    vec d[4] = {t[0][j], t[1][j], t[2][j], t[3][j]}, o[6];
    winograd_grad(d, o);
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) *(uvec *)(out + (6 * i + j) * plane) = o[i];
  }
}

// V[p] of a tile from pixels with rows ld apart.
NN_INLINE void input_tile(const float *x, int64_t ld, float *out, int64_t plane) {
  vec t[6][6];
#pragma GCC unroll 6
  for (int r = 0; r < 6; r++) {
    vec d[6];
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) d[i] = *(const uvec *)(x + r * ld + i * VL);
    winograd_input(d, t[r]);
  }
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++) {
    vec d[6] = {t[0][j], t[1][j], t[2][j], t[3][j], t[4][j], t[5][j]}, o[6];
    winograd_input(d, o);
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) *(uvec *)(out + (6 * i + j) * plane) = o[i];
  }
}

// V of a segment, whose first tile is tile `at` of the block: panels [c / MICRO_COLS][tiles][MICRO_COLS].
static void input_segment(const struct dw_job *job, const struct segment *s, int64_t at, float *pixels, float *v) {
  int64_t plane = tile_plane(padded(job->c), job->each), n = 4 * s->tiles + 2;
  const float *x = job->x + s->image * job->from.image;
  for (int64_t c = 0; c < job->c; c += VL) {
    int64_t channels = job->c - c < VL ? job->c - c : VL;
    transpose_rows(x + c * job->from.h * job->from.w, &job->from, channels, s->row - job->pad_h, 6, s->col - job->pad_w, n,
                   pixels);
    float *to = v + (c / MICRO_COLS_f32 * job->each + at) * MICRO_COLS_f32 + c % MICRO_COLS_f32;
    for (int64_t t = 0; t < s->tiles; t++) input_tile(pixels + 4 * t * VL, n * VL, to + t * MICRO_COLS_f32, plane);
  }
}

// W of a segment for channels k0 .. k1 - 1: [tiles][channels], whose sums are added to bias, if that is wanted.
static void grad_segment(const struct dw_job *job, const struct segment *s, int64_t at, int64_t k0, int64_t k1, float *pixels,
                         float *w, double *bias) {
  int64_t ldw = round_up(k1 - k0, VL), plane = tile_plane(round_up(job->k, VL), job->each), n = 4 * s->tiles;
  const float *dy = job->dy + s->image * job->to.image;
  for (int64_t k = k0; k < k1; k += VL) {
    int64_t channels = k1 - k < VL ? k1 - k : VL;
    transpose_rows(dy + k * job->to.h * job->to.w, &job->to, channels, s->row, 4, s->col, n, pixels);
    for (int64_t t = 0; t < s->tiles; t++)
      grad_tile(pixels + 4 * t * VL, n * VL, w + (at + t) * ldw + k - k0, plane);
    if (bias == NULL) continue;
    vec sum = {0};
    for (int64_t i = 0; i < 4 * n; i++) sum += *(const uvec *)(pixels + i * VL);
    for (int64_t l = 0; l < channels; l++) bias[k + l] += (double)sum[l];
  }
}

// Where the lines are that a block's factors are made from, within planes: of rows row .. row + 3 of each segment.
static int64_t lines_of(const struct winograd_plane *p, const struct segment *s, int64_t segments, int64_t *at) {
  int64_t count = 0;
  for (int64_t i = 0; i < segments; i++, s++) {
    int64_t n = 4 * s->tiles, first = s->image * p->image + s->row * p->w + s->col;
    bool whole = s->col == 0 && n >= p->w; // rows follow each other
    for (int64_t r = 0; r < (whole ? 1 : 4); r++)
      for (int64_t q = 0; q < (whole ? 4 * p->w : n); q += 16) at[count++] = first + r * p->w + q;
  }
  return count;
}

// What the next block needs: its lines in a plane of x and in one of dy.
struct coming {
  int64_t x, dy, at_x[LINES], at_dy[LINES];
};

// Those of channels first .. end - 1, the ones of dy from k0 on behind those of x.
static int64_t coming_lines(const struct dw_job *job, const struct coming *next, int64_t first, int64_t end, int64_t k0,
                            const float **line) {
  const float **to = line;
  for (int64_t c = first; c < end; c++) {
    bool in_x = c < job->c;
    const float *base = in_x ? job->x + c * job->from.h * job->from.w : job->dy + (k0 + c - job->c) * job->to.h * job->to.w;
    const int64_t *at = in_x ? next->at_x : next->at_dy, count = in_x ? next->x : next->dy;
    for (int64_t i = 0; i < count; i++) to[i] = base + at[i];
    to += count;
  }
  return to - line;
}

// Rows of one vector: c[i] = sum over k < depth of a[k][i] * b[k], added to what is there if `add`.
NN_INLINE void narrow_rows(const int rows, int64_t depth, const float *a, int64_t lda, const float *b, int64_t ldb, float *c,
                           int64_t ldc, bool add) {
  vec sums[13];
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++) {
    sums[i] = (vec){0};
    if (add) sums[i] = *(const uvec *)(c + i * ldc);
  }
  for (int64_t k = 0; k < depth; k++, a += lda, b += ldb) {
    const vec v = *(const uvec *)b;
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) sums[i] += a[i] * v;
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++) *(uvec *)(c + i * ldc) = sums[i];
}

// The same for any number of rows.
static __attribute__((noinline)) void narrow(int64_t rows, int64_t depth, const float *a, int64_t lda, const float *b,
                                             int64_t ldb, float *c, int64_t ldc, bool add) {
  for (; rows > 13; rows -= 8, a += 8, c += 8 * ldc) narrow_rows(8, depth, a, lda, b, ldb, c, ldc, add);
#define CASE(R)                                        \
  case R:                                              \
    narrow_rows(R, depth, a, lda, b, ldb, c, ldc, add); \
    break;
  switch (rows) { CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) }
#undef CASE
}

// Adds the products of a block to its sums (or puts them there, if it is the first), and meanwhile asks for what comes next.
static void products(const struct dw_job *job, int64_t tiles, int64_t k0, int64_t k1, bool first, const float *w,
                     const float *v, const struct coming *next, const float **line, float *sums) {
  int64_t c_padded = padded(job->c), ldw = round_up(k1 - k0, VL), w_plane = tile_plane(round_up(job->k, VL), job->each),
          v_plane = tile_plane(c_padded, job->each), all = job->c + k1 - k0;
  for (int64_t p = 0; p < 36; p++) {
    int64_t lines = coming_lines(job, next, all * p / 36, all * (p + 1) / 36, k0, line), at = 0;
    for (int64_t i = 0; i < tiles; i++) line[lines + i] = w; // where the last ones are fewer than terms
    float *to = sums + p * sums_plane(job->c, job->k) + k0 * c_padded;
    for (int64_t c = 0; c < c_padded; c += MICRO_COLS_f32) {
      if (job->c - c <= VL) { // what is left of the channels is one vector
        narrow(k1 - k0, tiles, w + p * w_plane, ldw, v + p * v_plane + c * job->each, MICRO_COLS_f32, to + c, c_padded, !first);
        break;
      }
      for (int64_t r = 0; r < micro_blocks_f32(k1 - k0); r++, at += tiles) {
        const struct micro_ends_f32 ends = {.add = !first, .fetch = at < lines ? (const void *const *)(line + at) : NULL};
        int64_t row = micro_row_f32(k1 - k0, r), rows = micro_row_f32(k1 - k0, r + 1) - row;
        micro_columns_f32(rows, tiles, w + p * w_plane + row, ldw, v + p * v_plane + c * job->each, MICRO_COLS_f32,
                          to + row * c_padded + c, c_padded, &ends);
      }
    }
    for (; at < lines; at++) __builtin_prefetch(line[at], 0, 2);
  }
}

// Blocks begin .. end - 1 for output channels k0 .. k1 - 1.
static void blocks(const struct dw_job *job, int64_t begin, int64_t end, int64_t k0, int64_t k1, float *sums, float *scratch,
                   double *bias) {
  float *w = scratch, *v = w + 36 * tile_plane(round_up(job->k, VL), job->each);
  float *pixels = v + 36 * tile_plane(padded(job->c), job->each);
  const float **line = (const float **)(void *)(pixels + PIXELS);
  struct segment segment[2][MOST_TILES];
  struct coming coming;
  int64_t count = segments_of(job, begin, segment[begin & 1]);
  for (int64_t b = begin; b < end && !nn_interrupted(); b++) {
    const struct segment *s = segment[b & 1];
    int64_t tiles = 0, next = b + 1 < end ? segments_of(job, b + 1, segment[(b + 1) & 1]) : 0;
    for (int64_t i = 0; i < count; tiles += s[i++].tiles) {
      input_segment(job, &s[i], tiles, pixels, v);
      grad_segment(job, &s[i], tiles, k0, k1, pixels, w, bias);
    }
    coming.x = lines_of(&job->from, segment[(b + 1) & 1], next, coming.at_x);
    coming.dy = lines_of(&job->to, segment[(b + 1) & 1], next, coming.at_dy);
    products(job, tiles, k0, k1, b == begin, w, v, &coming, line, sums);
    count = next;
  }
}

// Blocks begin .. end - 1 for all output channels, into the sums of this part.
static void by_tiles(void *arg, int64_t begin, int64_t end, int thread) {
  const struct dw_job *job = arg;
  double *bias = job->bias ? job->bias + thread * job->k : NULL;
  if (bias) memset(bias, 0, (size_t)job->k * sizeof *bias);
  blocks(job, begin, end, 0, job->k, job->sums + thread * 36 * sums_plane(job->c, job->k),
         job->scratch + thread * thread_size(job->c, job->k), bias);
}

// All blocks for output channels begin .. end - 1.
static void by_channels(void *arg, int64_t begin, int64_t end, int thread) {
  const struct dw_job *job = arg;
  if (job->bias) memset(job->bias + begin, 0, (size_t)(end - begin) * sizeof *job->bias);
  blocks(job, 0, job->blocks, begin, end, job->sums, job->scratch + thread * thread_size(job->c, job->k), job->bias);
}

// o = G^T s
NN_INLINE void winograd_weight_grad(const vec s[6], vec o[3]) {
  vec ea = s[1] + s[2], oa = s[1] - s[2], eb = s[3] + s[4], ob = s[3] - s[4];
  o[0] = s[0] + (1 / WNA) * ea + (1 / WNB) * eb;
  o[1] = (WA / WNA) * oa + (WB / WNB) * ob;
  o[2] = (WA2 / WNA) * ea + (WB2 / WNB) * eb + s[5];
}

// dw and db of output channels begin .. end - 1 from the parts' sums, added in the order of the parts.
static void finish(void *arg, int64_t begin, int64_t end, int thread) {
  const struct dw_job *job = arg;
  int64_t c_padded = padded(job->c), plane = sums_plane(job->c, job->k);
  (void)thread;
  for (int64_t k = begin; job->bias && k < end; k++) {
    double sum = 0;
    for (int part = 0; part < job->parts; part++) sum += job->bias[part * job->k + k];
    job->db[k] = (float)sum;
  }
  for (int64_t k = begin; k < end; k++)
    for (int64_t c = 0; c < job->c; c += VL) {
      vec s[6], half[6][3], o[3];
      for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 6; j++) {
          const float *from = job->sums + (6 * i + j) * plane + k * c_padded + c;
          s[j] = *(const uvec *)from;
          for (int part = 1; part < job->parts; part++) s[j] += *(const uvec *)(from + part * 36 * plane);
        }
        winograd_weight_grad(s, half[i]);
      }
      for (int t = 0; t < 3; t++) {
        for (int i = 0; i < 6; i++) s[i] = half[i][t];
        winograd_weight_grad(s, o);
        for (int r = 0; r < 3; r++)
          for (int64_t l = 0; l < VL && c + l < job->c; l++)
            job->dw[(k * job->c + c + l) * 9 + 3 * r + t] = o[r][l];
      }
    }
}

// Sums of this many bytes each thread may have for itself.
static bool splits_channels(int64_t c, int64_t k) { return 36 * sums_plane(c, k) * 4 > 12 << 20; }

size_t NN_KERNEL(nn_conv_winograd_dw_workspace)(const struct nn_conv_desc *d) {
  int64_t c = d->c / d->groups, k = d->k / d->groups, threads = nn_threads();
  int64_t sums = 36 * sums_plane(c, k) * (splits_channels(c, k) ? 1 : threads);
  return (size_t)(sums + threads * thread_size(c, k)) * sizeof(float) + (size_t)(threads * k) * sizeof(double) + 64;
}

static void run(struct dw_job *job, int64_t images, void *workspace) {
  job->tiles = images * job->rows * job->cols;
  job->each = tiles_each(job->c, job->k);
  job->blocks = (job->tiles + job->each - 1) / job->each;
  job->sums = (float *)(((uintptr_t)workspace + 63) & ~(uintptr_t)63);
  bool split = splits_channels(job->c, job->k);
  job->scratch = job->sums + 36 * sums_plane(job->c, job->k) * (split ? 1 : nn_threads());
  job->bias = job->db ? (double *)(void *)(job->scratch + nn_threads() * thread_size(job->c, job->k)) : NULL;
  job->parts = split ? 1 : nn_parallel_parts(job->blocks, 1);
  if (split)
    nn_parallel(job->k, NN_MICRO_ROWS, by_channels, job);
  else
    nn_parallel(job->blocks, 1, by_tiles, job);
  if (!nn_interrupted()) nn_parallel(job->k, 8, finish, job);
}

bool NN_KERNEL(nn_conv_winograd_weight_grad_f32)(const struct nn_conv_desc *d, const void *x, const void *dy,
                                                 void *dw, void *db, void *workspace) {
  int64_t cg = d->c / d->groups, kg = d->k / d->groups;
  for (int64_t g = 0; dw && g < d->groups; g++) {
    struct dw_job job = {.x = (const float *)x + g * cg * d->h * d->w,
                         .dy = (const float *)dy + g * kg * d->ho * d->wo,
                         .from = {d->c * d->h * d->w, d->h, d->w},
                         .to = {d->k * d->ho * d->wo, d->ho, d->wo},
                         .pad_h = d->pad_h,
                         .pad_w = d->pad_w,
                         .c = cg,
                         .k = kg,
                         .rows = (d->ho + 3) / 4,
                         .cols = (d->wo + 3) / 4,
                         .dw = (float *)dw + g * kg * cg * 9,
                         .db = db ? (float *)db + g * kg : NULL};
    run(&job, d->n, workspace);
    if (nn_interrupted()) return false;
  }
  return dw || !db || NN_KERNEL(nn_conv_bias_grad_f32)(d, dy, db);
}
