// What conv.c and the files with the single methods share. Private to the convolution kernels.
#ifndef NN_KERNELS_CONV_METHODS_H
#define NN_KERNELS_CONV_METHODS_H

#include <stdint.h>

#include "conv.h"
#include "parallel.h"

static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
// a / b rounded up, of negative numbers too.
static inline int64_t ceil_div(int64_t a, int64_t b) { return a / b + (a % b > 0); }
static inline int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }
static inline void *align64(void *p) { return (void *)(((uintptr_t)p + 63) & ~(uintptr_t)63); }

// Each method of each pass as a function for one type; the arguments are those of struct nn_conv_kernels.
#define NN_CONV_DECLARE(method, type)                                                                        \
  bool NN_KERNEL(nn_conv_##method##_forward_##type)(const struct nn_conv_desc *d, const void *x,             \
                                                    const void *w, const void *bias, unsigned flags,         \
                                                    void *y, void *workspace);                               \
  bool NN_KERNEL(nn_conv_##method##_input_grad_##type)(const struct nn_conv_desc *d, const void *dy,         \
                                                       const void *w, void *dx, void *workspace);            \
  bool NN_KERNEL(nn_conv_##method##_weight_grad_##type)(                                                     \
      const struct nn_conv_desc *d, const void *x, const void *dy, void *dw, void *db, void *workspace);     \
  size_t NN_KERNEL(nn_conv_##method##_workspace_##type)(const struct nn_conv_desc *d, enum nn_conv_pass pass);

NN_CONV_DECLARE(naive, f32)
NN_CONV_DECLARE(naive, f64)
NN_CONV_DECLARE(direct, f32)
NN_CONV_DECLARE(direct, f64)

NN_CONV_DECLARE(depthwise, f32)
NN_CONV_DECLARE(depthwise, f64)
NN_CONV_DECLARE(winograd, f32)
size_t NN_KERNEL(nn_conv_winograd_dw_workspace)(const struct nn_conv_desc *d);

bool NN_KERNEL(nn_conv_winograd_pooled)(const struct nn_conv_desc *d, const float *x, const float *w, const float *bias,
                                        bool relu, float *y, uint8_t *position, void *workspace);

size_t NN_KERNEL(nn_conv_winograd_moments_workspace)(const struct nn_conv_desc *d);
bool NN_KERNEL(nn_conv_winograd_moments)(const struct nn_conv_desc *d, const float *x, const float *w, const float *bias,
                                         float *y, float *mean, float *m2, void *workspace);

// The entries of the table that have to do with pooling.
bool NN_KERNEL(nn_conv_takes_pooled)(const struct nn_conv_desc *d, enum nn_conv_pass pass);
size_t NN_KERNEL(nn_conv_pooled_workspace)(const struct nn_conv_desc *d, enum nn_conv_pass pass);
bool NN_KERNEL(nn_conv_pooled)(const struct nn_conv_desc *d, const float *x, const float *w, const float *bias, bool relu,
                               float *y, uint8_t *position, void *workspace);
bool NN_KERNEL(nn_conv_pooled_weight_grad)(const struct nn_conv_desc *d, const float *x, const float *dy, const float *gate,
                                           const uint8_t *position, float *dw, float *db, void *workspace);

/// db[k] = sum of dy over images and pixels; false if interrupted.
bool NN_KERNEL(nn_conv_bias_grad_f32)(const struct nn_conv_desc *d, const float *dy, float *db);
bool NN_KERNEL(nn_conv_bias_grad_f64)(const struct nn_conv_desc *d, const double *dy, double *db);

// A range function's work as tasks.
struct nn_conv_spread {
  nn_range_fn fn;
  void *arg;
  int64_t n, tasks;
};

static inline void nn_conv_spread_task(void *arg, int64_t task, int thread) {
  const struct nn_conv_spread *s = arg;
  s->fn(s->arg, s->n * task / s->tasks, s->n * (task + 1) / s->tasks, thread);
}

/// nn_parallel in smaller ranges that threads claim as they get free: for work whose result doesn't depend on
/// who does it, so that a core that is taken away for a while holds nobody up.
static inline int64_t nn_conv_spread_tasks(int64_t n, int64_t grain) {
  int64_t parts = nn_parallel_parts(n, grain), most = grain > 1 ? (n + grain - 1) / grain : n;
  return parts <= 1 ? 1 : 8 * parts < most ? 8 * parts : most;
}

static inline void nn_conv_spread(int64_t n, int64_t grain, nn_range_fn fn, void *arg) {
  struct nn_conv_spread s = {fn, arg, n, nn_conv_spread_tasks(n, grain)};
  if (s.tasks <= 1)
    nn_parallel(n, grain, fn, arg);
  else
    nn_parallel_tasks(s.tasks, nn_conv_spread_task, &s);
}

#endif
