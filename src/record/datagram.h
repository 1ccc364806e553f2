/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One datagram of SDP, whoever saw it (a vehicle, a station, or a capture): what it says, what is
 * wrong with it, and how it is recorded. The messages are those of schema/sdp.schema.
 */
#ifndef V2G_RECORD_DATAGRAM_H
#define V2G_RECORD_DATAGRAM_H

#include "record/event.h"
#include "schema/library.h"

#define DATAGRAM_TEXT 200
#define DATAGRAM_ROOM 4096 /* of its message, bytes */

/* Security of SDP. */
#define DATAGRAM_TLS 0x00
#define DATAGRAM_NO_TLS 0x10

/* The event refers to the rest, and to what it was read from. */
struct datagram {
    struct event event;     /* ok, and problem, say whether it is as the standard wants it */
    struct message message; /* where event.message is not NULL */
    uint8_t security;       /* of either message */
    struct endpoint secc;   /* of a response: where to connect to, without an interface */
    struct err problem;
    char text[DATAGRAM_TEXT];
    struct arena arena;
    uint64_t room[DATAGRAM_ROOM / 8];
};

/* by: who records it, as in struct event. */
void datagram_read(struct datagram *d, struct library *l, int64_t us, const char *by,
                   const struct endpoint *from, const struct endpoint *to, struct slice bytes);

/* Where a SECCDiscoveryRes says to connect to, and with what Security. False: it is none, or lacks
 * one of them, or its address is none. */
bool datagram_station(const struct message *m, struct endpoint *secc, uint8_t *security);

#endif
