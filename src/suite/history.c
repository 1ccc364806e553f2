/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/history.h"

#include "suite/database.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct history {
    struct database file;
};

static const struct database_tables TABLES = {
    "CREATE TABLE IF NOT EXISTS run (id INTEGER PRIMARY KEY, folder TEXT NOT NULL,"
    " started TEXT NOT NULL, version TEXT NOT NULL, facts TEXT NOT NULL, UNIQUE (folder, started));"
    "CREATE TABLE IF NOT EXISTS result (run INTEGER NOT NULL REFERENCES run (id), name TEXT NOT "
    "NULL,"
    " round INTEGER NOT NULL, verdict TEXT NOT NULL, field TEXT NOT NULL, cause TEXT NOT NULL,"
    " taken_us INTEGER NOT NULL, PRIMARY KEY (run, name, round)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS result_name ON result (name);",
    1,
};

struct history *history_open(const char *path, bool makes, struct err *e)
{
    struct history *h = calloc(1, sizeof *h);
    if (h == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    if (database_open(&h->file, path, makes, &TABLES, e) == 0)
        return h;
    free(h);
    return NULL;
}

void history_close(struct history *h)
{
    if (h == NULL)
        return;
    database_close(&h->file);
    free(h);
}

/* ---- adding ---- */

/* The rows of the run, if it is there, go; its own row is made anew. */
static int replace_run(struct history *h, const struct results *r, const char *folder,
                       struct err *e)
{
    static const struct {
        const char *text;
        int n; /* parameters */
    } DOING[] = {
        {"DELETE FROM result WHERE run IN"
         " (SELECT id FROM run WHERE folder = ?1 AND started = ?2)",
         2},
        {"DELETE FROM run WHERE folder = ?1 AND started = ?2", 2},
        {"INSERT INTO run (folder, started, version, facts) VALUES (?1, ?2, ?3, ?4)", 4},
    };
    int bad = 0;
    char *facts = json_dumps(r->run, JSON_COMPACT);
    const char *const texts[] = {folder, results_text(r->run, "started"),
                                 results_text(r->run, "version"), facts != NULL ? facts : "{}"};
    for (size_t i = 0; i < sizeof DOING / sizeof *DOING && bad == 0; i++)
        bad = database_step(&h->file,
                            database_prepare(&h->file, DOING[i].text, texts, DOING[i].n, e), e);
    free(facts);
    return bad;
}

static int add_results(struct history *h, const struct results *r, struct err *e)
{
    struct buf cause = {0};
    sqlite3_int64 run = sqlite3_last_insert_rowid(h->file.db);
    sqlite3_stmt *s = database_prepare(
        &h->file, "INSERT OR REPLACE INTO result VALUES (?5, ?1, ?6, ?2, ?3, ?4, ?7)", NULL, 0, e);
    int bad = s != NULL ? 0 : -1;
    for (size_t i = 0; i < r->n && bad == 0; i++) {
        const struct result *one = &r->at[i];
        if (one->said == NULL)
            continue;
        const char *const texts[] = {one->id, outcome_name(one->verdict), outcome_name(one->field),
                                     result_cause(one, &cause)};
        database_bind(s, texts, 4);
        sqlite3_bind_int64(s, 5, run);
        sqlite3_bind_int64(s, 6, one->round);
        sqlite3_bind_int64(s, 7, one->taken_us);
        if (sqlite3_step(s) != SQLITE_DONE)
            bad = database_failed(&h->file, e);
        sqlite3_reset(s);
    }
    buf_close(&cause);
    sqlite3_finalize(s);
    return bad;
}

int history_add(struct history *h, const struct results *r, struct err *e)
{
    char *folder = realpath(r->folder, NULL);
    int bad = database_run(&h->file, "BEGIN IMMEDIATE", e);
    if (bad != 0) {
        free(folder);
        return -1;
    }
    bad = replace_run(h, r, folder != NULL ? folder : r->folder, e);
    if (bad == 0)
        bad = add_results(h, r, e);
    free(folder);
    return database_finish(&h->file, bad, e);
}

/* ---- asking ---- */

static const char QUESTION[] =
    "SELECT name, started, verdict, field, cause, folder, taken_us, round, run.id FROM result"
    " JOIN run ON run.id = result.run WHERE name GLOB ?1 AND started >= ?2"
    " AND started <> ?3"
    " ORDER BY name, started, run.id, round";

static int ask(struct history *h, const struct history_query *q,
               void (*row)(void *to, sqlite3_stmt *s), void *to, struct err *e)
{
    struct buf glob = {0};
    for (const char *p = q->glob != NULL ? q->glob : "*"; *p != '\0'; p++) {
        if (*p == '[') /* only * and ? are special */
            buf_text(&glob, "[[]");
        else
            buf_char(&glob, *p);
    }
    const char *const texts[] = {buf_string(&glob), q->since != NULL ? q->since : "",
                                 q->but != NULL ? q->but : ""};
    sqlite3_stmt *s = database_prepare(&h->file, QUESTION, texts, 3, e);
    buf_close(&glob);
    return database_each(&h->file, s, row, to, e);
}

struct telling {
    void (*call)(void *context, const struct history_run *r);
    void *context;
    int told;
};

static void tell_run(void *to, sqlite3_stmt *s)
{
    struct telling *tell = to;
    struct history_run r = {.id = database_text(s, 0),
                            .when = database_text(s, 1),
                            .verdict = database_text(s, 2),
                            .field = database_text(s, 3),
                            .cause = database_text(s, 4),
                            .folder = database_text(s, 5),
                            .taken_us = sqlite3_column_int64(s, 6),
                            .round = (unsigned)sqlite3_column_int(s, 7)};
    tell->call(tell->context, &r);
    tell->told++;
}

int history_runs(struct history *h, const struct history_query *q,
                 void (*call)(void *context, const struct history_run *r), void *context,
                 struct err *e)
{
    struct telling tell = {call, context, 0};
    return ask(h, q, tell_run, &tell, e) == 0 ? tell.told : -1;
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

static void take(void *to, sqlite3_stmt *s)
{
    struct gathering *g = to;
    int64_t us = sqlite3_column_int64(s, 6);
    sqlite3_int64 run = sqlite3_column_int64(s, 8);
    char letter = (char)toupper((unsigned char)*database_text(s, 2));
    if (strcmp(buf_string(&g->id), database_text(s, 0)) != 0)
        tell(g, database_text(s, 0));
    if (g->letters.n > 0 && (char)g->letters.p[g->letters.n - 1] != letter) {
        g->changes++;
        g->changes_in_run += run == g->run;
    }
    g->run = run;
    buf_char(&g->letters, letter);
    buf_add(&g->times, &us, sizeof us);
    buf_clear(&g->when);
    buf_text(&g->when, database_text(s, 1));
    g->c.runs++;
    g->c.passed += letter == 'P';
}

int history_cases(struct history *h, const struct history_query *q,
                  void (*call)(void *context, const struct history_case *c), void *context,
                  struct err *e)
{
    struct gathering g = {.only_flaky = q->only_flaky, .call = call, .context = context};
    int bad = ask(h, q, take, &g, e);
    tell(&g, "");
    buf_close(&g.id);
    buf_close(&g.when);
    buf_close(&g.times);
    buf_close(&g.letters);
    return bad == 0 ? g.told : -1;
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
