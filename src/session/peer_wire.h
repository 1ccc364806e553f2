/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets of a peer while it looks for the other side, connects or listens, and the steps that
 * all of its parts take: states, failures, the end of a connection. Private to src/session.
 */
#ifndef V2G_SESSION_PEER_WIRE_H
#define V2G_SESSION_PEER_WIRE_H

#include "record/datagram.h"
#include "session/peer.h"
#include "wire/sdp_socket.h"
#include "wire/stream.h"
#include "wire/world.h"

/* The sockets of a peer, and what is known of them. */
struct peer_wire {
    struct peer *peer;
    struct timer setup, retry;
    struct sdp_client *client;
    void (*hear)(struct peer_wire *w, const struct datagram *d); /* takes what SDP brings */
    struct sdp_socket *sdp; /* SECC: the server; or a socket for SDP by hand */
    struct endpoint asked;  /* who asked by SDP last */
    struct listener *listener, *tls_listener;
    char address[ENDPOINT_TEXT]; /* SECC: it was told to listen there; "" where it has SDP */
    enum peer_tls tls;           /* SECC: the listeners are for that */
    struct stream *waiting;      /* SECC: came too early, and waits to be listened for */
    bool waits_for_tls;
    struct stream *stream;
    bool is_connected;         /* the session knows of the connection */
    bool has_told_tls;         /* the record has what the handshake told */
    bool has_half_closed;      /* this side has sent FIN, the other one has not */
    bool with_tls;             /* EVCC: to connect with */
    struct endpoint to;        /* EVCC: where to connect; */
    void (*again)(void *peer); /* what is done later where nobody listens there yet */
    char interface[16];
    int64_t started_us; /* when it began to look for the other side */
    bool has_told_wait; /* that it waits, and for what */
    unsigned requests;  /* EVCC: of SDP, since then */
};

void peer_change(struct peer *p, enum peer_state state);
void peer_set_problem(struct peer *p, const char *format, const char *detail);
void peer_stop_probe(struct peer *p);

/* The sockets are made, except where a station's are there already. */
int peer_make_wire(struct peer *p, struct err *e);

/* Closes all of them. */
void peer_drop_wire(struct peer *p);

/* A station goes on listening: the next vehicle may come before the script asks for it. */
void peer_fail(struct peer *p);

/* The time runs in which the other side must be found, and a protocol agreed. */
void peer_start_setup(struct peer *p);

/* Tells, once, what is waited for ("nobody listens there") and how long still: until the time of
 * setting up is over, or most_ms (0: that). */
void peer_tell_wait(struct peer_wire *w, const char *what, unsigned most_ms);

/* A vehicle that begins to look for a station begins a session; SDP by hand belongs to it, too. */
void peer_begin_session(struct peer *p);

/* TCP is open. With TLS that is before the stream is. */
void peer_begin_connection(struct peer_wire *w);

/* SECC: whether a datagram of SDP from there is still heard this second; what is not is counted,
 * and told as one. Others always are. */
bool peer_is_heard(struct peer *p, const struct endpoint *from);
void peer_forget_floods(struct peer *p);

/* Closes the stream, which may say a last word (close_notify), and records who ended it how. */
void peer_end_stream(struct peer_wire *w, enum stream_how close, enum stream_end end, bool by_us,
                     const char *text);

/* This side ends the connection, if there is one. */
void peer_close_stream(struct peer_wire *w, enum stream_how how);

#endif
