/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encoder: one loop over the present slots of a node, event codes from the type's table. It
 * writes whatever the wire can carry, also outside the schema's limits; what the wire cannot carry
 * is an error with the element's path.
 */
#include "base/bits.h"
#include "codec/exi.h"
#include "codec/exi_fast.h"
#include "codec/exi_names.h"
#include "codec/exi_stage.h"

#include <inttypes.h>
#include <string.h>

#define DEPTH_MAX 64
#define BIG_DIGITS_MAX 1024
#define LONG_OCTETS 48 /* so many are worth a call */

struct encoder {
    struct bit_writer w;
    const struct schema *s;
    struct err *e;
    unsigned depth;
    bool has_names;
    struct exi_names names; /* wildcards only */
    struct arena scratch;
};

/* ---- numbers ---- */

/* Groups of 7 bits, least significant first, as one word; bits: their number times 8. */
ALWAYS_INLINE uint64_t groups_of(uint64_t v, unsigned *bits)
{
    uint64_t out = v & 127;
    unsigned n = 8;
    while ((v >>= 7) != 0) {
        out = (out | 128) << 8 | (v & 127);
        n += 8;
    }
    *bits = n;
    return out;
}

static void write_unsigned(struct encoder *c, uint64_t v)
{
    unsigned bits;
    if (LIKELY(v < UINT64_C(1) << 49)) {
        uint64_t groups = groups_of(v, &bits);
        bits_write(&c->w, groups, bits);
        return;
    }
    for (; v > 127; v >>= 7)
        bits_write(&c->w, (v & 127) | 128, 8);
    bits_write(&c->w, v, 8);
}

/* Divides a decimal number (digits, most significant first) by 128; returns the remainder. */
static unsigned big_pop(uint8_t *digits, size_t n)
{
    unsigned rest = 0;
    for (size_t i = 0; i < n; i++) {
        rest = rest * 10 + digits[i];
        digits[i] = (uint8_t)(rest / 128);
        rest %= 128;
    }
    return rest;
}

static bool big_is_zero(const uint8_t *digits, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (digits[i] != 0)
            return false;
    return true;
}

static int write_big(struct encoder *c, const struct bytes *b)
{
    uint8_t digits[BIG_DIGITS_MAX];
    bool negative = b->n > 0 && b->p[0] == '-';
    size_t skip = b->n > 0 && (b->p[0] == '-' || b->p[0] == '+'), n = b->n - skip;
    if (n == 0 || n > sizeof digits)
        return err_set(c->e, "an integer of %zu digits; expected 1 to %d", n, BIG_DIGITS_MAX);
    for (size_t i = 0; i < n; i++) {
        digits[i] = (uint8_t)(b->p[skip + i] - '0');
        if (digits[i] > 9)
            return err_set(c->e, "'%.*s' is no integer", (int)b->n, (const char *)b->p);
    }
    if (big_is_zero(digits, n))
        negative = false;
    if (negative) { /* the wire holds -(value + 1) */
        size_t i = n - 1;
        for (; digits[i] == 0; i--)
            digits[i] = 9;
        digits[i]--;
    }
    bits_write(&c->w, negative, 1);
    for (;;) {
        unsigned group = big_pop(digits, n);
        bool last = big_is_zero(digits, n);
        bits_write(&c->w, group | (last ? 0u : 128u), 8);
        if (last)
            return 0;
    }
}

static int write_number(struct encoder *c, const struct field *f, union value v)
{
    if (f->kind == KIND_UNSIGNED) {
        write_unsigned(c, v.u);
        return 0;
    }
    if (f->kind == KIND_SIGNED) {
        bits_write(&c->w, v.i < 0, 1);
        write_unsigned(c, v.i < 0 ? ~(uint64_t)v.i : (uint64_t)v.i);
        return 0;
    }
    uint64_t raw = (uint64_t)v.i - (uint64_t)f->lo;
    if (raw >> f->width != 0)
        return err_set(c->e,
                       "%" PRId64 " cannot be written; the %u bits on the wire hold %" PRId64
                       "..%" PRId64,
                       v.i, f->width, f->lo, f->lo + (int64_t)((UINT64_C(1) << f->width) - 1));
    bits_write(&c->w, raw, f->width);
    return 0;
}

/* ---- strings ---- */

ALWAYS_INLINE bool is_ascii(const uint8_t *p, size_t n)
{
    uint64_t any = 0, word;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        memcpy(&word, p + i, 8);
        any |= word;
    }
    for (; i < n; i++)
        any |= p[i];
    return (any & UINT64_C(0x8080808080808080)) == 0;
}

/* One character of UTF-8; returns its octets, or 0 where it is none. */
static unsigned utf8_get(const uint8_t *p, size_t n, uint32_t *out)
{
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned size = p[0] < 0x80   ? 1
                    : p[0] < 0xC0 ? 0
                    : p[0] < 0xE0 ? 2
                    : p[0] < 0xF0 ? 3
                    : p[0] < 0xF8 ? 4
                                  : 0;
    if (size == 0 || size > n)
        return 0;
    uint32_t c = size == 1 ? p[0] : p[0] & (0x7Fu >> size);
    for (unsigned i = 1; i < size; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 63u);
    }
    *out = c;
    return c < LEAST[size] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? 0 : size;
}

/* Length plus `add`, then the characters. */
static int write_characters(struct encoder *c, const uint8_t *p, size_t n, unsigned add)
{
    if (LIKELY(is_ascii(p, n))) {
        write_unsigned(c, n + add);
        bits_write_octets(&c->w, p, n);
        return 0;
    }
    uint64_t characters = 0;
    uint32_t code;
    for (size_t i = 0; i < n; characters++) {
        unsigned size = utf8_get(p + i, n - i, &code);
        if (size == 0)
            return err_set(c->e, "octet %zu (0x%02X) of the text is not UTF-8", i, p[i]);
        i += size;
    }
    write_unsigned(c, characters + add);
    for (size_t i = 0; i < n;) {
        i += utf8_get(p + i, n - i, &code);
        write_unsigned(c, code);
    }
    return 0;
}

/* A string value is always written as a miss: its length plus 2 (ISO 15118-2, 7.9.1.3). */
static int write_string(struct encoder *c, const struct bytes *b)
{
    return write_characters(c, b->p, b->n, 2);
}

/* ---- values ---- */

static int write_value(struct encoder *c, const struct field *f, union value v)
{
    switch ((enum kind)f->kind) {
    case KIND_BOOLEAN:
    case KIND_ENUM:
    case KIND_NBIT:
    case KIND_UNSIGNED:
    case KIND_SIGNED:
        return write_number(c, f, v);
    case KIND_BIG:
        return write_big(c, v.b);
    case KIND_STRING:
    case KIND_TEXT:
        return write_string(c, v.b);
    case KIND_HEX:
    case KIND_BASE64:
        write_unsigned(c, v.b->n);
        bits_write_octets(&c->w, v.b->p, v.b->n);
        return 0;
    case KIND_NODE:
    case KIND_ABSTRACT:
    case KIND_ANY:
        break;
    }
    return err_set(c->e, "%s has no value", f->name);
}

static int write_node(struct encoder *c, const struct node *n);
static int write_any(struct encoder *c, const struct any *any);

/* What follows the event code of a slot. */
static int write_slot(struct encoder *c, const struct field *f, union value v)
{
    int bad;
    if (f->kind == KIND_NODE)
        bad = write_node(c, v.n);
    else if (f->kind == KIND_ANY)
        return write_any(c, v.any);
    else if (f->kind == KIND_ABSTRACT)
        bad = err_set(c->e, "%s is abstract; expected one of the elements that stand for it",
                      f->name);
    else {
        bits_write(&c->w, 0, f->frame);
        bad = write_value(c, f, v);
        bits_write(&c->w, 0, f->frame);
    }
    if (UNLIKELY(bad != 0) && f->name[0] != '\0')
        err_under(c->e, f->name);
    return bad;
}

/* ---- elements with children ---- */

static int __attribute__((noinline, cold))
fail_place(struct encoder *c, const struct type *t, unsigned at, const struct field *f)
{
    const struct state *s = &t->state[at];
    const char *due = s->count > 0 ? t->field[t->slots[s->first + s->count - 1]].name : "its end";
    err_set(c->e, "%s cannot stand here; expected %s%s%s", f->name,
            s->count > 1 ? "an alternative or " : "", due,
            s->end != SCHEMA_NO_CODE ? ""
                                     : " (where a mandatory element is absent, EXI can carry "
                                       "nothing that follows: leave that out, too)");
    err_under(c->e, f->name);
    return -1;
}

ALWAYS_INLINE int write_production(struct encoder *c, const struct type *t, unsigned at,
                                   unsigned slot, union value v)
{
    const struct field *f = &t->field[slot];
    uint64_t code = t->stage[at]->code[slot];
    unsigned bits = t->state[at].bits, frame = f->frame;
    if (UNLIKELY(code == SCHEMA_NO_CODE))
        return fail_place(c, t, at, f);
    if (f->kind <= KIND_NBIT) {
        unsigned width = f->width;
        uint64_t raw = (uint64_t)v.i - (uint64_t)f->lo;
        if (LIKELY(raw >> width == 0)) {
            bits_write(&c->w, (code << (width + frame) | raw) << frame, bits + width + 2 * frame);
            return 0;
        }
    } else if (f->kind == KIND_SIGNED || f->kind == KIND_UNSIGNED) {
        unsigned sign = f->kind == KIND_SIGNED, n;
        uint64_t negative = sign ? (uint64_t)(v.i >> 63) : 0, m = v.u ^ negative;
        if (LIKELY(m < UINT64_C(1) << 35)) {
            uint64_t groups = groups_of(m, &n);
            bits_write(&c->w, (((code << frame) << sign | (negative & 1)) << n | groups) << frame,
                       bits + sign + n + 2 * frame);
            return 0;
        }
    }
    bits_write(&c->w, code, bits);
    return write_slot(c, f, v);
}

/* The end of an element; where something is still due, as a deviation from the schema. */
static void write_end(struct encoder *c, const struct type *t, unsigned at)
{
    const struct state *s = &t->state[at];
    if (LIKELY(s->end != SCHEMA_NO_CODE)) {
        bits_write(&c->w, s->end, s->bits);
        return;
    }
    bits_write(&c->w, s->escape, s->bits);
    bits_write(&c->w, 0, s->bits2);
}

static int write_list(struct encoder *c, const struct type *t, unsigned *at, unsigned slot,
                      const struct list *l)
{
    const struct field *f = &t->field[slot];
    if (l->n > f->max)
        return err_set(c->e, "%u entries of %s; the wire can carry %u", l->n, f->name, f->max);
    for (uint32_t i = 0; i < l->n; i++) {
        if (UNLIKELY(write_production(c, t, *at, slot, l->v[i]) != 0))
            return -1;
        *at = i + 1 >= f->max ? f->full : i + 1 < f->min ? f->below : f->after;
    }
    return 0;
}

static int write_record(struct encoder *c, const struct node *n)
{
    const struct type *t = n->type;
    unsigned at = 0;
    for (uint64_t has = n->has; has != 0; has &= has - 1) {
        unsigned slot = (unsigned)__builtin_ctzll(has);
        const struct field *f = &t->field[slot];
        if (f->is_list) {
            if (write_list(c, t, &at, slot, n->v[slot].l) != 0)
                return -1;
            continue;
        }
        if (UNLIKELY(write_production(c, t, at, slot, n->v[slot]) != 0))
            return -1;
        at = f->after;
    }
    write_end(c, t, at);
    return 0;
}

/* A slot of that name which may come in this state: the same element can stand at two places. */
static unsigned fitting_slot(const struct type *t, unsigned at, unsigned slot)
{
    if (t->stage[at]->code[slot] != SCHEMA_NO_CODE)
        return slot;
    const struct field *f = &t->field[slot];
    for (unsigned i = 0; i < t->fields; i++)
        if (t->stage[at]->code[i] != SCHEMA_NO_CODE && t->field[i].kind == f->kind &&
            t->field[i].qname == f->qname && !t->field[i].is_attribute)
            return i;
    return slot;
}

static int write_open(struct encoder *c, const struct node *n)
{
    const struct type *t = n->type;
    unsigned at = 0;
    for (uint64_t has = n->has; has != 0; has &= has - 1) {
        unsigned slot = (unsigned)__builtin_ctzll(has);
        if (write_production(c, t, at, slot, n->v[slot]) != 0)
            return -1;
        at = t->field[slot].after;
    }
    const struct items *l = n->v[t->fields].items;
    for (uint32_t i = 0; l != NULL && i < l->n; i++) {
        unsigned slot = l->at[i].slot;
        const struct state *s = &t->state[at];
        if (slot == t->fields) {
            if (s->text == SCHEMA_NO_CODE)
                return err_set(c->e, "characters cannot stand here");
            bits_write(&c->w, s->text, s->bits);
            if (write_string(c, l->at[i].v.b) != 0)
                return -1;
            at = s->after_text;
            continue;
        }
        slot = fitting_slot(t, at, slot);
        if (write_production(c, t, at, slot, l->at[i].v) != 0)
            return -1;
        at = t->field[slot].after;
    }
    write_end(c, t, at);
    return 0;
}

static int write_node(struct encoder *c, const struct node *n)
{
    if (UNLIKELY(c->depth >= DEPTH_MAX))
        return err_set(c->e, "elements are nested deeper than %d", DEPTH_MAX);
    c->depth++;
    int bad = n->type->is_open ? write_open(c, n) : write_record(c, n);
    c->depth--;
    return bad;
}

/* ---- wildcards ---- */

static int write_qname(struct encoder *c, const char *uri_text, const char *name, uint32_t *number)
{
    struct exi_names *t = &c->names;
    int64_t uri = exi_uri_find(t, uri_text);
    bits_write(&c->w, (uint64_t)(uri + 1), exi_uri_bits(t));
    if (uri < 0) {
        if (write_characters(c, (const uint8_t *)uri_text, strlen(uri_text), 0) != 0)
            return -1;
        uri = exi_uri_add(t, uri_text);
    }
    int64_t local = t->failed ? -1 : exi_local_find(t, (uint32_t)uri, name);
    if (local >= 0) {
        write_unsigned(c, 0);
        bits_write(&c->w, (uint64_t)local, exi_local_bits(t, (uint32_t)uri));
    } else if (!t->failed) {
        if (write_characters(c, (const uint8_t *)name, strlen(name), 1) != 0)
            return -1;
        local = exi_local_add(t, (uint32_t)uri, name);
    }
    if (!t->failed)
        *number = exi_qname_number(t, (uint32_t)uri, (uint32_t)local);
    return t->failed ? err_set(c->e, "too many different names") : 0;
}

/* The number of a name without writing it (-1: new to the stream). */
static int64_t known_qname(struct encoder *c, const char *uri_text, const char *name)
{
    int64_t uri = exi_uri_find(&c->names, uri_text);
    int64_t local = uri < 0 ? -1 : exi_local_find(&c->names, (uint32_t)uri, name);
    return local < 0 ? -1 : (int64_t)exi_qname_number(&c->names, (uint32_t)uri, (uint32_t)local);
}

/* Event of a built-in grammar: its short code once learned, else the long one and, for attributes
 * and elements, the name. */
static int write_built_in_event(struct encoder *c, struct built_in *g, bool at_start, int what,
                                const char *uri, const char *name, uint32_t *qname)
{
    uint32_t n = at_start ? g->starts : g->contents;
    unsigned bits = bits_length(n);
    bool named = what == LEARNED_ATTRIBUTE || what == LEARNED_ELEMENT;
    int64_t number = named ? known_qname(c, uri, name) : 0;
    int64_t code = number < 0 ? -1 : exi_learned(g, at_start, what, (uint32_t)number);
    if (code >= 0) {
        *qname = (uint32_t)number;
        bits_write(&c->w, (uint64_t)code, bits);
        return 0;
    }
    static const uint8_t START[] = {1, 2, 3, 0}; /* ORDER learned */
    static const uint8_t CONTENT[] = {0, 0, 1, 0};
    bits_write(&c->w, n, bits);
    bits_write(&c->w, at_start ? START[what] : CONTENT[what], at_start ? 2 : 1);
    *qname = 0;
    if (named && write_qname(c, uri, name, qname) != 0)
        return -1;
    exi_learn(&c->names, g, at_start, what, *qname);
    return c->names.failed ? err_set(c->e, "too many different names") : 0;
}

static int write_any_content(struct encoder *c, const struct any *any, uint32_t qname)
{
    if (any->known != NULL)
        return write_slot(c, &any->known->as, any->v);
    if (c->depth++ >= DEPTH_MAX)
        return err_set(c->e, "elements are nested deeper than %d", DEPTH_MAX);
    struct built_in *g = exi_built_in(&c->names, qname);
    if (g == NULL)
        return err_set(c->e, "out of memory");
    bool at_start = true;
    uint32_t other;
    for (const struct any_part *p = any->first; p != NULL; p = p->next) {
        static const int EVENT[] = {LEARNED_ATTRIBUTE, LEARNED_ELEMENT, LEARNED_TEXT};
        const char *uri = p->what == ANY_ELEMENT ? p->element->uri : p->uri;
        const char *name = p->what == ANY_ELEMENT ? p->element->name : p->name;
        if (write_built_in_event(c, g, at_start, EVENT[p->what], uri, name, &other) != 0)
            return -1;
        int bad = p->what == ANY_ELEMENT ? write_any_content(c, p->element, other)
                                         : write_string(c, p->text);
        if (bad != 0)
            return -1;
        at_start = at_start && p->what == ANY_ATTRIBUTE;
    }
    c->depth--;
    return write_built_in_event(c, g, at_start, LEARNED_END, NULL, NULL, &other);
}

static int write_any(struct encoder *c, const struct any *any)
{
    if (!c->has_names) {
        arena_open(&c->scratch, NULL, 0, 16u * 1024 * 1024);
        exi_names_open(&c->names, c->s, &c->scratch);
        c->has_names = true;
    }
    uint32_t qname;
    if (write_qname(c, any->uri, any->name, &qname) != 0 || write_any_content(c, any, qname) != 0) {
        err_under(c->e, any->name);
        return -1;
    }
    return 0;
}

/* ---- documents and fragments ---- */

static int64_t name_index(const struct schema *s, const struct fragment_name *list, unsigned n,
                          const char *uri, const char *name)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0 && strcmp(schema_uri(s, list[i].ns), uri) == 0)
            return i;
    return -1;
}

/* The content of an element whose name two types share (EXI 1.0, 8.5.3). */
static int write_relaxed(struct encoder *c, const struct any *any)
{
    const struct schema *s = c->s;
    bool at_start = true;
    for (const struct any_part *p = any->first;; p = p->next) {
        uint32_t attributes = at_start ? s->attributes + 1u : 0;
        unsigned bits = bits_length(attributes + s->names + 3u);
        if (p == NULL) {
            bits_write(&c->w, attributes + s->names + 1u, bits);
            return 0;
        }
        int64_t i = -1;
        if (p->what == ANY_TEXT)
            i = attributes + s->names + 2u;
        else if (p->what == ANY_ATTRIBUTE)
            i = name_index(s, s->attribute, s->attributes, p->uri, p->name);
        else if ((i = name_index(s, s->fragment, s->names, p->element->uri, p->element->name)) >= 0)
            i += attributes;
        if (i < 0 || (p->what == ANY_ATTRIBUTE && !at_start))
            return err_set(c->e, "%s is no name of %s",
                           p->what == ANY_ELEMENT ? p->element->name : p->name, s->name);
        bits_write(&c->w, (uint64_t)i, bits);
        int bad;
        if (p->what == ANY_ELEMENT)
            bad = p->element->known == NULL
                      ? err_set(c->e, "%s has several types", p->element->name)
                      : write_slot(c, &p->element->known->as, p->element->v);
        else
            bad = write_string(c, p->text);
        if (bad != 0)
            return -1;
        at_start = at_start && p->what == ANY_ATTRIBUTE;
    }
}

static int write_fragment(struct encoder *c, const struct message *m)
{
    const struct schema *s = c->s;
    int64_t i = m->relaxed != NULL
                    ? name_index(s, s->fragment, s->names, m->relaxed->uri, m->relaxed->name)
                    : name_index(s, s->fragment, s->names, schema_uri(s, m->as->ns), m->as->name);
    if (i < 0)
        return err_set(c->e, "%s is no element of %s",
                       m->relaxed != NULL ? m->relaxed->name : m->as->name, s->name);
    bits_write(&c->w, (uint64_t)i, s->fragment_bits);
    if ((m->relaxed != NULL ? write_relaxed(c, m->relaxed) : write_slot(c, m->as, m->v)) != 0)
        return -1;
    bits_write(&c->w, s->names + 1u, s->fragment_bits);
    return 0;
}

/* ---- the fast pass ---- */

#define FAST_DEPTH 56 /* so many ends fit one write */
#define STEP_BYTES 64 /* more than a step writes, short of strings */

/* An element whose child is being written. */
struct frame {
    const struct node *node;
    uint64_t has; /* slots still to come */
    const struct stage *stage;
    uint32_t i;    /* entries written of the list (or of the content) at hand */
    uint32_t ends; /* elements around it that end with it */
};

/* Where the fast pass is; the compiler keeps most of it in registers. Bits gather at the end of a
 * word. Where there is no room they are dropped, and at stays behind last. */
struct fast {
    uint8_t *at, *last;
    uint64_t held;
    unsigned used; /* bits of held that are not at `at` yet; above them anything may stand */
    uint32_t i, ends;
    const struct node *n;
    uint64_t has;
    const struct stage *stage;
    const struct step *step;
    struct frame *top;
};

/* v has no bits beyond its low n, and n is at most 57. */
ALWAYS_INLINE void fast_write(struct fast *f, uint64_t v, unsigned n)
{
    unsigned used = f->used + n;
    f->held = f->held << n | v;
    store_be64(f->at, f->held << (-used & 63)); /* none: anything, to be overwritten */
    f->at += used >> 3;
    f->used = used & 7;
}

/* Fewer than 8 octets as one number; pieces may overlap. */
ALWAYS_INLINE uint64_t few_octets(const uint8_t *p, size_t n)
{
    if (n >= 4)
        return (uint64_t)load_be32(p) << (8 * (n - 4)) | load_be32(p + n - 4);
    if (n == 0)
        return 0;
    return (uint64_t)p[0] << (8 * (n - 1)) | (uint64_t)p[n / 2] << (8 * (n - 1 - n / 2)) | p[n - 1];
}

/* The groups of 7 bits of a number, behind what `word` has already (n bits); then the tail. */
ALWAYS_INLINE void fast_groups(struct fast *f, uint64_t word, unsigned n, uint64_t v, unsigned tail)
{
    if (v > 127) {
        word = word << 8 | 128 | (v & 127);
        n += 8;
        v >>= 7;
        while (UNLIKELY(v > 127)) { /* told so, compilers leave the registers to others */
            if (n > 40) {
                fast_write(f, word, n);
                word = n = 0;
            }
            word = word << 8 | 128 | (v & 127);
            n += 8;
            v >>= 7;
        }
        if (UNLIKELY(n > 45)) {
            fast_write(f, word, n);
            word = n = 0;
        }
    }
    fast_write(f, (word << 8 | v) << tail, n + 8 + tail);
}

/* Many octets; returns them or'ed together. */
static uint64_t __attribute__((noinline)) long_octets(struct fast *f, const struct bytes *b)
{
    if ((ptrdiff_t)b->n > f->last - f->at) {
        f->at = f->last + 1;
        return 0;
    }
    uint64_t any = bits_paste(f->at, b->p, b->n, f->held, f->used);
    f->at += b->n;
    f->held = b->p[b->n - 1];
    return any;
}

/* Eight at least, the last of them maybe twice; returns as above. */
ALWAYS_INLINE uint64_t short_octets(struct fast *f, const uint8_t *p, size_t n)
{
    if (UNLIKELY((ptrdiff_t)n > f->last - f->at)) {
        f->at = f->last + 1;
        return 0;
    }
    uint64_t any = load_be64(p);
    unsigned used = f->used;
    store_be64(f->at, f->held << 1 << (63 - used) | any >> used);
    for (size_t i = 8; i < n; i += 8) {
        i = i + 8 <= n ? i : n - 8;
        uint64_t v = load_be64(p + i - 1);
        any |= v;
        store_be64(f->at + i, v << (8 - used) | (uint64_t)p[i + 7] >> used);
    }
    f->at += n;
    f->held = p[n - 1];
    return any | f->held;
}

/* The bits of a run, from the top of *word. False where they do not hold a value. */
ALWAYS_INLINE bool run_bits(const struct run *run, const union value *v, uint64_t *word)
{
    const struct leaves *l = run->leaves;
    for (unsigned n = run->n;; n -= 2, l++, v += 2) {
        uint64_t raw = v[0].u - l->lo[0];
        if (UNLIKELY(raw > l->mask[0]))
            return false;
        *word |= raw << l->shift[0];
        if (n == 1)
            return true;
        raw = v[1].u - l->lo[1];
        if (UNLIKELY(raw > l->mask[1]))
            return false;
        *word |= raw << l->shift[1];
        if (LIKELY(n == 2))
            return true;
    }
}

/* A number behind n bits of a word, and the tail. */
ALWAYS_INLINE void fast_number(struct fast *f, uint64_t word, unsigned n, const struct step *step,
                               uint64_t v, unsigned tail)
{
    if (step->op == STEP_SIGNED) {
        uint64_t negative = (uint64_t)((int64_t)v >> 63);
        word = word << 1 | (negative & 1);
        v ^= negative;
        n++;
    }
    fast_groups(f, word, n, v, tail);
}

/* Values of fixed width, and the number that may follow them. */
ALWAYS_INLINE bool fast_run(struct fast *f, const struct step *step, const struct run *run,
                            const union value *v)
{
    uint64_t word = 0;
    if (UNLIKELY(!run_bits(run, v, &word)))
        return false;
    word = word >> (64 - run->bits) | step->lead;
    const struct step *number = run->then;
    if (number == NULL)
        fast_write(f, word << step->plus, 0u + step->tail + step->plus);
    else
        fast_number(f, word << number->head, 0u + step->tail + number->head, number, v[run->n].u,
                    0u + number->tail + step->plus);
    return true;
}

/* A string or octets. False: beyond ASCII. */
ALWAYS_INLINE bool fast_bytes(struct fast *f, const struct step *step, const struct bytes *b)
{
    uint64_t any, length = (uint64_t)b->n + step->plus;
    fast_groups(f, step->lead, step->head, length, 0);
    if (b->n < 8) {
        any = few_octets(b->p, b->n);
        fast_write(f, any, 8 * b->n);
    } else if (LIKELY(b->n < LONG_OCTETS)) {
        any = short_octets(f, b->p, b->n);
    } else {
        struct fast kept = *f; /* so that nothing need outlive the call in a register */
        kept.step = step;
        any = long_octets(&kept, b);
        *f = kept;
        step = kept.step;
    }
    fast_write(f, 0, step->tail);
    return (any & HIGH_BITS) == 0 || step->op == STEP_OCTETS;
}

/* The value of a step, behind its code. */
ALWAYS_INLINE bool fast_value(struct fast *f, const struct step *step, const union value *v)
{
    if (step->op == STEP_FLAT || step->op == STEP_RUN) {
        const struct run *run = step->of.run;
        if (step->op == STEP_FLAT) {
            run = step->flat;
            if (UNLIKELY(v->n->has != run->has))
                return false;
            v = v->n->v;
        }
        return fast_run(f, step, run, v);
    }
    if (step->op == STEP_UNSIGNED || step->op == STEP_SIGNED) {
        fast_number(f, step->lead, step->head, step, v->u, step->tail);
        return true;
    }
    if (step->op == STEP_STRING || step->op == STEP_OCTETS)
        return fast_bytes(f, step, v->b);
    return step->op == STEP_FIXED && fast_run(f, step, step->of.run, v);
}

/* What comes next of open content; NULL where nothing does. */
ALWAYS_INLINE const struct item *next_item(const struct fast *f)
{
    if (!f->stage->is_open)
        return NULL;
    const struct items *l = f->n->v[f->n->type->fields].items;
    return l != NULL && f->i < l->n ? &l->at[f->i] : NULL;
}

/* The entry of a list that comes next; marks it as written, and chooses the stage behind it. */
ALWAYS_INLINE const union value *next_entry(struct fast *f, const struct step *step)
{
    const struct list *l = f->n->v[step->slot].l;
    const union value *v = &l->v[f->i++];
    if (UNLIKELY(f->i - step->min >= step->room)) {
        const struct field *list = &f->n->type->field[step->slot];
        f->stage = f->n->type->stage[f->i < step->min ? list->below : list->full];
    }
    if (f->i >= l->n) {
        f->i = 0;
        f->has &= f->has - 1;
    }
    return v;
}

/* Goes down into a child. An element that ends with it leaves its frame empty: its end is written
 * with the child's. */
ALWAYS_INLINE enum outcome fast_down(struct fast *f, const struct step *step, const struct node *n,
                                     const struct frame *full)
{
    if (UNLIKELY(n->type != step->of.type || f->top == full))
        return FAST_ODD;
    fast_write(f, step->lead, step->head);
    if (f->has == 0 && f->stage->is_end && next_item(f) == NULL) {
        f->ends++;
    } else {
        *f->top = (struct frame){f->n, f->has, f->stage, f->i, f->ends};
        f->ends = 0;
    }
    f->top++;
    f->n = n;
    f->has = n->has;
    f->stage = step->start;
    f->i = 0;
    return FAST_GO;
}

/* Goes up again from an element that has ended, and from those that end with it. */
ALWAYS_INLINE enum outcome fast_up(struct fast *f, const struct frame *stack)
{
    if (f->ends != 0) {
        fast_write(f, 0, f->ends);
        f->top -= f->ends;
    }
    if (f->top == stack)
        return FAST_DONE;
    f->top--;
    f->n = f->top->node;
    f->has = f->top->has;
    f->stage = f->top->stage;
    f->i = f->top->i;
    f->ends = f->top->ends;
    return FAST_GO;
}

/* The first slot of a set that is not empty. */
ALWAYS_INLINE uint64_t first_of(uint64_t has)
{
    uint64_t slot = (uint64_t)__builtin_ctzll(has);
    return slot & 63; /* nothing to do, but compilers need not look at the sign of an int */
}

/* The step of a slot (nearly always it is the first), or NULL. */
ALWAYS_INLINE const struct step *fast_choose(const struct stage *stage, uint64_t slot)
{
    const struct step *step = stage->step;
    if (LIKELY(step->slot == slot))
        return step;
    unsigned code = stage->code[slot];
    return code == SCHEMA_NO_CODE ? NULL : step + code;
}

/* One element or attribute, or the end. */
ALWAYS_INLINE enum outcome fast_step(struct fast *f, struct frame *stack)
{
    const struct item *item = f->has == 0 ? next_item(f) : NULL;
    if (f->has == 0 && item == NULL) {
        if (UNLIKELY(f->stage->end == SCHEMA_NO_CODE))
            return FAST_ODD;
        fast_write(f, f->stage->end, f->stage->bits);
        return fast_up(f, stack);
    }
    uint64_t slot = item == NULL ? first_of(f->has) : item->slot;
    const struct step *step = fast_choose(f->stage, slot);
    if (UNLIKELY(step == NULL))
        return FAST_ODD;
    f->stage = step->next;
    const union value *v = f->n->v + slot;
    if (step->op == STEP_RUN) {
        if (UNLIKELY((step->has & ~f->has) != 0))
            return FAST_ODD;
        f->has &= ~step->has;
    } else if (LIKELY(step->into == INTO_SLOT)) {
        f->has &= f->has - 1;
    } else if (step->into == INTO_ITEMS) {
        v = &item->v;
        f->i++;
    } else {
        if (UNLIKELY(v->l->n == 0))
            return FAST_ODD;
        v = next_entry(f, step);
    }
    if (step->op == STEP_NODE)
        return fast_down(f, step, v->n, stack + FAST_DEPTH - 1);
    if (UNLIKELY(!fast_value(f, step, v)))
        return FAST_ODD;
    if (!step->ends)
        return FAST_GO;
    return UNLIKELY(f->has != 0 || next_item(f) != NULL) ? FAST_ODD : fast_up(f, stack);
}

/* The document in one go; returns its bytes, or -1: look again, carefully. */
ALWAYS_INLINE int64_t encode_fast(const struct message *m, uint8_t *p, size_t cap)
{
    if (m->is_fragment || m->as->kind != KIND_NODE || cap < STEP_BYTES)
        return -1;
    struct frame stack[FAST_DEPTH];
    struct fast f;
    f.at = p;
    f.last = p + cap - STEP_BYTES;
    f.held = f.used = 0;
    fast_write(&f, UINT64_C(0x80) << m->schema->document_bits | m->root->code,
               8u + m->schema->document_bits);
    f.i = f.ends = 0;
    f.n = m->v.n;
    f.has = f.n->has;
    f.stage = f.n->type->stage[0];
    f.top = stack;
    enum outcome o;
    do {
        o = LIKELY(f.at <= f.last) ? fast_step(&f, stack) : FAST_ODD;
    } while (o == FAST_GO);
    return o == FAST_ODD || f.at > f.last ? -1 : f.at - p + (f.used > 0);
}

static int64_t __attribute__((noinline))
encode_carefully(const struct message *m, void *p, size_t cap, struct err *e)
{
    struct encoder c; /* names are set up by the first wildcard */
    c.s = m->schema;
    c.e = e;
    c.depth = 0;
    c.has_names = false;
    bits_begin(&c.w, p, cap);
    bits_write(&c.w, 0x80, 8); /* EXI header: version 1, no options */
    int bad;
    if (m->is_fragment) {
        bad = write_fragment(&c, m);
    } else {
        bits_write(&c.w, m->root->code, m->schema->document_bits);
        bad = write_slot(&c, &m->root->as, m->v);
    }
    if (c.has_names)
        arena_close(&c.scratch);
    if (bad == 0 && c.w.full)
        bad = err_set(e, "no room: the message is larger than %zu bytes", cap);
    return bad != 0 ? -1 : (int64_t)bits_finish(&c.w);
}

NEWER_TOO int64_t exi_encode(const struct message *m, void *p, size_t cap, struct err *e)
{
    if (exi_stage_need(m->schema, e) != 0)
        return -1;
    int64_t n = encode_fast(m, p, cap);
    return LIKELY(n >= 0) ? n : encode_carefully(m, p, cap, e);
}

int exi_encode_buf(const struct message *m, struct buf *out, struct err *e)
{
    for (size_t room = 4096;; room *= 4) {
        struct err inner = ERR_INIT;
        uint8_t *p = buf_reserve(out, room);
        if (p == NULL)
            return err_set(e, "out of memory");
        int64_t n = exi_encode(m, p, room, &inner);
        if (n >= 0) {
            out->n += (size_t)n;
            return 0;
        }
        if (strncmp(inner.what, "no room", 7) != 0 || room > SIZE_MAX / 8) {
            *e = inner;
            return -1;
        }
    }
}
