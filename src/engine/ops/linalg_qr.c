/* linalg_qr.c - qr, and least squares. */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "linalg.h"

enum { REDUCED, COMPLETE, ONLY_R };

static int least(int a, int b) { return a < b ? a : b; }
static int most(int a, int b) { return a > b ? a : b; }

/* ---- qr --------------------------------------------------------------------------------------------- */

/* k: columns of Q; out[0] is Q [m, k] (none with flag: only R), out[1] is R [k, n]. Q is computed where A
 * was. */
static int qr_one(const nn_lapack_job *j, int64_t i, char *room) {
  int m = j->m, n = j->n, k = j->k, reflections = least(m, n), info = 0;
  size_t e = j->e;
  char *a = nn_take(&room, (size_t)m * (size_t)most(n, k) * e),
       *tau = nn_take(&room, (size_t)reflections * e);
  char *r = j->out[1] + (size_t)i * (size_t)k * (size_t)n * e;
  nn_flip_matrix(e, m, n, j->a + (size_t)i * (size_t)m * (size_t)n * e, a);
  if (reflections > 0) j->l->geqrf(&m, &n, a, &m, tau, room, &j->lwork, &info);
  memset(r, 0, (size_t)k * (size_t)n * e);
  for (int row = 0; row < least(k, m); row++)
    for (int col = row; col < n; col++)
      memcpy(r + ((size_t)row * (size_t)n + (size_t)col) * e, a + ((size_t)col * (size_t)m + (size_t)row) * e,
             e);
  if (j->flag || m == 0 || k == 0) return info;
  if (info == 0) j->l->orgqr(&m, &k, &reflections, a, &m, tau, room, &j->lwork, &info);
  nn_flip_matrix(e, k, m, a, j->out[0] + (size_t)i * (size_t)m * (size_t)k * e);
  return info;
}

static int qr_columns(const nn_frame *f) {
  int m = (int)ROWS(f->in[0]), n = (int)COLS(f->in[0]);
  return f->arg[1].i == COMPLETE ? m : least(m, n);
}

static bool qr_infer(nn_frame *f) {
  if (!nn_expect_matrix(f, 0) || !nn_expect_lapack(f)) return false;
  int64_t m = ROWS(f->in[0]), n = COLS(f->in[0]), k = qr_columns(f), none = 0;
  if (m > 0 && k > INT_MAX / m) return nn_bad(f, "Q would be too large for LAPACK");
  nn_batch_spec(f, 0, 0, 2, m, k);
  nn_batch_spec(f, 1, 0, 2, k, n);
  if (f->arg[1].i == ONLY_R) nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, 1, &none);
  return true;
}

static bool qr_kernel(nn_frame *f) {
  int64_t failed, count = 1;
  int info = 0, query = -1, most_work = 1;
  nn_lapack_job j = {.one = qr_one, .flag = f->arg[1].i == ONLY_R};
  if (!nn_lapack_start(f, &j, ROWS(f->in[0]), COLS(f->in[0]), qr_columns(f))) return false;
  for (int d = 0; d < f->in[0]->ndim - 2; d++) count *= f->in[0]->shape[d];
  double answer[2] = {0, 0};
  int ld = most(j.m, 1), reflections = least(j.m, j.n);
  if (reflections > 0) {
    j.l->geqrf(&j.m, &j.n, answer, &ld, answer, answer, &query, &info);
    most_work = nn_lapack_size(&j, answer);
    if (!j.flag) j.l->orgqr(&j.m, &j.k, &reflections, answer, &ld, answer, answer, &query, &info);
    most_work = most(most_work, nn_lapack_size(&j, answer));
  } else if (!j.flag && j.k > 0) { /* complete, of a matrix without columns */
    j.l->orgqr(&j.m, &j.k, &reflections, answer, &ld, answer, answer, &query, &info);
    most_work = nn_lapack_size(&j, answer);
  }
  j.lwork = most_work;
  j.room = nn_piece((size_t)j.m * (size_t)most(j.n, j.k) * j.e) + nn_piece((size_t)reflections * j.e) +
           (size_t)j.lwork * j.e;
  j.work = 4.0 / 3 * (double)j.m * (double)j.n * (double)reflections;
  if (!nn_lapack_run(f, &j, count, &failed, &info)) return false;
  return failed < 0 || nn_bad(f, "LAPACK refuses its argument %d", -info);
}

/* X + X^T with half the diagonal of X twice: the symmetric matrix with the upper triangle X. */
static T symmetric_of_upper(C c, T x) { return t_add(c, t_triu(c, x, 0), t_mT(c, t_triu(c, x, 1))); }

/* For A with at least as many rows as columns
 *   gA = [gQ + Q S(triu(R-part))] R^-T, S(M) the symmetric matrix with the upper triangle of M = gR R^T - Q^T
 * gQ in terms of M's symmetrised diagonal (Walter and Lehmann 2018, "Algorithmic differentiation of linear
 * algebra functions", section 4.2). */
static T tall_gradient(C c, T q, T r, T gq, T gr) {
  T m = gr ? t_matmul(c, gr, t_mT(c, r)) : NULL;
  T p = gq ? t_neg(c, t_matmul(c, t_mT(c, q), gq)) : NULL;
  T s = t_matmul(c, q, symmetric_of_upper(c, t_plus(c, m, p)));
  s = t_plus(c, s, gq);
  return nn_do(c, &nn_op_solve_triangular, v_t(t_mT(c, r)), v_t(s), v_b(false), v_b(false));
}

/* More columns than rows: A = [X Y] with X = Q R1 and Y = Q R2, so that R2 = Q^T Y depends on X by Q. */
static bool qr_vjp(nn_vjp *v) {
  C c = v->ctx;
  T q = nn_out(v, 0), r = nn_out(v, 1), gq = v->g[0], gr = v->g[1];
  const nn_meta *a = nn_in_meta(v, 0);
  int64_t m = a->shape[a->ndim - 2], n = a->shape[a->ndim - 1];
  if (q == NULL || r == NULL) return false;
  if (v->arg[1].i == ONLY_R)
    return nn_fail(c, "backward: qr with mode = \"r\" has no gradient; use mode = \"reduced\"");
  if (v->arg[1].i == COMPLETE && m > n)
    return nn_fail(
        c,
        "backward: qr with mode = \"complete\" has no gradient for more rows than columns, since Q isn't unique "
        "there; use mode = \"reduced\"");
  if (gq == NULL && gr == NULL) return true;
  if (m >= n) return (v->d[0] = tall_gradient(c, q, r, gq, gr)) != NULL;
  T gr1 = gr ? t_columns(c, gr, 0, m) : NULL, gr2 = gr ? t_columns(c, gr, m, n) : NULL;
  T y = t_matmul(c, q, t_columns(c, r, m, n));
  if (gr2 != NULL) gq = t_plus(c, t_matmul(c, y, t_mT(c, gr2)), gq);
  T gx = tall_gradient(c, q, t_columns(c, r, 0, m), gq, gr1);
  T gy = gr2 ? t_matmul(c, q, gr2) : NULL;
  if (gy == NULL) gy = t_muls(c, y, 0);
  T both[2] = {gx, gy};
  return (v->d[0] = gx ? nn_do(c, &nn_op_cat, v_ts(2, both), v_i(a->ndim - 1)) : NULL) != NULL;
}

const nn_op nn_op_qr = {
    .name = "qr",
    .doc =
        "Q with orthonormal columns and upper triangular R with A = Q R, for matrices [..., m, n]. mode \"reduced\": Q is\n"
        "[m, min(m, n)]; \"complete\": Q is [m, m]; \"r\": only R is computed, Q is empty.",
    .example = "tensor.linalg.qr(tensor{{0, 2}, {-1, 0}})\n--> {{0, 1}, {1, 0}}\t{{-1, 0}, {0, 2}}",
    .params = {{"A", P_TENSOR}, {"mode", P_CHOICE, "reduced", .choices = "reduced|complete|r"}},
    .flags = NN_LINALG,
    .n_out = 2,
    .saves_out = 3,
    .infer = qr_infer,
    .kernel = qr_kernel,
    .vjp = qr_vjp,
    .samples = NN_SAMPLES("M(3)", "M(3)[{ {}, {1, 2} }]", "M(3)[{ {1, 2}, {} }]", "M(2,3)",
                          "M(3)[{ {1, 2}, {} }], \"complete\"", "T(M(3)), \"complete\"", "R(0,0)",
                          "W(3,2), \"complete\"", "W(3,2), \"r\"", "W(2,0), \"complete\""),
    .invalid = "R(3)",
    .complaint = "must be a matrix"};

static bool old_qr_compose(nn_frame *f) {
  return nn_do_all(f->ctx, &nn_op_qr, f->out, v_t(f->in[0]), v_i(f->arg[1].b ? REDUCED : COMPLETE));
}
const nn_op nn_op_qr_some = {
    .name = "qr.some",
    .doc = "Q and R with input = Q R; some = false makes Q square. The newer name is linalg.qr.",
    .example = "tensor{{0, 2}, {-1, 0}}:qr()\n--> {{0, 1}, {1, 0}}\t{{-1, 0}, {0, 2}}",
    .params = {{"input", P_TENSOR}, {"some", P_BOOL, "true"}},
    .flags = NN_TENSOR | NN_METHOD,
    .n_out = 2,
    .compose = old_qr_compose,
    .samples = NN_SAMPLES("M(3)", "W(3,2), false"),
    .invalid = "R(3)",
    .complaint = "must be a matrix"};

/* The product of the first k columns of Householder reflections: Q = H1 ... Hk [m, n], H_i = I - tau_i v_i
 * v_i^T. */
static bool householder_compose(nn_frame *f) {
  C c = f->ctx;
  T a = f->in[0], tau = f->in[1];
  if (!nn_expect_matrix(f, 0) || !nn_expect_same_dtype(f, 0, 1)) return false;
  int64_t m = ROWS(a), n = COLS(a), k = tau->ndim > 0 ? tau->shape[tau->ndim - 1] : -1;
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  if (n > m || tau->ndim != a->ndim - 1 || k > n)
    return nn_bad(
        f,
        "input of shape %s and tau of shape %s do not fit: expected [..., m, n] with m >= n and [..., k] with k <= n",
        nn_tensor_shape_text(a, s), nn_tensor_shape_text(tau, t));
  T eye = t_eye(c, m, (nn_dtype)a->dtype), q = t_columns(c, eye, 0, n),
    v = t_add(c, t_tril(c, a, -1), t_columns(c, eye, 0, n));
  for (int64_t i = k - 1; i >= 0; i--) {
    T x = t_columns(c, v, i, i + 1), w = t_slice(c, tau, tau->ndim - 1, i, i + 1, 1);
    q = t_sub(c, q,
              t_matmul(c, t_mul(c, x, w ? t_unsqueeze(c, w, w->ndim) : NULL), t_matmul(c, t_mT(c, x), q)));
  }
  if (k == 0) q = t_expand(c, q, a->ndim, a->shape);
  return (f->out[0] = q) != NULL;
}
const nn_op nn_op_householder_product = {
    .name = "householder_product",
    .doc =
        "The first n columns of H1 H2 ... Hk, where H_i = I - tau_i v_i v_i^T and v_i is column i of A [..., m, n] below its\n"
        "diagonal with a 1 on it.",
    .example = "tensor.linalg.householder_product(tensor{{1}, {1}}, tensor{1})\n--> {{0}, {-1}}",
    .params = {{"A", P_TENSOR}, {"tau", P_TENSOR}},
    .flags = NN_LINALG,
    .compose = householder_compose,
    .samples = NN_SAMPLES("R(3,2), R(2)", "R(2,3,3), R(2,3)"),
    .invalid = "R(2,3), R(2)",
    .complaint = "do not fit"};

/* ---- lstsq ------------------------------------------------------------------------------------------ */

enum { GELSY, GELSD };

/* letter: the driver. out[0] X [n, k], out[1] the rank, out[2] the singular values (GELSD), out[3] residuals.
 */
static int lstsq_one(const nn_lapack_job *j, int64_t i, char *room) {
  int m = j->m, n = j->n, k = j->k, rank = 0, info = 0, p = least(m, n), ld = most(most(m, n), 1),
      lda = most(m, 1);
  size_t e = j->e;
  char *a = nn_take(&room, (size_t)m * (size_t)n * e), *b = nn_take(&room, (size_t)ld * (size_t)k * e);
  char *s = nn_take(&room, (size_t)(p + 1) * e);
  int *whole = (int *)(void *)nn_take(&room, (size_t)j->liwork * sizeof(int));
  const char *from = j->b + (size_t)i * (size_t)m * (size_t)k * e;
  float rcond32 = (float)j->number;
  const void *rcond = j->dtype == NN_FLOAT32 ? (const void *)&rcond32 : (const void *)&j->number;
  nn_flip_matrix(e, m, n, j->a + (size_t)i * (size_t)m * (size_t)n * e, a);
  memset(b, 0, (size_t)ld * (size_t)k * e);
  for (int r = 0; r < m; r++)
    for (int col = 0; col < k; col++)
      memcpy(b + ((size_t)col * (size_t)ld + (size_t)r) * e, from + ((size_t)r * (size_t)k + (size_t)col) * e,
             e);
  if (!nn_lapack_finite(j, (size_t)ld * (size_t)k, b)) return NN_NOT_FINITE;
  if (p > 0 && k > 0) {
    memset(whole, 0, (size_t)j->liwork * sizeof(int));
    if (j->letter == GELSY)
      j->l->gelsy(&m, &n, &k, a, &lda, b, &ld, whole, rcond, &rank, room, &j->lwork, &info);
    else
      j->l->gelsd(&m, &n, &k, a, &lda, b, &ld, s, rcond, &rank, room, &j->lwork, whole, &info);
  }
  for (int r = 0; r < n; r++)
    for (int col = 0; col < k; col++)
      memcpy(j->out[0] + (((size_t)i * (size_t)n + (size_t)r) * (size_t)k + (size_t)col) * e,
             b + ((size_t)col * (size_t)ld + (size_t)r) * e, e);
  ((int64_t *)(void *)j->out[1])[i] = rank;
  if (j->letter == GELSD) memcpy(j->out[2] + (size_t)i * (size_t)p * e, s, (size_t)p * e);
  return info;
}

static bool lstsq_infer(nn_frame *f) {
  int64_t m = ROWS(f->in[0]), n = COLS(f->in[0]), none = 0;
  nn_batch_spec(f, 0, 0, 2, n, COLS(f->in[1]));
  nn_batch_spec(f, 1, 0, 0, 0, 0);
  f->spec[1].dtype = NN_INT64;
  nn_batch_spec(f, 2, 0, 1, m < n ? m : n, 0);
  if (f->arg[3].i == GELSY) nn_spec_set(f, 2, (nn_dtype)f->in[0]->dtype, 1, &none);
  return true;
}

static bool lstsq_kernel(nn_frame *f) {
  int64_t failed;
  int info = 0, query = -1, rank, whole[2] = {0, 0};
  const nn_tensor *b = nn_dense(f, 1);
  nn_lapack_job j = {.one = lstsq_one, .finite = true, .letter = (char)f->arg[3].i, .number = f->arg[2].f};
  if (b == NULL || !nn_lapack_start(f, &j, ROWS(f->in[0]), COLS(f->in[0]), COLS(f->in[1]))) return false;
  j.b = b->data;
  double answer[2] = {0, 0}, rcond = 0;
  int ld = most(most(j.m, j.n), 1), lda = most(j.m, 1), p = least(j.m, j.n);
  j.liwork = most(j.n, 1);
  j.lwork = 1;
  if (p > 0 && j.k > 0) {
    if (j.letter == GELSY)
      j.l->gelsy(&j.m, &j.n, &j.k, answer, &lda, answer, &ld, whole, &rcond, &rank, answer, &query, &info);
    else
      j.l->gelsd(&j.m, &j.n, &j.k, answer, &lda, answer, &ld, answer, &rcond, &rank, answer, &query, whole,
                 &info);
    j.lwork = nn_lapack_size(&j, answer);
    if (j.letter == GELSD) j.liwork = most(whole[0], 1);
  }
  j.room = nn_piece((size_t)j.m * (size_t)j.n * j.e) + nn_piece((size_t)ld * (size_t)j.k * j.e) +
           nn_piece((size_t)(p + 1) * j.e) + nn_piece((size_t)j.liwork * sizeof(int)) + (size_t)j.lwork * j.e;
  j.work = 2.0 * (double)j.m * (double)j.n * (double)(p + j.k);
  if (!nn_lapack_run(f, &j, f->out[1]->numel, &failed, &info)) return false;
  char which[32];
  return failed < 0 || nn_bad(f, "the singular values of the matrix%s did not converge",
                              nn_which(f, failed, f->out[1]->numel, which));
}

/* X = P B with P the pseudoinverse of A: gB = P^T g, gA by the gradient of P for gP = g B^T. */
static bool lstsq_vjp(nn_vjp *v) {
  C c = v->ctx;
  if (v->g[0] == NULL) return true;
  T a = nn_in(v, 0), b = nn_in(v, 1);
  T p = a ? nn_do(c, &nn_op_pinv, v_t(a)) : NULL;
  if (nn_need(v, 1) && (v->d[1] = t_matmul(c, t_mT(c, p), v->g[0])) == NULL) return false;
  if (nn_need(v, 0)) v->d[0] = nn_pinv_gradient(c, a, p, t_matmul(c, v->g[0], t_mT(c, b)));
  return !nn_need(v, 0) || v->d[0] != NULL;
}
const nn_op nn_op_lstsq_matrix = {
    .name = "lstsq_matrix",
    .doc = "Least squares for batches of the same sizes.",
    .params = {{"A", P_TENSOR}, {"B", P_TENSOR}, {"rcond", P_FLOAT}, {"driver", P_INT}},
    .flags = NN_PRIVATE,
    .n_out = 3,
    .saves_in = 3,
    .infer = lstsq_infer,
    .kernel = lstsq_kernel,
    .vjp = lstsq_vjp};

static bool full_rank(const nn_tensor *rank, int64_t n) {
  for (int64_t i = 0; i < rank->numel; i++)
    if (((const int64_t *)nn_data(rank))[i] != n) return false;
  return true;
}

static bool lstsq_compose(nn_frame *f) {
  C c = f->ctx;
  T a = f->in[0], b = f->in[1], r[3];
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  if (!nn_expect_matrix(f, 0) || !nn_expect_same_dtype(f, 0, 1) || !nn_expect_lapack(f)) return false;
  bool vector = b->ndim == a->ndim - 1;
  if (vector) b = t_unsqueeze(c, b, b->ndim);
  if (b == NULL) return false;
  if (b->ndim < 2 || ROWS(a) != ROWS(b))
    return nn_bad(f, "A of shape %s and B of shape %s do not fit: B must have %lld rows",
                  nn_tensor_shape_text(a, s), nn_tensor_shape_text(f->in[1], t), (long long)ROWS(a));
  int64_t m = ROWS(a), n = COLS(a), none = 0;
  double eps = a->dtype == NN_FLOAT32 ? (double)FLT_EPSILON : DBL_EPSILON;
  double rcond = nn_given(f, 2) ? f->arg[2].f : eps * (double)(m > n ? m : n);
  int driver = nn_given(f, 3) && f->arg[3].i != 0 ? GELSD : GELSY;
  if (!nn_common_batch(f, &a, &b)) return false;
  if (!nn_do_all(c, &nn_op_lstsq_matrix, r, v_t(a), v_t(b), v_f(rcond), v_i(driver))) return false;
  f->out[0] = r[0];
  int64_t dim = a->ndim - 2;
  if (m > n && driver == GELSD && full_rank(r[1], n)) {
    T square = t_square(c, t_sub(c, t_matmul(c, a, r[0]), b));
    f->out[1] = square ? nn_do(c, &nn_op_sum, v_t(square), v_ints(1, &dim)) : NULL;
  } else {
    f->out[1] = nn_keep(c, nn_zeros(c, (nn_dtype)a->dtype, 1, &none));
  }
  if (vector)
    f->out[0] = f->out[0] ? nn_do(c, &nn_op_squeeze_dim, v_t(f->out[0]), v_i(f->out[0]->ndim - 1)) : NULL;
  f->out[2] = r[1];
  f->out[3] = nn_keep(c, nn_detach(r[2]));
  return f->out[0] && f->out[1] && f->out[3];
}
const nn_op nn_op_lstsq = {
    .name = "lstsq",
    .doc =
        "The X with the least squared error ||A X - B|| (of several the smallest), for A [..., m, n] and B [..., m, k] or\n"
        "[..., m]; the sums of squared errors of each column (empty unless m > n and all A have full rank); the ranks; and the\n"
        "singular values. The driver \"gelsy\", which is the default, leaves sums and singular values empty, \"gelsd\" and\n"
        "\"gelss\" give them.\n"
        "Singular values below rcond times the largest count as 0; by default rcond is max(m, n) times the precision.",
    .example =
        "(tensor.linalg.lstsq(tensor{{1, 1}, {1, 2}, {1, 3}}, tensor{{1}, {3}, {5}}))\n--> {{-1}, {2}}",
    .params = {{"A", P_TENSOR},
               {"B", P_TENSOR},
               {"rcond", P_FLOAT, "nil"},
               {"driver", P_CHOICE, "gelsy", .choices = "gelsy|gelsd|gelss", .keyword = true}},
    .flags = NN_LINALG,
    .n_out = 4,
    .compose = lstsq_compose,
    .samples = NN_SAMPLES("M(3)[{ {}, {1, 2} }], R(3,2)", "M(3), R(3,2)", "M(3)[{ {1, 2}, {} }], R(2,2)",
                          "M(2,3)[{ {}, {}, {1, 2} }], R(2,3,1), {driver = \"gelsd\"}"),
    .invalid = "R(3,2), R(2,2)",
    .complaint = "B must have 3 rows"};
