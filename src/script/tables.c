/* SPDX-License-Identifier: Apache-2.0 */
#include "script/tables.h"

#include "script/pile.h"
#include "script/watch.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

/* What a function does with a table. */
enum { READS = 1, WRITES = 2, ASKS_LENGTH = 4 };

/* A table, or what acts as one as far as that goes. */
static void check_table(lua_State *L, int at, unsigned what)
{
    static const char *const NAMES[] = {"__index", "__newindex", "__len"};
    if (lua_istable(L, at))
        return;
    for (unsigned i = 0; i < 3; i++)
        if ((what & 1u << i) != 0 && luaL_getmetafield(L, at, NAMES[i]) == LUA_TNIL)
            luaL_checktype(L, at, LUA_TTABLE);
}

/* ---- elements that change their places ---- */

/* n elements of a, from `from` on, become those of b from `to` on. One that gives way lies in a
 * userdata, on top of the stack, until it goes on. */
struct moving {
    int a, b; /* in the stack */
    lua_Integer from, to, n, done;
    bool is_upward, is_kept;
    int (*then)(lua_State *L, const struct moving *w);
};

static int move_goes_on(lua_State *L, int status, lua_KContext context);

static int move_on(lua_State *L, struct moving *w)
{
    while (w->done < w->n) {
        lua_Integer at = w->is_upward ? w->done : w->n - 1 - w->done;
        lua_geti(L, w->a, w->from + at);
        lua_seti(L, w->b, w->to + at);
        w->done++;
        if (!watch_look(L))
            continue;
        if (!w->is_kept) {
            w->is_kept = true;
            memcpy(lua_newuserdatauv(L, sizeof *w, 0), w, sizeof *w);
        }
        return watch_give_way(L, 0, move_goes_on);
    }
    return w->then(L, w);
}

static int move_goes_on(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    return move_on(L, lua_touserdata(L, -1));
}

static int move(lua_State *L, struct moving *w)
{
    w->done = 0;
    w->is_kept = false;
    w->is_upward = w->to <= w->from || w->to > w->from + (w->n - 1) ||
                   (w->a != w->b && !lua_compare(L, w->a, w->b, LUA_OPEQ));
    return move_on(L, w);
}

/* The value at 3 takes the place that is free now. */
static int put_inserted(lua_State *L, const struct moving *w)
{
    lua_pushvalue(L, 3);
    lua_seti(L, 1, w->from);
    return 0;
}

static int table_insert(lua_State *L)
{
    check_table(L, 1, READS | WRITES | ASKS_LENGTH);
    lua_Integer end = (lua_Integer)((lua_Unsigned)luaL_len(L, 1) + 1);
    int arguments = lua_gettop(L);
    if (arguments == 2) {
        lua_seti(L, 1, end);
        return 0;
    }
    if (arguments != 3)
        return luaL_error(L, "wrong number of arguments to 'insert'");
    lua_Integer at = luaL_checkinteger(L, 2);
    luaL_argcheck(L, (lua_Unsigned)at - 1u < (lua_Unsigned)end, 2, "position out of bounds");
    return move(
        L, &(struct moving){1, 1, .from = at, .to = at + 1, .n = end - at, .then = put_inserted});
}

/* The last one is gone; what was removed is at 3. */
static int put_removed(lua_State *L, const struct moving *w)
{
    lua_pushnil(L);
    lua_seti(L, 1, w->to + w->n);
    lua_pushvalue(L, 3);
    return 1;
}

static int table_remove(lua_State *L)
{
    check_table(L, 1, READS | WRITES | ASKS_LENGTH);
    lua_Integer n = luaL_len(L, 1), at = luaL_optinteger(L, 2, n);
    if (at != n)
        luaL_argcheck(L, (lua_Unsigned)at - 1u <= (lua_Unsigned)n, 2, "position out of bounds");
    lua_settop(L, 2);
    lua_geti(L, 1, at);
    return move(L, &(struct moving){1, 1, .from = at + 1, .to = at, .n = at < n ? n - at : 0,
                                    .then = put_removed});
}

static int push_moved(lua_State *L, const struct moving *w)
{
    lua_pushvalue(L, w->b);
    return 1;
}

static int table_move(lua_State *L)
{
    lua_Integer from = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3);
    lua_Integer to = luaL_checkinteger(L, 4);
    int b = lua_isnoneornil(L, 5) ? 1 : 5;
    check_table(L, 1, READS);
    check_table(L, b, WRITES);
    struct moving w = {1, b, .from = from, .to = to, .then = push_moved};
    if (last >= from) {
        luaL_argcheck(L, from > 0 || last < LUA_MAXINTEGER + from, 3, "too many elements to move");
        luaL_argcheck(L, to <= LUA_MAXINTEGER - (last - from), 4, "destination wrap around");
        w.n = last - from + 1;
    }
    return move(L, &w);
}

/* ---- concat ---- */

#define PILE_AT 5

/* The stack: the table, what is between, the first and the last index, the pile. The context is the
 * index that is next. */
static int concat_on(lua_State *L, int status, lua_KContext next)
{
    size_t n, k;
    const char *between = lua_tolstring(L, 2, &k);
    lua_Integer last = lua_tointeger(L, 4);
    struct pile *b = lua_touserdata(L, PILE_AT);
    (void)status;
    for (lua_Integer i = next; i <= last; i++) {
        lua_geti(L, 1, i);
        const char *text = lua_tolstring(L, -1, &n);
        if (text == NULL)
            luaL_error(L, "invalid value (%s) at index %I in table for 'concat'",
                       luaL_typename(L, -1), (LUAI_UACINT)i);
        pile_add(L, b, text, n);
        lua_pop(L, 1);
        if (i == last)
            break;
        pile_add(L, b, between, k);
        if (watch_look(L))
            return watch_give_way(L, i + 1, concat_on);
    }
    pile_give(L, b);
    return 1;
}

static int table_concat(lua_State *L)
{
    check_table(L, 1, READS | ASKS_LENGTH);
    lua_Integer n = luaL_len(L, 1);
    luaL_optstring(L, 2, "");
    lua_Integer from = luaL_optinteger(L, 3, 1), last = luaL_optinteger(L, 4, n);
    lua_settop(L, 4);
    if (lua_isnil(L, 2)) {
        lua_pushliteral(L, "");
        lua_replace(L, 2);
    }
    lua_pushinteger(L, last);
    lua_replace(L, 4);
    pile_take(L, sizeof(struct pile));
    return concat_on(L, LUA_OK, from);
}

void tables_open(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"insert", table_insert}, {"remove", table_remove}, {"move", table_move}, {NULL, NULL}};
    luaL_setfuncs(L, FUNCTIONS, 0);
    lua_pushnil(L);
    lua_pushcclosure(L, table_concat, 1);
    lua_setfield(L, -2, "concat");
}
