/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time that a line of a log begins with, in the forms that programs write. Private to
 * src/record and its tests.
 */
#ifndef V2G_RECORD_LOGTIME_H
#define V2G_RECORD_LOGTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct logtime {
    size_t at, n; /* where it stands in the line, and how long it is */
    int64_t us;   /* since 1970-01-01 (UTC unless it says its zone); of a time without a date since
                     midnight or since the log's own zero */
    bool has_date;
};

/* The first time among the first characters of a line. False: none. */
bool logtime_find(const char *line, size_t n, struct logtime *t);

#endif
