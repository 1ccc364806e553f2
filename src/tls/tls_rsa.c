/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/tls_rsa.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#define MODULUS_MOST 2048 /* octets */

/* Those of which tls_decrypt.c knows how they encrypt. */
static const uint16_t SUITES[] = {0x002F, 0x0035, 0x003C, 0x003D, 0x009C, 0x009D};

bool tls_rsa_suite(uint16_t suite)
{
    for (size_t i = 0; i < sizeof SUITES / sizeof *SUITES; i++)
        if (SUITES[i] == suite)
            return true;
    return false;
}

int tls_rsa_read(struct tls_secrets *s, const char *path, struct err *e)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return err_set(e, "the key %s cannot be opened: %s", path, strerror(errno));
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, (void *)(uintptr_t) "");
    fclose(file);
    ERR_clear_error();
    if (key == NULL)
        return err_set(e, "%s has no private key; expected PEM, not encrypted", path);
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_get_size(key) > MODULUS_MOST) {
        EVP_PKEY_free(key);
        return err_set(e,
                       "%s is no RSA key; with others the key of the station but signs, and opens "
                       "nothing; use --keylog with the secrets of the connection",
                       path);
    }
    EVP_PKEY_free(s->key);
    s->key = key;
    return 0;
}

/* The 48 octets that the client chose (RFC 5246, 7.4.7.1). */
static bool open_premaster(EVP_PKEY *key, struct slice exchange, uint8_t out[TLS_MASTER])
{
    uint8_t opened[MODULUS_MOST];
    size_t n = sizeof opened;
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
    if (exchange.n < 2 || ((size_t)exchange.p[0] << 8 | exchange.p[1]) != exchange.n - 2)
        exchange.n = 2;
    bool good = c != NULL && exchange.n > 2 && EVP_PKEY_decrypt_init(c) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PADDING) == 1 &&
                EVP_PKEY_decrypt(c, opened, &n, exchange.p + 2, exchange.n - 2) == 1 &&
                n == TLS_MASTER;
    if (good)
        memcpy(out, opened, TLS_MASTER);
    OPENSSL_cleanse(opened, sizeof opened);
    EVP_PKEY_CTX_free(c);
    ERR_clear_error();
    return good;
}

static bool expand(const char *hash, const uint8_t premaster[TLS_MASTER], const char *label,
                   struct slice seed, uint8_t out[TLS_MASTER])
{
    struct buf all = {0};
    buf_text(&all, label);
    buf_add(&all, seed.p, seed.n);
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
    EVP_KDF_CTX *c = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    OSSL_PARAM p[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)hash, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, (void *)(uintptr_t)premaster,
                                          TLS_MASTER),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, all.p, all.n),
        OSSL_PARAM_construct_end(),
    };
    bool good = !all.failed && c != NULL && EVP_KDF_derive(c, out, TLS_MASTER, p) == 1;
    EVP_KDF_CTX_free(c);
    EVP_KDF_free(kdf);
    buf_close(&all);
    return good;
}

int tls_rsa_master(const struct tls_secrets *s, const char *hash, struct slice exchange,
                   struct slice seed, bool is_extended, uint8_t master[TLS_MASTER])
{
    uint8_t premaster[TLS_MASTER];
    bool good = s->key != NULL && open_premaster(s->key, exchange, premaster) &&
                expand(hash, premaster, is_extended ? "extended master secret" : "master secret",
                       seed, master);
    OPENSSL_cleanse(premaster, sizeof premaster);
    return good ? 0 : -1;
}
