/* SPDX-License-Identifier: Apache-2.0 */
#include "script/security.h"

#include "script/certificate.h"

#include <lauxlib.h>
#include <openssl/pem.h>
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

/* Says a copy of value. No certificate at all is "", which no option can say. */
static int say(struct role *r, enum tls_key key, const char *value, struct err *e)
{
    char *copy = strdup(value);
    if (copy == NULL)
        return err_set(e, "out of memory");
    if (key == TLS_KEY_CERT && copy[0] == '\0') {
        r->chosen.tls.said[key] = copy;
    } else if (tls_choice_say(&r->chosen.tls, key, copy, e) != 0) {
        free(copy);
        return -1;
    }
    free(r->chosen.text[key]);
    r->chosen.text[key] = copy;
    return 0;
}

/* Takes the path that the table at 1 has under name, if any. */
static void take_path(lua_State *L, struct role *r, const char *name, enum tls_key key)
{
    int top = lua_gettop(L);
    struct err e = ERR_INIT;
    if (lua_getfield(L, 1, name) != LUA_TNIL &&
        say(r, key, security_path(L, r->script, name, top + 1), &e) != 0)
        luaL_error(L, "%s", e.what);
    lua_settop(L, top);
}

/* ---- a certificate that is no file ---- */

/* The list of certificates on top becomes the PEM of all of them. */
static void list_to_pem(lua_State *L, const char *what)
{
    luaL_Buffer text;
    int list = lua_gettop(L);
    luaL_buffinit(L, &text);
    for (lua_Integer i = 1, n = luaL_len(L, list); i <= n; i++) {
        lua_geti(L, list, i);
        if (!certificate_is(L, -1))
            luaL_error(L, "%s: entry %I of the list is no Certificate", what, (LUAI_UACINT)i);
        lua_getfield(L, -1, "pem");
        lua_remove(L, -2);
        luaL_addvalue(&text);
    }
    luaL_pushresult(&text);
    lua_replace(L, list);
}

/* Pushes the PEM of all certificates of the identity on top. */
static void push_chain(lua_State *L)
{
    if (lua_getfield(L, -1, "chain") != LUA_TTABLE)
        luaL_error(L, "cert: the table has no chain; expected one that Pki.Identity gives");
    list_to_pem(L, "cert");
}

/* Pushes the PEM of the key of the identity on top, for this side alone. */
static void push_key(lua_State *L)
{
    lua_getfield(L, -1, "key");
    EVP_PKEY *key = key_at(L, -1);
    BIO *out = key == NULL ? NULL : BIO_new(BIO_s_mem());
    char *text = NULL;
    bool good = out != NULL && PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1;
    long n = good ? BIO_get_mem_data(out, &text) : 0;
    lua_pop(L, 1);
    if (good)
        lua_pushlstring(L, text, (size_t)n);
    BIO_free(out);
    if (!good)
        luaL_error(L, "cert: the table has no key; expected one that Pki.Identity gives");
}

/* cert = an identity, or false: none. False: it is neither, and read as a file. */
static bool take_identity(lua_State *L, struct role *r)
{
    struct err e = ERR_INIT;
    int top = lua_gettop(L), type = lua_getfield(L, 1, "cert");
    bool is_none = type == LUA_TBOOLEAN && !lua_toboolean(L, -1);
    if (type == LUA_TTABLE) {
        push_chain(L);
        lua_pushvalue(L, top + 1);
        push_key(L);
        if (say(r, TLS_KEY_CERT, lua_tostring(L, top + 2), &e) != 0 ||
            say(r, TLS_KEY_KEY, lua_tostring(L, -1), &e) != 0)
            luaL_error(L, "%s", e.what);
    }
    if (is_none && say(r, TLS_KEY_CERT, "", &e) != 0)
        luaL_error(L, "%s", e.what);
    lua_settop(L, top);
    return is_none || type == LUA_TTABLE;
}

/* roots = a list of certificates, or a file. */
static void take_roots(lua_State *L, struct role *r)
{
    struct err e = ERR_INIT;
    int top = lua_gettop(L);
    if (lua_getfield(L, 1, "roots") != LUA_TTABLE) {
        lua_settop(L, top);
        take_path(L, r, "roots", TLS_KEY_ROOTS);
        return;
    }
    list_to_pem(L, "roots");
    if (say(r, TLS_KEY_ROOTS, lua_tostring(L, -1), &e) != 0)
        luaL_error(L, "%s", e.what);
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
static void take_setting(lua_State *L, struct role *r)
{
    struct err e = ERR_INIT;
    int top = lua_gettop(L);
    if (lua_type(L, -2) != LUA_TSTRING)
        luaL_error(L, "tls: a setting is called %s; expected a name", luaL_typename(L, -2));
    const char *key = lua_tostring(L, -2);
    bool is_file = strcmp(key, "staple") == 0 && lua_type(L, -1) == LUA_TSTRING &&
                   strcmp(lua_tostring(L, -1), "revoked") != 0;
    if (is_file)
        security_path(L, r->script, key, top);
    else
        push_text(L);
    if (!r->chosen.is_reading) /* by a metamethod of a value */
        luaL_error(L, "tls: the settings were changed while they were being read");
    int found = tls_choice_find(key, &e);
    if (found < 0 || say(r, (enum tls_key)found, lua_tostring(L, -1), &e) != 0)
        luaL_error(L, "%s", e.what);
    lua_settop(L, top);
}

/* What was said of keys first to last - 1. */
static void forget(struct role *r, unsigned first, unsigned last)
{
    r->chosen.is_reading = false;
    for (unsigned i = first; i < last; i++) {
        free(r->chosen.text[i]);
        r->chosen.text[i] = NULL;
        r->chosen.tls.said[i] = NULL;
    }
}

/* tls = { version = '1.3', … }, on top of the stack. */
static void take_settings(lua_State *L, struct role *r)
{
    int table = lua_gettop(L);
    const char **said = r->chosen.tls.said;
    r->chosen.is_reading = true;
    lua_pushnil(L);
    while (lua_next(L, table) != 0) {
        take_setting(L, r);
        lua_pop(L, 1);
    }
    r->chosen.is_reading = false;
    /* an empty table asks for TLS, too */
    if (said[TLS_KEY_VERSION] == NULL && said[TLS_KEY_PLAIN] == NULL)
        said[TLS_KEY_PLAIN] = "false";
}

static void choose_tls(lua_State *L, struct role *r)
{
    struct err e = ERR_INIT;
    int type = lua_getfield(L, 1, "tls");
    bool is_name = type == LUA_TSTRING || type == LUA_TNUMBER; /* 1.3 is '1.3' */
    const char *name = is_name ? lua_tostring(L, -1) : luaL_typename(L, -1);
    bool is_other = type == LUA_TNIL || type == LUA_TBOOLEAN || type == LUA_TTABLE;
    if (type != LUA_TNIL)
        forget(r, 0, TLS_SETTINGS); /* files that were named stay */
    if (type == LUA_TBOOLEAN)
        r->chosen.asks_tls = lua_toboolean(L, -1);
    if (type == LUA_TTABLE)
        take_settings(L, r);
    else if (!is_other && (!is_name || say(r, TLS_KEY_VERSION, name, &e) != 0))
        luaL_error(L, "tls is %s; expected 'off', 'auto', '1.2', '1.3', true or a table", name);
    lua_pop(L, 1);
}

void security_choose(lua_State *L, struct role *r)
{
    if (lua_getfield(L, 1, "address") != LUA_TNIL)
        r->chosen.is_by_sdp = false;
    lua_pop(L, 1);
    choose_tls(L, r);
    if (!take_identity(L, r)) {
        take_path(L, r, "cert", TLS_KEY_CERT);
        take_path(L, r, "key", TLS_KEY_KEY);
    }
    take_roots(L, r);
}

void security_tls(const struct role *r, struct peer_options *o)
{
    bool has_sdp = o->address == NULL || r->chosen.is_by_sdp;
    bool is_plain = r->chosen.is_by_sdp && r->chosen.is_plain;
    o->choice = tls_choice_over(&r->chosen.tls, &o->choice);
    if (o->tls == PEER_TLS_OFF && r->chosen.asks_tls && has_sdp)
        o->tls = PEER_TLS_AUTO;
    o->tls = tls_choice_mode(&o->choice, o->tls);
    tls_choice_profile(&o->choice, r->script->options->profile);
    if (o->tls == PEER_TLS_AUTO && is_plain)
        o->tls = PEER_TLS_OFF;
}

void security_close(struct role *r)
{
    forget(r, 0, TLS_KEYS);
}
