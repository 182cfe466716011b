/* recurrent_backward.c - the private operations of a recurrent layer's gradient: sums in front of the gates, all gradients
 * at once, and what each step began with. recurrent_vjp.c puts them together. */
#include <string.h>

#include "interrupt.h"
#include "recurrent.h"

enum { B_DY, B_DH, B_DC, B_Y, B_H, B_C, B_GATES, B_CELLS, B_WHH, B_WHR, B_WPH, B_SIZES, B_FLAGS };

/* Results: gradients of the sums in front of the gates [rows, gates * hidden], in order of time; GRU: of the recurrent ones
 * alone, LSTM with projection: of y and what came after it; of h0; of c0. */
static bool back_infer(nn_frame *f) {
  const nn_tensor *y = f->in[B_Y], *h = f->in[B_H], *w = f->in[B_WHH];
  const int64_t state = h->shape[1], rows = state ? y->numel / state : 0, none = 0;
  const nn_dtype d = (nn_dtype)y->dtype;
  nn_spec_set(f, 0, d, 2, (int64_t[]){rows, w->shape[0]});
  nn_spec_set(f, 1, d, 1, &none);
  if ((f->arg[B_FLAGS].i & 15) == NN_CELL_GRU) nn_spec_set(f, 1, d, 2, (int64_t[]){rows, w->shape[0]});
  if (f->in[B_WHR]) nn_spec_set(f, 1, d, 2, (int64_t[]){rows, state});
  nn_spec_like(f, 2, h);
  nn_spec_set(f, 3, d, 1, &none);
  if (f->in[B_C]) nn_spec_like(f, 3, f->in[B_C]);
  return true;
}

/* A gradient, zero where there is none, to be changed in place. */
static bool start_from(nn_tensor *to, const nn_tensor *g) {
  if (g != NULL) return nn_copy_data(to, g);
  memset(to->data, 0, (size_t)to->numel * nn_esize(to));
  return true;
}

/* The data of in[i] as dense memory; an input that is not there is NULL, which *ok survives. */
static const void *dense(nn_frame *f, int i, bool *ok) {
  const nn_tensor *t = f->in[i] ? nn_dense(f, i) : NULL;
  if (f->in[i] && t == NULL) *ok = false;
  return t ? t->data : NULL;
}

static bool back_kernel(nn_frame *f) {
  const nn_tensor *y = f->in[B_Y], *w = f->in[B_WHH];
  const nn_dtype d = (nn_dtype)y->dtype;
  const int64_t flags = f->arg[B_FLAGS].i;
  const nn_rec_layer l = nn_rec_layer_of(y, f->in[B_H], f->in[B_SIZES], w->shape[0] / nn_cell_gates((enum nn_cell)(flags & 15)), flags);
  struct nn_recurrent layer = {0}, *r = &layer;
  bool ok = start_from(f->out[2], f->in[B_DH]) && (f->in[B_C] == NULL || start_from(f->out[3], f->in[B_DC]));
  r->dy = dense(f, B_DY, &ok), r->y = (void *)(uintptr_t)dense(f, B_Y, &ok);
  r->h = (void *)(uintptr_t)dense(f, B_H, &ok), r->c = (void *)(uintptr_t)dense(f, B_C, &ok);
  r->gates = f->in[B_GATES] ? f->in[B_GATES]->data : NULL;
  r->cells = f->in[B_CELLS] ? f->in[B_CELLS]->data : NULL;
  r->peephole = dense(f, B_WPH, &ok);
  r->dgates = f->out[0]->data, r->dgates_h = r->dprojected = f->out[1]->data;
  r->dh = f->out[2]->data, r->dc = f->out[3]->data;
  if (!ok || (r->w_hh = nn_rec_pack_matrix(f, B_WHH, false)) == NULL) return false;
  if (f->in[B_WHR] && (r->w_hr = nn_rec_pack_matrix(f, B_WHR, false)) == NULL) return false;
  return nn_rec_place_rows(f->ctx, &l, r) && nn_rec_run(f->ctx, r, d, true);
}

const nn_op nn_op_recurrent_backward = {
    .name = "recurrent_backward", .doc = "Part of a gradient.",
    .params = {{"dy", P_TENSOR, "nil"}, {"dh", P_TENSOR, "nil"}, {"dc", P_TENSOR, "nil"}, {"y", P_TENSOR}, {"h0", P_TENSOR},
               {"c0", P_TENSOR, "nil"}, {"gates", P_TENSOR, "nil"}, {"cells", P_TENSOR, "nil"}, {"weight_hh", P_TENSOR},
               {"weight_hr", P_TENSOR, "nil"}, {"weight_ph", P_TENSOR, "nil"}, {"batch_sizes", P_TENSOR, "nil"},
               {"flags", P_INT}},
    .flags = NN_PRIVATE | NN_NO_GRAD, .n_out = 4, .infer = back_infer, .kernel = back_kernel};

/* ---- all gradients at once ---------------------------------------------------------------------------- */

/* Where no projection and no peepholes are and every thread has sequences of its own, a thread goes from the gradients of
 * a few steps on to those of the weights while they are in its cache. */
enum { G_DY, G_DH, G_DC, G_X, G_Y, G_H, G_C, G_GATES, G_CELLS, G_WIH, G_WHH, G_SIZES, G_FLAGS };

/* Results: the gradient of x, or with picks (which then are in place of weight_ih) of the gates' part of each row of the
 * table [picks, gates * hidden], or nothing; of the weights one after the other: w_ih (without picks), w_hh, b_ih, b_hh;
 * of h0; of c0. */
static bool grad_infer(nn_frame *f) {
  const nn_tensor *x = f->in[G_X], *w = f->in[G_WHH];
  const int64_t flags = f->arg[G_FLAGS].i, none = 0, picks = flags >> NN_REC_PICKS;
  const nn_dtype d = (nn_dtype)x->dtype;
  const int64_t weights = w->shape[0] * (w->shape[1] + 2 + (flags & NN_REC_WITH_PICKS ? 0 : x->shape[x->ndim - 1]));
  nn_spec_set(f, 0, d, 1, &none);
  if (flags & NN_REC_WANT_DX) nn_spec_like(f, 0, x);
  if (flags & NN_REC_WITH_PICKS) nn_spec_set(f, 0, d, 2, (int64_t[]){picks, w->shape[0]});
  nn_spec_set(f, 1, d, 1, &weights);
  nn_spec_like(f, 2, f->in[G_H]);
  nn_spec_set(f, 3, d, 1, &none);
  if (f->in[G_C]) nn_spec_like(f, 3, f->in[G_C]);
  return true;
}

typedef struct grad_job {
  struct nn_recurrent r;
  const struct nn_recurrent_kernels *k;
  nn_dtype dtype;
  int64_t gates, wide_in, wide_state; /* rows of the weights; rows of their sums are as long */
  size_t each;                        /* bytes for a thread: its sums, then scratch */
  size_t at_hh, at_bias, at_picked, at_scratch;
  char *scratch, *picked, *weights;
  int parts;
} grad_job;

static void grad_range(void *arg, int64_t begin, int64_t end, int thread) {
  const grad_job *j = arg;
  char *at = j->scratch + (size_t)thread * j->each;
  const struct nn_recurrent_sums sums = {at, at + j->at_hh, at + j->at_bias, at + j->at_picked};
  j->k->gradients[j->dtype](&j->r, begin, end, at + j->at_scratch, &sums);
}

/* Rows begin .. end - 1 of the weights' gradients: what the threads have summed up, together. */
static void collect_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const grad_job *j = arg;
  const struct nn_recurrent *r = &j->r;
  const size_t e = nn_dtype_size(j->dtype);
  const int64_t input = r->pick ? 0 : r->input, state = r->state;
  char *hh = j->weights + (size_t)(j->gates * input) * e, *bias = hh + (size_t)(j->gates * state) * e;
  for (int64_t i = begin; i < end; i++) {
    if (input > 0)
      j->k->collect[j->dtype](j->parts, j->each, j->scratch + (size_t)(i * j->wide_in) * e, input,
                              j->weights + (size_t)(i * input) * e);
    j->k->collect[j->dtype](j->parts, j->each, j->scratch + j->at_hh + (size_t)(i * j->wide_state) * e, state,
                            hh + (size_t)(i * state) * e);
  }
  const char *sums = j->scratch + j->at_bias + (size_t)begin * e;
  j->k->collect[j->dtype](j->parts, j->each, sums, end - begin, bias + (size_t)begin * e);
  /* GRU: the recurrent part of the last gate has a slot of its own. */
  for (int64_t i = begin; i < end; i++) {
    const int64_t from = r->cell == NN_CELL_GRU && i >= 2 * r->hidden ? i + r->hidden : i;
    j->k->collect[j->dtype](j->parts, j->each, j->scratch + j->at_bias + (size_t)from * e, 1,
                            bias + (size_t)(j->gates + i) * e);
  }
}

static void collect_picked(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const grad_job *j = arg;
  const size_t at = (size_t)(begin * j->gates) * nn_dtype_size(j->dtype);
  j->k->collect[j->dtype](j->parts, j->each, j->scratch + j->at_picked + at, (end - begin) * j->gates, j->picked + at);
}

static bool run_gradients(nn_ctx *ctx, grad_job *j) {
  const struct nn_recurrent *r = &j->r;
  const int64_t grain = 4, width = j->k->width[j->dtype];
  const size_t e = nn_dtype_size(j->dtype);
  j->parts = nn_parallel_parts(r->n, grain);
  j->wide_in = r->pick ? 0 : nn_rec_padded(r->input, width), j->wide_state = nn_rec_padded(r->state, width);
  j->at_hh = (size_t)(j->gates * j->wide_in) * e;
  j->at_bias = j->at_hh + (size_t)(j->gates * j->wide_state) * e;
  j->at_picked = j->at_bias + (size_t)nn_rec_padded(nn_cell_slots(r->cell) * r->hidden, 16) * e;
  j->at_scratch = (j->at_picked + (size_t)(r->picks * j->gates) * e + 63) / 64 * 64;
  j->each = (j->at_scratch + j->k->back_scratch[j->dtype](r, r->n / j->parts + 1) + 63) / 64 * 64;
  j->scratch = nn_scratch(ctx, j->each * (size_t)j->parts);
  if (j->scratch == NULL) return false;
  nn_parallel(r->n, grain, grad_range, j);
  if (!nn_interrupted()) {
    nn_parallel(j->gates, 1 + 16384 / (r->input + r->state), collect_range, j);
    if (r->pick) nn_parallel(r->picks, 1 + 16384 / j->gates, collect_picked, j);
  }
  nn_scratch_free(ctx, j->scratch, j->each * (size_t)j->parts);
  return !nn_interrupted();
}

static bool grad_kernel(nn_frame *f) {
  const nn_tensor *y = f->in[G_Y], *x = f->in[G_X], *w = f->in[G_WHH];
  const int64_t flags = f->arg[G_FLAGS].i;
  const nn_rec_layer l = nn_rec_layer_of(y, f->in[G_H], f->in[G_SIZES], w->shape[0] / nn_cell_gates((enum nn_cell)(flags & 15)), flags);
  grad_job j = {.k = NN_SELECT(nn_recurrent_table), .dtype = (nn_dtype)y->dtype, .gates = w->shape[0]};
  struct nn_recurrent *r = &j.r;
  bool ok = start_from(f->out[2], f->in[G_DH]) && (f->in[G_C] == NULL || start_from(f->out[3], f->in[G_DC]));
  r->input = x->shape[x->ndim - 1];
  r->dy = dense(f, G_DY, &ok), r->y = (void *)(uintptr_t)dense(f, G_Y, &ok), r->x = dense(f, G_X, &ok);
  r->h = (void *)(uintptr_t)dense(f, G_H, &ok), r->c = (void *)(uintptr_t)dense(f, G_C, &ok);
  r->gates = f->in[G_GATES] ? f->in[G_GATES]->data : NULL;
  r->cells = f->in[G_CELLS] ? f->in[G_CELLS]->data : NULL;
  r->dh = f->out[2]->data, r->dc = f->out[3]->data;
  j.weights = f->out[1]->data;
  if (!ok || (r->w_hh = nn_rec_pack_matrix(f, G_WHH, false)) == NULL) return false;
  if (flags & NN_REC_WITH_PICKS) {
    r->pick = (const int64_t *)(const void *)f->in[G_WIH]->data, r->picks = flags >> NN_REC_PICKS;
    j.picked = f->out[0]->data;
  } else if (flags & NN_REC_WANT_DX) {
    r->dx = f->out[0]->data;
    if ((r->w_ih = nn_rec_pack_matrix(f, G_WIH, false)) == NULL) return false;
  }
  return nn_rec_place_rows(f->ctx, &l, r) && run_gradients(f->ctx, &j);
}

const nn_op nn_op_recurrent_gradients = {
    .name = "recurrent_gradients", .doc = "Part of a gradient.",
    .params = {{"dy", P_TENSOR, "nil"}, {"dh", P_TENSOR, "nil"}, {"dc", P_TENSOR, "nil"}, {"x", P_TENSOR}, {"y", P_TENSOR},
               {"h0", P_TENSOR}, {"c0", P_TENSOR, "nil"}, {"gates", P_TENSOR, "nil"}, {"cells", P_TENSOR, "nil"},
               {"weight_ih", P_TENSOR}, {"weight_hh", P_TENSOR}, {"batch_sizes", P_TENSOR, "nil"}, {"flags", P_INT}},
    .flags = NN_PRIVATE | NN_NO_GRAD, .n_out = 4, .infer = grad_infer, .kernel = grad_kernel};

/* ---- the other way: gradients of the sums first, then products over all steps ---------------------------- */

/* What each step began with, in order of time: the state of the step before, the first states at the start; [rows, size].
 * With an input its rows stand in front of them: [rows, input + size]. */
static bool before_infer(nn_frame *f) {
  const nn_tensor *x = f->in[3];
  const int64_t size = f->in[1]->shape[1], wide = size + (x ? x->shape[x->ndim - 1] : 0);
  nn_spec_set(f, 0, (nn_dtype)f->in[0]->dtype, 2, (int64_t[]){size ? f->in[0]->numel / size : 0, wide});
  return true;
}

typedef struct before_job {
  nn_rec_layer l;
  struct nn_recurrent r;
  const char *y, *h, *x;
  char *to;
  size_t bytes, x_bytes; /* of a row */
} before_job;

static int64_t row_of(const struct nn_recurrent *r, int64_t t, int64_t i) {
  return r->first ? r->first[t] + i : t * r->step + i * r->sequence;
}

static void before_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const before_job *j = arg;
  const nn_rec_layer *l = &j->l;
  const struct nn_recurrent *r = &j->r;
  for (int64_t t = begin; t < end; t++) {
    const int64_t s = l->reverse ? t + 1 : t - 1, n = l->batch ? l->batch[t] : l->n;
    const int64_t had = s < 0 || s >= l->steps ? 0 : l->batch ? l->batch[s] : l->n;
    char *to = j->to + (size_t)(r->first ? r->first[t] : t * l->n) * (j->bytes + j->x_bytes);
    for (int64_t i = 0; i < n; i++, to += j->bytes + j->x_bytes) {
      if (j->x) memcpy(to, j->x + (size_t)row_of(r, t, i) * j->x_bytes, j->x_bytes);
      memcpy(to + j->x_bytes, i < had ? j->y + (size_t)row_of(r, s, i) * j->bytes : j->h + (size_t)i * j->bytes, j->bytes);
    }
  }
}

static bool before_kernel(nn_frame *f) {
  const nn_tensor *y = nn_dense(f, 0), *h = nn_dense(f, 1), *x = f->in[3] ? nn_dense(f, 3) : NULL;
  if (y == NULL || h == NULL || (f->in[3] && x == NULL)) return false;
  before_job j = {.l = nn_rec_layer_of(y, h, f->in[2], h->shape[1], f->arg[3].i), .y = y->data, .h = h->data, .to = f->out[0]->data};
  if (!nn_rec_place_rows(f->ctx, &j.l, &j.r)) return false;
  j.bytes = (size_t)j.l.state * nn_esize(y);
  if (x) j.x = x->data, j.x_bytes = (size_t)x->shape[x->ndim - 1] * nn_esize(x);
  const int64_t step = j.l.n * (int64_t)(j.bytes + j.x_bytes);
  nn_parallel(j.l.steps, 1 + 65536 / (step + 1), before_range, &j);
  return true;
}

const nn_op nn_op_recurrent_before = {
    .name = "recurrent_before", .doc = "Part of a gradient.",
    .params = {{"states", P_TENSOR}, {"first", P_TENSOR}, {"batch_sizes", P_TENSOR, "nil"}, {"flags", P_INT},
               {"input", P_TENSOR, "nil"}},
    .flags = NN_PRIVATE | NN_NO_GRAD, .infer = before_infer, .kernel = before_kernel};
