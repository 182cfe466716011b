// Gradient of the weights in Winograd's domain (winograd.h), float32:
//   dw = G^T (sum over tiles of (A dy A^T) * (B^T x B)) G
// For each block of tiles both factors are transformed, one of them is transposed so that its channels lie
// along the vectors, and the 36 products S[36][k][c] += W[36][k][tiles] * V[36][tiles][c] are added up; G
// comes last. The threads share the tiles, each with sums of its own, or, where those would be large, the
// output channels.
#include "winograd.h"

#include <string.h>

#include "interrupt.h"
#include "parallel.h"
#include "real_f32.h"
#include "micro_impl.h"

struct dw_job {
  const float *x, *dy;
  struct winograd_plane from, to; // of x, of dy
  int64_t pad_h, pad_w;
  int64_t c, k; // channels of the group: of x, of dy
  struct winograd_grid grid;
  bool split_k; // threads share the output channels
  float *sums;  // [parts][36][k][padded c]
  float *scratch;
  int parts;
  double *bias; // [parts][k], sums of dy; or NULL
  float *dw, *db;
};

// Channels of x rounded up to what the product makes at once.
static int64_t padded(int64_t c) { return (c + MICRO_COLS_f32 - 1) / MICRO_COLS_f32 * MICRO_COLS_f32; }
static int64_t sums_plane(int64_t c, int64_t k) { return padded(c) * k + WINOGRAD_PAD; }
static int64_t tile_plane(int64_t channels) { return channels * WINOGRAD_TILES + WINOGRAD_PAD; }
static int64_t thread_size(int64_t c, int64_t k) {
  return 36 * (tile_plane(k) + tile_plane(padded(c))) + tile_plane(padded(c));
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

// W[p] of one vector of tiles of one channel, from its plane dy. Returns the tiles' sums.
NN_INLINE vec grad_tiles(bool wrapped, const float *dy, int64_t w, const struct winograd_strip *strip, float *out,
                         int64_t plane) {
  vec t[4][6], sum = {0};
#pragma GCC unroll 4
  for (int r = 0; r < 4; r++) {
    vec d[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) d[i] = winograd_main(wrapped, strip + i, r, dy, w);
    nn_quad_transpose(d);
    winograd_grad(d, t[r]);
    sum += (d[0] + d[1]) + (d[2] + d[3]);
  }
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++) {
    vec d[4] = {t[0][j], t[1][j], t[2][j], t[3][j]}, o[6];
    winograd_grad(d, o);
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) *(uvec *)(out + (6 * i + j) * plane) = o[i];
  }
  return sum;
}

// dst[t][c] = src[c][t] for VL channels and VL tiles.
NN_INLINE void transpose_square(const float *src, int64_t lds, float *dst, int64_t ldd) {
  vec v[WINOGRAD_LANES], t[WINOGRAD_LANES];
#pragma GCC unroll 16
  for (int i = 0; i < VL; i++) v[i] = *(const uvec *)(src + i * lds);
#pragma GCC unroll 4
  for (int round = 1; round < VL; round *= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < VL / 2; i++) {
      t[2 * i] = nn_zip_low_f32(v[i], v[i + VL / 2]);
      t[2 * i + 1] = nn_zip_high_f32(v[i], v[i + VL / 2]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < VL; i++) v[i] = t[i];
  }
#pragma GCC unroll 16
  for (int i = 0; i < VL; i++) *(uvec *)(dst + i * ldd) = v[i];
}

// The tiles of V[p], [c][tiles], as panels [c / MICRO_COLS][tiles][MICRO_COLS]; channels beyond c hold
// anything.
static void transpose_plane(int64_t c, const float *v, float *out) {
  for (int64_t i = 0; i < c; i += VL)
    for (int64_t t = 0; t < WINOGRAD_TILES; t += VL)
      transpose_square(v + i * WINOGRAD_TILES + t, WINOGRAD_TILES,
                       out + (i / MICRO_COLS_f32 * WINOGRAD_TILES + t) * MICRO_COLS_f32 + i % MICRO_COLS_f32,
                       MICRO_COLS_f32);
}

// Both factors of block b, of all channels of x and of output channels k0 .. k1 - 1, whose sums are added to bias, if
// that is wanted.
NN_INLINE void factors(bool wrapped, const struct dw_job *job, int64_t b, int64_t k0, int64_t k1, float *w, float *v,
                       double *bias) {
  struct winograd_strip in[WINOGRAD_STRIPS], grad[WINOGRAD_STRIPS];
  winograd_strips(&job->grid, b, &job->from, job->pad_h, job->pad_w, 6, in);
  winograd_strips(&job->grid, b, &job->to, 0, 0, 4, grad);
  for (int64_t c = 0; c < job->c; c++)
    for (int64_t half = 0; half < 2; half++)
      winograd_input_tiles(wrapped, job->x + c * job->from.h * job->from.w, job->from.w, in + 4 * half,
                           v + c * WINOGRAD_TILES + half * VL, tile_plane(padded(job->c)));
  for (int64_t k = k0; k < k1; k++) {
    vec sum = {0};
    for (int64_t half = 0; half < 2; half++)
      sum += grad_tiles(wrapped, job->dy + k * job->to.h * job->to.w, job->to.w, grad + 4 * half,
                        w + k * WINOGRAD_TILES + half * VL, tile_plane(job->k));
    for (int64_t l = 0; bias && l < VL; l++) bias[k] += (double)sum[l];
  }
}

// Adds block b to (or, if it is the first one, puts it into) the sums of output channels k0 .. k1 - 1.
static void block(const struct dw_job *job, int64_t b, int64_t k0, int64_t k1, bool first, float *sums,
                  float *scratch, double *bias) {
  int64_t c_padded = padded(job->c), w_plane = tile_plane(job->k), v_plane = tile_plane(c_padded);
  float *w = scratch, *v = w + 36 * w_plane, *turned = v + 36 * v_plane;
  if (job->grid.wrapped)
    factors(true, job, b, k0, k1, w, v, bias);
  else
    factors(false, job, b, k0, k1, w, v, bias);
  const struct micro_ends_f32 ends = {.add = !first};
  for (int64_t p = 0; p < 36; p++) {
    transpose_plane(job->c, v + p * v_plane, turned);
    for (int64_t c = 0; c < c_padded; c += MICRO_COLS_f32)
      for (int64_t r = 0; r < micro_blocks_f32(k1 - k0); r++) {
        int64_t row = k0 + micro_row_f32(k1 - k0, r), rows = k0 + micro_row_f32(k1 - k0, r + 1) - row;
        micro_unpacked_f32(rows, WINOGRAD_TILES, w + p * w_plane + row * WINOGRAD_TILES, WINOGRAD_TILES,
                           turned + c * WINOGRAD_TILES, MICRO_COLS_f32,
                           sums + p * sums_plane(job->c, job->k) + row * c_padded + c, c_padded, &ends);
      }
  }
}

// Blocks begin .. end - 1 for all output channels, into the sums of this part.
static void by_tiles(void *arg, int64_t begin, int64_t end, int thread) {
  const struct dw_job *job = arg;
  float *sums = job->sums + thread * 36 * sums_plane(job->c, job->k);
  float *scratch = job->scratch + thread * thread_size(job->c, job->k);
  double *bias = job->bias ? job->bias + thread * job->k : NULL;
  if (bias) memset(bias, 0, (size_t)job->k * sizeof *bias);
  for (int64_t b = begin; b < end && !nn_interrupted(); b++)
    block(job, b, 0, job->k, b == begin, sums, scratch, bias);
}

// All blocks for output channels begin .. end - 1.
static void by_channels(void *arg, int64_t begin, int64_t end, int thread) {
  const struct dw_job *job = arg;
  float *scratch = job->scratch + thread * thread_size(job->c, job->k);
  if (job->bias) memset(job->bias + begin, 0, (size_t)(end - begin) * sizeof *job->bias);
  for (int64_t b = 0; b < job->grid.blocks && !nn_interrupted(); b++)
    block(job, b, begin, end, b == 0, job->sums, scratch, job->bias);
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

static void run(struct dw_job *job, void *workspace) {
  job->sums = (float *)(((uintptr_t)workspace + 63) & ~(uintptr_t)63);
  bool split = splits_channels(job->c, job->k);
  job->scratch = job->sums + 36 * sums_plane(job->c, job->k) * (split ? 1 : nn_threads());
  job->bias = job->db ? (double *)(void *)(job->scratch + nn_threads() * thread_size(job->c, job->k)) : NULL;
  job->parts = split ? 1 : nn_parallel_parts(job->grid.blocks, 1);
  if (split)
    nn_parallel(job->k, NN_MICRO_ROWS, by_channels, job);
  else
    nn_parallel(job->grid.blocks, 1, by_tiles, job);
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
                         .grid = winograd_grid_make(d->n, d->ho, d->wo),
                         .dw = (float *)dw + g * kg * cg * 9,
                         .db = db ? (float *)db + g * kg : NULL};
    run(&job, workspace);
    if (nn_interrupted()) return false;
  }
  return dw || !db || NN_KERNEL(nn_conv_bias_grad_f32)(d, dy, db);
}
