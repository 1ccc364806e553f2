/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of Lua's library could run for ever within one call, where no instruction of Lua is counted:
 * string.rep of nothing, the loops of table, what is loaded, finalizers. Private to src/script.
 */
#ifndef V2G_SCRIPT_BOUNDED_H
#define V2G_SCRIPT_BOUNDED_H

#include <lua.h>

/* As lua_load of the text at that index, called `name`. */
int bounded_load(lua_State *L, int text, const char *name);

/* Puts its own functions in the places of those of the global tables. */
void bounded_open(lua_State *L);

#endif
