/* recurrent_table.c - finds out that a recurrent layer's input is rows of an embedding, and which. */
#include "recurrent.h"

#include <string.h>

/* The indices whose rows x is as it came from `embedding`; NULL where that is not so or is not known any more. */
static const nn_tensor *indices_of(const nn_tensor *x, const nn_node *made) {
  if (made == NULL || made->op != &nn_op_embedding || (made->flags & NN_N_RELEASED) || x->storage->version != 0) return NULL;
  const nn_tensor *index = made->n_saved > 0 ? made->saved[0].t : NULL;
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

bool nn_rec_find_repeats(nn_ctx *ctx, const nn_tensor *x, const nn_node *made, nn_rec_repeats *found) {
  const nn_tensor *index = indices_of(x, made);
  *found = (nn_rec_repeats){0};
  if (index == NULL) return true;
  const int64_t n = index->numel, entries = made->meta[1].shape[0], *from = (const int64_t *)(const void *)index->data;
  if (n < 64 || entries > 4 * n) return true;
  int64_t *seen = nn_rec_room(ctx, NN_INT64, entries), *at = nn_rec_room(ctx, NN_INT64, n);
  nn_tensor *pick = nn_keep(ctx, nn_empty(ctx, NN_INT64, 1, &n));
  if (seen == NULL || at == NULL || pick == NULL) return false;
  const int64_t shape[2] = {number_rows(n, from, entries, seen, (int64_t *)(void *)pick->data, at), x->shape[x->ndim - 1]};
  if (2 * shape[0] > n) return true;
  *found = (nn_rec_repeats){.count = shape[0], .pick = pick};
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
