/* SPDX-License-Identifier: Apache-2.0 */
#include "record/jsonl.h"

#include "codec/json.h"

#include <string.h>

/* ORDER EVENT */
static const char *const KINDS[] = {"frame",   "bytes", "listen", "connect",   "close",
                                    "loss",    "log",   "check",  "violation", "timer",
                                    "verdict", "wire",  "secret", "fault",     "record"};

static void text_member(struct buf *out, const char *name, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    buf_printf(out, ",\"%s\":", name);
    json_quote(text, strlen(text), out);
}

static void endpoint_member(struct buf *out, const char *name, const struct endpoint *a)
{
    char text[ENDPOINT_TEXT];
    if (endpoint_is_unset(a) && a->port == 0)
        return;
    text_member(out, name, endpoint_text(a, text, sizeof text));
}

static void frame_members(struct buf *out, const struct event *e)
{
    if (e->kind == EVENT_FRAME)
        buf_printf(out, ",\"payload_type\":\"0x%04X\"", e->payload_type);
    text_member(out, "name", e->name);
    if (e->bytes.n > 0) {
        buf_text(out, ",\"bytes\":\"");
        buf_hex(out, e->bytes.p, e->bytes.n, false);
        buf_char(out, '"');
    }
    if (e->kind == EVENT_FRAME)
        text_member(out, "code", e->code);
    if (e->kind == EVENT_FRAME && e->is_failed)
        buf_text(out, ",\"failed\":true");
    if (e->message != NULL) {
        buf_text(out, ",\"message\":");
        json_print(e->message, JSON_LINE, out);
    }
}

/* ORDER EVENT_HOW */
static const char *const HOWS[] = {"",        "FIN",     "RST",         "alert",
                                   "refused", "timeout", "unreachable", "error"};

void jsonl_event(void *context, const struct event *e)
{
    static const char *const ROLES[] = {"", "EVCC", "SECC", ""}; /* ORDER direction */
    struct outlet *o = context;
    struct buf *out = &o->out;
    char problem[900];
    if (e->kind == EVENT_WIRE || e->kind == EVENT_SECRET)
        return; /* of use in a capture only */
    buf_printf(out, "{\"number\":%llu,\"us\":%lld,\"kind\":\"%s\"", (unsigned long long)e->number,
               (long long)e->us, KINDS[e->kind]);
    text_member(out, "by", e->by);
    text_member(out, "where", e->where);
    if (e->session != 0)
        buf_printf(out, ",\"session\":%u", e->session);
    if (e->kind == EVENT_FRAME || e->kind == EVENT_BYTES || e->kind == EVENT_VIOLATION ||
        e->kind == EVENT_CLOSE || e->kind == EVENT_FAULT)
        text_member(out, "from", ROLES[e->from_role]);
    text_member(out, "how", HOWS[e->how]);
    if (e->connection != 0)
        buf_printf(out, ",\"connection\":%u", e->connection);
    if (e->is_udp)
        buf_text(out, ",\"udp\":true");
    if (e->is_inside)
        buf_text(out, ",\"tls\":true");
    if (e->is_echo)
        buf_text(out, ",\"echo\":true");
    endpoint_member(out, "source", &e->from);
    endpoint_member(out, "destination", &e->to);
    frame_members(out, e);
    text_member(out, "text", e->text);
    if (e->kind == EVENT_TIMER)
        buf_printf(out, ",\"limit_us\":%lld,\"taken_us\":%lld", (long long)e->limit_us,
                   (long long)e->taken_us);
    if (e->kind == EVENT_FAULT)
        buf_printf(out, ",\"times\":%u", (unsigned)e->times);
    if (e->problem != NULL)
        text_member(out, "problem", err_text(e->problem, problem, sizeof problem));
    buf_printf(out, ",\"ok\":%s}\n", e->ok ? "true" : "false");
    outlet_unit(o);
}

int jsonl_write(void *context, struct err *e)
{
    return outlet_write(context, e);
}
