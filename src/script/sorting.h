/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.sort (manual of Lua 5.4, 6.6), which can be left at each comparison (watch.h): also what
 * compares may wait. Private to src/script.
 */
#ifndef V2G_SCRIPT_SORTING_H
#define V2G_SCRIPT_SORTING_H

#include <lua.h>

/* Puts it into the table on top of L. */
void sorting_open(lua_State *L);

#endif
