/* SPDX-License-Identifier: Apache-2.0 */
#include "script/matcher.h"

#include "script/watch.h"

#include <ctype.h>
#include <lauxlib.h>
#include <string.h>

#define STEPS_A_LOOK 16384 /* well under a millisecond */
#define SET_MOST 65536     /* characters in one set, which each character is held against */

/* ---- single characters ---- */

/* Behind the set that begins before p. */
static const char *set_end(const struct matcher *m, const char *p)
{
    const char *from = p;
    if (p < m->last && *p == '^')
        p++;
    for (bool is_first = true; is_first || p == m->last || *p != ']'; is_first = false) {
        if (p < m->last && *p == '%')
            p++; /* also of a ']' */
        if (p >= m->last)
            luaL_error(m->L, "malformed pattern (missing ']')");
        if (p++ - from > SET_MOST)
            luaL_error(m->L, "pattern too complex");
    }
    return p + 1;
}

/* Behind the single character, class or set that p begins. */
static const char *item_end(const struct matcher *m, const char *p)
{
    char c = *p++;
    if (c == '%' && p == m->last)
        luaL_error(m->L, "malformed pattern (ends with '%%')");
    if (c == '%')
        return p + 1;
    return c == '[' ? set_end(m, p) : p;
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
    m->steps += (unsigned)(end - p);
    if (s >= m->end)
        return false;
    unsigned char c = (unsigned char)*s;
    if (*p == '[')
        return is_in_set(c, p, end);
    return *p == '.' || (*p == '%' ? is_of_class(c, (unsigned char)p[1]) : *p == *s);
}

/* ---- captures ---- */

/* Behind what capture `digit` has once more; NULL: something else stands there. */
static const char *same_again(struct matcher *m, const char *s, char digit)
{
    unsigned i = (unsigned)(digit - '1');
    if (digit == '0' || i >= m->captures || m->capture[i].n == MATCHER_OPEN)
        luaL_error(m->L, "invalid capture index %%%d", digit - '0');
    const struct capture *c = &m->capture[i];
    size_t n = (size_t)c->n;
    if (c->n == MATCHER_POSITION)
        return NULL;
    m->steps += n / 16 < STEPS_A_LOOK ? (unsigned)(n / 16) : STEPS_A_LOOK;
    return (size_t)(m->end - s) >= n && memcmp(c->at, s, n) == 0 ? s + n : NULL;
}

void matcher_push(const struct matcher *m, unsigned i, const char *s)
{
    const struct capture *c = &m->capture[i];
    if (i == 0 && m->captures == 0)
        lua_pushlstring(m->L, s, (size_t)(m->s - s));
    else if (i >= m->captures)
        luaL_error(m->L, "invalid capture index %%%d", (int)i + 1);
    else if (c->n == MATCHER_OPEN)
        luaL_error(m->L, "unfinished capture");
    else if (c->n == MATCHER_POSITION)
        lua_pushinteger(m->L, c->at - m->text + 1);
    else
        lua_pushlstring(m->L, c->at, (size_t)c->n);
}

int matcher_push_all(const struct matcher *m, const char *s)
{
    unsigned n = m->captures == 0 && s != NULL ? 1 : m->captures;
    luaL_checkstack(m->L, (int)n, "too many captures");
    for (unsigned i = 0; i < n; i++)
        matcher_push(m, i, s);
    return (int)n;
}

/* ---- ways ---- */

static struct way *push_way(struct matcher *m, int kind)
{
    if (m->ways == MATCHER_WAYS)
        luaL_error(m->L, "pattern too complex");
    struct way *w = &m->way[m->ways++];
    w->kind = (unsigned)kind;
    return w;
}

static struct way *push_item(struct matcher *m, int kind, const char *end)
{
    struct way *w = push_way(m, kind);
    w->s = m->s;
    w->item = m->p;
    w->to = end;
    return w;
}

/* The rest of the pattern is tried at s. */
static void go_to(struct matcher *m, const char *s, const char *p)
{
    m->s = s;
    m->p = p;
    m->does = MATCHER_TAKES;
}

/* As many as there are of the item; once they are counted, the rest is tried behind them. */
static void count(struct matcher *m)
{
    struct way *w = &m->way[m->ways - 1];
    while (m->steps < STEPS_A_LOOK) {
        if (is_single(m, w->s + w->n, w->item, w->to)) {
            w->n++;
            continue;
        }
        if (w->n >= w->least) {
            go_to(m, w->s + w->n, w->to + 1);
        } else {
            m->ways--;
            m->does = MATCHER_FALLS_BACK;
        }
        return;
    }
}

/* %bxy: until the y that closes the x at which it began. */
static void balance(struct matcher *m)
{
    while (m->steps < STEPS_A_LOOK) {
        m->steps++;
        if (++m->s >= m->end) {
            m->does = MATCHER_FALLS_BACK;
            return;
        }
        if (*m->s == m->p[3] && --m->brackets == 0) {
            go_to(m, m->s + 1, m->p + 4);
            return;
        }
        m->brackets += *m->s == m->p[2] && *m->s != m->p[3];
    }
}

/* Something does not match here: the newest way that is left is tried. */
static void fall_back(struct matcher *m)
{
    struct way *w = &m->way[m->ways - 1];
    switch (w->kind) {
    case WAY_LONGEST:
        if (w->n > w->least) {
            w->n--;
            go_to(m, w->s + w->n, w->to + 1);
            return;
        }
        break;
    case WAY_SHORTEST:
        if (is_single(m, w->s, w->item, w->to)) {
            w->s++;
            go_to(m, w->s, w->to + 1);
            return;
        }
        break;
    case WAY_WITHOUT:
        go_to(m, w->s, w->to + 1);
        break;
    case WAY_OPENED:
        m->captures--;
        break;
    case WAY_CLOSED:
        m->capture[w->n].n = MATCHER_OPEN;
        break;
    }
    m->ways--;
}

/* ---- what a pattern has ---- */

static void open_capture(struct matcher *m)
{
    bool is_position = m->p + 1 < m->last && m->p[1] == ')';
    if (m->captures == MATCHER_CAPTURES)
        luaL_error(m->L, "too many captures");
    push_way(m, WAY_OPENED);
    m->capture[m->captures++] =
        (struct capture){m->s, is_position ? MATCHER_POSITION : MATCHER_OPEN};
    m->p += is_position ? 2 : 1;
}

static void close_capture(struct matcher *m)
{
    unsigned i = m->captures;
    while (i > 0 && m->capture[i - 1].n != MATCHER_OPEN)
        i--;
    if (i == 0)
        luaL_error(m->L, "invalid pattern capture");
    push_way(m, WAY_CLOSED)->n = i - 1;
    m->capture[i - 1].n = m->s - m->capture[i - 1].at;
    m->p++;
}

/* %f[set]: the set begins here. */
static void take_frontier(struct matcher *m)
{
    const char *set = m->p + 2;
    if (set >= m->last || *set != '[')
        luaL_error(m->L, "missing '[' after '%%f' in pattern");
    const char *end = item_end(m, set);
    unsigned char before = m->s == m->text ? 0 : (unsigned char)m->s[-1];
    unsigned char here = m->s == m->end ? 0 : (unsigned char)*m->s;
    m->steps += (unsigned)(end - set);
    m->p = end;
    if (is_in_set(before, set, end) || !is_in_set(here, set, end))
        m->does = MATCHER_FALLS_BACK;
}

/* Items behind a '%' that are no single characters. False: it is one. */
static bool take_special(struct matcher *m)
{
    char what = m->p + 1 < m->last ? m->p[1] : '\0';
    if (what == 'b') {
        if (m->p + 4 > m->last)
            luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
        bool begins = m->s < m->end && *m->s == m->p[2];
        m->brackets = 1;
        m->does = begins ? MATCHER_BALANCES : MATCHER_FALLS_BACK;
    } else if (what == 'f') {
        take_frontier(m);
    } else if (isdigit((unsigned char)what)) {
        const char *behind = same_again(m, m->s, what);
        if (behind != NULL)
            go_to(m, behind, m->p + 2);
        else
            m->does = MATCHER_FALLS_BACK;
    } else {
        return false;
    }
    return true;
}

/* An item, and what tells how often it may be there. */
static void take_item(struct matcher *m)
{
    const char *end = item_end(m, m->p);
    char times = end < m->last ? *end : '\0';
    if (times == '*' || times == '+') {
        struct way *w = push_item(m, WAY_LONGEST, end);
        w->n = 0;
        w->least = times == '+';
        m->does = MATCHER_COUNTS;
    } else if (times == '-') {
        push_item(m, WAY_SHORTEST, end);
        m->p = end + 1;
    } else if (is_single(m, m->s, m->p, end)) {
        if (times == '?')
            push_item(m, WAY_WITHOUT, end);
        m->s++;
        m->p = end + (times == '?');
    } else if (times == '?') {
        m->p = end + 1;
    } else {
        m->does = MATCHER_FALLS_BACK;
    }
}

static void take(struct matcher *m)
{
    while (m->does == MATCHER_TAKES && m->p != m->last && m->steps < STEPS_A_LOOK) {
        m->steps++;
        if (*m->p == '(') {
            open_capture(m);
        } else if (*m->p == ')') {
            close_capture(m);
        } else if (*m->p == '$' && m->p + 1 == m->last) {
            m->p++;
            m->does = m->s == m->end ? MATCHER_TAKES : MATCHER_FALLS_BACK;
        } else if (*m->p != '%' || !take_special(m)) {
            take_item(m);
        }
    }
}

/* ---- the whole ---- */

void matcher_open(struct matcher *m, lua_State *L, int text, int pattern, bool has_anchor)
{
    size_t n, k;
    m->L = L;
    m->text = luaL_checklstring(L, text, &n);
    m->pattern = luaL_checklstring(L, pattern, &k);
    m->end = m->text + n;
    m->last = m->pattern + k;
    m->is_anchored = has_anchor && k > 0 && *m->pattern == '^';
    m->pattern += m->is_anchored;
    m->steps = 0;
}

void matcher_begin(struct matcher *m, const char *s)
{
    m->captures = m->ways = 0;
    go_to(m, s, m->pattern);
}

enum matcher_found matcher_go_on(struct matcher *m)
{
    for (;;) {
        if (m->does == MATCHER_TAKES && m->p == m->last)
            return MATCHER_YES;
        if (m->does == MATCHER_FALLS_BACK && m->ways == 0)
            return MATCHER_NO;
        if (++m->steps >= STEPS_A_LOOK) {
            m->steps = 0;
            if (watch_look(m->L))
                return MATCHER_LEAVES;
        }
        switch (m->does) {
        case MATCHER_TAKES:
            take(m);
            break;
        case MATCHER_COUNTS:
            count(m);
            break;
        case MATCHER_BALANCES:
            balance(m);
            break;
        case MATCHER_FALLS_BACK:
            fall_back(m);
            break;
        }
    }
}
