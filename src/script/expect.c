/* SPDX-License-Identifier: Apache-2.0 */
#include "script/expect.h"

#include "script/deadline.h"
#include "script/flow.h"
#include "script/judgement.h"
#include "script/link.h"
#include "script/task.h"

#include <lauxlib.h>

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
    lua_pushnumber(L, (lua_Number)(script_now(r->script) - r->timer.from_us) / 1000);
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
    struct wait w = {flow_has_frame, r, r->timer.from_us + r->timer.limit_us};
    return script_wait(L, &w, 0, then);
}

static int expect_close(lua_State *L)
{
    char name[96];
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_pushnumber(L, (lua_Number)deadline_find(L, role_upvalue(L)->protocol->name,
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

void expect_methods(lua_State *L, struct role *r)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"Expect_Close", expect_close}, {"Expect_Nothing", expect_nothing}, {NULL, NULL}};
    lua_pushlightuserdata(L, r);
    luaL_setfuncs(L, FUNCTIONS, 1);
}
