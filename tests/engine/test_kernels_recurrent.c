// Recurrent kernels against loops that follow the definition in double precision, on random shapes: forward
// and all gradients, by sequences and by units, packed, reversed, with inputs from a table. The build runs
// this once for each instruction set.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "interrupt.h"
#include "kernels/recurrent.h"

static uint64_t state = 1;

static int64_t range(int64_t lo, int64_t hi) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return lo + (int64_t)((state >> 33) % (uint64_t)(hi - lo + 1));
}
static double number(void) { return (double)range(-1000, 1000) / 1000; }

// ---- arrays of both types
// ----------------------------------------------------------------------------------

static nn_dtype type;

static void *room(int64_t n) {
  void *p = aligned_alloc(64, (size_t)(n * 8 + 64) / 64 * 64 + 64);
  assert_non_null(p);
  memset(p, 0xff, (size_t)n * 8);
  return p;
}
static double get(const void *a, int64_t i) {
  return type == NN_FLOAT32 ? (double)((const float *)a)[i] : ((const double *)a)[i];
}
static void put(void *a, int64_t i, double x) {
  if (type == NN_FLOAT32)
    ((float *)a)[i] = (float)x;
  else
    ((double *)a)[i] = x;
}
static void *random_numbers(int64_t n, double scale) {
  void *a = room(n);
  for (int64_t i = 0; i < n; i++) put(a, i, number() * scale);
  return a;
}
static void *copy(const void *a, int64_t n) { return memcpy(room(n), a, (size_t)n * nn_dtype_size(type)); }

static void expect(const char *what, const void *got, const double *want, int64_t n) {
  double most = 1, off = 0;
  for (int64_t i = 0; i < n; i++) most = fabs(want[i]) > most ? fabs(want[i]) : most;
  for (int64_t i = 0; i < n; i++) {
    const double d = fabs(get(got, i) - want[i]);
    off = d > off || isnan(d) ? d : off;
  }
  if (!(off <= most * (type == NN_FLOAT32 ? 3e-5 : 1e-13)))
    fail_msg("%s is off by %g of %g", what, off, most);
}

// ---- a layer and what the definition says of it
// ------------------------------------------------------------

typedef struct layer {
  struct nn_recurrent r;
  int64_t rows, g, slots; // g: gates * hidden
  int64_t *first, *batch;
  void *x, *w_ih, *w_hh, *b_ih, *b_hh, *h0, *c0, *dy, *dh, *dc;
  // by the definition
  double *y, *h, *c, *dx, *dw_ih, *dw_hh, *db_ih, *db_hh, *dh0, *dc0;
} layer;

static double *zeros(int64_t n) {
  double *p = calloc((size_t)n + 1, sizeof *p);
  assert_non_null(p);
  return p;
}

static layer make_layer(enum nn_cell cell) {
  layer l = {
      .r = {
          .cell = cell, .reverse = range(0, 1), .steps = range(1, 12), .n = range(1, range(0, 1) ? 40 : 5)}};
  struct nn_recurrent *r = &l.r;
  r->input = range(1, 70), r->hidden = r->state = range(1, range(0, 3) ? 80 : 300);
  l.rows = r->steps * r->n, l.slots = nn_cell_slots(cell), l.g = nn_cell_gates(cell) * r->hidden;
  const bool batch_first = range(0, 1);
  r->step = batch_first ? 1 : r->n, r->sequence = batch_first ? r->steps : 1;
  if (range(0, 3) == 0) {
    l.first = calloc((size_t)r->steps, 8), l.batch = calloc((size_t)r->steps, 8), l.rows = 0;
    for (int64_t t = 0; t < r->steps; t++) {
      l.batch[t] = t ? range(1, l.batch[t - 1]) : r->n, l.first[t] = l.rows;
      l.rows += l.batch[t];
    }
    r->first = l.first, r->batch = l.batch;
  }
  const double scale = 1 / sqrt((double)r->hidden);
  l.x = random_numbers(l.rows * r->input, 1), l.w_ih = random_numbers(l.g * r->input, scale);
  l.w_hh = random_numbers(l.g * r->hidden, scale), l.b_ih = random_numbers(l.g, 1),
  l.b_hh = random_numbers(l.g, 1);
  l.h0 = random_numbers(r->n * r->hidden, 1), l.c0 = random_numbers(r->n * r->hidden, 1);
  l.dy = random_numbers(l.rows * r->hidden, 1), l.dh = random_numbers(r->n * r->hidden, 1);
  l.dc = random_numbers(r->n * r->hidden, 1);
  const int64_t nh = r->n * r->hidden;
  l.y = zeros(l.rows * r->hidden), l.h = zeros(nh), l.c = zeros(nh), l.dx = zeros(l.rows * r->input);
  l.dw_ih = zeros(l.g * r->input), l.dw_hh = zeros(l.g * r->hidden), l.db_ih = zeros(l.g),
  l.db_hh = zeros(l.g);
  l.dh0 = zeros(nh), l.dc0 = zeros(nh);
  return l;
}

static void drop_layer(layer *l) {
  void *all[] = {l->first, l->batch, l->x,     l->w_ih,  l->w_hh, l->b_ih, l->b_hh, l->h0,
                 l->c0,    l->dy,    l->dh,    l->dc,    l->y,    l->h,    l->c,    l->dx,
                 l->dw_ih, l->dw_hh, l->db_ih, l->db_hh, l->dh0,  l->dc0};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

static int64_t length(const layer *l, int64_t i) {
  int64_t t = 0;
  while (t < l->r.steps && (!l->batch || l->batch[t] > i)) t++;
  return t;
}
static int64_t row_of(const layer *l, int64_t i, int64_t k) { // of the k-th step of sequence i
  const int64_t t = l->r.reverse ? length(l, i) - 1 - k : k;
  return l->first ? l->first[t] + i : t * l->r.step + i * l->r.sequence;
}
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

// a[0 .. g) of x, a[g .. 2 g) of h; then gates in a[0 .. g).
static void step_by_definition(const layer *l, int64_t row, const double *h, const double *c, double *a,
                               double *h1, double *c1) {
  const int64_t n = l->r.hidden, g = l->g;
  for (int64_t j = 0; j < g; j++) {
    a[j] = get(l->b_ih, j), a[g + j] = get(l->b_hh, j);
    for (int64_t k = 0; k < l->r.input; k++)
      a[j] += get(l->w_ih, j * l->r.input + k) * get(l->x, row * l->r.input + k);
    for (int64_t k = 0; k < n; k++) a[g + j] += get(l->w_hh, j * n + k) * h[k];
  }
  for (int64_t j = 0; j < n; j++) {
    double *p = a + j, *q = a + g + j;
    switch (l->r.cell) {
    case NN_CELL_TANH: h1[j] = p[0] = tanh(p[0] + q[0]); break;
    case NN_CELL_RELU: h1[j] = p[0] = fmax(p[0] + q[0], 0); break;
    case NN_CELL_LSTM:
      for (int k = 0; k < 4; k++)
        p[k * n] = k == 2 ? tanh(p[k * n] + q[k * n]) : sigmoid(p[k * n] + q[k * n]);
      c1[j] = p[n] * c[j] + p[0] * p[2 * n];
      h1[j] = p[3 * n] * tanh(c1[j]);
      break;
    case NN_CELL_GRU:
      p[0] = sigmoid(p[0] + q[0]), p[n] = sigmoid(p[n] + q[n]), p[2 * n] = tanh(p[2 * n] + p[0] * q[2 * n]);
      h1[j] = (1 - p[n]) * p[2 * n] + p[n] * h[j];
    }
  }
}

// From dh and dc (of the state after the step) the sums' gradients d (of x, then of h); dh gets its direct
// part.
static void step_back(const layer *l, const double *a, const double *h, const double *c, const double *c1,
                      double *dh, double *dc, double *d) {
  const int64_t n = l->r.hidden, g = l->g;
  for (int64_t j = 0; j < n; j++) {
    const double *p = a + j, e = dh[j];
    double *u = d + j;
    if (l->r.cell == NN_CELL_TANH) u[0] = e * (1 - p[0] * p[0]);
    if (l->r.cell == NN_CELL_RELU) u[0] = p[0] > 0 ? e : 0;
    if (l->r.cell == NN_CELL_LSTM) {
      const double y = tanh(c1[j]), f = dc[j] + e * p[3 * n] * (1 - y * y);
      u[0] = f * p[2 * n] * p[0] * (1 - p[0]), u[n] = f * c[j] * p[n] * (1 - p[n]);
      u[2 * n] = f * p[0] * (1 - p[2 * n] * p[2 * n]), u[3 * n] = e * y * p[3 * n] * (1 - p[3 * n]);
      dc[j] = f * p[n];
    }
    dh[j] = 0;
    if (l->r.cell == NN_CELL_GRU) {
      const double s = e * (1 - p[n]) * (1 - p[2 * n] * p[2 * n]), q = p[g + 2 * n];
      u[0] = s * q * p[0] * (1 - p[0]), u[n] = e * (h[j] - p[2 * n]) * p[n] * (1 - p[n]), u[2 * n] = s;
      dh[j] = e * p[n];
    }
    for (int64_t k = 0; k < g / n; k++) u[g + k * n] = u[k * n];
    if (l->r.cell == NN_CELL_GRU) u[g + 2 * n] = u[2 * n] * p[0];
  }
}

static void sequence_by_definition(layer *l, int64_t i) {
  const int64_t n = l->r.hidden, g = l->g, in = l->r.input, steps = length(l, i);
  double *h = zeros((steps + 1) * n), *c = zeros((steps + 1) * n), *a = zeros(steps * 2 * g),
         *d = zeros(2 * g);
  double *dh = l->dh0 + i * n, *dc = l->dc0 + i * n;
  for (int64_t j = 0; j < n; j++) {
    h[j] = get(l->h0, i * n + j), c[j] = get(l->c0, i * n + j);
    dh[j] = get(l->dh, i * n + j), dc[j] = get(l->dc, i * n + j);
  }
  for (int64_t k = 0; k < steps; k++) {
    step_by_definition(l, row_of(l, i, k), h + k * n, c + k * n, a + k * 2 * g, h + (k + 1) * n,
                       c + (k + 1) * n);
    memcpy(l->y + row_of(l, i, k) * n, h + (k + 1) * n, (size_t)n * 8);
  }
  memcpy(l->h + i * n, h + steps * n, (size_t)n * 8), memcpy(l->c + i * n, c + steps * n, (size_t)n * 8);
  for (int64_t k = steps - 1; k >= 0; k--) {
    const int64_t row = row_of(l, i, k);
    for (int64_t j = 0; j < n; j++) dh[j] += get(l->dy, row * n + j);
    step_back(l, a + k * 2 * g, h + k * n, c + k * n, c + (k + 1) * n, dh, dc, d);
    for (int64_t j = 0; j < g; j++) {
      l->db_ih[j] += d[j], l->db_hh[j] += d[g + j];
      for (int64_t m = 0; m < in; m++) l->dw_ih[j * in + m] += d[j] * get(l->x, row * in + m);
      for (int64_t m = 0; m < in; m++) l->dx[row * in + m] += d[j] * get(l->w_ih, j * in + m);
      for (int64_t m = 0; m < n; m++) l->dw_hh[j * n + m] += d[g + j] * h[k * n + m];
      for (int64_t m = 0; m < n; m++) dh[m] += d[g + j] * get(l->w_hh, j * n + m);
    }
  }
  free(h), free(c), free(a), free(d);
}

// ---- the kernels
// ---------------------------------------------------------------------------------------------

static const struct nn_recurrent_kernels *kernels;
static int64_t width;
static int64_t padded(int64_t n) { return (n + width - 1) / width * width; }

static void *packed_gates(const layer *l, const void *w, int64_t depth) {
  const int64_t n = l->r.hidden, gates = l->g / n;
  char *p = room(padded(n) * gates * depth + width);
  const size_t e = nn_dtype_size(type);
  for (int64_t k = 0; k < gates; k++)
    kernels->pack_rows[type](n, depth, (const char *)w + (size_t)(k * n * depth) * e, gates * depth * width,
                             p + (size_t)(k * depth * width) * e);
  return p;
}
static void *packed_columns(const layer *l, const void *w, int64_t cols) {
  void *p = room(padded(cols) * l->g + width);
  kernels->pack_columns[type](l->g, cols, w, p);
  return p;
}
static void *bias_row(const layer *l) {
  const int64_t n = l->r.hidden;
  void *row = room(padded(n) * l->slots);
  for (int64_t s = 0; s < l->slots; s++)
    for (int64_t j = 0; j < n; j++) {
      const bool gru = l->r.cell == NN_CELL_GRU;
      const double x = gru && s == 3 ? 0 : get(l->b_ih, s * n + j);
      const double h = gru && s == 2 ? 0 : get(l->b_hh, (gru && s == 3 ? 2 : s) * n + j);
      put(row, (j / width * l->slots + s) * width + j % width, x + h);
    }
  return row;
}

// Every row of x out of a few; `pick` tells which.
static void repeat_rows(layer *l, int64_t *pick, int64_t picks) {
  const size_t bytes = (size_t)l->r.input * nn_dtype_size(type);
  for (int64_t i = 0; i < l->rows; i++) {
    pick[i] = i < picks ? i : range(0, picks - 1);
    memcpy((char *)l->x + (size_t)i * bytes, (char *)l->x + (size_t)pick[i] * bytes, bytes);
  }
}

static void forward_by_units(const struct nn_recurrent *r, void *scratch) {
  const int64_t blocks = padded(r->hidden) / width, cut = range(0, blocks),
                most = kernels->steps_at_once[type](r);
  struct nn_recurrent_at at = {0};
  kernels->units_forward[type](r, NN_PHASE_START, &at, 0, blocks, scratch);
  for (int64_t s = 0; s < r->steps; s += most) {
    const int64_t count = most < r->steps - s ? most : r->steps - s;
    at.from = r->reverse ? r->steps - s - count : s, at.to = at.from + count;
    kernels->units_forward[type](r, NN_PHASE_INPUT, &at, 0, blocks, scratch);
    kernels->units_forward[type](r, NN_PHASE_BEGIN, &at, 0, cut, scratch);
    kernels->units_forward[type](r, NN_PHASE_BEGIN, &at, cut, blocks, scratch);
    for (int64_t k = 0; k < count; k++) {
      at.t = r->reverse ? at.to - 1 - k : at.from + k, at.k = s + k;
      kernels->units_forward[type](r, NN_PHASE_STEP, &at, 0, cut, scratch);
      kernels->units_forward[type](r, NN_PHASE_STEP, &at, cut, blocks, scratch);
    }
  }
  at.k = r->steps;
  kernels->units_forward[type](r, NN_PHASE_END, &at, 0, blocks, scratch);
}

static void backward_by_units(const struct nn_recurrent *r, void *scratch) {
  const int64_t blocks = padded(r->hidden) / width, cut = range(0, blocks);
  struct nn_recurrent_at at = {0};
  kernels->units_backward[type](r, NN_PHASE_START, &at, 0, blocks, scratch);
  for (int64_t k = 0; k < r->steps; k++) {
    at.t = r->reverse ? k : r->steps - 1 - k;
    for (int phase = NN_PHASE_BEGIN; phase <= NN_PHASE_STEP; phase++) {
      if (cut > 0) kernels->units_backward[type](r, (enum nn_recurrent_phase)phase, &at, 0, cut, scratch);
      if (cut < blocks)
        kernels->units_backward[type](r, (enum nn_recurrent_phase)phase, &at, cut, blocks, scratch);
    }
  }
  kernels->units_backward[type](r, NN_PHASE_END, &at, 0, blocks, scratch);
}

static void check_states(const layer *l) {
  expect("y", l->r.y, l->y, l->rows * l->r.hidden);
  expect("h", l->r.h, l->h, l->r.n * l->r.hidden);
  if (l->r.cell == NN_CELL_LSTM) expect("c", l->r.c, l->c, l->r.n * l->r.hidden);
}

static void check_forward(layer *l) {
  struct nn_recurrent *r = &l->r;
  const int64_t nh = r->n * r->hidden, cut = range(0, r->n);
  void *scratch = room((int64_t)kernels->scratch[type](r, r->n) / 8 + 8);
  const bool by_units = !r->first && range(0, 1);
  r->h = copy(l->h0, nh), r->c = copy(l->c0, nh);
  if (by_units)
    forward_by_units(r, scratch);
  else {
    if (cut > 0) assert_true(kernels->forward[type](r, 0, cut, scratch));
    if (cut < r->n) assert_true(kernels->forward[type](r, cut, r->n, scratch));
  }
  check_states(l);
  free(scratch), free(r->h), free(r->c);
}

// The gradients of the sums, and from them those of the first states.
static void check_backward(layer *l) {
  struct nn_recurrent r = l->r;
  const int64_t nh = r.n * r.hidden, cut = range(0, r.n);
  r.h = l->h0, r.c = l->c0, r.dy = l->dy, r.dh = copy(l->dh, nh), r.dc = copy(l->dc, nh);
  r.dgates = room(l->rows * l->g), r.dgates_h = room(l->rows * l->g);
  r.w_hh = packed_columns(l, l->w_hh, r.hidden);
  void *scratch = room((int64_t)kernels->scratch[type](&r, r.n) / 8 + 8);
  if (!r.first && range(0, 1))
    backward_by_units(&r, scratch);
  else {
    if (cut > 0) assert_true(kernels->backward[type](&r, 0, cut, scratch));
    if (cut < r.n) assert_true(kernels->backward[type](&r, cut, r.n, scratch));
  }
  expect("dh0", r.dh, l->dh0, nh);
  if (r.cell == NN_CELL_LSTM) expect("dc0", r.dc, l->dc0, nh);
  double *sum = zeros(l->g), *sum_h = zeros(l->g);
  for (int64_t i = 0; i < l->rows * l->g; i++) {
    sum[i % l->g] += get(r.dgates, i);
    sum_h[i % l->g] += get(r.cell == NN_CELL_GRU ? r.dgates_h : r.dgates, i);
  }
  void *as = room(l->g);
  for (int64_t i = 0; i < l->g; i++) put(as, i, sum[i]);
  expect("sum of dgates", as, l->db_ih, l->g);
  for (int64_t i = 0; i < l->g; i++) put(as, i, sum_h[i]);
  expect("sum of the recurrent dgates", as, l->db_hh, l->g);
  free(as), free(sum), free(sum_h), free(scratch), free(r.dh), free(r.dc), free(r.dgates), free(r.dgates_h);
  free((void *)(uintptr_t)r.w_hh);
}

// Rows of sums of two parts, `wide` numbers each, as one matrix.
static void expect_rows(const char *what, char *sums, size_t each, int64_t rows, int64_t cols, int64_t wide,
                        const double *want) {
  void *all = room(rows * cols);
  const size_t e = nn_dtype_size(type);
  for (int64_t i = 0; i < rows; i++)
    kernels->collect[type](2, each, sums + (size_t)(i * wide) * e, cols,
                           (char *)all + (size_t)(i * cols) * e);
  expect(what, all, want, rows * cols);
  free(all);
}

static void check_gradients(layer *l, const int64_t *pick, int64_t picks) {
  struct nn_recurrent r = l->r;
  if (r.n < 2) return;
  const int64_t nh = r.n * r.hidden, cut = range(1, r.n - 1), wide_in = padded(r.input),
                wide = padded(r.hidden);
  r.h = l->h0, r.c = l->c0, r.dy = l->dy, r.dh = copy(l->dh, nh), r.dc = copy(l->dc, nh), r.x = l->x;
  r.dx = room(l->rows * r.input), r.table = NULL, r.pick = pick, r.picks = picks;
  r.w_hh = packed_columns(l, l->w_hh, r.hidden), r.w_ih = packed_columns(l, l->w_ih, r.input);
  const int64_t sizes[4] = {l->g * wide_in, l->g * wide, l->slots * r.hidden, picks * l->g};
  const size_t each = (size_t)(sizes[0] + sizes[1] + sizes[2] + sizes[3]) * nn_dtype_size(type);
  char *sums = room((int64_t)each / 4 + 1), *at[5] = {sums};
  for (int k = 0; k < 4; k++) at[k + 1] = at[k] + (size_t)sizes[k] * nn_dtype_size(type);
  void *scratch = room((int64_t)kernels->back_scratch[type](&r, r.n) / 8 + 8);
  for (size_t part = 0; part < 2; part++) {
    const struct nn_recurrent_sums s = {at[0] + part * each, at[1] + part * each, at[2] + part * each,
                                        at[3] + part * each};
    assert_true(kernels->gradients[type](&r, part ? cut : 0, part ? r.n : cut, scratch, &s));
  }
  expect("dx", r.dx, l->dx, l->rows * r.input);
  expect("dh0", r.dh, l->dh0, nh);
  if (r.cell == NN_CELL_LSTM) expect("dc0", r.dc, l->dc0, nh);
  expect_rows("dw_hh", at[1], each, l->g, r.hidden, wide, l->dw_hh);
  expect_rows("db_ih", at[2], each, 1, l->g, l->g, l->db_ih);
  if (r.cell == NN_CELL_GRU)
    expect_rows("db_hh", at[2] + (size_t)l->g * nn_dtype_size(type), each, 1, r.hidden, r.hidden,
                l->db_hh + 2 * r.hidden);
  if (!pick) {
    expect_rows("dw_ih", at[0], each, l->g, r.input, wide_in, l->dw_ih);
  } else { // the sums of the table's rows add up to those of the bias
    void *all = room(picks * l->g), *sum = room(l->g);
    kernels->collect[type](2, each, at[3], picks * l->g, all);
    for (int64_t j = 0; j < l->g; j++) {
      double s = 0;
      for (int64_t k = 0; k < picks; k++) s += get(all, k * l->g + j);
      put(sum, j, s);
    }
    expect("sums of the table's rows", sum, l->db_ih, l->g);
    free(all), free(sum);
  }
  free(sums), free(scratch), free(r.dh), free(r.dc), free(r.dx);
  free((void *)(uintptr_t)r.w_hh), free((void *)(uintptr_t)r.w_ih);
}

static void check_layer(enum nn_cell cell) {
  layer l = make_layer(cell);
  struct nn_recurrent *r = &l.r;
  const bool table = range(0, 2) == 0;
  const int64_t picks = table ? range(1, l.rows) : 0;
  int64_t *pick = calloc((size_t)l.rows, sizeof *pick);
  assert_non_null(pick);
  if (table) repeat_rows(&l, pick, picks);
  for (int64_t i = 0; i < r->n; i++) sequence_by_definition(&l, i);
  r->x = l.x, r->w_ih = packed_gates(&l, l.w_ih, r->input), r->w_hh = packed_gates(&l, l.w_hh, r->hidden);
  r->bias = bias_row(&l), r->y = room(l.rows * r->hidden);
  void *rows = room((picks + 1) * padded(r->hidden) * l.slots), *w_ih = (void *)(uintptr_t)r->w_ih;
  if (table) {
    kernels->table[type](r, picks, 0, (r->hidden + kernels->width[type] - 1) / kernels->width[type], rows);
    r->table = rows, r->pick = pick, r->w_ih = NULL;
  }
  if (range(0, 3) == 0) check_forward(&l); // nothing kept
  r->gates = room(l.rows * padded(r->hidden) * l.slots), r->cells = room(l.rows * r->hidden);
  check_forward(&l);
  check_backward(&l);
  check_gradients(&l, table ? pick : NULL, picks);
  free(r->gates), free(r->cells), free(r->y), free(rows), free(w_ih), free(pick);
  free((void *)(uintptr_t)r->w_hh), free((void *)(uintptr_t)r->bias);
  drop_layer(&l);
}

static void random_layers(void **unused) {
  (void)unused;
  kernels = NN_SELECT(nn_recurrent_table);
  for (int i = 0; i < 200; i++) {
    type = i % 2 ? NN_FLOAT64 : NN_FLOAT32, width = kernels->width[type];
    check_layer((enum nn_cell)(i / 2 % 4));
  }
}

// The gates' own functions: far from 0, at 0, tiny, NaN.
static void extremes(void **unused) {
  (void)unused;
  kernels = NN_SELECT(nn_recurrent_table);
  const double x[] = {0,
                      1e-7,
                      -1e-7,
                      1e-30,
                      0.3,
                      -0.3,
                      5,
                      -5,
                      30,
                      -30,
                      200,
                      -200,
                      3e38,
                      -3e38,
                      (double)INFINITY,
                      -(double)INFINITY};
  for (int k = 0; k < 2; k++) {
    type = k ? NN_FLOAT64 : NN_FLOAT32, width = kernels->width[type];
    for (size_t i = 0; i <= sizeof x / sizeof *x; i++) {
      const double v = i < sizeof x / sizeof *x ? x[i] : (double)NAN;
      struct nn_recurrent r = {.cell = NN_CELL_LSTM,
                               .steps = 1,
                               .n = 1,
                               .input = 1,
                               .hidden = 1,
                               .state = 1,
                               .step = 1,
                               .sequence = 1};
      void *zero = random_numbers(8 * width, 0), *bias = random_numbers(4 * width, 0),
           *scratch = room(1 << 16);
      r.x = r.w_ih = r.w_hh = zero, r.bias = bias;
      r.h = copy(zero, 1), r.c = copy(zero, 1), r.y = room(1);
      for (int s = 0; s < 4; s++) put(bias, s * width, v);
      assert_true((int64_t)kernels->scratch[type](&r, 1) <= 8 << 16);
      assert_true(kernels->forward[type](&r, 0, 1, scratch));
      const double c = sigmoid(v) * tanh(v), y = sigmoid(v) * tanh(c),
                   near = type == NN_FLOAT32 ? 1e-6 : 1e-14;
      if (isnan(v)) {
        assert_true(isnan(get(r.y, 0)) && isnan(get(r.c, 0)));
      } else {
        assert_true(fabs(get(r.c, 0) - c) <= near * fabs(c) + 1e-30);
        assert_true(fabs(get(r.y, 0) - y) <= near * fabs(y) + 1e-30);
      }
      free(zero), free(bias), free(scratch), free(r.h), free(r.c), free(r.y);
    }
  }
}

static void interrupt_ends_a_call(void **unused) {
  (void)unused;
  kernels = NN_SELECT(nn_recurrent_table), type = NN_FLOAT32, width = kernels->width[type];
  struct nn_recurrent r = {.cell = NN_CELL_TANH,
                           .steps = 1,
                           .n = 1,
                           .input = 1,
                           .hidden = 1,
                           .state = 1,
                           .step = 1,
                           .sequence = 1};
  void *zero = random_numbers(8 * width, 0), *scratch = room(1 << 16);
  r.x = r.w_ih = r.w_hh = r.bias = zero, r.h = copy(zero, 1), r.y = room(1);
  nn_interrupt_raise();
  assert_false(kernels->forward[type](&r, 0, 1, scratch));
  nn_interrupt_clear();
  assert_true(kernels->forward[type](&r, 0, 1, scratch));
  free(zero), free(scratch), free(r.h), free(r.y);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_layers),
      cmocka_unit_test(extremes),
      cmocka_unit_test(interrupt_ends_a_call),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
