/* SPDX-License-Identifier: Apache-2.0 */
#include "script/security.h"

#include "wire/tls.h"
#include "wire/tls_names.h"

#include <lauxlib.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLOSE_NOTIFY 0
#define FATAL 2

/* ---- choosing ---- */

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
    const char *path = luaL_checkstring(L, index), *slash = strrchr(s->path, '/');
    if (!s->options->is_unsafe && !is_beside(path))
        luaL_error(L,
                   "%s = '%s' is not beside the script; expected a relative path without '..', or "
                   "the option --unsafe",
                   what, path);
    size_t folder = path[0] == '/' || slash == NULL ? 0 : (size_t)(slash - s->path) + 1;
    lua_pushlstring(L, s->path, folder);
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

static void choose_tls(lua_State *L, struct role *r)
{
    int type = lua_getfield(L, 1, "tls");
    bool is_name = type == LUA_TSTRING || type == LUA_TNUMBER; /* 1.3 is '1.3' */
    const char *name = is_name ? lua_tostring(L, -1) : "";
    unsigned i = 0;
    while (CREDENTIALS_TLS[i] != NULL && strcmp(CREDENTIALS_TLS[i], name) != 0)
        i++;
    if (type != LUA_TNIL && type != LUA_TBOOLEAN && CREDENTIALS_TLS[i] == NULL)
        luaL_error(L, "tls is %s; expected 'off', 'auto', '1.2', '1.3' or true",
                   is_name ? name : luaL_typename(L, -1));
    if (type == LUA_TBOOLEAN)
        r->chosen.has_tls = r->chosen.asks_tls = false;
    if (type == LUA_TBOOLEAN && lua_toboolean(L, -1))
        r->chosen.asks_tls = true;
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

enum peer_tls security_tls(const struct role *r, const struct peer_options *o)
{
    enum peer_tls tls = r->chosen.has_tls ? r->chosen.tls : o->tls;
    if (tls == PEER_TLS_OFF && r->chosen.asks_tls && !r->chosen.has_tls &&
        (o->address == NULL || r->chosen.is_by_sdp))
        tls = PEER_TLS_AUTO;
    bool is_plain = r->chosen.is_by_sdp && r->chosen.is_plain;
    return tls == PEER_TLS_AUTO && is_plain ? PEER_TLS_OFF : tls;
}

struct credential_files security_files(const struct role *r)
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

/* ---- seeing ---- */

static const struct role *role_upvalue(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* NULL where the newest connection has no TLS. */
static const struct tls_facts *facts_of(const struct role *r)
{
    return r->peer == NULL || r->peer->tls == NULL ? NULL : tls_info(r->peer->tls);
}

/* The name, or the number as "0x1A2B"; nil for 0, which stands for none. */
static int push_name(lua_State *L, enum tls_registry registry, unsigned number)
{
    struct buf text = {0};
    if (number != 0)
        tls_add_name(&text, registry, number);
    lua_pushstring(L, number == 0 ? NULL : buf_string(&text));
    buf_close(&text);
    return 1;
}

static int get_version(lua_State *L)
{
    const struct tls_facts *f = facts_of(role_upvalue(L));
    push_name(L, TLS_VERSIONS, f == NULL ? 0 : f->version);
    const char *name = lua_tostring(L, -1);
    if (name != NULL && strncmp(name, "TLS ", 4) == 0)
        lua_pushstring(L, name + 4); /* as the options have it */
    return 1;
}

static int get_suite(lua_State *L)
{
    const struct tls_facts *f = facts_of(role_upvalue(L));
    return push_name(L, TLS_SUITES, f == NULL ? 0 : f->suite);
}

static int get_group(lua_State *L)
{
    const struct tls_facts *f = facts_of(role_upvalue(L));
    return push_name(L, TLS_GROUPS, f == NULL ? 0 : f->group);
}

/* nil where it is no certificate: a peer may send anything. */
static void push_pem(lua_State *L, struct slice der)
{
    const unsigned char *at = der.p;
    X509 *x = der.n > INT32_MAX ? NULL : d2i_X509(NULL, &at, (long)der.n);
    BIO *out = BIO_new(BIO_s_mem());
    char *text;
    long n = x != NULL && out != NULL && PEM_write_bio_X509(out, x) == 1
                 ? BIO_get_mem_data(out, &text)
                 : 0;
    if (n > 0)
        lua_pushlstring(L, text, (size_t)n);
    else
        lua_pushnil(L);
    BIO_free(out);
    X509_free(x);
}

static int get_peer_certificate(lua_State *L)
{
    const struct role *r = role_upvalue(L);
    const struct tls_facts *f = facts_of(r);
    lua_Integer i = luaL_optinteger(L, 1, 0);
    int side = r->side == FROM_EVCC ? TLS_FROM_SERVER : TLS_FROM_CLIENT;
    struct slice der;
    struct buf subject = {0};
    luaL_argcheck(L, i >= 0 && i < 100, 1, "expected 0 (the leaf) or more");
    if (f == NULL || !tls_facts_certificate(f, side, (unsigned)i, &der)) {
        lua_pushnil(L);
        return 1;
    }
    tls_subject(der, &subject);
    lua_pushstring(L, buf_string(&subject));
    buf_close(&subject);
    push_pem(L, der);
    return 2;
}

static int get_problem(lua_State *L)
{
    const struct role *r = role_upvalue(L);
    const char *problem = facts_of(r) == NULL ? "" : tls_problem(r->peer->tls);
    lua_pushstring(L, problem[0] == '\0' ? NULL : problem);
    return 1;
}

static int get_alert(lua_State *L)
{
    const struct tls_facts *f = facts_of(role_upvalue(L));
    const struct tls_alert *a = NULL;
    for (unsigned i = 0; f != NULL && i < f->alerts; i++)
        if (f->alert[i].code != CLOSE_NOTIFY)
            a = &f->alert[i];
    if (a == NULL) {
        lua_pushnil(L);
        return 1;
    }
    push_name(L, TLS_ALERTS, a->code);
    lua_pushstring(L, a->from_client ? "EVCC" : "SECC");
    lua_pushstring(L, a->level == FATAL ? "fatal" : "warning");
    return 3;
}

void security_methods(lua_State *L, struct role *r)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"Get_Tls_Version", get_version},
        {"Get_Tls_Suite", get_suite},
        {"Get_Tls_Group", get_group},
        {"Get_Tls_PeerCertificate", get_peer_certificate},
        {"Get_Tls_Problem", get_problem},
        {"Get_Tls_Alert", get_alert},
        {NULL, NULL},
    };
    lua_pushlightuserdata(L, r);
    luaL_setfuncs(L, FUNCTIONS, 1);
}
