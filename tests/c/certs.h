/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates for tests of TLS, made on the spot in a folder under /tmp: root, sub-CA and leaf of
 * a station and of a vehicle, good and faulty.
 */
#ifndef V2G_TESTS_CERTS_H
#define V2G_TESTS_CERTS_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

/* A key with its certificate. */
struct cert {
    EVP_PKEY *key;
    X509 *x509;
};

struct cert_order {
    const char *name, *domain; /* CN, DC (NULL: none) */
    const char *group;         /* "P-256", "P-521", "ED448", "RSA" */
    const struct cert *issuer; /* NULL: signs itself */
    long from, to;             /* seconds from now; both 0: a day before and after */
    bool is_ca;
};

void cert_make(struct cert *c, const struct cert_order *o);
void cert_free(struct cert *c);

/* A new folder; it and all in it are removed by certs_remove. */
void certs_folder(char folder[64]);
void certs_remove(const char *folder);

/* Writes folder/name: the certificates, leaf first, NULL at the end; then the first one's key. */
const char *certs_chain(const char *folder, const char *name, const struct cert *const *list);

/* Writes folder/name: only the certificate, as a trusted root. */
const char *certs_root(const char *folder, const char *name, const struct cert *root);

/* Writes folder/name: an OCSP response by the issuer. */
const char *certs_staple(const char *folder, const char *name, const struct cert *about,
                         const struct cert *issuer, bool is_revoked);

#endif
