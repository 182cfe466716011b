/* blocks.c - copies and fills of strided blocks of memory, with conversion between element types.
 * A copy is first brought to few dimensions (neighbours that lie evenly in both blocks are joined), then done
 * in runs along the innermost one, or in tiles where the two blocks run along different dimensions. */
#include "blocks.h"

#include <string.h>

#include "interrupt.h"
#include "kernels/vmath.h"
#include "parallel.h"

enum {
  MOST = 2 * NN_MAX_DIMS, /* dims of a block: repeats make more than a tensor has */
  CHUNK = 4096,           /* elements of a run that are done at once */
  GRAIN = 16384,          /* elements that are worth a thread */
  FEW = 8,                /* elements of a run that is not worth a call */
  TILE = 64,              /* side of a tile of a transposing copy */
  CONVERT = 256,          /* elements converted at once when they are not neighbours */
  LONGEST = 1 << 20       /* elements between two looks at the interrupt flag */
};

typedef struct job {
  int ndim;                          /* dims outside the run or tile */
  int64_t n[MOST], d[MOST], s[MOST]; /* sizes; strides in bytes */
  char *dst;
  const char *src;
  int64_t run, d_run, s_run;    /* innermost dim */
  int64_t rows, d_rows, s_rows; /* second dim of a tile, or elements of a short run; else 0 */
  int64_t pieces, row_pieces;   /* how many chunks a run has, tiles a column */
  size_t elem;                  /* bytes of a destination element */
  nn_dtype to, from;
  const struct nn_vmath_kernels *k;
} job;

static int64_t magnitude(int64_t x) { return x < 0 ? -x : x; }

static bool before(const job *j, int a, int b) {
  int64_t da = magnitude(j->d[a]), db = magnitude(j->d[b]);
  return da != db ? da > db : magnitude(j->s[a]) > magnitude(j->s[b]);
}

static void swap_dims(job *j, int a, int b) {
  int64_t n = j->n[a], d = j->d[a], s = j->s[a];
  j->n[a] = j->n[b], j->d[a] = j->d[b], j->s[a] = j->s[b];
  j->n[b] = n, j->d[b] = d, j->s[b] = s;
}

/* Sorts by the destination's strides and joins neighbours. False when there is nothing to do. */
static bool simplify(job *j, int ndim, const int64_t *shape, const int64_t *d, int64_t d_elem,
                     const int64_t *s, int64_t s_elem) {
  j->ndim = 0;
  for (int i = 0; i < ndim; i++) {
    if (shape[i] == 0) return false;
    if (shape[i] == 1) continue;
    int k = j->ndim++;
    j->n[k] = shape[i], j->d[k] = d[i] * d_elem, j->s[k] = s[i] * s_elem;
    for (; k > 0 && before(j, k, k - 1); k--) swap_dims(j, k, k - 1);
  }
  int m = 0;
  for (int i = 1; i < j->ndim; i++) {
    if (j->d[m] == j->d[i] * j->n[i] && j->s[m] == j->s[i] * j->n[i]) {
      j->n[m] *= j->n[i], j->d[m] = j->d[i], j->s[m] = j->s[i];
    } else {
      m++;
      j->n[m] = j->n[i], j->d[m] = j->d[i], j->s[m] = j->s[i];
    }
  }
  if (j->ndim > 0) j->ndim = m + 1;
  return true;
}

/* ---- walking over the outer dims -------------------------------------------------------------------- */

typedef struct cursor {
  int64_t at[MOST];
  int64_t d, s;
} cursor;

static void cursor_set(const job *j, cursor *c, int64_t index) {
  c->d = c->s = 0;
  for (int i = j->ndim - 1; i >= 0; i--) {
    c->at[i] = index % j->n[i];
    index /= j->n[i];
    c->d += c->at[i] * j->d[i];
    c->s += c->at[i] * j->s[i];
  }
}

static inline void cursor_next(const job *j, cursor *c) {
  for (int i = j->ndim - 1; i >= 0; i--) {
    c->d += j->d[i];
    c->s += j->s[i];
    if (++c->at[i] < j->n[i]) return;
    c->d -= j->d[i] * j->n[i];
    c->s -= j->s[i] * j->n[i];
    c->at[i] = 0;
  }
}

static int64_t outer_count(const job *j) {
  int64_t count = 1;
  for (int i = 0; i < j->ndim; i++) count *= j->n[i];
  return count;
}

/* ---- runs ------------------------------------------------------------------------------------------- */

static void move_one(char *d, const char *s, size_t elem) {
  if (elem == 8)
    memcpy(d, s, 8);
  else if (elem == 4)
    memcpy(d, s, 4);
  else
    memcpy(d, s, 1);
}

/* n elements in reverse: s is the last of them. */
#define REVERSED(type) \
  for (int64_t i = 0; i < n; i++) ((type *)(void *)d)[i] = ((const type *)(const void *)s)[-i]
static void reverse_run(char *d, const char *s, int64_t n, size_t elem) {
  if (elem == 4)
    REVERSED(uint32_t);
  else if (elem == 8)
    REVERSED(uint64_t);
  else
    REVERSED(uint8_t);
}

/* n elements of one type. */
static void move_run(const job *j, char *d, const char *s, int64_t n) {
  int64_t e = (int64_t)j->elem;
  if (j->d_run == e) {
    if (j->s_run == e)
      memcpy(d, s, (size_t)(n * e));
    else if (j->s_run == 0)
      j->k->fill(n, s, d, j->elem);
    else if (j->s_run == -e)
      reverse_run(d, s, n, j->elem);
    else
      j->k->gather_strided(n, s, j->s_run, d, j->elem);
  } else if (j->s_run == e) {
    j->k->scatter_strided(n, s, d, j->d_run, j->elem);
  } else {
    for (int64_t i = 0; i < n; i++) move_one(d + i * j->d_run, s + i * j->s_run, j->elem);
  }
}

/* n elements that change their type, by way of buffers where they are not neighbours. */
static void convert_run(const job *j, char *d, const char *s, int64_t n) {
  char in[CONVERT * 8], out[CONVERT * 8];
  size_t e = nn_dtype_size(j->from);
  nn_convert_fn *convert = j->k->convert[j->from][j->to];
  bool s_near = j->s_run == (int64_t)e, d_near = j->d_run == (int64_t)j->elem;
  if (s_near && d_near) {
    convert(n, s, d);
    return;
  }
  for (int64_t i = 0; i < n; i += CONVERT) {
    int64_t m = n - i < CONVERT ? n - i : CONVERT;
    const char *from = s + i * j->s_run;
    char *to = d + i * j->d_run;
    if (!s_near) {
      for (int64_t k = 0; k < m; k++) move_one(in + k * (int64_t)e, from + k * j->s_run, e);
      from = in;
    }
    convert(m, from, d_near ? to : out);
    if (!d_near) j->k->scatter_strided(m, out, to, j->d_run, j->elem);
  }
}

/* ---- short runs ------------------------------------------------------------------------------------- */

/* Rows of a few elements each, as many as `run` says: d_run and s_run are the ways between rows, d_rows and s_rows those
 * between the `rows` elements of one. */
#define SHORT_OF(type, width) \
  for (int64_t i = 0; i < n; i++, d += dr, s += sr) \
    for (int64_t e = 0; e < (width); e++) *(type *)(void *)(d + e * de) = *(const type *)(const void *)(s + e * se)
#define SHORT(type) \
  switch (j->rows) { \
  case 2: SHORT_OF(type, 2); break; \
  case 3: SHORT_OF(type, 3); break; \
  case 4: SHORT_OF(type, 4); break; \
  default: SHORT_OF(type, j->rows); break; \
  }
static void move_short(const job *j, char *d, const char *s, int64_t n) {
  const int64_t dr = j->d_run, sr = j->s_run, de = j->d_rows, se = j->s_rows;
  if (j->elem == 4)
    SHORT(uint32_t)
  else if (j->elem == 8)
    SHORT(uint64_t)
  else
    SHORT(uint8_t)
}

static void run_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const job *j = arg;
  cursor c;
  cursor_set(j, &c, begin / j->pieces);
  int64_t piece = begin % j->pieces, since = 0;
  for (int64_t i = begin; i < end; i++) {
    int64_t at = piece * CHUNK;
    int64_t n = j->pieces == 1 ? j->run : (j->run - at < CHUNK ? j->run - at : CHUNK);
    char *d = j->dst + c.d + at * j->d_run;
    const char *s = j->src + c.s + at * j->s_run;
    if (j->rows > 0)
      move_short(j, d, s, n);
    else if (j->to == j->from)
      move_run(j, d, s, n);
    else
      convert_run(j, d, s, n);
    since += j->rows > 0 ? n * j->rows : n;
    if (since > LONGEST) {
      if (nn_interrupted()) return;
      since = 0;
    }
    if (++piece == j->pieces) {
      piece = 0;
      cursor_next(j, &c);
    }
  }
}

static void copy_runs(job *j) {
  j->pieces = j->run > 2 * CHUNK ? (j->run + CHUNK - 1) / CHUNK : 1;
  int64_t items = outer_count(j) * j->pieces;
  int64_t each = j->pieces > 1 ? CHUNK : j->run;
  nn_parallel(items, 1 + GRAIN / each, run_range, j);
}

/* When the innermost dim has few elements and the one around it has many: makes that one the run. */
static bool take_short(job *j) {
  int last = j->ndim - 1;
  if (j->ndim < 2 || j->to != j->from || j->n[last] > FEW || j->n[last - 1] <= j->n[last]) return false;
  j->rows = j->n[last], j->d_rows = j->d[last], j->s_rows = j->s[last];
  j->run = j->n[last - 1], j->d_run = j->d[last - 1], j->s_run = j->s[last - 1];
  j->ndim -= 2;
  j->pieces = (j->run + CHUNK - 1) / CHUNK;
  return true;
}

/* ---- tiles ------------------------------------------------------------------------------------------ */

/* The source runs along rows, the destination along cols. Elements that change their type are turned first.
 */
static void move_tile(const job *j, char *d, const char *s, int64_t rows, int64_t cols) {
  if (j->to == j->from) {
    j->k->transpose(cols, rows, s, j->s_run, d, j->d_rows, j->elem);
    return;
  }
  _Alignas(64) char turned[TILE * TILE * 8];
  int64_t e = (int64_t)nn_dtype_size(j->from);
  j->k->transpose(cols, rows, s, j->s_run, turned, cols * e, (size_t)e);
  for (int64_t r = 0; r < rows; r++)
    j->k->convert[j->from][j->to](cols, turned + r * cols * e, d + r * j->d_rows);
}

static void tile_range(void *arg, int64_t begin, int64_t end, int thread) {
  (void)thread;
  const job *j = arg;
  cursor c;
  int64_t tiles = j->pieces * j->row_pieces;
  cursor_set(j, &c, begin / tiles);
  int64_t tile = begin % tiles;
  for (int64_t i = begin; i < end; i++) {
    int64_t row = tile / j->pieces * TILE, col = tile % j->pieces * TILE;
    int64_t rows = j->rows - row < TILE ? j->rows - row : TILE;
    int64_t cols = j->run - col < TILE ? j->run - col : TILE;
    move_tile(j, j->dst + c.d + row * j->d_rows + col * j->d_run,
              j->src + c.s + row * j->s_rows + col * j->s_run, rows, cols);
    if (i % 256 == 255 && nn_interrupted()) return;
    if (++tile == tiles) {
      tile = 0;
      cursor_next(j, &c);
    }
  }
}

/* When another dim than the last is the one that the source runs along: makes it the tile's second. */
static bool take_tile(job *j) {
  int64_t e = (int64_t)nn_dtype_size(j->from);
  int last = j->ndim - 1;
  if (j->ndim < 2 || j->d[last] != (int64_t)j->elem || j->s[last] == e || j->s[last] <= 0 || j->n[last] < 4)
    return false;
  for (int i = 0; i < last; i++)
    if (j->s[i] == e && j->d[i] > 0 && j->n[i] >= 4) {
      j->rows = j->n[i], j->d_rows = j->d[i], j->s_rows = j->s[i];
      for (int m = i; m < last; m++) swap_dims(j, m, m + 1); /* now i is the last, the run before it */
      j->run = j->n[last - 1], j->d_run = j->d[last - 1], j->s_run = j->s[last - 1];
      j->ndim -= 2;
      return true;
    }
  return false;
}

void nn_block_copy(int ndim, const int64_t *shape, nn_dtype to, void *dst, const int64_t *dst_stride,
                   nn_dtype from, const void *src, const int64_t *src_stride) {
  job j = {
      .dst = dst, .src = src, .elem = nn_dtype_size(to), .to = to, .from = from, .k = NN_SELECT(nn_vmath)};
  if (!simplify(&j, ndim, shape, dst_stride, (int64_t)j.elem, src_stride, (int64_t)nn_dtype_size(from)))
    return;
  if (take_tile(&j)) {
    j.pieces = (j.run + TILE - 1) / TILE;
    j.row_pieces = (j.rows + TILE - 1) / TILE;
    int64_t area = (j.run < TILE ? j.run : TILE) * (j.rows < TILE ? j.rows : TILE);
    nn_parallel(outer_count(&j) * j.pieces * j.row_pieces, 1 + GRAIN / area, tile_range, &j);
    return;
  }
  if (take_short(&j)) {
    nn_parallel(outer_count(&j) * j.pieces, 1 + GRAIN / ((j.run < CHUNK ? j.run : CHUNK) * j.rows), run_range, &j);
    return;
  }
  if (j.ndim == 0) {
    j.run = 1, j.d_run = (int64_t)j.elem, j.s_run = (int64_t)nn_dtype_size(from);
  } else {
    int last = --j.ndim;
    j.run = j.n[last], j.d_run = j.d[last], j.s_run = j.s[last];
  }
  copy_runs(&j);
}

void nn_block_fill(int ndim, const int64_t *shape, nn_dtype dtype, void *dst, const int64_t *dst_stride,
                   const void *value) {
  int64_t zero[NN_MAX_DIMS] = {0};
  nn_block_copy(ndim, shape, dtype, dst, dst_stride, dtype, value, zero);
}

void nn_fill_run(int64_t n, size_t elem, void *dst, const void *value) {
  int64_t one = 1;
  nn_dtype dtype = elem == 8 ? NN_FLOAT64 : (elem == 4 ? NN_FLOAT32 : NN_UINT8);
  nn_block_fill(1, &n, dtype, dst, &one, value);
}

void nn_element(nn_dtype dtype, double value, void *element) {
  NN_SELECT(nn_vmath)->convert[NN_FLOAT64][dtype](1, &value, element);
}

void nn_element_int(nn_dtype dtype, int64_t value, void *element) {
  NN_SELECT(nn_vmath)->convert[NN_INT64][dtype](1, &value, element);
}
