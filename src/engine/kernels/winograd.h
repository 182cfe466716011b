// Winograd's F(4x4, 3x3) after Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015):
// what the forward and the weight-gradient side share. A tile is 4 x 4 outputs, made from 6 x 6 inputs; in
// the transformed domain it is 36 independent products instead of 144. Private to winograd*.c.
//
// Interpolation points 0, 2/3, -2/3, 3/2, -3/2, infinity: a quarter of the rounding error of the usual 0, 1,
// -1, 2, -2 (measured: 1.1e-6 of the largest result against 4.6e-6 at 32 channels), and as 2/3 * 3/2 = 1 one
// multiplication less. With a^2, b^2 the squares of the points:
//   B^T d: d0 - (a^2 + b^2) d2 + d4,  (d4 - b^2 d2) +- a (d3 - b^2 d1),  (d4 - a^2 d2) +- b (d3 - a^2 d1),
//          d1 - (a^2 + b^2) d3 + d5
//   G g:   g0,  ((g0 + a^2 g2) +- a g1) / Na,  ((g0 + b^2 g2) +- b g1) / Nb,  g2
//   A^T m: m0 + s + t,  a d + b e,  a^2 s + b^2 t,  a^3 d + b^3 e + m5  with s, d = m1 +- m2 and t, e = m3 +-
//   m4
// Na = 2 a^2 (a^2 - b^2), Nb = 2 b^2 (b^2 - a^2).
//
// Layout: a vector holds one number of each of VL tiles: four strips of VL / 4 tiles that are neighbours in a
// row. So a row of a strip is one load of VL pixels, and 4 x 4 transposes between four strips take pixels of
// a tile apart. Where rows of tiles are not whole strips, a strip goes on in the next row (or image): its
// pixels are two runs, loaded one after the other.
#ifndef NN_KERNELS_WINOGRAD_H
#define NN_KERNELS_WINOGRAD_H

#include "conv_methods.h"
#include "simd.h"

#define WA  (2.0f / 3.0f)
#define WA2 (4.0f / 9.0f)
#define WA3 (8.0f / 27.0f)
#define WB  1.5f
#define WB2 2.25f
#define WB3 3.375f
#define WNA (2 * WA2 * (WA2 - WB2))
#define WNB (2 * WB2 * (WB2 - WA2))

enum {
  WINOGRAD_LANES = NN_VBYTES / 4,      // tiles of a vector
  WINOGRAD_STRIP = WINOGRAD_LANES / 4, // tiles of a strip
  WINOGRAD_TILES = 32,                 // tiles of a block
  WINOGRAD_VECTORS = WINOGRAD_TILES / WINOGRAD_LANES,
  WINOGRAD_STRIPS = WINOGRAD_TILES / WINOGRAD_STRIP,
  WINOGRAD_PAD = 16 // numbers between the planes of the 36 products, so that they don't share sets
};

// The planes that strips are cut from or written to, [images][channels of all groups][h][w].
struct winograd_plane {
  int64_t image; // elements between images
  int64_t h, w;
};

// Pixels of a strip that lie in one row of tiles, for the lanes from one on: where lane 0's first pixel would
// stand, and which of its pixels exist. Rows outside have no lanes.
struct winograd_run {
  int64_t at;        // may lie outside of the plane
  nn_lanes main[6];  // pixels 0 .. VL - 1 of each row
  nn_lanes shift[6]; // pixels 4 .. VL + 3, of which the first two of every four are used
};

struct winograd_strip {
  struct winograd_run run[2]; // the second one only where strips are wrapped
  bool goes_on;               // and has pixels
};

// Numbers of tile rows, of tiles in one, of strips in one, and of strips and blocks altogether, for outputs of
// ho x wo. Wrapped strips go on in the next row of tiles.
struct winograd_grid {
  int64_t images, rows, cols, row_strips, strips, blocks;
  bool wrapped;
};

static inline struct winograd_grid winograd_grid_make(int64_t images, int64_t ho, int64_t wo) {
  enum { STRIP = WINOGRAD_STRIP };
  struct winograd_grid g = {.images = images, .rows = (ho + 3) / 4, .cols = (wo + 3) / 4};
  g.row_strips = (g.cols + STRIP - 1) / STRIP;
  g.wrapped = g.cols % STRIP != 0 && (g.cols >= STRIP - 1 || 2 * g.cols == STRIP); // two runs are enough
  g.strips = g.wrapped ? (images * g.rows * g.cols + STRIP - 1) / STRIP : images * g.rows * g.row_strips;
  g.blocks = (g.strips + WINOGRAD_STRIPS - 1) / WINOGRAD_STRIPS;
  return g;
}

// Lanes first <= l < end for which 0 <= at + l < size.
static inline nn_lanes winograd_lanes(int64_t at, int64_t size, int64_t first, int64_t end) {
  if (first < -at) first = -at;
  if (end > size - at) end = size - at;
  return first < end ? nn_lanes_make(first, end) : nn_lanes_make(0, 0);
}

// Lanes first .. end - 1 for the tiles from `tile`, counted over images, rows and columns, on; tiles beyond
// the last one don't exist.
static inline void winograd_run_make(const struct winograd_grid *g, const struct winograd_plane *p, int64_t tile,
                                     int64_t first, int64_t end, int64_t pad_h, int64_t pad_w, int rows,
                                     struct winograd_run *run) {
  nn_lanes none = nn_lanes_make(0, 0);
  bool exists = tile < g->images * g->rows * g->cols && first < end;
  if (!exists) tile = 0;
  int64_t col = tile % g->cols * 4 - pad_w - first, row = tile / g->cols % g->rows * 4 - pad_h;
  run->at = tile / g->cols / g->rows * p->image + row * p->w + col;
  nn_lanes main = winograd_lanes(col, p->w, first, end), shift = winograd_lanes(col + 4, p->w, first, end);
  for (int r = 0; r < 6; r++) {
    bool inside = exists && r < rows && row + r >= 0 && row + r < p->h;
    run->main[r] = inside ? main : none;
    run->shift[r] = inside ? shift : none;
  }
}

// The first tile of strip s, or one beyond all tiles, and how many lanes its first run has.
static inline int64_t winograd_first_run(const struct winograd_grid *g, int64_t s, int64_t *tile) {
  if (!g->wrapped) {
    *tile = s < g->strips ? s / g->row_strips * g->cols + s % g->row_strips * WINOGRAD_STRIP : INT64_MAX / 2;
    return WINOGRAD_LANES;
  }
  *tile = s * WINOGRAD_STRIP;
  int64_t lanes = 4 * (g->cols - *tile % g->cols);
  return lanes < WINOGRAD_LANES ? lanes : WINOGRAD_LANES;
}

// The strips of block b in plane p, whose pixel (0, 0) is output (pad_h, pad_w); the first `rows` rows of
// each tile.
static inline void winograd_strips(const struct winograd_grid *g, int64_t b, const struct winograd_plane *p,
                                   int64_t pad_h, int64_t pad_w, int rows, struct winograd_strip *strip) {
  for (int64_t s = b * WINOGRAD_STRIPS; s < (b + 1) * WINOGRAD_STRIPS; s++, strip++) {
    int64_t tile, lanes = winograd_first_run(g, s, &tile), left = lanes / 4;
    winograd_run_make(g, p, tile, 0, lanes, pad_h, pad_w, rows, &strip->run[0]);
    strip->goes_on = lanes < WINOGRAD_LANES;
    if (g->wrapped)
      winograd_run_make(g, p, tile + left, lanes, WINOGRAD_LANES, pad_h, pad_w, rows, &strip->run[1]);
  }
}

// The same for the outputs of block b after the maxima of 2 x 2 windows, in planes p: pooled row r of a strip is lanes 0 ..
// VL / 2 - 1 of main[2 * r] from `at` on, or lanes VL / 2 .. VL - 1 of main[2 * r + 1] from at - VL / 2 on.
static inline void winograd_pool_run_make(const struct winograd_grid *g, const struct winograd_plane *p, int64_t tile,
                                          int64_t first, int64_t end, struct winograd_run *run) {
  const int64_t half = WINOGRAD_LANES / 2;
  bool exists = tile < g->images * g->rows * g->cols && first < end;
  if (!exists) tile = 0;
  int64_t col = tile % g->cols * 2 - first, row = tile / g->cols % g->rows * 2;
  run->at = tile / g->cols / g->rows * p->image + row * p->w + col;
  for (int r = 0; r < 2; r++) {
    bool inside = exists && row + r < p->h;
    run->main[2 * r] = winograd_lanes(col, inside ? p->w : 0, first, end);
    run->main[2 * r + 1] = winograd_lanes(col - half, inside ? p->w : 0, first + half, end + half);
  }
}

static inline void winograd_pool_strips(const struct winograd_grid *g, int64_t b, const struct winograd_plane *p,
                                        struct winograd_strip *strip) {
  for (int64_t s = b * WINOGRAD_STRIPS; s < (b + 1) * WINOGRAD_STRIPS; s++, strip++) {
    int64_t tile, lanes = winograd_first_run(g, s, &tile), left = lanes / 4;
    winograd_pool_run_make(g, p, tile, 0, lanes / 2, &strip->run[0]);
    strip->goes_on = lanes < WINOGRAD_LANES;
    if (g->wrapped) winograd_pool_run_make(g, p, tile + left, lanes / 2, WINOGRAD_LANES / 2, &strip->run[1]);
  }
}

// Pixels of row r of a strip, those of `main` or (4 further on) of `shift`.
NN_INLINE nn_vf32 winograd_main(bool wrapped, const struct winograd_strip *s, int r, const float *x, int64_t w) {
  nn_vf32 a = nn_load_lanes(s->run[0].main[r], x + s->run[0].at + r * w);
  if (!wrapped || !s->goes_on) return a;
  nn_vf32 b = nn_load_lanes(s->run[1].main[r], x + s->run[1].at + r * w);
  return (nn_vf32)((nn_vi32)a | (nn_vi32)b);
}

NN_INLINE nn_vf32 winograd_shift(bool wrapped, const struct winograd_strip *s, int r, const float *x, int64_t w) {
  nn_vf32 a = nn_load_lanes(s->run[0].shift[r], x + s->run[0].at + r * w + 4);
  if (!wrapped || !s->goes_on) return a;
  nn_vf32 b = nn_load_lanes(s->run[1].shift[r], x + s->run[1].at + r * w + 4);
  return (nn_vf32)((nn_vi32)a | (nn_vi32)b);
}

NN_INLINE void winograd_store(bool wrapped, const struct winograd_strip *s, int r, float *y, int64_t w, nn_vf32 v) {
  nn_store_lanes(s->run[0].main[r], y + s->run[0].at + r * w, v);
  if (wrapped && s->goes_on) nn_store_lanes(s->run[1].main[r], y + s->run[1].at + r * w, v);
}

// Where in a plane the lines of rows first .. end - 1 of a block's strips are: how many, at most WINOGRAD_LINES.
enum { WINOGRAD_LINES = 2 * 4 * WINOGRAD_STRIPS };

static inline int64_t winograd_lines(int64_t w, const struct winograd_strip *strip, int first, int end, int64_t *at) {
  int64_t n = 0;
  for (int i = 0; i < WINOGRAD_STRIPS; i++, strip++) {
    int64_t main = strip->run[0].at, rest = strip->run[strip->goes_on].at + WINOGRAD_LANES - 1;
    for (int r = first; r < end; r++) {
      at[n++] = strip->goes_on ? main + r * w : main + r * w + WINOGRAD_LANES / 2;
      if (strip->goes_on) at[n++] = rest + r * w;
    }
  }
  return n;
}

// o = B^T d
NN_INLINE void winograd_input(const nn_vf32 d[6], nn_vf32 o[6]) {
  nn_vf32 ea = d[4] - WB2 * d[2], oa = d[3] - WB2 * d[1], eb = d[4] - WA2 * d[2], ob = d[3] - WA2 * d[1];
  o[0] = (d[0] + d[4]) - (WA2 + WB2) * d[2];
  o[1] = ea + WA * oa;
  o[2] = ea - WA * oa;
  o[3] = eb + WB * ob;
  o[4] = eb - WB * ob;
  o[5] = (d[1] + d[5]) - (WA2 + WB2) * d[3];
}

// V[p] of one vector of tiles: the 36 transformed numbers of one channel, `plane` numbers apart, from its
// plane x.
NN_INLINE void winograd_input_tiles(bool wrapped, const float *x, int64_t w, const struct winograd_strip *strip,
                                    float *v, int64_t plane) {
  nn_vf32 t[6][6];
#pragma GCC unroll 6
  for (int r = 0; r < 6; r++) {
    nn_vf32 d[6], e[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      d[i] = winograd_main(wrapped, strip + i, r, x, w);
      e[i] = winograd_shift(wrapped, strip + i, r, x, w);
    }
    nn_quad_transpose(d);
    nn_vf32 low = nn_quad_low(e[0], e[1]), high = nn_quad_low(e[2], e[3]);
    d[4] = nn_quad_low_pairs(low, high);
    d[5] = nn_quad_high_pairs(low, high);
    winograd_input(d, t[r]);
  }
#pragma GCC unroll 6
  for (int j = 0; j < 6; j++) {
    nn_vf32 d[6] = {t[0][j], t[1][j], t[2][j], t[3][j], t[4][j], t[5][j]}, o[6];
    winograd_input(d, o);
#pragma GCC unroll 6
    for (int i = 0; i < 6; i++) *(nn_uvf32 *)(v + (6 * i + j) * plane) = o[i];
  }
}

// Whether a convolution has the form that this method is for.
static inline bool winograd_covers(const struct nn_conv_desc *d) {
  return d->r == 3 && d->s == 3 && d->stride_h == 1 && d->stride_w == 1 && d->dil_h == 1 && d->dil_w == 1;
}

#endif
