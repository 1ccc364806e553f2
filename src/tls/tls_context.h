/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How TLS is to be spoken: versions, suites, groups, certificates, what is asked of the peer. Made
 * once from options, used by any number of connections (tls.h).
 *
 * Left empty, an option is what the standards want of that version. ISO 15118-2, 7.7.3: TLS 1.2,
 * TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, secp256r1, only the station has a certificate. The other
 * suite that it names, TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256, is not in OpenSSL since 1.1.0: it
 * can be read in captures, but neither offered nor taken. ISO 15118-20, 7.7.3: TLS 1.3,
 * TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, secp521r1 or X448, certificates on both
 * sides. The system's openssl.cnf (Debian: security level 2) has no say: the level is 2 here, too,
 * unless allows_weak.
 */
#ifndef V2G_TLS_TLS_CONTEXT_H
#define V2G_TLS_TLS_CONTEXT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define TLS_IDENTITIES 4
#define TLS_ROOT_FILES 8

/* ORDER TLS_CHECK */
enum tls_check {
    TLS_CHECK_STANDARD, /* required of a station, and with TLS 1.3 of a vehicle */
    TLS_CHECK_NONE,     /* a vehicle's is not asked for; a station's may be anything */
    TLS_CHECK_ANY,      /* asked for, and taken whatever it is, or none; tls_problem tells */
    TLS_CHECK_OFFERED,  /* asked for; none is fine, a wrong one is not */
    TLS_CHECK_REQUIRED,
};

/* How closely the peer's chain is held against the profiles of the standards (pki_profile.h).
 * ORDER TLS_PROFILE */
enum tls_profile {
    TLS_PROFILE_NONE,  /* as OpenSSL sees it: signatures, validity, a trusted root */
    TLS_PROFILE_USUAL, /* what decides whether it may be trusted: besides, revocation, order, path
                          length, key usage, curve, domain component. The rest is told only */
    TLS_PROFILE_ALL,   /* every rule */
};

/* How the roots are named in trusted_ca_keys (RFC 6066, 6), the extension by which ISO 15118-2
 * [V2G2-651] has the vehicle of TLS 1.2 say which of a station's chains it can check. A station
 * need not answer (RFC 6066, 6); EVerest's vehicle ends where one does. ORDER TLS_CA_KEYS */
enum tls_ca_keys {
    TLS_CA_KEYS_USUAL, /* a vehicle of TLS 1.2 by key, where it has roots; a station: no answer */
    TLS_CA_KEYS_KEY,   /* SHA-1 of the key */
    TLS_CA_KEYS_NAME,
    TLS_CA_KEYS_CERTIFICATE, /* SHA-1 of the certificate */
    TLS_CA_KEYS_NONE,
};

/* Whether a vehicle asks for an OCSP response, and checks it. ORDER TLS_STATUS */
enum tls_status {
    TLS_STATUS_NONE,
    TLS_STATUS_ASKED,
    TLS_STATUS_REQUIRED, /* goes on with one only */
    TLS_STATUS_USUAL,    /* asked for [V2G2-070], [V2G20-2372]; required of a chain that leads to a
                            V2G root [V2G2-873], [V2G20-1240], not of another (private) one */
    TLS_STATUS_V2,       /* by status_request_v2 (RFC 6961) as well; a station that answers in this
                            form is not understood: OpenSSL has no way through */
};

/* A certificate chain with its key, which has no password: files, PEM or (one certificate, or the
 * key) DER. */
struct tls_identity {
    const char *chain;  /* leaf first; sent as it is */
    const char *key;    /* NULL: in the file of the chain */
    const char *staple; /* OCSP response (DER) to be served; NULL: none, or: */
    struct slice ocsp;  /* the response itself; empty: none */
    const char *root;   /* file that has the root above it, among others; NULL: it is not known */
    uint16_t version;   /* of TLS, for which it is meant; 0: any */
};

struct tls_options {
    bool is_server;
    uint16_t min_version, max_version; /* 0x0303, 0x0304; 0: 0x0303 to 0x0304 */
    /* Names of IANA, best first, separated by ':', ',' or blanks; NULL: see above. */
    const char *suites;  /* of both versions; of one of which there is none: see above */
    const char *groups;  /* "secp521r1:X448" */
    const char *schemes; /* of signatures: "ecdsa_secp521r1_sha512:ed448" */
    struct tls_identity identity[TLS_IDENTITIES]; /* the first of those that suit the peer best */
    unsigned identities;
    const char *root[TLS_ROOT_FILES]; /* trusted roots, PEM, any number in each file */
    unsigned roots;
    const char *crl[TLS_ROOT_FILES]; /* revocation lists, PEM; roots' files may have some, too */
    unsigned crls;
    enum tls_profile profile; /* needs roots; a vehicle is looked at as vehicle-leaf */
    enum tls_check check;
    const char *domain; /* domain component that the peer's leaf must have: "CPO"; NULL: any */
    int64_t at;         /* time of the check, seconds since 1970; 0: now */
    enum tls_ca_keys trusted_ca_keys;
    bool certificate_authorities; /* the roots' names are sent: TLS 1.3 ClientHello (vehicle)
                                     [V2G20-1006], CertificateRequest (station) [V2G20-2401] */
    enum tls_status status;
    bool resumption;
    bool may_be_plain;       /* station: a vehicle that begins with V2GTP is taken without TLS */
    const char *server_name; /* vehicle: SNI; NULL: none */
    bool no_encrypt_then_mac, no_extended_master_secret;
    unsigned max_fragment_length; /* vehicle: what it asks for (RFC 6066, 4), 1 to 4: 512, 1024,
                                     2048, 4096 octets; 0: it does not */
    bool allows_weak;             /* security level 0: what OpenSSL has */
};

struct tls_context;

/* options are copied or read as far as needed. NULL: a file, a name or a combination is wrong. */
struct tls_context *tls_context_open(const struct tls_options *o, struct err *e);

/* For one more owner, who closes it as well; returns c. */
struct tls_context *tls_context_keep(struct tls_context *c);

/* Connections that use it live on. NULL is allowed. */
void tls_context_close(struct tls_context *c);

/* Sessions that `from` can resume, c can resume from now on. from may be NULL. */
void tls_context_inherit(struct tls_context *c, const struct tls_context *from);

/* Suites that were asked for and are not in this OpenSSL: "" where none. */
const char *tls_context_skipped(const struct tls_context *c);

#endif
