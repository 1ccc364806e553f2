/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/glance.h"

/* The slot of the child of that name that occurs once; -1: there is none. */
static int slot_of_child(const struct type *t, const char *name)
{
    int slot = type_slot_of(t, name);
    const struct field *f = slot < 0 ? NULL : &t->field[slot];
    return f == NULL || f->kind != KIND_NODE || f->is_list ? -1 : slot;
}

static bool is_distant(const struct field *f)
{
    return f->is_list || (f->kind > KIND_SIGNED && f->kind != KIND_ABSTRACT);
}

void glance_type(struct type *t)
{
    for (unsigned i = 0; i < t->fields; i++) {
        t->marks |= t->field[i].marks;
        t->watched |= (uint64_t)t->field[i].is_mandatory << i;
        t->distant |= (uint64_t)is_distant(&t->field[i]) << i;
    }
    t->header = (int8_t)slot_of_child(t, "Header");
    t->multiplier = (int8_t)type_slot_of(t, "Multiplier");
    if (t->multiplier < 0)
        t->multiplier = (int8_t)type_slot_of(t, "Exponent");
    t->unit = (int8_t)type_slot_of(t, "Unit");
    t->value = (int8_t)type_slot_of(t, "Value");
}

int glance_set(struct schema *s)
{
    bool has_children = s->root != NULL && s->root->as.kind == KIND_NODE;
    s->body_slot = has_children ? slot_of_child(s->root->as.type, "Body") : -1;
    if (s->body_slot < 0)
        return 0;
    const struct type *t = s->root->as.type->field[s->body_slot].type;
    s->body = arena_alloc(&s->arena, t->fields * sizeof(const struct element *));
    if (s->body == NULL)
        return -1;
    for (unsigned i = 0; i < t->fields; i++)
        s->body[i] = schema_message(s, t->field[i].name);
    return 0;
}
