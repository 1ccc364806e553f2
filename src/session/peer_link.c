/* SPDX-License-Identifier: Apache-2.0 */
#include "session/peer_link.h"

#include "session/parcel.h"
#include "session/peer_wire.h"
#include "wire/ether.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t ALL[6] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
static const uint8_t QUALCOMM_MODEM[6] = {0x00, 0xB0, 0x52, 0x00, 0x00, 0x01};

#define MANUFACTURER 0xA000 /* MMTYPEs from here on are between a host and a modem */
#define IS_CONFIRM 1u       /* bit of an MMTYPE: no request and no indication */

/* ---- open and closed ---- */

static void pass(struct peer *p, bool is_sent, const char *where, struct slice frame, int *bad,
                 struct err *e)
{
    enum came came = CAME_NONE;
    struct session *s = &p->session;
    int64_t us = is_sent ? world_now(p->world) : world_came(p->world, &came);
    struct parcel parcel = {
        .session = s, .event = session_new_event(s, EVENT_BYTES, is_sent, us), .is_sent = is_sent};
    struct event *event = &parcel.event;
    event->is_link = true;
    event->is_inside = event->is_after = false;
    event->connection = 0;
    event->came = came;
    event->where = where;
    event->from = event->to = (struct endpoint){.port = 0};
    /* what comes to a relay is news, whoever plays the other side */
    bool may_be_echo = !is_sent && s->leg == LEG_NONE && frame.n >= ETHER_HEADER;
    event->is_echo = may_be_echo && ether_is_here(p->world, frame.p + 6);
    parcel_set_bytes(&parcel, frame);
    *bad = way_frame(&s->way, &parcel, e);
    parcel_close(&parcel);
}

static void came(void *context, struct slice frame)
{
    struct err ignored = ERR_INIT; /* the chain has none for what comes */
    int bad;
    pass(context, false, "", frame, &bad, &ignored);
}

int peer_link_open(struct peer *p, const char *interface, struct err *e)
{
    if (p->link != NULL)
        return 0;
    if (interface == NULL)
        interface = world_interface(p->world, p->session.role == FROM_EVCC);
    if (interface == NULL)
        return err_set(e, "SLAC needs an interface; --slac names it, --bench makes a power line");
    struct peer_link *l = calloc(1, sizeof *l);
    if (l == NULL)
        return err_set(e, "out of memory");
    l->peer = p;
    memcpy(l->modem, QUALCOMM_MODEM, sizeof l->modem);
    l->port = ether_open(p->world, interface, ETHER_HOMEPLUG, came, p, e);
    if (l->port == NULL) {
        free(l);
        return -1;
    }
    p->link = l;
    if (p->state == PEER_IDLE)
        peer_begin_session(p);
    return 0;
}

void peer_link_close(struct peer *p)
{
    struct peer_link *l = p->link;
    if (l == NULL)
        return;
    ether_close(l->port);
    for (struct received *r; (r = peer_link_take(p)) != NULL;)
        session_done(&p->session, r);
    free(l);
    p->link = NULL;
}

const uint8_t *peer_link_mac(const struct peer *p)
{
    return p->link == NULL ? NULL : ether_mac(p->link->port);
}

const char *peer_link_interface(const struct peer *p)
{
    return p->link == NULL ? NULL : ether_interface(p->link->port);
}

/* ---- sending ---- */

void peer_link_destination(const struct peer *p, const struct message *m, uint8_t to[6])
{
    static const char *const TO_ALL[] = {"CM_SLAC_PARM_REQ", "CM_START_ATTEN_CHAR_IND",
                                         "CM_MNBC_SOUND_IND"};
    static const char *const TO_MODEM[] = {"CM_SET_KEY_REQ", "CM_GET_KEY_REQ", "CM_NW_STATS_REQ"};
    const struct peer_link *l = p->link;
    const char *name = m->root->as.name;
    const uint8_t *chosen = l == NULL ? ALL : l->other;
    for (size_t i = 0; i < sizeof TO_ALL / sizeof *TO_ALL; i++)
        if (strcmp(name, TO_ALL[i]) == 0)
            chosen = ALL;
    bool is_modem = m->root->payload >= MANUFACTURER && !(m->root->payload & IS_CONFIRM);
    for (size_t i = 0; i < sizeof TO_MODEM / sizeof *TO_MODEM; i++)
        is_modem = is_modem || strcmp(name, TO_MODEM[i]) == 0;
    if (is_modem)
        chosen = l == NULL ? QUALCOMM_MODEM : l->modem;
    memcpy(to, chosen, 6);
}

int peer_link_send_raw(struct peer *p, struct slice frame, const char *where, struct err *e)
{
    int bad;
    if (p->link == NULL)
        return err_set(e, "the link is not open");
    pass(p, true, where, frame, &bad, e);
    return bad;
}

int peer_link_send(struct peer *p, const struct message *m, const uint8_t to[6],
                   const uint8_t *from, const char *where, struct err *e)
{
    struct buf frame = {0};
    if (p->link == NULL)
        return err_set(e, "the link is not open");
    ether_header(&frame, to, from != NULL ? from : peer_link_mac(p), ETHER_HOMEPLUG);
    int bad = codec_encode(m, &frame, e);
    if (bad == 0)
        bad = peer_link_send_raw(p, (struct slice){frame.p, frame.n}, where, e);
    buf_close(&frame);
    return bad;
}

int peer_link_write(struct peer *p, const struct event *e, struct err *problem)
{
    if (p->link == NULL)
        return err_set(problem, "the link is not open");
    return ether_send(p->link->port, e->bytes, problem);
}

/* ---- receiving ---- */

struct received *peer_link_take(struct peer *p)
{
    struct peer_link *l = p->link;
    struct received *r = l == NULL ? NULL : l->first;
    if (r == NULL)
        return NULL;
    l->first = r->next;
    if (l->first == NULL)
        l->last = NULL;
    l->waiting--;
    bool asks_all = r->is_decoded && strcmp(r->name, "CM_SLAC_PARM_REQ") == 0;
    if (r->is_decoded && r->message.root->payload < MANUFACTURER && (r->is_for_us || asks_all))
        memcpy(l->other, r->mac, sizeof l->other);
    return r;
}

void peer_link_hear(struct peer *p, struct parcel *parcel)
{
    struct peer_link *l = p->link;
    struct received *r = parcel->read;
    /* what others of this side send to all is none of its business */
    if (l == NULL || r == NULL || (r->is_decoded && r->message.root->from == p->session.role))
        return;
    parcel->read = NULL;
    r->next = NULL;
    r->number = parcel->event.number;
    memcpy(r->mac, parcel->event.from.mac, sizeof r->mac);
    r->is_for_us = memcmp(parcel->event.to.mac, ether_mac(l->port), sizeof r->mac) == 0;
    *(l->last == NULL ? &l->first : &l->last->next) = r;
    l->last = r;
    if (++l->waiting > PEER_LINK_WAITING)
        session_done(&p->session, peer_link_take(p));
    if (p->wake != NULL)
        p->wake(p->context);
}
