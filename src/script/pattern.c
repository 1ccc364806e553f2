/* SPDX-License-Identifier: Apache-2.0 */
#include "script/pattern.h"

#include "script/watch.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#define CAPTURES_MOST 32
#define DEPTH_MOST 200     /* of items that wait for what comes behind them */
#define STEPS_A_LOOK 16384 /* well under a millisecond */
#define OPEN (-1)          /* lengths of captures: it has not ended yet */
#define POSITION (-2)

struct capture {
    const char *at;
    ptrdiff_t n; /* or OPEN, or POSITION */
};

/* One text and one pattern. */
struct matcher {
    lua_State *L;
    const char *text, *end;     /* of the text */
    const char *pattern, *last; /* last: behind the pattern */
    unsigned depth, steps, captures;
    bool is_anchored;
    struct capture capture[CAPTURES_MOST];
};

static const char *match_here(struct matcher *m, const char *s, const char *p);

static void spend(struct matcher *m, size_t steps)
{
    m->steps += steps < STEPS_A_LOOK ? (unsigned)steps : STEPS_A_LOOK;
    if (m->steps < STEPS_A_LOOK)
        return;
    m->steps = 0;
    watch_look(m->L);
}

/* ---- single characters ---- */

/* Behind the single character, class or set that p begins. */
static const char *item_end(const struct matcher *m, const char *p)
{
    char c = *p++;
    if (c == '%' && p == m->last)
        luaL_error(m->L, "malformed pattern (ends with '%%')");
    if (c == '%')
        return p + 1;
    if (c != '[')
        return p;
    if (p < m->last && *p == '^')
        p++;
    for (bool is_first = true; is_first || p == m->last || *p != ']'; is_first = false) {
        if (p < m->last && *p == '%')
            p++; /* also of a ']' */
        if (p >= m->last)
            luaL_error(m->L, "malformed pattern (missing ']')");
        p++;
    }
    return p + 1;
}

/* An option of Lua 5.1 that 5.4 still has. */
static int is_zero(int c)
{
    return c == 0;
}

static bool is_of_class(unsigned char c, unsigned char class)
{
    static const struct {
        char name;
        int (*is)(int c);
    } CLASSES[] = {{'a', isalpha}, {'c', iscntrl},  {'d', isdigit}, {'g', isgraph},
                   {'l', islower}, {'p', ispunct},  {'s', isspace}, {'u', isupper},
                   {'w', isalnum}, {'x', isxdigit}, {'z', is_zero}};
    for (unsigned i = 0; i < sizeof CLASSES / sizeof *CLASSES; i++)
        if (CLASSES[i].name == tolower(class))
            return (CLASSES[i].is(c) != 0) == (islower(class) != 0);
    return c == class;
}

/* p is at the '[', end behind the ']'. */
static bool is_in_set(unsigned char c, const char *p, const char *end)
{
    bool is_not = p[1] == '^';
    end--;
    for (p += is_not ? 2 : 1; p < end; p++) {
        if (*p == '%') {
            if (is_of_class(c, (unsigned char)*++p))
                return !is_not;
        } else if (p[1] == '-' && p + 2 < end) {
            if ((unsigned char)p[0] <= c && c <= (unsigned char)p[2])
                return !is_not;
            p += 2;
        } else if ((unsigned char)*p == c) {
            return !is_not;
        }
    }
    return is_not;
}

static bool is_single(struct matcher *m, const char *s, const char *p, const char *end)
{
    spend(m, (size_t)(end - p));
    if (s >= m->end)
        return false;
    unsigned char c = (unsigned char)*s;
    if (*p == '[')
        return is_in_set(c, p, end);
    return *p == '.' || (*p == '%' ? is_of_class(c, (unsigned char)p[1]) : *p == *s);
}

/* ---- captures ---- */

static const char *begin_capture(struct matcher *m, const char *s, const char *p, ptrdiff_t n)
{
    if (m->captures == CAPTURES_MOST)
        luaL_error(m->L, "too many captures");
    m->capture[m->captures++] = (struct capture){s, n};
    const char *found = match_here(m, s, p);
    if (found == NULL)
        m->captures--;
    return found;
}

static const char *end_capture(struct matcher *m, const char *s, const char *p)
{
    struct capture *c = NULL;
    for (unsigned i = m->captures; i > 0 && c == NULL; i--)
        c = m->capture[i - 1].n == OPEN ? &m->capture[i - 1] : NULL;
    if (c == NULL)
        luaL_error(m->L, "invalid pattern capture");
    c->n = s - c->at;
    const char *found = match_here(m, s, p);
    if (found == NULL)
        c->n = OPEN;
    return found;
}

/* Behind what capture `digit` has once more; NULL: something else stands there. */
static const char *same_again(struct matcher *m, const char *s, char digit)
{
    unsigned i = (unsigned)(digit - '1');
    if (digit == '0' || i >= m->captures || m->capture[i].n == OPEN)
        luaL_error(m->L, "invalid capture index %%%d", digit - '0');
    const struct capture *c = &m->capture[i];
    size_t n = (size_t)c->n;
    if (c->n == POSITION)
        return NULL;
    spend(m, n / 16);
    return (size_t)(m->end - s) >= n && memcmp(c->at, s, n) == 0 ? s + n : NULL;
}

static void push_capture(const struct matcher *m, unsigned i, const char *s, const char *end)
{
    const struct capture *c = &m->capture[i];
    if (i == 0 && m->captures == 0)
        lua_pushlstring(m->L, s, (size_t)(end - s));
    else if (i >= m->captures)
        luaL_error(m->L, "invalid capture index %%%d", (int)i + 1);
    else if (c->n == OPEN)
        luaL_error(m->L, "unfinished capture");
    else if (c->n == POSITION)
        lua_pushinteger(m->L, c->at - m->text + 1);
    else
        lua_pushlstring(m->L, c->at, (size_t)c->n);
}

/* All captures; where there are none, the whole. How many were pushed. */
static int push_captures(const struct matcher *m, const char *s, const char *end)
{
    unsigned n = m->captures == 0 && s != NULL ? 1 : m->captures;
    luaL_checkstack(m->L, (int)n, "too many captures");
    for (unsigned i = 0; i < n; i++)
        push_capture(m, i, s, end);
    return (int)n;
}

/* ---- matching ---- */

/* %bxy: behind the y that closes the x at s. */
static const char *balanced(struct matcher *m, const char *s, const char *p)
{
    size_t open = 1;
    if (p + 4 > m->last)
        luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
    if (s == m->end || *s != p[2])
        return NULL;
    while (++s < m->end) {
        spend(m, 1);
        if (*s == p[3] && --open == 0)
            return s + 1;
        open += *s == p[2] && *s != p[3];
    }
    return NULL;
}

/* %f[set]: the set begins here. */
static bool is_frontier(const struct matcher *m, const char *s, const char *p, const char *end)
{
    unsigned char before = s == m->text ? 0 : (unsigned char)s[-1];
    unsigned char here = s == m->end ? 0 : (unsigned char)*s;
    return !is_in_set(before, p, end) && is_in_set(here, p, end);
}

/* As many as possible of the item, at least `least`, and the rest behind them. */
static const char *longest(struct matcher *m, const char *s, const char *p, const char *end,
                           ptrdiff_t least)
{
    ptrdiff_t n = 0;
    while (is_single(m, s + n, p, end))
        n++;
    for (; n >= least; n--) {
        const char *found = match_here(m, s + n, end + 1);
        if (found != NULL)
            return found;
    }
    return NULL;
}

static const char *shortest(struct matcher *m, const char *s, const char *p, const char *end)
{
    for (;; s++) {
        const char *found = match_here(m, s, end + 1);
        if (found != NULL || !is_single(m, s, p, end))
            return found;
    }
}

/* An item and what tells how often it may be there. *goes_on: once, or not at all where *s is the
 * same: what is behind it is next. */
static const char *match_item(struct matcher *m, const char **s, const char **p, bool *goes_on)
{
    const char *end = item_end(m, *p);
    char times = end < m->last ? *end : '\0';
    const char *found = NULL;
    switch (times) {
    case '*':
    case '+':
        return longest(m, *s, *p, end, times == '+');
    case '-':
        return shortest(m, *s, *p, end);
    case '?':
        if (is_single(m, *s, *p, end) && (found = match_here(m, *s + 1, end + 1)) != NULL)
            return found;
        *goes_on = true;
        *p = end + 1;
        return NULL;
    default:
        *goes_on = is_single(m, *s, *p, end);
        *s += *goes_on;
        *p = end;
        return NULL;
    }
}

/* Items behind a '%' that are no single characters. False: it is one. */
static bool match_special(struct matcher *m, const char **s, const char **p)
{
    char what = *p + 1 < m->last ? (*p)[1] : '\0';
    if (what == 'b') {
        *s = balanced(m, *s, *p);
        *p += 4;
    } else if (what == 'f') {
        const char *set = *p + 2;
        if (set >= m->last || *set != '[')
            luaL_error(m->L, "missing '[' after '%%f' in pattern");
        const char *end = item_end(m, set);
        *s = is_frontier(m, *s, set, end) ? *s : NULL;
        *p = end;
    } else if (isdigit((unsigned char)what)) {
        *s = same_again(m, *s, what);
        *p += 2;
    } else {
        return false;
    }
    return true;
}

static const char *match_rest(struct matcher *m, const char *s, const char *p)
{
    while (s != NULL && p != m->last) {
        bool goes_on = false;
        spend(m, 1);
        if (*p == '(')
            return p + 1 < m->last && p[1] == ')' ? begin_capture(m, s, p + 2, POSITION)
                                                  : begin_capture(m, s, p + 1, OPEN);
        if (*p == ')')
            return end_capture(m, s, p + 1);
        if (*p == '$' && p + 1 == m->last)
            return s == m->end ? s : NULL;
        if (*p == '%' && match_special(m, &s, &p))
            continue;
        const char *found = match_item(m, &s, &p, &goes_on);
        if (!goes_on)
            return found;
    }
    return s;
}

/* Behind what the pattern from p on matches at s; NULL: it does not. */
static const char *match_here(struct matcher *m, const char *s, const char *p)
{
    if (++m->depth > DEPTH_MOST)
        luaL_error(m->L, "pattern too complex");
    const char *found = match_rest(m, s, p);
    m->depth--;
    return found;
}

static const char *match_at(struct matcher *m, const char *s)
{
    m->captures = m->depth = 0;
    return match_here(m, s, m->pattern);
}

/* Text and pattern are at these indices; a '^' is no anchor of gmatch. */
static struct matcher matcher_at(lua_State *L, int text, int pattern, bool has_anchor)
{
    size_t n, k;
    struct matcher m = {.L = L};
    m.text = luaL_checklstring(L, text, &n);
    m.pattern = luaL_checklstring(L, pattern, &k);
    m.end = m.text + n;
    m.last = m.pattern + k;
    m.is_anchored = has_anchor && k > 0 && *m.pattern == '^';
    m.pattern += m.is_anchored;
    return m;
}

/* The offset that the argument tells as Lua does: from 1, negative from the end. */
static size_t offset(lua_State *L, int at, size_t n)
{
    lua_Integer i = luaL_optinteger(L, at, 1);
    if (i > 0)
        return (size_t)i - 1;
    return i == 0 || i < -(lua_Integer)n ? 0 : n - (size_t)-i;
}

/* ---- the functions ---- */

static int find_plain(struct matcher *m, const char *from)
{
    size_t k = (size_t)(m->last - m->pattern);
    const char *found = k == 0 ? from : memmem(from, (size_t)(m->end - from), m->pattern, k);
    if (found == NULL)
        lua_pushnil(m->L);
    else
        lua_pushinteger(m->L, found - m->text + 1);
    if (found != NULL)
        lua_pushinteger(m->L, found - m->text + (ptrdiff_t)k);
    return found == NULL ? 1 : 2;
}

static bool is_plain(const struct matcher *m)
{
    for (const char *p = m->pattern; p < m->last; p++)
        if (*p != '\0' && strchr("^$*+?.([%-", *p) != NULL)
            return false;
    return true;
}

static int find_or_match(lua_State *L, bool finds)
{
    struct matcher m = matcher_at(L, 1, 2, false);
    size_t n = (size_t)(m.end - m.text), at = offset(L, 3, n);
    if (at > n) {
        lua_pushnil(L);
        return 1;
    }
    const char *s = m.text + at;
    if (finds && (lua_toboolean(L, 4) || is_plain(&m)))
        return find_plain(&m, s);
    m = matcher_at(L, 1, 2, true);
    for (; s <= m.end; s++) {
        const char *end = match_at(&m, s);
        if (end == NULL && m.is_anchored)
            break;
        if (end == NULL)
            continue;
        if (!finds)
            return push_captures(&m, s, end);
        lua_pushinteger(L, s - m.text + 1);
        lua_pushinteger(L, end - m.text);
        return push_captures(&m, NULL, NULL) + 2;
    }
    lua_pushnil(L);
    return 1;
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
    struct matcher m = matcher_at(L, lua_upvalueindex(1), lua_upvalueindex(2), false);
    const char *last = m.text + lua_tointeger(L, lua_upvalueindex(4));
    for (const char *s = m.text + lua_tointeger(L, lua_upvalueindex(3)); s <= m.end; s++) {
        const char *end = match_at(&m, s);
        if (end == NULL || end == last)
            continue;
        for (int i = 3; i <= 4; i++) {
            lua_pushinteger(L, end - m.text);
            lua_replace(L, lua_upvalueindex(i));
        }
        return push_captures(&m, s, end);
    }
    return 0;
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

/* The text at 3 in place of a match. */
static void add_text(const struct matcher *m, luaL_Buffer *b, const char *s, const char *end)
{
    size_t n;
    const char *text = lua_tolstring(m->L, 3, &n);
    for (size_t i = 0; i < n; i++) {
        if (text[i] != '%') {
            luaL_addchar(b, text[i]);
            continue;
        }
        char c = i + 1 < n ? text[++i] : '\0';
        if (c == '%') {
            luaL_addchar(b, c);
        } else if (c == '0') {
            luaL_addlstring(b, s, (size_t)(end - s));
        } else if (isdigit((unsigned char)c)) {
            push_capture(m, (unsigned)(c - '1'), s, end);
            luaL_tolstring(m->L, -1, NULL);
            lua_remove(m->L, -2);
            luaL_addvalue(b);
        } else {
            luaL_error(m->L, "invalid use of '%%' in replacement string");
        }
    }
}

/* What the text, table or function at 3 makes of a match; whether that is something else. */
static bool add_value(const struct matcher *m, luaL_Buffer *b, const char *s, const char *end)
{
    lua_State *L = m->L;
    int kind = lua_type(L, 3);
    if (kind == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(m, s, end), 1);
    } else if (kind == LUA_TTABLE) {
        push_capture(m, 0, s, end);
        lua_gettable(L, 3);
    } else {
        add_text(m, b, s, end);
        return true;
    }
    bool is_other = lua_toboolean(L, -1);
    if (!is_other) {
        lua_pop(L, 1);
        luaL_addlstring(b, s, (size_t)(end - s));
        return false;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(b);
    return true;
}

static int pattern_gsub(lua_State *L)
{
    struct matcher m = matcher_at(L, 1, 2, true);
    int kind = lua_type(L, 3);
    luaL_argexpected(L,
                     kind == LUA_TNUMBER || kind == LUA_TSTRING || kind == LUA_TFUNCTION ||
                         kind == LUA_TTABLE,
                     3, "string/function/table");
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)(m.end - m.text) + 1), n = 0;
    const char *s = m.text, *last = NULL;
    bool is_changed = false;
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    while (n < most) {
        const char *end = match_at(&m, s);
        if (end != NULL && end != last) {
            n++;
            is_changed |= add_value(&m, &b, s, end);
            s = last = end;
        } else if (s < m.end) {
            luaL_addchar(&b, *s);
            s++;
        } else {
            break;
        }
        if (m.is_anchored)
            break;
    }
    if (is_changed)
        luaL_addlstring(&b, s, (size_t)(m.end - s));
    luaL_pushresult(&b);
    if (!is_changed)
        lua_pushvalue(L, 1);
    lua_pushinteger(L, n);
    return 2;
}

void patterns_open(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {{"find", pattern_find},
                                         {"match", pattern_match},
                                         {"gmatch", pattern_gmatch},
                                         {"gsub", pattern_gsub},
                                         {NULL, NULL}};
    luaL_setfuncs(L, FUNCTIONS, 0);
}
