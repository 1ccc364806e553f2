/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two hellos of a TLS handshake: their fields, extensions, and the lists in these. Nothing is
 * copied; slices point into the message. What is cut or broken ends a list.
 */
#ifndef V2G_TLS_TLS_HELLO_H
#define V2G_TLS_TLS_HELLO_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum tls_extension {
    TLS_SERVER_NAME = 0,
    TLS_TRUSTED_CA_KEYS = 3,
    TLS_STATUS_REQUEST = 5,
    TLS_SUPPORTED_GROUPS = 10,
    TLS_SIGNATURE_ALGORITHMS = 13,
    TLS_APPLICATION_PROTOCOLS = 16,
    TLS_STATUS_REQUEST_V2 = 17,
    TLS_ENCRYPT_THEN_MAC = 22,
    TLS_EXTENDED_MASTER_SECRET = 23,
    TLS_SESSION_TICKET = 35,
    TLS_PRE_SHARED_KEY = 41,
    TLS_EARLY_DATA = 42,
    TLS_SUPPORTED_VERSIONS = 43,
    TLS_CERTIFICATE_AUTHORITIES = 47,
    TLS_KEY_SHARE = 51,
};

/* A hello as it came; the slices point into it. */
struct tls_hello {
    uint16_t version;     /* legacy_version */
    struct slice random;  /* 32 octets */
    struct slice session; /* id */
    struct slice suites;  /* two octets each; of a ServerHello one */
    struct slice extensions;
};

/* -1: it is cut or broken. body is without the 4 octets of the message's header. */
int tls_hello_read(struct slice body, bool from_client, struct tls_hello *out);

/* The content of an extension; false where it is not there. */
bool tls_hello_extension(const struct tls_hello *h, unsigned type, struct slice *content);

/* Takes the next one off a list of extensions; false where there is none. */
bool tls_next_extension(struct slice *extensions, unsigned *type, struct slice *content);

/* The content of one by its type. */
bool tls_find_extension(struct slice extensions, unsigned type, struct slice *content);

/* The list that an extension of a ClientHello consists of, without its length: groups, schemes,
 * versions, trusted_ca_keys, certificate_authorities, protocols. Empty where it is not there. */
struct slice tls_hello_list(const struct tls_hello *h, unsigned type);

/* Whether a list of numbers of two octets has one. */
bool tls_has_16(struct slice list, uint16_t number);

/* Takes the next entry off a list whose entries have their length before them, in so many
 * octets. */
bool tls_next_vector(struct slice *list, unsigned octets, struct slice *content);

/* RFC 6066, 6 */
enum tls_key_kind {
    TLS_KEY_AGREED,      /* known to both from before */
    TLS_KEY_SHA1,        /* SHA-1 of the key */
    TLS_KEY_NAME,        /* distinguished name, DER */
    TLS_KEY_CERTIFICATE, /* SHA-1 of the certificate */
    TLS_KEY_UNKNOWN,     /* none of these: the rest cannot be read */
};

/* Takes the next one off trusted_ca_keys. */
bool tls_next_trusted_key(struct slice *list, enum tls_key_kind *kind, struct slice *id);

/* The host name that the vehicle asks for; it may be any octets. */
bool tls_hello_server_name(const struct tls_hello *h, struct slice *name);

#endif
