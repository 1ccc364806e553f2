/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the functions of the roles do, one Lua function a verb, with the upvalues of role_bound
 * (role.h). Elements in lists take an index, counted from 0, for each list on the way:
 *
 *   Set_(index …, value)      Get_([index …]); indices that are left out are 0
 *   Check_(index …, expected) Add_([outer index …,] value); of outer lists the last entry, unless
 *                             their indices are given
 *   Exist_(value …)           values of the entry's elements in the order of the schema; nil: any
 */
#ifndef V2G_SCRIPT_VERBS_H
#define V2G_SCRIPT_VERBS_H

#include <lua.h>

/* ORDER VERB */
extern const lua_CFunction VERB_FUNCTIONS[];

#endif
