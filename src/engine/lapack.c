/* lapack.c - finds the routines of LAPACK in the OpenBLAS that blas.c has loaded. Knows no tensors. */
#include "lapack.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "blas.h"

static nn_lapack table[2]; /* float32, float64 */
static bool complete;

/* The routine's Fortran name: a letter for the dtype in front, an underscore at the end. A function pointer
 * has the representation of the void pointer that dlsym gives, as POSIX promises. */
static bool find(const char *name, char letter, void *function) {
  char symbol[16];
  snprintf(symbol, sizeof symbol, "%c%s_", letter, name);
  void *found = nn_blas_symbol(symbol);
  memcpy(function, &found, sizeof found);
  return found != NULL;
}

static void load(void) {
  complete = true;
  for (int d = 0; d < 2; d++) {
    nn_lapack *l = &table[d];
    const struct {
      const char *name;
      void *function;
    } wanted[] = {{"getrf", &l->getrf}, {"getrs", &l->getrs}, {"potrf", &l->potrf}, {"trtrs", &l->trtrs},
                  {"geqrf", &l->geqrf}, {"orgqr", &l->orgqr}, {"gesdd", &l->gesdd}, {"syevd", &l->syevd},
                  {"gelsd", &l->gelsd}, {"gelsy", &l->gelsy}, {"geev", &l->geev}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
      complete = find(wanted[i].name, "sd"[d], wanted[i].function) && complete;
  }
}

const nn_lapack *nn_lapack_for(nn_dtype dtype) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  if (!complete || (dtype != NN_FLOAT32 && dtype != NN_FLOAT64)) return NULL;
  return &table[dtype == NN_FLOAT64];
}
