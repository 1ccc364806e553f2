/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enumerations of the descriptions by their names in the API: ResponseCodeType.OK,
 * UnitSymbolType.Unit_A. Where the description states a prefix it stands before the member. In a
 * member that is no identifier of Lua each odd character is '_': Unit_W_s.
 */
#ifndef V2G_NAMES_ENUMS_H
#define V2G_NAMES_ENUMS_H

#include "schema/library.h"

/* How member i of s is named in the API; returns out. */
const char *enums_member(const struct simple *s, unsigned i, char *out, size_t size);

typedef bool (*enum_visit)(void *context, const struct simple *s);

/* Visits the enumerations called name (the case of letters does not count) until one says true:
 * first those of the sets that are loaded anyhow, then those of all protocols. */
bool enums_visit(struct library *l, const char *name, enum_visit visit, void *context);

#endif
