/* SPDX-License-Identifier: Apache-2.0 */
#include "session/fault_change.h"

#include "codec/copy.h"
#include "codec/defaults.h"
#include "codec/quantity.h"
#include "codec/value.h"
#include "session/session.h"
#include "wire/ether.h"
#include "wire/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY (1u << 20) /* of a message that is changed */

/* ---- the bytes ---- */

static struct slice payload_of(const struct parcel *p)
{
    return event_payload(&p->event);
}

/* A header of the same type, and room for a payload of n bytes behind it. */
static void start_frame(const struct parcel *p, size_t n, struct buf *out)
{
    uint8_t header[V2GTP_HEADER];
    if (p->event.is_link) {
        buf_add(out, p->event.bytes.p, ETHER_HEADER);
        return;
    }
    v2gtp_write(header, p->event.payload_type, (uint32_t)n);
    buf_add(out, header, sizeof header);
}

static int change_length(const struct fault *f, const struct parcel *p, struct buf *out,
                         struct err *e)
{
    struct slice payload = payload_of(p);
    int64_t n = f->number < 0 ? (int64_t)payload.n + f->number : f->number;
    if (n < 0 || n >= (int64_t)payload.n)
        return err_set(e, "its payload has %zu bytes", payload.n);
    start_frame(p, (size_t)n, out);
    buf_add(out, payload.p, (size_t)n);
    return 0;
}

static void add_hex(const char *digits, struct buf *out)
{
    size_t n = strlen(digits) / 2;
    uint8_t *p = buf_reserve(out, n);
    if (p != NULL)
        out->n += (size_t)hex_read(digits, 2 * n, p, n);
}

static int append(const struct fault *f, const struct parcel *p, struct buf *out)
{
    struct slice payload = payload_of(p);
    start_frame(p, payload.n + strlen(f->value) / 2, out);
    buf_add(out, payload.p, payload.n);
    add_hex(f->value, out);
    return 0;
}

static int flip_bits(const struct fault *f, const struct parcel *p, struct buf *out, char *detail,
                     struct err *e)
{
    size_t bits = payload_of(p).n * 8;
    const char *at = f->value == NULL ? "" : f->value;
    buf_add(out, p->event.bytes.p, p->event.bytes.n);
    if (bits == 0)
        return err_set(e, "it has no payload");
    if (out->failed)
        return -1;
    do {
        char *end;
        unsigned long bit = strtoul(at, &end, 10);
        uint32_t random = 0;
        if (f->value == NULL) {
            world_random(p->session->way.world, &random, sizeof random);
            bit = random % bits;
        }
        if (bit >= bits)
            return err_set(e, "there is no bit %lu in %zu", bit, bits);
        out->p[(size_t)(payload_of(p).p - p->event.bytes.p) + bit / 8] ^=
            (uint8_t)(0x80 >> bit % 8);
        snprintf(detail, FAULT_DETAIL, "bit %lu", bit);
        at = end + (*end == ',');
    } while (*at != '\0');
    return 0;
}

static int change_header(const struct fault *f, const struct parcel *p, struct buf *out,
                         struct err *e)
{
    if (p->event.is_link)
        return err_set(e, "an Ethernet frame has no V2GTP header");
    struct v2gtp_header h = v2gtp_read(p->event.bytes.p);
    uint8_t header[V2GTP_HEADER];
    const char *length = "";
    for (unsigned i = 0; i < f->arguments; i++)
        if (strcmp(f->argument[i].key, "length") == 0)
            length = f->argument[i].value;
    bool is_relative = length[0] == '+' || length[0] == '-';
    int64_t number = fault_number(f, "length", h.length);
    v2gtp_write(header, (uint16_t)fault_number(f, "type", h.type),
                (uint32_t)(is_relative ? h.length + number : number));
    header[0] = (uint8_t)fault_number(f, "version", h.version);
    header[1] = (uint8_t)fault_number(f, "inverse", h.inverse);
    buf_add(out, header, sizeof header);
    struct slice payload = payload_of(p);
    buf_add(out, payload.p, payload.n);
    return 0;
}

/* ---- the message ---- */

/* A place in the message, on the way through "SAScheduleTuple[2].PMax". */
struct at {
    struct arena *arena;
    struct node *node;
    int slot;
    union value *value; /* NULL: absent */
};

/* One step: the slot of the name that path begins with, and its value (an entry of the list). */
static int step(struct at *at, const char **path, struct err *e)
{
    char names[TYPE_NAMES_MAX], *end;
    struct node *n = at->node;
    size_t size = strcspn(*path, ".[");
    at->slot = type_slot(n->type, *path, size);
    if (at->slot < 0 || n->type->is_open)
        return err_set(e, "%s has no element '%.*s'; %s", n->type->name, (int)size, *path,
                       type_names(n->type, false, *path, names));
    const struct field *f = &n->type->field[at->slot];
    unsigned long index = 1;
    *path += size;
    if (**path == '[') {
        index = strtoul(*path + 1, &end, 10);
        if (!f->is_list)
            return err_set(e, "%s is no list", f->name);
        if (*end != ']' || (end[1] != '.' && end[1] != '\0'))
            return err_set(e, "%s: expected an index as [2], found '%.40s'", f->name, *path);
        *path = end + 1;
    }
    *path += **path == '.';
    bool has = node_has(n, (unsigned)at->slot);
    struct list *l = f->is_list && has ? n->v[at->slot].l : NULL;
    if (f->is_list && (index < 1 || (l != NULL ? index > l->n : index > 1)))
        return err_set(e, "%s has no entry %lu", f->name, index);
    at->value = !has ? NULL : l != NULL ? &l->v[index - 1] : &n->v[at->slot];
    return 0;
}

/* Makes what is absent, with its default. */
static int make(struct at *at, struct err *e)
{
    struct node *n = at->node;
    if (at->value != NULL)
        return 0;
    if (node_set_default(at->arena, n, (unsigned)at->slot, e) != 0)
        return -1;
    at->value = n->type->field[at->slot].is_list ? &n->v[at->slot].l->v[0] : &n->v[at->slot];
    return 0;
}

/* Follows the path to its last step. */
static int follow(struct at *at, const char *path, bool makes, struct err *e)
{
    for (;;) {
        if (step(at, &path, e) != 0 || (makes && make(at, e) != 0))
            return -1;
        if (*path == '\0')
            return 0;
        const struct field *f = &at->node->type->field[at->slot];
        if (f->kind != KIND_NODE || at->value == NULL)
            return err_set(e, "%s %s", f->name,
                           at->value == NULL ? "is absent" : "has no elements in it");
        at->node = at->value->n;
    }
}

/* "+5%" of what is there, else the number that the text is. */
static bool read_amount(const char *text, double before, double *amount)
{
    char *end;
    *amount = strtod(text, &end);
    if (end == text)
        return false;
    if (strcmp(end, "%") == 0)
        *amount = before * (1 + *amount / 100);
    return *end == '\0' || strcmp(end, "%") == 0;
}

static int write_value(struct at *at, const char *text, struct err *e)
{
    const struct field *f = &at->node->type->field[at->slot];
    char number[32];
    double amount;
    if (f->kind == KIND_NODE) {
        if (!f->type->is_quantity || !read_amount(text, quantity_get(at->value->n), &amount))
            return err_set(e, "%s: expected %s, found '%.60s'", f->name,
                           f->type->is_quantity ? "a number" : "one of its elements", text);
        return quantity_set(at->arena, at->value->n, amount, f->unit, e);
    }
    bool is_number = f->kind == KIND_NBIT || f->kind == KIND_UNSIGNED || f->kind == KIND_SIGNED;
    if (is_number && strchr(text, '%') != NULL &&
        read_amount(text, (double)at->value->i, &amount)) {
        snprintf(number, sizeof number, "%.0f", amount);
        text = number;
    }
    return value_read(f, text, strlen(text), at->arena, at->value, e);
}

/* Where a path begins: the header, or the message's own element. */
static int start(struct message *m, struct arena *a, const char **path, struct at *at,
                 struct err *e)
{
    bool is_header = strncmp(*path, "Header.", 7) == 0;
    struct node *header = message_header(m);
    *at = (struct at){.arena = a, .node = message_named(m).node};
    if (is_header && (at->node == NULL || type_slot_of(at->node->type, "Header") < 0)) {
        at->node = header;
        *path += 7;
    }
    return at->node != NULL
               ? 0
               : err_set(e, "the message has no %s", is_header ? "header" : "elements");
}

static int set_field(struct message *m, struct arena *a, const char *path, const char *text,
                     struct err *e)
{
    struct at at;
    if (start(m, a, &path, &at, e) != 0 || follow(&at, path, true, e) != 0)
        return -1;
    return write_value(&at, text, e);
}

static int remove_field(struct message *m, struct arena *a, const char *path, struct err *e)
{
    struct at at;
    if (start(m, a, &path, &at, e) != 0 || follow(&at, path, false, e) != 0)
        return -1;
    if (at.value == NULL)
        return err_set(e, "%s is absent already", path);
    node_remove(at.node, (unsigned)at.slot);
    return 0;
}

static int set_session(const struct fault *f, const struct parcel *p, struct message *m,
                       struct arena *a, struct err *e)
{
    struct buf id = {0};
    const struct session *s = p->session;
    if (f->value != NULL)
        return set_field(m, a, "Header.SessionID", f->value, e);
    for (unsigned i = 0; i < s->id_size; i++)
        buf_printf(&id, "%02X", (unsigned)(uint8_t)~s->id[i]);
    int bad = set_field(m, a, "Header.SessionID", buf_string(&id), e);
    buf_close(&id);
    return bad;
}

static int set_fields(const struct fault *f, struct message *m, struct arena *a, struct err *e)
{
    int bad = 0;
    for (unsigned i = 0; i < f->arguments && bad == 0; i++)
        bad = set_field(m, a, f->argument[i].key, f->argument[i].value, e);
    return bad;
}

/* Another message of the protocol that is spoken. */
static int other_message(const struct fault *f, const struct parcel *p, struct message *m,
                         struct arena *a, struct err *e)
{
    struct session *s = p->session;
    const struct schema *set = p->event.message == NULL ? NULL : p->event.message->schema;
    if ((set == NULL || schema_message(set, f->value) == NULL) && s->protocol != NULL &&
        protocol_message(s->library, s->protocol, f->value, &set, e) == NULL)
        set = library_get(s->library, PROTOCOLS[0].set[0], e);
    return set == NULL ? err_set(e, "no protocol is spoken yet")
                       : message_new(set, f->value, a, m, e);
}

static int change_message(const struct fault *f, const struct parcel *p, struct message *m,
                          struct arena *a, struct err *e)
{
    if (f->what == FAULT_MESSAGE)
        return other_message(f, p, m, a, e);
    if (p->event.message == NULL)
        return err_set(e, "it cannot be decoded");
    if (message_copy(p->event.message, a, m, e) != 0)
        return -1;
    if (f->what == FAULT_SET)
        return set_fields(f, m, a, e);
    if (f->what == FAULT_WITHOUT)
        return remove_field(m, a, f->value, e);
    if (f->what == FAULT_CODE)
        return set_field(m, a, "ResponseCode", f->value, e);
    return set_session(f, p, m, a, e);
}

static int with_message(const struct fault *f, const struct parcel *p, struct buf *out,
                        struct err *e)
{
    unsigned given = f->what == FAULT_MESSAGE ? 0 : SESSION_GIVEN_ID | SESSION_GIVEN_TIME;
    struct arena a;
    struct message m;
    arena_open(&a, NULL, 0, MEMORY);
    int bad = change_message(f, p, &m, &a, e);
    if (bad == 0 && p->event.is_link) {
        start_frame(p, 0, out);
        bad = codec_encode(&m, out, e);
    } else if (bad == 0)
        bad = session_encode(p->session, &m, given, p->event.us, out, e);
    arena_close(&a);
    return bad;
}

static int change(const struct fault *f, const struct parcel *p, struct buf *out,
                  char detail[FAULT_DETAIL], struct err *e)
{
    if (payload_of(p).p == NULL && f->what != FAULT_RAW && f->what != FAULT_MESSAGE)
        return err_set(e, "it is no frame");
    switch (f->what) {
    case FAULT_TRUNCATE:
        return change_length(f, p, out, e);
    case FAULT_APPEND:
        return append(f, p, out);
    case FAULT_FLIP:
        return flip_bits(f, p, out, detail, e);
    case FAULT_RAW:
        add_hex(f->value, out);
        return 0;
    case FAULT_HEADER:
        return change_header(f, p, out, e);
    case FAULT_SET:
    case FAULT_WITHOUT:
    case FAULT_CODE:
    case FAULT_SESSION:
    case FAULT_MESSAGE:
        return with_message(f, p, out, e);
    case FAULT_DROP:
    case FAULT_DELAY:
    case FAULT_DUPLICATE:
    case FAULT_REORDER:
    case FAULT_SPLIT:
    case FAULT_GLUE:
    case FAULT_HALF_CLOSE:
    case FAULT_CLOSE:
    case FAULT_RESET:
    case FAULT_SILENCE:
    case FAULT_ALERT:
    case FAULT_FUNCTION:
        break;
    }
    return err_set(e, "it changes no bytes");
}

int fault_change(const struct fault *f, const struct parcel *p, struct buf *out,
                 char detail[FAULT_DETAIL], struct err *e)
{
    if (change(f, p, out, detail, e) != 0)
        return -1;
    return out->failed ? err_set(e, "out of memory") : 0; /* and no part of it */
}
