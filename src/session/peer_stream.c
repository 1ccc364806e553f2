/* SPDX-License-Identifier: Apache-2.0 */
#include "session/peer_stream.h"

#include "codec/value.h"
#include "session/agreement.h"
#include "session/credentials.h"
#include "tls/tls.h"

#include <string.h>

#define RETRY_MS 50 /* between two attempts to connect to a given address */

/* ---- TLS ---- */

static void record_tls(struct peer_wire *w, enum event_kind kind, bool is_sent, const char *text,
                       struct slice bytes)
{
    struct peer *p = w->peer;
    if (w->stream == NULL)
        return;
    peer_begin_connection(w);
    int64_t us = is_sent ? world_now(p->world) : world_came(p->world, NULL);
    struct event e = session_new_event(&p->session, kind, is_sent, us);
    e.bytes = bytes;
    e.text = text;
    recorder_put(p->session.recorder, &e);
}

/* What the other side said; what this side says is told when TLS is established, or has failed. */
static void tls_note(void *context, bool from_client, const char *text)
{
    struct peer_wire *w = context;
    struct buf line = {0};
    bool is_sent = (w->peer->session.role == FROM_EVCC) == from_client;
    if (is_sent)
        return;
    buf_printf(&line, "TLS: %s", text);
    record_tls(w, EVENT_LOG, false, buf_string(&line), (struct slice){NULL, 0});
    buf_close(&line);
}

static void tls_secret(void *context, const char *line)
{
    record_tls(context, EVENT_SECRET, true, line, (struct slice){NULL, 0});
}

static void tls_wire(void *context, bool is_sent, struct slice bytes)
{
    record_tls(context, EVENT_WIRE, is_sent, "", bytes);
}

static int tls_alert_instead(void *context, bool is_sent, const char *message)
{
    struct peer_wire *w = context;
    struct session *s = &w->peer->session;
    if (w->stream == NULL)
        return -1;
    peer_begin_connection(w);
    int64_t us = is_sent ? world_now(w->peer->world) : world_came(w->peer->world, NULL);
    struct parcel p = {
        .session = s, .event = session_new_event(s, EVENT_FAULT, is_sent, us), .is_sent = is_sent};
    p.event.name = message;
    return way_handshake(&s->way, &p);
}

static void tell_tls(struct peer_wire *w, const char *text)
{
    struct peer *p = w->peer;
    struct buf handshake = {0};
    if (w->stream == NULL)
        return;
    peer_begin_connection(w);
    tls_tell(p->tls, !world_is_virtual(p->world), &handshake); /* the runs are the same */
    struct event e = session_new_event(&p->session, EVENT_TLS, true, world_now(p->world));
    e.text = text;
    e.handshake = buf_string(&handshake);
    recorder_put(p->session.recorder, &e);
    buf_close(&handshake);
    w->has_told_tls = true;
}

void peer_tell_tls(struct peer_wire *w)
{
    const struct tls_facts *f = w->peer->tls == NULL ? NULL : tls_info(w->peer->tls);
    if (f == NULL || f->client_hello.n == 0)
        return;
    if (!w->has_told_tls || (f->alerts > 0 && f->alert[f->alerts - 1].level > 1))
        tell_tls(w, "");
}

static void tell_established(struct peer_wire *w)
{
    struct buf line = {0};
    buf_text(&line, "TLS is established: ");
    tls_facts_summary(tls_info(w->peer->tls), &line);
    if (tls_problem(w->peer->tls)[0] != '\0')
        buf_printf(&line, "; taken nevertheless: %s", tls_problem(w->peer->tls));
    tell_tls(w, buf_string(&line));
    buf_close(&line);
}

struct tls_context *peer_tls_context(uint8_t role, const struct peer_options *o, struct err *e)
{
    return credentials_context(&o->choice, role == FROM_SECC,
                               o->tls == PEER_TLS_AUTO && o->address != NULL, e);
}

int peer_make_tls_context(struct peer *p, struct err *e)
{
    const struct peer_options *o = &p->options;
    struct tls_context *made = o->tls_context != NULL ? tls_context_keep(o->tls_context)
                                                      : peer_tls_context(p->session.role, o, e);
    if (made == NULL)
        return -1;
    if (o->tls_context == NULL)
        tls_context_inherit(made, p->tls_context);
    tls_context_close(p->tls_context);
    p->tls_context = made;
    return 0;
}

/* -1: out of memory, and the stream is closed. */
int peer_use_tls(struct peer_wire *w, struct err *e)
{
    static const struct tls_events EVENTS = {tls_note, tls_secret, tls_wire, tls_alert_instead};
    struct peer *p = w->peer;
    tls_drop(p->tls);
    p->tls = tls_attach(w->stream, p->tls_context, &EVENTS, w, e);
    tls_keep(p->tls);
    if (p->tls != NULL && way_may_alert(&p->session.way) && tls_may_alert(p->tls, e) != 0)
        peer_forget_tls(p);
    p->session.is_inside = p->tls != NULL;
    w->has_told_tls = false;
    if (p->tls != NULL)
        return 0;
    stream_close(w->stream, STREAM_RST);
    w->stream = NULL;
    return -1;
}

void peer_forget_tls(struct peer *p)
{
    tls_drop(p->tls);
    p->tls = NULL;
    p->session.is_inside = false;
}

/* ---- supportedAppProtocol ---- */

/* The handshake message of the other side has come. */
static void agree(struct peer *p, const struct received *r)
{
    bool is_evcc = p->session.role == FROM_EVCC, found = true;
    const char *expected = is_evcc ? "supportedAppProtocolRes" : "supportedAppProtocolReq";
    p->problem = ERR_INIT;
    if (strcmp(r->name, expected) != 0) {
        err_set(&p->problem, "received %s; expected %s",
                r->name[0] != '\0' ? r->name : "a frame that cannot be decoded", expected);
        peer_fail(p);
        return;
    }
    const struct node *n = message_named(&r->message).node;
    if (!is_evcc && agreement_answer(p, n, &found, &p->problem) != 0) {
        peer_fail(p);
        return;
    }
    if (!p->session.agreed) {
        struct buf text = {0};
        value_text(&n->type->field[0], n->v[0], &text);
        err_set(&p->problem, "no protocol was agreed%s%s",
                is_evcc                ? ": "
                : p->options.is_strict ? "; expected an offer to be spoken here, ISO 15118-20 over "
                                         "TLS 1.3 only, DIN 70121 without TLS"
                                       : "; expected one of the offers to be spoken here",
                is_evcc ? buf_string(&text) : "");
        buf_close(&text);
        p->state = PEER_FAILED;
        peer_close_stream(p->wire, STREAM_FIN);
        peer_change(p, PEER_FAILED);
        return;
    }
    p->times.agreed_us = is_evcc ? r->us : world_now(p->world);
    if (!is_evcc)
        p->times.offered_us = r->us;
    timer_stop(&p->wire->setup);
    if (p->wire->stream != NULL)
        stream_settle(p->wire->stream);
    peer_change(p, PEER_READY);
}

static void agree_on_next(struct peer *p)
{
    struct received *r = session_take(&p->session);
    if (r != NULL)
        agree(p, r);
    session_done(&p->session, r);
}

static void agree_late(void *data)
{
    struct peer *p = data;
    if (p->state == PEER_AGREEING)
        agree_on_next(p);
}

/* Frames have come: they are for supportedAppProtocol, or for whoever waits. */
void peer_look_at_frames(struct peer *p)
{
    struct peer_wire *w = p->wire;
    if (p->state == PEER_AGREEING && p->options.answer_ms > 0) {
        timer_start(p->world, &w->retry, p->options.answer_ms, agree_late, p);
        p->options.answer_ms = 0;
    } else if (p->state == PEER_AGREEING && !timer_is_set(&w->retry)) {
        agree_on_next(p);
    } else if (p->wake != NULL) {
        p->wake(p->context);
    }
}

/* ---- the connection ---- */

void peer_stream_opened(void *context, struct stream *s)
{
    struct peer_wire *w = context;
    struct peer *p = w->peer;
    bool is_evcc = p->session.role == FROM_EVCC;
    peer_begin_connection(w);
    if (p->tls != NULL && tls_is_plain(p->tls))
        peer_forget_tls(p);
    if (p->tls != NULL)
        tell_established(w);
    if (p->options.manual) {
        timer_stop(&w->setup);
        stream_settle(s);
        peer_change(p, PEER_READY);
        return;
    }
    p->problem = ERR_INIT;
    p->state = PEER_AGREEING;
    p->times.open_us = world_now(p->world);
    p->times.offered_us = p->times.agreed_us = 0;
    if (is_evcc)
        p->times.offered_us = p->times.open_us;
    if (is_evcc && agreement_offer(p, &p->problem) != 0)
        peer_fail(p);
    else
        peer_change(p, PEER_AGREEING);
}

static void stream_data(void *context, struct stream *s, struct slice bytes)
{
    struct peer_wire *w = context;
    struct peer *p = w->peer;
    int64_t us = world_came(p->world, &p->session.came);
    bool broken = session_feed(&p->session, bytes.p, bytes.n, us) != 0;
    peer_look_at_frames(p);
    if (broken && w->stream == s) {
        peer_set_problem(p, "%s", "the stream is no V2GTP any more; the connection was ended");
        p->state = PEER_CLOSED;
        peer_close_stream(w, STREAM_RST);
        peer_change(p, PEER_CLOSED);
    }
}

static void stream_closed(void *context, struct stream *s, enum stream_end end, const char *why)
{
    struct peer_wire *w = context;
    struct peer *p = w->peer;
    /* a given address may not be served yet; SDP's is served, or wrong */
    bool again = p->state == PEER_CONNECTING && p->options.address != NULL && end == STREAM_REFUSED;
    peer_set_problem(p, "%s", why);
    /* who refuses is no more than an address; TLS that fails has somebody behind it */
    p->is_met = p->is_met || (end != STREAM_REFUSED && end != STREAM_TIMEOUT &&
                              end != STREAM_UNREACHABLE && end != STREAM_FAILED);
    if (again) {
        stream_close(s, STREAM_FIN);
        w->stream = NULL;
        peer_tell_wait(w, why, 0);
        timer_start(p->world, &w->retry, RETRY_MS, w->again, p);
        return;
    }
    peer_tell_tls(w);
    peer_end_stream(w, STREAM_FIN, end, false, why);
    if (p->state == PEER_CONNECTING)
        peer_fail(p);
    else
        peer_change(p, p->state == PEER_AGREEING ? PEER_FAILED : PEER_CLOSED);
}

const struct stream_events PEER_STREAM_EVENTS = {
    .opened = peer_stream_opened,
    .data = stream_data,
    .closed = stream_closed,
};
