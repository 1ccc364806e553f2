/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the content of a type to the states of its EXI grammar (EXI 1.0, 8.5.4). Every slot is one
 * position; the state after a slot allows the slots that may follow it. Three sets per part of the
 * content (what may come first, what may come last, can it be empty) give what follows what.
 */
#include "schema/decl.h"

#include "base/bits.h"

#include <string.h>

#define SLOTS_MAX 64

struct part {
    uint64_t first, last;
    bool empty; /* may be absent */
};

struct grammar {
    struct type *type;
    uint64_t follow[SLOTS_MAX + 1]; /* of slot i at i + 1; at 0: at the start */
    const struct place *place;
    struct err *e;
};

static void connect(struct grammar *g, uint64_t last, uint64_t first)
{
    for (unsigned i = 0; i < g->type->fields; i++)
        if (last >> i & 1)
            g->follow[i + 1] |= first;
}

static struct part walk(struct grammar *g, const struct particle *p);

static struct part walk_sequence(struct grammar *g, const struct particle *p)
{
    struct part all = {0, 0, true};
    for (const struct particle *c = p->child; c != NULL; c = c->next) {
        struct part one = walk(g, c);
        connect(g, all.last, one.first);
        if (all.empty)
            all.first |= one.first;
        all.last = one.empty ? all.last | one.last : one.last;
        all.empty = all.empty && one.empty;
    }
    return all;
}

static struct part walk_choice(struct grammar *g, const struct particle *p)
{
    struct part all = {0, 0, p->child == NULL};
    for (const struct particle *c = p->child; c != NULL; c = c->next) {
        struct part one = walk(g, c);
        all.first |= one.first;
        all.last |= one.last;
        all.empty = all.empty || one.empty;
    }
    return all;
}

/* Where content may come in any order there are no states for a count: EXI has more of them. */
static void check_count(struct grammar *g, const struct particle *p, bool is_group)
{
    bool is_counted = p->min > 1 || (p->max > 1 && p->max != SCHEMA_UNBOUNDED);
    if (is_counted && is_group)
        err_set_line(
            g->e, g->place->file, g->place->line,
            "type %s: a group that is counted; expected one that occurs once or without end",
            g->type->name);
    else if (is_counted && g->type->is_open)
        err_set_line(g->e, g->place->file, g->place->line,
                     "type %s: a count of '%s'; expected that it occurs once or without end, as "
                     "repeated groups, wildcards and mixed content count nothing",
                     g->type->name, g->type->field[p->slot].name);
}

static struct part walk(struct grammar *g, const struct particle *p)
{
    struct part part;
    bool is_group = p->what == PARTICLE_CHOICE || p->what == PARTICLE_SEQUENCE;
    if (p->what == PARTICLE_CHOICE)
        part = walk_choice(g, p);
    else if (p->what == PARTICLE_SEQUENCE)
        part = walk_sequence(g, p);
    else
        part = (struct part){UINT64_C(1) << p->slot, UINT64_C(1) << p->slot, false};
    if (p->max > 1)
        connect(g, part.last, part.first);
    check_count(g, p, is_group);
    part.empty = part.empty || p->min == 0;
    return part;
}

/* Width of the second-level code: what the default options add to a state (EXI 1.0, 8.5.4.4.1). */
static uint8_t escape_width(const struct state *s, bool is_start)
{
    unsigned n = 2;                /* any element, untyped characters */
    n += s->end == SCHEMA_NO_CODE; /* end of the element */
    n += is_start ? 2 : 0;         /* xsi:type, xsi:nil */
    n += s->starts ? 2 : 0;        /* any attribute, any untyped attribute */
    return (uint8_t)bits_length(n - 1);
}

/* Adds a state that allows the slots of set (and, `end`, the end of the element). */
static void add_state(struct type *t, struct state *s, uint8_t *slots, uint16_t *used, uint64_t set,
                      bool end, bool is_start, bool starts)
{
    s->first = *used;
    s->count = 0;
    s->starts = starts;
    bool content_open = true; /* may characters of mixed content come: no attribute is due */
    for (int wild = 0; wild < 2; wild++) { /* SE(name) before SE(*), EE, CH: EXI 1.0, 8.5.4.3 */
        for (unsigned i = 0; i < t->fields; i++) {
            if (!(set >> i & 1) || (t->field[i].kind == KIND_ANY) != (wild == 1))
                continue;
            slots[(*used)++] = (uint8_t)i;
            s->count++;
            if (t->field[i].is_attribute && t->field[i].min > 0)
                content_open = false;
        }
    }
    uint8_t n = s->count;
    s->end = end ? n++ : SCHEMA_NO_CODE;
    s->text = t->is_mixed && content_open ? n++ : SCHEMA_NO_CODE;
    s->escape = n; /* one code is always kept for it, since the options are not strict */
    s->bits = (uint8_t)bits_length(n);
    s->bits2 = escape_width(s, is_start);
}

/* States that a list has beyond that behind its slot. maxOccurs copies the particle so often (EXI
 * 1.0, 8.5.4.1), but only the last copy and those below minOccurs allow something else. */
static unsigned list_states(const struct type *t)
{
    unsigned n = 0;
    for (unsigned i = 0; i < t->fields; i++) {
        const struct field *f = &t->field[i];
        n += !t->is_open && f->max > 1 && f->max != SCHEMA_UNBOUNDED; /* full */
        n += !t->is_open && f->max > 1 && f->min > 1;                 /* below */
    }
    return n;
}

/* The state after characters that came where attributes still could: content only. */
static void add_content_state(struct grammar *g, uint64_t last, bool all_empty, uint8_t *slots,
                              uint16_t *used, uint8_t at)
{
    struct type *t = g->type;
    unsigned n = t->attributes;
    bool end = n == 0 ? all_empty : last >> (n - 1) & 1;
    uint64_t attributes = (UINT64_C(1) << n) - 1;
    add_state(t, &t->state[at], slots, used, g->follow[n] & ~attributes, end, false, false);
    for (unsigned i = 0; i <= at; i++)
        t->state[i].after_text = t->state[i].starts ? at : (uint8_t)i;
}

static int fill_states(struct grammar *g, struct arena *a, uint64_t last, bool all_empty)
{
    struct type *t = g->type;
    unsigned states = 1u + t->fields + list_states(t) + t->is_mixed;
    if (states > UINT8_MAX)
        return err_set_line(g->e, g->place->file, g->place->line, "type %s is too large", t->name);
    struct state *state = arena_alloc(a, states * sizeof *state);
    uint8_t *slots = arena_alloc(a, states * (size_t)t->fields + 1);
    if (state == NULL || slots == NULL)
        return err_set(g->e, "out of memory");
    t->state = state;
    t->slots = slots;
    uint16_t used = 0;
    add_state(t, &state[0], slots, &used, g->follow[0], all_empty, true, true);
    for (unsigned i = 0; i < t->fields; i++) {
        struct field *f = &t->field[i];
        f->after = f->below = f->full = (uint8_t)(i + 1);
        add_state(t, &state[i + 1], slots, &used, g->follow[i + 1], last >> i & 1, false,
                  f->is_attribute);
    }
    uint8_t next = (uint8_t)(1 + t->fields);
    for (unsigned i = 0; i < t->fields && !t->is_open; i++) {
        struct field *f = &t->field[i];
        uint64_t self = UINT64_C(1) << i;
        if (f->max > 1 && f->max != SCHEMA_UNBOUNDED) {
            f->full = next++;
            add_state(t, &state[f->full], slots, &used, g->follow[i + 1] & ~self, last >> i & 1,
                      false, false);
        }
        if (f->max > 1 && f->min > 1) {
            f->below = next++;
            add_state(t, &state[f->below], slots, &used, self, false, false, false);
        }
    }
    if (t->is_mixed) /* characters end the attributes */
        add_content_state(g, last, all_empty, slots, &used, next++);
    t->states = next;
    return 0;
}

int grammar_build(struct arena *a, struct type *t, const struct particle *tree,
                  const struct place *place, struct err *e)
{
    struct grammar g = {.type = t, .place = place, .e = e};
    if (t->fields > SLOTS_MAX)
        return err_set_line(e, place->file, place->line, "type %s has %d fields; at most %d can be",
                            t->name, t->fields, SLOTS_MAX);
    struct part all = walk(&g, tree);
    g.follow[0] = all.first;
    return e->set ? -1 : fill_states(&g, a, all.last, all.empty);
}
