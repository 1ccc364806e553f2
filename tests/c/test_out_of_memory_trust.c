/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory runs out in certificates, signatures and keys, at every allocation, of OpenSSL's too: what
 * is asked for is done, or refused with an error; nothing wrong is taken for right, and nothing is
 * left over.
 */
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

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MEMORY (1u << 20)
#define MOST 60 /* allocations of one way that fail */

static char folder[64];

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
    failed += memory_fail_each("verify", MOST, verify_chain, NULL);
    failed += memory_fail_each("refuse", MOST, refuse_chain, NULL);
    failed += memory_fail_each("describe", MOST, describe, &der);
    failed += memory_fail_each("issue", MOST, issue, &leaf);
    failed += memory_fail_each("issue a foreign one", MOST, issue, &foreign);
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
    unsigned failed = memory_fail_each("kept OCSP", 0, keep_response, NULL);
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

static void test_keys(void **state)
{
    enum pki_edition edition[] = {EDITION_2, EDITION_20};
    unsigned failed = 0;
    (void)state;
    for (unsigned i = 0; i < 2; i++)
        failed += memory_fail_each("wrap", MOST, wrap, &edition[i]);
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
        failed += memory_fail_each(orders[i].message, MOST, sign, &orders[i]);
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
        cmocka_unit_test(test_ocsp),
        cmocka_unit_test(test_response_kept_without_memory),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_signatures),
    };
    return cmocka_run_group_tests(tests, make_tree, drop_tree);
}
