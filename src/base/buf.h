/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte buffer that grows, and printing into it. Sticky: when memory runs out `failed` is set and
 * whatever is added afterwards is dropped, so that callers look once at the end.
 */
#ifndef V2G_BASE_BUF_H
#define V2G_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
    uint8_t *p;
    size_t n, cap;
    bool failed;
};

/* Whether that has happened to any buffer of the process: what was made of it is not whole. */
bool buf_has_run_out(void);

/* It has happened to what is no buffer. */
void buf_note_run_out(void);

/* A view of bytes that somebody else owns. */
struct slice {
    const uint8_t *p;
    size_t n;
};

void buf_close(struct buf *b);
void buf_clear(struct buf *b);                 /* n = 0, keeps the memory */
void buf_fit(struct buf *b);                   /* gives back what is free; it may move */
uint8_t *buf_reserve(struct buf *b, size_t n); /* room for n more; NULL if failed */
void buf_add_slowly(struct buf *b, const void *p, size_t n); /* where it has to grow */

inline void buf_add(struct buf *b, const void *p, size_t n)
{
    if (b->failed || b->cap - b->n < n || n == 0) {
        buf_add_slowly(b, p, n);
        return;
    }
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

inline void buf_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

inline void buf_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_number(struct buf *b, uint64_t number); /* its decimal digits */
void buf_signed(struct buf *b, int64_t number);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
void buf_hex(struct buf *b, const void *p, size_t n, bool upper);
void buf_base64(struct buf *b, const void *p, size_t n);
const char *buf_string(struct buf *b); /* ends it with a 0 that n does not count */

/* Hex digits (either case, blanks and colons skipped) to octets; returns their number or -1. */
int64_t hex_read(const char *text, size_t n, uint8_t *out, size_t cap);
/* Base64 (white space skipped) to octets; returns their number or -1. */
int64_t base64_read(const char *text, size_t n, uint8_t *out, size_t cap);

#endif
