/* linalg_cholesky.c - triangular matrices: cholesky and what rests on it, solve_triangular. */
#include <string.h>

#include "linalg.h"

/* ---- solve_triangular ------------------------------------------------------------------------------- */

/* flag: upper; letter: 'U' for ones on the diagonal. What lies in A by rows is its transpose by columns. */
static int triangular_one(const nn_lapack_job *j, int64_t i, char *room) {
  size_t size = (size_t)j->n * (size_t)j->k * j->e;
  const char *a = j->a + (size_t)i * (size_t)j->n * (size_t)j->n * j->e;
  int info = 0;
  if (size == 0) return 0;
  nn_flip_matrix(j->e, j->n, j->k, j->b + (size_t)i * size, room);
  j->l->trtrs(j->flag ? "L" : "U", "T", j->letter == 'U' ? "U" : "N", &j->n, &j->k, a, &j->n, room, &j->n,
              &info, 1, 1, 1);
  nn_flip_matrix(j->e, j->k, j->n, room, j->out[0] + (size_t)i * size);
  return info;
}

static bool triangular_infer(nn_frame *f) {
  nn_batch_spec(f, 0, 1, 2, ROWS(f->in[1]), COLS(f->in[1]));
  return true;
}

static bool triangular_kernel(nn_frame *f) {
  int64_t n = ROWS(f->in[0]), k = COLS(f->in[1]), failed, count = 1;
  for (int d = 0; d < f->in[0]->ndim - 2; d++) count *= f->in[0]->shape[d];
  int info;
  char which[32];
  const nn_tensor *b = nn_dense(f, 1);
  nn_lapack_job j = {.one = triangular_one, .flag = f->arg[2].b, .letter = f->arg[3].b ? 'U' : 'N'};
  if (b == NULL || !nn_lapack_start(f, &j, n, n, k)) return false;
  j.b = b->data;
  j.room = (size_t)(n * k) * j.e;
  j.work = (double)n * (double)n * (double)k / 2;
  if (!nn_lapack_run(f, &j, count, &failed, &info)) return false;
  return failed < 0 || nn_bad(f, "the matrix%s is singular: element %d of its diagonal is zero",
                              nn_which(f, failed, count, which), info);
}

/* X = A^-1 B: gB = A^-T g, gA = the triangle of -gB X^T. */
static bool triangular_vjp(nn_vjp *v) {
  C c = v->ctx;
  bool upper = v->arg[2].b, unit = v->arg[3].b;
  T gb = nn_do(c, &nn_op_triangular_left, v_t(t_mT(c, nn_in(v, 0))), v_t(v->g[0]), v_b(!upper), v_b(unit));
  if (nn_need(v, 1)) v->d[1] = gb;
  if (nn_need(v, 0)) {
    T g = t_neg(c, t_matmul(c, gb, t_mT(c, nn_out(v, 0))));
    v->d[0] = upper ? t_triu(c, g, unit) : t_tril(c, g, unit ? -1 : 0);
  }
  return gb != NULL;
}
const nn_op nn_op_triangular_left = {
    .name = "triangular_left",
    .doc = "A^-1 B for triangular A and batches of the same sizes.",
    .params = {{"A", P_TENSOR}, {"B", P_TENSOR}, {"upper", P_BOOL}, {"unitriangular", P_BOOL}},
    .flags = NN_PRIVATE,
    .saves_in = 1,
    .saves_out = 1,
    .infer = triangular_infer,
    .kernel = triangular_kernel,
    .vjp = triangular_vjp};

static bool solve_triangular_compose(nn_frame *f) {
  C c = f->ctx;
  T a = f->in[0], b = f->in[1];
  bool upper = f->arg[2].b, left = f->arg[3].b, unit = f->arg[4].b;
  if (!nn_expect_square(f, 0) || !nn_expect_matrix(f, 1) || !nn_expect_same_dtype(f, 0, 1) ||
      !nn_expect_lapack(f))
    return false;
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  if ((left ? ROWS(b) : COLS(b)) != ROWS(a))
    return nn_bad(f, "A of shape %s and B of shape %s do not fit: B must have %lld %s",
                  nn_tensor_shape_text(a, s), nn_tensor_shape_text(b, t), (long long)ROWS(a),
                  left ? "rows" : "columns");
  if (!left) a = t_mT(c, a), b = t_mT(c, b), upper = !upper;
  if (a == NULL || b == NULL || !nn_common_batch(f, &a, &b)) return false;
  T x = nn_do(c, &nn_op_triangular_left, v_t(a), v_t(b), v_b(upper), v_b(unit));
  return (f->out[0] = left ? x : t_mT(c, x)) != NULL;
}
const nn_op nn_op_solve_triangular = {
    .name = "solve_triangular",
    .doc =
        "X with A X = B (left = false: X A = B) for triangular A [..., n, n]: only its upper or lower triangle is read,\n"
        "with unitriangular as if its diagonal held ones. Batch dimensions broadcast.",
    .example =
        "tensor.linalg.solve_triangular(tensor{{2, 2}, {0, 4}}, tensor{{4}, {4}}, {upper = true})\n--> {{1}, {1}}",
    .params = {{"A", P_TENSOR},
               {"B", P_TENSOR},
               {"upper", P_BOOL, .keyword = true},
               {"left", P_BOOL, "true", .keyword = true},
               {"unitriangular", P_BOOL, "false", .keyword = true}},
    .flags = NN_LINALG,
    .compose = solve_triangular_compose,
    .samples = NN_SAMPLES("M(3), R(3,2), {upper = true}", "M(2,3), R(3,2), {upper = false}",
                          "M(3), R(2,3), {upper = true, left = false}",
                          "R(3,3), R(3,2), {upper = true, unitriangular = true}",
                          "T(M(3)), T(R(3,3)), {upper = false}",
                          "R(3,3), R(2,3), {upper = false, left = false, unitriangular = true}"),
    .invalid = "tensor{{0, 1}, {1, 1}}, tensor.ones(2, 1), {upper = false}",
    .complaint = "element 1 of its diagonal is zero"};

static bool old_triangular_compose(nn_frame *f) {
  C c = f->ctx;
  bool upper = f->arg[2].b, transposed = f->arg[3].b;
  T a = transposed ? t_mT(c, f->in[1]) : f->in[1];
  f->out[0] = nn_do(c, &nn_op_solve_triangular, v_t(a), v_t(f->in[0]), v_b(upper != transposed), v_b(true),
                    f->arg[4]);
  f->out[1] = f->in[1];
  return f->out[0] != NULL;
}
const nn_op nn_op_triangular_solve = {
    .name = "triangular_solve",
    .doc =
        "X with A X = b for triangular A, and A. The newer name is linalg.solve_triangular(A, b, {upper = ...}).",
    .example = "(tensor.triangular_solve(tensor{{4}, {4}}, tensor{{2, 2}, {0, 4}}))\n--> {{1}, {1}}",
    .params = {{"b", P_TENSOR},
               {"A", P_TENSOR},
               {"upper", P_BOOL, "true"},
               {"transpose", P_BOOL, "false"},
               {"unitriangular", P_BOOL, "false"}},
    .flags = NN_TENSOR | NN_METHOD,
    .n_out = 2,
    .compose = old_triangular_compose,
    .samples = NN_SAMPLES("R(3,2), M(3)", "R(3,2), M(3), false, true"),
    .invalid = "R(2,2), R(3,3)",
    .complaint = "do not fit"};

/* ---- cholesky --------------------------------------------------------------------------------------- */

/* flag: upper. The triangle of A that is read is the one that is written. By columns it is the other one. */
static int cholesky_one(const nn_lapack_job *j, int64_t i, char *room) {
  (void)room;
  size_t n = (size_t)j->n, size = n * n * j->e;
  char *y = j->out[0] + (size_t)i * size;
  int info = 0;
  if (n == 0) return 0;
  memcpy(y, j->a + (size_t)i * size, size);
  j->l->potrf(j->flag ? "L" : "U", &j->n, y, &j->n, &info, 1);
  for (size_t r = 0; r < n; r++) {
    if (j->flag)
      memset(y + r * n * j->e, 0, r * j->e);
    else
      memset(y + (r * n + r + 1) * j->e, 0, (n - r - 1) * j->e);
  }
  if (j->out[1] != NULL) ((int64_t *)(void *)j->out[1])[i] = info;
  return info;
}

static bool cholesky_infer(nn_frame *f) {
  if (!nn_expect_square(f, 0) || !nn_expect_lapack(f)) return false;
  nn_spec_like(f, 0, f->in[0]);
  if (f->n_out < 2) return true;
  nn_batch_spec(f, 1, 0, 0, 0, 0);
  f->spec[1].dtype = NN_INT64;
  return true;
}

static bool cholesky_kernel(nn_frame *f) {
  int64_t n = ROWS(f->in[0]), failed, count = n > 0 ? f->in[0]->numel / (n * n) : 0;
  int info;
  char which[32];
  nn_lapack_job j = {.one = cholesky_one, .flag = f->arg[1].b};
  if (!nn_lapack_start(f, &j, n, n, 0)) return false;
  j.work = (double)n * (double)n * (double)n / 6;
  if (f->n_out == 1) {
    if (!nn_lapack_run(f, &j, count, &failed, &info)) return false;
    return failed < 0 ||
           nn_bad(f, "the matrix%s is not positive-definite: its leading minor of order %d is not",
                  nn_which(f, failed, count, which), info);
  }
  int64_t *infos = (int64_t *)(void *)f->out[1]->data;
  for (int64_t i = 0; i < f->out[1]->numel; i++) infos[i] = 0;
  for (int64_t i = 0; i < count; i++) cholesky_one(&j, i, NULL);
  return true;
}

/* A = L L^T: gA = L^-T P L^-1 made symmetric, P the lower triangle of L^T g with half the diagonal
 * (Murray 2016, "Differentiation of the Cholesky decomposition"). */
static bool cholesky_vjp(nn_vjp *v) {
  C c = v->ctx;
  T y = nn_out(v, 0), g = v->g[0];
  if (g == NULL) return true;
  T l = v->arg[1].b ? t_mT(c, y) : y, gl = v->arg[1].b ? t_mT(c, g) : g;
  T p = t_tril(c, t_matmul(c, t_mT(c, l), t_tril(c, gl, 0)), 0);
  T s = t_muls(c, t_add(c, p, t_mT(c, t_tril(c, p, -1))), 0.5);
  s = nn_do(c, &nn_op_solve_triangular, v_t(t_mT(c, l)), v_t(s), v_b(true));
  s = nn_do(c, &nn_op_solve_triangular, v_t(l), v_t(s), v_b(false), v_b(false));
  return (v->d[0] = s) != NULL;
}

#define CHOLESKY_REST .saves_out = 1, .infer = cholesky_infer, .kernel = cholesky_kernel, .vjp = cholesky_vjp
const nn_op nn_op_cholesky = {
    .name = "cholesky",
    .doc =
        "The lower triangular L with A = L L^T (upper = true: U with A = U^T U) for symmetric positive-definite matrices\n"
        "[..., n, n], of which only that triangle is read. Any other matrix is an error.",
    .example = "tensor.linalg.cholesky(tensor{{4, 2}, {2, 2}})\n--> {{2, 0}, {1, 1}}",
    .params = {{"A", P_TENSOR}, {"upper", P_BOOL, "false", .keyword = true}},
    .flags = NN_LINALG,
    CHOLESKY_REST,
    .samples = NN_SAMPLES("S(3)", "S(2,2,3)", "S(3), {upper = true}", "R(0,0)"),
    .invalid = "tensor{{1, 2}, {2, 1}}",
    .complaint = "its leading minor of order 2"};
const nn_op nn_op_cholesky_input = {
    .name = "cholesky.input",
    .doc = "The lower triangular L with input = L L^T: the same as linalg.cholesky.",
    .example = "tensor{{4, 2}, {2, 2}}:cholesky()\n--> {{2, 0}, {1, 1}}",
    .params = {{"input", P_TENSOR}, {"upper", P_BOOL, "false"}},
    .flags = NN_TENSOR | NN_METHOD,
    CHOLESKY_REST,
    .samples = NN_SAMPLES("S(3)", "S(3), true"),
    .invalid = "tensor{{1, 2}, {2, 1}}",
    .complaint = "not positive-definite"};
const nn_op nn_op_cholesky_ex = {
    .name = "cholesky_ex",
    .doc =
        "Cholesky factors as linalg.cholesky gives them, and for each matrix 0, or the order of the first leading minor that\n"
        "isn't positive-definite: no error then.",
    .example = "select(2, tensor.linalg.cholesky_ex(tensor{{1, 2}, {2, 1}}))\n--> 2",
    .params = {{"A", P_TENSOR}, {"upper", P_BOOL, "false", .keyword = true}},
    .flags = NN_LINALG,
    .n_out = 2,
    CHOLESKY_REST,
    .samples = NN_SAMPLES("S(3)", "S(2,3), {upper = true}"),
    .invalid = "R(2,3)",
    .complaint = "square"};

/* A^-1 B with A = L L^T. */
static bool cholesky_solve_compose(nn_frame *f) {
  C c = f->ctx;
  T b = f->in[0], l = f->in[1];
  if (!nn_expect_matrix(f, 0) || !nn_expect_square(f, 1) || !nn_expect_same_dtype(f, 0, 1)) return false;
  if (f->arg[2].b) l = t_mT(c, l);
  T x = nn_do(c, &nn_op_solve_triangular, v_t(l), v_t(b), v_b(false));
  x = nn_do(c, &nn_op_solve_triangular, v_t(t_mT(c, l)), v_t(x), v_b(true));
  return (f->out[0] = x) != NULL;
}
const nn_op nn_op_cholesky_solve = {
    .name = "cholesky_solve",
    .doc = "X with A X = B, where A = L L^T is given by L (upper = true: A = U^T U by U).",
    .example = "tensor{{4}, {2}}:cholesky_solve(tensor{{2, 0}, {0, 1}})\n--> {{1}, {2}}",
    .params = {{"B", P_TENSOR}, {"L", P_TENSOR}, {"upper", P_BOOL, "false"}},
    .flags = NN_TENSOR | NN_METHOD,
    .compose = cholesky_solve_compose,
    .samples = NN_SAMPLES("R(3,2), M(3)", "R(3,2), M(3), true", "R(2,3,2), M(3)"),
    .invalid = "R(2,2), R(3,3)",
    .complaint = "do not fit"};

static bool cholesky_inverse_compose(nn_frame *f) {
  if (!nn_expect_square(f, 0)) return false;
  T eye = t_eye(f->ctx, ROWS(f->in[0]), (nn_dtype)f->in[0]->dtype);
  return (f->out[0] = nn_do(f->ctx, &nn_op_cholesky_solve, v_t(eye), v_t(f->in[0]), f->arg[1])) != NULL;
}
const nn_op nn_op_cholesky_inverse = {
    .name = "cholesky_inverse",
    .doc = "The inverse of A = L L^T, given by L (upper = true: of A = U^T U by U).",
    .example = "tensor{{2, 0}, {0, 1}}:cholesky_inverse()\n--> {{0.25, 0.00}, {0.00, 1.00}}",
    .params = {{"L", P_TENSOR}, {"upper", P_BOOL, "false"}},
    .flags = NN_TENSOR | NN_METHOD,
    .compose = cholesky_inverse_compose,
    .samples = NN_SAMPLES("M(3)", "M(3), true"),
    .invalid = "R(2,3)",
    .complaint = "square"};
