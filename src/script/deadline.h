/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The standard's times for waiting and answering, from lua/timers.lua: by protocol, parameter and
 * message, with profiles, and what the user set instead. Each is measured and recorded, also when
 * it holds.
 */
#ifndef V2G_SCRIPT_DEADLINE_H
#define V2G_SCRIPT_DEADLINE_H

#include "script/role.h"

/* Milliseconds of a parameter of a message of that protocol (message NULL: of none); name gets the
 * parameter's name. -1: the standard has none. */
int64_t deadline_find(lua_State *L, const char *protocol, const char *parameter,
                      const char *message, char *name, size_t size);

/* Lua: role.Measured(protocol, name, message, ms [, ok [, limit]]) records how long something
 * took, against that parameter, or against a limit in ms that a message has told (upvalue 1: the
 * role). */
int deadline_measured(lua_State *L);

/* Makes in L Timer(protocol, name [, message]), a timing parameter in milliseconds, or nil, and
 * Profile(), the name of the profile. */
void deadline_open(lua_State *L);

/* Raises where the user set a parameter (--timer) that there is not. */
void deadline_check(lua_State *L);

/* Sets r->timer for what the role waits for next: the EVCC's V2G_EVCC_Msg_Timeout from its request
 * on, the SECC's V2G_SECC_Sequence_Timeout from its last response on. message: that is expected;
 * NULL for any. */
void deadline_standard(lua_State *L, struct role *r, const char *message, const char *protocol);

/* The same for a message of the link: ISO 15118-3's time for it, from now on. */
void deadline_link(lua_State *L, struct role *r, const char *message);

/* Sets r->timer to so many milliseconds from now. */
void deadline_given(struct role *r, double ms);

/* The wait is over: records it. came: within time or not at all. The first time on a connection,
 * also what finding the other side and agreeing the protocol took. */
void deadline_met(lua_State *L, struct role *r, int64_t us, bool came);

/* The SECC answers a request: records how long that took, against V2G_SECC_Msg_Performance_Time. */
void deadline_answered(lua_State *L, struct role *r, const char *request);

#endif
