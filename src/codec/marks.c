/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/marks.h"

#include "codec/quantity.h"

#define DEPTH 4 /* of what is looked at */

const union value *marked_own(const struct node *n, enum field_mark m, const struct field **f)
{
    if (n == NULL || n->type->is_open || (n->type->marks >> m & 1) == 0)
        return NULL;
    for (unsigned i = 0; i < n->type->fields; i++)
        if (field_is(&n->type->field[i], m) && !n->type->field[i].is_list && node_has(n, i)) {
            *f = &n->type->field[i];
            return &n->v[i];
        }
    return NULL;
}

static const union value *look(const struct node *n, enum field_mark m, const struct field **f,
                               unsigned depth)
{
    const union value *own = marked_own(n, m, f);
    if (own != NULL || n == NULL || n->type->is_open)
        return own;
    for (unsigned i = 0; depth > 0 && i < n->type->fields; i++) {
        const struct field *child = &n->type->field[i];
        if (child->kind != KIND_NODE || child->is_list || !node_has(n, i))
            continue;
        const union value *v = look(n->v[i].n, m, f, depth - 1);
        if (v != NULL)
            return v;
    }
    return NULL;
}

bool marked_number(const struct node *n, enum field_mark m, double *out)
{
    const struct field *f;
    const union value *v = look(n, m, &f, DEPTH);
    if (v == NULL || (f->kind == KIND_NODE && !f->type->is_quantity))
        return false;
    *out = f->kind == KIND_NODE ? quantity_get(v->n) : (double)v->i;
    return true;
}
