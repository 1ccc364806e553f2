/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/stream_transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

static const struct stream_events NO_EVENTS;

/* ORDER STREAM_END */
static const char *const END_TEXTS[] = {
    "closed by peer", "reset by peer",        "connection refused", "no answer in time",
    "unreachable",    "ended by a TLS alert", "TLS was ended",      "failed",
};

const char *stream_end_text(enum stream_end end)
{
    return END_TEXTS[end];
}

static enum stream_end end_of_error(int number)
{
    switch (number) {
    case UV_EOF:
        return STREAM_CLOSED;
    case UV_ECONNRESET:
    case UV_ECONNABORTED:
    case UV_EPIPE:
        return STREAM_RESET;
    case UV_ECONNREFUSED:
        return STREAM_REFUSED;
    case UV_ETIMEDOUT:
        return STREAM_TIMEOUT;
    case UV_EHOSTUNREACH:
    case UV_ENETUNREACH:
    case UV_ENETDOWN:
        return STREAM_UNREACHABLE;
    default: /* numbers, not an enumeration */
        return STREAM_FAILED;
    }
}

/* ---- state ---- */

bool stream_is_open(const struct stream *s)
{
    return s->is_open && s->is_ready && !s->is_closing;
}

const struct endpoint *stream_local(const struct stream *s)
{
    return &s->local;
}

const struct endpoint *stream_remote(const struct stream *s)
{
    return &s->remote;
}

void *stream_context(const struct stream *s)
{
    return s->context;
}

struct world *stream_world(const struct stream *s)
{
    return s->world;
}

size_t stream_waiting(const struct stream *s)
{
    return s->waiting;
}

void stream_init(struct stream *s, struct world *world, const struct stream_transport *transport)
{
    s->world = world;
    s->transport = transport;
    s->events = &NO_EVENTS;
}

/* ---- its end ---- */

/* The last word to the owner. */
static void stream_tell_closed(struct stream *s, enum stream_end end, const char *why)
{
    if (s->is_told || s->is_closing)
        return;
    s->is_told = true;
    s->transport->read(s, false);
    if (s->events->closed != NULL)
        s->events->closed(s->context, s, end, why);
}

void stream_lost(struct stream *s, const char *what, int number)
{
    char why[512], local[ENDPOINT_TEXT], remote[ENDPOINT_TEXT];
    enum stream_end end = end_of_error(number);
    const char *text = end == STREAM_FAILED ? uv_strerror(number) : END_TEXTS[end];
    endpoint_text(&s->remote, remote, sizeof remote);
    endpoint_text(&s->local, local, sizeof local);
    if (s->is_connecting)
        snprintf(why, sizeof why, "%s to %s: %s%s", what, remote, text,
                 end == STREAM_REFUSED ? ", nobody listens there" : "");
    else
        snprintf(why, sizeof why, "%s of %s with %s: %s", what, local, remote, text);
    if (s->is_open && s->filter != NULL && s->filter->ended != NULL)
        s->filter->ended(s->filter_state, why, sizeof why);
    if (end != STREAM_CLOSED)
        s->is_open = false;
    stream_tell_closed(s, end, why);
}

void stream_fail(struct stream *s, enum stream_end end, const char *why)
{
    stream_tell_closed(s, end, why);
}

static void listener_lost_stream(struct listener *l);

void stream_gone(struct stream *s)
{
    crowd_leave(s);
    timer_stop(&s->limit);
    if (s->filter != NULL)
        s->filter->free(s->filter_state);
    if (s->listener != NULL)
        listener_lost_stream(s->listener);
    free(s);
}

void stream_close(struct stream *s, enum stream_how how)
{
    if (s == NULL || s->is_closing)
        return;
    if (how == STREAM_FIN && s->is_open && s->filter != NULL)
        s->filter->finish(s->filter_state, s);
    s->is_closing = true;
    crowd_leave(s);
    timer_stop(&s->limit);
    s->transport->read(s, false);
    s->transport->close(s, how);
}

/* ---- reading ---- */

void stream_deliver(struct stream *s, struct slice bytes)
{
    if (!s->is_closing && !s->is_told && s->events->data != NULL)
        s->events->data(s->context, s, bytes);
}

void stream_received(struct stream *s, struct slice bytes)
{
    if (s->events->wire != NULL)
        s->events->wire(s->context, s, false, bytes);
    if (s->filter != NULL && !s->is_closing)
        s->filter->from_wire(s->filter_state, s, bytes);
    else
        stream_deliver(s, bytes);
}

static void stream_start_reading(struct stream *s)
{
    if (!s->is_paused && s->is_open && !s->is_told && !s->is_closing)
        s->transport->read(s, true);
}

void stream_pause(struct stream *s, bool is_paused)
{
    s->is_paused = is_paused;
    if (is_paused && !s->is_closing)
        s->transport->read(s, false);
    else
        stream_start_reading(s);
}

/* ---- writing ---- */

int stream_cannot(const struct stream *s, const char *why, struct err *e)
{
    char remote[ENDPOINT_TEXT];
    return err_set(e, "nothing can be sent to %s: %s",
                   endpoint_text(&s->remote, remote, sizeof remote), why);
}

int stream_cannot_number(const struct stream *s, int number, struct err *e)
{
    return stream_cannot(s, END_TEXTS[end_of_error(number)], e);
}

int stream_write_wire(struct stream *s, struct slice bytes, struct err *e)
{
    if (!s->is_open || s->is_closing || s->has_ended_writing)
        return stream_cannot(s, "the connection is not open for it", e);
    if (bytes.n > STREAM_WAITING_MOST || s->waiting > STREAM_WAITING_MOST - bytes.n)
        return stream_cannot(s, "the peer does not read, and too much waits", e);
    if (bytes.n == 0)
        return 0;
    if (s->transport->write(s, bytes, e) != 0)
        return -1;
    if (s->events->wire != NULL)
        s->events->wire(s->context, s, true, bytes);
    return 0;
}

int stream_write(struct stream *s, struct slice bytes, struct err *e)
{
    if (!s->is_ready)
        return stream_cannot(s, "the connection is not open yet", e);
    if (s->filter != NULL)
        return s->filter->to_wire(s->filter_state, s, bytes, e);
    return stream_write_wire(s, bytes, e);
}

int stream_end_writing(struct stream *s, struct err *e)
{
    if (!stream_is_open(s) || s->has_ended_writing)
        return stream_cannot(s, "the connection is not open for it", e);
    if (s->filter != NULL)
        s->filter->finish(s->filter_state, s);
    if (s->transport->end(s, e) != 0)
        return -1;
    s->has_ended_writing = true;
    return 0;
}

/* ---- opening ---- */

void stream_set_filter(struct stream *s, const struct stream_filter *filter, void *state)
{
    s->filter = filter;
    s->filter_state = state;
}

void stream_ready(struct stream *s)
{
    if (s->is_ready || s->is_closing)
        return;
    s->is_ready = true;
    if (s->events->opened != NULL && (s->listener == NULL || s->filter != NULL))
        s->events->opened(s->context, s);
}

static void stream_begin(struct stream *s)
{
    stream_start_reading(s);
    if (s->filter != NULL)
        s->filter->start(s->filter_state, s);
    else
        stream_ready(s);
}

void stream_hand_over(struct stream *s, const struct stream_events *events, void *context)
{
    s->events = events;
    s->context = context;
}

void stream_use(struct stream *s, const struct stream_events *events, void *context)
{
    stream_hand_over(s, events, context);
    stream_begin(s);
}

void stream_connected(struct stream *s)
{
    timer_stop(&s->limit);
    s->is_connecting = false;
    s->is_open = true;
    stream_begin(s);
}

/* ---- listening ---- */

const struct endpoint *listener_endpoint(const struct listener *l)
{
    return l == NULL ? NULL : &l->local;
}

static void listener_free(struct listener *l)
{
    if (l->is_gone && l->open == 0)
        free(l);
}

static void listener_lost_stream(struct listener *l)
{
    l->open--;
    listener_free(l);
}

void listener_gone(struct listener *l)
{
    l->is_gone = true;
    listener_free(l);
}

void listener_close(struct listener *l)
{
    if (l == NULL || l->is_closed)
        return;
    l->is_closed = true;
    l->close(l);
}

void listener_refused(struct listener *l, const struct endpoint *from, const char *why)
{
    if (l->events->refused != NULL)
        l->events->refused(l->context, from, why);
}

/* limit: what it had to go for. */
static void give_way(struct stream *s, int64_t now_us, const char *limit)
{
    char why[200], from[ENDPOINT_TEXT];
    snprintf(why, sizeof why,
             "connection of %s: gave way to another one after %.1f s of silence; %s",
             endpoint_text(&s->remote, from, sizeof from),
             (double)(now_us - s->place.since_us) / 1e6, limit);
    stream_tell_closed(s, STREAM_TIMEOUT, why);
}

bool listener_has_room(struct listener *l, const struct endpoint *from)
{
    char why[96];
    int64_t us = world_now(l->world);
    struct stream *idle;
    if (crowd_has_room(&l->crowd, from, us, &idle, why, sizeof why))
        return true;
    if (idle != NULL)
        give_way(idle, us, why);
    else
        listener_refused(l, from, why);
    return idle != NULL;
}

void listener_take(struct listener *l, struct stream *s)
{
    s->listener = l;
    l->open++;
    crowd_enter(&l->crowd, s, world_now(l->world));
}

void listener_limit(struct listener *l, unsigned most, unsigned most_of_address)
{
    if (most != 0)
        l->crowd.most = most;
    unsigned others = most_of_address != 0 ? 0 : l->crowd.most / LISTENER_OTHERS;
    l->crowd.most_of_address = most_of_address != 0 ? most_of_address : l->crowd.most - others;
}

void stream_settle(struct stream *s)
{
    crowd_settle(s);
}

bool stream_is_idle(const struct stream *s)
{
    int64_t since_us = s->place.since_us;
    return s->place.crowd != NULL && !s->place.is_settled &&
           world_now(s->world) - since_us >= CROWD_PATIENCE_MS * INT64_C(1000);
}

void listener_accepted(struct listener *l, struct stream *s)
{
    s->is_open = true;
    l->events->accepted(l->context, s);
}
