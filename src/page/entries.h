/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of a case (docs/report-format.md): its frames with all their fields and times, and
 * what else happened between them, made from the stream of events. Of a run that plays both sides
 * each frame is there once, as it was seen by one of them.
 */
#ifndef V2G_PAGE_ENTRIES_H
#define V2G_PAGE_ENTRIES_H

#include "page/dictionary.h"
#include "page/handshakes.h"
#include "record/event.h"

#include <jansson.h>

struct timing; /* a measured time */
struct entry;  /* a line of the report */

/* A frame as one side has recorded it. */
struct sighting {
    uint64_t number; /* of the event */
    size_t frame;    /* both sides' sightings of a frame have the same */
};

/* The frame that a side has recorded last. */
struct recorded {
    size_t frame;
    bool is_any, is_own; /* is_own: it has sent it */
};

struct entries {
    struct dictionary *dictionary;
    uint8_t judged; /* enum direction: the side under test, whose times are of interest;
                       FROM_NONE: both */
    struct exi_options exi;
    struct rows rows;
    struct handshakes handshakes;
    struct buf text; /* all entries' JSON */
    struct entry *at;
    size_t n, cap;
    struct index frames; /* of a connection and a direction the how-manieth */
    struct index ways;   /* connection, direction and view: */
    uint32_t *passed;    /* so many frames so far */
    size_t ways_cap;
    struct sighting *seen;
    size_t sightings, seen_cap;
    struct timing *timing;
    size_t timings, timings_cap;
    size_t waiting[2];           /* by EVCC and SECC: timings of a frame that is to come */
    size_t *entry_of;            /* by frame, once all are there */
    struct recorded last[2];     /* by EVCC and SECC */
    const struct schema *schema; /* of the last message of a connection */
    unsigned frames_shown;
    double worst; /* of all times that have a limit, in percent of it; below 0: there are none */
    bool failed;
};

void entries_open(struct entries *s, struct dictionary *d, uint8_t judged);
void entries_close(struct entries *s);

/* Takes an event; an event_sink, context is the struct entries. */
void entries_event(void *context, const struct event *e);

/* All events are there: puts the entries into the order of time. From here on: */
void entries_end(struct entries *s);

/* the times of the first and the last (0: there is none), all as a JSON list with times from there
 * on, and which of them an event is shown by (-1: none is). */
int64_t entries_begin(const struct entries *s);
int64_t entries_last(const struct entries *s);
void entries_print(const struct entries *s, struct buf *out);
int64_t entries_find(const struct entries *s, uint64_t number);

/* Sets `protocol` of an object of the plan, where it is known. */
void entries_set_protocol(const struct entries *s, json_t *planned);

#endif
