/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers for the sessions and the connections of a run. A session begins when a vehicle starts to
 * look for a station, or a station hears of a vehicle that it did not know; where both are played
 * here they have the same numbers, since the station knows the vehicle by the address that it calls
 * from.
 */
#ifndef V2G_RECORD_NUMBERS_H
#define V2G_RECORD_NUMBERS_H

#include "wire/endpoint.h"

#include <stdbool.h>
#include <stdint.h>

#define NUMBERS_BUCKETS 1024
#define NUMBERS_STRANGERS 64

/* A vehicle that is played here, as long as it looks for a station or is connected to one. */
struct caller {
    struct caller *next;
    struct endpoint from;
    uint32_t session, connection;
    bool is_listed;
};

struct numbers {
    uint32_t sessions, connections;         /* given so far */
    struct caller *bucket[NUMBERS_BUCKETS]; /* by where they call from */
    /* The vehicles of others that asked by SDP last, and have not connected. */
    struct {
        struct endpoint from;
        uint32_t session; /* 0: an empty place */
    } stranger[NUMBERS_STRANGERS];
    unsigned strangers;
    /* NULL: nobody wants to know that a vehicle has begun another session, and when: nothing more
     * comes of the one that it had. */
    void (*left)(void *context, uint32_t session);
    void *context;
};

/* What a station knows of a vehicle. */
struct numbered {
    uint32_t session, connection;
    bool is_echo; /* the vehicle is played here */
};

/* In all of them n may be NULL: everything has number 0. */

/* A vehicle begins a session. */
void numbers_begin(struct numbers *n, struct caller *c);

/* It calls from there: by SDP, then by TCP. */
void numbers_call(struct numbers *n, struct caller *c, const struct endpoint *from);

/* Its connection is open. */
void numbers_connect(struct numbers *n, struct caller *c);

/* It calls no more; c may go. */
void numbers_end(struct numbers *n, struct caller *c);

/* A station is asked by SDP. */
struct numbered numbers_asked(struct numbers *n, const struct endpoint *from);

/* A station has a connection: of who called from there, else of who asked from that address. */
struct numbered numbers_accepted(struct numbers *n, const struct endpoint *from);

/* A vehicle tried to connect, and could not: it belongs to who asked first from that address, else
 * it has asked by that. */
struct numbered numbers_failed(struct numbers *n, const struct endpoint *from);

#endif
