/* SPDX-License-Identifier: Apache-2.0 */
#include "script/sorting.h"

#include "script/watch.h"

#include <lauxlib.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define TABLE_AT 1
#define ORDER_AT 2 /* what compares; nil: '<' */
#define STATE_AT 3
#define PIVOT_AT 4
#define BELOW_AT 5     /* while it is looked for what changes places with it: a[i] */
#define ABOVE_AT 6     /* and that: a[j] */
#define LOOK_EACH 8u   /* comparisons */
#define RANGES_MOST 32 /* the smaller part is sorted first, so that each is half of the last one */

/* The comparison that is made next. */
enum step {
    STEP_ENDS,  /* the last element of the range with the first one */
    STEP_BEGIN, /* the middle one with the first one, */
    STEP_END,   /* the last one with it: so the middle one is the median, the pivot */
    STEP_UP,    /* the next one from below with the pivot */
    STEP_DOWN,  /* the pivot with the next one from above */
};

struct range {
    lua_Integer low, high;
};

/* Quicksort with what it has still to do beside it, not on the stack of C. */
struct sort {
    struct range now;
    lua_Integer i, j; /* that have been looked at from below and from above */
    enum step step;
    unsigned ranges, compared;
    struct range range[RANGES_MOST]; /* that come later */
};

/* ---- elements ---- */

static void swap(lua_State *L, lua_Integer a, lua_Integer b)
{
    lua_geti(L, TABLE_AT, a);
    lua_geti(L, TABLE_AT, b);
    lua_seti(L, TABLE_AT, a);
    lua_seti(L, TABLE_AT, b);
}

static lua_Integer middle(const struct sort *s)
{
    return s->now.low + (s->now.high - s->now.low) / 2;
}

/* ---- steps ---- */

/* The range is that of `now`, if it has two elements at least, else the newest of those that come
 * later. False: nothing is left. */
static bool begin_range(struct sort *s)
{
    while (s->now.low >= s->now.high) {
        if (s->ranges == 0)
            return false;
        s->now = s->range[--s->ranges];
    }
    s->step = STEP_ENDS;
    return true;
}

/* The median of three is known: it is kept before the last element. */
static void begin_parts(lua_State *L, struct sort *s)
{
    lua_geti(L, TABLE_AT, middle(s));
    lua_copy(L, -1, PIVOT_AT);
    lua_geti(L, TABLE_AT, s->now.high - 1);
    lua_seti(L, TABLE_AT, middle(s));
    lua_seti(L, TABLE_AT, s->now.high - 1);
    s->i = s->now.low;
    s->j = s->now.high - 1;
    s->step = STEP_UP;
}

/* The pivot gets its place, where what is not less begins; the larger part comes later. */
static bool end_parts(lua_State *L, struct sort *s)
{
    struct range below = {s->now.low, s->i - 1}, above = {s->i + 1, s->now.high};
    bool is_below_larger = below.high - below.low > above.high - above.low;
    swap(L, s->now.high - 1, s->i);
    s->range[s->ranges++] = is_below_larger ? below : above;
    s->now = is_below_larger ? above : below;
    return begin_range(s);
}

/* Pushes the two that are compared: whether the first one has to come first. What comes from below
 * and from above stays, under what compares them (if anything). */
static void push_pair(lua_State *L, const struct sort *s, bool has_order)
{
    if (s->step >= STEP_UP)
        lua_geti(L, TABLE_AT, s->step == STEP_UP ? s->i + 1 : s->j - 1);
    if (has_order)
        lua_pushvalue(L, ORDER_AT);
    switch (s->step) {
    case STEP_ENDS:
        lua_geti(L, TABLE_AT, s->now.high);
        lua_geti(L, TABLE_AT, s->now.low);
        return;
    case STEP_BEGIN:
        lua_geti(L, TABLE_AT, middle(s));
        lua_geti(L, TABLE_AT, s->now.low);
        return;
    case STEP_END:
        lua_geti(L, TABLE_AT, s->now.high);
        lua_geti(L, TABLE_AT, middle(s));
        return;
    case STEP_UP:
        lua_pushvalue(L, BELOW_AT);
        lua_pushvalue(L, PIVOT_AT);
        return;
    case STEP_DOWN:
        lua_pushvalue(L, PIVOT_AT);
        lua_pushvalue(L, ABOVE_AT);
    }
}

/* Between first and last element: of three. */
static bool step_ends(lua_State *L, struct sort *s, bool is_less)
{
    lua_Integer low = s->now.low, high = s->now.high;
    if (is_less && s->step == STEP_ENDS)
        swap(L, low, high);
    else if (is_less)
        swap(L, middle(s), s->step == STEP_BEGIN ? low : high);
    if (high - low == 1 ||
        (high - low == 2 && (s->step == STEP_END || (s->step == STEP_BEGIN && is_less)))) {
        s->now.low = high;
        return begin_range(s);
    }
    if (s->step == STEP_ENDS)
        s->step = STEP_BEGIN;
    else if (s->step == STEP_BEGIN && !is_less)
        s->step = STEP_END;
    else
        begin_parts(L, s);
    return true;
}

static bool step_up(lua_State *L, struct sort *s, bool is_less)
{
    s->i++;
    if (!is_less) {
        lua_settop(L, BELOW_AT);
        s->step = STEP_DOWN;
        return true;
    }
    lua_settop(L, PIVOT_AT);
    if (s->i == s->now.high - 1)
        luaL_error(L, "invalid order function for sorting");
    return true;
}

static bool step_down(lua_State *L, struct sort *s, bool is_less)
{
    s->j--;
    if (is_less && s->j < s->i)
        luaL_error(L, "invalid order function for sorting");
    if (is_less) {
        lua_settop(L, BELOW_AT);
        return true;
    }
    lua_settop(L, ABOVE_AT);
    bool have_met = s->j < s->i;
    if (!have_met) {
        lua_seti(L, TABLE_AT, s->i);
        lua_seti(L, TABLE_AT, s->j);
    }
    lua_settop(L, PIVOT_AT);
    s->step = STEP_UP;
    return have_met ? end_parts(L, s) : true;
}

/* What the comparison of the step has told. False: all is sorted. */
static bool take_step(lua_State *L, struct sort *s, bool is_less)
{
    if (s->step == STEP_UP)
        return step_up(L, s, is_less);
    if (s->step == STEP_DOWN)
        return step_down(L, s, is_less);
    lua_settop(L, PIVOT_AT);
    return step_ends(L, s, is_less);
}

/* ---- comparing ---- */

/* Of values other than numbers and texts: puts the metamethod that compares them below the two on
 * top of the stack. False: there is none, so that Lua raises. */
static bool push_metamethod(lua_State *L)
{
    if (luaL_getmetafield(L, -2, "__lt") == LUA_TNIL &&
        luaL_getmetafield(L, -1, "__lt") == LUA_TNIL)
        return false;
    lua_insert(L, -3);
    return true;
}

static bool is_compared_by_lua(lua_State *L)
{
    int kind = lua_type(L, -2);
    return kind == lua_type(L, -1) && (kind == LUA_TNUMBER || kind == LUA_TSTRING);
}

static int compared(lua_State *L, int status, lua_KContext is_asked);

/* Compares until all is sorted. */
static int sort_on(lua_State *L, struct sort *s)
{
    bool has_order = !lua_isnil(L, ORDER_AT), is_less;
    do {
        if (++s->compared % LOOK_EACH == 0 && watch_look(L))
            return watch_give_way(L, false, compared);
        push_pair(L, s, has_order);
        if (has_order || (!is_compared_by_lua(L) && push_metamethod(L))) {
            lua_callk(L, 2, 1, true, compared);
            is_less = lua_toboolean(L, -1);
        } else {
            is_less = lua_compare(L, -2, -1, LUA_OPLT);
        }
    } while (take_step(L, s, is_less));
    return 0;
}

/* The function has told; or it goes on before it is asked (not is_asked). */
static int compared(lua_State *L, int status, lua_KContext is_asked)
{
    struct sort *s = lua_touserdata(L, STATE_AT);
    (void)status;
    return is_asked && !take_step(L, s, lua_toboolean(L, -1)) ? 0 : sort_on(L, s);
}

/* ---- the function ---- */

/* Sorts the n elements of the table at 1. */
static int sort(lua_State *L, lua_Integer n)
{
    lua_settop(L, ORDER_AT);
    struct sort *s = lua_newuserdatauv(L, sizeof *s, 0);
    lua_pushnil(L);
    s->now = (struct range){1, n};
    s->ranges = s->compared = 0;
    return begin_range(s) ? sort_on(L, s) : 0;
}

/* Arguments: a table without metamethods, what compares, how many elements. */
static int sort_plain(lua_State *L)
{
    return sort(L, lua_tointeger(L, 3));
}

static int sorted(lua_State *L, int status, lua_KContext context)
{
    (void)L;
    (void)status;
    (void)context;
    return 0;
}

static bool has_metamethod(lua_State *L, const char *name)
{
    if (luaL_getmetafield(L, 1, name) == LUA_TNIL)
        return false;
    lua_pop(L, 1);
    return true;
}

/* Upvalue 1: sorts a copy of what only acts as a table, and writes it back. */
static int table_sort(lua_State *L)
{
    bool is_read = has_metamethod(L, "__index"), is_written = has_metamethod(L, "__newindex");
    if (!lua_istable(L, 1) && !(is_read && is_written && has_metamethod(L, "__len")))
        luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer n = luaL_len(L, 1);
    if (n < 2)
        return 0;
    luaL_argcheck(L, n < INT_MAX, 1, "array too big");
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    if (!is_read && !is_written)
        return sort(L, n);
    lua_settop(L, 2);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_pushinteger(L, n);
    lua_callk(L, 3, 0, 0, sorted);
    return 0;
}

void sorting_open(lua_State *L)
{
    static const char COPIED[] = "local sort = ...\n"
                                 "return function(t, order, n)\n"
                                 "    local list = {}\n"
                                 "    for i = 1, n do list[i] = t[i] end\n"
                                 "    sort(list, order, n)\n"
                                 "    for i = 1, n do t[i] = list[i] end\n"
                                 "end\n";
    if (luaL_loadbufferx(L, COPIED, sizeof COPIED - 1, "=table.sort", "t") != LUA_OK)
        lua_error(L);
    lua_pushcfunction(L, sort_plain);
    lua_call(L, 1, 1);
    lua_pushcclosure(L, table_sort, 1);
    lua_setfield(L, -2, "sort");
}
