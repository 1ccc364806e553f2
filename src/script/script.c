/* SPDX-License-Identifier: Apache-2.0 */
#include "script/script.h"

#include "script/deadline.h"
#include "script/enums.h"
#include "script/filters.h"
#include "script/nearest.h"
#include "script/object.h"
#include "script/role.h"
#include "script/sandbox.h"
#include "script/trust.h"
#include "wire/clock.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_DEFAULT ((size_t)256 << 20)
#define BUSY_MS_DEFAULT 10000
#define HOOK_STEPS 20000 /* instructions between two looks at the clock */
#define TRACEBACK_MAX 65536

struct script *script_of(lua_State *L)
{
    return *(struct script **)lua_getextraspace(L);
}

const char *verdict_name(enum verdict v)
{
    /* ORDER VERDICT */
    static const char *const NAMES[] = {"", "pass", "fail", "inconclusive", "error"};
    return NAMES[v];
}

/* ---- what a script may spend ---- */

static void *allocate(void *context, void *p, size_t old, size_t size)
{
    struct script *s = context;
    size_t limit = s->options->memory != 0 ? s->options->memory : MEMORY_DEFAULT;
    size_t had = p == NULL ? 0 : old;
    if (size == 0) {
        free(p);
        s->memory -= had;
        return NULL;
    }
    if (size > had && s->memory + (size - had) > limit)
        return NULL;
    void *made = realloc(p, size);
    if (made != NULL)
        s->memory = s->memory - had + size;
    return made;
}

/* Called every HOOK_STEPS instructions: ends what runs for ever. */
static void look_at_clock(lua_State *L, lua_Debug *ar)
{
    struct script *s = script_of(L);
    const struct script_options *o = s->options;
    unsigned ms = o->busy_ms != 0 ? o->busy_ms : BUSY_MS_DEFAULT;
    (void)ar;
    recorder_flush_late(o->recorder);
    if (o->interrupt != NULL && *o->interrupt != 0) {
        s->verdict = VERDICT_INCONCLUSIVE;
        snprintf(s->reason, sizeof s->reason, "interrupted");
        luaL_error(L, "interrupted");
    }
    if (s->busy_since != 0 && clock_us() - s->busy_since > (int64_t)ms * 1000)
        luaL_error(L,
                   "the script has run for %d ms without waiting for anything; expected a "
                   "Receive_ or Sleep in every loop",
                   (int)ms);
}

/* ---- places, records ---- */

const char *script_where(lua_State *L, char *out, size_t size)
{
    lua_Debug ar;
    out[0] = '\0';
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline <= 0)
            continue;
        snprintf(out, size, "%s:%d", ar.short_src, ar.currentline);
        return out;
    }
    return out;
}

static uint32_t newest_session(const struct script *s)
{
    uint32_t newest = 0;
    for (const struct role *r = s->roles; r != NULL; r = r->next)
        if (r->session != NULL && r->session->caller.session > newest)
            newest = r->session->caller.session;
    return newest;
}

void script_record(const struct script *s, enum event_kind kind, bool ok, const char *where,
                   const char *text)
{
    struct event e = {
        .session = newest_session(s),
        .us = script_now(s),
        .kind = kind,
        .ok = ok,
        .by = s->by,
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

/* ---- waiting ---- */

static int cannot_wait(lua_State *L)
{
    return luaL_error(L, "waiting is not possible here (inside table.sort, string.gsub or a "
                         "metamethod)");
}

static bool wait_is_over(struct script *s)
{
    bool ready = s->wait.ready != NULL && s->wait.ready(s->wait.context);
    s->timed_out = !ready && s->wait.deadline_us != 0 && script_now(s) >= s->wait.deadline_us;
    return ready || s->timed_out;
}

int script_wait(lua_State *L, const struct wait *w, lua_KContext context, lua_KFunction then)
{
    struct script *s = script_of(L);
    s->wait = *w;
    s->timed_out = false;
    if (s->options->world == NULL || wait_is_over(s))
        return then(L, LUA_OK, context);
    if (!lua_isyieldable(L))
        return cannot_wait(L);
    lua_pushlightuserdata(L, &SANDBOX_WAIT);
    return lua_yieldk(L, 1, context, then);
}

int script_verdict(lua_State *L, enum verdict verdict, const char *format, ...)
{
    struct script *s = script_of(L);
    char what[sizeof s->reason - 130], where[128];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    script_where(L, where, sizeof where);
    s->verdict = verdict;
    s->reason[0] = '\0';
    if (what[0] != '\0' || verdict != VERDICT_PASS)
        snprintf(s->reason, sizeof s->reason, "%s%s%s", where, what[0] != '\0' ? ": " : "", what);
    if (!lua_isyieldable(L))
        return luaL_error(L, "the script has ended: %s", what);
    lua_pushlightuserdata(L, &SANDBOX_WAIT); /* and is never resumed */
    return lua_yield(L, 1);
}

/* ---- running ---- */

static void keep_traceback(struct script *s)
{
    const char *text = lua_tostring(s->L, -1);
    free(s->traceback);
    s->traceback = text == NULL ? NULL : strndup(text, TRACEBACK_MAX);
}

/* Pushes what is added to an error that names a global variable which is nil, as Lua words it. */
static void push_hint(lua_State *L, const char *text)
{
    char name[40] = "";
    const char *at = strstr(text, " a nil value (global '"), *nearest = NULL;
    if (at != NULL && sscanf(at, " a nil value (global '%39[^']')", name) == 1) {
        lua_pushglobaltable(L);
        nearest = nearest_key(L, -1, name);
        lua_pop(L, 1);
    }
    if (nearest != NULL)
        lua_pushfstring(L, "; the nearest name is %s", nearest);
    else
        lua_pushliteral(L, "");
}

/* The error value is on top of the stack. Called protected: __tostring may raise. One that is an
 * object with a text is for the user of the script: where in it that was raised tells nothing. */
static int judge_error(lua_State *L)
{
    struct script *s = script_of(L);
    const char *text = luaL_tolstring(L, -1, NULL);
    if (s->verdict != VERDICT_NONE)
        return 0; /* an error raised in order to end the script */
    bool asserted = s->asserted[0] != '\0' && strcmp(text, s->asserted) == 0;
    s->verdict = asserted ? VERDICT_FAIL : VERDICT_ERROR;
    push_hint(L, text);
    text = lua_pushfstring(L, "%s%s", text, lua_tostring(L, -1));
    snprintf(s->reason, sizeof s->reason, "%s", text);
    if (luaL_getmetafield(L, 1, "__tostring") != LUA_TNIL)
        return 0;
    luaL_traceback(L, s->main, text, 0);
    keep_traceback(s);
    return 0;
}

static void judge(struct script *s, int status, int results)
{
    bool is_wait = results > 0 && lua_touserdata(s->main, -results) == &SANDBOX_WAIT;
    if (status == LUA_YIELD && (is_wait || s->verdict != VERDICT_NONE))
        return;
    if (status == LUA_OK) {
        s->verdict = s->verdict != VERDICT_NONE ? s->verdict : VERDICT_PASS;
        return;
    }
    if (status == LUA_YIELD) {
        s->verdict = VERDICT_ERROR;
        snprintf(s->reason, sizeof s->reason, "%s: coroutine.yield outside a coroutine", s->path);
        return;
    }
    lua_pushcfunction(s->L, judge_error);
    lua_pushvalue(s->main, -1);
    lua_xmove(s->main, s->L, 1);
    int bad = lua_pcall(s->L, 1, 0, 0);
    lua_settop(s->L, 0);
    if (bad == LUA_OK || s->verdict != VERDICT_NONE)
        return;
    s->verdict = VERDICT_ERROR;
    snprintf(s->reason, sizeof s->reason, "%s: an error that has no text", s->path);
}

static void finish(struct script *s)
{
    char text[sizeof s->reason + 16];
    timer_stop(&s->timer);
    if (s->traceback != NULL && s->verdict == VERDICT_ERROR)
        script_record(s, EVENT_LOG, false, "", s->traceback);
    snprintf(text, sizeof text, "%s%s%s", verdict_name(s->verdict),
             s->reason[0] != '\0' ? ": " : "", s->reason);
    script_record(s, EVENT_VERDICT, s->verdict == VERDICT_PASS, "", text);
    if (s->ended != NULL)
        s->ended(s, s->ended_context);
}

static void deadline(void *data)
{
    script_step(data);
}

static void set_timer(struct script *s)
{
    if (s->wait.deadline_us == 0)
        timer_stop(&s->timer);
    else
        timer_at(s->options->world, &s->timer, s->wait.deadline_us, deadline, s);
}

void script_step(struct script *s)
{
    if (s->running || script_has_ended(s))
        return;
    s->running = true;
    while (!script_has_ended(s) && (!s->started || wait_is_over(s))) {
        int results = 0;
        s->started = true;
        s->wait = (struct wait){.ready = NULL};
        s->busy_since = clock_us();
        int status = lua_resume(s->main, s->L, 0, &results);
        s->busy_since = 0;
        judge(s, status, results);
        if (status == LUA_YIELD)
            lua_pop(s->main, results);
    }
    s->running = false;
    if (script_has_ended(s))
        finish(s);
    else if (s->options->world != NULL)
        set_timer(s);
}

void script_abort(struct script *s, enum verdict verdict, const char *why)
{
    if (script_has_ended(s))
        return;
    s->verdict = verdict;
    snprintf(s->reason, sizeof s->reason, "%s", why);
    if (!s->running)
        finish(s);
}

/* ---- opening and closing ---- */

/* Arguments: path, text or nil. Leaves the chunk on the stack of the main coroutine. */
static int open_protected(lua_State *L)
{
    struct script *s = script_of(L);
    const char *path = lua_tostring(L, 1), *text = lua_tostring(L, 2);
    sandbox_open(L, s->options->is_unsafe);
    enums_open(L, s->options->library);
    objects_open(L);
    filters_open(L);
    roles_open(L);
    trust_open(L);
    deadline_open(L);
    deadline_check(L);
    s->main = lua_newthread(L);
    lua_setfield(L, LUA_REGISTRYINDEX, "v2g.main");
    const char *chunk = lua_pushfstring(L, "@%s", path);
    int status = text != NULL ? luaL_loadbufferx(s->main, text, lua_rawlen(L, 2), chunk, "t")
                              : luaL_loadfilex(s->main, path, "t");
    if (status == LUA_OK)
        return 0;
    lua_xmove(s->main, L, 1);
    return lua_error(L);
}

static int take_error(struct script *s, struct err *e)
{
    const char *text = lua_tostring(s->L, -1);
    err_set(e, "%s", text != NULL ? text : "the script could not be read");
    s->verdict = VERDICT_ERROR;
    snprintf(s->reason, sizeof s->reason, "%s", e->what);
    return -1;
}

struct slice script_folder(const struct script *s)
{
    const char *path = s->options->beside != NULL ? s->options->beside : s->path;
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    return (struct slice){(const uint8_t *)path, n};
}

int script_open(struct script *s, const struct script_options *o, const char *path,
                const char *text, struct err *e)
{
    memset(s, 0, sizeof *s);
    s->options = o;
    s->path = path;
    s->by = "";
    s->L = lua_newstate(allocate, s);
    if (s->L == NULL)
        return err_set(e, "out of memory");
    *(struct script **)lua_getextraspace(s->L) = s;
    lua_sethook(s->L, look_at_clock, LUA_MASKCOUNT, HOOK_STEPS);
    lua_pushcfunction(s->L, open_protected);
    lua_pushstring(s->L, path);
    lua_pushstring(s->L, text);
    return lua_pcall(s->L, 2, 0, 0) == LUA_OK ? 0 : take_error(s, e);
}

void script_close(struct script *s)
{
    roles_disconnect(s);
    timer_stop(&s->timer);
    s->busy_since = 0;
    if (s->L != NULL)
        lua_close(s->L);
    s->L = s->main = NULL;
    roles_close(s);
    free(s->traceback);
    s->traceback = NULL;
}
