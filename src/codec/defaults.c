/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/defaults.h"

#include "codec/quantity.h"
#include "codec/value.h"

#include <stdlib.h>
#include <string.h>

static int complete(struct arena *a, struct node *n, unsigned depth, struct err *e);

/* As many octets 0 as there must be at least. */
static struct bytes *zeros_new(struct arena *a, uint64_t n)
{
    struct bytes *b = n > UINT32_MAX ? NULL : arena_alloc(a, sizeof *b + n);
    if (b == NULL)
        return NULL;
    b->n = (uint32_t)n;
    memset(b->p, 0, n);
    return b;
}

static int simple_default(struct arena *a, const struct field *f, union value *v, struct err *e)
{
    if (f->preset != NULL)
        return value_read(f, f->preset, strlen(f->preset), a, v, e);
    switch ((enum kind)f->kind) {
    case KIND_BOOLEAN:
    case KIND_ENUM:
    case KIND_UNSIGNED:
    case KIND_SIGNED:
    case KIND_NBIT:
        v->i = 0;
        if (f->lo > 0)
            v->i = f->lo;
        else if (f->hi < 0 && !f->simple->is_unsigned)
            v->i = f->hi;
        return 0;
    case KIND_BIG:
        v->b = bytes_new(a, "0", 1);
        break;
    case KIND_STRING:
    case KIND_TEXT:
        v->b =
            f->simple != NULL && f->simple->is_name ? bytes_new(a, "id1", 3) : bytes_new(a, "", 0);
        break;
    case KIND_HEX:
    case KIND_BASE64:
        v->b = zeros_new(a, (uint64_t)f->lo);
        break;
    case KIND_NODE:
    case KIND_ABSTRACT:
    case KIND_ANY:
        return err_set(e, "it has no default of its own");
    }
    return v->b == NULL ? node_no_memory(e) : 0;
}

static int node_default(struct arena *a, const struct field *f, union value *v, unsigned depth,
                        struct err *e)
{
    if (depth >= MESSAGE_DEPTH_MAX)
        return node_too_deep(e);
    v->n = node_new(a, f->type);
    if (v->n == NULL)
        return node_no_memory(e);
    if (complete(a, v->n, depth + 1, e) != 0)
        return -1;
    if (!f->type->is_quantity)
        return 0;
    if (f->preset == NULL)
        return quantity_set_unit(a, v->n, f->unit, e);
    return quantity_set(a, v->n, strtod(f->preset, NULL), f->unit, e);
}

/* Adds the default of slot: present, one more entry, or one more item. */
static int add_default(struct arena *a, struct node *n, unsigned slot, unsigned depth,
                       struct err *e)
{
    const struct field *f = &n->type->field[slot];
    union value v = {.i = 0};
    int bad = f->kind == KIND_NODE ? node_default(a, f, &v, depth, e) : simple_default(a, f, &v, e);
    if (bad != 0) {
        err_under(e, f->name);
        return -1;
    }
    if (n->type->is_open && !f->is_attribute)
        bad = node_add_item(a, n, slot, v);
    else if (f->is_list)
        bad = node_add(a, n, slot, v);
    else
        node_set(n, slot, v);
    return bad != 0 ? node_no_memory(e) : 0;
}

int node_set_default(struct arena *a, struct node *n, unsigned slot, struct err *e)
{
    return add_default(a, n, slot, 0, e);
}

/* ---- is it the default? ---- */

static bool is_same_value(const struct field *f, union value a, union value b);

static bool is_same_list(const struct field *f, const struct list *a, const struct list *b)
{
    for (uint32_t i = 0; i < a->n && i < b->n; i++)
        if (!is_same_value(f, a->v[i], b->v[i]))
            return false;
    return a->n == b->n;
}

static bool is_same_node(const struct node *a, const struct node *b)
{
    if (a->type != b->type || a->has != b->has || a->type->is_open)
        return false;
    for (unsigned i = 0; i < a->type->fields; i++) {
        const struct field *f = &a->type->field[i];
        if (node_has(a, i) && !(f->is_list ? is_same_list(f, a->v[i].l, b->v[i].l)
                                           : is_same_value(f, a->v[i], b->v[i])))
            return false;
    }
    return true;
}

static bool is_same_value(const struct field *f, union value a, union value b)
{
    switch ((enum kind)f->kind) {
    case KIND_BOOLEAN:
    case KIND_ENUM:
    case KIND_UNSIGNED:
    case KIND_SIGNED:
    case KIND_NBIT:
        return a.i == b.i;
    case KIND_BIG:
    case KIND_STRING:
    case KIND_TEXT:
    case KIND_HEX:
    case KIND_BASE64:
        return a.b->n == b.b->n && memcmp(a.b->p, b.b->p, a.b->n) == 0;
    case KIND_NODE:
        return is_same_node(a.n, b.n);
    case KIND_ABSTRACT:
    case KIND_ANY:
        return false;
    }
    return false;
}

bool node_is_default(const struct node *n, unsigned slot)
{
    struct arena a;
    struct err ignored = ERR_INIT;
    arena_open(&a, NULL, 0, 1u << 20);
    struct node *fresh = node_new(&a, n->type);
    bool same = fresh != NULL && add_default(&a, fresh, slot, 0, &ignored) == 0 &&
                is_same_value(&n->type->field[slot], n->v[slot], fresh->v[slot]);
    arena_close(&a);
    return same;
}

static bool has_alternative(const struct node *n, uint8_t choice)
{
    for (unsigned i = 0; i < n->type->fields; i++)
        if (node_has(n, i) && n->type->field[i].choice == choice)
            return true;
    return false;
}

static int complete_child(struct arena *a, const struct field *f, union value v, unsigned depth,
                          struct err *e)
{
    if (f->kind != KIND_NODE || complete(a, v.n, depth + 1, e) == 0)
        return 0;
    err_under(e, f->name);
    return -1;
}

static int complete_slot(struct arena *a, struct node *n, unsigned slot, unsigned depth,
                         struct err *e)
{
    const struct field *f = &n->type->field[slot];
    bool has = node_has(n, slot);
    if (!has && !f->is_mandatory)
        return 0;
    if (!has && f->choice != 0 && (!f->is_default || has_alternative(n, f->choice)))
        return 0;
    if (!f->is_list)
        return has ? complete_child(a, f, n->v[slot], depth, e) : add_default(a, n, slot, depth, e);
    uint32_t count = has ? n->v[slot].l->n : 0;
    for (uint32_t i = 0; i < count; i++)
        if (complete_child(a, f, n->v[slot].l->v[i], depth, e) != 0)
            return -1;
    for (; count < f->min; count++)
        if (add_default(a, n, slot, depth, e) != 0)
            return -1;
    return 0;
}

/* The slot by which content that cannot end yet goes on: the first with a default, else the first
 * that can have one; -1 where only wildcards may come. */
static int slot_to_go_on(const struct type *t, const struct state *s)
{
    int best = -1;
    for (unsigned i = 0; i < s->count; i++) {
        unsigned slot = t->slots[s->first + i];
        const struct field *f = &t->field[slot];
        if (f->is_attribute || f->kind == KIND_ANY || f->kind == KIND_ABSTRACT)
            continue;
        if (f->preset != NULL)
            return (int)slot;
        if (best < 0)
            best = (int)slot;
    }
    return best;
}

static int complete_content(struct arena *a, struct node *n, unsigned depth, struct err *e)
{
    const struct type *t = n->type;
    const struct items *items = node_items(n);
    for (uint32_t i = 0; items != NULL && i < items->n; i++)
        if (items->at[i].slot < t->fields &&
            complete_child(a, &t->field[items->at[i].slot], items->at[i].v, depth, e) != 0)
            return -1;
    for (unsigned tries = 0; tries <= t->fields; tries++) {
        const struct state *s = &t->state[node_state(n)];
        int slot = s->end == SCHEMA_NO_CODE ? slot_to_go_on(t, s) : -1;
        if (slot < 0)
            return 0;
        if (add_default(a, n, (unsigned)slot, depth, e) != 0)
            return -1;
    }
    return 0;
}

static int complete(struct arena *a, struct node *n, unsigned depth, struct err *e)
{
    const struct type *t = n->type;
    if (depth >= MESSAGE_DEPTH_MAX)
        return node_too_deep(e);
    unsigned slots = t->is_open ? t->attributes : t->fields;
    for (unsigned i = 0; i < slots; i++)
        if (complete_slot(a, n, i, depth, e) != 0)
            return -1;
    return t->is_open ? complete_content(a, n, depth, e) : 0;
}

int node_complete(struct arena *a, struct node *n, struct err *e)
{
    return complete(a, n, 0, e);
}
