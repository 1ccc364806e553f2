/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the private key of a server opens of a recorded connection: only where the suite exchanges
 * keys by RSA (TLS_RSA_…, RFC 5246, 7.4.7.1). In all others, and in TLS 1.3, the key but signs.
 */
#ifndef V2G_TLS_TLS_RSA_H
#define V2G_TLS_TLS_RSA_H

#include "base/buf.h"
#include "base/err.h"
#include "tls/tls_secrets.h"

#include <stdbool.h>
#include <stdint.h>

#define TLS_MASTER 48 /* octets of a master secret */

bool tls_rsa_suite(uint16_t suite);

/* The key in a PEM file, for tls_rsa_master; s owns it. -1: e. */
int tls_rsa_read(struct tls_secrets *s, const char *path, struct err *e);

/*
 * The master secret of a connection, from the body of its ClientKeyExchange. seed: both randoms,
 * the client's first, or, if is_extended (RFC 7627), the hash over the handshake up to there. -1:
 * it was not encrypted to this key.
 */
int tls_rsa_master(const struct tls_secrets *s, const char *hash, struct slice exchange,
                   struct slice seed, bool is_extended, uint8_t master[TLS_MASTER]);

#endif
