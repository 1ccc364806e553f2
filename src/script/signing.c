/* SPDX-License-Identifier: Apache-2.0 */
#include "script/signing.h"

#include "script/certificate.h"
#include "script/security.h"
#include "script/trust.h"
#include "trust/signature.h"
#include "trust/signature_make.h"
#include "trust/signer.h"

#include <lauxlib.h>
#include <openssl/x509.h>
#include <string.h>

/* ---- whose key ---- */

/* Pushes the path of what the tree has for the usual signer, of the message's own edition. */
static void push_usual(lua_State *L, const struct message *m, const char *suffix)
{
    const char *name = message_named(m).name;
    const struct signer *s = name == NULL ? NULL : signer_find(name);
    enum pki_edition edition =
        strcmp(m->schema->protocol, "ISO15118-20") == 0 ? EDITION_20 : EDITION_2;
    if (s == NULL)
        luaL_error(L, "%s is never signed by the standard, so that there is no usual key for it",
                   name == NULL ? "the message" : name);
    trust_path(L, edition, s->role, suffix);
}

/* What the value on top of the stack is: "number", "v2g.Certificate". */
static const char *kind_of(lua_State *L)
{
    bool has_name = luaL_getmetafield(L, -1, "__name") == LUA_TSTRING;
    return has_name ? lua_tostring(L, -1) : luaL_typename(L, -1);
}

/* Field `name` of the identity at `who`, on top of the stack. */
static void push_of_identity(lua_State *L, int who, const char *name)
{
    if (lua_getfield(L, who, name) == LUA_TNIL)
        luaL_error(L, "the table has no %s; expected one that Pki.Identity gives", name);
}

/* Replaces the value at `who` by the Key that is meant. */
static EVP_PKEY *private_key(lua_State *L, const struct role *r, const struct message *m, int who)
{
    int type = lua_type(L, who);
    if (type == LUA_TNONE || type == LUA_TNIL) {
        push_usual(L, m, ".key");
        trust_push_key(L, lua_tostring(L, -1));
    } else if (type == LUA_TSTRING) {
        trust_push_key(L, security_path(L, r->script, "key", who));
    } else if (type == LUA_TTABLE) {
        push_of_identity(L, who, "key");
    } else {
        lua_pushvalue(L, who);
    }
    EVP_PKEY *key = key_at(L, -1);
    if (key == NULL)
        luaL_error(L, "who signs is a %s; expected a Key, an identity, or the path of a PEM file",
                   kind_of(L));
    return key;
}

/* Octets of a certificate, PEM text or a path? A path has no control characters. */
static bool is_path(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 127)
            return false;
    return true;
}

/* Pushes the certificate that the string at `who` names, or is. */
static void push_named(lua_State *L, const struct role *r, int who)
{
    struct slice bytes;
    bytes.p = (const uint8_t *)lua_tolstring(L, who, &bytes.n);
    if (is_path((const char *)bytes.p, bytes.n)) {
        trust_push_chain(L, security_path(L, r->script, "cert", who));
        lua_rawgeti(L, -1, 1);
    } else {
        trust_push_certificate(L, bytes);
    }
}

/* Pushes the Certificate or Key that is meant by `who`. */
static void push_public(lua_State *L, const struct role *r, const struct message *m, int who)
{
    int type = lua_type(L, who);
    if (type == LUA_TNONE || type == LUA_TNIL) {
        push_usual(L, m, ".pem");
        trust_push_chain(L, lua_tostring(L, -1));
        lua_rawgeti(L, -1, 1);
    } else if (type == LUA_TSTRING) {
        push_named(L, r, who);
    } else if (type == LUA_TTABLE) {
        push_of_identity(L, who, "chain");
        if (lua_istable(L, -1))
            lua_rawgeti(L, -1, 1);
    } else {
        lua_pushvalue(L, who);
    }
}

/* The key to check with; it lives as long as what is on top of the stack. NULL: *problem. */
static EVP_PKEY *public_key(lua_State *L, const struct role *r, const struct message *m, int who,
                            const char **problem)
{
    push_public(L, r, m, who);
    if (key_at(L, -1) != NULL)
        return key_at(L, -1);
    X509 *x = certificate_at(L, -1, problem);
    if (x == NULL && *problem == NULL)
        luaL_error(L,
                   "who has signed is a %s; expected a Certificate, its octets, an identity, a "
                   "Key, or the path of a PEM file",
                   kind_of(L));
    return x == NULL ? NULL : X509_get0_pubkey(x);
}

static const struct schema *xmldsig_of(lua_State *L, const struct role *r)
{
    struct err e = ERR_INIT;
    const struct schema *xmldsig = library_get(r->script->options->library, "xmldsig", &e);
    if (xmldsig == NULL)
        script_raise(L, &e);
    return xmldsig;
}

/* ---- of any message ---- */

void signing_sign(lua_State *L, const struct role *r, struct message *m, struct arena *a, int who)
{
    struct err e = ERR_INIT;
    int top = lua_gettop(L);
    const struct schema *xmldsig = xmldsig_of(L, r);
    if (signature_make(m, NULL, private_key(L, r, m, who), xmldsig, a, &e) != 0)
        luaL_error(L, "%s cannot be signed: %s", message_named(m).name, e.what);
    lua_settop(L, top);
}

static bool is_due(const struct role *r, const struct message *m)
{
    const char *name = message_named(m).name;
    const struct signer *s = name == NULL || r->is_unsigned ? NULL : signer_find(name);
    return s != NULL && s->is_required && signature_is_due(m);
}

void signing_send(lua_State *L, const struct role *r, struct message *m, struct arena *a,
                  unsigned *given)
{
    struct node *header = message_header(m);
    int slot = header == NULL ? -1 : type_slot_of(header->type, "Signature");
    if (slot < 0 || r->peer == NULL || (*given & SESSION_GIVEN_SIGNATURE) != 0)
        return;
    bool has = node_has(header, (unsigned)slot), is_ours = (*given & SIGNING_DONE) != 0;
    if (has && !is_ours)
        return;
    *given &= ~SIGNING_DONE;
    if (has)
        node_remove(header, (unsigned)slot);
    if (!is_due(r, m))
        return;
    signing_sign(L, r, m, a, lua_gettop(L) + 1);
    *given |= SIGNING_DONE;
}

static int refuse(lua_State *L, const char *why, const char *kind)
{
    lua_pushnil(L);
    lua_pushstring(L, why);
    lua_pushstring(L, kind);
    return 3;
}

int signing_verify(lua_State *L, const struct role *r, const struct message *m, int who)
{
    struct err e = ERR_INIT;
    struct signature_report report;
    struct arena a;
    const char *problem = NULL;
    /* the certificate that was to be taken could not be read: nil, why, kind */
    if (lua_isnil(L, who) && lua_type(L, who + 1) == LUA_TSTRING)
        return refuse(L, lua_tostring(L, who + 1), luaL_optstring(L, who + 2, NULL));
    const struct schema *xmldsig = xmldsig_of(L, r);
    EVP_PKEY *key = public_key(L, r, m, who, &problem);
    if (key == NULL)
        return refuse(L, problem, pki_fault_name(PKI_UNPARSEABLE));
    arena_open(&a, NULL, 0, 1 << 20);
    int bad = signature_verify(m, key, xmldsig, &a, &report, &e);
    arena_close(&a);
    if (bad != 0)
        return refuse(L, e.what, signature_fault_name(report.fault));
    lua_pushboolean(L, true);
    return 1;
}

/* ---- of a role's messages ---- */

/* A message that a function signs or checks. */
struct job {
    struct role *role;
    const char *name;
    const struct schema *set;
    const struct element *element;
};

/* Upvalues: the role, the message's name. Raises where the protocol has no such message. */
static struct job job_of(lua_State *L)
{
    struct job j = {.role = lua_touserdata(L, lua_upvalueindex(1)),
                    .name = lua_tostring(L, lua_upvalueindex(2))};
    struct name_scope scope = role_scope(j.role);
    struct err e = ERR_INIT;
    j.element = name_message(&scope, j.name, &j.set, &e);
    if (j.element == NULL)
        luaL_error(L, "%s has no message '%s'", j.role->protocol->name, j.name);
    return j;
}

static int sign(lua_State *L)
{
    struct job j = job_of(L);
    struct err e = ERR_INIT;
    struct outgoing *o = role_outgoing(j.role, j.set, j.element, &e);
    if (o == NULL)
        return script_raise(L, &e);
    signing_sign(L, j.role, &o->message, &o->arena, 1);
    o->given = signing_given(o->given);
    o->touched = true;
    return 0;
}

static int verify(lua_State *L)
{
    struct job j = job_of(L);
    struct err e = ERR_INIT;
    const struct received *m = role_incoming(j.role, j.set, j.element, &e);
    if (m == NULL)
        return luaL_error(L, "no %s was received yet; its signature cannot be checked", j.name);
    return signing_verify(L, j.role, &m->message, 1);
}

static int never_signed(lua_State *L, const struct role *r, const char *name)
{
    luaL_Buffer all;
    luaL_buffinit(L, &all);
    for (const struct signer *s = SIGNERS; s->message != NULL; s++) {
        luaL_addstring(&all, s > SIGNERS ? ", " : "");
        luaL_addstring(&all, s->message);
    }
    luaL_pushresult(&all);
    return luaL_error(L, "there is no %s.%s; expected Sign_ or Verify_ and one of %s", r->name,
                      name, lua_tostring(L, -1));
}

bool signing_push(lua_State *L, struct role *r, const char *name)
{
    bool is_sign = strncmp(name, "Sign_", 5) == 0;
    if (!is_sign && strncmp(name, "Verify_", 7) != 0)
        return false;
    const struct signer *s = signer_find(name + (is_sign ? 5 : 7));
    if (s == NULL)
        never_signed(L, r, name);
    lua_pushlightuserdata(L, r);
    lua_pushstring(L, s->message);
    lua_pushcclosure(L, is_sign ? sign : verify, 2);
    return true;
}
