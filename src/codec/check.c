/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/check.h"

#include "codec/limits.h"
#include "codec/octets.h"

#include <stdio.h>
#include <string.h>

struct checker {
    check_report report;
    void *context;
    unsigned found, depth;
    const char *name[MESSAGE_DEPTH_MAX + 2]; /* of the elements that are open */
    char what[200];                          /* is wrong with what is looked at */
};

static void found(struct checker *c, const struct field *f, const char *what)
{
    char path[512];
    size_t used = 0;
    c->found++;
    path[0] = '\0';
    for (unsigned i = 0; i < c->depth && used < sizeof path; i++)
        used += (size_t)snprintf(path + used, sizeof path - used, "%s/", c->name[i]);
    const char *name = f->is_content ? "content" : f->name;
    if (used < sizeof path)
        snprintf(path + used, sizeof path - used, "%s%s", f->is_attribute ? "@" : "", name);
    c->report(c->context, path, what);
}

static void check_node(struct checker *c, const struct field *f, const struct node *n);

static void check_value(struct checker *c, const struct field *f, union value v)
{
    if (f->kind == KIND_NODE)
        check_node(c, f, v.n);
    else if (f->kind == KIND_ANY && v.any->known != NULL)
        check_value(c, &v.any->known->as, v.any->v);
    else if (limits_broken(f, v, c->what, sizeof c->what))
        found(c, f, c->what);
}

static bool has_alternative(const struct node *n, uint8_t choice)
{
    for (unsigned i = 0; i < n->type->fields; i++)
        if (node_has(n, i) && n->type->field[i].choice == choice)
            return true;
    return false;
}

static void check_absent(struct checker *c, const struct node *n, const struct field *f)
{
    if (!f->is_mandatory || (f->octets != NULL && f->octets->when >= 0))
        return;
    if (f->choice == 0)
        found(c, f, "is absent; it is mandatory");
    else if (f->is_default && !has_alternative(n, f->choice))
        found(c, f, "is absent, and so are its alternatives; one of them is mandatory");
}

static void check_slot(struct checker *c, const struct node *n, unsigned slot)
{
    const struct field *f = &n->type->field[slot];
    if (f->octets != NULL && octets_rule_broken(n, slot, c->what, sizeof c->what))
        found(c, f, c->what);
    if (!node_has(n, slot)) {
        check_absent(c, n, f);
        return;
    }
    if (!f->is_list) {
        check_value(c, f, n->v[slot]);
        return;
    }
    const struct list *l = n->v[slot].l;
    for (uint32_t i = 0; i < l->n; i++)
        check_value(c, f, l->v[i]);
    if (l->n >= f->min && l->n <= f->max)
        return;
    snprintf(c->what, sizeof c->what, "%u entries; expected %u..%u", l->n, f->min, f->max);
    found(c, f, c->what);
}

static void check_items(struct checker *c, const struct field *f, const struct node *n)
{
    const struct items *items = node_items(n);
    for (uint32_t i = 0; items != NULL && i < items->n; i++)
        if (items->at[i].slot < n->type->fields)
            check_value(c, &n->type->field[items->at[i].slot], items->at[i].v);
    if (n->type->state[node_state(n)].end == SCHEMA_NO_CODE)
        found(c, f, "its content is not complete");
}

static void check_node(struct checker *c, const struct field *f, const struct node *n)
{
    if (c->depth >= MESSAGE_DEPTH_MAX)
        return;
    if (n->type->is_abstract) {
        snprintf(c->what, sizeof c->what, MESSAGE_ABSTRACT, n->type->name);
        found(c, f, c->what);
    }
    c->name[c->depth++] = f->name;
    unsigned slots = n->type->is_open ? n->type->attributes : n->type->fields;
    for (uint64_t i = n->has | n->type->watched; i != 0; i &= i - 1)
        if ((unsigned)__builtin_ctzll(i) < slots)
            check_slot(c, n, (unsigned)__builtin_ctzll(i));
    if (n->type->is_open)
        check_items(c, f, n);
    c->depth--;
}

unsigned message_check(const struct message *m, check_report report, void *context)
{
    struct checker c;
    c.report = report;
    c.context = context;
    c.found = c.depth = 0;
    if (m->as != NULL)
        check_value(&c, m->as, m->v);
    return c.found;
}
