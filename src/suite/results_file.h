/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of a campaign as it is written: plan.json at once, then a line of results.jsonl for
 * each case as it ends. Whatever ends the campaign, what is there is whole.
 */
#ifndef V2G_SUITE_RESULTS_FILE_H
#define V2G_SUITE_RESULTS_FILE_H

#include "record/outlet.h"

#include <jansson.h>

struct results_file {
    struct outlet outlet;
    char path[560];
};

/* Of a new campaign. -1: e. */
int results_file_create(struct results_file *f, const char *folder, const json_t *plan,
                        struct err *e);

/* Goes on with that of one that was ended: a line that was cut off is taken away. -1: e. */
int results_file_resume(struct results_file *f, const char *folder, struct err *e);

/* number: of the case in the plan, from 1. -1: it cannot be written; e, at every call from now. */
int results_file_add(struct results_file *f, size_t number, const json_t *result, struct err *e);

void results_file_close(struct results_file *f);

#endif
