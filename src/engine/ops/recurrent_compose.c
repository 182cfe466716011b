/* recurrent_compose.c - a recurrent layer as plain operations, for higher derivatives and to hold the fused loops against. */
#include "recurrent.h"

EXPR1(t_sigmoid, sigmoid)
EXPR1(t_tanh, tanh)
EXPR1(t_relu, relu)
static T t_linear(C c, T x, T w, T b) { return x && w ? nn_do(c, &nn_op_linear, v_t(x), v_t(w), v_opt(b)) : NULL; }

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

static T step_input(nn_frame *f, T sums, const nn_rec_layer *l, int64_t t, int64_t first) {
  if (l->batch) return t_slice(f->ctx, sums, 0, first, first + l->batch[t], 1);
  return t_select(f->ctx, sums, l->batch_first ? 1 : 0, t);
}

static bool compose_steps(nn_frame *f, const nn_rec_layer *l, T *y, states *ended, T *list, const int64_t *first) {
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

bool nn_rec_compose(nn_frame *f) {
  const nn_rec_layer l = nn_rec_layer_of(f->in[IN_X], f->in[IN_H], f->in[IN_SIZES], nn_rec_hidden(f), nn_rec_flags(f->arg));
  struct nn_recurrent r = {0};
  if (!nn_rec_place_rows(f->ctx, &l, &r)) return false;
  const size_t n = (size_t)l.steps + 2, bytes = n * (2 * sizeof(T) + sizeof(states));
  T *y = nn_mem_alloc(f->ctx, bytes);
  if (y == NULL) return false;
  bool ok = compose_steps(f, &l, y, (states *)(void *)(y + 2 * n), y + n, r.first);
  nn_mem_free(f->ctx, y, bytes);
  return ok;
}
