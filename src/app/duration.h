/* SPDX-License-Identifier: Apache-2.0 */
/* Times as they are written on a command line: 250us, 500ms, 10s, 5min, 1h. */
#ifndef V2G_APP_DURATION_H
#define V2G_APP_DURATION_H

#include "base/err.h"

#include <stdint.h>

/* The time that text begins with, in microseconds; *end: what is behind it. -1: it is none. */
int64_t duration_read(const char *text, const char **end);

/* Options: one time (to: an int64_t), or two, as 100ms..2s (to: two of them, alike where only one
 * is given). */
int duration_take(void *to, const char *text, struct err *e);
int duration_take_range(void *to, const char *text, struct err *e);

#endif
