/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON view of a message, and JSON in (jansson). The root is an object with one member, the
 * element's name; elements are members in wire order, lists arrays, attributes "@Id", text content
 * "content"; numbers numbers (64-bit ones exact, those above INT64_MAX strings of digits), booleans
 * booleans, enumerations their member's name (or a number, outside the members), hexBinary
 * upper-case hex, base64Binary base64; an open type's content is an array "content" of objects with
 * one member each, characters as strings.
 *
 * An element that a wildcard let in is called "{uri}name", as are its attributes ("@{uri}name") and
 * a root whose local name is not unique; where the schema does not know it, it is an object of
 * attributes and "content".
 */
#ifndef V2G_CODEC_JSON_H
#define V2G_CODEC_JSON_H

#include "codec/message.h"

enum json_form { JSON_LINE, JSON_PRETTY };

void json_print(const struct message *m, enum json_form form, struct buf *out);

/* A JSON string with its quotes, escaped; invalid UTF-8 becomes U+FFFD. */
void json_quote(const char *text, size_t n, struct buf *out);

/* Reads such JSON; children may come in any order, values of all simple kinds also as strings in
 * the form of XML. What is absent stays absent (node_complete fills it in). -1: e has the path, or
 * the line where it is no JSON. */
int json_read(const struct schema *s, const char *text, size_t n, bool fragment, struct arena *a,
              struct message *m, struct err *e);

#endif
