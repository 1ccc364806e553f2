/* SPDX-License-Identifier: Apache-2.0 */
/* Simple values as text, in the form of XML: out and in. */
#ifndef V2G_CODEC_VALUE_H
#define V2G_CODEC_VALUE_H

#include "base/buf.h"
#include "codec/node.h"

/* Text of a simple value as XML shows it: 12, true, member name, HEX, base64; strings as they are
 * (not escaped). Out-of-range enumeration values are shown as their number. */
void value_text(const struct field *f, union value v, struct buf *out);

/* Reads such text (white space around it is skipped, but not of strings). Limits are those of the
 * wire, not of the schema: every n-bit value, 64 bits where groups of 7 bits carry the number. An
 * enumeration also takes a number. -1: e says what was expected and found. */
int value_read(const struct field *f, const char *text, size_t n, struct arena *a, union value *v,
               struct err *e);

/* Appends the text of what stands at a path below n (see node_find); nothing where it is absent, a
 * list or an element with children. */
void node_text(const struct node *n, const char *path, struct buf *out);

/* Reads text into the child or attribute called name of n; nothing is done where the type has none
 * of that name. -1: as value_read. */
int node_set_text(struct arena *a, struct node *n, const char *name, const char *text,
                  struct err *e);

#endif
