/* SPDX-License-Identifier: Apache-2.0 */
#include "app/capture_links.h"

#include "record/datagram.h"
#include "record/link_frame.h"
#include "session/session.h"
#include "tls/tls_decrypt.h"
#include "tls/tls_told.h"
#include "wire/ether.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One TCP connection: a session for each direction, that decodes what the other side sent. */
struct link {
    struct links *reading;
    uint32_t number, session;        /* of the events */
    int64_t us;                      /* of the data that are being taken */
    struct tls_decrypt *tls;         /* where the connection is one of TLS */
    struct session to_secc, to_evcc; /* the SECC's view of requests, the EVCC's of responses */
    struct endpoint client, server;
    bool from_start;              /* the capture has its SYN, and so who is who */
    bool is_swapped;              /* who was taken for the client is the station */
    bool is_v2g, is_known;        /* first bytes seen; they were V2GTP */
    bool skipping[2];             /* at a start or after a loss: looking for the next header */
    uint64_t skipped[2];          /* bytes so far */
    struct capture_network early; /* before it was known whose it is; NETWORK_NONE: none */
    unsigned alerts_told;         /* of TLS, in its event; */
    bool has_told_tls;            /* which is out */
    bool closed;
    int64_t closed_us;
    const char *last; /* message of this connection; "": none */
    int64_t last_us;
    struct link *next, *in_bucket;
};

/* ---- what sessions record ---- */

static void note_differing(struct links *r, const struct event *e, const struct err *problem)
{
    char text[1200];
    r->differing++;
    snprintf(text, sizeof text, "%s encodes to other bytes%s%s", e->name, problem->set ? ": " : "",
             problem->set ? problem->what : "");
    struct event note = *e;
    note.kind = EVENT_VIOLATION;
    note.ok = false;
    note.message = NULL;
    note.text = text;
    recorder_put(&r->out, &note);
}

static void verify_frame(struct links *r, const struct event *e)
{
    struct buf again = {0};
    struct err problem = ERR_INIT;
    const struct message *m = e->message;
    size_t n = e->bytes.n - V2GTP_HEADER - m->trailing.n;
    bool same = codec_encode(m, &again, &problem) == 0 && again.n == n &&
                memcmp(again.p, e->bytes.p + V2GTP_HEADER, n) == 0;
    if (!same)
        note_differing(r, e, &problem);
    buf_close(&again);
}

static struct link *find_link(struct links *r, uint32_t number)
{
    struct link *l = r->bucket[number % LINKS_BUCKETS];
    while (l != NULL && l->number != number)
        l = l->in_bucket;
    return l;
}

static void note_last(struct links *r, const struct event *e)
{
    struct link *l = find_link(r, e->connection);
    r->frames++;
    if (l == NULL)
        return;
    l->last_us = e->us;
    l->last = e->message == NULL ? "a frame that is not decoded" : e->name;
}

/* Sessions name themselves as recorder; in a capture nobody of us sent or received. */
static void session_event(void *context, const struct event *e)
{
    struct links *r = context;
    struct event shown = *e;
    shown.by = "";
    shown.is_echo = false;
    shown.packet = r->packet;
    shown.is_inside = r->is_inside;
    if (e->kind == EVENT_CONNECT || e->kind == EVENT_CLOSE)
        return;
    if (e->kind == EVENT_FRAME)
        note_last(r, e);
    if ((e->kind == EVENT_FRAME || e->kind == EVENT_BYTES) && !e->ok)
        r->undecoded++;
    if (e->kind == EVENT_VIOLATION)
        r->violations++;
    recorder_put(&r->out, &shown);
    if (r->verify && e->kind == EVENT_FRAME && e->message != NULL)
        verify_frame(r, e);
}

static void put_log(struct link *l, bool from_client, int64_t us, const char *text);

/* What the session cannot read, or does not know the protocol of. */
static void second_look(void *context, struct session *s, struct slice payload, struct received *r)
{
    struct link *l = context;
    char text[200];
    if (!guess_look(&l->reading->guess, s, payload, r))
        return;
    snprintf(text, sizeof text,
             "what supportedAppProtocol agreed is not in the capture, or not known: read as %s, by "
             "its messages",
             s->protocol->title);
    put_log(l, s == &l->to_secc, r->us, text);
}

/* ---- connections ---- */

static struct event link_event(const struct link *l, enum event_kind kind, bool from_client,
                               int64_t us)
{
    return (struct event){
        .us = us,
        .kind = kind,
        .ok = true,
        .from_role = from_client ? FROM_EVCC : FROM_SECC,
        .by = "",
        .where = "",
        .name = "",
        .code = "",
        .text = "",
        .session = l->session,
        .connection = l->number,
        .packet = l->reading->packet,
        .from = from_client ? l->client : l->server,
        .to = from_client ? l->server : l->client,
    };
}

static void on_open(void *context, int64_t us, uint32_t connection, const struct endpoint *client,
                    const struct endpoint *server, bool from_start)
{
    struct links *r = context;
    struct link *l = calloc(1, sizeof *l);
    if (l == NULL)
        return;
    l->reading = r;
    l->from_start = from_start;
    l->skipping[0] = l->skipping[1] = !from_start;
    l->number = connection;
    l->last = "";
    l->client = *client;
    l->server = *server;
    session_open(&l->to_secc, FROM_SECC, r->library, &r->inner);
    session_open(&l->to_evcc, FROM_EVCC, r->library, &r->inner);
    l->to_secc.keeps_none = l->to_evcc.keeps_none = true;
    l->to_secc.second = l->to_evcc.second = second_look;
    l->to_secc.second_context = l->to_evcc.second_context = l;
    session_connected(&l->to_secc, server, client, us, true);
    session_connected(&l->to_evcc, client, server, us, true);
    l->next = r->first;
    r->first = l;
    struct link **bucket = &r->bucket[connection % LINKS_BUCKETS];
    l->in_bucket = *bucket;
    *bucket = l;
}

/* What one direction learned about the protocol holds for the other. */
static void share(struct link *l, struct session *s)
{
    struct session *other = s == &l->to_secc ? &l->to_evcc : &l->to_secc;
    if (s->offers > 0 && s == &l->to_secc && !s->agreed) {
        memcpy(other->offer, s->offer, sizeof s->offer);
        other->offers = s->offers;
    }
    if (s->agreed && !other->agreed) {
        other->protocol = s->protocol;
        other->agreed = true;
    }
}

/* From the next V2GTP header on; nothing where there is none. */
static struct slice find_header(struct slice bytes)
{
    while (bytes.n > 0 && !v2gtp_begins(bytes)) {
        bytes.p++;
        bytes.n--;
    }
    return bytes;
}

/* At the start, where that is not the connection's, and after a loss: the bytes before the next
 * header cannot be told apart. */
static struct slice resynchronise(struct link *l, bool from_client, struct slice bytes, int64_t us)
{
    if (!l->skipping[from_client])
        return bytes;
    struct slice rest = find_header(bytes);
    l->skipped[from_client] += bytes.n - rest.n;
    if (rest.n == 0)
        return rest;
    l->skipping[from_client] = false;
    if (l->skipped[from_client] > 0) {
        char text[120];
        snprintf(text, sizeof text, "%llu bytes of a frame that began before: not shown",
                 (unsigned long long)l->skipped[from_client]);
        put_log(l, from_client, us, text);
    }
    return rest;
}

static void take_bytes(struct link *l, bool from_client, struct slice bytes, int64_t us)
{
    struct session *s = from_client ? &l->to_secc : &l->to_evcc;
    bytes = resynchronise(l, from_client, bytes, us);
    if (bytes.n == 0)
        return;
    session_feed(s, bytes.p, bytes.n, us);
    share(l, s);
}

static void put_log(struct link *l, bool from_client, int64_t us, const char *text)
{
    struct event e = link_event(l, EVENT_LOG, from_client, us);
    e.text = text;
    recorder_put(&l->reading->out, &e);
}

/* ---- TLS ---- */

static void tls_data(void *context, bool from_client, struct slice bytes)
{
    struct link *l = context;
    l->reading->is_inside = true;
    take_bytes(l, from_client, bytes, l->us);
    l->reading->is_inside = false;
}

static void tls_note(void *context, bool from_client, const char *text)
{
    struct link *l = context;
    struct buf line = {0};
    buf_printf(&line, "TLS: %s", text);
    put_log(l, from_client, l->us, buf_string(&line));
    buf_close(&line);
}

/* What the handshake has told, once it is through, or nothing more comes; again for alerts that
 * came later. */
static void tell_tls(struct link *l, bool is_over, int64_t us)
{
    const struct tls_facts *f = l->tls == NULL ? NULL : tls_decrypt_facts(l->tls);
    struct buf handshake = {0};
    if (f == NULL || f->client_hello.n == 0)
        return;
    bool is_established = f->has_finished[0] && f->has_finished[1];
    bool has_alert = f->alerts > l->alerts_told && f->alert[f->alerts - 1].level > 1;
    if (l->has_told_tls ? !is_over || !has_alert : !is_over && !is_established)
        return;
    struct tls_told told = {
        .facts = f, .at = us / 1000000, .handshake_us = -1, .problem = "", .status = ""};
    struct event e = link_event(l, EVENT_TLS, true, us);
    tls_told_print(&told, &handshake);
    e.handshake = buf_string(&handshake);
    recorder_put(&l->reading->out, &e);
    buf_close(&handshake);
    l->has_told_tls = true;
    l->alerts_told = f->alerts;
}

static void take_tls(struct link *l, bool from_client, struct slice bytes, int64_t us)
{
    struct err problem = ERR_INIT;
    l->us = us;
    int bad = tls_decrypt_feed(l->tls, from_client, bytes, &problem);
    tell_tls(l, false, us);
    if (bad == 0)
        return;
    struct event e = link_event(l, EVENT_BYTES, from_client, us);
    e.ok = false;
    e.bytes = bytes;
    e.problem = &problem;
    l->reading->undecoded++;
    recorder_put(&l->reading->out, &e);
}

/* Who was taken for the client is the station. */
static void swap_sides(struct link *l)
{
    struct endpoint client = l->client;
    l->is_swapped = true;
    l->client = l->server;
    l->server = client;
    l->to_secc.local = l->to_evcc.remote = l->server;
    l->to_secc.remote = l->to_evcc.local = l->client;
}

static bool is_tls(struct slice bytes)
{
    const uint8_t *p = bytes.p;
    return p[0] >= 0x14 && p[0] <= 0x17 && (bytes.n < 2 || p[1] == 3);
}

/* The first bytes of a connection tell what it is; where it began before the capture, they may lie
 * in the middle of a frame, and the next ones are looked at, too. False: not known yet. */
static bool recognise(struct link *l, bool from_client, struct slice bytes)
{
    struct links *r = l->reading;
    const uint8_t *p = bytes.p;
    l->is_v2g = p[0] == V2GTP_VERSION && (bytes.n < 2 || p[1] == V2GTP_INVERSE);
    if (!l->from_start && !is_tls(bytes)) {
        struct slice frames = find_header(bytes);
        uint8_t sender = guess_sender(&r->guess, frames, &r->scratch);
        l->is_v2g = frames.n > 0;
        if (sender != FROM_NONE && sender != (from_client ? FROM_EVCC : FROM_SECC))
            swap_sides(l);
        if (!l->is_v2g) {
            l->skipped[from_client] += bytes.n;
            return false;
        }
    }
    return l->is_known = true;
}

static void on_network(void *context, const struct capture_network *n)
{
    struct links *r = context;
    struct link *l = find_link(r, n->connection);
    char text[EVENT_TEXT];
    if (l != NULL && !l->is_known)
        l->early = *n;
    if (l == NULL || !l->is_known || (!l->is_v2g && l->tls == NULL))
        return;
    struct event e = link_event(l, EVENT_NETWORK, n->from_client ^ l->is_swapped, n->us);
    e.network = (uint8_t)n->what;
    e.packet = n->frame;
    e.octets = n->octets;
    e.taken_us = n->taken_us;
    e.times = n->times;
    e.text = event_network_text(&e, text);
    recorder_put(&r->out, &e);
}

static void begin_link(struct link *l, bool has_tls, int64_t us)
{
    static const struct tls_decrypt_events EVENTS = {tls_data, tls_note};
    struct links *r = l->reading;
    l->session = numbers_accepted(&r->out.numbers, &l->client).session;
    l->to_secc.caller.session = l->to_evcc.caller.session = l->session;
    l->to_secc.caller.connection = l->to_evcc.caller.connection = l->number;
    struct event e = link_event(l, EVENT_CONNECT, true, us);
    recorder_put(&r->out, &e);
    if (has_tls)
        l->tls = tls_decrypt_open(&r->secrets, &EVENTS, l);
    if (l->early.what != NETWORK_NONE)
        on_network(r, &l->early);
    if (l->is_v2g || l->tls != NULL)
        return;
    r->foreign++;
    put_log(l, true, us, "not V2GTP: not shown");
}

static void take_data(struct link *l, int64_t us, bool from_client, struct slice bytes)
{
    if (!l->is_known) {
        if (!recognise(l, from_client, bytes))
            return;
        begin_link(l, is_tls(bytes), us);
    }
    from_client ^= l->is_swapped;
    if (l->tls != NULL)
        take_tls(l, from_client, bytes, us);
    else if (l->is_v2g)
        take_bytes(l, from_client, bytes, us);
}

static void on_data(void *context, int64_t us, uint32_t connection, bool from_client,
                    struct slice bytes, uint64_t frame)
{
    struct links *r = context;
    struct link *l = find_link(r, connection);
    r->packet = frame;
    if (l != NULL && bytes.n > 0)
        take_data(l, us, from_client, bytes);
    r->packet = 0;
}

static void on_loss(void *context, int64_t us, uint32_t connection, bool from_client,
                    uint64_t missing)
{
    struct links *r = context;
    struct link *l = find_link(r, connection);
    if (l == NULL)
        return;
    from_client ^= l->is_swapped;
    struct session *s = from_client ? &l->to_secc : &l->to_evcc;
    char text[160];
    snprintf(text, sizeof text, "%llu bytes from the %s are not in the capture%s",
             (unsigned long long)missing, from_client ? "EVCC" : "SECC",
             l->tls == NULL ? "; decoding goes on with the next V2GTP header" : "");
    struct event e = link_event(l, EVENT_LOSS, from_client, us);
    e.text = text;
    e.ok = false;
    recorder_put(&r->out, &e);
    r->losses++;
    l->us = us;
    if (l->tls != NULL)
        tls_decrypt_loss(l->tls, from_client);
    v2gtp_close(&s->reader);
    v2gtp_open(&s->reader, 0);
    s->broken = false;
    l->skipping[from_client] = true;
    l->skipped[from_client] = 0;
}

static void on_close(void *context, int64_t us, uint32_t connection, bool from_client,
                     enum event_how how)
{
    /* ORDER EVENT_HOW, as far as a capture tells */
    static const char *const HOWS[] = {"port used again", "FIN", "RST"};
    struct links *r = context;
    struct link *l = find_link(r, connection);
    if (l == NULL || !l->is_known || (l->closed && how == HOW_OPEN))
        return;
    from_client ^= l->is_swapped;
    if (!l->closed)
        tell_tls(l, true, us);
    char text[200];
    int n = snprintf(text, sizeof text, "%s%s by the %s", l->closed ? "" : "closed: ", HOWS[how],
                     from_client ? "EVCC" : "SECC");
    struct event e = link_event(l, l->closed ? EVENT_AFTER : EVENT_CLOSE, from_client, us);
    e.how = how;
    e.text = text;
    e.name = l->closed ? "" : l->last;
    e.taken_us = l->closed ? us - l->closed_us : e.name[0] != '\0' ? us - l->last_us : 0;
    if (l->closed || e.name[0] != '\0')
        snprintf(text + n, sizeof text - (size_t)n, ", %.1f ms after %s", (double)e.taken_us / 1e3,
                 l->closed ? "that" : e.name);
    recorder_put(&r->out, &e);
    l->closed_us = l->closed ? l->closed_us : us;
    l->closed = true;
}

/* Nobody was there, or did not want to. */
static void on_failed(void *context, int64_t us, const struct endpoint *client,
                      const struct endpoint *server, enum event_how how, uint32_t tries,
                      int64_t waited_us)
{
    struct links *r = context;
    char from[ENDPOINT_TEXT], to[ENDPOINT_TEXT], text[2 * ENDPOINT_TEXT + 120];
    endpoint_text(client, from, sizeof from);
    endpoint_text(server, to, sizeof to);
    if (how == HOW_REFUSED)
        snprintf(text, sizeof text, "TCP %s to %s: refused by RST", from, to);
    else if (tries == 1)
        snprintf(text, sizeof text, "TCP %s to %s: no answer to its SYN", from, to);
    else
        snprintf(text, sizeof text, "TCP %s to %s: no answer to %u SYN in %.1f s", from, to, tries,
                 (double)waited_us / 1e6);
    struct event e = {.us = us,
                      .kind = EVENT_CLOSE,
                      .how = how,
                      .from_role = how == HOW_REFUSED ? FROM_SECC : FROM_NONE,
                      .by = "",
                      .where = "",
                      .name = "",
                      .code = "",
                      .text = text,
                      .session = numbers_failed(&r->out.numbers, client).session,
                      .from = *client,
                      .to = *server,
                      .times = tries,
                      .taken_us = waited_us};
    r->failed++;
    recorder_put(&r->out, &e);
}

/* A remark that is nobody's. */
static void remark(struct links *r, int64_t us, const char *text)
{
    struct event e = {.us = us,
                      .kind = EVENT_LOG,
                      .ok = true,
                      .by = "",
                      .where = "",
                      .name = "",
                      .code = "",
                      .text = text};
    recorder_put(&r->out, &e);
}

/* Times are those of the capture; who reads them has to know where they step. */
static void on_clock(void *context, int64_t us, int64_t back)
{
    struct links *r = context;
    char text[120];
    snprintf(text, sizeof text, "the clock of the capture steps back by %.6f s",
             (double)back / 1e6);
    remark(r, us, text);
}

static void on_anew(void *context, int64_t us, const char *text)
{
    remark(context, us, text);
}

/* ---- SDP ---- */

static void on_udp(void *context, int64_t us, const struct endpoint *from,
                   const struct endpoint *to, struct slice bytes, uint64_t frame)
{
    struct links *r = context;
    struct datagram d;
    datagram_read(&d, r->library, us, "", from, to, bytes);
    const struct endpoint *asker = d.event.from_role == FROM_EVCC ? from : to;
    d.event.session = numbers_asked(&r->out.numbers, asker).session;
    d.event.packet = frame;
    r->undecoded += d.event.message == NULL;
    recorder_put(&r->out, &d.event);
}

/* ---- SLAC ---- */

static void on_link(void *context, int64_t us, struct slice frame, uint64_t number)
{
    struct links *r = context;
    struct link_frame f;
    struct buf again = {0};
    struct err problem = ERR_INIT;
    link_frame_read(&f, r->library, us, "", frame);
    bool is_read = f.event.message != NULL;
    struct slice payload = event_payload(&f.event);
    f.event.packet = number;
    r->link_frames++;
    r->undecoded += !is_read;
    r->violations += is_read && !f.event.ok;
    recorder_put(&r->out, &f.event);
    if (r->verify && is_read &&
        (codec_encode(&f.message, &again, &problem) != 0 || again.n != payload.n ||
         memcmp(again.p, payload.p, again.n) != 0))
        note_differing(r, &f.event, &problem);
    buf_close(&again);
    arena_close(&f.arena);
}

/* ---- packets of no connection ---- */

/* Its MAC address where there is no other. */
static const char *who_text(const struct endpoint *a, char text[ENDPOINT_TEXT])
{
    return endpoint_is_unset(a) ? ether_text(a->mac, text) : endpoint_text(a, text, ENDPOINT_TEXT);
}

static void on_packet(void *context, const struct packet *p, enum event_network what,
                      const char *text)
{
    struct links *r = context;
    char from[ENDPOINT_TEXT], to[ENDPOINT_TEXT], line[400];
    struct event e = {.us = p->us,
                      .kind = EVENT_NETWORK,
                      .network = (uint8_t)what,
                      .by = "",
                      .where = "",
                      .name = "",
                      .code = "",
                      .text = line,
                      .from = p->from,
                      .to = p->to,
                      .packet = p->frame,
                      .octets = what == NETWORK_CUT ? p->length - p->n : 0};
    who_text(&p->from, from);
    who_text(&p->to, to);
    if (what == NETWORK_CUT)
        snprintf(line, sizeof line,
                 "packet %llu, a datagram from %s, was captured only in part: %zu bytes of it are "
                 "missing (the snapshot length was too short)",
                 (unsigned long long)p->frame, from, p->length - p->n);
    else if (what == NETWORK_FRAGMENTS)
        snprintf(line, sizeof line, "fragments from %s to %s cannot be put together: %s", from, to,
                 text);
    else if (what == NETWORK_ENCRYPTED)
        snprintf(line, sizeof line,
                 "from packet %llu on there are packets that IEEE 802.11 has encrypted: not shown; "
                 "have Wireshark decrypt them, or capture behind the access point",
                 (unsigned long long)p->frame);
    else
        snprintf(line, sizeof line, "packet %llu has the link layer %s, which is not read",
                 (unsigned long long)p->frame, text);
    recorder_put(&r->out, &e);
}

static void on_secrets(void *context, const struct packet *p, struct slice text)
{
    struct links *r = context;
    char from[ENDPOINT_TEXT], line[200];
    int n = tls_secrets_add(&r->secrets, text);
    if (p == NULL || n <= 0)
        return;
    endpoint_text(&p->from, from, sizeof from);
    snprintf(line, sizeof line, "TLS: %d secret%s of a key log came by UDP from %s", n,
             n > 1 ? "s" : "", from);
    remark(r, p->us, line);
}

/* ---- all of it ---- */

const struct capture_events LINKS_EVENTS = {
    .packet = on_packet,
    .secrets = on_secrets,
    .udp = on_udp,
    .tcp_open = on_open,
    .tcp_data = on_data,
    .tcp_loss = on_loss,
    .tcp_failed = on_failed,
    .tcp_network = on_network,
    .tcp_close = on_close,
    .clock_back = on_clock,
    .anew = on_anew,
    .link = on_link,
};

void links_open(struct links *l)
{
    arena_open(&l->scratch, NULL, 0, FITS_MEMORY);
    recorder_add(&l->inner, session_event, l);
}

void links_finish(struct links *r)
{
    for (struct link *l = r->first; l != NULL; l = l->next)
        tell_tls(l, true, l->us);
}

void links_close(struct links *r)
{
    for (struct link *l = r->first, *next; l != NULL; l = next) {
        next = l->next;
        tls_decrypt_close(l->tls);
        session_close(&l->to_secc);
        session_close(&l->to_evcc);
        free(l);
    }
    arena_close(&r->scratch);
    tls_secrets_close(&r->secrets);
}

unsigned links_foreign(const struct links *r)
{
    unsigned foreign = r->foreign;
    for (const struct link *l = r->first; l != NULL; l = l->next)
        foreign += l->is_known ? l->tls != NULL && tls_decrypt_is_locked(l->tls)
                               : l->skipped[0] + l->skipped[1] > 0;
    return foreign;
}
