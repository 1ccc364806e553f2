/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between two sessions, as people read it. */
#ifndef V2G_APP_DIFF_H
#define V2G_APP_DIFF_H

#include <jansson.h>

/* Prints what diff_sessions has found (record/diff_sessions.h): order, fields, times, and totals. */
void diff_print_sessions(const json_t *diff);

#endif
