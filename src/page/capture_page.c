/* SPDX-License-Identifier: Apache-2.0 */
#include "page/capture_page.h"

#include "page/source.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_TEXT 40

struct capture_session {
    struct capture_session *next;
    uint32_t number;
    struct entries entries;
    char id[ID_TEXT]; /* SessionID, hex */
    struct endpoint vehicle, station;
};

/* ---- events ---- */

static struct capture_session *session_of(struct capture_page *p, uint32_t number)
{
    struct capture_session *s = p->last != NULL && p->last->number == number ? p->last : p->first;
    while (s != NULL && s->number != number)
        s = s->next;
    if (s != NULL || (s = calloc(1, sizeof *s)) == NULL)
        return s;
    s->number = number;
    entries_open(&s->entries, &p->sheet.dictionary, FROM_NONE);
    if (p->last != NULL)
        p->last->next = s;
    else
        p->first = s;
    p->last = s;
    return s;
}

/* What is to be known of the session as a whole. */
static void note(struct capture_session *s, const struct event *e)
{
    if (e->kind == EVENT_CONNECT) {
        s->vehicle = e->from;
        s->station = e->to;
    }
    if (e->kind != EVENT_FRAME || e->message == NULL || event_is_datagram(e))
        return;
    const struct bytes *id = node_bytes(message_header(e->message), "SessionID");
    bool is_any = false;
    for (uint32_t i = 0; id != NULL && i < id->n; i++)
        is_any = is_any || id->p[i] != 0;
    for (uint32_t i = 0; is_any && i < id->n && i < ID_TEXT / 2 - 1; i++)
        snprintf(s->id + 2 * i, sizeof s->id - 2 * i, "%02X", id->p[i]);
}

/* Behind the times. */
static void add_event(void *context, const struct event *e)
{
    struct capture_page *p = context;
    struct capture_session *s = session_of(p, e->session);
    if (s == NULL) {
        p->failed = true;
        return;
    }
    note(s, e);
    entries_event(&s->entries, e);
}

void capture_page_open(struct capture_page *p, const struct times_limits *limits)
{
    *p = (struct capture_page){.sheet = SHEET_INIT};
    p->times = (struct times){.limits = limits, .next = add_event, .context = p};
}

void capture_page_event(void *context, const struct event *e)
{
    struct capture_page *p = context;
    times_event(&p->times, e);
}

void capture_page_close(struct capture_page *p)
{
    for (struct capture_session *s = p->first, *next; s != NULL; s = next) {
        next = s->next;
        entries_close(&s->entries);
        free(s);
    }
    times_close(&p->times);
    sheet_close(&p->sheet);
}

/* ---- the page ---- */

/* A case has the session's number in `decode`: 0 has what belongs to none, as of the modems. */
static json_t *case_of(const struct capture_session *s)
{
    char vehicle[ENDPOINT_TEXT], station[ENDPOINT_TEXT], text[3 * ENDPOINT_TEXT];
    json_t *one = json_object();
    snprintf(text, sizeof text, "session-%u", (unsigned)s->number);
    json_object_set_new(one, "number", json_integer((json_int_t)s->number));
    json_object_set_new(one, "id", json_string(text));
    entries_set_protocol(&s->entries, one);
    if (s->number == 0)
        json_object_set_new(one, "protocol", json_string("HomePlug"));
    if (s->id[0] != '\0')
        json_object_set_new(one, "session_id", json_string(s->id));
    if (s->station.port != 0) {
        snprintf(text, sizeof text, "%s -> %s", endpoint_text(&s->vehicle, vehicle, sizeof vehicle),
                 endpoint_text(&s->station, station, sizeof station));
        json_object_set_new(one, "about", json_string(text));
    }
    return one;
}

static json_t *plan_of(const struct capture_page *p)
{
    json_t *cases = json_array();
    for (const struct capture_session *s = p->first; s != NULL; s = s->next)
        json_array_append_new(cases, case_of(s));
    return json_pack("{s:{s:s}, s:o, s:[]}", "run", "version", V2G_VERSION, "cases", cases,
                     "skipped");
}

/* The capture itself, as the record of each session. */
static json_t *more_of(const struct capture_session *s, const char *path, const char *from)
{
    char folder[PATH_MAX], file[PATH_MAX];
    struct buf record = {0};
    snprintf(folder, sizeof folder, "%s", from);
    snprintf(file, sizeof file, "%s", from);
    source_relative(path, dirname(folder), &record);
    json_t *more = json_pack("{s:I, s:s, s:[s]}", "begin", (json_int_t)entries_begin(&s->entries),
                             "record", buf_string(&record), "files", basename(file));
    buf_close(&record);
    return more;
}

static int add_session(struct capture_page *p, struct capture_session *s, const char *path,
                       const char *from, struct err *e)
{
    json_t *more = more_of(s, path, from);
    struct sheet_case one = {.number = s->number,
                             .taken_us = entries_last(&s->entries) - entries_begin(&s->entries),
                             .entries = &s->entries,
                             .more = more};
    int bad = sheet_add(&p->sheet, &one, e);
    json_decref(more);
    return bad;
}

int capture_page_write(struct capture_page *p, const char *path, const char *from, struct err *e)
{
    json_t *plan = plan_of(p), *end = json_object();
    json_t *meta = json_pack("{s:i, s:s, s:s, s:s}", "v", SHEET_FORMAT, "kind", "capture", "tool",
                             "v2glab " V2G_VERSION, "title", from);
    int bad = p->failed ? err_set(e, "out of memory") : 0;
    if (bad == 0)
        bad = sheet_create(&p->sheet, path, meta, plan, e);
    for (struct capture_session *s = p->first; s != NULL && bad == 0; s = s->next) {
        entries_end(&s->entries);
        bad = add_session(p, s, path, from, e);
    }
    if (bad == 0)
        bad = sheet_end(&p->sheet, end, e);
    json_decref(plan);
    json_decref(meta);
    json_decref(end);
    return bad;
}
