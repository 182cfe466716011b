// Denormal numbers: those too small for a full fraction (float32: below 1.2e-38). Processors add and multiply them a
// hundred times slower than others; a thread can have them taken for zeros instead.
// Knows nothing of the thread team, which asks for the wish before each job.
#ifndef NN_DENORMAL_H
#define NN_DENORMAL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "cpu.h"

#if NN_X86 && defined(__SSE2__)
#include <immintrin.h>
#define NN_FLUSH_BITS 0x8040u // results (FTZ) and operands (DAZ)
static inline unsigned nn_float_mode(void) { return _mm_getcsr(); }
static inline void nn_float_mode_set(unsigned mode) { _mm_setcsr(mode); }
#elif defined(__aarch64__)
#define NN_FLUSH_BITS (1u << 24) // FPCR.FZ
static inline unsigned nn_float_mode(void) {
  unsigned long mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return (unsigned)mode;
}
static inline void nn_float_mode_set(unsigned mode) { __asm__ volatile("msr fpcr, %0" : : "r"((unsigned long)mode)); }
#else
#define NN_FLUSH_BITS 0u
static inline unsigned nn_float_mode(void) { return 0; }
static inline void nn_float_mode_set(unsigned mode) { (void)mode; }
#endif

/// From now on denormals are zeros on this thread. Returns what nn_float_mode_set takes to end that.
static inline unsigned nn_flush_begin(void) {
  unsigned mode = nn_float_mode();
  if ((mode & NN_FLUSH_BITS) != NN_FLUSH_BITS) nn_float_mode_set(mode | NN_FLUSH_BITS);
  return mode;
}
static inline void nn_flush_end(unsigned mode) {
  if ((mode & NN_FLUSH_BITS) != NN_FLUSH_BITS) nn_float_mode_set(mode);
}

/// Whether the user wants denormals flushed everywhere.
extern _Atomic bool nn_flush_wanted;

/// Puts this thread into the state that the user wants.
static inline void nn_flush_follow(void) {
  unsigned mode = nn_float_mode(), want = mode & ~NN_FLUSH_BITS;
  if (atomic_load_explicit(&nn_flush_wanted, memory_order_relaxed)) want |= NN_FLUSH_BITS;
  if (want != mode) nn_float_mode_set(want);
}

#endif
