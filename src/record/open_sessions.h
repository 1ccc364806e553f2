/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sessions of one side that are going on, as a sink of the recorder: how long the other side
 * takes for each message, and of each session its latest events, for a record of those that fail.
 */
#ifndef V2G_RECORD_OPEN_SESSIONS_H
#define V2G_RECORD_OPEN_SESSIONS_H

#include "base/histogram.h"
#include "record/record.h"

#define TURNAROUNDS_MOST 96 /* messages that are told apart; others are not measured */

/* Of the other side's messages of one name: from what was sent before it until it came. */
struct turnaround {
    char name[64];
    struct histogram us;
};

struct open_session {
    struct open_session *next;
    uint32_t session;
    int64_t connected_us; /* 0: it is not, yet */
    int64_t sent_us;      /* the message that has no answer yet; 0: none */
    struct buf events;    /* as of compact.h: the first, and the latest */
    size_t first;         /* octets of the first */
    unsigned left_out;    /* events between them, */
    int64_t left_us;      /* until then */
};

#define ENDED_KNOWN 4096u /* sessions that ended last: what still comes of them begins none */

struct open_sessions {
    uint8_t side;  /* FROM_EVCC, FROM_SECC */
    bool is_kept;  /* their events are, too */
    bool measures; /* else what comes is in no turnaround */
    struct open_session **bucket;
    unsigned buckets, n;
    struct open_session *spare;
    unsigned spares;
    uint32_t ended[ENDED_KNOWN];
    struct turnaround *turnaround[TURNAROUNDS_MOST]; /* in the order in which they came first */
    unsigned turnarounds;
    bool failed; /* there was no memory: something is missing */
};

void open_sessions_open(struct open_sessions *s, uint8_t side, bool is_kept);
void open_sessions_close(struct open_sessions *s);

/* An event_sink, a quick one (recorder_add_quick). */
void open_sessions_event(void *context, const struct event *e);

/* NULL: there is none of that number. */
const struct open_session *open_sessions_find(const struct open_sessions *s, uint32_t session);

/* It is over, and nobody wants its events. */
void open_sessions_end(struct open_sessions *s, uint32_t session);

/* Writes the record of its events. -1: e. */
int open_session_record(const struct open_session *s, const struct record_options *o,
                        struct err *e);

#endif
