/* SPDX-License-Identifier: Apache-2.0 */
/* One datagram of SDP as an event, whoever saw it: a vehicle, a station, or a capture. */
#ifndef V2G_RECORD_DATAGRAM_H
#define V2G_RECORD_DATAGRAM_H

#include "record/event.h"

#define DATAGRAM_TEXT 200

/* The event refers to the rest, and to what it was read from. */
struct datagram {
    struct event event; /* ok, and problem, say whether it is as the standard wants it */
    struct err problem;
    char text[DATAGRAM_TEXT];
};

/* by: who records it, as in struct event. */
void datagram_read(struct datagram *d, int64_t us, const char *by, const struct endpoint *from,
                   const struct endpoint *to, struct slice bytes);

#endif
