/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/descriptors.h"
#include "wire/network.h"
#include "wire/stream_tcp.h"

#include <stdio.h>

#define CONNECT_MS 10000

static void not_connected(void *data)
{
    struct stream *s = data;
    char why[192], remote[ENDPOINT_TEXT];
    snprintf(why, sizeof why, "connecting to %s: no answer within %u ms",
             endpoint_text(&s->remote, remote, sizeof remote), s->connect_ms);
    stream_fail(s, STREAM_TIMEOUT, why);
}

struct stream *stream_connect_from(struct world *world, const struct endpoint *to,
                                   const struct endpoint *own, unsigned timeout_ms,
                                   const struct stream_events *events, void *context, struct err *e)
{
    struct stream *s = world_network(world) != NULL ? network_connect(world, to, own->port, e)
                                                    : tcp_connect(world, to, own, e);
    if (s == NULL)
        return NULL;
    s->events = events;
    s->context = context;
    s->remote = *to;
    s->is_connecting = true;
    s->connect_ms = timeout_ms == 0 ? CONNECT_MS : timeout_ms;
    timer_start(world, &s->limit, s->connect_ms, not_connected, s);
    return s;
}

struct stream *stream_connect(struct world *world, const struct endpoint *to, unsigned timeout_ms,
                              const struct stream_events *events, void *context, struct err *e)
{
    static const struct endpoint ANY;
    return stream_connect_from(world, to, &ANY, timeout_ms, events, context, e);
}

struct listener *stream_listen(struct world *world, const struct endpoint *at, unsigned most,
                               const struct listener_events *events, void *context, struct err *e)
{
    struct listener *l =
        world_network(world) != NULL ? network_listen(world, at, e) : tcp_listen(world, at, e);
    if (l == NULL)
        return NULL;
    listener_limit(l, most == 0 ? descriptors_for_connections() : most, 0);
    l->events = events;
    l->context = context;
    return l;
}
