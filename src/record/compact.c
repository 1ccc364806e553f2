/* SPDX-License-Identifier: Apache-2.0 */
#include "record/compact.h"

#include "wire/ether.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_MOST 10u /* octets of a number: seven bits each, the lowest first */

enum member_kind { MEMBER_8, MEMBER_16, MEMBER_32, MEMBER_64, MEMBER_TEXT, MEMBER_ENDPOINT };

#define AT(member) offsetof(struct event, member)

/* In the order of the file. */
static const struct member {
    enum member_kind kind;
    size_t at;
} MEMBERS[] = {
    {MEMBER_64, AT(number)},     {MEMBER_64, AT(us)},          {MEMBER_32, AT(session)},
    {MEMBER_32, AT(connection)}, {MEMBER_32, AT(kind)},        {MEMBER_32, AT(how)},
    {MEMBER_32, AT(came)},       {MEMBER_8, AT(from_role)},    {MEMBER_16, AT(payload_type)},
    {MEMBER_64, AT(limit_us)},   {MEMBER_64, AT(taken_us)},    {MEMBER_32, AT(times)},
    {MEMBER_ENDPOINT, AT(from)}, {MEMBER_ENDPOINT, AT(to)},    {MEMBER_TEXT, AT(by)},
    {MEMBER_TEXT, AT(where)},    {MEMBER_TEXT, AT(name)},      {MEMBER_TEXT, AT(code)},
    {MEMBER_TEXT, AT(text)},     {MEMBER_TEXT, AT(handshake)},
};
#define MEMBERS_N (sizeof MEMBERS / sizeof *MEMBERS)

_Static_assert(sizeof(enum event_kind) == 4 && sizeof(enum event_how) == 4 &&
                   sizeof(enum came) == 4,
               "enumerations are members of 32 bits");

/* Flags, a bit each, before the members. */
static const size_t FLAGS[] = {AT(ok),      AT(is_udp),    AT(is_inside), AT(is_after),
                               AT(is_echo), AT(is_failed), AT(is_link)};
#define FLAGS_N (sizeof FLAGS / sizeof *FLAGS)
#define FLAG_MESSAGE (1u << FLAGS_N)
#define FLAG_PROBLEM (1u << (FLAGS_N + 1))
#define FLAG_LEG (1u << (FLAGS_N + 2)) /* the leg is the last member: older records have none */

/* ---- writing ---- */

static void put_number(struct buf *out, uint64_t n)
{
    uint8_t octets[NUMBER_MOST];
    size_t size = 0;
    if (n < 0x80) { /* as most are */
        buf_add(out, &(uint8_t){(uint8_t)n}, 1);
        return;
    }
    for (; n >= 0x80; n >>= 7)
        octets[size++] = (uint8_t)(n | 0x80);
    octets[size++] = (uint8_t)n;
    buf_add(out, octets, size);
}

static void put_octets(struct buf *out, const void *p, size_t n)
{
    put_number(out, n);
    if (n > 0)
        buf_add(out, p, n);
}

static void put_text(struct buf *out, const char *text)
{
    put_octets(out, text, text == NULL ? 0 : strlen(text));
}

/* Of none only the port, 0. */
static void put_endpoint(struct buf *out, const struct endpoint *a)
{
    bool is_none = endpoint_is_unset(a) && a->port == 0;
    put_number(out, is_none ? 0 : a->port + 1u);
    if (is_none)
        return;
    buf_add(out, a->ip, sizeof a->ip);
    put_octets(out, a->interface, strnlen(a->interface, sizeof a->interface));
}

static void put_problem(struct buf *out, const struct err *problem)
{
    put_text(out, problem->what);
    put_text(out, problem->path);
    put_number(out, (uint64_t)problem->bit);
    put_number(out, (uint32_t)problem->line);
}

static uint64_t number_of(const struct member *m, const uint8_t *p)
{
    uint16_t half;
    uint32_t word;
    uint64_t wide;
    switch (m->kind) {
    case MEMBER_8:
        return *p;
    case MEMBER_16:
        memcpy(&half, p, sizeof half);
        return half;
    case MEMBER_32:
        memcpy(&word, p, sizeof word);
        return word;
    case MEMBER_64:
        memcpy(&wide, p, sizeof wide);
        return wide;
    case MEMBER_TEXT:
    case MEMBER_ENDPOINT:
        break;
    }
    return 0;
}

static void put_member(struct buf *out, const struct member *m, const struct event *e)
{
    const uint8_t *p = (const uint8_t *)e + m->at;
    const char *text;
    if (m->kind == MEMBER_ENDPOINT) {
        put_endpoint(out, (const struct endpoint *)(const void *)p);
    } else if (m->kind == MEMBER_TEXT) {
        memcpy(&text, p, sizeof text);
        put_text(out, text);
    } else {
        put_number(out, number_of(m, p));
    }
}

static unsigned flags_of(const struct event *e)
{
    unsigned flags = 0;
    for (size_t i = 0; i < FLAGS_N; i++)
        flags |= *(const bool *)((const uint8_t *)e + FLAGS[i]) ? 1u << i : 0;
    return flags | (e->message != NULL ? FLAG_MESSAGE : 0) |
           (e->problem != NULL ? FLAG_PROBLEM : 0) | (e->leg != LEG_NONE ? FLAG_LEG : 0);
}

void compact_event(const struct event *e, struct buf *out)
{
    size_t at = out->n;
    buf_add(out, (uint8_t[COMPACT_LENGTH]){0}, COMPACT_LENGTH);
    put_number(out, flags_of(e));
    for (size_t i = 0; i < MEMBERS_N; i++)
        put_member(out, &MEMBERS[i], e);
    put_text(out, e->schema == NULL ? "" : e->schema->name);
    if (e->problem != NULL)
        put_problem(out, e->problem);
    put_octets(out, e->bytes.p, e->bytes.n);
    if (e->leg != LEG_NONE)
        put_number(out, e->leg);
    size_t n = out->n - at - COMPACT_LENGTH;
    for (unsigned i = 0; i < COMPACT_LENGTH && !out->failed; i++)
        out->p[at + i] = (uint8_t)(n >> 8 * i);
}

/* ---- reading ---- */

/* What is left of a unit; is_bad: it has ended too early, or a number is none. */
struct unit {
    struct slice rest;
    bool is_bad;
};

static uint64_t take_number(struct unit *u)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < NUMBER_MOST && i < u->rest.n; i++) {
        uint8_t octet = u->rest.p[i];
        n |= (uint64_t)(octet & 0x7F) << 7 * i;
        if (octet < 0x80) {
            u->rest.p += i + 1;
            u->rest.n -= i + 1;
            return n;
        }
    }
    u->is_bad = true;
    return 0;
}

static struct slice take(struct unit *u, uint64_t n)
{
    if (u->is_bad || n > u->rest.n) {
        u->is_bad = true;
        return (struct slice){NULL, 0};
    }
    struct slice taken = {u->rest.p, (size_t)n};
    u->rest.p += n;
    u->rest.n -= n;
    return taken;
}

/* The texts have room for the whole unit, so that they do not move. */
static const char *take_text(struct unit *u, struct buf *texts)
{
    struct slice text = take(u, take_number(u));
    char *kept = (char *)texts->p + texts->n;
    if (text.n > 0)
        memcpy(kept, text.p, text.n);
    kept[text.n] = '\0';
    texts->n += text.n + 1;
    return kept;
}

static void take_endpoint(struct unit *u, struct endpoint *a)
{
    uint64_t port = take_number(u);
    *a = (struct endpoint){.port = 0};
    if (port == 0)
        return;
    struct slice ip = take(u, sizeof a->ip), interface = take(u, take_number(u));
    u->is_bad |= port > UINT16_MAX + 1u || interface.n >= sizeof a->interface;
    if (u->is_bad)
        return;
    a->port = (uint16_t)(port - 1);
    memcpy(a->ip, ip.p, sizeof a->ip);
    memcpy(a->interface, interface.p, interface.n);
}

static void take_member(struct unit *u, const struct member *m, struct buf *texts, struct event *e)
{
    uint8_t *p = (uint8_t *)e + m->at;
    if (m->kind == MEMBER_ENDPOINT) {
        take_endpoint(u, (struct endpoint *)(void *)p);
        return;
    }
    if (m->kind == MEMBER_TEXT) {
        const char *text = take_text(u, texts);
        memcpy(p, &text, sizeof text);
        return;
    }
    uint64_t n = take_number(u);
    uint16_t half = (uint16_t)n;
    uint32_t word = (uint32_t)n;
    if (m->kind == MEMBER_8)
        *p = (uint8_t)n;
    else if (m->kind == MEMBER_16)
        memcpy(p, &half, sizeof half);
    else if (m->kind == MEMBER_32)
        memcpy(p, &word, sizeof word);
    else
        memcpy(p, &n, sizeof n);
}

static void take_problem(struct unit *u, struct buf *texts, struct err *problem)
{
    const char *what = take_text(u, texts), *path = take_text(u, texts);
    err_set(problem, "%s", what);
    snprintf(problem->path, sizeof problem->path, "%s", path);
    problem->bit = (int64_t)take_number(u);
    problem->line = (int32_t)take_number(u);
}

static unsigned take_flags(struct unit *u, struct compact_room *room, struct event *e)
{
    uint64_t flags = take_number(u);
    for (size_t i = 0; i < FLAGS_N; i++)
        *(bool *)((uint8_t *)e + FLAGS[i]) = (flags >> i & 1) != 0;
    room->has_message = (flags & FLAG_MESSAGE) != 0;
    return (unsigned)flags;
}

int compact_read(struct slice unit, struct library *l, struct compact_room *room, struct event *e)
{
    struct unit u = {.rest = unit};
    struct err unknown = ERR_INIT; /* a set of its own that is not given now */
    *e = (struct event){.number = 0};
    room->problem = ERR_INIT;
    buf_clear(&room->texts);
    if (buf_reserve(&room->texts, unit.n + MEMBERS_N + 3) == NULL)
        return -1;
    const unsigned flags = take_flags(&u, room, e);
    const bool has_problem = (flags & FLAG_PROBLEM) != 0;
    for (size_t i = 0; i < MEMBERS_N; i++)
        take_member(&u, &MEMBERS[i], &room->texts, e);
    const char *set = take_text(&u, &room->texts);
    if (has_problem)
        take_problem(&u, &room->texts, &room->problem);
    e->problem = has_problem ? &room->problem : NULL;
    e->bytes = take(&u, take_number(&u));
    uint64_t leg = (flags & FLAG_LEG) != 0 ? take_number(&u) : LEG_NONE;
    e->leg = (uint8_t)leg;
    if (e->is_link && e->bytes.n >= ETHER_HEADER) {
        memcpy(e->to.mac, e->bytes.p, sizeof e->to.mac);
        memcpy(e->from.mac, e->bytes.p + sizeof e->to.mac, sizeof e->from.mac);
    }
    if (u.is_bad || e->kind > EVENT_TLS || e->how > HOW_ERROR || e->came > CAME_LATE ||
        e->from_role > FROM_BOTH || leg > LEG_STATION)
        return -1;
    if (*set != '\0')
        e->schema = library_get(l, set, &unknown);
    return 0;
}

void compact_room_close(struct compact_room *room)
{
    buf_close(&room->texts);
}
