/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page of a run of `v2glab test`: a block for each case that has a result, made from its line
 * (docs/results.md) and its record (docs/events.md). Of a session of its own, too.
 */
#ifndef V2G_PAGE_RUN_PAGE_H
#define V2G_PAGE_RUN_PAGE_H

#include "page/sheet.h"
#include "schema/library.h"
#include "suite/results.h"

struct run_page {
    struct sheet sheet;
    struct library *library;
    const json_t *plan;
    char folder[512]; /* of the run */
};

/* Makes the page at path; plan: that of the run in `folder`. Both outlive it. -1: e. */
int run_page_open(struct run_page *p, const char *path, const char *folder, const json_t *plan,
                  struct library *l, struct err *e);

/* Adds a case; result_read has read it. record: where its events are; NULL: nowhere. One that
 * cannot be read is said in the block. -1: the page cannot be written; e. */
int run_page_add(struct run_page *p, const struct result *r, const char *record, struct err *e);

/* is_whole: the run has come to its end. -1: e. */
int run_page_close(struct run_page *p, bool is_whole, struct err *e);

/* All of a run that has ended, goes on, or was killed; and of a session (of `v2glab ev`, `evse`,
 * `run`), whose record is in that folder. plan: NULL, or what to show instead of the run's own.
 * diff: NULL, or what another session has otherwise, as docs/results.md has it. -1: e. */
int run_page_write(const struct results *r, const json_t *plan, const char *path, struct library *l,
                   struct err *e);
int session_page_write(const char *folder, const char *path, const json_t *diff, struct library *l,
                       struct err *e);

#endif
