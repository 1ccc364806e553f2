/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `v2glab load` has found so far: how many sessions, how they ended, and how long the other
 * side took for each message. As text, as JSON and as OpenMetrics it is the same.
 */
#ifndef V2G_APP_LOAD_FIGURES_H
#define V2G_APP_LOAD_FIGURES_H

#include "app/load_expect.h"
#include "record/open_sessions.h"

#include <stdio.h>

#define REASONS_MOST 16 /* that are told apart */
#define REASON_SIZE 160

/* Of sessions that did not pass. */
struct load_reason {
    char text[REASON_SIZE];
    uint64_t n;
};

struct load_figures {
    double seconds; /* since it began */
    uint64_t came, held_back;
    uint64_t passed, failed, unclear; /* of those that have ended */
    uint64_t cut;                     /* were going on when all was ended */
    unsigned open, most; /* now; at most at any one time, of all threads, which is not merged */
    uint64_t lua;        /* octets that Lua has taken */
    unsigned recorded, unrecorded; /* failures that have a record; that could not be written */
    char lost[REASON_SIZE];        /* why not, the first of these */
    struct load_reason reason[REASONS_MOST];
    unsigned reasons;
    uint64_t other_reasons;
    struct turnaround *row[TURNAROUNDS_MOST]; /* FIGURES_CONNECT, FIGURES_SESSION, messages */
    unsigned rows;
};

/* From the time at which a vehicle is to come: until it has a connection, until its session is
 * over. */
#define FIGURES_CONNECT "connect"
#define FIGURES_SESSION "session"

void figures_clear(struct load_figures *f);
void figures_close(struct load_figures *f);

/* Adds what was found elsewhere. -1: out of memory. */
int figures_merge(struct load_figures *into, const struct load_figures *from);
int figures_merge_row(struct load_figures *into, const struct turnaround *from);

/* What differs from one session to the next (connection, milliseconds) is left out. */
void figures_add_reason(struct load_figures *f, const char *why, uint64_t n);

/* NULL: nothing of that name was measured. */
const struct turnaround *figures_row(const struct load_figures *f, const char *name);

static inline uint64_t figures_ended(const struct load_figures *f)
{
    return f->passed + f->failed + f->unclear;
}

/* Sessions that end, a second. */
static inline double figures_rate(const struct load_figures *f)
{
    return f->seconds > 0 ? (double)figures_ended(f) / f->seconds : 0;
}

/* One line, while it goes on, as wide as the terminal is. */
void figures_line(const struct load_figures *f, FILE *out);

/* All of it; expect: what was expected, judged already. */
void figures_text(const struct load_figures *f, const struct load_expectations *expect, FILE *out);
void figures_json(const struct load_figures *f, const struct load_expectations *expect, FILE *out);
void figures_metrics(const struct load_figures *f, const struct load_expectations *expect,
                     FILE *out);

#endif
