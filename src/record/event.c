/* SPDX-License-Identifier: Apache-2.0 */
#include "record/event.h"

void recorder_add(struct recorder *r, event_sink sink, void *context)
{
    if (r->n == RECORDER_SINKS)
        return;
    r->at[r->n].sink = sink;
    r->at[r->n++].context = context;
}

void recorder_put(const struct recorder *r, const struct event *e)
{
    for (unsigned i = 0; r != NULL && i < r->n; i++)
        r->at[i].sink(r->at[i].context, e);
}
