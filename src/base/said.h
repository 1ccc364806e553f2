/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program says to people, in their language. English is the source: the code has it, and
 * so has all that is recorded or read by programs. Where a text is shown, it goes through here, and
 * comes out in Korean where --lang or the locale wants that and reference/ko-messages.txt has it.
 */
#ifndef V2G_BASE_SAID_H
#define V2G_BASE_SAID_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdio.h>

/* Before all threads. language: "ko", "en", or NULL: as LC_ALL, LC_MESSAGES or LANG say. */
void said_choose(const char *language);

bool said_in_korean(void);

/* Appends the text, of one or more lines, as people read it: where it, or a line of it, is a
 * message of the table (with any values in the places of %s, %u …); else what stands behind a
 * ": " in it; else as it is. Values that are messages themselves are said likewise. */
void said_add(struct buf *out, const char *english);

/* The same in Korean, whatever was chosen: for what is read in both languages. False: it is the
 * text as it is. May be called in any thread. */
bool said_add_korean(struct buf *out, const char *english);

/* The same as said_add, alone in room; its text. */
const char *said_text(struct buf *room, const char *english);

/* Prints what the format makes, likewise. */
void said_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A text of the table that has no values; itself where it is not there. */
const char *said(const char *english);

#endif
