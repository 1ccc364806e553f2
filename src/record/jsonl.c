/* SPDX-License-Identifier: Apache-2.0 */
#include "record/jsonl.h"

#include "codec/json.h"
#include "wire/ether.h"

#include <string.h>

static void add_name(struct buf *out, const char *name)
{
    buf_text(out, ",\"");
    buf_text(out, name);
    buf_text(out, "\":");
}

static void text_member(struct buf *out, const char *name, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    add_name(out, name);
    json_quote(text, strlen(text), out);
}

static void number_member(struct buf *out, const char *name, int64_t number)
{
    add_name(out, name);
    buf_signed(out, number);
}

static void endpoint_member(struct jsonl *j, const char *name, const struct endpoint *a)
{
    size_t i = a->port % JSONL_ADDRESSES;
    char *text = j->address[i].text;
    if (endpoint_is_unset(a) && a->port == 0)
        return;
    if (text[0] == '\0' || memcmp(&j->address[i].of, a, sizeof *a) != 0) {
        j->address[i].of = *a;
        endpoint_text(a, text, sizeof j->address[i].text);
    }
    text_member(&j->outlet.out, name, text);
}

static void mac_member(struct buf *out, const char *name, const struct endpoint *a)
{
    char text[ETHER_TEXT];
    text_member(out, name, ether_text(a->mac, text));
}

static void frame_members(struct buf *out, const struct event *e)
{
    if (e->kind == EVENT_FRAME)
        buf_printf(out, ",\"payload_type\":\"0x%04X\"", e->payload_type);
    if (e->kind == EVENT_FRAME && e->schema != NULL)
        text_member(out, "grammar", e->schema->name);
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

void jsonl_event(void *context, const struct event *e)
{
    struct jsonl *j = context;
    struct buf *out = &j->outlet.out;
    char problem[900];
    if (e->kind == EVENT_WIRE || e->kind == EVENT_SECRET)
        return; /* of use in a capture only */
    buf_text(out, "{\"number\":");
    buf_number(out, e->number);
    number_member(out, "us", e->us);
    text_member(out, "kind", EVENT_KINDS[e->kind]);
    text_member(out, "by", e->by);
    text_member(out, "where", e->where);
    if (e->line != 0)
        number_member(out, "line", (int64_t)e->line);
    text_member(out, "time", e->stamp);
    if (e->session != 0)
        number_member(out, "session", e->session);
    text_member(out, "leg", EVENT_LEGS[e->leg]);
    if (event_has_sender(e->kind))
        text_member(out, "from", EVENT_ROLES[e->from_role]);
    text_member(out, "how", EVENT_HOWS[e->how]);
    text_member(out, "network", EVENT_NETWORKS[e->network]);
    text_member(out, "came", EVENT_CAMES[e->came]);
    if (e->connection != 0)
        number_member(out, "connection", e->connection);
    if (e->packet != 0)
        number_member(out, "packet", (int64_t)e->packet);
    if (e->is_udp)
        buf_text(out, ",\"udp\":true");
    if (e->is_link)
        buf_text(out, ",\"link\":true");
    if (e->is_inside)
        buf_text(out, ",\"tls\":true");
    if (e->is_after)
        buf_text(out, ",\"after\":true");
    if (e->is_echo)
        buf_text(out, ",\"echo\":true");
    if (e->is_link) {
        mac_member(out, "source", &e->from);
        mac_member(out, "destination", &e->to);
    } else {
        endpoint_member(j, "source", &e->from);
        endpoint_member(j, "destination", &e->to);
    }
    frame_members(out, e);
    text_member(out, "text", e->text);
    if (e->handshake != NULL && e->handshake[0] != '\0') {
        add_name(out, "handshake");
        buf_text(out, e->handshake);
    }
    if (e->kind == EVENT_TIMER) {
        number_member(out, "limit_us", e->limit_us);
        number_member(out, "taken_us", e->taken_us);
    }
    if (e->kind != EVENT_TIMER && e->taken_us != 0)
        number_member(out, "taken_us", e->taken_us);
    if (e->octets != 0)
        number_member(out, "octets", (int64_t)e->octets);
    if (e->kind == EVENT_FAULT || e->times != 0)
        number_member(out, "times", e->times);
    if (e->problem != NULL)
        text_member(out, "problem", err_text(e->problem, problem, sizeof problem));
    buf_text(out, e->ok ? ",\"ok\":true}\n" : ",\"ok\":false}\n");
    outlet_unit(&j->outlet);
}

int jsonl_write(void *context, struct err *e)
{
    struct jsonl *j = context;
    return outlet_write(&j->outlet, e);
}
