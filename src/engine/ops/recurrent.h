/* recurrent.h - what the files of the operation `recurrent` share: its arguments and sizes, packed weights, inputs that are
 * rows of a table, and how a layer runs on the thread team. */
#ifndef NN_RECURRENT_OP_H
#define NN_RECURRENT_OP_H

#include "expr.h"
#include "kernels/recurrent.h"
#include "parallel.h"

enum { IN_X, IN_H, IN_C, IN_WIH, IN_WHH, IN_BIH, IN_BHH, IN_WHR, IN_WPH, IN_SIZES, MODE, REVERSE, BATCH_FIRST };

/* ---- what the arguments say (recurrent.c) ------------------------------------------------------------ */

typedef struct nn_rec_layer {
  enum nn_cell cell;
  bool reverse, batch_first;
  int64_t steps, n, rows, hidden, state; /* rows: of all steps together */
  const int64_t *batch;                  /* of packed sequences, else NULL */
} nn_rec_layer;

/* Sizes of input (3 dimensions, or 2 with batch_sizes) and states; `sizes` is dense int64 or NULL. */
nn_rec_layer nn_rec_layer_of(const nn_tensor *y, const nn_tensor *h0, const nn_tensor *sizes, int64_t hidden, int64_t flags);

/* The mode and the two switches as one number, which the gradients' operations take, and the hidden size. */
int64_t nn_rec_flags(const nn_value *arg);
int64_t nn_rec_hidden(const nn_frame *f);

/* Where the rows of each step begin, for the kernels. False without memory. */
bool nn_rec_place_rows(nn_ctx *ctx, const nn_rec_layer *l, struct nn_recurrent *r);

/* ---- packed weights (recurrent_pack.c); NULL without memory -------------------------------------------- */

static inline int64_t nn_rec_padded(int64_t n, int64_t width) { return (n + width - 1) / width * width; }

/* n elements that live as long as the call. */
void *nn_rec_room(nn_ctx *ctx, nn_dtype d, int64_t n);

/* [gates * hidden, depth] as panels by block of units and gate. */
void *nn_rec_pack_gates(nn_frame *f, int i, enum nn_cell cell, int64_t hidden);

/* y = a w^T (by_rows) or y = a w. */
void *nn_rec_pack_matrix(nn_frame *f, int i, bool by_rows);

/* Both biases as one row of gates. GRU's new gate keeps them apart. */
void *nn_rec_pack_bias(nn_frame *f, enum nn_cell cell, int64_t hidden);

/* ---- inputs that are rows of a table (recurrent_table.c) ----------------------------------------------- */

/* Rows of an embedding repeat: what x adds to the gates is then computed once for each row that is there, and their
 * gradients are summed up by row before they become those of the weights. */
typedef struct nn_rec_repeats {
  int64_t count;   /* of different rows, 0: not used */
  nn_tensor *pick; /* [rows]: which of them each row of x is, from 0 */
  nn_tensor *rows; /* [count, input]: these rows */
  nn_tensor *ids;  /* [count]: their numbers in the table, from 1 */
} nn_rec_repeats;

/* `made`: the node that made x, or NULL. False without memory. */
bool nn_rec_find_repeats(nn_ctx *ctx, const nn_tensor *x, const nn_node *made, nn_rec_repeats *found);

/* ---- running (recurrent_run.c) ------------------------------------------------------------------------- */

/* Bytes of recurrent weights beyond which they would not stay in every thread's level 2 cache. */
enum { NN_REC_FAR_WEIGHTS = 1536 << 10 };

/* All steps of a direction, forward or back, on the thread team. False without memory or when interrupted. */
bool nn_rec_run(nn_ctx *ctx, const struct nn_recurrent *r, nn_dtype d, bool back);

/* ---- the other ways (recurrent_vjp.c, recurrent_compose.c) --------------------------------------------- */

/* What the gradients' operations take beside the flags of the layer: which results are wanted, and how many rows of a
 * table stand in place of weight_ih. */
enum { NN_REC_WANT_DX = 1 << 8, NN_REC_WITH_PICKS = 1 << 9, NN_REC_PICKS = 10 };

bool nn_rec_vjp(nn_vjp *v);
bool nn_rec_compose(nn_frame *f);

static inline T t_cat(C c, int n, T *list, int64_t dim) {
  for (int i = 0; i < n; i++)
    if (list[i] == NULL) return NULL;
  return n == 1 ? list[0] : nn_do(c, &nn_op_cat, v_ts(n, list), v_i(dim));
}

#endif
