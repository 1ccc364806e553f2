/* SPDX-License-Identifier: Apache-2.0 */
#include "script/signing.h"

#include "codec/signature.h"
#include "script/security.h"
#include "wire/pki_tree.h"

#include <lauxlib.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

/* Whose key of the demo tree signs a message. */
static const struct signer {
    const char *message, *role;
} SIGNERS[] = {
    {"AuthorizationReq", "contract-leaf"},        {"MeteringReceiptReq", "contract-leaf"},
    {"MeteringConfirmationReq", "contract-leaf"}, {"CertificateUpdateReq", "contract-leaf"},
    {"CertificateInstallationReq", "oem-leaf"},   {"CertificateInstallationRes", "cps-leaf"},
    {"CertificateUpdateRes", "cps-leaf"},         {"ChargeParameterDiscoveryRes", "mo-sub2"},
    {"ScheduleExchangeRes", "mo-sub2"},
};

static const struct signer *signer_of(const char *message)
{
    for (size_t i = 0; i < sizeof SIGNERS / sizeof *SIGNERS; i++)
        if (strcmp(SIGNERS[i].message, message) == 0)
            return &SIGNERS[i];
    return NULL;
}

/* A message that a function signs or checks, and what is needed for that. */
struct job {
    struct role *role;
    const char *name;
    const struct schema *set, *xmldsig;
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
    j.xmldsig = library_get(j.role->script->options->library, "xmldsig", &e);
    if (j.xmldsig == NULL)
        script_raise(L, &e);
    return j;
}

/* A key in a file that wants a password is refused, not asked for on the terminal. */
static int no_password(char *out, int size, int writing, void *unused)
{
    (void)out, (void)size, (void)writing, (void)unused;
    return -1;
}

static EVP_PKEY *read_key(const char *path, bool is_certificate, struct err *e)
{
    FILE *f = fopen(path, "r");
    EVP_PKEY *key = NULL;
    X509 *x = NULL;
    if (f == NULL) {
        err_set(e, "%s cannot be opened", path);
        return NULL;
    }
    if (is_certificate)
        x = PEM_read_X509(f, NULL, no_password, NULL);
    else
        key = PEM_read_PrivateKey(f, NULL, no_password, NULL);
    if (x != NULL)
        key = X509_get_pubkey(x);
    if (key == NULL)
        err_set(e, "%s has no %s that can be read; expected PEM, without a password", path,
                is_certificate ? "certificate" : "private key");
    X509_free(x);
    fclose(f);
    return key;
}

/* From the file at 1, or the demo tree. Raises where there is none. */
static EVP_PKEY *key_for(lua_State *L, const struct job *j, bool is_certificate)
{
    char folder[PKI_PATH_MAX], demo[PKI_PATH_MAX];
    const char *path = demo;
    struct err e = ERR_INIT;
    enum pki_edition edition =
        strcmp(j->role->protocol->name, "ISO15118-20") == 0 ? EDITION_20 : EDITION_2;
    if (!lua_isnoneornil(L, 1))
        path = security_path(L, j->role->script, is_certificate ? "cert" : "key", 1);
    else if (credentials_tree(&j->role->script->options->files, folder, sizeof folder, &e) != 0)
        script_raise(L, &e);
    else
        pki_tree_path(demo, folder, edition, signer_of(j->name)->role,
                      is_certificate ? ".pem" : ".key");
    EVP_PKEY *key = read_key(path, is_certificate, &e);
    if (key == NULL)
        script_raise(L, &e);
    return key;
}

static int sign(lua_State *L)
{
    struct job j = job_of(L);
    struct err e = ERR_INIT;
    struct outgoing *o = role_outgoing(j.role, j.set, j.element, &e);
    if (o == NULL)
        return script_raise(L, &e);
    EVP_PKEY *key = key_for(L, &j, false);
    int bad = signature_make(&o->message, NULL, key, j.xmldsig, &o->arena, &e);
    EVP_PKEY_free(key);
    o->touched = true;
    return bad != 0 ? script_raise(L, &e) : 0;
}

static int verify(lua_State *L)
{
    struct job j = job_of(L);
    struct err e = ERR_INIT;
    struct signature_report report;
    struct arena a;
    const struct message *m = role_incoming(j.role, j.set, j.element, &e);
    if (m == NULL)
        return luaL_error(L, "no %s was received yet; its signature cannot be checked", j.name);
    EVP_PKEY *key = key_for(L, &j, true);
    arena_open(&a, NULL, 0, 1 << 20);
    int bad = signature_verify(m, key, j.xmldsig, &a, &report, &e);
    arena_close(&a);
    EVP_PKEY_free(key);
    if (bad == 0) {
        lua_pushboolean(L, true);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, e.what);
    lua_pushstring(L, signature_fault_name(report.fault));
    return 3;
}

bool signing_push(lua_State *L, struct role *r, const char *name)
{
    bool is_sign = strncmp(name, "Sign_", 5) == 0;
    if (!is_sign && strncmp(name, "Verify_", 7) != 0)
        return false;
    const struct signer *s = signer_of(name + (is_sign ? 5 : 7));
    if (s == NULL)
        return false;
    lua_pushlightuserdata(L, r);
    lua_pushstring(L, s->message);
    lua_pushcclosure(L, is_sign ? sign : verify, 2);
    return true;
}
