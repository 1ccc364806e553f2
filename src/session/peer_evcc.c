/* SPDX-License-Identifier: Apache-2.0 */
#include "session/peer_evcc.h"

#include "session/discovery.h"
#include "session/peer_sdp.h"
#include "session/peer_stream.h"
#include "session/peer_wire.h"

#define TELLS_AFTER 8 /* requests, 2 s */

static void retry_now(void *data);

static void connect_now(struct peer *p)
{
    struct peer_wire *w = p->wire;
    struct endpoint own = p->options.source != NULL ? *p->options.source : (struct endpoint){0};
    own.port = p->options.source_port;
    p->problem = ERR_INIT;
    peer_forget_tls(p);
    w->is_connected = false;
    w->again = retry_now;
    w->stream = stream_connect_from(p->world, &w->to, &own, 0, &PEER_STREAM_EVENTS, w, &p->problem);
    /* a car's own port may still be in TIME_WAIT of its last session */
    if (w->stream == NULL && own.port != 0) {
        own.port = 0;
        p->problem = ERR_INIT;
        w->stream =
            stream_connect_from(p->world, &w->to, &own, 0, &PEER_STREAM_EVENTS, w, &p->problem);
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

static int client_send(void *context, const struct endpoint *from, const struct endpoint *to,
                       struct slice bytes, struct err *e)
{
    struct peer_wire *w = context;
    struct peer *p = w->peer;
    unsigned tries = p->options.sdp_tries != 0 ? p->options.sdp_tries : SDP_TRIES;
    unsigned interval_ms =
        p->options.sdp_interval_ms != 0 ? p->options.sdp_interval_ms : SDP_INTERVAL_MS;
    if (w->requests++ == TELLS_AFTER)
        peer_tell_wait(w, "no station has answered SECCDiscoveryReq yet",
                       (tries - TELLS_AFTER) * interval_ms);
    p->times.discovery_us = world_now(p->world);
    p->times.found_us = 0;
    return peer_pass_datagram(p, true, from, to, bytes, e);
}

/* The station is found, and the connection is as its answer says: TLS also where this side has
 * asked for none. A script that asks for TLS, but speaks none, has its reasons. */
static void station_found(struct peer *p, uint8_t security)
{
    struct peer_wire *w = p->wire;
    p->times.found_us = world_came(p->world, NULL);
    bool is_off = p->options.tls == PEER_TLS_OFF;
    w->with_tls = security == DATAGRAM_TLS && !(is_off && p->options.security == DATAGRAM_TLS);
    p->problem = ERR_INIT;
    if (!w->with_tls && p->options.tls == PEER_TLS_ONLY)
        peer_set_problem(p, "%s",
                         "the SECC answered SDP with no TLS (Security 0x10), where this side wants "
                         "TLS only");
    else if (!w->with_tls || !is_off || peer_make_tls_context(p, &p->problem) == 0)
        connect_now(p);
    if (p->state == PEER_DISCOVERING)
        peer_fail(p);
}

static bool client_received(void *context, const struct endpoint *from, const struct endpoint *to,
                            struct slice bytes, struct err *e)
{
    (void)e; /* client_hears says it */
    peer_datagram_came(context, NULL, from, to, bytes);
    return false;
}

static void client_hears(struct peer_wire *w, const struct datagram *d)
{
    struct peer *p = w->peer;
    struct err why = ERR_INIT;
    struct endpoint secc;
    bool is_answer = discovery_found(d, w->interface, &secc, &why);
    sdp_client_judge(w->client, is_answer ? NULL : &why);
    if (!is_answer || p->state != PEER_DISCOVERING)
        return;
    w->to = secc;
    station_found(p, d->security);
}

static void client_gave_up(void *context, const struct err *problem)
{
    struct peer *p = ((struct peer_wire *)context)->peer;
    if (p->state != PEER_DISCOVERING)
        return;
    p->problem = *problem;
    peer_fail(p);
}

static int start_discovery(struct peer *p, struct err *e)
{
    static const struct sdp_client_events EVENTS = {NULL, client_received, client_gave_up,
                                                    client_send};
    struct peer_wire *w = p->wire;
    struct buf request = {0};
    w->requests = 0;
    uint8_t security = p->options.tls != PEER_TLS_OFF ? DATAGRAM_TLS : p->options.security;
    if (discovery_request(p->session.library, security, &request, e) == 0) {
        struct sdp_client_options o = {
            .request = {request.p, request.n},
            .interval_ms = p->options.sdp_interval_ms,
            .tries = p->options.sdp_tries,
            .own = p->options.source,
        };
        w->hear = client_hears;
        w->client = sdp_client_open(p->world, w->interface, &o, &EVENTS, w, e);
    }
    buf_close(&request);
    if (w->client == NULL)
        return -1;
    p->state = PEER_DISCOVERING;
    return 0;
}

void peer_end_search(struct peer *p)
{
    if (p->state != PEER_DISCOVERING || p->session.role != FROM_EVCC)
        return;
    peer_set_problem(p, "%s", "this side has ended the search for a station");
    peer_fail(p);
}

int peer_start_evcc(struct peer *p, struct err *e)
{
    struct peer_wire *w = p->wire;
    if (p->options.address == NULL)
        return start_discovery(p, e);
    if (endpoint_parse(p->options.address, &w->to, e) != 0)
        return -1;
    w->with_tls = p->options.tls != PEER_TLS_OFF;
    connect_now(p);
    return p->state == PEER_FAILED ? err_set(e, "%s", p->problem.what) : 0;
}
