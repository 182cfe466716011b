// The thread team. Workers spin for a moment after each job and then sleep on a futex (elsewhere than on
// Linux on a condition variable). Knows nothing of tensors, kernels or OpenBLAS.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "parallel.h"

#include "cpu.h"
#include "denormal.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#if defined(__linux__) && !defined(NN_NO_FUTEX)
#define NN_FUTEX 1
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#else
#define NN_FUTEX 0
#endif
#if NN_X86
#include <immintrin.h>
#endif

// -----------------------------------------------------------------------------------------------------------
// Channels: a number that one thread raises and one other thread waits for.

// How long a thread spins before it sleeps. A wake-up costs 30 us, in a virtual machine 80 to 130; the pause between two
// operations of a script is a few us, that between two steps, with a batch to read, a few hundred.
enum { SPIN_NS = 500000, POLLS_PER_CLOCK = 64, POLLS_BEFORE_TAKING = 16, CACHE_LINES = 128 };

typedef struct {
  _Atomic uint32_t value;
  _Atomic uint32_t sleeping; // the receiver sleeps or is about to
} channel;

#if NN_FUTEX
// Sleeps unless value != old; may return early.
static void channel_sleep(channel *ch, uint32_t old) {
  syscall(SYS_futex, &ch->value, FUTEX_WAIT_PRIVATE, old, NULL, NULL, 0);
}

static void channel_wake(channel *ch) {
  syscall(SYS_futex, &ch->value, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}
#else
static pthread_mutex_t sleep_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t sleep_cond = PTHREAD_COND_INITIALIZER;

static void channel_sleep(channel *ch, uint32_t old) {
  pthread_mutex_lock(&sleep_mutex);
  if (atomic_load(&ch->value) == old) pthread_cond_wait(&sleep_cond, &sleep_mutex);
  pthread_mutex_unlock(&sleep_mutex);
}

static void channel_wake(channel *ch) {
  (void)ch;
  pthread_mutex_lock(&sleep_mutex);
  pthread_cond_broadcast(&sleep_cond);
  pthread_mutex_unlock(&sleep_mutex);
}
#endif

// Sender and receiver each write one word and then read the other's, all sequentially consistent: either the
// sender sees `sleeping`, or the receiver sees the new value before it sleeps. One call to the system wakes a sleeper: what
// is sent while it comes needs no other.
static void channel_send(channel *ch, uint32_t value) {
  atomic_store(&ch->value, value);
  if (atomic_load(&ch->sleeping) && atomic_exchange(&ch->sleeping, 0)) channel_wake(ch);
}

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline void relax(void) {
#if NN_X86
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// True if value != old within this many polls.
static inline bool channel_poll(channel *ch, uint32_t old, int polls) {
  for (int i = 0; i < polls; i++) {
    if (atomic_load_explicit(&ch->value, memory_order_acquire) != old) return true;
    relax();
  }
  return false;
}

// True as soon as value != old; false after spin_ns.
static bool channel_spin(channel *ch, uint32_t old, int64_t spin_ns) {
  int64_t end = 0;
  do {
    if (channel_poll(ch, old, POLLS_PER_CLOCK)) return true;
    if (!end) end = now_ns() + spin_ns;
  } while (now_ns() < end);
  return false;
}

// Waits until value != old.
static void channel_receive(channel *ch, uint32_t old, int64_t spin_ns) {
  if (channel_spin(ch, old, spin_ns)) return;
  for (;;) {
    atomic_store(&ch->sleeping, 1);
    if (atomic_load(&ch->value) != old) break;
    channel_sleep(ch, old);
  }
  atomic_store_explicit(&ch->sleeping, 0, memory_order_relaxed);
}

// -----------------------------------------------------------------------------------------------------------
// The team. Whoever holds `in_use` is the master: only it gives orders.

// One part of a job: range(arg, begin, end, thread), or tasks of `begin` shares until there are no more, or neither: the
// worker ends.
typedef struct {
  nn_range_fn range;
  nn_task_fn task;
  void *arg;
  int64_t begin, end;
} order;

// The order lies in one cache line with the word that announces it: moving a line between cores is what a
// fork costs.
typedef struct {
  _Alignas(CACHE_LINES) channel go; // master to worker: number of the latest order
  order what;
  _Atomic uint32_t taken;             // number of the latest order that worker or master has taken to execute
  _Alignas(CACHE_LINES) channel done; // worker to master: number of the latest order the worker finished
  _Alignas(CACHE_LINES) uint32_t orders;
  uint32_t answered; // done.value before the latest order
  pthread_t thread;
} worker;

static worker workers[NN_THREADS_MAX]; // [i] is thread i; [0], the caller, stays unused
static int started;                    // workers running: workers[1 .. started]
static bool start_failed;              // the system gave no thread; don't ask again until the size changes
static atomic_bool in_use;
static atomic_int team_size;                            // 0: not determined yet
static _Atomic int64_t spin_time;                       // SPIN_NS, or 0 with fewer cores than threads
static _Thread_local bool inside;                       // this thread runs a part of a job

// Tasks are dealt out in as many contiguous shares as there are parts: a thread claims those of its own share, whose
// data it may have had before, and then those that are left of the others.
typedef struct {
  _Alignas(CACHE_LINES) _Atomic int64_t next; // the first that nobody has claimed
  int64_t end;
} share;

static share shares[NN_THREADS_MAX];

static void set_size(int n) {
  atomic_store_explicit(&spin_time, n <= nn_cpu_cores() ? SPIN_NS : 0, memory_order_relaxed);
  atomic_store_explicit(&team_size, n, memory_order_relaxed);
}

int nn_threads(void) {
  int n = atomic_load_explicit(&team_size, memory_order_relaxed);
  if (n > 0) return n;
  n = nn_cpu_cores();
  set_size(n > NN_THREADS_MAX ? NN_THREADS_MAX : n);
  return atomic_load_explicit(&team_size, memory_order_relaxed);
}

bool nn_in_parallel(void) { return inside; }

void nn_parallel_never(void) { inside = true; }

// Start of part i of n items. Large parts start at multiples of 16, a cache line of floats.
static int64_t part_begin(int64_t n, int parts, int i) {
  if (i >= parts) return n;
  int64_t each = n / parts, rest = n % parts;
  int64_t begin = each * i + (i < rest ? i : rest);
  return each >= 1024 ? begin & ~(int64_t)15 : begin;
}

static void obey(const order *what, int thread) {
  if (what->range) {
    what->range(what->arg, what->begin, what->end, thread);
    return;
  }
  const int parts = (int)what->begin; // of which this is one
  for (int i = 0; i < parts; i++) {
    share *s = &shares[(thread + i) % parts];
    for (;;) {
      int64_t task = atomic_fetch_add_explicit(&s->next, 1, memory_order_relaxed);
      if (task >= s->end) break;
      what->task(what->arg, task, thread);
    }
  }
}

// True for one of the two that try to take order `number`.
static bool take(worker *w, uint32_t number) {
  uint32_t previous = number - 1;
  return atomic_compare_exchange_strong(&w->taken, &previous, number);
}

// -----------------------------------------------------------------------------------------------------------
// Places. The system may leave two threads of the team on one core for a while, although the other one is idle: for it,
// both are busy, as they spin. A worker that finds itself where the master or an earlier worker is goes elsewhere.

#if NN_FUTEX
static _Atomic int core_of[NN_THREADS_MAX]; // where each thread was lately, from 1; 0: not known
static _Atomic pid_t master_id;
static _Thread_local pid_t own_id; // 0: not asked for yet

// Says where this thread is; true if another one before it was there.
static bool shares_core(int thread) {
  int core = sched_getcpu() + 1;
  if (atomic_load_explicit(&core_of[thread], memory_order_relaxed) != core)
    atomic_store_explicit(&core_of[thread], core, memory_order_relaxed);
  bool shared = false;
  for (int i = 0; i < thread; i++) shared |= atomic_load_explicit(&core_of[i], memory_order_relaxed) == core;
  return shared && core > 0;
}

static void note_master(void) {
  if (own_id == 0) own_id = (pid_t)syscall(SYS_gettid);
  if (atomic_load_explicit(&master_id, memory_order_relaxed) != own_id)
    atomic_store_explicit(&master_id, own_id, memory_order_relaxed);
  (void)shares_core(0);
}

static void forget_id(void) { own_id = 0; }

// Keeps this worker to the cores of the master where no thread before it is, if there are any.
static void find_core(int thread) {
  if (atomic_load_explicit(&spin_time, memory_order_relaxed) == 0 || !shares_core(thread)) return;
  cpu_set_t free;
  if (sched_getaffinity(atomic_load_explicit(&master_id, memory_order_relaxed), sizeof free, &free) != 0) return;
  for (int i = 0; i < thread; i++) {
    int core = atomic_load_explicit(&core_of[i], memory_order_relaxed);
    if (core > 0 && core <= CPU_SETSIZE) CPU_CLR((size_t)core - 1, &free);
  }
  if (CPU_COUNT(&free) > 0) sched_setaffinity(0, sizeof free, &free);
}
#else
static void note_master(void) {}
static void forget_id(void) {}
static void find_core(int thread) { (void)thread; }
#endif

static void *worker_main(void *arg) {
  worker *self = arg;
  int thread = (int)(self - workers);
  inside = true;
  for (uint32_t seen = 0;;) {
    channel_receive(&self->go, seen, atomic_load_explicit(&spin_time, memory_order_relaxed));
    seen = atomic_load_explicit(&self->go.value, memory_order_acquire);
    if (!take(self, seen)) continue;
    if (!self->what.range && !self->what.task) return NULL;
    find_core(thread);
    nn_flush_follow();
    obey(&self->what, thread);
    channel_send(&self->done, seen);
  }
}

static void send_order(int thread, order what) {
  worker *w = &workers[thread];
  w->what = what;
  w->answered = atomic_load_explicit(&w->done.value, memory_order_relaxed);
  channel_send(&w->go, ++w->orders);
}

// Waits until the worker has finished its latest order. If it hasn't even begun (a sleeper takes 30 to 130 us
// to come), the master executes the order itself: same range, same thread number, so same result.
static void finish_order(int thread) {
  worker *w = &workers[thread];
  if (channel_poll(&w->done, w->answered, POLLS_BEFORE_TAKING)) return;
  if (take(w, w->orders)) {
    inside = true;
    obey(&w->what, thread);
    inside = false;
    return;
  }
  channel_receive(&w->done, w->answered, atomic_load_explicit(&spin_time, memory_order_relaxed));
}

// A forked child has the master's memory but none of the workers; it starts its own when it needs them.
static void after_fork_in_child(void) {
  started = 0;
  start_failed = false;
  inside = false;
  forget_id();
  atomic_store(&in_use, false);
#if !NN_FUTEX
  pthread_mutex_init(&sleep_mutex, NULL);
  pthread_cond_init(&sleep_cond, NULL);
#endif
}

static void watch_forks(void) { pthread_atfork(NULL, NULL, after_fork_in_child); }

static bool start_worker(int index) {
  worker *w = &workers[index];
  atomic_store(&w->go.value, 0);
  atomic_store(&w->go.sleeping, 0);
  atomic_store(&w->done.value, 0);
  atomic_store(&w->done.sleeping, 0);
  atomic_store(&w->taken, 0);
  w->orders = 0;
  pthread_attr_t attr;
  if (pthread_attr_init(&attr) != 0) return false;
  pthread_attr_setstacksize(&attr, (size_t)2 << 20);
  int error = pthread_create(&w->thread, &attr, worker_main, w);
  pthread_attr_destroy(&attr);
  return error == 0;
}

// Starts what is missing of workers[1 .. count]. They inherit a mask that blocks every signal, so that the
// host's handlers run on the host's threads.
static void start_workers(int count) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  if (started >= count || start_failed) return;
  pthread_once(&once, watch_forks);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (started < count && !start_failed) {
    if (start_worker(started + 1))
      started++;
    else
      start_failed = true;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void stop_workers(int keep) {
  for (int i = keep + 1; i <= started; i++) send_order(i, (order){0});
  for (; started > keep; started--) pthread_join(workers[started].thread, NULL);
}

static order part_of(order whole, int parts, int i) {
  if (!whole.range) return whole;
  return (order){.range = whole.range,
                 .arg = whole.arg,
                 .begin = part_begin(whole.end, parts, i),
                 .end = part_begin(whole.end, parts, i + 1)};
}

// Runs the parts of `whole` on the team; the master does its own and those that no worker could be started
// for.
static void fork_join(order whole, int parts) {
  start_workers(parts - 1);
  note_master();
  int helpers = started < parts - 1 ? started : parts - 1;
  for (int i = 1; i <= helpers; i++) send_order(i, part_of(whole, parts, i));
  inside = true;
  for (int i = 0; i < parts; i += i ? 1 : helpers + 1) {
    order mine = part_of(whole, parts, i);
    obey(&mine, i);
  }
  inside = false;
  for (int i = 1; i <= helpers; i++) finish_order(i);
}

// -----------------------------------------------------------------------------------------------------------
// The public functions

_Atomic bool nn_flush_wanted;

bool nn_set_flush_denormal(bool on) {
  if (NN_FLUSH_BITS == 0) return false;
  atomic_store(&nn_flush_wanted, on);
  nn_flush_follow();
  return true;
}

static bool team_acquire(void) {
  return !atomic_load_explicit(&in_use, memory_order_relaxed) && !atomic_exchange(&in_use, true);
}

static void team_release(void) { atomic_store_explicit(&in_use, false, memory_order_release); }

int nn_parallel_parts(int64_t n, int64_t grain) {
  if (n <= 0) return 0;
  if (inside) return 1;
  if (grain < 1) grain = 1;
  int64_t chunks = n / grain + (n % grain != 0);
  int threads = nn_threads();
  return chunks < threads ? (int)chunks : threads;
}

void nn_parallel(int64_t n, int64_t grain, nn_range_fn fn, void *arg) {
  int parts = nn_parallel_parts(n, grain);
  if (parts == 0) return;
  if (parts == 1) {
    fn(arg, 0, n, 0);
  } else if (team_acquire()) {
    fork_join((order){.range = fn, .arg = arg, .end = n}, parts);
    team_release();
  } else {
    for (int i = 0; i < parts; i++) fn(arg, part_begin(n, parts, i), part_begin(n, parts, i + 1), i);
  }
}

void nn_parallel_tasks(int64_t count, nn_task_fn fn, void *arg) {
  int parts = nn_parallel_parts(count, 1);
  if (parts > 1 && team_acquire()) {
    for (int i = 0; i < parts; i++) {
      atomic_store_explicit(&shares[i].next, count * i / parts, memory_order_relaxed);
      shares[i].end = count * (i + 1) / parts;
    }
    fork_join((order){.task = fn, .arg = arg, .begin = parts}, parts);
    team_release();
    return;
  }
  for (int64_t task = 0; task < count; task++) fn(arg, task, 0);
}

bool nn_set_threads(int n) {
  if (n < 1 || n > NN_THREADS_MAX || inside || !team_acquire()) return false;
  if (started > n - 1) stop_workers(n - 1);
  start_failed = false;
  set_size(n);
  team_release();
  return true;
}
