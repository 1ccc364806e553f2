/* SPDX-License-Identifier: Apache-2.0 */
/* A vehicle's way to a connection: SDP, or the address that was given. Private to src/session. */
#ifndef V2G_SESSION_PEER_EVCC_H
#define V2G_SESSION_PEER_EVCC_H

#include "session/peer.h"

int peer_start_evcc(struct peer *p, struct err *e);

#endif
