/* SPDX-License-Identifier: Apache-2.0 */
#include "session/fault_filter.h"

#include "session/fault_change.h"
#include "session/session.h"
#include "wire/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Something that goes on later. */
struct held {
    struct held *next;
    struct parcel *parcel;
    int64_t due_us; /* INT64_MAX: when others have gone before it */
    bool is_bytes;
};

struct queue {
    struct doer *doer;
    struct held *first;
    struct timer timer;
    unsigned overtaken_by; /* frames that are still to go before the first: of FAULT_REORDER */
    bool is_silent;        /* nothing goes on any more in this direction */
};

struct doer {
    struct fault_filter base;
    struct fault_function function;
    struct queue queue[2]; /* of what comes, and of what goes out */
    struct timer end;      /* of the connection, as soon as the chain is not in use */
};

static struct queue *queue_of(struct doer *d, const struct parcel *p)
{
    return &d->queue[p->is_sent];
}

static int64_t now_of(const struct doer *d)
{
    return world_now(d->base.filter.way->world);
}

/* ---- which frames ---- */

static bool is_of(const struct fault_frames *f, const struct parcel *p)
{
    return (f->role == FROM_NONE || f->role == p->session->role) && (p->is_sent ? f->out : f->in) &&
           p->event.name[0] != '\0' && fault_matches(f->name, p->event.name);
}

/* Counts it, where it has the name. */
static bool is_meant(struct doer *d, const struct parcel *p)
{
    const struct fault_frames *f = &d->base.fault->frames;
    if (!is_of(f, p))
        return false;
    unsigned n = ++d->base.seen;
    return n >= f->first && n <= f->last;
}

/* ---- what happened ---- */

static void record(struct doer *d, const struct parcel *p, bool ok, const char *detail)
{
    struct buf text = {0};
    buf_text(&text, d->base.fault->text);
    if (detail != NULL)
        buf_printf(&text, " (%s)", detail);
    struct event e = p->event;
    e.kind = EVENT_FAULT;
    e.ok = ok;
    e.bytes = (struct slice){NULL, 0};
    e.message = NULL;
    e.problem = NULL;
    e.text = buf_string(&text);
    e.times = d->base.happened;
    recorder_put(p->session->recorder, &e);
    buf_close(&text);
}

void fault_count(struct fault_filter *f)
{
    f->happened++;
    if (f->total != NULL)
        ++*f->total;
}

static void happened(struct doer *d, const struct parcel *p, const char *detail)
{
    fault_count(&d->base);
    record(d, p, true, detail);
}

/* It cannot be done: the frame goes on as it is, and the record says why. */
static int undone(struct doer *d, struct parcel *p, const char *why, struct err *e)
{
    record(d, p, false, why);
    return filter_pass(&d->base.filter, p, e);
}

/* ---- later ---- */

static void hand_over(struct doer *d, struct held *h)
{
    struct parcel *p = h->parcel;
    struct err ignored = ERR_INIT; /* the connection is gone, and whoever sent it does not wait */
    bool is_late = p->is_sent && !event_is_datagram(&p->event) && !p->session->is_connected;
    if (!h->is_bytes && !is_late) {
        parcel_renew(p);
        filter_pass(&d->base.filter, p, &ignored);
    } else if (!is_late) {
        filter_pass_bytes(&d->base.filter, p, &ignored);
    }
    parcel_free(p);
    free(h);
}

static struct held *take_first(struct queue *q)
{
    struct held *h = q->first;
    q->first = h->next;
    return h;
}

static void release(void *data)
{
    struct queue *q = data;
    struct doer *d = q->doer;
    struct way *w = d->base.filter.way;
    bool came = false;
    way_enter(w);
    while (q->first != NULL && q->first->due_us <= world_now(w->world)) {
        came = came || !q->first->parcel->is_sent;
        hand_over(d, take_first(q));
    }
    if (q->first != NULL && q->first->due_us < INT64_MAX)
        timer_at(w->world, &q->timer, q->first->due_us, release, q);
    way_leave(w); /* the doer may be gone from here on */
    if (came && w->ends != NULL)
        w->ends->came(w->context);
}

/* By time, behind those of the same time. */
static int hold(struct doer *d, const struct parcel *p, int64_t due_us, bool is_bytes,
                struct err *e)
{
    struct queue *q = queue_of(d, p);
    struct world *w = d->base.filter.way->world;
    struct held **at = &q->first, *h = calloc(1, sizeof *h);
    if (h == NULL || w == NULL || (h->parcel = parcel_keep(p)) == NULL) {
        free(h);
        return err_set(e, "out of memory");
    }
    while (*at != NULL && (*at)->due_us <= due_us)
        at = &(*at)->next;
    h->next = *at;
    h->due_us = due_us;
    h->is_bytes = is_bytes;
    *at = h;
    if (q->first == h && due_us < INT64_MAX)
        timer_at(w, &q->timer, due_us, release, q);
    return 0;
}

/* When the last one that is held goes: what keeps the order goes no earlier. */
static int64_t last_due(const struct queue *q)
{
    int64_t us = 0;
    for (const struct held *h = q->first; h != NULL; h = h->next)
        us = h->due_us < INT64_MAX ? h->due_us : us;
    return us;
}

/* Hands on what is not meant: behind what waits, or before what is to come later than it. */
static int go_on(struct doer *d, struct parcel *p, struct err *e)
{
    struct queue *q = queue_of(d, p);
    int64_t due = last_due(q);
    if (due > 0 && !d->base.fault->has_flag)
        return hold(d, p, due, false, e);
    int bad = filter_pass(&d->base.filter, p, e);
    if (q->overtaken_by > 0 && --q->overtaken_by == 0)
        hand_over(d, take_first(q));
    return bad;
}

static uint32_t chance(struct doer *d, uint32_t below)
{
    uint32_t n;
    world_random(d->base.filter.way->world, &n, sizeof n);
    return n % below;
}

/* ---- the faults, at the level of frames ---- */

typedef int doing(struct doer *d, struct parcel *p, struct err *e);

static int do_drop(struct doer *d, struct parcel *p, struct err *e)
{
    (void)e;
    happened(d, p, NULL);
    return 0;
}

static int do_delay(struct doer *d, struct parcel *p, struct err *e)
{
    const struct fault *f = d->base.fault;
    struct queue *q = queue_of(d, p);
    int64_t ms = f->number;
    char text[32];
    if (f->most > f->number)
        ms += chance(d, (uint32_t)(f->most - f->number) + 1);
    int64_t due = now_of(d) + ms * 1000, last = last_due(q);
    snprintf(text, sizeof text, "%lld ms", (long long)ms);
    happened(d, p, text);
    return hold(d, p, f->has_flag || due > last ? due : last, false, e);
}

static int do_duplicate(struct doer *d, struct parcel *p, struct err *e)
{
    struct parcel *copy = parcel_keep(p);
    if (copy == NULL)
        return undone(d, p, "out of memory", e);
    happened(d, p, NULL);
    int bad = filter_pass(&d->base.filter, p, e);
    for (int64_t i = 0; i < d->base.fault->number && bad == 0; i++) {
        parcel_close(copy);
        parcel_renew(copy);
        bad = filter_pass(&d->base.filter, copy, e);
    }
    parcel_free(copy);
    return bad;
}

static int do_reorder(struct doer *d, struct parcel *p, struct err *e)
{
    struct queue *q = queue_of(d, p);
    if (q->overtaken_by > 0)
        return go_on(d, p, e);
    happened(d, p, NULL);
    q->overtaken_by = (unsigned)d->base.fault->number;
    return hold(d, p, INT64_MAX, false, e);
}

static void end_now(void *data)
{
    struct doer *d = data;
    const struct way *w = d->base.filter.way;
    enum fault_what what = d->base.fault->what;
    /* ORDER WAY_END */
    enum way_end how = what == FAULT_ALERT ? WAY_ALERT : (enum way_end)(what - FAULT_HALF_CLOSE);
    if (w->ends != NULL)
        w->ends->end(w->context, how);
}

/* The connection ends from the loop, not under the feet of who sends. */
static int do_end(struct doer *d, struct parcel *p, struct err *e)
{
    struct way *w = d->base.filter.way;
    int bad = d->base.fault->has_flag ? filter_pass(&d->base.filter, p, e) : 0;
    happened(d, p, NULL);
    d->queue[true].is_silent = true;
    d->queue[false].is_silent = d->base.fault->what != FAULT_HALF_CLOSE;
    if (w->world != NULL)
        timer_start(w->world, &d->end, 0, end_now, d);
    return bad;
}

/* Those that only tell something are warnings (RFC 5246, 7.2). */
static int alert_of(const struct fault *f)
{
    enum { CLOSE_NOTIFY = 0, USER_CANCELED = 90, NO_RENEGOTIATION = 100 };
    bool is_warning =
        f->number == CLOSE_NOTIFY || f->number == USER_CANCELED || f->number == NO_RENEGOTIATION;
    return (int)(fault_number(f, "level", is_warning ? 1 : 2) << 8 | f->number);
}

static int do_alert(struct doer *d, struct parcel *p, struct err *e)
{
    struct way *w = d->base.filter.way;
    struct err why = ERR_INIT;
    int alert = alert_of(d->base.fault), bad = 0;
    bool is_after = d->base.fault->has_flag;
    if (event_is_datagram(&p->event) || w->ends == NULL)
        return undone(d, p, "there is no TLS on datagrams", e);
    if (is_after)
        bad = filter_pass(&d->base.filter, p, e);
    if (w->ends->alert(w->context, (uint8_t)(alert >> 8), (uint8_t)alert, &why) != 0) {
        record(d, p, false, why.what);
        return is_after ? bad : filter_pass(&d->base.filter, p, e);
    }
    happened(d, p, NULL);
    d->queue[true].is_silent = d->queue[false].is_silent = true;
    if (w->world != NULL)
        timer_start(w->world, &d->end, 0, end_now, d);
    return bad;
}

static int alert_in_handshake(struct filter *f, struct parcel *p)
{
    struct doer *d = (struct doer *)f;
    if (!is_meant(d, p))
        return -1;
    happened(d, p, NULL);
    return alert_of(d->base.fault);
}

static int do_silence(struct doer *d, struct parcel *p, struct err *e)
{
    (void)e;
    happened(d, p, NULL);
    queue_of(d, p)->is_silent = true;
    return 0;
}

static int do_function(struct doer *d, struct parcel *p, struct err *e)
{
    return d->function.call(d->function.context, &d->base, p, e);
}

static int do_change(struct doer *d, struct parcel *p, struct err *e)
{
    struct buf bytes = {0};
    struct err why = ERR_INIT;
    char detail[80] = "";
    int bad;
    if (fault_change(d->base.fault, p, &bytes, detail, &why) == 0) {
        happened(d, p, detail[0] != '\0' ? detail : NULL);
        parcel_set_bytes(p, (struct slice){bytes.p, bytes.n});
        bad = filter_pass(&d->base.filter, p, e);
    } else {
        bad = undone(d, p, why.what, e);
    }
    buf_close(&bytes);
    return bad;
}

/* ---- at the level of bytes ---- */

static struct slice cut(struct slice *rest, size_t n)
{
    struct slice piece = {rest->p, n < rest->n ? n : rest->n};
    rest->p += piece.n;
    rest->n -= piece.n;
    return piece;
}

static int do_split(struct doer *d, struct parcel *p, struct err *e)
{
    const struct fault *f = d->base.fault;
    int64_t pause = fault_number(f, "pause", 0) * 1000, due = now_of(d);
    struct slice rest = p->event.bytes;
    int bad = 0;
    happened(d, p, NULL);
    while (rest.n > 0 && bad == 0) {
        p->event.bytes = cut(&rest, (size_t)f->number);
        bad = pause == 0 || p->event.name[0] != '\0' ? filter_pass_bytes(&d->base.filter, p, e)
                                                     : hold(d, p, due += pause, true, e);
        p->event.name = ""; /* the frame begins but once */
    }
    return bad;
}

/* What is stuck goes with p, in one piece. */
static int go_together(struct doer *d, struct held *h, struct parcel *p, struct err *e)
{
    struct buf both = {0};
    buf_add(&both, h->parcel->event.bytes.p, h->parcel->event.bytes.n);
    buf_add(&both, p->event.bytes.p, p->event.bytes.n);
    happened(d, h->parcel, NULL);
    p->event.bytes = (struct slice){both.p, both.n};
    int bad = filter_pass_bytes(&d->base.filter, p, e);
    buf_close(&both);
    parcel_free(h->parcel);
    free(h);
    return bad;
}

static int do_glue(struct doer *d, struct parcel *p, struct err *e)
{
    return hold(d, p, now_of(d) + d->base.fault->number * 1000, true, e);
}

static int pass_bytes(struct filter *f, struct parcel *p, struct err *e)
{
    struct doer *d = (struct doer *)f;
    struct queue *q = queue_of(d, p);
    bool meant = is_meant(d, p);
    if (q->first != NULL && d->base.fault->what == FAULT_GLUE)
        return go_together(d, take_first(q), p, e);
    if (q->first != NULL)
        return hold(d, p, last_due(q), true, e);
    if (!meant)
        return filter_pass_bytes(f, p, e);
    return d->base.fault->what == FAULT_GLUE ? do_glue(d, p, e) : do_split(d, p, e);
}

/* ---- the filter ---- */

static int pass_frame(struct filter *f, struct parcel *p, struct err *e)
{
    /* ORDER FAULT */
    static doing *const DO[] = {
        do_drop,   do_delay,  do_duplicate, do_reorder, do_change, do_change,  do_change, do_change,
        do_change, do_change, do_change,    do_change,  do_change, do_change,  NULL,      NULL,
        do_end,    do_end,    do_end,       do_silence, do_alert,  do_function};
    struct doer *d = (struct doer *)f;
    if (queue_of(d, p)->is_silent && !event_is_datagram(&p->event))
        return 0;
    return is_meant(d, p) ? DO[d->base.fault->what](d, p, e) : go_on(d, p, e);
}

/* Datagrams belong to no connection: they stay, unless the filter goes. */
static void forget_queue(struct queue *q, bool and_datagrams)
{
    for (struct held **at = &q->first, *h; (h = *at) != NULL;) {
        if (event_is_datagram(&h->parcel->event) && h->due_us < INT64_MAX && !and_datagrams) {
            at = &h->next;
            continue;
        }
        *at = h->next;
        parcel_free(h->parcel);
        free(h);
    }
    if (q->first == NULL)
        timer_stop(&q->timer);
    q->overtaken_by = 0;
    q->is_silent = false;
}

static void forget_all(struct doer *d, bool and_datagrams)
{
    forget_queue(&d->queue[false], and_datagrams);
    forget_queue(&d->queue[true], and_datagrams);
    timer_stop(&d->end);
}

static void forget(struct filter *f)
{
    forget_all((struct doer *)f, false);
}

static void close_doer(struct filter *f)
{
    struct doer *d = (struct doer *)f;
    forget_all(d, true);
    if (d->function.released != NULL)
        d->function.released(d->function.context);
    free(d->base.fault);
    free(d);
}

struct fault_filter *fault_add(struct way *w, struct fault *f,
                               const struct fault_function *function, struct err *e)
{
    static const struct filter_kind FRAMES = {
        .frame = pass_frame, .forget = forget, .close = close_doer};
    static const struct filter_kind BYTES = {
        .bytes = pass_bytes, .forget = forget, .close = close_doer};
    static const struct filter_kind ALERTS = {.frame = pass_frame,
                                              .handshake = alert_in_handshake,
                                              .forget = forget,
                                              .close = close_doer};
    bool is_bytes = f->what == FAULT_SPLIT || f->what == FAULT_GLUE;
    struct doer *d = calloc(1, sizeof *d);
    if (d == NULL || (f->what == FAULT_FUNCTION && function == NULL)) {
        err_set(e, d == NULL ? "out of memory" : "%s: there is no function", f->text);
        free(d);
        free(f);
        return NULL;
    }
    d->base.filter.kind = is_bytes ? &BYTES : f->what == FAULT_ALERT ? &ALERTS : &FRAMES;
    d->base.fault = f;
    d->queue[false].doer = d->queue[true].doer = d;
    if (function != NULL)
        d->function = *function;
    way_add(w, &d->base.filter);
    return &d->base;
}

void fault_remove(struct fault_filter *f)
{
    struct doer *d = (struct doer *)f;
    for (unsigned i = 0; i < 2; i++)
        while (d->queue[i].first != NULL)
            hand_over(d, take_first(&d->queue[i]));
    way_remove(&f->filter);
}

void fault_happened(struct fault_filter *f, const struct parcel *p, const char *detail)
{
    happened((struct doer *)f, p, detail);
}
