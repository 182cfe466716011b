/* softmax.c - softmax and its logarithm: fused over the last dimension, other dimensions by a transpose. */
#include "interrupt.h"
#include "kernels/rows.h"
#include "parallel.h"
#include "reduction.h"

EXPR1(t_exp, exp)
EXPR1(t_log, log)

typedef struct rows_job {
  void (*forward)(int64_t rows, int64_t n, const void *x, void *y);
  void (*backward)(int64_t rows, int64_t n, const void *g, const void *y, void *dx);
  int64_t n;
  size_t elem;
  const char *x, *g;
  char *y;
} rows_job;

static void rows_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const rows_job *j = arg;
  enum { ELEMENTS = 1 << 16, MOST = 64 }; /* at once */
  int64_t most = j->n >= ELEMENTS ? 1 : j->n > ELEMENTS / MOST ? ELEMENTS / j->n : MOST;
  for (int64_t i = begin; i < end && !nn_interrupted(); i += most) {
    int64_t rows = end - i < most ? end - i : most;
    size_t at = (size_t)(i * j->n) * j->elem;
    if (j->backward)
      j->backward(rows, j->n, j->g + at, j->x + at, j->y + at);
    else
      j->forward(rows, j->n, j->x + at, j->y + at);
  }
}

static bool run_rows(nn_tensor *y, rows_job *j) {
  j->n = y->ndim ? y->shape[y->ndim - 1] : 1;
  j->elem = nn_esize(y);
  j->y = y->data;
  if (y->numel == 0) return true;
  nn_parallel(y->numel / j->n, 1 + 4096 / j->n, rows_range, j);
  return y->numel < 1 << 16 || !nn_interrupted();
}

static bool same_infer(nn_frame *f) {
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

static bool is_log(const nn_op *op) { return op->data != NULL; }

/* ---- over the last dimension ------------------------------------------------------------------------ */

static bool last_kernel(nn_frame *f) {
  const struct nn_rows_kernels *k = NN_SELECT(nn_rows);
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  rows_job j = {.forward = (is_log(f->op) ? k->log_softmax : k->softmax)[x->dtype], .x = x->data};
  return run_rows(f->out[0], &j);
}

static bool backward_kernel(nn_frame *f) {
  const struct nn_rows_kernels *k = NN_SELECT(nn_rows);
  const nn_tensor *g = nn_dense(f, 0), *y = nn_dense(f, 1);
  if (g == NULL || y == NULL) return false;
  rows_job j = {.backward = (is_log(f->op) ? k->log_softmax_backward : k->softmax_backward)[y->dtype], .x = y->data, .g = g->data};
  return run_rows(f->out[0], &j);
}

/* With a constant shift, so that nothing overflows; the shift has no influence on the result. */
static bool last_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0];
  uint32_t last = x->ndim ? 1u << (x->ndim - 1) : 0;
  bool was = nn_set_grad_enabled(c, false);
  T m = t_reduce_mask(c, &nn_op_amax, x, last, true);
  nn_set_grad_enabled(c, was);
  T d = t_sub(c, x, m), e = t_exp(c, d), s = t_reduce_mask(c, &nn_op_sum, e, last, true);
  f->out[0] = is_log(f->op) ? t_sub(c, d, t_log(c, s)) : t_div(c, e, s);
  return f->out[0] != NULL;
}

static bool last_vjp(nn_vjp *v) {
  const nn_op *op = is_log(v->node->op) ? &nn_op_log_softmax_backward : &nn_op_softmax_backward;
  T y = nn_out(v, 0);
  return y != NULL && (v->d[0] = nn_do(v->ctx, op, v_t(v->g[0]), v_t(y))) != NULL;
}

#define LAST(id, log_) \
  const nn_op nn_op_##id##_last = {.name = #id "_last", .doc = "Over the last dimension.", .params = {{"input", P_TENSOR}}, \
                                   .flags = NN_PRIVATE, .saves_in = 1, .saves_out = 1, .infer = same_infer, \
                                   .kernel = last_kernel, .compose = last_compose, .vjp = last_vjp, .data = log_}; \
  const nn_op nn_op_##id##_backward = {.name = #id "_backward", .doc = "Part of a gradient.", \
                                       .params = {{"grad", P_TENSOR}, {"output", P_TENSOR}}, .flags = NN_PRIVATE | NN_NO_GRAD, \
                                       .infer = same_infer, .kernel = backward_kernel, .data = log_};
LAST(softmax, NULL)
LAST(log_softmax, &nn_op_log_softmax)

/* ---- over any --------------------------------------------------------------------------------------- */

static bool compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0];
  if (nn_given(f, 2) && f->arg[2].dtype != x->dtype) x = nn_do(c, &nn_op_to, v_t(x), f->arg[2]);
  if (x == NULL) return false;
  if (!nn_is_float((nn_dtype)x->dtype))
    return nn_bad(f, "needs a floating-point tensor, got %s; convert with x:to(\"float32\")", nn_dtype_name((nn_dtype)x->dtype));
  const nn_op *op = is_log(f->op) ? &nn_op_log_softmax_last : &nn_op_softmax_last;
  int64_t dim = f->arg[1].i, last = x->ndim - 1;
  if (x->ndim == 0 || dim == last) return (f->out[0] = nn_do(c, op, v_t(x))) != NULL;
  T t = nn_do(c, &nn_op_transpose, v_t(x), v_i(dim), v_i(last));
  T y = t ? nn_do(c, op, v_t(t)) : NULL;
  return (f->out[0] = y ? nn_do(c, &nn_op_transpose, v_t(y), v_i(dim), v_i(last)) : NULL) != NULL;
}

#define PARAMS {{"input", P_TENSOR}, {"dim", P_DIM}, {"dtype", P_DTYPE, "nil", .keyword = true}}

const nn_op nn_op_softmax = {
    .name = "softmax",
    .doc = "exp(x) / sum(exp(x)) along a dimension: numbers to probabilities that add up to 1. Shapes: any, the same out.",
    .example = "tensor{0, 0, 1}:softmax(1)\n--> {0.2119, 0.2119, 0.5761}",
    .params = PARAMS, .flags = NN_TENSOR | NN_METHOD | NN_F, .compose = compose,
    .samples = NN_SAMPLES("R(2,3), 2", "R(2,3,4), 1", "T(R(3,2)), -1", "R(3), 1"), .invalid = "R(2,3), 3",
    .complaint = "dimensions are 1 to 2"};

const nn_op nn_op_log_softmax = {
    .name = "log_softmax",
    .doc = "log(softmax(x)) along a dimension, without the loss of digits that taking the logarithm afterwards has.",
    .example = "tensor{0, 0, 1}:log_softmax(1)\n--> {-1.5514, -1.5514, -0.5514}",
    .params = PARAMS, .flags = NN_TENSOR | NN_METHOD | NN_F, .compose = compose, .data = &nn_op_log_softmax,
    .samples = NN_SAMPLES("R(2,3), 2", "R(2,3,4), 1", "T(R(3,2)), -1", "R(3), 1"), .invalid = "R(2,3), 3",
    .complaint = "dimensions are 1 to 2"};
