/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secrets of TLS connections, read from lines of a key log (the format of
 * SSLKEYLOGFILE), and found again by a connection's client random.
 */
#ifndef V2G_TLS_TLS_SECRETS_H
#define V2G_TLS_TLS_SECRETS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define TLS_RANDOM 32      /* octets of a client or server random */
#define TLS_SECRET_MOST 64 /* octets of a secret */

/* ORDER TLS_LABEL */
enum tls_label {
    TLS_MASTER_SECRET,    /* CLIENT_RANDOM: up to TLS 1.2 */
    TLS_CLIENT_HANDSHAKE, /* CLIENT_HANDSHAKE_TRAFFIC_SECRET: TLS 1.3, as all that follow */
    TLS_SERVER_HANDSHAKE,
    TLS_CLIENT_TRAFFIC, /* CLIENT_TRAFFIC_SECRET_0 */
    TLS_SERVER_TRAFFIC,
};

struct tls_secrets {
    struct tls_secret *at;
    size_t n, cap;
    bool is_sorted;
    struct evp_pkey_st *key; /* of tls_rsa.h; NULL: none */
};

/* Wipes and frees; a struct of zeros is an empty one to begin with. */
void tls_secrets_close(struct tls_secrets *s);

/* The lines of a key log, with other words in front where it is a log; those of other kinds,
 * comments and broken ones are skipped. Returns how many secrets were read, or -1 when memory runs
 * out. */
int tls_secrets_add(struct tls_secrets *s, struct slice text);

/* One more, of a connection. -1: out of memory. */
int tls_secrets_keep(struct tls_secrets *s, const uint8_t client_random[TLS_RANDOM],
                     enum tls_label label, struct slice secret);

/* A key log file. -1 where it cannot be read or has no secret in it. */
int tls_secrets_read(struct tls_secrets *s, const char *path, struct err *e);

/* What a key log calls it. */
const char *tls_secrets_label(enum tls_label label);

/* The secret's length in octets; 0 where there is none. */
size_t tls_secrets_find(struct tls_secrets *s, const uint8_t client_random[TLS_RANDOM],
                        enum tls_label label, uint8_t out[TLS_SECRET_MOST]);

#endif
