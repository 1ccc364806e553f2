/* SPDX-License-Identifier: Apache-2.0 */
#include "script/bounded.h"

#include "script/pattern.h"
#include "script/pile.h"
#include "script/sorting.h"
#include "script/tables.h"
#include "script/watch.h"

#include <lauxlib.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#define REP_AT 4               /* in the stack of string.rep: its pile */
#define PART ((size_t)1 << 20) /* of a long text that is made at once */
#define PIECE 4096             /* of a text that is compiled: one may cost the square of it */

/* Upvalue 1 of a function is Lua's own, with the arguments that are on the stack. */
static int call_own(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

/* ---- strings ---- */

/* The whole text repeats its beginning, so more and more of it is copied at once. The context is
 * how long it will be. */
static int rep_on(lua_State *L, int status, lua_KContext size)
{
    struct pile *b = lua_touserdata(L, REP_AT);
    size_t unit = lua_rawlen(L, 1) + (lua_isnil(L, 3) ? 0 : lua_rawlen(L, 3));
    (void)status;
    while (b->n < (size_t)size) {
        size_t part = b->n < PART ? b->n : unit > PART ? unit : PART - PART % unit;
        size_t rest = (size_t)size - b->n;
        memcpy(b->p + b->n, b->p + b->n - part, part < rest ? part : rest);
        b->n += part < rest ? part : rest;
        if (watch_look(L))
            return watch_give_way(L, size, rep_on);
    }
    pile_give(L, b);
    return 1;
}

/* Upvalue 2 is Lua's own, for what is not long. Nothing, however often, is nothing. */
static int string_rep(lua_State *L)
{
    size_t n, k = 0;
    const char *text = luaL_checklstring(L, 1, &n);
    lua_Integer times = luaL_checkinteger(L, 2);
    const char *between = luaL_optlstring(L, 3, "", &k);
    if (times <= 0 || n + k == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if (n + k > (size_t)INT_MAX / (size_t)times)
        return luaL_error(L, "resulting string too large");
    size_t size = (n + k) * (size_t)times - k;
    lua_settop(L, REP_AT - 1);
    if (size < PART || times == 1) {
        lua_pushvalue(L, lua_upvalueindex(2));
        lua_insert(L, 1);
        lua_call(L, REP_AT - 1, 1);
        return 1;
    }
    struct pile *b = pile_take(L, sizeof *b);
    pile_reserve(L, b, size);
    pile_add(L, b, text, n);
    pile_add(L, b, between, k);
    return rep_on(L, LUA_OK, (lua_KContext)size);
}

/* ---- finalizers ---- */

/* Lua runs them where it likes, with nothing counted: who writes one is told at once. */
static int set_metatable(lua_State *L)
{
    luaL_checkany(L, 1);
    if (lua_istable(L, 2)) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(L, "__gc is kept from scripts, since nothing could end what it runs; "
                                 "use __close, or --unsafe");
        lua_settop(L, 2);
    }
    return call_own(L);
}

/* ---- errors ---- */

/* Upvalue 1: the script's handler. */
static int handle(lua_State *L)
{
    if (watch_has_raised())
        return 1;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

static int xpcall_done(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    bool is_good = status == LUA_OK || status == LUA_YIELD;
    lua_pushboolean(L, is_good);
    if (is_good)
        lua_replace(L, 1);
    else
        lua_insert(L, -2); /* before the error */
    return is_good ? lua_gettop(L) : 2;
}

static int own_xpcall(lua_State *L)
{
    luaL_checkany(L, 1);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, handle, 1);
    lua_insert(L, 1); /* handler, function, the script's handler, arguments */
    lua_remove(L, 3);
    return xpcall_done(L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 1, 0, xpcall_done), 0);
}

static int coroutine_done(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    return status == LUA_OK || status == LUA_YIELD ? lua_gettop(L) : lua_error(L);
}

/* Upvalue 1: the function of a coroutine. */
static int run_coroutine(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, 0, coroutine_done);
    return coroutine_done(L, status, 0);
}

/* An error that ended a coroutine in a hook of Lua's would leave it without hooks, and what it has
 * to close would run for ever: so each is caught once within, and raised again. */
static int coroutine_create(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, run_coroutine, 1);
    lua_xmove(L, co, 1);
    return 1;
}

/* ---- load ---- */

struct pieces {
    const char *text;
    size_t n;
};

static const char *next_piece(lua_State *L, void *context, size_t *n)
{
    struct pieces *p = context;
    const char *text = p->text;
    *n = p->n < PIECE ? p->n : PIECE;
    p->text += *n;
    p->n -= *n;
    watch_look(L);
    return text;
}

int bounded_load(lua_State *L, int text, const char *name)
{
    struct pieces p;
    p.text = lua_tolstring(L, text, &p.n);
    return lua_load(L, next_piece, &p, name, "t");
}

/* ---- the whole ---- */

static void replace(lua_State *L, const char *name, lua_CFunction function)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
}

void bounded_open(lua_State *L)
{
    lua_getglobal(L, "string");
    patterns_open(L);
    lua_pushnil(L);
    lua_getfield(L, -2, "rep");
    lua_pushcclosure(L, string_rep, 2);
    lua_setfield(L, -2, "rep");
    lua_getglobal(L, "table");
    tables_open(L);
    sorting_open(L);
    lua_getglobal(L, "coroutine");
    lua_pushcfunction(L, coroutine_create);
    lua_setfield(L, -2, "create");
    lua_pushglobaltable(L);
    replace(L, "setmetatable", set_metatable);
    lua_pushcfunction(L, own_xpcall);
    lua_setfield(L, -2, "xpcall");
    lua_pop(L, 4);
}
