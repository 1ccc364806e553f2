/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS alerts as events that a script expects; anything else ends it with the verdict fail, and what
 * was found.
 *
 *   Expect_Tls_Alert_001([name [, ms]])     the other side sends that alert
 *   Expect_Tls_Refusal_001([name [, ms]])   this side refuses the other one, with that alert; gives
 *                                           what was wrong: which certificate, which field, which
 *                                           clause
 *
 * name: 'certificate_expired', one of a list of names, or nil for any but close_notify. Connects,
 * or listens, if nothing was started yet, and waits: 20 s unless `ms` says otherwise, but no longer
 * than 1 s after a handshake that went well, since then no refusal is to be expected. (With TLS 1.3
 * the station's comes after the vehicle's handshake is over.)
 */
#ifndef V2G_SCRIPT_TLS_EXPECT_H
#define V2G_SCRIPT_TLS_EXPECT_H

#include "script/role.h"

/* Adds the functions to the table on top; the stack stays as it is. */
void tls_expect_methods(lua_State *L);

#endif
