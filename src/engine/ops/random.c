/* random.c - tensors of random numbers, and dropout. Element i of a result takes its numbers from fixed places of the
 * generator's stream. */
#include <string.h>

#include "expr.h"
#include "interrupt.h"
#include "kernels/random.h"
#include "kernels/vmath.h"
#include "parallel.h"
#include "rng.h"

#define OPTIONS {"generator", P_GENERATOR, "nil", .keyword = true}, {"dtype", P_DTYPE, "nil", .keyword = true}

static nn_generator *generator_of(nn_frame *f, int p) {
  return nn_given(f, p) ? f->arg[p].generator : nn_default_generator(f->ctx);
}

/* ---- filling ---------------------------------------------------------------------------------------- */

enum { GRAIN = 4096, CHUNK = 512 }; /* a chunk of elements at a time, so that its bits stay in the cache */

typedef struct draw {
  nn_random r;
  nn_dtype dtype;
  char *out;
  int64_t n, low;
  uint64_t span;
  double p, scale, shift;
  const char *in; /* bernoulli: probabilities of the elements; dropout: what is multiplied */
} draw;

static inline double unit64(uint32_t high, uint32_t low) {
  return (double)(((uint64_t)high << 21) ^ (low >> 11)) * 0x1p-53;
}

/* Elements at .. at + n - 1 to scale * x + shift. */
static void move(const draw *d, int64_t at, int64_t n) {
  if (d->scale == 1 && d->shift == 0) return;
  if (d->dtype == NN_FLOAT32) {
    float *y = (float *)(void *)d->out + at;
    for (int64_t i = 0; i < n; i++) y[i] = (float)((double)y[i] * d->scale + d->shift);
  } else {
    double *y = (double *)(void *)d->out + at;
    for (int64_t i = 0; i < n; i++) y[i] = y[i] * d->scale + d->shift;
  }
}

/* Work on chunks begin .. end - 1. */
static void uniform_chunks(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const draw *d = arg;
  uint32_t bits[2 * CHUNK];
  for (int64_t c = begin; c < end && !nn_interrupted(); c++) {
    int64_t at = c * CHUNK, n = d->n - at < CHUNK ? d->n - at : CHUNK;
    if (d->dtype == NN_FLOAT32) {
      float *y = (float *)(void *)d->out + at;
      nn_random_run(&d->r, at, n, bits);
      NN_SELECT(nn_random_table)->uniform_f32(n, bits, y);
    } else {
      double *y = (double *)(void *)d->out + at;
      nn_random_run(&d->r, 2 * at, 2 * n, bits);
      for (int64_t i = 0; i < n; i++) y[i] = unit64(bits[2 * i], bits[2 * i + 1]);
    }
    move(d, at, n);
  }
}

/* Box and Muller 1958, as kernels/random.c does for float32. */
static void normal_chunk_f64(const uint32_t *bits, double *y) {
  enum { HALF = CHUNK / 2 };
  const struct nn_vmath_kernels *k = NN_SELECT(nn_vmath);
  double radius[HALF], angle[HALF];
  for (int i = 0; i < HALF; i++) {
    radius[i] = 1 - unit64(bits[2 * i], bits[2 * i + 1]);
    angle[i] = 6.28318530717958647692528676656 * unit64(bits[2 * (HALF + i)], bits[2 * (HALF + i) + 1]);
  }
  k->unary[NN_UNARY_LOG][NN_FLOAT64](HALF, radius, radius);
  for (int i = 0; i < HALF; i++) radius[i] *= -2;
  k->unary[NN_UNARY_SQRT][NN_FLOAT64](HALF, radius, radius);
  k->unary[NN_UNARY_COS][NN_FLOAT64](HALF, angle, y);
  k->unary[NN_UNARY_SIN][NN_FLOAT64](HALF, angle, y + HALF);
  for (int i = 0; i < HALF; i++) y[i] *= radius[i], y[HALF + i] *= radius[i];
}

static void normal_chunks(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const draw *d = arg;
  bool narrow = d->dtype == NN_FLOAT32;
  int words = narrow ? 1 : 2;
  size_t size = narrow ? sizeof(float) : sizeof(double);
  uint32_t bits[2 * CHUNK];
  double spare[CHUNK]; /* a last chunk that is not whole */
  for (int64_t c = begin; c < end && !nn_interrupted(); c++) {
    int64_t at = c * CHUNK, n = d->n - at < CHUNK ? d->n - at : CHUNK;
    void *y = n == CHUNK ? (void *)(d->out + (size_t)at * size) : spare;
    nn_random_run(&d->r, words * at, words * CHUNK, bits);
    if (narrow)
      NN_SELECT(nn_random_table)->normal_f32(CHUNK / 2, bits, y);
    else
      normal_chunk_f64(bits, y);
    if (n < CHUNK) memcpy(d->out + (size_t)at * size, y, (size_t)n * size);
    move(d, at, n);
  }
}

static void integer_chunks(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const draw *d = arg;
  uint32_t bits[2 * CHUNK];
  for (int64_t c = begin; c < end && !nn_interrupted(); c++) {
    int64_t at = c * CHUNK, n = d->n - at < CHUNK ? d->n - at : CHUNK;
    nn_random_run(&d->r, 2 * at, 2 * n, bits);
    for (int64_t i = 0; i < n; i++)
      ((int64_t *)(void *)d->out)[at + i] = (int64_t)((uint64_t)d->low + nn_below(bits[2 * i], bits[2 * i + 1], d->span));
  }
}

/* Runs over all chunks of n elements that take `words` 32-bit numbers each. False when interrupted. */
static nn_random take_for(nn_generator *g, int64_t n, int words) {
  return nn_random_take(g, (n + CHUNK - 1) / CHUNK * CHUNK * words);
}
static bool draw_from(draw *d, nn_random r, int64_t n, nn_range_fn chunks) {
  d->n = n;
  d->r = r;
  nn_parallel((n + CHUNK - 1) / CHUNK, GRAIN / CHUNK, chunks, d);
  return n < 1 << 16 || !nn_interrupted();
}
static bool draw_all(draw *d, nn_generator *g, int64_t n, int words, nn_range_fn chunks) {
  return draw_from(d, take_for(g, n, words), n, chunks);
}

static bool fill_normal(nn_generator *g, nn_tensor *t, double scale, double shift) {
  draw d = {.dtype = (nn_dtype)t->dtype, .out = t->data, .scale = scale, .shift = shift};
  return draw_all(&d, g, t->numel, t->dtype == NN_FLOAT32 ? 1 : 2, normal_chunks);
}

static bool fill_uniform(nn_generator *g, nn_tensor *t, double scale, double shift) {
  draw d = {.dtype = (nn_dtype)t->dtype, .out = t->data, .scale = scale, .shift = shift};
  return draw_all(&d, g, t->numel, t->dtype == NN_FLOAT32 ? 1 : 2, uniform_chunks);
}

static bool float_spec(nn_frame *f, nn_dtype dtype, int n, const int64_t *shape) {
  if (!nn_is_float(dtype)) return nn_bad(f, "makes float32 or float64 tensors, not %s", nn_dtype_name(dtype));
  if (n > NN_MAX_DIMS) return nn_bad(f, "a tensor can have at most %d dimensions, got %d", NN_MAX_DIMS, n);
  nn_spec_set(f, 0, dtype, n, shape);
  return true;
}

/* ---- rand, randn ------------------------------------------------------------------------------------ */

static bool sized_infer(nn_frame *f) {
  nn_dtype dtype = nn_given(f, 2) ? f->arg[2].dtype : NN_FLOAT32;
  return float_spec(f, dtype, f->arg[0].n, f->arg[0].ints);
}
static bool rand_kernel(nn_frame *f) { return fill_uniform(generator_of(f, 1), f->out[0], 1, 0); }
static bool randn_kernel(nn_frame *f) { return fill_normal(generator_of(f, 1), f->out[0], 1, 0); }

static bool like_infer(nn_frame *f) {
  const nn_tensor *x = f->in[0];
  nn_dtype dtype = nn_given(f, 2) ? f->arg[2].dtype : (nn_dtype)x->dtype;
  return float_spec(f, dtype, x->ndim, x->shape);
}

#define MAKES (NN_TENSOR | NN_CREATES | NN_RANDOM | NN_NO_GRAD)
const nn_op nn_op_rand = {
    .name = "rand", .doc = "Uniform random numbers in [0, 1) of the given sizes.", .example = "tensor.rand(2, 3).shape\n--> {2, 3}",
    .params = {{"size", P_SHAPE, .rest = true}, OPTIONS}, .flags = MAKES, .infer = sized_infer, .kernel = rand_kernel,
    .samples = NN_SAMPLES("2, 3", "{0, 3}"), .invalid = "-1", .complaint = "negative"};
const nn_op nn_op_randn = {
    .name = "randn", .doc = "Normal random numbers, mean 0 and variance 1, of the given sizes.",
    .example = "tensor.randn(2, 3).shape\n--> {2, 3}", .params = {{"size", P_SHAPE, .rest = true}, OPTIONS}, .flags = MAKES,
    .infer = sized_infer, .kernel = randn_kernel, .samples = NN_SAMPLES("2, 3", "{0, 3}"), .invalid = "-1",
    .complaint = "negative"};
const nn_op nn_op_rand_like = {
    .name = "rand_like", .doc = "Uniform random numbers in [0, 1) of input's shape and dtype.",
    .example = "tensor.rand_like(tensor.zeros(2)).shape\n--> {2}", .params = {{"input", P_TENSOR}, OPTIONS}, .flags = MAKES,
    .infer = like_infer, .kernel = rand_kernel, .samples = NN_SAMPLES("R(2,3)"), .invalid = "I(3,2)", .complaint = "float32 or float64"};
const nn_op nn_op_randn_like = {
    .name = "randn_like", .doc = "Normal random numbers of input's shape and dtype.",
    .example = "tensor.randn_like(tensor.zeros(2)).shape\n--> {2}", .params = {{"input", P_TENSOR}, OPTIONS}, .flags = MAKES,
    .infer = like_infer, .kernel = randn_kernel, .samples = NN_SAMPLES("R(2,3)"), .invalid = "I(3,2)", .complaint = "float32 or float64"};

/* ---- randint, randperm ------------------------------------------------------------------------------ */

static bool randint_compose(nn_frame *f) {
  C c = f->ctx;
  int64_t low = f->arg[0].i, high = f->arg[1].i;
  nn_dtype dtype = nn_given(f, 4) ? f->arg[4].dtype : NN_INT64;
  if (high <= low) return nn_bad(f, "high (%lld, left out) must be above low (%lld)", (long long)high, (long long)low);
  nn_tensor *t = nn_keep(c, nn_empty(c, NN_INT64, f->arg[2].n, f->arg[2].ints));
  if (t == NULL) return false;
  draw d = {.out = t->data, .low = low, .span = (uint64_t)high - (uint64_t)low};
  if (!draw_all(&d, generator_of(f, 3), t->numel, 2, integer_chunks)) return nn_fail_code(c, NN_ERR_INTERRUPT, "interrupted");
  return (f->out[0] = dtype == NN_INT64 ? t : nn_do(c, &nn_op_to, v_t(t), v_dt(dtype))) != NULL;
}

const nn_op nn_op_randint = {
    .name = "randint.low", .doc = "Random whole numbers from low to high - 1 of the given sizes, int64 unless told otherwise.",
    .example = "tensor.randint(5, 6, {2})\n--> {5, 5}",
    .params = {{"low", P_INT}, {"high", P_INT}, {"size", P_SHAPE}, OPTIONS}, .flags = MAKES, .compose = randint_compose,
    .samples = NN_SAMPLES("0, 5, {2, 3}"), .invalid = "3, 3, {2}", .complaint = "must be above"};

static bool randint_high_compose(nn_frame *f) {
  f->out[0] = nn_do(f->ctx, &nn_op_randint, v_i(0), f->arg[0], f->arg[1], f->arg[2], f->arg[3]);
  return f->out[0] != NULL;
}
const nn_op nn_op_randint_high = {
    .name = "randint", .doc = "Random whole numbers from 0 to high - 1 of the given sizes.", .example = "tensor.randint(1, {2})\n--> {0, 0}",
    .params = {{"high", P_INT}, {"size", P_SHAPE}, OPTIONS}, .flags = MAKES, .compose = randint_high_compose,
    .samples = NN_SAMPLES("5, {2, 3}"), .invalid = "0, {2}", .complaint = "must be above"};

static bool randperm_infer(nn_frame *f) {
  int64_t n = f->arg[0].i;
  if (n < 0) return nn_bad(f, "n must not be negative, got %lld", (long long)n);
  nn_spec_set(f, 0, NN_INT64, 1, &n);
  return true;
}

/* Fisher and Yates, from the end. */
static bool randperm_kernel(nn_frame *f) {
  int64_t n = f->out[0]->numel, *p = (int64_t *)(void *)f->out[0]->data;
  nn_random r = nn_random_take(generator_of(f, 1), 2 * (n + CHUNK));
  uint32_t bits[2 * CHUNK];
  for (int64_t i = 0; i < n && !nn_interrupted_at(i); i++) p[i] = i + 1;
  for (int64_t i = n - 1, at = 0; i > 0 && !nn_interrupted_at(at); i--, at++) {
    int64_t k = at % CHUNK;
    if (k == 0) nn_random_run(&r, 2 * at, 2 * CHUNK, bits);
    int64_t j = (int64_t)nn_below(bits[2 * k], bits[2 * k + 1], (uint64_t)i + 1), t = p[i];
    p[i] = p[j];
    p[j] = t;
  }
  return true;
}
const nn_op nn_op_randperm = {
    .name = "randperm", .doc = "The numbers 1 to n in random order, int64.", .example = "tensor.randperm(4):sum()\n--> 10",
    .params = {{"n", P_INT}, {"generator", P_GENERATOR, "nil", .keyword = true}}, .flags = MAKES, .infer = randperm_infer,
    .kernel = randperm_kernel, .samples = NN_SAMPLES("7", "0"), .invalid = "-1", .complaint = "negative"};

/* ---- bernoulli, normal ------------------------------------------------------------------------------ */

static double float_at(const char *p, nn_dtype d, int64_t i) {
  return d == NN_FLOAT32 ? (double)((const float *)(const void *)p)[i] : ((const double *)(const void *)p)[i];
}

/* One probability for all: 32 random bits against a threshold. */
static void same_chance(const draw *d, int64_t at, int64_t n, const uint32_t *bits) {
  double limit = d->p * 0x1p32;
  uint64_t below = limit >= 0x1p32 ? (uint64_t)1 << 32 : (uint64_t)limit;
  if (d->dtype == NN_FLOAT32 && below <= UINT32_MAX) {
    NN_SELECT(nn_random_table)->chance_f32(n, bits, (uint32_t)below, (float)d->scale, (float *)(void *)d->out + at);
  } else if (d->dtype == NN_FLOAT32) {
    for (int64_t i = 0; i < n; i++) ((float *)(void *)d->out)[at + i] = (float)d->scale;
  } else {
    double *y = (double *)(void *)d->out + at;
    for (int64_t i = 0; i < n; i++) y[i] = bits[i] < below ? d->scale : 0;
  }
}

static void own_chance(const draw *d, int64_t at, int64_t n, const uint32_t *bits) {
  for (int64_t i = 0; i < n; i++) {
    double x = (double)bits[i] * 0x1p-32 < float_at(d->in, d->dtype, at + i) ? d->scale : 0;
    if (d->dtype == NN_FLOAT32)
      ((float *)(void *)d->out)[at + i] = (float)x;
    else
      ((double *)(void *)d->out)[at + i] = x;
  }
}

static void bernoulli_chunks(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const draw *d = arg;
  uint32_t bits[CHUNK];
  for (int64_t c = begin; c < end && !nn_interrupted(); c++) {
    int64_t at = c * CHUNK, n = d->n - at < CHUNK ? d->n - at : CHUNK;
    nn_random_run(&d->r, at, n, bits);
    (d->in ? own_chance : same_chance)(d, at, n, bits);
  }
}

static bool bernoulli_infer(nn_frame *f) {
  if (!nn_expect_float(f, 0)) return false;
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

static bool bernoulli_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  for (int64_t i = 0; i < x->numel; i++) {
    double p = float_at(x->data, (nn_dtype)x->dtype, i);
    if (!(p >= 0 && p <= 1)) return nn_bad(f, "probabilities must be between 0 and 1, got %g", p);
  }
  draw d = {.dtype = (nn_dtype)x->dtype, .out = f->out[0]->data, .in = x->data, .scale = 1};
  return draw_all(&d, generator_of(f, 1), x->numel, 1, bernoulli_chunks);
}

const nn_op nn_op_bernoulli = {
    .name = "bernoulli", .doc = "1 with the probability that input holds, else 0, element by element. The gradient is zero.",
    .example = "tensor.bernoulli(tensor{0, 1})\n--> {0, 1}",
    .params = {{"input", P_TENSOR}, {"generator", P_GENERATOR, "nil", .keyword = true}}, .flags = NN_TENSOR | NN_METHOD | NN_RANDOM,
    .infer = bernoulli_infer, .kernel = bernoulli_kernel, .vjp = nn_flat_vjp, .samples = NN_SAMPLES("P(2,3) / 2"),
    .invalid = "tensor{2}", .complaint = "between 0 and 1"};

static double number(const nn_value *v) { return v->tag == NN_V_INT ? (double)v->i : v->f; }

static bool normal_compose(nn_frame *f) {
  C c = f->ctx;
  double std = number(&f->arg[1]);
  if (!(std >= 0)) return nn_bad(f, "std must not be negative, got %g", std);
  T z = nn_do(c, &nn_op_randn, f->arg[2], f->arg[3], f->arg[4]);
  return (f->out[0] = t_adds(c, t_muls(c, z, std), number(&f->arg[0]))) != NULL;
}
const nn_op nn_op_normal = {
    .name = "normal", .doc = "Normal random numbers with this mean and standard deviation, of the given sizes.",
    .example = "tensor.normal(5, 0, {2})\n--> {5, 5}",
    .params = {{"mean", P_NUMBER}, {"std", P_NUMBER}, {"size", P_SHAPE}, OPTIONS}, .flags = MAKES, .compose = normal_compose,
    .samples = NN_SAMPLES("1, 2, {2, 3}"), .invalid = "0, -1, {2}", .complaint = "std"};

/* In place: normal_, uniform_, bernoulli_, as methods of a tensor. */
static bool refill_infer(nn_frame *f) {
  if (!nn_expect_float(f, 0)) return false;
  nn_spec_like(f, 0, f->in[0]);
  return true;
}

static bool refill_normal_kernel(nn_frame *f) {
  if (!(number(&f->arg[2]) >= 0)) return nn_bad(f, "std must not be negative, got %g", number(&f->arg[2]));
  return fill_normal(generator_of(f, 3), f->out[0], number(&f->arg[2]), number(&f->arg[1]));
}
static bool refill_uniform_kernel(nn_frame *f) {
  double from = number(&f->arg[1]), to = number(&f->arg[2]);
  if (!(from <= to)) return nn_bad(f, "from (%g) must not be above to (%g)", from, to);
  return fill_uniform(generator_of(f, 3), f->out[0], to - from, from);
}
static bool refill_bernoulli_kernel(nn_frame *f) {
  double p = number(&f->arg[1]);
  if (!(p >= 0 && p <= 1)) return nn_bad(f, "p must be between 0 and 1, got %g", p);
  draw d = {.dtype = (nn_dtype)f->out[0]->dtype, .out = f->out[0]->data, .p = p, .scale = 1};
  return draw_all(&d, generator_of(f, 2), f->out[0]->numel, 1, bernoulli_chunks);
}

#define GENERATOR {"generator", P_GENERATOR, "nil", .keyword = true}
const nn_op nn_op_refill_normal = {
    .name = "normal.fill", .doc = "Fills the tensor with normal random numbers.", .example = "tensor.zeros(2):normal_(5, 0)\n--> {5, 5}",
    .params = {{"input", P_TENSOR}, {"mean", P_NUMBER, "0"}, {"std", P_NUMBER, "1"}, GENERATOR}, .flags = NN_INPLACE | NN_RANDOM,
    .infer = refill_infer, .kernel = refill_normal_kernel, .vjp = nn_flat_vjp, .samples = NN_SAMPLES("R(2,3), 1, 2"),
    .invalid = "R(2), 0, -1", .complaint = "std"};
const nn_op nn_op_refill_uniform = {
    .name = "uniform", .doc = "Fills the tensor with uniform random numbers in [from, to).",
    .example = "tensor.zeros(2):uniform_(3, 3)\n--> {3, 3}",
    .params = {{"input", P_TENSOR}, {"from", P_NUMBER, "0"}, {"to", P_NUMBER, "1"}, GENERATOR}, .flags = NN_INPLACE | NN_RANDOM,
    .infer = refill_infer, .kernel = refill_uniform_kernel, .vjp = nn_flat_vjp, .samples = NN_SAMPLES("R(2,3), -1, 2"),
    .invalid = "R(2), 1, 0", .complaint = "must not be above"};
const nn_op nn_op_refill_bernoulli = {
    .name = "bernoulli.fill", .doc = "Fills the tensor with 1 at probability p, else 0.", .example = "tensor.zeros(2):bernoulli_(1)\n--> {1, 1}",
    .params = {{"input", P_TENSOR}, {"p", P_NUMBER, "0.5"}, GENERATOR}, .flags = NN_INPLACE | NN_RANDOM,
    .infer = refill_infer, .kernel = refill_bernoulli_kernel, .vjp = nn_flat_vjp, .samples = NN_SAMPLES("R(2,3), 0.3"),
    .invalid = "R(2), 2", .complaint = "between 0 and 1"};

/* ---- dropout ---------------------------------------------------------------------------------------- */

/* Each element times 0 with probability p, else times 1 / (1 - p); chances by the place in the stream, so that the
 * gradient draws the same ones again and nothing has to be kept. */
static void drop_chunks(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const draw *d = arg;
  double limit = d->p * 0x1p32;
  uint32_t bits[CHUNK], below = limit < UINT32_MAX ? (uint32_t)limit : UINT32_MAX;
  for (int64_t c = begin; c < end && !nn_interrupted(); c++) {
    int64_t at = c * CHUNK, n = d->n - at < CHUNK ? d->n - at : CHUNK;
    nn_random_run(&d->r, at, n, bits);
    if (d->dtype == NN_FLOAT32) {
      NN_SELECT(nn_random_table)->drop_f32(n, bits, below, (float)d->scale, (const float *)(const void *)d->in + at,
                                           (float *)(void *)d->out + at);
    } else {
      const double *x = (const double *)(const void *)d->in + at;
      double *y = (double *)(void *)d->out + at;
      for (int64_t i = 0; i < n; i++) y[i] = x[i] * (bits[i] < below ? d->scale : 0);
    }
  }
}

static bool drop_infer(nn_frame *f) {
  nn_spec_like(f, 0, f->in[0]);
  return true;
}
static bool drop_kernel(nn_frame *f) {
  const nn_tensor *x = nn_dense(f, 0);
  if (x == NULL) return false;
  double keep = 1 - f->arg[1].f;
  draw d = {.dtype = (nn_dtype)x->dtype, .in = x->data, .out = f->out[0]->data, .p = keep, .scale = keep > 0 ? 1 / keep : 0};
  nn_random r = {(uint64_t)f->arg[2].i, (uint64_t)f->arg[3].i};
  return draw_from(&d, r, x->numel, drop_chunks);
}
static bool drop_vjp(nn_vjp *v) {
  v->d[0] = nn_do(v->ctx, &nn_op_dropout_at, v_t(v->g[0]), v->arg[1], v->arg[2], v->arg[3]);
  return v->d[0] != NULL;
}
const nn_op nn_op_dropout_at = {
    .name = "dropout_at", .doc = "Dropout by the chances from this place of a stream on.",
    .params = {{"input", P_TENSOR}, {"p", P_FLOAT}, {"seed", P_INT}, {"offset", P_INT}}, .flags = NN_PRIVATE,
    .infer = drop_infer, .kernel = drop_kernel, .vjp = drop_vjp};

static bool dropout_compose(nn_frame *f) {
  C c = f->ctx;
  double p = f->arg[1].f;
  if (!(p >= 0 && p <= 1)) return nn_bad(f, "p must be between 0 and 1, got %g", p);
  if (!nn_expect_float(f, 0)) return false;
  if (!f->arg[2].b || p == 0) return (f->out[0] = f->in[0]) != NULL;
  nn_random r = take_for(nn_default_generator(c), f->in[0]->numel, 1);
  f->out[0] = nn_do(c, &nn_op_dropout_at, v_t(f->in[0]), f->arg[1], v_i((int64_t)r.seed), v_i((int64_t)r.offset));
  return f->out[0] != NULL;
}
const nn_op nn_op_dropout = {
    .name = "dropout",
    .doc = "In training, each element becomes 0 with probability p and is otherwise divided by 1 - p, so that the mean stays\n"
           "(Srivastava et al. 2014); else input as it is.",
    .example = "F.dropout(tensor{1, 2}, 0.5, false)\n--> {1, 2}",
    .params = {{"input", P_TENSOR}, {"p", P_FLOAT, "0.5"}, {"training", P_BOOL, "true"}},
    .flags = NN_F | NN_INPLACE | NN_RANDOM | NN_TAKES_LATER, /* passes on what is to come where it changes nothing */
    .compose = dropout_compose, .samples = NN_SAMPLES("R(2,3), 0.4", "R(2,3), 0.4, false", "R(3), 1", "R(3), 0"),
    .invalid = "R(3), 2", .complaint = "between 0 and 1"};
