// Fused kernels over rows: softmax, normalisations, cross entropy, and batch norm over [N][C][S] blocks.
// Every table entry is indexed by nn_dtype, NN_FLOAT32 or NN_FLOAT64; all pointers are to elements of that
// type. Knows no tensors or threads: the caller splits rows or channels and hands each thread its own part.
#ifndef NN_KERNELS_ROWS_H
#define NN_KERNELS_ROWS_H

#include "kernels/vmath.h"

// The class weights and options of a cross entropy, as torch.nn.functional.cross_entropy defines them.
struct nn_cross_entropy {
  int64_t ignore_index;   // a target with this value gives loss 0 and gradient 0
  double label_smoothing; // 0 .. 1
  const void *weight;     // [n] class weights, or NULL
};

struct nn_rows_kernels {
  // [rows][n], contiguous. Results may overwrite an input of the same shape.
  void (*softmax[NN_DTYPES])(int64_t rows, int64_t n, const void *x, void *y);
  void (*log_softmax[NN_DTYPES])(int64_t rows, int64_t n, const void *x, void *y);
  // dx = y * (g - sum(g * y));  dx = g - exp(y) * sum(g), y being the forward result.
  void (*softmax_backward[NN_DTYPES])(int64_t rows, int64_t n, const void *g, const void *y, void *dx);
  void (*log_softmax_backward[NN_DTYPES])(int64_t rows, int64_t n, const void *g, const void *y, void *dx);
  void (*logsumexp[NN_DTYPES])(int64_t rows, int64_t n, const void *x, void *y); // y[rows]; -inf for n = 0

  // y = (x - mean) * rstd * gamma + beta, biased variance. gamma[n], beta[n], mean[rows], rstd[rows] may be
  // NULL.
  void (*layer_norm[NN_DTYPES])(int64_t rows, int64_t n, double eps, const void *x, const void *gamma,
                                const void *beta, void *y, void *mean, void *rstd);
  // dx[rows][n] is written, dgamma[n] and dbeta[n] are ADDED to (zero them first); each of the three, and
  // gamma, may be NULL. dx may be g.
  void (*layer_norm_backward[NN_DTYPES])(int64_t rows, int64_t n, const void *g, const void *x,
                                         const void *mean, const void *rstd, const void *gamma, void *dx,
                                         void *dgamma, void *dbeta);
  // y = x * rrms * gamma, rrms = 1 / sqrt(mean(x^2) + eps); gamma[n] and rrms[rows] may be NULL. Backward as
  // above.
  void (*rms_norm[NN_DTYPES])(int64_t rows, int64_t n, double eps, const void *x, const void *gamma, void *y,
                              void *rrms);
  void (*rms_norm_backward[NN_DTYPES])(int64_t rows, int64_t n, const void *g, const void *x,
                                       const void *rrms, const void *gamma, void *dx, void *dgamma);

  // logits[rows][n], target[rows] counts classes from 1. Writes loss[rows] (not reduced) and, unless NULL,
  // lse[rows] = logsumexp of each row, which the backward loop takes. Returns -1, or the first row (from 0)
  // whose target is no class (nothing of later rows is then written).
  int64_t (*cross_entropy[NN_DTYPES])(int64_t rows, int64_t n, const struct nn_cross_entropy *o,
                                      const void *logits, const int64_t *target, void *loss, void *lse);
  // dx[rows][n] = g[row * gs] * d loss[row] / d logits; gs is 0 (one g for all) or 1. Targets must be valid.
  void (*cross_entropy_backward[NN_DTYPES])(int64_t rows, int64_t n, const struct nn_cross_entropy *o,
                                            const void *logits, const int64_t *target, const void *lse,
                                            const void *g, int64_t gs, void *dx);

  // Batch norm of x[n][channels][s]; the caller's thread does the channels c0 <= c < c1, all arrays have
  // `channels` entries. Statistics: mean[c] and m2[c] = sum of (x - mean)^2, divide by n * s or n * s - 1.
  void (*bn_stats[NN_DTYPES])(int64_t n, int64_t channels, int64_t s, int64_t c0, int64_t c1, const void *x,
                              void *mean, void *m2);
  // y = x * scale[c] + shift[c] (scale = gamma * rstd, shift = beta - mean * scale), plus `add` (of x's shape)
  // unless NULL, clamped below by 0 if relu.
  void (*bn_apply[NN_DTYPES])(int64_t n, int64_t channels, int64_t s, int64_t c0, int64_t c1, const void *x,
                              const void *scale, const void *shift, const void *add, bool relu, void *y);
  // sum_g[c] = sum of g, sum_gx[c] = sum of g * (x - mean[c]);  dbeta = sum_g, dgamma = sum_gx * rstd. With a gate,
  // an array like g, g counts only where that is not <= 0: what a ReLU of y gave makes this the ReLU's gradient, too.
  void (*bn_backward_sums[NN_DTYPES])(int64_t n, int64_t channels, int64_t s, int64_t c0, int64_t c1,
                                      const void *g, const void *gate, const void *x, const void *mean, void *sum_g,
                                      void *sum_gx);
  // dx = gamma * rstd * (g - sum_g / m - (x - mean) * rstd^2 * sum_gx / m), m = n * s; gamma may be NULL.
  // In evaluation mode pass sum_g = sum_gx = NULL: dx = gamma * rstd * g. dx may be g.
  void (*bn_backward_dx[NN_DTYPES])(int64_t n, int64_t channels, int64_t s, int64_t c0, int64_t c1,
                                    const void *g, const void *gate, const void *x, const void *mean,
                                    const void *rstd, const void *gamma, const void *sum_g,
                                    const void *sum_gx, void *dx);
};

NN_KERNEL_TABLE(struct nn_rows_kernels, nn_rows);

#endif
