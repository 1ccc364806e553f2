/* SPDX-License-Identifier: Apache-2.0 */
#include "script/expect.h"

#include "script/deadline.h"
#include "script/flow.h"
#include "script/judgement.h"
#include "script/link.h"
#include "script/object.h"
#include "script/sandbox.h"
#include "script/slac.h"
#include "script/task.h"

#include <lauxlib.h>
#include <string.h>

static struct role *role_upvalue(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* Pushes what there is in place of what was expected. */
static const char *push_found(lua_State *L, struct role *r)
{
    const char *name = r->session->first != NULL ? flow_take(L, r)->name : NULL;
    if (name != NULL)
        return lua_pushstring(L, name[0] != '\0' ? name : "a frame that cannot be decoded");
    if (r->peer->state == PEER_READY)
        return lua_pushliteral(L, "it open");
    return lua_pushfstring(L, "the connection closed: %s",
                           r->peer->problem.set ? r->peer->problem.what : "by the other side");
}

static int push_taken(lua_State *L, const struct role *r)
{
    const struct received *first = r->session->first;
    int64_t us = (first != NULL ? first->us : script_now(r->script)) - r->timer.from_us;
    lua_pushnumber(L, (lua_Number)(us > 0 ? us : 0) / 1000);
    return 1;
}

static int close_done(lua_State *L, int status, lua_KContext context)
{
    struct role *r = role_upvalue(L);
    bool closed = r->session->first == NULL && r->peer->state == PEER_CLOSED;
    (void)status;
    (void)context;
    const char *expected = lua_pushfstring(L, "the connection closed within %I ms",
                                           (LUAI_UACINT)(r->timer.limit_us / 1000));
    if (r->session->first == NULL)
        deadline_met(L, r, script_now(r->script), closed);
    if (!closed)
        return script_unexpected(L, expected, push_found(L, r));
    push_taken(L, r);
    lua_pushstring(L, r->peer->problem.set ? r->peer->problem.what : "");
    return 2;
}

static int nothing_done(lua_State *L, int status, lua_KContext context)
{
    struct role *r = role_upvalue(L);
    (void)status;
    (void)context;
    if (r->script->timed_out)
        return 0;
    const char *expected =
        lua_pushfstring(L, "nothing for %I ms", (LUAI_UACINT)(r->timer.limit_us / 1000));
    push_taken(L, r);
    return script_unexpected(
        L, expected, lua_pushfstring(L, "%s after %f ms", push_found(L, r), lua_tonumber(L, -2)));
}

/* The milliseconds are at 1. */
static int await(lua_State *L, const char *doing, lua_KFunction then)
{
    struct role *r = role_upvalue(L);
    if (r->peer == NULL)
        return 0;
    if (r->peer->state != PEER_CLOSED)
        link_check(L, r, doing);
    r->script->has_tested = true;
    deadline_given(r, lua_tonumber(L, 1));
    struct wait w = {.ready = flow_is_in_time,
                     .context = r,
                     .deadline_us = r->timer.from_us + r->timer.limit_us,
                     .role = r};
    return script_wait(L, &w, 0, then);
}

static int expect_close(lua_State *L)
{
    char name[96];
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_pushnumber(L, (lua_Number)deadline_find(L, role_upvalue(L)->protocol->family,
                                                    "TCP_Connection_Termination_Timeout", NULL,
                                                    name, sizeof name));
    }
    luaL_argcheck(L, luaL_checknumber(L, 1) >= 0, 1, "expected milliseconds, 0 or more");
    lua_settop(L, 1);
    return await(L, "Expect_Close", close_done);
}

static int expect_nothing(lua_State *L)
{
    luaL_argcheck(L, luaL_checknumber(L, 1) >= 0, 1, "expected milliseconds, 0 or more");
    lua_settop(L, 1);
    return await(L, "Expect_Nothing", nothing_done);
}

/* ---- messages ---- */

#define MODULE "v2g.expect"

/* Raises what cannot be said of the message, whatever it holds, which is the script's error. */
static void check_fields(lua_State *L, const struct bound *b)
{
    const char *name = b->name->message->as.name;
    sandbox_require(L, MODULE);
    lua_getfield(L, -1, "check");
    object_push_named(L, b->role, name, strlen(name));
    lua_pushvalue(L, 1);
    if (lua_pcall(L, 2, 0, 0) != LUA_OK)
        luaL_error(L, "%s.Expect_%s_001: %s", b->role->name, name, luaL_tolstring(L, -1, NULL));
    lua_pop(L, 1);
}

/* Compares the message on top of the stack with the fields at 1. */
static void compare(lua_State *L, const struct role *r)
{
    int message = lua_gettop(L);
    sandbox_require(L, MODULE);
    lua_getfield(L, -1, "told");
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->table);
    lua_pushvalue(L, message);
    lua_pushvalue(L, 1);
    lua_call(L, 3, 5);
    if (lua_tointeger(L, -5) > 0)
        script_unexpected_frame(L, r->last, lua_tostring(L, -3), lua_tostring(L, -2),
                                lua_tostring(L, -4), lua_tostring(L, -1));
    lua_settop(L, message);
}

static int message_came(lua_State *L, int status, lua_KContext context)
{
    const struct bound own = role_bound(L), *b = &own;
    struct role *r = b->role;
    (void)status;
    (void)context;
    object_push(L, r, r->last);
    if (r->peer == NULL || !lua_istable(L, 1)) /* in print mode there is nobody to judge */
        return 1;
    check_fields(L, b);
    compare(L, r);
    script_note(L, EVENT_CHECK, true, lua_pushfstring(L, "%s is as expected", r->last->name));
    lua_pop(L, 1);
    return 1;
}

int expect_message(lua_State *L)
{
    const struct bound own = role_bound(L), *b = &own;
    const struct role *r = b->role;
    lua_settop(L, 2);
    luaL_argexpected(L, lua_isnil(L, 1) || lua_istable(L, 1), 1, "table of fields");
    /* before the protocol is agreed these may be fields of another one's message */
    if (lua_istable(L, 1) && (r->fixed != NULL || r->session->agreed || r->peer == NULL))
        check_fields(L, b);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_pushcclosure(L, flow_receive, 2);
    lua_pushvalue(L, 2);
    lua_callk(L, 1, 0, 0, message_came);
    return message_came(L, LUA_OK, 0);
}

/* __index of _G: these are made when first named. Upvalue: what else is. */
static int global_index(lua_State *L)
{
    static const char *const NAMES[] = {"any",    "near",    "at_least", "at_most",
                                        "absent", "present", "new"};
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    if (strcmp(name, "Pilot") == 0) {
        slac_push_pilot(L, script_of(L)->plays);
        return 1;
    }
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (strcmp(name, NAMES[i]) == 0) {
            sandbox_require(L, MODULE);
            lua_getfield(L, -1, name);
            lua_pushvalue(L, 2);
            lua_pushvalue(L, -2);
            lua_rawset(L, 1);
            return 1;
        }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 2, 1);
    return 1;
}

void expect_open(lua_State *L)
{
    lua_pushglobaltable(L);
    lua_getmetatable(L, -1);
    lua_getfield(L, -1, "__index");
    lua_pushcclosure(L, global_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 2);
}

void expect_methods(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"Expect_Close", expect_close}, {"Expect_Nothing", expect_nothing}, {NULL, NULL}};
    luaL_setfuncs(L, FUNCTIONS, 0);
}
