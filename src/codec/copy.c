/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/copy.h"

#include <string.h>

struct copier {
    const struct schema *schema;
    struct arena *to;
    struct err *e;
};

static int copy_value(struct copier *c, const struct field *f, union value from, union value *to,
                      unsigned depth);

static struct bytes *copy_bytes(struct copier *c, const struct bytes *b)
{
    struct bytes *made = bytes_new(c->to, b->p, b->n);
    if (made == NULL)
        node_no_memory(c->e);
    return made;
}

static const char *copy_text(struct copier *c, const char *text)
{
    const char *made = text == NULL ? NULL : arena_text(c->to, text, strlen(text));
    if (made == NULL && text != NULL)
        node_no_memory(c->e);
    return made;
}

/* The description of a wildcard's element is the schema's, or (in relaxed fragments) the message's
 * own. */
static const struct element *copy_known(struct copier *c, const struct element *known)
{
    if (known == NULL ||
        (known->code < c->schema->elements && c->schema->element[known->code] == known))
        return known;
    struct element *made = arena_alloc(c->to, sizeof *made);
    if (made == NULL)
        node_no_memory(c->e);
    else
        *made = *known;
    return made;
}

static struct any_part *copy_part(struct copier *c, const struct any_part *from, unsigned depth);

static struct any *copy_any(struct copier *c, const struct any *from, unsigned depth)
{
    struct any *made = arena_alloc(c->to, sizeof *made);
    if (made == NULL || depth >= MESSAGE_DEPTH_MAX) {
        (void)(made == NULL ? node_no_memory(c->e) : node_too_deep(c->e));
        return NULL;
    }
    *made = *from;
    made->uri = copy_text(c, from->uri);
    made->name = copy_text(c, from->name);
    made->known = copy_known(c, from->known);
    made->first = made->last = NULL;
    if (from->known != NULL && copy_value(c, &from->known->as, from->v, &made->v, depth + 1) != 0)
        return NULL;
    for (const struct any_part *p = from->first; p != NULL && !c->e->set; p = p->next) {
        struct any_part *part = copy_part(c, p, depth);
        if (part != NULL)
            any_add(made, part);
    }
    return c->e->set ? NULL : made;
}

static struct any_part *copy_part(struct copier *c, const struct any_part *from, unsigned depth)
{
    struct any_part *made = arena_alloc(c->to, sizeof *made);
    if (made == NULL) {
        node_no_memory(c->e);
        return NULL;
    }
    *made = (struct any_part){.what = from->what};
    made->uri = copy_text(c, from->uri);
    made->name = copy_text(c, from->name);
    made->text = from->text == NULL ? NULL : copy_bytes(c, from->text);
    made->element = from->element == NULL ? NULL : copy_any(c, from->element, depth + 1);
    return made;
}

static struct list *copy_list(struct copier *c, const struct field *f, const struct list *from,
                              unsigned depth)
{
    uint32_t cap = from->n == 0 ? 1 : from->n;
    struct list *made = arena_alloc(c->to, sizeof *made + cap * sizeof made->v[0]);
    if (made == NULL) {
        node_no_memory(c->e);
        return NULL;
    }
    made->n = from->n;
    made->cap = cap;
    for (uint32_t i = 0; i < from->n; i++)
        if (copy_value(c, f, from->v[i], &made->v[i], depth) != 0)
            return NULL;
    return made;
}

static struct items *copy_items(struct copier *c, const struct type *t, const struct items *from,
                                unsigned depth)
{
    uint32_t cap = from->n == 0 ? 1 : from->n;
    struct items *made = arena_alloc(c->to, sizeof *made + cap * sizeof made->at[0]);
    if (made == NULL) {
        node_no_memory(c->e);
        return NULL;
    }
    static const struct field text = {.kind = KIND_TEXT, .name = ""};
    made->n = from->n;
    made->cap = cap;
    for (uint32_t i = 0; i < from->n; i++) {
        unsigned slot = from->at[i].slot;
        made->at[i].slot = from->at[i].slot;
        if (copy_value(c, slot < t->fields ? &t->field[slot] : &text, from->at[i].v, &made->at[i].v,
                       depth) != 0)
            return NULL;
    }
    return made;
}

static struct node *copy_node(struct copier *c, const struct node *from, unsigned depth)
{
    const struct type *t = from->type;
    struct node *made = node_new(c->to, t);
    if (made == NULL || depth >= MESSAGE_DEPTH_MAX) {
        (void)(made == NULL ? node_no_memory(c->e) : node_too_deep(c->e));
        return NULL;
    }
    memcpy(made, from, t->node_size);
    for (uint64_t left = from->has & t->distant; left != 0; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left);
        const struct field *f = &t->field[i];
        if (f->is_list)
            made->v[i].l = copy_list(c, f, from->v[i].l, depth);
        else
            copy_value(c, f, from->v[i], &made->v[i], depth);
    }
    const struct items *items = node_items(from);
    if (items != NULL)
        made->v[t->fields].items = copy_items(c, t, items, depth);
    return c->e->set ? NULL : made;
}

static int copy_value(struct copier *c, const struct field *f, union value from, union value *to,
                      unsigned depth)
{
    switch ((enum kind)f->kind) {
    case KIND_BOOLEAN:
    case KIND_ENUM:
    case KIND_NBIT:
    case KIND_UNSIGNED:
    case KIND_SIGNED:
    case KIND_ABSTRACT:
        *to = from;
        return 0;
    case KIND_BIG:
    case KIND_STRING:
    case KIND_HEX:
    case KIND_BASE64:
    case KIND_TEXT:
        to->b = copy_bytes(c, from.b);
        return to->b == NULL ? -1 : 0;
    case KIND_NODE:
        to->n = copy_node(c, from.n, depth + 1);
        return to->n == NULL ? -1 : 0;
    case KIND_ANY:
        to->any = copy_any(c, from.any, depth + 1);
        return to->any == NULL ? -1 : 0;
    }
    return -1;
}

static void copy_violations(struct copier *c, const struct violation *from, struct violation **end)
{
    *end = NULL;
    for (; from != NULL && !c->e->set; from = from->next) {
        struct violation *made = arena_alloc(c->to, sizeof *made);
        if (made == NULL) {
            node_no_memory(c->e);
            return;
        }
        *made = (struct violation){.bit = from->bit};
        made->path = copy_text(c, from->path);
        made->what = copy_text(c, from->what);
        *end = made;
        end = &made->next;
    }
}

int message_copy(const struct message *from, struct arena *a, struct message *to, struct err *e)
{
    struct copier c = {from->schema, a, e};
    struct message made = *from;
    if (from->relaxed != NULL)
        made.relaxed = copy_any(&c, from->relaxed, 0);
    else if (from->as != NULL)
        copy_value(&c, from->as, from->v, &made.v, 0);
    copy_violations(&c, from->violations, &made.violations);
    if (from->trailing.n > 0) {
        const char *bytes = arena_text(a, (const char *)from->trailing.p, from->trailing.n);
        made.trailing.p = (const uint8_t *)bytes;
        if (bytes == NULL)
            node_no_memory(e);
    }
    if (e->set)
        return -1;
    *to = made;
    return 0;
}
