/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a role expects of the other side besides messages: that it closes, or that it says nothing.
 *
 *   Evcc.Expect_Close([ms])   waits until the other side closes: after how many milliseconds, and
 *                             how it did; a message, or an open connection, is the verdict fail
 *   Evcc.Expect_Nothing(ms)   waits so long; a message or a close is the verdict fail
 */
#ifndef V2G_SCRIPT_EXPECT_H
#define V2G_SCRIPT_EXPECT_H

#include "script/role.h"

/* Adds these functions to the table on top of the stack. */
void expect_methods(lua_State *L, struct role *r);

#endif
