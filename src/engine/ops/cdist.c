/* cdist.c - distances between all pairs of two sets of points. */
#include "expr.h"
#include "interrupt.h"
#include "kernels/vmath.h"
#include "parallel.h"

enum { MANY = 25 }; /* points from which on a product pays */

/* ---- the root of what is above zero ----------------------------------------------------------------- */

static bool root_infer(nn_frame *f) {
  if (!nn_expect_float(f, 0)) return false;
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

typedef struct roots {
  nn_unary_fn *positive, *root;
  size_t element;
  const char *x;
  char *y;
} roots;

static void root_range(void *arg, int64_t begin, int64_t end, int thread) {
  enum { PIECE = 1024 }; /* stays in the cache between the two loops */
  const roots *r = arg;
  (void)thread;
  for (int64_t i = begin; i < end; i += PIECE) {
    int64_t n = end - i < PIECE ? end - i : PIECE;
    char *y = r->y + (size_t)i * r->element;
    r->positive(n, r->x + (size_t)i * r->element, y);
    r->root(n, y, y);
    if ((i & 0xfffff) == 0 && nn_interrupted()) return;
  }
}

static bool root_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  const struct nn_vmath_kernels *k = NN_SELECT(nn_vmath);
  roots r = {.positive = k->unary[NN_UNARY_RELU][x->dtype], .root = k->unary[NN_UNARY_SQRT][x->dtype],
             .element = nn_esize(x), .x = x->data, .y = f->out[0]->data};
  nn_parallel(x->numel, 8192, root_range, &r);
  return true;
}

/* g / (2 y), 0 where y is 0; nothing is divided by zero on the way, for the gradients of this. */
static bool root_vjp(nn_vjp *v) {
  C c = v->ctx;
  T y = nn_out(v, 0), zero = y ? nn_keep(c, nn_scalar(c, (nn_dtype)y->dtype, 0)) : NULL;
  T one = zero ? nn_keep(c, nn_scalar(c, (nn_dtype)y->dtype, 1)) : NULL;
  T above = one ? nn_do(c, &nn_op_gt, v_t(y), v_t(zero)) : NULL;
  T safe = above ? nn_do(c, &nn_op_where, v_t(above), v_t(y), v_t(one)) : NULL;
  T d = safe ? t_div(c, v->g[0], t_muls(c, safe, 2)) : NULL;
  return (v->d[0] = d ? nn_do(c, &nn_op_where, v_t(above), v_t(d), v_t(zero)) : NULL) != NULL;
}

const nn_op nn_op_root_or_zero = {
    .name = "root_or_zero",
    .doc = "The square root of what is above zero, 0 with a gradient of 0 for the rest. Part of cdist.",
    .example = "tensor.cdist(tensor{{0, 0}, {3, 4}}, tensor{{0, 0}})\n--> {{0}, {5}}",
    .params = {{"input", P_TENSOR}},
    .flags = NN_PRIVATE,
    .saves_out = 1,
    .infer = root_infer,
    .kernel = root_kernel,
    .vjp = root_vjp,
    .samples = NN_SAMPLES("P(2,3)", "T(P(3,2))", "P(3) * C(tensor{1, -1, 1})", "P(0)"),
    .invalid = "I(4, 3)",
    .complaint = "float32 or float64"};

/* ---- cdist ------------------------------------------------------------------------------------------ */

/* |a - b|^2 = |a|^2 - 2 a b + |b|^2, one product of [-2 a, |a|^2, 1] and [b, 1, |b|^2] for all pairs; what rounding makes
 * negative is 0. As PyTorch does where one of the sets has more than 25 points. Equal points get a distance near, not
 * exactly, zero. */
static T by_product(C c, T a, T b) {
  const int64_t last_a = a->ndim - 1, last_b = b->ndim - 1;
  T aa = nn_do(c, &nn_op_sum_squares, v_t(a), v_ints(1, &last_a), v_b(true));
  T bb = nn_do(c, &nn_op_sum_squares, v_t(b), v_ints(1, &last_b), v_b(true));
  if (aa == NULL || bb == NULL) return NULL;
  T left[3] = {t_muls(c, a, -2), aa, nn_keep(c, nn_full(c, (nn_dtype)aa->dtype, aa->ndim, aa->shape, 1))};
  T right[3] = {b, nn_keep(c, nn_full(c, (nn_dtype)bb->dtype, bb->ndim, bb->shape, 1)), bb};
  if (left[0] == NULL || left[2] == NULL || right[1] == NULL) return NULL;
  T x = nn_do(c, &nn_op_cat, v_ts(3, left), v_i(last_a)), y = nn_do(c, &nn_op_cat, v_ts(3, right), v_i(last_b));
  T squares = x && y ? nn_do(c, &nn_op_matmul, v_t(x), v_t(t_transpose(c, y, y->ndim - 2, y->ndim - 1))) : NULL;
  return squares ? nn_do(c, &nn_op_root_or_zero, v_t(squares)) : NULL;
}

static bool cdist_compose(nn_frame *f) {
  C c = f->ctx;
  T a = f->in[0], b = f->in[1];
  if (!nn_expect_float(f, 0) || !nn_expect_float(f, 1)) return false;
  if (!nn_expect_ndim(f, 0, 2, NN_MAX_DIMS - 1) || !nn_expect_ndim(f, 1, 2, NN_MAX_DIMS - 1)) return false;
  int64_t la = a->shape[a->ndim - 1], lb = b->shape[b->ndim - 1];
  if (la != lb)
    return nn_bad(f, "points of x1 have %lld coordinates, those of x2 %lld", (long long)la, (long long)lb);
  double p = f->arg[2].tag == NN_V_FLOAT ? f->arg[2].f : (double)f->arg[2].i;
  if (!(p >= 0)) return nn_bad(f, "p must not be negative, got %g", p);
  const int64_t pa = a->shape[a->ndim - 2], pb = b->shape[b->ndim - 2];
  if (p == 2 && (pa > MANY || pb > MANY) && la > 0) return (f->out[0] = by_product(c, a, b)) != NULL;
  T d = t_sub(c, t_unsqueeze(c, a, a->ndim - 1), t_unsqueeze(c, b, b->ndim - 2));
  const int64_t last = d ? d->ndim - 1 : 0;
  return (f->out[0] = d ? nn_do(c, &nn_op_norm, v_t(d), f->arg[2], v_ints(1, &last)) : NULL) != NULL;
}

const nn_op nn_op_cdist = {
    .name = "cdist",
    .doc = "The distance, by the p-norm, of each point of x1 [.., P, M] from each of x2 [.., R, M]: [..,\n"
           "P, R]. Dimensions before these broadcast. p is 2 for the usual distance, math.huge for the\n"
           "largest difference.",
    .example = "tensor.cdist(tensor{{0, 0}, {3, 4}}, tensor{{0, 0}})\n--> {{0}, {5}}",
    .params = {{"x1", P_TENSOR}, {"x2", P_TENSOR}, {"p", P_NUMBER, "2"}},
    .flags = NN_TENSOR | NN_PROMOTES | NN_FLOATS,
    .compose = cdist_compose,
    .samples = NN_SAMPLES("R(3,2), R(4,2)", "R(2,3,2), R(4,2), 1", "R(3,2), T(R(2,2)), 3", "R(3,2), R(26,2)"),
    .invalid = "R(3,2), R(3,3)",
    .complaint = "points of x1 have 2 coordinates, those of x2 3"};
