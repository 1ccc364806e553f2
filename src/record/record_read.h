/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record that is read again, also while it is written, or of a run that was killed: its
 * events.bin, else its events.jsonl, packed or not; of one in parts (record.h) all, in order. The
 * stream of events is the one that it was written from, with its times, numbers and texts.
 */
#ifndef V2G_RECORD_RECORD_READ_H
#define V2G_RECORD_RECORD_READ_H

#include "record/recorder.h"
#include "schema/library.h"

/* path: of the record's folder, or of an events.bin. What is cut off at the end of a file is as if
 * it were not there. Messages come as bytes, with the message set that they are read by, or
 * (with_messages) decoded again, too. -1: e has the file, and the place of what is no event. */
int record_read(const char *path, bool with_messages, struct library *l, event_sink sink,
                void *context, struct err *e);

/* Whether the file begins as an events.bin does. */
bool record_is_compact(const char *path);

#endif
