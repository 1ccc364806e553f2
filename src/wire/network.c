/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/network.h"

#include "wire/lab.h"
#include "wire/link_watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define ROOM (1u << 20)      /* bytes that the other side need not have read: a system's buffers */
#define CABLE_US 1000        /* that everything takes from one side to the other */
#define NEIGHBOUR_MS 3000    /* until a system gives up looking for one (RFC 4861, 10) */
#define DYNAMIC_FIRST 49152u /* of dynamic ports */

/* ---- addresses ---- */

/* Of the first end, that of ev0; then those of evse0, ev1, evse1 … (lab.h). */
static const uint8_t FIRST[16] = {0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFE, 0, 0, 0xE1};
static const uint8_t LOOPBACK[16] = {[15] = 1};
#define ENDS (2 * LAB_CABLES)

/* The interface's own end, with the MAC address that its link-local address is made from.
 * interface: also that of out. */
static int network_interface(const char *interface, struct endpoint *out, struct err *e)
{
    struct endpoint own = {.port = 0};
    unsigned cable = lab_cable_of(interface);
    bool is_loopback = strcmp(interface, "lo") == 0;
    if (cable == 0 && !is_loopback)
        return err_set(e,
                       "interface: in virtual time there are ev0 to ev%d, evse0 to evse%d and lo, "
                       "found \"%.40s\"",
                       LAB_CABLES - 1, LAB_CABLES - 1, interface);
    memcpy(own.ip, is_loopback ? LOOPBACK : FIRST, sizeof own.ip);
    if (!is_loopback) {
        own.ip[15] = (uint8_t)(own.ip[15] + 2 * (cable - 1) + lab_is_station(interface));
        snprintf(own.interface, sizeof own.interface, "%s", interface);
        endpoint_learn_mac(&own);
    }
    *out = own;
    return 0;
}

static bool same_ip(const struct endpoint *a, const struct endpoint *b)
{
    return memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

enum { LO = -1, NOBODY = -2 };

/* Who has that address: 0 ev0, 1 evse0, 2 ev1 and so on; LO: the loopback interface. */
static int end_of(const struct endpoint *a)
{
    int end = a->ip[15] - FIRST[15];
    if (memcmp(a->ip, LOOPBACK, sizeof LOOPBACK) == 0)
        return LO;
    bool is_end = memcmp(a->ip, FIRST, sizeof FIRST - 1) == 0 && end >= 0 && end < ENDS;
    return is_end ? end : NOBODY;
}

static bool is_here(const struct endpoint *a)
{
    return end_of(a) != NOBODY;
}

/* As the other side of the cable sees it: on its own interface. */
static struct endpoint seen_from(const struct endpoint *a, const struct endpoint *viewer)
{
    struct endpoint seen = *a;
    if (endpoint_is_link_local(a) || endpoint_is_multicast(a))
        memcpy(seen.interface, viewer->interface, sizeof seen.interface);
    return seen;
}

static uint16_t some_port(struct world *w)
{
    uint16_t bits;
    world_random(w, &bits, sizeof bits);
    return (uint16_t)(DYNAMIC_FIRST + bits % (65536u - DYNAMIC_FIRST));
}

/* ---- streams ---- */

struct chunk {
    struct chunk *next;
    int64_t due_us;
    size_t n;
    uint8_t bytes[];
};

struct network_stream {
    struct stream stream;                /* first */
    struct network_stream *next, *other; /* other: NULL where there is none, or it is closed */
    struct timer turn;                   /* what comes next for it */
    struct chunk *first, **last;         /* that came, and are not read yet */
    size_t queued;                       /* bytes of them */
    bool is_reading;
    bool has_end, is_reset; /* FIN or RST comes, behind those, */
    int64_t end_us;         /* then */
    bool is_dead;           /* nothing it writes gets anywhere */
};

static struct network_stream *network_of(struct stream *s)
{
    return (struct network_stream *)s;
}

static void network_arrive(void *data);

static int64_t arrival(const struct network_stream *s)
{
    return world_now(s->stream.world) + CABLE_US;
}

/* Whether nothing gets from one to the other. */
static bool network_is_cut(struct world *world, const struct endpoint *own,
                           const struct endpoint *other)
{
    int a = end_of(own), b = end_of(other);
    if (a < 0 || b == NOBODY)
        return false;
    if (b == LO || a % 2 == b % 2) /* of two vehicles each is alone */
        return a != b;
    int vehicle = a % 2 == 0 ? a : b, station = a % 2 == 0 ? b : a;
    return !lab_gates_join(&world_links(world)->gates, (unsigned)vehicle / 2 + 1,
                           (unsigned)station / 2 + 1);
}

static bool stream_is_cut(const struct network_stream *s)
{
    return network_is_cut(s->stream.world, &s->stream.local, &s->stream.remote);
}

static void network_wake(struct network_stream *s)
{
    if (!s->is_reading || timer_is_set(&s->turn) || stream_is_cut(s))
        return;
    if (s->first != NULL)
        timer_at(s->stream.world, &s->turn, s->first->due_us, network_arrive, s);
    else if (s->has_end || s->is_reset)
        timer_at(s->stream.world, &s->turn, s->end_us, network_arrive, s);
}

static struct chunk *network_take(struct network_stream *s)
{
    struct chunk *c = s->first;
    s->first = c->next;
    if (s->first == NULL)
        s->last = &s->first;
    s->queued -= c->n;
    if (s->other != NULL)
        s->other->stream.waiting = s->queued > ROOM ? s->queued - ROOM : 0;
    return c;
}

/* One thing a turn, so that what the owner does about it has its place in the order of events. */
static void network_arrive(void *data)
{
    struct network_stream *s = data;
    if (!s->is_reading || stream_is_cut(s))
        return;
    if (s->first == NULL) {
        stream_lost(&s->stream, "connection", s->is_reset ? UV_ECONNRESET : UV_EOF);
        return;
    }
    struct chunk *c = network_take(s);
    network_wake(s);
    stream_received(&s->stream, (struct slice){c->bytes, c->n});
    free(c);
}

static void network_read(struct stream *stream, bool is_on)
{
    struct network_stream *s = network_of(stream);
    s->is_reading = is_on;
    network_wake(s);
}

static int network_write(struct stream *stream, struct slice bytes, struct err *e)
{
    struct network_stream *s = network_of(stream), *to = s->other;
    if (s->is_dead)
        return stream_cannot_number(stream, UV_EPIPE, e);
    if (to == NULL) { /* the first bytes to a closed end are answered by RST */
        s->is_dead = s->is_reset = true;
        s->end_us = arrival(s) + CABLE_US;
        network_wake(s);
        return 0;
    }
    struct chunk *c = malloc(sizeof *c + bytes.n);
    if (c == NULL)
        return stream_cannot(stream, "out of memory", e);
    c->next = NULL;
    c->due_us = arrival(s);
    c->n = bytes.n;
    memcpy(c->bytes, bytes.p, bytes.n);
    *to->last = c;
    to->last = &c->next;
    to->queued += bytes.n;
    stream->waiting = to->queued > ROOM ? to->queued - ROOM : 0;
    network_wake(to);
    return 0;
}

static int network_end(struct stream *stream, struct err *e)
{
    struct network_stream *s = network_of(stream);
    (void)e;
    if (s->other != NULL) {
        s->other->has_end = true;
        s->other->end_us = arrival(s);
        network_wake(s->other);
    }
    return 0;
}

static void network_free(void *data)
{
    struct network_stream *s = data;
    while (s->first != NULL)
        free(network_take(s));
    stream_gone(&s->stream);
}

static void network_close(struct stream *stream, enum stream_how how)
{
    struct network_stream *s = network_of(stream), *other = s->other;
    struct network_stream **at = &world_network(stream->world)->streams;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    s->other = NULL;
    if (other != NULL) {
        other->other = NULL;
        other->stream.waiting = 0;
        if (how == STREAM_RST)
            other->is_reset = other->is_dead = true;
        if (!other->has_end || how == STREAM_RST)
            other->end_us = arrival(s);
        other->has_end = true;
        network_wake(other);
    }
    timer_start(stream->world, &s->turn, 0, network_free, s);
}

static struct network_stream *network_new(struct world *world)
{
    static const struct stream_transport NETWORK = {network_read, network_write, network_end,
                                                    network_close};
    struct network *n = world_network(world);
    struct network_stream *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    stream_init(&s->stream, world, &NETWORK);
    s->last = &s->first;
    s->next = n->streams;
    n->streams = s;
    return s;
}

/* ---- listening ---- */

struct network_listener {
    struct listener listener; /* first */
    struct network_listener *next;
    struct timer turn;
};

static struct network_listener *network_listener_at(struct world *world, const struct endpoint *at)
{
    struct network_listener *l = world_network(world)->listeners;
    while (l != NULL && (l->listener.local.port != at->port ||
                         !(endpoint_is_unset(&l->listener.local) || endpoint_is_unset(at) ||
                           same_ip(&l->listener.local, at))))
        l = l->next;
    return l;
}

static void network_listener_gone(void *data)
{
    listener_gone(data);
}

static void network_listener_close(struct listener *listener)
{
    struct network_listener *l = (struct network_listener *)listener;
    struct network_listener **at = &world_network(listener->world)->listeners;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    timer_start(listener->world, &l->turn, 0, network_listener_gone, listener);
}

static int network_listener_resolve(struct world *world, struct endpoint *own, struct err *e)
{
    char text[ENDPOINT_TEXT];
    uint16_t port = own->port;
    if (endpoint_is_unset(own) && own->interface[0] != '\0' &&
        network_interface(own->interface, own, e) != 0)
        return -1;
    own->port = port;
    while (own->port == 0 || (port == 0 && network_listener_at(world, own) != NULL))
        own->port = some_port(world);
    int number = network_listener_at(world, own) != NULL    ? EADDRINUSE
                 : !endpoint_is_unset(own) && !is_here(own) ? EADDRNOTAVAIL
                                                            : 0;
    if (number == 0)
        return 0;
    return err_set(e, "listening at %s: %s", endpoint_text(own, text, sizeof text),
                   strerror(number));
}

struct listener *network_listen(struct world *world, const struct endpoint *at, struct err *e)
{
    struct network *n = world_network(world);
    struct endpoint own = *at;
    if (network_listener_resolve(world, &own, e) != 0)
        return NULL;
    struct network_listener *l = calloc(1, sizeof *l);
    if (l == NULL) {
        err_set(e, "listening: out of memory");
        return NULL;
    }
    l->listener.world = world;
    l->listener.close = network_listener_close;
    l->listener.local = own;
    l->next = n->listeners;
    n->listeners = l;
    return &l->listener;
}

/* ---- connecting ---- */

static void network_accept(void *data)
{
    struct stream *s = data;
    struct listener *l = s->listener;
    if (l->is_closed)
        stream_close(s, STREAM_RST); /* as a system does to who waits to be accepted */
    else
        listener_accepted(l, s);
}

/* The listener's end of a connection; false where it has none to give. */
static bool network_join(struct network_stream *s, struct listener *l)
{
    struct stream *client = &s->stream;
    struct endpoint from = seen_from(&client->local, &l->local);
    struct network_stream *other = listener_has_room(l, &from) ? network_new(client->world) : NULL;
    if (other == NULL)
        return false;
    s->other = other;
    other->other = s;
    other->stream.local = seen_from(&client->remote, &l->local);
    other->stream.remote = from;
    listener_take(l, &other->stream);
    timer_at(client->world, &other->turn, arrival(s), network_accept, other);
    return true;
}

/* A system asks again while nobody answers, and then gives up. */
static void network_unanswered(void *data)
{
    stream_lost(data, "connecting", UV_EHOSTUNREACH);
}

static void network_syn(void *data)
{
    struct network_stream *s = data;
    struct world *world = s->stream.world;
    if (stream_is_cut(s)) {
        timer_start(world, &s->turn, NEIGHBOUR_MS, network_unanswered, s);
        return;
    }
    struct network_listener *l = network_listener_at(world, &s->stream.remote);
    if (!is_here(&s->stream.remote)) {
        stream_lost(&s->stream, "connecting", UV_EHOSTUNREACH);
        return;
    }
    if (l == NULL) {
        stream_lost(&s->stream, "connecting", UV_ECONNREFUSED);
        return;
    }
    endpoint_learn_mac(&s->stream.remote);
    if (!network_join(s, &l->listener)) {
        s->is_reset = s->is_dead = true;
        s->end_us = arrival(s);
    }
    stream_connected(&s->stream);
}

/* Whether the end is that of a connection already. */
static bool network_has_end(struct world *world, const struct endpoint *a)
{
    const struct network_stream *s = world_network(world)->streams;
    while (s != NULL && !endpoint_same(&s->stream.local, a))
        s = s->next;
    return s != NULL;
}

struct stream *network_connect(struct world *world, const struct endpoint *to, uint16_t port,
                               struct err *e)
{
    struct endpoint own;
    char text[ENDPOINT_TEXT];
    if (to->port == 0) {
        err_set(e, "connecting: expected an address with a port, found none");
        return NULL;
    }
    if (network_interface(endpoint_is_link_local(to) ? to->interface : "lo", &own, e) != 0)
        return NULL;
    own.port = port;
    while (own.port == 0 || (port == 0 && network_has_end(world, &own)))
        own.port = some_port(world);
    bool is_taken = network_has_end(world, &own);
    struct network_stream *s = is_taken ? NULL : network_new(world);
    if (s == NULL) {
        err_set(e, "connecting to %s: %s", endpoint_text(to, text, sizeof text),
                strerror(is_taken ? EADDRINUSE : ENOMEM));
        return NULL;
    }
    s->stream.local = own;
    timer_at(world, &s->turn,
             world_now(world) + (is_here(to) ? 2 * CABLE_US : NEIGHBOUR_MS * INT64_C(1000)),
             network_syn, s);
    return &s->stream;
}

/* ---- datagrams ---- */

struct network_socket {
    struct sdp_socket socket; /* first */
    struct network_socket *next;
    bool is_server;
    struct timer turn;
};

struct packet {
    struct timer turn;
    struct world *world;
    struct endpoint from, to;
    size_t n;
    uint8_t bytes[];
};

static bool network_is_for(const struct packet *p, const struct network_socket *s)
{
    const struct sdp_socket *socket = &s->socket;
    if (socket->is_closed || socket->local.port != p->to.port)
        return false;
    if (endpoint_is_multicast(&p->to))
        return s->is_server && endpoint_is_link_local(&p->from) &&
               endpoint_is_link_local(&socket->local) &&
               !network_is_cut(p->world, &p->from, &socket->local);
    return same_ip(&socket->local, &p->to) && !network_is_cut(p->world, &p->from, &p->to);
}

static void network_carry(void *data)
{
    struct packet *p = data;
    bool for_all = endpoint_is_multicast(&p->to);
    for (struct network_socket *s = world_network(p->world)->sockets; s != NULL; s = s->next) {
        if (!network_is_for(p, s))
            continue;
        struct sdp_socket *socket = &s->socket;
        struct endpoint from = seen_from(&p->from, &socket->local);
        struct endpoint to = seen_from(&p->to, &socket->local);
        endpoint_learn_mac(&to);
        socket->received(socket->context, socket, &from, &to, (struct slice){p->bytes, p->n});
        if (!for_all)
            break;
    }
    free(p);
}

static int network_send(struct sdp_socket *s, const struct endpoint *to, struct slice bytes,
                        struct err *e)
{
    struct packet *p = calloc(1, sizeof *p + bytes.n);
    if (p == NULL)
        return err_set(e, "SDP on %s: out of memory", s->interface);
    p->world = s->world;
    p->from = s->local;
    p->to = *to;
    p->n = bytes.n;
    memcpy(p->bytes, bytes.p, bytes.n);
    timer_at(s->world, &p->turn, world_now(s->world) + CABLE_US, network_carry, p);
    return 0;
}

static void network_socket_close(struct sdp_socket *socket)
{
    struct network_socket *s = (struct network_socket *)socket;
    struct network_socket **at = &world_network(socket->world)->sockets;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next; /* its own is left: a packet may be on its way through the list */
    timer_start(socket->world, &s->turn, 0, free, s);
}

struct sdp_socket *network_socket(struct world *world, const char *interface, uint16_t port,
                                  struct err *e)
{
    struct network *n = world_network(world);
    struct endpoint own;
    if (network_interface(interface, &own, e) != 0)
        return NULL;
    struct network_socket *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(e, "SDP: out of memory");
        return NULL;
    }
    s->is_server = port != 0;
    own.port = port != 0 ? port : some_port(world);
    s->socket = (struct sdp_socket){
        .world = world, .send = network_send, .close = network_socket_close, .local = own};
    snprintf(s->socket.interface, sizeof s->socket.interface, "%s", interface);
    s->next = n->sockets;
    n->sockets = s;
    return &s->socket;
}

/* ---- the cables ---- */

void network_changed(struct world *world)
{
    for (struct network_stream *s = world_network(world)->streams; s != NULL; s = s->next)
        network_wake(s);
}
