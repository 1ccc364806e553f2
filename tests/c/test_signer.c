/* SPDX-License-Identifier: Apache-2.0 */
/* Whose certificate a session has shown for the signature of a message. */
#include "codec/defaults.h"
#include "support.h"

#include "codec/value.h"
#include "trust/signer.h"

#include <openssl/ec.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* A message with what it needs to be noted or asked for. */
struct bench {
    struct arena arena;
    struct message m;
    struct err e;
};

static struct node *bench_new(struct bench *b, const char *set, const char *message)
{
    arena_open(&b->arena, NULL, 0, 1 << 20);
    b->e = ERR_INIT;
    if (message_new(support_schema(set), message, &b->arena, &b->m, &b->e) != 0)
        fail_msg("%s: %s", message, b->e.what);
    return message_named(&b->m).node;
}

/* The child of that name, made where it is not there. */
static struct node *child(struct bench *b, struct node *n, const char *name)
{
    int slot = type_slot_of(n->type, name);
    assert_true(slot >= 0);
    if (!node_has(n, (unsigned)slot))
        assert_int_equal(node_set_default(&b->arena, n, (unsigned)slot, &b->e), 0);
    return n->v[slot].n;
}

static X509 *certificate(EVP_PKEY *key, const char *name, const char *issuer, EVP_PKEY *by)
{
    X509 *x = X509_new();
    const unsigned char *subject = (const unsigned char *)name;
    X509_set_version(x, X509_VERSION_3);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8, subject, -1, -1, 0);
    X509_NAME_add_entry_by_txt(X509_get_issuer_name(x), "CN", MBSTRING_UTF8,
                               (const unsigned char *)issuer, -1, -1, 0);
    X509_set_pubkey(x, key);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    assert_true(X509_sign(x, by, EVP_sha256()) > 0);
    return x;
}

static struct bytes *der_of(struct bench *b, X509 *x)
{
    unsigned char *der = NULL;
    int n = i2d_X509(x, &der);
    assert_true(n > 0);
    struct bytes *bytes = bytes_new(&b->arena, der, (size_t)n);
    OPENSSL_free(der);
    return bytes;
}

static void set_bytes(struct node *n, const char *name, struct bytes *bytes)
{
    int slot = type_slot_of(n->type, name);
    assert_true(slot >= 0);
    node_set(n, (unsigned)slot, (union value){.b = bytes});
}

/* Shows a contract, and where there is one the certificate above it. */
static void show(struct signers *s, X509 *leaf, X509 *above)
{
    struct bench b;
    struct node *n = bench_new(&b, "iso15118-2", "PaymentDetailsReq");
    struct node *chain = child(&b, n, "ContractSignatureCertChain");
    set_bytes(chain, "Certificate",
              leaf != NULL ? der_of(&b, leaf) : bytes_new(&b.arena, "nothing", 7));
    if (above != NULL) {
        struct node *subs = child(&b, chain, "SubCertificates");
        unsigned slot = (unsigned)type_slot_of(subs->type, "Certificate");
        node_remove(subs, slot);
        node_add(&b.arena, subs, slot, (union value){.b = der_of(&b, leaf)});
        node_add(&b.arena, subs, slot, (union value){.b = der_of(&b, above)});
    }
    signers_note(s, &b.m);
    arena_close(&b.arena);
}

/* Sets up a session: a new one, or the old one again. */
static void set_up(struct signers *s, const char *code)
{
    struct bench b;
    struct node *n = bench_new(&b, "iso15118-2", "SessionSetupRes");
    assert_int_equal(node_set_text(&b.arena, n, "ResponseCode", code, &b.e), 0);
    signers_note(s, &b.m);
    arena_close(&b.arena);
}

static char why[400]; /* it cannot be told whose key that is */

/* Whose key signs that message; NULL: why. */
static EVP_PKEY *key_of(const struct signers *s, const char *message)
{
    struct bench b;
    bench_new(&b, "iso15118-2", message);
    X509 *x = signers_find(s, &b.m, &b.e);
    snprintf(why, sizeof why, "%s", b.e.what);
    assert_int_equal(x == NULL, b.e.set);
    arena_close(&b.arena);
    return x == NULL ? NULL : X509_get0_pubkey(x);
}

static void test_shown(void **state)
{
    (void)state;
    struct signers s = {0};
    EVP_PKEY *key = EVP_EC_gen("prime256v1"), *above = EVP_EC_gen("prime256v1");
    X509 *leaf = certificate(key, "contract", "operator", above);
    X509 *issuer = certificate(above, "operator", "operator", above);

    assert_null(key_of(&s, "AuthorizationReq"));
    assert_non_null(strstr(why, "has not shown the contract certificate"));

    show(&s, leaf, NULL);
    assert_int_equal(EVP_PKEY_eq(key_of(&s, "AuthorizationReq"), key), 1);
    assert_int_equal(EVP_PKEY_eq(key_of(&s, "MeteringReceiptReq"), key), 1);
    assert_null(key_of(&s, "ChargeParameterDiscoveryRes"));
    assert_non_null(strstr(why, "has not shown the MO sub-CA 2"));
    assert_null(key_of(&s, "CertificateInstallationReq"));
    assert_null(key_of(&s, "SessionStopReq"));
    assert_non_null(strstr(why, "nobody"));

    show(&s, leaf, issuer);
    assert_int_equal(EVP_PKEY_eq(key_of(&s, "ChargeParameterDiscoveryRes"), above), 1);

    show(&s, NULL, NULL); /* one that is none takes the place of that before */
    assert_null(key_of(&s, "AuthorizationReq"));
    assert_non_null(strstr(why, "cannot be read"));

    show(&s, issuer, NULL);
    set_up(&s, "OK_OldSessionJoined");
    assert_int_equal(EVP_PKEY_eq(key_of(&s, "AuthorizationReq"), above), 1);
    set_up(&s, "OK_NewSessionEstablished");
    assert_null(key_of(&s, "AuthorizationReq"));

    signers_forget(&s);
    X509_free(leaf);
    X509_free(issuer);
    EVP_PKEY_free(key);
    EVP_PKEY_free(above);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(test_shown),
    };
    return cmocka_run_group_tests_name("signer", TESTS, NULL, NULL);
}
