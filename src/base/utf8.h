/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8, one character at a time: checked, so that printers can put something else where text from
 * the wire is broken; and written.
 */
#ifndef V2G_BASE_UTF8_H
#define V2G_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Octets of the character at p (n are left, at least 1) and its number; 0 where it is none: a stray
 * or missing octet, a longer form than needed, half of a surrogate pair, beyond U+10FFFF. */
static inline unsigned utf8_length(const uint8_t *p, size_t n, uint32_t *character)
{
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    if (p[0] < 0x80) {
        *character = p[0];
        return 1;
    }
    unsigned length = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || n < length)
        return 0;
    uint32_t c = p[0] & (0x7Fu >> length);
    for (unsigned i = 1; i < length; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3Fu);
    }
    if (c < LEAST[length] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    *character = c;
    return length;
}

/* Writes the character, which is one of Unicode; returns its octets, 1 to 4. */
static inline unsigned utf8_put(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xC0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xE0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 63));
        out[2] = (uint8_t)(0x80 | (c & 63));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 63));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 63));
    out[3] = (uint8_t)(0x80 | (c & 63));
    return 4;
}

#endif
