/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/history.h"

#include <ctype.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_MS 30000
#define VERSION 1

struct history {
    sqlite3 *db;
    char path[512];
};

static const char SCHEMA[] =
    "CREATE TABLE IF NOT EXISTS run (id INTEGER PRIMARY KEY, folder TEXT NOT NULL,"
    " started TEXT NOT NULL, version TEXT NOT NULL, facts TEXT NOT NULL, UNIQUE (folder, started));"
    "CREATE TABLE IF NOT EXISTS result (run INTEGER NOT NULL REFERENCES run (id), name TEXT NOT "
    "NULL,"
    " round INTEGER NOT NULL, verdict TEXT NOT NULL, field TEXT NOT NULL, cause TEXT NOT NULL,"
    " taken_us INTEGER NOT NULL, PRIMARY KEY (run, name, round)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS result_name ON result (name);"
    "PRAGMA user_version = 1;";

static int failed(const struct history *h, struct err *e)
{
    return err_set(e, "%s: %s", h->path, sqlite3_errmsg(h->db));
}

static int run_text(struct history *h, const char *text, struct err *e)
{
    return sqlite3_exec(h->db, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(h, e);
}

static int version_of(struct history *h, struct err *e)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(h->db, "PRAGMA user_version", -1, &s, NULL) != SQLITE_OK)
        return failed(h, e);
    int version = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int(s, 0) : -1;
    sqlite3_finalize(s);
    return version >= 0 ? version : failed(h, e);
}

struct history *history_open(const char *path, bool makes, struct err *e)
{
    struct history *h = calloc(1, sizeof *h);
    if (h == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    snprintf(h->path, sizeof h->path, "%s", path);
    int flags = SQLITE_OPEN_READWRITE | (makes ? SQLITE_OPEN_CREATE : 0);
    int bad = sqlite3_open_v2(path, &h->db, flags, NULL) == SQLITE_OK ? 0 : failed(h, e);
    if (bad == 0) {
        sqlite3_busy_timeout(h->db, BUSY_MS);
        int version = version_of(h, e);
        if (version > VERSION)
            bad = err_set(e, "%s: made by a newer v2glab (version %d of its tables, expected %d)",
                          path, version, VERSION);
        else
            bad = version < 0 || run_text(h, SCHEMA, e) != 0 ? -1 : 0;
    }
    if (bad == 0)
        return h;
    history_close(h);
    return NULL;
}

void history_close(struct history *h)
{
    if (h == NULL)
        return;
    sqlite3_close(h->db);
    free(h);
}

/* ---- adding ---- */

static void bind(sqlite3_stmt *s, int at, const char *text)
{
    sqlite3_bind_text(s, at, text, -1, SQLITE_TRANSIENT);
}

/* Runs it once; s is gone. */
static int step_once(struct history *h, sqlite3_stmt *s, struct err *e)
{
    int bad = sqlite3_step(s) == SQLITE_DONE ? 0 : failed(h, e);
    sqlite3_finalize(s);
    return bad;
}

/* The rows of the run, if it is there, go; its own row is made anew. */
static int replace_run(struct history *h, const struct results *r, const char *folder,
                       struct err *e)
{
    static const char *const TEXT[] = {
        "DELETE FROM result WHERE run IN (SELECT id FROM run WHERE folder = ?1 AND started = ?2)",
        "DELETE FROM run WHERE folder = ?1 AND started = ?2",
        "INSERT INTO run (folder, started, version, facts) VALUES (?1, ?2, ?3, ?4)",
    };
    int bad = 0;
    char *facts = json_dumps(r->run, JSON_COMPACT);
    for (size_t i = 0; i < sizeof TEXT / sizeof *TEXT && bad == 0; i++) {
        sqlite3_stmt *s;
        if (sqlite3_prepare_v2(h->db, TEXT[i], -1, &s, NULL) != SQLITE_OK) {
            bad = failed(h, e);
            break;
        }
        bind(s, 1, folder);
        bind(s, 2, results_text(r->run, "started"));
        if (i == 2) {
            bind(s, 3, results_text(r->run, "version"));
            bind(s, 4, facts != NULL ? facts : "{}");
        }
        bad = step_once(h, s, e);
    }
    free(facts);
    return bad;
}

static int add_results(struct history *h, const struct results *r, struct err *e)
{
    sqlite3_stmt *s;
    struct buf cause = {0};
    sqlite3_int64 run = sqlite3_last_insert_rowid(h->db);
    if (sqlite3_prepare_v2(h->db, "INSERT OR REPLACE INTO result VALUES (?, ?, ?, ?, ?, ?, ?)", -1,
                           &s, NULL) != SQLITE_OK)
        return failed(h, e);
    int bad = 0;
    for (size_t i = 0; i < r->n && bad == 0; i++) {
        const struct result *one = &r->at[i];
        if (one->said == NULL)
            continue;
        sqlite3_bind_int64(s, 1, run);
        bind(s, 2, one->id);
        sqlite3_bind_int64(s, 3, one->round);
        bind(s, 4, outcome_name(one->verdict));
        bind(s, 5, outcome_name(one->field));
        bind(s, 6, result_cause(one, &cause));
        sqlite3_bind_int64(s, 7, one->taken_us);
        if (sqlite3_step(s) != SQLITE_DONE)
            bad = failed(h, e);
        sqlite3_reset(s);
    }
    buf_close(&cause);
    sqlite3_finalize(s);
    return bad;
}

int history_add(struct history *h, const struct results *r, struct err *e)
{
    char *folder = realpath(r->folder, NULL);
    int bad = run_text(h, "BEGIN IMMEDIATE", e);
    if (bad != 0) {
        free(folder);
        return -1;
    }
    bad = replace_run(h, r, folder != NULL ? folder : r->folder, e);
    if (bad == 0)
        bad = add_results(h, r, e);
    free(folder);
    if (bad == 0)
        return run_text(h, "COMMIT", e);
    sqlite3_exec(h->db, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

/* ---- asking ---- */

static const char QUESTION[] =
    "SELECT name, started, verdict, field, cause, folder, taken_us, round, run.id FROM result"
    " JOIN run ON run.id = result.run WHERE name GLOB ?1 AND started >= ?2"
    " AND started <> ?3"
    " ORDER BY name, started, run.id, round";

static sqlite3_stmt *ask(struct history *h, const struct history_query *q, struct err *e)
{
    sqlite3_stmt *s;
    struct buf glob = {0};
    if (sqlite3_prepare_v2(h->db, QUESTION, -1, &s, NULL) != SQLITE_OK) {
        failed(h, e);
        return NULL;
    }
    for (const char *p = q->glob != NULL ? q->glob : "*"; *p != '\0'; p++) {
        if (*p == '[') /* only * and ? are special */
            buf_text(&glob, "[[]");
        else
            buf_char(&glob, *p);
    }
    bind(s, 1, buf_string(&glob));
    bind(s, 2, q->since != NULL ? q->since : "");
    bind(s, 3, q->but != NULL ? q->but : "");
    buf_close(&glob);
    return s;
}

static const char *column(sqlite3_stmt *s, int i)
{
    const unsigned char *text = sqlite3_column_text(s, i);
    return text != NULL ? (const char *)text : "";
}

int history_runs(struct history *h, const struct history_query *q,
                 void (*call)(void *context, const struct history_run *r), void *context,
                 struct err *e)
{
    sqlite3_stmt *s = ask(h, q, e);
    int n = 0, status;
    if (s == NULL)
        return -1;
    while ((status = sqlite3_step(s)) == SQLITE_ROW) {
        struct history_run r = {.id = column(s, 0),
                                .when = column(s, 1),
                                .verdict = column(s, 2),
                                .field = column(s, 3),
                                .cause = column(s, 4),
                                .folder = column(s, 5),
                                .taken_us = sqlite3_column_int64(s, 6),
                                .round = (unsigned)sqlite3_column_int(s, 7)};
        call(context, &r);
        n++;
    }
    if (status != SQLITE_DONE)
        n = failed(h, e);
    sqlite3_finalize(s);
    return n;
}

/* ---- a case over its runs ---- */

struct gathering {
    struct history_case c;
    struct buf id, when, times, letters;
    unsigned changes, changes_in_run;
    sqlite3_int64 run;
    bool only_flaky;
    int told;
    void (*call)(void *context, const struct history_case *c);
    void *context;
};

static int by_time(const void *a, const void *b)
{
    int64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

static void take(struct gathering *g, sqlite3_stmt *s)
{
    int64_t us = sqlite3_column_int64(s, 6);
    sqlite3_int64 run = sqlite3_column_int64(s, 8);
    char letter = (char)toupper((unsigned char)*column(s, 2));
    if (g->letters.n > 0 && (char)g->letters.p[g->letters.n - 1] != letter) {
        g->changes++;
        g->changes_in_run += run == g->run;
    }
    g->run = run;
    buf_char(&g->letters, letter);
    buf_add(&g->times, &us, sizeof us);
    buf_clear(&g->when);
    buf_text(&g->when, column(s, 1));
    g->c.runs++;
    g->c.passed += letter == 'P';
}

/* Tells of the case that was gathered, and begins another. */
static void tell(struct gathering *g, const char *next)
{
    struct history_case *c = &g->c;
    size_t n = g->times.n / sizeof(int64_t);
    c->is_flaky = g->changes > 1 || g->changes_in_run > 0;
    if (n > 0 && (c->is_flaky || !g->only_flaky)) {
        size_t last = g->letters.n < HISTORY_LAST ? g->letters.n : HISTORY_LAST;
        memcpy(c->last, g->letters.p + g->letters.n - last, last);
        c->last[last] = '\0';
        qsort(g->times.p, n, sizeof(int64_t), by_time);
        memcpy(&c->median_us, g->times.p + n / 2 * sizeof(int64_t), sizeof(int64_t));
        memcpy(&c->slowest_us, g->times.p + (n - 1) * sizeof(int64_t), sizeof(int64_t));
        c->id = buf_string(&g->id);
        c->when = buf_string(&g->when);
        g->call(g->context, c);
        g->told++;
    }
    g->changes = g->changes_in_run = 0;
    *c = (struct history_case){.runs = 0};
    buf_clear(&g->times);
    buf_clear(&g->letters);
    buf_clear(&g->id);
    buf_text(&g->id, next);
}

int history_cases(struct history *h, const struct history_query *q,
                  void (*call)(void *context, const struct history_case *c), void *context,
                  struct err *e)
{
    struct gathering g = {.only_flaky = q->only_flaky, .call = call, .context = context};
    sqlite3_stmt *s = ask(h, q, e);
    int status;
    if (s == NULL)
        return -1;
    while ((status = sqlite3_step(s)) == SQLITE_ROW) {
        if (strcmp(buf_string(&g.id), column(s, 0)) != 0)
            tell(&g, column(s, 0));
        take(&g, s);
    }
    tell(&g, "");
    if (status != SQLITE_DONE)
        g.told = failed(h, e);
    sqlite3_finalize(s);
    buf_close(&g.id);
    buf_close(&g.when);
    buf_close(&g.times);
    buf_close(&g.letters);
    return g.told;
}

/* ---- beside a plan ---- */

struct marking {
    json_t *by_id; /* what the history says of each case */
    bool failed;
};

static void mark_case(void *context, const struct history_case *c)
{
    struct marking *m = context;
    json_t *one = json_pack("{s:i, s:i, s:s, s:b}", "runs", (int)c->runs, "passed", (int)c->passed,
                            "last", c->last, "flaky", (int)c->is_flaky);
    m->failed = one == NULL || json_object_set_new(m->by_id, c->id, one) != 0 || m->failed;
}

int history_mark(struct history *h, json_t *plan, struct err *e)
{
    struct marking m = {.by_id = json_object()};
    struct history_query all = {.but = results_text(json_object_get(plan, "run"), "started")};
    size_t i;
    json_t *planned;
    int n = history_cases(h, &all, mark_case, &m, e);
    json_array_foreach(json_object_get(plan, "cases"), i, planned)
    {
        json_t *one = json_object_get(m.by_id, results_text(planned, "id"));
        if (one != NULL && json_object_set(planned, "history", one) != 0)
            m.failed = true;
    }
    json_decref(m.by_id);
    if (m.failed)
        return err_set(e, "out of memory");
    return n < 0 ? -1 : 0;
}
