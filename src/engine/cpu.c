// Detection of instruction sets, caches and cores.
// Knows nothing of threads, tensors or OpenBLAS.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sched.h>
#endif
#if NN_X86
#include <cpuid.h>
#endif

static const char *const isa_names[] = {"portable", "avx2", "avx512"};

#if NN_X86
// XCR0: which register states the operating system saves (1 SSE, 2 AVX, 5..7 AVX-512).
static unsigned xcr0_low(void) {
  unsigned eax, edx;
  __asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
  return eax;
}

static bool has_all(unsigned reg, unsigned bits) { return (reg & bits) == bits; }

static nn_isa detect(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !has_all(c, bit_OSXSAVE | bit_AVX | bit_FMA | bit_F16C))
    return NN_ISA_PORTABLE;
  unsigned xcr0 = xcr0_low();
  if (!has_all(xcr0, 0x06)) return NN_ISA_PORTABLE;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !has_all(b, bit_AVX2 | bit_BMI | bit_BMI2))
    return NN_ISA_PORTABLE;
  const unsigned avx512 = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL | bit_AVX512CD;
  return has_all(xcr0, 0xe6) && has_all(b, avx512) ? NN_ISA_AVX512 : NN_ISA_AVX2;
}
#else
static nn_isa detect(void) { return NN_ISA_PORTABLE; }
#endif

nn_isa nn_cpu_isa_best(void) {
  static atomic_int cached = -1;
  int isa = atomic_load_explicit(&cached, memory_order_relaxed);
  if (isa < 0) {
    isa = (int)detect();
    atomic_store_explicit(&cached, isa, memory_order_relaxed);
  }
  return (nn_isa)isa;
}

// NNLUA_ISA as a number, or `best` if it isn't set, unknown or higher.
static int lowered(int best) {
  const char *wish = getenv("NNLUA_ISA");
  for (int isa = 0; wish && isa < best; isa++)
    if (strcmp(wish, isa_names[isa]) == 0) return isa;
  return best;
}

int nn_cpu_isa_found = -1;

nn_isa nn_cpu_isa_find(void) {
  int isa = lowered((int)nn_cpu_isa_best());
  __atomic_store_n(&nn_cpu_isa_found, isa, __ATOMIC_RELAXED);
  return (nn_isa)isa;
}

const char *nn_cpu_isa_name(void) { return isa_names[nn_cpu_isa()]; }

// Kept, since the system may ask the processor each time, which takes 20 us and more in a virtual machine.
static size_t cache_size(_Atomic size_t *kept, int name, size_t usual) {
  size_t size = atomic_load_explicit(kept, memory_order_relaxed);
  if (size > 0) return size;
  long bytes = name < 0 ? 0 : sysconf(name);
  size = bytes > 0 ? (size_t)bytes : usual;
  atomic_store_explicit(kept, size, memory_order_relaxed);
  return size;
}

#ifdef _SC_LEVEL1_DCACHE_SIZE
enum { L1D = _SC_LEVEL1_DCACHE_SIZE, L2 = _SC_LEVEL2_CACHE_SIZE, L3 = _SC_LEVEL3_CACHE_SIZE };
#else
enum { L1D = -1, L2 = -1, L3 = -1 };
#endif

size_t nn_cpu_l1d(void) {
  static _Atomic size_t kept;
  return cache_size(&kept, L1D, 32 << 10);
}

size_t nn_cpu_l2(void) {
  static _Atomic size_t kept;
  return cache_size(&kept, L2, 1 << 20);
}

size_t nn_cpu_l3(void) {
  static _Atomic size_t kept;
  return cache_size(&kept, L3, 8 << 20);
}

#ifdef __linux__
// Size of the affinity mask, or 0 if it can't be had. The mask grows until the kernel's fits in.
static int cores_by_affinity(void) {
  for (size_t cpus = 1024; cpus <= 1 << 18; cpus *= 4) {
    cpu_set_t *set = CPU_ALLOC(cpus);
    if (!set) return 0;
    size_t bytes = CPU_ALLOC_SIZE(cpus);
    int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
  return 0;
}
#else
static int cores_by_affinity(void) { return 0; }
#endif

int nn_cpu_cores(void) {
  int cores = cores_by_affinity();
  if (cores <= 0) cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
  return cores > 0 ? cores : 1;
}
