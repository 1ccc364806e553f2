/* SPDX-License-Identifier: Apache-2.0 */
#include "script/pile.h"

#include <lauxlib.h>
#include <stdint.h>
#include <string.h>

struct pile *pile_take(lua_State *L, size_t size)
{
    struct pile *b = lua_touserdata(L, lua_upvalueindex(1));
    if (b != NULL) {
        lua_pushvalue(L, lua_upvalueindex(1));
        lua_pushnil(L);
        lua_replace(L, lua_upvalueindex(1));
    } else {
        b = lua_newuserdatauv(L, size, 0);
    }
    b->at = lua_gettop(L);
    b->p = b->first;
    b->size = sizeof b->first;
    b->n = 0;
    lua_pushnil(L);
    return b;
}

void pile_reserve(lua_State *L, struct pile *b, size_t size)
{
    if (size <= b->size)
        return;
    char *p = lua_newuserdatauv(L, size, 0);
    memcpy(p, b->p, b->n);
    lua_replace(L, b->at + 1);
    b->p = p;
    b->size = size;
}

void pile_add(lua_State *L, struct pile *b, const char *text, size_t n)
{
    if (n > b->size - b->n) {
        if (n > SIZE_MAX / 4 - b->n)
            luaL_error(L, "resulting string too large");
        size_t least = b->n + n, twice = 2 * b->size;
        pile_reserve(L, b, least > twice ? least : twice);
    }
    memcpy(b->p + b->n, text, n);
    b->n += n;
}

void pile_give(lua_State *L, struct pile *b)
{
    lua_pushlstring(L, b->p, b->n);
    lua_pushvalue(L, b->at);
    lua_replace(L, lua_upvalueindex(1));
}
