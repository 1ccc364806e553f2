/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "wire/ether_port.h"

#include "wire/arrival.h"
#include "wire/lab.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#define AT_ONCE 32 /* frames read before the loop may do something else */

struct ether_port {
    struct ether_port *next; /* of the medium's */
    struct world *world;
    char interface[IFNAMSIZ];
    uint8_t mac[6];
    ether_came came;
    void *context;
    bool is_closed, takes_all;
    struct timer turn;
    uv_poll_t poll; /* of the system's */
    int fd;         /* -1: it is one of the medium's */
};

/* ---- of the system ---- */

static int port_failed(const struct ether_port *p, const char *what, struct err *e)
{
    if (errno != EPERM && errno != EACCES)
        return err_set(e, "raw Ethernet on %s: %s: %s", p->interface, what, strerror(errno));
    return err_set(e,
                   "raw Ethernet on %s needs the capability CAP_NET_RAW, which this process does "
                   "not have; run it as root, or grant it once: "
                   "sudo setcap cap_net_raw+ep \"$(command -v v2glab)\"",
                   p->interface);
}

/* One frame; false where there is none. */
static bool port_receive(struct ether_port *p)
{
    uint8_t *room = world_room(p->world);
    union {
        uint8_t p[ARRIVAL_ROOM];
        struct cmsghdr align;
    } control;
    struct sockaddr_ll from = {0};
    struct iovec part = {room, WORLD_ROOM};
    struct msghdr m = {.msg_name = &from,
                       .msg_namelen = sizeof from,
                       .msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof control};
    ssize_t n = recvmsg(p->fd, &m, MSG_DONTWAIT);
    if (n < 0)
        return errno == EINTR;
    bool is_for_others = from.sll_pkttype == PACKET_OTHERHOST && !p->takes_all;
    if (from.sll_pkttype == PACKET_OUTGOING || is_for_others)
        return true;
    struct arrival *arrival = world_arrival(p->world);
    arrival_note(arrival, &m);
    p->came(p->context, (struct slice){room, (size_t)n});
    arrival_over(arrival);
    return true;
}

static void port_readable(uv_poll_t *poll, int status, int events)
{
    struct ether_port *p = poll->data;
    (void)events;
    if (status < 0) { /* the interface is down, which is not the port's end */
        int number;
        socklen_t size = sizeof number;
        getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &number, &size);
        uv_poll_start(poll, UV_READABLE, port_readable);
        return;
    }
    for (int i = 0; i < AT_ONCE && !p->is_closed; i++)
        if (!port_receive(p))
            return;
}

static int port_bind(struct ether_port *p, uint16_t type, struct err *e)
{
    struct ifreq request = {0};
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(type)};
    p->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (p->fd < 0)
        return port_failed(p, "making a socket", e);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", p->interface);
    if (ioctl(p->fd, SIOCGIFINDEX, &request) != 0)
        return err_set(e, "raw Ethernet: there is no interface %s", p->interface);
    at.sll_ifindex = request.ifr_ifindex;
    if (ioctl(p->fd, SIOCGIFHWADDR, &request) != 0)
        return port_failed(p, "asking for the MAC address", e);
    memcpy(p->mac, request.ifr_hwaddr.sa_data, sizeof p->mac);
    arrival_want(p->fd);
    if (bind(p->fd, (struct sockaddr *)&at, sizeof at) != 0)
        return port_failed(p, "binding", e);
    p->takes_all = type == ETHER_ALL;
    if (!p->takes_all)
        return 0;
    /* of a line's own ports: what is for others is carried, too */
    struct packet_mreq all = {.mr_ifindex = at.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
    if (setsockopt(p->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) != 0)
        return port_failed(p, "listening to all", e);
    return 0;
}

static int port_start(struct ether_port *p, uint16_t type, struct err *e)
{
    if (port_bind(p, type, e) != 0)
        return -1;
    int number = uv_poll_init(world_loop(p->world), &p->poll, p->fd);
    if (number != 0)
        return err_set(e, "raw Ethernet on %s: waiting for frames: %s", p->interface,
                       uv_strerror(number));
    p->poll.data = p;
    uv_poll_start(&p->poll, UV_READABLE, port_readable);
    if (p->takes_all) /* a line is there as long as somebody is on it */
        uv_unref((uv_handle_t *)&p->poll);
    return 0;
}

static int port_open(struct ether_port *p, uint16_t type, struct err *e)
{
    enum lab_side before = lab_on(lab_side_of(p->interface));
    int bad = world_is_virtual(p->world)
                  ? err_set(e,
                            "raw Ethernet on %s: in virtual time there is no such interface; "
                            "--bench makes a power line",
                            p->interface)
                  : port_start(p, type, e);
    lab_on(before);
    if (bad != 0 && p->fd >= 0)
        close(p->fd);
    return bad;
}

static void port_gone(uv_handle_t *h)
{
    free(h->data);
}

/* ---- of the medium ---- */

void ether_set_medium(struct world *world, const struct ether_medium *medium)
{
    world_ether(world)->medium = medium;
}

bool ether_has_medium(struct world *world)
{
    return world_ether(world)->medium != NULL;
}

bool ether_medium_has(struct world *world, const char *interface)
{
    const struct ether_medium *m = world_ether(world)->medium;
    return m != NULL && m->mac(m->context, interface) != NULL;
}

const char *ether_other_end(struct world *world, const char *interface)
{
    const struct ether_medium *m = world_ether(world)->medium;
    return m == NULL || m->other_end == NULL ? NULL : m->other_end(m->context, interface);
}

bool ether_medium_is_used(struct world *world)
{
    const struct ether_port *p = world_ether(world)->ports;
    while (p != NULL && p->is_closed)
        p = p->next;
    return p != NULL;
}

void ether_deliver(struct world *world, const char *interface, struct slice frame)
{
    for (struct ether_port *p = world_ether(world)->ports; p != NULL; p = p->next)
        if (!p->is_closed && strcmp(p->interface, interface) == 0)
            p->came(p->context, frame);
}

bool ether_is_here(struct world *world, const uint8_t mac[6])
{
    const struct ether_port *p = world == NULL ? NULL : world_ether(world)->ports;
    while (p != NULL && memcmp(p->mac, mac, sizeof p->mac) != 0)
        p = p->next;
    return p != NULL;
}

/* In a later turn: a frame may be on its way through the list. */
static void leave(void *data)
{
    struct ether_port *p = data, **at = &world_ether(p->world)->ports;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    free(p);
}

/* ---- either ---- */

struct ether_port *ether_open(struct world *world, const char *interface, uint16_t type,
                              ether_came came, void *context, struct err *e)
{
    struct ether *ether = world_ether(world);
    const struct ether_medium *m = ether->medium;
    struct ether_port *p = calloc(1, sizeof *p);
    if (p == NULL) {
        err_set(e, "raw Ethernet: out of memory");
        return NULL;
    }
    *p = (struct ether_port){.world = world, .came = came, .context = context, .fd = -1};
    snprintf(p->interface, sizeof p->interface, "%s", interface);
    const uint8_t *mac = m == NULL ? NULL : m->mac(m->context, interface);
    if (mac != NULL) {
        memcpy(p->mac, mac, sizeof p->mac);
        p->next = ether->ports;
        ether->ports = p;
        return p;
    }
    if (port_open(p, type, e) == 0)
        return p;
    free(p);
    return NULL;
}

int ether_send(struct ether_port *p, struct slice frame, struct err *e)
{
    uint8_t filled[ETHER_LEAST] = {0};
    const struct ether_medium *m = world_ether(p->world)->medium;
    if (frame.n < ETHER_HEADER || frame.n > ETHER_MOST)
        return err_set(e, "an Ethernet frame of %zu octets; expected %d to %d", frame.n,
                       ETHER_HEADER, ETHER_MOST);
    if (frame.n < sizeof filled) {
        memcpy(filled, frame.p, frame.n);
        frame = (struct slice){filled, sizeof filled};
    }
    if (p->fd < 0)
        return m->send(m->context, p->interface, frame, e);
    if (send(p->fd, frame.p, frame.n, MSG_DONTWAIT) == (ssize_t)frame.n)
        return 0;
    return port_failed(p, "sending", e);
}

const uint8_t *ether_mac(const struct ether_port *p)
{
    return p->mac;
}

const char *ether_interface(const struct ether_port *p)
{
    return p->interface;
}

void ether_close(struct ether_port *p)
{
    if (p == NULL || p->is_closed)
        return;
    p->is_closed = true;
    if (p->fd < 0) {
        timer_start(p->world, &p->turn, 0, leave, p);
        return;
    }
    uv_close((uv_handle_t *)&p->poll, port_gone);
    close(p->fd);
    p->fd = -1;
}
