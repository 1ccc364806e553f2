/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of a run: a folder with events.jsonl (every event, decoded) and session.pcapng (the
 * bytes on the wire). Both are written as things happen, so that nothing is lost when the program
 * dies.
 */
#ifndef V2G_RECORD_RECORD_H
#define V2G_RECORD_RECORD_H

#include "record/event.h"

struct record;

/* Makes the folder path (NULL: runs/DATE-TIME[-N]). NULL: it could not be made. */
struct record *record_open(const char *path, struct err *e);
const char *record_path(const struct record *r);

/* An event_sink; context is the struct record. */
void record_event(void *context, const struct event *e);

/* -1: something could not be written. r is gone. */
int record_close(struct record *r, struct err *e);

#endif
