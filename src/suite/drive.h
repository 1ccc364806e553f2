/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What drivers of a device may do outside the sandbox: start a program, and ask the operator. They
 * are handed to the part that plays a case as a table, which no case can reach:
 *
 *   drive.run({program, argument, …}, {NAME=TEXT, …}, ms)
 *       the exit code, and what it has printed (its end, where that is long); -1 and why, where it
 *       could not be started, or was ended by a signal or for its time
 *   drive.tell(text)   onto the terminal
 *   drive.line(ms)     the next line that the operator enters; nil: none within that
 *                      time, false: nobody can
 *
 * A program has a process group of its own, which is killed when its time is over, and with the
 * case. Ctrl-C does not reach it: a case that has begun is finished.
 */
#ifndef V2G_SUITE_DRIVE_H
#define V2G_SUITE_DRIVE_H

#include "script/script.h"

#include <stdbool.h>

struct drive {
    struct world *world;
    struct running *first; /* programs that have not been cleaned up */
    _Atomic bool *asks;    /* true while the operator is asked; may be shared; NULL: nobody looks */
};

/* Pushes the table. d, all zero at first, must live until drive_close. */
void drive_push(lua_State *L, struct drive *d);

/* Kills what still runs, and waits for that; while the script and its world are still there. */
void drive_close(struct drive *d);

#endif
