/* dtype.h - the element types of tensors and the rules that combine them. Knows nothing of tensors. */
#ifndef NN_DTYPE_H
#define NN_DTYPE_H

#include <stdbool.h>
#include <stddef.h>

typedef enum nn_dtype { NN_BOOL, NN_UINT8, NN_INT64, NN_FLOAT32, NN_FLOAT64, NN_DTYPES } nn_dtype;

extern const unsigned char nn_dtype_bytes[NN_DTYPES];
static inline size_t nn_dtype_size(nn_dtype d) { return nn_dtype_bytes[d]; }
const char *nn_dtype_name(nn_dtype d);                /* "float32" */
bool nn_dtype_parse(const char *name, nn_dtype *out); /* also "float", "double", "long" */
static inline bool nn_is_float(nn_dtype d) { return d == NN_FLOAT32 || d == NN_FLOAT64; }

/* PyTorch's promotion: of two dtypes of the same rank of operand (dimensioned tensor, 0-dim tensor, number). */
nn_dtype nn_promote(nn_dtype a, nn_dtype b);
/* 0 bool, 1 integer, 2 float: an operand of lower rank changes the result only by a higher category. */
int nn_dtype_category(nn_dtype d);

#endif
