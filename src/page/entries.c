/* SPDX-License-Identifier: Apache-2.0 */
#include "page/entries.h"

#include "codec/json.h"
#include "page/korean.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MEMORY (64u << 20)
#define NO_FRAME SIZE_MAX

struct timing {
    size_t frame, order;
    size_t name; /* in the dictionary */
    int64_t taken_us, limit_us;
    uint8_t next_of; /* enum direction: of the next frame that this side sends */
};

struct entry {
    int64_t us;
    size_t order;          /* in which it came */
    size_t frame;          /* as in struct sighting; NO_FRAME: it is none */
    size_t at, n;          /* in the text: what follows the time */
    size_t rest, rest_n;   /* of a frame: what follows its times */
    size_t times, times_n; /* of a frame: its part of the timings */
};

/* ---- memory ---- */

/* Room for one more. False: there is none. */
static bool grow(void **list, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return true;
    size_t more = *cap == 0 ? 64 : *cap * 2;
    void *p = realloc(*list, more * size);
    if (p == NULL)
        return false;
    *list = p;
    *cap = more;
    return true;
}

void entries_open(struct entries *s, struct dictionary *d, uint8_t judged)
{
    *s = (struct entries){.dictionary = d, .judged = judged, .exi = EXI_OPTIONS, .worst = -1};
    rows_open(&s->rows, ROWS_MEMORY);
}

void entries_close(struct entries *s)
{
    rows_close(&s->rows);
    handshakes_close(&s->handshakes);
    buf_close(&s->text);
    index_close(&s->frames);
    index_close(&s->ways);
    free(s->at);
    free(s->passed);
    free(s->seen);
    free(s->timing);
    free(s->entry_of);
}

/* ---- which frame it is ---- */

/* The how-manieth of its connection and direction that this side has seen. */
static uint32_t count_frame(struct entries *s, const struct event *e)
{
    uint32_t key[3] = {e->connection, e->from_role, e->is_echo};
    bool is_new;
    size_t way = index_number(&s->ways, key, sizeof key, &is_new);
    void *passed = s->passed;
    if (s->ways.failed || !grow(&passed, way, &s->ways_cap, sizeof *s->passed)) {
        s->failed = true;
        return 0;
    }
    s->passed = passed;
    if (is_new)
        s->passed[way] = 0;
    return s->passed[way]++;
}

/* What both sides' events of a frame have in common. */
static size_t identify(struct entries *s, const struct event *e)
{
    uint32_t key[3] = {e->connection, e->from_role, count_frame(s, e)};
    size_t frame = index_number(&s->frames, key, sizeof key, NULL);
    void *seen = s->seen;
    if (s->frames.failed || !grow(&seen, s->sightings, &s->seen_cap, sizeof *s->seen)) {
        s->failed = true;
        return NO_FRAME;
    }
    s->seen = seen;
    s->seen[s->sightings++] = (struct sighting){e->number, frame};
    return frame;
}

/* ---- entries ---- */

static struct entry *add_entry(struct entries *s, int64_t us, size_t frame)
{
    void *at = s->at;
    if (!grow(&at, s->n, &s->cap, sizeof *s->at)) {
        s->failed = true;
        return NULL;
    }
    s->at = at;
    s->at[s->n] = (struct entry){.us = us, .order = s->n, .frame = frame, .at = s->text.n};
    return &s->at[s->n++];
}

static void add_quoted(struct buf *out, const char *before, const char *text)
{
    buf_text(out, before);
    json_quote(text, strlen(text), out);
}

static void add_values(const struct rows *r, struct buf *out)
{
    const char *before = "";
    buf_char(out, '[');
    for (const struct row *row = r->first; row != NULL; row = row->next) {
        enum row_event event = dictionary_event(&row->field);
        if (event != ROW_VALUE && event != ROW_FIELD)
            continue;
        add_quoted(out, before, row->field.text);
        before = ",";
    }
    buf_char(out, ']');
}

/* Number of the shape, and its values. */
static void add_fields(struct entries *s, const struct event *e)
{
    struct buf *out = &s->text;
    s->rows.problem = ERR_INIT;
    struct slice payload = event_payload(e);
    if (e->schema == NULL || payload.p == NULL) {
        buf_text(out, "-1,[]");
        return;
    }
    rows_read(&s->rows, e->schema, e->payload_type, payload, &s->exi);
    s->failed = s->failed || s->rows.failed;
    buf_signed(out, dictionary_shape(s->dictionary, &s->rows));
    buf_char(out, ',');
    add_values(&s->rows, out);
}

static void add_key(struct buf *out, const char *name)
{
    if (out->p[out->n - 1] != '{')
        buf_char(out, ',');
    add_quoted(out, "", name);
    buf_char(out, ':');
}

static void add_member(struct buf *out, const char *name, int64_t value)
{
    add_key(out, name);
    buf_signed(out, value);
}

static void add_text_member(struct buf *out, const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    add_key(out, name);
    add_quoted(out, "", text);
}

static void add_numbers(struct buf *out, const struct event *e)
{
    if (e->session != 0)
        add_member(out, "session", e->session);
    if (e->connection != 0)
        add_member(out, "connection", e->connection);
    if (e->leg != LEG_NONE)
        add_member(out, "leg", e->leg);
}

static void add_flags(struct buf *out, const struct event *e)
{
    if (e->is_inside)
        add_member(out, "tls", 1);
    if (e->is_udp)
        add_member(out, "udp", 1);
    if (e->is_link)
        add_member(out, "link", 1);
    if (e->is_after)
        add_member(out, "after", 1);
}

/* Of what else is to be known of a frame texts are numbers of the dictionary. */
static void add_rest_of_frame(struct entries *s, const struct event *e)
{
    struct buf *out = &s->text;
    char text[900];
    const struct err *problem = e->problem != NULL    ? e->problem
                                : s->rows.problem.set ? &s->rows.problem
                                                      : NULL;
    if (problem != NULL)
        add_quoted(out, ",", err_text(problem, text, sizeof text));
    else
        buf_text(out, ",null");
    buf_text(out, ",{");
    add_numbers(out, e);
    if (e->schema != NULL)
        add_member(out, "grammar", (int64_t)dictionary_name(s->dictionary, e->schema->name));
    if (e->where[0] != '\0')
        add_member(out, "where", (int64_t)dictionary_name(s->dictionary, e->where));
    add_flags(out, e);
    buf_char(out, '}');
}

static void add_frame(struct entries *s, const struct event *e, size_t frame)
{
    struct buf *out = &s->text;
    struct entry *entry = add_entry(s, e->us, frame);
    if (entry == NULL)
        return;
    buf_text(out, e->from_role == FROM_SECC ? "1," : "0,");
    buf_number(out, dictionary_name(s->dictionary, e->name));
    buf_text(out, ",\"");
    buf_hex(out, e->bytes.p, e->bytes.n, false);
    buf_text(out, "\",");
    add_fields(s, e);
    entry->n = out->n - entry->at;
    entry->rest = out->n;
    add_rest_of_frame(s, e);
    entry->rest_n = out->n - entry->rest;
    s->frames_shown++;
    if (e->schema != NULL && !event_is_datagram(e))
        s->schema = e->schema;
}

/* The side that has recorded it, by its name: "EVCC rear" is a vehicle. */
static uint8_t side_of(const char *by)
{
    for (uint8_t role = FROM_EVCC; role <= FROM_SECC; role++) {
        size_t n = strlen(EVENT_ROLES[role]);
        if (strncmp(by, EVENT_ROLES[role], n) == 0 && (by[n] == '\0' || by[n] == ' '))
            return role;
    }
    return FROM_NONE;
}

static void add_endpoint(struct buf *out, const char *name, const struct endpoint *a)
{
    char text[ENDPOINT_TEXT];
    if (!endpoint_is_unset(a) || a->port != 0)
        add_text_member(out, name, endpoint_text(a, text, sizeof text));
}

/* What the text of a pilot says: "B2, 9.0 V, 5 %"; where it is not the only one the name of its
 * cable is before that. Of a text that is none such nothing. */
static void add_pilot(struct buf *out, const struct event *e)
{
    const char *comma = strchr(e->text, ','), *last = strrchr(e->text, ',');
    char cable[64], state[2] = {0};
    const char *name = comma;
    while (name != NULL && name > e->text && name[-1] != ' ')
        name--;
    size_t n = name != NULL && name > e->text ? (size_t)(name - e->text) - 1 : 0;
    if (name == NULL || *name < 'A' || *name > 'F' || n >= sizeof cable)
        return;
    state[0] = *name;
    memcpy(cable, e->text, n);
    cable[n] = '\0';
    add_text_member(out, "cable", cable);
    add_text_member(out, "state", state);
    char *end;
    double duty = strtod(last + 1, &end);
    if (strcmp(last, ", steady") == 0)
        duty = 100;
    else if (strcmp(end, " %") != 0 || !(duty >= 0 && duty <= 100))
        return;
    add_key(out, "duty");
    buf_printf(out, "%g", duty);
}

static void add_korean(struct buf *out, const char *text)
{
    struct buf room = {0};
    const char *korean = korean_of(&room, text);
    if (korean != NULL)
        add_text_member(out, "text_ko", korean);
    buf_close(&room);
}

/* Fields as events.jsonl calls them, and its text in Korean. */
static void add_other_members(struct buf *out, const struct event *e)
{
    char problem[900];
    add_text_member(out, "by", e->by);
    add_text_member(out, "where", e->where);
    add_text_member(out, "how", EVENT_HOWS[e->how]);
    add_text_member(out, "name", e->name);
    add_korean(out, e->text);
    add_numbers(out, e);
    if (e->kind == EVENT_CONNECT || e->kind == EVENT_LISTEN || e->kind == EVENT_CLOSE) {
        add_endpoint(out, "source", &e->from);
        add_endpoint(out, "destination", &e->to);
    }
    if (e->bytes.n > 0) {
        add_key(out, "bytes");
        buf_char(out, '"');
        buf_hex(out, e->bytes.p, e->bytes.n, false);
        buf_char(out, '"');
    }
    if (e->kind == EVENT_TIMER) {
        add_member(out, "limit_us", e->limit_us);
        add_member(out, "taken_us", e->taken_us);
    }
    if (e->kind == EVENT_FAULT)
        add_member(out, "times", e->times);
    if (e->kind == EVENT_PILOT)
        add_pilot(out, e);
    add_flags(out, e);
    if (e->problem != NULL)
        add_text_member(out, "problem", err_text(e->problem, problem, sizeof problem));
}

static void add_other(struct entries *s, const struct event *e, size_t frame)
{
    struct buf *out = &s->text;
    struct entry *entry = add_entry(s, e->us, frame);
    uint8_t role = e->from_role != FROM_NONE ? e->from_role : side_of(e->by);
    if (entry == NULL)
        return;
    add_quoted(out, "", EVENT_KINDS[e->kind]);
    buf_text(out, role == FROM_NONE ? ",-1" : role == FROM_SECC ? ",1" : ",0");
    buf_text(out, e->ok ? ",1," : ",0,");
    json_quote(e->text, strlen(e->text), out);
    buf_text(out, ",{");
    add_other_members(out, e);
    buf_char(out, '}');
    entry->n = out->n - entry->at;
}

/* ---- times ---- */

/* How long the side itself took, not how long it waited. */
static bool is_own_time(const struct event *e)
{
    return strstr(e->text, "_Performance_Time") != NULL;
}

/* Limits of the standards for the other side, as the tester measures them; how long the tester took
 * itself, and what a script sets for itself, is of no interest. */
static bool is_judging(const struct entries *s, const struct event *e)
{
    if (strcmp(e->text, "given by the script") == 0 || e->limit_us <= 0)
        return false;
    return s->judged == FROM_NONE || (side_of(e->by) != s->judged && !is_own_time(e));
}

static void add_timing(struct entries *s, const struct event *e, size_t frame, uint8_t next_of)
{
    void *timing = s->timing;
    if (!grow(&timing, s->timings, &s->timings_cap, sizeof *s->timing)) {
        s->failed = true;
        return;
    }
    s->timing = timing;
    s->timing[s->timings] =
        (struct timing){frame,       s->timings,  dictionary_name(s->dictionary, e->text),
                        e->taken_us, e->limit_us, next_of};
    s->timings++;
    if (next_of != FROM_NONE)
        s->waiting[next_of - FROM_EVCC]++;
}

/* The side has sent a frame: what it took for that has been told before. */
static void give_times(struct entries *s, uint8_t side, size_t frame)
{
    size_t *waiting = &s->waiting[side - FROM_EVCC];
    for (size_t i = s->timings; i-- > 0 && *waiting > 0;) {
        if (s->timing[i].next_of != side)
            continue;
        s->timing[i].frame = frame;
        s->timing[i].next_of = FROM_NONE;
        --*waiting;
    }
}

/* It belongs to the frame that its side has recorded last, unless it waited in vain for one; how
 * long the side took itself to the one that it sends next, unless that is there already. */
static void take_timer(struct entries *s, const struct event *e)
{
    uint8_t side = side_of(e->by);
    const struct recorded *last = side == FROM_NONE ? NULL : &s->last[side - FROM_EVCC];
    if (!is_judging(s, e))
        return;
    double share = 100.0 * (double)e->taken_us / (double)e->limit_us;
    if (share > s->worst)
        s->worst = share;
    bool was_in_vain = !e->ok && last != NULL && last->is_own && !is_own_time(e);
    if (last == NULL || !last->is_any || was_in_vain)
        add_other(s, e, NO_FRAME);
    else
        add_timing(s, e, last->frame, is_own_time(e) && !last->is_own ? side : FROM_NONE);
}

/* ---- events ---- */

static void take_frame(struct entries *s, const struct event *e)
{
    size_t frame = identify(s, e);
    uint8_t side = side_of(e->by);
    for (uint8_t role = FROM_EVCC; role <= FROM_SECC; role++) /* of a capture both have seen it */
        if (side == FROM_NONE || side == role)
            s->last[role - FROM_EVCC] = (struct recorded){frame, true, role == e->from_role};
    if (side != FROM_NONE && side == e->from_role)
        give_times(s, side, frame);
    if (e->is_echo)
        return;
    if (e->kind == EVENT_FRAME)
        add_frame(s, e, frame);
    else
        add_other(s, e, frame);
}

/* What the tester says of itself and of the device, and what our own device says of itself. */
static bool is_of_device(const struct entries *s, const struct event *e)
{
    return s->judged != FROM_NONE && side_of(e->by) == s->judged && e->kind != EVENT_FAULT;
}

/* Of a handshake the line says the most important. */
static void take_handshake(struct entries *s, const struct event *e)
{
    if (is_of_device(s, e))
        return;
    handshakes_add(&s->handshakes, s->dictionary, e);
    if (e->text[0] != '\0')
        add_other(s, e, NO_FRAME);
}

void entries_event(void *context, const struct event *e)
{
    struct entries *s = context;
    switch (e->kind) {
    case EVENT_FRAME:
    case EVENT_BYTES:
        take_frame(s, e);
        return;
    case EVENT_TIMER:
        take_timer(s, e);
        return;
    case EVENT_CONNECT:
    case EVENT_CLOSE:
    case EVENT_AFTER:
    case EVENT_PILOT: /* both sides have the same line, whoever has told it */
        if (!e->is_echo)
            add_other(s, e, NO_FRAME);
        return;
    case EVENT_WIRE:
    case EVENT_SECRET:
        return; /* of use in a capture only, and secret */
    case EVENT_TLS:
        take_handshake(s, e);
        return;
    case EVENT_LISTEN:
    case EVENT_LOSS:
    case EVENT_NETWORK:
    case EVENT_LOG:
    case EVENT_CHECK:
    case EVENT_VIOLATION:
    case EVENT_VERDICT:
    case EVENT_FAULT:
    case EVENT_RECORD:
        if (!is_of_device(s, e))
            add_other(s, e, NO_FRAME);
        return;
    }
}

/* ---- all of them ---- */

static int in_time(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->us != y->us)
        return x->us < y->us ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int by_frame(const void *a, const void *b)
{
    const struct timing *x = a, *y = b;
    if (x->frame != y->frame)
        return x->frame < y->frame ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

void entries_end(struct entries *s)
{
    handshakes_end(&s->handshakes, s->dictionary);
    if (s->n > 0)
        qsort(s->at, s->n, sizeof *s->at, in_time);
    s->entry_of = s->failed ? NULL : malloc((s->frames.n + 1) * sizeof *s->entry_of);
    if (s->entry_of == NULL) {
        s->failed = true;
        return;
    }
    for (size_t i = 0; i < s->frames.n; i++)
        s->entry_of[i] = NO_FRAME;
    for (size_t i = 0; i < s->n; i++)
        if (s->at[i].frame != NO_FRAME)
            s->entry_of[s->at[i].frame] = i;
    if (s->timings > 0)
        qsort(s->timing, s->timings, sizeof *s->timing, by_frame);
    for (size_t i = 0; i < s->timings; i++) {
        size_t entry = s->entry_of[s->timing[i].frame];
        if (entry == NO_FRAME)
            continue;
        if (s->at[entry].times_n++ == 0)
            s->at[entry].times = i;
    }
}

int64_t entries_begin(const struct entries *s)
{
    return s->n > 0 ? s->at[0].us : 0;
}

int64_t entries_last(const struct entries *s)
{
    return s->n > 0 ? s->at[s->n - 1].us : 0;
}

int64_t entries_find(const struct entries *s, uint64_t number)
{
    size_t from = 0, to = s->sightings;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (s->seen[middle].number < number)
            from = middle + 1;
        else
            to = middle;
    }
    if (from == s->sightings || s->seen[from].number != number || s->entry_of == NULL)
        return -1;
    size_t entry = s->entry_of[s->seen[from].frame];
    return entry == NO_FRAME ? -1 : (int64_t)entry;
}

void entries_set_protocol(const struct entries *s, json_t *planned)
{
    if (s->schema != NULL && s->schema->protocol != NULL)
        json_object_set_new(planned, "protocol", json_string(s->schema->protocol));
}

static void print_times(const struct entries *s, const struct entry *entry, struct buf *out)
{
    if (entry->times_n == 0) {
        buf_text(out, ",null");
        return;
    }
    for (size_t i = 0; i < entry->times_n; i++) {
        const struct timing *t = &s->timing[entry->times + i];
        buf_text(out, i == 0 ? ",[[" : ",[");
        buf_number(out, t->name);
        buf_char(out, ',');
        buf_signed(out, t->taken_us);
        buf_char(out, ',');
        buf_signed(out, t->limit_us);
        buf_char(out, ']');
    }
    buf_char(out, ']');
}

void entries_print(const struct entries *s, struct buf *out)
{
    buf_char(out, '[');
    for (size_t i = 0; i < s->n; i++) {
        const struct entry *entry = &s->at[i];
        buf_text(out, i == 0 ? "[" : ",[");
        buf_signed(out, entry->us - entries_begin(s));
        buf_char(out, ',');
        buf_add(out, s->text.p + entry->at, entry->n);
        if (entry->rest_n > 0) {
            print_times(s, entry, out);
            buf_add(out, s->text.p + entry->rest, entry->rest_n);
        }
        buf_char(out, ']');
    }
    buf_char(out, ']');
}
