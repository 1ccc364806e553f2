/* SPDX-License-Identifier: Apache-2.0 */
#include "session/peer_evcc.h"

#include "session/peer_sdp.h"
#include "session/peer_stream.h"
#include "session/peer_wire.h"

static void retry_now(void *data);

static void connect_now(struct peer *p)
{
    struct peer_wire *w = p->wire;
    p->problem = ERR_INIT;
    peer_forget_tls(p);
    w->is_connected = false;
    w->again = retry_now;
    w->stream = stream_connect_from(p->world, &w->to, p->options.source_port, 0,
                                    &PEER_STREAM_EVENTS, w, &p->problem);
    if (w->stream == NULL && p->options.source_port != 0) {
        p->problem = ERR_INIT;
        w->stream = stream_connect(p->world, &w->to, 0, &PEER_STREAM_EVENTS, w, &p->problem);
    }
    if (w->stream != NULL)
        numbers_call(recorder_numbers(p->session.recorder), &p->session.caller,
                     stream_local(w->stream));
    if (w->stream != NULL && w->with_tls)
        peer_use_tls(w, &p->problem);
    if (w->stream == NULL)
        peer_fail(p);
    else
        peer_change(p, PEER_CONNECTING);
}

static void retry_now(void *data)
{
    struct peer *p = data;
    if (p->state == PEER_CONNECTING)
        connect_now(p);
}

static void client_sent(void *context, unsigned number, const struct endpoint *from,
                        const struct endpoint *to, struct slice bytes)
{
    struct peer *p = ((struct peer_wire *)context)->peer;
    (void)number;
    p->times.discovery_us = world_now(p->world);
    peer_record_datagram(p, true, from, to, bytes);
}

static void client_received(void *context, const struct endpoint *from, const struct endpoint *to,
                            struct slice bytes, const struct err *problem)
{
    (void)problem;
    peer_record_datagram(((struct peer_wire *)context)->peer, false, from, to, bytes);
}

static void client_done(void *context, const struct sdp_response *m, const struct endpoint *secc,
                        const struct err *problem)
{
    struct peer_wire *w = context;
    struct peer *p = w->peer;
    if (p->state != PEER_DISCOVERING)
        return;
    if (m == NULL) {
        p->problem = *problem;
        peer_fail(p);
        return;
    }
    p->times.found_us = world_now(p->world);
    w->to = *secc;
    w->with_tls = p->options.tls != PEER_TLS_OFF && m->Security == SDP_TLS;
    bool may_be_plain = p->options.tls == PEER_TLS_AUTO;
    if (w->with_tls || p->options.tls == PEER_TLS_OFF || may_be_plain) {
        connect_now(p);
        return;
    }
    peer_set_problem(p, "%s",
                     "the SECC answered SDP with no TLS (Security 0x10), where this side wants "
                     "TLS only");
    peer_fail(p);
}

int peer_start_evcc(struct peer *p, struct err *e)
{
    static const struct sdp_client_events EVENTS = {client_sent, client_received, client_done};
    struct peer_wire *w = p->wire;
    if (p->options.address != NULL) {
        if (endpoint_parse(p->options.address, &w->to, e) != 0)
            return -1;
        w->with_tls = p->options.tls != PEER_TLS_OFF;
        connect_now(p);
        return p->state == PEER_FAILED ? err_set(e, "%s", p->problem.what) : 0;
    }
    struct sdp_client_options o = {
        .request = {p->options.tls != PEER_TLS_OFF ? SDP_TLS : p->options.security, SDP_TCP},
        .interval_ms = p->options.sdp_interval_ms,
        .tries = p->options.sdp_tries,
    };
    w->client = sdp_client_open(p->world, w->interface, &o, &EVENTS, w, e);
    if (w->client == NULL)
        return -1;
    p->state = PEER_DISCOVERING;
    return 0;
}
