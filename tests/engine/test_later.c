// Results that are put off (later.h): what a user sees in the time they take alone.
#include "context.h"
#include "later.h"

static T ones(int64_t rows, int64_t cols) {
  T t = nn_keep(ctx, nn_empty(ctx, NN_FLOAT32, 2, (const int64_t[]){rows, cols}));
  assert_non_null(t);
  for (int64_t i = 0; i < rows * cols; i++) ((float *)nn_data(t))[i] = 1;
  return t;
}

static bool waits(T t) { return t->storage->later != NULL; }

static T linear(T x, T w) {
  T y = nn_do(ctx, &nn_op_linear, v_t(x), v_t(w), (nn_value){0});
  assert_non_null(y);
  return y;
}

// What relu(h) has taken over is made again for those who ask for h. From then on h is made at once.
static void a_product_that_is_read_twice_is_made_once(void **state) {
  (void)state;
  T x = ones(256, 64), w = ones(256, 64), other = ones(256, 64);
  for (int round = 0; round < 3; round++) {
    T h = linear(x, w);
    assert_true(waits(h) == (round == 0));
    T r = nn_do(ctx, &nn_op_relu, v_t(h));
    assert_non_null(r);
    assert_true(((const float *)nn_data(r))[0] == 64);
    assert_true(waits(h) == (round == 0)); // the product went into the ReLU's result
    T sum = nn_do(ctx, &nn_op_add, v_t(h), v_t(r), v_f(1));
    assert_non_null(sum);
    assert_true(((const float *)nn_data(sum))[5] == 128);
  }
  // Another layer's product is put off as before, and so it stays where nobody asks twice.
  for (int round = 0; round < 3; round++) {
    T h = linear(x, other);
    assert_true(waits(h));
    assert_true(((const float *)nn_data(nn_do(ctx, &nn_op_relu, v_t(h))))[7] == 64);
  }
}

#define TWO(a, b) v_ints(2, ((const int64_t[]){a, b}))

static T conv(T x, T w) {
  T y = nn_do(ctx, &nn_op_convolution, v_t(x), v_t(w), (nn_value){0}, TWO(1, 1), TWO(1, 1), TWO(1, 1), v_i(1),
              TWO(16, 16));
  assert_non_null(y);
  return y;
}

static T pooled(T h) {
  T y = nn_do(ctx, &nn_op_max_pool, v_t(h), TWO(2, 2), TWO(2, 2), TWO(0, 0), TWO(1, 1), TWO(8, 8));
  assert_non_null(y);
  return y;
}

// The same of a convolution that is pooled, and goes on past the pooling as well.
static void a_convolution_that_is_read_twice_is_made_once(void **state) {
  (void)state;
  T x = nn_do(ctx, &nn_op_reshape, v_t(ones(32 * 16, 16)), v_ints(4, ((const int64_t[]){4, 8, 16, 16})));
  T w = nn_do(ctx, &nn_op_reshape, v_t(ones(16 * 8, 9)), v_ints(4, ((const int64_t[]){16, 8, 3, 3})));
  for (int round = 0; round < 3; round++) {
    T h = nn_do(ctx, &nn_op_relu, v_t(conv(x, w)));
    assert_non_null(h);
    assert_true(((const float *)nn_data(pooled(h)))[0] == 72);
    if (round == 0) assert_true(waits(h)); // the convolution went into the maxima
    assert_true(((const float *)nn_data(h))[0] == 32);
    T c = conv(x, w);
    assert_false(waits(c));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {TEST(a_product_that_is_read_twice_is_made_once),
                                    TEST(a_convolution_that_is_read_twice_is_made_once)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
