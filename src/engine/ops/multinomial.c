/* multinomial.c - drawing positions with given probabilities. */
#include <math.h>

#include "expr.h"
#include "interrupt.h"
#include "order.h"
#include "parallel.h"
#include "rng.h"

typedef struct job {
  nn_random r;
  nn_dtype dtype;
  int64_t n, take, words; /* words: 32-bit random numbers a row */
  const char *p;
  int64_t *out;
  nn_key *room; /* 2 n a thread */
} job;

static double weight(const job *j, int64_t i) {
  return j->dtype == NN_FLOAT32 ? (double)((const float *)(const void *)j->p)[i]
                                : ((const double *)(const void *)j->p)[i];
}

enum { CHUNK = 256 };

/* Numbers in (0, 1) for the places begin .. begin + CHUNK - 1 of a row, each of two 32-bit ones. */
static void uniform_chunk(const job *j, int64_t row, int64_t begin, double u[CHUNK]) {
  uint32_t bits[2 * CHUNK];
  nn_random_run(&j->r, row * j->words + 2 * begin, 2 * CHUNK, bits);
  for (int i = 0; i < CHUNK; i++)
    u[i] = ((double)((uint64_t)bits[2 * i] << 21 ^ bits[2 * i + 1] >> 11) + 0.5) * 0x1p-53;
}

/* How many 32-bit numbers so many places of a row take: whole chunks. */
static int64_t words_for(int64_t places) { return (places + CHUNK - 1) / CHUNK * CHUNK * 2; }

/* The first position whose sum of weights exceeds the drawn part of the whole. */
static void with_replacement(const job *j, int64_t row, double *sums) {
  double sum = 0;
  int64_t top = 0;
  for (int64_t i = 0; i < j->n && !nn_interrupted_at(i); i++) {
    double w = weight(j, row * j->n + i);
    if (w > 0) top = i;
    sums[i] = sum += w;
  }
  double u[CHUNK];
  for (int64_t k = 0; k < j->take && !nn_interrupted(); k++) {
    if (k % CHUNK == 0) uniform_chunk(j, row, k, u);
    double x = u[k % CHUNK] * sum;
    int64_t low = 0, high = top;
    while (low < high) {
      int64_t middle = low + (high - low) / 2;
      if (sums[middle] > x)
        high = middle;
      else
        low = middle + 1;
    }
    j->out[row * j->take + k] = low + 1;
  }
}

/* Exponential times with the weights as rates: who comes first is drawn first (Efraimidis and Spirakis 2006).
 */
static void without_replacement(const job *j, int64_t row, nn_key *k, nn_key *spare) {
  double time[CHUNK];
  for (int64_t at = 0; at < j->n && !nn_interrupted(); at += CHUNK) {
    int64_t n = j->n - at < CHUNK ? j->n - at : CHUNK;
    uniform_chunk(j, row, at, time);
    for (int64_t i = 0; i < n; i++) {
      double w = weight(j, row * j->n + at + i);
      time[i] = w > 0 ? -log(time[i]) / w : INFINITY;
    }
    nn_keys_load(NN_FLOAT64, time, n, 1, false, k + at);
    for (int64_t i = 0; i < n; i++) k[at + i].at = at + i;
  }
  nn_keys_select(k, j->n, j->take - 1);
  nn_keys_sort(k, spare, j->take);
  if (nn_interrupted()) return; /* the keys may be in no order */
  for (int64_t i = 0; i < j->take; i++) j->out[row * j->take + i] = k[i].at + 1;
}

static void with_range(void *arg, int64_t begin, int64_t end, int thread) {
  const job *j = arg;
  for (int64_t i = begin; i < end && !nn_interrupted(); i++)
    with_replacement(j, i, (double *)(void *)(j->room + thread * 2 * j->n));
}

static void without_range(void *arg, int64_t begin, int64_t end, int thread) {
  const job *j = arg;
  for (int64_t i = begin; i < end && !nn_interrupted(); i++)
    without_replacement(j, i, j->room + thread * 2 * j->n, j->room + (thread * 2 + 1) * j->n);
}

static bool check_row(nn_frame *f, const job *j, int64_t row) {
  double sum = 0;
  int64_t positive = 0;
  for (int64_t i = 0; i < j->n && !nn_interrupted_at(i); i++) {
    double w = weight(j, row * j->n + i);
    if (!(w >= 0) || isinf(w)) return nn_bad(f, "probabilities must be finite and not negative, got %g", w);
    sum += w;
    positive += w > 0;
  }
  if (nn_interrupted()) return false;
  if (!(sum > 0)) return nn_bad(f, "probabilities must not all be 0");
  if (!f->arg[2].b && positive < j->take)
    return nn_bad(f, "only %lld probabilities are above 0: cannot draw %lld positions without replacement",
                  (long long)positive, (long long)j->take);
  return true;
}

static bool infer(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  int64_t take = f->arg[1].i;
  if (!nn_expect_float(f, 0) || !nn_expect_ndim(f, 0, 1, 2)) return false;
  if (take < 1) return nn_bad(f, "num_samples must be at least 1, got %lld", (long long)take);
  if (x->shape[x->ndim - 1] == 0) return nn_bad(f, "there is no position to draw");
  nn_spec_like(f, 0, x);
  f->spec[0].dtype = NN_INT64;
  f->spec[0].shape[x->ndim - 1] = take;
  return true;
}

static bool kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  job j = {.dtype = (nn_dtype)x->dtype,
           .n = x->shape[x->ndim - 1],
           .take = f->arg[1].i,
           .p = x->data,
           .out = (int64_t *)(void *)f->out[0]->data};
  int64_t rows = x->numel / j.n, grain = 1 + 256 / j.n;
  for (int64_t i = 0; i < rows; i++)
    if (!check_row(f, &j, i)) return false;
  if (rows == 0) return true;
  size_t size = (size_t)nn_parallel_parts(rows, grain) * 2 * (size_t)j.n * sizeof(nn_key);
  if ((j.room = nn_scratch(f->ctx, size)) == NULL) return false;
  nn_generator *g = nn_given(f, 3) ? f->arg[3].generator : nn_default_generator(f->ctx);
  j.words = words_for(f->arg[2].b ? j.take : j.n);
  j.r = nn_random_take(g, rows * j.words);
  nn_parallel(rows, grain, f->arg[2].b ? with_range : without_range, &j);
  nn_scratch_free(f->ctx, j.room, size);
  return !nn_interrupted();
}

const nn_op nn_op_multinomial = {
    .name = "multinomial",
    .doc = "Draws positions, from 1, with the probabilities that the input holds (any weights: they need\n"
           "not sum to 1), for a vector or each row of a matrix. Without replacement no position is drawn\n"
           "twice in a row.",
    .example = "tensor.multinomial(tensor{0, 1, 0}, 2, true)\n--> {2, 2}",
    .params = {{"input", P_TENSOR},
               {"num_samples", P_INT},
               {"replacement", P_BOOL, "false"},
               {"generator", P_GENERATOR, "nil", .keyword = true}},
    .flags = NN_TENSOR | NN_METHOD | NN_RANDOM | NN_NO_GRAD,
    .infer = infer,
    .kernel = kernel,
    .samples = NN_SAMPLES("P(2,5), 3", "P(5), 8, true", "P(4), 4", "T(P(3,2)), 2, {replacement = true}"),
    .invalid = "P(3), 4",
    .complaint = "cannot draw 4 positions without replacement"};
