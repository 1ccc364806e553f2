/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "wire/sdp_socket.h"
#include "wire/arrival.h"
#include "wire/lab.h"
#include "wire/network.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#define PORT_TRIES 64 /* of dynamic ports, until a free one is found */
#define AT_ONCE 32    /* datagrams read before the loop may do something else */

const struct endpoint *sdp_local(const struct sdp_socket *s)
{
    return &s->local;
}

void sdp_group(const struct sdp_socket *s, struct endpoint *to)
{
    *to = (struct endpoint){.port = SDP_PORT};
    if (endpoint_is_link_local(&s->local)) {
        memcpy(to->ip, "\xFF\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", sizeof to->ip);
        memcpy(to->interface, s->interface, sizeof to->interface);
        endpoint_learn_mac(to);
    } else {
        to->ip[15] = 1;
    }
}

/* Over UDP of the system. */
struct udp {
    struct sdp_socket socket; /* first */
    uv_poll_t poll;
    int fd;
    unsigned index; /* of the interface */
};

static int udp_failed(const struct udp *s, const char *what, struct err *e)
{
    return err_set(e, "SDP on %s: %s: %s", s->socket.interface, what, strerror(errno));
}

static void udp_address(const struct udp *s, const struct endpoint *a, struct sockaddr_in6 *out)
{
    *out = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(a->port)};
    memcpy(&out->sin6_addr, a->ip, sizeof a->ip);
    if (endpoint_is_link_local(a) || endpoint_is_multicast(a))
        out->sin6_scope_id = s->index;
}

/* The destination's address of a received datagram, which the kernel tells beside it. */
static void udp_destination(const struct udp *s, struct msghdr *m, struct endpoint *to)
{
    *to = s->socket.local;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_PKTINFO)
            continue;
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof info);
        if (memcmp(&info.ipi6_addr, to->ip, sizeof to->ip) == 0)
            return;
        memcpy(to->ip, &info.ipi6_addr, sizeof to->ip);
        memset(to->mac, 0, sizeof to->mac);
        endpoint_learn_mac(to);
    }
}

/* One datagram; false where there is none. */
static bool udp_receive(struct udp *s)
{
    uint8_t *bytes = world_room(s->socket.world);
    union {
        uint8_t p[CMSG_SPACE(sizeof(struct in6_pktinfo)) + ARRIVAL_ROOM];
        struct cmsghdr align;
    } control;
    struct sockaddr_in6 in = {0};
    struct iovec part = {bytes, WORLD_ROOM};
    struct msghdr m = {.msg_name = &in,
                       .msg_namelen = sizeof in,
                       .msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof control};
    ssize_t n = recvmsg(s->fd, &m, MSG_DONTWAIT);
    if (n < 0)
        return errno == EINTR;
    struct endpoint from, to;
    endpoint_from_address(&in, s->socket.interface, &from);
    enum lab_side before = lab_on(lab_side_of(s->socket.interface));
    endpoint_learn_mac(&from);
    udp_destination(s, &m, &to);
    lab_on(before);
    struct arrival *arrival = world_arrival(s->socket.world);
    arrival_note(arrival, &m);
    s->socket.received(s->socket.context, &s->socket, &from, &to, (struct slice){bytes, (size_t)n});
    arrival_over(arrival);
    return true;
}

static void udp_readable(uv_poll_t *poll, int status, int events)
{
    struct udp *s = poll->data;
    (void)events;
    if (status < 0) { /* an error of the network, which is not the socket's end */
        int number;
        socklen_t size = sizeof number;
        getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &number, &size);
        uv_poll_start(poll, UV_READABLE, udp_readable);
        return;
    }
    for (int i = 0; i < AT_ONCE && s->fd >= 0; i++)
        if (!udp_receive(s))
            return;
}

static int udp_set(const struct udp *s, int level, int option, int value)
{
    return setsockopt(s->fd, level, option, &value, sizeof value);
}

/* A socket of the interface that is not bound yet. */
static int udp_make(struct udp *s, struct err *e)
{
    s->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0)
        return udp_failed(s, "making a socket", e);
    arrival_want(s->fd);
    if (udp_set(s, IPPROTO_IPV6, IPV6_V6ONLY, 1) != 0 ||
        udp_set(s, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) != 0 ||
        udp_set(s, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)s->index) != 0)
        return udp_failed(s, "preparing the socket", e);
    return 0;
}

/* The vehicle's end: the first free one of some dynamic ports. */
static int udp_bind(struct udp *s, struct err *e)
{
    struct sockaddr_in6 in;
    if (udp_make(s, e) != 0)
        return -1;
    for (int i = 0; i < PORT_TRIES; i++) {
        s->socket.local.port = endpoint_random_port();
        udp_address(s, &s->socket.local, &in);
        if (bind(s->fd, (struct sockaddr *)&in, sizeof in) == 0)
            return 0;
        if (errno != EADDRINUSE)
            break;
    }
    char text[ENDPOINT_TEXT];
    return err_set(e, "SDP on %s: binding to %s: %s%s", s->socket.interface,
                   endpoint_text(&s->socket.local, text, sizeof text), strerror(errno),
                   errno == EADDRNOTAVAIL ? "; the interface may still be checking that nobody "
                                            "else has this address: try again in 2 s"
                                          : "");
}

static int udp_bind_server(struct udp *s, uint16_t port, struct err *e)
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct ipv6_mreq group = {.ipv6mr_interface = s->index};
    s->socket.local.port = port;
    if (udp_make(s, e) != 0)
        return -1;
    udp_set(s, SOL_SOCKET, SO_REUSEADDR, 1);
    /* Else it gets the other interfaces' requests too; old kernels let only root do it. */
    setsockopt(s->fd, SOL_SOCKET, SO_BINDTODEVICE, s->socket.interface, sizeof s->socket.interface);
    if (bind(s->fd, (struct sockaddr *)&in, sizeof in) != 0)
        return err_set(e, "SDP on %s: binding to UDP port %u: %s%s", s->socket.interface, port,
                       strerror(errno),
                       errno == EADDRINUSE ? "; another program serves SDP here" : "");
    struct endpoint to;
    sdp_group(&s->socket, &to);
    memcpy(&group.ipv6mr_multiaddr, to.ip, sizeof to.ip);
    if (endpoint_is_multicast(&to) &&
        setsockopt(s->fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &group, sizeof group) != 0)
        return udp_failed(s, "joining ff02::1", e);
    return 0;
}

static void udp_gone(uv_handle_t *h)
{
    free(h->data);
}

/* port 0: the vehicle's. */
static int udp_start(struct udp *s, const char *interface, const struct endpoint *own,
                     uint16_t port, struct err *e)
{
    s->fd = -1;
    if (endpoint_of_interface(interface, &s->socket.local, e) != 0)
        return -1;
    if (own != NULL)
        memcpy(s->socket.local.ip, own->ip, sizeof own->ip);
    memcpy(s->socket.interface, s->socket.local.interface, sizeof s->socket.interface);
    s->index = if_nametoindex(s->socket.interface);
    if (!endpoint_is_link_local(&s->socket.local))
        memset(s->socket.local.interface, 0, sizeof s->socket.local.interface); /* ::1 needs none */
    if ((port == 0 ? udp_bind(s, e) : udp_bind_server(s, port, e)) != 0)
        return -1;
    int number = uv_poll_init(world_loop(s->socket.world), &s->poll, s->fd);
    if (number != 0)
        return err_set(e, "SDP on %s: waiting for datagrams: %s", interface, uv_strerror(number));
    s->poll.data = s;
    uv_poll_start(&s->poll, UV_READABLE, udp_readable);
    return 0;
}

static int udp_send(struct sdp_socket *socket, const struct endpoint *to, struct slice bytes,
                    struct err *e)
{
    struct udp *s = (struct udp *)socket;
    struct sockaddr_in6 in;
    char text[ENDPOINT_TEXT];
    udp_address(s, to, &in);
    ssize_t n = sendto(s->fd, bytes.p, bytes.n, MSG_DONTWAIT, (struct sockaddr *)&in, sizeof in);
    if (n == (ssize_t)bytes.n)
        return 0;
    return err_set(e, "SDP on %s: sending %zu bytes to %s: %s", socket->interface, bytes.n,
                   endpoint_text(to, text, sizeof text), strerror(errno));
}

static void udp_close(struct sdp_socket *socket)
{
    struct udp *s = (struct udp *)socket;
    uv_close((uv_handle_t *)&s->poll, udp_gone);
    close(s->fd);
    s->fd = -1;
}

static struct sdp_socket *udp_open(struct world *world, const char *interface,
                                   const struct endpoint *own, uint16_t port, struct err *e)
{
    struct udp *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(e, "SDP: out of memory");
        return NULL;
    }
    s->socket.world = world;
    s->socket.send = udp_send;
    s->socket.close = udp_close;
    enum lab_side before = lab_on(lab_side_of(interface));
    int result = udp_start(s, interface, own, port, e);
    lab_on(before);
    if (result == 0)
        return &s->socket;
    if (s->fd >= 0)
        close(s->fd);
    free(s);
    return NULL;
}

/* ---- either ---- */

static struct sdp_socket *sdp_new(struct world *world, const char *interface,
                                  const struct endpoint *own, uint16_t port, sdp_datagram received,
                                  void *context, struct err *e)
{
    struct sdp_socket *s = world_network(world) != NULL ? network_socket(world, interface, port, e)
                                                        : udp_open(world, interface, own, port, e);
    if (s == NULL)
        return NULL;
    s->received = received;
    s->context = context;
    return s;
}

struct sdp_socket *sdp_open(struct world *world, const char *interface, const struct endpoint *own,
                            sdp_datagram received, void *context, struct err *e)
{
    return sdp_new(world, interface, own, 0, received, context, e);
}

struct sdp_socket *sdp_server_open(struct world *world, const char *interface, uint16_t port,
                                   sdp_datagram received, void *context, struct err *e)
{
    return sdp_new(world, interface, NULL, port == 0 ? SDP_PORT : port, received, context, e);
}

int sdp_send(struct sdp_socket *s, const struct endpoint *to, struct slice bytes, struct err *e)
{
    return s->send(s, to, bytes, e);
}

void sdp_close(struct sdp_socket *s)
{
    if (s == NULL || s->is_closed)
        return;
    s->is_closed = true;
    s->close(s);
}
