/* SPDX-License-Identifier: Apache-2.0 */
#include "record/recorder.h"

#include "codec/copy.h"
#include "wire/clock.h"
#include "wire/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define LATE_US (RECORDER_LATE_MS * 1000 / 2) /* the other half is for writing */
#define WRITE_MS 20                           /* for which what was made is gathered */
#define BUSY_US 100         /* that a turn of a loop without a pause gives to what is late */
#define MEMORY (256u << 20) /* of events that wait */

/* A copy of an event, with all that it refers to but the names of the schema. */
struct queued {
    struct queued *next;
    int64_t since_us; /* of the monotonic clock: a virtual world's does not tell what is late */
    struct event event;
    struct message message;
    struct err problem;
};

struct queue {
    struct recorder *recorder;
    uv_idle_t idle;   /* while something waits: the loop turns without a pause */
    uv_check_t check; /* after each turn */
    uv_timer_t pen;   /* until what the sinks have made is written */
    unsigned handles;
    struct arena arena[2]; /* one is filled while the other is emptied */
    unsigned filling;
    struct queued *newest, **end; /* in the one that is filled */
    struct queued *oldest;        /* in the other one */
    uint64_t seen;                /* events when the loop turned last */
    int64_t made_us;              /* since then sinks have something to write; as since_us */
    bool is_direct; /* in a virtual world: nobody waits, so that no copy is worth it */
};

static void add(struct recorder *r, const char *name, event_sink sink, sink_write write,
                void *context, bool is_quick)
{
    if (r->n == RECORDER_SINKS)
        return;
    r->at[r->n].sink = sink;
    r->at[r->n].write = write;
    r->at[r->n].context = context;
    r->at[r->n].is_quick = is_quick;
    r->at[r->n++].name = name;
}

void recorder_add_writer(struct recorder *r, const char *name, event_sink sink, sink_write write,
                         void *context)
{
    add(r, name, sink, write, context, false);
}

void recorder_add_quick(struct recorder *r, const char *name, event_sink sink, sink_write write,
                        void *context)
{
    add(r, name, sink, write, context, true);
}

void recorder_add(struct recorder *r, event_sink sink, void *context)
{
    add(r, "", sink, NULL, context, false);
}

/* To those that are quick, or to the others; whether there are any. */
static bool deliver(struct recorder *r, const struct event *e, bool is_quick)
{
    bool any = false;
    for (unsigned i = 0; i < r->n; i++) {
        if (r->at[i].is_quick != is_quick)
            continue;
        r->at[i].sink(r->at[i].context, e);
        any = true;
    }
    return any;
}

static bool has_slow(const struct recorder *r)
{
    for (unsigned i = 0; i < r->n; i++)
        if (!r->at[i].is_quick)
            return true;
    return false;
}

/* Tells the other sinks, and the terminal. */
static void drop_sink(struct recorder *r, unsigned i, const struct err *why)
{
    char text[500];
    snprintf(text, sizeof text, "%s ends here: %s", r->at[i].name, why->what);
    memmove(&r->at[i], &r->at[i + 1], (--r->n - i) * sizeof r->at[i]);
    if (r->lost != NULL)
        r->lost(text);
    struct event e = {.us = r->us,
                      .kind = EVENT_RECORD,
                      .by = "",
                      .where = "",
                      .name = "",
                      .code = "",
                      .text = text};
    recorder_put(r, &e);
}

static void write_sinks(struct recorder *r)
{
    for (unsigned i = 0; i < r->n;) {
        struct err e = ERR_INIT;
        if (r->at[i].write == NULL || r->at[i].write(r->at[i].context, &e) == 0)
            i++;
        else
            drop_sink(r, i, &e);
    }
}

/* ---- the queue ---- */

/* False where there is no memory for it. */
static bool keep_text(struct arena *a, const char **text)
{
    if (*text == NULL || **text == '\0')
        return true;
    *text = arena_text(a, *text, strlen(*text));
    return *text != NULL;
}

/* NULL where there is no memory for it. */
static struct queued *copy_event(struct arena *a, const struct event *e)
{
    struct err ignored = ERR_INIT;
    struct queued *q = arena_alloc(a, sizeof *q);
    if (q == NULL)
        return NULL;
    q->next = NULL;
    q->since_us = clock_us();
    q->event = *e;
    if (!keep_text(a, &q->event.by) || !keep_text(a, &q->event.where) ||
        !keep_text(a, &q->event.text) || !keep_text(a, &q->event.handshake) ||
        !keep_text(a, &q->event.stamp))
        return NULL;
    if (e->bytes.n > 0) {
        q->event.bytes.p = (uint8_t *)arena_text(a, (const char *)e->bytes.p, e->bytes.n);
        if (q->event.bytes.p == NULL)
            return NULL;
    }
    if (e->problem != NULL) {
        q->problem = *e->problem;
        q->event.problem = &q->problem;
    }
    if (e->message != NULL) {
        if (message_copy(e->message, a, &q->message, &ignored) != 0)
            return NULL;
        q->event.message = &q->message;
    }
    return q;
}

static void pen_down(uv_timer_t *pen)
{
    struct queue *q = pen->data;
    write_sinks(q->recorder);
}

/* The oldest that waits; NULL where none does. */
static const struct queued *oldest_of(struct queue *q)
{
    if (q->oldest == NULL && q->newest != NULL) {
        q->oldest = q->newest;
        q->newest = NULL;
        q->end = &q->newest;
        q->filling = !q->filling;
        arena_reset(&q->arena[q->filling]);
    }
    return q->oldest;
}

/* What sinks have made now is written soon. */
static void write_soon(struct queue *q)
{
    if (uv_is_active((uv_handle_t *)&q->pen))
        return;
    uv_timer_start(&q->pen, pen_down, WRITE_MS, 0);
    q->made_us = clock_us();
}

static void deliver_slow(struct queue *q, const struct event *e)
{
    if (deliver(q->recorder, e, false))
        write_soon(q);
}

static void deliver_oldest(struct queue *q)
{
    struct queued *oldest = q->oldest;
    q->oldest = oldest->next;
    deliver_slow(q, &oldest->event);
}

static void turn_without_pause(uv_idle_t *idle)
{
    (void)idle; /* what is to be done is done after the turn */
}

/* After a turn in which nothing happened one event is handed on, so that whatever comes meanwhile
 * waits for no more than that. */
static void after_turn(uv_check_t *check)
{
    struct queue *q = check->data;
    bool is_quiet = q->seen == q->recorder->events;
    q->seen = q->recorder->events;
    const struct queued *oldest = oldest_of(q);
    if (oldest == NULL) {
        uv_idle_stop(&q->idle);
        return;
    }
    if (is_quiet) {
        deliver_oldest(q);
        return;
    }
    int64_t now = clock_us(), until = now + BUSY_US;
    while (oldest != NULL && now - oldest->since_us > LATE_US && clock_us() < until) {
        deliver_oldest(q);
        oldest = oldest_of(q);
    }
}

static void deliver_all(struct queue *q)
{
    while (oldest_of(q) != NULL)
        deliver_oldest(q);
}

void recorder_put(struct recorder *r, const struct event *e)
{
    if (r == NULL)
        return;
    struct event numbered = *e;
    r->us = e->us;
    r->first_us = r->events == 0 ? e->us : r->first_us;
    numbered.number = ++r->events;
    numbered.is_echo = e->is_echo && event_is_of_wire(e->kind);
    struct queue *q = r->queue;
    bool any_quick = deliver(r, &numbered, true);
    if (q == NULL) {
        deliver(r, &numbered, false);
        if (r->gathered == 0 || numbered.number % r->gathered == 0)
            write_sinks(r);
        return;
    }
    if (any_quick)
        write_soon(q);
    if (!has_slow(r))
        return;
    struct queued *copy = q->is_direct ? NULL : copy_event(&q->arena[q->filling], &numbered);
    if (copy == NULL) {
        deliver_all(q);
        deliver_slow(q, &numbered);
        return;
    }
    *q->end = copy;
    q->end = &copy->next;
    uv_idle_start(&q->idle, turn_without_pause);
}

/* ---- with a world ---- */

void recorder_attach(struct recorder *r, struct world *world)
{
    struct queue *q = r == NULL ? NULL : calloc(1, sizeof *q);
    if (q == NULL)
        return;
    struct uv_loop_s *loop = world_loop(world);
    q->recorder = r;
    q->is_direct = world_is_virtual(world);
    q->end = &q->newest;
    arena_open(&q->arena[0], NULL, 0, MEMORY);
    arena_open(&q->arena[1], NULL, 0, MEMORY);
    uv_idle_init(loop, &q->idle);
    uv_check_init(loop, &q->check);
    uv_timer_init(loop, &q->pen);
    q->check.data = q->pen.data = q->idle.data = q;
    uv_check_start(&q->check, after_turn);
    uv_unref((uv_handle_t *)&q->idle); /* a run is over when only its record is left to write */
    uv_unref((uv_handle_t *)&q->check);
    uv_unref((uv_handle_t *)&q->pen);
    q->handles = 3;
    r->queue = q;
}

static void handle_closed(uv_handle_t *h)
{
    struct queue *q = h->data;
    if (--q->handles == 0)
        free(q);
}

void recorder_flush(struct recorder *r)
{
    if (r == NULL)
        return;
    do { /* a sink that ends is an event for the others */
        if (r->queue != NULL)
            deliver_all(r->queue);
        write_sinks(r);
        if (r->queue != NULL)
            uv_timer_stop(&r->queue->pen);
    } while (r->queue != NULL && oldest_of(r->queue) != NULL);
}

void recorder_flush_late(struct recorder *r)
{
    struct queue *q = r == NULL ? NULL : r->queue;
    if (q == NULL)
        return;
    const struct queued *oldest = oldest_of(q);
    bool is_made = uv_is_active((uv_handle_t *)&q->pen);
    int64_t since = oldest != NULL ? oldest->since_us : is_made ? q->made_us : INT64_MAX;
    if (since != INT64_MAX && clock_us() - since > LATE_US)
        recorder_flush(r);
}

void recorder_detach(struct recorder *r)
{
    struct queue *q = r == NULL ? NULL : r->queue;
    if (q == NULL)
        return;
    recorder_flush(r);
    r->queue = NULL;
    arena_close(&q->arena[0]);
    arena_close(&q->arena[1]);
    uv_close((uv_handle_t *)&q->idle, handle_closed);
    uv_close((uv_handle_t *)&q->check, handle_closed);
    uv_close((uv_handle_t *)&q->pen, handle_closed);
}
