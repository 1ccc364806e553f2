/* SPDX-License-Identifier: Apache-2.0 */
#include "script/bounded.h"

#include "script/pattern.h"
#include "script/watch.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#define ELEMENTS_A_LOOK 1024
#define PIECE 4096 /* of a text that is compiled: one may cost the square of it */

/* Upvalue 1 of a function is Lua's own, with the arguments that are on the stack. */
static int call_own(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

/* ---- strings ---- */

/* Nothing, however often, is nothing. */
static int string_rep(lua_State *L)
{
    size_t n, k = 0;
    luaL_checklstring(L, 1, &n);
    luaL_checkinteger(L, 2);
    luaL_optlstring(L, 3, "", &k);
    if (n > 0 || k > 0)
        return call_own(L);
    lua_pushliteral(L, "");
    return 1;
}

/* ---- tables ---- */

static int is_less(lua_State *L)
{
    lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPLT));
    return 1;
}

/* Each comparison is a call, so that it is looked at. */
static int table_sort(lua_State *L)
{
    lua_settop(L, 2);
    if (lua_isnil(L, 2)) {
        lua_pushcfunction(L, is_less);
        lua_replace(L, 2);
    }
    return call_own(L);
}

/* n elements of a, from `from` on, become those of b from `to` on. */
static void copy_elements(lua_State *L, int a, lua_Integer from, int b, lua_Integer to,
                          lua_Integer n)
{
    bool is_upward = to <= from || to > from + (n - 1) || !lua_compare(L, a, b, LUA_OPEQ);
    for (lua_Integer i = 0; i < n; i++) {
        lua_Integer at = is_upward ? i : n - 1 - i;
        lua_geti(L, a, from + at);
        lua_seti(L, b, to + at);
        if (i % ELEMENTS_A_LOOK == ELEMENTS_A_LOOK - 1)
            watch_look(L);
    }
}

/* The length of the table at 1, or of what acts as one. */
static lua_Integer length(lua_State *L)
{
    if (luaL_getmetafield(L, 1, "__len") == LUA_TNIL)
        luaL_checktype(L, 1, LUA_TTABLE);
    else
        lua_pop(L, 1);
    return luaL_len(L, 1);
}

static int table_insert(lua_State *L)
{
    lua_Integer end = (lua_Integer)((lua_Unsigned)length(L) + 1), at = end;
    if (lua_gettop(L) == 3) {
        at = luaL_checkinteger(L, 2);
        luaL_argcheck(L, (lua_Unsigned)at - 1u < (lua_Unsigned)end, 2, "position out of bounds");
        copy_elements(L, 1, at, 1, at + 1, end - at);
    } else if (lua_gettop(L) != 2) {
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_seti(L, 1, at);
    return 0;
}

static int table_remove(lua_State *L)
{
    lua_Integer n = length(L), at = luaL_optinteger(L, 2, n);
    if (at != n)
        luaL_argcheck(L, (lua_Unsigned)at - 1u <= (lua_Unsigned)n, 2, "position out of bounds");
    lua_geti(L, 1, at);
    if (at < n)
        copy_elements(L, 1, at + 1, 1, at, n - at);
    lua_pushnil(L);
    lua_seti(L, 1, at < n ? n : at);
    return 1;
}

static int table_move(lua_State *L)
{
    lua_Integer from = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3);
    lua_Integer to = luaL_checkinteger(L, 4);
    int b = lua_isnoneornil(L, 5) ? 1 : 5;
    for (int i = 1; i <= b; i += 4)
        if (luaL_getmetafield(L, i, i == b ? "__newindex" : "__index") == LUA_TNIL)
            luaL_checktype(L, i, LUA_TTABLE);
    if (last >= from) {
        luaL_argcheck(L, from > 0 || last < LUA_MAXINTEGER + from, 3, "too many elements to move");
        luaL_argcheck(L, to <= LUA_MAXINTEGER - (last - from), 4, "destination wrap around");
        copy_elements(L, 1, from, b, to, last - from + 1);
    }
    lua_pushvalue(L, b);
    return 1;
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
    static const luaL_Reg TABLE[] = {
        {"insert", table_insert}, {"remove", table_remove}, {"move", table_move}, {NULL, NULL}};
    lua_getglobal(L, "string");
    patterns_open(L);
    replace(L, "rep", string_rep);
    lua_getglobal(L, "table");
    luaL_setfuncs(L, TABLE, 0);
    replace(L, "sort", table_sort);
    lua_getglobal(L, "coroutine");
    lua_pushcfunction(L, coroutine_create);
    lua_setfield(L, -2, "create");
    lua_pushglobaltable(L);
    replace(L, "setmetatable", set_metatable);
    lua_pushcfunction(L, own_xpcall);
    lua_setfield(L, -2, "xpcall");
    lua_pop(L, 4);
}
