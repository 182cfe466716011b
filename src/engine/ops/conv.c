/* conv.c - convolution in two dimensions. `convolution` and its two gradients are each other's gradients: all three are
 * linear in both of their tensors, so any order of derivative stays within them. */
#include "kernels/conv.h"

#include <string.h>

#include "expr.h"
#include "later.h"

/* What the three share: out[n, k, i, j] reads in[n, c, i * stride + r * dilation - padding, ...]. `size` is the size that
 * the tensors at hand do not tell: of the output, of the input, or of the kernel. */
#define GEOMETRY {"stride", P_INTS, .count = 2}, {"padding", P_INTS, .count = 2}, {"dilation", P_INTS, .count = 2}, \
                 {"groups", P_INT}, {"size", P_INTS, .count = 2}

typedef enum nn_role { ROLE_X, ROLE_W, ROLE_Y } nn_role;

/* Sizes from the two tensors that are there and `size` for the third; geometry begins at parameter p. */
static struct nn_conv_desc describe(const nn_value *geometry, const int64_t *x, const int64_t *w, const int64_t *y) {
  const int64_t *stride = geometry[0].ints, *pad = geometry[1].ints, *dil = geometry[2].ints, *size = geometry[4].ints;
  struct nn_conv_desc d = {.stride_h = stride[0], .stride_w = stride[1], .pad_h = pad[0], .pad_w = pad[1],
                           .dil_h = dil[0], .dil_w = dil[1], .groups = geometry[3].i};
  d.n = x ? x[0] : y[0];
  d.c = x ? x[1] : w[1] * d.groups;
  d.h = x ? x[2] : size[0];
  d.w = x ? x[3] : size[1];
  d.k = w ? w[0] : y[1];
  d.r = w ? w[2] : size[0];
  d.s = w ? w[3] : size[1];
  d.ho = y ? y[2] : size[0];
  d.wo = y ? y[3] : size[1];
  return d;
}

typedef bool pass_fn(const struct nn_conv_kernels *k, const struct nn_conv_desc *d, nn_frame *f, void *workspace);

static bool with_workspace(nn_frame *f, const struct nn_conv_desc *d, enum nn_conv_pass pass, pass_fn *run) {
  const struct nn_conv_kernels *k = NN_SELECT(nn_conv);
  size_t bytes = k->workspace(d, (nn_dtype)f->out[0]->dtype, pass);
  void *workspace = bytes ? nn_scratch(f->ctx, bytes) : NULL;
  if (bytes && workspace == NULL) return false;
  bool ok = run(k, d, f, workspace);
  if (bytes) nn_scratch_free(f->ctx, workspace, bytes);
  return ok;
}

static T conv_of(C c, const nn_op *op, T a, T b, const nn_value *geometry, const int64_t size[2]) {
  if (a == NULL || b == NULL) return NULL;
  return nn_do(c, op, v_t(a), v_t(b), geometry[0], geometry[1], geometry[2], geometry[3], v_ints(2, size));
}

/* ---- forward ---------------------------------------------------------------------------------------- */

static bool forward_infer(nn_frame *f) {
  const int64_t *size = f->arg[7].ints;
  int64_t shape[4] = {f->in[0]->shape[0], f->in[1]->shape[0], size[0], size[1]};
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, 4, shape);
  return true;
}

static bool run_forward(const struct nn_conv_kernels *k, const struct nn_conv_desc *d, nn_frame *f, void *workspace) {
  const nn_tensor *x = nn_dense(f, 0), *w = nn_dense(f, 1), *b = f->in[2] ? nn_dense(f, 2) : NULL;
  if (x == NULL || w == NULL || (f->in[2] && b == NULL)) return false;
  return k->forward[x->dtype](d, x->data, w->data, b ? b->data : NULL, 0, f->out[0]->data, workspace);
}

/* Where a max pooling that may follow could be done in the same pass. */
static bool forward_put_off(nn_frame *f, const struct nn_conv_desc *d) {
  nn_tensor *x = f->in[0], *w = f->in[1], *b = f->in[2];
  bool plain = f->out[0]->dtype == NN_FLOAT32 && nn_contig(x) && nn_contig(w) && (b == NULL || nn_contig(b));
  if (!plain || !NN_SELECT(nn_conv)->takes_pooled(d, NN_CONV_FORWARD) || !nn_later_pays(w)) return false;
  nn_later work = {.kind = NN_LATER_CONV, .x = x, .weight = w, .bias = b, .conv = *d, .name = f->op->name};
  return nn_put_off(f->out[0], &work);
}

static bool forward_kernel(nn_frame *f) {
  struct nn_conv_desc d = describe(f->arg + 3, f->in[0]->shape, f->in[1]->shape, NULL);
  if (forward_put_off(f, &d)) return true;
  return with_workspace(f, &d, NN_CONV_FORWARD, run_forward);
}

/* Adds the gradient of the input to what has arrived there from elsewhere, as behind a residual connection; *done says
 * whether. */
static bool add_input(nn_vjp *v, bool *done) {
  T sum = v->sum, g = v->g[0], w = nn_in(v, 1);
  const nn_value *geometry = v->arg + 3;
  if (w == NULL) return false;
  *done = false;
  if (sum == NULL || sum->dtype != NN_FLOAT32 || !nn_contig(sum)) return true;
  struct nn_conv_desc d = describe(geometry, sum->shape, w->shape, g->shape);
  if (NN_SELECT(nn_conv)->method(&d, NN_FLOAT32, NN_CONV_INPUT_GRAD) != NN_CONV_WINOGRAD) return true;
  nn_value args[] = {v_t(sum), v_t(g), v_t(w), geometry[0], geometry[1], geometry[2], geometry[3],
                     v_ints(2, nn_in_meta(v, 0)->shape + 2)};
  *done = true;
  return nn_apply_inplace(v->ctx, &nn_op_convolution_input_add, args, 8);
}

static bool forward_vjp(nn_vjp *v) {
  C c = v->ctx;
  T g = v->g[0];
  const nn_value *geometry = v->arg + 3;
  bool weight = nn_need(v, 1), bias = nn_need(v, 2), added = false;
  if (v->sum != NULL && nn_need(v, 0) && !add_input(v, &added)) return false;
  if (nn_need(v, 0) && !added) {
    v->d[0] = conv_of(c, &nn_op_convolution_input, g, nn_in(v, 1), geometry, nn_in_meta(v, 0)->shape + 2);
    if (v->d[0] == NULL) return false;
  }
  if (weight) {
    T x = nn_in(v, 0);
    if (x == NULL) return false;
    nn_results r;
    nn_value args[] = {v_t(x), v_t(g), geometry[0], geometry[1], geometry[2], geometry[3],
                       v_ints(2, nn_in_meta(v, 1)->shape + 2), v_b(bias)};
    if (!nn_apply(c, &nn_op_convolution_weight, args, 8, &r)) return false;
    v->d[1] = nn_keep(c, r.t[0]);
    T sums = nn_keep(c, r.t[1]);
    if (bias) v->d[2] = sums;
    return true;
  }
  int64_t dims[3] = {0, 2, 3};
  return !bias || (v->d[2] = nn_do(c, &nn_op_sum, v_t(g), v_ints(3, dims))) != NULL;
}

const nn_op nn_op_convolution = {
    .name = "convolution", .doc = "Convolution with its output size given.",
    .params = {{"input", P_TENSOR}, {"weight", P_TENSOR}, {"bias", P_TENSOR, "nil"}, GEOMETRY},
    .flags = NN_PRIVATE | NN_GRAD_LATER,
    .saves_in = 3, .infer = forward_infer, .kernel = forward_kernel, .vjp = forward_vjp};

/* ---- gradient of the input -------------------------------------------------------------------------- */

static bool input_infer(nn_frame *f) {
  const int64_t *size = f->arg[6].ints;
  int64_t shape[4] = {f->in[0]->shape[0], f->in[1]->shape[1] * f->arg[5].i, size[0], size[1]};
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, 4, shape);
  return true;
}

static bool run_input(const struct nn_conv_kernels *k, const struct nn_conv_desc *d, nn_frame *f, void *workspace) {
  const nn_tensor *g = nn_dense(f, 0), *w = nn_dense(f, 1);
  if (g == NULL || w == NULL) return false;
  return k->input_grad[g->dtype](d, g->data, w->data, f->out[0]->data, workspace);
}

static bool input_kernel(nn_frame *f) {
  struct nn_conv_desc d = describe(f->arg + 2, NULL, f->in[1]->shape, f->in[0]->shape);
  return with_workspace(f, &d, NN_CONV_INPUT_GRAD, run_input);
}

static bool input_vjp(nn_vjp *v) {
  C c = v->ctx;
  T x = v->g[0];
  const nn_value *geometry = v->arg + 2;
  if (nn_need(v, 0)) {
    T w = nn_in(v, 1);
    if (w == NULL) return false;
    v->d[0] = nn_do(c, &nn_op_convolution, v_t(x), v_t(w), V_NONE, geometry[0], geometry[1], geometry[2], geometry[3],
                    v_ints(2, nn_in_meta(v, 0)->shape + 2));
    if (v->d[0] == NULL) return false;
  }
  if (!nn_need(v, 1)) return true;
  return (v->d[1] = conv_of(c, &nn_op_convolution_weight, x, nn_in(v, 0), geometry, nn_in_meta(v, 1)->shape + 2)) != NULL;
}

const nn_op nn_op_convolution_input = {
    .name = "convolution_input", .doc = "Gradient of a convolution for its input.",
    .params = {{"grad", P_TENSOR}, {"weight", P_TENSOR}, GEOMETRY}, .flags = NN_PRIVATE, .saves_in = 3, .infer = input_infer,
    .kernel = input_kernel, .vjp = input_vjp};

static bool input_add_infer(nn_frame *f) {
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

static bool run_input_add(const struct nn_conv_kernels *k, const struct nn_conv_desc *d, nn_frame *f, void *workspace) {
  const nn_tensor *g = nn_dense(f, 1), *w = nn_dense(f, 2);
  if (g == NULL || w == NULL) return false;
  if (f->out[0]->data != f->in[0]->data && !nn_copy_data(f->out[0], f->in[0])) return false;
  return k->input_grad[NN_FLOAT32](d, g->data, w->data, f->out[0]->data, workspace);
}

static bool input_add_kernel(nn_frame *f) {
  struct nn_conv_desc d = describe(f->arg + 3, NULL, f->in[2]->shape, f->in[1]->shape);
  d.add = true;
  return with_workspace(f, &d, NN_CONV_INPUT_GRAD, run_input_add);
}

const nn_op nn_op_convolution_input_add = {
    .name = "convolution_input_add", .doc = "Adds the gradient of a convolution for its input, by Winograd's method.",
    .params = {{"sum", P_TENSOR}, {"grad", P_TENSOR}, {"weight", P_TENSOR}, GEOMETRY},
    .flags = NN_PRIVATE | NN_NO_GRAD | NN_ANY_OUT, .infer = input_add_infer, .kernel = input_add_kernel};

/* ---- gradient of weight and bias -------------------------------------------------------------------- */

static bool weight_infer(nn_frame *f) {
  const int64_t *size = f->arg[6].ints;
  int64_t k = f->in[1]->shape[1], shape[4] = {k, f->in[0]->shape[1] / f->arg[5].i, size[0], size[1]};
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, 4, shape);
  nn_spec_set(f, 1, (nn_dtype)f->in[0]->dtype, 1, &k);
  return true;
}

static bool run_weight(const struct nn_conv_kernels *k, const struct nn_conv_desc *d, nn_frame *f, void *workspace) {
  const nn_tensor *x = nn_dense(f, 0), *g = nn_dense(f, 1);
  if (x == NULL || g == NULL) return false;
  bool bias = f->arg[7].b;
  if (!bias) memset(f->out[1]->data, 0, (size_t)f->out[1]->numel * nn_esize(f->out[1]));
  return k->weight_grad[x->dtype](d, x->data, g->data, f->out[0]->data, bias ? f->out[1]->data : NULL, workspace);
}

/* From the gradient of pooling, which nobody has spread over the convolution's results yet. */
static bool run_pooled_weight(const nn_later *g, const struct nn_conv_desc *d, nn_frame *f) {
  const struct nn_conv_kernels *k = NN_SELECT(nn_conv);
  size_t bytes = k->pooled_workspace(d, NN_CONV_WEIGHT_GRAD);
  void *workspace = nn_scratch(f->ctx, bytes);
  if (workspace == NULL) return false;
  bool bias = f->arg[7].b;
  if (!bias) memset(f->out[1]->data, 0, (size_t)f->out[1]->numel * nn_esize(f->out[1]));
  bool ok = k->pooled_weight_grad(d, (const float *)f->in[0]->data, (const float *)g->x->data,
                                  g->gate ? (const float *)g->gate->data : NULL, (const uint8_t *)g->place->data,
                                  (float *)f->out[0]->data, bias ? (float *)f->out[1]->data : NULL, workspace);
  nn_scratch_free(f->ctx, workspace, bytes);
  return ok;
}

static bool weight_kernel(nn_frame *f) {
  struct nn_conv_desc d = describe(f->arg + 2, f->in[0]->shape, NULL, f->in[1]->shape);
  nn_settle(f->in[0]);
  const nn_later *g = f->in[1]->storage->later ? nn_put_off_work(f->in[1]) : NULL;
  bool pooled = g != NULL && g->kind == NN_LATER_UNPOOL && nn_contig(f->in[0]) && g->pool.h == d.ho && g->pool.w == d.wo &&
                NN_SELECT(nn_conv)->takes_pooled(&d, NN_CONV_WEIGHT_GRAD);
  if (pooled) return run_pooled_weight(g, &d, f);
  nn_settle(f->in[1]);
  return with_workspace(f, &d, NN_CONV_WEIGHT_GRAD, run_weight);
}

/* The bias gradient is the sum of g over images and places; where nobody wants it, it is 0 and has no gradient. */
static bool weight_vjp(nn_vjp *v) {
  C c = v->ctx;
  T w = v->g[0], b = v->g[1];
  const nn_value *geometry = v->arg + 2;
  const nn_meta *y = nn_in_meta(v, 1);
  if (nn_need(v, 0) && w != NULL) {
    v->d[0] = conv_of(c, &nn_op_convolution_input, nn_in(v, 1), w, geometry, nn_in_meta(v, 0)->shape + 2);
    if (v->d[0] == NULL) return false;
  }
  if (!nn_need(v, 1)) return true;
  if (w != NULL) {
    T x = nn_in(v, 0);
    if (x == NULL) return false;
    v->d[1] = nn_do(c, &nn_op_convolution, v_t(x), v_t(w), v_opt(b), geometry[0], geometry[1], geometry[2], geometry[3],
                    v_ints(2, y->shape + 2));
    return v->d[1] != NULL;
  }
  int64_t column[3] = {y->shape[1], 1, 1};
  return (v->d[1] = t_expand(c, t_reshape(c, b, 3, column), 4, y->shape)) != NULL;
}

const nn_op nn_op_convolution_weight = {
    .name = "convolution_weight", .doc = "Gradients of a convolution for its weight and, if it is wanted, bias.",
    .params = {{"input", P_TENSOR}, {"grad", P_TENSOR}, GEOMETRY, {"bias", P_BOOL, "true"}},
    .flags = NN_PRIVATE | NN_TAKES_LATER, .saves_in = 3,
    .n_out = 2, .infer = weight_infer, .kernel = weight_kernel, .vjp = weight_vjp};

/* ---- conv2d ----------------------------------------------------------------------------------------- */

static bool positive(nn_frame *f, const char *name, const nn_value *v, int64_t least) {
  for (int i = 0; i < v->n; i++)
    if (v->ints[i] < least)
      return nn_bad(f, "%s must be at least %lld, got %lld", name, (long long)least, (long long)v->ints[i]);
  return true;
}

static bool check_conv(nn_frame *f, T x, T w, T b, int64_t groups) {
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  if (!nn_expect_float(f, 0) || !nn_expect_same_dtype(f, 0, 1) || (b && !nn_expect_same_dtype(f, 0, 2))) return false;
  if (groups < 1) return nn_bad(f, "groups must be at least 1, got %lld", (long long)groups);
  if (x->shape[1] != w->shape[1] * groups)
    return nn_bad(f, "expected input[N, %lld, H, W] for weight %s%s, got %s", (long long)(w->shape[1] * groups),
                  nn_tensor_shape_text(w, s), groups > 1 ? " and these groups" : "", nn_tensor_shape_text(f->in[0], t));
  if (w->shape[0] % groups != 0)
    return nn_bad(f, "the output channels (%lld) must be divisible by groups (%lld)", (long long)w->shape[0], (long long)groups);
  if (b != NULL && (b->ndim != 1 || b->shape[0] != w->shape[0]))
    return nn_bad(f, "expected bias of shape [%lld], got %s", (long long)w->shape[0], nn_tensor_shape_text(b, s));
  return true;
}

/* Padding and output size; "same" keeps the size (the odd pixel goes to the right, as in PyTorch). */
static bool conv_sizes(nn_frame *f, T x, T w, int64_t pad[2], int64_t size[2]) {
  const nn_value *padding = &f->arg[4];
  bool named = padding->tag == NN_V_STRING, same = named && padding->s[0] == 's';
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  for (int i = 0; i < 2; i++) {
    int64_t in = x->shape[2 + i], kernel = w->shape[2 + i], stride = f->arg[3].ints[i], dil = f->arg[5].ints[i];
    if (same && stride != 1) return nn_bad(f, "padding = \"same\" needs a stride of 1, got %lld", (long long)stride);
    int64_t span = dil * (kernel - 1);
    pad[i] = same ? span / 2 : named ? 0 : padding->ints[i];
    size[i] = same ? in : in + 2 * pad[i] < span + 1 ? 0 : (in + 2 * pad[i] - span - 1) / stride + 1;
    if (kernel < 1 || (size[i] < 1 && in + 2 * pad[i] < span + 1))
      return nn_bad(f, "a kernel of %lld (weight %s, dilation %lld) does not fit into an input of shape %s with padding %lld",
                    (long long)kernel, nn_tensor_shape_text(w, s), (long long)dil, nn_tensor_shape_text(f->in[0], t),
                    (long long)pad[i]);
  }
  return true;
}

static bool conv2d_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0], w = f->in[1], b = f->in[2];
  if (!nn_expect_ndim(f, 1, 4, 4) || !nn_expect_ndim(f, 0, 3, 4)) return false;
  bool single = x->ndim == 3;
  if (single && (x = t_unsqueeze(c, x, 0)) == NULL) return false;
  if (!check_conv(f, x, w, b, f->arg[6].i) || !positive(f, "stride", &f->arg[3], 1) || !positive(f, "dilation", &f->arg[5], 1))
    return false;
  if (f->arg[4].tag == NN_V_INTS && !positive(f, "padding", &f->arg[4], 0)) return false;
  int64_t pad[2], size[2];
  if (!conv_sizes(f, x, w, pad, size)) return false;
  T y = nn_do(c, &nn_op_convolution, v_t(x), v_t(w), v_opt(b), f->arg[3], v_ints(2, pad), f->arg[5], f->arg[6], v_ints(2, size));
  if (single && y != NULL) y = nn_do(c, &nn_op_squeeze_dim, v_t(y), v_i(0));
  return (f->out[0] = y) != NULL;
}

const nn_op nn_op_conv2d = {
    .name = "conv2d",
    .doc = "Convolution (cross-correlation) of images: input [N, C, H, W] or [C, H, W], weight [K, C / groups, kH, kW], bias [K]\n"
           "to [N, K, H', W'] with H' = floor((H + 2 * padding - dilation * (kH - 1) - 1) / stride) + 1. padding = \"same\" keeps\n"
           "the size (stride 1), \"valid\" is none. groups splits the channels into independent convolutions.",
    .example = "F.conv2d(tensor.ones(1, 1, 3, 3), tensor.ones(1, 1, 2, 2)).shape\n--> {1, 1, 2, 2}",
    .params = {{"input", P_TENSOR},
               {"weight", P_TENSOR},
               {"bias", P_TENSOR, "nil"},
               {"stride", P_INTS, "1", .count = 2},
               {"padding", P_INTS, "0", .choices = "same|valid", .count = 2},
               {"dilation", P_INTS, "1", .count = 2},
               {"groups", P_INT, "1"}},
    .flags = NN_F | NN_TENSOR, .compose = conv2d_compose,
    .samples = NN_SAMPLES("R(2,3,5,4), R(4,3,3,3), R(4), {padding = 1}", "R(2,2,6,6), R(2,2,2,3), {stride = 2, dilation = {2, 1}}",
                          "R(1,4,5,5), R(4,1,3,3), R(4), {groups = 4, padding = \"same\"}", "R(2,5,5), R(3,2,1,1)",
                          "R(2,4,5,5), R(2,2,2,2), {groups = 2, stride = {1, 2}}"),
    .invalid = "R(2,3,5,5), R(4,2,3,3)", .complaint = "expected input[N, 2, H, W]"};
