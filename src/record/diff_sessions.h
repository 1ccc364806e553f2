/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two sessions, compared: which messages came in another order, which of their fields differ, whose
 * answers became slower. Messages are laid side by side by name: the third CurrentDemandReq of one
 * with the third of the other.
 */
#ifndef V2G_RECORD_DIFF_SESSIONS_H
#define V2G_RECORD_DIFF_SESSIONS_H

#include "record/event.h"

#include <jansson.h>

/* What was said, in order, without what only watches the link; of two sessions that lie in one
 * record, one after the other. */
struct dialogue {
    struct said *at;
    size_t n, room;
    bool failed; /* no memory */
};

/* An event_sink; context is a struct dialogue, which begins as {0}. */
void dialogue_event(void *context, const struct event *e);
void dialogue_close(struct dialogue *d);

/*
 * NULL: no memory. Else the caller's object:
 *   messages  [of a, of b]
 *   order     [{in, message, number}]: messages (loops folded) that only one has at that place;
 *             in: "a" or "b"; number: of the message in that session, from 1
 *   fields    [{message, path, count, of, number, a, b}]: how many of so many pairs differ there,
 *             and the first pair that does; null: not there
 *   expected  [{path, count}]: fields that differ in all sessions (SessionID, times, signatures)
 *   times     [{message, answers: [a, b], median_us: [a, b], worst_us: [a, b]}]: of those whose
 *             worst answer took more than twice as long, and 20 ms more, on one side
 */
json_t *diff_sessions(const struct dialogue *a, const struct dialogue *b);

/* Whether they differ in anything but what is expected to. */
bool diff_sessions_differ(const json_t *diff);

/* Whether a time has become so much another that it is worth telling. */
bool diff_is_slower(int64_t before_us, int64_t after_us);

#endif
