/* SPDX-License-Identifier: Apache-2.0 */
#include "session/peer_wire.h"

#include "session/after.h"
#include "session/flood.h"
#include "session/probe.h"
#include "wire/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVCC_SETUP_MS 20000 /* V2G_EVCC_CommunicationSetup_Timeout [V2G2-714] */
#define SECC_SETUP_MS 18000 /* V2G_SECC_CommunicationSetup_Performance_Time [V2G2-723] */

void peer_stop_probe(struct peer *p)
{
    probe_stop(p->probe);
    p->probe = NULL;
}

void peer_change(struct peer *p, enum peer_state state)
{
    p->state = state;
    if (state != PEER_READY)
        peer_stop_probe(p);
    if (p->wake != NULL)
        p->wake(p->context);
}

void peer_set_problem(struct peer *p, const char *format, const char *detail)
{
    p->problem = ERR_INIT;
    err_set(&p->problem, format, detail);
}

/* ---- life of the sockets ---- */

static void after_is_over(void *context)
{
    struct peer *p = context;
    after_end(p->after);
    p->after = NULL;
    if (p->wake != NULL)
        p->wake(p->context);
}

/* This side closes by FIN: what the other side says to that is recorded, too. */
static bool listens_on(struct peer_wire *w)
{
    struct peer *p = w->peer;
    after_end(p->after);
    p->after =
        after_begin(w->stream, &p->session, p->session.is_inside ? p->tls : NULL, after_is_over, p);
    return p->after != NULL;
}

/* Closes the stream, which may say a last word (close_notify), and records who ended it how. */
void peer_end_stream(struct peer_wire *w, enum stream_how close, enum stream_end end, bool by_us,
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
    if (w->has_half_closed && end == STREAM_CLOSED) { /* who closes first has closed it */
        by_us = true;
        text = "closed by us";
    }
    bool is_evcc = (s->role == FROM_EVCC) == (by_us || end == STREAM_REJECTED);
    uint8_t closer = !ENDS[end].has_closer ? FROM_NONE : is_evcc ? FROM_EVCC : FROM_SECC;
    if (!w->is_connected) {
        s->local = *stream_local(w->stream);
        s->remote = *stream_remote(w->stream);
    }
    if (!by_us || close != STREAM_FIN || !w->is_connected || !listens_on(w))
        stream_close(w->stream, close);
    w->stream = NULL;
    w->has_half_closed = false;
    session_disconnected(s, us, ENDS[end].how, closer, text);
}

/* This side ends the connection, if there is one. */
void peer_close_stream(struct peer_wire *w, enum stream_how how)
{
    if (w->stream == NULL)
        return;
    if (w->is_connected) {
        peer_end_stream(w, how, how == STREAM_RST ? STREAM_RESET : STREAM_CLOSED, true,
                        how == STREAM_RST ? "reset by us" : "closed by us");
        return;
    }
    stream_close(w->stream, how);
    w->stream = NULL;
}

void peer_drop_wire(struct peer *p)
{
    struct peer_wire *w = p->wire;
    if (w == NULL)
        return;
    sdp_client_close(w->client);
    sdp_close(w->sdp);
    listener_close(w->listener);
    listener_close(w->tls_listener);
    stream_close(w->waiting, STREAM_RST);
    peer_close_stream(w, STREAM_FIN);
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
    peer_drop_wire(p);
    return 0;
}

/* A station goes on listening: the next vehicle may come before the script asks for it. */
void peer_fail(struct peer *p)
{
    struct peer_wire *w = p->wire;
    if (w != NULL && (w->listener != NULL || w->tls_listener != NULL)) {
        peer_close_stream(w, STREAM_FIN);
        timer_stop(&w->setup);
    } else {
        peer_drop_wire(p);
    }
    peer_change(p, PEER_FAILED);
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
        peer_set_problem(p, "the time for setting up communication ran out before %s",
                         UNTIL[p->state]);
    peer_drop_wire(p);
    peer_change(p, PEER_FAILED);
}

static unsigned setup_ms(const struct peer *p)
{
    return p->options.setup_ms != 0       ? p->options.setup_ms
           : p->session.role == FROM_EVCC ? EVCC_SETUP_MS
                                          : SECC_SETUP_MS;
}

void peer_start_setup(struct peer *p)
{
    p->wire->started_us = world_now(p->world);
    p->wire->has_told_wait = false;
    timer_start(p->world, &p->wire->setup, setup_ms(p), setup_over, p);
}

void peer_tell_wait(struct peer_wire *w, const char *what, unsigned most_ms)
{
    struct peer *p = w->peer;
    char text[400];
    int64_t now = world_now(p->world);
    double left = setup_ms(p) / 1000.0 - (double)(now - w->started_us) / 1e6;
    left = most_ms != 0 && most_ms / 1000.0 < left ? most_ms / 1000.0 : left;
    if (w->has_told_wait)
        return;
    w->has_told_wait = true;
    snprintf(text, sizeof text, "%s; trying again for %.1f s at most", what, left > 0 ? left : 0);
    struct event e = session_new_event(&p->session, EVENT_LOG, true, now);
    e.text = text;
    recorder_put(p->session.recorder, &e);
}

/* A vehicle that begins to look for a station begins a session; SDP by hand belongs to it, too. */
void peer_begin_session(struct peer *p)
{
    bool goes_on = p->state == PEER_IDLE && p->session.caller.session != 0;
    if (p->session.role == FROM_EVCC && !goes_on)
        numbers_begin(recorder_numbers(p->session.recorder), &p->session.caller);
}

/* TCP is open. With TLS that is before the stream is. */
void peer_begin_connection(struct peer_wire *w)
{
    struct peer *p = w->peer;
    if (w->is_connected)
        return;
    w->is_connected = p->is_met = true;
    session_connected(&p->session, stream_local(w->stream), stream_remote(w->stream),
                      world_now(p->world), p->session.role == FROM_EVCC);
}

/* ---- what others send too often ---- */

/* Vehicles ask four times a second; a hundred are answered, each (case DRV_X_SDP_multi), and many
 * vehicles may share an address (a bench, a load test). */
#define ASKS_OF_SOURCE 120
#define ASKS_IN_ALL 1000
#define REFUSALS_IN_ALL 10

static void record_flood(const struct peer *p, struct event *e, unsigned n,
                         const struct endpoint *from)
{
    e->session = e->connection = 0;
    e->ok = e->is_echo = false;
    e->from = *from;
    e->times = n;
    recorder_put(p->session.recorder, e);
}

static void tell_asks(void *context, unsigned n, const struct endpoint *last)
{
    const struct peer *p = context;
    struct event e = session_new_event(&p->session, EVENT_LOG, false, world_now(p->world));
    char text[200];
    snprintf(text, sizeof text,
             "SDP: %u requests within a second were neither answered nor recorded: more than %u of "
             "one address and port, or %u in all",
             n, ASKS_OF_SOURCE, ASKS_IN_ALL);
    e.text = text;
    e.is_udp = true;
    record_flood(p, &e, n, last);
}

static void record_refusals(const struct peer *p, unsigned n, const struct endpoint *from,
                            const char *why)
{
    struct event e = session_new_event(&p->session, EVENT_CLOSE, true, world_now(p->world));
    e.how = HOW_RESET;
    e.text = why;
    record_flood(p, &e, n, from);
}

static void tell_refusals(void *context, unsigned n, const struct endpoint *last)
{
    char why[80];
    snprintf(why, sizeof why, "%u more connections were refused within a second", n);
    record_refusals(context, n, last, why);
}

/* NULL without memory for it. */
static struct flood *flood_of(struct flood **at, unsigned most, unsigned most_of_source,
                              void (*told)(void *, unsigned, const struct endpoint *))
{
    if (*at != NULL || (*at = calloc(1, sizeof **at)) == NULL)
        return *at;
    (*at)->most = most;
    (*at)->most_of_source = most_of_source;
    (*at)->told = told;
    return *at;
}

bool peer_is_heard(struct peer *p, const struct endpoint *from)
{
    if (p->session.role == FROM_EVCC)
        return true;
    struct flood *f = flood_of(&p->asks, ASKS_IN_ALL, ASKS_OF_SOURCE, tell_asks);
    return f == NULL || flood_passes(f, from, world_now(p->world), p);
}

void peer_refused(struct peer *p, const struct endpoint *from, const char *why)
{
    struct flood *f = flood_of(&p->refusals, REFUSALS_IN_ALL, 0, tell_refusals);
    if (f == NULL || flood_passes(f, from, world_now(p->world), p))
        record_refusals(p, 1, from, why);
}

void peer_forget_floods(struct peer *p)
{
    if (p->asks != NULL)
        flood_end(p->asks, p);
    if (p->refusals != NULL)
        flood_end(p->refusals, p);
    free(p->asks);
    free(p->refusals);
    p->asks = p->refusals = NULL;
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

/* It has listened before, and has not stopped. */
static bool listens_still(const struct peer *p, const char *interface)
{
    const struct peer_wire *w = p->wire;
    const char *address = p->options.address != NULL ? p->options.address : "";
    return w != NULL && p->options.stream == NULL && p->options.tls == w->tls &&
           (w->listener != NULL || w->tls_listener != NULL) &&
           strcmp(w->interface, interface) == 0 && strcmp(w->address, address) == 0;
}

/* The sockets are made, except where a station's are there already. */
int peer_make_wire(struct peer *p, struct err *e)
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
