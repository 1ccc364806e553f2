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

/*
 * Answers SDP for a station whose connections other peers have: what is asked and answered goes
 * the way of this one, so that its filters have it. Until peer_respond_no_more, r stays where it
 * is, and the endpoints (NULL: it does not listen so) stay valid. -1: e.
 */
struct peer_responder {
    struct peer *peer;
    struct sdp_socket *sdp; /* NULL: it is closed */
    const struct endpoint *plain, *tls;
};

int peer_respond(struct peer_responder *r, const char *interface, struct err *e);
void peer_respond_no_more(struct peer_responder *r);

/* A datagram goes its way through the filters of the session: out, or in to who hears it. */
int peer_pass_datagram(struct peer *p, bool is_sent, const struct endpoint *from,
                       const struct endpoint *to, struct slice bytes, struct err *e);

/* The ends of that way: the socket, and peer_wire.hear or the responder. */
int peer_write_datagram(struct peer *p, const struct event *e, struct err *problem);
void peer_hear_datagram(struct peer *p, const struct event *e);

/* Answers a request that came to the socket, by the standard's table. -1: there is no answer to it,
 * or it cannot be sent. */
int peer_answer_datagram(struct peer *p, const struct datagram *d, const struct sdp_socket *s,
                         const struct endpoint *plain, const struct endpoint *tls, struct err *e);

/* For sockets, whose context is the peer_wire: a datagram came. */
void peer_datagram_came(void *context, struct sdp_socket *s, const struct endpoint *from,
                        const struct endpoint *to, struct slice bytes);

#endif
