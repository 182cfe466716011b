/* recurrent.c - one direction of a recurrent layer (RNN, LSTM, GRU) over all time steps: fused loops, and the same as
 * plain operations for higher derivatives. Layers, directions and cells are put together in Lua (nn/recurrent.lua). */
#include "kernels/recurrent.h"

#include <string.h>

#include "expr.h"
#include "interrupt.h"
#include "parallel.h"

enum { IN_X, IN_H, IN_C, IN_WIH, IN_WHH, IN_BIH, IN_BHH, IN_WHR, IN_WPH, IN_SIZES, MODE, REVERSE, BATCH_FIRST };

EXPR1(t_sigmoid, sigmoid)
EXPR1(t_tanh, tanh)
EXPR1(t_relu, relu)
EXPR2(t_mm, mm)

static T t_cat(C c, int n, T *list, int64_t dim) {
  for (int i = 0; i < n; i++)
    if (list[i] == NULL) return NULL;
  return n == 1 ? list[0] : nn_do(c, &nn_op_cat, v_ts(n, list), v_i(dim));
}
static T t_linear(C c, T x, T w, T b) { return x && w ? nn_do(c, &nn_op_linear, v_t(x), v_t(w), v_opt(b)) : NULL; }

/* ---- what the arguments say ------------------------------------------------------------------------- */

typedef struct layer {
  enum nn_cell cell;
  bool reverse, batch_first;
  int64_t steps, n, rows, hidden, state; /* rows: of all steps together */
  const int64_t *batch;                  /* of packed sequences, else NULL */
} layer;

/* Sizes of input (3 dimensions, or 2 with batch_sizes) and states; `sizes` is dense int64 or NULL. */
static layer layer_of(const nn_tensor *y, const nn_tensor *h0, const nn_tensor *sizes, int64_t hidden, int64_t flags) {
  layer l = {.cell = (enum nn_cell)(flags & 15), .reverse = flags >> 4 & 1, .batch_first = flags >> 5 & 1};
  l.n = h0->shape[0], l.state = h0->shape[1], l.hidden = hidden;
  if (sizes != NULL) {
    l.batch = (const int64_t *)(const void *)sizes->data;
    l.steps = sizes->numel;
    l.rows = y->shape[0];
  } else {
    l.steps = y->shape[l.batch_first ? 1 : 0];
    l.rows = l.steps * l.n;
  }
  return l;
}

static int64_t flags_of(const nn_value *arg) {
  return arg[MODE].i | (arg[REVERSE].b ? 16 : 0) | (arg[BATCH_FIRST].b ? 32 : 0);
}

/* first[t]: the row where step t begins. False without memory. */
static bool place_rows(nn_ctx *ctx, const layer *l, struct nn_recurrent *r) {
  r->cell = l->cell, r->reverse = l->reverse, r->steps = l->steps, r->n = l->n;
  r->hidden = l->hidden, r->state = l->state;
  r->step = l->batch_first ? 1 : l->n;
  r->sequence = l->batch_first ? l->steps : 1;
  if (l->batch == NULL) return true;
  nn_tensor *first = nn_keep(ctx, nn_empty(ctx, NN_INT64, 1, &l->steps));
  if (first == NULL) return false;
  int64_t *at = (int64_t *)(void *)first->data, row = 0;
  for (int64_t t = 0; t < l->steps; t++) at[t] = row, row += l->batch[t];
  r->first = at;
  r->batch = l->batch;
  return true;
}

static bool expect_shape(nn_frame *f, int i, int n, const int64_t *shape) {
  const nn_tensor *t = f->in[i];
  char name[64], want[NN_SHAPE_TEXT], got[NN_SHAPE_TEXT];
  if (t == NULL) return true;
  bool fits = t->ndim == n;
  for (int d = 0; d < n && fits; d++) fits = t->shape[d] == shape[d];
  if (fits) return nn_expect_same_dtype(f, IN_X, i);
  return nn_bad(f, "expected %s of shape %s, got %s", nn_input_name(f, i, name), nn_shape_text(n, shape, want),
                nn_tensor_shape_text(t, got));
}

static bool check_sizes(nn_frame *f) {
  const nn_tensor *x = f->in[IN_X];
  if (f->in[IN_SIZES] == NULL) return true;
  if (!nn_expect_ndim(f, IN_SIZES, 1, 1) || !nn_expect_index(f, IN_SIZES)) return false;
  const nn_tensor *sizes = nn_dense(f, IN_SIZES);
  if (sizes == NULL) return false;
  f->in[IN_SIZES] = (nn_tensor *)sizes;
  const int64_t *b = (const int64_t *)(const void *)sizes->data;
  int64_t sum = 0, before = f->in[IN_H]->shape[0];
  for (int64_t t = 0; t < sizes->numel; t++) {
    if (b[t] < 1 || b[t] > before || (t == 0 && b[t] != before))
      return nn_bad(f, "batch_sizes[%lld] is %lld: expected the batch size (%lld) first, then never more than before",
                    (long long)t + 1, (long long)b[t], (long long)f->in[IN_H]->shape[0]);
    sum += before = b[t];
  }
  if (sum == x->shape[0]) return true;
  return nn_bad(f, "batch_sizes add up to %lld, but the packed input has %lld rows", (long long)sum, (long long)x->shape[0]);
}

static bool check_weights(nn_frame *f, int64_t hidden, int64_t state, int64_t input) {
  const int64_t gates = nn_cell_gates((enum nn_cell)f->arg[MODE].i) * hidden, three = 3 * hidden;
  return expect_shape(f, IN_WIH, 2, (int64_t[]){gates, input}) && expect_shape(f, IN_WHH, 2, (int64_t[]){gates, state}) &&
         expect_shape(f, IN_BIH, 1, &gates) && expect_shape(f, IN_BHH, 1, &gates) &&
         expect_shape(f, IN_WHR, 2, (int64_t[]){state, hidden}) && expect_shape(f, IN_WPH, 1, &three);
}

static int64_t hidden_of(const nn_frame *f) {
  return f->in[IN_WHR] ? f->in[IN_WHR]->shape[1] : f->in[IN_H]->shape[1];
}

static bool rec_infer(nn_frame *f) {
  const nn_tensor *x = f->in[IN_X], *h = f->in[IN_H];
  const bool packed = f->in[IN_SIZES] != NULL, lstm = f->arg[MODE].i == NN_CELL_LSTM;
  if (!nn_expect_float(f, IN_X) || !nn_expect_ndim(f, IN_X, packed ? 2 : 3, packed ? 2 : 3)) return false;
  if (!nn_expect_ndim(f, IN_H, 2, 2) || (f->in[IN_WHR] && !nn_expect_ndim(f, IN_WHR, 2, 2))) return false;
  const int64_t n = packed ? h->shape[0] : x->shape[f->arg[BATCH_FIRST].b ? 0 : 1], hidden = hidden_of(f), state = h->shape[1];
  if ((packed ? f->in[IN_SIZES]->numel : x->shape[f->arg[BATCH_FIRST].b ? 1 : 0]) < 1)
    return nn_bad(f, "expected a sequence of at least one step");
  if (hidden < 1) return nn_bad(f, "expected a hidden size of at least 1");
  if (lstm && f->in[IN_C] == NULL) return nn_bad(f, "an lstm needs the states h0 and c0");
  if (!lstm && (f->in[IN_C] || f->in[IN_WHR] || f->in[IN_WPH])) return nn_bad(f, "c0, weight_hr and weight_ph belong to an lstm");
  if (!expect_shape(f, IN_H, 2, (int64_t[]){n, state}) || !expect_shape(f, IN_C, 2, (int64_t[]){n, hidden})) return false;
  if (!check_weights(f, hidden, state, x->shape[x->ndim - 1]) || !check_sizes(f)) return false;
  nn_spec_like(f, 0, x);
  f->spec[0].shape[x->ndim - 1] = state;
  nn_spec_like(f, 1, h);
  if (lstm) nn_spec_like(f, 2, f->in[IN_C]);
  f->n_out = lstm ? 3 : 2;
  return true;
}

/* ---- packed weights --------------------------------------------------------------------------------- */

static void *room(nn_ctx *ctx, nn_dtype d, int64_t n) {
  nn_tensor *t = nn_keep(ctx, nn_empty(ctx, d, 1, &n));
  return t ? t->data : NULL;
}
static int64_t padded(int64_t n, int64_t width) { return (n + width - 1) / width * width; }

typedef struct pack_job {
  const char *w;
  char *panels;
  nn_dtype dtype;
  int64_t gates, hidden, depth;
} pack_job;

/* Blocks begin .. end - 1, of all gates. */
static void pack_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const pack_job *j = arg;
  const struct nn_recurrent_kernels *k = NN_SELECT(nn_recurrent_table);
  const int64_t width = k->width[j->dtype], panel = j->depth * width, from = begin * width;
  const int64_t units = (end * width < j->hidden ? end * width : j->hidden) - from;
  const size_t e = nn_dtype_size(j->dtype);
  for (int64_t g = 0; g < j->gates; g++)
    k->pack_rows[j->dtype](units, j->depth, j->w + (size_t)((g * j->hidden + from) * j->depth) * e, j->gates * panel,
                           j->panels + (size_t)((begin * j->gates + g) * panel) * e);
}

/* [gates * hidden, depth] as panels by block of units and gate. */
static void *pack_gates(nn_frame *f, int i, enum nn_cell cell, int64_t hidden) {
  const nn_tensor *w = nn_dense(f, i);
  if (w == NULL) return NULL;
  pack_job j = {.w = w->data, .dtype = (nn_dtype)w->dtype, .gates = nn_cell_gates(cell), .hidden = hidden, .depth = w->shape[1]};
  const int64_t width = NN_SELECT(nn_recurrent_table)->width[j.dtype], panel = j.depth * width;
  j.panels = room(f->ctx, j.dtype, padded(hidden, width) * j.gates * j.depth + width);
  if (j.panels != NULL) nn_parallel((hidden + width - 1) / width, 1 + 16384 / (j.gates * panel + 1), pack_range, &j);
  return j.panels;
}

/* y = a w^T (by_rows) or y = a w. */
static void *pack_matrix(nn_frame *f, int i, bool by_rows) {
  const struct nn_recurrent_kernels *k = NN_SELECT(nn_recurrent_table);
  const nn_tensor *w = nn_dense(f, i);
  if (w == NULL) return NULL;
  const nn_dtype d = (nn_dtype)w->dtype;
  const int64_t rows = w->shape[0], cols = w->shape[1], width = k->width[d];
  void *panels = room(f->ctx, d, padded(by_rows ? rows : cols, width) * (by_rows ? cols : rows) + width);
  if (panels != NULL && by_rows) k->pack_rows[d](rows, cols, w->data, cols * width, panels);
  if (panels != NULL && !by_rows) k->pack_columns[d](rows, cols, w->data, panels);
  return panels;
}

#define AT(t, i) \
  ((t) == NULL ? 0 : (t)->dtype == NN_FLOAT32 ? (double)((const float *)(const void *)(t)->data)[i] \
                                              : ((const double *)(const void *)(t)->data)[i])

/* Both biases as one row of gates. GRU's new gate keeps them apart. */
static void *pack_bias(nn_frame *f, enum nn_cell cell, int64_t hidden) {
  const nn_tensor *bi = f->in[IN_BIH] ? nn_dense(f, IN_BIH) : NULL, *bh = f->in[IN_BHH] ? nn_dense(f, IN_BHH) : NULL;
  const nn_dtype d = (nn_dtype)f->in[IN_X]->dtype;
  const int64_t width = NN_SELECT(nn_recurrent_table)->width[d], slots = nn_cell_slots(cell);
  void *row = room(f->ctx, d, padded(hidden, width) * slots);
  for (int64_t s = 0; s < slots && row; s++) {
    const bool gru = cell == NN_CELL_GRU;
    const nn_tensor *x = gru && s == 3 ? NULL : bi, *h = gru && s == 2 ? NULL : bh;
    const int64_t g = gru && s == 3 ? 2 : s;
    for (int64_t j = 0; j < hidden; j++) {
      const int64_t at = (j / width * slots + s) * width + j % width, i = g * hidden + j;
      if (d == NN_FLOAT32)
        ((float *)row)[at] = (float)(AT(x, i) + AT(h, i));
      else
        ((double *)row)[at] = AT(x, i) + AT(h, i);
    }
  }
  return row;
}

/* ---- inputs that are rows of a table ----------------------------------------------------------------- */

/* Rows of an embedding repeat: what x adds to the gates is then computed once for each row that is there, and their
 * gradients are summed up by row before they become those of the weights. */
typedef struct repeats {
  int64_t count;   /* of different rows, 0: not used */
  nn_tensor *pick; /* [rows]: which of them each row of x is, from 0 */
  nn_tensor *rows; /* [count, input]: these rows */
  nn_tensor *ids;  /* [count]: their numbers in the table, from 1 */
} repeats;

/* The indices whose rows x is as it came from `embedding`; NULL where that is not so or is not known any more. */
static const nn_tensor *indices_of(const nn_tensor *x, const nn_node *made) {
  if (made == NULL || made->op != &nn_op_embedding || (made->flags & NN_N_RELEASED) || x->storage->version != 0) return NULL;
  const nn_tensor *index = made->saved[0].t;
  if (index == NULL || index->storage->version != made->saved[0].version || index->dtype != NN_INT64) return NULL;
  return nn_contig(index) && index->numel * x->shape[x->ndim - 1] == x->numel && nn_contig(x) ? index : NULL;
}

/* Numbers the different ones of the indices: at[i] is where the i-th is first. Returns how many there are. */
static int64_t number_rows(int64_t n, const int64_t *index, int64_t entries, int64_t *seen, int64_t *pick, int64_t *at) {
  int64_t count = 0;
  memset(seen, 0xff, (size_t)entries * sizeof *seen);
  for (int64_t i = 0; i < n; i++) {
    const int64_t entry = index[i] + (index[i] > 0 ? -1 : entries);
    if (seen[entry] < 0) seen[entry] = count, at[count++] = i;
    pick[i] = seen[entry];
  }
  return count;
}

/* False without memory. */
static bool find_repeats(nn_ctx *ctx, const nn_tensor *x, const nn_node *made, repeats *found) {
  const nn_tensor *index = indices_of(x, made);
  *found = (repeats){0};
  if (index == NULL) return true;
  const int64_t n = index->numel, entries = made->meta[1].shape[0], *from = (const int64_t *)(const void *)index->data;
  if (n < 64 || entries > 4 * n) return true;
  int64_t *seen = room(ctx, NN_INT64, entries), *at = room(ctx, NN_INT64, n);
  nn_tensor *pick = nn_keep(ctx, nn_empty(ctx, NN_INT64, 1, &n));
  if (seen == NULL || at == NULL || pick == NULL) return false;
  const int64_t shape[2] = {number_rows(n, from, entries, seen, (int64_t *)(void *)pick->data, at), x->shape[x->ndim - 1]};
  if (2 * shape[0] > n) return true;
  *found = (repeats){.count = shape[0], .pick = pick};
  found->rows = nn_keep(ctx, nn_empty(ctx, (nn_dtype)x->dtype, 2, shape));
  found->ids = nn_keep(ctx, nn_empty(ctx, NN_INT64, 1, shape));
  if (found->rows == NULL || found->ids == NULL) return false;
  const size_t bytes = (size_t)shape[1] * nn_esize(x);
  for (int64_t i = 0; i < shape[0]; i++) {
    memcpy(found->rows->data + (size_t)i * bytes, x->data + (size_t)at[i] * bytes, bytes);
    ((int64_t *)(void *)found->ids->data)[i] = from[at[i]];
  }
  return true;
}

/* ---- running ---------------------------------------------------------------------------------------- */

typedef struct job {
  struct nn_recurrent r;
  bool (*run)(const struct nn_recurrent *r, int64_t n0, int64_t n1, void *scratch);
  char *scratch;
  size_t each;
} job;

static void run_range(void *arg, int64_t begin, int64_t end, int thread) {
  const job *j = arg;
  j->run(&j->r, begin, end, j->scratch + (size_t)thread * j->each);
}

enum { FAR_WEIGHTS = 1536 << 10 };

/* Whether threads share the units of each step instead of the sequences: where these are too few for all threads and a
 * step is worth a fork, and where w_hh would not stay in every thread's level 2 cache as a whole. */
static bool by_units(const struct nn_recurrent *r, nn_dtype d) {
  const int64_t weights = nn_cell_gates(r->cell) * r->hidden * r->state, bytes = weights * (int64_t)nn_dtype_size(d);
  if (r->first || r->w_hr || r->peephole || nn_threads() == 1 || nn_in_parallel() || r->hidden != r->state) return false;
  if (r->hidden < 2 * NN_SELECT(nn_recurrent_table)->width[d]) return false;
  return nn_parallel_parts(r->n, 4) < nn_threads() ? r->n * bytes >= 256 << 10 : bytes > FAR_WEIGHTS;
}

typedef struct units_job {
  const struct nn_recurrent *r;
  void (*run)(const struct nn_recurrent *r, enum nn_recurrent_phase phase, const struct nn_recurrent_at *at, int64_t b0,
              int64_t b1, void *scratch);
  enum nn_recurrent_phase phase;
  struct nn_recurrent_at at;
  int64_t blocks;
  void *scratch;
} units_job;

static void units_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const units_job *u = arg;
  u->run(u->r, u->phase, &u->at, begin, end, u->scratch);
}

static void do_phase(units_job *u, enum nn_recurrent_phase phase) {
  u->phase = phase;
  if (phase == NN_PHASE_BEGIN || phase == NN_PHASE_STEP)
    nn_parallel(u->blocks, 1, units_range, u);
  else
    units_range(u, 0, u->blocks, 0);
}

static void units_forward(units_job *u, int64_t at_once) {
  const struct nn_recurrent *r = u->r;
  for (int64_t s = 0; s < r->steps; s += at_once) {
    const int64_t count = at_once < r->steps - s ? at_once : r->steps - s;
    u->at.from = r->reverse ? r->steps - s - count : s;
    u->at.to = u->at.from + count;
    do_phase(u, NN_PHASE_INPUT);
    do_phase(u, NN_PHASE_BEGIN);
    for (int64_t k = 0; k < count && !nn_interrupted(); k++) {
      u->at.t = r->reverse ? u->at.to - 1 - k : u->at.from + k;
      u->at.k = s + k;
      do_phase(u, NN_PHASE_STEP);
    }
  }
  u->at.k = r->steps;
}

static void units_backward(units_job *u) {
  const struct nn_recurrent *r = u->r;
  for (int64_t k = 0; k < r->steps && !nn_interrupted(); k++) {
    u->at.t = r->reverse ? k : r->steps - 1 - k;
    do_phase(u, NN_PHASE_BEGIN);
    do_phase(u, NN_PHASE_STEP);
  }
}

static bool run_by_units(nn_ctx *ctx, const struct nn_recurrent *r, nn_dtype d, bool back) {
  const struct nn_recurrent_kernels *k = NN_SELECT(nn_recurrent_table);
  const size_t bytes = k->scratch[d](r, r->n);
  units_job u = {.r = r, .run = back ? k->units_backward[d] : k->units_forward[d]};
  u.blocks = (r->hidden + k->width[d] - 1) / k->width[d];
  if ((u.scratch = nn_scratch(ctx, bytes)) == NULL) return false;
  do_phase(&u, NN_PHASE_START);
  if (back)
    units_backward(&u);
  else
    units_forward(&u, k->steps_at_once[d](r));
  do_phase(&u, NN_PHASE_END);
  nn_scratch_free(ctx, u.scratch, bytes);
  return !nn_interrupted();
}

/* A thread's sequences run through all steps by themselves. Fewer than four would leave its multipliers idle. */
static bool run_layer(nn_ctx *ctx, job *j, nn_dtype d) {
  const int64_t n = j->r.n, grain = 4;
  const struct nn_recurrent_kernels *k = NN_SELECT(nn_recurrent_table);
  if (n == 0) return true;
  if (by_units(&j->r, d)) return run_by_units(ctx, &j->r, d, j->run == k->backward[d]);
  const int parts = nn_parallel_parts(n, grain);
  j->each = (NN_SELECT(nn_recurrent_table)->scratch[d](&j->r, n / parts + 1) + 63) / 64 * 64;
  j->scratch = nn_scratch(ctx, j->each * (size_t)parts);
  if (j->scratch == NULL) return false;
  nn_parallel(n, grain, run_range, j);
  nn_scratch_free(ctx, j->scratch, j->each * (size_t)parts);
  return !nn_interrupted();
}

/* What backward will need: gates of each step, c and with a projection also h before it. */
static bool keep_steps(nn_frame *f, const layer *l, nn_dtype d, struct nn_recurrent *r) {
  if (!f->recording || l->cell <= NN_CELL_RELU) return true;
  const int64_t width = NN_SELECT(nn_recurrent_table)->width[d];
  const int64_t gates[2] = {l->rows, padded(l->hidden, width) * nn_cell_slots(l->cell)};
  const int64_t cells[3] = {r->w_hr ? 2 : 1, l->rows, l->hidden};
  f->extra[0] = nn_empty(f->ctx, d, 2, gates);
  if (f->extra[0] == NULL) return false;
  r->gates = f->extra[0]->data;
  if (l->cell != NN_CELL_LSTM) return true;
  f->extra[1] = nn_empty(f->ctx, d, 3, cells);
  if (f->extra[1] == NULL) return false;
  r->cells = f->extra[1]->data;
  if (r->w_hr) r->whole = f->extra[1]->data + (size_t)(l->rows * l->hidden) * nn_dtype_size(d);
  return true;
}

/* The gates' part of x from the different rows of x, where these are few. */
static bool use_table(nn_frame *f, struct nn_recurrent *r, nn_dtype d) {
  const struct nn_recurrent_kernels *k = NN_SELECT(nn_recurrent_table);
  repeats found;
  if (!find_repeats(f->ctx, f->in[IN_X], f->in[IN_X]->node, &found)) return false;
  if (found.count == 0) return true;
  struct nn_recurrent rows = *r;
  rows.cell = (enum nn_cell)(f->arg[MODE].i), rows.hidden = hidden_of(f), rows.x = found.rows->data;
  void *table = room(f->ctx, d, (found.count + 1) * padded(rows.hidden, k->width[d]) * nn_cell_slots(rows.cell));
  if (table == NULL) return false;
  k->table[d](&rows, found.count, table);
  r->table = table, r->pick = (const int64_t *)(const void *)found.pick->data;
  return true;
}

static bool rec_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, IN_X), *peephole = f->in[IN_WPH] ? nn_dense(f, IN_WPH) : NULL;
  if (x == NULL || (f->in[IN_WPH] && peephole == NULL)) return false;
  const nn_dtype d = (nn_dtype)x->dtype;
  const layer l = layer_of(x, f->in[IN_H], f->in[IN_SIZES], hidden_of(f), flags_of(f->arg));
  job j = {.run = NN_SELECT(nn_recurrent_table)->forward[d], .r = {.input = x->shape[x->ndim - 1], .x = x->data}};
  struct nn_recurrent *r = &j.r;
  r->w_ih = pack_gates(f, IN_WIH, l.cell, l.hidden);
  r->w_hh = pack_gates(f, IN_WHH, l.cell, l.hidden);
  r->bias = pack_bias(f, l.cell, l.hidden);
  if (f->in[IN_WHR]) r->w_hr = pack_matrix(f, IN_WHR, true);
  if (!r->w_ih || !r->w_hh || !r->bias || (f->in[IN_WHR] && !r->w_hr) || !use_table(f, r, d)) return false;
  r->peephole = peephole ? peephole->data : NULL;
  r->y = f->out[0]->data, r->h = f->out[1]->data;
  if (!nn_copy_data(f->out[1], f->in[IN_H])) return false;
  if (l.cell == NN_CELL_LSTM) {
    r->c = f->out[2]->data;
    if (!nn_copy_data(f->out[2], f->in[IN_C])) return false;
  }
  return place_rows(f->ctx, &l, r) && keep_steps(f, &l, d, r) && run_layer(f->ctx, &j, d);
}

/* ---- gradient --------------------------------------------------------------------------------------- */

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
  const layer l = layer_of(y, f->in[B_H], f->in[B_SIZES], w->shape[0] / nn_cell_gates((enum nn_cell)(flags & 15)), flags);
  job j = {.run = NN_SELECT(nn_recurrent_table)->backward[d]};
  struct nn_recurrent *r = &j.r;
  bool ok = start_from(f->out[2], f->in[B_DH]) && (f->in[B_C] == NULL || start_from(f->out[3], f->in[B_DC]));
  r->dy = dense(f, B_DY, &ok), r->y = (void *)(uintptr_t)dense(f, B_Y, &ok);
  r->h = (void *)(uintptr_t)dense(f, B_H, &ok), r->c = (void *)(uintptr_t)dense(f, B_C, &ok);
  r->gates = f->in[B_GATES] ? f->in[B_GATES]->data : NULL;
  r->cells = f->in[B_CELLS] ? f->in[B_CELLS]->data : NULL;
  r->peephole = dense(f, B_WPH, &ok);
  r->dgates = f->out[0]->data, r->dgates_h = r->dprojected = f->out[1]->data;
  r->dh = f->out[2]->data, r->dc = f->out[3]->data;
  if (!ok || (r->w_hh = pack_matrix(f, B_WHH, false)) == NULL) return false;
  if (f->in[B_WHR] && (r->w_hr = pack_matrix(f, B_WHR, false)) == NULL) return false;
  return place_rows(f->ctx, &l, r) && run_layer(f->ctx, &j, d);
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
enum { WANT_DX = 1 << 8, WITH_PICKS = 1 << 9, PICKS = 10 }; /* in the flags; above them how many picks */

/* Results: the gradient of x, or with picks (which then are in place of weight_ih) of the gates' part of each row of the
 * table [picks, gates * hidden], or nothing; of the weights one after the other: w_ih (without picks), w_hh, b_ih, b_hh;
 * of h0; of c0. */
static bool grad_infer(nn_frame *f) {
  const nn_tensor *x = f->in[G_X], *w = f->in[G_WHH];
  const int64_t flags = f->arg[G_FLAGS].i, none = 0, picks = flags >> PICKS;
  const nn_dtype d = (nn_dtype)x->dtype;
  const int64_t weights = w->shape[0] * (w->shape[1] + 2 + (flags & WITH_PICKS ? 0 : x->shape[x->ndim - 1]));
  nn_spec_set(f, 0, d, 1, &none);
  if (flags & WANT_DX) nn_spec_like(f, 0, x);
  if (flags & WITH_PICKS) nn_spec_set(f, 0, d, 2, (int64_t[]){picks, w->shape[0]});
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
  j->wide_in = r->pick ? 0 : padded(r->input, width), j->wide_state = padded(r->state, width);
  j->at_hh = (size_t)(j->gates * j->wide_in) * e;
  j->at_bias = j->at_hh + (size_t)(j->gates * j->wide_state) * e;
  j->at_picked = j->at_bias + (size_t)padded(nn_cell_slots(r->cell) * r->hidden, 16) * e;
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
  const layer l = layer_of(y, f->in[G_H], f->in[G_SIZES], w->shape[0] / nn_cell_gates((enum nn_cell)(flags & 15)), flags);
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
  if (!ok || (r->w_hh = pack_matrix(f, G_WHH, false)) == NULL) return false;
  if (flags & WITH_PICKS) {
    r->pick = (const int64_t *)(const void *)f->in[G_WIH]->data, r->picks = flags >> PICKS;
    j.picked = f->out[0]->data;
  } else if (flags & WANT_DX) {
    r->dx = f->out[0]->data;
    if ((r->w_ih = pack_matrix(f, G_WIH, false)) == NULL) return false;
  }
  return place_rows(f->ctx, &l, r) && run_gradients(f->ctx, &j);
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
  layer l;
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
  const layer *l = &j->l;
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
  before_job j = {.l = layer_of(y, h, f->in[2], h->shape[1], f->arg[3].i), .y = y->data, .h = h->data, .to = f->out[0]->data};
  if (!place_rows(f->ctx, &j.l, &j.r)) return false;
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

static T sum_rows(C c, T x) { return x ? nn_do(c, &nn_op_sum, v_t(x), v_i(0)) : NULL; }
static T product_over_rows(C c, T a, T b) { return t_mm(c, t_transpose(c, a, 0, 1), b); }
static T saved(const nn_vjp *v, int i) { return nn_in_meta(v, i)->ndim >= 0 ? nn_in(v, i) : NULL; }

/* i and f saw the cell before, o the new one. */
static T peephole_gradient(nn_vjp *v, T d, T cells, int64_t flags, int64_t hidden) {
  C c = v->ctx;
  T now = t_select(c, cells, 0, 0);
  const nn_meta *y = nn_out_meta(v, 0);
  const bool swap = (flags & 32) != 0;
  int64_t shape[3] = {y->shape[swap ? 1 : 0], y->ndim == 3 ? y->shape[swap ? 0 : 1] : hidden, hidden};
  T was = nn_do(c, &nn_op_recurrent_before, v_t(t_reshape(c, now, y->ndim, shape)), v_t(nn_in(v, IN_C)),
                v_opt(saved(v, IN_SIZES)), v_i(flags & ~(int64_t)32), V_NONE);
  T parts[3];
  for (int k = 0; k < 3; k++) {
    const int64_t g = k == 2 ? 3 : k;
    parts[k] = sum_rows(c, t_mul(c, t_slice(c, d, 1, g * hidden, (g + 1) * hidden, 1), k == 2 ? now : was));
  }
  return t_cat(c, 3, parts, 0);
}

/* [N, T, ...] as [T, N, ...] and the other way around. */
static T by_time(C c, T x, bool swap) { return x && swap ? t_transpose(c, x, 0, 1) : x; }

static T input_gradient(nn_vjp *v, T d, bool swap) {
  C c = v->ctx;
  const nn_meta *x = nn_in_meta(v, IN_X);
  const int64_t shape[3] = {x->shape[swap ? 1 : 0], x->shape[swap ? 0 : 1], x->shape[x->ndim - 1]};
  return by_time(c, t_reshape(c, t_mm(c, d, nn_in(v, IN_WIH)), x->ndim, shape), swap);
}

static T inputs_before(nn_vjp *v, int64_t flags, T x) {
  return nn_do(v->ctx, &nn_op_recurrent_before, v_t(nn_out(v, 0)), v_t(nn_in(v, IN_H)), v_opt(saved(v, IN_SIZES)), v_i(flags),
               v_opt(x));
}

/* The gradients of weights and input are one product each over all steps; those of w_ih and w_hh one together where the
 * gradient of the sums is the same for both. */
static bool weight_gradients(nn_vjp *v, T *r, int64_t flags, int64_t hidden) {
  C c = v->ctx;
  const nn_meta *x = nn_in_meta(v, IN_X);
  const int64_t flat[2] = {r[0]->shape[0], x->shape[x->ndim - 1]};
  T d = r[0], dh = (flags & 15) == NN_CELL_GRU ? r[1] : d;
  if (nn_need(v, IN_X)) v->d[IN_X] = input_gradient(v, d, flags & 32);
  if (nn_need(v, IN_WIH) && nn_need(v, IN_WHH) && dh == d) {
    T both = product_over_rows(c, d, inputs_before(v, flags, nn_in(v, IN_X)));
    v->d[IN_WIH] = t_slice(c, both, 1, 0, flat[1], 1);
    v->d[IN_WHH] = both ? t_slice(c, both, 1, flat[1], both->shape[1], 1) : NULL;
  } else {
    if (nn_need(v, IN_WIH)) v->d[IN_WIH] = product_over_rows(c, d, t_reshape(c, by_time(c, nn_in(v, IN_X), flags & 32), 2, flat));
    if (nn_need(v, IN_WHH)) v->d[IN_WHH] = product_over_rows(c, dh, inputs_before(v, flags, NULL));
  }
  if (nn_need(v, IN_BIH)) v->d[IN_BIH] = sum_rows(c, d);
  if (nn_need(v, IN_BHH)) v->d[IN_BHH] = dh == d && v->d[IN_BIH] ? v->d[IN_BIH] : sum_rows(c, dh);
  if (nn_need(v, IN_WHR)) v->d[IN_WHR] = product_over_rows(c, r[1], t_select(c, nn_extra(v, 1), 0, 1));
  if (nn_need(v, IN_WPH)) v->d[IN_WPH] = peephole_gradient(v, d, nn_extra(v, 1), flags, hidden);
  return c->error == NN_OK;
}

/* Whether every thread has sequences, and room for the gradients of the weights in its cache. */
static bool sums_on_the_way(const nn_vjp *v) {
  const nn_meta *h = nn_in_meta(v, IN_H), *ih = nn_in_meta(v, IN_WIH), *hh = nn_in_meta(v, IN_WHH);
  const int64_t bytes = hh->shape[0] * hh->shape[1] * (int64_t)nn_dtype_size((nn_dtype)h->dtype);
  if (h->shape[0] == 0 || h->shape[1] == 0 || ih->shape[1] == 0) return false;
  return nn_parallel_parts(h->shape[0], 4) == nn_threads() && bytes <= FAR_WEIGHTS;
}

/* The numbers of a tensor in one dimension from *at on, which moves behind them, as a weight or (cols = 0) a bias. */
static T next_part(C c, T all, int64_t *at, int64_t rows, int64_t cols) {
  const int64_t from = *at, shape[2] = {rows, cols};
  *at += cols ? rows * cols : rows;
  return t_reshape(c, t_slice(c, all, 0, from, *at, 1), cols ? 2 : 1, shape);
}

/* From the sums by row of the table: the gradients of w_ih and, through the embedding, of its table. */
static bool table_gradients(nn_vjp *v, T sums, const repeats *found, const nn_node *embedding) {
  C c = v->ctx;
  if (nn_need(v, IN_WIH)) v->d[IN_WIH] = product_over_rows(c, sums, found->rows);
  if (!nn_need(v, IN_X)) return true;
  T d = t_mm(c, sums, nn_in(v, IN_WIH));
  if (d == NULL) return false;
  v->d[IN_X] = nn_do(c, &nn_op_embedding_backward, v_t(d), v_t(found->ids), v_i((int64_t)embedding->note[1]),
                     v_i((int64_t)embedding->note[0]), v_b(false));
  v->went_on = true;
  return v->d[IN_X] != NULL;
}

/* Whether the gradient of x goes on through the embedding that made x, with the rows that this has. */
static bool find_table(const nn_vjp *v, T x, repeats *found) {
  *found = (repeats){0};
  if (v->before != &nn_op_embedding) return true;
  const nn_node *made = v->node->edge[IN_X].node;
  return made->arg[5].b || find_repeats(v->ctx, x, made, found);
}

static bool all_gradients(nn_vjp *v, int64_t flags, nn_value gates, nn_value cells) {
  C c = v->ctx;
  const bool lstm = (flags & 15) == NN_CELL_LSTM;
  T x = nn_in(v, IN_X), r[4];
  repeats found;
  if (x == NULL || !find_table(v, x, &found)) return false;
  T w = found.count > 0 ? found.pick : nn_in(v, IN_WIH);
  const int64_t how = found.count > 0 ? WITH_PICKS | found.count << PICKS : nn_need(v, IN_X) ? WANT_DX : 0;
  if (w == NULL || !nn_do_all(c, &nn_op_recurrent_gradients, r, v_opt(v->g[0]), v_opt(v->g[1]), v_opt(lstm ? v->g[2] : NULL),
                              v_t(x), v_t(nn_out(v, 0)), v_t(nn_in(v, IN_H)), v_opt(saved(v, IN_C)), gates, cells, v_t(w),
                              v_t(nn_in(v, IN_WHH)), v_opt(saved(v, IN_SIZES)), v_i(flags | how)))
    return false;
  const nn_meta *hh = nn_in_meta(v, IN_WHH);
  int64_t at = 0;
  if (found.count == 0) {
    if (nn_need(v, IN_X)) v->d[IN_X] = r[0];
    v->d[IN_WIH] = next_part(c, r[1], &at, hh->shape[0], x->shape[x->ndim - 1]);
  } else if (!table_gradients(v, r[0], &found, v->node->edge[IN_X].node)) {
    return false;
  }
  v->d[IN_WHH] = next_part(c, r[1], &at, hh->shape[0], hh->shape[1]);
  if (nn_need(v, IN_BIH)) v->d[IN_BIH] = next_part(c, r[1], &at, hh->shape[0], 0);
  at = r[1]->numel - hh->shape[0];
  if (nn_need(v, IN_BHH)) v->d[IN_BHH] = next_part(c, r[1], &at, hh->shape[0], 0);
  v->d[IN_H] = r[2];
  if (lstm) v->d[IN_C] = r[3];
  return c->error == NN_OK;
}

static bool rec_vjp(nn_vjp *v) {
  C c = v->ctx;
  const int64_t flags = flags_of(v->arg);
  const enum nn_cell cell = (enum nn_cell)v->arg[MODE].i;
  const bool lstm = cell == NN_CELL_LSTM;
  nn_value gates = v_opt(cell >= NN_CELL_LSTM ? nn_extra(v, 0) : NULL), cells = v_opt(lstm ? nn_extra(v, 1) : NULL);
  if (c->error != NN_OK || nn_out(v, 0) == NULL || nn_in(v, IN_H) == NULL || nn_in(v, IN_WHH) == NULL) return false;
  if (nn_in_meta(v, IN_WHR)->ndim < 0 && nn_in_meta(v, IN_WPH)->ndim < 0 && sums_on_the_way(v))
    return all_gradients(v, flags, gates, cells);
  T t[4];
  if (!nn_do_all(c, &nn_op_recurrent_backward, t, v_opt(v->g[0]), v_opt(v->g[1]), v_opt(lstm ? v->g[2] : NULL),
                 v_t(nn_out(v, 0)), v_t(nn_in(v, IN_H)), v_opt(saved(v, IN_C)), gates, cells, v_t(nn_in(v, IN_WHH)),
                 v_opt(saved(v, IN_WHR)), v_opt(saved(v, IN_WPH)), v_opt(saved(v, IN_SIZES)), v_i(flags)))
    return false;
  v->d[IN_H] = t[2];
  if (lstm) v->d[IN_C] = t[3];
  return weight_gradients(v, t, flags, nn_in_meta(v, IN_WHH)->shape[0] / nn_cell_gates(cell));
}

/* ---- as plain operations ---------------------------------------------------------------------------- */

typedef struct states {
  T h, c;
} states;

static T gate(C c, T x, int64_t g, int64_t hidden) { return t_slice(c, x, 1, g * hidden, (g + 1) * hidden, 1); }

/* One step from the input's sums x [n, gates * hidden]. */
static states plain_step(nn_frame *f, T x, states s, int64_t hidden) {
  C c = f->ctx;
  T h = t_linear(c, s.h, f->in[IN_WHH], f->in[IN_BHH]), peep = f->in[IN_WPH];
  const enum nn_cell cell = (enum nn_cell)f->arg[MODE].i;
  if (cell == NN_CELL_GRU) {
    T q = t_sigmoid(c, t_add(c, gate(c, x, 0, hidden), gate(c, h, 0, hidden)));
    T z = t_sigmoid(c, t_add(c, gate(c, x, 1, hidden), gate(c, h, 1, hidden)));
    T a = t_tanh(c, t_add(c, gate(c, x, 2, hidden), t_mul(c, q, gate(c, h, 2, hidden))));
    return (states){t_add(c, a, t_mul(c, z, t_sub(c, s.h, a))), NULL};
  }
  T sum = t_add(c, x, h);
  if (cell != NN_CELL_LSTM) return (states){cell == NN_CELL_RELU ? t_relu(c, sum) : t_tanh(c, sum), NULL};
  T part[4];
  for (int g = 0; g < 4; g++) part[g] = gate(c, sum, g, hidden);
  for (int g = 0; g < 2 && peep; g++)
    part[g] = t_add(c, part[g], t_mul(c, s.c, t_slice(c, peep, 0, g * hidden, (g + 1) * hidden, 1)));
  T cell_now = t_add(c, t_mul(c, t_sigmoid(c, part[1]), s.c), t_mul(c, t_sigmoid(c, part[0]), t_tanh(c, part[2])));
  if (peep) part[3] = t_add(c, part[3], t_mul(c, cell_now, t_slice(c, peep, 0, 2 * hidden, 3 * hidden, 1)));
  T out = t_mul(c, t_sigmoid(c, part[3]), t_tanh(c, cell_now));
  return (states){f->in[IN_WHR] ? t_linear(c, out, f->in[IN_WHR], NULL) : out, cell_now};
}

/* Rows a .. b - 1 of a state; NULL stays. */
static T rows_of(C c, T x, int64_t a, int64_t b) {
  return x == NULL || (a == 0 && b == x->shape[0]) ? x : t_slice(c, x, 0, a, b, 1);
}

/* Brings the states to n rows: those that begin now come from the first ones, those that end go to `ended`. */
static void follow(C c, states *s, states first, int64_t n, states *ended, int *n_ended) {
  const int64_t had = s->h ? s->h->shape[0] : 0;
  if (s->h == NULL) {
    *s = (states){rows_of(c, first.h, 0, n), rows_of(c, first.c, 0, n)};
  } else if (n < had) {
    ended[(*n_ended)++] = (states){rows_of(c, s->h, n, had), rows_of(c, s->c, n, had)};
    *s = (states){rows_of(c, s->h, 0, n), rows_of(c, s->c, 0, n)};
  } else if (n > had) {
    T h[2] = {s->h, rows_of(c, first.h, had, n)}, m[2] = {s->c, rows_of(c, first.c, had, n)};
    s->h = t_cat(c, 2, h, 0);
    if (first.c) s->c = t_cat(c, 2, m, 0);
  }
}

/* The states that ended, the last ones first, after those that are left. */
static T finals(C c, T left, const states *ended, int n, bool cells, T *list) {
  int k = 0;
  if (left != NULL) list[k++] = left;
  for (int i = n - 1; i >= 0; i--) list[k++] = cells ? ended[i].c : ended[i].h;
  return t_cat(c, k, list, 0);
}

static T step_input(nn_frame *f, T sums, const layer *l, int64_t t, int64_t first) {
  if (l->batch) return t_slice(f->ctx, sums, 0, first, first + l->batch[t], 1);
  return t_select(f->ctx, sums, l->batch_first ? 1 : 0, t);
}

static bool compose_steps(nn_frame *f, const layer *l, T *y, states *ended, T *list, const int64_t *first) {
  C c = f->ctx;
  T sums = t_linear(c, f->in[IN_X], f->in[IN_WIH], f->in[IN_BIH]);
  const states start = {f->in[IN_H], f->in[IN_C]};
  states s = {NULL, NULL};
  int n_ended = 0;
  for (int64_t k = 0; k < l->steps; k++) {
    const int64_t t = l->reverse ? l->steps - 1 - k : k;
    follow(c, &s, start, l->batch ? l->batch[t] : l->n, ended, &n_ended);
    s = plain_step(f, step_input(f, sums, l, t, l->batch ? first[t] : 0), s, l->hidden);
    if ((y[t] = s.h) == NULL) return false;
  }
  f->out[1] = finals(c, s.h, ended, n_ended, false, list);
  f->out[2] = start.c ? finals(c, s.c, ended, n_ended, true, list) : f->out[1];
  if (l->batch) {
    f->out[0] = t_cat(c, (int)l->steps, y, 0);
  } else {
    f->out[0] = nn_do(c, &nn_op_stack, v_ts((int)l->steps, y), v_i(l->batch_first ? 1 : 0));
  }
  return f->out[0] != NULL && f->out[1] != NULL && f->out[2] != NULL;
}

static bool rec_compose(nn_frame *f) {
  const layer l = layer_of(f->in[IN_X], f->in[IN_H], f->in[IN_SIZES], hidden_of(f), flags_of(f->arg));
  struct nn_recurrent r = {0};
  if (!place_rows(f->ctx, &l, &r)) return false;
  const size_t n = (size_t)l.steps + 2, bytes = n * (2 * sizeof(T) + sizeof(states));
  T *y = nn_mem_alloc(f->ctx, bytes);
  if (y == NULL) return false;
  bool ok = compose_steps(f, &l, y, (states *)(void *)(y + 2 * n), y + n, r.first);
  nn_mem_free(f->ctx, y, bytes);
  return ok;
}

const nn_op nn_op_recurrent = {
    .name = "recurrent",
    .doc = "One direction of a recurrent layer over all time steps. input [T, N, I] ([N, T, I] with batch_first, or packed rows\n"
           "with batch_sizes), h0 [N, P], c0 [N, H] of an lstm; weights as PyTorch has them, weight_ph [3 H] for the gates i, f\n"
           "and o. Results: the outputs, the last h and, for an lstm, the last c.",
    .params = {{"input", P_TENSOR},
               {"h0", P_TENSOR},
               {"c0", P_TENSOR, "nil"},
               {"weight_ih", P_TENSOR},
               {"weight_hh", P_TENSOR},
               {"bias_ih", P_TENSOR, "nil"},
               {"bias_hh", P_TENSOR, "nil"},
               {"weight_hr", P_TENSOR, "nil"},
               {"weight_ph", P_TENSOR, "nil"},
               {"batch_sizes", P_TENSOR, "nil"},
               {"mode", P_CHOICE, .choices = "tanh|relu|lstm|gru"},
               {"reverse", P_BOOL, "false"},
               {"batch_first", P_BOOL, "false"}},
    .flags = NN_PRIVATE | NN_GOES_ON, .saves_in = 0x3ff, .saves_out = 1, .n_out = 3, .infer = rec_infer, .kernel = rec_kernel,
    .compose = rec_compose, .vjp = rec_vjp,
    .samples = NN_SAMPLES(
        "R(3,2,2), R(2,3), nil, R(3,2), R(3,3), R(3), R(3), {mode = 'tanh'}",
        "P(2,3,2), P(2,2), nil, P(2,2), P(2,2), {mode = 'relu', batch_first = true, reverse = true}",
        "R(3,2,2), R(2,2), R(2,2), R(8,2), R(8,2), R(8), R(8), {mode = 'lstm'}",
        "R(2,3,1), R(2,1), R(2,2), R(8,1), R(8,1), nil, R(8), R(1,2), R(6), {mode = 'lstm', batch_first = true, reverse = true}",
        "R(4,2), R(2,2), R(2,2), R(8,2), R(8,2), R(8), nil, nil, R(6), tensor{2, 1, 1}, 'lstm'",
        "R(4,2), R(2,2), R(2,2), R(8,2), R(8,2), R(8), R(8), nil, nil, tensor{2, 1, 1}, 'lstm', true",
        "R(3,2,2), R(2,2), nil, R(6,2), R(6,2), R(6), R(6), {mode = 'gru'}",
        "R(5,2), R(3,2), nil, R(6,2), R(6,2), R(6), R(6), nil, nil, tensor{3, 2}, 'gru', true"),
    .invalid = "R(3,2,2), R(2,3), nil, R(3,2), R(4,3), {mode = 'tanh'}", .complaint = "expected weight_hh of shape [3, 3]"};
