/* SPDX-License-Identifier: Apache-2.0 */
#include "script/tls_view.h"

#include "script/certificate.h"
#include "tls/tls.h"
#include "tls/tls_names.h"

#include <lauxlib.h>
#include <string.h>

#define CLOSE_NOTIFY 0
#define FATAL 2

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
    const char *name = number == 0 ? NULL : buf_string(&text);
    if (name != NULL && registry == TLS_VERSIONS && strncmp(name, "TLS ", 4) == 0)
        name += 4; /* as the options have it */
    lua_pushstring(L, name);
    buf_close(&text);
    return 1;
}

static int get_version(lua_State *L)
{
    const struct tls_facts *f = facts_of(role_upvalue(L));
    return push_name(L, TLS_VERSIONS, f == NULL ? 0 : f->version);
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
    certificate_push(L, der);
    if (certificate_at(L, -1, NULL) == NULL)
        lua_pushnil(L);
    else
        lua_getfield(L, -1, "pem");
    lua_remove(L, -2);
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

/* Who has signed the handshake with what: the station's scheme, and the vehicle's. */
static int get_schemes(lua_State *L)
{
    const struct tls_facts *f = facts_of(role_upvalue(L));
    push_name(L, TLS_SCHEMES, f == NULL ? 0 : f->scheme[TLS_FROM_SERVER]);
    push_name(L, TLS_SCHEMES, f == NULL ? 0 : f->scheme[TLS_FROM_CLIENT]);
    return 2;
}

static int get_resumed(lua_State *L)
{
    const struct tls_facts *f = facts_of(role_upvalue(L));
    if (f == NULL || f->version == 0)
        lua_pushnil(L);
    else
        lua_pushboolean(L, f->is_resumed);
    return 1;
}

static int get_handshake_time(lua_State *L)
{
    const struct role *r = role_upvalue(L);
    int64_t us = facts_of(r) == NULL ? -1 : tls_handshake_us(r->peer->tls);
    if (us < 0)
        lua_pushnil(L);
    else
        lua_pushnumber(L, (lua_Number)us / 1000);
    return 1;
}

static int get_ocsp(lua_State *L)
{
    const struct role *r = role_upvalue(L);
    const struct tls_facts *f = facts_of(r);
    if (f == NULL || f->staple.n == 0) {
        lua_pushnil(L);
        return 1;
    }
    const char *status = tls_staple_status(r->peer->tls);
    lua_pushstring(L, status[0] != '\0' ? status : "not checked");
    lua_pushlstring(L, (const char *)f->staple.p, f->staple.n);
    return 2;
}

/* ---- lists ---- */

static void push_chain(lua_State *L, const struct tls_facts *f, int side)
{
    struct slice chain, der;
    lua_Integer n = 0;
    if (f == NULL || !f->has_chain[side]) {
        lua_pushnil(L);
        return;
    }
    lua_newtable(L);
    chain = tls_facts_chain(f, side);
    while (tls_next_vector(&chain, 3, &der)) {
        certificate_push(L, der);
        lua_rawseti(L, -2, ++n);
    }
}

static int get_peer_chain(lua_State *L)
{
    const struct role *r = role_upvalue(L);
    push_chain(L, facts_of(r), r->side == FROM_EVCC ? TLS_FROM_SERVER : TLS_FROM_CLIENT);
    return 1;
}

static int get_own_chain(lua_State *L)
{
    const struct role *r = role_upvalue(L);
    push_chain(L, facts_of(r), r->side == FROM_EVCC ? TLS_FROM_CLIENT : TLS_FROM_SERVER);
    return 1;
}

/* Takes the text over. */
static void push_text(lua_State *L, struct buf *text)
{
    lua_pushlstring(L, (const char *)text->p, text->n);
    buf_close(text);
}

/* The table on top gets a list of the names of 16-bit numbers; nothing where there are none. */
static void set_numbers(lua_State *L, const char *key, enum tls_registry registry,
                        struct slice list)
{
    if (list.n == 0)
        return;
    lua_newtable(L);
    for (size_t i = 0; i + 1 < list.n; i += 2) {
        unsigned number = (unsigned)(list.p[i] << 8 | list.p[i + 1]);
        push_name(L, registry, number);
        if (number == 0) {
            lua_pop(L, 1);
            lua_pushstring(L, "0x0000");
        }
        lua_rawseti(L, -2, (lua_Integer)(i / 2) + 1);
    }
    lua_setfield(L, -2, key);
}

static void set_extensions(lua_State *L, struct slice first, struct slice second)
{
    struct slice content;
    unsigned type;
    lua_Integer n = 0;
    lua_newtable(L);
    while (tls_next_extension(&first, &type, &content) ||
           tls_next_extension(&second, &type, &content)) {
        struct buf text = {0}; /* type 0 has a name, too */
        tls_add_name(&text, TLS_EXTENSIONS, type);
        push_text(L, &text);
        lua_rawseti(L, -2, ++n);
    }
    lua_setfield(L, -2, "extensions");
}

static void set_authorities(lua_State *L, struct slice names)
{
    struct slice der;
    lua_Integer n = 0;
    if (names.n == 0)
        return;
    lua_newtable(L);
    while (tls_next_vector(&names, 2, &der)) {
        struct buf text = {0};
        tls_distinguished_name(der, &text);
        push_text(L, &text);
        lua_rawseti(L, -2, ++n);
    }
    lua_setfield(L, -2, "certificate_authorities");
}

/* { kind = 'name', name = 'CN=…' }, { kind = 'key', sha1 = octets } */
static void set_trusted_keys(lua_State *L, const struct tls_hello *h)
{
    /* by kind */
    static const char *const KINDS[] = {"agreed", "key", "name", "certificate", "unknown"};
    struct slice list = tls_hello_list(h, TLS_TRUSTED_CA_KEYS), id;
    enum tls_key_kind kind;
    lua_Integer n = 0;
    if (!tls_hello_extension(h, TLS_TRUSTED_CA_KEYS, &id))
        return;
    lua_newtable(L);
    while (tls_next_trusted_key(&list, &kind, &id)) {
        lua_newtable(L);
        lua_pushstring(L, KINDS[kind]);
        lua_setfield(L, -2, "kind");
        struct buf text = {0};
        if (kind == TLS_KEY_NAME)
            tls_distinguished_name(id, &text);
        else
            buf_add(&text, id.p, id.n);
        push_text(L, &text);
        lua_setfield(L, -2, kind == TLS_KEY_NAME ? "name" : "sha1");
        lua_rawseti(L, -2, ++n);
    }
    lua_setfield(L, -2, "trusted_ca_keys");
}

static void set_protocols(lua_State *L, const struct tls_hello *h)
{
    struct slice list = tls_hello_list(h, TLS_APPLICATION_PROTOCOLS), name;
    lua_Integer n = 0;
    if (list.n == 0)
        return;
    lua_newtable(L);
    while (tls_next_vector(&list, 1, &name)) {
        lua_pushlstring(L, (const char *)name.p, name.n);
        lua_rawseti(L, -2, ++n);
    }
    lua_setfield(L, -2, "protocols");
}

static void set_flag(lua_State *L, const char *key, bool value)
{
    lua_pushboolean(L, value);
    lua_setfield(L, -2, key);
}

/* ---- hellos ---- */

static bool has(const struct tls_hello *h, unsigned type)
{
    struct slice ignored;
    return tls_hello_extension(h, type, &ignored);
}

static int get_offer(lua_State *L)
{
    const struct tls_facts *f = facts_of(role_upvalue(L));
    struct tls_hello h;
    struct slice s, none = {NULL, 0};
    if (f == NULL ||
        tls_hello_read((struct slice){f->client_hello.p, f->client_hello.n}, true, &h) != 0) {
        lua_pushnil(L);
        return 1;
    }
    uint8_t legacy[2] = {(uint8_t)(h.version >> 8), (uint8_t)h.version};
    struct slice versions = tls_hello_list(&h, TLS_SUPPORTED_VERSIONS);
    lua_newtable(L);
    set_numbers(L, "versions", TLS_VERSIONS, versions.n > 0 ? versions : (struct slice){legacy, 2});
    set_numbers(L, "suites", TLS_SUITES, h.suites);
    set_numbers(L, "groups", TLS_GROUPS, tls_hello_list(&h, TLS_SUPPORTED_GROUPS));
    set_numbers(L, "schemes", TLS_SCHEMES, tls_hello_list(&h, TLS_SIGNATURE_ALGORITHMS));
    set_extensions(L, h.extensions, none);
    set_authorities(L, tls_hello_list(&h, TLS_CERTIFICATE_AUTHORITIES));
    set_trusted_keys(L, &h);
    set_protocols(L, &h);
    if (tls_hello_server_name(&h, &s)) {
        lua_pushlstring(L, (const char *)s.p, s.n);
        lua_setfield(L, -2, "server_name");
    }
    set_flag(L, "ocsp", has(&h, TLS_STATUS_REQUEST));
    set_flag(L, "ocsp_v2", has(&h, TLS_STATUS_REQUEST_V2));
    set_flag(L, "resumes",
             has(&h, TLS_PRE_SHARED_KEY) ||
                 (tls_hello_extension(&h, TLS_SESSION_TICKET, &s) && s.n > 0));
    return 1;
}

static int get_answer(lua_State *L)
{
    const struct tls_facts *f = facts_of(role_upvalue(L));
    struct tls_hello h;
    if (f == NULL ||
        tls_hello_read((struct slice){f->server_hello.p, f->server_hello.n}, false, &h) != 0) {
        lua_pushnil(L);
        return 1;
    }
    lua_newtable(L);
    push_name(L, TLS_VERSIONS, f->version);
    lua_setfield(L, -2, "version");
    push_name(L, TLS_SUITES, f->suite);
    lua_setfield(L, -2, "suite");
    push_name(L, TLS_GROUPS, f->group);
    lua_setfield(L, -2, "group");
    set_extensions(L, h.extensions, (struct slice){f->encrypted.p, f->encrypted.n});
    set_flag(L, "resumed", f->is_resumed);
    return 1;
}

static int get_request(lua_State *L)
{
    const struct tls_facts *f = facts_of(role_upvalue(L));
    if (f == NULL || !f->asks_certificate) {
        lua_pushnil(L);
        return 1;
    }
    lua_newtable(L);
    set_authorities(L, (struct slice){f->authorities.p, f->authorities.n});
    set_numbers(L, "schemes", TLS_SCHEMES, (struct slice){f->schemes.p, f->schemes.n});
    return 1;
}

void tls_view_methods(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"Get_Tls_Version", get_version},
        {"Get_Tls_Suite", get_suite},
        {"Get_Tls_Group", get_group},
        {"Get_Tls_Schemes", get_schemes},
        {"Get_Tls_Resumed", get_resumed},
        {"Get_Tls_Handshake_Time", get_handshake_time},
        {"Get_Tls_Offer", get_offer},
        {"Get_Tls_Answer", get_answer},
        {"Get_Tls_Request", get_request},
        {"Get_Tls_PeerCertificate", get_peer_certificate},
        {"Get_Tls_PeerChain", get_peer_chain},
        {"Get_Tls_OwnChain", get_own_chain},
        {"Get_Tls_Ocsp", get_ocsp},
        {"Get_Tls_Problem", get_problem},
        {"Get_Tls_Alert", get_alert},
        {NULL, NULL},
    };
    luaL_setfuncs(L, FUNCTIONS, 0);
}
