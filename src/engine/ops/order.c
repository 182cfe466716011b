/* order.c - keys of elements, their stable sort (by insertion, merging or digits, as their number has it) and
 * selection. Knows nothing of tensors. */
#include "order.h"

#include <string.h>

#include "interrupt.h"

/* ---- keys ------------------------------------------------------------------------------------------- */

/* The bits of IEEE numbers are in order but for the sign: negative ones are turned round. Adding 0 makes -0
 * to 0. */
static inline uint64_t key_f32(float x) {
  uint32_t b;
  x += 0.0f;
  if (x != x) return UINT32_MAX;
  memcpy(&b, &x, sizeof b);
  return b >> 31 ? (uint32_t)~b : b | UINT32_C(1) << 31;
}

static inline uint64_t key_f64(double x) {
  uint64_t b;
  x += 0.0;
  if (x != x) return UINT64_MAX;
  memcpy(&b, &x, sizeof b);
  return b >> 63 ? ~b : b | UINT64_C(1) << 63;
}

static inline uint64_t key_i64(int64_t x) { return (uint64_t)x ^ UINT64_C(1) << 63; }
static inline uint64_t key_u8(uint8_t x) { return x; }

#define LOAD(type, key_of)                                                                                   \
  for (int64_t i = 0; i < n && !nn_interrupted_at(i); i++) to[i] = (nn_key) {                                 \
      key_of(((const type *)x)[i * stride]) ^ turn, i                                                        \
    }

void nn_keys_load(nn_dtype dtype, const void *x, int64_t n, int64_t stride, bool descending, nn_key *to) {
  uint64_t turn = descending ? UINT64_MAX : 0;
  if (dtype == NN_FLOAT32)
    LOAD(float, key_f32);
  else if (dtype == NN_FLOAT64)
    LOAD(double, key_f64);
  else if (dtype == NN_INT64)
    LOAD(int64_t, key_i64);
  else
    LOAD(uint8_t, key_u8);
}

/* ---- sort ------------------------------------------------------------------------------------------- */

enum { RUN = 16, MERGED = 1024, DIGITS = 256, LOOK = 1 << 16 /* keys between two looks at the interrupt flag */ };

static void insertion(nn_key *k, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    nn_key x = k[i];
    int64_t j = i;
    for (; j > 0 && k[j - 1].key > x.key; j--) k[j] = k[j - 1];
    k[j] = x;
  }
}

static void merge(const nn_key *a, int64_t na, const nn_key *b, int64_t nb, nn_key *to) {
  const nn_key *a_end = a + na, *b_end = b + nb;
  while (a < a_end && b < b_end) *to++ = b->key < a->key ? *b++ : *a++;
  while (a < a_end) *to++ = *a++;
  while (b < b_end) *to++ = *b++;
}

static void merge_sort(nn_key *k, nn_key *spare, int64_t n) {
  nn_key *from = k, *to = spare;
  for (int64_t i = 0; i < n; i += RUN) insertion(k + i, n - i < RUN ? n - i : RUN);
  for (int64_t width = RUN; width < n; width *= 2) {
    for (int64_t i = 0; i < n; i += 2 * width) {
      int64_t na = n - i < width ? n - i : width, nb = n - i - na < width ? n - i - na : width;
      merge(from + i, na, from + i + na, nb, to + i);
    }
    nn_key *t = from;
    from = to, to = t;
  }
  if (from != k) memcpy(k, from, (size_t)n * sizeof *k);
}

/* Calls body for i from 0 to n - 1 and looks at the interrupt flag now and then: then the function returns. */
#define EACH_OR_RETURN(n, body)                                                                              \
  for (int64_t begin = 0; begin < (n); begin += LOOK) {                                                      \
    int64_t end = (n) - begin < LOOK ? (n) : begin + LOOK;                                                   \
    if (nn_interrupted()) return;                                                                            \
    for (int64_t i = begin; i < end; i++) body                                                               \
  }

/* By one byte of the key after the other from the lowest; a byte that is the same in all is left out. What an interrupt
 * leaves is in no order. */
static void digit_sort(nn_key *k, nn_key *spare, int64_t n) {
  int64_t count[8][DIGITS];
  nn_key *from = k, *to = spare;
  memset(count, 0, sizeof count);
  EACH_OR_RETURN(n, {
    for (int d = 0; d < 8; d++) count[d][k[i].key >> (8 * d) & 255]++;
  })
  for (int d = 0; d < 8; d++) {
    int64_t *c = count[d], sum = 0;
    if (c[k[0].key >> (8 * d) & 255] == n) continue;
    for (int v = 0; v < DIGITS; v++) {
      int64_t here = c[v];
      c[v] = sum;
      sum += here;
    }
    EACH_OR_RETURN(n, { to[c[from[i].key >> (8 * d) & 255]++] = from[i]; })
    nn_key *t = from;
    from = to, to = t;
  }
  if (from != k) nn_copy_bytes(k, from, (size_t)n * sizeof *k);
}

void nn_keys_sort(nn_key *k, nn_key *spare, int64_t n) {
  if (n <= RUN)
    insertion(k, n);
  else
    (n < MERGED ? merge_sort : digit_sort)(k, spare, n);
}

/* ---- selection -------------------------------------------------------------------------------------- */

static inline bool before(nn_key a, nn_key b) { return a.key < b.key || (a.key == b.key && a.at < b.at); }

static inline void swap(nn_key *a, nn_key *b) {
  nn_key t = *a;
  *a = *b;
  *b = t;
}

/* The first key from i on that is not before the pivot, which stands somewhere behind; wherever it is when an interrupt
 * is pending. */
static inline int64_t skip_up(const nn_key *k, int64_t i, nn_key pivot) {
  for (int64_t seen = 1; before(k[i], pivot) && !nn_interrupted_at(seen); seen++) i++;
  return i;
}

static inline int64_t skip_down(const nn_key *k, int64_t j, nn_key pivot) {
  for (int64_t seen = 1; before(pivot, k[j]) && !nn_interrupted_at(seen); seen++) j--;
  return j;
}

/* Hoare 1961, with a pivot from a fixed sequence that looks random, so that no order of the elements is a
 * slow one. */
void nn_keys_select(nn_key *k, int64_t n, int64_t rank) {
  int64_t low = 0, high = n - 1;
  uint64_t state = UINT64_C(0x9E3779B97F4A7C15);
  while (low < high && !nn_interrupted()) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    nn_key pivot = k[low + (int64_t)((state >> 33) % (uint64_t)(high - low + 1))];
    int64_t i = low, j = high;
    while (i <= j) {
      i = skip_up(k, i, pivot);
      j = skip_down(k, j, pivot);
      if (nn_interrupted()) return; /* they may stand where no swap belongs */
      if (i <= j) swap(&k[i++], &k[j--]);
    }
    if (rank <= j)
      high = j;
    else if (rank >= i)
      low = i;
    else
      return;
  }
}

/* ---- lanes ------------------------------------------------------------------------------------------ */

nn_lanes nn_lanes_of(int ndim, const int64_t *shape, int dim) {
  int64_t outer = 1, inner = 1;
  for (int d = 0; d < dim; d++) outer *= shape[d];
  for (int d = dim + 1; d < ndim; d++) inner *= shape[d];
  return (nn_lanes){outer * inner, ndim > 0 ? shape[dim] : 1, inner};
}

/* ---- one number of many ------------------------------------------------------------------------------ */

static float number_of_key(uint32_t key) {
  const uint32_t b = key >> 31 ? key ^ UINT32_C(1) << 31 : ~key;
  float x;
  memcpy(&x, &b, sizeof x);
  return x;
}

/* How many keys have each digit (of BITS bits) is counted, then only those with the digit in question are kept. The first
 * count goes over the numbers themselves. */
void nn_select_f32(const float *x, int64_t n, int64_t rank, uint32_t *spare, float *value) {
  enum { BITS = 11, MANY = 1 << BITS };
  uint32_t digit = 0;
  for (int shift = 32 - BITS; n > 1; shift = shift > BITS ? shift - BITS : 0) {
    int64_t count[MANY] = {0}, kept = 0;
    for (int64_t i = 0; i < n && !nn_interrupted_at(i); i++)
      count[((x != NULL ? (uint32_t)key_f32(x[i]) : spare[i]) >> shift) & (MANY - 1)]++;
    for (digit = 0; digit + 1 < MANY && rank >= count[digit]; digit++) rank -= count[digit];
    for (int64_t i = 0; i < n && !nn_interrupted_at(i); i++) {
      const uint32_t key = x != NULL ? (uint32_t)key_f32(x[i]) : spare[i];
      spare[kept] = key;
      kept += (key >> shift & (MANY - 1)) == digit;
    }
    x = NULL;
    n = kept;
    if (shift == 0) break;
  }
  if (x != NULL)
    *value = x[0];
  else
    *value = number_of_key(spare[0]);
}
