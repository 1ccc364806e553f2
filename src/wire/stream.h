/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams: TCP connections of a world (world.h), made with stream_connect or accepted by a
 * listener. Bytes come by callback and go by stream_write; what becomes of the connection comes by
 * callback too, with its reason in words.
 *
 * Ownership: a stream belongs to whoever connected or accepted it until they call stream_close,
 * which they always do, also after `closed`. It is allowed within any callback, and no callback
 * comes after it. All streams of a world read into one buffer: received bytes are valid during the
 * call only.
 */
#ifndef V2G_WIRE_STREAM_H
#define V2G_WIRE_STREAM_H

#include "base/buf.h"
#include "base/err.h"
#include "wire/endpoint.h"

#include <stdbool.h>
#include <stdint.h>

struct world;
struct stream;
struct listener;

/* How a connection ended, or why there is none. ORDER STREAM_END */
enum stream_end {
    STREAM_CLOSED,      /* the peer closed (FIN); what is written still reaches it */
    STREAM_RESET,       /* the peer reset it (RST) */
    STREAM_REFUSED,     /* nobody listens there */
    STREAM_TIMEOUT,     /* no answer in time, to connecting or to what was sent */
    STREAM_UNREACHABLE, /* no way to there, or no neighbour of that address */
    STREAM_ALERT,       /* the peer ended TLS with a fatal alert */
    STREAM_REJECTED,    /* TLS was ended here: what the peer said, or is, was not taken */
    STREAM_FAILED,      /* anything else: the text says what */
};

/* "closed by peer", "reset by peer", "connection refused", … */
const char *stream_end_text(enum stream_end end);

/* Each may be NULL. */
struct stream_events {
    /* The connection is open. An accepted one is already: it comes only behind a filter (TLS). */
    void (*opened)(void *context, struct stream *s);

    void (*data)(void *context, struct stream *s, struct slice bytes);

    /* Once at most, as the last call: no data come any more. why is a sentence with addresses. */
    void (*closed)(void *context, struct stream *s, enum stream_end end, const char *why);

    /* The bytes as they go over TCP: differs from data and stream_write where TLS lies between. */
    void (*wire)(void *context, struct stream *s, bool is_sent, struct slice bytes);
};

/*
 * Connects; `events` must stay as long as the stream. The own end has the link-local address of the
 * interface where `to` is link-local, and a dynamic port. timeout_ms 0: 10 s. NULL for what can be
 * said at once (no such interface, out of descriptors); everything else comes as `closed`.
 */
struct stream *stream_connect(struct world *world, const struct endpoint *to, unsigned timeout_ms,
                              const struct stream_events *events, void *context, struct err *e);

/* The same from an own address and port, as far as these are said (in virtual time the port alone);
 * NULL where they cannot be had (a connection of its to the same place has just ended, or somebody
 * else has the port). */
struct stream *stream_connect_from(struct world *world, const struct endpoint *to,
                                   const struct endpoint *own, unsigned timeout_ms,
                                   const struct stream_events *events, void *context,
                                   struct err *e);

/* Takes an accepted stream over: its callbacks, which begin when the loop runs. */
void stream_use(struct stream *s, const struct stream_events *events, void *context);

/* What comes from here on is somebody else's, who is the owner then. */
void stream_hand_over(struct stream *s, const struct stream_events *events, void *context);

/*
 * Sends bytes: at once, uncopied, as far as the system takes them; the rest is copied and follows.
 * -1 where the stream is not open, or more than STREAM_WAITING_MOST bytes wait because the peer
 * does not read; then none of these bytes go out.
 */
int stream_write(struct stream *s, struct slice bytes, struct err *e);

#define STREAM_WAITING_MOST (4u << 20) /* bytes */

/* Bytes that were written and are still waiting here, not in the system. */
size_t stream_waiting(const struct stream *s);

/* Stops and goes on reading; while stopped the peer's end is not noticed either. */
void stream_pause(struct stream *s, bool is_paused);

/* Sends FIN after what is waiting, and goes on reading: a half-closed connection. */
int stream_end_writing(struct stream *s, struct err *e);

enum stream_how {
    STREAM_FIN, /* after what is waiting, for which 10 s are given */
    STREAM_RST, /* at once; what is waiting is lost */
};

/* Closes and frees. NULL is allowed. */
void stream_close(struct stream *s, enum stream_how how);

/* Both ends; MAC addresses, where known, once the stream is open. */
const struct endpoint *stream_local(const struct stream *s);
const struct endpoint *stream_remote(const struct stream *s);

bool stream_is_open(const struct stream *s);

void *stream_context(const struct stream *s);
struct world *stream_world(const struct stream *s);

/* ---- listening ---- */

struct listener_events {
    /*
     * A connection came. The callee calls stream_use now or later (until then nothing is read),
     * or stream_close.
     */
    void (*accepted)(void *context, struct stream *s);

    /* One came and was reset at once: too many are open, or the process has no descriptor left. */
    void (*refused)(void *context, const struct endpoint *from, const char *why);
};

/*
 * Listens at an address. Where it is unset, at the link-local address of at->interface (of the
 * loopback interface: ::1), or everywhere if that is "". Port 0: a free dynamic one. most:
 * connections open at once, 0: as many as there are descriptors for. `events` must stay as long as
 * the listener; its `refused` may be NULL.
 */
struct listener *stream_listen(struct world *world, const struct endpoint *at, unsigned most,
                               const struct listener_events *events, void *context, struct err *e);

#define LISTENER_OTHERS 8

/*
 * How many connections may be open at once, in all, and of one address. 0: in all as before; of an
 * address all but an eighth (LISTENER_OTHERS), which is for others. Where there are as many, the
 * one goes that has been there longest, a second at least, without having been settled: `closed`
 * comes with STREAM_TIMEOUT. Where there is none, the new one is refused.
 */
void listener_limit(struct listener *l, unsigned most, unsigned most_of_address);

/* The other side has said something of use: the connection gives way to no other any more. */
void stream_settle(struct stream *s);

/* Whether it has been there for a second, and nobody has settled it. */
bool stream_is_idle(const struct stream *s);

/* NULL of NULL. */
const struct endpoint *listener_endpoint(const struct listener *l);

/* Streams that it accepted live on. NULL is allowed. */
void listener_close(struct listener *l);

/* ---- a filter between the wire and the owner: TLS ---- */

/*
 * Set right after stream_connect or before stream_use. Bytes from the peer go to from_wire, which
 * hands on what they mean with stream_deliver; what the owner writes goes to to_wire, which sends
 * what it makes of it with stream_write_wire. The filter may do both at any time.
 */
struct stream_filter {
    /* TCP is open. The owner's `opened` waits until the filter calls stream_ready. */
    void (*start)(void *state, struct stream *s);
    void (*from_wire)(void *state, struct stream *s, struct slice bytes);
    int (*to_wire)(void *state, struct stream *s, struct slice bytes, struct err *e);
    /* Before FIN: a last word (close_notify). */
    void (*finish)(void *state, struct stream *s);
    /* The stream is gone; nothing may be called any more. */
    void (*free)(void *state);
    /* TCP has ended: why is the sentence for `closed`, to which more may be added. May be NULL. */
    void (*ended)(void *state, char *why, size_t size);
};

void stream_set_filter(struct stream *s, const struct stream_filter *filter, void *state);
void stream_ready(struct stream *s);
void stream_deliver(struct stream *s, struct slice bytes);
int stream_write_wire(struct stream *s, struct slice bytes, struct err *e);

/* Ends the connection from within (a failed handshake): `closed` with this text. TCP stays open
 * until the owner closes, and what was written before (an alert) still goes out. */
void stream_fail(struct stream *s, enum stream_end end, const char *why);

#endif
