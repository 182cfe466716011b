/* create.c - tensors of zeros, ones, one value, ranges and unit matrices. */
#include <math.h>
#include <string.h>

#include "expr.h"
#include "kernels/vmath.h"

#define MAKES (NN_TENSOR | NN_CREATES | NN_NO_GRAD)
#define DTYPE {"dtype", P_DTYPE, "nil", .keyword = true}

static nn_dtype dtype_or(const nn_frame *f, int p, nn_dtype otherwise) {
  return nn_given(f, p) ? f->arg[p].dtype : otherwise;
}

static bool fill_out(nn_frame *f, const nn_value *value) {
  nn_tensor *y = f->out[0];
  nn_tensor *one = value->tag == NN_V_INT ? nn_scalar_int(f->ctx, (nn_dtype)y->dtype, value->i)
                                          : nn_scalar(f->ctx, (nn_dtype)y->dtype, value->f);
  if (one == NULL) return false;
  NN_SELECT(nn_vmath)->fill(y->numel, one->data, y->data, nn_esize(y));
  nn_release(one);
  return true;
}

/* ---- of given sizes --------------------------------------------------------------------------------- */

static bool sized(nn_frame *f, nn_dtype dtype) {
  if (f->arg[0].n > NN_MAX_DIMS)
    return nn_bad(f, "a tensor can have at most %d dimensions, got %d", NN_MAX_DIMS, f->arg[0].n);
  nn_spec_set(f, 0, dtype, f->arg[0].n, f->arg[0].ints);
  return true;
}
static bool sized_infer(nn_frame *f) { return sized(f, dtype_or(f, 1, NN_FLOAT32)); }

static bool zeros_kernel(nn_frame *f) {
  memset(f->out[0]->data, 0, (size_t)f->out[0]->numel * nn_esize(f->out[0]));
  return true;
}
static bool ones_kernel(nn_frame *f) {
  nn_value one = v_i(1);
  return fill_out(f, &one);
}

#define SIZED {{"size", P_SHAPE, .rest = true}, DTYPE}
const nn_op nn_op_zeros = {
    .name = "zeros", .doc = "A tensor of zeros of the given sizes, float32 unless told otherwise.",
    .example = "tensor.zeros(2, 2)\n--> {{0, 0}, {0, 0}}", .params = SIZED, .flags = MAKES, .infer = sized_infer,
    .kernel = zeros_kernel, .samples = NN_SAMPLES("2, 3", "{0, 3}", "{}"), .invalid = "-1", .complaint = "negative"};
const nn_op nn_op_ones = {
    .name = "ones", .doc = "A tensor of ones of the given sizes, float32 unless told otherwise.",
    .example = "tensor.ones(2, 2)\n--> {{1, 1}, {1, 1}}", .params = SIZED, .flags = MAKES, .infer = sized_infer,
    .kernel = ones_kernel, .samples = NN_SAMPLES("2, 3", "{0, 3}", "{}"), .invalid = "-1", .complaint = "negative"};
const nn_op nn_op_empty = {
    .name = "empty", .doc = "A tensor of the given sizes whose elements are not set to anything: zeros here, so that no program depends\n"
                            "on what was in memory.",
    .example = "tensor.empty(2, 3).shape\n--> {2, 3}", .params = SIZED, .flags = MAKES, .infer = sized_infer,
    .kernel = zeros_kernel, .samples = NN_SAMPLES("2, 3", "{0, 3}"), .invalid = "-1", .complaint = "negative"};

static bool full_infer(nn_frame *f) { return sized(f, dtype_or(f, 2, f->arg[1].tag == NN_V_INT ? NN_INT64 : NN_FLOAT32)); }
static bool full_kernel(nn_frame *f) { return fill_out(f, &f->arg[1]); }
const nn_op nn_op_full = {
    .name = "full", .doc = "A tensor of the given sizes (a table) with every element fill_value; int64 for an integer.",
    .example = "tensor.full({2, 2}, 7)\n--> {{7, 7}, {7, 7}}", .params = {{"size", P_SHAPE}, {"fill_value", P_NUMBER}, DTYPE},
    .flags = MAKES, .infer = full_infer, .kernel = full_kernel, .samples = NN_SAMPLES("{2, 3}, 1.5", "{0}, 1"),
    .invalid = "{-1}, 1", .complaint = "negative"};

/* ---- of another tensor's shape ---------------------------------------------------------------------- */

static bool like_infer(nn_frame *f) {
  nn_spec_like(f, 0, f->in[0]);
  f->spec[0].dtype = dtype_or(f, f->n_args - 1, (nn_dtype)f->in[0]->dtype);
  return true;
}
static bool full_like_kernel(nn_frame *f) { return fill_out(f, &f->arg[1]); }

#define LIKE(id, kernel_, doc_, example_) \
  const nn_op nn_op_##id##_like = {.name = #id "_like", .doc = doc_, .example = example_, \
                                   .params = {{"input", P_TENSOR}, DTYPE}, .flags = MAKES, .infer = like_infer, \
                                   .kernel = kernel_, .samples = NN_SAMPLES("R(2,3)", "I(3,2)"), .invalid = "\"x\"", \
                                   .complaint = "tensor"};
LIKE(zeros, zeros_kernel, "Zeros of input's shape and dtype.", "tensor.zeros_like(tensor{1, 2})\n--> {0, 0}")
LIKE(ones, ones_kernel, "Ones of input's shape and dtype.", "tensor.ones_like(tensor{1, 2})\n--> {1, 1}")
LIKE(empty, zeros_kernel, "A tensor of input's shape and dtype; see empty.", "tensor.empty_like(tensor{1, 2}).shape\n--> {2}")
const nn_op nn_op_full_like = {
    .name = "full_like", .doc = "A tensor of input's shape and dtype with every element fill_value.",
    .example = "tensor.full_like(tensor{1, 2}, 7)\n--> {7, 7}",
    .params = {{"input", P_TENSOR}, {"fill_value", P_NUMBER}, DTYPE}, .flags = MAKES, .infer = like_infer,
    .kernel = full_like_kernel, .samples = NN_SAMPLES("R(2,3), 4"), .invalid = "R(2)", .complaint = "fill_value"};

/* ---- ranges ----------------------------------------------------------------------------------------- */

static double number(const nn_value *v) { return v->tag == NN_V_INT ? (double)v->i : v->f; }

static bool all_integers(const nn_frame *f) {
  for (int p = 0; p < 3; p++)
    if (f->arg[p].tag == NN_V_FLOAT) return false;
  return true;
}

/* start, end, step at parameters 0 to 2; `closed`: the end belongs to it. */
static bool range_infer_as(nn_frame *f, bool closed) {
  double a = number(&f->arg[0]), b = number(&f->arg[1]), step = number(&f->arg[2]);
  if (step == 0 || !isfinite(step) || !isfinite(a) || !isfinite(b)) return nn_bad(f, "start, end and step must be finite and step not 0");
  if ((step > 0 && b < a) || (step < 0 && b > a))
    return nn_bad(f, "from %g to %g there is no way with step %g", a, b, step);
  double count = closed ? floor((b - a) / step) + 1 : ceil((b - a) / step);
  if (count > 4e18) return nn_bad(f, "so many elements do not fit into memory");
  if (all_integers(f)) { /* exact where doubles are not */
    int64_t span = f->arg[1].i - f->arg[0].i, s = f->arg[2].i;
    count = closed ? (double)(span / s + 1) : (double)(span / s + (span % s != 0));
  }
  int64_t n = (int64_t)count;
  nn_spec_set(f, 0, dtype_or(f, 3, all_integers(f) ? NN_INT64 : NN_FLOAT32), 1, &n);
  return true;
}

static bool arange_infer(nn_frame *f) { return range_infer_as(f, false); }
static bool range_infer(nn_frame *f) { return range_infer_as(f, true); }

static void put(nn_tensor *y, int64_t i, double x) {
  if (y->dtype == NN_FLOAT32)
    ((float *)(void *)y->data)[i] = (float)x;
  else if (y->dtype == NN_FLOAT64)
    ((double *)(void *)y->data)[i] = x;
  else
    NN_SELECT(nn_vmath)->convert[NN_FLOAT64][y->dtype](1, &x, y->data + (size_t)i * nn_esize(y));
}

static bool range_kernel(nn_frame *f) {
  nn_tensor *y = f->out[0];
  double a = number(&f->arg[0]), step = number(&f->arg[2]);
  bool whole = all_integers(f);
  for (int64_t i = 0; i < y->numel; i++) {
    if (whole && y->dtype == NN_INT64)
      ((int64_t *)(void *)y->data)[i] = f->arg[0].i + i * f->arg[2].i;
    else
      put(y, i, a + (double)i * step);
  }
  return true;
}

const nn_op nn_op_arange = {
    .name = "arange.start", .doc = "Numbers from start up to but without end, in steps; int64 when all three are integers.",
    .example = "tensor.arange(2, 8, 2)\n--> {2, 4, 6}",
    .params = {{"start", P_NUMBER}, {"end", P_NUMBER}, {"step", P_NUMBER, "1"}, DTYPE}, .flags = MAKES, .infer = arange_infer,
    .kernel = range_kernel, .samples = NN_SAMPLES("2, 8, 2", "0, 1, 0.25", "3, 0, -1", "2, 2"), .invalid = "1, 5, 0",
    .complaint = "step not 0"};

static bool arange_end_compose(nn_frame *f) {
  return (f->out[0] = nn_do(f->ctx, &nn_op_arange, v_i(0), f->arg[0], v_i(1), f->arg[1])) != NULL;
}
const nn_op nn_op_arange_end = {
    .name = "arange", .doc = "The numbers 0 to end - 1; int64 for an integer.", .example = "tensor.arange(3)\n--> {0, 1, 2}",
    .params = {{"end", P_NUMBER}, DTYPE}, .flags = MAKES, .compose = arange_end_compose, .samples = NN_SAMPLES("4", "0", "2.5"),
    .invalid = "-1", .complaint = "no way"};

const nn_op nn_op_range = {
    .name = "range", .doc = "Numbers from start to end, the end included, in steps, as Lua's for counts; int64 when all are integers.",
    .example = "tensor.range(1, 4)\n--> {1, 2, 3, 4}",
    .params = {{"start", P_NUMBER}, {"end", P_NUMBER}, {"step", P_NUMBER, "1"}, DTYPE}, .flags = MAKES, .infer = range_infer,
    .kernel = range_kernel, .samples = NN_SAMPLES("1, 4", "0, 1, 0.25"), .invalid = "1, 5, 0", .complaint = "step not 0"};

static bool linspace_infer(nn_frame *f) {
  int64_t n = f->arg[2].i;
  if (n < 0) return nn_bad(f, "steps must not be negative, got %lld", (long long)n);
  nn_spec_set(f, 0, dtype_or(f, f->n_args - 1, NN_FLOAT32), 1, &n);
  return true;
}

/* Each half from its own end, so that both ends are met exactly. */
static double line(double a, double b, int64_t i, int64_t n) {
  double step = n > 1 ? (b - a) / (double)(n - 1) : 0;
  return i < n / 2 || n == 1 ? a + step * (double)i : b - step * (double)(n - 1 - i);
}
static bool linspace_kernel(nn_frame *f) {
  int64_t n = f->out[0]->numel;
  for (int64_t i = 0; i < n; i++) put(f->out[0], i, line(number(&f->arg[0]), number(&f->arg[1]), i, n));
  return true;
}
const nn_op nn_op_linspace = {
    .name = "linspace", .doc = "So many numbers evenly from start to end, both included.", .example = "tensor.linspace(0, 1, 3)\n--> {0, 0.5, 1}",
    .params = {{"start", P_NUMBER}, {"end", P_NUMBER}, {"steps", P_INT}, DTYPE}, .flags = MAKES, .infer = linspace_infer,
    .kernel = linspace_kernel, .samples = NN_SAMPLES("0, 1, 5", "1, 0, 1", "0, 1, 0"), .invalid = "0, 1, -1", .complaint = "steps"};

static bool logspace_kernel(nn_frame *f) {
  int64_t n = f->out[0]->numel;
  for (int64_t i = 0; i < n; i++)
    put(f->out[0], i, pow(f->arg[3].f, line(number(&f->arg[0]), number(&f->arg[1]), i, n)));
  return true;
}
const nn_op nn_op_logspace = {
    .name = "logspace", .doc = "So many numbers from base^start to base^end, evenly on a logarithmic scale.",
    .example = "tensor.logspace(0, 2, 3)\n--> {1, 10, 100}",
    .params = {{"start", P_NUMBER}, {"end", P_NUMBER}, {"steps", P_INT}, {"base", P_FLOAT, "10.0"}, DTYPE}, .flags = MAKES,
    .infer = linspace_infer, .kernel = logspace_kernel, .samples = NN_SAMPLES("0, 1, 5"), .invalid = "0, 1, -1", .complaint = "steps"};

/* ---- unit matrix ------------------------------------------------------------------------------------ */

static bool eye_infer(nn_frame *f) {
  int64_t shape[2] = {f->arg[0].i, nn_given(f, 1) ? f->arg[1].i : f->arg[0].i};
  nn_spec_set(f, 0, dtype_or(f, 2, NN_FLOAT32), 2, shape);
  return true;
}
static bool eye_kernel(nn_frame *f) {
  nn_tensor *y = f->out[0];
  zeros_kernel(f);
  for (int64_t i = 0; i < y->shape[0] && i < y->shape[1]; i++) put(y, i * y->shape[1] + i, 1);
  return true;
}
const nn_op nn_op_eye = {
    .name = "eye", .doc = "A matrix [n, m] (m = n unless given) with ones on the diagonal and zeros elsewhere.",
    .example = "tensor.eye(2)\n--> {{1, 0}, {0, 1}}", .params = {{"n", P_INT}, {"m", P_INT, "nil"}, DTYPE}, .flags = MAKES,
    .infer = eye_infer, .kernel = eye_kernel, .samples = NN_SAMPLES("3", "2, 4"), .invalid = "-1", .complaint = "negative"};
