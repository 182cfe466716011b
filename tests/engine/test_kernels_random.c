// The random kernels against Philox4x32-10 as its authors write it down, for the instruction set that NNLUA_ISA
// chooses.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "kernels/random.h"

static const struct nn_random_kernels *kernels;

static void naive(uint64_t seed, uint64_t block, uint32_t out[4]) {
  uint32_t c[4] = {(uint32_t)block, (uint32_t)(block >> 32), 0, 0}, k[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  for (int round = 0; round < 10; round++) {
    const uint64_t p0 = 0xD2511F53u * (uint64_t)c[0], p1 = 0xCD9E8D57u * (uint64_t)c[2];
    const uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ k[0], (uint32_t)p1, (uint32_t)(p0 >> 32) ^ c[3] ^ k[1], (uint32_t)p0};
    for (int i = 0; i < 4; i++) c[i] = next[i];
    k[0] += 0x9E3779B9u;
    k[1] += 0xBB67AE85u;
  }
  for (int i = 0; i < 4; i++) out[i] = c[i];
}

// The first vector of the authors' known answers: all of counter and key zero.
static void test_known_answer(void **state) {
  (void)state;
  static const uint32_t known[4] = {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u};
  uint32_t out[4];
  kernels->philox(0, 0, 1, out);
  for (int i = 0; i < 4; i++) assert_int_equal(out[i], known[i]);
}

static void test_philox(void **state) {
  (void)state;
  static const uint64_t seeds[] = {0, 1, 0xffffffffu, 0x123456789abcdef0u, UINT64_MAX};
  static const uint64_t starts[] = {0, 7, 0xfffffff0u, 0xffffffffffu, UINT64_MAX - 20};
  for (int s = 0; s < 5; s++)
    for (int b = 0; b < 5; b++)
      for (int64_t blocks = 1; blocks <= 130; blocks += blocks < 70 ? 1 : 20) {
        uint32_t *out = test_malloc((size_t)blocks * 4 * sizeof *out), four[4];
        kernels->philox(seeds[s], starts[b], blocks, out);
        for (int64_t i = 0; i < blocks; i++) {
          naive(seeds[s], starts[b] + (uint64_t)i, four);
          for (int k = 0; k < 4; k++) assert_int_equal(out[4 * i + k], four[k]);
        }
        test_free(out);
      }
}

enum { N = 333 };
static uint32_t bits[N + 3];

static void test_chances(void **state) {
  (void)state;
  static const uint32_t limits[] = {0, 1, 0x80000000u, 0xffffffffu};
  float x[N], y[N], z[N];
  for (int i = 0; i < N; i++) x[i] = (float)(i - 100) * 0.37f;
  x[5] = NAN;
  bits[0] = 0, bits[1] = UINT32_MAX, bits[2] = 0x80000000u;
  for (int l = 0; l < 4; l++) {
    kernels->chance_f32(N, bits, limits[l], 1.25f, y);
    kernels->drop_f32(N, bits, limits[l], 1.25f, x, z);
    for (int i = 0; i < N; i++) {
      const float factor = bits[i] < limits[l] ? 1.25f : 0, product = x[i] * factor;
      assert_true(y[i] == factor);
      assert_true(z[i] == product || (product != product && z[i] != z[i]));
    }
  }
}

static void test_uniform(void **state) {
  (void)state;
  float y[N];
  kernels->uniform_f32(N, bits, y);
  for (int i = 0; i < N; i++) assert_true(y[i] == (float)ldexp(bits[i] >> 8, -24));
}

static void test_normal(void **state) {
  (void)state;
  enum { PAIRS = N / 2 };
  float y[2 * PAIRS];
  bits[0] = UINT32_MAX, bits[1] = 0; // the largest radius, and none
  kernels->normal_f32(PAIRS, bits, y);
  for (int i = 0; i < PAIRS; i++) {
    const double u = ldexp(bits[i] >> 8, -24), v = ldexp(bits[PAIRS + i] >> 8, -24);
    const double radius = sqrt(-2 * log(1 - u)), angle = 6.283185307179586 * v;
    assert_true(fabs(y[i] - radius * cos(angle)) < 3e-6);
    assert_true(fabs(y[PAIRS + i] - radius * sin(angle)) < 3e-6);
  }
}

int main(void) {
  kernels = NN_SELECT(nn_random_table);
  printf("kernels: %s\n", nn_cpu_isa_name());
  for (int i = 0; i < N; i += 4) naive(42, (uint64_t)i, bits + i);
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_answer), cmocka_unit_test(test_philox),
                                     cmocka_unit_test(test_chances), cmocka_unit_test(test_uniform),
                                     cmocka_unit_test(test_normal)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
