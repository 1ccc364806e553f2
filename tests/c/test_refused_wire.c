/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of the system, and of libuv, that say no while bytes are moved: over TCP, UDP and raw
 * Ethernet of the loopback interface. What is asked for is done, or it is said why not; nothing
 * waits for ever, and nothing is left open.
 */
#include "calls_system.h"

#include "heard.h"
#include "wire/descriptors.h"
#include "wire/ether.h"
#include "wire/link_watch.h"
#include "wire/netlink.h"
#include "wire/sdp.h"
#include "wire/stream.h"
#include "wire/world.h"

#include <limits.h>
#include <setjmp.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define LIMIT_MS 5000 /* of what takes a few */
#define COUNT(x) (sizeof(x) / sizeof *(x))

/* What the system may answer: something is wrong, there are no descriptors, later, once more, and
 * somebody else has it. */
static const int ERRORS[] = {EIO, EMFILE, EAGAIN, EINTR, EADDRINUSE};

/* Ways of one run: what is open, and how it goes. */
struct scene {
    struct world *world;
    struct listener *listener;
    struct stream *client, *server;
    struct sdp_socket *asker, *answerer;
    struct ether_port *port;
    struct link_watch *link;
    struct timer limit;
    struct err e; /* the first that went wrong */
    bool is_done;
};

static void too_late(void *context)
{
    (void)context;
    fail_msg("it waits for ever");
}

static int scene_open(struct scene *s, struct err *e)
{
    *s = (struct scene){.e = ERR_INIT};
    s->world = world_open(NULL, e);
    if (s->world == NULL)
        return -1;
    timer_start(s->world, &s->limit, LIMIT_MS, too_late, s);
    return 0;
}

/* Until it is done, or something went wrong. */
static void scene_play(struct scene *s)
{
    while (!s->is_done && !s->e.set)
        world_turn(s->world, true);
}

static int scene_close(struct scene *s, struct err *e)
{
    timer_stop(&s->limit);
    stream_close(s->client, STREAM_RST);
    stream_close(s->server, STREAM_RST);
    listener_close(s->listener);
    sdp_close(s->asker);
    sdp_close(s->answerer);
    ether_close(s->port);
    link_watch_close(s->link);
    calls_calm();
    assert_int_equal(world_close(s->world), 0);
    if (s->e.set)
        *e = s->e;
    return s->e.set ? -1 : 0;
}

/* ---- TCP ---- */

static void say(struct scene *s, struct stream *stream, const char *text)
{
    stream_write(stream, slice_of(text), &s->e);
}

static void client_opened(void *context, struct stream *stream)
{
    say(context, stream, "hello");
}

static void client_data(void *context, struct stream *stream, struct slice bytes)
{
    struct scene *s = context;
    assert_memory_equal(bytes.p, "welcome", bytes.n);
    stream_end_writing(stream, &s->e);
}

static void server_data(void *context, struct stream *stream, struct slice bytes)
{
    assert_memory_equal(bytes.p, "hello", bytes.n);
    say(context, stream, "welcome");
}

static void closed(void *context, struct stream *stream, enum stream_end end, const char *why)
{
    struct scene *s = context;
    assert_true(why[0] != '\0');
    if (stream == s->server && end == STREAM_CLOSED)
        s->is_done = true;
    else
        err_set(&s->e, "%s", why);
}

static const struct stream_events CLIENT = {
    .opened = client_opened, .data = client_data, .closed = closed};
static const struct stream_events SERVER = {.data = server_data, .closed = closed};

static void accepted(void *context, struct stream *stream)
{
    struct scene *s = context;
    assert_null(s->server);
    s->server = stream;
    stream_use(stream, &SERVER, s);
}

static void refused(void *context, const struct endpoint *from, const char *why)
{
    struct scene *s = context;
    assert_int_equal(from->ip[15], 1);
    err_set(&s->e, "%s", why);
}

static const struct listener_events LISTENER = {accepted, refused};

/* A memory_run: two sides greet each other. */
static int greet(void *context, struct err *e)
{
    const struct endpoint at = {.interface = "lo"};
    struct scene s;
    (void)context;
    if (scene_open(&s, e) != 0)
        return -1;
    s.listener = stream_listen(s.world, &at, 0, &LISTENER, &s, &s.e);
    if (s.listener != NULL)
        s.client = stream_connect(s.world, listener_endpoint(s.listener), 0, &CLIENT, &s, &s.e);
    scene_play(&s);
    return scene_close(&s, e);
}

static void connections(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ERRORS); i++)
        assert_true(calls_refuse_each("TCP", ERRORS[i], greet, NULL) > 20);
    assert_true(memory_fail_each("TCP", 0, greet, NULL) > 2 || !COUNTS_MEMORY);
}

/* Whoever wants to hear of nothing hears of nothing, and can look whether it is open. */
static void nobody_listens(void **state)
{
    static const struct stream_events DEAF = {.data = NULL};
    static const struct listener_events TAKER = {.accepted = accepted};
    const struct endpoint at = {.interface = "lo"};
    struct scene s;
    struct err e = ERR_INIT;
    (void)state;
    assert_int_equal(scene_open(&s, &e), 0);
    s.listener = stream_listen(s.world, &at, 1, &TAKER, &s, &e);
    assert_non_null(s.listener);
    s.client = stream_connect(s.world, listener_endpoint(s.listener), 0, &DEAF, &s, &e);
    while (s.server == NULL || !stream_is_open(s.client))
        world_turn(s.world, true);
    assert_false(stream_is_idle(s.client)); /* no listener's, so that it gives way to nobody */
    struct stream *other =                  /* refused, which is told to nobody */
        stream_connect(s.world, listener_endpoint(s.listener), 0, &DEAF, &s, &e);
    assert_non_null(other);
    say(&s, s.server, "is not heard");
    for (int i = 0; i < 20; i++)
        world_turn(s.world, false);
    stream_pause(s.client, true);
    stream_pause(s.client, false);
    stream_close(s.server, STREAM_FIN);
    s.server = NULL;
    while (stream_is_open(s.client) && stream_write(s.client, slice_of("x"), &e) == 0)
        world_turn(s.world, true);
    stream_close(other, STREAM_FIN);
    listener_close(s.listener);
    listener_close(s.listener); /* once is enough */
    s.listener = NULL;
    assert_int_equal(scene_close(&s, &e), 0);
}

/* ---- more than the system takes at once ---- */

static const uint8_t ZEROS[1u << 20];
static size_t much_went, much_came;

static void write_much(void *context, struct stream *stream)
{
    struct scene *s = context;
    while (stream_waiting(stream) == 0) { /* the system takes some */
        if (stream_write(stream, (struct slice){ZEROS, sizeof ZEROS}, &s->e) != 0)
            return;
        much_went += sizeof ZEROS;
    }
    stream_end_writing(stream, &s->e);
}

static void count_much(void *context, struct stream *stream, struct slice bytes)
{
    (void)context;
    (void)stream;
    much_came += bytes.n;
}

static void all_came(void *context, struct stream *stream, enum stream_end end, const char *why)
{
    struct scene *s = context;
    (void)stream;
    assert_true(why[0] != '\0');
    if (end == STREAM_CLOSED && much_came == much_went)
        s->is_done = true;
    else
        err_set(&s->e, "%s", why);
}

static void take_much(void *context, struct stream *stream)
{
    static const struct stream_events MANY = {.data = count_much, .closed = all_came};
    struct scene *s = context;
    s->server = stream;
    stream_use(stream, &MANY, s);
}

/* A memory_run: what had to wait comes, too, and then the end. */
static int write_on(void *context, struct err *e)
{
    static const struct stream_events WRITER = {.opened = write_much, .closed = all_came};
    static const struct listener_events TAKER = {.accepted = take_much};
    const struct endpoint at = {.interface = "lo"};
    struct scene s;
    (void)context;
    much_went = much_came = 0;
    if (scene_open(&s, e) != 0)
        return -1;
    world_share_ports(s.world);
    s.listener = stream_listen(s.world, &at, 0, &TAKER, &s, &s.e);
    if (s.listener != NULL)
        s.client = stream_connect(s.world, listener_endpoint(s.listener), 0, &WRITER, &s, &s.e);
    scene_play(&s);
    return scene_close(&s, e);
}

static void much_data(void **state)
{
    static const char *const CALLS[] = {"uv_write", "uv_shutdown", "uv_try_write"};
    struct err e = ERR_INIT;
    (void)state;
    if (write_on(NULL, &e) != 0)
        fail_msg("%s", e.what);
    for (size_t i = 0; i < COUNT(CALLS); i++) {
        e = ERR_INIT;
        calls_refuse_next(CALLS[i], EPIPE);
        assert_int_equal(write_on(NULL, &e), -1);
        if (strstr(e.what, "nothing can be sent to [::1]:") == NULL)
            fail_msg("%s: %s", CALLS[i], e.what);
    }
    calls_refuse_next("uv_try_write", EAGAIN); /* all of it has to wait */
    e = ERR_INIT;
    if (write_on(NULL, &e) != 0)
        fail_msg("%s", e.what);
}

/* Ports that others have are passed over, as long as there may be a free one. */
static void ports_that_are_taken(void **state)
{
    static const struct {
        const char *call;
        int error, times;
        const char *text; /* NULL: it goes on */
    } TAKEN[] = {
        {"bind", EADDRINUSE, 3, NULL},
        {"listen", EADDRINUSE, 1, NULL},
        {"uv_tcp_connect", EADDRNOTAVAIL, 2, NULL},
        {"bind", EACCES, 1, "listening at [::1]:"},
        {"socket", EMFILE, 1, "`ulimit -n` allows more"},
        {"uv_tcp_connect", ENETUNREACH, 1, "connecting to [::1]:"},
        {"accept4", ENFILE, 1, "accepting a connection: Too many open files in system"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(TAKEN); i++) {
        struct err e = ERR_INIT;
        for (int k = 0; k < TAKEN[i].times; k++)
            calls_refuse_next(TAKEN[i].call, TAKEN[i].error);
        int bad = greet(NULL, &e);
        if (bad != (TAKEN[i].text == NULL ? 0 : -1) ||
            (bad != 0 && strstr(e.what, TAKEN[i].text) == NULL))
            fail_msg("%zu: %s", i, e.what);
    }
}

/* ---- UDP ---- */

static void answer(void *context, struct sdp_socket *socket, const struct endpoint *from,
                   const struct endpoint *to, struct slice bytes)
{
    struct scene *s = context;
    assert_int_equal(to->ip[15], 1);
    assert_memory_equal(bytes.p, "who", bytes.n);
    sdp_send(socket, from, slice_of("me"), &s->e);
}

/* A memory_run: a question, and its answer. */
static int ask(void *context, struct err *e)
{
    struct scene s;
    (void)context;
    if (scene_open(&s, e) != 0)
        return -1;
    s.answerer = sdp_server_open(s.world, "lo", endpoint_random_port(), answer, &s, &s.e);
    if (s.answerer != NULL)
        s.asker = sdp_open(s.world, "lo", NULL, answered, &s.is_done, &s.e);
    if (s.asker != NULL)
        sdp_send(s.asker, sdp_local(s.answerer), slice_of("who"), &s.e);
    scene_play(&s);
    return scene_close(&s, e);
}

static void datagrams(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ERRORS); i++)
        assert_true(calls_refuse_each("UDP", ERRORS[i], ask, NULL) > 15);
    assert_true(memory_fail_each("UDP", 0, ask, NULL) > 2 || !COUNTS_MEMORY);
    struct err e = ERR_INIT;
    calls_refuse_next("bind", EADDRINUSE); /* of the station's, which has no choice */
    assert_int_equal(ask(NULL, &e), -1);
    assert_non_null(strstr(e.what, "another program serves SDP here"));
    calls_refuse_next("bind", EINTR);
    e = ERR_INIT;
    assert_int_equal(ask(NULL, &e), -1);
    assert_non_null(strstr(e.what, "binding to UDP port"));
    sdp_close(NULL);
}

/* ---- raw Ethernet ---- */

static void frame_came(void *context, struct slice frame)
{
    struct scene *s = context;
    if (ether_type(frame) == ETHER_HOMEPLUG)
        s->is_done = true;
}

/* A memory_run: a frame that comes back; of one type, or of all. */
static int send_frame(void *context, struct err *e)
{
    struct scene s;
    struct buf frame = {0};
    if (scene_open(&s, e) != 0)
        return -1;
    s.port = ether_open(s.world, "lo", *(const uint16_t *)context, frame_came, &s, &s.e);
    if (s.port != NULL) {
        ether_header(&frame, ether_mac(s.port), ether_mac(s.port), ETHER_HOMEPLUG);
        ether_send(s.port, (struct slice){frame.p, frame.n}, &s.e);
    }
    buf_close(&frame);
    scene_play(&s);
    return scene_close(&s, e);
}

/* A loopback interface of our own: on that of all the frames of others would be in the way. */
static bool go_apart(void)
{
    struct ifreq lo = {.ifr_name = "lo"};
    if (unshare(CLONE_NEWNET) != 0)
        return false;
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &lo), 0);
    lo.ifr_flags |= IFF_UP;
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
    close(fd);
    return true;
}

static void frames(void **state)
{
    static const uint16_t TYPES[] = {ETHER_HOMEPLUG, ETHER_ALL};
    struct err e = ERR_INIT;
    int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    (void)state;
    if (!go_apart())
        skip();
    assert_int_equal(send_frame((void *)(uintptr_t)&TYPES[0], &e), 0);
    assert_true(calls_refuse_each("Ethernet", EIO, send_frame, (void *)(uintptr_t)&TYPES[1]) > 5);
    calls_refuse_next("recvmsg", EINTR); /* it is asked once more */
    assert_int_equal(send_frame((void *)(uintptr_t)&TYPES[0], &e), 0);
    assert_true(memory_fail_each("Ethernet", 0, send_frame, (void *)(uintptr_t)&TYPES[0]) > 0 ||
                !COUNTS_MEMORY);
    for (int number = EPERM;; number = EACCES) {
        calls_refuse_next("socket", number);
        e = ERR_INIT;
        assert_int_equal(send_frame((void *)(uintptr_t)&TYPES[0], &e), -1);
        assert_non_null(strstr(e.what, "raw Ethernet on lo needs the capability CAP_NET_RAW"));
        if (number == EACCES)
            break;
    }
    ether_close(NULL);
    assert_int_equal(setns(home, CLONE_NEWNET), 0);
    close(home);
}

/* ---- a medium of our own ---- */

static const uint8_t *mac_of(void *context, const char *interface)
{
    static const uint8_t MAC[6] = {2, 0, 0, 0, 0, 9};
    (void)context;
    return strcmp(interface, "ev0") == 0 ? MAC : NULL;
}

static int take_frame(void *context, const char *interface, struct slice frame, struct err *e)
{
    struct scene *s = context;
    (void)e;
    assert_string_equal(interface, "ev0");
    assert_int_equal(frame.n, ETHER_LEAST); /* filled up */
    ether_deliver(s->world, interface, frame);
    ether_deliver(s->world, "ev1", frame); /* nobody is there */
    return 0;
}

static void ports_of_a_medium(void **state)
{
    static const struct ether_medium NONE = {NULL, mac_of, NULL, take_frame};
    static uint8_t frame[ETHER_MOST + 1] = {
        [12] = ETHER_HOMEPLUG >> 8, [13] = ETHER_HOMEPLUG & 0xFF};
    struct ether_medium medium = NONE;
    struct scene s;
    struct err e = ERR_INIT;
    (void)state;
    assert_int_equal(scene_open(&s, &e), 0);
    medium.context = &s;
    assert_false(ether_has_medium(s.world) || ether_medium_has(s.world, "ev0"));
    assert_false(ether_medium_is_used(s.world));
    assert_null(ether_other_end(s.world, "ev0"));
    ether_set_medium(s.world, &medium);
    assert_true(ether_has_medium(s.world) && ether_medium_has(s.world, "ev0"));
    assert_false(ether_medium_has(s.world, "eth0"));
    assert_null(ether_other_end(s.world, "ev0")); /* it does not say */
    s.port = ether_open(s.world, "ev0", ETHER_HOMEPLUG, frame_came, &s, &e);
    assert_non_null(s.port);
    assert_true(ether_medium_is_used(s.world) && ether_is_here(s.world, mac_of(NULL, "ev0")));
    assert_false(ether_is_here(s.world, frame) || ether_is_here(NULL, mac_of(NULL, "ev0")));
    static const size_t WRONG[] = {0, ETHER_HEADER - 1, ETHER_MOST + 1};
    for (size_t i = 0; i < COUNT(WRONG); i++) {
        e = ERR_INIT;
        assert_int_equal(ether_send(s.port, (struct slice){frame, WRONG[i]}, &e), -1);
        assert_non_null(strstr(e.what, "octets; expected 14 to 15"));
    }
    e = ERR_INIT;
    assert_int_equal(ether_send(s.port, (struct slice){frame, ETHER_HEADER}, &e), 0);
    assert_true(s.is_done);
    ether_close(s.port);
    ether_close(s.port); /* it goes with the next turn */
    assert_false(ether_medium_is_used(s.world));
    s.is_done = false;
    ether_deliver(s.world, "ev0", (struct slice){frame, ETHER_LEAST});
    assert_false(s.is_done);
    s.port = NULL;
    assert_int_equal(scene_close(&s, &e), 0);
    /* in virtual time there is nothing else */
    s.world = world_open_virtual(NULL, 1, &e);
    assert_null(ether_open(s.world, "lo", ETHER_HOMEPLUG, frame_came, &s, &e));
    assert_non_null(strstr(e.what, "in virtual time there is no such interface"));
    assert_int_equal(world_close(s.world), 0);
}

/* ---- messages to the kernel ---- */

/* What does not fit is not sent; of what came back nothing behind its end is read. */
static void messages_to_the_kernel(void **state)
{
    static const uint8_t LONG[4096];
    static const struct {
        uint8_t octets[12]; /* behind the header */
        size_t n;
        bool is_found; /* attribute 7 */
    } ATTRIBUTES[] = {
        {{8, 0, 7, 0, 'a', 'b', 'c', 'd'}, 8, true},
        {{5, 0, 1, 0, 'x', 0, 0, 0, 4, 0, 7, 0}, 12, true}, /* behind another one, and empty */
        {{8, 0, 1, 0, 'a', 'b', 'c', 'd'}, 8, false},
        {{8, 0, 7, 0, 'a', 'b'}, 6, false}, /* longer than what is there */
        {{3, 0, 7, 0}, 4, false},           /* shorter than its own head */
        {{8, 0, 7}, 3, false},              /* no head */
        {{0}, 0, false},
    };
    struct netlink m;
    (void)state;
    netlink_begin(&m, 1, 0, "body", 4);
    size_t nest = netlink_nest(&m, 1);
    netlink_put(&m, 2, LONG, sizeof LONG);
    netlink_put(&m, 3, "x", 1);
    netlink_raw(&m, "x", 1);
    netlink_end(&m, nest);
    assert_int_equal(netlink_ask(&m), EMSGSIZE);
    for (size_t i = 0; i < COUNT(ATTRIBUTES); i++) {
        size_t size = 99;
        netlink_begin(&m, 1, 0, "", 0);
        memcpy(m.p + m.n, ATTRIBUTES[i].octets, ATTRIBUTES[i].n);
        m.n += ATTRIBUTES[i].n;
        const uint8_t *found = netlink_get(&m, 0, 7, &size);
        assert_int_equal(found != NULL, ATTRIBUTES[i].is_found);
        if (found != NULL)
            assert_true(found + size <= m.p + m.n);
    }
}

/* ---- interfaces ---- */

/* A memory_run: what is said of an interface that is there, and of one that is not. */
static int look(void *context, struct err *e)
{
    struct endpoint own;
    struct err none = ERR_INIT;
    (void)context;
    assert_int_equal(endpoint_of_interface("nowhere0", &own, &none), -1);
    assert_non_null(strstr(none.what, "found \"nowhere0\""));
    int bad = endpoint_of_interface("lo", &own, e);
    if (bad == 0)
        assert_int_equal(own.ip[15], 1);
    return bad;
}

static void interfaces(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text; /* NULL: it is there */
    } NAMES[] = {
        {"1", NULL},        {"0", "found \"0\""},       {"1x", "found \"1x\""},
        {"", "found \"\""}, {"9999", "found \"9999\""}, {"99999999999", "found \"99999999999\""}};
    assert_true(calls_refuse_each("interfaces", EMFILE, look, NULL) > 1);
    for (size_t i = 0; i < COUNT(NAMES); i++) {
        struct endpoint own;
        struct err e = ERR_INIT;
        int bad = endpoint_of_interface(NAMES[i].name, &own, &e);
        assert_int_equal(bad, NAMES[i].text == NULL ? 0 : -1);
        if (bad != 0)
            assert_non_null(strstr(e.what, NAMES[i].text));
    }
}

/* The MAC address of an end: of many by the address, of its own host none, else what is known. */
static void macs_of_addresses(void **state)
{
    static const struct {
        const char *address;
        uint8_t mac[6];
    } ENDS[] = {
        {"127.0.0.1:7", {0}},
        {"192.0.2.1:7", {0}},
        {"[::1]:7", {0}},
        {"[ff02::1%lo]:7", {0x33, 0x33, 0, 0, 0, 1}},
        {"[fe80::1c:2dff:fe3e:4f50%lo]:7", {0x02, 0x1C, 0x2D, 0x3E, 0x4F, 0x50}}, /* EUI-64 */
        {"[fe80::1c:2dff:ee3e:4f50%lo]:7", {0}},
        {"[fe80::1c:2d00:fe3e:4f50%lo]:7", {0}},
        {"[2001:db8::1c:2dff:fe3e:4f50]:7", {0}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(ENDS); i++) {
        struct endpoint a;
        struct err e = ERR_INIT;
        assert_int_equal(endpoint_parse(ENDS[i].address, &a, &e), 0);
        endpoint_learn_mac(&a);
        if (memcmp(a.mac, ENDS[i].mac, 6) != 0)
            fail_msg("%s", ENDS[i].address);
        static const uint8_t OTHER[6] = {1, 2, 3, 4, 5, 6};
        memcpy(a.mac, OTHER, 6); /* what is known stays */
        endpoint_learn_mac(&a);
        assert_memory_equal(a.mac, OTHER, 6);
    }
}

/* A memory_run: an interface whose cable nobody pulls. */
static int watch_link(void *context, struct err *e)
{
    struct scene s;
    (void)context;
    if (scene_open(&s, e) != 0)
        return -1;
    s.link = link_watch_open(s.world, "lo", NULL, NULL);
    if (s.link == NULL)
        err_set(&s.e, "the link cannot be watched");
    return scene_close(&s, e);
}

static void links(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ERRORS); i++)
        assert_true(calls_refuse_each("links", ERRORS[i], watch_link, NULL) > 5);
    assert_true(memory_fail_each("links", 0, watch_link, NULL) > 0 || !COUNTS_MEMORY);
}

/* How many connections there may be is known, whatever the system says of it: one at least. */
static void limits(void **state)
{
    struct rlimit before, low;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    calls_refuse_next("getrlimit", EPERM);
    assert_int_equal(descriptors_for_connections(), 1);
    low = (struct rlimit){20, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    calls_refuse_next("setrlimit", EPERM);
    assert_int_equal(descriptors_for_connections(), 1); /* 20 are for others */
    unsigned most = descriptors_for_connections();
    if (before.rlim_max > INT_MAX)
        assert_int_equal(most, INT_MAX);
    else
        assert_int_equal(most, before.rlim_max - DESCRIPTORS_OTHERS);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(much_data),
        cmocka_unit_test(ports_that_are_taken),
        cmocka_unit_test(ports_of_a_medium),
        cmocka_unit_test(datagrams),
        cmocka_unit_test(frames),
        cmocka_unit_test(messages_to_the_kernel),
        cmocka_unit_test(interfaces),
        cmocka_unit_test(macs_of_addresses),
        cmocka_unit_test(links),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
