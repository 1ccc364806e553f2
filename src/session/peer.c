/* SPDX-License-Identifier: Apache-2.0 */
#include "session/peer.h"

#include "session/after.h"
#include "session/peer_evcc.h"
#include "session/peer_link.h"
#include "session/peer_sdp.h"
#include "session/peer_secc.h"
#include "session/peer_stream.h"
#include "session/peer_wire.h"
#include "session/probe.h"
#include "tls/tls.h"
#include "wire/stream.h"
#include "wire/world.h"

#include <stdlib.h>
#include <string.h>

static int write_out(void *context, const struct parcel *parcel, struct err *e)
{
    struct peer *p = context;
    const struct event *event = &parcel->event;
    if (event->is_link)
        return peer_link_write(p, event, e);
    if (event->is_udp)
        return peer_write_datagram(p, event, e);
    if (p->wire == NULL || p->wire->stream == NULL)
        return err_set(e, "there is no connection%s%s", p->problem.set ? ": " : "",
                       p->problem.set ? p->problem.what : "");
    return stream_write(p->wire->stream, event->bytes, e);
}

static int hear_datagram(void *context, struct parcel *parcel)
{
    if (parcel->event.is_link)
        peer_link_hear(context, parcel);
    else
        peer_hear_datagram(context, &parcel->event);
    return 0;
}

/* This side has closed the connection. */
static void has_closed(struct peer *p)
{
    peer_stop_probe(p);
    if (p->state == PEER_READY || p->state == PEER_AGREEING)
        p->state = PEER_CLOSED;
    if (!p->problem.set)
        peer_set_problem(p, "%s", "this side closed the connection");
}

static void end_by_filter(void *context, enum way_end how)
{
    struct peer *p = context;
    struct err ignored = ERR_INIT; /* it has ended already */
    if (p->wire == NULL || p->wire->stream == NULL)
        return;
    if (how == WAY_HALF_CLOSE) {
        peer_half_close(p, &ignored);
        return;
    }
    peer_tell_tls(p->wire);
    if (how == WAY_ALERT)
        peer_end_stream(p->wire, STREAM_FIN, STREAM_REJECTED, true, "closed by us after an alert");
    else
        peer_close_stream(p->wire, how == WAY_RESET ? STREAM_RST : STREAM_FIN);
    has_closed(p);
    peer_change(p, p->state);
}

static int alert_by_filter(void *context, uint8_t level, uint8_t code, struct err *e)
{
    const struct peer *p = context;
    if (p->wire == NULL || p->wire->stream == NULL || p->tls == NULL)
        return err_set(e, "there is no TLS on this connection");
    return tls_alert(p->tls, level, code, e);
}

static void came_late(void *context)
{
    struct peer *p = context;
    if (p->wire != NULL)
        peer_look_at_frames(p);
}

void peer_open(struct peer *p, uint8_t role, struct world *world, struct library *library,
               struct recorder *recorder, void (*wake)(void *context), void *context)
{
    static const struct way_ends ENDS = {write_out, hear_datagram, end_by_filter, alert_by_filter,
                                         came_late};
    memset(p, 0, sizeof *p);
    session_open(&p->session, role, library, recorder);
    p->session.way.ends = &ENDS;
    p->session.way.world = world;
    p->session.way.context = p;
    p->world = world;
    p->wake = wake;
    p->context = context;
    p->problem = ERR_INIT;
}

void peer_close(struct peer *p)
{
    peer_stop_probe(p);
    peer_link_close(p);
    peer_drop_wire(p);
    after_end(p->after);
    p->after = NULL;
    free(p->wire);
    p->wire = NULL;
    peer_forget_floods(p);
    tls_drop(p->tls);
    tls_context_close(p->tls_context);
    p->tls = NULL;
    p->tls_context = NULL;
    session_close(&p->session);
}

bool peer_leave(struct peer *p)
{
    peer_stop_probe(p);
    peer_link_close(p);
    peer_drop_wire(p);
    if (p->state == PEER_READY || p->state == PEER_AGREEING)
        p->state = PEER_CLOSED;
    return p->after != NULL;
}

int peer_start(struct peer *p, const struct peer_options *o, struct err *e)
{
    peer_begin_session(p);
    p->options = *o;
    p->session.refuses_trailing = o->refuses_trailing;
    p->problem = ERR_INIT;
    peer_forget_tls(p);
    int bad = peer_make_wire(p, e);
    if (bad == 0 && o->tls != PEER_TLS_OFF)
        bad = peer_make_tls_context(p, e);
    if (bad == 0)
        bad = p->session.role == FROM_EVCC ? peer_start_evcc(p, e) : peer_start_secc(p, e);
    if (bad != 0) {
        p->problem = *e;
        peer_drop_wire(p);
        stream_close(o->stream, STREAM_RST); /* nobody has taken it over */
        p->state = PEER_FAILED;
        return -1;
    }
    peer_start_setup(p);
    return 0;
}

int peer_probe(struct peer *p, uint16_t port, unsigned first_ms, unsigned every_ms, struct err *e)
{
    struct endpoint to = p->session.remote;
    to.port = port;
    if (p->state != PEER_READY)
        return err_set(e, "there is no connection whose other side could be probed");
    probe_stop(p->probe);
    p->probe = probe_start(p->world, &to, first_ms, every_ms, &p->session);
    return p->probe == NULL ? err_set(e, "out of memory") : 0;
}

int peer_half_close(struct peer *p, struct err *e)
{
    struct peer_wire *w = p->wire;
    if (w == NULL || w->stream == NULL)
        return err_set(e, "there is no connection that could be closed");
    if (!w->has_half_closed && stream_end_writing(w->stream, e) != 0)
        return -1;
    w->has_half_closed = true;
    return 0;
}

bool peer_is_half_closed(const struct peer *p)
{
    return p->wire != NULL && p->wire->has_half_closed;
}

void peer_disconnect(struct peer *p, bool reset)
{
    struct peer_wire *w = p->wire;
    if (w == NULL || w->stream == NULL)
        return;
    peer_tell_tls(w);
    peer_close_stream(w, reset ? STREAM_RST : STREAM_FIN);
    has_closed(p);
}
