// Scaled dot-product attention without ever holding all weights: blocks of keys pass by a block of queries with a running
// softmax (Dao et al. 2022), forward and backward. Knows no tensors or threads: the caller hands out heads.
#ifndef NN_KERNELS_ATTENTION_H
#define NN_KERNELS_ATTENTION_H

#include "kernels/vmath.h"

// Rows of numbers that lie dense: element i of row l of head h of batch b at data[b * batch + h * head + l * row + i].
struct nn_heads {
  void *data;
  int64_t batch, head, row;
};

struct nn_attention {
  int64_t batch, heads, kv_heads; // heads of queries; each kv_heads serves heads / kv_heads of them
  int64_t queries, keys, width, value_width;
  struct nn_heads q, k, v, out;
  struct nn_heads dout, dq, dk, dv; // backward; the last three are written
  void *lse;                        // [batch][heads][queries]: log of the sum of exponentials; NULL: not wanted
  const void *mask;                 // added to the scores, or (mask_is_bool) true where a key takes part; or NULL
  bool mask_is_bool;
  int64_t mask_batch, mask_head, mask_query, mask_key; // distances, 0 where it is the same for all
  int64_t dmask_batch, dmask_head, dmask_query, dmask_key; // the same of the gradient of the mask
  bool causal;                                         // query i sees the keys up to i
  double scale;
  double keep_scale;     // weights that are not dropped are multiplied by this
  uint32_t drop_below;   // dropped where random bits are below; 0: none are
  uint64_t seed, offset; // of the random numbers
};

// A query's random numbers begin at a multiple of this many keys.
static inline int64_t nn_attention_draws(int64_t keys) { return (keys + 3) / 4 * 4; }

struct nn_attention_kernels {
  size_t (*forward_scratch[NN_DTYPES])(const struct nn_attention *a);
  size_t (*backward_scratch[NN_DTYPES])(const struct nn_attention *a, int64_t keys);
  // Queries q0 <= i < q1 of head `pair` = batch * heads + head. False when interrupted.
  bool (*forward[NN_DTYPES])(const struct nn_attention *a, int64_t pair, int64_t q0, int64_t q1, void *scratch);
  // What keys k0 <= i < k1 (k0 a multiple of 4) of `pair` = batch * kv_heads + head of keys add to the gradients: dk and dv
  // of these keys, their share of dq of all queries (written), and, unless dmask is NULL, of the gradient of the mask
  // (added).
  bool (*backward[NN_DTYPES])(const struct nn_attention *a, int64_t pair, int64_t k0, int64_t k1, void *dmask, void *scratch);
};

NN_KERNEL_TABLE(struct nn_attention_kernels, nn_attention_table);

#endif
