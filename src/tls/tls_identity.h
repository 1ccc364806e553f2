/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate chains that a side can show in TLS: read from files, and the one chosen that
 * suits what the peer has said. Private to src/tls.
 */
#ifndef V2G_TLS_TLS_IDENTITY_H
#define V2G_TLS_TLS_IDENTITY_H

#include "base/buf.h"
#include "base/err.h"
#include "tls/tls_context.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

struct tls_facts;

struct identity {
    STACK_OF(X509) * chain; /* leaf first */
    X509 *root;             /* above the chain; NULL: not known */
    uint16_t version;       /* that it is meant for; 0: any */
    X509 *
        stand_in; /* of the same key, for OpenSSL, where the leaf is none that it would sign with */
    EVP_PKEY *key;
    uint8_t *staple;
    int staple_size;
};

/* -1: e; out has to be closed then, too. */
int tls_identity_read(struct identity *out, const struct tls_identity *in, struct err *e);
void tls_identity_close(struct identity *d);

/* The one of all[0..n-1] that suits what f has of the peer; NULL: there is none at all. */
const struct identity *tls_identity_choose(const struct identity *all, unsigned n,
                                           const struct tls_facts *f, bool is_server, bool is_13);

/* The scheme that its key signs with: 0x0603; 0: none of ours, or no identity. */
uint16_t tls_identity_scheme(const struct identity *d);

/* 1: it will be shown; 0: OpenSSL refuses it. */
int tls_identity_use(SSL *ssl, const struct identity *d);

/* Once OpenSSL has decided what to do with its key: 1: the leaf itself is what the peer gets; 0:
 * OpenSSL refuses it. NULL is allowed. */
int tls_identity_show(SSL *ssl, const struct identity *d);

/* Appends all certificates of a PEM file, or the one of a DER file. may_be_broken: one whose DER
 * ends too early is taken, and will be as unparseable for the peer. */
int tls_certificates_read(const char *path, STACK_OF(X509) * list, bool may_be_broken,
                          struct err *e);

/* SHA-1 of the certificate, or (kind 1) of its key, as trusted_ca_keys has it. */
bool tls_digest(X509 *certificate, unsigned kind, uint8_t out[EVP_MAX_MD_SIZE]);

#endif
