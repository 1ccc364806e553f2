/* SPDX-License-Identifier: Apache-2.0 */
/* SDP of a peer: its datagrams for the record, and SDP by hand, as scripts do it. */
#ifndef V2G_SESSION_PEER_SDP_H
#define V2G_SESSION_PEER_SDP_H

#include "record/datagram.h"
#include "session/peer.h"

/*
 * By hand: one SECCDiscoveryReq (multicast) or Res (to who asked last). Received ones arrive as
 * frames of the session (SECCDiscoveryReq, SECCDiscoveryRes), with the socket open since
 * peer_sdp_open.
 */
int peer_sdp_open(struct peer *p, const struct peer_options *o, struct err *e);
int peer_sdp_send(struct peer *p, struct slice frame, struct err *e);

/* Numbers of the session that SDP with that other side belongs to. */
struct numbered peer_datagram_numbers(struct peer *p, const struct endpoint *own,
                                      const struct endpoint *other);

/* Records a datagram, which is then read in d. */
void peer_record_datagram(struct peer *p, struct datagram *d, bool is_sent,
                          const struct endpoint *from, const struct endpoint *to,
                          struct slice bytes);

#endif
