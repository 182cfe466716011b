/* dtype.c - sizes, names and promotion of element types. */
#include "dtype.h"

#include <string.h>

const unsigned char nn_dtype_bytes[NN_DTYPES] = {
    [NN_BOOL] = 1, [NN_UINT8] = 1, [NN_INT64] = 8, [NN_FLOAT32] = 4, [NN_FLOAT64] = 8,
};

static const struct {
  const char *name, *alias;
  int category;
} dtypes[NN_DTYPES] = {
    [NN_BOOL] = {"bool", "boolean", 0},       [NN_UINT8] = {"uint8", "byte", 1},
    [NN_INT64] = {"int64", "long", 1},        [NN_FLOAT32] = {"float32", "float", 2},
    [NN_FLOAT64] = {"float64", "double", 2},
};

const char *nn_dtype_name(nn_dtype d) { return dtypes[d].name; }

int nn_dtype_category(nn_dtype d) { return dtypes[d].category; }

bool nn_dtype_parse(const char *name, nn_dtype *out) {
  for (int d = 0; d < NN_DTYPES; d++)
    if (strcmp(name, dtypes[d].name) == 0 || strcmp(name, dtypes[d].alias) == 0) {
      *out = (nn_dtype)d;
      return true;
    }
  return false;
}

/* The order of the enumeration is the order of promotion. */
nn_dtype nn_promote(nn_dtype a, nn_dtype b) { return a > b ? a : b; }
