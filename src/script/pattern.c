/* SPDX-License-Identifier: Apache-2.0 */
#include "script/pattern.h"

#include "script/matcher.h"
#include "script/pile.h"
#include "script/watch.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#define WINDOW ((size_t)256 << 10) /* of a text: so much is looked through at once, at least */

/* The offset that the argument tells as Lua does: from 1, negative from the end. */
static size_t offset(lua_State *L, int at, size_t n)
{
    lua_Integer i = luaL_optinteger(L, at, 1);
    if (i > 0)
        return (size_t)i - 1;
    return i == 0 || i < -(lua_Integer)n ? 0 : n - (size_t)-i;
}

/* ---- find, of a text that is no pattern ---- */

/* at: where it goes on. The text is at 1, what is looked for at 2. */
static int find_plain(lua_State *L, int status, lua_KContext at)
{
    size_t n, k, from = (size_t)at;
    const char *text = lua_tolstring(L, 1, &n), *wanted = lua_tolstring(L, 2, &k);
    (void)status;
    for (size_t step = k > WINDOW ? k : WINDOW; k <= n - from; from += step) {
        size_t window = n - from < step + k ? n - from : step + k;
        const char *found = k == 0 ? text + from : memmem(text + from, window, wanted, k);
        if (found != NULL) {
            lua_pushinteger(L, found - text + 1);
            lua_pushinteger(L, found - text + (ptrdiff_t)k);
            return 2;
        }
        if (window == n - from)
            break;
        if (watch_look(L))
            return watch_give_way(L, (lua_KContext)(from + step), find_plain);
    }
    lua_pushnil(L);
    return 1;
}

static bool is_plain(lua_State *L)
{
    size_t n;
    const char *p = lua_tolstring(L, 2, &n), *end = p + n;
    while (p < end) {
        p += strcspn(p, "^$*+?.([%-");
        if (p < end && *p != '\0')
            return false;
        p++;
    }
    return true;
}

/* ---- find, match, gmatch ---- */

/* One that gives way lies in a userdata, on top of the stack, until it goes on. */
struct search {
    struct matcher m;
    const char *from;   /* it is tried here */
    const char *not_to; /* where the match before this one ended; NULL: there was none */
    enum { SEARCH_FINDS, SEARCH_MATCHES, SEARCH_IS_NEXT } kind;
    bool is_kept;
};

static int push_found(lua_State *L, const struct search *q)
{
    if (q->kind == SEARCH_FINDS) {
        lua_pushinteger(L, q->from - q->m.text + 1);
        lua_pushinteger(L, q->m.s - q->m.text);
        return matcher_push_all(&q->m, NULL) + 2;
    }
    for (int i = 3; q->kind == SEARCH_IS_NEXT && i <= 4; i++) {
        lua_pushinteger(L, q->m.s - q->m.text);
        lua_replace(L, lua_upvalueindex(i));
    }
    return matcher_push_all(&q->m, q->from);
}

static int search_goes_on(lua_State *L, int status, lua_KContext context);

static int leave_search(lua_State *L, struct search *q)
{
    if (!q->is_kept) {
        q->is_kept = true;
        memcpy(lua_newuserdatauv(L, sizeof *q, 0), q, sizeof *q);
    }
    return watch_give_way(L, 0, search_goes_on);
}

static int search(lua_State *L, struct search *q)
{
    for (;;) {
        enum matcher_found found = matcher_go_on(&q->m);
        if (found == MATCHER_LEAVES)
            return leave_search(L, q);
        if (found == MATCHER_YES && q->m.s != q->not_to)
            return push_found(L, q);
        if (q->m.is_anchored || q->from == q->m.end)
            break;
        matcher_begin(&q->m, ++q->from);
    }
    if (q->kind == SEARCH_IS_NEXT)
        return 0;
    lua_pushnil(L);
    return 1;
}

static int search_goes_on(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    return search(L, lua_touserdata(L, -1));
}

static int find_or_match(lua_State *L, bool finds)
{
    struct search q;
    size_t n;
    luaL_checklstring(L, 1, &n);
    luaL_checkstring(L, 2);
    size_t at = offset(L, 3, n);
    if (at > n) {
        lua_pushnil(L);
        return 1;
    }
    if (finds && (lua_toboolean(L, 4) || is_plain(L)))
        return find_plain(L, LUA_OK, (lua_KContext)at);
    matcher_open(&q.m, L, 1, 2, true);
    q.from = q.m.text + at;
    q.not_to = NULL;
    q.kind = finds ? SEARCH_FINDS : SEARCH_MATCHES;
    q.is_kept = false;
    matcher_begin(&q.m, q.from);
    return search(L, &q);
}

static int pattern_find(lua_State *L)
{
    return find_or_match(L, true);
}

static int pattern_match(lua_State *L)
{
    return find_or_match(L, false);
}

/* Upvalues: text, pattern, where to go on, and where the last one ended (-1: there was none). */
static int next_match(lua_State *L)
{
    struct search q;
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    matcher_open(&q.m, L, lua_upvalueindex(1), lua_upvalueindex(2), false);
    q.from = q.m.text + lua_tointeger(L, lua_upvalueindex(3));
    if (q.from > q.m.end)
        return 0;
    q.not_to = last >= 0 ? q.m.text + last : NULL;
    q.kind = SEARCH_IS_NEXT;
    q.is_kept = false;
    matcher_begin(&q.m, q.from);
    return search(L, &q);
}

static int pattern_gmatch(lua_State *L)
{
    size_t n, at;
    luaL_checklstring(L, 1, &n);
    luaL_checkstring(L, 2);
    at = offset(L, 3, n);
    lua_settop(L, 2);
    lua_pushinteger(L, (lua_Integer)(at > n ? n + 1 : at));
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, next_match, 4);
    return 1;
}

/* ---- gsub ---- */

/* The stack: text, pattern, what comes in place of it, how often, these, and what the pile has
 * grown to. While it gives way a matcher is on top. */
#define SUB_AT 5
#define SUB_TOP 6

struct sub {
    struct pile pile;
    const char *from;   /* it is tried here */
    const char *not_to; /* where the match before this one ended */
    const char *copied; /* what is before that is in the pile, if anything is */
    const char *end;    /* of this one, while its function runs */
    lua_Integer n, most;
    bool is_over, is_changed;
};

static void copy_until(lua_State *L, struct sub *u, const char *end)
{
    pile_add(L, &u->pile, u->copied, (size_t)(end - u->copied));
    u->copied = end;
}

static void add_on_top(lua_State *L, struct sub *u)
{
    size_t n;
    const char *text = lua_tolstring(L, -1, &n);
    pile_add(L, &u->pile, text, n);
    lua_pop(L, 1);
}

/* The text at 3 in place of a match. */
static void add_text(lua_State *L, const struct matcher *m, struct sub *u)
{
    size_t n;
    const char *text = lua_tolstring(L, 3, &n), *end = text + n;
    for (const char *sign; (sign = memchr(text, '%', (size_t)(end - text))) != NULL;) {
        pile_add(L, &u->pile, text, (size_t)(sign - text));
        char c = sign + 1 < end ? sign[1] : '\0';
        text = sign + 2;
        if (c == '%') {
            pile_add(L, &u->pile, &c, 1);
        } else if (c == '0') {
            pile_add(L, &u->pile, u->from, (size_t)(m->s - u->from));
        } else if (isdigit((unsigned char)c)) {
            matcher_push(m, (unsigned)(c - '1'), u->from);
            add_on_top(L, u);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
    }
    pile_add(L, &u->pile, text, (size_t)(end - text));
}

/* What a table or a function has made of a match is on top of the stack. */
static void take_value(lua_State *L, struct sub *u)
{
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        return;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    copy_until(L, u, u->from);
    add_on_top(L, u);
    u->copied = u->end;
    u->is_changed = true;
}

/* Pushes the function that tells what comes in place of the match, and its arguments: how many.
 * That of a table with a metamethod is upvalue 2. 0: no function does, and take_value has been
 * given it. */
static int push_call(lua_State *L, const struct matcher *m, struct sub *u)
{
    int kind = lua_type(L, 3);
    if (kind == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        return matcher_push_all(m, u->from);
    }
    if (kind != LUA_TTABLE) {
        copy_until(L, u, u->from);
        add_text(L, m, u);
        u->copied = u->end;
        u->is_changed = true;
        return 0;
    }
    if (luaL_getmetafield(L, 3, "__index") == LUA_TNIL) {
        matcher_push(m, 0, u->from);
        lua_rawget(L, 3);
        take_value(L, u);
        return 0;
    }
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_replace(L, -2);
    lua_pushvalue(L, 3);
    matcher_push(m, 0, u->from);
    return 2;
}

static int sub_ends(lua_State *L, const struct matcher *m, struct sub *u)
{
    lua_Integer n = u->n;
    if (u->is_changed)
        copy_until(L, u, m->end);
    pile_give(L, &u->pile);
    if (!u->is_changed)
        lua_pushvalue(L, 1);
    lua_pushinteger(L, n);
    return 2;
}

/* The next try. False: there is none. */
static bool begins(struct matcher *m, struct sub *u)
{
    if (u->is_over || u->n >= u->most)
        return false;
    u->is_over = m->is_anchored;
    matcher_begin(m, u->from);
    return true;
}

static int sub_goes_on(lua_State *L, int status, lua_KContext context);
static int replaced(lua_State *L, int status, lua_KContext context);

static int leave_sub(lua_State *L, const struct matcher *m)
{
    if (lua_gettop(L) == SUB_TOP)
        memcpy(lua_newuserdatauv(L, sizeof *m, 0), m, sizeof *m);
    return watch_give_way(L, 0, sub_goes_on);
}

/* What the matcher found has been replaced. */
static void step_over(struct sub *u)
{
    u->from = u->not_to = u->end;
}

/* The matcher has begun. */
static int sub_on(lua_State *L, struct matcher *m, struct sub *u)
{
    do {
        enum matcher_found found = matcher_go_on(m);
        if (found == MATCHER_LEAVES)
            return leave_sub(L, m);
        if (found == MATCHER_YES && m->s != u->not_to) {
            u->n++;
            u->end = m->s;
            int arguments = push_call(L, m, u);
            if (arguments > 0) {
                lua_callk(L, arguments, 1, 0, replaced);
                take_value(L, u);
            }
            step_over(u);
        } else if (u->from < m->end) {
            u->from++;
        } else {
            break;
        }
    } while (begins(m, u));
    return sub_ends(L, m, u);
}

static int sub_goes_on(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    return sub_on(L, lua_touserdata(L, -1), lua_touserdata(L, SUB_AT));
}

static int replaced(lua_State *L, int status, lua_KContext context)
{
    struct sub *u = lua_touserdata(L, SUB_AT);
    struct matcher m;
    (void)status;
    (void)context;
    take_value(L, u);
    lua_settop(L, SUB_TOP);
    step_over(u);
    matcher_open(&m, L, 1, 2, true);
    return begins(&m, u) ? sub_on(L, &m, u) : sub_ends(L, &m, u);
}

static int pattern_gsub(lua_State *L)
{
    struct matcher m;
    matcher_open(&m, L, 1, 2, true);
    int kind = lua_type(L, 3);
    luaL_argexpected(L,
                     kind == LUA_TNUMBER || kind == LUA_TSTRING || kind == LUA_TFUNCTION ||
                         kind == LUA_TTABLE,
                     3, "string/function/table");
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)(m.end - m.text) + 1);
    lua_settop(L, SUB_AT - 1);
    struct sub *u = (struct sub *)pile_take(L, sizeof *u);
    u->from = u->copied = m.text;
    u->not_to = NULL;
    u->n = 0;
    u->most = most;
    u->is_over = u->is_changed = false;
    return begins(&m, u) ? sub_on(L, &m, u) : sub_ends(L, &m, u);
}

/* Pushes gsub. What it looks up in a table it does by a function of Lua, which may wait. */
static void push_gsub(lua_State *L)
{
    static const char INDEX[] = "local t, k = ... return t[k]";
    lua_pushnil(L);
    if (luaL_loadbufferx(L, INDEX, sizeof INDEX - 1, "=string.gsub", "t") != LUA_OK)
        lua_error(L);
    lua_pushcclosure(L, pattern_gsub, 2);
}

void patterns_open(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"find", pattern_find}, {"match", pattern_match}, {"gmatch", pattern_gmatch}, {NULL, NULL}};
    luaL_setfuncs(L, FUNCTIONS, 0);
    push_gsub(L);
    lua_setfield(L, -2, "gsub");
}
