/* retype.h - changing the dtype or size of a leaf where it stands, so that whoever holds it (a module, an optimiser)
 * goes on holding it. */
#ifndef NN_RETYPE_H
#define NN_RETYPE_H

#include "nn.h"

/* Gives leaf t and its gradient new storage of a float dtype with the values converted. Graphs that saved t
 * see it as changed in place; views made earlier stay on the old storage. */
bool nn_retype(nn_tensor *t, nn_dtype dtype);

/* Gives leaf t without elements new storage for other sizes (as many), filled with zeros: for layers that learn their
 * sizes from the first input. */
bool nn_regrow(nn_tensor *t, int ndim, const int64_t *shape);

#endif
