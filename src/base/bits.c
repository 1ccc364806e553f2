/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bits.h"

uint64_t bits_peek_tail(const struct bit_reader *r)
{
    uint8_t tail[8] = {0};
    uint64_t byte = r->pos >> 3;
    if (byte < r->size)
        memcpy(tail, r->p + byte, r->size - byte < 8 ? (size_t)(r->size - byte) : 8);
    return load_be64(tail) << (r->pos & 7);
}

void bits_read_octets(struct bit_reader *r, uint8_t *out, size_t n)
{
    const uint8_t *p = r->p + (r->pos >> 3), *end = r->p + r->size;
    unsigned shift = r->pos & 7;
    r->pos += (uint64_t)n * 8;
    if (shift == 0) {
        memcpy(out, p, n);
        return;
    }
    size_t i = 0;
    for (; i < n && end - (p + i) >= 9; i += 8) {
        uint64_t v = load_be64(p + i) << shift | p[i + 8] >> (8 - shift);
        store_be64(out + i, v);
    }
    for (; i < n; i++) /* a value that is all there ends at least one bit before the input does */
        out[i] = (uint8_t)(p[i] << shift | (p + i + 1 < end ? p[i + 1] >> (8 - shift) : 0));
}

void bits_write_octets(struct bit_writer *w, const uint8_t *p, size_t n)
{
    if (w->full || w->at > w->last || n > (size_t)(w->last - w->at)) {
        w->full = true;
        return;
    }
    unsigned used = w->used;
    if (used == 0) {
        memcpy(w->at, p, n);
        w->at += n;
        return;
    }
    uint64_t held = w->held;
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        uint64_t v = load_be64(p + i);
        store_be64(w->at + i, held | v >> used);
        held = v << (64 - used);
    }
    w->at += i;
    w->held = held;
    store_be64(w->at, held);
    for (; i < n; i++)
        bits_write(w, p[i], 8);
}
