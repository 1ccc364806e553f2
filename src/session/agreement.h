/* SPDX-License-Identifier: Apache-2.0 */
/* supportedAppProtocol, as both sides do it by themselves: what is offered, and which offer is
 * taken. */
#ifndef V2G_SESSION_AGREEMENT_H
#define V2G_SESSION_AGREEMENT_H

#include "session/peer.h"

/* Puts into a supportedAppProtocolReq what a vehicle of that protocol offers: all its sets, by
 * rank. */
int agreement_fill(const struct protocol *p, struct arena *a, struct message *m, struct err *e);

/* Sends the supportedAppProtocolReq of the options, else that of the protocol. */
int agreement_offer(struct peer *p, struct err *e);

/* Answers the request: takes the offer of the best rank that may be spoken here. found: there is
 * one. */
int agreement_answer(struct peer *p, const struct node *req, bool *found, struct err *e);

#endif
