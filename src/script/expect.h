/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a role expects of the other side: a message with these values in it, that it closes, or
 * that it says nothing.
 *
 *   Evcc.Expect_SessionSetupRes_001{ResponseCode = …}   waits as Receive_ does, and compares
 *                             (lua/v2g/expect.lua); gives the message as a value
 *   Evcc.Expect_Close([ms])   waits until the other side closes: after how many milliseconds, and
 *                             how it did; a message, or an open connection, is the verdict fail
 *   Evcc.Expect_Nothing(ms)   waits so long; a message or a close is the verdict fail
 */
#ifndef V2G_SCRIPT_EXPECT_H
#define V2G_SCRIPT_EXPECT_H

#include "script/role.h"

/* Lua function of the verb Expect_ (role_bound). */
int expect_message(lua_State *L);

/* Makes in L what Expect_ compares with besides values: any, near, at_least, at_most, absent,
 * present, new; after enums_open. */
void expect_open(lua_State *L);

/* Adds these functions to the table on top of the stack. */
void expect_methods(lua_State *L);

#endif
