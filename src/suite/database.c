/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/database.h"

#include <stdio.h>

#define BUSY_MS 30000

int database_failed(const struct database *d, struct err *e)
{
    return err_set(e, "%s: %s", d->path, sqlite3_errmsg(d->db));
}

int database_run(struct database *d, const char *text, struct err *e)
{
    return sqlite3_exec(d->db, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : database_failed(d, e);
}

int database_finish(struct database *d, int bad, struct err *e)
{
    if (bad == 0)
        return database_run(d, "COMMIT", e);
    sqlite3_exec(d->db, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

/* ---- statements ---- */

void database_bind(sqlite3_stmt *s, const char *const *texts, int n)
{
    for (int i = 0; i < n; i++)
        sqlite3_bind_text(s, i + 1, texts[i], -1, SQLITE_TRANSIENT);
}

sqlite3_stmt *database_prepare(struct database *d, const char *text, const char *const *texts,
                               int n, struct err *e)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(d->db, text, -1, &s, NULL) != SQLITE_OK) {
        database_failed(d, e);
        return NULL;
    }
    database_bind(s, texts, n);
    return s;
}

int database_each(struct database *d, sqlite3_stmt *s, void (*row)(void *to, sqlite3_stmt *s),
                  void *to, struct err *e)
{
    int status = SQLITE_DONE;
    if (s == NULL)
        return -1;
    while ((status = sqlite3_step(s)) == SQLITE_ROW)
        row(to, s);
    int bad = status == SQLITE_DONE ? 0 : database_failed(d, e);
    sqlite3_finalize(s);
    return bad;
}

int database_step(struct database *d, sqlite3_stmt *s, struct err *e)
{
    if (s == NULL)
        return -1;
    int bad = sqlite3_step(s) == SQLITE_DONE ? 0 : database_failed(d, e);
    sqlite3_finalize(s);
    return bad;
}

const char *database_text(sqlite3_stmt *s, int i)
{
    const unsigned char *text = sqlite3_column_text(s, i);
    return text != NULL ? (const char *)text : "";
}

/* ---- opening ---- */

static void take_version(void *to, sqlite3_stmt *s)
{
    *(int *)to = sqlite3_column_int(s, 0);
}

static int make_tables(struct database *d, const struct database_tables *tables, struct err *e)
{
    char mark[64];
    int version = 0;
    sqlite3_stmt *s = database_prepare(d, "PRAGMA user_version", NULL, 0, e);
    if (database_each(d, s, take_version, &version, e) != 0)
        return -1;
    if (version > tables->version)
        return err_set(e, "%s: made by a newer v2glab (version %d of its tables, expected %d)",
                       d->path, version, tables->version);
    snprintf(mark, sizeof mark, "PRAGMA user_version = %d", tables->version);
    return database_run(d, tables->text, e) != 0 || database_run(d, mark, e) != 0 ? -1 : 0;
}

int database_open(struct database *d, const char *path, bool makes,
                  const struct database_tables *tables, struct err *e)
{
    int flags = SQLITE_OPEN_READWRITE | (makes ? SQLITE_OPEN_CREATE : 0);
    snprintf(d->path, sizeof d->path, "%s", path);
    int bad = sqlite3_open_v2(path, &d->db, flags, NULL) == SQLITE_OK ? 0 : database_failed(d, e);
    if (bad == 0) {
        sqlite3_busy_timeout(d->db, BUSY_MS);
        bad = make_tables(d, tables, e);
    }
    if (bad != 0)
        database_close(d);
    return bad;
}

void database_close(struct database *d)
{
    sqlite3_close(d->db);
    d->db = NULL;
}
