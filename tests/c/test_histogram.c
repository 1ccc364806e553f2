/* SPDX-License-Identifier: Apache-2.0 */
/* Distributions of which the numbers are not kept. */
#include "base/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct histogram h, other;

static void clear(void)
{
    memset(&h, 0, sizeof h);
    memset(&other, 0, sizeof other);
}

static void test_small_numbers_are_exact(void **state)
{
    (void)state;
    clear();
    for (int i = 1; i <= 100; i++)
        histogram_add(&h, i);
    assert_int_equal(histogram_quantile(&h, 0.5), 50);
    assert_int_equal(histogram_quantile(&h, 0.99), 99);
    assert_int_equal(histogram_quantile(&h, 1), 100);
    assert_int_equal(histogram_quantile(&h, 0), 1);
    assert_true(histogram_mean(&h) > 50.4 && histogram_mean(&h) < 50.6);
}

static void test_large_ones_within_a_hundredth(void **state)
{
    (void)state;
    for (uint64_t n = 100; n < UINT64_C(100000000000); n = n * 5 / 4 + 3) {
        clear();
        histogram_add(&h, (int64_t)n);
        histogram_add(&h, INT64_C(400000000000));
        uint64_t found = histogram_quantile(&h, 0.5);
        assert_true(found >= n && found <= n + n / 100);
    }
}

static void test_its_ends(void **state)
{
    (void)state;
    clear();
    assert_int_equal(histogram_quantile(&h, 0.99), 0);
    histogram_add(&h, -5);
    assert_int_equal(histogram_quantile(&h, 0.5), 0);
    histogram_add(&h, INT64_MAX);
    assert_int_equal(histogram_quantile(&h, 1), INT64_MAX);
    assert_int_equal(h.most, INT64_MAX);
}

static void test_two_are_as_one(void **state)
{
    (void)state;
    clear();
    for (int i = 0; i < 1000; i++)
        histogram_add(i % 3 == 0 ? &h : &other, i);
    histogram_merge(&h, &other);
    assert_int_equal(h.n, 1000);
    assert_int_equal(h.most, 999);
    assert_in_range(histogram_quantile(&h, 0.9), 895, 910);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_numbers_are_exact),
        cmocka_unit_test(test_large_ones_within_a_hundredth),
        cmocka_unit_test(test_its_ends),
        cmocka_unit_test(test_two_are_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
