/* SPDX-License-Identifier: Apache-2.0 */
#include "record/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>

#define COLUMNS_MAX 200
#define WIDE_FROM 0xE1 /* first octet of U+1100 and all behind it; what lies between is rare here */

int terminal_columns(int fd)
{
    struct winsize size = {.ws_col = 80};
    ioctl(fd, TIOCGWINSZ, &size);
    return size.ws_col < 20 ? 80 : size.ws_col > COLUMNS_MAX ? COLUMNS_MAX : size.ws_col;
}

bool terminal_has_utf8(void)
{
    static const char *const NAMES[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *locale = "";
    for (unsigned i = 0; i < 3 && locale[0] == '\0'; i++) {
        const char *value = getenv(NAMES[i]);
        locale = value != NULL ? value : "";
    }
    const char *charset = strchr(locale, '.');
    return charset != NULL &&
           (strncasecmp(charset, ".utf-8", 6) == 0 || strncasecmp(charset, ".utf8", 5) == 0);
}

/* Octets of the escape sequence at p; 0: there is none. */
static size_t escape(const uint8_t *p, size_t n)
{
    size_t size = 2;
    if (n < 2 || p[0] != 0x1B || p[1] != '[')
        return 0;
    while (size < n && !(p[size] >= 0x40 && p[size] <= 0x7E))
        size++;
    return size < n ? size + 1 : n;
}

/* Arrows and lines of a box (U+2000 to U+2FFF) take one column. */
static int width(uint8_t first)
{
    return first >= WIDE_FROM && first != 0xE2 ? 2 : 1;
}

/* Octets of the character at p, which ends with a 0. */
static size_t character(const char *p)
{
    size_t n = 1;
    while (((uint8_t)p[n] & 0xC0) == 0x80)
        n++;
    return n;
}

size_t terminal_fit(const char *text, int columns)
{
    size_t n = 0;
    while (text[n] != '\0' && (columns -= width((uint8_t)text[n])) >= 0)
        n += character(text + n);
    return n;
}

int terminal_width(const char *text)
{
    int sum = 0;
    for (; *text != '\0'; text += character(text))
        sum += width((uint8_t)*text);
    return sum;
}

void terminal_column(struct buf *out, const char *text, int columns)
{
    buf_text(out, text);
    for (int n = terminal_width(text); n < columns; n++)
        buf_char(out, ' ');
}

void terminal_cut(struct buf *text, size_t from, int columns)
{
    size_t to = from;
    int column = 0;
    for (size_t i = from; i < text->n;) {
        size_t size = escape(text->p + i, text->n - i);
        bool is_kept = size > 0 || text->p[i] == '\n';
        int wide = is_kept ? 0 : width(text->p[i]);
        column = text->p[i] == '\n' ? 0 : column + wide;
        is_kept = is_kept || column <= columns;
        for (size = size > 0 ? size : 1; i + size < text->n && (text->p[i + size] & 0xC0) == 0x80;)
            size++;
        if (is_kept)
            memmove(text->p + to, text->p + i, size);
        to += is_kept ? size : 0;
        i += size;
    }
    text->n = to;
}
