/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of a role that do not depend on the messages: Connect, Listen, Disconnect,
 * Send_Raw, Receive_Any_001, Message, Received, State, SessionID (role.h tells what they do), and
 * those of TLS (tls_view.h, tls_expect.h).
 */
#ifndef V2G_SCRIPT_METHODS_H
#define V2G_SCRIPT_METHODS_H

#include "script/role.h"

/* Pushes a table of those of a side, functions that have no upvalues yet: they are to get the role
 * and the name that they are called by. */
void methods_push(lua_State *L, uint8_t side);

/* Takes what the table at 1 says of a connection: interface, address, protocol, TLS. known: the
 * keys that it may have, as script_check_keys takes them. */
void methods_choose(lua_State *L, struct role *r, const char *known);

#endif
