// Template of recurrent.c for the type `real`. Products run through micro_impl.h on packed weights; the gates
// are their epilogue, a block of units at a time while its sums are in level 1.

#define U (2 * VL) // width of a panel

typedef real T(four) __attribute__((vector_size(4 * sizeof(real))));
typedef real T(ufour) __attribute__((vector_size(4 * sizeof(real)), aligned(sizeof(real)), may_alias));
typedef lane T(ifour) __attribute__((vector_size(4 * sizeof(real))));

// p[k][j] = w[j][k] for 4 by 4 numbers
NN_INLINE void T(turn_four)(const real *w, int64_t ldw, real *p) {
  const T(four) a = *(const T(ufour) *)w, b = *(const T(ufour) *)(w + ldw);
  const T(four) c = *(const T(ufour) *)(w + 2 * ldw), d = *(const T(ufour) *)(w + 3 * ldw);
  const T(four) ab = NN_SHUFFLE(T(ifour), a, b, 0, 4, 1, 5), cd = NN_SHUFFLE(T(ifour), c, d, 0, 4, 1, 5);
  const T(four) ef = NN_SHUFFLE(T(ifour), a, b, 2, 6, 3, 7), gh = NN_SHUFFLE(T(ifour), c, d, 2, 6, 3, 7);
  *(T(ufour) *)p = NN_SHUFFLE(T(ifour), ab, cd, 0, 1, 4, 5);
  *(T(ufour) *)(p + U) = NN_SHUFFLE(T(ifour), ab, cd, 2, 3, 6, 7);
  *(T(ufour) *)(p + 2 * U) = NN_SHUFFLE(T(ifour), ef, gh, 0, 1, 4, 5);
  *(T(ufour) *)(p + 3 * U) = NN_SHUFFLE(T(ifour), ef, gh, 2, 3, 6, 7);
}

static void T(pack_rows)(int64_t rows, int64_t depth, const void *vw, int64_t stride, void *vp) {
  const real *w = vw;
  for (int64_t b = 0; b < rows; b += U) {
    real *p = (real *)vp + b / U * stride;
    const int64_t count = min64(U, rows - b), fours = count == U ? depth / 4 * 4 : 0;
    for (int64_t k = 0; k < fours; k += 4)
      for (int64_t j = 0; j < U; j += 4) T(turn_four)(w + (b + j) * depth + k, depth, p + k * U + j);
    for (int64_t k = fours; k < depth; k++)
      for (int64_t j = 0; j < U; j++) p[k * U + j] = j < count ? w[(b + j) * depth + k] : 0;
  }
}

static void T(pack_columns)(int64_t depth, int64_t cols, const void *vw, void *vp) {
  const real *w = vw;
  for (int64_t b = 0; b < cols; b += U) {
    real *p = (real *)vp + b * depth;
    const int64_t count = min64(U, cols - b);
    for (int64_t k = 0; k < depth && count == U; k++) memcpy(p + k * U, w + k * cols + b, U * sizeof(real));
    for (int64_t k = 0; k < depth && count < U; k++)
      for (int64_t j = 0; j < U; j++) p[k * U + j] = j < count ? w[k * cols + b + j] : 0;
  }
}

// c[i][0 .. U) = (add ? c : 0) + sum over k < depth of a[i][k] panel[k][..]
static void T(panel_product)(int64_t rows, int64_t depth, const real *a, int64_t lda, const real *panel,
                             real *c, int64_t ldc, bool add) {
  for (int64_t k = 0; k < depth || (k == 0 && !add); k += DEPTH) {
    const struct T(micro_ends) ends = {.add = add || k > 0};
    for (int64_t b = 0; b < T(micro_blocks)(rows); b++) {
      const int64_t i = T(micro_row)(rows, b), end = T(micro_row)(rows, b + 1);
      T(micro_unpacked)
      (end - i, min64(DEPTH, depth - k), a + i * lda + k, lda, panel + k * U, U, c + i * ldc, ldc, &ends);
    }
  }
}

// ---- where things lie ----------------------------------------------------------------------------------

static inline int64_t T(slots)(const struct nn_recurrent *r) { return nn_cell_slots(r->cell); }
static inline int64_t T(blocks)(int64_t units) { return ceil_div(units, U); }
static inline int64_t T(padded)(int64_t units) { return T(blocks)(units) * U; }
static inline int64_t T(gate_row)(const struct nn_recurrent *r) { return T(padded)(r->hidden) * T(slots)(r); }

// The row of x, y and dy, and that of what a layer keeps for itself: there the sequences of a step lie
// together.
static inline int64_t T(row)(const struct nn_recurrent *r, int64_t t, int64_t i) {
  return r->first ? r->first[t] + i : t * r->step + i * r->sequence;
}
static inline int64_t T(own_row)(const struct nn_recurrent *r, int64_t t, int64_t i) {
  return (r->first ? r->first[t] : t * r->n) + i;
}
static inline int64_t T(active)(const struct nn_recurrent *r, int64_t t, int64_t n1) {
  return r->batch ? min64(r->batch[t], n1) : n1;
}

// The step that sequence i took before step t, or -1 if that was its first.
static inline int64_t T(step_before)(const struct nn_recurrent *r, int64_t t, int64_t i) {
  const int64_t s = r->reverse ? t + 1 : t - 1;
  return s < 0 || s >= r->steps || i >= T(active)(r, s, r->n) ? -1 : s;
}

// The part of a layer that one call works on.
struct T(part) {
  const struct nn_recurrent *r;
  int64_t n0, n1;
  int64_t from, to; // steps whose gates have begun
  int64_t *offset;  // [to - from]: where each of them begins in `gates`
  real *gates;      // sums in front of the gates: the sequences of a step one after the other
  real *inputs;     // rows of x in that order, unless they lie so
  real *h, *h_next; // [n][state]
  real *whole;      // [n][hidden]: h before its projection
  real *wide;       // [n][padded(state)]: the projected one
  real *sums;       // backward, GRU: a row of gradients
};

// Whether a part's rows of x lie as its gates do.
static bool T(in_order)(const struct nn_recurrent *r, int64_t n0, int64_t n1) {
  return n0 == 0 && n1 == r->n && (r->first || r->sequence == 1 || r->n == 1);
}

// Rows whose gates are begun at once: more where w_ih comes from farther than level 2.
static int64_t T(chunk_rows)(const struct nn_recurrent *r) {
  const int64_t rows = CHUNK_BYTES / (int64_t)sizeof(real) / (T(gate_row)(r) + r->input);
  const bool far = T(gate_row)(r) * r->input * (int64_t)sizeof(real) > FAR_BYTES;
  return far && rows < FAR_ROWS ? FAR_ROWS : rows;
}

// Steps, for n sequences.
static int64_t T(chunk)(const struct nn_recurrent *r, int64_t n) {
  const int64_t steps = T(chunk_rows)(r) / n;
  return min64(steps < 1 ? 1 : steps, r->steps);
}

static void T(lay_out)(struct T(part) * p, real *at, int64_t n) {
  const struct nn_recurrent *r = p->r;
  const int64_t rows = T(chunk)(r, n) * n;
  p->gates = at;
  p->inputs = p->gates + rows * T(gate_row)(r);
  p->wide = p->inputs + rows * r->input;
  p->whole = p->wide + n * T(padded)(r->state);
  p->h = p->whole + n * T(padded)(r->hidden);
  p->h_next = p->h + n * r->state;
}

static int64_t T(offset_bytes)(const struct nn_recurrent *r) {
  return (r->steps * (int64_t)sizeof(int64_t) + 63) / 64 * 64;
}

// Enough for n sequences and for fewer, which go in longer chunks.
static size_t T(scratch)(const struct nn_recurrent *r, int64_t n) {
  const int64_t row = T(gate_row)(r) + r->input,
                states = T(padded)(r->state) + T(padded)(r->hidden) + 2 * r->state;
  return (size_t)((n * (row + states) + T(chunk_rows)(r) * row + U) * (int64_t)sizeof(real) +
                  T(offset_bytes)(r));
}

// ---- forward ---------------------------------------------------------------------------------------------

// Rows of x of the steps p->from .. p->to - 1 and where their gates begin; returns their number.
static int64_t T(gather_inputs)(const struct T(part) * p) {
  const struct nn_recurrent *r = p->r;
  const bool copy = !r->table && !T(in_order)(r, p->n0, p->n1);
  int64_t rows = 0;
  for (int64_t t = p->from; t < p->to; t++) {
    const int64_t end = T(active)(r, t, p->n1);
    p->offset[t - p->from] = rows;
    for (int64_t i = p->n0; i < end; i++, rows++) {
      const int64_t row = T(row)(r, t, i);
      if (r->table)
        memcpy(p->gates + rows * T(gate_row)(r), (const real *)r->table + r->pick[row] * T(gate_row)(r),
               (size_t)T(gate_row)(r) * sizeof(real));
      else if (copy)
        memcpy(p->inputs + rows * r->input, (const real *)r->x + row * r->input,
               (size_t)r->input * sizeof(real));
    }
  }
  return rows;
}

// Begins the gates of steps p->from .. p->to - 1, `rows` rows, with what x adds to them: blocks b0 <= b < b1.
static void T(begin_gates)(const struct T(part) * p, int64_t rows, int64_t b0, int64_t b1) {
  const struct nn_recurrent *r = p->r;
  const int64_t g = nn_cell_gates(r->cell), slots = T(slots)(r);
  if (r->table) return;
  const real *x = p->inputs;
  if (T(in_order)(r, p->n0, p->n1)) x = (const real *)r->x + T(row)(r, p->from, 0) * r->input;
  for (int64_t b = b0; b < b1; b++)
    for (int64_t k = 0; k < g; k++)
      T(panel_product)
      (rows, r->input, x, r->input, (const real *)r->w_ih + (b * g + k) * r->input * U,
       p->gates + (b * slots + k) * U, T(gate_row)(r), false);
}

static void T(table)(const struct nn_recurrent *r, int64_t rows, int64_t b0, int64_t b1, void *table) {
  const int64_t g = nn_cell_gates(r->cell), slots = T(slots)(r);
  for (int64_t b = b0; b < b1; b++)
    for (int64_t k = 0; k < g; k++)
      T(panel_product)
      (rows, r->input, r->x, r->input, (const real *)r->w_ih + (b * g + k) * r->input * U,
       (real *)table + (b * slots + k) * U, T(gate_row)(r), false);
}

// What a unit of a sequence has at a step: sums, and where results go. Where nobody wants them a second time,
// the second place is the first one.
struct T(unit) {
  int64_t hidden;
  const real *g, *bias, *before, *p; // before: h of the step before (GRU); p: peephole weights
  real *keep, *c, *cell, *h, *y;     // gates; c and a copy of it; h and a copy
};

// A loop over the n units of a block, most often all of them.
#define UNITS(n, ...)                                                                                        \
  do {                                                                                                       \
    if ((n) == U) {                                                                                          \
      NN_VECTOR_LOOP for (int64_t j = 0; j < U; j++) __VA_ARGS__                                             \
    } else {                                                                                                 \
      NN_VECTOR_LOOP for (int64_t j = 0; j < (n); j++) __VA_ARGS__                                           \
    }                                                                                                        \
  } while (0)

static void T(rnn_units)(bool relu, int64_t n, const struct T(unit) * u) {
  const real *g = u->g, *bias = u->bias;
  real *h = u->h, *y = u->y;
  if (relu)
    UNITS(n, {
      const real a = g[j] + bias[j], b = a <= 0 ? 0 : a;
      h[j] = b, y[j] = b;
    });
  else
    UNITS(n, {
      const real a = M(gate_tanh)(g[j] + bias[j]);
      h[j] = a, y[j] = a;
    });
}

// i, f, g, o = gates; c = f c + i g; h = o tanh(c)
static void T(lstm_units)(int64_t n, const struct T(unit) * u) {
  const real *g = u->g, *bias = u->bias;
  real *keep = u->keep, *c = u->c, *cell = u->cell, *h = u->h, *y = u->y;
  UNITS(n, {
    real i;
    real z;
    real o;
    real a;
    M(gate_pair)(g[j] + bias[j], g[j + 2 * U] + bias[j + 2 * U], &i, &z);
    const real f = M(gate_sigmoid)(g[j + U] + bias[j + U]), now = f * c[j] + i * z;
    M(gate_pair)(g[j + 3 * U] + bias[j + 3 * U], now, &o, &a);
    keep[j] = i, keep[j + U] = f, keep[j + 2 * U] = z, keep[j + 3 * U] = o;
    c[j] = now, cell[j] = now;
    h[j] = o * a, y[j] = o * a;
  });
}

// The same where i and f also see the cell before, o the new one.
static void T(peephole_units)(int64_t n, const struct T(unit) * u) {
  const real *g = u->g, *bias = u->bias, *pi = u->p, *pf = pi + u->hidden, *po = pf + u->hidden;
  real *keep = u->keep, *c = u->c, *cell = u->cell, *h = u->h, *y = u->y;
  UNITS(n, {
    real i;
    real z;
    real o;
    real a;
    M(gate_pair)(g[j] + bias[j] + pi[j] * c[j], g[j + 2 * U] + bias[j + 2 * U], &i, &z);
    const real f = M(gate_sigmoid)(g[j + U] + bias[j + U] + pf[j] * c[j]), now = f * c[j] + i * z;
    M(gate_pair)(g[j + 3 * U] + bias[j + 3 * U] + po[j] * now, now, &o, &a);
    keep[j] = i, keep[j + U] = f, keep[j + 2 * U] = z, keep[j + 3 * U] = o;
    c[j] = now, cell[j] = now;
    h[j] = o * a, y[j] = o * a;
  });
}

// r, z, n = gates with n = tanh(x part + r * h part); h = (1 - z) n + z h
static void T(gru_units)(int64_t n, const struct T(unit) * u) {
  const real *g = u->g, *bias = u->bias, *before = u->before;
  real *keep = u->keep, *h = u->h, *y = u->y;
  UNITS(n, {
    const real q = M(gate_sigmoid)(g[j] + bias[j]), part = g[j + 3 * U] + bias[j + 3 * U];
    real z;
    real a;
    M(gate_pair)(g[j + U] + bias[j + U], g[j + 2 * U] + bias[j + 2 * U] + q * part, &z, &a);
    const real now = a + z * (before[j] - a);
    keep[j] = q, keep[j + U] = z, keep[j + 2 * U] = a, keep[j + 3 * U] = part;
    h[j] = now, y[j] = now;
  });
}

// The epilogue of block b for sequence i at step t, which has the sums g.
static void T(units)(const struct T(part) * p, int64_t b, int64_t t, int64_t i, real *g) {
  const struct nn_recurrent *r = p->r;
  const int64_t at = b * U, n = min64(U, r->hidden - at), row = T(own_row)(r, t, i), k = i - p->n0;
  struct T(unit)
      u = {.hidden = r->hidden, .g = g, .keep = g, .bias = (const real *)r->bias + at * T(slots)(r)};
  if (r->gates) u.keep = (real *)r->gates + row * T(gate_row)(r) + at * T(slots)(r);
  u.h = u.y = p->whole + k * r->hidden + at;
  if (!r->w_hr) {
    u.h = p->h_next + k * r->state + at;
    u.y = (real *)r->y + T(row)(r, t, i) * r->state + at;
  } else if (r->whole) {
    u.y = (real *)r->whole + row * r->hidden + at;
  }
  if (r->cell == NN_CELL_LSTM) {
    u.c = u.cell = (real *)r->c + i * r->hidden + at;
    if (r->cells) u.cell = (real *)r->cells + row * r->hidden + at;
    if (r->peephole) {
      u.p = (const real *)r->peephole + at;
      T(peephole_units)(n, &u);
    } else {
      T(lstm_units)(n, &u);
    }
  } else if (r->cell == NN_CELL_GRU) {
    u.before = p->h + k * r->state + at;
    T(gru_units)(n, &u);
  } else {
    T(rnn_units)(r->cell == NN_CELL_RELU, n, &u);
  }
}

// The projection of h, to y and to the state.
static void T(project)(const struct T(part) * p, int64_t t, int64_t rows) {
  const struct nn_recurrent *r = p->r;
  const int64_t wide = T(padded)(r->state), size = r->state;
  for (int64_t b = 0; b < T(blocks)(size); b++)
    T(panel_product)
    (rows, r->hidden, p->whole, r->hidden, (const real *)r->w_hr + b * r->hidden * U, p->wide + b * U, wide,
     false);
  for (int64_t k = 0; k < rows; k++) {
    memcpy((real *)r->y + T(row)(r, t, p->n0 + k) * size, p->wide + k * wide, (size_t)size * sizeof(real));
    memcpy(p->h_next + k * size, p->wide + k * wide, (size_t)size * sizeof(real));
  }
}

// The k-th block of b0 .. b1 - 1 in the order of step t: every other step goes back, so that weights which do
// not fit into level 2 are found there in part.
static int64_t T(block_at)(int64_t t, int64_t k, int64_t b0, int64_t b1) {
  return t & 1 ? b1 - 1 - k : b0 + k;
}

// Step t of the first `rows` sequences: blocks b0 <= b < b1.
static void T(step_blocks)(const struct T(part) * p, int64_t t, int64_t rows, int64_t b0, int64_t b1) {
  const struct nn_recurrent *r = p->r;
  const int64_t g = nn_cell_gates(r->cell), slots = T(slots)(r), wide = T(gate_row)(r);
  real *gates = p->gates + p->offset[t - p->from] * wide;
  for (int64_t j = 0; j < b1 - b0; j++) {
    const int64_t b = T(block_at)(t, j, b0, b1);
    for (int64_t k = 0; k < g; k++) {
      const bool apart = r->cell == NN_CELL_GRU && k == 2;
      T(panel_product)
      (rows, r->state, p->h, r->state, (const real *)r->w_hh + (b * g + k) * r->state * U,
       gates + (b * slots + (apart ? 3 : k)) * U, wide, !apart);
    }
    for (int64_t k = 0; k < rows; k++) T(units)(p, b, t, p->n0 + k, gates + k * wide + b * slots * U);
  }
}

static void T(turn_states)(struct T(part) * p) {
  real *was = p->h;
  p->h = p->h_next;
  p->h_next = was;
}

static void T(step)(struct T(part) * p, int64_t t) {
  const struct nn_recurrent *r = p->r;
  const int64_t rows = T(active)(r, t, p->n1) - p->n0;
  if (rows <= 0) return;
  T(step_blocks)(p, t, rows, 0, T(blocks)(r->hidden));
  if (r->w_hr) T(project)(p, t, rows);
  if (rows < p->n1 - p->n0) { // the others keep theirs
    memcpy(p->h, p->h_next, (size_t)(rows * r->state) * sizeof(real));
    return;
  }
  T(turn_states)(p);
}

static bool T(forward)(const struct nn_recurrent *r, int64_t n0, int64_t n1, void *scratch) {
  struct T(part) p = {.r = r, .n0 = n0, .n1 = n1, .offset = scratch};
  const int64_t n = n1 - n0, chunk = T(chunk)(r, n);
  const size_t state = (size_t)(n * r->state) * sizeof(real);
  T(lay_out)(&p, (real *)(void *)((char *)scratch + T(offset_bytes)(r)), n);
  memcpy(p.h, (real *)r->h + n0 * r->state, state);
  for (int64_t s = 0; s < r->steps; s += chunk) {
    const int64_t count = min64(chunk, r->steps - s);
    p.from = r->reverse ? r->steps - s - count : s;
    p.to = p.from + count;
    T(begin_gates)(&p, T(gather_inputs)(&p), 0, T(blocks)(r->hidden));
    for (int64_t k = 0; k < count; k++) {
      if (nn_interrupted()) return false;
      T(step)(&p, r->reverse ? p.to - 1 - k : p.from + k);
    }
  }
  memcpy((real *)r->h + n0 * r->state, p.h, state);
  return true;
}

// ---- backward --------------------------------------------------------------------------------------------

static void T(add_row)(int64_t n, const real *x, real *sum) {
  NN_VECTOR_LOOP for (int64_t j = 0; j < n; j++) sum[j] += x[j];
}

// What a unit of a sequence needs at a step.
struct T(back) {
  int64_t n, hidden;                 // units of the block; distance of gates in d
  const real *g, *y, *cell, *before; // gates, h, c; c (LSTM) or h (GRU) before
  const real *dh, *p;                // gradient of h; peephole weights
  real *d, *dc, *dh_direct;          // gradients of the sums, for each slot; of c; GRU: dh z
};

static void T(rnn_back)(bool relu, const struct T(back) * s) {
  const real *y = s->y, *dh = s->dh;
  real *d = s->d;
  if (relu)
    UNITS(s->n, { d[j] = y[j] > 0 ? dh[j] : 0; });
  else
    UNITS(s->n, { d[j] = dh[j] * (1 - y[j] * y[j]); });
}

static void T(lstm_back)(const struct T(back) * s) {
  const real *g = s->g, *cell = s->cell, *before = s->before, *dh = s->dh;
  real *di = s->d, *df = di + s->hidden, *dz = df + s->hidden, *d_o = dz + s->hidden, *dc = s->dc;
  UNITS(s->n, {
    const real i = g[j], f = g[j + U], z = g[j + 2 * U], o = g[j + 3 * U];
    const real y = M(gate_tanh)(cell[j]);
    const real e = dc[j] + dh[j] * o * (1 - y * y);
    d_o[j] = dh[j] * y * o * (1 - o);
    di[j] = e * z * i * (1 - i);
    df[j] = e * before[j] * f * (1 - f);
    dz[j] = e * i * (1 - z * z);
    dc[j] = e * f;
  });
}

static void T(peephole_back)(const struct T(back) * s) {
  const real *g = s->g, *cell = s->cell, *before = s->before, *dh = s->dh;
  const real *pi = s->p, *pf = pi + s->hidden, *po = pf + s->hidden;
  real *di = s->d, *df = di + s->hidden, *dz = df + s->hidden, *d_o = dz + s->hidden, *dc = s->dc;
  UNITS(s->n, {
    const real i = g[j], f = g[j + U], z = g[j + 2 * U], o = g[j + 3 * U];
    const real y = M(gate_tanh)(cell[j]);
    const real a = dh[j] * y * o * (1 - o), e = dc[j] + dh[j] * o * (1 - y * y) + a * po[j];
    const real b = e * z * i * (1 - i), q = e * before[j] * f * (1 - f);
    d_o[j] = a;
    di[j] = b;
    df[j] = q;
    dz[j] = e * i * (1 - z * z);
    dc[j] = e * f + b * pi[j] + q * pf[j];
  });
}

static void T(gru_back)(const struct T(back) * s) {
  const real *g = s->g, *before = s->before, *dh = s->dh;
  real *dq = s->d, *dz = dq + s->hidden, *da = dz + s->hidden, *ha = da + s->hidden, *direct = s->dh_direct;
  UNITS(s->n, {
    const real q = g[j], z = g[j + U], a = g[j + 2 * U], part = g[j + 3 * U];
    const real e = dh[j] * (1 - z) * (1 - a * a), u = e * part * q * (1 - q),
               v = dh[j] * (before[j] - a) * z * (1 - z);
    dq[j] = u, dz[j] = v, da[j] = e, ha[j] = e * q;
    direct[j] = dh[j] * z;
  });
}

static void T(fetch)(const real *x, int64_t n) {
  for (int64_t j = 0; j < n; j += 64 / (int64_t)sizeof *x) __builtin_prefetch(x + j);
}

// What step t will read of dy and y, whose rows may lie far from each other.
static void T(fetch_step)(const struct nn_recurrent *r, int64_t n0, int64_t n1, int64_t t) {
  if (t < 0 || t >= r->steps) return;
  const int64_t end = T(active)(r, t, n1);
  for (int64_t i = n0; i < end; i++) {
    if (r->dy) T(fetch)((const real *)r->dy + T(row)(r, t, i) * r->state, r->state);
    if (r->cell != NN_CELL_LSTM) T(fetch)((const real *)r->y + T(row)(r, t, i) * r->state, r->state);
  }
}

// h (c of an LSTM) that sequence i had before step t.
static const real *T(state_before)(const struct nn_recurrent *r, bool c, int64_t t, int64_t i) {
  const int64_t before = T(step_before)(r, t, i);
  if (c)
    return before < 0 ? (const real *)r->c + i * r->hidden
                      : (const real *)r->cells + T(own_row)(r, before, i) * r->hidden;
  return before < 0 ? (const real *)r->h + i * r->state
                    : (const real *)r->y + T(row)(r, before, i) * r->state;
}

// The gradients d, for each slot, of the sums of sequence i at step t, from dh: blocks b0 <= b < b1.
static void T(units_back)(const struct nn_recurrent *r, int64_t t, int64_t i, const real *dh, real *direct,
                          real *d, int64_t b0, int64_t b1) {
  const int64_t own = T(own_row)(r, t, i), hidden = r->hidden, slots = T(slots)(r);
  const bool lstm = r->cell == NN_CELL_LSTM;
  const real *was = r->cell >= NN_CELL_LSTM ? T(state_before)(r, lstm, t, i) : dh;
  for (int64_t b = b0; b < b1; b++) {
    const int64_t at = b * U;
    struct T(back) s = {.n = min64(U, hidden - at), .hidden = hidden, .dh = dh + at, .before = was + at};
    s.d = d + at;
    if (r->gates) s.g = (const real *)r->gates + own * T(gate_row)(r) + at * slots;
    if (lstm) {
      s.cell = (const real *)r->cells + own * hidden + at;
      s.dc = (real *)r->dc + i * hidden + at;
      s.p = r->peephole ? (const real *)r->peephole + at : NULL;
      if (s.p)
        T(peephole_back)(&s);
      else
        T(lstm_back)(&s);
    } else if (r->cell == NN_CELL_GRU) {
      s.dh_direct = direct + at;
      T(gru_back)(&s);
    } else {
      s.y = (const real *)r->y + T(row)(r, t, i) * hidden + at;
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
    if (r->w_hr)
      memcpy((real *)r->dprojected + T(own_row)(r, t, p->n0 + k) * size, d, (size_t)size * sizeof(real));
  }
  if (!r->w_hr) return dh;
  for (int64_t b = 0; b < T(blocks)(r->hidden); b++)
    T(panel_product)
    (rows, size, dh, wide, (const real *)r->w_hr + b * size * U, p->whole + b * U, hidden, false);
  return p->whole;
}

// The same into dgates and dgates_h.
static void T(sums_back)(const struct T(part) * p, int64_t t, int64_t i, const real *dh, real *direct,
                         int64_t b0, int64_t b1) {
  const struct nn_recurrent *r = p->r;
  const int64_t row = T(own_row)(r, t, i) * nn_cell_gates(r->cell) * r->hidden;
  const bool gru = r->cell == NN_CELL_GRU;
  real *to = (real *)r->dgates + row, *d = gru ? p->sums : to;
  T(units_back)(r, t, i, dh, direct, d, b0, b1);
  if (!gru) return;
  const int64_t from = b0 * U, count = min64(b1 * U, r->hidden) - from;
  for (int64_t g = 0; g < 3; g++) {
    memcpy(to + g * r->hidden + from, d + g * r->hidden + from, (size_t)count * sizeof(real));
    memcpy((real *)r->dgates_h + row + g * r->hidden + from, d + (g == 2 ? 3 : g) * r->hidden + from,
           (size_t)count * sizeof(real));
  }
}

static void T(step_back)(const struct T(part) * p, int64_t t, real *dh, int64_t wide) {
  const struct nn_recurrent *r = p->r;
  const int64_t rows = T(active)(r, t, p->n1) - p->n0, depth = nn_cell_gates(r->cell) * r->hidden;
  if (rows <= 0) return;
  const bool gru = r->cell == NN_CELL_GRU;
  const real *whole = T(whole_back)(p, t, rows, dh, wide);
  const int64_t whole_step = whole == dh ? wide : T(padded)(r->hidden);
  for (int64_t k = 0; k < rows; k++)
    T(sums_back)(p, t, p->n0 + k, whole + k * whole_step, dh + k * wide, 0, T(blocks)(r->hidden));
  T(fetch_step)(r, p->n0, p->n1, r->reverse ? t + 1 : t - 1);
  const real *d = (const real *)(gru ? r->dgates_h : r->dgates) + T(own_row)(r, t, p->n0) * depth;
  for (int64_t b = 0; b < T(blocks)(r->state); b++)
    T(panel_product)(rows, depth, d, depth, (const real *)r->w_hh + b * depth * U, dh + b * U, wide, gru);
}

static bool T(backward)(const struct nn_recurrent *r, int64_t n0, int64_t n1, void *scratch) {
  const int64_t n = n1 - n0, wide = T(padded)(r->state), size = r->state;
  real *dh = scratch, *last = (real *)r->dh + n0 * size;
  struct T(part) p = {
      .r = r, .n0 = n0, .n1 = n1, .whole = dh + n * wide, .sums = dh + n * (wide + T(padded)(r->hidden))};
  memset(dh, 0, (size_t)(n * wide) * sizeof(real));
  for (int64_t k = 0; k < n; k++) memcpy(dh + k * wide, last + k * size, (size_t)size * sizeof(real));
  for (int64_t s = r->steps - 1; s >= 0; s--) {
    if (nn_interrupted()) return false;
    T(step_back)(&p, r->reverse ? r->steps - 1 - s : s, dh, wide);
  }
  for (int64_t k = 0; k < n; k++) memcpy(last + k * size, dh + k * wide, (size_t)size * sizeof(real));
  return true;
}

// ---- backward with the gradients of the weights ----------------------------------------------------------

// Several steps are gone back at a time; their gradients stay in level 2 and there become those of the
// weights.
struct T(back_part) {
  const struct nn_recurrent *r;
  int64_t n0, n1, steps; // a part's sequences; steps at a time
  int64_t row, size;     // the sums' gradients have `row` numbers a row, which stand `size` apart; padded, so
  int64_t before, input; // that rows share no place in level 1; so are these
  int64_t rows;          // so many now
  real *d, *was, *x, *dx; // [rows] each: the sums' gradients, h before, x, its gradient
  int64_t *at;            // of each row: its row in x
  real *dh;               // [n][padded(state)]
  struct nn_recurrent_sums sums;
};

static void T(lay_out_back)(struct T(back_part) * p, char *scratch) {
  const struct nn_recurrent *r = p->r;
  const int64_t n = p->n1 - p->n0, pad = 64 / (int64_t)sizeof(real);
  p->steps = min64(n >= BACK_ROWS ? 1 : BACK_ROWS / n, r->steps);
  p->row = T(slots)(r) * r->hidden;
  p->size = p->row + pad, p->before = T(padded)(r->state) + pad, p->input = T(padded)(r->input) + pad;
  const int64_t rows = p->steps * n;
  p->at = (int64_t *)(void *)scratch;
  p->d = (real *)(void *)(scratch + (rows * 8 + 63) / 64 * 64);
  p->was = p->d + rows * p->size;
  p->x = p->was + rows * p->before;
  p->dx = p->x + rows * p->input;
  p->dh = p->dx + rows * p->input;
}

static size_t T(back_scratch)(const struct nn_recurrent *r, int64_t n) {
  const int64_t pad = 64 / (int64_t)sizeof(real), rows = n > BACK_ROWS ? n : BACK_ROWS;
  const int64_t row = T(slots)(r) * r->hidden + 2 * T(padded)(r->input) + T(padded)(r->state) + 4 * pad;
  return (size_t)(rows * (row * (int64_t)sizeof(real) + 8) +
                  n * T(padded)(r->state) * (int64_t)sizeof(real)) +
         256;
}

// c[j][0 .. cols) += sum over rows of d[row][j] b[row][..] for j < count; or begins it.
static void T(add_outer)(int64_t rows, int64_t count, const real *d, int64_t ldd, const real *b, int64_t ldb,
                         int64_t cols, real *c, bool add) {
  const int64_t ldc = T(padded)(cols);
  for (int64_t k = 0; k < rows; k += DEPTH) {
    const struct T(micro_ends) ends = {.add = add || k > 0};
    for (int64_t j = 0; j < cols; j += U)
      for (int64_t i = 0; i < T(micro_blocks)(count); i++) {
        const int64_t from = T(micro_row)(count, i), to = T(micro_row)(count, i + 1);
        T(micro_transposed)
        (to - from, min64(DEPTH, rows - k), d + k * ldd + from, ldd, b + k * ldb + j, ldb, c + from * ldc + j,
         ldc, &ends);
      }
  }
}

// The gradient of x, for the rows at hand.
static void T(input_back)(const struct T(back_part) * p) {
  const struct nn_recurrent *r = p->r;
  const int64_t depth = nn_cell_gates(r->cell) * r->hidden;
  for (int64_t b = 0; b < T(blocks)(r->input); b++)
    T(panel_product)
    (p->rows, depth, p->d, p->size, (const real *)r->w_ih + b * depth * U, p->dx + b * U, p->input, false);
  for (int64_t k = 0; k < p->rows; k++)
    memcpy((real *)r->dx + p->at[k] * r->input, p->dx + k * p->input, (size_t)r->input * sizeof(real));
}

// What the rows at hand add to the gradients of the weights.
static void T(weights_back)(const struct T(back_part) * p, bool add) {
  const struct nn_recurrent *r = p->r;
  const int64_t gates = nn_cell_gates(r->cell) * r->hidden, wide = T(padded)(r->state);
  real *hh = p->sums.w_hh;
  if (r->cell == NN_CELL_GRU) {
    const int64_t two = 2 * r->hidden;
    T(add_outer)(p->rows, two, p->d, p->size, p->was, p->before, r->state, hh, add);
    T(add_outer)
    (p->rows, r->hidden, p->d + two + r->hidden, p->size, p->was, p->before, r->state, hh + two * wide, add);
  } else {
    T(add_outer)(p->rows, gates, p->d, p->size, p->was, p->before, r->state, hh, add);
  }
  if (!r->pick) T(add_outer)(p->rows, gates, p->d, p->size, p->x, p->input, r->input, p->sums.w_ih, add);
  for (int64_t k = 0; k < p->rows; k++) {
    const real *d = p->d + k * p->size;
    T(add_row)(p->row, d, p->sums.bias);
    if (r->pick) T(add_row)(gates, d, (real *)p->sums.picked + r->pick[p->at[k]] * gates);
  }
  if (r->dx) T(input_back)(p);
}

// Sequence i at step t, the k-th of the rows at hand.
static void T(unit_back)(const struct T(back_part) * p, int64_t t, int64_t i, int64_t k) {
  const struct nn_recurrent *r = p->r;
  const int64_t row = T(row)(r, t, i);
  real *dh = p->dh + (i - p->n0) * T(padded)(r->state);
  if (r->dy) T(add_row)(r->state, (const real *)r->dy + row * r->state, dh);
  T(units_back)(r, t, i, dh, dh, p->d + k * p->size, 0, T(blocks)(r->hidden));
  memcpy(p->was + k * p->before, T(state_before)(r, false, t, i), (size_t)r->state * sizeof(real));
  if (!r->pick)
    memcpy(p->x + k * p->input, (const real *)r->x + row * r->input, (size_t)r->input * sizeof(real));
  p->at[k] = row;
}

static void T(step_gradients)(struct T(back_part) * p, int64_t t) {
  const struct nn_recurrent *r = p->r;
  const int64_t rows = T(active)(r, t, p->n1) - p->n0, depth = nn_cell_gates(r->cell) * r->hidden;
  if (rows <= 0) return;
  const int64_t wide = T(padded)(r->state), two = 2 * r->hidden;
  const bool gru = r->cell == NN_CELL_GRU;
  const real *d = p->d + p->rows * p->size;
  for (int64_t k = 0; k < rows; k++) T(unit_back)(p, t, p->n0 + k, p->rows + k);
  p->rows += rows;
  T(fetch_step)(r, p->n0, p->n1, r->reverse ? t + 1 : t - 1);
  for (int64_t b = 0; b < T(blocks)(r->state); b++) {
    const real *w = (const real *)r->w_hh + b * depth * U;
    T(panel_product)(rows, gru ? two : depth, d, p->size, w, p->dh + b * U, wide, gru);
    if (gru)
      T(panel_product)(rows, r->hidden, d + two + r->hidden, p->size, w + two * U, p->dh + b * U, wide, true);
  }
}

static bool T(gradients)(const struct nn_recurrent *r, int64_t n0, int64_t n1, void *scratch,
                         const struct nn_recurrent_sums *sums) {
  struct T(back_part) p = {.r = r, .n0 = n0, .n1 = n1, .sums = *sums};
  const int64_t n = n1 - n0, size = r->state;
  T(lay_out_back)(&p, scratch);
  const int64_t wide = T(padded)(size), gates = nn_cell_gates(r->cell) * r->hidden;
  real *last = (real *)r->dh + n0 * size;
  if (wide > size || T(padded)(r->input) > r->input) // padding of the operands, never set again
    memset(p.d, 0, (size_t)(p.dh + n * wide - p.d) * sizeof(real));
  memset(p.sums.bias, 0, (size_t)p.row * sizeof(real));
  if (r->pick) memset(p.sums.picked, 0, (size_t)(r->picks * gates) * sizeof(real));
  for (int64_t k = 0; k < n; k++) memcpy(p.dh + k * wide, last + k * size, (size_t)size * sizeof(real));
  bool begun = false;
  for (int64_t s = r->steps - 1; s >= 0;) {
    p.rows = 0;
    for (int64_t k = 0; k < p.steps && s >= 0; k++, s--) {
      if (nn_interrupted()) return false;
      T(step_gradients)(&p, r->reverse ? r->steps - 1 - s : s);
    }
    if (p.rows == 0) continue; // steps that no sequence of these has
    T(weights_back)(&p, begun);
    begun = true;
  }
  for (int64_t k = 0; k < n; k++) memcpy(last + k * size, p.dh + k * wide, (size_t)size * sizeof(real));
  return true;
}

// Sum over the parts of n numbers that lie `at` bytes behind the beginning of each part's sums.
static void T(collect)(int64_t parts, size_t each, const void *first, int64_t n, void *vto) {
  real *to = vto;
  memcpy(to, first, (size_t)n * sizeof(real));
  for (int64_t k = 1; k < parts; k++)
    T(add_row)(n, (const real *)(const void *)((const char *)first + (size_t)k * each), to);
}

// ---- by units
// ----------------------------------------------------------------------------------------------

// All sequences of a layer, of which several threads do blocks of units. h of step k stands in the one or the
// other place.
static struct T(part)
    T(all_sequences)(const struct nn_recurrent *r, const struct nn_recurrent_at *at, void *scratch) {
  struct T(part) p = {.r = r, .n1 = r->n, .from = at->from, .to = at->to, .offset = scratch};
  T(lay_out)(&p, (real *)(void *)((char *)scratch + T(offset_bytes)(r)), r->n);
  if (at->k & 1) T(turn_states)(&p);
  return p;
}

static int64_t T(steps_at_once)(const struct nn_recurrent *r) { return T(chunk)(r, r->n); }

static void T(units_forward)(const struct nn_recurrent *r, enum nn_recurrent_phase phase,
                             const struct nn_recurrent_at *at, int64_t b0, int64_t b1, void *scratch) {
  struct T(part) p = T(all_sequences)(r, at, scratch);
  const size_t state = (size_t)(r->n * r->state) * sizeof(real);
  switch (phase) {
  case NN_PHASE_START: memcpy(p.h, r->h, state); break;
  case NN_PHASE_INPUT: T(gather_inputs)(&p); break;
  case NN_PHASE_BEGIN: T(begin_gates)(&p, (p.to - p.from) * r->n, b0, b1); break;
  case NN_PHASE_STEP: T(step_blocks)(&p, at->t, r->n, b0, b1); break;
  case NN_PHASE_END: memcpy(r->h, p.h, state); break;
  }
}

// BEGIN: the gradients of the sums; STEP: from them that of h.
static void T(units_backward)(const struct nn_recurrent *r, enum nn_recurrent_phase phase,
                              const struct nn_recurrent_at *at, int64_t b0, int64_t b1, void *scratch) {
  const int64_t wide = T(padded)(r->state), size = r->state, depth = nn_cell_gates(r->cell) * r->hidden,
                t = at->t;
  const int64_t from = b0 * U, count = min64(b1 * U, size) - from;
  real *dh = scratch;
  struct T(part) p = {.r = r, .n1 = r->n, .sums = dh + r->n * (wide + T(padded)(r->hidden))};
  const bool gru = r->cell == NN_CELL_GRU;
  const real *d = (const real *)(gru ? r->dgates_h : r->dgates) + t * r->n * depth;
  switch (phase) {
  case NN_PHASE_START:
    memset(dh, 0, (size_t)(r->n * wide) * sizeof(real));
    for (int64_t i = 0; i < r->n; i++)
      memcpy(dh + i * wide, (real *)r->dh + i * size, (size_t)size * sizeof(real));
    break;
  case NN_PHASE_BEGIN:
    for (int64_t i = 0; i < r->n; i++) {
      if (r->dy) T(add_row)(count, (const real *)r->dy + T(row)(r, t, i) * size + from, dh + i * wide + from);
      T(sums_back)(&p, t, i, dh + i * wide, dh + i * wide, b0, b1);
    }
    break;
  case NN_PHASE_STEP:
    for (int64_t k = 0; k < b1 - b0; k++) {
      const int64_t b = T(block_at)(t, k, b0, b1);
      T(panel_product)(r->n, depth, d, depth, (const real *)r->w_hh + b * depth * U, dh + b * U, wide, gru);
    }
    break;
  case NN_PHASE_END:
    for (int64_t i = 0; i < r->n; i++)
      memcpy((real *)r->dh + i * size, dh + i * wide, (size_t)size * sizeof(real));
    break;
  case NN_PHASE_INPUT: break;
  }
}

#undef UNITS
#undef U
