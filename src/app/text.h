/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `v2glab decode FILE` of a text that has messages in it somewhere: a log, a dump, an array. As a
 * ladder with the numbers of the lines, or as lines of JSON.
 */
#ifndef V2G_APP_TEXT_H
#define V2G_APP_TEXT_H

#include "app/grammars.h"
#include "record/recorder.h"

#include <stdbool.h>

struct text_view {
    struct grammars *grammars;
    const struct exi_options *exi;
    const char *name; /* of the input, for messages */
    bool json;        /* lines of JSON instead of the ladder */
    unsigned verbose; /* 1: also the XML of each message; 2: also its bytes */
    event_sink sink;  /* gets the events, and nothing is printed; NULL: the terminal does */
    void *context;    /* of the sink */
};

struct text_found {
    int64_t lines;
    unsigned messages, undecoded, violations; /* undecoded: frames and messages that are damaged */
    uint64_t missed;                          /* runs of hex that are none */
};

/* Reads the input without printing anything. is_raw: it is the bytes of frames, and no text. */
struct text_found text_look(const struct text_view *view, struct slice input, bool is_raw);

/* Prints the messages in it to stdout, and on stderr how many there are; nothing where there are
 * none. Returns the exit code. */
int command_decode_text(const struct text_view *view, struct slice input, bool is_raw,
                        struct text_found *found);

#endif
