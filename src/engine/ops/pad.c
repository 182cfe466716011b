/* pad.c - adding elements at the borders: with a number, or with what lies inside. */
#include <string.h>

#include "blocks.h"
#include "interrupt.h"
#include "parallel.h"
#include "shape.h"

enum { CONSTANT, REFLECT, REPLICATE, CIRCULAR };

/* The pairs of argument 1, which begin with the last dim, as before[d] and after[d]. */
static bool read_pairs(nn_frame *f, int ndim, const nn_value *arg, int64_t *before, int64_t *after) {
  int n;
  const int64_t *pad = nn_arg_ints(arg, &n);
  if (n % 2 != 0) return nn_bad(f, "pad must hold pairs of numbers, got %d numbers", n);
  if (n > 2 * ndim) return nn_bad(f, "pad holds %d numbers, too many for %d dimensions", n, ndim);
  for (int d = 0; d < ndim; d++) {
    int pair = ndim - 1 - d;
    before[d] = 2 * pair < n ? pad[2 * pair] : 0;
    after[d] = 2 * pair < n ? pad[2 * pair + 1] : 0;
  }
  return true;
}

/* ---- with a number ---------------------------------------------------------------------------------- */

static bool pad_constant_infer(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  int64_t before[NN_MAX_DIMS], after[NN_MAX_DIMS];
  if (!read_pairs(f, x->ndim, &f->arg[1], before, after)) return false;
  nn_spec_like(f, 0, x);
  for (int d = 0; d < x->ndim; d++) {
    int64_t *size = &f->spec[0].shape[d];
    if (__builtin_add_overflow(*size, before[d], size) || __builtin_add_overflow(*size, after[d], size))
      return nn_bad(f, "the result would be too large");
    if (*size < 0)
      return nn_bad(f, "dimension %d of size %lld cannot be padded by %lld and %lld", d + 1,
                    (long long)x->shape[d], (long long)before[d], (long long)after[d]);
  }
  return true;
}

/* Fills y but for the box [from, to): in slabs, one dimension after the other. */
static void fill_around(nn_tensor *y, const int64_t *from, const int64_t *to, const void *element) {
  int64_t shape[NN_MAX_DIMS], at = 0, e = (int64_t)nn_esize(y);
  for (int d = 0; d < y->ndim; d++) shape[d] = y->shape[d];
  for (int d = 0; d < y->ndim; d++) {
    shape[d] = from[d];
    nn_block_fill(y->ndim, shape, (nn_dtype)y->dtype, y->data + at * e, y->stride, element);
    shape[d] = y->shape[d] - to[d];
    nn_block_fill(y->ndim, shape, (nn_dtype)y->dtype, y->data + (at + to[d] * y->stride[d]) * e, y->stride,
                  element);
    shape[d] = to[d] - from[d];
    at += from[d] * y->stride[d];
  }
}

static bool pad_constant_kernel(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  nn_tensor *y = f->out[0];
  int64_t before[NN_MAX_DIMS], after[NN_MAX_DIMS], from[NN_MAX_DIMS], to[NN_MAX_DIMS], size[NN_MAX_DIMS];
  int64_t read = 0, write = 0;
  double element;
  if (y->numel == 0) return true;
  if (!read_pairs(f, x->ndim, &f->arg[1], before, after)) return false;
  for (int d = 0; d < x->ndim; d++) { /* negative numbers take away */
    from[d] = before[d] > 0 ? before[d] : 0;
    to[d] = after[d] > 0 ? y->shape[d] - after[d] : y->shape[d];
    if (to[d] < from[d]) to[d] = from[d];
    if (from[d] > y->shape[d]) from[d] = to[d] = y->shape[d];
    size[d] = to[d] - from[d];
    read += (before[d] < 0 ? -before[d] : 0) * x->stride[d];
    write += from[d] * y->stride[d];
  }
  nn_element_of(&f->arg[2], (nn_dtype)y->dtype, &element);
  fill_around(y, from, to, &element);
  nn_block_copy(x->ndim, size, (nn_dtype)y->dtype, y->data + write * (int64_t)nn_esize(y), y->stride,
                (nn_dtype)x->dtype, x->data + read * (int64_t)nn_esize(x), x->stride);
  return true;
}

static bool pad_constant_vjp(nn_vjp *v) {
  int n;
  const int64_t *pad = nn_arg_ints(&v->arg[1], &n);
  int64_t back[2 * NN_MAX_DIMS];
  for (int i = 0; i < n; i++) back[i] = -pad[i];
  v->d[0] = nn_do(v->ctx, &nn_op_pad_constant, v_t(v->g[0]), v_ints(n, back), v_i(0));
  return v->d[0] != NULL;
}

const nn_op nn_op_pad_constant = {
    .name = "pad_constant",
    .doc = "Adds elements of one value at the borders; negative numbers take elements away.",
    .example = "F.pad(tensor{1, 2}, {1, 2})\n"
               "--> {0, 1, 2, 0, 0}",
    .params = {{"input", P_TENSOR}, {"pad", P_INTS}, {"value", P_NUMBER, "0"}},
    .flags = NN_PRIVATE,
    .infer = pad_constant_infer,
    .kernel = pad_constant_kernel,
    .vjp = pad_constant_vjp,
    .samples = NN_SAMPLES("R(2, 3), {1, 2}", "R(2, 3), {1, 0, 2, 1}, 1.5", "T(R(3, 4)), {-1, 1, 0, -1}",
                          "R(2, 0), {1, 1}"),
    .invalid = "R(2, 3), {1}",
    .complaint = "pad must hold pairs of numbers",
};

/* ---- with what lies inside -------------------------------------------------------------------------- */

/* The position of the input that position i of the padded dimension holds, both from 0. */
static int64_t source(int64_t mode, int64_t i, int64_t before, int64_t size) {
  int64_t at = i - before;
  if (at >= 0 && at < size) return at;
  if (mode == REPLICATE) return at < 0 ? 0 : size - 1;
  if (mode == CIRCULAR) return ((at % size) + size) % size;
  if (at < 0) at = -at;
  return at >= size ? 2 * (size - 1) - at : at;
}

/* Planes of the dims from the first padded one on: `inside` in the input's sizes, `outside` padded. */
typedef struct plane_job {
  int ndim; /* of a plane */
  int64_t inside[NN_MAX_DIMS], outside[NN_MAX_DIMS], before[NN_MAX_DIMS];
  int64_t planes, in_numel, out_numel, rows, mode;
  size_t elem;
  char *x, *y; /* inside and outside */
} plane_job;

static void plane_job_set(plane_job *j, const nn_tensor *x, const nn_tensor *y, const int64_t *before, int64_t mode) {
  int first = 0;
  *j = (plane_job){.planes = 1, .in_numel = 1, .out_numel = 1, .mode = mode, .elem = nn_esize(x), .x = x->data, .y = y->data};
  while (first < x->ndim - 1 && before[first] == 0 && x->shape[first] == y->shape[first]) j->planes *= x->shape[first++];
  for (int d = first; d < x->ndim; d++) {
    int k = j->ndim++;
    j->inside[k] = x->shape[d], j->outside[k] = y->shape[d], j->before[k] = before[d];
    j->in_numel *= x->shape[d], j->out_numel *= y->shape[d];
  }
  j->rows = j->outside[j->ndim - 1] > 0 ? j->out_numel / j->outside[j->ndim - 1] : 0;
}

/* The row of the input, in elements, that row r of a padded plane is made of. */
static int64_t source_row(const plane_job *j, int64_t r) {
  int64_t at = 0, step = j->inside[j->ndim - 1];
  for (int d = j->ndim - 2; d >= 0; d--) {
    at += source(j->mode, r % j->outside[d], j->before[d], j->inside[d]) * step;
    r /= j->outside[d], step *= j->inside[d];
  }
  return at;
}

/* The part of a row that the input lies in: [*from, *to) of the padded row. */
static void middle(const plane_job *j, int64_t *from, int64_t *to) {
  int64_t n = j->outside[j->ndim - 1], before = j->before[j->ndim - 1], end = before + j->inside[j->ndim - 1];
  *from = before < 0 ? 0 : before < n ? before : n;
  *to = end < *from ? *from : end < n ? end : n;
}

#define PAD_ROW(type)                                                                                        \
  static void pad_row_##type(const plane_job *j, const char *vx, char *vy, int64_t from, int64_t to) {       \
    const type *x = (const type *)(const void *)vx;                                                          \
    type *y = (type *)(void *)vy;                                                                            \
    const int64_t last = j->ndim - 1, n = j->outside[last], before = j->before[last], size = j->inside[last]; \
    for (int64_t i = 0; i < from; i++) y[i] = x[source(j->mode, i, before, size)];                           \
    if (to > from) memcpy(y + from, x + from - before, (size_t)(to - from) * sizeof *y);                     \
    for (int64_t i = to; i < n; i++) y[i] = x[source(j->mode, i, before, size)];                             \
  }
PAD_ROW(uint8_t)
PAD_ROW(uint32_t)
PAD_ROW(uint64_t)

#define UNPAD_ROW(type)                                                                                      \
  static void unpad_row_##type(const plane_job *j, char *vx, const char *vy, int64_t from, int64_t to) {     \
    type *x = (type *)(void *)vx;                                                                            \
    const type *y = (const type *)(const void *)vy;                                                          \
    const int64_t last = j->ndim - 1, n = j->outside[last], before = j->before[last], size = j->inside[last]; \
    for (int64_t i = 0; i < from; i++) x[source(j->mode, i, before, size)] += y[i];                          \
    for (int64_t i = from; i < to; i++) x[i - before] += y[i];                                               \
    for (int64_t i = to; i < n; i++) x[source(j->mode, i, before, size)] += y[i];                            \
  }
UNPAD_ROW(float)
UNPAD_ROW(double)

static void pad_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const plane_job *j = arg;
  int64_t from, to;
  middle(j, &from, &to);
  for (int64_t i = begin; i < end && !nn_interrupted_at(i); i++) {
    const char *x = j->x + (i / j->rows * j->in_numel + source_row(j, i % j->rows)) * (int64_t)j->elem;
    char *y = j->y + i * j->outside[j->ndim - 1] * (int64_t)j->elem;
    if (j->elem == 4)
      pad_row_uint32_t(j, x, y, from, to);
    else if (j->elem == 8)
      pad_row_uint64_t(j, x, y, from, to);
    else
      pad_row_uint8_t(j, x, y, from, to);
  }
}

static void unpad_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const plane_job *j = arg;
  int64_t from, to;
  middle(j, &from, &to);
  for (int64_t p = begin; p < end && !nn_interrupted(); p++) {
    char *plane = j->x + p * j->in_numel * (int64_t)j->elem;
    memset(plane, 0, (size_t)j->in_numel * j->elem);
    for (int64_t r = 0; r < j->rows && !nn_interrupted_at(r); r++) {
      char *x = plane + source_row(j, r) * (int64_t)j->elem;
      const char *y = j->y + (p * j->rows + r) * j->outside[j->ndim - 1] * (int64_t)j->elem;
      if (j->elem == 4)
        unpad_row_float(j, x, y, from, to);
      else
        unpad_row_double(j, x, y, from, to);
    }
  }
}

static bool check_inside(nn_frame *f, int d, int mode, int64_t size, int64_t before, int64_t after, int64_t *n) {
  long long b = (long long)before, a = (long long)after, s = (long long)size;
  if (__builtin_add_overflow(size, before, n) || __builtin_add_overflow(*n, after, n) || *n < 0)
    return nn_bad(f, "dimension %d of size %lld cannot be padded by %lld and %lld", d + 1, s, b, a);
  if (size == 0 && *n > 0) return nn_bad(f, "dimension %d of size 0 holds nothing to pad with", d + 1);
  if (mode == REFLECT && (before >= size || after >= size) && (before != 0 || after != 0))
    return nn_bad(f, "reflect needs pads smaller than the size: dimension %d has size %lld, pads are %lld and %lld", d + 1, s,
                  b, a);
  if (mode == CIRCULAR && (before > size || after > size))
    return nn_bad(f, "circular needs pads up to the size: dimension %d has size %lld, pads are %lld and %lld", d + 1, s, b, a);
  return true;
}

static bool pad_inside_infer(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  int64_t before[NN_MAX_DIMS], after[NN_MAX_DIMS];
  if (!read_pairs(f, x->ndim, &f->arg[1], before, after)) return false;
  nn_spec_like(f, 0, x);
  for (int d = 0; d < x->ndim; d++)
    if (!check_inside(f, d, (int)f->arg[2].i, x->shape[d], before[d], after[d], &f->spec[0].shape[d])) return false;
  return true;
}

static bool pad_inside_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0), *y = f->out[0];
  int64_t before[NN_MAX_DIMS], after[NN_MAX_DIMS];
  plane_job j;
  if (x == NULL || !read_pairs(f, x->ndim, &f->arg[1], before, after)) return false;
  if (y->numel == 0) return true;
  plane_job_set(&j, x, y, before, f->arg[2].i);
  nn_parallel(j.planes * j.rows, 1 + 16384 / j.outside[j.ndim - 1], pad_range, &j);
  return !nn_interrupted();
}

static bool pad_inside_vjp(nn_vjp *v) {
  const nn_meta *m = nn_in_meta(v, 0);
  v->d[0] = nn_do(v->ctx, &nn_op_pad_inside_backward, v_t(v->g[0]), v->arg[1], v->arg[2], v_ints(m->ndim, m->shape));
  return v->d[0] != NULL;
}

const nn_op nn_op_pad_inside = {
    .name = "pad_inside",
    .doc = "Adds elements of the input itself at its borders.",
    .params = {{"input", P_TENSOR}, {"pad", P_INTS}, {"mode", P_INT}},
    .flags = NN_PRIVATE,
    .infer = pad_inside_infer,
    .kernel = pad_inside_kernel,
    .vjp = pad_inside_vjp};

static bool pad_inside_back_infer(nn_frame *f) {
  int n;
  const int64_t *shape = nn_arg_ints(&f->arg[3], &n);
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, n, shape);
  return true;
}

static bool pad_inside_back_kernel(nn_frame *f) {
  const nn_tensor *y = nn_dense(f, 0), *x = f->out[0];
  int64_t before[NN_MAX_DIMS], after[NN_MAX_DIMS];
  plane_job j;
  if (y == NULL || !read_pairs(f, x->ndim, &f->arg[1], before, after)) return false;
  if (x->numel == 0) return true;
  plane_job_set(&j, x, y, before, f->arg[2].i);
  nn_parallel(j.planes, 1 + 16384 / (j.out_numel + 1), unpad_range, &j);
  return !nn_interrupted();
}

static bool pad_inside_back_vjp(nn_vjp *v) {
  return (v->d[0] = nn_do(v->ctx, &nn_op_pad_inside, v_t(v->g[0]), v->arg[1], v->arg[2])) != NULL;
}

const nn_op nn_op_pad_inside_backward = {
    .name = "pad_inside_backward",
    .doc = "Part of a gradient.",
    .params = {{"grad", P_TENSOR}, {"pad", P_INTS}, {"mode", P_INT}, {"shape", P_INTS}},
    .flags = NN_PRIVATE,
    .infer = pad_inside_back_infer,
    .kernel = pad_inside_back_kernel,
    .vjp = pad_inside_back_vjp};

static bool pad_compose(nn_frame *f) {
  T x = f->in[0];
  int64_t mode = f->arg[2].i, before[NN_MAX_DIMS], after[NN_MAX_DIMS], n;
  if (mode == CONSTANT) {
    f->out[0] = nn_do(f->ctx, &nn_op_pad_constant, v_t(x), f->arg[1], nn_given(f, 3) ? f->arg[3] : v_i(0));
    return f->out[0] != NULL;
  }
  if (!read_pairs(f, x->ndim, &f->arg[1], before, after)) return false;
  for (int d = 0; d < x->ndim; d++)
    if (!check_inside(f, d, (int)mode, x->shape[d], before[d], after[d], &n)) return false;
  f->out[0] = x->ndim == 0 ? x : nn_do(f->ctx, &nn_op_pad_inside, v_t(x), f->arg[1], v_i(mode));
  return f->out[0] != NULL;
}

const nn_op nn_op_pad = {
    .name = "pad",
    .doc =
        "Adds elements at the borders. pad holds pairs (before, after) and begins with the last dimension: {left, "
        "right, top, bottom} for images.\n"
        "mode: \"constant\" (value, by default 0; negative pads take elements away), \"reflect\" (mirrored without "
        "the border element), \"replicate\" (the border element), \"circular\" (from the other side). The last "
        "three work on any dimensions here.",
    .example = "F.pad(tensor{1, 2, 3}, {2, 1}, \"reflect\")\n"
               "--> {3, 2, 1, 2, 3, 2}",
    .params = {{"input", P_TENSOR},
               {"pad", P_INTS},
               {"mode", P_CHOICE, "constant", "constant|reflect|replicate|circular"},
               {"value", P_NUMBER, "nil"}},
    .flags = NN_F,
    .compose = pad_compose,
    .samples = NN_SAMPLES("R(2, 3), {1, 2}", "R(2, 3), {1, 0, 2, 1}, 'constant', 1.5",
                          "R(2, 3, 4), {2, 1}, 'reflect'", "R(1, 3, 4), {2, 3, 1, 1}, 'replicate'",
                          "T(R(3, 4)), {3, 1, 1, 2}, 'circular'", "R(1, 4), {-1, 2}, 'reflect'",
                          "R(2, 3, 4), {-1, -2, 2, -1}, 'replicate'", "R(2, 3, 2, 4), {0, 0, 1, 0, 2, 2}, 'reflect'"),
    .invalid = "R(2, 3), {3, 0}, 'reflect'",
    .complaint = "reflect needs pads smaller than the size: dimension 2 has size 3",
};
