/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How elements, types and values of the message descriptions are put into words for people, in
 * English or Korean: doc lines (Korean ones from schema/ko/NAME.txt), limits, and values as Lua
 * writes them. Texts go to a buffer, or live in the arena that is passed.
 */
#ifndef V2G_REFERENCE_WORDING_H
#define V2G_REFERENCE_WORDING_H

#include "codec/message.h"
#include "reference/prose.h"

/* Doc line of a global element (a message), a type or a simple type, and slot of type t. English
 * where it is not translated, "" where there is none at all. */
const char *wording_element(const struct prose *prose, const struct schema *set,
                            const struct element *element, struct arena *a);
const char *wording_type(const struct prose *prose, const struct schema *set, const struct type *t,
                         struct arena *a);
const char *wording_simple(const struct prose *prose, const struct schema *set,
                           const struct simple *s, struct arena *a);
const char *wording_field(const struct prose *prose, const struct schema *set, const struct type *t,
                          unsigned slot, struct arena *a);

/* "ChargingSessionType": the name of a simple type in Lua; "" where it has none. Returns out. */
const char *wording_type_name(const struct simple *s, char *out, size_t size);

/* Type of a value in Lua: "boolean", "number", "string", "table", or the name of an enumeration.
 * Returns out. */
const char *wording_lua_type(const struct field *f, char *out, size_t size);

/* "evseIDType (string)", "PhysicalValueType". */
void wording_kind(const struct field *f, struct buf *out);

/* "1..255", "7..37 characters"; nothing where all that the type can hold is allowed. */
void wording_limits(const struct prose *prose, const struct field *f, struct buf *out);

/* "mandatory", "optional", "one of several", "list of 1..16". */
void wording_presence(const struct prose *prose, const struct field *f, struct buf *out);

/* How EXI writes a value of f: "enumeration, 5 bits". */
void wording_wire(const struct prose *prose, const struct field *f, struct buf *out);

/* A simple value as an expression of Lua: 32, true, 'text', ResponseCodeType.OK. */
void wording_value(const struct field *f, union value v, struct buf *out);

#endif
