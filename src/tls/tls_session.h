/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of TLS share for one connection: its facts, and what became of the peer's
 * certificates. Private to src/tls.
 */
#ifndef V2G_TLS_TLS_SESSION_H
#define V2G_TLS_TLS_SESSION_H

#include "tls/tls_context.h"
#include "tls/tls_facts.h"

#include "trust/pki.h"

#include <openssl/ssl.h>

struct tls_session {
    struct tls_context *context;
    const struct tls_options *options; /* of the context, as the next one */
    const struct pki_chain *anchors;   /* trusted roots and revocation lists, for the profile */
    struct tls_facts facts;
    char problem[512];               /* first one of the peer's chain or stapled response */
    char status[160];                /* of the stapled response: "good", …; "" where none */
    struct buf findings;             /* of the profile about the peer's chain: JSON objects, with
                                        commas between */
    const struct identity *identity; /* sent to the peer */
    void (*keylog)(struct tls_session *t, const char *line);
};

/* An SSL whose callbacks fill t, which must outlive it. It holds the context. NULL: no memory. */
SSL *tls_session_open(struct tls_context *c, struct tls_session *t);

static inline struct tls_session *tls_session_of(const SSL *ssl)
{
    return SSL_get_app_data(ssl);
}

/* ---- checking the peer (tls_verify.c) ---- */

/* Callbacks of OpenSSL. */
int tls_verify_certificate(int is_good, X509_STORE_CTX *store);
int tls_verify_staple(SSL *ssl, void *unused);

/* The time by which a chain is looked at: seconds since 1970. */
int64_t tls_judged_at(const struct tls_options *o);

int tls_verify_chain(X509_STORE_CTX *store, void *unused);

#endif
