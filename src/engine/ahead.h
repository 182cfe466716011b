/* ahead.h - work that background threads do before its result is asked for. Knows nothing of tensors,
 * pictures or loaders: a work is a list of steps, a step a function that is called once for each of its
 * items. Works and lines belong to the one thread that makes them; only steps run elsewhere. */
#ifndef NN_AHEAD_H
#define NN_AHEAD_H

#include "nn.h"

typedef struct nn_line nn_line; /* threads and the works that wait for them */
typedef struct nn_work nn_work; /* steps in their order */

/* What went wrong with an item. */
typedef struct nn_fault {
  nn_error code;
  char text[600];
} nn_fault;

/* Does item number `item` (from 0) of a step. Items of one step may run at the same time. */
typedef bool (*nn_step_fn)(void *arg, int64_t item, nn_fault *fault);

/* A line with 1 to 64 threads, which start with the first work; NULL when out of memory. */
nn_line *nn_line_new(int threads);
/* Ends the threads after the items that they are at. Works that were sent stay valid and undone. */
void nn_line_free(nn_line *line);

nn_work *nn_work_new(void);
/* Waits for items that run, and drops all steps. Not to be called by a step. */
void nn_work_free(nn_work *work);
/* Adds a step: it begins when the steps before it have ended. Takes `arg` over: drop(arg) is called on the
 * thread of the owner when the work is freed, or here when there is no memory (false). Only before the work
 * is sent or finished. */
bool nn_work_add(nn_work *work, nn_step_fn fn, void (*drop)(void *arg), void *arg, int64_t items);
/* Gives the work to the line's threads, which take works in the order in which they came. */
void nn_line_send(nn_line *line, nn_work *work);
/* Sees to it that the work is done: takes part in what is left of it, all of it when it was never sent. False
 * with an error in ctx when an item failed (the first such item's) or when an interrupt came, after which the
 * work goes on in the background. */
bool nn_work_finish(nn_work *work, nn_ctx *ctx);

#endif
