/* SPDX-License-Identifier: Apache-2.0 */
#include "suite/part.h"

#include "base/file.h"
#include "script/task.h"
#include "wire/link_watch.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#define DEPTH_MAX 100

/* ---- what a part is given ---- */

int part_give_file(json_t *given, const char *key, const char *path, size_t most, struct err *e)
{
    struct buf text = {0};
    if (path == NULL)
        return 0;
    int bad = file_read(path, most, &text, e);
    if (bad == 0)
        json_object_set_new(given, key,
                            json_pack("{s:s, s:s%}", "name", path, "text", text.p, text.n));
    buf_close(&text);
    return bad;
}

/* ---- JSON to Lua ---- */

static void push_value(lua_State *L, const json_t *value)
{
    const char *key;
    const json_t *member;
    size_t i;
    luaL_checkstack(L, 4, "JSON nested too deeply");
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        lua_createtable(L, 0, (int)json_object_size(value));
        json_object_foreach((json_t *)(uintptr_t)value, key, member)
        {
            push_value(L, member);
            lua_setfield(L, -2, key);
        }
        break;
    case JSON_ARRAY:
        lua_createtable(L, (int)json_array_size(value), 0);
        json_array_foreach(value, i, member)
        {
            push_value(L, member);
            lua_rawseti(L, -2, (lua_Integer)i + 1);
        }
        break;
    case JSON_STRING:
        lua_pushlstring(L, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        lua_pushinteger(L, json_integer_value(value));
        break;
    case JSON_REAL:
        lua_pushnumber(L, json_real_value(value));
        break;
    case JSON_TRUE:
        lua_pushboolean(L, true);
        break;
    case JSON_FALSE:
        lua_pushboolean(L, false);
        break;
    default:
        lua_pushnil(L);
        break;
    }
}

/* ---- Lua to JSON ---- */

static json_t *read_value(lua_State *L, int at, unsigned depth);

/* Each octet of a text that is no UTF-8 becomes '?'. */
static json_t *read_text(lua_State *L, int at)
{
    size_t n;
    const char *text = lua_tolstring(L, at, &n);
    json_t *made = json_stringn(text, n);
    if (made != NULL)
        return made;
    luaL_Buffer clean;
    luaL_buffinit(L, &clean);
    for (size_t i = 0; i < n; i++)
        luaL_addchar(&clean, (signed char)text[i] < 0 ? '?' : text[i]);
    luaL_pushresult(&clean);
    made = json_string(lua_tostring(L, -1));
    lua_pop(L, 1);
    return made;
}

static json_t *read_list(lua_State *L, int at, lua_Unsigned n, unsigned depth)
{
    json_t *list = json_array();
    for (lua_Unsigned i = 1; i <= n; i++) {
        lua_rawgeti(L, at, (lua_Integer)i);
        json_array_append_new(list, read_value(L, lua_gettop(L), depth));
        lua_pop(L, 1);
    }
    return list;
}

/* Keys that are no text, and values that JSON has not (functions), are left out. */
static json_t *read_object(lua_State *L, int at, unsigned depth)
{
    json_t *object = json_object();
    lua_pushnil(L);
    while (lua_next(L, at) != 0) {
        if (lua_type(L, -2) == LUA_TSTRING) {
            json_t *value = read_value(L, lua_gettop(L), depth);
            if (value != NULL)
                json_object_set_new(object, lua_tostring(L, -2), value);
        }
        lua_pop(L, 1);
    }
    return object;
}

/* NULL: JSON has no such value. */
static json_t *read_value(lua_State *L, int at, unsigned depth)
{
    luaL_checkstack(L, 4, "the answer is nested too deeply");
    if (depth == 0)
        luaL_error(L, "the answer is nested more than %d deep", DEPTH_MAX);
    switch (lua_type(L, at)) {
    case LUA_TBOOLEAN:
        return json_boolean(lua_toboolean(L, at));
    case LUA_TSTRING:
        return read_text(L, at);
    case LUA_TNUMBER:
        if (lua_isinteger(L, at))
            return json_integer(lua_tointeger(L, at));
        return isfinite(lua_tonumber(L, at)) ? json_real(lua_tonumber(L, at)) : json_null();
    case LUA_TTABLE:
        return lua_rawlen(L, at) > 0 ? read_list(L, at, lua_rawlen(L, at), depth - 1)
                                     : read_object(L, at, depth - 1);
    default:
        return NULL;
    }
}

static int answer(lua_State *L)
{
    struct part *p = lua_touserdata(L, lua_upvalueindex(1));
    luaL_checktype(L, 1, LUA_TTABLE);
    json_t *made = read_value(L, 1, DEPTH_MAX);
    json_decref(p->answer);
    p->answer = made;
    return 0;
}

/* Plug(up): whether the cable could be plugged in, or pulled out. */
static int plug(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TBOOLEAN);
    lua_pushboolean(L, link_plug(script_of(L)->options->world, lua_toboolean(L, 1)));
    return 1;
}

/* ---- the part ---- */

static int push_all(lua_State *L)
{
    struct part *p = lua_touserdata(L, 1);
    lua_pushlightuserdata(L, p);
    lua_pushcclosure(L, answer, 1);
    lua_setglobal(L, "Answer");
    lua_pushcfunction(L, plug);
    lua_setglobal(L, "Plug");
    push_value(L, p->given);
    task_give(script_of(L)->main, L);
    if (p->drive != NULL) {
        drive_push(L, p->drive);
        task_give(script_of(L)->main, L);
    }
    return 0;
}

static int give(const struct built_in *own, struct script *s, struct err *e)
{
    return built_in_push(s, push_all, own, e);
}

void part_open(struct part *p, const char *text, const json_t *given)
{
    *p = (struct part){.built_in = {.text = text, .give = give}, .given = given};
}

void part_close(struct part *p)
{
    json_decref(p->answer);
    p->answer = NULL;
}

/* Of a part that plays alone: why it gave no answer. An error of lua/test itself has a place in
 * front, and is told with its traceback; all others are written for the user. */
static void note_end(void *context, const struct player *p, const struct script *s)
{
    struct err *e = context;
    (void)p;
    bool is_ours = s->traceback != NULL && strncmp(s->traceback, "lua/", 4) == 0;
    if (s->verdict == VERDICT_ERROR || s->verdict == VERDICT_FAIL)
        err_set(e, "%s", is_ours ? s->traceback : s->reason);
}

json_t *part_play(const char *text, const json_t *given, const struct script_options *o,
                  struct err *e)
{
    static const struct run_events EVENTS = {.ended = note_end};
    struct part p;
    struct err why = ERR_INIT;
    part_open(&p, text, given);
    struct world *world = world_open_virtual(NULL, 0, e);
    struct script_run *run = world == NULL ? NULL : run_open(world, &EVENTS, &why);
    if (run != NULL && run_add(run, o, "lua/test", &p.built_in, &why) != NULL)
        run_play(run);
    if (run != NULL)
        run_close(run);
    world_close(world);
    if (why.set || p.answer == NULL) {
        err_set(e, "%s", why.set ? why.what : "no answer");
        part_close(&p);
        return NULL;
    }
    return p.answer;
}
