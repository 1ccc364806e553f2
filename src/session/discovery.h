/* SPDX-License-Identifier: Apache-2.0 */
/* SDP as both sides record it, and as a station answers it. */
#ifndef V2G_SESSION_DISCOVERY_H
#define V2G_SESSION_DISCOVERY_H

#include "record/recorder.h"
#include "wire/sdp.h"

/* Records a datagram. What this side sent itself is never wrong: it was meant so. by: "EVCC". */
void discovery_record(struct recorder *r, int64_t us, const char *by, const struct numbered *known,
                      bool is_sent, const struct endpoint *from, const struct endpoint *to,
                      struct slice bytes);

/* Records that a station listens. text: "TLS", … */
void discovery_record_listener(struct recorder *r, int64_t us, const char *by,
                               const struct endpoint *at, const char *text);

/*
 * A datagram came to a station that listens at plain, at tls, or at both (NULL: it does not):
 * records it, and answers by the standard's table. False: there is no answer to it.
 */
bool discovery_answer(struct recorder *r, int64_t us, struct sdp_socket *s,
                      const struct endpoint *from, const struct endpoint *to, struct slice bytes,
                      const struct endpoint *plain, const struct endpoint *tls);

#endif
