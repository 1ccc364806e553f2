/* SPDX-License-Identifier: Apache-2.0 */
#include "names/place.h"

#include "codec/defaults.h"

struct node *place_base(const struct name *n, const struct message *m)
{
    return n->in_header ? message_header(m) : message_named(m).node;
}

/* Whether the slot's values are items of an open node. */
static bool is_item(const struct place *p)
{
    return p->node->type->is_open && !place_field(p)->is_attribute;
}

/* The index-th item of the slot, or NULL; count: how many there are before it. */
static union value *item_at(const struct place *p, uint32_t *count)
{
    struct items *items = node_items(p->node);
    *count = 0;
    for (uint32_t i = 0; items != NULL && i < items->n; i++) {
        if (items->at[i].slot != p->slot)
            continue;
        if (*count == p->index)
            return &items->at[i].v;
        ++*count;
    }
    return NULL;
}

union value *place_value(const struct place *p)
{
    uint32_t ignored;
    if (is_item(p))
        return item_at(p, &ignored);
    if (!node_has(p->node, p->slot))
        return NULL;
    if (!place_field(p)->is_list)
        return &p->node->v[p->slot];
    struct list *l = p->node->v[p->slot].l;
    return p->index < l->n ? &l->v[p->index] : NULL;
}

uint32_t place_count(const struct place *p)
{
    struct place last = {p->node, p->slot, UINT32_MAX};
    uint32_t count;
    if (is_item(p)) {
        item_at(&last, &count);
        return count;
    }
    if (!node_has(p->node, p->slot))
        return 0;
    return place_field(p)->is_list ? p->node->v[p->slot].l->n : 1;
}

bool place_is_list(const struct place *p)
{
    return place_field(p)->is_list || (is_item(p) && place_count(p) > 1);
}

static int check_count(const struct place *p, uint64_t count, struct err *e)
{
    const struct field *f = place_field(p);
    uint64_t most = is_item(p) || f->max > PLACE_INDEX_MAX + 1 ? PLACE_INDEX_MAX + 1 : f->max;
    if (!is_item(p) && !f->is_list)
        most = 1;
    if (count <= most)
        return 0;
    return err_set(e, "%s cannot have %llu entries; expected %u..%llu (index 0..%llu)", f->name,
                   (unsigned long long)count, is_item(p) ? 0 : f->min, (unsigned long long)most,
                   (unsigned long long)most - 1);
}

int place_add(const struct place *p, struct arena *a, struct err *e)
{
    const struct field *f = place_field(p);
    uint64_t count = (uint64_t)p->index + 1;
    if (check_count(p, count, e) != 0)
        return -1;
    if (f->is_list && !is_item(p) && count < f->min)
        count = f->min;
    for (uint32_t n = place_count(p); n < count; n++)
        if (node_set_default(a, p->node, p->slot, e) != 0)
            return -1;
    return 0;
}

/* Removes the slot's items from the count-th on. */
static void cut_items(struct node *n, unsigned slot, uint32_t count)
{
    struct items *items = node_items(n);
    uint32_t kept = 0, found = 0;
    for (uint32_t i = 0; items != NULL && i < items->n; i++)
        if (items->at[i].slot != slot || found++ < count)
            items->at[kept++] = items->at[i];
    if (items != NULL)
        items->n = kept;
}

int place_resize(const struct place *p, uint32_t count, struct arena *a, struct err *e)
{
    const struct field *f = place_field(p);
    struct place last = {p->node, p->slot, count - 1};
    if (check_count(p, count, e) != 0)
        return -1;
    if (!is_item(p) && count < f->min && (count > 0 || f->is_mandatory))
        return err_set(e, "%s cannot have %u entries; expected %u..%u", f->name, count, f->min,
                       f->max);
    if (is_item(p))
        cut_items(p->node, p->slot, count);
    else if (f->is_list && place_count(p) > count)
        p->node->v[p->slot].l->n = count;
    if (count > 0)
        return place_add(&last, a, e);
    node_remove(p->node, p->slot);
    return 0;
}

void place_remove(const struct place *p)
{
    node_remove(p->node, p->slot);
}

bool place_find(const struct name *n, unsigned steps, struct node *base, const uint32_t *index,
                struct place *p)
{
    unsigned lists = 0;
    for (unsigned i = 0; i < steps; i++) {
        *p = place_of_step(n, i, base, index, &lists);
        if (i + 1 == steps)
            return true;
        union value *v = place_value(p);
        if (v == NULL)
            return false;
        base = v->n;
    }
    return true;
}

int place_make(const struct name *n, unsigned steps, struct node *base, const uint32_t *index,
               struct arena *a, struct place *p, struct err *e)
{
    unsigned lists = 0;
    for (unsigned i = 0; i < steps; i++) {
        *p = place_of_step(n, i, base, index, &lists);
        if (place_value(p) == NULL && place_add(p, a, e) != 0)
            return -1;
        if (i + 1 < steps)
            base = place_value(p)->n;
    }
    return 0;
}
