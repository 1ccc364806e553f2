/* SPDX-License-Identifier: Apache-2.0 */
#include "record/datagram.h"

#include "codec/codec.h"
#include "codec/node.h"
#include "wire/sdp.h"
#include "wire/v2gtp.h"

#include <stdio.h>
#include <string.h>

static const char *security_name(uint8_t security)
{
    return security == DATAGRAM_TLS      ? "TLS"
           : security == DATAGRAM_NO_TLS ? "no TLS"
                                         : "reserved Security";
}

/* A field of the message by name; NULL where it is absent. */
static const union value *value_of(const struct message *m, const char *name)
{
    const struct node *n = message_named(m).node;
    int slot = n == NULL ? -1 : type_slot(n->type, name, strlen(name));
    return slot < 0 || !node_has(n, (unsigned)slot) ? NULL : &n->v[slot];
}

bool datagram_station(const struct message *m, struct endpoint *secc, uint8_t *security)
{
    const union value *ip = value_of(m, "SECCIPAddress");
    *secc = (struct endpoint){.port = 0};
    if (ip == NULL) /* as in every other message, of which it is asked, too */
        return false;
    const union value *port = value_of(m, "SECCPort"), *with = value_of(m, "Security");
    if (port == NULL || with == NULL || ip->b->n != sizeof secc->ip)
        return false;
    memcpy(secc->ip, ip->b->p, sizeof secc->ip);
    secc->port = (uint16_t)port->u;
    *security = (uint8_t)with->u;
    return true;
}

/* What the description cannot say: where no station can be. */
static void check_station(const struct endpoint *secc, struct err *e)
{
    char text[ENDPOINT_TEXT];
    if (endpoint_is_unset(secc) || endpoint_is_multicast(secc))
        err_set(e, "SDP SECCIPAddress: expected the address of a station, found %s",
                endpoint_text(secc, text, sizeof text));
    else if (secc->port == 0)
        err_set(e, "SDP SECCPort: expected a port, found 0");
}

/* Reads the payload; what is wrong with it is the problem. */
static bool decode(struct datagram *d, struct library *l, uint16_t type, struct slice payload)
{
    struct exi_options o = EXI_OPTIONS;
    char secc[ENDPOINT_TEXT];
    const struct schema *s = library_get(l, "sdp", &d->problem);
    arena_open(&d->arena, d->room, sizeof d->room, 0);
    if (s == NULL || codec_decode(s, type, payload, &o, &d->arena, &d->message, &d->problem) != 0)
        return false;
    const struct violation *v = d->message.violations;
    if (v != NULL)
        err_set_bit(&d->problem, v->bit, "%s: %s", v->path, v->what);
    const union value *security = value_of(&d->message, "Security");
    d->security = security == NULL ? 0 : (uint8_t)security->u;
    if (!datagram_station(&d->message, &d->secc, &d->security)) {
        snprintf(d->text, sizeof d->text, "%s", security_name(d->security));
        return true;
    }
    check_station(&d->secc, &d->problem);
    snprintf(d->text, sizeof d->text, "%s, %s", endpoint_text(&d->secc, secc, sizeof secc),
             security_name(d->security));
    return true;
}

void datagram_read(struct datagram *d, struct library *l, int64_t us, const char *by,
                   const struct endpoint *from, const struct endpoint *to, struct slice bytes)
{
    struct v2gtp_header h = {0};
    d->problem = ERR_INIT;
    d->message.schema = NULL;
    d->text[0] = '\0';
    d->security = DATAGRAM_NO_TLS;
    d->secc = (struct endpoint){.port = 0};
    bool is_frame = v2gtp_datagram(bytes, &h, &d->problem) == V2GTP_FRAME;
    struct slice payload = {bytes.p + V2GTP_HEADER, bytes.n - V2GTP_HEADER};
    bool is_known = is_frame && (h.type == V2GTP_SDP_REQ || h.type == V2GTP_SDP_RES);
    bool is_request = is_known ? h.type == V2GTP_SDP_REQ : to->port == SDP_PORT;
    bool is_read = is_frame && decode(d, l, h.type, payload);
    if (!is_read)
        snprintf(d->text, sizeof d->text, "%s", d->problem.what);
    d->event = (struct event){
        .us = us,
        .kind = is_known ? EVENT_FRAME : EVENT_BYTES,
        .ok = !d->problem.set,
        .is_udp = true,
        .from_role = is_request ? FROM_EVCC : FROM_SECC,
        .by = by,
        .where = "",
        .code = "",
        .from = *from,
        .to = *to,
        .bytes = bytes,
        .payload_type = h.type,
        .name = !is_known    ? ""
                : is_request ? "SECCDiscoveryReq"
                             : "SECCDiscoveryRes",
        .schema = is_known ? d->message.schema : NULL,
        .message = is_read ? &d->message : NULL,
        .problem = d->problem.set ? &d->problem : NULL,
        .text = d->text,
    };
}
