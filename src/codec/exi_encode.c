/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The careful pass of the encoder: one loop over the present slots of a node, event codes from the
 * type's table. It writes whatever the wire can carry, also outside the schema's limits; what the
 * wire cannot carry is an error with the element's path.
 */
#include "codec/exi_encode.h"

#include "base/bits.h"
#include "codec/exi.h"
#include "codec/exi_fast.h"
#include "codec/exi_names.h"
#include "codec/exi_stage.h"

#include <inttypes.h>
#include <string.h>

#define DEPTH_MAX 64
#define BIG_DIGITS_MAX 1024

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

/* Groups of 7 bits, least significant first. */
static void write_unsigned(struct encoder *c, uint64_t v)
{
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
    if (negative) { /* the wire holds -(value + 1): EXI 1.0, 7.1.5 */
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

static bool is_ascii(const uint8_t *p, size_t n)
{
    uint64_t any = 0, word;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        memcpy(&word, p + i, 8);
        any |= word;
    }
    for (; i < n; i++)
        any |= p[i];
    return (any & HIGH_BITS) == 0;
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
    if (is_ascii(p, n)) {
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

static int write_node(struct encoder *c, const struct node *n);
static int write_any(struct encoder *c, const struct any *any);

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
        return write_node(c, v.n);
    case KIND_ANY:
        return write_any(c, v.any);
    case KIND_ABSTRACT:
        break;
    }
    return err_set(c->e, "%s is abstract; expected one of the elements that stand for it", f->name);
}

/* What follows the event code of a slot. */
static int write_slot(struct encoder *c, const struct field *f, union value v)
{
    unsigned frame = f->kind < KIND_NODE ? f->frame : 0;
    bits_write(&c->w, 0, frame);
    int bad = write_value(c, f, v);
    bits_write(&c->w, 0, frame);
    if (bad != 0 && f->name[0] != '\0')
        err_under(c->e, f->name);
    return bad;
}

/* ---- elements with children ---- */

static int fail_place(struct encoder *c, const struct type *t, unsigned at, const char *name)
{
    const struct state *s = &t->state[at];
    const char *due = s->count > 0 ? t->field[t->slots[s->first + s->count - 1]].name : "its end";
    err_set(c->e, "%s cannot stand here; expected %s%s%s", name,
            s->count > 1 ? "an alternative or " : "", due[0] != '\0' ? due : "any element",
            s->end != SCHEMA_NO_CODE ? ""
                                     : " (where a mandatory element is absent, EXI can carry "
                                       "nothing that follows: leave that out, too)");
    err_under(c->e, name);
    return -1;
}

static int write_production(struct encoder *c, const struct type *t, unsigned at, unsigned slot,
                            union value v)
{
    const struct field *f = &t->field[slot];
    unsigned code = t->stage[at]->code[slot];
    if (code == SCHEMA_NO_CODE)
        return fail_place(c, t, at, f->kind == KIND_ANY ? v.any->name : f->name);
    bits_write(&c->w, code, t->state[at].bits);
    return write_slot(c, f, v);
}

/* The end of an element; where something is still due, as a deviation from the schema. */
static void write_end(struct encoder *c, const struct type *t, unsigned at)
{
    const struct state *s = &t->state[at];
    if (s->end != SCHEMA_NO_CODE) {
        bits_write(&c->w, s->end, s->bits);
        return;
    }
    bits_write(&c->w, s->escape, s->bits);
    bits_write(&c->w, 0, s->bits2); /* EE is the first of what is added: EXI 1.0, 8.5.4.4.1 */
}

static int write_list(struct encoder *c, const struct type *t, unsigned *at, unsigned slot,
                      const struct list *l)
{
    const struct field *f = &t->field[slot];
    if (l->n > f->max)
        return err_set(c->e, "%u entries of %s; the wire can carry %u", l->n, f->name, f->max);
    for (uint32_t i = 0; i < l->n; i++) {
        if (write_production(c, t, *at, slot, l->v[i]) != 0)
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
        if (write_production(c, t, at, slot, n->v[slot]) != 0)
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
    if (c->depth >= DEPTH_MAX)
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
 * and elements, the name (EXI 1.0, 8.4.3). */
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

int64_t exi_encode_carefully(const struct message *m, void *p, size_t cap, struct err *e)
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
    if (bad != 0)
        return -1;
    if (c.w.full) {
        err_set(e, "no room: the message is larger than %zu bytes", cap);
        return EXI_NO_ROOM;
    }
    return (int64_t)bits_finish(&c.w);
}
