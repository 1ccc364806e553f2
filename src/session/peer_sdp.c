/* SPDX-License-Identifier: Apache-2.0 */
#include "session/peer_sdp.h"

#include "session/discovery.h"
#include "session/peer_wire.h"

#include <string.h>

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

void peer_record_datagram(struct peer *p, bool is_sent, const struct endpoint *from,
                          const struct endpoint *to, struct slice bytes)
{
    struct numbered known = peer_datagram_numbers(p, is_sent ? from : to, is_sent ? to : from);
    discovery_record(p->session.recorder, world_now(p->world), p->session.by, &known, is_sent, from,
                     to, bytes);
}

/* ---- by hand ---- */

/* The datagram as a message of the description `sdp`, so that scripts read it like any other. */
static void queue_datagram(struct peer *p, bool is_request, struct slice payload)
{
    struct err e = ERR_INIT;
    const struct schema *s = library_get(p->session.library, "sdp", &e);
    struct received *r = s == NULL ? NULL : session_new_received(&p->session);
    if (r == NULL)
        return;
    r->us = world_now(p->world);
    r->payload_type = is_request ? V2GTP_SDP_REQ : V2GTP_SDP_RES;
    r->name = is_request ? "SECCDiscoveryReq" : "SECCDiscoveryRes";
    r->is_decoded = message_new(s, r->name, &r->arena, &r->message, &r->problem) == 0;
    const struct sdp_field *f = is_request ? SDP_REQUEST_FIELDS : SDP_RESPONSE_FIELDS;
    struct node *n = r->is_decoded ? message_named(&r->message).node : NULL;
    for (unsigned i = 0; n != NULL && i < (is_request ? 2u : 4u); i++) {
        int slot = type_slot(n->type, f[i].name, strlen(f[i].name));
        if (slot < 0 || (size_t)f[i].at + f[i].size > payload.n)
            continue;
        union value v = {.u = 0};
        if (n->type->field[slot].kind == KIND_HEX)
            v.b = bytes_new(&r->arena, payload.p + f[i].at, f[i].size);
        else
            for (unsigned k = 0; k < f[i].size; k++)
                v.u = v.u << 8 | payload.p[f[i].at + k];
        node_set(n, (unsigned)slot, v);
    }
    session_queue(&p->session, r);
    peer_change(p, p->state);
}

static void hand_datagram(void *context, struct sdp_socket *s, const struct endpoint *from,
                          const struct endpoint *to, struct slice bytes)
{
    struct peer_wire *w = context;
    struct peer *p = w->peer;
    (void)s;
    struct v2gtp_header h = {0};
    struct err ignored = ERR_INIT;
    peer_record_datagram(p, false, from, to, bytes);
    if (v2gtp_datagram(bytes, &h, &ignored) != V2GTP_FRAME)
        return;
    w->asked = *from;
    struct slice payload = {bytes.p + V2GTP_HEADER, bytes.n - V2GTP_HEADER};
    queue_datagram(p, h.type == V2GTP_SDP_REQ, payload);
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

int peer_sdp_send(struct peer *p, struct slice payload, struct err *e)
{
    struct peer_wire *w = p->wire;
    uint8_t datagram[V2GTP_HEADER + 256];
    if (w == NULL || w->sdp == NULL || payload.n > sizeof datagram - V2GTP_HEADER)
        return err_set(e, "SDP is not open, or the payload is longer than 256 bytes");
    bool is_evcc = p->session.role == FROM_EVCC;
    struct endpoint to = w->asked;
    if (is_evcc)
        sdp_group(w->sdp, &to);
    else if (endpoint_is_unset(&to))
        return err_set(e, "nobody has asked yet; expected a SECCDiscoveryReq before the answer");
    v2gtp_write(datagram, is_evcc ? V2GTP_SDP_REQ : V2GTP_SDP_RES, (uint32_t)payload.n);
    memcpy(datagram + V2GTP_HEADER, payload.p, payload.n);
    struct slice bytes = {datagram, V2GTP_HEADER + payload.n};
    peer_record_datagram(p, true, sdp_local(w->sdp), &to, bytes);
    return sdp_send(w->sdp, &to, bytes, e);
}
