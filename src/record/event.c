/* SPDX-License-Identifier: Apache-2.0 */
#include "record/event.h"

#include <string.h>

void event_take_message(struct event *e, const struct message *m)
{
    static const char CODE[] = "ResponseCode";
    struct named named = message_named(m);
    e->message = m;
    e->name = named.name == NULL ? "" : named.name;
    const struct node *n = named.node;
    int slot = n == NULL ? -1 : type_slot(n->type, CODE, sizeof CODE - 1);
    if (slot < 0 || n->type->is_open || !node_has(n, (unsigned)slot))
        return;
    const struct field *f = &n->type->field[slot];
    if (f->kind != KIND_ENUM || n->v[slot].u >= f->simple->members)
        return;
    e->code = f->simple->member[n->v[slot].u];
    /* FAILED_SequenceError, Failed_NoNegotiation: all editions have it so */
    e->is_failed = strncmp(e->code, "FAILED", 6) == 0 || strncmp(e->code, "Failed", 6) == 0;
}

bool event_is_of_wire(enum event_kind kind)
{
    return kind == EVENT_FRAME || kind == EVENT_BYTES || kind == EVENT_CONNECT ||
           kind == EVENT_CLOSE || kind == EVENT_WIRE || kind == EVENT_SECRET;
}
