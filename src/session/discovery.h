/* SPDX-License-Identifier: Apache-2.0 */
/* SDP as both sides speak it: what a vehicle asks, what a station answers, what is recorded. */
#ifndef V2G_SESSION_DISCOVERY_H
#define V2G_SESSION_DISCOVERY_H

#include "record/datagram.h"
#include "record/recorder.h"
#include "wire/sdp.h"

/* Records that a station listens. text: "TLS", … */
void discovery_record_listener(struct recorder *r, int64_t us, const char *by,
                               const struct endpoint *at, const char *text);

/* Appends a whole SECCDiscoveryReq; security: DATAGRAM_TLS, … */
int discovery_request(struct library *l, uint8_t security, struct buf *out, struct err *e);

/* Where an answer that was read in d says to connect to, on the interface that it came over. False:
 * it is no answer, and e says why. */
bool discovery_found(const struct datagram *d, const char *interface, struct endpoint *secc,
                     struct err *e);

/* Which of its addresses a station answers that listens at plain, at tls, or at both (NULL: it does
 * not): who asks for TLS gets it where there is any, who asks for none never gets it [V2G2-625] to
 * [V2G2-628]. NULL: there is no answer to that. */
const struct endpoint *discovery_choose(uint8_t security, const struct endpoint *plain,
                                        const struct endpoint *tls);

/* The datagram of the answer, by the standard's table, of a station that listens there. False:
 * there is none to this one. */
bool discovery_respond(const struct datagram *d, struct library *l, const struct endpoint *plain,
                       const struct endpoint *tls, struct buf *answer, struct err *e);

#endif
