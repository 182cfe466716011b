/* pool_nd.c - pooling in one and three dimensions by the rows of pool.c, which know two: means and maxima of boxes go
 * one dimension after the other. Adaptive maxima have windows of their own. */
#include "interrupt.h"
#include "kernels/pool.h"
#include "parallel.h"

#include "expr.h"

/* ---- maxima of windows given one by one ------------------------------------------------------------- */

/* input [N, C, D, H, W]; starts, stops int64 [R, Do + Ho + Wo], from 0, the stop left out, R = 1 or N * C: the windows along
 * each dimension. Values and their places (from 1 in each D x H x W box); of several equal ones the first counts. */
typedef struct window_job {
  const nn_tensor *x, *y;
  const int64_t *start, *stop;
  int64_t rows, *place;
} window_job;

#define BOX_LOOP(type, suffix) \
  static void box_##suffix(const window_job *j, int64_t p) { \
    const int64_t *in = j->x->shape + 2, *out = j->y->shape + 2, each = out[0] + out[1] + out[2]; \
    const int64_t *from = j->start + (j->rows > 1 ? p * each : 0), *to = j->stop + (j->rows > 1 ? p * each : 0); \
    const type *x = (const type *)(const void *)j->x->data + p * in[0] * in[1] * in[2]; \
    int64_t at = p * out[0] * out[1] * out[2]; \
    type *y = (type *)(void *)j->y->data; \
    for (int64_t a = 0; a < out[0]; a++) \
      for (int64_t b = 0; b < out[1]; b++) \
        for (int64_t c = 0; c < out[2]; c++, at++) { \
          const int64_t e = out[0] + b, g = out[0] + out[1] + c; \
          int64_t best = (from[a] * in[1] + from[e]) * in[2] + from[g]; \
          for (int64_t d = from[a]; d < to[a]; d++) \
            for (int64_t h = from[e]; h < to[e] && !nn_interrupted(); h++) \
              for (int64_t w = from[g]; w < to[g] && !nn_interrupted_at(w); w++) { \
                int64_t i = (d * in[1] + h) * in[2] + w; \
                if (x[i] > x[best] || x[i] != x[i]) best = i; \
              } \
          y[at] = x[best]; \
          j->place[at] = best + 1; \
        } \
  }
BOX_LOOP(float, f32)
BOX_LOOP(double, f64)

static void boxes_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const window_job *j = arg;
  for (int64_t p = begin; p < end && !nn_interrupted(); p++) NN_BY_FLOAT(j->x->dtype, box_f32(j, p), box_f64(j, p));
}

static bool windows_infer(nn_frame *f) {
  const int64_t *x = f->in[0]->shape, *size = f->arg[3].ints;
  int64_t shape[5] = {x[0], x[1], size[0], size[1], size[2]};
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, 5, shape);
  nn_spec_set(f, 1, NN_INT64, 5, shape);
  return true;
}

static bool windows_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0), *start = nn_dense(f, 1), *stop = nn_dense(f, 2);
  if (x == NULL || start == NULL || stop == NULL) return false;
  window_job j = {x, f->out[0], (const int64_t *)(const void *)start->data, (const int64_t *)(const void *)stop->data,
                  start->shape[0], (int64_t *)(void *)f->out[1]->data};
  int64_t planes = x->shape[0] * x->shape[1];
  if (x->numel > 0) nn_parallel(planes, 1 + 4096 / (x->numel / planes), boxes_range, &j);
  return !nn_interrupted();
}

const nn_op nn_op_window_max = {
    .name = "window_max", .doc = "Maxima of windows that are given one by one, and their places.",
    .params = {{"input", P_TENSOR}, {"starts", P_TENSOR}, {"stops", P_TENSOR}, {"size", P_INTS, .count = 3}},
    .flags = NN_PRIVATE | NN_NO_GRAD, .n_out = 2, .infer = windows_infer, .kernel = windows_kernel};

/* ---- shapes ----------------------------------------------------------------------------------------- */

/* The arguments of a pool over the last n dimensions, always three of each; sizes that are not there are 1. */
typedef struct pool {
  int n;
  bool single;
  T x; /* [N, C, D, H, W] */
  int64_t kernel[3], stride[3], pad[3], dil[3], out[3];
} pool;

static const char *const layouts[] = {"", "L", "H, W", "D, H, W"};

static bool read_input(nn_frame *f, pool *p) {
  const nn_tensor *x = f->in[0];
  char s[NN_SHAPE_TEXT];
  p->n = *(const int *)f->op->data;
  if (x->ndim != p->n + 1 && x->ndim != p->n + 2)
    return nn_bad(f, "expected input[N, C, %s] or [C, %s], got %s", layouts[p->n], layouts[p->n], nn_tensor_shape_text(x, s));
  if (!nn_expect_float(f, 0)) return false;
  p->single = x->ndim == p->n + 1;
  int64_t shape[5] = {p->single ? 1 : x->shape[0], x->shape[x->ndim - p->n - 1], 1, 1, 1};
  for (int i = 0; i < p->n; i++) shape[5 - p->n + i] = x->shape[x->ndim - p->n + i];
  return (p->x = t_reshape(f->ctx, f->in[0], 5, shape)) != NULL;
}

static T as_asked(nn_frame *f, const pool *p, T y) {
  int64_t shape[5] = {p->x->shape[0], p->x->shape[1]};
  for (int i = 0; i < p->n; i++) shape[2 + i] = p->out[3 - p->n + i];
  return t_reshape(f->ctx, y, p->n + 2 - p->single, shape + p->single);
}

static void spread_sizes(const nn_value *v, int n, int64_t still, int64_t to[3]) {
  for (int i = 0; i < 3; i++) to[i] = i < 3 - n ? still : v->ints[i - 3 + n];
}

static bool read_window(nn_frame *f, pool *p, int pad, int dil, bool ceil_mode) {
  char s[NN_SHAPE_TEXT];
  spread_sizes(&f->arg[1], p->n, 1, p->kernel);
  spread_sizes(nn_given(f, 2) && f->arg[2].n ? &f->arg[2] : &f->arg[1], p->n, 1, p->stride);
  spread_sizes(&f->arg[pad], p->n, 0, p->pad);
  for (int i = 0; i < 3; i++) p->dil[i] = dil && i >= 3 - p->n ? f->arg[dil].ints[i - 3 + p->n] : 1;
  for (int i = 0; i < 3; i++) {
    long long kernel = (long long)p->kernel[i], dilation = (long long)p->dil[i];
    if (kernel < 1 || p->stride[i] < 1 || dilation < 1)
      return nn_bad(f, "kernel_size, stride and dilation must be at least 1, got %lld, %lld and %lld", kernel,
                    (long long)p->stride[i], dilation);
    if (p->pad[i] < 0 || p->pad[i] > (dilation * (kernel - 1) + 1) / 2)
      return nn_bad(f, "padding must be between 0 and half of the kernel's size (%lld), got %lld", kernel, (long long)p->pad[i]);
    p->out[i] = nn_pool_out_size(p->x->shape[2 + i], p->kernel[i], p->stride[i], p->pad[i], p->dil[i], ceil_mode);
    if (p->out[i] < 1)
      return nn_bad(f, "a window of %lld (dilation %lld) does not fit into an input of shape %s", kernel, dilation,
                    nn_tensor_shape_text(f->in[0], s));
  }
  return true;
}

/* Values are picked by their places (from 1 in each D x H x W box): a gather, which has gradients of any order. */
static T pick(C c, T x, T index) {
  if (x == NULL || index == NULL) return NULL;
  int64_t from[3] = {x->shape[0], x->shape[1], x->shape[2] * x->shape[3] * x->shape[4]};
  int64_t few[3] = {x->shape[0], x->shape[1], index->shape[2] * index->shape[3] * index->shape[4]};
  T all = t_reshape(c, x, 3, from), at = t_reshape(c, index, 3, few);
  return all && at ? nn_do(c, &nn_op_gather, v_t(all), v_i(2), v_t(at)) : NULL;
}

/* The two steps of a pool of boxes: over H and W of [N * C, D, H, W], then over D of [N * C, 1, D, H' * W']. */
static T as_planes(C c, const pool *p, T x) {
  int64_t shape[4] = {x->shape[0] * x->shape[1], p->x->shape[2], x->shape[3], x->shape[4]};
  return t_reshape(c, x, 4, shape);
}
static T as_depths(C c, const pool *p, T y) {
  int64_t shape[4] = {p->x->shape[0] * p->x->shape[1], 1, p->x->shape[2], p->out[1] * p->out[2]};
  return t_reshape(c, y, 4, shape);
}

/* Both steps of a row of pool.c whose arguments are kernel, stride, padding, ..., output size. */
typedef T step_fn(const void *arg, C c, T x, const int64_t k[2], const int64_t s[2], const int64_t p[2], const int64_t d[2],
                  const int64_t out[2], bool last);

static T two_steps(C c, const pool *p, step_fn *step, const void *arg) {
  int64_t hw = p->out[1] * p->out[2], kd[2] = {p->kernel[0], 1}, sd[2] = {p->stride[0], 1}, pd[2] = {p->pad[0], 0};
  int64_t dd[2] = {p->dil[0], 1}, out[2] = {p->out[0], hw};
  T y = step(arg, c, as_planes(c, p, p->x), p->kernel + 1, p->stride + 1, p->pad + 1, p->dil + 1, p->out + 1, p->n < 3);
  return p->n < 3 || y == NULL ? y : step(arg, c, as_depths(c, p, y), kd, sd, pd, dd, out, true);
}

static const int ONE = 1, TWO = 2, THREE = 3;

/* ---- maximum ---------------------------------------------------------------------------------------- */

static T max_step(const void *arg, C c, T x, const int64_t k[2], const int64_t s[2], const int64_t p[2], const int64_t d[2],
                  const int64_t out[2], bool last) {
  (void)arg, (void)last;
  if (x == NULL) return NULL;
  return nn_do(c, &nn_op_max_pool, v_t(x), v_ints(2, k), v_ints(2, s), v_ints(2, p), v_ints(2, d), v_ints(2, out));
}

static bool places(C c, T x, const int64_t *k, const int64_t *s, const int64_t *p, const int64_t *d, const int64_t *out, T *y,
                   T *index) {
  nn_results r;
  if (x == NULL) return false;
  nn_value args[] = {v_t(x), v_ints(2, k), v_ints(2, s), v_ints(2, p), v_ints(2, d), v_ints(2, out)};
  if (!nn_apply(c, &nn_op_max_pool_indices, args, 6, &r)) return false;
  *y = nn_keep(c, r.t[0]);
  *index = nn_keep(c, r.t[1]);
  return *y != NULL && *index != NULL;
}

/* Places in D x H x W boxes from those of the two steps. */
static T find_places(C c, const pool *p) {
  int64_t hw = p->out[1] * p->out[2], kd[2] = {p->kernel[0], 1}, sd[2] = {p->stride[0], 1}, pd[2] = {p->pad[0], 0};
  int64_t dd[2] = {p->dil[0], 1}, out[2] = {p->out[0], hw}, *in = p->x->shape + 2;
  int64_t shape[5] = {p->x->shape[0], p->x->shape[1], p->out[0], p->out[1], p->out[2]};
  T y, plane, depth;
  if (!places(c, as_planes(c, p, p->x), p->kernel + 1, p->stride + 1, p->pad + 1, p->dil + 1, p->out + 1, &y, &plane)) return NULL;
  if (p->n < 3) return t_reshape(c, plane, 5, shape);
  if (!places(c, as_depths(c, p, y), kd, sd, pd, dd, out, &y, &depth)) return NULL;
  int64_t *at = (int64_t *)(void *)depth->data, *from = (int64_t *)(void *)plane->data;
  int64_t each = p->out[0] * hw;
  for (int64_t i = 0; i < depth->numel; i++) {
    int64_t k = at[i] - 1; /* within D x H' * W' */
    at[i] = k < 0 ? 0 : k / hw * in[1] * in[2] + from[i / each * in[0] * hw + k];
  }
  return t_reshape(c, depth, 5, shape);
}

static bool max_pool_compose(nn_frame *f) {
  pool p;
  C c = f->ctx;
  if (!read_input(f, &p) || !read_window(f, &p, 3, 4, f->arg[5].b)) return false;
  f->n_out = f->arg[6].b ? 2 : 1;
  if (!f->arg[6].b) return (f->out[0] = as_asked(f, &p, two_steps(c, &p, max_step, NULL))) != NULL;
  bool was = nn_set_grad_enabled(c, false);
  T index = find_places(c, &p);
  nn_set_grad_enabled(c, was);
  if (index == NULL) return false;
  f->out[0] = as_asked(f, &p, pick(c, p.x, index));
  f->out[1] = as_asked(f, &p, index);
  return f->out[0] != NULL && f->out[1] != NULL;
}

#define MAX_POOL(id, N, data_of, text, example_text, ...) \
  const nn_op nn_op_##id = { \
      .name = #id, .doc = text, .example = example_text, \
      .params = {{"input", P_TENSOR}, \
                 {"kernel_size", P_INTS, .count = N}, \
                 {"stride", P_INTS, "nil", .count = N}, \
                 {"padding", P_INTS, "0", .count = N}, \
                 {"dilation", P_INTS, "1", .count = N}, \
                 {"ceil_mode", P_BOOL, "false"}, \
                 {"return_indices", P_BOOL, "false"}}, \
      .flags = NN_F, .n_out = 2, .compose = max_pool_compose, .data = data_of, __VA_ARGS__}

MAX_POOL(max_pool1d, 1, &ONE,
         "The largest value of each window: input [N, C, L] or [C, L]. stride is kernel_size unless given. With\n"
         "return_indices also the positions, from 1 within each sequence.",
         "F.max_pool1d(tensor{{{1, 4, 2, 3}}}, 2)\n--> {{{4, 3}}}",
         .samples = NN_SAMPLES("D(2,2,7), 2", "D(2,7), 3, 2, 1", "D(1,2,7), 2, {dilation = 2, stride = 1, ceil_mode = true}"),
         .invalid = "R(2,2,3), 4", .complaint = "does not fit");
MAX_POOL(max_pool3d, 3, &THREE,
         "The largest value of each window: input [N, C, D, H, W] or [C, D, H, W]. stride is kernel_size unless given. With\n"
         "return_indices also the positions, from 1 within each D x H x W box.",
         "F.max_pool3d(tensor.arange(8):view(1, 1, 2, 2, 2):float(), 2)\n--> {{{{{7}}}}}",
         .samples = NN_SAMPLES("D(1,2,3,4,4), 2", "D(2,3,5,3), {2, 3, 2}, 1, {1, 1, 0}",
                               "D(1,1,4,5,4), 2, {dilation = {1, 2, 1}, ceil_mode = true}", "D(1,1,4,3,4), 2, {return_indices = true}"),
         .invalid = "R(1,2,3,3,3), 4", .complaint = "does not fit");

/* ---- mean ------------------------------------------------------------------------------------------- */

typedef struct mean_options {
  bool include_pad;
  int64_t divisor;
} mean_options;

static T mean_step(const void *arg, C c, T x, const int64_t k[2], const int64_t s[2], const int64_t p[2], const int64_t d[2],
                   const int64_t out[2], bool last) {
  (void)d;
  const mean_options *o = arg;
  if (x == NULL) return NULL;
  return nn_do(c, &nn_op_avg_pool, v_t(x), v_ints(2, k), v_ints(2, s), v_ints(2, p), v_b(o->include_pad),
               v_i(o->divisor == 0 || last ? o->divisor : 1), v_ints(2, out));
}

static bool avg_pool_compose(nn_frame *f) {
  pool p;
  if (!read_input(f, &p) || !read_window(f, &p, 3, 0, f->arg[4].b)) return false;
  mean_options o = {f->arg[5].b, p.n == 3 && nn_given(f, 6) ? f->arg[6].i : 0};
  if (p.n == 3 && nn_given(f, 6) && o.divisor == 0) return nn_bad(f, "divisor_override must not be 0");
  return (f->out[0] = as_asked(f, &p, two_steps(f->ctx, &p, mean_step, &o))) != NULL;
}

const nn_op nn_op_avg_pool1d = {
    .name = "avg_pool1d",
    .doc = "The mean of each window: input [N, C, L] or [C, L]. stride is kernel_size unless given.",
    .example = "F.avg_pool1d(tensor{{{1, 3, 2, 4}}}, 2)\n--> {{{2, 3}}}",
    .params = {{"input", P_TENSOR},
               {"kernel_size", P_INTS, .count = 1},
               {"stride", P_INTS, "nil", .count = 1},
               {"padding", P_INTS, "0", .count = 1},
               {"ceil_mode", P_BOOL, "false"},
               {"count_include_pad", P_BOOL, "true"}},
    .flags = NN_F, .compose = avg_pool_compose, .data = &ONE,
    .samples = NN_SAMPLES("R(2,2,7), 2", "R(2,7), 3, 2, 1", "R(1,2,6), 4, {padding = 2, count_include_pad = false, ceil_mode = true}"),
    .invalid = "R(2,2,3), 4", .complaint = "does not fit"};
const nn_op nn_op_avg_pool3d = {
    .name = "avg_pool3d",
    .doc = "The mean of each window: input [N, C, D, H, W] or [C, D, H, W]. stride is kernel_size unless given.\n"
           "divisor_override divides by another number than the window's size.",
    .example = "F.avg_pool3d(tensor.arange(8):view(1, 1, 2, 2, 2):float(), 2)\n--> {{{{{3.5}}}}}",
    .params = {{"input", P_TENSOR},
               {"kernel_size", P_INTS, .count = 3},
               {"stride", P_INTS, "nil", .count = 3},
               {"padding", P_INTS, "0", .count = 3},
               {"ceil_mode", P_BOOL, "false"},
               {"count_include_pad", P_BOOL, "true"},
               {"divisor_override", P_INT, "nil"}},
    .flags = NN_F, .compose = avg_pool_compose, .data = &THREE,
    .samples = NN_SAMPLES("R(1,2,3,4,4), 2", "R(2,3,5,3), {2, 3, 2}, 1, {1, 1, 0}",
                          "R(1,1,3,3,4), 2, {padding = 1, ceil_mode = true, count_include_pad = false}",
                          "R(1,1,3,3,4), 2, {divisor_override = 3}"),
    .invalid = "R(1,2,3,3,3), 4", .complaint = "does not fit"};

/* ---- adaptive --------------------------------------------------------------------------------------- */

static bool adaptive_sizes(nn_frame *f, pool *p) {
  spread_sizes(&f->arg[1], p->n, 1, p->out);
  for (int i = 0; i < 3; i++) {
    if (p->out[i] == -1) p->out[i] = p->x->shape[2 + i];
    if (p->out[i] < 1 || p->x->shape[2 + i] < 1) return nn_bad(f, "output and input sizes must be at least 1");
  }
  return true;
}

static T means(C c, T x, int64_t h, int64_t w) {
  int64_t size[2] = {h, w};
  return x ? nn_do(c, &nn_op_adaptive_avg_pool, v_t(x), v_ints(2, size)) : NULL;
}

static bool adaptive_avg_compose(nn_frame *f) {
  pool p;
  C c = f->ctx;
  if (!read_input(f, &p) || !adaptive_sizes(f, &p)) return false;
  T y = means(c, as_planes(c, &p, p.x), p.out[1], p.out[2]);
  if (p.n == 3) y = means(c, as_depths(c, &p, y), p.out[0], p.out[1] * p.out[2]);
  return (f->out[0] = as_asked(f, &p, y)) != NULL;
}

static bool adaptive_max_compose(nn_frame *f) {
  pool p;
  C c = f->ctx;
  if (!read_input(f, &p) || !adaptive_sizes(f, &p)) return false;
  int64_t each[2] = {1, p.out[0] + p.out[1] + p.out[2]};
  T start = nn_keep(c, nn_empty(c, NN_INT64, 2, each)), stop = nn_keep(c, nn_empty(c, NN_INT64, 2, each));
  if (start == NULL || stop == NULL) return false;
  int64_t *from = (int64_t *)(void *)start->data, *to = (int64_t *)(void *)stop->data;
  for (int d = 0; d < 3; d++)
    for (int64_t i = 0, in = p.x->shape[2 + d], out = p.out[d]; i < out; i++) {
      *from++ = i * in / out;
      *to++ = ((i + 1) * in + out - 1) / out;
    }
  nn_results r;
  nn_value args[] = {v_t(p.x), v_t(start), v_t(stop), v_ints(3, p.out)};
  if (!nn_apply(c, &nn_op_window_max, args, 4, &r)) return false;
  nn_keep(c, r.t[0]);
  T index = nn_keep(c, r.t[1]);
  f->n_out = f->arg[2].b ? 2 : 1;
  f->out[0] = as_asked(f, &p, pick(c, p.x, index));
  if (f->arg[2].b && (f->out[1] = as_asked(f, &p, index)) == NULL) return false;
  return f->out[0] != NULL;
}

#define ADAPTIVE_AVG(N, data_of, shape_text, ...) \
  const nn_op nn_op_adaptive_avg_pool##N##d = { \
      .name = "adaptive_avg_pool" #N "d", \
      .doc = "The means of windows chosen so that the result has output_size: input " shape_text ". -1 keeps a size.", \
      .params = {{"input", P_TENSOR}, {"output_size", P_INTS, .count = N}}, .flags = NN_F, .compose = adaptive_avg_compose, \
      .data = data_of, .complaint = "at least 1", __VA_ARGS__}
#define ADAPTIVE_MAX(N, data_of, shape_text, ...) \
  const nn_op nn_op_adaptive_max_pool##N##d = { \
      .name = "adaptive_max_pool" #N "d", \
      .doc = "The largest values of windows chosen so that the result has output_size: input " shape_text ". -1\n" \
             "keeps a size. With return_indices also the positions, counted from 1 through all that is pooled.", \
      .params = {{"input", P_TENSOR}, {"output_size", P_INTS, .count = N}, {"return_indices", P_BOOL, "false"}}, \
      .flags = NN_F, .n_out = 2, .compose = adaptive_max_compose, .data = data_of, .complaint = "at least 1", __VA_ARGS__}

ADAPTIVE_AVG(1, &ONE, "[N, C, L] or [C, L]", .example = "F.adaptive_avg_pool1d(tensor{{{1, 3, 2, 4}}}, 2)\n--> {{{2, 3}}}",
             .samples = NN_SAMPLES("R(2,2,5), 3", "R(2,5), 1"), .invalid = "R(2,2,3), 0");
ADAPTIVE_AVG(3, &THREE, "[N, C, D, H, W] or [C, D, H, W]",
             .example = "F.adaptive_avg_pool3d(tensor.ones(1, 2, 5, 5, 5), 1).shape\n--> {1, 2, 1, 1, 1}",
             .samples = NN_SAMPLES("R(1,2,3,5,4), {2, 3, 2}", "R(1,2,3,3), {-1, 1, 4}"), .invalid = "R(1,2,3,3,3), 0");
ADAPTIVE_MAX(1, &ONE, "[N, C, L] or [C, L]", .example = "F.adaptive_max_pool1d(tensor{{{1, 3, 2, 4}}}, 2)\n--> {{{3, 4}}}",
             .samples = NN_SAMPLES("D(2,2,5), 3", "D(2,5), 1, true"), .invalid = "R(2,2,3), 0");
ADAPTIVE_MAX(2, &TWO, "[N, C, H, W] or [C, H, W]",
             .example = "F.adaptive_max_pool2d(tensor.arange(9):view(1, 3, 3):float(), 1)\n--> {{{8}}}",
             .samples = NN_SAMPLES("D(2,2,5,4), {3, 2}", "D(2,5,3), {-1, 1}"), .invalid = "R(2,2,3,3), 0");
ADAPTIVE_MAX(3, &THREE, "[N, C, D, H, W] or [C, D, H, W]",
             .example = "F.adaptive_max_pool3d(tensor.arange(8):view(1, 2, 2, 2):float(), 1)\n--> {{{{7}}}}",
             .samples = NN_SAMPLES("D(1,2,3,5,4), {2, 3, 2}", "D(1,2,3,3), {-1, 1, 4}"), .invalid = "R(1,2,3,3,3), 0");
