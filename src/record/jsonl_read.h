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

/* Reads the record in that folder, packed or not. A last line that was cut off is as if it were not
 * there. -1: e has the file, and the line of what is no event. */
int jsonl_read(const char *folder, struct library *l, event_sink sink, void *context,
               struct err *e);

#endif
