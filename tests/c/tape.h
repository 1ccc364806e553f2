/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions of TLS between two ends of OpenSSL in memory, with what went over the wire and its
 * secrets, and feeding them to the decrypter.
 */
#ifndef V2G_TESTS_TAPE_H
#define V2G_TESTS_TAPE_H

#include "certs.h"
#include "support.h"
#include "tls/tls_decrypt.h"

#include <openssl/ssl.h>

/* What went over the wire, piece by piece in its order. */
struct piece {
    bool from_client;
    size_t at, n;
};

struct tape {
    struct buf bytes, keys;
    struct piece piece[64];
    unsigned pieces;
    struct buf said[2]; /* plaintext */
};

/* Of the station; made and dropped around all tests. */
extern struct cert tape_root, tape_leaf;
int tape_open(void **state);
int tape_close(void **state);

/* Two ends, which have the same version; with the secrets of the tape that is made now. */
struct tape_ends {
    SSL_CTX *context[2];
    SSL *client, *server;
};

void tape_ends_open(struct tape_ends *ends, struct tape *t, int version, const char *client_groups);

/* The station is another one, with the tickets of that context. */
void tape_ends_serve(struct tape_ends *ends, SSL_CTX *context);
void tape_ends_close(struct tape_ends *ends);

/* Both shake hands. */
void tape_handshake(struct tape *t, struct tape_ends *ends);

/* Moves what one end wrote to the other; false: nothing. */
bool tape_move(struct tape *t, SSL *from, SSL *to, bool from_client);
void tape_say(struct tape *t, const struct tape_ends *ends, bool from_client, const char *text);

/* A whole session; with a HelloRetryRequest if is_retried, and a KeyUpdate of both in TLS 1.3. */
void tape_make(struct tape *t, int version, bool is_retried);
void tape_free(struct tape *t);

/* What the decrypter heard of it. */
struct heard {
    struct tls_secrets secrets;
    struct buf plain[2], notes;
    struct tls_decrypt *d;
    struct err e;
    unsigned failures;
};

/* false: out of memory. */
bool heard_begin(struct heard *h, const char *keys);
void heard_open(struct heard *h, const char *keys);
void heard_close(struct heard *h);

/* Feeds all, in steps of so many bytes. */
void heard_feed(struct heard *h, const struct tape *t, size_t step);
void heard_all(struct heard *h, const struct tape *t); /* asserts it */

#endif
