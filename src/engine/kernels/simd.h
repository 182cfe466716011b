// Vectors of the instruction set that a kernel file is compiled for, by the compilers' vector extensions: + -
// * and comparison work on them elementwise, a number as the other operand is broadcast, a * b + c becomes an
// FMA.
#ifndef NN_KERNELS_SIMD_H
#define NN_KERNELS_SIMD_H

#include <stdint.h>
#include <string.h>

#if NN_ISA == 2
#define NN_VBYTES 64
#elif NN_ISA == 1
#define NN_VBYTES 32
#else
#define NN_VBYTES 16
#endif

typedef float nn_vf32 __attribute__((vector_size(NN_VBYTES)));
typedef double nn_vf64 __attribute__((vector_size(NN_VBYTES)));
// The same in memory, at the alignment of an element.
typedef float nn_uvf32 __attribute__((vector_size(NN_VBYTES), aligned(4), may_alias));
typedef double nn_uvf64 __attribute__((vector_size(NN_VBYTES), aligned(8), may_alias));

#define NN_INLINE static inline __attribute__((always_inline))

// Registers that a product's accumulators may take: rows of two vectors each, leaving room for operands.
#if NN_ISA == 2
enum { NN_MICRO_ROWS = 14 };
#elif NN_ISA == 1
enum { NN_MICRO_ROWS = 6 };
#else
enum { NN_MICRO_ROWS = 5 };
#endif

// NN_SHUFFLE(vector type, int vector type, a, b, i0, i1, ...): lanes i of a and b, which count on after those
// of a.
#if defined(__clang__) || __GNUC__ >= 12
#define NN_SHUFFLE(ivec, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define NN_SHUFFLE(ivec, a, b, ...) __builtin_shuffle(a, b, (ivec){__VA_ARGS__})
#endif

typedef int32_t nn_vi32 __attribute__((vector_size(NN_VBYTES)));
typedef int64_t nn_vi64 __attribute__((vector_size(NN_VBYTES)));

// Sums of neighbouring lanes, those of a and then those of b.
#if NN_ISA == 2
NN_INLINE nn_vf32 nn_pair_sums_f32(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30) +
         NN_SHUFFLE(nn_vi32, a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}
NN_INLINE nn_vf64 nn_pair_sums_f64(nn_vf64 a, nn_vf64 b) {
  return NN_SHUFFLE(nn_vi64, a, b, 0, 2, 4, 6, 8, 10, 12, 14) +
         NN_SHUFFLE(nn_vi64, a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}
#elif NN_ISA == 1
NN_INLINE nn_vf32 nn_pair_sums_f32(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 0, 2, 4, 6, 8, 10, 12, 14) +
         NN_SHUFFLE(nn_vi32, a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}
NN_INLINE nn_vf64 nn_pair_sums_f64(nn_vf64 a, nn_vf64 b) {
  return NN_SHUFFLE(nn_vi64, a, b, 0, 2, 4, 6) + NN_SHUFFLE(nn_vi64, a, b, 1, 3, 5, 7);
}
#else
NN_INLINE nn_vf32 nn_pair_sums_f32(nn_vf32 a, nn_vf32 b) {
  return NN_SHUFFLE(nn_vi32, a, b, 0, 2, 4, 6) + NN_SHUFFLE(nn_vi32, a, b, 1, 3, 5, 7);
}
NN_INLINE nn_vf64 nn_pair_sums_f64(nn_vf64 a, nn_vf64 b) {
  return NN_SHUFFLE(nn_vi64, a, b, 0, 2) + NN_SHUFFLE(nn_vi64, a, b, 1, 3);
}
#endif

#endif
