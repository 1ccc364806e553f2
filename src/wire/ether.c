/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ether.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MMTYPE_END 3 /* octets of MMV and MMTYPE */

const char *ether_text(const uint8_t mac[6], char text[ETHER_TEXT])
{
    static const char DIGITS[] = "0123456789ABCDEF";
    for (unsigned i = 0; i < 6; i++) {
        text[3 * i] = DIGITS[mac[i] >> 4];
        text[3 * i + 1] = DIGITS[mac[i] & 15];
        text[3 * i + 2] = i < 5 ? ':' : '\0';
    }
    return text;
}

static int digit(char c)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)((at - digits) % 16);
}

bool ether_parse(const char *text, uint8_t mac[6])
{
    uint8_t read[6];
    for (unsigned i = 0; i < 6; i++) {
        if (i > 0 && (*text == ':' || *text == '-'))
            text++;
        int high = digit(text[0]), low = high < 0 ? -1 : digit(text[1]);
        if (low < 0)
            return false;
        read[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    if (*text != '\0')
        return false;
    memcpy(mac, read, sizeof read);
    return true;
}

void ether_header(struct buf *out, const uint8_t to[6], const uint8_t from[6], uint16_t type)
{
    buf_add(out, to, 6);
    buf_add(out, from, 6);
    buf_char(out, (char)(type >> 8));
    buf_char(out, (char)(type & 0xFF));
}

uint16_t ether_type(struct slice frame)
{
    return frame.n < ETHER_HEADER ? 0 : (uint16_t)(frame.p[12] << 8 | frame.p[13]);
}

bool ether_is_homeplug(struct slice frame)
{
    return ether_type(frame) == ETHER_HOMEPLUG && frame.n >= ETHER_HEADER + MMTYPE_END;
}

uint16_t ether_mmtype(struct slice message)
{
    return message.n < MMTYPE_END ? 0 : (uint16_t)(message.p[1] | message.p[2] << 8);
}
