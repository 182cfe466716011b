// What the functions of vmath_core.h are made of: bits, multiply-adds, signs, rounding by addition, and the mark of a
// loop that the compiler is to turn into vector code. Knows none of the functions.
#ifndef NN_KERNELS_VMATH_BASE_H
#define NN_KERNELS_VMATH_BASE_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

// A loop whose iterations are independent; its result may be the very same array as an operand.
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed"
#define NN_VECTOR_LOOP _Pragma("clang loop vectorize(assume_safety)")
#else
#define NN_VECTOR_LOOP _Pragma("GCC ivdep")
#endif
#define NN_INLINE static inline __attribute__((always_inline, unused))

NN_INLINE uint32_t bits_f(float x) {
  uint32_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}
NN_INLINE float from_bits_f(uint32_t u) {
  float x;
  memcpy(&x, &u, sizeof x);
  return x;
}
NN_INLINE uint64_t bits_d(double x) {
  uint64_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}
NN_INLINE double from_bits_d(uint64_t u) {
  double x;
  memcpy(&x, &u, sizeof x);
  return x;
}

// a * b + c, fused where the processor has it.
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define NN_FMA 1
NN_INLINE float fma_f(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
NN_INLINE double fma_d(double a, double b, double c) { return __builtin_fma(a, b, c); }
#else
#define NN_FMA 0
NN_INLINE float fma_f(float a, float b, float c) { return a * b + c; }
NN_INLINE double fma_d(double a, double b, double c) { return a * b + c; }
#endif

NN_INLINE float abs_f(float x) { return from_bits_f(bits_f(x) & 0x7fffffffu); }
NN_INLINE double abs_d(double x) { return from_bits_d(bits_d(x) & 0x7fffffffffffffffu); }
NN_INLINE float copysign_f(float x, float s) {
  return from_bits_f((bits_f(x) & 0x7fffffffu) | (bits_f(s) & 0x80000000u));
}
NN_INLINE double copysign_d(double x, double s) {
  return from_bits_d((bits_d(x) & 0x7fffffffffffffffu) | (bits_d(s) & 0x8000000000000000u));
}

// x * x - s for s = x * x rounded: what the square lost.
#if NN_FMA
NN_INLINE float square_error_f(float x, float s) { return __builtin_fmaf(x, x, -s); }
NN_INLINE double square_error_d(double x, double s) { return __builtin_fma(x, x, -s); }
#else
NN_INLINE float square_error_f(float x, float s) {
  const float h = from_bits_f(bits_f(x) & 0xfffff000u), l = x - h;
  return ((h * h - s) + 2 * h * l) + l * l;
}
NN_INLINE double square_error_d(double x, double s) {
  const double h = from_bits_d(bits_d(x) & 0xfffffffff8000000u), l = x - h;
  return ((h * h - s) + 2 * h * l) + l * l;
}
#endif

// Adding and subtracting these rounds to an integer, which then stands in the low bits. Exponentials add
// twice the exponent's bias to it, so that the sum is not negative for any k that counts.
#define NN_ROUND_F  12582912.0f
#define NN_ROUND_D  6755399441055744.0
#define NN_BIASED_F (NN_ROUND_F + 254.0f)
#define NN_BIASED_D (NN_ROUND_D + 2046.0)

#endif
