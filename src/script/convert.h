/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of messages as values of Lua, and back:
 *
 *   boolean         boolean
 *   numbers         integer; above 2^63-1 (unsignedLong, integer) a string of decimal digits
 *   enumeration     the member's name; a code that has no member as a number
 *   string          string (UTF-8)
 *   hexBinary       upper-case hex digits; taken in either case. Text that is no hex is taken as
 *                   its own octets where the schema allows more than 8 of them (an EVSEID of DIN
 *                   70121)
 *   base64Binary    the octets
 *   physical value  number in SI units
 *   other elements  table of their children; lists are sequences, counted from 1
 *
 * What the wire can carry is taken, also outside the standard's limits; the rest is refused.
 */
#ifndef V2G_SCRIPT_CONVERT_H
#define V2G_SCRIPT_CONVERT_H

#include "codec/message.h"

#include <lua.h>

void convert_push(lua_State *L, const struct field *f, union value v);

/* The value at index `at` of the stack. -1: e says what was expected and found. Of an element with
 * children: a table (missing children get their defaults), or a number for a physical value. */
int convert_take(lua_State *L, int at, const struct field *f, struct arena *a, union value *v,
                 struct err *e);

/* Slot of the child of t called name ("content": the text); -1: e names the nearest. */
int convert_slot(const struct type *t, const char *name, struct err *e);

/* Writes the fields of the table at `at` into n; others stay. */
int convert_take_table(lua_State *L, int at, struct node *n, struct arena *a, struct err *e);

/* Sets child `slot` of n to the value at `at`: a list from a sequence; nil makes it absent. */
int convert_take_child(lua_State *L, int at, struct node *n, unsigned slot, struct arena *a,
                       struct err *e);

/* Pushes child `slot` of n; nil where absent. */
void convert_push_child(lua_State *L, const struct node *n, unsigned slot);

/* Whether v equals the Lua value at `at` (an enumeration also by its code; hex in either case). A
 * table is equal if all that it holds is. */
bool convert_equal(lua_State *L, int at, const struct field *f, union value v);

/* The value at `at` as people read it, for reports: 'OK', 390.5, nil. */
void convert_text(lua_State *L, int at, struct buf *out);

#endif
