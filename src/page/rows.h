/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of a message: every field of bits that it consists of, in the order of the wire, as the
 * codec tells them. What `v2glab explain` prints, and what a report shows of each frame.
 */
#ifndef V2G_PAGE_ROWS_H
#define V2G_PAGE_ROWS_H

#include "codec/codec.h"

struct row {
    struct row *next;
    struct exi_field field; /* its texts are the rows' own; of a length `text` says what it means */
    const char *seen;       /* of EXI_HIT: the path of the element that has it in full */
};

struct rows {
    struct arena arena, room; /* the rows; the message */
    struct row *first, *last;
    struct buf strings; /* struct row *: those with characters in full */
    const struct schema *schema;
    struct message message; /* where is_whole */
    bool is_whole;
    struct err problem; /* where not; the rows end there */
    bool failed;        /* out of memory: rows are missing */
};

/* memory: most bytes that the rows of one message, or its message, may take. */
void rows_open(struct rows *r, size_t memory);
void rows_close(struct rows *r);

/* Reads a message by schema s, in place of the one before. -1: it cannot be read; r->problem, and
 * the rows up to there. */
int rows_read(struct rows *r, const struct schema *s, uint16_t payload, struct slice bytes,
              const struct exi_options *o);

/* One JSON object, without its braces, appended: grammar, name, rows with their doc lines,
 * violations, problem. */
void rows_print(const struct rows *r, struct buf *out);

#endif
