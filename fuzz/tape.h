/* SPDX-License-Identifier: Apache-2.0 */
/* A TLS connection in memory, as seeds: what both sides wrote, piece by piece, and its key log. */
#ifndef V2G_FUZZ_TAPE_H
#define V2G_FUZZ_TAPE_H

#include "fuzz.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#define FUZZ_PIECES 32

struct fuzz_tape {
    struct buf bytes, keys;
    struct {
        bool from_client;
        size_t at, n;
    } piece[FUZZ_PIECES];
    unsigned pieces;
};

static struct fuzz_tape *fuzz_taping;

static inline void fuzz_keep_key(const SSL *ssl, const char *line)
{
    (void)ssl;
    buf_printf(&fuzz_taping->keys, "%s\n", line);
}

/* Moves what one end wrote to the other. */
static inline bool fuzz_move(SSL *from, SSL *to, bool from_client)
{
    struct fuzz_tape *t = fuzz_taping;
    char *p = NULL;
    long n = BIO_get_mem_data(SSL_get_wbio(from), &p);
    if (n <= 0 || t->pieces == FUZZ_PIECES)
        return false;
    t->piece[t->pieces].from_client = from_client;
    t->piece[t->pieces].at = t->bytes.n;
    t->piece[t->pieces++].n = (size_t)n;
    buf_add(&t->bytes, p, (size_t)n);
    BIO_write(SSL_get_rbio(to), p, (int)n);
    (void)BIO_reset(SSL_get_wbio(from));
    return true;
}

/* A certificate that has signed itself, for the server. */
static inline void fuzz_identify(SSL_CTX *server)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const uint8_t *)"SECC", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_set_pubkey(x, key);
    if (X509_sign(x, key, EVP_sha256()) == 0 || SSL_CTX_use_certificate(server, x) != 1 ||
        SSL_CTX_use_PrivateKey(server, key) != 1)
        abort();
    X509_free(x);
    EVP_PKEY_free(key);
}

/* Handshake, a word in each direction, and close_notify. */
static inline void fuzz_tape_make(struct fuzz_tape *t, int version)
{
    SSL_CTX *context[2] = {SSL_CTX_new(TLS_server_method()), SSL_CTX_new(TLS_client_method())};
    SSL *end[2];
    char heard[16];
    fuzz_taping = t;
    for (unsigned i = 0; i < 2; i++) {
        SSL_CTX_set_min_proto_version(context[i], version);
        SSL_CTX_set_max_proto_version(context[i], version);
        if (i == 0)
            fuzz_identify(context[0]);
        else
            SSL_CTX_set_keylog_callback(context[1], fuzz_keep_key);
        end[i] = SSL_new(context[i]);
        SSL_set_bio(end[i], BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    }
    SSL_set_accept_state(end[0]);
    SSL_set_connect_state(end[1]);
    SSL_set_tlsext_host_name(end[1], "secc");
    for (bool moved = true; moved;) {
        SSL_do_handshake(end[1]);
        moved = fuzz_move(end[1], end[0], true);
        SSL_do_handshake(end[0]);
        moved |= fuzz_move(end[0], end[1], false);
    }
    for (unsigned i = 2; i-- > 0;) {
        SSL_write(end[i], "word", 4);
        fuzz_move(end[i], end[1 - i], i == 1);
        SSL_read(end[1 - i], heard, sizeof heard);
    }
    SSL_shutdown(end[1]);
    fuzz_move(end[1], end[0], true);
    for (unsigned i = 0; i < 2; i++) {
        SSL_free(end[i]);
        SSL_CTX_free(context[i]);
    }
}

static inline void fuzz_tape_free(struct fuzz_tape *t)
{
    buf_close(&t->bytes);
    buf_close(&t->keys);
}

#endif
