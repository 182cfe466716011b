// Matrix products on the thread team: splitting into tiles, the choice between own kernels and OpenBLAS, and
// loading the latter. Knows nothing of tensors; the arithmetic is in kernels/gemm.c or in OpenBLAS.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "blas.h"

#include "cpu.h"
#include "interrupt.h"
#include "kernels/gemm.h"
#include "kernels/tiny.h"
#include "kernels/vmath.h"
#include "parallel.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// -----------------------------------------------------------------------------------------------------------
// Loading OpenBLAS

enum { CBLAS_ROW_MAJOR = 101, CBLAS_NO_TRANS = 111, CBLAS_TRANS = 112 };

typedef void (*cblas_sgemm_fn)(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a,
                               int lda, const float *b, int ldb, float beta, float *c, int ldc);
typedef void (*cblas_dgemm_fn)(int order, int ta, int tb, int m, int n, int k, double alpha, const double *a,
                               int lda, const double *b, int ldb, double beta, double *c, int ldc);

static struct {
  void *handle;
  cblas_sgemm_fn sgemm; // NULL: own kernels do all products
  cblas_dgemm_fn dgemm;
  char name[96];
  char problem[256]; // empty: none
} openblas;

// A function pointer from dlsym: C has no cast for it, POSIX promises that the representation is the same.
static void find_function(void *handle, const char *name, void *function) {
  void *symbol = handle ? dlsym(handle, name) : NULL;
  memcpy(function, &symbol, sizeof symbol);
}

typedef struct {
  const char *name;
  char *before; // copy of the value to restore, NULL: was not set
  bool changed;
} env_change;

static env_change env_set(const char *name, const char *value) {
  const char *now = getenv(name);
  env_change change = {.name = name, .before = now ? strdup(now) : NULL};
  change.changed = (!now || change.before) && setenv(name, value, 1) == 0;
  return change;
}

static void env_restore(env_change change) {
  if (change.changed && change.before)
    setenv(change.name, change.before, 1);
  else if (change.changed)
    unsetenv(change.name);
  free(change.before);
}

// The core type to ask OpenBLAS for. It knows processors by model number and takes its oldest kernel for one
// that is newer than itself; we go by features. NULL: let it choose, because the user did or because there's
// nothing to gain.
static const char *core_wanted(void) {
  const char *user = getenv("OPENBLAS_CORETYPE");
  if (user && *user) return NULL;
  nn_isa isa = nn_cpu_isa();
  return isa == NN_ISA_AVX512 ? "SkylakeX" : isa == NN_ISA_AVX2 ? "Haswell" : NULL;
}

// The instruction set of the product kernels in an OpenBLAS core.
static nn_isa core_isa(const char *core) {
  static const char *const avx512[] = {"SkylakeX", "Cooperlake", "SapphireRapids"};
  static const char *const avx2[] = {"Haswell", "Zen"};
  for (size_t i = 0; i < sizeof avx512 / sizeof *avx512; i++)
    if (strcasecmp(core, avx512[i]) == 0) return NN_ISA_AVX512;
  for (size_t i = 0; i < sizeof avx2 / sizeof *avx2; i++)
    if (strcasecmp(core, avx2[i]) == 0) return NN_ISA_AVX2;
  return NN_ISA_PORTABLE;
}

// OpenBLAS reads its environment while it is loaded. What is set for that is taken back, so that programs the
// user starts from here don't inherit it.
static void *open_library(void) {
  static const char *const names[] = {"libopenblas.so.0", "libopenblas.so", "libopenblasp.so.0",
                                      "libopenblas.0.dylib"};
  const char *core = core_wanted();
  env_change threads = env_set("OPENBLAS_NUM_THREADS", "1"), type = {0};
  if (core) type = env_set("OPENBLAS_CORETYPE", core);
  void *handle = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names && !handle; i++)
    handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  env_restore(threads);
  env_restore(type);
  return handle;
}

static void name_own_kernels(const char *why) {
  snprintf(openblas.name, sizeof openblas.name, "nnlua %s", nn_cpu_isa_name());
  if (why) snprintf(openblas.problem, sizeof openblas.problem, "%s", why);
}

static void load(void) {
  openblas.handle = open_library();
  if (!openblas.handle) {
    name_own_kernels("OpenBLAS isn't installed or can't be loaded; products run on nnlua's own kernels");
    return;
  }
  void (*set_num_threads)(int);
  char *(*get_config)(void), *(*get_corename)(void);
  find_function(openblas.handle, "openblas_set_num_threads", &set_num_threads);
  find_function(openblas.handle, "openblas_get_config", &get_config);
  find_function(openblas.handle, "openblas_get_corename", &get_corename);
  find_function(openblas.handle, "cblas_sgemm", &openblas.sgemm);
  find_function(openblas.handle, "cblas_dgemm", &openblas.dgemm);
  if (!set_num_threads || !get_config || !get_corename || !openblas.sgemm || !openblas.dgemm) {
    openblas.sgemm = NULL;
    name_own_kernels("the OpenBLAS found lacks functions; products run on nnlua's own kernels");
    return;
  }
  set_num_threads(1); // the host may have loaded it before, with threads that would fight ours
  const char *core = get_corename(), *config = get_config();
  const char *space = strchr(config, ' ');
  const char *end = space ? strchr(space + 1, ' ') : NULL; // "OpenBLAS 0.3.21 NO_LAPACKE ..."
  int length = (int)(end ? end - config : (long)strlen(config));
  if (core_isa(core) >= nn_cpu_isa()) {
    snprintf(openblas.name, sizeof openblas.name, "%.*s %s", length < 48 ? length : 48, config, core);
    return;
  }
  openblas.sgemm = NULL;
  name_own_kernels(NULL);
  snprintf(
      openblas.problem, sizeof openblas.problem,
      "%.*s runs its kernel '%s', too slow for this processor (%s)%s; products run on nnlua's own kernels",
      length < 48 ? length : 48, config, core, nn_cpu_isa_name(),
      core_wanted() ? "" : ", OPENBLAS_CORETYPE is set");
}

static void load_once(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
}

const char *nn_blas_name(void) {
  load_once();
  return openblas.name;
}

const char *nn_blas_problem(void) {
  load_once();
  return *openblas.problem ? openblas.problem : NULL;
}

void *nn_blas_symbol(const char *name) {
  load_once();
  return openblas.handle ? dlsym(openblas.handle, name) : NULL;
}

// -----------------------------------------------------------------------------------------------------------
// Scratch memory for packed blocks, one piece a thread, freed with the thread

static pthread_key_t scratch_key;
static bool scratch_key_made;

static void make_scratch_key(void) { scratch_key_made = pthread_key_create(&scratch_key, free) == 0; }

static int64_t scratch_bytes(void) {
  int64_t half = (int64_t)nn_cpu_l2() / 2;
  return half < 256 << 10 ? 256 << 10 : half > 4 << 20 ? 4 << 20 : half / 4096 * 4096;
}

// This thread's scratch, or NULL without memory.
static void *own_scratch(void) {
  static _Thread_local void *mine;
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  if (mine) return mine;
  pthread_once(&once, make_scratch_key);
  if (!scratch_key_made) return NULL;
  void *memory = aligned_alloc(4096, (size_t)scratch_bytes());
  if (memory && pthread_setspecific(scratch_key, memory) != 0) {
    free(memory);
    memory = NULL;
  }
  mine = memory;
  return memory;
}

// -----------------------------------------------------------------------------------------------------------
// Splitting. Sizes decide alone, so results depend on them and on the number of threads.

typedef struct {
  int64_t rows, cols; // of tiles along m and n
  bool library;       // OpenBLAS computes the tiles
} grid;

// A thread should get at least so many multiply-adds (half a microsecond and more), and tiles that threads
// claim one by one are worth it from so many on.
static const double THREAD_WORK = 64e3, CLAIM_WORK = 32e6;

// From so many on, threads of a team share a product strip by strip; for smaller ones two tiles cost less.
static const double TEAM_WORK = 1e6;

static double work_of(int64_t m, int64_t n, int64_t k) { return (double)m * (double)n * (double)k; }

// The same with what it takes to fetch and store the matrices, in multiply-adds: most of what a matrix times a vector costs,
// and an outer product. The more so if half of a matrix is in the other core's cache, where an optimiser has left it.
static double effort_of(int64_t m, int64_t n, int64_t k) {
  return work_of(m, n, k) + 2 * ((double)m * (double)k + (double)k * (double)n + (double)m * (double)n);
}

// What a tile costs, in multiply-adds: columns come in vectors, op(B) is packed for each tile, slowly where it lies
// transposed, and rows of op(A) are copied.
static double tile_cost(int64_t m, int64_t n, int64_t k, bool tb) {
  int64_t padded = (n + 15) / 16 * 16;
  return ((double)m + (tb ? 16 : 8)) * (double)padded * (double)k + 8 * (double)m * (double)k;
}

static int64_t div_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// A number that another core has written, or that two cores read, comes from afar: as long as so many multiply-adds.
// Operations before and after this one give each core a range of rows, so those should be cut, unless op(B) is the larger
// matrix.
static const double FROM_AFAR = 16;

static double cut_cost(int64_t m, int64_t n, int64_t k, bool tb, grid g) {
  int64_t rows = div_up(m, g.rows), cols = div_up(n, g.cols);
  double afar = (g.rows > 1 ? (double)cols * (double)k : 0) + (g.cols > 1 ? (double)rows * ((double)k + (double)cols) : 0);
  return tile_cost(rows, cols, k, tb) + FROM_AFAR * afar;
}

// The cheapest way to cut C into `tiles` tiles (or somewhat fewer).
static grid cut(int64_t m, int64_t n, int64_t k, bool tb, int64_t tiles) {
  grid best = {1, 1, false};
  double least = cut_cost(m, n, k, tb, best);
  for (int64_t rows = 1; rows <= tiles && rows <= m; rows++) {
    int64_t cols = tiles / rows, most = div_up(n, 16);
    grid g = {rows, cols > most ? most : cols, false};
    double cost = cut_cost(m, n, k, tb, g);
    if (cost < least) {
      best = g;
      least = cost;
    }
  }
  return best;
}

// OpenBLAS can't be interrupted: its tiles are at most about 15 ms of work on one core.
static double library_tile_work(void) {
  return nn_cpu_isa() == NN_ISA_AVX512 ? 1e9 : nn_cpu_isa() == NN_ISA_AVX2 ? 5e8 : 1e8;
}

static bool suits_library(int64_t m, int64_t n, int64_t k, bool is_f64) {
  if (!is_f64 && nn_cpu_isa() == NN_ISA_AVX512) return false; // own kernels are faster at every size
  const int64_t from = 512; // smaller ones are as fast or faster on own kernels
  if (m < from || n < from || k < from) return false;
  load_once();
  return openblas.sgemm != NULL;
}

// The same cut into a few times as many tiles where that costs next to nothing: threads that claim them one by one end
// together even if one of them is held up.
static grid cut_finely(int64_t m, int64_t n, int64_t k, bool tb, int64_t tiles) {
  grid few = cut(m, n, k, tb, tiles), many = cut(m, n, k, tb, 4 * tiles);
  double cost = tile_cost(div_up(m, few.rows), div_up(n, few.cols), k, tb) * (double)(few.rows * few.cols);
  double finer = tile_cost(div_up(m, many.rows), div_up(n, many.cols), k, tb) * (double)(many.rows * many.cols);
  return finer <= 1.02 * cost ? many : few;
}

static grid plan(int64_t m, int64_t n, int64_t k, bool tb, int64_t batch, bool is_f64) {
  int64_t threads = nn_in_parallel() ? 1 : nn_threads();
  double work = work_of(m, n, k), all = work * (double)batch, effort = effort_of(m, n, k) * (double)batch;
  int64_t tiles = 1;
  if (threads > 1 && effort >= 2 * THREAD_WORK && batch % threads != 0 && batch < 8 * threads) {
    double most = effort / THREAD_WORK;
    tiles = div_up(most < (double)threads ? (int64_t)most : threads, batch);
  }
  bool library = suits_library(m, n, k, is_f64);
  if (library && work > library_tile_work() * (double)tiles)
    tiles = div_up((int64_t)(work / library_tile_work()) + 1, threads) * threads; // three for two threads would take as long as four
  bool fine = !library && all > CLAIM_WORK * (double)threads;
  grid g = tiles <= 1 ? (grid){1, 1, false} : fine ? cut_finely(m, n, k, tb, tiles) : cut(m, n, k, tb, tiles);
  g.library = library && div_up(m, g.rows) >= 256 && div_up(n, g.cols) >= 256;
  return g;
}

// Start of part i when n is cut into `parts`, rounded to whole vectors where there is enough.
static int64_t part_begin(int64_t n, int64_t parts, int64_t i, int64_t round) {
  if (i >= parts) return n;
  int64_t each = n / parts, rest = n % parts;
  int64_t begin = each * i + (i < rest ? i : rest);
  return each >= 4 * round ? begin / round * round : begin;
}

// C *= beta, where beta == 0 doesn't read it.
#define DEFINE_SCALE(T, NAME)                                                                                \
  static bool NAME(int64_t m, int64_t n, T beta, T *c, int64_t ldc) {                                        \
    for (int64_t i = 0; i < m; i++, c += ldc) {                                                              \
      if (nn_interrupted()) return false;                                                                    \
      for (int64_t j = 0; j < n; j++) c[j] = beta != 0 ? beta * c[j] : 0;                                    \
    }                                                                                                        \
    return true;                                                                                             \
  }

DEFINE_SCALE(float, scale_f32)
DEFINE_SCALE(double, scale_f64)

// One tile on OpenBLAS, long k in pieces so that it stays short. False if interrupted.
#define DEFINE_LIBRARY_TILE(ARGS, NAME, GEMM)                                                                \
  static bool NAME(const ARGS *g) {                                                                          \
    double most = library_tile_work() / ((double)g->m * (double)g->n);                                       \
    int64_t piece = most > 256 ? (int64_t)(most < 1e9 ? most : 1e9) : 256;                                   \
    piece = div_up(g->k, div_up(g->k, piece));                                                               \
    for (int64_t p = 0; p < g->k; p += piece) {                                                              \
      if (nn_interrupted()) return false;                                                                    \
      int64_t k = g->k - p < piece ? g->k - p : piece;                                                       \
      GEMM(CBLAS_ROW_MAJOR, g->ta ? CBLAS_TRANS : CBLAS_NO_TRANS, g->tb ? CBLAS_TRANS : CBLAS_NO_TRANS,      \
           (int)g->m, (int)g->n, (int)k, g->alpha, g->a + (g->ta ? p * g->lda : p), (int)g->lda,             \
           g->b + (g->tb ? p : p * g->ldb), (int)g->ldb, p == 0 ? g->beta : 1, g->c, (int)g->ldc);           \
    }                                                                                                        \
    return true;                                                                                             \
  }

DEFINE_LIBRARY_TILE(nn_gemm_args_f32, library_tile_f32, openblas.sgemm)
DEFINE_LIBRARY_TILE(nn_gemm_args_f64, library_tile_f64, openblas.dgemm)

// A product of few rows with B transposed is worth turning round: B, the larger matrix, is then read as it lies, and only A is
// packed, though by every thread. More rows are copied once more (see plan_ways), as are those at awkward distances. Tiles of C
// have to be turned as well, each for so many terms: measured, that pays from 80 of them for 8 rows, 160 for 64, earlier where
// one or two vectors hold the rows and there are few columns.
static bool worth_turning(int64_t m, int64_t n, int64_t k, int64_t ldb, bool is_f64) {
  const int64_t width = (nn_cpu_isa() == NN_ISA_AVX512 ? 32 : nn_cpu_isa() == NN_ISA_AVX2 ? 16 : 8) >> is_f64;
  const bool awkward = (ldb << (is_f64 ? 3 : 2)) % 2048 == 0;
  const bool alone = nn_in_parallel() || nn_threads() == 1;
  const bool snug = nn_cpu_isa() == NN_ISA_AVX512 && m >= width / 2 && m <= width && n <= 256;
  const int64_t from = snug ? 48 : 64 + m * 3 / 2;
  return m > 4 && m <= (awkward ? width : 3 * width) && n >= (alone ? 2 : 3) * m && k >= from;
}

#define DEFINE_TURN(T, SUFFIX, IS_F64)                                                                       \
  static void turn_##SUFFIX(nn_gemm_args_##SUFFIX *g) {                                                      \
    if (!g->tb || g->ta || g->gate || g->add || g->beta != 0 || !worth_turning(g->m, g->n, g->k, g->ldb, IS_F64)) return; \
    const nn_gemm_args_##SUFFIX was = *g;                                                                    \
    g->m = was.n, g->n = was.m, g->a = was.b, g->lda = was.ldb, g->b = was.a, g->ldb = was.lda;              \
    g->turned = true;                                                                                        \
  }

DEFINE_TURN(float, f32, false)
DEFINE_TURN(double, f64, true)

// A batch of products cut into tiles; task number = product * rows * cols + tile.
typedef struct gemm_job {
  grid grid;
  int64_t stride_a, stride_b, stride_c;
  atomic_bool interrupted;
  bool is_f64;
  bool wide; // distances of rows are too large for OpenBLAS
  nn_gemm_team *team;
  struct gemm_job *then; // by the same team, which does not wait in between; or NULL
  nn_gemm_args_f32 f32;
  nn_gemm_args_f64 f64;
} gemm_job;

static bool fits_tiny_f32(const nn_gemm_args_f32 *g) { return !g->turned && nn_is_tiny(g->m, g->n, g->k); }

static bool fits_tiny_f64(const nn_gemm_args_f64 *g) {
  (void)g;
  return false;
}

static bool tiny_f32(const nn_gemm_args_f32 *g) {
  if (!fits_tiny_f32(g)) return false;
  NN_SELECT(nn_tiny_table)->f32(g);
  return true;
}

static bool tiny_f64(const nn_gemm_args_f64 *g) {
  (void)g;
  return false;
}

// Bias, sum, ReLU and gate for products that don't know of them: rows start from the bias, and the rest comes at the end.
#define DEFINE_ENDS(T, SUFFIX, DTYPE)                                                                        \
  static bool ends_##SUFFIX(const nn_gemm_args_##SUFFIX *g) { return g->gate || g->add || g->relu; }         \
  static void start_##SUFFIX(nn_gemm_args_##SUFFIX *g) {                                                     \
    for (int64_t i = 0; i < g->m; i++) memcpy(g->c + i * g->ldc, g->bias, (size_t)g->n * sizeof(T));         \
    g->beta = 1;                                                                                             \
  }                                                                                                          \
  static void end_##SUFFIX(const nn_gemm_args_##SUFFIX *g) {                                                 \
    const struct nn_vmath_kernels *v = NN_SELECT(nn_vmath);                                                  \
    for (int64_t i = 0; i < g->m; i++) {                                                                     \
      T *c = g->c + i * g->ldc;                                                                              \
      if (g->add) v->binary[NN_BINARY_ADD][DTYPE](g->n, c, 1, g->add + i * g->ldc, 1, c);                    \
      if (g->relu) v->unary[NN_UNARY_RELU][DTYPE](g->n, c, c);                                               \
      if (g->gate) v->grad[NN_GRAD_RELU][DTYPE](g->n, 0, 0, c, g->gate + i * g->ldc, c);                     \
    }                                                                                                        \
  }

DEFINE_ENDS(float, f32, NN_FLOAT32)
DEFINE_ENDS(double, f64, NN_FLOAT64)

#define DEFINE_TILE(SUFFIX)                                                                                  \
  static bool own_tile_##SUFFIX(const nn_gemm_args_##SUFFIX *g) {                                            \
    if (tiny_##SUFFIX(g)) return true;                                                                       \
    void *scratch = own_scratch();                                                                           \
    if (scratch) return NN_SELECT(nn_gemm_table)->SUFFIX(g, scratch, scratch_bytes());                       \
    _Alignas(64) char few[NN_GEMM_SCRATCH_MIN];                                                              \
    return NN_SELECT(nn_gemm_table)->SUFFIX(g, few, NN_GEMM_SCRATCH_MIN);                                    \
  }                                                                                                          \
                                                                                                             \
  static bool whole_tile_##SUFFIX(nn_gemm_args_##SUFFIX *g, bool library) {                                  \
    if (!library && ((!g->bias && !ends_##SUFFIX(g)) || !fits_tiny_##SUFFIX(g))) return own_tile_##SUFFIX(g); \
    if (g->bias) start_##SUFFIX(g);                                                                          \
    bool done = library ? library_tile_##SUFFIX(g) : own_tile_##SUFFIX(g);                                   \
    if (ends_##SUFFIX(g)) end_##SUFFIX(g);                                                                   \
    return done;                                                                                             \
  }                                                                                                          \
                                                                                                             \
  static bool tile_##SUFFIX(const gemm_job *job, int64_t product, int64_t row, int64_t col) {                \
    nn_gemm_args_##SUFFIX g = job->SUFFIX;                                                                   \
    const int64_t round = g.turned ? 16 : 1;                                                                 \
    int64_t i = part_begin(g.m, job->grid.rows, row, round), j = part_begin(g.n, job->grid.cols, col, 16);   \
    g.m = part_begin(g.m, job->grid.rows, row + 1, round) - i;                                               \
    g.n = part_begin(g.n, job->grid.cols, col + 1, 16) - j;                                                  \
    g.a += product * job->stride_a + (g.ta ? i : i * g.lda);                                                 \
    g.b += product * job->stride_b + (g.tb ? j * g.ldb : j);                                                 \
    g.c += product * job->stride_c + (g.turned ? j * g.ldc + i : i * g.ldc + j);                             \
    if (g.bias) g.bias += g.turned ? i : j;                                                                  \
    if (g.gate) g.gate += i * g.ldc + j;                                                                     \
    if (g.add) g.add += i * g.ldc + j;                                                                       \
    if (g.sums) g.sums = j == 0 ? g.sums + i : NULL;                                                         \
    return whole_tile_##SUFFIX(&g, job->grid.library);                                                       \
  }

DEFINE_TILE(f32)
DEFINE_TILE(f64)

static void run_task(void *arg, int64_t task, int thread) {
  gemm_job *job = arg;
  (void)thread;
  if (nn_interrupted()) {
    atomic_store_explicit(&job->interrupted, true, memory_order_relaxed);
    return;
  }
  int64_t each = job->grid.rows * job->grid.cols, product = task / each, tile = task % each;
  int64_t row = tile / job->grid.cols, col = tile % job->grid.cols;
  bool done = job->is_f64 ? tile_f64(job, product, row, col) : tile_f32(job, product, row, col);
  if (!done) atomic_store_explicit(&job->interrupted, true, memory_order_relaxed);
}

static void run_range(void *arg, int64_t begin, int64_t end, int thread) {
  for (int64_t task = begin; task < end; task++) run_task(arg, task, thread);
}

static void run_team(void *arg, int64_t begin, int64_t end, int thread) {
  void *scratch = own_scratch();
  (void)thread;
  for (gemm_job *job = arg; job && scratch; job = job->then) // without scratch the others do it
    for (int64_t part = begin; part < end; part++) {
      const nn_gemm_kernels *kernels = NN_SELECT(nn_gemm_table);
      bool done = job->is_f64 ? kernels->team_f64(&job->f64, job->team, (int)part, scratch, scratch_bytes())
                              : kernels->team_f32(&job->f32, job->team, (int)part, scratch, scratch_bytes());
      if (!done) atomic_store_explicit(&job->interrupted, true, memory_order_relaxed);
    }
}

// In how many strips a team would do n columns and k terms of the product; 0: not possible.
static int64_t units_of(const gemm_job *job, int parts, nn_gemm_way way, int64_t n, int64_t k) {
  const nn_gemm_kernels *kernels = NN_SELECT(nn_gemm_table);
  nn_gemm_args_f32 f32 = job->f32;
  nn_gemm_args_f64 f64 = job->f64;
  f32.n = f64.n = n, f32.k = f64.k = k;
  return job->is_f64 ? kernels->units_f64(&f64, parts, way, scratch_bytes())
                     : kernels->units_f32(&f32, parts, way, scratch_bytes());
}

// Makes a team for the job; false: not possible.
static bool form_team(const gemm_job *job, nn_gemm_team *team, int parts, nn_gemm_way way) {
  const int64_t n = job->is_f64 ? job->f64.n : job->f32.n, k = job->is_f64 ? job->f64.k : job->f32.k;
  const int64_t units = units_of(job, parts, way, n, k);
  if (units == 0) return false;
  team->parts = parts;
  team->way = way;
  team->partial = NULL;
  team->last = false;
  for (int i = 0; i < parts; i++) {
    atomic_init(&team->share[i].next, units * i / parts);
    team->share[i].end = units * (i + 1) / parts;
  }
  return true;
}

// The product of job by a team; false: not possible.
static bool run_by_team(gemm_job *job, int parts, nn_gemm_way way) {
  nn_gemm_team team;
  if (!form_team(job, &team, parts, way)) return false;
  job->team = &team;
  nn_parallel(parts, 1, run_team, job);
  job->team = NULL;
  return true;
}

// Of op(B) only so many columns and terms fit a thread's scratch: one such product after the other, each to be done by a team.
#define DEFINE_PIECES(SUFFIX)                                                                                \
  static bool run_pieces_##SUFFIX(gemm_job *job, int parts, int64_t cols, int64_t terms) {                   \
    const nn_gemm_args_##SUFFIX whole = job->SUFFIX;                                                         \
    bool done = true;                                                                                        \
    for (int64_t j = 0; j < whole.n && done; j += cols)                                                      \
      for (int64_t p = 0; p < whole.k && done; p += terms) {                                                 \
        nn_gemm_args_##SUFFIX *g = &job->SUFFIX;                                                             \
        *g = whole;                                                                                          \
        g->n = whole.n - j < cols ? whole.n - j : cols;                                                      \
        g->k = whole.k - p < terms ? whole.k - p : terms;                                                    \
        g->a += g->ta ? p * g->lda : p;                                                                      \
        g->b += g->tb ? j * g->ldb + p : p * g->ldb + j;                                                     \
        g->c += j;                                                                                           \
        if (p > 0) g->beta = 1, g->bias = NULL;                                                              \
        if (p + terms < whole.k) g->gate = g->add = NULL, g->relu = false;                                   \
        if (g->bias) g->bias += j;                                                                           \
        if (g->gate) g->gate += j;                                                                           \
        if (g->add) g->add += j;                                                                             \
        done = run_by_team(job, parts, NN_GEMM_ROWS) && !atomic_load_explicit(&job->interrupted, memory_order_relaxed); \
      }                                                                                                      \
    job->SUFFIX = whole;                                                                                     \
    return done;                                                                                             \
  }

DEFINE_PIECES(f32)
DEFINE_PIECES(f64)

static int64_t cut_evenly(int64_t n, int64_t most, int64_t round) {
  return div_up(div_up(n, div_up(n, most)), round) * round;
}

// Columns and terms of a piece of op(B) that takes three quarters of the scratch at most.
static bool run_large(gemm_job *job, int parts) {
  const int64_t n = job->is_f64 ? job->f64.n : job->f32.n, k = job->is_f64 ? job->f64.k : job->f32.k;
  const int64_t room = scratch_bytes() / 4 * 3 / (job->is_f64 ? 8 : 4), cols = cut_evenly(n, 1024, 32);
  const int64_t terms = cut_evenly(k, room / cols, 8);
  if ((job->is_f64 ? job->f64.turned : job->f32.turned) || cols * terms > room || (terms < 128 && terms < k)) return false;
  const int64_t ns[2] = {cols, n % cols ? n % cols : cols}, ks[2] = {terms, k % terms ? k % terms : terms};
  for (int i = 0; i < 4; i++) // the last pieces are smaller, perhaps too small
    if (units_of(job, parts, NN_GEMM_ROWS, ns[i / 2], ks[i % 2]) == 0) return false;
  return job->is_f64 ? run_pieces_f64(job, parts, cols, terms) : run_pieces_f32(job, parts, cols, terms);
}

// The way and the number of threads of a team for a product that is cut in one direction; 0: it isn't.
static int team_of(const gemm_job *job, nn_gemm_way *way) {
  const grid *g = &job->grid;
  const int64_t threads = nn_threads(), cuts = g->rows * g->cols;
  if (g->library || cuts == 1 || (g->rows > 1 && g->cols > 1) || threads > NN_GEMM_PARTS || !own_scratch()) return 0;
  *way = g->cols > 1 ? NN_GEMM_COLUMNS : NN_GEMM_ROWS;
  return (int)(cuts < threads ? cuts : threads);
}

// Its strips are dealt out to the team. False: not done, or interrupted.
static bool share(gemm_job *job) {
  nn_gemm_way way;
  const int parts = team_of(job, &way);
  return parts > 0 && (run_by_team(job, parts, way) || (way == NN_GEMM_ROWS && run_large(job, parts)));
}

static bool run(gemm_job *job, int64_t m, int64_t n, int64_t k, int64_t batch) {
  job->grid = plan(m, n, k, job->is_f64 ? job->f64.tb : job->f32.tb, batch, job->is_f64);
  if (job->wide) job->grid.library = false;
  if (batch == 1 && work_of(m, n, k) >= TEAM_WORK) {
    bool done = share(job), interrupted = atomic_load_explicit(&job->interrupted, memory_order_relaxed);
    if (done || interrupted) return !interrupted;
  }
  int64_t tasks = job->grid.rows * job->grid.cols * batch;
  if (work_of(m, n, k) * (double)batch > CLAIM_WORK && tasks > nn_threads()) {
    nn_parallel_tasks(tasks, run_task, job);
  } else {
    double each = effort_of(m, n, k) * (double)batch / (double)tasks;
    int64_t grain = each >= THREAD_WORK ? 1 : (int64_t)(THREAD_WORK / (each + 1)) + 1;
    nn_parallel(tasks, grain, run_range, job);
  }
  return !atomic_load_explicit(&job->interrupted, memory_order_relaxed);
}

// -----------------------------------------------------------------------------------------------------------
// The public products

#define DEFINE_BATCHED(T, SUFFIX, IS_F64)                                                                    \
  bool nn_gemm_batched_##SUFFIX(bool ta, bool tb, int64_t m, int64_t n, int64_t k, T alpha, const T *a,      \
                                int64_t lda, int64_t stride_a, const T *b, int64_t ldb, int64_t stride_b,    \
                                T beta, T *c, int64_t ldc, int64_t stride_c, int64_t batch) {                \
    if (m <= 0 || n <= 0 || batch <= 0) return true;                                                         \
    if (k <= 0 || alpha == 0) {                                                                              \
      for (int64_t i = 0; i < batch; i++)                                                                    \
        if (!scale_##SUFFIX(m, n, beta, c + i * stride_c, ldc)) return false;                                \
      return true;                                                                                           \
    }                                                                                                        \
    if (batch > 1 && !ta && stride_b == 0 && stride_a == m * lda && stride_c == m * ldc) {                   \
      m *= batch;                                                                                            \
      batch = 1;                                                                                             \
    }                                                                                                        \
    nn_gemm_args_##SUFFIX args = {ta, tb, m, n, k, lda, ldb, ldc, a, b, c, alpha, beta, NULL, NULL, NULL, false, false, NULL};  \
    if (batch == 1 && fits_tiny_##SUFFIX(&args)) return own_tile_##SUFFIX(&args);                            \
    if (batch == 1) turn_##SUFFIX(&args);                                                                    \
    if (batch == 1 && effort_of(m, n, k) < 2 * THREAD_WORK) return own_tile_##SUFFIX(&args);                   \
    gemm_job job = {.stride_a = stride_a, .stride_b = stride_b, .stride_c = stride_c, .is_f64 = IS_F64};     \
    job.wide = lda > INT_MAX || ldb > INT_MAX || ldc > INT_MAX;                                              \
    job.SUFFIX = args;                                                                                       \
    return run(&job, args.m, args.n, k, batch);                                                              \
  }                                                                                                          \
                                                                                                             \
  bool nn_gemm_##SUFFIX(bool ta, bool tb, int64_t m, int64_t n, int64_t k, T alpha, const T *a, int64_t lda, \
                        const T *b, int64_t ldb, T beta, T *c, int64_t ldc) {                                \
    return nn_gemm_batched_##SUFFIX(ta, tb, m, n, k, alpha, a, lda, 0, b, ldb, 0, beta, c, ldc, 0, 1);       \
  }                                                                                                          \
                                                                                                             \
  bool nn_gemm_between_##SUFFIX(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const T *a, int64_t lda,  \
                                const T *b, int64_t ldb, const nn_ends_##SUFFIX *ends, T *c, int64_t ldc) {  \
    if (m <= 0 || n <= 0) return true;                                                                       \
    gemm_job job = {.is_f64 = IS_F64};                                                                       \
    const nn_ends_##SUFFIX e = *ends;                                                                        \
    job.SUFFIX = (nn_gemm_args_##SUFFIX){ta,   tb, m, n, k,      lda,    ldb,   ldc,    a,     b,              \
                                         c,    1,  0, e.bias, e.gate, e.add, e.relu, false, NULL};            \
    job.wide = lda > INT_MAX || ldb > INT_MAX || ldc > INT_MAX;                                              \
    if (k > 0 && !fits_tiny_##SUFFIX(&job.SUFFIX)) turn_##SUFFIX(&job.SUFFIX);                               \
    if (k > 0 && effort_of(m, n, k) >= 2 * THREAD_WORK) return run(&job, job.SUFFIX.m, job.SUFFIX.n, k, 1);    \
    if (k > 0) return whole_tile_##SUFFIX(&job.SUFFIX, false);                                               \
    if (e.bias) start_##SUFFIX(&job.SUFFIX);                                                                   \
    if (!scale_##SUFFIX(m, n, job.SUFFIX.beta, c, ldc)) return false;                                        \
    end_##SUFFIX(&job.SUFFIX);                                                                    \
    return true;                                                                                             \
  }

DEFINE_BATCHED(float, f32, false)
DEFINE_BATCHED(double, f64, true)

// -----------------------------------------------------------------------------------------------------------
// The gradients of a linear layer

// A sum over many rows, each thread over those that it has written itself and that lie in its cache. What the others' pieces
// give is added at the end: worth it where that is much less than what the threads would have to read of each other's.
static bool worth_sharing_terms(int64_t m, int64_t n, int64_t k, int parts) {
  return parts > 1 && parts <= NN_GEMM_PARTS && work_of(m, n, k) >= TEAM_WORK &&
         (double)k * ((double)n + (double)m / parts) > (double)parts * (double)m * (double)n;
}

static int team_size(void) { return nn_in_parallel() ? 1 : nn_threads(); }

int64_t nn_linear_back_room(const nn_linear_back *l) {
  const int parts = team_size();
  if (!l->dw || !worth_sharing_terms(l->out, l->in, l->rows, parts)) return 0;
  return (parts - 1) * l->out * l->in + parts * l->out;
}

static gemm_job dx_job(const nn_linear_back *l) {
  gemm_job job = {.f32 = {.m = l->rows, .n = l->in, .k = l->out, .lda = l->out, .ldb = l->in, .ldc = l->in}};
  job.f32.a = l->dy, job.f32.b = l->w, job.f32.c = l->dx, job.f32.gate = l->gate;
  job.f32.alpha = 1, job.f32.beta = l->add_dx ? 1 : 0;
  return job;
}

static gemm_job dw_job(const nn_linear_back *l) {
  gemm_job job = {.f32 = {.ta = true, .m = l->out, .n = l->in, .k = l->rows, .lda = l->out, .ldb = l->in, .ldc = l->in}};
  job.f32.a = l->dy, job.f32.b = l->x, job.f32.c = l->dw, job.f32.sums = l->db;
  job.f32.alpha = 1, job.f32.beta = l->add_dw ? 1 : 0;
  return job;
}

static bool run_alone(gemm_job *job) {
  const nn_gemm_args_f32 *g = &job->f32;
  job->wide = g->lda > INT_MAX || g->ldb > INT_MAX || g->ldc > INT_MAX;
  if (work_of(g->m, g->n, g->k) < 2 * THREAD_WORK) return whole_tile_f32(&job->f32, false);
  return run(job, g->m, g->n, g->k, 1);
}

typedef struct {
  const nn_linear_back *l;
  const nn_gemm_team *team;
  const float *sums; // [parts][out]
} joint;

static void join_rows(void *arg, int64_t begin, int64_t end, int thread) {
  const joint *j = arg;
  const nn_linear_back *l = j->l;
  nn_binary_fn *add = NN_SELECT(nn_vmath)->binary[NN_BINARY_ADD][NN_FLOAT32];
  float *c = l->dw + begin * l->in;
  (void)thread;
  for (int64_t i = 1; i < j->team->parts; i++)
    add((end - begin) * l->in, c, 1, (const float *)j->team->partial + ((i - 1) * l->out + begin) * l->in, 1, c);
  for (int64_t r = begin; r < end && l->db; r++) {
    float sum = j->sums[r];
    for (int i = 1; i < j->team->parts; i++) sum += j->sums[i * l->out + r];
    l->db[r] = sum;
  }
}

// All in one region, without waiting between the gradient for x and the weights'. False: not done.
static bool run_together(const nn_linear_back *l, gemm_job *dx, gemm_job *dw, float *room, bool *interrupted) {
  const int parts = team_size();
  nn_gemm_team teams[2];
  nn_gemm_way way;
  gemm_job *first = dw;
  if (room == NULL || nn_linear_back_room(l) == 0 || !own_scratch()) return false;
  joint j = {l, &teams[1], room + (parts - 1) * l->out * l->in};
  if (l->db) dw->f32.sums = room + (parts - 1) * l->out * l->in;
  if (!form_team(dw, &teams[1], parts, NN_GEMM_TERMS)) {
    dw->f32.sums = l->db;
    return false;
  }
  teams[1].partial = room;
  dw->team = &teams[1];
  if (l->dx) {
    dx->grid = plan(dx->f32.m, dx->f32.n, dx->f32.k, false, 1, false);
    const int size = work_of(dx->f32.m, dx->f32.n, dx->f32.k) >= TEAM_WORK ? team_of(dx, &way) : 0;
    if (size > 0 && form_team(dx, &teams[0], size, way)) {
      first = dx;
      dx->team = &teams[0];
      dx->then = dw;
    } else if (!run_alone(dx)) {
      *interrupted = true;
      return true;
    }
  }
  nn_parallel(parts, 1, run_team, first);
  teams[0].last = teams[1].last = true;
  run_team(first, 0, 1, 0); // what a thread without scratch has left
  dx->team = dw->team = NULL;
  *interrupted = atomic_load(&dx->interrupted) || atomic_load(&dw->interrupted);
  if (!*interrupted) nn_parallel(l->out, 1 + 16384 / l->in, join_rows, &j);
  return true;
}

bool nn_linear_back_f32(const nn_linear_back *l, float *room, bool *summed) {
  gemm_job dx = dx_job(l), dw = dw_job(l);
  bool interrupted = false;
  *summed = l->db != NULL && l->dw != NULL;
  if (run_together(l, &dx, &dw, room, &interrupted)) return !interrupted;
  if (l->dx && !run_alone(&dx)) return false;
  if (l->dw == NULL) return true;
  const nn_gemm_args_f32 *g = &dw.f32;
  if (fits_tiny_f32(g) || suits_library(g->m, g->n, g->k, false)) *summed = false, dw.f32.sums = NULL;
  return run_alone(&dw);
}
