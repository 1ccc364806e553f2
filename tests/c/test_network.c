/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network of virtual time: who reaches whom over cables and through gates, addresses and ports
 * that cannot be had, and memory that runs out of it.
 */
#include "heard.h"
#include "memory.h"
#include "wire/link_watch.h"
#include "wire/sdp.h"
#include "wire/stream.h"
#include "wire/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(x) (sizeof(x) / sizeof *(x))

struct scene {
    struct world *world;
    struct listener *listener;
    struct stream *client, *server;
    struct sdp_socket *asker, *answerer;
    struct link_watch *link;
    enum stream_end end;
    bool is_done, is_closed, is_up;
    unsigned answers, changes;
    char why[256];
    struct err e;
};

static int scene_open(struct scene *s, struct err *e)
{
    *s = (struct scene){.e = ERR_INIT};
    s->world = world_open_virtual(NULL, 1, e);
    return s->world == NULL ? -1 : 0;
}

static int scene_close(struct scene *s)
{
    stream_close(s->client, STREAM_FIN);
    stream_close(s->server, STREAM_FIN);
    listener_close(s->listener);
    sdp_close(s->asker);
    sdp_close(s->answerer);
    link_watch_close(s->link);
    return world_close(s->world);
}

static void client_opened(void *context, struct stream *stream)
{
    struct scene *s = context;
    stream_write(stream, slice_of("hello"), &s->e);
}

static void client_data(void *context, struct stream *stream, struct slice bytes)
{
    struct scene *s = context;
    (void)stream;
    assert_memory_equal(bytes.p, "welcome", bytes.n);
    s->is_done = true;
}

static void server_data(void *context, struct stream *stream, struct slice bytes)
{
    struct scene *s = context;
    assert_memory_equal(bytes.p, "hello", bytes.n);
    stream_write(stream, slice_of("welcome"), &s->e);
}

static void closed(void *context, struct stream *stream, enum stream_end end, const char *why)
{
    struct scene *s = context;
    (void)stream;
    assert_true(why[0] != '\0');
    s->is_closed = true;
    s->end = end;
    snprintf(s->why, sizeof s->why, "%s", why);
}

static const struct stream_events CLIENT = {
    .opened = client_opened, .data = client_data, .closed = closed};
static const struct stream_events SERVER = {.data = server_data, .closed = closed};

static void accepted(void *context, struct stream *stream)
{
    struct scene *s = context;
    s->server = stream;
    stream_use(stream, &SERVER, s);
}

static const struct listener_events LISTENER = {.accepted = accepted};

static struct endpoint station(const char *interface)
{
    struct endpoint at = {.port = 0};
    snprintf(at.interface, sizeof at.interface, "%s", interface);
    return at;
}

/* ---- who reaches whom ---- */

/* The station at `at` as the vehicle's interface sees it. */
static void connect_by(struct scene *s, const char *at, const char *by)
{
    const struct endpoint own = station(at);
    s->listener = stream_listen(s->world, &own, 0, &LISTENER, s, &s->e);
    assert_non_null(s->listener);
    struct endpoint to = *listener_endpoint(s->listener);
    snprintf(to.interface, sizeof to.interface, "%s", by);
    s->client = stream_connect(s->world, &to, 0, &CLIENT, s, &s->e);
    assert_non_null(s->client);
}

static const struct way {
    const char *station, *vehicle;
    const char *gate[2];    /* between whom there is one; NULL: none */
    bool is_open, is_heard; /* the gate is open; they hear each other */
} WAYS[] = {
    {"evse0", "ev0", {NULL}, false, true},
    {"evse3", "ev3", {NULL}, false, true},
    {"evse1", "ev0", {NULL}, false, false}, /* of another cable */
    {"evse0", "ev0", {"ev0", "evse0"}, false, false},
    {"evse0", "ev0", {"ev0", "evse0"}, true, true},
    {"evse1", "ev0", {"ev0", "evse1"}, true, true},
    {"evse0", "ev0", {"ev0", "evse1"}, true, true},   /* the gate is no matter of this cable */
    {"evse0", "ev0", {"eth0", "evse0"}, false, true}, /* no interface of ours */
    {"evse0", "ev0", {"ev0", "eth0"}, false, true},
};

static void cables_and_gates(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(WAYS); i++) {
        const struct way *w = &WAYS[i];
        struct scene s;
        struct err e = ERR_INIT;
        assert_int_equal(scene_open(&s, &e), 0);
        if (w->gate[0] != NULL)
            link_gate(s.world, w->gate[0], w->gate[1], w->is_open);
        connect_by(&s, w->station, w->vehicle);
        while (!s.is_done && !s.is_closed && world_turn(s.world, true))
            continue;
        assert_true(s.is_done || s.is_closed);
        if (s.is_done != w->is_heard)
            fail_msg("%zu: %s", i, s.why);
        if (s.is_closed)
            assert_int_equal(s.end, STREAM_UNREACHABLE);
        assert_int_equal(scene_close(&s), 0);
    }
}

static void link_changed(void *context, bool is_up)
{
    struct scene *s = context;
    s->changes++;
    s->is_up = is_up;
}

/* What was under way when a gate was shut comes once it is open again; who watches is told once. */
static void a_gate_is_shut_for_a_while(void **state)
{
    struct scene s;
    struct err e = ERR_INIT;
    (void)state;
    assert_int_equal(scene_open(&s, &e), 0);
    link_gate(s.world, "ev0", "evse0", true);
    s.link = link_watch_open(s.world, "ev0", link_changed, &s);
    assert_non_null(s.link);
    struct link_watch *other = link_watch_open(s.world, "eth0", link_changed, &s);
    assert_non_null(other); /* it stands for the first one */
    link_watch_close(other);
    other = link_watch_open(s.world, "evse1", link_changed, &s);
    connect_by(&s, "evse0", "ev0");
    while (s.server == NULL && world_turn(s.world, true))
        continue;
    assert_non_null(s.server);
    link_gate(s.world, "ev0", "evse0", false);
    link_gate(s.world, "ev0", "evse0", false); /* it is shut already */
    for (int i = 0; i < 20; i++)
        world_turn(s.world, false);
    assert_false(s.is_done);
    assert_true(s.changes == 1 && !s.is_up);
    link_gate(s.world, "ev0", "evse0", true);
    while (!s.is_done && world_turn(s.world, true))
        continue;
    assert_true(s.is_done);
    assert_true(s.changes == 2 && s.is_up);
    assert_true(link_plug(s.world, false));
    assert_true(s.changes == 4 && !s.is_up); /* both */
    link_watch_close(other);
    link_watch_close(NULL);
    assert_int_equal(scene_close(&s), 0);
}

/* ---- what cannot be had ---- */

static void addresses_and_ports(void **state)
{
    static const struct {
        const char *address; /* to listen at; its port 7 is taken on the loopback interface */
        const char *text;    /* NULL: it can be had */
    } PLACES[] = {
        {"[::1]:7", "listening at [::1]:7: Address already in use"},
        {"[::]:7", "listening at [::]:7: Address already in use"},
        {"[::1]:8", NULL},
        {"[fe80::99%ev0]:9", "Cannot assign requested address"},
        {"[2001:db8::1]:9", "Cannot assign requested address"},
    };
    struct scene s;
    struct err e = ERR_INIT;
    struct endpoint at;
    (void)state;
    assert_int_equal(scene_open(&s, &e), 0);
    assert_int_equal(endpoint_parse("[::1]:7", &at, &e), 0);
    s.listener = stream_listen(s.world, &at, 0, &LISTENER, &s, &e);
    assert_non_null(s.listener);
    for (size_t i = 0; i < COUNT(PLACES); i++) {
        struct err why = ERR_INIT;
        assert_int_equal(endpoint_parse(PLACES[i].address, &at, &e), 0);
        struct listener *l = stream_listen(s.world, &at, 0, &LISTENER, &s, &why);
        if ((l != NULL) != (PLACES[i].text == NULL) ||
            (l == NULL && strstr(why.what, PLACES[i].text) == NULL))
            fail_msg("%s: %s", PLACES[i].address, why.what);
        listener_close(l);
    }
    at = station("nowhere0");
    assert_null(stream_listen(s.world, &at, 0, &LISTENER, &s, &e));
    e = ERR_INIT;
    assert_null(sdp_server_open(s.world, "nowhere0", 0, NULL, NULL, &e));
    assert_non_null(strstr(e.what, "nowhere0"));
    /* an end that a connection has already */
    struct endpoint own = {.port = 50000};
    s.client =
        stream_connect_from(s.world, listener_endpoint(s.listener), &own, 0, &CLIENT, &s, &e);
    assert_non_null(s.client);
    e = ERR_INIT;
    assert_null(
        stream_connect_from(s.world, listener_endpoint(s.listener), &own, 0, &CLIENT, &s, &e));
    assert_string_equal(e.what, "connecting to [::1]:7: Address already in use");
    assert_int_equal(scene_close(&s), 0);
}

/* ---- datagrams ---- */

static void answer(void *context, struct sdp_socket *socket, const struct endpoint *from,
                   const struct endpoint *to, struct slice bytes)
{
    struct scene *s = context;
    (void)to;
    (void)bytes;
    s->answers++;
    if (sdp_send(socket, from, slice_of("me"), &s->e) != 0)
        s->is_closed = true;
}

static void datagrams_go_where_streams_go(void **state)
{
    static const struct {
        const char *station, *vehicle;
        uint16_t port; /* of the station */
        bool is_shut, is_heard;
    } CASES[] = {
        {"evse0", "ev0", 0, false, true}, {"evse1", "ev0", 0, false, false},
        {"evse0", "ev0", 0, true, false}, {"evse0", "ev0", 99, false, false},
        {"lo", "ev0", 0, false, false},   {"lo", "lo", 0, false, true},
        {"evse0", "lo", 0, false, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct scene s;
        struct err e = ERR_INIT;
        struct endpoint group;
        assert_int_equal(scene_open(&s, &e), 0);
        if (CASES[i].is_shut)
            link_gate(s.world, "ev0", "evse0", false);
        s.answerer = sdp_server_open(s.world, CASES[i].station, CASES[i].port, answer, &s, &e);
        s.asker = sdp_open(s.world, CASES[i].vehicle, NULL, answered, &s.is_done, &e);
        assert_true(s.answerer != NULL && s.asker != NULL);
        sdp_group(s.asker, &group);
        assert_int_equal(sdp_send(s.asker, &group, slice_of("who"), &e), 0);
        while (world_turn(s.world, false))
            continue;
        world_run(s.world);
        if (s.is_done != CASES[i].is_heard)
            fail_msg("case %zu", i);
        assert_int_equal(scene_close(&s), 0);
    }
}

/* ---- memory ---- */

/* A memory_run: a question, and a connection, or why there is none. */
static int meet(void *context, struct err *e)
{
    struct scene s;
    struct endpoint group;
    const struct endpoint own = station("evse0");
    (void)context;
    if (scene_open(&s, e) != 0)
        return -1;
    s.answerer = sdp_server_open(s.world, "evse0", 0, answer, &s, &s.e);
    if (s.answerer != NULL)
        s.asker = sdp_open(s.world, "ev0", NULL, answered, &s.is_done, &s.e);
    if (s.asker != NULL) {
        sdp_group(s.asker, &group);
        sdp_send(s.asker, &group, slice_of("who"), &s.e);
    }
    world_run(s.world);
    bool was_answered = s.is_done;
    s.is_done = false;
    if (was_answered)
        s.listener = stream_listen(s.world, &own, 0, &LISTENER, &s, &s.e);
    if (s.listener != NULL) {
        struct endpoint to = *listener_endpoint(s.listener);
        snprintf(to.interface, sizeof to.interface, "%s", "ev0");
        s.client = stream_connect(s.world, &to, 0, &CLIENT, &s, &s.e);
    }
    while (s.client != NULL && !s.is_done && !s.is_closed && world_turn(s.world, true))
        continue;
    memory_calm();
    assert_int_equal(scene_close(&s), 0);
    if (s.is_done)
        return 0;
    *e = s.e;
    if (!e->set)
        err_set(e, "%s", s.why);
    if (strstr(e->what, "in use") != NULL)
        fail_msg("memory runs out, and it says: %s", e->what);
    return -1;
}

static void no_memory(void **state)
{
    (void)state;
    assert_true(memory_fail_each("the network", 0, meet, NULL) > 5 || !COUNTS_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cables_and_gates),    cmocka_unit_test(a_gate_is_shut_for_a_while),
        cmocka_unit_test(addresses_and_ports), cmocka_unit_test(datagrams_go_where_streams_go),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
