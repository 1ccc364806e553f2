/* SPDX-License-Identifier: Apache-2.0 */
#include "page/run_page.h"

#include "page/korean.h"
#include "page/source.h"
#include "record/record_folder.h"
#include "record/record_read.h"
#include "suite/again.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- a case ---- */

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(object, key, json_string(text));
}

static void set_copy(json_t *to, const char *key, const json_t *from)
{
    const json_t *value = json_object_get(from, key);
    if (value != NULL)
        json_object_set(to, key, (json_t *)(uintptr_t)value);
}

static bool ends_with(const char *text, size_t n, const char *end)
{
    size_t m = strlen(end);
    return n > m && memcmp(text + n - m, end, m) == 0;
}

/* How long the name of the one message is that the expectation begins with; 0: it begins with none,
 * or is content with others, too. */
static size_t message_name(const char *expected)
{
    size_t n = strspn(expected, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    bool is_message = ends_with(expected, n, "Req") || ends_with(expected, n, "Res");
    return is_message && strstr(expected, ", or ") == NULL ? n : 0;
}

/* Which message, and what of it: "PreChargeRes: time", "PowerDeliveryRes.ResponseCode"; of one that
 * is about none the kind of the step. */
static void read_cause(const struct result *r, struct sheet_cause *c, struct buf *message)
{
    const char *path = results_text(r->step, "path"), *kind = results_text(r->step, "kind");
    size_t n = strcspn(path, ".:");
    const char *rest = path + n + strspn(path + n, ".: ");
    if (n > 0)
        buf_add(message, path, n);
    else if (strcmp(kind, "end") == 0 || strcmp(kind, "connection") == 0)
        buf_text(message, "TCP");
    else
        buf_add(message, r->expected, message_name(r->expected));
    *c = (struct sheet_cause){.message = buf_string(message),
                              .what = strcmp(kind, "given") == 0 ? "way"
                                      : *rest != '\0'            ? rest
                                      : message->n > 0           ? "message"
                                                                 : kind,
                              .expected = r->expected,
                              .found = r->found[0] != '\0' ? r->found : r->reason};
}

/* In the page's time. */
static json_t *since_begin(const struct entries *s, const json_t *us)
{
    uint64_t at = (uint64_t)json_integer_value(us);
    return json_integer((json_int_t)(at - (uint64_t)entries_begin(s)));
}

/* The steps as results.jsonl has them, but with the entries of the page, and its time. */
static json_t *steps_of(const struct result *r, const struct entries *s)
{
    static const char *const TOLD[] = {"expected", "found", "tolerated", "advice", NULL};
    json_t *steps = json_deep_copy(json_object_get(r->said, "steps")), *step;
    size_t i;
    json_array_foreach(steps, i, step)
    {
        const json_t *frame = json_object_get(step, "frame"), *us = json_object_get(step, "us");
        int64_t entry = frame == NULL ? -1 : entries_find(s, (uint64_t)json_integer_value(frame));
        if (entry >= 0)
            json_object_set_new(step, "entry", json_integer(entry));
        if (us != NULL)
            json_object_set_new(step, "us", since_begin(s, us));
        json_object_del(step, "frame");
        json_object_del(step, "negations");
        korean_beside(step, TOLD);
    }
    return steps != NULL ? steps : json_array();
}

/* Likewise; NULL: none were played. */
static json_t *mutants_of(const struct result *r)
{
    static const char *const NAME[] = {"text", NULL}, *const REASON[] = {"reason", NULL};
    json_t *mutants = json_deep_copy(json_object_get(r->said, "mutants")), *mutant;
    size_t i;
    json_array_foreach(mutants, i, mutant)
    {
        korean_beside(json_object_get(mutant, "mutation"), NAME);
        korean_beside(mutant, REASON);
    }
    return mutants;
}

/* Which files the record has. */
static json_t *files_in(const char *record)
{
    static const char *const FILES[] = {RECORD_PACKETS, RECORD_PACKETS ".gz",
                                        RECORD_EVENTS,  RECORD_EVENTS ".gz",
                                        RECORD_COMPACT, RECORD_COMPACT ".gz"};
    json_t *files = json_array();
    char path[1100];
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", record, FILES[i]);
        if (access(path, F_OK) == 0)
            json_array_append_new(files, json_string(FILES[i]));
    }
    return files;
}

/* Where the record is, seen from the page, and what is there. */
static void set_record(json_t *more, const char *page, const char *record)
{
    struct buf text = {0};
    source_relative(page, record, &text);
    set_text(more, "record", buf_string(&text));
    json_object_set_new(more, "files", files_in(record));
    buf_close(&text);
}

static void set_problem(json_t *more, const struct err *problem)
{
    char text[900];
    if (problem->set)
        set_text(more, "problem", err_text(problem, text, sizeof text));
}

static json_t *more_of(const struct run_page *p, const struct result *r, const struct entries *s,
                       const char *record, const struct err *problem)
{
    struct buf text = {0};
    const json_t *run = json_object_get(p->plan, "run");
    json_t *more = json_object(), *source = source_of(run, r->planned), *mutants = mutants_of(r);
    static const char *const REASON[] = {"reason", NULL};
    json_object_set_new(more, "begin", json_integer(entries_begin(s)));
    json_object_set_new(more, "steps", steps_of(r, s));
    set_text(more, "reason", r->reason);
    korean_beside(more, REASON);
    if (record != NULL && *results_text(r->said, "record") != '\0')
        set_record(more, p->sheet.path, record);
    set_problem(more, problem);
    buf_text(&text, "v2glab test");
    again_arguments(run, r->id, &text);
    set_text(more, "command", buf_string(&text));
    if (source != NULL)
        json_object_set_new(more, "source", source);
    if (mutants != NULL)
        json_object_set_new(more, "mutants", mutants);
    set_copy(more, "faults", r->said);
    buf_close(&text);
    return more;
}

/* The folder of the case's record that stays; NULL: it has none. */
static const char *record_of(const struct run_page *p, const struct result *r, char *path,
                             size_t size)
{
    const char *record = results_text(r->said, "record");
    if (record[0] == '\0')
        return NULL;
    if (record[0] == '/')
        snprintf(path, size, "%s", record);
    else
        snprintf(path, size, "%s/%s", p->folder, record);
    return path;
}

int run_page_add(struct run_page *p, const struct result *r, const char *record, struct err *e)
{
    struct entries entries;
    struct sheet_cause cause;
    struct err problem = ERR_INIT;
    struct buf message = {0};
    bool has_cause = r->verdict != OUTCOME_PASS && r->step != NULL;
    entries_open(&entries, &p->sheet.dictionary,
                 strcmp(r->sut, "EVCC") == 0 ? FROM_EVCC : FROM_SECC);
    if (record != NULL)
        record_read(record, false, p->library, entries_event, &entries, &problem);
    entries_end(&entries);
    if (has_cause)
        read_cause(r, &cause, &message);
    json_t *more = more_of(p, r, &entries, record, &problem);
    struct sheet_case one = {.number = r->number,
                             .verdict = outcome_name(r->verdict),
                             .field = outcome_name(r->field),
                             .taken_us = r->taken_us,
                             .cause = has_cause ? &cause : NULL,
                             .entries = &entries,
                             .more = more};
    int bad = sheet_add(&p->sheet, &one, e);
    json_decref(more);
    entries_close(&entries);
    buf_close(&message);
    return bad;
}

/* ---- the page ---- */

static json_t *meta_of(const char *kind, const json_t *run)
{
    json_t *meta = json_object();
    json_object_set_new(meta, "v", json_integer(SHEET_FORMAT));
    set_text(meta, "kind", kind);
    set_text(meta, "tool", "v2glab " V2G_VERSION);
    if (run != NULL)
        json_object_update_missing(meta, (json_t *)(uintptr_t)run);
    json_object_del(meta, "merged");
    return meta;
}

int run_page_open(struct run_page *p, const char *path, const char *folder, const json_t *plan,
                  struct library *l, struct err *e)
{
    *p = (struct run_page){.library = l, .plan = plan, .sheet = SHEET_INIT};
    snprintf(p->folder, sizeof p->folder, "%s", folder);
    json_t *meta = meta_of("run", json_object_get(plan, "run"));
    int bad = sheet_create(&p->sheet, path, meta, plan, e);
    json_decref(meta);
    return bad;
}

int run_page_close(struct run_page *p, bool is_whole, struct err *e)
{
    char now_text[40];
    time_t now = time(NULL);
    struct tm utc;
    strftime(now_text, sizeof now_text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    json_t *end = json_pack("{s:s}", "ended", now_text);
    int bad = is_whole ? sheet_end(&p->sheet, end, e) : 0;
    json_decref(end);
    sheet_close(&p->sheet);
    return bad;
}

int run_page_write(const struct results *r, const json_t *plan, const char *path, struct library *l,
                   struct err *e)
{
    struct run_page p;
    char record[1024];
    int bad = run_page_open(&p, path, r->folder, plan != NULL ? plan : r->plan, l, e);
    for (size_t i = 0; i < r->n && bad == 0; i++)
        if (r->at[i].said != NULL)
            bad = run_page_add(&p, &r->at[i], record_of(&p, &r->at[i], record, sizeof record), e);
    bool is_whole = bad == 0 && r->verdicts[OUTCOME_NOT_REACHED] == 0;
    return run_page_close(&p, is_whole, e) == 0 ? bad : -1;
}

/* ---- a session ---- */

/* A plan of one case, which stands for the record. */
static json_t *plan_of_session(const char *folder, const struct entries *s)
{
    const char *name = strrchr(folder, '/');
    json_t *one = json_pack("{s:i, s:s}", "number", 1, "id",
                            name != NULL && name[1] != '\0' ? name + 1 : folder);
    entries_set_protocol(s, one);
    return json_pack("{s:{s:s}, s:[o], s:[]}", "run", "version", V2G_VERSION, "cases", one,
                     "skipped");
}

int session_page_write(const char *folder, const char *path, const json_t *diff, struct library *l,
                       struct err *e)
{
    struct sheet sheet = SHEET_INIT;
    struct entries entries;
    entries_open(&entries, &sheet.dictionary, FROM_NONE);
    struct err problem = ERR_INIT;
    record_read(folder, false, l, entries_event, &entries, &problem);
    entries_end(&entries);
    json_t *plan = plan_of_session(folder, &entries), *meta = meta_of("session", NULL);
    int bad = problem.set && entries.n == 0 ? err_set(e, "%s", problem.what) : 0;
    if (bad == 0)
        bad = sheet_create(&sheet, path, meta, plan, e);
    json_t *more = json_object(), *end = json_object();
    json_object_set_new(more, "begin", json_integer(entries_begin(&entries)));
    set_record(more, path, folder);
    if (diff != NULL)
        json_object_set(more, "diff", (json_t *)(uintptr_t)diff);
    set_problem(more, &problem);
    struct sheet_case one = {.number = 1,
                             .taken_us = entries_last(&entries) - entries_begin(&entries),
                             .entries = &entries,
                             .more = more};
    if (bad == 0)
        bad = sheet_add(&sheet, &one, e);
    if (bad == 0)
        bad = sheet_end(&sheet, end, e);
    json_decref(more);
    json_decref(end);
    json_decref(plan);
    json_decref(meta);
    entries_close(&entries);
    sheet_close(&sheet);
    return bad;
}
