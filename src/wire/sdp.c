/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/sdp.h"
#include "wire/lab.h"
#include "wire/sdp_socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sdp_client {
    struct timer timer;
    struct sdp_socket *socket; /* NULL: closed */
    struct sdp_client_options options;
    struct buf request;
    struct sdp_client_events events;
    void *context;
    unsigned sent, tried, refused;
    bool done;
    struct err problem; /* of the last datagram that was no answer, or of sending */
};

static void sdp_client_received(void *context, struct sdp_socket *s, const struct endpoint *from,
                                const struct endpoint *to, struct slice bytes)
{
    struct sdp_client *c = context;
    struct err problem = ERR_INIT;
    (void)s;
    bool is_answer = c->events.received(c->context, from, to, bytes, &problem);
    if (is_answer || problem.set)
        sdp_client_judge(c, is_answer ? NULL : &problem);
}

void sdp_client_judge(struct sdp_client *c, const struct err *problem)
{
    if (problem != NULL) {
        c->problem = *problem;
        c->refused++;
    } else if (!c->done) {
        c->done = true;
        if (c->socket != NULL)
            timer_stop(&c->timer);
    }
}

int sdp_client_send(struct sdp_client *c, const struct endpoint *to, struct slice bytes,
                    struct err *e)
{
    return sdp_send(c->socket, to, bytes, e);
}

static void sdp_client_give_up(struct sdp_client *c)
{
    struct err e = ERR_INIT;
    char to[ENDPOINT_TEXT];
    endpoint_text(&c->options.to, to, sizeof to);
    if (c->sent == 0)
        err_set(&e, "%.300s (%u times)", c->problem.what, c->tried);
    else if (c->refused > 0)
        err_set(&e,
                "SDP: expected an answer to %u requests to %s, found %u datagrams that are "
                "none; the last: %.200s",
                c->sent, to, c->refused, c->problem.what);
    else
        err_set(&e,
                "SDP: expected an answer to %u requests to %s within %u ms, found none; is a "
                "station at the other end of %s?",
                c->sent, to, c->options.interval_ms * c->options.tries, c->socket->interface);
    c->done = true;
    c->events.gave_up(c->context, &e);
}

static void sdp_client_tick(void *data)
{
    struct sdp_client *c = data;
    struct err e = ERR_INIT;
    if (c->tried == c->options.tries) {
        sdp_client_give_up(c);
        return;
    }
    c->tried++;
    timer_start(c->socket->world, &c->timer, c->options.interval_ms, sdp_client_tick, c);
    struct slice request = {c->request.p, c->request.n};
    int bad = c->events.send != NULL
                  ? c->events.send(c->context, sdp_local(c->socket), &c->options.to, request, &e)
                  : sdp_send(c->socket, &c->options.to, request, &e);
    if (bad != 0) {
        c->problem = e; /* the network may come back before the last try */
        return;
    }
    c->sent++;
    if (c->events.sent != NULL)
        c->events.sent(c->context, c->sent, sdp_local(c->socket), &c->options.to, request);
}

static void sdp_client_free(void *data)
{
    struct sdp_client *c = data;
    buf_close(&c->request);
    free(c);
}

struct sdp_client *sdp_client_open(struct world *world, const char *interface,
                                   const struct sdp_client_options *options,
                                   const struct sdp_client_events *events, void *context,
                                   struct err *e)
{
    struct sdp_client *c = calloc(1, sizeof *c);
    if (c == NULL) {
        err_set(e, "SDP: out of memory");
        return NULL;
    }
    c->options = *options;
    c->events = *events;
    c->context = context;
    c->problem = ERR_INIT;
    buf_add(&c->request, options->request.p, options->request.n);
    c->socket = sdp_open(world, interface, options->own, sdp_client_received, c, e);
    if (c->socket == NULL) {
        sdp_client_free(c);
        return NULL;
    }
    if (endpoint_is_unset(&c->options.to)) {
        uint16_t port = c->options.to.port;
        sdp_group(c->socket, &c->options.to);
        c->options.to.port = port;
    }
    if (c->options.to.port == 0)
        c->options.to.port = SDP_PORT;
    if (c->options.interval_ms == 0)
        c->options.interval_ms = SDP_INTERVAL_MS;
    if (c->options.tries == 0)
        c->options.tries = SDP_TRIES;
    timer_start(world, &c->timer, 0, sdp_client_tick, c);
    return c;
}

void sdp_client_close(struct sdp_client *c)
{
    if (c == NULL || c->socket == NULL)
        return;
    /* It may be closed by one of its own callbacks. */
    timer_start(c->socket->world, &c->timer, 0, sdp_client_free, c);
    sdp_close(c->socket);
    c->socket = NULL;
}
