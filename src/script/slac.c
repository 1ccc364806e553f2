/* SPDX-License-Identifier: Apache-2.0 */
#include "script/slac.h"

#include "script/link.h"
#include "script/printing.h"
#include "script/sandbox.h"
#include "session/peer_link.h"
#include "wire/ether.h"
#include "wire/lab.h"

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

/* As options and script have it; NULL: that of its side. */
static const char *interface_of(const struct role *r)
{
    const struct peer_options *o = &r->script->options->peer;
    if (o->slac != NULL)
        return o->slac;
    return r->chosen.interface[0] != '\0' ? r->chosen.interface : o->interface;
}

int slac_open(struct role *r, struct err *e)
{
    return r->peer == NULL ? 0 : peer_link_open(r->peer, interface_of(r), e);
}

/* ---- the cable's pilot ---- */

/* The name of the cable that it is at: the station's interface, or that of a vehicle which is at
 * none. NULL: that of evse0, or there is no bench. */
static const char *cable_of(const struct role *r)
{
    const struct script_options *o = r->script->options;
    bool is_station = r->side == FROM_SECC;
    const char *own = peer_link_interface(r->peer);
    if (own == NULL)
        own = interface_of(r);
    if (own == NULL)
        own = world_interface(o->world, !is_station);
    if (own == NULL || !ether_medium_has(o->world, own))
        return NULL;
    const char *other = ether_other_end(o->world, own);
    const char *name = is_station || other == NULL ? own : other;
    return strcmp(name, LAB_EVSE_INTERFACE) == 0 ? NULL : name;
}

void slac_push_pilot(lua_State *L, const struct role *r)
{
    const struct script_options *o = script_of(L)->options;
    const char *cable = o->cable != NULL || r == NULL || r->peer == NULL ? o->cable : cable_of(r);
    sandbox_require(L, "v2g.pilot");
    lua_getfield(L, -1, "Of");
    lua_pushstring(L, cable); /* NULL: nil */
    if (r == NULL) {
        lua_call(L, 1, 1);
        return;
    }
    lua_pushstring(L, r->side == FROM_SECC ? "station" : "vehicle");
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->table);
    lua_call(L, 3, 1);
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
