/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ladder: a run (or a capture) on the terminal as it happens, one line an event: time,
 * direction, message, the few values that matter. With colour and lines on a terminal, cut to its
 * width; plain text elsewhere. What a relay hands on has a column more. Datagrams that come again
 * and again are counted; looks at a modem's link are shown where they are new, or find another one.
 */
#ifndef V2G_RECORD_LADDER_H
#define V2G_RECORD_LADDER_H

#include "record/event.h"
#include "record/outlet.h"

#include <stdbool.h>
#include <stdint.h>

#define LADDER_LOOKS 16

struct ladder {
    struct outlet outlet;
    struct {
        uint32_t who, what; /* hashes: of message and addresses, and of the line; 0: free */
    } looks[LADDER_LOOKS];  /* at links, the last line of each */
    struct buf values;      /* of a message, while it is shown */
    struct buf last;        /* the line before, without its time */
    size_t body;            /* where that of the line begins that is being made */
    unsigned repeats;       /* how often the last line came again, and was not printed */
    int64_t repeat_us;      /* when it did so last */
    int columns;            /* of the terminal, which cuts lines; 0: it is none */
    bool has_count;         /* the terminal's last line is how often, and will be written over */
    const struct ladder_pieces *pieces; /* what rungs are made of */
    bool pretty;                        /* a terminal that takes colour and line drawing */
    int detail;                         /* 0: lines; 1: and the XML; 2: and the bytes */
    int stamp_width;                    /* of a text's times */
    int64_t start_us;                   /* of the first event; 0 before it */
    bool started;
    bool has_legs; /* three columns, vehicle, relay and station: from the first event of a leg on */
};

/* On a descriptor that stays the caller's. */
void ladder_open(struct ladder *l, int fd, int detail);
void ladder_close(struct ladder *l);

/* An event_sink; context is the struct ladder. */
void ladder_event(void *context, const struct event *e);

/* The sink_write to it. */
int ladder_write(void *context, struct err *e);

#endif
