/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What streams and listeners are made of, and what carries their bytes: TCP of the system
 * (stream_tcp.h), or the network of a virtual world (network.h). Private to src/wire.
 */
#ifndef V2G_WIRE_STREAM_TRANSPORT_H
#define V2G_WIRE_STREAM_TRANSPORT_H

#include "wire/crowd.h"
#include "wire/stream.h"
#include "wire/world.h"

struct stream_transport {
    void (*read)(struct stream *s, bool is_on);
    /* All of it, or -1; counts in s->waiting what the other side is far from reading. */
    int (*write)(struct stream *s, struct slice bytes, struct err *e);
    int (*end)(struct stream *s, struct err *e); /* FIN */
    /* The last call: ends in stream_gone, in a later turn of the loop. */
    void (*close)(struct stream *s, enum stream_how how);
};

/* The first member of what a transport has of its own. */
struct stream {
    struct world *world;
    const struct stream_transport *transport;
    const struct stream_events *events;
    void *context;
    const struct stream_filter *filter;
    void *filter_state;
    struct listener *listener; /* that accepted it; NULL where it was connected */
    struct crowd_place place;  /* among those that it has accepted */
    size_t waiting;
    struct timer limit; /* of connecting; then of closing with bytes still to be written */
    unsigned connect_ms;
    bool is_open;  /* bytes can be written */
    bool is_ready; /* the owner may write: the filter has nothing against it */
    bool is_paused, is_told, is_closing, is_connecting, has_ended_writing;
    struct endpoint local, remote;
};

void stream_init(struct stream *s, struct world *world, const struct stream_transport *transport);

/* It is connected, and knows its ends. */
void stream_connected(struct stream *s);
void stream_received(struct stream *s, struct slice bytes);

/* It has ended, or there is none. what: "connection", "connecting"; number: an error of libuv, or
 * UV_EOF. */
void stream_lost(struct stream *s, const char *what, int number);

/* -1: nothing can be sent, and why. */
int stream_cannot(const struct stream *s, const char *why, struct err *e);
int stream_cannot_number(const struct stream *s, int number, struct err *e);

/* Frees it with its filter. */
void stream_gone(struct stream *s);

struct listener {
    struct world *world;
    void (*close)(struct listener *l); /* ends in listener_gone, in a later turn of the loop */
    const struct listener_events *events;
    void *context;
    struct crowd crowd;
    unsigned open; /* streams that are not gone */
    bool is_closed;
    bool is_gone; /* the memory stays until the last stream is */
    struct endpoint local;
};

/* Whether one more may be open, for which another one may have to go; else the transport resets it,
 * and the owner has been told. */
bool listener_has_room(struct listener *l, const struct endpoint *from);
void listener_refused(struct listener *l, const struct endpoint *from, const char *why);

/* The stream, which knows its ends, is one of the listener's. */
void listener_take(struct listener *l, struct stream *s);

/* Hands an open stream over. */
void listener_accepted(struct listener *l, struct stream *s);
void listener_gone(struct listener *l);

#endif
