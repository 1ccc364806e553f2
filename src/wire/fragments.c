/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/fragments.h"

#include <stdlib.h>
#include <string.h>

#define STEP 4096 /* from each number to the next one, until all are there: more than one has */

static void give_up(struct fragments *f, struct datagram_parts *d)
{
    buf_clear(&d->whole);
    d->is_used = false;
    f->used--;
}

static void finish_last(struct fragments *f)
{
    if (f->done != NULL) { /* stays, for a copy of it may come from another interface */
        buf_clear(&f->done->whole);
        f->done->is_void = true;
    }
    f->done = NULL;
}

void fragments_close(struct fragments *f)
{
    for (unsigned i = 0; f->at != NULL && i < FRAGMENTS_WAITING; i++)
        buf_close(&f->at[i].whole);
    free(f->at);
    *f = (struct fragments){.is_numbered = f->is_numbered};
}

static bool is_same(const struct fragment *a, const struct fragment *b)
{
    return a->id == b->id && memcmp(a->from, b->from, sizeof a->from) == 0 &&
           memcmp(a->to, b->to, sizeof a->to) == 0;
}

static void set_loss(const struct datagram_parts *d, struct fragment_loss *lost)
{
    *lost = (struct fragment_loss){.us = d->first.us, .bytes = d->bytes};
    memcpy(lost->from, d->first.from, sizeof lost->from);
    memcpy(lost->to, d->first.to, sizeof lost->to);
}

static void begin(struct fragments *f, struct datagram_parts *d, const struct fragment *one)
{
    struct buf whole = d->whole; /* its memory is used again */
    memset(d, 0, sizeof *d);
    d->whole = whole;
    buf_clear(&d->whole);
    d->first = *one;
    d->is_used = true;
    f->used++;
}

/* The datagram that it belongs to; NULL without memory. */
static struct datagram_parts *find(struct fragments *f, const struct fragment *one)
{
    struct datagram_parts *free_one = NULL, *oldest = NULL;
    if (f->at == NULL && (f->at = calloc(FRAGMENTS_WAITING, sizeof *f->at)) == NULL)
        return NULL;
    for (unsigned i = 0; i < FRAGMENTS_WAITING; i++) {
        struct datagram_parts *d = &f->at[i];
        if (d->is_used && is_same(&d->first, one))
            return d;
        if (!d->is_used)
            free_one = d;
        else if (oldest == NULL || d->is_void > oldest->is_void ||
                 (d->is_void == oldest->is_void && d->first.us < oldest->first.us))
            oldest = d;
    }
    if (free_one == NULL) {
        f->has_lost = !oldest->is_void;
        set_loss(oldest, &f->lost);
        give_up(f, oldest);
        free_one = oldest;
    }
    begin(f, free_one, one);
    return free_one;
}

static int make_void(struct datagram_parts *d, const char *reason, const char **why)
{
    d->is_void = true;
    *why = reason;
    return -1;
}

/* How many of the 8 bytes' blocks of it are there already. */
static size_t count_there(const struct datagram_parts *d, size_t first, size_t last)
{
    size_t n = 0;
    for (size_t i = first; i < last; i++)
        n += d->there[i / 8] >> i % 8 & 1;
    return n;
}

/* at: where it lies. */
static int put(struct datagram_parts *d, const struct fragment *one, size_t at, bool is_numbered,
               const char **why)
{
    size_t end = at + one->bytes.n, first = at / 8, last = (end + 7) / 8;
    if (end > FRAGMENTS_MOST || (is_numbered && one->bytes.n > STEP))
        return make_void(d, "a fragment lies behind the longest datagram", why);
    if (!is_numbered && one->more && one->bytes.n % 8 != 0)
        return make_void(d, "a fragment that is not the last one has no multiple of 8 bytes", why);
    if (d->end != 0 && (end > d->end || (!one->more && end != d->end)))
        return make_void(d, "fragments disagree on where the datagram ends", why);
    if (!one->more && end < d->whole.n)
        return make_void(d, "fragments disagree on where the datagram ends", why);
    size_t there = count_there(d, first, last);
    bool is_again = there == last - first && end <= d->whole.n &&
                    memcmp(d->whole.p + at, one->bytes.p, one->bytes.n) == 0;
    if (is_again)
        return 0;
    if (there > 0)
        return make_void(d, "its fragments overlap", why);
    if (end > d->whole.n) {
        uint8_t *room = buf_reserve(&d->whole, end - d->whole.n);
        if (room == NULL)
            return make_void(d, "out of memory", why);
        memset(room, 0, end - d->whole.n);
        d->whole.n = end;
    }
    memcpy(d->whole.p + at, one->bytes.p, one->bytes.n);
    for (size_t i = first; i < last; i++)
        d->there[i / 8] |= (uint8_t)(1u << i % 8);
    d->bytes += one->bytes.n;
    d->end = one->more ? d->end : end;
    if (at == 0)
        d->first.protocol = one->protocol;
    if (is_numbered)
        d->size[one->at] = one->bytes.n;
    d->n++;
    return 0;
}

/* Those with numbers then lie one behind the other. */
static bool is_whole(struct datagram_parts *d, bool is_numbered)
{
    if (d->end == 0 || !is_numbered)
        return d->end != 0 && d->bytes == d->end;
    unsigned n = (unsigned)((d->end - 1) / STEP) + 1;
    if (d->n < n)
        return false;
    for (size_t i = 1, at = d->size[0]; i < n; at += d->size[i++])
        memmove(d->whole.p + at, d->whole.p + i * STEP, d->size[i]);
    return true;
}

int fragments_add(struct fragments *f, const struct fragment *one, struct slice *whole,
                  uint8_t *protocol, const char **why)
{
    finish_last(f);
    struct datagram_parts *d = one->bytes.n == 0 ? NULL : find(f, one);
    if (d == NULL || d->is_void)
        return 0;
    if (put(d, one, f->is_numbered ? one->at * STEP : one->at, f->is_numbered, why) != 0)
        return -1;
    if (!is_whole(d, f->is_numbered))
        return 0;
    *whole = (struct slice){d->whole.p, d->bytes};
    *protocol = d->first.protocol;
    f->done = d;
    return 1;
}

bool fragments_lost(struct fragments *f, int64_t us, struct fragment_loss *lost)
{
    if (f->has_lost) {
        *lost = f->lost;
        f->has_lost = false;
        return true;
    }
    if (f->used == 0)
        return false;
    finish_last(f);
    int64_t seconds = f->is_numbered ? FRAGMENTS_NUMBERED_SECONDS : FRAGMENTS_SECONDS;
    int64_t before = us - seconds * 1000000;
    for (unsigned i = 0; i < FRAGMENTS_WAITING; i++) {
        struct datagram_parts *d = &f->at[i];
        if (!d->is_used || d->first.us >= before)
            continue;
        bool is_told = !d->is_void;
        set_loss(d, lost);
        give_up(f, d);
        if (is_told)
            return true;
    }
    return false;
}
