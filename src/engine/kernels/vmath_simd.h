// Functions of vmath_core.h for whole vectors of floats, where instructions that compilers don't find by themselves
// (minimum and maximum that keep NaN, scaling by a power of two) make them up to twice as fast: AVX2 and AVX-512 only.
// Knows no loops.
//
// Largest errors in units of the last place (every 101st float): exp 0.85, log 0.81, tanh 1.4, sigmoid 1.6, erf 1.0, sin 1.5.
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
// 1 / x to about one unit of the last place, for x that is neither 0 nor infinite: a fifth of a division's time.
NN_INLINE vec_f inverse_v(vec_f x) {
  const __m512 r = _mm512_rcp14_ps((__m512)x), e = _mm512_fnmadd_ps((__m512)x, r, _mm512_set1_ps(1.0f));
  return (vec_f)_mm512_fmadd_ps(e, r, r);
}
// yes where the lowest bit of q is set, else no
NN_INLINE vec_f if_odd_v(nn_bits_v q, vec_f yes, vec_f no) {
  return (vec_f)_mm512_mask_blend_ps(_mm512_test_epi32_mask((__m512i)q, _mm512_set1_epi32(1)), (__m512)no, (__m512)yes);
}
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
  typedef uint32_t bits __attribute__((vector_size(NN_VECTOR_BYTES)));
  const bits half = ((bits)t << 22) & 0xff800000u;
  return x * (vec_f)half * (vec_f)(((bits)t << 23) - half);
}
NN_INLINE vec_f about_inverse_v(vec_f x) { return (vec_f)_mm256_rcp_ps((__m256)x); }
NN_INLINE vec_f about_inverse_root_v(vec_f x) { return (vec_f)_mm256_rsqrt_ps((__m256)x); }
NN_INLINE vec_f root_v(vec_f x) { return (vec_f)_mm256_sqrt_ps((__m256)x); }
NN_INLINE vec_f fma_v(vec_f a, vec_f b, vec_f c) { return (vec_f)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
NN_INLINE vec_f product_error_v(vec_f a, vec_f s) { return (vec_f)_mm256_fmsub_ps((__m256)a, (__m256)a, (__m256)s); }
NN_INLINE vec_f inverse_v(vec_f x) { return 1.0f / x; }
NN_INLINE vec_f if_odd_v(nn_bits_v q, vec_f yes, vec_f no) {
  return (vec_f)_mm256_blendv_ps((__m256)no, (__m256)yes, (__m256)(q << 31));
}
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

// As log_any_f.
NN_INLINE vec_f log_any_v(vec_f x, float scale_hi, float scale_lo, float hi, float lo) {
  if (__builtin_expect(any_outside_v(x, FLT_MIN, FLT_MAX), 0)) {
    for (int i = 0; i < NN_SIMD_LANES; i++) x[i] = log_any_f(x[i], scale_hi, scale_lo, hi, lo);
    return x;
  }
  const nn_bits_v k = ((nn_bits_v)x - 0x3f2aaaab) >> 23;
  const vec_f e = __builtin_convertvector(k, vec_f), f = (vec_f)((nn_bits_v)x - (k << 23)) - 1.0f;
  vec_f p = fma_v(all_v(0.120070578f), f, all_v(-0.128450674f)); // each fusion named: lanes outside come from log_any_f
  p = fma_v(p, f, all_v(0.107542613f));
  p = fma_v(p, f, all_v(-0.121957762f));
  p = fma_v(p, f, all_v(0.143044543f));
  p = fma_v(p, f, all_v(-0.166795784f));
  p = fma_v(p, f, all_v(0.199995978f));
  p = fma_v(p, f, all_v(-0.249998203f));
  p = fma_v(p, f, all_v(0.333333357f));
  const vec_f tail = (f * f) * fma_v(f, p, all_v(-0.5f));
  if (scale_hi != 1.0f) {
    const vec_f w = f + tail;
    return fma_v(e, all_v(hi), fma_v(w, all_v(scale_hi), fma_v(w, all_v(scale_lo), e * lo)));
  }
  return fma_v(e, all_v(hi), f + fma_v(e, all_v(lo), tail));
}
NN_INLINE vec_f log_v(vec_f x) { return log_any_v(x, 1.0f, 0.0f, NN_LN2_F); }
NN_INLINE vec_f log2_v(vec_f x) { return log_any_v(x, 0x1.715476p+0f, 0x1.4ae0cp-26f, 1.0f, 0.0f); }
NN_INLINE vec_f log10_v(vec_f x) {
  return log_any_v(x, 0x1.bcb7b2p-2f, -0x1.5b235ep-27f, 0x1.344p-2f, 0x1.3509f8p-18f);
}

// --- hyperbolic and logistic functions
// --------------------------------------------------------------------------

#if NN_ISA == 2
// Polynomials for the 32 quarters of octaves from 2^-4 to 16 (the first one from 0): the middle, then coefficients. The
// quarter's number is the exponent and two digits, of which the permutation looks at the lowest five bits.
static const float tanh_table_v[7][32] = {
  {2.25f, 2.75f, 3.25f, 3.75f, 4.5f, 5.5f, 6.5f, 7.5f, 9.0f, 11.0f, 13.0f, 15.0f, 0.0f, 0.0859375f,
   0.1015625f, 0.1171875f, 0.140625f, 0.171875f, 0.203125f, 0.234375f, 0.28125f, 0.34375f, 0.40625f, 0.46875f,
   0.5625f, 0.6875f, 0.8125f, 0.9375f, 1.125f, 1.375f, 1.625f, 1.875f},
  {0.978026092f, 0.991859734f, 0.996997654f, 0.998894453f, 0.999753177f, 0.999966621f, 0.99999547f,
   0.999999404f, 0.99999994f, 1.0f, 1.0f, 1.0f, 0.0f, 0.0857265666f, 0.101214729f, 0.116653986f, 0.1397053f,
   0.170202315f, 0.200376719f, 0.230175704f, 0.27406159f, 0.330821127f, 0.385283977f, 0.437188774f,
   0.509829998f, 0.596373558f, 0.670967102f, 0.734071493f, 0.809301078f, 0.879826725f, 0.925346255f,
   0.954045236f},
  {0.043464914f, 0.0162142925f, 0.00599571783f, 0.00220989343f, 0.000493536005f, 6.68071298e-05f,
   9.04162334e-06f, 1.22365543e-06f, 6.10835826e-08f, 0.0f, 0.0f, 0.0f, 1.0f, 0.992650926f, 0.989755571f,
   0.986391842f, 0.980482399f, 0.971031189f, 0.959849179f, 0.94701916f, 0.92489022f, 0.890557408f,
   0.851556242f, 0.808865964f, 0.740073383f, 0.644338608f, 0.549803197f, 0.461138994f, 0.345031768f,
   0.225904971f, 0.143734366f, 0.0897976384f},
  {-0.0425082408f, -0.0160811003f, -0.00597717939f, -0.00220723939f, -0.000492609572f, -6.66951673e-05f,
   -9.02671763e-06f, -1.22164261e-06f, -5.92201275e-08f, 0.0f, 0.0f, 0.0f, 0.0f, -0.0850965604f,
   -0.100177847f, -0.115066543f, -0.136978596f, -0.165271744f, -0.192331418f, -0.217980802f, -0.253476858f,
   -0.294615149f, -0.328090936f, -0.353627086f, -0.377311289f, -0.384266406f, -0.368899912f, -0.338509142f,
   -0.279237121f, -0.198758736f, -0.133004621f, -0.0856711045f},
  {0.0270878319f, 0.0105461106f, 0.00396090234f, 0.00146825553f, 0.000328297843f, 4.44673897e-05f,
   6.01868624e-06f, 8.14553118e-07f, 3.95909652e-08f, 0.0f, 0.0f, 0.0f, -0.333332479f, -0.32358861f,
   -0.319779038f, -0.315374315f, -0.307690859f, -0.295547426f, -0.281410992f, -0.265499175f, -0.238828599f,
   -0.199387655f, -0.157444f, -0.115020268f, -0.0543274432f, 0.0143862478f, 0.0642516762f, 0.0947768092f,
   0.110976212f, 0.0995720699f, 0.0751642808f, 0.0518018305f},
  {-0.0123903137f, -0.0051511284f, -0.00197949866f, -0.000739872979f, -0.00017255111f, -2.33984974e-05f,
   -3.16748992e-06f, -4.28688679e-07f, -2.47212117e-08f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0561027937f, 0.065755628f,
   0.0751413926f, 0.0886279196f, 0.105372868f, 0.120475739f, 0.133746997f, 0.149840906f, 0.164061517f,
   0.169927299f, 0.168078676f, 0.153249532f, 0.119441099f, 0.0798982009f, 0.0433629788f, 0.00370060909f,
   -0.0210951529f, -0.0251212344f, -0.0208489299f},
  {0.00397613645f, 0.00191674498f, 0.00077151187f, 0.000293064426f, 6.87045977e-05f, 9.33461251e-06f,
   1.26397083e-06f, 1.71072102e-07f, 9.79946524e-09f, 0.0f, 0.0f, 0.0f, 0.132876024f, 0.125117227f,
   0.121937081f, 0.118283965f, 0.11198999f, 0.102179103f, 0.0910124853f, 0.0787784532f, 0.0591726005f,
   0.0320507102f, 0.00600434607f, -0.0171013642f, -0.043341279f, -0.0615180694f, -0.0626643822f,
   -0.0530744679f, -0.0321104787f, -0.00955476239f, 0.00137856021f, 0.00459586922f},
};
NN_INLINE vec_f tanh_v(vec_f x) {
  const vec_f a = at_most_v(abs_v(x), 15.5f);
  const __m512i at = _mm512_max_epi32(_mm512_srli_epi32((__m512i)a, 21), _mm512_set1_epi32(492));
#define PICK(k) \
  (vec_f) _mm512_permutex2var_ps(_mm512_loadu_ps(tanh_table_v[k]), at, _mm512_loadu_ps(tanh_table_v[k] + 16))
  const vec_f d = a - PICK(0);
  vec_f p = fma_v(PICK(6), d, PICK(5));
  p = fma_v(p, d, PICK(4));
  p = fma_v(p, d, PICK(3));
  p = fma_v(p, d, PICK(2));
  return copysign_v(fma_v(p, d, PICK(1)), x);
#undef PICK
}
#else
NN_INLINE vec_f tanh_v(vec_f x) {
  const vec_f a = abs_v(x), e = exp_low_v(a * -2.0f), z = x * x;
  vec_f p = z * 0.00214754409f + -0.00818268211f;
  p = p * z + 0.0217029706f;
  p = p * z + -0.0539472049f;
  p = p * z + 0.133332098f;
  p = p * z + -0.333333309f;
  const vec_f small = (x * z) * p + x, big = 1.0f - (e + e) * inverse_v(1.0f + e);
  return if_less_v(a, all_v(0.625f), small, copysign_v(big, x));
}
#endif

NN_INLINE vec_f sigmoid_v(vec_f x) {
  const vec_f e = exp_neg_v(-abs_v(x)), u = if_less_v(x, all_v(0), e, all_v(1)), d = 1.0f + e, inverse = inverse_v(d);
  const vec_f near = u * inverse, q = (u - d * near) * inverse + near, y = e - e * q;
  return if_less_v(x, all_v(-0.7f), y, q);
}

// max(x, 0) + log(1 + e^-|x|), the logarithm as in log1p_f, of numbers in 1 .. 2 only.
NN_INLINE vec_f softplus_v(vec_f x) {
  const vec_f e = exp_low_v(-abs_v(x)), u = 1.0f + e, c = e - (u - 1.0f);
  const nn_bits_v k = ((nn_bits_v)u - 0x3f2aaaab) >> 23;
  const vec_f doublings = __builtin_convertvector(k, vec_f);
  const vec_f f = fma_v(c, (vec_f)(0x3f800000 - (k << 23)), (vec_f)((nn_bits_v)u - (k << 23)) - 1.0f);
  vec_f p = fma_v(all_v(0.120070578f), f, all_v(-0.128450674f));
  p = fma_v(p, f, all_v(0.107542613f));
  p = fma_v(p, f, all_v(-0.121957762f));
  p = fma_v(p, f, all_v(0.143044543f));
  p = fma_v(p, f, all_v(-0.166795784f));
  p = fma_v(p, f, all_v(0.199995978f));
  p = fma_v(p, f, all_v(-0.249998203f));
  p = fma_v(p, f, all_v(0.333333357f));
  const vec_f tail = (f * f) * fma_v(f, p, all_v(-0.5f));
  const vec_f y = fma_v(doublings, all_v(0.693359375f), f + fma_v(doublings, all_v(-2.12194440e-4f), tail));
  return at_least_v(x, 0) + y; // NaN where x is
}
NN_INLINE vec_f log_sigmoid_v(vec_f x) { return -softplus_v(-x); }

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

// The normal distribution's tail beyond a = |x|: e^(-a^2/2) P(t) / (a + K) with t = (a - K) / (a + K), K = 2 sqrt(2); and
// that exponential.
NN_INLINE vec_f normal_tail_v(vec_f x, vec_f *e) {
  const vec_f a = at_most_v(abs_v(x), 14.45f), s = a * a, lost = product_error_v(a, s); // beyond, the tail is 0
  const vec_f u = s * -0.5f, w = fma_v(u, all_v(1.44269504f), all_v(NN_BIASED_F)), k = w - NN_BIASED_F;
  const vec_f r = fma_v(lost, all_v(-0.5f), fma_v(k, all_v(2.12194440e-4f), fma_v(k, all_v(-0.693359375f), u)));
  vec_f q = fma_v(r, all_v(0.000198459807f), all_v(0.00139416527f));
  q = fma_v(q, r, all_v(0.0083333916f));
  q = fma_v(q, r, all_v(0.0416663487f));
  q = fma_v(q, r, all_v(0.166666664f));
  q = fma_v(q, r, all_v(0.5f));
  q = fma_v(q, r, all_v(1.0f));
  *e = scale_v(fma_v(q, r, all_v(1.0f)), w, NN_BIASED_F);
  const vec_f inverse = inverse_v(a + 2.82842712f), t = inverse * -5.65685425f + 1.0f;
  vec_f p = t * -0.000326653855f + -0.000534243009f;
  p = p * t + 0.00210646074f;
  p = p * t + 0.00455222232f;
  p = p * t + -0.0151910754f;
  p = p * t + -0.025763629f;
  p = p * t + 0.197614849f;
  p = p * t + -0.48589617f;
  p = p * t + 0.722368062f;
  return *e * (p * inverse);
}

NN_INLINE vec_f silu_v(vec_f x) { return x * sigmoid_v(x); }
// x (1 - tail) above 0, x tail below
NN_INLINE vec_f gelu_v(vec_f x) {
  vec_f e;
  const vec_f tail = normal_tail_v(x, &e);
  return at_least_v(x, 0) - abs_v(x) * tail;
}
// 0.5 (1 + tanh(u)) = sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3)
NN_INLINE vec_f gelu_tanh_v(vec_f x) {
  return x * sigmoid_v(x * ((x * x) * (1.5957691216057308f * 0.044715f) + 1.5957691216057308f));
}
NN_INLINE vec_f gelu_slope_v(vec_f x) {
  vec_f e;
  const vec_f tail = normal_tail_v(x, &e), cdf = if_less_v(x, all_v(0), tail, 1.0f - tail);
  return (x * 0.39894228040143268f) * e + cdf;
}
NN_INLINE vec_f silu_slope_v(vec_f x) {
  const vec_f s = sigmoid_v(x);
  return s * (1.0f + x * (1.0f - s));
}

// --- sine, cosine, tangent
// --------------------------------------------------------------------------------------------

// Up to here x - k pi / 2 is made in floats: the first step is exact, since x and the first part of pi / 2 have no digits
// below 2^-24 and the difference is below 1.
#define NN_TRIG_NEAR_F 32768.0f
NN_INLINE vec_f trig_first_v(vec_f x, vec_f *k, nn_bits_v *bits) {
  const vec_f t = x * 0.636619772f + NN_ROUND_F;
  *k = t - NN_ROUND_F, *bits = (nn_bits_v)t;
  return fma_v(*k, all_v(-1.57079637f), x);
}
// sin(x + shift pi / 2), where x is near
NN_INLINE vec_f trig_near_v(vec_f x, int32_t shift) {
  vec_f k;
  nn_bits_v bits;
  const vec_f first = trig_first_v(x, &k, &bits);
  const vec_f r = fma_v(k, all_v(1.71512451e-15f), fma_v(k, all_v(4.37113883e-8f), first)), z = r * r;
  vec_f s = z * 2.71756452e-06f + -0.000198392566f;
  s = s * z + 0.00833332914f;
  s = s * z + -0.166666666f;
  s = (r * z) * s + r;
  vec_f c = z * -2.72033049e-07f + 2.47994364e-05f;
  c = c * z + -0.00138888834f;
  c = c * z + 0.0416666666f;
  c = (z * z) * c + (z * -0.5f + 1.0f);
  const nn_bits_v q = bits + shift;
  return (vec_f)((nn_bits_v)if_odd_v(q, c, s) ^ ((q & 2) << 30));
}
NN_INLINE vec_f tan_near_v(vec_f x) {
  vec_f k;
  nn_bits_v bits;
  const vec_f first = trig_first_v(x, &k, &bits), two = all_v(4.37113883e-8f), second = k * two;
  const vec_f r = first + second, step = r - first, z = r * r; // and what is lost in it
  const vec_f lost = (first - (r - step)) + (second - step) + fma_v(k, two, -second);
  const vec_f rest = fma_v(k, all_v(1.71512451e-15f), lost);
  vec_f p = z * 0.00437739445f + 8.73106837e-05f;
  p = p * z + 0.0108375335f;
  p = p * z + 0.0212815367f;
  p = p * z + 0.0540600382f;
  p = p * z + 0.13332662f;
  p = p * z + 0.333333492f;
  const vec_f more = (r * z) * p + rest * (1.0f + z), t = r + more, low = (r - t) + more;
  const vec_f u = -1.0f / t, off = fma_v(u, low, fma_v(u, t, all_v(1.0f)));
  return if_odd_v(bits, fma_v(u, off, u), t);
}
// Numbers that are not near go one by one.
#define TRIG_V(name, near)                                                                                   \
  NN_INLINE vec_f name##_v(vec_f x) {                                                                        \
    vec_f y = near;                                                                                          \
    if (__builtin_expect(any_outside_v(x, -NN_TRIG_NEAR_F, NN_TRIG_NEAR_F), 0)) {                            \
      for (int i = 0; i < NN_SIMD_LANES; i++)                                                                \
        if (!(abs_f(x[i]) <= NN_TRIG_NEAR_F)) y[i] = abs_f(x[i]) <= NN_TRIG_MAX_F ? name##_f(x[i]) : name##f(x[i]); \
    }                                                                                                        \
    return y;                                                                                                \
  }
TRIG_V(sin, if_less_v(abs_v(x), all_v(1e-20f), x, trig_near_v(x, 0)))
TRIG_V(cos, trig_near_v(x, 1))
TRIG_V(tan, if_less_v(abs_v(x), all_v(1e-20f), x, tan_near_v(x)))

#else
#define NN_SIMD_MATH 0
#endif

#endif
