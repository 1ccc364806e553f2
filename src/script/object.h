/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages as values of Lua. `local m = Evcc.Message('CurrentDemandReq')` is a message with its
 * defaults; its elements are fields:
 *
 *   m.EVTargetVoltage.Value = 3900      an element with children is an object of its own
 *   m.EVTargetVoltage = 390.5           a physical value takes a number in SI units …
 *   m.EVTargetVoltage:si()              … and gives one
 *   m.MeterInfo = {MeterID = 'M1'}      a table sets an element; nil leaves it out; absent is nil
 *   m.SelectedServiceList.SelectedService[1].ServiceID = 5    lists count from 1; # and ipairs work
 *   m.AppProtocol = {}                  an empty list is an absent one, even if it must not be
 *   m.Header.SessionID = '…'            the header, in all protocols
 *
 *   tostring(m), m:xml()   the XML as on the reference pages;  m:json() one line of JSON
 *   m:exi()                the EXI bytes;  m:name() the message's name;  m:table() a plain table
 *   m:get(path), m:values() elements by their path (paths.h)
 *   m:send()               sends it, whoever should send it by the standard
 *   m:violations()         what is outside the schema in one that was received: a list of texts
 *   m:frame(), m:time()    the frame that it came or went as: the number of its event, and when
 *   m:copy()               another one of the same content
 *   m:sign([who]), m:verify([who])   its signature, made and checked (signing.h)
 */
#ifndef V2G_SCRIPT_OBJECT_H
#define V2G_SCRIPT_OBJECT_H

#include "names/place.h"
#include "script/role.h"

#include <lauxlib.h>

void objects_open(lua_State *L);

/* Gives messages further methods. */
void objects_add(lua_State *L, const luaL_Reg *methods);

/* Pushes a copy of what was received. */
void object_push(lua_State *L, struct role *r, const struct received *received);

/* Pushes a copy of m; what of its header stays as it is when it is sent: SESSION_GIVEN_… */
void object_push_given(lua_State *L, struct role *r, const struct message *m, unsigned given);

/* The message that the value at `at` is; given (may be NULL): as above. NULL: it is none. */
struct message *object_test(lua_State *L, int at, unsigned *given);

/* Of the message value at `root`: where what it has grows; an element of it, or what stands at a
 * place (is_entry: one entry of the list there), pushed as a value. */
struct arena *object_arena(lua_State *L, int root);

/* That arena has been written to: what it takes is counted. Raises where that is too much. */
void object_count(lua_State *L, int root);
void object_push_element(lua_State *L, int root, struct node *n);
void object_push_place(lua_State *L, int root, const struct place *p, bool is_entry);

/* What stands at a place of the message value at 1 gets the value at 3, as where a script sets a
 * field; what is at 2 is lost. */
void object_set_place(lua_State *L, const struct place *p, bool is_entry);

/* Pushes a message by its name, with defaults; or read from XML (text that begins with '<'). */
void object_push_named(lua_State *L, struct role *r, const char *text, size_t n);

#endif
