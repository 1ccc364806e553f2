/* SPDX-License-Identifier: Apache-2.0 */
/* The list of a plan's cases, as tables of a page; and all cases that are built in. */
#ifndef V2G_SUITE_LISTING_H
#define V2G_SUITE_LISTING_H

#include "reference/page.h"
#include "reference/prose.h"
#include "schema/library.h"

#include <jansson.h>

/* ORDER LISTING_BY */
enum listing_by { BY_SUITE, BY_TAG, BY_REQUIREMENT, BY_PICS };

/* For --by: "suite", "tag", "requirement", "pics", NULL. */
extern const char *const LISTING_BY[];

/* A table for each suite, tag, rule or claim, which begins with how many cases there are; in the
 * language of these words. */
void listing_print(const json_t *plan, enum listing_by by, enum page_form form,
                   const struct prose *words, struct buf *out);

/* Their names alone, a line each, in the order of the plan. */
void listing_names(const json_t *plan, struct buf *out);

/* The files of cases that are built in: texts by their names. */
void listing_texts(json_t *texts);

/* A line for each case of these files: its name, protocol, side and the rules that it cites, blanks
 * between. Appended to out. -1: e. */
int listing_cited(struct library *library, struct buf *out, struct err *e);

#endif
