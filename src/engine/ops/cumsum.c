/* cumsum.c - running sums along a dimension. Other running results are in cumulative.c. */
#include "interrupt.h"
#include "parallel.h"
#include "reduction.h"

static bool cumsum_infer(nn_frame *f) {
  if (!nn_convert_input(f, 2)) return false;
  nn_spec_like(f, 0, f->in[0]);
  if (!nn_is_float(f->spec[0].dtype)) f->spec[0].dtype = NN_INT64;
  return true;
}

typedef struct running_job {
  nn_dtype dtype;
  const char *x;
  char *y;
  int64_t n, inner;
} running_job;

/* Steps between two looks at the interrupt flag; rows and columns whose sums run side by side: an addition waits for the
 * one before it, and columns share lines of memory. */
enum { RUNNING_LOOK = 1 << 14, RUNNING_ROWS = 4, RUNNING_COLUMNS = 64 };

#define RUNNING(type, acc) \
  static bool running_rows_##type(const running_job *j, int64_t start) { /* RUNNING_ROWS of them */ \
    int64_t n = j->n; \
    const type *x = (const type *)(const void *)j->x + start; \
    type *y = (type *)(void *)j->y + start; \
    acc s0 = 0, s1 = 0, s2 = 0, s3 = 0; \
    for (int64_t k = 0; k < n; k++) { \
      if ((k & (RUNNING_LOOK - 1)) == 0 && nn_interrupted()) return false; \
      y[k] = (type)(s0 += (acc)x[k]); \
      y[n + k] = (type)(s1 += (acc)x[n + k]); \
      y[2 * n + k] = (type)(s2 += (acc)x[2 * n + k]); \
      y[3 * n + k] = (type)(s3 += (acc)x[3 * n + k]); \
    } \
    return true; \
  } \
  static bool running_columns_##type(const running_job *j, int64_t start, int64_t width) { \
    const type *x = (const type *)(const void *)j->x + start; \
    type *y = (type *)(void *)j->y + start; \
    acc s[RUNNING_COLUMNS] = {0}; \
    for (int64_t k = 0; k < j->n; k++, x += j->inner, y += j->inner) { \
      if ((k & (RUNNING_LOOK - 1)) == 0 && nn_interrupted()) return false; \
      for (int64_t c = 0; c < width; c++) y[c] = (type)(s[c] += (acc)x[c]); \
    } \
    return true; \
  }
RUNNING(float, double)
RUNNING(double, double)
RUNNING(int64_t, int64_t)

static bool running_rows(const running_job *j, int64_t start) {
  if (j->dtype == NN_FLOAT32) return running_rows_float(j, start);
  return j->dtype == NN_FLOAT64 ? running_rows_double(j, start) : running_rows_int64_t(j, start);
}

static bool running_columns(const running_job *j, int64_t start, int64_t width) {
  if (j->dtype == NN_FLOAT32) return running_columns_float(j, start, width);
  return j->dtype == NN_FLOAT64 ? running_columns_double(j, start, width) : running_columns_int64_t(j, start, width);
}

static void running_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const running_job *j = arg;
  int64_t inner = j->inner;
  for (int64_t i = begin, width; i < end; i += width) {
    int64_t start = i / inner * j->n * inner + i % inner;
    width = RUNNING_ROWS;
    if (inner == 1 && end - i >= width) {
      if (!running_rows(j, start)) return;
      continue;
    }
    width = inner - i % inner < end - i ? inner - i % inner : end - i;
    if (width > RUNNING_COLUMNS) width = RUNNING_COLUMNS;
    if (!running_columns(j, start, width)) return;
  }
}

static bool cumsum_kernel(nn_frame *f) {
  const nn_tensor *t = nn_dense(f, 0);
  if (t != NULL && t->dtype != f->out[0]->dtype) {
    T whole = nn_do(f->ctx, &nn_op_to, v_t(f->in[0]), v_dt(NN_INT64));
    t = whole ? nn_keep(f->ctx, nn_contiguous_data(whole)) : NULL;
  }
  if (t == NULL) return false;
  int dim = (int)f->arg[1].i;
  int64_t outer = 1;
  running_job j = {.dtype = (nn_dtype)t->dtype, .x = t->data, .y = f->out[0]->data, .n = 1, .inner = 1};
  if (t->ndim > 0) j.n = t->shape[dim];
  for (int d = 0; d < dim; d++) outer *= t->shape[d];
  for (int d = dim + 1; d < t->ndim; d++) j.inner *= t->shape[d];
  nn_parallel(outer * j.inner, 1 + 8192 / (j.n + 1), running_range, &j);
  return !nn_interrupted();
}

/* Every element is in the sums from its place on: the running sum from the other end. */
static bool cumsum_vjp(nn_vjp *v) {
  C c = v->ctx;
  if (nn_in_meta(v, 0)->ndim == 0) return (v->d[0] = v->g[0]) != NULL;
  int64_t dim = v->arg[1].i;
  T g = nn_do(c, &nn_op_flip, v_t(v->g[0]), v_ints(1, &dim));
  g = g ? nn_do(c, &nn_op_cumsum, v_t(g), v_i(dim)) : NULL;
  return (v->d[0] = g ? nn_do(c, &nn_op_flip, v_t(g), v_ints(1, &dim)) : NULL) != NULL;
}

const nn_op nn_op_cumsum = {
    .name = "cumsum", .doc = "Running sum along a dimension: each element is the sum of those up to it.",
    .example = "tensor{1, 2, 3}:cumsum(1)\n--> {1, 3, 6}",
    .params = {{"input", P_TENSOR}, {"dim", P_DIM}, {"dtype", P_DTYPE, "nil", .keyword = true}}, .flags = NN_TENSOR | NN_METHOD | NN_INPLACE,
    .infer = cumsum_infer, .kernel = cumsum_kernel, .vjp = cumsum_vjp,
    .samples = NN_SAMPLES("R(2,3), 1", "R(2,3,4), 2", "T(R(3,2)), -1", "R(), 1", "R(2,0), 2"), .invalid = "R(2,3), 3",
    .complaint = "dimensions are"};
