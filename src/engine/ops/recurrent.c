/* recurrent.c - one direction of a recurrent layer (RNN, LSTM, GRU) over all time steps: the operation, its checks and its
 * forward pass. Layers, directions and cells are put together in Lua (nn/recurrent.lua); recurrent_*.c are its parts. */
#include "recurrent.h"

/* ---- what the arguments say ------------------------------------------------------------------------- */

nn_rec_layer nn_rec_layer_of(const nn_tensor *y, const nn_tensor *h0, const nn_tensor *sizes, int64_t hidden, int64_t flags) {
  nn_rec_layer l = {.cell = (enum nn_cell)(flags & 15), .reverse = flags >> 4 & 1, .batch_first = flags >> 5 & 1};
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

int64_t nn_rec_flags(const nn_value *arg) {
  return arg[MODE].i | (arg[REVERSE].b ? 16 : 0) | (arg[BATCH_FIRST].b ? 32 : 0);
}

/* first[t]: the row where step t begins. False without memory. */
bool nn_rec_place_rows(nn_ctx *ctx, const nn_rec_layer *l, struct nn_recurrent *r) {
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

int64_t nn_rec_hidden(const nn_frame *f) {
  return f->in[IN_WHR] ? f->in[IN_WHR]->shape[1] : f->in[IN_H]->shape[1];
}

static bool rec_infer(nn_frame *f) {
  const nn_tensor *x = f->in[IN_X], *h = f->in[IN_H];
  const bool packed = f->in[IN_SIZES] != NULL, lstm = f->arg[MODE].i == NN_CELL_LSTM;
  if (!nn_expect_float(f, IN_X) || !nn_expect_ndim(f, IN_X, packed ? 2 : 3, packed ? 2 : 3)) return false;
  if (!nn_expect_ndim(f, IN_H, 2, 2) || (f->in[IN_WHR] && !nn_expect_ndim(f, IN_WHR, 2, 2))) return false;
  const int64_t n = packed ? h->shape[0] : x->shape[f->arg[BATCH_FIRST].b ? 0 : 1], hidden = nn_rec_hidden(f), state = h->shape[1];
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

/* ---- forward ---------------------------------------------------------------------------------------- */

/* What backward will need: gates of each step, c and with a projection also h before it. */
static bool keep_steps(nn_frame *f, const nn_rec_layer *l, nn_dtype d, struct nn_recurrent *r) {
  if (!f->recording || l->cell <= NN_CELL_RELU) return true;
  const int64_t width = NN_SELECT(nn_recurrent_table)->width[d];
  const int64_t gates[2] = {l->rows, nn_rec_padded(l->hidden, width) * nn_cell_slots(l->cell)};
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

typedef struct table_job {
  const struct nn_recurrent *r;
  int64_t rows;
  nn_dtype d;
  void *table;
} table_job;

static void table_range(void *arg, int64_t begin, int64_t end, int thread) {
  const table_job *j = arg;
  (void)thread;
  NN_SELECT(nn_recurrent_table)->table[j->d](j->r, j->rows, begin, end, j->table);
}

/* The gates' part of x from the different rows of x, where these are few. */
static bool use_table(nn_frame *f, struct nn_recurrent *r, nn_dtype d) {
  const struct nn_recurrent_kernels *k = NN_SELECT(nn_recurrent_table);
  nn_rec_repeats found;
  if (!nn_rec_find_repeats(f->ctx, f->in[IN_X], f->in[IN_X]->node, &found)) return false;
  if (found.count == 0) return true;
  struct nn_recurrent rows = *r;
  rows.cell = (enum nn_cell)(f->arg[MODE].i), rows.hidden = nn_rec_hidden(f), rows.x = found.rows->data;
  void *table = nn_rec_room(f->ctx, d, (found.count + 1) * nn_rec_padded(rows.hidden, k->width[d]) * nn_cell_slots(rows.cell));
  if (table == NULL) return false;
  table_job job = {&rows, found.count, d, table};
  const int64_t width = k->width[d], work = found.count * rows.input * width * nn_cell_gates(rows.cell);
  nn_parallel((rows.hidden + width - 1) / width, 1 + 65536 / (work + 1), table_range, &job);
  r->table = table, r->pick = (const int64_t *)(const void *)found.pick->data;
  return true;
}

static bool rec_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, IN_X), *peephole = f->in[IN_WPH] ? nn_dense(f, IN_WPH) : NULL;
  if (x == NULL || (f->in[IN_WPH] && peephole == NULL)) return false;
  const nn_dtype d = (nn_dtype)x->dtype;
  const nn_rec_layer l = nn_rec_layer_of(x, f->in[IN_H], f->in[IN_SIZES], nn_rec_hidden(f), nn_rec_flags(f->arg));
  struct nn_recurrent layer = {.input = x->shape[x->ndim - 1], .x = x->data}, *r = &layer;
  r->w_ih = nn_rec_pack_gates(f, IN_WIH, l.cell, l.hidden);
  r->w_hh = nn_rec_pack_gates(f, IN_WHH, l.cell, l.hidden);
  r->bias = nn_rec_pack_bias(f, l.cell, l.hidden);
  if (f->in[IN_WHR]) r->w_hr = nn_rec_pack_matrix(f, IN_WHR, true);
  if (!r->w_ih || !r->w_hh || !r->bias || (f->in[IN_WHR] && !r->w_hr) || !use_table(f, r, d)) return false;
  r->peephole = peephole ? peephole->data : NULL;
  r->y = f->out[0]->data, r->h = f->out[1]->data;
  if (!nn_copy_data(f->out[1], f->in[IN_H])) return false;
  if (l.cell == NN_CELL_LSTM) {
    r->c = f->out[2]->data;
    if (!nn_copy_data(f->out[2], f->in[IN_C])) return false;
  }
  return nn_rec_place_rows(f->ctx, &l, r) && keep_steps(f, &l, d, r) && nn_rec_run(f->ctx, r, d, false);
}

/* ---- gradient --------------------------------------------------------------------------------------- */

enum { B_DY, B_DH, B_DC, B_Y, B_H, B_C, B_GATES, B_CELLS, B_WHH, B_WHR, B_WPH, B_SIZES, B_FLAGS };

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
    .compose = nn_rec_compose, .vjp = nn_rec_vjp,
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
