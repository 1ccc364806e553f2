/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a connection: everything that goes out, and everything that comes in, passes one chain
 * of filters. At the level of frames a filter sees one V2GTP frame at a time, with its message,
 * over TCP or UDP (SDP); at the level of bytes what goes over TCP, in the pieces it goes in. It
 * hands on what it was given, changed, later, more than once, or never.
 *
 *   session  <->  frames: filters, the last of them the record  <->  bytes: filters  <->  wire
 *
 * The record is the filter next to the wire, so that it has what was really sent, and really came.
 * The session has done with a message before the chain gets it: who sends a SessionID believes in
 * it, whatever a filter makes of it.
 */
#ifndef V2G_SESSION_FILTER_H
#define V2G_SESSION_FILTER_H

#include "record/event.h"

struct filter;
struct received;
struct session;
struct way;
struct world;

/* A frame on its way, or (at the level of bytes, coming in) a piece of the stream. */
struct parcel {
    struct session *session;
    /* The frame: bytes, name, message or problem, from, to, is_udp; us is when it passes. What it
     * refers to is valid during the call. A piece of the stream has bytes, and a name where one
     * frame begins with it. */
    struct event event;
    bool is_sent;          /* goes out; else it came */
    struct received *read; /* that event.message lies in; NULL: the message is the sender's */
};

/* What a filter does; each may be NULL: then all passes. */
struct filter_kind {
    /* Hands on with filter_pass: once, several times, now or later. -1: e. */
    int (*frame)(struct filter *f, struct parcel *p, struct err *e);

    /* The same with filter_pass_bytes. */
    int (*bytes)(struct filter *f, struct parcel *p, struct err *e);

    /* A message of the TLS handshake (event.name) came, or is to go out: the alert in its place,
     * level << 8 | code; -1: none. */
    int (*handshake)(struct filter *f, struct parcel *p);

    /* Another connection begins: what is held back of the last one is void. */
    void (*forget)(struct filter *f);

    /* Frees it. */
    void (*close)(struct filter *f);
};

struct filter {
    const struct filter_kind *kind;
    struct way *way;
    struct filter *next, *before; /* towards the wire, towards the session */
    struct filter *gone;          /* the next of those that are removed */
};

/* ORDER WAY_END */
enum way_end {
    WAY_HALF_CLOSE, /* FIN; what comes is still read */
    WAY_CLOSE,      /* FIN */
    WAY_RESET,      /* RST */
    WAY_ALERT,      /* FIN, after an alert */
};

/* The end towards the wire. */
struct way_ends {
    /* Sends the bytes: over UDP to event.to where event.is_udp, as an Ethernet frame
     * where event.is_link. */
    int (*write)(void *context, const struct parcel *p, struct err *e);

    /* A datagram, or an Ethernet frame, came; what was read of it may be taken (p->read). */
    int (*datagram)(void *context, struct parcel *p);

    /* Ends the connection; not within a call of the chain. */
    void (*end)(void *context, enum way_end how);

    /* Sends an alert of TLS, behind which nothing is sent any more, and `end` has to follow. -1:
     * there is none that could be sent (e). */
    int (*alert)(void *context, uint8_t level, uint8_t code, struct err *e);

    /* A frame that was held back has come: whoever waits may look. The same. */
    void (*came)(void *context);
};

/* The end towards the session: a piece of the stream, and a frame. */
struct way_inner {
    int (*bytes)(struct parcel *p);
    int (*frame)(struct parcel *p);
};

struct way {
    struct world *world; /* for what is held back; NULL: nothing can be */
    struct filter *first, *last;
    struct filter *gone; /* removed while the chain was in use */
    unsigned busy;
    const struct way_inner *inner;
    const struct way_ends *ends; /* NULL: nothing is sent, who calls session_send has the bytes */
    void *context;
};

/* Adds a filter as that next to the wire, but for the record. It belongs to the way. */
void way_add(struct way *w, struct filter *f);

/* As the first one from the session. */
void way_add_first(struct way *w, struct filter *f);

/* Takes it out and closes it; allowed at any time, also within a call of the chain. */
void way_remove(struct filter *f);

void way_forget(struct way *w);
void way_close(struct way *w);

/* Hands to the first filter: from the session, a frame that goes out; from the wire, bytes of TCP,
 * or a frame that was made of them or came over UDP. */
int way_frame(struct way *w, struct parcel *p, struct err *e);
int way_bytes(struct way *w, struct parcel *p, struct err *e);

/* Whether a filter wants to send alerts, and the first one that does so now; see filter_kind. */
bool way_may_alert(const struct way *w);
int way_handshake(struct way *w, struct parcel *p);

/* Hands on from f, at its level. */
int filter_pass(struct filter *f, struct parcel *p, struct err *e);
int filter_pass_bytes(struct filter *f, struct parcel *p, struct err *e);

/* Around what a filter does when it is not called by the chain but by a timer: within, filters that
 * are removed are not freed yet. */
void way_enter(struct way *w);
void way_leave(struct way *w);

#endif
