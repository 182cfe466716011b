/* as_strided.c - views with any geometry on a tensor's memory, for windows and for the histories of views that
 * were written to. A geometry says where in memory each element of a shape lies; values are carried from one to another.
 */
#include <string.h>

#include "blocks.h"
#include "shape.h"

typedef struct geometry {
  int ndim;
  const int64_t *shape, *stride;
  int64_t offset, last; /* first and last element that it touches */
  bool empty;
} geometry;

static geometry geometry_of(int ndim, const int64_t *shape, const int64_t *stride, int64_t offset) {
  geometry g = {ndim, shape, stride, offset, offset, false};
  for (int d = 0; d < ndim; d++) {
    if (shape[d] == 0) g.empty = true;
    g.last += (shape[d] > 0 ? shape[d] - 1 : 0) * stride[d];
  }
  return g;
}

/* From the arguments size, stride, offset that begin at p. */
static geometry geometry_arg(const nn_value *arg, int p) {
  int n, m;
  const int64_t *shape = nn_arg_ints(&arg[p], &n), *stride = nn_arg_ints(&arg[p + 1], &m);
  return geometry_of(n, shape, stride, arg[p + 2].i);
}

/* The geometry of an input of this shape: given by the arguments stride, offset at p, or else without gaps
 * from the start of its memory. `stride` has room for its strides. */
static geometry geometry_input(const nn_value *arg, int p, int ndim, const int64_t *shape, int64_t *stride) {
  int n;
  const int64_t *given = nn_arg_ints(&arg[p], &n);
  nn_strides_contiguous(ndim, shape, stride);
  for (int d = 0; d < ndim && arg[p].tag != NN_V_NONE; d++) stride[d] = given[d];
  return geometry_of(ndim, shape, stride, arg[p + 1].i);
}

static bool geometry_good(nn_frame *f, int p) {
  int n, m;
  const int64_t *shape = nn_arg_ints(&f->arg[p], &n), *stride = nn_arg_ints(&f->arg[p + 1], &m);
  if (n != m) return nn_bad(f, "size has %d entries and stride %d", n, m);
  if (n > NN_MAX_DIMS) return nn_bad(f, "a tensor can have at most %d dimensions, got %d", NN_MAX_DIMS, n);
  int64_t reach = f->arg[p + 2].i;
  bool good = reach >= 0;
  for (int d = 0; d < n && good; d++) {
    int64_t far = 0;
    good = shape[d] >= 0 && stride[d] >= 0 &&
           !__builtin_mul_overflow(shape[d] > 0 ? shape[d] - 1 : 0, stride[d], &far) &&
           !__builtin_add_overflow(reach, far, &reach) && reach < PTRDIFF_MAX / 64;
  }
  return good || nn_bad(f, "sizes, strides or offset are negative or too large");
}

/* A memory of zeros (scratch) for the elements from first to last. */
typedef struct stretch {
  char *memory;
  size_t bytes;
  int64_t first;
} stretch;

static bool open_stretch(nn_ctx *ctx, stretch *s, const geometry *a, const geometry *b, size_t elem) {
  int64_t last = a->empty ? b->last : a->last;
  s->first = a->empty ? b->offset : a->offset;
  if (!a->empty && !b->empty) {
    if (b->offset < s->first) s->first = b->offset;
    if (b->last > last) last = b->last;
  }
  s->bytes = (size_t)(last - s->first + 1) * elem;
  s->memory = nn_scratch(ctx, s->bytes);
  if (s->memory == NULL) return false;
  memset(s->memory, 0, s->bytes);
  return true;
}

static void put(stretch *s, const geometry *g, const nn_tensor *x) {
  if (g->empty) return;
  nn_block_copy(g->ndim, g->shape, (nn_dtype)x->dtype,
                s->memory + (size_t)(g->offset - s->first) * nn_esize(x), g->stride, (nn_dtype)x->dtype,
                x->data, x->stride);
}

static void get(const stretch *s, const geometry *g, nn_tensor *y) {
  if (g->empty) return;
  nn_block_copy(g->ndim, g->shape, (nn_dtype)y->dtype, y->data, y->stride, (nn_dtype)y->dtype,
                s->memory + (size_t)(g->offset - s->first) * nn_esize(y), g->stride);
}

/* ---- as_strided ------------------------------------------------------------------------------------- */

static bool as_strided_view(nn_frame *f) {
  if (!geometry_good(f, 1)) return false;
  geometry g = geometry_arg(f->arg, 1);
  nn_tensor *probe = nn_view_raw(f->in[0], g.ndim, g.shape, g.stride, g.offset); /* checks the bounds */
  if (probe == NULL) return false;
  nn_release(probe);
  f->out[0] = nn_view_of(f->in[0], g.ndim, g.shape, g.stride, g.offset);
  return f->out[0] != NULL;
}

static T remap(C c, T x, const geometry *from, const geometry *to) {
  return x ? nn_do(c, &nn_op_remap, v_t(x), v_ints(from->ndim, from->shape), v_ints(from->ndim, from->stride),
                   v_i(from->offset), v_ints(to->ndim, to->shape), v_ints(to->ndim, to->stride),
                   v_i(to->offset))
           : NULL;
}

static bool as_strided_vjp(nn_vjp *v) {
  const nn_meta *m = nn_in_meta(v, 0);
  int64_t stride[NN_MAX_DIMS];
  geometry from = geometry_arg(v->arg, 1), to = geometry_input(v->arg, 4, m->ndim, m->shape, stride);
  v->d[0] = remap(v->ctx, v->g[0], &from, &to);
  return v->d[0] != NULL;
}

const nn_op nn_op_as_strided = {
    .name = "as_strided",
    .doc =
        "A view of this size and these strides on the memory of a tensor, from an offset in elements on.\n"
        "For its gradient the tensor must lie in its memory as own_stride and own_offset say, by default without "
        "gaps from the start.",
    .example = "tensor.arange(4):view(2, 2):t()\n"
               "--> {{0, 2}, {1, 3}}",
    .params = {{"input", P_TENSOR},
               {"size", P_SHAPE},
               {"stride", P_INTS},
               {"storage_offset", P_INT, "0"},
               {"own_stride", P_INTS, "nil"},
               {"own_offset", P_INT, "0"}},
    .flags = NN_PRIVATE,
    .view = as_strided_view,
    .vjp = as_strided_vjp,
    .samples = NN_SAMPLES("R(4, 3), {2, 2}, {1, 3}, 1", "R(6), {3, 4}, {1, 1}", "R(6), {2, 3}, {0, 2}",
                          "R(4), {}, {}, 2"),
    .invalid = "R(6), {2, 4}, {3, 1}",
    .complaint = "does not fit a storage of 6 elements",
};

/* ---- as_strided_scatter ----------------------------------------------------------------------------- */

static bool scatter_infer(nn_frame *f) {
  const nn_tensor *x = f->in[0], *src = f->in[1];
  if (!geometry_good(f, 2)) return false;
  geometry g = geometry_arg(f->arg, 2);
  bool fits = g.ndim == src->ndim && src->dtype == x->dtype;
  for (int d = 0; d < g.ndim && fits; d++) fits = g.shape[d] == src->shape[d];
  int64_t stride[NN_MAX_DIMS];
  geometry own = geometry_input(f->arg, 5, x->ndim, x->shape, stride);
  if (!fits || (!g.empty && (own.empty || g.offset < own.offset || g.last > own.last)))
    return nn_bad(f, "the geometry does not fit the input");
  nn_spec_like(f, 0, x);
  return true;
}

static bool scatter_kernel(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  int64_t stride[NN_MAX_DIMS];
  geometry g = geometry_arg(f->arg, 2), own = geometry_input(f->arg, 5, x->ndim, x->shape, stride);
  stretch s;
  if (own.empty) return true;
  if (!open_stretch(f->ctx, &s, &own, &g, nn_esize(x))) return false;
  put(&s, &own, x);
  put(&s, &g, f->in[1]);
  get(&s, &own, f->out[0]);
  nn_scratch_free(f->ctx, s.memory, s.bytes);
  return true;
}

static bool scatter_vjp(nn_vjp *v) {
  const nn_meta *x = nn_in_meta(v, 0), *src = nn_in_meta(v, 1);
  int64_t stride[NN_MAX_DIMS];
  geometry g = geometry_arg(v->arg, 2), own = geometry_input(v->arg, 5, x->ndim, x->shape, stride);
  if (nn_need(v, 0)) {
    v->d[0] = nn_do(v->ctx, &nn_op_as_strided_scatter, v_t(v->g[0]), v_t(t_zeros(v->ctx, src)), v->arg[2],
                    v->arg[3], v->arg[4], v->arg[5], v->arg[6]);
    if (v->d[0] == NULL) return false;
  }
  if (nn_need(v, 1)) {
    v->d[1] = remap(v->ctx, v->g[0], &own, &g);
    if (v->d[1] == NULL) return false;
  }
  return true;
}

const nn_op nn_op_as_strided_scatter = {
    .name = "as_strided_scatter",
    .doc = "A copy of the input in which the elements of one of its views (see as_strided) are those of src.",
    .example = "local x = tensor.zeros(2, 2)\n"
               "x[{ {}, 1 }] = 5\n"
               "x\n"
               "--> {{5, 0}, {5, 0}}",
    .params = {{"input", P_TENSOR},
               {"src", P_TENSOR},
               {"size", P_SHAPE},
               {"stride", P_INTS},
               {"storage_offset", P_INT, "0"},
               {"own_stride", P_INTS, "nil"},
               {"own_offset", P_INT, "0"}},
    .flags = NN_PRIVATE,
    .infer = scatter_infer,
    .kernel = scatter_kernel,
    .vjp = scatter_vjp,
    .samples = NN_SAMPLES("R(4, 3), R(2, 2), {2, 2}, {1, 3}, 1", "R(6), R(3), {3}, {2}",
                          "R(4), R(), {}, {}, 2", "R(3, 2), R(3), {3}, {1}, 5, {1, 3}, 5"),
    .invalid = "R(6), R(3), {2}, {1}",
    .complaint = "the geometry does not fit the input",
};

/* ---- remap ------------------------------------------------------------------------------------------ */

static bool remap_infer(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  if (!geometry_good(f, 1) || !geometry_good(f, 4)) return false;
  geometry from = geometry_arg(f->arg, 1), to = geometry_arg(f->arg, 4);
  bool fits = from.ndim == x->ndim;
  for (int d = 0; d < from.ndim && fits; d++) fits = from.shape[d] == x->shape[d];
  if (!fits) return nn_bad(f, "the geometry does not fit the input");
  nn_spec_set(f, 0, (nn_dtype)x->dtype, to.ndim, to.shape);
  return true;
}

#define ADD_ALL(type)                                                                                        \
  do {                                                                                                       \
    const type *s = (const type *)(const void *)x->data;                                                     \
    type *d = (type *)memory;                                                                                \
    for (int64_t i = 0; i < x->numel; i++) {                                                                 \
      d[to] = (type)(d[to] + s[from]);                                                                       \
      for (int k = x->ndim - 1; k >= 0; k--) {                                                               \
        from += x->stride[k], to += g->stride[k];                                                            \
        if (++at[k] < x->shape[k]) break;                                                                    \
        from -= x->shape[k] * x->stride[k], to -= x->shape[k] * g->stride[k], at[k] = 0;                     \
      }                                                                                                      \
    }                                                                                                        \
  } while (0)

/* Adds x's elements to the places that g gives them; several may go to one place. */
static void add_elements(const nn_tensor *x, const geometry *g, void *memory) {
  int64_t at[NN_MAX_DIMS] = {0}, from = 0, to = 0;
  switch ((nn_dtype)x->dtype) {
  case NN_FLOAT32: ADD_ALL(float); break;
  case NN_FLOAT64: ADD_ALL(double); break;
  case NN_INT64: ADD_ALL(int64_t); break;
  default: ADD_ALL(uint8_t); break;
  }
}

/* False when no two elements share a place: by rising stride, each dim steps over all that the smaller ones
 * reach. */
static bool may_overlap(const geometry *g) {
  int64_t reach = 0;
  bool used[NN_MAX_DIMS] = {false};
  for (int i = 0; i < g->ndim; i++) {
    int k = -1;
    for (int d = 0; d < g->ndim; d++)
      if (!used[d] && (k < 0 || g->stride[d] < g->stride[k])) k = d;
    used[k] = true;
    if (g->shape[k] < 2) continue;
    if (g->stride[k] <= reach) return true;
    reach += (g->shape[k] - 1) * g->stride[k];
  }
  return false;
}

static bool remap_kernel(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  geometry from = geometry_arg(f->arg, 1), to = geometry_arg(f->arg, 4);
  stretch s;
  if (to.empty) return true;
  if (!open_stretch(f->ctx, &s, &from, &to, nn_esize(x))) return false;
  if (may_overlap(&from) && !from.empty)
    add_elements(x, &from, s.memory + (size_t)(from.offset - s.first) * nn_esize(x));
  else
    put(&s, &from, x);
  get(&s, &to, f->out[0]);
  nn_scratch_free(f->ctx, s.memory, s.bytes);
  return true;
}

static bool remap_vjp(nn_vjp *v) {
  geometry from = geometry_arg(v->arg, 1), to = geometry_arg(v->arg, 4);
  v->d[0] = remap(v->ctx, v->g[0], &to, &from);
  return v->d[0] != NULL;
}

const nn_op nn_op_remap = {
    .name = "remap",
    .doc =
        "Adds the input's elements to a memory of zeros at the places of one geometry and reads those of another: "
        "the gradient of as_strided.",
    .example = "tensor.arange(4):view(2, 2):t()\n"
               "--> {{0, 2}, {1, 3}}",
    .params = {{"input", P_TENSOR},
               {"from_size", P_SHAPE},
               {"from_stride", P_INTS},
               {"from_offset", P_INT},
               {"size", P_SHAPE},
               {"stride", P_INTS},
               {"storage_offset", P_INT}},
    .flags = NN_PRIVATE,
    .infer = remap_infer,
    .kernel = remap_kernel,
    .vjp = remap_vjp,
    .samples = NN_SAMPLES("R(2, 2), {2, 2}, {1, 3}, 1, {4, 3}, {3, 1}, 0",
                          "R(3, 4), {3, 4}, {1, 1}, 0, {6}, {1}, 0", "R(6), {6}, {1}, 0, {2, 3}, {0, 2}, 0"),
    .invalid = "R(2, 2), {3}, {1}, 0, {3}, {1}, 0",
    .complaint = "the geometry does not fit the input",
};

/* ---- windows ---------------------------------------------------------------------------------------- */

static bool windows_view(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  int64_t dim = f->arg[1].i, size = f->arg[2].i, step = f->arg[3].i, n = x->ndim > 0 ? x->shape[dim] : 1;
  if (size < 0 || size > n || step < 1)
    return nn_bad(f, "windows of %lld at steps of %lld do not fit dimension %lld of size %lld", (long long)size,
                  (long long)step, (long long)dim + 1, (long long)n);
  if (x->ndim >= NN_MAX_DIMS) return nn_bad(f, "a tensor can have at most %d dimensions", NN_MAX_DIMS);
  int64_t shape[NN_MAX_DIMS], stride[NN_MAX_DIMS];
  for (int d = 0; d < x->ndim; d++) shape[d] = x->shape[d], stride[d] = x->stride[d];
  shape[x->ndim] = size;
  stride[x->ndim] = x->ndim > 0 ? x->stride[dim] : 1;
  if (x->ndim > 0) {
    shape[dim] = (n - size) / step + 1;
    stride[dim] = shape[dim] > 1 ? x->stride[dim] * step : x->stride[dim];
  }
  return nn_make_view(f, x->ndim + 1, shape, stride, 0);
}

/* The windows of an input without gaps, put back. */
static bool windows_vjp(nn_vjp *v) {
  const nn_meta *x = nn_in_meta(v, 0), *y = nn_out_meta(v, 0);
  int64_t stride[NN_MAX_DIMS], steps[NN_MAX_DIMS], dim = v->arg[1].i;
  nn_strides_contiguous(x->ndim, x->shape, stride);
  for (int d = 0; d < x->ndim; d++) steps[d] = stride[d];
  steps[x->ndim] = x->ndim > 0 ? stride[dim] : 1;
  if (x->ndim > 0 && y->shape[dim] > 1) steps[dim] *= v->arg[3].i;
  geometry from = geometry_of(y->ndim, y->shape, steps, 0), to = geometry_of(x->ndim, x->shape, stride, 0);
  v->d[0] = remap(v->ctx, v->g[0], &from, &to);
  return v->d[0] != NULL;
}

const nn_op nn_op_unfold_windows = {
    .name = "unfold.windows",
    .doc = "Windows of a size at steps along a dimension, which becomes the number of windows; their elements lie "
           "along\na new last dimension. A view: windows may overlap.",
    .example = "tensor{1, 2, 3, 4}:unfold(1, 2, 1)\n"
               "--> {{1, 2}, {2, 3}, {3, 4}}",
    .params = {{"input", P_TENSOR}, {"dimension", P_DIM}, {"size", P_INT}, {"step", P_INT}},
    .flags = NN_METHOD,
    .view = windows_view,
    .vjp = windows_vjp,
    .samples = NN_SAMPLES("R(7), 1, 3, 2", "R(3, 6), 2, 2, 2", "R(2, 5, 3), -2, 3, 1", "T(R(4, 5)), 1, 2, 1",
                          "R(), 1, 1, 1", "R(4), 1, 4, 9", "R(4), 1, 0, 1"),
    .invalid = "R(3), 1, 4, 1",
    .complaint = "windows of 4 at steps of 1 do not fit dimension 1 of size 3",
};
