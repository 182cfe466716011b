// Recurrent layers: the two floating types of recurrent_impl.h and their table.
#include "kernels/recurrent.h"

#include "kernels/vmath_core.h"
#undef NN_INLINE
#include "interrupt.h"
#include "simd.h"

static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

enum {
  DEPTH = 256,             // rows of a panel that are used at once: they stay in level 1
  CHUNK_BYTES = 192 << 10, // gates of as many steps as stay in level 2 are begun with one product
  FAR_BYTES = 512 << 10,   // weights above this are used for at least
  FAR_ROWS = 192,          // so many rows
  BACK_ROWS = 128          // so many rows of gradients become gradients of the weights at once
};

#include "real_f32.h"
#define M(name) name##_f
#include "micro_impl.h"
#include "recurrent_impl.h"
#undef M

#include "real_f64.h"
#define M(name) name##_d
#include "micro_impl.h"
#include "recurrent_impl.h"
#undef M

#define FLOATS(name)                                                                                         \
  { [NN_FLOAT32] = name##_f32, [NN_FLOAT64] = name##_f64 }

const struct nn_recurrent_kernels NN_KERNEL(nn_recurrent_table) = {
    .width = {[NN_FLOAT32] = 2 * NN_VBYTES / 4, [NN_FLOAT64] = 2 * NN_VBYTES / 8},
    .pack_rows = FLOATS(pack_rows),
    .pack_columns = FLOATS(pack_columns),
    .table = FLOATS(table),
    .scratch = FLOATS(scratch),
    .forward = FLOATS(forward),
    .backward = FLOATS(backward),
    .steps_at_once = FLOATS(steps_at_once),
    .units_forward = FLOATS(units_forward),
    .units_backward = FLOATS(units_backward),
    .back_scratch = FLOATS(back_scratch),
    .gradients = FLOATS(gradients),
    .collect = FLOATS(collect),
};
