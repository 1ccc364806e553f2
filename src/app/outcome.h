/* SPDX-License-Identifier: Apache-2.0 */
/* Whose verdict the exit code is, where several sides have one and do not agree: who sees a session
 * pass, and then an exit code that is not 0, wants to know whose it was, what it was, and where. */
#ifndef V2G_APP_OUTCOME_H
#define V2G_APP_OUTCOME_H

#include "script/script.h"

/* Zero before its first use. */
struct outcome {
    enum verdict best, worst;
    unsigned n; /* that have the worst one; the first of them is this: */
    char by[256], text[1024];
    uint32_t session; /* as its events are numbered; 0: it has no number */
    int64_t us;       /* since the run began */
};

/* The verdict of a side ("SECC", or a script's path) or of one of its sessions. */
void outcome_take(struct outcome *o, const char *by, enum verdict verdict, const char *text,
                  uint32_t session, int64_t us);

/* Says on stderr whose verdict the exit code status is, unless all agree, or it is none's. */
void outcome_tell(const struct outcome *o, int status);

#endif
