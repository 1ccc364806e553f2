/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a sink that writes: what was made waits here until it is written, all at once. A file
 * holds whole units (lines, blocks, packets) only, also where the disk is full.
 */
#ifndef V2G_RECORD_OUTLET_H
#define V2G_RECORD_OUTLET_H

#include "base/buf.h"
#include "base/err.h"

struct outlet {
    int fd;
    struct buf out;  /* not written yet; whoever makes a unit adds to it */
    struct buf ends; /* where the units in it end */
    struct err over; /* set: nothing is written any more */
};

/* On a descriptor that stays the caller's. */
void outlet_open(struct outlet *o, int fd);

/* On a file, made or emptied. -1: e. */
int outlet_create(struct outlet *o, const char *path, struct err *e);

/* On a file that is not there yet. -1: e. */
int outlet_create_new(struct outlet *o, const char *path, struct err *e);

/* On a file that keeps what it has, made where there is none. -1: e. */
int outlet_append(struct outlet *o, const char *path, struct err *e);

/* What was added since is whole. */
void outlet_unit(struct outlet *o);

/*
 * Writes what waits. -1: the disk is full, the file was removed, nobody reads the pipe, or else.
 * From then on nothing is written; e is set once more at every call.
 */
int outlet_write(struct outlet *o, struct err *e);

/* Frees; does not write. The descriptor is closed by whoever opened it. */
void outlet_close(struct outlet *o);

/* Nobody but its owner may read the file from now on. */
void outlet_hide(const struct outlet *o);

#endif
