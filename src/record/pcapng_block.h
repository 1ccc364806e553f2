/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blocks of a pcapng file, in either byte order: numbers, options, and the blocks that a file
 * begins with. Private to src/record.
 */
#ifndef V2G_RECORD_PCAPNG_BLOCK_H
#define V2G_RECORD_PCAPNG_BLOCK_H

#include "base/buf.h"
#include "base/pcapng.h"

#include <string.h>

#define BLOCK_COMMENT_MOST 60000u /* bytes of a comment: an option's length has 16 bits */

static inline uint32_t block_get32(const uint8_t *p, bool is_big)
{
    return is_big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
                  : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline void block_add16(struct buf *b, bool is_big, unsigned v)
{
    uint8_t low = (uint8_t)v, high = (uint8_t)(v >> 8);
    buf_add(b, (uint8_t[]){is_big ? high : low, is_big ? low : high}, 2);
}

static inline void block_add32(struct buf *b, bool is_big, uint32_t v)
{
    block_add16(b, is_big, is_big ? v >> 16 : v & 0xFFFF);
    block_add16(b, is_big, is_big ? v & 0xFFFF : v >> 16);
}

/* Up to the next multiple of 4 behind n bytes. */
static inline void block_pad(struct buf *b, size_t n)
{
    buf_add(b, (uint8_t[3]){0}, (4 - n % 4) % 4);
}

static inline void block_option(struct buf *b, bool is_big, unsigned code, const void *value,
                                size_t n)
{
    block_add16(b, is_big, code);
    block_add16(b, is_big, (unsigned)n);
    buf_add(b, value, n);
    block_pad(b, n);
}

/* UTF-8; what is too long is cut, but not in the middle of a character. */
static inline void block_comment(struct buf *b, bool is_big, const char *text, size_t n)
{
    if (n > BLOCK_COMMENT_MOST)
        for (n = BLOCK_COMMENT_MOST; n > 0 && ((uint8_t)text[n] & 0xC0) == 0x80; n--) {
            /* it goes on from the byte before */
        }
    block_option(b, is_big, OPTION_COMMENT, text, n);
}

/* Returns where the block begins, for block_end. */
static inline size_t block_begin(struct buf *b, bool is_big, uint32_t type)
{
    size_t at = b->n;
    block_add32(b, is_big, type);
    block_add32(b, is_big, 0);
    return at;
}

/* The length stands at both ends, so that a file can be read backwards. */
static inline void block_end(struct buf *b, bool is_big, size_t at)
{
    block_add32(b, is_big, (uint32_t)(b->n + 4 - at));
    if (!b->failed)
        memcpy(b->p + at + 4, b->p + b->n - 4, 4);
}

/* The header of a section, whose length is left open. */
static inline void block_section(struct buf *b, bool is_big)
{
    size_t at = block_begin(b, is_big, BLOCK_SECTION);
    block_add32(b, is_big, BLOCK_ORDER);
    block_add16(b, is_big, 1); /* version 1.0 */
    block_add16(b, is_big, 0);
    block_add32(b, is_big, UINT32_MAX);
    block_add32(b, is_big, UINT32_MAX);
    block_option(b, is_big, OPTION_PROGRAM, "v2glab", 6);
    block_option(b, is_big, OPTION_END, "", 0);
    block_end(b, is_big, at);
}

/* An interface, up to its options, which are the caller's, as block_end is. most: bytes that it
 * captures of a packet; 0: all. */
static inline size_t block_interface(struct buf *b, bool is_big, uint16_t link_type, uint32_t most)
{
    size_t at = block_begin(b, is_big, BLOCK_INTERFACE);
    block_add16(b, is_big, link_type);
    block_add16(b, is_big, 0);
    block_add32(b, is_big, most);
    return at;
}

/* Lines of a TLS key log. */
static inline void block_secrets(struct buf *b, bool is_big, struct slice keylog)
{
    size_t at = block_begin(b, is_big, BLOCK_SECRETS);
    block_add32(b, is_big, SECRETS_TLS);
    block_add32(b, is_big, (uint32_t)keylog.n);
    buf_add(b, keylog.p, keylog.n);
    block_pad(b, keylog.n);
    block_end(b, is_big, at);
}

#endif
