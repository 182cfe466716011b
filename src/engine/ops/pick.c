/* pick.c - reading and writing the blocks of a tensor that lists of indices choose.
 * Knows element types, strides and threads; nothing of gradients. */
#include "pick.h"

#include <string.h>

#include "blocks.h"
#include "interrupt.h"
#include "kernels/vmath.h"
#include "parallel.h"

enum { GRAIN = 8192 /* elements that are worth a thread */ };

/* ---- geometry --------------------------------------------------------------------------------------- */

void nn_pick_around(nn_pick *p, const nn_tensor *t, int dim) {
  memset(p, 0, sizeof *p);
  for (int d = 0; d < t->ndim; d++) {
    if (d < dim) {
      p->before[p->n_before] = t->shape[d];
      p->before_stride[p->n_before++] = t->stride[d];
    } else if (d > dim) {
      p->after[p->n_after] = t->shape[d];
      p->after_stride[p->n_after++] = t->stride[d];
    }
  }
}

static int64_t product(int n, const int64_t *sizes) {
  int64_t all = 1;
  for (int i = 0; i < n; i++) all *= sizes[i];
  return all;
}

/* Drops dims of size 1 and joins neighbours that lie evenly. */
static int join(int n, int64_t *size, int64_t *stride) {
  int m = 0;
  for (int i = 0; i < n; i++) {
    if (size[i] == 1) continue;
    if (m > 0 && stride[m - 1] == stride[i] * size[i]) {
      size[m - 1] *= size[i];
      stride[m - 1] = stride[i];
    } else {
      size[m] = size[i];
      stride[m++] = stride[i];
    }
  }
  return m;
}

/* The offset of the i-th place of a box in row-major order. */
static int64_t place(int n, const int64_t *size, const int64_t *stride, int64_t i) {
  int64_t at = 0;
  for (int d = n - 1; d >= 0; d--) {
    at += i % size[d] * stride[d];
    i /= size[d];
  }
  return at;
}

/* ---- reading ---------------------------------------------------------------------------------------- */

typedef struct transfer {
  nn_pick p; /* with few dims */
  nn_dtype dtype;
  size_t elem;
  char *base;        /* of the picked tensor */
  char *dense;       /* of the values */
  int64_t block;     /* elements of one block */
  int64_t run, step; /* the innermost dim of a block and its stride */
  int64_t runs;      /* how many of them a block has */
  int64_t skip;      /* stride between blocks' values: block, or 0 for a single one */
  bool single, add;
  int split; /* writing: which part is divided among threads */
  const struct nn_vmath_kernels *k;
} transfer;

static void transfer_set(transfer *t, const nn_pick *p, nn_dtype dtype, const void *base, const void *dense) {
  t->p = *p;
  t->p.n_before = join(p->n_before, t->p.before, t->p.before_stride);
  t->p.n_after = join(p->n_after, t->p.after, t->p.after_stride);
  t->dtype = dtype;
  t->elem = nn_dtype_size(dtype);
  t->base = (char *)(uintptr_t)base;
  t->dense = (char *)(uintptr_t)dense;
  t->block = product(t->p.n_after, t->p.after);
  t->run = 1, t->step = 1;
  if (t->p.n_after > 0) {
    int last = --t->p.n_after;
    t->run = t->p.after[last], t->step = t->p.after_stride[last];
  }
  t->runs = product(t->p.n_after, t->p.after);
  t->k = NN_SELECT(nn_vmath);
}

#define READ_SINGLES(type)                                                                                   \
  do {                                                                                                       \
    const type *restrict from = (const type *)(const void *)(t->base) + at;                                  \
    type *restrict to = (type *)(void *)t->dense + i;                                                        \
    for (int64_t k = 0; k < n; k++) to[k] = from[offset[k]];                                                 \
  } while (0)

enum { AT_ONCE = 1 << 16 }; /* elements between two looks at the interrupt flag */

/* Blocks of one element. */
static void read_singles(const transfer *t, int64_t begin, int64_t end) {
  int64_t count = t->p.count;
  for (int64_t i = begin; i < end;) {
    int64_t c = i % count, n = count - c < end - i ? count - c : end - i;
    if (n > AT_ONCE) n = AT_ONCE;
    int64_t at = place(t->p.n_before, t->p.before, t->p.before_stride, i / count);
    const int64_t *offset = t->p.offset + c;
    if (t->elem == 4)
      READ_SINGLES(float);
    else if (t->elem == 8)
      READ_SINGLES(double);
    else
      READ_SINGLES(uint8_t);
    i += n;
    if (nn_interrupted()) return;
  }
}

static void read_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const transfer *t = arg;
  if (t->block == 1) {
    read_singles(t, begin, end);
    return;
  }
  int64_t e = (int64_t)t->elem, count = t->p.count;
  for (int64_t i = begin; i < end; i++) {
    int64_t at = place(t->p.n_before, t->p.before, t->p.before_stride, i / count) + t->p.offset[i % count];
    char *to = t->dense + i * t->block * e;
    for (int64_t r = 0; r < t->runs; r++, to += t->run * e) {
      const char *from = t->base + (at + place(t->p.n_after, t->p.after, t->p.after_stride, r)) * e;
      if (t->step == 1)
        memcpy(to, from, (size_t)(t->run * e));
      else
        t->k->gather_strided(t->run, from, t->step * e, to, t->elem);
    }
    if ((i & 255) == 255 && nn_interrupted()) return;
  }
}

void nn_pick_read(const nn_pick *p, nn_dtype dtype, const void *from, void *to) {
  transfer t = {0};
  transfer_set(&t, p, dtype, from, to);
  int64_t items = product(t.p.n_before, t.p.before) * p->count;
  if (items == 0 || t.block == 0) return;
  nn_parallel(items, 1 + GRAIN / t.block, read_range, &t);
}

/* ---- writing ---------------------------------------------------------------------------------------- */

#define SINGLES(type, assign)                                                                                \
  do {                                                                                                       \
    type *into = (type *)(void *)t->base + at;                                                               \
    const type *from = (const type *)(const void *)t->dense + (t->single ? 0 : i * count);                   \
    for (int64_t k = c0; k < c1; k++) into[offset[k]] assign from[t->single ? 0 : k];                        \
  } while (0)

static void add_bytes(const transfer *t, int64_t at, int64_t i, int64_t c0, int64_t c1) {
  uint8_t *into = (uint8_t *)t->base + at;
  const uint8_t *from = (const uint8_t *)t->dense + (t->single ? 0 : i * t->p.count);
  for (int64_t k = c0; k < c1; k++) {
    int64_t o = t->p.offset[k];
    into[o] = (uint8_t)(into[o] + from[t->single ? 0 : k]);
  }
}

/* Blocks of one element, those of the i-th place before. */
static void write_singles(const transfer *t, int64_t i, int64_t c0, int64_t c1) {
  int64_t count = t->p.count, at = place(t->p.n_before, t->p.before, t->p.before_stride, i);
  const int64_t *offset = t->p.offset;
  if (!t->add) {
    if (t->elem == 4)
      SINGLES(float, =);
    else if (t->elem == 8)
      SINGLES(double, =);
    else
      SINGLES(uint8_t, =);
    return;
  }
  switch (t->dtype) {
  case NN_FLOAT32: SINGLES(float, +=); break;
  case NN_FLOAT64: SINGLES(double, +=); break;
  case NN_INT64: SINGLES(uint64_t, +=); break; /* wraps */
  case NN_BOOL: SINGLES(uint8_t, |=); break;
  default: add_bytes(t, at, i, c0, c1); break;
  }
}

static void write_run(const transfer *t, char *into, const char *from, int64_t n) {
  int64_t e = (int64_t)t->elem;
  if (t->add) {
    nn_binary_fn *add = t->k->binary[NN_BINARY_ADD][t->dtype];
    if (t->step == 1)
      add(n, into, 1, from, t->single ? 0 : 1, into);
    else
      for (int64_t k = 0; k < n; k++, into += t->step * e)
        add(1, into, 1, from + (t->single ? 0 : k * e), 1, into);
  } else if (t->single && t->step == 1) {
    t->k->fill(n, from, into, t->elem);
  } else if (t->single) {
    for (int64_t k = 0; k < n; k++) memcpy(into + k * t->step * e, from, t->elem);
  } else if (t->step == 1) {
    memcpy(into, from, (size_t)(n * e));
  } else {
    t->k->scatter_strided(n, from, into, t->step * e, t->elem);
  }
}

/* Of the blocks c0 .. c1 - 1 of the i-th place before: runs r0 .. r1 - 1, elements k0 .. k1 - 1 of each. */
static void write_blocks(const transfer *t, int64_t i, const int64_t c[2], const int64_t r[2],
                         const int64_t k[2]) {
  int64_t e = (int64_t)t->elem, at = place(t->p.n_before, t->p.before, t->p.before_stride, i);
  for (int64_t b = c[0]; b < c[1]; b++) {
    const char *values = t->dense + (i * t->p.count + b) * t->skip * e;
    for (int64_t q = r[0]; q < r[1]; q++) {
      int64_t to =
          at + t->p.offset[b] + place(t->p.n_after, t->p.after, t->p.after_stride, q) + k[0] * t->step;
      write_run(t, t->base + to * e, t->single ? values : values + (q * t->run + k[0]) * e, k[1] - k[0]);
    }
    if ((b & 255) == 255 && nn_interrupted()) return;
  }
}

enum { SPLIT_BEFORE, SPLIT_BLOCKS, SPLIT_RUNS, SPLIT_RUN };

static void write_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const transfer *t = arg;
  int64_t c[2] = {0, t->p.count}, r[2] = {0, t->runs}, k[2] = {0, t->run};
  int64_t i0 = 0, i1 = product(t->p.n_before, t->p.before);
  if (t->split == SPLIT_BEFORE) i0 = begin, i1 = end;
  if (t->split == SPLIT_BLOCKS) c[0] = begin, c[1] = end;
  if (t->split == SPLIT_RUNS) r[0] = begin, r[1] = end;
  if (t->split == SPLIT_RUN) k[0] = begin, k[1] = end;
  for (int64_t i = i0; i < i1; i++) {
    if (nn_interrupted()) return;
    if (t->block == 1)
      for (int64_t at = c[0]; at < c[1] && !nn_interrupted(); at += AT_ONCE)
        write_singles(t, i, at, c[1] - at < AT_ONCE ? c[1] : at + AT_ONCE);
    else
      write_blocks(t, i, c, r, k);
  }
}

void nn_pick_write(const nn_pick *p, nn_dtype dtype, void *into, const void *values, bool single, bool add) {
  transfer t = {.single = single, .add = add};
  transfer_set(&t, p, dtype, into, values);
  t.skip = single ? 0 : t.block;
  int64_t before = product(t.p.n_before, t.p.before), all = before * p->count * t.block;
  if (all == 0) return;
  /* The same block may be picked twice: only what lies beside the picked dims can be divided. */
  int64_t n = before;
  t.split = SPLIT_BEFORE;
  if (p->distinct && p->count > n) n = p->count, t.split = SPLIT_BLOCKS;
  if (t.runs > n && n < 16) n = t.runs, t.split = SPLIT_RUNS;
  if (t.run / 32 > n && n < 16) n = t.run, t.split = SPLIT_RUN;
  int64_t grain = n * GRAIN / all;
  nn_parallel(n, grain < 1 ? 1 : grain, write_range, &t);
}

/* ---- index values ----------------------------------------------------------------------------------- */

/* The element of an int64 tensor at a place in row-major order. */
static int64_t value_at(const nn_tensor *index, int64_t i) {
  return ((const int64_t *)(const void *)index->data)[place(index->ndim, index->shape, index->stride, i)];
}

static bool out_of_range(nn_frame *f, const nn_tensor *index, int64_t i, int64_t size) {
  long long value = (long long)value_at(index, i);
  int64_t at[NN_MAX_DIMS];
  char text[NN_SHAPE_TEXT], where[NN_SHAPE_TEXT + 16] = "";
  for (int d = index->ndim - 1; d >= 0; d--) {
    at[d] = i % index->shape[d] + 1;
    i /= index->shape[d];
  }
  if (index->ndim > 0) {
    strcpy(where, " at position ");
    strcat(where, nn_shape_text(index->ndim, at, text));
  }
  if (size == 0) return nn_bad(f, "index %lld%s is out of range: the dimension has size 0", value, where);
  return nn_bad(f, "index %lld%s is out of range: indices count from 1 to %lld", value, where,
                (long long)size);
}

typedef struct values {
  const int64_t *from;
  int64_t *to;
  int64_t size, stride;
  bool bad;
} values;

static void check_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  values *v = arg;
  bool bad = false;
  for (int64_t i = begin; i < end; i++)
    bad |= (uint64_t)nn_index_wrap(v->from[i], v->size) >= (uint64_t)v->size;
  if (bad) __atomic_store_n(&v->bad, true, __ATOMIC_RELAXED);
}

static void wrap_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const values *v = arg;
  for (int64_t i = begin; i < end; i++) v->to[i] = nn_index_wrap(v->from[i], v->size) * v->stride;
}

bool nn_index_check(nn_frame *f, const nn_tensor *index, int64_t size) {
  if (nn_contig(index)) {
    values v = {.from = (const int64_t *)(const void *)index->data, .size = size};
    nn_parallel(index->numel, 4 * GRAIN, check_range, &v);
    if (!v.bad) return true;
  }
  for (int64_t i = 0; i < index->numel; i++)
    if ((uint64_t)nn_index_wrap(value_at(index, i), size) >= (uint64_t)size)
      return out_of_range(f, index, i, size);
  return true;
}

static size_t offsets_bytes(const nn_tensor *index) { return (size_t)index->numel * sizeof(int64_t); }

int64_t *nn_index_offsets(nn_frame *f, const nn_tensor *index, int64_t size, int64_t stride) {
  int64_t *to = nn_scratch(f->ctx, offsets_bytes(index));
  if (to == NULL) return NULL;
  values v = {.from = (const int64_t *)(const void *)index->data, .to = to, .size = size, .stride = stride};
  if (!nn_contig(index)) {
    int64_t dense[NN_MAX_DIMS];
    nn_strides_contiguous(index->ndim, index->shape, dense);
    nn_block_copy(index->ndim, index->shape, NN_INT64, to, dense, NN_INT64, index->data, index->stride);
    v.from = to;
    if (nn_interrupted()) { /* what is left out must not be read */
      nn_scratch_free(f->ctx, to, offsets_bytes(index));
      return NULL;
    }
  }
  nn_parallel(index->numel, 4 * GRAIN, wrap_range, &v);
  return to;
}

void nn_index_offsets_free(nn_frame *f, int64_t *offsets, const nn_tensor *index) {
  nn_scratch_free(f->ctx, offsets, offsets_bytes(index));
}

bool nn_start_from_input(nn_frame *f) {
  nn_tensor *x = f->in[0], *y = f->out[0];
  if (y == x || y->data == x->data) return true;
  nn_block_copy(x->ndim, x->shape, (nn_dtype)y->dtype, y->data, y->stride, (nn_dtype)x->dtype, x->data,
                x->stride);
  return true;
}

nn_tensor *nn_apart(nn_frame *f, int i) {
  nn_tensor *t = f->in[i];
  if (t == NULL || t->storage != f->out[0]->storage) return t;
  nn_tensor *copy = nn_keep(f->ctx, nn_empty(f->ctx, (nn_dtype)t->dtype, t->ndim, t->shape));
  return nn_copy_data(copy, t) ? copy : NULL;
}
