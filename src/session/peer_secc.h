/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A station's way to a connection: it answers SDP and listens, or takes one over that was accepted.
 * Private to src/session.
 */
#ifndef V2G_SESSION_PEER_SECC_H
#define V2G_SESSION_PEER_SECC_H

#include "session/peer.h"

int peer_start_secc(struct peer *p, struct err *e);

#endif
