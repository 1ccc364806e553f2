/* SPDX-License-Identifier: Apache-2.0 */
/* SDP: the two messages as bytes, and client and server on the loopback interface. */
#include "wire/sdp.h"
#include "wire/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- messages ---- */

static const uint8_t REQUEST[] = {0x01, 0xFE, 0x90, 0x00, 0, 0, 0, 2, 0x10, 0x00};
static const uint8_t RESPONSE[] = {0x01, 0xFE, 0x90, 0x01, 0,    0,    0,    20,  0xFE, 0x80,
                                   0,    0,    0,    0,    0,    0,    0,    0,   0,    0xFF,
                                   0xFE, 0,    0,    1,    0xD3, 0x47, 0x10, 0x00};

static void messages_are_written_and_read(void **state)
{
    uint8_t out[SDP_RESPONSE_SIZE];
    struct sdp_request q;
    struct sdp_response r;
    struct endpoint a;
    struct err e = ERR_INIT;
    char text[ENDPOINT_TEXT];
    (void)state;
    assert_int_equal(sdp_read_request((struct slice){REQUEST, sizeof REQUEST}, &q, &e), 0);
    assert_int_equal(q.Security, SDP_NO_TLS);
    assert_int_equal(q.TransportProtocol, SDP_TCP);
    sdp_write_request(out, &q);
    assert_memory_equal(out, REQUEST, sizeof REQUEST);

    assert_int_equal(sdp_read_response((struct slice){RESPONSE, sizeof RESPONSE}, &r, &e), 0);
    sdp_response_endpoint(&r, "eth1", &a);
    assert_string_equal(endpoint_text(&a, text, sizeof text), "[fe80::ff:fe00:1%eth1]:54087");
    assert_int_equal(r.Security, SDP_NO_TLS);
    assert_int_equal(sdp_check_response(&r, &e), 0);
    sdp_write_response(out, &r);
    assert_memory_equal(out, RESPONSE, sizeof RESPONSE);
}

static void fields_lie_where_the_table_says(void **state)
{
    size_t n = 0;
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(SDP_RESPONSE_FIELDS[i].at, n);
        n += SDP_RESPONSE_FIELDS[i].size;
    }
    assert_int_equal(n, SDP_RESPONSE_SIZE - V2GTP_HEADER);
    assert_string_equal(SDP_RESPONSE_FIELDS[1].name, "SECCPort");
    assert_int_equal(RESPONSE[V2GTP_HEADER + SDP_RESPONSE_FIELDS[1].at], 0xD3);
    assert_string_equal(SDP_REQUEST_FIELDS[1].name, "TransportProtocol");
}

static void wrong_messages_are_refused(void **state)
{
    static const struct {
        uint8_t bytes[12];
        size_t n;
        const char *what;
    } wrong[] = {
        {{0}, 0, "V2GTP header: expected 8 bytes, found a datagram of 0"},
        {{0x01, 0xFE, 0x90, 0x00, 0, 0, 0, 0},
         8,
         "V2GTP payload length: expected 1 byte or more, found 0"},
        {{0x01, 0xFE, 0x90, 0x00, 0, 0, 0, 1, 0},
         9,
         "SDP request: expected 2 bytes of payload, found 1"},
        {{0x01, 0xFE, 0x90, 0x00, 0, 0, 0, 3, 0, 0, 0},
         11,
         "SDP request: expected 2 bytes of payload, found 3"},
        {{0x01, 0xFE, 0x90, 0x00, 0, 0, 0, 2, 0, 0, 0},
         11,
         "V2GTP payload length: expected 3 as the datagram has, found 2 in the header"},
        {{0x01, 0xFE, 0x90, 0x01, 0, 0, 0, 2, 0, 0},
         10,
         "V2GTP payload type: expected 0x9000 (SDP request), found 0x9001 (SDP response)"},
        {{0x02, 0xFE, 0x90, 0x00, 0, 0, 0, 2, 0, 0},
         10,
         "V2GTP version: expected 0x01, found 0x02"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct sdp_request q;
        struct err e = ERR_INIT;
        assert_int_equal(sdp_read_request((struct slice){wrong[i].bytes, wrong[i].n}, &q, &e), -1);
        assert_string_equal(e.what, wrong[i].what);
    }
    for (size_t n = 0; n < sizeof RESPONSE; n++) {
        struct sdp_response r;
        struct err e = ERR_INIT;
        assert_int_equal(sdp_read_response((struct slice){RESPONSE, n}, &r, &e), -1);
    }
}

static void wrong_values_are_told(void **state)
{
    struct sdp_response r = {.SECCPort = 1, .SECCIPAddress = {0xFE, 0x80}};
    struct sdp_request q = {0x01, SDP_TCP};
    struct err e = ERR_INIT;
    (void)state;
    assert_int_equal(sdp_check_request(&q, &e), -1);
    assert_string_equal(e.what, "SDP Security: expected 0x00 (TLS) or 0x10 (no TLS), found 0x01");
    e = ERR_INIT;
    q = (struct sdp_request){SDP_TLS, SDP_UDP};
    assert_int_equal(sdp_check_request(&q, &e), -1);
    assert_string_equal(e.what, "SDP TransportProtocol: expected 0x00 (TCP), found 0x10 (UDP, "
                                "which is reserved)");
    e = ERR_INIT;
    assert_int_equal(sdp_check_response(&r, &e), 0);
    r.SECCPort = 0;
    assert_int_equal(sdp_check_response(&r, &e), -1);
    assert_string_equal(e.what, "SDP SECCPort: expected a port, found 0");
    e = ERR_INIT;
    r.SECCIPAddress[0] = 0xFF;
    assert_int_equal(sdp_check_response(&r, &e), -1);
    assert_string_equal(sdp_security_name(SDP_NO_TLS), "no TLS");
    assert_null(sdp_security_name(0xFF));
    assert_string_equal(sdp_transport_name(SDP_TCP), "TCP");
    assert_null(sdp_transport_name(1));
}

/* ---- client and server ---- */

struct talk {
    struct world *world;
    struct sdp_socket *server;
    struct sdp_client *client;
    unsigned asked, sent, received, wrong, done;
    unsigned answer_from; /* the request that gets a right answer */
    bool closes_early;
    struct endpoint asker, secc, client_local;
    struct err problem;
};

static void answer(struct talk *t, const struct endpoint *to)
{
    struct sdp_response r = {.SECCPort = 50000, .Security = SDP_NO_TLS};
    struct err e = ERR_INIT;
    r.SECCIPAddress[15] = 1;
    assert_int_equal(sdp_server_answer(t->server, to, &r, &e), 0);
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
        assert_int_equal(sdp_send(s, from, (struct slice){RESPONSE, 20}, &e), 0);
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

static void on_received(void *context, const struct endpoint *from, const struct endpoint *to,
                        struct slice bytes, const struct err *problem)
{
    struct talk *t = context;
    assert_true(bytes.n > 0);
    assert_true(endpoint_same(from, sdp_local(t->server)));
    assert_true(endpoint_same(to, &t->client_local));
    t->received++;
    t->wrong += problem != NULL;
    if (t->done > 0) { /* the second answer: the end */
        sdp_client_close(t->client);
        sdp_close(t->server);
    }
}

static void on_done(void *context, const struct sdp_response *m, const struct endpoint *secc,
                    const struct err *problem)
{
    struct talk *t = context;
    t->done++;
    if (problem == NULL) {
        assert_int_equal(m->SECCPort, 50000);
        t->secc = *secc;
        return;
    }
    assert_null(m);
    assert_null(secc);
    t->problem = *problem;
    sdp_client_close(t->client);
    sdp_close(t->server);
}

static bool in_virtual_time; /* the tests of this group */

static void talk(struct talk *t)
{
    static const struct sdp_client_events events = {on_sent, on_received, on_done};
    struct sdp_client_options options = {
        .request = {SDP_NO_TLS, SDP_TCP}, .interval_ms = 20, .tries = 4};
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

static void the_client_asks_until_it_is_answered(void **state)
{
    struct talk t = {.answer_from = 3};
    char text[ENDPOINT_TEXT];
    (void)state;
    talk(&t);
    assert_int_equal(t.sent, 3);
    assert_int_equal(t.asked, 3);
    assert_int_equal(t.wrong, 4);
    assert_int_equal(t.received, 6);
    assert_int_equal(t.done, 1);
    assert_string_equal(endpoint_text(&t.secc, text, sizeof text), "[::1]:50000");
    assert_true(endpoint_same(&t.asker, &t.client_local));
    assert_in_range(t.asker.port, 49152, 65535);
}

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

static void the_client_tells_what_is_no_answer(void **state)
{
    struct talk t = {.answer_from = 99};
    (void)state;
    talk(&t);
    assert_int_equal(t.wrong, 8);
    assert_non_null(strstr(t.problem.what, "found 8 datagrams that are none; the last: V2GTP"));
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
    assert_null(sdp_open(world, "nosuch0", asked, NULL, &e));
    assert_non_null(strstr(e.what, "found \"nosuch0\""));
    sdp_close(NULL);
    sdp_client_close(NULL);
    assert_int_equal(world_close(world), 0);
}

/* Security of the answer, by what was asked and where the station listens; -1: none. */
static int chosen(uint8_t security, bool has_plain, bool has_tls)
{
    const struct endpoint plain = {.port = 1}, tls = {.port = 2};
    struct sdp_request m = {security, SDP_TCP};
    struct sdp_response r = {.Security = 0xFF};
    if (!sdp_choose(&m, has_plain ? &plain : NULL, has_tls ? &tls : NULL, &r))
        return -1;
    assert_int_equal(r.SECCPort, r.Security == SDP_TLS ? 2 : 1);
    return r.Security;
}

static void the_answer_follows_the_table_of_security(void **state)
{
    (void)state;
    assert_int_equal(chosen(SDP_TLS, true, false), SDP_NO_TLS);
    assert_int_equal(chosen(SDP_NO_TLS, true, false), SDP_NO_TLS);
    assert_int_equal(chosen(SDP_TLS, false, true), SDP_TLS);
    assert_int_equal(chosen(SDP_NO_TLS, false, true), -1);
    assert_int_equal(chosen(SDP_TLS, true, true), SDP_TLS);
    assert_int_equal(chosen(SDP_NO_TLS, true, true), SDP_NO_TLS);
    assert_int_equal(chosen(SDP_TLS, false, false), -1);
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
    struct sdp_socket *s = sdp_open(t.world, "ev0", hear, &t, &e);
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
        cmocka_unit_test(the_answer_follows_the_table_of_security),
        cmocka_unit_test(messages_are_written_and_read),
        cmocka_unit_test(fields_lie_where_the_table_says),
        cmocka_unit_test(wrong_messages_are_refused),
        cmocka_unit_test(wrong_values_are_told),
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
