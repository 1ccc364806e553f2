/* SPDX-License-Identifier: Apache-2.0 */
#include "powerline/modem.h"

#include "codec/codec.h"
#include "codec/defaults.h"
#include "record/link_frame.h"

#include <string.h>

#define ANSWER_US 300  /* from a request of the host to the answer */
#define PROFILE_US 200 /* from a sound to the host's being told how it came */
#define ROOM 4096      /* bytes of a message */
#define SOUND 0x6076

static const uint8_t LOCAL[6] = {0x00, 0xB0, 0x52, 0x00, 0x00, 0x01};

/* ---- answers ---- */

struct answer {
    struct line *line;
    struct line_node *node, *modem; /* whose host asks, and whose modem answers */
    const struct node *asked;       /* the fields of the request */
    struct message m;
    struct node *n; /* its fields */
    struct arena arena;
    uint64_t room[ROOM / 8];
    unsigned after_us;
};

static void put(struct node *n, const char *field, union value v)
{
    int slot = type_slot_of(n->type, field);
    if (slot >= 0)
        node_set(n, (unsigned)slot, v);
}

static void put_number(struct answer *a, const char *field, uint64_t v)
{
    put(a->n, field, (union value){.u = v});
}

static void put_octets(struct answer *a, struct node *n, const char *field, const uint8_t *p,
                       size_t size)
{
    struct bytes *b = bytes_new(&a->arena, p, size);
    if (b != NULL)
        put(n, field, (union value){.b = b});
}

static uint64_t asked_number(const struct answer *a, const char *field)
{
    struct node_at at = node_find(a->asked, field);
    return at.field == NULL ? 0 : at.v.u;
}

/* Octets of the request, where they are as many. */
static bool take_octets(const struct answer *a, const char *field, uint8_t *to, size_t size)
{
    const struct bytes *b = node_bytes(a->asked, field);
    if (b == NULL || b->n != size)
        return false;
    memcpy(to, b->p, size);
    return true;
}

/* Whether the request is of the maker whose the answer is; what is of no maker always is. */
static bool is_of_maker(const struct answer *a)
{
    const struct bytes *own = node_bytes(a->n, "OUI"), *asked = node_bytes(a->asked, "OUI");
    return own == NULL ||
           (asked != NULL && asked->n == own->n && memcmp(asked->p, own->p, own->n) == 0);
}

static void add_to_list(struct answer *a, struct node *n, const char *field, union value v)
{
    int slot = type_slot_of(n->type, field);
    if (slot >= 0)
        node_add(&a->arena, n, (unsigned)slot, v);
}

/* An entry of a list of types. */
static struct node *new_entry(struct answer *a, struct node *n, const char *field)
{
    int slot = type_slot_of(n->type, field);
    struct node *made = slot < 0 ? NULL : node_new(&a->arena, n->type->field[slot].type);
    struct err ignored = ERR_INIT;
    if (made == NULL || node_complete(&a->arena, made, &ignored) != 0)
        return NULL;
    node_add(&a->arena, n, (unsigned)slot, (union value){.n = made});
    return made;
}

static void send_answer(struct answer *a)
{
    struct buf frame = {0};
    struct err ignored = ERR_INIT; /* nothing in it but what fits */
    ether_header(&frame, a->node->mac, a->modem->modem, ETHER_HOMEPLUG);
    if (codec_encode(&a->m, &frame, &ignored) == 0 && !frame.failed)
        line_to_host(a->line, a->node, (struct slice){frame.p, frame.n}, a->after_us);
    buf_close(&frame);
}

/* ---- what a host asks ---- */

static bool is_linked(const struct line *l, const struct line_node *n)
{
    for (unsigned i = 0; i < l->nodes; i++)
        if (line_is_linked(l, n, &l->node[i]))
            return true;
    return false;
}

static void put_nonces(struct answer *a)
{
    static const char *const SAME[] = {"PID", "PRN", "PMN", "CCoCapability"};
    put_number(a, "MyNonce", asked_number(a, "YourNonce"));
    put_number(a, "YourNonce", asked_number(a, "MyNonce"));
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++)
        put_number(a, SAME[i], asked_number(a, SAME[i]));
}

static bool set_key(struct answer *a)
{
    struct line_node *n = a->node;
    uint8_t nmk[sizeof n->nmk], nid[sizeof n->nid];
    bool is_good =
        take_octets(a, "NewKey", nmk, sizeof nmk) && take_octets(a, "NID", nid, sizeof nid);
    bool is_same = is_good && n->key_us != 0 && memcmp(nmk, n->nmk, sizeof nmk) == 0 &&
                   memcmp(nid, n->nid, sizeof nid) == 0;
    if (is_good && !is_same) {
        memcpy(n->nmk, nmk, sizeof nmk);
        memcpy(n->nid, nid, sizeof nid);
        n->key_us = world_now(a->line->world);
        line_changed(a->line);
    }
    put_nonces(a);
    put_number(a, "Result", a->line->options.key_result);
    a->after_us += a->line->options.set_key_ms * 1000;
    return is_good;
}

static bool get_key(struct answer *a)
{
    static const uint8_t NONE[16] = {0};
    bool is_own = a->modem == a->node;
    put_nonces(a);
    put_number(a, "Result", !is_own);
    put_octets(a, a->n, "NID", a->modem->nid, sizeof a->modem->nid);
    put_octets(a, a->n, "Key", is_own ? a->modem->nmk : NONE, sizeof NONE);
    return true;
}

static bool link_status(struct answer *a)
{
    put_number(a, "LinkStatus", is_linked(a->line, a->node));
    return true;
}

static bool nw_stats(struct answer *a)
{
    const struct line *l = a->line;
    for (unsigned i = 0; i < l->nodes; i++) {
        struct node *s =
            line_is_linked(l, a->node, &l->node[i]) ? new_entry(a, a->n, "Station") : NULL;
        if (s != NULL)
            put_octets(a, s, "DA", l->node[i].modem, sizeof l->node[i].modem);
    }
    return true;
}

static bool nw_info(struct answer *a)
{
    const struct line *l = a->line;
    struct node *network = is_linked(l, a->node) ? new_entry(a, a->n, "Network") : NULL;
    if (network == NULL)
        return true;
    put_octets(a, network, "NID", a->node->nid, sizeof a->node->nid);
    put_octets(a, network, "CCo_MAC", a->node->modem, sizeof a->node->modem);
    for (unsigned i = 0; i < l->nodes; i++) {
        const struct line_node *other = &l->node[i];
        struct node *s =
            line_is_linked(l, a->node, other) ? new_entry(a, network, "Station") : NULL;
        if (s == NULL)
            continue;
        put_octets(a, s, "MAC", other->modem, sizeof other->modem);
        put_octets(a, s, "BDA", other->mac, sizeof other->mac);
    }
    return true;
}

static bool as_it_is(struct answer *a)
{
    put_number(a, "Cookie", asked_number(a, "Cookie"));
    put_number(a, "RequestID", asked_number(a, "RequestID"));
    return true;
}

static bool reset(struct answer *a)
{
    a->node->key_us = 0;
    line_changed(a->line);
    return true;
}

static const struct question {
    const char *name, *answer;     /* answer NULL: there is none */
    bool (*say)(struct answer *a); /* false: no answer */
    bool is_lumissil, is_qualcomm; /* only such a modem knows it; neither: each does */
    bool is_for_network;           /* what is for all is answered by linked modems, too */
} QUESTIONS[] = {
    {"CM_SET_KEY_REQ", "CM_SET_KEY_CNF", set_key, false, false, false},
    {"CM_GET_KEY_REQ", "CM_GET_KEY_CNF", get_key, false, false, true},
    {"CM_NW_STATS_REQ", "CM_NW_STATS_CNF", nw_stats, false, false, false},
    {"VS_SW_VER_REQ", "VS_SW_VER_CNF", as_it_is, false, true, true},
    {"VS_OP_ATTRIBUTES_REQ", "VS_OP_ATTRIBUTES_CNF", as_it_is, false, true, false},
    {"VS_PL_LINK_STATUS_REQ", "VS_PL_LINK_STATUS_CNF", link_status, false, true, false},
    {"VS_NW_INFO_REQ", "VS_NW_INFO_CNF", nw_info, false, true, false},
    {"VS_RS_DEV_REQ", "VS_RS_DEV_CNF", reset, false, true, false},
    {"CG_GET_VERSION_REQ", "CG_GET_VERSION_CNF", as_it_is, true, false, false},
    {"CG_GET_D_LINK_STATUS_REQ", "CG_GET_D_LINK_STATUS_CNF", link_status, true, false, false},
    {"CG_RESET_DEVICE_REQ", NULL, reset, true, false, false},
};

static const struct question *question_of(const struct line_node *n, const char *name)
{
    for (size_t i = 0; i < sizeof QUESTIONS / sizeof *QUESTIONS; i++) {
        const struct question *q = &QUESTIONS[i];
        if (strcmp(q->name, name) == 0 && !(q->is_lumissil && !n->is_lumissil) &&
            !(q->is_qualcomm && n->is_lumissil))
            return q;
    }
    return NULL;
}

/* The modem of `modem` answers the host of `node`. */
static void reply(struct line *l, struct line_node *node, struct line_node *modem,
                  const struct message *asked, const struct question *q)
{
    struct answer a = {.line = l,
                       .node = node,
                       .modem = modem,
                       .asked = message_named(asked).node,
                       .after_us = ANSWER_US};
    struct err ignored = ERR_INIT;
    arena_open(&a.arena, a.room, sizeof a.room, 0);
    const char *name = q->answer != NULL ? q->answer : q->name;
    if (message_new(asked->schema, name, &a.arena, &a.m, &ignored) == 0) {
        a.n = message_named(&a.m).node;
        bool is_answered = is_of_maker(&a) && q->say(&a);
        if (is_answered && q->answer != NULL)
            send_answer(&a);
    }
    arena_close(&a.arena);
}

/* What is for all modems is answered by those of the same network, too, as far as they may. */
static void ask_others(struct line *l, struct line_node *n, const struct message *asked,
                       const struct question *q)
{
    for (unsigned i = 0; i < l->nodes; i++)
        if (line_is_linked(l, n, &l->node[i]) && question_of(&l->node[i], q->name) == q)
            reply(l, n, &l->node[i], asked, q);
}

static void from_host(struct line *l, struct line_node *n, struct slice frame)
{
    struct arena arena;
    uint64_t room[ROOM / 8];
    struct message m;
    struct err ignored = ERR_INIT; /* a modem says nothing to what it cannot read */
    bool is_for_all = frame.p[0] & 1;
    bool is_for_us = memcmp(frame.p, LOCAL, sizeof LOCAL) == 0 ||
                     memcmp(frame.p, n->modem, sizeof n->modem) == 0;
    if (!is_for_all && !is_for_us) {
        line_carry(l, n, frame);
        return;
    }
    arena_open(&arena, room, sizeof room, 0);
    const struct question *q = NULL;
    if (ether_is_homeplug(frame) && link_frame_decode(l->library, frame, &arena, &m, &ignored) == 0)
        q = question_of(n, message_named(&m).name);
    if (q != NULL)
        reply(l, n, n, &m, q);
    if (q != NULL && is_for_all && q->is_for_network)
        ask_others(l, n, &m, q);
    if (q == NULL && is_for_all)
        line_carry(l, n, frame);
    arena_close(&arena);
}

/* ---- what it hears ---- */

static uint8_t attenuated(struct line *l, const struct line_path *p, unsigned group)
{
    unsigned dB = p->attenuation[group];
    uint8_t chance = 0;
    if (p->noise > 0) {
        world_random(l->world, &chance, sizeof chance);
        dB += chance % (p->noise + 1);
    }
    return (uint8_t)(dB > UINT8_MAX ? UINT8_MAX : dB);
}

static void heard(struct line *l, struct line_node *n, struct slice frame,
                  const struct line_path *path)
{
    struct answer a = {.line = l, .node = n, .modem = n, .after_us = PROFILE_US};
    struct err ignored = ERR_INIT;
    struct slice message = {frame.p + ETHER_HEADER, frame.n - ETHER_HEADER};
    if (!ether_is_homeplug(frame) || ether_mmtype(message) != SOUND)
        return;
    arena_open(&a.arena, a.room, sizeof a.room, 0);
    const struct schema *s = library_get(l->library, "slac", &ignored);
    if (s != NULL && message_new(s, "CM_ATTEN_PROFILE_IND", &a.arena, &a.m, &ignored) == 0) {
        a.n = message_named(&a.m).node;
        put_octets(&a, a.n, "PEV_MAC", frame.p + 6, 6);
        node_remove(a.n, (unsigned)type_slot_of(a.n->type, "AAG"));
        for (unsigned i = 0; i < LINE_GROUPS; i++)
            add_to_list(&a, a.n, "AAG", (union value){.u = attenuated(l, path, i)});
        send_answer(&a);
    }
    arena_close(&a.arena);
}

const struct line_modems MODEMS = {from_host, heard};
