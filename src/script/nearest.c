/* SPDX-License-Identifier: Apache-2.0 */
#include "script/nearest.h"

#include "base/nearest.h"
#include "codec/message.h"
#include "script/call.h"

#include <lauxlib.h>
#include <lua.h>
#include <string.h>

const char *nearest_key(lua_State *L, int table, const char *text)
{
    unsigned least = (unsigned)strlen(text) / 2 + 2;
    const char *nearest = NULL;
    table = lua_absindex(L, table);
    for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            continue;
        const char *key = lua_tostring(L, -2);
        unsigned distance = nearest_distance(text, strlen(text), key);
        /* the order of keys is another in each run */
        if (distance > least ||
            (distance == least && (nearest == NULL || strcmp(key, nearest) > 0)))
            continue;
        least = distance;
        nearest = key;
    }
    return nearest;
}

static int guard_index(lua_State *L)
{
    const char *text = luaL_checkstring(L, 2), *what = lua_tostring(L, lua_upvalueindex(1));
    const char *nearest = nearest_key(L, 1, text);
    if (nearest == NULL)
        return luaL_error(L, "%s has no function '%s'", what, text);
    return luaL_error(L, "%s has no function '%s'; the nearest name is %s.%s", what, text, what,
                      nearest);
}

void nearest_guard(lua_State *L, const char *what)
{
    lua_createtable(L, 0, 1);
    lua_pushstring(L, what);
    lua_pushcclosure(L, guard_index, 1);
    lua_setfield(L, -2, "__index");
    script_set_metatable(L);
}
