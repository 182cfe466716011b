/* sort.c - order along a dimension: sorting, the k largest, medians and the most frequent value. What puts
 * one lane in order is in order.c. */
#include <math.h>
#include <string.h>

#include "interrupt.h"
#include "order.h"
#include "parallel.h"
#include "reduction.h"

#define USUAL      (NN_TENSOR | NN_METHOD)
#define MASK(f, p) nn_dim_mask(&(f)->arg[p], (f)->in[0]->ndim)

/* ---- lanes ------------------------------------------------------------------------------------------ */

typedef struct job job;
/* Brings the first j->take keys of a lane to the front; spare has as much room as k. */
typedef void choose_fn(const job *j, const char *x, nn_key *k, nn_key *spare);

struct job {
  nn_lanes lanes;
  nn_dtype dtype;
  int64_t elem, take, rank;
  bool descending, sorted;
  choose_fn *choose;
  bool in_blocks; /* choose reads the lane itself, a block at a time */
  int64_t each;   /* keys of room for a thread */
  const char *x;
  char *value; /* may be NULL */
  int64_t *index;
  nn_key *room;
};

static void load(const job *j, const char *x, nn_key *k) {
  nn_keys_load(j->dtype, x, j->lanes.n, j->lanes.inner, j->descending, k);
}

static void write_lane(const job *j, int64_t lane, const char *x, const nn_key *k) {
  int64_t inner = j->lanes.inner, at = nn_lane_start(&j->lanes, lane, j->take);
  for (int64_t i = 0; i < j->take && !nn_interrupted_at(i); i++) j->index[at + i * inner] = k[i].at + 1;
  if (j->value == NULL) return;
  if (j->elem == 8)
    for (int64_t i = 0; i < j->take && !nn_interrupted_at(i); i++)
      ((uint64_t *)(void *)j->value)[at + i * inner] = ((const uint64_t *)(const void *)x)[k[i].at * inner];
  else if (j->elem == 4)
    for (int64_t i = 0; i < j->take && !nn_interrupted_at(i); i++)
      ((uint32_t *)(void *)j->value)[at + i * inner] = ((const uint32_t *)(const void *)x)[k[i].at * inner];
  else
    for (int64_t i = 0; i < j->take && !nn_interrupted_at(i); i++)
      j->value[at + i * inner] = x[k[i].at * inner];
}

static void run_range(void *arg, int64_t begin, int64_t end, int thread) {
  const job *j = arg;
  nn_key *k = j->room + (int64_t)thread * j->each, *spare = j->in_blocks ? k + j->each / 2 : k + j->lanes.n;
  if (!j->in_blocks && j->each < 2 * j->lanes.n) spare = NULL;
  for (int64_t i = begin; i < end && !nn_interrupted(); i++) {
    const char *x = j->x + nn_lane_start(&j->lanes, i, j->lanes.n) * j->elem;
    if (!j->in_blocks) load(j, x, k);
    j->choose(j, x, k, spare);
    if (nn_interrupted()) return; /* the keys may be in no order */
    write_lane(j, i, x, k);
  }
}

/* Runs j.choose on every lane of x. False when out of memory or interrupted. */
static bool run_lanes(nn_ctx *ctx, job *j, const nn_tensor *x) {
  if (x == NULL) return false;
  j->dtype = (nn_dtype)x->dtype, j->elem = (int64_t)nn_esize(x), j->x = x->data;
  if (j->lanes.count == 0 || j->take == 0) return true;
  int64_t grain = 1 + 2048 / j->lanes.n;
  if (j->each == 0) j->each = 2 * j->lanes.n;
  size_t size = (size_t)nn_parallel_parts(j->lanes.count, grain) * (size_t)j->each * sizeof(nn_key);
  j->room = nn_scratch(ctx, size);
  if (j->room == NULL) return false;
  nn_parallel(j->lanes.count, grain, run_range, j);
  nn_scratch_free(ctx, j->room, size);
  return !nn_interrupted();
}

static nn_lanes lanes_of(const nn_frame *f, int dim) {
  return nn_lanes_of(f->in[0]->ndim, f->in[0]->shape, dim);
}
static int64_t lane_size(const nn_frame *f, int dim) { return f->in[0]->ndim > 0 ? f->in[0]->shape[dim] : 1; }

/* The gradient of chosen elements goes to their places, which are output 1. */
static bool places_vjp(nn_vjp *v, int dim_param, bool reduced) {
  C c = v->ctx;
  const nn_meta *m = nn_in_meta(v, 0);
  T g = v->g[0], index = nn_out(v, 1), zero = t_zeros(c, m);
  if (g == NULL) return true;
  if (reduced) {
    uint32_t mask = nn_dim_mask(&v->arg[dim_param], m->ndim);
    g = nn_unsqueeze_mask(c, g, m, mask), index = nn_unsqueeze_mask(c, index, m, mask);
  }
  if (g == NULL || index == NULL || zero == NULL) return false;
  return (v->d[0] = nn_do(c, &nn_op_scatter_add, v_t(zero), v->arg[dim_param], v_t(index), v_t(g))) != NULL;
}

/* ---- sort, argsort ---------------------------------------------------------------------------------- */

static void choose_all(const job *j, const char *x, nn_key *k, nn_key *spare) {
  (void)x;
  nn_keys_sort(k, spare, j->lanes.n);
}

static bool sort_infer(nn_frame *f) {
  nn_spec_like(f, 0, f->in[0]);
  nn_spec_like(f, f->n_out - 1, f->in[0]);
  f->spec[f->n_out - 1].dtype = NN_INT64;
  return true;
}

static bool sort_kernel(nn_frame *f) {
  int dim = (int)f->arg[1].i;
  job j = {.lanes = lanes_of(f, dim),
           .take = lane_size(f, dim),
           .descending = f->arg[2].b,
           .choose = choose_all,
           .value = f->n_out > 1 ? f->out[0]->data : NULL,
           .index = (int64_t *)(void *)f->out[f->n_out - 1]->data};
  return run_lanes(f->ctx, &j, nn_dense(f, 0));
}

static bool sort_vjp(nn_vjp *v) { return places_vjp(v, 1, false); }

#define SORT_PARAMS                                                                                          \
  {                                                                                                          \
    {"input", P_TENSOR}, {"dim", P_DIM, "-1"}, {"descending", P_BOOL, "false"}, {                            \
      "stable", P_BOOL, "false", .keyword = true                                                             \
    }                                                                                                        \
  }

const nn_op nn_op_sort = {
    .name = "sort",
    .doc = "The elements in ascending (or descending) order along a dimension, and the positions they had,\n"
           "from 1. Equal elements always keep their order, so that stable changes nothing. NaN counts as\n"
           "the largest.",
    .example = "tensor{3, 1, 2}:sort()\n--> {1, 2, 3}\t{2, 3, 1}",
    .params = SORT_PARAMS,
    .flags = USUAL,
    .saves_out = 2,
    .n_out = 2,
    .infer = sort_infer,
    .kernel = sort_kernel,
    .vjp = sort_vjp,
    .samples = NN_SAMPLES("D(2,3,4), 2", "D(3,40), -1, true", "T(D(3,2)), 1",
                          "D(5), {descending = true, stable = true}", "D(1500)", "D()", "R(0,3), 1"),
    .invalid = "R(2,3), 3",
    .complaint = "dimensions are"};

const nn_op nn_op_argsort = {
    .name = "argsort",
    .doc = "The positions, from 1, that put the elements in order along a dimension: x:gather(dim,\n"
           "x:argsort(dim)) is sorted. Equal elements keep their order.",
    .example = "tensor{3, 1, 2}:argsort()\n--> {2, 3, 1}",
    .params = SORT_PARAMS,
    .flags = USUAL | NN_NO_GRAD,
    .infer = sort_infer,
    .kernel = sort_kernel,
    .samples = NN_SAMPLES("D(2,3,4), 2", "D(3,4), -1, true", "I(3,20)", "B(7), {stable = true}"),
    .invalid = "R(2,3), 3",
    .complaint = "dimensions are"};

/* ---- topk, kthvalue --------------------------------------------------------------------------------- */

enum { FEW = 16, BLOCK = 1024, LOOK_AT = 16 };

/* Puts a key among the `found` best ones, of which there are at most j->take. */
static inline int64_t keep_best(const job *j, nn_key *best, int64_t found, nn_key k) {
  if (found == j->take && k.key >= best[found - 1].key) return found;
  int64_t at = found < j->take ? found++ : found - 1;
  for (; at > 0 && best[at - 1].key > k.key; at--) best[at] = best[at - 1];
  best[at] = k;
  return found;
}

/* Any of LOOK_AT neighbours that may belong before the worst of those found? NaN may. */
#define MAY_BEAT(type) \
  static bool may_beat_##type(const job *j, const type *x, type worst) { \
    int hit = 0; \
    if (j->descending) \
      for (int i = 0; i < LOOK_AT; i++) hit |= !(x[i] <= worst); \
    else \
      for (int i = 0; i < LOOK_AT; i++) hit |= !(x[i] >= worst); \
    return hit; \
  }
MAY_BEAT(float)
MAY_BEAT(double)

/* Whether any of x[i .. i + LOOK_AT) may be chosen when `worst` is the place of the last one. */
static bool worth_a_look(const job *j, const char *x, int64_t i, int64_t worst) {
  if (j->lanes.inner != 1) return true;
  if (j->dtype == NN_FLOAT32)
    return may_beat_float(j, (const float *)(const void *)x + i, ((const float *)(const void *)x)[worst]);
  if (j->dtype == NN_FLOAT64)
    return may_beat_double(j, (const double *)(const void *)x + i, ((const double *)(const void *)x)[worst]);
  return true;
}

/* Up to FEW of many: those found so far are kept in order, and most elements are compared with the last of them only. */
static void choose_few(const job *j, const char *x, nn_key *k, nn_key *spare) {
  nn_key block[LOOK_AT];
  int64_t found = 0, n = j->lanes.n, inner = j->lanes.inner;
  (void)spare;
  for (int64_t at = 0; at < n && !nn_interrupted_at(at); at += LOOK_AT) {
    int64_t m = n - at < LOOK_AT ? n - at : LOOK_AT;
    if (m == LOOK_AT && found == j->take && !worth_a_look(j, x, at, k[found - 1].at)) continue;
    nn_keys_load(j->dtype, x + at * inner * j->elem, m, inner, j->descending, block);
    for (int64_t i = 0; i < m; i++) {
      block[i].at += at;
      found = keep_best(j, k, found, block[i]);
    }
  }
}

/* The best j->take of the `found` first, the worst of them last. */
static void shrink(const job *j, nn_key *k, int64_t found) {
  if (found > j->take) nn_keys_select(k, found, j->take - 1);
}

/* A share of many: those that may belong to it are gathered until there is no more room, and then the best of them stay. */
static void choose_some(const job *j, const char *x, nn_key *k, nn_key *spare) {
  nn_key block[LOOK_AT];
  int64_t found = 0, n = j->lanes.n, inner = j->lanes.inner, room = j->each / 2;
  uint64_t limit = UINT64_MAX;
  int64_t worst = -1;
  for (int64_t at = 0; at < n && !nn_interrupted_at(at); at += LOOK_AT) {
    int64_t m = n - at < LOOK_AT ? n - at : LOOK_AT;
    if (m == LOOK_AT && worst >= 0 && !worth_a_look(j, x, at, worst)) continue;
    nn_keys_load(j->dtype, x + at * inner * j->elem, m, inner, j->descending, block);
    for (int64_t i = 0; i < m; i++)
      if (worst < 0 || block[i].key < limit) k[found++] = (nn_key){block[i].key, block[i].at + at};
    if (found + LOOK_AT <= room) continue;
    shrink(j, k, found);
    found = j->take, worst = k[found - 1].at, limit = k[found - 1].key;
  }
  shrink(j, k, found);
  if (nn_interrupted()) return;
  /* in the order of their places, then of their keys */
  for (int64_t i = 0; i < j->take; i++) spare[i] = (nn_key){(uint64_t)k[i].at, (int64_t)k[i].key};
  nn_keys_sort(spare, k, j->take);
  for (int64_t i = 0; i < j->take; i++) k[i] = (nn_key){(uint64_t)spare[i].at, (int64_t)spare[i].key};
  nn_keys_sort(k, spare, j->take);
}

static void choose_top(const job *j, const char *x, nn_key *k, nn_key *spare) {
  (void)x;
  nn_keys_sort(k, spare, j->lanes.n);
}

static bool topk_infer(nn_frame *f) {
  int dim = (int)f->arg[2].i;
  int64_t k = f->arg[1].i, n = lane_size(f, dim);
  if (k < 0 || k > n)
    return nn_bad(f, "k = %lld is out of range: there are %lld elements along dimension %d", (long long)k,
                  (long long)n, dim + 1);
  nn_spec_like(f, 0, f->in[0]);
  if (f->in[0]->ndim > 0) f->spec[0].shape[dim] = k;
  nn_spec_set(f, 1, NN_INT64, f->spec[0].ndim, f->spec[0].shape);
  if (f->in[0]->ndim == 0 && k == 0) return nn_bad(f, "k = 0 is out of range: a number has one element");
  return true;
}

static bool topk_kernel(nn_frame *f) {
  job j = {.lanes = lanes_of(f, (int)f->arg[2].i),
           .take = f->arg[1].i,
           .descending = f->arg[3].b,
           .sorted = f->arg[4].b,
           .choose = choose_top,
           .value = f->out[0]->data,
           .index = (int64_t *)(void *)f->out[1]->data};
  if (j.take <= j.lanes.n / 4 && j.take > 0) {
    j.choose = j.take <= FEW ? choose_few : choose_some, j.in_blocks = true;
    j.each = j.take <= FEW ? FEW : 2 * (2 * j.take + BLOCK);
  }
  return run_lanes(f->ctx, &j, nn_dense(f, 0));
}

static bool topk_vjp(nn_vjp *v) { return places_vjp(v, 2, false); }

const nn_op nn_op_topk = {
    .name = "topk",
    .doc = "The k largest (or with largest = false smallest) elements along a dimension and their\n"
           "positions, from 1; in order unless sorted = false. Of equal elements the first are taken. NaN\n"
           "counts as the largest.",
    .example = "tensor{3, 9, 1, 7}:topk(2)\n--> {9, 7}\t{2, 4}",
    .params = {{"input", P_TENSOR},
               {"k", P_INT},
               {"dim", P_DIM, "-1"},
               {"largest", P_BOOL, "true"},
               {"sorted", P_BOOL, "true"}},
    .flags = USUAL,
    .saves_out = 2,
    .n_out = 2,
    .infer = topk_infer,
    .kernel = topk_kernel,
    .vjp = topk_vjp,
    .samples =
        NN_SAMPLES("D(3,5), 2", "D(4,2,3), 2, 1, false", "T(D(30,2)), 3, 1", "D(40), 3, {sorted = false}",
                   "D(100), 20", "D(2,100), 20, {sorted = false}", "D(3), 0", "D(), 1"),
    .invalid = "R(2,3), 4",
    .complaint = "k = 4 is out of range: there are 3 elements along dimension 2"};

static void choose_rank(const job *j, const char *x, nn_key *k, nn_key *spare) {
  (void)x, (void)spare;
  nn_keys_select(k, j->lanes.n, j->rank);
  k[0] = k[j->rank];
}

static bool one_infer(nn_frame *f, int dim_param) {
  int dim = (int)f->arg[dim_param].i;
  char text[NN_SHAPE_TEXT];
  if (lane_size(f, dim) == 0)
    return nn_bad(f, "there is no element to choose from along dimension %d of shape %s", dim + 1,
                  nn_tensor_shape_text(f->in[0], text));
  for (int k = 0; k < 2; k++)
    nn_reduced_spec(f, k, k == 0 ? (nn_dtype)f->in[0]->dtype : NN_INT64, MASK(f, dim_param),
                    f->arg[dim_param + 1].b);
  return true;
}

/* rooms: 2 where choose needs spare room. */
static bool one_kernel(nn_frame *f, int dim_param, choose_fn *choose, int64_t rank, int rooms) {
  job j = {.lanes = lanes_of(f, (int)f->arg[dim_param].i),
           .take = 1,
           .rank = rank,
           .each = rooms * lane_size(f, (int)f->arg[dim_param].i),
           .choose = choose,
           .value = f->out[0]->data,
           .index = (int64_t *)(void *)f->out[1]->data};
  return run_lanes(f->ctx, &j, nn_dense(f, 0));
}

static bool kthvalue_infer(nn_frame *f) {
  int dim = (int)f->arg[2].i;
  int64_t k = f->arg[1].i, n = lane_size(f, dim);
  if (k < 1 || k > n)
    return nn_bad(f, "k = %lld is out of range: there are %lld elements along dimension %d", (long long)k,
                  (long long)n, dim + 1);
  return one_infer(f, 2);
}
static bool kthvalue_kernel(nn_frame *f) { return one_kernel(f, 2, choose_rank, f->arg[1].i - 1, 1); }
static bool kthvalue_vjp(nn_vjp *v) { return places_vjp(v, 2, true); }

const nn_op nn_op_kthvalue = {
    .name = "kthvalue",
    .doc = "The k-th smallest element along a dimension and its position, from 1. NaN counts as the largest.",
    .example = "tensor{3, 9, 1, 7}:kthvalue(2)\n--> 3\t1",
    .params = {{"input", P_TENSOR}, {"k", P_INT}, {"dim", P_DIM, "-1"}, {"keepdim", P_BOOL, "false"}},
    .flags = USUAL,
    .saves_out = 2,
    .n_out = 2,
    .infer = kthvalue_infer,
    .kernel = kthvalue_kernel,
    .vjp = kthvalue_vjp,
    .samples = NN_SAMPLES("D(3,5), 2", "D(4,2,3), 3, 1, true", "T(D(3,2)), 1, 1", "D(), 1"),
    .invalid = "R(3), 0",
    .complaint = "k = 0 is out of range"};

/* ---- median, mode ----------------------------------------------------------------------------------- */

/* The lower of the two in the middle; the first NaN where there is one. */
static void choose_middle(const job *j, const char *x, nn_key *k, nn_key *spare) {
  (void)x, (void)spare;
  uint64_t nan = nn_key_nan(j->dtype, false);
  for (int64_t i = 0; nn_is_float(j->dtype) && i < j->lanes.n && !nn_interrupted_at(i); i++)
    if (k[i].key == nan) {
      k[0] = k[i];
      return;
    }
  nn_keys_select(k, j->lanes.n, (j->lanes.n - 1) / 2);
  k[0] = k[(j->lanes.n - 1) / 2];
}

static bool median_infer(nn_frame *f) {
  nn_dtype dtype = (nn_dtype)f->in[0]->dtype;
  if (f->in[0]->numel == 0 && !nn_is_float(dtype)) return nn_bad(f, "there is no element to choose from");
  nn_spec_set(f, 0, dtype, 0, NULL);
  return true;
}

/* NaN is above all others: the largest tells whether there is one. */
static bool median_of_floats(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  const float *from = (const float *)(const void *)x->data;
  float *to = (float *)(void *)f->out[0]->data;
  NN_SELECT(nn_reduce)->run[NN_REDUCE_MAX][NN_FLOAT32](x->numel, from, to);
  if (isnan(*to)) return true;
  size_t bytes = (size_t)x->numel * sizeof(uint32_t);
  uint32_t *spare = nn_scratch(f->ctx, bytes);
  if (spare == NULL) return false;
  nn_select_f32(from, x->numel, (x->numel - 1) / 2, spare, to);
  nn_scratch_free(f->ctx, spare, bytes);
  return x->numel < 1 << 16 || !nn_interrupted();
}

static bool median_kernel(nn_frame *f) {
  int64_t place, n = f->in[0]->numel;
  if (f->in[0]->dtype == NN_FLOAT32 && n >= 256) return median_of_floats(f);
  job j = {.lanes = {1, n, 1}, .take = 1, .each = n, .choose = choose_middle, .value = f->out[0]->data, .index = &place};
  if (n > 0) return run_lanes(f->ctx, &j, nn_dense(f, 0));
  nn_set(f->out[0], NULL, (double)NAN);
  return true;
}

/* Elements equal to the median share the gradient evenly. */
static bool median_vjp(nn_vjp *v) {
  C c = v->ctx;
  T x = nn_in(v, 0), y = nn_out(v, 0);
  if (x == NULL || y == NULL) return false;
  double middle = nn_item(y);
  T same = isnan(middle) ? nn_do(c, &nn_op_isnan, v_t(x)) : nn_do(c, &nn_op_eq, v_t(x), v_t(y));
  T share = t_to(c, same, (nn_dtype)x->dtype);
  T count = share ? nn_do(c, &nn_op_sum, v_t(share)) : NULL;
  return (v->d[0] = t_mul(c, share, t_div(c, v->g[0], count))) != NULL;
}

const nn_op nn_op_median = {
    .name = "median",
    .doc = "The median of all elements: of an even number the lower of the two in the middle. NaN if there\n"
           "is one. Elements equal to it share the gradient evenly.",
    .example = "tensor{4, 1, 3, 2}:median()\n--> 2",
    .params = {{"input", P_TENSOR}},
    .flags = USUAL,
    .saves_in = 1,
    .saves_out = 1,
    .infer = median_infer,
    .kernel = median_kernel,
    .vjp = median_vjp,
    .samples = NN_SAMPLES("D(2,3)", "D(5)", "T(D(3,3))", "D()"),
    .invalid = "I(3,0)",
    .complaint = "no element"};

static bool median_dim_infer(nn_frame *f) { return one_infer(f, 1); }
static bool median_dim_kernel(nn_frame *f) { return one_kernel(f, 1, choose_middle, 0, 1); }
static bool one_vjp(nn_vjp *v) { return places_vjp(v, 1, true); }

const nn_op nn_op_median_dim = {
    .name = "median.dim",
    .doc = "Medians along a dimension and their positions, from 1: of an even number of elements the lower\n"
           "of the two in the middle, the first NaN where there is one.",
    .example = "tensor{{4, 1, 3}, {7, 9, 8}}:median(2)\n--> {3, 8}\t{3, 3}",
    .params = {{"input", P_TENSOR}, {"dim", P_DIM}, {"keepdim", P_BOOL, "false"}},
    .flags = USUAL,
    .saves_out = 2,
    .n_out = 2,
    .infer = median_dim_infer,
    .kernel = median_dim_kernel,
    .vjp = one_vjp,
    .samples = NN_SAMPLES("D(3,5), 2", "D(4,2,3), 1, true", "T(D(3,2)), -2", "D(), 1"),
    .invalid = "R(2,3), 3",
    .complaint = "dimensions are"};

static void choose_frequent(const job *j, const char *x, nn_key *k, nn_key *spare) {
  (void)x;
  int64_t n = j->lanes.n, longest = 0, run = 0;
  nn_key best = k[0];
  nn_keys_sort(k, spare, n);
  for (int64_t i = 0; i < n && !nn_interrupted_at(i); i++) {
    run = i > 0 && k[i].key == k[i - 1].key ? run + 1 : 1;
    if (run > longest || (run == longest && k[i].key == best.key)) longest = run, best = k[i];
  }
  k[0] = best;
}

static bool mode_kernel(nn_frame *f) { return one_kernel(f, 1, choose_frequent, 0, 2); }

const nn_op nn_op_mode = {
    .name = "mode",
    .doc = "The most frequent value along a dimension, the smallest of those where several are, and the\n"
           "position, from 1, of its last occurrence.",
    .example = "tensor{5, 2, 7, 2}:mode()\n--> 2\t4",
    .params = {{"input", P_TENSOR}, {"dim", P_DIM, "-1"}, {"keepdim", P_BOOL, "false"}},
    .flags = USUAL,
    .saves_out = 2,
    .n_out = 2,
    .infer = median_dim_infer,
    .kernel = mode_kernel,
    .vjp = one_vjp,
    .samples = NN_SAMPLES("D(3,5), 2", "D(4,2,3), 1, true", "T(D(3,2)), -2", "D(), 1"),
    .invalid = "R(2,0)",
    .complaint = "no element"};
