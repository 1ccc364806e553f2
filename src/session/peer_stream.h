/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection of a peer: TLS on it, what is told of that, supportedAppProtocol, and frames for
 * whoever waits. Private to src/session.
 */
#ifndef V2G_SESSION_PEER_STREAM_H
#define V2G_SESSION_PEER_STREAM_H

#include "session/peer_wire.h"

/* For a stream whose context is the peer's struct peer_wire. */
extern const struct stream_events PEER_STREAM_EVENTS;

void peer_stream_opened(void *context, struct stream *s);

/* The context of TLS for this start, which resumes what the last one could. */
int peer_make_tls_context(struct peer *p, struct err *e);

/* Puts TLS on the stream. -1: out of memory, and it is closed. */
int peer_use_tls(struct peer_wire *w, struct err *e);

/* That of the connection before is not asked any more. */
void peer_forget_tls(struct peer *p);

/* What TLS has told goes into the record, unless it has, with the alert that came last. */
void peer_tell_tls(struct peer_wire *w);

/* Frames have come: they are for supportedAppProtocol, or for whoever waits. */
void peer_look_at_frames(struct peer *p);

#endif
