/* recurrent_vjp.c - the gradient of a recurrent layer, as calls of its private operations and products over all steps. */
#include "recurrent.h"

EXPR2(t_mm, mm)

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

/* Whether every thread has sequences, and nn_rec_room for the gradients of the weights in its cache. */
static bool sums_on_the_way(const nn_vjp *v) {
  const nn_meta *h = nn_in_meta(v, IN_H), *ih = nn_in_meta(v, IN_WIH), *hh = nn_in_meta(v, IN_WHH);
  const int64_t bytes = hh->shape[0] * hh->shape[1] * (int64_t)nn_dtype_size((nn_dtype)h->dtype);
  if (h->shape[0] == 0 || h->shape[1] == 0 || ih->shape[1] == 0) return false;
  return nn_parallel_parts(h->shape[0], 4) == nn_threads() && bytes <= NN_REC_FAR_WEIGHTS;
}

/* The numbers of a tensor in one dimension from *at on, which moves behind them, as a weight or (cols = 0) a bias. */
static T next_part(C c, T all, int64_t *at, int64_t rows, int64_t cols) {
  const int64_t from = *at, shape[2] = {rows, cols};
  *at += cols ? rows * cols : rows;
  return t_reshape(c, t_slice(c, all, 0, from, *at, 1), cols ? 2 : 1, shape);
}

/* From the sums by row of the table: the gradients of w_ih and, through the embedding, of its table. */
static bool table_gradients(nn_vjp *v, T sums, const nn_rec_repeats *found, const nn_node *embedding) {
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
static bool find_table(const nn_vjp *v, T x, nn_rec_repeats *found) {
  *found = (nn_rec_repeats){0};
  if (v->before != &nn_op_embedding) return true;
  const nn_node *made = v->node->edge[IN_X].node;
  return made->arg[5].b || nn_rec_find_repeats(v->ctx, x, made, found);
}

static bool all_gradients(nn_vjp *v, int64_t flags, nn_value gates, nn_value cells) {
  C c = v->ctx;
  const bool lstm = (flags & 15) == NN_CELL_LSTM;
  T x = nn_in(v, IN_X), r[4];
  nn_rec_repeats found;
  if (x == NULL || !find_table(v, x, &found)) return false;
  T w = found.count > 0 ? found.pick : nn_in(v, IN_WIH);
  const int64_t how = found.count > 0 ? NN_REC_WITH_PICKS | found.count << NN_REC_PICKS : nn_need(v, IN_X) ? NN_REC_WANT_DX : 0;
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

bool nn_rec_vjp(nn_vjp *v) {
  C c = v->ctx;
  const int64_t flags = nn_rec_flags(v->arg);
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
