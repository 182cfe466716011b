// Rows of float32 of up to GROUPED numbers for rows_loops.h, NN_SIMD_LANES rows at a time: each row is whole
// vectors and a masked last one, and the group's vectors of partial sums or maxima become one vector with a lane
// for each row.
// A row's result doesn't depend on what other rows there are. Knows no other type; AVX2 and AVX-512 only.

#if NN_ISA == 2
typedef __mmask16 some_v; // which lanes
NN_INLINE some_v some_first_v(int64_t n) { return (some_v)((1u << n) - 1); }
NN_INLINE vec_f load_some_v(some_v some, const float *x, float other) {
  return (vec_f)_mm512_mask_loadu_ps(_mm512_set1_ps(other), some, x);
}
NN_INLINE vec_f keep_some_v(some_v some, vec_f x) { return (vec_f)_mm512_maskz_mov_ps(some, (__m512)x); }
NN_INLINE void store_some_v(some_v some, float *y, vec_f x) { _mm512_mask_storeu_ps(y, some, (__m512)x); }
NN_INLINE vec_f higher_v(vec_f a, vec_f b) { return (vec_f)_mm512_max_ps((__m512)a, (__m512)b); }
// x, less `by` in lane `at` (in none if there is no such lane)
NN_INLINE vec_f less_at_v(vec_f x, int64_t at, float by) {
  const __mmask16 hit = (__mmask16)(at >= 0 && at < NN_SIMD_LANES ? 1u << at : 0u);
  return (vec_f)_mm512_mask_sub_ps((__m512)x, hit, (__m512)x, _mm512_set1_ps(by));
}
#else
typedef __m256i some_v;
NN_INLINE some_v some_first_v(int64_t n) { return first_v(n); }
NN_INLINE vec_f load_some_v(some_v some, const float *x, float other) {
  return (vec_f)_mm256_blendv_ps(_mm256_set1_ps(other), _mm256_maskload_ps(x, some), (__m256)some);
}
NN_INLINE vec_f keep_some_v(some_v some, vec_f x) { return (vec_f)_mm256_and_ps((__m256)some, (__m256)x); }
NN_INLINE void store_some_v(some_v some, float *y, vec_f x) { _mm256_maskstore_ps(y, some, (__m256)x); }
NN_INLINE vec_f higher_v(vec_f a, vec_f b) { return (vec_f)_mm256_max_ps((__m256)a, (__m256)b); }
NN_INLINE vec_f less_at_v(vec_f x, int64_t at, float by) {
  const nn_bits_v hit = (nn_bits_v){0, 1, 2, 3, 4, 5, 6, 7} == (int32_t)at;
  return (vec_f)_mm256_blendv_ps((__m256)x, (__m256)(x - by), (__m256)hit);
}
#endif

// How a row of n numbers lies in vectors: `whole` numbers in whole ones and then at least one in the last.
struct row_shape {
  int64_t n, whole;
  some_v last;
};
NN_INLINE struct row_shape row_shape_of(int64_t n) {
  const int64_t whole = (n - 1) / NN_SIMD_LANES * NN_SIMD_LANES;
  return (struct row_shape){n, whole, some_first_v(n - whole)};
}

// Lane i of the result: the sum or the maximum of v[i]'s lanes, by the same tree for each i.
#define ACROSS(name, OF)                                                                      \
  NN_INLINE vec_f name(vec_f v[NN_SIMD_LANES]) {                                              \
    _Pragma("GCC unroll 4") for (int half = NN_SIMD_LANES / 2; half > 0; half /= 2)           \
      _Pragma("GCC unroll 8") for (int i = 0; i < half; i++)                                  \
        v[i] = OF(nn_zip_low_f32(v[i], v[i + half]), nn_zip_high_f32(v[i], v[i + half]));     \
    return v[0];                                                                              \
  }
#define PLUS(a, b) ((a) + (b))
ACROSS(sums_across, PLUS)
ACROSS(highs_across, higher_v)
#undef ACROSS
#undef PLUS

// m[i] = the maximum of row i; of a row with a NaN some number, or NaN.
NN_INLINE void group_highs(int64_t count, struct row_shape s, const float *x, float *m) {
  vec_f v[NN_SIMD_LANES];
  for (int64_t i = 0; i < count; i++) {
    const float *row = x + i * s.n;
    vec_f high = load_some_v(s.last, row + s.whole, -INFINITY);
    for (int64_t j = 0; j < s.whole; j += NN_SIMD_LANES) high = higher_v(high, load_f(row + j));
    v[i] = high;
  }
  for (int64_t i = count; i < NN_SIMD_LANES; i++) v[i] = all_v(0);
  store_f(m, highs_across(v));
}

// Lane i: the sum of e^(x - m[i]) over row i, and 1 for rows that aren't there. The exponentials go to e, row after row in
// whole vectors, unless it is NULL.
NN_INLINE vec_f group_exps(int64_t count, struct row_shape s, const float *x, const float *m, vec_f *e) {
  vec_f v[NN_SIMD_LANES];
  for (int64_t i = 0; i < count; i++) {
    const float *row = x + i * s.n;
    const vec_f low = all_v(m[i]);
    vec_f sum = keep_some_v(s.last, exp_low_v(load_some_v(s.last, row + s.whole, 0) - low));
    if (e != NULL) *e++ = sum;
    for (int64_t j = 0; j < s.whole; j += NN_SIMD_LANES) {
      const vec_f p = exp_low_v(load_f(row + j) - low);
      if (e != NULL) *e++ = p;
      sum += p;
    }
    v[i] = sum;
  }
  for (int64_t i = count; i < NN_SIMD_LANES; i++) v[i] = all_v(1.0f / NN_SIMD_LANES);
  return sums_across(v);
}

// The exponentials aren't kept in y: a masked store there would hold up the next row's loads.
NN_INLINE void group_softmax(int64_t count, struct row_shape s, const float *x, float *y) {
  float m[NN_SIMD_LANES];
  vec_f room[GROUPED], *e = room;
  group_highs(count, s, x, m);
  store_f(m, 1.0f / group_exps(count, s, x, m, e));
  for (int64_t i = 0; i < count; i++) {
    float *row = y + i * s.n;
    store_some_v(s.last, row + s.whole, *e++ * m[i]);
    for (int64_t j = 0; j < s.whole; j += NN_SIMD_LANES) store_f(row + j, *e++ * m[i]);
  }
}

// log(sum) of sums of 1 at least; NaN only where the sum is, so that other rows stay on the fast way.
NN_INLINE vec_f log_sums_v(vec_f sum) { return log_v(if_less_v(all_v(0), sum, sum, all_v(1))) + (sum - sum); }

// m[i] = a maximum as of group_highs and l[i] = log(sum(e^(x - m[i]))) of row i.
NN_INLINE void group_log_sums(int64_t count, struct row_shape s, const float *x, float *m, float *l) {
  group_highs(count, s, x, m);
  const vec_f sum = group_exps(count, s, x, m, NULL);
  store_f(l, log_sums_v(sum));
}

NN_INLINE void group_log_softmax(int64_t count, struct row_shape s, const float *x, float *y) {
  float m[NN_SIMD_LANES], l[NN_SIMD_LANES];
  group_log_sums(count, s, x, m, l);
  for (int64_t i = 0; i < count; i++) {
    const float *from = x + i * s.n;
    float *to = y + i * s.n;
    for (int64_t j = 0; j < s.whole; j += NN_SIMD_LANES) store_f(to + j, (load_f(from + j) - m[i]) - l[i]);
    store_some_v(s.last, to + s.whole, (load_some_v(s.last, from + s.whole, 0) - m[i]) - l[i]);
  }
}

// total[i] = the sum of row i of g, times that of y unless y is NULL.
NN_INLINE void group_totals(int64_t count, struct row_shape s, const float *g, const float *y, float *total) {
  vec_f v[NN_SIMD_LANES];
  for (int64_t i = 0; i < count; i++) {
    const float *a = g + i * s.n, *b = y != NULL ? y + i * s.n : NULL;
    vec_f sum = load_some_v(s.last, a + s.whole, 0);
    if (b != NULL) sum *= load_some_v(s.last, b + s.whole, 0);
    for (int64_t j = 0; j < s.whole; j += NN_SIMD_LANES)
      sum = b != NULL ? fma_v(load_f(a + j), load_f(b + j), sum) : sum + load_f(a + j);
    v[i] = sum;
  }
  for (int64_t i = count; i < NN_SIMD_LANES; i++) v[i] = all_v(0);
  store_f(total, sums_across(v));
}

NN_INLINE void group_softmax_backward(int64_t count, struct row_shape s, const float *g, const float *y,
                                      float *d) {
  float dot[NN_SIMD_LANES];
  group_totals(count, s, g, y, dot);
  for (int64_t i = 0, at = 0; i < count; i++, at += s.n) {
    const int64_t end = at + s.whole;
    for (int64_t j = at; j < end; j += NN_SIMD_LANES) store_f(d + j, load_f(y + j) * (load_f(g + j) - dot[i]));
    store_some_v(s.last, d + end, load_some_v(s.last, y + end, 0) * (load_some_v(s.last, g + end, 0) - dot[i]));
  }
}

NN_INLINE void group_log_softmax_backward(int64_t count, struct row_shape s, const float *g, const float *y,
                                          float *d) {
  float sum[NN_SIMD_LANES];
  group_totals(count, s, g, NULL, sum);
  for (int64_t i = 0, at = 0; i < count; i++, at += s.n) {
    const int64_t end = at + s.whole;
    const vec_f by = all_v(-sum[i]);
    for (int64_t j = at; j < end; j += NN_SIMD_LANES) store_f(d + j, fma_v(exp_v(load_f(y + j)), by, load_f(g + j)));
    store_some_v(s.last, d + end, fma_v(exp_v(load_some_v(s.last, y + end, 0)), by, load_some_v(s.last, g + end, 0)));
  }
}

#if NN_ISA == 2
// Rows of at most FEW numbers, a row to each lane: columns are gathered and scattered, for a row would leave most of a
// vector empty. What lanes without a row hold is never stored.
enum { FEW = 8 };
struct few_rows {
  int64_t n;
  some_v rows;
  __m512i at; // where each lane's row begins
};
NN_INLINE struct few_rows few_rows_of(int64_t count, int64_t n) {
  const nn_bits_v lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return (struct few_rows){n, some_first_v(count), (__m512i)(lane * (int32_t)n)};
}
NN_INLINE vec_f column_v(struct few_rows f, const float *x) {
  return (vec_f)_mm512_mask_i32gather_ps(_mm512_setzero_ps(), f.rows, f.at, x, 4);
}
NN_INLINE void store_column_v(struct few_rows f, float *y, vec_f v) {
  _mm512_mask_i32scatter_ps(y, f.rows, f.at, (__m512)v, 4);
}
// The columns to x, e^(x - m) to e, their sums returned.
NN_INLINE vec_f few_exps(struct few_rows f, const float *from, vec_f *x, vec_f *m, vec_f *e) {
  vec_f high = x[0] = column_v(f, from), sum = {0};
  for (int64_t j = 1; j < f.n; j++) high = higher_v(high, x[j] = column_v(f, from + j));
  for (int64_t j = 0; j < f.n; j++) sum += e[j] = exp_low_v(x[j] - high);
  *m = high;
  return sum;
}

static void few_softmax(int64_t count, int64_t n, const float *x, float *y) {
  const struct few_rows f = few_rows_of(count, n);
  vec_f v[FEW], e[FEW], m;
  const vec_f scale = 1.0f / few_exps(f, x, v, &m, e);
  for (int64_t j = 0; j < n; j++) store_column_v(f, y + j, e[j] * scale);
}
static void few_log_softmax(int64_t count, int64_t n, const float *x, float *y) {
  const struct few_rows f = few_rows_of(count, n);
  vec_f v[FEW], e[FEW], m;
  const vec_f l = log_sums_v(few_exps(f, x, v, &m, e));
  for (int64_t j = 0; j < n; j++) store_column_v(f, y + j, (v[j] - m) - l);
}
static void few_log_sums(int64_t count, int64_t n, const float *x, float *m, float *l) {
  const struct few_rows f = few_rows_of(count, n);
  vec_f v[FEW], e[FEW], high;
  const vec_f sums = log_sums_v(few_exps(f, x, v, &high, e));
  store_some_v(f.rows, m, high), store_some_v(f.rows, l, sums);
}
static void few_softmax_backward(int64_t count, int64_t n, const float *g, const float *y, float *d) {
  const struct few_rows f = few_rows_of(count, n);
  vec_f u[FEW], v[FEW], dot = {0};
  for (int64_t j = 0; j < n; j++) dot = fma_v(u[j] = column_v(f, g + j), v[j] = column_v(f, y + j), dot);
  for (int64_t j = 0; j < n; j++) store_column_v(f, d + j, v[j] * (u[j] - dot));
}
static void few_log_softmax_backward(int64_t count, int64_t n, const float *g, const float *y, float *d) {
  const struct few_rows f = few_rows_of(count, n);
  vec_f u[FEW], sum = {0};
  for (int64_t j = 0; j < n; j++) sum += u[j] = column_v(f, g + j);
  for (int64_t j = 0; j < n; j++) store_column_v(f, d + j, fma_v(exp_v(column_v(f, y + j)), -sum, u[j]));
}
#define IF_FEW(name, ...) \
  if (n <= FEW) { \
    name(count, n, __VA_ARGS__); \
    continue; \
  }
#else
#define IF_FEW(name, ...)
#endif

// Each for [rows][n], 0 < n <= GROUPED: rows of one vector by loops without the whole ones.
#define BY_GROUPS(name, ...) \
  for (int64_t r = 0; r < rows; r += NN_SIMD_LANES) { \
    const int64_t count = rows - r < NN_SIMD_LANES ? rows - r : NN_SIMD_LANES, at = r * n; \
    struct row_shape s = row_shape_of(n); \
    IF_FEW(few_##name, __VA_ARGS__) \
    if (s.whole == 0) { \
      s.whole = 0; /* now known when this is compiled */ \
      group_##name(count, s, __VA_ARGS__); \
    } else { \
      group_##name(count, s, __VA_ARGS__); \
    } \
  }
static void grouped_softmax(int64_t rows, int64_t n, const float *x, float *y) {
  BY_GROUPS(softmax, x + at, y + at)
}
static void grouped_log_softmax(int64_t rows, int64_t n, const float *x, float *y) {
  BY_GROUPS(log_softmax, x + at, y + at)
}
static void grouped_softmax_backward(int64_t rows, int64_t n, const float *g, const float *y, float *d) {
  BY_GROUPS(softmax_backward, g + at, y + at, d + at)
}
static void grouped_log_softmax_backward(int64_t rows, int64_t n, const float *g, const float *y, float *d) {
  BY_GROUPS(log_softmax_backward, g + at, y + at, d + at)
}
static void grouped_log_sums(int64_t rows, int64_t n, const float *x, float *m, float *l) {
  BY_GROUPS(log_sums, x + at, m + r, l + r)
}
#undef BY_GROUPS
#undef IF_FEW

// A row of cross entropy's gradient: d = a e^(x - l) - b w, less `hit` at `t`; w NULL means ones.
static void cross_entropy_row(int64_t n, const float *x, float l, float a, float b, const float *w, int64_t t, float hit,
                              float *d) {
  const struct row_shape s = row_shape_of(n);
  for (int64_t j = 0; j < s.whole; j += NN_SIMD_LANES) {
    const vec_f p = exp_v(load_f(x + j) - l) * a;
    store_f(d + j, b == 0 ? p : p - (w != NULL ? load_f(w + j) * b : all_v(b)));
  }
  vec_f p = exp_v(load_some_v(s.last, x + s.whole, 0) - l) * a;
  if (b != 0) p -= w != NULL ? load_some_v(s.last, w + s.whole, 0) * b : all_v(b);
  store_some_v(s.last, d + s.whole, less_at_v(p, t - s.whole, hit));
  if (t < s.whole) d[t] -= hit;
}
