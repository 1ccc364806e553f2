/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The standards' times, measured in a stream of events that has none, as a capture: each answer
 * from its request on, each request from the answer before it on. A sink that hands on what it
 * gets, and an EVENT_TIMER behind each frame that ended a time (as in docs/events.md: `by` is the
 * side that would have waited, or whose own time it is).
 */
#ifndef V2G_RECORD_TIMES_H
#define V2G_RECORD_TIMES_H

#include "record/recorder.h"

#define TIMES_NAME 96

/* A parameter: "V2G_EVCC_Msg_Timeout", or with a message's name behind it. */
struct times_limit {
    char protocol[24]; /* "ISO15118-2", "AppProtocol", "SDP" */
    char name[TIMES_NAME];
    int64_t us;
};

/* Zero before its first use; at: the caller's to free. */
struct times_limits {
    struct times_limit *at;
    size_t n;
};

/* The parameter of that message, else that of all; NULL: the standard has none. */
const struct times_limit *times_find(const struct times_limits *l, const char *protocol,
                                     const char *parameter, const char *message);

struct times_state; /* of a connection, or of a session's datagrams */

#define TIMES_KNOWN 2048 /* some hundred are there */
#define TIMES_BUCKETS 4096

/* What was found before. schema NULL: nothing. */
struct times_known {
    const struct schema *schema;
    const char *parameter, *message; /* these very texts */
    const struct times_limit *limit;
};

struct times {
    const struct times_limits *limits;
    event_sink next;
    void *context;                             /* of next */
    struct times_state *bucket[TIMES_BUCKETS]; /* by their connection, else session */
    struct times_known known[TIMES_KNOWN];
};

/* An event_sink; context is a struct times. */
void times_event(void *context, const struct event *e);

/* Nothing of that connection comes any more: what is kept of it is given back. */
void times_forget(struct times *t, uint32_t connection);

void times_close(struct times *t);

#endif
