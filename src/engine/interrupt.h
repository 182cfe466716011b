// The flag that a signal handler raises and that long kernels poll between chunks of work.
// Knows neither who raises it nor what happens then.
#ifndef NN_INTERRUPT_H
#define NN_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Not 0 while an interrupt is pending. Use the functions below: they are atomic across threads as well.
extern volatile sig_atomic_t nn_interrupt_flag;

/// True while an interrupt is pending. Costs one load; any thread.
static inline bool nn_interrupted(void) { return __atomic_load_n(&nn_interrupt_flag, __ATOMIC_RELAXED) != 0; }

/// For the condition of a long loop, i going up or down by ones: every 65,536 steps, whether an interrupt is pending.
static inline bool nn_interrupted_at(int64_t i) { return (i & 0xFFFF) == 0 && nn_interrupted(); }

/// Copies `size` bytes as memcpy does, but ends early when an interrupt is pending.
void nn_copy_bytes(void *to, const void *from, size_t size);

/// Raises the flag; safe in a signal handler.
static inline void nn_interrupt_raise(void) { __atomic_store_n(&nn_interrupt_flag, 1, __ATOMIC_RELAXED); }

/// Clears the flag; for whoever turned the interrupt into an error.
static inline void nn_interrupt_clear(void) { __atomic_store_n(&nn_interrupt_flag, 0, __ATOMIC_RELAXED); }

#endif
