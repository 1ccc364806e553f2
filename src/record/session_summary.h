/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is to say of each session of a stream, once it is over: protocol, SessionID, messages,
 * duration, how it ended, what was refused, and which messages came too late. A sink behind the
 * times (record/times.h).
 */
#ifndef V2G_RECORD_SESSION_SUMMARY_H
#define V2G_RECORD_SESSION_SUMMARY_H

#include "record/event.h"

struct summarised; /* a session */

#define SUMMARY_BUCKETS 4096

/* Zero before its first use. */
struct session_summary {
    struct summarised *first, *last;
    struct summarised *bucket[SUMMARY_BUCKETS]; /* by their number */
};

/* An event_sink; context is a struct session_summary. Names of messages and of times are texts that
 * stay until session_summary_close, as those of schemas and limits do. */
void session_summary_event(void *context, const struct event *e);

/* Some lines for each session with messages, in the order in which they began. Appended. */
void session_summary_print(const struct session_summary *s, struct buf *out);

/* The same, and all times that were measured, as JSON: a line for each session (docs/events.md,
 * kind `session`), numbered on from `number`. Appended; returns their number. */
uint64_t session_summary_json(const struct session_summary *s, uint64_t number, struct buf *out);

void session_summary_close(struct session_summary *s);

#endif
