/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page of a run that goes on, written by a process of its own that follows the run's results,
 * so that neither the cases nor who plays them wait for it.
 */
#ifndef V2G_PAGE_FOLLOW_H
#define V2G_PAGE_FOLLOW_H

#include "page/run_page.h"
#include "suite/campaign.h"

#include <sys/types.h>

struct follow {
    pid_t pid; /* 0: nobody follows */
    int to;    /* what wakes it */
};

/* Makes the page at path, and follows the results in `folder`. Records that do not stay are left to
 * it, and removed once the page has them. -1: e. */
int follow_open(struct follow *f, const char *path, const char *folder, const json_t *plan,
                enum records keeps, struct library *l, struct err *e);

/* There is one result more. Never waits. */
void follow_wake(const struct follow *f);

/* No other result comes; is_whole: the run has come to its end. Waits until the page has them all.
 * -1: it could not be written; e. */
int follow_close(struct follow *f, bool is_whole, struct err *e);

#endif
