/* SPDX-License-Identifier: Apache-2.0 */
#include "script/ready.h"

#include "base/file.h"
#include "script/call.h"
#include "script/task.h"

#include <lauxlib.h>
#include <string.h>

#define SOURCE_MAX (4u << 20)

void ready_set_file(lua_State *L, const char *key, const char *path)
{
    struct buf text = {0};
    struct err e = ERR_INIT;
    if (path == NULL)
        return;
    int bad = file_read_text(path, SOURCE_MAX, &text, &e);
    lua_createtable(L, 2, 0);
    lua_pushstring(L, path);
    lua_rawseti(L, -2, 1);
    lua_pushlstring(L, (const char *)text.p, text.n);
    lua_rawseti(L, -2, 2);
    buf_close(&text);
    if (bad != 0)
        luaL_error(L, "%s", e.what);
    lua_setfield(L, -2, key);
}

void ready_push(lua_State *L, const struct ready *r)
{
    lua_newtable(L);
    script_set_text(L, "mode", r->mode);
    script_set_text(L, "time_scale", r->time_scale);
    script_set_text(L, "tls", r->tls);
    script_set_text(L, "protocol", r->protocol);
    script_set_text(L, "persona", r->persona);
    ready_set_file(L, "persona", r->persona_file);
    ready_set_file(L, "script", r->script_file);
    lua_createtable(L, (int)r->settings, 0);
    for (unsigned i = 0; i < r->settings; i++) {
        lua_createtable(L, 2, 0);
        lua_pushlstring(L, (const char *)r->setting[i].key.p, r->setting[i].key.n);
        lua_rawseti(L, -2, 1);
        lua_pushstring(L, r->setting[i].value);
        lua_rawseti(L, -2, 2);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "set");
    lua_pushboolean(L, r->hints);
    lua_setfield(L, -2, "hints");
    if (r->sessions > 0) {
        lua_pushinteger(L, r->sessions);
        lua_setfield(L, -2, "sessions");
    }
}

/* Argument: the struct ready. */
static int give_options(lua_State *L)
{
    ready_push(L, lua_touserdata(L, 1));
    task_give(script_of(L)->main, L);
    return 0;
}

static int give(const struct built_in *own, struct script *s, struct err *e)
{
    const struct ready *r = (const struct ready *)(const void *)own;
    s->has_sessions = true;
    return built_in_push(s, give_options, r, e);
}

const struct built_in *ready_station(struct ready *r)
{
    r->built_in = (struct built_in){"require('v2g.main').station(...)", give};
    return &r->built_in;
}
