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
    if (is_group && p->max > 1 && p->max != SCHEMA_UNBOUNDED)
        err_set_line(g->e, g->place->file, g->place->line,
                     "type %s: a group of up to %u; expected a group that occurs once or without "
                     "end",
                     g->type->name, (unsigned)p->max);
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
    for (int wild = 0; wild < 2; wild++) { /* named elements come before wildcards */
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
    s->escape = n;
    s->bits = (uint8_t)bits_length(n);
    s->bits2 = escape_width(s, is_start);
}

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

/* ---- stages and steps: see schema.h ---- */

#define WINDOW_BITS 57 /* what the bit reader shows at once */
#define WIDE_MAX 40    /* of the groups of a number that are read from a window */
#define RUN_MAX 18

static bool can_only_end(const struct state *s)
{
    return s->count == 0 && s->end == 0 && s->text == SCHEMA_NO_CODE;
}

/* Bits `from` to `to`, counted from the top of a word. */
static uint64_t bits_between(unsigned from, unsigned to)
{
    return from == to ? 0 : ~UINT64_C(0) << (64 - (to - from)) >> from;
}

/* A run while it is made. */
union making {
    struct run run;
    uint8_t room[sizeof(struct run) + RUN_MAX / 2 * sizeof(struct leaves)];
};

/* Adds the value of a slot, whose code takes `bits`. The code is 0 where there is no choice, which
 * holds for all but the first. */
static bool add_leaf(struct run *r, struct step *step, const struct field *f, unsigned slot,
                     unsigned bits, bool is_choice)
{
    unsigned from = step->head + bits + f->frame, to = from + f->width;
    if (to + f->frame >= WINDOW_BITS || r->n == RUN_MAX)
        return false;
    struct leaves *l = &r->leaves[r->n / 2];
    unsigned i = r->n++ % 2;
    if (i == 0)
        *l = (struct leaves){.shift = {0}};
    uint64_t mask = (UINT64_C(1) << f->width) - 1, most = (uint64_t)(f->hi - f->lo);
    l->shift[i] = 64 - to;
    l->mask[i] = mask;
    l->lo[i] = (uint64_t)f->lo;
    l->beyond[i] = ~mask;
    r->zeros |= bits_between(step->head + (is_choice ? bits : 0), from);
    r->zeros |= bits_between(to, to + f->frame);
    r->checked |= mask << (64 - to);
    r->slack |= (mask - most) << (64 - to);
    r->pairs = (uint8_t)((r->n + 1) / 2);
    step->head = (uint8_t)(to + f->frame);
    if (step->into != INTO_ITEMS)
        step->has |= UINT64_C(1) << slot;
    return true;
}

/* Where the one slot goes on that must come in that state: its step; else NULL. */
static const struct step *single_step(const struct type *t, const struct state *s)
{
    bool is_single = s->count == 1 && s->end == SCHEMA_NO_CODE && s->text == SCHEMA_NO_CODE;
    return is_single ? t->stage[s - t->state]->step : NULL;
}

/* Bits of a window that a number may take, with its events and its sign. */
static unsigned number_bits(const struct step *number)
{
    return 0u + number->head + (number->op == STEP_SIGNED) + number->wide + number->tail;
}

/* The number behind a run, if it fits. */
static void add_number(struct run *run, struct step *step, const struct step *then, unsigned bits)
{
    bool is_number = then->op == STEP_SIGNED || then->op == STEP_UNSIGNED;
    if (!is_number || then->slot != step->slot + run->n ||
        step->head + number_bits(then) > WINDOW_BITS)
        return;
    run->then = then;
    run->zeros |= bits_between(step->head, step->head + bits);
    step->has |= then->has;
    step->next = then->next;
    step->ends = then->ends;
}

/* The values from slot on that follow without a choice, as far as a window holds them. Steps behind
 * it are filled already. */
static int add_run(struct grammar *g, struct arena *a, const struct state *s, unsigned slot,
                   struct step *step)
{
    const struct type *t = g->type;
    union making made;
    memset(&made.run, 0, sizeof made.run);
    bool is_choice = single_step(t, s) == NULL;
    while (add_leaf(&made.run, step, &t->field[slot], slot, s->bits, is_choice)) {
        s = &t->state[t->field[slot].after];
        step->next = t->stage[s - t->state];
        const struct step *then = single_step(t, s);
        if (then == NULL || step->into != INTO_SLOT || then->into != INTO_SLOT)
            break;
        add_number(&made.run, step, then, s->bits);
        if (then->op != STEP_RUN || then->slot != slot + 1)
            break;
        slot = then->slot;
        is_choice = false;
    }
    bool can_end = made.run.then == NULL && step->into != INTO_LIST && step->into != INTO_NEW_LIST;
    if (can_end && step->next->is_end && step->head < WINDOW_BITS) {
        made.run.zeros |= bits_between(step->head, step->head + 1u);
        step->head++;
        step->ends = true;
    }
    made.run.checked |= made.run.zeros;
    made.run.has = step->has;
    made.run.bits = step->tail = step->head;
    size_t size = sizeof made.run + made.run.pairs * sizeof made.run.leaves[0];
    struct run *run = arena_alloc(a, size);
    if (run == NULL)
        return err_set(g->e, "out of memory");
    memcpy(run, &made, size);
    step->of.run = run;
    return 0;
}

static enum step_into place_of(const struct type *t, const struct state *s, const struct field *f)
{
    if (t->is_open && !f->is_attribute)
        return INTO_ITEMS;
    if (!f->is_list)
        return INTO_SLOT;
    bool again = s == &t->state[f->after] || s == &t->state[f->below];
    return again ? INTO_LIST : INTO_NEW_LIST;
}

/* Bits of the longest groups of 7 bits that a value within the limits has, as a window is to show
 * them. */
static uint8_t wide_of(const struct field *f)
{
    uint64_t hi = (uint64_t)f->hi, lo = f->lo < 0 ? ~(uint64_t)f->lo : 0, most = hi > lo ? hi : lo;
    unsigned wide = 8;
    while ((most >>= 7) != 0)
        wide += 8;
    return (uint8_t)(wide < WIDE_MAX ? wide : WIDE_MAX);
}

static int fill_step(struct grammar *g, struct arena *a, const struct state *s, unsigned slot,
                     struct step *step)
{
    static const uint8_t OP[] = {
        /* ORDER KIND */
        STEP_RUN,    STEP_RUN,    STEP_RUN,  STEP_UNSIGNED, STEP_SIGNED, STEP_BIG,    STEP_STRING,
        STEP_OCTETS, STEP_OCTETS, STEP_NODE, STEP_RARE,     STEP_RARE,   STEP_STRING,
    };
    const struct type *t = g->type;
    const struct field *f = &t->field[slot];
    step->op = OP[f->kind];
    if (f->kind == KIND_NODE && f->type->is_abstract)
        step->op = STEP_RARE;
    step->slot = (uint8_t)slot;
    step->into = (uint8_t)place_of(t, s, f);
    step->next = t->stage[f->after];
    step->min = f->min;
    step->room = f->max - f->min;
    if (step->op == STEP_RUN && f->frame == 0 && single_step(t, s) == NULL)
        step->op = STEP_RARE; /* no bit before the value is sure to be 0, for add_leaf's carry */
    if (step->op == STEP_RUN) {
        if (step->into != INTO_SLOT)
            step->op = STEP_FIXED;
        return add_run(g, a, s, slot, step);
    }
    bool is_list = step->into == INTO_LIST || step->into == INTO_NEW_LIST;
    step->has = step->into == INTO_ITEMS ? 0 : UINT64_C(1) << slot;
    step->head = s->bits;
    step->ends = !is_list && step->next->is_end;
    if (step->op == STEP_NODE) {
        step->of.type = f->type;
        return 0;
    }
    step->before = bits_between(s->bits, s->bits + f->frame);
    step->head = (uint8_t)(s->bits + f->frame);
    step->tail = (uint8_t)(f->frame + step->ends);
    step->after = bits_between(0, step->tail);
    step->lo = f->lo;
    step->most = (uint64_t)f->hi - (uint64_t)f->lo;
    step->wide = wide_of(f);
    step->plus = step->op == STEP_STRING ? 2 : 0;
    return 0;
}

static int fill_steps(struct grammar *g, struct arena *a, const struct state *s,
                      struct stage *stage)
{
    const struct type *t = g->type;
    for (unsigned i = 0; i < s->count; i++) {
        struct step *step = &stage->step[i];
        if (fill_step(g, a, s, t->slots[s->first + i], step) != 0)
            return -1;
        if (step->head > 0)
            step->lead = (uint64_t)i << (step->head - s->bits);
    }
    if (s->text != SCHEMA_NO_CODE)
        stage->step[s->text] = (struct step){.op = STEP_STRING,
                                             .into = INTO_ITEMS,
                                             .slot = (uint8_t)t->fields,
                                             .plus = 2,
                                             .lead = s->text,
                                             .head = s->bits,
                                             .most = INT64_MAX,
                                             .next = t->stage[s->after_text]};
    return 0;
}

static void fill_codes(const struct type *t, const struct state *s, uint8_t *code)
{
    memset(code, SCHEMA_NO_CODE, t->fields);
    for (unsigned i = 0; i < s->count; i++)
        code[t->slots[s->first + i]] = (uint8_t)i;
    code[t->fields] = s->text;
}

/* The run that is all of the type. */
static const struct run *flat_run(const struct type *t)
{
    const struct step *step = single_step(t, &t->state[0]);
    return step != NULL && step->op == STEP_RUN && step->ends ? step->of.run : NULL;
}

static int fill_stages(struct grammar *g, struct arena *a)
{
    struct type *t = g->type;
    struct stage **made = arena_alloc(a, t->states * sizeof *made);
    uint8_t *codes = arena_alloc(a, t->states * (t->fields + 1u));
    if (made == NULL || codes == NULL)
        return err_set(g->e, "out of memory");
    t->stage = (const struct stage **)(void *)made;
    for (unsigned i = 0; i < t->states; i++, codes += t->fields + 1) {
        const struct state *s = &t->state[i];
        uint8_t bits = s->bits > 0 ? s->bits : 1; /* 0: a dead end, which the steps refuse */
        size_t size = sizeof *made[i] + (sizeof made[i]->step[0] << bits);
        if ((made[i] = arena_alloc(a, size)) == NULL)
            return err_set(g->e, "out of memory");
        memset(made[i], 0, size);
        made[i]->code = codes;
        made[i]->bits = bits;
        made[i]->shift = (uint8_t)(64 - bits);
        made[i]->end = s->end;
        made[i]->is_end = can_only_end(s);
        made[i]->is_open = t->is_open;
        fill_codes(t, s, codes);
    }
    for (unsigned i = t->states; i-- > 0;) /* backwards: runs look at what follows */
        if (fill_steps(g, a, &t->state[i], made[i]) != 0)
            return -1;
    t->start = t->stage[0];
    t->flat = flat_run(t);
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
    if (e->set || fill_states(&g, a, all.last, all.empty) != 0)
        return -1;
    return fill_stages(&g, a);
}

/* Where a step goes on in a child. A child of one run becomes part of the step, if the window that
 * shows the code is sure to show all of it. */
static void join_step(struct step *step)
{
    if (step->op != STEP_NODE)
        return;
    step->start = step->of.type->start;
    const struct run *flat = step->of.type->flat;
    if (flat == NULL)
        return;
    unsigned bits = 0u + step->head + flat->bits + step->ends;
    if (bits + (flat->then == NULL ? 0 : number_bits(flat->then)) > WINDOW_BITS)
        return;
    step->op = STEP_FLAT;
    step->flat = flat;
    step->tail = (uint8_t)(step->head + flat->bits);
    step->lead <<= flat->bits;
    step->plus = step->ends;
}

void grammar_join(struct type *t)
{
    struct stage **stage = (struct stage **)(uintptr_t)t->stage;
    for (unsigned i = 0; i < t->states; i++)
        for (unsigned k = 0; k >> stage[i]->bits == 0; k++)
            join_step(&stage[i]->step[k]);
}
