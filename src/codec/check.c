/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/check.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

struct checker {
    check_report report;
    void *context;
    unsigned found, depth;
    const char *name[MESSAGE_DEPTH_MAX + 2]; /* of the elements that are open */
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

static void check_number(struct checker *c, const struct field *f, union value v)
{
    char what[160];
    bool is_unsigned = f->kind == KIND_UNSIGNED || f->simple->is_unsigned;
    bool low = is_unsigned ? v.u < (uint64_t)f->lo : v.i < f->lo;
    bool high = is_unsigned ? v.u > (uint64_t)f->hi : v.i > f->hi;
    if (!low && !high)
        return;
    if (is_unsigned)
        snprintf(what, sizeof what, "%llu is outside %llu..%llu", (unsigned long long)v.u,
                 (unsigned long long)f->lo, (unsigned long long)f->hi);
    else
        snprintf(what, sizeof what, "%lld is outside %lld..%lld", (long long)v.i, (long long)f->lo,
                 (long long)f->hi);
    found(c, f, what);
}

static size_t characters(const struct bytes *b)
{
    size_t n = 0;
    uint32_t character;
    for (size_t i = 0; i < b->n; n++) {
        unsigned size = utf8_length(b->p + i, b->n - i, &character);
        i += size == 0 ? 1 : size;
    }
    return n;
}

static void check_length(struct checker *c, const struct field *f, size_t n, const char *unit)
{
    char what[160];
    if (f->simple == NULL || ((uint64_t)f->lo <= n && n <= (uint64_t)f->hi))
        return;
    if (f->lo == f->hi)
        snprintf(what, sizeof what, "%zu %s; expected %lld", n, unit, (long long)f->lo);
    else if (f->hi == INT64_MAX)
        snprintf(what, sizeof what, "%zu %s; expected %lld at least", n, unit, (long long)f->lo);
    else
        snprintf(what, sizeof what, "%zu %s; expected %lld..%lld", n, unit, (long long)f->lo,
                 (long long)f->hi);
    found(c, f, what);
}

static void check_member(struct checker *c, const struct field *f, union value v)
{
    char what[160];
    if (v.u < f->simple->members)
        return;
    snprintf(what, sizeof what, "code %llu has no member in %s; expected 0..%d",
             (unsigned long long)v.u, f->simple->name, (int)f->simple->members - 1);
    found(c, f, what);
}

static void check_node(struct checker *c, const struct field *f, const struct node *n);

static void check_value(struct checker *c, const struct field *f, union value v)
{
    switch ((enum kind)f->kind) {
    case KIND_ENUM:
        check_member(c, f, v);
        break;
    case KIND_NBIT:
    case KIND_UNSIGNED:
    case KIND_SIGNED:
        check_number(c, f, v);
        break;
    case KIND_STRING:
        check_length(c, f, characters(v.b), "characters");
        break;
    case KIND_HEX:
    case KIND_BASE64:
        check_length(c, f, v.b->n, "octets");
        break;
    case KIND_NODE:
        check_node(c, f, v.n);
        break;
    case KIND_ANY:
        if (v.any->known != NULL)
            check_value(c, &v.any->known->as, v.any->v);
        break;
    case KIND_BOOLEAN:
    case KIND_BIG:
    case KIND_ABSTRACT:
    case KIND_TEXT:
        break;
    }
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
    if (!f->is_mandatory)
        return;
    if (f->choice == 0)
        found(c, f, "is absent; it is mandatory");
    else if (f->is_default && !has_alternative(n, f->choice))
        found(c, f, "is absent, and so are its alternatives; one of them is mandatory");
}

static void check_slot(struct checker *c, const struct node *n, unsigned slot)
{
    const struct field *f = &n->type->field[slot];
    char what[80];
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
    snprintf(what, sizeof what, "%u entries; expected %u..%u", l->n, f->min, f->max);
    found(c, f, what);
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
    char what[160];
    if (c->depth >= MESSAGE_DEPTH_MAX)
        return;
    if (n->type->is_abstract) {
        snprintf(what, sizeof what, MESSAGE_ABSTRACT, n->type->name);
        found(c, f, what);
    }
    c->name[c->depth++] = f->name;
    unsigned slots = n->type->is_open ? n->type->attributes : n->type->fields;
    for (unsigned i = 0; i < slots; i++)
        check_slot(c, n, i);
    if (n->type->is_open)
        check_items(c, f, n);
    c->depth--;
}

unsigned message_check(const struct message *m, check_report report, void *context)
{
    struct checker c = {.report = report, .context = context};
    if (m->as != NULL)
        check_value(&c, m->as, m->v);
    return c.found;
}
