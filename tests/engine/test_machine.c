// The machine layer: processor detection, the thread team, matrix products, interrupts.
// Products are held against a naive loop in double precision.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "blas.h"
#include "cpu.h"
#include "interrupt.h"
#include "parallel.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// ThreadSanitizer ends a forked child that starts threads unless told otherwise; the test of forks is about
// that.
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "die_after_fork=0"; }

static char core_before[64]; // OPENBLAS_CORETYPE at the start
static char *own_path;       // this program, to be started again with another environment

// A generator of its own (Knuth's MMIX constants), so that a failing case can be repeated.
static uint64_t random_state = 1;

static uint32_t random_bits(void) {
  random_state = random_state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(random_state >> 33);
}

static int64_t random_in(int64_t low, int64_t high) {
  return low + (int64_t)(random_bits() % (uint64_t)(high - low + 1));
}

static double random_unit(void) { return (double)random_bits() / 1073741824.0 - 1; }

/* Of all threads of this process, so that a busy machine changes nothing. */
static double cpu_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void pause_ms(long ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  while (nanosleep(&t, &t) != 0) {
  }
}

static void *allocate(size_t bytes) {
  void *p = malloc(bytes ? bytes : 1);
  assert_non_null(p);
  return p;
}

// -----------------------------------------------------------------------------------------------------------
// Processor

// Exit status of this program, started again to report on itself under NNLUA_ISA=wish.
static int isa_under(const char *wish) {
  pid_t child = fork();
  if (child == 0) {
    setenv("NNLUA_ISA", wish, 1);
    execl(own_path, own_path, "--isa", (char *)NULL);
    _exit(99);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static void test_isa_can_be_lowered(void **state) {
  (void)state;
  int best = (int)nn_cpu_isa_best();
  assert_int_equal(isa_under("portable"), NN_ISA_PORTABLE);
  assert_int_equal(isa_under("avx2"), best < NN_ISA_AVX2 ? best : NN_ISA_AVX2);
  assert_int_equal(isa_under("avx512"), best);
  assert_int_equal(isa_under("nonsense"), best);
  assert_int_equal(isa_under(""), best);
}

static void test_cpu_facts(void **state) {
  (void)state;
  static const char *const names[] = {"portable", "avx2", "avx512"};
  assert_string_equal(nn_cpu_isa_name(), names[nn_cpu_isa()]);
  assert_true(nn_cpu_isa() <= nn_cpu_isa_best());
  assert_in_range(nn_cpu_l1d(), 4 << 10, 4 << 20);
  assert_in_range(nn_cpu_l2(), nn_cpu_l1d(), 1 << 30);
  assert_true(nn_cpu_l3() >= 4096);
  assert_in_range(nn_cpu_cores(), 1, 1 << 18);
}

// -----------------------------------------------------------------------------------------------------------
// Thread team

enum { ITEMS_MAX = 20000 };

typedef struct {
  atomic_int touched[ITEMS_MAX];
  int64_t begins[NN_THREADS_MAX], ends[NN_THREADS_MAX];
  atomic_int parts;
} cover;

static void cover_range(void *arg, int64_t begin, int64_t end, int thread) {
  cover *c = arg;
  for (int64_t i = begin; i < end; i++) atomic_fetch_add(&c->touched[i], 1);
  c->begins[thread] = begin;
  c->ends[thread] = end;
  atomic_fetch_add(&c->parts, 1);
}

static void cover_task(void *arg, int64_t task, int thread) {
  cover *c = arg;
  assert_in_range(thread, 0, nn_threads() - 1);
  atomic_fetch_add(&c->touched[task], 1);
}

static void check_cover(cover *c, int64_t n, int64_t grain) {
  memset(c, 0, sizeof *c);
  int expected = nn_parallel_parts(n, grain);
  nn_parallel(n, grain, cover_range, c);
  for (int64_t i = 0; i < ITEMS_MAX; i++) assert_int_equal(atomic_load(&c->touched[i]), i < n ? 1 : 0);
  assert_int_equal(atomic_load(&c->parts), expected);
  int64_t chunks = (n + grain - 1) / grain;
  assert_int_equal(expected, chunks < nn_threads() ? chunks : nn_threads());
  int64_t at = 0; // ranges are contiguous, in the order of threads, and none is empty
  for (int t = 0; t < expected; t++) {
    assert_int_equal(c->begins[t], at);
    assert_true(c->ends[t] > at);
    at = c->ends[t];
  }
  assert_int_equal(at, n);
}

static void test_ranges_cover_each_item_once(void **state) {
  (void)state;
  cover *c = allocate(sizeof *c);
  static const int threads[] = {1, 2, 3, 4, 7, 16};
  for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
    assert_true(nn_set_threads(threads[t]));
    assert_int_equal(nn_threads(), threads[t]);
    for (int64_t n = 1; n <= 20; n++) check_cover(c, n, 1 + n % 3);
    for (int i = 0; i < 20; i++) check_cover(c, random_in(1, ITEMS_MAX), random_in(1, 3000));
    for (int i = 0; i < 20; i++) {
      int64_t n = random_in(0, 300);
      memset(c, 0, sizeof *c);
      nn_parallel_tasks(n, cover_task, c);
      for (int64_t k = 0; k < ITEMS_MAX; k++) assert_int_equal(atomic_load(&c->touched[k]), k < n ? 1 : 0);
    }
  }
  memset(c, 0, sizeof *c);
  nn_parallel(0, 1, cover_range, c);
  nn_parallel(-5, 1, cover_range, c);
  nn_parallel_tasks(-1, cover_task, c);
  assert_int_equal(atomic_load(&c->parts), 0);
  assert_int_equal(atomic_load(&c->touched[0]), 0);
  nn_parallel(3, 0, cover_range, c); // a grain below 1 counts as 1
  assert_int_equal(atomic_load(&c->parts), 3);
  free(c);
}

// A sum whose every element depends on the job, many short jobs after each other: lost or doubled orders
// show.
typedef struct {
  int64_t value, sums[NN_THREADS_MAX * 16];
} short_job;

static void add_range(void *arg, int64_t begin, int64_t end, int thread) {
  short_job *j = arg;
  for (int64_t i = begin; i < end; i++) j->sums[thread * 16] += j->value * i;
}

static void run_short_jobs(int count, int pause_every) {
  short_job j = {0};
  int64_t expected = 0, sum = 0;
  for (int i = 0; i < count; i++) {
    j.value = i;
    nn_parallel(10, 1, add_range, &j);
    expected += (int64_t)i * 45;
    if (pause_every && i % pause_every == 0) pause_ms(1);
  }
  for (int t = 0; t < NN_THREADS_MAX; t++) sum += j.sums[t * 16];
  assert_int_equal(sum, expected);
}

static void test_many_short_jobs(void **state) {
  (void)state;
  for (int threads = 1; threads <= 4; threads++) {
    assert_true(nn_set_threads(threads));
    run_short_jobs(threads <= 2 ? 20000 : 2000, 0);
    run_short_jobs(60, 1); // workers fall asleep in between
  }
}

typedef struct {
  atomic_int inner, ranges, refused;
} nested;

static void inner_range(void *arg, int64_t begin, int64_t end, int thread) {
  nested *x = arg;
  assert_true(nn_in_parallel());
  assert_int_equal(thread, 0);
  atomic_fetch_add(&x->inner, (int)(end - begin));
  atomic_fetch_add(&x->ranges, 1);
}

static void outer_range(void *arg, int64_t begin, int64_t end, int thread) {
  nested *x = arg;
  (void)thread;
  assert_true(nn_in_parallel());
  assert_int_equal(nn_parallel_parts(1000, 1), 1);
  if (!nn_set_threads(2)) atomic_fetch_add(&x->refused, 1);
  for (int64_t i = begin; i < end; i++) nn_parallel(100, 1, inner_range, x);
}

static void test_nested_calls_run_inline(void **state) {
  (void)state;
  nested x = {0};
  assert_true(nn_set_threads(4));
  nn_parallel(50, 1, outer_range, &x);
  assert_int_equal(atomic_load(&x.inner), 5000);
  assert_int_equal(atomic_load(&x.ranges), 50);
  assert_int_equal(atomic_load(&x.refused), 4);
  assert_int_equal(nn_threads(), 4);
  assert_false(nn_in_parallel());
}

static void test_threads_up_and_down(void **state) {
  (void)state;
  assert_false(nn_set_threads(0));
  assert_false(nn_set_threads(-1));
  assert_false(nn_set_threads(NN_THREADS_MAX + 1));
  for (int i = 0; i < 60; i++) {
    int n = (int)random_in(1, 12);
    assert_true(nn_set_threads(n));
    assert_int_equal(nn_threads(), n);
    run_short_jobs(30, 0);
  }
  assert_true(nn_set_threads(NN_THREADS_MAX));
  short_job j = {.value = 1};
  nn_parallel(10000, 1, add_range, &j);
  int64_t sum = 0;
  for (int t = 0; t < NN_THREADS_MAX; t++) sum += j.sums[t * 16];
  assert_int_equal(sum, 49995000);
  assert_true(nn_set_threads(2));
}

static void *host_thread(void *arg) {
  (void)arg;
  run_short_jobs(3000, 0);
  return NULL;
}

// The team belongs to one caller at a time; others must still get right results.
static void test_several_host_threads(void **state) {
  (void)state;
  assert_true(nn_set_threads(3));
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) assert_int_equal(pthread_create(&threads[i], NULL, host_thread, NULL), 0);
  run_short_jobs(3000, 0);
  for (int i = 0; i < 3; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
}

#ifndef __SANITIZE_THREAD__ /* ThreadSanitizer cannot follow threads that start in a forked child */
static void test_fork_leaves_a_working_child(void **state) {
  (void)state;
  assert_true(nn_set_threads(3));
  run_short_jobs(100, 0);
  pid_t child = fork();
  if (child == 0) {
    alarm(20); // a child that hangs ends by the signal
    cover *c = calloc(1, sizeof *c);
    nn_parallel(1000, 1, cover_range, c);
    int wrong = 0;
    for (int i = 0; i < 1000; i++) wrong += atomic_load(&c->touched[i]) != 1;
    wrong += atomic_load(&c->parts) != 3;
    wrong += !nn_set_threads(2);
    free(c);
    _exit(wrong ? 1 : 0);
  }
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  run_short_jobs(100, 0);
}
#endif

static void mask_range(void *arg, int64_t begin, int64_t end, int thread) {
  atomic_int *unblocked = arg;
  (void)begin, (void)end;
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  if (thread > 0 && !sigismember(&mask, SIGINT)) atomic_fetch_add(unblocked, 1);
}

static void test_signals_stay_on_the_host_thread(void **state) {
  (void)state;
  sigset_t before, after;
  pthread_sigmask(SIG_SETMASK, NULL, &before);
  assert_true(nn_set_threads(1));
  assert_true(nn_set_threads(4));
  nn_parallel(4, 1, add_range, &(short_job){0}); // starts the workers
  pthread_sigmask(SIG_SETMASK, NULL, &after);
  for (int s = 1; s < 32; s++) assert_int_equal(sigismember(&before, s), sigismember(&after, s));
  // A worker's mask shows only in what the worker itself runs; a part that the caller takes over isn't one of
  // them.
  sigset_t all, old;
  sigfillset(&all);
  atomic_int unblocked = 0;
  pthread_sigmask(SIG_BLOCK, &all, &old);
  nn_parallel(4, 1, mask_range, &unblocked);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  assert_int_equal(atomic_load(&unblocked), 0);
}

// -----------------------------------------------------------------------------------------------------------
// Matrix products

typedef struct {
  bool ta, tb, f64;
  int64_t m, n, k, lda, ldb, ldc, batch, stride_a, stride_b, stride_c;
  double alpha, beta;
} product;

static double element(const void *p, bool f64, int64_t i) {
  return f64 ? ((const double *)p)[i] : (double)((const float *)p)[i];
}

static void put_element(void *p, bool f64, int64_t i, double x) {
  if (f64)
    ((double *)p)[i] = x;
  else
    ((float *)p)[i] = (float)x;
}

static void *random_matrix(bool f64, int64_t elements) {
  void *p = allocate((size_t)elements * (f64 ? 8 : 4));
  for (int64_t i = 0; i < elements; i++) put_element(p, f64, i, random_unit());
  return p;
}

static bool run_product(const product *q, const void *a, const void *b, void *c) {
  if (q->f64)
    return nn_gemm_batched_f64(q->ta, q->tb, q->m, q->n, q->k, q->alpha, a, q->lda, q->stride_a, b, q->ldb,
                               q->stride_b, q->beta, c, q->ldc, q->stride_c, q->batch);
  return nn_gemm_batched_f32(q->ta, q->tb, q->m, q->n, q->k, (float)q->alpha, a, q->lda, q->stride_a, b,
                             q->ldb, q->stride_b, (float)q->beta, c, q->ldc, q->stride_c, q->batch);
}

// One element of the definition; *scale is the sum of the absolute terms.
static double define_element(const product *q, const void *a, const void *b, double before, int64_t z,
                             int64_t i, int64_t j, double *scale) {
  double sum = 0, size = 0;
  for (int64_t p = 0; p < q->k; p++) {
    double x = element(a, q->f64, z * q->stride_a + (q->ta ? p * q->lda + i : i * q->lda + p));
    double y = element(b, q->f64, z * q->stride_b + (q->tb ? j * q->ldb + p : p * q->ldb + j));
    sum += x * y;
    size += fabs(x * y);
  }
  double alpha = q->f64 ? q->alpha : (double)(float)q->alpha,
         beta = q->f64 ? q->beta : (double)(float)q->beta;
  *scale = fabs(alpha) * size + (q->beta != 0 ? fabs(beta * before) : 0);
  return alpha * sum + (q->beta != 0 ? beta * before : 0);
}

static void check_element(const product *q, double got, double want, double scale, int64_t i, int64_t j) {
  double tolerance = (q->f64 ? 1e-15 : 3e-7) * (4 + sqrt((double)q->k)) * scale;
  if (fabs(got - want) <= tolerance) return; // false for NaN
  fail_msg("product ta=%d tb=%d f64=%d m=%lld n=%lld k=%lld batch=%lld alpha=%g beta=%g threads=%d: "
           "c[%lld][%lld] is %.17g, should be %.17g",
           q->ta, q->tb, q->f64, (long long)q->m, (long long)q->n, (long long)q->k, (long long)q->batch,
           q->alpha, q->beta, nn_threads(), (long long)i, (long long)j, got, want);
}

// Every element within the matrices against the definition, every one outside unchanged. `samples` > 0: only
// so many random elements (large products). With beta 0, C starts as NaN, so that reading it shows.
static void check_product(const product *q, int64_t samples) {
  int64_t rows_a = q->ta ? q->k : q->m, rows_b = q->tb ? q->n : q->k;
  void *a = random_matrix(q->f64, q->stride_a * (q->batch - 1) + rows_a * q->lda);
  void *b = random_matrix(q->f64, q->stride_b * (q->batch - 1) + rows_b * q->ldb);
  int64_t size = q->stride_c * (q->batch - 1) + q->m * q->ldc;
  void *c = random_matrix(q->f64, size), *before = allocate((size_t)size * (q->f64 ? 8 : 4));
  if (q->beta == 0)
    for (int64_t i = 0; i < size; i++) put_element(c, q->f64, i, (double)NAN);
  memcpy(before, c, (size_t)size * (q->f64 ? 8 : 4));
  assert_true(run_product(q, a, b, c));
  int64_t count = samples > 0 ? samples : size;
  for (int64_t s = 0; s < count; s++) {
    int64_t at = samples > 0 ? random_in(0, size - 1) : s;
    int64_t z = q->batch > 1 ? at / q->stride_c : 0, inside = at - z * q->stride_c;
    int64_t i = inside / q->ldc, j = inside % q->ldc;
    double got = element(c, q->f64, at), old = element(before, q->f64, at), scale;
    if (i < q->m && j < q->n) {
      double want = define_element(q, a, b, old, z, i, j, &scale);
      check_element(q, got, want, scale, i, j);
    } else if (!(got == old || (isnan(got) && isnan(old)))) {
      fail_msg("an element outside C was written: row %lld, column %lld", (long long)i, (long long)j);
    }
  }
  free(a), free(b), free(c), free(before);
}

static double random_factor(void) {
  static const double usual[] = {0, 1, 1, 1, -1, 0.5};
  int64_t i = random_in(0, 8);
  return i < 6 ? usual[i] : random_unit() * 2;
}

static product random_product(int64_t largest) {
  product q = {.ta = random_in(0, 1), .tb = random_in(0, 1), .f64 = random_in(0, 2) == 0, .batch = 1};
  q.m = random_in(1, random_in(0, 3) ? largest : 4);
  q.n = random_in(1, random_in(0, 3) ? largest : 4);
  q.k = random_in(0, 20) ? random_in(1, random_in(0, 3) ? 2 * largest : 4) : 0;
  q.alpha = random_factor();
  q.beta = random_factor();
  bool dense = random_in(0, 1);
  q.lda = (q.ta ? q.m : q.k) + (dense ? 0 : random_in(0, 9));
  q.ldb = (q.tb ? q.k : q.n) + (dense ? 0 : random_in(0, 9));
  q.ldc = q.n + (dense ? 0 : random_in(0, 9));
  if (q.lda == 0) q.lda = 1;
  if (q.ldb == 0) q.ldb = 1;
  return q;
}

static void test_random_products(void **state) {
  (void)state;
  for (int threads = 1; threads <= 4; threads++) {
    assert_true(nn_set_threads(threads));
    for (int i = 0; i < 300; i++) {
      product q = random_product(i < 200 ? 40 : 150);
      check_product(&q, 0);
    }
  }
}

// Bias, sum, ReLU and gate against the plain product, at sizes where tiny kernels, vectors, blocks and threads do them.
static void check_between(const product *q, bool bias, bool gate) {
  size_t e = q->f64 ? 8 : 4;
  int64_t size = q->m * q->ldc;
  void *a = random_matrix(q->f64, (q->ta ? q->k : q->m) * q->lda), *b = random_matrix(q->f64, (q->tb ? q->n : q->k) * q->ldb);
  void *c = random_matrix(q->f64, size), *want = allocate((size_t)size * e);
  void *add = random_matrix(q->f64, q->n), *shut = random_matrix(q->f64, size);
  put_element(shut, q->f64, random_in(0, size - 1), (double)NAN);
  memcpy(want, c, (size_t)size * e);
  assert_true(run_product(q, a, b, want));
  const bool plus = random_in(0, 1), relu = random_in(0, 1);
  void *more = random_matrix(q->f64, size);
  const nn_ends_f32 f32 = {bias ? add : NULL, plus ? more : NULL, relu, gate ? shut : NULL};
  const nn_ends_f64 f64 = {bias ? add : NULL, plus ? more : NULL, relu, gate ? shut : NULL};
  bool done = q->f64 ? nn_gemm_between_f64(q->ta, q->tb, q->m, q->n, q->k, a, q->lda, b, q->ldb, &f64, c, q->ldc)
                     : nn_gemm_between_f32(q->ta, q->tb, q->m, q->n, q->k, a, q->lda, b, q->ldb, &f32, c, q->ldc);
  assert_true(done);
  for (int64_t at = 0; at < size; at++) {
    int64_t i = at / q->ldc, j = at % q->ldc;
    double x = element(want, q->f64, at), got = element(c, q->f64, at), scale;
    if (j < q->n) {
      define_element(q, a, b, 0, 0, i, j, &scale);
      if (bias) x += element(add, q->f64, j), scale += fabs(element(add, q->f64, j));
      if (plus) x += element(more, q->f64, at), scale += fabs(element(more, q->f64, at));
      const bool closed = gate && element(shut, q->f64, at) <= 0;
      if ((relu && x <= 0) || closed) x = 0;
      check_element(q, got, x, scale + fabs(x), i, j);
      if (closed) assert_true(got == 0);
      if (relu) assert_true(got >= 0 || isnan(got));
    } else {
      assert_true(got == x);
    }
  }
  free(a), free(b), free(c), free(want), free(add), free(shut), free(more);
}

static void test_products_with_ends(void **state) {
  (void)state;
  static const int64_t largest[] = {5, 16, 60, 150};
  for (int i = 0; i < 400; i++) {
    assert_true(nn_set_threads(1 + i % 3));
    product q = random_product(largest[i % 4]);
    q.alpha = 1, q.beta = 0;
    if (i % 40 == 0 && q.k > 0) { // several blocks of the sum
      q.k = 700 + random_in(0, 99);
      q.lda = q.ta ? q.m : q.k, q.ldb = q.tb ? q.k : q.n;
    }
    check_between(&q, i / 4 % 2, i / 8 % 2);
  }
}

// ThreadSanitizer, which is here for the threads, takes twenty times as long for each element: it gets fewer cases.
#ifdef __SANITIZE_THREAD__
enum { SPARSE = 6, TEAM_ROUNDS = 3 };
#else
enum { SPARSE = 1, TEAM_ROUNDS = 24 };
#endif

static void *matrix_f32(int64_t n) { return random_matrix(false, n); }

// C = op(A) op(B) + the C before, or 0 where `gate` says so, in a plain product; held against `got`.
static void check_gradient(const product *q, const float *a, const float *b, const float *before, const float *gate,
                           const float *got) {
  for (int64_t i = 0; i < q->m; i++)
    for (int64_t j = 0; j < q->n; j++) {
      const int64_t at = i * q->n + j;
      double scale, want = define_element(q, a, b, 0, 0, i, j, &scale) + (before ? before[at] : 0);
      if (gate && gate[at] <= 0) want = 0;
      check_element(q, got[at], want, scale + fabs(want), i, j);
    }
}

// The three gradients of a linear layer at once. `threads` of them share the terms of the weights' where there are many rows.
static void check_linear_back(nn_linear_back l, bool adds, bool gated) {
  float *dy = matrix_f32(l.rows * l.out), *x = matrix_f32(l.rows * l.in), *w = matrix_f32(l.out * l.in);
  float *dx = matrix_f32(l.rows * l.in), *dw = matrix_f32(l.out * l.in), *db = matrix_f32(l.out);
  float *dx0 = allocate((size_t)(l.rows * l.in) * 4), *dw0 = allocate((size_t)(l.out * l.in) * 4);
  memcpy(dx0, dx, (size_t)(l.rows * l.in) * 4), memcpy(dw0, dw, (size_t)(l.out * l.in) * 4);
  l.dy = dy, l.x = x, l.w = w, l.dx = dx, l.dw = dw, l.db = db;
  l.add_dw = adds, l.add_dx = adds && !gated, l.gate = gated ? x : NULL;
  float *room = allocate((size_t)nn_linear_back_room(&l) * 4 + 4);
  bool summed;
  assert_true(nn_linear_back_f32(&l, room, &summed));
  product q = {.m = l.rows, .n = l.in, .k = l.out, .lda = l.out, .ldb = l.in, .ldc = l.in, .alpha = 1, .batch = 1};
  check_gradient(&q, dy, w, l.add_dx ? dx0 : NULL, l.gate, dx);
  q = (product){.ta = true, .m = l.out, .n = l.in, .k = l.rows, .lda = l.out, .ldb = l.in, .ldc = l.in, .alpha = 1, .batch = 1};
  check_gradient(&q, dy, x, adds ? dw0 : NULL, NULL, dw);
  for (int64_t j = 0; j < l.out && summed; j++) {
    double sum = 0, scale = 0;
    for (int64_t i = 0; i < l.rows; i++) sum += dy[i * l.out + j], scale += fabs(dy[i * l.out + j]);
    check_element(&q, db[j], sum, scale, 0, j);
  }
  free(dy), free(x), free(w), free(dx), free(dw), free(db), free(dx0), free(dw0), free(room);
}

static void test_linear_gradients(void **state) {
  (void)state;
  bool shared = false;
  for (int i = 0; i < 200 / SPARSE; i++) {
    assert_true(nn_set_threads(1 + i % 4));
    const int64_t wide = i % 5 ? 40 : 130;
    nn_linear_back l = {.rows = random_in(1, i % 3 ? 900 : 60), .in = random_in(1, wide), .out = random_in(1, wide)};
    if (i % 7 == 0) l.rows = 1024 + random_in(0, 300), l.in = 32 * random_in(1, 3), l.out = 32 * random_in(1, 3);
    float any;
    l.dw = &any;
    shared = shared || nn_linear_back_room(&l) > 0;
    check_linear_back(l, i / 2 % 2, i / 4 % 2);
  }
  assert_true(shared);
}

// Few rows with B transposed: such products are turned round.
static void test_products_of_few_rows(void **state) {
  (void)state;
  static const int64_t ms[] = {5, 6, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 64, 95, 96, 97};
  for (int i = 0; i < 16 * 12; i++) {
    assert_true(nn_set_threads(1 + i % 3));
    product q = {.tb = true, .f64 = i % 5 == 0, .batch = 1, .m = ms[i % 16], .alpha = i % 7 ? 1 : 0.5};
    q.n = 2 * q.m + random_in(0, 150), q.k = i / 16 % 4 ? random_in(16, 200) : random_in(600, 1300);
    q.lda = q.k + random_in(0, 3), q.ldb = i / 16 % 3 ? q.k + random_in(0, 3) : (q.k + 511) / 512 * 512;
    q.ldc = q.n + random_in(0, 3);
    check_product(&q, i / 16 % 4 ? 0 : 3000);
    q.alpha = 1;
    if (q.k < 200) check_between(&q, i % 2, false);
  }
}

// Those that have a kernel of their own (kernels/tiny.c).
static void test_tiny_products(void **state) {
  (void)state;
  for (int i = 0; i < 400; i++) {
    product q = random_product(i < 200 ? 6 : 16);
    q.f64 = false;
    check_product(&q, 0);
  }
}

// Sizes around whole vectors and tiles, every pair of columns and rows with terms in turn, in all four transpositions, with
// and without bias and gate: a few columns beyond the last vector have kernels of their own (kernels/gemm_narrow.h).
static void test_products_of_odd_sizes(void **state) {
  (void)state;
  static const int64_t sizes[] = {1,  2,  3,  4,  13, 14, 15, 16, 17, 31, 32, 33, 34,  35,  47,
                                  48, 49, 63, 64, 65, 66, 67, 95, 96, 97, 127, 128, 129};
  enum { N = sizeof sizes / sizeof *sizes };
  for (int i = 0; i < N; i++) {
    for (int j = i % SPARSE; j < N; j += SPARSE) {
      const int way = i + j;
      assert_true(nn_set_threads(1 + (way % 5 == 0)));
      product q = {.ta = way & 1, .tb = (i + j / 2) & 1, .f64 = way % 3 == 0, .m = sizes[i], .n = sizes[j], .batch = 1};
      q.k = sizes[(i * 5 + j * 3) % N];
      q.lda = q.ta ? q.m : q.k, q.ldb = q.tb ? q.k : q.n, q.ldc = q.n + j % 2;
      q.alpha = way % 4 ? 1 : 0.5, q.beta = way % 7 == 0 ? 1 : 0;
      check_product(&q, 2000);
      q.alpha = 1, q.beta = 0;
      if (q.m * q.n * q.k < 200000) check_between(&q, i & 1, j & 1);
    }
  }
}

// Shapes at which a method changes: vectors, rows of a tile, blocks, copied strips, awkward distances.
static void test_product_edges(void **state) {
  (void)state;
  static const int64_t sizes[] = {1,  2,  3,  4,  5,  6,  7,  8,  13, 14, 15,
                                  16, 17, 28, 29, 31, 32, 33, 64, 65, 113};
  enum { N = sizeof sizes / sizeof *sizes };
  assert_true(nn_set_threads(2));
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      product q = {
          .ta = i & 1, .tb = j & 1, .f64 = (i + j) % 3 == 0, .m = sizes[i], .n = sizes[j], .batch = 1};
      q.k = sizes[random_in(0, N - 1)] * random_in(1, 9);
      q.lda = q.ta ? q.m : q.k, q.ldb = q.tb ? q.k : q.n, q.ldc = q.n;
      q.alpha = 1, q.beta = (i + j) & 1;
      check_product(&q, 0);
      q.lda = 512, q.ldb = 1024; // rows that share cache sets
      if (q.k <= 512) check_product(&q, 0);
    }
  }
}

// Sizes on both sides of every choice between reading in place and packing: how many strips and panels there
// are, how deep a block is, whether rows of B are whole cache lines, whether distances share cache sets.
static void test_product_ways(void **state) {
  (void)state;
  static const int64_t ms[] = {27, 29, 112, 113, 281}, ns[] = {33, 95, 97, 255, 258},
                       ks[] = {64, 129, 293, 577};
  static const int64_t spare[] = {0, 1, 16,
                                  -512}; // further elements in a row; below 0: up to a multiple of it
  for (int i = 0; i < 5 * 5 * 4; i++) {
    assert_true(nn_set_threads(1 + i % 2));
    product q = {.ta = random_in(0, 1), .tb = random_in(0, 1), .f64 = i % 3 == 0, .batch = 1};
    q.m = ms[i % 5], q.n = ns[i / 5 % 5], q.k = ks[i / 25];
    int64_t sa = spare[random_in(0, 3)], sb = spare[random_in(0, 3)];
    int64_t a = q.ta ? q.m : q.k, b = q.tb ? q.k : q.n;
    q.lda = sa < 0 ? (a - sa - 1) / -sa * -sa : a + sa;
    q.ldb = sb < 0 ? (b - sb - 1) / -sb * -sb : sb == 16 ? (b + 31) / 32 * 32 : b + sb;
    q.ldc = q.n + random_in(0, 3);
    q.alpha = 1, q.beta = i % 2;
    check_product(&q, 2000);
  }
}

static void test_large_products(void **state) {
  (void)state;
  static const int64_t shapes[][3] = {{512, 512, 512}, {700, 650, 900}, {1000, 40, 1500}, {33, 1900, 1200},
                                      {1, 3000, 2000}, {3000, 1, 2000}, {2, 900, 300000}, {5000, 60, 30}};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    for (int v = 0; v < 8; v++) {
      product q = {
          .ta = v & 1, .tb = v & 2, .f64 = v & 4, .m = shapes[s][0], .n = shapes[s][1], .k = shapes[s][2]};
      if (q.k > 10000 && v != 2 && v != 0) continue;
      assert_true(nn_set_threads(1 + v % 3));
      q.batch = 1, q.alpha = 1, q.beta = v % 2;
      q.lda = q.ta ? q.m : q.k, q.ldb = q.tb ? q.k : q.n, q.ldc = q.n;
      check_product(&q, 300);
    }
  }
}

// Products whose strips threads take as they get free: rows or columns are dealt out, with one or more blocks of terms, with
// and without packing, turned, with bias and gate. The same bits whoever does what.
static void test_products_by_teams(void **state) {
  (void)state;
  static const int64_t shapes[][3] = {{130, 70, 90}, {40, 500, 70}, {300, 64, 340}, {70, 784, 256}, {64, 300, 700}, {5, 900, 60},
                                      {900, 5, 60}};
  for (int i = 0; i < 7 * TEAM_ROUNDS; i++) {
    assert_true(nn_set_threads(2 + i % 3));
    product q = {.ta = i / 7 & 1, .tb = i / 14 & 1, .f64 = i % 5 == 0, .batch = 1, .alpha = 1};
    q.m = shapes[i % 7][0] + random_in(0, 20), q.n = shapes[i % 7][1] + random_in(0, 20), q.k = shapes[i % 7][2] + random_in(0, 20);
    q.lda = (q.ta ? q.m : q.k) + random_in(0, 1), q.ldb = (q.tb ? q.k : q.n) + random_in(0, 1), q.ldc = q.n;
    if (i / 28 % 3 == 1) q.lda = (q.lda + 511) / 512 * 512;
    if (i / 28 % 3 == 2) q.ldb = (q.ldb + 15) / 16 * 16;
    check_product(&q, 1000);
    q.beta = 0.5, q.alpha = 2;
    check_product(&q, 1000);
    q.beta = 0, q.alpha = 1;
    if (i % 3 == 0 && q.m * q.n * q.k < 4000000) check_between(&q, i & 1, i & 2);
  }
}

static void test_batched_products(void **state) {
  (void)state;
  for (int i = 0; i < 200; i++) {
    assert_true(nn_set_threads(1 + i % 4));
    product q = random_product(i < 150 ? 20 : 90);
    q.batch = random_in(1, i < 150 ? 30 : 5);
    q.stride_a = random_in(0, 4) ? (q.ta ? q.k : q.m) * q.lda + random_in(0, 1) * 3 : 0;
    q.stride_b = random_in(0, 2) ? (q.tb ? q.n : q.k) * q.ldb + random_in(0, 1) * 5 : 0;
    q.stride_c = q.m * q.ldc + random_in(0, 1) * 7;
    check_product(&q, 0);
  }
}

static void test_products_repeat_bit_for_bit(void **state) {
  (void)state;
  static const int64_t shapes[][3] = {{64, 128, 784}, {64, 784, 256}, {300, 300, 300}, {640, 520, 700}, {1, 2000, 2000}};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    int64_t m = shapes[s][0], n = shapes[s][1], k = shapes[s][2];
    float *a = random_matrix(false, m * k), *b = random_matrix(false, n * k);
    size_t bytes = (size_t)(m * n) * sizeof(float);
    float *first = allocate(bytes), *again = allocate(bytes);
    for (int threads = 1; threads <= 3; threads++) {
      assert_true(nn_set_threads(threads));
      assert_true(nn_gemm_f32(false, true, m, n, k, 1, a, k, b, k, 0, first, n));
      for (int i = 0; i < 5; i++) {
        if (i % 2) pause_ms(1);
        assert_true(nn_gemm_f32(false, true, m, n, k, 1, a, k, b, k, 0, again, n));
        assert_memory_equal(first, again, bytes);
      }
    }
    free(a), free(b), free(first), free(again);
  }
}

static void test_blas_reports(void **state) {
  (void)state;
  assert_non_null(nn_blas_name());
  bool library = strncmp(nn_blas_name(), "OpenBLAS ", 9) == 0;
  assert_true(library || strncmp(nn_blas_name(), "nnlua ", 6) == 0);
  assert_true(library ? !nn_blas_problem() : nn_blas_problem() != NULL);
  if (library) {
    assert_non_null(nn_blas_symbol("dgesv_"));
    if (nn_cpu_isa() == NN_ISA_AVX512 && strcmp(core_before, "none") == 0)
      assert_non_null(strstr(nn_blas_name(), "SkylakeX"));
  }
  assert_null(nn_blas_symbol("no_such_function_"));
}

// What is set while OpenBLAS is loaded must not reach the programs that the user starts.
static void test_environment_is_left_alone(void **state) {
  (void)state;
  (void)nn_blas_name();
  assert_string_equal(getenv("OPENBLAS_NUM_THREADS"), "7"); // set by main
  const char *core = getenv("OPENBLAS_CORETYPE");
  assert_string_equal(core ? core : "none", core_before);
  int (*get_num_threads)(void);
  void *symbol = nn_blas_symbol("openblas_get_num_threads");
  memcpy(&get_num_threads, &symbol, sizeof symbol);
  if (symbol) assert_int_equal(get_num_threads(), 1);
}

// -----------------------------------------------------------------------------------------------------------
// Interrupts

static void on_alarm(int signal_number) {
  (void)signal_number;
  nn_interrupt_raise();
}

// Raises the flag after `ms` of the process's own time, in the signal handler as Ctrl-C does.
static void interrupt_after(long ms) {
  signal(SIGALRM, on_alarm);
  struct itimerspec when = {.it_value = {ms / 1000, ms % 1000 * 1000000}};
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
  assert_int_equal(timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer), 0);
  assert_int_equal(timer_settime(timer, 0, &when, NULL), 0);
}

static void test_interrupt_ends_a_product(void **state) {
  (void)state;
  const int64_t n = 4096;
  float *a = calloc((size_t)(n * n), sizeof *a), *c = calloc((size_t)(n * n), sizeof *c);
  assert_true(a && c);
  for (int threads = 1; threads <= 2; threads++) {
    assert_true(nn_set_threads(threads));
    assert_true(nn_gemm_f32(false, false, 512, 512, 512, 1, a, n, a, n, 0, c, n)); // loads OpenBLAS
    interrupt_after(30);
    double start = cpu_seconds();
    bool done = nn_gemm_f32(false, false, n, n, n, 1, a, n, a, n, 0, c, n);
    double took = cpu_seconds() - start;
    assert_false(done);
    assert_true(nn_interrupted());
    // 30 ms until the signal and 100 ms to end on each thread, and as much again for an instrumented build.
    print_message("interrupted product of 4096 on %d threads ended after %.0f ms\n", threads, took * 1e3);
    assert_true(took < 0.4);
    nn_interrupt_clear();
  }
  nn_interrupt_raise();
  assert_false(nn_gemm_f32(false, true, 1, n, n, 1, a, n, a, n, 0, c, n));
  assert_false(nn_gemm_f32(false, false, 8, 8, 0, 1, a, n, a, n, 0, c, n));
  nn_interrupt_clear();
  assert_true(nn_gemm_f32(false, false, 300, 300, 300, 1, a, n, a, n, 0, c, n));
  free(a), free(c);
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--isa") == 0) return (int)nn_cpu_isa();
  own_path = argv[0];
  setenv("OPENBLAS_NUM_THREADS", "7", 1);
  const char *core = getenv("OPENBLAS_CORETYPE");
  snprintf(core_before, sizeof core_before, "%s", core ? core : "none");
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_isa_can_be_lowered),
      cmocka_unit_test(test_cpu_facts),
      cmocka_unit_test(test_ranges_cover_each_item_once),
      cmocka_unit_test(test_many_short_jobs),
      cmocka_unit_test(test_nested_calls_run_inline),
      cmocka_unit_test(test_threads_up_and_down),
      cmocka_unit_test(test_several_host_threads),
#ifndef __SANITIZE_THREAD__
      cmocka_unit_test(test_fork_leaves_a_working_child),
#endif
      cmocka_unit_test(test_signals_stay_on_the_host_thread),
      cmocka_unit_test(test_tiny_products), cmocka_unit_test(test_products_with_ends), cmocka_unit_test(test_linear_gradients),
      cmocka_unit_test(test_products_of_few_rows), cmocka_unit_test(test_random_products),
      cmocka_unit_test(test_products_of_odd_sizes),
      cmocka_unit_test(test_product_edges),
      cmocka_unit_test(test_product_ways),
      cmocka_unit_test(test_large_products),
      cmocka_unit_test(test_products_by_teams),
      cmocka_unit_test(test_batched_products),
      cmocka_unit_test(test_products_repeat_bit_for_bit),
      cmocka_unit_test(test_blas_reports),
      cmocka_unit_test(test_environment_is_left_alone),
      cmocka_unit_test(test_interrupt_ends_a_product),
  };
  return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
