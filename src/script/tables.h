/* SPDX-License-Identifier: Apache-2.0 */
/*
 * insert, remove, move and concat of table (manual of Lua 5.4, 6.6). What is long can be left
 * (watch.h), which Lua's own cannot. Private to src/script.
 */
#ifndef V2G_SCRIPT_TABLES_H
#define V2G_SCRIPT_TABLES_H

#include <lua.h>

/* Puts them into the table on top of L. */
void tables_open(lua_State *L);

#endif
