/* unfold.c - images as columns of blocks and back. unfold copies, fold sums; each is the other's gradient. */
#include <string.h>

#include "interrupt.h"
#include "parallel.h"

#include "expr.h"

/* Both have the arguments kernel_size, dilation, padding, stride, unfold from 1 on, fold after output_size from 2. */
#define WINDOW \
  {"kernel_size", P_INTS, .count = 2}, {"dilation", P_INTS, "1", .count = 2}, {"padding", P_INTS, "0", .count = 2}, \
      {"stride", P_INTS, "1", .count = 2}

typedef struct blocks {
  int64_t planes, h, w, kh, kw, dh, dw, ph, pw, sh, sw, oh, ow;
  size_t elem;
  char *image, *columns;
} blocks;

/* What the arguments say for an image of these sizes; oh or ow < 1 when no block fits. */
static bool read_window(nn_frame *f, const nn_value *a, int64_t h, int64_t w, blocks *b) {
  static const char *const names[] = {"kernel_size", "dilation", "padding", "stride"};
  static const int64_t least[] = {1, 1, 0, 1};
  for (int p = 0; p < 4; p++)
    for (int i = 0; i < 2; i++)
      if (a[p].ints[i] < least[p])
        return nn_bad(f, "%s must be at least %lld, got %lld", names[p], (long long)least[p], (long long)a[p].ints[i]);
  *b = (blocks){.h = h, .w = w, .kh = a[0].ints[0], .kw = a[0].ints[1], .dh = a[1].ints[0], .dw = a[1].ints[1],
                .ph = a[2].ints[0], .pw = a[2].ints[1], .sh = a[3].ints[0], .sw = a[3].ints[1]};
  int64_t rows = h + 2 * b->ph - b->dh * (b->kh - 1) - 1, columns = w + 2 * b->pw - b->dw * (b->kw - 1) - 1;
  b->oh = rows < 0 ? 0 : rows / b->sh + 1;
  b->ow = columns < 0 ? 0 : columns / b->sw + 1;
  return true;
}

/* One row of a block over all its places along W: columns[k] stands for image[k * sw + from], -1: nothing there. */
#define ROW_LOOP(name, type, statement) \
  static void name(const blocks *b, char *image, char *columns, int64_t from) { \
    type *x = (type *)(void *)image, *y = (type *)(void *)columns; \
    for (int64_t k = 0; k < b->ow; k++) { \
      int64_t at = k * b->sw + from; \
      bool in = at >= 0 && at < b->w; \
      statement; \
    } \
  }
ROW_LOOP(copy_4, uint32_t, y[k] = in ? x[at] : 0)
ROW_LOOP(copy_8, uint64_t, y[k] = in ? x[at] : 0)
ROW_LOOP(add_f32, float, if (in) x[at] += y[k])
ROW_LOOP(add_f64, double, if (in) x[at] += y[k])

typedef struct job {
  blocks b;
  void (*row)(const blocks *b, char *image, char *columns, int64_t from);
  bool back;
} job;

static void planes_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const job *j = arg;
  const blocks *b = &j->b;
  size_t line = (size_t)b->ow * b->elem;
  for (int64_t p = begin; p < end && !nn_interrupted(); p++) {
    char *image = b->image + (size_t)(p * b->h * b->w) * b->elem, *to = b->columns + (size_t)(p * b->kh * b->kw * b->oh) * line;
    if (j->back) memset(image, 0, (size_t)(b->h * b->w) * b->elem);
    for (int64_t r = 0; r < b->kh; r++)
      for (int64_t s = 0; s < b->kw; s++)
        for (int64_t i = 0; i < b->oh; i++, to += line) {
          int64_t y = i * b->sh + r * b->dh - b->ph;
          if (y >= 0 && y < b->h)
            j->row(b, image + (size_t)(y * b->w) * b->elem, to, s * b->dw - b->pw);
          else if (!j->back)
            memset(to, 0, line);
        }
  }
}

static bool run(nn_frame *f, blocks b, const nn_tensor *image, const nn_tensor *columns, int64_t planes, bool back) {
  bool single = image->dtype == NN_FLOAT32;
  b.elem = nn_esize(image), b.image = image->data, b.columns = columns->data, b.planes = planes;
  job j = {b, back ? (single ? add_f32 : add_f64) : (single ? copy_4 : copy_8), back};
  if (f->out[0]->numel > 0) nn_parallel(planes, 1 + 8192 / (1 + b.kh * b.kw * b.oh * b.ow), planes_range, &j);
  return !nn_interrupted();
}

static int64_t planes_of(const nn_tensor *x, int dims) {
  int64_t n = 1;
  for (int d = 0; d < x->ndim - dims; d++) n *= x->shape[d];
  return n;
}

/* ---- unfold ----------------------------------------------------------------------------------------- */

static bool unfold_infer(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  blocks b;
  char s[NN_SHAPE_TEXT];
  if (!nn_expect_ndim(f, 0, 3, 4) || !nn_expect_float(f, 0)) return false;
  int n = x->ndim - 3;
  if (!read_window(f, f->arg + 1, x->shape[n + 1], x->shape[n + 2], &b)) return false;
  if (b.oh < 1 || b.ow < 1)
    return nn_bad(f, "a block of %lld x %lld (dilation %lld, %lld) does not fit into an input of shape %s with padding %lld, %lld",
                  (long long)b.kh, (long long)b.kw, (long long)b.dh, (long long)b.dw, nn_tensor_shape_text(x, s),
                  (long long)b.ph, (long long)b.pw);
  int64_t shape[3] = {x->shape[0], x->shape[n] * b.kh * b.kw, b.oh * b.ow};
  nn_spec_set(f, 0, (nn_dtype)x->dtype, 2 + n, shape + 1 - n);
  return true;
}

static bool unfold_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  blocks b;
  if (x == NULL || !read_window(f, f->arg + 1, x->shape[x->ndim - 2], x->shape[x->ndim - 1], &b)) return false;
  return run(f, b, x, f->out[0], planes_of(x, 2), false);
}

static bool unfold_vjp(nn_vjp *v) {
  const nn_meta *x = nn_in_meta(v, 0);
  v->d[0] = nn_do(v->ctx, &nn_op_fold, v_t(v->g[0]), v_ints(2, x->shape + x->ndim - 2), v->arg[1], v->arg[2], v->arg[3],
                  v->arg[4]);
  return v->d[0] != NULL;
}

const nn_op nn_op_unfold_blocks = {
    .name = "unfold.blocks",
    .doc = "The blocks of images as columns: input [N, C, H, W] or [C, H, W] to [N, C * kH * kW, L], one column for each of\n"
           "the L places of a block, row by row. Outside of the image are zeros.",
    .example = "F.unfold(tensor.arange(9):view(1, 1, 3, 3):float(), 2)\n"
               "--> {{{0, 1, 3, 4}, {1, 2, 4, 5}, {3, 4, 6, 7}, {4, 5, 7, 8}}}",
    .params = {{"input", P_TENSOR}, WINDOW}, .flags = NN_F, .infer = unfold_infer, .kernel = unfold_kernel, .vjp = unfold_vjp,
    .samples = NN_SAMPLES("R(2,2,4,3), 2", "R(2,5,5), {3, 2}, {1, 2}, 1, 2", "R(1,1,3,4), 2, {padding = {0, 1}}"),
    .invalid = "R(2,2,3,3), 4", .complaint = "a block of 4 x 4 (dilation 1, 1) does not fit"};

/* ---- fold ------------------------------------------------------------------------------------------- */

static bool fold_infer(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  blocks b;
  char s[NN_SHAPE_TEXT];
  if (!nn_expect_ndim(f, 0, 2, 3) || !nn_expect_float(f, 0)) return false;
  int n = x->ndim - 2;
  const int64_t *size = f->arg[1].ints;
  if (size[0] < 1 || size[1] < 1)
    return nn_bad(f, "output_size must be at least 1, got %lld and %lld", (long long)size[0], (long long)size[1]);
  if (!read_window(f, f->arg + 2, size[0], size[1], &b)) return false;
  if (x->shape[n] % (b.kh * b.kw) != 0 || x->shape[n + 1] != b.oh * b.ow || b.oh * b.ow < 1)
    return nn_bad(f, "expected input[N, C * %lld, %lld] for %lld x %lld blocks of an image of %lld x %lld, got %s",
                  (long long)(b.kh * b.kw), (long long)(b.oh * b.ow), (long long)b.kh, (long long)b.kw, (long long)size[0],
                  (long long)size[1], nn_tensor_shape_text(x, s));
  int64_t shape[4] = {x->shape[0], x->shape[n] / (b.kh * b.kw), size[0], size[1]};
  nn_spec_set(f, 0, (nn_dtype)x->dtype, 3 + n, shape + 1 - n);
  return true;
}

static bool fold_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  blocks b;
  if (x == NULL || !read_window(f, f->arg + 2, f->arg[1].ints[0], f->arg[1].ints[1], &b)) return false;
  return run(f, b, f->out[0], x, planes_of(f->out[0], 2), true);
}

static bool fold_vjp(nn_vjp *v) {
  v->d[0] = nn_do(v->ctx, &nn_op_unfold_blocks, v_t(v->g[0]), v->arg[2], v->arg[3], v->arg[4], v->arg[5]);
  return v->d[0] != NULL;
}

const nn_op nn_op_fold = {
    .name = "fold",
    .doc = "Puts columns of blocks together to images, summing where blocks overlap: input [N, C * kH * kW, L] or\n"
           "[C * kH * kW, L] to [N, C, H, W] with output_size = {H, W}. The counterpart of F.unfold.",
    .example = "F.fold(tensor.ones(1, 4, 4), 3, 2)\n--> {{{{1, 2, 1}, {2, 4, 2}, {1, 2, 1}}}}",
    .params = {{"input", P_TENSOR}, {"output_size", P_INTS, .count = 2}, WINDOW}, .flags = NN_F, .infer = fold_infer,
    .kernel = fold_kernel, .vjp = fold_vjp,
    .samples = NN_SAMPLES("R(2,8,6), {4, 3}, 2", "R(12,4), {4, 5}, {3, 2}, {1, 2}, 1, {2, 3}"),
    .invalid = "R(2,8,5), {4, 3}, 2", .complaint = "expected input[N, C * 4, 6] for 2 x 2 blocks of an image of 4 x 3"};
