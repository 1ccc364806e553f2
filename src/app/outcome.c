/* SPDX-License-Identifier: Apache-2.0 */
#include "app/outcome.h"

#include "base/said.h"

#include <stdio.h>
#include <string.h>

/* ORDER RUN_EXIT, which begins with pass. */
static int exit_of(enum verdict verdict)
{
    return (int)verdict - VERDICT_PASS;
}

void outcome_take(struct outcome *o, const char *by, enum verdict verdict, const char *text,
                  uint32_t session, int64_t us)
{
    if (o->best == VERDICT_NONE || verdict < o->best)
        o->best = verdict;
    if (verdict == o->worst)
        o->n++;
    if (verdict <= o->worst)
        return;
    o->worst = verdict;
    o->n = 1;
    o->session = session;
    o->us = us;
    snprintf(o->by, sizeof o->by, "%s", by);
    snprintf(o->text, sizeof o->text, "%s", text);
}

/* An error's text has its own lines, which have been shown: the first one names it. */
void outcome_tell(const struct outcome *o, int status)
{
    if (o->worst == o->best || status != exit_of(o->worst))
        return;
    char when[64];
    if (o->session != 0)
        snprintf(when, sizeof when, "session %u, %.3f s", o->session, (double)o->us / 1e6);
    else
        snprintf(when, sizeof when, "%.3f s", (double)o->us / 1e6);
    said_print(stderr, "exit code %d is the verdict of %s (%s): %s: %.*s\n", status, o->by, when,
               verdict_name(o->worst), (int)strcspn(o->text, "\n"), o->text);
    if (o->n > 1)
        said_print(stderr, "%u more have that verdict\n", o->n - 1);
}
