/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that a vehicle tries to another port of the station beside its session, again and
 * again, as some cars do (and find nobody there). What becomes of each goes into the record.
 */
#ifndef V2G_SESSION_PROBE_H
#define V2G_SESSION_PROBE_H

#include "session/session.h"

struct probe;
struct world;

/* The first attempt after first_ms, the others every_ms (0: none) behind each other, until it is
 * stopped; whoever answers is closed at once. The session is
 * whose events they are. NULL: out of memory. */
struct probe *probe_start(struct world *world, const struct endpoint *to, unsigned first_ms,
                          unsigned every_ms, const struct session *session);

void probe_stop(struct probe *p); /* NULL is allowed */

#endif
