/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files in memory. */
#ifndef V2G_BASE_FILE_H
#define V2G_BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the file at path ("-": standard input) to out. -1: it cannot be opened or read, or has
 * more than `most` bytes; e says which, with the path. What was read of it stays in out. Where out
 * has room for most + 1 bytes it does not move, so that secrets are not left behind. */
int file_read(const char *path, size_t most, struct buf *out, struct err *e);

/* The same of a text, without the byte order mark that it may begin with. */
int file_read_text(const char *path, size_t most, struct buf *out, struct err *e);

#endif
