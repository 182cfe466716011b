// Vectors of the width of the instruction set a kernel file is compiled for, as the compiler's vector
// extension. Knows no functions but loading, storing and adding up.
#ifndef NN_KERNELS_VECTOR_H
#define NN_KERNELS_VECTOR_H

#include <stdint.h>
#include <string.h>

#if NN_ISA == 2
#define NN_VECTOR_BYTES 64
#elif NN_ISA == 1
#define NN_VECTOR_BYTES 32
#else
#define NN_VECTOR_BYTES 16
#endif

typedef float vec_f __attribute__((vector_size(NN_VECTOR_BYTES)));
typedef double vec_d __attribute__((vector_size(NN_VECTOR_BYTES)));
typedef uint64_t vec_i __attribute__((vector_size(NN_VECTOR_BYTES)));

#define NN_VECTOR_LOAD(suffix, T)                                                                            \
  static inline __attribute__((always_inline, unused)) vec_##suffix load_##suffix(const T *x) {              \
    vec_##suffix v;                                                                                          \
    memcpy(&v, x, sizeof v);                                                                                 \
    return v;                                                                                                \
  }                                                                                                          \
  static inline __attribute__((always_inline, unused)) void store_##suffix(T *y, vec_##suffix v) {           \
    memcpy(y, &v, sizeof v);                                                                                 \
  }
NN_VECTOR_LOAD(f, float)
NN_VECTOR_LOAD(d, double)
NN_VECTOR_LOAD(i, uint64_t)

// The sum of a vector's elements in the wider type, lowest first.
#define NN_VECTOR_TOTAL(suffix, T, WIDE)                                                                     \
  static inline __attribute__((always_inline, unused)) WIDE total_##suffix(vec_##suffix v) {                 \
    WIDE s = 0;                                                                                              \
    for (unsigned i = 0; i < sizeof v / sizeof(T); i++) s += (WIDE)v[i];                                     \
    return s;                                                                                                \
  }
NN_VECTOR_TOTAL(f, float, double)
NN_VECTOR_TOTAL(d, double, double)
NN_VECTOR_TOTAL(i, uint64_t, uint64_t)

// Adds the elements of v to wide accumulators: a float vector's halves go to two vectors of doubles.
static inline __attribute__((always_inline, unused)) void widen_f(vec_f v, vec_d *w0, vec_d *w1) {
  typedef float half __attribute__((vector_size(NN_VECTOR_BYTES / 2)));
  half h[2];
  memcpy(h, &v, sizeof v);
  *w0 += __builtin_convertvector(h[0], vec_d);
  *w1 += __builtin_convertvector(h[1], vec_d);
}
static inline __attribute__((always_inline, unused)) void widen_d(vec_d v, vec_d *w0, vec_d *w1) {
  (void)w1;
  *w0 += v;
}
static inline __attribute__((always_inline, unused)) void widen_i(vec_i v, vec_i *w0, vec_i *w1) {
  (void)w1;
  *w0 += v;
}

static inline __attribute__((always_inline, unused)) vec_f vabs_f(vec_f v) {
  typedef uint32_t bits __attribute__((vector_size(NN_VECTOR_BYTES)));
  return (vec_f)((bits)v & 0x7fffffffu);
}
static inline __attribute__((always_inline, unused)) vec_d vabs_d(vec_d v) {
  return (vec_d)((vec_i)v & 0x7fffffffffffffffu);
}
static inline __attribute__((always_inline, unused)) vec_i vabs_i(vec_i v) {
  const vec_i sign = 0 - (v >> 63);
  return (v ^ sign) - sign;
}

#endif
