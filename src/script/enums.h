/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The type tables of enumerations: ResponseCodeType.OK, UnitSymbolType.Unit_A. A member's value is
 * the string of the standard's name, so it prints and compares as one. The tables appear when a
 * script first names them, under the name of the schema's type (the case of letters does not count)
 * and with the members of all protocols that have a type of that name.
 *
 * Where the description states a prefix it stands before the member (Unit_A is 'A'; the member
 * alone is found, too). In a member that is no identifier of Lua each odd character is '_':
 * Unit_W_s.
 */
#ifndef V2G_SCRIPT_ENUMS_H
#define V2G_SCRIPT_ENUMS_H

#include "schema/library.h"

#include <lua.h>

/* Makes the type tables reachable as globals. The library must outlive L. */
void enums_open(lua_State *L, struct library *library);

/* How member i of s is named in Lua; returns out. */
const char *enums_member(const struct simple *s, unsigned i, char *out, size_t size);

#endif
