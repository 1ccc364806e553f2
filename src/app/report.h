/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user is told on stderr: one line each, beginning with error:, warning: or note:. Input
 * may be hostile, so control characters in it are made visible everywhere.
 */
#ifndef V2G_APP_REPORT_H
#define V2G_APP_REPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "codec/message.h"

#include <stdbool.h>

/* ORDER REPORT */
enum report { REPORT_ERROR, REPORT_WARNING, REPORT_NOTE };

void report(enum report kind, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* An error in the input called where ("FILE", "line 3"; "" where there is no name to say). */
void report_err(const char *where, const struct err *e);

/* A sink of the recorder has ended (recorder.h). */
void report_lost(const char *text);

/* Whether one has, so that what the user wanted is not all there. */
bool report_has_lost(void);

/* Each of m's violations as a warning. label is the grammar's name where it has to be said, or
 * "". */
void report_violations(const char *where, const char *label, const struct message *m);

/* The same for the message of a line of the input. */
void report_line_violations(uint64_t line, const struct message *m);

/* Appends "line 3: PATH, bit 12: what"; the parts that e does not have are left out. */
void text_add_err(struct buf *out, const struct err *e);

/* Appends "PATH, bit 12: what". */
void text_add_violation(struct buf *out, const struct violation *v);

#endif
