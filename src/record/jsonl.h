/* SPDX-License-Identifier: Apache-2.0 */
/* Events as JSON, one object a line: what events.jsonl holds and `decode --json` prints. */
#ifndef V2G_RECORD_JSONL_H
#define V2G_RECORD_JSONL_H

#include "record/event.h"
#include "record/outlet.h"

#define JSONL_ADDRESSES 8

/* Zero but for its outlet, which whoever has it opens and closes. */
struct jsonl {
    struct outlet outlet;
    struct {
        struct endpoint of;
        char text[ENDPOINT_TEXT];
    } address[JSONL_ADDRESSES]; /* told before: all events of a connection have the same two */
};

/* An event_sink; context is a struct jsonl, into whose outlet each line goes as a unit. */
void jsonl_event(void *context, const struct event *e);

/* The sink_write to it. */
int jsonl_write(void *context, struct err *e);

#endif
