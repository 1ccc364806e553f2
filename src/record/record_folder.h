/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a record lies: a folder with events.bin (every event; docs/events.md) while it is written,
 * or events.jsonl once it is over, and session.pcapng (the bytes on the wire). A record that is
 * limited lies in folders of their own, its parts, 0001, 0002, …
 */
#ifndef V2G_RECORD_RECORD_FOLDER_H
#define V2G_RECORD_RECORD_FOLDER_H

#include "base/err.h"

#include <stdbool.h>

#define RECORD_PATH_MAX 512
#define RECORD_FILE_MAX (RECORD_PATH_MAX + 32)

/* Its files; of one that is packed: NAME.gz. */
#define RECORD_COMPACT "events.bin"
#define RECORD_EVENTS "events.jsonl"
#define RECORD_PACKETS "session.pcapng"

/* What other runs leave in their folder: v2glab test, v2glab fuzz, and v2glab load, by number. */
#define RECORD_RESULTS "results.jsonl"
#define RECORD_CORPUS "corpus.db"
#define RECORD_FAILURE "failure-%04u"

/* Whether the folder is that of a record: it has events, packed or not, or parts. */
bool record_is(const char *path);

/* Makes the folder `given` where there is none (NULL: runs/DATE-TIME[-N]); path becomes its name.
 * -1: e. */
int record_folder(const char *given, char path[RECORD_PATH_MAX], struct err *e);

/* Whether the folder has nothing of another run yet, but for the file `own` (NULL: none), with
 * which this one goes on. -1: e says what, and whether that run is over. */
int record_is_free(const char *folder, const char *own, struct err *e);

/* Whether another process is writing that file, as it has locked it. */
bool record_is_written(const char *path);

/* "FOLDER/FILE". */
const char *record_file(char name[RECORD_FILE_MAX], const char *folder, const char *file);

/* The numbers of its first and last part; false: it has none. */
bool record_parts(const char *folder, unsigned *first, unsigned *last);

/* The folder of that part. */
const char *record_part(const char *folder, unsigned number, char name[RECORD_FILE_MAX]);

/* Of a record that is closed: its files, packed (NAME.gz), as Wireshark reads them, too. One that
 * cannot be packed stays as it is. */
void record_pack(const char *path);

/* Its files, packed or not, and parts are no more; nor is the folder, unless it has others. */
void record_remove(const char *path);

#endif
