/* SPDX-License-Identifier: Apache-2.0 */
/* How SDP travels: client and server on the loopback interface, and in a virtual world. */
#include "wire/sdp.h"
#include "wire/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const uint8_t REQUEST[] = {0x01, 0xFE, 0x90, 0x00, 0, 0, 0, 2, 0x10, 0x00};
static const uint8_t RESPONSE[] = {0x01, 0xFE, 0x90, 0x01, 0, 0, 0, 1, 7};

/* ---- client and server ---- */

struct talk {
    struct world *world;
    struct sdp_socket *server;
    struct sdp_client *client;
    unsigned asked, sent, received, wrong, done;
    unsigned answer_from; /* the request that gets a right answer */
    bool closes_early;
    struct endpoint asker, client_local;
    struct err problem;
};

static void answer(struct talk *t, const struct endpoint *to)
{
    struct err e = ERR_INIT;
    assert_int_equal(sdp_send(t->server, to, (struct slice){RESPONSE, sizeof RESPONSE}, &e), 0);
}

static void asked(void *context, struct sdp_socket *s, const struct endpoint *from,
                  const struct endpoint *to, struct slice bytes)
{
    struct talk *t = context;
    struct err e = ERR_INIT;
    (void)to;
    assert_memory_equal(bytes.p, REQUEST, sizeof REQUEST);
    t->asker = *from;
    t->asked++;
    if (t->asked == t->answer_from) { /* twice: the second one is late */
        answer(t, from);
        answer(t, from);
    } else if (t->answer_from != 0) { /* not one: no answer, and cut short */
        assert_int_equal(sdp_send(s, from, (struct slice){REQUEST, sizeof REQUEST}, &e), 0);
        assert_int_equal(sdp_send(s, from, (struct slice){RESPONSE, 8}, &e), 0);
    }
}

static void on_sent(void *context, unsigned number, const struct endpoint *from,
                    const struct endpoint *to, struct slice bytes)
{
    struct talk *t = context;
    assert_int_equal(number, ++t->sent);
    assert_memory_equal(bytes.p, REQUEST, sizeof REQUEST);
    assert_int_equal(to->port, sdp_local(t->server)->port);
    t->client_local = *from;
    if (t->closes_early) {
        sdp_client_close(t->client);
        sdp_close(t->server);
    }
}

static bool on_received(void *context, const struct endpoint *from, const struct endpoint *to,
                        struct slice bytes, struct err *e)
{
    struct talk *t = context;
    assert_true(bytes.n > 0);
    assert_true(endpoint_same(from, sdp_local(t->server)));
    assert_true(endpoint_same(to, &t->client_local));
    t->received++;
    if (bytes.n != sizeof RESPONSE) {
        err_set(e, "%zu bytes are no answer", bytes.n);
        t->wrong++;
        return false;
    }
    if (t->done++ > 0) { /* the second answer: the end */
        sdp_client_close(t->client);
        sdp_close(t->server);
    }
    return true;
}

static void on_gave_up(void *context, const struct err *problem)
{
    struct talk *t = context;
    t->done++;
    t->problem = *problem;
    sdp_client_close(t->client);
    sdp_close(t->server);
}

static bool in_virtual_time; /* the tests of this group */

static void talk(struct talk *t)
{
    static const struct sdp_client_events events = {on_sent, on_received, on_gave_up, NULL};
    struct sdp_client_options options = {
        .request = {REQUEST, sizeof REQUEST}, .interval_ms = 20, .tries = 4};
    struct err e = ERR_INIT;
    t->problem = ERR_INIT;
    t->world = in_virtual_time ? world_open_virtual(NULL, 1, &e) : world_open(NULL, &e);
    t->server = sdp_server_open(t->world, "lo", endpoint_random_port(), asked, t, &e);
    assert_non_null(t->server);
    options.to.port = sdp_local(t->server)->port;
    t->client = sdp_client_open(t->world, "lo", &options, &events, t, &e);
    assert_non_null(t->client);
    assert_int_equal(t->sent, 0);
    assert_int_equal(world_close(t->world), 0);
}

/* [V2G2-159]: it asks again after its time; [V2G2-124]: from a port of those that are private */
static void the_client_asks_until_it_is_answered(void **state)
{
    struct talk t = {.answer_from = 3};
    (void)state;
    talk(&t);
    assert_int_equal(t.sent, 3);
    assert_int_equal(t.asked, 3);
    assert_int_equal(t.wrong, 4);
    assert_int_equal(t.received, 6);
    assert_int_equal(t.done, 2);
    assert_true(endpoint_same(&t.asker, &t.client_local));
    assert_in_range(t.asker.port, 49152, 65535);
}

/* [V2G2-161] [V2G-DC-849]: after as many requests as it was told */
static void the_client_gives_up(void **state)
{
    struct talk t = {.answer_from = 0};
    (void)state;
    talk(&t);
    assert_int_equal(t.sent, 4);
    assert_int_equal(t.done, 1);
    assert_non_null(strstr(t.problem.what, "expected an answer to 4 requests to [::1]:"));
    assert_non_null(strstr(t.problem.what, "within 80 ms, found none"));
}

/* [V2G2-152] [V2G2-153] [V2G2-156] */
static void the_client_tells_what_is_no_answer(void **state)
{
    struct talk t = {.answer_from = 99};
    (void)state;
    talk(&t);
    assert_int_equal(t.wrong, 8);
    assert_non_null(strstr(t.problem.what, "found 8 datagrams that are none; the last: "));
}

static void both_can_be_closed_within_a_callback(void **state)
{
    struct talk t = {.closes_early = true};
    (void)state;
    talk(&t);
    assert_int_equal(t.sent, 1);
    assert_int_equal(t.done, 0);
}

static void a_missing_interface_is_named(void **state)
{
    struct world *world;
    struct err e = ERR_INIT;
    (void)state;
    world = world_open(NULL, &e);
    assert_null(sdp_open(world, "nosuch0", NULL, asked, NULL, &e));
    assert_non_null(strstr(e.what, "found \"nosuch0\""));
    sdp_close(NULL);
    sdp_client_close(NULL);
    assert_int_equal(world_close(world), 0);
}

/* By the group, over the cable of a virtual world: every station there gets it. */
static void hear(void *context, struct sdp_socket *s, const struct endpoint *from,
                 const struct endpoint *to, struct slice bytes)
{
    struct talk *t = context;
    char text[ENDPOINT_TEXT];
    assert_int_equal(bytes.n, 3);
    assert_true(endpoint_is_multicast(to));
    assert_string_equal(to->interface, "evse0");
    assert_int_equal(to->mac[0], 0x33);
    snprintf(text, sizeof text, "[fe80::ff:fe00:e1%%evse0]:%u", from->port);
    assert_string_equal(endpoint_text(from, (char[ENDPOINT_TEXT]){0}, ENDPOINT_TEXT), text);
    t->asked++;
    sdp_close(s);
}

static void the_group_is_heard_in_virtual_time(void **state)
{
    struct err e = ERR_INIT;
    struct talk t = {.world = world_open_virtual(NULL, 1, &e)};
    struct endpoint to;
    (void)state;
    assert_non_null(sdp_server_open(t.world, "evse0", 0, hear, &t, &e));
    assert_non_null(sdp_server_open(t.world, "evse0", 0, hear, &t, &e));
    struct sdp_socket *other = sdp_server_open(t.world, "evse0", 15119, hear, &t, &e);
    struct sdp_socket *s = sdp_open(t.world, "ev0", NULL, hear, &t, &e);
    sdp_group(s, &to);
    assert_int_equal(sdp_send(s, &to, (struct slice){REQUEST, 3}, &e), 0);
    world_run(t.world);
    assert_int_equal(t.asked, 2);
    sdp_close(other);
    sdp_close(s);
    assert_int_equal(world_close(t.world), 0);
}

static int begin_virtual_time(void **state)
{
    (void)state;
    in_virtual_time = true;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_client_asks_until_it_is_answered),
        cmocka_unit_test(the_client_gives_up),
        cmocka_unit_test(the_client_tells_what_is_no_answer),
        cmocka_unit_test(both_can_be_closed_within_a_callback),
        cmocka_unit_test(a_missing_interface_is_named),
    };
    const struct CMUnitTest virtual[] = {
        cmocka_unit_test(the_client_asks_until_it_is_answered),
        cmocka_unit_test(the_client_gives_up),
        cmocka_unit_test(the_client_tells_what_is_no_answer),
        cmocka_unit_test(both_can_be_closed_within_a_callback),
        cmocka_unit_test(the_group_is_heard_in_virtual_time),
    };
    alarm(120);
    return cmocka_run_group_tests(tests, NULL, NULL) +
           cmocka_run_group_tests(virtual, begin_virtual_time, NULL);
}
