/* SPDX-License-Identifier: Apache-2.0 */
/* When the vehicles of a load come, in virtual time. */
#include "app/load_traffic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define STAY_MS 100

static struct world *world;
static struct traffic traffic;
static struct timer stay[16];
static unsigned came, most, last_place, over, wanted;
static int64_t came_us[64];

static void goes(void *data)
{
    traffic_gone(&traffic, (unsigned)((struct timer *)data - stay));
}

static bool come(void *context, unsigned place)
{
    (void)context;
    if (wanted != 0 && came == wanted)
        return false;
    if (came < 64)
        came_us[came] = world_now(world) - WORLD_BEGIN;
    came++;
    last_place = place;
    most = traffic.here > most ? traffic.here : most;
    timer_start(world, &stay[place], STAY_MS, goes, &stay[place]);
    return true;
}

static void all_over(void *context)
{
    (void)context;
    over++;
}

static void ends(void *data)
{
    (void)data;
    traffic_end(&traffic);
}

/* For so many milliseconds; 0: until it ends by itself. */
static void play(const struct traffic_plan *plan, unsigned ms)
{
    struct err e = ERR_INIT;
    struct timer end = {.world = NULL};
    came = most = over = 0;
    world = world_open_virtual(NULL, 1, &e);
    assert_non_null(world);
    assert_int_equal(traffic_open(&traffic, world, plan, come, all_over, NULL), 0);
    if (ms > 0)
        timer_start(world, &end, ms, ends, NULL);
    traffic_begin(&traffic);
    world_run(world);
    assert_int_equal(over, 1);
    assert_int_equal(traffic.here, 0);
    traffic_close(&traffic);
    world_close(world);
}

static void test_a_rate_comes_evenly(void **state)
{
    (void)state;
    wanted = 0;
    play(&(struct traffic_plan){.rate = 20, .places = 16, .first = 1}, 2010);
    assert_int_equal(came, 40);
    assert_int_equal(came_us[0], 50000);
    assert_int_equal(came_us[9], 500000);
    assert_int_equal(most, 2);
    assert_int_equal(traffic.held_back, 0);
}

static void test_who_finds_no_place_is_held_back(void **state)
{
    (void)state;
    wanted = 0;
    play(&(struct traffic_plan){.rate = 40, .places = 2, .first = 1}, 1010);
    assert_int_equal(most, 2);
    assert_int_equal(came + traffic.held_back, 40);
    assert_in_range(came, 18, 22);
}

static void test_a_ramp_has_half_as_many(void **state)
{
    (void)state;
    wanted = 0;
    play(&(struct traffic_plan){.rate = 20, .places = 16, .first = 1, .ramp_us = 2000000}, 2010);
    assert_in_range(came, 19, 21);
    assert_true(came_us[1] - came_us[0] > 2 * (came_us[19] - came_us[18]));
}

static void test_random_arrivals_keep_the_rate(void **state)
{
    (void)state;
    wanted = 0;
    play(&(struct traffic_plan){.rate = 20, .places = 16, .first = 1, .is_random = true}, 20000);
    assert_in_range(came, 330, 470);
    bool is_even = true;
    for (unsigned i = 2; i < 64; i++)
        is_even = is_even && came_us[i] - came_us[i - 1] == came_us[1] - came_us[0];
    assert_false(is_even);
}

static void test_closed_each_comes_again_after_its_rest(void **state)
{
    (void)state;
    wanted = 12;
    play(&(struct traffic_plan){.places = 4, .rest_us = {300000, 300000}}, 0);
    assert_int_equal(came, 12);
    assert_int_equal(most, 4);
    assert_int_equal(came_us[3], 0);
    assert_int_equal(came_us[4], (STAY_MS + 300) * 1000);
}

static void test_closed_ramp(void **state)
{
    (void)state;
    wanted = 4;
    play(&(struct traffic_plan){.places = 4, .ramp_us = 4000000}, 0);
    assert_int_equal(came, 4);
    assert_int_equal(came_us[1], STAY_MS * 1000); /* the first one comes again before */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_rate_comes_evenly),
        cmocka_unit_test(test_who_finds_no_place_is_held_back),
        cmocka_unit_test(test_a_ramp_has_half_as_many),
        cmocka_unit_test(test_random_arrivals_keep_the_rate),
        cmocka_unit_test(test_closed_each_comes_again_after_its_rest),
        cmocka_unit_test(test_closed_ramp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
