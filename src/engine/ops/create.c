/* create.c - fresh tensors: constants, progressions, the identity. What is drawn by chance is in random.c. */
#include <math.h>

#include "blocks.h"
#include "interrupt.h"
#include "parallel.h"
#include "shape.h"

#define DTYPE                                                                                                \
  { "dtype", P_DTYPE, "nil", .keyword = true }
#define SIZE                                                                                                 \
  { "size", P_SHAPE, .rest = true }

/* ---- pieces ----------------------------------------------------------------------------------------- */

static nn_dtype dtype_arg(const nn_frame *f, int p, nn_dtype otherwise) {
  return nn_given(f, p) ? f->arg[p].dtype : otherwise;
}

/* Output of the sizes in argument p; the dtype is argument d, or `otherwise`. */
static bool sized(nn_frame *f, int p, int d, nn_dtype otherwise) {
  int n;
  const int64_t *shape = nn_arg_ints(&f->arg[p], &n);
  char text[NN_SHAPE_TEXT];
  if (n > NN_MAX_DIMS) return nn_bad(f, "a tensor can have at most %d dimensions, got %d", NN_MAX_DIMS, n);
  for (int i = 0; i < n; i++)
    if (shape[i] < 0) return nn_bad(f, "a size cannot be negative: %s", nn_shape_text(n, shape, text));
  nn_spec_set(f, 0, dtype_arg(f, d, otherwise), n, shape);
  return true;
}

static bool like(nn_frame *f, int d) {
  nn_spec_set(f, 0, dtype_arg(f, d, (nn_dtype)f->in[0]->dtype), f->in[0]->ndim, f->in[0]->shape);
  return true;
}

static bool filled(nn_frame *f, const nn_value *number) {
  nn_tensor *y = f->out[0];
  double element;
  nn_element_of(number, (nn_dtype)y->dtype, &element);
  nn_fill_run(y->numel, nn_esize(y), y->data, &element);
  return true;
}

static const nn_value zero = {.tag = NN_V_INT, .n = 1, {.i = 0}}, one = {.tag = NN_V_INT, .n = 1, {.i = 1}};

static bool zeros_kernel(nn_frame *f) { return filled(f, &zero); }

static bool ones_kernel(nn_frame *f) { return filled(f, &one); }

static nn_dtype number_dtype(const nn_value *v) {
  return v->tag == NN_V_BOOL ? NN_BOOL : (v->tag == NN_V_FLOAT ? NN_FLOAT32 : NN_INT64);
}

/* ---- zeros, ones, empty, full ----------------------------------------------------------------------- */

static bool size_infer(nn_frame *f) { return sized(f, 0, 1, NN_FLOAT32); }

#define CREATES NN_TENSOR | NN_CREATES | NN_NO_GRAD

const nn_op nn_op_zeros = {
    .name = "zeros",
    .doc = "A tensor of zeros; sizes as numbers or as one table.",
    .example = "tensor.zeros(2, 3)\n"
               "--> {{0, 0, 0}, {0, 0, 0}}",
    .params = {SIZE, DTYPE},
    .flags = CREATES,
    .infer = size_infer,
    .kernel = zeros_kernel,
    .samples = NN_SAMPLES("2, 3", "{2, 0}", "{}", "2, {dtype = 'int64'}"),
    .invalid = "2, -1",
    .complaint = "a size cannot be negative: [2, -1]",
};

const nn_op nn_op_ones = {
    .name = "ones",
    .doc = "A tensor of ones; sizes as numbers or as one table.",
    .example = "tensor.ones(3)\n"
               "--> {1, 1, 1}",
    .params = {SIZE, DTYPE},
    .flags = CREATES,
    .infer = size_infer,
    .kernel = ones_kernel,
    .samples = NN_SAMPLES("2, 3", "{}", "2, {dtype = 'bool'}"),
    .invalid = "-1",
    .complaint = "a size cannot be negative: [-1]",
};

const nn_op nn_op_empty = {
    .name = "empty",
    .doc =
        "A tensor whose elements are not set to anything: zeros here, so that no program depends on chance.",
    .example = "tensor.empty(2, 3).shape\n"
               "--> {2, 3}",
    .params = {SIZE, DTYPE},
    .flags = CREATES,
    .infer = size_infer,
    .kernel = zeros_kernel,
    .samples = NN_SAMPLES("2, 3", "0"),
    .invalid = "-1",
    .complaint = "a size cannot be negative: [-1]",
};

static bool full_infer(nn_frame *f) { return sized(f, 0, 2, number_dtype(&f->arg[1])); }

static bool full_kernel(nn_frame *f) { return filled(f, &f->arg[1]); }

const nn_op nn_op_full = {
    .name = "full",
    .doc =
        "A tensor of these sizes filled with a number, whose kind (float, integer, boolean) gives the dtype.",
    .example = "tensor.full({2, 2}, 7.5)\n"
               "--> {{7.5, 7.5}, {7.5, 7.5}}",
    .params = {{"size", P_SHAPE}, {"fill_value", P_NUMBER}, DTYPE},
    .flags = CREATES,
    .infer = full_infer,
    .kernel = full_kernel,
    .samples = NN_SAMPLES("{2, 3}, 1.5", "{2}, 3", "{}, 2.0, {dtype = 'int64'}"),
    .invalid = "{-1}, 2",
    .complaint = "a size cannot be negative: [-1]",
};

/* ---- like another tensor ---------------------------------------------------------------------------- */

static bool like_infer(nn_frame *f) { return like(f, 1); }

#define LIKE_ROW(kernel_)                                                                                    \
  .params = {{"input", P_TENSOR}, DTYPE}, .flags = CREATES, .infer = like_infer, .kernel = kernel_

const nn_op nn_op_zeros_like = {
    .name = "zeros_like",
    .doc = "Zeros of a tensor's shape and dtype.",
    .example = "tensor.zeros_like(tensor{5, 6})\n"
               "--> {0, 0}",
    LIKE_ROW(zeros_kernel),
    .samples = NN_SAMPLES("R(2, 3)", "R(), {dtype = 'int64'}"),
    .invalid = "1",
    .complaint = "tensor",
};

const nn_op nn_op_ones_like = {
    .name = "ones_like",
    .doc = "Ones of a tensor's shape and dtype.",
    .example = "tensor.ones_like(tensor{5, 6})\n"
               "--> {1, 1}",
    LIKE_ROW(ones_kernel),
    .samples = NN_SAMPLES("R(2, 3)", "B(2)"),
    .invalid = "1",
    .complaint = "tensor",
};

const nn_op nn_op_empty_like = {
    .name = "empty_like",
    .doc = "A tensor of another one's shape and dtype whose elements are not set to anything (zeros here).",
    .example = "tensor.empty_like(tensor{5, 6}).shape\n"
               "--> {2}",
    .params = {{"input", P_TENSOR}, DTYPE},
    .flags = CREATES,
    .infer = like_infer,
    .kernel = zeros_kernel,
    .samples = NN_SAMPLES("R(2, 3)"),
    .invalid = "1",
    .complaint = "tensor",
};

static bool full_like_infer(nn_frame *f) { return like(f, 2); }

const nn_op nn_op_full_like = {
    .name = "full_like",
    .doc = "A tensor of another one's shape and dtype, filled with a number.",
    .example = "tensor.full_like(tensor{5, 6}, 3)\n"
               "--> {3, 3}",
    .params = {{"input", P_TENSOR}, {"fill_value", P_NUMBER}, DTYPE},
    .flags = CREATES,
    .infer = full_like_infer,
    .kernel = full_kernel,
    .samples = NN_SAMPLES("R(2, 3), 2.5", "R(2), 1, {dtype = 'int64'}"),
    .invalid = "1, 2",
    .complaint = "tensor",
};

static bool new_infer(nn_frame *f) { return sized(f, 1, 2, (nn_dtype)f->in[0]->dtype); }

#define NEW_ROW(kernel_)                                                                                     \
  .params = {{"input", P_TENSOR}, SIZE, DTYPE}, .flags = NN_METHOD | NN_CREATES | NN_NO_GRAD,                \
  .infer = new_infer, .kernel = kernel_, .samples = NN_SAMPLES("R(2), 2, 3", "R(2), {}"),                    \
  .invalid = "R(2), -1", .complaint = "a size cannot be negative: [-1]"

const nn_op nn_op_new_zeros = {
    .name = "new_zeros",
    .doc = "Zeros of these sizes and of this tensor's dtype.",
    .example = "tensor{1, 2}:new_zeros(3)\n"
               "--> {0, 0, 0}",
    NEW_ROW(zeros_kernel),
};

const nn_op nn_op_new_ones = {
    .name = "new_ones",
    .doc = "Ones of these sizes and of this tensor's dtype.",
    .example = "tensor{1, 2}:new_ones(3)\n"
               "--> {1, 1, 1}",
    NEW_ROW(ones_kernel),
};

static bool new_full_infer(nn_frame *f) { return sized(f, 1, 3, (nn_dtype)f->in[0]->dtype); }

static bool new_full_kernel(nn_frame *f) { return filled(f, &f->arg[2]); }

const nn_op nn_op_new_full = {
    .name = "new_full",
    .doc = "A tensor of these sizes and of this tensor's dtype, filled with a number.",
    .example = "tensor{1, 2}:new_full({3}, 7)\n"
               "--> {7, 7, 7}",
    .params = {{"input", P_TENSOR}, {"size", P_SHAPE}, {"fill_value", P_NUMBER}, DTYPE},
    .flags = NN_METHOD | NN_CREATES | NN_NO_GRAD,
    .infer = new_full_infer,
    .kernel = new_full_kernel,
    .samples = NN_SAMPLES("R(2), {2, 3}, 1.5"),
    .invalid = "R(2), {-1}, 1",
    .complaint = "a size cannot be negative: [-1]",
};

/* ---- progressions ----------------------------------------------------------------------------------- */

static double real(const nn_value *v) { return v->tag == NN_V_FLOAT ? v->f : (double)v->i; }

/* y[i] = first + i * step (or its mirror image from the end on, or a power of that), in parallel. */
typedef struct progression {
  nn_tensor *y;
  bool whole; /* in integers */
  int64_t i_first, i_step;
  double first, step, last;
  bool mirrored;
  double base; /* 0: none */
} progression;

static double term(const progression *p, int64_t i) {
  double x = p->mirrored && i >= p->y->numel / 2 ? p->last - p->step * (double)(p->y->numel - 1 - i)
                                                 : p->first + p->step * (double)i;
  return p->base != 0 ? pow(p->base, x) : x;
}

static void progress_piece(const progression *p, int64_t begin, int64_t end) {
  nn_dtype dtype = (nn_dtype)p->y->dtype;
  char *data = p->y->data;
  uint64_t first = (uint64_t)p->i_first, step = (uint64_t)p->i_step;
  if (p->whole && dtype == NN_INT64)
    for (int64_t i = begin; i < end; i++)
      ((int64_t *)(void *)data)[i] = (int64_t)(first + (uint64_t)i * step);
  else if (p->whole)
    for (int64_t i = begin; i < end; i++)
      nn_element_int(dtype, (int64_t)(first + (uint64_t)i * step), data + (size_t)i * nn_esize(p->y));
  else if (dtype == NN_FLOAT32)
    for (int64_t i = begin; i < end; i++) ((float *)(void *)data)[i] = (float)term(p, i);
  else if (dtype == NN_FLOAT64)
    for (int64_t i = begin; i < end; i++) ((double *)(void *)data)[i] = term(p, i);
  else
    for (int64_t i = begin; i < end; i++) nn_element(dtype, term(p, i), data + (size_t)i * nn_esize(p->y));
}

static void progress(void *arg, int64_t begin, int64_t end, int thread) {
  const int64_t piece = 1 << 16;
  (void)thread;
  for (; begin < end && !nn_interrupted(); begin += piece)
    progress_piece(arg, begin, end - begin < piece ? end : begin + piece);
}

static bool write_progression(const progression *p) {
  nn_parallel(p->y->numel, 4096, progress, (void *)(uintptr_t)p);
  return true;
}

/* The arguments of arange and range: start, end, step at p, p + 1, p + 2; start and step may be missing (p <
 * 0). */
typedef struct steps {
  const nn_value *start, *stop, *step;
} steps;

static bool all_whole(const steps *s) {
  return s->start->tag != NN_V_FLOAT && s->stop->tag != NN_V_FLOAT && s->step->tag != NN_V_FLOAT;
}

__extension__ typedef __int128 wide;

/* How many numbers there are from start on before stop (or, if closed, up to it); -1 with an error. */
static int64_t count_steps(nn_frame *f, const steps *s, bool closed) {
  double start = real(s->start), stop = real(s->stop), step = real(s->step), n;
  if (step == 0) return nn_bad(f, "the step must not be 0"), -1;
  if (!isfinite(start) || !isfinite(stop) || isnan(step))
    return nn_bad(f, "start and end must be finite numbers"), -1;
  if (step > 0 ? stop < start : stop > start)
    return nn_bad(f, "a step of %g does not lead from %g to %g", step, start, stop), -1;
  if (all_whole(s)) {
    wide span = (wide)s->stop->i - s->start->i, by = s->step->i;
    wide count = closed ? span / by + 1 : (span + by + (by > 0 ? -1 : 1)) / by;
    n = (double)count;
    if (n < 0x1p62) return (int64_t)count;
  } else {
    n = closed ? floor((stop - start) / step) + 1 : ceil((stop - start) / step);
    if (n < 0x1p62) return (int64_t)n;
  }
  return nn_bad(f, "a step of %g from %g to %g makes too many numbers", step, start, stop), -1;
}

/* A number as an integer, cut off; beyond what int64 holds the limit. */
static nn_value cut_off(const nn_value *v) {
  if (v->tag != NN_V_FLOAT) return *v;
  if (v->f != v->f) return v_i(0);
  return v_i(v->f >= 0x1p63 ? INT64_MAX : (v->f <= -0x1p63 ? INT64_MIN : (int64_t)v->f));
}

static bool steps_infer(nn_frame *f, const steps *s, int d, bool closed, nn_dtype otherwise) {
  nn_dtype dtype = dtype_arg(f, d, otherwise);
  const nn_value whole[3] = {cut_off(s->start), cut_off(s->stop), cut_off(s->step)};
  const steps in_whole = {&whole[0], &whole[1], &whole[2]};
  int64_t n = count_steps(f, dtype == NN_INT64 ? &in_whole : s, closed);
  if (n < 0) return false;
  nn_spec_set(f, 0, dtype, 1, &n);
  return true;
}

static bool steps_kernel(nn_frame *f, const steps *s) {
  progression p = {.y = f->out[0], .first = real(s->start), .step = real(s->step)};
  p.whole = all_whole(s) || !nn_is_float((nn_dtype)p.y->dtype);
  p.i_first = cut_off(s->start).i;
  p.i_step = cut_off(s->step).i;
  return write_progression(&p);
}

static nn_dtype steps_dtype(const steps *s) { return all_whole(s) ? NN_INT64 : NN_FLOAT32; }

static bool arange_stop_infer(nn_frame *f) {
  steps s = {&zero, &f->arg[0], &one};
  return steps_infer(f, &s, 1, false, steps_dtype(&s));
}

static bool arange_stop_kernel(nn_frame *f) {
  steps s = {&zero, &f->arg[0], &one};
  return steps_kernel(f, &s);
}

const nn_op nn_op_arange = {
    .name = "arange",
    .doc = "The numbers 0, 1, ... before stop: int64 if it is an integer, else float32.",
    .example = "tensor.arange(4)\n"
               "--> {0, 1, 2, 3}",
    .params = {{"stop", P_NUMBER}, DTYPE},
    .flags = CREATES,
    .infer = arange_stop_infer,
    .kernel = arange_stop_kernel,
    .samples = NN_SAMPLES("5", "2.5", "0", "3, {dtype = 'uint8'}"),
    .invalid = "-1",
    .complaint = "a step of 1 does not lead from 0 to -1",
};

static bool arange_infer(nn_frame *f) {
  steps s = {&f->arg[0], &f->arg[1], &f->arg[2]};
  return steps_infer(f, &s, 3, false, steps_dtype(&s));
}

static bool arange_kernel(nn_frame *f) {
  steps s = {&f->arg[0], &f->arg[1], &f->arg[2]};
  return steps_kernel(f, &s);
}

const nn_op nn_op_arange_start = {
    .name = "arange.start",
    .doc = "The numbers start, start + step, ... before stop: int64 if all are integers, else float32.\n"
           "stop itself is left out, as PyTorch does; tensor.range has it in.",
    .example = "tensor.arange(1, 8, 3)\n"
               "--> {1, 4, 7}",
    .params = {{"start", P_NUMBER}, {"stop", P_NUMBER}, {"step", P_NUMBER, "1"}, DTYPE},
    .flags = CREATES,
    .infer = arange_infer,
    .kernel = arange_kernel,
    .samples = NN_SAMPLES("1, 5", "5, 1, -2", "0, 1, 0.25", "1, 1"),
    .invalid = "1, 5, 0",
    .complaint = "the step must not be 0",
};

static bool range_infer(nn_frame *f) {
  steps s = {&f->arg[0], &f->arg[1], &f->arg[2]};
  return steps_infer(f, &s, 3, true, steps_dtype(&s));
}

const nn_op nn_op_range = {
    .name = "range",
    .doc =
        "The numbers start, start + step, ... up to stop, which may be among them, as in a loop of Lua: int64 if all "
        "are integers, else float32.",
    .example = "tensor.range(1, 7, 3)\n"
               "--> {1, 4, 7}",
    .params = {{"start", P_NUMBER}, {"stop", P_NUMBER}, {"step", P_NUMBER, "1"}, DTYPE},
    .flags = CREATES,
    .infer = range_infer,
    .kernel = arange_kernel,
    .samples = NN_SAMPLES("1, 5", "5, 1, -2", "0, 1, 0.25"),
    .invalid = "1, 0",
    .complaint = "a step of 1 does not lead from 1 to 0",
};

static bool linspace_infer(nn_frame *f) {
  int64_t n = f->arg[2].i;
  if (n < 0) return nn_bad(f, "the number of steps cannot be negative, got %lld", (long long)n);
  nn_spec_set(f, 0, dtype_arg(f, f->n_args - 1, NN_FLOAT32), 1, &n);
  return true;
}

static bool spaced(nn_frame *f, double base) {
  nn_tensor *y = f->out[0];
  progression p = {
      .y = y, .first = real(&f->arg[0]), .last = real(&f->arg[1]), .mirrored = y->numel > 1, .base = base};
  p.step = y->numel > 1 ? (p.last - p.first) / (double)(y->numel - 1) : 0;
  return write_progression(&p);
}

static bool linspace_kernel(nn_frame *f) { return spaced(f, 0); }

const nn_op nn_op_linspace = {
    .name = "linspace",
    .doc = "`steps` numbers at even distances from start to stop, both included.",
    .example = "tensor.linspace(0, 1, 5)\n"
               "--> {0, 0.25, 0.5, 0.75, 1}",
    .params = {{"start", P_NUMBER}, {"stop", P_NUMBER}, {"steps", P_INT}, DTYPE},
    .flags = CREATES,
    .infer = linspace_infer,
    .kernel = linspace_kernel,
    .samples = NN_SAMPLES("0, 1, 5", "3, -3, 4", "2, 5, 1", "0, 1, 0"),
    .invalid = "0, 1, -1",
    .complaint = "the number of steps cannot be negative",
};

static bool logspace_kernel(nn_frame *f) { return spaced(f, f->arg[3].f); }

const nn_op nn_op_logspace = {
    .name = "logspace",
    .doc = "`steps` numbers whose logarithms to this base lie at even distances from start to stop.",
    .example = "tensor.logspace(0, 2, 3)\n"
               "--> {1, 10, 100}",
    .params = {{"start", P_NUMBER}, {"stop", P_NUMBER}, {"steps", P_INT}, {"base", P_FLOAT, "10.0"}, DTYPE},
    .flags = CREATES,
    .infer = linspace_infer,
    .kernel = logspace_kernel,
    .samples = NN_SAMPLES("0, 2, 3", "1, 3, 3, 2"),
    .invalid = "0, 1, -1",
    .complaint = "the number of steps cannot be negative",
};

/* ---- eye -------------------------------------------------------------------------------------------- */

static bool eye_infer(nn_frame *f) {
  const int64_t shape[2] = {f->arg[0].i, nn_given(f, 1) ? f->arg[1].i : f->arg[0].i};
  char text[NN_SHAPE_TEXT];
  if (shape[0] < 0 || shape[1] < 0)
    return nn_bad(f, "a size cannot be negative: %s", nn_shape_text(2, shape, text));
  nn_spec_set(f, 0, dtype_arg(f, 2, NN_FLOAT32), 2, shape);
  return true;
}

static bool eye_kernel(nn_frame *f) {
  nn_tensor *y = f->out[0];
  double element;
  zeros_kernel(f);
  nn_element_int((nn_dtype)y->dtype, 1, &element);
  int64_t n = y->shape[0] < y->shape[1] ? y->shape[0] : y->shape[1], stride = y->shape[1] + 1;
  nn_block_fill(1, &n, (nn_dtype)y->dtype, y->data, &stride, &element);
  return true;
}

const nn_op nn_op_eye = {
    .name = "eye",
    .doc = "Ones on the main diagonal of a matrix of n rows and m (by default n) columns, zeros elsewhere.",
    .example = "tensor.eye(2)\n"
               "--> {{1, 0}, {0, 1}}",
    .params = {{"n", P_INT}, {"m", P_INT, "nil"}, DTYPE},
    .flags = CREATES,
    .infer = eye_infer,
    .kernel = eye_kernel,
    .samples = NN_SAMPLES("3", "2, 4", "3, 1", "0", "2, {dtype = 'bool'}"),
    .invalid = "-2",
    .complaint = "a size cannot be negative: [-2, -2]",
};
