/* SPDX-License-Identifier: Apache-2.0 */
#include "session/discovery.h"

#include "codec/codec.h"
#include "codec/node.h"
#include "wire/lab.h"
#include "wire/v2gtp.h"

#include <stdio.h>
#include <string.h>

void discovery_record_listener(struct recorder *r, int64_t us, const char *by,
                               const struct endpoint *at, const char *text)
{
    struct event e = {
        .us = us,
        .kind = EVENT_LISTEN,
        .ok = true,
        .from_role = FROM_SECC,
        .by = by,
        .where = "",
        .name = "",
        .code = "",
        .text = text,
        .from = *at,
    };
    recorder_put(r, &e);
}

/* A fresh message of SDP, in an arena of its own. */
struct made {
    struct message m;
    struct arena arena;
    uint64_t room[DATAGRAM_ROOM / 8];
};

static int made_open(struct made *made, struct library *l, const char *name, struct err *e)
{
    const struct schema *s = library_get(l, "sdp", e);
    arena_open(&made->arena, made->room, sizeof made->room, 0);
    return s == NULL ? -1 : message_new(s, name, &made->arena, &made->m, e);
}

static void made_set(struct made *made, const char *field, union value v)
{
    int slot = type_slot(made->m.v.n->type, field, strlen(field));
    if (slot >= 0)
        node_set(made->m.v.n, (unsigned)slot, v);
}

/* Appends the message with its header. */
static int made_write(const struct made *made, struct buf *out, struct err *e)
{
    size_t start = out->n;
    if (buf_reserve(out, V2GTP_HEADER) == NULL)
        return err_set(e, "out of memory");
    out->n += V2GTP_HEADER;
    if (codec_encode(&made->m, out, e) != 0)
        return -1;
    v2gtp_write(out->p + start, made->m.root->payload, (uint32_t)(out->n - start - V2GTP_HEADER));
    return 0;
}

int discovery_request(struct library *l, uint8_t security, struct buf *out, struct err *e)
{
    struct made made;
    if (made_open(&made, l, "SECCDiscoveryReq", e) != 0)
        return -1;
    made_set(&made, "Security", (union value){.u = security});
    return made_write(&made, out, e);
}

static int write_response(struct library *l, const struct endpoint *at, uint8_t security,
                          struct buf *out, struct err *e)
{
    struct made made;
    if (made_open(&made, l, "SECCDiscoveryRes", e) != 0)
        return -1;
    made_set(&made, "SECCIPAddress",
             (union value){.b = bytes_new(&made.arena, at->ip, sizeof at->ip)});
    made_set(&made, "SECCPort", (union value){.u = at->port});
    made_set(&made, "Security", (union value){.u = security});
    return made_write(&made, out, e);
}

bool discovery_found(const struct datagram *d, const char *interface, struct endpoint *secc,
                     struct err *e)
{
    if (d->event.problem != NULL)
        *e = *d->event.problem;
    else if (d->event.payload_type != V2GTP_SDP_RES)
        err_set(e, "V2GTP payload type: expected 0x%04X (%s), found 0x%04X (%s)", V2GTP_SDP_RES,
                v2gtp_type_name(V2GTP_SDP_RES), d->event.payload_type,
                v2gtp_type_name(d->event.payload_type));
    if (e->set)
        return false;
    *secc = d->secc;
    if (endpoint_is_link_local(secc))
        snprintf(secc->interface, sizeof secc->interface, "%s", interface);
    enum lab_side before = lab_on(lab_side_of(interface));
    endpoint_learn_mac(secc);
    lab_on(before);
    return true;
}

const struct endpoint *discovery_choose(uint8_t security, const struct endpoint *plain,
                                        const struct endpoint *tls)
{
    return security == DATAGRAM_TLS && tls != NULL ? tls : plain;
}

bool discovery_respond(const struct datagram *d, struct library *l, const struct endpoint *plain,
                       const struct endpoint *tls, struct buf *answer, struct err *e)
{
    const struct endpoint *at = discovery_choose(d->security, plain, tls);
    if (d->problem.set || d->event.payload_type != V2GTP_SDP_REQ || at == NULL)
        return false;
    return write_response(l, at, at == tls ? DATAGRAM_TLS : DATAGRAM_NO_TLS, answer, e) == 0;
}
