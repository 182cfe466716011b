/* repeat.c - the operations that repeat elements: tile, repeat_interleave, meshgrid. */
#include "blocks.h"
#include "interrupt.h"
#include "shape.h"

/* ---- tile ------------------------------------------------------------------------------------------- */

/* How often each dim of the result repeats, and the input's shape with as many dims. Returns their number. */
static int tile_plan(int ndim, const int64_t *shape, const nn_value *arg, int64_t *times, int64_t *size) {
  int n;
  const int64_t *given = nn_arg_ints(arg, &n);
  int all = n > ndim ? n : ndim;
  for (int d = 0; d < all && all <= NN_MAX_DIMS; d++) {
    times[d] = d < all - n ? 1 : given[d - (all - n)];
    size[d] = d < all - ndim ? 1 : shape[d - (all - ndim)];
  }
  return all;
}

static bool tile_infer(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  int64_t times[NN_MAX_DIMS], size[NN_MAX_DIMS], shape[NN_MAX_DIMS];
  int n = tile_plan(x->ndim, x->shape, &f->arg[1], times, size);
  if (n > NN_MAX_DIMS) return nn_bad(f, "a tensor can have at most %d dimensions, got %d", NN_MAX_DIMS, n);
  for (int d = 0; d < n; d++) {
    if (times[d] < 0) return nn_bad(f, "a dimension cannot be repeated %lld times", (long long)times[d]);
    if (__builtin_mul_overflow(times[d], size[d], &shape[d]))
      return nn_bad(f, "the result would be too large");
  }
  nn_spec_set(f, 0, (nn_dtype)x->dtype, n, shape);
  return true;
}

/* The result as [times, size, times, size, ...]; the input has stride 0 along times. */
static bool tile_kernel(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  nn_tensor *y = f->out[0];
  int64_t times[NN_MAX_DIMS], size[NN_MAX_DIMS], shape[2 * NN_MAX_DIMS], to[2 * NN_MAX_DIMS],
      from[2 * NN_MAX_DIMS];
  int n = tile_plan(x->ndim, x->shape, &f->arg[1], times, size), lead = n - x->ndim;
  for (int d = 0; d < n; d++) {
    shape[2 * d] = times[d], to[2 * d] = size[d] * y->stride[d], from[2 * d] = 0;
    shape[2 * d + 1] = size[d], to[2 * d + 1] = y->stride[d],
                  from[2 * d + 1] = d < lead ? 0 : x->stride[d - lead];
  }
  if (y->numel > 0)
    nn_block_copy(2 * n, shape, (nn_dtype)y->dtype, y->data, to, (nn_dtype)x->dtype, x->data, from);
  return true;
}

/* Sums the repeats away, one dimension after the other. */
static bool tile_vjp(nn_vjp *v) {
  const nn_meta *m = nn_in_meta(v, 0);
  int64_t times[NN_MAX_DIMS], size[NN_MAX_DIMS];
  int n = tile_plan(m->ndim, m->shape, &v->arg[1], times, size);
  int64_t before = 1, one = 1;
  T g = v->g[0];
  for (int d = 0; d < n && g != NULL; d++) {
    int64_t after = size[d];
    for (int k = d + 1; k < n; k++) after *= size[k] * times[k];
    const int64_t parts[3] = {before, times[d], after};
    if (times[d] != 1) g = nn_do(v->ctx, &nn_op_sum, v_t(t_reshape(v->ctx, g, 3, parts)), v_ints(1, &one));
    before *= size[d];
  }
  v->d[0] = t_reshape_like(v->ctx, g, m);
  return v->d[0] != NULL;
}

const nn_op nn_op_tile = {
    .name = "tile",
    .doc =
        "A copy that repeats the tensor along its dimensions: what PyTorch calls repeat (a keyword of Lua) and tile.\n"
        "One number a dimension of the result; missing ones, for the first dimensions, are 1.",
    .example = "tensor{1, 2}:tile(2, 2)\n"
               "--> {{1, 2, 1, 2}, {1, 2, 1, 2}}",
    .params = {{"input", P_TENSOR}, {"dims", P_INTS, .rest = true}},
    .flags = NN_TENSOR | NN_METHOD,
    .infer = tile_infer,
    .kernel = tile_kernel,
    .vjp = tile_vjp,
    .samples = NN_SAMPLES("R(2, 3), 2, 2", "T(R(2, 3)), 3", "R(2), {2, 1, 3}", "R(), 2", "R(2), 0"),
    .invalid = "R(2), -1",
    .complaint = "a dimension cannot be repeated -1 times",
};

/* ---- repeat_interleave ------------------------------------------------------------------------------ */

static bool interleave_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0];
  int64_t times = f->arg[1].i, dim = nn_given(f, 2) ? f->arg[2].i : 0, shape[NN_MAX_DIMS + 1],
          flat = x->numel;
  if (times < 0) return nn_bad(f, "an element cannot be repeated %lld times", (long long)times);
  if (!nn_given(f, 2) || x->ndim == 0) x = t_reshape(c, x, 1, &flat);
  if (x == NULL) return false;
  if (x->ndim == NN_MAX_DIMS) return nn_bad(f, "a tensor of %d dimensions has too many", NN_MAX_DIMS);
  int n = x->ndim;
  for (int d = 0; d <= n; d++) shape[d] = d == dim + 1 ? times : x->shape[d - (d > dim)];
  T wide = t_expand(c, t_unsqueeze(c, x, dim + 1), n + 1, shape);
  if (wide == NULL) return false;
  for (int d = 0; d < n; d++) shape[d] = x->shape[d] * (d == dim ? times : 1);
  f->out[0] = t_reshape(c, wide, n, shape);
  return f->out[0] != NULL;
}

const nn_op nn_op_repeat_interleave = {
    .name = "repeat_interleave",
    .doc =
        "Repeats each element (of a dimension; without dim of the flattened tensor) `repeats` times in a row.",
    .example = "tensor{1, 2}:repeat_interleave(2)\n"
               "--> {1, 1, 2, 2}",
    .params = {{"input", P_TENSOR}, {"repeats", P_INT}, {"dim", P_DIM, "nil"}},
    .flags = NN_TENSOR | NN_METHOD,
    .compose = interleave_compose,
    .samples = NN_SAMPLES("R(2, 3), 2", "R(2, 3), 3, 2", "T(R(2, 3)), 2, 1", "R(), 2", "R(2), 0"),
    .invalid = "R(2), -1",
    .complaint = "an element cannot be repeated -1 times",
};

/* The positions, from 1, that repeating position i times[i] times gives. */
static nn_tensor *repeated_positions(nn_frame *f, const nn_tensor *times, int64_t n) {
  const int64_t *t = (const int64_t *)(const void *)times->data;
  int64_t all = 0, step = times->numel == 1 ? 0 : 1;
  for (int64_t i = 0; i < n && !nn_interrupted_at(i); i++) {
    if (t[i * step] < 0) {
      nn_bad(f, "an element cannot be repeated %lld times", (long long)t[i * step]);
      return NULL;
    }
    if (__builtin_add_overflow(all, t[i * step], &all)) {
      nn_bad(f, "the result would be too large");
      return NULL;
    }
  }
  if (nn_interrupted()) return NULL; /* then not all were counted */
  nn_tensor *index = nn_keep(f->ctx, nn_empty(f->ctx, NN_INT64, 1, &all));
  if (index == NULL) return NULL;
  int64_t *p = (int64_t *)(void *)index->data;
  for (int64_t i = 0; i < n && !nn_interrupted_at(i); i++)
    for (int64_t k = 0; k < t[i * step] && !nn_interrupted_at(k + 1); k++) *p++ = i + 1;
  return nn_interrupted() ? NULL : index;
}

static bool interleave_tensor_compose(nn_frame *f) {
  C c = f->ctx;
  T x = f->in[0];
  int64_t dim = nn_given(f, 2) ? f->arg[2].i : 0, flat = x->numel;
  if (!nn_expect_index(f, 1) || !nn_expect_ndim(f, 1, 0, 1)) return false;
  if (!nn_given(f, 2) || x->ndim == 0) x = t_reshape(c, x, 1, &flat);
  const nn_tensor *times = nn_dense(f, 1);
  if (x == NULL || times == NULL) return false;
  if (times->numel != 1 && times->numel != x->shape[dim])
    return nn_bad(f, "%lld repeats are given for a dimension of size %lld", (long long)times->numel,
                  (long long)x->shape[dim]);
  T index = repeated_positions(f, times, x->shape[dim]);
  f->out[0] = index ? nn_do(c, &nn_op_index_select, v_t(x), v_i(dim), v_t(index)) : NULL;
  return f->out[0] != NULL;
}

const nn_op nn_op_repeat_interleave_tensor = {
    .name = "repeat_interleave.tensor",
    .doc = "Repeats each element of a dimension as often as a tensor of numbers says.",
    .example = "tensor{5, 6, 7}:repeat_interleave(tensor{2, 0, 1}:to(\"int64\"))\n"
               "--> {5, 5, 7}",
    .params = {{"input", P_TENSOR}, {"repeats", P_TENSOR}, {"dim", P_DIM, "nil"}},
    .flags = NN_TENSOR | NN_METHOD,
    .grads_in = 1,
    .compose = interleave_tensor_compose,
    .samples = NN_SAMPLES("R(2, 3), C(tensor{1, 2}), 1", "R(3), C(tensor{2})"),
    .invalid = "R(3), C(tensor{1, 2}), 1",
    .complaint = "2 repeats are given for a dimension of size 3",
};

/* ---- meshgrid --------------------------------------------------------------------------------------- */

/* The size along dim d of the grid, of whose inputs the first two may have changed places. */
static int64_t along(const nn_frame *f, int d, bool swapped) {
  const nn_tensor *t = f->in[swapped && d < 2 ? 1 - d : d];
  return t->ndim == 0 ? 1 : t->shape[0];
}

static bool meshgrid_compose(nn_frame *f) {
  int n = f->n_in;
  if (n > NN_MAX_DIMS) return nn_bad(f, "at most %d tensors are possible, got %d", NN_MAX_DIMS, n);
  for (int i = 0; i < n; i++)
    if (!nn_expect_ndim(f, i, 0, 1)) return false;
  bool swapped = f->arg[1].i == 1 && n >= 2;
  int64_t shape[NN_MAX_DIMS], one[NN_MAX_DIMS];
  for (int d = 0; d < n; d++) shape[d] = along(f, d, swapped);
  if (!nn_results_reserve(f->ctx, f->results, n)) return false;
  for (int i = 0; i < n; i++) {
    int dim = swapped && i < 2 ? 1 - i : i;
    for (int d = 0; d < n; d++) one[d] = d == dim ? shape[d] : 1;
    T grid = t_expand(f->ctx, t_reshape(f->ctx, f->in[i], n, one), n, shape);
    if (grid == NULL) return false;
    f->results->t[f->results->n++] = nn_retain(grid);
  }
  return true;
}

const nn_op nn_op_meshgrid = {
    .name = "meshgrid",
    .doc = "Grids of coordinates: of vectors of sizes n1, n2, ... one view of shape [n1, n2, ...] each.\n"
           "With indexing = \"xy\" the first two dimensions change places.",
    .example = "local r, c = tensor.meshgrid({tensor{1, 2}, tensor{3, 4, 5}})\n"
               "c\n"
               "--> {{3, 4, 5}, {3, 4, 5}}",
    .params = {{"tensors", P_TENSORS, .rest = true}, {"indexing", P_CHOICE, "ij", "ij|xy"}},
    .flags = NN_TENSOR | NN_LIST_OUT,
    .compose = meshgrid_compose,
    .samples = NN_SAMPLES("{R(2), R(3)}", "{R(2), R(3), R(2)}, 'xy'", "{R(3)}"),
    .invalid = "{R(2, 2)}",
    .complaint = "dimensions",
};
