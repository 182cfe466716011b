// What the processor can do: instruction set for the kernels, cache sizes, usable cores.
// Knows nothing of threads, tensors or OpenBLAS.
#ifndef NN_CPU_H
#define NN_CPU_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__x86_64__) || defined(__i386__)
#define NN_X86 1
#else
#define NN_X86 0
#endif

/// Instruction sets that kernels are compiled for, in rising order.
typedef enum { NN_ISA_PORTABLE, NN_ISA_AVX2, NN_ISA_AVX512 } nn_isa;

/// The instruction set that kernels shall use. Found once, by cpuid and xgetbv (processor and operating
/// system must both support it). NNLUA_ISA=portable|avx2|avx512 in the environment lowers it, never raises
/// it. AVX2 stands for AVX2, FMA, F16C, BMI1/2; AVX-512 for F, BW, DQ, VL, CD on top of these.
nn_isa nn_cpu_isa_find(void);
extern int nn_cpu_isa_found; // -1: not yet
static inline nn_isa nn_cpu_isa(void) {
  int isa = __atomic_load_n(&nn_cpu_isa_found, __ATOMIC_RELAXED);
  return isa >= 0 ? (nn_isa)isa : nn_cpu_isa_find();
}

/// The best instruction set that the processor has, whatever NNLUA_ISA says.
nn_isa nn_cpu_isa_best(void);

/// "portable", "avx2" or "avx512".
const char *nn_cpu_isa_name(void);

/// Cache sizes in bytes: level 1 data and level 2 of one core, level 3 as a whole; a usual value where
/// unknown.
size_t nn_cpu_l1d(void);
size_t nn_cpu_l2(void);
size_t nn_cpu_l3(void);

/// Cores that this process may run on (its affinity mask where there is one), at least 1. Asked anew each
/// time.
int nn_cpu_cores(void);

#endif
