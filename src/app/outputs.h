/* SPDX-License-Identifier: Apache-2.0 */
/* The options that `test` and `report` have in common: what is made of results. */
#ifndef V2G_APP_OUTPUTS_H
#define V2G_APP_OUTPUTS_H

#include "app/options.h"
#include "suite/results.h"

#define OUTPUTS_FILES 4

struct outputs {
    const char *file[OUTPUTS_FILES]; /* ORDER OUTPUT; "-": standard output; NULL: not made */
    const char *db, *html;           /* html: written by who has the options */
    bool ci, strict;
};

/* Its rows in a table of options; at: where the command has its struct outputs. */
#define OUTPUT_OPTIONS(at_)                                                                        \
    {                                                                                              \
        .kind = OPTION_GROUP, .at = at_, .group = OUTPUT_OPTION                                    \
    }
extern const struct option OUTPUT_OPTION[];

/* Before anything is played: whether all can be written; makes files that are not there. -1: e. */
int outputs_check(const struct outputs *o, struct err *e);

/* Where people read: standard output, unless a file is that. */
FILE *outputs_terminal(const struct outputs *o);

/* Reads the results in the folder, writes all that is wanted of them and the summary. The exit code
 * that they make; -1: e. */
int outputs_write(const struct outputs *o, const char *folder, struct err *e);

/* The plan as a page shows it: with what the history of --db says of its cases. The caller's to
 * drop; NULL: e. */
json_t *outputs_plan(const struct outputs *o, const json_t *plan, struct err *e);

#endif
