// How kernels are built and chosen: a file kernels/X.c is compiled once for each instruction set, with
// -DNN_ISA=0 (portable), 1 (AVX2: -mavx2 -mfma -mf16c -mbmi -mbmi2) or 2 (AVX-512: those and -mavx512f
// -mavx512bw -mavx512dq -mavx512vl -mavx512cd -mprefer-vector-width=512). Elsewhere than on x86: only 0.
#ifndef NN_KERNEL_H
#define NN_KERNEL_H

#include "cpu.h"

#define NN_KERNEL_PASTE_(name, suffix) name##suffix
#define NN_KERNEL_PASTE(name, suffix)  NN_KERNEL_PASTE_(name, suffix)

/// NN_KERNEL(name): in a kernel file, `name` with the suffix of the instruction set it is compiled for. Every
/// symbol with external linkage of such a file goes through it; everything else is static.
#if !defined(NN_ISA)
#define NN_KERNEL(name) NN_KERNEL_is_for_files_compiled_with_NN_ISA
#elif NN_ISA == 0
#define NN_KERNEL(name) NN_KERNEL_PASTE(name, _portable)
#elif NN_ISA == 1
#define NN_KERNEL(name) NN_KERNEL_PASTE(name, _avx2)
#else
#define NN_KERNEL(name) NN_KERNEL_PASTE(name, _avx512)
#endif

/// NN_KERNEL_TABLE(type, table): declares the variants of a kernel table, for the header that both sides
/// include:
///   typedef struct { void (*relu)(...); } nn_relu_kernels;
///   NN_KERNEL_TABLE(nn_relu_kernels, nn_relu_table);
/// The kernel file defines `const nn_relu_kernels NN_KERNEL(nn_relu_table) = {...};`, a user calls
/// `NN_SELECT(nn_relu_table)->relu(...)`.
///
/// NN_SELECT(table): address of the variant that this processor runs.
#if NN_X86
#define NN_KERNEL_TABLE(type, table) extern const type table##_portable, table##_avx2, table##_avx512
#define NN_SELECT(table)                                                                                     \
  (nn_cpu_isa() == NN_ISA_AVX512 ? &table##_avx512                                                           \
                                 : (nn_cpu_isa() == NN_ISA_AVX2 ? &table##_avx2 : &table##_portable))
#else
#define NN_KERNEL_TABLE(type, table) extern const type table##_portable
#define NN_SELECT(table)             (&table##_portable)
#endif

#endif
