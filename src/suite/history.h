/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What campaigns have found over time, in a file of SQLite: a row for each run and one for each of
 * its results. Several processes may add to one file.
 */
#ifndef V2G_SUITE_HISTORY_H
#define V2G_SUITE_HISTORY_H

#include "suite/results.h"

struct history;

/* makes: the file, where there is none. NULL: e. */
struct history *history_open(const char *path, bool makes, struct err *e);
void history_close(struct history *h);

/* Adds a run; one that is there already is replaced. -1: e. */
int history_add(struct history *h, const struct results *r, struct err *e);

/* glob: names of cases, with * for any characters; NULL: all. since: "2026-11-28", or the begin of
 * it; NULL: ever. */
struct history_query {
    const char *glob, *since;
    const char *but; /* leaves out the run that started then; NULL: none */
    bool only_flaky;
};

#define HISTORY_LAST 20

/* A case over all its runs. */
struct history_case {
    const char *id;
    unsigned runs, passed;
    bool is_flaky; /* its verdict changed and changed back, or within a run */
    char last[HISTORY_LAST +
              1]; /* a letter a run, the newest at the right: P F I E, - not reached */
    int64_t median_us, slowest_us;
    const char *when; /* of the newest */
};

/* One of its runs. */
struct history_run {
    const char *id, *when, *verdict, *field, *cause, *folder;
    int64_t taken_us;
    unsigned round;
};

/* Calls for each, by name; how many there were, or -1: e. */
int history_cases(struct history *h, const struct history_query *q,
                  void (*call)(void *context, const struct history_case *c), void *context,
                  struct err *e);

/* The same for each result, case by case, the oldest first. */
int history_runs(struct history *h, const struct history_query *q,
                 void (*call)(void *context, const struct history_run *r), void *context,
                 struct err *e);

/* Sets `history` of the plan's cases: what they have done in all runs but the plan's own
 * (docs/report-format.md). -1: e. */
int history_mark(struct history *h, json_t *plan, struct err *e);

#endif
