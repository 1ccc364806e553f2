/* SPDX-License-Identifier: Apache-2.0 */
#include "session/session.h"
#include "wire/world.h"

#include "codec/copy.h"
#include "codec/likely.h"
#include "codec/value.h"
#include "record/datagram.h"
#include "record/link_frame.h"
#include "wire/ether.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECEIVED_MEMORY (64u * 1024 * 1024)
#define RECEIVED_USUAL 2048 /* what most messages are read in */
#define OUT_KEPT 512u       /* octets of the buffer of frames that are sent: more is given back */
#define APP_PROTOCOL_RES "supportedAppProtocolRes"
#define HELD_MOST (1u << 20) /* octets behind a supportedAppProtocolReq, until it is answered */

static int record_frame(struct filter *f, struct parcel *p, struct err *e);
static int take_bytes(struct parcel *piece);
static int take_frame(struct parcel *p);
static int release(struct session *s);

void session_open(struct session *s, uint8_t role, struct library *library,
                  struct recorder *recorder)
{
    static const struct filter_kind RECORD = {.frame = record_frame};
    static const struct way_inner INNER = {take_bytes, take_frame};
    memset(s, 0, sizeof *s);
    s->role = role;
    s->by = role == FROM_EVCC ? "EVCC" : "SECC";
    s->library = library;
    s->recorder = recorder;
    s->limits = EXI_LIMITS;
    s->id_size = sizeof s->id;
    v2gtp_open(&s->reader, 0);
    s->way.inner = &INNER;
    s->record.kind = &RECORD;
    way_add(&s->way, &s->record);
}

static void free_received(struct received *r)
{
    if (r == NULL)
        return;
    arena_close(&r->arena);
    free(r);
}

static void drop_all(struct session *s)
{
    for (struct received *r = s->first, *next; r != NULL; r = next) {
        next = r->next;
        free_received(r);
    }
    s->first = s->last = NULL;
}

void session_close(struct session *s)
{
    way_close(&s->way);
    numbers_end(recorder_numbers(s->recorder), &s->caller);
    drop_all(s);
    free_received(s->spare);
    v2gtp_close(&s->reader);
    buf_close(&s->out);
    buf_close(&s->held);
}

/* ---- recording ---- */

struct event session_new_event(const struct session *s, enum event_kind kind, bool sent, int64_t us)
{
    bool from_evcc = (s->role == FROM_EVCC) == sent;
    return (struct event){
        .session = s->caller.session,
        .us = us,
        .kind = kind,
        .ok = true,
        .is_echo = s->is_echo,
        .leg = s->leg,
        .is_after = s->is_after,
        .from_role = from_evcc ? FROM_EVCC : FROM_SECC,
        .by = s->by,
        .where = "",
        .is_inside = s->is_inside && (kind == EVENT_FRAME || kind == EVENT_BYTES),
        .connection = s->caller.connection,
        .from = sent ? s->local : s->remote,
        .to = sent ? s->remote : s->local,
        .name = "",
        .code = "",
        .text = "",
    };
}

static void record_violations(const struct session *s, const struct event *frame)
{
    if (frame->message == NULL)
        return;
    for (const struct violation *v = frame->message->violations; v != NULL; v = v->next) {
        char text[768];
        char bit[32] = "";
        if (v->bit != MESSAGE_NO_BIT)
            snprintf(bit, sizeof bit, ", bit %llu", (unsigned long long)v->bit);
        snprintf(text, sizeof text, "%s%s: %s", v->path, bit, v->what);
        struct event e = *frame;
        e.kind = EVENT_VIOLATION;
        e.ok = false;
        e.bytes = (struct slice){0};
        e.message = NULL;
        e.text = text;
        recorder_put(s->recorder, &e);
    }
}

static void number_connection(struct session *s)
{
    struct numbers *n = recorder_numbers(s->recorder);
    if (s->role == FROM_EVCC) {
        numbers_call(n, &s->caller, &s->local);
        numbers_connect(n, &s->caller);
        return;
    }
    struct numbered known = numbers_accepted(n, &s->remote);
    s->caller.session = known.session;
    s->caller.connection = known.connection;
    s->is_echo = known.is_echo;
}

void session_connected(struct session *s, const struct endpoint *local,
                       const struct endpoint *remote, int64_t us, bool fresh)
{
    drop_all(s);
    way_forget(&s->way);
    v2gtp_close(&s->reader);
    v2gtp_open(&s->reader, 0);
    s->broken = s->agreed = s->is_asked = false;
    buf_clear(&s->held);
    s->agreed_uri = NULL;
    s->is_connected = true;
    s->ended = HOW_OPEN;
    s->local = *local;
    s->remote = *remote;
    number_connection(s);
    s->offers = 0;
    if (fresh && !s->id_fixed)
        memset(s->id, 0, sizeof s->id);
    struct event e = session_new_event(s, EVENT_CONNECT, s->role == FROM_EVCC, us);
    recorder_put(s->recorder, &e);
}

void session_disconnected(struct session *s, int64_t us, enum event_how how, uint8_t closer,
                          const char *text)
{
    struct slice rest = v2gtp_rest(&s->reader);
    release(s); /* nobody has answered: then they are frames of nothing */
    s->is_connected = false;
    s->ended = how;
    if (rest.n > 0 && !s->broken && s->caller.connection != 0) {
        struct err problem = ERR_INIT;
        err_set(&problem, "the connection ends in the middle of a frame, after %zu bytes of it",
                rest.n);
        struct event e = session_new_event(s, EVENT_BYTES, false, us);
        e.ok = false;
        e.bytes = rest;
        e.problem = &problem;
        recorder_put(s->recorder, &e);
    }
    struct event e = session_new_event(s, EVENT_CLOSE, true, us);
    e.how = how;
    e.from_role = closer;
    e.text = text;
    recorder_put(s->recorder, &e);
}

/* ---- decoding ---- */

static int decode_with(const struct schema *set, uint16_t type, struct slice payload,
                       const struct exi_limits *limits, struct arena *a, struct message *m,
                       struct err *e)
{
    struct exi_options o = EXI_OPTIONS;
    o.limits = *limits;
    return codec_decode(set, type, payload, &o, a, m, e);
}

static const struct schema *appprotocol(struct library *l, struct err *e)
{
    return library_get(l, PROTOCOLS[0].set[0], e);
}

/* Decodes one payload with the grammar of protocol p and payload type; supportedAppProtocol while
 * `agreed` is false. */
static int decode(struct library *l, const struct protocol *p, bool agreed, uint16_t payload_type,
                  struct slice payload, const struct exi_limits *limits, struct arena *a,
                  struct message *m, struct err *e)
{
    if (payload_type == V2GTP_SDP_REQ || payload_type == V2GTP_SDP_RES) {
        const struct schema *sdp = library_get(l, "sdp", e);
        return sdp == NULL ? -1 : decode_with(sdp, payload_type, payload, limits, a, m, e);
    }
    bool handshake = payload_type == V2GTP_EXI && (!agreed || p == NULL);
    if (!handshake && p == NULL) /* only ISO 15118-20 has payload types beside 0x8001 */
        p = protocol_find("ISO15118-20");
    const struct schema *set = handshake ? appprotocol(l, e) : protocol_set(l, p, payload_type, e);
    if (set == NULL && !handshake && !e->set && payload_type == V2GTP_EXI)
        set = appprotocol(l, e); /* supportedAppProtocol within an ISO 15118-20 session */
    if (set == NULL)
        return err_set(e, "payload type 0x%04X does not belong to %s", payload_type,
                       p == NULL ? "any protocol" : p->name);
    if (decode_with(set, payload_type, payload, limits, a, m, e) == 0)
        return 0;
    /* a peer may start over with supportedAppProtocol */
    struct err again = ERR_INIT;
    bool may_start_over = !handshake && payload_type == V2GTP_EXI;
    const struct schema *first = may_start_over ? appprotocol(l, &again) : NULL;
    if (first != NULL && decode_with(first, payload_type, payload, limits, a, m, &again) == 0)
        return 0;
    m->schema = set;
    return -1;
}

/* ---- what messages change ---- */

static struct slice header_id(const struct message *m)
{
    const struct bytes *id = node_bytes(message_header(m), "SessionID");
    return id == NULL ? (struct slice){NULL, 0} : (struct slice){id->p, id->n};
}

static bool is_named(const char *name, const char *wanted)
{
    return strcmp(name, wanted) == 0;
}

/* Text of a simple child by name; "" where absent. */
static const char *child_text(const struct node *n, const char *name, struct buf *out)
{
    buf_clear(out);
    node_text(n, name, out);
    return buf_string(out);
}

static void note_offers(struct session *s, const struct node *req)
{
    struct buf text = {0};
    s->offers = 0;
    const struct list *l = req->has & 1 ? req->v[0].l : NULL;
    for (uint32_t i = 0; l != NULL && i < l->n && s->offers < 20; i++) {
        const struct node *offer = l->v[i].n;
        unsigned set = 0;
        const struct protocol *known =
            protocol_by_uri(child_text(offer, "ProtocolNamespace", &text), &set);
        s->offer[s->offers].protocol = known;
        s->offer[s->offers].uri = known != NULL ? known->uri[set] : NULL;
        s->offer[s->offers++].schema_id =
            (uint8_t)strtoul(child_text(offer, "SchemaID", &text), NULL, 10);
    }
    buf_close(&text);
}

static void note_answer(struct session *s, const struct node *res)
{
    struct buf text = {0};
    bool ok = strncmp(child_text(res, "ResponseCode", &text), "OK", 2) == 0;
    const char *id = child_text(res, "SchemaID", &text);
    /* SchemaID is optional in the schema: without one the only offer is meant */
    unsigned long number = strtoul(id, NULL, 10);
    for (unsigned i = 0; ok && i < s->offers; i++) {
        if (s->offer[i].schema_id != number && !(id[0] == '\0' && s->offers == 1))
            continue;
        if (s->offer[i].protocol != NULL) {
            s->protocol = s->offer[i].protocol;
            s->agreed_uri = s->offer[i].uri;
        }
        s->agreed = s->protocol != NULL;
    }
    buf_close(&text);
}

static void note_message(struct session *s, const struct message *m, bool sent)
{
    struct named named = message_named(m);
    if (named.name == NULL || named.node == NULL)
        return;
    if (is_named(named.name, "supportedAppProtocolReq")) {
        note_offers(s, named.node);
        s->is_asked = s->role == FROM_SECC && !sent && !s->agreed;
    } else if (is_named(named.name, APP_PROTOCOL_RES)) {
        note_answer(s, named.node);
    } else if (is_named(named.name, "SessionSetupRes") && !s->id_fixed &&
               (sent || s->role == FROM_EVCC)) {
        struct slice id = header_id(m);
        if (id.n > sizeof s->id)
            return;
        memset(s->id, 0, sizeof s->id);
        memcpy(s->id, id.p, id.n);
        s->id_size = (uint8_t)id.n;
    }
}

/* ---- receiving ---- */

struct received *session_new_received(struct session *s)
{
    struct received *r = s->spare;
    if (r != NULL) {
        s->spare = NULL;
        arena_reset(&r->arena);
    } else if ((r = malloc(sizeof *r)) != NULL) {
        arena_open(&r->arena, NULL, 0, RECEIVED_MEMORY);
        arena_fit(&r->arena, RECEIVED_USUAL); /* else it grows as it is read */
    } else {
        return NULL;
    }
    r->next = NULL;
    r->number = 0;
    r->name = "";
    r->message.schema = NULL;
    r->is_decoded = false;
    r->problem = NULL;
    memset(r->mac, 0, sizeof r->mac);
    r->is_for_us = false;
    return r;
}

void received_fails(struct received *r, const struct err *why)
{
    static const struct err NO_MEMORY = {.set = true, .what = "out of memory"};
    struct err *kept = arena_alloc(&r->arena, sizeof *kept);
    if (kept != NULL)
        *kept = *why;
    r->problem = kept != NULL ? kept : &NO_MEMORY;
    r->is_decoded = false;
}

void session_done(struct session *s, struct received *r)
{
    if (r == NULL)
        return;
    if (s->keeps_none && s->spare == NULL)
        s->spare = r;
    else
        free_received(r);
}

void session_queue(struct session *s, struct received *r)
{
    if (s->last == NULL)
        s->first = r;
    else
        s->last->next = r;
    s->last = r;
}

/* Whether the bytes are one V2GTP frame and nothing else. */
static bool is_one_frame(const struct session *s, const struct event *e, struct v2gtp_header *h)
{
    struct slice bytes = e->bytes;
    struct err unused = ERR_INIT;
    if (bytes.n < V2GTP_HEADER)
        return false;
    *h = v2gtp_read(bytes.p);
    return v2gtp_check(h, e->is_udp ? V2GTP_UDP : V2GTP_TCP, s->reader.limit, &unused) ==
               V2GTP_FRAME &&
           bytes.n == V2GTP_HEADER + (size_t)h->length;
}

/* A message outlives the bytes that it was read from, and what lies behind it must, too. */
static int keep_trailing(struct received *r)
{
    struct slice *rest = &r->message.trailing;
    if (rest->n == 0)
        return 0;
    const char *kept = arena_text(&r->arena, (const char *)rest->p, rest->n);
    if (kept == NULL)
        return -1;
    rest->p = (const uint8_t *)kept;
    return 0;
}

/* Of an Ethernet frame: who to whom, as its header says, and whether a message is in it. */
static bool is_link_frame(struct event *e)
{
    if (e->bytes.n >= ETHER_HEADER) {
        memcpy(e->to.mac, e->bytes.p, sizeof e->to.mac);
        memcpy(e->from.mac, e->bytes.p + sizeof e->to.mac, sizeof e->from.mac);
    }
    return ether_is_homeplug(e->bytes);
}

/* Where something is wrong with what was read, and it is certainly a message of another protocol,
 * says so; what could be read nevertheless has one violation more. */
static void tell_foreign(const struct session *s, struct slice payload, struct received *r)
{
    struct err e = ERR_INIT;
    const struct protocol *other;
    if (!s->agreed || s->protocol == NULL || (r->is_decoded && r->message.violations == NULL))
        return;
    const char *name = likely_elsewhere(s->library, s->protocol, r->payload_type, payload,
                                        &s->limits, &r->arena, &other);
    if (name == NULL)
        return;
    err_set(&e, "%s is a message of %s; this session speaks %s", name, other->name,
            s->protocol->name);
    if (r->is_decoded)
        message_add_violation(&r->message, &r->arena, name, e.what);
    else
        received_fails(r, &e);
}

void session_read(struct session *s, struct parcel *p)
{
    struct event *e = &p->event;
    struct v2gtp_header h = {0};
    bool is_frame = e->is_link ? is_link_frame(e) : is_one_frame(s, e, &h);
    struct received *r = is_frame ? session_new_received(s) : NULL;
    if (e->is_link)
        h.type = ether_mmtype(event_payload(e));
    p->read = r;
    e->kind = r == NULL ? EVENT_BYTES : EVENT_FRAME;
    e->payload_type = h.type;
    e->name = e->code = "";
    e->is_failed = false;
    e->message = NULL;
    e->schema = NULL;
    e->problem = NULL;
    e->ok = true;
    if (r == NULL)
        return;
    struct slice payload = event_payload(e);
    r->us = e->us;
    r->payload_type = h.type;
    struct err problem = ERR_INIT;
    if (e->is_link)
        r->is_decoded =
            link_frame_decode(s->library, e->bytes, &r->arena, &r->message, &problem) == 0;
    else
        r->is_decoded = decode(s->library, s->protocol, s->agreed, h.type, payload, &s->limits,
                               &r->arena, &r->message, &problem) == 0;
    if (!r->is_decoded)
        received_fails(r, &problem);
    if (s->second != NULL && !p->is_sent && !e->is_link)
        s->second(s->second_context, s, payload, r);
    else if (!e->is_link)
        tell_foreign(s, payload, r);
    if (r->is_decoded && keep_trailing(r) != 0) {
        err_set(&problem, "out of memory");
        received_fails(r, &problem);
    }
    e->problem = r->is_decoded ? NULL : r->problem;
    e->ok = r->is_decoded;
    e->schema = r->message.schema;
    if (r->is_decoded)
        event_take_message(e, &r->message);
    r->name = e->name;
    if (e->is_link && !p->is_sent && r->is_decoded && r->message.root->from == FROM_BOTH)
        e->from_role = FROM_NONE; /* it may be of a modem */
}

/* As the standard has it, what this side has sent is never wrong: it was meant so. */
static void record_datagram(const struct parcel *p)
{
    const struct event *e = &p->event;
    struct datagram d;
    datagram_read(&d, p->session->library, e->us, e->by, &e->from, &e->to, e->bytes);
    d.event.session = e->session;
    d.event.is_echo = e->is_echo;
    d.event.leg = e->leg;
    d.event.where = e->where;
    d.event.came = e->came;
    if (p->is_sent) {
        d.event.ok = true;
        d.event.problem = NULL;
    }
    recorder_put(p->session->recorder, &d.event);
}

/* The record, as the filter next to the wire. What was read from bytes is told with what is wrong
 * with it; a sender's own message is not. */
static int record_frame(struct filter *f, struct parcel *p, struct err *e)
{
    char text[LINK_FRAME_TEXT];
    if (p->event.is_link)
        p->event.text = link_frame_text(&p->event, text);
    if (p->is_sent && p->session->relayed_us != 0)
        p->event.taken_us = world_now(p->session->way.world) - p->session->relayed_us;
    if (p->event.is_udp)
        record_datagram(p);
    else
        recorder_put(p->session->recorder, &p->event);
    p->event.text = "";
    p->event.number = recorder_last(p->session->recorder);
    if (p->is_sent)
        p->session->sent_number = p->event.number;
    if (p->read != NULL && !p->event.is_udp)
        record_violations(p->session, &p->event);
    if (p->session->watch != NULL && !event_is_datagram(&p->event))
        p->session->watch(p->session->watch_context, &p->event);
    return filter_pass(f, p, e);
}

/* Its message moves to memory that is no larger than it needs, since it may be kept for long; what
 * it was read into is for whichever session gets the next frame, and so is still in the caches. */
static void fit(struct received *r)
{
    struct err ignored = ERR_INIT;
    struct arena fitted;
    struct message copy;
    if (!r->is_decoded)
        return;
    arena_open(&fitted, NULL, 0, RECEIVED_MEMORY);
    if (arena_fit(&fitted, arena_used(&r->arena)) != 0 ||
        message_copy(&r->message, &fitted, &copy, &ignored) != 0) {
        arena_close(&fitted);
        return;
    }
    arena_close(&r->arena);
    r->arena = fitted;
    r->message = copy;
}

/* Behind the chain. */
static int take_frame(struct parcel *p)
{
    struct session *s = p->session;
    struct received *r = p->read;
    if (r == NULL)
        return 0; /* a filter made something of it that is no frame */
    r->number = p->event.number;
    if (s->refuses_trailing && r->is_decoded && r->message.trailing.n > 0) {
        struct err problem = ERR_INIT;
        err_set(&problem, "%zu octets behind the message, which this profile refuses",
                r->message.trailing.n);
        received_fails(r, &problem);
        r->name = "";
    }
    if (r->is_decoded)
        note_message(s, &r->message, false);
    if (s->keeps_none)
        return 0;
    p->read = NULL;
    fit(r);
    session_queue(s, r);
    return 0;
}

/* Of a frame that came with that piece. What lies there behind it came later, and the time of the
 * piece is that of its last octet. */
static struct event piece_event(const struct session *s, enum event_kind kind,
                                const struct event *piece, const struct v2gtp_frame *f)
{
    struct event e = session_new_event(s, kind, false, piece->us);
    bool is_last = v2gtp_rest(&s->reader).n == 0;
    e.came = piece->came == CAME_KERNEL && !is_last ? CAME_LATE : piece->came;
    e.bytes = f->bytes;
    return e;
}

/* A frame that has come behind supportedAppProtocolReq, and is none of that set. */
static int hold(struct session *s, const struct v2gtp_frame *f, int64_t us)
{
    buf_add(&s->held, f->bytes.p, f->bytes.n);
    s->held_us = us;
    return s->held.failed || s->held.n > HELD_MOST ? -1 : 0;
}

static int receive_frame(struct session *s, const struct v2gtp_frame *f, const struct event *piece)
{
    struct err e = ERR_INIT;
    struct parcel p = {.session = s, .event = piece_event(s, EVENT_FRAME, piece, f)};
    session_read(s, &p);
    bool waits = s->is_asked && p.read != NULL && !p.read->is_decoded;
    int bad = waits ? hold(s, f, piece->us) : way_frame(&s->way, &p, &e);
    session_done(s, p.read);
    return bad;
}

static void record_bad(struct session *s, enum event_kind kind, const struct v2gtp_frame *f,
                       const struct err *problem, const struct event *piece)
{
    struct event e = piece_event(s, kind, piece, f);
    e.ok = false;
    e.payload_type = f->header.type;
    e.problem = problem;
    recorder_put(s->recorder, &e);
    if (s->stray != NULL && !s->broken)
        s->stray(s->stray_context, f->bytes, piece->us);
}

int session_feed(struct session *s, const void *p, size_t n, int64_t us)
{
    struct err e = ERR_INIT;
    struct parcel piece = {.session = s, .event = session_new_event(s, EVENT_BYTES, false, us)};
    piece.event.bytes = (struct slice){p, n};
    piece.event.came = s->came;
    return way_bytes(&s->way, &piece, &e);
}

/* Behind the chain. */
static int take_bytes(struct parcel *piece)
{
    struct session *s = piece->session;
    if (s->broken)
        return -1;
    v2gtp_feed(&s->reader, piece->event.bytes);
    for (;;) {
        struct v2gtp_frame f;
        struct err problem = ERR_INIT;
        switch (v2gtp_next(&s->reader, &f, &problem)) {
        case V2GTP_MORE:
            return 0;
        case V2GTP_FRAME:
            if (receive_frame(s, &f, &piece->event) != 0)
                return -1;
            break;
        case V2GTP_IGNORE: /* passed over, as if it had not come [V2G2-800] */
            record_bad(s, f.payload.p != NULL ? EVENT_FRAME : EVENT_BYTES, &f, &problem,
                       &piece->event);
            break;
        case V2GTP_BROKEN:
            s->broken = true;
            record_bad(s, EVENT_BYTES, &f, &problem, &piece->event);
            return -1;
        }
    }
}

/* supportedAppProtocolReq has its answer: what has come behind it is read by that. */
static int release(struct session *s)
{
    struct event piece = session_new_event(s, EVENT_BYTES, false, s->held_us);
    struct buf held = s->held;
    int bad = 0;
    s->held = (struct buf){0};
    s->is_asked = false;
    piece.came = CAME_LATE;
    for (size_t at = 0, size; at < held.n && bad == 0; at += size) {
        struct v2gtp_header h = v2gtp_read(held.p + at);
        size = V2GTP_HEADER + (size_t)h.length;
        struct v2gtp_frame f = {{held.p + at, size}, {held.p + at + V2GTP_HEADER, h.length}, h};
        bad = receive_frame(s, &f, &piece);
    }
    buf_close(&held);
    return bad;
}

struct received *session_take(struct session *s)
{
    struct received *r = s->first;
    if (r == NULL)
        return NULL;
    s->first = r->next;
    if (s->first == NULL)
        s->last = NULL;
    return r;
}

/* ---- sending ---- */

/* The SessionID as a value of a header; the session keeps its octets. */
static struct bytes *header_bytes(struct session *s, bool none)
{
    struct bytes *b = (struct bytes *)(void *)s->header_id;
    b->n = none ? sizeof s->id : s->id_size;
    memset(b->p, 0, sizeof s->id);
    if (!none)
        memcpy(b->p, s->id, s->id_size);
    return b;
}

/* SessionID and TimeStamp as the session has them. */
static void fill_header(struct session *s, struct message *m, unsigned given, int64_t us)
{
    struct node *header = message_header(m);
    struct named named = message_named(m);
    if (header == NULL)
        return;
    int id = type_slot_of(header->type, "SessionID");
    int time = type_slot_of(header->type, "TimeStamp");
    static const uint8_t NONE[8];
    const char *name = named.name == NULL ? "" : named.name;
    /* the station makes the SessionID, by chance and not 0 [V2G2-750] [V2G20-2621] */
    if (s->role == FROM_SECC && is_named(name, "SessionSetupRes") && !s->id_fixed &&
        memcmp(s->id, NONE, sizeof NONE) == 0)
        world_random(s->way.world, s->id, sizeof s->id);
    if (id >= 0 && !(given & SESSION_GIVEN_ID)) {
        /* 0 asks for a new session [V2G2-879]; who resumes one has fixed its id */
        bool first = is_named(name, "SessionSetupReq") && !s->id_fixed;
        node_set(header, (unsigned)id, (union value){.b = header_bytes(s, first)});
    }
    if (time >= 0 && !(given & SESSION_GIVEN_TIME))
        node_set(header, (unsigned)time, (union value){.u = (uint64_t)(us / 1000000)});
}

int session_encode(struct session *s, struct message *m, unsigned given, int64_t us,
                   struct buf *out, struct err *e)
{
    fill_header(s, m, given, us);
    buf_clear(out);
    if (buf_reserve(out, V2GTP_HEADER) == NULL)
        return err_set(e, "out of memory");
    out->n = V2GTP_HEADER;
    if (codec_encode(m, out, e) != 0)
        return -1;
    v2gtp_write(out->p, message_payload(m), (uint32_t)(out->n - V2GTP_HEADER));
    return 0;
}

int session_send(struct session *s, struct message *m, unsigned given, const char *where,
                 int64_t us, struct slice *frame, struct err *e)
{
    *frame = (struct slice){NULL, 0};
    if (session_encode(s, m, given, us, &s->out, e) != 0)
        return -1;
    *frame = (struct slice){s->out.p, s->out.n};
    struct parcel p = {
        .session = s, .event = session_new_event(s, EVENT_FRAME, true, us), .is_sent = true};
    p.event.bytes = *frame;
    p.event.payload_type = message_payload(m);
    event_take_message(&p.event, m);
    p.event.where = where;
    note_message(s, m, true);
    int bad = way_frame(&s->way, &p, e);
    session_done(s, p.read);
    if (s->out.cap > OUT_KEPT)
        buf_fit(&s->out);
    *frame = (struct slice){s->out.p, s->out.n};
    if (bad == 0 && s->is_asked && is_named(p.event.name, APP_PROTOCOL_RES))
        release(s); /* a stream that is broken for it says so with its next octets */
    return bad;
}

int session_send_raw(struct session *s, struct slice bytes, const char *where, int64_t us,
                     const char **name, struct err *e)
{
    struct parcel p = {
        .session = s, .event = session_new_event(s, EVENT_BYTES, true, us), .is_sent = true};
    p.event.where = where;
    p.event.bytes = bytes;
    session_read(s, &p);
    *name = p.event.name; /* the schema's */
    if (p.event.message != NULL)
        note_message(s, p.event.message, true);
    int bad = way_frame(&s->way, &p, e);
    session_done(s, p.read);
    if (bad == 0 && s->is_asked && is_named(p.event.name, APP_PROTOCOL_RES))
        release(s); /* a stream that is broken for it says so with its next octets */
    return bad;
}

int session_relay(struct session *s, struct slice bytes, int64_t came_us, int64_t us, struct err *e)
{
    const char *name;
    s->relayed_us = came_us;
    int bad = session_send_raw(s, bytes, "", us, &name, e);
    s->relayed_us = 0;
    return bad;
}
