/* cumulative.c - running products and extremes along a dimension, and differences of neighbours. (The running
 * sum is in cumsum.c.) */
#include "interrupt.h"
#include "order.h"
#include "parallel.h"
#include "shape.h"

#define USUAL (NN_TENSOR | NN_METHOD)

typedef struct job {
  nn_lanes lanes;
  nn_dtype dtype;
  bool max;
  const char *x;
  char *y;
  int64_t *index;
} job;

static bool run_all(job *j, const nn_tensor *x, int dim, nn_range_fn fn) {
  j->lanes = nn_lanes_of(x->ndim, x->shape, dim);
  j->dtype = (nn_dtype)x->dtype;
  j->x = x->data;
  nn_parallel(j->lanes.count, 1 + 4096 / (j->lanes.n + 1), fn, j);
  return !nn_interrupted();
}

/* ---- cumprod ---------------------------------------------------------------------------------------- */

#define PRODUCTS(type, acc)                                                                                  \
  {                                                                                                          \
    const type *x = (const type *)(const void *)j->x + start;                                                \
    type *y = (type *)(void *)j->y + start;                                                                  \
    acc p = 1;                                                                                               \
    for (int64_t k = 0; k < j->lanes.n && !nn_interrupted_at(k); k++) {                                      \
      p *= (acc)x[k * inner];                                                                                \
      y[k * inner] = (type)p;                                                                                \
    }                                                                                                        \
  }

static void product_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const job *j = arg;
  int64_t inner = j->lanes.inner;
  for (int64_t i = begin; i < end && !nn_interrupted(); i++) {
    int64_t start = nn_lane_start(&j->lanes, i, j->lanes.n);
    if (j->dtype == NN_FLOAT32)
      PRODUCTS(float, double)
    else if (j->dtype == NN_FLOAT64)
      PRODUCTS(double, double)
    else
      PRODUCTS(int64_t, uint64_t)
  }
}

static bool cumprod_infer(nn_frame *f) {
  nn_dtype d = (nn_dtype)f->in[0]->dtype, to = nn_is_float(d) ? d : NN_INT64;
  if (nn_given(f, 2)) to = f->arg[2].dtype;
  if (to != d && (f->in[0] = t_to(f->ctx, f->in[0], to)) == NULL) return false;
  if (to != NN_INT64 && !nn_is_float(to))
    return nn_bad(f, "makes int64, float32 or float64 tensors, not %s", nn_dtype_name(to));
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

static bool cumprod_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  job j = {.y = f->out[0]->data};
  return x != NULL && run_all(&j, x, (int)f->arg[1].i, product_range);
}

static bool has_zero(const nn_tensor *t) {
  for (int64_t i = 0; i < t->numel && !nn_interrupted_at(i); i++)
    if (t->dtype == NN_FLOAT32 ? ((const float *)(const void *)t->data)[i] == 0
                               : ((const double *)(const void *)t->data)[i] == 0)
      return true;
  return false;
}

static T t_cumprod(C c, T x, int64_t dim) { return x ? nn_do(c, &nn_op_cumprod, v_t(x), v_i(dim)) : NULL; }
static T t_flip(C c, T x, int64_t dim) { return x ? nn_do(c, &nn_op_flip, v_t(x), v_ints(1, &dim)) : NULL; }

/* Along the last dimension: element [j, i] is the product of x_1 .. x_i without x_j, 0 where i < j. [..., n]
 * to
 * [..., n, n]. Right where elements are zero, where dividing the products fails. */
static T without_each(C c, T x) {
  int64_t n = x->shape[x->ndim - 1], shape[NN_MAX_DIMS];
  for (int d = 0; d < x->ndim; d++) shape[d] = x->shape[d];
  shape[x->ndim] = n;
  T wide = t_expand(c, t_unsqueeze(c, x, x->ndim - 1), x->ndim + 1, shape);
  T eye = nn_do(c, &nn_op_eye, v_i(n), V_NONE, v_dt(NN_BOOL));
  T one = nn_keep(c, nn_scalar(c, (nn_dtype)x->dtype, 1));
  T rest = wide && eye && one ? nn_do(c, &nn_op_where, v_t(eye), v_t(one), v_t(wide)) : NULL;
  T products = rest ? t_cumprod(c, rest, rest->ndim - 1) : NULL;
  return products ? nn_do(c, &nn_op_triu, v_t(products)) : NULL;
}

/* dx_j = sum over i >= j of g_i y_i / x_j; where there are zeros, of g_i times the product of the others. */
static bool cumprod_vjp(nn_vjp *v) {
  C c = v->ctx;
  T x = nn_in(v, 0), g = v->g[0];
  int64_t dim = v->arg[1].i;
  if (x == NULL) return false;
  if (x->ndim == 0) return (v->d[0] = g) != NULL;
  T dense = nn_keep(c, nn_contiguous_data(x));
  if (dense == NULL) return false;
  if (!has_zero(dense)) {
    T back = t_flip(c, t_mul(c, g, nn_out(v, 0)), dim);
    T sums = back ? t_flip(c, nn_do(c, &nn_op_cumsum, v_t(back), v_i(dim)), dim) : NULL;
    return (v->d[0] = t_div(c, sums, x)) != NULL;
  }
  int last = x->ndim - 1;
  if (last + 2 > NN_MAX_DIMS)
    return nn_fail(c,
                   "backward: cumprod of a tensor with %d dimensions and zeros has too many for its gradient",
                   last + 1);
  T products = without_each(c, t_transpose(c, x, dim, last));
  T terms = t_mul(c, products, t_unsqueeze(c, t_transpose(c, g, dim, last), last));
  const int64_t over = last + 1;
  T sum = terms ? nn_do(c, &nn_op_sum, v_t(terms), v_ints(1, &over)) : NULL;
  return (v->d[0] = t_transpose(c, sum, dim, last)) != NULL;
}

const nn_op nn_op_cumprod = {
    .name = "cumprod",
    .doc = "Running product along a dimension: each element is the product of those up to it. Integers and\n"
           "bool give int64.",
    .example = "tensor{1, 2, 3, 4}:cumprod(1)\n--> {1, 2, 6, 24}",
    .params = {{"input", P_TENSOR}, {"dim", P_DIM}, {"dtype", P_DTYPE, "nil", .keyword = true}},
    .flags = USUAL | NN_INPLACE,
    .saves_in = 1,
    .saves_out = 1,
    .infer = cumprod_infer,
    .kernel = cumprod_kernel,
    .vjp = cumprod_vjp,
    .samples = NN_SAMPLES("N(2,3), 1", "N(2,3,4), 2", "T(N(3,2)), -1", "R(), 1", "R(2,0), 2",
                          "N(4) * C(tensor{1, 0, 1, 1}), 1", "N(3,2) * C(tensor{{1, 0}, {0, 0}, {1, 1}}), 1"),
    .invalid = "R(2,3), 3",
    .complaint = "dimensions are"};

/* ---- cummax, cummin --------------------------------------------------------------------------------- */

/* The last of equals; once there is a NaN it stays, and the last one counts. */
#define EXTREMES(type)                                                                                       \
  {                                                                                                          \
    const type *x = (const type *)(const void *)j->x + start;                                                \
    type *y = (type *)(void *)j->y + start;                                                                  \
    int64_t best = 0;                                                                                        \
    for (int64_t k = 0; k < j->lanes.n && !nn_interrupted_at(k); k++) {                                      \
      type a = x[k * inner], b = x[best * inner];                                                            \
      if (a != a || (j->max ? a >= b : a <= b)) best = k;                                                    \
      y[k * inner] = x[best * inner];                                                                        \
      j->index[start + k * inner] = best + 1;                                                                \
    }                                                                                                        \
  }

static void extreme_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const job *j = arg;
  int64_t inner = j->lanes.inner;
  for (int64_t i = begin; i < end && !nn_interrupted(); i++) {
    int64_t start = nn_lane_start(&j->lanes, i, j->lanes.n);
    if (j->dtype == NN_FLOAT32)
      EXTREMES(float)
    else if (j->dtype == NN_FLOAT64)
      EXTREMES(double)
    else if (j->dtype == NN_INT64)
      EXTREMES(int64_t)
    else
      EXTREMES(uint8_t)
  }
}

static bool extreme_infer(nn_frame *f) {
  nn_spec_like(f, 0, f->in[0]);
  nn_spec_set(f, 1, NN_INT64, f->in[0]->ndim, f->in[0]->shape);
  return true;
}

static bool extreme_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  job j = {
      .y = f->out[0]->data, .index = (int64_t *)(void *)f->out[1]->data, .max = *(const bool *)f->op->data};
  return x != NULL && run_all(&j, x, (int)f->arg[1].i, extreme_range);
}

static bool extreme_vjp(nn_vjp *v) {
  if (v->g[0] == NULL) return true;
  T zero = t_zeros(v->ctx, nn_in_meta(v, 0)), index = nn_out(v, 1);
  if (zero == NULL || index == NULL) return false;
  v->d[0] = nn_do(v->ctx, &nn_op_scatter_add, v_t(zero), v->arg[1], v_t(index), v_t(v->g[0]));
  return v->d[0] != NULL;
}

static const bool yes = true, no = false;
#define RUNNING(id, max_, doc_, example_)                                                                    \
  const nn_op nn_op_##id = {                                                                                 \
      .name = #id,                                                                                           \
      .doc = doc_,                                                                                           \
      .example = example_,                                                                                   \
      .params = {{"input", P_TENSOR}, {"dim", P_DIM}},                                                       \
      .flags = USUAL,                                                                                        \
      .saves_out = 2,                                                                                        \
      .n_out = 2,                                                                                            \
      .infer = extreme_infer,                                                                                \
      .kernel = extreme_kernel,                                                                              \
      .vjp = extreme_vjp,                                                                                    \
      .data = &max_,                                                                                         \
      .samples = NN_SAMPLES("D(2,3), 1", "D(2,5,3), 2", "T(D(3,4)), -1", "D(), 1", "R(2,0), 2"),             \
      .invalid = "R(2,3), 3",                                                                                \
      .complaint = "dimensions are"};
RUNNING(cummax, yes,
        "Running maximum along a dimension, and the position, from 1, of each: the last one of equals. NaN\n"
        "stays.",
        "tensor{1, 3, 2}:cummax(1)\n--> {1, 3, 3}\t{1, 2, 2}")
RUNNING(cummin, no,
        "Running minimum along a dimension, and the position, from 1, of each: the last one of equals. NaN\n"
        "stays.",
        "tensor{3, 1, 2}:cummin(1)\n--> {3, 1, 1}\t{1, 2, 2}")

/* ---- diff ------------------------------------------------------------------------------------------- */

/* With what comes before and after. */
static T joined(nn_frame *f) {
  T part[3];
  int n = 0;
  if (f->in[1] != NULL) part[n++] = f->in[1];
  part[n++] = f->in[0];
  if (f->in[2] != NULL) part[n++] = f->in[2];
  return n == 1 ? part[0] : nn_do(f->ctx, &nn_op_cat, v_ts(n, part), f->arg[2]);
}

static bool diff_compose(nn_frame *f) {
  C c = f->ctx;
  int64_t times = f->arg[1].i, dim = f->arg[2].i;
  if (f->in[0]->ndim == 0) return nn_bad(f, "expected input with at least 1 dimension, got a number");
  if (times < 0) return nn_bad(f, "n must not be negative, got %lld", (long long)times);
  T x = joined(f);
  for (int64_t k = 0; k < times && x != NULL; k++) {
    int64_t size = x->shape[dim];
    T late = t_slice(c, x, dim, size > 0 ? 1 : 0, size, 1),
      early = t_slice(c, x, dim, 0, size > 0 ? size - 1 : 0, 1);
    if (late == NULL || early == NULL) return false;
    x = x->dtype == NN_BOOL ? nn_do(c, &nn_op_ne, v_t(late), v_t(early)) : t_sub(c, late, early);
    if (size <= 1) break; /* nothing is left */
  }
  return (f->out[0] = x) != NULL;
}

const nn_op nn_op_diff = {
    .name = "diff",
    .doc = "Differences of neighbours along a dimension, n times over; one shorter each time. prepend and\n"
           "append are joined to the input first. Of bool: whether neighbours differ.",
    .example = "tensor{1, 4, 9, 16}:diff()\n--> {3, 5, 7}",
    .params = {{"input", P_TENSOR},
               {"n", P_INT, "1"},
               {"dim", P_DIM, "-1"},
               {"prepend", P_TENSOR, "nil"},
               {"append", P_TENSOR, "nil"}},
    .flags = USUAL,
    .compose = diff_compose,
    .samples = NN_SAMPLES("R(2,4)", "R(4,3), 2, 1", "T(R(3,2)), 1, 2", "R(2,3), 1, 2, R(2,1), R(2,2)",
                          "R(3), 5", "R(3), {append = R(1)}"),
    .invalid = "R(2,3), -1",
    .complaint = "must not be negative"};
