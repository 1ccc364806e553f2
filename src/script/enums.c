/* SPDX-License-Identifier: Apache-2.0 */
#include "script/enums.h"

#include "base/nearest.h"
#include "codec/message.h"
#include "names/enums.h"
#include "script/call.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#define ENUM_TEXT 96 /* room for a member's name with its prefix */

static bool exists(void *context, const struct simple *s)
{
    (void)context;
    (void)s;
    return true;
}

/* ---- members ---- */

struct search {
    const char *wanted;
    const char *found; /* XML text of the member */
    struct nearest best;
    char nearest[ENUM_TEXT]; /* best.name */
};

static bool search_members(void *context, const struct simple *s)
{
    struct search *search = context;
    char name[ENUM_TEXT];
    for (unsigned i = 0; i < s->members && search->found == NULL; i++) {
        enums_member(s, i, name, sizeof name);
        if (strcmp(name, search->wanted) == 0 || strcmp(s->member[i], search->wanted) == 0)
            search->found = s->member[i];
        if (nearest_try(&search->best, name))
            search->best.name = memcpy(search->nearest, name, sizeof name);
    }
    return search->found != NULL;
}

static struct library *library_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* __index of a type table: the member, kept for the next time. Upvalue 2 is the type's name. */
static int member_index(lua_State *L)
{
    const char *type = lua_tostring(L, lua_upvalueindex(2));
    struct search search = {.wanted = luaL_tolstring(L, 2, NULL)};
    search.best = nearest_of_all(search.wanted, strlen(search.wanted));
    enums_visit(library_of(L), type, search_members, &search);
    if (search.found == NULL)
        return luaL_error(L, "%s has no member '%s'; the nearest is %s.%s", type, search.wanted,
                          type, search.best.name);
    lua_pushvalue(L, 2);
    lua_pushstring(L, search.found);
    lua_rawset(L, 1);
    lua_pushstring(L, search.found);
    return 1;
}

static int member_newindex(lua_State *L)
{
    const char *type = lua_tostring(L, lua_upvalueindex(2));
    return luaL_error(L,
                      "%s is the standard's; members cannot be added or changed (a code without "
                      "a member is given as a number)",
                      type);
}

static bool push_members(void *context, const struct simple *s)
{
    lua_State *L = context;
    char name[ENUM_TEXT];
    for (unsigned i = 0; i < s->members; i++) {
        lua_pushstring(L, s->member[i]);
        lua_setfield(L, -2, enums_member(s, i, name, sizeof name));
    }
    return false;
}

/* __pairs: over a table of all members, by name. */
static int member_pairs(lua_State *L)
{
    lua_getglobal(L, "next");
    lua_newtable(L);
    enums_visit(library_of(L), lua_tostring(L, lua_upvalueindex(2)), push_members, L);
    lua_pushnil(L);
    return 3;
}

static void push_type(lua_State *L, struct library *l, const char *name)
{
    static const luaL_Reg METHODS[] = {{"__index", member_index},
                                       {"__newindex", member_newindex},
                                       {"__pairs", member_pairs},
                                       {NULL, NULL}};
    lua_newtable(L);
    lua_newtable(L);
    lua_pushlightuserdata(L, l);
    lua_pushstring(L, name);
    luaL_setfuncs(L, METHODS, 2);
    script_set_metatable(L);
}

/* ---- globals ---- */

static bool ends_in_type(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && strcmp(name + n - 4, "Type") == 0;
}

/* Types have a capital letter in Lua, unlike many in the standard: case counts half. */
static void nearest_in(const struct schema *s, struct nearest *best)
{
    for (unsigned i = 0; i < s->simples; i++)
        if (s->simple[i]->members > 0)
            nearest_try(best, s->simple[i]->name);
}

/* __index of _G: type tables, made when first named. Other names are nil, as ever. */
static int global_index(lua_State *L)
{
    struct library *l = library_of(L);
    if (lua_type(L, 2) != LUA_TSTRING)
        return 0;
    const char *name = lua_tostring(L, 2);
    if (!ends_in_type(name))
        return 0;
    if (!enums_visit(l, name, exists, NULL)) {
        struct nearest best = nearest_of_all(name, strlen(name));
        char nearest[ENUM_TEXT];
        for (unsigned i = 0; i < l->n; i++)
            nearest_in(l->loaded[i], &best);
        snprintf(nearest, sizeof nearest, "%s", best.name);
        nearest[0] = (char)toupper((unsigned char)nearest[0]);
        return luaL_error(L, "there is no type '%s'; the nearest name is %s", name, nearest);
    }
    push_type(L, l, name);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
}

void enums_open(lua_State *L, struct library *library)
{
    lua_pushglobaltable(L);
    lua_newtable(L);
    lua_pushlightuserdata(L, library);
    lua_pushcclosure(L, global_index, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}
