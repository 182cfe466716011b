/* pool.c - pooling in two dimensions. Averages are linear, so each is the gradient of the other's gradient; a maximum
 * remembers a byte for each result where it was found. */
#include "kernels/pool.h"

#include <math.h>

#include "expr.h"
#include "later.h"

/* kernel, stride, padding, dilation, output or input size: two numbers each */
#define WINDOW {"kernel", P_INTS, .count = 2}, {"stride", P_INTS, .count = 2}, {"padding", P_INTS, .count = 2}
#define MODES {"count_include_pad", P_BOOL}, {"divisor_override", P_INT}, {"size", P_INTS, .count = 2}

static struct nn_pool_desc describe(const nn_value *w, const int64_t *x, const int64_t *y) {
  struct nn_pool_desc d = {.planes = x[0] * x[1], .h = x[2], .w = x[3], .ho = y[2], .wo = y[3], .dil_h = 1, .dil_w = 1};
  d.kernel_h = w[0].ints[0], d.kernel_w = w[0].ints[1];
  d.stride_h = w[1].ints[0], d.stride_w = w[1].ints[1];
  d.pad_h = w[2].ints[0], d.pad_w = w[2].ints[1];
  return d;
}

static void sized(nn_frame *f, nn_dtype dtype, const nn_value *size) {
  const int64_t *x = f->in[0]->shape;
  int64_t shape[4] = {x[0], x[1], size->ints[0], size->ints[1]};
  nn_spec_set(f, 0, dtype, 4, shape);
}

/* ---- average ---------------------------------------------------------------------------------------- */

static bool avg_infer(nn_frame *f) {
  sized(f, (nn_dtype)f->in[0]->dtype, &f->arg[6]);
  return true;
}

static struct nn_pool_desc describe_avg(const nn_frame *f, const int64_t *x, const int64_t *y) {
  struct nn_pool_desc d = describe(f->arg + 1, x, y);
  d.count_include_pad = f->arg[4].b;
  d.divisor_override = f->arg[5].i;
  return d;
}

static bool avg_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  struct nn_pool_desc d = describe_avg(f, x->shape, f->out[0]->shape);
  return NN_SELECT(nn_pool)->avg_forward[x->dtype](&d, x->data, f->out[0]->data);
}

static bool avg_back_kernel(nn_frame *f) {
  const nn_tensor *g = nn_dense(f, 0);
  if (g == NULL) return false;
  struct nn_pool_desc d = describe_avg(f, f->out[0]->shape, g->shape);
  return NN_SELECT(nn_pool)->avg_backward[g->dtype](&d, g->data, f->out[0]->data);
}

static bool avg_vjp(nn_vjp *v) {
  const nn_op *other = v->node->op == &nn_op_avg_pool ? &nn_op_avg_pool_backward : &nn_op_avg_pool;
  return (v->d[0] = nn_do(v->ctx, other, v_t(v->g[0]), v->arg[1], v->arg[2], v->arg[3], v->arg[4], v->arg[5],
                          v_ints(2, nn_in_meta(v, 0)->shape + 2))) != NULL;
}

const nn_op nn_op_avg_pool = {.name = "avg_pool", .doc = "Average pooling with its output size given.",
                              .params = {{"input", P_TENSOR}, WINDOW, MODES}, .flags = NN_PRIVATE, .infer = avg_infer,
                              .kernel = avg_kernel, .vjp = avg_vjp};
const nn_op nn_op_avg_pool_backward = {.name = "avg_pool_backward", .doc = "Part of a gradient.",
                                       .params = {{"grad", P_TENSOR}, WINDOW, MODES}, .flags = NN_PRIVATE, .infer = avg_infer,
                                       .kernel = avg_back_kernel, .vjp = avg_vjp};

/* ---- adaptive average ------------------------------------------------------------------------------- */

static bool adaptive_infer(nn_frame *f) {
  sized(f, (nn_dtype)f->in[0]->dtype, &f->arg[1]);
  return true;
}

static bool adaptive_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  bool back = f->op == &nn_op_adaptive_avg_pool_backward;
  const int64_t *in = back ? f->out[0]->shape : x->shape, *out = back ? x->shape : f->out[0]->shape;
  struct nn_pool_desc d = {.planes = in[0] * in[1], .h = in[2], .w = in[3], .ho = out[2], .wo = out[3]};
  const struct nn_pool_kernels *k = NN_SELECT(nn_pool);
  return (back ? k->adaptive_avg_backward : k->adaptive_avg_forward)[x->dtype](&d, x->data, f->out[0]->data);
}

static bool adaptive_vjp(nn_vjp *v) {
  const nn_op *other =
      v->node->op == &nn_op_adaptive_avg_pool ? &nn_op_adaptive_avg_pool_backward : &nn_op_adaptive_avg_pool;
  return (v->d[0] = nn_do(v->ctx, other, v_t(v->g[0]), v_ints(2, nn_in_meta(v, 0)->shape + 2))) != NULL;
}

#define ADAPTIVE(id) \
  const nn_op nn_op_##id = {.name = #id, .doc = "Averages over windows of a size that fits.", \
                            .params = {{"input", P_TENSOR}, {"size", P_INTS, .count = 2}}, .flags = NN_PRIVATE, \
                            .infer = adaptive_infer, .kernel = adaptive_kernel, .vjp = adaptive_vjp};
ADAPTIVE(adaptive_avg_pool)
ADAPTIVE(adaptive_avg_pool_backward)

/* ---- maximum ---------------------------------------------------------------------------------------- */

#define MAX_WINDOW WINDOW, {"dilation", P_INTS, .count = 2}, {"size", P_INTS, .count = 2}

static struct nn_pool_desc describe_max(const nn_value *w, const int64_t *x, const int64_t *y) {
  struct nn_pool_desc d = describe(w, x, y);
  d.dil_h = w[3].ints[0], d.dil_w = w[3].ints[1];
  return d;
}

static bool max_infer(nn_frame *f) {
  sized(f, (nn_dtype)f->in[0]->dtype, &f->arg[5]);
  nn_spec_set(f, 1, NN_INT64, 4, f->spec[0].shape);
  return true;
}

/* Where the input has been put off: pools what it is to be made from, in the same pass. Returns that, or NULL. */
static const nn_tensor *max_of_later(const nn_frame *f, struct nn_pool_desc *d) {
  const nn_later *w = f->in[0]->storage->later ? nn_put_off_work(f->in[0]) : NULL;
  bool geometry = w != NULL && w->kind == NN_LATER_ROWS && w->add == NULL && nn_pool_is_pairs(d);
  if (!geometry || (w->scale != NULL && w->s != d->h * d->w)) return NULL;
  nn_settle(w->x);
  d->relu = w->relu;
  d->channels = w->channels;
  if (w->scale != NULL) d->scale = w->scale->data, d->shift = w->shift->data;
  return w->x;
}

/* The convolution that the input is to be made from, perhaps with a ReLU in between, if both can be done in one pass. */
static nn_later *conv_of_later(const nn_frame *f, const struct nn_pool_desc *d, bool *relu) {
  nn_later *w = f->in[0]->storage->later ? nn_put_off_work(f->in[0]) : NULL;
  *relu = w != NULL && w->kind == NN_LATER_ROWS;
  if (*relu) w = w->scale == NULL && w->add == NULL && w->x->storage->later ? nn_put_off_work(w->x) : NULL;
  bool same = w != NULL && w->kind == NN_LATER_CONV && d->planes == w->conv.n * w->conv.k && d->h == w->conv.ho &&
              d->w == w->conv.wo;
  return same && nn_pool_is_pairs(d) && NN_SELECT(nn_conv)->takes_pooled(&w->conv, NN_CONV_FORWARD) ? w : NULL;
}

static bool max_of_conv(nn_frame *f, nn_later *w, bool relu, uint8_t *place) {
  const struct nn_conv_kernels *k = NN_SELECT(nn_conv);
  size_t bytes = k->pooled_workspace(&w->conv, NN_CONV_FORWARD);
  void *workspace = nn_scratch(f->ctx, bytes);
  if (workspace == NULL) return false;
  nn_later_made(w);
  bool ok = k->pooled(&w->conv, (const float *)w->x->data, (const float *)w->weight->data,
                      w->bias ? (const float *)w->bias->data : NULL, relu, (float *)f->out[0]->data, place, workspace);
  nn_scratch_free(f->ctx, workspace, bytes);
  return ok;
}

static bool max_kernel(nn_frame *f) {
  nn_tensor *y = f->out[0];
  struct nn_pool_desc d = describe_max(f->arg + 1, f->in[0]->shape, y->shape);
  bool relu, compact = nn_pool_is_compact(&d);
  nn_later *conv = conv_of_later(f, &d, &relu);
  const nn_tensor *x = conv ? NULL : max_of_later(f, &d);
  if (x == NULL && conv == NULL) nn_settle(f->in[0]);
  if (x == NULL && conv == NULL && (x = nn_dense(f, 0)) == NULL) return false;
  if (f->recording) {
    f->extra[0] = nn_empty(f->ctx, compact ? NN_UINT8 : NN_INT64, 4, y->shape);
    if (f->extra[0] == NULL) return false;
  }
  void *place = f->extra[0] ? f->extra[0]->data : NULL;
  if (conv != NULL) return max_of_conv(f, conv, relu, place);
  return NN_SELECT(nn_pool)->max_forward[x->dtype](&d, x->data, y->data, compact ? NULL : place, compact ? place : NULL);
}

static bool indices_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  struct nn_pool_desc d = describe_max(f->arg + 1, x->shape, f->out[0]->shape);
  return NN_SELECT(nn_pool)->max_forward[x->dtype](&d, x->data, f->out[0]->data, (int64_t *)(void *)f->out[1]->data, NULL);
}

static bool max_back_kernel(nn_frame *f) {
  nn_tensor *g = (nn_tensor *)nn_dense(f, 0), *place = f->in[1], *gate = f->in[2];
  if (g == NULL) return false;
  struct nn_pool_desc d = describe_max(f->arg + 3, f->out[0]->shape, g->shape);
  const void *p = place->data, *open = gate ? gate->data : NULL;
  bool compact = place->dtype == NN_UINT8;
  nn_later work = {.kind = NN_LATER_UNPOOL, .x = g, .gate = gate, .place = place, .pool = d, .name = f->op->name};
  if (compact && nn_pool_is_pairs(&d) && g->dtype == NN_FLOAT32 && nn_put_off_gradient(f->out[0], &work)) return true;
  return NN_SELECT(nn_pool)
      ->max_backward[g->dtype](&d, g->data, open, compact ? NULL : p, compact ? p : NULL, f->out[0]->data);
}

static bool max_back_infer(nn_frame *f) {
  sized(f, (nn_dtype)f->in[0]->dtype, &f->arg[7]);
  return true;
}

/* Of the maxima of a ReLU's results: through the ReLU, too, since a maximum above 0 was one before it. */
static bool max_vjp(nn_vjp *v) {
  T place = nn_extra(v, 0), gate = v->before == &nn_op_relu ? nn_unchanged_out(v, 0) : NULL;
  v->went_on = gate != NULL;
  if (place == NULL) return false;
  nn_keep(v->ctx, nn_retain(place));
  nn_keep(v->ctx, nn_retain(gate));
  nn_drop_saved(v); /* buffers for the gradient */
  return place != NULL && (v->d[0] = nn_do(v->ctx, &nn_op_max_pool_backward, v_t(v->g[0]), v_t(place), v_opt(gate), v->arg[1],
                                           v->arg[2], v->arg[3], v->arg[4], v_ints(2, nn_in_meta(v, 0)->shape + 2))) != NULL;
}

/* Values are picked by their places: a gather, which has gradients of any order. */
static T pick(C c, T x, T index) {
  int64_t flat[3] = {x->shape[0], x->shape[1], x->shape[2] * x->shape[3]};
  int64_t few[3] = {index->shape[0], index->shape[1], index->shape[2] * index->shape[3]};
  T from = t_reshape(c, x, 3, flat), at = t_reshape(c, index, 3, few);
  T y = from && at ? nn_do(c, &nn_op_gather, v_t(from), v_i(2), v_t(at)) : NULL;
  return t_reshape(c, y, 4, index->shape);
}

static bool find_places(nn_frame *f, T *index) {
  nn_results r;
  nn_value args[] = {v_t(f->in[0]), f->arg[1], f->arg[2], f->arg[3], f->arg[4], f->arg[5]};
  bool was = nn_set_grad_enabled(f->ctx, false);
  bool ok = nn_apply(f->ctx, &nn_op_max_pool_indices, args, 6, &r);
  nn_set_grad_enabled(f->ctx, was);
  if (!ok) return false;
  nn_keep(f->ctx, r.t[0]);
  *index = nn_keep(f->ctx, r.t[1]);
  return *index != NULL;
}

static bool max_compose(nn_frame *f) {
  T index;
  return find_places(f, &index) && (f->out[0] = pick(f->ctx, f->in[0], index)) != NULL;
}

const nn_op nn_op_max_pool = {.name = "max_pool", .doc = "Max pooling with its output size given.",
                              .params = {{"input", P_TENSOR}, MAX_WINDOW}, .flags = NN_PRIVATE | NN_TAKES_LATER, .saves_in = 1,
                              .saves_out = 1, .infer = max_infer, .kernel = max_kernel, .compose = max_compose, .vjp = max_vjp};
const nn_op nn_op_max_pool_indices = {.name = "max_pool_indices", .doc = "Max pooling with places.",
                                      .params = {{"input", P_TENSOR}, MAX_WINDOW}, .flags = NN_PRIVATE | NN_NO_GRAD,
                                      .n_out = 2, .infer = max_infer, .kernel = indices_kernel};
const nn_op nn_op_max_pool_backward = {.name = "max_pool_backward", .doc = "Part of a gradient.",
                                       .params = {{"grad", P_TENSOR}, {"place", P_TENSOR}, {"gate", P_TENSOR, "nil"}, MAX_WINDOW},
                                       .flags = NN_PRIVATE | NN_NO_GRAD, .infer = max_back_infer, .kernel = max_back_kernel};

/* ---- what users call -------------------------------------------------------------------------------- */

/* Checks a window and finds the output size. x has four dimensions. */
static bool pool_sizes(nn_frame *f, T x, const int64_t *kernel, const int64_t *stride, const int64_t *pad, const int64_t *dil,
                       bool ceil_mode, int64_t size[2]) {
  char s[NN_SHAPE_TEXT];
  for (int i = 0; i < 2; i++) {
    if (kernel[i] < 1 || stride[i] < 1 || dil[i] < 1)
      return nn_bad(f, "kernel_size, stride and dilation must be at least 1, got %lld, %lld and %lld", (long long)kernel[i],
                    (long long)stride[i], (long long)dil[i]);
    if (pad[i] < 0 || pad[i] > (dil[i] * (kernel[i] - 1) + 1) / 2)
      return nn_bad(f, "padding must be between 0 and half of the kernel's size (%lld), got %lld", (long long)kernel[i],
                    (long long)pad[i]);
    size[i] = nn_pool_out_size(x->shape[2 + i], kernel[i], stride[i], pad[i], dil[i], ceil_mode);
    if (size[i] < 1)
      return nn_bad(f, "a window of %lld (dilation %lld) does not fit into an input of shape %s", (long long)kernel[i],
                    (long long)dil[i], nn_tensor_shape_text(f->in[0], s));
  }
  return true;
}

static T four_dims(nn_frame *f) {
  if (!nn_expect_ndim(f, 0, 3, 4) || !nn_expect_float(f, 0)) return NULL;
  return f->in[0]->ndim == 4 ? f->in[0] : t_unsqueeze(f->ctx, f->in[0], 0);
}

static T as_given(nn_frame *f, T y) {
  if (y == NULL || f->in[0]->ndim == 4) return y;
  return nn_do(f->ctx, &nn_op_squeeze_dim, v_t(y), v_i(0));
}

static bool max_pool2d_compose(nn_frame *f) {
  T x = four_dims(f);
  if (x == NULL) return false;
  const int64_t *kernel = f->arg[1].ints, *stride = nn_given(f, 2) && f->arg[2].n ? f->arg[2].ints : kernel;
  int64_t size[2];
  if (!pool_sizes(f, x, kernel, stride, f->arg[3].ints, f->arg[4].ints, f->arg[5].b, size)) return false;
  nn_value args[] = {v_t(x), f->arg[1], v_ints(2, stride), f->arg[3], f->arg[4], v_ints(2, size)};
  if (!f->arg[6].b) {
    f->n_out = 1;
    return (f->out[0] = as_given(f, nn_call(f->ctx, &nn_op_max_pool, 6, args))) != NULL;
  }
  nn_frame inner = *f;
  inner.in = &x;
  inner.arg = args;
  T index;
  if (!find_places(&inner, &index)) return false;
  f->n_out = 2;
  f->out[0] = as_given(f, pick(f->ctx, x, index));
  f->out[1] = as_given(f, index);
  return f->out[0] != NULL && f->out[1] != NULL;
}

const nn_op nn_op_max_pool2d = {
    .name = "max_pool2d",
    .doc = "The largest value of each window: input [N, C, H, W] or [C, H, W]. stride is kernel_size unless given. With\n"
           "return_indices also the positions, from 1 within each H x W plane.",
    .example = "F.max_pool2d(tensor.arange(16):view(1, 4, 4):float(), 2)\n--> {{{5, 7}, {13, 15}}}",
    .params = {{"input", P_TENSOR},
               {"kernel_size", P_INTS, .count = 2},
               {"stride", P_INTS, "nil", .count = 2},
               {"padding", P_INTS, "0", .count = 2},
               {"dilation", P_INTS, "1", .count = 2},
               {"ceil_mode", P_BOOL, "false"},
               {"return_indices", P_BOOL, "false"}},
    .flags = NN_F | NN_TAKES_LATER, .n_out = 2, .compose = max_pool2d_compose,
    .samples = NN_SAMPLES("D(2,2,4,6), 2", "D(1,2,5,5), 3, 2, 1", "D(2,5,5), {2, 3}, {stride = 1, ceil_mode = true}",
                          "D(1,1,7,7), 2, {dilation = 2, stride = 2}"),
    .invalid = "R(2,2,3,3), 4", .complaint = "does not fit"};

static bool avg_pool2d_compose(nn_frame *f) {
  T x = four_dims(f);
  if (x == NULL) return false;
  const int64_t *kernel = f->arg[1].ints, *stride = nn_given(f, 2) && f->arg[2].n ? f->arg[2].ints : kernel;
  int64_t size[2], one[2] = {1, 1}, divisor = nn_given(f, 6) ? f->arg[6].i : 0;
  if (nn_given(f, 6) && divisor == 0) return nn_bad(f, "divisor_override must not be 0");
  if (!pool_sizes(f, x, kernel, stride, f->arg[3].ints, one, f->arg[4].b, size)) return false;
  T y = nn_do(f->ctx, &nn_op_avg_pool, v_t(x), f->arg[1], v_ints(2, stride), f->arg[3], f->arg[5], v_i(divisor),
              v_ints(2, size));
  return (f->out[0] = as_given(f, y)) != NULL;
}

const nn_op nn_op_avg_pool2d = {
    .name = "avg_pool2d",
    .doc = "The mean of each window: input [N, C, H, W] or [C, H, W]. stride is kernel_size unless given.",
    .example = "F.avg_pool2d(tensor.arange(16):view(1, 4, 4):float(), 2)\n--> {{{2.5, 4.5}, {10.5, 12.5}}}",
    .params = {{"input", P_TENSOR},
               {"kernel_size", P_INTS, .count = 2},
               {"stride", P_INTS, "nil", .count = 2},
               {"padding", P_INTS, "0", .count = 2},
               {"ceil_mode", P_BOOL, "false"},
               {"count_include_pad", P_BOOL, "true"},
               {"divisor_override", P_INT, "nil"}},
    .flags = NN_F, .compose = avg_pool2d_compose,
    .samples = NN_SAMPLES("R(2,2,4,6), 2", "R(1,2,5,5), 3, 2, 1", "R(2,5,5), {2, 3}, {stride = 1, ceil_mode = true}",
                          "R(1,2,5,5), 3, {padding = 1, count_include_pad = false, divisor_override = 4}"),
    .invalid = "R(2,2,3,3), 4", .complaint = "does not fit"};

static bool adaptive_avg_pool2d_compose(nn_frame *f) {
  T x = four_dims(f);
  if (x == NULL) return false;
  int64_t size[2];
  for (int i = 0; i < 2; i++) {
    size[i] = f->arg[1].ints[i] == -1 ? x->shape[2 + i] : f->arg[1].ints[i];
    if (size[i] < 1 || x->shape[2 + i] < 1) return nn_bad(f, "output and input sizes must be at least 1");
  }
  return (f->out[0] = as_given(f, nn_do(f->ctx, &nn_op_adaptive_avg_pool, v_t(x), v_ints(2, size)))) != NULL;
}

const nn_op nn_op_adaptive_avg_pool2d = {
    .name = "adaptive_avg_pool2d",
    .doc = "The means of windows chosen so that the result has output_size: input [N, C, H, W] or [C, H, W]. -1 keeps a size.",
    .example = "F.adaptive_avg_pool2d(tensor.ones(1, 2, 5, 5), 1).shape\n--> {1, 2, 1, 1}",
    .params = {{"input", P_TENSOR}, {"output_size", P_INTS, .count = 2}}, .flags = NN_F, .compose = adaptive_avg_pool2d_compose,
    .samples = NN_SAMPLES("R(2,2,5,7), 1", "R(2,5,7), {2, 3}", "R(1,1,4,4), {-1, 6}"), .invalid = "R(2,2,3,3), 0",
    .complaint = "at least 1"};
