/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_close(struct buf *b)
{
    free(b->p);
    *b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->failed = false;
}

void buf_fit(struct buf *b)
{
    uint8_t *p = b->n > 0 && b->n < b->cap ? realloc(b->p, b->n) : NULL;
    if (p == NULL)
        return;
    b->p = p;
    b->cap = b->n;
}

static atomic_bool has_run_out;

bool buf_has_run_out(void)
{
    return atomic_load(&has_run_out);
}

void buf_note_run_out(void)
{
    atomic_store(&has_run_out, true);
}

uint8_t *buf_reserve(struct buf *b, size_t n)
{
    if (b->failed)
        return NULL;
    if (b->p != NULL && n <= b->cap - b->n)
        return b->p + b->n;
    size_t cap = b->cap < 64 ? 64 : b->cap;
    while (cap - b->n < n && cap < SIZE_MAX / 2)
        cap *= 2;
    uint8_t *p = cap - b->n < n ? NULL : realloc(b->p, cap);
    if (p == NULL) {
        b->failed = true;
        buf_note_run_out();
        return NULL;
    }
    b->p = p;
    b->cap = cap;
    return p + b->n;
}

/* For other programs. */
extern inline void buf_add(struct buf *b, const void *p, size_t n);
extern inline void buf_text(struct buf *b, const char *text);
extern inline void buf_char(struct buf *b, char c);

void buf_add_slowly(struct buf *b, const void *p, size_t n)
{
    if (n == 0 || buf_reserve(b, n) == NULL)
        return;
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

static void add_digits(struct buf *b, uint64_t magnitude, bool negative)
{
    char digits[24];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + magnitude % 10);
    while ((magnitude /= 10) != 0);
    if (negative)
        digits[--at] = '-';
    buf_add(b, digits + at, sizeof digits - at);
}

void buf_number(struct buf *b, uint64_t number)
{
    add_digits(b, number, false);
}

void buf_signed(struct buf *b, int64_t number)
{
    add_digits(b, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, number < 0);
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
    char small[256];
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, format, args);
    if (n >= 0 && (size_t)n < sizeof small) {
        buf_add(b, small, (size_t)n);
    } else if (n >= 0 && buf_reserve(b, (size_t)n + 1) != NULL) {
        vsnprintf((char *)b->p + b->n, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

void buf_hex(struct buf *b, const void *p, size_t n, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    const uint8_t *in = p;
    uint8_t *out = buf_reserve(b, 2 * n);
    if (out == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = (uint8_t)digits[in[i] >> 4];
        out[2 * i + 1] = (uint8_t)digits[in[i] & 15];
    }
    b->n += 2 * n;
}

static const char BASE64_DIGITS[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void buf_base64(struct buf *b, const void *p, size_t n)
{
    const uint8_t *in = p;
    for (size_t i = 0; i < n; i += 3) {
        unsigned left = n - i < 3 ? (unsigned)(n - i) : 3;
        unsigned v = (unsigned)in[i] << 16 | (left > 1 ? (unsigned)in[i + 1] << 8 : 0) |
                     (left > 2 ? (unsigned)in[i + 2] : 0);
        char four[4] = {BASE64_DIGITS[v >> 18], BASE64_DIGITS[v >> 12 & 63],
                        left > 1 ? BASE64_DIGITS[v >> 6 & 63] : '=',
                        left > 2 ? BASE64_DIGITS[v & 63] : '='};
        buf_add(b, four, 4);
    }
}

const char *buf_string(struct buf *b)
{
    if (buf_reserve(b, 1) == NULL)
        return "";
    b->p[b->n] = '\0';
    return (const char *)b->p;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int64_t hex_read(const char *text, size_t n, uint8_t *out, size_t cap)
{
    size_t used = 0;
    int high = -1;
    for (size_t i = 0; i < n; i++) {
        if (is_blank(text[i]) || text[i] == ':')
            continue;
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return -1;
        if (high < 0) {
            high = digit;
            continue;
        }
        if (used == cap)
            return -1;
        out[used++] = (uint8_t)(high << 4 | digit);
        high = -1;
    }
    return high < 0 ? (int64_t)used : -1;
}

/* Value of a digit of base64; 64 or more: it is none. */
static unsigned base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

int64_t base64_read(const char *text, size_t n, uint8_t *out, size_t cap)
{
    size_t used = 0;
    unsigned bits = 0, held = 0, pads = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned digit = base64_value(text[i]);
        if (digit >= 64 && is_blank(text[i]))
            continue;
        if (text[i] == '=') {
            pads++;
            continue;
        }
        if (digit >= 64 || pads > 0)
            return -1;
        bits = bits << 6 | digit;
        held += 6;
        if (held < 8)
            continue;
        if (used == cap)
            return -1;
        held -= 8;
        out[used++] = (uint8_t)(bits >> held);
    }
    return pads > 2 || held == 6 ? -1 : (int64_t)used;
}
