/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that are built into the program: message descriptions, the Lua library, suites and
 * examples, under their names in the source tree ("schema/iso15118-2.schema").
 */
#ifndef V2G_BASE_ASSET_H
#define V2G_BASE_ASSET_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* The bytes of the file called path; they live as long as the program, and a 0 follows them. False
 * where there is none of that name; bytes is untouched then. */
bool asset_find(const char *path, struct slice *bytes);

/* Goes over all files whose names start with `start` ("" for all), sorted by name. *at is 0 before
 * the first call; false when there are no more:
 *
 *     size_t at = 0;
 *     const char *path;
 *     struct slice bytes;
 *     while (asset_each("schema/", &at, &path, &bytes))
 *         ...
 */
bool asset_each(const char *start, size_t *at, const char **path, struct slice *bytes);

#endif
