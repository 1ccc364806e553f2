/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/element.h"

#include "codec/copy.h"
#include "names/place.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const uint32_t ELEMENT_FIRST[NAME_STEPS];

/* ---- places ---- */

bool element_same(const struct name *a, const struct name *b, unsigned steps)
{
    if (a->in_header != b->in_header || a->steps < steps || b->steps < steps)
        return false;
    for (unsigned i = 0; i < steps; i++)
        if (a->step[i].slot != b->step[i].slot)
            return false;
    return true;
}

/* The node type that the steps of n begin at; NULL where the message has no header. */
const struct type *element_base(const struct reference *r, const struct name *n)
{
    const struct node *base = place_base(n, &r->fresh);
    return base != NULL ? base->type : NULL;
}

/* The type that the last step of n is a slot of; NULL for the message itself. */
const struct type *element_owner(const struct reference *r, const struct name *n)
{
    const struct type *t = n->steps > 0 ? element_base(r, n) : NULL;
    for (unsigned i = 0; t != NULL && i + 1 < n->steps; i++)
        t = t->field[n->step[i].slot].type;
    return t;
}

bool element_is_header(const struct reference_entry *entry)
{
    const struct name *n = &entry->name;
    const struct type *t = n->message->as.type;
    return n->in_header || (n->steps > 0 && n->step[0].slot < t->fields &&
                            strcmp(t->field[n->step[0].slot].name, "Header") == 0);
}

/* ---- values ---- */

/* What a fresh message holds there; NULL where it is absent. */
const union value *element_fresh(const struct reference *r, const struct name *n)
{
    struct node *base = place_base(n, &r->fresh);
    struct place p;
    if (base == NULL || n->steps == 0 || !place_find(n, n->steps, base, ELEMENT_FIRST, &p))
        return NULL;
    return place_value(&p);
}

/* What stands there once it has been made present. */
const union value *element_made(struct reference *r, const struct name *n)
{
    struct err ignored = ERR_INIT;
    struct message copy;
    struct place p;
    if (message_copy(&r->fresh, &r->arena, &copy, &ignored) != 0)
        return NULL;
    struct node *base = place_base(n, &copy);
    if (base == NULL || n->steps == 0 ||
        place_make(n, n->steps, base, ELEMENT_FIRST, &r->arena, &p, &ignored) != 0)
        return NULL;
    return place_value(&p);
}

bool element_is_simple(const struct name *n)
{
    return n->target == NAME_LEAF || n->target == NAME_QUANTITY;
}

uint32_t element_count(const struct reference *r, const struct name *n)
{
    struct node *base = place_base(n, &r->fresh);
    struct place p;
    if (base == NULL || !place_find(n, n->steps, base, ELEMENT_FIRST, &p))
        return 0;
    return place_count(&p);
}

/* A value for n as Lua writes it, for examples. */
void element_add_value(struct reference *r, const struct name *n, const union value *v,
                       struct buf *out)
{
    uint32_t count = n->target == NAME_COUNT ? element_count(r, n) : 0;
    if (n->target == NAME_COUNT && count == 0)
        count = n->field->min > 1 ? n->field->min : 1;
    switch (n->target) {
    case NAME_COUNT:
        buf_printf(out, "%u", count);
        break;
    case NAME_SPECIFIED:
        buf_text(out, "true");
        break;
    case NAME_LEAF:
    case NAME_QUANTITY:
        if (v != NULL)
            wording_value(n->field, *v, out);
        else
            buf_text(out, "nil");
        break;
    case NAME_NODE:
        buf_text(out, "{}");
        break;
    case NAME_MESSAGE:
        break;
    }
}

/* ---- names of parameters and variables ---- */

/* The name that the value of n has as a parameter, wherever a function takes it. */
const char *element_parameter(const struct reference *r, const struct name *n)
{
    for (unsigned i = 0; i < r->n; i++) {
        const struct reference_entry *other = &r->entry[i];
        if (other->parameter[0] != '\0' && other->name.target == n->target &&
            other->name.steps == n->steps && element_same(&other->name, n, n->steps))
            return other->parameter;
    }
    return n->target == NAME_COUNT ? "count" : n->target == NAME_SPECIFIED ? "isSpecified" : "";
}

/* Whether another value of the message has the same parameter name. */
static bool is_ambiguous(const struct reference *r, const struct name *n, const char *parameter)
{
    for (unsigned i = 0; i < r->n; i++) {
        const struct name *other = &r->entry[i].name;
        if (other->target == n->target && other->in_header == n->in_header &&
            strcmp(r->entry[i].parameter, parameter) == 0 &&
            !(other->steps == n->steps && element_same(other, n, n->steps)))
            return true;
    }
    return false;
}

/* The name of a variable for the value of n: that of the parameter, behind the element's around it
 * where the parameter alone does not tell which it is. */
void element_variable(const struct reference *r, const struct name *n, char out[ELEMENT_WORD])
{
    const struct type *owner = element_owner(r, n);
    const char *parameter = element_parameter(r, n), *around = NULL;
    char start[ELEMENT_WORD];
    if (n->steps >= 2 && (owner->is_quantity || is_ambiguous(r, n, parameter))) {
        const struct type *t = element_base(r, n);
        for (unsigned i = 0; i + 1 < n->steps; i++) {
            around = t->field[n->step[i].slot].name;
            t = t->field[n->step[i].slot].type;
        }
    }
    const char *own = parameter;
    if (n->target == NAME_COUNT || n->target == NAME_SPECIFIED || own[0] == '\0') {
        around = n->field != NULL ? n->field->name : "value";
        own = n->target == NAME_COUNT ? "Count" : n->target == NAME_SPECIFIED ? "Specified" : "";
    }
    if (around == NULL) {
        snprintf(out, ELEMENT_WORD, "%s", own);
        return;
    }
    name_parameter(around, start, sizeof start);
    snprintf(out, ELEMENT_WORD, "%.90s%.60s", start, own);
    out[strnlen(start, 90)] = (char)toupper((unsigned char)out[strnlen(start, 90)]);
}

/* ---- children of an entry ---- */

/* The child at `slot` of an entry of the list n, as a name of its own. */
struct name element_child(const struct name *n, unsigned slot)
{
    struct name child = *n;
    const struct field *field = &n->field->type->field[slot];
    child.field = field;
    child.target = field->kind != KIND_NODE   ? NAME_LEAF
                   : field->type->is_quantity ? NAME_QUANTITY
                                              : NAME_NODE;
    if (child.steps < NAME_STEPS)
        child.step[child.steps++] = (struct name_step){(uint16_t)slot, false};
    return child;
}

bool element_has_value(const struct field *f)
{
    return f->kind != KIND_ABSTRACT && f->kind != KIND_ANY;
}
