/* SPDX-License-Identifier: Apache-2.0 */
/*
 * find, match, gmatch and gsub of strings (manual of Lua 5.4, 6.4). Lua's own cannot be left while
 * they try one way after the other, nor while a function of gsub runs; these can (watch.h). Private
 * to src/script.
 */
#ifndef V2G_SCRIPT_PATTERN_H
#define V2G_SCRIPT_PATTERN_H

#include <lua.h>

/* Puts them into the table on top of L. */
void patterns_open(lua_State *L);

#endif
