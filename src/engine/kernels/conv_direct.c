// Convolution as products over pixels that are read where they lie (float32 and float64, every shape). The source of a
// block of outputs is copied once, with its padding, into memory that stays in the cache: rows follow each other so
// closely that a kernel position is the same distance away from every output. A vector of outputs is then a sum over
// a list of distances, whatever the kernel's size, stride and dilation.
//   forward        y over x; a stride of 2 splits the source into its even and odd pixels, and so on
//   input_grad     dx has stride_h * stride_w phases of pixels that see the same kernel positions; each is a
//                  convolution of dy with stride 1 and part of the kernel
//   weight_grad    channels (and neighbouring columns of the kernel) across the vectors, pixels as depth
#include "conv_methods.h"

#include "interrupt.h"
#include "parallel.h"
#include "simd.h"

static inline int64_t floor_div(int64_t a, int64_t b) { return (a >= 0 ? a : a - b + 1) / b; }

// Numbers of a source block, which shall stay in the second-level cache; vectors of outputs that a block should have, and
// that a thread's share of an image should have; numbers of packed weights; of patches in the first-level cache.
enum { SOURCE = 96 << 10, VECTORS = 48, SHARE = 8, PACKED = 4 << 20, PATCHES = 6 << 10 };

// One dimension of a convolution. The source is split into its pixels p, p + step, p + 2 step, ... ("parts"; only those
// that the kernel sees); outputs q, q + phases, ... see the same kernel positions. Output i of a phase sees pixel
// i + shift of some part for each kernel position.
struct axis {
  int64_t size, out; // of the source, of the result
  int64_t step, parts, period;
  int64_t phases, grid; // grid: outputs of a phase, rounded up
  int64_t kernel, stride, pad, dil;
  bool backward;
  int64_t least, end;    // all shifts are in least .. ; outputs see pixels below end
  int64_t zeros, pixels; // of a row of the block: zeros before the pixels of a part, pixels at most
  int64_t ld;            // distance of rows; the zeros behind a row may be those before the next one
};

// Kernel position t: the phase that sees it, the part it sees and the source pixel of that part's beginning, the shift.
struct sight {
  int64_t phase, part, origin, shift;
};

static struct sight axis_sight(const struct axis *a, int64_t t) {
  int64_t at = t * a->dil - a->pad, down = floor_div(at, a->stride), rest = at - down * a->stride;
  if (a->backward) return (struct sight){.phase = rest, .shift = -down};
  return (struct sight){.part = t % a->period, .origin = rest, .shift = down};
}

static int64_t gcd(int64_t a, int64_t b) { return b ? gcd(b, a % b) : a; }

static struct axis axis_make(bool backward, int64_t size, int64_t out, int64_t kernel, int64_t stride, int64_t pad,
                             int64_t dil) {
  struct axis a = {.size = size, .out = out, .step = 1, .phases = 1, .period = 1, .kernel = kernel, .stride = stride, .pad = pad,
                   .dil = dil, .backward = backward};
  if (backward) {
    a.phases = stride;
  } else {
    a.step = stride;
    a.period = stride / gcd(stride, dil);
  }
  a.parts = max64(min64(kernel, a.period), 1);
  a.grid = ceil_div(out, a.phases);
  int64_t most = 0;
  for (int64_t t = 0; t < kernel; t++) {
    int64_t shift = axis_sight(&a, t).shift;
    a.least = t ? min64(a.least, shift) : shift;
    most = t ? max64(most, shift) : shift;
  }
  a.end = a.grid + most;
  int64_t until = min64(ceil_div(size, a.step), a.end), behind = a.end - until;
  a.zeros = max64(-a.least, 0);
  a.pixels = max64(until - max64(a.least, 0), 0);
  a.ld = until > 0 && a.pixels ? until - a.least + max64(behind - a.zeros, 0) : a.end - a.least;
  return a;
}

// Phases that have outputs.
static int64_t axis_used(const struct axis *a) { return min64(a->phases, a->out); }

// A kernel position: its weight behind that of (0, 0), and how far from an output its pixel is in the block.
struct tap {
  int64_t weight, distance;
};

// Outputs that see the same kernel positions: these, and the number of products of an output of the phases before.
struct phase {
  const struct tap *tap;
  int64_t taps, at;
};

// A vector of outputs: where in a plane of the block output (0, 0) would have to be seen from, and its first run.
struct place {
  int64_t start, run;
};

// Outputs of one row of the grid that follow each other in a vector, from lane `at` on.
struct run {
  int64_t at, len, image, row, col;
};

struct plan {
  int64_t images, rows, vectors;
  struct place *place; // one more at the end
  struct run *run;
};

// Covers the outputs of `images` images and `rows` rows of the grid with vectors, greedily from the first to the last.
static void plan_make(struct plan *p, int64_t lanes, int64_t cols, int64_t ld, int64_t image_rows) {
  int64_t v = -1, runs = 0, until = -1, start = 0;
  for (int64_t image = 0; image < p->images; image++)
    for (int64_t row = 0; row < p->rows; row++)
      for (int64_t at = (image * image_rows + row) * ld, col = 0; col < cols;) {
        if (at + col >= until || at + col < start) { // rows may share padding, and go back then
          start = at + col;
          until = start + lanes;
          p->place[++v] = (struct place){start, runs};
        }
        int64_t len = min64(cols - col, until - at - col);
        p->run[runs++] = (struct run){at + col - start, len, image, row, col};
        col += len;
      }
  p->vectors = v + 1;
  p->place[v + 1].run = runs;
}

#include "real_f32.h"
#include "runs_impl.h"
#include "conv_direct_micro_impl.h"
#include "conv_direct_impl.h"
#include "conv_direct_dw_impl.h"
#include "conv_direct_passes_impl.h"
#include "real_f64.h"
#include "runs_impl.h"
#include "conv_direct_micro_impl.h"
#include "conv_direct_impl.h"
#include "conv_direct_dw_impl.h"
#include "conv_direct_passes_impl.h"
