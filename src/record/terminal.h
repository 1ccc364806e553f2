/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal: its size, and what it can show. */
#ifndef V2G_RECORD_TERMINAL_H
#define V2G_RECORD_TERMINAL_H

#include "base/buf.h"

#include <stdbool.h>

/* How many columns the terminal on a descriptor has: 20 to 200; 80 where it does not say. */
int terminal_columns(int fd);

/* Whether the locale is of UTF-8 (LC_ALL, else LC_CTYPE, else LANG): else ASCII alone is safe. */
bool terminal_has_utf8(void);

/* Columns that a text without colours takes. */
int terminal_width(const char *text);

/* How many octets of it there is room for. */
size_t terminal_fit(const char *text, int columns);

/* Appends it, filled up with blanks to so many columns. */
void terminal_column(struct buf *out, const char *text, int columns);

/* Cuts each line of the text from `from` on to so many columns; colours are kept, and characters
 * of East Asian scripts take two. */
void terminal_cut(struct buf *text, size_t from, int columns);

#endif
