/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A station and a vehicle of a script that are one relay (session/relay.h), as scripts have it:
 *
 *   local relay = Secc.Relay(Evcc)
 *
 * Both are started by hand, `manual`; what the relay waits for, and tells, are its methods.
 */
#ifndef V2G_SCRIPT_RELAYING_H
#define V2G_SCRIPT_RELAYING_H

#include "script/role.h"

/* Makes the type of its values. */
void relaying_open(lua_State *L);

/* Adds what stations have of it to the table on top. */
void relaying_methods(lua_State *L);

#endif
