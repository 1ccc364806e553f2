/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include "wire/link_watch.h"

#include "wire/lab.h"
#include "wire/netlink.h"
#include "wire/network.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

struct link_watch {
    uv_poll_t poll;
    int fd, index; /* of the socket; of the interface */
    enum lab_side side;
    bool is_station;
    unsigned number;            /* of the interface (lab_cable_of), where this program plugs */
    struct link_watches *among; /* whose links are told by link_plug; or NULL */
    struct link_watch *next;
    bool is_up;
    void (*changed)(void *context, bool is_up);
    void *context;
};

/* The state now; as it was where the system does not say. */
static bool link_ask(const struct link_watch *w)
{
    struct netlink m;
    struct ifinfomsg body = {.ifi_index = w->index};
    enum lab_side before = lab_on(w->side);
    netlink_begin(&m, RTM_GETLINK, 0, &body, sizeof body);
    int number = netlink_ask(&m);
    lab_on(before);
    if (number != 0 || m.n < NLMSG_HDRLEN + sizeof body)
        return w->is_up;
    memcpy(&body, m.p + NLMSG_HDRLEN, sizeof body);
    return (body.ifi_flags & IFF_RUNNING) != 0;
}

/* A notice says that something has changed; what it is now is asked for, so that of several that
 * have gathered, or were lost, the last one counts. */
static void link_readable(uv_poll_t *poll, int status, int events)
{
    struct link_watch *w = poll->data;
    uint8_t notice[8192];
    (void)status;
    (void)events;
    while (recv(w->fd, notice, sizeof notice, MSG_DONTWAIT) >= 0 || errno == ENOBUFS ||
           errno == EINTR)
        continue;
    bool is_up = link_ask(w);
    if (is_up == w->is_up)
        return;
    w->is_up = is_up;
    w->changed(w->context, is_up);
}

/* A socket of that network that hears of all its links; -1. */
static int link_socket(enum lab_side side)
{
    struct sockaddr_nl at = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    enum lab_side before = lab_on(side);
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    lab_on(before);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

struct link_watch *link_watch_open(struct world *world, const char *interface,
                                   void (*changed)(void *context, bool is_up), void *context)
{
    struct link_watch *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    struct link_watches *ours = world_links(world);
    if (ours->is_ours) {
        *w = (struct link_watch){.among = ours,
                                 .next = ours->first,
                                 .changed = changed,
                                 .context = context,
                                 .is_station = lab_is_station(interface),
                                 .number = lab_cable_of(interface)};
        w->number = w->number != 0 ? w->number : 1; /* of whom the first one stands for */
        w->is_up = lab_gates_has_link(&ours->gates, w->number, w->is_station);
        ours->first = w;
        return w;
    }
    w->side = lab_side_of(interface);
    w->changed = changed;
    w->context = context;
    w->poll.data = w;
    enum lab_side before = lab_on(w->side);
    w->index = (int)if_nametoindex(interface);
    lab_on(before);
    w->fd = w->index == 0 ? -1 : link_socket(w->side);
    if (w->fd >= 0 && uv_poll_init(world_loop(world), &w->poll, w->fd) == 0) {
        w->is_up = link_ask(w);
        uv_poll_start(&w->poll, UV_READABLE, link_readable);
        uv_unref((uv_handle_t *)&w->poll); /* nothing is left to do by it alone */
        return w;
    }
    if (w->fd >= 0)
        close(w->fd);
    free(w);
    return NULL;
}

static void link_gone(uv_handle_t *h)
{
    free(h->data);
}

static void tell(struct link_watch *w, bool is_up)
{
    if (w->is_up == is_up)
        return;
    w->is_up = is_up;
    w->changed(w->context, is_up);
}

bool link_plug(struct world *world, bool is_up)
{
    const struct link_watches *ours = world_links(world);
    if (!ours->is_ours)
        return false;
    for (struct link_watch *w = ours->first, *next; w != NULL; w = next) {
        next = w->next;
        tell(w, is_up);
    }
    return true;
}

void link_gate(struct world *world, const char *vehicle, const char *station, bool is_open)
{
    struct link_watches *ours = world_links(world);
    unsigned v = lab_cable_of(vehicle), s = lab_cable_of(station);
    if (v == 0 || s == 0)
        return;
    ours->is_ours = true;
    lab_gates_set(&ours->gates, v, s, is_open);
    if (world_is_virtual(world))
        network_changed(world);
    for (struct link_watch *w = ours->first, *next; w != NULL; w = next) {
        next = w->next;
        if (w->number == (w->is_station ? s : v))
            tell(w, lab_gates_has_link(&ours->gates, w->number, w->is_station));
    }
}

static void forget(struct link_watch *w)
{
    struct link_watch **at = &w->among->first;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    free(w);
}

void link_watch_close(struct link_watch *w)
{
    if (w == NULL)
        return;
    if (w->among != NULL) {
        forget(w);
        return;
    }
    uv_close((uv_handle_t *)&w->poll, link_gone);
    close(w->fd);
}
