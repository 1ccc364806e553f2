/* SPDX-License-Identifier: Apache-2.0 */
#include "session/peer.h"

#include "codec/value.h"
#include "session/agreement.h"
#include "session/credentials.h"
#include "session/discovery.h"
#include "session/probe.h"
#include "tls/tls.h"
#include "wire/stream.h"
#include "wire/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVCC_SETUP_MS 20000 /* V2G_EVCC_CommunicationSetup_Timeout [V2G2-714] */
#define SECC_SETUP_MS 18000 /* V2G_SECC_CommunicationSetup_Performance_Time [V2G2-723] */
#define RETRY_MS 50         /* between two attempts to connect to a given address */

/* The sockets of a peer, and what is known of them. */
struct peer_wire {
    struct peer *peer;
    struct timer setup, retry;
    struct sdp_client *client;
    struct sdp_socket *sdp; /* SECC: the server; or a socket for SDP by hand */
    struct endpoint asked;  /* who asked by SDP last */
    struct listener *listener, *tls_listener;
    char address[ENDPOINT_TEXT]; /* SECC: it was told to listen there; "" where it has SDP */
    enum peer_tls tls;           /* SECC: the listeners are for that */
    struct stream *waiting;      /* SECC: came too early, and waits to be listened for */
    bool waits_for_tls;
    struct stream *stream;
    bool is_connected;  /* the session knows of the connection */
    bool with_tls;      /* EVCC: to connect with */
    struct endpoint to; /* EVCC: where to connect */
    char interface[16];
};

static int write_out(void *context, const struct parcel *parcel, struct err *e);
static void end_by_filter(void *context, enum way_end how);
static void came_late(void *context);

void peer_open(struct peer *p, uint8_t role, struct world *world, struct library *library,
               struct recorder *recorder, void (*wake)(void *context), void *context)
{
    static const struct way_ends ENDS = {write_out, end_by_filter, came_late};
    memset(p, 0, sizeof *p);
    session_open(&p->session, role, library, recorder);
    p->session.way.ends = &ENDS;
    p->session.way.world = world;
    p->session.way.context = p;
    p->world = p->session.world = world;
    p->wake = wake;
    p->context = context;
    p->problem = ERR_INIT;
}

static void stop_probe(struct peer *p)
{
    probe_stop(p->probe);
    p->probe = NULL;
}

static void change(struct peer *p, enum peer_state state)
{
    p->state = state;
    if (state != PEER_READY)
        stop_probe(p);
    if (p->wake != NULL)
        p->wake(p->context);
}

static void set_problem(struct peer *p, const char *format, const char *detail)
{
    p->problem = ERR_INIT;
    err_set(&p->problem, format, detail);
}

/* ---- life of the sockets ---- */

/* Closes the stream, which may say a last word (close_notify), and records who ended it how. */
static void end_stream(struct peer_wire *w, enum stream_how close, enum stream_end end, bool by_us,
                       const char *text)
{
    /* ORDER STREAM_END */
    static const struct {
        enum event_how how;
        bool has_closer;
    } ENDS[] = {
        {HOW_FIN, true},          {HOW_RESET, true}, {HOW_REFUSED, true}, {HOW_TIMEOUT, false},
        {HOW_UNREACHABLE, false}, {HOW_ALERT, true}, {HOW_ALERT, true},   {HOW_ERROR, false},
    };
    struct session *s = &w->peer->session;
    int64_t us = world_now(w->peer->world);
    bool is_evcc = (s->role == FROM_EVCC) == (by_us || end == STREAM_REJECTED);
    uint8_t closer = !ENDS[end].has_closer ? FROM_NONE : is_evcc ? FROM_EVCC : FROM_SECC;
    if (!w->is_connected) {
        s->local = *stream_local(w->stream);
        s->remote = *stream_remote(w->stream);
    }
    stream_close(w->stream, close);
    w->stream = NULL;
    session_disconnected(s, us, ENDS[end].how, closer, text);
}

/* This side ends the connection, if there is one. */
static void close_stream(struct peer_wire *w, enum stream_how how)
{
    if (w->stream == NULL)
        return;
    if (w->is_connected) {
        end_stream(w, how, how == STREAM_RST ? STREAM_RESET : STREAM_CLOSED, true,
                   how == STREAM_RST ? "reset by us" : "closed by us");
        return;
    }
    stream_close(w->stream, how);
    w->stream = NULL;
}

static void drop_wire(struct peer *p)
{
    struct peer_wire *w = p->wire;
    if (w == NULL)
        return;
    sdp_client_close(w->client);
    sdp_close(w->sdp);
    listener_close(w->listener);
    listener_close(w->tls_listener);
    stream_close(w->waiting, STREAM_RST);
    close_stream(w, STREAM_FIN);
    timer_stop(&w->setup);
    timer_stop(&w->retry);
    *w = (struct peer_wire){.peer = w->peer};
}

static int new_wire(struct peer *p, struct err *e)
{
    if (p->wire == NULL)
        p->wire = calloc(1, sizeof *p->wire);
    if (p->wire == NULL)
        return err_set(e, "out of memory");
    p->wire->peer = p;
    drop_wire(p);
    return 0;
}

void peer_close(struct peer *p)
{
    stop_probe(p);
    drop_wire(p);
    free(p->wire);
    p->wire = NULL;
    tls_drop(p->tls);
    tls_context_close(p->tls_context);
    p->tls = NULL;
    p->tls_context = NULL;
    session_close(&p->session);
}

/* A station goes on listening: the next vehicle may come before the script asks for it. */
static void fail(struct peer *p)
{
    struct peer_wire *w = p->wire;
    if (w != NULL && (w->listener != NULL || w->tls_listener != NULL)) {
        close_stream(w, STREAM_FIN);
        timer_stop(&w->setup);
    } else {
        drop_wire(p);
    }
    change(p, PEER_FAILED);
}

static bool is_waiting(const struct peer *p)
{
    return p->state == PEER_DISCOVERING || p->state == PEER_CONNECTING || p->state == PEER_AGREEING;
}

static void setup_over(void *data)
{
    struct peer *p = data;
    if (!is_waiting(p))
        return;
    /* ORDER PEER */
    static const char *const UNTIL[] = {"", "the other side was found", "TCP was connected",
                                        "supportedAppProtocol was over"};
    if (!p->problem.set)
        set_problem(p, "the time for setting up communication ran out before %s", UNTIL[p->state]);
    drop_wire(p);
    change(p, PEER_FAILED);
}

static void start_setup(struct peer *p)
{
    unsigned ms = p->options.setup_ms != 0       ? p->options.setup_ms
                  : p->session.role == FROM_EVCC ? EVCC_SETUP_MS
                                                 : SECC_SETUP_MS;
    timer_start(p->world, &p->wire->setup, ms, setup_over, p);
}

/* ---- TLS ---- */

/* TCP is open. With TLS that is before the stream is. */
static void begin_connection(struct peer_wire *w)
{
    struct peer *p = w->peer;
    if (w->is_connected)
        return;
    w->is_connected = true;
    session_connected(&p->session, stream_local(w->stream), stream_remote(w->stream),
                      world_now(p->world), p->session.role == FROM_EVCC);
}

static void record_tls(struct peer_wire *w, enum event_kind kind, bool is_sent, const char *text,
                       struct slice bytes)
{
    struct peer *p = w->peer;
    if (w->stream == NULL)
        return;
    begin_connection(w);
    struct event e = session_new_event(&p->session, kind, is_sent, world_now(p->world));
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

static void tell_established(struct peer_wire *w)
{
    struct buf line = {0};
    buf_text(&line, "TLS is established: ");
    tls_facts_summary(tls_info(w->peer->tls), &line);
    if (tls_problem(w->peer->tls)[0] != '\0')
        buf_printf(&line, "; taken nevertheless: %s", tls_problem(w->peer->tls));
    record_tls(w, EVENT_LOG, true, buf_string(&line), (struct slice){NULL, 0});
    buf_close(&line);
}

struct tls_context *peer_tls_context(uint8_t role, const struct peer_options *o, struct err *e)
{
    return credentials_context(&o->choice, role == FROM_SECC,
                               o->tls == PEER_TLS_AUTO && o->address != NULL, e);
}

/* The context for this start, which resumes what the last one could. */
static int make_tls_context(struct peer *p, struct err *e)
{
    const struct peer_options *o = &p->options;
    if (o->tls == PEER_TLS_OFF)
        return 0;
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
static int use_tls(struct peer_wire *w, struct err *e)
{
    static const struct tls_events EVENTS = {tls_note, tls_secret, tls_wire};
    struct peer *p = w->peer;
    tls_drop(p->tls);
    p->tls = tls_attach(w->stream, p->tls_context, &EVENTS, w, e);
    tls_keep(p->tls);
    p->session.is_inside = p->tls != NULL;
    if (p->tls != NULL)
        return 0;
    stream_close(w->stream, STREAM_RST);
    w->stream = NULL;
    return -1;
}

static void forget_tls(struct peer *p)
{
    tls_drop(p->tls);
    p->tls = NULL;
    p->session.is_inside = false;
}

/* ---- EVCC: connecting ---- */

static void stream_opened(void *context, struct stream *s);
static void stream_data(void *context, struct stream *s, struct slice bytes);
static void stream_closed(void *context, struct stream *s, enum stream_end end, const char *why);

static const struct stream_events STREAM_EVENTS = {
    .opened = stream_opened,
    .data = stream_data,
    .closed = stream_closed,
};

static void connect_now(struct peer *p)
{
    struct peer_wire *w = p->wire;
    p->problem = ERR_INIT;
    forget_tls(p);
    w->is_connected = false;
    w->stream = stream_connect_from(p->world, &w->to, p->options.source_port, 0, &STREAM_EVENTS, w,
                                    &p->problem);
    if (w->stream == NULL && p->options.source_port != 0) {
        p->problem = ERR_INIT;
        w->stream = stream_connect(p->world, &w->to, 0, &STREAM_EVENTS, w, &p->problem);
    }
    if (w->stream != NULL)
        numbers_call(recorder_numbers(p->session.recorder), &p->session.caller,
                     stream_local(w->stream));
    if (w->stream != NULL && w->with_tls)
        use_tls(w, &p->problem);
    if (w->stream == NULL)
        fail(p);
    else
        change(p, PEER_CONNECTING);
}

static void retry_now(void *data)
{
    struct peer *p = data;
    if (p->state == PEER_CONNECTING)
        connect_now(p);
}

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
    if (p->wire->stream == NULL) /* what the script says meanwhile is about who asks */
        s->caller.session = known.session;
    return known;
}

static void record_datagram(struct peer *p, bool is_sent, const struct endpoint *from,
                            const struct endpoint *to, struct slice bytes)
{
    struct numbered known = datagram_numbers(p, is_sent ? from : to, is_sent ? to : from);
    discovery_record(p->session.recorder, world_now(p->world), p->session.by, &known, is_sent, from,
                     to, bytes);
}

static void client_sent(void *context, unsigned number, const struct endpoint *from,
                        const struct endpoint *to, struct slice bytes)
{
    struct peer *p = ((struct peer_wire *)context)->peer;
    (void)number;
    p->times.discovery_us = world_now(p->world);
    record_datagram(p, true, from, to, bytes);
}

static void client_received(void *context, const struct endpoint *from, const struct endpoint *to,
                            struct slice bytes, const struct err *problem)
{
    (void)problem;
    record_datagram(((struct peer_wire *)context)->peer, false, from, to, bytes);
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
        fail(p);
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
    set_problem(p, "%s",
                "the SECC answered SDP with no TLS (Security 0x10), where this side wants "
                "TLS only");
    fail(p);
}

static int start_evcc(struct peer *p, struct err *e)
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

/* ---- SECC: listening ---- */

static void server_datagram(void *context, struct sdp_socket *s, const struct endpoint *from,
                            const struct endpoint *to, struct slice bytes)
{
    struct peer_wire *w = context;
    if (w->stream != NULL || w->waiting != NULL) { /* one vehicle at a time */
        record_datagram(w->peer, false, from, to, bytes);
        return;
    }
    datagram_numbers(w->peer, to, from);
    if (discovery_answer(w->peer->session.recorder, world_now(w->peer->world), s, from, to, bytes,
                         listener_endpoint(w->listener), listener_endpoint(w->tls_listener)))
        w->asked = *from;
}

static void take_stream(struct peer_wire *w, struct stream *s, bool with_tls)
{
    struct err e = ERR_INIT;
    w->stream = s;
    w->is_connected = false;
    forget_tls(w->peer);
    if (!with_tls) {
        stream_use(s, &STREAM_EVENTS, w);
        stream_opened(w, s);
    } else if (use_tls(w, &e) == 0) {
        change(w->peer, PEER_CONNECTING);
        if (w->stream != NULL) /* whoever was woken may have ended it */
            stream_use(s, &STREAM_EVENTS, w);
    }
}

/* One vehicle at a time. Where the script has not asked for the next one yet, it waits. */
static void came(struct peer_wire *w, struct stream *s, bool with_tls)
{
    if (w->stream != NULL || w->waiting != NULL) {
        stream_close(s, STREAM_RST);
    } else if (w->peer->state == PEER_DISCOVERING) {
        take_stream(w, s, with_tls);
    } else {
        w->waiting = s;
        w->waits_for_tls = with_tls;
    }
}

static void accepted(void *context, struct stream *s)
{
    came(context, s, false);
}

static void accepted_tls(void *context, struct stream *s)
{
    came(context, s, true);
}

static int listen_at(struct peer *p, const struct endpoint *at, bool with_tls, struct err *e)
{
    static const struct listener_events PLAIN = {.accepted = accepted};
    static const struct listener_events TLS = {.accepted = accepted_tls};
    struct peer_wire *w = p->wire;
    struct listener *l = stream_listen(p->world, at, 0, with_tls ? &TLS : &PLAIN, w, e);
    *(with_tls ? &w->tls_listener : &w->listener) = l;
    if (l == NULL)
        return -1;
    discovery_record_listener(p->session.recorder, world_now(p->world), p->session.by,
                              listener_endpoint(l), with_tls ? "TLS" : "");
    return 0;
}

static int open_listeners(struct peer *p, struct err *e)
{
    struct peer_wire *w = p->wire;
    enum peer_tls tls = p->options.tls;
    struct endpoint at = {0};
    if (p->options.address != NULL) {
        if (endpoint_parse(p->options.address, &at, e) != 0)
            return -1;
        snprintf(w->address, sizeof w->address, "%s", p->options.address);
    } else {
        snprintf(at.interface, sizeof at.interface, "%s", w->interface);
    }
    w->tls = tls;
    bool both = tls == PEER_TLS_AUTO && p->options.address == NULL;
    if ((tls == PEER_TLS_OFF || both) && listen_at(p, &at, false, e) != 0)
        return -1;
    if (tls != PEER_TLS_OFF && listen_at(p, &at, true, e) != 0)
        return -1;
    if (p->options.address != NULL)
        return 0;
    w->sdp = sdp_server_open(p->world, w->interface, 0, server_datagram, w, e);
    return w->sdp == NULL ? -1 : 0;
}

/* It has listened before, and has not stopped. */
static bool listens_still(const struct peer *p, const char *interface)
{
    const struct peer_wire *w = p->wire;
    const char *address = p->options.address != NULL ? p->options.address : "";
    return w != NULL && p->options.stream == NULL && p->options.tls == w->tls &&
           (w->listener != NULL || w->tls_listener != NULL) &&
           strcmp(w->interface, interface) == 0 && strcmp(w->address, address) == 0;
}

static int start_secc(struct peer *p, struct err *e)
{
    struct peer_wire *w = p->wire;
    if (p->options.stream != NULL) {
        take_stream(w, p->options.stream, p->options.tls != PEER_TLS_OFF);
        return 0;
    }
    if (w->listener == NULL && w->tls_listener == NULL && open_listeners(p, e) != 0)
        return -1;
    p->state = PEER_DISCOVERING;
    struct stream *waiting = w->waiting;
    w->waiting = NULL;
    if (waiting != NULL)
        take_stream(w, waiting, w->waits_for_tls);
    return 0;
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
        fail(p);
        return;
    }
    const struct node *n = message_named(&r->message).node;
    if (!is_evcc && agreement_answer(p, n, &found, &p->problem) != 0) {
        fail(p);
        return;
    }
    if (!p->session.agreed) {
        struct buf text = {0};
        value_text(&n->type->field[0], n->v[0], &text);
        err_set(&p->problem, "no protocol was agreed%s%s",
                is_evcc               ? ": "
                : p->options.needs_13 ? "; expected an offer to be spoken here, ISO 15118-20 over "
                                        "TLS 1.3 only"
                                      : "; expected one of the offers to be spoken here",
                is_evcc ? buf_string(&text) : "");
        buf_close(&text);
        p->state = PEER_FAILED;
        peer_disconnect(p, false);
        change(p, PEER_FAILED);
        return;
    }
    p->times.agreed_us = is_evcc ? r->us : world_now(p->world);
    if (!is_evcc)
        p->times.offered_us = r->us;
    timer_stop(&p->wire->setup);
    change(p, PEER_READY);
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

/* ---- the connection ---- */

static void stream_opened(void *context, struct stream *s)
{
    struct peer_wire *w = context;
    struct peer *p = w->peer;
    bool is_evcc = p->session.role == FROM_EVCC;
    (void)s;
    begin_connection(w);
    if (p->tls != NULL && tls_is_plain(p->tls))
        forget_tls(p);
    if (p->tls != NULL)
        tell_established(w);
    if (p->options.manual) {
        timer_stop(&w->setup);
        change(p, PEER_READY);
        return;
    }
    p->problem = ERR_INIT;
    p->state = PEER_AGREEING;
    p->times.open_us = world_now(p->world);
    if (is_evcc)
        p->times.offered_us = p->times.open_us;
    if (is_evcc && agreement_offer(p, &p->problem) != 0)
        fail(p);
    else
        change(p, PEER_AGREEING);
}

/* Frames have come: they are for supportedAppProtocol, or for whoever waits. */
static void look_at_frames(struct peer *p)
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

static void stream_data(void *context, struct stream *s, struct slice bytes)
{
    struct peer_wire *w = context;
    struct peer *p = w->peer;
    bool broken = session_feed(&p->session, bytes.p, bytes.n, world_now(p->world)) != 0;
    look_at_frames(p);
    if (broken && w->stream == s) {
        set_problem(p, "%s", "the stream is no V2GTP any more; the connection was ended");
        p->state = PEER_CLOSED;
        peer_disconnect(p, true);
        change(p, PEER_CLOSED);
    }
}

static void stream_closed(void *context, struct stream *s, enum stream_end end, const char *why)
{
    struct peer_wire *w = context;
    struct peer *p = w->peer;
    /* a given address may not be served yet; SDP's is served, or wrong */
    bool again = p->state == PEER_CONNECTING && p->options.address != NULL && end == STREAM_REFUSED;
    set_problem(p, "%s", why);
    if (!again) {
        end_stream(w, STREAM_FIN, end, false, why);
    } else {
        stream_close(s, STREAM_FIN);
        w->stream = NULL;
        timer_start(p->world, &w->retry, RETRY_MS, retry_now, p);
        return;
    }
    if (p->state == PEER_CONNECTING) {
        fail(p);
        return;
    }
    change(p, p->state == PEER_AGREEING ? PEER_FAILED : PEER_CLOSED);
}

static int choose_interface(const struct peer *p, char out[16], struct err *e)
{
    const char *name = p->options.interface;
    if (name == NULL)
        name = world_interface(p->world, p->session.role == FROM_EVCC);
    if (name == NULL && p->options.address == NULL && p->options.stream == NULL)
        return err_set(e, "no network to use; give an interface (--interface eth1), an address "
                          "(--peer [::1]:PORT), or use the isolated network (--lab)");
    snprintf(out, 16, "%s", name != NULL ? name : "");
    return 0;
}

/* The sockets are made, except where a station's are there already. */
static int make_wire(struct peer *p, struct err *e)
{
    char interface[16];
    if (choose_interface(p, interface, e) != 0)
        return -1;
    if (listens_still(p, interface))
        return 0;
    if (new_wire(p, e) != 0)
        return -1;
    memcpy(p->wire->interface, interface, sizeof interface);
    return 0;
}

/* A vehicle that begins to look for a station begins a session; SDP by hand belongs to it, too. */
static void begin_session(struct peer *p)
{
    bool goes_on = p->state == PEER_IDLE && p->session.caller.session != 0;
    if (p->session.role == FROM_EVCC && !goes_on)
        numbers_begin(recorder_numbers(p->session.recorder), &p->session.caller);
}

int peer_start(struct peer *p, const struct peer_options *o, struct err *e)
{
    begin_session(p);
    p->options = *o;
    p->problem = ERR_INIT;
    forget_tls(p);
    int bad = make_wire(p, e);
    if (bad == 0)
        bad = make_tls_context(p, e);
    if (bad == 0)
        bad = p->session.role == FROM_EVCC ? start_evcc(p, e) : start_secc(p, e);
    if (bad != 0) {
        p->problem = *e;
        drop_wire(p);
        p->state = PEER_FAILED;
        return -1;
    }
    start_setup(p);
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

void peer_disconnect(struct peer *p, bool reset)
{
    struct peer_wire *w = p->wire;
    if (w == NULL || w->stream == NULL)
        return;
    close_stream(w, reset ? STREAM_RST : STREAM_FIN);
    stop_probe(p);
    if (p->state == PEER_READY || p->state == PEER_AGREEING)
        p->state = PEER_CLOSED;
    if (!p->problem.set)
        set_problem(p, "%s", "this side closed the connection");
}

/* ---- the end of the chain of filters ---- */

static int write_out(void *context, const struct parcel *parcel, struct err *e)
{
    struct peer *p = context;
    if (p->wire == NULL || p->wire->stream == NULL)
        return err_set(e, "there is no connection%s%s", p->problem.set ? ": " : "",
                       p->problem.set ? p->problem.what : "");
    return stream_write(p->wire->stream, parcel->event.bytes, e);
}

static void end_by_filter(void *context, enum way_end how)
{
    struct peer *p = context;
    struct err ignored = ERR_INIT; /* it has ended already */
    if (p->wire == NULL || p->wire->stream == NULL)
        return;
    if (how == WAY_HALF_CLOSE) {
        stream_end_writing(p->wire->stream, &ignored);
        return;
    }
    peer_disconnect(p, how == WAY_RESET);
    change(p, p->state);
}

static void came_late(void *context)
{
    struct peer *p = context;
    if (p->wire != NULL)
        look_at_frames(p);
}

/* ---- SDP by hand ---- */

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
    change(p, p->state);
}

static void hand_datagram(void *context, struct sdp_socket *s, const struct endpoint *from,
                          const struct endpoint *to, struct slice bytes)
{
    struct peer_wire *w = context;
    struct peer *p = w->peer;
    (void)s;
    struct v2gtp_header h = {0};
    struct err ignored = ERR_INIT;
    record_datagram(p, false, from, to, bytes);
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
    if (make_wire(p, e) != 0)
        return -1;
    begin_session(p);
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
    record_datagram(p, true, sdp_local(w->sdp), &to, bytes);
    return sdp_send(w->sdp, &to, bytes, e);
}
