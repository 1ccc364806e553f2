/* SPDX-License-Identifier: Apache-2.0 */
#include "script/wrapping.h"

#include "script/call.h"
#include "script/certificate.h"
#include "trust/keywrap.h"

#include <lauxlib.h>
#include <openssl/x509v3.h>
#include <string.h>

/* What the options say. */
struct binding {
    const char *pcid; /* on the stack */
    X509 *contract;   /* likewise; NULL: not given */
    char aad[KEYWRAP_AAD_MAX];
};

static int refuse(lua_State *L, const char *why)
{
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
}

static X509 *check_certificate(lua_State *L, int at, const char *what, const char **problem)
{
    X509 *x = certificate_at(L, at, problem);
    if (x == NULL && *problem == NULL)
        luaL_error(L, "%s: expected a Certificate, found a %s", what, luaL_typename(L, at));
    return x;
}

static EVP_PKEY *check_key(lua_State *L, int at, const char *what)
{
    EVP_PKEY *key = key_at(L, at);
    if (key == NULL)
        luaL_error(L, "%s: expected a Key, found a %s", what, luaL_typename(L, at));
    return key;
}

/* Reads the table at `at`, if any, and leaves its values on the stack. *problem: of the
 * certificate. */
static struct binding read_binding(lua_State *L, int at, const char **problem)
{
    struct binding b = {.pcid = NULL};
    if (lua_isnoneornil(L, at))
        return b;
    luaL_checktype(L, at, LUA_TTABLE);
    script_check_keys(L, at, " pcid certificate ");
    if (lua_getfield(L, at, "pcid") != LUA_TNIL)
        b.pcid = script_check_text(L, "pcid");
    if (lua_getfield(L, at, "certificate") != LUA_TNIL)
        b.contract = check_certificate(L, -1, "certificate", problem);
    return b;
}

/* What a form binds to the key; empty where it binds nothing. -1: e. */
static int make_aad(lua_State *L, struct binding *b, const struct keywrap_form *form,
                    struct slice *aad, struct err *e)
{
    struct slice id = {NULL, 0};
    *aad = id;
    if (!form->has_aad)
        return 0;
    if (b->pcid == NULL || b->contract == NULL)
        luaL_error(L,
                   "%s binds the key to PCID and contract; expected { pcid = …, "
                   "certificate = … }",
                   form->name);
    const ASN1_OCTET_STRING *found = X509_get0_subject_key_id(b->contract);
    if (found != NULL)
        id = (struct slice){ASN1_STRING_get0_data(found), (size_t)ASN1_STRING_length(found)};
    if (keywrap_aad(b->pcid, id, b->aad, e) != 0)
        return -1;
    *aad = (struct slice){(const uint8_t *)b->aad, strlen(b->aad)};
    return 0;
}

static int pki_wrap(lua_State *L)
{
    struct err e = ERR_INIT;
    struct keywrap made;
    struct slice aad;
    const char *problem = NULL;
    lua_settop(L, 3);
    X509 *receiver = check_certificate(L, 1, "receiver", &problem);
    EVP_PKEY *key = check_key(L, 2, "key");
    struct binding b = problem == NULL ? read_binding(L, 3, &problem) : (struct binding){0};
    if (problem != NULL)
        return refuse(L, problem);
    EVP_PKEY *public_key = X509_get0_pubkey(receiver);
    const struct keywrap_form *form = keywrap_form_of(public_key, &e);
    if (form == NULL || make_aad(L, &b, form, &aad, &e) != 0 ||
        keywrap_seal(public_key, key, aad, &made, &e) != 0)
        return refuse(L, e.what);
    lua_pushlstring(L, (const char *)made.public_key, form->public_size);
    lua_pushlstring(L, (const char *)made.wrapped, form->wrapped);
    return 2;
}

static int pki_unwrap(lua_State *L)
{
    struct err e = ERR_INIT;
    struct slice public_key, wrapped, aad;
    const char *problem = NULL;
    lua_settop(L, 4);
    EVP_PKEY *receiver = check_key(L, 1, "receiver");
    public_key.p = (const uint8_t *)luaL_checklstring(L, 2, &public_key.n);
    wrapped.p = (const uint8_t *)luaL_checklstring(L, 3, &wrapped.n);
    struct binding b = read_binding(L, 4, &problem);
    if (problem != NULL)
        return refuse(L, problem);
    const struct keywrap_form *form = keywrap_form_of(receiver, &e);
    if (form == NULL || make_aad(L, &b, form, &aad, &e) != 0)
        return refuse(L, e.what);
    EVP_PKEY **made = key_push(L);
    *made = keywrap_open(receiver, public_key, wrapped, aad,
                         b.contract == NULL ? NULL : X509_get0_pubkey(b.contract), &e);
    return *made == NULL ? refuse(L, e.what) : 1;
}

void wrapping_functions(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {{"Wrap", pki_wrap}, {"Unwrap", pki_unwrap}, {NULL, NULL}};
    luaL_setfuncs(L, FUNCTIONS, 0);
}
