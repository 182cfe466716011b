/* ternary.c - elementwise operations on three tensors: lerp, addcmul, addcdiv. Loops and gradient rules
 * stand beside the rows. Knows nothing of broadcasting, dtype promotion or memory: apply.c and walk.c do. */
#include "elementwise.h"
#include "expr.h"
#include "walk.h"

/* d[i] where it is wanted */
#define D(i, expr) \
  do { \
    if (nn_need(v, i) && (v->d[i] = (expr)) == NULL) return false; \
  } while (0)

#define USUAL (NN_ANY_OUT | NN_TENSOR | NN_METHOD | NN_INPLACE | NN_PROMOTES | NN_BROADCASTS)

/* ---- loops ------------------------------------------------------------------------------------------ */

enum { GRAIN = 8 * 1024 };

/* A loop over one run of elements: x, a, b are the operands, value is the number that *arg points to. */
#define AT(type, k) (*(const type *)(const void *)(data[k] + i * stride[k]))
#define LOOP(name, type, ...) \
  static void name(void *arg, int64_t count, char *const *data, const int64_t *stride) { \
    const type value = *(const type *)arg; \
    for (int64_t i = 0; i < count; i++) { \
      const type x = AT(type, 1), a = AT(type, 2), b = AT(type, 3); \
      *(type *)(void *)(data[0] + i * stride[0]) = (__VA_ARGS__); \
    } \
  }

static bool run(nn_frame *f, nn_run_fn loop, void *value) {
  const nn_tensor *t[4] = {f->out[0], f->in[0], f->in[1], f->in[2]};
  nn_walk w;
  if (!nn_walk_init(&w, 4, t)) return nn_bad(f, "shapes do not broadcast");
  return nn_walk_run(&w, GRAIN, loop, value) || nn_fail_code(f->ctx, NN_ERR_INTERRUPT, "interrupted");
}

/* Of the loops in kernels/vmath.h; what doesn't lie element by element goes by way of a buffer. */
typedef struct float_job {
  nn_ternary_fn *loop;
  int64_t size;
  double value;
} float_job;

static void float_range(void *arg, int64_t count, char *const *data, const int64_t *stride) {
  const float_job *j = arg;
  if (stride[0] == j->size && stride[1] == j->size && stride[2] == j->size && (stride[3] == j->size || stride[3] == 0)) {
    j->loop(count, j->value, data[1], data[2], data[3], stride[3] != 0, data[0]);
    return;
  }
  const struct nn_vmath_kernels *k = NN_SELECT(nn_vmath);
  enum { CHUNK = 256 };
  double in[3][CHUNK], out[CHUNK];
  for (int64_t at = 0; at < count; at += CHUNK) {
    int64_t n = count - at < CHUNK ? count - at : CHUNK;
    for (int i = 0; i < 3; i++) k->gather_strided(n, data[i + 1] + at * stride[i + 1], stride[i + 1], in[i], (size_t)j->size);
    j->loop(n, j->value, in[0], in[1], in[2], 1, out);
    k->scatter_strided(n, out, data[0] + at * stride[0], stride[0], (size_t)j->size);
  }
}

static bool run_float(nn_frame *f, enum nn_ternary loop, double value) {
  nn_dtype d = (nn_dtype)f->out[0]->dtype;
  float_job j = {NN_SELECT(nn_vmath)->ternary[loop][d], (int64_t)nn_dtype_size(d), value};
  return run(f, float_range, &j);
}

static bool infer_float(nn_frame *f) { return nn_elementwise_infer(f) && nn_expect_float(f, 0); }

/* ---- lerp ------------------------------------------------------------------------------------------- */

static bool lerp_kernel(nn_frame *f) { return run_float(f, NN_TERNARY_LERP, 1); }

/* y = x + w (e - x) */
static bool lerp_vjp(nn_vjp *v) {
  C c = v->ctx;
  T g = v->g[0];
  D(0, t_mul(c, g, t_rsubs(c, 1, nn_in(v, 2))));
  D(1, t_mul(c, g, nn_in(v, 2)));
  D(2, t_mul(c, g, t_sub(c, nn_in(v, 1), nn_in(v, 0))));
  return true;
}

const nn_op nn_op_lerp = {
    .name = "lerp",
    .doc = "Linear interpolation, elementwise: input + weight * (stop - input), which is input for weight 0\n"
           "and stop for weight 1. The weight is a number or a tensor; all three broadcast. (PyTorch's\n"
           "`end` is `stop` here, since that is a keyword of Lua.)",
    .example = "tensor{0, 10}:lerp(tensor{100, 20}, 0.25)\n--> {25, 12.5}",
    .params = {{"input", P_TENSOR}, {"stop", P_TENSOR}, {"weight", P_TENSOR}},
    .flags = USUAL, .saves_in = 7, .infer = infer_float, .kernel = lerp_kernel, .vjp = lerp_vjp,
    .samples = NN_SAMPLES("R(2,3), R(3), 0.3", "R(2,3), R(2,3), U(2,1)", "T(R(3,2)), R(2), 0.75",
                          "R(), R(4), P()", "R(0,3), R(3), R()"),
    .invalid = "R(2,3), R(4), 0.5", .complaint = "do not broadcast"};

/* ---- addcmul, addcdiv ------------------------------------------------------------------------------- */

static double number(const nn_value *v) { return v->tag == NN_V_INT ? (double)v->i : v->f; }

static T scaled(C c, T x, const nn_value *value) {
  return number(value) == 1 ? x : t_muls(c, x, number(value));
}

LOOP(addcmul_i64, uint64_t, x + value * a * b) /* two's complement, wraps around */

static bool addcmul_infer(nn_frame *f) {
  if (!nn_elementwise_infer(f)) return false;
  if (f->spec[0].dtype != NN_INT64) return nn_expect_float(f, 0);
  return f->arg[3].tag == NN_V_INT || nn_bad(f, "value must be an integer when the tensors are int64");
}

static bool addcmul_kernel(nn_frame *f) {
  if (f->out[0]->dtype == NN_INT64) return run(f, addcmul_i64, &f->arg[3].i);
  return run_float(f, NN_TERNARY_ADDCMUL, number(&f->arg[3]));
}

static bool addcdiv_kernel(nn_frame *f) {
  return run_float(f, NN_TERNARY_ADDCDIV, number(&f->arg[3]));
}

/* y = x + value a b */
static bool addcmul_vjp(nn_vjp *v) {
  C c = v->ctx;
  T g = v->g[0];
  D(0, g);
  D(1, scaled(c, t_mul(c, g, nn_in(v, 2)), &v->arg[3]));
  D(2, scaled(c, t_mul(c, g, nn_in(v, 1)), &v->arg[3]));
  return true;
}

/* y = x + value a / b */
static bool addcdiv_vjp(nn_vjp *v) {
  C c = v->ctx;
  T g = v->g[0];
  D(0, g);
  D(1, scaled(c, t_div(c, g, nn_in(v, 2)), &v->arg[3]));
  if (!nn_need(v, 2)) return true;
  T b = nn_in(v, 2);
  v->d[2] = t_neg(c, scaled(c, t_mul(c, g, t_div(c, nn_in(v, 1), t_mul(c, b, b))), &v->arg[3]));
  return v->d[2] != NULL;
}

#define ADD_PARAMS \
  {{"input", P_TENSOR}, \
   {"tensor1", P_TENSOR}, \
   {"tensor2", P_TENSOR}, \
   {"value", P_NUMBER, "1", .keyword = true}}

const nn_op nn_op_addcmul = {
    .name = "addcmul",
    .doc = "input + value * tensor1 * tensor2, elementwise, in one pass. All three broadcast.",
    .example = "tensor{1, 1}:addcmul(tensor{2, 3}, tensor{4, 5}, {value = 0.5})\n--> {5, 8.5}",
    .params = ADD_PARAMS,
    .flags = USUAL, .saves_in = 6, .infer = addcmul_infer, .kernel = addcmul_kernel, .vjp = addcmul_vjp,
    .samples = NN_SAMPLES("R(2,3), R(3), R(2,1)", "R(2,3), T(R(3,2)):t(), R(3), {value = -0.5}",
                          "R(), R(), R(), {value = 3}", "I(9,4), I(9,4), I(9,4), {value = 2}",
                          "R(0,3), R(3), R(1)"),
    .invalid = "I(3,2), I(3,2), I(3,2), {value = 0.5}", .complaint = "value must be an integer"};

const nn_op nn_op_addcdiv = {
    .name = "addcdiv",
    .doc = "input + value * tensor1 / tensor2, elementwise, in one pass. All three broadcast; integers have\n"
           "to be converted first.",
    .example = "tensor{1, 1}:addcdiv(tensor{6, 9}, tensor{2, 3}, {value = -1})\n--> {-2, -2}",
    .params = ADD_PARAMS,
    .flags = USUAL, .saves_in = 6, .infer = infer_float, .kernel = addcdiv_kernel, .vjp = addcdiv_vjp,
    .samples = NN_SAMPLES("R(2,3), R(3), N(2,1)", "R(2,3), R(), P(2,3), {value = -0.5}",
                          "R(0,3), R(3), P(1)"),
    .invalid = "I(3,2), I(3,2), I(3,2)", .complaint = "float32"};
