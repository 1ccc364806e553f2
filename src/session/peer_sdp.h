/* SPDX-License-Identifier: Apache-2.0 */
/* SDP of a peer: the way of its datagrams, and SDP by hand, as scripts do it. */
#ifndef V2G_SESSION_PEER_SDP_H
#define V2G_SESSION_PEER_SDP_H

#include "record/datagram.h"
#include "session/peer.h"

struct sdp_socket;

/*
 * By hand: one SECCDiscoveryReq (multicast) or Res (to who asked last). Received ones arrive as
 * frames of the session (SECCDiscoveryReq, SECCDiscoveryRes), with the socket open since
 * peer_sdp_open.
 */
int peer_sdp_open(struct peer *p, const struct peer_options *o, struct err *e);
int peer_sdp_send(struct peer *p, struct slice frame, struct err *e);

/* A datagram goes its way through the filters of the session: out, or in to who hears it. */
int peer_pass_datagram(struct peer *p, bool is_sent, const struct endpoint *from,
                       const struct endpoint *to, struct slice bytes, struct err *e);

/* The ends of that way: the socket, and peer_wire.hear. */
int peer_write_datagram(struct peer *p, const struct event *e, struct err *problem);
void peer_hear_datagram(struct peer *p, const struct event *e);

/* For sockets, whose context is the peer_wire: a datagram came. */
void peer_datagram_came(void *context, struct sdp_socket *s, const struct endpoint *from,
                        const struct endpoint *to, struct slice bytes);

#endif
