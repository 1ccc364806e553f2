/* SPDX-License-Identifier: Apache-2.0 */
#include "script/trust.h"

#include "script/certificate.h"
#include "script/nearest.h"
#include "script/role.h"
#include "script/security.h"
#include "script/wrapping.h"
#include "session/credentials.h"
#include "trust/pki.h"
#include "trust/signer.h"

#include <lauxlib.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RANDOM_MOST 65536
#define TIME_MOST 253402300799 /* the end of the year 9999, as certificates can have it */

/* ---- names of editions and roles ---- */

static enum pki_edition protocol_edition(const char *protocol)
{
    return strcmp(protocol, "ISO15118-20") == 0 ? EDITION_20 : EDITION_2;
}

/* That of the role which the script plays; before it plays one, of that which has a protocol. */
static enum pki_edition present_edition(lua_State *L)
{
    const struct script *s = script_of(L);
    const struct role *found = s->plays;
    for (const struct role *r = s->roles; r != NULL && s->plays == NULL; r = r->next)
        if (r->fixed != NULL)
            found = r;
    return found == NULL ? EDITION_2 : protocol_edition(found->protocol->family);
}

/* The edition that the value at `at` names. */
static enum pki_edition check_edition(lua_State *L, int at)
{
    const char *name = luaL_checkstring(L, at);
    const struct protocol *p = protocol_find(name);
    if (p == NULL || p->uri[0] == NULL)
        luaL_error(L, "edition '%s': expected 'ISO15118-2' or 'ISO15118-20'", name);
    return protocol_edition(p->family);
}

static enum pki_role check_role(lua_State *L, int at)
{
    const char *name = luaL_checkstring(L, at);
    enum pki_role role = pki_role_find(name);
    if (role == ROLE_UNKNOWN)
        luaL_error(L,
                   "there is no role '%s' of certificates; `v2glab pki list --roles` shows them: "
                   "'contract-leaf', 'oem-leaf', 'cps-leaf', …",
                   name);
    return role;
}

static const char *edition_name(enum pki_edition edition)
{
    return edition == EDITION_20 ? "ISO15118-20" : "ISO15118-2";
}

/* ---- files ---- */

/* Raises where there is no tree. */
static void tree_folder(lua_State *L, char folder[PKI_PATH_MAX])
{
    struct err e = ERR_INIT;
    if (credentials_tree(&script_of(L)->options->peer.choice, folder, PKI_PATH_MAX, &e) != 0)
        script_raise(L, &e);
}

void trust_push_key(lua_State *L, const char *path)
{
    struct err e = ERR_INIT;
    struct evp_pkey_st **key = key_push(L);
    *key = pki_key_read(path, &e);
    if (*key == NULL)
        script_raise(L, &e);
}

/* Collects the certificates of a file, each behind its length. */
static int collect(void *context, const char *name, struct slice bytes, struct err *e)
{
    struct buf *all = context;
    (void)e;
    if (strcmp(name, PKI_CERTIFICATE) != 0)
        return 0;
    buf_add(all, &bytes.n, sizeof bytes.n);
    buf_add(all, bytes.p, bytes.n);
    return 0;
}

/* Pushes a list of what was collected; returns its length. */
static lua_Integer push_collected(lua_State *L, const struct buf *all)
{
    lua_Integer n = 0;
    lua_newtable(L);
    for (size_t at = 0; at < all->n;) {
        struct slice der;
        memcpy(&der.n, all->p + at, sizeof der.n);
        der.p = all->p + at + sizeof der.n;
        at += sizeof der.n + der.n;
        certificate_push(L, der);
        lua_rawseti(L, -2, ++n);
    }
    return n;
}

/* Pushes a list of the certificates in PEM or DER; -1: e, and nothing is pushed. */
static lua_Integer push_certificates(lua_State *L, struct slice bytes, struct err *e)
{
    struct buf all = {0};
    lua_Integer n = -1;
    if (pki_blocks(bytes, collect, &all, e) == 0 && !all.failed)
        n = push_collected(L, &all);
    buf_close(&all);
    return n;
}

void trust_push_chain(lua_State *L, const char *path)
{
    struct buf bytes = {0}, all = {0};
    struct err e = ERR_INIT, inner = ERR_INIT;
    lua_Integer n = 0;
    if (pki_file_read(path, &bytes, &e) == 0)
        pki_blocks((struct slice){bytes.p, bytes.n}, collect, &all, &inner);
    if (bytes.p != NULL)
        OPENSSL_cleanse(bytes.p, bytes.n); /* a key may stand in it too */
    buf_close(&bytes);
    if (!e.set && !inner.set && !all.failed)
        n = push_collected(L, &all);
    buf_close(&all);
    if (n <= 0)
        err_set(&e, "%s: %s", path, inner.set ? inner.what : "it has no certificate");
    if (e.set)
        script_raise(L, &e);
}

void trust_push_certificate(lua_State *L, struct slice bytes)
{
    struct err ignored = ERR_INIT;
    if (push_certificates(L, bytes, &ignored) == 1)
        lua_rawgeti(L, -1, 1);
    else
        certificate_push(L, bytes); /* which has a problem */
}

static int pki_read(lua_State *L)
{
    trust_push_chain(L, security_path(L, script_of(L), "path", 1));
    return 1;
}

static int pki_key(lua_State *L)
{
    trust_push_key(L, security_path(L, script_of(L), "path", 1));
    return 1;
}

/* nil, why and the kind of fault. */
static int refuse(lua_State *L, const char *why, enum pki_fault fault)
{
    lua_pushnil(L);
    lua_pushstring(L, why);
    lua_pushstring(L, pki_fault_name(fault));
    return 3;
}

static int pki_certificate(lua_State *L)
{
    struct slice bytes;
    struct err e = ERR_INIT;
    const char *problem;
    bytes.p = (const uint8_t *)luaL_checklstring(L, 1, &bytes.n);
    lua_Integer n = push_certificates(L, bytes, &e);
    if (n != 1) {
        if (n >= 0)
            err_set(&e, "%d certificates in PEM; expected one", (int)n);
        return refuse(L, e.what, PKI_UNPARSEABLE);
    }
    lua_rawgeti(L, -1, 1);
    if (certificate_at(L, -1, &problem) == NULL)
        return refuse(L, problem, PKI_UNPARSEABLE);
    return 1;
}

/* ---- what the tree has ---- */

/* Pushes the path of a file of the tree; false where it is not there. */
static bool push_tree_path(lua_State *L, enum pki_edition edition, enum pki_role role,
                           const char *suffix)
{
    char folder[PKI_PATH_MAX], path[PKI_PATH_MAX];
    tree_folder(L, folder);
    pki_tree_path(path, folder, edition, PKI_PROFILES[role].name, suffix);
    lua_pushstring(L, path);
    return access(path, R_OK) == 0;
}

const char *trust_path(lua_State *L, enum pki_edition edition, enum pki_role role,
                       const char *suffix)
{
    if (!push_tree_path(L, edition, role, suffix))
        luaL_error(L,
                   "there is no %s for %s: %s is not there; `v2glab pki list` shows what the tree "
                   "has, `v2glab pki make` makes a whole one",
                   PKI_PROFILES[role].name, edition_name(edition), lua_tostring(L, -1));
    return lua_tostring(L, -1);
}

/* Takes "-2" off the name "contract-leaf-2" at `at`, and pushes it; "" where it ends otherwise. */
static const char *take_number(lua_State *L, int at)
{
    const char *name = luaL_checkstring(L, at), *dash = strrchr(name, '-');
    bool has_one = dash != NULL && dash[1] >= '2' && dash[1] <= '9' && dash[2] == '\0';
    lua_pushstring(L, has_one ? dash : "");
    if (has_one) {
        lua_pushlstring(L, name, (size_t)(dash - name));
        lua_replace(L, at);
    }
    return lua_tostring(L, -1);
}

/* Pushes the chain of a role: a leaf's as it goes over the wire; of a CA, it and those above it.
 * number: of the leaf, "" or "-2". */
static void push_role_chain(lua_State *L, enum pki_edition edition, enum pki_role role,
                            const char *number)
{
    if (!pki_role_is_ca(role)) {
        const char *suffix = lua_pushfstring(L, "%s.chain.pem", number);
        trust_push_chain(L, trust_path(L, edition, role, suffix));
        return;
    }
    lua_newtable(L);
    int list = lua_gettop(L);
    for (lua_Integer n = 1;; n++) {
        trust_push_chain(L, trust_path(L, edition, role, ".pem"));
        lua_rawgeti(L, -1, 1);
        lua_rawseti(L, list, n);
        lua_settop(L, list);
        role = PKI_PROFILES[role].issuer;
        if (pki_role_is_root(role))
            return;
    }
}

/* Makes an identity of the chain and the key that are on top, and leaves it there. */
static int push_identity(lua_State *L, enum pki_edition edition, enum pki_role role)
{
    lua_createtable(L, 0, 4);
    lua_insert(L, -3);
    lua_setfield(L, -3, "key");
    lua_setfield(L, -2, "chain");
    lua_pushstring(L, PKI_PROFILES[role].name);
    lua_setfield(L, -2, "role");
    lua_pushstring(L, edition_name(edition));
    lua_setfield(L, -2, "edition");
    return 1;
}

static int pki_identity(lua_State *L)
{
    lua_settop(L, 2);
    const char *number = take_number(L, 1);
    enum pki_role role = check_role(L, 1);
    enum pki_edition edition = lua_isnil(L, 2) ? present_edition(L) : check_edition(L, 2);
    push_role_chain(L, edition, role, number);
    int chain = lua_gettop(L);
    trust_push_key(L, trust_path(L, edition, role, lua_pushfstring(L, "%s.key", number)));
    lua_replace(L, chain + 1);
    lua_settop(L, chain + 1);
    return push_identity(L, edition, role);
}

/* ---- one chain more ---- */

/* What Pki.Make was asked; the texts are those of the table at 2. */
struct order {
    struct pki_tree tree;
    struct pki_wish wish;
};

#define DAYS_MOST 36500

/* The faults of the list on top, which is taken off. */
static void check_faults(lua_State *L, struct pki_tree *t)
{
    struct err e = ERR_INIT;
    script_check_table(L, "faults");
    for (lua_Integer i = 1; lua_geti(L, -1, i) != LUA_TNIL; i++) {
        if (pki_tree_add_fault(t, script_check_text(L, "faults"), &e) != 0)
            script_raise(L, &e);
        lua_pop(L, 1);
    }
    lua_pop(L, 2);
}

static bool has_flag(lua_State *L, const char *key)
{
    lua_getfield(L, 2, key);
    return lua_toboolean(L, -1);
}

static void read_order(lua_State *L, struct order *o, char folder[PKI_PATH_MAX])
{
    struct pki_wish *w = &o->wish;
    tree_folder(L, folder);
    pki_tree_open(&o->tree, folder);
    w->edition = present_edition(L);
    if (lua_isnil(L, 2))
        return;
    luaL_checktype(L, 2, LUA_TTABLE);
    script_check_keys(L, 2, " edition days faults foreign name root ");
    if (lua_getfield(L, 2, "edition") != LUA_TNIL)
        w->edition = check_edition(L, -1);
    if (lua_getfield(L, 2, "faults") != LUA_TNIL)
        check_faults(L, &o->tree);
    if (lua_getfield(L, 2, "days") != LUA_TNIL)
        o->tree.days = (unsigned)script_check_number(L, "days", 1, DAYS_MOST);
    w->is_foreign = has_flag(L, "foreign");
    w->has_root = has_flag(L, "root");
    if (lua_getfield(L, 2, "name") != LUA_TNIL)
        w->called = script_check_text(L, "name");
}

static int pki_make(lua_State *L)
{
    char folder[PKI_PATH_MAX];
    struct order o = {0};
    struct buf pem = {0};
    struct err e = ERR_INIT;
    lua_settop(L, 2);
    enum pki_role role = check_role(L, 1);
    read_order(L, &o, folder);
    o.wish.role = role;
    lua_settop(L, 2);
    struct evp_pkey_st **key = key_push(L);
    lua_Integer n = 0;
    int bad = pki_tree_issue(&o.tree, &o.wish, &pem, key, &e);
    if (bad == 0)
        n = push_certificates(L, (struct slice){pem.p, pem.n}, &e);
    buf_close(&pem);
    if (bad != 0 || n <= 0)
        script_raise(L, &e);
    lua_insert(L, 3); /* the chain before the key */
    return push_identity(L, o.wish.edition, role);
}

static int pki_roots(lua_State *L)
{
    bool is_any = lua_isnoneornil(L, 1);
    enum pki_edition wanted = is_any ? EDITION_2 : check_edition(L, 1);
    lua_newtable(L);
    int list = lua_gettop(L);
    for (enum pki_edition edition = EDITION_2; edition <= EDITION_20; edition++)
        for (unsigned role = 0; role < ROLES && (is_any || edition == wanted); role++) {
            if (pki_role_is_root((enum pki_role)role) &&
                push_tree_path(L, edition, (enum pki_role)role, ".pem")) {
                trust_push_chain(L, lua_tostring(L, -1));
                lua_rawgeti(L, -1, 1);
                lua_rawseti(L, list, (lua_Integer)lua_rawlen(L, list) + 1);
            }
            lua_settop(L, list);
        }
    return 1;
}

/* Certificates are of this day also where time is virtual: they were made by other programs. */
static int pki_now(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)time(NULL));
    return 1;
}

/* ---- checking ---- */

/* The list at `at`: certificates, or their octets. Raises where it has anything else. */
static unsigned check_list(lua_State *L, int at, const char *what)
{
    if (lua_type(L, at) != LUA_TTABLE)
        luaL_error(L, "%s: expected a list of certificates, found %s", what, luaL_typename(L, at));
    lua_Unsigned n = lua_rawlen(L, at);
    for (lua_Unsigned i = 1; i <= n; i++) {
        lua_rawgeti(L, at, (lua_Integer)i);
        if (!certificate_is(L, -1) && lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "%s: entry %d is a %s; expected a Certificate, or its octets in DER",
                       what, (int)i, luaL_typename(L, -1));
        lua_pop(L, 1);
    }
    return n > PKI_CHAIN_MAX ? PKI_CHAIN_MAX + 1 : (unsigned)n;
}

/* Adds the list at `at`, which check_list has seen; raises nothing. */
static int add_list(lua_State *L, int at, unsigned n, struct pki_chain *c, struct err *e)
{
    int bad = 0;
    for (unsigned i = 1; i <= n && bad == 0; i++) {
        struct slice der;
        lua_rawgeti(L, at, (lua_Integer)i);
        if (certificate_is(L, -1))
            der = certificate_der(L, -1);
        else
            der.p = (const uint8_t *)lua_tolstring(L, -1, &der.n);
        bad = pki_chain_add(c, der, e);
        lua_pop(L, 1);
    }
    return bad;
}

/* Adds the tree's roots (is_roots) or revocation lists of one edition; raises nothing. */
static void add_tree(struct pki_chain *c, const char *folder, enum pki_edition edition,
                     bool is_roots)
{
    for (unsigned role = 0; role < ROLES; role++) {
        char path[PKI_PATH_MAX];
        struct err ignored = ERR_INIT;
        if (is_roots ? !pki_role_is_root((enum pki_role)role)
                     : !pki_role_is_ca((enum pki_role)role))
            continue;
        pki_tree_path(path, folder, edition, PKI_PROFILES[role].name, is_roots ? ".pem" : ".crl");
        if (access(path, R_OK) == 0)
            pki_chain_read(c, path, &ignored);
    }
}

/* What Pki.Check was asked. */
struct question {
    unsigned n, roots; /* entries */
    int list;          /* of roots on the stack; 0: those of the tree */
    bool has_revocation;
    struct pki_options options;
};

/* The kinds that the list on top has, as bits. */
static uint32_t check_kinds(lua_State *L)
{
    uint32_t kinds = 0;
    script_check_table(L, "tolerate");
    for (lua_Integer i = 1; lua_geti(L, -1, i) != LUA_TNIL; i++) {
        unsigned fault = 0;
        const char *name = lua_tostring(L, -1);
        while (name != NULL && fault < PKI_FAULTS &&
               strcmp(pki_fault_name((enum pki_fault)fault), name) != 0)
            fault++;
        if (name == NULL || fault == PKI_FAULTS || fault == PKI_UNPARSEABLE)
            luaL_error(L,
                       "tolerate: '%s' is no kind of fault that can be put up with; expected "
                       "'expired', 'name', 'key usage' and the like, as Pki.Check gives them",
                       name == NULL ? luaL_typename(L, -1) : name);
        kinds |= (uint32_t)1 << fault;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return kinds;
}

static struct question read_question(lua_State *L)
{
    struct question q = {
        .has_revocation = true,
        .options = {.role = ROLE_UNKNOWN, .edition = -1, .now = (int64_t)time(NULL)}};
    q.n = check_list(L, 1, "the chain");
    lua_settop(L, 2);
    if (lua_isnil(L, 2))
        return q;
    luaL_checktype(L, 2, LUA_TTABLE);
    script_check_keys(L, 2, " role edition at revocation tolerate roots ");
    if (lua_getfield(L, 2, "role") != LUA_TNIL)
        q.options.role = check_role(L, -1);
    if (lua_getfield(L, 2, "edition") != LUA_TNIL)
        q.options.edition = (int)check_edition(L, -1);
    if (lua_getfield(L, 2, "at") != LUA_TNIL)
        q.options.now = script_check_number(L, "at", 0, TIME_MOST);
    if (lua_getfield(L, 2, "revocation") != LUA_TNIL)
        q.has_revocation = lua_toboolean(L, -1);
    if (lua_getfield(L, 2, "tolerate") != LUA_TNIL)
        q.options.tolerated = check_kinds(L);
    if (lua_getfield(L, 2, "roots") != LUA_TNIL) {
        q.list = lua_gettop(L);
        q.roots = check_list(L, q.list, "roots");
    }
    if (q.roots > PKI_CHAIN_MAX)
        luaL_error(L, "more than %d roots", PKI_CHAIN_MAX);
    return q;
}

static int pki_check(lua_State *L)
{
    struct question q = read_question(L);
    struct pki_chain chain = {0}, anchors = {0};
    char folder[PKI_PATH_MAX];
    enum pki_fault fault = PKI_SIZE;
    struct err e = ERR_INIT;
    if (q.list == 0 || q.has_revocation)
        tree_folder(L, folder);
    int bad = add_list(L, 1, q.n, &chain, &e);
    if (q.list != 0)
        add_list(L, q.list, q.roots, &anchors, &e);
    for (enum pki_edition edition = EDITION_2; edition <= EDITION_20; edition++) {
        if (q.options.edition >= 0 && q.options.edition != (int)edition)
            continue;
        if (q.list == 0)
            add_tree(&anchors, folder, edition, true);
        if (q.has_revocation)
            add_tree(&anchors, folder, edition, false);
    }
    q.options.anchors = &anchors;
    if (bad == 0)
        bad = pki_chain_verify(&chain, &q.options, &fault, &e);
    pki_chain_close(&anchors);
    pki_chain_close(&chain);
    if (bad != 0)
        return refuse(L, e.what, fault);
    lua_pushboolean(L, true);
    return 1;
}

/* ---- random octets, eMAIDs ---- */

static int pki_random(lua_State *L)
{
    lua_Integer n = luaL_checkinteger(L, 1);
    luaL_Buffer octets;
    luaL_argcheck(L, n >= 0 && n <= RANDOM_MOST, 1, "expected a number of octets, 0 to 65536");
    unsigned char *p = (unsigned char *)luaL_buffinitsize(L, &octets, (size_t)n);
    world_random(script_of(L)->options->world, p, (size_t)n);
    luaL_pushresultsize(&octets, (size_t)n);
    return 1;
}

static int pki_emaid(lua_State *L)
{
    char text[16];
    struct err e = ERR_INIT;
    if (emaid_read(luaL_checkstring(L, 1), text, &e) == 0) {
        lua_pushstring(L, text);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, e.what);
    return 2;
}

/* Pki.Signer(message): by whose key the standards have it signed. */
static int pki_signer(lua_State *L)
{
    const struct signer *s = signer_find(luaL_checkstring(L, 1));
    if (s == NULL)
        return 0;
    lua_pushstring(L, PKI_PROFILES[s->role].name);
    return 1;
}

/* ---- opening ---- */

void trust_open(lua_State *L)
{
    static const luaL_Reg FUNCTIONS[] = {
        {"Identity", pki_identity}, {"Roots", pki_roots},   {"Certificate", pki_certificate},
        {"Read", pki_read},         {"Key", pki_key},       {"Check", pki_check},
        {"Random", pki_random},     {"Emaid", pki_emaid},   {"Make", pki_make},
        {"Now", pki_now},           {"Signer", pki_signer}, {NULL, NULL},
    };
    certificates_open(L);
    luaL_newlib(L, FUNCTIONS);
    wrapping_functions(L);
    nearest_guard(L, "Pki");
    lua_setglobal(L, "Pki");
}
