/* SPDX-License-Identifier: Apache-2.0 */
#include "app/text.h"

#include "app/commands.h"
#include "app/report.h"
#include "app/shown.h"
#include "app/text_message.h"
#include "base/said.h"
#include "record/datagram.h"
#include "record/hextext.h"
#include "record/textpacket.h"

#include <stdio.h>
#include <string.h>

#define EXI_MOST (64u << 10) /* bytes of a message without a header */
#define EFFORT 16       /* how often each byte of a block is decoded at most, by all grammars */
#define FRAME_LEAST 4   /* bytes of payload that make a frame that is cut one */
#define PADDING_MOST 64 /* bytes behind a packet: of Ethernet, its checksum */
#define MISSED_SHOWN 20 /* of them */
#define MISSED_BYTES 16 /* of each */

struct missed {
    struct hextext_line line;
    size_t n;
    uint8_t first[MISSED_BYTES];
};

struct text {
    const struct text_view *view;
    struct recorder out;
    struct text_messages messages;
    int64_t last_us;
    struct textflows flows;
    struct text_found found;
    struct missed missed[MISSED_SHOWN];
};

/* The block that is looked at, and how far. */
struct place {
    struct text *t;
    const struct hextext_block *block;
    size_t at, mark; /* mark: of the line that at is in */
    size_t known;    /* what is before it was understood or is counted */
    size_t cut;      /* what is before it was told as a frame that is cut here */
};

/* ---- events ---- */

/* "SECC sent", "received by the vehicle": who sent what cannot be decoded. */
static uint8_t role_by_words(const struct hextext_line *line)
{
    bool evcc = line->words & HEXTEXT_EVCC, secc = line->words & HEXTEXT_SECC;
    bool sent = line->words & HEXTEXT_SENT, got = line->words & HEXTEXT_GOT;
    if (evcc == secc || sent == got)
        return FROM_NONE;
    return evcc == sent ? FROM_EVCC : FROM_SECC;
}

static struct event new_event(struct text *t, enum event_kind kind, const struct hextext_line *line)
{
    if (line->has_time)
        t->last_us = line->us;
    return (struct event){.us = t->last_us,
                          .kind = kind,
                          .ok = true,
                          .by = "",
                          .where = "",
                          .name = "",
                          .code = "",
                          .text = "",
                          .line = line->number,
                          .stamp = line->stamp};
}

static void put_violations(struct text *t, const struct event *frame)
{
    if (frame->message == NULL)
        return;
    for (const struct violation *v = frame->message->violations; v != NULL; v = v->next) {
        struct buf text = {0};
        struct event e = *frame;
        text_add_violation(&text, v);
        e.kind = EVENT_VIOLATION;
        e.ok = false;
        e.bytes = (struct slice){0};
        e.message = NULL;
        e.text = buf_string(&text);
        t->found.violations++;
        recorder_put(&t->out, &e);
        buf_close(&text);
    }
}

static void put_message(struct text *t, struct event *e, const struct message *m, struct slice exi)
{
    event_take_message(e, m);
    e->from_role = text_element(m)->from;
    t->found.messages++;
    text_note(&t->messages, m, exi);
    recorder_put(&t->out, e);
    put_violations(t, e);
}

static void put_undecoded(struct text *t, struct event *e, const struct hextext_line *line)
{
    e->ok = false;
    e->from_role = role_by_words(line);
    t->found.undecoded++;
    recorder_put(&t->out, e);
}

/* ---- V2GTP ---- */

static void put_datagram(struct text *t, const struct hextext_line *line, struct slice bytes,
                         const struct endpoint *from, const struct endpoint *to)
{
    struct datagram d;
    struct event about = new_event(t, EVENT_FRAME, line);
    datagram_read(&d, &t->view->grammars->library, about.us, "", from, to, bytes);
    d.event.line = about.line;
    d.event.stamp = about.stamp;
    t->found.messages += d.event.message != NULL;
    t->found.undecoded += d.event.message == NULL;
    recorder_put(&t->out, &d.event);
}

/* A whole frame. */
static void put_frame(struct text *t, const struct hextext_line *line, struct slice frame,
                      const struct endpoint *from, const struct endpoint *to)
{
    struct v2gtp_header h = v2gtp_read(frame.p);
    struct slice payload = {frame.p + V2GTP_HEADER, frame.n - V2GTP_HEADER};
    struct err problem = ERR_INIT;
    if (h.type >= V2GTP_SDP_REQ && h.type < V2GTP_MANUFACTURER) {
        put_datagram(t, line, frame, from, to);
        return;
    }
    struct event e = new_event(t, EVENT_FRAME, line);
    e.bytes = frame;
    e.payload_type = h.type;
    e.from = *from;
    e.to = *to;
    struct fit *fit = text_framed(&t->messages, payload, h.type, &problem);
    if (fit != NULL) {
        put_message(t, &e, &fit->message, payload);
        return;
    }
    e.problem = &problem;
    put_undecoded(t, &e, line);
}

static bool is_header(struct slice bytes)
{
    if (bytes.n < V2GTP_HEADER || !v2gtp_begins(bytes))
        return false;
    struct v2gtp_header h = v2gtp_read(bytes.p);
    return h.type < V2GTP_MANUFACTURER && h.length > 0 && h.length <= V2GTP_LIMIT;
}

static const struct hextext_line *line_of(const struct place *p)
{
    return &p->block->mark[p->mark].line;
}

static struct slice rest_of(const struct place *p)
{
    return (struct slice){p->block->bytes.p + p->at, p->block->bytes.n - p->at};
}

/* Where the line ends that holds at. */
static size_t line_end(const struct place *p, size_t at)
{
    const struct hextext_block *b = p->block;
    size_t i = p->mark;
    while (!b->is_dump && i < b->marks && b->mark[i].at < at)
        i++;
    return b->is_dump || i == b->marks ? b->bytes.n : b->mark[i].at;
}

/* How many of the n bytes of a frame are there: it is cut at the end of its line where a line
 * behind it begins a frame itself. */
static size_t frame_there(const struct place *p, size_t n)
{
    const struct hextext_block *b = p->block;
    size_t own = line_end(p, p->at + 1) - p->at;
    if (p->at < p->cut) /* what ends a frame before it ends this one, too */
        return p->at + n <= p->cut ? n : own;
    n = n < b->bytes.n - p->at ? n : b->bytes.n - p->at;
    for (size_t i = p->mark + 1; i < b->marks && b->mark[i].at < p->at + n && !b->is_dump; i++) {
        size_t at = b->mark[i].at;
        if (at > p->at && is_header((struct slice){b->bytes.p + at, b->bytes.n - at}))
            return at - p->at;
    }
    return n;
}

/* Directly behind a frame, where another one is likely. */
static bool is_behind(const struct place *p)
{
    return p->known > 0 && p->known == p->at;
}

/* The beginning of a frame, of n bytes. */
static void put_cut(struct place *p, size_t n, const struct err *problem)
{
    struct event e = new_event(p->t, EVENT_BYTES, line_of(p));
    e.bytes = (struct slice){p->block->bytes.p + p->at, n};
    e.problem = problem;
    put_undecoded(p->t, &e, line_of(p));
}

/* What begins as another frame, and ends before it has told its length. */
static bool take_begun(struct place *p)
{
    struct slice bytes = rest_of(p);
    struct err problem = ERR_INIT;
    size_t own = line_end(p, p->at + 1) - p->at;
    if (!is_behind(p) || own >= V2GTP_HEADER || bytes.p[0] != V2GTP_VERSION ||
        (own > 1 && bytes.p[1] != V2GTP_INVERSE))
        return false;
    err_set(&problem, "a V2GTP header has %d bytes; %zu are here", V2GTP_HEADER, own);
    put_cut(p, own, &problem);
    p->at += own;
    return true;
}

static bool take_frame(struct place *p)
{
    struct slice bytes = rest_of(p);
    const struct endpoint nobody = {.port = 0};
    if (!is_header(bytes))
        return take_begun(p);
    size_t n = V2GTP_HEADER + v2gtp_read(bytes.p).length, there = frame_there(p, n);
    if (there == n) {
        put_frame(p->t, line_of(p), (struct slice){bytes.p, n}, &nobody, &nobody);
        p->at += n;
        return true;
    }
    if (there < V2GTP_HEADER + (is_behind(p) ? 0 : FRAME_LEAST))
        return false;
    struct err problem = ERR_INIT;
    err_set(&problem, "the V2GTP header says %zu bytes of payload; %zu are here", n - V2GTP_HEADER,
            there - V2GTP_HEADER);
    put_cut(p, there, &problem);
    if (p->cut < p->at + there)
        p->cut = p->at + there;
    p->at = line_end(p, p->at + 1); /* the next may be whole */
    return true;
}

/* ---- packets ---- */

static void take_stream(struct text *t, const struct hextext_line *line, const struct textpacket *p)
{
    struct v2gtp_reader *reader = textflows_feed(&t->flows, p);
    struct v2gtp_frame f;
    struct err problem = ERR_INIT;
    enum v2gtp_result result = V2GTP_MORE;
    while (reader != NULL && (result = v2gtp_next(reader, &f, &problem)) != V2GTP_MORE &&
           result != V2GTP_BROKEN) {
        if (result == V2GTP_FRAME)
            put_frame(t, line, f.bytes, &p->from, &p->to);
        problem = ERR_INIT;
    }
}

static bool take_packet(struct place *p)
{
    struct textpacket packet;
    if (!textpacket_read(rest_of(p), &packet))
        return false;
    size_t end = line_end(p, p->at + packet.n);
    if (end - p->at - packet.n > PADDING_MOST)
        return false;
    if (!packet.is_udp)
        take_stream(p->t, line_of(p), &packet);
    else if (is_header(packet.payload))
        put_datagram(p->t, line_of(p), packet.payload, &packet.from, &packet.to);
    p->at = end;
    return true;
}

/* ---- EXI alone ---- */

/* The violation that says what is behind a message is none where the next line goes on there. */
static void drop_trailing(struct message *m)
{
    struct violation **v = &m->violations;
    while (*v != NULL && (*v)->next != NULL)
        v = &(*v)->next;
    if (m->trailing.n > 0 && *v != NULL)
        *v = NULL;
    m->trailing.n = 0;
}

/* An EXI message that is cut, or has bytes behind it, in a line of n bytes. */
static bool take_damaged(struct place *p, const struct fit *fit, struct slice bytes, size_t n)
{
    struct err problem = ERR_INIT;
    bool is_named = line_of(p)->words & HEXTEXT_V2G;
    if (n < EXI_LEAST || !text_is_damaged(&p->t->messages, fit, bytes.n, is_named, &problem))
        return false;
    struct event e = new_event(p->t, EVENT_BYTES, line_of(p));
    e.bytes = (struct slice){bytes.p, n};
    e.problem = &problem;
    put_undecoded(p->t, &e, line_of(p));
    p->at += n;
    return true;
}

static bool take_exi(struct place *p)
{
    struct slice bytes = rest_of(p);
    struct text_messages *t = &p->t->messages;
    bool is_named = line_of(p)->words & HEXTEXT_V2G;
    size_t own = line_end(p, p->at + 1) - p->at, least = is_named ? EXI_LEAST_NAMED : EXI_LEAST;
    if (bytes.n < least)
        return false;
    /* a message may go on in the next lines, but they are not all tried again and again */
    size_t most = t->effort < EFFORT * p->block->bytes.n + EXI_MOST ? EXI_MOST : own;
    bytes.n = bytes.n < most ? bytes.n : most;
    struct fit *fit = text_bare(t, bytes);
    size_t n = fit == NULL ? 0 : bytes.n - fit->message.trailing.n;
    bool is_whole = fit != NULL && n >= least && line_end(p, p->at + n) == p->at + n;
    if (!is_whole || !text_is_believed(t, fit, n, is_named))
        return take_damaged(p, fit, bytes, own < bytes.n ? own : bytes.n);
    struct event e = new_event(p->t, EVENT_FRAME, line_of(p));
    drop_trailing(&fit->message);
    e.bytes = (struct slice){bytes.p, n};
    e.payload_type = message_payload(&fit->message);
    put_message(p->t, &e, &fit->message, e.bytes);
    p->at += n;
    return true;
}

/* ---- blocks ---- */

static void count_missed(struct text *t, const struct hextext_line *line, struct slice bytes)
{
    if (bytes.n < HEXTEXT_MISSED)
        return;
    if (t->found.missed < MISSED_SHOWN) {
        struct missed *m = &t->missed[t->found.missed];
        m->line = *line;
        m->n = bytes.n;
        memcpy(m->first, bytes.p, bytes.n < MISSED_BYTES ? bytes.n : MISSED_BYTES);
    }
    t->found.missed++;
}

/* Moves on to where the next message may begin: a line, or a header. */
static void move_on(struct place *p)
{
    const struct hextext_block *b = p->block;
    size_t line = p->mark + 1 < b->marks ? b->mark[p->mark + 1].at : b->bytes.n;
    if (p->at == 0 && b->shared > 0 && b->shared < line)
        line = b->shared;
    const uint8_t *start = b->bytes.p + p->at + 1;
    const uint8_t *next = memchr(start, V2GTP_VERSION, line - p->at - 1);
    while (next != NULL &&
           !is_header((struct slice){next, b->bytes.n - (size_t)(next - b->bytes.p)}))
        next = memchr(next + 1, V2GTP_VERSION, (size_t)(b->bytes.p + line - next - 1));
    p->at = next != NULL ? (size_t)(next - b->bytes.p) : line;
}

static void step_to_line(struct place *p)
{
    const struct hextext_block *b = p->block;
    while (p->mark + 1 < b->marks && b->mark[p->mark + 1].at <= p->at)
        p->mark++;
}

static bool take_block(void *context, const struct hextext_block *b)
{
    struct place p = {.t = context, .block = b};
    bool found = false;
    p.t->messages.effort = 0;
    while (p.at < b->bytes.n) {
        step_to_line(&p);
        bool is_start =
            p.at == 0 || p.at == b->shared || (!b->is_dump && p.at == b->mark[p.mark].at);
        size_t from = p.at;
        const struct hextext_line *line = line_of(&p);
        if ((is_start && (take_packet(&p) || take_exi(&p))) || take_frame(&p)) {
            if (found && p.known < from && b->is_digits && is_start)
                count_missed(p.t, line, (struct slice){b->bytes.p + p.known, from - p.known});
            p.known = p.at;
            found = true;
        } else {
            move_on(&p);
        }
    }
    if (found && p.known < b->bytes.n && b->is_digits && b->marks > 1)
        count_missed(p.t, line_of(&p), (struct slice){b->bytes.p + p.known, b->bytes.n - p.known});
    return found;
}

static void take_missed(void *context, const struct hextext_block *b)
{
    count_missed(context, &b->mark[0].line, b->bytes);
}

static void put_missed(struct text *t)
{
    for (uint64_t i = 0; i < t->found.missed && i < MISSED_SHOWN; i++) {
        const struct missed *m = &t->missed[i];
        struct buf text = {0};
        struct event e = new_event(t, EVENT_LOG, &m->line);
        buf_printf(&text, "not understood: %zu bytes of hex, ", m->n);
        buf_hex(&text, m->first, m->n < MISSED_BYTES ? m->n : MISSED_BYTES, false);
        buf_text(&text, m->n > MISSED_BYTES ? "…" : "");
        e.text = buf_string(&text);
        recorder_put(&t->out, &e);
        buf_close(&text);
    }
}

/* ---- the command ---- */

static void text_open(struct text *t, const struct text_view *view)
{
    *t = (struct text){.view = view};
    text_messages_open(&t->messages, view->grammars, view->exi);
}

static void text_close(struct text *t)
{
    text_messages_close(&t->messages);
    textflows_close(&t->flows);
}

static void text_read(struct text *t, struct slice input, bool is_raw)
{
    static const struct hextext_events EVENTS = {take_block, take_missed};
    struct hextext_mark mark = {.at = 0};
    if (!is_raw) {
        t->found.lines = hextext_read(input, &EVENTS, t);
        return;
    }
    take_block(t, &(struct hextext_block){.bytes = input, .mark = &mark, .marks = 1});
}

struct text_found text_look(const struct text_view *view, struct slice input, bool is_raw)
{
    struct text t;
    text_open(&t, view);
    text_read(&t, input, is_raw);
    text_close(&t);
    return t.found;
}

static int summarize(const struct text *t)
{
    const struct text_found *f = &t->found;
    if (f->lines < 0) {
        report(REPORT_ERROR, "%s: out of memory", t->view->name);
        return EXIT_SETUP;
    }
    if (f->messages + f->undecoded == 0)
        return EXIT_FAIL;
    if (f->lines > 0)
        said_print(stderr, "%lld lines: ", (long long)f->lines);
    said_print(stderr, "%u messages, %u not decoded, %u violations; ", f->messages, f->undecoded,
               f->violations);
    said_print(stderr, "%llu runs of hex not understood", (unsigned long long)f->missed);
    if (f->missed > MISSED_SHOWN)
        said_print(stderr, ", the first %d of them shown", MISSED_SHOWN);
    fputc('\n', stderr);
    return f->undecoded > 0 ? EXIT_FAIL : EXIT_PASS;
}

int command_decode_text(const struct text_view *view, struct slice input, bool is_raw,
                        struct text_found *found)
{
    struct text t;
    struct shown shown = {.ladder = {.detail = 0}};
    text_open(&t, view);
    if (view->sink != NULL)
        recorder_add(&t.out, view->sink, view->context);
    else
        shown_open(&shown, &t.out, view->json, view->verbose);
    text_read(&t, input, is_raw);
    if (t.found.messages + t.found.undecoded > 0)
        put_missed(&t);
    recorder_flush(&t.out);
    int status = view->sink == NULL ? summarize(&t) : t.found.undecoded > 0 ? EXIT_FAIL : EXIT_PASS;
    *found = t.found;
    text_close(&t);
    shown_close(&shown);
    return status;
}
