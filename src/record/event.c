/* SPDX-License-Identifier: Apache-2.0 */
#include "record/event.h"

#include "codec/marks.h"
#include "wire/ether.h"
#include "wire/v2gtp.h"

#include <stdio.h>
#include <string.h>

/* ORDER EVENT */
const char *const EVENT_KINDS[EVENT_TLS + 2] = {"frame",   "bytes", "listen", "connect",   "close",
                                                "loss",    "log",   "check",  "violation", "timer",
                                                "verdict", "wire",  "secret", "fault",     "after",
                                                "network", "pilot", "record", "tls"};

/* ORDER EVENT_HOW */
const char *const EVENT_HOWS[HOW_ERROR + 2] = {"",        "FIN",     "RST",         "alert",
                                               "refused", "timeout", "unreachable", "error"};

/* ORDER EVENT_NETWORK */
const char *const EVENT_NETWORKS[NETWORK_UNKNOWN + 2] = {
    "",    "retransmission", "SYN again", "unacknowledged", "zero window", "window open",
    "cut", "fragments",      "encrypted", "link layer"};

/* ORDER EVENT_LEG */
const char *const EVENT_LEGS[] = {"", "vehicle", "station", NULL};

/* ORDER CAME */
const char *const EVENT_CAMES[CAME_LATE + 2] = {"", "kernel", "read", "late"};

/* ORDER direction */
const char *const EVENT_ROLES[FROM_BOTH + 2] = {"", "EVCC", "SECC", ""};

bool event_has_sender(enum event_kind kind)
{
    return kind == EVENT_FRAME || kind == EVENT_BYTES || kind == EVENT_VIOLATION ||
           kind == EVENT_CLOSE || kind == EVENT_AFTER || kind == EVENT_FAULT ||
           kind == EVENT_NETWORK;
}

/* ", 205.0 ms BEHIND"; nothing where the time is not known. */
static void add_taken(char *text, int64_t us, const char *behind)
{
    size_t n = strlen(text);
    if (us != 0)
        snprintf(text + n, EVENT_TEXT - n, "%.1f ms%s", (double)us / 1e3, behind);
}

const char *event_network_text(const struct event *e, char text[EVENT_TEXT])
{
    const char *who = EVENT_ROLES[e->from_role];
    const char *other = EVENT_ROLES[e->from_role == FROM_EVCC ? FROM_SECC : FROM_EVCC];
    unsigned long long octets = e->octets;
    switch ((enum event_network)e->network) {
    case NETWORK_NONE:
    case NETWORK_FRAGMENTS:
    case NETWORK_ENCRYPTED:
    case NETWORK_UNKNOWN:
        text[0] = '\0';
        break;
    case NETWORK_RETRANSMISSION:
        snprintf(text, EVENT_TEXT, "the %s sent %llu bytes again%s", who, octets,
                 e->taken_us != 0 ? ", " : "");
        add_taken(text, e->taken_us, " after it had sent them first");
        break;
    case NETWORK_SYN_AGAIN:
        snprintf(text, EVENT_TEXT, "the connection is open after %u SYN of the %s, ", e->times,
                 who);
        add_taken(text, e->taken_us, " after the first");
        break;
    case NETWORK_UNACKNOWLEDGED:
        snprintf(text, EVENT_TEXT, "the %s has not acknowledged %llu bytes of the %s, sent ", other,
                 octets, who);
        add_taken(text, e->taken_us, " before");
        break;
    case NETWORK_CUT:
        snprintf(text, EVENT_TEXT,
                 "a packet of the %s was captured only in part: %llu bytes of it "
                 "are missing (the snapshot length was too short)",
                 who, octets);
        break;
    case NETWORK_ZERO_WINDOW:
        snprintf(text, EVENT_TEXT, "the %s takes no more data: its window is 0", who);
        break;
    case NETWORK_WINDOW_OPEN:
        snprintf(text, EVENT_TEXT, "the %s takes data again, ", who);
        add_taken(text, e->taken_us, " after its window was 0");
        break;
    }
    return text;
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

bool event_is_of_script(const struct event *e)
{
    return e->kind == EVENT_LOG && e->where[0] != '\0' && strncmp(e->where, "lua/v2g/", 8) != 0;
}
