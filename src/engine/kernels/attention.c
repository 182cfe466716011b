// Attention: the two floating types of attention_impl.h and their table.
#include "kernels/attention.h"

#include "kernels/random.h"
#include "kernels/vmath_core.h"
#undef NN_INLINE
#include "interrupt.h"
#include "simd.h"

static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

enum { ROWS = 64, KEYS = 128 }; // of a tile of scores; KEYS is a multiple of two vectors

#include "real_f32.h"
#define M(name) name##_f
#include "micro_impl.h"
#include "attention_impl.h"
#undef M

#include "real_f64.h"
#define M(name) name##_d
#include "micro_impl.h"
#include "attention_impl.h"
#undef M

#define FLOATS(name) \
  { [NN_FLOAT32] = name##_f32, [NN_FLOAT64] = name##_f64 }

const struct nn_attention_kernels NN_KERNEL(nn_attention_table) = {
    .forward_scratch = FLOATS(forward_scratch),
    .backward_scratch = FLOATS(backward_scratch),
    .forward = FLOATS(forward),
    .backward = FLOATS(backward),
};
