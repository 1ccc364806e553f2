/* SPDX-License-Identifier: Apache-2.0 */
#include "script/deadline.h"

#include "base/text.h"
#include "script/sandbox.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_TEXT 96
#define NAMES 127 /* that are kept; a prime, so that addresses that lie alike differ */

/* The value on top of the stack as milliseconds: a number, or a table of profiles. Pops it. */
static int64_t read_value(lua_State *L, const struct script_options *o)
{
    if (lua_type(L, -1) == LUA_TTABLE) {
        if (lua_getfield(L, -1, o->profile != NULL ? o->profile : "strict") == LUA_TNIL) {
            lua_pop(L, 1);
            lua_getfield(L, -1, "strict");
        }
        lua_remove(L, -2);
    }
    int is_number;
    lua_Number ms = lua_tonumberx(L, -1, &is_number);
    lua_pop(L, 1);
    return is_number && ms >= 0 && ms < 1e12 ? (int64_t)ms : -1;
}

/* What the user set, else what the table has that lies below the name on top of the stack, if it is
 * one. Pops the name. */
static int64_t find_one(lua_State *L)
{
    const struct script_options *o = script_of(L)->options;
    const char *name = lua_tostring(L, -1);
    bool is_set = false;
    int64_t ms = -1;
    for (unsigned i = 0; i < o->timers && !is_set; i++) {
        is_set = strcmp(o->timer[i].name, name) == 0;
        ms = is_set ? o->timer[i].ms : -1;
    }
    if (is_set || lua_type(L, -2) != LUA_TTABLE) {
        lua_pop(L, 1);
        return ms;
    }
    lua_gettable(L, -2);
    return read_value(L, o);
}

/* Pushes lua/timers.lua, and a list of names that were put together. */
static void push_times(lua_State *L)
{
    struct script *s = script_of(L);
    if (s->times == 0) {
        sandbox_require(L, "timers");
        s->times = luaL_ref(L, LUA_REGISTRYINDEX);
        lua_createtable(L, NAMES, 0);
        s->time_names = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->times);
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->time_names);
}

static bool is_joined(const char *name, const char *parameter, const char *message)
{
    size_t n = strlen(parameter);
    return name != NULL && strncmp(name, parameter, n) == 0 && name[n] == '_' &&
           strcmp(name + n + 1, message) == 0;
}

/* Pushes "parameter_message", from the list at `names` where it is there: by the addresses, which
 * are the same each time for what C asks. */
static void push_name(lua_State *L, int names, const char *parameter, const char *message)
{
    lua_Integer at = 1 + (lua_Integer)(((uintptr_t)parameter ^ (uintptr_t)message >> 3) % NAMES);
    lua_rawgeti(L, names, at);
    if (is_joined(lua_tostring(L, -1), parameter, message))
        return;
    lua_pop(L, 1);
    lua_pushfstring(L, "%s_%s", parameter, message);
    lua_pushvalue(L, -1);
    lua_rawseti(L, names, at);
}

int64_t deadline_find(lua_State *L, const char *protocol, const char *parameter,
                      const char *message, char *name, size_t size)
{
    int64_t ms = -1;
    int top = lua_gettop(L);
    luaL_checkstack(L, 6, NULL);
    push_times(L);
    if (lua_type(L, -2) == LUA_TTABLE)
        lua_getfield(L, -2, protocol);
    else
        lua_pushnil(L);
    if (message != NULL) {
        push_name(L, top + 2, parameter, message);
        text_put(name, name + size, lua_tostring(L, -1));
        ms = find_one(L);
    }
    if (ms < 0) {
        text_put(name, name + size, parameter);
        lua_pushstring(L, parameter);
        ms = find_one(L);
    }
    lua_settop(L, top);
    return ms;
}

/* Whether name is that of a parameter, or that with a message's name behind it. */
static bool is_of(const char *name, const char *parameter)
{
    size_t n = strlen(parameter), all = strlen(name);
    if (strncmp(name, parameter, n) != 0)
        return false;
    return all == n || (name[n] == '_' && all > n + 4 &&
                        (strcmp(name + all - 3, "Req") == 0 || strcmp(name + all - 3, "Res") == 0));
}

/* Whether the table of protocols on top of the stack has that parameter. */
static bool is_known(lua_State *L, const char *name)
{
    bool found = false;
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -1) != LUA_TTABLE)
            continue;
        for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
            found |= lua_type(L, -2) == LUA_TSTRING && is_of(name, lua_tostring(L, -2));
    }
    return found;
}

void deadline_check(lua_State *L)
{
    const struct script_options *o = script_of(L)->options;
    if (o->timers == 0)
        return;
    luaL_checkstack(L, 8, NULL);
    sandbox_require(L, "timers");
    for (unsigned i = 0; i < o->timers && lua_type(L, -1) == LUA_TTABLE; i++)
        if (!is_known(L, o->timer[i].name)) {
            lua_pushfstring(L,
                            "--timer %s: there is no such timing parameter; lua/timers.lua has "
                            "their names, as V2G_EVCC_Msg_Timeout or, for one message, "
                            "V2G_EVCC_Msg_Timeout_SessionSetupReq",
                            o->timer[i].name);
            lua_error(L);
        }
    lua_pop(L, 1);
}

/* SessionSetupRes -> SessionSetupReq */
static const char *request_of(const char *response, char *out, size_t size)
{
    size_t n = strlen(response);
    text_put(out, out + size, response);
    if (n > 3 && n < size && strcmp(response + n - 3, "Res") == 0)
        memcpy(out + n - 3, "Req", 4);
    return out;
}

void deadline_standard(lua_State *L, struct role *r, const char *message, const char *protocol)
{
    char request[80];
    bool is_evcc = r->side == FROM_EVCC;
    const char *of = r->sent_name;
    if (is_evcc && message != NULL)
        of = request_of(message, request, sizeof request);
    const char *parameter = is_evcc ? "V2G_EVCC_Msg_Timeout" : "V2G_SECC_Sequence_Timeout";
    if (strncmp(of, "supportedAppProtocol", strlen("supportedAppProtocol")) == 0)
        protocol = "AppProtocol";
    int64_t ms = deadline_find(L, protocol, parameter, of, r->timer.name, sizeof r->timer.name);
    r->timer.limit_us = ms < 0 ? 0 : ms * 1000;
    r->timer.from_us = r->sent_us != 0 ? r->sent_us : script_now(r->script);
}

void deadline_link(lua_State *L, struct role *r, const char *message)
{
    static const char *const TIMES[][2] = {
        {"CM_SLAC_PARM_REQ", "TT_EVSE_SLAC_init"},
        {"CM_SLAC_PARM_CNF", "TT_match_response"},
        {"CM_START_ATTEN_CHAR_IND", "TT_match_sequence"},
        {"CM_MNBC_SOUND_IND", "TT_EVSE_match_MNBC"},
        {"CM_ATTEN_PROFILE_IND", "TT_EVSE_match_MNBC"},
        {"CM_ATTEN_CHAR_IND", "TT_EV_atten_results"},
        {"CM_ATTEN_CHAR_RSP", "TT_match_response"},
        {"CM_VALIDATE_CNF", "TT_match_response"},
        {"CM_SLAC_MATCH_REQ", "TT_EVSE_match_session"},
        {"CM_SLAC_MATCH_CNF", "TT_match_response"},
        {"CM_AMP_MAP_CNF", "TT_amp_map_exchange"},
        {NULL, "TT_link_status_response"}, /* of a modem */
    };
    size_t i = 0;
    while (TIMES[i][0] != NULL && (message == NULL || strcmp(TIMES[i][0], message) != 0))
        i++;
    int64_t ms = deadline_find(L, "SLAC", TIMES[i][1], NULL, r->timer.name, sizeof r->timer.name);
    r->timer.limit_us = ms < 0 ? 0 : ms * 1000;
    r->timer.from_us = script_now(r->script);
}

void deadline_given(struct role *r, double ms)
{
    snprintf(r->timer.name, sizeof r->timer.name, "given by the script");
    r->timer.limit_us = ms < 1e12 ? (int64_t)(ms * 1000) : INT64_C(1000000000000000);
    if (r->timer.limit_us == 0)
        r->timer.limit_us = 1;
    r->timer.from_us = script_now(r->script);
}

static void record(lua_State *L, const struct role *r, const char *name, bool ok, int64_t limit_us,
                   int64_t taken_us)
{
    char where[128];
    const struct script *s = r->script;
    if (s->options->recorder == NULL)
        return;
    struct event e = session_new_event(r->session, EVENT_TIMER, true, script_now(s));
    e.ok = ok;
    e.where = script_where(L, where, sizeof where);
    e.text = name;
    e.limit_us = limit_us;
    e.taken_us = taken_us < 0 ? 0 : taken_us;
    recorder_put(s->options->recorder, &e);
}

/* As a peer or a script has it: what is none is 0, and nothing is for ever. */
static int64_t read_limit(lua_Number ms)
{
    return ms > 0 ? (int64_t)(ms < INT32_MAX ? ms : INT32_MAX) : 0;
}

int deadline_measured(lua_State *L)
{
    const struct role *r = lua_touserdata(L, lua_upvalueindex(1));
    char name[NAME_MAX_TEXT];
    lua_Number taken = luaL_checknumber(L, 4);
    const char *protocol = luaL_checkstring(L, 1), *parameter = luaL_checkstring(L, 2);
    const char *message = luaL_optstring(L, 3, NULL);
    if (r->script->options->recorder == NULL) {
        luaL_optnumber(L, 6, 0);
        return 0;
    }
    int64_t ms = deadline_find(L, protocol, parameter, message, name, sizeof name);
    if (!lua_isnoneornil(L, 6))
        ms = read_limit(luaL_checknumber(L, 6));
    if (ms < 0 || !(taken >= 0 && taken < 1e12))
        return 0;
    bool ok = lua_isnoneornil(L, 5) ? taken <= (lua_Number)ms : lua_toboolean(L, 5) != 0;
    record(L, r, name, ok, ms * 1000, (int64_t)(taken * 1000));
    return 0;
}

static int timer(lua_State *L)
{
    char name[NAME_MAX_TEXT];
    int64_t ms = deadline_find(L, luaL_checkstring(L, 1), luaL_checkstring(L, 2),
                               luaL_optstring(L, 3, NULL), name, sizeof name);
    if (ms < 0)
        return 0;
    lua_pushinteger(L, ms);
    return 1;
}

static int profile(lua_State *L)
{
    const char *name = script_of(L)->options->profile;
    lua_pushstring(L, name != NULL ? name : "strict");
    return 1;
}

void deadline_open(lua_State *L)
{
    lua_pushcfunction(L, profile);
    lua_setglobal(L, "Profile");
    lua_pushcfunction(L, timer);
    lua_setglobal(L, "Timer");
}

static void record_step(lua_State *L, const struct role *r, const char *protocol,
                        const char *parameter, const char *message, int64_t from_us, int64_t us)
{
    char name[NAME_MAX_TEXT];
    if (from_us == 0 || us == 0)
        return;
    /* the kernel may have had it before this side knew of the connection */
    int64_t taken = us > from_us ? us - from_us : 0;
    int64_t ms = deadline_find(L, protocol, parameter, message, name, sizeof name);
    if (ms > 0)
        record(L, r, name, taken <= ms * 1000, ms * 1000, taken);
}

/* What went on before scripts had a say: SDP and supportedAppProtocol. */
static void record_setup(lua_State *L, const struct role *r)
{
    static const char SDP[] = "SECCDiscoveryReq", OFFER[] = "supportedAppProtocolReq";
    static const char TIMEOUT[] = "V2G_EVCC_Msg_Timeout";
    const struct peer_times *t = &r->peer->times;
    if (r->side == FROM_EVCC) {
        record_step(L, r, "SDP", TIMEOUT, SDP, t->discovery_us, t->found_us);
        record_step(L, r, "AppProtocol", TIMEOUT, OFFER, t->offered_us, t->agreed_us);
    } else {
        record_step(L, r, "AppProtocol", "V2G_SECC_Sequence_Timeout", OFFER, t->open_us,
                    t->offered_us);
        record_step(L, r, "AppProtocol", "V2G_SECC_Msg_Performance_Time", OFFER, t->offered_us,
                    t->agreed_us);
    }
}

void deadline_met(lua_State *L, struct role *r, int64_t us, bool came)
{
    if (r->script->options->recorder == NULL)
        return;
    if (r->peer != NULL) {
        record_setup(L, r);
        r->peer->times = (struct peer_times){0};
    }
    int64_t taken = us - r->timer.from_us;
    if (r->timer.limit_us == 0)
        return;
    record(L, r, r->timer.name, came && taken <= r->timer.limit_us, r->timer.limit_us, taken);
}

void deadline_answered(lua_State *L, struct role *r, const char *request)
{
    char name[NAME_MAX_TEXT];
    if (r->script->options->recorder == NULL)
        return;
    int64_t ms = deadline_find(L, r->protocol->family, "V2G_SECC_Msg_Performance_Time", request,
                               name, sizeof name);
    int64_t taken = script_now(r->script) - r->received_us;
    if (ms > 0)
        record(L, r, name, taken <= ms * 1000, ms * 1000, taken);
}
