/* SPDX-License-Identifier: Apache-2.0 */
#include "script/methods.h"

#include "script/box.h"
#include "script/deadline.h"
#include "script/expect.h"
#include "script/filters.h"
#include "script/flow.h"
#include "script/judgement.h"
#include "script/link.h"
#include "script/object.h"
#include "script/printing.h"
#include "script/relaying.h"
#include "script/security.h"
#include "script/serving.h"
#include "script/slac_methods.h"
#include "script/tls_expect.h"
#include "script/tls_view.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

static struct role *role_upvalue(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* ---- messages of any kind ---- */

static int raw_connected(lua_State *L, int status, lua_KContext context)
{
    struct role *r = role_upvalue(L);
    struct slice bytes;
    struct err e = ERR_INIT;
    char where[128];
    (void)status;
    (void)context;
    bytes.p = (const uint8_t *)luaL_checklstring(L, 1, &bytes.n);
    link_check_sending(L, r, "Send_Raw");
    if (r->peer == NULL) {
        printing_frame(r->script, bytes, NULL, "");
        return 0;
    }
    const char *name;
    if (session_send_raw(r->session, bytes, script_where(L, where, sizeof where),
                         script_now(r->script), &name, &e) != 0)
        script_verdict(L, VERDICT_FAIL, "Send_Raw: %s", e.what);
    flow_sent(L, r, name);
    return 0;
}

static int method_send_raw(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TSTRING);
    return link_connect(L, role_upvalue(L), false, 0, raw_connected);
}

static int method_send_datagram(lua_State *L)
{
    struct slice bytes;
    bytes.p = (const uint8_t *)luaL_checklstring(L, 1, &bytes.n);
    flow_datagram(L, role_upvalue(L), bytes);
    return 0;
}

static int any_done(lua_State *L, int status, lua_KContext context)
{
    struct role *r = role_upvalue(L);
    bool is_late = r->peer == NULL || r->script->timed_out;
    struct received *received = is_late ? NULL : flow_take(L, r);
    (void)status;
    (void)context;
    if (received != NULL) {
        lua_pushstring(L, received->name);
        lua_pushstring(L, received->is_decoded ? NULL : received->problem->what);
        return 2;
    }
    bool timed_out = r->script->timed_out;
    if (timed_out && lua_isnil(L, 1)) /* a limit of the script's own is no deadline to be missed */
        deadline_met(L, r, script_now(r->script), false);
    lua_pushnil(L);
    lua_pushstring(L, timed_out || r->peer == NULL    ? "timeout"
                      : r->peer->state == PEER_FAILED ? "failed"
                                                      : "closed");
    if (r->peer == NULL || timed_out)
        return 2;
    lua_pushstring(L, r->peer->problem.set ? r->peer->problem.what : "");
    return 3;
}

static int any_connected(lua_State *L, int status, lua_KContext context)
{
    struct role *r = role_upvalue(L);
    (void)status;
    (void)context;
    if (r->peer == NULL || flow_has_frame(r)) {
        r->timer.limit_us = 0;
        r->script->timed_out = false;
        return any_done(L, LUA_OK, 0);
    }
    return flow_wait(L, r, NULL, r->protocol->family, 0, any_done);
}

static int method_receive_any(lua_State *L)
{
    struct role *r = role_upvalue(L);
    if (!lua_isnoneornil(L, 1))
        luaL_argcheck(L, luaL_checknumber(L, 1) >= 0, 1, "expected milliseconds, 0 or more");
    lua_settop(L, 1); /* for flow_wait */
    if (r->on_link)
        return any_connected(L, LUA_OK, 0);
    if (r->session->first != NULL || r->sdp_open)
        return any_connected(L, LUA_OK, 0);
    return link_connect(L, r, false, 0, any_connected);
}

/* ---- the connection by hand ---- */

static void take_text(lua_State *L, const char *name, char *out, size_t size)
{
    if (lua_getfield(L, 1, name) != LUA_TNIL) {
        const char *text = script_check_text(L, name);
        if (strlen(text) >= size)
            luaL_error(L, "%s: '%s' is too long", name, text);
        snprintf(out, size, "%s", text);
    }
    lua_pop(L, 1);
}

static bool take_flag(lua_State *L, const char *name, bool otherwise)
{
    bool value = lua_getfield(L, 1, name) == LUA_TNIL ? otherwise : lua_toboolean(L, -1);
    lua_pop(L, 1);
    return value;
}

void methods_choose(lua_State *L, struct role *r, const char *known)
{
    script_check_keys(L, 1, known);
    take_text(L, "interface", r->chosen.interface, sizeof r->chosen.interface);
    take_text(L, "address", r->chosen.address, sizeof r->chosen.address);
    security_choose(L, r);
    if (lua_getfield(L, 1, "protocol") != LUA_TNIL)
        role_fix_protocol(L, r, script_check_text(L, "protocol"));
    lua_pop(L, 1);
}

/* Reads the table at 1, if any, and starts. */
static void start_by_hand(lua_State *L, struct role *r)
{
    bool manual = false;
    if (!lua_isnoneornil(L, 1)) {
        luaL_checktype(L, 1, LUA_TTABLE);
        methods_choose(L, r,
                       " interface address tls cert key roots protocol manual timeout may_fail "
                       "source_port ");
        manual = take_flag(L, "manual", false);
    }
    struct peer_options o = link_options(r, manual);
    if (!lua_isnoneornil(L, 1) && lua_getfield(L, 1, "timeout") != LUA_TNIL)
        o.setup_ms = (unsigned)script_check_number(L, "timeout", 0, INT32_MAX);
    if (!lua_isnoneornil(L, 1) && lua_getfield(L, 1, "source_port") != LUA_TNIL)
        o.source_port = (uint16_t)script_check_number(L, "source_port", 0, 65535);
    if (r->peer == NULL)
        return;
    if (r->peer->state != PEER_IDLE && r->peer->state < PEER_CLOSED)
        luaL_error(L, "%s is %s already; Disconnect() comes before another connection", r->name,
                   link_state(r));
    r->sdp_open = r->on_link = false;
    r->sent_us = r->received_us = 0;
    link_start(L, r, &o);
}

static int connect_done(lua_State *L, int status, lua_KContext context)
{
    struct role *r = role_upvalue(L);
    bool may_fail = context != 0;
    (void)status;
    if (may_fail && r->peer != NULL && r->peer->state != PEER_READY) {
        lua_pushnil(L);
        lua_pushstring(L, r->peer->problem.set ? r->peer->problem.what : "");
        lua_pushboolean(L, link_is_missing(r));
        return 3;
    }
    link_check(L, r, "Connect");
    role_follow(L, r);
    lua_pushboolean(L, true);
    return 1;
}

static int method_connect(lua_State *L)
{
    struct role *r = role_upvalue(L);
    start_by_hand(L, r);
    bool may_fail = lua_istable(L, 1) && take_flag(L, "may_fail", false);
    return link_connect(L, r, false, may_fail, connect_done);
}

static int method_listen(lua_State *L)
{
    start_by_hand(L, role_upvalue(L));
    return 0;
}

static int method_disconnect(lua_State *L)
{
    struct role *r = role_upvalue(L);
    struct err e = ERR_INIT;
    if (r->peer == NULL)
        return 0;
    task_wake(r);
    peer_end_search(r->peer);
    if (lua_type(L, 1) != LUA_TSTRING)
        peer_disconnect(r->peer, lua_toboolean(L, 1) != 0);
    else if (strcmp(lua_tostring(L, 1), "half") != 0)
        return luaL_argerror(L, 1, "expected true (RST) or 'half'");
    else if (peer_half_close(r->peer, &e) != 0)
        return script_raise(L, &e);
    return 0;
}

static int method_probe(lua_State *L)
{
    struct role *r = role_upvalue(L);
    struct err e = ERR_INIT;
    lua_Integer port = luaL_checkinteger(L, 1), first = luaL_optinteger(L, 2, 0);
    lua_Integer every = luaL_optinteger(L, 3, 1000);
    luaL_argcheck(L, port >= 1 && port <= UINT16_MAX, 1, "expected a port, 1 to 65535");
    luaL_argcheck(L, first >= 0 && first <= INT32_MAX, 2, "expected milliseconds");
    luaL_argcheck(L, every >= 0 && every <= INT32_MAX, 3, "expected milliseconds");
    if (r->peer != NULL &&
        peer_probe(r->peer, (uint16_t)port, (unsigned)first, (unsigned)every, &e) != 0)
        return script_raise(L, &e);
    return 0;
}

static int method_state(lua_State *L)
{
    const struct role *r = role_upvalue(L);
    lua_pushstring(L, link_state(r));
    lua_pushstring(L, r->peer != NULL && r->peer->problem.set ? r->peer->problem.what : NULL);
    return 2;
}

static int method_session_id(lua_State *L)
{
    const struct role *r = role_upvalue(L);
    struct buf text = {0};
    buf_hex(&text, r->session->id, r->session->id_size, true);
    lua_pushlstring(L, (const char *)text.p, text.n);
    buf_close(&text);
    return 1;
}

/* Whether the message received last has that SessionID, as hex digits like those of SessionID(). */
static int method_has_session_id(lua_State *L)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    const struct role *r = role_upvalue(L);
    size_t n;
    const char *id = luaL_checklstring(L, 1, &n);
    const struct bytes *found = r->last == NULL || !r->last->is_decoded
                                    ? NULL
                                    : node_bytes(message_header(&r->last->message), "SessionID");
    bool has = found != NULL && n == (size_t)found->n * 2;
    for (size_t i = 0; has && i < found->n; i++)
        has = id[2 * i] == DIGITS[found->p[i] >> 4] && id[2 * i + 1] == DIGITS[found->p[i] & 15];
    lua_pushboolean(L, has);
    return 1;
}

/* The message that Send_ would send now, as a value of its own. */
static int method_outgoing(lua_State *L)
{
    struct role *r = role_upvalue(L);
    const char *name = luaL_checkstring(L, 1);
    struct name_scope scope = role_scope(r);
    struct err e = ERR_INIT;
    const struct schema *set;
    const struct element *element = name_message(&scope, name, &set, &e);
    if (element == NULL) {
        name_no_message(&scope, name, &e);
        return script_raise(L, &e);
    }
    struct outgoing *o = role_outgoing(r, set, element, &e);
    if (o == NULL)
        return script_raise(L, &e);
    object_push_given(L, r, &o->message, o->given);
    return 1;
}

/* With true as its second argument it begins with what was set, else with its defaults. */
static int method_message(lua_State *L)
{
    size_t n;
    const char *text = luaL_checklstring(L, 1, &n);
    if (lua_toboolean(L, 2))
        return method_outgoing(L);
    object_push_named(L, role_upvalue(L), text, n);
    return 1;
}

/* Entries as the list AppProtocol of a supportedAppProtocolReq takes them. */
static int method_offers(lua_State *L)
{
    const struct protocol *p = protocol_find(luaL_checkstring(L, 1));
    lua_newtable(L);
    for (lua_Integer i = 0; p != NULL && p->uri[i] != NULL; i++) {
        lua_createtable(L, 0, 5);
        lua_pushstring(L, p->uri[i]);
        lua_setfield(L, -2, "ProtocolNamespace");
        lua_pushinteger(L, p->major);
        lua_setfield(L, -2, "VersionNumberMajor");
        lua_pushinteger(L, p->minor);
        lua_setfield(L, -2, "VersionNumberMinor");
        lua_pushinteger(L, i + 1);
        lua_setfield(L, -2, "SchemaID");
        lua_pushinteger(L, i + 1);
        lua_setfield(L, -2, "Priority");
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static int method_received(lua_State *L)
{
    struct role *r = role_upvalue(L);
    const struct received *m = r->last != NULL && r->last->is_decoded ? r->last : NULL;
    if (!lua_isnoneornil(L, 1)) {
        const char *name = luaL_checkstring(L, 1);
        struct name_scope scope = role_scope(r);
        struct err e = ERR_INIT;
        const struct schema *set;
        const struct element *element = name_message(&scope, name, &set, &e);
        if (element == NULL) {
            name_no_message(&scope, name, &e);
            return script_raise(L, &e);
        }
        m = role_incoming(r, set, element, &e);
    }
    if (m == NULL)
        lua_pushnil(L);
    else
        object_push(L, r, m);
    return 1;
}

static int method_came(lua_State *L)
{
    const struct role *r = role_upvalue(L);
    int64_t us = r->came_us != 0 ? r->came_us : script_now(r->script);
    lua_pushnumber(L, (lua_Number)us / 1000);
    return 1;
}

void methods_push(lua_State *L, uint8_t side)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"Connect", method_connect},
        {"Listen", method_listen},
        {"Disconnect", method_disconnect},
        {"Send_Raw", method_send_raw},
        {"Outgoing", method_outgoing},
        {"Offers", method_offers},
        {"Message", method_message},
        {"Receive_Any_001", method_receive_any},
        {"Received", method_received},
        {"Receive_Any", method_receive_any},
        {"Measured", deadline_measured},
        {"Came", method_came},
        {"Probe", method_probe},
        {"State", method_state},
        {"SessionID", method_session_id},
        {"Has_SessionID", method_has_session_id},
        {"Send_Datagram", method_send_datagram},
        {NULL, NULL},
    };
    lua_newtable(L);
    luaL_setfuncs(L, FUNCTIONS, 0);
    if (side == FROM_SECC) {
        serving_methods(L);
        relaying_methods(L);
    }
    slac_methods(L);
    box_methods(L);
    tls_view_methods(L);
    filters_methods(L);
    tls_expect_methods(L);
    expect_methods(L);
}
