/* SPDX-License-Identifier: Apache-2.0 */
/* Sinks get what happened, in order and unchanged, when the loop rests, or at last in time. */
#include "codec/defaults.h"
#include "memory.h"
#include "record/recorder.h"
#include "schema/library.h"
#include "support.h"
#include "wire/clock.h"
#include "wire/world.h"

#include <time.h>

struct got {
    unsigned events, records, writes, fails_at;
    uint64_t last;
    bool is_ordered;
    char text[100], name[40];
    size_t bytes;
};

static unsigned lost;

static void take(void *context, const struct event *e)
{
    struct got *g = context;
    g->events++;
    g->records += e->kind == EVENT_RECORD;
    g->is_ordered = (g->last == 0 || e->number == g->last + 1) && (g->is_ordered || g->last == 0);
    g->last = e->number;
    g->bytes = e->bytes.n;
    snprintf(g->text, sizeof g->text, "%s", e->text);
    if (e->message != NULL)
        snprintf(g->name, sizeof g->name, "%s", message_named(e->message).name);
}

static int write_out(void *context, struct err *e)
{
    struct got *g = context;
    g->writes++;
    return g->fails_at != 0 && g->events >= g->fails_at ? err_set(e, "no room") : 0;
}

static void tell_lost(const char *text)
{
    assert_string_equal(text, "first ends here: no room");
    lost++;
}

static struct event an_event(const char *text)
{
    return (struct event){
        .kind = EVENT_LOG, .by = "EVCC", .where = "", .name = "", .code = "", .text = text};
}

static void never(void *data)
{
    fail_msg("%s", (const char *)data);
}

/* With something to wait for, as a run has it. */
static struct world *open_world(struct timer *waiting)
{
    struct err problem = ERR_INIT;
    struct world *w = world_open(NULL, &problem);
    timer_start(w, waiting, 20000, never, "it took too long");
    return w;
}

static void close_world(struct world *w, struct timer *waiting)
{
    timer_stop(waiting);
    assert_int_equal(world_close(w), 0);
}

static void turn(struct world *w, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        world_turn(w, false);
}

static void test_waits_for_a_pause(void **state)
{
    struct got got = {0};
    struct recorder r = {.n = 0};
    struct timer waiting = {0};
    struct world *w = open_world(&waiting);
    char text[20] = "first";
    (void)state;
    recorder_add_writer(&r, "first", take, write_out, &got);
    recorder_attach(&r, w);
    struct event e = an_event(text);
    recorder_put(&r, &e);
    assert_int_equal(got.events, 0);
    snprintf(text, sizeof text, "changed");
    turn(w, 1); /* in which the event happened */
    assert_int_equal(got.events, 0);
    turn(w, 2);
    assert_int_equal(got.events, 1);
    assert_string_equal(got.text, "first");
    for (unsigned i = 0; i < 100; i++)
        recorder_put(&r, &e);
    recorder_detach(&r);
    assert_int_equal(got.events, 101);
    assert_true(got.is_ordered);
    assert_true(got.writes > 0);
    close_world(w, &waiting);
}

static void test_messages_are_copied(void **state)
{
    struct err problem = ERR_INIT;
    struct got got = {0};
    struct recorder r = {.n = 0};
    struct library library;
    struct arena arena;
    struct message m;
    struct timer waiting = {0};
    struct world *w = open_world(&waiting);
    (void)state;
    library_open(&library);
    arena_open(&arena, NULL, 0, 1 << 20);
    const struct schema *s = library_get(&library, "iso15118-2", &problem);
    assert_int_equal(message_new(s, "SessionSetupReq", &arena, &m, &problem), 0);
    recorder_add(&r, take, &got);
    recorder_attach(&r, w);
    struct event e = an_event("");
    e.kind = EVENT_FRAME;
    e.bytes = (struct slice){(const uint8_t *)"some bytes", 10};
    event_take_message(&e, &m);
    recorder_put(&r, &e);
    arena_close(&arena);
    memset(&m, 0, sizeof m);
    recorder_detach(&r);
    assert_string_equal(got.name, "SessionSetupReq");
    assert_int_equal(got.bytes, 10);
    close_world(w, &waiting);
    library_close(&library);
}

/* Something happens in every turn. */
static void test_loop_without_a_pause(void **state)
{
    struct got got = {0};
    struct recorder r = {.n = 0};
    struct timer waiting = {0};
    struct world *w = open_world(&waiting);
    (void)state;
    recorder_add_writer(&r, "first", take, write_out, &got);
    recorder_attach(&r, w);
    struct event e = an_event("busy");
    int64_t from = clock_us();
    while (got.events == 0 && clock_us() - from < 1000000) {
        recorder_put(&r, &e);
        turn(w, 1);
    }
    assert_true(clock_us() - from < RECORDER_LATE_MS * 1000);
    while (got.writes == 0 && clock_us() - from < 1000000) {
        recorder_put(&r, &e);
        turn(w, 1);
    }
    assert_true(clock_us() - from <
                2 * RECORDER_LATE_MS * 1000); /* this machine may be busy, too */
    recorder_detach(&r);
    assert_true(got.is_ordered);
    close_world(w, &waiting);
}

static void test_sink_that_fails(void **state)
{
    (void)state;
    for (int is_attached = 0; is_attached < 2; is_attached++) {
        struct got bad = {.fails_at = 3}, good = {0};
        struct recorder r = {.lost = tell_lost};
        struct timer waiting = {0};
        struct world *w = open_world(&waiting);
        lost = 0;
        recorder_add_writer(&r, "first", take, write_out, &bad);
        recorder_add_writer(&r, "second", take, write_out, &good);
        if (is_attached)
            recorder_attach(&r, w);
        struct event e = an_event("text");
        for (unsigned i = 0; i < 5; i++) {
            recorder_put(&r, &e);
            recorder_flush(&r);
        }
        recorder_detach(&r);
        assert_int_equal(lost, 1);
        assert_int_equal(bad.events, 3);
        assert_int_equal(good.events, 6);
        assert_int_equal(good.records, 1);
        assert_true(good.is_ordered);
        close_world(w, &waiting);
    }
}

/* Without a world each event is written, or so many at once, and what is left at a flush. */
static void test_gathered(void **state)
{
    (void)state;
    struct got each = {0}, some = {0};
    struct recorder r = {0}, gathering = {.gathered = 4};
    struct event e = an_event("text");
    recorder_add_writer(&r, "each", take, write_out, &each);
    recorder_add_writer(&gathering, "some", take, write_out, &some);
    for (unsigned i = 0; i < 10; i++) {
        recorder_put(&r, &e);
        recorder_put(&gathering, &e);
    }
    assert_int_equal(each.writes, 10);
    assert_int_equal(some.writes, 2);
    assert_int_equal(some.events, 10);
    recorder_flush(&gathering);
    assert_int_equal(some.writes, 3);
}

static void test_quick_sinks_do_not_wait(void **state)
{
    struct got quick = {0}, slow = {0};
    struct recorder r = {.n = 0};
    struct timer waiting = {0};
    struct world *w = open_world(&waiting);
    struct event e = an_event("text");
    (void)state;
    recorder_add_quick(&r, "quick", take, write_out, &quick);
    recorder_attach(&r, w);
    recorder_put(&r, &e);
    assert_int_equal(quick.events, 1);
    assert_int_equal(quick.writes, 0);
    for (int i = 0; i < 200 && quick.writes == 0; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        turn(w, 1);
    }
    assert_int_equal(quick.writes, 1);
    recorder_add_writer(&r, "slow", take, write_out, &slow);
    recorder_put(&r, &e);
    assert_int_equal(quick.events, 2);
    assert_int_equal(slow.events, 0);
    /* a script that keeps the loop: what was made is written in time all the same */
    nanosleep(&(struct timespec){.tv_nsec = RECORDER_LATE_MS * 1000000L}, NULL);
    recorder_flush_late(&r);
    assert_int_equal(slow.events, 1);
    assert_int_equal(quick.writes, 2);
    recorder_detach(&r);
    close_world(w, &waiting);
}

/* Without memory for a copy it is handed on at once, whole. */
static void test_no_memory_for_a_copy(void **state)
{
    static char words[99];
    unsigned failed = 0;
    (void)state;
    memset(words, 'w', sizeof words - 1);
    for (long n = 1; n < 4; n++) {
        struct timer waiting = {0};
        struct world *w = open_world(&waiting);
        struct recorder r = {.n = 0};
        struct got got = {.events = 0};
        recorder_add(&r, take, &got);
        recorder_attach(&r, w);
        for (unsigned i = 0; i < 40; i++) {
            struct event e = an_event(words);
            e.by = ""; /* the text is the first that takes memory */
            e.stamp = e.handshake = words;
            e.bytes = (struct slice){(const uint8_t *)words, sizeof words};
            memory_fail_at(n);
            recorder_put(&r, &e);
            failed += memory_calm();
            turn(w, 2);
            recorder_flush(&r);
            assert_int_equal(got.events, i + 1);
            assert_string_equal(got.text, words);
            assert_int_equal(got.bytes, sizeof words);
        }
        recorder_detach(&r);
        close_world(w, &waiting);
    }
    assert_true(failed > 0 || !COUNTS_MEMORY);
}

/* More sinks than there is room for: the last ones get nothing. */
static void test_many_sinks(void **state)
{
    struct got got[RECORDER_SINKS + 1] = {{.events = 0}};
    struct recorder r = {.n = 0};
    struct event e = an_event("a");
    (void)state;
    for (unsigned i = 0; i <= RECORDER_SINKS; i++)
        recorder_add(&r, take, &got[i]);
    recorder_put(&r, &e);
    recorder_put(NULL, &e);
    for (unsigned i = 0; i <= RECORDER_SINKS; i++)
        assert_int_equal(got[i].events, i < RECORDER_SINKS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_memory_for_a_copy),
        cmocka_unit_test(test_many_sinks),
        cmocka_unit_test(test_waits_for_a_pause),
        cmocka_unit_test(test_messages_are_copied),
        cmocka_unit_test(test_loop_without_a_pause),
        cmocka_unit_test(test_sink_that_fails),
        cmocka_unit_test(test_gathered),
        cmocka_unit_test(test_quick_sinks_do_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
