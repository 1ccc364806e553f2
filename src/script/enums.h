/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The type tables of enumerations: ResponseCodeType.OK, UnitSymbolType.Unit_A. A member's value is
 * the string of the standard's name, so it prints and compares as one. The tables appear when a
 * script first names them, under the name of the schema's type (the case of letters does not count)
 * and with the members of all protocols that have a type of that name.
 * (enums.h of names tells how members are named).
 */
#ifndef V2G_SCRIPT_ENUMS_H
#define V2G_SCRIPT_ENUMS_H

#include "schema/library.h"

#include <lua.h>

/* Makes the type tables reachable as globals. The library must outlive L. */
void enums_open(lua_State *L, struct library *library);

#endif
