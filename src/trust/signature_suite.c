/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/signature_suite.h"

#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>

/* ORDER SUITE */
const struct signature_suite SIGNATURE_SUITES[SUITES] = {
    {"ecdsa-sha256 with secp256r1", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
     "http://www.w3.org/2001/04/xmlenc#sha256", "SHA256", "prime256v1", "ISO15118-2", 32, 64},
    {"ecdsa-sha512 with secp521r1", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
     "http://www.w3.org/2001/04/xmlenc#sha512", "SHA512", "secp521r1", "ISO15118-20", 64, 132},
    {"Ed448", "urn:iso:std:iso:15118:-20:Security:xmldsig#Ed448",
     "urn:iso:std:iso:15118:-20:Security:xmlenc#SHAKE256", "SHAKE256", "", "ISO15118-20", 64, 114},
};

/* What OpenSSL has to say about the last call, and an empty queue. */
static int crypto_failed(struct err *e, const char *what)
{
    char text[160] = "no reason given";
    unsigned long code = ERR_get_error();
    if (code != 0)
        ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return err_set(e, "%s: %s", what, text);
}

int signature_suite_digest(const struct signature_suite *suite, const struct buf *bytes,
                           uint8_t *out, struct err *e)
{
    unsigned n = suite->digest_size;
    EVP_MD *hash = EVP_MD_fetch(NULL, suite->hash, NULL);
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool good = hash != NULL && c != NULL && EVP_DigestInit_ex2(c, hash, NULL) == 1 &&
                EVP_DigestUpdate(c, bytes->p, bytes->n) == 1;
    bool is_endless = hash != NULL && (EVP_MD_get_flags(hash) & EVP_MD_FLAG_XOF) != 0;
    good = good && (is_endless ? EVP_DigestFinalXOF(c, out, suite->digest_size)
                               : EVP_DigestFinal_ex(c, out, &n)) == 1;
    EVP_MD_CTX_free(c);
    EVP_MD_free(hash);
    return good && n == suite->digest_size ? 0 : crypto_failed(e, "the digest cannot be computed");
}

static bool is_curve(const char *group, const char *curve)
{
    static const char *const ALIAS[][2] = {{"P-256", "prime256v1"}, {"P-521", "secp521r1"}};
    for (size_t i = 0; i < sizeof ALIAS / sizeof *ALIAS; i++)
        if (strcmp(group, ALIAS[i][0]) == 0)
            group = ALIAS[i][1];
    return strcmp(group, curve) == 0;
}

const struct signature_suite *signature_suite_of(const struct evp_pkey_st *key, struct err *e)
{
    char group[64] = "";
    const char *type = EVP_PKEY_get0_type_name(key);
    if (EVP_PKEY_is_a(key, "ED448"))
        return &SIGNATURE_SUITES[SUITE_ED448];
    if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1) {
        for (unsigned i = 0; i < SUITES; i++)
            if (is_curve(group, SIGNATURE_SUITES[i].curve))
                return &SIGNATURE_SUITES[i];
    }
    ERR_clear_error();
    err_set(e,
            "a key of type %s%s%s; expected EC over secp256r1 (ISO 15118-2) or secp521r1, or "
            "Ed448 (ISO 15118-20)",
            type == NULL ? "unknown" : type, group[0] != '\0' ? " over " : "", group);
    return NULL;
}

/* r and s in a row, each as long as the curve's order, from and to the DER form of OpenSSL. */
static int64_t raw_from_der(const uint8_t *der, size_t n, uint8_t *raw, size_t size)
{
    int half = (int)(size / 2);
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    int bad = sig == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, half) != half ||
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + half, half) != half;
    ECDSA_SIG_free(sig);
    return bad ? -1 : (int64_t)size;
}

static int64_t der_from_raw(const uint8_t *raw, size_t size, uint8_t **der)
{
    int half = (int)(size / 2), n = -1;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, half, NULL), *s = BN_bin2bn(raw + half, half, NULL);
    if (sig != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s) == 1) {
        r = s = NULL; /* they are sig's now */
        n = i2d_ECDSA_SIG(sig, der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return n;
}

static const char *suite_hash(const struct signature_suite *suite)
{
    return suite->curve[0] == '\0' ? NULL : suite->hash; /* Ed448 hashes by itself */
}

int signature_suite_sign(const struct signature_suite *suite, EVP_PKEY *key,
                         const struct buf *bytes, uint8_t *raw, struct err *e)
{
    uint8_t made[SIGNATURE_VALUE_MAX + 16];
    size_t n = sizeof made;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool ok = c != NULL &&
              EVP_DigestSignInit_ex(c, NULL, suite_hash(suite), NULL, NULL, key, NULL) == 1 &&
              EVP_DigestSign(c, made, &n, bytes->p, bytes->n) == 1;
    EVP_MD_CTX_free(c);
    if (!ok)
        return crypto_failed(e, "SignedInfo cannot be signed (is it a private key?)");
    if (suite->curve[0] != '\0')
        return raw_from_der(made, n, raw, suite->value_size) < 0
                   ? crypto_failed(e, "SignedInfo cannot be signed")
                   : 0;
    if (n != suite->value_size)
        return err_set(e, "a signature of %zu octets; expected %u", n, suite->value_size);
    memcpy(raw, made, n);
    return 0;
}

int signature_suite_verify(const struct signature_suite *suite, EVP_PKEY *key,
                           const struct buf *bytes, const uint8_t *raw, struct err *e)
{
    uint8_t *der = NULL;
    const uint8_t *value = raw;
    int64_t n = suite->value_size;
    if (suite->curve[0] != '\0') {
        n = der_from_raw(raw, suite->value_size, &der);
        if (n < 0)
            return crypto_failed(e, "the signature cannot be checked");
        value = der;
    }
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    int result = -1;
    if (c != NULL &&
        EVP_DigestVerifyInit_ex(c, NULL, suite_hash(suite), NULL, NULL, key, NULL) == 1)
        result = EVP_DigestVerify(c, value, (size_t)n, bytes->p, bytes->n) == 1;
    EVP_MD_CTX_free(c);
    OPENSSL_free(der);
    if (result < 0)
        return crypto_failed(e, "the signature cannot be checked");
    ERR_clear_error();
    return result;
}

bool signature_suite_fits(const struct signature_suite *suite, const struct message *m)
{
    bool is_20 = strcmp(m->schema->protocol, "ISO15118-20") == 0;
    return is_20 == (strcmp(suite->protocol, "ISO15118-20") == 0);
}
