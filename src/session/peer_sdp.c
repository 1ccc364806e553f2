/* SPDX-License-Identifier: Apache-2.0 */
#include "session/peer_sdp.h"

#include "codec/copy.h"
#include "session/discovery.h"
#include "session/parcel.h"
#include "session/peer_wire.h"

/* The session that SDP with that other side belongs to. */
static struct numbered datagram_numbers(struct peer *p, const struct endpoint *own,
                                        const struct endpoint *other)
{
    struct session *s = &p->session;
    struct numbers *n = recorder_numbers(s->recorder);
    if (s->role == FROM_EVCC) {
        if (p->wire->stream == NULL)
            numbers_call(n, &s->caller, own);
        return (struct numbered){.session = s->caller.session};
    }
    struct numbered known = numbers_asked(n, other);
    /* what the script says meanwhile is about who asks */
    if (p->responder == NULL && p->wire->stream == NULL)
        s->caller.session = known.session;
    return known;
}

int peer_pass_datagram(struct peer *p, bool is_sent, const struct endpoint *from,
                       const struct endpoint *to, struct slice bytes, struct err *e)
{
    struct numbered known = datagram_numbers(p, is_sent ? from : to, is_sent ? to : from);
    enum came came = CAME_NONE;
    int64_t us = is_sent ? world_now(p->world) : world_came(p->world, &came);
    p->is_met = p->is_met || !is_sent;
    struct parcel parcel = {.session = &p->session,
                            .event = session_new_event(&p->session, EVENT_BYTES, is_sent, us),
                            .is_sent = is_sent};
    parcel.event.session = known.session;
    parcel.event.is_echo = known.is_echo;
    parcel.event.connection = 0;
    parcel.event.is_inside = false;
    parcel.event.is_udp = true;
    parcel.event.came = came;
    parcel.event.from = *from;
    parcel.event.to = *to;
    parcel_set_bytes(&parcel, bytes);
    int bad = way_frame(&p->session.way, &parcel, e);
    parcel_close(&parcel);
    return bad;
}

int peer_write_datagram(struct peer *p, const struct event *e, struct err *problem)
{
    struct peer_wire *w = p->wire;
    if (p->responder != NULL)
        return sdp_send(p->responder->sdp, &e->to, e->bytes, problem);
    if (w == NULL || (w->client == NULL && w->sdp == NULL))
        return err_set(problem, "SDP is not open");
    return w->client != NULL ? sdp_client_send(w->client, &e->to, e->bytes, problem)
                             : sdp_send(w->sdp, &e->to, e->bytes, problem);
}

static void answer(const struct peer_responder *r, const struct datagram *d)
{
    struct err ignored = ERR_INIT; /* the record says what is wrong with a request */
    peer_answer_datagram(r->peer, d, r->sdp, r->plain, r->tls, &ignored);
}

void peer_hear_datagram(struct peer *p, const struct event *e)
{
    struct datagram d;
    if (p->responder == NULL && (p->wire == NULL || p->wire->hear == NULL))
        return;
    datagram_read(&d, p->session.library, e->us, e->by, &e->from, &e->to, e->bytes);
    if (p->responder != NULL)
        answer(p->responder, &d);
    else
        p->wire->hear(p->wire, &d);
}

void peer_datagram_came(void *context, struct sdp_socket *s, const struct endpoint *from,
                        const struct endpoint *to, struct slice bytes)
{
    struct peer_wire *w = context;
    struct err ignored = ERR_INIT; /* the chain has none for what comes */
    (void)s;
    if (peer_is_heard(w->peer, from))
        peer_pass_datagram(w->peer, false, from, to, bytes, &ignored);
}

/* ---- answering ---- */

int peer_answer_datagram(struct peer *p, const struct datagram *d, const struct sdp_socket *s,
                         const struct endpoint *plain, const struct endpoint *tls, struct err *e)
{
    struct buf answer = {0};
    int bad = -1;
    if (discovery_respond(d, p->session.library, plain, tls, &answer, e))
        bad = peer_pass_datagram(p, true, sdp_local(s), &d->event.from,
                                 (struct slice){answer.p, answer.n}, e);
    buf_close(&answer);
    return bad;
}

static void responder_came(void *context, struct sdp_socket *s, const struct endpoint *from,
                           const struct endpoint *to, struct slice bytes)
{
    const struct peer_responder *r = context;
    struct err ignored = ERR_INIT; /* the chain has none for what comes */
    (void)s;
    if (peer_is_heard(r->peer, from))
        peer_pass_datagram(r->peer, false, from, to, bytes, &ignored);
}

int peer_respond(struct peer_responder *r, const char *interface, struct err *e)
{
    r->sdp = sdp_server_open(r->peer->world, interface, 0, responder_came, r, e);
    r->peer->responder = r->sdp == NULL ? NULL : r;
    return r->sdp == NULL ? -1 : 0;
}

void peer_respond_no_more(struct peer_responder *r)
{
    sdp_close(r->sdp);
    r->sdp = NULL;
    if (r->peer != NULL)
        r->peer->responder = NULL;
}

/* ---- by hand ---- */

/* So that scripts read a datagram like any other message. */
static void script_hears(struct peer_wire *w, const struct datagram *d)
{
    struct peer *p = w->peer;
    struct received *r = d->event.kind == EVENT_FRAME ? session_new_received(&p->session) : NULL;
    if (r == NULL)
        return;
    w->asked = d->event.from;
    r->us = d->event.us;
    r->payload_type = d->event.payload_type;
    r->name = d->event.name;
    r->is_decoded = d->event.message != NULL;
    struct err e = ERR_INIT;
    if (!r->is_decoded)
        received_fails(r, &d->problem);
    else if (message_copy(&d->message, &r->arena, &r->message, &e) != 0)
        received_fails(r, &e);
    session_queue(&p->session, r);
    peer_change(p, p->state);
}

int peer_sdp_open(struct peer *p, const struct peer_options *o, struct err *e)
{
    if (p->wire != NULL && p->wire->sdp != NULL)
        return 0;
    p->options = *o;
    if (peer_make_wire(p, e) != 0)
        return -1;
    peer_begin_session(p);
    struct peer_wire *w = p->wire;
    w->hear = script_hears;
    if (p->session.role == FROM_EVCC)
        w->sdp = sdp_open(p->world, w->interface, o->source, peer_datagram_came, w, e);
    else
        w->sdp = sdp_server_open(p->world, w->interface, 0, peer_datagram_came, w, e);
    return w->sdp == NULL ? -1 : 0;
}

int peer_sdp_send(struct peer *p, struct slice frame, struct err *e)
{
    struct peer_wire *w = p->wire;
    if (w == NULL || w->sdp == NULL)
        return err_set(e, "SDP is not open");
    struct endpoint to = w->asked;
    if (p->session.role == FROM_EVCC)
        sdp_group(w->sdp, &to);
    else if (endpoint_is_unset(&to))
        return err_set(e, "nobody has asked yet; expected a SECCDiscoveryReq before the answer");
    return peer_pass_datagram(p, true, sdp_local(w->sdp), &to, frame, e);
}
