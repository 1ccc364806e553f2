/* SPDX-License-Identifier: Apache-2.0 */
/* Which session and connection an event belongs to, as vehicles and stations tell them apart. */
#include "record/numbers.h"
#include "support.h"

static struct endpoint at(uint8_t host, uint16_t port)
{
    return (struct endpoint){.port = port, .ip = {0xFE, 0x80, [15] = host}};
}

static void test_both_sides_have_the_same(void **state)
{
    static struct numbers n;
    struct caller first = {0}, second = {0};
    struct endpoint asks1 = at(1, 50000), asks2 = at(1, 50000 + NUMBERS_BUCKETS);
    struct endpoint calls1 = at(1, 50002), calls2 = at(1, 50003);
    (void)state;
    numbers_begin(&n, &first);
    numbers_begin(&n, &second);
    numbers_call(&n, &second, &asks2);
    numbers_call(&n, &first, &asks1);
    assert_int_equal(numbers_asked(&n, &asks1).session, 1);
    assert_int_equal(numbers_asked(&n, &asks2).session, 2);
    assert_true(numbers_asked(&n, &asks2).is_echo);

    /* the station may learn of a connection before the vehicle does, or after it */
    numbers_call(&n, &first, &calls1);
    numbers_call(&n, &second, &calls2);
    struct numbered taken = numbers_accepted(&n, &calls2);
    numbers_connect(&n, &second);
    numbers_connect(&n, &first);
    assert_int_equal(taken.session, 2);
    assert_int_equal(taken.connection, second.connection);
    assert_int_equal(numbers_accepted(&n, &calls1).connection, first.connection);
    assert_int_not_equal(first.connection, second.connection);

    numbers_begin(&n, &first);
    assert_int_equal(first.session, 3);
    numbers_end(&n, &first);
    numbers_end(&n, &second);
    assert_false(numbers_accepted(&n, &calls2).is_echo);
}

static void test_stranger_asks_then_connects(void **state)
{
    static struct numbers n;
    struct endpoint asks = at(7, 50000), other = at(8, 50000), calls = at(7, 60000);
    (void)state;
    assert_int_equal(numbers_asked(&n, &asks).session, 1);
    assert_int_equal(numbers_asked(&n, &other).session, 2);
    assert_int_equal(numbers_asked(&n, &asks).session, 1);
    assert_int_equal(numbers_accepted(&n, &calls).session, 1);
    assert_int_equal(numbers_accepted(&n, &calls).session, 3); /* without SDP */
    assert_int_equal(numbers_asked(&n, &asks).session, 4);     /* it starts over */
    assert_int_equal(n.connections, 2);
}

static void test_flood_of_strangers(void **state)
{
    static struct numbers n;
    (void)state;
    for (unsigned i = 0; i < 10 * NUMBERS_STRANGERS; i++) {
        struct endpoint asks = at((uint8_t)i, (uint16_t)(1024 + i));
        assert_int_equal(numbers_asked(&n, &asks).session, i + 1);
    }
    assert_int_equal(numbers_asked(NULL, &(struct endpoint){0}).session, 0);
}

static void note_left(void *context, uint32_t session)
{
    *(uint32_t *)context = *(uint32_t *)context * 10 + session;
}

static void test_session_that_a_vehicle_leaves_for_another_is_told(void **state)
{
    static struct numbers n;
    struct caller first = {0}, second = {0};
    uint32_t left = 0;
    (void)state;
    n.left = note_left;
    n.context = &left;
    numbers_begin(&n, &first);
    numbers_begin(&n, &second);
    assert_int_equal(left, 0);
    numbers_begin(&n, &first);
    numbers_begin(&n, &second);
    numbers_begin(&n, &first);
    assert_int_equal(left, 123);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_sides_have_the_same),
        cmocka_unit_test(test_stranger_asks_then_connects),
        cmocka_unit_test(test_flood_of_strangers),
        cmocka_unit_test(test_session_that_a_vehicle_leaves_for_another_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
