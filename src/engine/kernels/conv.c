// The convolution kernels' table: chooses the method by shape. The methods stand in conv_*.c and winograd*.c.
#include "conv_methods.h"

#include "parallel.h"
#include "winograd.h"

// The passes of one method for one type.
struct method {
  bool (*forward)(const struct nn_conv_desc *d, const void *x, const void *w, const void *bias,
                  unsigned flags, void *y, void *workspace);
  bool (*input_grad)(const struct nn_conv_desc *d, const void *dy, const void *w, void *dx, void *workspace);
  bool (*weight_grad)(const struct nn_conv_desc *d, const void *x, const void *dy, void *dw, void *db,
                      void *workspace);
  size_t (*workspace)(const struct nn_conv_desc *d, enum nn_conv_pass pass);
};

#define METHOD(method, type)                                                                                 \
  {                                                                                                          \
    NN_KERNEL(nn_conv_##method##_forward_##type), NN_KERNEL(nn_conv_##method##_input_grad_##type),           \
        NN_KERNEL(nn_conv_##method##_weight_grad_##type), NN_KERNEL(nn_conv_##method##_workspace_##type)     \
  }

static const struct method methods_f32[] = {
    [NN_CONV_NAIVE] = METHOD(naive, f32),
    [NN_CONV_DIRECT] = METHOD(direct, f32),
    [NN_CONV_DEPTHWISE] = METHOD(depthwise, f32),
    [NN_CONV_WINOGRAD] = METHOD(winograd, f32),
};

static const struct method methods_f64[] = {
    [NN_CONV_NAIVE] = METHOD(naive, f64),
    [NN_CONV_DIRECT] = METHOD(direct, f64),
    [NN_CONV_DEPTHWISE] = METHOD(depthwise, f64),
};

static bool is_empty(const struct nn_conv_desc *d) {
  return d->n == 0 || d->c == 0 || d->k == 0 || d->ho <= 0 || d->wo <= 0 || d->h == 0 || d->w == 0 ||
         d->r == 0 || d->s == 0;
}

// What Winograd's method can do: 3 x 3 kernels where every output sees some of the input and the other way
// round, for what sees nothing must be exactly 0.
static bool takes_winograd(const struct nn_conv_desc *d, nn_dtype dtype) {
  bool form =
      d->r == 3 && d->s == 3 && d->stride_h == 1 && d->stride_w == 1 && d->dil_h == 1 && d->dil_w == 1;
  bool rows = d->pad_h <= 2 && d->ho <= d->h + d->pad_h && d->ho >= d->h + d->pad_h - 2;
  bool cols = d->pad_w <= 2 && d->wo <= d->w + d->pad_w && d->wo >= d->w + d->pad_w - 2;
  return dtype == NN_FLOAT32 && form && rows && cols;
}

// It pays where channels share the transforms of pixels, tiles those of the weights, images fill its vectors
// of tiles for the better part, and there are blocks of tiles for all threads (the product that competes is
// half as fast, but is cut finer).
static bool wants_winograd(const struct nn_conv_desc *d) {
  int64_t cg = d->c / d->groups, kg = d->k / d->groups, threads = nn_threads(),
          products = d->n * d->ho * d->wo / 128 + 1;
  struct winograd_grid g = winograd_grid_make(d->n, d->ho, d->wo);
  int64_t tiles = d->n * g.rows * g.cols, slots = 16 * g.strips * WINOGRAD_STRIP;
  bool shared = cg >= 12 && kg >= 12 && cg * kg <= 512 * 512 && tiles >= (cg * kg > 1 << 14 ? 48 : 24);
  bool filled = 5 * d->n * d->ho * d->wo >= 2 * slots;
  return shared && filled &&
         2 * (g.blocks < threads ? g.blocks : threads) >= (products < threads ? products : threads);
}

static bool takes_depthwise(const struct nn_conv_desc *d) { return d->c == d->groups && d->r * d->s <= 256; }

// With more outputs for each input the product shares what it gathers.
static bool wants_depthwise(const struct nn_conv_desc *d) { return d->k < 4 * d->groups; }

static enum nn_conv_method choose(const struct nn_conv_desc *d, nn_dtype dtype, enum nn_conv_pass pass) {
  (void)pass;
  bool any = d->method == NN_CONV_AUTO;
  if (d->method == NN_CONV_NAIVE) return NN_CONV_NAIVE;
  if (is_empty(d)) return NN_CONV_DIRECT;
  if (takes_winograd(d, dtype) && (any ? wants_winograd(d) : d->method == NN_CONV_WINOGRAD))
    return NN_CONV_WINOGRAD;
  if (takes_depthwise(d) && (any ? wants_depthwise(d) : d->method == NN_CONV_DEPTHWISE))
    return NN_CONV_DEPTHWISE;
  return NN_CONV_DIRECT;
}

// Planes as single rows where a 1 x 1 kernel takes pixel for pixel: the longer the rows, the better.
static struct nn_conv_desc simplified(const struct nn_conv_desc *d) {
  struct nn_conv_desc e = *d;
  bool pointwise =
      d->r == 1 && d->s == 1 && d->stride_h == 1 && d->stride_w == 1 && d->pad_h == 0 && d->pad_w == 0;
  if (pointwise && d->ho == d->h && d->wo == d->w && d->method != NN_CONV_NAIVE) {
    e.h = e.ho = 1;
    e.w = e.wo = d->h * d->w;
  }
  return e;
}

static const struct method *method_of(const struct nn_conv_desc *d, nn_dtype dtype, enum nn_conv_pass pass) {
  return (dtype == NN_FLOAT32 ? methods_f32 : methods_f64) + choose(d, dtype, pass);
}

// Winograd's method writes to 36 planes at once, and a processor finds few pages of 4 KB at once to write to (16): its
// memory is rounded up to what gets large pages.
static size_t in_large_pages(size_t bytes) {
  const size_t page = 2 << 20;
  return bytes < page / 8 ? bytes : (bytes + page - 1) / page * page * 8 / 7 + 64;
}

static size_t workspace(const struct nn_conv_desc *d, nn_dtype dtype, enum nn_conv_pass pass) {
  struct nn_conv_desc e = simplified(d);
  size_t bytes = method_of(&e, dtype, pass)->workspace(&e, pass);
  return choose(&e, dtype, pass) == NN_CONV_WINOGRAD ? in_large_pages(bytes) : bytes;
}

static size_t moments_workspace(const struct nn_conv_desc *d) {
  bool any = !is_empty(d) && choose(d, NN_FLOAT32, NN_CONV_FORWARD) == NN_CONV_WINOGRAD;
  size_t bytes = any ? NN_KERNEL(nn_conv_winograd_moments_workspace)(d) : 0;
  return bytes ? in_large_pages(bytes) : 0;
}

#define PASSES(type, dtype)                                                                                  \
  static bool forward_##type(const struct nn_conv_desc *d, const void *x, const void *w, const void *bias,   \
                             unsigned flags, void *y, void *ws) {                                            \
    struct nn_conv_desc e = simplified(d);                                                                   \
    return method_of(&e, dtype, NN_CONV_FORWARD)->forward(&e, x, w, bias, flags, y, ws);                     \
  }                                                                                                          \
  static bool input_grad_##type(const struct nn_conv_desc *d, const void *dy, const void *w, void *dx,       \
                                void *ws) {                                                                  \
    struct nn_conv_desc e = simplified(d);                                                                   \
    return method_of(&e, dtype, NN_CONV_INPUT_GRAD)->input_grad(&e, dy, w, dx, ws);                          \
  }                                                                                                          \
  static bool weight_grad_##type(const struct nn_conv_desc *d, const void *x, const void *dy, void *dw,      \
                                 void *db, void *ws) {                                                       \
    struct nn_conv_desc e = simplified(d);                                                                   \
    return method_of(&e, dtype, NN_CONV_WEIGHT_GRAD)->weight_grad(&e, x, dy, dw, db, ws);                    \
  }

PASSES(f32, NN_FLOAT32)
PASSES(f64, NN_FLOAT64)

const struct nn_conv_kernels NN_KERNEL(nn_conv) = {
    .forward = {[NN_FLOAT32] = forward_f32, [NN_FLOAT64] = forward_f64},
    .input_grad = {[NN_FLOAT32] = input_grad_f32, [NN_FLOAT64] = input_grad_f64},
    .weight_grad = {[NN_FLOAT32] = weight_grad_f32, [NN_FLOAT64] = weight_grad_f64},
    .workspace = workspace,
    .method = choose,
    .moments_workspace = moments_workspace,
    .forward_moments = NN_KERNEL(nn_conv_winograd_moments),
    .takes_pooled = NN_KERNEL(nn_conv_takes_pooled),
    .pooled_workspace = NN_KERNEL(nn_conv_pooled_workspace),
    .pooled = NN_KERNEL(nn_conv_pooled),
    .pooled_weight_grad = NN_KERNEL(nn_conv_pooled_weight_grad),
};
