/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A campaign on the terminal while it is played: a line for each case that ends and, where standard
 * error is a terminal, one line that tells how far it is and how long it will still take.
 */
#ifndef V2G_APP_PROGRESS_H
#define V2G_APP_PROGRESS_H

#include "suite/results.h"

struct progress {
    FILE *out;   /* the lines of cases */
    bool quiet;  /* only of those that did not pass */
    bool draws;  /* the one line, to stderr, */
    bool pauses; /* but not now: something else is shown there */
    bool is_drawn, is_real;
    size_t all, ended, failed;
    int64_t began_ms, ended_ms;  /* the campaign; the case that has ended last */
    int64_t waited_ms, waits_ms; /* those that have ended, and those that have not, by the plan */
    char running[120];           /* the case that began last */
};

/* cases: of the plan; is_real: what they wait for takes its time. */
void progress_open(struct progress *p, FILE *out, const json_t *cases, bool is_real, bool quiet);

/* A case begins. */
void progress_begin(struct progress *p, const char *id);

/* It has ended. */
void progress_end(struct progress *p, const struct result *r);

/* Takes the one line away, for what else is printed; draws it again. */
void progress_hide(struct progress *p);
void progress_show(struct progress *p);

#endif
