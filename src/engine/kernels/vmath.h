// Elementwise loops over contiguous runs of numbers: arithmetic, transcendental functions, activations and
// their backward loops, comparison, conversion, plain data movement. Knows no tensors, shapes or threads.
#ifndef NN_KERNELS_VMATH_H
#define NN_KERNELS_VMATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dtype.h"
#include "kernel.h"

// Tables are indexed by nn_dtype in their inner dimension; a combination that has no meaning is NULL.
// Elements of NN_BOOL are uint8_t 0 or 1.

// y[i] = f(x[i]) for float32 and float64. PyTorch's meaning throughout: round is half to even, sign(NaN) =
// 0, gelu is the exact one (erf), gelu_tanh its approximation. int64 has ABS
// NEG SIGN SQUARE RELU FLOOR CEIL ROUND TRUNC BIT_NOT, uint8 and bool BIT_NOT (of bool: logical not).
// clang-format off
#define NN_UNARY_LIST(X) \
  X(EXP, exp) X(EXP2, exp2) X(EXPM1, expm1) X(LOG, log) X(LOG2, log2) X(LOG10, log10) X(LOG1P, log1p) \
  X(SIN, sin) X(COS, cos) X(TAN, tan) X(ASIN, asin) X(ACOS, acos) X(ATAN, atan) X(SINH, sinh) \
  X(COSH, cosh) X(TANH, tanh) X(ASINH, asinh) X(ACOSH, acosh) X(ATANH, atanh) X(SQRT, sqrt) \
  X(RSQRT, rsqrt) X(RECIPROCAL, reciprocal) X(ERF, erf) X(ERFC, erfc) X(ERFINV, erfinv) \
  X(LGAMMA, lgamma) X(DIGAMMA, digamma) X(SIGMOID, sigmoid) X(LOG_SIGMOID, log_sigmoid) X(SILU, silu) \
  X(GELU, gelu) X(GELU_TANH, gelu_tanh) X(MISH, mish) X(HARDSIGMOID, hardsigmoid) \
  X(HARDSWISH, hardswish) X(ABS, abs) X(NEG, neg) X(SIGN, sign) \
  X(SQUARE, square) X(FLOOR, floor) X(CEIL, ceil) X(ROUND, round) X(TRUNC, trunc) X(FRAC, frac) X(RELU, relu)
// clang-format on
#define NN_UNARY_ENUM(upper, lower) NN_UNARY_##upper,
enum nn_unary { NN_UNARY_LIST(NN_UNARY_ENUM) NN_UNARY_BIT_NOT, NN_UNARY_COUNT };
typedef void nn_unary_fn(int64_t n, const void *x, void *y); // y may be x

// y[i] = f(x[i]; p, q), float32 and float64 (CLAMP of int64: nn_vmath_kernels.clamp_i64).
//   SOFTPLUS  p = beta, q = threshold: x where beta * x > threshold, else log1p(exp(beta * x)) / beta
//   CLAMP     min(max(x, p), q), NaN stays NaN; pass -INFINITY or INFINITY for a missing bound
//   LEAKY_RELU  x > 0 ? x : p * x          ELU  x > 0 ? x : p * expm1(x)          (q unused)
//   THRESHOLD   x <= p ? q : x             SCALE_SHIFT  p * x + q
// clang-format off
enum nn_param {
  NN_PARAM_SOFTPLUS, NN_PARAM_CLAMP, NN_PARAM_LEAKY_RELU, NN_PARAM_ELU, NN_PARAM_THRESHOLD,
  NN_PARAM_SCALE_SHIFT, NN_PARAM_COUNT
};
// clang-format on
typedef void nn_param_fn(int64_t n, double p, double q, const void *x, void *y); // y may be x

// dx[i] = g[i] * f'(.), float32 and float64. `s` is what the forward pass saved: its result y for RELU,
// LEAKY_RELU (slope p > 0), SIGMOID and TANH; its input x for the others (for RELU and LEAKY_RELU the input
// will do as well). p, q as in the forward loop; CLAMP passes g where p <= x <= q, THRESHOLD where x > p.
// clang-format off
enum nn_grad {
  NN_GRAD_RELU, NN_GRAD_LEAKY_RELU, NN_GRAD_SIGMOID, NN_GRAD_TANH, NN_GRAD_GELU, NN_GRAD_GELU_TANH,
  NN_GRAD_SILU, NN_GRAD_SOFTPLUS, NN_GRAD_CLAMP, NN_GRAD_ELU, NN_GRAD_THRESHOLD, NN_GRAD_MISH,
  NN_GRAD_LOG_SIGMOID, NN_GRAD_HARDSIGMOID, NN_GRAD_HARDSWISH, NN_GRAD_COUNT
};
// clang-format on
typedef void nn_grad_fn(int64_t n, double p, double q, const void *g, const void *s,
                        void *dx); // dx may be g or s

// y[i] = f(a[i * sa], b[i * sb]); sa and sb are 0 (a scalar) or 1. y may be a or b where that one's step
// is 1. The result is false when an integer was divided by zero (the element is then 0) or, for integer POW,
// raised to a negative power (the element is then 0 unless the base is 1 or -1); true otherwise and always
// for floats.
//   MAXIMUM, MINIMUM: NaN if one of the two is. REMAINDER: sign of the divisor. FMOD: sign of the dividend.
//   FLOOR_DIVIDE: floor(a / b) as PyTorch computes it. Integer arithmetic wraps.
// float32, float64: all but BIT_*. int64: ADD SUB MUL POW MAXIMUM MINIMUM FMOD REMAINDER FLOOR_DIVIDE
// TRUNC_DIVIDE BIT_*. uint8: ADD SUB MUL MAXIMUM MINIMUM BIT_*. bool: ADD (or) MUL (and) MAXIMUM MINIMUM
// BIT_* (logical and, or, xor).
// clang-format off
enum nn_binary {
  NN_BINARY_ADD, NN_BINARY_SUB, NN_BINARY_MUL, NN_BINARY_DIV, NN_BINARY_POW, NN_BINARY_MAXIMUM,
  NN_BINARY_MINIMUM, NN_BINARY_ATAN2, NN_BINARY_HYPOT, NN_BINARY_FMOD, NN_BINARY_REMAINDER,
  NN_BINARY_FLOOR_DIVIDE, NN_BINARY_TRUNC_DIVIDE, NN_BINARY_COPYSIGN, NN_BINARY_BIT_AND, NN_BINARY_BIT_OR,
  NN_BINARY_BIT_XOR, NN_BINARY_COUNT
};
// clang-format on
typedef bool nn_binary_fn(int64_t n, const void *a, int64_t sa, const void *b, int64_t sb, void *y);

// y[i] = a[i * sa] <op> b[i * sb] as 0 or 1; all element types.
enum nn_compare {
  NN_COMPARE_EQ,
  NN_COMPARE_NE,
  NN_COMPARE_LT,
  NN_COMPARE_LE,
  NN_COMPARE_GT,
  NN_COMPARE_GE,
  NN_COMPARE_COUNT
};
typedef void nn_compare_fn(int64_t n, const void *a, int64_t sa, const void *b, int64_t sb, uint8_t *y);

// y[i] = 0 or 1; float32 and float64, LOGICAL_NOT (x == 0) all element types.
enum nn_predicate {
  NN_PREDICATE_ISNAN,
  NN_PREDICATE_ISINF,
  NN_PREDICATE_ISFINITE,
  NN_PREDICATE_LOGICAL_NOT,
  NN_PREDICATE_COUNT
};
typedef void nn_predicate_fn(int64_t n, const void *x, uint8_t *y);

// y[i] = a[i * sa] * b[i * sb] + c[i * sc] (float32, float64; fused where the processor can); steps as above.
typedef void nn_mul_add_fn(int64_t n, const void *a, int64_t sa, const void *b, int64_t sb, const void *c,
                           int64_t sc, void *y);
// y[i] = f(a[i], b[i], c[i * sc]), float32 and float64; sc is 0 or 1. y may be a, b or (where sc is 1) c.
//   LERP  a + c (b - a), from the nearer end     ADDCMUL  a + value b c     ADDCDIV  a + value (b / c)
enum nn_ternary { NN_TERNARY_LERP, NN_TERNARY_ADDCMUL, NN_TERNARY_ADDCDIV, NN_TERNARY_COUNT };
typedef void nn_ternary_fn(int64_t n, double value, const void *a, const void *b, const void *c, int64_t sc, void *y);
// y[i] = alpha * a[i] + beta * b[i] (float32, float64); b is not read where beta is 0. y may be a or b.
typedef void nn_axpby_fn(int64_t n, double alpha, const void *a, double beta, const void *b, void *y);
// y[i] = mask[i * sm] ? a[i * sa] : b[i * sb]; all element types.
typedef void nn_where_fn(int64_t n, const uint8_t *mask, int64_t sm, const void *a, int64_t sa, const void *b,
                         int64_t sb, void *y);
// y[i] = (to)x[i]. To bool: x != 0. A float goes to an integer by truncation; NaN and what int64 cannot hold
// give INT64_MIN, uint8 takes the low 8 bits of that (as x86 and hence PyTorch do). No overlap of x and y.
typedef void nn_convert_fn(int64_t n, const void *x, void *y);

struct nn_vmath_kernels {
  nn_unary_fn *unary[NN_UNARY_COUNT][NN_DTYPES];
  nn_param_fn *param[NN_PARAM_COUNT][NN_DTYPES];
  nn_grad_fn *grad[NN_GRAD_COUNT][NN_DTYPES];
  nn_binary_fn *binary[NN_BINARY_COUNT][NN_DTYPES];
  nn_compare_fn *compare[NN_COMPARE_COUNT][NN_DTYPES];
  nn_predicate_fn *predicate[NN_PREDICATE_COUNT][NN_DTYPES];
  nn_ternary_fn *ternary[NN_TERNARY_COUNT][NN_DTYPES];
  nn_mul_add_fn *mul_add[NN_DTYPES];
  nn_axpby_fn *axpby[NN_DTYPES];
  nn_where_fn *where[NN_DTYPES];
  nn_convert_fn *convert[NN_DTYPES][NN_DTYPES]; // [from][to]
  void (*clamp_i64)(int64_t n, int64_t lo, int64_t hi, const int64_t *x, int64_t *y);
  // Data movement by element size (1, 2, 4, 8 or 16 bytes). Strides are in bytes, may be negative or 0.
  void (*fill)(int64_t n, const void *value, void *dst, size_t elem);
  void (*gather_strided)(int64_t n, const void *src, int64_t stride_bytes, void *dst, size_t elem);
  void (*scatter_strided)(int64_t n, const void *src, void *dst, int64_t stride_bytes, size_t elem);
  // dst[j][i] = src[i][j], i < rows, j < cols; strides between rows of src and of dst in bytes.
  void (*transpose)(int64_t rows, int64_t cols, const void *src, int64_t src_stride, void *dst,
                    int64_t dst_stride, size_t elem);
};

// NN_SELECT(nn_vmath) is the table for this processor.
NN_KERNEL_TABLE(struct nn_vmath_kernels, nn_vmath);

#endif
