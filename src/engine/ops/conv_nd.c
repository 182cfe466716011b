/* conv_nd.c - convolution in one and three dimensions and transposed convolution, by the rows of conv.c, which know two
 * dimensions. A third one, depth, becomes channels: what a kernel sees of it is laid out beside each other. */
#include <string.h>

#include "interrupt.h"
#include "parallel.h"

#include "expr.h"

/* ---- windows of depth ------------------------------------------------------------------------------- */

/* input [N, C, D, H, W] to [N * Do, C * kernel, H, W]: plane (n * Do + o, c * kernel + t) is the input's plane
 * o * stride + t * dilation - padding, or zeros where there is none. sizes: N, D, Do. */
#define DEPTH {"kernel", P_INT}, {"stride", P_INT}, {"padding", P_INT}, {"dilation", P_INT}, {"sizes", P_INTS}

typedef struct windows {
  int64_t kernel, stride, pad, dil, n, d, out, c;
  size_t plane, elem; /* bytes of a plane; of an element */
  const char *from;
  char *to;
} windows;

static windows windows_of(nn_frame *f, const nn_tensor *x, int64_t channels) {
  const nn_value *a = f->arg + 1;
  const int64_t *sizes = a[4].ints;
  int n = x->ndim;
  return (windows){a[0].i, a[1].i, a[2].i, a[3].i, sizes[0], sizes[1], sizes[2], channels,
                   (size_t)(x->shape[n - 2] * x->shape[n - 1]) * nn_esize(x), nn_esize(x), x->data, f->out[0]->data};
}

/* The plane of the input that window o sees at t, -1 for none. */
static int64_t plane_at(const windows *w, int64_t o, int64_t t) {
  int64_t d = o * w->stride + t * w->dil - w->pad;
  return d < 0 || d >= w->d ? -1 : d;
}

static void spread_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const windows *w = arg;
  for (int64_t i = begin; i < end && !nn_interrupted(); i++) { /* i: image, place, channel */
    int64_t c = i % w->c, o = i / w->c % w->out, n = i / w->c / w->out;
    for (int64_t t = 0; t < w->kernel; t++) {
      char *to = w->to + (size_t)(i * w->kernel + t) * w->plane;
      int64_t d = plane_at(w, o, t);
      if (d < 0)
        memset(to, 0, w->plane);
      else
        memcpy(to, w->from + (size_t)((n * w->c + c) * w->d + d) * w->plane, w->plane);
    }
  }
}

static void add_plane(const windows *w, char *to, const char *from) {
  size_t n = w->plane / w->elem;
  if (w->elem == sizeof(float)) {
    float *y = (float *)(void *)to;
    const float *x = (const float *)(const void *)from;
    for (size_t i = 0; i < n; i++) y[i] += x[i];
  } else {
    double *y = (double *)(void *)to;
    const double *x = (const double *)(const void *)from;
    for (size_t i = 0; i < n; i++) y[i] += x[i];
  }
}

static void gather_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const windows *w = arg;
  for (int64_t i = begin; i < end && !nn_interrupted(); i++) { /* i: image, channel */
    int64_t n = i / w->c, c = i % w->c;
    char *to = w->to + (size_t)(i * w->d) * w->plane;
    memset(to, 0, (size_t)w->d * w->plane);
    for (int64_t o = 0; o < w->out; o++)
      for (int64_t t = 0; t < w->kernel; t++) {
        int64_t d = plane_at(w, o, t), at = ((n * w->out + o) * w->c + c) * w->kernel + t;
        if (d >= 0) add_plane(w, to + (size_t)d * w->plane, w->from + (size_t)at * w->plane);
      }
  }
}

static bool spread_infer(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  const int64_t *sizes = f->arg[5].ints;
  int64_t shape[4] = {sizes[0] * sizes[2], x->shape[1] * f->arg[1].i, x->shape[3], x->shape[4]};
  nn_spec_set(f, 0, (nn_dtype)x->dtype, 4, shape);
  return true;
}

static bool spread_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  windows w = windows_of(f, x, x->shape[1]);
  if (f->out[0]->numel > 0)
    nn_parallel(w.n * w.out * w.c, 1 + (int64_t)(65536 / (1 + w.plane * (size_t)w.kernel)), spread_range, &w);
  return !nn_interrupted();
}

static bool gather_infer(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  const int64_t *sizes = f->arg[5].ints;
  int64_t shape[5] = {sizes[0], x->shape[1] / f->arg[1].i, sizes[1], x->shape[2], x->shape[3]};
  nn_spec_set(f, 0, (nn_dtype)x->dtype, 5, shape);
  return true;
}

static bool gather_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  windows w = windows_of(f, x, x->shape[1] / f->arg[1].i);
  if (f->out[0]->numel > 0) nn_parallel(w.n * w.c, 1 + (int64_t)(65536 / (1 + w.plane * (size_t)w.d)), gather_range, &w);
  return !nn_interrupted();
}

static bool windows_vjp(nn_vjp *v) {
  const nn_op *other = v->node->op == &nn_op_depth_windows ? &nn_op_depth_windows_backward : &nn_op_depth_windows;
  const nn_value *a = v->arg + 1;
  return (v->d[0] = nn_do(v->ctx, other, v_t(v->g[0]), a[0], a[1], a[2], a[3], a[4])) != NULL;
}

const nn_op nn_op_depth_windows = {
    .name = "depth_windows", .doc = "The planes that each step of a kernel sees, as channels.",
    .params = {{"input", P_TENSOR}, DEPTH}, .flags = NN_PRIVATE, .infer = spread_infer, .kernel = spread_kernel,
    .vjp = windows_vjp};
const nn_op nn_op_depth_windows_backward = {
    .name = "depth_windows_backward", .doc = "The sums of the planes that came from each plane.",
    .params = {{"input", P_TENSOR}, DEPTH}, .flags = NN_PRIVATE, .infer = gather_infer, .kernel = gather_kernel,
    .vjp = windows_vjp};

static T spread(C c, T x, int64_t kernel, int64_t stride, int64_t pad, int64_t dil, int64_t out) {
  if (x == NULL) return NULL;
  int64_t sizes[3] = {x->shape[0], x->shape[2], out};
  return nn_do(c, &nn_op_depth_windows, v_t(x), v_i(kernel), v_i(stride), v_i(pad), v_i(dil), v_ints(3, sizes));
}

static T gathered(C c, T x, const int64_t sizes[3], int64_t kernel, int64_t stride, int64_t pad, int64_t dil) {
  if (x == NULL) return NULL;
  return nn_do(c, &nn_op_depth_windows_backward, v_t(x), v_i(kernel), v_i(stride), v_i(pad), v_i(dil), v_ints(3, sizes));
}

/* ---- arguments -------------------------------------------------------------------------------------- */

/* The last n of three entries are those of the dimensions that there are, the others stand still. */
typedef struct geometry {
  int n;
  T x, w, b;
  bool single, transposed;
  int64_t groups, stride[3], pad[3], dil[3], extra[3], in[3], kernel[3], out[3];
} geometry;

static const char *const layouts[] = {"", "L", "H, W", "D, H, W"};

/* The argument's n numbers at the end of to; the others are `still`. */
static bool read_sizes(nn_frame *f, int p, int n, int64_t least, int64_t still, int64_t to[3]) {
  for (int i = 0; i < 3; i++) to[i] = i < 3 - n ? still : f->arg[p].ints[i - 3 + n];
  for (int i = 0; i < 3; i++)
    if (to[i] < least)
      return nn_bad(f, "%s must be at least %lld, got %lld", f->op->params[p].name, (long long)least, (long long)to[i]);
  return true;
}

static bool check_operands(nn_frame *f, geometry *g) {
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  int n = g->n;
  const int64_t *w = g->w->shape, expected = g->transposed ? w[0] : w[1] * g->groups;
  const int64_t out = g->transposed ? w[1] * g->groups : w[0];
  if (!nn_expect_float(f, 0) || !nn_expect_same_dtype(f, 0, 1) || (g->b && !nn_expect_same_dtype(f, 0, 2))) return false;
  if (g->groups < 1) return nn_bad(f, "groups must be at least 1, got %lld", (long long)g->groups);
  bool fits = (f->in[0]->ndim == n + 1 || f->in[0]->ndim == n + 2) && f->in[0]->shape[f->in[0]->ndim - n - 1] == expected;
  if (!fits)
    return nn_bad(f, "expected input[N, %lld, %s] for weight %s%s, got %s", (long long)expected, layouts[n],
                  nn_tensor_shape_text(g->w, s), g->groups > 1 ? " and these groups" : "", nn_tensor_shape_text(f->in[0], t));
  if (w[0] % g->groups != 0)
    return nn_bad(f, "the %s channels (%lld) must be divisible by groups (%lld)", g->transposed ? "input" : "output",
                  (long long)w[0], (long long)g->groups);
  if (g->b != NULL && (g->b->ndim != 1 || g->b->shape[0] != out))
    return nn_bad(f, "expected bias of shape [%lld], got %s", (long long)out, nn_tensor_shape_text(g->b, s));
  for (int i = 3 - n; i < 3; i++)
    if (g->kernel[i] < 1) return nn_bad(f, "weight %s has a kernel without elements", nn_tensor_shape_text(g->w, s));
  return true;
}

/* Reads input, weight and bias; x gets its dimension of images. */
static bool read_operands(nn_frame *f, geometry *g, int groups) {
  g->x = f->in[0], g->w = f->in[1], g->b = f->in[2], g->groups = f->arg[groups].i;
  if (!nn_expect_ndim(f, 1, g->n + 2, g->n + 2)) return false;
  for (int i = 0; i < 3; i++) g->kernel[i] = i < 3 - g->n ? 1 : g->w->shape[2 + i - 3 + g->n];
  if (!check_operands(f, g)) return false;
  g->single = g->x->ndim == g->n + 1;
  if (g->single) g->x = t_unsqueeze(f->ctx, g->x, 0);
  if (g->x == NULL) return false;
  for (int i = 0; i < 3; i++) g->in[i] = i < 3 - g->n ? 1 : g->x->shape[2 + i - 3 + g->n];
  return true;
}

/* input [N, C, D, H, W] for any n, as far as the rows need it: of [N, C, L] the view [N, C, 1, 1, L]. */
static T five(C c, const geometry *g) {
  if (g->x->ndim == 5) return g->x;
  int64_t shape[5] = {g->x->shape[0], g->x->shape[1], g->in[0], g->in[1], g->in[2]};
  return t_reshape(c, g->x, 5, shape);
}

/* Planes [N, C, H, W]: each plane of depth is an image of its own. */
static T planes(C c, const geometry *g) {
  T x = five(c, g);
  if (g->n == 3) return spread(c, x, 1, 1, 0, 1, g->in[0]);
  int64_t shape[4] = {g->x->shape[0], g->x->shape[1], g->in[1], g->in[2]};
  return t_reshape(c, x, 4, shape);
}

/* The weight as that of two dimensions: depth belongs to the channels. */
static T flat_weight(C c, const geometry *g) {
  int64_t shape[4] = {g->w->shape[0], g->w->shape[1] * g->kernel[0], g->kernel[1], g->kernel[2]};
  return t_reshape(c, g->w, 4, shape);
}

/* y as the user expects it: without the dimensions that were added. */
static T finished(nn_frame *f, const geometry *g, T y, int64_t channels) {
  int64_t shape[5] = {g->x->shape[0], channels};
  for (int i = 0; i < g->n; i++) shape[2 + i] = g->out[3 - g->n + i];
  return g->single ? t_reshape(f->ctx, y, g->n + 1, shape + 1) : t_reshape(f->ctx, y, g->n + 2, shape);
}

/* ---- convolution ------------------------------------------------------------------------------------ */

static bool conv_sizes(nn_frame *f, geometry *g) {
  const nn_value *padding = &f->arg[4];
  bool named = padding->tag == NN_V_STRING, same = named && padding->s[0] == 's';
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  memset(g->pad, 0, sizeof g->pad);
  if (!named && !read_sizes(f, 4, g->n, 0, 0, g->pad)) return false;
  for (int i = 0; i < 3; i++) {
    int64_t span = g->dil[i] * (g->kernel[i] - 1);
    if (same && g->stride[i] != 1)
      return nn_bad(f, "padding = \"same\" needs a stride of 1, got %lld", (long long)g->stride[i]);
    if (same) g->pad[i] = span / 2;
    int64_t room = g->in[i] + 2 * g->pad[i] - span - 1;
    g->out[i] = same ? g->in[i] : room < 0 ? 0 : room / g->stride[i] + 1;
    if (!same && room < 0)
      return nn_bad(f, "a kernel of %lld (weight %s, dilation %lld) does not fit into an input of shape %s with padding %lld",
                    (long long)g->kernel[i], nn_tensor_shape_text(g->w, s), (long long)g->dil[i],
                    nn_tensor_shape_text(f->in[0], t), (long long)g->pad[i]);
  }
  return true;
}

static bool conv_compose(nn_frame *f) {
  C c = f->ctx;
  geometry g = {.n = *(const int *)f->op->data};
  if (!read_operands(f, &g, 6) || !read_sizes(f, 3, g.n, 1, 1, g.stride) || !read_sizes(f, 5, g.n, 1, 1, g.dil) || !conv_sizes(f, &g))
    return false;
  T x = five(c, &g);
  if (g.n == 3) {
    x = spread(c, x, g.kernel[0], g.stride[0], g.pad[0], g.dil[0], g.out[0]);
  } else {
    int64_t shape[4] = {g.x->shape[0], g.x->shape[1], g.in[1], g.in[2]};
    x = t_reshape(c, x, 4, shape);
  }
  T w = flat_weight(c, &g);
  if (x == NULL || w == NULL) return false;
  T y = nn_do(c, &nn_op_convolution, v_t(x), v_t(w), v_opt(g.b), v_ints(2, g.stride + 1), v_ints(2, g.pad + 1),
              v_ints(2, g.dil + 1), v_i(g.groups), v_ints(2, g.out + 1));
  if (y != NULL && g.n == 3) { /* [N * Do, K, Ho, Wo] */
    int64_t sizes[3] = {g.x->shape[0], g.out[0], g.out[0]};
    y = gathered(c, y, sizes, 1, 1, 0, 1);
  }
  return (f->out[0] = finished(f, &g, y, g.w->shape[0])) != NULL;
}

static const int ONE = 1, TWO = 2, THREE = 3;

#define CONV(id, N, size_text, formula, example_text, ...) \
  const nn_op nn_op_##id = { \
      .name = #id, \
      .doc = size_text, .example = example_text, \
      .params = {{"input", P_TENSOR}, \
                 {"weight", P_TENSOR}, \
                 {"bias", P_TENSOR, "nil"}, \
                 {"stride", P_INTS, "1", .count = N}, \
                 {"padding", P_INTS, "0", .choices = "same|valid", .count = N}, \
                 {"dilation", P_INTS, "1", .count = N}, \
                 {"groups", P_INT, "1"}}, \
      .flags = NN_F | NN_TENSOR, .compose = conv_compose, .data = formula, __VA_ARGS__}

CONV(conv1d, 1,
     "Convolution (cross-correlation) of sequences: input [N, C, L] or [C, L], weight [K, C / groups, k], bias [K] to\n"
     "[N, K, L'] with L' = floor((L + 2 * padding - dilation * (k - 1) - 1) / stride) + 1. padding = \"same\" keeps the\n"
     "length (stride 1), \"valid\" is none. groups splits the channels into independent convolutions.",
     &ONE, "F.conv1d(tensor{{{1, 2, 3, 4}}}, tensor{{{1, 1}}})\n--> {{{3, 5, 7}}}",
     .samples = NN_SAMPLES("R(2,3,6), R(4,3,3), R(4), {padding = 1}", "R(3,7), R(2,3,3), {stride = 2, dilation = 2}",
                           "R(1,4,5), R(4,2,2), R(4), {groups = 2, padding = 'same'}"),
     .invalid = "R(2,3,5), R(4,2,3)", .complaint = "expected input[N, 2, L]");
CONV(conv3d, 3,
     "Convolution (cross-correlation) of volumes: input [N, C, D, H, W] or [C, D, H, W], weight [K, C / groups, kD, kH, kW],\n"
     "bias [K] to [N, K, D', H', W'] with D' = floor((D + 2 * padding - dilation * (kD - 1) - 1) / stride) + 1. padding =\n"
     "\"same\" keeps the size (stride 1), \"valid\" is none. groups splits the channels into independent convolutions.",
     &THREE, "F.conv3d(tensor.ones(1, 1, 3, 3, 3), tensor.ones(1, 1, 2, 2, 2)).shape\n--> {1, 1, 2, 2, 2}",
     .samples = NN_SAMPLES("R(1,2,3,4,3), R(2,2,2,3,2), R(2), {padding = 1}",
                           "R(2,2,4,4,3), R(2,1,3,2,2), {groups = 2, stride = {1, 2, 1}, dilation = {1, 2, 1}}",
                           "R(2,3,3,3), R(1,2,2,3,1), R(1), {padding = 'same'}"),
     .invalid = "R(2,3,5,5,5), R(4,2,3,3,3)", .complaint = "expected input[N, 2, D, H, W]");

/* ---- transposed ------------------------------------------------------------------------------------- */

static bool transposed_sizes(nn_frame *f, geometry *g) {
  char s[NN_SHAPE_TEXT];
  for (int i = 0; i < 3; i++) {
    if (i >= 3 - g->n && g->extra[i] >= g->stride[i] && g->extra[i] >= g->dil[i])
      return nn_bad(f, "output_padding must be smaller than stride or dilation, got %lld with stride %lld and dilation %lld",
                    (long long)g->extra[i], (long long)g->stride[i], (long long)g->dil[i]);
    g->out[i] = (g->in[i] - 1) * g->stride[i] - 2 * g->pad[i] + g->dil[i] * (g->kernel[i] - 1) + g->extra[i] + 1;
    if (g->out[i] < 0 || (g->out[i] < 1 && g->in[i] > 0))
      return nn_bad(f, "padding %lld leaves nothing of the output for input %s", (long long)g->pad[i],
                    nn_tensor_shape_text(f->in[0], s));
  }
  return true;
}

/* The gradient of the convolution that maps the result to the input. */
static bool transposed_compose(nn_frame *f) {
  C c = f->ctx;
  geometry g = {.n = *(const int *)f->op->data, .transposed = true};
  if (!read_operands(f, &g, 6) || !read_sizes(f, 3, g.n, 1, 1, g.stride) || !read_sizes(f, 4, g.n, 0, 0, g.pad) ||
      !read_sizes(f, 5, g.n, 0, 0, g.extra) || !read_sizes(f, 7, g.n, 1, 1, g.dil) || !transposed_sizes(f, &g))
    return false;
  T x = planes(c, &g), w = flat_weight(c, &g);
  if (x == NULL || w == NULL) return false;
  T y = nn_do(c, &nn_op_convolution_input, v_t(x), v_t(w), v_ints(2, g.stride + 1), v_ints(2, g.pad + 1),
              v_ints(2, g.dil + 1), v_i(g.groups), v_ints(2, g.out + 1));
  int64_t channels = g.w->shape[1] * g.groups;
  if (y != NULL && g.n == 3) { /* [N * D, K * kD, Ho, Wo] */
    int64_t sizes[3] = {g.x->shape[0], g.out[0], g.in[0]};
    y = gathered(c, y, sizes, g.kernel[0], g.stride[0], g.pad[0], g.dil[0]);
  }
  if (y != NULL && g.b != NULL) {
    int64_t column[4] = {channels, 1, 1, 1};
    y = t_add(c, y, t_reshape(c, g.b, g.n == 3 ? 4 : 3, column));
  }
  return (f->out[0] = finished(f, &g, y, channels)) != NULL;
}

#define TRANSPOSED(id, N, text, data_of, example_text, ...) \
  const nn_op nn_op_##id = { \
      .name = #id, .doc = text, .example = example_text, \
      .params = {{"input", P_TENSOR}, \
                 {"weight", P_TENSOR}, \
                 {"bias", P_TENSOR, "nil"}, \
                 {"stride", P_INTS, "1", .count = N}, \
                 {"padding", P_INTS, "0", .count = N}, \
                 {"output_padding", P_INTS, "0", .count = N}, \
                 {"groups", P_INT, "1"}, \
                 {"dilation", P_INTS, "1", .count = N}}, \
      .flags = NN_F | NN_TENSOR, .compose = transposed_compose, .data = data_of, __VA_ARGS__}

TRANSPOSED(conv_transpose1d, 1,
           "Transposed convolution of sequences, the gradient of conv1d for its input: input [N, C, L] or [C, L], weight\n"
           "[C, K / groups, k], bias [K] to [N, K, L'] with L' = (L - 1) * stride - 2 * padding + dilation * (k - 1) +\n"
           "output_padding + 1.",
           &ONE, "F.conv_transpose1d(tensor{{{1, 2}}}, tensor{{{1, 1}}}, {stride = 2})\n--> {{{1, 1, 2, 2}}}",
           .samples = NN_SAMPLES("R(2,3,4), R(3,2,3), R(2), {stride = 2, padding = 1, output_padding = 1}",
                                 "R(4,3), R(4,1,2), {groups = 2, dilation = 2}"),
           .invalid = "R(2,3,5), R(4,2,3)", .complaint = "expected input[N, 4, L]");
TRANSPOSED(conv_transpose2d, 2,
           "Transposed convolution of images, the gradient of conv2d for its input: input [N, C, H, W] or [C, H, W], weight\n"
           "[C, K / groups, kH, kW], bias [K] to [N, K, H', W'] with H' = (H - 1) * stride - 2 * padding + dilation * (kH - 1)\n"
           "+ output_padding + 1.",
           &TWO, "F.conv_transpose2d(tensor.ones(1, 1, 2, 2), tensor.ones(1, 1, 2, 2), {stride = 2}).shape\n--> {1, 1, 4, 4}",
           .samples = NN_SAMPLES("R(2,3,3,2), R(3,2,3,3), R(2), {stride = 2, padding = 1, output_padding = 1}",
                                 "R(4,3,3), R(4,1,2,2), {groups = 2, dilation = {2, 1}, stride = {1, 2}}"),
           .invalid = "R(2,3,5,5), R(3,2,3,3), {output_padding = 1}", .complaint = "output_padding must be smaller");
TRANSPOSED(conv_transpose3d, 3,
           "Transposed convolution of volumes, the gradient of conv3d for its input: input [N, C, D, H, W] or [C, D, H, W],\n"
           "weight [C, K / groups, kD, kH, kW], bias [K] to [N, K, D', H', W'] with D' = (D - 1) * stride - 2 * padding +\n"
           "dilation * (kD - 1) + output_padding + 1.",
           &THREE,
           "F.conv_transpose3d(tensor.ones(1, 1, 2, 2, 2), tensor.ones(1, 1, 2, 2, 2), {stride = 2}).shape\n"
           "--> {1, 1, 4, 4, 4}",
           .samples = NN_SAMPLES("R(1,2,2,3,2), R(2,2,3,2,2), R(2), {stride = {2, 1, 2}, padding = {1, 0, 0}}",
                                 "R(4,2,2,3), R(4,1,2,2,2), {groups = 2, dilation = {2, 1, 1}, output_padding = {1, 0, 0}}"),
           .invalid = "R(2,3,5,5,5), R(3,2,3,3,3), R(3)", .complaint = "expected bias of shape [2]");
