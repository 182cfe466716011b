/* recurrent_pack.c - weights and biases of a recurrent layer as its kernels read them. Knows no steps. */
#include "recurrent.h"

void *nn_rec_room(nn_ctx *ctx, nn_dtype d, int64_t n) {
  nn_tensor *t = nn_keep(ctx, nn_empty(ctx, d, 1, &n));
  return t ? t->data : NULL;
}

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

void *nn_rec_pack_gates(nn_frame *f, int i, enum nn_cell cell, int64_t hidden) {
  const nn_tensor *w = nn_dense(f, i);
  if (w == NULL) return NULL;
  pack_job j = {.w = w->data, .dtype = (nn_dtype)w->dtype, .gates = nn_cell_gates(cell), .hidden = hidden, .depth = w->shape[1]};
  const int64_t width = NN_SELECT(nn_recurrent_table)->width[j.dtype], panel = j.depth * width;
  j.panels = nn_rec_room(f->ctx, j.dtype, nn_rec_padded(hidden, width) * j.gates * j.depth + width);
  if (j.panels != NULL) nn_parallel((hidden + width - 1) / width, 1 + 16384 / (j.gates * panel + 1), pack_range, &j);
  return j.panels;
}

void *nn_rec_pack_matrix(nn_frame *f, int i, bool by_rows) {
  const struct nn_recurrent_kernels *k = NN_SELECT(nn_recurrent_table);
  const nn_tensor *w = nn_dense(f, i);
  if (w == NULL) return NULL;
  const nn_dtype d = (nn_dtype)w->dtype;
  const int64_t rows = w->shape[0], cols = w->shape[1], width = k->width[d];
  void *panels = nn_rec_room(f->ctx, d, nn_rec_padded(by_rows ? rows : cols, width) * (by_rows ? cols : rows) + width);
  if (panels != NULL && by_rows) k->pack_rows[d](rows, cols, w->data, cols * width, panels);
  if (panels != NULL && !by_rows) k->pack_columns[d](rows, cols, w->data, panels);
  return panels;
}

#define AT(t, i) \
  ((t) == NULL ? 0 : (t)->dtype == NN_FLOAT32 ? (double)((const float *)(const void *)(t)->data)[i] \
                                              : ((const double *)(const void *)(t)->data)[i])

void *nn_rec_pack_bias(nn_frame *f, enum nn_cell cell, int64_t hidden) {
  const nn_tensor *bi = f->in[IN_BIH] ? nn_dense(f, IN_BIH) : NULL, *bh = f->in[IN_BHH] ? nn_dense(f, IN_BHH) : NULL;
  const nn_dtype d = (nn_dtype)f->in[IN_X]->dtype;
  const int64_t width = NN_SELECT(nn_recurrent_table)->width[d], slots = nn_cell_slots(cell);
  void *row = nn_rec_room(f->ctx, d, nn_rec_padded(hidden, width) * slots);
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
