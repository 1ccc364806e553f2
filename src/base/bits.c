/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bits.h"

uint64_t bits_peek_short(const uint8_t *p, size_t size, uint64_t pos)
{
    uint8_t all[16] = {0};
    memcpy(all, p, size);
    return pos >> 3 < 8 ? load_be64(all + (pos >> 3)) << (pos & 7) : 0;
}

/* Two words that the compiler keeps in one vector register where the machine has any. */
typedef uint64_t words __attribute__((vector_size(16)));

static words load_words(const uint8_t *p)
{
    words v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t load_word(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* The same octet everywhere in a word. */
static uint64_t repeat(unsigned octet)
{
    return UINT64_C(0x0101010101010101) * octet;
}

/* Octets of a and b (which begin one octet later), moved up by shift bits; byte order is no matter,
 * because what crosses from byte to byte is masked. */
#define SHIFTED(a, b, shift, low) (((a) << (shift) & ~(low)) | ((b) >> (8 - (shift)) & (low)))

static uint64_t copy_aligned(uint8_t *out, const uint8_t *p, size_t n)
{
    uint64_t any = load_word(p + n - 8);
    words all = {0};
    memcpy(out, p, n);
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        all |= load_words(p + i);
    if (i + 8 <= n)
        any |= load_word(p + i);
    return any | all[0] | all[1];
}

uint64_t bits_copy_long(uint8_t *out, const uint8_t *p, size_t n, unsigned shift)
{
    if (shift == 0)
        return copy_aligned(out, p, n);
    uint64_t low = repeat((1u << shift) - 1), one;
    words lows = {low, low}, all = {0}, two;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        two = SHIFTED(load_words(p + i), load_words(p + i + 1), shift, lows);
        memcpy(out + i, &two, 16);
        all |= two;
    }
    uint64_t any = all[0] | all[1];
    if (i + 8 <= n) {
        one = SHIFTED(load_word(p + i), load_word(p + i + 1), shift, low);
        memcpy(out + i, &one, 8);
        any |= one;
    }
    one =
        SHIFTED(load_word(p + n - 8), load_word(p + n - 7), shift, low); /* the last 8 once more */
    memcpy(out + n - 8, &one, 8);
    return any | one;
}

uint64_t bits_paste(uint8_t *out, const uint8_t *p, size_t n, uint64_t before, unsigned used)
{
    if (used == 0)
        return copy_aligned(out, p, n);
    unsigned shift = 8 - used; /* each octet is made of the end of one and the start of the next */
    uint64_t low = repeat((1u << shift) - 1), one = load_be64(p);
    words lows = {low, low}, all = {0}, two;
    store_be64(out, before << (64 - used) | one >> used);
    uint64_t any = one;
    size_t i = 8;
    for (; i + 16 <= n; i += 16) {
        two = load_words(p + i);
        all |= two;
        two = SHIFTED(load_words(p + i - 1), two, shift, lows);
        memcpy(out + i, &two, 16);
    }
    for (; i < n; i += 8) {
        size_t at = i + 8 <= n ? i : n - 8; /* the last 8 maybe once more */
        one = load_word(p + at);
        any |= one;
        one = SHIFTED(load_word(p + at - 1), one, shift, low);
        memcpy(out + at, &one, 8);
    }
    return any | all[0] | all[1];
}

void bits_write_octets(struct bit_writer *w, const uint8_t *p, size_t n)
{
    if (w->full || w->at > w->last || n > (size_t)(w->last - w->at)) {
        w->full = true;
        return;
    }
    if (n >= 8) {
        bits_paste(w->at, p, n, w->used == 0 ? 0 : w->held >> (64 - w->used), w->used);
        w->at += n;
        w->held = w->used == 0 ? 0 : (uint64_t)p[n - 1] << (64 - w->used);
        return;
    }
    for (size_t i = 0; i < n; i++)
        bits_write(w, p[i], 8);
}
