/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What still comes over a connection that this side has closed: close_notify, frames too late, FIN
 * or RST. It is recorded as what came after the end, and nobody else hears of it. Who sends data
 * then is answered by RST, as a system does for a socket that is closed. Private to src/session.
 */
#ifndef V2G_SESSION_AFTER_H
#define V2G_SESSION_AFTER_H

#include "session/session.h"

struct after;
struct stream;
struct tls;

#define AFTER_MS 500 /* until nothing is expected any more */

/* Closes by FIN, and takes the stream over; tls: what lies on it, or NULL. `over` is called from
 * the loop when all has come, and ends it. NULL: it could not, and the stream is the caller's. */
struct after *after_begin(struct stream *stream, const struct session *of, struct tls *tls,
                          void (*over)(void *context), void *context);

/* At once. NULL is allowed. */
void after_end(struct after *a);

#endif
