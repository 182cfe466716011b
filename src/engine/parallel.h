// One team of threads for the whole process: fork-join over ranges and over tasks.
// Knows nothing of tensors, kernels or OpenBLAS.
#ifndef NN_PARALLEL_H
#define NN_PARALLEL_H

#include <stdbool.h>
#include <stdint.h>

enum { NN_THREADS_MAX = 256 };

/// Works on the items begin <= i < end; `thread` in 0 .. nn_parallel_parts() - 1 is different for each range.
typedef void (*nn_range_fn)(void *arg, int64_t begin, int64_t end, int thread);

/// Works on one task; `thread` in 0 .. nn_threads() - 1, two calls at the same time never have the same.
typedef void (*nn_task_fn)(void *arg, int64_t task, int thread);

/// Splits 0 .. n - 1 into min(nn_threads(), ceil(n / grain)) contiguous ranges (a function of n, grain and
/// the number of threads only) and runs fn once on each; returns when all are done. The caller takes part as
/// thread 0. One range, or a call from inside a parallel region, runs inline as one range. While another
/// thread of the host uses the team, the same ranges run one after the other on the caller. fn must not
/// longjmp. n <= 0 does nothing; grain < 1 counts as 1. Rule of thumb: a grain worth 1 us of work or more.
void nn_parallel(int64_t n, int64_t grain, nn_range_fn fn, void *arg);

/// Number of ranges that nn_parallel(n, grain, ...) would make if called here; for sizing scratch memory.
int nn_parallel_parts(int64_t n, int64_t grain);

/// Runs fn on the tasks 0 .. count - 1, each once. Thread i begins with the tasks of range i, as nn_parallel would cut
/// them, in rising order; who has finished takes what is left of the others. For work whose result doesn't depend on who
/// runs it. Inline where nn_parallel is.
void nn_parallel_tasks(int64_t count, nn_task_fn fn, void *arg);

/// Number of threads in the team, the caller included. Until set: the cores that the process may use.
int nn_threads(void);

/// Sets the number of threads, 1 .. NN_THREADS_MAX. Missing workers start when they are first needed, surplus
/// ones end. False (and no change) if out of range, inside a parallel region, or while another thread uses
/// the team.
bool nn_set_threads(int n);

/// Whether this thread and the team take denormal numbers (see denormal.h) for zeros. At first they don't. False where the
/// processor can't.
bool nn_set_flush_denormal(bool on);

/// True inside a parallel region, where a further one would run inline.
bool nn_in_parallel(void);

/// From now on everything runs inline on this thread: for threads that work beside the team.
void nn_parallel_never(void);

#endif
