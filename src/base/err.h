/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error value: what went wrong, where, what was expected and what was found, as one sentence
 * and its parts. The caller owns it and passes it as the last parameter; a function that fails
 * fills it and returns -1 (or NULL). Only the first failure is kept: err_set on an error that is
 * already set does nothing.
 */
#ifndef V2G_BASE_ERR_H
#define V2G_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

#define ERR_NO_PLACE (-1)

struct err {
    bool set;
    int32_t line;   /* line of a text file, or ERR_NO_PLACE */
    int64_t bit;    /* bit offset in the input, or ERR_NO_PLACE */
    char what[384]; /* the sentence: what, expected, found, what to do; no trailing newline */
    char path[256]; /* element path ("V2G_Message/Body/…") or file name; "" where none */
};

/* An error that is not set; of its texts, which are long, nothing but the end is written: each
 * message that comes or goes has some of these. */
static inline struct err err_none(void)
{
    struct err e;
    e.set = false;
    e.what[0] = e.path[0] = '\0';
    e.bit = ERR_NO_PLACE;
    e.line = ERR_NO_PLACE;
    return e;
}
#define ERR_INIT err_none()

/* Sets the error (unless set already). Always returns -1. */
int err_set(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with a bit offset. Always returns -1. */
int err_set_bit(struct err *e, uint64_t bit, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with file and line. Always returns -1. */
int err_set_line(struct err *e, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts an element's name before the path, for callers on the way out of a nested decode. */
void err_under(struct err *e, const char *name);

/* Writes "file:line: what" or "path, bit N: what" into text; returns text. */
const char *err_text(const struct err *e, char *text, int size);

#endif
