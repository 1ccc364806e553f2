/* SPDX-License-Identifier: Apache-2.0 */
#include "script/certificate.h"

#include "script/call.h"
#include "trust/pki.h"

#include <lauxlib.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CERTIFICATE_TYPE "v2g.Certificate"
#define KEY_TYPE "v2g.Key"
#define INTEGER_DIGITS 18 /* of a serial number that is an integer of Lua in any case */
#define NAME_TEXT 256

/* User value 1: its octets. */
struct certificate {
    X509 *x; /* NULL: see problem */
    char problem[160];
};

/* ---- certificates ---- */

void certificate_push(lua_State *L, struct slice der)
{
    struct certificate *c = lua_newuserdatauv(L, sizeof *c, 1);
    struct err ignored = ERR_INIT;
    struct pki_chain chain = {0};
    *c = (struct certificate){0};
    luaL_setmetatable(L, CERTIFICATE_TYPE);
    lua_pushlstring(L, der.n > 0 ? (const char *)der.p : "", der.n);
    lua_setiuservalue(L, -2, 1);
    pki_chain_add(&chain, der, &ignored);
    c->x = chain.at[0].x; /* now its owner */
    snprintf(c->problem, sizeof c->problem, "%s", chain.at[0].problem);
}

bool certificate_is(lua_State *L, int at)
{
    return luaL_testudata(L, at, CERTIFICATE_TYPE) != NULL;
}

X509 *certificate_at(lua_State *L, int at, const char **problem)
{
    const struct certificate *c = luaL_testudata(L, at, CERTIFICATE_TYPE);
    if (problem != NULL)
        *problem = c == NULL || c->x != NULL ? NULL : c->problem;
    return c == NULL ? NULL : c->x;
}

struct slice certificate_der(lua_State *L, int at)
{
    struct slice der = {NULL, 0};
    lua_getiuservalue(L, at, 1); /* which keeps the string below */
    der.p = (const uint8_t *)lua_tolstring(L, -1, &der.n);
    lua_pop(L, 1);
    return der;
}

static int push_buffer(lua_State *L, struct buf *b)
{
    lua_pushlstring(L, b->n > 0 ? (const char *)b->p : "", b->n);
    buf_close(b);
    return 1;
}

static void push_der(lua_State *L, X509 *x)
{
    (void)x;
    lua_getiuservalue(L, 1, 1);
}

static void push_pem(lua_State *L, X509 *x)
{
    struct buf text = {0}, line = {0};
    struct slice der = certificate_der(L, 1);
    (void)x;
    buf_base64(&line, der.p, der.n);
    buf_text(&text, "-----BEGIN " PKI_CERTIFICATE "-----\n");
    for (size_t i = 0; i < line.n; i += 64) {
        buf_add(&text, line.p + i, line.n - i < 64 ? line.n - i : 64);
        buf_char(&text, '\n');
    }
    buf_text(&text, "-----END " PKI_CERTIFICATE "-----\n");
    buf_close(&line);
    push_buffer(L, &text);
}

static void push_name(lua_State *L, const X509_NAME *name, bool is_rfc4514)
{
    struct buf text = {0};
    pki_add_name(&text, name, is_rfc4514);
    push_buffer(L, &text);
}

static void push_subject(lua_State *L, X509 *x)
{
    push_name(L, X509_get_subject_name(x), false);
}

static void push_issuer(lua_State *L, X509 *x)
{
    push_name(L, X509_get_issuer_name(x), false);
}

static void push_issuer_name(lua_State *L, X509 *x)
{
    push_name(L, X509_get_issuer_name(x), true);
}

static void push_part(lua_State *L, const X509 *x, const char *part)
{
    char text[NAME_TEXT];
    pki_subject(x, part, text, sizeof text);
    lua_pushstring(L, text[0] == '\0' ? NULL : text);
}

static void push_common_name(lua_State *L, X509 *x)
{
    push_part(L, x, "CN");
}

static void push_domain(lua_State *L, X509 *x)
{
    push_part(L, x, "DC");
}

static void push_serial(lua_State *L, X509 *x)
{
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
    char *digits = number == NULL ? NULL : BN_bn2dec(number);
    if (digits == NULL)
        lua_pushnil(L);
    else if (strlen(digits) > INTEGER_DIGITS || lua_stringtonumber(L, digits) == 0)
        lua_pushstring(L, digits);
    OPENSSL_free(digits);
    BN_free(number);
}

static void push_time(lua_State *L, const ASN1_TIME *time)
{
    struct tm tm;
    if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
        lua_pushnil(L);
    else
        lua_pushinteger(L, (lua_Integer)timegm(&tm));
    ERR_clear_error();
}

static void push_not_before(lua_State *L, X509 *x)
{
    push_time(L, X509_get0_notBefore(x));
}

static void push_not_after(lua_State *L, X509 *x)
{
    push_time(L, X509_get0_notAfter(x));
}

static void push_curve(lua_State *L, X509 *x)
{
    char text[64];
    lua_pushstring(L, pki_curve(x, text, sizeof text));
}

static void push_key_identifier(lua_State *L, X509 *x)
{
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(x);
    if (id == NULL)
        lua_pushnil(L);
    else
        lua_pushlstring(L, (const char *)ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id));
    ERR_clear_error();
}

static void push_edition(lua_State *L, X509 *x)
{
    lua_pushstring(L, pki_edition_of(x) == EDITION_20 ? "ISO15118-20" : "ISO15118-2");
}

static const struct certificate_field {
    const char *name;
    void (*push)(lua_State *L, X509 *x); /* the value stands at 1 */
    bool is_any;                         /* also of what cannot be read: x may be NULL */
} FIELDS[] = {
    {"der", push_der, true},
    {"pem", push_pem, true},
    {"subject", push_subject, false},
    {"common_name", push_common_name, false},
    {"domain", push_domain, false},
    {"issuer", push_issuer, false},
    {"issuer_name", push_issuer_name, false},
    {"serial", push_serial, false},
    {"not_before", push_not_before, false},
    {"not_after", push_not_after, false},
    {"curve", push_curve, false},
    {"key_identifier", push_key_identifier, false},
    {"edition", push_edition, false},
};

static int certificate_index(lua_State *L)
{
    const struct certificate *c = luaL_checkudata(L, 1, CERTIFICATE_TYPE);
    const char *name = luaL_checkstring(L, 2);
    if (strcmp(name, "problem") == 0) {
        lua_pushstring(L, c->x != NULL ? NULL : c->problem);
        return 1;
    }
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        if (strcmp(FIELDS[i].name, name) != 0)
            continue;
        if (c->x != NULL || FIELDS[i].is_any)
            FIELDS[i].push(L, c->x);
        else
            lua_pushnil(L);
        return 1;
    }
    return luaL_error(L,
                      "a certificate has no '%s'; expected der, pem, subject, common_name, domain, "
                      "issuer, issuer_name, serial, not_before, not_after, curve, key_identifier, "
                      "edition or problem",
                      name);
}

static int certificate_tostring(lua_State *L)
{
    const struct certificate *c = luaL_checkudata(L, 1, CERTIFICATE_TYPE);
    if (c->x == NULL)
        lua_pushfstring(L, "no certificate: %s", c->problem);
    else
        push_subject(L, c->x);
    return 1;
}

static int certificate_equal(lua_State *L)
{
    bool are_both = certificate_is(L, 1) && certificate_is(L, 2);
    if (are_both) {
        lua_getiuservalue(L, 1, 1);
        lua_getiuservalue(L, 2, 1);
    }
    lua_pushboolean(L, are_both && lua_rawequal(L, -1, -2));
    return 1;
}

static int certificate_gc(lua_State *L)
{
    struct certificate *c = luaL_checkudata(L, 1, CERTIFICATE_TYPE);
    X509_free(c->x);
    c->x = NULL;
    return 0;
}

/* ---- keys ---- */

EVP_PKEY **key_push(lua_State *L)
{
    EVP_PKEY **key = lua_newuserdatauv(L, sizeof *key, 0);
    *key = NULL;
    luaL_setmetatable(L, KEY_TYPE);
    return key;
}

EVP_PKEY *key_at(lua_State *L, int at)
{
    EVP_PKEY *const *key = luaL_testudata(L, at, KEY_TYPE);
    return key == NULL ? NULL : *key;
}

static EVP_PKEY *check_key(lua_State *L)
{
    EVP_PKEY **key = luaL_checkudata(L, 1, KEY_TYPE);
    return *key;
}

static int key_matches(lua_State *L)
{
    const EVP_PKEY *key = check_key(L);
    luaL_argexpected(L, certificate_is(L, 2), 2, "a Certificate");
    const X509 *x = certificate_at(L, 2, NULL);
    lua_pushboolean(L, key != NULL && x != NULL && EVP_PKEY_eq(X509_get0_pubkey(x), key) == 1);
    ERR_clear_error();
    return 1;
}

static int key_index(lua_State *L)
{
    const EVP_PKEY *key = check_key(L);
    const char *name = luaL_checkstring(L, 2);
    char text[64];
    if (strcmp(name, "curve") == 0)
        lua_pushstring(L, pki_key_curve(key, text, sizeof text));
    else if (strcmp(name, "matches") == 0)
        lua_pushcfunction(L, key_matches);
    else
        return luaL_error(L, "a private key has no '%s'; expected curve or matches", name);
    return 1;
}

static int key_tostring(lua_State *L)
{
    char text[64];
    lua_pushfstring(L, "private key (%s)", pki_key_curve(check_key(L), text, sizeof text));
    return 1;
}

static int key_gc(lua_State *L)
{
    EVP_PKEY **key = luaL_checkudata(L, 1, KEY_TYPE);
    EVP_PKEY_free(*key);
    *key = NULL;
    return 0;
}

/* ---- opening ---- */

static int cannot_be_set(lua_State *L)
{
    return luaL_error(L, "certificates and keys cannot be changed");
}

void certificates_open(lua_State *L)
{
    static const luaL_Reg CERTIFICATE[] = {{"__index", certificate_index},
                                           {"__newindex", cannot_be_set},
                                           {"__tostring", certificate_tostring},
                                           {"__eq", certificate_equal},
                                           {"__gc", certificate_gc},
                                           {NULL, NULL}};
    static const luaL_Reg KEY[] = {{"__index", key_index},
                                   {"__newindex", cannot_be_set},
                                   {"__tostring", key_tostring},
                                   {"__gc", key_gc},
                                   {NULL, NULL}};
    script_new_type(L, CERTIFICATE_TYPE, CERTIFICATE);
    script_new_type(L, KEY_TYPE, KEY);
    lua_pop(L, 2);
}
