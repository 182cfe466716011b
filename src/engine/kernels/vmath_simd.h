// Functions of vmath_core.h for whole vectors of floats, where instructions that compilers don't find by themselves
// (minimum and maximum that keep NaN, scaling by a power of two) make them up to twice as fast: AVX2 and AVX-512 only.
// Knows no loops.
//
// Largest errors in units of the last place, as measured over every 127th float: exp 0.9, log 0.9, tanh 1.5, sigmoid
// 1.7, erf 1.2.
#ifndef NN_KERNELS_VMATH_SIMD_H
#define NN_KERNELS_VMATH_SIMD_H

#include "kernels/vector.h"
#include "kernels/vmath_core.h"

#if NN_ISA >= 1
#include <immintrin.h>

#define NN_SIMD_MATH 1
enum { NN_SIMD_LANES = NN_VECTOR_BYTES / 4 };
typedef int32_t nn_bits_v __attribute__((vector_size(NN_VECTOR_BYTES)));

NN_INLINE vec_f all_v(float x) { return x - (vec_f){0}; }

#if NN_ISA == 2
// The larger and the smaller; NaN where x is.
NN_INLINE vec_f at_least_v(vec_f x, float low) { return (vec_f)_mm512_max_ps(_mm512_set1_ps(low), (__m512)x); }
NN_INLINE vec_f at_most_v(vec_f x, float high) { return (vec_f)_mm512_min_ps(_mm512_set1_ps(high), (__m512)x); }
// yes where a < b, else no (so for NaN)
NN_INLINE vec_f if_less_v(vec_f a, vec_f b, vec_f yes, vec_f no) {
  return (vec_f)_mm512_mask_blend_ps(_mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ), (__m512)no, (__m512)yes);
}
// x * 2^k for t = NN_BIASED + k or NN_ROUND + k
NN_INLINE vec_f scale_v(vec_f x, vec_f t, float zero) { return (vec_f)_mm512_scalef_ps((__m512)x, (__m512)(t - zero)); }
// a * b + c with one rounding, in every build
NN_INLINE vec_f fma_v(vec_f a, vec_f b, vec_f c) { return (vec_f)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
// a * a - s, exactly
NN_INLINE vec_f product_error_v(vec_f a, vec_f s) { return (vec_f)_mm512_fmsub_ps((__m512)a, (__m512)a, (__m512)s); }
// Any lane not within low <= x <= high.
NN_INLINE int any_outside_v(vec_f x, float low, float high) {
  const __mmask16 in = _mm512_cmp_ps_mask((__m512)x, _mm512_set1_ps(low), _CMP_GE_OQ);
  return _mm512_mask_cmp_ps_mask(in, (__m512)x, _mm512_set1_ps(high), _CMP_LE_OQ) != 0xffff;
}
// 1 / x and 1 / sqrt(x), to 14 bits here and 11.5 bits with AVX2.
NN_INLINE vec_f about_inverse_v(vec_f x) { return (vec_f)_mm512_rcp14_ps((__m512)x); }
NN_INLINE vec_f about_inverse_root_v(vec_f x) { return (vec_f)_mm512_rsqrt14_ps((__m512)x); }
NN_INLINE vec_f root_v(vec_f x) { return (vec_f)_mm512_sqrt_ps((__m512)x); }
// The first n lanes from and to memory, 0 < n < all.
NN_INLINE vec_f load_first_v(const float *x, int64_t n) {
  return (vec_f)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), x);
}
NN_INLINE void store_first_v(float *y, vec_f x, int64_t n) {
  _mm512_mask_storeu_ps(y, (__mmask16)((1u << n) - 1), (__m512)x);
}
#else
NN_INLINE vec_f at_least_v(vec_f x, float low) { return (vec_f)_mm256_max_ps(_mm256_set1_ps(low), (__m256)x); }
NN_INLINE vec_f at_most_v(vec_f x, float high) { return (vec_f)_mm256_min_ps(_mm256_set1_ps(high), (__m256)x); }
NN_INLINE vec_f if_less_v(vec_f a, vec_f b, vec_f yes, vec_f no) {
  return (vec_f)_mm256_blendv_ps((__m256)no, (__m256)yes, _mm256_cmp_ps((__m256)a, (__m256)b, _CMP_LT_OQ));
}
// By two factors of half the exponent each, as scale_f does.
NN_INLINE vec_f scale_v(vec_f x, vec_f t, float zero) {
  (void)zero;
  const nn_bits_v half = ((nn_bits_v)t << 22) & (int32_t)0xff800000;
  return x * (vec_f)half * (vec_f)(((nn_bits_v)t << 23) - half);
}
NN_INLINE vec_f about_inverse_v(vec_f x) { return (vec_f)_mm256_rcp_ps((__m256)x); }
NN_INLINE vec_f about_inverse_root_v(vec_f x) { return (vec_f)_mm256_rsqrt_ps((__m256)x); }
NN_INLINE vec_f root_v(vec_f x) { return (vec_f)_mm256_sqrt_ps((__m256)x); }
NN_INLINE vec_f fma_v(vec_f a, vec_f b, vec_f c) { return (vec_f)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
NN_INLINE vec_f product_error_v(vec_f a, vec_f s) { return (vec_f)_mm256_fmsub_ps((__m256)a, (__m256)a, (__m256)s); }
NN_INLINE int any_outside_v(vec_f x, float low, float high) {
  const __m256 in = _mm256_and_ps(_mm256_cmp_ps((__m256)x, _mm256_set1_ps(low), _CMP_GE_OQ),
                                  _mm256_cmp_ps((__m256)x, _mm256_set1_ps(high), _CMP_LE_OQ));
  return _mm256_movemask_ps(in) != 0xff;
}
NN_INLINE __m256i first_v(int64_t n) { return (__m256i)((nn_bits_v){0, 1, 2, 3, 4, 5, 6, 7} < (int32_t)n); }
NN_INLINE vec_f load_first_v(const float *x, int64_t n) { return (vec_f)_mm256_maskload_ps(x, first_v(n)); }
NN_INLINE void store_first_v(float *y, vec_f x, int64_t n) { _mm256_maskstore_ps(y, first_v(n), (__m256)x); }
#endif

NN_INLINE vec_f abs_v(vec_f x) { return (vec_f)((nn_bits_v)x & 0x7fffffff); }
NN_INLINE vec_f copysign_v(vec_f x, vec_f s) {
  return (vec_f)(((nn_bits_v)x & 0x7fffffff) | ((nn_bits_v)s & (int32_t)0x80000000));
}

// --- exponential
// ------------------------------------------------------------------------------------------------

// e^x for x not above 90.
NN_INLINE vec_f exp_low_v(vec_f x) {
  x = at_least_v(x, NN_EXP_LOW_F);
  const vec_f t = fma_v(x, all_v(1.44269504f), all_v(NN_BIASED_F)), k = t - NN_BIASED_F;
  const vec_f r = fma_v(k, all_v(2.12194440e-4f), fma_v(k, all_v(-0.693359375f), x));
  vec_f p = fma_v(r, all_v(0.000198459807f), all_v(0.00139416527f));
  p = fma_v(p, r, all_v(0.0083333916f));
  p = fma_v(p, r, all_v(0.0416663487f));
  p = fma_v(p, r, all_v(0.166666664f));
  p = fma_v(p, r, all_v(0.5f));
  p = fma_v(p, r, all_v(1.0f));
  return scale_v(fma_v(p, r, all_v(1.0f)), t, NN_BIASED_F);
}
NN_INLINE vec_f exp_v(vec_f x) { return exp_low_v(at_most_v(x, 90.0f)); }

// e^x for x <= 0, with what rounding r loses (exp_neg_f).
NN_INLINE vec_f exp_neg_v(vec_f x) {
  x = at_least_v(x, NN_EXP_LOW_F);
  const vec_f t = x * 1.44269504f + NN_BIASED_F, k = t - NN_BIASED_F;
  const vec_f h = k * -0.693359375f + x, l = k * 2.12194440e-4f, r = h + l, c = (h - r) + l;
  vec_f q = r * 0.000198459807f + 0.00139416527f;
  q = q * r + 0.0083333916f;
  q = q * r + 0.0416663487f;
  q = q * r + 0.166666664f;
  q = q * r + 0.5f;
  return scale_v(1.0f + (r + ((r * r) * q + c)), t, NN_BIASED_F);
}

// --- logarithm
// --------------------------------------------------------------------------------------------------

NN_INLINE vec_f log_v(vec_f x) {
  if (__builtin_expect(any_outside_v(x, FLT_MIN, FLT_MAX), 0)) {
    for (int i = 0; i < NN_SIMD_LANES; i++) x[i] = log_f(x[i]);
    return x;
  }
  const nn_bits_v k = ((nn_bits_v)x - 0x3f2aaaab) >> 23;
  const vec_f e = __builtin_convertvector(k, vec_f), f = (vec_f)((nn_bits_v)x - (k << 23)) - 1.0f;
  vec_f p = f * 0.120070578f + -0.128450674f;
  p = p * f + 0.107542613f;
  p = p * f + -0.121957762f;
  p = p * f + 0.143044543f;
  p = p * f + -0.166795784f;
  p = p * f + 0.199995978f;
  p = p * f + -0.249998203f;
  p = p * f + 0.333333357f;
  const vec_f tail = (f * f) * (f * p + -0.5f);
  return e * 0.693359375f + (f + (e * -2.12194440e-4f + tail));
}

// --- hyperbolic and logistic functions
// --------------------------------------------------------------------------

NN_INLINE vec_f tanh_v(vec_f x) {
  const vec_f a = abs_v(x), e = exp_low_v(a * -2.0f), z = x * x;
  vec_f p = z * 0.00214754409f + -0.00818268211f;
  p = p * z + 0.0217029706f;
  p = p * z + -0.0539472049f;
  p = p * z + 0.133332098f;
  p = p * z + -0.333333309f;
  const vec_f small = (x * z) * p + x, big = 1.0f - 2.0f * e / (1.0f + e);
  return if_less_v(a, all_v(0.625f), small, copysign_v(big, x));
}

NN_INLINE vec_f sigmoid_v(vec_f x) {
  const vec_f e = exp_neg_v(-abs_v(x)), q = if_less_v(x, all_v(0), e, all_v(1)) / (1.0f + e), y = e - e * q;
  return if_less_v(x, all_v(-0.7f), y, q);
}

// --- error function
// ---------------------------------------------------------------------------------------------

// From 1 on as 1 - e^P(|x|); P fits log(erfc) with a weight of erfc.
NN_INLINE vec_f erf_v(vec_f x) {
  const vec_f a = abs_v(x), z = x * x, b = at_most_v(a, 4.0f);
  vec_f p = z * 7.85387772e-05f + -0.000801019931f;
  p = p * z + 0.00518832842f;
  p = p * z + -0.0268538124f;
  p = p * z + 0.112835852f;
  p = p * z + -0.376126258f;
  p = p * z + 0x1.06eba8p-3f;
  vec_f q = b * 0.00018557407f + -0.00293960795f;
  q = q * b + 0.0218053218f;
  q = q * b + -0.10303738f;
  q = q * b + -0.638225675f;
  q = q * b + -1.12704003f;
  q = q * b + -0.00035372042f;
  return if_less_v(a, all_v(1), x * p + x, copysign_v(1.0f - exp_low_v(q), x));
}

// The normal distribution function, and e^(-x^2/2) by the way (normal_cdf_f), with one division.
NN_INLINE vec_f normal_cdf_v(vec_f x, vec_f *e) {
  const vec_f zero = all_v(0), end = if_less_v(zero, x, all_v(8.0f), all_v(14.45f)), far = abs_v(x);
  const vec_f a = if_less_v(end, far, end, far), s = a * a, lost = product_error_v(a, s), g = exp_low_v(s * -0.5f);
  *e = (lost * -0.5f) * g + g;
  const vec_f u = a * 0.707106781f, left = u + 2.0f, right = 2.0f * u + 1.0f, inverse = 1.0f / (left * right);
  const vec_f t = 1.0f - (4.0f * right) * inverse;
  vec_f p = t * -0.000399447202f + -0.00122800001f;
  p = p * t + 0.00131330654f;
  p = p * t + 0.00863009469f;
  p = p * t + -0.00806014117f;
  p = p * t + -0.0542038829f;
  p = p * t + 0.164055425f;
  p = p * t + -0.166031461f;
  p = p * t + -0.092763985f;
  p = p * t + 1.27697839f;
  const vec_f tail = (0.5f * *e) * (p * (left * inverse));
  return if_less_v(x, zero, tail, 1.0f - tail);
}

NN_INLINE vec_f silu_v(vec_f x) { return x * sigmoid_v(x); }
NN_INLINE vec_f gelu_v(vec_f x) {
  vec_f e;
  return x * normal_cdf_v(x, &e);
}
// 0.5 (1 + tanh(u)) = sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3)
NN_INLINE vec_f gelu_tanh_v(vec_f x) {
  return x * sigmoid_v(x * ((x * x) * (1.5957691216057308f * 0.044715f) + 1.5957691216057308f));
}
NN_INLINE vec_f gelu_slope_v(vec_f x) {
  vec_f e;
  const vec_f cdf = normal_cdf_v(x, &e);
  return (x * 0.39894228040143268f) * e + cdf;
}
NN_INLINE vec_f silu_slope_v(vec_f x) {
  const vec_f s = sigmoid_v(x);
  return s * (1.0f + x * (1.0f - s));
}

#else
#define NN_SIMD_MATH 0
#endif

#endif
