/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters of a role, as scripts set them (session/filter.h, session/fault.h):
 *
 *   Evcc.Filter 'CurrentDemandRes#3: drop'
 *   Evcc.Filter{ on = 'CurrentDemandReq', occurrence = '3+', direction = 'out', fault = 'drop' }
 *   local f = Evcc.Filter{ on = 'CurrentDemandReq', fault = function(m)
 *       m.EVTargetVoltage = 390
 *   end }
 *
 * A function gets the message as a value, and the filter. What it returns: nothing, m goes on as it
 * is now; false, nothing goes on; a message or a string of bytes, that in its place; a list of
 * these, all of them. It cannot wait.
 *
 *   f:happened()   how often it has done something; f:seen() how many frames of the name there were
 *   f:remove()     takes it out
 */
#ifndef V2G_SCRIPT_FILTERS_H
#define V2G_SCRIPT_FILTERS_H

#include "script/role.h"

void filters_open(lua_State *L);

/* Of the filter at `at`, as Filter has made it: what happens is counted there, too; only_out: what
 * comes in is not meant, unless that alone is. */
void filters_count(lua_State *L, int at, unsigned *total, bool only_out);

/* Filter, into the table on top of the stack. */
void filters_methods(lua_State *L);

#endif
