/* SPDX-License-Identifier: Apache-2.0 */
#include "script/judgement.h"

#include "script/nearest.h"
#include "script/role.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define JUDGEMENT "v2g.Verdict"

const char *verdict_name(enum verdict v)
{
    /* ORDER VERDICT */
    static const char *const NAMES[] = {"", "pass", "fail", "inconclusive", "error"};
    return NAMES[v];
}

/* ---- raising ---- */

static struct judgement *new_judgement(lua_State *L, enum verdict verdict)
{
    struct judgement *j = lua_newuserdatauv(L, sizeof *j, 0);
    memset(j, 0, sizeof *j);
    j->verdict = verdict;
    luaL_setmetatable(L, JUDGEMENT);
    return j;
}

int script_verdict(lua_State *L, enum verdict verdict, const char *format, ...)
{
    struct judgement *j = new_judgement(L, verdict);
    va_list args;
    va_start(args, format);
    vsnprintf(j->message, sizeof j->message, format, args);
    va_end(args);
    script_where(L, j->where, sizeof j->where);
    return lua_error(L);
}

int script_unexpected(lua_State *L, const char *expected, const char *found)
{
    struct judgement *j = new_judgement(L, VERDICT_FAIL);
    snprintf(j->expected, sizeof j->expected, "%s", expected);
    snprintf(j->found, sizeof j->found, "%s", found);
    snprintf(j->message, sizeof j->message, "expected %s, found %s", expected, found);
    script_where(L, j->where, sizeof j->where);
    return lua_error(L);
}

/* "frame 12, 14:03:22.512": UTC */
static void frame_text(const struct received *frame, char *out, size_t size)
{
    char number[40] = "";
    time_t seconds = (time_t)(frame->us / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    if (frame->number != 0)
        snprintf(number, sizeof number, "frame %llu, ", (unsigned long long)frame->number);
    snprintf(out, size, "%s%02d:%02d:%02d.%03d", number, tm.tm_hour, tm.tm_min, tm.tm_sec,
             (int)(frame->us / 1000 % 1000));
}

int script_unexpected_frame(lua_State *L, const struct received *frame, const char *expected,
                            const char *found, const char *path, const char *differences)
{
    char where[80];
    struct judgement *j = new_judgement(L, VERDICT_FAIL);
    snprintf(j->expected, sizeof j->expected, "%s", expected);
    snprintf(j->found, sizeof j->found, "%s", found);
    snprintf(j->path, sizeof j->path, "%s", path != NULL ? path : "");
    j->frame = frame->number;
    j->us = frame->us;
    frame_text(frame, where, sizeof where);
    if (differences != NULL)
        snprintf(j->message, sizeof j->message, "%s (%s): %.800s", frame->name, where, differences);
    else
        snprintf(j->message, sizeof j->message, "expected %s, found %s (%s)", expected, found,
                 where);
    script_where(L, j->where, sizeof j->where);
    return lua_error(L);
}

/* ---- reading ---- */

static const struct judgement *judgement_at(lua_State *L, int at)
{
    return luaL_testudata(L, at, JUDGEMENT);
}

/* "file.lua:12: expected …"; a pass without a reason is "". */
static void push_reason(lua_State *L, const struct judgement *j)
{
    bool says = j->message[0] != '\0';
    if (j->verdict == VERDICT_PASS && !says)
        lua_pushliteral(L, "");
    else
        lua_pushfstring(L, "%s%s%s", j->where, j->where[0] != '\0' && says ? ": " : "", j->message);
}

static int judgement_text(lua_State *L)
{
    const struct judgement *j = luaL_checkudata(L, 1, JUDGEMENT);
    push_reason(L, j);
    const char *reason = lua_tostring(L, -1);
    lua_pushfstring(L, "%s%s%s", verdict_name(j->verdict), reason[0] != '\0' ? ": " : "", reason);
    return 1;
}

static int judgement_index(lua_State *L)
{
    const struct judgement *j = luaL_checkudata(L, 1, JUDGEMENT);
    const char *key = luaL_checkstring(L, 2);
    const struct {
        const char *key, *value;
    } FIELDS[] = {{"verdict", verdict_name(j->verdict)},
                  {"expected", j->expected},
                  {"found", j->found},
                  {"where", j->where},
                  {"message", j->message},
                  {"path", j->path}};
    for (unsigned i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++)
        if (strcmp(key, FIELDS[i].key) == 0) {
            lua_pushstring(L, FIELDS[i].value[0] != '\0' ? FIELDS[i].value : NULL);
            return 1;
        }
    bool is_frame = strcmp(key, "frame") == 0;
    if (!is_frame && strcmp(key, "time") != 0)
        return luaL_error(L,
                          "a verdict has no field '%s'; expected verdict, expected, found, where, "
                          "message, path, frame or time",
                          key);
    if (j->us == 0 || (is_frame && j->frame == 0))
        return 0;
    if (is_frame)
        lua_pushinteger(L, (lua_Integer)j->frame);
    else
        lua_pushnumber(L, (lua_Number)j->us / 1000);
    return 1;
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

/* What the error object at 1 says of where it was raised, behind its text, which is on top. */
static void push_own_traceback(lua_State *L)
{
    lua_pushliteral(L, "traceback");
    if (!lua_istable(L, 1) || lua_rawget(L, 1) != LUA_TSTRING) {
        lua_pop(L, 1);
        lua_pushnil(L);
        return;
    }
    lua_pushfstring(L, "%s\n%s", lua_tostring(L, -2), lua_tostring(L, -1));
    lua_remove(L, -2);
}

enum verdict judgement_read(lua_State *L, lua_State *from)
{
    const struct script *s = script_of(L);
    const struct judgement *j = judgement_at(L, 1);
    if (j != NULL) {
        push_reason(L, j);
        lua_pushnil(L);
        return j->verdict;
    }
    const char *text = luaL_tolstring(L, 1, NULL);
    bool asserted = s->asserted[0] != '\0' && strcmp(text, s->asserted) == 0;
    push_hint(L, text);
    lua_concat(L, 2);
    if (luaL_getmetafield(L, 1, "__tostring") != LUA_TNIL) {
        lua_pop(L, 1);
        push_own_traceback(L);
    } else {
        luaL_traceback(L, from, lua_tostring(L, -1), from == L ? 1 : 0);
    }
    return asserted ? VERDICT_FAIL : VERDICT_ERROR;
}

int judgement_catch(lua_State *L)
{
    if (script_has_ended(script_of(L)) || judgement_at(L, 1) != NULL)
        return 1;
    enum verdict verdict = judgement_read(L, L);
    int text = lua_isnil(L, -1) || verdict == VERDICT_FAIL ? -2 : -1;
    const char *message = lua_tostring(L, text);
    struct judgement *j = new_judgement(L, verdict);
    snprintf(j->message, sizeof j->message, "%s", message);
    return 1;
}

bool judgement_push(lua_State *L)
{
    const struct judgement *j = judgement_at(L, -1);
    if (j == NULL)
        return false;
    lua_pushstring(L, verdict_name(j->verdict));
    push_reason(L, j);
    return true;
}

/* ---- the end ---- */

void script_note(lua_State *L, enum event_kind kind, bool ok, const char *text)
{
    struct script *s = script_of(L);
    char where[128];
    s->has_tested = true;
    if (s->options->recorder != NULL)
        script_record(s, kind, ok, script_where(L, where, sizeof where), text);
}

void script_check(lua_State *L, bool ok, const char *text)
{
    struct script *s = script_of(L);
    char where[128];
    script_note(L, EVENT_CHECK, ok, text);
    if (!ok && s->failed_checks++ == 0)
        snprintf(s->failed_check, sizeof s->failed_check, "%s: check failed: %s",
                 script_where(L, where, sizeof where), text);
}

/* Also where all that it did was to be there for the other side. */
static bool has_tested(const struct script *s)
{
    bool met = s->has_tested || s->has_sessions;
    for (const struct role *r = s->roles; r != NULL && !met; r = r->next)
        met = r->peer != NULL && r->peer->is_met;
    return met;
}

void script_settle(struct script *s)
{
    bool passes = s->verdict == VERDICT_PASS;
    if (s->options->world == NULL) /* in print mode there is nobody to judge */
        return;
    if (s->failed_checks > 0 && (passes || s->verdict == VERDICT_INCONCLUSIVE)) {
        s->verdict = VERDICT_FAIL;
        snprintf(s->reason, sizeof s->reason, "%s", s->failed_check);
        size_t n = strlen(s->reason);
        if (s->failed_checks > 1)
            snprintf(s->reason + n, sizeof s->reason - n, " (and %u more)", s->failed_checks - 1);
    } else if (passes && !has_tested(s)) {
        s->verdict = VERDICT_INCONCLUSIVE;
        snprintf(s->reason, sizeof s->reason,
                 "%s: nothing was tested: no message went or came, and nothing was checked",
                 s->path);
    }
}

/* ---- verdicts of sessions ---- */

static enum verdict read_verdict(lua_State *L, int at)
{
    if (lua_type(L, at) != LUA_TSTRING)
        return lua_toboolean(L, at) ? VERDICT_PASS : VERDICT_FAIL;
    /* ORDER VERDICT */
    static const char *const NAMES[] = {"pass", "fail", "inconclusive", "error", NULL};
    return (enum verdict)(VERDICT_PASS + luaL_checkoption(L, at, NULL, NAMES));
}

void session_verdict(lua_State *L, const struct role *r, int at)
{
    struct script *s = r->script;
    enum verdict verdict = read_verdict(L, at);
    const char *text = luaL_optstring(L, at + 1, "");
    const bool *is_ended = s->options->is_ended_by_user;
    if (verdict == VERDICT_PASS && is_ended != NULL && *is_ended) {
        verdict = VERDICT_INCONCLUSIVE;
        text = text[0] != '\0' ? text : "ended by the user";
    }
    lua_pushfstring(L, "%s%s%s", verdict_name(verdict), text[0] != '\0' ? ": " : "", text);
    struct event e = session_new_event(r->session, EVENT_VERDICT, true, script_now(s));
    e.ok = verdict == VERDICT_PASS;
    e.text = lua_tostring(L, -1);
    recorder_put(s->options->recorder, &e);
    if (s->session_over != NULL)
        s->session_over(s, r, verdict, text);
    lua_pop(L, 1);
}

void judgements_open(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"__tostring", judgement_text}, {"__index", judgement_index}, {NULL, NULL}};
    script_new_type(L, JUDGEMENT, FUNCTIONS);
    lua_pop(L, 1);
}
