/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/exi_stage.h"

#include <string.h>

#define WINDOW_BITS 57 /* what 8 octets show at once from any bit of the first on */
#define WIDE_MAX 40    /* of the groups of a number that are read from a window */
#define RUN_MAX 18
#define CACHE_LINE 64 /* steps that begin with one decode a twentieth faster */

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
static int add_run(struct arena *a, const struct type *t, const struct state *s, unsigned slot,
                   struct step *step)
{
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
        return -1;
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

static int fill_step(struct arena *a, const struct type *t, const struct state *s, unsigned slot,
                     struct step *step)
{
    static const uint8_t OP[] = {
        /* ORDER KIND */
        STEP_RUN,    STEP_RUN,    STEP_RUN,  STEP_UNSIGNED, STEP_SIGNED, STEP_BIG,    STEP_STRING,
        STEP_OCTETS, STEP_OCTETS, STEP_NODE, STEP_RARE,     STEP_RARE,   STEP_STRING,
    };
    const struct field *f = &t->field[slot];
    step->op = OP[f->kind];
    if (step->op == STEP_STRING && f->simple != NULL && f->simple->is_name)
        step->op = STEP_NAME;
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
        return add_run(a, t, s, slot, step);
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
    step->plus = step->op == STEP_STRING || step->op == STEP_NAME ? 2 : 0;
    return 0;
}

static int fill_steps(struct arena *a, const struct type *t, const struct state *s,
                      struct stage *stage)
{
    for (unsigned i = 0; i < s->count; i++) {
        struct step *step = &stage->step[i];
        if (fill_step(a, t, s, t->slots[s->first + i], step) != 0)
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

static int fill_stages(struct arena *a, struct type *t)
{
    struct stage **made = arena_alloc(a, t->states * sizeof *made);
    uint8_t *codes = arena_alloc(a, t->states * (t->fields + 1u));
    if (made == NULL || codes == NULL)
        return -1;
    t->stage = (const struct stage **)(void *)made;
    for (unsigned i = 0; i < t->states; i++, codes += t->fields + 1) {
        const struct state *s = &t->state[i];
        uint8_t bits = s->bits > 0 ? s->bits : 1; /* 0: a dead end, which the steps refuse */
        size_t size = sizeof *made[i] + (sizeof made[i]->step[0] << bits);
        uint8_t *room = arena_alloc(a, size + CACHE_LINE);
        if (room == NULL)
            return -1;
        room += -(uintptr_t)(room + sizeof *made[i]) % CACHE_LINE; /* where the first step begins */
        made[i] = (struct stage *)(void *)room;
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
        if (fill_steps(a, t, &t->state[i], made[i]) != 0)
            return -1;
    return 0;
}

/* Where a step goes on in a child. A child of one run becomes part of the step, if the window that
 * shows the code is sure to show all of it. */
static void join_step(struct step *step)
{
    if (step->op != STEP_NODE)
        return;
    step->start = step->of.type->stage[0];
    const struct run *flat = flat_run(step->of.type);
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

static void join_steps(struct type *t)
{
    struct stage **stage = (struct stage **)(uintptr_t)t->stage;
    for (unsigned i = 0; i < t->states; i++)
        for (unsigned k = 0; k >> stage[i]->bits == 0; k++)
            join_step(&stage[i]->step[k]);
}

/* Types refer to each other: all have their stages before any is joined. */
static int make_stages(struct schema *s)
{
    struct type *const *type = (struct type *const *)(uintptr_t)s->type;
    for (unsigned i = 0; i < s->types; i++)
        if (fill_stages(&s->arena, type[i]) != 0)
            return -1;
    for (unsigned i = 0; i < s->types; i++)
        join_steps(type[i]);
    return 0;
}

int exi_stage_make(const struct schema *s, struct err *e)
{
    struct schema *set = (struct schema *)(uintptr_t)s;
    int bad = 0;
    pthread_mutex_lock(&set->adding);
    if (!s->is_staged && (bad = make_stages(set)) == 0)
        __atomic_store_n(&set->is_staged, true, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&set->adding);
    return bad != 0 ? err_set(e, "out of memory") : 0;
}
