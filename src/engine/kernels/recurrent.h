// Recurrent layers, one direction, all time steps in one call: RNN, LSTM, GRU, forward and backward.
// Knows no tensors or threads: the caller gives each thread a range of sequences, so that no step needs a
// barrier.
#ifndef NN_KERNELS_RECURRENT_H
#define NN_KERNELS_RECURRENT_H

#include "kernels/vmath.h"

enum nn_cell { NN_CELL_TANH, NN_CELL_RELU, NN_CELL_LSTM, NN_CELL_GRU };

// Gates of a cell in the weights (rows = gates * hidden), and the numbers a unit keeps of a step: GRU's new
// gate keeps its recurrent part apart.
static inline int64_t nn_cell_gates(enum nn_cell cell) {
  return cell == NN_CELL_LSTM ? 4 : cell == NN_CELL_GRU ? 3 : 1;
}
static inline int64_t nn_cell_slots(enum nn_cell cell) { return cell >= NN_CELL_LSTM ? 4 : 1; }

// In x, y and dy step t of sequence i has the row t * step + i * sequence, or first[t] + i where the
// sequences were packed: then batch[t] (never rising) of them have a step t. What a layer keeps for itself
// has the rows in order of time: t * n + i, or first[t] + i. All arrays are dense. "Panels" are weights as
// nn_recurrent_kernels.pack* write them; unit j of a row of gates stands at block j / width, then slot, then
// j % width.
struct nn_recurrent {
  enum nn_cell cell;
  bool reverse;
  int64_t steps, n, input, hidden, state; // state: size of h, hidden unless it is projected
  int64_t step, sequence;
  const int64_t *first, *batch; // NULL unless packed
  const void *x;                // [rows][input]
  const void *table;       // instead of x and w_ih: rows of gates, as nn_recurrent_kernels.table makes them,
  const int64_t *pick;     // of which row r of x has the row pick[r]
  const void *w_ih, *w_hh; // panels: of the input and of h; backward: of dh = dgates w_hh
  const void *w_hr;        // panels of the projection, or NULL
  const void *bias;        // as a row of gates
  const void *peephole;    // [3][hidden] for the gates i, f, o; or NULL
  void *h, *c;             // [n][state], [n][hidden]: first states, last ones when done
  void *y;                 // [rows][state]
  void *gates;             // a row of gates each: kept for backward; or NULL
  void *cells;             // [rows][hidden]: c of each step; or NULL
  void *whole;             // [rows][hidden]: h before its projection; or NULL
  // Backward reads y, gates, cells, h and c (the first states) and these:
  const void *dy;   // [rows][state], or NULL
  void *dh, *dc;    // gradients of the last states, when done of the first ones
  void *dgates;     // [rows][gates * hidden], of the sums in front of the gates
  void *dgates_h;   // GRU: the same for the recurrent sums
  void *dprojected; // [rows][state]: gradient of y and of all that came after; with w_hr only
  // With the gradients of the weights (no w_hr, no peephole; w_ih: panels of dx = dgates w_ih):
  void *dx;      // [rows][input], or NULL
  int64_t picks; // rows of the table
};

// Where a thread sums up gradients of the weights: rows of w_ih and w_hh as the weights have them, padded to
// whole panels; [slots * hidden] of the biases, GRU's recurrent part of the new gate last; [picks][gates *
// hidden] of the rows of the table, which then stand for w_ih.
struct nn_recurrent_sums {
  void *w_ih, *w_hh, *bias, *picked;
};

// With few sequences or large weights threads rather share the units: nobody's sequences are packed or
// projected then, and every phase is over before the next one begins. START and INPUT and END are for one
// thread; forward has INPUT and BEGIN for the steps from .. to - 1, then STEP for each of these steps, the
// k-th of all being t; backward has BEGIN and STEP for each step. END has k = steps.
enum nn_recurrent_phase { NN_PHASE_START, NN_PHASE_INPUT, NN_PHASE_BEGIN, NN_PHASE_STEP, NN_PHASE_END };
struct nn_recurrent_at {
  int64_t from, to, t, k;
};

struct nn_recurrent_kernels {
  int64_t width[NN_DTYPES]; // of a panel
  // y = a w^T: panel b of `panels` has [depth][width] of the rows b * width, ... of w[rows][depth]; panels
  // lie `stride` numbers apart. And y = a w: of the columns of w[depth][cols], panels one after the other.
  void (*pack_rows[NN_DTYPES])(int64_t rows, int64_t depth, const void *w, int64_t stride, void *panels);
  void (*pack_columns[NN_DTYPES])(int64_t depth, int64_t cols, const void *w, void *panels);
  // What `rows` rows of x add to the gates, blocks b0 <= b < b1 of units; table: [rows + 1][a row of gates].
  void (*table[NN_DTYPES])(const struct nn_recurrent *r, int64_t rows, int64_t b0, int64_t b1, void *table);
  // Bytes of scratch for a range of sequences.
  size_t (*scratch[NN_DTYPES])(const struct nn_recurrent *r, int64_t n);
  // Sequences n0 <= i < n1; false when interrupted.
  bool (*forward[NN_DTYPES])(const struct nn_recurrent *r, int64_t n0, int64_t n1, void *scratch);
  bool (*backward[NN_DTYPES])(const struct nn_recurrent *r, int64_t n0, int64_t n1, void *scratch);
  // Blocks b0 <= b < b1 of `width` units each; scratch as for all sequences. steps_at_once: the most that to
  // - from may be.
  int64_t (*steps_at_once[NN_DTYPES])(const struct nn_recurrent *r);
  void (*units_forward[NN_DTYPES])(const struct nn_recurrent *r, enum nn_recurrent_phase phase,
                                   const struct nn_recurrent_at *at, int64_t b0, int64_t b1, void *scratch);
  void (*units_backward[NN_DTYPES])(const struct nn_recurrent *r, enum nn_recurrent_phase phase,
                                    const struct nn_recurrent_at *at, int64_t b0, int64_t b1, void *scratch);
  size_t (*back_scratch[NN_DTYPES])(const struct nn_recurrent *r, int64_t n);
  bool (*gradients[NN_DTYPES])(const struct nn_recurrent *r, int64_t n0, int64_t n1, void *scratch,
                               const struct nn_recurrent_sums *sums);
  // to[n] = first[n] and those that stand `each` bytes further, `parts` in all.
  void (*collect[NN_DTYPES])(int64_t parts, size_t each, const void *first, int64_t n, void *to);
};

NN_KERNEL_TABLE(struct nn_recurrent_kernels, nn_recurrent_table);

#endif
