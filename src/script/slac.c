/* SPDX-License-Identifier: Apache-2.0 */
#include "script/slac.h"

#include "script/link.h"
#include "script/printing.h"
#include "session/peer_link.h"
#include "wire/ether.h"

#include <string.h>

bool slac_is_set(const struct schema *s)
{
    return s->ethertype != 0;
}

bool slac_goes_first(const struct role *r)
{
    const struct script_options *o = r->script->options;
    return r->peer != NULL && (o->peer.slac != NULL || ether_has_medium(o->world));
}

int slac_open(struct role *r, struct err *e)
{
    const struct peer_options *o = &r->script->options->peer;
    if (r->peer == NULL)
        return 0;
    const char *interface = o->slac != NULL ? o->slac : link_options(r, false).interface;
    return peer_link_open(r->peer, interface, e);
}

/* ---- sending ---- */

int slac_print(struct role *r, const struct message *m, const char *violations, struct err *e)
{
    static const uint8_t OWN[6] = {0x02, 0, 0, 0, 0, 0xE1};
    struct buf frame = {0};
    uint8_t to[6];
    struct peer nobody = {.link = NULL};
    peer_link_destination(&nobody, m, to);
    ether_header(&frame, to, OWN, ETHER_HOMEPLUG);
    int bad = codec_encode(m, &frame, e);
    if (bad == 0)
        printing_frame(r->script, (struct slice){frame.p, frame.n}, m, violations);
    buf_close(&frame);
    return bad;
}

int slac_send(struct role *r, const struct message *m, const char *where, const char *violations,
              struct err *e)
{
    uint8_t to[6];
    if (r->peer == NULL)
        return slac_print(r, m, violations, e);
    if (slac_open(r, e) != 0)
        return -1;
    peer_link_destination(r->peer, m, to);
    return peer_link_send(r->peer, m, to, NULL, where, e);
}
