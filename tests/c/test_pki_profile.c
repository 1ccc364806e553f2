/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates that are another way than their profile wants them: each of a good tree is changed
 * in one thing, and signed anew by its issuer; what is found is told. And what a certificate is
 * taken for where it does not say it.
 */
#include "base/buf.h"
#include "certs.h"
#include "trust/pki.h"
#include "trust/pki_tree.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(x) (sizeof(x) / sizeof *(x))

static char folder[64];

static int make_tree(void **state)
{
    struct pki_tree t;
    struct err e = ERR_INIT;
    (void)state;
    certs_folder(folder);
    pki_tree_open(&t, folder);
    t.is_ed448 = true;
    if (pki_tree_make(&t, &e) != 0)
        fail_msg("%s", e.what);
    return 0;
}

static int drop_tree(void **state)
{
    (void)state;
    certs_remove(folder);
    return 0;
}

/* ---- changing one ---- */

struct change {
    int nid;          /* of an extension that goes; 0: none */
    const char *text; /* what comes in its place; NULL: nothing */
    bool is_critical;
    const char *part, *name; /* of the subject: goes, or (name) is another one */
    long version;            /* 1 or 2; 0: it stays */
    long days;               /* valid for so many; 0: it stays */
    bool is_unknown;         /* a critical extension that nobody knows comes besides */
};

static X509 *read_one(enum pki_edition edition, const char *role, EVP_PKEY **key)
{
    char path[PKI_PATH_MAX];
    struct pki_chain c = {.n = 0};
    struct err e = ERR_INIT;
    pki_tree_path(path, folder, edition, role, ".pem");
    assert_int_equal(pki_chain_read(&c, path, &e), 0);
    X509 *x = X509_dup(c.at[0].x);
    pki_chain_close(&c);
    if (key != NULL)
        *key = pki_key_read(pki_tree_path(path, folder, edition, role, ".key"), &e);
    return x;
}

static void add_extension(X509 *x, const struct change *c)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, x, x, NULL, NULL, 0);
    X509_EXTENSION *made = X509V3_EXT_conf_nid(NULL, &context, c->nid, c->text);
    assert_non_null(made);
    X509_EXTENSION_set_critical(made, c->is_critical);
    assert_int_equal(X509_add_ext(x, made, -1), 1);
    X509_EXTENSION_free(made);
}

static void add_unknown(X509 *x)
{
    ASN1_OBJECT *oid = OBJ_txt2obj("1.2.3.4.5", 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(value, (const uint8_t *)"\x05\x00", 2);
    X509_EXTENSION *made = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value);
    assert_int_equal(X509_add_ext(x, made, -1), 1);
    X509_EXTENSION_free(made);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(oid);
}

static void change_name(X509 *x, const struct change *c)
{
    X509_NAME *name = X509_get_subject_name(x);
    int at = X509_NAME_get_index_by_NID(name, OBJ_sn2nid(c->part), -1);
    assert_true(at >= 0);
    X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, at));
    if (c->name != NULL)
        X509_NAME_add_entry_by_txt(name, c->part, V_ASN1_UTF8STRING, (const uint8_t *)c->name, -1,
                                   -1, 0);
}

/* The certificate is signed by its issuer, or (a root) by itself. */
static X509 *changed(enum pki_edition edition, const char *role, const struct change *c)
{
    EVP_PKEY *key = NULL;
    enum pki_role r = pki_role_find(role), above = PKI_PROFILES[r].issuer;
    X509 *x = read_one(edition, role, NULL);
    X509_free(read_one(edition, PKI_PROFILES[pki_role_is_root(r) ? r : above].name, &key));
    assert_non_null(key);
    int at = c->nid == 0 ? -1 : X509_get_ext_by_NID(x, c->nid, -1);
    if (at >= 0)
        X509_EXTENSION_free(X509_delete_ext(x, at));
    if (c->text != NULL)
        add_extension(x, c);
    if (c->is_unknown)
        add_unknown(x);
    if (c->part != NULL)
        change_name(x, c);
    if (c->version != 0)
        X509_set_version(x, c->version - 1);
    if (c->days != 0)
        X509_time_adj_ex(X509_getm_notAfter(x), (int)c->days, 0, NULL);
    const EVP_MD *hash = EVP_PKEY_is_a(key, "ED448") ? NULL : EVP_sha256();
    assert_true(X509_sign(x, key, hash) > 0);
    EVP_PKEY_free(key);
    return x;
}

/* ---- what is found ---- */

struct found {
    struct buf text;
    unsigned n;
};

static void collect(void *context, const struct pki_finding *f)
{
    struct found *found = context;
    buf_printf(&found->text, "%s: %s\n", f->is_error ? "error" : "note", f->text);
    found->n++;
}

static void add_der(struct pki_chain *c, X509 *x)
{
    uint8_t *der = NULL;
    struct err e = ERR_INIT;
    int n = i2d_X509(x, &der);
    assert_int_equal(pki_chain_add(c, (struct slice){der, (size_t)n}, &e), 0);
    OPENSSL_free(der);
}

static const struct row {
    enum pki_edition edition;
    const char *role;
    struct change change;
    const char *text; /* that is found; NULL: nothing */
} ROWS[] = {
    {EDITION_2, "secc-leaf", {0}, NULL},
    {EDITION_20, "secc-leaf", {0}, NULL},
    {EDITION_20, "vehicle-leaf", {0}, NULL},
    {EDITION_2, "secc-leaf", {.nid = NID_key_usage}, "error: no key usage; expected digital"},
    {EDITION_2,
     "secc-leaf",
     {.nid = NID_key_usage, .text = "keyEncipherment", .is_critical = true},
     "error: key usage is keyEncipherment; expected digital"},
    {EDITION_2,
     "secc-leaf",
     {.nid = NID_key_usage,
      .text = "digitalSignature,keyAgreement,keyCertSign,cRLSign",
      .is_critical = true},
     "error: key usage has keyCertSign, cRLSign; expected digital"},
    {EDITION_2,
     "secc-leaf",
     {.nid = NID_key_usage, .text = "digitalSignature,keyAgreement", .is_critical = false},
     "error: X509v3 Key Usage is not critical; expected critical"},
    {EDITION_2,
     "secc-leaf",
     {.nid = NID_basic_constraints},
     "error: no basic constraints; expected CA false"},
    {EDITION_2,
     "secc-leaf",
     {.nid = NID_basic_constraints, .text = "CA:FALSE", .is_critical = false},
     "error: X509v3 Basic Constraints is not critical; expected critical"},
    {EDITION_2,
     "secc-leaf",
     {.nid = NID_subject_key_identifier, .text = "hash", .is_critical = true},
     "error: X509v3 Subject Key Identifier is critical; expected not critical"},
    {EDITION_2,
     "cpo-sub2",
     {.nid = NID_subject_key_identifier},
     "error: no X509v3 Subject Key Identifier"},
    {EDITION_20,
     "secc-leaf",
     {.nid = NID_authority_key_identifier},
     "error: no X509v3 Authority Key Identifier"},
    {EDITION_2,
     "secc-leaf",
     {.is_unknown = true},
     "error: the critical extension 1.2.3.4.5 is unknown"},
    {EDITION_2, "secc-leaf", {.part = "CN"}, "error: the subject has no common name"},
    {EDITION_2, "secc-leaf", {.part = "O"}, "note: the subject names no organization (O)"},
    {EDITION_2, "secc-leaf", {.part = "DC"}, "error: no domain component; expected CPO"},
    {EDITION_2, "secc-leaf", {.version = 2}, "error: X.509 version 2; expected 3"},
    {EDITION_2, "secc-leaf", {.days = 4000}, "note: valid for 4000 days; expected at most "},
    {EDITION_2,
     "oem-leaf",
     {.part = "CN", .name = "pcid"},
     "note: the common name pcid is no PCID of 17 or 18 capitals and digits"},
    {EDITION_2, "oem-leaf", {.part = "CN", .name = "abcdefghijklmnopqr"}, "is no PCID of 17 or 18"},
    {EDITION_2, "contract-leaf", {.part = "CN", .name = "EMAID"}, "error: 'EMAID' is no eMAID"},
    {EDITION_2,
     "cpo-sub2",
     {.nid = NID_basic_constraints, .text = "CA:TRUE", .is_critical = true},
     "error: no path length constraint; expected 0"},
    {EDITION_2,
     "cpo-sub2",
     {.nid = NID_basic_constraints, .text = "CA:TRUE,pathlen:3", .is_critical = true},
     "error: path length constraint 3; expected 0"},
    {EDITION_2,
     "cpo-sub2",
     {.nid = NID_basic_constraints, .text = "CA:FALSE", .is_critical = true},
     "error: basic constraints say CA false; expected true"},
    {EDITION_2,
     "cpo-sub2",
     {.nid = NID_basic_constraints},
     "error: no basic constraints; expected CA true"},
    {EDITION_2,
     "v2g-root",
     {.nid = NID_basic_constraints, .text = "CA:TRUE,pathlen:2", .is_critical = true},
     "note: path length constraint 2; expected none"},
    {EDITION_20,
     "secc-leaf",
     {.nid = NID_ext_key_usage},
     ": no extended key usage; expected serverAuth"},
    {EDITION_20,
     "secc-leaf",
     {.nid = NID_ext_key_usage, .text = "clientAuth", .is_critical = true},
     "error: the extended key usage lacks serverAuth"},
    {EDITION_20,
     "secc-leaf",
     {.nid = NID_ext_key_usage, .text = "serverAuth,clientAuth", .is_critical = true},
     NULL},
    {EDITION_20,
     "vehicle-leaf",
     {.nid = NID_ext_key_usage, .text = "clientAuth", .is_critical = false},
     "error: the extended key usage is not critical"},
    {EDITION_20,
     "cpo-sub2",
     {.nid = NID_ext_key_usage, .text = "serverAuth", .is_critical = true},
     "error: an extended key usage; expected none in a CA"},
    {EDITION_2,
     "secc-leaf",
     {.nid = NID_ext_key_usage, .text = "clientAuth", .is_critical = true},
     NULL}, /* no word of it */
};

/* The chain of a leaf below it, or its own, with this one in the place of that of the tree. */
static void check_row(const struct row *r, X509 *x, struct found *found)
{
    struct pki_chain chain = {.n = 0}, anchors = {.n = 0};
    enum pki_role role = pki_role_find(r->role), leaf = role;
    enum pki_role way[ROLES];
    unsigned n = 0;
    if (pki_role_is_ca(role))
        leaf = ROLE_SECC_LEAF;
    for (enum pki_role at = leaf;; at = PKI_PROFILES[at].issuer) {
        way[n++] = at;
        if (pki_role_is_root(at))
            break;
    }
    for (unsigned i = 0; i < n; i++) {
        X509 *own = way[i] == role ? NULL : read_one(r->edition, PKI_PROFILES[way[i]].name, NULL);
        add_der(i + 1 < n ? &chain : &anchors, own == NULL ? x : own);
        X509_free(own);
    }
    struct pki_options o = {.role = leaf, .edition = (int)r->edition, .anchors = &anchors};
    o.now = (int64_t)time(NULL);
    pki_chain_check(&chain, &o, collect, found, NULL);
    pki_chain_close(&chain);
    pki_chain_close(&anchors);
}

static void each_rule_of_a_profile(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct found found = {.n = 0};
        X509 *x = changed(ROWS[i].edition, ROWS[i].role, &ROWS[i].change);
        check_row(&ROWS[i], x, &found);
        const char *text = buf_string(&found.text);
        if (ROWS[i].text == NULL ? found.n > 0 : strstr(text, ROWS[i].text) == NULL)
            fail_msg("%zu (%s): expected '%s', found:\n%s", i, ROWS[i].role,
                     ROWS[i].text == NULL ? "nothing" : ROWS[i].text, text);
        buf_close(&found.text);
        X509_free(x);
    }
}

/* ---- what it is taken for ---- */

static void roles_are_guessed(void **state)
{
    static const struct {
        enum pki_edition edition;
        const char *role;
        struct change change;
        const char *guess; /* "": none */
    } GUESSES[] = {
        {EDITION_2, "secc-leaf", {0}, "secc-leaf"},
        {EDITION_2, "v2g-root", {0}, "v2g-root"},
        {EDITION_2, "cpo-sub2", {0}, "v2g-root"}, /* a CA of the V2G root, at least */
        {EDITION_2, "v2g-root", {.part = "DC"}, ""},
        {EDITION_20, "secc-leaf", {.part = "DC"}, "secc-leaf"}, /* by what it is for */
        {EDITION_20, "vehicle-leaf", {.part = "O"}, "vehicle-leaf"},
        {EDITION_2, "secc-leaf", {.part = "DC"}, ""},
        {EDITION_2, "oem-leaf", {.part = "DC"}, "oem-leaf"}, /* by its name */
        {EDITION_2, "contract-leaf", {.part = "DC"}, "contract-leaf"},
        {EDITION_2, "contract-leaf", {.part = "DC", .name = "NOBODY"}, "contract-leaf"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(GUESSES); i++) {
        X509 *x = changed(GUESSES[i].edition, GUESSES[i].role, &GUESSES[i].change);
        enum pki_role guess = pki_role_guess(x);
        const char *name = guess == ROLE_UNKNOWN ? "" : PKI_PROFILES[guess].name;
        if (strcmp(name, GUESSES[i].guess) != 0)
            fail_msg("%zu: %s; expected %s", i, name, GUESSES[i].guess);
        X509_free(x);
    }
}

static void words_of_a_certificate(void **state)
{
    struct change odd = {.part = "CN",
                         .name = "a\x01"
                                 "b\x7F"
                                 "c"};
    char text[8], usage[PKI_USAGE_TEXT], curve[16];
    struct buf out = {0};
    (void)state;
    X509 *x = changed(EDITION_2, "secc-leaf", &odd);
    assert_string_equal(pki_subject(x, "CN", text, sizeof text), "a?b?c");
    assert_string_equal(pki_subject(x, "CN", text, 4), "a?b");
    assert_string_equal(pki_subject(x, "L", text, sizeof text), "");
    assert_string_equal(pki_usage_text(0, usage), "none");
    assert_string_equal(pki_key_curve(NULL, curve, sizeof curve), "unreadable");
    X509_NAME *none = X509_NAME_new();
    pki_add_name(&out, none, false);
    assert_string_equal(buf_string(&out), "(no name)");
    buf_clear(&out);
    pki_add_name(&out, none, true);
    assert_string_equal(buf_string(&out), "");
    assert_int_equal(emaid_check_digit("DE*0000000000*"), 0);
    X509_NAME_free(none);
    buf_close(&out);
    X509_free(x);
}

/* ---- where a chain ends ---- */

static void ends_of_chains(void **state)
{
    static const struct {
        const char *chain[3], *anchor; /* NULL: none; "": there are anchors, but none */
        const char *text;              /* NULL: nothing */
    } ENDS[] = {
        {{"v2g-root"}, NULL, NULL},
        {{"v2g-root"}, "v2g-root", NULL},
        {{"v2g-root"}, "mo-root", "is no trust anchor"},
        {{"secc-leaf"},
         NULL,
         "not checked up to a root: /CN=CPO sub-CA 2/O=v2glab test PKI/C=DE/DC=V2G is not here"},
        {{"secc-leaf"}, "v2g-root", "is neither in the chain nor a trust anchor"},
        {{"secc-leaf"}, "secc-leaf", NULL},
        {{"cpo-sub1"}, "v2g-root", NULL},
        {{"cpo-sub2", "cpo-sub1"}, "v2g-root", NULL},
        {{"cpo-sub2"},
         NULL,
         "not checked up to a root: /CN=CPO sub-CA 1/O=v2glab test PKI/C=DE/DC=V2G is not here"},
        {{"mo-sub2", "secc-leaf"}, NULL, "its issuer /CN=CPO sub-CA 2"}, /* the leaf, anywhere */
        {{"secc-leaf", "mo-sub2"}, NULL, "its issuer /CN=CPO sub-CA 2"},
        {{"mo-sub2", "cpo-sub2"}, NULL, "error: CPO sub-CA 2 belongs to no path from the leaf"},
        {{"secc-leaf", "oem-leaf"}, NULL, "is neither in the chain nor a trust anchor"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(ENDS); i++) {
        struct pki_chain chain = {.n = 0}, anchors = {.n = 0};
        struct found found = {.n = 0};
        for (unsigned k = 0; k < 3 && ENDS[i].chain[k] != NULL; k++) {
            X509 *x = read_one(EDITION_2, ENDS[i].chain[k], NULL);
            add_der(&chain, x);
            X509_free(x);
        }
        if (ENDS[i].anchor != NULL) {
            X509 *x = read_one(EDITION_2, ENDS[i].anchor, NULL);
            add_der(&anchors, x);
            X509_free(x);
        }
        struct pki_options o = {.role = ROLE_UNKNOWN,
                                .edition = -1,
                                .anchors = ENDS[i].anchor == NULL ? NULL : &anchors,
                                .now = (int64_t)time(NULL)};
        pki_chain_check(&chain, &o, collect, &found, NULL);
        const char *text = buf_string(&found.text);
        if (ENDS[i].text == NULL ? found.n > 0 : strstr(text, ENDS[i].text) == NULL)
            fail_msg("%zu: expected '%s', found:\n%s", i,
                     ENDS[i].text == NULL ? "nothing" : ENDS[i].text, text);
        buf_close(&found.text);
        pki_chain_close(&chain);
        pki_chain_close(&anchors);
    }
}

/* Chains that lead nowhere: in a circle, through what cannot be read, or out of nothing. */
static void chains_without_an_end(void **state)
{
    struct cert old = {0}, a = {0}, b = {0};
    struct pki_chain chain = {.n = 0}, anchors = {.n = 0};
    struct found found = {.n = 0};
    struct err e = ERR_INIT;
    struct pki_path path;
    (void)state;
    cert_make(&old, &(struct cert_order){"B", "V2G", "P-256", .is_ca = true});
    cert_make(&a, &(struct cert_order){"A", "V2G", "P-256", &old, .is_ca = true});
    cert_make(&b, &(struct cert_order){"B", "V2G", "P-256", &a, .is_ca = true});
    assert_int_equal(pki_chain_add(&chain, (struct slice){(const uint8_t *)"0", 1}, &e), 0);
    add_der(&chain, a.x509);
    add_der(&chain, b.x509);
    assert_int_equal(pki_chain_add(&anchors, (struct slice){(const uint8_t *)"0", 1}, &e), 0);
    struct pki_options o = {.role = ROLE_UNKNOWN, .edition = -1, .anchors = &anchors};
    assert_true(pki_chain_check(&chain, &o, collect, &found, &path) > 0);
    assert_int_equal(path.n, 2);
    assert_non_null(strstr(buf_string(&found.text), "octets are no X.509 certificate"));
    enum pki_fault fault;
    assert_int_equal(pki_chain_verify(&chain, &o, &fault, &e), -1);
    assert_int_equal(pki_chain_verify(&chain, &o, NULL, &e), -1); /* who does not want to know */
    pki_chain_close(&chain);
    /* nothing that can be read */
    assert_int_equal(pki_chain_add(&chain, (struct slice){(const uint8_t *)"0", 1}, &e), 0);
    assert_true(pki_chain_check(&chain, &o, collect, &found, &path) > 0);
    pki_chain_close(&chain);
    pki_chain_close(&anchors);
    buf_close(&found.text);
    cert_free(&old);
    cert_free(&a);
    cert_free(&b);
}

/* The name that older programs gave to the block of a certificate. */
static void an_old_name_of_a_block(void **state)
{
    char path[PKI_PATH_MAX], *at;
    struct buf text = {0};
    struct pki_chain c = {.n = 0};
    struct err e = ERR_INIT;
    (void)state;
    pki_tree_path(path, folder, EDITION_2, "secc-leaf", ".pem");
    assert_int_equal(pki_file_read(path, &text, &e), 0);
    struct buf old = {0};
    char *rest = (char *)(uintptr_t)buf_string(&text);
    while ((at = strstr(rest, "CERTIFICATE")) != NULL) {
        buf_add(&old, rest, (size_t)(at - rest));
        buf_text(&old, "X509 CERTIFICATE");
        rest = at + strlen("CERTIFICATE");
    }
    buf_text(&old, rest);
    assert_int_equal(pki_chain_parse(&c, (struct slice){old.p, old.n}, &e), 0);
    assert_true(c.n == 1 && c.at[0].x != NULL);
    pki_chain_close(&c);
    buf_close(&old);
    buf_close(&text);
}

static void too_many_lists(void **state)
{
    char path[PKI_PATH_MAX];
    struct pki_chain c = {.n = 0};
    struct err e = ERR_INIT;
    (void)state;
    pki_tree_path(path, folder, EDITION_2, "cpo-sub2", ".crl");
    for (unsigned i = 0; i < PKI_CHAIN_MAX; i++)
        assert_int_equal(pki_chain_read(&c, path, &e), 0);
    assert_int_equal(pki_chain_read(&c, path, &e), -1);
    assert_non_null(strstr(e.what, "revocation lists"));
    pki_chain_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_of_a_profile), cmocka_unit_test(roles_are_guessed),
        cmocka_unit_test(words_of_a_certificate), cmocka_unit_test(ends_of_chains),
        cmocka_unit_test(chains_without_an_end),  cmocka_unit_test(an_old_name_of_a_block),
        cmocka_unit_test(too_many_lists),
    };
    return cmocka_run_group_tests(tests, make_tree, drop_tree);
}
