/* spread.c - variance, norms, logsumexp over any dimensions, and the dot product of two vectors. */
#include <math.h>

#include "elementwise.h"
#include "interrupt.h"
#include "parallel.h"
#include "kernels/rows.h"
#include "reduction.h"

#define USUAL (NN_TENSOR | NN_METHOD)
#define DIMS {"input", P_TENSOR}, {"dim", P_DIMS, "nil", .rest = false}, {"keepdim", P_BOOL, "false"}
#define MASK(f) nn_dim_mask(&(f)->arg[1], (f)->in[0]->ndim)

static T t_where(C c, T m, T a, T b) { return m && a && b ? nn_do(c, &nn_op_where, v_t(m), v_t(a), v_t(b)) : NULL; }
static T t_eq(C c, T a, T b) { return a && b ? nn_do(c, &nn_op_eq, v_t(a), v_t(b)) : NULL; }
EXPR1(t_sqrt, sqrt)
EXPR1(t_abs, abs)
EXPR1(t_square, square)

/* ---- variance, norm, logsumexp ---------------------------------------------------------------------- */

/* sqrt whose gradient at 0 is that of the argument (which is zero where this is used), not infinite. */
static T safe_sqrt(C c, T s) {
  T zero = s ? t_eq(c, s, nn_keep(c, nn_scalar(c, (nn_dtype)s->dtype, 0))) : NULL;
  T one = s ? nn_keep(c, nn_scalar(c, (nn_dtype)s->dtype, 1)) : NULL;
  return t_where(c, zero, s, t_sqrt(c, t_where(c, zero, one, s)));
}

static T variance(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0];
  uint32_t mask = MASK(f);
  nn_meta m = nn_meta_of(x);
  const nn_value *corr = &f->arg[4];
  double correction = corr->tag == NN_V_FLOAT ? corr->f : (double)corr->i;
  if (nn_given(f, 2)) correction = f->arg[2].b ? 1 : 0;
  double n = (double)nn_reduced_count(&m, mask), over = n - correction > 0 ? n - correction : 0;
  T centred = t_sub(c, x, m.ndim ? t_reduce_mask(c, &nn_op_mean, x, mask, true) : x);
  T sum = m.ndim ? t_reduce_mask(c, &nn_op_sum, t_square(c, centred), mask, f->arg[3].b) : t_square(c, centred);
  return t_div(c, sum, t_num(c, over));
}

static bool var_compose(nn_frame *f) { return nn_expect_float(f, 0) && (f->out[0] = variance(f)) != NULL; }
static bool std_compose(nn_frame *f) {
  return nn_expect_float(f, 0) && (f->out[0] = safe_sqrt(f->ctx, variance(f))) != NULL;
}

#define SPREAD_PARAMS {{"input", P_TENSOR}, {"dim", P_DIMS, "nil"}, {"unbiased", P_BOOL, "nil"}, {"keepdim", P_BOOL, "false"}, \
                       {"correction", P_NUMBER, "1", .keyword = true}}
const nn_op nn_op_var = {
    .name = "var",
    .doc = "Variance over all elements or given dimensions: squared deviations from the mean, divided by n - correction\n"
           "(unbiased = false is correction = 0).",
    .example = "tensor{1, 2, 3, 4, 5}:var()\n--> 2.5",
    .params = SPREAD_PARAMS, .flags = USUAL, .compose = var_compose,
    .samples = NN_SAMPLES("R(2,3)", "R(2,3,4), {1,3}", "R(2,3), 2, {correction = 0, keepdim = true}"), .invalid = "I(3,4)",
    .complaint = "float"};
const nn_op nn_op_std = {
    .name = "std", .doc = "Standard deviation: the square root of var, see there. The gradient at 0 is 0.",
    .example = "tensor{1, 2, 3}:std()\n--> 1",
    .params = SPREAD_PARAMS, .flags = USUAL, .compose = std_compose,
    .samples = NN_SAMPLES("R(2,3)", "R(2,3,4), {1,3}", "R(2,3), 2, {correction = 0, keepdim = true}"), .invalid = "I(3,4)",
    .complaint = "float"};

/* var(true), var(false): whether to divide by n - 1, over all elements. */
static bool unbiased_compose(nn_frame *f) {
  return (f->out[0] = nn_do(f->ctx, f->op->data, v_t(f->in[0]), V_NONE, f->arg[1])) != NULL;
}
#define UNBIASED(id, name_, of, example_) \
  const nn_op nn_op_##id = {.name = name_, .doc = "Over all elements; unbiased tells whether to divide by n - 1 or by n.", \
                            .example = example_, .params = {{"input", P_TENSOR}, {"unbiased", P_BOOL}}, .flags = USUAL, \
                            .compose = unbiased_compose, .data = &of, .samples = NN_SAMPLES("R(2,3), false", "R(2,3), true"), \
                            .invalid = "I(3,4), false", .complaint = "float"};
UNBIASED(var_unbiased, "var.unbiased", nn_op_var, "tensor{1, 2, 3, 4}:var(false)\n--> 1.25")
UNBIASED(std_unbiased, "std.unbiased", nn_op_std, "tensor{1, 3}:std(false)\n--> 1")

/* The sum of squares in one pass. */
static bool sum_squares_infer(nn_frame *f) {
  nn_reduced_spec(f, 0, (nn_dtype)f->in[0]->dtype, MASK(f), f->arg[2].b);
  return true;
}
static bool sum_squares_kernel(nn_frame *f) {
  uint32_t mask = MASK(f);
  const nn_tensor *x = nn_reduction_input(f, &mask);
  return x != NULL && nn_reduce_dense(f->ctx, NN_REDUCE_SUM_SQUARES, x, mask, f->out[0]->data);
}
static bool sum_squares_vjp(nn_vjp *v) {
  const nn_meta *m = nn_in_meta(v, 0);
  T g = nn_unsqueeze_mask(v->ctx, v->g[0], m, nn_dim_mask(&v->arg[1], m->ndim));
  return (v->d[0] = t_mul(v->ctx, t_muls(v->ctx, g, 2), nn_in(v, 0))) != NULL;
}
const nn_op nn_op_sum_squares = {
    .name = "sum_squares", .doc = "The sum of squares over dimensions.", .params = {DIMS}, .flags = NN_PRIVATE, .saves_in = 1,
    .infer = sum_squares_infer, .kernel = sum_squares_kernel, .vjp = sum_squares_vjp};

static bool norm_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0];
  if (!nn_expect_float(f, 0)) return false;
  nn_value dims = f->arg[2], keep = f->arg[3];
  double p = f->arg[1].tag == NN_V_FLOAT ? f->arg[1].f : (double)f->arg[1].i;
  T a = p == 2 ? NULL : t_abs(c, x);
  if (p == 2) {
    f->out[0] = safe_sqrt(c, nn_do(c, &nn_op_sum_squares, v_t(x), dims, keep));
  } else if (p == 1) {
    f->out[0] = a ? nn_do(c, &nn_op_sum, v_t(a), dims, keep) : NULL;
  } else if (isinf(p)) {
    f->out[0] = a ? nn_do(c, p > 0 ? &nn_op_amax : &nn_op_amin, v_t(a), dims, keep) : NULL;
  } else if (p == 0) {
    T ones = nn_do(c, &nn_op_to, v_t(nn_do(c, &nn_op_ne, v_t(x), v_t(t_num(c, 0)))), v_dt((nn_dtype)x->dtype));
    f->out[0] = ones ? nn_do(c, &nn_op_sum, v_t(ones), dims, keep) : NULL;
  } else {
    T s = a ? nn_do(c, &nn_op_sum, v_t(nn_do(c, &nn_op_pow, v_t(a), v_t(t_num(c, p)))), dims, keep) : NULL;
    f->out[0] = s ? nn_do(c, &nn_op_pow, v_t(s), v_t(t_num(c, 1 / p))) : NULL;
  }
  return f->out[0] != NULL;
}

const nn_op nn_op_norm = {
    .name = "norm",
    .doc = "The p-norm (sum |x|^p)^(1/p) of all elements or over given dimensions; p = 1, 2, math.huge (the largest |x|), 0\n"
           "(how many are not zero) or any other number. The gradient of the 2-norm at 0 is 0.",
    .example = "tensor{3, 4}:norm()\n--> 5",
    .params = {{"input", P_TENSOR}, {"p", P_NUMBER, "2"}, {"dim", P_DIMS, "nil"}, {"keepdim", P_BOOL, "false"}}, .flags = USUAL,
    .compose = norm_compose, .samples = NN_SAMPLES("N(2,3)", "N(2,3), 1, 2", "N(2,3), 3, {1,2}, true", "D(2,3), math.huge"),
    .invalid = "I(3,4)", .complaint = "float"};

static bool norm_name_compose(nn_frame *f) {
  return (f->out[0] = nn_do(f->ctx, &nn_op_norm, v_t(f->in[0]), v_i(2), f->arg[2], f->arg[3])) != NULL;
}
const nn_op nn_op_norm_name = {
    .name = "norm.name", .doc = "The Frobenius norm: the 2-norm of all elements or over given dimensions.",
    .example = "tensor{{3, 4}}:norm(\"fro\")\n--> 5",
    .params = {{"input", P_TENSOR}, {"p", P_CHOICE, NULL, .choices = "fro"}, {"dim", P_DIMS, "nil"}, {"keepdim", P_BOOL, "false"}},
    .flags = USUAL, .compose = norm_name_compose, .samples = NN_SAMPLES("N(2,3), \"fro\"", "N(2,3), \"fro\", 1"),
    .invalid = "R(2,3), \"nuclear\"", .complaint = "p must be"};

/* The largest element, 0 where it is infinite: what exponents are taken relative to. No gradient. */
static T level(C c, T x, uint32_t mask) {
  bool was = nn_set_grad_enabled(c, false);
  T m = t_reduce_mask(c, &nn_op_amax, x, mask, true);
  T fine = m ? nn_do(c, &nn_op_isfinite, v_t(m)) : NULL;
  T zero = m ? nn_keep(c, nn_scalar(c, (nn_dtype)x->dtype, 0)) : NULL;
  m = t_where(c, fine, m, zero);
  nn_set_grad_enabled(c, was);
  return m;
}

typedef struct rows_job {
  nn_dtype dtype;
  int64_t n;
  size_t elem;
  const char *x;
  char *y;
} rows_job;

static void rows_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const rows_job *j = arg;
  for (int64_t i = begin; i < end && !nn_interrupted(); i += 64) {
    size_t at = (size_t)i * j->elem;
    NN_SELECT(nn_rows)->logsumexp[j->dtype](end - i < 64 ? end - i : 64, j->n, j->x + at * (size_t)j->n, j->y + at);
  }
}

static bool logsumexp_rows_infer(nn_frame *f) {
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, f->in[0]->ndim - 1, f->in[0]->shape);
  return true;
}

static bool logsumexp_rows_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  rows_job j = {(nn_dtype)x->dtype, x->shape[x->ndim - 1], nn_esize(x), x->data, f->out[0]->data};
  nn_parallel(f->out[0]->numel, 1 + 4096 / (j.n + 1), rows_range, &j);
  return x->numel < 1 << 16 || !nn_interrupted();
}

/* g exp(x - y) */
static bool logsumexp_rows_vjp(nn_vjp *v) {
  C c = v->ctx;
  T y = nn_out(v, 0), x = nn_in(v, 0);
  if (x == NULL || y == NULL) return false;
  T d = t_sub(c, x, t_unsqueeze(c, y, y->ndim)), e = d ? nn_do(c, &nn_op_exp, v_t(d)) : NULL;
  return (v->d[0] = t_mul(c, t_unsqueeze(c, v->g[0], v->g[0]->ndim), e)) != NULL;
}

const nn_op nn_op_logsumexp_rows = {
    .name = "logsumexp_rows", .doc = "log(sum(exp(x))) of rows.", .params = {{"input", P_TENSOR}}, .flags = NN_PRIVATE,
    .saves_in = 1, .saves_out = 1, .infer = logsumexp_rows_infer, .kernel = logsumexp_rows_kernel, .vjp = logsumexp_rows_vjp};

static bool logsumexp_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0];
  if (!nn_is_float((nn_dtype)x->dtype)) x = nn_do(c, &nn_op_to, v_t(x), v_dt(NN_FLOAT32));
  if (x == NULL) return false;
  uint32_t mask = MASK(f);
  if (x->ndim > 0 && x->numel > 0 && mask == 1u << (x->ndim - 1)) {
    T y = nn_do(c, &nn_op_logsumexp_rows, v_t(x));
    return (f->out[0] = f->arg[2].b && y ? t_unsqueeze(c, y, y->ndim) : y) != NULL;
  }
  T m = x->numel > 0 ? level(c, x, mask) : t_num(c, 0);
  T d = t_sub(c, x, m), e = d ? nn_do(c, &nn_op_exp, v_t(d)) : NULL;
  T s = t_reduce_mask(c, &nn_op_sum, e, mask, true), l = s ? nn_do(c, &nn_op_log, v_t(s)) : NULL;
  T y = t_add(c, l, m);
  if (y != NULL && !f->arg[2].b) {
    nn_frame g = *f;
    g.in = &x;
    nn_reduced_spec(&g, 0, (nn_dtype)x->dtype, mask, false);
    y = nn_do(c, &nn_op_reshape, v_t(y), v_ints(g.spec[0].ndim, g.spec[0].shape));
  }
  return (f->out[0] = y) != NULL;
}

const nn_op nn_op_logsumexp = {
    .name = "logsumexp", .doc = "log(sum(exp(x))) over given dimensions, without overflow.",
    .example = "tensor{{100, 100}}:logsumexp(2)\n--> {100.6931}",
    .params = {{"input", P_TENSOR}, {"dim", P_DIMS}, {"keepdim", P_BOOL, "false"}}, .flags = USUAL,
    .compose = logsumexp_compose, .samples = NN_SAMPLES("R(2,3), 2", "R(2,3,4), {1,3}, true", "R(3), 1"),
    .invalid = "R(2,3), 3", .complaint = "dimensions are"};

/* ---- dot product of two vectors --------------------------------------------------------------------- */

typedef struct dot_job {
  const nn_tensor *a, *b;
  double *part;
} dot_job;

enum { DOT_CHUNK = 32 * 1024 };

static void dot_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const dot_job *j = arg;
  const struct nn_reduce_kernels *k = NN_SELECT(nn_reduce);
  for (int64_t i = begin; i < end && !nn_interrupted(); i++) {
    int64_t at = i * DOT_CHUNK, n = j->a->numel - at < DOT_CHUNK ? j->a->numel - at : DOT_CHUNK;
    if (j->a->dtype == NN_FLOAT32)
      j->part[i] = (double)k->dot_f32(n, (const float *)(const void *)j->a->data + at, (const float *)(const void *)j->b->data + at);
    else
      j->part[i] = k->dot_f64(n, (const double *)(const void *)j->a->data + at, (const double *)(const void *)j->b->data + at);
  }
}

static bool dot_sum_infer(nn_frame *f) {
  if (f->in[0]->numel != f->in[1]->numel)
    return nn_bad(f, "vectors of %lld and %lld elements do not fit", (long long)f->in[0]->numel, (long long)f->in[1]->numel);
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, 0, NULL);
  return true;
}
static bool dot_sum_kernel(nn_frame *f) {
  const nn_tensor *a = nn_dense(f, 0), *b = nn_dense(f, 1);
  if (a == NULL || b == NULL) return false;
  int64_t n = (a->numel + DOT_CHUNK - 1) / DOT_CHUNK;
  size_t bytes = (size_t)(n > 0 ? n : 1) * sizeof(double);
  dot_job j = {a, b, nn_scratch(f->ctx, bytes)};
  if (j.part == NULL) return false;
  nn_parallel(n, 1, dot_range, &j);
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += j.part[i];
  nn_scratch_free(f->ctx, j.part, bytes);
  if (a->dtype == NN_FLOAT32)
    *(float *)(void *)f->out[0]->data = (float)sum;
  else
    *(double *)(void *)f->out[0]->data = sum;
  return a->numel < 1 << 16 || !nn_interrupted();
}
static bool dot_sum_vjp(nn_vjp *v) {
  if (nn_need(v, 0) && (v->d[0] = t_mul(v->ctx, v->g[0], nn_in(v, 1))) == NULL) return false;
  if (nn_need(v, 1) && (v->d[1] = t_mul(v->ctx, v->g[0], nn_in(v, 0))) == NULL) return false;
  return true;
}
const nn_op nn_op_dot_sum = {
    .name = "dot_sum", .doc = "The sum of the products of two vectors of one floating dtype.",
    .params = {{"input", P_TENSOR}, {"other", P_TENSOR}}, .flags = NN_PRIVATE, .saves_in = 3, .infer = dot_sum_infer,
    .kernel = dot_sum_kernel, .vjp = dot_sum_vjp};
