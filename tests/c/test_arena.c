/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is given back all at once. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* What is free at the end of older chunks is not used. */
static void test_used_is_what_pieces_take(void **state)
{
    struct arena a;
    (void)state;
    arena_open(&a, NULL, 0, 1 << 20);
    assert_int_equal(arena_used(&a), 0);
    assert_non_null(arena_alloc(&a, 100));
    assert_int_equal(arena_used(&a), 104);
    assert_non_null(arena_alloc(&a, 5000));
    assert_non_null(arena_alloc(&a, 8000));
    assert_int_equal(arena_used(&a), 13104);
    assert_true(a.taken > 13104);
    arena_close(&a);
}

/* A copy takes the memory that it needs, and not the least that a chunk has otherwise. */
static void test_what_fits_takes_no_more(void **state)
{
    struct arena a;
    (void)state;
    arena_open(&a, NULL, 0, 1 << 20);
    assert_int_equal(arena_fit(&a, 100), 0);
    assert_int_equal(a.taken, 104);
    assert_non_null(arena_alloc(&a, 100));
    assert_int_equal(a.taken, 104);
    assert_non_null(arena_alloc(&a, 8));
    assert_true(a.taken > 104);
    assert_int_equal(arena_fit(&a, 2 << 20), -1);
    arena_close(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_used_is_what_pieces_take),
        cmocka_unit_test(test_what_fits_takes_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
