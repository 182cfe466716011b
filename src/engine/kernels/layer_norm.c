// Layer norm of short rows: the two floating types of layer_norm_impl.h and their table.
#include "kernels/layer_norm.h"

#include <math.h>

#include "simd.h"

enum { STRIP = NN_ISA == 2 ? 4 : 2 }; // vectors whose sums stay in registers

#define ROOT sqrtf
#include "real_f32.h"
#include "layer_norm_impl.h"
#undef ROOT

#define ROOT sqrt
#include "real_f64.h"
#include "layer_norm_impl.h"
#undef ROOT

#define FLOATS(name) \
  { [NN_FLOAT32] = name##_f32, [NN_FLOAT64] = name##_f64 }

const struct nn_layer_norm_kernels NN_KERNEL(nn_layer_norm_table) = {.forward = FLOATS(forward), .backward = FLOATS(backward)};
