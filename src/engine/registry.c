/* registry.c - every operation by number and by name. */
#include <string.h>

#include "op.h"

static const nn_op *const rows[] = {
#define OP(name) &nn_op_##name,
#include "ops.def"
#undef OP
};

int nn_op_count(void) { return (int)(sizeof rows / sizeof *rows); }

const nn_op *nn_op_at(int i) { return rows[i]; }

const nn_op *nn_op_find(const char *name) {
  for (int i = 0; i < nn_op_count(); i++)
    if (strcmp(rows[i]->name, name) == 0) return rows[i];
  return NULL;
}
