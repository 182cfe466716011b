/* profile.h - where time goes: calls, seconds, floating-point operations and bytes of each operation at each line of the
 * host's program. Off (ctx->profile == NULL) it costs one comparison a call. Times are of an operation itself, without
 * the ones that it is composed of.
 *
 * Where operations are so small that counting them would take more than a few per cent, it rests in between: it counts for
 * some milliseconds and stands aside (ctx->resting) for as long as keeps its share down. What was counted then stands for
 * the rest before it, too, in proportion to the bytes that were allocated. */
#ifndef NN_PROFILE_H
#define NN_PROFILE_H

#include "internal.h"

typedef struct nn_profile {
  nn_profile_row *row;   /* of the present stretch of counting */
  nn_profile_row *total; /* the same rows with what stretches before it came to */
  int n, cap;
  int *slot; /* open addressing, 2 * cap places: index + 1 */
  int32_t line;
  int depth, walks; /* calls inside each other; backward walks */
  int64_t inner;    /* nanoseconds of calls that ended inside the current one */
  int64_t since, until;   /* when the stretch began; when a rest may end */
  int64_t ended;          /* when the latest call did */
  int64_t counted;        /* calls of the stretch */
  int64_t rests;
  size_t mark, rested;    /* bytes allocated when the stretch or rest began; during the rest before the stretch */
  double accounted;       /* bytes allocated that the totals stand for */
} nn_profile;

/* A call that is being timed. */
typedef struct nn_profile_call {
  int64_t start, inner;
} nn_profile_call;

void nn_profile_begin(nn_ctx *ctx, nn_profile_call *call);
/* The call will be made by another way, which begins anew. */
void nn_profile_forget(nn_ctx *ctx, const nn_profile_call *call);
/* The operation's bytes and, for products, its floating-point operations follow from arguments and results. */
void nn_profile_end(nn_ctx *ctx, const nn_profile_call *call, const nn_op *op, const nn_value *args, int n_args,
                    const nn_results *r);
/* The end of work that was put off: time of the operation `name` at `line`, whose call was counted when it was made. */
void nn_profile_end_later(nn_ctx *ctx, const nn_profile_call *call, const char *name, int32_t line);

#endif
