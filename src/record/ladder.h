/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ladder: a run (or a capture) on the terminal as it happens, one line an event: time,
 * direction, message, the few values that matter. With colour and lines on a terminal, plain text
 * elsewhere.
 */
#ifndef V2G_RECORD_LADDER_H
#define V2G_RECORD_LADDER_H

#include "record/event.h"
#include "record/outlet.h"

#include <stdbool.h>
#include <stdint.h>

struct ladder {
    struct outlet outlet;
    struct buf values; /* of a message, while it is shown */
    bool pretty;       /* a terminal that takes colour and line drawing */
    int detail;        /* 0: lines; 1: and the XML; 2: and the bytes */
    int stamp_width;   /* of a text's times */
    int64_t start_us;  /* of the first event; 0 before it */
    bool started;
};

/* On a descriptor that stays the caller's. */
void ladder_open(struct ladder *l, int fd, int detail);
void ladder_close(struct ladder *l);

/* An event_sink; context is the struct ladder. */
void ladder_event(void *context, const struct event *e);

/* The sink_write to it. */
int ladder_write(void *context, struct err *e);

#endif
