/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between two sessions, as people read it. */
#ifndef V2G_APP_DIFF_H
#define V2G_APP_DIFF_H

#include <jansson.h>

/* Prints what diff_sessions (record/diff_sessions.h) has found: order, fields, times, totals. */
void diff_print_sessions(const json_t *diff);

#endif
