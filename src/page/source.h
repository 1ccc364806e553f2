/* SPDX-License-Identifier: Apache-2.0 */
/* Private to src/page: where a case comes from, and where its files are, as a report says it. */
#ifndef V2G_PAGE_SOURCE_H
#define V2G_PAGE_SOURCE_H

#include "base/buf.h"

#include <jansson.h>

/* [file, first line, text]: the block of the case in its file, built in or of the user. NULL: the
 * file is not there any more. */
json_t *source_of(const json_t *run, const json_t *planned);

/* The path from the folder that the file `from` is in to the folder `to`, with a '/' at the end;
 * `to` as it is where one of them is not there. Appended. */
void source_relative(const char *from, const char *to, struct buf *out);

#endif
