/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the record of a run into its folder (record_folder.h), as sinks of the recorder: what
 * happens goes to events.bin and session.pcapng, which cost little and are good wherever the
 * process dies; events.jsonl is made of events.bin when the run is over, and takes its place.
 */
#ifndef V2G_RECORD_RECORD_H
#define V2G_RECORD_RECORD_H

#include "record/record_folder.h"
#include "record/recorder.h"

struct library;
struct record;

/* When events.jsonl is made. ORDER RECORD_LINES */
enum record_lines {
    LINES_END,   /* once it is over, unless that is too much then */
    LINES_LIVE,  /* while it goes on, line by line, beside events.bin */
    LINES_NEVER, /* events.bin stays */
};
extern const char *const RECORD_LINES[LINES_NEVER + 2]; /* "end", …; NULL at the end */

#define RECORD_LIMIT_LEAST (1u << 20)
#define RECORD_PARTS 4 /* that a limit is divided into */

struct record_options {
    const char *path;        /* NULL: runs/DATE-TIME[-N] */
    enum record_lines lines; /* LINES_NEVER where there is a limit */
    /* Octets at most, RECORD_LIMIT_LEAST or more: the record has parts, of which the oldest go. 0:
     * no limit. */
    uint64_t limit;
    struct library *library; /* that messages are read by; stays as long as the record */
};

/* Makes the folder, and adds it to the recorder. NULL: it could not be made, or is in use; e. */
struct record *record_open(const struct record_options *o, struct recorder *recorder,
                           struct err *e);
const char *record_path(const struct record *r);

/* Whether anything went over a wire, or was tried to. */
bool record_has_traffic(const struct record *r);

/* NULL: all has been written so far. Else "record: incomplete since 12:03:04.567 (events.bin: No
 * space left on device)", with the local time of the first event that it lacks. Of NULL: NULL. */
const char *record_problem(const struct record *r);

/* The recorder gets no events any more; its lines are made, unless its events.bin has more octets
 * than that. -1: it is not all there, and e says what is not. r is gone. */
int record_close(struct record *r, uint64_t lines_most, struct err *e);

/* A record of events that were kept as units (compact.h), written at once. -1: e. */
int record_of(struct slice units, const struct record_options *o, struct err *e);

/* Makes the events.jsonl of a folder with an events.bin, which it replaces. 1: that is larger than
 * `most`, and stays. -1: e; then events.bin is as it was. */
int record_make_lines(const char *folder, uint64_t most, struct library *l, struct err *e);

#endif
