/* SPDX-License-Identifier: Apache-2.0 */
/* Archives of files in memory: ustar (POSIX.1-2001), with no owner and no time in them, so that the
 * same files make the same archive. */
#ifndef V2G_BASE_TAR_H
#define V2G_BASE_TAR_H

#include "base/buf.h"

/* Appends a file. name: at most 99 bytes. */
void tar_add(struct buf *out, const char *name, struct slice content);

/* Appends the end. */
void tar_end(struct buf *out);

#endif
