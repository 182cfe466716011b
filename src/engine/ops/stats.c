/* stats.c - statistics made of other operations: reductions without NaN, quantiles, covariance, several at
 * once. */
#include <math.h>

#include "interrupt.h"
#include "linalg.h"

#define USUAL (NN_TENSOR | NN_METHOD)

EXPR1(t_exp, exp)
EXPR1(t_isnan, isnan)
EXPR1(t_not, logical_not)
static T t_where(C c, T m, T a, T b) {
  return m && a && b ? nn_do(c, &nn_op_where, v_t(m), v_t(a), v_t(b)) : NULL;
}
static double number(const nn_value *v) { return v->tag == NN_V_INT ? (double)v->i : v->f; }
static T t_sum(C c, T x, nn_value dims, bool keepdim) {
  return x ? nn_do(c, &nn_op_sum, v_t(x), dims, v_b(keepdim)) : NULL;
}

/* ---- without NaN ------------------------------------------------------------------------------------ */

static T nansum(nn_frame *f, T x) {
  C c = f->ctx;
  if (nn_is_float((nn_dtype)x->dtype)) x = t_where(c, t_isnan(c, x), t_num(c, 0), x);
  return x ? nn_do(c, &nn_op_sum, v_t(x), f->arg[1], f->arg[2], f->arg[3]) : NULL;
}
static bool nansum_compose(nn_frame *f) { return (f->out[0] = nansum(f, f->in[0])) != NULL; }
static bool nanmean_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0];
  if (!nn_expect_float(f, 0)) return false;
  T there = t_to(c, t_not(c, t_isnan(c, x)), (nn_dtype)x->dtype), sum = nansum(f, x);
  return (f->out[0] = t_div(c, sum, t_sum(c, there, f->arg[1], f->arg[2].b))) != NULL;
}
#define NAN_PARAMS                                                                                           \
  {                                                                                                          \
    {"input", P_TENSOR}, {"dim", P_DIMS, "nil"}, {"keepdim", P_BOOL, "false"}, {                             \
      "dtype", P_DTYPE, "nil", .keyword = true                                                               \
    }                                                                                                        \
  }
const nn_op nn_op_nansum = {.name = "nansum",
                            .doc = "The sum of all elements or over given dimensions, NaN counted as 0.",
                            .example = "tensor{1, 0 / 0, 2}:nansum()\n--> 3",
                            .params = NAN_PARAMS,
                            .flags = USUAL,
                            .compose = nansum_compose,
                            .samples = NN_SAMPLES("R(2,3)", "R(2,3,4), {1, 3}, true"),
                            .invalid = "R(2), 2",
                            .complaint = "dimensions are"};
const nn_op nn_op_nanmean = {
    .name = "nanmean",
    .doc = "The mean of the elements that are not NaN, of all or over given dimensions.",
    .example = "tensor{1, 0 / 0, 2}:nanmean()\n--> 1.5",
    .params = NAN_PARAMS,
    .flags = USUAL,
    .compose = nanmean_compose,
    .samples = NN_SAMPLES("R(2,3)", "R(2,3,4), {1, 3}, true"),
    .invalid = "I(3,2)",
    .complaint = "float"};

/* ---- quantiles -------------------------------------------------------------------------------------- */

enum { LINEAR, LOWER, HIGHER, MIDPOINT, NEAREST };

/* Sorted along the last dimension [..., n], NaN last; q [k] in 0..1: the values at q (n - 1), n the number of
 * elements or (ignoring) of those that are not NaN. A lane with a NaN is NaN otherwise. Returns [k, ...]. */
static T quantiles(nn_frame *f, T sorted, T q, bool ignoring, int kind) {
  C c = f->ctx;
  int last = sorted->ndim - 1;
  int64_t n = sorted->shape[last], k = q->shape[0], dim = last;
  nn_dtype dtype = (nn_dtype)sorted->dtype;
  T there = t_not(c, t_isnan(c, sorted));
  T count = t_to(c, t_sum(c, there, v_ints(1, &dim), true), dtype);
  T most =
      ignoring ? nn_do(c, &nn_op_clamp_min, v_t(t_adds(c, count, -1)), v_i(0)) : t_num(c, (double)(n - 1));
  T place = t_mul(c, q, most); /* [..., k] or [k] */
  if (!ignoring) place = t_add(c, t_muls(c, count, 0), place);
  if (place == NULL) return NULL;
  bool was = nn_set_grad_enabled(c, false);
  place = nn_do(c, &nn_op_detach, v_t(place));
  if (kind == NEAREST && place) place = nn_do(c, &nn_op_round, v_t(place));
  T low = nn_do(c, kind == HIGHER ? &nn_op_ceil : &nn_op_floor, v_t(place));
  T high = kind == LINEAR || kind == MIDPOINT ? nn_do(c, &nn_op_ceil, v_t(place)) : NULL;
  T part = high ? (kind == MIDPOINT ? NULL : t_sub(c, place, low)) : NULL;
  T at = t_to(c, t_adds(c, low, 1), NN_INT64), next = high ? t_to(c, t_adds(c, high, 1), NN_INT64) : NULL;
  nn_set_grad_enabled(c, was);
  T y = at ? nn_do(c, &nn_op_gather, v_t(sorted), v_i(dim), v_t(at)) : NULL;
  if (next != NULL) {
    T z = nn_do(c, &nn_op_gather, v_t(sorted), v_i(dim), v_t(next));
    y = nn_do(c, &nn_op_lerp, v_t(y), v_t(z), v_t(part ? part : t_num(c, 0.5)));
  }
  if (!ignoring && y != NULL) {
    T all = nn_do(c, &nn_op_all, v_t(there), v_ints(1, &dim), v_b(true));
    y = t_where(c, all, y, t_num(c, (double)NAN));
  }
  int64_t from = last, to = 0;
  (void)k;
  return y ? nn_do(c, &nn_op_movedim, v_t(y), v_ints(1, &from), v_ints(1, &to)) : NULL;
}

static bool quantile_compose(nn_frame *f) {
  C c = f->ctx;
  bool ignoring = f->op->data != NULL, all = f->arg[2].tag == NN_V_NONE, single, keep = f->arg[3].b;
  T x = f->in[0], q = f->in[1], r[2];
  if (!nn_expect_float(f, 0)) return false;
  if (q->dtype != x->dtype) q = t_to(c, q, (nn_dtype)x->dtype);
  if (q == NULL || !nn_expect_ndim(f, 1, 0, 1)) return false;
  single = q->ndim == 0;
  for (int64_t i = 0; i < q->numel; i++) {
    double v = nn_get(q, &i);
    if (single) v = nn_item(q);
    if (!(v >= 0 && v <= 1)) return nn_bad(f, "q must be between 0 and 1, got %g", v);
  }
  if (x->numel == 0) return nn_bad(f, "there is no element to choose from");
  int ndim = x->ndim;
  int64_t dim = all ? 0 : f->arg[2].i, flat = -1, end = 0;
  T lanes;
  if (all || ndim == 0) {
    lanes = t_reshape(c, x, 1, &flat);
  } else {
    end = ndim - 1;
    lanes = nn_do(c, &nn_op_movedim, v_t(x), v_ints(1, &dim), v_ints(1, &end));
  }
  if (single) q = t_unsqueeze(c, q, 0);
  if (lanes == NULL || q == NULL || !nn_do_all(c, &nn_op_sort, r, v_t(lanes), v_i(-1))) return false;
  T y = quantiles(f, r[0], q, ignoring, (int)f->arg[4].i);
  if (y != NULL && keep) {
    if (all)
      for (int d = 0; d < ndim; d++) y = t_unsqueeze(c, y, 1);
    else if (ndim > 0)
      y = t_unsqueeze(c, y, dim + 1);
  }
  if (y != NULL && single) y = nn_do(c, &nn_op_squeeze_dim, v_t(y), v_i(0));
  return (f->out[0] = y) != NULL;
}
#define QUANTILE_PARAMS                                                                                      \
  {                                                                                                          \
    {"input", P_TENSOR}, {"q", P_TENSOR}, {"dim", P_DIM, "nil"}, {"keepdim", P_BOOL, "false"}, {             \
      "interpolation", P_CHOICE, "linear", .choices = "linear|lower|higher|midpoint|nearest",                \
                                           .keyword = true                                                   \
    }                                                                                                        \
  }
const nn_op nn_op_quantile = {
    .name = "quantile",
    .doc =
        "The values below which the part q (a number or a vector of such, 0 to 1) of the elements lies, of all or along a\n"
        "dimension; several q are the result's first dimension. Between two elements it is interpolated.",
    .example = "tensor{1, 2, 3, 4}:quantile(0.5)\n--> 2.5",
    .params = QUANTILE_PARAMS,
    .flags = USUAL | NN_NUMBERS,
    .compose = quantile_compose,
    .samples =
        NN_SAMPLES("D(2,5), 0.3, 2", "D(6), C(tensor{0, 0.45, 1})", "D(2,5), 0.6, 1, true",
                   "D(2,5), 0.3, 2, {interpolation = \"midpoint\"}", "D(7), 0.4, {interpolation = \"lower\"}",
                   "D(7), 0.4, {interpolation = \"higher\", keepdim = true}",
                   "D(7), 0.4, {interpolation = \"nearest\"}"),
    .invalid = "R(3), 2",
    .complaint = "between 0 and 1"};
const nn_op nn_op_nanquantile = {.name = "nanquantile",
                                 .doc = "The same as quantile of the elements that are not NaN.",
                                 .example = "tensor{1, 0 / 0, 3}:nanquantile(0.5)\n--> 2",
                                 .params = QUANTILE_PARAMS,
                                 .flags = USUAL | NN_NUMBERS,
                                 .compose = quantile_compose,
                                 .data = "",
                                 .samples = NN_SAMPLES("D(2,5), 0.3, 2", "D(6), C(tensor{0, 0.45, 1})"),
                                 .invalid = "R(3), 2",
                                 .complaint = "between 0 and 1"};

/* The lower of the two in the middle, of the elements that are not NaN: their positions are looked up among
 * the sorted. */
static bool nanmedian_along(nn_frame *f, T x, int64_t dim, bool keepdim) {
  C c = f->ctx;
  T r[2];
  if (!nn_do_all(c, &nn_op_sort, r, v_t(x), v_i(dim))) return false;
  T there = t_not(c, t_isnan(c, x)), count = t_sum(c, there, v_ints(1, &dim), true);
  T middle = t_to(
      c, nn_do(c, &nn_op_div_mode, v_t(t_adds(c, t_to(c, count, NN_FLOAT64), 1)), v_t(t_num(c, 2)), v_i(1)),
      NN_INT64);
  middle = middle ? nn_do(c, &nn_op_clamp_min, v_t(middle), v_i(1)) : NULL;
  for (int k = 0; k < 2; k++) {
    T y = middle ? nn_do(c, &nn_op_gather, v_t(r[k]), v_i(dim), v_t(middle)) : NULL;
    f->out[k] = y && !keepdim ? nn_do(c, &nn_op_squeeze_dim, v_t(y), v_i(dim)) : y;
    if (f->out[k] == NULL) return false;
    if (f->n_out == 1) break;
  }
  return true;
}
static bool nanmedian_dim_compose(nn_frame *f) {
  if (!nn_expect_float(f, 0)) return false;
  if (f->in[0]->ndim == 0 || f->in[0]->shape[f->arg[1].i] == 0)
    return nn_bad(f, "there is no element to choose from");
  return nanmedian_along(f, f->in[0], f->arg[1].i, f->arg[2].b);
}
static bool nanmedian_compose(nn_frame *f) {
  int64_t flat = -1;
  if (!nn_expect_float(f, 0)) return false;
  if (f->in[0]->numel == 0) return nn_bad(f, "there is no element to choose from");
  T x = t_reshape(f->ctx, f->in[0], 1, &flat);
  return x != NULL && nanmedian_along(f, x, 0, false);
}
const nn_op nn_op_nanmedian = {
    .name = "nanmedian",
    .doc =
        "The median of all elements that are not NaN, of an even number the lower of the two in the middle.",
    .example = "tensor{4, 0 / 0, 1, 3}:nanmedian()\n--> 3",
    .params = {{"input", P_TENSOR}},
    .flags = USUAL,
    .compose = nanmedian_compose,
    .samples = NN_SAMPLES("D(2,3)", "D(5)"),
    .invalid = "I(3,2)",
    .complaint = "float"};
const nn_op nn_op_nanmedian_dim = {
    .name = "nanmedian.dim",
    .doc = "Medians along a dimension of the elements that are not NaN and their positions, from 1.",
    .example = "tensor{{4, 0 / 0, 3}}:nanmedian(2)\n--> {3}\t{3}",
    .params = {{"input", P_TENSOR}, {"dim", P_DIM}, {"keepdim", P_BOOL, "false"}},
    .flags = USUAL,
    .n_out = 2,
    .compose = nanmedian_dim_compose,
    .samples = NN_SAMPLES("D(2,3), 2", "D(4,2,3), 1, true"),
    .invalid = "R(2), 2",
    .complaint = "dimensions are"};

/* ---- several at once -------------------------------------------------------------------------------- */

static bool spread_mean_compose(nn_frame *f) {
  C c = f->ctx;
  if (!nn_expect_float(f, 0)) return false;
  f->out[0] = nn_do(c, f->op->data, v_t(f->in[0]), f->arg[1], f->arg[2], f->arg[3], f->arg[4]);
  f->out[1] = nn_do(c, &nn_op_mean, v_t(f->in[0]), f->arg[1], f->arg[3]);
  return f->out[0] && f->out[1];
}
#define SPREAD_MEAN(id, of, doc_, example_)                                                                  \
  const nn_op nn_op_##id = {                                                                                 \
      .name = #id,                                                                                           \
      .doc = doc_,                                                                                           \
      .example = example_,                                                                                   \
      .params = {{"input", P_TENSOR},                                                                        \
                 {"dim", P_DIMS, "nil"},                                                                     \
                 {"unbiased", P_BOOL, "nil"},                                                                \
                 {"keepdim", P_BOOL, "false"},                                                               \
                 {"correction", P_NUMBER, "1", .keyword = true}},                                            \
      .flags = NN_TENSOR,                                                                                    \
      .n_out = 2,                                                                                            \
      .compose = spread_mean_compose,                                                                        \
      .data = &of,                                                                                           \
      .samples = NN_SAMPLES("R(2,3)", "R(2,3,4), {1, 3}", "R(2,3), 2, {correction = 0, keepdim = true}"),    \
      .invalid = "I(3,4)",                                                                                   \
      .complaint = "float"};
SPREAD_MEAN(var_mean, nn_op_var,
            "The variance (see var) and the mean of all elements or over given dimensions.",
            "tensor.var_mean(tensor{1, 2, 3})\n--> 1\t2")
SPREAD_MEAN(std_mean, nn_op_std,
            "The standard deviation (see std) and the mean of all elements or over given dimensions.",
            "tensor.std_mean(tensor{1, 2, 3})\n--> 1\t2")

static bool aminmax_compose(nn_frame *f) {
  C c = f->ctx;
  f->out[0] = nn_do(c, &nn_op_amin, v_t(f->in[0]), f->arg[1], f->arg[2]);
  f->out[1] = f->out[0] ? nn_do(c, &nn_op_amax, v_t(f->in[0]), f->arg[1], f->arg[2]) : NULL;
  return f->out[1] != NULL;
}
const nn_op nn_op_aminmax = {
    .name = "aminmax",
    .doc = "The smallest and the largest element of all or along a dimension.",
    .example = "tensor{3, 1, 2}:aminmax()\n--> 1\t3",
    .params = {{"input", P_TENSOR},
               {"dim", P_DIMS, "nil", .keyword = true},
               {"keepdim", P_BOOL, "false", .keyword = true}},
    .flags = USUAL,
    .n_out = 2,
    .compose = aminmax_compose,
    .samples = NN_SAMPLES("D(2,3)", "D(2,3), {dim = 2}", "D(2,3), {dim = 1, keepdim = true}"),
    .invalid = "R(2), {dim = 2}",
    .complaint = "dimensions are"};

/* log of the running sum of exp: with the running maximum taken out the gradients of the two parts sum up
 * right. */
static bool logcumsumexp_infer(nn_frame *f) {
  if (!nn_expect_float(f, 0)) return false;
  nn_spec_like(f, 0, f->in[0]);
  return true;
}
static bool logcumsumexp_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  int dim = (int)f->arg[1].i;
  int64_t inner = 1, n = x->ndim ? x->shape[dim] : 1;
  for (int d = dim + 1; d < x->ndim; d++) inner *= x->shape[d];
  for (int64_t lane = 0; n > 0 && lane < x->numel / n && !nn_interrupted(); lane++) {
    int64_t at = lane / inner * n * inner + lane % inner;
    double top = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n && !nn_interrupted_at(i); i++, at += inner) {
      double v = x->dtype == NN_FLOAT32 ? (double)((const float *)(const void *)x->data)[at]
                                        : ((const double *)(const void *)x->data)[at];
      if (v > top) {
        sum = sum * exp(top - v) + 1;
        top = v;
      } else if (!(isinf(v) && v < 0)) {
        sum += v == top ? 1 : exp(v - top);
      }
      double y = sum > 0 || isnan(sum) ? top + log(sum) : top;
      if (isnan(v) || isnan(sum)) sum = (double)NAN, y = (double)NAN;
      if (x->dtype == NN_FLOAT32)
        ((float *)(void *)f->out[0]->data)[at] = (float)y;
      else
        ((double *)(void *)f->out[0]->data)[at] = y;
    }
  }
  return true;
}
/* dx_i = exp(x_i) * sum over k >= i of g_k exp(-y_k) */
static bool logcumsumexp_vjp(nn_vjp *v) {
  C c = v->ctx;
  T x = nn_in(v, 0), y = nn_out(v, 0);
  if (x == NULL || y == NULL) return false;
  if (x->ndim == 0) return (v->d[0] = v->g[0]) != NULL;
  int64_t dim = v->arg[1].i;
  T top = nn_do(c, &nn_op_amax, v_t(nn_do(c, &nn_op_detach, v_t(x))), v_ints(1, &dim), v_b(true));
  T s = t_mul(c, v->g[0], t_exp(c, t_sub(c, top, y)));
  s = s ? nn_do(c, &nn_op_flip, v_t(s), v_ints(1, &dim)) : NULL;
  s = s ? nn_do(c, &nn_op_cumsum, v_t(s), v_i(dim)) : NULL;
  s = s ? nn_do(c, &nn_op_flip, v_t(s), v_ints(1, &dim)) : NULL;
  return (v->d[0] = t_mul(c, s, t_exp(c, t_sub(c, x, top)))) != NULL;
}
const nn_op nn_op_logcumsumexp = {.name = "logcumsumexp",
                                  .doc = "log of the running sum of exp along a dimension, without overflow.",
                                  .example = "tensor{0, 0}:logcumsumexp(1)\n--> {0, 0.6931}",
                                  .params = {{"input", P_TENSOR}, {"dim", P_DIM}},
                                  .flags = USUAL,
                                  .saves_in = 1,
                                  .saves_out = 1,
                                  .infer = logcumsumexp_infer,
                                  .kernel = logcumsumexp_kernel,
                                  .vjp = logcumsumexp_vjp,
                                  .samples =
                                      NN_SAMPLES("R(2,3), 2", "R(2,3,4), 1", "T(R(3,2)), -1", "R(), 1"),
                                  .invalid = "R(2,3), 3",
                                  .complaint = "dimensions are"};

/* ---- covariance ------------------------------------------------------------------------------------- */

/* Rows are variables, columns observations with weights fweights (how often) and aweights (how much). */
static T covariance(nn_frame *f, T x, double correction, T fweights, T aweights) {
  C c = f->ctx;
  if (x->ndim > 2) {
    nn_bad(f, "expected at most 2 dimensions, got %d", x->ndim);
    return NULL;
  }
  bool vector = x->ndim < 2, single = vector || x->shape[0] == 1;
  int64_t flat[2] = {1, -1}, dim = 1;
  if (vector) x = t_reshape(c, x, 2, flat);
  if (x == NULL) return NULL;
  nn_dtype dtype = (nn_dtype)x->dtype;
  double n = (double)x->shape[1];
  T weights = fweights ? t_to(c, fweights, dtype) : NULL;
  if (aweights) weights = weights ? t_mul(c, weights, t_to(c, aweights, dtype)) : t_to(c, aweights, dtype);
  T total = weights ? nn_do(c, &nn_op_sum, v_t(weights)) : t_num(c, n);
  T weighted = weights ? t_mul(c, x, weights) : x;
  T d = t_sub(c, x, t_div(c, t_sum(c, weighted, v_ints(1, &dim), true), total));
  T scale = t_adds(c, total, -correction);
  if (aweights && correction != 0) /* the frequencies' share of the squared weights */
    scale = t_sub(
        c, total,
        t_muls(c, t_div(c, nn_do(c, &nn_op_sum, v_t(t_mul(c, weights, t_to(c, aweights, dtype)))), total),
               correction));
  T y = t_div(c, t_matmul(c, weights ? t_mul(c, d, weights) : d, t_mT(c, d)), scale);
  int64_t both[2] = {0, 1};
  return y && single ? nn_do(c, &nn_op_squeeze_dim, v_t(y), v_ints(2, both)) : y;
}
static bool cov_compose(nn_frame *f) {
  if (!nn_expect_float(f, 0)) return false;
  return (f->out[0] = covariance(f, f->in[0], number(&f->arg[1]), f->in[1], f->in[2])) != NULL;
}
const nn_op nn_op_cov = {
    .name = "cov",
    .doc =
        "The covariance matrix of variables, which are rows, over observations, which are columns: products of deviations from\n"
        "the means, divided by n - correction. fweights are how often, aweights how much each observation counts.",
    .example = "tensor{{0, 1, 2}, {2, 1, 0}}:cov()\n--> {{1, -1}, {-1, 1}}",
    .params = {{"input", P_TENSOR},
               {"correction", P_NUMBER, "1", .keyword = true},
               {"fweights", P_TENSOR, "nil", .keyword = true},
               {"aweights", P_TENSOR, "nil", .keyword = true}},
    .flags = USUAL,
    .compose = cov_compose,
    .samples = NN_SAMPLES("R(2,5)", "R(5)", "R(2,4), {correction = 0}", "R(2,4), {aweights = P(4)}",
                          "R(2,4), {fweights = I(3,4)}"),
    .invalid = "R(2,2,2)",
    .complaint = "at most 2"};
static bool corrcoef_compose(nn_frame *f) {
  C c = f->ctx;
  if (!nn_expect_float(f, 0)) return false;
  T y = covariance(f, f->in[0], 1, NULL, NULL);
  if (y == NULL || y->ndim == 0) return (f->out[0] = t_div(c, y, y)) != NULL;
  T s = t_sqrt(c, t_diagonal(c, y));
  y = t_div(c, t_div(c, y, t_unsqueeze(c, s, 1)), s);
  return (f->out[0] = y ? nn_do(c, &nn_op_clamp, v_t(y), v_i(-1), v_i(1)) : NULL) != NULL;
}
const nn_op nn_op_corrcoef = {
    .name = "corrcoef",
    .doc = "The correlations, -1 to 1, of variables, which are rows, over observations, which are columns.",
    .example = "tensor{{0, 1, 2}, {2, 1, 0}}:corrcoef()\n--> {{1, -1}, {-1, 1}}",
    .params = {{"input", P_TENSOR}},
    .flags = USUAL,
    .compose = corrcoef_compose,
    .samples = NN_SAMPLES("W(2,5)", "W(3,4)"),
    .invalid = "R(2,2,2)",
    .complaint = "at most 2"};

/* ---- trace, dist, renorm ---------------------------------------------------------------------------- */

static bool trace_compose(nn_frame *f) {
  if (!nn_expect_ndim(f, 0, 2, 2)) return false;
  T d = t_diagonal(f->ctx, f->in[0]);
  return (f->out[0] = d ? nn_do(f->ctx, &nn_op_sum, v_t(d)) : NULL) != NULL;
}
const nn_op nn_op_trace = {.name = "trace",
                           .doc = "The sum of a matrix's diagonal.",
                           .example = "tensor{{1, 2}, {3, 4}}:trace()\n--> 5",
                           .params = {{"input", P_TENSOR}},
                           .flags = USUAL,
                           .compose = trace_compose,
                           .samples = NN_SAMPLES("R(3,3)", "R(2,4)"),
                           .invalid = "R(3)",
                           .complaint = "2"};
static bool dist_compose(nn_frame *f) {
  C c = f->ctx;
  return (f->out[0] = nn_do(c, &nn_op_norm, v_t(t_sub(c, f->in[0], f->in[1])), f->arg[2])) != NULL;
}
const nn_op nn_op_dist = {.name = "dist",
                          .doc = "The p-norm of input - other, over all elements.",
                          .example = "tensor{3, 4}:dist(tensor{0, 0})\n--> 5",
                          .params = {{"input", P_TENSOR}, {"other", P_TENSOR}, {"p", P_NUMBER, "2"}},
                          .flags = USUAL | NN_PROMOTES,
                          .compose = dist_compose,
                          .samples = NN_SAMPLES("R(2,3), R(3)", "R(3), R(3), 3"),
                          .invalid = "R(2), R(3)",
                          .complaint = "do not broadcast"};
static bool renorm_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0];
  double most = number(&f->arg[3]);
  if (!nn_expect_float(f, 0) || !nn_expect_ndim(f, 0, 1, NN_MAX_DIMS)) return false;
  int64_t others[NN_MAX_DIMS];
  int n = 0;
  for (int d = 0; d < x->ndim; d++)
    if (d != f->arg[2].i) others[n++] = d;
  T norm = n > 0 ? nn_do(c, &nn_op_norm, v_t(x), f->arg[1], v_ints(n, others), v_b(true)) : t_abs(c, x);
  T large = norm ? nn_do(c, &nn_op_gt, v_t(norm), v_t(t_num(c, most))) : NULL;
  T factor = t_muls(c, t_reciprocal(c, t_adds(c, t_where(c, large, norm, t_num(c, 1)), 1e-7)), most);
  return (f->out[0] = t_mul(c, x, t_where(c, large, factor, t_num(c, 1)))) != NULL;
}
const nn_op nn_op_renorm = {
    .name = "renorm",
    .doc = "Each slice along dim whose p-norm exceeds maxnorm is scaled down to it.",
    .example = "tensor{{3, 4}, {0.3, 0.4}}:renorm(2, 1, 1)\n--> {{0.6, 0.8}, {0.3, 0.4}}",
    .params = {{"input", P_TENSOR}, {"p", P_NUMBER}, {"dim", P_DIM}, {"maxnorm", P_NUMBER}},
    .flags = USUAL | NN_INPLACE,
    .compose = renorm_compose,
    .samples = NN_SAMPLES("N(2,3), 2, 1, 0.5", "N(2,3), 1, 2, 0.7"),
    .invalid = "R(2), 2, 2, 1",
    .complaint = "dimensions are"};

/* ---- integrals -------------------------------------------------------------------------------------- */

/* Sum (running: partial sums) of (y_i + y_i+1) / 2 times the distance in x, which is dx or given. */
static bool trapezoid_compose(nn_frame *f) {
  C c = f->ctx;
  T y = f->in[0], x = f->in[1];
  bool running = f->op->data != NULL;
  int64_t dim = f->arg[3].i;
  if (!nn_expect_ndim(f, 0, 1, NN_MAX_DIMS)) return false;
  int64_t n = y->shape[dim];
  T pair = t_add(c, t_slice(c, y, dim, 0, n - 1, 1), t_slice(c, y, dim, 1, n, 1)), width;
  if (n < 1) return nn_bad(f, "there are no points along dimension %lld", (long long)dim + 1);
  if (x != NULL) {
    int64_t at = x->ndim == 1 ? 0 : x->ndim - (y->ndim - dim);
    if (at < 0 || at >= x->ndim) return nn_bad(f, "x does not fit y");
    int64_t m = x->shape[at], shape[NN_MAX_DIMS];
    width = t_sub(c, t_slice(c, x, at, 1, m, 1), t_slice(c, x, at, 0, m - 1, 1));
    if (x->ndim == 1 && width != NULL) {
      for (int d = 0; d < y->ndim; d++) shape[d] = d == dim ? width->shape[0] : 1;
      width = t_reshape(c, width, y->ndim, shape);
    }
  } else {
    width = t_num(c, number(&f->arg[2]));
  }
  T area = t_muls(c, t_mul(c, pair, width), 0.5);
  if (running) return (f->out[0] = area ? nn_do(c, &nn_op_cumsum, v_t(area), v_i(dim)) : NULL) != NULL;
  return (f->out[0] = t_sum(c, area, v_ints(1, &dim), false)) != NULL;
}
#define TRAPEZOID(id, data_, doc_, example_)                                                                 \
  const nn_op nn_op_##id = {.name = #id,                                                                     \
                            .doc = doc_,                                                                     \
                            .example = example_,                                                             \
                            .params = {{"y", P_TENSOR},                                                      \
                                       {"x", P_TENSOR, "nil"},                                               \
                                       {"dx", P_NUMBER, "1", .keyword = true},                               \
                                       {"dim", P_DIM, "-1", .keyword = true}},                               \
                            .flags = NN_TENSOR,                                                              \
                            .compose = trapezoid_compose,                                                    \
                            .data = data_,                                                                   \
                            .samples = NN_SAMPLES("R(2,4)", "R(2,4), R(4)", "R(3,2), {dx = 0.5, dim = 1}"),  \
                            .invalid = "R(2,4), R(3)",                                                       \
                            .complaint = "do not broadcast"};
TRAPEZOID(trapezoid, NULL,
          "The integral of y by the trapezoidal rule along a dimension, at distances dx or at the points x.",
          "tensor.trapezoid(tensor{1, 2, 3})\n--> 4")
TRAPEZOID(trapz, NULL, "The same as trapezoid.", "tensor.trapz(tensor{1, 2, 3})\n--> 4")
TRAPEZOID(cumulative_trapezoid, "", "The running integral of y by the trapezoidal rule.",
          "tensor.cumulative_trapezoid(tensor{1, 2, 3})\n--> {1.5, 4}")

/* ---- products --------------------------------------------------------------------------------------- */

/* beta * input + alpha * product, which is data's. */
static bool add_product_compose(nn_frame *f) {
  C c = f->ctx;
  T p = nn_do(c, f->op->data, v_t(f->in[1]), v_t(f->in[2]));
  if (f->op->data == &nn_op_bmm && p != NULL) {
    int64_t dim = 0;
    p = t_sum(c, p, v_ints(1, &dim), false);
  }
  T y = number(&f->arg[4]) == 1 ? p : t_muls(c, p, number(&f->arg[4])), x = f->in[0];
  if (number(&f->arg[3]) != 1) x = t_muls(c, x, number(&f->arg[3]));
  if (number(&f->arg[3]) == 0) return (f->out[0] = y) != NULL;
  return (f->out[0] = t_add(c, x, y)) != NULL;
}
#define ADD_PRODUCT(id, of, a, b, doc_, example_, sample, more, bad, complaint_)                             \
  const nn_op nn_op_##id = {.name = #id,                                                                     \
                            .doc = doc_,                                                                     \
                            .example = example_,                                                             \
                            .params = {{"input", P_TENSOR},                                                  \
                                       {a, P_TENSOR},                                                        \
                                       {b, P_TENSOR},                                                        \
                                       {"beta", P_NUMBER, "1", .keyword = true},                             \
                                       {"alpha", P_NUMBER, "1", .keyword = true}},                           \
                            .flags = USUAL | NN_INPLACE,                                                     \
                            .compose = add_product_compose,                                                  \
                            .data = &of,                                                                     \
                            .samples = NN_SAMPLES(sample, more),                                             \
                            .invalid = bad,                                                                  \
                            .complaint = complaint_};
ADD_PRODUCT(addmv, nn_op_mv, "mat", "vec", "beta * input + alpha * (mat times vec).",
            "tensor{1, 1}:addmv(tensor{{1, 0}, {0, 1}}, tensor{2, 3})\n--> {3, 4}", "R(2), R(2,3), R(3)",
            "R(), R(2,3), R(3), {beta = 2, alpha = 0.5}", "R(2), R(2,3), R(2)", "do not fit")
ADD_PRODUCT(addr, nn_op_outer, "vec1", "vec2", "beta * input + alpha * (the outer product of vec1 and vec2).",
            "tensor.zeros(1, 2):addr(tensor{2}, tensor{1, 3})\n--> {{2, 6}}", "R(2,3), R(2), R(3)",
            "R(3), R(2), R(3), {beta = 2, alpha = 0.5}", "R(2,2), R(2), R(3)", "do not broadcast")
ADD_PRODUCT(addbmm, nn_op_bmm, "batch1", "batch2",
            "beta * input + alpha * (the sum of the products of two batches of matrices).",
            "tensor.zeros(1, 1):addbmm(tensor.ones(2, 1, 3), tensor.ones(2, 3, 1))\n--> {{6}}",
            "R(2,4), R(3,2,3), R(3,3,4)", "R(4), R(3,2,3), R(3,3,4), {beta = 2, alpha = 0.5}",
            "R(2,2), R(2,2,3), R(3,3,2)", "as many matrices")

/* The last dimensions of both. */
static bool inner_compose(nn_frame *f) {
  C c = f->ctx;
  T a = f->in[0], b = f->in[1];
  if (a->ndim == 0 || b->ndim == 0) return (f->out[0] = t_mul(c, a, b)) != NULL;
  int64_t da = a->ndim - 1, db = b->ndim - 1;
  f->out[0] = nn_do(c, &nn_op_tensordot, v_t(a), v_t(b), v_ints(1, &da), v_ints(1, &db));
  return f->out[0] != NULL;
}

/* a's dims with b's: both as matrices. */
static bool dot_dims(nn_frame *f, const int64_t *da, const int64_t *db, int n) {
  C c = f->ctx;
  T x[2] = {f->in[0], f->in[1]};
  const int64_t *dims[2] = {da, db};
  int64_t order[NN_MAX_DIMS], shape[NN_MAX_DIMS], sum = 1, rest[2] = {1, 1}, flat[2];
  int kept = 0;
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  for (int i = 0; i < n; i++) {
    if (x[0]->shape[da[i]] != x[1]->shape[db[i]])
      return nn_bad(
          f,
          "shapes %s and %s do not fit: dimension %lld of the first and %lld of the second must have the same size",
          nn_tensor_shape_text(x[0], s), nn_tensor_shape_text(x[1], t), (long long)da[i] + 1,
          (long long)db[i] + 1);
    sum *= x[0]->shape[da[i]];
  }
  for (int k = 0; k < 2; k++) {
    int at = k == 0 ? 0 : n;
    uint32_t used = 0;
    for (int i = 0; i < n; i++) used |= 1u << dims[k][i];
    for (int d = 0; d < x[k]->ndim; d++) {
      if (used >> d & 1) continue;
      if (kept == NN_MAX_DIMS) return nn_bad(f, "the result would have too many dimensions");
      order[at++] = d;
      rest[k] *= shape[kept++] = x[k]->shape[d];
    }
    for (int i = 0; i < n; i++) order[k == 0 ? x[k]->ndim - n + i : i] = dims[k][i];
    flat[k] = rest[k], flat[1 - k] = sum;
    T y = t_permute(c, x[k], x[k]->ndim, order);
    x[k] = t_reshape(c, y, 2, flat);
    if (x[k] == NULL) return false;
  }
  return (f->out[0] = t_reshape(c, t_matmul(c, x[0], x[1]), kept, shape)) != NULL;
}
static bool count_compose(nn_frame *f) {
  int64_t n = f->arg[2].i, da[NN_MAX_DIMS], db[NN_MAX_DIMS];
  if (n < 0 || n > f->in[0]->ndim || n > f->in[1]->ndim)
    return nn_bad(f, "dims = %lld is more than there are", (long long)n);
  for (int i = 0; i < n; i++) da[i] = f->in[0]->ndim - n + i, db[i] = i;
  return nn_expect_same_dtype(f, 0, 1) && dot_dims(f, da, db, (int)n);
}
static bool tensordot_compose(nn_frame *f) {
  int n = f->arg[2].n, m = f->arg[3].tag == NN_V_INT ? 1 : f->arg[3].n;
  int64_t one = f->arg[3].tag == NN_V_INT ? f->arg[3].i : 0, db[NN_MAX_DIMS];
  if (n != m)
    return nn_bad(f, "as many dimensions of the first as of the second are needed, got %d and %d", n, m);
  for (int i = 0; i < n; i++) {
    db[i] = f->arg[3].tag == NN_V_INT ? one : f->arg[3].ints[i];
    if (!nn_resolve_dim(f, &db[i], f->in[1]->ndim, "dims_b")) return false;
  }
  return nn_expect_same_dtype(f, 0, 1) && dot_dims(f, f->arg[2].ints, db, n);
}
const nn_op nn_op_tensordot = {
    .name = "tensordot_dims",
    .doc = "The sum of products over pairs of dimensions.",
    .params = {{"a", P_TENSOR}, {"b", P_TENSOR}, {"dims_a", P_DIMS}, {"dims_b", P_INTS}},
    .flags = NN_PRIVATE,
    .compose = tensordot_compose};
const nn_op nn_op_tensordot_count = {
    .name = "tensordot_count",
    .doc = "The sum of products over the last dimensions of a and the first of b.",
    .params = {{"a", P_TENSOR}, {"b", P_TENSOR}, {"dims", P_INT, "2"}},
    .flags = NN_PRIVATE,
    .compose = count_compose};
const nn_op nn_op_inner = {.name = "inner",
                           .doc = "The sums of products over the last dimensions of two tensors.",
                           .example = "tensor{{1, 2}, {3, 4}}:inner(tensor{1, 1})\n--> {3, 7}",
                           .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},
                           .flags = USUAL,
                           .compose = inner_compose,
                           .samples = NN_SAMPLES("R(2,3), R(4,3)", "R(3), R(3)", "R(), R(3)"),
                           .invalid = "R(2,3), R(2)",
                           .complaint = "same size"};

/* Each element of a times all of b: sizes multiply. */
static bool kron_compose(nn_frame *f) {
  C c = f->ctx;
  T x[2] = {f->in[0], f->in[1]};
  int n = x[0]->ndim > x[1]->ndim ? x[0]->ndim : x[1]->ndim;
  int64_t shape[NN_MAX_DIMS], wide[NN_MAX_DIMS];
  if (2 * n > NN_MAX_DIMS) return nn_bad(f, "too many dimensions");
  for (int d = 0; d < n; d++) shape[d] = 1;
  for (int k = 0; k < 2; k++) {
    for (int d = 0; d < n; d++) {
      int own = d - (n - x[k]->ndim);
      int64_t size = own >= 0 ? x[k]->shape[own] : 1;
      wide[2 * d + k] = size, wide[2 * d + 1 - k] = 1;
      shape[d] *= size;
    }
    x[k] = t_reshape(c, x[k], 2 * n, wide);
  }
  return (f->out[0] = t_reshape(c, t_mul(c, x[0], x[1]), n, shape)) != NULL;
}
const nn_op nn_op_kron = {.name = "kron",
                          .doc = "Kronecker's product: every element of input times all of other, in blocks.",
                          .example = "tensor{{1, 2}}:kron(tensor{{1}, {10}})\n--> {{1, 2}, {10, 20}}",
                          .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},
                          .flags = USUAL | NN_PROMOTES,
                          .compose = kron_compose,
                          .samples =
                              NN_SAMPLES("R(2,3), R(3,2)", "R(2), R(3,2)", "R(2,2,2), R(2)", "R(), R(3)"),
                          .invalid = "R(2), \"x\"",
                          .complaint = "other"};
