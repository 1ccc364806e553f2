/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory runs out in certificates, signatures and keys, at every allocation, of OpenSSL's too, and
 * every call of OpenSSL and of the system is refused: what is asked for is done, or refused with an
 * error; nothing wrong is taken for right, and nothing is left over.
 */
#include "calls_crypto.h"
#include "calls_system.h"
#include "memory.h"
#include "support.h"

#include "certs.h"
#include "codec/defaults.h"
#include "trust/describe.h"
#include "trust/keywrap.h"
#include "trust/ocsp.h"
#include "trust/ocsp_kept.h"
#include "trust/pki.h"
#include "trust/pki_tree.h"
#include "trust/signature.h"
#include "trust/signature_make.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MEMORY (1u << 20)
#define MOST 60 /* allocations of one way that fail */

static char folder[64];

/* Memory, and calls; how many have failed. */
static unsigned fail_each(const char *name, unsigned most, memory_run *run, void *context)
{
    unsigned refused = calls_refuse_each(name, EIO, run, context);
    assert_true(refused > 0);
    return refused + memory_fail_each(name, most, run, context);
}

static const char *in_tree(char *path, enum pki_edition edition, const char *role,
                           const char *suffix)
{
    return pki_tree_path(path, folder, edition, role, suffix);
}

static int make_tree(void **state)
{
    struct pki_tree t;
    struct err e = ERR_INIT;
    (void)state;
    certs_folder(folder);
    pki_tree_open(&t, folder);
    if (pki_tree_make(&t, &e) != 0)
        fail_msg("%s", e.what);
    return 0;
}

static int drop_tree(void **state)
{
    certs_remove(folder);
    return support_close(state);
}

/* ---- certificates ---- */

/* A memory_run: the chain of a contract, up to its root. */
static int verify_chain(void *context, struct err *e)
{
    char path[PKI_PATH_MAX];
    struct pki_chain c = {0}, anchors = {0};
    enum pki_fault fault;
    (void)context;
    struct pki_options o = {.role = ROLE_UNKNOWN, .edition = -1, .anchors = &anchors};
    o.now = (int64_t)time(NULL);
    int bad = pki_chain_read(&c, in_tree(path, EDITION_2, "secc-leaf", ".chain.pem"), e);
    if (bad == 0)
        bad = pki_chain_read(&anchors, in_tree(path, EDITION_2, "v2g-root", ".pem"), e);
    if (bad == 0)
        bad = pki_chain_read(&anchors, in_tree(path, EDITION_2, "cpo-sub1", ".crl"), e);
    if (bad == 0)
        bad = pki_chain_verify(&c, &o, &fault, e);
    pki_chain_close(&c);
    pki_chain_close(&anchors);
    ERR_clear_error();
    return bad;
}

/* A memory_run: a chain that has to be refused is not taken, whatever fails. */
static int refuse_chain(void *context, struct err *e)
{
    char path[PKI_PATH_MAX];
    struct pki_chain c = {0}, anchors = {0};
    enum pki_fault fault = PKI_EXPIRED;
    struct err why = ERR_INIT;
    (void)context;
    struct pki_options o = {.role = ROLE_UNKNOWN, .edition = -1, .anchors = &anchors};
    o.now = (int64_t)time(NULL);
    int bad = pki_chain_read(&c, in_tree(path, EDITION_2, "secc-leaf", ".chain.pem"), e);
    if (bad == 0)
        bad = pki_chain_read(&anchors, in_tree(path, EDITION_2, "mo-root", ".pem"), e);
    if (bad == 0 && pki_chain_verify(&c, &o, &fault, &why) == 0)
        fail_msg("a chain of another root is taken");
    pki_chain_close(&c);
    pki_chain_close(&anchors);
    ERR_clear_error();
    return bad;
}

/* A memory_run: what a report shows of a certificate. */
static int describe(void *context, struct err *e)
{
    struct slice *der = context;
    struct buf out = {0};
    describe_certificate(*der, &out);
    int bad = out.failed ? err_set(e, "no memory") : 0;
    buf_close(&out);
    ERR_clear_error();
    return bad;
}

/* A memory_run: a chain of a new leaf and its key. */
static int issue(void *context, struct err *e)
{
    const struct pki_wish *w = context;
    struct pki_tree t;
    struct buf chain = {0};
    EVP_PKEY *key = NULL;
    pki_tree_open(&t, folder);
    int bad = pki_tree_issue(&t, w, &chain, &key, e);
    assert_true(bad != 0 || (key != NULL && chain.n > 0));
    EVP_PKEY_free(key);
    buf_close(&chain);
    ERR_clear_error();
    return bad;
}

/* A memory_run: a whole tree, with what a user may wish for. */
static int make_small_tree(void *context, struct err *e)
{
    const struct pki_tree *t = context;
    struct pki_chain c = {.n = 0};
    char path[PKI_PATH_MAX];
    int bad = pki_tree_make(t, e);
    calls_calm();
    memory_calm();
    ERR_clear_error();
    if (bad != 0)
        return bad;
    assert_true(pki_tree_has(t->folder, EDITION_20));
    pki_tree_path(path, t->folder, EDITION_20, "contract-leaf-2", ".chain.pem");
    assert_int_equal(pki_chain_read(&c, path, e), 0);
    assert_int_equal(c.n, 3);
    pki_chain_close(&c);
    return 0;
}

static void test_trees(void **state)
{
    static const char *const CONTRACTS[] = {"DEABCC00000002"};
    char own[64];
    struct err e = ERR_INIT;
    struct pki_tree t;
    (void)state;
    certs_folder(own);
    pki_tree_open(&t, own);
    t.replaces = true;
    t.contract[0] = CONTRACTS[0];
    t.contracts = 1;
    t.is_ed448 = true;
    t.edition[EDITION_2] = false;
    assert_int_equal(pki_tree_add_fault(&t, "secc-leaf=revoked", &e), 0);
    assert_int_equal(pki_tree_add_fault(&t, "cps-leaf=path-length-exceeded", &e), 0);
    assert_true(fail_each("tree", 10, make_small_tree, &t) > 100);
    calls_refuse_next("write", EINTR); /* it goes on */
    assert_int_equal(make_small_tree(&t, &e), 0);
    certs_remove(own);
}

/* What the system says no to while the demo tree is looked for, and what is told of it. */
static const struct {
    const char *call;
    int error;
    const char *text;
} REFUSED_DEMOS[] = {
    {"mkdir", EACCES, "folder %s cannot be made: Permission denied"},
    {"open", EMFILE, "%s/.lock cannot be locked: Too many open files"},
    {"flock", ENOLCK, "%s/.lock cannot be locked: No locks available"},
    {"rename", EXDEV,
     "%s/iso15118-2, of an older version, cannot be renamed to %s/iso15118-2.old: Invalid "
     "cross-device link"},
};

static void test_demo_tree(void **state)
{
    char data[64], demo[128], found[PKI_PATH_MAX], path[PKI_PATH_MAX], text[512];
    char *before = getenv("V2GLAB_PKI") == NULL ? NULL : strdup(getenv("V2GLAB_PKI"));
    struct err e = ERR_INIT;
    (void)state;
    certs_folder(data);
    unsetenv("V2GLAB_PKI");
    setenv("XDG_DATA_HOME", data, 1);
    snprintf(demo, sizeof demo, "%s/v2glab/pki", data);
    assert_int_equal(pki_tree_demo(found, sizeof found, &e), 0);
    assert_string_equal(found, demo);
    unlink(pki_tree_path(path, demo, EDITION_2, "made", "")); /* as an older version had it */
    assert_true(pki_tree_is_old(demo, EDITION_2));
    for (unsigned i = 0; i < sizeof REFUSED_DEMOS / sizeof *REFUSED_DEMOS; i++) {
        struct err why = ERR_INIT;
        const char *place = strcmp(REFUSED_DEMOS[i].call, "mkdir") == 0 ? "/tmp" : demo;
        snprintf(text, sizeof text, REFUSED_DEMOS[i].text, place, demo);
        calls_refuse_next(REFUSED_DEMOS[i].call, REFUSED_DEMOS[i].error);
        assert_int_equal(pki_tree_demo(found, sizeof found, &why), -1);
        assert_true(calls_calm());
        assert_string_equal(why.what, text);
    }
    assert_int_equal(pki_tree_demo(found, sizeof found, &e), 0);
    assert_false(pki_tree_is_old(demo, EDITION_2));
    snprintf(path, sizeof path, "%s/iso15118-2.old/secc-leaf.pem", demo);
    assert_int_equal(access(path, R_OK), 0);
    unsetenv("XDG_DATA_HOME");
    if (before != NULL)
        setenv("V2GLAB_PKI", before, 1);
    free(before);
    certs_remove(data);
}

static void test_certificates(void **state)
{
    struct pki_wish leaf = {.edition = EDITION_20, .role = ROLE_SECC_LEAF};
    struct pki_wish foreign = {
        .edition = EDITION_2, .role = ROLE_CONTRACT_LEAF, .is_foreign = true, .has_root = true};
    unsigned failed = 0;
    uint8_t *octets = NULL;
    struct pki_chain c = {0};
    struct err e = ERR_INIT;
    char path[PKI_PATH_MAX];
    (void)state;
    assert_int_equal(pki_chain_read(&c, in_tree(path, EDITION_20, "secc-leaf", ".chain.pem"), &e),
                     0);
    struct slice der = {NULL, (size_t)i2d_X509(c.at[0].x, &octets)};
    der.p = octets;
    failed += fail_each("verify", MOST, verify_chain, NULL);
    failed += fail_each("refuse", MOST, refuse_chain, NULL);
    failed += fail_each("describe", MOST, describe, &der);
    failed += fail_each("issue", MOST, issue, &leaf);
    failed += fail_each("issue a foreign one", MOST, issue, &foreign);
    assert_true(failed > 4 * 40 || !COUNTS_MEMORY);
    OPENSSL_free(octets);
    pki_chain_close(&c);
}

/* ---- OCSP ---- */

/* A memory_run: a response is made, kept, described and checked. */
static int respond(void *context, struct err *e)
{
    char path[PKI_PATH_MAX];
    struct pki_chain c = {0};
    struct buf out = {0}, text = {0};
    enum ocsp_state state = OCSP_UNKNOWN;
    int64_t now = (int64_t)time(NULL);
    bool is_revoked = *(const bool *)context;
    struct ocsp *o = ocsp_open(folder, e);
    int bad =
        o == NULL ? -1 : pki_chain_read(&c, in_tree(path, EDITION_2, "secc-leaf", ".chain.pem"), e);
    if (bad == 0 && (c.at[0].x == NULL || c.at[1].x == NULL))
        bad = err_set(e, "%s%s", c.at[0].problem, c.at[1].problem);
    if (bad == 0)
        bad = ocsp_staple(o, c.at[0].x, is_revoked, now, &out, e);
    if (bad == 0) {
        describe_ocsp((struct slice){out.p, out.n}, &text);
        bad = text.failed ? err_set(e, "no memory") : 0;
    }
    if (bad == 0)
        bad = ocsp_check((struct slice){out.p, out.n}, c.at[0].x, c.at[1].x, now, &state, e);
    if (bad == 0)
        assert_int_equal(state, is_revoked ? OCSP_REVOKED : OCSP_GOOD);
    pki_chain_close(&c);
    ocsp_close(o);
    buf_close(&out);
    buf_close(&text);
    ERR_clear_error();
    return bad;
}

static void test_ocsp(void **state)
{
    bool is_revoked[] = {false, true};
    unsigned failed = 0;
    (void)state;
    for (unsigned i = 0; i < 2; i++)
        failed += memory_fail_each("OCSP", MOST, respond, &is_revoked[i]);
    failed += calls_refuse_each("OCSP", EIO, respond, &is_revoked[1]);
    assert_true(failed > 40 || !COUNTS_MEMORY);
}

/* A memory_run: a response is made and kept, then read; what stays there is never an empty one. */
static int keep_response(void *context, struct err *e)
{
    char kept[PKI_PATH_MAX], leaf[PKI_PATH_MAX];
    struct buf out = {0};
    struct stat s;
    (void)context;
    in_tree(leaf, EDITION_2, "secc-leaf", ".chain.pem");
    unlink(in_tree(kept, EDITION_2, "secc-leaf", ".ocsp"));
    int64_t now = (int64_t)time(NULL);
    int bad = ocsp_kept(folder, leaf, kept, false, now, &out, e);
    buf_close(&out);
    if (bad == 0)
        bad = ocsp_kept(folder, leaf, kept, false, now, &out, e);
    memory_calm();
    if (bad == 0)
        assert_true(out.n > 0);
    if (stat(kept, &s) == 0 && s.st_size == 0)
        fail_msg("an empty response is kept");
    buf_close(&out);
    ERR_clear_error();
    return bad;
}

static void test_response_kept_without_memory(void **state)
{
    (void)state;
    unsigned failed = fail_each("kept OCSP", 0, keep_response, NULL);
    assert_true(failed > 20 || !COUNTS_MEMORY);
}

/* ---- keys ---- */

/* A memory_run: a key is wrapped for another one, and unwrapped. */
static int wrap(void *context, struct err *e)
{
    char path[PKI_PATH_MAX];
    enum pki_edition edition = *(const enum pki_edition *)context;
    struct keywrap w;
    EVP_PKEY *back = NULL;
    struct slice aad = {(const uint8_t *)"aad", edition == EDITION_20 ? 3 : 0};
    EVP_PKEY *to = pki_key_read(in_tree(path, edition, "oem-leaf", ".key"), e);
    EVP_PKEY *key =
        to == NULL ? NULL : pki_key_read(in_tree(path, edition, "contract-leaf", ".key"), e);
    int bad = key == NULL ? -1 : keywrap_seal(to, key, aad, &w, e);
    if (bad == 0)
        back = keywrap_open(to, (struct slice){w.public_key, w.form->public_size},
                            (struct slice){w.wrapped, w.form->wrapped}, aad, key, e);
    if (bad == 0 && back == NULL)
        bad = -1;
    memory_calm();
    if (bad == 0)
        assert_int_equal(EVP_PKEY_eq(back, key), 1);
    EVP_PKEY_free(back);
    EVP_PKEY_free(key);
    EVP_PKEY_free(to);
    ERR_clear_error();
    return bad;
}

/* A memory_run: likewise with keys that stand in no file. */
struct wrapped_pair {
    EVP_PKEY *to, *key;
};

static int wrap_pair(void *context, struct err *e)
{
    const struct wrapped_pair *p = context;
    struct keywrap w;
    struct slice aad = {(const uint8_t *)"aad", 3};
    EVP_PKEY *back = NULL;
    int bad = keywrap_seal(p->to, p->key, aad, &w, e);
    if (bad == 0)
        back = keywrap_open(p->to, (struct slice){w.public_key, w.form->public_size},
                            (struct slice){w.wrapped, w.form->wrapped}, aad, p->key, e);
    if (bad == 0 && back == NULL)
        bad = -1;
    memory_calm();
    calls_calm();
    if (bad == 0)
        assert_int_equal(EVP_PKEY_eq(back, p->key), 1);
    EVP_PKEY_free(back);
    ERR_clear_error();
    return bad;
}

static EVP_PKEY *raw_key(const char *type, uint8_t octet, size_t n)
{
    uint8_t seed[57] = {0};
    memset(seed, octet, 56);
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, type, NULL, seed, n);
    assert_non_null(key);
    return key;
}

static void test_keys_of_edwards_and_montgomery(void **state)
{
    struct wrapped_pair pairs[] = {
        {raw_key("ED448", 1, 57), raw_key("ED448", 2, 57)},
        {raw_key("X448", 3, 56), raw_key("X448", 4, 56)},
    };
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        assert_true(fail_each("wrap", MOST, wrap_pair, &pairs[i]) > 15);
        EVP_PKEY_free(pairs[i].to);
        EVP_PKEY_free(pairs[i].key);
    }
}

static void test_keys(void **state)
{
    enum pki_edition edition[] = {EDITION_2, EDITION_20};
    unsigned failed = 0;
    (void)state;
    for (unsigned i = 0; i < 2; i++)
        failed += fail_each("wrap", MOST, wrap, &edition[i]);
    assert_true(failed > 40 || !COUNTS_MEMORY);
}

/* ---- signatures ---- */

struct order {
    const char *set, *message;
    EVP_PKEY *key, *other;
    size_t limit;  /* of the arena */
    bool is_wrong; /* the value is that of another key */
};

/* A memory_run: a message is signed, and the signature is found valid, or that of another key. */
static int sign(void *context, struct err *e)
{
    const struct order *o = context;
    const struct schema *xmldsig = support_schema("xmldsig");
    struct arena a;
    struct message m;
    struct signature_report r;
    arena_open(&a, NULL, 0, o->limit);
    int bad = message_new(support_schema(o->set), o->message, &a, &m, e);
    if (bad == 0)
        bad = node_complete(&a, m.v.n, e);
    if (bad == 0)
        bad = signature_make(&m, NULL, o->is_wrong ? o->other : o->key, xmldsig, &a, e);
    if (bad == 0) {
        struct err why = ERR_INIT;
        bad = signature_verify(&m, o->key, xmldsig, &a, &r, &why);
        assert_int_equal(why.set, bad != 0);
        if (o->is_wrong && bad == 0)
            fail_msg("a wrong signature is valid");
        if (o->is_wrong)
            bad = 0;
        else if (bad != 0)
            *e = why;
    }
    arena_close(&a);
    ERR_clear_error();
    return bad;
}

static void test_signatures(void **state)
{
    EVP_PKEY *p256[] = {EVP_EC_gen("P-256"), EVP_EC_gen("P-256")};
    EVP_PKEY *p521[] = {EVP_EC_gen("P-521"), EVP_EC_gen("P-521")};
    struct order orders[] = {
        {"iso15118-2", "CertificateInstallationReq", p256[0], p256[1], MEMORY, false},
        {"iso15118-2", "CertificateInstallationRes", p256[0], p256[1], MEMORY, true},
        {"iso15118-2", "CertificateInstallationRes", p256[0], p256[1], MEMORY, false},
        {"iso15118-20-common", "CertificateInstallationRes", p521[0], p521[1], MEMORY, false},
    };
    unsigned failed = 0, refused = 0;
    (void)state;
    for (unsigned i = 0; i < sizeof orders / sizeof *orders; i++) {
        failed += fail_each(orders[i].message, MOST, sign, &orders[i]);
        for (orders[i].limit = 0;; orders[i].limit += 64, refused++) {
            struct err e = ERR_INIT;
            if (sign(&orders[i], &e) == 0 && !orders[i].is_wrong)
                break;
            if (orders[i].is_wrong && orders[i].limit > 16384)
                break;
            assert_true(e.what[0] != '\0' || orders[i].is_wrong);
        }
    }
    assert_true(refused > 20 && (failed > 80 || !COUNTS_MEMORY));
    for (unsigned i = 0; i < 2; i++) {
        EVP_PKEY_free(p256[i]);
        EVP_PKEY_free(p521[i]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_demo_tree),
        cmocka_unit_test(test_trees),
        cmocka_unit_test(test_ocsp),
        cmocka_unit_test(test_response_kept_without_memory),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_keys_of_edwards_and_montgomery),
        cmocka_unit_test(test_signatures),
    };
    return cmocka_run_group_tests(tests, make_tree, drop_tree);
}
