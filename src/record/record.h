/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of a run: a folder with events.jsonl (every event, decoded) and session.pcapng (the
 * bytes on the wire), as two sinks of the recorder. Both are written while things happen
 * (recorder.h), so that nothing but the last moment is lost when the program is killed.
 */
#ifndef V2G_RECORD_RECORD_H
#define V2G_RECORD_RECORD_H

#include "record/recorder.h"

struct record;

#define RECORD_PATH_MAX 512

/* Its files; of one that is packed: NAME.gz. */
#define RECORD_EVENTS "events.jsonl"
#define RECORD_PACKETS "session.pcapng"

/* Whether the folder is that of a record: it has events, packed or not. */
bool record_is(const char *path);

/* Makes the folder `given` where there is none (NULL: runs/DATE-TIME[-N]); path becomes its name.
 * -1: e. */
int record_folder(const char *given, char path[RECORD_PATH_MAX], struct err *e);

/* Makes the folder path (NULL: runs/DATE-TIME[-N]), and adds it to the recorder. NULL: it could not
 * be made. */
struct record *record_open(const char *path, struct recorder *recorder, struct err *e);
const char *record_path(const struct record *r);

/* The recorder gets no events any more. -1: something could not be written; e, unless the recorder
 * has told it (`lost`). r is gone. */
int record_close(struct record *r, struct err *e);

/* Of a record that is closed: its files, packed (NAME.gz), as Wireshark reads them, too. One that
 * cannot be packed stays as it is. */
void record_pack(const char *path);

/* Its files, packed or not, are no more; nor is the folder, unless it has others. */
void record_remove(const char *path);

#endif
