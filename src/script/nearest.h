/* SPDX-License-Identifier: Apache-2.0 */
/* The right name for one that is mistyped: the key of a Lua table that is most like it. */
#ifndef V2G_SCRIPT_NEAREST_H
#define V2G_SCRIPT_NEAREST_H

struct lua_State;

/* The string among the table's keys that is nearest to text, as long as it lives there; NULL where
 * none is so near that it may be meant. */
const char *nearest_key(struct lua_State *L, int table, const char *text);

/* For the table on top of the stack: names that are not there raise, and the nearest is named. what
 * is the table's own name ("Pki"). */
void nearest_guard(struct lua_State *L, const char *what);

#endif
