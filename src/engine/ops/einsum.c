/* einsum.c - sums of products described by letters, as batches of matrix products. Two operands at a time: letters that
 * both have and the result keeps are the batch, those that go are summed by the product. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "reduction.h"

enum { MAX_LABELS = 52 + NN_MAX_DIMS, DOTS = 52 }; /* a-z, A-Z, then the dimensions that ... stands for */

/* A tensor with a label for each dimension. */
typedef struct term {
  T t;
  int n;
  int label[NN_MAX_DIMS];
} term;

static int label_of(char ch) { return islower((unsigned char)ch) ? ch - 'a' : ch - 'A' + 26; }

static bool bad_equation(nn_frame *f, const char *why) {
  return nn_bad(f, "%s in the equation \"%.200s\"", why, f->arg[0].s);
}

/* Reads labels up to a comma, an arrow or the end; `dots` dimensions stand for an ellipsis (-1: count from n_dims). */
static const char *read_labels(nn_frame *f, const char *s, int n_dims, int *dots, term *t) {
  const char *end = s;
  int letters = 0;
  bool ellipsis = false;
  while (*end != '\0' && *end != ',' && *end != '-') {
    if (isalpha((unsigned char)*end)) {
      letters++;
    } else if (*end == '.') {
      if (end[1] != '.' || end[2] != '.' || ellipsis) return bad_equation(f, "a misplaced '.'"), NULL;
      ellipsis = true;
      end += 2;
    } else if (*end != ' ') {
      return bad_equation(f, "an unexpected character"), NULL;
    }
    end++;
  }
  int extra = ellipsis ? (n_dims >= 0 ? n_dims - letters : *dots) : 0;
  if (extra < 0 || letters + extra > NN_MAX_DIMS || (n_dims >= 0 && letters + extra != n_dims)) {
    nn_bad(f, "an operand has %d dimensions, the equation \"%.200s\" gives it %d", n_dims, f->arg[0].s, letters);
    return NULL;
  }
  if (n_dims >= 0 && extra > *dots) *dots = extra;
  t->n = 0;
  for (; s < end; s++) {
    if (isalpha((unsigned char)*s)) {
      t->label[t->n++] = label_of(*s);
    } else if (*s == '.') {
      for (int d = 0; d < extra; d++) t->label[t->n++] = DOTS + NN_MAX_DIMS - extra + d;
      s += 2;
    }
  }
  return end;
}

static int find(const term *t, int label) {
  for (int d = 0; d < t->n; d++)
    if (t->label[d] == label) return d;
  return -1;
}

/* A label that stands twice in one operand takes its diagonal. */
static bool take_diagonals(nn_frame *f, term *t) {
  for (int d = 0; d < t->n; d++)
    for (int e = d + 1; e < t->n; e++) {
      if (t->label[d] != t->label[e]) continue;
      if (t->t->shape[d] != t->t->shape[e]) return bad_equation(f, "a letter stands for two sizes");
      t->t = nn_do(f->ctx, &nn_op_diagonal, v_t(t->t), v_i(0), v_i(d), v_i(e));
      if (t->t == NULL) return false;
      int label = t->label[d]; /* the diagonal is the last dimension */
      for (int k = e; k < t->n - 1; k++) t->label[k] = t->label[k + 1];
      for (int k = d; k < t->n - 2; k++) t->label[k] = t->label[k + 1];
      t->label[t->n - 2] = label;
      t->n--;
      return take_diagonals(f, t);
    }
  return true;
}

/* Sums over the dimensions whose label is in neither `keep` nor `other`. */
static bool sum_out(nn_frame *f, term *t, const term *keep, const term *rest, int n_rest) {
  int64_t dims[NN_MAX_DIMS];
  int n = 0, m = 0;
  for (int d = 0; d < t->n; d++) {
    bool wanted = find(keep, t->label[d]) >= 0;
    for (int r = 0; r < n_rest && !wanted; r++) wanted = find(&rest[r], t->label[d]) >= 0;
    if (wanted)
      t->label[m++] = t->label[d];
    else
      dims[n++] = d;
  }
  t->n = m;
  if (n > 0) t->t = nn_do(f->ctx, &nn_op_sum, v_t(t->t), v_ints(n, dims));
  return t->t != NULL;
}

/* The dimensions of t with these labels, in this order, as one list for permute; missing ones are left out. */
static int places(const term *t, const int *labels, int n, int64_t *dims) {
  int m = 0;
  for (int i = 0; i < n; i++) {
    int d = find(t, labels[i]);
    if (d >= 0) dims[m++] = d;
  }
  return m;
}

static int64_t sizes(const term *t, const int *labels, int n, int64_t *shape, int at) {
  int64_t product = 1;
  for (int i = 0; i < n; i++) {
    int d = find(t, labels[i]);
    shape[at + i] = d >= 0 ? t->t->shape[d] : 1;
    product *= shape[at + i];
  }
  return product;
}

/* t as [batch, rows, columns] by groups of labels. */
static T matrix(C c, const term *t, const int *groups[3], const int counts[3], int64_t size[3]) {
  int64_t dims[NN_MAX_DIMS], unused[NN_MAX_DIMS];
  int n = 0;
  for (int g = 0; g < 3; g++) {
    n += places(t, groups[g], counts[g], dims + n);
    size[g] = sizes(t, groups[g], counts[g], unused, 0);
  }
  return t_reshape(c, t_permute(c, t->t, n, dims), 3, size);
}

/* Dimensions of size 1 against larger ones are stretched. */
static bool match_sizes(nn_frame *f, term *a, term *b) {
  for (int pass = 0; pass < 2; pass++) {
    term *x = pass ? b : a, *y = pass ? a : b;
    int64_t shape[NN_MAX_DIMS];
    bool change = false;
    for (int d = 0; d < x->n; d++) {
      int e = find(y, x->label[d]);
      shape[d] = x->t->shape[d];
      if (e < 0 || y->t->shape[e] == shape[d] || y->t->shape[e] == 1) continue;
      if (shape[d] != 1)
        return nn_bad(f, "a letter of \"%.200s\" stands for %lld in one operand and for %lld in another", f->arg[0].s,
                      (long long)shape[d], (long long)y->t->shape[e]);
      shape[d] = y->t->shape[e];
      change = true;
    }
    if (change && (x->t = t_expand(f->ctx, x->t, x->n, shape)) == NULL) return false;
  }
  return true;
}

/* a and b become their product, with the labels that the result or a later operand still needs. */
static bool multiply(nn_frame *f, term *a, term *b, const term *keep, const term *rest, int n_rest) {
  C c = f->ctx;
  int batch[NN_MAX_DIMS], rows[NN_MAX_DIMS], cols[NN_MAX_DIMS], inner[NN_MAX_DIMS], n[4] = {0, 0, 0, 0};
  if (!match_sizes(f, a, b)) return false;
  for (int d = 0; d < a->n; d++) {
    int label = a->label[d];
    bool needed = find(keep, label) >= 0;
    for (int r = 0; r < n_rest && !needed; r++) needed = find(&rest[r], label) >= 0;
    if (find(b, label) < 0)
      rows[n[1]++] = label;
    else if (needed)
      batch[n[0]++] = label;
    else
      inner[n[3]++] = label;
  }
  for (int d = 0; d < b->n; d++)
    if (find(a, b->label[d]) < 0) cols[n[2]++] = b->label[d];
  if (n[0] + n[1] + n[2] > NN_MAX_DIMS) return bad_equation(f, "too many dimensions");
  int64_t sa[3], sb[3], shape[NN_MAX_DIMS];
  T x = matrix(c, a, (const int *[]){batch, rows, inner}, (const int[]){n[0], n[1], n[3]}, sa);
  T y = matrix(c, b, (const int *[]){batch, inner, cols}, (const int[]){n[0], n[3], n[2]}, sb);
  sizes(a, batch, n[0], shape, 0);
  sizes(a, rows, n[1], shape, n[0]);
  sizes(b, cols, n[2], shape, n[0] + n[1]);
  T p = x && y ? nn_do(c, &nn_op_bmm, v_t(x), v_t(y)) : NULL;
  a->t = t_reshape(c, p, n[0] + n[1] + n[2], shape);
  a->n = 0;
  for (int i = 0; i < n[0]; i++) a->label[a->n++] = batch[i];
  for (int i = 0; i < n[1]; i++) a->label[a->n++] = rows[i];
  for (int i = 0; i < n[2]; i++) a->label[a->n++] = cols[i];
  return a->t != NULL;
}

/* Without an arrow the result has the letters that stand once, in alphabetical order, after the ellipsis. */
static void implied_result(const term *terms, int n, int dots, term *out) {
  int seen[MAX_LABELS] = {0};
  for (int i = 0; i < n; i++)
    for (int d = 0; d < terms[i].n; d++) seen[terms[i].label[d]]++;
  out->n = 0;
  for (int d = NN_MAX_DIMS - dots; d < NN_MAX_DIMS; d++) out->label[out->n++] = DOTS + d;
  for (int k = 0; k < DOTS; k++) { /* capitals sort before small letters */
    int label = k < 26 ? k + 26 : k - 26;
    if (seen[label] == 1 && out->n < NN_MAX_DIMS) out->label[out->n++] = label;
  }
}

static bool read_equation(nn_frame *f, term *terms, term *out) {
  const char *s = f->arg[0].s;
  int dots = 0;
  for (int i = 0; i < f->n_in; i++) {
    terms[i].t = f->in[i];
    s = read_labels(f, s, f->in[i]->ndim, &dots, &terms[i]);
    if (s == NULL) return false;
    if (*s == ',' && i + 1 < f->n_in)
      s++;
    else if (*s == ',' || i + 1 < f->n_in)
      return nn_bad(f, "the equation \"%.200s\" does not speak of %d operands", f->arg[0].s, f->n_in);
  }
  if (*s == '\0') {
    implied_result(terms, f->n_in, dots, out);
    return true;
  }
  if (s[0] != '-' || s[1] != '>') return bad_equation(f, "a misplaced '-'");
  s = read_labels(f, s + 2, -1, &dots, out);
  if (s == NULL) return false;
  if (*s != '\0') return bad_equation(f, "something after the result");
  for (int d = 0; d < out->n; d++) {
    bool known = false;
    for (int i = 0; i < f->n_in && !known; i++) known = find(&terms[i], out->label[d]) >= 0;
    if (!known) return bad_equation(f, "a letter of the result that no operand has");
    for (int e = d + 1; e < out->n; e++)
      if (out->label[d] == out->label[e]) return bad_equation(f, "a letter that stands twice in the result");
  }
  return true;
}

static bool contract(nn_frame *f, term *terms, const term *out) {
  int n = f->n_in;
  for (int i = 0; i < n; i++)
    if (!take_diagonals(f, &terms[i])) return false;
  if (!sum_out(f, &terms[0], out, terms + 1, n - 1)) return false;
  for (int i = 1; i < n; i++) {
    const term both[2] = {terms[0], *out};
    if (n - i - 1 == 0 && !sum_out(f, &terms[i], out, both, 1)) return false;
    if (!multiply(f, &terms[0], &terms[i], out, terms + i + 1, n - i - 1)) return false;
  }
  int64_t dims[NN_MAX_DIMS];
  int m = places(&terms[0], out->label, out->n, dims);
  return (f->out[0] = t_permute(f->ctx, terms[0].t, m, dims)) != NULL;
}

static bool einsum_compose(nn_frame *f) {
  term out;
  if (f->n_in == 0) return nn_bad(f, "at least one tensor is needed");
  for (int i = 1; i < f->n_in; i++)
    if (!nn_expect_same_dtype(f, 0, i)) return false;
  size_t bytes = (size_t)f->n_in * sizeof(term);
  term *terms = nn_mem_alloc(f->ctx, bytes);
  if (terms == NULL) return false;
  bool ok = read_equation(f, terms, &out) && contract(f, terms, &out);
  nn_mem_free(f->ctx, terms, bytes);
  return ok;
}

const nn_op nn_op_einsum = {
    .name = "einsum",
    .doc = "Einstein's sum: each operand's dimensions get letters, letters that are missing after the arrow are summed over.\n"
           "\"ij,jk->ik\" is a matrix product, \"ii\" a trace, \"bij,bjk->bik\" a batch of products, \"...ij->...ji\" a transpose.\n"
           "Without an arrow the letters that stand once are kept, in alphabetical order. Operands are multiplied from the left.",
    .example = "tensor.einsum(\"ij,jk->ik\", {tensor{{1, 2}}, tensor{{3}, {4}}})\n--> {{11}}",
    .params = {{"equation", P_STRING}, {"operands", P_TENSORS, .rest = true}}, .flags = NN_TENSOR, .compose = einsum_compose,
    .samples = NN_SAMPLES("\"ij,jk->ik\", {R(2,3), R(3,4)}", "\"ii\", {R(3,3)}", "\"ij->ji\", {R(2,3)}", "\"bij,bjk->bik\", {R(2,2,3), R(2,3,2)}",
                          "\"i,j\", {R(2), R(3)}", "\"...ij,...jk->...ik\", {R(2,2,3), R(3,2)}", "\"ij,ij->\", {R(2,3), R(2,3)}",
                          "\"ij,jk,kl->il\", {R(2,3), R(3,2), R(2,4)}", "\"ijj->i\", {R(2,3,3)}", "\"bhqd,bhkd->bhqk\", {R(2,1,2,3), R(2,1,4,3)}"),
    .invalid = "\"ij,jk->ik\", {R(2,3), R(2,3)}", .complaint = "stands for"};
