// machine.c - what this machine can do: float32 FMA peak and memory bandwidth of N threads, each bound to a core.
//   cc -O3 -march=native -pthread machine.c -o machine && ./machine 2       one JSON object
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif
typedef float vec __attribute__((vector_size(LANES * 4)));

enum { CHAINS = 12, ROUNDS = 2000000, REPEATS = 7, FLOATS = 8 << 20 };

typedef struct task {
  int core;
  double flops, bytes; // per second, best of the repeats
  pthread_barrier_t *gate;
} task;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// CHAINS independent chains of multiply-adds: enough to hide their latency.
static float chains(long rounds) {
  vec a[CHAINS], m, s;
  for (int l = 0; l < LANES; l++) m[l] = 0.999f, s[l] = 0.001f;
  for (int i = 0; i < CHAINS; i++) a[i] = s * (float)(i + 1);
  for (long r = 0; r < rounds; r++)
#pragma GCC unroll 12
    for (int i = 0; i < CHAINS; i++) a[i] = a[i] * m + s;
  vec sum = a[0];
  for (int i = 1; i < CHAINS; i++) sum += a[i];
  return sum[0];
}

static void *measure(void *arg) {
  task *t = arg;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(t->core, &set);
  sched_setaffinity(0, sizeof set, &set);
  volatile float sink = chains(1000);
  for (int i = 0; i < REPEATS; i++) {
    pthread_barrier_wait(t->gate);
    double start = now();
    sink = chains(ROUNDS);
    double rate = 2.0 * CHAINS * LANES * ROUNDS / (now() - start);
    if (rate > t->flops) t->flops = rate;
  }
  float *a = malloc(FLOATS * 4), *b = malloc(FLOATS * 4), *c = malloc(FLOATS * 4);
  if (!a || !b || !c) exit(1);
  for (long i = 0; i < FLOATS; i++) a[i] = 1, b[i] = 2, c[i] = 0;
  for (int i = 0; i < REPEATS; i++) {
    pthread_barrier_wait(t->gate);
    double start = now();
    for (long k = 0; k < FLOATS; k++) c[k] = a[k] + b[k];
    double rate = 12.0 * FLOATS / (now() - start);
    if (rate > t->bytes) t->bytes = rate;
  }
  sink = c[FLOATS / 2];
  (void)sink;
  free(a), free(b), free(c);
  return NULL;
}

int main(int argc, char **argv) {
  int n = argc > 1 ? atoi(argv[1]) : 2, core = 0;
  cpu_set_t mine;
  if (n < 1 || n > 64 || sched_getaffinity(0, sizeof mine, &mine) != 0) return 1;
  task tasks[64];
  pthread_t threads[64];
  pthread_barrier_t gate;
  pthread_barrier_init(&gate, NULL, (unsigned)n);
  for (int i = 0; i < n; i++, core++) {
    while (core < CPU_SETSIZE && !CPU_ISSET(core, &mine)) core++;
    tasks[i] = (task){.core = core, .gate = &gate};
    if (pthread_create(&threads[i], NULL, measure, &tasks[i]) != 0) return 1;
  }
  double flops = 0, bytes = 0;
  for (int i = 0; i < n; i++) {
    pthread_join(threads[i], NULL);
    flops += tasks[i].flops;
    bytes += tasks[i].bytes;
  }
  printf("{\"gflops\": %.1f, \"gbytes\": %.1f}\n", flops / 1e9, bytes / 1e9);
  return 0;
}
