/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/exi_decoder.h"

#include "base/utf8.h"
#include "codec/exi_fast.h"
#include "codec/value.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BIG_OCTETS_MAX 512

/* ---- failing, reporting ---- */

/* In the fast pass failing only means: look again, carefully. What is found in the zeros behind the
 * end of the input says nothing: the end is what is wrong. */
int decoder_fail(struct decoder *d, uint64_t bit, const char *format, ...)
{
    if (!d->careful || d->e->set)
        return -1;
    char what[300];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (d->r.pos > d->r.end)
        err_set_bit(d->e, d->r.end,
                    "the input ends here (%zu bytes), in the middle of the document; expected more",
                    d->r.size);
    else
        err_set_bit(d->e, bit, "%s", what);
    snprintf(d->e->path, sizeof d->e->path, "%.*s", (int)sizeof d->e->path - 1, d->path);
    return -1;
}

/* The input cannot hold what comes next. */
int decoder_fail_end(struct decoder *d)
{
    d->r.pos = d->r.end + 1;
    return decoder_fail(d, d->r.end, "the input ends here");
}

int decoder_fail_memory(struct decoder *d)
{
    return decoder_fail(d, d->r.pos, "the message needs more memory than its limit allows");
}

/* Notes something that the schema forbids but the stream can hold. -1: not now, look again. */
int decoder_violate(struct decoder *d, uint64_t bit, const char *format, ...)
{
    if (!d->careful)
        return -1;
    char what[200];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    struct violation *v = arena_alloc(d->arena, sizeof *v);
    if (v == NULL)
        return decoder_fail_memory(d);
    v->next = NULL;
    v->bit = bit;
    v->path = arena_text(d->arena, d->path, d->path_n);
    v->what = arena_text(d->arena, what, strlen(what));
    if (v->path == NULL || v->what == NULL)
        return decoder_fail_memory(d);
    *d->violations_end = v;
    d->violations_end = &v->next;
    return 0;
}

/* From here on the arena has the message's limit. */
void decoder_limit(struct decoder *d)
{
    if (d->is_limited)
        return;
    struct arena *a = d->arena;
    d->is_limited = true;
    d->budget = d->o->limits.memory != 0 ? d->o->limits.memory : 4096 + 56 * d->input;
    if (d->budget < SIZE_MAX - a->taken && a->taken + d->budget < a->limit)
        a->limit = a->taken + d->budget;
}

size_t decoder_enter(struct decoder *d, const char *name)
{
    size_t mark = d->path_n;
    size_t n = strlen(name);
    if (mark + n + 2 < sizeof d->path) {
        if (mark > 0)
            d->path[d->path_n++] = '/';
        memcpy(d->path + d->path_n, name, n + 1);
        d->path_n += n;
    }
    return mark;
}

void decoder_leave(struct decoder *d, size_t mark)
{
    d->path_n = mark;
    d->path[mark] = '\0';
}

/* The bits from f->bit on, up to where d stands; behind the end there is nothing to show. */
static void show_field(struct decoder *d, struct exi_field f)
{
    if (d->o->trace == NULL || d->r.pos > d->r.end)
        return;
    f.bits = (unsigned)(d->r.pos - f.bit);
    f.path = d->path;
    d->o->trace(d->o->context, &f);
}

static void show_part(struct decoder *d, uint64_t from, enum exi_part part, const char *event,
                      uint64_t value, const char *text)
{
    show_field(
        d,
        (struct exi_field){
            .part = part, .bit = from, .event = event, .value = value, .second = -1, .text = text});
}

void decoder_show(struct decoder *d, uint64_t from, const char *event, uint64_t value,
                  const char *text)
{
    show_part(d, from, EXI_EVENT, event, value, text);
}

void decoder_show_deviation(struct decoder *d, uint64_t from, const char *event, unsigned first,
                            unsigned second, const char *text)
{
    show_field(d, (struct exi_field){.part = EXI_EVENT,
                                     .bit = from,
                                     .event = event,
                                     .value = first,
                                     .second = (int)second,
                                     .text = text});
}

void decoder_show_value(struct decoder *d, uint64_t from, const struct field *f, uint64_t raw,
                        union value v)
{
    if (d->o->trace == NULL)
        return;
    struct buf text = {0};
    value_text(f, v, &text);
    enum exi_part part = f->kind > KIND_SIGNED    ? EXI_CONTENT
                         : f->kind == KIND_SIGNED ? EXI_SIGNED
                                                  : EXI_NUMBER;
    show_part(d, from, part, "value", raw, buf_string(&text));
    buf_close(&text);
}

void decoder_show_text(struct decoder *d, uint64_t from, struct bytes *text)
{
    static const struct field TEXT = {.kind = KIND_STRING};
    decoder_show_value(d, from, &TEXT, 0, (union value){.b = text});
}

/* ---- numbers ---- */

int decoder_unsigned(struct decoder *d, uint64_t *out)
{
    uint64_t from = d->r.pos, v = 0, octet;
    unsigned shift = 0;
    do {
        octet = bits_read(&d->r, 8);
        uint64_t group = octet & 127;
        if (shift > 63 ? group != 0 : shift == 63 && group > 1)
            return decoder_fail(d, from, "a number of more than 64 bits; expected at most 64");
        if (shift <= 63)
            v |= group << shift;
        shift += 7;
        if (shift > 7 * 64)
            return decoder_fail(d, from, "a number of more than 64 octets; expected at most 10");
    } while (octet & 128);
    *out = v;
    return 0;
}

int decoder_count(struct decoder *d, const char *what, enum exi_part part, uint64_t *out)
{
    uint64_t from = d->r.pos;
    if (decoder_unsigned(d, out) != 0)
        return -1;
    show_part(d, from, part, what, *out, "");
    return 0;
}

int decoder_signed(struct decoder *d, union value *v)
{
    uint64_t from = d->r.pos, negative = bits_read(&d->r, 1), magnitude;
    if (decoder_unsigned(d, &magnitude) != 0)
        return -1;
    if (magnitude > INT64_MAX)
        return decoder_fail(d, from, "a signed number of more than 64 bits; expected at most 64");
    v->i = negative ? -(int64_t)magnitude - 1 : (int64_t)magnitude;
    return 0;
}

/* Multiplies a decimal number (digits, least significant first) by 128 and adds. */
static void big_push(uint8_t *digits, size_t *n, unsigned add)
{
    unsigned carry = add;
    for (size_t i = 0; i < *n; i++) {
        carry += digits[i] * 128u;
        digits[i] = (uint8_t)(carry % 10);
        carry /= 10;
    }
    for (; carry > 0; carry /= 10)
        digits[(*n)++] = (uint8_t)(carry % 10);
}

/* An integer of any size: sign, then groups of 7 bits, least significant first. */
int decoder_big(struct decoder *d, union value *v)
{
    uint64_t from = d->r.pos;
    bool negative = bits_read(&d->r, 1) != 0;
    uint8_t group[BIG_OCTETS_MAX], digits[BIG_OCTETS_MAX * 7 / 3 + 8];
    size_t groups = 0, n = 0;
    uint64_t octet;
    do {
        if (groups == BIG_OCTETS_MAX)
            return decoder_fail(d, from, "an integer of more than %d octets", BIG_OCTETS_MAX);
        octet = bits_read(&d->r, 8);
        group[groups++] = octet & 127;
    } while (octet & 128);
    while (groups > 0)
        big_push(digits, &n, group[--groups]);
    if (negative) { /* the wire holds -(value + 1): EXI 1.0, 7.1.5 */
        size_t i = 0;
        while (i < n && digits[i] == 9)
            digits[i++] = 0;
        if (i == n)
            digits[n++] = 1;
        else
            digits[i]++;
    }
    if (n == 0)
        digits[n++] = 0;
    struct bytes *b = arena_alloc(d->arena, sizeof *b + n + negative);
    if (b == NULL)
        return decoder_fail_memory(d);
    b->n = (uint32_t)(n + negative);
    b->p[0] = '-';
    for (size_t i = 0; i < n; i++)
        b->p[i + negative] = (uint8_t)('0' + digits[n - 1 - i]);
    v->b = b;
    return 0;
}

/* ---- strings and octets ---- */

/* Characters of which some are beyond ASCII; d->r stands before the first. */
struct bytes *decoder_unicode(struct decoder *d, uint64_t count)
{
    struct bit_reader start = d->r;
    struct bytes *b = NULL;
    for (int pass = 0; pass < 2; pass++) { /* measure, then fill */
        d->r = start;
        size_t n = 0;
        for (uint64_t i = 0; i < count; i++) {
            uint64_t from = d->r.pos, c;
            uint8_t octets[4];
            if (decoder_unsigned(d, &c) != 0)
                return NULL;
            if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) || d->r.pos > d->r.end) {
                if (d->r.pos > d->r.end)
                    decoder_fail_end(d);
                else
                    decoder_fail(d, from,
                                 "character code %" PRIu64 "; expected a Unicode character", c);
                return NULL;
            }
            n += utf8_put(pass == 0 ? octets : b->p + n, (uint32_t)c);
        }
        if (pass == 0) {
            b = arena_alloc(d->arena, sizeof *b + n);
            if (b == NULL) {
                decoder_fail_memory(d);
                return NULL;
            }
            b->n = (uint32_t)n;
        }
    }
    return b;
}

/* n characters in full. Nearly always each is one octet below 128. */
struct bytes *decoder_characters(struct decoder *d, uint64_t n)
{
    if (UNLIKELY(n > bits_left(&d->r) / 8)) {
        decoder_fail_end(d);
        return NULL;
    }
    struct bytes *b = arena_alloc(d->arena, sizeof *b + n + 8);
    if (UNLIKELY(b == NULL)) {
        decoder_fail_memory(d);
        return NULL;
    }
    uint64_t from = d->r.pos;
    b->n = (uint32_t)n;
    if (LIKELY((bits_read_octets(&d->r, b->p, (size_t)n) & HIGH_BITS) == 0))
        return b;
    d->r.pos = from;
    return decoder_unicode(d, n);
}

static void show_hit(struct decoder *d, uint64_t from, bool global, uint32_t id,
                     const struct seen *seen)
{
    if (d->o->trace == NULL)
        return;
    struct buf text = {0};
    buf_add(&text, seen->text->p, seen->text->n);
    show_field(d, (struct exi_field){.part = EXI_HIT,
                                     .bit = from,
                                     .event = global ? "global hit" : "local hit",
                                     .value = id,
                                     .second = -1,
                                     .seen = seen->bit,
                                     .text = buf_string(&text)});
    buf_close(&text);
}

/* The string that a hit refers to: in the partition of its name (length 0), or of all strings
 * (length 1): EXI 1.0, 7.3.3. Deployed encoders write misses only, but hits are valid. */
static struct bytes *find_seen(struct decoder *d, uint32_t part, bool global)
{
    uint64_t from = d->r.pos;
    uint32_t n = global ? d->seen_n : 0;
    for (uint32_t i = 0; !global && i < d->seen_n; i++)
        n += d->seen[i].part == part;
    d->work += d->seen_n;
    uint32_t id = (uint32_t)bits_read(&d->r, n == 0 ? 0 : bits_length(n - 1));
    if (id >= n || d->work > 64 * d->r.end + 65536) {
        decoder_fail(d, from, "string number %u of %u; expected one that was seen before", id, n);
        return NULL;
    }
    uint32_t i = id, before = id;
    if (!global)
        for (i = 0; d->seen[i].part != part || before-- > 0; i++)
            ;
    d->repeated += d->seen[i].text->n;
    if (d->repeated > d->budget) {
        decoder_fail(d, from, "repeated strings make the message larger than its limit allows");
        return NULL;
    }
    show_hit(d, from, global, id, &d->seen[i]);
    return d->seen[i].text;
}

/* Strings of no length are never added to the table (EXI 1.0, 7.3.3). */
static int remember(struct decoder *d, uint32_t part, struct bytes *text, uint64_t bit)
{
    if (text->n == 0)
        return 0;
    if (d->seen_n == d->seen_cap) {
        uint32_t cap = d->seen_cap == 0 ? 64 : 2 * d->seen_cap;
        struct seen *bigger = realloc(d->seen, cap * sizeof *bigger);
        if (bigger == NULL)
            return decoder_fail_memory(d);
        d->seen = bigger;
        d->seen_cap = cap;
    }
    d->seen[d->seen_n++] = (struct seen){text, part, bit};
    return 0;
}

/* A string value: a hit in the string table, or its length plus 2 and its characters. */
int decoder_string(struct decoder *d, uint32_t part, struct bytes **out, uint64_t *characters)
{
    uint64_t length;
    if (decoder_count(d, "length", EXI_STRING, &length) != 0)
        return -1;
    if (length < 2) {
        *out = find_seen(d, part, length == 1);
        *characters = 0;
        for (uint32_t i = 0; *out != NULL && i < (*out)->n; i++)
            *characters += ((*out)->p[i] & 0xC0) != 0x80;
        return *out == NULL ? -1 : 0;
    }
    *characters = length - 2;
    uint64_t text_from = d->r.pos;
    *out = decoder_characters(d, length - 2);
    if (*out == NULL)
        return -1;
    decoder_show_text(d, text_from, *out);
    return remember(d, part, *out, text_from);
}

/* ---- lists and open content ---- */

/* Room for one more entry; *at is NULL for a new list. */
struct list *decoder_grow_list(const struct decoder *d, struct list **at)
{
    struct list *old = *at;
    uint32_t n = old == NULL ? 0 : old->n, cap = n == 0 ? EXI_LIST_MIN : n * 2;
    if (cap > d->o->limits.list)
        cap = d->o->limits.list;
    if (n >= cap)
        return NULL;
    struct list *l = arena_alloc(d->arena, sizeof *l + cap * sizeof l->v[0]);
    if (l == NULL)
        return NULL;
    if (n > 0)
        memcpy(l->v, old->v, n * sizeof l->v[0]);
    l->n = n;
    l->cap = cap;
    return *at = l;
}

struct items *decoder_grow_items(const struct decoder *d, struct items **at)
{
    struct items *old = *at;
    uint32_t n = old == NULL ? 0 : old->n, cap = n == 0 ? EXI_ITEMS_MIN : n * 2;
    if (cap > d->o->limits.list)
        cap = d->o->limits.list;
    if (n >= cap)
        return NULL;
    struct items *l = arena_alloc(d->arena, sizeof *l + cap * sizeof l->at[0]);
    if (l == NULL)
        return NULL;
    if (n > 0)
        memcpy(l->at, old->at, n * sizeof l->at[0]);
    l->n = n;
    l->cap = cap;
    return *at = l;
}
