/* SPDX-License-Identifier: Apache-2.0 */
#include "session/peer_sdp.h"

#include "codec/copy.h"
#include "session/discovery.h"
#include "session/peer_wire.h"

/* The session that SDP with that other side belongs to. */
struct numbered peer_datagram_numbers(struct peer *p, const struct endpoint *own,
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
    if (p->wire->stream == NULL) /* what the script says meanwhile is about who asks */
        s->caller.session = known.session;
    return known;
}

void peer_record_datagram(struct peer *p, struct datagram *d, bool is_sent,
                          const struct endpoint *from, const struct endpoint *to,
                          struct slice bytes)
{
    struct numbered known = peer_datagram_numbers(p, is_sent ? from : to, is_sent ? to : from);
    discovery_record(d, p->session.recorder, p->session.library, world_now(p->world), p->session.by,
                     &known, is_sent, from, to, bytes);
}

/* ---- by hand ---- */

/* So that scripts read a datagram like any other message. */
static void hand_datagram(void *context, struct sdp_socket *s, const struct endpoint *from,
                          const struct endpoint *to, struct slice bytes)
{
    struct peer_wire *w = context;
    struct peer *p = w->peer;
    struct datagram d;
    (void)s;
    peer_record_datagram(p, &d, false, from, to, bytes);
    struct received *r = d.event.kind == EVENT_FRAME ? session_new_received(&p->session) : NULL;
    if (r == NULL)
        return;
    w->asked = *from;
    r->us = d.event.us;
    r->payload_type = d.event.payload_type;
    r->name = d.event.name;
    r->is_decoded = d.event.message != NULL;
    if (!r->is_decoded)
        r->problem = d.problem;
    else if (message_copy(&d.message, &r->arena, &r->message, &r->problem) != 0)
        r->is_decoded = false;
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
    if (p->session.role == FROM_EVCC)
        w->sdp = sdp_open(p->world, w->interface, hand_datagram, w, e);
    else
        w->sdp = sdp_server_open(p->world, w->interface, 0, hand_datagram, w, e);
    return w->sdp == NULL ? -1 : 0;
}

int peer_sdp_send(struct peer *p, struct slice frame, struct err *e)
{
    struct peer_wire *w = p->wire;
    struct datagram d;
    if (w == NULL || w->sdp == NULL)
        return err_set(e, "SDP is not open");
    struct endpoint to = w->asked;
    if (p->session.role == FROM_EVCC)
        sdp_group(w->sdp, &to);
    else if (endpoint_is_unset(&to))
        return err_set(e, "nobody has asked yet; expected a SECCDiscoveryReq before the answer");
    peer_record_datagram(p, &d, true, sdp_local(w->sdp), &to, frame);
    return sdp_send(w->sdp, &to, frame, e);
}
