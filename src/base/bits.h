/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing bit by bit, most significant bit first. Both are sticky: reading past the end
 * gives zeros and leaves pos > end, writing past the end drops everything and sets `full`; callers
 * look when it matters.
 */
#ifndef V2G_BASE_BITS_H
#define V2G_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- reading ---- */

struct bit_reader {
    const uint8_t *p;
    size_t size;       /* bytes */
    size_t safe;       /* at so many of them 8 bytes can be read */
    uint64_t pos, end; /* bits; pos may pass end */
};

static inline uint64_t load_be64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

static inline uint32_t load_be32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    v = __builtin_bswap32(v);
#endif
    return v;
}

static inline void store_be64(uint8_t *p, uint64_t v)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    memcpy(p, &v, 8);
}

static inline void bits_open(struct bit_reader *r, const void *p, size_t n)
{
    r->p = (const uint8_t *)p;
    r->size = n;
    r->safe = n >= 8 ? n - 7 : 0;
    r->pos = 0;
    r->end = (uint64_t)n * 8;
}

uint64_t bits_peek_short(const uint8_t *p, size_t size, uint64_t pos); /* size is below 8 */

/* The next 57 bits at least, from the top of the word; zeros past the end. */
static inline uint64_t bits_peek(const struct bit_reader *r)
{
    uint64_t byte = r->pos >> 3, over = byte + 1 - r->safe; /* bytes past the end */
    if (__builtin_expect(byte < r->safe, 1))
        return load_be64(r->p + byte) << (r->pos & 7);
    if (r->safe == 0)
        return bits_peek_short(r->p, r->size, r->pos);
    return over < 8 ? load_be64(r->p + r->safe - 1) << (over * 8) << (r->pos & 7) : 0;
}

/* n is at most 56; 0 reads 0. */
static inline uint64_t bits_read(struct bit_reader *r, unsigned n)
{
    uint64_t v = bits_peek(r) >> 1 >> (63 - n);
    r->pos += n;
    return v;
}

/* n octets (8 at least) that begin `shift` bits behind p to out. Returns them or'ed together: a
 * word with a byte above 127 where one of them is. */
uint64_t bits_copy_long(uint8_t *out, const uint8_t *p, size_t n, unsigned shift);

static inline uint64_t bits_copy(uint8_t *out, const uint8_t *p, size_t n, unsigned shift)
{
    if (shift == 0 || n >= 48)
        return bits_copy_long(out, p, n, shift);
    uint64_t any = 0;
    for (size_t i = 0;; i = i + 16 <= n ? i + 8 : n - 8) { /* the last 8 maybe once more */
        uint64_t v = load_be64(p + i) << shift | p[i + 8] >> (8 - shift);
        store_be64(out + i, v);
        any |= v;
        if (i + 8 == n)
            return any;
    }
}

static inline uint64_t bits_left(const struct bit_reader *r)
{
    return r->pos < r->end ? r->end - r->pos : 0;
}

/* n octets, which must be there (bits_left), to out, where there is room for 8 at least; returns as
 * bits_copy does. */
static inline uint64_t bits_read_octets(struct bit_reader *r, uint8_t *out, size_t n)
{
    uint64_t pos = r->pos;
    r->pos += (uint64_t)n * 8;
    if (n >= 8)
        return bits_copy(out, r->p + (pos >> 3), n, pos & 7);
    struct bit_reader from = *r;
    from.pos = pos;
    uint64_t window = bits_peek(&from);
    store_be64(out, window);
    return window & ~(~UINT64_C(0) >> (8 * n));
}

/* ---- writing ---- */

struct bit_writer {
    uint8_t *start, *at, *last; /* last: where 8 bytes still fit */
    uint64_t held;              /* bits not yet at `at`, from the top of the word */
    unsigned used;              /* how many; below 8 between calls */
    bool full;
};

/* cap counts 8 bytes of slack, which may be overwritten. */
static inline void bits_begin(struct bit_writer *w, void *p, size_t cap)
{
    w->start = w->at = (uint8_t *)p;
    w->last = cap >= 8 ? w->start + cap - 8 : w->start;
    w->full = cap < 8;
    w->held = 0;
    w->used = 0;
}

/* The low n bits of v (which has no others); n is at most 56. */
static inline void bits_write(struct bit_writer *w, uint64_t v, unsigned n)
{
    if (__builtin_expect(w->at > w->last || w->full, 0)) {
        w->full = true;
        return;
    }
    unsigned used = w->used + n;
    uint64_t held = w->held | (v << 1) << (63 - used); /* used is 63 at most */
    store_be64(w->at, held);
    w->at += used >> 3;
    w->used = used & 7;
    w->held = held << (used & 56);
}

void bits_write_octets(struct bit_writer *w, const uint8_t *p, size_t n);

/* n octets (8 at least) to out, behind the `used` bits that end the word `before`; the last bits of
 * the last octet are left over. Returns them or'ed together, as above. */
uint64_t bits_paste(uint8_t *out, const uint8_t *p, size_t n, uint64_t before, unsigned used);

/* Bytes written, the last one filled up with zeros. */
static inline size_t bits_finish(const struct bit_writer *w)
{
    return (size_t)(w->at - w->start) + (w->used > 0);
}

static inline uint64_t bits_written(const struct bit_writer *w)
{
    return (uint64_t)(w->at - w->start) * 8 + w->used;
}

/* Bits that v needs: 0 needs none. */
static inline unsigned bits_length(uint64_t v)
{
    return v == 0 ? 0 : 64 - (unsigned)__builtin_clzll(v);
}

#endif
