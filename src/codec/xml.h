/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The XML view of a message, and XML in. Out: exactly the form of the reference pages (declaration,
 * all namespaces on the root as xml, xsi, xsd, s0 … by code point of the URI, two blanks a level,
 * upper-case hexBinary, empty elements as <s1:X/>). In: any well-formed XML of that schema, read
 * with libxml2 (no network, no entities, no document type).
 *
 * What XML 1.0 cannot hold of a string (control characters, U+FFFE, octets that are no UTF-8) goes
 * out octet by octet, as characters U+EF00 to U+EFFF, and the document says so in front of its
 * root: <?v2glab octets="U+EF00"?>. Only where it does are such characters read back as octets.
 * Blank characters of mixed content are shown as CDATA: the reader takes other blanks for layout.
 */
#ifndef V2G_CODEC_XML_H
#define V2G_CODEC_XML_H

#include "codec/message.h"

#define XML_OCTETS_TARGET "v2glab"
#define XML_OCTETS_DATA "octets=\"U+EF00\""

enum xml_form {
    XML_PAGES,
    XML_COMPACT
}; /* COMPACT: one line, no declaration, default namespaces */

/* Appends the XML of m; no newline at the end. */
void xml_print(const struct message *m, enum xml_form form, struct buf *out);

/* Reads one document (or a fragment's element) of schema s. Children may come in any order; they go
 * out in the standard's. What is absent stays absent (node_complete fills it in). -1: e has line
 * and element path. */
int xml_read(const struct schema *s, const char *text, size_t n, bool fragment, struct arena *a,
             struct message *m, struct err *e);

#endif
