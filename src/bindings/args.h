/* args.h - a call of an operation as args.c and call.c see it: the rows behind a name, the arguments read so
 * far. */
#ifndef BIND_ARGS_H
#define BIND_ARGS_H

#include "bind.h"

enum { MAX_FORMS = 8, ROOM = 48, MAX_LIST = 1 << 24 };

/* A row as the function of a name sees it. */
typedef struct Form {
  const nn_op *op;
  int n;          /* parameters */
  int positional; /* the first ones, which may be given by position */
  int required;   /* the first ones that must be given */
} Form;

enum { FAST = 3 }; /* most arguments of the short way */

/* A name for the user: one or several rows ("max", "max.dim"). */
typedef struct Entry {
  Bind *b;
  const nn_op *fast[FAST + 1]; /* the row for calls with nothing but so many tensors (or numbers); NULL: look */
  bool inplace;
  bool operator; /* the arguments are operands: none is missing, none holds options */
  bool unary;    /* Lua gives the operand of a unary operator twice */
  bool two;      /* a call of two tensors may take the shortest way */
  char name[46];
  int n_forms;
  Form form[MAX_FORMS];
} Entry;

/* How an argument fits a parameter. */
typedef enum Fit { FITS, MISFIT /* another form may fit */, WRONG /* the right type, a wrong value */ } Fit;

/* A call being read. Numbers where tensors are due become tensors only when nothing can go wrong any more. */
typedef struct Call {
  lua_State *L;
  Bind *b;
  const Entry *e;
  const Form *form;
  int top;
  nn_value arg[NN_MAX_PARAMS];
  uint8_t given[NN_MAX_PARAMS];
  bool number[NN_MAX_PARAMS]; /* a tensor parameter that got a plain number */
  bool requires_grad;
  bool inplace; /* the function itself works in place, or is asked to */
  int n_tensors; /* tensors among the arguments */
  int n_ints, n_floats, n_list;
  int64_t ints[ROOM];
  double floats[ROOM];
  nn_tensor *list[ROOM];
  char error[1024];
} Call;

/* Reads the Lua arguments 1 .. c->top by the first form of c->e that fits them: c->form and c->arg are set.
 * Raises an error when none does. Long lists stay on the Lua stack. */
void bind_read_call(Call *c);

#endif
