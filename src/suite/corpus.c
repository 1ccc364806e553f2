/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/corpus.h"

#include "suite/database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct corpus {
    struct database file;
};

static const struct database_tables TABLES = {
    "PRAGMA synchronous = NORMAL;"
    "CREATE TABLE IF NOT EXISTS identity (text TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS state (protocol TEXT NOT NULL, mode TEXT NOT NULL, given TEXT NOT "
    "NULL,"
    " PRIMARY KEY (protocol, mode, given)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS trial (number INTEGER PRIMARY KEY, protocol TEXT NOT NULL,"
    " mode TEXT NOT NULL, given TEXT NOT NULL, kind TEXT NOT NULL, message TEXT NOT NULL,"
    " about TEXT NOT NULL, reaction TEXT NOT NULL, defect TEXT, reached INTEGER NOT NULL,"
    " sent INTEGER NOT NULL, taken_us INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS fault (defect TEXT NOT NULL, protocol TEXT NOT NULL, kind TEXT NOT "
    "NULL,"
    " message TEXT NOT NULL, number INTEGER NOT NULL REFERENCES trial (number), times INTEGER NOT "
    "NULL,"
    " file TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (defect, protocol, kind, message))"
    " WITHOUT ROWID;",
    1,
};

/* ---- opening ---- */

static void take_text(void *to, sqlite3_stmt *s)
{
    snprintf(to, 512, "%s", database_text(s, 0));
}

static int check_identity(struct corpus *c, const char *identity, struct err *e)
{
    char known[512] = "";
    sqlite3_stmt *s = database_prepare(&c->file, "SELECT text FROM identity", NULL, 0, e);
    if (database_each(&c->file, s, take_text, known, e) != 0)
        return -1;
    if (known[0] == '\0') {
        s = database_prepare(&c->file, "INSERT INTO identity VALUES (?1)", &identity, 1, e);
        return database_step(&c->file, s, e);
    }
    if (strcmp(known, identity) != 0)
        return err_set(e,
                       "%s: made with other options; expected '%s', found '%s': say where the new "
                       "one is to be with -o",
                       c->file.path, known, identity);
    return 0;
}

struct corpus *corpus_open(const char *path, const char *identity, struct err *e)
{
    struct corpus *c = calloc(1, sizeof *c);
    if (c == NULL) {
        err_set(e, "out of memory");
        return NULL;
    }
    if (database_open(&c->file, path, true, &TABLES, e) == 0 && check_identity(c, identity, e) == 0)
        return c;
    corpus_close(c);
    return NULL;
}

void corpus_close(struct corpus *c)
{
    if (c == NULL)
        return;
    database_close(&c->file);
    free(c);
}

static void take_number(void *to, sqlite3_stmt *s)
{
    *(int64_t *)to = sqlite3_column_int64(s, 0);
}

int64_t corpus_next(struct corpus *c, struct err *e)
{
    int64_t next = 1;
    sqlite3_stmt *s =
        database_prepare(&c->file, "SELECT ifnull(max(number), 0) + 1 FROM trial", NULL, 0, e);
    return database_each(&c->file, s, take_number, &next, e) == 0 ? next : -1;
}

/* ---- adding ---- */

int corpus_add_state(struct corpus *c, const char *protocol, const char *mode, const char *given,
                     struct err *e)
{
    const char *const texts[] = {protocol, mode, given};
    sqlite3_stmt *s =
        database_prepare(&c->file, "INSERT OR IGNORE INTO state VALUES (?1, ?2, ?3)", texts, 3, e);
    return database_step(&c->file, s, e);
}

static int insert_trial(struct corpus *c, const struct corpus_trial *t, struct err *e)
{
    const char *const texts[] = {t->protocol, t->mode,  t->given,    t->kind,
                                 t->message,  t->about, t->reaction, t->defect};
    sqlite3_stmt *s = database_prepare(
        &c->file, "INSERT INTO trial VALUES (?9, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?10, ?11, ?12)",
        texts, 8, e);
    if (s == NULL)
        return -1;
    sqlite3_bind_int64(s, 9, t->number);
    sqlite3_bind_int(s, 10, t->is_reached);
    sqlite3_bind_int(s, 11, t->is_sent);
    sqlite3_bind_int64(s, 12, t->taken_us);
    return database_step(&c->file, s, e);
}

/* 1: there was none like it. */
static int count_fault(struct corpus *c, const struct corpus_trial *t, struct err *e)
{
    const char *const texts[] = {t->defect, t->protocol, t->kind, t->message};
    sqlite3_stmt *s =
        database_prepare(&c->file,
                         "UPDATE fault SET times = times + 1 WHERE defect = ?1 AND protocol = ?2"
                         " AND kind = ?3 AND message = ?4",
                         texts, 4, e);
    if (database_step(&c->file, s, e) != 0)
        return -1;
    if (sqlite3_changes(c->file.db) > 0)
        return 0;
    s = database_prepare(&c->file, "INSERT INTO fault VALUES (?1, ?2, ?3, ?4, ?5, 1, '', '')",
                         texts, 4, e);
    if (s != NULL)
        sqlite3_bind_int64(s, 5, t->number);
    return database_step(&c->file, s, e) == 0 ? 1 : -1;
}

int corpus_add(struct corpus *c, const struct corpus_trial *t, struct err *e)
{
    if (database_run(&c->file, "BEGIN IMMEDIATE", e) != 0)
        return -1;
    int is_new = 0, bad = insert_trial(c, t, e);
    if (bad == 0 && t->defect != NULL)
        is_new = count_fault(c, t, e);
    return database_finish(&c->file, is_new < 0 ? -1 : bad, e) == 0 ? is_new : -1;
}

int corpus_add_case(struct corpus *c, int64_t number, const char *file, const char *text,
                    struct err *e)
{
    const char *const texts[] = {file, text};
    sqlite3_stmt *s = database_prepare(
        &c->file, "UPDATE fault SET file = ?1, text = ?2 WHERE number = ?3", texts, 2, e);
    if (s != NULL)
        sqlite3_bind_int64(s, 3, number);
    return database_step(&c->file, s, e);
}

/* ---- asking ---- */

#define REACHED                                                                                    \
    " EXISTS (SELECT 1 FROM trial WHERE reached AND trial.protocol = state.protocol"               \
    " AND trial.mode = state.mode AND trial.given = state.given)"

static void take_counts(void *to, sqlite3_stmt *s)
{
    *(struct corpus_counts *)to = (struct corpus_counts){
        sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
        sqlite3_column_int64(s, 3), sqlite3_column_int64(s, 4), sqlite3_column_int64(s, 5),
        sqlite3_column_int64(s, 6)};
}

int corpus_count(struct corpus *c, struct corpus_counts *counts, struct err *e)
{
    sqlite3_stmt *s = database_prepare(
        &c->file,
        "SELECT count(*), ifnull(sum(reached), 0), ifnull(sum(sent), 0), count(defect),"
        " count(DISTINCT given || kind || message || reaction), (SELECT count(*) FROM state),"
        " (SELECT count(*) FROM state WHERE" REACHED ") FROM trial",
        NULL, 0, e);
    return database_each(&c->file, s, take_counts, counts, e);
}

struct told_fault {
    void (*call)(void *context, const struct corpus_trial *t, int64_t times, const char *file);
    void *context;
};

static void tell_fault(void *to, sqlite3_stmt *s)
{
    const struct told_fault *tell = to;
    struct corpus_trial t = {.number = sqlite3_column_int64(s, 0),
                             .protocol = database_text(s, 1),
                             .mode = database_text(s, 2),
                             .given = database_text(s, 3),
                             .kind = database_text(s, 4),
                             .message = database_text(s, 5),
                             .about = database_text(s, 6),
                             .reaction = database_text(s, 7),
                             .defect = database_text(s, 8),
                             .is_reached = true,
                             .is_sent = true};
    tell->call(tell->context, &t, sqlite3_column_int64(s, 9), database_text(s, 10));
}

int corpus_faults(struct corpus *c,
                  void (*call)(void *context, const struct corpus_trial *t, int64_t times,
                               const char *file),
                  void *context, struct err *e)
{
    struct told_fault tell = {call, context};
    sqlite3_stmt *s =
        database_prepare(&c->file,
                         "SELECT number, trial.protocol, mode, given, trial.kind, trial.message,"
                         " about, reaction, fault.defect, times, file FROM fault"
                         " JOIN trial USING (number) ORDER BY number",
                         NULL, 0, e);
    return database_each(&c->file, s, tell_fault, &tell, e);
}

struct told_coverage {
    void (*call)(void *context, const char *protocol, const char *mode, int64_t states,
                 int64_t reached, const char *others);
    void *context;
};

static void tell_coverage(void *to, sqlite3_stmt *s)
{
    const struct told_coverage *tell = to;
    tell->call(tell->context, database_text(s, 0), database_text(s, 1), sqlite3_column_int64(s, 2),
               sqlite3_column_int64(s, 3), database_text(s, 4));
}

int corpus_coverage(struct corpus *c,
                    void (*call)(void *context, const char *protocol, const char *mode,
                                 int64_t states, int64_t reached, const char *others),
                    void *context, struct err *e)
{
    struct told_coverage tell = {call, context};
    sqlite3_stmt *s =
        database_prepare(&c->file,
                         "SELECT protocol, mode, count(*), sum(is_reached),"
                         " group_concat(CASE WHEN is_reached THEN NULL ELSE given END, ' ') FROM"
                         " (SELECT *," REACHED " AS is_reached FROM state)"
                         " GROUP BY protocol, mode",
                         NULL, 0, e);
    return database_each(&c->file, s, tell_coverage, &tell, e);
}
