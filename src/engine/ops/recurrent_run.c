/* recurrent_run.c - how a recurrent layer's steps are divided among threads: by sequences, or by units where these are too
 * few. Knows no operations. */
#include "interrupt.h"
#include "recurrent.h"

typedef struct job {
  const struct nn_recurrent *r;
  bool (*run)(const struct nn_recurrent *r, int64_t n0, int64_t n1, void *scratch);
  char *scratch;
  size_t each;
} job;

static void run_range(void *arg, int64_t begin, int64_t end, int thread) {
  const job *j = arg;
  j->run(j->r, begin, end, j->scratch + (size_t)thread * j->each);
}

/* Whether threads share the units of each step instead of the sequences: where these are too few for all threads and a
 * step is worth a fork, and where w_hh would not stay in every thread's level 2 cache as a whole. */
static bool by_units(const struct nn_recurrent *r, nn_dtype d) {
  const int64_t weights = nn_cell_gates(r->cell) * r->hidden * r->state, bytes = weights * (int64_t)nn_dtype_size(d);
  if (r->first || r->w_hr || r->peephole || nn_threads() == 1 || nn_in_parallel() || r->hidden != r->state) return false;
  if (r->hidden < 2 * NN_SELECT(nn_recurrent_table)->width[d]) return false;
  return nn_parallel_parts(r->n, 4) < nn_threads() ? r->n * bytes >= 256 << 10 : bytes > NN_REC_FAR_WEIGHTS;
}

typedef struct units_job {
  const struct nn_recurrent *r;
  void (*run)(const struct nn_recurrent *r, enum nn_recurrent_phase phase, const struct nn_recurrent_at *at, int64_t b0,
              int64_t b1, void *scratch);
  enum nn_recurrent_phase phase;
  struct nn_recurrent_at at;
  const struct nn_recurrent_at *after; /* NULL, or where each thread begins with its own units when it is done */
  int64_t blocks;
  void *scratch;
} units_job;

static void units_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const units_job *u = arg;
  u->run(u->r, u->phase, &u->at, begin, end, u->scratch);
  if (u->after) u->run(u->r, NN_PHASE_BEGIN, u->after, begin, end, u->scratch);
}

static void do_phase(units_job *u, enum nn_recurrent_phase phase) {
  u->phase = phase;
  if (phase == NN_PHASE_BEGIN || phase == NN_PHASE_STEP)
    nn_parallel(u->blocks, 1, units_range, u);
  else
    units_range(u, 0, u->blocks, 0);
}

static void units_forward(units_job *u, int64_t at_once) {
  const struct nn_recurrent *r = u->r;
  for (int64_t s = 0; s < r->steps; s += at_once) {
    const int64_t count = at_once < r->steps - s ? at_once : r->steps - s;
    u->at.from = r->reverse ? r->steps - s - count : s;
    u->at.to = u->at.from + count;
    do_phase(u, NN_PHASE_INPUT);
    do_phase(u, NN_PHASE_BEGIN);
    for (int64_t k = 0; k < count && !nn_interrupted(); k++) {
      u->at.t = r->reverse ? u->at.to - 1 - k : u->at.from + k;
      u->at.k = s + k;
      do_phase(u, NN_PHASE_STEP);
    }
  }
  u->at.k = r->steps;
}

/* A step adds up what the gates' gradients of all units give to a unit's h; the next one begins with those of its own units
 * alone, so both are one fork. */
static void units_backward(units_job *u) {
  const struct nn_recurrent *r = u->r;
  struct nn_recurrent_at after = u->at;
  u->at.t = r->reverse ? 0 : r->steps - 1;
  if (r->steps > 0) do_phase(u, NN_PHASE_BEGIN);
  for (int64_t k = 1; k <= r->steps && !nn_interrupted(); k++) {
    after.t = r->reverse ? k : r->steps - 1 - k;
    u->after = k < r->steps ? &after : NULL;
    do_phase(u, NN_PHASE_STEP);
    u->at.t = after.t;
  }
  u->after = NULL;
}

static bool run_by_units(nn_ctx *ctx, const struct nn_recurrent *r, nn_dtype d, bool back) {
  const struct nn_recurrent_kernels *k = NN_SELECT(nn_recurrent_table);
  const size_t bytes = k->scratch[d](r, r->n);
  units_job u = {.r = r, .run = back ? k->units_backward[d] : k->units_forward[d]};
  u.blocks = (r->hidden + k->width[d] - 1) / k->width[d];
  if ((u.scratch = nn_scratch(ctx, bytes)) == NULL) return false;
  do_phase(&u, NN_PHASE_START);
  if (back)
    units_backward(&u);
  else
    units_forward(&u, k->steps_at_once[d](r));
  do_phase(&u, NN_PHASE_END);
  nn_scratch_free(ctx, u.scratch, bytes);
  return !nn_interrupted();
}

/* A thread's sequences run through all steps by themselves. Fewer than four would leave its multipliers idle. */
bool nn_rec_run(nn_ctx *ctx, const struct nn_recurrent *r, nn_dtype d, bool back) {
  const int64_t grain = 4;
  const struct nn_recurrent_kernels *k = NN_SELECT(nn_recurrent_table);
  if (r->n == 0) return true;
  if (by_units(r, d)) return run_by_units(ctx, r, d, back);
  const int parts = nn_parallel_parts(r->n, grain);
  job j = {.r = r, .run = back ? k->backward[d] : k->forward[d]};
  j.each = (k->scratch[d](r, r->n / parts + 1) + 63) / 64 * 64;
  j.scratch = nn_scratch(ctx, j.each * (size_t)parts);
  if (j.scratch == NULL) return false;
  nn_parallel(r->n, grain, run_range, &j);
  nn_scratch_free(ctx, j.scratch, j.each * (size_t)parts);
  return !nn_interrupted();
}
