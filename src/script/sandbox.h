/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of Lua a script gets: base, string, table, math, utf8, coroutine, and of os the clock and
 * calendar; `require` for the built-in files of lua/ and for files beside the script. And the
 * functions that every script has besides its roles: Sleep(ms), Now() in milliseconds since 1970,
 * Log(…), print(…), assert(…), Pass([why]), Fail([why]), Inconclusive([why]).
 */
#ifndef V2G_SCRIPT_SANDBOX_H
#define V2G_SCRIPT_SANDBOX_H

#include <lua.h>
#include <stdbool.h>

/* is_unsafe: all of Lua's library besides. */
void sandbox_open(lua_State *L, bool is_unsafe);

/* Pushes the table that `require(name)` gives; raises where there is none. */
void sandbox_require(lua_State *L, const char *name);

#endif
