/* tsne.h - the gradient of t-SNE for many points (Barnes-Hut): neighbours attract each other, pair by pair,
 * all others repel, far ones as groups. Knows nothing of the descent (lib/nnlua/inspect/tsne.lua). */
#ifndef NN_TSNE_H
#define NN_TSNE_H

#include "nn.h"

/* y float64 [N, 2]; the pairs of neighbours, each once: pairs int64 [2, M] of points from 1, p float64 [M]
 * their similarity. A group of points is taken for one when it is seen under an angle smaller than theta. The
 * gradient [N, 2] for p times `exaggeration`, and in *divergence that of p itself from the similarities of y.
 * NULL with an error. */
nn_tensor *nn_tsne_gradient(nn_tensor *y, nn_tensor *pairs, nn_tensor *p, double exaggeration, double theta,
                            double *divergence);

#endif
