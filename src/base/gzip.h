/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Octets packed as gzip (RFC 1952), and unpacked again. The same octets give the same packed ones:
 * neither a time nor a name is written. Both append to `out`. -1: e says why.
 */
#ifndef V2G_BASE_GZIP_H
#define V2G_BASE_GZIP_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

/* Do they begin as gzip does? */
bool gzip_is(struct slice bytes);

int gzip_pack(struct slice bytes, struct buf *out, struct err *e);

/* Unpacks all members, one after the other. More than `most` octets, an end in the middle, a wrong
 * sum or anything behind the last member is an error; what was unpacked up to there is in out. */
int gzip_unpack(struct slice packed, size_t most, struct buf *out, struct err *e);

/* Packs the file into path.gz, which takes its place. -1: e; then the file is as it was. Where both
 * are there, for it was killed meanwhile, the file counts. */
int gzip_file(const char *path, struct err *e);

/* Where that file is now: path, or path.gz (written to packed) where only that is there. */
const char *gzip_place(const char *path, char *packed, size_t size);

/* Appends the file that is at that place; what is packed, whatever its name, is unpacked. -1: it
 * cannot be read, or has more than `most` bytes; e has the path. */
int gzip_read(const char *path, size_t most, struct buf *out, struct err *e);

#endif
