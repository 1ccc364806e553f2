/* SPDX-License-Identifier: Apache-2.0 */
#include "script/limits.h"

#include "base/asset.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_NAME "lua/timers.lua"

/* The value on top of the stack, in ms: a number, or that of the profile. -1: it is none. */
static lua_Number read_ms(lua_State *L)
{
    int is_number;
    if (lua_istable(L, -1)) {
        lua_getfield(L, -1, "strict");
        lua_Number ms = lua_tonumberx(L, -1, &is_number);
        lua_pop(L, 1);
        return is_number ? ms : -1;
    }
    lua_Number ms = lua_tonumberx(L, -1, &is_number);
    return is_number ? ms : -1;
}

/* The table of a protocol is on top of the stack. */
static int read_protocol(lua_State *L, const char *protocol, struct times_limits *l)
{
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
        lua_Number ms = read_ms(L);
        if (lua_type(L, -2) != LUA_TSTRING || ms < 0)
            continue;
        struct times_limit *at = realloc(l->at, (l->n + 1) * sizeof *at);
        if (at == NULL)
            return -1;
        l->at = at;
        at += l->n++;
        at->us = (int64_t)(ms * 1000);
        snprintf(at->protocol, sizeof at->protocol, "%s", protocol);
        snprintf(at->name, sizeof at->name, "%s", lua_tostring(L, -2));
    }
    return 0;
}

static int read_all(lua_State *L, struct times_limits *l)
{
    for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
        if (lua_type(L, -2) == LUA_TSTRING && lua_istable(L, -1) &&
            read_protocol(L, lua_tostring(L, -2), l) != 0)
            return -1;
    return 0;
}

int limits_read(struct times_limits *l, struct err *e)
{
    struct slice text;
    lua_State *L = luaL_newstate();
    *l = (struct times_limits){.at = NULL};
    if (L == NULL)
        return err_set(e, "out of memory");
    int bad = asset_find(FILE_NAME, &text) ? 0 : err_set(e, FILE_NAME " is not built in");
    if (bad == 0 &&
        (luaL_loadbufferx(L, (const char *)text.p, text.n, "@" FILE_NAME, "t") != LUA_OK ||
         lua_pcall(L, 0, 1, 0) != LUA_OK || !lua_istable(L, -1)))
        bad = err_set(e, "%s", lua_isstring(L, -1) ? lua_tostring(L, -1) : FILE_NAME ": no table");
    if (bad == 0 && read_all(L, l) != 0)
        bad = err_set(e, "out of memory");
    lua_close(L);
    if (bad != 0) {
        free(l->at);
        *l = (struct times_limits){.at = NULL};
    }
    return bad;
}
