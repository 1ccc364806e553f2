/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/node.h"

#include "base/nearest.h"

#include <stdio.h>
#include <string.h>

#define LIST_FIRST 4 /* entries that a new list has room for */

int node_no_memory(struct err *e)
{
    return err_set(e, "the message is too large: its memory is used up");
}

int node_too_deep(struct err *e)
{
    return err_set(e, "elements are nested too deeply; expected at most %d levels",
                   MESSAGE_DEPTH_MAX);
}

struct bytes *bytes_new(struct arena *a, const void *p, size_t n)
{
    struct bytes *b = n > UINT32_MAX ? NULL : arena_alloc(a, sizeof *b + n);
    if (b == NULL)
        return NULL;
    b->n = (uint32_t)n;
    if (n > 0)
        memcpy(b->p, p, n);
    return b;
}

struct node *node_new(struct arena *a, const struct type *t)
{
    struct node *n = arena_alloc(a, t->node_size);
    if (n == NULL)
        return NULL;
    n->type = t;
    n->has = 0;
    if (t->is_open)
        n->v[t->fields].items = NULL;
    return n;
}

static void remove_alternatives(struct node *n, unsigned slot)
{
    const struct type *t = n->type;
    for (unsigned i = 0; i < t->fields; i++)
        if (i != slot && t->field[i].choice == t->field[slot].choice)
            n->has &= ~(UINT64_C(1) << i);
}

static void mark_present(struct node *n, unsigned slot)
{
    n->has |= UINT64_C(1) << slot;
    if (n->type->field[slot].choice != 0)
        remove_alternatives(n, slot);
}

void node_set(struct node *n, unsigned slot, union value v)
{
    n->v[slot] = v;
    mark_present(n, slot);
}

void node_remove(struct node *n, unsigned slot)
{
    struct items *items = node_items(n);
    if (slot < n->type->fields)
        n->has &= ~(UINT64_C(1) << slot);
    if (items == NULL || slot < n->type->attributes)
        return;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < items->n; i++)
        if (items->at[i].slot != slot)
            items->at[kept++] = items->at[i];
    items->n = kept;
}

int node_add(struct arena *a, struct node *n, unsigned slot, union value v)
{
    struct list *l = node_has(n, slot) ? n->v[slot].l : NULL;
    if (l == NULL || l->n == l->cap) {
        uint32_t cap = l == NULL ? LIST_FIRST : l->cap * 2;
        struct list *larger = arena_alloc(a, sizeof *larger + cap * sizeof larger->v[0]);
        if (larger == NULL)
            return -1;
        larger->n = l == NULL ? 0 : l->n;
        larger->cap = cap;
        if (l != NULL)
            memcpy(larger->v, l->v, l->n * sizeof l->v[0]);
        n->v[slot].l = l = larger;
        mark_present(n, slot);
    }
    l->v[l->n++] = v;
    return 0;
}

int node_add_item(struct arena *a, struct node *n, unsigned slot, union value v)
{
    struct items *l = n->v[n->type->fields].items;
    if (l == NULL || l->n == l->cap) {
        uint32_t cap = l == NULL ? LIST_FIRST : l->cap * 2;
        struct items *larger = arena_alloc(a, sizeof *larger + cap * sizeof larger->at[0]);
        if (larger == NULL)
            return -1;
        larger->n = l == NULL ? 0 : l->n;
        larger->cap = cap;
        if (l != NULL)
            memcpy(larger->at, l->at, l->n * sizeof l->at[0]);
        n->v[n->type->fields].items = l = larger;
    }
    l->at[l->n++] = (struct item){.slot = (uint16_t)slot, .v = v};
    return 0;
}

void any_add(struct any *any, struct any_part *part)
{
    part->next = NULL;
    if (any->last == NULL)
        any->first = part;
    else
        any->last->next = part;
    any->last = part;
}

unsigned type_state_after(const struct type *t, unsigned state, unsigned slot)
{
    return slot == t->fields ? t->state[state].after_text : t->field[slot].after;
}

unsigned node_state(const struct node *n)
{
    const struct type *t = n->type;
    const struct items *items = node_items(n);
    unsigned at = 0;
    for (unsigned i = 0; i < t->attributes; i++)
        if (node_has(n, i))
            at = t->field[i].after;
    for (uint32_t i = 0; items != NULL && i < items->n; i++)
        at = type_state_after(t, at, items->at[i].slot);
    return at;
}

static bool is_called(const struct field *f, const char *name, size_t size, int ns)
{
    if (f->is_attribute || f->is_content || f->kind == KIND_ABSTRACT)
        return false;
    return strncmp(f->name, name, size) == 0 && f->name[size] == '\0' && (ns < 0 || f->ns == ns);
}

int type_open_slot(const struct type *t, unsigned state, const char *name, size_t size, int ns)
{
    const struct state *s = &t->state[state];
    int any = -1;
    for (unsigned i = 0; i < s->count; i++) {
        unsigned slot = t->slots[s->first + i];
        if (is_called(&t->field[slot], name, size, ns))
            return (int)slot;
        if (any < 0 && t->field[slot].kind == KIND_ANY)
            any = (int)slot;
    }
    for (unsigned i = 0; any < 0 && i < t->fields; i++)
        if (is_called(&t->field[i], name, size, ns))
            return (int)i;
    for (unsigned i = 0; any < 0 && i < t->fields; i++)
        if (t->field[i].kind == KIND_ANY)
            any = (int)i;
    return any;
}

const char *type_names(const struct type *t, bool attributes, const char *name, char *text)
{
    size_t used = 0;
    struct nearest best = nearest_of_all(name, strlen(name));
    unsigned to = attributes ? t->attributes : t->fields;
    strcpy(text, "expected none");
    for (unsigned i = attributes ? 0 : t->attributes; i < to; i++) {
        const struct field *f = &t->field[i];
        if (f->is_content || f->kind == KIND_ABSTRACT)
            continue;
        if (f->kind != KIND_ANY)
            nearest_try(&best, f->name);
        if (used < TYPE_NAMES_MAX)
            used += (size_t)snprintf(text + used, TYPE_NAMES_MAX - used, "%s%s",
                                     used > 0 ? ", " : "expected ",
                                     f->kind == KIND_ANY ? "any element" : f->name);
    }
    if (used >= TYPE_NAMES_MAX)
        snprintf(text, TYPE_NAMES_MAX, "the nearest name is %s", best.name);
    return text;
}

struct node_at node_find(const struct node *n, const char *path)
{
    struct node_at at = {NULL, {.i = 0}};
    for (const char *name = path; name != NULL;) {
        const char *end = strchrnul(name, '/');
        size_t size = (size_t)(end - name);
        int slot = n == NULL ? -1 : type_slot(n->type, name, size);
        if (slot < 0 || !node_has(n, (unsigned)slot))
            return (struct node_at){NULL, {.i = 0}};
        at = (struct node_at){&n->type->field[slot], n->v[slot]};
        n = at.field->kind == KIND_NODE && !at.field->is_list ? at.v.n : NULL;
        name = *end == '\0' ? NULL : end + 1;
    }
    return at;
}

struct node *node_child(const struct node *n, const char *path)
{
    struct node_at at = node_find(n, path);
    bool has = at.field != NULL && at.field->kind == KIND_NODE && !at.field->is_list;
    return has ? at.v.n : NULL;
}

struct bytes *node_bytes(const struct node *n, const char *path)
{
    struct node_at at = node_find(n, path);
    bool has = at.field != NULL && !at.field->is_list && at.field->kind >= KIND_STRING &&
               at.field->kind <= KIND_BASE64;
    return has ? at.v.b : NULL;
}
