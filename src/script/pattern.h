/* SPDX-License-Identifier: Apache-2.0 */
/*
 * find, match, gmatch and gsub of strings, with the patterns of Lua (manual of Lua 5.4, 6.4.1).
 * Lua's own cannot be stopped while they try one way after the other; these look at the time that
 * the script has (watch.h). Private to src/script.
 */
#ifndef V2G_SCRIPT_PATTERN_H
#define V2G_SCRIPT_PATTERN_H

#include <lua.h>

/* Puts them into the table on top of L. */
void patterns_open(lua_State *L);

#endif
