/* ahead.c - works, and lines of threads that do them in the background. Knows nothing of what the steps do.
 */
#include "ahead.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "interrupt.h"
#include "parallel.h"

enum { MAX_THREADS = 64, STACK_BYTES = 1 << 20, PATIENCE_NS = 20000000 };

typedef struct step {
  nn_step_fn fn;
  void (*drop)(void *arg);
  void *arg;
  int64_t items;
} step;

struct nn_work {
  step *steps;
  int n, cap;
  /* What follows is guarded by the line's mutex while the work is in a line. */
  nn_line *line; /* NULL: in none */
  nn_work *next;
  int at;           /* the step under way; n: all are done */
  int64_t given;    /* its items that somebody has taken */
  int64_t ended;    /* and those that are over */
  nn_fault fault;   /* of the first item that failed */
  int64_t fault_at; /* its number, counted through all steps */
};

struct nn_line {
  pthread_mutex_t lock;
  pthread_cond_t more; /* there may be items to take, or the line ends */
  pthread_cond_t over; /* an item is over */
  nn_work *first;      /* works that were sent and are not done, in their order */
  pthread_t threads[MAX_THREADS];
  int wanted, started;
  bool ending;
};

/* ---- works ------------------------------------------------------------------------------------------ */

nn_work *nn_work_new(void) { return calloc(1, sizeof(nn_work)); }

bool nn_work_add(nn_work *work, nn_step_fn fn, void (*drop)(void *arg), void *arg, int64_t items) {
  if (work->n == work->cap) {
    int cap = work->cap ? 2 * work->cap : 4;
    step *steps = realloc(work->steps, (size_t)cap * sizeof *steps);
    if (steps == NULL) {
      drop(arg);
      return false;
    }
    work->steps = steps;
    work->cap = cap;
  }
  work->steps[work->n++] = (step){fn, drop, arg, items};
  return true;
}

/* Goes past steps that are over. */
static void advance(nn_work *work) {
  while (work->at < work->n && work->ended == work->steps[work->at].items) {
    work->at++;
    work->given = work->ended = 0;
  }
}

static bool is_done(const nn_work *work) { return work->at == work->n; }

/* The number of an item of the step under way, counted through all steps. */
static int64_t number_of(const nn_work *work, int64_t item) {
  for (int i = 0; i < work->at; i++) item += work->steps[i].items;
  return item;
}

/* An item is over. What comes after a step that failed is left out. */
static void settle(nn_work *work, int64_t item, const nn_fault *fault) {
  int64_t number = number_of(work, item);
  if (fault->code != NN_OK && (work->fault.code == NN_OK || number < work->fault_at)) {
    work->fault = *fault;
    work->fault_at = number;
  }
  work->ended++;
  if (work->fault.code != NN_OK && work->ended == work->steps[work->at].items) {
    work->at = work->n;
    return;
  }
  advance(work);
}

static void run_item(const step *s, int64_t item, nn_fault *fault) {
  fault->code = NN_OK;
  fault->text[0] = '\0';
  if (!s->fn(s->arg, item, fault) && fault->code == NN_OK) fault->code = NN_ERR_MEMORY;
}

/* ---- lines ------------------------------------------------------------------------------------------ */

/* The first work that has an item to take, NULL when there is none. */
static nn_work *claimable(nn_work *work) {
  while (work != NULL && (is_done(work) || work->given == work->steps[work->at].items)) work = work->next;
  return work;
}

static void leave_line(nn_line *line, nn_work *work) {
  nn_work **link = &line->first;
  while (*link != NULL && *link != work) link = &(*link)->next;
  if (*link != NULL) *link = work->next;
  work->next = NULL;
  work->line = NULL;
}

/* Takes an item of the work, does it without the lock, and settles it. */
static void do_one(nn_line *line, nn_work *work) {
  step s = work->steps[work->at];
  int64_t item = work->given++;
  nn_fault fault;
  pthread_mutex_unlock(&line->lock);
  run_item(&s, item, &fault);
  pthread_mutex_lock(&line->lock);
  settle(work, item, &fault);
  pthread_cond_broadcast(&line->over);
  if (claimable(line->first) != NULL) pthread_cond_broadcast(&line->more);
}

static void *line_main(void *arg) {
  nn_line *line = arg;
  nn_parallel_never();
  pthread_mutex_lock(&line->lock);
  while (!line->ending) {
    nn_work *work = claimable(line->first);
    if (work != NULL)
      do_one(line, work);
    else
      pthread_cond_wait(&line->more, &line->lock);
  }
  pthread_mutex_unlock(&line->lock);
  return NULL;
}

nn_line *nn_line_new(int threads) {
  nn_line *line = calloc(1, sizeof *line);
  if (line == NULL) return NULL;
  line->wanted = threads < 1 ? 1 : threads > MAX_THREADS ? MAX_THREADS : threads;
  pthread_mutex_init(&line->lock, NULL);
  pthread_cond_init(&line->more, NULL);
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
#ifdef __linux__
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
#endif
  pthread_cond_init(&line->over, &clock);
  pthread_condattr_destroy(&clock);
  return line;
}

/* They block every signal, so that the host's handlers run on the host's threads. When the system gives no
 * thread, the owner does the work when it is due. */
static void start_threads(nn_line *line) {
  sigset_t all, before;
  pthread_attr_t attr;
  if (line->started == line->wanted || pthread_attr_init(&attr) != 0) return;
  pthread_attr_setstacksize(&attr, STACK_BYTES);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (line->started < line->wanted &&
         pthread_create(&line->threads[line->started], &attr, line_main, line) == 0)
    line->started++;
  line->wanted = line->started;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attr);
}

void nn_line_free(nn_line *line) {
  if (line == NULL) return;
  pthread_mutex_lock(&line->lock);
  line->ending = true;
  pthread_cond_broadcast(&line->more);
  pthread_mutex_unlock(&line->lock);
  for (int i = 0; i < line->started; i++) pthread_join(line->threads[i], NULL);
  while (line->first != NULL) leave_line(line, line->first);
  pthread_cond_destroy(&line->over);
  pthread_cond_destroy(&line->more);
  pthread_mutex_destroy(&line->lock);
  free(line);
}

void nn_line_send(nn_line *line, nn_work *work) {
  start_threads(line);
  pthread_mutex_lock(&line->lock);
  work->line = line;
  advance(work);
  nn_work **link = &line->first;
  while (*link != NULL) link = &(*link)->next;
  *link = work;
  pthread_cond_broadcast(&line->more);
  pthread_mutex_unlock(&line->lock);
}

/* ---- finishing -------------------------------------------------------------------------------------- */

/* The items of a step shared out on the team. */
typedef struct shared {
  nn_work *work;
  pthread_mutex_t lock;
} shared;

static void shared_item(void *arg, int64_t item, int thread) {
  shared *all = arg;
  nn_fault fault;
  (void)thread;
  run_item(&all->work->steps[all->work->at], item, &fault);
  if (fault.code == NN_OK) return;
  pthread_mutex_lock(&all->lock);
  int64_t number = number_of(all->work, item);
  if (all->work->fault.code == NN_OK || number < all->work->fault_at) {
    all->work->fault = fault;
    all->work->fault_at = number;
  }
  pthread_mutex_unlock(&all->lock);
}

/* What is left of a work that no line has, by the caller and its team. */
static void run_alone(nn_work *work) {
  shared all = {.work = work};
  pthread_mutex_init(&all.lock, NULL);
  for (; work->at < work->n && work->fault.code == NN_OK; work->at++) {
    int64_t items = work->steps[work->at].items;
    if (items == 1)
      shared_item(&all, 0, 0); /* the step itself may use the team */
    else if (items > 0)
      nn_parallel_tasks(items, shared_item, &all);
  }
  pthread_mutex_destroy(&all.lock);
  work->given = work->ended = 0;
}

/* Waits a moment for an item to end. */
static void wait_a_moment(nn_line *line) {
  struct timespec until;
#ifdef __linux__
  clock_gettime(CLOCK_MONOTONIC, &until);
#else
  clock_gettime(CLOCK_REALTIME, &until);
#endif
  until.tv_nsec += PATIENCE_NS;
  if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
  pthread_cond_timedwait(&line->over, &line->lock, &until);
}

/* True when the work is done, false when an interrupt came. */
static bool finish_in_line(nn_line *line, nn_work *work) {
  pthread_mutex_lock(&line->lock);
  while (!is_done(work) && !nn_interrupted()) {
    if (work->given < work->steps[work->at].items)
      do_one(line, work);
    else
      wait_a_moment(line);
  }
  bool done = is_done(work);
  if (done) leave_line(line, work);
  pthread_mutex_unlock(&line->lock);
  return done;
}

bool nn_work_finish(nn_work *work, nn_ctx *ctx) {
  if (work->line != NULL && !finish_in_line(work->line, work))
    return nn_fail_code(ctx, NN_ERR_INTERRUPT, "interrupted");
  if (work->fault.code == NN_ERR_INTERRUPT && !nn_interrupted()) {
    work->fault.code = NN_OK; /* an earlier interrupt ended it; that one is over */
    work->at = 0;
  }
  run_alone(work);
  if (work->fault.code == NN_OK) return true;
  if (work->fault.text[0] == '\0') return nn_fail_code(ctx, work->fault.code, "out of memory");
  return nn_fail_code(ctx, work->fault.code, "%s", work->fault.text);
}

/* Takes the work back from its line: what nobody has begun is not done any more. */
static void withdraw(nn_line *line, nn_work *work) {
  pthread_mutex_lock(&line->lock);
  int64_t given = work->given;
  if (!is_done(work)) {
    step *s = &work->steps[work->at];
    if (given < s->items) { /* the step ends with the items that run, and the work with it */
      s->items = given;
      work->n = work->at + 1;
      if (work->ended == given) work->at = work->n;
    } else {
      work->n = work->at + 1;
    }
  }
  while (!is_done(work)) wait_a_moment(line);
  leave_line(line, work);
  pthread_mutex_unlock(&line->lock);
}

void nn_work_free(nn_work *work) {
  if (work == NULL) return;
  int n = work->n;
  if (work->line != NULL) withdraw(work->line, work);
  for (int i = 0; i < n; i++) work->steps[i].drop(work->steps[i].arg);
  free(work->steps);
  free(work);
}
