// Template of recurrent.c for the type `real`. Products run through micro_impl.h on packed weights; the gates
// are their epilogue, a block of units at a time while its sums are in level 1.

#define U (2 * VL) // width of a panel

static void T(pack_rows)(int64_t rows, int64_t depth, const void *vw, int64_t stride, void *vp) {
  const real *w = vw;
  for (int64_t b = 0; b < rows; b += U) {
    real *p = (real *)vp + b / U * stride;
    const int64_t count = min64(U, rows - b);
    for (int64_t k0 = 0; k0 < depth; k0 += 16) {
      const int64_t k1 = min64(k0 + 16, depth);
      for (int64_t j = 0; j < U; j++)
        for (int64_t k = k0; k < k1; k++) p[k * U + j] = j < count ? w[(b + j) * depth + k] : 0;
    }
  }
}

static void T(pack_columns)(int64_t depth, int64_t cols, const void *vw, void *vp) {
  const real *w = vw;
  for (int64_t b = 0; b < cols; b += U) {
    real *p = (real *)vp + b * depth;
    const int64_t count = min64(U, cols - b);
    for (int64_t k = 0; k < depth; k++)
      for (int64_t j = 0; j < U; j++) p[k * U + j] = j < count ? w[k * cols + b + j] : 0;
  }
}

// c[i][0 .. U) = (add ? c : 0) + sum over k < depth of a[i][k] panel[k][..]
static void T(panel_product)(int64_t rows, int64_t depth, const real *a, int64_t lda, const real *panel, real *c,
                             int64_t ldc, bool add) {
  for (int64_t k = 0; k < depth || (k == 0 && !add); k += DEPTH) {
    const struct T(micro_ends) ends = {.add = add || k > 0};
    for (int64_t b = 0; b < T(micro_blocks)(rows); b++) {
      const int64_t i = T(micro_row)(rows, b), end = T(micro_row)(rows, b + 1);
      T(micro_unpacked)(end - i, min64(DEPTH, depth - k), a + i * lda + k, lda, panel + k * U, U, c + i * ldc, ldc, &ends);
    }
  }
}

// ---- where things lie ----------------------------------------------------------------------------------

static inline int64_t T(slots)(const struct nn_recurrent *r) { return nn_cell_slots(r->cell); }
static inline int64_t T(blocks)(int64_t units) { return ceil_div(units, U); }
static inline int64_t T(padded)(int64_t units) { return T(blocks)(units) * U; }
static inline int64_t T(gate_row)(const struct nn_recurrent *r) { return T(padded)(r->hidden) * T(slots)(r); }

static inline int64_t T(row)(const struct nn_recurrent *r, int64_t t, int64_t i) {
  return r->first ? r->first[t] + i : t * r->step + i * r->sequence;
}
static inline int64_t T(row_step)(const struct nn_recurrent *r) { return r->first ? 1 : r->sequence; }
static inline int64_t T(active)(const struct nn_recurrent *r, int64_t t, int64_t n1) {
  return r->batch ? min64(r->batch[t], n1) : n1;
}

// The row of the step that sequence i took before step t, or -1 if that was its first.
static inline int64_t T(row_before)(const struct nn_recurrent *r, int64_t t, int64_t i) {
  const int64_t s = r->reverse ? t + 1 : t - 1;
  if (s < 0 || s >= r->steps || i >= T(active)(r, s, r->n)) return -1;
  return T(row)(r, s, i);
}

// Where steps of a sequence lie one after the other, enough of them for a whole block of rows.
static int64_t T(least_steps)(const struct nn_recurrent *r) { return !r->first && r->step == 1 ? NN_MICRO_ROWS : 1; }

static int64_t T(chunk)(const struct nn_recurrent *r, int64_t n) {
  const int64_t steps = CHUNK_BYTES / (int64_t)sizeof(real) / (n * T(gate_row)(r)), least = T(least_steps)(r);
  return min64(steps < least ? least : steps, r->steps);
}

// The part of a layer that one call works on.
struct T(part) {
  const struct nn_recurrent *r;
  int64_t n0, n1;
  int64_t from, to; // steps whose gates have begun
  real *gates;      // of these, unless r->gates keeps all
  real *whole;      // [n][hidden]
  real *wide;       // [n][padded(state)]
  bool along;       // steps of a sequence lie one after the other
};

static real *T(gates_at)(const struct T(part) * p, int64_t t, int64_t i) {
  const struct nn_recurrent *r = p->r;
  int64_t row;
  if (r->gates)
    row = T(row)(r, t, i);
  else if (p->along)
    row = (i - p->n0) * (p->to - p->from) + (t - p->from);
  else
    row = (t - p->from) * (p->n1 - p->n0) + (i - p->n0);
  return (r->gates ? (real *)r->gates : p->gates) + row * T(gate_row)(r);
}

// From one sequence to the next.
static int64_t T(gates_step)(const struct T(part) * p) {
  const int64_t rows = p->r->gates ? T(row_step)(p->r) : p->along ? p->to - p->from : 1;
  return rows * T(gate_row)(p->r);
}

// Enough for n sequences and for fewer: those go in longer chunks, which may be larger by the rounding.
static size_t T(scratch)(const struct nn_recurrent *r, int64_t n) {
  const int64_t step = n * T(gate_row)(r), chunk = CHUNK_BYTES / (int64_t)sizeof(real);
  const int64_t least = min64(T(least_steps)(r), r->steps) * step, most = min64(chunk, r->steps * step);
  const int64_t gates = r->gates ? 0 : least > most ? least : most;
  const int64_t states = n * (T(padded)(r->hidden) + T(padded)(r->state));
  return (size_t)(gates + states + 16 * U) * sizeof(real);
}

// ---- forward ---------------------------------------------------------------------------------------------

// Products of `rows` rows of x that lie one after the other.
static void T(run_of_inputs)(const struct nn_recurrent *r, int64_t rows, const real *x, real *gates) {
  const int64_t g = nn_cell_gates(r->cell), slots = T(slots)(r);
  for (int64_t b = 0; b < T(blocks)(r->hidden); b++)
    for (int64_t k = 0; k < g; k++)
      T(panel_product)(rows, r->input, x, r->input, (const real *)r->w_ih + (b * g + k) * r->input * U,
                       gates + (b * slots + k) * U, T(gate_row)(r), false);
}

// Begins the gates of steps p->from .. p->to - 1. Runs that follow each other become one.
static void T(begin_gates)(const struct T(part) * p) {
  const struct nn_recurrent *r = p->r;
  const int64_t outer = p->along ? p->n1 - p->n0 : p->to - p->from;
  int64_t at = 0, rows = 0;
  real *gates = NULL;
  for (int64_t k = 0; k < outer; k++) {
    const int64_t t = p->along ? p->from : p->from + k, i = p->along ? p->n0 + k : p->n0;
    const int64_t count = p->along ? p->to - p->from : T(active)(r, t, p->n1) - p->n0;
    if (count <= 0) continue;
    real *g = T(gates_at)(p, t, i);
    if (rows > 0 && at + rows == T(row)(r, t, i) && gates + rows * T(gate_row)(r) == g) {
      rows += count;
      continue;
    }
    if (rows > 0) T(run_of_inputs)(r, rows, (const real *)r->x + at * r->input, gates);
    at = T(row)(r, t, i), rows = count, gates = g;
  }
  if (rows > 0) T(run_of_inputs)(r, rows, (const real *)r->x + at * r->input, gates);
}

static void T(rnn_units)(bool relu, int64_t n, real *g, const real *bias, real *h) {
  if (relu) {
    NN_VECTOR_LOOP for (int64_t j = 0; j < n; j++) {
      const real a = g[j] + bias[j];
      h[j] = a <= 0 ? 0 : a;
    }
  } else {
    NN_VECTOR_LOOP for (int64_t j = 0; j < n; j++) h[j] = M(tanh)(g[j] + bias[j]);
  }
}

// i, f, g, o = gates; c = f c + i g; h = o tanh(c)
static void T(lstm_units)(int64_t n, real *g, const real *bias, real *c, real *h) {
  NN_VECTOR_LOOP for (int64_t j = 0; j < n; j++) {
    const real i = M(sigmoid)(g[j] + bias[j]), f = M(sigmoid)(g[j + U] + bias[j + U]);
    const real z = M(tanh)(g[j + 2 * U] + bias[j + 2 * U]), o = M(sigmoid)(g[j + 3 * U] + bias[j + 3 * U]);
    const real cell = f * c[j] + i * z;
    c[j] = cell;
    h[j] = o * M(tanh)(cell);
    g[j] = i, g[j + U] = f, g[j + 2 * U] = z, g[j + 3 * U] = o;
  }
}

// The same where i and f also see the cell before, o the new one.
static void T(peephole_units)(int64_t n, real *g, const real *bias, const real *pi, int64_t hidden, real *c, real *h) {
  const real *pf = pi + hidden, *po = pi + 2 * hidden;
  NN_VECTOR_LOOP for (int64_t j = 0; j < n; j++) {
    const real i = M(sigmoid)(g[j] + bias[j] + pi[j] * c[j]);
    const real f = M(sigmoid)(g[j + U] + bias[j + U] + pf[j] * c[j]), z = M(tanh)(g[j + 2 * U] + bias[j + 2 * U]);
    const real cell = f * c[j] + i * z, o = M(sigmoid)(g[j + 3 * U] + bias[j + 3 * U] + po[j] * cell);
    c[j] = cell;
    h[j] = o * M(tanh)(cell);
    g[j] = i, g[j + U] = f, g[j + 2 * U] = z, g[j + 3 * U] = o;
  }
}

// r, z, n = gates with n = tanh(x part + r * h part); h = (1 - z) n + z h
static void T(gru_units)(int64_t n, real *g, const real *bias, const real *before, real *h) {
  NN_VECTOR_LOOP for (int64_t j = 0; j < n; j++) {
    const real q = M(sigmoid)(g[j] + bias[j]), z = M(sigmoid)(g[j + U] + bias[j + U]);
    const real part = g[j + 3 * U] + bias[j + 3 * U], a = M(tanh)(g[j + 2 * U] + bias[j + 2 * U] + q * part);
    h[j] = a + z * (before[j] - a);
    g[j] = q, g[j + U] = z, g[j + 2 * U] = a, g[j + 3 * U] = part;
  }
}

// The epilogue of block b for sequence i at step t; g: its gates, h: where the new h goes.
static void T(units)(const struct nn_recurrent *r, int64_t b, int64_t row, int64_t i, real *g, real *h) {
  const int64_t at = b * U, n = min64(U, r->hidden - at);
  const real *bias = (const real *)r->bias + at * T(slots)(r);
  real *c = r->c ? (real *)r->c + i * r->hidden + at : NULL;
  switch (r->cell) {
  case NN_CELL_TANH:
  case NN_CELL_RELU: T(rnn_units)(r->cell == NN_CELL_RELU, n, g, bias, h); break;
  case NN_CELL_GRU: T(gru_units)(n, g, bias, (const real *)r->h + i * r->state + at, h); break;
  case NN_CELL_LSTM:
    if (r->peephole)
      T(peephole_units)(n, g, bias, (const real *)r->peephole + at, r->hidden, c, h);
    else
      T(lstm_units)(n, g, bias, c, h);
    if (r->cells) memcpy((real *)r->cells + row * r->hidden + at, c, (size_t)n * sizeof(real));
  }
}

// h (whole) to y and to the state, projected where that is wanted.
static void T(put_states)(const struct T(part) * p, int64_t t, int64_t rows) {
  const struct nn_recurrent *r = p->r;
  const int64_t wide = T(padded)(r->state), size = r->state;
  for (int64_t b = 0; r->w_hr && b < T(blocks)(size); b++)
    T(panel_product)(rows, r->hidden, p->whole, r->hidden, (const real *)r->w_hr + b * r->hidden * U, p->wide + b * U, wide,
                     false);
  for (int64_t k = 0; k < rows; k++) {
    const int64_t row = T(row)(r, t, p->n0 + k);
    real *y = (real *)r->y + row * size;
    if (r->w_hr) memcpy(y, p->wide + k * wide, (size_t)size * sizeof(real));
    if (r->whole)
      memcpy((real *)r->whole + row * r->hidden, p->whole + k * r->hidden, (size_t)r->hidden * sizeof(real));
    memcpy((real *)r->h + (p->n0 + k) * size, y, (size_t)size * sizeof(real));
  }
}

static void T(step)(const struct T(part) * p, int64_t t) {
  const struct nn_recurrent *r = p->r;
  const int64_t rows = T(active)(r, t, p->n1) - p->n0, g = nn_cell_gates(r->cell), slots = T(slots)(r);
  if (rows <= 0) return;
  real *gates = T(gates_at)(p, t, p->n0);
  const int64_t gates_step = T(gates_step)(p);
  const real *h = (const real *)r->h + p->n0 * r->state;
  for (int64_t b = 0; b < T(blocks)(r->hidden); b++) {
    for (int64_t k = 0; k < g; k++) {
      const bool apart = r->cell == NN_CELL_GRU && k == 2;
      T(panel_product)(rows, r->state, h, r->state, (const real *)r->w_hh + (b * g + k) * r->state * U,
                       gates + (b * slots + (apart ? 3 : k)) * U, gates_step, !apart);
    }
    for (int64_t k = 0; k < rows; k++) {
      const int64_t row = T(row)(r, t, p->n0 + k);
      real *to = r->w_hr ? p->whole + k * r->hidden : (real *)r->y + row * r->state;
      T(units)(r, b, row, p->n0 + k, gates + k * gates_step + b * slots * U, to + b * U);
    }
  }
  T(put_states)(p, t, rows);
}

static bool T(forward)(const struct nn_recurrent *r, int64_t n0, int64_t n1, void *scratch) {
  struct T(part) p = {.r = r, .n0 = n0, .n1 = n1, .along = !r->first && r->step == 1};
  const int64_t n = n1 - n0, chunk = T(chunk)(r, n);
  p.wide = scratch;
  p.whole = p.wide + n * T(padded)(r->state);
  p.gates = p.whole + n * T(padded)(r->hidden);
  for (int64_t s = 0; s < r->steps; s += chunk) {
    const int64_t count = min64(chunk, r->steps - s);
    p.from = r->reverse ? r->steps - s - count : s;
    p.to = p.from + count;
    T(begin_gates)(&p);
    for (int64_t k = 0; k < count; k++) {
      if (nn_interrupted()) return false;
      T(step)(&p, r->reverse ? p.to - 1 - k : p.from + k);
    }
  }
  return true;
}

// ---- backward --------------------------------------------------------------------------------------------

// What a unit of a sequence needs at a step.
struct T(back) {
  int64_t n, hidden;                  // units of the block; distance of gates in d
  const real *g, *y, *cell, *before;  // gates, h, c; c (LSTM) or h (GRU) before
  const real *dh, *p;                 // gradient of h; peephole weights
  real *d, *dh_part, *dc, *dh_direct; // gradients of the sums; GRU: of the recurrent ones; of c; GRU: dh z
};

static void T(rnn_back)(bool relu, const struct T(back) * s) {
  const real *y = s->y, *dh = s->dh;
  real *d = s->d;
  if (relu) {
    NN_VECTOR_LOOP for (int64_t j = 0; j < s->n; j++) d[j] = y[j] > 0 ? dh[j] : 0;
  } else {
    NN_VECTOR_LOOP for (int64_t j = 0; j < s->n; j++) d[j] = dh[j] * (1 - y[j] * y[j]);
  }
}

static void T(lstm_back)(const struct T(back) * s) {
  const real *g = s->g, *cell = s->cell, *before = s->before, *dh = s->dh;
  real *di = s->d, *df = di + s->hidden, *dz = df + s->hidden, *d_o = dz + s->hidden, *dc = s->dc;
  NN_VECTOR_LOOP for (int64_t j = 0; j < s->n; j++) {
    const real i = g[j], f = g[j + U], z = g[j + 2 * U], o = g[j + 3 * U], y = M(tanh)(cell[j]);
    const real e = dc[j] + dh[j] * o * (1 - y * y);
    d_o[j] = dh[j] * y * o * (1 - o);
    di[j] = e * z * i * (1 - i);
    df[j] = e * before[j] * f * (1 - f);
    dz[j] = e * i * (1 - z * z);
    dc[j] = e * f;
  }
}

static void T(peephole_back)(const struct T(back) * s, int64_t hidden) {
  const real *g = s->g, *cell = s->cell, *before = s->before, *dh = s->dh;
  const real *pi = s->p, *pf = pi + hidden, *po = pf + hidden;
  real *di = s->d, *df = di + s->hidden, *dz = df + s->hidden, *d_o = dz + s->hidden, *dc = s->dc;
  NN_VECTOR_LOOP for (int64_t j = 0; j < s->n; j++) {
    const real i = g[j], f = g[j + U], z = g[j + 2 * U], o = g[j + 3 * U], y = M(tanh)(cell[j]);
    const real a = dh[j] * y * o * (1 - o), e = dc[j] + dh[j] * o * (1 - y * y) + a * po[j];
    const real b = e * z * i * (1 - i), q = e * before[j] * f * (1 - f);
    d_o[j] = a;
    di[j] = b;
    df[j] = q;
    dz[j] = e * i * (1 - z * z);
    dc[j] = e * f + b * pi[j] + q * pf[j];
  }
}

static void T(gru_back)(const struct T(back) * s) {
  const real *g = s->g, *before = s->before, *dh = s->dh;
  real *dq = s->d, *dz = dq + s->hidden, *da = dz + s->hidden, *direct = s->dh_direct;
  real *hq = s->dh_part, *hz = hq + s->hidden, *ha = hz + s->hidden;
  NN_VECTOR_LOOP for (int64_t j = 0; j < s->n; j++) {
    const real q = g[j], z = g[j + U], a = g[j + 2 * U], part = g[j + 3 * U];
    const real e = dh[j] * (1 - z) * (1 - a * a), u = e * part * q * (1 - q), v = dh[j] * (before[j] - a) * z * (1 - z);
    da[j] = e, dq[j] = u, dz[j] = v;
    ha[j] = e * q, hq[j] = u, hz[j] = v;
    direct[j] = dh[j] * z;
  }
}

static void T(fetch)(const real *x, int64_t n) {
  for (int64_t j = 0; j < n; j += 64 / (int64_t)sizeof *x) __builtin_prefetch(x + j);
}

// What units_back will read and write for sequence i: its rows lie far from those of the one before.
static void T(fetch_back)(const struct nn_recurrent *r, int64_t t, int64_t i) {
  const int64_t row = T(row)(r, t, i), gates = nn_cell_gates(r->cell) * r->hidden;
  if (r->gates) T(fetch)((const real *)r->gates + row * T(gate_row)(r), T(gate_row)(r));
  if (r->cells) T(fetch)((const real *)r->cells + row * r->hidden, r->hidden);
  T(fetch)((const real *)r->dgates + row * gates, gates);
}

// The gradients of the sums of sequence i at step t, from dh.
static void T(units_back)(const struct T(part) * p, int64_t t, int64_t i, const real *dh, real *direct) {
  const struct nn_recurrent *r = p->r;
  const int64_t row = T(row)(r, t, i), before = T(row_before)(r, t, i), hidden = r->hidden;
  const int64_t gates = nn_cell_gates(r->cell), slots = T(slots)(r);
  const bool lstm = r->cell == NN_CELL_LSTM;
  const real *first = lstm ? (const real *)r->c : (const real *)r->h, *later = lstm ? r->cells : r->y;
  for (int64_t b = 0; b < T(blocks)(hidden); b++) {
    const int64_t at = b * U;
    struct T(back) s = {.n = min64(U, hidden - at), .hidden = hidden, .dh = dh + at};
    s.before = before < 0 ? first + i * hidden + at : later + before * hidden + at;
    s.d = (real *)r->dgates + row * gates * hidden + at;
    if (r->gates) s.g = (const real *)r->gates + row * T(gate_row)(r) + at * slots;
    if (lstm) {
      s.cell = (const real *)r->cells + row * hidden + at;
      s.dc = (real *)r->dc + i * hidden + at;
      s.p = r->peephole ? (const real *)r->peephole + at : NULL;
      if (s.p)
        T(peephole_back)(&s, hidden);
      else
        T(lstm_back)(&s);
    } else if (r->cell == NN_CELL_GRU) {
      s.dh_part = (real *)r->dgates_h + row * gates * hidden + at;
      s.dh_direct = direct + at;
      T(gru_back)(&s);
    } else {
      s.y = (const real *)r->y + row * hidden + at;
      T(rnn_back)(r->cell == NN_CELL_RELU, &s);
    }
  }
}

// Adds the gradient of y to that of the state; with a projection keeps the sum and goes on to h before it.
static const real *T(whole_back)(const struct T(part) * p, int64_t t, int64_t rows, real *dh, int64_t wide) {
  const struct nn_recurrent *r = p->r;
  const int64_t size = r->state, hidden = T(padded)(r->hidden);
  for (int64_t k = 0; k < rows; k++) {
    const int64_t row = T(row)(r, t, p->n0 + k);
    const real *dy = r->dy ? (const real *)r->dy + row * size : NULL;
    real *d = dh + k * wide;
    if (dy) NN_VECTOR_LOOP for (int64_t j = 0; j < size; j++) d[j] += dy[j];
    if (r->w_hr) memcpy((real *)r->dprojected + row * size, d, (size_t)size * sizeof(real));
  }
  if (!r->w_hr) return dh;
  for (int64_t b = 0; b < T(blocks)(r->hidden); b++)
    T(panel_product)(rows, size, dh, wide, (const real *)r->w_hr + b * size * U, p->whole + b * U, hidden, false);
  return p->whole;
}

static void T(step_back)(const struct T(part) * p, int64_t t, real *dh, int64_t wide) {
  const struct nn_recurrent *r = p->r;
  const int64_t rows = T(active)(r, t, p->n1) - p->n0, depth = nn_cell_gates(r->cell) * r->hidden;
  if (rows <= 0) return;
  const bool gru = r->cell == NN_CELL_GRU;
  const real *whole = T(whole_back)(p, t, rows, dh, wide);
  const int64_t whole_step = whole == dh ? wide : T(padded)(r->hidden);
  for (int64_t k = 0; k < rows; k++) {
    if (k + 1 < rows) T(fetch_back)(r, t, p->n0 + k + 1);
    T(units_back)(p, t, p->n0 + k, whole + k * whole_step, dh + k * wide);
  }
  const real *d = (const real *)(gru ? r->dgates_h : r->dgates) + T(row)(r, t, p->n0) * depth;
  for (int64_t b = 0; b < T(blocks)(r->state); b++)
    T(panel_product)(rows, depth, d, T(row_step)(r) * depth, (const real *)r->w_hh + b * depth * U, dh + b * U, wide, gru);
}

static bool T(backward)(const struct nn_recurrent *r, int64_t n0, int64_t n1, void *scratch) {
  const int64_t n = n1 - n0, wide = T(padded)(r->state), size = r->state;
  real *dh = scratch, *last = (real *)r->dh + n0 * size;
  struct T(part) p = {.r = r, .n0 = n0, .n1 = n1, .whole = dh + n * wide};
  memset(dh, 0, (size_t)(n * wide) * sizeof(real));
  for (int64_t k = 0; k < n; k++) memcpy(dh + k * wide, last + k * size, (size_t)size * sizeof(real));
  for (int64_t s = r->steps - 1; s >= 0; s--) {
    if (nn_interrupted()) return false;
    T(step_back)(&p, r->reverse ? r->steps - 1 - s : s, dh, wide);
  }
  for (int64_t k = 0; k < n; k++) memcpy(last + k * size, dh + k * wide, (size_t)size * sizeof(real));
  return true;
}

#undef U
