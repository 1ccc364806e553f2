/* SPDX-License-Identifier: Apache-2.0 */
#include "session/after.h"

#include "tls/tls.h"
#include "wire/stream.h"
#include "wire/world.h"

#include <stdio.h>
#include <stdlib.h>

/* The session is a copy: the owner's may be in its next connection. */
struct after {
    struct stream *stream;
    struct session session;
    struct timer limit;
    void (*over)(void *context);
    void *context;
    char by[48];
};

static struct world *world_of(const struct after *a)
{
    return stream_world(a->stream);
}

static void record(struct after *a, enum event_kind kind, bool is_sent, const char *text,
                   struct slice bytes)
{
    int64_t us = is_sent ? world_now(world_of(a)) : world_came(world_of(a), NULL);
    struct event e = session_new_event(&a->session, kind, is_sent, us);
    e.text = text;
    e.bytes = bytes;
    recorder_put(a->session.recorder, &e);
}

/* Tells how it ended; a is gone then. by: who ended it, a direction. */
static void end_with(struct after *a, enum event_how how, uint8_t by, const char *text)
{
    struct event e = session_new_event(&a->session, EVENT_AFTER, false, world_now(world_of(a)));
    e.how = how;
    e.from_role = by;
    e.text = text;
    recorder_put(a->session.recorder, &e);
    a->over(a->context);
}

static uint8_t other_side(const struct after *a)
{
    return a->session.role == FROM_EVCC ? FROM_SECC : FROM_EVCC;
}

static void data_came(void *context, struct stream *s, struct slice bytes)
{
    struct after *a = context;
    char text[96];
    int64_t us = world_came(world_of(a), &a->session.came);
    session_feed(&a->session, bytes.p, bytes.n, us);
    for (struct received *r; (r = session_take(&a->session)) != NULL;)
        session_done(&a->session, r);
    snprintf(text, sizeof text, "reset by us: %zu bytes came after this side had closed", bytes.n);
    stream_close(s, STREAM_RST);
    end_with(a, HOW_RESET, a->session.role, text);
}

static void closed(void *context, struct stream *s, enum stream_end end, const char *why)
{
    static const enum event_how HOWS[] = {HOW_FIN,         HOW_RESET, HOW_REFUSED, HOW_TIMEOUT,
                                          HOW_UNREACHABLE, HOW_ALERT, HOW_ALERT,   HOW_ERROR};
    struct after *a = context;
    (void)s;
    end_with(a, HOWS[end], other_side(a), why); /* ORDER STREAM_END */
}

static void still_open(void *context)
{
    end_with(context, HOW_TIMEOUT, FROM_NONE, "the other side has not closed its end");
}

static void tls_note(void *context, bool from_client, const char *text)
{
    struct after *a = context;
    struct buf line = {0};
    if ((a->session.role == FROM_EVCC) == from_client)
        return;
    buf_printf(&line, "TLS: %s", text);
    record(a, EVENT_LOG, false, buf_string(&line), (struct slice){NULL, 0});
    buf_close(&line);
}

static void tls_wire(void *context, bool is_sent, struct slice bytes)
{
    record(context, EVENT_WIRE, is_sent, "", bytes);
}

static void copy_session(struct after *a, const struct session *of)
{
    struct session *s = &a->session;
    session_open(s, of->role, of->library, of->recorder);
    snprintf(a->by, sizeof a->by, "%s", of->by);
    s->by = a->by;
    s->protocol = of->protocol;
    s->agreed = of->agreed;
    s->limits = of->limits;
    s->caller.session = of->caller.session;
    s->caller.connection = of->caller.connection;
    s->is_echo = of->is_echo;
    s->leg = of->leg;
    s->is_inside = of->is_inside;
    s->is_after = true;
    s->local = of->local;
    s->remote = of->remote;
    v2gtp_feed(&s->reader, v2gtp_rest(&of->reader)); /* of a frame that had begun */
    v2gtp_keep(&s->reader);
}

struct after *after_begin(struct stream *stream, const struct session *of, struct tls *tls,
                          void (*over)(void *context), void *context)
{
    static const struct stream_events EVENTS = {.data = data_came, .closed = closed};
    static const struct tls_events TLS_EVENTS = {.note = tls_note, .wire = tls_wire};
    struct err ignored = ERR_INIT; /* it has ended already */
    struct after *a = of->broken ? NULL : calloc(1, sizeof *a);
    if (a == NULL || stream_end_writing(stream, &ignored) != 0) {
        free(a);
        return NULL;
    }
    a->stream = stream;
    a->over = over;
    a->context = context;
    copy_session(a, of);
    if (tls != NULL)
        tls_hand_over(tls, &TLS_EVENTS, a);
    stream_hand_over(stream, &EVENTS, a);
    timer_start(world_of(a), &a->limit, AFTER_MS, still_open, a);
    return a;
}

void after_end(struct after *a)
{
    if (a == NULL)
        return;
    timer_stop(&a->limit);
    stream_close(a->stream, STREAM_FIN);
    session_close(&a->session);
    free(a);
}
