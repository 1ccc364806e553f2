/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that a line of text spells: hex digits with whatever between them, lists of numbers,
 * escapes, base64, and the lines of dumps. Nothing here knows what the bytes mean. Private to
 * src/record and its tests.
 */
#ifndef V2G_RECORD_HEXLINE_H
#define V2G_RECORD_HEXLINE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* How digits are read. The same digits may be read in several ways; the first of these is tried
 * first. ORDER HEXLINE_FORM */
enum hexline_form {
    HEXLINE_HEX,     /* two digits a byte: 01fe 80, 0x01, 01-FE */
    HEXLINE_DECIMAL, /* 1, 254, 128, or with signs: 1, -2, -128 */
    HEXLINE_SHORT,   /* 1 FE 80 1: hex without leading zeros */
    HEXLINE_BASE64,
    HEXLINE_SWAPPED, /* of dumps: words of 2 or 4 bytes, the lower first: fe01 0180 */
    HEXLINE_OCTAL,   /* of dumps: 001 376 200 */
    HEXLINE_FORMS
};

/* Bytes in one form that stand together. */
struct hexrun {
    enum hexline_form form;
    size_t at, n;           /* in the line's bytes of that form */
    size_t from, to;        /* where the text of it begins and ends */
    size_t shared;          /* so many bytes at its beginning may belong to what stands before */
    bool is_first, is_last; /* nothing but brackets, quotes and commas is before or behind it */
};

/* The offset that a line of a dump has before its bytes. */
struct hexdump {
    size_t from, to;   /* where it stands in the text */
    uint64_t value[3]; /* as hex, decimal, octal; UINT64_MAX where it is none */
    bool has_colon;
    bool is_bare; /* nothing is behind it, as in the last line of od */
};

struct hexline {
    struct buf text, attributes, bytes[HEXLINE_FORMS], runs;
    size_t n;    /* of runs */
    bool failed; /* of a line before there was no memory */
};

/* -1: of some line there was no memory, and what was found in it is not all. */
int hexline_close(struct hexline *l);

/* Makes the line plain: colours and tags out, entities and escapes as what they stand for. */
void hexline_clean(struct hexline *l, struct slice line);

/* Finds the runs of a line that was made plain, in the order in which they end; those of a tag's
 * attributes behind all others. */
void hexline_find(struct hexline *l);
const struct hexrun *hexline_run(const struct hexline *l, size_t i);

/* The first word of the plain text behind `from` that may be an offset. False: none. */
bool hexline_offset(const struct hexline *l, size_t from, struct hexdump *d);

/* Reads the columns behind an offset into l->bytes, in each form that fits all of them: the other
 * forms have no bytes then. Characters printed beside the bytes are left out where that shows. */
void hexline_columns(struct hexline *l, const struct hexdump *d);

#endif
