/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record that is read again: its events.jsonl (docs/events.md) as the stream of events that it
 * was written from. Messages come as bytes, with the message set that they are read by; nothing is
 * decoded. Numbers, texts and flags are those of the file.
 */
#ifndef V2G_RECORD_JSONL_READ_H
#define V2G_RECORD_JSONL_READ_H

#include "record/recorder.h"
#include "schema/library.h"

/* Whether the folder is a record that can be read: it has events.jsonl, or events.jsonl.gz. */
bool jsonl_is_record(const char *folder);

/* Reads the file at path; events.jsonl.gz beside it where there is none. A last line that was cut
 * off is as if it were not there. -1: e has the file, and the line of what is no event. */
int jsonl_read(const char *path, struct library *l, event_sink sink, void *context, struct err *e);

#endif
