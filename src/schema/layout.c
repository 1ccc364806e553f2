/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts of octets: widths of fields, what counts what, and what such a layout cannot hold. */
#include "schema/decl.h"

#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 16
#define WIDEST 64 /* of a number; KIND_NBIT below that */

struct layouter {
    struct decls *d;
    struct err *e;
    const struct decl_type *decl; /* that is being laid out */
};

#define FAIL(y, place, ...) err_set_line((y)->e, (place).file, (place).line, __VA_ARGS__)

static void *layout_new(struct layouter *y, size_t size)
{
    void *made = arena_alloc(y->d->arena, size);
    if (made == NULL)
        err_set(y->e, "out of memory");
    else
        memset(made, 0, size);
    return made;
}

/* ---- widths ---- */

static const struct {
    const char *base;
    uint8_t width;
    bool is_signed;
} NUMBERS[] = {
    {"byte", 8, true},          {"short", 16, true},         {"int", 32, true},
    {"long", 64, true},         {"unsignedByte", 8, false},  {"unsignedShort", 16, false},
    {"unsignedInt", 32, false}, {"unsignedLong", 64, false},
};

static bool is_text(const struct field *f)
{
    return f->kind == KIND_STRING || f->kind == KIND_HEX || f->kind == KIND_BASE64;
}

static bool is_number(const struct field *f)
{
    return f->kind == KIND_NBIT || f->kind == KIND_UNSIGNED || f->kind == KIND_SIGNED;
}

/* Gives f a type of its own, of the numbers that so many bits hold. */
static int narrow_bits(struct layouter *y, struct field *f, struct place place, unsigned bits,
                       bool is_signed)
{
    struct simple *s = layout_new(y, sizeof *s);
    if (s == NULL)
        return -1;
    *s = *f->simple;
    int64_t most = (int64_t)((UINT64_C(1) << (bits - is_signed)) - 1);
    int64_t least = is_signed ? -most - 1 : 0;
    if (s->limited && (s->lo < least || s->hi > most))
        return FAIL(y, place, "%s has %u bits; expected a range within %lld..%lld", f->name, bits,
                    (long long)least, (long long)most);
    s->lo = s->limited ? s->lo : least;
    s->hi = s->limited ? s->hi : most;
    s->is_unsigned = false;
    s->limited = true;
    f->simple = s;
    return 0;
}

static int lay_number(struct layouter *y, struct field *f, struct octets *o, struct place place,
                      unsigned bits)
{
    size_t i = 0;
    while (i < sizeof NUMBERS / sizeof *NUMBERS && strcmp(NUMBERS[i].base, f->simple->base) != 0)
        i++;
    if (i == sizeof NUMBERS / sizeof *NUMBERS)
        return FAIL(y, place, "%s is of type %s, which has no width in octets", f->name,
                    f->simple->base);
    unsigned natural = NUMBERS[i].width;
    if (bits > natural)
        return FAIL(y, place, "%s has %u bits; expected at most the %u of %s", f->name, bits,
                    natural, f->simple->base);
    if (bits != 0 && narrow_bits(y, f, place, bits, NUMBERS[i].is_signed) != 0)
        return -1;
    f->width = (uint8_t)(bits != 0 ? bits : natural);
    f->kind = f->width < WIDEST ? KIND_NBIT : NUMBERS[i].is_signed ? KIND_SIGNED : KIND_UNSIGNED;
    f->lo = f->simple->lo;
    f->hi = f->simple->hi;
    o->least = NUMBERS[i].is_signed ? (int64_t)(~UINT64_C(0) << (f->width - 1)) : 0;
    return 0;
}

static int lay_width(struct layouter *y, struct field *f, struct octets *o, struct place place,
                     unsigned bits)
{
    switch ((enum kind)f->kind) {
    case KIND_NBIT:
    case KIND_UNSIGNED:
    case KIND_SIGNED:
        return lay_number(y, f, o, place, bits);
    case KIND_ENUM:
        if (bits != 0 && bits < f->width)
            return FAIL(y, place, "%s has %u bits; expected %u at least for the members of %s",
                        f->name, bits, f->width, f->simple->name);
        f->width = (uint8_t)(bits != 0 ? bits : f->width <= 8 ? 8 : 16);
        return 0;
    case KIND_BOOLEAN:
        f->width = (uint8_t)(bits != 0 ? bits : 8);
        return 0;
    case KIND_STRING:
    case KIND_HEX:
    case KIND_BASE64:
    case KIND_NODE:
        return bits == 0 ? 0 : FAIL(y, place, "%s is no number; expected no 'bits'", f->name);
    case KIND_BIG:
    case KIND_ABSTRACT:
    case KIND_ANY:
    case KIND_TEXT:
        break;
    }
    return FAIL(y, place,
                "%s has no width in octets; expected a number, text of a known length, "
                "hexBinary or a type of such fields",
                f->name);
}

/* ---- what one field says of another ---- */

static int find_earlier(struct layouter *y, const struct type *t, unsigned slot, const char *name,
                        struct place place)
{
    int found = type_slot_of(t, name);
    bool is_right = found >= 0 && (unsigned)found < slot && !t->field[found].is_list;
    const struct field *f = is_right ? &t->field[found] : NULL;
    if (f == NULL || !(is_number(f) || f->kind == KIND_BOOLEAN || f->kind == KIND_ENUM))
        return FAIL(y, place, "%s refers to '%s'; expected a number that stands before it in %s",
                    t->field[slot].name, name, t->name);
    return found;
}

/* Where a count is one, it is written as there are unless it was given. */
static int lay_count(struct layouter *y, struct type *t, unsigned slot,
                     const struct decl_field *decl)
{
    struct field *f = &t->field[slot];
    struct octets *o = (struct octets *)(uintptr_t)f->octets;
    int count = find_earlier(y, t, slot, decl->octets->count, decl->place);
    if (count < 0)
        return -1;
    if (!f->is_list && !is_text(f))
        return FAIL(y, decl->place, "%s is counted; expected a list, text or octets", f->name);
    struct field *counter = &t->field[count];
    struct octets *c = (struct octets *)(uintptr_t)counter->octets;
    o->count = (int8_t)count;
    o->plus = decl->octets->plus;
    if (counter->preset == NULL) {
        c->counts = (int8_t)slot;
        counter->is_mandatory = false;
    }
    return 0;
}

static int lay_field(struct layouter *y, struct type *t, unsigned slot,
                     const struct decl_field *decl)
{
    struct field *f = &t->field[slot];
    struct octets *o = layout_new(y, sizeof *o);
    const struct decl_octets *said = decl->octets;
    if (o == NULL)
        return -1;
    *o = (struct octets){.count = -1, .counts = -1, .when = -1};
    f->octets = o;
    t->watched |= UINT64_C(1) << slot;
    if (f->is_attribute || f->is_content)
        return FAIL(y, decl->place,
                    "an attribute or content cannot lie in octets; expected plain "
                    "fields");
    if (lay_width(y, f, o, decl->place, said == NULL ? 0 : said->bits) != 0)
        return -1;
    if (said == NULL)
        return 0;
    if (said->spans && !is_number(f))
        return FAIL(y, decl->place, "%s spans what follows; expected a number of octets", f->name);
    o->is_padding = said->is_padding;
    o->to_octet = said->to_octet;
    o->selects = said->selects;
    o->spans = said->spans;
    o->is_any = said->is_any;
    o->equals = said->equals;
    if (said->count != NULL && lay_count(y, t, slot, decl) != 0)
        return -1;
    if (said->when == NULL)
        return 0;
    int when = find_earlier(y, t, slot, said->when, decl->place);
    o->when = (int8_t)when;
    return when < 0 ? -1 : 0;
}

/* Fields in the order of the slots, and nothing but fields. */
static int lay_content(struct layouter *y, struct type *t, const struct particle *p)
{
    bool is_single = p->min == 1 && p->max == 1;
    switch (p->what) {
    case PARTICLE_FIELD:
        if (p->field->is_ref)
            return FAIL(y, p->field->place,
                        "a reference to an element cannot lie in octets; "
                        "expected a type");
        return lay_field(y, t, (unsigned)p->slot, p->field);
    case PARTICLE_SEQUENCE:
        for (const struct particle *c = p->child; is_single && c != NULL; c = c->next)
            if (lay_content(y, t, c) != 0)
                return -1;
        if (is_single)
            return 0;
        break;
    case PARTICLE_CHOICE:
    case PARTICLE_ANY:
        break;
    }
    return FAIL(y, y->decl->place,
                "type %s has a choice, a repeated group or a wildcard, which "
                "cannot lie in octets; expected plain fields",
                t->name);
}

static int lay_type(struct layouter *y, const struct decl_type *decl)
{
    y->decl = decl;
    if (decl->is_abstract || decl->is_mixed)
        return FAIL(y, decl->place, "type %s is abstract or mixed, which cannot lie in octets",
                    decl->name);
    return lay_content(y, decl->out, decl->tree);
}

/* ---- what can be read again ---- */

static bool takes_rest(const struct type *t, unsigned depth);

/* Nothing says where it ends: it goes on to the end of the message. */
static bool is_rest(const struct field *f, unsigned depth)
{
    if (f->kind == KIND_NODE && takes_rest(f->type, depth + 1))
        return true;
    if (f->octets->count >= 0 || f->octets->is_padding)
        return false;
    if (f->is_list)
        return f->min != f->max;
    return (f->min == 0 && f->octets->when < 0) || (is_text(f) && f->lo != f->hi);
}

static bool takes_rest(const struct type *t, unsigned depth)
{
    return depth < DEPTH_MAX && t->fields > 0 && is_rest(&t->field[t->fields - 1], depth);
}

/* What goes on to the end is followed by nothing but what does so, too, and optional. */
static int check_rest(struct layouter *y, const struct decl_type *decl)
{
    const struct type *t = decl->out;
    for (unsigned i = 0; i + 1 < t->fields; i++) {
        const struct field *f = &t->field[i], *next = &t->field[i + 1];
        bool both_may_lack = !f->is_list && f->min == 0 && !is_text(f) && next->min == 0 &&
                             !next->octets->is_padding;
        if (is_rest(f, 0) && !both_may_lack)
            return FAIL(y, decl->place,
                        "%s of %s goes on to the end of the message, and %s comes behind it; "
                        "expected 'counted by', 'if' or an exact size",
                        f->name, t->name, next->name);
    }
    return 0;
}

#define UNKNOWN 8u

/* Bits of its last octet that are used behind a type that begins with so many used; 0 to 7, or
 * UNKNOWN. */
static unsigned bits_behind(const struct type *t, unsigned used, unsigned depth)
{
    for (unsigned i = 0; depth < DEPTH_MAX && i < t->fields; i++) {
        const struct field *f = &t->field[i];
        unsigned size = is_text(f) ? 0 : f->width % 8;
        if (f->kind == KIND_NODE)
            size = bits_behind(f->type, 0, depth + 1);
        bool is_fixed = f->octets->is_padding || (f->min == f->max && f->octets->when < 0);
        unsigned times = f->octets->is_padding ? 1 : f->min;
        if (f->octets->to_octet)
            used = 0;
        else if (size == UNKNOWN || (size != 0 && (used == UNKNOWN || !is_fixed)))
            used = UNKNOWN;
        else if (used != UNKNOWN)
            used = (used + size * times) % 8;
    }
    return used;
}

/* ---- messages ---- */

/* The field that tells messages apart holds the payload type. */
static int lay_message(struct layouter *y, const struct decl_element *decl)
{
    const struct element *el = decl->out;
    if (el->from == FROM_NONE || el->as.kind != KIND_NODE || decl->own == NULL || el->head != NULL)
        return FAIL(y, decl->place, "%s; expected messages with fields, in no group", decl->name);
    const struct type *t = el->as.type;
    if (bits_behind(t, 0, 0) != 0)
        return FAIL(y, decl->place, "%s may end within an octet; expected a padding to the octet",
                    decl->name);
    for (unsigned i = 0; i < t->fields; i++) {
        struct field *f = (struct field *)(uintptr_t)&t->field[i];
        if (!f->octets->selects)
            continue;
        struct simple *s = layout_new(y, sizeof *s);
        char *text = layout_new(y, 8);
        if (s == NULL || text == NULL)
            return -1;
        if (!is_number(f) || f->width < 16)
            return FAIL(y, decl->place, "%s selects the message; expected a number of 16 bits",
                        f->name);
        *s = *f->simple;
        s->limited = true;
        s->lo = s->hi = f->lo = f->hi = el->payload;
        snprintf(text, 8, "%u", el->payload);
        f->simple = s;
        f->preset = text;
    }
    return 0;
}

int layout_link(struct decls *d, struct err *e)
{
    struct layouter y = {.d = d, .e = e};
    for (const struct decl_type *t = d->types; t != NULL; t = t->next)
        if (lay_type(&y, t) != 0)
            return -1;
    for (const struct decl_type *t = d->types; t != NULL; t = t->next)
        if (check_rest(&y, t) != 0)
            return -1;
    for (const struct decl_element *c = d->elements; c != NULL; c = c->next)
        if (lay_message(&y, c) != 0)
            return -1;
    return 0;
}
