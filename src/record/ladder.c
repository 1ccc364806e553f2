/* SPDX-License-Identifier: Apache-2.0 */
#include "record/ladder.h"

#include "base/said.h"
#include "codec/marks.h"
#include "codec/quantity.h"
#include "codec/value.h"
#include "codec/xml.h"
#include "record/terminal.h"
#include "wire/ether.h"
#include "wire/v2gtp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUNG 46     /* columns between the two sides */
#define LEG_RUNG 36 /* between one of them and the relay */
#define VALUES_MAX 5
#define RUNGS_FROM 90   /* columns of a terminal */
#define LEGS_FROM 120   /* the same of two rungs */
#define NARROW_BELOW 60 /* no time, and an arrow alone */

#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define CYAN "\033[36m"
#define BOLD "\033[1m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"
#define ERASE "\r\033[K" /* the line that the cursor stands in */

/* Lines and arrows, of UTF-8 or ASCII. */
struct ladder_pieces {
    const char *side, *line, *right, *left;
};

static const struct ladder_pieces UTF8 = {"│", "─", "▶", "◀"};
static const struct ladder_pieces ASCII = {"|", "-", ">", "<"};

void ladder_open(struct ladder *l, int fd, int detail)
{
    const char *term = getenv("TERM");
    *l = (struct ladder){.detail = detail};
    outlet_open(&l->outlet, fd);
    l->pretty =
        isatty(fd) && (term == NULL || strcmp(term, "dumb") != 0) && getenv("NO_COLOR") == NULL;
    bool is_forced = getenv("V2GLAB_PRETTY") != NULL;
    l->pretty = l->pretty || is_forced;
    l->columns = l->pretty && detail == 0 && isatty(fd) ? terminal_columns(fd) : 0;
    l->pieces = is_forced || terminal_has_utf8() ? &UTF8 : &ASCII;
}

static void print_repeats(struct ladder *l);

void ladder_close(struct ladder *l)
{
    struct err ignored = ERR_INIT; /* it was told before, where there was one */
    if (l->repeats > 0) {
        print_repeats(l);
        outlet_unit(&l->outlet);
        outlet_write(&l->outlet, &ignored);
    }
    outlet_close(&l->outlet);
    buf_close(&l->values);
    buf_close(&l->last);
}

/* ---- values ---- */

static void quantity_text(const struct field *f, const struct node *n, struct buf *out)
{
    quantity_print(n, out);
    int unit = n->type->unit;
    buf_char(out, ' ');
    if (unit >= 0 && n->has >> unit & 1)
        value_text(&n->type->field[unit], n->v[unit], out);
    else
        buf_text(out, f->unit);
}

static void add_value(const struct field *f, union value v, struct buf *out, int *shown)
{
    if (*shown == VALUES_MAX)
        return;
    bool quantity = f->kind == KIND_NODE && f->type->is_quantity;
    if (f->kind == KIND_NODE && !quantity)
        return;
    if ((*shown)++ > 0)
        buf_text(out, ", ");
    if (!field_is(f, MARK_CODE)) { /* that says itself what it is */
        buf_text(out, f->name);
        buf_char(out, ' ');
    }
    if (quantity)
        quantity_text(f, v.n, out);
    else
        value_text(f, v, out);
}

static void walk_values(const struct node *n, struct buf *out, int *shown, int depth)
{
    if (n == NULL || n->type->is_open || depth > 4)
        return;
    for (uint64_t left = n->has; left != 0 && *shown < VALUES_MAX; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left);
        const struct field *f = &n->type->field[i];
        uint32_t entries = f->is_list ? n->v[i].l->n : 1;
        for (uint32_t k = 0; k < entries && *shown < VALUES_MAX; k++) {
            union value v = f->is_list ? n->v[i].l->v[k] : n->v[i];
            if (field_is(f, MARK_KEY) || field_is(f, MARK_CODE))
                add_value(f, v, out, shown);
            else if (f->kind == KIND_NODE)
                walk_values(v.n, out, shown, depth + 1);
        }
    }
}

/* The values of a message that a reader looks for first: "ResponseCode OK, EVTargetVoltage 400
 * V". */
static void add_values(const struct message *m, struct buf *out)
{
    int shown = 0;
    walk_values(message_named(m).node, out, &shown, 0);
    if (node_child(message_header(m), "Signature") != NULL)
        buf_text(out, said(shown > 0 ? ", signed" : "signed"));
}

/* ---- lines ---- */

/* Seconds with six places, at least 11 columns. */
static void add_seconds(int64_t us, struct buf *out)
{
    char text[32];
    size_t at = sizeof text, places = 0;
    uint64_t left = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
    for (; left > 0 || places < 7; left /= 10) {
        if (places++ == 6)
            text[--at] = '.';
        text[--at] = (char)('0' + left % 10);
    }
    if (us < 0)
        text[--at] = '-';
    while (sizeof text - at < 11)
        text[--at] = ' ';
    buf_add(out, text + at, sizeof text - at);
}

/* Of a text the line, and the time as it stands there; as wide as those before. */
static void print_place(struct ladder *l, const struct event *e)
{
    struct buf *out = &l->outlet.out;
    const char *stamp = e->stamp != NULL ? e->stamp : "";
    int n = (int)strlen(stamp);
    l->stamp_width = n > l->stamp_width ? n : l->stamp_width;
    buf_printf(out, l->pretty ? DIM "line %-5llu" PLAIN "  " : "line %-5llu  ",
               (unsigned long long)e->line);
    if (l->stamp_width > 0)
        buf_printf(out, "%-*s  ", l->stamp_width, stamp);
}

/* Whether there is room for both sides and the rungs between them; and for less still. */
static bool has_rungs(const struct ladder *l)
{
    int from = l->has_legs ? LEGS_FROM : RUNGS_FROM;
    return l->pretty && (l->columns == 0 || l->columns >= from);
}

static bool is_narrow(const struct ladder *l)
{
    return l->columns > 0 && l->columns < NARROW_BELOW;
}

static void print_seconds(struct ladder *l, int64_t us)
{
    struct buf *out = &l->outlet.out;
    if (is_narrow(l))
        return;
    if (l->pretty)
        buf_text(out, DIM);
    add_seconds(us - l->start_us, out);
    buf_text(out, l->pretty ? PLAIN "  " : "  ");
}

/* Who stands where. */
static void print_head(struct ladder *l)
{
    struct buf *out = &l->outlet.out;
    if (has_rungs(l) && l->has_legs)
        buf_printf(out, BOLD "%13sEVCC%*srelay%*sSECC" PLAIN "\n", "", LEG_RUNG - 5, "",
                   LEG_RUNG - 6, "");
    else if (has_rungs(l))
        buf_printf(out, BOLD "%13sEVCC%*sSECC" PLAIN "\n", "", RUNG - 6, "");
}

static void print_time(struct ladder *l, const struct event *e)
{
    struct buf *out = &l->outlet.out;
    bool begins_legs = e->leg != LEG_NONE && !l->has_legs;
    l->has_legs = l->has_legs || begins_legs;
    if (!l->started)
        l->start_us = e->us;
    if (!l->started || begins_legs)
        print_head(l);
    l->started = true;
    if (e->line > 0)
        print_place(l, e);
    else
        print_seconds(l, e->us);
    l->body = out->n;
}

/* Repeats a piece of line n times. */
static void rule(struct buf *out, const char *piece, int n)
{
    for (; n > 0; n--)
        buf_text(out, piece);
}

static void print_rung(struct ladder *l, const struct event *e, const char *name, bool bad)
{
    struct buf *out = &l->outlet.out;
    const char *colour = bad ? RED : e->from_role == FROM_EVCC ? CYAN : GREEN;
    int line = (l->has_legs ? LEG_RUNG : RUNG) - terminal_width(name) - 6;
    bool right = e->from_role == FROM_EVCC;
    const struct ladder_pieces *p = l->pieces;
    if (e->leg == LEG_STATION)
        buf_printf(out, "%s%*s", p->side, LEG_RUNG, "");
    buf_printf(out, "%s%s", p->side, colour);
    if (right) {
        buf_printf(out, "%s%s %s%s%s%s ", p->line, p->line, BOLD, name, PLAIN, colour);
        rule(out, p->line, line + 1);
        buf_text(out, p->right);
    } else {
        buf_text(out, p->left);
        rule(out, p->line, line + 1);
        buf_printf(out, " %s%s%s%s %s%s", BOLD, name, PLAIN, colour, p->line, p->line);
    }
    buf_printf(out, PLAIN "%s", p->side);
    if (l->has_legs && e->leg != LEG_STATION)
        buf_printf(out, "%*s%s", LEG_RUNG, "", p->side);
    buf_text(out, "  ");
}

/* Who says it to whom, where there are no rungs. */
static const char *arrow(const struct ladder *l, const struct event *e)
{
    /* ORDER EVENT_LEG, ORDER direction */
    static const char *const ARROWS[][4] = {
        {"EVCC -- SECC", "EVCC -> SECC", "EVCC <- SECC", "EVCC -- SECC"},
        {"EVCC -- relay        ", "EVCC -> relay        ", "EVCC <- relay        ",
         "EVCC -- relay        "},
        {"        relay -- SECC", "        relay -> SECC", "        relay <- SECC",
         "        relay -- SECC"}};
    static const char *const NARROW[][4] = {{"<-", "->", "<-", "<-"},
                                            {"<- |", "-> |", "<- |", "<- |"},
                                            {"| <-", "| ->", "| <-", "| <-"}};
    return (is_narrow(l) ? NARROW : ARROWS)[e->leg][e->from_role];
}

static const char *frame_name(const struct event *e)
{
    if (e->name[0] != '\0')
        return e->name;
    if (e->kind == EVENT_BYTES && e->problem == NULL)
        return said("raw bytes");
    if (e->is_link)
        return said("HomePlug frame");
    const char *type = e->kind == EVENT_FRAME ? v2gtp_type_name(e->payload_type) : NULL;
    return type != NULL && e->problem == NULL ? type : said("not decoded");
}

static void print_detail(struct ladder *l, const struct event *e)
{
    struct buf *out = &l->outlet.out;
    if (l->detail >= 1 && e->message != NULL) {
        xml_print(e->message, XML_PAGES, out);
        buf_char(out, '\n');
    }
    if (l->detail >= 2) {
        buf_hex(out, e->bytes.p, e->bytes.n, false);
        buf_char(out, '\n');
    }
}

static void print_problem(const struct event *e, const char *before, struct buf *out)
{
    char problem[900], whole[1000];
    snprintf(whole, sizeof whole, "%s (%zu bytes)", err_text(e->problem, problem, sizeof problem),
             e->bytes.n);
    buf_text(out, before);
    said_add(out, whole);
}

static void print_frame(struct ladder *l, const struct event *e)
{
    struct buf *out = &l->outlet.out;
    struct buf *values = &l->values;
    buf_clear(values);
    if (e->message != NULL && !e->is_udp) /* SDP is said in words: addresses, "no TLS" */
        add_values(e->message, values);
    else if (e->text != NULL)
        said_add(values, e->text);
    if (e->is_link && e->message != NULL && e->text != NULL) {
        buf_text(values, values->n > 0 ? ", " : "");
        buf_text(values, e->text);
    }
    if (e->kind == EVENT_BYTES && e->problem == NULL)
        buf_hex(values, e->bytes.p, e->bytes.n < 16 ? e->bytes.n : 16, false);
    const char *text = buf_string(values);
    bool bad = !e->ok || e->is_failed;
    const char *name = frame_name(e);
    print_time(l, e);
    if (has_rungs(l)) {
        print_rung(l, e, name, bad);
    } else if (is_narrow(l)) {
        buf_printf(out, "%s %s ", arrow(l, e), name);
    } else {
        buf_text(out, arrow(l, e));
        buf_text(out, "  ");
        terminal_column(out, name, 28);
        buf_char(out, ' ');
    }
    if (bad && l->pretty)
        buf_text(out, RED);
    buf_text(out, text);
    if (e->problem != NULL)
        print_problem(e, text[0] != '\0' ? "; " : "", out);
    if (e->is_after)
        buf_text(out, said(", after the end"));
    buf_text(out, bad && l->pretty ? PLAIN "\n" : "\n");
    print_detail(l, e);
}

static void add_side(const struct event *e, struct buf *out)
{
    char text[40];
    snprintf(text, sizeof text, "%s's side: ", EVENT_LEGS[e->leg]);
    said_add(out, text);
}

static void print_note(struct ladder *l, const struct event *e, const char *colour,
                       const char *what)
{
    struct buf *out = &l->outlet.out;
    print_time(l, e);
    if (has_rungs(l) && l->has_legs)
        buf_printf(out, "%s%*s", l->pieces->side, LEG_RUNG, "");
    if (has_rungs(l))
        buf_printf(out, "%s%*s%s  ", l->pieces->side, l->has_legs ? LEG_RUNG : RUNG, "",
                   l->pieces->side);
    if (l->pretty)
        buf_text(out, colour);
    if (e->leg != LEG_NONE)
        add_side(e, out);
    else if (e->by[0] != '\0')
        buf_printf(out, "%s ", e->by);
    bool is_script = event_is_of_script(e);
    if (e->where[0] != '\0' && (is_script || e->kind != EVENT_LOG)) /* else it is nobody's matter */
        buf_printf(out, "%s: ", e->where);
    buf_printf(out, "%s%s", said(what), what[0] != '\0' ? ": " : "");
    if (is_script)
        buf_text(out, e->text);
    else
        said_add(out, e->text);
    buf_text(out, l->pretty ? PLAIN "\n" : "\n");
}

static void print_connect(struct ladder *l, const struct event *e)
{
    char from[ENDPOINT_TEXT], to[ENDPOINT_TEXT], text[3 * ENDPOINT_TEXT];
    bool listens = e->kind == EVENT_LISTEN;
    endpoint_text(&e->from, from, sizeof from);
    endpoint_text(&e->to, to, sizeof to);
    if (listens)
        snprintf(text, sizeof text, "listens on %s%s%s", from, e->text[0] != '\0' ? ", " : "",
                 e->text);
    else
        snprintf(text, sizeof text, "TCP %s to %s", from, to);
    struct event note = *e;
    note.text = text;
    print_note(l, &note, DIM, "");
}

static void print_verdict(struct ladder *l, const struct event *e)
{
    print_note(l, e, e->ok ? BOLD GREEN : BOLD RED, "verdict");
}

/* ---- lines that come again ---- */

static void add_repeats(struct ladder *l)
{
    char text[60];
    snprintf(text, sizeof text,
             l->repeats == 1 ? "the same %u time more" : "the same %u times more", l->repeats);
    said_add(&l->outlet.out, text);
}

/* "   0.250000  the same 48 times more" */
static void print_repeats(struct ladder *l)
{
    struct buf *out = &l->outlet.out;
    if (l->has_count)
        buf_text(out, ERASE);
    l->has_count = false;
    print_seconds(l, l->repeat_us);
    add_repeats(l);
    buf_char(out, '\n');
    l->repeats = 0;
}

/* Whether the line that begins at `from` is a datagram that was shown just before: it is counted,
 * and no longer there. */
static bool is_repeated(struct ladder *l, const struct event *e, size_t from)
{
    struct buf *out = &l->outlet.out;
    size_t n = out->n - l->body;
    bool may_be = e->is_udp && e->kind == EVENT_FRAME && e->line == 0 && l->detail == 0;
    bool is_same = may_be && n == l->last.n && memcmp(out->p + l->body, l->last.p, n) == 0;
    if (!is_same) {
        buf_clear(&l->last);
        buf_add(&l->last, out->p + l->body, may_be ? n : 0);
        return false;
    }
    out->n = from;
    l->repeats++;
    l->repeat_us = e->us;
    return true;
}

/* FNV-1a; never 0. */
static uint32_t hash(uint32_t h, const void *bytes, size_t n)
{
    for (const uint8_t *p = bytes; n > 0; n--, p++)
        h = (h ^ *p) * 16777619u;
    return h | 1;
}

/* Whether the line that begins at `from` is a look at a link, or the answer, as the last one of
 * these two was: it is no longer there. */
static bool is_known_look(struct ladder *l, const struct event *e, size_t from)
{
    bool is_frame = e->is_link && e->kind == EVENT_FRAME && e->bytes.n >= ETHER_HEADER;
    if (!is_frame || l->detail > 0 || strstr(e->name, "LINK_STATUS") == NULL)
        return false;
    uint32_t who = hash(hash(2166136261u, e->name, strlen(e->name)), e->bytes.p, ETHER_HEADER);
    uint32_t what = hash(2166136261u, l->outlet.out.p + l->body, l->outlet.out.n - l->body);
    unsigned i = 0;
    while (i < LADDER_LOOKS - 1 && l->looks[i].who != 0 && l->looks[i].who != who)
        i++;
    bool is_known = l->looks[i].who == who && l->looks[i].what == what;
    l->looks[i].who = who;
    l->looks[i].what = what;
    if (is_known)
        l->outlet.out.n = from;
    return is_known;
}

/* Puts how often the last line came again before the one that begins at `from`. */
static void settle_repeats(struct ladder *l, size_t from)
{
    struct buf *out = &l->outlet.out, line = {0};
    if (l->repeats == 0)
        return;
    buf_add(&line, out->p + from, out->n - from);
    out->n = from;
    print_repeats(l);
    buf_add(out, line.p, line.n);
    buf_close(&line);
}

static void print_event(struct ladder *l, const struct event *e)
{
    switch (e->kind) {
    case EVENT_FRAME:
    case EVENT_BYTES:
        print_frame(l, e);
        break;
    case EVENT_LISTEN:
    case EVENT_CONNECT:
        print_connect(l, e);
        break;
    case EVENT_CLOSE:
        print_note(l, e, DIM, "");
        break;
    case EVENT_AFTER:
        if (l->detail >= 1 || e->how != HOW_FIN || e->by[0] == '\0')
            print_note(l, e, e->how == HOW_FIN ? DIM : YELLOW,
                       e->by[0] != '\0' ? "after the end" : "");
        break;
    case EVENT_LOSS:
        print_note(l, e, YELLOW, "loss");
        break;
    case EVENT_NETWORK:
        print_note(l, e, YELLOW, "network");
        break;
    case EVENT_LOG:
        print_note(l, e, "", "");
        break;
    case EVENT_CHECK:
        print_note(l, e, e->ok ? GREEN : RED, e->ok ? "check passed" : "check failed");
        break;
    case EVENT_VIOLATION:
        print_note(l, e, YELLOW, "violation");
        break;
    case EVENT_FAULT:
        print_note(l, e, e->ok ? YELLOW : RED, e->ok ? "fault" : "no fault");
        break;
    case EVENT_TIMER:
        if (l->detail >= 1 || !e->ok)
            print_note(l, e, e->ok ? DIM : RED, "timer");
        break;
    case EVENT_VERDICT:
        print_verdict(l, e);
        break;
    case EVENT_TLS:
        if (e->text[0] != '\0')
            print_note(l, e, "", "");
        break;
    case EVENT_PILOT:
        print_note(l, e, BOLD, "control pilot");
        break;
    case EVENT_RECORD:
        print_note(l, e, RED, "record");
        break;
    case EVENT_WIRE:
    case EVENT_SECRET:
        break; /* not shown */
    }
}

/* What has been found, and what a script says, is read whole. */
static bool may_be_cut(enum event_kind kind)
{
    return kind == EVENT_FRAME || kind == EVENT_BYTES || kind == EVENT_TIMER || kind == EVENT_TLS ||
           kind == EVENT_LISTEN || kind == EVENT_CONNECT;
}

void ladder_event(void *context, const struct event *e)
{
    struct ladder *l = context;
    size_t from = l->outlet.out.n;
    if (e->is_echo && e->problem == NULL)
        return;
    print_event(l, e);
    if (l->outlet.out.n == from || is_known_look(l, e, from) || is_repeated(l, e, from))
        return;
    if (l->columns > 0 && may_be_cut(e->kind))
        terminal_cut(&l->outlet.out, from, l->columns);
    settle_repeats(l, from);
    outlet_unit(&l->outlet);
}

int ladder_write(void *context, struct err *e)
{
    struct ladder *l = context;
    fflush(stdout); /* what others have printed before */
    if (l->columns > 0)
        l->columns = terminal_columns(l->outlet.fd);
    if (l->columns > 0 && l->repeats > 0) { /* written over as long as it grows */
        buf_printf(&l->outlet.out, ERASE "%13s", "");
        add_repeats(l);
        outlet_unit(&l->outlet);
        l->has_count = true;
    }
    return outlet_write(&l->outlet, e);
}
