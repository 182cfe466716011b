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
// a tile apart.
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
  WINOGRAD_STRIPS = 8,                 // strips of a block: two vectors of tiles
  WINOGRAD_TILES = 2 * WINOGRAD_LANES, // tiles of a block
  WINOGRAD_PAD = 16 // numbers between the planes of the 36 products, so that they don't share sets
};

// The planes that strips are cut from or written to, [images][channels of all groups][h][w].
struct winograd_plane {
  int64_t image; // elements between images
  int64_t h, w;
};

// One strip of a plane of tiles: where its first pixel stands and which of its pixels exist. Rows outside
// have no lanes.
struct winograd_strip {
  int64_t at;        // may lie outside of the plane
  nn_lanes main[6];  // pixels 0 .. VL - 1 of each row
  nn_lanes shift[6]; // pixels 4 .. VL + 3, of which the first two of every four are used
};

// Numbers of tile rows, of strips in a tile row, and of strips and blocks altogether, for outputs of ho x wo.
struct winograd_grid {
  int64_t images, rows, row_strips, strips, blocks;
};

static inline struct winograd_grid winograd_grid_make(int64_t images, int64_t ho, int64_t wo) {
  struct winograd_grid g = {.images = images, .rows = (ho + 3) / 4};
  g.row_strips = ((wo + 3) / 4 + WINOGRAD_STRIP - 1) / WINOGRAD_STRIP;
  g.strips = images * g.rows * g.row_strips;
  g.blocks = (g.strips + WINOGRAD_STRIPS - 1) / WINOGRAD_STRIPS;
  return g;
}

// Lanes l for which 0 <= at + l < size.
static inline nn_lanes winograd_lanes(int64_t at, int64_t size) {
  int64_t begin = at < 0 ? -at : 0, end = size - at;
  if (begin > WINOGRAD_LANES) begin = WINOGRAD_LANES;
  if (end > WINOGRAD_LANES) end = WINOGRAD_LANES;
  return nn_lanes_make(begin, end);
}

// The strips of block b in plane p, whose pixel (0, 0) is output (pad_h, pad_w); the first `rows` rows of
// each tile.
static inline void winograd_strips(const struct winograd_grid *g, int64_t b, const struct winograd_plane *p,
                                   int64_t pad_h, int64_t pad_w, int rows, struct winograd_strip *strip) {
  nn_lanes none = nn_lanes_make(0, 0);
  for (int i = 0; i < WINOGRAD_STRIPS; i++, strip++) {
    int64_t s = b * WINOGRAD_STRIPS + i;
    bool exists = s < g->strips;
    if (!exists) s = 0;
    int64_t col = s % g->row_strips * 4 * WINOGRAD_STRIP - pad_w,
            row = s / g->row_strips % g->rows * 4 - pad_h;
    strip->at = s / g->row_strips / g->rows * p->image + row * p->w + col;
    nn_lanes main = winograd_lanes(col, p->w), shift = winograd_lanes(col + 4, p->w);
    for (int r = 0; r < 6; r++) {
      bool inside = exists && r < rows && row + r >= 0 && row + r < p->h;
      strip->main[r] = inside ? main : none;
      strip->shift[r] = inside ? shift : none;
    }
  }
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
NN_INLINE void winograd_input_tiles(const float *x, int64_t w, const struct winograd_strip *strip, float *v,
                                    int64_t plane) {
  nn_vf32 t[6][6];
#pragma GCC unroll 6
  for (int r = 0; r < 6; r++) {
    nn_vf32 d[6], e[4];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      d[i] = nn_load_lanes(strip[i].main[r], x + strip[i].at + r * w);
      e[i] = nn_load_lanes(strip[i].shift[r], x + strip[i].at + r * w + 4);
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
