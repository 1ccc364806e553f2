/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The algorithms of XML signatures that go together (ISO 15118-2 and -20, 7.9.2.4), and what
 * OpenSSL does by them.
 */
#ifndef V2G_TRUST_SIGNATURE_SUITE_H
#define V2G_TRUST_SIGNATURE_SUITE_H

#include "base/buf.h"
#include "codec/message.h"

struct evp_pkey_st; /* EVP_PKEY of OpenSSL */

#define SIGNATURE_DIGEST_MAX 64
#define SIGNATURE_VALUE_MAX 132

/* The algorithms that go together. ORDER SUITE */
enum signature_suite_id {
    SUITE_P256,  /* ISO 15118-2: ECDSA over secp256r1, SHA-256 */
    SUITE_P521,  /* ISO 15118-20: ECDSA over secp521r1, SHA-512 */
    SUITE_ED448, /* ISO 15118-20: Ed448, digests with SHAKE256 of 512 bits */
    SUITES,
};

struct signature_suite {
    const char *name;                 /* "ecdsa-sha256 with secp256r1" */
    const char *method;               /* URI of SignatureMethod */
    const char *digest;               /* URI of DigestMethod */
    const char *hash;                 /* OpenSSL's name of the digest's hash */
    const char *curve;                /* OpenSSL's name of the group; "" of Ed448 */
    const char *protocol;             /* "ISO15118-2": whose messages are signed so */
    uint16_t digest_size, value_size; /* octets */
};

extern const struct signature_suite SIGNATURE_SUITES[SUITES];

/* The suite a key makes signatures of; NULL: none, e says what it is. */
const struct signature_suite *signature_suite_of(const struct evp_pkey_st *key, struct err *e);

/* Whether messages of m's set are signed with the algorithms of that suite. */
bool signature_suite_fits(const struct signature_suite *suite, const struct message *m);

/* out has SIGNATURE_DIGEST_MAX octets. */
int signature_suite_digest(const struct signature_suite *suite, const struct buf *bytes,
                           uint8_t *out, struct err *e);

/* The SignatureValue of bytes; raw has SIGNATURE_VALUE_MAX octets. */
int signature_suite_sign(const struct signature_suite *suite, struct evp_pkey_st *key,
                         const struct buf *bytes, uint8_t *raw, struct err *e);

/* 1: it is the signature of bytes; 0: it is not. raw has suite->value_size octets. */
int signature_suite_verify(const struct signature_suite *suite, struct evp_pkey_st *key,
                           const struct buf *bytes, const uint8_t *raw, struct err *e);

#endif
