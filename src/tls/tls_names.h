/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of TLS and their names, as IANA has them: versions, cipher suites, groups (curves),
 * signature schemes, alerts, extensions and handshake messages.
 */
#ifndef V2G_TLS_TLS_NAMES_H
#define V2G_TLS_TLS_NAMES_H

#include "base/buf.h"

/* ORDER TLS_REGISTRY */
enum tls_registry {
    TLS_VERSIONS,   /* 0x0303 "TLS 1.2" */
    TLS_SUITES,     /* 0xC023 "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256" */
    TLS_GROUPS,     /* 23 "secp256r1" */
    TLS_SCHEMES,    /* 0x0403 "ecdsa_secp256r1_sha256" */
    TLS_ALERTS,     /* 48 "unknown_ca" */
    TLS_EXTENSIONS, /* 3 "trusted_ca_keys" */
    TLS_MESSAGES,   /* 1 "ClientHello" */
};

/* NULL where the number has no name here. */
const char *tls_name(enum tls_registry r, unsigned number);

/* Either case; of versions also "1.2". -1 where the name is not known. */
int tls_number(enum tls_registry r, const char *name);

/* The name, or the number: "0x1A2B". */
void tls_add_name(struct buf *out, enum tls_registry r, unsigned number);

/* Goes over a registry in the order of its table; NULL after the last. */
const char *tls_nth_name(enum tls_registry r, unsigned i);

#endif
