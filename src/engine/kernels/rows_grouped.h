// Rows of float32 of up to GROUPED_ALL numbers for rows_loops.h, NN_SIMD_LANES rows at a time: each row is whole
// vectors and a masked last one, and the group's vectors of partial sums or maxima become one vector with a lane
// for each row. One to three numbers beyond whole vectors don't get a vector for each row: they are columns, a lane
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

// A group's columns: where each lane's row begins, of those there are.
struct columns {
  some_v rows;
  nn_bits_v at;
};
#if NN_ISA == 2
NN_INLINE struct columns columns_of(int64_t count, int64_t n) {
  const nn_bits_v lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return (struct columns){some_first_v(count), lane * (int32_t)n};
}
NN_INLINE vec_f column_v(struct columns c, const float *x) {
  return (vec_f)_mm512_mask_i32gather_ps(_mm512_setzero_ps(), c.rows, (__m512i)c.at, x, 4);
}
NN_INLINE void store_column_v(struct columns c, float *y, vec_f v) {
  _mm512_mask_i32scatter_ps(y, c.rows, (__m512i)c.at, (__m512)v, 4);
}
#else
NN_INLINE struct columns columns_of(int64_t count, int64_t n) {
  return (struct columns){some_first_v(count), (nn_bits_v){0, 1, 2, 3, 4, 5, 6, 7} * (int32_t)n};
}
NN_INLINE vec_f column_v(struct columns c, const float *x) {
  return (vec_f)_mm256_mask_i32gather_ps(_mm256_setzero_ps(), x, (__m256i)c.at, (__m256)c.rows, 4);
}
NN_INLINE void store_column_v(struct columns c, float *y, vec_f v) {
  const nn_bits_v rows = (nn_bits_v)c.rows;
  for (int i = 0; i < NN_SIMD_LANES && rows[i] != 0; i++) y[c.at[i]] = v[i];
}
#endif

// How a row of n numbers lies in vectors: `whole` numbers in whole ones, then at least one in the last, then `beside` that
// are columns.
enum { BESIDE = 3 };
struct row_shape {
  int64_t n, whole;
  some_v last;
  int64_t beside;
};
NN_INLINE struct row_shape row_shape_of(int64_t n) {
  const int64_t whole = (n - 1) / NN_SIMD_LANES * NN_SIMD_LANES;
  return (struct row_shape){n, whole, some_first_v(n - whole), 0};
}
NN_INLINE struct row_shape group_shape_of(int64_t n) {
  const int64_t beside = n % NN_SIMD_LANES;
  if (n < NN_SIMD_LANES || beside == 0 || beside > BESIDE) return row_shape_of(n);
  struct row_shape s = row_shape_of(n - beside);
  s.n = n, s.beside = beside;
  return s;
}
// For each of the columns beside, `at` being where it begins in the group's first row.
#define EACH_BESIDE(s, at) \
  for (int64_t at = (s).n - (s).beside; at < (s).n; at++)

NN_ACROSS(highs_across, f32, higher_v)

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
  vec_f high = highs_across(v);
  const struct columns c = columns_of(count, s.n);
  EACH_BESIDE(s, at) high = higher_v(high, column_v(c, x + at));
  store_f(m, high);
}

// Lane i: the sum of e^(x - m[i]) over row i, and 1 or more for rows that aren't there. The exponentials go to e, row after
// row in whole vectors and then the columns beside, unless it is NULL.
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
  vec_f sum = nn_sums_across_f32(v);
  const struct columns c = columns_of(count, s.n);
  EACH_BESIDE(s, at) {
    const vec_f p = exp_low_v(column_v(c, x + at) - load_f(m));
    if (e != NULL) *e++ = p;
    sum += p;
  }
  return sum;
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
  const struct columns c = columns_of(count, s.n);
  EACH_BESIDE(s, at) store_column_v(c, y + at, *e++ * load_f(m));
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
  const struct columns c = columns_of(count, s.n);
  EACH_BESIDE(s, at) store_column_v(c, y + at, (column_v(c, x + at) - load_f(m)) - load_f(l));
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
  vec_f all = nn_sums_across_f32(v);
  const struct columns c = columns_of(count, s.n);
  EACH_BESIDE(s, at) {
    const vec_f a = column_v(c, g + at);
    all = y != NULL ? fma_v(a, column_v(c, y + at), all) : all + a;
  }
  store_f(total, all);
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
  const struct columns c = columns_of(count, s.n);
  EACH_BESIDE(s, at) store_column_v(c, d + at, column_v(c, y + at) * (column_v(c, g + at) - load_f(dot)));
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
  const struct columns c = columns_of(count, s.n);
  EACH_BESIDE(s, at) store_column_v(c, d + at, fma_v(exp_v(column_v(c, y + at)), -load_f(sum), column_v(c, g + at)));
}

#if NN_ISA == 2
// Rows of at most FEW numbers, a row to each lane: columns are gathered and scattered, for a row would leave most of a
// vector empty. What lanes without a row hold is never stored.
enum { FEW = 8 };
// The columns to x, e^(x - m) to e, their sums returned.
NN_INLINE vec_f few_exps(struct columns f, int64_t n, const float *from, vec_f *x, vec_f *m, vec_f *e) {
  vec_f high = x[0] = column_v(f, from), sum = {0};
  for (int64_t j = 1; j < n; j++) high = higher_v(high, x[j] = column_v(f, from + j));
  for (int64_t j = 0; j < n; j++) sum += e[j] = exp_low_v(x[j] - high);
  *m = high;
  return sum;
}

static void few_softmax(int64_t count, int64_t n, const float *x, float *y) {
  const struct columns f = columns_of(count, n);
  vec_f v[FEW], e[FEW], m;
  const vec_f scale = 1.0f / few_exps(f, n, x, v, &m, e);
  for (int64_t j = 0; j < n; j++) store_column_v(f, y + j, e[j] * scale);
}
static void few_log_softmax(int64_t count, int64_t n, const float *x, float *y) {
  const struct columns f = columns_of(count, n);
  vec_f v[FEW], e[FEW], m;
  const vec_f l = log_sums_v(few_exps(f, n, x, v, &m, e));
  for (int64_t j = 0; j < n; j++) store_column_v(f, y + j, (v[j] - m) - l);
}
static void few_log_sums(int64_t count, int64_t n, const float *x, float *m, float *l) {
  const struct columns f = columns_of(count, n);
  vec_f v[FEW], e[FEW], high;
  const vec_f sums = log_sums_v(few_exps(f, n, x, v, &high, e));
  store_some_v(f.rows, m, high), store_some_v(f.rows, l, sums);
}
static void few_softmax_backward(int64_t count, int64_t n, const float *g, const float *y, float *d) {
  const struct columns f = columns_of(count, n);
  vec_f u[FEW], v[FEW], dot = {0};
  for (int64_t j = 0; j < n; j++) dot = fma_v(u[j] = column_v(f, g + j), v[j] = column_v(f, y + j), dot);
  for (int64_t j = 0; j < n; j++) store_column_v(f, d + j, v[j] * (u[j] - dot));
}
static void few_log_softmax_backward(int64_t count, int64_t n, const float *g, const float *y, float *d) {
  const struct columns f = columns_of(count, n);
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

// Each for [rows][n], 0 < n <= GROUPED_ALL: rows of one vector by loops without the whole ones. `most`: rows at once.
#define BY_GROUPS(name, most, ...) \
  for (int64_t r = 0; r < rows; r += (most)) { \
    const int64_t count = rows - r < (most) ? rows - r : (most), at = r * n; \
    struct row_shape s = group_shape_of(n); \
    IF_FEW(few_##name, __VA_ARGS__) \
    if (s.whole == 0 && s.beside == 0) { \
      s.whole = s.beside = 0; /* now known when this is compiled */ \
      group_##name(count, s, __VA_ARGS__); \
    } else if (s.beside == 0) { \
      s.beside = 0; \
      group_##name(count, s, __VA_ARGS__); \
    } else { \
      group_##name(count, s, __VA_ARGS__); \
    } \
  }
static void grouped_softmax(int64_t rows, int64_t n, const float *x, float *y) {
  const int64_t most = n <= GROUPED ? NN_SIMD_LANES : NN_SIMD_LANES / 2;
  BY_GROUPS(softmax, most, x + at, y + at)
}
static void grouped_log_softmax(int64_t rows, int64_t n, const float *x, float *y) {
  BY_GROUPS(log_softmax, NN_SIMD_LANES, x + at, y + at)
}
static void grouped_softmax_backward(int64_t rows, int64_t n, const float *g, const float *y, float *d) {
  BY_GROUPS(softmax_backward, NN_SIMD_LANES, g + at, y + at, d + at)
}
static void grouped_log_softmax_backward(int64_t rows, int64_t n, const float *g, const float *y, float *d) {
  BY_GROUPS(log_softmax_backward, NN_SIMD_LANES, g + at, y + at, d + at)
}
static void grouped_log_sums(int64_t rows, int64_t n, const float *x, float *m, float *l) {
  BY_GROUPS(log_sums, NN_SIMD_LANES, x + at, m + r, l + r)
}
#undef BY_GROUPS
#undef IF_FEW

// A row of cross entropy's gradient without the columns beside: d = a e^(x - l) - b w, less `hit` at `t`; w NULL means ones.
NN_INLINE void cross_entropy_row(struct row_shape s, const float *x, float l, float a, float b, const float *w, int64_t t,
                                 float hit, float *d) {
  for (int64_t j = 0; j < s.whole; j += NN_SIMD_LANES) {
    const vec_f p = exp_v(load_f(x + j) - l) * a;
    store_f(d + j, b == 0 ? p : p - (w != NULL ? load_f(w + j) * b : all_v(b)));
  }
  vec_f p = exp_v(load_some_v(s.last, x + s.whole, 0) - l) * a;
  if (b != 0) p -= w != NULL ? load_some_v(s.last, w + s.whole, 0) * b : all_v(b);
  store_some_v(s.last, d + s.whole, less_at_v(p, t - s.whole, hit));
  if (t >= 0 && t < s.whole) d[t] -= hit;
}

// What a group's rows have of their own; t < 0: the row is ignored.
struct cross_entropy_group {
  float l[NN_SIMD_LANES], a[NN_SIMD_LANES], b[NN_SIMD_LANES], hit[NN_SIMD_LANES];
  int32_t t[NN_SIMD_LANES];
};

static void group_cross_entropy(int64_t count, struct row_shape s, const struct cross_entropy_group *o, const float *x,
                                const float *w, float *d) {
  for (int64_t i = 0; i < count; i++)
    cross_entropy_row(s, x + i * s.n, o->l[i], o->a[i], o->b[i], w, o->t[i], o->hit[i], d + i * s.n);
  const struct columns c = columns_of(count, s.n);
  nn_bits_v t;
  memcpy(&t, o->t, sizeof t);
  EACH_BESIDE(s, at) {
    vec_f p = exp_v(column_v(c, x + at) - load_f(o->l)) * load_f(o->a);
    p -= load_f(o->b) * (w != NULL ? w[at] : 1);
    p -= (vec_f)((nn_bits_v)load_f(o->hit) & (t == (int32_t)at));
    store_column_v(c, d + at, p);
  }
  for (int64_t i = 0; i < count; i++)
    if (o->t[i] < 0) memset(d + i * s.n, 0, (size_t)s.n * sizeof *d);
}
