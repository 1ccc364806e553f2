/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates: the tree and its faults, the profiles, hostile DER, OCSP, eMAIDs. */
#include "support.h"

#include "base/buf.h"
#include "certs.h"
#include "trust/ocsp.h"
#include "trust/pki.h"
#include "trust/pki_tree.h"

#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>
#include <unistd.h>

static char folder[200];

/* A tree with one fault ("" for none) within the folder, made anew. */
static void make_tree(const char *fault, bool is_ed448)
{
    struct pki_tree t;
    struct err e = ERR_INIT;
    pki_tree_open(&t, folder);
    t.replaces = true;
    t.is_ed448 = is_ed448;
    if (fault[0] != '\0' && pki_tree_add_fault(&t, fault, &e) != 0)
        fail_msg("%s: %s", fault, e.what);
    if (pki_tree_make(&t, &e) != 0)
        fail_msg("%s: %s", fault, e.what);
}

static const char *path_of(enum pki_edition edition, const char *role, const char *suffix)
{
    static char path[4][PKI_PATH_MAX];
    static unsigned turn;
    turn = (turn + 1) % 4;
    return pki_tree_path(path[turn], folder, edition, role, suffix);
}

static void read_chain(struct pki_chain *c, enum pki_edition edition, const char *role,
                       const char *suffix)
{
    struct err e = ERR_INIT;
    if (pki_chain_read(c, path_of(edition, role, suffix), &e) != 0)
        fail_msg("%s", e.what);
}

/* The roots of an edition, and all revocation lists. */
static void read_anchors(struct pki_chain *c, enum pki_edition edition)
{
    read_chain(c, edition, "v2g-root", ".pem");
    read_chain(c, edition, "oem-root", ".pem");
    read_chain(c, edition, "mo-root", ".pem");
    read_chain(c, edition, "cpo-sub1", ".crl");
    read_chain(c, edition, "cpo-sub2", ".crl");
    read_chain(c, edition, "mo-sub2", ".crl");
}

static struct pki_options options_now(const struct pki_chain *anchors)
{
    return (struct pki_options){
        .role = ROLE_UNKNOWN, .edition = -1, .anchors = anchors, .now = (int64_t)time(NULL)};
}

/* ---- the tree ---- */

static void expect_good(enum pki_edition edition, const char *leaf)
{
    struct pki_chain c = {0}, anchors = {0};
    struct pki_path path;
    struct err e = ERR_INIT;
    read_chain(&c, edition, leaf, ".chain.pem");
    read_anchors(&anchors, edition);
    struct pki_options o = options_now(&anchors);
    enum pki_fault fault;
    if (pki_chain_verify(&c, &o, &fault, &e) != 0)
        fail_msg("%s: %s", leaf, e.what);
    assert_int_equal(pki_chain_check(&c, &o, NULL, NULL, &path), 0);
    assert_int_equal(path.role[0], pki_role_find(leaf));
    assert_int_equal(path.n, 4);
    assert_true(path.is_anchored);
    assert_int_equal(path.edition, edition);
    EVP_PKEY *key = pki_key_read(path_of(edition, leaf, ".key"), &e);
    assert_non_null(key);
    assert_int_equal(X509_check_private_key(path.at[0], key), 1);
    EVP_PKEY_free(key);
    pki_chain_close(&c);
    pki_chain_close(&anchors);
}

/* [V2G2-884]: each has the profile of its use */
static void test_tree_is_good(void **state)
{
    static const char *const LEAVES[] = {"secc-leaf", "cps-leaf", "oem-leaf", "contract-leaf"};
    (void)state;
    for (unsigned ed448 = 0; ed448 < 2; ed448++) {
        make_tree("", ed448 == 1);
        for (unsigned i = 0; i < 4; i++) {
            expect_good(EDITION_2, LEAVES[i]);
            expect_good(EDITION_20, LEAVES[i]);
        }
        expect_good(EDITION_20, "vehicle-leaf");
    }
}

/* All faults that were found, as bits. */
static void collect(void *context, const struct pki_finding *f)
{
    unsigned *found = context;
    assert_true(f->text[0] != '\0');
    if (f->is_error)
        *found |= 1u << f->fault;
}

static const struct {
    const char *fault;
    const char *leaf;
    enum pki_fault expected;
} FAULTS[] = {
    {"secc-leaf=expired", "secc-leaf", PKI_EXPIRED},
    {"secc-leaf=not-yet-valid", "secc-leaf", PKI_NOT_YET_VALID},
    {"secc-leaf=wrong-domain-component", "secc-leaf", PKI_DOMAIN},
    {"secc-leaf=wrong-key-usage", "secc-leaf", PKI_KEY_USAGE},
    {"secc-leaf=wrong-curve", "secc-leaf", PKI_CURVE},
    {"secc-leaf=swapped-sub-ca", "secc-leaf", PKI_ORDER},
    {"secc-leaf=foreign-sub-ca", "secc-leaf", PKI_DOMAIN},
    {"secc-leaf=missing-intermediate", "secc-leaf", PKI_NO_ISSUER},
    {"secc-leaf=path-length-exceeded", "secc-leaf", PKI_PATH_LENGTH},
    {"secc-leaf=revoked", "secc-leaf", PKI_REVOKED},
    {"secc-leaf=self-signed", "secc-leaf", PKI_SELF_SIGNED},
    {"secc-leaf=bad-signature", "secc-leaf", PKI_SIGNATURE},
    {"secc-leaf=unparseable", "secc-leaf", PKI_UNPARSEABLE},
    {"cpo-sub2=expired", "secc-leaf", PKI_EXPIRED},
    {"cpo-sub2=wrong-key-usage", "secc-leaf", PKI_KEY_USAGE},
    {"cpo-sub2=wrong-curve", "secc-leaf", PKI_CURVE},
    {"cpo-sub2=revoked", "secc-leaf", PKI_REVOKED},
    {"cpo-sub2=self-signed", "secc-leaf", PKI_SELF_SIGNED},
    {"cpo-sub2=bad-signature", "secc-leaf", PKI_SIGNATURE},
    {"cpo-sub2=unparseable", "secc-leaf", PKI_UNPARSEABLE},
    {"cpo-sub2=missing-intermediate", "secc-leaf", PKI_NO_ISSUER},
    {"cpo-sub1=path-length-exceeded", "secc-leaf", PKI_PATH_LENGTH},
    {"v2g-root=expired", "secc-leaf", PKI_EXPIRED},
    {"v2g-root=wrong-domain-component", "secc-leaf", PKI_DOMAIN},
    {"v2g-root=wrong-curve", "secc-leaf", PKI_CURVE},
    {"v2g-root=bad-signature", "secc-leaf", PKI_SIGNATURE},
    {"v2g-root=unparseable", "secc-leaf", PKI_NO_ISSUER},
    {"contract-leaf=wrong-emaid", "contract-leaf", PKI_NAME},
    {"contract-leaf=revoked", "contract-leaf", PKI_REVOKED},
    {"oem-leaf=wrong-domain-component", "oem-leaf", PKI_DOMAIN},
    {"cps-leaf=wrong-domain-component", "cps-leaf", PKI_DOMAIN},
};

/* [V2G2-884] [V2G2-007] [V2G2-009] [V2G2-925] */
static void test_every_fault(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++) {
        make_tree(FAULTS[i].fault, false);
        for (unsigned edition = 0; edition < 2; edition++) {
            struct pki_chain c = {0}, anchors = {0};
            struct err e = ERR_INIT;
            unsigned found = 0;
            enum pki_fault first;
            read_chain(&c, (enum pki_edition)edition, FAULTS[i].leaf, ".chain.pem");
            read_anchors(&anchors, (enum pki_edition)edition);
            struct pki_options o = options_now(&anchors);
            assert_true(pki_chain_check(&c, &o, collect, &found, NULL) > 0);
            if ((found >> FAULTS[i].expected & 1) == 0)
                fail_msg("%s: %s was not found", FAULTS[i].fault,
                         pki_fault_name(FAULTS[i].expected));
            assert_int_equal(pki_chain_verify(&c, &o, &first, &e), -1);
            assert_true(e.set);
            pki_chain_close(&c);
            pki_chain_close(&anchors);
        }
    }
}

static void test_wrong_faults(void **state)
{
    static const char *const WRONG[] = {
        "",
        "secc-leaf",
        "=expired",
        "secc-leaf=",
        "nobody=expired",
        "secc-leaf=old",
        "v2g-root=self-signed",
        "secc-leaf=wrong-emaid",
        "cpo-sub2=path-length-exceeded",
        "cpo-sub2=swapped-sub-ca",
    };
    (void)state;
    for (unsigned i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        struct pki_tree t;
        struct err e = ERR_INIT;
        pki_tree_open(&t, folder);
        assert_int_equal(pki_tree_add_fault(&t, WRONG[i], &e), -1);
        assert_true(e.set);
    }
}

#define LONG_32 "12345678901234567890123456789012"
#define LONG_48 LONG_32 "1234567890123456"

/* Wishes that no tree is made of, and the beginning of what is said. */
static const struct {
    struct pki_tree wish;
    const char *fault, *text;
} WRONG_WISHES[] = {
    {{.ocsp = "ftp://host/"}, NULL, "'ftp://host/' is no URL for the OCSP responder"},
    {{.ocsp = "https:host"}, NULL, "'https:host' is no URL"},
    {{.ocsp = "http://a b/"}, NULL, "'http://a b/' is no URL"},
    {{.ocsp = "http://a,b/"}, NULL, "'http://a,b/' is no URL"},
    {{.ocsp = "http://" LONG_48 LONG_48 LONG_32 "/"}, NULL, "'http://123456789012"},
    {{.pcid = LONG_32 "3"}, NULL, "an identifier is too long; expected at most 32 characters"},
    {{.cpid = LONG_48 "9"}, NULL, "an identifier is too long"},
    {{.evccid = LONG_48 "9"}, NULL, "an identifier is too long"},
    {{.emaid = "DE8"}, NULL, "'DE8' is no eMAID"},
    {{.contracts = 1, .contract = {"DE8"}}, NULL, "'DE8' is no eMAID"},
    {{.contracts = 2, .contract = {"DEABCC00000002", "*"}}, NULL, "'*' is no eMAID"},
    {{.edition = {true, false}}, "vehicle-leaf=expired", "vehicle-leaf is only in ISO 15118-20"},
    {{.folder = ""}, NULL, "'': expected the name of a folder"},
    {{.folder = LONG_48 LONG_48 LONG_48 LONG_48 LONG_48 LONG_48 LONG_48 LONG_48 LONG_48 LONG_48
          LONG_48 LONG_48 LONG_48 LONG_48 LONG_48 LONG_48 LONG_48 LONG_48 LONG_48 LONG_48 LONG_48},
     NULL,
     "'12345678901234567890123456789012"},
    {{.folder = "Makefile/tree"}, NULL, "folder Makefile/tree cannot be made: Not a directory"},
};

static void test_wrong_wishes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof WRONG_WISHES / sizeof *WRONG_WISHES; i++) {
        struct pki_tree t = WRONG_WISHES[i].wish;
        struct err e = ERR_INIT;
        t.folder = t.folder == NULL ? folder : t.folder;
        t.replaces = true;
        if (WRONG_WISHES[i].fault != NULL)
            assert_int_equal(pki_tree_add_fault(&t, WRONG_WISHES[i].fault, &e), 0);
        assert_int_equal(pki_tree_make(&t, &e), -1);
        if (strncmp(e.what, WRONG_WISHES[i].text, strlen(WRONG_WISHES[i].text)) != 0)
            fail_msg("expected '%s', found '%s'", WRONG_WISHES[i].text, e.what);
    }
    struct pki_tree t;
    struct err e = ERR_INIT;
    pki_tree_open(&t, folder);
    for (unsigned i = 0; i < PKI_TREE_FAULTS; i++)
        assert_int_equal(pki_tree_add_fault(&t, "secc-leaf=expired", &e), 0);
    assert_int_equal(pki_tree_add_fault(&t, "secc-leaf=expired", &e), -1);
    assert_string_equal(e.what, "more than 16 faults");
    e = ERR_INIT;
    assert_int_equal(pki_tree_add_fault(&t, LONG_48 LONG_32 "=expired", &e), -1);
    assert_non_null(strstr(e.what, "is no fault; expected ROLE=FAULT"));
}

static const char *name_in(enum pki_edition edition, const char *role, char *text, int size)
{
    struct pki_chain c = {0};
    read_chain(&c, edition, role, ".pem");
    X509_NAME_get_text_by_NID(X509_get_subject_name(c.at[0].x), NID_commonName, text, size);
    pki_chain_close(&c);
    return text;
}

/* Identifiers that the user gives stand in the certificates, and as long as they want it. */
static void test_wishes(void **state)
{
    struct pki_tree t;
    struct err e = ERR_INIT;
    struct pki_chain c = {0};
    char text[64];
    int days = 0, seconds = 0;
    (void)state;
    pki_tree_open(&t, folder);
    t.replaces = true;
    t.emaid = "DE83DUIEN83QGZD";
    t.pcid = "PCID56789012345678";
    t.cpid = "DE*XYZ*E7";
    t.evccid = "EVCC12";
    t.ocsp = "http://localhost:80/";
    t.days = 7;
    assert_int_equal(pki_tree_add_fault(&t, "contract-leaf=wrong-emaid", &e), 0);
    assert_int_equal(pki_tree_make(&t, &e), 0);
    assert_string_equal(name_in(EDITION_2, "contract-leaf", text, 64), "DE83DUIEN83QGZ0");
    assert_string_equal(name_in(EDITION_2, "oem-leaf", text, 64), "PCID56789012345678");
    assert_string_equal(name_in(EDITION_20, "secc-leaf", text, 64), "DE*XYZ*E7");
    assert_string_equal(name_in(EDITION_20, "vehicle-leaf", text, 64), "EVCC12");
    read_chain(&c, EDITION_20, "secc-leaf", ".pem");
    assert_int_equal(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(c.at[0].x),
                                    X509_get0_notAfter(c.at[0].x)),
                     1);
    assert_int_equal(days, 7);
    pki_chain_close(&c);
    t.replaces = false;
    assert_int_equal(pki_tree_make(&t, &e), -1);
    assert_non_null(strstr(e.what, "already; say --replace to make it anew"));
}

/* A digit that is wrong is always another one than the right one. */
static void test_wrong_digit(void **state)
{
    struct pki_tree t;
    struct err e = ERR_INIT;
    struct pki_wish wish = {.edition = EDITION_2, .role = ROLE_CONTRACT_LEAF};
    struct buf pem = {0};
    struct pki_chain c = {0};
    EVP_PKEY *key = NULL;
    char emaid[16] = "DEABC000000000", text[64], read[16];
    (void)state;
    while (emaid_check_digit(emaid) != '0') /* one of which the right one is 0 */
        for (char *p = emaid + 13; ++*p > '9'; p--)
            *p = '0';
    make_tree("", false);
    pki_tree_open(&t, folder);
    t.emaid = emaid;
    assert_int_equal(pki_tree_add_fault(&t, "contract-leaf=wrong-emaid", &e), 0);
    assert_int_equal(pki_tree_issue(&t, &wish, &pem, &key, &e), 0);
    assert_int_equal(pki_chain_parse(&c, (struct slice){pem.p, pem.n}, &e), 0);
    X509_NAME_get_text_by_NID(X509_get_subject_name(c.at[0].x), NID_commonName, text, 64);
    assert_int_equal(text[14], '1');
    assert_int_equal(emaid_read(text, read, &e), -1);
    EVP_PKEY_free(key);
    buf_close(&pem);
    pki_chain_close(&c);
}

/* Where the demo tree is, by the environment; "": the variable is empty, NULL: there is none */
static const struct {
    const char *pki, *data, *home, *expected;
} DEMO_PLACES[] = {
    {"/a", "/b", "/c", "/a"},
    {"", "/b", "/c", "/b/v2glab/pki"},
    {NULL, NULL, "/c", "/c/.local/share/v2glab/pki"},
    {NULL, "", "/c", "/c/.local/share/v2glab/pki"},
    {NULL, "", "", NULL},
    {NULL, NULL, "/" LONG_48 LONG_48, NULL},
};

static void set_variable(const char *name, const char *value)
{
    if (value == NULL)
        unsetenv(name);
    else
        setenv(name, value, 1);
}

static void test_demo_folder(void **state)
{
    static const char *const VARIABLES[] = {"V2GLAB_PKI", "XDG_DATA_HOME", "HOME"};
    char *before[3], found[64];
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        before[i] = getenv(VARIABLES[i]) == NULL ? NULL : strdup(getenv(VARIABLES[i]));
    for (unsigned i = 0; i < sizeof DEMO_PLACES / sizeof *DEMO_PLACES; i++) {
        struct err e = ERR_INIT;
        const char *expected = DEMO_PLACES[i].expected;
        set_variable(VARIABLES[0], DEMO_PLACES[i].pki);
        set_variable(VARIABLES[1], DEMO_PLACES[i].data);
        set_variable(VARIABLES[2], DEMO_PLACES[i].home);
        assert_int_equal(pki_tree_demo_folder(found, sizeof found, &e), expected == NULL ? -1 : 0);
        if (expected != NULL)
            assert_string_equal(found, expected);
        else
            assert_string_equal(e.what, DEMO_PLACES[i].home[0] != '\0'
                                            ? "the path in HOME is too long"
                                            : "no place for the demo certificates: neither "
                                              "V2GLAB_PKI nor XDG_DATA_HOME nor HOME is set");
        e = ERR_INIT;
        if (expected == NULL)
            assert_int_equal(pki_tree_demo(found, sizeof found, &e), -1);
    }
    for (unsigned i = 0; i < 3; i++) {
        set_variable(VARIABLES[i], before[i]);
        free(before[i]);
    }
}

/* A leaf must end at the root that its use wants, whatever roots are trusted. */
static void test_wrong_root(void **state)
{
    (void)state;
    struct pki_chain c = {0}, anchors = {0};
    struct err e = ERR_INIT;
    enum pki_fault fault;
    make_tree("", false);
    read_chain(&c, EDITION_2, "secc-leaf", ".chain.pem");
    read_chain(&anchors, EDITION_2, "mo-root", ".pem");
    struct pki_options o = options_now(&anchors);
    assert_int_equal(pki_chain_verify(&c, &o, &fault, &e), -1);
    assert_int_equal(fault, PKI_NO_ISSUER);
    /* and as a contract's chain the station's is none */
    e = ERR_INIT;
    o = options_now(NULL);
    o.role = ROLE_CONTRACT_LEAF;
    assert_int_equal(pki_chain_verify(&c, &o, &fault, &e), -1);
    pki_chain_close(&c);
    pki_chain_close(&anchors);
}

/* ---- the rules of ISO 15118-2 ---- */

enum { ROOT, SUB1, SUB2, SUB3, LEAF, PLACES };
static const char *const NAMES[PLACES] = {"Root", "Sub 1", "Sub 2", "Sub 3", "Leaf"};

/* What is made otherwise in a chain of root, two sub-CAs and leaf; "": nothing */
static const struct {
    const char *clause, *text; /* of the finding */
    enum pki_fault fault;
    const char *domain, *group; /* of the leaf */
    unsigned subs;
    bool is_ca, is_384, is_long;
} RULES_2[] = {
    {"", "", PKI_FAULTS, "CPO", "P-256", 2, false, false, false},
    {"[V2G2-006]", "signed with ecdsa-with-SHA384; expected ecdsa-with-SHA256", PKI_ALGORITHM,
     "CPO", "P-256", 2, false, true, false},
    {"[V2G2-007]", "a key of secp384r1; expected secp256r1", PKI_CURVE, "CPO", "P-384", 2, false,
     false, false},
    {"[V2G2-009]", "4 certificates below the root; expected at most 3", PKI_PATH_LENGTH, "CPO",
     "P-256", 3, false, false, false},
    {"[V2G2-010]", "octets; expected at most 800", PKI_SIZE, "CPO", "P-256", 2, false, false, true},
    {"[V2G2-867]", "basic constraints say CA true; expected false", PKI_CA, "CPO", "P-256", 2, true,
     false, false},
    {"[V2G2-867]", "issued by a root; expected a sub-CA", PKI_CA, "CPO", "P-256", 0, false, false,
     false},
    {"[V2G2-925]", "domain component OEM; expected CPO", PKI_DOMAIN, "OEM", "P-256", 2, false,
     false, false},
};

struct finding_2 {
    unsigned rule;
    bool was_found;
};

static void look_for_rule(void *context, const struct pki_finding *f)
{
    struct finding_2 *wanted = context;
    const char *clause = RULES_2[wanted->rule].clause;
    if (clause[0] == '\0') /* these certificates lack more than what is looked at here */
        for (unsigned i = 1; i < sizeof RULES_2 / sizeof *RULES_2; i++)
            assert_string_not_equal(f->clause, RULES_2[i].clause);
    else if (f->fault == RULES_2[wanted->rule].fault && strstr(f->clause, clause) != NULL)
        wanted->was_found |= f->is_error && strstr(f->text, RULES_2[wanted->rule].text) != NULL;
}

static void sign_anew(struct cert *c, const struct cert *issuer, unsigned rule)
{
    if (RULES_2[rule].is_long) {
        char words[600];
        memset(words, 'x', sizeof words - 1);
        words[sizeof words - 1] = '\0';
        X509_EXTENSION *comment = X509V3_EXT_conf_nid(NULL, NULL, NID_netscape_comment, words);
        assert_int_equal(X509_add_ext(c->x509, comment, -1), 1);
        X509_EXTENSION_free(comment);
    }
    assert_true(
        X509_sign(c->x509, issuer->key, RULES_2[rule].is_384 ? EVP_sha384() : EVP_sha256()) > 0);
}

static void add_der(struct pki_chain *c, X509 *x)
{
    uint8_t *der = NULL;
    struct err e = ERR_INIT;
    int n = i2d_X509(x, &der);
    assert_int_equal(pki_chain_add(c, (struct slice){der, (size_t)n}, &e), 0);
    OPENSSL_free(der);
}

/* [V2G2-006] [V2G2-007] [V2G2-009] [V2G2-010] [V2G2-867] [V2G2-925] */
static void test_rules_of_edition_2(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof RULES_2 / sizeof *RULES_2; i++) {
        struct cert made[PLACES] = {0};
        struct pki_chain chain = {0}, anchors = {0};
        unsigned last = RULES_2[i].subs;
        for (unsigned k = ROOT; k <= last; k++)
            cert_make(&made[k], &(struct cert_order){.name = NAMES[k],
                                                     .domain = "V2G",
                                                     .group = "P-256",
                                                     .issuer = k == ROOT ? NULL : &made[k - 1],
                                                     .is_ca = true});
        cert_make(&made[LEAF], &(struct cert_order){.name = NAMES[LEAF],
                                                    .domain = RULES_2[i].domain,
                                                    .group = RULES_2[i].group,
                                                    .issuer = &made[last],
                                                    .is_ca = RULES_2[i].is_ca});
        sign_anew(&made[LEAF], &made[last], i);
        add_der(&chain, made[LEAF].x509);
        for (unsigned k = last; k > ROOT; k--)
            add_der(&chain, made[k].x509);
        add_der(&anchors, made[ROOT].x509);
        struct pki_options o = options_now(&anchors);
        struct finding_2 wanted = {.rule = i};
        o.role = ROLE_SECC_LEAF;
        o.edition = EDITION_2;
        pki_chain_check(&chain, &o, look_for_rule, &wanted, NULL);
        if (RULES_2[i].clause[0] != '\0' && !wanted.was_found)
            fail_msg("%s: '%s' was not found", RULES_2[i].clause, RULES_2[i].text);
        pki_chain_close(&chain);
        pki_chain_close(&anchors);
        for (unsigned k = ROOT; k < PLACES; k++)
            cert_free(&made[k]);
    }
}

/* ---- hostile input ---- */

static void test_every_octet(void **state)
{
    (void)state;
    struct pki_chain good = {0}, anchors = {0};
    uint8_t *der = NULL;
    make_tree("", false);
    read_chain(&good, EDITION_2, "secc-leaf", ".chain.pem");
    read_anchors(&anchors, EDITION_2);
    struct pki_options o = options_now(&anchors);
    int n = i2d_X509(good.at[0].x, &der);
    assert_true(n > 0);
    for (int i = 0; i < 2 * n; i++) {
        struct pki_chain c = {0};
        struct err e = ERR_INIT;
        bool cut = i >= n;
        if (!cut)
            der[i] ^= (uint8_t)(1 << (i % 8));
        assert_int_equal(pki_chain_add(&c, (struct slice){der, (size_t)(cut ? i - n : n)}, &e), 0);
        for (unsigned k = 1; k < good.n; k++) {
            uint8_t *sub = NULL;
            int size = i2d_X509(good.at[k].x, &sub);
            pki_chain_add(&c, (struct slice){sub, (size_t)size}, &e);
            OPENSSL_free(sub);
        }
        if (pki_chain_check(&c, &o, NULL, NULL, NULL) == 0)
            fail_msg("octet %d: a damaged certificate was accepted", i);
        if (!cut)
            der[i] ^= (uint8_t)(1 << (i % 8));
        pki_chain_close(&c);
    }
    OPENSSL_free(der);
    pki_chain_close(&good);
    pki_chain_close(&anchors);
}

static void test_bad_files(void **state)
{
    static const char *const TEXTS[] = {
        "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n!!!\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
        "hello",
        "-----BEGIN NONSENSE-----\nAAAA\n-----END NONSENSE-----\n",
    };
    (void)state;
    for (unsigned i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct pki_chain c = {0};
        struct err e = ERR_INIT;
        struct slice text = {(const uint8_t *)TEXTS[i], strlen(TEXTS[i])};
        struct pki_options o = options_now(NULL);
        bool bad = pki_chain_parse(&c, text, &e) != 0;
        assert_true(bad || pki_chain_check(&c, &o, NULL, NULL, NULL) > 0);
        assert_true(!bad || e.set);
        pki_chain_close(&c);
    }
    struct pki_chain c = {0};
    struct err e = ERR_INIT;
    assert_int_equal(pki_chain_parse(&c, (struct slice){NULL, 0}, &e), -1);
    for (unsigned i = 0; i < PKI_CHAIN_MAX; i++)
        assert_int_equal(pki_chain_add(&c, (struct slice){(const uint8_t *)"0", 1}, &e), 0);
    assert_int_equal(pki_chain_add(&c, (struct slice){(const uint8_t *)"0", 1}, &e), -1);
    pki_chain_close(&c);
    e = ERR_INIT;
    assert_null(pki_key_read(path_of(EDITION_2, "v2g-root", ".pem"), &e));
    assert_true(e.set);
    e = ERR_INIT;
    assert_null(pki_key_read("/nonexistent/key", &e));
}

/* ---- OCSP ---- */

static void test_ocsp(void **state)
{
    (void)state;
    struct pki_chain c = {0}, contract = {0};
    struct err e = ERR_INIT;
    struct buf response = {0};
    enum ocsp_state found;
    int64_t now = (int64_t)time(NULL);
    make_tree("secc-leaf=revoked", false);
    struct ocsp *o = ocsp_open(folder, &e);
    assert_non_null(o);
    read_chain(&c, EDITION_20, "secc-leaf", ".chain.pem");
    read_chain(&contract, EDITION_20, "contract-leaf", ".chain.pem");

    assert_int_equal(ocsp_staple(o, c.at[0].x, false, now, &response, &e), 0);
    struct slice der = {response.p, response.n};
    assert_int_equal(ocsp_check(der, c.at[0].x, c.at[1].x, now, &found, &e), 0);
    assert_int_equal(found, OCSP_REVOKED);
    /* of another certificate, by another CA, at another time */
    assert_int_equal(ocsp_check(der, c.at[1].x, c.at[1].x, now, &found, &e), -1);
    e = ERR_INIT;
    assert_int_equal(ocsp_check(der, c.at[0].x, contract.at[1].x, now, &found, &e), -1);
    e = ERR_INIT;
    assert_int_equal(ocsp_check(der, c.at[0].x, c.at[1].x, now + 86400 * 7, &found, &e), -1);
    assert_non_null(strstr(e.what, "time"));
    e = ERR_INIT;
    assert_int_equal(ocsp_check(der, c.at[0].x, c.at[1].x, now - 86400, &found, &e), -1);
    assert_non_null(strstr(e.what, "time"));
    assert_int_equal(ocsp_check(der, c.at[0].x, c.at[1].x, 0, &found, &e), 0); /* any time */

    for (size_t i = 0; i < response.n; i++) {
        e = ERR_INIT;
        der.n = i;
        assert_int_equal(ocsp_check(der, c.at[0].x, c.at[1].x, now, &found, &e), -1);
        assert_true(e.set);
        der.n = response.n;
        response.p[i] ^= (uint8_t)(1 << (i % 8));
        e = ERR_INIT;
        if (ocsp_check(der, c.at[0].x, c.at[1].x, now, &found, &e) == 0)
            assert_int_equal(found, OCSP_REVOKED);
        response.p[i] ^= (uint8_t)(1 << (i % 8));
    }
    buf_clear(&response);
    e = ERR_INIT;
    assert_int_equal(ocsp_staple(o, contract.at[0].x, false, now, &response, &e), 0);
    der = (struct slice){response.p, response.n};
    assert_int_equal(ocsp_check(der, contract.at[0].x, contract.at[1].x, now, &found, &e), 0);
    assert_int_equal(found, OCSP_GOOD);
    buf_clear(&response);
    assert_int_equal(ocsp_staple(o, contract.at[0].x, true, now, &response, &e), 0);
    der = (struct slice){response.p, response.n};
    assert_int_equal(ocsp_check(der, contract.at[0].x, contract.at[1].x, now, &found, &e), 0);
    assert_int_equal(found, OCSP_REVOKED);
    buf_close(&response);
    pki_chain_close(&c);
    pki_chain_close(&contract);
    ocsp_close(o);
}

/* Requests that are none get an answer that is no state. */
static void test_ocsp_bad_requests(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    make_tree("", false);
    struct ocsp *o = ocsp_open(folder, &e);
    assert_non_null(o);
    for (unsigned i = 0; i < 300; i++) {
        uint8_t bytes[64];
        char what[160];
        struct buf out = {0};
        for (unsigned k = 0; k < sizeof bytes; k++)
            bytes[k] = (uint8_t)(k < 2 ? 0x30 : i * 7 + k * 13);
        bytes[1] = (uint8_t)(i % 64);
        ocsp_answer(o, (struct slice){bytes, i % 64}, 0, &out, what, sizeof what);
        assert_true(out.n > 0 && what[0] != '\0');
        buf_close(&out);
    }
    ocsp_close(o);
    assert_null(ocsp_open("/nonexistent", &e));
}

/* Of so many certificates, each named by its serial number under that CA. */
static void ask(struct buf *der, X509 *ca, const uint64_t *serial, unsigned n)
{
    uint8_t *p = NULL;
    OCSP_REQUEST *r = OCSP_REQUEST_new();
    for (unsigned i = 0; i < n; i++) {
        ASN1_INTEGER *number = ASN1_INTEGER_new();
        ASN1_INTEGER_set_uint64(number, serial[i]);
        OCSP_CERTID *id = OCSP_cert_id_new(EVP_sha256(), X509_get_subject_name(ca),
                                           X509_get0_pubkey_bitstr(ca), number);
        assert_non_null(OCSP_request_add0_id(r, id));
        ASN1_INTEGER_free(number);
    }
    buf_clear(der);
    int size = i2d_OCSP_REQUEST(r, &p);
    buf_add(der, p, (size_t)size);
    OPENSSL_free(p);
    OCSP_REQUEST_free(r);
}

enum { OF_TREE, OF_NOBODY };

static const struct {
    unsigned ca, n;
    uint64_t serial; /* of all of them */
    const char *said;
    int status;
} ASKED[] = {
    {OF_TREE, 1, PKI_REVOKED_SERIAL, "revoked", OCSP_RESPONSE_STATUS_SUCCESSFUL},
    {OF_TREE, 1, 7, "unknown", OCSP_RESPONSE_STATUS_SUCCESSFUL},
    {OF_TREE, 2, 7, "unknown, unknown", OCSP_RESPONSE_STATUS_SUCCESSFUL},
    {OF_TREE, 0, 0, "refused: asks for none, or for too many",
     OCSP_RESPONSE_STATUS_MALFORMEDREQUEST},
    {OF_TREE, 17, 7, "refused: asks for none, or for too many",
     OCSP_RESPONSE_STATUS_MALFORMEDREQUEST},
    {OF_NOBODY, 1, 7, "refused: of a CA that is not in the tree",
     OCSP_RESPONSE_STATUS_UNAUTHORIZED},
};

static int status_of(const struct buf *out)
{
    const uint8_t *p = out->p;
    OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &p, (long)out->n);
    int status = r == NULL ? -1 : OCSP_response_status(r);
    OCSP_RESPONSE_free(r);
    return status;
}

static void test_ocsp_requests(void **state)
{
    struct err e = ERR_INIT;
    struct pki_chain tree = {0};
    struct cert nobody = {0};
    struct buf request = {0}, out = {0};
    char what[64];
    uint64_t serial[17];
    (void)state;
    make_tree("", false);
    struct ocsp *o = ocsp_open(folder, &e);
    assert_non_null(o);
    read_chain(&tree, EDITION_2, "cpo-sub2", ".pem");
    cert_make(&nobody, &(struct cert_order){
                           .name = "Nobody", .domain = "CPO", .group = "P-256", .is_ca = true});
    for (unsigned i = 0; i < sizeof ASKED / sizeof *ASKED; i++) {
        for (unsigned k = 0; k < ASKED[i].n; k++)
            serial[k] = ASKED[i].serial;
        ask(&request, ASKED[i].ca == OF_TREE ? tree.at[0].x : nobody.x509, serial, ASKED[i].n);
        buf_clear(&out);
        ocsp_answer(o, (struct slice){request.p, request.n}, (int64_t)time(NULL), &out, what,
                    sizeof what);
        assert_string_equal(what, ASKED[i].said);
        assert_int_equal(status_of(&out), ASKED[i].status);
    }
    /* what is said of many is cut, and no more than that */
    char few[12];
    for (unsigned k = 0; k < 4; k++)
        serial[k] = 7;
    ask(&request, tree.at[0].x, serial, 4);
    buf_clear(&out);
    ocsp_answer(o, (struct slice){request.p, request.n}, (int64_t)time(NULL), &out, few,
                sizeof few);
    assert_string_equal(few, "unknown, un");
    assert_int_equal(status_of(&out), OCSP_RESPONSE_STATUS_SUCCESSFUL);
    /* a request that is too long is not read */
    buf_clear(&out);
    while (request.n <= OCSP_REQUEST_MOST)
        buf_add(&request, "", 1);
    ocsp_answer(o, (struct slice){request.p, request.n}, 0, &out, what, sizeof what);
    assert_string_equal(what, "refused: 16385 octets that are no OCSP request");
    /* without the key of the CA there is an answer, too, but no state */
    unlink(path_of(EDITION_2, "cpo-sub2", ".key"));
    ask(&request, tree.at[0].x, serial, 1);
    buf_clear(&out);
    ocsp_answer(o, (struct slice){request.p, request.n}, 0, &out, what, sizeof what);
    assert_int_equal(status_of(&out), OCSP_RESPONSE_STATUS_INTERNALERROR);
    buf_close(&request);
    buf_close(&out);
    pki_chain_close(&tree);
    cert_free(&nobody);
    ocsp_close(o);
}

static void test_ocsp_lists(void **state)
{
    static const struct {
        const char *name;
        bool is_there;
    } LISTS[] = {{"iso15118-2/cpo-sub2.crl", true},
                 {"iso15118-20/v2g-root.crl", true},
                 {"iso15118-2/secc-leaf.crl", false},
                 {"iso15118-2/nobody.crl", false},
                 {"", false}};
    struct err e = ERR_INIT;
    struct pki_chain ca = {0};
    (void)state;
    make_tree("", false);
    struct ocsp *o = ocsp_open(folder, &e);
    assert_non_null(o);
    read_chain(&ca, EDITION_2, "cpo-sub2", ".pem");
    for (unsigned i = 0; i < sizeof LISTS / sizeof *LISTS; i++) {
        struct buf der = {0};
        assert_int_equal(ocsp_list(o, LISTS[i].name, &der), LISTS[i].is_there ? 0 : -1);
        const uint8_t *p = der.p;
        X509_CRL *crl = LISTS[i].is_there ? d2i_X509_CRL(NULL, &p, (long)der.n) : NULL;
        if (i == 0)
            assert_int_equal(X509_CRL_verify(crl, X509_get0_pubkey(ca.at[0].x)), 1);
        assert_int_equal(crl != NULL, LISTS[i].is_there);
        X509_CRL_free(crl);
        buf_close(&der);
    }
    pki_chain_close(&ca);
    ocsp_close(o);
}

/* A tree lacks what another program has taken away, and says so. */
static void test_ocsp_incomplete_trees(void **state)
{
    struct err e = ERR_INIT;
    struct buf text = {0};
    (void)state;
    make_tree("", false);
    unlink(path_of(EDITION_2, "cpo-sub2", ".crl")); /* it answers without lists */
    FILE *f = fopen(path_of(EDITION_2, "revoked", ""), "w");
    assert_non_null(f);
    fputs("nobody\r\nsecc-leaf\n", f);
    fclose(f);
    struct ocsp *o = ocsp_open(folder, &e);
    assert_non_null(o);
    assert_int_equal(ocsp_list(o, "iso15118-2/cpo-sub2.crl", &text), -1);
    ocsp_close(o);
    unlink(path_of(EDITION_2, "mo-sub1", ".key"));
    assert_null(ocsp_open(folder, &e));
    assert_non_null(strstr(e.what, "mo-sub1.key is missing, the key of a CA"));
    buf_close(&text);
}

/* ---- eMAID ---- */

static void test_emaid(void **state)
{
    /* worked examples of the published description of the check digit */
    static const char *const GOOD[] = {
        "DE83DUIEN83QGZD", "DE83DUIEN83ZGQM", "NN123ABCDEFGHIT", "FRXYZ1234567892",
        "ITA1B2C3E4F5G64", "ESZU8WOX834H1DR", "PT73902837ABCZZ",
    };
    char text[16];
    (void)state;
    for (unsigned i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        struct err e = ERR_INIT;
        char wrong[16];
        assert_int_equal(emaid_check_digit(GOOD[i]), GOOD[i][14]);
        assert_int_equal(emaid_read(GOOD[i], text, &e), 0);
        assert_string_equal(text, GOOD[i]);
        strcpy(wrong, GOOD[i]);
        wrong[14] = wrong[14] == 'Q' ? 'R' : 'Q';
        assert_int_equal(emaid_read(wrong, text, &e), -1);
    }
    struct err e = ERR_INIT;
    assert_int_equal(emaid_read("de-83d-uien83qgz-d", text, &e), 0);
    assert_string_equal(text, "DE83DUIEN83QGZD");
    assert_int_equal(emaid_read("DE83DUIEN83QGZ", text, &e), 0);
    static const char *const BAD[] = {"",
                                      "DE83DUIEN83QG",
                                      "DE83DUIEN83QGZDD",
                                      "8E83DUIEN83QGZ",
                                      "DE83DUIEN83QG*",
                                      "DE--83DUIEN83QGZ",
                                      "D-E83DUIEN83QGZ",
                                      "DE83DUIEN83QGZ-"};
    for (unsigned i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        e = ERR_INIT;
        assert_int_equal(emaid_read(BAD[i], text, &e), -1);
        assert_true(e.set);
    }
}

static int open_folder(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.150s/pki.XXXXXX", base == NULL ? "/tmp" : base);
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int close_folder(void **state)
{
    static const char *const SUFFIXES[] = {".pem", ".key", ".crl", ".chain.pem"};
    (void)state;
    for (unsigned edition = 0; edition < 2; edition++) {
        for (unsigned r = 0; r < ROLES; r++)
            for (unsigned i = 0; i < 4; i++)
                unlink(path_of((enum pki_edition)edition, PKI_PROFILES[r].name, SUFFIXES[i]));
        unlink(path_of((enum pki_edition)edition, "made", ""));
        unlink(path_of((enum pki_edition)edition, "revoked", ""));
        rmdir(path_of((enum pki_edition)edition, "", ""));
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_is_good),
        cmocka_unit_test(test_every_fault),
        cmocka_unit_test(test_wrong_faults),
        cmocka_unit_test(test_wrong_wishes),
        cmocka_unit_test(test_wishes),
        cmocka_unit_test(test_wrong_digit),
        cmocka_unit_test(test_demo_folder),
        cmocka_unit_test(test_wrong_root),
        cmocka_unit_test(test_rules_of_edition_2),
        cmocka_unit_test(test_every_octet),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_ocsp),
        cmocka_unit_test(test_ocsp_bad_requests),
        cmocka_unit_test(test_ocsp_requests),
        cmocka_unit_test(test_ocsp_lists),
        cmocka_unit_test(test_ocsp_incomplete_trees),
        cmocka_unit_test(test_emaid),
    };
    return cmocka_run_group_tests_name("pki", tests, open_folder, close_folder);
}
