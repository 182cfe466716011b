/* linalg_lu.c - everything that rests on the LU factorisation with row exchanges: lu, solve, inv, det,
 * slogdet. */
#include <math.h>
#include <string.h>

#include "linalg.h"

#define DOUBLES(p) ((double *)(void *)(p))
#define FLOATS(p)  ((float *)(void *)(p))

static double at(const nn_lapack_job *j, const char *p, int64_t i) {
  return j->dtype == NN_FLOAT32 ? (double)((const float *)(const void *)p)[i]
                                : ((const double *)(const void *)p)[i];
}
static void put(const nn_lapack_job *j, char *p, int64_t i, double x) {
  if (j->dtype == NN_FLOAT32)
    FLOATS(p)[i] = (float)x;
  else
    DOUBLES(p)[i] = x;
}

/* Matrix number i by columns in the room, factorised. Exact zeros among the pivots are told by the result. */
static int factorise(const nn_lapack_job *j, int64_t i, char *lu, int *pivots) {
  int info = 0;
  nn_flip_matrix(j->e, j->m, j->n, j->a + (size_t)i * j->e * (size_t)j->m * (size_t)j->n, lu);
  if (j->m > 0 && j->n > 0) j->l->getrf(&j->m, &j->n, lu, &j->m, pivots, &info);
  return info;
}

static double cube(double n) { return n * n * n; }

/* ---- lu_factor_ex and what comes of it -------------------------------------------------------------- */

static int lu_one(const nn_lapack_job *j, int64_t i, char *room) {
  size_t size = (size_t)j->m * (size_t)j->n;
  char *lu = nn_take(&room, size * j->e);
  int *pivots = (int *)(void *)room, k = j->m < j->n ? j->m : j->n;
  int64_t *to = (int64_t *)(void *)j->out[1] + i * k;
  int info = factorise(j, i, lu, pivots);
  nn_flip_matrix(j->e, j->n, j->m, lu, j->out[0] + (size_t)i * size * j->e);
  for (int p = 0; p < k; p++) to[p] = pivots[p];
  ((int64_t *)(void *)j->out[2])[i] = info;
  return 0;
}

static bool lu_infer(nn_frame *f) {
  if (!nn_expect_matrix(f, 0) || !nn_expect_lapack(f)) return false;
  if (!f->arg[1].b) return nn_bad(f, "factorises with row exchanges only: pivot must be true");
  int64_t m = ROWS(f->in[0]), n = COLS(f->in[0]);
  nn_batch_spec(f, 0, 0, 2, m, n);
  nn_batch_spec(f, 1, 0, 1, m < n ? m : n, 0);
  nn_batch_spec(f, 2, 0, 0, 0, 0);
  f->spec[1].dtype = f->spec[2].dtype = NN_INT64;
  return true;
}

static bool lu_kernel(nn_frame *f) {
  int64_t m = ROWS(f->in[0]), n = COLS(f->in[0]), failed;
  int info;
  nn_lapack_job j = {.one = lu_one};
  if (!nn_lapack_start(f, &j, m, n, 0)) return false;
  j.room = nn_piece((size_t)(m * n) * j.e) + (size_t)(m < n ? m : n) * sizeof(int);
  j.work = cube((double)n) / 3;
  return nn_lapack_run(f, &j, f->out[2]->numel, &failed, &info);
}

/* The factors out of one matrix: L with ones on its diagonal, U. */
static T lower_of(C c, T lu, int64_t m, int64_t n) {
  int64_t k = m < n ? m : n;
  T l = t_tril(c, t_columns(c, lu, 0, k), -1), one = t_eye(c, m, (nn_dtype)(lu ? lu->dtype : NN_FLOAT32));
  return t_add(c, l, t_columns(c, one, 0, k));
}
static T upper_of(C c, T lu, int64_t m, int64_t n) { return t_triu(c, t_rows(c, lu, 0, m < n ? m : n), 0); }

static T triangular(C c, T a, T b, bool upper, bool left, bool unit) {
  return nn_do(c, &nn_op_solve_triangular, v_t(a), v_t(b), v_b(upper), v_b(left), v_b(unit));
}
static T t_permutation(C c, T pivots, int64_t m, nn_dtype dtype) {
  return nn_do(c, &nn_op_lu_permutation, v_t(pivots), v_i(m), v_dt(dtype));
}

/* With A = P L U and g that of L below and of U on and above the diagonal, for square A
 *   gA = P L^-T [tril(L^T gL, -1) + triu(gU U^T)] U^-T,
 * and by blocks where A has more columns or rows: differentials of P^T A = L U (de Hoog, Anderssen, Lukas
 * 2011). */
static bool lu_vjp(nn_vjp *v) {
  C c = v->ctx;
  T lu = nn_out(v, 0), pivots = nn_out(v, 1), g = v->g[0];
  if (g == NULL) return true;
  if (lu == NULL || pivots == NULL) return false;
  int64_t m = ROWS(lu), n = COLS(lu), k = m < n ? m : n;
  T l = lower_of(c, lu, m, n), u = upper_of(c, lu, m, n);
  T gl = t_tril(c, t_columns(c, g, 0, k), -1), gu = t_triu(c, t_rows(c, g, 0, k), 0);
  T l1 = t_rows(c, l, 0, k), u1 = t_columns(c, u, 0, k);
  T low = t_matmul(c, t_mT(c, l1), t_rows(c, gl, 0, k)),
    up = t_matmul(c, t_columns(c, gu, 0, k), t_mT(c, u1));
  if (m < n) low = t_sub(c, low, t_matmul(c, t_columns(c, gu, k, n), t_mT(c, t_columns(c, u, k, n))));
  if (m > n) up = t_sub(c, up, t_matmul(c, t_mT(c, t_rows(c, l, k, m)), t_rows(c, gl, k, m)));
  T core = t_add(c, t_tril(c, low, -1), t_triu(c, up, 0));
  T d = triangular(c, t_mT(c, l1), core, true, true, true);
  d = triangular(c, t_mT(c, u1), d, false, false, false);
  if (m < n) {
    T more = triangular(c, t_mT(c, l1), t_columns(c, gu, k, n), true, true, true);
    T both[2] = {d, more};
    d = nn_do(c, &nn_op_cat, v_ts(2, both), v_i(lu->ndim - 1));
  } else if (m > n) {
    T more = triangular(c, t_mT(c, u1), t_rows(c, gl, k, m), false, false, false);
    T both[2] = {d, more};
    d = nn_do(c, &nn_op_cat, v_ts(2, both), v_i(lu->ndim - 2));
  }
  return (v->d[0] = t_matmul(c, t_permutation(c, pivots, m, (nn_dtype)lu->dtype), d)) != NULL;
}

#define A_PARAM                                                                                              \
  { "A", P_TENSOR }
const nn_op nn_op_lu_factor_ex = {
    .name = "lu_factor_ex",
    .doc =
        "The LU factorisation of matrices [..., m, n] with row exchanges, A = P L U, compact: L without its ones\n"
        "below the diagonal and U on and above it, in one matrix; the pivots (row i was exchanged with row\n"
        "pivots[i], from 1); and for each matrix the number of the first pivot that is zero, or 0.",
    .example = "tensor.linalg.lu_factor_ex(tensor{{1, 2}, {4, 4}})\n--> {{4.00, 4.00}, {0.25, 1.00}}\t{2, 2}\t0",
    .params = {A_PARAM,
               {"pivot", P_BOOL, "true", .keyword = true},
               {"check_errors", P_BOOL, "false", .keyword = true}},
    .flags = NN_LINALG,
    .n_out = 3,
    .saves_out = 3,
    .infer = lu_infer,
    .kernel = lu_kernel,
    .vjp = lu_vjp,
    .samples = NN_SAMPLES("M(3)", "M(2,3)", "M(4)[{ {1, 2}, {} }]", "M(4)[{ {}, {1, 2} }]", "T(M(3))"),
    .invalid = "R(3)",
    .complaint = "must be a matrix"};

static bool lu_factor_compose(nn_frame *f) {
  T r[3];
  if (!nn_do_all(f->ctx, &nn_op_lu_factor_ex, r, v_t(f->in[0]), f->arg[1], v_b(false))) return false;
  f->out[0] = r[0], f->out[1] = r[1];
  const int64_t *info = (const int64_t *)nn_data(r[2]), n = r[2]->numel;
  char which[32];
  for (int64_t i = 0; i < n; i++)
    if (info[i] > 0)
      return nn_bad(f, "the matrix%s is singular: element [%lld, %lld] of U is zero",
                    nn_which(f, i, n, which), (long long)info[i], (long long)info[i]);
  return true;
}
const nn_op nn_op_lu_factor = {
    .name = "lu_factor",
    .doc =
        "The LU factorisation of matrices with row exchanges, compact (see lu_factor_ex), and the pivots. What\n"
        "lu_solve takes. A singular matrix is an error.",
    .example = "tensor.linalg.lu_factor(tensor{{1, 2}, {4, 4}})\n--> {{4.00, 4.00}, {0.25, 1.00}}\t{2, 2}",
    .params = {A_PARAM, {"pivot", P_BOOL, "true", .keyword = true}},
    .flags = NN_LINALG,
    .n_out = 2,
    .compose = lu_factor_compose,
    .samples = NN_SAMPLES("M(3)", "M(2,3)"),
    .invalid = "tensor.zeros(2, 2)",
    .complaint = "singular"};

static bool permutation_infer(nn_frame *f) {
  int64_t m = f->arg[1].i;
  const nn_tensor *p = f->in[0];
  int64_t shape[NN_MAX_DIMS];
  if (p->ndim + 1 > NN_MAX_DIMS || !nn_expect_index(f, 0)) return nn_bad(f, "too many dimensions");
  for (int d = 0; d < p->ndim - 1; d++) shape[d] = p->shape[d];
  shape[p->ndim - 1] = shape[p->ndim] = m;
  nn_spec_set(f, 0, f->arg[2].dtype, p->ndim + 1, shape);
  return true;
}

static bool permutation_kernel(nn_frame *f) {
  const nn_tensor *p = nn_dense(f, 0);
  nn_tensor *y = f->out[0];
  int64_t m = f->arg[1].i, k = p ? p->shape[p->ndim - 1] : 0;
  size_t room = (size_t)(m > 0 ? m : 1) * sizeof(int64_t);
  int64_t *order = p ? nn_scratch(f->ctx, room) : NULL;
  if (order == NULL) return false;
  memset(y->data, 0, (size_t)y->numel * nn_esize(y));
  bool ok = true;
  nn_lapack_job j = {.dtype = (nn_dtype)y->dtype};
  for (int64_t i = 0; ok && m > 0 && i < y->numel / (m * m); i++) {
    const int64_t *pivot = (const int64_t *)(const void *)p->data + i * k;
    for (int64_t r = 0; r < m; r++) order[r] = r;
    for (int64_t r = 0; ok && r < k; r++) {
      if (pivot[r] < 1 || pivot[r] > m || k > m) {
        ok = nn_bad(f, "pivots must be row numbers from 1 to %lld, got %lld", (long long)m,
                    (long long)pivot[r]);
        break;
      }
      int64_t swap = order[r];
      order[r] = order[pivot[r] - 1];
      order[pivot[r] - 1] = swap;
    }
    for (int64_t r = 0; ok && r < m; r++) put(&j, y->data, i * m * m + order[r] * m + r, 1);
  }
  nn_scratch_free(f->ctx, order, room);
  return ok;
}
const nn_op nn_op_lu_permutation = {.name = "lu_permutation",
                                    .doc = "The matrix P of A = P L U, out of the pivots.",
                                    .params = {{"pivots", P_TENSOR}, {"m", P_INT}, {"dtype", P_DTYPE}},
                                    .flags = NN_PRIVATE | NN_NO_GRAD,
                                    .infer = permutation_infer,
                                    .kernel = permutation_kernel};

static bool unpack_compose(nn_frame *f) {
  C c = f->ctx;
  T lu = f->in[0];
  if (!nn_expect_matrix(f, 0) || !nn_expect_index(f, 1)) return false;
  int64_t m = ROWS(lu), n = COLS(lu);
  if (f->in[1]->ndim != lu->ndim - 1 || f->in[1]->shape[lu->ndim - 2] != (m < n ? m : n)) {
    char s[NN_SHAPE_TEXT];
    return nn_bad(f, "pivots of shape %s don't belong to these factors", nn_tensor_shape_text(f->in[1], s));
  }
  f->out[0] = t_permutation(c, f->in[1], m, (nn_dtype)lu->dtype);
  f->out[1] = lower_of(c, lu, m, n);
  f->out[2] = upper_of(c, lu, m, n);
  return f->out[0] && f->out[1] && f->out[2];
}
const nn_op nn_op_lu_unpack = {
    .name = "lu_unpack",
    .doc = "P, L and U of A = P L U out of what linalg.lu_factor gives.",
    .example =
        "tensor.lu_unpack(tensor{{4, 4}, {0.25, 1}}, tensor{2, 2})\n--> {{0, 1}, {1, 0}}\t{{1.00, 0.00}, {0.25, 1.00}}\t{{4, 4}, {0, 1}}",
    .params = {{"LU_data", P_TENSOR}, {"LU_pivots", P_TENSOR}},
    .flags = NN_TENSOR,
    .n_out = 3,
    .compose = unpack_compose,
    .samples = NN_SAMPLES("R(3,3), tensor{2, 2, 3}", "R(2,2,3), tensor{{2, 2}, {1, 2}}"),
    .invalid = "R(2,2), tensor{3, 2}",
    .complaint = "row numbers from 1 to 2"};

static bool lu_compose(nn_frame *f) {
  T r[3];
  return nn_do_all(f->ctx, &nn_op_lu_factor_ex, r, v_t(f->in[0])) &&
         nn_do_all(f->ctx, &nn_op_lu_unpack, f->out, v_t(r[0]), v_t(r[1]));
}
const nn_op nn_op_lu = {
    .name = "lu",
    .doc =
        "P, L and U with A = P L U: a permutation, a lower triangular matrix with ones on its diagonal and an upper\n"
        "triangular one, for matrices [..., m, n].",
    .example =
        "tensor.linalg.lu(tensor{{1, 2}, {4, 4}})\n--> {{0, 1}, {1, 0}}\t{{1.00, 0.00}, {0.25, 1.00}}\t{{4, 4}, {0, 1}}",
    .params = {A_PARAM},
    .flags = NN_LINALG,
    .n_out = 3,
    .compose = lu_compose,
    .samples = NN_SAMPLES("M(3)", "M(2,3)", "M(4)[{ {1, 2}, {} }]", "M(4)[{ {}, {1, 2} }]"),
    .invalid = "R(3)",
    .complaint = "must be a matrix"};

/* ---- solve ------------------------------------------------------------------------------------------ */

static int solve_one(const nn_lapack_job *j, int64_t i, char *room) {
  size_t size = (size_t)j->n * (size_t)j->k * j->e;
  char *lu = nn_take(&room, (size_t)j->n * (size_t)j->n * j->e), *b = nn_take(&room, size);
  int info = factorise(j, i, lu, (int *)(void *)room);
  if (info != 0 || size == 0) return info;
  nn_flip_matrix(j->e, j->n, j->k, j->b + (size_t)i * size, b);
  j->l->getrs("N", &j->n, &j->k, lu, &j->n, (int *)(void *)room, b, &j->n, &info, 1);
  nn_flip_matrix(j->e, j->k, j->n, b, j->out[0] + (size_t)i * size);
  return info;
}

/* A [..., n, n] and B [..., n, k] of the same batch dimensions. */
static bool solve_square_infer(nn_frame *f) {
  nn_batch_spec(f, 0, 1, 2, ROWS(f->in[1]), COLS(f->in[1]));
  return true;
}

static bool singular(nn_frame *f, int64_t failed, int64_t count, int info) {
  char which[32];
  return nn_bad(f, "the matrix%s is singular: pivot %d of its LU factorisation is zero",
                nn_which(f, failed, count, which), info);
}

static bool solve_square_kernel(nn_frame *f) {
  int64_t n = ROWS(f->in[0]), k = COLS(f->in[1]), failed, count = 1;
  for (int d = 0; d < f->in[0]->ndim - 2; d++) count *= f->in[0]->shape[d];
  int info;
  nn_lapack_job j = {.one = solve_one};
  const nn_tensor *b = nn_dense(f, 1);
  if (b == NULL || !nn_lapack_start(f, &j, n, n, k)) return false;
  j.b = b->data;
  j.room = nn_piece((size_t)(n * n) * j.e) + nn_piece((size_t)(n * k) * j.e) + (size_t)n * sizeof(int);
  j.work = cube((double)n) / 3 + (double)n * (double)n * (double)k;
  if (!nn_lapack_run(f, &j, count, &failed, &info)) return false;
  return failed < 0 || singular(f, failed, count, info);
}

/* X = A^-1 B: gB = A^-T g, gA = -gB X^T (Giles 2008, 2.2.3). */
static bool solve_square_vjp(nn_vjp *v) {
  C c = v->ctx;
  T gb = nn_do(c, &nn_op_solve_square, v_t(t_mT(c, nn_in(v, 0))), v_t(v->g[0]));
  if (nn_need(v, 1)) v->d[1] = gb;
  if (nn_need(v, 0)) v->d[0] = t_neg(c, t_matmul(c, gb, t_mT(c, nn_out(v, 0))));
  return gb != NULL;
}
const nn_op nn_op_solve_square = {.name = "solve_square",
                                  .doc = "A^-1 B for batches of the same sizes.",
                                  .params = {A_PARAM, {"B", P_TENSOR}},
                                  .flags = NN_PRIVATE,
                                  .saves_in = 1,
                                  .saves_out = 1,
                                  .infer = solve_square_infer,
                                  .kernel = solve_square_kernel,
                                  .vjp = solve_square_vjp};

/* Whether B is a vector (or a batch of such) for matrices A: PyTorch's rule. */
static bool is_vector(const nn_tensor *a, const nn_tensor *b) {
  if (b->ndim == 1) return true;
  if (b->ndim != a->ndim - 1) return false;
  for (int d = 0; d < b->ndim; d++)
    if (b->shape[d] != a->shape[d]) return false;
  return true;
}

static bool solve_compose(nn_frame *f) {
  C c = f->ctx;
  T a = f->in[0], b = f->in[1];
  bool left = f->arg[2].b;
  if (!nn_expect_square(f, 0) || !nn_expect_float(f, 1) || !nn_expect_same_dtype(f, 0, 1) ||
      !nn_expect_lapack(f))
    return false;
  bool vector = is_vector(a, b);
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  if (vector) b = t_unsqueeze(c, b, left ? b->ndim : b->ndim - 1);
  if (b == NULL) return false;
  if (vector && !left) return nn_bad(f, "B is a vector: left must be true");
  if (b->ndim < 2 || (left ? ROWS(b) : COLS(b)) != ROWS(a))
    return nn_bad(f, "A of shape %s and B of shape %s do not fit: B must have %lld %s",
                  nn_tensor_shape_text(a, s), nn_tensor_shape_text(f->in[1], t), (long long)ROWS(a),
                  left ? "rows" : "columns");
  if (!left) a = t_mT(c, a), b = t_mT(c, b);
  if (a == NULL || b == NULL || !nn_common_batch(f, &a, &b)) return false;
  T x = nn_do(c, &nn_op_solve_square, v_t(a), v_t(b));
  if (x != NULL && !left) x = t_mT(c, x);
  if (x != NULL && vector) x = nn_do(c, &nn_op_squeeze_dim, v_t(x), v_i(x->ndim - 1));
  return (f->out[0] = x) != NULL;
}
const nn_op nn_op_solve = {
    .name = "solve",
    .doc =
        "X with A X = B (left = false: X A = B) for square A [..., n, n] and B [..., n, k] or [n]; batch dimensions\n"
        "broadcast. A singular matrix is an error.",
    .example = "tensor.linalg.solve(tensor{{2, 0}, {0, 4}}, tensor{2, 2})\n--> {1, 0.5}",
    .params = {A_PARAM, {"B", P_TENSOR}, {"left", P_BOOL, "true", .keyword = true}},
    .flags = NN_LINALG,
    .compose = solve_compose,
    .samples =
        NN_SAMPLES("M(3), R(3,2)", "M(3), R(3)", "M(2,3), R(3,2)", "M(2,3), R(2,3)",
                   "M(3), R(2,3), {left = false}", "T(M(3)), T(R(3,3))", "R(0,0), R(0,2)", "M(3), R(3,0)"),
    .invalid = "tensor.ones(2, 2), tensor.ones(2)",
    .complaint = "the matrix is singular: pivot 2"};

static bool lu_solve_compose(nn_frame *f) {
  C c = f->ctx;
  T lu = f->in[0], pivots = f->in[1], b = f->in[2];
  bool left = f->arg[3].b, adjoint = f->arg[4].b;
  if (!nn_expect_square(f, 0) || !nn_expect_matrix(f, 2) || !nn_expect_lapack(f)) return false;
  if (!left) b = t_mT(c, b), adjoint = !adjoint;
  T p = t_permutation(c, pivots, ROWS(lu), (nn_dtype)lu->dtype), x;
  if (!adjoint) {
    x = t_matmul(c, t_mT(c, p), b);
    x = triangular(c, lu, x, false, true, true);
    x = triangular(c, lu, x, true, true, false);
  } else {
    x = triangular(c, t_mT(c, lu), b, false, true, false);
    x = triangular(c, t_mT(c, lu), x, true, true, true);
    x = t_matmul(c, p, x);
  }
  return (f->out[0] = left ? x : t_mT(c, x)) != NULL;
}
const nn_op nn_op_lu_solve = {
    .name = "lu_solve",
    .doc =
        "X with A X = B (left = false: X A = B; adjoint: with A transposed), A given by what linalg.lu_factor returns.",
    .example = "local lu, pivots = tensor.linalg.lu_factor(tensor{{2, 0}, {0, 4}})\n"
               "print(tensor.linalg.lu_solve(lu, pivots, tensor{{2}, {2}}))\n--> {{1.0}, {0.5}}",
    .params = {{"LU", P_TENSOR},
               {"pivots", P_TENSOR},
               {"B", P_TENSOR},
               {"left", P_BOOL, "true", .keyword = true},
               {"adjoint", P_BOOL, "false", .keyword = true}},
    .flags = NN_LINALG,
    .compose = lu_solve_compose,
    .samples = NN_SAMPLES("M(3), tensor{2, 2, 3}, R(3,2)", "M(3), tensor{3, 2, 3}, R(3,2), {adjoint = true}",
                          "M(3), tensor{2, 3, 3}, R(2,3), {left = false}"),
    .invalid = "R(2,3), tensor{1, 2}, R(2,1)",
    .complaint = "square"};

static bool lu_solve_old_compose(nn_frame *f) {
  f->out[0] = nn_do(f->ctx, &nn_op_lu_solve, v_t(f->in[1]), v_t(f->in[2]), v_t(f->in[0]));
  return f->out[0] != NULL;
}
const nn_op nn_op_lu_solve_old = {
    .name = "lu_solve.b",
    .doc = "X with A X = b, A given by what linalg.lu_factor returns.",
    .example = "tensor.lu_solve(tensor{{2}, {2}}, tensor{{2, 0}, {0, 4}}, tensor{1, 2})\n--> {{1.0}, {0.5}}",
    .params = {{"b", P_TENSOR}, {"LU_data", P_TENSOR}, {"LU_pivots", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD,
    .compose = lu_solve_old_compose,
    .samples = NN_SAMPLES("R(3,2), M(3), tensor{2, 2, 3}"),
    .invalid = "R(2,1), R(2,3), tensor{1, 2}",
    .complaint = "square"};

/* ---- inv -------------------------------------------------------------------------------------------- */

static int inv_one(const nn_lapack_job *j, int64_t i, char *room) {
  size_t n = (size_t)j->n, size = n * n * j->e;
  char *lu = nn_take(&room, size), *b = nn_take(&room, size);
  int info = factorise(j, i, lu, (int *)(void *)room);
  if (info != 0 || n == 0) return info;
  memset(b, 0, size);
  for (size_t r = 0; r < n; r++) put(j, b, (int64_t)(r * (n + 1)), 1);
  j->l->getrs("N", &j->n, &j->n, lu, &j->n, (int *)(void *)room, b, &j->n, &info, 1);
  nn_flip_matrix(j->e, j->n, j->n, b, j->out[0] + (size_t)i * size);
  return info;
}

static bool inv_infer(nn_frame *f) {
  if (!nn_expect_square(f, 0) || !nn_expect_lapack(f)) return false;
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

static bool inv_kernel(nn_frame *f) {
  int64_t n = ROWS(f->in[0]), failed, count = n > 0 ? f->in[0]->numel / (n * n) : 0;
  int info;
  nn_lapack_job j = {.one = inv_one};
  if (!nn_lapack_start(f, &j, n, n, 0)) return false;
  j.room = 2 * nn_piece((size_t)(n * n) * j.e) + (size_t)n * sizeof(int);
  j.work = cube((double)n);
  if (!nn_lapack_run(f, &j, count, &failed, &info)) return false;
  return failed < 0 || singular(f, failed, count, info);
}

/* Y = A^-1: gA = -Y^T g Y^T (Giles 2008, 2.2.3). */
static bool inv_vjp(nn_vjp *v) {
  C c = v->ctx;
  T yt = t_mT(c, nn_out(v, 0));
  return (v->d[0] = t_neg(c, t_matmul(c, t_matmul(c, yt, v->g[0]), yt))) != NULL;
}

const nn_op nn_op_inv = {
    .name = "inv",
    .doc =
        "The inverses of square matrices [..., n, n]. A singular matrix is an error. To solve A X = B, linalg.solve is\n"
        "faster and more precise.",
    .example = "tensor.linalg.inv(tensor{{2, 0}, {0, 4}})\n--> {{0.50, 0.00}, {0.00, 0.25}}",
    .params = {A_PARAM},
    .flags = NN_LINALG,
    .saves_out = 1,
    .infer = inv_infer,
    .kernel = inv_kernel,
    .vjp = inv_vjp,
    .samples = NN_SAMPLES("M(3)", "M(2,2,3)", "T(M(3))", "R(0,0)"),
    .invalid = "tensor{{1, 2}, {2, 4}}",
    .complaint = "the matrix is singular"};
const nn_op nn_op_inverse = {.name = "inverse",
                             .doc = "The inverses of square matrices: the same as linalg.inv.",
                             .example = "tensor{{2, 0}, {0, 4}}:inverse()\n--> {{0.50, 0.00}, {0.00, 0.25}}",
                             .params = {{"input", P_TENSOR}},
                             .flags = NN_TENSOR | NN_METHOD,
                             .compose = nn_same_as,
                             .data = &nn_op_inv,
                             .samples = NN_SAMPLES("M(3)"),
                             .invalid = "tensor{{1, 2}, {2, 4}}",
                             .complaint = "the matrix is singular"};

/* ---- det, slogdet ----------------------------------------------------------------------------------- */

/* out[0] the determinant; with flag out[0] its sign and out[1] the logarithm of its absolute value. */
static int det_one(const nn_lapack_job *j, int64_t i, char *room) {
  char *lu = nn_take(&room, (size_t)j->n * (size_t)j->n * j->e);
  int *pivots = (int *)(void *)room;
  double sign = 1, product = 1, log_abs = 0;
  factorise(j, i, lu, pivots);
  for (int64_t r = 0; r < j->n; r++) {
    double u = at(j, lu, r * (j->n + 1));
    if (pivots[r] != r + 1) sign = -sign;
    if (u < 0) sign = -sign;
    if (u == 0) sign = 0;
    product *= fabs(u);
    log_abs += log(fabs(u));
  }
  put(j, j->out[0], i, j->flag ? sign : sign == 0 ? 0 : sign * product);
  if (j->flag) put(j, j->out[1], i, log_abs);
  return 0;
}

static bool det_infer(nn_frame *f) {
  if (!nn_expect_square(f, 0) || !nn_expect_lapack(f)) return false;
  for (int k = 0; k < f->n_out; k++) nn_batch_spec(f, k, 0, 0, 0, 0);
  return true;
}

static bool det_kernel(nn_frame *f) {
  int64_t n = ROWS(f->in[0]), failed;
  int info;
  nn_lapack_job j = {.one = det_one, .flag = f->n_out == 2};
  if (!nn_lapack_start(f, &j, n, n, 0)) return false;
  j.room = nn_piece((size_t)(n * n) * j.e) + (size_t)n * sizeof(int);
  j.work = cube((double)n) / 3;
  return nn_lapack_run(f, &j, f->out[0]->numel, &failed, &info);
}

/* [...] as [..., 1, 1]. */
static T as_matrix(C c, T g) { return g ? t_unsqueeze(c, t_unsqueeze(c, g, g->ndim), g->ndim + 1) : NULL; }

static bool has_zero(const nn_tensor *t) {
  for (int64_t i = 0; i < t->numel; i++)
    if ((t->dtype == NN_FLOAT32 ? (double)((const float *)(const void *)t->data)[i]
                                : ((const double *)(const void *)t->data)[i]) == 0)
      return true;
  return false;
}

/* The cofactors of A by its singular values A = U S V^T: det(U) det(V) U diag(products of the other s) V^T,
 * which needs no inverse. */
static T cofactors(C c, T a) {
  T r[3];
  if (!nn_do_all(c, &nn_op_svd, r, v_t(a), v_b(false))) return NULL;
  T u = r[0], s = r[1], vh = r[2];
  int64_t n = COLS(a), last = s->ndim;
  T row = t_unsqueeze(c, s, last - 1); /* [..., 1, n], then one row for each i with s_i replaced by 1 */
  T eye = t_eye(c, n, (nn_dtype)a->dtype);
  T others = t_add(c, t_mul(c, row, t_rsubs(c, 1, eye)), eye);
  T product = others ? nn_do(c, &nn_op_prod_dim, v_t(others), v_i(last)) : NULL;
  T sign = t_mul(c, nn_do(c, &nn_op_det, v_t(u)), nn_do(c, &nn_op_det, v_t(vh)));
  T scaled = t_mul(c, u, t_unsqueeze(c, product, last - 1));
  return t_mul(c, t_matmul(c, scaled, vh), as_matrix(c, sign));
}

/* d det / dA = det A^-T, or the cofactors where that doesn't exist. */
static bool det_vjp(nn_vjp *v) {
  C c = v->ctx;
  T a = nn_in(v, 0), y = nn_out(v, 0);
  if (a == NULL || y == NULL) return false;
  T g = as_matrix(c, v->g[0]);
  if (has_zero(y))
    v->d[0] = t_mul(c, g, cofactors(c, a));
  else
    v->d[0] = t_mul(c, t_mul(c, g, as_matrix(c, y)), t_mT(c, t_inv(c, a)));
  return v->d[0] != NULL;
}

#define EVERYWHERE (NN_LINALG | NN_TENSOR | NN_METHOD)
const nn_op nn_op_det = {.name = "det",
                         .doc = "The determinants of square matrices [..., n, n].",
                         .example = "tensor{{1, 2}, {4, 4}}:det()\n--> -4",
                         .params = {A_PARAM},
                         .flags = EVERYWHERE,
                         .saves_in = 1,
                         .saves_out = 1,
                         .infer = det_infer,
                         .kernel = det_kernel,
                         .vjp = det_vjp,
                         .samples = NN_SAMPLES("M(3)", "M(2,2,3)", "T(R(2,2))", "R(0,0)", "R(1,1)"),
                         .invalid = "R(2,3)",
                         .complaint = "square"};

/* d log|det| / dA = A^-T. */
static bool slogdet_vjp(nn_vjp *v) {
  C c = v->ctx;
  if (v->g[1] == NULL) return true;
  T a = nn_in(v, 0);
  return (v->d[0] = t_mul(c, as_matrix(c, v->g[1]), t_mT(c, t_inv(c, a)))) != NULL;
}

const nn_op nn_op_slogdet = {
    .name = "slogdet",
    .doc =
        "The sign of the determinants of square matrices and the logarithm of their absolute values: no overflow where\n"
        "det has one. A singular matrix has 0 and -inf.",
    .example = "tensor{{0, 1}, {1, 0}}:slogdet()\n--> -1\t0",
    .params = {A_PARAM},
    .flags = EVERYWHERE,
    .saves_in = 1,
    .n_out = 2,
    .infer = det_infer,
    .kernel = det_kernel,
    .vjp = slogdet_vjp,
    .samples = NN_SAMPLES("M(3)", "M(2,2,3)", "T(R(2,2))"),
    .invalid = "R(2,3)",
    .complaint = "square"};

static bool logdet_compose(nn_frame *f) {
  C c = f->ctx;
  T r[2];
  if (!nn_do_all(c, &nn_op_slogdet, r, v_t(f->in[0]))) return false;
  T sign = r[0], y = r[1];
  T negative = nn_do(c, &nn_op_lt, v_t(sign), v_t(t_num(c, 0)));
  T nan = nn_keep(c, nn_scalar(c, (nn_dtype)y->dtype, (double)NAN));
  return (f->out[0] = nn_do(c, &nn_op_where, v_t(negative), v_t(nan), v_t(y))) != NULL;
}
const nn_op nn_op_logdet = {
    .name = "logdet",
    .doc =
        "The logarithm of the determinants of square matrices; NaN where that is negative, -inf where it is 0.",
    .example = "tensor{{2, 0}, {0, 0.5}}:logdet()\n--> 0",
    .params = {{"input", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD,
    .compose = logdet_compose,
    .samples = NN_SAMPLES("S(3)", "S(2,3)"),
    .invalid = "R(2,3)",
    .complaint = "square"};
