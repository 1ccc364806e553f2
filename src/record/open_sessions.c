/* SPDX-License-Identifier: Apache-2.0 */
#include "record/open_sessions.h"

#include "record/compact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_FIRST 256u
#define FIRST_MOST 6144u   /* octets of the first events, */
#define EVENTS_MOST 15360u /* of all that are kept, so that with one more they have 16 KiB */
#define SPARE_MOST 64u     /* places of sessions that are over */

void open_sessions_open(struct open_sessions *s, uint8_t side, bool is_kept)
{
    *s = (struct open_sessions){.side = side, .is_kept = is_kept, .measures = true};
}

/* ---- the table ---- */

static struct open_session **place_of(const struct open_sessions *s, uint32_t session)
{
    struct open_session **at = &s->bucket[session & (s->buckets - 1)];
    while (*at != NULL && (*at)->session != session)
        at = &(*at)->next;
    return at;
}

const struct open_session *open_sessions_find(const struct open_sessions *s, uint32_t session)
{
    return s->buckets == 0 ? NULL : *place_of(s, session);
}

/* As many buckets as sessions. -1: out of memory. */
static int make_room(struct open_sessions *s)
{
    unsigned buckets = s->buckets == 0 ? BUCKETS_FIRST : s->buckets * 2;
    if (s->n < s->buckets)
        return 0;
    struct open_session **made = calloc(buckets, sizeof *made);
    if (made == NULL)
        return -1;
    for (unsigned i = 0; i < s->buckets; i++)
        for (struct open_session *o = s->bucket[i], *next; o != NULL; o = next) {
            next = o->next;
            o->next = made[o->session & (buckets - 1)];
            made[o->session & (buckets - 1)] = o;
        }
    free(s->bucket);
    s->bucket = made;
    s->buckets = buckets;
    return 0;
}

static struct open_session *add(struct open_sessions *s, uint32_t session)
{
    struct open_session *o = s->spare;
    if (make_room(s) != 0 || (o == NULL && (o = calloc(1, sizeof *o)) == NULL)) {
        s->failed = true;
        return NULL;
    }
    if (o == s->spare) {
        s->spare = o->next;
        s->spares--;
    }
    *o = (struct open_session){.session = session, .events = o->events};
    buf_clear(&o->events);
    *place_of(s, session) = o;
    s->n++;
    return o;
}

void open_sessions_end(struct open_sessions *s, uint32_t session)
{
    struct open_session **at = s->buckets == 0 ? NULL : place_of(s, session), *o;
    s->ended[session % ENDED_KNOWN] = session;
    if (at == NULL || *at == NULL)
        return;
    o = *at;
    *at = o->next;
    s->n--;
    if (s->spares == SPARE_MOST) {
        buf_close(&o->events);
        free(o);
        return;
    }
    o->next = s->spare;
    s->spare = o;
    s->spares++;
}

static void free_all(struct open_session *o)
{
    for (struct open_session *next; o != NULL; o = next) {
        next = o->next;
        buf_close(&o->events);
        free(o);
    }
}

void open_sessions_close(struct open_sessions *s)
{
    for (unsigned i = 0; i < s->buckets; i++)
        free_all(s->bucket[i]);
    free_all(s->spare);
    free(s->bucket);
    for (unsigned i = 0; i < s->turnarounds; i++)
        free(s->turnaround[i]);
    *s = (struct open_sessions){.n = 0};
}

/* ---- how long messages take ---- */

static struct turnaround *turnaround_of(struct open_sessions *s, const char *name)
{
    for (unsigned i = 0; i < s->turnarounds; i++)
        if (strcmp(s->turnaround[i]->name, name) == 0)
            return s->turnaround[i];
    struct turnaround *t =
        s->turnarounds == TURNAROUNDS_MOST || name[0] == '\0' ? NULL : calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    snprintf(t->name, sizeof t->name, "%s", name);
    return s->turnaround[s->turnarounds++] = t;
}

/* A second message without an answer to the first one is no new beginning. */
static void measure(struct open_sessions *s, struct open_session *o, const struct event *e)
{
    if (e->from_role == s->side) {
        o->sent_us = o->sent_us == 0 ? e->us : o->sent_us;
        return;
    }
    struct turnaround *t = o->sent_us == 0 || !s->measures ? NULL : turnaround_of(s, e->name);
    if (t != NULL)
        histogram_add(&t->us, e->us - o->sent_us);
    o->sent_us = 0;
}

/* ---- events ---- */

/* The oldest of the latest go, until half of their room is free. */
static void leave_out(struct open_session *o, int64_t us)
{
    o->left_us = us;
    size_t from = o->first, to = from;
    while (to < o->events.n && o->events.n - to > (EVENTS_MOST - FIRST_MOST) / 2) {
        to += COMPACT_LENGTH + compact_length(o->events.p + to);
        o->left_out++;
    }
    memmove(o->events.p + from, o->events.p + to, o->events.n - to);
    o->events.n -= to - from;
}

static void keep(struct open_session *o, const struct event *e)
{
    compact_event(e, &o->events);
    if (o->events.n <= FIRST_MOST)
        o->first = o->events.n;
    if (o->events.n > EVENTS_MOST && !o->events.failed)
        leave_out(o, e->us);
}

static bool is_own(const struct open_sessions *s, const struct event *e)
{
    return e->by[0] == (s->side == FROM_EVCC ? 'E' : 'S');
}

void open_sessions_event(void *context, const struct event *e)
{
    struct open_sessions *s = context;
    if (e->session == 0 || e->is_echo)
        return;
    bool own = is_own(s, e);
    struct open_session *o = s->buckets == 0 ? NULL : *place_of(s, e->session);
    bool begins = own && e->kind != EVENT_AFTER && !e->is_after;
    if (o == NULL && begins && s->ended[e->session % ENDED_KNOWN] != e->session)
        o = add(s, e->session);
    if (o == NULL)
        return;
    if (own && e->kind == EVENT_CONNECT && o->connected_us == 0)
        o->connected_us = e->us;
    if (own && e->kind == EVENT_FRAME && e->connection != 0 && !e->is_after)
        measure(s, o, e);
    if (s->is_kept)
        keep(o, e);
}

/* ---- the record of one ---- */

static void add_note(const struct open_session *s, struct buf *out)
{
    char text[80];
    snprintf(text, sizeof text, "%u events before this one were not kept", s->left_out);
    struct event e = {.us = s->left_us,
                      .session = s->session,
                      .kind = EVENT_LOG,
                      .by = "",
                      .where = "",
                      .name = "",
                      .code = "",
                      .text = text};
    compact_event(&e, out);
}

int open_session_record(const struct open_session *s, const struct record_options *o, struct err *e)
{
    struct buf all = {0};
    buf_add(&all, s->events.p, s->first);
    if (s->left_out > 0)
        add_note(s, &all);
    buf_add(&all, s->events.p + s->first, s->events.n - s->first);
    int bad = all.failed || s->events.failed ? err_set(e, "out of memory")
                                             : record_of((struct slice){all.p, all.n}, o, e);
    buf_close(&all);
    return bad;
}
