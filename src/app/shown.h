/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events on standard output, of a command that reads what is over: a ladder, or lines of JSON.
 */
#ifndef V2G_APP_SHOWN_H
#define V2G_APP_SHOWN_H

#include "record/jsonl.h"
#include "record/ladder.h"
#include "record/recorder.h"

struct shown {
    struct ladder ladder;
    struct jsonl lines;
};

/* Adds it to the recorder, whose events are written some at a time, all at recorder_flush. */
void shown_open(struct shown *s, struct recorder *r, bool json, unsigned verbose);
void shown_close(struct shown *s);

#endif
