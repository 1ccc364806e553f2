/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When things came, where they are read later: by the kernel's note over TCP and UDP, and without
 * it by how much the loop was behind; and what came before a timer was due is seen before it rings.
 */
#include "wire/clock.h"
#include "wire/sdp.h"
#include "wire/stream.h"
#include "wire/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define BUSY_US 60000

static bool kernel_is_mute; /* it notes no times */

/* In place of the system's. */
int setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
    if (kernel_is_mute && level == SOL_SOCKET && option == SO_TIMESTAMPING)
        return -1;
    return (int)syscall(SYS_setsockopt, fd, level, option, value, size);
}

struct scene {
    struct world *world;
    struct listener *listener;
    struct stream *stream;
    struct sdp_socket *socket;
    struct sockaddr_in6 to;
    int fd; /* of the peer, which writes while the loop is busy */
    struct timer timer;
    bool is_quick, has_rung, has_rung_first;
    unsigned reads;
    int64_t sent_us, came_us, read_us;
    enum came how;
};

static void note(struct scene *s)
{
    s->came_us = world_came(s->world, &s->how);
    s->read_us = world_now(s->world);
    s->has_rung_first = s->has_rung;
    s->reads++;
}

static void data(void *context, struct stream *stream, struct slice bytes)
{
    (void)stream;
    (void)bytes;
    note(context);
}

static void datagram(void *context, struct sdp_socket *socket, const struct endpoint *from,
                     const struct endpoint *to, struct slice bytes)
{
    (void)socket;
    (void)from;
    (void)to;
    (void)bytes;
    note(context);
}

static void accepted(void *context, struct stream *stream)
{
    static const struct stream_events EVENTS = {.data = data};
    struct scene *s = context;
    s->stream = stream;
    stream_use(stream, &EVENTS, s);
}

static void open_world(struct scene *s)
{
    struct err e = ERR_INIT;
    *s = (struct scene){.world = world_open(NULL, &e)};
    assert_non_null(s->world);
}

static void open_tcp(struct scene *s)
{
    static const struct listener_events EVENTS = {accepted, NULL};
    struct endpoint at = {.interface = "lo"};
    struct err e = ERR_INIT;
    open_world(s);
    s->listener = stream_listen(s->world, &at, 0, &EVENTS, s, &e);
    assert_non_null(s->listener);
    assert_int_equal(endpoint_to_address(listener_endpoint(s->listener), &s->to, &e), 0);
    s->fd = socket(AF_INET6, SOCK_STREAM, 0);
    assert_int_equal(connect(s->fd, (struct sockaddr *)&s->to, sizeof s->to), 0);
    while (s->stream == NULL)
        world_turn(s->world, true);
}

static void open_udp(struct scene *s)
{
    struct err e = ERR_INIT;
    open_world(s);
    s->socket = sdp_open(s->world, "lo", NULL, datagram, s, &e);
    assert_non_null(s->socket);
    assert_int_equal(endpoint_to_address(sdp_local(s->socket), &s->to, &e), 0);
    s->fd = socket(AF_INET6, SOCK_DGRAM, 0);
    assert_int_equal(connect(s->fd, (struct sockaddr *)&s->to, sizeof s->to), 0);
}

static void close_scene(struct scene *s)
{
    close(s->fd);
    stream_close(s->stream, STREAM_RST);
    listener_close(s->listener);
    sdp_close(s->socket);
    timer_stop(&s->timer);
    assert_int_equal(world_close(s->world), 0);
}

/* The peer sends, and the loop has something else to do. */
static void be_busy(void *context)
{
    struct scene *s = context;
    s->sent_us = world_now(s->world);
    assert_int_equal(write(s->fd, "x", 1), 1);
    if (!s->is_quick)
        usleep(BUSY_US);
}

static void send_and_read(struct scene *s)
{
    unsigned before = s->reads;
    timer_start(s->world, &s->timer, 5, be_busy, s);
    while (s->reads == before)
        world_turn(s->world, true);
}

static void the_kernels_time_is_that_of_arrival(void **state)
{
    struct scene s;
    (void)state;
    for (int udp = 0; udp < 2; udp++) {
        (udp ? open_udp : open_tcp)(&s);
        send_and_read(&s);
        assert_int_equal(s.how, CAME_KERNEL);
        assert_true(s.read_us - s.sent_us >= BUSY_US);
        assert_in_range(s.came_us - s.sent_us + 1000, 0, BUSY_US / 2);
        close_scene(&s);
    }
}

static void outside_of_reading_it_is_now(void **state)
{
    struct scene s;
    enum came how = CAME_LATE;
    (void)state;
    open_udp(&s);
    send_and_read(&s);
    assert_true(world_came(s.world, &how) > s.read_us);
    assert_int_equal(how, CAME_NONE);
    close_scene(&s);
}

static void without_the_kernel_a_busy_loop_is_told(void **state)
{
    struct scene s;
    (void)state;
    kernel_is_mute = true;
    for (int udp = 0; udp < 2; udp++) {
        (udp ? open_udp : open_tcp)(&s);
        send_and_read(&s); /* from here on the loop is watched */
        send_and_read(&s);
        assert_int_equal(s.how, CAME_LATE);
        assert_true(s.came_us - s.sent_us >= BUSY_US);
        s.is_quick = true;
        for (int i = 0; i < 50 && s.how != CAME_READ; i++) /* the machine may be busy, too */
            send_and_read(&s);
        assert_int_equal(s.how, CAME_READ);
        close_scene(&s);
    }
    kernel_is_mute = false;
}

static void ring(void *context)
{
    struct scene *s = context;
    s->has_rung = true;
}

static void what_came_in_time_is_seen_before_the_timer(void **state)
{
    struct scene s;
    struct timer due = {0};
    (void)state;
    open_tcp(&s);
    timer_start(s.world, &due, 30, ring, &s);
    send_and_read(&s); /* after 5 ms, and busy until 65 ms */
    assert_false(s.has_rung_first);
    while (!s.has_rung)
        world_turn(s.world, true);
    close_scene(&s);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(the_kernels_time_is_that_of_arrival),
        cmocka_unit_test(outside_of_reading_it_is_now),
        cmocka_unit_test(without_the_kernel_a_busy_loop_is_told),
        cmocka_unit_test(what_came_in_time_is_seen_before_the_timer),
    };
    return cmocka_run_group_tests(TESTS, NULL, NULL);
}
