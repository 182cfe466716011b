/* where.c - choosing elements by a condition. */
#include "expr.h"
#include "kernels/vmath.h"
#include "shape.h"
#include "walk.h"

static bool where_infer(nn_frame *f) {
  nn_spec *s = &f->spec[0];
  nn_tensor *mask = f->in[0];
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT], d[NN_SHAPE_TEXT];
  if (mask->dtype != NN_BOOL && mask->dtype != NN_UINT8)
    return nn_bad(f, "expected condition to be bool, got %s; compare first, as in x:gt(0)", nn_dtype_name((nn_dtype)mask->dtype));
  s->dtype = (nn_dtype)f->in[1]->dtype;
  if (nn_broadcast_shapes(f->in[1]->ndim, f->in[1]->shape, f->in[2]->ndim, f->in[2]->shape, &s->ndim, s->shape) &&
      nn_broadcast_shapes(mask->ndim, mask->shape, s->ndim, s->shape, &s->ndim, s->shape))
    return true;
  return nn_bad(f, "shapes %s, %s and %s do not broadcast", nn_tensor_shape_text(mask, a), nn_tensor_shape_text(f->in[1], b),
                nn_tensor_shape_text(f->in[2], d));
}

typedef struct job {
  const struct nn_vmath_kernels *k;
  nn_dtype dtype;
  int64_t elem;
} job;

enum { CHUNK = 512, GRAIN = 8 * 1024 };

/* Operands that do not lie element by element or as one number go through a buffer. */
static void run(void *arg, int64_t count, char *const *data, const int64_t *stride) {
  const job *j = arg;
  const int64_t elem[4] = {j->elem, 1, j->elem, j->elem};
  _Alignas(64) char buffer[4][CHUNK * 8];
  for (int64_t at = 0; at < count; at += CHUNK) {
    int64_t n = count - at < CHUNK ? count - at : CHUNK, step[4];
    const char *x[4];
    for (int i = 1; i < 4; i++) {
      x[i] = data[i] + at * stride[i];
      step[i] = stride[i] != 0;
      if (stride[i] == 0 || stride[i] == elem[i]) continue;
      j->k->gather_strided(n, x[i], stride[i], buffer[i], (size_t)elem[i]);
      x[i] = buffer[i];
    }
    bool direct = stride[0] == elem[0];
    char *y = data[0] + at * stride[0];
    j->k->where[j->dtype](n, (const uint8_t *)x[1], step[1], x[2], step[2], x[3], step[3], direct ? y : buffer[0]);
    if (!direct) j->k->scatter_strided(n, buffer[0], y, stride[0], (size_t)elem[0]);
  }
}

bool nn_choose(nn_tensor *y, const nn_tensor *mask, const nn_tensor *a, const nn_tensor *b) {
  const nn_tensor *t[4] = {y, mask, a, b};
  nn_walk w;
  job j = {NN_SELECT(nn_vmath), (nn_dtype)y->dtype, (int64_t)nn_esize(y)};
  return nn_walk_init(&w, 4, t) && nn_walk_run(&w, GRAIN, run, &j);
}

static bool where_kernel(nn_frame *f) { return nn_choose(f->out[0], f->in[0], f->in[1], f->in[2]); }

static bool where_vjp(nn_vjp *v) {
  C c = v->ctx;
  T mask = nn_in(v, 0), g = v->g[0], zero = nn_keep(c, nn_scalar(c, (nn_dtype)g->dtype, 0));
  if (mask == NULL || zero == NULL) return false;
  if (nn_need(v, 1) && (v->d[1] = nn_do(c, &nn_op_select_where, v_t(mask), v_t(g), v_t(zero))) == NULL) return false;
  if (nn_need(v, 2) && (v->d[2] = nn_do(c, &nn_op_select_where, v_t(mask), v_t(zero), v_t(g))) == NULL) return false;
  return true;
}

const nn_op nn_op_select_where = {
    .name = "select_where", .doc = "where with operands of one dtype.",
    .params = {{"condition", P_TENSOR}, {"input", P_TENSOR}, {"other", P_TENSOR}}, .flags = NN_PRIVATE | NN_BROADCASTS,
    .saves_in = 1, .infer = where_infer, .kernel = where_kernel, .vjp = where_vjp};

/* The condition has no say in the result's dtype, so it is taken out of the promotion. */
static bool where_compose(nn_frame *f) {
  C c = f->ctx;
  T zero = f->in[1] && f->in[2] ? nn_do(c, &nn_op_promoted, v_t(f->in[1]), v_t(f->in[2])) : NULL;
  if (zero == NULL) return false;
  nn_dtype d = (nn_dtype)zero->dtype;
  T a = f->in[1]->dtype == d ? f->in[1] : nn_do(c, &nn_op_to, v_t(f->in[1]), v_dt(d));
  T b = f->in[2]->dtype == d ? f->in[2] : nn_do(c, &nn_op_to, v_t(f->in[2]), v_dt(d));
  if (a == NULL || b == NULL) return false;
  return (f->out[0] = nn_do(c, &nn_op_select_where, v_t(f->in[0]), v_t(a), v_t(b))) != NULL;
}

const nn_op nn_op_where = {
    .name = "where",
    .doc = "input where condition is true, other where it is not. All three broadcast; input and other may be numbers.",
    .example = "tensor.where(tensor{1, -2, 3}:gt(0), 1, 0)\n--> {1, 0, 1}",
    .params = {{"condition", P_TENSOR}, {"input", P_TENSOR}, {"other", P_TENSOR}}, .flags = NN_TENSOR | NN_NUMBERS,
    .compose = where_compose,
    .samples = NN_SAMPLES("B(2,3), R(2,3), R(3)", "B(3), R(2,1), 0", "B(2,3), 1.5, R(2,3)", "B(), R(2), R(2)"),
    .invalid = "B(2), R(3), R(3)", .complaint = "do not broadcast"};

/* An empty tensor of the dtype that two operands are promoted to. */
static bool promoted_infer(nn_frame *f) {
  int64_t none = 0;
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, 1, &none);
  return true;
}
static bool promoted_kernel(nn_frame *f) {
  (void)f;
  return true;
}
const nn_op nn_op_promoted = {
    .name = "promoted", .doc = "Tells a common dtype.", .params = {{"input", P_TENSOR}, {"other", P_TENSOR}},
    .flags = NN_PRIVATE | NN_PROMOTES | NN_NO_GRAD, .infer = promoted_infer, .kernel = promoted_kernel};
