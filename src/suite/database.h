/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of SQLite with tables of ours. Several processes may use one: who comes second waits, up
 * to 30 s. Every error names the file. Private to src/suite.
 */
#ifndef V2G_SUITE_DATABASE_H
#define V2G_SUITE_DATABASE_H

#include "base/err.h"

#include <sqlite3.h>
#include <stdbool.h>

struct database {
    sqlite3 *db;
    char path[512];
};

/* What a file holds: statements that make its tables where they are not there, and the version of
 * these, from 1. */
struct database_tables {
    const char *text;
    int version;
};

/* makes: the file, where there is none. All zero before; closed again where it fails. -1: it cannot
 * be opened, or a newer program has made it; e. */
int database_open(struct database *d, const char *path, bool makes,
                  const struct database_tables *tables, struct err *e);
/* All zero it is closed already. */
void database_close(struct database *d);

/* What SQLite says is wrong. Always -1. */
int database_failed(const struct database *d, struct err *e);

/* Runs statements that have no parameters. -1: e. */
int database_run(struct database *d, const char *text, struct err *e);
/* The end of what BEGIN began: keeps it, or undoes it where it went wrong (bad: -1). -1: e. */
int database_finish(struct database *d, int bad, struct err *e);

/* texts: its first n parameters, which are copied; a NULL stays NULL. NULL: e. */
sqlite3_stmt *database_prepare(struct database *d, const char *text, const char *const *texts,
                               int n, struct err *e);
void database_bind(sqlite3_stmt *s, const char *const *texts, int n);

/* These end s, and take one that could not be prepared (NULL; e says why). -1: e. */
int database_step(struct database *d, sqlite3_stmt *s, struct err *e);
/* Calls for each row of its answer. */
int database_each(struct database *d, sqlite3_stmt *s, void (*row)(void *to, sqlite3_stmt *s),
                  void *to, struct err *e);

/* Column i of the row, until the next one; "" for NULL. */
const char *database_text(sqlite3_stmt *s, int i);

#endif
