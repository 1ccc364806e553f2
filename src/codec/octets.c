/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/octets.h"

#include "codec/limits.h"
#include "codec/node.h"
#include "codec/value.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_TEXT 256
#define CHARGE 64 /* bytes of memory that an entry of a list or a value takes at most besides */

/* ---- bits ---- */

/* Little: the lowest bit comes first, so that a number in whole octets has its lowest one first. */
static uint64_t take_bits(const uint8_t *p, uint64_t pos, unsigned n, bool little)
{
    uint64_t v = 0;
    for (unsigned done = 0, size; done < n; done += size, pos += size) {
        unsigned used = pos & 7, left = n - done;
        size = left < 8 - used ? left : 8 - used;
        uint64_t part =
            (uint64_t)p[pos >> 3] >> (little ? used : 8 - used - size) & ((1u << size) - 1);
        v = little ? v | part << done : v << size | part;
    }
    return v;
}

/* The bits at pos are 0 before. */
static void put_bits(uint8_t *p, uint64_t pos, uint64_t v, unsigned n, bool little)
{
    for (unsigned done = 0, size; done < n; done += size, pos += size) {
        unsigned used = pos & 7, left = n - done;
        size = left < 8 - used ? left : 8 - used;
        uint64_t part = v >> (little ? done : left - size) & ((1u << size) - 1);
        p[pos >> 3] |= (uint8_t)(part << (little ? used : 8 - used - size));
    }
}

static uint64_t low_bits(uint64_t v, unsigned n)
{
    return n < 64 ? v & ((UINT64_C(1) << n) - 1) : v;
}

/* ---- what fields say of each other ---- */

static uint64_t said_by(const struct node *n, int slot)
{
    return node_has(n, (unsigned)slot) ? n->v[slot].u : 0;
}

static bool is_there(const struct node *n, const struct octets *o)
{
    uint64_t v = said_by(n, o->when);
    return o->is_any ? v != 0 : v == (uint64_t)o->equals;
}

/* Entries of a list, octets of a text. */
static uint64_t size_of(const struct node *n, unsigned slot)
{
    if (!node_has(n, slot))
        return 0;
    return n->type->field[slot].is_list ? n->v[slot].l->n : n->v[slot].b->n;
}

bool octets_rule_broken(const struct node *n, unsigned slot, char *what, size_t size)
{
    const struct field *f = &n->type->field[slot];
    const struct octets *o = f->octets;
    bool has = node_has(n, slot);
    if (o->is_padding && has) {
        snprintf(what, size, "is reserved and not 0");
        return true;
    }
    if (o->when >= 0 && has != is_there(n, o)) {
        snprintf(what, size, "%s, against what %s says", has ? "is there" : "is absent",
                 n->type->field[o->when].name);
        return !(f->is_list && f->min == 0 && !has);
    }
    uint64_t there = o->count < 0 ? 0 : size_of(n, slot);
    if (o->count < 0 || !node_has(n, (unsigned)o->count) || (!has && o->when >= 0) ||
        there == said_by(n, o->count) + (uint64_t)(int64_t)o->plus)
        return false;
    snprintf(what, size, "%" PRIu64 " %s; %s says %" PRIu64, there,
             f->is_list ? "entries" : "octets", n->type->field[o->count].name,
             said_by(n, o->count) + (uint64_t)(int64_t)o->plus);
    return true;
}

/* ---- reading ---- */

struct reader {
    const struct element *element;
    const struct exi_options *options;
    struct arena *arena;
    struct message *m;
    struct err *e;   /* NULL: only tried, and why it fails is of no interest */
    uint64_t failed; /* where it then failed */
    const uint8_t *p;
    uint64_t pos, end; /* bits */
    bool little;
    bool is_done; /* a try has read all of it, without a violation */
    unsigned depth;
    size_t memory; /* what is left of the limit */
    struct violation **violations_end;
    size_t path_n;
    char path[PATH_TEXT];
};

static int __attribute__((format(printf, 3, 4)))
fail(struct reader *r, uint64_t bit, const char *format, ...)
{
    char what[300];
    va_list args;
    r->failed = bit;
    if (r->e == NULL)
        return -1;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    err_set_bit(r->e, bit, "%s", what);
    snprintf(r->e->path, sizeof r->e->path, "%s", r->path);
    return -1;
}

static int violate(struct reader *r, uint64_t bit, const char *what)
{
    struct violation *v = arena_alloc(r->arena, sizeof *v);
    if (v == NULL)
        return fail(r, bit, "the message needs more memory than its limit allows");
    *v = (struct violation){.bit = bit,
                            .path = arena_text(r->arena, r->path, r->path_n),
                            .what = arena_text(r->arena, what, strlen(what))};
    if (v->path == NULL || v->what == NULL)
        return fail(r, bit, "the message needs more memory than its limit allows");
    *r->violations_end = v;
    r->violations_end = &v->next;
    return 0;
}

static size_t enter(struct reader *r, const char *name)
{
    size_t before = r->path_n;
    size_t n = strlen(name), slash = before > 0, room = sizeof r->path - 1 - before;
    slash = slash < room ? slash : room;
    n = n < room - slash ? n : room - slash;
    memcpy(r->path + before, "/", slash);
    memcpy(r->path + before + slash, name, n);
    r->path_n = before + slash + n;
    r->path[r->path_n] = '\0';
    return before;
}

static void leave(struct reader *r, size_t before)
{
    r->path_n = before;
    r->path[before] = '\0';
}

static int need(struct reader *r, uint64_t bits)
{
    if (bits <= r->end - r->pos)
        return 0;
    uint64_t left = r->end - r->pos;
    bool whole = bits % 8 == 0 && left % 8 == 0;
    return fail(
        r, r->pos,
        "the input ends here (%" PRIu64 " octets): expected %" PRIu64 " %s more, found %" PRIu64,
        r->end / 8, whole ? bits / 8 : bits, whole ? "octets" : "bits", whole ? left / 8 : left);
}

static int charge(struct reader *r, size_t bytes)
{
    if (bytes > r->memory)
        return fail(r, r->pos, "the message needs more memory than its limit allows");
    r->memory -= bytes;
    return 0;
}

static void show(struct reader *r, const struct field *f, uint64_t from, uint64_t bits,
                 union value v)
{
    struct buf text = {0};
    if (r->options->trace == NULL)
        return;
    value_text(f, v, &text);
    bool is_number = bits <= 64 && f->kind <= KIND_SIGNED;
    struct exi_field shown = {.part = is_number ? EXI_NUMBER : EXI_CONTENT,
                              .bit = r->pos - bits,
                              .bits = (unsigned)bits,
                              .event = is_number ? "field" : "octets",
                              .path = r->path,
                              .value =
                                  is_number ? take_bits(r->p, from, (unsigned)bits, r->little) : 0,
                              .second = -1,
                              .text = buf_string(&text)};
    r->options->trace(r->options->context, &shown);
    buf_close(&text);
}

static int judge(struct reader *r, const struct field *f, uint64_t from, union value v)
{
    char what[200];
    if (f->octets->selects && v.i != f->lo)
        return fail(r, from, "%" PRIu64 "; expected %" PRId64 ", as %s has", v.u, f->lo,
                    r->element->as.name);
    return limits_broken(f, v, what, sizeof what) ? violate(r, from, what) : 0;
}

/* Two's complement where it has a sign. */
static union value number_from(const struct field *f, uint64_t bits)
{
    uint64_t sign = f->octets->least < 0 ? UINT64_C(1) << (f->width - 1) : 0;
    return (union value){.u = (bits ^ sign) - sign};
}

static int read_number(struct reader *r, const struct field *f, union value *v)
{
    uint64_t from = r->pos;
    if (need(r, f->width) != 0)
        return -1;
    *v = number_from(f, take_bits(r->p, from, f->width, r->little));
    r->pos += f->width;
    show(r, f, from, f->width, *v);
    uint64_t left = (r->end - r->pos) / 8;
    if (f->octets->spans && v->u > left)
        return fail(r, from, "%" PRIu64 " octets; expected at most the %" PRIu64 " that follow",
                    v->u, left);
    return judge(r, f, from, *v);
}

static int read_text(struct reader *r, const struct field *f, uint64_t size, union value *v)
{
    uint64_t from = r->pos;
    if (size > UINT32_MAX)
        return fail(r, from, "a size of %" PRId64 " octets; expected one that the input can hold",
                    (int64_t)size);
    if (need(r, size * 8) != 0 || charge(r, size) != 0)
        return -1;
    struct bytes *b = arena_alloc(r->arena, sizeof *b + size);
    if (b == NULL)
        return charge(r, SIZE_MAX);
    b->n = (uint32_t)size;
    for (uint32_t i = 0; i < b->n && from % 8 != 0; i++)
        b->p[i] = (uint8_t)take_bits(r->p, from + UINT64_C(8) * i, 8, r->little);
    if (from % 8 == 0 && size > 0)
        memcpy(b->p, r->p + from / 8, size);
    r->pos += size * 8;
    v->b = b;
    show(r, f, from, size * 8, *v);
    return judge(r, f, from, *v);
}

static int read_node(struct reader *r, const struct type *t, union value *v);

/* `size`: octets of a text. */
static int read_value(struct reader *r, const struct field *f, uint64_t size, union value *v)
{
    if (f->kind == KIND_NODE)
        return read_node(r, f->type, v);
    if (f->kind == KIND_STRING || f->kind == KIND_HEX || f->kind == KIND_BASE64)
        return read_text(r, f, size, v);
    return read_number(r, f, v);
}

/* Entries that must be there, or UINT64_MAX: as many as there are. */
static uint64_t entries_of(const struct node *n, const struct field *f)
{
    if (f->octets->count >= 0)
        return said_by(n, f->octets->count) + (uint64_t)(int64_t)f->octets->plus;
    return f->min == f->max ? f->min : UINT64_MAX;
}

static int read_list(struct reader *r, struct node *n, unsigned slot)
{
    const struct field *f = &n->type->field[slot];
    uint64_t entries = entries_of(n, f), i = 0, first = r->pos;
    char what[80];
    if (entries != UINT64_MAX && entries > r->options->limits.list)
        return fail(r, first, "a list of %" PRId64 " entries; expected at most %u",
                    (int64_t)entries, r->options->limits.list);
    for (; i < entries && (entries != UINT64_MAX || r->pos < r->end); i++) {
        uint64_t from = r->pos;
        union value v = {.u = 0};
        if (i == r->options->limits.list)
            return fail(r, from, "a list of more than %u entries", r->options->limits.list);
        if (charge(r, CHARGE) != 0 || read_value(r, f, (uint64_t)f->lo, &v) != 0)
            return -1;
        if (r->pos == from)
            return fail(r, from, "an entry of a list without a bit");
        if (node_add(r->arena, n, slot, v) != 0)
            return charge(r, SIZE_MAX);
    }
    if (i >= f->min && i <= f->max)
        return 0;
    snprintf(what, sizeof what, "%" PRIu64 " entries; expected %u..%u", i, f->min, f->max);
    return violate(r, first, what);
}

/* Reserved bits: of no interest while they are 0. */
static int read_padding(struct reader *r, struct node *n, unsigned slot)
{
    const struct field *f = &n->type->field[slot];
    struct field to_octet = *f;
    union value v;
    uint64_t from = r->pos;
    bool is_zero = true, is_octets = f->kind == KIND_HEX;
    if (f->octets->to_octet) {
        to_octet.width = (uint8_t)(-from & 7);
        f = &to_octet;
    }
    if (!is_octets && f->width == 0)
        return 0;
    if ((is_octets ? read_text(r, f, (uint64_t)f->lo, &v) : read_number(r, f, &v)) != 0)
        return -1;
    for (uint32_t i = 0; is_octets && i < v.b->n; i++)
        is_zero = is_zero && v.b->p[i] == 0;
    if (is_octets ? is_zero : v.u == 0)
        return 0;
    node_set(n, slot, v);
    return violate(r, from, "is reserved and not 0");
}

/* Octets of a text that goes on to the end; behind it a frame may be filled up. */
static uint64_t rest_of(const struct reader *r, const struct field *f)
{
    uint64_t left = (r->end - r->pos) / 8;
    return r->element->padded != 0 && left > (uint64_t)f->hi ? (uint64_t)f->hi : left;
}

static int read_slot(struct reader *r, struct node *n, unsigned slot)
{
    const struct field *f = &n->type->field[slot];
    const struct octets *o = f->octets;
    union value v = {.u = 0};
    if (o->is_padding)
        return read_padding(r, n, slot);
    if (o->when >= 0 ? !is_there(n, o) : (f->min == 0 && r->pos == r->end && o->count < 0))
        return 0;
    if (f->is_list)
        return read_list(r, n, slot);
    uint64_t size = (uint64_t)f->lo;
    if (o->count >= 0)
        size = said_by(n, o->count) + (uint64_t)(int64_t)o->plus;
    else if (f->lo != f->hi)
        size = rest_of(r, f);
    if (read_value(r, f, size, &v) != 0)
        return -1;
    node_set(n, slot, v);
    return 0;
}

static int read_node(struct reader *r, const struct type *t, union value *v)
{
    if (r->depth >= r->options->limits.depth)
        return fail(r, r->pos, "elements are nested too deeply; expected at most %u levels",
                    r->options->limits.depth);
    if (charge(r, t->node_size) != 0)
        return -1;
    struct node *n = v->n = node_new(r->arena, t);
    if (n == NULL)
        return charge(r, SIZE_MAX);
    r->depth++;
    for (unsigned i = 0; i < t->fields; i++) {
        size_t before = enter(r, t->field[i].name);
        if (read_slot(r, n, i) != 0)
            return -1;
        leave(r, before);
    }
    r->depth--;
    return 0;
}

/* Frames are filled up with zeros, some modems by more than they must: that is no violation. */
static int read_tail(struct reader *r)
{
    size_t used = (size_t)(r->pos + 7) / 8, size = (size_t)(r->end / 8);
    char what[80];
    bool is_zero = r->element->padded != 0;
    for (size_t i = used; i < size && is_zero; i++)
        is_zero = r->p[i] == 0;
    r->m->trailing = (struct slice){r->p + used, size - used};
    if (size < r->element->padded) {
        snprintf(what, sizeof what, "%zu octets; expected %u at least", size, r->element->padded);
        return violate(r, r->end, what);
    }
    if (size == used || is_zero)
        return 0;
    snprintf(what, sizeof what, "%zu octets behind the last field", size - used);
    return violate(r, r->pos, what);
}

/* One try. */
static int read_message(struct reader *r, const struct schema *s, const struct element *el)
{
    r->element = el;
    r->pos = 0;
    r->depth = 0;
    r->path_n = 0;
    r->is_done = false;
    *r->m = (struct message){.schema = s, .root = el, .as = &el->as};
    r->violations_end = &r->m->violations;
    r->memory = r->options->limits.memory;
    if (r->memory == 0)
        r->memory = 4096 + (size_t)r->end * CHARGE; /* each bit may be an entry of a list */
    enter(r, el->as.name);
    return read_node(r, el->as.type, &r->m->v) != 0 ? -1 : read_tail(r);
}

/* How well a message fits: the lower the better; what failed later is better than earlier. */
static uint64_t try_message(struct reader *r, const struct schema *s, const struct element *el)
{
    struct err *e = r->e;
    struct arena_mark mark = arena_mark(r->arena);
    r->e = NULL;
    int bad = read_message(r, s, el);
    r->e = e;
    uint64_t rank = bad != 0                   ? UINT64_MAX - 1 - r->failed
                    : r->m->violations == NULL ? 0
                    : r->pos == r->end         ? 1
                                               : 2 + (r->end - r->pos);
    r->is_done = rank == 0;
    if (rank != 0)
        arena_rewind(r->arena, mark);
    return rank;
}

/* The message that the octets are; NULL: there is none of that payload type. */
static const struct element *choose(struct reader *r, const struct schema *s, uint16_t payload)
{
    struct exi_options silent = *r->options;
    const struct exi_options *options = r->options;
    const struct element *best = NULL;
    uint64_t least = UINT64_MAX;
    silent.trace = NULL;
    r->options = &silent;
    for (unsigned i = 0; i < s->messages && least > 0; i++) {
        const struct element *el = s->message[i];
        if (payload != 0 && el->payload == payload) {
            best = el;
            break;
        }
        uint64_t rank = payload != 0 ? UINT64_MAX : try_message(r, s, el);
        if (rank >= least)
            continue;
        best = el;
        least = rank;
    }
    r->options = options;
    return best;
}

int octets_decode(const struct schema *s, uint16_t payload, const void *p, size_t n,
                  const struct exi_options *o, struct arena *a, struct message *m, struct err *e)
{
    struct reader r = {.options = o,
                       .arena = a,
                       .m = m,
                       .e = e,
                       .p = p,
                       .end = (uint64_t)n * 8,
                       .little = s->encoding == ENCODING_LITTLE};
    if (o->fragment)
        return err_set(e, "%s is a layout of octets, which has no fragments", s->name);
    if (n > o->limits.size)
        return err_set_bit(e, 0, "%zu octets; expected at most %zu", n, o->limits.size);
    const struct element *el = choose(&r, s, payload);
    if (el == NULL)
        return err_set_bit(e, 0, "%s has no message of the payload type 0x%04X", s->name, payload);
    return r.is_done && o->trace == NULL ? 0 : read_message(&r, s, el);
}

/* ---- writing ---- */

struct writer {
    struct buf *out;
    size_t start; /* of the message in out */
    uint64_t pos; /* bits behind that */
    bool little;
    struct err *e;
};

static int write_bits(struct writer *w, uint64_t v, unsigned n)
{
    size_t size = (size_t)(w->pos + n + 7) / 8;
    while (!w->out->failed && w->out->n < w->start + size)
        buf_char(w->out, 0);
    if (w->out->failed)
        return err_set(w->e, "out of memory");
    put_bits(w->out->p + w->start, w->pos, low_bits(v, n), n, w->little);
    w->pos += n;
    return 0;
}

static int write_octets(struct writer *w, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n && w->pos % 8 != 0; i++)
        if (write_bits(w, p[i], 8) != 0)
            return -1;
    if (w->pos % 8 != 0)
        return 0;
    buf_add(w->out, p, n);
    w->pos += (uint64_t)n * 8;
    return w->out->failed ? err_set(w->e, "out of memory") : 0;
}

static int write_number(struct writer *w, const struct field *f, union value v)
{
    unsigned width = f->octets->to_octet ? (unsigned)(-w->pos & 7) : f->width;
    union value again = number_from(f, low_bits(v.u, f->width));
    if (width == f->width && again.u != v.u) {
        const char *format = f->octets->least < 0 ? "%" PRId64 " cannot be written in %u bits"
                                                  : "%" PRIu64 " cannot be written in %u bits";
        char what[80];
        snprintf(what, sizeof what, format, v.i, width);
        return err_set(w->e, "%s", what);
    }
    return write_bits(w, v.u, width);
}

static int write_node(struct writer *w, const struct node *n);

static int write_value(struct writer *w, const struct field *f, union value v)
{
    int bad;
    if (f->kind == KIND_NODE)
        bad = write_node(w, v.n);
    else if (f->kind == KIND_STRING || f->kind == KIND_HEX || f->kind == KIND_BASE64)
        bad = write_octets(w, v.b->p, v.b->n);
    else
        bad = write_number(w, f, v);
    return bad;
}

/* Of what is absent: padding, and a count that counts what is there. */
static int write_absent(struct writer *w, const struct node *n, unsigned slot)
{
    const struct field *f = &n->type->field[slot];
    const struct octets *o = f->octets;
    if (o->is_padding && f->kind != KIND_HEX)
        return write_number(w, f, (union value){.u = 0});
    for (int64_t i = 0; o->is_padding && i < f->lo; i++)
        if (write_bits(w, 0, 8) != 0)
            return -1;
    if (o->counts < 0 || f->min == 0)
        return 0;
    const struct octets *counted = n->type->field[o->counts].octets;
    uint64_t there = size_of(n, (unsigned)o->counts);
    bool is_none = there == 0 && counted->plus > 0;
    return write_number(w, f,
                        (union value){.u = is_none ? 0 : there - (uint64_t)(int64_t)counted->plus});
}

static int write_slot(struct writer *w, const struct node *n, unsigned slot)
{
    const struct field *f = &n->type->field[slot];
    if (!node_has(n, slot))
        return write_absent(w, n, slot);
    if (!f->is_list)
        return write_value(w, f, n->v[slot]);
    const struct list *l = n->v[slot].l;
    for (uint32_t i = 0; i < l->n; i++)
        if (write_value(w, f, l->v[i]) != 0)
            return -1;
    return 0;
}

static int write_node(struct writer *w, const struct node *n)
{
    for (unsigned i = 0; i < n->type->fields; i++) {
        if (write_slot(w, n, i) == 0)
            continue;
        err_under(w->e, n->type->field[i].name);
        return -1;
    }
    return 0;
}

int octets_encode(const struct message *m, struct buf *out, struct err *e)
{
    struct writer w = {out, out->n, 0, m->schema->encoding == ENCODING_LITTLE, e};
    if (m->root == NULL || m->as->kind != KIND_NODE)
        return err_set(e, "%s is a layout of octets, which has no fragments", m->schema->name);
    if (write_node(&w, m->v.n) != 0) {
        err_under(e, m->as->name);
        return -1;
    }
    w.pos = (w.pos + 7) & ~UINT64_C(7);
    if (m->trailing.p != NULL)
        return write_octets(&w, m->trailing.p, m->trailing.n);
    while (w.pos < UINT64_C(8) * m->root->padded)
        if (write_bits(&w, 0, 8) != 0)
            return -1;
    return 0;
}
