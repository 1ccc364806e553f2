/* SPDX-License-Identifier: Apache-2.0 */
#include "script/slac_methods.h"

#include "powerline/key.h"
#include "script/judgement.h"
#include "script/object.h"
#include "script/printing.h"
#include "script/slac.h"
#include "script/task.h"
#include "session/peer_link.h"
#include "wire/ether.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

static struct role *role_upvalue(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* ---- addresses ---- */

static void push_mac(lua_State *L, const uint8_t mac[6])
{
    char text[13];
    for (unsigned i = 0; i < 6; i++)
        snprintf(text + 2 * i, 3, "%02X", mac[i]);
    lua_pushstring(L, text);
}

/* False: the argument is nil. */
static bool take_mac(lua_State *L, int at, uint8_t mac[6])
{
    if (lua_isnoneornil(L, at))
        return false;
    luaL_argcheck(L, ether_parse(luaL_checkstring(L, at), mac), at,
                  "expected a MAC address, 12 hex digits");
    return true;
}

static void need_open(lua_State *L, struct role *r)
{
    struct err e = ERR_INIT;
    if (slac_open(r, &e) != 0)
        script_verdict(L, VERDICT_ERROR, "the link cannot be opened: %s", e.what);
}

static int send_to(lua_State *L)
{
    struct role *r = role_upvalue(L);
    const struct message *m = object_test(L, 1, NULL);
    uint8_t to[6], from[6];
    char where[128];
    struct err e = ERR_INIT;
    luaL_argexpected(L, m != NULL && slac_is_set(m->schema), 1, "message of SLAC");
    need_open(L, r);
    peer_link_destination(r->peer == NULL ? &(struct peer){.link = NULL} : r->peer, m, to);
    take_mac(L, 2, to);
    bool has_from = take_mac(L, 3, from);
    if (r->peer == NULL)
        return slac_print(r, m, "", &e) != 0 ? script_raise(L, &e) : 0;
    r->script->has_tested = true;
    if (peer_link_send(r->peer, m, to, has_from ? from : NULL, script_where(L, where, sizeof where),
                       &e) != 0)
        return script_raise(L, &e);
    return 0;
}

static int send_raw(lua_State *L)
{
    struct role *r = role_upvalue(L);
    struct slice frame;
    char where[128];
    struct err e = ERR_INIT;
    frame.p = (const uint8_t *)luaL_checklstring(L, 1, &frame.n);
    need_open(L, r);
    if (r->peer == NULL)
        printing_frame(r->script, frame, NULL, "");
    else if (peer_link_send_raw(r->peer, frame, script_where(L, where, sizeof where), &e) != 0)
        return script_raise(L, &e);
    return 0;
}

/* ---- receiving ---- */

static bool has_frame(void *context)
{
    const struct role *r = context;
    return r->peer->link == NULL || r->peer->link->first != NULL;
}

static int received(lua_State *L, int status, lua_KContext context)
{
    struct role *r = role_upvalue(L);
    const struct peer_link *l = r->peer->link;
    const struct received *got = l == NULL ? NULL : l->first;
    (void)status;
    (void)context;
    if (got == NULL)
        return 0;
    r->script->has_tested = true;
    if (got->is_decoded)
        object_push(L, r, got);
    else
        lua_pushboolean(L, false);
    push_mac(L, got->mac);
    if (got->is_decoded)
        lua_pushnil(L);
    else
        lua_pushfstring(L, "%s: %s", got->problem->path, got->problem->what);
    session_done(r->session, peer_link_take(r->peer)); /* now that no memory is asked for */
    return 3;
}

static int receive(lua_State *L)
{
    struct role *r = role_upvalue(L);
    double ms = luaL_optnumber(L, 1, -1);
    struct wait w = {.ready = has_frame, .context = r, .role = r};
    lua_settop(L, 1);
    need_open(L, r);
    if (r->peer == NULL)
        return 0;
    if (has_frame(r) || ms == 0)
        return received(L, LUA_OK, 0);
    if (ms > 0 && ms < 1e12)
        w.deadline_us = script_now(r->script) + (int64_t)(ms * 1000) + 1;
    return script_wait(L, &w, 0, received);
}

/* ---- keys, and the pilot beside ---- */

static int nid_of(lua_State *L)
{
    struct err e = ERR_INIT;
    uint8_t nmk[KEY_NMK], nid[KEY_NID];
    char text[2 * KEY_NID + 1];
    size_t n;
    const char *digits = luaL_checklstring(L, 1, &n);
    luaL_argcheck(L, hex_read(digits, n, nmk, sizeof nmk) == sizeof nmk, 1,
                  "expected an NMK, 32 hex digits");
    if (key_nid(nmk, nid, &e) != 0)
        return script_raise(L, &e);
    for (unsigned i = 0; i < sizeof nid; i++)
        snprintf(text + 2 * i, 3, "%02X", nid[i]);
    lua_pushstring(L, text);
    return 1;
}

static int nmk_of(lua_State *L)
{
    struct err e = ERR_INIT;
    uint8_t nmk[KEY_NMK];
    char text[2 * KEY_NMK + 1];
    if (key_nmk(luaL_checkstring(L, 1), nmk, &e) != 0)
        return script_raise(L, &e);
    for (unsigned i = 0; i < sizeof nmk; i++)
        snprintf(text + 2 * i, 3, "%02X", nmk[i]);
    lua_pushstring(L, text);
    return 1;
}

/* Whether the bench has a node of that interface. */
static int has_node(lua_State *L)
{
    const struct role *r = role_upvalue(L);
    lua_pushboolean(L, r->peer != NULL &&
                           ether_medium_has(r->script->options->world, luaL_checkstring(L, 1)));
    return 1;
}

/* Which interface of the bench has the other end of that one's cable; nil: none. */
static int other_end(lua_State *L)
{
    const struct role *r = role_upvalue(L);
    const char *interface = luaL_checkstring(L, 1);
    lua_pushstring(L,
                   r->peer == NULL ? NULL : ether_other_end(r->script->options->world, interface));
    return 1;
}

static int pilot_told(lua_State *L)
{
    const struct role *r = role_upvalue(L);
    const struct script *s = r->script;
    char where[128];
    if (s->options->recorder == NULL)
        return 0;
    struct event e = session_new_event(r->session, EVENT_PILOT, true, script_now(s));
    e.where = script_where(L, where, sizeof where);
    e.text = luaL_checkstring(L, 1);
    recorder_put(s->options->recorder, &e);
    return 0;
}

/* ---- opening ---- */

static int open_link(lua_State *L)
{
    struct role *r = role_upvalue(L);
    struct err e = ERR_INIT;
    uint8_t modem[6];
    if (r->peer == NULL)
        return 0;
    if (!lua_isnoneornil(L, 1)) {
        script_check_keys(L, 1, " interface modem ");
        lua_getfield(L, 1, "modem");
        lua_getfield(L, 1, "interface");
    }
    lua_settop(L, 3);
    const char *interface = luaL_optstring(L, 3, NULL);
    if (interface == NULL)
        need_open(L, r);
    else if (peer_link_open(r->peer, interface, &e) != 0)
        script_verdict(L, VERDICT_ERROR, "the link cannot be opened: %s", e.what);
    if (take_mac(L, 2, modem))
        memcpy(r->peer->link->modem, modem, sizeof modem);
    push_mac(L, peer_link_mac(r->peer));
    return 1;
}

void slac_methods(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {{"Slac", open_link},           {"Slac_Send", send_to},
                                         {"Slac_Send_Raw", send_raw},   {"Slac_Receive", receive},
                                         {"Slac_Nid", nid_of},          {"Slac_Nmk", nmk_of},
                                         {"Slac_Has", has_node},        {"Pilot_Told", pilot_told},
                                         {"Slac_Other_End", other_end}, {NULL, NULL}};
    luaL_setfuncs(L, FUNCTIONS, 0);
}
