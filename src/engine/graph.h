/* graph.h - what apply.c needs of the graph (autograd.c). */
#ifndef NN_GRAPH_H
#define NN_GRAPH_H

#include "op.h"

/* Adds a node for the frame that has just run; `into`: the tensor that the kernel wrote over, or NULL. */
bool nn_record(nn_frame *f, nn_tensor *into);
/* x, whose data now are r's, gets r's history (through its base where x is a view). */
bool nn_adopt_history(nn_tensor *x, nn_tensor *r);
/* x, which has taken the geometry of v, its view, gets v's history. */
bool nn_follow_view(nn_tensor *x, nn_tensor *v);
/* Runs the composed form of a frame. */
bool nn_compose_frame(nn_frame *f, nn_results *r);

#endif
