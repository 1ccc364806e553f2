/* SPDX-License-Identifier: Apache-2.0 */
/* Which connection of a listener gives way, and what of a flood passes. */
#include "session/flood.h"
#include "support.h"
#include "wire/stream_transport.h"

#define SECOND INT64_C(1000000)
#define MANY 10

struct scene {
    struct crowd crowd;
    struct stream stream[MANY];
    unsigned closed[MANY]; /* had to go */
    char why[300];
};

static void closed(void *context, struct stream *s, enum stream_end end, const char *why)
{
    (void)context, (void)s, (void)end, (void)why;
}

static const struct stream_events EVENTS = {.closed = closed};

static struct endpoint address(unsigned n)
{
    return (struct endpoint){.ip = {0xFE, 0x80, [15] = (uint8_t)n}, .port = (uint16_t)(1000 + n)};
}

static void scene_open(struct scene *w, unsigned most, unsigned most_of_address)
{
    *w = (struct scene){.crowd = {.most = most, .most_of_address = most_of_address}};
}

/* The i-th comes from that address. */
static void come(struct scene *w, unsigned i, unsigned from, int64_t us)
{
    w->stream[i] = (struct stream){.events = &EVENTS, .remote = address(from)};
    crowd_enter(&w->crowd, &w->stream[i], us);
}

static bool has_room(struct scene *w, unsigned from, int64_t us)
{
    struct endpoint a = address(from);
    struct stream *idle;
    bool has = crowd_has_room(&w->crowd, &a, us, &idle, w->why, sizeof w->why);
    if (idle != NULL)
        w->closed[idle - w->stream]++;
    return has || idle != NULL;
}

static void leave_all(struct scene *w)
{
    for (unsigned i = 0; i < MANY; i++)
        crowd_leave(&w->stream[i]);
    assert_int_equal(w->crowd.n, 0);
    assert_true(w->crowd.oldest == NULL && w->crowd.newest == NULL);
    for (unsigned i = 0; i < CROWD_BUCKETS; i++)
        assert_null(w->crowd.bucket[i]);
}

static void the_silent_give_way_the_oldest_first(void **state)
{
    struct scene w;
    (void)state;
    scene_open(&w, 3, 3);
    come(&w, 0, 1, 0);
    come(&w, 1, 2, 10);
    come(&w, 2, 3, 20);
    crowd_settle(&w.stream[0]);
    crowd_settle(&w.stream[0]);            /* does nothing */
    assert_false(has_room(&w, 4, SECOND)); /* everybody has a second */
    assert_string_equal(w.why, "3 connections are open, the most that are allowed");
    assert_true(has_room(&w, 4, SECOND + 10));
    assert_int_equal(w.closed[0], 0);
    assert_int_equal(w.closed[1], 1);
    assert_string_equal(w.why, "3 connections are open, the most that are allowed");
    come(&w, 3, 4, SECOND + 10);
    assert_true(has_room(&w, 5, SECOND + 20));
    assert_int_equal(w.closed[2], 1);
    come(&w, 4, 5, SECOND + 20);
    crowd_settle(&w.stream[3]);
    crowd_settle(&w.stream[4]);
    assert_false(has_room(&w, 6, 100 * SECOND)); /* whoever talks stays */
    crowd_leave(&w.stream[4]);
    assert_true(has_room(&w, 6, 100 * SECOND));
    leave_all(&w);
}

static void an_address_has_a_limit_of_its_own(void **state)
{
    struct scene w;
    (void)state;
    scene_open(&w, 5, 2);
    come(&w, 0, 9, 0);
    come(&w, 1, 1, 1);
    come(&w, 2, 1, 2);
    assert_true(has_room(&w, 2, 5));
    assert_false(has_room(&w, 1, 5));
    assert_string_equal(w.why, "2 connections of that address are open, the most that are allowed");
    assert_true(has_room(&w, 1, 2 * SECOND));
    assert_int_equal(w.closed[0], 0); /* not that of another address, which is older */
    assert_int_equal(w.closed[1], 1);
    come(&w, 3, 1, 2 * SECOND);
    crowd_settle(&w.stream[2]);
    crowd_settle(&w.stream[3]);
    assert_false(has_room(&w, 1, 9 * SECOND));
    leave_all(&w);
}

static void who_was_not_taken_over_stays(void **state)
{
    struct scene w;
    static const struct stream_events NONE = {.closed = NULL};
    (void)state;
    scene_open(&w, 2, 2);
    come(&w, 0, 1, 0);
    come(&w, 1, 2, 0);
    w.stream[0].events = &NONE;
    assert_true(has_room(&w, 3, 2 * SECOND));
    assert_int_equal(w.closed[1], 1);
    leave_all(&w);
}

/* ---- floods ---- */

static unsigned told, told_n;

static void tell(void *context, unsigned n, const struct endpoint *last)
{
    assert_ptr_equal(context, &told);
    assert_int_equal(last->port, 1001);
    told++;
    told_n += n;
}

static void a_flood_is_counted(void **state)
{
    static struct flood f = {.most = 20, .most_of_source = 5, .told = tell};
    struct endpoint one = address(1), two = address(2);
    unsigned passed = 0;
    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        passed += flood_passes(&f, &one, 1000 + i, &told);
    assert_int_equal(passed, 5);
    assert_true(flood_passes(&f, &two, 2000, &told)); /* another source is heard */
    assert_int_equal(told, 0);
    assert_true(flood_passes(&f, &one, 1000 + SECOND, &told)); /* in the next second */
    assert_int_equal(told, 1);
    assert_int_equal(told_n, 995);
    for (unsigned i = 0; i < 100; i++) { /* many sources: in all */
        struct endpoint some = {.port = (uint16_t)(2000 + i)};
        passed += flood_passes(&f, &some, 2000 + SECOND, &told);
    }
    assert_int_equal(passed, 5 + 19);
    assert_false(flood_passes(&f, &one, 3000 + SECOND, &told));
    flood_end(&f, &told);
    flood_end(&f, &told); /* nothing is left */
    assert_int_equal(told, 2);
    assert_int_equal(told_n, 995 + 82);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_silent_give_way_the_oldest_first),
        cmocka_unit_test(an_address_has_a_limit_of_its_own),
        cmocka_unit_test(who_was_not_taken_over_stays),
        cmocka_unit_test(a_flood_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
