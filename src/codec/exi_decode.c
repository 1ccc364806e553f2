/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder walks the tables twice at most. The first pass is fast and knows only what a usual
 * stream holds; whatever is unusual (a value out of limits, a string-table hit, a deviation from
 * the schema, an error, somebody who wants to watch) starts a second, careful pass from the
 * beginning, which also keeps the element path, the string tables and the violations.
 */
#include "base/bits.h"
#include "codec/exi.h"
#include "codec/exi_fast.h"
#include "codec/exi_names.h"
#include "codec/exi_stage.h"
#include "codec/value.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_CHARS 480
#define NAMES_MAX 4096 /* URIs, local names and learned productions of one stream */
#define BIG_OCTETS_MAX 512
#define LIST_MIN 4  /* entries that a list has room for at first */
#define ITEMS_MIN 2 /* the same of open content */

/* A string that was written in full; hits refer to it by number. */
struct seen {
    struct bytes *text;
    uint32_t part;
};

#define FAST_DEPTH 48    /* so many ends fit one window */
#define STEP_MEMORY 1024 /* more than a step takes, short of long strings */
#define FEW_OCTETS 80    /* more are worth a call */

/* An element that waits for the end of one of its children. */
struct frame {
    struct node *node;
    const struct stage *stage; /* behind the child */
    uint64_t ends;             /* elements around it that end with it */
};

struct decoder {
    const struct schema *s;
    const struct exi_options *o;
    struct arena *arena;
    struct message *m;
    struct err *e;
    size_t input; /* bytes */
    size_t limit; /* the arena's own, while it has that of the message */
    struct arena_mark mark;
    bool careful, is_limited;
    struct bit_reader r;
    /* fast pass only */
    uint64_t last; /* byte of the input where its last 8 begin */
    struct frame stack[FAST_DEPTH];
    /* careful pass only */
    char path[PATH_MAX_CHARS];
    size_t path_n;
    unsigned depth;
    size_t budget; /* bytes that the message may take */
    struct violation **violations_end;
    struct seen *seen;
    uint32_t seen_n, seen_cap;
    uint64_t work;     /* steps of string-table searches, to keep time linear */
    uint64_t repeated; /* octets that hits stand for, to keep what is written again linear */
    struct exi_names names;
    bool has_names;
};

/* ---- failing, reporting ---- */

/* In the fast pass failing only means: look again, carefully. What is found in the zeros behind the
 * end of the input says nothing: the end is what is wrong. */
static int __attribute__((noinline, cold, format(printf, 3, 4)))
fail(struct decoder *d, uint64_t bit, const char *format, ...)
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
static int __attribute__((noinline, cold)) fail_end(struct decoder *d)
{
    d->r.pos = d->r.end + 1;
    return fail(d, d->r.end, "the input ends here");
}

static int __attribute__((noinline, cold)) fail_memory(struct decoder *d)
{
    return fail(d, d->r.pos, "the message needs more memory than its limit allows");
}

/* Notes something that the schema forbids but the stream can hold. -1: not now, look again. */
static int __attribute__((noinline, cold, format(printf, 3, 4)))
violate(struct decoder *d, uint64_t bit, const char *format, ...)
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
        return fail_memory(d);
    v->next = NULL;
    v->bit = bit;
    v->path = arena_text(d->arena, d->path, d->path_n);
    v->what = arena_text(d->arena, what, strlen(what));
    if (v->path == NULL || v->what == NULL)
        return fail_memory(d);
    *d->violations_end = v;
    d->violations_end = &v->next;
    return 0;
}

/* From here on the arena has the message's limit. */
static void limit_memory(struct decoder *d)
{
    if (d->is_limited)
        return;
    struct arena *a = d->arena;
    d->is_limited = true;
    d->budget = d->o->limits.memory != 0 ? d->o->limits.memory : 4096 + 56 * d->input;
    if (d->budget < SIZE_MAX - a->taken && a->taken + d->budget < a->limit)
        a->limit = a->taken + d->budget;
}

static size_t enter(struct decoder *d, const char *name)
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

static void leave(struct decoder *d, size_t mark)
{
    d->path_n = mark;
    d->path[mark] = '\0';
}

static void show(struct decoder *d, uint64_t from, const char *event, uint64_t value,
                 const char *text)
{
    if (d->o->trace == NULL)
        return;
    struct exi_field f = {.bit = from,
                          .bits = (unsigned)(d->r.pos - from),
                          .event = event,
                          .path = d->path,
                          .value = value,
                          .text = text};
    d->o->trace(d->o->context, &f);
}

static void show_value(struct decoder *d, uint64_t from, const struct field *f, uint64_t raw,
                       union value v)
{
    if (d->o->trace == NULL)
        return;
    struct buf text = {0};
    value_text(f, v, &text);
    show(d, from, "value", raw, buf_string(&text));
    buf_close(&text);
}

/* ---- numbers ---- */

static int read_unsigned(struct decoder *d, uint64_t *out)
{
    uint64_t from = d->r.pos, v = 0, octet;
    unsigned shift = 0;
    do {
        octet = bits_read(&d->r, 8);
        uint64_t group = octet & 127;
        if (shift > 63 ? group != 0 : shift == 63 && group > 1)
            return fail(d, from, "a number of more than 64 bits; expected at most 64");
        if (shift <= 63)
            v |= group << shift;
        shift += 7;
        if (shift > 7 * 64)
            return fail(d, from, "a number of more than 64 octets; expected at most 10");
    } while (octet & 128);
    *out = v;
    return 0;
}

static int read_count(struct decoder *d, const char *what, uint64_t *out)
{
    uint64_t from = d->r.pos;
    if (read_unsigned(d, out) != 0)
        return -1;
    show(d, from, what, *out, "");
    return 0;
}

static int check_number(struct decoder *d, uint64_t bit, const struct field *f, union value v)
{
    if (f->simple->is_unsigned)
        return 0;
    bool bad = f->kind == KIND_UNSIGNED ? v.u > (uint64_t)f->hi || v.u < (uint64_t)f->lo
                                        : v.i < f->lo || v.i > f->hi;
    if (!bad)
        return 0;
    if (f->kind == KIND_UNSIGNED)
        return violate(d, bit, "%" PRIu64 " is outside %" PRId64 "..%" PRId64, v.u, f->lo, f->hi);
    if (f->kind == KIND_ENUM)
        return violate(d, bit, "code %" PRId64 " is none of the %d of %s", v.i, f->simple->members,
                       f->simple->name);
    return violate(d, bit, "%" PRId64 " is outside %" PRId64 "..%" PRId64, v.i, f->lo, f->hi);
}

static int read_signed(struct decoder *d, union value *v)
{
    uint64_t from = d->r.pos, negative = bits_read(&d->r, 1), magnitude;
    if (read_unsigned(d, &magnitude) != 0)
        return -1;
    if (magnitude > INT64_MAX)
        return fail(d, from, "a signed number of more than 64 bits; expected at most 64");
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
static int read_big(struct decoder *d, union value *v)
{
    uint64_t from = d->r.pos;
    bool negative = bits_read(&d->r, 1) != 0;
    uint8_t group[BIG_OCTETS_MAX], digits[BIG_OCTETS_MAX * 7 / 3 + 8];
    size_t groups = 0, n = 0;
    uint64_t octet;
    do {
        if (groups == BIG_OCTETS_MAX)
            return fail(d, from, "an integer of more than %d octets", BIG_OCTETS_MAX);
        octet = bits_read(&d->r, 8);
        group[groups++] = octet & 127;
    } while (octet & 128);
    while (groups > 0)
        big_push(digits, &n, group[--groups]);
    if (negative) { /* the wire holds -(value + 1) */
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
        return fail_memory(d);
    b->n = (uint32_t)(n + negative);
    b->p[0] = '-';
    for (size_t i = 0; i < n; i++)
        b->p[i + negative] = (uint8_t)('0' + digits[n - 1 - i]);
    v->b = b;
    return 0;
}

/* ---- strings and octets ---- */

static unsigned utf8_put(uint8_t *out, uint32_t c)
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

/* Characters of which some are beyond ASCII; d->r stands before the first. */
static struct bytes *read_unicode(struct decoder *d, uint64_t count)
{
    struct bit_reader start = d->r;
    struct bytes *b = NULL;
    for (int pass = 0; pass < 2; pass++) { /* measure, then fill */
        d->r = start;
        size_t n = 0;
        for (uint64_t i = 0; i < count; i++) {
            uint64_t from = d->r.pos, c;
            uint8_t octets[4];
            if (read_unsigned(d, &c) != 0)
                return NULL;
            if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) || d->r.pos > d->r.end) {
                if (d->r.pos > d->r.end)
                    fail_end(d);
                else
                    fail(d, from, "character code %" PRIu64 "; expected a Unicode character", c);
                return NULL;
            }
            n += utf8_put(pass == 0 ? octets : b->p + n, (uint32_t)c);
        }
        if (pass == 0) {
            b = arena_alloc(d->arena, sizeof *b + n);
            if (b == NULL) {
                fail_memory(d);
                return NULL;
            }
            b->n = (uint32_t)n;
        }
    }
    return b;
}

/* n characters in full. Nearly always each is one octet below 128. */
static struct bytes *read_characters(struct decoder *d, uint64_t n)
{
    if (UNLIKELY(n > bits_left(&d->r) / 8)) {
        fail_end(d);
        return NULL;
    }
    struct bytes *b = arena_alloc(d->arena, sizeof *b + n + 8);
    if (UNLIKELY(b == NULL)) {
        fail_memory(d);
        return NULL;
    }
    uint64_t from = d->r.pos;
    b->n = (uint32_t)n;
    if (LIKELY((bits_read_octets(&d->r, b->p, (size_t)n) & HIGH_BITS) == 0))
        return b;
    d->r.pos = from;
    return read_unicode(d, n);
}

/* The string that a hit refers to: in the partition of its name, or of all strings. */
static struct bytes *find_seen(struct decoder *d, uint32_t part, bool global)
{
    uint64_t from = d->r.pos;
    uint32_t n = global ? d->seen_n : 0;
    for (uint32_t i = 0; !global && i < d->seen_n; i++)
        n += d->seen[i].part == part;
    d->work += d->seen_n;
    uint32_t id = (uint32_t)bits_read(&d->r, n == 0 ? 0 : bits_length(n - 1));
    if (id >= n || d->work > 64 * d->r.end + 65536) {
        fail(d, from, "string number %u of %u; expected one that was seen before", id, n);
        return NULL;
    }
    uint32_t i = id;
    if (!global)
        for (i = 0; d->seen[i].part != part || id-- > 0; i++)
            ;
    d->repeated += d->seen[i].text->n;
    if (d->repeated > d->budget) {
        fail(d, from, "repeated strings make the message larger than its limit allows");
        return NULL;
    }
    show(d, from, global ? "global hit" : "local hit", i, "");
    return d->seen[i].text;
}

static int remember(struct decoder *d, uint32_t part, struct bytes *text)
{
    if (text->n == 0)
        return 0;
    if (d->seen_n == d->seen_cap) {
        uint32_t cap = d->seen_cap == 0 ? 64 : 2 * d->seen_cap;
        struct seen *bigger = realloc(d->seen, cap * sizeof *bigger);
        if (bigger == NULL)
            return fail_memory(d);
        d->seen = bigger;
        d->seen_cap = cap;
    }
    d->seen[d->seen_n++] = (struct seen){text, part};
    return 0;
}

/* A string value: a hit in the string table, or its length plus 2 and its characters. */
static int read_string(struct decoder *d, uint32_t part, struct bytes **out, uint64_t *characters)
{
    uint64_t length;
    if (read_count(d, "length", &length) != 0)
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
    *out = read_characters(d, length - 2);
    if (*out == NULL)
        return -1;
    if (d->o->trace != NULL) {
        union value v = {.b = *out};
        static const struct field TEXT = {.kind = KIND_STRING};
        show_value(d, text_from, &TEXT, 0, v);
    }
    return remember(d, part, *out);
}

static int check_length(struct decoder *d, uint64_t bit, const struct field *f, uint64_t n,
                        const char *unit)
{
    if (n <= (uint64_t)f->hi && n >= (uint64_t)f->lo)
        return 0;
    return violate(d, bit, "length %" PRIu64 " is outside %" PRId64 "..%" PRId64 " %s", n, f->lo,
                   f->hi, unit);
}

static int read_octets(struct decoder *d, const struct field *f, union value *v)
{
    uint64_t from = d->r.pos, n;
    if (read_count(d, "length", &n) != 0)
        return -1;
    if (n > bits_left(&d->r) / 8)
        return fail_end(d);
    struct bytes *b = arena_alloc(d->arena, sizeof *b + n + 8);
    if (UNLIKELY(b == NULL))
        return fail_memory(d);
    uint64_t octets_from = d->r.pos;
    b->n = (uint32_t)n;
    bits_read_octets(&d->r, b->p, (size_t)n);
    v->b = b;
    show_value(d, octets_from, f, 0, *v);
    return check_length(d, from, f, n, "octets");
}

/* ---- values ---- */

static int read_plain_number(struct decoder *d, const struct field *f, union value *v)
{
    uint64_t from = d->r.pos, raw;
    if (f->kind == KIND_UNSIGNED) {
        if (read_unsigned(d, &v->u) != 0)
            return -1;
        raw = v->u;
    } else if (f->kind == KIND_SIGNED) {
        if (read_signed(d, v) != 0)
            return -1;
        raw = (uint64_t)v->i;
    } else {
        raw = bits_read(&d->r, f->width);
        v->i = (int64_t)((uint64_t)f->lo + raw);
    }
    show_value(d, from, f, raw, *v);
    return check_number(d, from, f, *v);
}

/* The value of a simple type, without its events. */
static int read_value(struct decoder *d, const struct field *f, union value *v)
{
    uint64_t from = d->r.pos, characters;
    switch ((enum kind)f->kind) {
    case KIND_BOOLEAN:
    case KIND_ENUM:
    case KIND_NBIT:
    case KIND_UNSIGNED:
    case KIND_SIGNED:
        return read_plain_number(d, f, v);
    case KIND_STRING:
        if (read_string(d, f->qname, &v->b, &characters) != 0)
            return -1;
        return check_length(d, from, f, characters, "characters");
    case KIND_HEX:
    case KIND_BASE64:
        return read_octets(d, f, v);
    case KIND_BIG:
        if (read_big(d, v) != 0)
            return -1;
        show_value(d, from, f, 0, *v);
        return 0;
    case KIND_NODE:
    case KIND_ABSTRACT:
    case KIND_ANY:
    case KIND_TEXT:
        break;
    }
    return fail(d, from, "an element stands where a value should");
}

/* Codes behind the escape of a simple element's first state (EXI 1.0, 8.5.4.4.1). */
enum {
    SIMPLE_END,
    SIMPLE_XSI_TYPE,
    SIMPLE_XSI_NIL,
    SIMPLE_ATTRIBUTE,
    SIMPLE_UNTYPED_ATTRIBUTE,
    SIMPLE_ELEMENT,
    SIMPLE_TEXT
};

static int refuse(struct decoder *d, uint64_t from, unsigned what, const char *name)
{
    static const char *const WHAT[] = {
        "the end of the element",
        "xsi:type",
        "xsi:nil",
        "an attribute that the schema does not have",
        "an attribute with a value of another type",
        "an element that the schema does not have here",
        "characters where the schema has none",
    };
    if (what > SIMPLE_TEXT)
        return fail(d, from, "code %u behind the escape; expected at most %d", what, SIMPLE_TEXT);
    return fail(d, from, "%s%s%s: a deviation from the schema that is not supported", WHAT[what],
                name[0] != '\0' ? " in " : "", name);
}

/* Text that stands for a typed value; numbers and the like are read from it. */
static int read_untyped(struct decoder *d, const struct field *f, union value *v)
{
    uint64_t from = d->r.pos, characters;
    struct bytes *text;
    if (read_string(d, f->qname, &text, &characters) != 0)
        return -1;
    struct err e = ERR_INIT;
    if (value_read(f, (const char *)text->p, text->n, d->arena, v, &e) != 0)
        return fail(d, from, "untyped characters: %s", e.what);
    return violate(d, from, "written as untyped characters");
}

/* A simple element whose characters do not come as the schema wants. */
static int read_deviating(struct decoder *d, const struct field *f, union value *v, bool *ended)
{
    uint64_t from = d->r.pos - 1;
    unsigned what = (unsigned)bits_read(&d->r, 3);
    show(d, from, "deviation", what, "");
    *ended = false;
    if (what == SIMPLE_TEXT)
        return read_untyped(d, f, v);
    bool can_be_empty = f->kind == KIND_STRING || f->kind == KIND_HEX || f->kind == KIND_BASE64;
    if (what != SIMPLE_END || !can_be_empty)
        return refuse(d, from, what, f->name);
    *ended = true;
    v->b = bytes_new(d->arena, "", 0);
    if (v->b == NULL)
        return fail_memory(d);
    return check_length(d, from, f, 0, "characters");
}

/* Characters, value and end of a simple element. */
static int read_simple(struct decoder *d, const struct field *f, union value *v)
{
    uint64_t from = d->r.pos;
    bool ended = false;
    if (bits_read(&d->r, 1) != 0) {
        if (read_deviating(d, f, v, &ended) != 0)
            return -1;
        if (ended)
            return 0;
    } else {
        show(d, from, "CH", 0, f->name);
        if (read_value(d, f, v) != 0)
            return -1;
    }
    from = d->r.pos;
    if (bits_read(&d->r, 1) != 0)
        return refuse(d, from, SIMPLE_ELEMENT + (unsigned)bits_read(&d->r, 1), f->name);
    show(d, from, "EE", 0, f->name);
    return 0;
}

static struct node *read_node(struct decoder *d, const struct type *t);
static int read_any(struct decoder *d, struct any **out);

/* What follows the start of an element (or is the content of a text slot, or an attribute). */
static int read_slot(struct decoder *d, const struct field *f, union value *v)
{
    if (f->kind == KIND_NODE) {
        size_t mark = enter(d, f->name);
        uint64_t from = d->r.pos;
        v->n = read_node(d, f->type);
        if (v->n == NULL ||
            (f->type->is_abstract && violate(d, from, MESSAGE_ABSTRACT, f->type->name) != 0))
            return -1;
        leave(d, mark);
        return 0;
    }
    if (f->kind == KIND_ANY)
        return read_any(d, &v->any);
    if (f->kind == KIND_ABSTRACT)
        return fail(d, d->r.pos, "%s is abstract; expected one of the elements that stand for it",
                    f->name);
    size_t mark = enter(d, f->name);
    if ((f->frame > 0 ? read_simple(d, f, v) : read_value(d, f, v)) != 0)
        return -1;
    leave(d, mark);
    return 0;
}

/* ---- elements with children ---- */

/* Room for one more entry; *at is NULL for a new list. */
static struct list *__attribute__((noinline)) list_grow(const struct decoder *d, struct list **at)
{
    struct list *old = *at;
    uint32_t n = old == NULL ? 0 : old->n, cap = n == 0 ? LIST_MIN : n * 2;
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

static struct items *__attribute__((noinline))
items_grow(const struct decoder *d, struct items **at)
{
    struct items *old = *at;
    uint32_t n = old == NULL ? 0 : old->n, cap = n == 0 ? ITEMS_MIN : n * 2;
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

static int list_push(struct decoder *d, struct node *n, unsigned slot, union value v,
                     uint32_t *count)
{
    struct list **at = &n->v[slot].l;
    if (!node_has(n, slot))
        *at = NULL;
    if (*at != NULL && (*at)->n >= d->o->limits.list)
        return fail(d, d->r.pos, "a list of more than %u entries, its limit", (*at)->n);
    if ((*at == NULL || (*at)->n == (*at)->cap) && list_grow(d, at) == NULL)
        return fail_memory(d);
    (*at)->v[(*at)->n++] = v;
    *count = (*at)->n;
    return d->r.pos > d->r.end ? fail_end(d) : 0;
}

static void show_production(struct decoder *d, uint64_t from, const struct field *f, uint64_t code)
{
    const char *event = f->is_attribute ? "AT" : f->is_content ? "CH" : "SE";
    show(d, from, event, code, f->kind == KIND_ANY ? "*" : f->name);
}

/* A code that is no slot of the state: the escape, which may end the element early. Empty text
 * content may be written so. 0: the element ends. */
static int read_escape(struct decoder *d, struct node *n, uint64_t *has, unsigned at)
{
    const struct type *t = n->type;
    const struct state *s = &t->state[at];
    uint64_t from = d->r.pos;
    unsigned code = (unsigned)bits_read(&d->r, s->bits);
    if (d->r.pos > d->r.end)
        return fail_end(d);
    if (code != s->escape)
        return fail(d, from, "event code %u; expected at most %u", code, s->escape);
    unsigned what = (unsigned)bits_read(&d->r, s->bits2);
    /* back to the numbering of a first state without an end of its own */
    if (s->end != SCHEMA_NO_CODE)
        what++;
    if (what > 0 && at != 0)
        what += 2;
    if (what > 0 && !s->starts)
        what += 2;
    if (what != SIMPLE_END)
        return refuse(d, from, what, "");
    show(d, from, "EE", what, "ends early");
    unsigned slot = t->slots[s->first + s->count - 1];
    const struct field *due = &t->field[slot];
    if (!due->is_content)
        return violate(d, from, "ends without %s",
                       due->kind == KIND_ANY ? "any element" : due->name);
    if ((n->v[slot].b = bytes_new(d->arena, "", 0)) == NULL)
        return fail_memory(d);
    *has |= UINT64_C(1) << slot;
    return 0;
}

/* A record: every slot at most once (or a list), in the order of the schema. */
static struct node *read_record(struct decoder *d, const struct type *t)
{
    struct node *n = node_new(d->arena, t);
    if (n == NULL) {
        fail_memory(d);
        return NULL;
    }
    unsigned at = 0;
    for (;;) {
        const struct state *s = &t->state[at];
        uint64_t from = d->r.pos;
        unsigned code = (unsigned)(bits_peek(&d->r) >> 1 >> (63 - s->bits));
        if (code >= s->count && code != s->end) {
            if (read_escape(d, n, &n->has, at) != 0)
                return NULL;
            break;
        }
        d->r.pos += s->bits;
        if (code >= s->count) {
            show(d, from, "EE", code, "");
            break;
        }
        unsigned slot = t->slots[s->first + code];
        const struct field *f = &t->field[slot];
        union value v;
        uint32_t count = 1;
        show_production(d, from, f, code);
        if (read_slot(d, f, &v) != 0)
            return NULL;
        if (!f->is_list)
            n->v[slot] = v;
        else if (list_push(d, n, slot, v, &count) != 0)
            return NULL;
        at = !f->is_list || (count >= f->min && count < f->max) ? f->after
             : count >= f->max                                  ? f->full
                                                                : f->below;
        n->has |= UINT64_C(1) << slot;
    }
    if (d->r.pos > d->r.end) {
        fail_end(d);
        return NULL;
    }
    return n;
}

static int item_push(struct decoder *d, struct node *n, unsigned slot, union value v)
{
    struct items **at = &n->v[n->type->fields].items;
    if (*at != NULL && (*at)->n >= d->o->limits.list)
        return fail(d, d->r.pos, "content of more than %u parts, its limit", (*at)->n);
    if ((*at == NULL || (*at)->n == (*at)->cap) && items_grow(d, at) == NULL)
        return fail_memory(d);
    (*at)->at[(*at)->n++] = (struct item){(uint16_t)slot, v};
    return d->r.pos > d->r.end ? fail_end(d) : 0;
}

/* Untyped characters of mixed content; they share the partition of their element. */
static int read_text_item(struct decoder *d, struct node *n, uint32_t part)
{
    union value v;
    uint64_t characters;
    if (read_string(d, part, &v.b, &characters) != 0)
        return -1;
    return item_push(d, n, n->type->fields, v);
}

/* Name of the element whose type t is, as a partition of the string table; mixed types belong to
 * one global element each. */
static uint32_t part_of_type(const struct decoder *d, const struct type *t)
{
    for (unsigned i = 0; i < d->s->names; i++)
        if (d->s->fragment[i].field != NULL && d->s->fragment[i].field->type == t)
            return d->s->fragment[i].qname;
    return 0;
}

/* An open type: repeated groups, mixed content, wildcards. */
static struct node *read_open(struct decoder *d, const struct type *t)
{
    struct node *n = node_new(d->arena, t);
    if (n == NULL) {
        fail_memory(d);
        return NULL;
    }
    unsigned at = 0;
    for (;;) {
        const struct state *s = &t->state[at];
        uint64_t from = d->r.pos;
        unsigned code = (unsigned)(bits_peek(&d->r) >> (64 - s->bits));
        if (code == s->end && code >= s->count) {
            d->r.pos += s->bits;
            show(d, from, "EE", code, "");
            break;
        }
        if (code == s->text && code >= s->count) {
            d->r.pos += s->bits;
            show(d, from, "CH", code, "");
            if (read_text_item(d, n, part_of_type(d, t)) != 0)
                return NULL;
            at = s->after_text;
            continue;
        }
        if (code >= s->count) {
            if (read_escape(d, n, &n->has, at) != 0)
                return NULL;
            break;
        }
        unsigned slot = t->slots[s->first + code];
        const struct field *f = &t->field[slot];
        union value v;
        d->r.pos += s->bits;
        show_production(d, from, f, code);
        if (read_slot(d, f, &v) != 0)
            return NULL;
        if (f->is_attribute) {
            n->v[slot] = v;
            n->has |= UINT64_C(1) << slot;
        } else if (item_push(d, n, slot, v) != 0) {
            return NULL;
        }
        at = f->after;
    }
    if (d->r.pos > d->r.end) {
        fail_end(d);
        return NULL;
    }
    return n;
}

static struct node *read_node(struct decoder *d, const struct type *t)
{
    if (UNLIKELY(d->depth >= d->o->limits.depth)) {
        fail(d, d->r.pos, "elements are nested deeper than %u, their limit", d->depth);
        return NULL;
    }
    d->depth++;
    struct node *n = t->is_open ? read_open(d, t) : read_record(d, t);
    d->depth--;
    return n;
}

/* ---- wildcards: elements that the schema may not know ---- */

static const char *read_name_text(struct decoder *d, uint64_t n)
{
    uint64_t from = d->r.pos;
    struct bytes *b = read_characters(d, n);
    const char *text = b == NULL ? NULL : arena_text(d->arena, (const char *)b->p, b->n);
    if (text == NULL && b != NULL)
        fail_memory(d);
    if (text != NULL)
        show(d, from, "value", 0, text);
    return text;
}

/* A URI and a local name; either is a number where the stream or the schema had it before. */
static int read_qname(struct decoder *d, uint32_t *number)
{
    struct exi_names *t = &d->names;
    uint64_t from = d->r.pos, n;
    uint32_t uri = (uint32_t)bits_read(&d->r, exi_uri_bits(t));
    if (d->r.pos > d->r.end)
        return fail_end(d);
    const char *known = uri == 0 ? "a new one" : uri <= t->uris ? t->uri[uri - 1].text : "";
    show(d, from, "URI", uri, known);
    if (t->uris + t->qnames > NAMES_MAX)
        return fail(d, from, "more than %d different names, their limit", NAMES_MAX);
    if (uri-- == 0) {
        const char *text = read_count(d, "URI length", &n) != 0 ? NULL : read_name_text(d, n);
        if (text == NULL)
            return -1;
        uri = exi_uri_add(t, text);
    } else if (uri >= t->uris) {
        return fail(d, from, "URI number %u; expected at most %u", uri, t->uris - 1);
    }
    uint32_t local;
    if (read_count(d, "name length", &n) != 0)
        return -1;
    if (n > 0) {
        const char *text = read_name_text(d, n - 1);
        if (text == NULL)
            return -1;
        local = exi_local_add(t, uri, text);
    } else {
        uint64_t at = d->r.pos;
        local = (uint32_t)bits_read(&d->r, exi_local_bits(t, uri));
        if (local >= exi_local_count(t, uri))
            return fail(d, from, "name number %u of %u", local, exi_local_count(t, uri));
        show(d, at, "name", local, exi_local_text(t, uri, local));
    }
    if (!t->failed)
        *number = exi_qname_number(t, uri, local);
    if (t->failed)
        return fail_memory(d);
    return 0;
}

static struct any *any_new(struct decoder *d, uint32_t qname)
{
    struct any *any = arena_alloc(d->arena, sizeof *any);
    if (any == NULL) {
        fail_memory(d);
        return NULL;
    }
    memset(any, 0, sizeof *any);
    const struct exi_qname *q = &d->names.qname[qname];
    any->uri = d->names.uri[q->uri].text;
    any->name = exi_local_text(&d->names, q->uri, q->local);
    return any;
}

static struct any_part *add_part(struct decoder *d, struct any *any, int what)
{
    struct any_part *part = arena_alloc(d->arena, sizeof *part);
    if (part == NULL) {
        fail_memory(d);
        return NULL;
    }
    memset(part, 0, sizeof *part);
    part->what = (unsigned)what;
    if (any->last == NULL)
        any->first = part;
    else
        any->last->next = part;
    any->last = part;
    return part;
}

static struct any *read_named_element(struct decoder *d, uint32_t qname);

static int read_any_attribute(struct decoder *d, struct any *any, uint32_t qname)
{
    struct any_part *part = add_part(d, any, ANY_ATTRIBUTE);
    const struct exi_qname *q = &d->names.qname[qname];
    uint64_t characters;
    if (part == NULL)
        return -1;
    part->uri = d->names.uri[q->uri].text;
    part->name = exi_local_text(&d->names, q->uri, q->local);
    if (q->uri == 2) /* xsi:type changes the grammar */
        return refuse(d, d->r.pos, SIMPLE_XSI_TYPE, any->name);
    return read_string(d, q->part, &part->text, &characters);
}

static int read_any_text(struct decoder *d, struct any *any, uint32_t part_number)
{
    struct any_part *part = add_part(d, any, ANY_TEXT);
    uint64_t characters;
    return part == NULL ? -1 : read_string(d, part_number, &part->text, &characters);
}

static int read_any_child(struct decoder *d, struct any *any, uint32_t qname)
{
    struct any *child = read_named_element(d, qname);
    struct any_part *part = child == NULL ? NULL : add_part(d, any, ANY_ELEMENT);
    if (part == NULL)
        return -1;
    part->element = child;
    return 0;
}

/* Reads an event code of a built-in grammar; *what and *qname tell which event it is. */
static int read_built_in_event(struct decoder *d, struct built_in *g, bool at_start, int *what,
                               uint32_t *qname)
{
    uint32_t n = at_start ? g->starts : g->contents;
    const struct learned *list = at_start ? g->start : g->content;
    uint64_t from = d->r.pos;
    uint32_t code = (uint32_t)bits_read(&d->r, bits_length(n));
    if (code < n) {
        *what = (int)list[n - 1 - code].what;
        *qname = list[n - 1 - code].qname;
        return 0;
    }
    if (code > n)
        return fail(d, from, "event code %u; expected at most %u", code, n);
    static const int START[] = {LEARNED_END, LEARNED_ATTRIBUTE, LEARNED_ELEMENT, LEARNED_TEXT};
    static const int CONTENT[] = {LEARNED_ELEMENT, LEARNED_TEXT};
    *what = at_start ? START[bits_read(&d->r, 2)] : CONTENT[bits_read(&d->r, 1)];
    *qname = 0;
    bool named = *what == LEARNED_ATTRIBUTE || *what == LEARNED_ELEMENT;
    if (named && read_qname(d, qname) != 0)
        return -1;
    exi_learn(&d->names, g, at_start, *what, *qname);
    return d->names.failed ? fail_memory(d) : 0;
}

/* The content of an element that only the stream knows (EXI 1.0, 8.4.3). */
static int read_built_in(struct decoder *d, struct any *any, uint32_t qname)
{
    struct built_in *g = exi_built_in(&d->names, qname);
    uint32_t part = d->names.qname[qname].part;
    bool at_start = true;
    if (g == NULL)
        return fail_memory(d);
    for (;;) {
        uint64_t from = d->r.pos;
        int what = LEARNED_END, bad = 0;
        uint32_t other = 0;
        if (read_built_in_event(d, g, at_start, &what, &other) != 0)
            return -1;
        if (d->r.pos > d->r.end)
            return fail_end(d);
        if (g->starts + g->contents > NAMES_MAX)
            return fail(d, from, "too many different children");
        static const char *const EVENT[] = {"AT", "SE", "CH", "EE"}; /* ORDER learned */
        show(d, from, EVENT[what], 0, "");
        if (what == LEARNED_END)
            return 0;
        if (what == LEARNED_ATTRIBUTE)
            bad = read_any_attribute(d, any, other);
        else if (what == LEARNED_TEXT)
            bad = read_any_text(d, any, part);
        else
            bad = read_any_child(d, any, other);
        if (bad != 0)
            return -1;
        at_start = at_start && what == LEARNED_ATTRIBUTE;
    }
}

static struct any *read_named_element(struct decoder *d, uint32_t qname)
{
    struct any *any = any_new(d, qname);
    if (any == NULL)
        return NULL;
    if (d->depth >= d->o->limits.depth) {
        fail(d, d->r.pos, "elements are nested deeper than %u, their limit", d->depth);
        return NULL;
    }
    any->known = d->names.qname[qname].known;
    d->depth++;
    int bad;
    if (any->known != NULL) {
        bad = read_slot(d, &any->known->as, &any->v);
    } else {
        size_t mark = enter(d, any->name);
        bad = read_built_in(d, any, qname);
        if (bad == 0)
            leave(d, mark);
    }
    d->depth--;
    return bad != 0 ? NULL : any;
}

static int open_names(struct decoder *d)
{
    if (!d->has_names)
        exi_names_open(&d->names, d->s, d->arena);
    d->has_names = true;
    return d->names.failed ? fail_memory(d) : 0;
}

static int read_any(struct decoder *d, struct any **out)
{
    uint32_t qname;
    if (open_names(d) != 0 || read_qname(d, &qname) != 0)
        return -1;
    *out = read_named_element(d, qname);
    return *out == NULL ? -1 : 0;
}

/* ---- fragments ---- */

/* The child of a relaxed fragment: an element of any name of the schema. */
static int read_relaxed_child(struct decoder *d, struct any *any, const struct fragment_name *name)
{
    if (name->field == NULL)
        return fail(d, d->r.pos, "%s within %s: both have several types", name->name, any->name);
    struct any *child = arena_alloc(d->arena, sizeof *child);
    struct any_part *part = child == NULL ? NULL : add_part(d, any, ANY_ELEMENT);
    struct element *known = part == NULL ? NULL : arena_alloc(d->arena, sizeof *known);
    if (known == NULL)
        return fail_memory(d);
    memset(child, 0, sizeof *child);
    memset(known, 0, sizeof *known);
    known->as = *name->field;
    child->known = known;
    child->uri = schema_uri(d->s, name->ns);
    child->name = name->name;
    part->element = child;
    return read_slot(d, &known->as, &child->v);
}

static int read_relaxed_attribute(struct decoder *d, struct any *any,
                                  const struct fragment_name *name)
{
    union value v;
    struct any_part *part = add_part(d, any, ANY_ATTRIBUTE);
    if (part == NULL)
        return -1;
    part->uri = schema_uri(d->s, name->ns);
    part->name = name->name;
    if (name->field == NULL || name->field->kind != KIND_STRING) {
        uint64_t characters;
        return read_string(d, name->qname, &part->text, &characters);
    }
    if (read_value(d, name->field, &v) != 0)
        return -1;
    part->text = v.b;
    return 0;
}

/* An element whose name two types share: any attribute, any element, characters
 * (EXI 1.0, 8.5.3). */
static int read_relaxed(struct decoder *d, struct any *any, uint32_t part)
{
    const struct schema *s = d->s;
    for (bool at_start = true;;) {
        uint32_t attributes = at_start ? s->attributes + 1u : 0; /* and any other */
        uint32_t n = attributes + s->names + 3u;                 /* and any other, end, text */
        uint64_t from = d->r.pos;
        uint32_t code = (uint32_t)bits_read(&d->r, bits_length(n));
        if (d->r.pos > d->r.end)
            return fail_end(d);
        show(d, from, "relaxed", code, "");
        uint32_t child = code - attributes;
        int bad;
        if (code + 1 < attributes)
            bad = read_relaxed_attribute(d, any, &s->attribute[code]);
        else if (code >= attributes && child < s->names)
            bad = read_relaxed_child(d, any, &s->fragment[child]);
        else if (code >= attributes && child == s->names + 1u)
            return 0;
        else if (code >= attributes && child == s->names + 2u)
            bad = read_any_text(d, any, part);
        else
            bad = refuse(d, from, SIMPLE_ELEMENT, any->name);
        if (bad != 0)
            return -1;
        at_start = at_start && code < attributes;
    }
}

static int read_fragment(struct decoder *d)
{
    const struct schema *s = d->s;
    struct message *m = d->m;
    uint64_t from = d->r.pos;
    uint32_t code = (uint32_t)bits_read(&d->r, s->fragment_bits);
    if (code >= s->names)
        return fail(d, from, "event code %u of a fragment; expected an element's, at most %d", code,
                    s->names - 1);
    const struct fragment_name *name = &s->fragment[code];
    show(d, from, "SE", code, name->name);
    m->as = name->field;
    if (name->field == NULL) {
        m->relaxed = arena_alloc(d->arena, sizeof *m->relaxed);
        if (m->relaxed == NULL)
            return fail_memory(d);
        memset(m->relaxed, 0, sizeof *m->relaxed);
        m->relaxed->uri = schema_uri(s, name->ns);
        m->relaxed->name = name->name;
        enter(d, name->name);
        if (read_relaxed(d, m->relaxed, name->qname) != 0)
            return -1;
    } else if (read_slot(d, name->field, &m->v) != 0) {
        return -1;
    }
    from = d->r.pos;
    code = (uint32_t)bits_read(&d->r, s->fragment_bits);
    if (code != s->names + 1u)
        return d->r.pos > d->r.end ? fail_end(d)
                                   : fail(d, from,
                                          "event code %u; expected the end of the "
                                          "fragment, %d",
                                          code, s->names + 1);
    show(d, from, "ED", code, "");
    return 0;
}

/* ---- documents ---- */

static int read_document(struct decoder *d)
{
    const struct schema *s = d->s;
    uint64_t from = d->r.pos;
    uint32_t code = (uint32_t)bits_read(&d->r, s->document_bits);
    if (d->r.pos > d->r.end)
        return fail_end(d);
    if (code >= s->elements)
        return fail(d, from,
                    "event code %u of the document; expected one of the %d global elements "
                    "of %s",
                    code, s->elements, s->name);
    d->m->root = s->element[code];
    d->m->as = &d->m->root->as;
    show(d, from, "SE", code, d->m->as->name);
    return read_slot(d, d->m->as, &d->m->v);
}

static int read_header(struct decoder *d)
{
    if (d->r.size >= 4 && memcmp(d->r.p, "$EXI", 4) == 0)
        d->r.pos = 32;
    uint64_t from = d->r.pos, bits = bits_read(&d->r, 8);
    if (d->r.pos > d->r.end)
        return fail_end(d);
    if (bits >> 6 != 2)
        return fail(d, from, "0x%02X is no EXI header; expected 0x80", (unsigned)bits);
    if (bits & 0x20)
        return fail(d, from,
                    "the header carries EXI options; V2G messages use the default options");
    if (bits & 0x1F)
        return fail(d, from, "EXI version in header 0x%02X; expected 0x80, version 1",
                    (unsigned)bits);
    show(d, from, "header", bits, "EXI 1.0, no options");
    return 0;
}

/* Padding and whatever lies behind the document. */
static int read_trailer(struct decoder *d)
{
    if (d->r.pos > d->r.end)
        return fail_end(d);
    unsigned padding = (unsigned)(-d->r.pos & 7);
    uint64_t from = d->r.pos, bits = bits_read(&d->r, padding);
    if (padding > 0)
        show(d, from, "padding", bits, "");
    if (bits != 0 && violate(d, from, "padding bits that are not 0") != 0)
        return -1;
    size_t used = (size_t)(d->r.pos >> 3);
    d->m->trailing = (struct slice){d->r.p + used, d->r.size - used};
    if (used == d->r.size)
        return 0;
    return violate(d, d->r.pos, "%zu bytes after the end of the document", d->r.size - used);
}

static int decode_once(struct decoder *d, const void *p, size_t n)
{
    bits_open(&d->r, p, n);
    d->depth = 0;
    *d->m = (struct message){.schema = d->s, .is_fragment = d->o->fragment};
    if (read_header(d) != 0)
        return -1;
    if ((d->o->fragment ? read_fragment(d) : read_document(d)) != 0)
        return -1;
    return read_trailer(d);
}

/* ---- the fast pass ---- */

/* Where the fast pass is. A usual step calls nothing, so that the compiler can keep most of this in
 * registers; what is rare is done out of line, or the step is done once more (`rare`). */
struct fast {
    uint64_t pos;
    uint8_t *at, *limit; /* of the arena: before the limit a step finds all the memory it needs */
    struct node *n;
    const struct stage *stage;
    struct frame *top;
    uint64_t ends; /* elements that end with n */
};

/* The next 57 bits at least, from the top of the word; zeros behind the end of the input, anything
 * where pos is far behind it. */
ALWAYS_INLINE uint64_t fast_window(const struct decoder *d, const struct fast *f)
{
    uint64_t byte = f->pos >> 3;
    if (LIKELY(byte <= d->last))
        return load_be64(d->r.p + byte) << (f->pos & 7);
    return load_be64(d->r.p + d->last) << ((f->pos - d->last * 8) & 63);
}

/* Memory of the message, which is there; size is a multiple of 8. */
ALWAYS_INLINE void *fast_take(struct fast *f, size_t size)
{
    void *p = f->at;
    f->at += size;
    return p;
}

ALWAYS_INLINE void fast_limit(struct fast *f, const struct arena *a)
{
    f->at = a->at;
    f->limit = a->end - a->at > STEP_MEMORY ? a->end - STEP_MEMORY : a->at;
}

/* d->r and the arena for what is done out of line, and back. */
static void rare_begin(struct decoder *d, const struct fast *f)
{
    d->r.pos = f->pos;
    d->arena->at = f->at;
    limit_memory(d);
}

static bool rare_end(const struct decoder *d, struct fast *f)
{
    bool has_room = arena_reserve(d->arena, STEP_MEMORY + 8) == 0;
    f->pos = d->r.pos;
    fast_limit(f, d->arena);
    return has_room;
}

/* Where an entry of a list goes. NULL: no room. */
ALWAYS_INLINE union value *fast_entry(struct decoder *d, struct fast *f, const struct step *step,
                                      bool rare)
{
    struct list **at = &f->n->v[step->slot].l, *l = *at;
    if (step->into == INTO_NEW_LIST) {
        l = *at = fast_take(f, sizeof *l + LIST_MIN * sizeof l->v[0]);
        l->n = 0;
        l->cap = LIST_MIN;
    } else if (UNLIKELY(l->n == l->cap)) {
        if (!rare)
            return NULL;
        rare_begin(d, f);
        l = list_grow(d, at);
        if (!rare_end(d, f) || l == NULL)
            return NULL;
    }
    return &l->v[l->n++];
}

ALWAYS_INLINE union value *fast_item(struct decoder *d, struct fast *f, const struct step *step,
                                     bool rare)
{
    struct items **at = &f->n->v[f->n->type->fields].items, *l = *at;
    if (l == NULL) {
        l = *at = fast_take(f, sizeof *l + ITEMS_MIN * sizeof l->at[0]);
        l->n = 0;
        l->cap = ITEMS_MIN;
    } else if (UNLIKELY(l->n == l->cap)) {
        if (!rare)
            return NULL;
        rare_begin(d, f);
        l = items_grow(d, at);
        if (!rare_end(d, f) || l == NULL)
            return NULL;
    }
    l->at[l->n].slot = (uint16_t)step->slot;
    return &l->at[l->n++].v;
}

/* Where a value goes that has no slot of its own; also chooses what follows it. */
ALWAYS_INLINE union value *fast_place(struct decoder *d, struct fast *f, const struct step *step,
                                      bool rare)
{
    if (step->into == INTO_ITEMS)
        return fast_item(d, f, step, rare);
    union value *v = fast_entry(d, f, step, rare);
    if (v == NULL)
        return NULL;
    const struct list *l = f->n->v[step->slot].l;
    if (UNLIKELY(l->n - step->min >= step->room)) {
        const struct field *list = &f->n->type->field[step->slot];
        f->stage = f->n->type->stage[l->n < step->min ? list->below : list->full];
    }
    return v;
}

/* Takes back what fast_place did. */
static void unplace(const struct node *n, const struct step *step)
{
    if (step->into == INTO_ITEMS)
        n->v[n->type->fields].items->n--;
    else if (step->into != INTO_SLOT)
        n->v[step->slot].l->n--;
}

/* Groups of 7 bits at the top of a window, which holds `wide` bits of them at least; returns their
 * bits, 0 where they are more than that. */
ALWAYS_INLINE unsigned fast_groups(uint64_t window, unsigned wide, uint64_t *v)
{
    uint64_t octet = window >> 56;
    *v = octet;
    if (octet < 128)
        return 8;
    octet = window >> 48 & 255;
    *v = (*v & 127) | octet << 7;
    unsigned bits = 16;
    for (unsigned shift = 14; UNLIKELY(octet >= 128) && bits < 48; shift += 7, bits += 8) {
        octet = window << bits >> 56;
        *v ^= (octet << shift) ^ (UINT64_C(1) << shift); /* without the bit that says: more */
    }
    return LIKELY(bits <= wide) ? bits : 0;
}

/* A number of any length. */
static bool long_number(struct decoder *d, struct fast *f, uint64_t most, uint64_t *v)
{
    rare_begin(d, f);
    int bad = read_unsigned(d, v);
    return rare_end(d, f) && bad == 0 && *v <= most;
}

/* f stands behind the head, with which the window begins. */
ALWAYS_INLINE bool fast_number(struct decoder *d, struct fast *f, const struct step *step,
                               uint64_t window, union value *v, bool rare)
{
    uint64_t m, negative = 0;
    if (UNLIKELY((window & step->before) != 0))
        return false;
    window <<= step->head;
    if (step->op == STEP_SIGNED) {
        negative = (uint64_t)((int64_t)window >> 63);
        window <<= 1;
        f->pos++;
    }
    unsigned bits = fast_groups(window, step->wide, &m);
    f->pos += bits;
    window <<= bits;
    if (UNLIKELY(bits == 0)) {
        uint64_t most = step->op == STEP_SIGNED ? INT64_MAX : UINT64_MAX;
        if (!rare || !long_number(d, f, most, &m))
            return false;
        window = fast_window(d, f);
    }
    f->pos += step->tail;
    m ^= negative;
    v->u = m;
    return LIKELY((window & step->after) == 0 && m - (uint64_t)step->lo <= step->most);
}

/* Values of fixed width, all from one window. */
ALWAYS_INLINE bool fast_run(const struct run *run, uint64_t window, union value *v)
{
    const struct leaves *l = run->leaves;
    stage_pair both = {window, window};
    for (unsigned n = run->pairs;; l++, v += 2) {
        stage_pair value = l->lo + (both >> l->shift & l->mask);
        memcpy(v, &value, sizeof value);
        if (LIKELY(--n == 0))
            break;
    }
    uint64_t bits = window & run->checked;
    return (((bits + run->slack) | bits) & run->zeros) == 0;
}

/* An integer of any size, which needs the arena. */
static bool big_number(struct decoder *d, struct fast *f, const struct step *step, uint64_t window,
                       union value *v)
{
    rare_begin(d, f);
    bool good = (window & step->before) == 0 && read_big(d, v) == 0 &&
                (bits_peek(&d->r) & step->after) == 0;
    d->r.pos += step->tail;
    return rare_end(d, f) && good;
}

/* Characters or octets, perhaps many, or beyond ASCII, or at the end of the input. */
static bool read_bytes(struct decoder *d, const struct step *step, union value *v)
{
    uint64_t n;
    if (read_unsigned(d, &n) != 0)
        return false;
    n -= step->plus;
    if (n - (uint64_t)step->lo > step->most || n > bits_left(&d->r) / 8)
        return false;
    struct bytes *b = arena_alloc(d->arena, sizeof *b + n + 8);
    if (b == NULL)
        return false;
    b->n = (uint32_t)n;
    uint64_t from = d->r.pos, any = bits_read_octets(&d->r, b->p, n);
    if (step->op == STEP_STRING && (any & HIGH_BITS) != 0) {
        d->r.pos = from;
        b = read_unicode(d, n);
    }
    v->b = b;
    uint64_t tail = bits_peek(&d->r);
    d->r.pos += step->tail;
    return b != NULL && (tail & step->after) == 0;
}

static bool any_bytes(struct decoder *d, struct fast *f, const struct step *step, union value *v)
{
    rare_begin(d, f);
    bool good = read_bytes(d, step, v);
    return rare_end(d, f) && good;
}

/* Fewer than 8 octets, behind which *window begins then; returns them at the top of a word. */
ALWAYS_INLINE uint64_t tiny_octets(const struct decoder *d, struct fast *f, uint64_t n,
                                   uint64_t *window)
{
    uint64_t v = fast_window(d, f);
    f->pos += 8 * n;
    *window = n < 7 ? v << (8 * n) : fast_window(d, f);
    return v;
}

/* Eight at least, and something is behind them; returns them or'ed together. */
ALWAYS_INLINE uint64_t few_octets(const struct decoder *d, const struct fast *f, uint64_t n,
                                  uint8_t *out)
{
    const uint8_t *p = d->r.p + (f->pos >> 3);
    unsigned shift = f->pos & 7;
    uint64_t any = 0;
    for (uint64_t i = 0;; i = i + 16 <= n ? i + 8 : n - 8) { /* the last 8 maybe once more */
        uint64_t v = load_be64(p + i) << shift | (uint64_t)p[i + 8] >> (8 - shift);
        store_be64(out + i, v);
        any |= v;
        if (LIKELY(i + 8 == n))
            return any;
    }
}

ALWAYS_INLINE bool fast_bytes(struct decoder *d, struct fast *f, const struct step *step,
                              uint64_t window, union value *v, bool rare)
{
    uint64_t n = (window << step->head >> 56) - step->plus, behind = f->pos + 8 + 8 * n, any;
    if (UNLIKELY((window & step->before) != 0))
        return false;
    if (rare || UNLIKELY(n >= FEW_OCTETS || behind >= d->r.end)) {
        struct fast kept = *f; /* so that little need outlive the call in a register */
        bool good = any_bytes(d, &kept, step, v);
        *f = kept;
        return good;
    }
    if (UNLIKELY(n - (uint64_t)step->lo > step->most))
        return false;
    struct bytes *b = (struct bytes *)(void *)f->at;
    v->b = b;
    b->n = (uint32_t)n;
    f->pos += 8;
    if (n < 8) {
        any = tiny_octets(d, f, n, &window);
        store_be64(b->p, any);
        any &= ~(~UINT64_C(0) >> (8 * n));
        f->at += sizeof *b + 12;
    } else {
        any = few_octets(d, f, n, b->p);
        f->at += (sizeof *b + 7 + n) & ~UINT64_C(7);
        f->pos = behind;
        window = fast_window(d, f);
    }
    f->pos += step->tail;
    return (window & step->after) == 0 &&
           !(UNLIKELY((any & HIGH_BITS) != 0) && step->op == STEP_STRING);
}

ALWAYS_INLINE struct node *fast_node(struct fast *f, const struct type *t)
{
    struct node *n = fast_take(f, t->node_size);
    n->type = t;
    n->has = 0;
    if (t->is_open)
        n->v[t->fields].items = NULL;
    return n;
}

/* Goes down into a child. */
ALWAYS_INLINE enum outcome fast_down(const struct decoder *d, struct fast *f,
                                     const struct step *step, union value *v)
{
    /* a child of one run has no frame, but has its depth */
    if (UNLIKELY(f->top == d->stack + FAST_DEPTH - 2))
        return FAST_ODD;
    *f->top++ = (struct frame){f->n, f->stage, f->ends};
    f->ends = f->stage->is_end ? f->ends + 1 : 0;
    f->n = v->n = fast_node(f, step->of.type);
    f->stage = step->start;
    return FAST_GO;
}

/* Goes up again from an element that has ended; `more` ends come before those that f knows. */
ALWAYS_INLINE enum outcome fast_up(const struct decoder *d, struct fast *f, uint64_t more)
{
    more += f->ends;
    if (more != 0) {
        uint64_t window = fast_window(d, f);
        if (UNLIKELY(window >> (64 - more) != 0))
            return FAST_ODD;
        f->pos += more;
        f->top -= f->ends;
    }
    if (f->top == d->stack)
        return FAST_DONE;
    f->top--;
    f->n = f->top->node;
    f->stage = f->top->stage;
    f->ends = f->top->ends;
    return FAST_GO;
}

/* The step of a code. Nearly always it is the first: told so, the processor need not wait for the
 * window before it goes on. */
ALWAYS_INLINE const struct step *fast_choose(const struct stage *stage, uint64_t code)
{
    const struct step *step = stage->step;
    if (code != 0) {
        step += code;
        __asm__("" : "+r"(step)); /* or compilers would make arithmetic of the branch */
    }
    return step;
}

/* The value of a step, which goes to v. */
ALWAYS_INLINE bool fast_value(struct decoder *d, struct fast *f, const struct step *step,
                              uint64_t window, union value *v, bool rare)
{
    const struct run *run = step->of.run;
    if (step->op == STEP_FLAT) {
        const struct type *t = step->of.type;
        struct node *child = fast_take(f, t->node_size);
        run = step->flat;
        v->n = child;
        child->type = t;
        child->has = run->has;
        v = child->v;
        window <<= step->head;
        f->pos += run->bits;
    }
    if (step->op == STEP_FLAT || step->op == STEP_RUN) {
        if (UNLIKELY(!fast_run(run, window, v)))
            return false;
        const struct step *number = run->then;
        if (number == NULL)
            return true;
        f->pos += number->head;
        return fast_number(d, f, number, window << run->bits, v + run->n, rare);
    }
    if (step->op == STEP_UNSIGNED || step->op == STEP_SIGNED)
        return fast_number(d, f, step, window, v, rare);
    if (step->op == STEP_STRING || step->op == STEP_OCTETS)
        return fast_bytes(d, f, step, window, v, rare);
    if (step->op == STEP_FIXED) {
        union value two[2];
        bool good = fast_run(step->of.run, window, two);
        *v = two[0];
        return good;
    }
    return rare && step->op == STEP_BIG && big_number(d, f, step, window, v);
}

ALWAYS_INLINE enum outcome fast_step(struct decoder *d, struct fast *f, bool rare)
{
    uint64_t window = fast_window(d, f), code = window >> f->stage->shift;
    if (code == f->stage->end) {
        f->pos += f->stage->bits;
        return fast_up(d, f, 0);
    }
    const struct step *step = fast_choose(f->stage, code);
    f->stage = step->next;
    f->pos += step->head;
    f->n->has |= step->has;
    union value *v = f->n->v + (size_t)step->slot;
    if (step->into != INTO_SLOT && UNLIKELY((v = fast_place(d, f, step, rare)) == NULL))
        return FAST_ODD;
    enum outcome o = FAST_GO;
    if (step->op == STEP_NODE)
        o = fast_down(d, f, step, v);
    else if (UNLIKELY(!fast_value(d, f, step, window, v, rare)))
        o = FAST_ODD;
    else if (step->ends)
        return fast_up(d, f, step->op == STEP_FLAT);
    if (UNLIKELY(o == FAST_ODD))
        unplace(f->n, step);
    return o;
}

/* A step in which something is unusual. */
static enum outcome __attribute__((noinline)) read_rare(struct decoder *d, struct fast *f)
{
    rare_begin(d, f);
    if (!rare_end(d, f) || f->pos > d->r.end)
        return FAST_ODD;
    enum outcome o = fast_step(d, f, true);
    return f->pos > d->r.end ? FAST_ODD : o;
}

/* Goes on to the end of the root. False: look again, carefully. */
ALWAYS_INLINE bool read_fast(struct decoder *d, struct fast *f)
{
    struct fast kept;
    for (;;) {
        enum outcome o = FAST_ODD;
        kept.pos = f->pos;
        kept.stage = f->stage;
        if (LIKELY(f->at < f->limit && f->pos <= d->r.end))
            o = fast_step(d, f, false);
        if (o == FAST_GO)
            continue;
        if (o == FAST_DONE)
            return true;
        f->pos = kept.pos; /* the same once more */
        f->stage = kept.stage;
        kept = *f;
        o = read_rare(d, &kept);
        *f = kept;
        if (o != FAST_GO)
            return o == FAST_DONE;
    }
}

/* The document in one go. -1: look again, carefully. */
ALWAYS_INLINE int decode_fast(struct decoder *d, const void *p, size_t n)
{
    const struct schema *s = d->s;
    struct fast f;
    if (n < 8 || d->o->fragment)
        return -1;
    bits_open(&d->r, p, n);
    d->last = n - 8;
    f.pos = f.ends = 0;
    f.top = d->stack;
    uint64_t window = fast_window(d, &f), code = window << 8 >> (64 - s->document_bits);
    if (window >> 56 != 0x80 || code >= s->elements)
        return -1;
    const struct element *root = s->root; /* nearly always: nothing to wait for */
    if (root == NULL || code != root->code)
        root = s->element[code];
    const struct type *t = root->as.type;
    if (root->as.kind != KIND_NODE || t->is_abstract || d->o->limits.depth < FAST_DEPTH ||
        d->o->limits.list < LIST_MIN)
        return -1;
    fast_limit(&f, d->arena);
    f.pos = 8u + s->document_bits;
    if (UNLIKELY(f.at >= f.limit)) {
        struct fast kept = f;
        rare_begin(d, &kept);
        bool has_room = rare_end(d, &kept);
        f = kept;
        if (!has_room)
            return -1;
    }
    f.stage = t->stage[0];
    struct node *v = f.n = fast_node(&f, t);
    if (!read_fast(d, &f))
        return -1;
    d->arena->at = f.at;
    uint64_t left = d->r.end - f.pos;
    if (left > 7 || fast_window(d, &f) >> 1 >> (63 - left) != 0)
        return -1; /* too short, bytes behind it, or padding that is not 0 */
    *d->m = (struct message){.schema = s,
                             .root = root,
                             .as = &root->as,
                             .v.n = v,
                             .trailing = {(const uint8_t *)p + n, 0}};
    return 0;
}

static int __attribute__((noinline, cold))
decode_carefully(struct decoder *d, const void *p, size_t n)
{
    d->careful = true;
    d->path[0] = '\0';
    d->path_n = 0;
    d->seen = NULL;
    d->seen_n = d->seen_cap = 0;
    d->work = d->repeated = 0;
    d->has_names = false;
    struct violation *violations = NULL;
    d->violations_end = &violations;
    arena_rewind(d->arena, d->mark);
    limit_memory(d);
    int bad = decode_once(d, p, n);
    d->m->violations = violations;
    free(d->seen);
    return bad;
}

NEWER_TOO int exi_decode(const struct schema *s, const void *p, size_t n,
                         const struct exi_options *o, struct arena *a, struct message *m,
                         struct err *e)
{
    if (n > o->limits.size)
        return err_set_bit(e, 0, "%zu bytes of input; its limit is %zu", n, o->limits.size);
    if (exi_stage_need(s, e) != 0)
        return -1;
    struct decoder d; /* the fast pass needs its first members only */
    d.s = s;
    d.o = o;
    d.arena = a;
    d.m = m;
    d.e = e;
    d.input = n;
    d.limit = a->limit;
    d.mark = arena_mark(a);
    d.careful = d.is_limited = false;
    int bad = o->trace != NULL ? -1 : decode_fast(&d, p, n);
    if (bad != 0)
        bad = decode_carefully(&d, p, n);
    a->limit = d.limit;
    return bad;
}
