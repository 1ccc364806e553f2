/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams and listeners, on loopback and in a virtual world: how connections begin and end, what a
 * peer that resets, floods or never reads does to them, running out of descriptors, and the filter.
 */
#include "heard.h"
#include "wire/clock.h"
#include "wire/stream.h"
#include "wire/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* One end, with what happened to it. */
struct side {
    struct scene *scene;
    struct stream *stream;
    unsigned opened, closed;
    enum stream_end end;
    char why[256], heard[64];
    size_t heard_n, wire_in, wire_out;
};

struct scene {
    struct world *world;
    struct listener *listener;
    struct side client, server;
    const struct stream_events *server_events;
    unsigned accepted, refused;
    char refusal[256];
    enum stream_how how;
    bool closes_at_once, is_filtered;
};

static void say(struct stream *s, const char *text)
{
    struct err e = ERR_INIT;
    assert_int_equal(stream_write(s, slice_of(text), &e), 0);
}

static void side_data(void *context, struct stream *s, struct slice bytes)
{
    struct side *side = context;
    (void)s;
    for (size_t i = 0; i < bytes.n && side->heard_n + i < sizeof side->heard; i++)
        side->heard[side->heard_n + i] = (char)bytes.p[i];
    side->heard_n += bytes.n;
}

static void side_opened(void *context, struct stream *s)
{
    struct side *side = context;
    side->opened++;
    assert_ptr_equal(stream_context(s), side);
    assert_true(stream_is_open(s));
}

/* The first that is closed closes the scene. */
static void scene_close(struct scene *w)
{
    stream_close(w->client.stream, w->how);
    stream_close(w->server.stream, w->how);
    w->client.stream = w->server.stream = NULL;
    listener_close(w->listener);
}

static void side_closed(void *context, struct stream *s, enum stream_end end, const char *why)
{
    struct side *side = context;
    (void)s;
    side->closed++;
    side->end = end;
    snprintf(side->why, sizeof side->why, "%s", why);
    scene_close(side->scene);
}

static void side_wire(void *context, struct stream *s, bool is_sent, struct slice bytes)
{
    struct side *side = context;
    (void)s;
    *(is_sent ? &side->wire_out : &side->wire_in) += bytes.n;
}

#define SIDE_EVENTS                                                                                \
    {                                                                                              \
        .opened = side_opened, .data = side_data, .closed = side_closed, .wire = side_wire         \
    }

static const struct stream_events SIDE = SIDE_EVENTS;

/* ---- a filter that turns every byte around, and greets first ---- */

static void turn_start(void *state, struct stream *s)
{
    struct err e = ERR_INIT;
    *(unsigned *)state = 0;
    assert_int_equal(stream_write_wire(s, slice_of("!"), &e), 0);
    assert_int_equal(stream_write(s, slice_of("x"), &e), -1); /* not ready */
}

static void turn_from_wire(void *state, struct stream *s, struct slice bytes)
{
    unsigned *greeted = state;
    uint8_t out[64];
    assert_in_range(bytes.n, 1, sizeof out);
    if (*greeted == 0) {
        assert_int_equal(bytes.p[0], '!');
        *greeted = 1;
        bytes.p++;
        bytes.n--;
        stream_ready(s);
    }
    for (size_t i = 0; i < bytes.n; i++)
        out[i] = (uint8_t)~bytes.p[i];
    if (bytes.n > 0)
        stream_deliver(s, (struct slice){out, bytes.n});
}

static int turn_to_wire(void *state, struct stream *s, struct slice bytes, struct err *e)
{
    uint8_t out[64];
    assert_int_equal(*(unsigned *)state, 1);
    assert_in_range(bytes.n, 1, sizeof out);
    for (size_t i = 0; i < bytes.n; i++)
        out[i] = (uint8_t)~bytes.p[i];
    return stream_write_wire(s, (struct slice){out, bytes.n}, e);
}

static void turn_finish(void *state, struct stream *s)
{
    struct err e = ERR_INIT;
    (void)state;
    stream_write_wire(s, slice_of("\x80"), &e);
}

static const struct stream_filter TURN = {turn_start,  turn_from_wire, turn_to_wire,
                                          turn_finish, free,           NULL};

/* ---- the scene ---- */

static bool in_virtual_time; /* the tests of this group */

static struct world *some_world(void)
{
    struct err e = ERR_INIT;
    struct world *w = in_virtual_time ? world_open_virtual(NULL, 1, &e) : world_open(NULL, &e);
    assert_non_null(w);
    return w;
}

static void scene_accepted(void *context, struct stream *s)
{
    struct scene *w = context;
    w->accepted++;
    if (w->closes_at_once) {
        stream_close(s, w->how);
        return;
    }
    w->server.stream = s;
    if (w->is_filtered)
        stream_set_filter(s, &TURN, calloc(1, sizeof(unsigned)));
    if (w->server_events != NULL)
        stream_use(s, w->server_events, &w->server);
}

static void scene_refused(void *context, const struct endpoint *from, const char *why)
{
    struct scene *w = context;
    assert_int_equal(from->ip[15], 1);
    w->refused++;
    snprintf(w->refusal, sizeof w->refusal, "%s", why);
}

static const struct listener_events LISTENER = {scene_accepted, scene_refused};

static void scene_open(struct scene *w, const struct stream_events *server, unsigned most)
{
    struct endpoint at = {.interface = "lo"};
    struct err e = ERR_INIT;
    *w = (struct scene){.server_events = server};
    w->client.scene = w->server.scene = w;
    w->world = some_world();
    w->listener = stream_listen(w->world, &at, most, &LISTENER, w, &e);
    assert_non_null(w->listener);
}

static void scene_connect(struct scene *w, const struct stream_events *client)
{
    struct err e = ERR_INIT;
    w->client.stream =
        stream_connect(w->world, listener_endpoint(w->listener), 0, client, &w->client, &e);
    assert_non_null(w->client.stream);
    if (w->is_filtered)
        stream_set_filter(w->client.stream, &TURN, calloc(1, sizeof(unsigned)));
}

static void scene_run(struct scene *w)
{
    assert_int_equal(world_close(w->world), 0);
}

/* ---- plain sockets, for peers that misbehave ---- */

static int raw_connect(const struct endpoint *to)
{
    struct sockaddr_in6 in;
    struct err e = ERR_INIT;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(endpoint_to_address(to, &in, &e), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), 0);
    return fd;
}

static void raw_reset(int fd)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static int raw_listen(int backlog, struct endpoint *at)
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t size = sizeof in;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(listen(fd, backlog), 0);
    getsockname(fd, (struct sockaddr *)&in, &size);
    endpoint_from_address(&in, "", at);
    return fd;
}

/* ---- tests ---- */

static void greet(void *context, struct stream *s)
{
    side_opened(context, s);
    say(s, "hello");
}

static void answer(void *context, struct stream *s, struct slice bytes)
{
    side_data(context, s, bytes);
    say(s, "welcome");
}

static void hang_up(void *context, struct stream *s, struct slice bytes)
{
    struct side *side = context;
    side_data(context, s, bytes);
    stream_close(s, side->scene->how);
    side->stream = NULL;
}

static const struct stream_events GREETER = {
    .opened = greet, .data = hang_up, .closed = side_closed, .wire = side_wire};
static const struct stream_events ANSWERER = {
    .opened = side_opened, .data = answer, .closed = side_closed, .wire = side_wire};

static void bytes_go_both_ways(void **state)
{
    struct scene w;
    struct err e = ERR_INIT;
    (void)state;
    scene_open(&w, &ANSWERER, 0);
    scene_connect(&w, &GREETER);
    assert_false(stream_is_open(w.client.stream));
    assert_int_equal(stream_write(w.client.stream, slice_of("x"), &e), -1);
    scene_run(&w);
    assert_string_equal(w.server.heard, "hello");
    assert_string_equal(w.client.heard, "welcome");
    assert_int_equal(w.client.wire_out, 5);
    assert_int_equal(w.client.wire_in, 7);
    assert_int_equal(w.client.opened, 1);
    assert_int_equal(w.server.opened, 0);
    assert_int_equal(w.client.closed, 0);
    assert_int_equal(w.server.closed, 1);
    assert_int_equal(w.server.end, STREAM_CLOSED);
    assert_non_null(strstr(w.server.why, "connection of [::1]:"));
    assert_non_null(strstr(w.server.why, ": closed by peer"));
}

static void a_filter_sits_between(void **state)
{
    struct scene w;
    (void)state;
    scene_open(&w, &ANSWERER, 0);
    w.is_filtered = true;
    scene_connect(&w, &GREETER);
    scene_run(&w);
    assert_int_equal(memcmp(w.server.heard, "hello\x7F", 6), 0); /* and the last word */
    assert_int_equal(memcmp(w.client.heard, "welcome", 7), 0);
    assert_int_equal(w.client.wire_out, 1 + 5 + 1);
    assert_int_equal(w.server.opened, 1);
}

static void ends_check(void *context, struct stream *s)
{
    struct side *client = context;
    struct stream *other = client->scene->server.stream;
    if (other == NULL)
        return;
    assert_true(endpoint_same(stream_local(s), stream_remote(other)));
    assert_true(endpoint_same(stream_remote(s), stream_local(other)));
    scene_close(client->scene);
}

static void check_later(void *context, struct stream *s, struct slice bytes)
{
    (void)bytes;
    ends_check(context, s);
}

static void hello_at_once(void *context, struct stream *s)
{
    (void)context;
    say(s, "hi");
    assert_in_range(stream_local(s)->port, 49152, 65535);
    assert_in_range(stream_remote(s)->port, 49152, 65535);
}

static void both_ends_are_known(void **state)
{
    static const struct stream_events client = {.opened = hello_at_once, .data = check_later};
    static const struct stream_events server = {.data = answer};
    struct scene w;
    (void)state;
    scene_open(&w, &server, 0);
    assert_in_range(listener_endpoint(w.listener)->port, 49152, 65535);
    scene_connect(&w, &client);
    scene_run(&w);
    assert_int_equal(w.accepted, 1);
}

static void a_reset_is_told(void **state)
{
    struct scene w;
    (void)state;
    scene_open(&w, &ANSWERER, 0);
    w.how = STREAM_RST;
    scene_connect(&w, &GREETER);
    scene_run(&w);
    assert_int_equal(w.server.end, STREAM_RESET);
    assert_non_null(strstr(w.server.why, ": reset by peer"));
}

static void a_refused_connection_is_told(void **state)
{
    struct scene w;
    struct endpoint at = {.ip[15] = 1, .port = 15118}; /* of UDP */
    struct err e = ERR_INIT;
    (void)state;
    scene_open(&w, &SIDE, 0);
    if (!in_virtual_time)
        close(raw_listen(1, &at));
    w.client.stream = stream_connect(w.world, &at, 0, &SIDE, &w.client, &e);
    scene_run(&w);
    assert_int_equal(w.client.end, STREAM_REFUSED);
    assert_non_null(strstr(w.client.why, "connecting to [::1]:"));
    assert_non_null(strstr(w.client.why, ": connection refused, nobody listens there"));
    assert_int_equal(w.client.opened, 0);
}

static void a_silent_peer_times_out(void **state)
{
    struct scene w;
    struct endpoint at;
    struct err e = ERR_INIT;
    int listening = raw_listen(0, &at), filling = raw_connect(&at); /* the queue is full now */
    (void)state;
    scene_open(&w, &SIDE, 0);
    int64_t start = clock_us();
    w.client.stream = stream_connect(w.world, &at, 50, &SIDE, &w.client, &e);
    scene_run(&w);
    assert_int_equal(w.client.end, STREAM_TIMEOUT);
    assert_non_null(strstr(w.client.why, ": no answer within 50 ms"));
    assert_in_range(clock_us() - start, 45000, 2000000);
    close(filling);
    close(listening);
}

static void what_cannot_be_is_said_at_once(void **state)
{
    struct scene w;
    struct endpoint at = {.port = 1, .interface = "nosuch0"};
    struct err e = ERR_INIT;
    (void)state;
    scene_open(&w, &SIDE, 0);
    at.ip[0] = 0xFE, at.ip[1] = 0x80;
    assert_null(stream_connect(w.world, &at, 0, &SIDE, &w.client, &e));
    assert_non_null(strstr(e.what, "found \"nosuch0\""));
    e = ERR_INIT;
    at = *listener_endpoint(w.listener);
    at.port = 0;
    assert_null(stream_connect(w.world, &at, 0, &SIDE, &w.client, &e));
    e = ERR_INIT;
    assert_null(stream_listen(w.world, listener_endpoint(w.listener), 0, &LISTENER, &w, &e));
    assert_non_null(strstr(e.what, "listening at [::1]:"));
    stream_close(NULL, STREAM_FIN);
    listener_close(NULL);
    scene_close(&w);
    scene_run(&w);
}

/* A stream may be closed at any moment, by either side, and leaves nothing behind. */
static void streams_close_at_any_moment(void **state)
{
    (void)state;
    for (int moment = 0; moment < 8; moment++) {
        struct scene w;
        scene_open(&w, &SIDE, 0);
        w.how = moment & 1 ? STREAM_RST : STREAM_FIN;
        w.closes_at_once = moment >= 6;
        scene_connect(&w, &SIDE);
        for (int i = 0; i < moment / 2; i++)
            world_turn(w.world, false);
        if (moment < 6)
            scene_close(&w);
        scene_run(&w);
    }
}

static void a_raw_peer_resets_at_any_moment(void **state)
{
    (void)state;
    for (int moment = 0; moment < 4; moment++) {
        struct scene w;
        static const char junk[1000];
        scene_open(&w, &SIDE, 0);
        int fd = raw_connect(listener_endpoint(w.listener));
        for (int i = 0; i < moment; i++)
            world_turn(w.world, false);
        if (moment == 3)
            assert_int_equal(write(fd, junk, sizeof junk), sizeof junk);
        raw_reset(fd);
        scene_run(&w);
        assert_int_equal(w.server.closed, 1);
        assert_int_equal(w.server.end, STREAM_RESET);
    }
}

/* ---- much data ---- */

#define MUCH (3u << 20)

static void write_much(void *context, struct stream *s)
{
    struct side *side = context;
    struct err e = ERR_INIT;
    uint8_t *bytes = malloc(MUCH);
    for (size_t i = 0; i < MUCH; i++)
        bytes[i] = (uint8_t)(i >> 8);
    do
        assert_int_equal(stream_write(s, (struct slice){bytes, MUCH}, &e), 0);
    while (stream_waiting(s) == 0); /* the system takes some megabytes */
    free(bytes);
    assert_int_equal(side->wire_out % MUCH, 0);
}

static void write_much_and_close(void *context, struct stream *s)
{
    struct side *side = context;
    write_much(context, s);
    stream_close(s, STREAM_FIN);
    side->stream = NULL;
}

static void take_much(void *context, struct stream *s, struct slice bytes)
{
    struct side *side = context;
    (void)s;
    for (size_t i = 0; i < bytes.n; i += 97)
        assert_int_equal(bytes.p[i], (side->heard_n + i) >> 8 & 0xFF);
    side->heard_n += bytes.n;
}

static void a_close_waits_for_what_is_written(void **state)
{
    static const struct stream_events client = {.opened = write_much_and_close, .wire = side_wire};
    static const struct stream_events server = {.data = take_much, .closed = side_closed};
    struct scene w;
    (void)state;
    scene_open(&w, &server, 0);
    scene_connect(&w, &client);
    scene_run(&w);
    assert_int_equal(w.server.heard_n, w.client.wire_out);
    assert_int_equal(w.server.end, STREAM_CLOSED);
}

static void write_much_and_end(void *context, struct stream *s)
{
    struct err e = ERR_INIT;
    write_much(context, s);
    assert_int_equal(stream_end_writing(s, &e), 0);
    assert_int_equal(stream_write(s, slice_of("x"), &e), -1);
}

static void reply_to_the_end(void *context, struct stream *s, enum stream_end end, const char *why)
{
    struct side *side = context;
    (void)why;
    side->closed++;
    side->end = end;
    say(s, "I have all");
    stream_close(s, STREAM_FIN);
    side->stream = NULL;
}

static void one_half_can_be_closed(void **state)
{
    static const struct stream_events client = {
        .opened = write_much_and_end, .data = side_data, .closed = side_closed, .wire = side_wire};
    static const struct stream_events server = {.data = take_much, .closed = reply_to_the_end};
    struct scene w;
    (void)state;
    scene_open(&w, &server, 0);
    scene_connect(&w, &client);
    scene_run(&w);
    assert_int_equal(w.server.heard_n, w.client.wire_out);
    assert_string_equal(w.client.heard, "I have all");
    assert_int_equal(w.client.end, STREAM_CLOSED);
}

static void write_too_much(void *context, struct stream *s)
{
    struct side *side = context;
    struct err e = ERR_INIT;
    int times = 0;
    uint8_t *bytes = calloc(1, 1u << 20);
    while (stream_write(s, (struct slice){bytes, 1u << 20}, &e) == 0)
        assert_true(++times < 100);
    free(bytes);
    assert_non_null(strstr(e.what, "the peer does not read, and too much waits"));
    assert_in_range(stream_waiting(s), 1, STREAM_WAITING_MOST);
    side->scene->how = STREAM_RST;
    scene_close(side->scene);
}

static void a_peer_that_never_reads_is_bounded(void **state)
{
    static const struct stream_events client = {.opened = write_too_much};
    struct scene w;
    (void)state;
    scene_open(&w, NULL, 0); /* accepted, and not used */
    scene_connect(&w, &client);
    scene_run(&w);
}

static void reset_while_much_waits(void **state)
{
    static const struct stream_events server = {
        .data = side_data, .closed = side_closed, .wire = side_wire};
    struct scene w;
    (void)state;
    scene_open(&w, &server, 0);
    int fd = raw_connect(listener_endpoint(w.listener));
    while (w.server.stream == NULL)
        world_turn(w.world, false);
    write_much(&w.server, w.server.stream);
    raw_reset(fd);
    scene_run(&w);
    assert_int_equal(w.server.closed, 1);
    assert_int_equal(w.server.end, STREAM_RESET);
}

static void reading_can_pause(void **state)
{
    struct scene w;
    (void)state;
    scene_open(&w, &SIDE, 0);
    int fd = raw_connect(listener_endpoint(w.listener));
    while (w.server.stream == NULL)
        world_turn(w.world, false);
    stream_pause(w.server.stream, true);
    assert_int_equal(write(fd, "abc", 3), 3);
    for (int i = 0; i < 5; i++)
        world_turn(w.world, false);
    assert_int_equal(w.server.heard_n, 0);
    stream_pause(w.server.stream, false);
    while (w.server.heard_n < 3)
        world_turn(w.world, true);
    assert_string_equal(w.server.heard, "abc");
    close(fd);
    scene_run(&w);
    assert_int_equal(w.server.end, STREAM_CLOSED);
}

/* ---- many ---- */

static void echo(void *context, struct stream *s, struct slice bytes)
{
    struct err e = ERR_INIT;
    (void)context;
    assert_int_equal(stream_write(s, bytes, &e), 0);
}

static void just_close(void *context, struct stream *s, enum stream_end end, const char *why)
{
    (void)context;
    (void)end;
    (void)why;
    stream_close(s, STREAM_FIN);
}

static const struct stream_events ECHOER = {.data = echo, .closed = just_close};

static void caller_opened(void *context, struct stream *s)
{
    (void)context;
    say(s, "ping");
}

static void caller_heard(void *context, struct stream *s, struct slice bytes)
{
    unsigned *done = context;
    assert_int_equal(bytes.n, 4);
    (*done)++;
    stream_close(s, STREAM_FIN);
}

static void caller_closed(void *context, struct stream *s, enum stream_end end, const char *why)
{
    (void)context;
    (void)s;
    (void)end;
    fail_msg("%s", why);
}

static const struct stream_events CALLER = {caller_opened, caller_heard, caller_closed, NULL};

static void many_at_once_and_one_after_another(void **state)
{
    struct scene w;
    struct err e = ERR_INIT;
    unsigned done = 0, expected = 0;
    (void)state;
    scene_open(&w, &ECHOER, 0);
    for (int round = 0; round < 5; round++) {
        expected += 200;
        for (int i = 0; i < 200; i++)
            assert_non_null(
                stream_connect(w.world, listener_endpoint(w.listener), 0, &CALLER, &done, &e));
        while (done < expected)
            world_turn(w.world, true);
    }
    assert_int_equal(w.accepted, 1000);
    assert_int_equal(w.refused, 0);
    listener_close(w.listener);
    scene_run(&w);
}

static void more_than_allowed_are_refused(void **state)
{
    struct scene w;
    int fds[5];
    char byte;
    (void)state;
    scene_open(&w, &ECHOER, 3);
    for (int i = 0; i < 5; i++)
        fds[i] = raw_connect(listener_endpoint(w.listener));
    while (w.accepted + w.refused < 5)
        world_turn(w.world, true);
    assert_int_equal(w.accepted, 3);
    assert_string_equal(w.refusal, "3 connections are open, the most that are allowed");
    assert_int_equal(read(fds[4], &byte, 1), -1); /* reset */
    for (int i = 0; i < 5; i++)
        close(fds[i]);
    for (int i = 0; i < 5; i++)
        world_turn(w.world, false);
    int fd = raw_connect(listener_endpoint(w.listener));
    while (w.accepted < 4)
        world_turn(w.world, true);
    listener_close(w.listener);
    close(fd);
    scene_run(&w);
}

static void running_out_of_descriptors_is_survived(void **state)
{
    struct scene w;
    struct rlimit before, few;
    int fds[20];
    (void)state;
    scene_open(&w, &ECHOER, 0);
    for (int i = 0; i < 20; i++)
        fds[i] = raw_connect(listener_endpoint(w.listener));
    getrlimit(RLIMIT_NOFILE, &before);
    few = before;
    few.rlim_cur = (rlim_t)fds[19] + 5;
    setrlimit(RLIMIT_NOFILE, &few);
    while (w.accepted + w.refused < 20)
        world_turn(w.world, true);
    assert_in_range(w.accepted, 1, 5);
    assert_non_null(strstr(w.refusal, "`ulimit -n` allows more"));
    for (int i = 0; i < 20; i++)
        close(fds[i]);
    setrlimit(RLIMIT_NOFILE, &before);
    unsigned accepted = w.accepted;
    int fd = raw_connect(listener_endpoint(w.listener)); /* it still listens */
    while (w.accepted == accepted)
        world_turn(w.world, true);
    listener_close(w.listener);
    close(fd);
    scene_run(&w);
}

static void a_stream_outlives_its_listener(void **state)
{
    struct scene w;
    (void)state;
    scene_open(&w, &ANSWERER, 0);
    int fd = raw_connect(listener_endpoint(w.listener));
    while (w.server.stream == NULL)
        world_turn(w.world, false);
    listener_close(w.listener);
    world_turn(w.world, false);
    w.listener = NULL;
    assert_int_equal(write(fd, "hello", 5), 5);
    while (w.server.heard_n < 5)
        world_turn(w.world, true);
    close(fd);
    scene_run(&w);
    assert_int_equal(w.server.closed, 1);
}

/* ---- a virtual world alone ---- */

static void nobody_lives_there(void **state)
{
    struct scene w;
    struct endpoint at;
    struct err e = ERR_INIT;
    (void)state;
    assert_int_equal(endpoint_parse("[fe80::1%ev0]:15118", &at, &e), 0);
    for (unsigned ms = 2000; ms <= 4000; ms += 2000) {
        scene_open(&w, &SIDE, 0);
        w.client.stream = stream_connect(w.world, &at, ms, &SIDE, &w.client, &e);
        world_turn(w.world, false);
        scene_run(&w);
        assert_int_equal(w.client.end, ms < 3000 ? STREAM_TIMEOUT : STREAM_UNREACHABLE);
    }
}

/* What the client did, and when, in ms. */
struct log {
    struct world *world;
    struct timer timer;
    struct stream *client;
    unsigned at;
    char text[400];
};

static void note(struct log *l, const char *what)
{
    size_t n = strlen(l->text);
    snprintf(l->text + n, sizeof l->text - n, "%d:%s ",
             (int)((world_now(l->world) - WORLD_BEGIN) / 1000), what);
}

static void log_opened(void *context, struct stream *s)
{
    (void)s;
    note(context, "opened");
}

static void log_data(void *context, struct stream *s, struct slice bytes)
{
    char what[20];
    snprintf(what, sizeof what, "got%.*s", (int)bytes.n, (const char *)bytes.p);
    (void)s;
    note(context, what);
}

static void log_closed(void *context, struct stream *s, enum stream_end end, const char *why)
{
    (void)why;
    note(context, stream_end_text(end));
    stream_close(s, STREAM_FIN);
}

static const struct stream_events LOGS = {
    .opened = log_opened, .data = log_data, .closed = log_closed};

static void log_accepted(void *context, struct stream *s)
{
    struct log *l = context;
    note(l, "accepted");
    stream_use(s, &LOGS, l);
}

static void log_step(void *data)
{
    struct log *l = data;
    struct err e = ERR_INIT;
    if (l->at++ < 3) {
        say(l->client, "a");
        say(l->client, "b");
        timer_start(l->world, &l->timer, 1000, log_step, l);
    } else {
        assert_int_equal(stream_end_writing(l->client, &e), 0);
        assert_int_equal(stream_write(l->client, slice_of("c"), &e), -1);
    }
}

/* Nothing takes any time but timers and the cable; each write comes by itself, in its order. */
static void only_the_cable_takes_time(void **state)
{
    static const struct listener_events ACCEPTS = {.accepted = log_accepted};
    struct log l = {.world = some_world()};
    struct endpoint at = {.interface = "evse0"}, to;
    struct err e = ERR_INIT;
    (void)state;
    struct listener *listener = stream_listen(l.world, &at, 0, &ACCEPTS, &l, &e);
    to = *listener_endpoint(listener);
    assert_int_equal(to.mac[5], 0xE2);
    memcpy(to.interface, "ev0", 4);
    l.client = stream_connect(l.world, &to, 0, &LOGS, &l, &e);
    timer_start(l.world, &l.timer, 500, log_step, &l);
    world_run(l.world);
    assert_string_equal(l.text, "2:opened 3:accepted 501:gota 501:gotb 1501:gota 1501:gotb "
                                "2501:gota 2501:gotb 3501:closed by peer 3502:closed by peer ");
    listener_close(listener);
    assert_int_equal(world_close(l.world), 0);
}

/* FIN, then what the closed end has for bytes that still come: RST, so that writing fails. */
static void a_closed_end_answers_by_reset(void **state)
{
    struct scene w;
    struct err e = ERR_INIT;
    (void)state;
    scene_open(&w, &SIDE, 0);
    scene_connect(&w, &SIDE);
    while (w.server.stream == NULL || !stream_is_open(w.client.stream))
        world_turn(w.world, false);
    stream_close(w.client.stream, STREAM_FIN);
    w.client.stream = NULL;
    struct stream *s = w.server.stream;
    assert_int_equal(stream_write(s, slice_of("x"), &e), 0);
    assert_int_equal(stream_write(s, slice_of("x"), &e), -1);
    assert_non_null(strstr(e.what, "reset by peer"));
    scene_run(&w);
    assert_int_equal(w.server.closed, 1);
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
        cmocka_unit_test(bytes_go_both_ways),
        cmocka_unit_test(a_filter_sits_between),
        cmocka_unit_test(both_ends_are_known),
        cmocka_unit_test(a_reset_is_told),
        cmocka_unit_test(a_refused_connection_is_told),
        cmocka_unit_test(a_silent_peer_times_out),
        cmocka_unit_test(what_cannot_be_is_said_at_once),
        cmocka_unit_test(streams_close_at_any_moment),
        cmocka_unit_test(a_raw_peer_resets_at_any_moment),
        cmocka_unit_test(a_close_waits_for_what_is_written),
        cmocka_unit_test(one_half_can_be_closed),
        cmocka_unit_test(a_peer_that_never_reads_is_bounded),
        cmocka_unit_test(reset_while_much_waits),
        cmocka_unit_test(reading_can_pause),
        cmocka_unit_test(many_at_once_and_one_after_another),
        cmocka_unit_test(more_than_allowed_are_refused),
        cmocka_unit_test(running_out_of_descriptors_is_survived),
        cmocka_unit_test(a_stream_outlives_its_listener),
    };
    const struct CMUnitTest virtual[] = {
        cmocka_unit_test(bytes_go_both_ways),
        cmocka_unit_test(a_filter_sits_between),
        cmocka_unit_test(both_ends_are_known),
        cmocka_unit_test(a_reset_is_told),
        cmocka_unit_test(a_refused_connection_is_told),
        cmocka_unit_test(what_cannot_be_is_said_at_once),
        cmocka_unit_test(streams_close_at_any_moment),
        cmocka_unit_test(a_close_waits_for_what_is_written),
        cmocka_unit_test(one_half_can_be_closed),
        cmocka_unit_test(a_peer_that_never_reads_is_bounded),
        cmocka_unit_test(many_at_once_and_one_after_another),
        cmocka_unit_test(nobody_lives_there),
        cmocka_unit_test(only_the_cable_takes_time),
        cmocka_unit_test(a_closed_end_answers_by_reset),
    };
    alarm(120);
    return cmocka_run_group_tests(tests, NULL, NULL) +
           cmocka_run_group_tests(virtual, begin_virtual_time, NULL);
}
