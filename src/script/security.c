/* SPDX-License-Identifier: Apache-2.0 */
#include "script/security.h"

#include "session/tls_choice.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Beside the script, for all that it can be told to read. */
static bool is_beside(const char *path)
{
    if (path[0] == '/' || path[0] == '\0')
        return false;
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        at += *at == '/';
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0'))
            return false;
    }
    return true;
}

const char *security_path(lua_State *L, const struct script *s, const char *what, int index)
{
    const char *path = luaL_checkstring(L, index);
    struct slice folder = script_folder(s);
    if (!s->options->is_unsafe && !is_beside(path))
        luaL_error(L,
                   "%s = '%s' is not beside the script; expected a relative path without '..', or "
                   "the option --unsafe",
                   what, path);
    lua_pushlstring(L, (const char *)folder.p, path[0] == '/' ? 0 : folder.n);
    lua_pushstring(L, path);
    lua_concat(L, 2);
    return lua_tostring(L, -1);
}

/* Takes the path that the table at 1 has under key, if any. */
static void take_path(lua_State *L, struct role *r, const char *key, char **out)
{
    int top = lua_gettop(L);
    if (lua_getfield(L, 1, key) != LUA_TNIL) {
        char *copy = strdup(security_path(L, r->script, key, top + 1));
        if (copy == NULL)
            luaL_error(L, "out of memory");
        free(*out);
        *out = copy;
    }
    lua_settop(L, top);
}

/* The value on top as text: a list's entries stand between colons. */
static void push_text(lua_State *L)
{
    lua_Integer n = lua_istable(L, -1) ? luaL_len(L, -1) : 0;
    if (!lua_istable(L, -1)) {
        luaL_tolstring(L, -1, NULL);
        return;
    }
    int list = lua_gettop(L);
    lua_pushstring(L, "");
    for (lua_Integer i = 1; i <= n; i++) {
        lua_pushstring(L, i > 1 ? ":" : "");
        lua_geti(L, list, i);
        luaL_tolstring(L, -1, NULL);
        lua_remove(L, -2);
        lua_concat(L, 3);
    }
}

/* One setting; key and value are on top, and stay. */
static void take_setting(lua_State *L, const struct role *r)
{
    struct err e = ERR_INIT;
    int top = lua_gettop(L);
    if (lua_type(L, -2) != LUA_TSTRING)
        luaL_error(L, "tls: a setting is called %s; expected a name", luaL_typename(L, -2));
    const char *key = lua_tostring(L, -2);
    if (strcmp(key, "staple") == 0 && lua_type(L, -1) == LUA_TSTRING)
        security_path(L, r->script, key, top);
    else
        push_text(L);
    if (r->chosen.settings == NULL) /* by a metamethod of a value */
        luaL_error(L, "tls: the settings were changed while they were being read");
    if (tls_choice_take(r->chosen.settings, key, lua_tostring(L, -1), &e) != 0)
        luaL_error(L, "%s", e.what);
    lua_settop(L, top);
}

static void forget_settings(struct role *r)
{
    if (r->chosen.settings != NULL)
        tls_choice_close(r->chosen.settings);
    free(r->chosen.settings);
    r->chosen.settings = NULL;
}

/* tls = { version = '1.3', … }, on top of the stack. */
static void choose_settings(lua_State *L, struct role *r)
{
    int table = lua_gettop(L);
    r->chosen.has_tls = false;
    r->chosen.settings = calloc(1, sizeof *r->chosen.settings);
    if (r->chosen.settings == NULL)
        luaL_error(L, "out of memory");
    lua_pushnil(L);
    while (lua_next(L, table) != 0) {
        take_setting(L, r);
        lua_pop(L, 1);
    }
}

static void choose_tls(lua_State *L, struct role *r)
{
    int type = lua_getfield(L, 1, "tls");
    bool is_name = type == LUA_TSTRING || type == LUA_TNUMBER; /* 1.3 is '1.3' */
    const char *name = is_name ? lua_tostring(L, -1) : "";
    unsigned i = 0;
    while (CREDENTIALS_TLS[i] != NULL && strcmp(CREDENTIALS_TLS[i], name) != 0)
        i++;
    bool is_other = type == LUA_TNIL || type == LUA_TBOOLEAN || type == LUA_TTABLE;
    if (!is_other && CREDENTIALS_TLS[i] == NULL)
        luaL_error(L, "tls is %s; expected 'off', 'auto', '1.2', '1.3', true or a table",
                   is_name ? name : luaL_typename(L, -1));
    if (type != LUA_TNIL)
        forget_settings(r);
    if (type == LUA_TBOOLEAN)
        r->chosen.has_tls = r->chosen.asks_tls = false;
    if (type == LUA_TBOOLEAN && lua_toboolean(L, -1))
        r->chosen.asks_tls = true;
    if (type == LUA_TTABLE)
        choose_settings(L, r);
    if (is_name) {
        r->chosen.has_tls = true;
        r->chosen.tls = (enum peer_tls)i;
    }
    lua_pop(L, 1);
}

void security_choose(lua_State *L, struct role *r)
{
    if (lua_getfield(L, 1, "address") != LUA_TNIL)
        r->chosen.is_by_sdp = false;
    lua_pop(L, 1);
    choose_tls(L, r);
    take_path(L, r, "cert", &r->chosen.cert);
    take_path(L, r, "key", &r->chosen.key);
    take_path(L, r, "roots", &r->chosen.roots);
}

void security_tls(const struct role *r, struct peer_options *o)
{
    const struct tls_choice *said = r->script->options->settings;
    bool has_sdp = o->address == NULL || r->chosen.is_by_sdp;
    o->tls_only = false;
    if (r->chosen.has_tls)
        o->tls = r->chosen.tls;
    else if (r->chosen.settings != NULL)
        tls_choice_mode(r->chosen.settings, &o->tls, &o->tls_only);
    else if (said != NULL)
        tls_choice_mode(said, &o->tls, &o->tls_only);
    else if (o->tls == PEER_TLS_OFF && r->chosen.asks_tls && has_sdp)
        o->tls = PEER_TLS_AUTO;
    bool is_plain = r->chosen.is_by_sdp && r->chosen.is_plain;
    if (o->tls == PEER_TLS_AUTO && is_plain && !o->tls_only)
        o->tls = PEER_TLS_OFF;
}

static struct credential_files files_of(const struct role *r)
{
    struct credential_files files = r->script->options->files;
    if (r->chosen.cert != NULL) {
        files.cert = r->chosen.cert; /* with a key of its own, if any */
        files.key = NULL;
    }
    if (r->chosen.key != NULL)
        files.key = r->chosen.key;
    if (r->chosen.roots != NULL)
        files.roots = r->chosen.roots;
    return files;
}

int security_find(const struct role *r, const struct peer_options *o, struct credentials *c,
                  struct err *e)
{
    struct credential_files files = files_of(r);
    const struct tls_choice *settings[] = {r->script->options->settings, r->chosen.settings};
    bool staples = false;
    if (credentials_find(c, r->side, o->tls, &files, e) != 0)
        return -1;
    for (unsigned i = 0; i < 2; i++) {
        if (settings[i] == NULL)
            continue;
        tls_choice_apply(settings[i], &c->options);
        if (settings[i]->has_staple)
            staples = settings[i]->staples_tree;
    }
    return staples && r->side == FROM_SECC ? credentials_staple(c, &files, e) : 0;
}

void security_close(struct role *r)
{
    forget_settings(r);
    free(r->chosen.cert);
    free(r->chosen.key);
    free(r->chosen.roots);
}
