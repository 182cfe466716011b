// Convolution as its definition has it: the specification that the other methods are tested against.
// Sums are kept in float64. One thread, no workspace.
#include "conv_methods.h"

#include "interrupt.h"
#include "simd.h"

#include "real_f32.h"
#include "conv_naive_impl.h"
#include "real_f64.h"
#include "conv_naive_impl.h"
