/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that a text spells, over all its lines: runs that go on from line to line, dumps with their
 * offsets, and what the lines say besides. Every form is handed out as a block of bytes; whoever
 * takes it says whether it holds anything.
 */
#ifndef V2G_RECORD_HEXTEXT_H
#define V2G_RECORD_HEXTEXT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define HEXTEXT_STAMP 40 /* characters of a time */
#define HEXTEXT_MISSED 8 /* bytes of a run that is worth mentioning where it is none */

/* Words of a line. */
enum hextext_words {
    HEXTEXT_V2G = 1, /* EXI, V2G, ISO 15118, … */
    HEXTEXT_EVCC = 2,
    HEXTEXT_SECC = 4,
    HEXTEXT_SENT = 8,
    HEXTEXT_GOT = 16,
};

struct hextext_line {
    uint64_t number;           /* from 1 */
    int64_t us;                /* its time, as in logtime.h */
    char stamp[HEXTEXT_STAMP]; /* the same as it stands there; "" none */
    uint8_t words;             /* enum hextext_words */
    bool has_time, has_date;
};

/* Where in a block the bytes of a line begin. */
struct hextext_mark {
    size_t at;
    struct hextext_line line;
};

struct hextext_block {
    struct slice bytes;
    const struct hextext_mark *mark; /* in order, the first at 0 */
    size_t marks;
    size_t shared;  /* so many bytes at the beginning may belong to what stands before */
    bool is_dump;   /* messages do not begin with its lines */
    bool is_digits; /* pairs of hex digits, which hardly are something else */
};

struct hextext_events {
    /* Whether anything was found in it; else the same text may come in another form. */
    bool (*block)(void *context, const struct hextext_block *b);

    /* Nothing was found in any form of this one, which is of hex digits. */
    void (*missed)(void *context, const struct hextext_block *b);
};

/* Returns the number of lines. -1: out of memory. */
int64_t hextext_read(struct slice text, const struct hextext_events *events, void *context);

#endif
