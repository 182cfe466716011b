// Convolution, ReLU and the maxima of 2 x 2 windows in one pass, for few input channels (the first layer of a network),
// float32; and the gradients of weights and bias from those of the maxima, which nobody spreads to the size that the
// convolution has. Direct sums over the taps: of the forward pass in the order in which the product of conv_direct.c has
// them, so that the bits are the same. Winograd's pass is in winograd.c.
//
//   forward      for two rows of outputs, two vectors of columns and some channels in registers; the maxima of what is in
//                these registers is all that is written
//   weight_grad  dw[r][s] = sum over windows (i, j) and places (a, b) of g[i][j] * [a, b is where the maximum was] *
//                x[2 i + a + r][2 j + b + s]; even and odd columns of x apart, each read once for all places and taps
#include "conv_methods.h"

#include <string.h>

#include "interrupt.h"
#include "parallel.h"
#include "pool.h"
#include "simd.h"
#include "real_f32.h"
#include "runs_impl.h"

enum {
  LANES = NN_VBYTES / 4,
  TOGETHER = NN_ISA == 2 ? 6 : 2, // channels whose sums are in registers at a time
  MOST_CHANNELS = 4,              // of the input
  MOST_TAPS = 5
};

struct pooled_job {
  const struct nn_conv_desc *d;
  const float *x, *bias; // bias may be NULL
  bool relu;
  const float *packed; // weights [blocks of channels][c][r][s][TOGETHER]
  float *y;
  uint8_t *position; // or NULL
  int64_t rows, ld;  // of a padded plane of x
  float *scratch;    // for each thread a padded image
  // gradients
  const float *dy, *gate; // gate may be NULL
  const uint8_t *places;
  float *sums; // for each part [k][c * r * s + 1] vectors
};

// Numbers of a padded plane's row: what whole pairs of vectors of outputs see, and for the gradients as much for each half.
static int64_t padded_ld(const struct nn_conv_desc *d) {
  return ceil_div(d->wo, 2 * LANES) * 2 * LANES + 2 * LANES;
}

static int64_t padded_size(const struct nn_conv_desc *d) { return d->c * (d->ho + d->r - 1) * padded_ld(d); }

// An image with its padding; `apart`: even columns first, odd ones from ld / 2 on.
static void fill_image(const struct pooled_job *job, int64_t image, bool apart, float *to) {
  const struct nn_conv_desc *d = job->d;
  const int64_t half = job->ld / 2, pad = d->pad_w, count = min64(d->w, d->wo + d->s - 1 - pad);
  memset(to, 0, (size_t)(d->c * job->rows * job->ld) * sizeof *to);
  for (int64_t c = 0; c < d->c; c++)
    for (int64_t row = d->pad_h; row < job->rows && row - d->pad_h < d->h; row++) {
      const float *from = job->x + ((image * d->c + c) * d->h + row - d->pad_h) * d->w;
      float *line = to + (c * job->rows + row) * job->ld;
      if (apart)
        part_run_f32(count, from, line + pad % 2 * half + pad / 2, line + (pad + 1) % 2 * half + (pad + 1) / 2);
      else
        copy_run_f32(line + pad, from, count);
    }
}

// ---- forward ------------------------------------------------------------------------------------------

NN_INLINE vec ready(vec x, bool relu) { return relu ? (vec)(~(x <= 0) & (ivec)x) : x; }

// The maxima of the windows that the rows a and b of two vectors each form, as max_pool finds them.
NN_INLINE vec window_maxima(vec a0, vec a1, vec b0, vec b1, ivec *at) {
  vec place[4] = {nn_evens_f32(a0, a1), nn_odds_f32(a0, a1), nn_evens_f32(b0, b1), nn_odds_f32(b0, b1)}, best = place[0];
  *at = (ivec){0};
#pragma GCC unroll 3
  for (int i = 1; i < 4; i++) {
    ivec take = (place[i] > best) | (place[i] != place[i]);
    *at = (take & i) | (~take & *at);
    best = (vec)((take & (ivec)place[i]) | (~take & (ivec)best));
  }
  return best;
}

// `count` channels from k on, of a row of windows, from the padded image at x, the row's first one.
NN_INLINE void pooled_row(const struct pooled_job *job, const int kr, const int ks, const float *x, const float *w,
                          int64_t k, int64_t count, int64_t i, int64_t image) {
  const struct nn_conv_desc *d = job->d;
  const int64_t ho = d->ho / 2, wo = d->wo / 2;
  for (int64_t j = 0; j < wo; j += LANES) {
    vec acc[TOGETHER][2][2];
#pragma GCC unroll 6
    for (int t = 0; t < TOGETHER; t++)
      acc[t][0][0] = acc[t][0][1] = acc[t][1][0] = acc[t][1][1] =
          (vec){0} + (job->bias ? job->bias[k + min64(t, count - 1)] : 0.0f);
    const float *weight = w;
    for (int64_t c = 0; c < d->c; c++)
      for (int r = 0; r < kr; r++)
#pragma GCC unroll 5
        for (int s = 0; s < ks; s++, weight += TOGETHER) {
          const float *at = x + (c * job->rows + r) * job->ld + 2 * j + s;
          vec v[2][2] = {{*(const uvec *)at, *(const uvec *)(at + LANES)},
                         {*(const uvec *)(at + job->ld), *(const uvec *)(at + job->ld + LANES)}};
#pragma GCC unroll 6
          for (int t = 0; t < TOGETHER; t++) {
            vec each = (vec){0} + weight[t];
#pragma GCC unroll 2
            for (int a = 0; a < 2; a++) {
              acc[t][a][0] += each * v[a][0];
              acc[t][a][1] += each * v[a][1];
            }
          }
        }
#pragma GCC unroll 6
    for (int t = 0; t < TOGETHER; t++) {
      if (t >= count) break;
      ivec found;
      vec best = window_maxima(ready(acc[t][0][0], job->relu), ready(acc[t][0][1], job->relu),
                               ready(acc[t][1][0], job->relu), ready(acc[t][1][1], job->relu), &found);
      int64_t to = ((image * d->k + k + t) * ho + i) * wo + j;
      nn_store_first_f32(job->y + to, best, wo - j);
      if (job->position) nn_store_first_bytes_f32(job->position + to, found, wo - j);
    }
  }
}

static int64_t blocks_of(const struct nn_conv_desc *d) { return ceil_div(d->k, TOGETHER); }
// Blocks of channels are as even as possible.
static int64_t block_begin(const struct nn_conv_desc *d, int64_t b) { return d->k * b / blocks_of(d); }

// Items begin .. end - 1, counted over images and blocks of channels.
static void pooled_range(void *arg, int64_t begin, int64_t end, int thread) {
  const struct pooled_job *job = arg;
  const struct nn_conv_desc *d = job->d;
  float *image = job->scratch + thread * padded_size(d);
  int64_t blocks = blocks_of(d), filled = -1, taps = d->c * d->r * d->s;
  for (int64_t item = begin; item < end && !nn_interrupted(); item++) {
    int64_t n = item / blocks, b = item % blocks, k = block_begin(d, b), count = block_begin(d, b + 1) - k;
    if (n != filled) fill_image(job, filled = n, false, image);
    const float *w = job->packed + b * taps * TOGETHER;
    for (int64_t i = 0; i < d->ho / 2; i++) {
      const float *x = image + 2 * i * job->ld;
      if (d->r == 3 && d->s == 3)
        pooled_row(job, 3, 3, x, w, k, count, i, n);
      else
        pooled_row(job, 5, 5, x, w, k, count, i, n);
    }
  }
}

static void pack_weights(const struct nn_conv_desc *d, const float *w, float *packed) {
  int64_t taps = d->c * d->r * d->s;
  for (int64_t b = 0; b < blocks_of(d); b++)
    for (int64_t t = 0; t < taps; t++)
      for (int64_t i = 0; i < TOGETHER; i++)
        *packed++ = w[min64(block_begin(d, b) + i, block_begin(d, b + 1) - 1) * taps + t];
}

static int64_t packed_size(const struct nn_conv_desc *d) {
  return (blocks_of(d) * TOGETHER * d->c * d->r * d->s + 15) & ~(int64_t)15;
}

static bool takes_direct(const struct nn_conv_desc *d) {
  bool square = d->r == d->s && (d->r == 3 || d->r == 5), near = d->stride_h == 1 && d->stride_w == 1 && d->dil_h == 1 && d->dil_w == 1;
  return square && near && d->groups == 1 && d->c <= MOST_CHANNELS && d->pad_h < d->r && d->pad_w < d->s && d->k > 0 &&
         d->k * d->c * d->r * d->s <= 1 << 14;
}

static bool direct_pooled(const struct nn_conv_desc *d, const float *x, const float *w, const float *bias, bool relu, float *y,
                          uint8_t *position, void *workspace) {
  float *packed = align64(workspace);
  struct pooled_job job = {.d = d,
                           .x = x,
                           .bias = bias,
                           .relu = relu,
                           .packed = packed,
                           .y = y,
                           .position = position,
                           .rows = d->ho + d->r - 1,
                           .ld = padded_ld(d),
                           .scratch = packed + packed_size(d)};
  pack_weights(d, w, packed);
  nn_conv_spread(d->n * blocks_of(d), 1 + 20000 / (d->ho * d->wo * d->c * d->r * d->s * TOGETHER), pooled_range, &job);
  return !nn_interrupted();
}

// ---- gradients ----------------------------------------------------------------------------------------

// Adds the share of channel k of one image and channel c to the taps' sums, vectors of which the lanes are to be added; and
// that of the bias, unless it is NULL. Rows of taps first .. first + kr - 1.
NN_INLINE void taps_of_image(const struct pooled_job *job, const int kr, const int ks, int64_t first, const float *x,
                             int64_t plane, vec *sums, vec *bias) {
  const struct nn_conv_desc *d = job->d;
  const int64_t ho = d->ho / 2, wo = d->wo / 2, half = job->ld / 2;
  vec acc[MOST_TAPS * MOST_TAPS], db = {0};
#pragma GCC unroll 25
  for (int t = 0; t < kr * ks; t++) acc[t] = sums[t];
  for (int64_t i = 0; i < ho; i++)
    for (int64_t j = 0; j < wo; j += LANES) {
      int64_t from = (plane * ho + i) * wo + j;
      ivec g = (ivec)nn_load_first_f32(job->dy + from, wo - j), at = nn_load_first_bytes_f32(job->places + from, wo - j);
      if (job->gate) g &= ~(nn_load_first_f32(job->gate + from, wo - j) <= 0);
      db += (vec)g;
      vec place[2][2] = {{(vec)(g & (at == 0)), (vec)(g & (at == 1))}, {(vec)(g & (at == 2)), (vec)(g & (at == 3))}};
      const float *row = x + (2 * i + first) * job->ld + j;
      nn_lanes seen = nn_lanes_make(0, min64(wo - j, LANES)); // what no window sees could be a NaN
#pragma GCC unroll 6
      for (int a = 0; a < kr + 1; a++)
#pragma GCC unroll 6
        for (int b = 0; b < ks + 1; b++) {
          vec v = nn_load_lanes(seen, row + a * job->ld + b % 2 * half + b / 2);
#pragma GCC unroll 4
          for (int p = 0; p < 4; p++) {
            int r = a - p / 2, s = b - p % 2;
            if (r >= 0 && r < kr && s >= 0 && s < ks) acc[r * ks + s] += place[p / 2][p % 2] * v;
          }
        }
    }
#pragma GCC unroll 25
  for (int t = 0; t < kr * ks; t++) sums[t] = acc[t];
  if (bias) *bias += db;
}

// Images begin .. end - 1, into the sums of this part.
static void taps_range(void *arg, int64_t begin, int64_t end, int thread) {
  const struct pooled_job *job = arg;
  const struct nn_conv_desc *d = job->d;
  float *image = job->scratch + thread * padded_size(d);
  int64_t taps = d->r * d->s, each = d->c * taps + 1;
  vec *sums = (vec *)(void *)job->sums + thread * d->k * each;
  memset(sums, 0, (size_t)(d->k * each) * sizeof *sums);
  for (int64_t n = begin; n < end && !nn_interrupted(); n++) {
    fill_image(job, n, true, image);
    for (int64_t k = 0; k < d->k; k++)
      for (int64_t c = 0; c < d->c; c++) {
        vec *to = sums + k * each + c * taps, *bias = c == 0 ? sums + k * each + d->c * taps : NULL;
        const float *x = image + c * job->rows * job->ld;
        int64_t plane = n * d->k + k;
        if (d->r == 3) {
          taps_of_image(job, 3, 3, 0, x, plane, to, bias);
        } else if (NN_ISA == 2) {
          taps_of_image(job, 5, 5, 0, x, plane, to, bias);
        } else {
          taps_of_image(job, 2, 5, 0, x, plane, to, bias);
          taps_of_image(job, 2, 5, 2, x, plane, to + 10, NULL);
          taps_of_image(job, 1, 5, 4, x, plane, to + 20, NULL);
        }
      }
  }
}

static float lanes_sum(vec v) {
  double sum = 0;
  for (int l = 0; l < LANES; l++) sum += (double)v[l];
  return (float)sum;
}

static bool direct_weight_grad(const struct nn_conv_desc *d, const float *x, const float *dy, const float *gate,
                               const uint8_t *position, float *dw, float *db, void *workspace) {
  int64_t taps = d->c * d->r * d->s, each = taps + 1;
  struct pooled_job job = {.d = d,
                           .x = x,
                           .dy = dy,
                           .gate = gate,
                           .places = position,
                           .rows = d->ho + d->r - 1,
                           .ld = padded_ld(d),
                           .sums = align64(workspace)};
  job.scratch = job.sums + nn_threads() * d->k * each * LANES;
  int parts = nn_parallel_parts(d->n, 1);
  nn_parallel(d->n, 1, taps_range, &job);
  if (nn_interrupted()) return false;
  const vec *sums = (const vec *)(const void *)job.sums;
  for (int64_t k = 0; k < d->k; k++)
    for (int64_t t = 0; t < each; t++) {
      vec sum = sums[k * each + t];
      for (int part = 1; part < parts; part++) sum += sums[(part * d->k + k) * each + t];
      if (t < taps)
        dw[k * taps + t] = lanes_sum(sum);
      else if (db)
        db[k] = lanes_sum(sum);
    }
  return true;
}

// ---- the table's entries ------------------------------------------------------------------------------

static bool is_pooled(const struct nn_conv_desc *d) { return d->ho >= 2 && d->wo >= 2 && d->n > 0 && d->c > 0 && d->h > 0 && d->w > 0; }

bool NN_KERNEL(nn_conv_takes_pooled)(const struct nn_conv_desc *d, enum nn_conv_pass pass) {
  if (!is_pooled(d) || pass == NN_CONV_INPUT_GRAD) return false;
  if (NN_KERNEL(nn_conv).method(d, NN_FLOAT32, NN_CONV_FORWARD) == NN_CONV_WINOGRAD) return pass == NN_CONV_FORWARD;
  return takes_direct(d);
}

size_t NN_KERNEL(nn_conv_pooled_workspace)(const struct nn_conv_desc *d, enum nn_conv_pass pass) {
  if (NN_KERNEL(nn_conv).method(d, NN_FLOAT32, NN_CONV_FORWARD) == NN_CONV_WINOGRAD)
    return NN_KERNEL(nn_conv_winograd_workspace_f32)(d, pass);
  int64_t threads = nn_threads(), images = threads * padded_size(d);
  int64_t rest = pass == NN_CONV_FORWARD ? packed_size(d) : threads * d->k * (d->c * d->r * d->s + 1) * LANES;
  return (size_t)(images + rest) * sizeof(float) + 64;
}

bool NN_KERNEL(nn_conv_pooled)(const struct nn_conv_desc *d, const float *x, const float *w, const float *bias, bool relu,
                               float *y, uint8_t *position, void *workspace) {
  if (NN_KERNEL(nn_conv).method(d, NN_FLOAT32, NN_CONV_FORWARD) == NN_CONV_WINOGRAD)
    return NN_KERNEL(nn_conv_winograd_pooled)(d, x, w, bias, relu, y, position, workspace);
  return direct_pooled(d, x, w, bias, relu, y, position, workspace);
}

bool NN_KERNEL(nn_conv_pooled_weight_grad)(const struct nn_conv_desc *d, const float *x, const float *dy, const float *gate,
                                           const uint8_t *position, float *dw, float *db, void *workspace) {
  return direct_weight_grad(d, x, dy, gate, position, dw, db, workspace);
}
