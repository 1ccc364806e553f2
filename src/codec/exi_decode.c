/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The careful pass of the decoder. It reads all that the wire can carry, names what is wrong with
 * its place, keeps string tables and violations, and shows every bit to who wants to watch.
 */
#include "codec/exi_decode.h"

#include "base/bits.h"
#include "base/ncname.h"
#include "codec/exi_fast.h"
#include "codec/exi_names.h"
#include "codec/limits.h"
#include "codec/value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 4096 /* URIs, local names and learned productions of one stream */

static int check_number(struct decoder *d, uint64_t bit, const struct field *f, union value v)
{
    if (f->simple->is_unsigned)
        return 0;
    bool bad = f->kind == KIND_UNSIGNED ? v.u > (uint64_t)f->hi || v.u < (uint64_t)f->lo
                                        : v.i < f->lo || v.i > f->hi;
    if (!bad)
        return 0;
    if (f->kind == KIND_UNSIGNED)
        return decoder_violate(d, bit, "%" PRIu64 " is outside %" PRId64 "..%" PRId64, v.u, f->lo,
                               f->hi);
    if (f->kind == KIND_ENUM)
        return decoder_violate(d, bit, "code %" PRId64 " is none of the %d of %s", v.i,
                               f->simple->members, f->simple->name);
    return decoder_violate(d, bit, "%" PRId64 " is outside %" PRId64 "..%" PRId64, v.i, f->lo,
                           f->hi);
}

static int check_length(struct decoder *d, uint64_t bit, const struct field *f, uint64_t n,
                        const char *unit)
{
    if (n <= (uint64_t)f->hi && n >= (uint64_t)f->lo)
        return 0;
    return decoder_violate(d, bit, "length %" PRIu64 " is outside %" PRId64 "..%" PRId64 " %s", n,
                           f->lo, f->hi, unit);
}

static int read_octets(struct decoder *d, const struct field *f, union value *v)
{
    uint64_t from = d->r.pos, n;
    if (decoder_count(d, "length", EXI_OCTETS, &n) != 0)
        return -1;
    if (n >
        bits_left(&d->r) / 8) { /* a length that cannot be says more than where the input ends */
        if (check_length(d, from, f, n, "octets") == 0)
            decoder_fail_end(d);
        return -1;
    }
    struct bytes *b = arena_alloc(d->arena, sizeof *b + n + 8);
    if (UNLIKELY(b == NULL))
        return decoder_fail_memory(d);
    uint64_t octets_from = d->r.pos;
    b->n = (uint32_t)n;
    bits_read_octets(&d->r, b->p, (size_t)n);
    v->b = b;
    decoder_show_value(d, octets_from, f, 0, *v);
    return check_length(d, from, f, n, "octets");
}

/* ---- values ---- */

static int read_plain_number(struct decoder *d, const struct field *f, union value *v)
{
    uint64_t from = d->r.pos, raw;
    if (f->kind == KIND_UNSIGNED) {
        if (decoder_unsigned(d, &v->u) != 0)
            return -1;
        raw = v->u;
    } else if (f->kind == KIND_SIGNED) {
        if (decoder_signed(d, v) != 0)
            return -1;
        raw = (uint64_t)v->i;
    } else {
        raw = bits_read(&d->r, f->width);
        v->i = (int64_t)((uint64_t)f->lo + raw);
    }
    decoder_show_value(d, from, f, raw, *v);
    return check_number(d, from, f, *v);
}

/* The value of a simple type, without its events. */
static int read_value(struct decoder *d, const struct field *f, union value *v)
{
    uint64_t from = d->r.pos, characters = 0;
    switch ((enum kind)f->kind) {
    case KIND_BOOLEAN:
    case KIND_ENUM:
    case KIND_NBIT:
    case KIND_UNSIGNED:
    case KIND_SIGNED:
        return read_plain_number(d, f, v);
    case KIND_STRING:
        if (decoder_string(d, f->qname, &v->b, &characters) != 0) {
            check_length(d, from, f, characters, "characters");
            return -1;
        }
        if (f->simple != NULL && f->simple->is_name && !is_ncname(v->b->p, v->b->n) &&
            decoder_violate(d, from, "is no ID; " EXPECTED_NAME) != 0)
            return -1;
        return check_length(d, from, f, characters, "characters");
    case KIND_HEX:
    case KIND_BASE64:
        return read_octets(d, f, v);
    case KIND_BIG:
        if (decoder_big(d, v) != 0)
            return -1;
        decoder_show_value(d, from, f, 0, *v);
        return 0;
    case KIND_NODE:
    case KIND_ABSTRACT:
    case KIND_ANY:
    case KIND_TEXT:
        break;
    }
    return decoder_fail(d, from, "an element stands where a value should");
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

/* code: what stands in the stream; other states than a first one leave some of these out. */
static int refuse(struct decoder *d, uint64_t from, unsigned what, unsigned code, const char *name)
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
        return decoder_fail(d, from, "code %u behind the escape; expected at most %u", code,
                            SIMPLE_TEXT - (what - code));
    return decoder_fail(d, from, "%s%s%s: a deviation from the schema that is not supported",
                        WHAT[what], name[0] != '\0' ? " in " : "", name);
}

/* Text that stands for a typed value; numbers and the like are read from it. */
static int read_untyped(struct decoder *d, const struct field *f, union value *v)
{
    uint64_t from = d->r.pos, characters;
    struct bytes *text;
    if (decoder_string(d, f->qname, &text, &characters) != 0)
        return -1;
    struct err e = ERR_INIT;
    if (value_read(f, (const char *)text->p, text->n, d->arena, v, &e) != 0)
        return decoder_fail(d, from, "untyped characters: %s", e.what);
    return decoder_violate(d, from, "written as untyped characters");
}

/* What follows untyped characters: the element is in the state of its content still, without the
 * attributes (content2 in EXI 1.0, 8.5.4.4.1), so that its end is a deviation, too. */
static int read_end_of_untyped(struct decoder *d, const struct field *f)
{
    uint64_t from = d->r.pos;
    if (bits_read(&d->r, 1) == 0)
        return decoder_fail(d, from, "characters behind untyped characters in %s; expected its end",
                            f->name);
    unsigned code = (unsigned)bits_read(&d->r, 2);
    if (code != 0)
        return refuse(d, from, SIMPLE_ELEMENT + code - 1, code, f->name);
    decoder_show_deviation(d, from, "EE", 1, code, f->name);
    return d->r.pos > d->r.end ? decoder_fail_end(d) : 0;
}

/* A simple element whose characters do not come as the schema wants. */
static int read_deviating(struct decoder *d, const struct field *f, union value *v)
{
    uint64_t from = d->r.pos - 1;
    unsigned what = (unsigned)bits_read(&d->r, 3);
    if (what == SIMPLE_TEXT) {
        decoder_show_deviation(d, from, "CH", 1, what, "untyped characters");
        return read_untyped(d, f, v) != 0 ? -1 : read_end_of_untyped(d, f);
    }
    bool can_be_empty = f->kind == KIND_STRING || f->kind == KIND_HEX || f->kind == KIND_BASE64;
    if (what != SIMPLE_END || !can_be_empty)
        return refuse(d, from, what, what, f->name);
    decoder_show_deviation(d, from, "EE", 1, what, "empty");
    v->b = bytes_new(d->arena, "", 0);
    if (v->b == NULL)
        return decoder_fail_memory(d);
    return check_length(d, from, f, 0, "characters");
}

/* Characters, value and end of a simple element. */
static int read_simple(struct decoder *d, const struct field *f, union value *v)
{
    uint64_t from = d->r.pos;
    if (bits_read(&d->r, 1) != 0)
        return read_deviating(d, f, v);
    decoder_show(d, from, "CH", 0, f->name);
    if (read_value(d, f, v) != 0)
        return -1;
    from = d->r.pos;
    if (bits_read(&d->r, 1) != 0) {
        unsigned code = (unsigned)bits_read(&d->r, 1);
        return refuse(d, from, SIMPLE_ELEMENT + code, code, f->name);
    }
    if (d->r.pos > d->r.end)
        return decoder_fail_end(d);
    decoder_show(d, from, "EE", 0, f->name);
    return 0;
}

static struct node *read_node(struct decoder *d, const struct type *t);
static int read_any(struct decoder *d, struct any **out);

/* What follows the start of an element (or is the content of a text slot, or an attribute). */
static int read_slot(struct decoder *d, const struct field *f, union value *v)
{
    if (f->kind == KIND_NODE) {
        size_t mark = decoder_enter(d, f->name);
        uint64_t from = d->r.pos;
        v->n = read_node(d, f->type);
        if (v->n == NULL || (f->type->is_abstract &&
                             decoder_violate(d, from, MESSAGE_ABSTRACT, f->type->name) != 0))
            return -1;
        decoder_leave(d, mark);
        return 0;
    }
    if (f->kind == KIND_ANY)
        return read_any(d, &v->any);
    if (f->kind == KIND_ABSTRACT)
        return decoder_fail(
            d, d->r.pos, "%s is abstract; expected one of the elements that stand for it", f->name);
    size_t mark = decoder_enter(d, f->name);
    if ((f->frame > 0 ? read_simple(d, f, v) : read_value(d, f, v)) != 0)
        return -1;
    decoder_leave(d, mark);
    return 0;
}

/* ---- elements with children ---- */

static int list_push(struct decoder *d, struct node *n, unsigned slot, union value v,
                     uint32_t *count)
{
    struct list **at = &n->v[slot].l;
    if (!node_has(n, slot))
        *at = NULL;
    if (*at != NULL && (*at)->n >= d->o->limits.list)
        return decoder_fail(d, d->r.pos, "a list of more than %u entries, its limit", (*at)->n);
    if ((*at == NULL || (*at)->n == (*at)->cap) && decoder_grow_list(d, at) == NULL)
        return decoder_fail_memory(d);
    (*at)->v[(*at)->n++] = v;
    *count = (*at)->n;
    return d->r.pos > d->r.end ? decoder_fail_end(d) : 0;
}

static void show_production(struct decoder *d, uint64_t from, const struct field *f, uint64_t code)
{
    const char *event = f->is_attribute ? "AT" : f->is_content ? "CH" : "SE";
    decoder_show(d, from, event, code, f->kind == KIND_ANY ? "*" : f->name);
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
        return decoder_fail_end(d);
    if (code != s->escape)
        return decoder_fail(d, from, "event code %u; expected at most %u", code, s->escape);
    unsigned second = (unsigned)bits_read(&d->r, s->bits2), what = second;
    /* EXI 1.0, 8.5.4.4.1 leaves out of the numbering what a state has itself (its end) and what
     * only a first state has (xsi:type, xsi:nil, attributes): back to that of a first state */
    if (s->end != SCHEMA_NO_CODE)
        what++;
    if (what > 0 && at != 0)
        what += 2;
    if (what > 0 && !s->starts)
        what += 2;
    if (what != SIMPLE_END)
        return refuse(d, from, what, second, "");
    decoder_show_deviation(d, from, "EE", code, second, "ends early");
    unsigned slot = t->slots[s->first + s->count - 1];
    const struct field *due = &t->field[slot];
    if (!due->is_content)
        return decoder_violate(d, from, "ends without %s",
                               due->kind == KIND_ANY ? "any element" : due->name);
    if ((n->v[slot].b = bytes_new(d->arena, "", 0)) == NULL)
        return decoder_fail_memory(d);
    *has |= UINT64_C(1) << slot;
    return 0;
}

/* A record: every slot at most once (or a list), in the order of the schema. The state's codes are
 * those of the slots, the end, and the escape behind them (EXI 1.0, 8.5.4.3). */
static struct node *read_record(struct decoder *d, const struct type *t)
{
    struct node *n = node_new(d->arena, t);
    if (n == NULL) {
        decoder_fail_memory(d);
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
        if (d->r.pos > d->r.end) {
            decoder_fail_end(d);
            return NULL;
        }
        if (code >= s->count) {
            decoder_show(d, from, "EE", code, "");
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
    return n;
}

static int item_push(struct decoder *d, struct node *n, unsigned slot, union value v)
{
    struct items **at = &n->v[n->type->fields].items;
    if (*at != NULL && (*at)->n >= d->o->limits.list)
        return decoder_fail(d, d->r.pos, "content of more than %u parts, its limit", (*at)->n);
    if ((*at == NULL || (*at)->n == (*at)->cap) && decoder_grow_items(d, at) == NULL)
        return decoder_fail_memory(d);
    (*at)->at[(*at)->n++] = (struct item){(uint16_t)slot, v};
    return d->r.pos > d->r.end ? decoder_fail_end(d) : 0;
}

/* Untyped characters of mixed content; they share the partition of their element. */
static int read_text_item(struct decoder *d, struct node *n, uint32_t part)
{
    union value v;
    uint64_t characters;
    if (decoder_string(d, part, &v.b, &characters) != 0)
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
        decoder_fail_memory(d);
        return NULL;
    }
    unsigned at = 0;
    for (;;) {
        const struct state *s = &t->state[at];
        uint64_t from = d->r.pos;
        unsigned code = (unsigned)(bits_peek(&d->r) >> (64 - s->bits));
        if (code == s->end && code >= s->count) {
            d->r.pos += s->bits;
            decoder_show(d, from, "EE", code, "");
            break;
        }
        if (code == s->text && code >= s->count) {
            d->r.pos += s->bits;
            decoder_show(d, from, "CH", code, "");
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
        decoder_fail_end(d);
        return NULL;
    }
    return n;
}

static struct node *read_node(struct decoder *d, const struct type *t)
{
    if (UNLIKELY(d->depth >= d->o->limits.depth)) {
        decoder_fail(d, d->r.pos, "elements are nested deeper than %u, their limit", d->depth);
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
    struct bytes *b = decoder_characters(d, n);
    const char *text = b == NULL ? NULL : arena_text(d->arena, (const char *)b->p, b->n);
    if (text == NULL && b != NULL)
        decoder_fail_memory(d);
    if (text != NULL)
        decoder_show_text(d, from, b);
    return text;
}

/* A URI and a local name; either is a number where the stream or the schema had it before. */
static int read_qname(struct decoder *d, uint32_t *number)
{
    struct exi_names *t = &d->names;
    uint64_t from = d->r.pos, n;
    uint32_t uri = (uint32_t)bits_read(&d->r, exi_uri_bits(t));
    if (d->r.pos > d->r.end)
        return decoder_fail_end(d);
    const char *known = uri == 0 ? "a new one" : uri <= t->uris ? t->uri[uri - 1].text : "";
    decoder_show(d, from, "URI", uri, known);
    if (t->uris + t->qnames > NAMES_MAX)
        return decoder_fail(d, from, "more than %d different names, their limit", NAMES_MAX);
    if (uri-- == 0) {
        const char *text =
            decoder_count(d, "URI length", EXI_EVENT, &n) != 0 ? NULL : read_name_text(d, n);
        if (text == NULL)
            return -1;
        uri = exi_uri_add(t, text);
    } else if (uri >= t->uris) {
        return decoder_fail(d, from, "URI number %u; expected at most %u", uri, t->uris - 1);
    }
    uint32_t local;
    if (decoder_count(d, "name length", EXI_EVENT, &n) != 0)
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
            return decoder_fail(d, from, "name number %u of %u", local, exi_local_count(t, uri));
        decoder_show(d, at, "name", local, exi_local_text(t, uri, local));
    }
    if (!t->failed)
        *number = exi_qname_number(t, uri, local);
    if (t->failed)
        return decoder_fail_memory(d);
    return 0;
}

static const char *name_of(struct decoder *d, uint32_t qname)
{
    const struct exi_qname *q = &d->names.qname[qname];
    return exi_local_text(&d->names, q->uri, q->local);
}

static struct any *any_new(struct decoder *d, uint32_t qname)
{
    struct any *any = arena_alloc(d->arena, sizeof *any);
    if (any == NULL) {
        decoder_fail_memory(d);
        return NULL;
    }
    memset(any, 0, sizeof *any);
    const struct exi_qname *q = &d->names.qname[qname];
    any->uri = d->names.uri[q->uri].text;
    any->name = name_of(d, qname);
    return any;
}

static struct any_part *add_part(struct decoder *d, struct any *any, int what)
{
    struct any_part *part = arena_alloc(d->arena, sizeof *part);
    if (part == NULL) {
        decoder_fail_memory(d);
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
        return refuse(d, d->r.pos, SIMPLE_XSI_TYPE, 0, any->name);
    return decoder_string(d, q->part, &part->text, &characters);
}

static int read_any_text(struct decoder *d, struct any *any, uint32_t part_number)
{
    struct any_part *part = add_part(d, any, ANY_TEXT);
    uint64_t characters;
    return part == NULL ? -1 : decoder_string(d, part_number, &part->text, &characters);
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

/* An event of a built-in grammar: one that was learned, or (second is not -1) a new one. */
static void show_built_in(struct decoder *d, uint64_t from, int what, uint32_t code, int second,
                          const char *name)
{
    static const char *const EVENT[] = {"AT", "SE", "CH", "EE"}; /* ORDER learned */
    if (second < 0)
        decoder_show(d, from, EVENT[what], code, name);
    else
        decoder_show_deviation(d, from, EVENT[what], code, (unsigned)second, name);
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
        bool named = *what == LEARNED_ATTRIBUTE || *what == LEARNED_ELEMENT;
        show_built_in(d, from, *what, code, -1, named ? name_of(d, *qname) : "");
        return 0;
    }
    if (code > n)
        return decoder_fail(d, from, "event code %u; expected at most %u", code, n);
    static const int START[] = {LEARNED_END, LEARNED_ATTRIBUTE, LEARNED_ELEMENT, LEARNED_TEXT};
    static const int CONTENT[] = {LEARNED_ELEMENT, LEARNED_TEXT};
    unsigned second = (unsigned)bits_read(&d->r, at_start ? 2 : 1);
    *what = at_start ? START[second] : CONTENT[second];
    *qname = 0;
    show_built_in(d, from, *what, code, (int)second, "");
    bool named = *what == LEARNED_ATTRIBUTE || *what == LEARNED_ELEMENT;
    if (named && read_qname(d, qname) != 0)
        return -1;
    exi_learn(&d->names, g, at_start, *what, *qname);
    return d->names.failed ? decoder_fail_memory(d) : 0;
}

/* The content of an element that only the stream knows (EXI 1.0, 8.4.3). */
static int read_built_in(struct decoder *d, struct any *any, uint32_t qname)
{
    struct built_in *g = exi_built_in(&d->names, qname);
    uint32_t part = d->names.qname[qname].part;
    bool at_start = true;
    if (g == NULL)
        return decoder_fail_memory(d);
    for (;;) {
        uint64_t from = d->r.pos;
        int what = LEARNED_END, bad = 0;
        uint32_t other = 0;
        if (read_built_in_event(d, g, at_start, &what, &other) != 0)
            return -1;
        if (d->r.pos > d->r.end)
            return decoder_fail_end(d);
        if (g->starts + g->contents > NAMES_MAX)
            return decoder_fail(d, from, "too many different children");
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
        decoder_fail(d, d->r.pos, "elements are nested deeper than %u, their limit", d->depth);
        return NULL;
    }
    any->known = d->names.qname[qname].known;
    d->depth++;
    int bad;
    if (any->known != NULL) {
        bad = read_slot(d, &any->known->as, &any->v);
    } else {
        size_t mark = decoder_enter(d, any->name);
        bad = read_built_in(d, any, qname);
        if (bad == 0)
            decoder_leave(d, mark);
    }
    d->depth--;
    return bad != 0 ? NULL : any;
}

static int open_names(struct decoder *d)
{
    if (!d->has_names)
        exi_names_open(&d->names, d->s, d->arena);
    d->has_names = true;
    return d->names.failed ? decoder_fail_memory(d) : 0;
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
        return decoder_fail(d, d->r.pos, "%s within %s: both have several types", name->name,
                            any->name);
    struct any *child = arena_alloc(d->arena, sizeof *child);
    struct any_part *part = child == NULL ? NULL : add_part(d, any, ANY_ELEMENT);
    struct element *known = part == NULL ? NULL : arena_alloc(d->arena, sizeof *known);
    if (known == NULL)
        return decoder_fail_memory(d);
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
        return decoder_string(d, name->qname, &part->text, &characters);
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
            return decoder_fail_end(d);
        uint32_t child = code - attributes;
        int bad;
        if (code + 1 < attributes) {
            decoder_show(d, from, "AT", code, s->attribute[code].name);
            bad = read_relaxed_attribute(d, any, &s->attribute[code]);
        } else if (code >= attributes && child < s->names) {
            decoder_show(d, from, "SE", code, s->fragment[child].name);
            bad = read_relaxed_child(d, any, &s->fragment[child]);
        } else if (code >= attributes && child == s->names + 1u) {
            decoder_show(d, from, "EE", code, any->name);
            return 0;
        } else if (code >= attributes && child == s->names + 2u) {
            decoder_show(d, from, "CH", code, any->name);
            bad = read_any_text(d, any, part);
        } else {
            bad = refuse(d, from, SIMPLE_ELEMENT, 0, any->name);
        }
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
        return decoder_fail(d, from,
                            "event code %u of a fragment; expected an element's, at most %d", code,
                            s->names - 1);
    const struct fragment_name *name = &s->fragment[code];
    decoder_show(d, from, "SE", code, name->name);
    m->as = name->field;
    if (name->field == NULL) {
        m->relaxed = arena_alloc(d->arena, sizeof *m->relaxed);
        if (m->relaxed == NULL)
            return decoder_fail_memory(d);
        memset(m->relaxed, 0, sizeof *m->relaxed);
        m->relaxed->uri = schema_uri(s, name->ns);
        m->relaxed->name = name->name;
        decoder_enter(d, name->name);
        if (read_relaxed(d, m->relaxed, name->qname) != 0)
            return -1;
    } else if (read_slot(d, name->field, &m->v) != 0) {
        return -1;
    }
    from = d->r.pos;
    code = (uint32_t)bits_read(&d->r, s->fragment_bits);
    if (code != s->names + 1u)
        return d->r.pos > d->r.end ? decoder_fail_end(d)
                                   : decoder_fail(d, from,
                                                  "event code %u; expected the end of the "
                                                  "fragment, %d",
                                                  code, s->names + 1);
    decoder_show(d, from, "ED", code, "");
    return 0;
}

/* ---- documents ---- */

static int read_document(struct decoder *d)
{
    const struct schema *s = d->s;
    uint64_t from = d->r.pos;
    uint32_t code = (uint32_t)bits_read(&d->r, s->document_bits);
    if (d->r.pos > d->r.end)
        return decoder_fail_end(d);
    if (code >= s->elements)
        return decoder_fail(d, from,
                            "event code %u of the document; expected one of the %d global elements "
                            "of %s",
                            code, s->elements, s->name);
    d->m->root = s->element[code];
    d->m->as = &d->m->root->as;
    decoder_show(d, from, "SE", code, d->m->as->name);
    return read_slot(d, d->m->as, &d->m->v);
}

#define COOKIE 0x24455849u /* "$EXI" */

/* EXI 1.0, 5: maybe a cookie, two distinguishing bits, whether options follow, the version. */
static int read_header(struct decoder *d)
{
    if (d->r.size >= 4 && memcmp(d->r.p, "$EXI", 4) == 0)
        d->r.pos = 32;
    if (d->r.pos > 0)
        decoder_show(d, 0, "cookie", COOKIE, "$EXI");
    uint64_t from = d->r.pos, bits = bits_read(&d->r, 8);
    if (d->r.pos > d->r.end)
        return decoder_fail_end(d);
    if (bits >> 6 != 2)
        return decoder_fail(d, from, "0x%02X is no EXI header; expected 0x80", (unsigned)bits);
    if (bits & 0x20)
        return decoder_fail(d, from,
                            "the header carries EXI options; V2G messages use the default options");
    if (bits & 0x1F)
        return decoder_fail(d, from, "EXI version in header 0x%02X; expected 0x80, version 1",
                            (unsigned)bits);
    decoder_show(d, from, "header", bits, "EXI 1.0, no options");
    return 0;
}

/* Padding and whatever lies behind the document. */
static int read_trailer(struct decoder *d)
{
    if (d->r.pos > d->r.end)
        return decoder_fail_end(d);
    unsigned padding = (unsigned)(-d->r.pos & 7);
    uint64_t from = d->r.pos, bits = bits_read(&d->r, padding);
    if (padding > 0)
        decoder_show(d, from, "padding", bits, "");
    if (bits != 0 && decoder_violate(d, from, "padding bits that are not 0") != 0)
        return -1;
    size_t used = (size_t)(d->r.pos >> 3);
    d->m->trailing = (struct slice){d->r.p + used, d->r.size - used};
    if (used == d->r.size)
        return 0;
    return decoder_violate(d, d->r.pos, "%zu bytes after the end of the document",
                           d->r.size - used);
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

int exi_decode_carefully(struct decoder *d, const void *p, size_t n)
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
    decoder_limit(d);
    int bad = decode_once(d, p, n);
    d->m->violations = violations;
    free(d->seen);
    return bad;
}
