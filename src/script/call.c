/* SPDX-License-Identifier: Apache-2.0 */
#include "script/call.h"

#include "base/text.h"
#include "script/role.h"
#include "wire/clock.h"

#include <stdio.h>
#include <string.h>

#define BUSY_MS_DEFAULT 10000
#define BUSY_MS_ENDING 250 /* once the user wants to end: SIGTERM leaves 5 s for all */
#define MEMORY_DEFAULT ((size_t)256 << 20)
#define SESSION_MEMORY ((size_t)1 << 20) /* more for each of a script that holds many */
#define LINE_DIGITS 11                   /* of a line's number, with the 0 behind them */
#define MUCH 65536                       /* bytes outside Lua that its collector hears of */

struct script *script_of(lua_State *L)
{
    return *(struct script **)lua_getextraspace(L);
}

struct slice script_folder(const struct script *s)
{
    const char *path = s->options->beside != NULL ? s->options->beside : s->path;
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    return (struct slice){(const uint8_t *)path, n};
}

unsigned script_busy_most(const struct script *s)
{
    unsigned most = s->options->busy_ms != 0 ? s->options->busy_ms : BUSY_MS_DEFAULT;
    return s->stop && most > BUSY_MS_ENDING ? BUSY_MS_ENDING : most;
}

bool script_is_spent(struct script *s, int64_t since_us)
{
    const volatile sig_atomic_t *asked = s->options->interrupt;
    bool is_interrupted = asked != NULL && *asked != 0;
    recorder_flush_late(s->options->recorder);
    if (is_interrupted && !script_has_ended(s)) {
        s->verdict = VERDICT_INCONCLUSIVE;
        snprintf(s->reason, sizeof s->reason, "interrupted");
    }
    return is_interrupted || clock_us() - since_us > (int64_t)script_busy_most(s) * 1000;
}

size_t script_memory_most(const struct script *s)
{
    size_t most = s->options->memory != 0 ? s->options->memory : MEMORY_DEFAULT;
    size_t all = most + (s->has_sessions ? s->running_tasks * SESSION_MEMORY : 0);
    return all < s->turn_memory + most ? all : s->turn_memory + most;
}

void script_count(lua_State *L, size_t *counted, size_t taken)
{
    struct script *s = script_of(L);
    size_t grown = taken > *counted ? taken - *counted : 0;
    s->memory = s->memory - *counted + taken;
    *counted = taken;
    if (grown == 0)
        return;
    if (s->memory > script_memory_most(s))
        lua_gc(L, LUA_GCCOLLECT);
    else if (grown >= MUCH)
        lua_gc(L, LUA_GCSTEP, (int)(grown / 1024));
    if (s->memory > script_memory_most(s))
        luaL_error(L, "not enough memory: with its messages the script takes more than %d MiB",
                   (int)(script_memory_most(s) >> 20));
}

/* Where a player of a recorded session was called, the script's line says more than its own. */
static bool is_player(const lua_Debug *ar)
{
    return strcmp(ar->short_src, "lua/v2g/replay.lua") == 0;
}

/* Digits and the 0 behind them; `out` has room for LINE_DIGITS. */
static void put_number(char *out, unsigned number)
{
    char digit[LINE_DIGITS];
    unsigned n = 0;
    for (; number > 0 || n == 0; number /= 10)
        digit[n++] = (char)('0' + number % 10);
    while (n > 0)
        *out++ = digit[--n];
    *out = '\0';
}

const char *script_where(lua_State *L, char *out, size_t size)
{
    lua_Debug ar;
    out[0] = '\0';
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "l", &ar);
        if (ar.currentline <= 0) /* of C, or of what is built in */
            continue;
        lua_getinfo(L, "S", &ar);
        if (is_player(&ar))
            continue;
        char line[LINE_DIGITS];
        put_number(line, (unsigned)ar.currentline);
        char *behind = text_put(text_put(out, out + size, ar.short_src), out + size, ":");
        text_put(behind, out + size, line);
        return out;
    }
    return out;
}

/* That of the place which the running task is about; else the newest. */
static uint32_t session_of(const struct script *s)
{
    uint32_t newest = 0;
    if (s->place != NULL)
        return s->place->session->caller.session;
    for (const struct role *r = s->roles; r != NULL; r = r->next)
        if (r->session != NULL && r->session->caller.session > newest)
            newest = r->session->caller.session;
    return newest;
}

void script_record(const struct script *s, enum event_kind kind, bool ok, const char *where,
                   const char *text)
{
    bool is_named = where[0] != '\0' && s->plays != NULL && s->by != s->plays->by;
    const char *of_several = s->place != NULL ? s->place->by : ""; /* `where` has the script */
    struct event e = {
        .session = session_of(s),
        .us = script_now(s),
        .kind = kind,
        .ok = ok,
        .by = is_named ? of_several : s->by,
        .where = where,
        .name = "",
        .code = "",
        .text = text,
    };
    recorder_put(s->options->recorder, &e);
}

void script_log(lua_State *L, const char *text, size_t n)
{
    const struct script *s = script_of(L);
    char where[128];
    if (s->options->recorder != NULL) {
        script_record(s, EVENT_LOG, true, script_where(L, where, sizeof where), text);
        return;
    }
    if (s->options->print == NULL)
        return;
    s->options->print(s->options->context, text, n);
    s->options->print(s->options->context, "\n", 1);
}

int script_raise(lua_State *L, const struct err *e)
{
    return luaL_error(L, "%s%s%s", e->path, e->path[0] != '\0' ? ": " : "", e->what);
}

const char *script_check_text(lua_State *L, const char *what)
{
    const char *text = lua_tostring(L, -1);
    if (text == NULL)
        luaL_error(L, "%s: expected a text, found a %s", what, luaL_typename(L, -1));
    return text;
}

void script_check_table(lua_State *L, const char *what)
{
    if (!lua_istable(L, -1))
        luaL_error(L, "%s: expected a table, found a %s", what, luaL_typename(L, -1));
}

void script_set_text(lua_State *L, const char *key, const char *value)
{
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
}

void script_set_metatable(lua_State *L)
{
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

void script_new_type(lua_State *L, const char *name, const luaL_Reg *functions)
{
    luaL_newmetatable(L, name);
    luaL_setfuncs(L, functions, 0);
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
}

void script_check_keys(lua_State *L, int at, const char *known)
{
    lua_pushnil(L);
    while (lua_next(L, at) != 0) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        lua_pushfstring(L, " %s ", key);
        if (strchr(key, ' ') != NULL || strstr(known, lua_tostring(L, -1)) == NULL)
            luaL_error(L, "there is no option '%s'; expected one of:%s", key, known);
        lua_pop(L, 2);
    }
}

lua_Integer script_check_number(lua_State *L, const char *what, lua_Integer least, lua_Integer most)
{
    int is_integer;
    lua_Integer n = lua_tointegerx(L, -1, &is_integer);
    if (!is_integer || n < least || n > most)
        luaL_error(L, "%s = %s; expected an integer, %I to %I", what, luaL_tolstring(L, -1, NULL),
                   (LUAI_UACINT)least, (LUAI_UACINT)most);
    return n;
}
