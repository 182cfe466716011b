// Template: loops over runs of numbers that the convolution kernels share, for the type `real`.

// dst[t] = src[t] for t < len; nothing else is touched.
NN_INLINE void T(copy_run)(real *dst, const real *src, int64_t len) {
  int64_t t = 0;
  for (; t + VL <= len; t += VL) *(uvec *)(dst + t) = *(const uvec *)(src + t);
  if (t < len) T(nn_store_first)(dst + t, T(nn_load_first)(src + t, len - t), len - t);
}

// Sum of x[t] for t < len.
static __attribute__((unused)) real T(sum_run)(const real *x, int64_t len) {
  vec acc[4] = {{0}};
  int64_t t = 0;
  for (; t + 4 * VL <= len; t += 4 * VL)
    for (int i = 0; i < 4; i++) acc[i] += *(const uvec *)(x + t + i * VL);
  for (; t + VL <= len; t += VL) acc[0] += *(const uvec *)(x + t);
  acc[0] = (acc[0] + acc[1]) + (acc[2] + acc[3]);
  real sum = 0;
  for (int64_t i = 0; i < VL; i++) sum += acc[0][i];
  for (; t < len; t++) sum += x[t];
  return sum;
}

// src[0], src[2], ... to even and src[1], src[3], ... to odd, of len numbers; nothing else is touched.
static inline __attribute__((unused)) void T(part_run)(int64_t len, const real *src, real *even, real *odd) {
  for (int64_t t = 0; t < len; t += 2 * VL) {
    vec a = T(nn_load_first)(src + t, len - t), b = T(nn_load_first)(src + t + VL, len - t - VL);
    T(nn_store_first)(even + t / 2, T(nn_evens)(a, b), (len - t + 1) / 2);
    T(nn_store_first)(odd + t / 2, T(nn_odds)(a, b), (len - t) / 2);
  }
}
