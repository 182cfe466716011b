// Row kernels: the two floating types of rows_loops.h and their table. Knows no tensors, shapes or threads.
#include "kernels/rows.h"

#include "interrupt.h"
#include "kernels/reduce.h"
#include "kernels/vector.h"
#include "kernels/vmath_core.h"
#include "kernels/vmath_simd.h"
#undef NN_INLINE
#include "kernels/simd.h"

#define REDUCE NN_KERNEL(nn_reduce)
#define LONG   (1 << 16)
#define BLOCK  1024 // numbers added up in the type itself, before double takes over
#define STRIP  512  // columns worked on at once
#define GROUP  32   // rows whose parameter gradients are added up in the type itself
#define SHORT  32   // rows up to here are worked on side by side, one a lane
#define GROUPED 256 // float32 rows up to here are worked on a group at a time, their numbers kept in between
#define GROUPED_FEW 384 // up to here fewer rows at a time
#define GROUPED_ALL 1024 // up to here where nothing is kept
#define RUN    32   // shorter runs of a channel are treated as columns

#define REAL       float
#define REAL_MAX   FLT_MAX
#define REAL_DTYPE NN_FLOAT32
#define F(name)    name##_f
#define R(name)    name##_f32
#define BY_VECTORS NN_SIMD_MATH
#if BY_VECTORS
#include "kernels/rows_grouped.h"
#endif
#include "kernels/rows_loops.h"
#undef REAL
#undef REAL_MAX
#undef REAL_DTYPE
#undef F
#undef R
#undef BY_VECTORS

#define REAL       double
#define REAL_MAX   DBL_MAX
#define REAL_DTYPE NN_FLOAT64
#define F(name)    name##_d
#define R(name)    name##_f64
#define BY_VECTORS 0
#include "kernels/rows_loops.h"

#define FLOATS(name)                                                                                         \
  { [NN_FLOAT32] = name##_f, [NN_FLOAT64] = name##_d }

const struct nn_rows_kernels NN_KERNEL(nn_rows) = {
    .softmax = FLOATS(softmax),
    .log_softmax = FLOATS(log_softmax),
    .softmax_backward = FLOATS(softmax_backward),
    .log_softmax_backward = FLOATS(log_softmax_backward),
    .logsumexp = FLOATS(logsumexp),
    .layer_norm = FLOATS(layer_norm),
    .layer_norm_backward = FLOATS(layer_norm_backward),
    .rms_norm = FLOATS(rms_norm),
    .rms_norm_backward = FLOATS(rms_norm_backward),
    .cross_entropy = FLOATS(cross_entropy),
    .cross_entropy_backward = FLOATS(cross_entropy_backward),
    .bn_stats = FLOATS(bn_stats),
    .bn_apply = FLOATS(bn_apply),
    .bn_backward_sums = FLOATS(bn_backward_sums),
    .bn_backward_dx = FLOATS(bn_backward_dx),
};
