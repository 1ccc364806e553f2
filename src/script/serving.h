/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A station that several vehicles come to, at once and one after another: it listens, answers SDP,
 * and hands each connection to a role.
 *
 *   Secc.Accept([options])   waits for the next vehicle: the station that has its connection; nil:
 *                            no more come (Ctrl-C, Stop_Accepting). The first call begins to
 *                            listen. options: what Secc.Listen takes about TLS (security.h); as:
 *                            the station that takes the connection over, else a Place() does;
 *                            answer_ms: delays supportedAppProtocolRes
 *   Secc.Stop_Accepting()    takes no more vehicles; those that are there stay
 *   Secc.Session_Over(verdict [, why])   records the verdict of one session: true, false, or
 *                            "pass", "fail", "inconclusive", "error"
 */
#ifndef V2G_SCRIPT_SERVING_H
#define V2G_SCRIPT_SERVING_H

#include "script/role.h"

/* Adds the functions to the table on top; the stack stays as it is. */
void serving_methods(lua_State *L);

/* Ends listening; who waits for a vehicle waits no more. NULL is allowed. */
void serving_stop(struct serving *v);

/* The same, and frees it. */
void serving_close(struct serving *v);

#endif
