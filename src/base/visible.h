/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text from the wire or from files of others, for a terminal: whatever a terminal would obey
 * instead of showing it is made visible.
 */
#ifndef V2G_BASE_VISIBLE_H
#define V2G_BASE_VISIBLE_H

#include "base/buf.h"

#include <stdio.h>

/* Appends text with control characters, also those that break lines or turn its direction, as \n,
 * \t, \xNN or \uNNNN, so that it stays on one line. */
void visible_add(struct buf *out, const char *text, size_t n);

/* Prints a line, or a part of one, that way. */
void visible_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
