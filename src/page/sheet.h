/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report as one HTML page (docs/report-format.md), written while things happen: its head and plan
 * at once, then a block for each case as it ends, and nothing that is written is ever changed. What
 * a program that was killed has left is a page of all that was whole.
 */
#ifndef V2G_PAGE_SHEET_H
#define V2G_PAGE_SHEET_H

#include "page/entries.h"
#include "record/outlet.h"

#include <jansson.h>

#define SHEET_FORMAT 1 /* `v` of its meta */

struct sheet {
    struct outlet outlet;
    struct dictionary dictionary;
    struct buf json, packed;
    char path[640];
};

/* Before sheet_create. */
#define SHEET_INIT ((struct sheet){.outlet.fd = -1})

/* What the index of cases says of one without unpacking it. */
struct sheet_cause {
    const char *message, *what; /* what: a field, "time", "message", "way" */
    const char *expected, *found;
};

struct sheet_case {
    size_t number;               /* in the plan; 0: what belongs to no session */
    const char *verdict, *field; /* NULL: it has none, as in a capture */
    int64_t taken_us;
    const struct sheet_cause *cause; /* NULL: none */
    const struct entries *entries;   /* ended */
    const json_t *more;              /* an object: what else the block says */
};

/* Makes the page: its head, meta, plan. -1: e. */
int sheet_create(struct sheet *p, const char *path, const json_t *meta, const json_t *plan,
                 struct err *e);

/* Adds a block, and before it what its frames need of the dictionary. -1: not written; e. */
int sheet_add(struct sheet *p, const struct sheet_case *c, struct err *e);

/* Adds the end: all is there. end: an object. -1: e. */
int sheet_end(struct sheet *p, const json_t *end, struct err *e);

/* What was written stays. */
void sheet_close(struct sheet *p);

#endif
