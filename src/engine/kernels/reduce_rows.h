// Sums and extremes of short rows of float32 for reduce.c, a vector's lanes of rows at a time: each row becomes a vector
// of partial results, and those of all rows one vector with a lane for each. A row's result doesn't depend on what other
// rows there are. Knows no other type; AVX2 and AVX-512 only.

// Sums of shorter rows are better columns of a transposed block.
enum { LANES_F = (int)(sizeof(vec_f) / sizeof(float)), SUMS_FROM = LANES_F + LANES_F / 4 };

#define HIGH(a, b) OF_TWO(max, f, a, b)
#define LOW(a, b)  OF_TWO(min, f, a, b)
NN_ACROSS(across_max, f32, HIGH)
NN_ACROSS(across_min, f32, LOW)

// Chains of at most 16 additions: n <= 64 * LANES_F.
#define ROWS_SUM(name, TERM)                                                                                 \
  static void rows_##name(int64_t rows, int64_t n, const void *vx, int64_t stride, void *vy) {               \
    for (int64_t r = 0; r < rows; r += LANES_F) {                                                            \
      const int64_t count = rows - r < LANES_F ? rows - r : LANES_F;                                         \
      const float *row = (const float *)vx + r * stride;                                                     \
      vec_f v[LANES_F] = {{0}};                                                                              \
      for (int64_t i = 0; i < count; i++, row += stride) {                                                   \
        vec_f s = {0}, t = {0}, u = {0}, w = {0};                                                            \
        int64_t j = 0;                                                                                       \
        for (; j + 4 * LANES_F <= n; j += 4 * LANES_F) {                                                     \
          const vec_f a = load_f(row + j), b = load_f(row + j + LANES_F);                                    \
          const vec_f c = load_f(row + j + 2 * LANES_F), d = load_f(row + j + 3 * LANES_F);                  \
          s += TERM(a), t += TERM(b), u += TERM(c), w += TERM(d);                                            \
        }                                                                                                    \
        for (; j + 2 * LANES_F <= n; j += 2 * LANES_F) {                                                     \
          const vec_f a = load_f(row + j), b = load_f(row + j + LANES_F);                                    \
          s += TERM(a), t += TERM(b);                                                                        \
        }                                                                                                    \
        if (j + LANES_F <= n) {                                                                              \
          const vec_f a = load_f(row + j);                                                                   \
          s += TERM(a), j += LANES_F;                                                                        \
        }                                                                                                    \
        if (j < n) {                                                                                         \
          const vec_f b = nn_load_first_f32(row + j, n - j);                                                 \
          t += TERM(b);                                                                                      \
        }                                                                                                    \
        v[i] = (s + t) + (u + w);                                                                            \
      }                                                                                                      \
      nn_store_first_f32((float *)vy + r, nn_sums_across_f32(v), count);                                             \
    }                                                                                                        \
  }
#define ITSELF(v) (v)
#define SQUARE(v) ((v) * (v))
ROWS_SUM(sum, ITSELF)
ROWS_SUM(square, SQUARE)
ROWS_SUM(abs, vabs_f)

// n >= LANES_F; the last vector may share numbers with the one before.
#define ROWS_EXTREME(name)                                                                                   \
  static void rows_##name(int64_t rows, int64_t n, const void *vx, int64_t stride, void *vy) {               \
    for (int64_t r = 0; r < rows; r += LANES_F) {                                                            \
      const int64_t count = rows - r < LANES_F ? rows - r : LANES_F;                                         \
      const float *row = (const float *)vx + r * stride;                                                     \
      vec_f v[LANES_F] = {{0}};                                                                              \
      unsigned nan = 0;                                                                                      \
      for (int64_t i = 0; i < count; i++, row += stride) {                                                   \
        vec_f a = load_f(row), b = load_f(row + n - LANES_F);                                                \
        unsigned here = NAN_MASK(f, a, b);                                                                   \
        for (int64_t j = LANES_F; j + LANES_F < n; j += 2 * LANES_F) {                                       \
          const int64_t k = j + 2 * LANES_F <= n ? j + LANES_F : n - LANES_F;                                \
          const vec_f c = load_f(row + j), d = load_f(row + k);                                              \
          a = OF_TWO(name, f, a, c), b = OF_TWO(name, f, b, d);                                              \
          here |= NAN_MASK(f, c, d);                                                                         \
        }                                                                                                    \
        v[i] = OF_TWO(name, f, a, b);                                                                        \
        nan |= (here != 0 ? 1u : 0u) << i;                                                                   \
      }                                                                                                      \
      float *y = (float *)vy + r;                                                                            \
      nn_store_first_f32(y, across_##name(v), count);                                                        \
      for (; nan != 0; nan &= nan - 1) y[__builtin_ctz(nan)] = NAN;                                          \
    }                                                                                                        \
  }
ROWS_EXTREME(max)
ROWS_EXTREME(min)
