/* linalg_svd.c - singular values and eigenvalues: svd, eigh, eig, and pinv, matrix_rank, which rest on them.
 */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "linalg.h"

static int least(int a, int b) { return a < b ? a : b; }
static int most(int a, int b) { return a > b ? a : b; }

/* ---- svd -------------------------------------------------------------------------------------------- */

/* A = U S V^T by rows is A^T = V S U^T by columns: LAPACK gets A as it lies, as the transposed matrix [n, m],
 * and its first factor by columns is V^T by rows. letter: 'A' all vectors, 'S' min(m, n), 'N' none. out: U,
 * S, Vh. */
static int svd_one(const nn_lapack_job *j, int64_t i, char *room) {
  int m = j->m, n = j->n, k = least(m, n), info = 0;
  size_t e = j->e, size = (size_t)m * (size_t)n;
  int cols_u = j->letter == 'A' ? m : k, rows_v = j->letter == 'A' ? n : k;
  char *a = nn_take(&room, size * e);
  int *whole = (int *)(void *)nn_take(&room, (size_t)j->liwork * sizeof(int));
  char *s = j->out[1] + (size_t)i * (size_t)k * e, jobz[2] = {j->letter, 0};
  char *u = j->out[0], *vh = j->out[2];
  if (j->letter != 'N') {
    u += (size_t)i * (size_t)m * (size_t)cols_u * e;
    vh += (size_t)i * (size_t)n * (size_t)rows_v * e;
  }
  int ldu = most(cols_u, 1), ldv = most(n, 1);
  memcpy(a, j->a + (size_t)i * size * e, size * e);
  j->l->gesdd(jobz, &n, &m, a, &ldv, s, vh, &ldv, u, &ldu, room, &j->lwork, whole, &info, 1);
  return info;
}

static bool svd_infer(nn_frame *f) {
  if (!nn_expect_matrix(f, 0) || !nn_expect_lapack(f)) return false;
  int64_t m = ROWS(f->in[0]), n = COLS(f->in[0]), k = m < n ? m : n;
  bool full = f->arg[1].b;
  if (full && ((m > 0 && m > INT_MAX / m) || (n > 0 && n > INT_MAX / n)))
    return nn_bad(f, "the vectors would be too large for LAPACK");
  nn_batch_spec(f, 0, 0, 2, m, full ? m : k);
  nn_batch_spec(f, 1, 0, 1, k, 0);
  nn_batch_spec(f, 2, 0, 2, full ? n : k, n);
  return true;
}

/* Without elements there are no singular values, and the vectors are unit vectors. */
static bool fill_identity(nn_tensor *t, int64_t count) {
  int64_t n = ROWS(t), m = COLS(t);
  memset(t->data, 0, (size_t)t->numel * nn_esize(t));
  for (int64_t i = 0; i < count; i++)
    for (int64_t r = 0; r < n && r < m; r++) {
      if (t->dtype == NN_FLOAT32)
        ((float *)(void *)t->data)[i * n * m + r * m + r] = 1;
      else
        ((double *)(void *)t->data)[i * n * m + r * m + r] = 1;
    }
  return true;
}

static bool svd_run(nn_frame *f, nn_lapack_job *j, char letter, int64_t count) {
  int64_t failed;
  int info = 0, query = -1, whole = 0;
  double answer[2] = {0, 0};
  char jobz[2] = {letter, 0}, which[32];
  j->letter = letter;
  int k = least(j->m, j->n), ldu = most(letter == 'A' ? j->m : k, 1), ldv = most(j->n, 1);
  j->l->gesdd(jobz, &j->n, &j->m, answer, &ldv, answer, answer, &ldv, answer, &ldu, answer, &query, &whole,
              &info, 1);
  j->lwork = nn_lapack_size(j, answer);
  j->liwork = 8 * most(k, 1);
  j->room = nn_piece((size_t)j->m * (size_t)j->n * j->e) + nn_piece((size_t)j->liwork * sizeof(int)) +
            (size_t)j->lwork * j->e;
  j->work = 4.0 * (double)j->m * (double)j->n * (double)k;
  if (!nn_lapack_run(f, j, count, &failed, &info)) return false;
  if (failed < 0) return true;
  return nn_bad(f, "the singular values of the matrix%s did not converge", nn_which(f, failed, count, which));
}

static int64_t matrices(const nn_tensor *t) {
  int64_t count = 1;
  for (int d = 0; d < t->ndim - 2; d++) count *= t->shape[d];
  return count;
}

static bool svd_kernel(nn_frame *f) {
  nn_lapack_job j = {.one = svd_one, .finite = true};
  int64_t count = matrices(f->in[0]);
  if (!nn_lapack_start(f, &j, ROWS(f->in[0]), COLS(f->in[0]), 0)) return false;
  if (j.m == 0 || j.n == 0) return fill_identity(f->out[0], count) && fill_identity(f->out[2], count);
  return svd_run(f, &j, f->arg[1].b ? 'A' : 'S', count);
}

/* (X - X^T) / E with E_ij = differences of d_j and d_i, 1 on the diagonal. */
static T skew_over(C c, T x, T d) {
  if (x == NULL || d == NULL) return NULL;
  T e = t_sub(c, t_unsqueeze(c, d, d->ndim - 1), t_unsqueeze(c, d, d->ndim));
  T eye = t_eye(c, d->shape[d->ndim - 1], (nn_dtype)d->dtype);
  return t_div(c, t_sub(c, x, t_mT(c, x)), t_add(c, e, eye));
}

/* gA = U [ (skew(U^T gU) / E) S + S (skew(V^T gV) / E) + diag(gS) ] V^T with E_ij = s_j^2 - s_i^2, and for a
 * matrix that isn't square what lies outside of the range: (I - U U^T) gU S^-1 V^T and U S^-1 gV^T (I - V
 * V^T) (Townsend 2016, "Differentiating the singular value decomposition"). */
static T svd_gradient(C c, T u, T s, T vh, T gu, T gs, T gvh) {
  T row = t_unsqueeze(c, s, s->ndim - 1), col = t_unsqueeze(c, s, s->ndim), squares = t_square(c, s),
    core = NULL;
  T v = t_mT(c, vh), gv = t_mT(c, gvh);
  if (gs != NULL) core = t_diag_embed(c, gs);
  if (gu != NULL) core = t_plus(c, t_mul(c, skew_over(c, t_matmul(c, t_mT(c, u), gu), squares), row), core);
  if (gv != NULL) core = t_plus(c, t_mul(c, col, skew_over(c, t_matmul(c, vh, gv), squares)), core);
  if (core == NULL) return NULL;
  T ga = t_matmul(c, t_matmul(c, u, core), vh);
  if (gu != NULL && ROWS(u) > COLS(u)) {
    T out = t_div(c, t_sub(c, gu, t_matmul(c, u, t_matmul(c, t_mT(c, u), gu))), row);
    ga = t_add(c, ga, t_matmul(c, out, vh));
  }
  if (gv != NULL && COLS(vh) > ROWS(vh)) {
    T out = t_div(c, t_sub(c, gv, t_matmul(c, v, t_matmul(c, vh, gv))), row);
    ga = t_add(c, ga, t_matmul(c, u, t_mT(c, out)));
  }
  return ga;
}

static bool svd_vjp(nn_vjp *v) {
  C c = v->ctx;
  T u = nn_out(v, 0), s = nn_out(v, 1), vh = nn_out(v, 2), *g = (T[3]){v->g[0], v->g[1], v->g[2]};
  if (u == NULL || s == NULL || vh == NULL) return false;
  if (!g[0] && !g[1] && !g[2]) return true;
  int64_t k = s->shape[s->ndim - 1];
  if (k == 0) return (v->d[0] = t_zeros(c, nn_in_meta(v, 0))) != NULL;
  if (v->arg[1].b) { /* the vectors beyond the k-th belong to no singular value and have no gradient */
    u = t_columns(c, u, 0, k), vh = t_rows(c, vh, 0, k);
    g[0] = t_columns(c, g[0], 0, k), g[2] = t_rows(c, g[2], 0, k);
    if (u == NULL || vh == NULL) return false;
  }
  return (v->d[0] = svd_gradient(c, u, s, vh, g[0], g[1], g[2])) != NULL;
}

const nn_op nn_op_svd = {
    .name = "svd",
    .doc =
        "U, S and V^T with A = U diag(S) V^T, for matrices [..., m, n]: orthonormal columns in U, orthonormal rows in V^T, and\n"
        "the singular values in descending order. With full_matrices = false only the first min(m, n) vectors. Vectors are\n"
        "determined up to their sign; their gradient is finite only where the singular values differ.",
    .example =
        "local u, s, vh = tensor.linalg.svd(tensor{{0, 2}, {1, 0}})\nprint(s, u:matmul(s:diag()):matmul(vh))\n--> {2, 1}\t{{0, 2}, {1, 0}}",
    .params = {{"A", P_TENSOR}, {"full_matrices", P_BOOL, "true"}},
    .flags = NN_LINALG,
    .n_out = 3,
    .saves_out = 7,
    .infer = svd_infer,
    .kernel = svd_kernel,
    .vjp = svd_vjp,
    .samples = NN_SAMPLES("S(3)", "S(2,3), false", "S(3)[{ {}, {1, 2} }], false",
                          "S(3)[{ {1, 2}, {} }], false", "T(S(3))", "W(4,2)", "W(0,2)"),
    .invalid = "R(3)",
    .complaint = "must be a matrix"};

/* Singular values alone: without vectors unless a gradient is wanted. */
static bool svdvals_infer(nn_frame *f) {
  if (!nn_expect_matrix(f, 0) || !nn_expect_lapack(f)) return false;
  int64_t m = ROWS(f->in[0]), n = COLS(f->in[0]);
  nn_batch_spec(f, 0, 0, 1, m < n ? m : n, 0);
  return true;
}

static bool svdvals_kernel(nn_frame *f) {
  nn_lapack_job j = {.one = svd_one, .finite = true};
  if (!nn_lapack_start(f, &j, ROWS(f->in[0]), COLS(f->in[0]), 0)) return false;
  j.out[1] = j.out[0];
  if (j.m == 0 || j.n == 0) return true;
  return svd_run(f, &j, 'N', matrices(f->in[0]));
}

/* U diag(g) V^T. */
static bool svdvals_vjp(nn_vjp *v) {
  C c = v->ctx;
  T r[3], a = nn_in(v, 0);
  if (a == NULL || !nn_do_all(c, &nn_op_svd, r, v_t(a), v_b(false))) return false;
  T g = t_unsqueeze(c, v->g[0], r[1]->ndim - 1);
  return (v->d[0] = t_matmul(c, t_mul(c, r[0], g), r[2])) != NULL;
}
const nn_op nn_op_svdvals = {
    .name = "svdvals",
    .doc = "The singular values of matrices [..., m, n] in descending order.",
    .example = "tensor.linalg.svdvals(tensor{{0, 2}, {1, 0}})\n--> {2, 1}",
    .params = {{"A", P_TENSOR}},
    .flags = NN_LINALG,
    .saves_in = 1,
    .infer = svdvals_infer,
    .kernel = svdvals_kernel,
    .vjp = svdvals_vjp,
    .samples = NN_SAMPLES("S(3)", "S(2,3)", "S(3)[{ {}, {1, 2} }]", "S(3)[{ {1, 2}, {} }]", "W(0,2)"),
    .invalid = "R(3)",
    .complaint = "must be a matrix"};

static bool old_svd_compose(nn_frame *f) {
  T r[3];
  if (!nn_do_all(f->ctx, &nn_op_svd, r, v_t(f->in[0]), v_b(!f->arg[1].b))) return false;
  f->out[0] = r[0], f->out[1] = r[1], f->out[2] = t_mT(f->ctx, r[2]);
  return f->out[2] != NULL;
}
const nn_op nn_op_svd_some = {
    .name = "svd.some",
    .doc =
        "U, S and V with input = U diag(S) V^T; some = false gives all vectors. The newer name is linalg.svd, whose third\n"
        "result is V^T.",
    .example = "select(2, tensor{{0, 2}, {1, 0}}:svd())[1]\n--> 2",
    .params = {{"input", P_TENSOR}, {"some", P_BOOL, "true"}},
    .flags = NN_TENSOR | NN_METHOD,
    .n_out = 3,
    .compose = old_svd_compose,
    .samples = NN_SAMPLES("S(3)"),
    .invalid = "R(3)",
    .complaint = "must be a matrix"};

/* ---- eigh ------------------------------------------------------------------------------------------- */

/* flag: with vectors; letter: the triangle by columns, which is the other one by rows. out: L, Q (by rows its
 * columns are the vectors). */
static int eigh_one(const nn_lapack_job *j, int64_t i, char *room) {
  int n = j->n, info = 0;
  size_t e = j->e, size = (size_t)n * (size_t)n * e;
  char *a = nn_take(&room, size), uplo[2] = {j->letter, 0};
  int *whole = (int *)(void *)nn_take(&room, (size_t)j->liwork * sizeof(int));
  if (n == 0) return 0;
  memset(a, 0, size); /* of the other triangle nothing is read, so that NaN in it does no harm */
  for (size_t r = 0; r < (size_t)n; r++) {
    size_t from = j->letter == 'U' ? 0 : r, to = j->letter == 'U' ? r + 1 : (size_t)n;
    memcpy(a + (r * (size_t)n + from) * e, j->a + (size_t)i * size + (r * (size_t)n + from) * e, (to - from) * e);
  }
  if (!nn_lapack_finite(j, (size_t)n * (size_t)n, a)) return NN_NOT_FINITE;
  j->l->syevd(j->flag ? "V" : "N", uplo, &n, a, &n, j->out[0] + (size_t)i * (size_t)n * e, room, &j->lwork,
              whole, &j->liwork, &info, 1, 1);
  if (j->flag) nn_flip_matrix(e, n, n, a, j->out[1] + (size_t)i * size);
  return info;
}

static bool eigh_infer(nn_frame *f) {
  if (!nn_expect_square(f, 0) || !nn_expect_lapack(f)) return false;
  nn_batch_spec(f, 0, 0, 1, ROWS(f->in[0]), 0);
  if (f->n_out > 1) nn_spec_like(f, 1, f->in[0]);
  return true;
}

static bool eigh_kernel(nn_frame *f) {
  int64_t failed, n = ROWS(f->in[0]), count = matrices(f->in[0]);
  int info = 0, query = -1, whole = 0;
  double answer[2] = {0, 0};
  nn_lapack_job j = {.one = eigh_one, .flag = f->n_out > 1, .letter = f->arg[1].i == 0 ? 'U' : 'L'};
  if (!nn_lapack_start(f, &j, n, n, 0)) return false;
  int ld = most(j.n, 1);
  char uplo[2] = {j.letter, 0}, which[32];
  j.l->syevd(j.flag ? "V" : "N", uplo, &j.n, answer, &ld, answer, answer, &query, &whole, &query, &info, 1,
             1);
  j.lwork = nn_lapack_size(&j, answer);
  j.liwork = most(whole, 1);
  j.room = nn_piece((size_t)(n * n) * j.e) + nn_piece((size_t)j.liwork * sizeof(int)) + (size_t)j.lwork * j.e;
  j.work = 4.0 * (double)n * (double)n * (double)n;
  if (!nn_lapack_run(f, &j, count, &failed, &info)) return false;
  return failed < 0 ||
         nn_bad(f, "the eigenvalues of the matrix%s did not converge", nn_which(f, failed, count, which));
}

/* gA = Q (diag(gL) + (skew(Q^T gQ) / 2) / E) Q^T with E_ij = l_j - l_i (Giles 2008, 3.1). */
static bool eigh_vjp(nn_vjp *v) {
  C c = v->ctx;
  T l = nn_out(v, 0), q = nn_out(v, 1), gl = v->g[0], gq = v->g[1], core = NULL;
  if (l == NULL || q == NULL) return false;
  if (gl != NULL) core = t_diag_embed(c, gl);
  if (gq != NULL) core = t_plus(c, t_muls(c, skew_over(c, t_matmul(c, t_mT(c, q), gq), l), 0.5), core);
  if (core == NULL) return true;
  return (v->d[0] = t_matmul(c, t_matmul(c, q, core), t_mT(c, q))) != NULL;
}

#define EIGH_PARAMS                                                                                          \
  {                                                                                                          \
    {"A", P_TENSOR}, { "UPLO", P_CHOICE, "L", .choices = "L|U" }                                             \
  }
const nn_op nn_op_eigh = {
    .name = "eigh",
    .doc =
        "The eigenvalues of symmetric matrices [..., n, n] in ascending order and the matrices whose columns are the\n"
        "eigenvectors. Only the lower (UPLO = \"U\": upper) triangle is read. Vectors are determined up to their sign; their\n"
        "gradient is finite only where the eigenvalues differ.",
    .example = "(tensor.linalg.eigh(tensor{{2, 1}, {1, 2}}))\n--> {1, 3}",
    .params = EIGH_PARAMS,
    .flags = NN_LINALG,
    .n_out = 2,
    .saves_out = 3,
    .infer = eigh_infer,
    .kernel = eigh_kernel,
    .vjp = eigh_vjp,
    .samples = NN_SAMPLES("S(3)", "S(2,3)", "S(3), \"U\"", "W(0,0)"),
    .invalid = "R(2,3)",
    .complaint = "square"};

static bool eigvalsh_vjp(nn_vjp *v) {
  C c = v->ctx;
  T r[2], a = nn_in(v, 0);
  if (a == NULL || !nn_do_all(c, &nn_op_eigh, r, v_t(a), v->arg[1])) return false;
  T g = t_unsqueeze(c, v->g[0], r[0]->ndim - 1);
  return (v->d[0] = t_matmul(c, t_mul(c, r[1], g), t_mT(c, r[1]))) != NULL;
}
const nn_op nn_op_eigvalsh = {
    .name = "eigvalsh",
    .doc = "The eigenvalues of symmetric matrices in ascending order; of each one triangle is read.",
    .example = "tensor.linalg.eigvalsh(tensor{{2, 1}, {1, 2}})\n--> {1, 3}",
    .params = EIGH_PARAMS,
    .flags = NN_LINALG,
    .saves_in = 1,
    .infer = eigh_infer,
    .kernel = eigh_kernel,
    .vjp = eigvalsh_vjp,
    .samples = NN_SAMPLES("S(3)", "S(2,3)", "S(3), \"U\""),
    .invalid = "R(2,3)",
    .complaint = "square"};

/* ---- eig -------------------------------------------------------------------------------------------- */

/* A lies by rows, which is A^T by columns: its left vectors u (u^T A^T = l u^T) are A's right ones. */
static int eig_one(const nn_lapack_job *j, int64_t i, char *room) {
  int n = j->n, info = 0;
  size_t e = j->e, size = (size_t)n * (size_t)n * e;
  if (n == 0) return 0;
  char *a = nn_take(&room, size), *vectors = nn_take(&room, size), *imaginary = nn_take(&room, (size_t)n * e);
  memcpy(a, j->a + (size_t)i * size, size);
  j->l->geev("V", "N", &n, a, &n, j->out[0] + (size_t)i * (size_t)n * e, imaginary, vectors, &n, vectors, &n,
             room, &j->lwork, &info, 1, 1);
  for (int k = 0; k < n && info == 0; k++)
    if ((j->dtype == NN_FLOAT32 ? (double)((float *)(void *)imaginary)[k]
                                : ((double *)(void *)imaginary)[k]) != 0)
      return -99;
  nn_flip_matrix(e, n, n, vectors, j->out[1] + (size_t)i * size);
  return info;
}

static bool eig_kernel(nn_frame *f) {
  int64_t failed, n = ROWS(f->in[0]), count = matrices(f->in[0]);
  int info = 0, query = -1;
  double answer[2] = {0, 0};
  char which[32];
  nn_lapack_job j = {.one = eig_one, .finite = true};
  if (!nn_lapack_start(f, &j, n, n, 0)) return false;
  int ld = most(j.n, 1);
  if (n > 0) /* it prints about an empty matrix */
    j.l->geev("V", "N", &j.n, answer, &ld, answer, answer, answer, &ld, answer, &ld, answer, &query, &info, 1,
            1);
  j.lwork = nn_lapack_size(&j, answer);
  j.room = 2 * nn_piece((size_t)(n * n) * j.e) + nn_piece((size_t)n * j.e) + (size_t)j.lwork * j.e;
  j.work = 20.0 * (double)n * (double)n * (double)n;
  if (!nn_lapack_run(f, &j, count, &failed, &info)) return false;
  if (failed < 0) return true;
  return nn_bad(f,
                info == -99
                    ? "the matrix%s has eigenvalues that are not real: complex numbers are not available"
                    : "the eigenvalues of the matrix%s did not converge",
                nn_which(f, failed, count, which));
}

/* gA = V^-T (diag(gL) + (V^T gV - V^T V diag(V^T gV)) / E) V^T with E_ij = l_j - l_i, for columns of length 1
 * (Giles 2008, 3.1, with the derivative of the lengths). */
static bool eig_vjp(nn_vjp *v) {
  C c = v->ctx;
  T l = nn_out(v, 0), q = nn_out(v, 1), gl = v->g[0], gq = v->g[1], core = NULL;
  if (l == NULL || q == NULL) return false;
  T qt = t_mT(c, q);
  if (gl != NULL) core = t_diag_embed(c, gl);
  if (gq != NULL) {
    T p = t_matmul(c, qt, gq);
    p = t_sub(c, p, t_mul(c, t_matmul(c, qt, q), t_unsqueeze(c, t_diagonal(c, p), l->ndim - 1)));
    T eye = t_eye(c, COLS(q), (nn_dtype)l->dtype);
    T e = t_add(c, t_sub(c, t_unsqueeze(c, l, l->ndim - 1), t_unsqueeze(c, l, l->ndim)), eye);
    core = t_plus(c, t_div(c, p, e), core);
  }
  if (core == NULL) return true;
  return (v->d[0] = nn_do(c, &nn_op_solve, v_t(qt), v_t(t_matmul(c, core, qt)))) != NULL;
}
const nn_op nn_op_eig = {
    .name = "eig",
    .doc =
        "The eigenvalues of square matrices [..., n, n] and the matrices whose columns are eigenvectors of length 1, where all\n"
        "of them are real numbers: they are of the input's dtype, in no particular order. A matrix with complex eigenvalues\n"
        "is an error. For symmetric matrices use linalg.eigh.",
    .example = "(tensor.linalg.eig(tensor{{2, 0}, {1, 3}})):sum()\n--> 5",
    .params = {{"A", P_TENSOR}},
    .flags = NN_LINALG,
    .n_out = 2,
    .saves_out = 3,
    .infer = eigh_infer,
    .kernel = eig_kernel,
    .vjp = eig_vjp,
    .samples = NN_SAMPLES("S(3)", "S(2,2):triu()", "S(3):triu()"),
    .invalid = "tensor{{0, 1}, {-1, 0}}",
    .complaint = "not real"};

static bool eigvals_compose(nn_frame *f) {
  T r[2];
  if (!nn_do_all(f->ctx, &nn_op_eig, r, v_t(f->in[0]))) return false;
  f->out[0] = r[0];
  return true;
}
const nn_op nn_op_eigvals = {
    .name = "eigvals",
    .doc = "The eigenvalues of square matrices, where they are real numbers; see linalg.eig.",
    .example = "(tensor.linalg.eigvals(tensor{{2, 1}, {0, 3}}):sort())\n--> {2, 3}",
    .params = {{"A", P_TENSOR}},
    .flags = NN_LINALG,
    .compose = eigvals_compose,
    .samples = NN_SAMPLES("S(3)", "S(3):triu()"),
    .invalid = "tensor{{0, 1}, {-1, 0}}",
    .complaint = "not real"};

/* ---- pinv, matrix_rank ------------------------------------------------------------------------------ */

static double precision(const nn_tensor *t) {
  return t->dtype == NN_FLOAT32 ? (double)FLT_EPSILON : DBL_EPSILON;
}

/* Below what singular values count as 0, for each matrix: max(atol, rtol * the largest). PyTorch's rule: rtol
 * is max(m, n) times the precision unless it or a positive atol is given. s: [..., k] not negative. */
static T threshold_of(nn_frame *f, T a, T s, const nn_value *atol, const nn_value *rtol) {
  C c = f->ctx;
  int64_t m = ROWS(a), n = COLS(a), last = s->ndim - 1;
  double absolute = atol->tag == NN_V_NONE ? 0 : atol->f;
  double relative = rtol->tag != NN_V_NONE ? rtol->f
                    : absolute > 0         ? 0
                                           : precision(a) * (double)(m > n ? m : n);
  T top = nn_do(c, &nn_op_amax, v_t(s), v_ints(1, &last), v_b(true));
  T t = t_muls(c, top, relative);
  return t ? nn_do(c, &nn_op_clamp_min, v_t(t), v_f(absolute)) : NULL;
}

/* Singular values, or of symmetric matrices the absolute eigenvalues. */
static T strengths(C c, T a, bool hermitian) {
  T s = hermitian ? nn_do(c, &nn_op_eigvalsh, v_t(a)) : nn_do(c, &nn_op_svdvals, v_t(a));
  return hermitian ? t_abs(c, s) : s;
}

static bool pinv_value(nn_frame *f) {
  C c = f->ctx;
  T a = f->in[0], r[3], s, y;
  int64_t shape[NN_MAX_DIMS];
  if (a->numel == 0) {
    for (int d = 0; d < a->ndim; d++) shape[d] = a->shape[d];
    shape[a->ndim - 2] = COLS(a), shape[a->ndim - 1] = ROWS(a);
    return (f->out[0] = nn_keep(c, nn_zeros(c, (nn_dtype)a->dtype, a->ndim, shape))) != NULL;
  }
  if (f->arg[3].b) {
    if (!nn_do_all(c, &nn_op_eigh, r, v_t(a))) return false;
    s = t_abs(c, r[0]);
  } else {
    if (!nn_do_all(c, &nn_op_svd, r, v_t(a), v_b(false))) return false;
    s = r[1];
  }
  T limit = threshold_of(f, a, s, &f->arg[1], &f->arg[2]);
  T big = nn_do(c, &nn_op_gt, v_t(s), v_t(limit)), zero = t_num(c, 0);
  T inverse = nn_do(c, &nn_op_where, v_t(big), v_t(t_reciprocal(c, f->arg[3].b ? r[0] : s)), v_t(zero));
  inverse = t_unsqueeze(c, inverse, s->ndim - 1);
  if (f->arg[3].b)
    y = t_matmul(c, t_mul(c, r[1], inverse), t_mT(c, r[1]));
  else
    y = t_matmul(c, t_mul(c, t_mT(c, r[2]), inverse), t_mT(c, r[0]));
  return (f->out[0] = y) != NULL;
}

static bool pinv_infer(nn_frame *f) {
  if (!(f->arg[3].b ? nn_expect_square(f, 0) : nn_expect_matrix(f, 0)) || !nn_expect_lapack(f)) return false;
  nn_batch_spec(f, 0, 0, 2, COLS(f->in[0]), ROWS(f->in[0]));
  return true;
}

static bool pinv_kernel(nn_frame *f) {
  nn_tensor *out = f->out[0];
  T made[NN_MAX_OUT] = {NULL};
  nn_frame g = *f;
  bool was = nn_set_grad_enabled(f->ctx, false);
  g.out = made;
  bool ok = pinv_value(&g);
  nn_set_grad_enabled(f->ctx, was);
  return ok && nn_copy_data(out, made[0]);
}

/* d P = -P dA P + P P^T dA^T (I - A P) + (I - P A) dA^T P^T P (Golub and Pereyra 1973). */
T nn_pinv_gradient(C c, T a, T p, T g) {
  if (a == NULL || p == NULL || g == NULL) return NULL;
  T pt = t_mT(c, p), gt = t_mT(c, g);
  T d = t_neg(c, t_matmul(c, t_matmul(c, pt, g), pt));
  T right = t_matmul(c, gt, t_matmul(c, p, pt)); /* [m, m] */
  T left = t_matmul(c, t_matmul(c, pt, p), gt);
  d = t_add(c, d, t_sub(c, right, t_matmul(c, a, t_matmul(c, p, right))));
  return t_add(c, d, t_sub(c, left, t_matmul(c, t_matmul(c, left, p), a)));
}

static bool pinv_vjp(nn_vjp *v) {
  return (v->d[0] = nn_pinv_gradient(v->ctx, nn_in(v, 0), nn_out(v, 0), v->g[0])) != NULL;
}

#define PINV_REST .saves_in = 1, .saves_out = 1, .infer = pinv_infer, .kernel = pinv_kernel, .vjp = pinv_vjp
const nn_op nn_op_pinv = {
    .name = "pinv",
    .doc =
        "The Moore-Penrose pseudoinverse of matrices [..., m, n], by their singular values (hermitian = true: by the eigenvalues\n"
        "of symmetric ones). Those not above max(atol, rtol * the largest) count as 0; without either rtol is max(m, n) times\n"
        "the dtype's precision.",
    .example = "tensor.linalg.pinv(tensor{{2, 0}, {0, 0}})\n--> {{0.5, 0.0}, {0.0, 0.0}}",
    .params = {{"A", P_TENSOR},
               {"atol", P_FLOAT, "nil", .keyword = true},
               {"rtol", P_FLOAT, "nil", .keyword = true},
               {"hermitian", P_BOOL, "false", .keyword = true}},
    .flags = NN_LINALG,
    PINV_REST,
    .samples = NN_SAMPLES("M(3)", "M(2,3)[{ {}, {}, {1, 2} }]", "M(3)[{ {1, 2}, {} }]",
                          "S(3), {hermitian = true}", "W(0,2)"),
    .invalid = "R(3)",
    .complaint = "must be a matrix"};

static bool pinverse_compose(nn_frame *f) {
  f->out[0] = nn_do(f->ctx, &nn_op_pinv, v_t(f->in[0]), V_NONE, f->arg[1]);
  return f->out[0] != NULL;
}
const nn_op nn_op_pinverse = {.name = "pinverse",
                              .doc = "The pseudoinverse: the same as linalg.pinv with rtol = rcond.",
                              .example = "tensor{{2, 0}, {0, 0}}:pinverse()\n--> {{0.5, 0.0}, {0.0, 0.0}}",
                              .params = {{"input", P_TENSOR}, {"rcond", P_FLOAT, "1e-15"}},
                              .flags = NN_TENSOR | NN_METHOD,
                              .compose = pinverse_compose,
                              .samples = NN_SAMPLES("M(3)"),
                              .invalid = "R(3)",
                              .complaint = "must be a matrix"};

static bool rank_compose(nn_frame *f) {
  C c = f->ctx;
  T a = f->in[0];
  bool was = nn_set_grad_enabled(c, false), ok = false;
  int64_t last = a->ndim - 2;
  if (nn_expect_matrix(f, 0) && nn_expect_lapack(f)) {
    nn_value atol = nn_given(f, 1) ? f->arg[1] : f->arg[3], rtol = nn_given(f, 1) ? v_f(0) : f->arg[4];
    T s = strengths(c, a, f->arg[2].b), big = NULL;
    if (s != NULL && s->shape[last] > 0) {
      T limit = threshold_of(f, a, s, &atol, &rtol);
      big = nn_do(c, &nn_op_gt, v_t(s), v_t(limit));
    } else if (s != NULL) {
      big = nn_do(c, &nn_op_to, v_t(s), v_dt(NN_BOOL));
    }
    f->out[0] = big ? nn_do(c, &nn_op_sum, v_t(big), v_ints(1, &last)) : NULL;
    ok = f->out[0] != NULL;
  }
  nn_set_grad_enabled(c, was);
  return ok;
}
const nn_op nn_op_matrix_rank = {
    .name = "matrix_rank",
    .doc =
        "The ranks of matrices [..., m, n]: how many singular values are above tol, or above max(atol, rtol * the largest);\n"
        "without any of these rtol is max(m, n) times the dtype's precision.",
    .example = "tensor.linalg.matrix_rank(tensor{{1, 2}, {2, 4}})\n--> 1",
    .params = {{"A", P_TENSOR},
               {"tol", P_FLOAT, "nil"},
               {"hermitian", P_BOOL, "false"},
               {"atol", P_FLOAT, "nil", .keyword = true},
               {"rtol", P_FLOAT, "nil", .keyword = true}},
    .flags = NN_LINALG | NN_NO_GRAD,
    .compose = rank_compose,
    .samples = NN_SAMPLES("R(3,2)", "S(2,3), {hermitian = true}", "R(3,3), 0.5", "R(0,2)"),
    .invalid = "R(3)",
    .complaint = "must be a matrix"};
