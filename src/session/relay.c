/* SPDX-License-Identifier: Apache-2.0 */
#include "session/relay.h"

#include "session/parcel.h"
#include "trust/signature.h"
#include "trust/signer.h"
#include "wire/world.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MEMORY (1u << 20)

/* A frame that waits. */
struct held {
    struct held *next;
    int64_t us;
    size_t n;
    uint8_t bytes[];
};

/* A frame whose signature is to be checked, or that shows certificates. */
struct unchecked {
    struct unchecked *next;
    struct parcel *frame;
};

struct leg {
    struct filter filter; /* first */
    struct relay *relay;
    struct leg *other;
    struct peer *peer;         /* NULL: it is closed */
    struct held *first, *last; /* that came here */
    size_t waiting;            /* octets of them */
    uint32_t connection;       /* that the last frame was of; 0: none */
    bool is_held;
    bool was_late;  /* the frame that came last */
    bool made_late; /* the frame that went last, only by the relay */
    struct unchecked *unchecked, **end;
    struct timer checking;
    struct signers signers; /* that this leg's messages have shown */
    struct relay_figures figures;
};

struct relay {
    struct leg leg[2]; /* ORDER EVENT_LEG, from LEG_VEHICLE */
    struct times_limits limits;
    struct times times;
    unsigned users; /* ways that have its filters */
};

static enum event_leg leg_of(const struct leg *l)
{
    return l == &l->relay->leg[0] ? LEG_VEHICLE : LEG_STATION;
}

static struct leg *leg_at(struct relay *r, enum event_leg leg)
{
    return &r->leg[leg - LEG_VEHICLE];
}

static void tell(const struct leg *l, enum event_kind kind, bool ok, const char *text)
{
    const struct session *s = &l->peer->session;
    struct event e = session_new_event(s, kind, false, world_now(l->peer->world));
    e.ok = ok;
    e.text = text;
    recorder_put(s->recorder, &e);
}

/* ---- handing on ---- */

static void drop_held(struct leg *l)
{
    for (struct held *h = l->first, *next; h != NULL; h = next) {
        next = h->next;
        free(h);
    }
    l->first = l->last = NULL;
    l->waiting = 0;
}

static int keep(struct leg *l, struct slice bytes, int64_t us, struct err *e)
{
    struct held *h = NULL;
    if (l->waiting + bytes.n <= RELAY_HELD_MOST)
        h = malloc(sizeof *h + bytes.n);
    if (h == NULL) {
        err_set(e, "the relay has %zu octets that wait for the other side, and takes no more",
                l->waiting);
        tell(l, EVENT_LOG, false, e->what);
        return -1;
    }
    *h = (struct held){.us = us, .n = bytes.n};
    memcpy(h->bytes, bytes.p, bytes.n);
    *(l->first == NULL ? &l->first : &l->last->next) = h;
    l->last = h;
    l->waiting += bytes.n;
    l->figures.waited++;
    return 0;
}

static int hand_on(struct leg *l, struct slice bytes, int64_t us, struct err *e)
{
    struct peer *to = l->other->peer;
    return session_relay(&to->session, bytes, us, world_now(to->world), e);
}

/* What came on l, since us. */
static int take(struct leg *l, struct slice bytes, int64_t us, struct err *e)
{
    const struct peer *to = l->other->peer;
    if (l->is_held || l->first != NULL || (to != NULL && to->state != PEER_READY))
        return keep(l, bytes, us, e);
    if (to == NULL)
        return 0;
    int bad = hand_on(l, bytes, us, e);
    histogram_add(&l->figures.taken_us, world_now(to->world) - us);
    if (bad != 0)
        tell(l, EVENT_LOG, false, e->what);
    return bad;
}

/* The session notes what the message says of SessionID and protocol, before it goes on. */
static int take_frame(struct filter *f, struct parcel *p, struct err *e)
{
    int bad = filter_pass(f, p, e);
    if (bad != 0 || p->is_sent || event_is_datagram(&p->event))
        return bad;
    return take((struct leg *)f, p->event.bytes, p->event.us, e);
}

static void take_stray(void *context, struct slice bytes, int64_t us)
{
    struct err ignored = ERR_INIT; /* it is told */
    take(context, bytes, us, &ignored);
}

/* What has waited, as far as it may go on. */
static void go_on(struct leg *l)
{
    const struct peer *to = l->other->peer;
    while (l->first != NULL && to != NULL && to->state == PEER_READY && !l->is_held) {
        struct held *h = l->first;
        struct err e = ERR_INIT;
        l->first = h->next;
        l->waiting -= h->n;
        if (hand_on(l, (struct slice){h->bytes, h->n}, h->us, &e) != 0)
            tell(l, EVENT_LOG, false, e.what);
        free(h);
    }
}

void relay_go_on(struct relay *r)
{
    go_on(&r->leg[0]);
    go_on(&r->leg[1]);
}

void relay_hold(struct relay *r, enum event_leg from)
{
    leg_at(r, from)->is_held = true;
}

void relay_release(struct relay *r, enum event_leg from)
{
    leg_at(r, from)->is_held = false;
    go_on(leg_at(r, from));
}

/* ---- times ---- */

/* A time was measured. Of what came it is that of the side that sent it; of what went, the relay's
 * share is in it. */
static void take_time(void *context, const struct event *e)
{
    struct relay *r = context;
    if (e->kind != EVENT_TIMER)
        return;
    struct leg *l = leg_at(r, (enum event_leg)e->leg);
    const char *sender = e->from_role == FROM_EVCC ? "the vehicle" : "the station";
    bool came = (e->leg == LEG_VEHICLE) == (e->from_role == FROM_EVCC);
    if (!came && (e->ok || l->other->was_late))
        return;
    struct event timer = *e;
    recorder_put(l->peer->session.recorder, &timer);
    if (e->ok)
        return;
    bool *is_late = came ? &l->was_late : &l->made_late; /* by more than one of its times */
    unsigned *count = came ? &l->figures.late : &l->other->figures.made_late;
    *count += !*is_late;
    *is_late = true;
    char text[300];
    snprintf(text, sizeof text, "%s: %s was late: %.3f s, of %s %.3f s at most", e->name,
             came ? sender : "the relay", (double)e->taken_us / 1e6, e->text,
             (double)e->limit_us / 1e6);
    tell(l, EVENT_LOG, false, text);
}

/* ---- signatures ---- */

/* By the certificate that the leg itself has shown; without it the digests tell whether anybody
 * changed what was signed. */
static void check_signature(struct leg *l, const struct event *e, const struct schema *xmldsig)
{
    struct err why = ERR_INIT, unknown = ERR_INIT;
    struct signature_report report;
    struct arena a;
    char text[900], problem[600];
    bool came = (e->leg == LEG_VEHICLE) == (e->from_role == FROM_EVCC);
    struct x509_st *by = signers_find(&l->signers, e->message, &unknown);
    EVP_PKEY *key = by == NULL ? NULL : X509_get0_pubkey(by);
    arena_open(&a, NULL, 0, MESSAGE_MEMORY);
    bool good = signature_verify(e->message, key, xmldsig, &a, &report, &why) == 0;
    arena_close(&a);
    const char *s = report.references == 1 ? "" : "s";
    if (!good)
        snprintf(text, sizeof text, "%s: the signature is broken%s: %s", e->name,
                 came ? "" : ", as it is handed on", err_text(&why, problem, sizeof problem));
    else if (by != NULL)
        snprintf(text, sizeof text,
                 "%s: the signature is valid: %u signed element%s, and its value by the "
                 "certificate '%s'",
                 e->name, report.references, s, pki_subject(by, "CN", problem, sizeof problem));
    else
        snprintf(text, sizeof text,
                 "%s: the digests of %u signed element%s are right; whether the signature's value "
                 "is cannot be told: %s",
                 e->name, report.references, s, unknown.what);
    if (came)
        l->figures.signatures[!good ? RELAY_BROKEN : by != NULL ? RELAY_VALID : RELAY_UNTOLD]++;
    if (!good || came)
        tell(l, EVENT_CHECK, good, text);
}

static void check_frame(struct leg *l, struct parcel *p)
{
    struct err ignored = ERR_INIT;
    const struct schema *xmldsig = library_get(l->peer->session.library, "xmldsig", &ignored);
    parcel_renew(p);
    const struct message *m = p->event.message;
    if (m == NULL || xmldsig == NULL)
        return;
    signers_note(&l->signers, m);
    if (node_child(message_header(m), "Signature") != NULL)
        check_signature(l, &p->event, xmldsig);
}

static void check_all(void *data)
{
    struct leg *l = data;
    timer_stop(&l->checking);
    for (struct unchecked *u = l->unchecked, *next; u != NULL; u = next) {
        next = u->next;
        check_frame(l, u->frame);
        parcel_free(u->frame);
        free(u);
    }
    l->unchecked = NULL;
    l->end = &l->unchecked;
}

/* A signature takes up to a millisecond, which no message has to wait: it is checked once what
 * there is to hand on has gone. */
static void check_later(struct leg *l, const struct event *e)
{
    struct parcel p = {.session = &l->peer->session, .event = *e};
    struct unchecked *u = malloc(sizeof *u);
    if (u == NULL || (u->frame = parcel_keep(&p)) == NULL) {
        free(u);
        tell(l, EVENT_LOG, false, "out of memory: a signature is not checked");
        return;
    }
    u->next = NULL;
    *l->end = u;
    l->end = &u->next;
    timer_start(l->peer->world, &l->checking, 0, check_all, l);
}

/* Each frame of a leg, as the record has it. */
static void watch(void *context, const struct event *e)
{
    struct leg *l = context;
    bool came = (e->leg == LEG_VEHICLE) == (e->from_role == FROM_EVCC);
    *(came ? &l->was_late : &l->made_late) = false;
    l->connection = e->connection;
    times_event(&l->relay->times, e);
    if (e->message != NULL &&
        (node_child(message_header(e->message), "Signature") != NULL || signers_note_it(e->name)))
        check_later(l, e);
}

/* ---- its life ---- */

static void forget(struct filter *f)
{
    struct leg *l = (struct leg *)f;
    check_all(l);
    drop_held(l);
    if (l->connection != 0) /* a relay may go on for years */
        times_forget(&l->relay->times, l->connection);
    l->connection = 0;
    l->is_held = l->was_late = l->made_late = false;
    l->figures = (struct relay_figures){.waited = 0};
}

static void close_leg(struct filter *f)
{
    struct leg *l = (struct leg *)f;
    struct relay *r = l->relay;
    check_all(l);
    signers_forget(&l->signers);
    drop_held(l);
    l->peer = NULL;
    if (--r->users > 0)
        return;
    times_close(&r->times);
    free(r->limits.at);
    free(r);
}

static void join(struct relay *r, struct leg *l, struct peer *p)
{
    static const struct filter_kind KIND = {
        .frame = take_frame, .forget = forget, .close = close_leg};
    struct session *s = &p->session;
    l->filter.kind = &KIND;
    l->relay = r;
    l->other = &r->leg[l == &r->leg[0]];
    l->peer = p;
    l->end = &l->unchecked;
    s->leg = (uint8_t)leg_of(l);
    s->keeps_none = true;
    s->watch = watch;
    s->stray = take_stray;
    s->watch_context = s->stray_context = l;
    way_add_first(&s->way, &l->filter);
    r->users++;
}

/* A set is read and laid out when it is first used: milliseconds, which the first message of each
 * would wait here. That no message is in these octets is no matter. */
static void prepare_sets(struct library *l)
{
    static const uint8_t NOTHING[1];
    struct exi_options o = EXI_OPTIONS;
    struct message ignored;
    struct arena a;
    arena_open(&a, NULL, 0, MESSAGE_MEMORY);
    for (const struct protocol *p = PROTOCOLS; p->name != NULL; p++)
        for (unsigned i = 0; i < PROTOCOL_SETS && p->set[i] != NULL; i++) {
            struct err e = ERR_INIT;
            const struct schema *set = library_get(l, p->set[i], &e);
            if (set != NULL)
                codec_decode(set, V2GTP_EXI, (struct slice){NOTHING, 1}, &o, &a, &ignored, &e);
            arena_reset(&a);
        }
    arena_close(&a);
}

struct relay *relay_open(struct peer *vehicle, struct peer *station,
                         const struct times_limits *limits)
{
    struct relay *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    prepare_sets(vehicle->session.library);
    r->limits = *limits;
    r->times.limits = &r->limits;
    r->times.next = take_time;
    r->times.context = r;
    join(r, &r->leg[0], vehicle);
    join(r, &r->leg[1], station);
    return r;
}

const struct relay_figures *relay_figures(struct relay *r, enum event_leg from)
{
    struct leg *l = leg_at(r, from);
    check_all(l);
    return &l->figures;
}
