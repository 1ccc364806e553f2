/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the messages of a TLS handshake tell: version, suite, group, extensions, certificate chains,
 * stapled OCSP response, alerts. Read from the messages themselves, so that it is the same for a
 * connection of ours and for one in a capture.
 */
#ifndef V2G_TLS_TLS_FACTS_H
#define V2G_TLS_TLS_FACTS_H

#include "base/buf.h"
#include "tls/tls_hello.h"

#include <stdbool.h>
#include <stdint.h>

#define TLS_ALERTS_KEPT 8

enum { TLS_FROM_SERVER, TLS_FROM_CLIENT }; /* index of what both sides have */

enum tls_message {
    TLS_CLIENT_HELLO = 1,
    TLS_SERVER_HELLO = 2,
    TLS_NEW_TICKET = 4,
    TLS_ENCRYPTED_EXTENSIONS = 8,
    TLS_CERTIFICATE = 11,
    TLS_SERVER_KEY_EXCHANGE = 12,
    TLS_CERTIFICATE_REQUEST = 13,
    TLS_CERTIFICATE_VERIFY = 15,
    TLS_CLIENT_KEY_EXCHANGE = 16,
    TLS_FINISHED = 20,
    TLS_CERTIFICATE_STATUS = 22,
    TLS_KEY_UPDATE = 24,
};

struct tls_alert {
    bool from_client;
    uint8_t level, code; /* level: 1 warning, 2 fatal */
};

struct tls_facts {
    struct buf client_hello, server_hello; /* bodies, for tls_hello_read; empty: none yet */
    uint16_t version, suite;               /* agreed; 0: not yet */
    uint16_t group;                        /* of the key exchange; 0: none known */
    uint16_t scheme[2];                    /* signature of the handshake by each side; 0: none */
    bool is_retried;                       /* TLS 1.3: by a HelloRetryRequest, which was the last */
    bool is_resumed;
    bool asks_certificate; /* CertificateRequest came */
    bool has_finished[2];
    struct buf chain[2];    /* certificates of each side: 3 octets length, DER; leaf first */
    bool has_chain[2];      /* a Certificate message came; its chain may be empty */
    struct buf authorities; /* of CertificateRequest: names, 2 octets length, DER */
    struct buf schemes;     /* of CertificateRequest: 2 octets each */
    struct buf encrypted;   /* EncryptedExtensions (TLS 1.3): the extensions */
    struct buf staple;      /* OCSP response (DER) of the server's leaf */
    struct tls_alert alert[TLS_ALERTS_KEPT];
    unsigned alerts;
};

void tls_facts_close(struct tls_facts *f);

/*
 * Takes a message in; body is without its header of 4 octets. -1: it is broken, nothing was taken.
 * A second ClientHello begins anew, except after a HelloRetryRequest.
 */
int tls_facts_message(struct tls_facts *f, bool from_client, uint8_t type, struct slice body);
void tls_facts_alert(struct tls_facts *f, bool from_client, uint8_t level, uint8_t code);

/* What the message taken last told, as one line; nothing for messages that tell nothing. */
void tls_facts_line(const struct tls_facts *f, bool from_client, uint8_t type, struct buf *out);
void tls_alert_line(const struct tls_alert *a, struct buf *out);

/* The chain of a side, leaf first: DER, 3 octets of length before each (tls_next_vector). */
struct slice tls_facts_chain(const struct tls_facts *f, int side);

/* The i-th certificate of it. */
bool tls_facts_certificate(const struct tls_facts *f, int side, unsigned i, struct slice *der);

/* A distinguished name in DER as "CN=SECC, DC=CPO", or what is wrong with it. */
void tls_distinguished_name(struct slice der, struct buf *out);

/* The subject ("CN=SECC, DC=CPO"), or what is wrong with the certificate. */
void tls_subject(struct slice der, struct buf *out);

/* "TLS 1.3, TLS_AES_256_GCM_SHA384, secp521r1" */
void tls_facts_summary(const struct tls_facts *f, struct buf *out);

#endif
