/* SPDX-License-Identifier: Apache-2.0 */
#include "record/event.h"

#include "codec/marks.h"
#include "wire/ether.h"
#include "wire/v2gtp.h"

#include <string.h>

/* ORDER EVENT */
const char *const EVENT_KINDS[EVENT_TLS + 2] = {
    "frame", "bytes",   "listen", "connect", "close", "loss",  "log",    "check", "violation",
    "timer", "verdict", "wire",   "secret",  "fault", "after", "record", "tls"};

/* ORDER EVENT_HOW */
const char *const EVENT_HOWS[HOW_ERROR + 2] = {"",        "FIN",     "RST",         "alert",
                                               "refused", "timeout", "unreachable", "error"};

/* ORDER direction */
const char *const EVENT_ROLES[FROM_BOTH + 2] = {"", "EVCC", "SECC", ""};

bool event_has_sender(enum event_kind kind)
{
    return kind == EVENT_FRAME || kind == EVENT_BYTES || kind == EVENT_VIOLATION ||
           kind == EVENT_CLOSE || kind == EVENT_AFTER || kind == EVENT_FAULT;
}

void event_take_message(struct event *e, const struct message *m)
{
    struct named named = message_named(m);
    const struct field *f;
    e->message = m;
    e->schema = m->schema;
    e->name = named.name == NULL ? "" : named.name;
    const union value *v = marked_own(named.node, MARK_CODE, &f);
    if (v == NULL || f->kind != KIND_ENUM || v->u >= f->simple->members)
        return;
    e->code = f->simple->member[v->u];
    /* FAILED_SequenceError, Failed_NoNegotiation: all editions have it so */
    e->is_failed = strncmp(e->code, "FAILED", 6) == 0 || strncmp(e->code, "Failed", 6) == 0;
}

struct slice event_payload(const struct event *e)
{
    size_t header = e->is_link ? ETHER_HEADER : V2GTP_HEADER;
    if (e->bytes.n < header)
        return (struct slice){NULL, 0};
    return (struct slice){e->bytes.p + header, e->bytes.n - header};
}

bool event_is_datagram(const struct event *e)
{
    return e->is_udp || e->is_link;
}

bool event_is_of_wire(enum event_kind kind)
{
    return kind == EVENT_FRAME || kind == EVENT_BYTES || kind == EVENT_CONNECT ||
           kind == EVENT_CLOSE || kind == EVENT_AFTER || kind == EVENT_WIRE || kind == EVENT_SECRET;
}
