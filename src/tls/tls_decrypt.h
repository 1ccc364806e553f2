/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decrypts a recorded TLS connection (1.2 and 1.3) with the secrets of a key log: bytes of both
 * directions in, what was inside out. No sockets, no files. Every MAC and tag is checked.
 */
#ifndef V2G_TLS_TLS_DECRYPT_H
#define V2G_TLS_TLS_DECRYPT_H

#include "base/buf.h"
#include "base/err.h"
#include "tls/tls_facts.h"
#include "tls/tls_secrets.h"

#include <stdbool.h>

struct tls_decrypt;

/* Each may be NULL; they do not feed. */
struct tls_decrypt_events {
    /* Decrypted application data; valid during the call. */
    void (*data)(void *context, bool from_client, struct slice bytes);

    /* What a handshake message or an alert told, or why nothing can be shown; one line, valid
     * during the call. */
    void (*note)(void *context, bool from_client, const char *text);
};

/*
 * secrets may be empty or NULL: then only what goes in the clear is told; they are looked at when
 * the ServerHello comes. NULL: out of memory.
 */
struct tls_decrypt *tls_decrypt_open(struct tls_secrets *secrets,
                                     const struct tls_decrypt_events *events, void *context);
void tls_decrypt_close(struct tls_decrypt *d); /* NULL is allowed */

/* The connection goes on at the moment: its secrets come with its messages, those of TLS 1.2 only
 * behind the ServerHello. To be said before it is fed. */
void tls_decrypt_live(struct tls_decrypt *d);

/* Appends the record that would be the next one of a direction, with the same keys: content of
 * 1..64 octets, of a type of TLS (21: an alert). Nothing else may be fed of that direction behind
 * it. -1: there are no keys, or it has ended (e). */
int tls_decrypt_seal(struct tls_decrypt *d, bool from_client, uint8_t type, struct slice content,
                     struct buf *out, struct err *e);

/*
 * The next bytes of a direction, cut anywhere. -1, once for a direction: it cannot be understood
 * from here on (no TLS, broken, or the secrets do not fit); what follows there is ignored.
 */
int tls_decrypt_feed(struct tls_decrypt *d, bool from_client, struct slice bytes, struct err *e);

/* Bytes of a direction are missing: nothing behind them can be decrypted. */
void tls_decrypt_loss(struct tls_decrypt *d, bool from_client);

const struct tls_facts *tls_decrypt_facts(const struct tls_decrypt *d);

/* The ServerHello came, and there are no secrets for what follows it. */
bool tls_decrypt_is_locked(const struct tls_decrypt *d);

#endif
