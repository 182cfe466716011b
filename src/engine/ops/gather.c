/* gather.c - the operations whose index tensor has a place for every element: gather reads x[.., index[..],
 * ..], scatter and its kin write there. */
#include <math.h>
#include <string.h>

#include "blocks.h"
#include "interrupt.h"
#include "parallel.h"
#include "pick.h"
#include "shape.h"

/* ---- walking over an index tensor ------------------------------------------------------------------- */

/* One row of the index: a[i * a_step + position(index[i * i_step]) * a_dim] meets b[i * b_step]. */
typedef struct row {
  int64_t n, size;
  char *a;
  int64_t a_step, a_dim;
  const int64_t *index;
  int64_t i_step;
  char *b;
  int64_t b_step;
} row;

typedef void row_fn(const row *r);

typedef struct lanes {
  int ndim, dim, split; /* dim: -1 where the index has one element along it; split: what is divided among threads */
  int64_t shape[NN_MAX_DIMS], a[NN_MAX_DIMS], b[NN_MAX_DIMS], i[NN_MAX_DIMS];
  int64_t size, a_dim, a_elem, b_elem;
  char *to, *from;
  const int64_t *index;
  row_fn *fn;
} lanes;

enum { LOOK = 1 << 16 }; /* elements between two looks at the interrupt flag */

/* One row, a piece at a time. */
static void run_row(const lanes *l, row r) {
  for (int64_t left = r.n; left > 0 && !nn_interrupted(); left -= r.n) {
    r.n = left < LOOK ? left : LOOK;
    l->fn(&r);
    r.a += r.n * r.a_step * l->a_elem;
    r.index += r.n * r.i_step;
    r.b += r.n * r.b_step * l->b_elem;
  }
}

static void lanes_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const lanes *l = arg;
  int last = l->ndim - 1;
  int64_t shape[NN_MAX_DIMS], at[NN_MAX_DIMS] = {0}, a = 0, b = 0, i = 0, rows = 1, seen = 0;
  memcpy(shape, l->shape, sizeof shape);
  if (l->split >= 0) {
    shape[l->split] = end - begin;
    a = l->split == l->dim ? 0 : begin * l->a[l->split];
    b = begin * l->b[l->split];
    i = begin * l->i[l->split];
  }
  for (int d = 0; d < last; d++) rows *= shape[d];
  for (int64_t k = 0; k < rows; k++) {
    row r = {.n = shape[last],
             .size = l->size,
             .a = l->to + a * l->a_elem,
             .a_step = last == l->dim ? 0 : l->a[last],
             .a_dim = l->a_dim,
             .index = l->index + i,
             .i_step = l->i[last],
             .b = l->from + b * l->b_elem,
             .b_step = l->b[last]};
    if (r.n > LOOK)
      run_row(l, r);
    else
      l->fn(&r);
    seen += r.n;
    if (seen >= LOOK && nn_interrupted()) return;
    seen &= LOOK - 1;
    for (int d = last - 1; d >= 0; d--) {
      int64_t step = d == l->dim ? 0 : l->a[d];
      a += step, b += l->b[d], i += l->i[d];
      if (++at[d] < shape[d]) break;
      a -= step * shape[d], b -= l->b[d] * shape[d], i -= l->i[d] * shape[d];
      at[d] = 0;
    }
  }
}

/* Runs fn over all rows of index, where a is the tensor that is indexed along dim and b goes with the index.
 * Threads never meet in one element of a. b NULL: one element `value` for all. */
static void run_lanes(row_fn *fn, int dim, nn_tensor *a, const nn_tensor *index, const nn_tensor *b,
                      const void *value) {
  lanes l = {.dim = -1, .split = -1, .fn = fn};
  if (index->numel == 0) return;
  l.shape[0] = 1;
  l.size = a->ndim > 0 ? a->shape[dim] : 1;
  l.a_dim = a->ndim > 0 ? a->stride[dim] : 1;
  l.a_elem = (int64_t)nn_esize(a);
  l.b_elem = b ? (int64_t)nn_esize(b) : 0;
  for (int d = 0; d < index->ndim; d++) {
    if (index->shape[d] == 1) continue; /* nothing to walk over: one pick a row would be a call for each */
    const int k = l.ndim++;
    l.shape[k] = index->shape[d];
    l.i[k] = index->stride[d];
    l.a[k] = d < a->ndim ? a->stride[d] : 1;
    l.b[k] = b != NULL && d < b->ndim ? b->stride[d] : 0;
    if (d == dim)
      l.dim = k;
    else if (l.split < 0 || l.shape[k] > l.shape[l.split])
      l.split = k;
  }
  if (l.ndim == 0) l.ndim = 1, l.dim = 0;
  l.to = a->data;
  l.from = b ? b->data : (char *)(uintptr_t)value;
  l.index = (const int64_t *)(const void *)index->data;
  int64_t parts = l.split < 0 ? 1 : l.shape[l.split];
  nn_parallel(parts, 1 + 8192 * parts / index->numel, lanes_range, &l);
}

/* Rows that lie element by element, along dim itself, have a loop of their own. */
#define ROW(name, type, statement)                                                                           \
  static void name(const row *r) {                                                                           \
    type *a = (type *)(void *)r->a, *b = (type *)(void *)r->b;                                               \
    const int64_t *index = r->index, size = r->size;                                                         \
    if (r->a_step == 0 && r->a_dim == 1 && r->i_step == 1 && r->b_step == 1) {                               \
      for (int64_t i = 0; i < r->n; i++) {                                                                   \
        type *x = &a[nn_index_wrap(index[i], size)], *y = &b[i];                                             \
        statement;                                                                                           \
      }                                                                                                      \
      return;                                                                                                \
    }                                                                                                        \
    for (int64_t i = 0; i < r->n; i++) {                                                                     \
      int64_t at = nn_index_wrap(index[i * r->i_step], size);                                                \
      type *x = &a[r->a_step * i + at * r->a_dim], *y = &b[i * r->b_step];                                   \
      statement;                                                                                             \
    }                                                                                                        \
  }
#define ROWS_OF_FLOAT(name, statement) ROW(name##_f32, float, statement) ROW(name##_f64, double, statement)
#define ROWS(name, statement)                                                                                \
  ROWS_OF_FLOAT(name, statement) ROW(name##_i64, int64_t, statement) ROW(name##_u8, uint8_t, statement)

ROW(read_1, uint8_t, *y = *x)
ROW(read_4, uint32_t, *y = *x)
ROW(read_8, uint64_t, *y = *x)
ROW(set_1, uint8_t, *x = *y)
ROW(set_4, uint32_t, *x = *y)
ROW(set_8, uint64_t, *x = *y)
ROWS_OF_FLOAT(add, *x += *y)
ROW(add_i64, uint64_t, *x += *y)
ROW(add_u8, uint8_t, *x = (uint8_t)(*x + *y))
ROW(or_u8, uint8_t, *x |= *y)
ROWS_OF_FLOAT(mul, *x *= *y)
ROW(mul_i64, uint64_t, *x *= *y)
ROW(mul_u8, uint8_t, *x = (uint8_t)(*x * *y))
ROWS(max, if (*y > *x || *y != *y) *x = *y)
ROWS(min, if (*y < *x || *y != *y) *x = *y)

enum { SET, ADD, MUL, MAX, MIN, HOWS };

static row_fn *row_of(int how, nn_dtype dtype) {
  static row_fn *const by_type[HOWS][NN_DTYPES] = {
      [ADD] = {or_u8, add_u8, add_i64, add_f32, add_f64},
      [MUL] = {mul_u8, mul_u8, mul_i64, mul_f32, mul_f64},
      [MAX] = {max_u8, max_u8, max_i64, max_f32, max_f64},
      [MIN] = {min_u8, min_u8, min_i64, min_f32, min_f64},
  };
  size_t e = nn_dtype_size(dtype);
  if (how == SET) return e == 8 ? set_8 : (e == 4 ? set_4 : set_1);
  return by_type[how][dtype];
}

/* ---- shapes ----------------------------------------------------------------------------------------- */

static int dims_of(const nn_tensor *t) { return t->ndim > 0 ? t->ndim : 1; }
static int64_t size_of(const nn_tensor *t, int d) { return t->ndim > 0 ? t->shape[d] : 1; }

/* The index tensor in[i] must have as many dims as in[0] and be no larger except along dim; its values are
 * checked. */
static bool expect_lanes(nn_frame *f, int i, int dim) {
  const nn_tensor *x = f->in[0];
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
  if (!nn_expect_index(f, i)) return false;
  const nn_tensor *index = f->in[i];
  if (index->numel == 0) return true;
  if (dims_of(x) != dims_of(index))
    return nn_bad(f, "input of shape %s and index of shape %s must have the same number of dimensions",
                  nn_tensor_shape_text(x, a), nn_tensor_shape_text(index, b));
  for (int d = 0; d < index->ndim; d++)
    if (d != dim && index->shape[d] > size_of(x, d))
      return nn_bad(f, "index of shape %s does not fit input of shape %s except along dimension %d",
                    nn_tensor_shape_text(index, b), nn_tensor_shape_text(x, a), dim + 1);
  return nn_index_check(f, index, size_of(x, dim));
}

/* Every index needs an element of in[s]. */
static bool expect_source(nn_frame *f, int i, int s) {
  const nn_tensor *index = f->in[i], *src = f->in[s];
  char a[NN_SHAPE_TEXT], b[NN_SHAPE_TEXT];
  if (!nn_expect_same_dtype(f, 0, s)) return false;
  if (index->numel == 0) return true;
  bool fits = dims_of(index) == dims_of(src);
  for (int d = 0; d < index->ndim && fits; d++) fits = index->shape[d] <= size_of(src, d);
  return fits || nn_bad(f, "index of shape %s does not fit src of shape %s", nn_tensor_shape_text(index, a),
                        nn_tensor_shape_text(src, b));
}

static T t_gather(C c, T x, int64_t dim, T index) {
  return x && index ? nn_do(c, &nn_op_gather, v_t(x), v_i(dim), v_t(index)) : NULL;
}

/* A gradient with the shape of the index as one with the shape of src, whose other elements were not read. */
static T grown(C c, T g, const nn_meta *m) {
  for (int d = 0; d < m->ndim && g != NULL; d++) {
    int64_t size[NN_MAX_DIMS];
    if (g->ndim != m->ndim) return t_reshape_like(c, g, m);
    for (int k = 0; k < m->ndim; k++) size[k] = g->shape[k];
    size[d] = m->shape[d];
    if (g->shape[d] != size[d])
      g = nn_do(c, &nn_op_slice_backward, v_t(g), v_ints(m->ndim, size), v_i(d), v_i(0), v_i(g->shape[d]),
                v_i(1));
  }
  return g;
}

/* ---- gather ----------------------------------------------------------------------------------------- */

static bool gather_infer(nn_frame *f) {
  if (!expect_lanes(f, 1, (int)f->arg[1].i)) return false;
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, f->in[1]->ndim, f->in[1]->shape);
  return true;
}

static bool gather_kernel(nn_frame *f) {
  nn_tensor *y = f->out[0];
  row_fn *fn = nn_esize(y) == 8 ? read_8 : (nn_esize(y) == 4 ? read_4 : read_1);
  run_lanes(fn, (int)f->arg[1].i, f->in[0], f->in[1], y, NULL);
  return true;
}

/* The gradient: zeros in the input's shape, to which each element of grad is added at its place. */
static bool gather_backward_infer(nn_frame *f) {
  int n;
  const int64_t *shape = nn_arg_ints(&f->arg[3], &n);
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, n, shape);
  return true;
}

static bool gather_backward_kernel(nn_frame *f) {
  nn_tensor *y = f->out[0];
  const double zero = 0;
  if (y->numel > 0) nn_fill_run(y->numel, nn_esize(y), y->data, &zero);
  run_lanes(row_of(ADD, (nn_dtype)y->dtype), (int)f->arg[1].i, y, f->in[1], f->in[0], NULL);
  return true;
}

static bool gather_backward_vjp(nn_vjp *v) {
  return (v->d[0] = t_gather(v->ctx, v->g[0], v->arg[1].i, nn_in(v, 1))) != NULL;
}

const nn_op nn_op_gather_backward = {
    .name = "gather_backward",
    .doc = "Part of a gradient.",
    .params = {{"grad", P_TENSOR}, {"dim", P_INT}, {"index", P_TENSOR}, {"shape", P_INTS}},
    .flags = NN_PRIVATE,
    .saves_in = 2,
    .grads_in = 1,
    .infer = gather_backward_infer,
    .kernel = gather_backward_kernel,
    .vjp = gather_backward_vjp};

static bool gather_vjp(nn_vjp *v) {
  const nn_meta *m = nn_in_meta(v, 0);
  T index = nn_in(v, 1);
  if (index == NULL) return false;
  v->d[0] = nn_do(v->ctx, &nn_op_gather_backward, v_t(v->g[0]), v_i(v->arg[1].i), v_t(index), v_ints(m->ndim, m->shape));
  return v->d[0] != NULL;
}

const nn_op nn_op_gather = {
    .name = "gather",
    .doc =
        "Picks elements along a dimension: in two dimensions with dim = 1, y[i][j] = x[index[i][j]][j].\n"
        "index counts from 1 (negative values from the end), has as many dimensions as the input and gives the "
        "result its shape.",
    .example = "tensor{{1, 2}, {3, 4}}:gather(2, tensor{{1, 1}, {2, 1}})\n"
               "--> {{1, 1}, {4, 3}}",
    .params = {{"input", P_TENSOR}, {"dim", P_DIM}, {"index", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD,
    .saves_in = 2,
    .grads_in = 1,
    .infer = gather_infer,
    .kernel = gather_kernel,
    .vjp = gather_vjp,
    .samples = NN_SAMPLES("R(4, 3), 1, I(4, 2, 3)", "R(4, 3), 2, I(3, 4, 5)", "T(R(4, 3)), 2, I(3, 2, 1)",
                          "R(2, 3, 4), 2, I(3, 2, 2, 3)", "R(3), 1, I(3, 5)", "R(), 1, I(1)"),
    .invalid = "R(5, 3), 1, C(tensor{{1, 2, 3}, {0, 1, 2}})",
    .complaint = "gather: index 0 at position [2, 1] is out of range: indices count from 1 to 5",
};

static bool take_along_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0], index = f->in[1];
  if (!nn_given(f, 2)) {
    const int64_t flat[1] = {-1};
    x = t_reshape(c, x, 1, flat), index = t_reshape(c, index, 1, flat);
    f->out[0] = t_gather(c, x, 0, index);
    return f->out[0] != NULL;
  }
  int dim = (int)f->arg[2].i, n;
  int64_t shape[NN_MAX_DIMS], a[NN_MAX_DIMS], b[NN_MAX_DIMS];
  char s[NN_SHAPE_TEXT], t[NN_SHAPE_TEXT];
  if (x->ndim != index->ndim)
    return nn_bad(f, "input has %d dimensions and indices %d", x->ndim, index->ndim);
  for (int d = 0; d < x->ndim; d++) a[d] = d == dim ? 1 : x->shape[d], b[d] = d == dim ? 1 : index->shape[d];
  if (!nn_broadcast_shapes(x->ndim, a, x->ndim, b, &n, shape))
    return nn_bad(f, "input of shape %s and indices of shape %s do not broadcast", nn_tensor_shape_text(x, s),
                  nn_tensor_shape_text(index, t));
  for (int d = 0; d < n; d++)
    a[d] = d == dim ? x->shape[d] : shape[d], b[d] = d == dim ? index->shape[d] : shape[d];
  f->out[0] = t_gather(c, t_expand(c, x, n, a), dim, t_expand(c, index, n, b));
  return f->out[0] != NULL;
}

const nn_op nn_op_take_along_dim = {
    .name = "take_along_dim",
    .doc =
        "Picks elements along a dimension, as gather does, after input and indices were broadcast in the others.\n"
        "It undoes argsort and argmax; without dim both are flattened.",
    .example = "tensor{{1, 2}, {3, 4}}:take_along_dim(tensor{{2}}, 2)\n"
               "--> {{2}, {4}}",
    .params = {{"input", P_TENSOR}, {"indices", P_TENSOR}, {"dim", P_DIM, "nil"}},
    .flags = NN_TENSOR | NN_METHOD,
    .grads_in = 1,
    .compose = take_along_compose,
    .samples = NN_SAMPLES("R(4, 3), I(4, 2, 1), 1", "R(4, 3), I(12, 5)"),
    .invalid = "R(4, 3), I(4, 2), 1",
    .complaint = "input has 2 dimensions and indices 1",
};

/* ---- scatter ---------------------------------------------------------------------------------------- */

static bool scatter_infer(nn_frame *f) {
  if (!expect_lanes(f, 1, (int)f->arg[1].i) || (f->n_in > 2 && !expect_source(f, 1, 2))) return false;
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

static bool scatter_run(nn_frame *f, int how) {
  nn_tensor *src = nn_apart(f, 2), *index = nn_apart(f, 1);
  if (src == NULL || index == NULL || !nn_start_from_input(f)) return false;
  run_lanes(row_of(how, (nn_dtype)src->dtype), (int)f->arg[1].i, f->out[0], index, src, NULL);
  return true;
}

static bool scatter_kernel(nn_frame *f) { return scatter_run(f, (int)f->arg[4].i); }

/* g without the elements that were written over. */
static T cleared(C c, T g, const nn_value *dim, T index) {
  return g && index ? nn_do(c, &nn_op_scatter_value, v_t(g), *dim, v_t(index), v_i(0)) : NULL;
}

static bool no_slope(nn_vjp *v) {
  return nn_fail(
      v->ctx,
      "backward: scatter with reduce = \"multiply\" has no gradient; use scatter_reduce with \"prod\"");
}

static bool scatter_vjp(nn_vjp *v) {
  if (v->arg[4].i == MUL) return no_slope(v);
  T index = nn_in(v, 1), g = v->g[0];
  if (index == NULL) return false;
  if (nn_need(v, 0) && (v->d[0] = v->arg[4].i == ADD ? g : cleared(v->ctx, g, &v->arg[1], index)) == NULL)
    return false;
  if (nn_need(v, 2)) v->d[2] = grown(v->ctx, t_gather(v->ctx, g, v->arg[1].i, index), nn_in_meta(v, 2));
  return !nn_need(v, 2) || v->d[2] != NULL;
}

const nn_op nn_op_scatter = {
    .name = "scatter",
    .doc =
        "A copy of input with elements of src written to the places that index gives along a dimension: in two "
        "dimensions with dim = 1, y[index[i][j]][j] = src[i][j].\n"
        "Where an element is written twice the last one stays; reduce = \"add\" or \"multiply\" combines them.",
    .example = "tensor.zeros(2, 3):scatter(2, tensor{{2}, {3}}, tensor{{5}, {6}})\n"
               "--> {{0, 5, 0}, {0, 0, 6}}",
    .params = {{"input", P_TENSOR},
               {"dim", P_DIM},
               {"index", P_TENSOR},
               {"src", P_TENSOR},
               {"reduce", P_CHOICE, "none", "none|add|multiply", .keyword = true}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_ANY_OUT,
    .saves_in = 2,
    .infer = scatter_infer,
    .kernel = scatter_kernel,
    .vjp = scatter_vjp,
    .samples = NN_SAMPLES("R(4, 3), 1, C(tensor{{1, 2, 3}, {2, 4, 1}}), R(2, 3)",
                          "R(4, 3), 2, C(tensor{{2}, {3}}), R(2, 2)",
                          "T(R(4, 3)), 2, C(tensor{{2, 1}, {3, 1}}), R(3, 2)", "R(3), 1, C(tensor{2}), R(1)",
                          "R(4), 1, I(4, 6), R(6), {reduce = 'add'}"),
    .invalid = "R(2, 3), 1, C(tensor{{3}}), R(1, 1)",
    .complaint = "index 3 at position [1, 1] is out of range: indices count from 1 to 2",
};

static bool scatter_value_kernel(nn_frame *f) {
  nn_dtype dtype = (nn_dtype)f->in[0]->dtype;
  nn_tensor *index = nn_apart(f, 1);
  double element;
  if (index == NULL || !nn_start_from_input(f)) return false;
  nn_element_of(&f->arg[3], dtype, &element);
  run_lanes(row_of((int)f->arg[4].i, dtype), (int)f->arg[1].i, f->out[0], index, NULL, &element);
  return true;
}

static bool scatter_value_vjp(nn_vjp *v) {
  if (v->arg[4].i == MUL) return no_slope(v);
  v->d[0] = v->arg[4].i == ADD ? v->g[0] : cleared(v->ctx, v->g[0], &v->arg[1], nn_in(v, 1));
  return v->d[0] != NULL;
}

const nn_op nn_op_scatter_value = {
    .name = "scatter.value",
    .doc = "A copy of input with a number written to the places that index gives along a dimension.",
    .example = "tensor.zeros(2, 3):scatter(2, tensor{{2}, {3}}, 1)\n"
               "--> {{0, 1, 0}, {0, 0, 1}}",
    .params = {{"input", P_TENSOR},
               {"dim", P_DIM},
               {"index", P_TENSOR},
               {"value", P_NUMBER},
               {"reduce", P_CHOICE, "none", "none|add|multiply", .keyword = true}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_ANY_OUT,
    .saves_in = 2,
    .grads_in = 1,
    .infer = scatter_infer,
    .kernel = scatter_value_kernel,
    .vjp = scatter_value_vjp,
    .samples = NN_SAMPLES("R(4, 3), 1, I(4, 2, 3), 2.5", "R(4), 1, I(4, 6), 1, {reduce = 'add'}"),
    .invalid = "R(2, 3), 1, C(tensor{{1}, {0}}), 1",
    .complaint = "index 0 at position [2, 1] is out of range: indices count from 1 to 2",
};

/* ---- scatter_add ------------------------------------------------------------------------------------ */

static bool scatter_add_kernel(nn_frame *f) { return scatter_run(f, ADD); }

static bool scatter_add_vjp(nn_vjp *v) {
  T index = nn_in(v, 1), g = v->g[0];
  if (index == NULL) return false;
  v->d[0] = g;
  if (nn_need(v, 2)) v->d[2] = grown(v->ctx, t_gather(v->ctx, g, v->arg[1].i, index), nn_in_meta(v, 2));
  return !nn_need(v, 2) || v->d[2] != NULL;
}

const nn_op nn_op_scatter_add = {
    .name = "scatter_add",
    .doc =
        "A copy of input with elements of src added to the places that index gives along a dimension: in two "
        "dimensions with dim = 1, y[index[i][j]][j] += src[i][j].",
    .example = "tensor.zeros(3):scatter_add(1, tensor{1, 3, 1}, tensor{5, 6, 7})\n"
               "--> {12, 0, 6}",
    .params = {{"input", P_TENSOR}, {"dim", P_DIM}, {"index", P_TENSOR}, {"src", P_TENSOR}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_ANY_OUT,
    .saves_in = 2,
    .infer = scatter_infer,
    .kernel = scatter_add_kernel,
    .vjp = scatter_add_vjp,
    .samples = NN_SAMPLES("R(4, 3), 1, I(4, 5, 3), R(5, 3)", "R(4, 3), 2, I(3, 2, 6), R(3, 7)",
                          "T(R(3, 4)), 1, I(3, 2, 2), T(R(2, 4))", "R(3), 1, I(3, 5), R(5)"),
    .invalid = "R(3), 1, C(tensor{4}), R(1)",
    .complaint = "index 4 at position [1] is out of range: indices count from 1 to 3",
};

/* ---- scatter_reduce --------------------------------------------------------------------------------- */

enum { RED_SUM, RED_PROD, RED_MEAN, RED_AMAX, RED_AMIN };

/* What a reduction begins with where input itself does not count. */
static void identity(int how, nn_dtype dtype, void *to) {
  bool real = nn_is_float(dtype);
  if (how == RED_PROD)
    nn_element_int(dtype, 1, to);
  else if (how == RED_AMAX)
    real ? nn_element(dtype, -INFINITY, to) : nn_element_int(dtype, dtype == NN_INT64 ? INT64_MIN : 0, to);
  else if (how == RED_AMIN)
    real ? nn_element(dtype, INFINITY, to) : nn_element_int(dtype, dtype == NN_INT64 ? INT64_MAX : 255, to);
  else
    nn_element_int(dtype, 0, to);
}

/* How many elements meet in each place: as a tensor like x. */
static T meeting(C c, nn_dtype dtype, const nn_meta *m, const nn_value *dim, T index, const nn_meta *src,
                 bool self) {
  T n = nn_keep(c, nn_full(c, dtype, m->ndim, m->shape, self ? 1 : 0));
  T ones = nn_keep(c, nn_full(c, dtype, src->ndim, src->shape, 1));
  n = n && ones && index ? nn_do(c, &nn_op_scatter_add, v_t(n), *dim, v_t(index), v_t(ones)) : NULL;
  return n ? nn_do(c, &nn_op_clamp, v_t(n), v_i(1)) : NULL;
}

/* Turns the sums in y into means; those of integers are rounded down. */
static bool divide(nn_frame *f, nn_tensor *y, nn_tensor *index, const nn_tensor *src) {
  const nn_meta m = {(int8_t)y->ndim, y->dtype, y->shape}, s = {(int8_t)src->ndim, src->dtype, src->shape};
  bool was = nn_set_grad_enabled(f->ctx, false);
  T n = meeting(f->ctx, (nn_dtype)y->dtype, &m, &f->arg[1], index, &s, f->arg[5].b);
  T q = n == NULL ? NULL
                  : nn_do(f->ctx, nn_is_float((nn_dtype)y->dtype) ? &nn_op_div : &nn_op_floor_divide, v_t(y),
                          v_t(n));
  nn_set_grad_enabled(f->ctx, was);
  return q != NULL && nn_copy_data(y, q);
}

static bool scatter_reduce_kernel(nn_frame *f) {
  static const int how_of[] = {ADD, MUL, ADD, MAX, MIN};
  nn_tensor *src = nn_apart(f, 2), *index = nn_apart(f, 1), *y = f->out[0];
  int dim = (int)f->arg[1].i, how = (int)f->arg[4].i;
  nn_dtype dtype = (nn_dtype)y->dtype;
  if (src == NULL || index == NULL || !nn_start_from_input(f)) return false;
  if (!f->arg[5].b) {
    double none;
    identity(how, dtype, &none);
    run_lanes(row_of(SET, dtype), dim, y, index, NULL, &none);
  }
  run_lanes(row_of(how_of[how], dtype), dim, y, index, src, NULL);
  return how != RED_MEAN || divide(f, y, index, src);
}

static T t_float(C c, T mask, nn_dtype dtype) { return t_to(c, mask, dtype); }

static T t_same(C c, T a, T b, nn_dtype dtype) {
  return a && b ? t_float(c, nn_do(c, &nn_op_eq, v_t(a), v_t(b)), dtype) : NULL;
}

/* The part of src that has an index. */
static T covered(C c, T src, T index) {
  for (int d = 0; src != NULL && d < src->ndim; d++)
    if (src->shape[d] != index->shape[d]) src = t_slice(c, src, d, 0, index->shape[d], 1);
  return src;
}

/* amax, amin: the gradient is divided evenly among the elements that are the extreme. */
static bool extreme_vjp(nn_vjp *v, T g, T *self, T *source) {
  C c = v->ctx;
  T x = nn_in(v, 0), index = nn_in(v, 1), src = nn_in(v, 2), y = nn_out(v, 0);
  const nn_value *dim = &v->arg[1];
  if (x == NULL || index == NULL || src == NULL || y == NULL) return false;
  nn_dtype dtype = (nn_dtype)x->dtype;
  T is_x = t_same(c, x, y, dtype),
    is_src = t_same(c, covered(c, src, index), t_gather(c, y, dim->i, index), dtype);
  if (!v->arg[5].b) is_x = cleared(c, is_x, dim, index);
  if (is_x == NULL || is_src == NULL) return false;
  T n = nn_do(c, &nn_op_scatter_add, v_t(is_x), *dim, v_t(index), v_t(is_src));
  T share = t_div(c, g, n ? nn_do(c, &nn_op_clamp, v_t(n), v_i(1)) : NULL);
  *self = t_mul(c, share, is_x);
  *source = t_mul(c, t_gather(c, share, dim->i, index), is_src);
  return *self != NULL && *source != NULL;
}

/* prod: by the product of the others, which is the quotient unless something is 0. */
static bool product_vjp(nn_vjp *v, T g, T *self, T *source) {
  C c = v->ctx;
  T x = nn_in(v, 0), index = nn_in(v, 1), src = nn_in(v, 2);
  const nn_value *dim = &v->arg[1];
  if (x == NULL || index == NULL || src == NULL) return false;
  nn_dtype dtype = (nn_dtype)x->dtype;
  T ones = nn_keep(c, nn_full(c, dtype, x->ndim, x->shape, 1));
  T others =
      ones ? nn_do(c, &nn_op_scatter_reduce, v_t(ones), *dim, v_t(index), v_t(src), v_i(RED_PROD)) : NULL;
  *self = t_mul(c, g, others);
  src = covered(c, src, index);
  if (src == NULL) return false;
  T zero = nn_do(c, &nn_op_eq, v_t(src), v_t(t_num(c, 0)));
  T none = nn_keep(c, nn_zeros(c, dtype, x->ndim, x->shape));
  T is_zero = t_float(c, zero, dtype);
  if (is_zero == NULL || none == NULL) return false;
  T n = nn_do(c, &nn_op_scatter_add, v_t(none), *dim, v_t(index), v_t(is_zero)); /* zeros in each place */
  T safe = t_add(c, src, is_zero);                                               /* 1 instead of 0 */
  T whole =
      safe ? nn_do(c, &nn_op_scatter_reduce, v_t(x), *dim, v_t(index), v_t(safe), v_i(RED_PROD), v->arg[5])
           : NULL;
  /* Without this element: the product of the nonzero ones, if no other is zero. */
  T left = t_div(c, t_gather(c, t_mul(c, g, whole), dim->i, index), safe);
  T alone = t_same(c, t_gather(c, n, dim->i, index), is_zero, dtype);
  *source = t_mul(c, left, alone);
  return *self != NULL && *source != NULL;
}

static bool scatter_reduce_vjp(nn_vjp *v) {
  C c = v->ctx;
  T g = v->g[0], index = nn_in(v, 1), self = g, source = NULL;
  const nn_meta *x = nn_in_meta(v, 0), *src = nn_in_meta(v, 2);
  int how = (int)v->arg[4].i;
  if (index == NULL) return false;
  if (how == RED_MEAN)
    self = g = t_div(c, g, meeting(c, (nn_dtype)x->dtype, x, &v->arg[1], index, src, v->arg[5].b));
  if (how == RED_SUM || how == RED_MEAN)
    source = t_gather(c, g, v->arg[1].i, index);
  else if (!(how == RED_PROD ? product_vjp(v, g, &self, &source) : extreme_vjp(v, g, &self, &source)))
    return false;
  if (nn_need(v, 0)) v->d[0] = v->arg[5].b ? self : cleared(c, self, &v->arg[1], index);
  if (nn_need(v, 2)) v->d[2] = grown(c, source, src);
  return (!nn_need(v, 0) || v->d[0] != NULL) && (!nn_need(v, 2) || v->d[2] != NULL);
}

const nn_op nn_op_scatter_reduce = {
    .name = "scatter_reduce",
    .doc =
        "A copy of input in which the elements of src that index sends to one place are combined, along a dimension: "
        "by sum, product, mean, largest or smallest.\n"
        "include_self tells whether the element that is there counts too. Among equal extremes the gradient is "
        "divided evenly.",
    .example = "tensor{1, 1}:scatter_reduce(1, tensor{1, 2, 1}, tensor{5, 6, 7}, \"amax\")\n"
               "--> {7, 6}",
    .params = {{"input", P_TENSOR},
               {"dim", P_DIM},
               {"index", P_TENSOR},
               {"src", P_TENSOR},
               {"reduce", P_CHOICE, NULL, "sum|prod|mean|amax|amin"},
               {"include_self", P_BOOL, "true", .keyword = true}},
    .flags = NN_TENSOR | NN_METHOD | NN_INPLACE | NN_ANY_OUT,
    .saves_in = 7,
    .saves_out = 1,
    .infer = scatter_infer,
    .kernel = scatter_reduce_kernel,
    .vjp = scatter_reduce_vjp,
    .samples =
        NN_SAMPLES("R(4, 3), 1, I(4, 5, 3), R(5, 3), 'sum'", "R(3), 1, I(3, 6), R(6), 'mean'",
                   "R(3), 1, I(3, 6), R(6), 'mean', {include_self = false}", "N(3), 1, I(3, 4), N(5), 'prod'",
                   "N(3), 1, I(3, 4), N(4), 'prod', {include_self = false}", "R(3), 1, I(3, 5), R(5), 'amax'",
                   "R(3), 1, I(3, 5), R(5), 'amin', {include_self = false}"),
    .invalid = "R(3), 1, C(tensor{4}), R(1), 'sum'",
    .complaint = "index 4 at position [1] is out of range: indices count from 1 to 3",
};
