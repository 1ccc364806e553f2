/* SPDX-License-Identifier: Apache-2.0 */
#include "record/event.h"

#include <string.h>

void event_take_message(struct event *e, const struct message *m)
{
    struct named named = message_named(m);
    e->message = m;
    e->name = named.name == NULL ? "" : named.name;
    struct node_at at = node_find(named.node, "ResponseCode");
    if (at.field == NULL || at.field->kind != KIND_ENUM || at.v.u >= at.field->simple->members)
        return;
    e->code = at.field->simple->member[at.v.u];
    /* FAILED_SequenceError, Failed_NoNegotiation: all editions have it so */
    e->is_failed = strncmp(e->code, "FAILED", 6) == 0 || strncmp(e->code, "Failed", 6) == 0;
}

bool event_is_of_wire(enum event_kind kind)
{
    return kind == EVENT_FRAME || kind == EVENT_BYTES || kind == EVENT_CONNECT ||
           kind == EVENT_CLOSE || kind == EVENT_WIRE || kind == EVENT_SECRET;
}
