/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ladder: a run (or a capture) on the terminal as it happens, one line an event: time,
 * direction, message, the few values that matter. With colour and lines on a terminal, plain text
 * elsewhere.
 */
#ifndef V2G_RECORD_LADDER_H
#define V2G_RECORD_LADDER_H

#include "record/event.h"

#include <stdio.h>

struct ladder {
    FILE *out;
    bool pretty;      /* a terminal that takes colour and line drawing */
    int detail;       /* 0: lines; 1: and the XML; 2: and the bytes */
    int64_t start_us; /* of the first event; 0 before it */
    bool started;
};

void ladder_open(struct ladder *l, FILE *out, int detail);

/* An event_sink; context is the struct ladder. */
void ladder_event(void *context, const struct event *e);

/* The values of a message that a reader looks for first: "ResponseCode OK, EVTargetVoltage 400
 * V". */
void ladder_values(const struct message *m, struct buf *out);

#endif
