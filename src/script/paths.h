/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elements of a message value by their path, as in "SAScheduleList.SAScheduleTuple[2].PMaxSchedule"
 * and "Header.SessionID": names joined by dots, entries counted from 1; an entry that is not said
 * is the first. The paths are those of faults (docs/faults.md) and of Expect_.
 *
 *   for path, value in m:values() do   every value that there is, in the order of the wire
 *   m:get(path)           what stands there, as a field of the message value; nil: absent
 *   m:set(path, value)    sets it, and makes what is absent on the way
 *   m:kind(path)          'list', 'quantity', 'element', 'enumeration', 'boolean', 'number',
 *                         'string', 'octets': also of what is absent; raises where it cannot be
 *   m:marks(path)         what the description says of it and of what it lies in: { key = true }
 *   m:is(path, value)     whether it equals the value, as Check_ compares; nil: it is absent
 */
#ifndef V2G_SCRIPT_PATHS_H
#define V2G_SCRIPT_PATHS_H

#include <lua.h>

/* Gives messages these methods; after objects_open. */
void paths_open(lua_State *L);

#endif
