/* SPDX-License-Identifier: Apache-2.0 */
#include "session/peer_secc.h"

#include "session/discovery.h"
#include "session/peer_sdp.h"
#include "session/peer_stream.h"
#include "session/peer_wire.h"

#include <stdio.h>

/* One vehicle at a time; but who is there, and says nothing of use, locks nobody out. */
static bool is_free(const struct peer_wire *w)
{
    return w->waiting == NULL && (w->stream == NULL || stream_is_idle(w->stream));
}

static void server_hears(struct peer_wire *w, const struct datagram *d)
{
    struct peer *p = w->peer;
    struct err ignored = ERR_INIT; /* the record says what is wrong with a request */
    if (is_free(w) && peer_answer_datagram(p, d, w->sdp, listener_endpoint(w->listener),
                                           listener_endpoint(w->tls_listener), &ignored) == 0)
        w->asked = d->event.from;
}

static void take_stream(struct peer_wire *w, struct stream *s, bool with_tls)
{
    struct err e = ERR_INIT;
    w->stream = s;
    w->is_connected = false;
    w->peer->is_met = true;
    peer_forget_tls(w->peer);
    if (!with_tls) {
        stream_use(s, &PEER_STREAM_EVENTS, w);
        peer_stream_opened(w, s);
    } else if (peer_use_tls(w, &e) == 0) {
        peer_change(w->peer, PEER_CONNECTING);
        if (w->stream != NULL) /* whoever was woken may have ended it */
            stream_use(s, &PEER_STREAM_EVENTS, w);
    }
}

/* Who has said nothing of use gives way: for the script, as if it had not been there. */
static void give_way(struct peer_wire *w)
{
    if (w->stream == NULL)
        return;
    peer_tell_tls(w);
    peer_end_stream(w, STREAM_RST, STREAM_TIMEOUT, true,
                    "gave way to another one after a second or more without a message; the station "
                    "takes one");
    w->peer->state = PEER_DISCOVERING;
}

/* A reset tells the next vehicle at once, where silence would cost it its 20 s [V2G2-714]. Where
 * the script has not asked for the next one yet, it waits. */
static void came(struct peer_wire *w, struct stream *s, bool with_tls)
{
    if (is_free(w))
        give_way(w);
    if (w->stream != NULL || w->waiting != NULL) {
        peer_refused(w->peer, stream_remote(s),
                     "a vehicle is there already; the station takes one");
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

static void refused(void *context, const struct endpoint *from, const char *why)
{
    const struct peer_wire *w = context;
    peer_refused(w->peer, from, why);
}

static int listen_at(struct peer *p, const struct endpoint *at, bool with_tls, struct err *e)
{
    static const struct listener_events PLAIN = {.accepted = accepted, .refused = refused};
    static const struct listener_events TLS = {.accepted = accepted_tls, .refused = refused};
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
    w->hear = server_hears;
    w->sdp = sdp_server_open(p->world, w->interface, 0, peer_datagram_came, w, e);
    return w->sdp == NULL ? -1 : 0;
}

void peer_end_wait(struct peer *p)
{
    if (p->state != PEER_DISCOVERING || p->session.role != FROM_SECC)
        return;
    peer_set_problem(p, "%s", "this side waits for a vehicle no longer");
    peer_fail(p);
}

int peer_start_secc(struct peer *p, struct err *e)
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
