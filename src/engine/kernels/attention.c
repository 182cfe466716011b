// Attention: the two floating types of attention_impl.h and their table.
#include "kernels/attention.h"

#include "kernels/random.h"
#include "kernels/vmath_core.h"
#undef NN_INLINE
#include "interrupt.h"
#include "simd.h"

#include "philox_impl.h"

static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

enum { KEYS = 64 }; // of a tile of scores
enum { GROUP = 4 }; // blocks of queries that pass by the keys side by side
enum { FEW = 4 };   // so many queries are looked at one by one

// Keeps the compiler from knowing how a pointer came about, and so from holding every row's address in a register.
#define NN_HIDE(p) __asm__("" : "+r"(p))

// e^x for what is not much above 0: 0 far below (from 2^-126, 2^-1022 on), NaN for NaN; within 1 unit of the last place.
NN_INLINE nn_vf32 exp_low_f32(nn_vf32 x) {
  const nn_vf32 low = (nn_vf32){0} - 87.3f;
  const nn_vi32 under = (nn_vi32)(x < low);
  x = (nn_vf32)((under & (nn_vi32)low) | (~under & (nn_vi32)x));
  const nn_vf32 t = x * 1.44269504f + NN_ROUND_F, k = t - NN_ROUND_F;
  const nn_vf32 r = k * 2.12194440e-4f + (k * -0.693359375f + x);
  nn_vf32 p = r * 0.000198459807f + 0.00139416527f;
  p = p * r + 0.0083333916f;
  p = p * r + 0.0416663487f;
  p = p * r + 0.166666664f;
  p = p * r + 0.5f;
  p = 1.0f + (p * (r * r) + r);
  return (nn_vf32)(((nn_vi32)p + ((nn_vi32)t << 23)) & ~under);
}
NN_INLINE nn_vf64 exp_low_f64(nn_vf64 x) {
  const nn_vf64 low = (nn_vf64){0} - 708.3;
  const nn_vi64 under = (nn_vi64)(x < low);
  x = (nn_vf64)((under & (nn_vi64)low) | (~under & (nn_vi64)x));
  const nn_vf64 t = x * 1.4426950408889634 + NN_ROUND_D, k = t - NN_ROUND_D;
  const nn_vf64 r = k * -0x1.a39ef35793c76p-33 + (k * -0x1.62e42feep-1 + x);
  nn_vf64 p = r * 0x1.1ee877ce6732ep-29 + 0x1.af636fe8f1dd4p-26;
  p = p * r + 0x1.27e538808e43dp-22;
  p = p * r + 0x1.71ddf5d91cb9ap-19;
  p = p * r + 0x1.a01a0179951b2p-16;
  p = p * r + 0x1.a01a01b0c90cfp-13;
  p = p * r + 0x1.6c16c16c1fb3bp-10;
  p = p * r + 0x1.111111110f4b4p-7;
  p = p * r + 0x1.555555555553cp-5;
  p = p * r + 0x1.5555555555559p-3;
  p = p * r + 0.5;
  p = 1.0 + (p * (r * r) + r);
  return (nn_vf64)(((nn_vi64)p + ((nn_vi64)t << 52)) & ~under);
}

// The larger of two; top for NaN.
NN_INLINE nn_vf32 higher_f32(nn_vf32 x, nn_vf32 top) {
  const nn_vi32 more = (nn_vi32)(x > top);
  return (nn_vf32)((more & (nn_vi32)x) | (~more & (nn_vi32)top));
}
NN_INLINE nn_vf64 higher_f64(nn_vf64 x, nn_vf64 top) {
  const nn_vi64 more = (nn_vi64)(x > top);
  return (nn_vf64)((more & (nn_vi64)x) | (~more & (nn_vi64)top));
}

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
